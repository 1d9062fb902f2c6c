# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Reading everything that the readiness report judges: in bulk, from every system that is configured, writing nothing.

A question that an organization does not answer (a role that is missing, a system that is not configured) is Unread,
and what depends on it is not_checked: never a pass.
"""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Credential,
    Value,
    refuse_unpublished,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    ENTRA_CONNECT,
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.pause_notes import (
    left_over,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_endpoint import availability
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import (
    assess,
    move_method,
    surroundings,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness import (
    content,
    exchange_online,
    exchange_server,
    identity,
    leftovers,
    move_requests,
    names,
    synchronization,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Answer,
    Facts,
    Subject,
    Unread,
    seen_in,
    wanted,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
    accepted,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.report import (
    Report,
    document,
    table,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import Silent
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import unwritable_directory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.owners import Owner, Processes
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import migration
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import utc_now

HISTORY = 20  # run results: two cycles of six runs, and some that somebody started by hand
_UNLIMITED: dict[str, Value] = {"ResultSize": "Unlimited"}


@dataclass(frozen=True)
class ReadinessOptions:
    """``active_directory`` is None where it was not configured; ``credential`` None where none was given. ``online``
    are the options of Exchange Online. ``method`` is how mailboxes are to move, empty where nobody said it.
    ``target_databases`` are those to choose from for mailboxes without one; nothing of that is kept. With ``check`` not
    even a successful test of the endpoint is noted."""

    folder: Folder | None = None
    accept: frozenset[str] = frozenset()
    check_sizes: bool = True
    test_endpoint: bool = True
    migration_endpoint: str = ""
    credential: Credential | None = None
    online: Mapping[str, Any] = field(default_factory=dict)
    controller_pinned: bool = True
    brings_into_scope: bool = False
    pause_sync: bool = True
    active_directory: Mapping[str, Any] | None = None
    method: str = ""
    target_databases: Sequence[str] = ()
    check: bool = False


def check(
    connections: Connections,
    records: Sequence[Record],
    options: ReadinessOptions,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime.datetime] = utc_now,
) -> Report:
    """Return the findings of the environment and of every mailbox. Raises HybridError when a system is out of reach."""
    options = _for_method(connections, options)
    how = assess.AssessOptions(
        folder=options.folder, active_directory=options.active_directory, check=True,
        target_databases=options.target_databases,
    )  # fmt: skip
    subjects: list[Subject] = []

    def read_sizes(judged: Sequence[assess.Mailbox]) -> None:
        subjects.extend(Subject(i.record, i.outcome.identity, i.evidence, i.state, i.problems) for i in judged)
        if options.check_sizes:
            # One call for each mailbox: most of the time that the report takes.
            surroundings.read_sizes(connections, subjects)

    looked = assess.examine(connections, records, how, read_sizes)
    facts = _read_environment(connections, subjects, options)
    facts.endpoint_tests = _test_endpoints(connections, subjects, options, sleep, now)
    facts.directory = _tell_directory(subjects)
    told = next((item for item in looked if item.unsearched), None)
    if told is not None:
        facts.unsearched, facts.unsearched_remedy = told.unsearched, told.unsearched_remedy
    facts.half_made = tuple(str(entry["identity"]) for entry in half_made.told(options.folder))
    facts.still_paused = tuple(left_over(options.folder, "", Owner(), Processes()) if options.folder else ())
    surroundings.read_entra(connections, subjects, facts)
    facts.write_back_jobs = _read_write_back(connections)
    found = accepted(_judge(facts, subjects), options.accept, {s.identity: s.record for s in subjects})
    by_mailbox: dict[str, list[Finding]] = {subject.identity: [] for subject in subjects}
    for finding in found:
        if finding.mailbox:
            by_mailbox[finding.mailbox].append(finding)
    environment = [finding for finding in found if not finding.mailbox]
    return Report(environment, [(subject, by_mailbox[subject.identity]) for subject in subjects])


def _for_method(connections: Connections, options: ReadinessOptions) -> ReadinessOptions:
    """Return the options for the way in which mailboxes are to move: a batch needs no credential but its endpoint's."""
    if options.method not in (move_method.AUTO, move_method.MIGRATION_BATCH):
        return options
    endpoint = move_method.endpoint(connections, options.migration_endpoint).found
    if endpoint is None and options.method == move_method.AUTO:
        return options
    name = options.migration_endpoint if endpoint is None else endpoint["identity"]
    return replace(options, credential=None, migration_endpoint=name)


def _judge(facts: Facts, subjects: Sequence[Subject]) -> list[Finding]:
    families: tuple[Iterable[Finding], ...] = (
        exchange_server.check(facts, subjects),
        exchange_online.check(facts, subjects),
        synchronization.check(facts, subjects),
        identity.check(facts, subjects),
        names.check(facts, subjects),
        leftovers.check(facts, subjects),
        content.check(facts, subjects),
        move_requests.check(facts, subjects),
    )
    # Two families may ask the same question, or one of them twice.
    return list(dict.fromkeys(finding for family in families for finding in family))


# -- the organizations -------------------------------------------------------------------------------------------------


def _read_environment(connections: Connections, subjects: Sequence[Subject], options: ReadinessOptions) -> Facts:
    def on_premises(name: str, **parameters: Value) -> Answer:
        return surroundings.ask(connections, EXCHANGE_SERVER, name, **parameters)

    facts = surroundings.read(connections)
    # Not ADPropertiesOnly, which is faster: the ways to authenticate stand in the metabase of IIS.
    facts.virtual_directories = on_premises("Get-WebServicesVirtualDirectory")
    facts.copies = surroundings.read_copies(connections, _known_targets(subjects, facts.databases))
    facts.hybrid_configuration = on_premises("Get-HybridConfiguration")
    facts.connectors = surroundings.ask(connections, EXCHANGE_ONLINE, "Get-OutboundConnector")
    facts.soft_deleted = surroundings.ask(
        connections, EXCHANGE_ONLINE, "Get-Mailbox", SoftDeletedMailbox=True, **_UNLIMITED
    )
    facts.controller_pinned = options.controller_pinned
    facts.brings_into_scope = options.brings_into_scope
    if options.credential is not None:
        facts.credential_name = options.credential.username
        facts.credential_unsent = _is_unsent(options.credential, options.online)
    silent = Unread("entra_connect is not configured.")
    known = connections.has(ENTRA_CONNECT)
    if not (known and options.pause_sync):
        # In the words of the role, which refuses for the same reason.
        facts.unpaused_because = "offboarding_pause_sync is false" if known else "entra_connect is not configured"
    facts.scheduler = surroundings.ask(connections, ENTRA_CONNECT, "Get-ADSyncScheduler") if known else silent
    facts.sync_runs = (
        surroundings.ask(connections, ENTRA_CONNECT, "Get-ADSyncRunProfileResult", NumberRequested=HISTORY)
        if known
        else silent
    )
    return facts


def _is_unsent(credential: Credential, online: Mapping[str, Any]) -> bool:
    """Tell whether the role would refuse to send the credential."""
    try:
        refuse_unpublished(credential, online)
    except InputError:
        return True
    return False


def _known_targets(subjects: Sequence[Subject], databases: Answer) -> list[str]:
    """Return the databases that something moves to, folded; one that does not exist is told elsewhere."""
    options = ("remote_target_database", "remote_archive_target_database")
    known = [] if isinstance(databases, Unread) else [_values.folded(item.get("Name")) for item in databases]
    return sorted({name for option in options for name in wanted(subjects, option)} & set(known))


# -- the endpoint ------------------------------------------------------------------------------------------------------


def _test_endpoints(
    connections: Connections,
    subjects: Sequence[Subject],
    options: ReadinessOptions,
    sleep: Callable[[float], None],
    now: Callable[[], datetime.datetime],
) -> dict[str, Answer]:
    """Test the way to the MRS proxy once: by migration endpoint, or by each host of the wave with the credential."""
    if options.migration_endpoint:
        targets: dict[str, dict[str, Value]] = {options.migration_endpoint: {"Endpoint": options.migration_endpoint}}
    else:
        targets = {
            host: {"ExchangeRemoteMove": True, "RemoteServer": host, "Credentials": options.credential}
            for host in wanted(subjects, "remote_host_name")
        }
    if not options.test_endpoint:
        return {name: Unread(f"{_reader.option('test_endpoint')} is false.") for name in targets}
    if options.credential is None and not options.migration_endpoint:
        names = _reader.option("remote_credential"), _reader.option("migration_endpoint")
        return {name: Unread(f"Neither {names[0]} nor {names[1]} is set.") for name in targets}
    return {name: _test(connections, parameters, options, sleep, now) for name, parameters in targets.items()}


def _test(
    connections: Connections,
    parameters: Mapping[str, Value],
    options: ReadinessOptions,
    sleep: Callable[[float], None],
    now: Callable[[], datetime.datetime],
) -> Answer:
    """Return what the test says, which is refused too soon after another; one of an endpoint is noted for the role."""
    try:
        answer = availability.ask(connections, parameters, sleep=sleep, now=now) or []
    except HybridError as error:
        return surroundings.unread(error)
    if migration.has_passed(answer) and "Endpoint" in parameters and not options.check:
        availability.note_success(options.folder, str(parameters["Endpoint"]))
    return answer


# -- Active Directory --------------------------------------------------------------------------------------------------


def _tell_directory(subjects: Sequence[Subject]) -> Unread | None:
    """Fill in what Active Directory says of each user; return why nobody could be read."""
    nobody: Unread | None = None
    for subject in subjects:
        if subject.evidence is None:
            continue
        directory = subject.evidence.directory
        subject.directory = seen_in(subject.evidence)
        if isinstance(directory, Silent) and directory.everybody:
            nobody = Unread(directory.reason)
    return nobody


# -- Microsoft Entra ---------------------------------------------------------------------------------------------------


def _read_write_back(connections: Connections) -> list[str] | Unread:
    """Return the jobs that write Exchange attributes back, or why nobody knows."""
    graph = connections.graph()
    if graph is None:
        return Unread("exchange_online.graph is not true.")
    try:
        jobs = graph.write_back_jobs()
    except HybridError as error:
        return surroundings.unread(error)
    return Unread("The application is not allowed to read synchronization jobs.") if jobs is None else jobs


# -- the report's files ------------------------------------------------------------------------------------------------


def write_report(directory: str, report: Report) -> dict[str, str]:
    """Write readiness.json and readiness.csv, files of people, and return their paths. Raises InputError."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    paths = {kind: os.path.join(directory, f"readiness.{kind}") for kind in ("json", "csv")}
    files = FileMemory()
    try:
        files.write(paths["json"], documents.text_of(document(report, now), indent=1) + "\n")
        files.write(paths["csv"], table(report))
    except OSError as error:
        raise unwritable_directory("report_directory", directory, "the readiness report", error) from error
    return paths
