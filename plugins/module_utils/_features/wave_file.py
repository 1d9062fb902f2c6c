# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The wave's file: records from a CSV file, a list or other files of records, chosen, approved and written."""

from __future__ import annotations

import os
from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.pause_notes import (
    notes as pauses,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    HybridModule,
)
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
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import check_identities


def work(module: HybridModule) -> NoReturn:
    params = module.params
    if params["csv"] is not None:
        records = from_csv(params["csv"], params["delimiter"])
    elif params["mailboxes"] is not None:
        records = from_list(params["mailboxes"])
    else:
        paths = params["mailboxes_files"] or [params["mailboxes_file"]]
        records = from_list([record for path in paths for record in load(path)])
    check_identities(records)
    elsewhere = [record for path in params["other_waves"] or [] for record in load(path)]
    records = approved(chosen(records, params["only"], elsewhere), params["approve_skipped_items"], records, elsewhere)
    directory = params["directory"]
    private = private_directory(params["private_copy"], module.check_mode)
    path = os.path.join(private, os.path.basename(params["path"])) if private else params["path"]
    made = bool(directory) and params["make_directory"] and make_private(directory, module.check_mode)
    changed = write(path, records, module.check_mode and not private)
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
        pauses=pauses(directory) if directory else [],
        half_made=half_made(directory or ""),
        diff={"before": "", "after": "".join(f"{record['identity']}\n" for record in records)} if changed else {},
    )
