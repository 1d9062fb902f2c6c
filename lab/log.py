# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's log of every cmdlet that reached an organization: tests prove with it what was and was not written."""

from __future__ import annotations

import datetime
import re
import threading
import uuid
from collections.abc import Mapping
from typing import Any

from lab.answer import LabCredential

MASK = "********"
_SECRET_NAME = re.compile(r"password|secret|credential", re.IGNORECASE)


class SecretText(str):
    """A decrypted SecureString: text for the model, masked for everybody who looks."""

    def __repr__(self) -> str:
        return f"'{MASK}'"


def is_read(cmdlet: str) -> bool:
    """Tell a read from a write. Set-ADServerSettings changes only the session, so it counts as a read."""
    return cmdlet.lower().startswith(("get-", "test-")) or cmdlet.lower() == "set-adserversettings"


def masked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters as plain JSON-able data without any secret."""
    return {str(name): _plain(str(name), value) for name, value in parameters.items()}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, LabCredential):
        return {"username": value.username, "password": MASK}
    if isinstance(value, SecretText) or (isinstance(value, str) and _SECRET_NAME.search(name)):
        return MASK
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, (list, tuple)):
        return [_plain(name, item) for item in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, (uuid.UUID, datetime.timedelta)):
        return str(value)
    if isinstance(value, str):
        return str(value)
    return value


class CommandLog:
    """Thread-safe list of what was received, in the order in which it finished.

    An entry is a dictionary: ``time`` (ISO 8601 UTC), ``organization`` (exchange_server, exchange_online,
    entra_connect), ``user``, ``cmdlet``, ``parameters`` (secrets masked), ``kind`` (read, write), ``outcome`` (ok,
    error, dropped, throttled), ``executed`` (whether the model ran it), ``session``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] = []

    def append(self, entry: dict[str, Any]) -> None:
        with self._lock:
            self._entries.append(entry)

    def entries(
        self,
        *,
        since: int = 0,
        organization: str | None = None,
        kind: str | None = None,
        cmdlet: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return entries from number ``since`` on; the other arguments select (``cmdlet`` in any case)."""
        with self._lock:
            entries = self._entries[since:]
        return [
            entry
            for entry in entries
            if (organization is None or entry["organization"] == organization)
            and (kind is None or entry["kind"] == kind)
            and (cmdlet is None or entry["cmdlet"].lower() == cmdlet.lower())
        ]

    def writes(self, since: int = 0) -> list[dict[str, Any]]:
        return self.entries(since=since, kind="write")

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)
