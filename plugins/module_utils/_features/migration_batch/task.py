# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of migration_batch does: the batches of each name that the wave's records have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch import batches
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.members import (
    Databases,
    name_of_wave,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.plan import Options
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.data_consistency import (
    refuse_nameless_approval,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import HybridModule
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import databases as on_premises
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import migration
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, is_home

MOST_MEMBERS = 1000
OF_A_BATCH = ("target_databases", "target_archive_databases")
AUTO = "auto"


def work(module: HybridModule) -> NoReturn:
    params = module.params
    refuse_nameless_approval(params)
    _check(params)
    records = module.records(required=("batch_name",))
    with module.connections() as connections:
        connections.require(EXCHANGE_ONLINE)
        cmdlets: list[str] = []
        changed = False
        outcomes = {str(record["identity"]): Outcome(record, status="skipped") for record in records}
        mine = [record for record in records if record.get("move_method") != "move_request"]
        endpoint, databases = _endpoint(connections, params, mine), _databases(connections, params, mine)
        for name, group in _by_name(mine).items():
            found = batches.run(
                connections, group, _options(params, name, endpoint, databases), check=module.check_mode,
                folder=module.folder(), removal_timeout=params["removal_timeout"],
            )  # fmt: skip
            outcomes.update({outcome.identity: outcome for outcome in found.outcomes})
            module.warnings += found.warnings
            cmdlets += found.cmdlets
            changed = changed or found.changed
    module.finish([outcomes[str(record["identity"])] for record in records], cmdlets=cmdlets, changed=changed)


def _check(params: Mapping[str, Any]) -> None:
    size = params["batch_size"]
    if not 1 <= size <= MOST_MEMBERS:
        raise InputError("batch_size", size, f"is not between 1 and {MOST_MEMBERS}", "Set a number in that range.")
    if params["only_completed"] and params["state"] != "absent":
        remedy = "Use it for migration_batch with state: absent."
        raise InputError("only_completed", True, f"has no meaning with state: {params['state']}", remedy)
    for several, one in zip(OF_A_BATCH, on_premises.FIELDS, strict=True):
        on_premises.refuse_two_ways(params, several, one)
        if AUTO in map(_values.folded, params[several] or ()):
            raise InputError(
                several,
                AUTO,
                "is no database: module offboarding_state, and the role, decide which has the space",
                "Name the databases, or set target_databases: auto for offboarding_state and pass its records on.",
            )


def _by_name(records: Sequence[Record]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(name_of_wave(record), []).append(record)
    return groups


def _endpoint(connections: Connections, params: Mapping[str, Any], records: Sequence[Record]) -> str:
    """Return the target endpoint's name where batches may have to be made; before anything is written."""
    if params["state"] not in ("present", "started") or all(is_home(record) for record in records):
        return ""
    found = migration.chosen_endpoint(recipients_read.migration_endpoints(connections), params["target_endpoint"] or "")
    return found["identity"]


def _databases(connections: Connections, params: Mapping[str, Any], records: Sequence[Record]) -> Databases:
    """Return the databases of new batches; InputError for one that no mailbox can move to, where that can be known."""
    if params["state"] not in ("present", "started"):
        return Databases()
    primary, archive = (tuple(dict.fromkeys(params[name] or ())) for name in OF_A_BATCH)
    open_ones = [record for record in records if not is_home(record)]
    known = recipients_read.databases_for(connections, open_ones, [*primary, *archive])
    for option, names in zip(OF_A_BATCH, (primary, archive), strict=True):
        on_premises.refuse_option(option, names, known)
    return Databases(primary, archive, known)


def _options(params: Mapping[str, Any], name: str, endpoint: str, databases: Databases) -> Options:
    return Options(
        params["state"],
        name,
        endpoint,
        params["batch_size"],
        tuple(params["notification_emails"] or ()),
        params["purge_members"],
        params["only_completed"],
        databases,
    )
