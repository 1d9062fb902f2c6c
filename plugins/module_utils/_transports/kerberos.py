# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What goes wrong with Kerberos, told in one sentence each, whichever library says it (facts: exchange-server-psrp.md
section 1; the numbers are MIT krb5's)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import (
    ConnectionOptions,
    Diagnosis,
)

# MIT krb5 takes what follows the @ for the realm. A user principal name often ends in another domain, which is none.
NAME_AT_REALM = (
    "Write sAMAccountName@REALM: the realm is the Active Directory domain's DNS name in capitals, for example "
    "svc-exchange@CORP.CONTOSO.COM, not the suffix of the user principal name if the two differ."
)


class _Mistake(NamedTuple):
    pattern: str
    code: str
    problem: str
    remedy: str


# The first that fits wins: "Server ... not found" has to stand before anything that speaks of databases in general.
_MISTAKES = (
    _Mistake(
        r"server .*not found in kerberos database|-1765328377",
        "missing_service_principal",
        "Kerberos does not know the server's service principal name",
        "Use the server's own name as host; behind a load balancer, set negotiate_service and "
        "negotiate_hostname_override to a registered service principal name (setspn -L lists them).",
    ),
    _Mistake(
        r"client .*not found in kerberos database|-1765328378",
        "unknown_principal",
        "Kerberos does not know the account",
        f"Correct the username. {NAME_AT_REALM}",
    ),
    _Mistake(
        r"decrypt integrity|preauthentication failed|password incorrect|-1765328353|-1765328360",
        "wrong_password",
        "the password is wrong",
        "Correct the password.",
    ),
    _Mistake(
        r"clock skew|-1765328347",
        "clock_skew",
        "the clocks differ too much for Kerberos",
        "Synchronise the clocks of the host that runs the module and of the domain controllers, then get a new ticket.",
    ),
    _Mistake(
        r"credentials have been revoked|-1765328366",
        "account_disabled",
        "the account is locked out or disabled, has expired, or is outside its logon hours",
        "Check the account in Active Directory: unlock, enable or extend it.",
    ),
    _Mistake(
        r"password has expired|-1765328361",
        "password_expired",
        "the password has expired",
        "Change the password.",
    ),
    _Mistake(
        r"cannot (find|contact|locate|resolve) .*(kdc|realm)|-1765328230|-1765328228",
        "no_domain_controller",
        "no domain controller answers for the Kerberos realm",
        f"{NAME_AT_REALM} Then check the DNS records and krb5.conf on the host that runs the module.",
    ),
    _Mistake(
        r"no credentials cache|no kerberos credentials|credentials cache file|can't find client principal"
        r"|ticket expired|matching credential not found|credential.* expired|-1765328189|-1765328243|-1765328352",
        "no_ticket",
        "there is no valid Kerberos ticket",
        "Set username and password, or obtain a ticket with kinit.",
    ),
)


def diagnose_kerberos(text: str, where: str, username: str | None) -> Diagnosis | None:
    """Return what a Kerberos library's words mean, or None for what is none of the known mistakes."""
    for mistake in _MISTAKES:
        if re.search(mistake.pattern, text, re.IGNORECASE | re.DOTALL):
            who = f"as '{username}'" if username else "by the ticket cache"
            return Diagnosis(mistake.code, f"Cannot sign in to {where} {who}: {mistake.problem}.", mistake.remedy)
    return None


def missing_libraries(where: str, package: str, detail: str) -> Diagnosis:
    """Return the diagnosis that names the pip package; ``detail`` is the library's own complaint."""
    return Diagnosis(
        "missing_library",
        f"Cannot sign in to {where}: the Python libraries for Kerberos are missing ({detail}).",
        f"Install them into the Python environment of the module: pip install '{package}', which builds against the "
        "Kerberos headers (libkrb5-dev, krb5-devel) and a C compiler.",
    )


def check_user_principal_name(given: ConnectionOptions, options: Mapping[str, object]) -> None:
    r"""Refuse ``DOMAIN\user``, which MIT Kerberos takes for a user of that whole name in the default realm."""
    username = str(options.get("username") or "")
    if "\\" in username:
        raise given.option_error(
            "username",
            "is not in the form user@REALM, which auth: kerberos requires",
            NAME_AT_REALM,
            username,
            code="user_principal_name_needed",
        )
