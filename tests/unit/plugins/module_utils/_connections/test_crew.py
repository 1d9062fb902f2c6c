# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work in threads ends however the main thread is interrupted, and what was not begun then is never begun."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _threads
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import until
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.crew import Crew
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import in_threads

from tests.unit.plugins.module_utils.interrupting import at_each_step


def bounded(_number: int = 0) -> None:
    with until(60, lambda: None):
        return


def in_time() -> None:
    bounded()
    in_threads(bounded, range(2), 2)


def alone() -> None:
    in_threads(lambda number: number, range(3), 1)


@pytest.mark.parametrize("work", [alone, in_time])
def test_an_interrupt_at_any_step_leaves_no_lock_behind(work: Callable[[], None]) -> None:
    steps, wrong = at_each_step(work, in_time)
    assert not wrong, "\n\n".join(wrong)
    assert steps > 50


def test_who_hangs_is_left_behind_after_the_patience() -> None:
    started, never = threading.Event(), threading.Event()

    def hang() -> bool:
        started.set()
        return never.wait(60)

    crew: Crew[bool] = Crew()
    job = crew.begin(hang)
    assert started.wait(10)
    times = iter([0.0, 29.0, 31.0])
    crew.end(30.0, clock=lambda: next(times))
    assert not job.ended
    never.set()


def test_a_machine_without_threads_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start"):
        _threads.start(lambda: None, "one")
