# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A finding of the readiness check, and where its words come from: the catalogue knows every code."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import (
    ACCEPTABLE,
    BLOCKER,
    CHECKS,
    FINAL,
    NOT_CHECKED,
    WARNING,
    unknown,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    HybridError,
    InputError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

_ACCEPT = " Or accept it: offboarding_accept: [{code}]."
FAIL_ON = {"blocker": (BLOCKER,), "warning": (BLOCKER, WARNING), "never": ()}


@dataclass(frozen=True)
class Finding:
    """One finding. ``mailbox`` is an identity of the wave, empty for the environment; ``found`` is one sentence."""

    code: str
    severity: str
    mailbox: str
    found: str
    why: str
    remedy: str
    source: str
    accepted: bool = False

    def as_result(self) -> dict[str, object]:
        return dict(vars(self))

    def as_error(self) -> MailboxError:
        """Return the error with which a guard refuses the mailbox."""
        return MailboxError(self.found, code=self.code, remedy=self.remedy)

    def stops(self, fail_on: str) -> bool:
        return not self.accepted and self.severity in FAIL_ON[fail_on]


def found(code: str, what: str, mailbox: str = "", *, severity: str = "", remedy: str = "") -> Finding:
    """Return a finding in the catalogue's words; ``what`` is a sentence without its full stop."""
    check = CHECKS[code]
    chosen = severity or check.severity
    told = _reader.remedy(remedy or check.remedy)
    if chosen == BLOCKER and code not in FINAL and "offboarding_accept" not in told:
        told += _ACCEPT.format(code=code)
    return Finding(code, chosen, mailbox, f"{what}.", check.why, told, check.source)


def not_checked(code: str, reason: str, mailbox: str = "", *, remedy: str = "") -> Finding:
    """Return the finding that a question has no answer: that is never a pass."""
    check = CHECKS[code]
    text = f"{check.question} {reason}"
    told = _reader.remedy(remedy or check.channel_remedy)
    return Finding(code, NOT_CHECKED, mailbox, text, check.why, told, check.source)


def of_error(error: HybridError, mailbox: str) -> Finding:
    """Return the finding of a guard's refusal, or of a read that failed for this mailbox alone."""
    check = CHECKS.get(error.code, CHECKS["unreadable"])
    remedy = error.remedy or _reader.remedy(check.remedy)
    return Finding(check.code, check.severity, mailbox, error.message, check.why, remedy, check.source)


def accepted(
    findings: Iterable[Finding],
    accept: Collection[str],
    by_mailbox: Mapping[str, Record] = MappingProxyType({}),
) -> list[Finding]:
    """Return the findings with those marked that somebody accepted by code, for all or in the mailbox's record."""

    def is_accepted(item: Finding) -> bool:
        return item.code in accepted_by(by_mailbox.get(item.mailbox, {}), accept) and item.code not in FINAL

    return [Finding(**{**vars(item), "accepted": is_accepted(item)}) for item in findings]


def accepted_by(record: Record, codes: Collection[str]) -> Collection[str]:
    """Return the codes that are accepted for one mailbox: the task's, and those of its record."""
    return {*codes, *_values.as_list(record["accept"])} if record.get("accept") else codes


def accepted_codes(codes: Iterable[str]) -> frozenset[str]:
    """Return the codes of an accept option; refuse one that no check has, or that nobody may accept."""
    given = frozenset(codes)
    strange = unknown(given)
    if strange:
        raise InputError(
            _reader.option("accept"),
            ", ".join(strange),
            "cannot be accepted",
            f"Codes are: {', '.join(sorted(ACCEPTABLE))}.",
        )
    return given
