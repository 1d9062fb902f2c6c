# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Output that waits to be received."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import pytest

from lab.wire.http_server import ConnectionDropped
from lab.wire.soap import WsmanFault
from lab.wire.wsman import RECEIVE_BYTES, OutputQueue


def test_the_newest_receive_wins() -> None:
    queue = OutputQueue()
    with ThreadPoolExecutor(2) as pool:
        abandoned = pool.submit(queue.take, 60, whole=True)
        newest = pool.submit(queue.take, 60, whole=True)
        # Whichever came first has to give up before there is any output.
        (loser,) = wait((abandoned, newest), timeout=30, return_when=FIRST_COMPLETED).done
        winner = newest if loser is abandoned else abandoned
        assert isinstance(loser.exception(), WsmanFault)
        queue.put("stdout", b"output")
        queue.finish(0)
        assert winner.result(30).streams == [("stdout", b"output")]


def test_nothing_in_time_is_the_fault_that_clients_wait_for() -> None:
    with pytest.raises(WsmanFault) as fault:
        OutputQueue().take(0, whole=True)
    assert fault.value.code == 2150858793


def test_a_reply_never_exceeds_an_envelope() -> None:
    queue = OutputQueue()
    for _unused in range(5):
        queue.put("stdout", b"x" * 32_000)
    queue.finish(0)
    sizes, done = [], False
    while not done:
        received = queue.take(1, whole=True)
        sizes.append(sum(len(chunk) for _unused, chunk in received.streams))
        done = received.done
        assert received.exit_code == (0 if done else None)
    assert sizes == [RECEIVE_BYTES, 64_000]


def test_part_of_the_output_comes_when_time_is_up() -> None:
    queue = OutputQueue()
    queue.put("stdout", b"half")
    received = queue.take(0, whole=True)
    assert (received.streams, received.done) == ([("stdout", b"half")], False)


def test_a_lost_answer_drops_every_receive() -> None:
    queue = OutputQueue()
    queue.put("stdout", b"never seen")
    queue.lose()
    for _unused in range(2):
        with pytest.raises(ConnectionDropped):
            queue.take(1, whole=True)
