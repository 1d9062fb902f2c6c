# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of mailuser does: users are made whole, disabled, or mended."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    ENTRA_CONNECT,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.directory_sync import (
    ended_pause,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.pause_notes import (
    note_of,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.mending import (
    mend_left,
    none_left_half_made,
    settle,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.step import (
    MailUserAbsent,
    Present,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import directory_holders
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    ACTIVE_DIRECTORY,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.interrupts import undisturbed
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave


@contextlib.contextmanager
def _pause_ended_if_interrupted(module: HybridModule, half_made: HalfMade) -> Iterator[None]:
    """End the pause of this run after an interrupt: the tasks that would do so may never come.

    Over a half-made user, and where it does not succeed, the pause stays, and the interrupt says so.
    """
    try:
        yield
    except Exception:
        raise
    except BaseException as error:
        if half_made.pause and half_made.folder and module.has_connection(ENTRA_CONNECT):
            with undisturbed(), module.connections() as connections:
                told = ended_pause(connections, half_made, module.own_run.holder, module.own_run.processes)
            error.args = (" ".join(filter(None, (*map(str, error.args), told))),)
        raise


def work(module: HybridModule) -> NoReturn:
    folder, holder = module.folder(), module.params["holder"]
    check, on_error = module.check_mode, module.params["on_error"]
    unkept: InputError | None = None
    if module.params["state"] == "mended":
        with module.connections() as connections:
            connections.require(EXCHANGE_SERVER)
            outcomes = mend_left(connections, HalfMade(folder, holder), check=check)
    elif module.params["state"] == "present":
        records = module.records(["primary_smtp_address"])
        pause = note_of(folder, holder) if folder and module.params["pause_noted"] else ""
        half_made = HalfMade(None if check else folder, holder, pause)
        with (
            _pause_ended_if_interrupted(module, half_made),
            none_left_half_made(half_made, module.connections),
            module.connections() as connections,
        ):
            connections.require(EXCHANGE_SERVER)
            directory = directory_holders.asked_by(module.connection_options(ACTIVE_DIRECTORY))
            step = Present(check, directory)
            outcomes = run_wave(step, records, connections, check=check, on_error=on_error, half_made=half_made)
            module.warnings += directory_holders.warnings(directory)
            if not check:
                unkept = settle(connections, outcomes, half_made)
    else:
        with module.connections() as connections:
            connections.require(EXCHANGE_SERVER)
            outcomes = run_wave(MailUserAbsent(check), module.records(), connections, check=check, on_error=on_error)
    module.finish(outcomes, unkept=unkept)
