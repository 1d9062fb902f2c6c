# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The fixed script that runs on the Entra Connect server, and the JSON that goes in and comes out.

The script never changes with what is run: cmdlet and parameters travel on standard input as data, so that no value
becomes script text. It must stay short: WinRM's shell takes a command line of 8191 characters
(facts: exchange-server-psrp.md section 6).
"""

from __future__ import annotations

import base64
import datetime
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._cmdlet import Cmdlet, CmdletOutput, Value
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, ConnectionFailure
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wire import moment_text, span_text, utc_text

CMDLETS = (
    "Get-ADSyncScheduler",
    "Set-ADSyncScheduler",
    "Start-ADSyncSyncCycle",
    "Get-ADSyncConnectorRunStatus",
    "Get-ADSyncRunProfileResult",
)
DATES = ("NextSyncCycleStartTimeInUTC", "StartDate", "EndDate")

SCRIPT = """\
# mailops.exchange_hybrid: one cmdlet as JSON, dialogue 1, module ADSync
$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'
# Or Windows PowerShell writes some arrays as objects with Count and value.
Remove-TypeData System.Array -ErrorAction SilentlyContinue
$allowed = '@CMDLETS@' -split ','
function ConvertTo-Plain($Value) {
  if ($null -eq $Value) { return $null }
  if ($Value -is [bool] -or $Value -is [int] -or $Value -is [long]) { return $Value }
  if ($Value -is [datetime]) {
    # ADSync keeps UTC in dates that do not say so.
    if ($Value.Kind -eq 'Local') { $Value = $Value.ToUniversalTime() }
    return [datetime]::SpecifyKind($Value, 'Utc').ToString('o')
  }
  if ($Value -is [Collections.IEnumerable] -and $Value -isnot [string]) {
    return ,@($Value | ForEach-Object { ConvertTo-Plain $_ })
  }
  return $Value.ToString()
}
function ConvertTo-Failure($Record) {
  @{ message = $Record.Exception.Message; type = $Record.Exception.GetType().FullName
     category = "$($Record.CategoryInfo.Category)"; id = $Record.FullyQualifiedErrorId }
}
$reply = @{ objects = @(); warnings = @(); errors = @() }
try {
  $request = ($input | Out-String) | ConvertFrom-Json
  if ($allowed -notcontains $request.cmdlet) { throw "The cmdlet is not one of: $allowed" }
  Import-Module ADSync
  $given = @{}
  foreach ($p in $request.parameters.PSObject.Properties) { $given[$p.Name] = $p.Value }
  $command = Get-Command -Module ADSync -Name $request.cmdlet
  $output = @(& $command @given -ErrorAction SilentlyContinue -ErrorVariable failed -WarningAction SilentlyContinue `
    -WarningVariable warned)
  $reply.objects = @($output | Where-Object { $null -ne $_ } | ForEach-Object {
    $plain = @{}
    foreach ($p in $_.PSObject.Properties) { $plain[$p.Name] = ConvertTo-Plain $p.Value }
    $plain
  })
  $reply.warnings = @($warned | ForEach-Object { "$_" })
  $reply.errors = @($failed | Where-Object { $_.CategoryInfo } | ForEach-Object { ConvertTo-Failure $_ })
} catch { $reply.errors = @(ConvertTo-Failure $_) }
$json = ConvertTo-Json -InputObject $reply -Depth 6 -Compress
[Console]::Out.WriteLine([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($json)))
exit 0
""".replace("@CMDLETS@", ",".join(CMDLETS))


def command_line() -> tuple[str, list[str]]:
    """Return program and arguments of the one command that is ever run."""
    encoded = base64.b64encode(SCRIPT.encode("utf-16-le")).decode("ascii")
    return "powershell.exe", ["-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]


def request_line(cmdlet: Cmdlet) -> bytes:
    """Return one line of ASCII JSON for standard input. Raises ValueError for a cmdlet that the script refuses."""
    if cmdlet.name not in CMDLETS:
        raise ValueError(f"{cmdlet.name} is not one of the ADSync cmdlets that the dialogue knows")
    parameters = {name: _encode(value) for name, value in cmdlet.parameters.items()}
    return json.dumps({"cmdlet": cmdlet.name, "parameters": parameters}).encode("ascii") + b"\n"


def _encode(value: Value) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime.datetime):
        return moment_text(value)
    if isinstance(value, datetime.timedelta):
        return span_text(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_encode(item) for item in value]
    raise TypeError(f"no ADSync cmdlet takes a {type(value).__name__}")


def read_reply(standard_output: bytes, cmdlet: Cmdlet) -> CmdletOutput | None:
    """Return what the script answered, or None when it wrote no answer. Raises what the cmdlet failed with."""
    lines = standard_output.split()
    if not lines:
        return None
    try:
        reply = json.loads(base64.b64decode(lines[-1], validate=True))
        objects, warnings, errors = reply["objects"], reply["warnings"], reply["errors"]
    except (ValueError, KeyError, TypeError):
        return None
    for error in errors or []:
        raise _failure(error, cmdlet)
    return CmdletOutput([_decode(item) for item in objects or []], [str(warning) for warning in warnings or []])


def _failure(error: Mapping[str, Any], cmdlet: Cmdlet) -> CmdletError | ConnectionFailure:
    error_id = str(error.get("id") or "")
    message = str(error.get("message") or "The cmdlet gave no reason.")
    if error_id.startswith("Modules_ModuleNotFound"):
        return ConnectionFailure(
            "The host has no ADSync module: it is not an Entra Connect server.",
            code="wrong_endpoint",
            remedy="Give the server where Microsoft Entra Connect Sync is installed.",
            cmdlet=cmdlet.name,
        )
    return CmdletError(
        message,
        cmdlet=cmdlet.name,
        exception_type=str(error.get("type") or "").rsplit(".", 1)[-1],
        error_id=error_id,
        category=str(error.get("category") or ""),
    )


def _decode(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: utc_text(value) if name in DATES and isinstance(value, str) else value for name, value in item.items()
    }
