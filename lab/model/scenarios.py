# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions by name: what can stand against a mailbox or a wave, put on the model with one call.

A scenario of a mailbox takes a healthy pair and spoils it; it returns what the wave's record has to say for the trap to
bite (a database, an ad_identity), which may be nothing. ``codes`` are the findings of the readiness report that it has
to bring about, the first of them its own; a test holds the collection to that.
"""

from __future__ import annotations

import base64
import csv
import dataclasses
import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.model import addresses
from lab.model.builder import HybridBuilder, Pair, Person, child_domain_person
from lab.model.directory import CHILD_DOMAIN, Database
from lab.model.directory_sync import DELETION_THRESHOLD, Run
from lab.model.exchange_server import named_guid
from lab.model.mailbox_replication import Failure, MoveOptions, MoveRequest
from lab.model.recipients import Content, MailboxMove, Skipped
from lab.model.tenant import ROUTING_DOMAIN, TENANT, OutboundConnector

if TYPE_CHECKING:
    from lab.hybrid import Hybrid

GB = 1024**3
FOREIGN = "tailspin.example"  # accepted nowhere
CLOUD_ONLY = "cloud.contoso.com"  # accepted in the tenant alone
BRANCH = "madrid.branches.contoso.com"  # accepted in the tenant by its name, on-premises by a wildcard
Record = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """``put`` spoils the pair and returns additions to its record; ``severity`` is that of the first code.

    Codes of a scenario of the cutover are errors of the role's phases complete and verify.
    """

    codes: tuple[str, ...]
    put: Callable[[HybridBuilder, Pair], Record | None]
    severity: str = "blocker"


@dataclass(frozen=True)
class Surrounding:
    """A scenario of the whole organization. ``codes`` as for a mailbox."""

    codes: tuple[str, ...]
    put: Callable[[Hybrid], None]
    severity: str = "blocker"


def put_on_mailbox(hybrid: Hybrid, name: str, pair: Pair) -> Record:
    """Spoil one mailbox; return what its record has to say beside its identity. KeyError for an unknown name."""
    with hybrid.lock:
        if name in COURSE:
            COURSE[name](hybrid, pair)
            return {}
        return {**MAILBOX, **CUTOVER}[name].put(HybridBuilder(hybrid), pair) or {}


def put_on_environment(hybrid: Hybrid, name: str) -> None:
    """Spoil the organization. KeyError for an unknown name."""
    with hybrid.lock:
        ENVIRONMENT[name].put(hybrid)


def put(hybrid: Hybrid, name: str, mailbox: str = "") -> Record:
    """Put a condition on the mailbox of this address, or without one on the organization.

    Returns what the record of the wave has to say. LookupError for an unknown name or address.
    """
    known: Mapping[str, object] = {**MAILBOX, **CUTOVER, **COURSE} if mailbox else ENVIRONMENT
    if name not in known:
        raise LookupError(f"{name} is none of: {', '.join(sorted(known))}")
    if mailbox:
        return put_on_mailbox(hybrid, name, find(hybrid, mailbox))
    put_on_environment(hybrid, name)
    return {}


def find(hybrid: Hybrid, identity: str) -> Pair:
    """Return the pair of a primary address, found by the user principal name. LookupError where a side is missing."""
    cloud = next(iter(hybrid.tenant.objects.find(["address"], identity)), None)
    if cloud is None:
        raise LookupError(f"nobody in the cloud holds {identity}")
    users = hybrid.directory.objects.find(["upn"], cloud.user_principal_name)
    if not users:
        raise LookupError(f"no on-premises user is {cloud.user_principal_name}")
    local, _at, domain = identity.partition("@")
    return Pair(Person(cloud.name, domain, cloud.kind, local=local), users[0], cloud)


def build_wave(hybrid: Hybrid, rows: Iterable[Mapping[str, str]]) -> list[Record]:
    """Build a wave from the rows of a CSV with the columns ``identity`` and, where something is wrong, ``scenario``.

    A mailbox that does not exist yet is added as a cloud-only user. Returns the records for the collection: the rows
    without their scenario, completed by what it needs.
    """
    builder, records = HybridBuilder(hybrid), []
    for row in rows:
        identity, scenario = row["identity"], row.get("scenario") or ""
        if not hybrid.tenant.objects.find(["address"], identity):
            local, _at, domain = identity.partition("@")
            builder.cloud_only(Person(" ".join(local.split(".")).title(), domain, local=local))
        more = put_on_mailbox(hybrid, scenario, find(hybrid, identity)) if scenario else {}
        records.append({**{name: text for name, text in row.items() if text and name != "scenario"}, **more})
    return records


def convert(hybrid: Hybrid, source: Path, target: Path) -> None:
    """Build the wave of a CSV and write the CSV that the collection takes: without scenario, with what it needs."""
    with source.open(encoding="utf-8-sig", newline="") as stream:
        records = build_wave(hybrid, csv.DictReader(stream))
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, sorted({name for record in records for name in record}), restval="")
        writer.writeheader()
        writer.writerows(records)


# -- mailboxes: who is who -----------------------------------------------------------------------------------------


def _on_premises(**values: Any) -> Callable[[HybridBuilder, Pair], Record]:
    """Return a scenario that sets attributes of the on-premises object, which keeps its GUID as ad_identity."""

    def put(builder: HybridBuilder, pair: Pair) -> Record:
        builder.set_directory(pair, **values)
        return {"ad_identity": str(pair.directory.guid)}

    return put


def _in_the_cloud(**values: Any) -> Callable[[HybridBuilder, Pair], None]:
    return lambda builder, pair: builder.set_cloud(pair, **values)


def _mail_user(**values: Any) -> Callable[[HybridBuilder, Pair], None]:
    """Return a scenario whose on-premises object is a whole mail user but for ``values``."""
    return lambda builder, pair: builder.mail_enable(pair, **values)


def _record(**values: Any) -> Callable[[HybridBuilder, Pair], Record]:
    return lambda builder, pair: values


def _unknown_mailbox(builder: HybridBuilder, pair: Pair) -> Record:
    return {"identity": f"nobody.{pair.person.account}@contoso.com"}


def _lost_user(builder: HybridBuilder, pair: Pair) -> None:
    builder.set_directory(pair, user_principal_name=f"somebody.{pair.person.account}@contoso.com")


def _other_upn(builder: HybridBuilder, pair: Pair) -> Record:
    return _on_premises(user_principal_name=f"x.{pair.person.account}@contoso.com")(builder, pair)


def _local_upn(builder: HybridBuilder, pair: Pair) -> Record:
    return _on_premises(user_principal_name=f"{pair.person.account}@contoso.local")(builder, pair)


def _other_guid(builder: HybridBuilder, pair: Pair) -> None:
    builder.mail_enable(pair, exchange_guid=named_guid(f"another mailbox of {pair.person.name}"))


def _two_mailboxes(builder: HybridBuilder, pair: Pair) -> None:
    guid = named_guid(f"second mailbox of {pair.person.name}")
    builder.mail_enable(pair, kind="UserMailbox", database="DB02", exchange_guid=guid, external_email_address="")


def _synced_to_another(builder: HybridBuilder, pair: Pair) -> None:
    other = builder.directory_user(Person(f"Twin of {pair.person.name}"))
    builder.bind(other, pair.cloud)


def _another_anchor(builder: HybridBuilder, pair: Pair) -> None:
    builder.other_anchor(pair)
    builder.set_cloud(pair, is_dir_synced=False)


def _hard_match_blocked(builder: HybridBuilder, pair: Pair) -> None:
    builder.set_cloud(pair, entra_anchor=pair.directory.source_anchor)
    builder.hybrid.tenant.block_hard_match = True


def _hard_match(**cloud: Any) -> Callable[[HybridBuilder, Pair], None]:
    """Let a hard match lie ahead, over a cloud user with these values."""

    def put(builder: HybridBuilder, pair: Pair) -> None:
        builder.set_cloud(pair, entra_anchor=pair.directory.source_anchor, **cloud)

    return put


def _addresses_by_hand(builder: HybridBuilder, pair: Pair) -> None:
    """Let somebody have written addresses to the plain user, where no cmdlet shows them."""
    account = pair.person.account
    builder.set_directory(pair, email_addresses=[f"SMTP:{account}.old@contoso.com", f"X500:/o=Old/cn={account}"])


def _remote_without_write_back(builder: HybridBuilder, pair: Pair) -> None:
    """Have a remote mailbox without Exchange hybrid write-back: nobody gave it the cloud's X500 address."""
    builder.bind(pair.directory, pair.cloud)
    builder.mail_enable(
        pair, kind="RemoteUserMailbox", remote_recipient_type="ProvisionMailbox", written_back_id="",
        email_addresses=list(pair.cloud.email_addresses),
    )  # fmt: skip
    builder.hybrid.sync.forget_change(pair.directory)
    builder.hybrid.sync.writes_back = False


def _anchor_unproved(builder: HybridBuilder, pair: Pair) -> None:
    builder.bind(pair.directory, pair.cloud)
    builder.set_directory(pair, written_back_id="")


def _moved_between_domains(builder: HybridBuilder, pair: Pair) -> None:
    """The account is new; its mS-DS-ConsistencyGuid is the objectGUID of the old one, which was kept."""
    old = builder.directory_user(child_domain_person(f"Old {pair.person.name}"), account_disabled=True)
    builder.set_directory(pair, anchor=base64.b64encode(old.guid.bytes_le).decode())
    builder.bind(pair.directory, pair.cloud)


def _synced_with_attributes(builder: HybridBuilder, pair: Pair) -> None:
    """What Exchange keeps on the user came to the cloud from Active Directory, where no cmdlet shows it."""
    values: dict[str, Any] = {"hidden": True, "custom_attributes": {1: "Sales", 15: "4711"}, "alias": pair.cloud.alias}
    builder.set_directory(pair, **values)
    builder.set_cloud(pair, **values)
    builder.bind(pair.directory, pair.cloud)


def _in_scope_unmatched(builder: HybridBuilder, pair: Pair) -> None:
    """Have the user in scope before it is stamped: nothing matched, and the sync made a cloud user of its own."""
    builder.second_object(pair)
    builder.set_directory(pair, external_directory_object_id="")


def _consistency_guid(builder: HybridBuilder, pair: Pair) -> None:
    guid = named_guid(f"earlier forest of {pair.person.name}")
    builder.set_directory(pair, anchor=base64.b64encode(guid.bytes_le).decode())


# -- mailboxes: addresses ------------------------------------------------------------------------------------------


def _replace_addresses(builder: HybridBuilder, pair: Pair, keep: Callable[[str], bool], *more: str) -> None:
    held = [address for address in pair.cloud.email_addresses if keep(address)]
    builder.set_cloud(pair, email_addresses=[*held, *more])


def _second_holder(builder: HybridBuilder, pair: Pair) -> None:
    builder.second_holder(pair.identity)


def _plain_holder(builder: HybridBuilder, pair: Pair) -> None:
    """Let a plain user have the primary address in proxyAddresses, as an administrator writes it by hand."""
    builder.directory_user(f"Former {pair.person.name}", email_addresses=[f"smtp:{pair.identity}"])


def _plain_holder_in_the_child_domain(builder: HybridBuilder, pair: Pair) -> None:
    builder.directory_user(
        Person(f"Former {pair.person.name}", directory_domain=CHILD_DOMAIN), email_addresses=[f"smtp:{pair.identity}"]
    )


def _guid_of_a_plain_user(builder: HybridBuilder, pair: Pair) -> None:
    builder.directory_user(f"Former {pair.person.name}", exchange_guid=pair.cloud.exchange_guid)


def _mail_of_a_contact(builder: HybridBuilder, pair: Pair) -> None:
    builder.directory_user(f"Contact of {pair.person.name}", kind="Contact", mail=pair.identity, user_principal_name="")


def _second_holder_in_the_cloud(builder: HybridBuilder, pair: Pair) -> None:
    shared = f"desk.{pair.person.account}@contoso.com"
    _replace_addresses(builder, pair, lambda address: True, f"smtp:{shared}")
    builder.second_holder(shared, in_the_cloud=True)


def _in_the_child_domain(builder: HybridBuilder, pair: Pair, **values: Any) -> None:
    """Let a mail user of the child domain have something, which a session at a root controller does not see."""
    builder.directory_user(
        Person(f"Child twin of {pair.person.name}", directory_domain=CHILD_DOMAIN), kind="MailUser",
        **{"alias": f"child.{pair.person.account}", **values},
    )  # fmt: skip


def _second_onmicrosoft_alias(builder: HybridBuilder, pair: Pair) -> None:
    _replace_addresses(builder, pair, lambda address: True, f"smtp:second.{pair.person.account}@{TENANT}")


def _address_without_value(builder: HybridBuilder, pair: Pair) -> None:
    _replace_addresses(builder, pair, lambda address: True, "NOTES:")


def _other_types(builder: HybridBuilder, pair: Pair) -> None:
    """Give the mailbox addresses of types that few have: each goes home, and Entra discards some on the way."""
    who = pair.person.account
    _replace_addresses(
        builder, pair, lambda address: True, f"EUM:{who};phone-context=plan.contoso.com", f"NOTES:{who}/Contoso",
        f"GWISE:{who}", f"FAX:{who}", f"MS:CONTOSO/PO/{who}", f"AirSync:{who}", f"X400:C=US;S={who};",
    )  # fmt: skip


def _address_in_the_child_domain(builder: HybridBuilder, pair: Pair) -> None:
    taken = f"smtp:twin.{pair.person.account}@contoso.com"
    _replace_addresses(builder, pair, lambda address: True, taken)
    _in_the_child_domain(builder, pair, email_addresses=["SMTP:child.holder@contoso.com", taken])


def _guid_in_the_child_domain(builder: HybridBuilder, pair: Pair) -> None:
    _in_the_child_domain(builder, pair, exchange_guid=pair.cloud.exchange_guid)


def _archive_guid_in_the_child_domain(builder: HybridBuilder, pair: Pair) -> Record:
    builder.archive(pair)
    _in_the_child_domain(builder, pair, archive_guid=pair.cloud.archive_guid)
    return {"remote_archive_target_database": "DB02"}


def _alias_in_the_child_domain(builder: HybridBuilder, pair: Pair) -> None:
    _in_the_child_domain(builder, pair, alias=pair.cloud.alias)


def _mail_of_another_account(builder: HybridBuilder, pair: Pair) -> None:
    builder.directory_user(
        Person(f"Admin of {pair.person.name}"), mail=pair.identity, organizational_unit="Not Synced"
    )


def _two_cloud_objects(builder: HybridBuilder, pair: Pair) -> None:
    builder.second_holder(pair.identity, in_the_cloud=True)


def _foreign_address(builder: HybridBuilder, pair: Pair) -> None:
    _replace_addresses(builder, pair, lambda address: True, f"smtp:{pair.person.account}@{FOREIGN}")


def _alias_on_foreign_domain(builder: HybridBuilder, pair: Pair) -> None:
    """Give the mailbox an alias in a domain that the tenant accepts and on-premises does not."""
    tenant = builder.hybrid.tenant
    tenant.accepted_domains += [] if CLOUD_ONLY in tenant.accepted_domains else [CLOUD_ONLY]
    _replace_addresses(builder, pair, lambda address: True, f"smtp:{pair.person.account}@{CLOUD_ONLY}")


def _primary_on_foreign_domain(builder: HybridBuilder, pair: Pair) -> None:
    tenant = builder.hybrid.tenant
    tenant.accepted_domains += [] if CLOUD_ONLY in tenant.accepted_domains else [CLOUD_ONLY]
    _replace_addresses(
        builder, pair, lambda address: not address.startswith("SMTP:"), f"SMTP:{pair.person.account}@{CLOUD_ONLY}",
        f"smtp:{pair.identity}",
    )  # fmt: skip


def _wildcard_domain(builder: HybridBuilder, pair: Pair) -> Record:
    """Give the mailbox its primary address in a subdomain that on-premises accepts by ``*.branches.contoso.com``."""
    hybrid, wildcard = builder.hybrid, f"*.{BRANCH.partition('.')[2]}"
    if BRANCH not in hybrid.tenant.accepted_domains:
        hybrid.tenant.accepted_domains.append(BRANCH)
        hybrid.directory.accepted_domains.append(wildcard)
        hybrid.tenant.outbound_connectors.append(OutboundConnector("Outbound to the branches", [wildcard]))
    _replace_addresses(
        builder, pair, lambda address: not address.startswith("SMTP:"), f"SMTP:{pair.person.account}@{BRANCH}",
        f"smtp:{pair.identity}",
    )  # fmt: skip
    return {"target_delivery_domain": BRANCH}


def _no_delivery_address(builder: HybridBuilder, pair: Pair) -> Record:
    return {"target_delivery_domain": "fabrikam.com"}


def _no_routing_address(builder: HybridBuilder, pair: Pair) -> None:
    _replace_addresses(builder, pair, lambda address: addresses.domain(address) != ROUTING_DOMAIN)


def _other_mail(builder: HybridBuilder, pair: Pair) -> None:
    builder.set_directory(pair, mail=f"private.{pair.person.account}@fabrikam.com")


# -- mailboxes: contents -------------------------------------------------------------------------------------------


def _archive(builder: HybridBuilder, pair: Pair) -> None:
    builder.archive(pair)


def _unlicensed(builder: HybridBuilder, pair: Pair) -> None:
    builder.set_cloud(pair, kind="SharedMailbox", sku_assigned=False)
    builder.set_directory(pair, kind="DisabledUser", account_disabled=True)


def _archive_stays(builder: HybridBuilder, pair: Pair) -> Record:
    """Let the primary mailbox come home alone: its archive, which no move takes, stays in the cloud as decided."""
    builder.archive(pair, auto_expanding=True)
    return {"primary_only": True, "archive_domain": ROUTING_DOMAIN}


def _auto_expanding(builder: HybridBuilder, pair: Pair) -> Record:
    builder.archive(pair, auto_expanding=True)
    return {"remote_archive_target_database": "DB02"}


def _other_archive(builder: HybridBuilder, pair: Pair) -> Record:
    builder.archive(pair)
    builder.mail_enable(pair, archive_guid=named_guid(f"old archive of {pair.person.name}"))
    return {"remote_archive_target_database": "DB02"}


def _too_large(builder: HybridBuilder, pair: Pair) -> None:
    builder.set_cloud(pair, content=Content(60 * GB, 900_000))


def _many_recoverable_items(builder: HybridBuilder, pair: Pair) -> None:
    builder.set_cloud(pair, content=dataclasses.replace(pair.cloud.content, recoverable=31 * GB))


def _dismounted(builder: HybridBuilder, pair: Pair) -> Record:
    databases = builder.hybrid.directory.databases
    databases.setdefault("DB-DOWN", Database("DB-DOWN", named_guid("database DB-DOWN"), mounted=False))
    return {"remote_target_database": "DB-DOWN"}


# -- mailboxes: requests -------------------------------------------------------------------------------------------


def _request(builder: HybridBuilder, pair: Pair) -> MoveRequest:
    hybrid = builder.hybrid
    options = MoveOptions(hybrid.remote_host_name, "DB01", target_delivery_domain="contoso.com", batch_name="old wave")
    request = MoveRequest(named_guid(f"request {pair.person.name}"), pair.cloud, options, hybrid.clock.now())
    request.options.prevent_completion = True
    request.options.start_after = hybrid.clock.now() + datetime.timedelta(days=1)
    hybrid.replication.submit(request, hybrid.clock.now())
    return request


def _soft_deleted_twin(builder: HybridBuilder, pair: Pair) -> None:
    builder.soft_deleted_twin(pair)


def _running(builder: HybridBuilder, pair: Pair) -> None:
    _request(builder, pair)


def _failed(builder: HybridBuilder, pair: Pair) -> None:
    request = _request(builder, pair)
    request.generation += 1
    text = f"Error: MigrationPermanentException: Target user '{pair.person.name}' already has a primary mailbox."
    request.failure = Failure("MigrationPermanentException", "Target", text, builder.hybrid.clock.now())
    request.message = text


def _left_over(builder: HybridBuilder, pair: Pair) -> None:
    request = _request(builder, pair)
    request.generation += 1
    request.phase, request.completed_at = "completed", builder.hybrid.clock.now()


def _batch(builder: HybridBuilder, pair: Pair) -> None:
    builder.batch_request(pair)


def _migration_user(builder: HybridBuilder, pair: Pair) -> None:
    builder.hybrid.tenant.migration_users[pair.identity] = "spring wave"


def _second_live_mailbox(builder: HybridBuilder, pair: Pair) -> None:
    """Leave what a completion leaves whose clean-up did not run: one mailbox, alive on both sides."""
    builder.bind(pair.directory, pair.cloud)
    builder.mail_enable(
        pair, kind="UserMailbox", database="DB01", exchange_guid=pair.cloud.exchange_guid, external_email_address=""
    )
    builder.hybrid.sync.forget_change(pair.directory)
    _left_over(builder, pair)
    builder.hybrid.replication.requests[pair.cloud.guid].warning = "Warning: the source mailbox could still be alive."


def _cloud_lags(builder: HybridBuilder, pair: Pair) -> None:
    """Leave a completed move of which the cloud shows nothing yet."""
    _second_live_mailbox(builder, pair)
    builder.hybrid.replication.requests[pair.cloud.guid].warning = ""


def _local_request(builder: HybridBuilder, pair: Pair) -> None:
    builder.hybrid.directory.move_requests[pair.cloud.exchange_guid] = "Suspended"


def _home(builder: HybridBuilder, pair: Pair) -> None:
    builder.bind(pair.directory, pair.cloud)
    builder.mail_enable(pair)
    builder.set_directory(
        pair, kind="UserMailbox", database="DB01", exchange_guid=pair.cloud.exchange_guid, external_email_address=""
    )
    builder.set_cloud(pair, kind="MailUser", database="", external_email_address=f"SMTP:{pair.identity}")
    builder.hybrid.sync.forget_change(pair.directory)


_HOLD = "5b9e3a1c-4f02-4d6e-9a53-c1e8b7d20f64"
# Some sites put a number of their own into mS-DS-ConsistencyGuid: it is an anchor all the same.
ODD_ANCHOR = base64.b64encode(b"EMP-004711").decode()
# The second where the tenant blocks every hard match, as another scenario in the same organization lets it.
_HARDENED = ("hard_match_hardened", "hard_match_blocked")
_RESIDUE = MailboxMove("InProgress", "CrossOrg, Push", "old.contoso.com", "old wave")
_DEPROVISION: dict[str, Any] = {"kind": "RemoteUserMailbox", "remote_recipient_type": "DeprovisionMailbox"}
MAILBOX: dict[str, Scenario] = {
    "unknown_mailbox": Scenario(("not_found",), _unknown_mailbox),
    "two_cloud_objects": Scenario(("ambiguous",), _two_cloud_objects),
    "lost_user": Scenario(("ad_user_not_found",), _lost_user),
    "other_upn": Scenario(("upn_differs",), _other_upn),
    "local_upn": Scenario(("upn_suffix_not_accepted", "upn_differs"), _local_upn),
    "disabled_account": Scenario(
        ("sign_in_would_be_blocked",), _on_premises(account_disabled=True, kind="DisabledUser")
    ),
    "other_alias": Scenario(("alias_would_change",), _mail_user(alias="another.alias")),
    "other_display_name": Scenario(("display_name_would_change",), _on_premises(display_name="Somebody Else")),
    "hidden": Scenario(("hidden_would_change",), _in_the_cloud(hidden=True)),
    "custom_attributes": Scenario(("custom_attributes_would_change",), _in_the_cloud(custom_attributes={3: "cost"})),
    "other_guid": Scenario(("conflict",), _other_guid),
    "two_mailboxes": Scenario(("conflict",), _two_mailboxes),
    "synced_to_another": Scenario(("conflict",), _synced_to_another),
    "another_anchor": Scenario(("anchor_differs",), _another_anchor),
    "hard_match_blocked": Scenario(("hard_match_blocked",), _hard_match_blocked),
    "moved_between_domains": Scenario((), _moved_between_domains, "info"),
    "synced_with_attributes": Scenario((), _synced_with_attributes, "info"),
    "addresses_by_hand": Scenario((), _addresses_by_hand, "info"),
    "anchor_unproved": Scenario(("anchor_unverified",), _anchor_unproved, "not_checked"),
    "user_cloud_managed": Scenario(("user_cloud_managed",), _in_the_cloud(user_cloud_managed=True)),
    "eligible_role": Scenario(_HARDENED, _hard_match(eligible_role=True)),
    "synced_once": Scenario(_HARDENED, _hard_match(on_premises_object_identifier="was synced")),
    "admin_role": Scenario(("admin_role",), _in_the_cloud(admin_role=True)),
    "quarantined": Scenario(("provisioning_errors",), _in_the_cloud(quarantined=["smtp:shared@contoso.com"])),
    "in_scope_unmatched": Scenario(("conflict",), _in_scope_unmatched),
    "filtered_by_description": Scenario(("sync_filtered",), _on_premises(admin_description="User_not yet")),
    "consistency_guid": Scenario(("consistency_guid_set",), _consistency_guid, "warning"),
    "second_holder": Scenario(("address_in_use",), _second_holder),
    "plain_holder": Scenario(("address_in_use",), _plain_holder),
    "plain_holder_in_the_child_domain": Scenario(("address_in_use",), _plain_holder_in_the_child_domain),
    "guid_of_a_plain_user": Scenario(("guid_in_use",), _guid_of_a_plain_user),
    "mail_of_a_contact": Scenario(("mail_in_use",), _mail_of_a_contact),
    "second_holder_in_the_cloud": Scenario(("address_in_use",), _second_holder_in_the_cloud),
    "address_in_the_child_domain": Scenario(("address_in_use",), _address_in_the_child_domain),
    "guid_in_the_child_domain": Scenario(("guid_in_use",), _guid_in_the_child_domain),
    "archive_guid_in_the_child_domain": Scenario(("guid_in_use",), _archive_guid_in_the_child_domain),
    "alias_in_the_child_domain": Scenario(("alias_in_use",), _alias_in_the_child_domain),
    "mail_of_another_account": Scenario(("mail_in_use",), _mail_of_another_account),
    "second_onmicrosoft_alias": Scenario(("onmicrosoft_alias_lost",), _second_onmicrosoft_alias),
    "address_without_value": Scenario(("address_not_carried",), _address_without_value),
    "foreign_address": Scenario(("address_domain_not_accepted", "alias_domain_not_accepted"), _foreign_address),
    "foreign_alias": Scenario(("alias_domain_not_accepted",), _alias_on_foreign_domain, "warning"),
    "foreign_primary": Scenario(("primary_domain_not_accepted",), _primary_on_foreign_domain),
    "wildcard_domain": Scenario((), _wildcard_domain, "info"),
    "no_delivery_address": Scenario(("delivery_address_missing",), _no_delivery_address),
    "enabled_room": Scenario(("account_would_be_disabled",), _in_the_cloud(kind="RoomMailbox"), "warning"),
    "licence_gone": Scenario(("licence_missing",), _in_the_cloud(sku_assigned=False), "warning"),
    "unlicensed": Scenario(("kind_would_revert",), _unlicensed, "warning"),
    "forwarding": Scenario(
        ("forwarding_left",), _in_the_cloud(delivery={"ForwardingSmtpAddress": f"smtp:copies@{FOREIGN}"}), "warning"
    ),
    "restricted": Scenario(
        ("delivery_restricted",), _in_the_cloud(delivery={"RequireSenderAuthenticationEnabled": True}), "warning"
    ),
    "delivery_in_the_cloud": Scenario(
        ("delivery_domain_in_the_cloud",), _record(target_delivery_domain=ROUTING_DOMAIN)
    ),
    "no_routing_address": Scenario(("routing_address_missing",), _no_routing_address),
    "other_mail": Scenario(("mail_differs",), _other_mail),
    "other_external_address": Scenario(
        ("external_address_would_change",), _mail_user(external_email_address=f"SMTP:info@{FOREIGN}")
    ),
    "home_mdb_left": Scenario(("home_mdb_left",), _on_premises(home_mdb_left=True)),
    "home_mta_left": Scenario(("home_mta_left",), _on_premises(home_mta_left=True)),
    "inheritance_disabled": Scenario(("inheritance_disabled",), _on_premises(inheritance_disabled=True)),
    "hardened_user": Scenario(
        ("home_mdb_left",), _on_premises(home_mdb_left=True, attributes_withheld=True), "not_checked"
    ),
    "odd_anchor": Scenario(("consistency_guid_set",), _on_premises(anchor=ODD_ANCHOR), "warning"),
    "protected_account": Scenario(("protected_account",), _on_premises(admin_count=1), "warning"),
    "deprovisioned": Scenario(("remote_recipient_type",), _mail_user(**_DEPROVISION)),
    "deprovisioned_user": Scenario(
        ("remote_recipient_type",), _on_premises(remote_recipient_type="DeprovisionMailbox")
    ),
    "move_residue": Scenario(("move_residue",), _mail_user(move=_RESIDUE)),
    "move_residue_of_a_user": Scenario(("move_residue",), _on_premises(move=_RESIDUE)),
    "unknown_database": Scenario(("database_not_found",), _record(remote_target_database="DB99")),
    "dismounted_database": Scenario(("database_not_mounted",), _dismounted),
    "too_large": Scenario(("size_exceeds_quota",), _too_large),
    "many_recoverable_items": Scenario(("recoverable_items_exceed_quota",), _many_recoverable_items, "warning"),
    "litigation_hold": Scenario(("litigation_hold",), _in_the_cloud(litigation_hold=True)),
    "ediscovery_hold": Scenario(("ediscovery_hold",), _in_the_cloud(in_place_holds=[f"UniH{_HOLD}"])),
    "retention_hold": Scenario(("retention_hold",), _in_the_cloud(in_place_holds=[f"mbx{_HOLD.replace('-', '')}:2"])),
    "in_place_hold": Scenario(("in_place_hold",), _in_the_cloud(in_place_holds=[f"cld{_HOLD.replace('-', '')}"])),
    "unknown_hold": Scenario(("unknown_hold",), _in_the_cloud(in_place_holds=["xyz1"])),
    "retention_label_hold": Scenario(("retention_label_hold",), _in_the_cloud(compliance_tag_hold=True)),
    "delay_hold": Scenario(("delay_hold",), _in_the_cloud(delay_hold=True)),
    "delay_release_hold": Scenario(("delay_release_hold",), _in_the_cloud(delay_release_hold=True)),
    "cloud_managed": Scenario(("exchange_cloud_managed",), _in_the_cloud(is_exchange_cloud_managed=True)),
    "archive": Scenario(("archive_undecided",), _archive),
    "auto_expanding_archive": Scenario(("auto_expanding_archive",), _auto_expanding),
    "other_archive": Scenario(("archive_guid_differs",), _other_archive),
    "primary_only": Scenario(
        ("primary_only_without_archive",), _record(primary_only=True, archive_domain="contoso.mail.onmicrosoft.com")
    ),
    "archive_stays": Scenario((), _archive_stays, "info"),
    "soft_deleted_twin": Scenario(("soft_deleted_twin",), _soft_deleted_twin, "info"),
    "running_request": Scenario(("already_moving",), _running, "info"),
    "failed_request": Scenario(("move_failed",), _failed, "warning"),
    "completed_request": Scenario(("completed_request_left",), _left_over),
    "batch_request": Scenario(("belongs_to_migration_batch",), _batch),
    "migration_user": Scenario(("belongs_to_migration_batch",), _migration_user),
    "local_request": Scenario(("move_request_on_premises",), _local_request),
    "second_live_mailbox": Scenario(("second_live_mailbox", "completed_request_left"), _second_live_mailbox),
    "cloud_lags": Scenario(("cloud_lags", "completed_request_left"), _cloud_lags),
    "home": Scenario(("already_home",), _home, "info"),
}
# What shows only while a mailbox moves, or stops nothing, so that no readiness report can know of it.
CUTOVER: dict[str, Scenario] = {
    "other_address_types": Scenario((), _other_types),
    "remote_without_write_back": Scenario((), _remote_without_write_back),
    "skipped_items": Scenario((), _in_the_cloud(skipped=Skipped("Good", large=2))),
    "score_investigate": Scenario(("score_investigate",), _in_the_cloud(skipped=Skipped("Investigate", 12, 3, 1))),
    "score_poor": Scenario(("score_poor",), _in_the_cloud(skipped=Skipped("Poor", 900, 40, 210))),
    "points_back": Scenario(("cloud_lags",), _in_the_cloud(points_back=True)),
    "conversion_lags": Scenario(("cloud_lags",), _in_the_cloud(conversion_lag=2.0)),
    "source_stays": Scenario(("second_live_mailbox",), _in_the_cloud(source_stays=True)),
}


# -- the course of a move ------------------------------------------------------------------------------------------


def _stalls(detail: str) -> Callable[[Hybrid, Pair], None]:
    return lambda hybrid, pair: hybrid.replication.stall(pair.cloud, detail, hybrid.clock.now())


# What befalls a move on its way, and no readiness report can know: put on a mailbox before it moves or while it does.
def _comes_into_scope(hybrid: Hybrid, pair: Pair) -> None:
    """Bring the on-premises user through every filter of the synchronization, as a site's own tasks do."""
    builder = HybridBuilder(hybrid)
    groups = [*pair.directory.member_of, *([hybrid.sync.scope_group] if hybrid.sync.scope_group else [])]
    builder.set_directory(pair, organizational_unit="People", admin_description="", member_of=groups)


COURSE: dict[str, Callable[[Hybrid, Pair], None]] = {
    "stalls_at_target": _stalls("StalledDueToTarget_DiskLatency"),
    "stalls_at_source": _stalls("StalledDueToSource_MailboxCapacityExceeded"),
    "comes_into_scope": _comes_into_scope,
    "goes_on": lambda hybrid, pair: hybrid.replication.go_on(pair.cloud, hybrid.clock.now()),
}


# -- the organization ----------------------------------------------------------------------------------------------


def _server(**values: Any) -> Callable[[Hybrid], None]:
    return lambda hybrid: _set(hybrid.directory, values)


def _tenant(**values: Any) -> Callable[[Hybrid], None]:
    return lambda hybrid: _set(hybrid.tenant, values)


def _sync(**values: Any) -> Callable[[Hybrid], None]:
    return lambda hybrid: _set(hybrid.sync, values)


def _set(target: object, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(target, name, value)


def _full_disk(hybrid: Hybrid) -> None:
    hybrid.directory.databases["DB01"].disk_free = 1024**2


def _export_errors(hybrid: Hybrid) -> None:
    now, number = hybrid.clock.now(), len(hybrid.sync.history) + 1
    connector = hybrid.sync.cloud_connector
    hybrid.sync.history.append(Run(number, connector, "Export", now, now, "completed-export-errors"))


def _deletion_threshold(hybrid: Hybrid) -> None:
    """Leave the last cycle's export stopped, and the deletions that stopped it where they are."""
    now, number = hybrid.clock.now(), len(hybrid.sync.history) + 1
    connector, result = hybrid.sync.cloud_connector, "stopped-deletion-threshold-exceeded"
    hybrid.sync.other_deletions = DELETION_THRESHOLD + 1
    hybrid.sync.history.append(Run(number, connector, "Export", now, now, result))


def _no_routing_domain(hybrid: Hybrid) -> None:
    hybrid.tenant.accepted_domains.remove(ROUTING_DOMAIN)


def _no_delivery_domain(hybrid: Hybrid) -> None:
    hybrid.directory.accepted_domains.remove("contoso.com")


ENVIRONMENT: dict[str, Surrounding] = {
    "mrs_proxy_off": Surrounding(("mrs_proxy_disabled", "endpoint_test_failed"), _server(mrs_proxy_enabled=False)),
    "ws_security_off": Surrounding(("ews_wssecurity_disabled",), _server(ws_security=False)),
    "windows_authentication_off": Surrounding(
        ("ews_windows_authentication_disabled", "endpoint_test_failed"), _server(windows_authentication=False)
    ),
    "extended_protection": Surrounding(
        ("ews_extended_protection",), _server(token_checking="Require"), "warning"
    ),
    "exchange_2013": Surrounding(
        ("server_version_unsupported",), _server(server_version="Version 15.0 (Build 1497.2)", server_supported=False)
    ),
    "exchange_2019": Surrounding(
        ("server_version_out_of_support",), _server(server_version="Version 15.2 (Build 1748.10)"), "warning"
    ),
    "full_disk": Surrounding(("database_space",), _full_disk),
    "no_hybrid_configuration": Surrounding(("hybrid_not_configured",), _server(hybrid_configured=False), "warning"),
    "no_delivery_domain": Surrounding(("delivery_domain_not_accepted",), _no_delivery_domain),
    "no_routing_domain": Surrounding(("routing_domain_not_accepted",), _no_routing_domain),
    "no_outbound_connector": Surrounding(("outbound_connector_missing",), _tenant(outbound_connectors=[]), "warning"),
    "connectors_for_others": Surrounding(
        ("outbound_connector_missing",),
        _tenant(
            outbound_connectors=[
                OutboundConnector("To the signature service", ["*"], rule_scoped=True),
                OutboundConnector("To a partner's gateway", ["*"], connector_type="Partner"),
            ]
        ),
        "warning",
    ),
    "attribute_write_back": Surrounding(("attribute_write_back",), _tenant(attribute_write_back=True), "warning"),
    "cloud_managed_by_default": Surrounding(
        ("cloud_managed_by_default",), _tenant(cloud_managed_by_default=True)
    ),
    "soft_match_blocked": Surrounding(("soft_match_blocked",), _tenant(block_soft_match=True)),
    "sync_disabled": Surrounding(("sync_cycle_disabled",), _sync(sync_cycle_enabled=False), "warning"),
    "sync_staging": Surrounding(("sync_staging_mode",), _sync(staging_mode=True)),
    "sync_suspended": Surrounding(("sync_suspended",), _sync(scheduler_suspended=True)),
    "sync_deletion_threshold": Surrounding(("sync_deletion_threshold",), _deletion_threshold),
    "sync_export_errors": Surrounding(("sync_export_errors",), _export_errors, "warning"),
}
