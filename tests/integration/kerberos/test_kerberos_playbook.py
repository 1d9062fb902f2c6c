# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection by ansible-playbook, over Kerberos to both servers without TLS: by password and by ticket cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.hybrid import empty_hybrid
from lab.laboratory import Laboratory
from lab.model.builder import Person
from tests.integration.harness import SPEED, Bench, assert_home, module, records, remember
from tests.integration.kerberos.conftest import KERBEROS
from tests.integration.kerberos.kdc import Kdc


class KerberosBench(Bench):
    """A bench whose runs have MIT's libraries read the realm's configuration as new processes do."""

    def __init__(self, laboratory: Laboratory, directory: Path) -> None:
        super().__init__(laboratory, directory)
        self.cold = True


class TicketBench(KerberosBench):
    """A bench whose runs have no password, only the environment that is given."""

    def _environment(self) -> dict[str, str]:
        return {
            name: value
            for name, value in super()._environment().items()
            if name not in ("EXCHANGE_SERVER_PASSWORD", "ENTRA_CONNECT_PASSWORD")
        }


@pytest.fixture
def laboratory(tmp_path: Path) -> Iterator[Laboratory]:
    with Laboratory(empty_hybrid(speed=SPEED), tmp_path / "laboratory", listeners=KERBEROS) as running:
        yield running
        assert running.open_sessions() == {"exchange_server": 0, "entra_connect": 0}


def test_a_mailbox_comes_home_over_kerberos(laboratory: Laboratory, kdc: Kdc, tmp_path: Path) -> None:
    bench = KerberosBench(laboratory, tmp_path / "bench")
    bench.environment = kdc.environment()
    pair = bench.build.synced(Person("Nils Novak", extra=("smtp:nils@contoso.com",)))
    before = remember(pair)
    run = bench.offboard(offboarding_mailboxes=records([pair]))
    assert run.succeeded, run.output
    assert_home(pair, before)
    assert laboratory.hybrid.exchange_server_account.password not in run.output


def test_modules_use_the_kerberos_ticket_cache(laboratory: Laboratory, ticket: str, kdc: Kdc, tmp_path: Path) -> None:
    bench = TicketBench(laboratory, tmp_path / "bench")
    bench.environment = {**kdc.environment(), "KRB5CCNAME": ticket}
    pair = bench.build.synced(Person("Nils Novak"))
    run = bench.play(
        module("offboarding_state", identity=pair.identity), module("directory_sync", state="paused")
    )
    assert run.succeeded, run.output
    assert run.task("offboarding_state").only["status"] == "unchanged"
    assert not bench.scheduler_runs()


def test_a_mistake_with_kerberos_is_the_tasks_message(laboratory: Laboratory, kdc: Kdc, tmp_path: Path) -> None:
    bench = KerberosBench(laboratory, tmp_path / "bench")
    bench.environment = {**kdc.environment(), "EXCHANGE_SERVER_USERNAME": "nobody@CONTOSO.COM"}
    pair = bench.build.synced(Person("Nils Novak"))
    failed = bench.play(module("offboarding_state", identity=pair.identity)).only
    assert failed.failed
    assert failed.error["code"] == "unknown_principal", failed.result
    assert "Kerberos does not know the account" in failed.message
