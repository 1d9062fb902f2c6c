# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Pinned domain controllers, one for each domain: a value is read back where it was written.

A controller holds the objects of its own domain. So a read is asked at each pinned controller and the answers are put
together, and a write goes to the controller of the domain that the object's distinguished name ends in. What must be
unique is asked of no pinned controller, but of the forest (``Cmdlet.forest``).

The domain of a controller is given with it, or taken from its host name, until what it shows says otherwise: in a
disjoint namespace the name tells nothing (KB 2269838).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import cmdlet_table
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Properties,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import OpensAhead
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import ConnectionOptions
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    MailboxError,
    domain_not_pinned,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.psrp import (
        RemotePowerShellSession,
    )

# What every controller of the forest holds; the rest lives in one domain.
_CONFIGURATION = cmdlet_table.taking_domain_controller(cmdlet_table.CONFIGURATION)
_TAKES = cmdlet_table.taking_domain_controller()


@dataclass
class Controllers:
    """The pinned controllers by domain, in lower case, and which object was seen in which domain.

    Shared by all sessions of an organization: an object that one session has read is written by another.
    """

    by_domain: dict[str, str]
    given: frozenset[str] = frozenset()  # domains that were given, not taken from a host name
    seen: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def first(self) -> str:
        return next(iter(self.by_domain.values()))

    def note(self, item: Properties) -> None:
        """Remember an object's domain under its GUID."""
        domain = _values.domain_of_name(str(item.get("DistinguishedName") or ""))
        if domain and item.get("Guid"):
            with self.lock:
                self.seen[_values.told_guid(item["Guid"])] = domain

    def learn(self, controller: str, objects: Sequence[Properties]) -> None:
        """Correct the domain of a controller whose name says another than all that it shows.

        A global catalog may show several domains' objects: that tells nothing.
        """
        shown = {_values.domain_of_name(str(item.get("DistinguishedName") or "")) for item in objects} - {""}
        with self.lock:
            believed = next(domain for domain, name in self.by_domain.items() if name == controller)
            if len(shown) != 1 or believed in self.given or shown & self.by_domain.keys():
                return
            del self.by_domain[believed]
            self.by_domain[shown.pop()] = controller

    def known_domain(self, identity: str) -> str:
        """Return the domain of a distinguished name, or of an object that was read before; else an empty text."""
        with self.lock:
            return _values.domain_of_name(identity) or self.seen.get(_values.folded(identity), "")


def from_option(given: ConnectionOptions, value: object) -> Controllers | None:
    """Return the controllers of option ``domain_controller``: one name or a list of them, one for each domain.

    A name may have its domain before it, as in ``contoso.com=dc01.hq.contoso.net``. Raises InputError.
    """
    names = value.split(",") if isinstance(value, str) else value
    if names is None or names == []:
        return None
    remedy = (
        "List controllers by their fully qualified names, one for each domain of the forest, with the domain before it "
        "(contoso.com=dc01.hq.contoso.net) if its name does not end in the domain."
    )
    by_domain: dict[str, str] = {}
    named: set[str] = set()
    for item in names if isinstance(names, Sequence) else []:
        name = str(item or "").strip()
        if not name:
            raise given.option_error("domain_controller", "is blank", "Specify a value, or leave the option out.")
        before, equals, controller = (part.strip() for part in name.rpartition("="))
        domain = _values.folded(before) if equals else _values.folded(controller).partition(".")[2]
        if not _values.is_domain(controller) or not _values.is_domain(domain):
            raise given.option_error("domain_controller", "is not a fully qualified host name", remedy, name)
        if domain in by_domain:
            raise given.option_error("domain_controller", f"is a second controller of {domain}", remedy, name)
        by_domain[domain] = controller
        named |= {domain} if equals else set()
    return Controllers(by_domain, frozenset(named))


class PinnedSession:
    """Implements OpensAhead in front of another: adds DomainController to what takes it and has none."""

    def __init__(self, inner: OpensAhead, controllers: Controllers) -> None:
        self._inner = inner
        self._controllers = controllers

    def connect(self) -> None:
        """Open the session behind it: see OpensAhead.connect."""
        self._inner.connect()

    def run(self, cmdlet: Cmdlet) -> CmdletOutput:
        """Run one cmdlet at the pinned controller that has its object: see Session.run."""
        takes = cmdlet.pinned or cmdlet.name in _TAKES
        if cmdlet.forest or not takes or "DomainController" in cmdlet.parameters:
            return self._inner.run(cmdlet)
        if len(self._controllers.by_domain) == 1 or cmdlet.name in _CONFIGURATION:
            return self._inner.run(cmdlet.with_parameters(DomainController=self._controllers.first))
        if cmdlet.is_read:
            return self._read_everywhere(cmdlet)
        return self._inner.run(cmdlet.with_parameters(DomainController=self._controller(cmdlet)))

    def close(self) -> None:
        self._inner.close()

    def _read_everywhere(self, cmdlet: Cmdlet) -> CmdletOutput:
        """Ask each controller; what one of them does not find may be in another's domain."""
        found = CmdletOutput()
        missing: list[CmdletError] = []
        for controller in list(self._controllers.by_domain.values()):
            try:
                output = self._inner.run(cmdlet.with_parameters(DomainController=controller))
            except CmdletError as error:
                if not error.not_found:
                    raise
                missing.append(error)
                continue
            self._controllers.learn(controller, output.objects)
            found.objects += output.objects
            found.warnings += [warning for warning in output.warnings if warning not in found.warnings]
        if len(missing) == len(self._controllers.by_domain):
            raise missing[0]
        found.objects = _each_once(found.objects)
        for item in found.objects:
            self._controllers.note(item)
        return found

    def _controller(self, cmdlet: Cmdlet) -> str:
        identity = str(cmdlet.parameters.get("Identity") or "")
        domain = self._controllers.known_domain(identity) or self._look_up(identity)
        controller = self._controllers.by_domain.get(domain)
        if controller is None:
            raise domain_not_pinned(identity, domain, cmdlet.name)
        return controller

    def _look_up(self, identity: str) -> str:
        found = self._read_everywhere(Cmdlet("Get-User", {"Identity": identity})).objects if identity else []
        if len(found) != 1:
            raise MailboxError(
                f"'{identity}' matches {len(found)} users at the pinned domain controllers.",
                code="ambiguous" if found else "not_found",
                cmdlet="Get-User",
                remedy="Use an objectGUID or a distinguished name, which identifies exactly one object.",
            )
        return _values.domain_of_name(str(found[0].get("DistinguishedName") or ""))


class PinnedRemoteSession(PinnedSession):
    """The same in front of a session that its system may refuse for load."""

    def __init__(self, inner: RemotePowerShellSession, controllers: Controllers) -> None:
        super().__init__(inner, controllers)
        self._remote = inner

    @property
    def patient(self) -> Callable[[], bool]:
        return self._remote.patient

    @patient.setter
    def patient(self, value: Callable[[], bool]) -> None:
        self._remote.patient = value

    @property
    def on_throttled(self) -> Callable[[], None]:
        return self._remote.on_throttled

    @on_throttled.setter
    def on_throttled(self, value: Callable[[], None]) -> None:
        self._remote.on_throttled = value


def _each_once(objects: Sequence[Properties]) -> list[Properties]:
    """Return the objects without those that a second controller, a global catalog, showed again."""
    unique: dict[object, Properties] = {}
    for number, item in enumerate(objects):
        unique.setdefault(item.get("Guid") or item.get("MailboxGuid") or number, item)
    return list(unique.values())
