# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hybrid organization: one model behind the three systems that the wires expose."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.answer import LabCredential
from lab.model import active_directory, recipients
from lab.model.clock import Agenda, Clock, ManualClock, SystemClock
from lab.model.controllers import LAG, Replication
from lab.model.directory import Database, Directory
from lab.model.directory_sync import DirectorySync, Timing
from lab.model.entra import Entra
from lab.model.entra_connect import EntraConnect
from lab.model.exchange_online import ExchangeOnline
from lab.model.exchange_server import ExchangeServer, named_guid
from lab.model.mailbox_replication import MailboxReplication, MoveTiming
from lab.model.tenant import ROUTING_DOMAIN, TENANT, OutboundConnector, Tenant

__all__ = ["Account", "Application", "Clock", "Hybrid", "ManualClock", "SystemClock", "empty_hybrid"]


@dataclass(frozen=True)
class Account:
    """The administrator of the on-premises servers."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Application:
    """The application that Microsoft Entra knows."""

    tenant_id: str
    client_id: str


class Hybrid:
    """Active Directory with Exchange Server, the Exchange Online tenant, Entra Connect between them, and MRS.

    ``speed`` divides the lengths of sync cycles and moves. Nothing runs by itself: advance() applies what is due, and
    every cmdlet calls it first.
    """

    def __init__(self, clock: Clock, speed: float = 1.0) -> None:
        self.clock = clock
        self.speed = speed
        self.lock = threading.RLock()
        self.exchange_server_account = Account("CONTOSO\\svc-offboarding", "Lab!Pw-7Qx2-server")
        self.exchange_online_application = Application(str(named_guid("tenant")), str(named_guid("application")))
        self.remote_credential = LabCredential("CONTOSO\\svc-mrsproxy", "Lab!Pw-3Zn6-mrsproxy")
        self.directory = Directory(accepted_domains=["contoso.com", "fabrikam.com", ROUTING_DOMAIN])
        for name in ("DB01", "DB02", "DB03"):
            self.directory.databases[name] = Database(name, named_guid(f"database {name}"))
        self.tenant = Tenant(accepted_domains=["contoso.com", "fabrikam.com", TENANT, ROUTING_DOMAIN])
        hybrid_domains = ["contoso.com", "fabrikam.com"]
        self.tenant.outbound_connectors.append(OutboundConnector("Outbound to Contoso", hybrid_domains))
        for endpoint in self.tenant.migration_endpoints.values():
            endpoint.credential = self.remote_credential
        self.entra = Entra(self.tenant)
        self.agenda = Agenda()
        self.controllers = Replication(self.directory.objects, LAG / speed)
        self.sync = DirectorySync(
            self.directory, self.controllers, self.tenant, self.agenda, clock.now(), Timing().faster(speed)
        )
        self.replication = MailboxReplication(self.directory, self.tenant, self.agenda, MoveTiming(speed=speed))
        self.exchange_server = ExchangeServer(self.directory, self.controllers, self.advance, clock.now, self.lock)
        self.exchange_online = ExchangeOnline(
            self.tenant, self.replication, self.remote_credential, self.advance, clock.now, self.lock
        )
        self.entra_connect = EntraConnect(self.sync, self.advance, clock.now, self.lock)

    @property
    def remote_host_name(self) -> str:
        """Return the host name of the MRS proxy."""
        return self.directory.external_host_name

    def advance(self) -> None:
        """Apply everything that is due by the clock: sync cycles, forward sync, steps of moves."""
        with self.lock:
            self.agenda.run_until(self.clock.now())

    def run_scheduled_cycle(self) -> None:
        """Run a cycle now, completely, as the scheduler would: not at all while it is paused, suspended or busy."""
        with self.lock:
            self.advance()
            if self.sync.sync_cycle_enabled and not self.sync.scheduler_suspended and not self.sync.busy:
                self.sync.run_cycle_now(self.clock.now())

    def search_directory(
        self, base: str, attribute: str, value: bytes, *, catalog: bool = False
    ) -> list[Mapping[str, Sequence[bytes]]]:
        """Return what a domain controller of the first domain, or the global catalog, shows over LDAP of the objects
        with this value.
        """
        with self.lock:
            self.advance()
            return active_directory.search(self.directory, base, attribute, value, catalog=catalog)

    def run_address_policies(self) -> int:
        """Update the on-premises address policy: it may change primary addresses. Returns how many it changed."""
        with self.lock:
            now = self.clock.now()
            return sum(self.directory.run_address_policy(item, now) for item in list(self.directory.objects))

    def snapshot(self) -> dict[str, Any]:
        """Return both directories, the move requests and the scheduler as plain data, the same for the same state."""
        with self.lock:
            self.advance()
            moves = [
                {
                    "mailbox": move.mailbox.name, "status": move.status, "status_detail": move.status_detail,
                    "failure": recipients.plain(move.failure), "options": recipients.plain(move.options),
                }
                for move in sorted(self.replication.requests.values(), key=lambda move: move.mailbox.name)
            ]  # fmt: skip
            return {
                "active_directory": _objects(self.directory.objects),
                "exchange_online": _objects(self.tenant.objects),
                "move_requests": moves,
                "scheduler": {
                    "sync_cycle_enabled": self.sync.sync_cycle_enabled, "staging_mode": self.sync.staging_mode,
                },
            }  # fmt: skip


def _objects(store: recipients.Store[Any]) -> dict[str, Any]:
    return {
        item.distinguished_name: {"identity": item.identity, **recipients.plain(item)}
        for item in sorted(store, key=lambda item: str(item.distinguished_name))
    }


def empty_hybrid(clock: Clock | None = None, speed: float = 1.0) -> Hybrid:
    """Return an organization with domains, databases and accounts, and no recipients."""
    return Hybrid(clock or SystemClock(), speed)
