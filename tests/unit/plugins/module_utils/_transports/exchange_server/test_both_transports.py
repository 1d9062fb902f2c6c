# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both transports to Exchange Server, by the same tests: what a module sees does not depend on the way."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Credential,
    Secret,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.organization import (
    from_options,
)

from lab.answer import NULL, ByteSize, Collection, Enumeration, LabObject, Reference
from lab.log import SecretText

NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
READ = Cmdlet("Get-MailUser", {"Identity": "ann"})
WRITE = Cmdlet("Set-MailUser", {"Identity": "ann", "EmailAddressPolicyEnabled": False})
NASTY = "O'Neil \"; Remove-Mailbox $(1) `n \n\U0001f600 _x000A_ 2026-12-01T00:00:00Z s:x"
USER = LabObject(
    ("Microsoft.Exchange.Data.Directory.Management.MailUser", "System.Object"),
    {
        "Name": NASTY,
        "Identity": Reference("contoso.com/Users/Ann"),
        "RecipientTypeDetails": Enumeration("X.RecipientTypeDetails", "MailUser", 128),
        "EmailAddresses": Collection(["SMTP:ann@contoso.com"], "Microsoft.Exchange.Data.ProxyAddressCollection"),
        "InPlaceHolds": Collection([]),
        "Guid": uuid.UUID("99aeac02-0000-0000-0000-000000000000"),
        "ProhibitSendQuota": ByteSize(None),
        "TotalItemSize": ByteSize(1288490188),
        "RetainDeletedItemsFor": datetime.timedelta(days=14),
        "WhenChanged": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
        "CustomAttribute1": "2026-01-02T03:04:05+01:00",
        "ItemCount": 2**40,
        "HiddenFromAddressListsEnabled": True,
        "ArchiveName": None,
    },
    "contoso.com/Users/Ann",
)
SHOWN = {
    "Name": NASTY,
    "Identity": "contoso.com/Users/Ann",
    "RecipientTypeDetails": "MailUser",
    "EmailAddresses": ["SMTP:ann@contoso.com"],
    "InPlaceHolds": [],
    "Guid": "99aeac02-0000-0000-0000-000000000000",
    "ProhibitSendQuota": "Unlimited",
    "TotalItemSize": "1.2 GB (1,288,490,188 bytes)",
    "RetainDeletedItemsFor": "14.00:00:00",
    "WhenChanged": "2026-01-02T03:04:05Z",
    "CustomAttribute1": "2026-01-02T03:04:05+01:00",
    "ItemCount": 2**40,
    "HiddenFromAddressListsEnabled": True,
    "ArchiveName": None,
}
# What remote PowerShell notes on each object.
NOTES = {"PSComputerName", "RunspaceId", "PSShowComputerName"}


@pytest.fixture(params=["psrp", "winrm"])
def organization(request: pytest.FixtureRequest, scripted: Any, patience: Any) -> Any:
    port = {"psrp": "exchange_server", "winrm": "management_shell"}[request.param]
    environment = scripted.environment()

    def make(**more: Any) -> Any:
        options = {
            "transport": request.param, "host": "localhost", "port": scripted.port(port), "auth": "basic",
            "username": environment["EXCHANGE_SERVER_USERNAME"], "password": environment["EXCHANGE_SERVER_PASSWORD"],
            "ca_file": environment["EXCHANGE_SERVER_CA_FILE"], **more,
        }  # fmt: skip
        return replace(from_options(options), retry=patience.retry)

    yield make
    assert scripted.open_sessions()["exchange_server"] == 0


@pytest.fixture
def session(organization: Callable[..., Any]) -> Any:
    session = organization().open()
    yield session
    session.close()


def failure_of(work: Callable[[], object]) -> HybridError:
    with pytest.raises(HybridError) as caught:
        work()
    return caught.value


def test_objects_and_warnings(scripted: Any, session: Any) -> None:
    scripted.hybrid.exchange_server.answer("Get-MailUser", USER, USER, warnings=("Ünïcode.",))
    output = session.run(READ)
    assert [{name: item[name] for name in item.keys() - NOTES} for item in output.objects] == [SHOWN, SHOWN]
    assert output.warnings == ["Ünïcode."]
    scripted.hybrid.exchange_server.answer("Get-MailUser")
    assert session.run(READ).objects == []


def test_what_is_no_character_breaks_no_answer(scripted: Any, session: Any) -> None:
    """Exchange holds UTF-16 units: a name that was cut at its 64th may end in half a character."""
    texts = {
        "Half": "Ann \ud83d", "Other": "\ude00 Ann", "None": "a\ufffe\uffffb", "Emoji": "\U0001f600", "Text": "_X0041_",
    }  # fmt: skip
    answer = LabObject(("X.MailUser",), {**texts, "List": Collection([texts["Half"]])})
    scripted.hybrid.exchange_server.answer("Get-MailUser", NULL, answer, warnings=(texts["Half"],))
    output = session.run(READ)
    (item,) = output.objects
    assert {name: item[name] for name in item.keys() - NOTES} == {
        "Half": "Ann \ufffd", "Other": "\ufffd Ann", "None": "a\ufffd\ufffdb", "Emoji": "\U0001f600", "Text": "_X0041_",
        "List": ["Ann \ufffd"],
    }  # fmt: skip
    assert output.warnings == ["Ann \ufffd"]
    scripted.faults.add(
        "exchange_server", "Set-MailUser", "error", exception_type="X.SomeException", message="Ann \ud83d")
    assert failure_of(lambda: session.run(WRITE)).message == "Ann \ufffd"


@pytest.mark.parametrize(
    ("exception_type", "message", "code"),
    [
        ("ParameterBindingException", "A parameter cannot be found that matches parameter name", "permission_denied"),
        ("ParameterBindingException", "missing mandatory parameters: Identity.", "parameter_refused"),
        ("ParameterBindingArgumentTransformationException", "Cannot process", "parameter_refused"),
        ("HostException", "A command that prompts the user failed because ...", "confirmation_required"),
    ],
)
def test_a_call_that_powershell_refuses(
    scripted: Any, session: Any, exception_type: str, message: str, code: str
) -> None:
    scripted.faults.add(
        "exchange_server", "Set-MailUser", "error", exception_type=f"System.Management.Automation.{exception_type}",
        message=message, terminating=True)
    error = failure_of(lambda: session.run(WRITE))
    assert (error.code, error.answer_lost, error.retryable) == (code, False, False)


def test_the_entire_forest_is_seen(scripted: Any, session: Any) -> None:
    seen: list[bool] = []

    def look(call: Any) -> Any:
        seen.append(call.shell.view_entire_forest)
        return scripted.hybrid.exchange_server.answers["Get-User"](call)

    def settings(call: Any) -> Any:
        call.shell.view_entire_forest = call.parameters["ViewEntireForest"]
        return scripted.hybrid.exchange_server.answers["Get-User"](call)

    scripted.hybrid.exchange_server.answer("Get-User")
    scripted.hybrid.exchange_server.answers.update({"Get-MailUser": look, "Set-ADServerSettings": settings})
    session.run(READ)
    session.run(READ)
    assert seen == [True, True]


def test_parameters_arrive_typed(scripted: Any, session: Any) -> None:
    session.run(Cmdlet("New-Something", {
        "Text": NASTY, "Flag": True, "Off": False, "Small": 5, "Large": 2**40, "Nothing": None,
        "List": ["a", "1", NASTY],
        "Empty": [], "Table": {"Add": ["a", NASTY], "Remove": "b"}, "Bytes": b"a\0b",
        "Span": datetime.timedelta(days=1),
        "When": datetime.datetime(2026, 12, 1, tzinfo=datetime.timezone.utc),
        "Guid": uuid.UUID("99aeac02-0000-0000-0000-000000000000"),
        "Credential": Credential("CONTOSO\\svc-mrs", "Battery-stäple \U0001f600'\""),
        "Secret": Secret("H0rse-stäple \U0001f600'\""),
    }))  # fmt: skip
    received = dict(scripted.hybrid.exchange_server.named("New-Something")[0].parameters)
    credential = received.pop("Credential")
    assert (credential.username, credential.password) == ("CONTOSO\\svc-mrs", "Battery-stäple \U0001f600'\"")
    assert received.pop("Secret") == SecretText("H0rse-stäple \U0001f600'\"")
    assert "stäple" not in str(scripted.log.entries())
    assert received == {
        "Text": NASTY, "Flag": True, "Off": False, "Small": 5, "Large": 2**40, "Nothing": None,
        "List": ["a", "1", NASTY],
        "Empty": [], "Table": {"Add": ["a", NASTY], "Remove": "b"}, "Bytes": b"a\0b", "Span": "1.00:00:00",
        "When": "2026-12-01T00:00:00.0000000Z", "Guid": "99aeac02-0000-0000-0000-000000000000",
    }  # fmt: skip
    assert received["Flag"] is True


def test_large_parameters_and_answers_survive(scripted: Any, session: Any) -> None:
    text = "ü\U0001f600'" * 60_000
    assert len(text.encode()) > 400_000
    scripted.hybrid.exchange_server.answer("New-Something", LabObject(("X",), {"Text": text}, "x"))
    output = session.run(Cmdlet("New-Something", {"Text": text}))
    assert scripted.hybrid.exchange_server.named("New-Something")[0].parameters == {"Text": text}
    assert output.objects[0]["Text"] == text


def test_confirm_and_domain_controller_are_added_where_they_exist(
    scripted: Any, organization: Callable[..., Any]
) -> None:
    session = organization(domain_controller="dc01.contoso.com").open()
    for cmdlet in (READ, WRITE, Cmdlet("New-Something"), READ.with_parameters(DomainController="dc02.contoso.com")):
        session.run(cmdlet)
    session.close()
    received = [
        call.parameters for call in scripted.hybrid.exchange_server.calls if call.cmdlet != "Set-ADServerSettings"
    ]
    assert received[0] == {"Identity": "ann", "DomainController": "dc01.contoso.com"}
    assert (received[1]["DomainController"], received[1]["Confirm"]) == ("dc01.contoso.com", False)
    assert received[2] == {}
    assert received[3]["DomainController"] == "dc02.contoso.com"


@pytest.mark.parametrize("terminating", [False, True])
def test_errors_are_exchanges_own(scripted: Any, session: Any, terminating: bool) -> None:
    scripted.faults.add(
        "exchange_server", "Get-MailUser", "error", exception_type=NOT_FOUND, terminating=terminating,
        message="The operation couldn't be performed because object 'ann' couldn't be found on 'DC01'.",
    )  # fmt: skip
    error = failure_of(lambda: session.run(READ))
    assert isinstance(error, CmdletError)
    assert (error.not_found, error.exception_type) == (True, "ManagementObjectNotFoundException")
    assert "[FailureCategory=Cmdlet-ManagementObjectNotFoundException]" in error.error_id
    assert (error.category, error.cmdlet) == ("NotSpecified", "Get-MailUser")
    assert session.run(READ).objects == []


def test_a_warning_that_nothing_was_found_is_no_success(scripted: Any, session: Any) -> None:
    scripted.hybrid.exchange_server.answer("Get-MailUser", warnings=("The object 'ann' couldn't be found on 'DC'.",))
    scripted.hybrid.exchange_server.answer("Set-MailUser", warnings=("The policy 'x' couldn't be found on 'DC'.",))
    assert failure_of(lambda: session.run(READ)).code == "not_found"
    assert len(session.run(WRITE).warnings) == 1


@pytest.mark.parametrize("fault", [{}, {"exception_type": "ParameterBindingException"}], ids=["cmdlet", "parameter"])
def test_what_the_roles_do_not_grant(scripted: Any, session: Any, fault: dict[str, str]) -> None:
    if fault:
        scripted.faults.add(
            "exchange_server", "Get-MailUser", "error", terminating=True,
            exception_type="System.Management.Automation.ParameterBindingException",
            message="A parameter cannot be found that matches parameter name 'Identity'.",
        )  # fmt: skip
    error = failure_of(lambda: session.run(READ if fault else Cmdlet("Get-MailboxDatabase")))
    assert (error.code, error.answer_lost, error.retryable) == ("permission_denied", False, False)


def test_view_entire_forest_that_the_roles_do_not_grant(scripted: Any, session: Any) -> None:
    scripted.faults.add("exchange_server", "Set-ADServerSettings", "deny")
    error = failure_of(lambda: session.run(WRITE))
    assert (error.code, error.cmdlet, error.answer_lost) == ("permission_denied", "Set-ADServerSettings", False)
    assert scripted.hybrid.exchange_server.named("Set-MailUser") == []
    session.run(WRITE)
    assert len(scripted.hybrid.exchange_server.named("Set-MailUser")) == 1


@pytest.mark.parametrize("kind", ["throttle", "drop_before", "drop_after", "lost_shell"])
def test_a_read_gets_over_faults(scripted: Any, session: Any, patience: Any, kind: str) -> None:
    scripted.hybrid.exchange_server.answer("Get-MailUser", USER)
    scripted.faults.add("exchange_server", "Get-MailUser", kind)
    assert len(session.run(READ).objects) == 1
    assert len(patience.waited) == 1


@pytest.mark.parametrize(
    ("kind", "code", "ran"),
    [
        ("throttle", "throttled", 0), ("lost_shell", "connection_lost", 0), ("drop_before", "connection_lost", 0),
        ("drop_after", "connection_lost", 1), ("deny", "permission_denied", 0),
    ],
)  # fmt: skip
def test_a_write_is_sent_once(scripted: Any, session: Any, patience: Any, kind: str, code: str, ran: int) -> None:
    scripted.faults.add("exchange_server", "Set-MailUser", kind)
    error = failure_of(lambda: session.run(WRITE))
    assert (error.code, error.cmdlet) == (code, "Set-MailUser")
    assert error.answer_lost or not ran
    assert len(scripted.hybrid.exchange_server.named("Set-MailUser")) == ran
    assert patience.waited == []
    session.run(WRITE)
    assert len(scripted.hybrid.exchange_server.named("Set-MailUser")) == ran + 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"password": "wr0ng-password"}, "authentication_failed"), ({"port": 1}, "unreachable"),
        ({"host": "no-such-host.invalid"}, "unreachable"),
    ],
)  # fmt: skip
def test_connection_mistakes_are_told_apart(
    organization: Callable[..., Any], patience: Any, options: dict[str, Any], code: str
) -> None:
    session = organization(**options).open()
    error = failure_of(lambda: session.run(WRITE))
    session.close()
    assert (error.code, error.answer_lost, error.cmdlet) == (code, False, "Set-MailUser")
    assert patience.waited == []
    assert "wr0ng" not in f"{error.message} {error.remedy}"
