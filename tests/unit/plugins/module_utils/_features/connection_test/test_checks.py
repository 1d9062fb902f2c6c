# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What connection_test says of the laboratory's three systems, over their real wires."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlet_table import PURPOSES
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Properties,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.connection_test import (
    checks as connection_test_checks,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.connection_test.checks import (
    ConnectionCheck,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.connection_test.permissions import (
    NEEDED,
    needs,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import module_file

from lab.wire.tokens import GRAPH_ROLES
from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils.fakes import FakeOrganization, connect

SYSTEMS = ("exchange_server", "exchange_online", "entra_connect")
STAGES = ["options", "reachability", "tls", "authentication", "authorization"]


class Seen:
    """The checks of a run, by what they are about."""

    def __init__(self, checks: list[ConnectionCheck]) -> None:
        self.checks = checks

    def stages(self, system: str) -> list[str]:
        return [check.status for check in self.checks if check.system == system and check.check in STAGES]

    def status(self, system: str, name: str) -> str:
        (found,) = [check.status for check in self.checks if (check.system, check.name) == (system, name)]
        return found

    def failed(self) -> dict[str, str]:
        return {check.name or check.check: check.remedy for check in self.checks if check.status == "failed"}

    def grants(self, system: str, check: str) -> set[str]:
        return {one.status for one in self.checks if (one.system, one.check) == (system, check)}


class Bench:
    def __init__(self, laboratory: Any) -> None:
        self.laboratory = laboratory
        self.purposes = list(PURPOSES)

    @property
    def options(self) -> dict[str, dict[str, Any]]:
        from tests.unit.plugins.module_utils._transports.test_transports import options_of

        return {system: options_of(self.laboratory, f"{system.upper()}_") for system in SYSTEMS}

    def run(self, *systems: str, **changes: dict[str, Any]) -> Seen:
        options = {name: {**given, **changes.get(name, {})} for name, given in self.options.items()}
        options = {name: options[name] for name in systems or SYSTEMS}
        tls = {name: connection_test_checks.over_tls(name, given) for name, given in options.items()}
        with Connections(options, fakes.SYSTEMS) as connections:
            return Seen(connection_test_checks.run(connections, options, tls, self.purposes))

    def graph(self, **changes: Any) -> Seen:
        options = {**self.options["exchange_online"], "graph": True, **changes}
        with Connections({"exchange_online": options}, fakes.SYSTEMS) as connections:
            return Seen(connection_test_checks.run(connections, ["graph"], {}, []))


@pytest.fixture
def bench(laboratory: Any) -> Iterator[Bench]:
    yield Bench(laboratory)
    laboratory.faults.clear()
    for host in (laboratory.hybrid.exchange_server, laboratory.hybrid.exchange_online):
        host.revoked.clear()
        host.revoked_parameters.clear()
    assert laboratory.open_sessions() == {"exchange_server": 0, "entra_connect": 0}


def account(bench: Bench) -> str:
    return str(bench.laboratory.hybrid.exchange_server_account.username)


def application(bench: Bench) -> str:
    return str(bench.laboratory.hybrid.exchange_online_application.client_id)


def test_all_is_well_and_nothing_was_written(bench: Bench) -> None:
    before = len(bench.laboratory.log)
    tested = bench.run()
    assert tested.failed() == {}
    assert [tested.stages(system) for system in SYSTEMS] == [["ok"] * 5] * 3
    assert bench.laboratory.log.writes(before) == []


def test_every_needed_cmdlet_and_parameter_is_named(bench: Bench) -> None:
    tested = bench.run()
    named = {(check.system, check.name) for check in tested.checks if check.name}
    wanted = {(need.system, need.cmdlet) for need in NEEDED}
    wanted |= {(need.system, f"{need.cmdlet} -{name}") for need in NEEDED for name in need.parameters}
    assert named == wanted


def test_only_what_somebody_asks_for_is_looked_at(bench: Bench) -> None:
    bench.purposes = ["offboarding"]
    names = {check.name for check in bench.run("exchange_server").checks}
    assert "Set-MailUser -ExchangeGuid" in names
    assert not names & {"Disable-MailUser", "Set-User", "Set-MailUser -ArchiveGuid"}


@pytest.mark.parametrize("cmdlet", ["Set-MailUser", "Get-RemoteMailbox"])
def test_a_cmdlet_that_no_role_grants_on_premises(bench: Bench, cmdlet: str) -> None:
    bench.laboratory.hybrid.exchange_server.revoked[account(bench)] = {cmdlet}
    tested = bench.run("exchange_server")
    (role,) = {need.role for need in NEEDED if need.system == "exchange_server" and need.cmdlet == cmdlet}
    assert tested.failed() == {cmdlet: f"Assign the account the management role {role}."}
    assert tested.stages("exchange_server") == ["ok"] * 5
    assert (
        tested.status("exchange_server", f"{cmdlet} -DomainController") == "not_checked"
        if cmdlet.startswith("Get")
        else tested.status("exchange_server", f"{cmdlet} -ExchangeGuid") == "not_checked"
    )
    assert tested.status("exchange_server", "Set-Mailbox") == "ok"


def test_a_cmdlet_that_a_group_of_roles_grants(bench: Bench) -> None:
    bench.laboratory.hybrid.exchange_server.revoked[account(bench)] = {"Add-MailboxPermission"}
    told = "Assign the account Organization Management (role group)."
    assert bench.run("exchange_server").failed() == {"Add-MailboxPermission": told}
    bench.purposes = ["offboarding"]
    assert bench.run("exchange_server").failed() == {}


def test_a_parameter_that_no_role_grants_on_premises(bench: Bench) -> None:
    bench.laboratory.hybrid.exchange_server.revoked_parameters[account(bench)] = {("Set-MailUser", "ExchangeGuid")}
    tested = bench.run("exchange_server")
    assert list(tested.failed()) == ["Set-MailUser -ExchangeGuid"]
    assert tested.status("exchange_server", "Set-MailUser") == "ok"


def test_a_cmdlet_and_a_parameter_that_no_role_grants_in_the_cloud(bench: Bench) -> None:
    host = bench.laboratory.hybrid.exchange_online
    host.revoked[application(bench)] = {"New-MoveRequest"}
    host.revoked_parameters[application(bench)] = {("Set-MoveRequest", "CompleteAfter")}
    failed = bench.run("exchange_online").failed()
    assert list(failed) == ["New-MoveRequest", "Set-MoveRequest -CompleteAfter"]
    assert "Move Mailboxes" in failed["New-MoveRequest"]


def test_without_get_command_nothing_passes(bench: Bench) -> None:
    bench.laboratory.hybrid.exchange_server.revoked[account(bench)] = {"Get-Command"}
    tested = bench.run("exchange_server")
    assert tested.failed() == {}
    assert tested.stages("exchange_server") == ["ok"] * 5
    assert tested.grants("exchange_server", "cmdlet") == {"not_checked"}
    assert tested.grants("exchange_server", "parameter") == {"not_checked"}


def test_a_session_that_cannot_view_the_forest_is_no_session(bench: Bench) -> None:
    bench.laboratory.hybrid.exchange_server.revoked[account(bench)] = {"Set-ADServerSettings"}
    tested = bench.run("exchange_server")
    assert list(tested.failed()) == ["authorization"]
    assert tested.grants("exchange_server", "cmdlet") == {"not_checked"}


def test_entra_connect_is_read_and_its_writes_are_not_checked(bench: Bench) -> None:
    tested = bench.run("entra_connect")
    statuses = {check.name: check.status for check in tested.checks if check.check == "cmdlet"}
    assert statuses == {
        "Get-ADSyncScheduler": "ok", "Get-ADSyncConnectorRunStatus": "ok", "Get-ADSyncRunProfileResult": "ok",
        "Start-ADSyncSyncCycle": "not_checked", "Set-ADSyncScheduler": "not_checked",
    }  # fmt: skip


def test_a_read_that_entra_connect_refuses(bench: Bench) -> None:
    bench.laboratory.faults.add("entra_connect", "Get-ADSyncRunProfileResult", "deny", count=None)
    failed = bench.run("entra_connect").failed()
    assert list(failed) == ["Get-ADSyncRunProfileResult"]
    assert "ADSyncOperators" in failed["Get-ADSyncRunProfileResult"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_wrong_port(bench: Bench, system: str) -> None:
    option = {"base_url": "https://localhost:1"} if system == "exchange_online" else {"port": 1}
    tested = bench.run(system, **{system: option})
    assert tested.stages(system) == ["ok", "failed", "not_checked", "not_checked", "not_checked"]
    assert tested.grants(system, "cmdlet") == {"not_checked"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_certificate_that_is_not_trusted(bench: Bench, system: str) -> None:
    tested = bench.run(system, **{system: {"ca_file": None}})
    assert tested.stages(system) == ["ok", "ok", "failed", "not_checked", "not_checked"]
    assert "ca_file" in tested.failed()["tls"]


@pytest.mark.parametrize(
    ("system", "option"),
    [
        ("exchange_server", {"password": "wrong"}),
        ("entra_connect", {"password": "wrong"}),
        ("exchange_online", {"client_secret": "wrong"}),
    ],
)
def test_a_wrong_password(bench: Bench, system: str, option: dict[str, Any]) -> None:
    tested = bench.run(system, **{system: option})
    assert tested.stages(system) == ["ok", "ok", "ok", "failed", "not_checked"]


def test_an_application_without_any_role(bench: Bench) -> None:
    roles, bench.laboratory.application.roles = bench.laboratory.application.roles, []
    tested = bench.run("exchange_online")
    bench.laboratory.application.roles = roles
    assert tested.stages("exchange_online") == ["ok", "ok", "ok", "ok", "failed"]
    assert "Exchange.ManageAsApp" in tested.failed()["authorization"]


@pytest.mark.parametrize(
    ("roles", "statuses"),
    [
        (GRAPH_ROLES, ["ok", "ok", "not_checked", "ok", "ok", "ok", "ok"]),
        (["Directory.Read.All"], ["ok", "not_checked", "ok", "not_checked", "not_checked", "ok", "not_checked"]),
        (["RoleManagement.Read.Directory"], ["failed", *["not_checked"] * 2, "ok", *["not_checked"] * 3]),
        ([], ["failed", *["not_checked"] * 6]),
    ],
)
def test_the_permissions_of_microsoft_graph(bench: Bench, roles: Sequence[str], statuses: list[str]) -> None:
    known, bench.laboratory.application.graph_roles = bench.laboratory.application.graph_roles, list(roles)
    seen = bench.graph()
    bench.laboratory.application.graph_roles = known
    assert seen.stages("graph") == ["ok"] * 5
    told = [check for check in seen.checks if check.check == "permission"]
    assert [check.status for check in told] == statuses
    for check in told:
        assert (check.name in check.remedy) == (check.status != "ok")


def test_microsoft_graph_is_not_there(bench: Bench) -> None:
    seen = bench.graph(graph_base_url="https://localhost:1")
    assert seen.stages("graph") == ["ok", "failed", "not_checked", "not_checked", "not_checked"]
    assert seen.grants("graph", "permission") == {"not_checked"}


def test_one_bad_option_does_not_hide_the_other_systems(bench: Bench) -> None:
    tested = bench.run(entra_connect={"ca_file": "/nowhere/ca.pem"})
    assert list(tested.failed()) == ["options"]
    assert tested.stages("entra_connect") == ["failed", *["not_checked"] * 4]
    assert tested.stages("exchange_online") == ["ok"] * 5


@pytest.mark.parametrize(
    ("system", "options", "expected"),
    [
        ("exchange_server", {"auth": "kerberos"}, False),
        ("exchange_server", {"auth": "basic"}, True),
        ("exchange_server", {"auth": "kerberos", "use_tls": True}, True),
        ("exchange_online", {}, True),
        ("entra_connect", {"port": 5985}, False),
        ("entra_connect", {"port": None}, True),
        ("entra_connect", {"use_tls": False}, False),
        ("exchange_server", {"transport": "winrm"}, True),
        ("exchange_server", {"transport": "winrm", "port": 5985}, False),
    ],
)
def test_which_connections_are_made_over_tls(system: str, options: dict[str, Any], expected: bool) -> None:
    assert connection_test_checks.over_tls(system, options) is expected


class Shell(FakeOrganization):
    """An Exchange server whose Get-Command shows commands in a shape of the test's."""

    def answer(self, cmdlet: Cmdlet) -> list[Properties]:
        shown = self.objects["Get-Command"]
        return [item for item in shown if item["Name"] in cmdlet.parameters["Name"]]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ({"Parameters": {"Identity": "", "exchangeguid": ""}}, ["ok", "ok", "failed"]),
        ({"Parameters": "System.Collections.Generic.Dictionary`2"}, ["not_checked"] * 3),
        ({"Parameters": None, "Definition": "Set-MailUser [-Identity] <Id> [-ExchangeGuid <Guid>]"},
         ["ok", "ok", "failed"]),
        ({"Definition": "[CmdletBinding()] param($Identity) process { Out-Null -InputObject 1 }"}, ["not_checked"] * 3),
        ({}, ["not_checked"] * 3),
    ],
)  # fmt: skip
def test_each_shape_that_parameters_may_have(shape: dict[str, Any], expected: list[str]) -> None:
    commands = [{"Name": "Set-ADServerSettings"}, {"Name": "Set-MailUser", **shape}]
    organization = Shell("exchange_server", {"Get-Command": commands})
    tested = Seen(
        connection_test_checks.run(
            connect(organization), ["exchange_server"], {"exchange_server": True}, ["offboarding"]
        )
    )
    names = ("Identity", "ExchangeGuid", "EmailAddresses")
    assert [tested.status("exchange_server", f"Set-MailUser -{name}") for name in names] == expected
    assert tested.status("exchange_server", "Set-MailUser") == "ok"


def test_an_interface_that_does_not_tell_its_cmdlets() -> None:
    organization = FakeOrganization("exchange_online", handlers={"Get-AcceptedDomain": lambda cmdlet: []})
    tested = Seen(
        connection_test_checks.run(
            connect(organization), ["exchange_online"], {"exchange_online": True}, ["offboarding"]
        )
    )
    assert tested.stages("exchange_online") == ["ok"] * 5
    assert tested.grants("exchange_online", "cmdlet") == {"not_checked"}


def test_the_sentence_that_ends_the_task() -> None:
    checks = [
        ConnectionCheck(
            "exchange_server", "cmdlet", "failed", "no role grants it", "Set-User", "Give the account a role."
        ),
        ConnectionCheck("exchange_online", "tls", "failed", "not trusted."),
    ]
    assert connection_test_checks.failure_message(checks, 9) == (
        "exchange_server: cmdlet Set-User: no role grants it. Give the account a role. "
        "(2 of 9 checks failed: see checks)"
    )
    assert connection_test_checks.failure_message(checks[1:], 9) == "exchange_online: tls: not trusted."


MODULE = """
$script:PublicKey = '<RSAKeyValue><Modulus>x</Modulus></RSAKeyValue>'
function script:Get-Thing
{
    [CmdletBinding(DefaultParameterSetName = 'Identity')]
    param (
        [Parameter(ParameterSetName='It''s (one)', HelpMessage="a `) b")]   # a comment ) $Nothing
        [ValidateSet('a)', "$no")]
        [string] ${Identity},
        [switch]
        $Archive = $false
    )
    process { $other = 1 }
}
function script:Get-Empty { param() }
function Get-Plain { $x = 1 }
function script:Set-Thing { param($Value) }
function script:Cut-Off { param($Value
"""


@pytest.mark.parametrize(
    ("cmdlet", "expected"),
    [
        ("get-thing", {"identity", "archive"}),
        ("Set-Thing", {"value"}),
        ("Get-Empty", None),
        ("Get-Plain", None),
        ("Cut-Off", None),
        ("Get-Other", None),
    ],
)
def test_parameters_are_read_from_the_generated_functions(cmdlet: str, expected: set[str] | None) -> None:
    module = module_file.read({"value": [{"fileContent": MODULE, "exportedCmdlets": "Get-Thing, Set-Thing"}]})
    assert module.parameters(cmdlet) == expected
    assert module.grants(cmdlet) == (cmdlet.lower() in ("get-thing", "set-thing"))


HANDLING = """
$script:PublicKey = '<RSAKeyValue><Modulus>abc</Modulus></RSAKeyValue>'
function script:New-MoveRequest {
  param([PSCredential] $RemoteCredential)
  $PSBoundParameters['RemoteCredential'] = Protect-Value $RemoteCredential
}
function script:New-MigrationEndpoint { param([PSCredential] $Credentials) }
function Protect-Value {
  param($Value)
  [RSACryptoServiceProvider]::new().FromXmlString('<RSAKeyValue><Modulus>abc</Modulus></RSAKeyValue>')
}
function Get-Page { param($Url) }
"""


def test_what_the_generated_module_does_with_a_credential_is_shown_without_the_key() -> None:
    exported = "New-MoveRequest,New-MigrationEndpoint"
    module = module_file.read({"value": [{"fileContent": HANDLING, "exportedCmdlets": exported}]})
    found = {item["name"]: item["text"] for item in module.credential_handling("new-moverequest")}
    assert list(found) == ["New-MoveRequest", "Protect-Value"]
    assert "Protect-Value $RemoteCredential" in found["New-MoveRequest"]
    assert "Modulus" not in "".join(found.values())
    assert module_file.read(None).credential_handling("New-MoveRequest") == []


def test_the_service_is_only_read_for_it(bench: Bench) -> None:
    seen = len(bench.laboratory.log)
    with Connections({"exchange_online": bench.options["exchange_online"]}, fakes.SYSTEMS) as connections:
        (shown,) = connection_test_checks.credential_handling(connections)
    assert shown["name"] == "New-MoveRequest"
    assert "$RemoteCredential" in shown["text"]
    assert bench.laboratory.log.entries(since=seen) == []
    with connect(fakes.tenant()) as connections:
        assert connection_test_checks.credential_handling(connections) == []
    with connect(fakes.on_premises()) as connections:
        assert connection_test_checks.credential_handling(connections) == []


@pytest.mark.parametrize("body", [None, {}, {"value": None}, {"value": ["x"]}, [], {"value": [{"fileContent": None}]}])
def test_an_answer_without_a_module_exports_nothing(body: Any) -> None:
    assert module_file.read(body) == module_file.ModuleFile("", frozenset())


def test_needs_of_one_cmdlet_are_put_together() -> None:
    (one,) = [need for need in needs("exchange_server", ["offboarding", "archives"]) if need.cmdlet == "Set-MailUser"]
    assert {"ExchangeGuid", "ArchiveGuid"} <= set(one.parameters)
    assert len(set(one.parameters)) == len(one.parameters)


def test_output_of_a_command_is_plain(bench: Bench) -> None:
    with Connections({"exchange_server": bench.options["exchange_server"]}, fakes.SYSTEMS) as connections:
        output = connections.run("exchange_server", Cmdlet("Get-Command", {"Name": ["get-user", "Set-User"]}))
    assert isinstance(output, CmdletOutput)
    assert [item["Name"] for item in output.objects] == ["Get-User", "Set-User"]
    assert "WindowsEmailAddress" in output.objects[1]["Parameters"]
