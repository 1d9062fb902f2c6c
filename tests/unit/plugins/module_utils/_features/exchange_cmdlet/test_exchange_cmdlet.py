# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any one cmdlet: what is known of it, what is refused before anything is sent, and what arrives."""

from __future__ import annotations

import datetime
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import cmdlet_table
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlet_table import TABLE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Credential,
    Secret,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_cmdlet import (
    contract,
    plan,
    task,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_cmdlet.plan import Request
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory

from lab.model.builder import HybridBuilder
from tests.unit.plugins.module_utils.lab_in_process import InProcess, Trouble

ROOT = Path(__file__).resolve().parents[6]
MICROSOFT = json.loads((ROOT / "lab/contract/cmdlets.json").read_text(encoding="utf-8"))["cmdlets"]
ENVIRONMENTS = {"exchange_server": "Exchange Server SE", "exchange_online": "Exchange Online"}
SERVER, CLOUD = ENVIRONMENTS
INFO = "info@contoso.com"
PASSWORD = "Gänseblümchen-7"


def planned(system: str, cmdlet: str, /, *secrets: Any, write: bool = True, online: Any = None, **given: Any) -> Cmdlet:
    return plan.planned(Request(system, cmdlet, given, secrets, write, online or {}))


def refusal(system: str, cmdlet: str, /, *secrets: Any, **given: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        planned(system, cmdlet, *secrets, **given)
    return caught.value


# -- what is known -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("system", ENVIRONMENTS)
def test_the_reference_is_microsofts(system: str) -> None:
    environment = ENVIRONMENTS[system]
    there = {n: f for n, f in MICROSOFT.items() if environment in f["applicable"] and "-EXO" not in n}
    assert contract.names(system) == sorted(there)
    for name, facts in there.items():
        known = contract.find(name.upper())
        assert known is not None
        assert known.name == name
        parameters = {n for n, says in facts["parameters"].items() if environment in says["applicable"]}
        assert set(known.takes(system)) == parameters
        for title, says in facts["parameter_sets"].items():
            needed = {*says["mandatory"], *says["mandatory_switches"]}
            told = {n: must for n, p in known.parameters.items() for t, must in p.sets.items() if t == title}
            assert {n for n, must in told.items() if must} == needed & set(known.parameters)
            assert set(told) == {*needed, *says["optional"]} & set(known.parameters)


# -- whose it is -------------------------------------------------------------------------------------------------------


def test_every_write_of_the_table_says_whose_it_is() -> None:
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    nobodys = [known.name for known in TABLE if not known.is_read and not known.modules]
    assert nobodys == ["Set-ADServerSettings"]
    assert {module for known in TABLE for module in known.modules} <= modules


@pytest.mark.parametrize(
    "known", [k for k in TABLE if not k.is_read and k.system in ENVIRONMENTS], ids=lambda k: k.name
)
def test_what_a_module_writes_is_refused_and_the_module_named(known: cmdlet_table.KnownCmdlet) -> None:
    own = [name for grant in known.grants for name in grant.parameters if name != "Identity"]
    for name in own or ["Identity"]:
        refused = refusal(known.system, known.name, **{name: None})
        assert refused.code == "cmdlet_of_a_module", name
        for module in known.modules[:1] if len(known.modules) == 1 else ():
            assert f"Use mailops.exchange_hybrid.{module}." in refused.sentence()


@pytest.mark.parametrize(
    ("system", "cmdlet", "given", "module"),
    [
        # Cmdlets that no module runs, of objects that one makes or removes.
        (SERVER, "New-MailUser", {}, "mailuser"),
        (SERVER, "Remove-MailUser", {}, "mailuser"),
        # What another cmdlet writes is the same attribute.
        (SERVER, "Set-Mailbox", {"EmailAddresses": []}, "mailuser"),
        (CLOUD, "Set-Mailbox", {"EmailAddresses": []}, "mailuser"),
        (CLOUD, "Set-Mailbox", {"RemoveDelayHoldApplied": True}, "delay_holds"),
        (SERVER, "set-user", {"windowsemailaddress": "x"}, "smtp_match"),
        (CLOUD, "Set-ADSyncScheduler", {}, "directory_sync"),
        (SERVER, "get-adsyncscheduler", {}, "directory_sync"),
    ],
)
def test_what_belongs_to_a_module_otherwise(system: str, cmdlet: str, given: Any, module: str) -> None:
    refused = refusal(system, cmdlet, **given)
    assert (refused.code, f"mailops.exchange_hybrid.{module}" in refused.remedy) == ("cmdlet_of_a_module", True)


def test_what_the_connection_sends_is_left_to_it() -> None:
    assert "by the connection itself" in refusal(SERVER, "Set-ADServerSettings", ViewEntireForest=False).sentence()


def test_nothing_belongs_to_a_module_where_it_does_not_write() -> None:
    given = {"Identity": INFO, "User": "carol@contoso.com", "AccessRights": "fullaccess"}
    assert planned(CLOUD, "Add-MailboxPermission", **given).parameters["AccessRights"] == ["FullAccess"]


def test_what_no_module_sets_is_free() -> None:
    sent = planned(SERVER, "Set-Mailbox", Identity=INFO, IssueWarningQuota="9GB")
    assert sent.parameters == {"Identity": INFO, "IssueWarningQuota": "9GB", "Confirm": False}


def test_a_write_has_to_be_allowed_and_a_read_has_not() -> None:
    refused = refusal(SERVER, "Set-Mailbox", write=False, Identity=INFO, IssueWarningQuota="9GB")
    assert (refused.code, refused.option) == ("write_not_allowed", "allow_write")
    read = planned(CLOUD, "Get-Mailbox", write=False, Identity=INFO)
    assert (read.name, read.parameters) == ("Get-Mailbox", {"Identity": INFO})


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "cmdlet", "given", "code", "sentence"),
    [
        (CLOUD, "Get-CasMailbx", {}, "unknown_cmdlet", "Did you mean Get-CASMailbox?"),
        (SERVER, "Get-ExchangeServer ", {"Identiy": "EX01"}, "unknown_parameter", "Did you mean Identity?"),
        (CLOUD, "Get-EXOMailbox", {}, "unknown_cmdlet", "Did you mean Get-Mailbox?"),
        (CLOUD, "Invoke-Anything", {}, "unknown_cmdlet", "run it in PowerShell"),
        (CLOUD, "Get-ExchangeServer", {}, "unknown_cmdlet", "Set organization: exchange_server"),
        (SERVER, "Get-RecipientPermission", {}, "unknown_cmdlet", "Set organization: exchange_online"),
        (CLOUD, "Get-Mailbox", {"DomainController": "dc"}, "unknown_parameter", "in Exchange Server only"),
        (SERVER, "Get-Mailbox", {"ErrorAction": "Stop"}, "unknown_parameter", "Leave it out."),
        (SERVER, "Set-CASMailbox", {"Identity": "a", "Wi": True}, "invalid_option", "Use check mode"),
        (SERVER, "Set-CASMailbox", {"Identity": "a", "Confirm": True}, "invalid_option", "by the module"),
        (SERVER, "Get-Mailbox", {"Identity": "a", "-identity": "b"}, "invalid_option", "Specify it once."),
        (SERVER, "Get-Mailbox", {"Identity": " "}, "blank_identity", "every object"),
        (SERVER, "Get-Mailbox", {"Identity": "a", "Anr": "b"}, "parameters_do_not_fit", "Leave out"),
        (SERVER, "Set-CASMailbox", {"OWAEnabled": False}, "missing_parameter", "Identity"),
        (CLOUD, "Set-CASMailbox", {"Identity": None}, "blank_identity", "Specify an identity"),
    ],
)  # fmt: skip
def test_one_sentence_for_each_wrong_name(system: str, cmdlet: str, given: Any, code: str, sentence: str) -> None:
    refused = refusal(system, cmdlet, **given)
    assert refused.code == code
    assert sentence in refused.sentence()


# -- values ------------------------------------------------------------------------------------------------------------


def test_values_travel_as_their_types() -> None:
    sent = planned(
        CLOUD, "Set-MailboxAutoReplyConfiguration", identity=INFO, AutoReplyState="scheduled", InternalMessage=None,
        StartTime="2027-01-31T18:00:00+01:00", EndTime="2027-02-01 08:00:00", DeclineAllEventsForScheduledOOF="true",
    )  # fmt: skip
    assert sent.parameters == {
        "Identity": INFO, "AutoReplyState": "Scheduled", "InternalMessage": None,
        "StartTime": datetime.datetime(2027, 1, 31, 17, tzinfo=datetime.timezone.utc),
        "EndTime": datetime.datetime(2027, 2, 1, 8, tzinfo=datetime.timezone.utc),
        "DeclineAllEventsForScheduledOOF": True, "Confirm": False,
    }  # fmt: skip
    guid = "5F2C1A35-3F0E-4B52-9A55-6C8D5F1B7A01"
    sent = planned(
        CLOUD, "Set-MailUser", Identity=INFO, ExchangeGuid=guid, AcceptMessagesOnlyFrom={"add": "a"},
        ForceUpgrade=False, ModeratedBy=["a", "b"], CustomAttribute1=7,
    )  # fmt: skip
    assert sent.parameters == {
        "Identity": INFO, "ExchangeGuid": uuid.UUID(guid), "AcceptMessagesOnlyFrom": {"Add": ["a"]},
        "ModeratedBy": ["a", "b"], "CustomAttribute1": "7", "Confirm": False,
    }  # fmt: skip
    sent = planned(SERVER, "Set-Mailbox", Identity=INFO, RetainDeletedItemsFor="14.00:00:00", MaxSafeSenders="5")
    assert sent.parameters["RetainDeletedItemsFor"] == datetime.timedelta(days=14)
    assert sent.parameters["MaxSafeSenders"] == 5


@pytest.mark.parametrize(
    ("cmdlet", "name", "value", "sentence"),
    [
        ("Set-CASMailbox", "OWAEnabled", "perhaps", "is neither true nor false"),
        ("Set-CASMailbox", "OWAEnabled", None, "is null, which a Boolean cannot be"),
        ("Set-CASMailbox", "Name", True, "quotation marks"),
        ("Set-CASMailbox", "Name", ["a"], "is a list"),
        ("Set-CASMailbox", "Name", {"Add": "a"}, "is a dictionary"),
        ("Set-CASMailbox", "Name", "********", "was masked by Ansible"),
        ("Set-CASMailbox", "ActiveSyncAllowedDeviceIDs", {"Ad": "a"}, "other keys than Add and Remove"),
        ("Set-CASMailbox", "ActiveSyncAllowedDeviceIDs", [{"a": 1}], "is not a text"),
        ("Set-MailboxAutoReplyConfiguration", "AutoReplyState", "Schedule", "Did you mean Scheduled?"),
        ("Set-MailboxAutoReplyConfiguration", "StartTime", "tomorrow", "is not a time in ISO 8601"),
        ("Set-Mailbox", "MaxSafeSenders", "many", "is not a whole number"),
        ("Set-Mailbox", "RetainDeletedItemsFor", 14, "is not a span of time"),
        ("Get-MigrationUser", "MailboxGuid", "no", "is not a GUID"),
        ("Get-MailboxStatistics", "Identity", ["a"], "one value"),
    ],
)  # fmt: skip
def test_one_sentence_for_each_wrong_value(cmdlet: str, name: str, value: Any, sentence: str) -> None:
    refused = refusal(SERVER, cmdlet, **{"Identity": INFO, name: value})
    assert (refused.code, refused.option) == ("malformed_parameter", f"parameters.{name}")
    assert sentence in refused.sentence()


def test_a_name_that_the_reference_lacks_is_left_to_exchange() -> None:
    given = {"Identity": INFO, "AutoReplyState": "Perpetual"}
    assert planned(SERVER, "Set-MailboxAutoReplyConfiguration", **given).parameters["AutoReplyState"] == "Perpetual"


# -- secrets -----------------------------------------------------------------------------------------------------------

CREDENTIAL = {"parameter": "credential", "username": "CONTOSO\\reader", "password": PASSWORD}
NEW_PASSWORD = {"parameter": "Password", "username": None, "password": PASSWORD}


def test_secrets_travel_typed_and_are_never_shown() -> None:
    sent = planned(SERVER, "Get-Mailbox", CREDENTIAL, Identity=INFO)
    assert sent.parameters["Credential"] == Credential("CONTOSO\\reader", PASSWORD)
    written = planned(SERVER, "Set-Mailbox", NEW_PASSWORD, Identity=INFO)
    assert written.parameters["Password"] == Secret(PASSWORD)
    request = Request(SERVER, "Set-Mailbox", {}, (NEW_PASSWORD,))
    assert PASSWORD not in f"{sent.preview()} {written.preview()} {sent!r} {written!r} {request!r}"


@pytest.mark.parametrize(
    ("system", "cmdlet", "secrets", "given", "code", "sentence"),
    [
        (SERVER, "Get-Mailbox", (), {"Credential": PASSWORD}, "secret_in_parameters", "in secrets"),
        (SERVER, "Get-Mailbox", ({**CREDENTIAL, "parameter": "Anr"},), {}, "invalid_option", "in parameters"),
        (SERVER, "Get-Mailbox", ({**CREDENTIAL, "username": None},), {}, "missing_option", "no username"),
        (SERVER, "Set-Mailbox", ({**NEW_PASSWORD, "username": "a"},), {}, "invalid_option", "Leave username out"),
        (CLOUD, "Get-CASMailbox", (CREDENTIAL,), {}, "experimental_rest_credential_required", "secrets.Credential"),
        (CLOUD, "Set-Mailbox", (NEW_PASSWORD,), {}, "invalid_option", "exchange_online.interface: powershell"),
        (SERVER, "Get-Mailbox", (CREDENTIAL, CREDENTIAL), {}, "invalid_option", "specified twice"),
    ],
)  # fmt: skip
def test_a_wrong_secret_is_refused_without_being_told(
    system: str, cmdlet: str, secrets: Any, given: Any, code: str, sentence: str
) -> None:
    refused = refusal(system, cmdlet, *secrets, **given)
    assert (refused.code, sentence in refused.sentence()) == (code, True), refused.sentence()
    assert PASSWORD not in refused.sentence()


def test_powershell_takes_both_in_the_cloud() -> None:
    online = {"interface": "powershell"}
    assert planned(CLOUD, "Set-Mailbox", NEW_PASSWORD, online=online, Identity=INFO).parameters["Password"]
    assert planned(CLOUD, "Get-CASMailbox", CREDENTIAL, online=online).parameters["Credential"]


def test_a_secret_among_the_parameters_is_found_to_be_masked() -> None:
    given = {"credential": {"username": "a", "password": PASSWORD}, "Password": PASSWORD, "Anr": "x"}
    assert plan.texts_of_secrets("get-mailbox", given) == ["a", PASSWORD]
    assert plan.texts_of_secrets("Set-Mailbox", given) == [PASSWORD]
    assert plan.texts_of_secrets("Set-Nothing", given) == []


# -- what is sent ------------------------------------------------------------------------------------------------------


@pytest.fixture
def system() -> InProcess:
    """Info and Carol have mailboxes on-premises, Zoe's is in the cloud."""
    system = InProcess()
    build = HybridBuilder(system.hybrid)
    for name in ("Info", "Carol"):
        build.mailbox_on_premises(name)
    build.cloud_only("Zoe")
    return system


def written(system: InProcess) -> dict[str, Any]:
    """Run a write and reads in each organization; return what was read after the writes."""
    with system.connect() as connections:
        for where, name, given in (
            (SERVER, "Get-ExchangeServer", {}),
            (SERVER, "Set-Mailbox", {"Identity": INFO, "UseDatabaseQuotaDefaults": False, "IssueWarningQuota": "9GB"}),
            (CLOUD, "Get-MigrationConfig", {}),
            (CLOUD, "Set-Mailbox", {"Identity": "zoe@contoso.com", "Type": "Shared"}),
        ):
            assert task.run(connections, where, planned(where, name, **given)).warnings == []
        return {
            where: task.run(connections, where, planned(where, "get-mailbox", Identity=name)).objects[0]
            for where, name in ((SERVER, INFO), (CLOUD, "zoe@contoso.com"))
        }


def test_reads_and_writes_arrive(system: InProcess) -> None:
    read = written(system)
    assert system.writes == ["Set-Mailbox", "Set-Mailbox"]
    assert str(read[SERVER]["IssueWarningQuota"]).startswith("9663676416 B")
    assert read[CLOUD]["RecipientTypeDetails"] == "SharedMailbox"


def test_a_write_is_journalled_without_its_secret(system: InProcess, tmp_path: Path) -> None:
    cmdlet = planned(SERVER, "Set-Mailbox", NEW_PASSWORD, Identity=INFO)
    with Journal(FileMemory(), str(tmp_path / "journal")) as journal, system.connect(journal=journal) as connections:
        task.run(connections, SERVER, planned(SERVER, "Get-Mailbox", Identity=INFO))
        # The laboratory knows no passwords of mailboxes, and says so.
        with pytest.raises(HybridError):
            task.run(connections, SERVER, cmdlet)
    text = (tmp_path / "journal").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["event"], line["object"]) for line in lines] == [("sent", INFO), ("answered", INFO)]
    assert lines[0]["cmdlet"] == f"Set-Mailbox -Identity '{INFO}' -Password (SecureString '********') -Confirm:$false"
    assert PASSWORD not in text


def test_a_lost_answer_is_for_a_person_to_look_at(system: InProcess) -> None:
    system.trouble = Trouble("lost", cmdlet="Set-Mailbox")
    with system.connect() as connections, pytest.raises(HybridError) as caught:
        task.run(connections, SERVER, planned(SERVER, "Set-Mailbox", Identity=INFO, IssueWarningQuota="9GB"))
    assert (caught.value.retryable, "look at the object" in caught.value.remedy) == (False, True)


def test_where_a_pinned_domain_controller_belongs() -> None:
    pinned = {
        name: planned(system, name, **given).pinned
        for system, name, given in (
            (SERVER, "Set-CASMailbox", {"Identity": INFO, "OWAEnabled": False}),
            (SERVER, "Get-CASMailbox", {}),
            (SERVER, "Set-OrganizationConfig", {"AppsForOfficeEnabled": True}),
            (CLOUD, "Get-MailboxPlan", {}),
        )
    }
    assert [name for name, told in pinned.items() if told] == ["Set-CASMailbox", "Get-CASMailbox"]
