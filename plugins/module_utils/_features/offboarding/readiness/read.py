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
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Credential,
    Properties,
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
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import assess, surroundings
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
    moving,
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
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

# Seconds before the one further test of an endpoint that was tested too recently. The service names the earliest time
# only in prose (HCW8078, microsoft-articles.md section 6); a test that is still too early stays unanswered.
TEST_AGAIN_AFTER = 60.0
HISTORY = 20  # run results: two cycles of six runs, and some that somebody started by hand
_UNLIMITED: dict[str, Value] = {"ResultSize": "Unlimited"}


@dataclass(frozen=True)
class ReadinessOptions:
    """``active_directory`` is None where it was not configured; ``credential`` None where none was given. ``online``
    are the options of Exchange Online."""

    directory: str = ""
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


def check(
    connections: Connections,
    records: Sequence[Record],
    options: ReadinessOptions,
    sleep: Callable[[float], None] = time.sleep,
) -> Report:
    """Return the findings of the environment and of every mailbox. Raises HybridError when a system is out of reach."""
    how = assess.AssessOptions(directory=options.directory, active_directory=options.active_directory)
    looked = assess.examine(connections, records, how)
    subjects = [Subject(i.record, i.outcome.identity, i.evidence, i.state, i.problems) for i in looked]
    if options.check_sizes:
        _read_sizes(connections, subjects)
    facts = _read_environment(connections, subjects, options)
    facts.endpoint_tests = _test_endpoints(connections, subjects, options, sleep)
    facts.directory = _tell_directory(subjects)
    facts.half_made = tuple(str(entry["identity"]) for entry in half_made.told(options.directory))
    surroundings.read_entra(connections, subjects, facts)
    facts.write_back_jobs = _read_write_back(connections)
    found = accepted(_judge(facts, subjects), options.accept, {s.identity: s.record for s in subjects})
    by_mailbox: dict[str, list[Finding]] = {subject.identity: [] for subject in subjects}
    for finding in found:
        if finding.mailbox:
            by_mailbox[finding.mailbox].append(finding)
    environment = [finding for finding in found if not finding.mailbox]
    return Report(environment, [(subject, by_mailbox[subject.identity]) for subject in subjects])


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
    facts.copies = _read_copies(connections, subjects, facts.databases)
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


def _read_copies(connections: Connections, subjects: Sequence[Subject], databases: Answer) -> Answer:
    """Return the copies of every database that something moves to; one that does not exist is told elsewhere."""
    options = ("remote_target_database", "remote_archive_target_database")
    known = [] if isinstance(databases, Unread) else [str(item.get("Name") or "").lower() for item in databases]
    found: list[Properties] = []
    for name in sorted({name for option in options for name in wanted(subjects, option)} & set(known)):
        answer = surroundings.ask(connections, EXCHANGE_SERVER, "Get-MailboxDatabaseCopyStatus", Identity=name)
        if isinstance(answer, Unread):
            return answer
        found += answer
    return found


def _read_sizes(connections: Connections, subjects: Sequence[Subject]) -> None:
    """Read Get-MailboxStatistics, which takes one mailbox a call; archives only where they move along."""
    asked: list[tuple[Subject, bool, Cmdlet]] = []
    for subject, evidence in moving(subjects):
        identified: dict[str, Value] = {"Identity": evidence.cloud["exchange_guid"]}
        asked.append((subject, False, Cmdlet("Get-MailboxStatistics", identified)))
        if subject.archive_moves:
            asked.append((subject, True, Cmdlet("Get-MailboxStatistics", {**identified, "Archive": True})))
    answers = connections.read(EXCHANGE_ONLINE, [cmdlet for _subject, _archive, cmdlet in asked])
    for (subject, archive, _cmdlet), answer in zip(asked, answers, strict=True):
        if isinstance(answer, HybridError):
            subject.sizes_unread = surroundings.unread(answer).reason
            continue
        statistics = answer.objects[0] if answer.objects else {}
        size = _values.size_in_bytes(statistics.get("TotalItemSize"))
        if archive:
            subject.archive_size = size
        else:
            subject.size = size
            subject.recoverable = _values.size_in_bytes(statistics.get("TotalDeletedItemSize"))


# -- the endpoint ------------------------------------------------------------------------------------------------------


def _test_endpoints(
    connections: Connections, subjects: Sequence[Subject], options: ReadinessOptions, sleep: Callable[[float], None]
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
        return {name: Unread("test_endpoint is false.") for name in targets}
    if options.credential is None and not options.migration_endpoint:
        return {name: Unread("Neither remote_credential nor migration_endpoint is set.") for name in targets}
    return {name: _test(connections, parameters, sleep) for name, parameters in targets.items()}


def _test(connections: Connections, parameters: Mapping[str, Value], sleep: Callable[[float], None]) -> Answer:
    for pause in (TEST_AGAIN_AFTER, 0.0):
        try:
            return connections.run(EXCHANGE_ONLINE, Cmdlet("Test-MigrationServerAvailability", parameters)).objects
        except HybridError as error:
            if error.code != "throttled" or not pause:
                return surroundings.unread(error)
        sleep(pause)
    raise AssertionError("unreachable: the last attempt returns")


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
    """Write readiness.json and readiness.csv, mode 0600, and return their paths. Raises InputError."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    paths = {kind: os.path.join(directory, f"readiness.{kind}") for kind in ("json", "csv")}
    try:
        text = json.dumps(document(report, now), ensure_ascii=False, indent=1)
        wave_files.write_private(paths["json"], text + "\n")
        wave_files.write_private(paths["csv"], table(report))
    except OSError as error:
        raise InputError(
            "report_directory",
            directory,
            f"cannot be written ({error.strerror})",
            "Use an existing directory that this account can write to.",
            "unwritable_directory",
        ) from error
    return paths
