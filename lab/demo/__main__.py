# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m lab.demo``: offboard the 25 mailboxes of lab/demo/mailboxes.csv, twice, and prove what became of them.

Exit code 0 when every promise holds, 1 when one does not, 130 when it was interrupted.
"""

from __future__ import annotations

import shlex
import signal
import sys
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from lab.demo import evidence, playbook
from lab.demo.evidence import Case, CloudMailbox, Verdict, Wanted
from lab.demo.organizations import ExchangeOnline, ReadFailure
from lab.hybrid import SystemClock
from lab.laboratory import Laboratory
from lab.model.demo import demo_hybrid

SPEED = 400  # a move that takes minutes takes seconds
CSV = Path("lab/demo/mailboxes.csv")
VARIABLES = Path("lab/demo/variables.yml")
WIDTH = 99


def main() -> int:
    signal.signal(signal.SIGTERM, _terminated)
    begun = time.monotonic()
    if not (playbook.collections_path() / "ansible_collections/mailops/exchange_hybrid").exists():
        print(f"{sys.prefix} does not have the collection in it: run 'make demo'.", file=sys.stderr)
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="mailops-demo-") as name:
            directory = Path(name).resolve()
            with Laboratory(demo_hybrid(SystemClock(), SPEED), directory / "laboratory") as laboratory:
                return _demonstrate(laboratory, directory, begun)
    except KeyboardInterrupt:
        print("\nStopped. The laboratory is gone, and nothing of it is left.", file=sys.stderr)
        return 130
    except ReadFailure as failure:
        return _complain([str(failure)])


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _demonstrate(laboratory: Laboratory, directory: Path, begun: float) -> int:
    environment = laboratory.environment()
    wave = evidence.read_csv(playbook.ROOT / CSV)
    _show_laboratory(laboratory)
    known = evidence.before(ExchangeOnline(environment))
    _show_wave(wave, known)

    arguments = _arguments(directory / "offboarding")
    _heading("First run: bring them home")
    print(f"  $ {_shown(arguments)}\n", flush=True)
    first = playbook.run(arguments, environment, directory)
    if first.returncode:
        return _complain([f"ansible-playbook ended with exit code {first.returncode} (see above)"])
    writes = Counter(entry["organization"] for entry in laboratory.log.writes())
    print(f"  cmdlets that wrote: {_counts(writes)}")

    cases = _show_mailboxes(environment, wave, known)
    received = len(laboratory.log)
    _heading("Second run: the same command again")
    second = playbook.run(arguments, environment, directory)
    if second.returncode:
        return _complain([f"the second ansible-playbook ended with exit code {second.returncode} (see above)"])
    verdicts = [*evidence.judge(cases), *_second_run(second, laboratory.log.entries(since=received))]
    return _conclude(verdicts, time.monotonic() - begun)


def _arguments(offboarding: Path) -> list[str]:
    path = f'"{offboarding}"' if " " in str(offboarding) else str(offboarding)
    return [
        *("-i", "localhost,"),
        "playbooks/offboard.yml",
        *("-e", f"@{VARIABLES}"),
        *("-e", f"offboarding_directory={path}"),
    ]


def _shown(arguments: Sequence[str]) -> str:
    """Return the command line as a reader would type it, an option and its value on one line."""
    text = shlex.join(arguments).replace(" -e ", " \\\n      -e ")
    return f"ansible-playbook {text}"


def _second_run(second: playbook.Run, entries: Sequence[Mapping[str, Any]]) -> list[Verdict]:
    writes = [f"{entry['organization']}: {entry['cmdlet']}" for entry in entries if entry["kind"] == "write"]
    changed = second.changed_tasks or ("ansible-playbook left no summary",)
    return [
        Verdict(f"second run: changed={second.changed}", () if second.changed == 0 else changed),
        Verdict(f"second run: {len(entries)} cmdlets received, {len(writes)} of them writes", tuple(writes)),
    ]


# -- what the terminal shows -------------------------------------------------------------------------------------------


def _heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def _show_laboratory(laboratory: Laboratory) -> None:
    _heading("A hybrid organization on this machine, and nowhere else")
    speaks = {
        "exchange_server": "Exchange Server: remote PowerShell (WSMan, PSRP)",
        "entra_connect": "Entra Connect: WinRM",
        "exchange_online": "Exchange Online: admin API (REST)",
        "sign_in": "Microsoft Entra ID: token endpoint",
    }
    for name, text in speaks.items():
        print(f"  https://localhost:{laboratory.port(name):<6} {text}")
    print("\n  Simulated: the protocols are real, the organizations behind them a model (lab/README.md).")


def _show_wave(wave: Sequence[Wanted], known: Mapping[str, CloudMailbox]) -> None:
    missing = [line.identity for line in wave if line.identity not in known]
    if missing:
        raise ReadFailure(f"{CSV} names mailboxes that Exchange Online does not have: {', '.join(missing)}")
    mailboxes = [known[line.identity] for line in wave]
    kinds = Counter(mailbox.kind.removesuffix("Mailbox").lower() for mailbox in mailboxes)
    synced = sum(mailbox.is_dir_synced for mailbox in mailboxes)
    print(f"\n  {len(wave)} mailboxes of {CSV} live in the cloud: {_counts(dict(kinds.most_common()))}.")
    print(f"  {len(wave) - synced} of their users are cloud-only, {synced} are synchronized already.")


def _show_mailboxes(
    environment: Mapping[str, str], wave: Sequence[Wanted], known: Mapping[str, CloudMailbox]
) -> list[Case]:
    _heading("Where they are now, as Get-Mailbox, Get-MailUser and Get-MoveRequestStatistics say")
    seen = evidence.afterwards(environment, wave, known)
    cases = [Case(line, known[line.identity], seen[line.identity]) for line in wave]
    print(evidence.table(cases), flush=True)
    return cases


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def _conclude(verdicts: Iterable[Verdict], seconds: float) -> int:
    _heading("What was promised")
    broken = []
    for verdict in verdicts:
        print(f"  {'BROKEN' if verdict.broken else 'ok':<7} {verdict.text}")
        if verdict.broken:
            broken.append(f"{verdict.text}: {', '.join(verdict.broken)}")
    if broken:
        return _complain(broken)
    print(f"\n  All of it held, in {seconds:.0f} seconds. 'make lab' starts such an organization to play with.")
    return 0


def _complain(problems: Iterable[str]) -> int:
    print("\nThe demo failed:", file=sys.stderr)
    for problem in problems:
        print(textwrap.fill(problem, WIDTH, initial_indent="  ", subsequent_indent="    "), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
