# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes down what PowerShell answers: python -m tests.engine, and --laboratory shows where the laboratory differs."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.laboratory import Laboratory
from lab.powershell.laboratory import PowerShellLaboratory
from tests.engine import cases, scripts, servers
from tests.tools import powershell

Answers = dict[str, dict[str, Any]]


def of_server(server: servers.Server) -> Answers:
    session = server.session(operation_timeout=1)
    try:
        return {name: cases.ask(session, cmdlet) for name, cmdlet in cases.CASES.items()}
    finally:
        session.close()


def of_scripts(laboratory: Laboratory) -> Answers:
    with laboratory:
        return {name: scripts.answer(laboratory, case) for name, case in scripts.CASES.items()}


def record(directory: Path) -> int:
    folder = powershell.find(os.environ)
    if folder is None:
        print(powershell.EXPLANATION, file=sys.stderr)
        return 1
    program = str(folder / "pwsh")
    with servers.engine(program, directory) as server:
        write(cases.ANSWERS, of_server(server))
    real = PowerShellLaboratory(scripts.organization(), directory / "laboratory", program)
    write(scripts.ANSWERS, of_scripts(real))
    return 0


def write(path: Path, answers: Answers) -> None:
    path.write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def compare(directory: Path) -> int:
    with servers.laboratory() as server:
        show(cases.known(), of_server(server))
    show(scripts.known(), of_scripts(Laboratory(scripts.organization(), directory)))
    return 0


def show(wanted: Mapping[str, dict[str, Any]], answers: Answers) -> None:
    for name, answer in answers.items():
        if cases.alike(answer) != cases.alike(wanted[name]):
            print(f"{name}\n  PowerShell {wanted[name]}\n  laboratory {answer}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit((compare if "--laboratory" in sys.argv[1:] else record)(Path(temporary)))
