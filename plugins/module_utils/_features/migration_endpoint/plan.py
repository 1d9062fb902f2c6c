# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a migration endpoint for remote moves needs: created, changed or removed. Pure.

Exchange never shows the credential that an endpoint keeps, so it is written where that is asked for, and compared
never. Facts: migration-batches.md section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Credential,
    Value,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import migration
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    MigrationEndpoint,
    parameters,
    part,
)

LIMITS = {
    "max_concurrent_migrations": "MaxConcurrentMigrations",
    "max_concurrent_incremental_syncs": "MaxConcurrentIncrementalSyncs",
}
_SET = {"remote_server": "RemoteServer", **LIMITS}


@dataclass(frozen=True)
class Wanted:
    """What a task asks of an endpoint. ``settings`` has only what was given; ``credential`` is None where none was."""

    name: str
    settings: MigrationEndpoint
    credential: Credential | None = None
    update_credentials: bool = False


@dataclass(frozen=True)
class EndpointPlan:
    """``calls`` are made in order; ``before`` and ``after`` hold only what changes."""

    calls: Sequence[Cmdlet] = ()
    before: MigrationEndpoint | None = None
    after: MigrationEndpoint | None = None


def present(wanted: Wanted, current: MigrationEndpoint | None) -> EndpointPlan:
    """An endpoint exists and is as asked for; InputError for what cannot be changed, or is not enough to make one."""
    if current is None:
        return _new(wanted)
    why_not = migration.why_not_ours(current)
    if why_not:
        raise InputError(
            "name",
            wanted.name,
            f"{why_not}, and an endpoint's type cannot be changed",
            "Use another name, or remove it first (migration_endpoint, state: absent).",
            "endpoint_differs",
        )
    change = {
        name: value
        for name, value in wanted.settings.items()
        if _values.folded(value) != _values.folded(current.get(name))
    }
    updates = wanted.update_credentials
    if not change and not updates:
        return EndpointPlan()
    _check_limits({**current, **wanted.settings})
    given: dict[str, Value] = {"Identity": wanted.name, **parameters(change, _SET)}
    if updates:
        given["Credentials"] = _needed(wanted)
    before = part(current, change)
    after: MigrationEndpoint = {**part(wanted.settings, change)}
    return EndpointPlan([Cmdlet("Set-MigrationEndpoint", given)], before, after)


def _new(wanted: Wanted) -> EndpointPlan:
    if not wanted.settings.get("remote_server"):
        raise InputError(
            "remote_server",
            None,
            f"is not set, and there is no migration endpoint named {wanted.name}",
            "Set the name under which Exchange Online reaches the on-premises MRS proxy.",
            "missing_option",
        )
    _check_limits(wanted.settings)
    given: dict[str, Value] = {
        "Name": wanted.name, "ExchangeRemoteMove": True, **parameters(wanted.settings, _SET),
        "Credentials": _needed(wanted),
    }  # fmt: skip
    after: MigrationEndpoint = {"identity": wanted.name, **wanted.settings}
    return EndpointPlan([Cmdlet("New-MigrationEndpoint", given)], None, after)


def _needed(wanted: Wanted) -> Credential:
    if wanted.credential is None:
        raise InputError(
            "remote_credential",
            None,
            "is not set, and the endpoint keeps the credential of the account that the MRS proxy lets in",
            "Set username and password, or REMOTE_CREDENTIAL_USERNAME and REMOTE_CREDENTIAL_PASSWORD.",
            "missing_option",
        )
    return wanted.credential


def _check_limits(settings: MigrationEndpoint) -> None:
    most, syncs = settings.get("max_concurrent_migrations"), settings.get("max_concurrent_incremental_syncs")
    if most is not None and syncs is not None and syncs > most:
        raise InputError(
            "max_concurrent_incremental_syncs",
            syncs,
            f"is more than max_concurrent_migrations, which is {most}",
            "Set a number that is not greater.",
        )


def absent(name: str, current: MigrationEndpoint | None) -> EndpointPlan:
    """No endpoint of this name, whatever its type."""
    if current is None:
        return EndpointPlan()
    return EndpointPlan([Cmdlet("Remove-MigrationEndpoint", {"Identity": name})], current, None)
