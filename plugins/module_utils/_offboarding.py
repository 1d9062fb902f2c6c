# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Reading a wave's state from both organizations, with the guards and the baseline that come before the first write."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _bulk, _reading, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._baseline import Baselines
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
    Connections,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._reading import Seen
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._resources import (
    cloud,
    mailbox_info,
    move_request,
    offboarding_state,
    uniqueness,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._resources.offboarding_state import (
    Evidence,
    State,
)


@dataclass(frozen=True)
class Options:
    """``directory`` keeps the baselines; ``accept`` are stop signs by code; ``require_state`` fails every other
    state."""

    directory: str = ""
    accept: frozenset[str] = frozenset()
    require_state: str = ""
    check: bool = False


@dataclass
class _Mailbox:
    """One mailbox while it is judged."""

    record: Record
    outcome: Outcome
    evidence: Evidence | None = None
    state: State | None = None
    baseline: dict[str, Any] | None = None

    def fail(self, error: HybridError) -> None:
        self.outcome.status, self.outcome.error = "failed", error

    @property
    def failed(self) -> bool:
        return self.outcome.status == "failed"

    @property
    def open(self) -> bool:
        return not self.failed and self.state is not None and self.state.name in offboarding_state.OPEN


def assess(connections: Connections, records: Sequence[Record], options: Options) -> list[Outcome]:
    """Return each mailbox's state, with the record completed by what later steps need.

    A conflict, a stop sign that nobody accepted, a missing baseline and an address that somebody else holds are
    failures.
    """
    wave = [_Mailbox(record, Outcome(record)) for record in records]
    _gather(connections, wave)
    for item in wave:
        if item.evidence is not None:
            item.state = offboarding_state.judge(item.evidence)
    baselines = Baselines(options.directory) if options.directory else None
    _load_baselines(wave, baselines)
    _guard(connections, wave, options)
    for item in wave:
        if item.open and baselines is not None and item.baseline is None and not options.check:
            item.baseline = baselines.save(
                item.outcome.identity,
                item.evidence.cloud if item.evidence else {},
                item.evidence.on_premises if item.evidence else {},
            )
        _report(item, options, baselines)
    return [item.outcome for item in wave]


def _gather(connections: Connections, wave: Sequence[_Mailbox]) -> None:
    tenant = _reading.cloud_recipients(connections, [item.record for item in wave])
    named = []
    for item, found in zip(wave, tenant, strict=True):
        if isinstance(found, HybridError):
            item.fail(found)
        else:
            named.append((item, found, {**item.record, "user_principal_name": found["user_principal_name"]}))
    ad = _reading.on_premises_objects(connections, [record for _item, _found, record in named])
    for (item, found, _record), user in zip(named, ad, strict=True):
        if isinstance(user, HybridError):
            item.fail(user)
        else:
            item.evidence = Evidence(found, user)
    requests = move_request.by_mailbox(_reading.move_requests(connections)) if named else {}
    seen = [item.evidence for item in wave if item.evidence is not None]
    for evidence in seen:
        evidence.move_request = requests.get(evidence.cloud["exchange_guid"])
    _find_anchors(connections, [e for e in seen if e.cloud["kind"] == "mailbox" and _unproved(e)])


def _unproved(evidence: Evidence) -> bool:
    mine = evidence.on_premises["external_directory_object_id"]
    return bool(evidence.cloud["is_dir_synced"]) and mine != evidence.cloud["external_directory_object_id"]


def _find_anchors(connections: Connections, seen: Sequence[Evidence]) -> None:
    """Find the on-premises users that claim a cloud object: by written-back object id, or by its ImmutableId.

    An ImmutableId may come from mS-DS-ConsistencyGuid instead of objectGUID: one that names no user proves nothing.
    """
    asked: dict[str, tuple[str, ...]] = {}
    for evidence in seen:
        known = evidence.cloud["external_directory_object_id"]
        if known:
            asked.update({known: ("ExternalDirectoryObjectId",), f"user_{known}": ("ExternalDirectoryObjectId",)})
        anchor = guid_of_immutable_id(evidence.cloud.get("immutable_id", ""))
        if anchor:
            asked[anchor] = ("Guid",)
    found = _bulk.find(connections, EXCHANGE_SERVER, "Get-User", asked, lambda value: asked[value])
    for evidence in seen:
        known = evidence.cloud["external_directory_object_id"]
        for value in (known, f"user_{known}", guid_of_immutable_id(evidence.cloud.get("immutable_id", ""))):
            objects = found.get(value, [])
            if isinstance(objects, list):
                evidence.anchored_to += [_values.guid(item.get("Guid")) for item in objects]


def guid_of_immutable_id(immutable_id: str) -> str:
    """Return the GUID whose little-endian bytes the base64 text holds, or an empty text."""
    try:
        return str(uuid.UUID(bytes_le=base64.b64decode(immutable_id, validate=True)))
    except (binascii.Error, ValueError):
        return ""


def _load_baselines(wave: Sequence[_Mailbox], baselines: Baselines | None) -> None:
    if baselines is None:
        return
    for item in wave:
        if item.evidence is not None and item.evidence.cloud["exchange_guid"] != _values.ZERO_GUID:
            item.baseline = baselines.load(item.evidence.cloud["exchange_guid"])


# -- guards ------------------------------------------------------------------------------------------------------------


def _guard(connections: Connections, wave: Sequence[_Mailbox], options: Options) -> None:
    for item in wave:
        if item.state is not None and item.state.name == "conflict":
            item.fail(
                MailboxError(
                    f"{item.state.reason}.",
                    code="conflict",
                    remedy="Resolve it by hand: nothing was written for this mailbox.",
                )
            )
    waiting = [item for item in wave if item.open]
    if not waiting:
        return
    _refuse_unknown_databases(connections, waiting)
    _refuse_shared_addresses(connections, waiting)
    domains = _reading.accepted_domains(connections, EXCHANGE_ONLINE)
    for item in waiting:
        if not item.failed and item.evidence is not None:
            _stop(item, item.evidence, domains, options)


def _refuse_unknown_databases(connections: Connections, wave: Sequence[_Mailbox]) -> None:
    names = ("remote_target_database", "remote_archive_target_database")
    if not any(item.record.get(name) for item in wave for name in names):
        return
    known = _reading.database_names(connections)
    for item in wave:
        for name in names:
            wanted = str(item.record.get(name) or "")
            if wanted and wanted.lower() not in known:
                item.fail(
                    MailboxError(
                        f"{name}: '{wanted}' is no mailbox database on-premises.",
                        code="database_not_found",
                        cmdlet="Get-MailboxDatabase",
                        remedy=f"Name one of: {', '.join(sorted(known))}.",
                    )
                )


def _refuse_shared_addresses(connections: Connections, wave: Sequence[_Mailbox]) -> None:
    entries = {
        id(item): Seen(cloud=item.evidence.cloud, on_premises=item.evidence.on_premises)
        for item in wave
        if item.evidence is not None and not item.failed
    }
    uniqueness.refuse_other_holders(connections, list(entries.values()))
    for item in wave:
        entry = entries.get(id(item))
        if entry is not None and entry.error is not None:
            item.fail(entry.error)


def _stop(item: _Mailbox, evidence: Evidence, domains: Collection[str], options: Options) -> None:
    signs = offboarding_state.stop_signs(item.record, _before(item, evidence), evidence.on_premises, domains)
    if _baseline_missing(item, evidence, options):
        signs.insert(
            0,
            MailboxError(
                "the on-premises mail user was made by an earlier run, but its baseline is gone, so nobody knows which "
                "addresses "
                "the mailbox had.",
                code="baseline_missing",
                remedy="Restore the directory of that run. Or, if the addresses are known to be whole, accept it: "
                "offboarding_accept: [baseline_missing].",
            ),
        )
    item.outcome.details["stop_signs"] = [sign.code for sign in signs]
    refused = [sign for sign in signs if sign.code not in options.accept]
    if refused:
        item.outcome.details["refused"] = [sign.as_result() for sign in refused]
        item.fail(refused[0])


def _before(item: _Mailbox, evidence: Evidence) -> dict[str, Any]:
    """Return the cloud mailbox with the compared fields as they were before the first write."""
    known = (item.baseline or {}).get("cloud", {})
    return {**evidence.cloud, **{name: known[name] for name in cloud.COMPARED if name in known}}


def _baseline_missing(item: _Mailbox, evidence: Evidence, options: Options) -> bool:
    if not options.directory or item.baseline is not None or evidence.on_premises["kind"] != "mail_user":
        return False
    stamped = evidence.on_premises["exchange_guid"] == evidence.cloud["exchange_guid"]
    return stamped or bool(evidence.cloud["is_dir_synced"])


# -- report ------------------------------------------------------------------------------------------------------------


def _report(item: _Mailbox, options: Options, baselines: Baselines | None) -> None:
    if item.state is None or item.evidence is None:
        return
    state, evidence = item.state, item.evidence
    item.outcome.details = {
        "state": state.name,
        "reason": state.reason,
        "beginning": state.beginning,
        **item.outcome.details,
    }
    if options.require_state and not item.failed:
        _require(item, state, evidence, options.require_state)
    item.outcome.enriched = {
        **_known(item, evidence),
        "offboarding_state": state.name,
        "beginning": state.beginning,
        "anchor_unverified": not state.anchor_verified,
        "ad_identity": item.record.get("ad_identity") or evidence.on_premises["guid"],
        "on_premises": {
            name: evidence.on_premises[name]
            for name in ("guid", "kind", "recipient_type_details", "database")
            if name in evidence.on_premises
        },
        **(
            {"baseline_file": baselines.path(evidence.cloud["exchange_guid"])}
            if baselines is not None and item.baseline is not None
            else {}
        ),
    }


def _known(item: _Mailbox, evidence: Evidence) -> Record:
    """Return the mailbox's values for later steps: the baseline's where there is one, else what is live.

    What the record itself says (a primary address, say) stays. Of a mail user only its identity is worth knowing: the
    rest is no longer the mailbox's.
    """
    live = mailbox_info.carried(evidence.cloud)
    if item.baseline is not None:
        values = {**live, **mailbox_info.carried(item.baseline["cloud"])}
    elif evidence.cloud["kind"] == "mailbox":
        values = live
    else:
        values = {name: live[name] for name in ("exchange_guid", "external_directory_object_id", "user_principal_name")}
        if evidence.on_premises["recipient_type_details"] in cloud.MOVABLE_TYPES:
            values["recipient_type_details"] = evidence.on_premises["recipient_type_details"]
    return {name: value for name, value in values.items() if name not in item.record}


def _require(item: _Mailbox, state: State, evidence: Evidence, wanted: str) -> None:
    if state.name != wanted:
        item.fail(
            MailboxError(
                f"the mailbox is {state.name}, not {wanted}: {state.reason}.",
                code=f"not_{wanted}",
                retryable=state.name == "moving",
                remedy="Look at its move request with move_request_info.",
            )
        )
        return
    if wanted == "home":
        wrong = offboarding_state.not_as_wanted({**item.record, **_known(item, evidence)}, evidence)
        if wrong:
            item.fail(
                MailboxError(
                    "the mailbox is home, but " + "; ".join(wrong) + ".",
                    code="verification_failed",
                    remedy="Correct it on-premises, then run again.",
                )
            )
