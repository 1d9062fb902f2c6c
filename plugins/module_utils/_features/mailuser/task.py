# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of mailuser does: users are made whole, disabled, or mended."""

from __future__ import annotations

from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.mailuser import (
    MailUserAbsent,
    Present,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.mending import (
    mend_left,
    none_left_half_made,
    settle,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave


def work(module: HybridModule) -> NoReturn:
    directory, holder = module.params["directory"] or "", module.params["holder"]
    if module.params["state"] == "mended":
        with module.connections() as connections:
            connections.require(EXCHANGE_SERVER)
            outcomes = mend_left(connections, HalfMade(directory, holder), check=module.check_mode)
    elif module.params["state"] == "present":
        outcomes = _present(module, HalfMade("" if module.check_mode else directory, holder))
    else:
        with module.connections() as connections:
            connections.require(EXCHANGE_SERVER)
            outcomes = run_wave(
                MailUserAbsent(module.check_mode),
                module.records(),
                connections,
                check=module.check_mode,
                on_error=module.params["on_error"],
            )
    module.finish(outcomes)


def _present(module: HybridModule, half_made: HalfMade) -> list[Outcome]:
    records = module.records(required=["primary_smtp_address"])
    step, check, on_error = Present(module.check_mode), module.check_mode, module.params["on_error"]
    with none_left_half_made(half_made, module.connections), module.connections() as connections:
        connections.require(EXCHANGE_SERVER)
        outcomes = run_wave(step, records, connections, check=check, on_error=on_error, half_made=half_made)
        if not check:
            settle(connections, outcomes, half_made)
    return outcomes
