# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The fixed script that runs on the Entra Connect server, and what may be asked of it."""

from __future__ import annotations

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import cmdlet_table
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import ENTRA_CONNECT
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell import dialogue, script

CMDLETS = tuple(sorted(cmdlet_table.names(ENTRA_CONNECT)))

_OWN = (
    script.NEW_REPLY
    + """\
$from = 'ADSync'
try {
  $line = @($input) -split '\\t'
  $c = ConvertFrom-Json $line[0]
  if ('@CMDLETS@' -split ',' -notcontains $c.cmdlet) { throw 'This cmdlet is not one that the script runs.' }
  Import-Module ADSync
  Invoke-Call $c
} catch { $r.errors += Show-Error $_ }
""".replace("@CMDLETS@", ",".join(CMDLETS))
    + script.WRITE_REPLY
)
SCRIPT = script.compose("ADSync", script.RUN_HERE, _OWN)


def request_line(cmdlet: Cmdlet) -> bytes:
    """Return one line of ASCII JSON for standard input. Raises ValueError for a cmdlet that the script refuses."""
    if cmdlet.name not in CMDLETS:
        raise ValueError(f"{cmdlet.name} is not one of the ADSync cmdlets that the dialogue knows")
    return dialogue.request_line(dialogue.encode_call(cmdlet))


def output_of(reply: dialogue.ScriptReply, cmdlet: Cmdlet, where: str) -> CmdletOutput:
    """Return what the cmdlet said. Raises what it failed with."""
    refused = dialogue.script_refusal(reply.errors[0], where) if reply.errors else None
    if refused is not None:
        raise refused.failure(cmdlet)
    if reply.errors and reply.errors[0].error_id.startswith("Modules_ModuleNotFound"):
        raise ConnectionFailure(
            "The host has no ADSync module: it is not an Entra Connect server.",
            code="wrong_endpoint",
            remedy="Set the server on which Microsoft Entra Connect Sync is installed.",
            cmdlet=cmdlet.name,
        )
    dialogue.raise_first_error(reply, cmdlet, where)
    return reply.output
