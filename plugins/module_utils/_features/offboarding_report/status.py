# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Where a mailbox stands, in the four words of the report: failed, waiting, moving, home. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

FAILED, WAITING, MOVING, HOME = "failed", "waiting", "moving", "home"
# In the order in which an operator has to look at them.
GROUPS = (FAILED, WAITING, MOVING, HOME)


class Standing(NamedTuple):
    """``group`` is one of GROUPS, ``label`` says it more closely."""

    group: str
    label: str


UNKNOWN = Standing(WAITING, "Not known")
# Status of a move request (facts: offboarding-practice.md 2.3).
_REQUESTS = {
    "Queued": Standing(MOVING, "Queued"),
    "InProgress": Standing(MOVING, "Copying"),
    "Retrying": Standing(MOVING, "Retrying"),
    "CompletionInProgress": Standing(MOVING, "Completing"),
    "Synced": Standing(WAITING, "Ready for cutover"),
    "AutoSuspended": Standing(WAITING, "Ready for cutover"),
    "Suspended": Standing(WAITING, "Suspended"),
    "Completed": Standing(WAITING, "Completed, not verified"),
    "CompletedWithWarning": Standing(WAITING, "Completed with a warning, not verified"),
    "CompletedWithSkippedItems": Standing(WAITING, "Completed with skipped items, not verified"),
    "Failed": Standing(FAILED, "Move failed"),
}
# offboarding_state of a record, or state of the readiness report.
_STATES = {
    "to_do": Standing(WAITING, "Not started"),
    "matched": Standing(WAITING, "Matched"),
    "prepared": Standing(WAITING, "Prepared"),
    "moving": Standing(MOVING, "Moving"),
    "home": Standing(HOME, "Home"),
    "conflict": Standing(WAITING, "Conflict"),
}


def judge(failed: bool, state: str, request: Mapping[str, Any], submitted: bool) -> Standing:
    """Return where a mailbox stands. What is not known is never good: it waits.

    ``state`` is the record's offboarding_state, as read at the beginning of the last run or when it verified;
    ``request`` the last look at the move request, empty without one; ``submitted`` whether the last run submitted
    one.
    A mailbox that is home stays so whatever its request says; a completed request alone proves nothing, and one that
    Exchange no longer lists (``gone_at``) nothing at all.
    """
    if failed:
        return Standing(FAILED, "Failed")
    if state == "home":
        return _STATES["home"]
    gone = bool(request.get("gone_at"))
    status = str(request.get("status") or "")
    if status and not gone:
        return _REQUESTS.get(status, Standing(WAITING, f"Move request: {status}"))
    if submitted and state != "conflict":
        return Standing(MOVING, "Move submitted")
    if gone and state in ("moving", ""):
        return Standing(WAITING, "Move request removed")
    return _STATES.get(state, UNKNOWN)
