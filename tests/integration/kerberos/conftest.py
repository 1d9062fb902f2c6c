# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A realm for the session, and laboratories that take its tickets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.laboratory import Laboratory
from lab.model.demo import demo_hybrid
from lab.wire.authentication import Listener
from tests.integration.kerberos import available
from tests.integration.kerberos.kdc import Kdc

_LACKING = available.missing()
if _LACKING and available.must_run():
    raise pytest.UsageError(available.explanation(_LACKING))
# Elsewhere the run goes on without these tests, and its summary says so (tests/integration/conftest.py).
collect_ignore_glob = ["test_*.py"] if _LACKING else []

ACCOUNT = "svc-offboarding"
LOAD_BALANCED = "mail.contoso.com"
ALTERNATE = "ex01.contoso.com"
KERBEROS = {
    "exchange_server": Listener(("Kerberos",), tls=False),
    "entra_connect": Listener(("Negotiate", "Kerberos"), tls=False),
    "management_shell": Listener(("Negotiate", "Kerberos"), tls=False),
}


@pytest.fixture(scope="session")
def kdc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    """A running KDC that knows the laboratory's account and its services."""
    realm = Kdc(tmp_path_factory.mktemp("kdc"))
    try:
        realm.start()
        realm.add_account(ACCOUNT, demo_hybrid().exchange_server_account.password)
        # HTTP/127.0.0.1 is left out: that is the name without a registration.
        for service in ("HTTP/localhost", f"HTTP/{LOAD_BALANCED}", f"host/{ALTERNATE}"):
            realm.add_service(service)
        yield realm
    finally:
        realm.stop()


@pytest.fixture(autouse=True)
def realm(kdc: Kdc, monkeypatch: pytest.MonkeyPatch) -> Kdc:
    """Lead this process, which is client and server at once, to the realm for one test."""
    for name, value in kdc.environment().items():
        monkeypatch.setenv(name, value)
    return kdc


@pytest.fixture
def skewed(kdc: Kdc, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead this process to a KDC whose clock is wrong."""
    configuration = "krb5-skewed.conf"
    if not (kdc.directory / configuration).exists():
        kdc.serve_with_wrong_clock()
    monkeypatch.setenv("KRB5_CONFIG", str(kdc.directory / configuration))


@pytest.fixture
def ticket(realm: Kdc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give this process a ticket cache, filled by a keytab."""
    cache = realm.ticket(ACCOUNT, tmp_path / "tickets")
    monkeypatch.setenv("KRB5CCNAME", cache)
    return cache


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """The demonstration's organization behind Kerberos alone, without TLS."""
    with Laboratory(demo_hybrid(), tmp_path_factory.mktemp("laboratory"), listeners=KERBEROS) as running:
        yield running


def options_of(laboratory: Laboratory, connection: str, **changes: Any) -> dict[str, Any]:
    """Return a connection dictionary with password; None takes an option away."""
    prefix = f"{connection.upper()}_"
    given: dict[str, Any] = {
        name.removeprefix(prefix).lower(): value
        for name, value in laboratory.environment().items()
        if name.startswith(prefix) and not name.endswith(("_CA_FILE", "_DOMAIN_CONTROLLER"))
    }
    given |= {"port": int(given["port"]), "use_tls": given["use_tls"] == "true", **changes}
    return {name: value for name, value in given.items() if value is not None}
