# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WinRM's command shell on a Windows server. It runs one command line only: the collection's script for that server.

The laboratory has no PowerShell, so the scripts themselves never run: a script is known by its first line, and its
dialogue is answered (one line of JSON in, one line of base64 JSON out).
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from lab.answer import Answer, Call, CmdletFailure, ShellState
from lab.wire import error_records
from lab.wire.basic_auth import Account
from lab.wire.gateway import Gateway, Interrupted, Outcome, Ticket
from lab.wire.http_server import ConnectionDropped
from lab.wire.powershell_dialogue import AD_SYNC, MANAGEMENT_SHELL, Question, Script, module_of, read_question
from lab.wire.remote_powershell import command_not_granted
from lab.wire.soap import NAMESPACES, SHELL, WsmanFault
from lab.wire.wsman import (
    QUOTA_EXCEEDED,
    RESOURCE_NOT_FOUND,
    OutputQueue,
    Received,
    Shell,
    ShellLost,
    command_not_found,
    load_quota,
)

MAXIMUM_COMMAND_LINE = 8191
MAXIMUM_SHELLS = 30
_ENCODED = re.compile(
    r"^\"?powershell(?:\.exe)?\"?\s+(?:-\w+\s+(?:text\s+)?)*?-e(?:nc|ncodedcommand)?\s+(\S+)\s*$", re.IGNORECASE
)


class WinrmShellService:
    """Opens command shells on the server that runs one ``module``. ``account`` signs in to Exchange, where it does."""

    path = "/wsman"
    realm = "WSMAN"
    default_idle_timeout = 7200.0

    def __init__(self, gateway: Gateway, module: str = AD_SYNC, account: Account | None = None) -> None:
        self._server = _Server(gateway, module, account)

    def open(self, shell_id: str, user: str, resource_uri: str, shell: ElementTree.Element, open_now: int) -> Shell:
        if resource_uri.lower() != f"{SHELL}/cmd".lower():
            raise WsmanFault(
                RESOURCE_NOT_FOUND,
                f"The WS-Management service cannot process the request. The resource URI ({resource_uri}) was not "
                "found in the WS-Management catalog. The catalog contains the metadata that describes resources, or "
                "logical endpoints.",
                "a:DestinationUnreachable",
            )
        if open_now >= MAXIMUM_SHELLS:
            raise WsmanFault(
                QUOTA_EXCEEDED,
                "The WS-Management service cannot process the request. This user is allowed a maximum number of "
                f"{MAXIMUM_SHELLS} concurrent shells, which has been exceeded. Close existing shells or raise the "
                "quota for this user.",
                "w:QuotaLimit",
            )
        return CommandShell(shell_id, user, self._server)


@dataclass(frozen=True)
class _Server:
    """What a Windows server has for its shells."""

    gateway: Gateway
    module: str
    account: Account | None


@dataclass
class _Process:
    """A running dialogue: what came on standard input so far."""

    stdin: bytearray = field(default_factory=bytearray)
    output: OutputQueue = field(default_factory=OutputQueue)
    asked: bool = False


class CommandShell:
    """One command shell."""

    def __init__(self, shell_id: str, user: str, server: _Server) -> None:
        self.user = user
        self._id = shell_id
        self._server = server
        self._lock = threading.Lock()
        self._processes: dict[str, _Process] = {}

    def command(self, command_id: str, line: ElementTree.Element, options: Mapping[str, str]) -> None:
        words = [line.findtext("rsp:Command", "", NAMESPACES)]
        words += [argument.text or "" for argument in line.iterfind("rsp:Arguments", NAMESPACES)]
        process = _Process()
        complaint = _complaint(" ".join(words), options, self._server.module)
        if complaint:
            process.asked = True
            process.output.put("stderr", complaint.encode() + b"\r\n")
            process.output.finish(1)
        with self._lock:
            self._processes[command_id] = process

    def send(self, command_id: str, data: bytes, end: bool) -> None:
        process = self._process(command_id)
        process.stdin += data
        if process.asked or not (end or b"\n" in process.stdin):
            return
        process.asked = True
        run = _Run(self._server, self._id, ShellState(self.user))
        try:
            ticket = run.begin(bytes(process.stdin).partition(b"\n")[0])
        except ShellLost:
            process.output.finish(1)
            raise
        except ConnectionDropped:
            process.output.lose()
            raise
        if ticket is None:
            process.output.put("stdout", run.script.line())
            process.output.finish(0)
        else:
            threading.Thread(target=self._perform, args=(process, run, ticket), daemon=True).start()

    def receive(self, command_id: str, timeout: float) -> Received:
        return self._process(command_id).output.take(timeout, whole=True)

    def signal(self, command_id: str, code: str) -> None:
        with self._lock:
            process = self._processes.pop(command_id, None)
        if process is not None:
            process.output.finish(1)

    def _process(self, command_id: str) -> _Process:
        with self._lock:
            process = self._processes.get(command_id)
        if process is None:
            raise command_not_found(command_id)
        return process

    def _perform(self, process: _Process, run: _Run, ticket: Ticket) -> None:
        try:
            lost = run.finish(ticket)
            line = run.script.line()
        except BaseException:
            process.output.lose()  # a fault in the laboratory itself must not leave the client waiting
            raise
        if lost:
            process.output.lose()
            return
        process.output.put("stdout", line)
        process.output.finish(0)


class _Run:
    """One process: it runs its script's cmdlets in order, in a session of its own, up to the first that fails."""

    def __init__(self, server: _Server, shell_id: str, state: ShellState) -> None:
        self.script = Script()
        self._server = server
        self._shell_id = shell_id
        self._state = state

    def begin(self, line: bytes) -> Ticket | None:
        """Run all but the last cmdlet and let that one in; None where the script has already come to its end.

        Raises ConnectionDropped, ShellLost or WsmanFault where no answer comes from the script at all.
        """
        try:
            question = read_question(line)
            self._sign_in(question)
            *first, (cmdlet, parameters) = question.calls
            for name, given in first:
                if self.finish(self._admit(name, given)):
                    raise ConnectionDropped
                if self.script.answer.errors:
                    return None
            return self._admit(cmdlet, parameters)
        except CmdletFailure as failure:
            self.script.answer = Answer(errors=[failure])
            self.script.identifiers = []
            return None

    def finish(self, ticket: Ticket) -> bool:
        """Run an admitted cmdlet; return whether its answer is lost."""
        outcome = self._server.gateway.perform(ticket)
        self.script.answer = outcome.answer
        if outcome.failure is not None:
            outcome.answer.errors.append(outcome.failure)
        self.script.identifiers = self._identifiers(outcome)
        return outcome.lost

    def _identifiers(self, outcome: Outcome) -> list[str]:
        if self._server.module != MANAGEMENT_SHELL:
            # What has no identifier of its own is named by its exception; PowerShell puts the command behind it.
            errors = outcome.answer.errors
            return [f"{error_records.short_name(error.exception_type)},{outcome.cmdlet}" for error in errors]
        now = self._server.gateway.model.clock.now()
        return [error_records.error_id(outcome.cmdlet, error, now) for error in outcome.answer.errors]

    def _sign_in(self, question: Question) -> None:
        """Open Exchange's session inside the script. A network logon has no credential of its own to do that with."""
        account = self._server.account
        if account is None:
            return
        given = question.credential
        same = given is not None and bare_name(given.username) == bare_name(account.username)
        if not same or given is None or given.password != account.password:
            problem = "Access is denied." if given is None else "The user name or password is incorrect."
            raise CmdletFailure(
                f"Connecting to remote server ex01.contoso.com failed with the following error message : {problem}",
                "System.Management.Automation.Remoting.PSRemotingTransportException",
                category="OpenError",
                terminating=True,
            )

    def _admit(self, cmdlet: str, parameters: dict[str, object]) -> Ticket:
        self.script.cmdlet = cmdlet
        try:
            return self._server.gateway.admit(Call(cmdlet, parameters, self._state), self._shell_id)
        except Interrupted as interruption:
            if interruption.kind == "lost_shell":
                raise ShellLost from None
            if interruption.kind == "throttle":
                raise load_quota(interruption.arguments) from None
            raise command_not_granted(cmdlet) from None


def bare_name(name: str) -> str:
    r"""Return the account's own name of ``DOMAIN\user`` or ``user@REALM``."""
    return name.rpartition("\\")[2].partition("@")[0].lower()


def _complaint(line: str, options: Mapping[str, str], module: str) -> str:
    """Say why a command line cannot be run here, or return nothing."""
    if len(line) > MAXIMUM_COMMAND_LINE:
        return "The command line is too long."
    match = _ENCODED.match(line)
    if match is None:
        return "The laboratory runs the dialogue of mailops.exchange_hybrid only, not this command line."
    try:
        script = base64.b64decode(match.group(1), validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError):
        return "Cannot process the command because the value specified with -EncodedCommand is not properly encoded."
    if module_of(script) != module:
        return "The laboratory has no PowerShell: it answers a script by its first line, and does not know this one."
    if options.get("WINRS_CONSOLEMODE_STDIN", "TRUE").upper() != "FALSE":
        return "The process has a console for its standard input: what is sent would not reach the script."
    return ""
