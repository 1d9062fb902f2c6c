# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of offboarding_report does: the wave and what lies beside it become one page."""

from __future__ import annotations

import datetime
import os
from typing import Any, NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.pause_notes import (
    left_over,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import sources
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.save import write
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.sources import (
    Given,
    Source,
    Sources,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.waves import joined
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.owners import Owner, Processes
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.blanks import is_off
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import records as wave_records
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import told as half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.trimming import (
    failures_file,
    fitting,
    merged_failures,
)


def work(module: HybridModule) -> NoReturn:
    params = module.params
    wave, folder = params["mailboxes_file"], module.folder() if params["all_waves"] else None
    if params["all_waves"] is not None and folder is None:
        problem = (
            "is not set, and all_waves needs it" if params["all_waves"] else "has no wave, because all_waves is false"
        )
        raise InputError(
            "directory", None, problem, "Set directory and all_waves, or mailboxes_file.", "missing_option"
        )
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    every = joined(folder, now) if folder is not None else None
    still_paused = left_over(folder, "", Owner(), Processes()) if folder is not None else []
    failures: list[Any] | None
    if every is not None:
        records, failures = every.records, [*every.failures, *(params["failures"] or [])]
    else:
        records = wave_files.load(module.memory_at(wave), wave) if wave else params["mailboxes"]
        failures = _failures(module)
    wave_records.check_no_mask(records)
    wave_records.check_identities(records)
    given = Given(
        params["title"],
        records,
        failures,
        _sources(module, every.progress if every else params["progress_file"] or (f"{wave}.progress" if wave else "")),
        wave or (folder.path if folder else ""),
        " ".join([params["error"], *still_paused]).strip(),
    )
    written = write(params["path"] or "", given, now, module.check_mode)
    parts = {"readiness": written.document.readiness, "journal": written.document.journal}
    parts["progress"] = written.document.progress
    for source in parts.values():
        if source.problem and source.path:
            module.warn(f"{source.path}: {source.problem}; the report is written without it.")
    module.exit(
        changed=written.changed,
        path=params["path"] or "",
        size=written.size,
        summary=written.document.groups(),
        waves=every.counts(written.document.standing_groups()) if every else [],
        failures=fitting(every.failures) if every else [],
        still_paused=still_paused,
        half_made=half_made(folder),
        standings=written.document.standings(),
        severities=written.document.severities(),
        missing=[name for name, source in parts.items() if not source.there],
        damaged_lines=written.document.damaged_lines,
        diff={"before": written.before, "after": written.after},
    )


def _failures(module: HybridModule) -> list[Any] | None:
    """Return the failures of the run: those that were handed over, and those that its results had no room for."""
    given: list[Any] | None = module.params["failures"]
    wave = module.params["mailboxes_file"]
    if given is None or not wave:
        return given
    path = failures_file(wave)
    memory = module.memory_at(path)
    try:
        return merged_failures(given, memory.lines(path))
    except OSError as error:
        module.warn(f"{memory.describe(path)}: {error.strerror}; its failures are not in the report.")
        return given


def _sources(module: HybridModule, progress: str | Source) -> Sources:
    params, directory = module.params, module.params["directory"]
    journal = os.path.join(directory, "journal.jsonl") if directory and params["journal"] is None else params["journal"]
    # A readiness report is a file of people: where the directory is a name in a database, there is none.
    is_folder = bool(directory) and isinstance(module.memory_at(directory), FileMemory)
    return sources.read(
        module.memory_at,
        readiness=os.path.join(directory, "readiness.json") if is_folder else "",
        journal="" if is_off(journal or False) else str(journal),
        progress=progress,
    )
