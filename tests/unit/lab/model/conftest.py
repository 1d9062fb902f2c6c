# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A hybrid organization at hand: its clock stands still, its cmdlets are one call away."""

from __future__ import annotations

from typing import Any

import pytest

from lab.answer import Answer, Call, CmdletFailure, LabObject, ShellState
from lab.hybrid import Hybrid, ManualClock, empty_hybrid
from lab.model.builder import HybridBuilder, Pair
from lab.model.demo import demo_hybrid


class Desk:
    """Runs cmdlets of the three systems in process, each system with one session."""

    def __init__(self, hybrid: Hybrid, clock: ManualClock) -> None:
        self.hybrid = hybrid
        self.clock = clock
        self.build = HybridBuilder(hybrid)
        self.shell = ShellState("CONTOSO\\svc-offboarding", view_entire_forest=True)

    def server(self, cmdlet: str, **parameters: Any) -> Answer:
        return self.hybrid.exchange_server.run(Call(cmdlet, parameters, self.shell))

    def cloud(self, cmdlet: str, **parameters: Any) -> Answer:
        return self.hybrid.exchange_online.run(Call(cmdlet, parameters, ShellState("application")))

    def connect(self, cmdlet: str, **parameters: Any) -> Answer:
        return self.hybrid.entra_connect.run(Call(cmdlet, parameters, ShellState("operator")))

    def refused(self, cmdlet: str, **parameters: Any) -> CmdletFailure:
        """Return the one non-terminating error that Exchange Server answers with."""
        answer = self.server(cmdlet, **parameters)
        assert answer.objects == []
        return answer.errors[0]

    def cloud_refused(self, cmdlet: str, **parameters: Any) -> CmdletFailure:
        with pytest.raises(CmdletFailure) as caught:
            self.cloud(cmdlet, **parameters)
        return caught.value

    def cycle(self) -> None:
        """Start a delta cycle and let it end and arrive in Exchange Online."""
        self.connect("Start-ADSyncSyncCycle", PolicyType="Delta")
        self.clock.advance(60)
        self.hybrid.advance()

    def prepare(self, pair: Pair) -> None:
        """Make the on-premises side whole, as the procedure does in two writes."""
        self.server(
            "Enable-MailUser", Identity=str(pair.directory.guid), ExternalEmailAddress=pair.person.routing,
            PrimarySmtpAddress=pair.person.primary,
        )  # fmt: skip
        kept = [address for address in pair.cloud.email_addresses if not address.startswith("SPO:")]
        self.server(
            "Set-MailUser", Identity=str(pair.directory.guid), EmailAddresses=kept,
            ExchangeGuid=str(pair.cloud.exchange_guid), EmailAddressPolicyEnabled=False,
        )  # fmt: skip

    def move(self, pair: Pair, **parameters: Any) -> Answer:
        """Submit a move of a pair's cloud mailbox to DB01."""
        given = {
            "Identity": str(pair.cloud.exchange_guid), "Outbound": True, "RemoteHostName": "mail.contoso.com",
            "RemoteTargetDatabase": "DB01", "TargetDeliveryDomain": "contoso.com",
            "RemoteCredential": self.hybrid.remote_credential, **parameters,
        }  # fmt: skip
        return self.cloud("New-MoveRequest", **{name: value for name, value in given.items() if value is not None})

    def addresses(self, item: LabObject) -> list[str]:
        """Return the proxy addresses of an output object."""
        held: Any = item.properties["EmailAddresses"]
        return list(held.items)

    def statistics(self, pair: Pair, after: float = 0.0) -> dict[str, Any]:
        """Return Get-MoveRequestStatistics a while later."""
        self.clock.advance(after)
        answer = self.cloud("Get-MoveRequestStatistics", Identity=pair.identity)
        return answer.objects[0].properties

    def status(self, pair: Pair, after: float = 0.0) -> tuple[str, str]:
        """Return Status and StatusDetail a while later."""
        shown = self.statistics(pair, after)
        return shown["Status"].name, shown["StatusDetail"].name


@pytest.fixture
def desk() -> Desk:
    clock = ManualClock()
    return Desk(empty_hybrid(clock), clock)


@pytest.fixture
def demo() -> Desk:
    clock = ManualClock()
    return Desk(demo_hybrid(clock), clock)
