# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The PowerShell that the collection's fixed scripts have in common, and how a script becomes a command line.

A script never changes with what is run: cmdlet and parameters travel on standard input as data, so that no value
becomes script text. ``dialogue`` is the Python side of the same conversation. The names are short because a Windows
command line is: all of a script has to fit into it, or text would have to be made into code on the server.
"""

from __future__ import annotations

import base64

FIRST_LINE = "# mailops.exchange_hybrid: one cmdlet as JSON, dialogue 2, module "
# What cmd.exe takes on a Windows server (facts: exchange-server-psrp.md section 6).
LONGEST_COMMAND_LINE = 8191

# $from is the module whose cmdlets may run: each script says it in its own part.
_COMMON = """\
$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'
# Or Windows PowerShell writes some arrays as objects with Count and value.
Remove-TypeData System.Array -ErrorAction Ignore
# A text comes behind a letter and a colon: bare, PowerShell 7 takes one that looks like a date for a date.
function Read-Value($v) {
  if ($v -is [string]) {
    if ($v[0] -ne 'b') { return $v.Substring(2) }
    return ,[Convert]::FromBase64String($v.Substring(2))
  }
  if ($v -is [array]) { return ,@(foreach ($i in $v) { Read-Value $i }) }
  if (!$v -or $v -is [ValueType]) { return $v }
  $t = @{}
  foreach ($p in $v.PSObject.Properties) { $t[$p.Name] = Read-Value $p.Value }
  if (!$t['@secret']) { return $t }
  $s = ConvertTo-SecureString $t['@secret'] -AsPlainText -Force
  if ($t['@user']) { New-Object pscredential $t['@user'], $s } else { $s }
}
function Show-Value($v) {
  if ($null -eq $v) { return $null }
  if ($v -is [datetime]) { return 'd:' + $v.ToString('o') }
  if ($v -is [byte[]]) { return 's:' + [Convert]::ToBase64String($v) }
  if ($v -is [Collections.IList]) { return ,@(foreach ($i in $v) { Show-Value $i }) }
  # An enum that came from another process is a number with a name.
  if ($v.GetType().IsPrimitive -and $v -isnot [char] -and
    $v.PSObject.TypeNames -notcontains 'Deserialized.System.Enum') { return $v.PSObject.BaseObject }
  's:' + $v.ToString()
}
function Show-Error($e) {
  $c = $e.CategoryInfo
  @{ message = $e.Exception.Message; type = $c.Reason; category = $c.Category.ToString()
    id = $e.FullyQualifiedErrorId }
}
function Invoke-Call($c) {
  $reply.cmdlet = $c.cmdlet
  $given = Read-Value $c.parameters
  # By its full name: a session may bring a Get-Command of its own.
  $command = Microsoft.PowerShell.Core\\Get-Command $c.cmdlet -Module $from
  $quiet = @{ ErrorAction = 'SilentlyContinue'; ErrorVariable = 'failed'
    WarningAction = 'SilentlyContinue'; WarningVariable = 'warned' }
  $found = @(& $command @given @quiet)
  $reply.objects = @(foreach ($o in $found) { if ($o) {
    $t = @{}
    foreach ($p in $o.PSObject.Properties) { $t[$p.Name] = Show-Value $p.Value }
    $t
  } })
  $reply.warnings = @(foreach ($w in $warned) { $w.ToString() })
  $reply.errors = @(foreach ($e in $failed) { if ($e.CategoryInfo) { Show-Error $e } })
}
function Write-Reply {
  $json = ConvertTo-Json $reply -Depth 6 -Compress
  [Console]::Out.WriteLine([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($json)))
}
"""
NEW_REPLY = "$reply = @{ cmdlet = ''; objects = @(); warnings = @(); errors = @() }\n"


def compose(module: str, own: str) -> str:
    """Return a script: the line that names it, what all have in common, and its own part."""
    return f"{FIRST_LINE}{module}\n{_COMMON}{own}"


def compact(script: str) -> str:
    """Return the script without indentation and without comments but the first line, which names it."""
    first, *lines = script.splitlines()
    kept = (line.strip() for line in lines)
    return "\n".join([first, *(line for line in kept if line and not line.startswith("#"))]) + "\n"


def encoded(script: str) -> str:
    """Return what ``-EncodedCommand`` takes."""
    return base64.b64encode(compact(script).encode("utf-16-le")).decode("ascii")


def windows_command(script: str) -> tuple[str, list[str]]:
    """Return program and arguments that run the script by Windows PowerShell."""
    return "powershell.exe", ["-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded(script)]
