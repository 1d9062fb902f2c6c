# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of migration_endpoint does."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    refuse_unpublished,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import classify
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    HybridError,
    InputError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_endpoint import (
    availability,
    plan,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_endpoint.plan import (
    EndpointPlan,
    Wanted,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.plan import (
    checked_credential,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import HybridModule
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import migration
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import utc_now
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MigrationEndpoint


def work(module: HybridModule) -> NoReturn:
    params = module.params
    state, name = params["state"], params["name"] or ""
    if state != "tested" and not name:
        remedy = "Set the endpoint's name."
        raise InputError("name", None, f"is not set, and state: {state} needs it", remedy, "missing_option")
    wanted = _wanted(params, name)
    with module.connections() as connections:
        connections.require(EXCHANGE_ONLINE)
        found = recipients_read.migration_endpoints(connections)
        if state == "tested":
            endpoint = migration.chosen_endpoint(found, name, "name")
            module.exit(changed=False, endpoint=endpoint, test=proved(connections, endpoint["identity"]))
        current = _named(found, name)
        planned = plan.present(wanted, current) if state == "present" else plan.absent(name, current)
        if wanted.credential is not None and any("Credentials" in cmdlet.parameters for cmdlet in planned.calls):
            refuse_unpublished(wanted.credential, params["exchange_online"] or {})
        if planned.calls and not module.check_mode:
            _apply(connections, planned, name)
            current = _named(recipients_read.migration_endpoints(connections), name)
    _finish(module, planned, current)


def _named(found: Sequence[MigrationEndpoint], name: str) -> MigrationEndpoint | None:
    return next((item for item in found if _values.folded(item.get("identity")) == _values.folded(name)), None)


def _wanted(params: Mapping[str, Any], name: str) -> Wanted:
    """Return what is asked for."""
    settings = {key: params[key] for key in ("remote_server", *plan.LIMITS) if params[key] is not None}
    given = params["remote_credential"] or {}
    credential = checked_credential(given, needed=True) if given.get("username") or given.get("password") else None
    return Wanted(name, cast(MigrationEndpoint, settings), credential, params["update_credentials"])


def _apply(connections: Connections, planned: EndpointPlan, name: str) -> None:
    before, after = (cast(Mapping[str, object], part or {}) for part in (planned.before, planned.after))
    change = Change(name, before, after)
    for cmdlet in planned.calls:
        try:
            connections.run(EXCHANGE_ONLINE, cmdlet, change)
        except HybridError as error:
            error.cmdlet = error.cmdlet or cmdlet.name
            raise


def _finish(module: HybridModule, planned: EndpointPlan, current: MigrationEndpoint | None) -> NoReturn:
    before, after = planned.before or {}, planned.after or {}
    cmdlets = [cmdlet.preview() for cmdlet in planned.calls]
    shown = {**(current or {}), **(after if module.check_mode else {})}
    if module.check_mode and planned.calls and planned.after is None:
        shown = {}
    module.exit(
        changed=bool(planned.calls),
        endpoint=shown,
        before=before,
        after=after,
        cmdlets=cmdlets,
        diff={"before": before, "after": after, "prepared": "".join(f"{cmdlet}\n" for cmdlet in cmdlets)},
    )


def proved(
    connections: Connections,
    name: str,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime.datetime] = utc_now,
) -> dict[str, object]:
    """Return the result of the endpoint's own test, which needs no secret; HybridError where it failed."""
    answer = availability.ask(connections, {"Endpoint": name}, sleep=sleep, now=now) or []
    shown = answer[0] if answer else {}
    result = {"result": _values.name_of(shown.get("Result")), "message": str(shown.get("Message") or "")}
    if not migration.has_passed(answer):
        told = str(shown.get("ErrorDetail") or result["message"] or "no message")
        known = classify("", told)
        raise MailboxError(
            f"the migration endpoint {name} does not work ({known.code}): {told}",
            code="endpoint_failed",
            cmdlet=availability.TEST,
            retryable=known.retryable,
            remedy=known.remedy,
        )
    return {**result}
