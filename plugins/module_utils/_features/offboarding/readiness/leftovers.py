# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What is left over on the on-premises user, and what Active Directory alone shows of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Facts,
    Subject,
    Unread,
    moving,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
    found,
    not_checked,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import MailboxEvidence
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
)

# msExchRemoteRecipientType is a set of flags; 8 is DeprovisionMailbox (KB 3124148).
_DEPROVISION = 8
# What no cmdlet shows at all, and what none shows of a plain user.
_LDAP_ONLY = (
    "home_mdb_left",
    "home_mta_left",
    "inheritance_disabled",
    "protected_account",
    "consistency_guid_set",
    "anchor_differs",
)
_OF_USERS = ("remote_recipient_type", "move_residue")


def check(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    if facts.directory is not None and any(subject.moves for subject in subjects):
        for code in (*_LDAP_ONLY, *_OF_USERS):
            yield not_checked(code, facts.directory.reason)
    for subject, evidence in moving(subjects):
        yield from move_residue(subject, evidence)
        yield from remote_recipient_type(subject, evidence)
        if facts.directory is None:
            yield from directory(subject)


def move_residue(subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    """Tell what an old move left behind; a request that is under way leaves its own traces, which are no residue."""
    ad = subject.directory
    left = list(ad.move_residue) if isinstance(ad, DirectoryUser) else []
    shown = evidence.on_premises.get("mailbox_move", {})
    if shown and shown.get("status") != "Completed":
        left += [f"{key} {value}" for key, value in shown.items()]
    if left and subject.before_the_move:
        yield found("move_residue", f"An earlier move left {', '.join(left)}", subject.identity)


def remote_recipient_type(subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    ad = subject.directory
    flags = ad.remote_recipient_type if isinstance(ad, DirectoryUser) else 0
    shown = str(evidence.on_premises.get("remote_recipient_type") or "")
    if flags & _DEPROVISION or "DeprovisionMailbox" in shown:
        text = f"msExchRemoteRecipientType is {flags or shown}"
        yield found("remote_recipient_type", text, subject.identity)


def directory(subject: Subject) -> Iterator[Finding]:
    """Tell what Active Directory alone shows of a user."""
    ad, identity = subject.directory, subject.identity
    if ad is None or isinstance(ad, Unread):
        reason = ad.reason if isinstance(ad, Unread) else "The user was not read."
        for code in (*_LDAP_ONLY, *_OF_USERS):
            yield not_checked(code, reason, identity)
        return
    if ad.home_mdb:
        yield found("home_mdb_left", f"the on-premises user still has homeMDB {ad.home_mdb}", identity)
    if ad.home_mta:
        yield found("home_mta_left", f"the on-premises user still has homeMTA {ad.home_mta}", identity)
    if ad.inheritance_disabled is None:
        yield not_checked("inheritance_disabled", "The account cannot read the object's permissions.", identity)
    elif ad.inheritance_disabled:
        yield found("inheritance_disabled", f"{ad.distinguished_name} does not inherit permissions", identity)
    if ad.admin_count:
        yield found("protected_account", f"adminCount is {ad.admin_count}", identity)
