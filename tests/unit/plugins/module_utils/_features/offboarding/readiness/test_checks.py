# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of the readiness report, one by one, without any system."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import (
    ACCEPTABLE,
    ALL,
    CHECKS,
    FINAL,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.entra import (
    Authority,
    CloudUser,
    Features,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import (
    state as offboarding_state,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness import (
    content,
    exchange_online,
    exchange_server,
    guards,
    identity,
    leftovers,
    move_requests,
    names,
    synchronization,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Facts,
    Subject,
    Unread,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
    accepted,
    accepted_codes,
    found,
    of_error,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import (
    NOT_SHOWN,
    MailboxEvidence,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    cloud,
    move_request,
    on_premises,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
)

from tests.unit.plugins.module_utils.fakes import (
    ROUTING,
    ad_user,
    cloud_mail_user,
    cloud_mailbox,
    guid_of,
    move_request_of,
    on_premises_recipient,
)

GB = 1024**3
SILENT = Unread("Nobody answered.")
VDIR = {
    "Identity": "EX01\\EWS (Default Web Site)", "ExternalUrl": "https://mail.contoso.com/EWS/Exchange.asmx",
    "MRSProxyEnabled": True, "WSSecurityAuthentication": True, "WindowsAuthentication": True,
    "ExtendedProtectionTokenChecking": "Allow",
}  # fmt: skip
DATABASE = {
    "Name": "DB01", "ServerName": "EX01", "AdminDisplayVersion": "Version 15.2 (Build 2562.17)", "Mounted": True,
    "ProhibitSendReceiveQuota": f"50 GB ({50 * GB:,} bytes)", "RecoverableItemsQuota": "Unlimited",
}  # fmt: skip
COPY = {"DatabaseName": "DB01", "DiskFreeSpace": f"900 GB ({900 * GB:,} bytes)"}
RECORD = {
    "identity": "ann@contoso.com", "remote_target_database": "DB01", "target_delivery_domain": "contoso.com",
    "routing_domain": ROUTING, "remote_host_name": "mail.contoso.com",
}  # fmt: skip


def facts(**changes: Any) -> Facts:
    """Return a sound environment."""
    sound: dict[str, Any] = {
        "virtual_directories": [VDIR], "databases": [DATABASE], "copies": [COPY],
        "hybrid_configuration": [{"Name": "Hybrid Configuration"}],
        "domains_on_premises": [{"DomainName": "contoso.com"}], "connectors": [{"RecipientDomains": ["contoso.com"]}],
        "domains_in_the_cloud": [{"DomainName": "contoso.com"}, {"DomainName": ROUTING}],
        "organization": [{"AutoExpandingArchiveEnabled": False}], "endpoint_tests": {"mail": [{"Result": "Success"}]},
        "scheduler": [{"SyncCycleEnabled": True, "StagingModeEnabled": False, "SchedulerSuspended": False}],
        "sync_runs": [], "requests_on_premises": [], "migration_users": [], "soft_deleted": [],
        "features": Features(False, True, False), "write_back_jobs": [],
    }  # fmt: skip
    return Facts(**{**sound, **changes})


def subject(
    tenant: dict[str, Any] | None = None, ad: dict[str, Any] | None = None, record: dict[str, Any] | None = None,
    request: dict[str, Any] | None = None, **changes: Any,
) -> Subject:  # fmt: skip
    """Return a mailbox that is ready, but for the changes: of Get-Mailbox, of the on-premises object, of the record."""
    seen = on_premises.user(ad or ad_user())
    if seen["kind"] != "user":
        seen = on_premises.with_mail(seen, ad or {})
    evidence = MailboxEvidence(cloud.recipient(tenant or cloud_mailbox()), seen)
    evidence.move_request = move_request.request(request) if request else None
    sound: dict[str, Any] = {
        "size": GB, "recoverable": 0,
        "directory": DirectoryUser(seen["guid"], "CN=Ann", inheritance_disabled=False, account_disabled=False),
        "entra": CloudUser(guid_of("ann in Entra"), "", False, (), ()), "authority": Authority((), False),
    }  # fmt: skip
    state = offboarding_state.judge(evidence)
    return Subject({**RECORD, **(record or {})}, "ann@contoso.com", evidence, state, **{**sound, **changes})


def told(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in findings]


Family = Callable[[Facts, list[Subject]], Iterable[Finding]]
FAMILIES: list[Family] = [
    exchange_server.check, exchange_online.check, synchronization.check, identity.check, names.check, leftovers.check,
    content.check, move_requests.check,
]  # fmt: skip
UNANSWERED = [(code, "not_checked") for code in ("perimeter", "sender_policy", "message_size", "sync_scope")]


def all_of(known: Facts, *subjects: Subject) -> list[tuple[str, str]]:
    """Return what every family says, without what nobody ever answers."""
    found = [finding for family in FAMILIES for finding in family(known, list(subjects))]
    return [pair for pair in told(found) if pair not in UNANSWERED]


def test_a_sound_wave_in_a_sound_environment_has_no_finding() -> None:
    assert all_of(facts(), subject()) == []


@pytest.mark.parametrize(("changes", "code"), [
    ({"virtual_directories": [{**VDIR, "MRSProxyEnabled": False}]}, "mrs_proxy_disabled"),
    ({"virtual_directories": [{**VDIR, "WSSecurityAuthentication": "False"}]}, "ews_wssecurity_disabled"),
    ({"virtual_directories": [{**VDIR, "WindowsAuthentication": False}]}, "ews_windows_authentication_disabled"),
    # Where no directory has an external URL, any of them may be the published one.
    ({"virtual_directories": [{**VDIR, "ExternalUrl": None, "MRSProxyEnabled": False}]}, "mrs_proxy_disabled"),
    ({"databases": [{**DATABASE, "AdminDisplayVersion": "Version 15.0 (Build 1497.2)"}]}, "server_version_unsupported"),
    ({"databases": [{**DATABASE, "AdminDisplayVersion": "Version 15.1 (Build 2507.6)"}]},
     "server_version_out_of_support"),
    ({"databases": [{**DATABASE, "AdminDisplayVersion": "Version 15.2 (Build 1748.10)"}]},
     "server_version_out_of_support"),
    ({"databases": [{**DATABASE, "Mounted": False}]}, "database_not_mounted"),
    ({"databases": [{**DATABASE, "ProhibitSendReceiveQuota": f"({GB // 2:,} bytes)"}]}, "size_exceeds_quota"),
    ({"copies": [COPY, {**COPY, "DiskFreeSpace": "(1,024 bytes)"}]}, "database_space"),
    ({"hybrid_configuration": []}, "hybrid_not_configured"),
    ({"domains_on_premises": [{"DomainName": "fabrikam.com"}]}, "delivery_domain_not_accepted"),
    ({"domains_in_the_cloud": [{"DomainName": "contoso.com"}]}, "routing_domain_not_accepted"),
    ({"connectors": []}, "outbound_connector_missing"),
    ({"connectors": [{"RecipientDomains": ["contoso.com"], "Enabled": False}]}, "outbound_connector_missing"),
    ({"connectors": [{"RecipientDomains": ["fabrikam.com"]}]}, "outbound_connector_missing"),
    ({"organization": [{"ExchangeAttributesCloudManagedByDefault": True}]}, "cloud_managed_by_default"),
    ({"endpoint_tests": {"mail": [{"Result": "Failed", "Message": "(403) Forbidden."}]}}, "endpoint_test_failed"),
    ({"credential_name": "svc@contoso.com"}, "remote_credential_form"),
    ({"credential_name": "svc"}, "remote_credential_form"),
    ({"credential_unsent": True}, "experimental_rest_credential_required"),
    ({"controller_pinned": False}, "domain_controller_not_pinned"),
    ({"scheduler": [{"SyncCycleEnabled": False, "StagingModeEnabled": False, "SchedulerSuspended": False}]},
     "sync_cycle_disabled"),
    ({"scheduler": [{"SyncCycleEnabled": True, "StagingModeEnabled": True, "SchedulerSuspended": False}]},
     "sync_staging_mode"),
    ({"scheduler": [{"SyncCycleEnabled": True, "StagingModeEnabled": False, "SchedulerSuspended": True}]},
     "sync_suspended"),
    ({"unpaused_because": "entra_connect is not configured"}, "unprotected_sync"),
    ({"half_made": ("bob@contoso.com",)}, "addresses_at_risk"),
    ({"still_paused": ("Directory synchronization is STILL PAUSED by wave-1",)}, "still_paused"),
    ({"features": Features(True, True, True)}, "soft_match_blocked"),
    ({"requests_on_premises": [{"ExchangeGuid": guid_of("ann's mailbox"), "Status": "Failed"}]},
     "move_request_on_premises"),
    ({"migration_users": [{"Identity": "Ann@contoso.com", "BatchId": "spring"}]}, "belongs_to_migration_batch"),
    # With several users of one mailbox, each has a composite identity; names come as objects, too (facts
    # migration-batches.md 2.2 and section 6).
    ({"migration_users": [{"Identity": {"Id": "old@contoso.com/" + guid_of("ann's mailbox").upper()},
                           "BatchId": {"Name": "spring"}}]}, "belongs_to_migration_batch"),
    ({"migration_users": [{"Identity": "old@contoso.com", "MailboxGuid": guid_of("ann's mailbox")}]},
     "belongs_to_migration_batch"),
    ({"migration_users": [{"Identity": "a", "MailboxEmailAddress": "ann@contoso.com", "BatchId": "spring"}]},
     "belongs_to_migration_batch"),
    ({"soft_deleted": [{"ExchangeGuid": guid_of("another"), "EmailAddresses": ["smtp:Ann@Contoso.com"]}]},
     "soft_deleted_twin"),
])  # fmt: skip
def test_one_thing_wrong_in_the_environment_is_one_finding(changes: dict[str, Any], code: str) -> None:
    found = [name for name, _severity in all_of(facts(**changes), subject())]
    # A domain that nobody accepts spoils the addresses in it too.
    assert [name for name in found if name not in ("address_domain_not_accepted", "primary_domain_not_accepted")] == [
        code
    ]


@pytest.mark.parametrize(
    ("status", "codes"),
    [("Synced", []), ("Completed", ["completed_request_left"]), ("CompletedWithWarnings", ["completed_request_left"])],
)  # fmt: skip
def test_a_user_of_the_waves_own_batch_that_has_completed_is_left_from_another_move(
    status: str, codes: list[str]
) -> None:
    """A completed user blocks the next move (facts migration-batches.md 3), in a batch of the wave's name as well."""
    users = [{"Identity": "ann@contoso.com", "BatchId": "wave-1-2", "Status": {"Value": status}}]
    found = all_of(facts(migration_users=users), subject(record={"batch_name": "wave-1"}))
    assert [code for code, _severity in found] == codes


AGENT = "f00d.resource.mailboxmigration.his.msappproxy.net"


@pytest.mark.parametrize(("checking", "host", "told"), [
    ("Require", "", "EX01\\EWS has ExtendedProtectionTokenChecking Require."),
    ({"Value": "Require"}, "", "EX01\\EWS has ExtendedProtectionTokenChecking Require."),
    ("Allow", AGENT, "EX01\\EWS has ExtendedProtectionTokenChecking Allow, and a Hybrid Agent publishes the MRS "
     "proxy."),
    ("Require", AGENT, "EX01\\EWS has ExtendedProtectionTokenChecking Require, and a Hybrid Agent publishes the MRS "
     "proxy."),
    ("Allow", "", ""),
    ("None", AGENT, ""),
    ("None", "", ""),
])  # fmt: skip
def test_extended_protection_in_front_of_the_proxy_is_told(checking: object, host: str, told: str) -> None:
    known = facts(virtual_directories=[{**VDIR, "Identity": "EX01\\EWS", "ExtendedProtectionTokenChecking": checking}])
    one = subject(record={"remote_host_name": host} if host else {})
    seen = [item for item in exchange_server.check(known, [one]) if item.code == "ews_extended_protection"]
    assert [(item.severity, item.found) for item in seen] == ([("warning", told)] if told else [])


def test_extended_protection_that_is_not_shown_is_not_checked() -> None:
    bare = {name: value for name, value in VDIR.items() if name != "ExtendedProtectionTokenChecking"}
    for answer in ([bare], SILENT):
        seen = exchange_server.check(facts(virtual_directories=answer), [subject()])
        assert ("ews_extended_protection", "not_checked") in told(seen)


@pytest.mark.parametrize("domains", [["*"], ["contoso.com"], ["smtp:contoso.com;1"]])
def test_a_connector_is_known_in_each_form_of_its_domains(domains: list[str]) -> None:
    assert all_of(facts(connectors=[{"RecipientDomains": domains}]), subject()) == []
    sub = subject(record={"target_delivery_domain": "eu.contoso.com"})
    parents = facts(connectors=[{"RecipientDomains": ["*.contoso.com"]}])
    assert "outbound_connector_missing" not in [code for code, _severity in all_of(parents, sub)]


def account(kind: str, ad: dict[str, Any], disabled: bool | None = None, **more: Any) -> list[tuple[str, str]]:
    """Return what is told of the account of a mailbox of this kind."""
    shown = DirectoryUser(str(ad["Guid"]), "CN=Ann", inheritance_disabled=False, account_disabled=disabled)
    one = subject(cloud_mailbox(RecipientTypeDetails=kind), ad, **{"directory": shown, **more})
    known = facts(**({"directory": SILENT} if more.get("directory") == SILENT else {}))
    found = [item for item in identity.check(known, [one]) if item.code == "account_would_be_disabled"]
    return [(item.severity, item.found) for item in found]


def test_an_account_that_its_mailboxs_kind_would_disable_is_told() -> None:
    plain, disabled = ad_user(), ad_user(RecipientTypeDetails="DisabledUser")
    mailed = on_premises_recipient("ann")
    assert account("RoomMailbox", plain) == [("warning", "The account of the RoomMailbox is enabled.")]
    assert account("SharedMailbox", mailed, False) == [("warning", "The account of the SharedMailbox is enabled.")]
    assert account("UserMailbox", plain) == account("EquipmentMailbox", disabled) == []
    # What LDAP shows of a plain user its type says already, as of the same moment.
    assert account("EquipmentMailbox", disabled, False) == account("SharedMailbox", mailed, True) == []
    # The record's kind is the one that is set.
    record = {"recipient_type_details": "SharedMailbox"}
    assert [severity for severity, _text in account("UserMailbox", plain, record=record)] == ["warning"]


@pytest.mark.parametrize("directory", [SILENT, None, DirectoryUser("g", "CN=Ann")])
def test_an_account_of_which_nothing_is_known_is_not_checked(directory: Any) -> None:
    ((severity, text),) = account("RoomMailbox", on_premises_recipient("ann"), directory=directory)
    assert severity == "not_checked"
    assert ("for 1 mailboxes. Nobody answered." in text) is (directory is SILENT)
    assert account("UserMailbox", on_premises_recipient("ann"), directory=directory) == []


@pytest.mark.parametrize(("tenant", "told"), [
    ({"SKUAssigned": False}, True),
    ({"SKUAssigned": "False"}, True),
    ({"SKUAssigned": True}, False),
    ({}, False),  # not shown
    ({"RecipientTypeDetails": "SharedMailbox", "SKUAssigned": False}, False),
])  # fmt: skip
def test_a_user_mailbox_without_a_licence_is_told(tenant: dict[str, Any], told: bool) -> None:
    seen = [
        item for item in identity.check(facts(), [subject(cloud_mailbox(**tenant))]) if item.code == "licence_missing"
    ]
    assert [item.severity for item in seen] == ["warning"] * told


SHARED = {"RecipientTypeDetails": "SharedMailbox", "SKUAssigned": False}


@pytest.mark.parametrize(("tenant", "ad", "told"), [
    (SHARED, ad_user(RecipientTypeDetails="DisabledUser"), "an unlicensed SharedMailbox, on-premises a DisabledUser."),
    (SHARED, on_premises_recipient("ann"), "an unlicensed SharedMailbox, on-premises a MailUser."),
    ({**SHARED, "RecipientTypeDetails": "RoomMailbox"}, on_premises_recipient("ann", "RemoteUserMailbox"),
     "an unlicensed RoomMailbox, on-premises a RemoteUserMailbox."),
    ({"RecipientTypeDetails": "SharedMailbox"}, on_premises_recipient("ann"), "it is a SharedMailbox, on-premises a"),
    (SHARED, on_premises_recipient("ann", "RemoteSharedMailbox"), ""),
    ({**SHARED, "SKUAssigned": True}, on_premises_recipient("ann"), ""),
    ({}, on_premises_recipient("ann"), ""),
])  # fmt: skip
def test_a_kind_that_the_service_may_take_back_is_told(tenant: dict[str, Any], ad: dict[str, Any], told: str) -> None:
    seen = [
        item
        for item in identity.check(facts(), [subject(cloud_mailbox(**tenant), ad)])
        if item.code == "kind_would_revert"
    ]
    assert [item.severity for item in seen] == ["warning"] * bool(told)
    assert all(told in item.found for item in seen)


@pytest.mark.parametrize(("tenant", "ad", "directory", "told"), [
    ({}, on_premises_recipient("ann"), SILENT, ["for 1 mailboxes. Nobody answered."]),
    ({}, on_premises_recipient("ann"), None, ["The user was not read."]),
    ({}, on_premises_recipient("ann"), DirectoryUser("g", "CN=Ann"), ["The user was not read."]),
    ({}, on_premises_recipient("ann"), DirectoryUser("g", "CN=Ann", account_disabled=True), []),
    ({}, ad_user(), SILENT, []),
    ({"IsDirSynced": True}, on_premises_recipient("ann"), SILENT, []),
    ({"AccountDisabled": True}, on_premises_recipient("ann"), SILENT, []),
    ({"RecipientTypeDetails": "SharedMailbox"}, on_premises_recipient("ann"), SILENT, []),
])  # fmt: skip
def test_a_sign_in_of_which_nothing_is_known_is_not_checked(
    tenant: dict[str, Any], ad: dict[str, Any], directory: Any, told: list[str]
) -> None:
    one = subject(cloud_mailbox(**tenant), ad, directory=directory)
    known = facts(**({"directory": SILENT} if directory == SILENT else {}))
    seen = [item for item in identity.check(known, [one]) if item.code == "sign_in_would_be_blocked"]
    assert [item.severity for item in seen] == ["not_checked"] * len(told)
    assert all(text in item.found for text, item in zip(told, seen, strict=True))


@pytest.mark.parametrize(("held", "told"), [
    (["SMTP:ann@contoso.com", f"smtp:ann@{ROUTING}", "smtp:ann@contoso.onmicrosoft.com", "X500:/o=a@fabrikam.com"], ""),
    (["SMTP:ann@contoso.com", "smtp:a@contoso.com", "SIP:a@fabrikam.com"], ""),
    (["SMTP:ann@contoso.com", "smtp:ann@Fabrikam.com"], "fabrikam.com"),
    (["SMTP:ann@contoso.com", "smtp:a@tailspin.example", "smtp:b@fabrikam.com"], "fabrikam.com, tailspin.example"),
    # The domain of the primary address has a finding of its own, a blocker.
    (["SMTP:ann@fabrikam.com", "smtp:a@fabrikam.com", "smtp:ann@contoso.com"], ""),
])  # fmt: skip
def test_a_domain_of_secondary_addresses_that_on_premises_refuses_is_told(held: list[str], told: str) -> None:
    tenant = cloud_mailbox(EmailAddresses=held, PrimarySmtpAddress=held[0][5:])
    here = subject(tenant, record={"primary_smtp_address": held[0][5:]})
    seen = [item for item in names.check(facts(), [here]) if item.code == "alias_domain_not_accepted"]
    assert [item.found for item in seen] == (
        [f"On-premises does not accept {told}, in which the mailbox has secondary addresses."] if told else []
    )
    assert [item.severity for item in seen] == ["warning"] * bool(told)


@pytest.mark.parametrize(("mailbox", "told"), [
    ({"ForwardingSmtpAddress": "smtp:a@b.example"},
     ["forwarding_left: The mailbox has ForwardingSmtpAddress (smtp:a@b.example)."]),
    ({"ForwardingAddress": "Bob", "DeliverToMailboxAndForward": True},
     ["forwarding_left: The mailbox has ForwardingAddress (Bob), DeliverToMailboxAndForward (True)."]),
    ({"RequireSenderAuthenticationEnabled": "True", "RejectMessagesFromSendersOrMembers": ["Bob", "Cleo"]},
     ["delivery_restricted: The mailbox has RejectMessagesFromSendersOrMembers (Bob, Cleo), "
      "RequireSenderAuthenticationEnabled (True)."]),
    # Of a synced user these came from Active Directory, where they still are.
    ({"ForwardingAddress": "Bob", "DeliverToMailboxAndForward": True, "ModerationEnabled": True, "IsDirSynced": True},
     []),
    ({"ForwardingSmtpAddress": "smtp:a@b.example", "DeliverToMailboxAndForward": True, "IsDirSynced": True},
     ["forwarding_left: The mailbox has ForwardingSmtpAddress (smtp:a@b.example), DeliverToMailboxAndForward (True)."]),
    ({"DeliverToMailboxAndForward": True, "ModerationEnabled": "False", "AcceptMessagesOnlyFromSendersOrMembers": []},
     []),
])  # fmt: skip
def test_what_decides_over_its_mail_and_no_move_carries_is_told(mailbox: dict[str, Any], told: list[str]) -> None:
    held = subject(cloud_mailbox(**mailbox))
    seen = names.check(facts(), [held])
    codes = ("forwarding_left", "delivery_restricted")
    assert [f"{item.code}: {item.found}" for item in seen if item.code in codes] == told
    assert guards.blockers(facts(), held) == []


HOME: dict[str, Any] = {"Name": "Home", "RecipientDomains": ["*"], "ConnectorType": "OnPremises"}


@pytest.mark.parametrize(("change", "reason"), [
    ({"IsTransportRuleScoped": True}, "(Home is used by mail flow rules alone)"),
    ({"IsTransportRuleScoped": "True", "RecipientDomains": ["contoso.com"]}, "(Home is used by mail flow rules alone)"),
    ({"ConnectorType": "Partner"}, "(Home leads to a partner)"),
    ({"ConnectorType": {"Value": "Partner"}}, "(Home leads to a partner)"),
    ({"Enabled": False}, "(Home is disabled)"),
    ({"RecipientDomains": [], "AllAcceptedDomains": True, "IsTransportRuleScoped": True}, "(Home is used by mail"),
    ({"RecipientDomains": [], "AllAcceptedDomains": True}, ""),
    ({"IsTransportRuleScoped": False, "Enabled": None}, ""),
])  # fmt: skip
def test_a_connector_that_brings_no_mail_home_is_none(change: dict[str, Any], reason: str) -> None:
    told = [
        finding.found
        for finding in exchange_online.check(facts(connectors=[{**HOME, **change}]), [subject()])
        if finding.code == "outbound_connector_missing"
    ]
    assert (len(told), all(reason in text for text in told)) == (bool(reason), True)
    # One that does suffices.
    assert all_of(facts(connectors=[{**HOME, **change}, HOME]), subject()) == []


def test_a_connector_for_all_accepted_domains_is_for_those_of_the_tenant() -> None:
    everywhere = [{"AllAcceptedDomains": True, "ConnectorType": "OnPremises"}]
    below = subject(record={"target_delivery_domain": "home.contoso.com"})
    answers = [
        {code for code, _severity in all_of(facts(connectors=everywhere, domains_in_the_cloud=known), below)}
        for known in ([{"DomainName": "contoso.com"}], [{"DomainName": "home.contoso.com"}], SILENT)
    ]
    assert ["outbound_connector_missing" in codes for codes in answers] == [True, False, False]


BELOW = {"DomainName": "*.contoso.com"}


@pytest.mark.parametrize(("domain", "here", "accepted_here"), [
    ("eu.contoso.com", BELOW, True),
    ("north.eu.contoso.com", BELOW, True),
    ("eu.contoso.com", {"DomainName": "*.Contoso.com"}, True),
    ("contoso.com", BELOW, False),  # "all subdomains" is what Microsoft's page says
    ("eu.notcontoso.com", BELOW, False),
    ("eu.contoso.com.fabrikam.com", BELOW, False),
    ("eu.contoso.com", {"DomainName": "contoso.com", "MatchSubDomains": True}, True),
    ("contoso.com", {"DomainName": "contoso.com", "MatchSubDomains": "True"}, True),
    ("eu.contoso.com", {"DomainName": "contoso.com", "MatchSubDomains": False}, False),
    ("eu.contoso.com", {"DomainName": "contoso.com"}, False),
])  # fmt: skip
def test_a_wildcard_on_premises_accepts_the_domains_below_it(
    domain: str, here: dict[str, Any], accepted_here: bool
) -> None:
    wanted = subject(record={"target_delivery_domain": domain, "primary_smtp_address": f"ann@{domain}"})
    found = {code for code, _severity in all_of(facts(domains_on_premises=[here]), wanted)}
    both = {"delivery_domain_not_accepted", "primary_domain_not_accepted"}
    assert found & both == (set() if accepted_here else both)


def test_the_tenant_accepts_what_it_names_and_no_subdomain_of_it() -> None:
    cloud_domains = [{"DomainName": "contoso.com", "MatchSubDomains": True}, {"DomainName": ROUTING}]
    wanted = subject(cloud_mailbox(EmailAddresses=["SMTP:ann@contoso.com", "smtp:ann@eu.contoso.com"]))
    found = [code for code, _severity in all_of(facts(domains_in_the_cloud=cloud_domains), wanted)]
    assert "address_domain_not_accepted" in found


def test_only_the_last_export_of_each_connector_counts() -> None:
    def run(number: int, result: str, connector: str = "contoso.onmicrosoft.com - AAD") -> dict[str, Any]:
        return {
            "RunNumber": number, "RunProfileName": "Export", "ConnectorName": connector, "IsRunComplete": True,
            "Result": result,
        }  # fmt: skip

    bad, good, stopped = "completed-export-errors", "success", "stopped-deletion-threshold-exceeded"
    assert all_of(facts(sync_runs=[run(2, good), run(1, bad)]), subject()) == []
    assert all_of(facts(sync_runs=[run(1, good), run(2, bad)]), subject()) == [("sync_export_errors", "warning")]
    assert all_of(facts(sync_runs=[run(3, good), run(2, stopped)]), subject()) == []
    assert all_of(facts(sync_runs=[run(1, good), run(2, stopped)]), subject()) == [
        ("sync_deletion_threshold", "blocker")
    ]
    # Of the export to Active Directory nothing hangs for the match.
    other = run(2, stopped, "contoso.com")
    assert all_of(facts(sync_runs=[run(3, good), other]), subject()) == [("sync_export_errors", "warning")]


def test_who_is_filtered_out_is_told_unless_tasks_bring_users_into_scope() -> None:
    kept_out = DirectoryUser("g", "CN=Ann", inheritance_disabled=False, admin_description="User_not yet")
    ann, bob = subject(directory=kept_out), dataclasses.replace(subject(), identity="bob@contoso.com")
    synced = dataclasses.replace(
        subject(cloud_mailbox(IsDirSynced=True), directory=kept_out), identity="cleo@contoso.com"
    )
    told = [f for f in synchronization.check(facts(), [ann, bob, synced]) if f.code == "sync_filtered"]
    assert [(finding.mailbox, finding.severity) for finding in told] == [("ann@contoso.com", "blocker")]
    codes = {f.code for f in synchronization.check(facts(brings_into_scope=True), [ann, bob, synced])}
    assert "sync_filtered" not in codes


def test_nothing_is_unprotected_where_nobody_is_to_be_written() -> None:
    unsteered = facts(unpaused_because="offboarding_pause_sync is false")
    home = subject(cloud_mail_user(), on_premises_recipient(kind="UserMailbox", Database="DB01"))
    prepared = subject(cloud_mailbox(), on_premises_recipient(ExchangeGuid=guid_of("ann's mailbox")))
    assert [item.state.name for item in (home, prepared) if item.state] == ["home", "prepared"]
    assert "unprotected_sync" not in [code for code, _severity in all_of(unsteered, home, prepared)]
    assert ("unprotected_sync", "blocker") in all_of(unsteered, home, subject())


CLOUD_ARCHIVE = cloud_mailbox(ArchiveGuid=guid_of("archive"))


@pytest.mark.parametrize(("changes", "codes"), [
    ({"tenant": cloud_mailbox(EmailAddresses=["SMTP:ann@contoso.com"])}, {"routing_address_missing"}),
    ({"tenant": cloud_mailbox(EmailAddresses=["SMTP:ann@contoso.com"]), "record": {"add_routing_address": True}},
     set()),
    ({"record": {"target_delivery_domain": "fabrikam.com"}},
     {"delivery_address_missing", "delivery_domain_not_accepted", "outbound_connector_missing"}),
    ({"tenant": CLOUD_ARCHIVE, "record": {"remote_archive_target_database": "DB01"}}, set()),
    ({"tenant": cloud_mailbox(ArchiveGuid=guid_of("archive"), AutoExpandingArchiveEnabled=True)},
     {"auto_expanding_archive"}),
    ({"tenant": cloud_mailbox(ArchiveGuid=guid_of("archive"), AutoExpandingArchiveEnabled=True),
      "record": {"primary_only": True, "archive_domain": ROUTING}}, set()),
    ({"record": {"primary_only": True, "archive_domain": ROUTING}}, {"primary_only_without_archive"}),
    ({"ad": on_premises_recipient(ArchiveGuid=guid_of("old archive"))}, {"archive_guid_differs"}),
    ({"ad": on_premises_recipient(MailboxMoveStatus="InProgress")}, {"move_residue"}),
    ({"ad": on_premises_recipient(MailboxMoveStatus="None", MailboxMoveFlags="None")}, set()),
    ({"ad": on_premises_recipient(kind="RemoteUserMailbox", RemoteRecipientType="Migrated, DeprovisionMailbox")},
     {"remote_recipient_type"}),
    ({"size": 51 * GB}, {"size_exceeds_quota"}),
    ({"size": None, "sizes_unread": "Denied."}, {"size_exceeds_quota", "recoverable_items_exceed_quota"}),
    ({"directory": DirectoryUser("g", "CN=Ann", home_mdb="CN=DB", inheritance_disabled=False)}, {"home_mdb_left"}),
    ({"directory": DirectoryUser("g", "CN=Ann", home_mta="CN=MTA", inheritance_disabled=False)}, {"home_mta_left"}),
    ({"directory": DirectoryUser("g", "CN=Ann", inheritance_disabled=True)}, {"inheritance_disabled"}),
    ({"directory": DirectoryUser("g", "CN=Ann")}, {"inheritance_disabled"}),
    ({"directory": DirectoryUser("g", "CN=Ann", inheritance_disabled=False, admin_count=1)}, {"protected_account"}),
    ({"directory": DirectoryUser("g", "CN=Ann", inheritance_disabled=False, remote_recipient_type=9)},
     {"remote_recipient_type"}),
    ({"directory": DirectoryUser("g", "CN=Ann", inheritance_disabled=False, remote_recipient_type=4)}, set()),
    ({"directory": DirectoryUser("g", "CN=Ann", inheritance_disabled=False, consistency_anchor="b2xkZXI=")},
     {"consistency_guid_set"}),
    ({"directory": DirectoryUser("g", "CN=Ann", inheritance_disabled=False, admin_description="User_not yet")},
     {"sync_filtered"}),
    ({"directory": DirectoryUser("g", "CN=Ann", inheritance_disabled=False, admin_description="A User_")}, set()),
    ({"tenant": cloud_mailbox(ImmutableId="AAAAAAAAAAAAAAAAAAAAAA==")}, {"anchor_differs"}),
    ({"entra": CloudUser("id", "", False, (), ("Exchange Administrator",))}, {"admin_role"}),
    ({"entra": CloudUser("id", "", False, (), None)}, {"admin_role"}),
    ({"entra": CloudUser("id", "", False, ("conflict",), ())}, {"provisioning_errors"}),
    ({"request": move_request_of(status="InProgress")}, {"already_moving"}),
    ({"request": move_request_of(status="Failed")}, {"move_failed"}),
    ({"request": move_request_of(status="CompletedWithWarning")}, {"completed_request_left"}),
    ({"request": move_request_of(status="Synced", BatchName="MigrationService:spring")},
     {"belongs_to_migration_batch"}),
])  # fmt: skip
def test_one_thing_wrong_with_a_mailbox_is_one_finding(changes: dict[str, Any], codes: set[str]) -> None:
    assert {code for code, _severity in all_of(facts(), subject(**changes))} == codes


def test_a_soft_deleted_mailbox_is_a_twin_only_by_an_address_and_another_guid() -> None:
    own, other = guid_of("ann's mailbox"), guid_of("another")
    held = ["SMTP:ann@contoso.com"]
    known = facts(soft_deleted=[
        {"ExchangeGuid": own, "EmailAddresses": held},
        {"ExchangeGuid": other, "EmailAddresses": ["SMTP:bob@contoso.com", "X500:ann@contoso.com"]},
    ])  # fmt: skip
    assert all_of(known, subject()) == []
    twice = facts(soft_deleted=[{"ExchangeGuid": guid, "EmailAddresses": held} for guid in (other, guid_of("third"))])
    assert all_of(twice, subject()) == [("soft_deleted_twin", "info")] * 2


def test_mailboxes_at_home_or_in_conflict_are_not_checked_for_a_move() -> None:
    home = subject(cloud_mail_user(), on_premises_recipient(kind="UserMailbox", Database="DB01"), size=99 * GB)
    assert home.state is not None
    assert all_of(facts(), home) == [("already_home", "info")]
    torn = subject(ad=on_premises_recipient(ExchangeGuid=guid_of("another")), size=99 * GB)
    assert torn.state is not None
    assert torn.state.name == "conflict"
    assert all_of(facts(), torn) == []


def test_a_hard_match_is_blocked_only_where_one_lies_ahead() -> None:
    blocked = facts(features=Features(False, True, True))
    mine = DirectoryUser(guid_of("ann on-premises"), "CN=Ann", inheritance_disabled=False)
    anchored = cloud_mailbox(ImmutableId=mine.source_anchor)
    assert all_of(blocked, subject(anchored)) == [("hard_match_blocked", "blocker")]
    # Without Active Directory the anchor is compared with the objectGUID that Get-User shows.
    assert ("hard_match_blocked", "blocker") in all_of(blocked, subject(anchored, directory=SILENT))
    assert all_of(facts(), subject(anchored)) == []
    # Without an anchor the match is a soft one, and a synced user has its match behind it.
    assert all_of(blocked, subject()) == []
    synced = subject(cloud_mailbox(IsDirSynced=True, ImmutableId=mine.source_anchor))
    assert all_of(blocked, synced) == []
    # In a mixed wave the one that lies ahead counts alone.
    other = dataclasses.replace(synced, identity="bob@contoso.com")
    mixed = [f for f in synchronization.check(blocked, [other, subject(anchored)]) if f.code == "hard_match_blocked"]
    assert [finding.mailbox for finding in mixed] == ["ann@contoso.com"]


def test_an_unknown_anchor_of_a_synced_user_is_not_checked() -> None:
    synced = subject(cloud_mailbox(IsDirSynced=True), entra=None)
    assert ("anchor_unverified", "not_checked") in all_of(facts(), synced)
    anchor = DirectoryUser(guid_of("ann on-premises"), "CN=Ann", inheritance_disabled=False).source_anchor
    proved = subject(cloud_mailbox(IsDirSynced=True, ImmutableId=anchor))
    assert all_of(facts(), proved) == []


def test_silence_is_never_a_pass() -> None:
    """Every answer in turn is withheld: something is not_checked then, and nothing is found that was not there."""
    names_of_answers = [name for name, value in vars(facts()).items() if isinstance(value, list)]
    assert len(names_of_answers) == 14
    for name in names_of_answers:
        found = all_of(
            facts(**{name: SILENT}), subject(CLOUD_ARCHIVE, record={"remote_archive_target_database": "DB01"})
        )
        assert found, name
        assert {severity for _code, severity in found} == {"not_checked"}, name
    for changes in (
        {"directory": SILENT},
        {"entra": SILENT},
        {"features": SILENT},
        {"endpoint_tests": {"mail": SILENT}},
    ):
        assert {severity for _code, severity in all_of(facts(**changes), subject())} == {"not_checked"}
    for changes in ({"directory": SILENT}, {"entra": SILENT}):
        assert {severity for _code, severity in all_of(facts(), subject(**changes))} == {"not_checked"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"databases": [{**DATABASE, "ProhibitSendReceiveQuota": "225.8 MB"}]}, "size_exceeds_quota"),
        ({"databases": [{**DATABASE, "RecoverableItemsQuota": "30 GB"}]}, "recoverable_items_exceed_quota"),
        ({"copies": [COPY, {**COPY, "DiskFreeSpace": "900 GB"}]}, "database_space"),
    ],
)
def test_a_size_in_an_unknown_form_is_not_checked(changes: dict[str, Any], code: str) -> None:
    assert all_of(facts(**changes), subject()) == [(code, "not_checked")]


def test_a_directory_that_is_not_published_blocks_nothing_beside_one_that_is() -> None:
    internal = {**VDIR, "Identity": "EX02\\EWS", "ExternalUrl": None, "MRSProxyEnabled": False}
    assert all_of(facts(virtual_directories=[internal, VDIR]), subject()) == []
    off = {**VDIR, "MRSProxyEnabled": False}
    assert all_of(facts(virtual_directories=[internal, off]), subject()) == [("mrs_proxy_disabled", "blocker")]


@pytest.mark.parametrize("answer", [[{}], [{"Identity": "EX01"}]])
def test_a_property_that_an_answer_lacks_is_not_checked(answer: list[dict[str, Any]]) -> None:
    codes = all_of(facts(virtual_directories=answer, scheduler=answer, databases=[{"Name": "DB01"}]), subject())
    assert {severity for _code, severity in codes} == {"not_checked"}
    assert {"mrs_proxy_disabled", "sync_staging_mode", "server_version_unsupported", "database_not_mounted"} <= {
        code for code, _severity in codes
    }


# -- guards, words, acceptance ----------------------------------------------------------------------------------------


def test_the_guards_are_the_blockers_of_the_report() -> None:
    worst = subject(
        cloud_mailbox(ArchiveGuid=guid_of("archive"), AutoExpandingArchiveEnabled=True),
        on_premises_recipient(ArchiveGuid=guid_of("old"), MailboxMoveStatus="Failed"),
        {"target_delivery_domain": "fabrikam.com"}, move_request_of(status="Completed"),
    )  # fmt: skip
    codes = {finding.code for finding in guards.blockers(facts(), worst)}
    assert codes == {
        "auto_expanding_archive", "archive_guid_differs", "move_residue", "delivery_address_missing",
        "completed_request_left", "delivery_domain_not_accepted",
    }  # fmt: skip
    assert guards.blockers(facts(), subject()) == []
    # A request under way belongs to the role: it is followed, not refused.
    assert guards.blockers(facts(), subject(request=move_request_of(status="InProgress"))) == []


def test_every_check_has_all_its_words() -> None:
    for check in ALL:
        assert check.question.endswith("?"), check.code
        assert check.why.endswith("."), check.code
        assert check.source, check.code
        assert (check.remedy or check.channel_remedy).endswith("."), check.code
    assert set(offboarding_state.STOP_SIGNS) <= set(CHECKS)
    assert set(CHECKS) >= FINAL


def test_a_blocker_says_how_it_is_accepted_unless_nobody_may() -> None:
    assert "offboarding_accept: [size_exceeds_quota]" in found("size_exceeds_quota", "It is too large").remedy
    assert "offboarding_accept" not in found("conflict", "Both sides differ").remedy
    assert "offboarding_accept" not in found("server_version_out_of_support", "It is so").remedy


def test_an_error_keeps_its_code_and_an_unknown_one_is_unreadable() -> None:
    sign = MailboxError("on hold.", code="litigation_hold", remedy="Release it.")
    assert (of_error(sign, "ann").code, of_error(sign, "ann").remedy) == ("litigation_hold", "Release it.")
    assert of_error(MailboxError("Broken.", code="unknown_failure"), "ann").code == "unreadable"


def test_only_codes_that_may_be_accepted_are() -> None:
    assert accepted_codes(["litigation_hold", "home_mdb_left"]) == {"litigation_hold", "home_mdb_left"}
    for code in ("conflict", "holdz"):
        with pytest.raises(InputError, match=code):
            accepted_codes([code])
    findings = [found("litigation_hold", "On hold"), found("conflict", "Torn")]
    assert [item.accepted for item in accepted(findings, {"litigation_hold", "conflict"})] == [True, False]
    assert {"upn_differs", "baseline_missing", "protected_account"} <= set(ACCEPTABLE)


@pytest.mark.parametrize(("severity", "fail_on", "refuses"), [
    ("blocker", "blocker", True), ("blocker", "never", False), ("warning", "blocker", False),
    ("warning", "warning", True), ("not_checked", "warning", False), ("info", "warning", False),
])  # fmt: skip
def test_fail_on_is_a_threshold_that_not_checked_never_reaches(severity: str, fail_on: str, refuses: bool) -> None:
    finding = found("litigation_hold", "On hold", severity=severity)
    assert finding.stops(fail_on) is refuses
    assert accepted([finding], {"litigation_hold"})[0].stops(fail_on) is False


def test_unread_domains_of_the_tenant_leave_the_suffixes_unchecked() -> None:
    """The role's own guard reads them; a report without them says so of the suffixes."""
    silent = facts(domains_in_the_cloud=SILENT)
    assert ("upn_suffix_not_accepted", "not_checked") in told(identity.check(silent, [subject()]))
    assert told(identity.check(facts(), [subject()])) == []


def test_unread_domains_of_either_side_leave_the_addresses_of_that_side_unchecked() -> None:
    for side, codes in (
        ("domains_in_the_cloud", ["address_domain_not_accepted"]),
        ("domains_on_premises", ["primary_domain_not_accepted", "alias_domain_not_accepted"]),
    ):
        assert told(names.check(facts(**{side: SILENT}), [subject()])) == [(code, "not_checked") for code in codes]
    assert told(names.check(facts(), [subject()])) == []


@pytest.mark.parametrize("name", ["DB01", "db01"])
def test_the_version_of_the_target_databases_server_counts_alone(name: str) -> None:
    old = {**DATABASE, "Name": "DB02", "ServerName": "EX02", "AdminDisplayVersion": "Version 14.3 (Build 123.4)"}
    seen = [subject(record={"remote_target_database": name})]
    assert list(exchange_server.versions(facts(databases=[DATABASE, old]), seen)) == []
    unknown = [subject(record={"remote_target_database": ""})]
    assert told(exchange_server.versions(facts(databases=[DATABASE, old]), unknown)) == [
        ("server_version_unsupported", "blocker")
    ]


def test_without_a_target_delivery_domain_nothing_is_said_of_the_delivery_address() -> None:
    unnamed = subject(record={"target_delivery_domain": ""})
    (finding,) = names.check(facts(), [unnamed, subject()])
    assert (finding.code, finding.severity) == ("delivery_address_missing", "not_checked")
    assert "for 1 mailboxes" in finding.found


def test_an_anchor_that_is_not_shown_is_not_checked_and_one_that_is_shown_is() -> None:
    """Without Microsoft Graph, Get-Mailbox alone shows the anchor of a cloud user."""
    mine = _values.immutable_id_of_guid(guid_of("ann on-premises"))
    unshown, shown = subject(entra=SILENT), subject(cloud_mailbox(ImmutableId=mine), entra=SILENT)
    for wave, count in (([unshown, shown], 1), ([shown], 0)):
        anchors = [item for item in identity.check(facts(), wave) if item.code == "anchor_differs"]
        assert [item.severity for item in anchors] == ["not_checked"] * count
        assert all("for 1 mailboxes" in item.found for item in anchors)


def test_an_accepted_domain_in_capitals_is_accepted() -> None:
    shouted = facts(
        domains_on_premises=[{"DomainName": "CONTOSO.COM"}],
        domains_in_the_cloud=[{"DomainName": "Contoso.Com"}, {"DomainName": ROUTING.upper()}],
    )
    assert all_of(shouted, subject()) == []


def test_what_no_channel_shows_of_plain_users_is_not_checked() -> None:
    """One by one where Active Directory withholds one of them, together where nothing asks it."""
    codes = {(code, "not_checked") for code in NOT_SHOWN}
    withheld = list(identity.check(facts(), [subject(directory=SILENT), subject()]))
    assert set(told(withheld)) == codes
    assert {finding.mailbox for finding in withheld} == {"ann@contoso.com"}
    nobody = list(identity.check(facts(directory=SILENT), [subject(directory=SILENT), subject(directory=SILENT)]))
    assert set(told(nobody)) == codes
    assert {finding.mailbox for finding in nobody} == {""}
    assert all("2 plain users" in finding.found for finding in nobody)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (_values.immutable_id_of_guid(guid_of("older")), guid_of("older")),
        ("b2xkZXI=", "'b2xkZXI=' in base64"),
    ],
)
def test_an_anchor_is_shown_as_the_guid_in_it_or_as_it_is(stored: str, shown: str) -> None:
    user = DirectoryUser("g", "CN=Ann", inheritance_disabled=False, consistency_anchor=stored)
    (finding,) = [item for item in identity.anchor(subject(directory=user)) if item.code == "consistency_guid_set"]
    assert finding.found.rstrip(".").endswith(f"mS-DS-ConsistencyGuid is {shown}")


def test_what_refuses_a_hard_match_since_2026() -> None:
    """A role, held or eligible, and an object that the user was synced from; a soft match is free."""
    mine = _values.immutable_id_of_guid(guid_of("ann on-premises"))
    ahead = cloud_mailbox(ImmutableId=mine)
    user, free = guid_of("ann in Entra"), Authority((), False)

    def hardened(seen: Subject) -> list[tuple[str, str]]:
        return [item for item in told(identity.check(facts(), [seen])) if item[0] == "hard_match_hardened"]

    refused, unread = [("hard_match_hardened", "blocker")], [("hard_match_hardened", "not_checked")]
    assert hardened(subject(ahead)) == []
    assert hardened(subject(ahead, entra=CloudUser(user, mine, False, (), ("Exchange Administrator",)))) == refused
    assert hardened(subject(ahead, entra=CloudUser(user, mine, False, (), (), "other"))) == refused
    assert hardened(subject(ahead, authority=Authority(("Exchange Administrator",), False))) == refused
    assert hardened(subject(ahead, authority=Authority(None, False))) == unread
    soft = subject(entra=CloudUser(user, "", False, (), (), "other"), authority=Authority(("Role",), False))
    synced = subject(cloud_mailbox(IsDirSynced=True, ImmutableId=mine), authority=Authority(("Role",), False))
    assert (hardened(soft), hardened(synced), free.eligible_roles) == ([], [], ())


def test_whose_word_counts_for_a_user_and_what_would_write_over_ours() -> None:
    cloud = subject(authority=Authority((), True))
    assert ("user_cloud_managed", "blocker") in all_of(facts(), cloud)
    assert ("user_cloud_managed", "not_checked") in all_of(facts(), subject(authority=Authority((), None)))
    assert ("attribute_write_back", "warning") in all_of(facts(write_back_jobs=["job"]), subject())
    assert ("attribute_write_back", "not_checked") in all_of(facts(write_back_jobs=SILENT), subject())
