# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from lab.answer import CmdletFailure, LabCredential
from lab.model.contract import ADSYNC, CLOUD, SERVER, Binder
from lab.wire import error_records

if TYPE_CHECKING:
    from conftest import Desk


def refusal(environment: str, cmdlet: str, /, **parameters: Any) -> CmdletFailure:
    binder = Binder(environment)
    with pytest.raises(CmdletFailure) as caught:
        binder.bind(binder.cmdlet(cmdlet), parameters)
    assert caught.value.terminating
    return caught.value


def test_unknown_cmdlet() -> None:
    failure = refusal(SERVER, "Get-Mialbox")
    assert failure.exception_type.endswith("CommandNotFoundException")
    assert "is not recognized as the name of a cmdlet" in failure.message


@pytest.mark.parametrize(
    ("environment", "cmdlet"),
    [(CLOUD, "Enable-MailUser"), (CLOUD, "Get-MailboxDatabase"), (SERVER, "Get-EXOMailbox"), (ADSYNC, "Get-User")],
)
def test_cmdlet_of_another_environment(environment: str, cmdlet: str) -> None:
    assert refusal(environment, cmdlet).exception_type.endswith("CommandNotFoundException")


def test_names_are_read_without_regard_to_case_and_aliases_count() -> None:
    binder = Binder(CLOUD)
    assert binder.cmdlet("get-moverequest") == "Get-MoveRequest"
    assert binder.bind("Get-MoveRequest", {"resultsize": 5, "MoveStatus": "queued"}) == {
        "ResultSize": 5,
        "Status": "Queued",
    }


def test_unknown_parameter_is_told_apart_by_environment() -> None:
    server, cloud = refusal(SERVER, "Get-User", Bogus=1), refusal(CLOUD, "Get-User", Bogus=1)
    assert server.exception_type.endswith("ParameterBindingException")
    assert server.message == "A parameter cannot be found that matches parameter name 'Bogus'."
    assert cloud.exception_type.endswith("AmbiguousParameterSetException")
    assert cloud.message.endswith("Invalid cmdlet parameters specified. Bogus")


@pytest.mark.parametrize(
    ("environment", "cmdlet", "parameters"),
    [
        (CLOUD, "New-MoveRequest", {"Identity": "a", "Outbound": True, "RemoteHostName": "h", "BadItemLimit": 5}),
        (CLOUD, "Get-Mailbox", {"DomainController": "dc01.contoso.com"}),
        (SERVER, "Get-AcceptedDomain", {"ResultSize": "Unlimited"}),
        (CLOUD, "Set-MoveRequest", {"Identity": "a", "TargetDatabase": "DB01"}),
    ],
)
def test_parameter_of_the_other_environment(environment: str, cmdlet: str, parameters: dict[str, Any]) -> None:
    assert refusal(environment, cmdlet, **parameters).category == "InvalidArgument"


def test_parameters_of_two_sets() -> None:
    failure = refusal(CLOUD, "Get-MoveRequest", Identity="a", BatchName="wave")
    assert failure.message.startswith("Parameter set cannot be resolved")


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [("Set-MailUser", {"Alias": "a"}), ("Enable-RemoteMailbox", {"Alias": "a"}), ("Remove-MoveRequest", {})],
)
def test_missing_mandatory_parameter(cmdlet: str, parameters: dict[str, Any]) -> None:
    assert "missing mandatory parameters" in refusal(SERVER, cmdlet, **parameters).message


def test_a_switch_that_is_false_selects_no_set() -> None:
    failure = refusal(CLOUD, "New-MoveRequest", Identity="a", Outbound=False, RemoteHostName="mail.contoso.com")
    assert "missing mandatory parameters" in failure.message


@pytest.mark.parametrize("identity", [None, ""])
def test_mandatory_identity_cannot_be_empty(identity: str | None) -> None:
    assert "null or an empty string" in refusal(CLOUD, "Remove-MoveRequest", Identity=identity).message


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ({"Type": "Sharred"}, "Sharred"), ({"ExchangeGuid": "no guid"}, "no guid"),
        ({"EmailAddressPolicyEnabled": "yes"}, "yes"), ({"EmailAddresses": {"Plus": ["a@contoso.com"]}}, "Plus"),
    ],
)  # fmt: skip
def test_value_that_is_not_accepted(parameters: dict[str, Any], shown: str) -> None:
    cmdlet = "Set-Mailbox" if "Type" in parameters else "Set-MailUser"
    server = refusal(SERVER, cmdlet, Identity="a", **parameters)
    assert server.exception_type.endswith("ParameterBindingArgumentTransformationException")
    assert shown in server.message


def test_enumeration_error_lists_the_names_in_the_cloud() -> None:
    failure = refusal(CLOUD, "Get-MoveRequest", Status="Done")
    assert failure.exception_type.endswith("ParameterTransformationException")
    assert "AutoSuspended" in failure.message


def test_credential_is_typed_and_its_password_is_not_in_the_error() -> None:
    failure = refusal(
        CLOUD, "Set-MoveRequest", Identity="a", CompleteAfter=LabCredential("CONTOSO\\svc", "the-password")
    )
    assert "the-password" not in failure.message
    assert "RemoteCredential" in refusal(CLOUD, "Set-MoveRequest", Identity="a", RemoteCredential="text").message


def test_values_are_converted() -> None:
    bound = Binder(CLOUD).bind("Set-MoveRequest", {
        "Identity": uuid.UUID(int=1), "CompleteAfter": "2026-12-01T20:00:00.0000000Z",
        "IncrementalSyncInterval": "1.02:03:04",
    })  # fmt: skip
    assert bound == {
        "Identity": "00000000-0000-0000-0000-000000000001",
        "CompleteAfter": datetime.datetime(2026, 12, 1, 20, tzinfo=datetime.timezone.utc),
        "IncrementalSyncInterval": datetime.timedelta(days=1, hours=2, minutes=3, seconds=4),
    }
    naive = Binder(CLOUD).bind("Set-MoveRequest", {"Identity": "a", "CompleteAfter": "2026-12-01T20:00:00"})
    assert naive["CompleteAfter"].utcoffset() == datetime.timedelta(0)


def test_common_parameters_are_let_through() -> None:
    assert Binder(SERVER).bind("Get-User", {"erroraction": "Stop"}) == {"ErrorAction": "Stop"}


def test_the_added_run_history_cmdlet_has_its_parameters() -> None:
    assert Binder(ADSYNC).bind("Get-ADSyncRunProfileResult", {"NumberRequested": "3"}) == {"NumberRequested": 3}


def test_a_parameter_that_the_lab_does_not_obey_is_refused_and_never_ignored(desk: Desk) -> None:
    desk.build.cloud_only("Ann Archer")
    with pytest.raises(CmdletFailure, match="does not implement parameter MailTip of Set-MailUser"):
        desk.server("Set-MailUser", Identity="Ann Archer", MailTip="hello")


def test_cmdlet_without_a_role_is_simply_absent(desk: Desk) -> None:
    desk.hybrid.exchange_server.revoked[desk.shell.user] = {"Set-MailUser"}
    assert "Set-MailUser" not in desk.hybrid.exchange_server.granted(desk.shell.user)
    assert "Set-MailUser" in desk.hybrid.exchange_server.granted("somebody else")
    with pytest.raises(CmdletFailure, match="is not recognized"):
        desk.server("Set-MailUser", Identity="a")


def test_error_action_stop_makes_an_error_terminating(desk: Desk) -> None:
    assert not desk.refused("Get-User", Identity="nobody").terminating
    with pytest.raises(CmdletFailure, match="couldn't be found"):
        desk.server("Get-User", Identity="nobody", ErrorAction="Stop")


@pytest.mark.parametrize("confirm", [{}, {"Confirm": True}])
def test_prompting_cmdlet_needs_confirm_false(desk: Desk, confirm: dict[str, bool]) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    desk.prepare(pair)
    with pytest.raises(CmdletFailure, match="prompts the user"):
        desk.server("Disable-MailUser", Identity="Ann Archer", **confirm)
    assert pair.directory.kind == "MailUser"
    desk.server("Disable-MailUser", Identity="Ann Archer", Confirm=False)
    assert pair.directory.kind == "User"


def test_unknown_domain_controller_is_refused(desk: Desk) -> None:
    with pytest.raises(CmdletFailure, match=r"dc99\.contoso\.com"):
        desk.server("Get-User", DomainController="dc99.contoso.com")
    assert desk.server("Get-User", DomainController="DC01.contoso.com").errors == []


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "error_id"),
    [
        ("Set-MailUser", {"Identity": "a", "Bogus": 1}, "NamedParameterNotFound"),
        ("Set-MailUser", {"Identity": "a", "identity": "b"}, "ParameterAlreadyBound"),
        ("Set-Mailbox", {"Identity": "a", "CustomAtt": "x"}, "AmbiguousParameter"),
        ("Get-Mailbox", {"Identity": "a", "Anr": "b"}, "AmbiguousParameterSet"),
        ("Set-MailUser", {"Alias": "a"}, "MissingMandatoryParameter"),
        # Two sets would do; the engine takes the default one.
        ("Enable-MailUser", {"Identity": "a"}, "MissingMandatoryParameter"),
        ("Set-MailUser", {"Identity": None}, "ParameterArgumentValidationErrorEmptyStringNotAllowed"),
        ("Get-MailUser", {"@0": "a", "@9": "b"}, "PositionalParameterNotFound"),
    ],
)  # fmt: skip
def test_the_engines_own_identifiers(cmdlet: str, parameters: dict[str, Any], error_id: str) -> None:
    failure = refusal(SERVER, cmdlet, **parameters)
    assert (failure.error_id, failure.terminating) == (error_id, True)
    now = datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)
    assert error_records.error_id(cmdlet, failure, now) == f"{error_id},{cmdlet}"


@pytest.mark.parametrize(
    ("cmdlet", "given", "bound"),
    [
        ("Set-MailUser", {"Ident": "a", "ea": "Stop"}, {"Identity": "a", "ErrorAction": "Stop"}),
        ("Get-MailUser", {"@0": "a"}, {"Identity": "a"}),
        ("Set-Mailbox", {"Identity": "a", "CustomAttribute1": 5}, {"Identity": "a", "CustomAttribute1": "5"}),
        ("Set-Mailbox", {"Identity": "a", "CustomAttribute1": None}, {"Identity": "a", "CustomAttribute1": ""}),
        ("Set-Mailbox", {"Identity": "a", "ResourceCapacity": " 7 "}, {"Identity": "a", "ResourceCapacity": 7}),
        ("Set-Mailbox", {"Identity": "a", "HiddenFromAddressListsEnabled": 1},
         {"Identity": "a", "HiddenFromAddressListsEnabled": True}),
    ],
)  # fmt: skip
def test_what_the_engine_takes(cmdlet: str, given: dict[str, Any], bound: dict[str, Any]) -> None:
    assert Binder(SERVER).bind(cmdlet, given) == bound


@pytest.mark.parametrize(
    ("cmdlet", "parameter", "value"),
    [
        ("Set-MailUser", "ExchangeGuid", "urn:uuid:99aeac02-0000-0000-0000-000000000000"),
        ("Set-MailUser", "ExchangeGuid", None), ("Set-MailUser", "EmailAddressPolicyEnabled", None),
        ("Set-Mailbox", "ResourceCapacity", "1_000"), ("Set-Mailbox", "ResourceCapacity", 2**40),
        ("Set-Mailbox", "Password", "text"),
    ],
)  # fmt: skip
def test_what_the_engine_does_not_convert(cmdlet: str, parameter: str, value: Any) -> None:
    failure = refusal(SERVER, cmdlet, Identity="a", **{parameter: value})
    assert failure.exception_type.endswith("ParameterBindingArgumentTransformationException")
    assert failure.category == "InvalidData"
