# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three scripts, executed by PowerShell 7, with modules of the tests' own in place of Microsoft's.

These tests exist only where there is a ``pwsh`` (tests/tools/powershell.py); elsewhere the run's summary says so.
"""

from __future__ import annotations

import datetime
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._cmdlet import Cmdlet, Credential
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._entra_connect import dialogue as ad_sync
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._exchange_online.organization import from_options
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._exchange_server import management_shell
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._powershell import dialogue, script

PWSH = shutil.which("pwsh")
NASTY = "O'Neil \"; exit $(1) `n \n\U0001f600 2026-12-01T00:00:00Z s:x"
# Functions that show what they were given, in each kind of value that Exchange answers with.
FUNCTIONS = """
function Set-Mailbox {
  [CmdletBinding()] param([string]$Identity, [string[]]$List, $Table, [bool]$Flag, [long]$Number, [byte[]]$Bytes,
    [datetime]$When, [timespan]$Span, [guid]$Guid, [pscredential]$Credential, [bool]$Confirm, $Nothing)
  Write-Warning 'Ünïcode.'
  [pscustomobject]@{
    Identity = $Identity; List = $List; Added = @($Table['Add']); Flag = $Flag; Number = $Number; Bytes = $Bytes
    When = $When; Span = $Span; Guid = $Guid; User = $Credential.UserName; Nothing = $Nothing; Confirm = $Confirm
    Password = $Credential.GetNetworkCredential().Password; Enumeration = [dayofweek]::Friday; Empty = @()
  }
}
function Get-Mailbox {
  [CmdletBinding()] param([string]$Identity)
  $text = 'Ex1|X.ManagementObjectNotFoundException|Not found: ' + $Identity
  Write-Error -Exception ([InvalidOperationException]::new($text))
}
function Get-ADSyncScheduler {
  [CmdletBinding()] param()
  [pscustomobject]@{ SyncCycleEnabled = $true }
}
function Set-ADServerSettings {
  [CmdletBinding()] param([bool]$ViewEntireForest)
  $global:forest = $ViewEntireForest
}
function Get-User {
  [CmdletBinding()] param([string]$Identity)
  [pscustomobject]@{ Forest = $global:forest }
}
"""
EXCHANGE_ONLINE = (
    """
function Connect-ExchangeOnline {
  param($Organization, $ExchangeEnvironmentName, [string[]]$CommandName, [switch]$ManagedIdentity, [switch]$ShowBanner,
    [switch]$SkipLoadingFormatData)
  Write-Host 'a banner'
  New-Module -Name tmpEXO_test -ScriptBlock {"""
    + FUNCTIONS
    + """} | Import-Module -Global
}
function Disconnect-ExchangeOnline { [CmdletBinding()] param([switch]$Confirm) }
"""
)
EXCHANGE_SERVER = (
    """
$env:ExchangeInstallPath = 'x'
function New-PSSession {
  param($ConfigurationName, $Authentication, $ConnectionUri, $Credential)
  'session'
}
function Remove-PSSession { param($Session) }
function Import-PSSession {
  [CmdletBinding()] param([Parameter(Position = 0)]$Session, $CommandName, [switch]$AllowClobber)
  New-Module -Name tmp_test -ScriptBlock {"""
    + FUNCTIONS
    + """} | Import-Module -Global -PassThru
}
"""
)

if PWSH is not None:
    pytestmark = pytest.mark.usefixtures("pwsh")
    SENT = {
        "Identity": NASTY, "List": ["a", NASTY], "Table": {"Add": [NASTY, "b"]}, "Flag": True, "Number": 2**40,
        "Bytes": b"a\0b", "Span": datetime.timedelta(days=14), "Nothing": None,
        "When": datetime.datetime(2026, 12, 1, 1, 2, 3, tzinfo=datetime.timezone.utc),
        "Guid": "99aeac02-0000-0000-0000-000000000000", "Credential": Credential("CONTOSO\\svc", "Battery-stäple'$"),
    }  # fmt: skip
    SHOWN = {
        "Identity": NASTY, "List": ["a", NASTY], "Added": [NASTY, "b"], "Flag": True, "Number": 2**40, "Bytes": "YQBi",
        "When": "2026-12-01T01:02:03Z", "Span": "14.00:00:00", "Guid": "99aeac02-0000-0000-0000-000000000000",
        "User": "CONTOSO\\svc", "Password": "Battery-stäple'$", "Nothing": None, "Confirm": False,
        "Enumeration": "Friday", "Empty": [],
    }  # fmt: skip

    @pytest.fixture
    def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, text in (("ExchangeOnlineManagement", EXCHANGE_ONLINE), ("ADSync", FUNCTIONS)):
            directory = tmp_path / "modules" / name
            directory.mkdir(parents=True)
            (directory / f"{name}.psm1").write_text(text, encoding="utf-8")
        # PowerShell adds its own directories to what it finds here.
        monkeypatch.setenv("PSModulePath", str(tmp_path / "modules"))

    @pytest.mark.usefixtures("modules")
    def test_exchange_online_by_powershell_itself() -> None:
        session: Any = from_options({
            "interface": "powershell", "tenant_id": "contoso.onmicrosoft.com", "managed_identity": True}).open()
        for _again in range(2):
            output = session.run(Cmdlet("Set-Mailbox", SENT))
            assert output.objects == [SHOWN]
            assert output.warnings == ["Ünïcode."]
        with pytest.raises(CmdletError) as caught:
            session.run(Cmdlet("Get-Mailbox", {"Identity": NASTY}))
        assert (caught.value.not_found, NASTY in caught.value.message) == (True, True)
        with pytest.raises(CmdletError) as caught:
            session.run(Cmdlet("Get-Mailbox", {"NoSuchParameter": 1}))
        assert caught.value.code == "permission_denied"
        session.close()

    def answer(text: str, content: dict[str, Any]) -> dialogue.Reply:
        command = [str(PWSH), "-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand", script.encoded(text)]
        done = subprocess.run(
            command, input=dialogue.request_line(content), capture_output=True, timeout=120, check=True)
        reply = dialogue.read_reply(done.stdout)
        assert reply is not None, done.stderr
        return reply

    @pytest.mark.usefixtures("modules")
    def test_the_script_for_entra_connect() -> None:
        reply = answer(ad_sync.SCRIPT, dialogue.encode_call(Cmdlet("Get-ADSyncScheduler")))
        assert (reply.cmdlet, reply.output.objects) == ("Get-ADSyncScheduler", [{"SyncCycleEnabled": True}])
        refused = answer(ad_sync.SCRIPT, dialogue.encode_call(Cmdlet("Set-Mailbox", SENT)))
        assert (refused.cmdlet, len(refused.errors)) == ("", 1)

    def test_the_script_for_the_management_shell() -> None:
        first, _newline, rest = management_shell.SCRIPT.partition("\n")
        text = f"{first}\n{EXCHANGE_SERVER}{rest}"
        forest = {"first": [dialogue.encode_call(Cmdlet("Set-ADServerSettings", {"ViewEntireForest": True}))]}
        reply = answer(text, {**dialogue.encode_call(Cmdlet("Get-User", {"Identity": "ann"})), **forest})
        assert (reply.cmdlet, reply.errors, reply.output.objects) == ("Get-User", [], [{"Forest": True}])
        reply = answer(text, {**dialogue.encode_call(Cmdlet("Set-Mailbox", {**SENT, "Confirm": False})), **forest})
        assert reply.output.objects == [SHOWN]
