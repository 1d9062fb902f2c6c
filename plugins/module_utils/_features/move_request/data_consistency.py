# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The data consistency score of a move request: what the move leaves out, and whether somebody has to approve that.

In Exchange Online it took the place of the limits of bad and large items. *Perfect* and *Good* complete by themselves,
*Investigate* needs the administrator's approval, *Poor* can be forced by nobody but Microsoft
(track-prevent-data-loss-dcs; facts microsoft-articles.md section 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import classify
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MoveRequest

TOO_LOW = ("Investigate", "Poor")
COUNTS = ("bad_items_encountered", "large_items_encountered", "missing_items_encountered")
SHOWN = ("data_consistency_score", *COUNTS)
# What a request failed of, by the failure catalogue's codes.
_FAILURES = {"score_investigate": "Investigate", "score_poor": "Poor"}
_LOOK = "Review them with Get-MoveRequestStatistics -IncludeReport."


def failed(request: MoveRequest) -> bool:
    """Tell whether a request failed because its score is too low."""
    return _named_by_failure(request) is not None


def score(request: MoveRequest) -> str:
    """Return the score: the one that a failure names, else that of the statistics, else an empty text."""
    return _named_by_failure(request) or str(request.get("data_consistency_score") or "")


def _named_by_failure(request: MoveRequest) -> str | None:
    if request["status"] != "Failed":
        return None
    failure = classify(str(request.get("failure_type") or ""), str(request.get("message") or ""))
    return _FAILURES.get(failure.code)


def too_low(request: MoveRequest) -> MailboxError:
    """Return why a request may not complete, with the numbers of skipped items that its statistics show."""
    found = score(request)
    bad, large, missing = (request.get(name, "an unknown number of") for name in COUNTS)
    left_out = f"{bad} bad, {large} large and {missing} missing items"
    message = f"the data consistency score is {found}: the move leaves out {left_out}."
    return poor(message) if found == "Poor" else unapproved(message)


def poor(message: str) -> MailboxError:
    """Return why a move may not complete whose score nobody but Microsoft can let pass."""
    return MailboxError(
        message,
        code="score_poor",
        cmdlet="Get-MoveRequestStatistics",
        remedy=f"{_LOOK} No administrator can approve them: open a case with Microsoft Support, or remove the "
        "move (move_request or migration_batch with state: absent); the mailbox stays in the cloud.",
    )


def unapproved(message: str) -> MailboxError:
    """Return why a move may not complete before its skipped items are approved."""
    return MailboxError(
        message,
        code="score_investigate",
        cmdlet="Get-MoveRequestStatistics",
        remedy=f"{_LOOK} Then approve them for this mailbox, with approve_skipped_items: true in its record or its "
        "identity in the role's offboarding_approve_skipped_items, and complete it again.",
    )


def refuse_nameless_approval(params: Mapping[str, Any]) -> None:
    """Refuse an approval at the top level of a wave: it would hold for mailboxes that nobody looked at."""
    if params.get("approve_skipped_items") and not params.get("identity"):
        raise InputError(
            "approve_skipped_items",
            True,
            "would approve for every mailbox of the wave",
            "Set it in the record of each mailbox whose skipped items were reviewed.",
        )
