# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No password, secret or token shows anywhere: not on the terminal, in files that stay, or in the list of processes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.model.builder import Pair
from tests.integration.conftest import BenchMaker
from tests.integration.harness import MOVE, Bench, Run, module, records
from tests.spellings import shown


class Watch:
    """Looks at the command lines of all processes of a bench's runs, again and again, while they go on.

    They are known by their environment, which all of them inherit.
    """

    def __init__(self, bench: Bench) -> None:
        self._mark = f"HOME={bench.directory}".encode()
        self.seen: set[bytes] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.02):
            for path in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    if self._mark in (path / "environ").read_bytes().split(b"\0"):
                        self.seen.add((path / "cmdline").read_bytes())


def found(bench: Bench, content: bytes) -> list[str]:
    """Return the names of the secrets that a text shows."""
    return shown(bench.laboratory, content)


def left_behind(bench: Bench) -> dict[str, list[str]]:
    """Return every file that the runs left in their home, temporary files of Ansible among them, with what it shows."""
    files = {str(path.relative_to(bench.directory)): path for path in bench.directory.rglob("*") if path.is_file()}
    told = {name: found(bench, path.read_bytes()) for name, path in files.items()}
    return {name: names for name, names in told.items() if names}


def people(bench: Bench) -> tuple[Pair, Pair]:
    sound, renamed = bench.build.cloud_only("Ann Archer"), bench.build.cloud_only("Rita Renamed")
    bench.build.set_cloud(renamed, litigation_hold=True)
    return sound, renamed


@pytest.fixture(scope="module")
def loud(make_bench: BenchMaker) -> Iterator[tuple[Bench, Run, set[bytes]]]:
    """One run of the role as loud as can be, with all of Ansible's temporary files kept; one mailbox of it fails."""
    with make_bench() as bench:
        pairs = people(bench)
        bench.signs_in, bench.cold = True, True
        bench.environment["ANSIBLE_KEEP_REMOTE_FILES"] = "true"
        bench.environment["ANSIBLE_LOG_PATH"] = str(bench.directory / "ansible.log")
        bench.environment["ANSIBLE_LOG_VERBOSITY"] = "5"
        bench.environment["ANSIBLE_DEBUG"] = "true"
        bench.faults.add("exchange_online", "New-MoveRequest", "drop_after")
        bench.faults.add("exchange_server", "Enable-MailUser", "throttle")
        with Watch(bench) as watch:
            run = bench.offboard("-vvvvv", "--diff", offboarding_mailboxes=records(pairs))
        yield bench, run, watch.seen


def test_a_loud_run_shows_no_secret(loud: tuple[Bench, Run, set[bytes]]) -> None:
    bench, run, _seen = loud
    assert run.returncode == 2
    assert list(run.role_failures) == ["rita.renamed@contoso.com"]
    assert "New-MoveRequest" in run.stdout, "the run was loud"
    assert found(bench, run.output.encode()) == []


def test_no_file_keeps_a_secret(loud: tuple[Bench, Run, set[bytes]]) -> None:
    bench, _run, _seen = loud
    kept = [path.name for path in bench.directory.rglob("AnsiballZ_*.py")]
    assert "AnsiballZ_move_request.py" in kept, "Ansible's temporary files were kept to be looked at"
    written = {path.name for path in bench.offboarding_directory.iterdir()}
    assert {"journal.jsonl", "report.html", "wave.json", "wave.json.progress", "baseline"} <= written
    assert left_behind(bench) == {}


def test_no_process_has_a_secret_in_its_command_line(loud: tuple[Bench, Run, set[bytes]]) -> None:
    bench, _run, seen = loud
    assert any(b"AnsiballZ_move_request" in line for line in seen), "the processes were seen"
    assert found(bench, b"\n".join(seen)) == []


def failing(bench: Bench, identity: str) -> list[dict[str, Any]]:
    """Return tasks that fail in every system, with their secrets given as options."""
    server, remote = bench.hybrid.exchange_server_account, bench.hybrid.remote_credential
    password = {"password": server.password}
    move = {**MOVE, "remote_credential": {"username": remote.username, "password": remote.password}}
    secret = {"client_secret": bench.laboratory.client_secret}
    return [
        module("exchange_guid", identity=identity, exchange_server={**password, "username": "CONTOSO\\nobody"}),
        module("directory_sync", state="paused", entra_connect={**password, "username": "CONTOSO\\nobody"}),
        module("mailbox_info", identity=identity, exchange_online={**secret, "tenant_id": "fabrikam.com"}),
        module("mailbox_info", identity=identity, exchange_online={**secret, "base_url": "https://localhost:1"}),
        module("move_request", identity=identity, **{**move, "remote_host_name": "mail.fabrikam.com"}),
    ]


def test_failures_show_no_secret_that_stands_in_an_option(bench: Bench) -> None:
    bench.signs_in, pair = True, bench.build.cloud_only("Ann Archer")
    tasks = failing(bench, pair.identity)
    tasks[0]["mailops.exchange_hybrid.exchange_guid"]["exchange_guid"] = str(pair.cloud.exchange_guid)
    run = bench.play(*tasks, arguments=["-vvvvv", "--diff"])
    assert [task.status for task in run.tasks] == ["failed"] * len(tasks)
    codes = [task.error["code"] for task in run.tasks]
    assert codes == [
        "authentication_failed",
        "authentication_failed",
        "unknown_tenant",
        "unreachable",
        "mrs_proxy_unreachable",
    ]
    assert found(bench, run.output.encode()) == []


def test_a_secret_that_is_part_of_the_data_is_refused_instead_of_masked(bench: Bench) -> None:
    bench.signs_in, pair = True, bench.build.cloud_only("Ann Archer")
    run = bench.play(
        module("mailbox_info", identity=pair.identity, exchange_online={"client_secret": "archer"}),
        module("mailbox_info", identity="ann.********@contoso.com"),
    )
    assert [task.error["code"] for task in run.tasks] == ["secret_in_record", "masked_value"]
    assert len(bench.log) == 0
