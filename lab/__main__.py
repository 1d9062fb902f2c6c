# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m lab``: run the laboratory in the foreground, or look into one that runs."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from csv import DictReader
from pathlib import Path

import requests

from lab.control import ControlClient
from lab.hybrid import SystemClock, empty_hybrid
from lab.laboratory import ENVIRONMENT_FILE, Laboratory
from lab.model import scenarios
from lab.model.demo import demo_hybrid

DEMO = Path(__file__).resolve().parent / "demo"
# The one of this Python's environment, whether or not that is on PATH.
PLAYBOOK = str(Path(sys.executable).parent / "ansible-playbook")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.command is not None:
        return _look(options)
    if options.directory is not None:
        return _run(options, options.directory)
    with tempfile.TemporaryDirectory(prefix="mailops-laboratory-") as directory:
        return _run(options, Path(directory))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    _add_directory(parser)
    parser.add_argument("--speed", type=float, default=1.0, help="how many times as fast as real moves run")
    parser.add_argument(
        "--wave",
        type=Path,
        help="CSV with the columns identity and scenario: adds these mailboxes and writes DIRECTORY/wave.csv for them",
    )
    parser.add_argument("--empty", action="store_true", help="start without the demonstration's mailboxes")
    commands = parser.add_subparsers(dest="command", metavar="{log,snapshot,scenario}")
    log = commands.add_parser("log", help="print what a running laboratory received, one JSON object a line")
    log.add_argument("--since", type=int, default=0, help="leave out the first entries")
    _add_directory(log, required=True)
    snapshot = commands.add_parser("snapshot", help="print the whole directory of a running laboratory as JSON")
    _add_directory(snapshot, required=True)
    scenario = commands.add_parser("scenario", help="put a condition on a running laboratory, by its name")
    scenario.add_argument("name", help="a name of lab/model/scenarios.py")
    scenario.add_argument("--mailbox", default="", help="primary address of a mailbox (default: the organization)")
    _add_directory(scenario, required=True)
    return parser


def _add_directory(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    parser.add_argument(
        "--directory",
        type=Path,
        required=required,
        help="where the CA, the certificates and connection.json are kept (default: a temporary directory)",
    )


def _look(options: argparse.Namespace) -> int:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # "| head" is no error
    try:
        client = ControlClient(options.directory)
    except FileNotFoundError:
        print(f"--directory: '{options.directory}' holds no running laboratory's connection.json.", file=sys.stderr)
        return 1
    try:
        if options.command == "snapshot":
            print(json.dumps(client.snapshot(), indent=2))
        elif options.command == "scenario":
            print(json.dumps(client.scenario(options.name, options.mailbox)))
        else:
            print("".join(json.dumps(entry) + "\n" for entry in client.log(options.since)), end="")
    except requests.ConnectionError:
        print(f"--directory: the laboratory of '{options.directory}' no longer answers.", file=sys.stderr)
        return 1
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace, directory: Path) -> int:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, frame: stopped.set())
    make = empty_hybrid if options.empty else demo_hybrid
    hybrid = make(SystemClock(), options.speed)
    if options.wave is not None:
        directory.mkdir(parents=True, exist_ok=True)
        scenarios.convert(hybrid, options.wave, directory / "wave.csv")
    with Laboratory(hybrid, directory.resolve()) as laboratory:
        _announce(laboratory)
        given = None if options.empty else DEMO / "mailboxes.csv"
        csv = given if options.wave is None else laboratory.directory / "wave.csv"
        print("\n".join(_next_steps(laboratory.directory, csv)), flush=True)
        stopped.wait()
    return 0


def _announce(laboratory: Laboratory) -> None:
    connection = laboratory.connection()
    print("The laboratory runs; Ctrl-C stops it.")
    for name, port in connection["ports"].items():
        print(f"  {name:16} localhost:{port}")
    print(f"  {'user':16} {laboratory.hybrid.exchange_server_account.username}")
    print(f"  {'application':16} {laboratory.application.client_id}")
    print(f"  {'certificate':16} {laboratory.certificate_path}")
    print(f"  {'CA file':16} {laboratory.environment()['EXCHANGE_SERVER_CA_FILE']}")
    print()


def _next_steps(directory: Path, csv: Path | None) -> Iterator[str]:
    """Yield whom the laboratory has to bring home, how to reach it from another shell, and the command for them."""
    if csv is not None:
        with csv.open(encoding="utf-8", newline="") as lines:
            rows = list(DictReader(lines))
        yield f"The wave is {csv}, {len(rows)} mailboxes:"
        for database, names in sorted(_by_database(rows).items()):
            yield f"  {database:16} {', '.join(names)}"
        yield ""
    yield "In another shell:"
    yield f"  source {shlex.quote(str(directory / ENVIRONMENT_FILE))}"
    if csv is not None:
        given = [
            f"@{DEMO / 'variables.yml'}",
            f"offboarding_csv={csv}",
            f"offboarding_directory={directory / 'offboarding'}",
        ]
        variables = " ".join(f"-e {shlex.quote(text)}" for text in given)
        yield f"  {shlex.quote(PLAYBOOK)} mailops.exchange_hybrid.readiness {variables}"


def _by_database(rows: list[dict[str, str]]) -> dict[str, list[str]]:
    """Return the identities of each target database; a row may leave it out."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.get("remote_target_database") or "no database", []).append(row["identity"])
    return found


if __name__ == "__main__":
    sys.exit(main())
