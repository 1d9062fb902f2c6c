# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is taken out of a pool's answers, with pypsrp's own fragments; test_psrp.py has a server behind it."""

from __future__ import annotations

import struct
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import (
    Budget,
    DeadlinePassed,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.raw_output import (
    RawOutput,
)
from pypsrp.exceptions import FragmentError
from pypsrp.messages import MessageType
from pypsrp.powershell import Fragment

USER = '<Obj RefId="0"><Props><S N="Name">Zoë</S></Props></Obj>'


def message(kind: int, text: str) -> bytes:
    return struct.pack("<II", 1, kind) + uuid.uuid4().bytes_le * 2 + text.encode("utf-8")


def fragments(number: int, data: bytes, pieces: int = 1) -> list[bytes]:
    size = -(-len(data) // pieces)
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return [
        Fragment(number, index, part, start=index == 0, end=index == len(parts) - 1).pack()
        for index, part in enumerate(parts)
    ]


def receiving(*answers: bytes) -> tuple[Any, RawOutput]:
    """Return a pool whose shell gives these answers, and what takes the output out of them."""
    left = list(answers)
    shell = SimpleNamespace(receive=lambda *_given, **_options: ("Running", None, {"stdout": left.pop(0)}))
    pool: Any = SimpleNamespace(shell=shell)
    return pool, RawOutput(pool, Budget(lambda: 0.0))


def test_output_is_taken_and_the_rest_goes_on() -> None:
    warning, state = message(MessageType.WARNING_RECORD, "<S>Slow</S>"), message(MessageType.PIPELINE_STATE, "<Obj/>")
    first, second = fragments(7, message(MessageType.PIPELINE_OUTPUT, USER), pieces=2)
    begun, ended = fragments(9, state, pieces=2)
    marked = fragments(8, message(MessageType.PIPELINE_OUTPUT, "\ufeff<S>two</S>"))
    pool, output = receiving(first + b"".join(fragments(4, warning)) + begun, second + b"".join(marked) + ended, b"")
    rest = [pool.shell.receive("stdout", command_id="1", timeout=3) for _answer in range(3)]
    assert [streams["stdout"] for _state, _code, streams in rest] == [*fragments(4, warning), *fragments(9, state), b""]
    assert output.take([]) == [USER, "<S>two</S>"]
    assert output.take([]) == [], "each pipeline has its own"


def test_half_a_character_does_not_reach_pypsrp() -> None:
    pool, _output = receiving(*fragments(1, message(MessageType.WARNING_RECORD, "<S>a_xD83D_b</S>")))
    _state, _code, streams = pool.shell.receive()
    assert b"<S>a_xFFFD_b</S>" in streams["stdout"]


def test_a_gap_is_no_answer() -> None:
    first, _lost, last = fragments(7, message(MessageType.PIPELINE_OUTPUT, USER), pieces=3)
    pool, _output = receiving(first + last)
    with pytest.raises(FragmentError, match="fragment 2 arrived instead of fragment 1"):
        pool.shell.receive()


def test_output_that_came_another_way_is_refused() -> None:
    _pool, output = receiving()
    with pytest.raises(ValueError, match="pypsrp receives output in an unknown way"):
        output.take([object()])


def test_answers_without_an_end_end_with_the_cmdlets_time() -> None:
    """A server may answer each Receive at once, and never say that the cmdlet is over."""
    asked: list[float] = []

    def clock() -> float:
        asked.append(0.0)
        return len(asked) * 100.0

    pool, output = receiving(*[b""] * 99)
    output.budget = Budget(clock, 960.0)
    for _received in range(9):
        pool.shell.receive()
    with pytest.raises(DeadlinePassed, match="no complete answer within 960 seconds"):
        pool.shell.receive()
