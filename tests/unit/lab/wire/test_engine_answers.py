# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laboratory answers as PowerShell did: its remote PowerShell as the engine, its emulated scripts as the real ones.

Both are asked again where there is a PowerShell: tests/integration/powershell.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import Session

from lab.laboratory import Laboratory
from tests.engine import cases, scripts, servers


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with servers.laboratory() as server:
        opened = server.session(operation_timeout=1)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def emulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with Laboratory(scripts.organization(), tmp_path_factory.mktemp("emulation")) as running:
        yield running


@pytest.mark.parametrize("name", cases.CASES)
def test_remote_powershell_answers_as_the_engine_does(session: Session, name: str) -> None:
    assert cases.alike(cases.ask(session, cases.CASES[name])) == cases.alike(cases.known()[name])


@pytest.mark.parametrize("name", scripts.CASES)
def test_the_emulated_scripts_answer_as_the_real_ones_do(emulation: Laboratory, name: str) -> None:
    assert cases.alike(scripts.answer(emulation, scripts.CASES[name])) == cases.alike(scripts.known()[name])


def test_there_is_an_answer_for_each_case_and_no_other() -> None:
    assert (set(cases.known()), set(scripts.known())) == (set(cases.CASES), set(scripts.CASES))
