# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What cmdlets output, as the XML that arrived.

pypsrp decodes each object that a pipeline outputs, which takes nine tenths of a large read, and leaves Exchange's
collections and enums half decoded. Therefore the messages with output are taken out of what a pool receives from its
shell, before pypsrp sees them. Only what pypsrp publishes is used: the pool's ``shell``, ``WinRS.receive``,
``Fragment`` and ``MessageType`` (MS-PSRP sections 2.2.1 and 2.2.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import Budget
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.clixml import whole

if TYPE_CHECKING:
    from pypsrp.powershell import Fragment, RunspacePool

HEADER = 40  # bytes of a message before its data: destination, type, and the identifiers of pool and pipeline
TYPE = slice(4, 8)
BYTE_ORDER_MARK = "\ufeff"


class RawOutput:
    """Receives for one pool. ``take`` returns what arrived since it was last called.

    ``budget`` is that of what is waited for: pypsrp itself receives without an end.
    """

    def __init__(self, pool: RunspacePool, budget: Budget) -> None:
        shell: Any = pool.shell
        self.budget = budget
        self._receive = shell.receive
        shell.receive = self.receive
        self._objects: list[str] = []
        self._begun: dict[int, list[bytes]] = {}

    def receive(self, *arguments: Any, **options: Any) -> tuple[str, int | None, dict[str, bytes]]:
        """Return what WinRS.receive does, without the pipelines' output."""
        self.budget.require_time()
        state, code, streams = self._receive(*arguments, **options)
        self.budget.take(sum(map(len, streams.values())))
        return state, code, {name: b"".join(self._rest(data)) for name, data in streams.items()}

    def take(self, decoded: Sequence[object]) -> list[str]:
        """Return the objects of a pipeline that has ended, for which pypsrp itself returned ``decoded``.

        Raises ValueError if pypsrp received them in another way: what it makes of them is not what Exchange said.
        """
        if decoded:
            raise ValueError("this release of pypsrp receives output in an unknown way")
        taken, self._objects = self._objects, []
        return taken

    def _rest(self, data: bytes) -> Iterator[bytes]:
        from pypsrp.powershell import Fragment

        while data:
            fragment, data = Fragment.unpack(data)
            message = self._message(fragment)
            if message is not None and not self._is_output(message):
                yield Fragment(fragment.object_id, 0, _readable(message), start=True, end=True).pack()

    def _message(self, fragment: Fragment) -> bytes | None:
        """Return the message that a fragment completes. A gap leaves no answer that could be relied on."""
        from pypsrp.exceptions import FragmentError

        parts = self._begun.setdefault(fragment.object_id, [])
        if fragment.fragment_id != len(parts):
            raise FragmentError(f"fragment {fragment.fragment_id} arrived instead of fragment {len(parts)}")
        parts.append(fragment.data)
        return b"".join(self._begun.pop(fragment.object_id)) if fragment.end else None

    def _is_output(self, message: bytes) -> bool:
        from pypsrp.messages import MessageType

        if int.from_bytes(message[TYPE], "little") != MessageType.PIPELINE_OUTPUT:
            return False
        self._objects.append(_text(message))
        return True


def _text(message: bytes) -> str:
    return message[HEADER:].decode("utf-8").removeprefix(BYTE_ORDER_MARK)


def _readable(message: bytes) -> bytes:
    """Return a message in which no half of a character is left, which pypsrp would refuse."""
    return message[:HEADER] + whole(_text(message)).encode("utf-8")
