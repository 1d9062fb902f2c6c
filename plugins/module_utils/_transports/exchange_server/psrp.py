# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Exchange's remote PowerShell: one runspace pool per session, one cmdlet per pipeline, typed parameters.

The endpoint runs in no-language mode: it takes cmdlets and their parameters, never script
(facts: exchange-server-psrp.md section 3).
"""

from __future__ import annotations

import datetime
import functools
import logging
import re
import time
import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import cmdlet_table
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import (
    LARGEST_ENVELOPE,
    LONGEST_CMDLET,
    Budget,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Credential,
    Properties,
    Secret,
    Value,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_SERVER,
    always_waits,
    ignore_throttling,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.loggers import keep_quiet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import (
    IMPORTS,
    Diagnosis,
    missing_library,
    raise_hidden_not_found,
    stopped,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Busy, Retry
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    ConnectionFailure,
    HybridError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import moment_text, span_text
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports import http
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.clixml import (
    read_object,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.faults import diagnose
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.raw_output import (
    RawOutput,
)

if TYPE_CHECKING:
    import requests
    from pypsrp.powershell import PowerShell, RunspacePool
    from pypsrp.wsman import WSMan

CONFIGURATION = "Microsoft.Exchange"
VIEW_ENTIRE_FOREST = Cmdlet("Set-ADServerSettings", {"ViewEntireForest": True})
TAKES_CONFIRM = cmdlet_table.taking_confirm(EXCHANGE_SERVER)
CLOSING_TIMEOUT = 10

_FAILURE_CATEGORY = re.compile(r"\[FailureCategory=Cmdlet-(\w+)\]")
_CATEGORIES = (
    "NotSpecified",
    "OpenError",
    "CloseError",
    "DeviceError",
    "DeadlockDetected",
    "InvalidArgument",
    "InvalidData",
    "InvalidOperation",
    "InvalidResult",
    "InvalidType",
    "MetadataError",
    "NotImplemented",
    "NotInstalled",
    "ObjectNotFound",
    "OperationStopped",
    "OperationTimeout",
    "SyntaxError",
    "ParserError",
    "PermissionDenied",
    "ResourceBusy",
    "ResourceExists",
    "ResourceUnavailable",
    "ReadError",
    "WriteError",
    "FromStdErr",
    "SecurityError",
    "ProtocolError",
    "ConnectionError",
    "AuthenticationError",
    "LimitsExceeded",
    "QuotaExceeded",
    "NotEnabled",
)
_WORTH_A_RETRY = frozenset(("throttled", "connection_lost", "transient"))
_WHERE_RETRYABLE = frozenset(("gateway_answer", "unexpected_answer"))


@dataclass(frozen=True)
class Endpoint:
    """Where and how to connect; times in seconds, ``verification`` as requests takes it."""

    host: str
    port: int
    use_tls: bool
    authentication: str
    username: str | None
    password: str | None = field(repr=False)
    verification: bool | str = True
    operation_timeout: int = 20
    read_timeout: int = 30
    idle_timeout: int = 180
    negotiate_service: str = "HTTP"
    negotiate_hostname_override: str | None = None
    proxy: str = field(default="", repr=False)
    deadline: float = LONGEST_CMDLET

    @property
    def where(self) -> str:
        return f"Exchange server {self.host}:{self.port}"

    def connect(self) -> WSMan:
        """Return pypsrp's connection, which has sent nothing yet."""
        from pypsrp.wsman import WSMan

        keep_quiet()
        connection = WSMan(
            server=self.host,
            port=self.port,
            ssl=self.use_tls,
            path="PowerShell/",
            auth=self.authentication,
            username=self.username,
            password=self.password,
            encryption="never" if self.authentication == "basic" else "auto",
            operation_timeout=self.operation_timeout,
            read_timeout=self.read_timeout,
        )
        self.renew(connection)
        return connection

    def renew(self, connection: WSMan) -> None:
        """Give pypsrp's connection a new HTTP session, with which nothing has been agreed.

        The one that pypsrp makes would follow redirects with the account, and take answers without an end.
        """
        transport = connection.transport
        transport.close()
        transport.encryption = None
        transport.session = self._session(transport.endpoint, encrypts=transport.wrap_required)

    def _session(self, endpoint: str, *, encrypts: bool) -> requests.Session:
        from pypsrp.negotiate import HTTPNegotiateAuth

        session = http.own_session(
            endpoint, self.verification, self.proxy, http.Limits(answer=self.read_timeout, size=LARGEST_ENVELOPE)
        )
        # IIS would compress its answers otherwise.
        session.headers.update({"User-Agent": "Python PSRP Client", "Accept-Encoding": "identity"})
        if self.authentication == "basic":
            session.auth = (self.username or "", self.password or "")
        else:
            session.auth = HTTPNegotiateAuth(
                self.username,
                self.password,
                auth_provider=self.authentication,
                service=self.negotiate_service,
                hostname_override=self.negotiate_hostname_override,
                wrap_required=encrypts,
            )
        return session


class RemotePowerShellSession:
    """Implements OpensAhead over PSRP. ``clock`` is monotonic, in seconds."""

    def __init__(self, endpoint: Endpoint, retry: Retry, clock: Callable[[], float] = time.monotonic) -> None:
        self._endpoint = endpoint
        self._retry = retry
        self._clock = clock
        self._pool: RunspacePool | None = None
        self._output: RawOutput
        self._last_used = 0.0
        self._was_connected = False
        self._busy = False
        self._ended = False
        self.patient: Callable[[], bool] = always_waits
        self.on_throttled: Callable[[], None] = ignore_throttling

    def connect(self) -> None:
        """Open the session: see OpensAhead.connect."""
        self._retry.call(lambda: self._ready_pool(VIEW_ENTIRE_FOREST), self._worth_reading_again)

    def run(self, cmdlet: Cmdlet) -> CmdletOutput:
        """Run one cmdlet, with Confirm added where it takes it: see Session.run."""
        complete = self._complete(cmdlet)
        if cmdlet.is_read:
            return self._retry.call(lambda: self._run_once(complete), self._worth_reading_again)
        return self._run_once(complete)

    def close(self) -> None:
        """Close for good; also while another thread waits for an answer here, which then fails."""
        self._ended = True
        self._drop()

    def _drop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            if self._busy:
                self._endpoint.renew(pool.connection)
            _delete_shell(pool)

    def _worth_reading_again(self, error: HybridError) -> bool:
        if self._ended:
            return False
        if isinstance(error, Busy):
            if not error.session_refused:
                self.on_throttled()
            return not error.session_refused
        if error.timed_out:
            return False
        # A server that never answered is a mistake in the options more often than an outage.
        known = _WHERE_RETRYABLE | {"unreachable"} if self._was_connected else _WHERE_RETRYABLE
        return error.code in _WORTH_A_RETRY or (error.retryable and error.code in known)

    def _complete(self, cmdlet: Cmdlet) -> Cmdlet:
        added: dict[str, Value] = {}
        if cmdlet.name in TAKES_CONFIRM:
            added["Confirm"] = False
        return replace(cmdlet, parameters={**added, **cmdlet.parameters})

    def _run_once(self, cmdlet: Cmdlet) -> CmdletOutput:
        pool = self._ready_pool(cmdlet)
        output = raise_hidden_not_found(cmdlet, self._invoke(pool, cmdlet))
        self._last_used = self._clock()
        return output

    def _ready_pool(self, cmdlet: Cmdlet) -> RunspacePool:
        """Return an open pool. Opening runs no cmdlet of the caller's, so that it is tried again for a write too."""
        if self._pool is not None and self._clock() - self._last_used > self._endpoint.idle_timeout / 2:
            # The server may have dropped the idle shell: a write must not be the one to find out.
            self._drop()
        if self._pool is not None:
            return self._pool
        try:
            return self._retry.call(lambda: self._open(cmdlet), self._worth_opening_again)
        except Busy as error:
            error.session_refused = True
            raise

    def _worth_opening_again(self, error: HybridError) -> bool:
        if error.code == "throttled":
            return self.patient() and not self._ended
        if error.code == "connection_lost" and not self._was_connected:
            # A wrong port looks like this more often than an outage does.
            return False
        return self._worth_reading_again(error)

    def _open(self, cmdlet: Cmdlet) -> RunspacePool:
        try:
            with IMPORTS:
                from pypsrp.powershell import RunspacePool
        except ImportError as error:
            raise missing_library("pypsrp", error) from None
        self._refuse_if_ended(cmdlet)
        pool: RunspacePool | None = None
        diagnosis: Diagnosis | None = None
        try:
            connection = self._endpoint.connect()
            pool = RunspacePool(connection, configuration_name=CONFIGURATION, idle_timeout=self._endpoint.idle_timeout)
            output = RawOutput(pool, self._budget())
            pool.open()
        except BaseException as error:
            if isinstance(error, Exception):
                diagnosis = diagnose(error, self._endpoint.where, self._endpoint.username, opening=True)
            # Where the server surely made no shell, it is not asked again: a wrong password counts twice otherwise.
            if pool is not None and (diagnosis is None or diagnosis.may_have_run or pool.shell.opened):
                self._endpoint.renew(pool.connection)
                _delete_shell(pool)
            elif pool is not None:
                _release_refused(error)
                pool.connection.transport.close()
            if diagnosis is None:
                raise
            raise replace(diagnosis, may_have_run=False).failure(cmdlet) from None
        self._pool, self._output = pool, output
        self._refuse_if_ended(cmdlet)
        self._was_connected = True
        self._view_entire_forest(pool)
        return pool

    def _budget(self) -> Budget:
        return Budget(self._clock, self._endpoint.deadline)

    def _refuse_if_ended(self, cmdlet: Cmdlet) -> None:
        if self._ended:
            self._drop()
            raise ConnectionFailure("The session was closed.", code="connection_lost", cmdlet=cmdlet.name)

    def _view_entire_forest(self, pool: RunspacePool) -> None:
        """Without it, objects of other domains are "not found"; so a session that refuses it is no session."""
        try:
            self._invoke(pool, VIEW_ENTIRE_FOREST)
        except HybridError as error:
            self._drop()
            # The caller's own cmdlet has not been sent.
            error.answer_lost = False
            raise
        self._last_used = self._clock()

    def _invoke(self, pool: RunspacePool, cmdlet: Cmdlet) -> CmdletOutput:
        from pypsrp.powershell import PowerShell

        started = sent = False
        self._busy = True
        self._output.budget = self._budget()
        pipeline = PowerShell(pool)
        try:
            pipeline.add_command(_command_class()(cmdlet.name, pool.protocol_version or "", is_script=False))
            for name, value in cmdlet.parameters.items():
                pipeline.add_parameter(name, self._encode(pool, value))
            started = True
            pipeline.begin_invoke()
            sent = True
            output = self._output.take(pipeline.end_invoke())
            objects: list[Properties] = _read_output(output) if cmdlet.output else [{} for _object in output]
        except BaseException as error:
            # What the pipeline does now is unknown; deleting the shell stops it.
            self._abandon()
            if not isinstance(error, Exception) or (isinstance(error, TypeError) and not started):
                raise
            _raise_first_error(pipeline, cmdlet, self._endpoint.where)
            diagnosis = diagnose(error, self._endpoint.where, self._endpoint.username, opening=False)
            # A fault that refuses the command proves that it did not run; the same fault later proves nothing.
            may_have_run = sent or (started and diagnosis.may_have_run)
            raise replace(diagnosis, may_have_run=may_have_run).failure(cmdlet) from None
        self._finish(pipeline)
        self._busy = False
        _raise_first_error(pipeline, cmdlet, self._endpoint.where)
        return CmdletOutput(objects, [str(record.message) for record in pipeline.streams.warning])

    def _finish(self, pipeline: PowerShell) -> None:
        """Send TERMINATE: without it the shell's thousandth command is refused (facts section 2)."""
        try:
            pipeline.close()
        except Exception:
            # The cmdlet's answer is complete; only the session is of no more use.
            self._abandon()

    def _abandon(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            self._endpoint.renew(pool.connection)
            _delete_shell(pool)

    def _encode(self, pool: RunspacePool, value: Value) -> Any:
        if isinstance(value, Credential):
            from pypsrp import complex_objects

            # A password is encrypted with a key that both sides agree on first.
            pool.exchange_keys()
            make: Any = complex_objects.PSCredential
            return make(username=value.username, password=value.password)
        if isinstance(value, Secret):
            from pypsrp.serializer import TaggedValue

            pool.exchange_keys()
            return TaggedValue("SS", value.text)
        return encode_value(value)


@functools.cache
def _command_class() -> Any:
    """Return pypsrp's command, without the copies that it makes of each: they take longer than to encode it.

    It copies what is sent twice, with all that describes how it is encoded, for lxml, which it does not use any more.
    """
    from pypsrp.complex_objects import Command

    class SentOnce(Command):
        def __deepcopy__(self, _known: object) -> Any:
            return self

    return SentOnce


def encode_value(value: Value) -> Any:
    """Return one parameter value as pypsrp sends it. Raises TypeError for what no cmdlet takes.

    Dates, spans and GUIDs travel as text, which PowerShell converts to the parameter's type in the invariant culture.
    """
    from pypsrp.serializer import TaggedValue

    if value is None or isinstance(value, (bool, str, bytes)):
        return value
    if isinstance(value, int):
        return value if -(2**31) <= value < 2**31 else TaggedValue("I64", value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime.datetime):
        return moment_text(value)
    if isinstance(value, datetime.timedelta):
        return span_text(value)
    if isinstance(value, Mapping):
        return {str(key): encode_value(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [encode_value(item) for item in value]
    raise TypeError(f"a cmdlet does not accept {type(value).__name__}")


def _read_output(output: Sequence[str]) -> list[Properties]:
    # A $null that a cmdlet writes is a message without data.
    return [read_object(xml) for xml in output if xml and not xml.startswith("<Nil")]


def _raise_first_error(pipeline: PowerShell, cmdlet: Cmdlet, where: str) -> None:
    """Raise the first error record as CmdletError.

    pypsrp's ``had_errors`` is False for non-terminating errors, which is how Exchange says "not found"
    (facts section 5), so that the stream decides.
    """
    if not pipeline.streams.error:
        return
    record = pipeline.streams.error[0]
    error_id = str(record.fq_error or "")
    types = list(getattr(record.exception, "types", None) or [])
    match = _FAILURE_CATEGORY.search(error_id)
    exception_type = match[1] if match else str(record.reason or (types[0] if types else ""))
    if exception_type.endswith("PipelineStoppedException"):
        raise stopped(where, cmdlet, str(record))
    number = record.category
    category = _CATEGORIES[number] if isinstance(number, int) and 0 <= number < len(_CATEGORIES) else ""
    raise CmdletError(
        str(record),
        cmdlet=cmdlet.name,
        exception_type=exception_type.rsplit(".", 1)[-1],
        error_id=error_id,
        category=category,
    )


def _release_refused(error: BaseException | None) -> None:
    """Free what the frames of a failed sign-in hold: the connection of the answer that asked for it, and the password.

    pypsrp leaves that connection to the garbage collector when the ticket cannot be had.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__


def _delete_shell(pool: RunspacePool) -> None:
    """Delete the shell on the server by the identifier that the client chose: it exists even if Create never answered.

    Never raises: the server's idle time-out is the safety net.
    """
    from pypsrp.wsman import SelectorSet

    transport = pool.connection.transport
    try:
        transport.connection_timeout = transport.read_timeout = CLOSING_TIMEOUT
        selectors = SelectorSet()
        selectors.add_option("ShellId", str(pool.shell.id or pool.id))
        pool.connection.delete(pool.shell.resource_uri, selector_set=selectors)
    except Exception:
        logging.getLogger(__name__).debug("the shell could not be deleted", exc_info=False)
    finally:
        transport.close()
