# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The wave's file: records from a CSV file, a list or other files of records, chosen, approved and written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.pause_notes import (
    left_over,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.pause_notes import (
    notes as pauses,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.memory import (
    Memory as Moves,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.own_run import names_of
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.csv_input import (
    approved,
    chosen,
    from_csv,
    from_list,
    make_private,
    notices,
    private_directory,
    write,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.files import load
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import told as half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import (
    Record,
    check_identities,
    from_option,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.trimming import failures_file


def work(module: HybridModule) -> NoReturn:
    if module.params["state"] == "released":
        # A path that no run has taken, such as that of a preview's copy, is released already.
        given_back = not module.check_mode and module.own_run.give_back(module.params["path"])
        module.exit(changed=given_back, still_paused=_still_paused(module), half_made=half_made(module.folder()))
    if module.params["state"] == "read":
        module.exit(changed=False, **_read(module.memory_at(module.params["path"]), module.params["path"]))
    params = module.params
    if params["csv"] is not None:
        records = from_csv(params["csv"], params["delimiter"])
    elif params["mailboxes"] is not None:
        records = from_list(from_option(params["mailboxes"]))
    else:
        paths = params["mailboxes_files"] or [params["mailboxes_file"]]
        records = from_list([record for path in paths for record in load(module.memory_at(path), path)])
    check_identities(records)
    elsewhere = [record for path in params["other_waves"] or [] for record in load(module.memory_at(path), path)]
    records = approved(chosen(records, params["only"], elsewhere), params["approve_skipped_items"], records, elsewhere)
    folder = module.folder()
    private = private_directory(params["private_copy"], module.check_mode)
    path = os.path.join(private, os.path.basename(params["path"])) if private else params["path"]
    made = folder is not None and params["make_directory"] and make_private(folder, module.check_mode)
    if params["run_id"]:
        records = [{**record, "run": params["run_id"]} for record in records]
    if private or module.check_mode:
        changed = write(module.memory_at(path), path, records, module.check_mode and not private)
    else:
        changed = _taken(module, path, records)
    told = notices(params, records)
    for text in told:
        module.warn(text)
    module.exit(
        changed=(changed and not private) or made,
        path=path,
        private_directory=private,
        check_mode=module.check_mode,
        notices=told,
        count=len(records),
        pauses=pauses(folder) if folder else [],
        still_paused=_still_paused(module),
        half_made=half_made(folder),
        diff={"before": "", "after": "".join(f"{record['identity']}\n" for record in records)} if changed else {},
    )


def _read(memory: Memory, path: str) -> dict[str, Any]:
    """Return a wave that is there, and the last look at its moves."""
    moves = Moves(memory, f"{path}.progress")
    return {
        "mailboxes": load(memory, path) if memory.exists(path) else [],
        "progress": {"looks": moves.looks, "requests": moves.requests} if moves.looks or moves.requests else {},
    }


def _taken(module: HybridModule, path: str, records: list[Record]) -> bool:
    """Write a wave that this run has to itself from then on; return whether it was written."""
    module.own_run.take(path, _source(module.params), documents.checksum({"wave": names_of(records)}))
    try:
        with module.locked(path, "path"):
            memory = module.memory_at(path)
            memory.remove(failures_file(path))
            return write(memory, path, records, check=False)
    except HybridError:
        module.own_run.give_back(path)
        raise


def _still_paused(module: HybridModule) -> list[str]:
    """Return what people read of pauses that no run is going to end any more."""
    folder, own = module.folder(), module.own_run
    return left_over(folder, module.params["holder"], own.owner, own.processes) if folder else []


def _source(params: Mapping[str, Any]) -> str:
    """Return where the wave comes from, as its lease says it: the file, or that it is a list."""
    return str(params["csv"] or params["mailboxes_file"] or ", ".join(params["mailboxes_files"] or ["a list"]))
