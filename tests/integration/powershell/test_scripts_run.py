# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three scripts, executed by PowerShell 7, with modules of the tests' own in place of Microsoft's."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Credential,
    Secret,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect import (
    dialogue as ad_sync,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import powershell
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.organization import (
    from_options,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server import winrm
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell import dialogue, script

PWSH = shutil.which("pwsh")
NASTY = "O'Neil \"; exit $(1) `n \n\U0001f600 2026-12-01T00:00:00Z s:x"
CREDENTIAL = Credential("CONTOSO\\svc", "Battery-stäple'$")
LONGEST_RUN = 300
# What a cmdlet may do, by the identity that it is given, and what it was given, in each kind of value.
FUNCTIONS = """
function global:Get-Mailbox {
  [CmdletBinding()] param([string]$Identity)
  switch ($Identity) {
    'opened' { [pscustomobject]@{ Opened = $global:opened; Forest = $global:forest } }
    'throws' { Write-Warning 'first'; throw 'a plain throw' }
    'errs' { Write-Error 'Ex1|X.ManagementObjectNotFoundException|Not found' -ErrorId '[FailureCategory=Cmdlet-X] 1' }
    'errs twice' { Write-Error 'one'; throw 'two' }
    'warns' { Write-Warning "Ünïcode.`n2"; [pscustomobject]@{ A = 1 } }
    'catches' { try { throw 'x' } catch { }; Get-Item /none -ErrorAction SilentlyContinue; [pscustomobject]@{ A = 1 } }
    'caught one first' { try { throw 'x' } catch { Write-Error 'the real one' } }
    'noise' { Write-Host -NoNewline '42%'; Write-Progress p; Write-Verbose v -Verbose; [pscustomobject]@{ A = 1 } }
    'console' { [Console]::Write('42% '); [pscustomobject]@{ A = 1 } }
    'encoding' { [Console]::OutputEncoding = [Text.Encoding]::Unicode; [pscustomobject]@{ A = 'ü' } }
    'nothing' { $null; [pscustomobject]@{ A = $null; B = @(); C = @('x') } }
    'dies' { Stop-Process -Id $PID -Force }
    'values' { [pscustomobject]@{ E = [dayofweek]::Friday; D = [decimal]1.5; F = 1.5; T = [timespan]'1.02:00' } }
    'culture' { [cultureinfo]::CurrentCulture = 'de-DE'; [pscustomobject]@{ D = [decimal]1.5
      W = [DateTimeOffset]::new(2026, 1, 2, 3, 4, 5, [timespan]'01:00') } }
    'half' { [pscustomobject]@{ A = 'Ann ' + [char]0xd83d } }
    'unreadable' { [pscustomobject]@{ A = 1 } | Add-Member ScriptProperty B { throw 'no such value' } -PassThru }
    default { $null }
  }
}
function global:Set-Mailbox {
  [CmdletBinding()] param([string]$Identity, [string[]]$List, $Table, [bool]$Flag, [long]$Number, [byte[]]$Bytes,
    [datetime]$When, [timespan]$Span, [guid]$Guid, [pscredential]$Credential, [securestring]$Empty, [bool]$Confirm,
    $Nothing)
  [pscustomobject]@{
    Identity = $Identity; List = $List; Added = @($Table['Add']); Flag = $Flag; Number = $Number; Bytes = $Bytes
    When = $When; Span = $Span; Guid = $Guid; User = $Credential.UserName; Nothing = $Nothing; Confirm = $Confirm
    Password = $Credential.GetNetworkCredential().Password; EmptySecret = $Empty.Length; EmptyList = @()
  }
}
function global:Set-ADServerSettings {
  [CmdletBinding()] param([bool]$ViewEntireForest)
  $global:forest = $ViewEntireForest
}
function global:Get-ADSyncScheduler {
  [CmdletBinding()] param()
  [Console]::Write('42% '); Write-Host h; Write-Warning 'Look out.'
  [pscustomobject]@{ SyncCycleEnabled = $true }
}
"""
EXCHANGE_ONLINE = (
    """
function Connect-ExchangeOnline {
  param($Organization, $ExchangeEnvironmentName, [string[]]$CommandName, [switch]$ManagedIdentity, [switch]$ShowBanner,
    [switch]$SkipLoadingFormatData)
  [Console]::Write('a banner')
  New-Module -Name tmpEXO_test -ScriptBlock {"""
    + FUNCTIONS.replace("function global:", "function ")
    + """} | Import-Module -Global
}
function Disconnect-ExchangeOnline { [CmdletBinding()] param([switch]$Confirm) }
"""
)
# The second hop, by PowerShell's own remoting: an imitation in the same process would keep no error from the script.
EXCHANGE_SERVER = """
$env:ExchangeInstallPath = 'x'
function New-PSSession {
  param($ConfigurationName, $Authentication, $ConnectionUri,
    [Management.Automation.Remoting.PSSessionOption]$SessionOption, $Credential)
  if (!$global:hop -or $global:hop.State -ne 'Opened') {
    $global:hop = Microsoft.PowerShell.Core\\New-PSSession -HostName localhost -UserName x
    Invoke-Command $global:hop { $global:opened = $args; . ([scriptblock]::Create($env:FUNCTIONS)) } -ArgumentList @(
      $ConfigurationName, $Credential.UserName, $Credential.GetNetworkCredential().Password,
      $SessionOption.Culture.Name)
  }
  $global:hop
}
function Remove-PSSession { }
"""
# Runs a script once for each line of input, in one process, and writes down what cmdlets are given.
DRIVER = """
. ([scriptblock]::Create($env:BEFORE))
$block = [scriptblock]::Create($env:SCRIPT)
$requests = [Console]::In.ReadToEnd().Trim().Split([char]10)
Trace-Command ParameterBinding { foreach ($request in $requests) { $request | & $block } } -FilePath $env:TRACE
"""
# What PowerShell's own parser finds in each text: kinds of nodes and tokens, commands with their parameters, types.
PARSER = """
$found = foreach ($text in [Console]::In.ReadToEnd() | ConvertFrom-Json) {
  $tokens = $problems = $null
  $tree = [Management.Automation.Language.Parser]::ParseInput($text, [ref]$tokens, [ref]$problems)
  $nodes = $tree.FindAll({ $true }, $true)
  $commands = @{}
  foreach ($node in $nodes | Where-Object { $_ -is [Management.Automation.Language.CommandAst] }) {
    $names = foreach ($part in $node.CommandElements) { if ($part.ParameterName) { $part.ParameterName } }
    $commands["$($node.GetCommandName())"] = @($commands["$($node.GetCommandName())"]) + $names
  }
  @{ problems = $problems.Count; commands = $commands
    kinds = @($nodes | ForEach-Object { $_.GetType().Name }) + @($tokens | ForEach-Object { "$($_.Kind)" }) +
      @($nodes | ForEach-Object { if ($_.Background) { 'Background' } }) | Sort-Object -Unique
    types = @($nodes | ForEach-Object { if ($_.TypeName) { $_.TypeName.FullName } } | Sort-Object -Unique) }
}
ConvertTo-Json @($found) -Depth 5
"""
# What came after Windows PowerShell 5.1.
NEWER = {
    "TernaryExpressionAst", "PipelineChainAst", "QuestionQuestion", "QuestionQuestionEquals", "QuestionDot",
    "QuestionLBracket", "QuestionMark", "AndAnd", "OrOr", "Clean", "Background",
}  # fmt: skip
# Of commands and types the ones that the scripts use, as Windows PowerShell 5.1 and .NET Framework 4.6 have them.
KNOWN_COMMANDS = {
    "ConvertFrom-Json": {"InputObject"},
    "ConvertTo-Json": {"InputObject", "Depth", "Compress"},
    "Import-Module": {"Name", "ErrorAction"},
    "Microsoft.PowerShell.Core\\Get-Command": {"Name", "Module", "ErrorAction"},
    "Get-Command": {"Name", "Module", "ErrorAction"},
    "New-PSSession": set(),
    "Remove-PSSession": {"Session"},
    "Remove-TypeData": {"TypeName", "ErrorAction"},
    # The scripts' own, Microsoft's module's, and what is called by the call operator.
    **{name: set() for name in ("Read-Value", "Show-Value", "Show-Error", "Invoke-Call")},
    "Connect-ExchangeOnline": {"ShowBanner", "SkipLoadingFormatData"},
    "Disconnect-ExchangeOnline": {"Confirm"},
    "": {"ErrorAction", "WarningAction"},
}
KNOWN_TYPES = {
    "byte", "char", "Collections.IList", "Console", "Convert", "datetime", "DateTimeOffset", "IO.StreamWriter",
    "Management.Automation.ErrorRecord", "Management.Automation.RemoteException",
    "Management.Automation.WarningRecord", "Net.Dns", "Net.NetworkCredential", "PowerShell", "pscredential", "regex",
    "string", "array", "Text.Encoding", "ValueType", "byte[]",
}  # fmt: skip
SECOND_HOP = "#!/bin/sh\nexec pwsh -NoLogo -NoProfile -sshs\n"

SENT = {
    "Identity": NASTY, "List": ["a", NASTY], "Table": {"Add": [NASTY, "b"]}, "Flag": True, "Number": 2**40,
    "Bytes": b"a\0b", "Span": datetime.timedelta(days=14), "Nothing": None,
    "When": datetime.datetime(2026, 12, 1, 1, 2, 3, tzinfo=datetime.timezone.utc),
    "Guid": "99aeac02-0000-0000-0000-000000000000", "Credential": CREDENTIAL, "Empty": Secret(""),
}  # fmt: skip
SHOWN = {
    "Identity": NASTY, "List": ["a", NASTY], "Added": [NASTY, "b"], "Flag": True, "Number": 2**40, "Bytes": "YQBi",
    "When": "2026-12-01T01:02:03Z", "Span": "14.00:00:00", "Guid": "99aeac02-0000-0000-0000-000000000000",
    "User": CREDENTIAL.username, "Password": CREDENTIAL.password, "Nothing": None, "Confirm": False,
    "EmptySecret": 0, "EmptyList": [],
}  # fmt: skip
# By identity: objects, warnings, messages of errors; where the cmdlet is run does not matter.
EVERYWHERE: dict[str, tuple[list[dict[str, Any]], list[str], list[str]]] = {
    "errs": ([], [], ["Ex1|X.ManagementObjectNotFoundException|Not found"]),
    "warns": ([{"A": 1}], ["Ünïcode.\n2"], []),
    "catches": ([{"A": 1}], [], []),
    "caught one first": ([], [], ["the real one"]),
    "noise": ([{"A": 1}], [], []),
    "nothing": ([{"A": None, "B": [], "C": ["x"]}], [], []),
    "values": ([{"E": "Friday", "D": "1.5", "F": 1.5, "T": "1.02:00:00"}], [], []),
    "half": ([{"A": "Ann \ufffd"}], [], []),
}


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("ExchangeOnlineManagement", EXCHANGE_ONLINE), ("ADSync", FUNCTIONS)):
        directory = tmp_path / "modules" / name
        directory.mkdir(parents=True)
        (directory / f"{name}.psm1").write_text(text.replace("function global:", "function "), encoding="utf-8")
    # PowerShell adds its own directories to what it finds here.
    monkeypatch.setenv("PSModulePath", str(tmp_path / "modules"))


def drive(folder: Path, text: str, before: str, calls: Sequence[dict[str, Any]]) -> tuple[list[Any], str]:
    """Return the answers of one process, and everything that its cmdlets were given."""
    (folder / "ssh").write_text(SECOND_HOP)
    (folder / "ssh").chmod(0o700)
    (folder / "driver.ps1").write_text(DRIVER)
    environment = {
        **os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "FUNCTIONS": FUNCTIONS,
        "BEFORE": before, "SCRIPT": script.compact(text), "TRACE": str(folder / "trace"),
    }  # fmt: skip
    done = subprocess.run(
        [str(PWSH), "-NoLogo", "-NoProfile", "-NonInteractive", "-File", str(folder / "driver.ps1")],
        input=b"".join(map(dialogue.request_line, calls)), capture_output=True, timeout=LONGEST_RUN, check=True,
        env=environment,
    )  # fmt: skip
    answers = [reply for reply in map(dialogue.read_reply, done.stdout.split(b"\n")) if reply is not None]
    assert len(answers) == len(calls), done.stderr
    return answers, (folder / "trace").read_text(encoding="utf-8")


def told(reply: dialogue.ScriptReply) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    return list(reply.output.objects), list(reply.output.warnings), [error.message for error in reply.errors]


def get(identity: str) -> dict[str, Any]:
    return dialogue.encode_call(Cmdlet("Get-Mailbox", {"Identity": identity}))


def test_the_management_shell_by_real_remoting(pwsh: str, tmp_path: Path) -> None:
    """Errors, warnings and objects come each by its own stream, and a session that breaks off is told as one."""
    more = {
        "opened": (
            [{"Opened": ["Microsoft.Exchange", CREDENTIAL.username, CREDENTIAL.password, "en-US"], "Forest": True}],
            [], [],
        ),
        "throws": ([], ["first"], ["a plain throw"]),
        "errs twice": ([], [], ["one", "two"]),
    }  # fmt: skip
    expected = {**EVERYWHERE, **more}
    calls = [
        *map(get, expected), dialogue.encode_call(Cmdlet("Set-Mailbox", {**SENT, "Confirm": False})), get("dies"),
        dialogue.encode_call(Cmdlet("Get-Mailbox", {"NoSuch": 1})), dialogue.encode_call(Cmdlet("Get-NoSuch")),
    ]  # fmt: skip
    forest = [dialogue.encode_call(Cmdlet("Set-ADServerSettings", {"ViewEntireForest": True}))]
    credential = dialogue.encode_value(CREDENTIAL)
    answers, given = drive(
        tmp_path, winrm.SCRIPT, EXCHANGE_SERVER,
        [{**call, "first": forest, "credential": credential} for call in calls])  # fmt: skip
    assert dict(zip(expected, map(told, answers), strict=False)) == expected
    *_known, sent, died, parameter, cmdlet = answers
    assert told(sent) == ([SHOWN], [], [])
    assert (died.cmdlet, died.lost, len(died.errors)) == ("Get-Mailbox", True, 1)
    assert [reply.errors[0].error_id.partition(",")[0] for reply in (parameter, cmdlet)] == [
        "NamedParameterNotFound",
        "CommandNotFoundException",
    ]
    assert not any(reply.lost for reply in answers if reply is not died)
    # Module logging would write down what cmdlets are given; that much this run saw.
    assert "Get-Mailbox" in given or "ConvertFrom-Json" in given
    assert CREDENTIAL.password not in given
    assert CREDENTIAL.password.encode("unicode_escape").decode() not in given


@pytest.fixture
def session(modules: None) -> Iterator[Any]:
    session = from_options(
        {"interface": "powershell", "tenant_id": "contoso.onmicrosoft.com", "managed_identity": True}
    ).open()
    yield session
    session.close()


def test_exchange_online_by_powershell_itself(pwsh: str, session: Any) -> None:
    by_itself = {
        "console": [{"A": 1}], "culture": [{"D": "1.5", "W": "2026-01-02T02:04:05Z"}],
        "unreadable": [{"A": 1, "B": None}], "encoding": [{"A": "ü"}],
    }  # fmt: skip
    for identity, (objects, warnings, errors) in EVERYWHERE.items():
        if not errors:
            output = session.run(Cmdlet("Get-Mailbox", {"Identity": identity}))
            assert (identity, output.objects, output.warnings) == (identity, objects, warnings)
    failures = {
        "errs": ("not_found", "Not found"), "throws": ("unknown_failure", "a plain throw"),
        "caught one first": ("unknown_failure", "the real one"),
    }  # fmt: skip
    for identity, (code, message) in failures.items():
        with pytest.raises(HybridError) as caught:
            session.run(Cmdlet("Get-Mailbox", {"Identity": identity}))
        assert (identity, caught.value.code, caught.value.message) == (identity, code, message)
    for identity, objects in by_itself.items():
        assert session.run(Cmdlet("Get-Mailbox", {"Identity": identity})).objects == objects
    assert session.run(Cmdlet("Set-Mailbox", SENT)).objects == [SHOWN]
    with pytest.raises(HybridError) as caught:
        session.run(Cmdlet("Get-Mailbox", {"NoSuchParameter": 1}))
    assert caught.value.code == "permission_denied"


@pytest.mark.usefixtures("modules")
def test_the_script_for_entra_connect(pwsh: str, tmp_path: Path) -> None:
    """What the module prints is no part of the answer."""
    scheduler = dialogue.encode_call(Cmdlet("Get-ADSyncScheduler"))
    (reply, refused), _given = drive(tmp_path, ad_sync.SCRIPT, "", [scheduler, get("errs")])
    assert reply.cmdlet == "Get-ADSyncScheduler"
    assert told(reply) == ([{"SyncCycleEnabled": True}], ["Look out."], [])
    assert (refused.cmdlet, len(refused.errors)) == ("", 1)


@pytest.mark.parametrize("text", [ad_sync.SCRIPT, winrm.SCRIPT, powershell.SCRIPT])
def test_a_constrained_language_is_told(pwsh: str, text: str) -> None:
    """As where AppLocker or App Control for Business holds: next to nothing is allowed but to say so."""
    first, _newline, rest = text.partition("\n")
    constrained = f"{first}\n$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'\n{rest}"
    _program, arguments = script.windows_command(constrained)
    done = subprocess.run(
        [str(PWSH), *arguments], input=dialogue.request_line(get("x")), capture_output=True, timeout=LONGEST_RUN,
        check=True,
    )  # fmt: skip
    reply = dialogue.read_reply(done.stdout)
    assert reply is not None, done.stderr
    refused = dialogue.script_refusal(reply.errors[0], "EX01")
    assert refused is not None
    assert "EX01" in refused.message
    assert "ConstrainedLanguage" in refused.message


def lacking(found: dict[str, Any]) -> set[str]:
    """Return what Windows PowerShell 5.1 does not have of what the parser found."""
    unknown = {name for name in found["commands"] if name not in KNOWN_COMMANDS}
    for name, given in found["commands"].items():
        more = {str(parameter) for parameter in given if parameter} - KNOWN_COMMANDS.get(name, set())
        unknown |= {f"{name} -{parameter}" for parameter in more}
    return unknown | (NEWER & set(found["kinds"])) | (set(found["types"]) - KNOWN_TYPES)


def test_windows_powershell_has_all_that_the_scripts_need(pwsh: str) -> None:
    newer = {
        "$a ?? $b": "QuestionQuestion", "$a ??= $b": "QuestionQuestionEquals", "${a}?.b": "QuestionDot",
        "$a ? 1 : 2": "TernaryExpressionAst", "${a}?[0]": "QuestionLBracket",
        "Get-Command x && Get-Command y": "AndAnd", "Get-Command x || Get-Command y": "OrOr",
        "Get-Command x &": "Background", "function Read-Value { clean { } }": "Clean",
        "ConvertFrom-Json $a -AsHashtable": "ConvertFrom-Json -AsHashtable",
        "ConvertTo-Json $a -EnumsAsStrings": "ConvertTo-Json -EnumsAsStrings", "Get-Uptime": "Get-Uptime",
        "[Text.Json.JsonDocument]::Parse($a)": "Text.Json.JsonDocument",
    }  # fmt: skip
    scripts = [script.compact(text) for text in (ad_sync.SCRIPT, winrm.SCRIPT, powershell.SCRIPT)]
    done = subprocess.run(
        [str(PWSH), "-NoLogo", "-NoProfile", "-NonInteractive", "-InputFormat", "None", "-Command", PARSER],
        input=json.dumps([*scripts, *newer]).encode(), capture_output=True, timeout=LONGEST_RUN, check=True,
    )  # fmt: skip
    answers = json.loads(done.stdout)
    assert [(found["problems"], lacking(found)) for found in answers[: len(scripts)]] == [(0, set())] * len(scripts)
    assert all("ConvertTo-Json" in found["commands"] for found in answers[: len(scripts)])
    told = dict(zip(newer, map(lacking, answers[len(scripts) :]), strict=True))
    assert {text: name for text, name in newer.items() if name not in told[text]} == {}
