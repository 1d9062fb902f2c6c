# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes down what PowerShell answers: python -m tests.engine, and --laboratory shows where the laboratory differs."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from tests.engine import servers
from tests.engine.cases import ANSWERS, CASES, alike, ask, known
from tests.tools import powershell


def record() -> int:
    folder = powershell.find(os.environ)
    if folder is None:
        print(powershell.EXPLANATION, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as directory, servers.engine(str(folder / "pwsh"), Path(directory)) as server:
        session = server.session(operation_timeout=1)
        answers = {name: ask(session, cmdlet) for name, cmdlet in CASES.items()}
        session.close()
    ANSWERS.write_text(json.dumps(answers, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")
    return 0


def compare() -> int:
    wanted = known()
    with servers.laboratory() as server:
        session = server.session(operation_timeout=1)
        for name, cmdlet in CASES.items():
            answer = ask(session, cmdlet)
            if alike(answer) != alike(wanted[name]):
                print(f"{name}\n  engine     {wanted[name]}\n  laboratory {answer}")
        session.close()
    return 0


if __name__ == "__main__":
    sys.exit(compare() if "--laboratory" in sys.argv[1:] else record())
