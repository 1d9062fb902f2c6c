# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of directory_sync does."""

from __future__ import annotations

from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import ENTRA_CONNECT
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.directory_sync import (
    DirectorySync,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    HybridModule,
)


def work(module: HybridModule) -> NoReturn:
    params = module.params
    with module.connections() as connections:
        connections.require(ENTRA_CONNECT)
        sync = DirectorySync(
            connections,
            module.check_mode,
            wait_timeout=params["wait_timeout"],
            wait_sleep=params["wait_sleep"],
            allow_staging=params["allow_staging"],
            allow_suspended=params["allow_suspended"],
            accept_export_errors=params["accept_export_errors"],
            holder=params["holder"],
            run=module.own_run.holder,
            processes=module.own_run.processes,
            resume_timeout=params["resume_timeout"],
        )
        if params["state"] == "synced":
            result = sync.synced(params["policy_type"].capitalize(), module.folder())
        elif params["state"] == "ready":
            result = sync.ready()
        elif params["state"] == "paused":
            result = sync.paused(module.folder(), params["require_ready"])
        else:
            result = sync.resumed(module.folder(), params["assume_paused"])
    module.warnings += result.warnings
    module.exit(
        changed=result.changed,
        cmdlets=result.cmdlets,
        runs=result.runs,
        before=result.before,
        after=result.after,
        noted=result.noted,
        diff={"before": result.before, "after": result.after, "prepared": "".join(f"{c}\n" for c in result.cmdlets)},
    )
