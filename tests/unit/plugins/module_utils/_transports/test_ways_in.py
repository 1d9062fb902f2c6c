# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every way in that needs no Kerberos realm: NTLM and Negotiate with message encryption, Basic with TLS and without."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import diagnose_network
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect.organization import (
    from_options as entra_connect,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.organization import (
    from_options as exchange_server,
)

from lab.certificates import create_certificates
from lab.laboratory import Laboratory
from lab.model.demo import demo_hybrid
from lab.wire.authentication import Listener

ACCOUNT = "CONTOSO\\svc-offboarding"
MAKE: dict[str, Callable[..., Any]] = {"exchange_server": exchange_server, "entra_connect": entra_connect}
READ = {"exchange_server": Cmdlet("Get-User", {"ResultSize": 3}), "entra_connect": Cmdlet("Get-ADSyncScheduler")}
BOTH = pytest.mark.parametrize("system", list(MAKE))
Opener = Callable[[Listener], Laboratory]


@pytest.fixture
def opener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opener]:
    """Open laboratories whose two WSMan services listen in one way."""
    # Negotiate would look for a realm first, and ask the DNS for one.
    monkeypatch.setenv("KRB5_CONFIG", "/dev/null")
    with contextlib.ExitStack() as stack:

        def opened(listener: Listener) -> Laboratory:
            listeners = dict.fromkeys([*MAKE, "management_shell"], listener)
            return stack.enter_context(Laboratory(demo_hybrid(), tmp_path / "laboratory", listeners=listeners))

        yield opened


def options_of(laboratory: Laboratory, system: str, **changes: Any) -> dict[str, Any]:
    """Return the connection dictionary; None takes an option away."""
    options: dict[str, Any] = {
        "host": "localhost",
        "port": laboratory.port(system),
        "username": ACCOUNT,
        "password": laboratory.hybrid.exchange_server_account.password,
        "auth": laboratory.listeners[system].sign_in(laboratory.hybrid.exchange_server_account)[0],
        "use_tls": laboratory.listeners[system].tls,
        "ca_file": str(laboratory.directory / "ca.pem"),
        **changes,
    }
    return {name: value for name, value in options.items() if value is not None}


def read(laboratory: Laboratory, system: str, **changes: Any) -> int:
    """Return how many objects a read answers, over a session of its own that is gone afterwards."""
    session = MAKE[system](options_of(laboratory, system, **changes)).open()
    try:
        return len(session.run(READ[system]).objects)
    finally:
        session.close()
        assert laboratory.open_sessions() == {"exchange_server": 0, "entra_connect": 0}


def failure_of(laboratory: Laboratory, system: str, **changes: Any) -> HybridError:
    with pytest.raises(HybridError) as caught:
        read(laboratory, system, **changes)
    assert "Lab!" not in f"{caught.value.message}{caught.value.remedy}"
    return caught.value


@BOTH
@pytest.mark.parametrize("schemes", [("NTLM",), ("Negotiate",), ("Negotiate", "NTLM")], ids=" ".join)
def test_ntlm_encrypts_over_http(opener: Opener, system: str, schemes: tuple[str, ...]) -> None:
    laboratory = opener(Listener(schemes, tls=False))
    assert read(laboratory, system, auth="ntlm") in (1, 3)
    refused = failure_of(laboratory, system, auth="ntlm", password="wr0ng")
    assert (refused.code, ACCOUNT in refused.message) == ("authentication_failed", True)


def test_negotiate_falls_back_to_ntlm(opener: Opener) -> None:
    laboratory = opener(Listener(("Negotiate", "NTLM"), tls=False))
    assert read(laboratory, "exchange_server", auth="negotiate") == 3


@BOTH
def test_ntlm_over_tls(opener: Opener, system: str) -> None:
    assert read(opener(Listener(("NTLM",))), system, auth="ntlm") in (1, 3)


def test_ntlm_carries_what_is_large_and_not_ascii(opener: Opener) -> None:
    laboratory = opener(Listener(("NTLM",), tls=False))
    wanted = "ünïcode-" * 50_000
    session = exchange_server(options_of(laboratory, "exchange_server", auth="ntlm")).open()
    with pytest.raises(HybridError) as caught:
        session.run(Cmdlet("Get-User", {"Identity": wanted}))
    session.close()
    assert (caught.value.code, wanted in caught.value.message) == ("not_found", True)


@BOTH
def test_basic_over_tls_with_a_private_authority(opener: Opener, system: str) -> None:
    assert read(opener(Listener()), system) in (1, 3)


def certificate(laboratory: Laboratory, system: str, address: str, path: Path | None = None) -> dict[str, Any]:
    """Return the options of a client certificate for the wire of a system that takes one: WinRM."""
    shown = str(path or laboratory.client_certificate(address))
    options: dict[str, Any] = {"auth": "certificate", "certificate_path": shown, "certificate_key_path": shown}
    if system == "exchange_server":
        return {**options, "transport": "winrm", "port": laboratory.port("management_shell")}
    return {**options, "username": None, "password": None}


@BOTH
def test_a_client_certificate(opener: Opener, system: str) -> None:
    laboratory = opener(Listener(("Certificate",)))
    assert read(laboratory, system, **certificate(laboratory, system, "svc-offboarding@contoso.com")) in (1, 3)
    stranger = failure_of(laboratory, system, **certificate(laboratory, system, "somebody.else@contoso.com"))
    assert (stranger.code, "refused the account" in stranger.message) == ("authentication_failed", True)


@BOTH
def test_a_client_certificate_of_an_authority_that_the_server_does_not_know(opener: Opener, system: str) -> None:
    laboratory = opener(Listener(("Certificate",)))
    failure = failure_of(laboratory, system, **certificate(laboratory, system, "", laboratory.certificate_path))
    # Whether its alert arrives before the connection is gone is chance.
    remedies = {
        "client_certificate_refused": "from an authority that the server trusts",
        "tls_failed": f"trusts the authority of {system}.certificate_path",
        # A busy machine may reset the connection first, of which nobody can tell why.
        "connection_lost": "",
    }
    assert remedies[failure.code] in failure.remedy


@pytest.mark.parametrize(
    ("alert", "told"),
    [
        ("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2580)", "unknown ca"),
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580)", "required"),
        ("[SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] sslv3 alert certificate expired (_ssl.c:1000)", "expired"),
    ],
)
def test_an_alert_speaks_of_our_certificate_and_not_of_the_servers(alert: str, told: str) -> None:
    diagnosis = diagnose_network(requests.exceptions.SSLError(alert), "Exchange server ex01:5986", "x.ca_file")
    assert diagnosis is not None
    assert (diagnosis.code, diagnosis.may_have_run) == ("client_certificate_refused", False)
    assert f"does not accept the client certificate ({told.rpartition(' ')[0]}" in diagnosis.message
    assert told in diagnosis.message


def test_a_password_where_a_client_certificate_is_asked_for(opener: Opener) -> None:
    failure = failure_of(opener(Listener(("Certificate",))), "entra_connect", auth="basic")
    assert failure.code == "authentication_failed"


@BOTH
def test_another_authority_is_not_trusted(opener: Opener, system: str, tmp_path: Path) -> None:
    strange = tmp_path / "strange"
    strange.mkdir()
    failure = failure_of(opener(Listener()), system, ca_file=str(create_certificates(strange).ca_file))
    assert (failure.code, f"{system}.ca_file" in failure.remedy) == ("certificate_not_trusted", True)


@BOTH
def test_a_certificate_for_another_host(opener: Opener, system: str) -> None:
    failure = failure_of(opener(Listener(names=("ex01.contoso.com",))), system)
    assert (failure.code, "is not issued for this host name" in failure.message) == ("certificate_wrong_host", True)


@BOTH
def test_an_expired_certificate(opener: Opener, system: str) -> None:
    failure = failure_of(opener(Listener(expired=True)), system)
    assert (failure.code, "has expired" in failure.message) == ("certificate_expired", True)


@BOTH
@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_certificate_that_is_not_verified(opener: Opener, system: str) -> None:
    laboratory = opener(Listener(names=("ex01.contoso.com",), expired=True))
    assert read(laboratory, system, ca_file=None, validate_certs=False) in (1, 3)


@BOTH
def test_tls_towards_a_port_without(opener: Opener, system: str) -> None:
    failure = failure_of(opener(Listener(tls=False)), system, use_tls=True)
    assert (failure.code, "does not support TLS" in failure.message) == ("tls_failed", True)


def test_basic_over_http_is_refused_unless_allowed(opener: Opener) -> None:
    laboratory = opener(Listener(tls=False))
    with pytest.raises(InputError, match="would send the password in clear text"):
        read(laboratory, "exchange_server")
    assert laboratory.log.entries() == []
    assert read(laboratory, "exchange_server", allow_unencrypted=True) == 3


def test_basic_over_http_is_always_refused_to_winrm(opener: Opener) -> None:
    """WinRM's AllowUnencrypted is off by default, and nobody should turn it on."""
    with pytest.raises(InputError, match="means WinRM without TLS"):
        read(opener(Listener(tls=False)), "entra_connect")


@pytest.mark.parametrize(("schemes", "asked"), [(("Kerberos",), "ntlm"), (("NTLM",), "basic")])
def test_a_scheme_that_is_not_offered(opener: Opener, schemes: tuple[str, ...], asked: str) -> None:
    laboratory = opener(Listener(schemes, tls=False))
    failure = failure_of(laboratory, "exchange_server", auth=asked, allow_unencrypted=True)
    assert failure.code == "authentication_failed"


PROGRAM = """
import json, sys
for name in ("gssapi", "krb5", "kerberos"):
    sys.modules[name] = None
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.{package} import organization
session = organization.from_options(json.loads(sys.argv[1])).open()
try:
    session.run(Cmdlet({cmdlet!r}))
except HybridError as error:
    print(json.dumps(error.as_result()))
finally:
    session.close()
"""


@BOTH
def test_kerberos_without_its_libraries(opener: Opener, system: str) -> None:
    """A process in which they cannot be imported; to WinRM without a password, which would need kinit first."""
    laboratory = opener(Listener(("Kerberos", "Negotiate"), tls=False))
    program = PROGRAM.format(package=system, cmdlet=READ[system].name)
    options = options_of(laboratory, system, ca_file=None, username="svc-offboarding@CONTOSO.COM")
    if system == "entra_connect":
        del options["password"]
    command = [sys.executable, "-c", program, json.dumps(options)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    error = json.loads(ran.stdout)
    assert error["code"] == "missing_library", error
    assert "the Python libraries for Kerberos are missing" in error["message"]
    package = "pypsrp[kerberos]" if system == "exchange_server" else "pywinrm[kerberos]"
    assert f"pip install '{package}'" in error["remedy"]
    assert ran.stderr == ""
