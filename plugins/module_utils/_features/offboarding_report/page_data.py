# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The data in the page, from which its script makes the list of mailboxes: arrays, and every repeated text once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import (
    journal_runs,
    status,
    wording,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.document import (
    Document,
    FailedMailbox,
    ReportedFinding,
)


class _Texts:
    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self._numbers.setdefault(wording.clean(text), len(self._numbers))

    def all(self) -> list[str]:
        return list(self._numbers)


def failure_groups(document: Document) -> list[list[FailedMailbox]]:
    """Return the failures that want the same to be done, the largest group first."""
    groups: dict[tuple[str, str, bool], list[FailedMailbox]] = {}
    for failure in document.failures:
        groups.setdefault((failure.code, failure.remedy, failure.retryable), []).append(failure)
    return sorted(groups.values(), key=lambda group: -len(group))


def data(document: Document) -> dict[str, object]:
    """Return what the script reads. Texts are given by number in ``texts``; an empty one is number 0.

    ``mailboxes``: identity, display name, standing, database, percent, bytes done, bytes total, detail, time of the
    figures. ``failures`` and ``findings``: one entry for each group in the order of the page, with its mailboxes.
    ``writes``: mailbox, seconds since 1970, cmdlet, result, error.
    """
    texts = _Texts()
    texts("")
    standings = list(dict.fromkeys(mailbox.standing for mailbox in document.mailboxes))
    numbers = {item: number for number, item in enumerate(standings)}
    mailboxes = [
        [
            wording.clean(mailbox.identity),
            wording.clean(mailbox.display_name),
            numbers[mailbox.standing],
            texts(mailbox.database),
            mailbox.percent,
            mailbox.done,
            mailbox.total,
            texts(mailbox.detail),
            texts(wording.time(mailbox.read_at) if mailbox.read_at else ""),
        ]
        for mailbox in document.mailboxes
    ]
    return {
        "groups": list(status.GROUPS),
        "standings": [[item.group, wording.clean(item.label)] for item in standings],
        "mailboxes": mailboxes,
        "failures": [_failures(group, texts) for group in failure_groups(document)],
        "findings": [_finding(finding, texts) for finding in document.findings if not finding.environment],
        "readiness": int(document.readiness.there),
        "unexamined": document.unexamined if document.readiness.there else [],
        "journal": int(document.journal.there),
        "results": list(journal_runs.RESULTS),
        "writes": list(_writes(document, texts)),
        # Last: by now every text has its number.
        "texts": texts.all(),
    }


def _failures(group: list[FailedMailbox], texts: _Texts) -> list[Any]:
    first = group[0]
    items = [[failure.mailbox, texts(failure.message), texts(failure.cmdlet)] for failure in group]
    return [texts(first.code), texts(first.remedy), int(first.retryable), items]


def _finding(finding: ReportedFinding, texts: _Texts) -> list[Any]:
    items = [[number, texts(found)] for number, found in finding.found]
    return [texts(finding.code), texts(finding.severity), int(finding.accepted), texts(finding.remedy), items]


def _writes(document: Document, texts: _Texts) -> Iterable[list[Any]]:
    for run in document.timeline.runs:
        for write in run.writes:
            result, seconds = journal_runs.RESULTS.index(write.result), int(write.at.timestamp())
            for number in write.mailboxes:
                yield [number, seconds, texts(write.cmdlet), result, texts(write.error)]


def outline(page_data: Any) -> list[str]:
    """Return one line for each mailbox of a page's data: what ``--diff`` compares."""
    try:
        standings = page_data["standings"]
        lines = [f"{item[0]}: {standings[item[2]][1]}" for item in page_data["mailboxes"]]
        texts = page_data["texts"]
        for code, remedy, _retryable, items in page_data["failures"]:
            lines += [
                f"{page_data['mailboxes'][number][0]}: {texts[code]}: {texts[message]} {texts[remedy]}".rstrip()
                for number, message, _cmdlet in items
            ]
        for code, severity, accepted, _remedy, items in page_data["findings"]:
            told = f"{texts[severity]} {texts[code]}{', accepted' if accepted else ''}"
            lines.append(f"{told}: {wording.mailboxes(len(items))}")
        lines.append(wording.counted(len(page_data["writes"]), "write"))
    except (KeyError, IndexError, TypeError, ValueError):
        # A file that something else wrote.
        return []
    return lines
