# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Reading a wave's state from both organizations, with the guards and the baseline that come before the first write."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _hold_kinds, _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import BLOCKER, FINAL
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    Connections,
    in_threads,
    side_by_side,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser import plan as mailuser
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_endpoint import availability
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import step as steps
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import (
    baseline_changes,
    both_sides,
    look_ahead,
    move_method,
    rollback_plan,
    surroundings,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import (
    evidence as offboarding_evidence,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import (
    state as offboarding_state,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.baseline import (
    Baselines,
    content,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.baseline_changes import (
    Changes,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.look_ahead import Ahead
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness import (
    exchange_online,
    guards,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Answer,
    Facts,
    Subject,
    Unread,
    seen_in,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    accepted_by,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import (
    MailboxEvidence,
    Silent,
    State,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.placement import step as placement
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    addresses,
    claim,
    cloud,
    databases,
    directory_holders,
    filter_query,
    migration,
    move_request,
    read,
    uniqueness,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.state import BothSides
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import records as wave_records
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import utc_now
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    Baseline,
    CloudRecipient,
    MoveRequest,
    part,
)

UNPROTECTED = "unprotected_sync"
# Of these the mailbox loses nothing, whatever a record says.
ADDED_TO = ("email_addresses", "legacy_exchange_dn")
WRITERS = 16  # baselines that are written at once


@dataclass(frozen=True)
class AssessOptions:
    """``folder`` keeps the baselines; ``accept`` are blockers by code; ``require_state`` fails every other
    state. ``ahead`` is what the tasks that follow are given. ``readiness`` adds the blockers of the readiness report
    that take no read of each mailbox; ``brings_into_scope`` tells that the site's own tasks bring users into scope.
    ``pause_sync`` is False where nothing keeps a cycle from exporting half-made users. ``active_directory`` is None
    where it was not configured. ``method`` is how mailboxes are to move, empty where that is not to be decided, and
    ``target_endpoint`` the migration endpoint by its name. ``target_databases`` are those that mailboxes without one
    are spread over, or ``auto``. ``sleep`` and ``now`` are for the test of the endpoint, which may have to wait."""

    folder: Folder | None = None
    accept: frozenset[str] = frozenset()
    require_state: str = ""
    check: bool = False
    readiness: bool = False
    pause_sync: bool = True
    brings_into_scope: bool = False
    ahead: Ahead = field(default_factory=Ahead)
    active_directory: Mapping[str, Any] | None = None
    method: str = ""
    target_endpoint: str = ""
    target_databases: Sequence[str] = ()
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime.datetime] = utc_now


@dataclass(frozen=True)
class Surroundings:
    """What the guards know of the tenant: its accepted ``domains``, in lower case, and its configuration."""

    domains: Collection[str]
    facts: Facts

    @property
    def policies(self) -> list[str]:
        """The retention policies for everybody, where the tenant's configuration could be read."""
        answer = self.facts.organization
        told = () if isinstance(answer, Unread) else answer
        return [entry for item in told for entry in _values.as_list(item.get("InPlaceHolds"))]


@dataclass
class Mailbox:
    """One mailbox while it is judged. ``problems`` is everything that stands against it, the first of it its error.

    ``supplied`` is what the tenant itself says where the record leaves it out. ``anew`` is a baseline that takes the
    place of the old one, ``changes`` what nothing explains of what became of the mailbox since the one that stays.
    ``unsearched`` says which objects of Active Directory were not searched for who else holds its addresses, and
    ``unsearched_remedy`` what to do about it.
    """

    record: Record
    outcome: Outcome
    evidence: MailboxEvidence | None = None
    state: State | None = None
    baseline: Baseline | None = None
    anew: Baseline | None = None
    changes: Changes | None = None
    supplied: Record = field(default_factory=Record)
    problems: list[HybridError] = field(default_factory=list)
    unsearched: str = ""
    unsearched_remedy: str = ""

    def fail(self, error: HybridError) -> None:
        self.problems.append(error)
        self.outcome.status, self.outcome.error = "failed", self.problems[0]

    @property
    def failed(self) -> bool:
        return self.outcome.status == "failed"

    @property
    def open(self) -> bool:
        return not self.failed and self.state is not None and self.state.name in offboarding_state.OPEN


def assess(connections: Connections, records: Sequence[Record], options: AssessOptions) -> list[Outcome]:
    """Return each mailbox's state, with the record completed by what later steps need.

    A conflict, a blocker that nobody accepted, a missing baseline and an address that somebody else holds are
    failures.
    """
    baselines = Baselines(options.folder) if options.folder else None
    wave = examine(connections, records, options)
    if baselines is not None and not options.check:
        _save_baselines([item for item in wave if item.open and (item.anew or item.baseline is None)], baselines)
    outcomes = [item.outcome for item in wave]
    while wave:
        # What was read of a mailbox goes as what is told of it comes: of thousands both would be a lot.
        _report(wave.pop(), options, baselines)
    return outcomes


def settle(
    connections: Connections,
    records: Sequence[Record],
    options: AssessOptions,
    *,
    wait_timeout: float,
    wait_sleep: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> list[Outcome]:
    """Assess a wave, and for ``wait_timeout`` seconds again what came home and does not show so in the cloud yet."""
    outcomes = assess(connections, records, options)
    deadline = clock() + wait_timeout
    while True:
        late = {o.identity: o.record for o in outcomes if o.error and o.error.code == "cloud_lags"}
        if not late or clock() >= deadline:
            return outcomes
        sleep(min(wait_sleep, max(0.0, deadline - clock())))
        again = {outcome.identity: outcome for outcome in assess(connections, list(late.values()), options)}
        outcomes = [again.get(outcome.identity, outcome) for outcome in outcomes]


def _save_baselines(wave: Sequence[Mailbox], baselines: Baselines) -> None:
    """Save the missing baselines side by side: each waits for the disk, and the disk takes many at a time."""

    def save(item: Mailbox) -> None:
        evidence = item.evidence
        try:
            if item.anew is not None:
                item.outcome.details["superseded_baseline"] = baselines.replace(item.anew)
            elif evidence is not None:
                item.baseline = baselines.save(item.outcome.identity, evidence.cloud, evidence.on_premises)
        except HybridError as error:
            # Nothing is ever written for a mailbox without a baseline.
            item.fail(error)

    in_threads(save, wave, WRITERS)


def examine(
    connections: Connections,
    records: Sequence[Record],
    options: AssessOptions,
    meanwhile: Callable[[Sequence[Mailbox]], None] = lambda _wave: None,
) -> list[Mailbox]:
    """Read both sides of every mailbox and judge it, without a trace: all that stands against it is in ``problems``.

    ``meanwhile`` may read more of the judged mailboxes: the guards take their time to find out who else holds what.
    """
    wave = [Mailbox(record, Outcome(record)) for record in records]
    requests = _gather(connections, wave, options)
    for item in wave:
        if item.evidence is not None:
            item.state = offboarding_state.judge(item.evidence)
    _explain_conflicts(connections, wave)
    _load_baselines(wave, Baselines(options.folder) if options.folder else None)
    if options.target_databases:
        _choose_databases(connections, wave, options, requests)
    side_by_side(lambda: _guard(connections, wave, options), lambda: meanwhile(wave))
    return wave


def _explain_conflicts(connections: Connections, wave: Sequence[Mailbox]) -> None:
    """Complete each conflict by what both sides hold, or whose the GUID is, and by the next steps."""
    torn = _in_conflict(wave, offboarding_state.TWO_MAILBOXES)
    sides = both_sides.two_mailboxes(connections, [evidence for _item, evidence, _state in torn])
    for (item, evidence, state), (cloud_side, local) in zip(torn, sides, strict=True):
        item.state = replace(
            state,
            reason=f"{state.reason}; {both_sides.told(cloud_side, local)}",
            remedy=state.remedy or both_sides.next_steps(cloud_side, local, evidence.on_premises["guid"]),
        )
    foreign = _in_conflict(wave, offboarding_state.FOREIGN_GUID)
    held = [str(evidence.on_premises["exchange_guid"]) for _item, evidence, _state in foreign]
    owners = both_sides.holders(connections, held) if held else {}
    for (item, evidence, state), guid in zip(foreign, held, strict=True):
        if item.record.get("force") and owners[guid] == "":
            item.state = offboarding_state.judge(evidence, overwrite=True)
            item.outcome.warnings.append(f"force is true: the GUID {guid}, which no mailbox carries, is overwritten.")
        else:
            reason, remedy = both_sides.of_a_guid(guid, owners[guid])
            item.state = replace(state, reason=f"{state.reason}; {reason}", remedy=remedy)


def _in_conflict(wave: Sequence[Mailbox], about: str) -> list[tuple[Mailbox, MailboxEvidence, State]]:
    return [
        (item, item.evidence, item.state)
        for item in wave
        if item.evidence is not None and item.state is not None and item.state.about == about
    ]


def _gather(connections: Connections, wave: Sequence[Mailbox], options: AssessOptions) -> Mapping[str, MoveRequest]:
    """Read both sides of every mailbox; return all move requests by ExchangeGuid."""
    # The on-premises users are asked for by what the cloud shows; to open a session takes a second or more.
    tenant, listed, _opened = side_by_side(
        lambda: read.cloud_recipients(connections, [item.record for item in wave]),
        lambda: read.move_requests(connections) if wave else [],
        lambda: connections.open_ahead(EXCHANGE_SERVER, filter_query.calls(len(wave))),
    )
    named = []
    for item in wave:
        found = tenant[item.outcome.identity]
        if isinstance(found, HybridError):
            item.fail(found)
        else:
            named.append((item, found, _named(item.record, found)))
    ad = read.on_premises_objects(connections, [record for _item, _found, record in named])
    for item, found, _record in named:
        user = ad[item.outcome.identity]
        if isinstance(user, HybridError):
            item.fail(user)
        else:
            item.evidence = MailboxEvidence(found, user)
    _fail_shared_objects(wave)
    requests = move_request.by_mailbox(listed)
    seen = [item.evidence for item in wave if item.evidence is not None]
    for evidence in seen:
        evidence.move_request = requests.get(evidence.cloud["exchange_guid"])
    offboarding_evidence.complete(connections, seen, options.active_directory)
    return requests


def _named(record: Record, found: CloudRecipient) -> Record:
    """Return the record with the UPN of its cloud object, by which its on-premises user is asked for."""
    return {**record, "user_principal_name": found["user_principal_name"]}


def _fail_shared_objects(wave: Sequence[Mailbox]) -> None:
    """Fail all records that mean one and the same object: which of them is right, nobody knows."""
    # Of a mailbox named twice the first word counts: its one user is shared only because of that.
    for side, code in (("cloud", "duplicate_identity"), ("on_premises", "shared_ad_user")):
        by_guid: dict[str, list[Mailbox]] = {}
        for item in wave:
            if item.evidence is not None:
                by_guid.setdefault(getattr(item.evidence, side)["guid"], []).append(item)
        for guid, items in by_guid.items():
            for item in items if len(items) > 1 else ():
                names = ", ".join(other.outcome.identity for other in items)
                item.fail(
                    MailboxError(
                        f"{names} are one object {'in the cloud' if side == 'cloud' else 'on-premises'}, {guid}.",
                        code=code,
                        remedy="List each mailbox once, with its own on-premises user (ad_identity).",
                    )
                )


def _load_baselines(wave: Sequence[Mailbox], baselines: Baselines | None) -> None:
    if baselines is None:
        return
    for item in wave:
        evidence = item.evidence
        if evidence is None or evidence.cloud["exchange_guid"] == _values.ZERO_GUID:
            continue
        refresh = item.open and item.record.get("baseline") == "refresh"
        try:
            item.baseline = baselines.load(evidence.cloud["exchange_guid"])
        except HybridError as error:
            if refresh:
                _take_anew(item, content(item.outcome.identity, evidence.cloud, evidence.on_premises), error.message)
            else:
                item.fail(error)
            continue
        if item.baseline is not None and item.open:
            if not refresh:
                _remember_by_hand(evidence, item.baseline)
            _compare_with_baseline(item, evidence, item.baseline, refresh)


def _remember_by_hand(evidence: MailboxEvidence, baseline: Baseline) -> None:
    """Let a plain user without proxyAddresses have those of its baseline: the Disable-MailUser that undid a half-made
    user cleared them, or LDAP is silent this time."""
    ad, before = evidence.on_premises, baseline["on_premises"]
    if ad["kind"] == "user" and before.get("guid") == ad["guid"] and before.get("proxy_addresses"):
        ad.setdefault("proxy_addresses", before["proxy_addresses"])


def _compare_with_baseline(item: Mailbox, evidence: MailboxEvidence, baseline: Baseline, refresh: bool) -> None:
    """Take the baseline anew where it may not be the authority, or note what differs from it without a reason."""
    changes = baseline_changes.since(
        rollback_plan.RollbackEvidence(
            evidence.cloud,
            evidence.on_premises,
            evidence.move_request,
            baseline,
            routing=mailuser.expected_routing(item.record, baseline),
        ),
        str(item.record.get("primary_smtp_address") or ""),
    )
    if changes.fresh and (refresh or not changes.differing):
        fresh = content(item.outcome.identity, changes.fresh, changes.on_premises, changes.taken_at)
        why = baseline_changes.told(changes) or "nothing was written since it was taken, and the mailbox changed"
        _take_anew(item, fresh, why)
    elif changes.differing:
        item.changes = changes


def _take_anew(item: Mailbox, fresh: Baseline, why: str) -> None:
    item.baseline = item.anew = fresh
    item.outcome.warnings.append(f"A new baseline was taken, and the old one was kept: {why}.")


# -- guards ------------------------------------------------------------------------------------------------------------


def _guard(connections: Connections, wave: Sequence[Mailbox], options: AssessOptions) -> None:
    for item in wave:
        if item.state is not None and item.state.name == "conflict":
            item.fail(
                MailboxError(
                    f"{item.state.reason}.",
                    code=item.state.code or "conflict",
                    retryable=item.state.code == "cloud_lags",
                    remedy=item.state.remedy or "Resolve it by hand: nothing was written for this mailbox.",
                )
            )
    waiting = [item for item in wave if item.open]
    if not waiting:
        _choose_method(connections, wave, options, Facts())
        return
    known_databases, domains, held, facts = side_by_side(
        lambda: _databases(connections, waiting),
        lambda: read.accepted_domains(connections, EXCHANGE_ONLINE),
        lambda: _held_by_others(connections, waiting, options),
        lambda: _facts(connections, options),
    )
    situation = _choose_method(connections, wave, options, facts)
    _fail_unknown_databases(known_databases, waiting)
    for item, errors in held:
        for error in uniqueness.not_accepted(errors, accepted_by(item.record, options.accept)):
            item.fail(error)
    known = [(item, _subject(item, item.evidence)) for item in waiting if item.evidence is not None]
    if options.readiness:
        surroundings.read_entra(connections, [subject for _item, subject in known], facts)
    for item, subject in known:
        _stop(item, subject, Surroundings(domains, facts), options)
    _look_ahead(connections, waiting, options.ahead, situation)
    _test_endpoint(connections, waiting, options, situation)


def _look_ahead(
    connections: Connections, wave: Sequence[Mailbox], ahead: Ahead, situation: move_method.Situation
) -> None:
    """Fail the mailboxes that a later task would refuse; what stands against one already is told once."""
    if ahead.prepare is None and ahead.move is None:
        return
    if any(item.supplied.get("move_method") != move_method.MIGRATION_BATCH for item in wave):
        look_ahead.refuse_credential(ahead)
    requests = {e.cloud["exchange_guid"]: e.move_request for item in wave if (e := item.evidence) and e.move_request}
    failed = {guid: request for guid, request in requests.items() if request["status"] == "Failed"}
    if ahead.move is not None and failed:
        read_now = steps.with_statistics(connections, failed)
        requests.update({guid: found for guid, found in read_now.items() if not isinstance(found, HybridError)})
    if ahead.move is not None:
        _supply_host_name(connections, wave, ahead.move)
    for item in wave:
        if item.evidence is None:
            continue
        cloud_object, user = item.evidence.cloud, item.evidence.on_premises
        request = requests.get(cloud_object["exchange_guid"])
        record: Record = {
            **item.record,
            **wave_records.enriched({}, {**_known(item, item.evidence), **item.supplied}),
        }
        record.pop("whole", None)  # what an earlier look left there; this one is before the writes
        known = {error.code for error in item.problems}
        submitted = move_method.is_submitted(situation, item.record, cloud_object, request)
        sides = BothSides(user, cloud_object)
        for error in look_ahead.refusals(ahead, record, sides, request, utc_now(), submitted=submitted):
            if error.code not in known:
                item.fail(error)


def _supply_host_name(connections: Connections, wave: Sequence[Mailbox], move: Mapping[str, Any]) -> None:
    """Take the MRS proxy's name from the tenant's migration endpoint for mailboxes that leave it out."""
    without = [item for item in wave if not wave_records.merged(move, item.record).get("remote_host_name")]
    if not without:
        return
    without = [item for item in without if item.supplied.get("move_method") != move_method.MIGRATION_BATCH]
    if not without:
        return
    endpoint = move_method.endpoint(connections)
    if endpoint.host:
        for item in without:
            item.supplied["remote_host_name"] = endpoint.host
    else:
        without[0].outcome.warnings.append(
            f"{_reader.option('remote_host_name')} is not set, and cannot be taken from a migration endpoint: "
            f"{endpoint.why_not}."
        )


def _choose_method(
    connections: Connections, wave: Sequence[Mailbox], options: AssessOptions, facts: Facts
) -> move_method.Situation:
    """Decide how each mailbox moves; an endpoint is needed where a batch was asked for, looked for with ``auto``."""
    seen = [(item, item.evidence) for item in wave if item.evidence is not None]
    if not options.method or not seen:
        return move_method.Situation()
    undecided = any(item.open and evidence.move_request is None for item, evidence in seen)
    endpoint = move_method.Endpoint()
    if undecided and options.method == move_method.MIGRATION_BATCH:
        endpoint = move_method.Endpoint(
            migration.chosen_endpoint(read.migration_endpoints(connections), options.target_endpoint)
        )
    elif undecided and options.method == move_method.AUTO:
        endpoint = move_method.endpoint(connections, options.target_endpoint)
    users = facts.migration_users
    if undecided and not options.readiness:
        users = surroundings.migration_users(connections)
    known = [] if isinstance(users, Unread) else [migration.user(item) for item in users]
    situation = move_method.Situation(options.method, endpoint, migration.by_key(known))
    for item, evidence in seen:
        method = move_method.of_mailbox(situation, item.record, evidence.cloud, evidence.move_request)
        item.supplied["move_method"] = item.outcome.details["move_method"] = method
        lost = move_method.asked_of_a_request(item.record) if method == move_method.MIGRATION_BATCH else []
        if lost and item.open:
            item.outcome.warnings.append(
                f"{', '.join(lost)}: a migration batch does not take this, and the mailbox moves without it. Only a "
                "move request of its own does."
            )
    if endpoint.why_not:
        seen[0][0].outcome.details["method_note"] = endpoint.why_not
    return situation


def _test_endpoint(
    connections: Connections, wave: Sequence[Mailbox], options: AssessOptions, situation: move_method.Situation
) -> None:
    """Test the endpoint of the batches that are about to be made, and stop their mailboxes where it does not work.

    That comes last: a wave that is refused anyway uses up no test. What the test does not say stops nobody, because the
    test is no condition of a move: the service fails a user that it cannot move, with the cause, and loses nothing.
    """
    going = [
        (item, item.evidence)
        for item in wave
        if item.open
        and item.evidence is not None
        and item.supplied.get("move_method") == move_method.MIGRATION_BATCH
        and not move_method.is_submitted(situation, item.record, item.evidence.cloud, item.evidence.move_request)
    ]
    found = situation.endpoint.found
    if not going or found is None or options.ahead.move is None or not options.readiness:
        return
    name = found["identity"]
    answer = _tested(connections, name, options)
    for finding in exchange_online.endpoint_test(name, answer):
        if finding.severity != BLOCKER:
            reason = answer.reason if isinstance(answer, Unread) else "The test returned nothing."
            going[0][0].outcome.details["endpoint_note"] = f"{name} was not tested, and the wave continues. {reason}"
            continue
        sign = finding.as_error()
        sign.cmdlet = availability.TEST
        for item, _evidence in going:
            item.outcome.details["stop_signs"] = [*_values.as_list(item.outcome.details.get("stop_signs")), sign.code]
            if sign.code not in accepted_by(item.record, options.accept):
                item.outcome.details["refused"] = [sign.as_result()]
                item.fail(sign)


def _tested(connections: Connections, name: str, options: AssessOptions) -> Answer:
    """Return what the endpoint's test says; a success a short while ago is one. A preview waits for no turn."""

    def is_proven() -> bool:
        return availability.is_proven(options.folder, name)

    if is_proven():
        return [{"Result": migration.PASSED}]
    patience = 0.0 if options.check else availability.LONGEST_WAIT
    try:
        answer = availability.ask(
            connections, {"Endpoint": name}, patience=patience, known=is_proven, sleep=options.sleep, now=options.now
        )
    except HybridError as error:
        return surroundings.unread(error)
    if answer is None:
        return [{"Result": migration.PASSED}]
    if migration.has_passed(answer) and not options.check:
        availability.note_success(options.folder, name)
    return answer


def _facts(connections: Connections, options: AssessOptions) -> Facts:
    """Return what surrounds the wave: for the blockers alone, that is Get-OrganizationConfig.

    It has the retention policies for everybody. Where it is not granted, a blocker tells it.
    """
    if options.readiness:
        return replace(surroundings.read(connections), brings_into_scope=options.brings_into_scope)
    return Facts(organization=surroundings.ask(connections, EXCHANGE_ONLINE, "Get-OrganizationConfig"))


def _choose_databases(
    connections: Connections, wave: Sequence[Mailbox], options: AssessOptions, requests: Mapping[str, MoveRequest]
) -> None:
    """Give each mailbox without a database the one that was decided on for it, or is decided on now."""
    candidates = {
        item.outcome.identity: placement.Candidate(
            _subject(item, item.evidence), item.evidence.cloud["exchange_guid"], item.state.name == "home"
        )
        for item in wave
        if item.evidence is not None and item.state is not None and item.state.name != "conflict"
    }
    now = str(_values.utc_time(utc_now()))
    placed = placement.place(
        connections, list(candidates.values()), options.target_databases, requests, options.folder,
        check=options.check, now=now,
    )  # fmt: skip
    for item in wave:
        candidate = candidates.get(item.outcome.identity)
        if candidate is not None and not candidate.given:
            _give_database(item, candidate, placed)


def _give_database(item: Mailbox, candidate: placement.Candidate, placed: placement.Placement) -> None:
    guid = candidate.exchange_guid
    decision = placed.decided.get(guid)
    if guid in placed.refused:
        item.fail(placed.refused[guid])
    elif decision is not None:
        chosen = wave_records.as_record({candidate.option: decision["database"]})
        item.record = {**item.record, **chosen}
        item.supplied = {**item.supplied, **chosen}
        item.outcome.details["placement"] = {
            "database": decision["database"], "size": decision["size"], "decided_at": decision["decided_at"],
        }  # fmt: skip
    if guid in placed.new and guid in placed.unsized:
        item.outcome.warnings.append(
            f"Its size is not known, and counted as 10 GB when its database was chosen. {placed.unsized[guid]}".strip()
        )


def _databases(connections: Connections, wave: Sequence[Mailbox]) -> list[str]:
    """Return the on-premises databases where a mailbox names one."""
    named = any(item.record.get(name) for item in wave for name in databases.FIELDS)
    return read.database_names(connections) if named else []


def _fail_unknown_databases(known: Sequence[str], wave: Sequence[Mailbox]) -> None:
    folded = {_values.folded(name) for name in known}
    for item in wave:
        for name in databases.FIELDS:
            wanted = str(item.record.get(name) or "")
            if wanted and _values.folded(wanted) not in folded:
                item.fail(databases.refusal(name, wanted, databases.not_found(known)))


def _held_by_others(
    connections: Connections, wave: Sequence[Mailbox], options: AssessOptions
) -> list[tuple[Mailbox, Sequence[HybridError]]]:
    """Return what others hold of each mailbox's addresses and GUIDs, the first word first."""
    known = [(item, item.evidence) for item in wave if item.evidence is not None]
    claims = {}
    for item, seen in known:
        before = _before(item, seen)
        before.update(cast(CloudRecipient, part(_known(item, seen), ADDED_TO)))
        before["email_addresses"] = [*before.get("email_addresses", []), *_kept_by_hand(item, seen)]
        alias = item.record.get("alias") or before["alias"] if seen.on_premises["kind"] == "user" else ""
        asked = claims[item.outcome.identity] = claim.of_mailbox(item.record, before, seen.on_premises, str(alias))
        item.supplied["holders_asked"] = asked.values
    directory = directory_holders.asked_by(options.active_directory)
    # A controller that was silent a moment ago would only be waited for again.
    silent = next((e.directory for _i, e in known if isinstance(e.directory, Silent) and e.directory.everybody), None)
    found = uniqueness.conflicts(connections, claims, directory if silent is None else None)
    for item, _seen in known:
        if silent is not None:
            item.unsearched = directory_holders.unsearched(silent.reason)
        elif directory is not None:
            item.unsearched, item.unsearched_remedy = directory.unsearched, directory.remedy
    if options.active_directory is not None and known and known[0][0].unsearched:
        first = known[0][0]
        first.outcome.details["directory_note"] = directory_holders.told(first.unsearched, first.unsearched_remedy)
    return [(item, found[item.outcome.identity]) for item, _seen in known]


def _subject(item: Mailbox, evidence: MailboxEvidence) -> Subject:
    return Subject(item.record, item.outcome.identity, evidence, item.state, directory=seen_in(evidence))


def _stop(item: Mailbox, subject: Subject, surroundings: Surroundings, options: AssessOptions) -> None:
    evidence = subject.evidence
    if evidence is None:
        return
    before, known = _before(item, evidence), surroundings
    shown = offboarding_state.shown(evidence)
    signs = offboarding_state.stop_signs(
        item.record, before, shown, known.domains, known.policies, _written(item, evidence)
    )
    if isinstance(known.facts.organization, Unread):
        signs.append(offboarding_state.holds_not_checked(known.facts.organization.reason))
    if item.state is not None:
        signs += offboarding_state.doubtful(item.state)
    unseen = offboarding_state.unseen(evidence)
    if unseen:
        item.outcome.details["not_checked"] = unseen
    if _baseline_missing(item, evidence, options):
        signs.insert(
            0,
            MailboxError(
                "the on-premises mail user was created by an earlier run, but its baseline is missing, so the "
                "mailbox's original addresses are not known.",
                code="baseline_missing",
                remedy="Restore the directory of that run. Or, if the addresses are known to be complete, accept it: "
                "offboarding_accept: [baseline_missing].",
            ),
        )
    if item.changes is not None:
        taken_at = str((item.baseline or {}).get("taken_at") or "")
        signs.insert(0, baseline_changes.stop_sign(item.changes, taken_at, item.outcome.identity))
        item.outcome.details["baseline_differences"] = {
            name: {"baseline": before, "live": now} for name, (before, now) in item.changes.differing.items()
        }
    if options.readiness:
        signs += [finding.as_error() for finding in guards.blockers(surroundings.facts, subject)]
    item.outcome.details["stop_signs"] = [*(sign.code for sign in signs), *_unprotected(item, options)]
    accept = accepted_by(item.record, options.accept)
    refused = [sign for sign in signs if sign.code not in accept or sign.code in FINAL]
    if refused:
        item.outcome.details["refused"] = [sign.as_result() for sign in refused]
    for sign in refused:
        item.fail(sign)


def _unprotected(item: Mailbox, options: AssessOptions) -> list[str]:
    """Return the code under which a user is written without a pause; not accepted, it stops the wave as a whole."""
    to_write = item.state is not None and item.state.name in ("to_do", "matched")
    return [UNPROTECTED] if to_write and not options.pause_sync and UNPROTECTED in options.accept else []


def _written(item: Mailbox, evidence: MailboxEvidence) -> set[str]:
    """Return the external address that stands on-premises where the baseline has another one or none: it is ours."""
    name = "external_email_address"
    now = _values.folded(evidence.on_premises.get(name))
    before = (item.baseline or {}).get("on_premises")
    return {now} if before is not None and _values.folded(before.get(name)) != now else set()


def _before(item: Mailbox, evidence: MailboxEvidence) -> CloudRecipient:
    """Return the cloud mailbox with the compared fields as they were before the first write."""
    known: CloudRecipient = (item.baseline or {}).get("cloud", {})
    return {**evidence.cloud, **part(known, cloud.COMPARED)}


def _kept_by_hand(item: Mailbox, evidence: MailboxEvidence) -> list[str]:
    """Return the addresses that a plain user held; of one that is half made by now the baseline knows them."""
    if item.state is not None and item.state.name in offboarding_state.WHOLE:
        return []
    ad = evidence.on_premises
    known = ad if ad["kind"] == "user" else (item.baseline or {}).get("on_premises", {})
    return list(known.get("proxy_addresses", []))


def _baseline_missing(item: Mailbox, evidence: MailboxEvidence, options: AssessOptions) -> bool:
    if not options.folder or item.baseline is not None or evidence.on_premises["kind"] != "mail_user":
        return False
    stamped = evidence.on_premises["exchange_guid"] == evidence.cloud["exchange_guid"]
    return stamped or bool(evidence.cloud["is_dir_synced"])


# -- report ------------------------------------------------------------------------------------------------------------


def _report(item: Mailbox, options: AssessOptions, baselines: Baselines | None) -> None:
    if item.state is None or item.evidence is None:
        return
    state, evidence = item.state, item.evidence
    item.outcome.details = {
        "state": state.name,
        "reason": state.reason,
        "beginning": state.beginning,
        **item.outcome.details,
    }
    if item.open and item.record.get("remove_delay_holds") and _hold_kinds.delays(evidence.cloud):
        item.outcome.details["delay_holds"] = _hold_kinds.delays(evidence.cloud)
    if options.require_state and not item.failed:
        _require(item, state, evidence, options)
    item.outcome.enriched = {
        **_known(item, evidence),
        **item.supplied,
        "offboarding_state": state.name,
        "beginning": state.beginning,
        "whole": state.name in offboarding_state.WHOLE,
        "anchor_unverified": not state.anchor_verified,
        **({"source_anchor": seen.source_anchor} if isinstance(seen := evidence.directory, DirectoryUser) else {}),
        **({"holds_seen": held} if (held := [hold.entry for hold in _hold_kinds.of_mailbox(evidence.cloud)]) else {}),
        "ad_identity": item.record.get("ad_identity") or evidence.on_premises["guid"],
        "on_premises": {
            **part(
                evidence.on_premises,
                (
                    "guid",
                    "distinguished_name",
                    "kind",
                    "recipient_type_details",
                    "database",
                    "linked_master_account",
                ),
            ),
            **({"proxy_addresses": kept} if (kept := _kept_by_hand(item, evidence)) else {}),
        },
        **(
            {"baseline_file": baselines.path(evidence.cloud["exchange_guid"])}
            if baselines is not None and item.baseline is not None
            else {}
        ),
    }


def _known(item: Mailbox, evidence: MailboxEvidence) -> Record:
    """Return the mailbox's values for later steps: the baseline's where there is one, else what is live.

    What the record itself says (a primary address, say) stays; addresses it only adds to the mailbox's, or the match
    would take those that it leaves out from the mailbox. Of a mail user only its identity is worth knowing: the
    rest is no longer the mailbox's.
    """
    live = cloud.carried(evidence.cloud)
    if item.baseline is not None:
        values: Record = {**live, **cloud.carried(item.baseline["cloud"])}
    elif evidence.cloud["kind"] == "mailbox":
        values = live
    else:
        values = {
            "exchange_guid": live["exchange_guid"],
            "external_directory_object_id": live["external_directory_object_id"],
            "user_principal_name": live["user_principal_name"],
        }
        if evidence.on_premises["recipient_type_details"] in cloud.MOVABLE_TYPES:
            values["recipient_type_details"] = evidence.on_premises["recipient_type_details"]
    linked = (item.baseline or {}).get("on_premises", evidence.on_premises).get("linked_master_account")
    if linked:
        values["linked_master_account"] = linked
    if "email_addresses" in values:
        values["email_addresses"] = _with_given(item.record, values)
    return wave_records.as_record(
        {name: value for name, value in values.items() if name not in item.record or name in ADDED_TO}
    )


def _with_given(record: Record, mailbox: Record) -> list[str]:
    """Return the mailbox's addresses, and those that the record has beside them."""
    held, dn = list(mailbox["email_addresses"]), str(record.get("legacy_exchange_dn") or "")
    given = [str(address) for address in _values.as_list(record.get("email_addresses"))]
    if dn and _values.folded(dn) != _values.folded(mailbox["legacy_exchange_dn"]):
        given.append(f"X500:{dn}")
    return [*held, *addresses.missing(given, held)]


def _require(item: Mailbox, state: State, evidence: MailboxEvidence, options: AssessOptions) -> None:
    wanted = options.require_state
    if state.name != wanted:
        item.fail(
            MailboxError(
                f"the mailbox is {state.name}, not {wanted}: {state.reason}.",
                code=f"not_{wanted}",
                retryable=state.name == "moving",
                remedy="Check its move request with move_request_info.",
            )
        )
        return
    if wanted == "home":
        known: Record = {**item.record, **_known(item, evidence)}
        item.outcome.warnings += offboarding_state.notes(
            known,
            evidence,
            baseline=item.baseline is not None or not options.folder,
            before=(item.baseline or {}).get("cloud"),
        )
        wrong = offboarding_state.not_as_wanted(known, evidence)
        if wrong:
            lags = all(difference.code == "cloud_lags" for difference in wrong)
            item.outcome.details["differences"] = [difference.as_result() for difference in wrong]
            item.fail(
                MailboxError(
                    "the mailbox is home, but " + "; ".join(difference.message for difference in wrong) + ".",
                    code="cloud_lags" if lags else "verification_failed",
                    retryable=lags,
                    remedy=" ".join(dict.fromkeys(difference.remedy for difference in wrong)),
                )
            )
