# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PowerShell's own engine as the server of remote PowerShell: what the collection's client sends and reads there.

The laboratory's server is asked the same in tests/unit/lab/wire/test_engine_answers.py.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import Session
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError

from tests.engine.cases import CASES, ask, known
from tests.engine.servers import Server, engine

ANN = Cmdlet("Get-Mailbox", {"Identity": "ann"})
SHOWN = [{"Identity": "text 'ann'"}]


@pytest.fixture(scope="module")
def server(program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with engine(program, tmp_path_factory.mktemp("engine")) as running:
        yield running


@pytest.fixture(scope="module")
def session(server: Server) -> Iterator[Session]:
    opened = server.session(operation_timeout=1)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", CASES)
def test_what_powershell_answers(session: Session, name: str) -> None:
    assert ask(session, CASES[name]) == known()[name]


def failure_of(session: Session, cmdlet: Cmdlet) -> HybridError:
    with pytest.raises(HybridError) as caught:
        session.run(cmdlet)
    return caught.value


def test_a_server_that_dies_in_a_write_may_have_run_it(server: Server) -> None:
    session = server.session()
    error = failure_of(session, Cmdlet("Set-Mailbox", {"Identity": "do:die"}))
    assert (error.code, error.answer_lost) == ("connection_lost", True)
    assert session.run(ANN).objects == SHOWN  # by a new session
    session.close()


def test_a_session_that_is_closed_stops_what_runs_in_it(server: Server) -> None:
    session, before = server.session(), server.shells.count()
    assert session.run(ANN).objects == SHOWN
    while not server.commands.empty():
        server.commands.get()
    errors: list[HybridError] = []
    hanging = Cmdlet("Get-Mailbox", {"Identity": "do:hang"})
    running = threading.Thread(target=lambda: errors.append(failure_of(session, hanging)))
    running.start()
    server.commands.get(timeout=60)
    session.close()
    running.join(60)
    assert ([error.code for error in errors], server.shells.count()) == (["connection_lost"], before)
