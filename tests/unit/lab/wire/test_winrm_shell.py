# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Entra Connect server's command shell as the unmodified pywinrm meets it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from winrm.exceptions import InvalidCredentialsError, WinRMOperationTimeoutError, WSManFaultError
from winrm.protocol import Protocol

from lab.laboratory import Laboratory

SCRIPT = "# mailops.exchange_hybrid, dialogue 3, module ADSync\r\n$x = 1\r\n"
QUESTION = b'{"cmdlet":"Get-ADSyncScheduler","parameters":{}}\n'


@dataclass
class Shell:
    protocol: Protocol
    shell_id: str

    def start(self, script: str = SCRIPT, *, console: bool = False) -> str:
        encoded = base64.b64encode(script.encode("utf-16-le")).decode()
        words = ["-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded]
        return self.protocol.run_command(self.shell_id, "powershell.exe", words, console_mode_stdin=console)

    def ask(self, question: bytes, script: str = SCRIPT) -> tuple[bytes, bytes, int]:
        command_id = self.start(script)
        self.protocol.send_command_input(self.shell_id, command_id, question, end=True)
        output = self.protocol.get_command_output(self.shell_id, command_id)
        self.protocol.cleanup_command(self.shell_id, command_id)
        return output

    def answer(self, cmdlet: str, **parameters: Any) -> dict[str, Any]:
        out, err, code = self.ask(json.dumps({"cmdlet": cmdlet, "parameters": parameters}).encode() + b"\n")
        assert (err, code, out.count(b"\n")) == (b"", 0, 1)
        answer: dict[str, Any] = json.loads(base64.b64decode(out))
        return answer


def protocol(laboratory: Laboratory, **changes: Any) -> Protocol:
    account = laboratory.hybrid.exchange_server_account
    options: dict[str, Any] = {
        "endpoint": f"https://localhost:{laboratory.port('entra_connect')}/wsman",
        "transport": "basic",
        "username": account.username,
        "password": account.password,
        "ca_trust_path": str(laboratory.directory / "ca.pem"),
    }
    return Protocol(**{**options, **changes})


@pytest.fixture
def shell(laboratory: Laboratory) -> Iterator[Shell]:
    opened = protocol(laboratory)
    shell_id = opened.open_shell()
    yield Shell(opened, shell_id)
    opened.close_shell(shell_id)


def test_the_dialogue_normalises_values(shell: Shell, laboratory: Laboratory) -> None:
    assert shell.answer("Get-ADSyncScheduler") == {
        "cmdlet": "Get-ADSyncScheduler",
        "objects": [
            {
                "SyncCycleEnabled": True,
                "AllowedSyncCycleInterval": "s:00:30:00",
                "NextSyncCyclePolicyType": "s:Delta",
                "NextSyncCycleStartTimeInUTC": "d:2026-01-02T04:04:05.0000000+01:00",
                "RunHistoryId": "s:2be92a50-7c1e-4d8b-9a51-0d3f6f6c1a11",
            }
        ],
        "warnings": ["Ünïcode."],
        "errors": [],
    }
    assert laboratory.open_sessions() == {"exchange_server": 0, "entra_connect": 1}


def test_parameters_and_the_log(shell: Shell, laboratory: Laboratory, hybrid: Any) -> None:
    shell.answer("Start-ADSyncSyncCycle", PolicyType="s:Delta")
    assert hybrid.entra_connect.calls[0].parameters == {"PolicyType": "Delta"}
    (entry,) = laboratory.log.entries(organization="entra_connect")
    assert (entry["cmdlet"], entry["kind"], entry["outcome"]) == ("Start-ADSyncSyncCycle", "write", "ok")


def test_errors_are_part_of_the_answer(shell: Shell, laboratory: Laboratory) -> None:
    laboratory.faults.add(
        "entra_connect", "Start-*", "error", exception_type="System.InvalidOperationException", message="Busy."
    )
    answer = shell.answer("Start-ADSyncSyncCycle")
    assert answer["errors"] == [
        {
            "message": "Busy.",
            "type": "InvalidOperationException",
            "category": "NotSpecified",
            "id": "InvalidOperationException,Start-ADSyncSyncCycle",
        }
    ]


def test_an_unknown_cmdlet_is_an_error_in_the_answer(shell: Shell) -> None:
    (error,) = shell.answer("Remove-Item")["errors"]
    assert error["type"] == "CommandNotFoundException"


@pytest.mark.parametrize("script", ["Get-Date", "", "# mailops.exchange_hybrid: another\r\n"])
def test_another_script_is_not_run(shell: Shell, script: str, laboratory: Laboratory) -> None:
    out, err, code = shell.ask(QUESTION, script)
    assert (out, code) == (b"", 1)
    assert err != b""
    assert len(laboratory.log) == 0


def test_input_does_not_reach_a_process_with_a_console(shell: Shell) -> None:
    command_id = shell.start(console=True)
    _out, err, code = shell.protocol.get_command_output(shell.shell_id, command_id)
    assert (b"console" in err, code) == (True, 1)


def test_a_text_has_to_say_its_kind(shell: Shell) -> None:
    (error,) = shell.answer("Start-ADSyncSyncCycle", PolicyType="Delta")["errors"]
    assert error["message"] == "Conversion from JSON failed."


def test_an_envelope_has_an_end(shell: Shell) -> None:
    command_id = shell.start()
    with pytest.raises(WSManFaultError, match="MaxEnvelopeSize"):
        shell.protocol.send_command_input(shell.shell_id, command_id, b" " * 400_000)


def test_the_command_line_has_an_end(shell: Shell) -> None:
    out, err, code = shell.ask(QUESTION, SCRIPT + "#" * 3100)
    assert (out, err, code) == (b"", b"The command line is too long.\r\n", 1)


def test_a_question_that_is_not_json(shell: Shell) -> None:
    out, _unused, code = shell.ask(b"Get-Date\n")
    assert code == 0
    assert json.loads(base64.b64decode(out))["errors"][0]["message"] == "Conversion from JSON failed."


def test_standard_input_may_come_in_pieces(shell: Shell) -> None:
    command_id = shell.start()
    shell.protocol.send_command_input(shell.shell_id, command_id, QUESTION[:10])
    shell.protocol.send_command_input(shell.shell_id, command_id, QUESTION[10:])
    out, _unused, code = shell.protocol.get_command_output(shell.shell_id, command_id)
    assert (bool(out), code) == (True, 0)


def test_without_a_question_there_is_no_answer(laboratory: Laboratory) -> None:
    waiting = protocol(laboratory, operation_timeout_sec=1)
    shell_id = waiting.open_shell()
    command_id = Shell(waiting, shell_id).start()
    with pytest.raises(WinRMOperationTimeoutError):
        waiting.get_command_output_raw(shell_id, command_id)
    waiting.close_shell(shell_id)
    assert laboratory.open_sessions()["entra_connect"] == 0


def test_a_wrong_password_is_refused(laboratory: Laboratory) -> None:
    stranger = protocol(laboratory, password="wrong")
    with pytest.raises(InvalidCredentialsError):
        stranger.open_shell()
    stranger.transport.close_session()


@pytest.mark.parametrize(("kind", "executed"), [("drop_before", 0), ("drop_after", 1)])
def test_dropped_connections(shell: Shell, laboratory: Laboratory, hybrid: Any, kind: str, executed: int) -> None:
    laboratory.faults.add("entra_connect", "Start-*", kind)
    with pytest.raises(requests.ConnectionError):
        shell.ask(b'{"cmdlet":"Start-ADSyncSyncCycle","parameters":{}}\n')
    assert len(hybrid.entra_connect.calls) == executed


@pytest.mark.parametrize(
    ("kind", "text"), [("throttle", "user load quota"), ("lost_shell", "the shell was not found on the server")]
)
def test_faults_of_the_service(laboratory: Laboratory, kind: str, text: str) -> None:
    laboratory.faults.add("entra_connect", "*", kind)
    client = protocol(laboratory)
    shell = Shell(client, client.open_shell())
    with pytest.raises(WSManFaultError, match=text):
        shell.ask(QUESTION)
    client.transport.close_session()
