# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a laboratory needs of the hybrid organization behind it, whatever that is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lab.answer import CmdletHost
from lab.wire.basic_auth import Account
from lab.wire.gateway import Model


class TenantApplication(Protocol):
    """The app registration that the tenant knows."""

    @property
    def tenant_id(self) -> str:
        """The tenant's GUID."""

    @property
    def client_id(self) -> str:
        """The application's GUID."""


class HybridModel(Model, Protocol):
    """What the laboratory needs of the hybrid organization."""

    @property
    def exchange_server(self) -> CmdletHost:
        """The on-premises organization."""

    @property
    def exchange_online(self) -> CmdletHost:
        """The tenant."""

    @property
    def entra_connect(self) -> CmdletHost:
        """The directory synchronization server."""

    @property
    def exchange_server_account(self) -> Account:
        """The administrator, who signs in to Exchange Server and to the Entra Connect server."""

    @property
    def exchange_online_application(self) -> TenantApplication:
        """Who signs in to the tenant."""

    @property
    def remote_credential(self) -> Account:
        """The account that the mailbox replication service uses on-premises."""

    def search_directory(
        self, base: str, attribute: str, value: bytes, *, catalog: bool = False
    ) -> list[Mapping[str, Sequence[bytes]]]:
        """Return what LDAP shows of the objects below ``base`` with this value, or the global catalog."""

    def advance(self) -> None:
        """Apply everything that is due."""

    def snapshot(self) -> dict[str, Any]:
        """Return the whole directory as plain data."""
