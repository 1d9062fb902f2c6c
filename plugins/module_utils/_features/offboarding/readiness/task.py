# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of offboarding_readiness does with its arguments."""

from __future__ import annotations

from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Credential
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness import (
    report as reports,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    accepted_codes,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.read import (
    ReadinessOptions,
    check,
    write_report,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import databases
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    ACTIVE_DIRECTORY,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.trimming import trimmed


def work(module: HybridModule) -> NoReturn:
    records = module.records()
    databases.refuse_two_ways(module.params)
    options = _options(module)
    with module.connections() as connections:
        connections.require(EXCHANGE_SERVER, EXCHANGE_ONLINE)
        report = check(connections, records, options)
    fail_on = "never" if module.params["on_error"] == "continue" else module.params["fail_on"]
    result = reports.result(report, fail_on)
    refusal = reports.refusal(report, fail_on)
    if module.params["report_directory"] and not module.check_mode:
        try:
            result["report"] = write_report(module.params["report_directory"], report)
            # The report has everything, and is where people look.
            result = trimmed(result, module.params["mailboxes_file"] or "")
        except InputError as error:
            # What was found is worth as much without the files.
            module.fail(error, **result)
    if refusal is not None:
        module.fail(refusal, **result)
    module.exit(**result)


def _options(module: HybridModule) -> ReadinessOptions:
    params = module.params
    credential = params["remote_credential"] or {}
    known = credential.get("username") and credential.get("password")
    return ReadinessOptions(
        folder=module.folder(),
        accept=accepted_codes(params["accept"]),
        check_sizes=params["check_sizes"],
        test_endpoint=params["test_endpoint"],
        brings_into_scope=params["brings_into_scope"],
        pause_sync=params["pause_sync"],
        migration_endpoint=params["migration_endpoint"] or "",
        credential=Credential(credential["username"], credential["password"]) if known else None,
        online=params[EXCHANGE_ONLINE] or {},
        controller_pinned=bool(params[EXCHANGE_SERVER].get("domain_controller")),
        method=params["method"] or "",
        target_databases=tuple(params["target_databases"] or ()),
        check=module.check_mode,
        active_directory=module.connection_options(ACTIVE_DIRECTORY),
    )
