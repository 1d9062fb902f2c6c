# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand-ins for the three systems at the Organization boundary, and the people of Contoso.

A FakeOrganization answers bulk filters as Exchange does and keeps every cmdlet that it was sent; the Connections in
front of it are the collection's own.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Properties,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import System
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, ConnectionFailure
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import (
    entra_connect,
    exchange_online,
    exchange_server,
)

NOW = datetime.datetime(2026, 11, 30, 18, tzinfo=datetime.timezone.utc)
ZERO = "00000000-0000-0000-0000-000000000000"
ROUTING = "contoso.mail.onmicrosoft.com"
_CLAUSE = re.compile(r"\((\w+) -eq '((?:[^']|'')*)'\)")

Handler = Callable[[Cmdlet], Sequence[Properties]]


def guid_of(name: str) -> str:
    """Return a GUID that always is the same for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def on_disk(path: Path | str) -> Folder:
    """Return a folder of files."""
    return Folder(FileMemory(), str(path))


def clauses_of(cmdlet: Cmdlet) -> list[tuple[str, str]]:
    """Return the (property, value) clauses of an OPATH filter; a filter of any other shape is a mistake."""
    text = str(cmdlet.parameters["Filter"])
    found = [(name, value.replace("''", "'")) for name, value in _CLAUSE.findall(text)]
    assert " -or ".join(match.group(0) for match in _CLAUSE.finditer(text)) == text
    return found


def _held(item: Properties, name: str) -> set[str]:
    held = item.get(name)
    texts = [str(text) for text in held] if isinstance(held, (list, tuple)) else [str(held or "")]
    if name in ("EmailAddresses", "ExternalEmailAddress"):
        texts = [text[5:] if text[:5].lower() == "smtp:" else text for text in texts]
    return {text.lower() for text in texts}


@dataclass
class FakeOrganization:
    """An Organization whose Get- cmdlets look into ``objects`` and whose other cmdlets are ``handlers``.

    A cmdlet that is in neither fails the test.
    """

    system: str
    objects: dict[str, list[Properties]] = field(default_factory=dict)
    handlers: dict[str, Handler] = field(default_factory=dict)
    concurrency: int = 1
    host: str = "host.contoso.com"
    calls: list[Cmdlet] = field(default_factory=list)
    sessions: list[FakeSession] = field(default_factory=list, repr=False)

    def open(self) -> FakeSession:
        session = FakeSession(self)
        self.sessions.append(session)
        return session

    def answer(self, cmdlet: Cmdlet) -> list[Properties]:
        self.calls.append(cmdlet)
        if cmdlet.name in self.handlers:
            return list(self.handlers[cmdlet.name](cmdlet))
        if cmdlet.name not in self.objects:
            raise AssertionError(f"nobody expected {cmdlet.preview()} at {self.system}")
        selected = _selection(cmdlet)
        return [dict(item) for item in self.objects[cmdlet.name] if selected(item)]

    def named(self, *names: str) -> list[Cmdlet]:
        return [cmdlet for cmdlet in self.calls if cmdlet.name in names]

    @property
    def writes(self) -> list[Cmdlet]:
        return [cmdlet for cmdlet in self.calls if not cmdlet.is_read]


def _selection(cmdlet: Cmdlet) -> Callable[[Properties], bool]:
    """Return what tells whether a cmdlet asks for an object: by filter, by identity, by batch name, or for all."""
    given = cmdlet.parameters
    if "Filter" in given:
        wanted: dict[str, set[str]] = {}
        for name, value in clauses_of(cmdlet):
            wanted.setdefault(name, set()).add(value.lower())
        return lambda item: any(_held(item, name) & values for name, values in wanted.items())
    if "Identity" in given:
        return lambda item: str(given["Identity"]) in (item.get("ExchangeGuid"), item.get("Guid"))
    return lambda item: given.get("BatchName") in (None, item.get("BatchName"))


@dataclass(eq=False)
class FakeSession:
    """A Session that refuses to work once it is closed."""

    organization: FakeOrganization
    closed: bool = False

    def run(self, cmdlet: Cmdlet) -> CmdletOutput:
        assert not self.closed
        return CmdletOutput(self.organization.answer(cmdlet))

    def close(self) -> None:
        self.closed = True


SYSTEMS = (exchange_server.SYSTEM, exchange_online.SYSTEM, entra_connect.SYSTEM)


def connect(*organizations: FakeOrganization, journal: Journal | None = None) -> Connections:
    """Return the collection's own Connections to these organizations; no pause between two tries takes time."""
    return Connections({made.system: {} for made in organizations}, systems(*organizations), Time().sleep, journal)


def systems(*organizations: Any) -> list[System]:
    """Return systems that are these organizations, whatever their options."""
    return [System(made.system, lambda _options, made=made: made) for made in organizations]


class Fails:
    """A handler that raises the given errors in turn, and afterwards hands over to ``then``."""

    def __init__(self, *errors: Exception, then: Handler | None = None) -> None:
        self._errors = list(errors)
        self._then = then

    def __call__(self, cmdlet: Cmdlet) -> Sequence[Properties]:
        if self._errors:
            raise self._errors.pop(0)
        return self._then(cmdlet) if self._then else []


def refusal(message: str = "Exchange says no.", exception_type: str = "", cmdlet: str = "Get-User") -> CmdletError:
    return CmdletError(message, cmdlet=cmdlet, exception_type=exception_type)


def lost() -> ConnectionFailure:
    return ConnectionFailure("the connection went away.", code="connection_lost", retryable=True, answer_lost=True)


class Time:
    """A clock that only its own sleep moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self.during: list[Callable[[], None]] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass, and with it whatever was to happen during this sleep. No sleep is shorter than nothing."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.slept.append(seconds)
        self.now += seconds
        if self.during:
            self.during.pop(0)()


# -- people ------------------------------------------------------------------------------------------------------------


def cloud_mailbox(name: str = "ann", **changes: Any) -> Properties:
    """Return what Get-Mailbox and Get-Recipient show together of a cloud-only mailbox."""
    return {
        "Guid": guid_of(f"{name} in the cloud"),
        "ExternalDirectoryObjectId": guid_of(f"{name} in Entra"),
        "ExchangeGuid": guid_of(f"{name}'s mailbox"),
        "ArchiveGuid": ZERO,
        "RecipientTypeDetails": "UserMailbox",
        "UserPrincipalName": f"{name}@contoso.com",
        "WindowsLiveID": f"{name}@contoso.com",
        "DisplayName": name.title(),
        "Alias": name,
        "PrimarySmtpAddress": f"{name}@contoso.com",
        "EmailAddresses": [
            f"SMTP:{name}@contoso.com",
            f"smtp:{name}@{ROUTING}",
            f"SPO:{name}",
            f"SIP:{name}@contoso.com",
        ],
        "LegacyExchangeDN": f"/o=ExchangeLabs/cn={name}",
        "IsDirSynced": False,
        "HiddenFromAddressListsEnabled": False,
        "LitigationHoldEnabled": False,
        "InPlaceHolds": [],
        **changes,
    }


def cloud_mail_user(name: str = "ann", **changes: Any) -> Properties:
    """Return what stays in the cloud of a mailbox that is home."""
    return cloud_mailbox(
        name,
        RecipientTypeDetails="MailUser",
        ExternalEmailAddress=f"SMTP:{name}@contoso.com",
        IsDirSynced=True,
        **changes,
    )


def ad_user(name: str = "ann", **changes: Any) -> Properties:
    """Return what Get-User shows of a plain on-premises user."""
    return {
        "Guid": guid_of(f"{name} on-premises"),
        "DistinguishedName": f"CN={name.title()},OU=People,DC=contoso,DC=com",
        "RecipientTypeDetails": "User",
        "UserPrincipalName": f"{name}@contoso.com",
        "WindowsEmailAddress": "",
        "DisplayName": name.title(),
        "ExternalDirectoryObjectId": "",
        **changes,
    }


def on_premises_recipient(name: str = "ann", kind: str = "MailUser", **changes: Any) -> Properties:
    """Return what Get-User and Get-MailUser, Get-RemoteMailbox or Get-Mailbox show together."""
    return {
        **ad_user(name, RecipientTypeDetails=kind, WindowsEmailAddress=f"{name}@contoso.com"),
        "Alias": name,
        "PrimarySmtpAddress": f"{name}@contoso.com",
        "EmailAddresses": [f"SMTP:{name}@contoso.com", f"smtp:{name}@{ROUTING}", f"X500:/o=ExchangeLabs/cn={name}"],
        "EmailAddressPolicyEnabled": False,
        "ExternalEmailAddress": f"SMTP:{name}@{ROUTING}",
        "ExchangeGuid": guid_of(f"{name}'s mailbox"),
        "ArchiveGuid": ZERO,
        "HiddenFromAddressListsEnabled": False,
        **changes,
    }


GETTERS = {
    "MailUser": "Get-MailUser",
    "UserMailbox": "Get-Mailbox",
    "SharedMailbox": "Get-Mailbox",
    "RoomMailbox": "Get-Mailbox",
    "LinkedMailbox": "Get-Mailbox",
    "LinkedRoomMailbox": "Get-Mailbox",
    "RemoteUserMailbox": "Get-RemoteMailbox",
}


def on_premises(*people: Properties, databases: Sequence[str] = ("DB01", "DB02")) -> FakeOrganization:
    """Return an Exchange organization with these people in it, each seen by the cmdlets that show its kind."""
    objects: dict[str, list[Properties]] = {name: [] for name in ("Get-User", "Get-Recipient", *GETTERS.values())}
    for person in people:
        objects["Get-User"].append(person)
        getter = GETTERS.get(person["RecipientTypeDetails"])
        if getter:
            objects[getter].append(person)
            objects["Get-Recipient"].append(person)
    objects["Get-MailboxStatistics"] = []
    objects["Get-MailboxDatabase"] = [{"Name": name} for name in databases]
    objects["Get-AcceptedDomain"] = [{"DomainName": "contoso.com"}]
    objects["Get-MoveRequest"] = []
    return FakeOrganization("exchange_server", objects)


def tenant(*people: Properties, requests: Sequence[Properties] = ()) -> FakeOrganization:
    """Return an Exchange Online tenant with these recipients and move requests."""
    objects: dict[str, list[Properties]] = {name: [] for name in ("Get-Recipient", "Get-Mailbox", "Get-MailUser")}
    for person in people:
        objects["Get-Recipient"].append(person)
        objects["Get-MailUser" if person["RecipientTypeDetails"] == "MailUser" else "Get-Mailbox"].append(person)
    objects["Get-MoveRequest"] = objects["Get-MoveRequestStatistics"] = list(requests)
    objects["Get-MailboxStatistics"] = []
    objects["Get-AcceptedDomain"] = [{"DomainName": "contoso.com"}, {"DomainName": ROUTING}]
    objects["Get-MigrationEndpoint"] = objects["Get-MigrationUser"] = []
    objects["Get-OrganizationConfig"] = [{"Name": "contoso.onmicrosoft.com"}]
    return FakeOrganization("exchange_online", objects)


def move_request_of(name: str = "ann", status: str = "InProgress", **changes: Any) -> Properties:
    """Return what Get-MoveRequest and Get-MoveRequestStatistics show together."""
    return {
        "ExchangeGuid": guid_of(f"{name}'s mailbox"),
        "Status": status,
        "BatchName": "wave 1",
        "RemoteHostName": "mail.contoso.com",
        "RemoteDatabaseName": "DB01",
        "TargetDeliveryDomain": "contoso.com",
        "Suspend": False,
        "SuspendWhenReadyToComplete": False,
        "PreventCompletion": False,
        **changes,
    }
