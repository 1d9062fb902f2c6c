# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of mrs_proxy does: each server alone, so that one that fails leaves the others their settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change as Told
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mrs_proxy import plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mrs_proxy.plan import (
    Change,
    VirtualDirectory,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import HybridModule


def work(module: HybridModule) -> NoReturn:
    params = module.params
    wanted = {name: params[name] for name in plan.PARAMETERS if params[name] is not None}
    with module.connections() as connections:
        connections.require(EXCHANGE_SERVER)
        there = plan.chosen(read(connections), params["servers"] or ())
        changes = plan.changes(there, wanted)
        errors = {} if module.check_mode else apply(connections, changes)
    servers = [_told(item, changes, errors, check=module.check_mode) for item in there]
    done = [change for change in changes if change.directory.identity not in errors]
    result: dict[str, Any] = {
        "changed": bool(done),
        "servers": servers,
        "iis_reset_needed": [change.directory.server for change in done],
        "cmdlets": [change.cmdlet.preview() for change in done],
        "diff": [_diff(change) for change in done],
    }
    if errors:
        first = next(iter(errors.values()))
        names = ", ".join(change.directory.server for change in changes if change.directory.identity in errors)
        module.fail(
            HybridError(
                f"{names}: {first.message}", code=first.code, cmdlet=first.cmdlet, retryable=first.retryable,
                remedy=first.remedy,
            ),
            **result,
        )  # fmt: skip
    module.exit(**result)


def read(connections: Connections) -> list[VirtualDirectory]:
    """Return the EWS virtual directories of all servers."""
    shown = connections.run(EXCHANGE_SERVER, Cmdlet("Get-WebServicesVirtualDirectory")).objects
    return [plan.virtual_directory(item) for item in shown]


def apply(connections: Connections, changes: Sequence[Change]) -> dict[str, HybridError]:
    """Write the changes; return what went wrong, by the virtual directory's identity. A lost answer is read back."""
    errors: dict[str, HybridError] = {}
    for change in changes:
        try:
            connections.run(
                EXCHANGE_SERVER, change.cmdlet, Told(change.directory.identity, change.before, change.after)
            )
        except HybridError as error:
            error.cmdlet = error.cmdlet or change.cmdlet.name
            errors[change.directory.identity] = error
    if not changes:
        return errors
    now = {item.identity: item for item in read(connections)}
    for change in changes:
        live = now.get(change.directory.identity)
        left = plan.changes([live], dict(change.after)) if live else [change]  # type: ignore[arg-type]
        if not left:
            errors.pop(change.directory.identity, None)
        elif change.directory.identity not in errors:
            errors[change.directory.identity] = MailboxError(
                f"{change.cmdlet.name} was accepted, but the change is not visible when it is read back.",
                code="not_applied",
                cmdlet=change.cmdlet.name,
                retryable=True,
                remedy="Run again after replication.",
            )
    return errors


def _told(
    item: VirtualDirectory, changes: Sequence[Change], errors: Mapping[str, HybridError], *, check: bool
) -> dict[str, object]:
    change = next((change for change in changes if change.directory.identity == item.identity), None)
    error = errors.get(item.identity)
    made = {} if change is None or error is not None else dict(change.after)
    result: dict[str, object] = {
        "server": item.server, "identity": item.identity, "status": "changed" if made else "unchanged",
        **item.settings, **made,
    }  # fmt: skip
    if error is not None:
        result.update(status="failed", error=error.as_result())
    return result


def _diff(change: Change) -> dict[str, object]:
    return {
        "before_header": change.directory.identity,
        "after_header": change.directory.identity,
        "before": dict(change.before),
        "after": dict(change.after),
        "prepared": f"{change.cmdlet.preview()}\n",
    }
