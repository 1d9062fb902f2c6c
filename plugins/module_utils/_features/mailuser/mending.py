# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Mending half-made users: each is made whole, or undone, or at least given its addresses.

Undoing takes away only what a run of ours enabled, which its note says. While the pause is in force it is the cleanest
end, because no sync has seen the user. Where one may have, a plain user would be exported next, so the addresses come
first (facts offboarding-practice.md 0.3 and 1.7).
"""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    Connections,
    in_threads,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    HybridError,
    InputError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.pause_notes import (
    notes as pauses,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.rollback_plan import (
    lost_with_the_mail_user,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, on_premises, read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import half_made as wave_half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.interrupts import undisturbed
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Note
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    OnPremisesRecipient,
    parameters,
    part,
)

WHOLE, UNDONE, ADDRESSES, AT_RISK = "whole", "undone", "addresses_written", "at_risk"
LOOKS = (0.0, 1.0, 2.0)  # seconds before each look at what was written
# Before a user is believed to be plain that may just have been enabled: another controller may not have heard of it.
DOUBTS = (1.0, 2.0, 4.0, 8.0)
RECENT = datetime.timedelta(minutes=15)
TOLD = {
    WHOLE: "The user is complete now.",
    UNDONE: "What this run had enabled was undone, so a sync cannot harm the cloud mailbox.",
    ADDRESSES: "The mail user has all addresses, so a sync cannot remove them from the cloud mailbox; it has no GUID.",
}


@dataclass(frozen=True)
class Mended:
    """What became of one user: ``ending`` is whole, undone, addresses_written or at_risk; ``error`` says why not
    better, ``cmdlets`` what was tried."""

    note: Note
    ending: str
    error: HybridError | None = None
    cmdlets: tuple[str, ...] = ()


def mend(
    connections: Connections,
    half_made: HalfMade,
    notes: Sequence[Note],
    *,
    check: bool = False,
    doubts: Sequence[float] = DOUBTS,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Mended]:
    """Return what became of each user; who is not at risk any more has no note any more.

    In a preview nothing is written, and what would be tried first counts as done. ``doubts`` are the seconds before
    each further look at a user that shows as plain.
    """
    if not notes:
        return []
    undo_first = _is_paused(half_made)
    try:
        found = _believed(connections, notes, () if check else doubts, sleep)
    except HybridError as error:
        found = {note.guid: error for note in notes}

    def one(note: Note) -> Mended:
        ad = found[note.guid]
        if isinstance(ad, HybridError):
            return Mended(note, AT_RISK, ad)
        return _Mending(connections, note, undo_first, check, sleep).run(ad)

    result = in_threads(one, notes, connections.workers(EXCHANGE_SERVER), finish=True)
    for item in result:
        if item.ending != AT_RISK and not check:
            half_made.end(item.note.guid)
    return result


def _is_paused(half_made: HalfMade) -> bool:
    """Tell whether it is certain that a pause was written down."""
    with contextlib.suppress(InputError):
        return bool(half_made.folder and pauses(half_made.folder))
    return False


def _found(connections: Connections, notes: Sequence[Note]) -> dict[str, OnPremisesRecipient | HybridError]:
    """Return the users by objectGUID: an earlier run may have begun with another user of the same mailbox."""
    return read.on_premises_objects(connections, [{"identity": note.guid, "ad_identity": note.guid} for note in notes])


def _believed(
    connections: Connections, notes: Sequence[Note], doubts: Sequence[float], sleep: Callable[[float], None]
) -> dict[str, OnPremisesRecipient | HybridError]:
    """Return the users; one that shows as plain right after it was begun with is looked at again."""
    found = _found(connections, notes)
    for pause in doubts:
        doubtful = [
            note
            for note in notes
            if not isinstance(ad := found[note.guid], HybridError) and ad["kind"] == "user" and _is_recent(note)
        ]
        if not doubtful:
            break
        sleep(pause)
        found.update(_found(connections, doubtful))
    return found


def _is_recent(note: Note) -> bool:
    since = _values.parse_time(note.since)
    return since is None or datetime.datetime.now(datetime.timezone.utc) - since < RECENT


class _Mending:
    """The mending of one user: one way after the other, until the user is in one of the good endings."""

    def __init__(
        self, connections: Connections, note: Note, undo_first: bool, check: bool, sleep: Callable[[float], None]
    ) -> None:
        self._connections = connections
        self._note = note
        self._check = check
        self._sleep = sleep
        self._sent: list[str] = []
        others = (self._undo, self._write_addresses)
        self._ways = (self._make_whole, *(others if undo_first else reversed(others)))

    def run(self, ad: OnPremisesRecipient) -> Mended:
        ending, first = ending_of(ad, self._note), None
        for number, way in enumerate(self._ways):
            # What lacks its GUIDs alone is good enough, once the whole was tried.
            if ending in (WHOLE, UNDONE) or (ending and number):
                break
            try:
                way(ad)
            except HybridError as error:
                first = first or error
            if self._check:
                return Mended(self._note, WHOLE, cmdlets=tuple(self._sent))
            try:
                ad, ending = self._look(ad)
            except HybridError as error:
                return Mended(self._note, AT_RISK, first or error, tuple(self._sent))
        return Mended(self._note, ending or AT_RISK, None if ending == WHOLE else first, tuple(self._sent))

    def _look(self, ad: OnPremisesRecipient) -> tuple[OnPremisesRecipient, str]:
        """Return the user as it is and its ending; another controller may not show at once what was written."""
        for pause in LOOKS:
            if pause:
                self._sleep(pause)
            found = _found(self._connections, [self._note])[self._note.guid]
            if isinstance(found, HybridError):
                raise found
            ad = found
            ending = ending_of(ad, self._note)
            if ending:
                return ad, ending
        return ad, ""

    def _make_whole(self, ad: OnPremisesRecipient) -> None:
        if ad["kind"] == "mail_user":
            self._set(ad, self._note.wanted)

    def _write_addresses(self, ad: OnPremisesRecipient) -> None:
        if ad["kind"] == "mail_user":
            names = ("email_addresses", "email_address_policy_enabled")
            self._set(ad, part(self._note.wanted, names))

    def _set(self, ad: OnPremisesRecipient, wanted: OnPremisesRecipient) -> None:
        change = wanted.copy()
        if "email_addresses" in wanted:
            # What somebody else has given the user since stays.
            change["email_addresses"] = addresses.merged(wanted["email_addresses"], ad.get("email_addresses", []))
        given = {"Identity": ad["guid"], **on_premises.setting(change, ad)}
        self._send(Cmdlet("Set-MailUser", given), {name: ad.get(name) for name in change}, change)

    def _undo(self, ad: OnPremisesRecipient) -> None:
        if ad["kind"] != "mail_user":
            return
        held = lost_with_the_mail_user(ad)
        if held:
            raise MailboxError(
                f"the mail user has {', '.join(held)}, which Disable-MailUser may clear.",
                code="attributes_would_be_lost",
                cmdlet="Disable-MailUser",
            )
        shown = {name: ad[name] for name in ("external_email_address", "email_addresses") if ad.get(name)}
        call = Cmdlet("Disable-MailUser", {"Identity": ad["guid"], "Confirm": False})
        self._send(call, {"recipient_type_details": "MailUser", **shown}, {"recipient_type_details": "User"})
        self._restore(ad)

    def _restore(self, ad: OnPremisesRecipient) -> None:
        """Give a plain user back what Enable-MailUser and Disable-MailUser overwrote."""
        before, change = self._note.before, OnPremisesRecipient()
        if before.get("windows_email_address"):
            change["windows_email_address"] = before["windows_email_address"]
        if before.get("display_name", ad["display_name"]) != ad["display_name"]:
            change["display_name"] = before["display_name"]
        if change:
            given = {"Identity": ad["guid"], **parameters(change, on_premises.PARAMETERS)}
            self._send(Cmdlet("Set-User", given), {name: ad.get(name) for name in change}, change)

    def _send(self, cmdlet: Cmdlet, before: Mapping[str, object], after: Mapping[str, object]) -> None:
        self._sent.append(cmdlet.preview())
        if not self._check:
            # A full disk must not leave a user half made.
            change = Change(self._note.identity, before, after, regardless=True)
            self._connections.run(EXCHANGE_SERVER, cmdlet, change)


def ending_of(ad: OnPremisesRecipient, note: Note) -> str:
    """Return how well a user stands, or an empty text where a sync would take addresses from its cloud mailbox."""
    if ad["kind"] == "user":
        return UNDONE
    wanted = note.wanted.get("email_addresses", [])
    held = ad.get("email_addresses", [])
    kept = _values.folded(addresses.primary_of(wanted)) == _values.folded(addresses.primary_of(held))
    if addresses.missing(wanted, held) or not kept or ad.get("email_address_policy_enabled"):
        return ""
    guids = [name for name in ("exchange_guid", "archive_guid") if name in note.wanted]
    stamped = all(ad.get(name) == note.wanted[name] for name in guids)
    return WHOLE if stamped or ad["kind"] != "mail_user" else ADDRESSES


def settle(
    connections: Connections,
    outcomes: Sequence[Outcome],
    half_made: HalfMade,
    sleep: Callable[[float], None] = time.sleep,
) -> InputError | None:
    """Let no mailbox of a wave end half made: mend those whose second write failed, and tell it in their outcomes.

    Return why the notes of earlier runs cannot be read; those of this run are settled all the same.
    """
    by_identity = {_values.folded(outcome.identity): outcome for outcome in outcomes}
    left = []
    unread: InputError | None = None
    try:
        notes = half_made.of(by_identity)
    except InputError as error:
        notes, unread = half_made.open, error
    for note in notes:
        if by_identity[_values.folded(note.identity)].status == "failed":
            left.append(note)
        else:
            half_made.end(note.guid)
    # A write without an answer was waited for already; after an answer the same sessions know what they wrote.
    for item in mend(connections, half_made, left, doubts=(), sleep=sleep):
        _tell(by_identity[_values.folded(item.note.identity)], item, half_made.folder)
    return unread


def _interrupted(half_made: HalfMade, connect: Callable[[], Connections], sleep: Callable[[float], None]) -> list[str]:
    """Mend what an interrupt or an error of the whole left; return who is still at risk."""
    notes = half_made.open
    with connect() as connections:
        mended = mend(connections, half_made, notes, sleep=sleep)
    return [item.note.identity for item in mended if item.ending == AT_RISK]


@contextlib.contextmanager
def none_left_half_made(
    half_made: HalfMade, connect: Callable[[], Connections], sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Mend, however the block ends, before anything else hears of its end; ``connect`` opens fresh connections.

    Meanwhile a second interrupt is not heard: what it would leave is what the first one is to prevent.
    """
    with half_made.writing():
        try:
            yield
        except BaseException as error:
            if half_made.open:
                with undisturbed():
                    left = _interrupted(half_made, connect, sleep)
                if left:
                    risk = wave_half_made.at_risk(left, wave_half_made.WARNING, half_made.folder, str(error))
                    if isinstance(error, HybridError):
                        raise risk from error
                    error.args = (risk.sentence(),)
            raise


def _tell(outcome: Outcome, item: Mended, folder: Folder | None) -> None:
    outcome.cmdlets = [*outcome.cmdlets, *item.cmdlets]
    first = outcome.error
    if item.ending == WHOLE:
        outcome.status, outcome.error = "changed", None
        outcome.warnings.append(f"the second write was refused at first: {first.message if first else ''}")
        return
    outcome.details = {**outcome.details, "compensation": item.ending}
    if item.error is not None and first is not None and item.error.message != first.message:
        outcome.warnings.append(item.error.message)
    if item.ending == AT_RISK:
        outcome.error = error_of(item, folder, first)
    elif first is not None:
        # Whether anything was sent at all, only the live user tells: a refused Enable-MailUser has nothing to undo.
        done = f" {TOLD[item.ending]}" if item.cmdlets or item.ending != UNDONE else ""
        outcome.error = HybridError(
            first.message + done, code=first.code, remedy=first.remedy, retryable=first.retryable, cmdlet=first.cmdlet
        )


def error_of(item: Mended, folder: Folder | None, first: HybridError | None = None) -> HybridError:
    """Return the error of a user that stays half made, with what Exchange said to the write and to its mending."""
    said = dict.fromkeys(error.message for error in (first, item.error) if error is not None)
    error = wave_half_made.at_risk([item.note.identity], wave_half_made.WARNING, folder, " ".join(said))
    error.cmdlet = "Set-MailUser"
    return error


def mend_left(
    connections: Connections, half_made: HalfMade, *, check: bool, sleep: Callable[[float], None] = time.sleep
) -> list[Outcome]:
    """Mend what earlier runs with this directory left, but not what another one is just making."""
    folder = half_made.folder
    notes = wave_half_made.load(folder) if folder else []
    if folder and notes and not wave_half_made.nobody_writes(folder):
        # Of runs without a name, this one and the one at work cannot be told apart.
        notes = [note for note in notes if half_made.holder and note.holder == half_made.holder]
    outcomes = []
    for item in mend(connections, half_made, notes, check=check, sleep=sleep):
        outcome = Outcome({"identity": item.note.identity}, "changed" if item.cmdlets else "unchanged")
        outcome.cmdlets, outcome.details = list(item.cmdlets), {"ending": item.ending}
        if item.ending == AT_RISK:
            outcome.status, outcome.error = "failed", error_of(item, half_made.folder)
        elif item.error is not None:
            outcome.warnings = [f"{item.error.message} {TOLD[item.ending]}"]
        outcomes.append(outcome)
    return outcomes
