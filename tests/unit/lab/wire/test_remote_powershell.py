# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exchange's remote PowerShell as the unmodified pypsrp meets it."""

from __future__ import annotations

import datetime
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import requests
from psrpcore.types import PSDateTime
from pypsrp.complex_objects import PSCredential
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.serializer import TaggedValue

from lab.answer import LabCredential
from lab.laboratory import Laboratory
from lab.wire import psrp_values
from lab.wire.remote_powershell import Limits

NO_LANGUAGE = "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode."


def test_properties_are_adapted_and_notes_are_extended(pool: RunspacePool, exchange: Any) -> None:
    (mailbox,) = exchange.invoke(pool, "Get-Mailbox", Identity="ann").objects
    assert str(mailbox) == "contoso.com/Staff/Ann"
    assert mailbox.types[0] == "Microsoft.Exchange.Data.Directory.Management.Mailbox"
    assert mailbox.adapted_properties["DisplayName"] == "Ann & Bob \U0001f600 _x000A_ \n"
    assert mailbox.adapted_properties["IsDirSynced"] is True
    assert mailbox.adapted_properties["ArchiveName"] is None
    assert mailbox.adapted_properties["LargeNumber"] == 2**40
    assert set(mailbox.extended_properties) == {"PSComputerName", "RunspaceId", "PSShowComputerName"}
    assert mailbox.extended_properties["RunspaceId"] == uuid.UUID(pool.id)


def test_rich_values_have_the_types_of_exchange(pool: RunspacePool, exchange: Any) -> None:
    (mailbox,) = exchange.invoke(pool, "Get-Mailbox", Identity="ann").objects
    values = mailbox.adapted_properties
    assert isinstance(values["ExchangeGuid"], uuid.UUID)
    assert values["TotalItemSize"] == "1.2 GB (1,288,490,188 bytes)"
    assert values["ProhibitSendQuota"].to_string == "Unlimited"
    assert values["Identity"].to_string == "contoso.com/Staff/Ann <Ändrews>"
    assert values["RecipientTypeDetails"].to_string == "UserMailbox"
    assert values["RecipientTypeDetails"].property_sets == [1]
    assert values["RetainDeletedItemsFor"].to_string == "14.00:00:00"
    assert values["OverallDuration"] == "PT1H0M5S"
    assert values["WhenChangedUTC"] == "2026-01-02T03:04:05Z"
    assert values["WhenChanged"] == "2026-01-01T19:04:05-08:00"


def test_collections_reach_the_caller_as_raw_xml(pool: RunspacePool, exchange: Any) -> None:
    (mailbox,) = exchange.invoke(pool, "Get-Mailbox", Identity="ann").objects
    addresses = mailbox.adapted_properties["EmailAddresses"]
    assert addresses.types[0] == "Microsoft.Exchange.Data.ProxyAddressCollection"
    assert "<S>SMTP:ann@contoso.com</S>" in addresses.property_sets[0]
    assert mailbox.adapted_properties["InPlaceHolds"].property_sets == ["<LST />"]


def test_an_error_that_does_not_terminate_is_only_in_the_error_stream(pool: RunspacePool, exchange: Any) -> None:
    result = exchange.invoke(pool, "get-mailbox", Identity="nobody")
    assert (result.had_errors, result.objects) == (False, [])
    (error,) = result.errors
    assert str(error).startswith("The operation couldn't be performed because object 'nobody' couldn't be found")
    assert error.reason == "ManagementObjectNotFoundException"
    assert error.exception.types[0] == "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
    assert error.message == "NotSpecified (:) [Get-Mailbox], ManagementObjectNotFoundException"
    assert re.fullmatch(
        r"\[Server=EX01,RequestId=[0-9a-f-]{36},TimeStamp=11/23/2026 9:42:03 PM\] "
        r"\[FailureCategory=Cmdlet-ManagementObjectNotFoundException\] [0-9A-F]{8},"
        r"Microsoft\.Exchange\.Management\.RecipientTasks\.GetMailbox",
        error.fq_error,
    )


def test_a_terminating_error_fails_the_pipeline(pool: RunspacePool, exchange: Any) -> None:
    result = exchange.invoke(pool, "Get-Mailbox", Identity="broken")
    assert result.had_errors is True
    assert [str(error) for error in result.errors] == ["The directory is gone."]


def test_objects_warnings_and_errors_come_together(pool: RunspacePool, exchange: Any) -> None:
    result = exchange.invoke(pool, "Get-Mailbox", Identity="half")
    assert (len(result.objects), len(result.errors), result.warnings) == (1, 1, ["Look out."])


def test_an_unknown_parameter_is_powershells_own_error(pool: RunspacePool, exchange: Any) -> None:
    result = exchange.invoke(pool, "Set-MailUser", Identity="ann", Bogus=1)
    assert result.had_errors is True
    assert result.errors[0].fq_error == "NamedParameterNotFound,Set-MailUser"
    assert result.errors[0].reason == "ParameterBindingException"


def test_scripts_and_pipes_are_refused(pool: RunspacePool, laboratory: Laboratory) -> None:
    with PowerShell(pool) as script:
        script.add_script("1 + 1").invoke()
        assert [(str(error), error.fq_error) for error in script.streams.error] == [(NO_LANGUAGE, "ScriptsNotAllowed")]
    with PowerShell(pool) as pipe:
        pipe.add_cmdlet("Get-Mailbox").add_cmdlet("Set-MailUser").invoke()
        assert [str(error) for error in pipe.streams.error] == [NO_LANGUAGE]
    assert len(laboratory.log) == 0


@pytest.mark.parametrize("denied", [False, True])
def test_a_cmdlet_that_is_not_granted_does_not_exist(
    pool: RunspacePool, exchange: Any, laboratory: Laboratory, denied: bool
) -> None:
    name = "Set-MailUser" if denied else "Format-C"
    if denied:
        laboratory.faults.add("exchange_server", name, "deny")
    result = exchange.invoke(pool, name)
    assert result.had_errors is True
    assert str(result.errors[0]).startswith(f"The term '{name}' is not recognized as the name of a cmdlet")
    assert result.errors[0].fq_error == "CommandNotFoundException"
    assert [(entry["outcome"], entry["executed"]) for entry in laboratory.log.entries()] == [("error", False)]


def test_parameters_arrive_as_plain_python_values(pool: RunspacePool, exchange: Any, hybrid: Any) -> None:
    guid = uuid.uuid4()
    sent = {
        "Text": "ä\U0001f600 _x000A_ \n",
        "Flag": True,
        "Number": 5,
        "Large": TaggedValue("I64", 2**40),
        "Nothing": None,
        "List": ["smtp:a@contoso.com", "x"],
        "Empty": [],
        "Table": {"Add": ["smtp:b@contoso.com"], "Remove": "smtp:c@contoso.com"},
        "Guid": guid,
        "Interval": TaggedValue("TS", "P1DT2H"),
        "Bytes": TaggedValue("BA", b"ABC"),
    }
    exchange.invoke(pool, "New-Thing", **sent)
    (call,) = hybrid.exchange_server.calls
    assert call.parameters == {
        **sent,
        "Large": 2**40,
        "Interval": datetime.timedelta(days=1, hours=2),
        "Bytes": b"ABC",
    }
    assert {type(value) for value in call.parameters.values()} == {
        str,
        bool,
        int,
        type(None),
        list,
        dict,
        uuid.UUID,
        datetime.timedelta,
        bytes,
    }


def test_dates_arrive_as_plain_python_values() -> None:
    """pypsrp cannot send a date; other clients can."""
    when = PSDateTime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    decoded = psrp_values.parameters([("CompleteAfter", when)])["CompleteAfter"]
    assert decoded == datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    assert decoded.__class__ is datetime.datetime


def test_secrets_travel_encrypted_and_are_masked_in_the_log(
    pool: RunspacePool, exchange: Any, hybrid: Any, laboratory: Laboratory
) -> None:
    pool.exchange_keys()
    credential = PSCredential(username="CONTOSO\\svc", password="pässwörd")
    exchange.invoke(pool, "New-Thing", RemoteCredential=credential, Pin=TaggedValue("SS", "hush"))
    (call,) = hybrid.exchange_server.calls
    assert call.parameters == {"RemoteCredential": LabCredential("CONTOSO\\svc", "pässwörd"), "Pin": "hush"}
    assert "hush" not in repr(call)
    assert laboratory.log.entries()[0]["parameters"] == {
        "RemoteCredential": {"username": "CONTOSO\\svc", "password": "********"},
        "Pin": "********",
    }


def test_large_parameters_and_results_travel_in_fragments(pool: RunspacePool, exchange: Any, hybrid: Any) -> None:
    result = exchange.invoke(pool, "Get-Mailbox", Identity="z" * 400_000, Count=150)
    assert [mailbox.adapted_properties["Number"] for mailbox in result.objects] == list(range(150))
    assert len(hybrid.exchange_server.calls[0].parameters["Identity"]) == 400_000


def test_each_session_has_its_own_state_and_is_closed(exchange: Any, hybrid: Any, laboratory: Laboratory) -> None:
    with exchange.wsman() as wsman, exchange.wsman() as other, exchange.pool(wsman) as first:
        with exchange.pool(other) as second:
            exchange.invoke(first, "Set-ADServerSettings", ViewEntireForest=True)
            exchange.invoke(first, "Get-Mailbox")
            exchange.invoke(second, "Get-Mailbox")
            assert laboratory.open_sessions() == {"exchange_server": 2, "entra_connect": 0}
        assert laboratory.open_sessions() == {"exchange_server": 1, "entra_connect": 0}
    states = [call.shell.view_entire_forest for call in hybrid.exchange_server.calls]
    assert states == [True, True, False]
    assert laboratory.open_sessions() == {"exchange_server": 0, "entra_connect": 0}
    entries = laboratory.log.entries()
    assert [entry["kind"] for entry in entries] == ["read", "read", "read"]
    assert len({entry["session"] for entry in entries}) == 2


@pytest.mark.parametrize("path", ["powershell/", "POWERSHELL", "PowerShell/?serializationLevel=Full"])
def test_the_path_may_be_written_in_many_ways(exchange: Any, path: str) -> None:
    with exchange.wsman(path=path) as wsman, exchange.pool(wsman) as pool:
        assert len(exchange.invoke(pool, "Get-Mailbox").objects) == 1


def test_a_wrong_password_is_refused(exchange: Any, laboratory: Laboratory) -> None:
    with exchange.wsman(password="wrong") as wsman, pytest.raises(AuthenticationError):
        exchange.pool(wsman).open()
    url = f"https://localhost:{laboratory.port('exchange_server')}/PowerShell/"
    answer = requests.post(url, verify=str(laboratory.directory / "ca.pem"), timeout=10)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="ex01.contoso.com"')


def test_an_untrusted_certificate_is_a_tls_error(exchange: Any) -> None:
    with exchange.wsman(cert_validation=True) as wsman, pytest.raises(requests.exceptions.SSLError):
        exchange.pool(wsman).open()


def test_a_wrong_endpoint_is_told_apart(exchange: Any) -> None:
    with exchange.wsman() as wsman, pytest.raises(WSManFaultError) as fault:
        exchange.pool(wsman, configuration="Microsoft.PowerShell").open()
    assert fault.value.code == 2150858811
    assert "was not found in the WS-Management catalog" in str(fault.value)
    with exchange.wsman(path="wsman") as wsman, pytest.raises(WinRMTransportError) as missing:
        exchange.pool(wsman).open()
    assert missing.value.code == 404


def test_the_limits_of_the_throttling_policy(hybrid: Any, tmp_path: Path, exchange: Any) -> None:
    with Laboratory(hybrid, tmp_path / "small", limits=Limits(shells=1, commands=2)) as laboratory:
        client = type(exchange)(laboratory)
        with client.wsman() as wsman, client.pool(wsman) as pool:
            with client.wsman() as other, pytest.raises(WSManFaultError) as sessions:
                client.pool(other).open()
            for _unused in range(3):
                with PowerShell(pool) as ended:
                    ended.add_cmdlet("Get-Mailbox").invoke()
            for _unused in range(2):
                PowerShell(pool).add_cmdlet("Get-Mailbox").invoke()
            with pytest.raises(WSManFaultError) as commands:
                PowerShell(pool).add_cmdlet("Get-Mailbox").invoke()
    assert "exceeded the maximum number of connections allowed : 1 for the policy party : MaxConcurrency" in str(
        sessions.value
    )
    assert "The maximum number of concurrent commands per shell has been exceeded." in str(commands.value)
    assert Limits() == Limits(shells=18, commands=1000)


def test_an_idle_session_is_gone(exchange: Any, timepieces: Any, laboratory: Laboratory) -> None:
    with exchange.wsman() as wsman:
        pool = exchange.pool(wsman, idle_timeout=90)
        pool.open()
        timepieces.monotonic += 89
        exchange.invoke(pool, "Get-Mailbox")
        timepieces.monotonic += 91
        with pytest.raises(WSManFaultError) as fault:
            PowerShell(pool).add_cmdlet("Get-Mailbox").invoke()
    assert fault.value.code == 2150858843
    assert laboratory.open_sessions()["exchange_server"] == 0
    assert len(laboratory.log) == 1


def test_a_lost_shell_runs_nothing(exchange: Any, laboratory: Laboratory, hybrid: Any) -> None:
    laboratory.faults.add("exchange_server", "Set-*", "lost_shell")
    with exchange.wsman() as wsman:
        pool = exchange.pool(wsman)
        pool.open()
        with pytest.raises(WSManFaultError) as fault:
            PowerShell(pool).add_cmdlet("Set-MailUser").invoke()
        assert fault.value.code == 2150858843
    assert hybrid.exchange_server.calls == []


def test_throttling_is_a_quota_fault_and_then_passes(pool: RunspacePool, exchange: Any, laboratory: Laboratory) -> None:
    laboratory.faults.add("exchange_server", "Get-Mailbox", "throttle", after=1, retry_after=2.5)
    assert exchange.invoke(pool, "Get-Mailbox").had_errors is False
    with pytest.raises(WSManFaultError) as fault:
        PowerShell(pool).add_cmdlet("Get-Mailbox").invoke()
    assert "will not be approved for at least 2500 milliseconds" in str(fault.value)
    assert exchange.invoke(pool, "Get-Mailbox").had_errors is False
    assert [entry["outcome"] for entry in laboratory.log.entries()] == ["ok", "throttled", "ok"]


@pytest.mark.parametrize(("kind", "executed"), [("drop_before", False), ("drop_after", True)])
def test_a_dropped_connection_says_nothing_about_execution(
    pool: RunspacePool, exchange: Any, laboratory: Laboratory, hybrid: Any, kind: str, executed: bool
) -> None:
    laboratory.faults.add("exchange_server", "Set-MailUser", kind)
    lost = PowerShell(pool).add_cmdlet("Set-MailUser")
    with pytest.raises(requests.ConnectionError):
        lost.invoke()
    assert len(hybrid.exchange_server.calls) == int(executed)
    assert [(entry["outcome"], entry["executed"]) for entry in laboratory.log.entries()] == [("dropped", executed)]
    # The shell itself is as it was.
    assert exchange.invoke(pool, "Get-Mailbox").had_errors is False


def test_a_lost_answer_stays_lost(pool: RunspacePool, laboratory: Laboratory) -> None:
    laboratory.faults.add("exchange_server", "Set-MailUser", "drop_after")
    lost = PowerShell(pool).add_cmdlet("Set-MailUser")
    with pytest.raises(requests.ConnectionError):
        lost.invoke()
    with pytest.raises(requests.ConnectionError):
        lost.end_invoke()


def test_a_slow_cmdlet_outlives_several_receives(exchange: Any, laboratory: Laboratory) -> None:
    laboratory.faults.add("exchange_server", "Get-Mailbox", "latency", seconds=1.3)
    with exchange.wsman(operation_timeout=1) as wsman, exchange.pool(wsman) as pool:
        assert len(exchange.invoke(pool, "Get-Mailbox").objects) == 1


def test_an_error_can_be_asked_for(pool: RunspacePool, exchange: Any, laboratory: Laboratory, hybrid: Any) -> None:
    laboratory.faults.add(
        "exchange_server",
        "Set-MailUser",
        "error",
        exception_type="Microsoft.Exchange.Data.Directory.ADTransientException",
        message="Active Directory is not available.",
    )
    result = exchange.invoke(pool, "Set-MailUser")
    assert [error.reason for error in result.errors] == ["ADTransientException"]
    assert hybrid.exchange_server.calls == []


@pytest.mark.parametrize(("when", "calls_before"), [("before", 0), ("after", 1)])
def test_a_sync_cycle_falls_beside_a_cmdlet(
    pool: RunspacePool, exchange: Any, laboratory: Laboratory, hybrid: Any, when: str, calls_before: int
) -> None:
    laboratory.faults.add("exchange_server", "Set-MailUser", "sync_cycle", when=when)
    exchange.invoke(pool, "Set-MailUser")
    assert hybrid.cycles == [calls_before]


def test_a_pipeline_can_be_stopped(pool: RunspacePool, laboratory: Laboratory, exchange: Any) -> None:
    laboratory.faults.add("exchange_server", "Get-Mailbox", "latency", seconds=600)
    slow = PowerShell(pool).add_cmdlet("Get-Mailbox")
    slow.begin_invoke()
    slow.stop()
    slow.close()
    assert len(exchange.invoke(pool, "Set-MailUser").warnings) == 1


def test_what_is_not_wsman_is_a_bad_request(laboratory: Laboratory) -> None:
    account = laboratory.hybrid.exchange_server_account
    url = f"https://localhost:{laboratory.port('exchange_server')}/PowerShell"
    secret = (account.username.encode(), account.password.encode())
    options: dict[str, Any] = {"auth": secret, "verify": str(laboratory.directory / "ca.pem"), "timeout": 10}
    assert requests.post(url, data=b"<no", **options).status_code == 400
    assert requests.get(url, **options).status_code == 405


def test_get_on_a_shell_is_not_answered(exchange: Any) -> None:
    with exchange.wsman() as wsman, exchange.pool(wsman), pytest.raises(WinRMError) as fault:
        wsman.get("http://schemas.microsoft.com/powershell/Microsoft.Exchange")
    assert "not supported" in str(fault.value)
