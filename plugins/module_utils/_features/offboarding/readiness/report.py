# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The readiness report as data: one document for JSON, one row a finding for CSV. Pure."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import BLOCKER, SEVERITIES
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Subject,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
)

VERSION = 1
COLUMNS = ("mailbox", "severity", "code", "accepted", "found", "why", "remedy", "source")
# A spreadsheet would take a cell that begins so for a formula, and names come from other people.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Summary(TypedDict):
    """Counts: mailboxes, those without a blocker that stands, and findings by severity and by code."""

    mailboxes: int
    ready: int
    environment_ready: bool
    accepted: int
    severities: dict[str, int]
    codes: dict[str, int]


@dataclass(frozen=True)
class Report:
    """What was found: of the environment, and of each mailbox in the order of the wave."""

    environment: list[Finding]
    mailboxes: list[tuple[Subject, list[Finding]]] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        return [*self.environment, *(finding for _subject, found in self.mailboxes for finding in found)]

    def stopping(self, fail_on: str) -> list[Finding]:
        return [finding for finding in self.findings if finding.stops(fail_on)]

    def summary(self) -> Summary:
        severities = Counter(finding.severity for finding in self.findings)
        codes = Counter(finding.code for finding in self.findings)
        return {
            "mailboxes": len(self.mailboxes),
            "ready": sum(ready(found) for _subject, found in self.mailboxes),
            "environment_ready": ready(self.environment),
            "accepted": sum(finding.accepted for finding in self.findings),
            "severities": {severity: severities[severity] for severity in SEVERITIES},
            "codes": dict(sorted(codes.items())),
        }


def ready(findings: Sequence[Finding]) -> bool:
    """Tell whether no blocker stands that nobody accepted."""
    return not any(finding.severity == BLOCKER and not finding.accepted for finding in findings)


def entry(subject: Subject, findings: Sequence[Finding]) -> dict[str, object]:
    """Return what the report says of one mailbox; ``total_size`` is in bytes, null where it was not read."""
    state = subject.state
    return {
        "identity": subject.identity,
        "ready": ready(findings),
        "state": state.name if state else "unknown",
        "beginning": state.beginning if state else "",
        "recipient_type_details": subject.evidence.cloud["recipient_type_details"] if subject.evidence else "",
        "remote_target_database": subject.text("remote_target_database"),
        "total_size": subject.size,
        "findings": [finding.as_result() for finding in findings],
    }


def result(report: Report, fail_on: str) -> dict[str, object]:
    """Return what the module returns: a mailbox has failed where a finding refuses it, the first of them its error."""
    results = []
    for subject, findings in report.mailboxes:
        refused = [finding for finding in findings if finding.stops(fail_on)]
        told = {**entry(subject, findings), "status": "failed" if refused else "unchanged"}
        if refused:
            told["error"] = refused[0].as_error().as_result()
        results.append(told)
    return {
        "changed": False,
        "results": results,
        "environment": [finding.as_result() for finding in report.environment],
        "summary": report.summary(),
    }


def refusal(report: Report, fail_on: str) -> HybridError | None:
    """Return the failure that the findings are, named by the first of them; None where nothing refuses."""
    refused = report.stopping(fail_on)
    if not refused:
        return None
    first, summary = refused[0], report.summary()
    text = (
        f"{summary['ready']} of {summary['mailboxes']} mailboxes are ready. "
        f"{'1 finding stops' if len(refused) == 1 else f'{len(refused)} findings stop'} the wave, the first for "
        f"{first.mailbox or 'the environment'}: {first.found}"
    )
    return HybridError(text, code=first.code, remedy=first.remedy)


def document(report: Report, generated_at: str) -> dict[str, object]:
    """Return readiness.json: version, generated_at (UTC), summary, environment, mailboxes."""
    return {
        "version": VERSION,
        "generated_at": generated_at,
        "summary": report.summary(),
        "environment": [finding.as_result() for finding in report.environment],
        "mailboxes": [entry(subject, found) for subject, found in report.mailboxes],
    }


def table(report: Report) -> str:
    """Return readiness.csv: a header, then a row for each finding; a mailbox without any has a row that says so."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for finding in report.environment:
        writer.writerow(_row(finding))
    for subject, findings in report.mailboxes:
        for finding in findings:
            writer.writerow(_row(finding))
        if not findings:
            writer.writerow([_safe(subject.identity), "none", "", "", "Nothing was found.", "", "", ""])
    return stream.getvalue()


def _row(finding: Finding) -> list[str]:
    values = {**finding.as_result(), "mailbox": finding.mailbox or "(environment)"}
    return [_safe(str(values[name]).lower() if name == "accepted" else str(values[name])) for name in COLUMNS]


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
