# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two controllers in each domain: what one has written, the other hears of later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lab.answer import Answer, Call, CmdletFailure, ShellState
from lab.model.builder import Person, child_domain_person
from lab.model.controllers import LAG

if TYPE_CHECKING:
    from conftest import Desk

CHILD = "dc01.emea.contoso.com"


class Sessions:
    """Two sessions with the same organization, bound to the two controllers."""

    def __init__(self, desk: Any) -> None:
        self.desk = desk
        self.shells = [ShellState("CONTOSO\\admin", view_entire_forest=True) for _number in range(2)]

    def run(self, session: int, cmdlet: str, **parameters: Any) -> Answer:
        answer: Answer = self.desk.hybrid.exchange_server.run(Call(cmdlet, parameters, self.shells[session]))
        return answer

    def alias(self, session: int, pair: Any, **parameters: Any) -> str:
        """Return the alias that a session sees, or the class of the error."""
        answer = self.run(session, "Get-MailUser", Identity=str(pair.directory.guid), **parameters)
        if answer.errors:
            return answer.errors[0].exception_type.rpartition(".")[2]
        return str(answer.objects[0].properties["Alias"])


@pytest.fixture
def sessions(desk: Any) -> Sessions:
    return Sessions(desk)


def enable(sessions: Sessions, session: int, pair: Any, **parameters: Any) -> None:
    answer = sessions.run(
        session, "Enable-MailUser", Identity=str(pair.directory.guid), ExternalEmailAddress=pair.person.routing,
        PrimarySmtpAddress=pair.person.primary, **parameters,
    )  # fmt: skip
    assert answer.errors == []


def test_sessions_alternate_between_the_controllers(sessions: Sessions) -> None:
    names = [sessions.run(number, "Get-ADServerSettings").objects[0].properties for number in (0, 1, 0)]
    found = [shown["DefaultGlobalCatalog"] for shown in names]
    assert found == ["dc01.contoso.com", "dc02.contoso.com", "dc01.contoso.com"]


@pytest.mark.parametrize("person", [Person("Ann Archer"), child_domain_person("Ines Fontaine")])
def test_the_other_session_hears_of_a_write_after_the_lag(sessions: Sessions, person: Person) -> None:
    pair = sessions.desk.build.cloud_only(person)
    sessions.run(1, "Get-ADServerSettings")
    enable(sessions, 0, pair)
    assert sessions.alias(0, pair) == person.account
    assert sessions.alias(1, pair) == "ManagementObjectNotFoundException"
    sessions.desk.clock.advance(LAG)
    assert sessions.alias(1, pair) == person.account


def test_a_filter_finds_the_object_by_what_its_controller_knows(sessions: Sessions) -> None:
    pair = sessions.desk.build.cloud_only("Ann Archer")
    enable(sessions, 0, pair)
    found = [
        len(sessions.run(number, cmdlet, Filter=f"{name} -eq '{pair.identity}'").objects)
        for number in (0, 1)
        for cmdlet, name in (("Get-Recipient", "EmailAddresses"), ("Get-User", "UserPrincipalName"))
    ]
    assert found == [1, 1, 0, 1]


def test_a_pinned_controller_answers_every_session_alike(sessions: Sessions) -> None:
    pair = sessions.desk.build.cloud_only("Ann Archer")
    sessions.run(0, "Get-ADServerSettings")
    enable(sessions, 1, pair, DomainController="dc01.contoso.com")
    aliases = [sessions.alias(number, pair, DomainController="dc01.contoso.com") for number in (0, 1)]
    assert aliases == [pair.person.account] * 2
    assert sessions.alias(1, pair) == "ManagementObjectNotFoundException"


def test_a_controller_holds_its_own_domain_only(sessions: Sessions) -> None:
    pair = sessions.desk.build.cloud_only(child_domain_person("Ines Fontaine"))
    found = [
        len(sessions.run(0, "Get-User", Identity=str(pair.directory.guid), **given).objects)
        for given in ({}, {"DomainController": CHILD}, {"DomainController": "dc01.contoso.com"})
    ]
    assert found == [1, 1, 0]


def test_a_write_where_an_earlier_one_is_not_known_adds_to_it(sessions: Sessions) -> None:
    pair = sessions.desk.build.remote_mailbox("Ann Archer")
    identity = str(pair.directory.guid)
    sessions.run(0, "Set-RemoteMailbox", Identity=identity, CustomAttribute1="first")
    sessions.run(1, "Set-RemoteMailbox", Identity=identity, DisplayName="Second")
    at_once = [sessions.run(n, "Get-RemoteMailbox", Identity=identity).objects[0].properties for n in (0, 1)]
    assert [(s["CustomAttribute1"], s["DisplayName"]) for s in at_once] == [("first", "Ann Archer"), ("", "Second")]
    sessions.desk.clock.advance(LAG)
    later = [sessions.run(n, "Get-RemoteMailbox", Identity=identity).objects[0].properties for n in (0, 1)]
    assert [(s["CustomAttribute1"], s["DisplayName"]) for s in later] == [("first", "Second")] * 2


def test_a_cycle_takes_what_has_reached_the_first_controller(sessions: Sessions) -> None:
    pair = sessions.desk.build.synced("Ann Archer")
    sessions.run(0, "Get-ADServerSettings")
    enable(sessions, 1, pair, Alias="new.alias")
    sessions.desk.hybrid.run_scheduled_cycle()
    assert pair.cloud.alias == pair.person.account
    sessions.desk.clock.advance(LAG)
    sessions.desk.hybrid.run_scheduled_cycle()
    assert pair.cloud.alias == "new.alias"


def test_an_unknown_controller_is_refused(sessions: Sessions) -> None:
    with pytest.raises(CmdletFailure, match=r"'dc09\.contoso\.com' couldn't be contacted"):
        sessions.run(0, "Get-User", DomainController="dc09.contoso.com")


def test_in_a_disjoint_namespace_a_controllers_name_tells_no_domain(desk: Desk) -> None:
    ann, ines = desk.build.cloud_only("Ann Archer"), desk.build.cloud_only(child_domain_person("Ines Fontaine"))
    desk.hybrid.directory.disjoint_namespace = True
    held = {
        name: [item.properties["Name"] for item in desk.server("Get-User", DomainController=name).objects]
        for name in ("dc01.hq.contoso.net", "DC01.branch.contoso.net")
    }
    assert held == {"dc01.hq.contoso.net": [ann.person.name], "DC01.branch.contoso.net": [ines.person.name]}
    with pytest.raises(CmdletFailure, match="couldn't be contacted"):
        desk.server("Get-User", DomainController="dc01.contoso.com")
