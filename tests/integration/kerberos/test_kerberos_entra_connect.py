# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kerberos towards WinRM's listener without TLS, with message encryption: real KDC, real kinit, real pywinrm."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect.organization import (
    from_options,
)

from lab.laboratory import Laboratory
from tests.integration.kerberos.conftest import ACCOUNT, options_of
from tests.integration.kerberos.kdc import Kdc

READ = Cmdlet("Get-ADSyncScheduler")


@contextlib.contextmanager
def session(laboratory: Laboratory, **changes: Any) -> Iterator[Any]:
    opened = from_options(options_of(laboratory, "entra_connect", **changes)).open()
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


def test_kerberos_by_password_in_a_private_cache(
    laboratory: Laboratory, kdc: Kdc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kinit writes into a cache of the module's own, which is gone afterwards; the user's is not touched."""
    mine = os.environ["KRB5CCNAME"]
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with session(laboratory) as opened:
        for _again in range(2):
            assert opened.run(READ).objects[0]["SyncCycleEnabled"] is True
        assert laboratory.open_sessions()["entra_connect"] == 1
        assert len(list(tmp_path.glob("exchange_hybrid_*"))) == 1
    assert os.environ["KRB5CCNAME"] == mine
    assert list(tmp_path.glob("exchange_hybrid_*")) == []
    assert not (kdc.directory / "no-tickets").exists()


@pytest.mark.parametrize("named", [True, False], ids=["with username", "without"])
def test_kerberos_by_ticket_cache(laboratory: Laboratory, ticket: str, named: bool) -> None:
    changes = {} if named else {"username": None}
    with session(laboratory, password=None, **changes) as opened:
        assert opened.run(READ).objects[0]["SyncCycleEnabled"] is True
    assert os.environ["KRB5CCNAME"] == ticket


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"username": "nobody@CONTOSO.COM"}, "unknown_principal", "Kerberos does not know the account"),
        ({"password": "wr0ng"}, "wrong_password", "the password is wrong"),
        ({"host": "127.0.0.1"}, "missing_service_principal", "does not know the server's service principal name"),
        ({"username": f"{ACCOUNT}@FABRIKAM.COM"}, "no_domain_controller", "no domain controller answers"),
        ({"username": None, "password": None}, "no_ticket", "there is no valid Kerberos ticket"),
        ({"password": None}, "no_ticket", "there is no valid Kerberos ticket"),
    ],
)
def test_each_mistake_with_kerberos_has_its_own_sentence(
    laboratory: Laboratory, changes: dict[str, Any], code: str, sentence: str
) -> None:
    failure = failure_of(laboratory, **changes)
    assert (failure.code, sentence in failure.message) == (code, True), failure.message
    assert failure.remedy


def test_kerberos_needs_a_user_principal_name(laboratory: Laboratory) -> None:
    options = options_of(laboratory, "entra_connect", username=f"CONTOSO\\{ACCOUNT}")
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


def test_kerberos_without_kinit(laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failure = failure_of(laboratory)
    assert (failure.code, "kinit is missing" in failure.message) == ("missing_library", True)
