# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Which names of options a message uses: the module's own, or the variables of the role if the role runs the module.

The role sets an environment variable for its tasks, and each module reads it when it starts. Only remedies, and names
of options in the collection's own messages, are translated. Exchange's messages are never passed to this file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

ENVIRONMENT = "OFFBOARDING_NAMES"
ROLE = "role"

# The variables of options that only a task has.
OF_A_TASK: Mapping[str, str] = {
    "accept_export_errors": "offboarding_accept_export_errors",
    "batch_size": "offboarding_batch_size",
    "check_sizes": "offboarding_check_sizes",
    "csv": "offboarding_csv",
    "delimiter": "offboarding_csv_delimiter",
    "directory": "offboarding_directory",
    "fail_on": "offboarding_fail_on",
    "journal": "offboarding_journal",
    "mailboxes": "offboarding_mailboxes",
    "memory": "offboarding_memory",
    "method": "offboarding_method",
    "notification_emails": "offboarding_notification_emails",
    "only": "offboarding_only",
    "pause_sync": "offboarding_pause_sync",
    "readiness": "offboarding_readiness",
    "remote_credential": "offboarding_remote_credential",
    "report_directory": "offboarding_directory",
    "resume_timeout": "offboarding_resume_timeout",
    "show_progress": "offboarding_show_progress",
    "target_databases": "offboarding_target_databases",
    "target_endpoint": "offboarding_target_endpoint",
    "test_endpoint": "offboarding_test_endpoint",
}
# The variables of options that a mailbox's record may have as well, under the option's name.
OF_A_RECORD: Mapping[str, str] = {
    "accept": "offboarding_accept",
    "add_routing_address": "offboarding_add_routing_address",
    "approve_skipped_items": "offboarding_approve_skipped_items",
    "baseline": "offboarding_baseline",
    "batch_name": "offboarding_batch_name",
    "complete_after": "offboarding_complete_after",
    "cutover": "offboarding_cutover",
    "include_sip": "offboarding_include_sip",
    "remote_host_name": "offboarding_remote_host_name",
    "remote_target_database": "offboarding_remote_target_database",
    "remove_delay_holds": "offboarding_remove_delay_holds",
    "resume_failed": "offboarding_resume_failed",
    "routing_domain": "offboarding_routing_domain",
    "target_delivery_domain": "offboarding_target_delivery_domain",
}
# Where the role gives a module's option another variable, or one that says something else in another module. The wave's
# own file has no variable: the role keeps it in its directory.
OF_A_MODULE: Mapping[str, Mapping[str, str]] = {
    "directory_sync": {"wait_timeout": "offboarding_sync_timeout"},
    # The event source is no module of the role, but whoever reads its events runs the role: its own options keep their
    # names.
    "move_events": {name: name for name in ("batch_name", "mailboxes_file", "memory")},
    "move_progress": {
        "progress_file": "offboarding_directory",
        "wait": "offboarding_follow",
        "wait_sleep": "offboarding_wait_sleep",
        "wait_timeout": "offboarding_wait_timeout",
    },
    "move_request": {"wait_sleep": "offboarding_wait_sleep", "wait_timeout": "offboarding_wait_timeout"},
    # A module has this option's name.
    "offboarding_readiness": {"migration_endpoint": "offboarding_migration_endpoint"},
    "offboarding_report": {"path": "offboarding_report", "title": "offboarding_batch_name"},
    "offboarding_state": {"wait_sleep": "offboarding_match_sleep", "wait_timeout": "offboarding_verify_timeout"},
    "smtp_match": {"wait_sleep": "offboarding_match_sleep", "wait_timeout": "offboarding_match_timeout"},
    "wave_file": {
        "mailboxes_file": "offboarding_mailboxes_file",
        "mailboxes_files": "offboarding_mailboxes_file",
        "path": "offboarding_directory",
        "run_id": "offboarding_run_id",
    },
}
_WAVE = {"mailboxes_file": "offboarding_directory", "journal_run_id": "offboarding_run_id"}
VARIABLES: Mapping[str, str] = {**OF_A_TASK, **OF_A_RECORD}
# Names of one word are everyday words: in a sentence they are options only where a value follows.
_EVERYDAY = "|".join(name for name in VARIABLES if "_" not in name)
_NAMES = "|".join(name for name in VARIABLES if "_" in name)
_NAMED = re.compile(
    rf"(?<![\w.'-])(?<!its )({_NAMES})\b(?!\.(?!username|password|\s|$))"
    rf"|(?<![\w.'-])({_EVERYDAY})(?=: [\[a-z])"
    rf"|\b[Tt]he option ({_NAMES}|{_EVERYDAY})\b"
)
_BOTH = re.compile(r"\b\w+ \((offboarding_\w+) of the role\)")
_WITH_MODULE = re.compile(r"\b[a-z]+(?:_[a-z]+)+ with (?=(?:offboarding_)?resume_failed)")
_OF_MODULE = re.compile(r"(?<=resume_failed:\strue) \([a-z_]+, state:\s[a-z]+\)")
# What stands in a mailbox's record has no other name there.
_IN_RECORD = re.compile(r"\brecord\b|\bof the CSV\b|\bfor (?:this|the) mailbox\b")
_SENTENCES = re.compile(r"(?<=[.;] )")


class _Reader:
    """Who reads what this process says: one for all of it, since a module is one task's."""

    variables: Mapping[str, str] | None = None  # of the options of this module, if its reader runs the role


def begin(named: str, module: str = "") -> None:
    """Begin with a reader: ``named`` is what the environment says, ``module`` the name of the module that runs."""
    if named != ROLE:
        _Reader.variables = None
        return
    own = OF_A_MODULE.get(module.rpartition(".")[2], {})
    _Reader.variables = {**_WAVE, **VARIABLES, **own}


def option(name: str) -> str:
    """Return the name of an option, or of some with commas between, by which the reader knows it."""
    if _Reader.variables is None:
        return name
    return ", ".join(map(_variable, name.split(", ")))


def task_option(name: str) -> str:
    """Return the same for what an error is about: a value of a record, or of a CSV, keeps its name."""
    return name if name in OF_A_RECORD else option(name)


def part_of(task: str, name: str) -> str:
    """Return what an option of a later task is called, which this module is given in its own option ``task``."""
    return f"{task}: {name}" if _Reader.variables is None else option(name)


def remedy(text: str) -> str:
    """Return a remedy with the names of options by which the reader knows them."""
    if _Reader.variables is None:
        return text
    text = _OF_MODULE.sub("", _WITH_MODULE.sub("", _BOTH.sub(r"\1", text)))
    return "".join(
        part if _IN_RECORD.search(part) else _NAMED.sub(_replaced, part) for part in _SENTENCES.split(text)
    )


def where_to_set(name: str) -> str:
    """Return the remedy where a mailbox lacks the value of an option."""
    if _Reader.variables is None:
        return f"Specify {name} in the record or at the top level of the task."
    if name not in VARIABLES:
        return f"Specify {name} in the mailbox's record."
    return f"Set {VARIABLES[name]}, or {name} in the mailbox's record."


def _variable(name: str) -> str:
    first, dot, rest = name.partition(".")
    return f"{(_Reader.variables or {}).get(first, first)}{dot}{rest}"


def _replaced(found: re.Match[str]) -> str:
    return VARIABLES[found[1] or found[2] or found[3]]
