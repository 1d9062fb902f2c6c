# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kerberos towards Exchange's remote PowerShell over HTTP, with WinRM's message encryption: real KDC, real pypsrp."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.organization import (
    from_options,
)

from lab.laboratory import Laboratory
from lab.model.demo import demo_hybrid
from lab.wire.authentication import Listener
from tests.integration.kerberos.conftest import ACCOUNT, ALTERNATE, LOAD_BALANCED, options_of
from tests.integration.kerberos.kdc import Kdc

READ = Cmdlet("Get-User", {"ResultSize": 3})
UPN = f"{ACCOUNT}@CONTOSO.COM"


@contextlib.contextmanager
def session(laboratory: Laboratory, **changes: Any) -> Iterator[Any]:
    opened = from_options(options_of(laboratory, "exchange_server", **changes)).open()
    try:
        yield opened
    finally:
        opened.close()
        assert laboratory.open_sessions() == {"exchange_server": 0, "entra_connect": 0}


def failure_of(laboratory: Laboratory, **changes: Any) -> HybridError:
    with session(laboratory, **changes) as opened, pytest.raises(HybridError) as caught:
        opened.run(READ)
    assert not caught.value.answer_lost
    assert "Lab!" not in f"{caught.value.message}{caught.value.remedy}"
    return caught.value


def test_kerberos_by_password(laboratory: Laboratory) -> None:
    with session(laboratory) as opened:
        for _again in range(2):
            assert len(opened.run(READ).objects) == 3
        assert laboratory.open_sessions()["exchange_server"] == 1


def test_kerberos_by_ticket_cache(laboratory: Laboratory, ticket: str) -> None:
    with session(laboratory, username=None, password=None) as opened:
        assert len(opened.run(READ).objects) == 3


def test_kerberos_by_ticket_of_the_named_account(laboratory: Laboratory, ticket: str) -> None:
    with session(laboratory, password=None) as opened:
        assert len(opened.run(READ).objects) == 3


@pytest.mark.parametrize(
    ("listener", "auth"),
    [
        (Listener(("Negotiate",), tls=False), "negotiate"),
        (Listener(("Negotiate", "Kerberos"), tls=False), "kerberos"),
        (Listener(("Kerberos",)), "kerberos"),
    ],
    ids=["Negotiate", "Kerberos as Negotiate", "Kerberos in TLS"],
)
def test_kerberos_where_the_server_offers_it_in_another_way(
    tmp_path: Path, ticket: str, listener: Listener, auth: str
) -> None:
    """A ticket and no password: NTLM could not stand in."""
    directory = tmp_path / "laboratory"
    with Laboratory(demo_hybrid(), directory, listeners={"exchange_server": listener}) as other:
        changes = {"auth": auth, "username": None, "password": None, "ca_file": str(directory / "ca.pem")}
        with session(other, **changes) as opened:
            assert len(opened.run(READ).objects) == 3


@pytest.mark.parametrize("named", [{}, {"host": "127.0.0.1", "negotiate_hostname_override": LOAD_BALANCED}], ids=str)
def test_kerberos_to_the_management_shell_over_winrm(laboratory: Laboratory, named: dict[str, str]) -> None:
    with session(laboratory, transport="winrm", port=laboratory.port("management_shell"), **named) as opened:
        assert len(opened.run(READ).objects) == 3


def test_kerberos_carries_what_is_large_and_not_ascii(laboratory: Laboratory) -> None:
    """Message encryption wraps every fragment by itself, in both directions."""
    wanted = "ünïcode-" * 50_000
    with session(laboratory) as opened, pytest.raises(HybridError) as caught:
        opened.run(Cmdlet("Get-User", {"Identity": wanted}))
    assert caught.value.code == "not_found"
    assert wanted in caught.value.message


@pytest.mark.parametrize(("service", "name"), [("HTTP", LOAD_BALANCED), ("host", ALTERNATE)])
def test_kerberos_behind_a_load_balancer(laboratory: Laboratory, service: str, name: str) -> None:
    """127.0.0.1 has no service principal name of its own."""
    named = {"host": "127.0.0.1", "negotiate_service": service, "negotiate_hostname_override": name}
    with session(laboratory, **named) as opened:
        assert len(opened.run(READ).objects) == 3


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"username": "nobody@CONTOSO.COM"}, "unknown_principal", "Kerberos does not know the account"),
        ({"password": "wr0ng"}, "wrong_password", "the password is wrong"),
        ({"host": "127.0.0.1"}, "missing_service_principal", "does not know the server's service principal name"),
        (
            {"negotiate_hostname_override": "nowhere.contoso.com"}, "missing_service_principal",
            "does not know the server's service principal name",
        ),
        ({"username": f"{ACCOUNT}@FABRIKAM.COM"}, "no_domain_controller", "no domain controller answers"),
        ({"username": None, "password": None}, "no_ticket", "there is no valid Kerberos ticket"),
    ],
)  # fmt: skip
def test_each_mistake_with_kerberos_has_its_own_sentence(
    laboratory: Laboratory, changes: dict[str, Any], code: str, sentence: str
) -> None:
    failure = failure_of(laboratory, **changes)
    assert (failure.code, sentence in failure.message) == (code, True), failure.message
    assert failure.remedy


def test_kerberos_needs_a_user_principal_name(laboratory: Laboratory) -> None:
    options = options_of(laboratory, "exchange_server", username=f"CONTOSO\\{ACCOUNT}")
    with pytest.raises(InputError, match="is not in the form user@REALM") as caught:
        from_options(options)
    assert caught.value.code == "user_principal_name_needed"


@pytest.mark.usefixtures("skewed")
def test_kerberos_with_a_wrong_clock_and_a_password(laboratory: Laboratory) -> None:
    failure = failure_of(laboratory)
    assert (failure.code, "the clocks differ" in failure.message) == ("clock_skew", True), failure.message


@pytest.mark.usefixtures("ticket", "skewed")
def test_kerberos_with_a_wrong_clock_and_a_ticket(laboratory: Laboratory) -> None:
    failure = failure_of(laboratory, username=None, password=None)
    assert (failure.code, "the clocks differ" in failure.message) == ("clock_skew", True), failure.message


def test_kerberos_accounts_that_may_not_sign_in(laboratory: Laboratory, kdc: Kdc) -> None:
    kdc.add_account("locked", "Tr0ub4dor")
    kdc.lock_account("locked")
    assert failure_of(laboratory, username="locked@CONTOSO.COM", password="Tr0ub4dor").code == "account_disabled"
    kdc.add_account("stale", "Tr0ub4dor")
    kdc.expire_password("stale")
    assert failure_of(laboratory, username="stale@CONTOSO.COM", password="Tr0ub4dor").code == "password_expired"


def test_a_kerberos_account_without_rights_is_refused_by_the_server(laboratory: Laboratory, kdc: Kdc) -> None:
    kdc.add_account("stranger", "Tr0ub4dor")
    failure = failure_of(laboratory, username="stranger@CONTOSO.COM", password="Tr0ub4dor")
    assert (failure.code, "refused the account 'stranger@CONTOSO.COM'" in failure.message) == (
        "authentication_failed", True)  # fmt: skip


def test_kerberos_alone_does_not_take_ntlm(laboratory: Laboratory) -> None:
    failure = failure_of(laboratory, auth="ntlm", username=f"CONTOSO\\{ACCOUNT}")
    told = "does not offer the requested authentication" in failure.message
    assert (failure.code, told) == ("authentication_failed", True)
