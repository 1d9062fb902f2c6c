# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running ansible-playbook as a child that sees the laboratory and nothing of the user's own settings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lab

ROOT = Path(lab.__path__[0]).resolve().parent
CALLBACK = ROOT / "lab" / "demo" / "callback"
GRACE = 10  # seconds that ansible-playbook has to stop its tasks
# A user may have a real tenant or another Ansible set up in this terminal: none of that may reach the demo.
FOREIGN = ("ANSIBLE_", "EXCHANGE_SERVER_", "EXCHANGE_ONLINE_", "ENTRA_CONNECT_", "REMOTE_CREDENTIAL_", "PYTHON")
NEEDLESS = (
    "REMOTE_CREDENTIAL_USERNAME",
    "REMOTE_CREDENTIAL_PASSWORD",
    "EXCHANGE_ONLINE_EXPERIMENTAL_REST_CREDENTIAL",
)
FOREIGN_NAMES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True)
class Run:
    """What ansible-playbook says about itself at its end; ``changed`` is None where it did not come so far."""

    returncode: int
    changed: int | None = None
    changed_tasks: tuple[str, ...] = ()


def command(arguments: Sequence[str]) -> list[str]:
    """Return the command line of ansible-playbook, of this interpreter's environment whatever PATH is."""
    return [sys.executable, "-m", "ansible", "playbook", *arguments]


def run(arguments: Sequence[str], environment: Mapping[str, str], directory: Path) -> Run:
    """Run ansible-playbook in the checkout until it ends; an interrupt stops it with all of its tasks."""
    summary = directory / "summary.json"
    summary.unlink(missing_ok=True)
    child = subprocess.Popen(
        command(arguments),
        cwd=ROOT,
        env=_environment(environment, directory, summary),
        stdin=subprocess.DEVNULL,
        # Its own session: Ctrl-C reaches the demo alone, which then stops the child once and in order.
        start_new_session=True,
    )
    try:
        returncode = child.wait()
    except BaseException:
        _stop(child)
        raise
    try:
        said: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Run(returncode)
    return Run(returncode, said["changed"], tuple(said["changed_tasks"]))


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGINT)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _environment(laboratory: Mapping[str, str], directory: Path, summary: Path) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN) and name not in FOREIGN_NAMES and not name.lower().endswith("_proxy")
    }
    if "utf" not in _first(inherited, "LC_ALL", "LC_CTYPE", "LANG").lower():
        inherited["LC_ALL"] = "C.UTF-8"  # Ansible refuses to start without UTF-8
    # Ansible's local connection needs mkdir and its kin.
    inherited["PATH"] = os.pathsep.join([*filter(None, [inherited.get("PATH")]), os.defpath])
    # The wave moves in a migration batch, whose endpoint keeps the credential.
    given = {name: value for name, value in laboratory.items() if name not in NEEDLESS}
    return {
        **inherited,
        **given,
        "ANSIBLE_CONFIG": str(_configuration(directory)),
        "ANSIBLE_COLLECTIONS_PATH": str(collections_path()),
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACK),
        "ANSIBLE_STDOUT_CALLBACK": "lab_progress",
        "ANSIBLE_HOME": str(directory / "ansible"),
        "ANSIBLE_REMOTE_TMP": str(directory / "ansible" / "modules"),
        "LAB_DEMO_SUMMARY": str(summary),
    }


def _first(environment: Mapping[str, str], *names: str) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")


def _configuration(directory: Path) -> Path:
    """Write an empty ansible.cfg: without one Ansible would read the user's own."""
    path = directory / "ansible.cfg"
    path.write_text("[defaults]\n", encoding="utf-8")
    return path


def collections_path() -> Path:
    """Return where ``make`` puts the tree in which Ansible finds the collection."""
    return Path(sys.prefix) / "collections"
