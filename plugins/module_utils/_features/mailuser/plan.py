# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Mail users: Enable-MailUser, then one Set-MailUser with all the rest; Disable-MailUser. Remote mailboxes' addresses.

Two writes back to back make a user whole. Enable-MailUser without PrimarySmtpAddress would make the routing address the
primary one, and after the match that value would overwrite the cloud mailbox's (Set-MailUser and Enable-MailUser
pages of Microsoft's cmdlet reference; facts offboarding-practice.md 0.2 and 0.3).
"""

from __future__ import annotations

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Value
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_guid import (
    plan as exchange_guid,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, cloud, on_premises
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.claim import Claim
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.state import BothSides
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Note, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    Baseline,
    OnPremisesRecipient,
    Predicted,
    part,
)


def present(record: Record, seen: BothSides, *, check: bool) -> Plan:
    """Return what makes a mail user with routing address, addresses and, where the record has them, mailbox GUIDs."""
    current = seen.on_premises
    kind = current["kind"]
    if kind == "remote_mailbox":
        return _remote_mailbox(record, seen)
    if kind not in ("user", "mail_user"):
        raise _wrong_kind(current)
    routing = routing_address(record)
    primary = record["primary_smtp_address"]
    cloud_calls = _routing_calls(record, seen, routing)
    wanted = addresses.to_carry(
        primary,
        [*record.get("email_addresses", []), f"smtp:{routing}"],
        record.get("legacy_exchange_dn", ""),
        include_sip=bool(record.get("include_sip")),
    )
    exchange_guid.check(record, current)
    enable = _enable(record, current, routing) if kind == "user" else ()
    change = _changes(record, current, wanted, routing)
    calls = [*cloud_calls, *enable]
    if change:
        given = {"Identity": current["guid"], **on_premises.setting(change, current)}
        calls.append((EXCHANGE_SERVER, Cmdlet("Set-MailUser", given)))
    after: OnPremisesRecipient = {
        **current,
        **change,
        "kind": "mail_user",
        "recipient_type_details": "MailUser",
        "primary_smtp_address": primary,
        "alias": current.get("alias") or record.get("alias") or "",
    }
    shown: OnPremisesRecipient = {**(_enabled(after, routing) if enable else {}), **change}
    return Plan(
        calls=tuple(calls),
        before={name: current.get(name) for name in shown},
        after=shown,
        told={"addresses": _fates(record, change)} if "email_addresses" in change else {},
        predicted=_predicted(seen, after, routing, bool(cloud_calls)),
        half_made=_note(record, current, change) if enable else None,
        enriched={"external_email_address": routing, "whole": True, **({} if check else _left(after))},
    )


def _remote_mailbox(record: Record, seen: BothSides) -> Plan:
    """Return what gives a remote mailbox the addresses that its cloud mailbox alone has; all the rest it has already.

    The cloud's LegacyExchangeDN comes home by itself only where Exchange hybrid write-back is enabled (Microsoft:
    reference-connect-sync-attributes-synchronized), and what the next export does not have the cloud loses. What the
    service gives lives on in the cloud.
    """
    current = seen.on_premises
    details: dict[str, object] = {"recipient_type_details": current["recipient_type_details"]}
    wanted = addresses.to_carry(
        record["primary_smtp_address"],
        record.get("email_addresses", []),
        record.get("legacy_exchange_dn", ""),
        include_sip=bool(record.get("include_sip")),
    )
    held = current.get("email_addresses", [])
    lacking = [address for address in addresses.missing(wanted, held) if not addresses.reserved(address)]
    if not lacking:
        return Plan(details=details)
    change: OnPremisesRecipient = {"email_addresses": addresses.merged(held, lacking)}
    call = Cmdlet("Set-RemoteMailbox", {"Identity": current["guid"], **on_premises.setting(change, current)})
    return Plan(
        calls=((EXCHANGE_SERVER, call),),
        before=part(current, change),
        after=change,
        details=details,
        told={"addresses": _fates(record, change)},
        predicted={"on_premises": {**current, **change}},
    )


def claim(plan: Plan, seen: BothSides) -> Claim:
    """Return what a plan gives the on-premises object that it does not have."""
    return exchange_guid.claim(plan.after, seen.on_premises, seen.cloud)


def absent(record: Record, current: OnPremisesRecipient) -> Plan:
    """Return what takes a mail user away: Disable-MailUser, unless it carries a mailbox GUID."""
    if current["kind"] == "user":
        return Plan(enriched=_taken_away(record))
    if current["kind"] != "mail_user":
        raise _wrong_kind(current)
    if current["exchange_guid"] != _values.ZERO_GUID and not record.get("force"):
        raise MailboxError(
            f"the mail user carries the mailbox GUID {current['exchange_guid']}, so a cloud mailbox depends on its "
            "addresses.",
            code="mailbox_guid_present",
            cmdlet="Disable-MailUser",
            remedy="Set force: true if that mailbox should really lose its on-premises mail user.",
        )
    shown = (
        "recipient_type_details",
        "external_email_address",
        "primary_smtp_address",
        "email_addresses",
        "exchange_guid",
    )
    call = Cmdlet("Disable-MailUser", {"Identity": current["guid"], "Confirm": False})
    return Plan(
        calls=((EXCHANGE_SERVER, call),),
        before={name: current.get(name) for name in shown},
        after={"recipient_type_details": "User"},
        predicted={"on_premises": {"kind": "user", "recipient_type_details": "User"}},
        enriched=_taken_away(record),
    )


def _taken_away(record: Record) -> Record:
    """Return what a record that was judged before says from now on."""
    return {"whole": False} if "whole" in record else {}


def _left(after: OnPremisesRecipient) -> Record:
    """Return what later tasks of the run need not ask again: how this one leaves the on-premises object."""
    names = ("guid", "distinguished_name", "kind", "recipient_type_details", "email_addresses")
    return {"on_premises": part(after, names)}


def routing_address(record: Record) -> str:
    """Return external_email_address, else the mailbox's address in routing_domain, else alias@routing_domain."""
    if record.get("external_email_address"):
        return str(_values.without_prefix(record["external_email_address"]))
    domain = _values.folded(record.get("routing_domain"))
    if not domain:
        raise MailboxError(
            f"neither external_email_address nor {_reader.option('routing_domain')} is set, so there is no routing "
            "address.",
            code="missing_option",
            remedy="Specify routing_domain, for example contoso.mail.onmicrosoft.com.",
        )
    held = [a for a in addresses.smtp_addresses(record.get("email_addresses", [])) if _values.domain_of(a) == domain]
    if held:
        return held[0]
    alias = str(record.get("alias") or record["primary_smtp_address"].partition("@")[0])
    return f"{alias}@{domain}"


def expected_routing(record: Record, baseline: Baseline | None) -> str:
    """Return the routing address that the record's options mean for the mailbox of a baseline, if they say."""
    if baseline is None or not (record.get("external_email_address") or record.get("routing_domain")):
        return ""
    return routing_address({**cloud.carried(baseline["cloud"]), **record})


def _routing_calls(record: Record, seen: BothSides, routing: str) -> tuple[tuple[str, Cmdlet], ...]:
    """Return the Set-Mailbox that adds the routing address in the cloud, or nothing when the mailbox holds it.

    Mail that on-premises accepts before the next sync goes to that address: somebody must hold it.
    """
    held = (seen.cloud or {}).get("email_addresses") if seen.cloud else record.get("email_addresses")
    if _values.folded(routing) in addresses.smtp_addresses(held or []):
        return ()
    if record.get("add_routing_address") and seen.cloud and not seen.cloud["is_dir_synced"]:
        return (
            (
                EXCHANGE_ONLINE,
                Cmdlet(
                    "Set-Mailbox",
                    {"Identity": seen.cloud["exchange_guid"], "EmailAddresses": {"Add": [f"smtp:{routing}"]}},
                ),
            ),
        )
    if seen.cloud and seen.cloud["is_dir_synced"]:
        return _routing_of_synced(record, seen, routing)
    remedy = (
        "Set add_routing_address: true to add it to the cloud mailbox first."
        if seen.cloud
        else "Configure exchange_online so that the mailbox's addresses can be read, and set add_routing_address: true."
    )
    raise MailboxError(
        f"the cloud mailbox does not have the routing address {routing}.", code="routing_address_missing", remedy=remedy
    )


def _routing_of_synced(record: Record, seen: BothSides, routing: str) -> tuple[tuple[str, Cmdlet], ...]:
    """A synced mailbox takes its addresses from on-premises: the stamp itself adds the routing address.

    Where the baseline has the address, a sync of the half-made user took it away, and the stamp brings it back.
    """
    known = record.get("email_addresses", []) if record.get("baseline_file") else []
    if record.get("add_routing_address") or _values.folded(routing) in addresses.smtp_addresses(known):
        return ()
    raise MailboxError(
        f"the cloud mailbox does not have the routing address {routing}; it is synced, so only on-premises can add it.",
        code="routing_address_missing",
        remedy="Set add_routing_address: true: the address is stamped on-premises and follows with the next sync.",
    )


def _wrong_kind(current: OnPremisesRecipient) -> MailboxError:
    return MailboxError(
        f"the on-premises object {current['distinguished_name']} is a {current['recipient_type_details']}, "
        "not a user that can be a mail user.",
        code="wrong_recipient_type",
        cmdlet="Get-User",
        remedy="Correct ad_identity, or clear that object's Exchange attributes first.",
    )


def _enable(record: Record, current: OnPremisesRecipient, routing: str) -> tuple[tuple[str, Cmdlet], ...]:
    given: dict[str, Value] = {
        "Identity": current["guid"],
        "ExternalEmailAddress": routing,
        "PrimarySmtpAddress": record["primary_smtp_address"],
    }
    if record.get("alias"):
        given["Alias"] = record["alias"]
    return ((EXCHANGE_SERVER, Cmdlet("Enable-MailUser", given)),)


def _note(record: Record, current: OnPremisesRecipient, change: OnPremisesRecipient) -> Note:
    """Return what has to be known of a user until its second write is through."""
    before = part(current, ("windows_email_address", "display_name"))
    return Note(str(record["identity"]), current["guid"], change, before)


def _enabled(after: OnPremisesRecipient, routing: str) -> OnPremisesRecipient:
    """Return what Enable-MailUser makes of a plain user, to be shown."""
    return {
        "recipient_type_details": "MailUser",
        "external_email_address": routing,
        "primary_smtp_address": after["primary_smtp_address"],
        "alias": after["alias"],
    }


def _changes(record: Record, current: OnPremisesRecipient, wanted: list[str], routing: str) -> OnPremisesRecipient:
    """Return the attributes that the one Set-MailUser has to change; addresses that are there already stay."""
    change: OnPremisesRecipient = {}
    held = current.get("email_addresses", [])
    # What stood on the user while it was plain: offboarding_state hands on what LDAP shows of it.
    kept = (record.get("on_premises") or {}).get("proxy_addresses", [])
    complete = addresses.merged(wanted, [*held, *addresses.writable(kept)])
    if not addresses.same(complete, held):
        change["email_addresses"] = complete
    if current["kind"] == "mail_user" and _values.folded(current["external_email_address"]) != _values.folded(routing):
        change["external_email_address"] = routing
    if current.get("email_address_policy_enabled", True):
        change["email_address_policy_enabled"] = False
    change.update(exchange_guid.changes(record, current))
    return change


def _fates(record: Record, change: OnPremisesRecipient) -> dict[str, str]:
    """Return what becomes of each address, the cloud mailbox's and those that are written or stay beside them."""
    include_sip = bool(record.get("include_sip"))
    told = addresses.fates(record.get("email_addresses", []), str(record.get("alias") or ""), include_sip=include_sip)
    added = addresses.missing(change["email_addresses"], told)
    return {**told, **dict.fromkeys(added, "written in addition to the cloud's, or already on-premises")}


def _predicted(seen: BothSides, after: OnPremisesRecipient, routing: str, cloud_changes: bool) -> Predicted:
    result: Predicted = {"on_premises": {**after, "external_email_address": routing}}
    if cloud_changes and seen.cloud:
        result["cloud"] = {"email_addresses": [*seen.cloud["email_addresses"], f"smtp:{routing}"]}
    return result
