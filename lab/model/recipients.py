# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What both directories hold: recipients and users, found through an index and never by looking at all of them."""

from __future__ import annotations

import dataclasses
import datetime
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lab.model import addresses
from lab.model.kinds import MAILBOXES

EMPTY_GUID = uuid.UUID(int=0)
LONG_AGO = datetime.datetime(2024, 3, 4, 8, 30, tzinfo=datetime.timezone.utc)


@dataclass
class MailboxMove:
    """The msExchMailboxMove* attributes that a move request leaves on the objects of both sides."""

    status: str = "None"
    flags: str = "None"
    remote_host_name: str = ""
    batch_name: str = ""


@dataclass
class Quotas:
    """Sizes in bytes; None is Unlimited."""

    issue_warning: int | None = 49 * 1024**3
    prohibit_send: int | None = 49 * 1024**3
    prohibit_send_receive: int | None = 50 * 1024**3
    recoverable_items: int | None = 30 * 1024**3


@dataclass
class Content:
    """What a mailbox holds. Sizes in bytes."""

    size: int = 0
    items: int = 0
    archive_size: int = 0
    archive_items: int = 0
    recoverable: int = 0


@dataclass(frozen=True)
class Skipped:
    """What of a mailbox no move can carry, and the data consistency score that Exchange Online gives for it."""

    score: str = "Perfect"
    bad: int = 0
    large: int = 0
    missing: int = 0

    @property
    def any(self) -> bool:
        """Say whether anything is left out."""
        return bool(self.bad or self.large or self.missing)


@dataclass
class Recipient:
    """One user, contact, group or mailbox; ``kind`` is its RecipientTypeDetails."""

    guid: uuid.UUID
    name: str
    kind: str
    display_name: str = ""
    sam_account_name: str = ""
    user_principal_name: str = ""
    first_name: str = ""
    last_name: str = ""
    alias: str = ""
    mail: str = ""
    email_addresses: list[str] = field(default_factory=list)
    external_email_address: str = ""
    exchange_guid: uuid.UUID = EMPTY_GUID
    archive_guid: uuid.UUID = EMPTY_GUID
    archive_name: str = ""
    legacy_exchange_dn: str = ""
    email_address_policy_enabled: bool = False
    hidden: bool = False
    custom_attributes: dict[int, str] = field(default_factory=dict)
    database: str = ""
    external_directory_object_id: str = ""
    litigation_hold: bool = False
    quotas: Quotas = field(default_factory=Quotas)
    content: Content = field(default_factory=Content)
    move: MailboxMove = field(default_factory=MailboxMove)
    # Where a mailbox's mail goes, and who may send to it: by the property's name, what differs from a new mailbox's.
    delivery: dict[str, Any] = field(default_factory=dict)
    when_created: datetime.datetime = LONG_AGO
    when_changed: datetime.datetime = LONG_AGO

    @property
    def identity(self) -> str:
        """Return what the object's Identity shows."""
        return self.name

    @property
    def distinguished_name(self) -> str:
        """Return the object's name in its directory."""
        return f"CN={self.name}"

    @property
    def primary_smtp_address(self) -> str:
        """Return the address with the upper-case prefix, or an empty text."""
        return addresses.primary(self.email_addresses)

    @property
    def is_mailbox(self) -> bool:
        """Say whether the object is a mailbox in its own organization."""
        return self.kind in MAILBOXES

    def keys(self) -> set[tuple[str, str]]:
        """Return ``(kind of key, value in lower case)`` for everything that the object can be found by."""
        single = {
            "guid": str(self.guid), "dn": self.distinguished_name, "identity": self.identity, "name": self.name,
            "alias": self.alias, "sam": self.sam_account_name, "upn": self.user_principal_name, "mail": self.mail,
            "legacy": self.legacy_exchange_dn, "external": self.external_directory_object_id,
        }  # fmt: skip
        found = {(kind, value.lower()) for kind, value in single.items() if value}
        for kind, guid in (("exchange", self.exchange_guid), ("archive", self.archive_guid)):
            if guid != EMPTY_GUID:
                found.add((kind, str(guid)))
        for address in self.email_addresses:
            key = addresses.key(address)
            found.add(("address", key))
            if key.startswith("smtp:"):
                found.add(("address", key[5:]))
        return found


R = TypeVar("R", bound=Recipient)


class Store(Generic[R]):
    """Objects by GUID with an index over everything that they can be found by."""

    def __init__(self) -> None:
        self._objects: dict[uuid.UUID, R] = {}
        self._index: dict[tuple[str, str], dict[uuid.UUID, R]] = {}
        self._keys: dict[uuid.UUID, set[tuple[str, str]]] = {}
        self.on_change: Callable[[R], None] | None = None

    def __iter__(self) -> Iterator[R]:
        return iter(self._objects.values())

    def __len__(self) -> int:
        return len(self._objects)

    def add(self, item: R) -> R:
        """Add an object and tell the listener."""
        self._objects[item.guid] = item
        self._reindex(item)
        if self.on_change is not None:
            self.on_change(item)
        return item

    def remove(self, item: R) -> None:
        """Take an object out; nobody finds it any more. KeyError for one that is not there."""
        del self._objects[item.guid]
        for key in self._keys.pop(item.guid, set()):
            self._index[key].pop(item.guid, None)

    def get(self, guid: uuid.UUID) -> R:
        """Return the object with this GUID; KeyError without one."""
        return self._objects[guid]

    def find(self, kinds: Iterable[str], value: str) -> list[R]:
        """Return the objects that one of these kinds of key leads to, each once."""
        found: dict[uuid.UUID, R] = {}
        for kind in kinds:
            found.update(self._index.get((kind, value.lower()), {}))
        return list(found.values())

    def holder(self, address: str, *, but: R | None = None) -> R | None:
        """Return another object that holds the address, or whose LegacyExchangeDN it is."""
        key = addresses.key(address)
        held = dict(self._index.get(("address", key), {}))
        if key.startswith("x500:"):
            held.update(self._index.get(("legacy", key[5:]), {}))
        return next((item for item in held.values() if but is None or item.guid != but.guid), None)

    def change(self, item: R, now: datetime.datetime, **changes: Any) -> bool:
        """Set fields. Return False, and leave the object alone, when each already has its value."""
        different = {name: value for name, value in changes.items() if getattr(item, name) != value}
        if not different:
            return False
        for name, value in different.items():
            setattr(item, name, value)
        item.when_changed = now
        self._reindex(item)
        if self.on_change is not None:
            self.on_change(item)
        return True

    def _reindex(self, item: R) -> None:
        new = item.keys()
        old = self._keys.get(item.guid, set())
        for key in old - new:
            self._index[key].pop(item.guid, None)
        for key in new - old:
            self._index.setdefault(key, {})[item.guid] = item
        self._keys[item.guid] = new


def plain(value: Any) -> Any:
    """Return dataclasses, GUIDs and times as JSON-able data; empty values are left out of objects."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        named = {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
        return {name: item for name, item in named.items() if item not in ("", [], {}, None, False)}
    if isinstance(value, uuid.UUID):
        return "" if value == EMPTY_GUID else str(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return value
