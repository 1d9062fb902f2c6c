# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What of each system works: reached, TLS, authenticated, let in, and each cmdlet and parameter granted.

Nothing is written anywhere. What cannot be seen is ``not_checked``, never a pass.

Exchange Server: Get-Command shows what the account's roles grant. That the Microsoft.Exchange endpoint has it is
Microsoft's documented use of Import-PSSession, which imports what Get-Command finds in the session; what it tells of
parameters over the wire is not documented, so each shape is read that it may have, and its absence is no verdict.
Exchange Online: the module file (``_exchange_online.module_file``). Entra Connect: the reads are run; whether a write
would be let through is not to be seen without doing it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Optional

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    ENTRA_CONNECT,
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    HybridError,
    InputError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.connection_test.permissions import (
    COMMON,
    GRAPH_PERMISSIONS,
    GraphPermission,
    Need,
    needs,
)

OK, FAILED, NOT_CHECKED = "ok", "failed", "not_checked"
GRAPH = "graph"
# In the order in which a connection comes about: what comes after the first failure was not checked.
STAGES = ("options", "reachability", "tls", "authentication", "authorization")
# Where a connection stopped, by the code of its failure; every other code is about who signs in.
_STOPPED_AT = {
    **dict.fromkeys(("unreachable", "connection_lost", "wrong_endpoint", "gateway_answer"), "reachability"),
    **dict.fromkeys(("tls_failed", "certificate_not_trusted", "certificate_wrong_host", "certificate_expired"), "tls"),
    **dict.fromkeys(
        ("permission_denied", "application_permission_missing", "throttled", "unexpected_answer"), "authorization"
    ),
}
_SYNTAX = re.compile(r"[\s\[]-([A-Za-z]\w*)")
# Of the needed reads of Entra Connect, with parameters that keep the answer small.
_SYNC_READS = {
    "Get-ADSyncScheduler": Cmdlet("Get-ADSyncScheduler"),
    "Get-ADSyncConnectorRunStatus": Cmdlet("Get-ADSyncConnectorRunStatus"),
    "Get-ADSyncRunProfileResult": Cmdlet("Get-ADSyncRunProfileResult", {"NumberRequested": 1}),
}
_CANARY = "Set-ADServerSettings"
PLAIN_HTTP_PORT = 5985


@dataclass(frozen=True)
class ConnectionCheck:
    """One thing that was looked at. ``name`` is the cmdlet or ``Cmdlet -Parameter``, else empty."""

    system: str
    check: str
    status: str
    message: str
    name: str = ""
    remedy: str = ""

    def as_result(self) -> dict[str, str]:
        return asdict(self)


# A cmdlet's parameters in lower case; None where nothing tells them.
Granted = Mapping[str, Optional[frozenset[str]]]


def over_tls(system: str, options: Mapping[str, Any]) -> bool:
    """Tell whether these connection options mean TLS: the transports' own defaults, read before anything is checked."""
    given = options.get("use_tls")
    if system in (EXCHANGE_ONLINE, GRAPH):
        return True
    if given is not None:
        return bool(given)
    if system == EXCHANGE_SERVER and options.get("transport") != "winrm":
        return options.get("auth") == "basic"
    return options.get("port") != PLAIN_HTTP_PORT


def run(
    connections: Connections, systems: Iterable[str], tls: Mapping[str, bool], purposes: Collection[str]
) -> list[ConnectionCheck]:
    """Return every check of every system, in order. ``tls`` says whether a system is reached over TLS."""
    probes: dict[str, Callable[[Connections, Sequence[Need]], list[ConnectionCheck]]] = {
        EXCHANGE_SERVER: _exchange_server,
        EXCHANGE_ONLINE: _exchange_online,
        ENTRA_CONNECT: _entra_connect,
    }
    checks: list[ConnectionCheck] = []
    for system in systems:
        if system == GRAPH:
            checks += _graph(connections)
            continue
        wanted = needs(system, purposes)
        try:
            granted = probes[system](connections, wanted)
        except HybridError as error:
            checks += _stages(system, error, tls[system])
            checks += _all_unchecked(system, wanted, "an earlier check of the system failed")
        else:
            checks += _stages(system, None, tls[system])
            checks += granted
    return checks


def credential_handling(connections: Connections) -> list[dict[str, str]]:
    """Return what the module that Exchange Online generates does with New-MoveRequest's credential; nothing is run.

    Empty where the interface has no such module: it is Microsoft's own then, and does the same.
    """
    if not connections.has(EXCHANGE_ONLINE):
        return []
    with connections.session(EXCHANGE_ONLINE) as session:
        read: Any = getattr(session, "module_file", None)
        return read().credential_handling("New-MoveRequest") if read is not None else []


def _stages(system: str, error: HybridError | None, tls: bool) -> list[ConnectionCheck]:
    stopped = "" if error is None else "options" if isinstance(error, InputError) else "authentication"
    if error is not None and stopped != "options":
        stopped = _STOPPED_AT.get(error.code, stopped)
    checks = []
    passed = True
    for stage in STAGES:
        if error is not None and stage == stopped:
            passed = False
            checks.append(ConnectionCheck(system, stage, FAILED, error.message, remedy=error.remedy))
        elif not passed:
            checks.append(ConnectionCheck(system, stage, NOT_CHECKED, f"{stopped} failed"))
        elif stage == "tls" and not tls:
            checks.append(ConnectionCheck(system, stage, NOT_CHECKED, "the connection does not use TLS"))
        else:
            checks.append(ConnectionCheck(system, stage, OK, _PASSED[stage]))
    return checks


_PASSED = {
    "options": "the connection options are complete",
    "reachability": "the system answers",
    "tls": "the certificate is trusted and issued for this host",
    "authentication": "the account is accepted",
    "authorization": "the account is authorized",
}


# -- each system -------------------------------------------------------------------------------------------------------


def _exchange_server(connections: Connections, wanted: Sequence[Need]) -> list[ConnectionCheck]:
    with connections.session(EXCHANGE_SERVER) as session:

        def ask(names: Sequence[str]) -> list[Properties]:
            return session.run(Cmdlet("Get-Command", {"Name": list(names)})).objects

        try:
            # The session itself began with this cmdlet, so whoever does not find it is no Get-Command to believe.
            believed = any(_same(item.get("Name"), _CANARY) for item in ask([_CANARY]))
        except CmdletError as error:
            if error.cmdlet != "Get-Command":
                raise
            believed = False
        if not believed:
            return _all_unchecked(EXCHANGE_SERVER, wanted, "the endpoint's Get-Command does not show it")
        return _judged(wanted, _commands(ask, [need.cmdlet for need in wanted]))


def _commands(ask: Callable[[Sequence[str]], list[Properties]], names: Sequence[str]) -> Granted:
    """Return the granted ones of these cmdlets. Get-Command fails for a name that it does not find: then one by one."""
    try:
        found = ask(names)
    except CmdletError:
        found = []
        for name in names:
            try:
                found += ask([name])
            except CmdletError as error:
                if error.code != "permission_denied" and not error.not_found:
                    raise
    return {str(item.get("Name")).lower(): _parameters(item) for item in found}


def _parameters(item: Properties) -> frozenset[str] | None:
    """Return the parameters of a CommandInfo: the keys of its Parameters, else the words of its syntax."""
    declared = item.get("Parameters")
    if isinstance(declared, Mapping) and declared:
        return frozenset(str(name).lower() for name in declared)
    syntax = str(item.get("Definition") or "").strip()
    # A function's definition is its script; only a cmdlet's is its syntax.
    if syntax.lower().startswith(str(item.get("Name")).lower()):
        return frozenset(name.lower() for name in _SYNTAX.findall(syntax)) or None
    return None


def _exchange_online(connections: Connections, wanted: Sequence[Need]) -> list[ConnectionCheck]:
    with connections.session(EXCHANGE_ONLINE) as session:
        read: Any = getattr(session, "module_file", None)
        if read is None:
            session.run(Cmdlet("Get-AcceptedDomain", {"ResultSize": "Unlimited"}))
            return _all_unchecked(EXCHANGE_ONLINE, wanted, "this interface does not show which cmdlets are granted")
        module = read()
    if not module.exported:
        return _all_unchecked(EXCHANGE_ONLINE, wanted, "the module file does not list the cmdlets that it exports")
    granted = {need.cmdlet.lower(): module.parameters(need.cmdlet) for need in wanted if module.grants(need.cmdlet)}
    return _judged(wanted, granted)


def _entra_connect(connections: Connections, wanted: Sequence[Need]) -> list[ConnectionCheck]:
    checks: list[ConnectionCheck] = []
    with connections.session(ENTRA_CONNECT) as session:
        for need in wanted:
            read = _SYNC_READS.get(need.cmdlet)
            if read is None:
                checks += _unchecked(need, "this can only be determined by running it")
                continue
            try:
                session.run(read)
            except CmdletError as error:
                remedy = f"Add the account to {need.role} on the Entra Connect server. {error.remedy}"
                checks.append(ConnectionCheck(ENTRA_CONNECT, "cmdlet", FAILED, error.message, need.cmdlet, remedy))
                continue
            checks.append(ConnectionCheck(ENTRA_CONNECT, "cmdlet", OK, "it runs", need.cmdlet))
            checks += [_parameter(need, name, OK, "it is accepted") for name in read.parameters]
    return checks


def _graph(connections: Connections) -> list[ConnectionCheck]:
    """Microsoft Graph: its token tells the application permissions; one read tells whether it is reached."""
    try:
        graph = connections.graph()
        granted = None if graph is None else graph.permissions()
        if graph is not None:
            graph.features()
    except HybridError as error:
        unchecked = [
            ConnectionCheck(GRAPH, "permission", NOT_CHECKED, "an earlier check of the system failed", item.name)
            for item in GRAPH_PERMISSIONS
        ]
        return [*_stages(GRAPH, error, True), *unchecked]
    return [*_stages(GRAPH, None, True), *(_permission(item, granted) for item in GRAPH_PERMISSIONS)]


def _permission(wanted: GraphPermission, granted: frozenset[str] | None) -> ConnectionCheck:
    name = wanted.name
    if granted is None:
        return ConnectionCheck(GRAPH, "permission", NOT_CHECKED, "the token does not show it", name)
    if granted & {name, *wanted.includes}:
        return ConnectionCheck(GRAPH, "permission", OK, "it is granted", name)
    remedy = f"Grant the application {name} of Microsoft Graph, with admin consent."
    if wanted.unseen:
        message = f"it is not granted: {wanted.unseen} cannot be read"
        return ConnectionCheck(GRAPH, "permission", NOT_CHECKED, message, name, remedy)
    return ConnectionCheck(GRAPH, "permission", FAILED, "it is not granted", name, remedy)


# -- verdicts ----------------------------------------------------------------------------------------------------------


def _judged(wanted: Sequence[Need], granted: Granted) -> list[ConnectionCheck]:
    checks: list[ConnectionCheck] = []
    for need in wanted:
        if need.cmdlet.lower() not in granted:
            checks.append(
                ConnectionCheck(need.system, "cmdlet", FAILED, "no role grants it", need.cmdlet, _remedy(need))
            )
            checks += [_parameter(need, name, NOT_CHECKED, "the cmdlet is not granted") for name in need.parameters]
            continue
        checks.append(ConnectionCheck(need.system, "cmdlet", OK, "it is granted", need.cmdlet))
        known = granted[need.cmdlet.lower()]
        for name in need.parameters:
            if known is None or (name in COMMON and name.lower() not in known):
                checks.append(_parameter(need, name, NOT_CHECKED, "the system does not show its parameters"))
            elif name.lower() in known:
                checks.append(_parameter(need, name, OK, "it is granted"))
            else:
                checks.append(_parameter(need, name, FAILED, "no role grants it, or this version does not have it"))
    return checks


def _parameter(need: Need, name: str, status: str, message: str) -> ConnectionCheck:
    remedy = _remedy(need) if status == FAILED else ""
    return ConnectionCheck(need.system, "parameter", status, message, f"{need.cmdlet} -{name}", remedy)


def _remedy(need: Need) -> str:
    if need.system == EXCHANGE_ONLINE:
        return f"Assign the application's service principal the management role {need.role}, or Exchange Administrator."
    # A role of no such name but a group of roles says so itself.
    return f"Assign the account {'' if need.role.endswith(')') else 'the management role '}{need.role}."


def _all_unchecked(system: str, wanted: Sequence[Need], reason: str) -> list[ConnectionCheck]:
    return [check for need in wanted for check in _unchecked(need, reason)]


def _unchecked(need: Need, reason: str) -> list[ConnectionCheck]:
    named = [_parameter(need, name, NOT_CHECKED, reason) for name in need.parameters]
    return [ConnectionCheck(need.system, "cmdlet", NOT_CHECKED, reason, need.cmdlet), *named]


def _same(value: object, name: str) -> bool:
    return str(value or "").lower() == name.lower()


def failure_message(failed: Sequence[ConnectionCheck], total: int) -> str:
    """Return the sentence with which the task fails: what failed first, and how many more."""
    first = failed[0]
    what = f"{first.check} {first.name}".strip()
    more = f" ({len(failed)} of {total} checks failed: see checks)" if len(failed) > 1 else ""
    return f"{first.system}: {what}: {first.message.rstrip('.')}. {first.remedy}{more}".strip()
