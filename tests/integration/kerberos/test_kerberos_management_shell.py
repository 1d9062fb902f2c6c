# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kerberos towards the Exchange server's own WinRM (``transport: winrm``): real KDC, real kinit, real pywinrm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.organization import (
    from_options,
)

from lab.laboratory import Laboratory
from lab.model.demo import demo_hybrid
from lab.wire.authentication import Listener
from tests.integration.kerberos.conftest import ACCOUNT

READ = Cmdlet("Get-User", {"ResultSize": "Unlimited"})


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """The demonstration's organization; its WinRM takes Kerberos without TLS."""
    listeners = {"management_shell": Listener(("Negotiate", "Kerberos"), tls=False)}
    with Laboratory(demo_hybrid(), tmp_path_factory.mktemp("laboratory"), listeners=listeners) as running:
        yield running


def options_of(laboratory: Laboratory, **changes: Any) -> dict[str, Any]:
    return {
        "transport": "winrm", "host": "localhost", "port": laboratory.port("management_shell"), "use_tls": False,
        "username": f"{ACCOUNT}@CONTOSO.COM", "password": laboratory.hybrid.exchange_server_account.password, **changes,
    }  # fmt: skip


def test_kerberos_by_password_for_several_sessions_at_once(laboratory: Laboratory) -> None:
    """The sessions share one ticket, which the last one to close discards; the password goes on to Exchange."""
    mine = os.environ["KRB5CCNAME"]
    organization = from_options(options_of(laboratory))
    first, second = organization.open(), organization.open()
    assert len(first.run(READ).objects) == len(second.run(READ).objects) > 20
    first.close()
    assert second.run(READ).objects
    assert os.environ["KRB5CCNAME"] != mine
    second.close()
    assert os.environ["KRB5CCNAME"] == mine
    assert laboratory.open_sessions()["exchange_server"] == 0


@pytest.mark.usefixtures("ticket")
def test_kerberos_by_ticket_cache_lets_in_but_not_on_to_exchange(laboratory: Laboratory) -> None:
    """Without delegation the server has nothing to sign in to its own Exchange with: the second hop."""
    session = from_options(options_of(laboratory, username=None, password=None)).open()
    with pytest.raises(HybridError) as caught:
        session.run(READ)
    session.close()
    assert caught.value.code == "authentication_failed"
    assert "second hop" in caught.value.remedy


def test_kerberos_with_a_wrong_password(laboratory: Laboratory) -> None:
    session = from_options(options_of(laboratory, password="wr0ng")).open()
    with pytest.raises(HybridError) as caught:
        session.run(READ)
    session.close()
    assert caught.value.code == "wrong_password"
