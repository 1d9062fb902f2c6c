# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Where a mailbox stands on its way home: to_do, matched, prepared, moving, home or conflict.

Pure: it judges what was read of both organizations and says why. The three beginnings are told apart: a cloud-only user
(to be matched), a user that is already synced and anchored to this on-premises user (nothing to match, the commonest
real case), and one that is synced to another user (a conflict).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _hold_kinds, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.entra import CloudUser
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import belonging
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    addresses,
    cloud,
    delivery,
    move_request,
    on_premises,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    CloudRecipient,
    MoveRequest,
    OnPremisesRecipient,
)

# A completion that left nothing undone: until the cloud shows it, it only lags.
CLEAN = ("Completed", "CompletedWithSkippedItems")
STATES = ("to_do", "matched", "prepared", "moving", "home", "conflict")
SECOND_LIVE_MAILBOX = (
    "Do not remove anything: both hold mail. Right after the completion the cloud may lag: check once more. Otherwise "
    "read the move request's message (move_request_info with statistics), keep the user out of the cloud mailbox, copy "
    "what it received since the move, enable permission inheritance on the Active Directory object, and convert the "
    "cloud mailbox to a mail user by hand or with Microsoft Support."
)
TWO_MAILBOXES, FOREIGN_GUID = "two mailboxes", "foreign GUID"
OPEN = ("to_do", "matched", "prepared")
# In these the on-premises object carries the mailbox's GUID, which is written together with its addresses.
WHOLE = ("prepared", "moving", "home")
# Facts: public-reports.md section 4.
DISCONNECTED = (
    "If there was a mailbox in the cloud, it may have been disconnected because it has no licence: assign an Exchange "
    "Online licence within 30 days, which reconnects it. Later its contents are lost."
)
CLOUD_LAGS = (
    "Wait for the next cycle of directory synchronization, then verify again. If the error persists, check the move "
    "request (move_request_info with statistics) and the cloud object. An external address that stays is computed "
    "again only when the addresses on-premises change: add one there for a time, and run a cycle (KB 4456110)."
)
STOP_SIGNS = (
    "upn_differs",
    "upn_suffix_not_accepted",
    "sign_in_name_would_change",
    "sign_in_would_be_blocked",
    "alias_would_change",
    "display_name_would_change",
    "hidden_would_change",
    "custom_attributes_would_change",
    "mail_differs",
    "external_address_would_change",
    "values_unseen",
    "anchor_unverified",
    *_hold_kinds.CODES,
    "holds_not_checked",
    "exchange_cloud_managed",
    "archive_undecided",
    "onmicrosoft_alias_lost",
    "address_not_carried",
    "baseline_missing",
    "baseline_differs",
)


@dataclass(frozen=True)
class State:
    """``beginning`` is cloud_only, synced or synced_to_another_user; ``anchor_verified`` tells whether proof was
    seen, ``doubt`` what speaks against it without disproving it. ``code`` and ``remedy`` are those of a conflict that
    has a name of its own. ``about`` names a conflict of which more can be read: both mailboxes, or whose GUID it is."""

    name: str
    reason: str
    beginning: str = ""
    anchor_verified: bool = False
    code: str = ""
    remedy: str = ""
    about: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class Silent:
    """Why Active Directory says nothing of a user; ``everybody`` where it says nothing of anybody."""

    reason: str
    everybody: bool = False


NOT_CONFIGURED = Silent("active_directory is not configured.", everybody=True)


@dataclass
class MailboxEvidence:
    """What was read for one mailbox.

    ``anchored_to`` are the objectGUIDs of on-premises users that its anchor names, ``joined`` those of users whose
    ExternalDirectoryObjectId names it. ``directory`` is what LDAP shows of the on-premises user, ``claimants`` are the
    users that LDAP finds under its anchor or object id. ``holder`` is the cloud user that holds the on-premises user's
    anchor, None where nobody was asked. ``entra`` is what Microsoft Graph shows of the cloud user, where it was asked.
    """

    cloud: CloudRecipient
    on_premises: OnPremisesRecipient
    move_request: MoveRequest | None = None
    anchored_to: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    directory: DirectoryUser | Silent = NOT_CONFIGURED
    claimants: list[DirectoryUser] = field(default_factory=list)
    holder: str | None = None
    entra: CloudUser | HybridError | None = None


def judge(evidence: MailboxEvidence, *, overwrite: bool = False) -> State:
    """Return the state and the one sentence that explains it.

    ``overwrite``: a GUID of another mailbox on the on-premises object is to be written over.
    """
    mailbox, ad = evidence.cloud, evidence.on_premises
    if mailbox["kind"] == "mail_user":
        return _after_move(mailbox, ad)
    if mailbox["kind"] != "mailbox":
        return State("conflict", f"the cloud object is a {mailbox['recipient_type_details']}, not a mailbox")
    if mailbox["recipient_type_details"] not in cloud.MOVABLE_TYPES:
        return State("conflict", f"a {mailbox['recipient_type_details']} cannot be brought home")
    verdict = belonging.judge(_claims(evidence))
    beginning, verified = verdict.beginning, verdict.verified
    if verdict.conflict:
        return State("conflict", verdict.conflict, beginning)
    if ad["kind"] == "mailbox":
        return _two_mailboxes(evidence, beginning, verified)
    if ad["kind"] == "other":
        return State("conflict", f"the on-premises object is a {ad['recipient_type_details']}", beginning, verified)
    return replace(_on_the_way(evidence, beginning, verified, overwrite), doubt=verdict.doubt)


def _claims(evidence: MailboxEvidence) -> belonging.Claims:
    mailbox, ad = evidence.cloud, evidence.on_premises
    return belonging.Claims(
        object_id=mailbox["external_directory_object_id"],
        synced=bool(mailbox["is_dir_synced"]),
        immutable_id=str(mailbox.get("immutable_id") or ""),
        guid=ad["guid"],
        written_back=ad["external_directory_object_id"],
        directory=evidence.directory if isinstance(evidence.directory, DirectoryUser) else None,
        by_guid=evidence.anchored_to,
        by_id=evidence.joined,
        claimants=evidence.claimants,
        holder=evidence.holder or "",
    )


def _two_mailboxes(evidence: MailboxEvidence, beginning: str, verified: bool) -> State:
    """Tell one mailbox that is alive twice, as a move without its clean-up leaves it, from two different ones.

    While a request completes both exist for a moment. Facts: offboarding-practice.md 1.6, "CompletedWithWarning".
    """
    mailbox, ad, request = evidence.cloud, evidence.on_premises, evidence.move_request
    if request is not None and request["status"] == "CompletionInProgress":
        return State("moving", "its move request is CompletionInProgress", beginning, verified)
    if ad["exchange_guid"] != mailbox["exchange_guid"]:
        reason = "there is a mailbox in both organizations"
        return State("conflict", reason, beginning, verified, about=TWO_MAILBOXES)
    if request is not None and request["status"] in CLEAN:
        reason = f"its move request is {request['status']}, but the cloud object is still a mailbox"
        return State("conflict", reason, beginning, verified, "cloud_lags", CLOUD_LAGS)
    ended = f", and its move request is {request['status']}" if request is not None else ""
    reason = (
        f"the mailbox {ad['exchange_guid']} is alive in both organizations{ended}: which of the two receives a message "
        "depends on where the sender is"
    )
    return State("conflict", reason, beginning, verified, "second_live_mailbox", SECOND_LIVE_MAILBOX, TWO_MAILBOXES)


def _after_move(mailbox: CloudRecipient, ad: OnPremisesRecipient) -> State:
    known = mailbox["exchange_guid"]
    if ad["kind"] == "mailbox" and known != _values.ZERO_GUID and ad["exchange_guid"] == known:
        return State("home", f"the on-premises mailbox has the GUID {known} of the cloud mail user")
    if ad["kind"] == "mailbox":
        return State(
            "conflict", f"the on-premises mailbox has the GUID {ad['exchange_guid']}, the cloud mail user {known}"
        )
    return State(
        "conflict",
        "the cloud object is a mail user and there is no on-premises mailbox, so there is nothing to bring home",
        remedy=DISCONNECTED,
    )


def _on_the_way(evidence: MailboxEvidence, beginning: str, verified: bool, overwrite: bool) -> State:
    mailbox, ad, request = evidence.cloud, evidence.on_premises, evidence.move_request
    held = ad.get("exchange_guid", _values.ZERO_GUID)
    known = mailbox["exchange_guid"]
    foreign = held not in (_values.ZERO_GUID, known)
    if foreign and not overwrite:
        return State(
            "conflict",
            f"the on-premises object has the GUID {held}, the cloud mailbox {known}",
            beginning,
            verified,
            about=FOREIGN_GUID,
        )
    carried = f"has the GUID {held}, which is to be overwritten" if foreign else "has no GUID"
    under_way = request is not None and request["status"] not in move_request.COMPLETED
    if under_way and held == known and mailbox["is_dir_synced"]:
        return State("moving", f"its move request is {(request or {})['status']}", beginning, verified)
    # Whatever request there is, an old one that failed or somebody else's: without the GUID the user is not prepared,
    # and nothing may be written to it but behind its guards and its baseline.
    if held == known:
        return State(
            "prepared", f"the on-premises {ad['recipient_type_details']} has the GUID {known}", beginning, verified
        )
    if beginning == "synced":
        return State(
            "matched",
            f"the cloud user is synced to this on-premises user, which {carried}{'' if foreign else ' yet'}",
            beginning,
            verified,
        )
    return State("to_do", f"the cloud user is not synced and the on-premises user {carried}", beginning, verified)


# -- blockers --------------------------------------------------------------------------------------------------------


def stop_signs(
    record: Record,
    mailbox: CloudRecipient,
    ad: OnPremisesRecipient,
    domains: Collection[str],
    policies: Collection[str] = (),
    written: Collection[str] = (),
) -> list[MailboxError]:
    """Return why this mailbox should not go on without a decision; each is accepted by its code.

    ``domains`` are the tenant's accepted domains, in lower case; ``policies`` is InPlaceHolds of its
    Get-OrganizationConfig; ``written`` are addresses that an earlier run wrote on-premises.
    After the match on-premises values overwrite the cloud's (Microsoft: how-to-connect-install-existing-tenant), so
    every value that differs is told before the first write.
    """
    return [
        *_names_that_change(record, mailbox, ad, domains),
        *_values_on_premises(record, mailbox, ad, domains, written),
        *_values_that_change(mailbox, ad),
        *_holds(record, mailbox, policies),
        *_flags(mailbox),
        *_archive(record, mailbox),
        *_addresses(mailbox, ad),
    ]


def _values_on_premises(
    record: Record, mailbox: CloudRecipient, ad: OnPremisesRecipient, domains: Collection[str], written: Collection[str]
) -> list[MailboxError]:
    """Return a sign for each value on-premises that would be written over and is not the mailbox's own.

    The baseline keeps the value, and a rollback gives it back.
    """
    own = {*addresses.smtp_addresses(mailbox["email_addresses"]), *written}
    own.add(_values.folded(mailbox["primary_smtp_address"]))
    wanted = (str(record.get(name) or "") for name in ("primary_smtp_address", "external_email_address"))
    own |= {_values.folded(_values.without_prefix(address)) for address in wanted}
    mail = _values.folded(ad["windows_email_address"]) if ad["kind"] == "user" else ""
    external = _values.folded(ad["external_email_address"]) if ad["kind"] == "mail_user" else ""
    signs = []
    if mail and mail not in own:
        signs.append(
            _sign(
                "mail_differs",
                f"mail of the on-premises user is {mail}, which is not an address of the cloud mailbox, and would "
                f"become {record.get('primary_smtp_address') or mailbox['primary_smtp_address']}",
                "Check that this is the right user. Set primary_smtp_address if the on-premises address is the right "
                "one.",
            )
        )
    # The tenant's own domain means this mailbox, by an address that it has no more.
    tenants = {domain for domain in domains if addresses.tenants_own(domain)}
    if external and external not in own and _values.domain_of(external) not in tenants:
        signs.append(
            _sign(
                "external_address_would_change",
                f"the on-premises mail user forwards mail to {external}, which is not an address of the cloud mailbox, "
                "and would forward it to the cloud mailbox",
                "Find out who receives mail at that address, and check that it is the right mail user.",
            )
        )
    return signs


def _sign(code: str, message: str, remedy: str) -> MailboxError:
    return MailboxError(f"{message}.", code=code, remedy=f"{remedy} Or accept it: offboarding_accept: [{code}].")


def _names_that_change(
    record: Record, mailbox: CloudRecipient, ad: OnPremisesRecipient, domains: Collection[str]
) -> list[MailboxError]:
    signs = [*_sign_in_names(record, mailbox, ad, domains), *_blocked_sign_in(record, mailbox, ad)]
    if ad["display_name"] and ad["display_name"] != mailbox["display_name"]:
        signs.append(
            _sign(
                "display_name_would_change",
                f"the match would change the display name from '{mailbox['display_name']}' to '{ad['display_name']}'",
                "Make the on-premises display name equal.",
            )
        )
    return signs


def _sign_in_names(
    record: Record, mailbox: CloudRecipient, ad: OnPremisesRecipient, domains: Collection[str]
) -> list[MailboxError]:
    """Return signs about the UPN, which the sync takes from userPrincipalName or, by alternate login ID, from mail."""
    upn, cloud_upn = ad["user_principal_name"], mailbox["user_principal_name"]
    mail = str(ad.get("windows_email_address") or "")
    from_mail = _values.folded(upn) != _values.folded(cloud_upn) == _values.folded(mail)
    if from_mail and mailbox["is_dir_synced"]:
        # The sync itself gave this name: the one thing that changes it is another mail.
        stamped = str(record.get("primary_smtp_address") or mailbox["primary_smtp_address"])
        if _values.folded(stamped) == _values.folded(mail):
            return []
        told = (
            f"the cloud takes the sign-in name {cloud_upn} from the on-premises mail attribute (alternate login ID), "
            f"which would become {stamped}"
        )
        remedy = "Set primary_smtp_address to the on-premises mail, or inform the user of the new sign-in name."
        return [_sign("sign_in_name_would_change", told, remedy)]
    signs = []
    if _values.folded(upn) != _values.folded(cloud_upn):
        told = f"the match would change the UPN from {cloud_upn} to {upn}"
        remedy = "Make the on-premises UPN equal."
        if from_mail:
            told += ", unless the sync takes it from mail (alternate login ID), which is equal"
            remedy = (
                "If the sync takes userPrincipalName from mail, keep the on-premises UPN and accept this; otherwise "
                "make the on-premises UPN equal."
            )
        signs.append(_sign("upn_differs", told, remedy))
    if _values.domain_of(upn) not in domains:
        remedy = "Change the user's UPN to one in an accepted domain."
        if from_mail:
            remedy += " With an alternate login ID the suffix does not matter: accept it."
        signs.append(
            _sign(
                "upn_suffix_not_accepted",
                f"the UPN suffix {_values.domain_of(upn)} is not an accepted domain of the tenant",
                remedy,
            )
        )
    return signs


def would_keep_sign_in(record: Record, mailbox: CloudRecipient, ad: OnPremisesRecipient) -> bool:
    """Tell whether somebody signs in with this cloud user, and after the match by this on-premises account.

    Of a linked mailbox the account in the other forest decides. Facts: public-reports.md section 2.
    """
    kind = record.get("recipient_type_details") or mailbox["recipient_type_details"]
    free = not mailbox["is_dir_synced"] and not mailbox.get("account_disabled")
    return kind == "UserMailbox" and free and not ad.get("linked_master_account")


def account_disabled(ad: OnPremisesRecipient, directory: object) -> bool | None:
    """Return whether an account is disabled: of a plain user its type says so, of others LDAP alone."""
    if ad["kind"] == "user":
        return ad["recipient_type_details"] == "DisabledUser"
    return directory.account_disabled if isinstance(directory, DirectoryUser) else None


def _blocked_sign_in(record: Record, mailbox: CloudRecipient, ad: OnPremisesRecipient) -> list[MailboxError]:
    if not ad.get("account_disabled") or not would_keep_sign_in(record, mailbox, ad):
        return []
    return [
        _sign(
            "sign_in_would_be_blocked",
            "the on-premises account is disabled, and the match would block the sign-in of the cloud user",
            "Enable the account on-premises before the match.",
        )
    ]


# What Exchange keeps on a plain user is in Active Directory, and no cmdlet shows it there.
NOT_SHOWN = ("alias_would_change", "hidden_would_change", "custom_attributes_would_change")
_KEPT = ("alias", "hidden_from_address_lists_enabled", "custom_attributes")


def shown(evidence: MailboxEvidence) -> OnPremisesRecipient:
    """Return the on-premises user with what LDAP shows of it beside what the cmdlets show."""
    ad, directory = evidence.on_premises, evidence.directory
    disabled = account_disabled(ad, directory)
    if disabled is not None:
        ad = {**ad, "account_disabled": disabled}
    if ad["kind"] != "user" or not isinstance(directory, DirectoryUser):
        return ad
    return {
        **ad,
        "alias": directory.alias,
        "hidden_from_address_lists_enabled": directory.hidden,
        "custom_attributes": dict(directory.custom_attributes),
    }


def unseen(evidence: MailboxEvidence) -> list[str]:
    """Return the blockers about which nothing can be said: neither a cmdlet nor LDAP shows the values."""
    return [] if set(_KEPT) <= set(shown(evidence)) else list(NOT_SHOWN)


def _values_that_change(mailbox: CloudRecipient, ad: OnPremisesRecipient) -> list[MailboxError]:
    if not set(_KEPT) <= set(ad):
        return _values_at_risk(mailbox)
    signs = []
    if ad["alias"] and ad["alias"] != mailbox["alias"]:
        told = (
            f"the on-premises alias (mailNickname) is {ad['alias']} and would become {mailbox['alias']}"
            if ad["kind"] == "user"
            else f"the match would change the alias from {mailbox['alias']} to {ad['alias']}"
        )
        signs.append(_sign("alias_would_change", told, "Make the on-premises alias equal."))
    if ad["hidden_from_address_lists_enabled"] != mailbox["hidden_from_address_lists_enabled"]:
        signs.append(
            _sign(
                "hidden_would_change",
                "the match would change HiddenFromAddressListsEnabled, which is now "
                f"{mailbox['hidden_from_address_lists_enabled']}",
                "Set msExchHideFromAddressLists on-premises to the same value.",
            )
        )
    changed = sorted(
        name
        for name in {**mailbox["custom_attributes"], **ad["custom_attributes"]}
        if mailbox["custom_attributes"].get(name) != ad["custom_attributes"].get(name)
    )
    if changed:
        signs.append(
            _sign(
                "custom_attributes_would_change",
                f"the match would change {', '.join(changed)}",
                "Write the same extension attributes on-premises.",
            )
        )
    return signs


def _values_at_risk(mailbox: CloudRecipient) -> list[MailboxError]:
    """Return a sign for values of a cloud mailbox that may be the cloud's own.

    Those of a synced one came from Active Directory, unless it is cloud-managed: there is nothing that could differ.
    """
    if mailbox["is_dir_synced"] and not mailbox.get("is_exchange_cloud_managed"):
        return []
    held = sorted(mailbox["custom_attributes"])
    held += ["HiddenFromAddressListsEnabled"] if mailbox["hidden_from_address_lists_enabled"] else []
    if not held:
        return []
    return [
        _sign(
            "values_unseen",
            f"the cloud mailbox has {', '.join(held)}, the match would replace them with on-premises values, and no "
            "cmdlet shows those of a plain user",
            "Configure active_directory, which is read only. Or compare msExchHideFromAddressLists and "
            "extensionAttribute1 to 15 by hand.",
        )
    ]


def doubtful(state: State) -> list[MailboxError]:
    """Return the sign for a pair that something speaks against."""
    if not state.doubt:
        return []
    return [_sign("anchor_unverified", state.doubt, "Configure active_directory, which reads mS-DS-ConsistencyGuid.")]


def _holds(record: Record, mailbox: CloudRecipient, policies: Collection[str]) -> list[MailboxError]:
    """Return a sign for each kind of hold; a delay hold that is to be ended before the move stops nothing."""
    entries: dict[str, list[str]] = {}
    for hold in _hold_kinds.of_mailbox(mailbox, policies):
        entries.setdefault(hold.code, []).append(hold.entry)
    ended = (_hold_kinds.DELAY, _hold_kinds.DELAY_RELEASE) if record.get("remove_delay_holds") else ()
    return [
        _sign(
            code,
            f"the mailbox is on hold ({', '.join(shown)}), and what becomes of a hold is not known",
            _hold_kinds.REMEDIES[code],
        )
        for code, shown in entries.items()
        if code not in ended
    ]


def holds_not_checked(reason: str) -> MailboxError:
    """Return the sign that nobody knows whether a retention policy for everybody keeps items of a mailbox."""
    return _sign(
        "holds_not_checked",
        "whether a retention policy for the whole organization keeps its items could not be read: "
        f"{reason.rstrip('.')}",
        "Allow the application to run Get-OrganizationConfig in Exchange Online (docs/permissions.md), or check the "
        "retention policies in Microsoft Purview.",
    )


def _flags(mailbox: CloudRecipient) -> list[MailboxError]:
    signs = []
    if mailbox.get("is_exchange_cloud_managed"):
        signs.append(
            _sign(
                "exchange_cloud_managed",
                "IsExchangeCloudManaged is True, so on-premises values do not reach the cloud",
                "Set it to False and sync first.",
            )
        )
    return signs


def _addresses(mailbox: CloudRecipient, ad: OnPremisesRecipient) -> list[MailboxError]:
    """Tell what no sync can keep and what no write can carry, before the first write.

    Where the cloud user follows a mail-enabled object already, its addresses are what the sync made of them.
    """
    signs = []
    held = mailbox.get("email_addresses", [])
    calculated = mailbox["is_dir_synced"] and ad["kind"] != "user"
    lost = [] if calculated else addresses.lost_aliases(held, mailbox["alias"])
    if lost:
        signs.append(
            _sign(
                "onmicrosoft_alias_lost",
                f"the cloud mailbox would lose {', '.join(lost)} with the next sync: Microsoft Entra keeps one address "
                "in a reserved suffix, and on-premises cannot restore the others",
                "Remove it from the mailbox once senders use another address.",
            )
        )
    odd = [address for address in held if addresses.malformed(address)]
    if odd:
        signs.append(
            _sign(
                "address_not_carried",
                f"no write takes {', '.join(repr(address) for address in odd)} to on-premises",
                "Correct or remove it in Exchange Online.",
            )
        )
    return signs


def _archive(record: Record, mailbox: CloudRecipient) -> list[MailboxError]:
    if mailbox["archive_guid"] == _values.ZERO_GUID:
        return []
    if record.get("remote_archive_target_database") or (record.get("primary_only") and record.get("archive_domain")):
        return []
    return [
        _sign(
            "archive_undecided",
            "the mailbox has an archive, and it is not specified where the archive goes",
            "Set remote_archive_target_database, or primary_only with archive_domain.",
        )
    ]


# -- after the move ----------------------------------------------------------------------------------------------------


def not_as_wanted(record: Record, evidence: MailboxEvidence) -> list[MailboxError]:
    """Return what of a mailbox that is home differs from what was asked for and from its baseline, each with a code.

    What neither the record nor the baseline says is not compared; ``notes`` tells that.
    """
    return [
        *_on_premises_differences(record, evidence),
        *_external_address_difference(record, evidence.cloud, evidence.on_premises),
    ]


def _on_premises_differences(record: Record, evidence: MailboxEvidence) -> list[MailboxError]:
    ad, found = evidence.on_premises, []
    database = str(record.get("remote_target_database") or "")
    if database and _values.folded(ad.get("database", "")) != _values.folded(database):
        found.append(
            _difference(
                "database_differs",
                f"it is in database {ad.get('database')}, not {database}",
                "Move it to the right database on-premises, or correct remote_target_database.",
            )
        )
    primary = str(record.get("primary_smtp_address") or "")
    for side, where in ((ad, "on-premises"), (evidence.cloud, "in the cloud")):
        if primary and _values.folded(side["primary_smtp_address"]) != _values.folded(primary):
            found.append(
                _difference(
                    "primary_address_differs",
                    f"its primary address {where} is {side['primary_smtp_address']}, not {primary}",
                    "Correct it on-premises, with its address policy off, and synchronize.",
                )
            )
    found += _lost_addresses(record, ad)
    wanted = str(record.get("recipient_type_details") or "")
    if wanted in cloud.MOVABLE_TYPES and not on_premises.is_as_wanted(ad["recipient_type_details"], wanted):
        converted = ad["recipient_type_details"] in cloud.MOVABLE_TYPES
        found.append(
            _difference(
                "mailbox_kind_differs",
                f"it is a {ad['recipient_type_details']}, not a {wanted}",
                "Run the playbook complete, or the module mailbox, which set the kind."
                if converted
                else "The collection does not convert this kind: find out why it was changed, and decide by hand.",
            )
        )
    found += _link_difference(record, ad)
    archive = str(record.get("archive_guid") or _values.ZERO_GUID)
    moved = bool(record.get("remote_archive_target_database")) and archive != _values.ZERO_GUID
    if moved and ad["archive_guid"] != archive:
        found.append(
            _difference(
                "archive_guid_differs",
                f"its archive on-premises has the GUID {ad['archive_guid']}, not {archive}",
                "Find out which archive has the items before it is used (Get-Mailbox -Archive, both sides).",
            )
        )
    return found


def _lost_addresses(record: Record, ad: OnPremisesRecipient) -> list[MailboxError]:
    """Return the difference of addresses that were to be carried home and are not there."""
    known, primary = record.get("email_addresses") or [], str(record.get("primary_smtp_address") or "")
    if not known or not primary:
        return []
    wanted = addresses.to_carry(
        primary, known, str(record.get("legacy_exchange_dn") or ""), include_sip=bool(record.get("include_sip"))
    )
    # An address of the service itself lives on in the cloud, and a remote mailbox need not have it on-premises.
    gone = [a for a in addresses.missing(wanted, ad.get("email_addresses", [])) if not addresses.reserved(a)]
    if not gone:
        return []
    return [
        _difference(
            "addresses_missing",
            f"on-premises it does not have {', '.join(gone)}",
            "Add them there (Set-Mailbox -EmailAddresses @{Add=...}) and synchronize: the baseline has every address.",
        )
    ]


def _link_difference(record: Record, ad: OnPremisesRecipient) -> list[MailboxError]:
    """A user of a resource forest is linked to its master account: without the link nobody opens the mailbox."""
    wanted, held = str(record.get("linked_master_account") or ""), str(ad.get("linked_master_account") or "")
    if not wanted or _values.folded(wanted) == _values.folded(held):
        return []
    return [
        _difference(
            "master_account_differs",
            f"its master account is {held or 'none'}, and was {wanted} before the move",
            "Link it again on-premises: Set-User -LinkedMasterAccount, with -LinkedDomainController.",
        )
    ]


def _external_address_difference(
    record: Record, mailbox: CloudRecipient, ad: OnPremisesRecipient
) -> list[MailboxError]:
    domain = _values.folded(record.get("target_delivery_domain"))
    address = _values.folded(mailbox.get("external_email_address"))
    external = _values.domain_of(address)
    # On-premises has no targetAddress any more: once that is exported, the primary address takes its place (believed).
    # One of the cloud's own points back at the mail user itself, even where the move was asked for it.
    back = addresses.tenants_own(external)
    primary = address.removeprefix("smtp:") == _values.folded(ad["primary_smtp_address"])
    if not domain or primary or (external == domain and not back):
        return []
    if back:
        return [
            _difference(
                "cloud_lags",
                f"the cloud mail user still points at {external}: no cycle has exported yet that the mailbox is home",
                CLOUD_LAGS,
            )
        ]
    return [
        _difference(
            "external_address_differs",
            f"the cloud mail user's external address is in {external or 'no domain'}, not in {domain}",
            "Mail that arrives in the cloud is sent to that address. A synced object cannot be changed there: clear "
            "the targetAddress of the mailbox on-premises, change one of its addresses, and run a cycle (KB 4456110); "
            "or correct target_delivery_domain.",
        )
    ]


def _difference(code: str, message: str, remedy: str) -> MailboxError:
    return MailboxError(message, code=code, remedy=remedy)


def notes(
    record: Record, evidence: MailboxEvidence, *, baseline: bool, before: CloudRecipient | None = None
) -> list[str]:
    """Return what a verification did not compare, what no move carries, and what a completed request says.

    ``before`` is the cloud mailbox as it was before the move.
    """
    found = []
    had, has = (before or {}).get("delivery_settings", {}), evidence.on_premises.get("delivery_settings", {})
    left = delivery.lacking(had, has)
    if left:
        found.append(f"it had in the cloud, and has not on-premises: {delivery.told(left)}. Set-Mailbox sets it there")
    absent = [name for name in ("remote_target_database", "target_delivery_domain") if not record.get(name)]
    if absent:
        found.append(f"not compared, because not set: {', '.join(absent)}")
    if not baseline:
        found.append("there is no baseline: kind and addresses before the move are not known and not compared")
    status = (evidence.move_request or {}).get("status", "")
    if status in ("CompletedWithWarning", "CompletedWithSkippedItems"):
        found.append(f"its move request is {status}: move_request_info with statistics has details until it is removed")
    return found
