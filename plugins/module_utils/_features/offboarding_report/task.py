# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of offboarding_report does: the wave and what lies beside it become one page."""

from __future__ import annotations

import datetime
import os
from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import sources
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.save import write
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.sources import (
    Given,
    Sources,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import records as wave_records


def work(module: HybridModule) -> NoReturn:
    params = module.params
    records = wave_files.load(params["mailboxes_file"]) if params["mailboxes_file"] else params["mailboxes"]
    wave_records.check_no_mask(records)
    wave_records.check_identities(records)
    given = Given(
        params["title"], records, params["failures"], _sources(module), params["mailboxes_file"] or "", params["error"]
    )
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    written = write(params["path"], given, now, module.check_mode)
    parts = {"readiness": written.document.readiness, "journal": written.document.journal}
    parts["progress"] = written.document.progress
    for source in parts.values():
        if source.problem and source.path:
            module.warn(f"{source.path}: {source.problem}; the report is written without it.")
    module.exit(
        changed=written.changed,
        path=params["path"],
        size=written.size,
        summary=written.document.groups(),
        severities=written.document.severities(),
        missing=[name for name, source in parts.items() if not source.there],
        damaged_lines=written.document.damaged_lines,
        diff={"before": written.before, "after": written.after},
    )


def _sources(module: HybridModule) -> Sources:
    params, directory = module.params, module.params["directory"]
    journal = os.path.join(directory, "journal.jsonl") if directory and params["journal"] is None else params["journal"]
    wave = params["mailboxes_file"]
    return sources.read(
        readiness=os.path.join(directory, "readiness.json") if directory else "",
        journal=journal or "",
        progress=params["progress_file"] or (f"{wave}.progress" if wave else ""),
    )
