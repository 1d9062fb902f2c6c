# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of smtp_match does: mail is stamped, or the match is waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    ENTRA_CONNECT,
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.directory_sync import (
    DirectorySync,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match.step import (
    ANCHOR_UNVERIFIED,
    MailStamped,
    await_match,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import directory_holders
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    ACTIVE_DIRECTORY,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave


def _cycle(module: HybridModule, connections: Connections) -> Callable[[], object] | None:
    if not module.params["another_cycle"] or module.check_mode:
        return None
    connections.require(ENTRA_CONNECT)
    sync = DirectorySync(connections, False, wait_timeout=module.params["wait_timeout"], wait_sleep=5)
    return lambda: sync.synced("Delta", module.folder())


def work(module: HybridModule) -> NoReturn:
    records, params = module.records(), module.params
    with module.connections() as connections:
        connections.require(EXCHANGE_SERVER, EXCHANGE_ONLINE)
        if params["state"] == "stamped":
            directory = directory_holders.asked_by(module.connection_options(ACTIVE_DIRECTORY))
            outcomes = run_wave(
                MailStamped(module.check_mode, params["accept"], directory),
                records,
                connections,
                check=module.check_mode,
                on_error=params["on_error"],
            )
            module.warnings += directory_holders.warnings(directory)
        else:
            outcomes = await_match(
                connections,
                records,
                accept=params["accept"],
                # Nothing was written in a preview, so there is nothing to wait for: one look.
                wait_timeout=0 if module.check_mode else params["wait_timeout"],
                wait_sleep=params["wait_sleep"],
                cycle=_cycle(module, connections),
                check=module.check_mode,
            )
    if any(outcome.details.get("anchor_unverified") for outcome in outcomes):
        module.warn(ANCHOR_UNVERIFIED)
    module.finish(outcomes)
