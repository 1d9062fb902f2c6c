# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Who is who: both sides found, matched as they should be, and nothing that the match would overwrite.

The judgement is offboarding_state's own; here its errors and blockers become findings under the same codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.entra import CloudUser
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
    of_error,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import (
    NOT_SHOWN,
    account_disabled,
    would_keep_sign_in,
)

_OF_GRAPH = ("admin_role", "provisioning_errors", "user_cloud_managed")


def check(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    for subject in subjects:
        for problem in subject.problems:
            yield of_error(problem, subject.identity)
        if subject.state is not None and subject.state.name == "home":
            yield found("already_home", f"The mailbox is home: {subject.state.reason}", subject.identity)
    yield from _not_shown(facts, subjects)
    for subject, _evidence in moving(subjects):
        yield from anchor(subject)
        yield from entra(subject)
    yield from _accounts(facts, subjects)
    yield from _sign_ins(facts, subjects)
    yield from _kinds(subjects)
    if facts.entra is not None and any(subject.moves for subject in subjects):
        for code in _OF_GRAPH:
            yield not_checked(code, facts.entra.reason)
    silent = [
        subject
        for subject, evidence in moving(subjects)
        if _known(subject) and not isinstance(subject.entra, CloudUser) and not evidence.cloud.get("immutable_id")
    ]
    if silent:
        reason = f"Get-Mailbox shows no ImmutableId for {len(silent)} mailboxes: it is empty, or not shown."
        yield not_checked("anchor_differs", reason)
    if isinstance(facts.domains_in_the_cloud, Unread):
        yield not_checked("upn_suffix_not_accepted", facts.domains_in_the_cloud.reason)


def _not_shown(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Tell of values that neither a cmdlet nor LDAP shows: not shown is not empty."""
    plain = [
        subject
        for subject, evidence in moving(subjects)
        if subject.before_the_move and evidence.on_premises["kind"] == "user" and not _known(subject)
    ]
    if facts.directory is not None and plain:
        reason = f"No cmdlet shows it for the {len(plain)} plain users of the wave. {facts.directory.reason}"
        yield from (not_checked(code, reason) for code in NOT_SHOWN)
        return
    for subject in plain:
        reason = subject.directory.reason if isinstance(subject.directory, Unread) else "The user was not read."
        yield from (not_checked(code, reason, subject.identity) for code in NOT_SHOWN)


_WITHOUT_SIGN_IN = ("SharedMailbox", "RoomMailbox", "EquipmentMailbox")


def _accounts(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Tell of accounts that Exchange disables once the mailbox is given its kind at home."""
    code, unknown = "account_would_be_disabled", []
    for subject, evidence in moving(subjects):
        kind = subject.text("recipient_type_details") or str(evidence.cloud["recipient_type_details"])
        disabled = account_disabled(evidence.on_premises, subject.directory) if kind in _WITHOUT_SIGN_IN else True
        if disabled is None:
            unknown.append(subject)
        elif not disabled:
            yield found(code, f"The account of the {kind} is enabled", subject.identity)
    yield from _accounts_not_shown(code, facts, unknown)


def _kinds(subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Tell of unlicensed mailboxes that Exchange Online may disconnect: as they are, or once it takes back their kind.

    It may do so where the on-premises object is of another kind. Facts: public-reports.md sections 4 and 5.
    """
    for subject, evidence in moving(subjects):
        kind, here = str(evidence.cloud["recipient_type_details"]), evidence.on_premises["recipient_type_details"]
        licence = evidence.cloud.get("sku_assigned")
        if kind == "UserMailbox" and licence is False:
            yield found("licence_missing", "The UserMailbox has no licence (SKUAssigned False)", subject.identity)
        if kind in _WITHOUT_SIGN_IN and here != f"Remote{kind}" and not licence:
            article = "a" if licence is None else "an unlicensed"
            text = f"In the cloud it is {article} {kind}, on-premises a {here}"
            yield found("kind_would_revert", text, subject.identity)


def _sign_ins(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Tell of users to be matched of whose account nothing shows whether it is disabled."""
    unknown = [
        subject
        for subject, evidence in moving(subjects)
        if subject.to_match
        and would_keep_sign_in(subject.record, evidence.cloud, evidence.on_premises)
        and account_disabled(evidence.on_premises, subject.directory) is None
    ]
    yield from _accounts_not_shown("sign_in_would_be_blocked", facts, unknown)


def _accounts_not_shown(code: str, facts: Facts, unknown: Sequence[Subject]) -> Iterator[Finding]:
    if facts.directory is not None and unknown:
        yield not_checked(code, f"No cmdlet shows it for {len(unknown)} mailboxes. {facts.directory.reason}")
        return
    for subject in unknown:
        reason = subject.directory.reason if isinstance(subject.directory, Unread) else "The user was not read."
        yield not_checked(code, reason, subject.identity)


def entra(subject: Subject) -> Iterator[Finding]:
    """Tell what Microsoft Graph shows of the cloud user."""
    user, identity = subject.entra, subject.identity
    if isinstance(user, Unread):
        for code in _OF_GRAPH:
            yield not_checked(code, user.reason, identity)
        return
    if user is None:
        return
    if subject.authority.cloud_managed is None:
        yield not_checked("user_cloud_managed", "The application cannot read onPremisesSyncBehavior.", identity)
    elif subject.authority.cloud_managed:
        yield found("user_cloud_managed", "isCloudManaged of the cloud user is true", identity)
    yield from _hardened(subject, user)
    if user.admin_roles is None:
        yield not_checked("admin_role", "The application is not allowed to read the user's roles.", identity)
    elif user.admin_roles and subject.to_match:
        yield found("admin_role", f"The cloud user holds {', '.join(user.admin_roles)}", identity)
    if user.provisioning_errors:
        yield found("provisioning_errors", f"Microsoft Entra shows {'; '.join(user.provisioning_errors)}", identity)


def _hardened(subject: Subject, user: CloudUser) -> Iterator[Finding]:
    """Tell what refuses a hard match over this cloud user; a soft match, and one that is done, it does not concern."""
    if not (subject.to_match and subject.anchored):
        return
    eligible = subject.authority.eligible_roles
    reasons = [f"it holds {role}" for role in user.admin_roles or ()]
    reasons += [f"it is eligible for {role}" for role in eligible or ()]
    reasons += ["its onPremisesObjectIdentifier is set"] if user.object_identifier else []
    if reasons:
        text = f"Only a hard match joins the cloud user, and {'; '.join(reasons)}"
        yield found("hard_match_hardened", text, subject.identity)
    elif eligible is None:
        reason = "The application is not allowed to read the roles that the user is eligible for."
        yield not_checked("hard_match_hardened", reason, subject.identity)


def _known(subject: Subject) -> bool:
    return subject.directory is not None and not isinstance(subject.directory, Unread)


def _shown(text: str) -> str:
    """Return an anchor for people: the GUID in it, or itself where it holds anything else."""
    return _values.guid_of_immutable_id(text) or f"'{text}' in base64"


def anchor(subject: Subject) -> Iterator[Finding]:
    """Tell whether the cloud user carries another anchor than the on-premises user's."""
    if subject.evidence is None or subject.state is None:
        return
    cloud, ad = subject.evidence.cloud, subject.directory
    known = str(cloud.get("immutable_id") or "")
    proved = subject.state.anchor_verified
    if ad is not None and not isinstance(ad, Unread):
        if known and known != ad.source_anchor and not proved:
            yield found(
                "anchor_differs",
                f"The cloud user's ImmutableId is {known}, the on-premises user's anchor {ad.source_anchor}",
                subject.identity,
            )
            return
        if not cloud["is_dir_synced"] and ad.consistency_anchor:
            yield found(
                "consistency_guid_set",
                f"The cloud user is not synced, but mS-DS-ConsistencyGuid is {_shown(ad.consistency_anchor)}",
                subject.identity,
            )
        proved = proved or bool(known)
    if cloud["is_dir_synced"] and not proved and not subject.state.doubt:
        yield not_checked(
            "anchor_unverified",
            "There is no write-back, and no ImmutableId to compare.",
            subject.identity,
        )
