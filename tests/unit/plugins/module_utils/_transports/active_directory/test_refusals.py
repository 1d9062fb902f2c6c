# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Active Directory's own codes of a refused bind, each with what it means for the account."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.refusals import (
    bind_refusal,
    search_refusal,
)

WHERE = "the domain controller at dc01.contoso.local:636"


def told_by_ad(number: str) -> str:
    """Return a diagnostic message as a controller sends it, with the zero byte at its end."""
    return f"80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {number}, v4563\x00"


@pytest.mark.parametrize(("number", "code", "words"), [
    ("525", "unknown_principal", "does not exist"),
    ("52e", "authentication_failed", "user name or the password is wrong"),
    ("52E", "authentication_failed", "user name or the password is wrong"),
    ("52f", "logon_restricted", "Protected Users"),
    ("530", "logon_restricted", "logon hours"),
    ("531", "logon_restricted", "certain workstations"),
    ("532", "password_expired", "has expired"),
    ("533", "account_disabled", "is disabled"),
    ("569", "logon_restricted", "over the network"),
    ("701", "account_expired", "the account has expired"),
    ("773", "password_expired", "must be changed"),
    ("775", "account_locked", "locked out"),
    ("418", "ntlm_refused", "NTLM"),
    ("51f", "authentication_failed", "no logon server"),
    ("9999", "authentication_failed", "refused the sign-in"),
])  # fmt: skip
def test_each_code_is_told_with_the_controllers_own_words(number: str, code: str, words: str) -> None:
    failure = bind_refusal(WHERE, "INVALID_CREDENTIALS", told_by_ad(number))
    assert (failure.code, failure.retryable) == (code, False)
    assert words in failure.message
    assert f"data {number}" in failure.message
    assert "\x00" not in failure.message
    assert failure.remedy


@pytest.mark.parametrize(("result", "code", "retryable"), [
    ("STRONG_AUTH_REQUIRED", "stronger_authentication_required", False),
    ("CONFIDENTIALITY_REQUIRED", "stronger_authentication_required", False),
    ("BUSY", "throttled", True),
    ("UNAVAILABLE", "throttled", True),
    ("UNWILLING_TO_PERFORM", "authentication_failed", False),
])  # fmt: skip
def test_a_result_that_is_no_refused_password_is_not_called_one(result: str, code: str, retryable: bool) -> None:
    failure = bind_refusal(WHERE, result, "")
    assert (failure.code, failure.retryable) == (code, retryable)
    assert result in failure.message
    assert ("password" in failure.remedy) is (code == "authentication_failed")


def test_a_search_that_is_refused_for_now_may_be_repeated() -> None:
    assert (search_refusal(WHERE, "BUSY", "").code, search_refusal(WHERE, "BUSY", "").retryable) == ("throttled", True)
    failure = search_refusal(WHERE, "NO_SUCH_OBJECT", "0000208D: NameErr: DSID-0310028D, problem 2001 (NO_OBJECT)")
    assert (failure.code, failure.retryable) == ("unexpected_answer", False)
    assert "NO_SUCH_OBJECT: 0000208D" in failure.message
