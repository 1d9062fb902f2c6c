# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell.tickets import TicketCache

KINIT = """#!/bin/sh
read password
test "$password" = "corr3ct" || { echo "kinit: Preauthentication failed while getting credentials" >&2; exit 1; }
echo "$@" >> "${KRB5CCNAME#DIR:}/arguments"
"""


@pytest.fixture
def kinit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "kinit"
    program.write_text(KINIT, encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("KRB5CCNAME", "FILE:mine")


def collection() -> Path:
    kind, _colon, path = os.environ["KRB5CCNAME"].partition(":")
    assert kind == "DIR"
    return Path(path)


@pytest.mark.usefixtures("kinit")
def test_a_ticket_is_obtained_once_without_showing_the_password() -> None:
    cache = TicketCache("svc@CONTOSO.COM", "corr3ct", forwardable=True)
    cache.obtain()
    cache.obtain()
    directory = collection()
    assert (directory / "arguments").read_text(encoding="utf-8") == "-f -- svc@CONTOSO.COM\n"
    assert directory.stat().st_mode & 0o077 == 0
    cache.discard()
    assert directory.exists()
    cache.discard()
    assert not directory.exists()
    assert os.environ["KRB5CCNAME"] == "FILE:mine"


@pytest.mark.usefixtures("kinit")
def test_two_accounts_share_the_collection() -> None:
    """Exchange Server and Entra Connect by different accounts in one task."""
    first, second = (TicketCache(f"{name}@CONTOSO.COM", "corr3ct") for name in ("exchange", "sync"))
    first.obtain()
    directory = collection()
    second.obtain()
    assert collection() == directory
    first.discard()
    assert collection() == directory
    assert (directory / "arguments").read_text(encoding="utf-8").count("\n") == 2
    second.discard()
    assert os.environ["KRB5CCNAME"] == "FILE:mine"


@pytest.mark.usefixtures("kinit")
def test_kinit_says_why_and_nothing_is_left() -> None:
    with pytest.raises(ConnectionFailure) as caught:
        TicketCache("svc@CONTOSO.COM", "wr0ng").obtain()
    assert caught.value.code == "wrong_password"
    assert "wr0ng" not in caught.value.message
    assert os.environ["KRB5CCNAME"] == "FILE:mine"


def test_no_kinit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConnectionFailure) as caught:
        TicketCache("svc@CONTOSO.COM", "x").obtain()
    assert caught.value.code == "missing_library"
