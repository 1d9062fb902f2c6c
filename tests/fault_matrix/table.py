# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page docs/faults.md, from the verdicts of a run of the matrix."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

ENDINGS = ("came through", "mailboxes failed", "failed as a whole", "was stopped")
WORDS = {"fault": "Faults", "kill": "Kills", "pair": "Two runs beside each other", "database": "The database fails"}
HEAD = """# Faults that were tried

This page is written by `make fault-matrix`, which plays the role against the laboratory, strikes it at one call or a
few, and runs it again. "Call" means each cmdlet and each HTTP request of the procedure, to Exchange Server, Exchange
Online, Microsoft Entra's sign-in and Entra Connect. Faults are drawn from all combinations of call and kind, for a
first run and for a run after one that went well or was killed, some of them with a memory in PostgreSQL. The laboratory
is not Microsoft's software: what it cannot show is not shown here. The database is PostgreSQL itself.

In each wave, three mailboxes come home: a shared one that was never synchronized, a synchronized one and a remote
mailbox. Up to four faults strike one run, at different calls; up to four kills end runs of one wave, one after the
other. After each struck run, the scheduler of directory synchronization has its chances; at the end the role is run
again (where the synchronization is still paused, every second time after `resume_sync`). A wave passes only if

- both organizations, the move requests and the scheduler end as after an undisturbed run,
- no write was executed twice, and the journal agrees with what the laboratory executed (of two runs that share nothing,
  each may have set the same value),
- each failed result names the mailbox, what happened, whether to try again and what to do,
- a green run means that all mailboxes are home, and a run that leaves something paused or half made says so,
- there is no traceback and no secret in the output, in the journal or in any other file,
- of two runs over one wave one comes through, and the other is refused at once because the wave is in use.

What these would notice is tried as well: `make sabotages` takes safeguards out of the code, one at a time, and a case
for each has to be wrong. Noticed are leases that do not count, a half-made user that is not written down, a pause that
ends over half-made users, a lost answer that counts as none, a failure that counts as done, and writes that are not
journalled; where nothing was taken out, the same cases are right.
"""


def page(verdicts: Sequence[Mapping[str, Any]], seed: int, left: int = 0) -> str:
    """Return the page. ``left`` is how many were drawn and not played, because the time was up."""
    passed = sum(not told["wrong"] for told in verdicts)
    ways = ", ".join(sorted({told["way"] for told in verdicts}))
    missed = sum(not told["struck"] for told in verdicts)
    told = f"Of {len(verdicts)} faults, kills, pairs and strikes at the database (seed {seed}), {passed} passed. "
    if left:
        told += f"{left} more were drawn and not played: the time was up. "
    if missed:
        told += f"{missed} did not come about: the run took another course. "
    parts = [HEAD, textwrap.fill(f"{told}Ways to connect: {ways}.", 120) + "\n"]
    parts += [_section(what, [told for told in verdicts if told["what"] == what]) for what in WORDS]
    return "\n".join(part for part in parts if part)


def _section(what: str, verdicts: Sequence[Mapping[str, Any]]) -> str:
    if not verdicts:
        return ""
    lines = [f"## {WORDS[what]}\n", "How the struck run itself ended, whatever else struck it.\n"]
    if what == "pair":
        rows = _rows(verdicts, sorted({ending for told in verdicts for ending in told["first"].split(" and ")}))
        return "\n".join([*lines, "Each pair has two endings.\n", *rows, ""])
    return "\n".join([*lines, *_rows(verdicts, ENDINGS), ""])


def _rows(verdicts: Sequence[Mapping[str, Any]], endings: Iterable[str]) -> list[str]:
    columns = list(endings)
    rows = [f"| kind | cases | {' | '.join(columns)} | passed |", "|---" * (len(columns) + 3) + "|"]
    for kind in sorted({told["kind"] for told in verdicts}):
        own = [told for told in verdicts if told["kind"] == kind]
        count = Counter(ending for told in own for ending in told["first"].split(" and "))
        cells = [kind, len(own), *(count[column] for column in columns), sum(not told["wrong"] for told in own)]
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    return rows
