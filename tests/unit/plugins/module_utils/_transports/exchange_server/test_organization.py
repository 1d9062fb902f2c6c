# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.faults import diagnose
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.organization import (
    from_options,
)
from pypsrp.exceptions import AuthenticationError, WSManFaultError

ACCOUNT = {"host": "ex01.contoso.com", "username": "svc@CONTOSO.COM", "password": "secret"}
WHERE = "Exchange server ex01.contoso.com:80"


@pytest.mark.parametrize(
    ("options", "port", "use_tls"),
    [
        ({}, 80, False), ({"use_tls": True}, 443, True), ({"auth": "basic"}, 443, True), ({"port": 81}, 81, False),
        ({"auth": "basic", "use_tls": False, "allow_unencrypted": True}, 80, False),
    ],
)
def test_ports_and_tls(options: dict[str, Any], port: int, use_tls: bool) -> None:
    organization = from_options({**ACCOUNT, **options})
    assert (organization.endpoint.port, organization.endpoint.use_tls) == (port, use_tls)
    assert (organization.system, organization.host, organization.concurrency) == (
        "exchange_server", "ex01.contoso.com", 4)


def test_a_ticket_cache_needs_no_account() -> None:
    endpoint = from_options({"host": "ex01.contoso.com"}).endpoint
    assert (endpoint.authentication, endpoint.username, endpoint.password) == ("kerberos", None, None)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"host": None}, "exchange_server.host: is missing"),
        ({"host": "http://ex01/PowerShell"}, "exchange_server.host: 'http://ex01/PowerShell' is not a host name"),
        ({"auth": "digest"}, "exchange_server.auth: 'digest' is not known"),
        ({"auth": "basic", "use_tls": False}, "exchange_server.use_tls: 'False' would send the password in clear"),
        ({"username": None}, "exchange_server.username: is missing"),
        ({"auth": "ntlm", "password": None}, "exchange_server.password: is missing"),
        ({"username": "CONTOSO\\svc"}, "exchange_server.username: 'CONTOSO\\svc' is not in the form user@REALM"),
        ({"password_file": "/nowhere"}, "exchange_server.password_file: is set together with password"),
        ({"password": None, "password_file": "/nowhere"}, "exchange_server.password_file: '/nowhere' is not a file"),
        ({"use_tls": True, "ca_file": "/nowhere"}, "exchange_server.ca_file: '/nowhere' is not a file"),
        ({"sessions": 19}, "exchange_server.sessions: '19' is out of range"),
        ({"cmdlet_timeout": 7201}, "exchange_server.cmdlet_timeout: '7201' is out of range"),
        ({"idle_timeout": 59}, "exchange_server.idle_timeout: '59' is out of range"),
        ({"operation_timeout": 60, "read_timeout": 60}, "exchange_server.read_timeout: '60' must be longer"),
        ({"domain_controller": " "}, "exchange_server.domain_controller: is blank"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_contacted(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        from_options({**ACCOUNT, **options})
    assert caught.value.message.startswith(sentence)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"s3cret\n", "s3cret"), (b"s3cret\r\n", "s3cret"), (b" s3cret ", " s3cret "), (b"s\n\n", "s\n"),
        (b"p\xc3\xa4", "pä"),
    ],
)
def test_a_password_file_ends_in_one_newline_at_most(tmp_path: Path, content: bytes, password: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    assert from_options({**ACCOUNT, "password": None, "password_file": str(path)}).endpoint.password == password


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_password_files_without_a_password(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    with pytest.raises(InputError, match="password_file"):
        from_options({**ACCOUNT, "password": None, "password_file": str(path)})


class Krb5Error(Exception):
    """pykrb5's exception, which needs a C library to be imported."""


Krb5Error.__module__ = "krb5._exceptions"


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("Client 'CONTOSOsvc@CONTOSO.COM' not found in Kerberos database -1765328378", "unknown_principal",
         "does not know the account"),
        ("Decrypt integrity check failed -1765328353", "wrong_password", "the password is wrong"),
        ("Preauthentication failed -1765328360", "wrong_password", "the password is wrong"),
        ("Server host/mail.contoso.com@CONTOSO.COM not found in Kerberos database", "missing_service_principal",
         "service principal name"),
        ("Clock skew too great -1765328347", "clock_skew", "clocks differ"),
        ("Cannot find KDC for realm \"NOWHERE\" -1765328230", "no_domain_controller", "no domain controller answers"),
        ("No Kerberos credentials available", "no_ticket", "no valid Kerberos ticket"),
        ("Client's credentials have been revoked", "account_disabled", "locked out or disabled"),
        ("Password has expired -1765328361", "password_expired", "the password has expired"),
        ("Something that nobody has seen yet", "authentication_failed", "Something that nobody has seen yet"),
    ],
)
def test_mistakes_with_kerberos_get_a_sentence_each(text: str, code: str, sentence: str) -> None:
    diagnosis = diagnose(Krb5Error(text), WHERE, "svc", opening=True)
    assert diagnosis.code == code
    assert sentence in diagnosis.message
    assert diagnosis.remedy


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (AuthenticationError("Failed to authenticate the user x with basic"), "authentication_failed", False),
        (ValueError("Server responded with the auth protocol 'Kerberos' which is incompatible with the specified "
                    "auth_provider 'ntlm'"), "authentication_failed", False),
        (WSManFaultError(None, None, None, None, None, None), "authentication_failed", False),
        (WSManFaultError(5, None, "Access is denied.", None, None, None), "permission_denied", False),
        (WSManFaultError(2150858811, None, "The resource URI was not found", None, None, None), "wrong_endpoint",
         False),
        (WSManFaultError(1, None, "Fail to create a runspace because you have exceeded the maximum number of "
                         "connections allowed : 18 for the policy party : MaxConcurrency", None, None, None),
         "throttled", True),
        (WSManFaultError(1, None, "[FailureCategory=WSMan-InvalidShellID] The request failed", None, None, None),
         "connection_lost", True),
        (WSManFaultError(2150858793, None, "The operation timed out.", None, None, None), "connection_lost", True),
        (WSManFaultError(2150858794, None, "Something else.", None, None, None), "connection_lost", False),
        (ImportError("No module named 'gssapi'"), "missing_library", False),
        (RuntimeError("anything else"), "unexpected_answer", False),
    ],
)
def test_faults(error: Exception, code: str, retryable: bool) -> None:
    diagnosis = diagnose(error, WHERE, "svc", opening=True)
    assert (diagnosis.code, diagnosis.retryable) == (code, retryable)
