# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of mailuser does: users are made whole, disabled, or mended."""

from __future__ import annotations

from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.pause_notes import (
    note_of,
)
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
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave


def work(module: HybridModule) -> NoReturn:
    directory, holder = module.params["directory"] or "", module.params["holder"]
    check, on_error = module.check_mode, module.params["on_error"]
    if module.params["state"] == "mended":
        with module.connections() as connections:
            connections.require(EXCHANGE_SERVER)
            outcomes = mend_left(connections, HalfMade(directory, holder), check=check)
    elif module.params["state"] == "present":
        records = module.records(["primary_smtp_address"])
        pause = note_of(directory, holder) if module.params["pause_noted"] else ""
        half_made = HalfMade("" if check else directory, holder, pause)
        with none_left_half_made(half_made, module.connections), module.connections() as connections:
            connections.require(EXCHANGE_SERVER)
            step = Present(check)
            outcomes = run_wave(step, records, connections, check=check, on_error=on_error, half_made=half_made)
            if not check:
                settle(connections, outcomes, half_made)
    else:
        with module.connections() as connections:
            connections.require(EXCHANGE_SERVER)
            outcomes = run_wave(MailUserAbsent(check), module.records(), connections, check=check, on_error=on_error)
    module.finish(outcomes)
