# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The one interface between what is planned and how it travels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Union, runtime_checkable

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError

if TYPE_CHECKING:
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.entra import Directory


# The kinds of organization that cmdlets run in.
EXCHANGE_SERVER = "exchange_server"
EXCHANGE_ONLINE = "exchange_online"
ENTRA_CONNECT = "entra_connect"
# What lets an account run ADSync cmdlets over WinRM; on a domain controller they are groups of the domain.
ENTRA_CONNECT_GROUPS = "ADSyncOperators and Remote Management Users"


class Session(Protocol):
    """One connection that runs one cmdlet at a time. Not shared between threads."""

    def run(self, cmdlet: Cmdlet) -> CmdletOutput:
        """Run one cmdlet.

        Raises CmdletError for what Exchange said (non-terminating errors included), ConnectionFailure for the rest.
        A read is retried inside on transient faults; a write never is: its ConnectionFailure has ``answer_lost``
        set when the cmdlet may have run.
        """

    def close(self) -> None:
        """Close the session on the server too. Never raises."""


class WaitsForLoad(Protocol):
    """A session that a system may refuse for load.

    ``patient`` tells, each time that it is refused, whether it waits until it is let in; otherwise it raises Busy with
    ``session_refused`` at once.
    ``on_throttled`` is called for every refusal that it waits out.
    """

    patient: Callable[[], bool]
    on_throttled: Callable[[], None]


def always_waits() -> bool:
    """A session's patience, unless somebody asks for another."""
    return True


def ignore_throttling() -> None:
    """Nobody wants to know of a session's refusals for load."""


class OpensAhead(Session, Protocol):
    """A session that can be opened before its first cmdlet."""

    def connect(self) -> None:
        """Open the session if it is not open. Raises what a first read would; ``throttled`` where it is refused for
        load and does not wait."""


@runtime_checkable
class ReadsInBatches(Protocol):
    """A session that takes several reads in one request."""

    def run_many(self, cmdlets: Sequence[Cmdlet]) -> Sequence[Union[CmdletOutput, HybridError]]:
        """Return an answer or an error for each read, in their order. Raises ConnectionFailure for them all."""


class Organization(Protocol):
    """An on-premises Exchange organization, a tenant, or an Entra Connect server."""

    @property
    def system(self) -> str:
        """Return exchange_server, exchange_online or entra_connect."""

    @property
    def host(self) -> str:
        """Return the system's name for messages."""

    @property
    def concurrency(self) -> int:
        """Return how many sessions may be open at once."""

    def open(self) -> Session:
        """Return a new session; it connects at its first cmdlet."""


@dataclass(frozen=True)
class System:
    """What a module declares when it talks to a system; both functions take the options of its connection.

    Ansible packs what it finds as an import statement. So each system has a file of its own, and a module carries, and
    its run reads, only what belongs to the systems that it names. ``directory`` is for the tenant's Microsoft Graph.
    """

    name: str
    organization: Callable[[Mapping[str, Any]], Organization]
    directory: Callable[[Mapping[str, Any]], Directory | None] | None = None
