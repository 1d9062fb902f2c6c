# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Why a domain controller refuses a bind or a search, by result code and by Active Directory's own diagnostic code.

A refused bind is INVALID_CREDENTIALS (49) whatever the reason; the reason is the number after ``data`` in the
diagnostic message, a Windows error in hexadecimal ([MS-ERREF] 2.2 and 2.3), as in
``80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563``. Pure.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure

_DATA = re.compile(r"\bdata (?:0x)?0*([0-9a-f]+)\b", re.IGNORECASE)
_ACCOUNT = "Check active_directory.username and its password; any account of the domain can read."


class _Reason(NamedTuple):
    code: str
    problem: str
    remedy: str
    retryable: bool = False


_LIMITS = "Allow the account to sign in from this host at this time, or use another account."
_OF_DATA = {
    "51f": _Reason(
        "authentication_failed", "no logon server answers for the user name's domain", "Write it as DOMAIN\\user."
    ),
    "525": _Reason("unknown_principal", "the account does not exist", "Correct active_directory.username."),
    "52e": _Reason("authentication_failed", "the user name or the password is wrong", _ACCOUNT),
    "52f": _Reason(
        "logon_restricted",
        "the account's restrictions forbid this sign-in method (a member of Protected Users, for example)",
        "Set auth: kerberos, or use another account.",
    ),
    "530": _Reason("logon_restricted", "the account's logon hours do not include this hour", _LIMITS),
    "531": _Reason("logon_restricted", "the account may only sign in from certain workstations", _LIMITS),
    "532": _Reason("password_expired", "the account's password has expired", "Change the password."),
    "533": _Reason("account_disabled", "the account is disabled", "Enable the account."),
    "569": _Reason("logon_restricted", "the account lacks the right to sign in over the network", _LIMITS),
    "701": _Reason("account_expired", "the account has expired", "Extend the account's expiry date."),
    "773": _Reason(
        "password_expired", "the account's password must be changed before it is used", "Change the password."
    ),
    "775": _Reason(
        "account_locked",
        "the account is locked out after too many wrong passwords",
        "Unlock the account, and find out which service still sends an old password.",
    ),
    "418": _Reason("ntlm_refused", "the domain does not allow NTLM", "Set auth: kerberos."),
}
_OF_RESULT = {
    "STRONG_AUTH_REQUIRED": _Reason(
        "stronger_authentication_required",
        "the domain controller requires a signed or encrypted sign-in",
        "Set auth: kerberos, or auth: simple with port 636.",
    ),
    "BUSY": _Reason("throttled", "the domain controller is busy", "Run again later.", True),
    "UNAVAILABLE": _Reason("throttled", "the domain controller is shutting down or starting", "Run again later.", True),
    "TIME_LIMIT_EXCEEDED": _Reason("throttled", "the search took too long", "Run again later.", True),
}
_OF_RESULT["CONFIDENTIALITY_REQUIRED"] = _OF_RESULT["STRONG_AUTH_REQUIRED"]


def bind_refusal(where: str, result: str, diagnostics: str) -> ConnectionFailure:
    """Return the failure of a bind; ``result`` is the name of its LDAP result code."""
    told = " ".join(diagnostics.replace("\x00", "").split())
    number = _DATA.search(told)
    known = _OF_RESULT.get(result) or (_OF_DATA.get(number[1].lower()) if number else None)
    detail = f"{result}: {told}" if told else result
    reason = known or _Reason("authentication_failed", "it refused the sign-in", _ACCOUNT)
    return _failure(where, reason, detail)


def search_refusal(where: str, result: str, diagnostics: str) -> ConnectionFailure:
    """Return the failure of a search."""
    told = " ".join(diagnostics.replace("\x00", "").split())
    reason = _OF_RESULT.get(result) or _Reason(
        "unexpected_answer",
        "the search failed",
        "Check active_directory.base, and that the account is allowed to read the users.",
    )
    return _failure(where, reason, f"{result}: {told}" if told else result)


def _failure(where: str, reason: _Reason, detail: str) -> ConnectionFailure:
    return ConnectionFailure(
        f"{where[0].upper()}{where[1:]} refused: {reason.problem} ({detail}).",
        code=reason.code,
        remedy=reason.remedy,
        retryable=reason.retryable,
    )
