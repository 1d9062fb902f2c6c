# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bounds of answers: counted, kept in time, and documented as they are."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import bounds
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import (
    AnswerTooLarge,
    BoundExceeded,
    Budget,
    DeadlinePassed,
    until,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import RetryPolicy
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import DEEPEST
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import (
    powershell,
    tokens,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.graph import client
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell import tickets

PAGE = Path(__file__).resolve().parents[5] / "docs" / "bounds.md"


def test_the_page_tells_the_bounds_as_they_are() -> None:
    rows = dict(
        line.strip("| ").rsplit(" | ", 1) for line in PAGE.read_text(encoding="utf-8").splitlines() if "| " in line
    )
    told = {
        "one answer of Exchange Online": f"{bounds.LARGEST_ANSWER // bounds.MIB} MiB",
        "one answer of Exchange's": f"{bounds.LARGEST_ENVELOPE // bounds.MIB} MiB",
        "all that one cmdlet": f"{bounds.LARGEST_OUTPUT // bounds.MIB} MiB",
        "the answers to one cmdlet": f"{bounds.MOST_RECEIVES:,}",
        "the pages": f"{bounds.MOST_PAGES:,}",
        "how deep": f"{DEEPEST} levels",
        "the answer to one search": f"{bounds.LARGEST_SEARCH // bounds.MIB} MiB",
        "one HTTP request": f"{bounds.TRANSFER:.0f} s",
        "one request to Microsoft Graph": f"{client.READ_TIMEOUT} s and {bounds.TRANSFER:.0f} s",
        "one request to the sign-in": f"{tokens.READ_TIMEOUT} s and {bounds.TRANSFER:.0f} s",
        "one cmdlet at Exchange": f"`exchange_server.cmdlet_timeout` ({bounds.LONGEST_CMDLET} s by default)",
        "one cmdlet at Entra": f"`entra_connect.cmdlet_timeout` ({bounds.LONGEST_CMDLET} s by default)",
        "one cmdlet with": f"connecting {powershell.CONNECT_TIMEOUT:.0f} s",
        "one bind": f"and {bounds.TRANSFER:.0f} s",
        "a Kerberos": f"{tickets.KINIT_TIMEOUT} s",
        "all pauses": f"{RetryPolicy().patience:.0f} s",
    }
    for begin, bound in told.items():
        (row,) = [value for what, value in rows.items() if what.startswith(begin)]
        assert row.endswith(bound), begin


def test_output_is_counted_over_all_answers() -> None:
    budget = Budget(lambda: 0.0)
    budget.take(bounds.LARGEST_OUTPUT)
    with pytest.raises(AnswerTooLarge, match="answered with more than 512 MiB"):
        budget.take(1)


def test_answers_are_counted() -> None:
    budget = Budget(lambda: 0.0)
    for _number in range(bounds.MOST_RECEIVES):
        budget.take(0)
    with pytest.raises(BoundExceeded, match="200000 answers to one cmdlet"):
        budget.take(0)


def test_what_is_over_in_time_is_not_ended() -> None:
    ended: list[int] = []
    for number in range(20):
        with until(60.0, lambda number=number: ended.append(number)):  # type: ignore[misc]
            pass
    with pytest.raises(ValueError, match="its own"), until(60.0, lambda: ended.append(-1)):
        raise ValueError("its own")
    assert ended == []


def test_each_of_several_is_ended_when_its_own_time_is_over() -> None:
    later, sooner = threading.Event(), threading.Event()

    def both() -> None:
        with until(0.2, later.set):
            with pytest.raises(DeadlinePassed), until(0.05, sooner.set):
                assert sooner.wait(30)
            assert later.wait(30)

    with pytest.raises(DeadlinePassed):
        both()


def test_a_forked_process_has_a_watch_of_its_own() -> None:
    with until(60.0, lambda: None):
        child = os.fork()
        if child == 0:
            code, ended = 1, threading.Event()
            try:
                with until(0.05, ended.set):
                    ended.wait(30)
            except DeadlinePassed:
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
