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

FIRST_LINE = "# mailops.exchange_hybrid, dialogue 3, module "
# What cmd.exe takes on a Windows server (facts: exchange-server-psrp.md section 6).
LONGEST_COMMAND_LINE = 8191

# $line is what came on standard input, divided at its tabs: the JSON, and behind it the secrets.
_COMMON = """\
# 0 is SilentlyContinue.
$ErrorActionPreference = 'Stop'; $ProgressPreference = 0
# A policy of the server's may allow no more than that the mode is told.
if (($m = $ExecutionContext.SessionState.LanguageMode) -ne 'FullLanguage') { $m; exit }
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
  # No secret is the argument of a cmdlet: module logging writes those down.
  $s = [Net.NetworkCredential]::new('', [regex]::Unescape($line[$t['@secret']])).SecurePassword
  if ($t['@user']) { [pscredential]::new($t['@user'], $s) } else { $s }
}
function Show-Value($v) {
  if ($null -eq $v) { return $null }
  if ($v -is [datetime] -or $v -is [DateTimeOffset]) { return 'd:' + $v.ToString('o') }
  if ($v -is [byte[]]) { return 's:' + [Convert]::ToBase64String($v) }
  if ($v -is [Collections.IList]) { return ,@(foreach ($i in $v) { Show-Value $i }) }
  # An enum that came from another process is a number with a name.
  if ($v.GetType().IsPrimitive -and $v -isnot [char] -and
    $v.PSObject.TypeNames -notcontains 'Deserialized.System.Enum') { return $v.PSObject.BaseObject }
  # Not ToString(), which obeys the server's culture.
  's:' + [string]$v
}
function Show-Error($e) {
  $c = $e.CategoryInfo
  @{ message = $e.Exception.Message; type = $c.Reason; category = [string]$c.Category
    id = $e.FullyQualifiedErrorId }
}
function Invoke-Call($c) {
  $r.cmdlet = $c.cmdlet
  $given = Read-Value $c.parameters
  foreach ($o in @(
@RUN@
  )) {
    if ($o -is [Management.Automation.ErrorRecord]) { $r.errors += Show-Error $o }
    elseif ($o -is [Management.Automation.WarningRecord]) { $r.warnings += $o.Message }
    elseif ($o) {
      $t = @{}
      foreach ($p in $o.PSObject.Properties) { $t[$p.Name] = Show-Value $p.Value }
      $r.objects += $t
    }
  }
}
"""
# How a cmdlet of the module $from runs in the script's own process.
RUN_HERE = """\
  # By its full name: a session may bring a Get-Command of its own.
  $command = Microsoft.PowerShell.Core\\Get-Command $c.cmdlet -Module $from
  # Not -ErrorVariable: it takes what a function has caught or silenced inside, too.
  & $command @given -ErrorAction Continue -WarningAction Continue 2>&1 3>&1
"""
NEW_REPLY = "$r = @{ cmdlet = ''; objects = @(); warnings = @(); errors = @() }\n"
WRITE_REPLY = """\
# Not [Console]::Out: a module may have changed its encoding.
$w = [IO.StreamWriter][Console]::OpenStandardOutput()
# What was printed before may have no line end.
$w.WriteLine()
$w.WriteLine([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $r -Depth 6 -Compress))))
$w.Flush()
"""


def compose(module: str, run: str, own: str) -> str:
    """Return a script: the line that names it, what all have in common, how it runs a cmdlet, and its own part.

    ``run`` puts out the objects, error records and warning records of cmdlet ``$c.cmdlet`` with parameters ``$given``.
    """
    return f"{FIRST_LINE}{module}\n{_COMMON.replace('@RUN@', run.rstrip())}{own}"


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
    options = ["-NoLogo", "-NoProfile", "-NonInteractive", "-OutputFormat", "Text", "-EncodedCommand"]
    return "powershell.exe", [*options, encoded(script)]
