# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What the report says, as one typed document: the files of a wave brought together. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import NOT_CHECKED, SEVERITIES
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import classify
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import (
    journal_runs,
    status,
    wording,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.journal_runs import (
    Timeline,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.sources import (
    Given,
    Properties,
    Source,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.status import (
    Standing,
)


@dataclass
class Mailbox:
    """One mailbox. Sizes are bytes; what nobody read is None."""

    identity: str
    display_name: str = ""
    standing: Standing = status.UNKNOWN
    database: str = ""
    percent: int | None = None
    done: int | None = None
    total: int | None = None
    detail: str = ""
    read_at: datetime.datetime | None = None
    came_home: bool = False


@dataclass(frozen=True)
class FailedMailbox:
    """One error of one mailbox, in the form of every module's results."""

    mailbox: int
    code: str
    message: str
    cmdlet: str
    retryable: bool
    remedy: str


@dataclass
class ReportedFinding:
    """One check that hit: of the environment (``found``), or of mailboxes with a sentence for each."""

    code: str
    severity: str
    accepted: bool
    why: str
    remedy: str
    source: str
    environment: bool
    found: list[tuple[int | None, str]] = field(default_factory=list)

    @property
    def stands(self) -> bool:
        return not self.accepted


@dataclass(frozen=True)
class Data:
    """Bytes of the moves that were looked at (``measured`` of the wave), and when that was."""

    done: int
    total: int
    measured: int
    at: datetime.datetime | None


@dataclass
class Document:
    title: str
    wave: str
    generated_at: datetime.datetime
    mailboxes: list[Mailbox]
    failures: list[FailedMailbox]
    findings: list[ReportedFinding]
    unexamined: list[int]
    data: Data | None
    timeline: Timeline
    sources: Sequence[Source]
    failures_known: bool = True
    error: str = ""
    readiness_at: datetime.datetime | None = None

    def groups(self) -> dict[str, int]:
        """Return how many mailboxes are failed, waiting, moving and home."""
        counts = Counter(mailbox.standing.group for mailbox in self.mailboxes)
        return {group: counts[group] for group in status.GROUPS}

    def standing_groups(self) -> dict[str, str]:
        """Return in which of the four words each mailbox stands."""
        return {mailbox.identity: mailbox.standing.group for mailbox in self.mailboxes}

    def standings(self) -> dict[str, int]:
        """Return how many mailboxes stand where, in the report's words: those that are home first."""
        counts = Counter(mailbox.standing for mailbox in self.mailboxes)
        order = sorted(counts, key=lambda standing: (-status.GROUPS.index(standing.group), -counts[standing]))
        return {standing.label: counts[standing] for standing in order}

    def unfinished(self) -> list[str]:
        """Return the mailboxes that neither failed nor are home."""
        return [mailbox.identity for mailbox in self._open() if not mailbox.came_home]

    def unverified(self) -> list[str]:
        """Return the mailboxes whose moves were completed in the run that did not come to its end, unverified."""
        return [mailbox.identity for mailbox in self._open() if mailbox.came_home]

    def _open(self) -> Iterator[Mailbox]:
        ended = (status.FAILED, status.HOME)
        return (mailbox for mailbox in self.mailboxes if mailbox.standing.group not in ended)

    def severities(self) -> dict[str, int]:
        """Return how many findings stand, that is without those that somebody accepted."""
        counts: Counter[str] = Counter()
        for finding in self.findings:
            if finding.stands:
                counts[finding.severity] += len(finding.found)
        return {severity: counts[severity] for severity in SEVERITIES}

    @property
    def accepted(self) -> int:
        return sum(len(finding.found) for finding in self.findings if finding.accepted)

    @property
    def damaged_lines(self) -> int:
        """Lines of the journal that could not be read, or not be placed in time."""
        return self.journal.damaged + self.timeline.undated

    @property
    def readiness(self) -> Source:
        return self.sources[0]

    @property
    def journal(self) -> Source:
        return self.sources[1]

    @property
    def progress(self) -> Source:
        return self.sources[2]


def build(given: Given, generated_at: datetime.datetime) -> Document:
    """Return the document of a wave: its records, and its failed mailboxes, which have left the wave's file."""
    readiness, journal, progress = (given.sources.readiness, given.sources.journal, given.sources.progress)
    results = given.failures or []
    wave = _Wave(given.records, results)
    times = journal_runs.build(journal.content or [], wave.numbers)
    entries = wave.entries(readiness.content["mailboxes"] if readiness.there else [])
    requests = wave.requests(progress.content["requests"] if progress.there else {})
    _forget_removed(requests, times)
    failures = [*_failures(results, wave), *_failed_requests(results, requests, wave)]
    submitted = times.submitted()
    failed = {failure.mailbox for failure in failures}
    looked_at = _looked_at(progress)
    mailboxes = [
        _mailbox(
            record, entries.get(number, {}), requests.get(number, {}), number in failed, number in submitted, looked_at
        )
        for number, record in enumerate(wave.records)
    ]
    return Document(
        title=given.title,
        wave=given.wave,
        generated_at=generated_at,
        mailboxes=mailboxes,
        failures=failures,
        findings=_findings(readiness, wave, entries),
        unexamined=[number for number in range(len(mailboxes)) if number not in entries],
        data=_data(progress, mailboxes, requests),
        timeline=times,
        sources=(readiness, journal, progress),
        failures_known=given.failures is not None,
        error=given.error,
        readiness_at=wording.moment(readiness.content.get("generated_at")) if readiness.there else None,
    )


def _looked_at(progress: Source) -> str:
    """Return when the moves were looked at last, as the file has it."""
    looks = progress.content["looks"] if progress.there else []
    return str(looks[-1].get("utc") or "") if looks else ""


class _Wave:
    """The mailboxes of the report by number, and the names that lead to each."""

    def __init__(self, records: Sequence[Mapping[str, Any]], failures: Iterable[Properties]) -> None:
        self.records: list[Mapping[str, Any]] = []
        self.numbers: dict[str, int] = {}
        for record in records:
            self._add(record)
        for failure in failures:
            if _values.folded(failure.get("identity")) not in self.numbers:
                self._add(failure)
        for number, record in enumerate(self.records):
            for name in ("exchange_guid", "user_principal_name", "primary_smtp_address", "ad_identity"):
                # A name of one mailbox never takes another one's identity.
                if record.get(name):
                    self.numbers.setdefault(_values.folded(record[name]), number)

    def _add(self, record: Mapping[str, Any]) -> None:
        identity = str(record.get("identity") or "")
        if identity and _values.folded(identity) not in self.numbers:
            self.numbers[_values.folded(identity)] = len(self.records)
            self.records.append(record)

    def number(self, name: Any) -> int | None:
        return self.numbers.get(_values.folded(name))

    def entries(self, entries: Iterable[Properties]) -> dict[int, Properties]:
        """Return what the readiness report says of each mailbox that is in the wave."""
        named = ((self.number(entry.get("identity")), entry) for entry in entries)
        return {number: entry for number, entry in named if number is not None}

    def requests(self, requests: Mapping[str, Properties]) -> dict[int, Properties]:
        """Return the last look at each mailbox's move request."""
        found: dict[int, Properties] = {}
        for guid, request in requests.items():
            number = self.number(guid)
            if number is None:
                number = self.number(request.get("identity"))
            if number is not None:
                found[number] = request
        return found


def _forget_removed(requests: dict[int, Properties], times: Timeline) -> None:
    """Mark what was seen of a request as gone where the journal tells that it was removed after that look."""
    for number, at in times.removed().items():
        if number in requests:
            seen = wording.moment(requests[number].get("read_at"))
            if seen is None or seen <= at:
                requests[number] = {"gone_at": at.isoformat(), **requests[number]}


def _mailbox(
    record: Mapping[str, Any], entry: Properties, request: Properties, failed: bool, submitted: bool, looked_at: str
) -> Mailbox:
    # What a request that is gone has left behind, no readiness report of an earlier day knows.
    state = str(record.get("offboarding_state") or ("" if request.get("gone_at") else entry.get("state")) or "")
    database = record.get("remote_target_database") or entry.get("remote_target_database")
    total = _count(request.get("total_size"))
    for other in (entry, record):
        total = _count(other.get("total_size")) if total is None else total
    return Mailbox(
        identity=str(record["identity"]),
        display_name=str(record.get("display_name") or ""),
        standing=status.judge(failed, state, request, submitted),
        database=str(database or ""),
        percent=_percent(request.get("percent_complete")),
        done=_count(request.get("bytes_transferred")),
        total=total,
        detail=_detail(record, request),
        read_at=wording.moment(request.get("read_at")),
        came_home=_came_home(record, request, looked_at),
    )


def _came_home(record: Mapping[str, Any], request: Properties, looked_at: str) -> bool:
    """Tell whether a look after the last judgement of the mailbox found its move completed: the run has moved it.

    What a look before it found may be of an earlier offboarding. A warning may mean that the source is still alive.
    """
    done = request.get("status") in ("Completed", "CompletedWithSkippedItems") and not request.get("gone_at")
    return done and "" < str(record.get("judged_at") or "") <= looked_at


def _detail(record: Mapping[str, Any], request: Properties) -> str:
    """Return where the move stands, and to whose account a user of a resource forest is linked."""
    linked = str(record.get("linked_master_account") or "")
    parts = [str(request.get("status_detail") or ""), f"master account {linked}" if linked else ""]
    return ", ".join(part for part in parts if part)


def _count(value: Any) -> int | None:
    """Return a number of bytes; anything that is none is not known."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _percent(value: Any) -> int | None:
    count = _count(value)
    return None if count is None else min(count, 100)


# -- failures ----------------------------------------------------------------------------------------------------------


def _failures(results: Iterable[Properties], wave: _Wave) -> list[FailedMailbox]:
    """Return each error once, in the order in which they came; one mailbox may have failed in two steps."""
    found: dict[FailedMailbox, None] = {}
    for result in results:
        number, error = wave.number(result.get("identity")), result.get("error")
        if number is None:
            continue
        told = error if isinstance(error, Mapping) else {"message": error or "It failed without a message."}
        texts = {name: str(told.get(name) or "") for name in ("code", "message", "cmdlet")}
        texts["remedy"] = _reader.remedy(str(told.get("remedy") or ""))
        found[FailedMailbox(number, retryable=bool(told.get("retryable")), **texts)] = None
    return list(found)


def _failed_requests(
    results: Iterable[Properties], requests: Mapping[int, Properties], wave: _Wave
) -> list[FailedMailbox]:
    """Return the failures that only the last look at the move requests shows."""
    told = {wave.number(result.get("identity")) for result in results}
    failures = []
    for number, request in requests.items():
        over = wave.records[number].get("offboarding_state") == "home" or request.get("gone_at")
        if request.get("status") != "Failed" or number in told or over:
            continue
        failure_type, message = str(request.get("failure_type") or ""), str(request.get("message") or "")
        known = classify(failure_type, message)
        text = message or f"The move request failed{f' ({failure_type})' if failure_type else ''}."
        remedy = _reader.remedy(known.remedy)
        failures.append(FailedMailbox(number, known.code, text, "Get-MoveRequest", known.retryable, remedy))
    return failures


# -- findings ----------------------------------------------------------------------------------------------------------


def _findings(readiness: Source, wave: _Wave, entries: Mapping[int, Properties]) -> list[ReportedFinding]:
    """Return the findings by code: environment first, then by severity, then the commonest first."""
    if not readiness.there:
        return []
    found: dict[tuple[Any, ...], ReportedFinding] = {}
    for item in readiness.content["environment"]:
        _gather(found, item, None)
    for number in sorted(entries):
        listed = entries[number].get("findings")
        for item in listed if isinstance(listed, list) else ():
            if isinstance(item, Mapping):
                _gather(found, item, number)
    order = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    return sorted(
        found.values(),
        key=lambda item: (not item.environment, item.accepted, order[item.severity], -len(item.found), item.code),
    )


def _gather(found: dict[tuple[Any, ...], ReportedFinding], item: Mapping[str, Any], number: int | None) -> None:
    texts = {name: str(item.get(name) or "") for name in ("code", "why", "source")}
    texts["remedy"] = _reader.remedy(str(item.get("remedy") or ""))
    severity = str(item.get("severity") or "")
    known = severity if severity in SEVERITIES else NOT_CHECKED
    accepted = item.get("accepted") is True
    # Of the environment a remedy names the server or connector: one entry each.
    key = (number is None, known, accepted, texts["code"], texts["remedy"])
    new = ReportedFinding(severity=known, accepted=accepted, environment=number is None, found=[], **texts)
    finding = found.setdefault(key, new)
    finding.found.append((number, str(item.get("found") or "")))


# -- progress ----------------------------------------------------------------------------------------------------------


def _data(progress: Source, mailboxes: Sequence[Mailbox], requests: Mapping[int, Properties]) -> Data | None:
    """Return the bytes of the wave. The last look's own sum counts where every request of the file is this wave's."""
    if not progress.there or not requests:
        return None
    measured = [number for number in requests if mailboxes[number].total is not None]
    done = sum(mailboxes[number].done or 0 for number in measured)
    total = sum(mailboxes[number].total or 0 for number in measured)
    looks = progress.content["looks"]
    last = looks[-1] if looks else {}
    if len(requests) == len(progress.content["requests"]):
        seen = _count(last.get("bytes_done")), _count(last.get("bytes_total"))
        if seen[0] is not None and seen[1] is not None:
            done, total = seen[0], seen[1]
    times = [at for number in measured if (at := mailboxes[number].read_at)]
    return Data(done, total, len(measured), wording.moment(last.get("utc")) or max(times, default=None))
