# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import uuid

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    MASK,
    Cmdlet,
    Credential,
    Secret,
    Value,
)
from hypothesis import given
from hypothesis import strategies as st

GUID = uuid.UUID("5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01")
EVENING = datetime.datetime(2026, 11, 30, 19, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ann@contoso.com", " 'ann@contoso.com'"),
        ("O'Neil's", " 'O''Neil''s'"),
        ("$(Remove-Mailbox)", " '$(Remove-Mailbox)'"),
        (True, ":$true"),
        (False, ":$false"),
        (None, " $null"),
        (5, " 5"),
        (GUID, f" '{GUID}'"),
        (EVENING, " '2026-11-30 18:00:00Z'"),
        (b"\x00\x01", " ([byte[]] 2 bytes)"),
        (["a", "b'c"], " @('a', 'b''c')"),
        ([], " @()"),
        ({"Add": ["smtp:a@contoso.com"], "Remove": "b"}, " @{Add = @('smtp:a@contoso.com'); Remove = 'b'}"),
        (Secret("top secret"), f" (SecureString '{MASK}')"),
        (Credential("CONTOSO\\o'neil", "top secret"), f" (PSCredential 'CONTOSO\\o''neil', '{MASK}')"),
    ],
)
def test_preview_of_each_type(value: Value, shown: str) -> None:
    assert Cmdlet("Set-Thing", {"Value": value}).preview() == f"Set-Thing -Value{shown}"


def test_preview_keeps_the_order_of_the_parameters() -> None:
    call = Cmdlet("Enable-MailUser", {"Identity": "x", "Alias": "ann"})
    assert call.preview() == "Enable-MailUser -Identity 'x' -Alias 'ann'"
    assert call.with_parameters(Alias="bob", Confirm=False).preview() == (
        "Enable-MailUser -Identity 'x' -Alias 'bob' -Confirm:$false"
    )


@given(st.text())
def test_a_text_never_leaves_its_quotes(text: str) -> None:
    shown = Cmdlet("Get-User", {"Identity": text}).preview().removeprefix("Get-User -Identity ")
    assert (shown[0], shown[-1]) == ("'", "'")
    inside = shown[1:-1]
    assert inside.replace("''", "").count("'") == 0
    assert inside.replace("''", "'") == text


@given(st.text(min_size=9))
def test_a_password_is_in_no_preview_and_no_repr(password: str) -> None:
    secret = f"\ue000{password}"
    call = Cmdlet("New-Thing", {"Credential": Credential("CONTOSO\\mrs", secret), "Password": Secret(secret)})
    for text in (call.preview(), repr(call), str(call)):
        assert secret not in text
        assert "CONTOSO" in text


@pytest.mark.parametrize(
    ("name", "is_read"),
    [
        ("Get-Mailbox", True),
        ("Test-MigrationServerAvailability", True),
        ("Set-Mailbox", False),
        ("New-MoveRequest", False),
    ],
)
def test_reads_are_known_by_their_verb(name: str, is_read: bool) -> None:
    assert Cmdlet(name).is_read is is_read
