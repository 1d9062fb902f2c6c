# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Microsoft's own ExchangeOnlineManagement module, in one long-lived PowerShell process for each session.

The interface that Microsoft documents, and the sure way for a PSCredential, which goes to the process as data and is
made into a PSCredential there. One line of JSON in, one line of base64 JSON out; what else the module prints is noise.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import cmdlet_table
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Secret,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import (
    ConnectionOptions,
    Diagnosis,
    raise_hidden_not_found,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Busy, Retry
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    ConnectionFailure,
    HybridError,
    InputError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import replies
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.rest import (
    TAKES_CONFIRM,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.tokens import (
    Certificate,
    explain_entra_error,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell import dialogue, script
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell.process import (
    CLOSING_TIMEOUT,
    Process,
    ProcessLost,
)

# What Connect-ExchangeOnline loads beside the cmdlet that is asked for; all of its cmdlets take several times as long.
CMDLETS = tuple(sorted(cmdlet_table.names(EXCHANGE_ONLINE)))
# -ExchangeEnvironmentName (facts: exchange-online-rest.md section 1.1).
ENVIRONMENT_NAMES = {
    "commercial": "O365Default",
    "gcc_high": "O365USGovGCCHigh",
    "dod": "O365USGovDoD",
    "china": "O365China",
}
DEFAULT_CONCURRENCY = 2
# Connecting loads a module of some megabytes and asks for a token.
CONNECT_TIMEOUT = 300.0
# What only the REST interface takes.
_REST_OPTIONS = (
    "client_secret",
    "access_token",
    "federated_token_file",
    "base_url",
    "authority",
    "resource",
    "page_size",
)
# The collection's own environment variables hold secrets that the process has no use for.
_PRIVATE = re.compile(
    r"(EXCHANGE_SERVER|EXCHANGE_ONLINE|ENTRA_CONNECT|ACTIVE_DIRECTORY|REMOTE_CREDENTIAL|ANSIBLE)_|AZURE_CLIENT_S"
)
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_WORTH_A_RETRY = frozenset(("throttled", "connection_lost", "transient"))

SCRIPT = script.compose(
    "ExchangeOnlineManagement",
    script.RUN_HERE,
    """\
$from = 'tmpEXO_*'
while ($null -ne ($line = [Console]::In.ReadLine())) {
"""
    + script.NEW_REPLY
    + """\
  try {
    $line = $line -split '\\t'
    $c = ConvertFrom-Json $line[0]
    if ($c.connect) {
      Import-Module ExchangeOnlineManagement
      $given = Read-Value $c.connect
      Connect-ExchangeOnline @given -ShowBanner:$false -SkipLoadingFormatData
    } else { Invoke-Call $c }
  } catch { $r.errors += Show-Error $_ }
  $given = $line = $null
"""
    + script.WRITE_REPLY
    + """\
}
if (Get-Command Disconnect-ExchangeOnline -ErrorAction Ignore) { Disconnect-ExchangeOnline -Confirm:$false }
exit 0
""",
)


@dataclass(frozen=True)
class Installation:
    """The program, its environment, and how it signs in. ``connect`` holds the certificate's password."""

    program: str
    environment: Mapping[str, str] = field(repr=False)
    connect: Mapping[str, Any] = field(repr=False)
    organization: str
    client_id: str
    timeout: float = 960.0
    closing_timeout: float = CLOSING_TIMEOUT

    @property
    def where(self) -> str:
        return f"Exchange Online ({self.organization}) by PowerShell"

    def command(self) -> list[str]:
        """Return the command line: without -InputFormat None, PowerShell itself would read standard input."""
        options = ["-NoLogo", "-NoProfile", "-NonInteractive", "-InputFormat", "None", "-OutputFormat", "Text"]
        return [self.program, *options, "-EncodedCommand", script.encoded(SCRIPT)]


@dataclass
class PowerShellOrganization:
    """Implements Organization for one tenant, by way of PowerShell."""

    installation: Installation
    concurrency: int
    retry: Retry = field(default_factory=Retry)
    system: str = field(default="exchange_online", init=False)

    @property
    def host(self) -> str:
        return self.installation.organization

    def open(self) -> PowerShellSession:
        return PowerShellSession(self.installation, self.retry)


def from_options(given: ConnectionOptions) -> PowerShellOrganization:
    """Return the organization of ``interface: powershell``. Nothing is started. Raises InputError."""
    for name in _REST_OPTIONS:
        if given.has(name):
            raise given.option_error(
                name, "has no effect with interface: powershell", "Leave it out, or use the REST interface."
            )
    organization = given.required("tenant_id", "Specify the tenant's initial domain, contoso.onmicrosoft.com.")
    if _GUID.fullmatch(organization) or "." not in organization:
        raise given.option_error(
            "tenant_id",
            "is not a domain, which interface: powershell requires",
            "Specify the tenant's initial domain, contoso.onmicrosoft.com.",
            organization,
        )
    environment = given.choice("environment", "commercial", tuple(ENVIRONMENT_NAMES))
    connect: dict[str, Any] = {
        "Organization": f"s:{organization}",
        "ExchangeEnvironmentName": f"s:{ENVIRONMENT_NAMES[environment]}",
        **_sign_in(given),
    }
    installation = Installation(
        program=_program(given),
        environment=_environment(given),
        connect=connect,
        organization=organization,
        client_id=given.text("client_id") or "managed identity",
        timeout=float(given.number("timeout", 960, 1, 3600)),
    )
    return PowerShellOrganization(installation, given.number("concurrency", DEFAULT_CONCURRENCY, 1, 32))


def _sign_in(given: ConnectionOptions) -> dict[str, Any]:
    """Return how to sign in: by a certificate file, or by the machine's managed identity."""
    managed = given.flag("managed_identity", False)
    if managed == given.has("certificate_path"):
        problem = "are set together" if managed else "are both missing"
        raise InputError(
            given.owner,
            None,
            f"certificate_path and managed_identity {problem}",
            "Specify exactly one of the two: interface: powershell signs in with one of them.",
        )
    if managed:
        account = given.text("client_id")
        return {"ManagedIdentity": True, **({"ManagedIdentityAccountId": f"s:{account}"} if account else {})}
    Certificate(given).validate()
    path = given.file("certificate_path") or ""
    with open(path, "rb") as stream:
        if b"-----BEGIN" in stream.read():
            raise given.option_error(
                "certificate_path",
                "is a PEM file, which Connect-ExchangeOnline does not support",
                "Specify a PFX file: openssl pkcs12 -export -in certificate.pem -out certificate.pfx",
                path,
            )
    client_id = given.required("client_id", "Specify the application's (client) identifier.")
    signing_in: dict[str, Any] = {"AppId": f"s:{client_id}", "CertificateFilePath": f"s:{os.path.abspath(path)}"}
    if given.has("certificate_password"):
        signing_in["CertificatePassword"] = dialogue.encode_value(Secret(given.text("certificate_password")))
    return signing_in


def _program(given: ConnectionOptions) -> str:
    name = os.path.expanduser(given.text("pwsh_path", "pwsh"))
    program = shutil.which(name)
    if program is None:
        raise given.option_error(
            "pwsh_path",
            "is not a program on the host that runs the module",
            "Install PowerShell 7 and the module ExchangeOnlineManagement, or set the path of pwsh.",
            name,
        )
    return program


def _environment(given: ConnectionOptions) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not _PRIVATE.match(name)}
    environment.update(POWERSHELL_TELEMETRY_OPTOUT="1", POWERSHELL_UPDATECHECK="Off", NO_COLOR="1")
    verification = given.verification()
    if verification is False:
        raise given.option_error("validate_certs", "cannot be false with interface: powershell", "Leave it out.", False)
    if isinstance(verification, str):
        environment["SSL_CERT_FILE"] = verification
    if given.has("proxy"):
        environment["HTTPS_PROXY"] = environment["https_proxy"] = given.text("proxy")
    return environment


class PowerShellSession:
    """Implements Session over one process. ``clock`` is monotonic, in seconds."""

    def __init__(self, installation: Installation, retry: Retry, clock: Callable[[], float] = time.monotonic) -> None:
        self._installation = installation
        self._retry = retry
        self._clock = clock
        self._process: Process | None = None
        self._loaded: frozenset[str] = frozenset()

    def run(self, cmdlet: Cmdlet) -> CmdletOutput:
        """Run one cmdlet, with Confirm added where it takes it: see Session.run."""
        if cmdlet.name in TAKES_CONFIRM:
            cmdlet = cmdlet.with_parameters(Confirm=False)
        if cmdlet.is_read:
            return self._retry.call(lambda: self._run_once(cmdlet), _worth_reading_again)
        return self._run_once(cmdlet)

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.close()

    def _run_once(self, cmdlet: Cmdlet) -> CmdletOutput:
        line = dialogue.request_line(dialogue.encode_call(cmdlet))
        process = self._ready(cmdlet)
        reply = self._ask(process, line, cmdlet, self._installation.timeout, may_have_run=True)
        if reply.errors:
            raise _refusal(reply.errors[0], cmdlet, self._installation)
        return raise_hidden_not_found(cmdlet, reply.output)

    def _ready(self, cmdlet: Cmdlet) -> Process:
        """Return a process that is signed in and has the cmdlet. What fails on the way has not run it."""
        if self._process is not None and self._process.alive and cmdlet.name in self._loaded:
            return self._process
        self.close()
        installation = self._installation
        process = self._process = Process(
            installation.command(), installation.environment, self._clock, installation.closing_timeout
        )
        self._loaded = frozenset((*CMDLETS, cmdlet.name))
        names = [f"s:{name}" for name in sorted(self._loaded)]
        line = dialogue.request_line({"connect": {**installation.connect, "CommandName": names}})
        try:
            process.start()
        except OSError as error:
            self.close()
            raise ConnectionFailure(
                f"{self._installation.program} does not start ({type(error).__name__}).",
                code="missing_library",
                remedy="Install PowerShell 7, or set the path of pwsh in exchange_online.pwsh_path.",
                cmdlet=cmdlet.name,
            ) from None
        reply = self._ask(process, line, cmdlet, CONNECT_TIMEOUT, may_have_run=False)
        if reply.errors:
            self.close()
            raise _not_connected(reply.errors[0], self._installation, cmdlet)
        return process

    def _ask(
        self, process: Process, line: bytes, cmdlet: Cmdlet, timeout: float, *, may_have_run: bool
    ) -> dialogue.ScriptReply:
        try:
            return process.ask(line, timeout)
        except ProcessLost as error:
            self.close()
            diagnosis = Diagnosis(
                "connection_lost",
                f"{self._installation.where} did not answer: {error}",
                "Run again; what was done in the meantime is read first.",
                retryable=True,
                may_have_run=may_have_run and error.sent,
                timed_out=error.timed_out,
            )
            raise diagnosis.failure(cmdlet) from None
        except BaseException:
            # An interrupt: the process may be in the middle of an answer.
            self.close()
            raise


def _worth_reading_again(error: HybridError) -> bool:
    return error.retryable and error.code in _WORTH_A_RETRY and not error.timed_out


def _refusal(record: dialogue.ErrorRecord, cmdlet: Cmdlet, installation: Installation) -> HybridError:
    """Return a cmdlet's error: the module hands on the text of the REST interface, in one of its formats."""
    text, exception_type, error_id = replies.told(record.message)
    if replies.TOO_MANY_REQUESTS in text or "TooManyRequests" in text:
        return Busy(
            f"{installation.where} is too busy for {cmdlet.name}.",
            cmdlet=cmdlet.name,
            remedy="Run again later, or with less concurrency.",
        )
    return replies.cmdlet_error(
        text,
        exception_type or record.type,
        error_id or record.error_id,
        cmdlet=cmdlet.name,
        category=record.category,
    )


def _not_connected(record: dialogue.ErrorRecord, installation: Installation, cmdlet: Cmdlet) -> ConnectionFailure:
    text = " ".join(record.message.split())[:500]
    failure = explain_entra_error(text, installation.client_id, installation.organization)
    if failure is None:
        failure = _not_loaded(record, text, installation, cmdlet)
    failure.cmdlet = cmdlet.name
    return failure


def _not_loaded(
    record: dialogue.ErrorRecord, text: str, installation: Installation, cmdlet: Cmdlet
) -> ConnectionFailure:
    refused = dialogue.script_refusal(record, "the host that runs the module")
    if refused is not None:
        return refused.failure(cmdlet)
    if record.error_id.startswith("Modules_ModuleNotFound"):
        return ConnectionFailure(
            "PowerShell has no module ExchangeOnlineManagement on the host that runs the module.",
            code="missing_library",
            remedy="Install it for the user that runs Ansible: Install-Module ExchangeOnlineManagement.",
        )
    if "isn't supported in this scenario" in text:
        return ConnectionFailure(
            f"Exchange Online has no role for '{installation.client_id}': {text}",
            code="permission_denied",
            remedy="Assign the application's service principal a role that has the cmdlets: see docs/permissions.md.",
        )
    if "unauthorized" in text.lower():
        return ConnectionFailure(
            f"Exchange Online refused the token of '{installation.client_id}': {text}",
            code="application_permission_missing",
            remedy="Grant the application Exchange.ManageAsApp of Office 365 Exchange Online, with admin consent.",
        )
    return ConnectionFailure(
        f"Connect-ExchangeOnline failed: {text}",
        code="authentication_failed",
        remedy="Check tenant_id, client_id, the certificate and its password.",
    )
