# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laboratory's real wires in front of hosts that answer what a test says: for the transports alone."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from lab.answer import Answer, Call, LabObject
from lab.laboratory import Laboratory

ON_PREMISES = [
    "Set-ADServerSettings", "Get-User", "Get-Recipient", "Get-MailUser", "Set-MailUser", "Enable-MailUser",
    "Disable-MailUser", "Get-Mailbox", "New-Something",
]
CLOUD = ["Get-Mailbox", "Get-Recipient", "Get-MoveRequest", "New-MoveRequest", "Set-Mailbox", "Remove-MoveRequest"]
SYNC = ["Get-ADSyncScheduler", "Set-ADSyncScheduler", "Start-ADSyncSyncCycle", "Get-ADSyncConnectorRunStatus"]


@dataclass(frozen=True)
class ScriptedAccount:
    username: str
    password: str


@dataclass(frozen=True)
class ScriptedApplication:
    tenant_id: str = "0f5d5f5b-4d0c-4a53-9c37-7f2d0b9a7e11"
    client_id: str = "5b2a6c1e-3f0d-4e7c-8a59-2c4b1d6e9f22"


@dataclass
class ScriptedHost:
    """A CmdletHost that answers each cmdlet by a function of the test's, and nothing to all others."""

    cmdlets: list[str]
    answers: dict[str, Callable[[Call], Answer]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def run(self, call: Call) -> Answer:
        self.calls.append(call)
        answer = self.answers.get(call.cmdlet)
        return Answer() if answer is None else answer(call)

    def granted(self, user: str) -> list[str]:
        return self.cmdlets

    def answer(self, cmdlet: str, *objects: LabObject, warnings: tuple[str, ...] = ()) -> None:
        self.answers[cmdlet] = lambda call: Answer(list(objects), list(warnings))

    def named(self, cmdlet: str) -> list[Call]:
        return [call for call in self.calls if call.cmdlet == cmdlet]


class ScriptedClock:
    def now(self) -> datetime.datetime:
        return datetime.datetime(2026, 11, 23, 12, 0, tzinfo=datetime.timezone.utc)


class ScriptedHybrid:
    """What the laboratory needs of a hybrid organization, without one."""

    def __init__(self) -> None:
        self.clock = ScriptedClock()
        self.exchange_server = ScriptedHost(ON_PREMISES)
        self.exchange_online = ScriptedHost(CLOUD)
        self.entra_connect = ScriptedHost(SYNC)
        self.exchange_server_account = ScriptedAccount("CONTOSO\\svc-ansible", "Corr3ct+horse")
        self.exchange_online_application = ScriptedApplication()
        self.remote_credential = ScriptedAccount("CONTOSO\\svc-mrs", "Battery-stäple")

    def advance(self) -> None:
        """Nothing is ever due."""

    def run_scheduled_cycle(self) -> None:
        """No directory is synchronized."""

    def snapshot(self) -> dict[str, Any]:
        return {}

    def search_directory(
        self, _base: str, _attribute: str, _value: bytes, *, catalog: bool = False
    ) -> list[Mapping[str, Sequence[bytes]]]:
        """Nobody is in Active Directory."""
        return []


class Patience:
    """A Retry that notes its waits instead of waiting."""

    def __init__(self) -> None:
        # Not at the top: a conftest is imported before Ansible's collection finder stands.
        from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Retry

        self.waited: list[float] = []
        self.retry = Retry(sleep=self.waited.append, chance=lambda: 0.0)


@pytest.fixture
def patience() -> Patience:
    return Patience()


@pytest.fixture(scope="module")
def running_laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with Laboratory(ScriptedHybrid(), tmp_path_factory.mktemp("laboratory")) as laboratory:
        yield laboratory


@pytest.fixture
def scripted(running_laboratory: Laboratory) -> Laboratory:
    """The running laboratory, all scripts and faults of earlier tests gone."""
    for host in (
        running_laboratory.hybrid.exchange_server,
        running_laboratory.hybrid.exchange_online,
        running_laboratory.hybrid.entra_connect,
    ):
        host.answers.clear()
        host.calls.clear()
    running_laboratory.faults.clear()
    return running_laboratory
