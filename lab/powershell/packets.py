# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How PowerShell carries PSRP over standard streams: one element a line, and each is acknowledged.

That is what ``pwsh -s`` and ``pwsh -sshs`` speak (PowerShell's OutOfProcTransportManager).
"""

from __future__ import annotations

import base64
import contextlib
import re
import struct
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

# Whose packets concern the runspace pool instead of one pipeline.
POOL = uuid.UUID(int=0)
ACKNOWLEDGEMENT = "Ack"
PIPELINE_STATE = 0x00041006
_LINE = re.compile(r"<(\w+)\s[^>]*?PSGuid='([^']+)'[^>]*?(?:/>|>([^<]*)</\1>)")
_FRAGMENT = struct.Struct(">QQBI")
_LONGEST_ANSWER = 60.0
_LONGEST_END = 10.0


class PeerGone(Exception):
    """The other side does not answer any more."""


@dataclass(frozen=True)
class Packet:
    """``name`` is Data, Command, Signal, Close, or one of these with Ack behind it."""

    name: str
    about: uuid.UUID
    data: bytes | None = None

    def line(self) -> bytes:
        if self.data is None:
            return f"<{self.name} PSGuid='{self.about}' />\n".encode()
        encoded = base64.b64encode(self.data).decode()
        return f"<{self.name} Stream='Default' PSGuid='{self.about}'>{encoded}</{self.name}>\n".encode()

    def acknowledgement(self) -> Packet:
        return Packet(self.name + ACKNOWLEDGEMENT, self.about)


def read(line: bytes) -> Packet | None:
    """Return the packet in a line, or None where there is none."""
    matched = _LINE.match(line.decode("utf-8", "replace"))
    if matched is None:
        return None
    name, about, text = matched.groups()
    return Packet(name, uuid.UUID(about), None if text is None else base64.b64decode(text))


def message_types(data: bytes) -> Iterator[int]:
    """Return the type of each PSRP message that starts in these fragments (MS-PSRP 2.2.1 and 2.2.4)."""
    at = 0
    while at + _FRAGMENT.size <= len(data):
        _object, _number, flags, length = _FRAGMENT.unpack_from(data, at)
        if flags & 1 and length >= 8:
            yield int(struct.unpack_from("<I", data, at + _FRAGMENT.size + 4)[0])
        at += _FRAGMENT.size + length


class Peer:
    """One ``pwsh`` that serves a runspace pool over its standard streams.

    ``arrived`` takes what it sends: whom it concerns, and PSRP fragments; and None once it has ended.
    """

    def __init__(self, command: Sequence[str], arrived: Callable[[uuid.UUID, bytes | None], None]) -> None:
        self._arrived = arrived
        self._writing = threading.Lock()
        self._acknowledged = threading.Semaphore(0)
        self._ended = False
        self._process = subprocess.Popen(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, name: str, about: uuid.UUID, data: bytes | None = None) -> None:
        """Send one packet and wait until it is acknowledged. Raises PeerGone."""
        stream = self._process.stdin
        with self._writing:
            try:
                if stream is None or self._ended:
                    raise PeerGone(name)
                stream.write(Packet(name, about, data).line())
                stream.flush()
            except (OSError, ValueError):
                raise PeerGone(name) from None
            if not self._acknowledged.acquire(timeout=_LONGEST_ANSWER) or self._ended:
                raise PeerGone(name)

    def close(self) -> None:
        """End it in good order, and be sure that it has ended."""
        with contextlib.suppress(PeerGone):
            self.send("Close", POOL)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(_LONGEST_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_LONGEST_END)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                packet = read(line)
                if packet is None:
                    continue
                if packet.name.endswith(ACKNOWLEDGEMENT):
                    self._acknowledged.release()
                elif packet.name == "Data" and packet.data is not None:
                    self._arrived(packet.about, packet.data)
        self._ended = True
        self._acknowledged.release()
        self._arrived(POOL, None)
