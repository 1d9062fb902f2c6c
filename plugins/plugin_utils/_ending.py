# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""How a run of the role ends: what failed and three lines for people, and the same as data for what runs next. Pure.

The lines are the counts of the wave, where its report is, and the next command.
"""

from __future__ import annotations

import itertools
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import BLOCKER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import status
from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._follow import sentence

COLLECTION = "mailops.exchange_hybrid"
FAILED_SHOWN = 100  # identities among the data; all are in the report
FINDINGS_SHOWN = 20  # mailboxes that readiness stops; all are in the report
AT_RISK = "addresses_at_risk"
NO_REQUEST = status.Standing(status.WAITING, "Without a move request")
# Words of the report that do not stand behind a number.
IN_A_LINE = {
    "Conflict": "In conflict",
    "Move failed": "Failed to move",
    "Move request removed": "Without a move request",
    "Move submitted": "Submitted",
}
READY, NOT_VERIFIED = "Ready for cutover", "not verified"
# The playbook of each entry point; the others have the entry's name.
PLAYBOOKS = {"main": "offboard"}
# Entries that write nothing to an organization, so check mode makes no difference.
LOOKING = ("verify_connections", "readiness", "verify", "status", "report")
# Variables of the role that say which wave a command is about: what is repeated of a command line.
NAMING = (
    "offboarding_hosts",
    "offboarding_csv",
    "offboarding_csv_delimiter",
    "offboarding_mailboxes_file",
    "offboarding_only",
    "offboarding_memory",
    "offboarding_directory",
    "offboarding_batch_name",
)
# What makes status about all waves of a directory; other entries have no such variable.
ALL_WAVES = "offboarding_all_waves"


@dataclass(frozen=True)
class Facts:
    """``counts`` are mailboxes by what became of them, in words, ``groups`` the same in the report's four words.

    An entry that runs one module passes its result instead: ``progress`` is that of move_progress, ``readiness`` that
    of offboarding_readiness, ``connections`` that of connection_test.

    ``failures`` are entries of ``results``, ``notes`` what else is shown before the lines. ``failed_count`` counts all
    failures, ``blockers`` what stops the next step besides them. ``error`` says why the run did not finish, ``refused``
    that it read no mailbox. ``summary`` is for an entry that counts no mailboxes. ``job`` is the id of a controller's
    job.
    """

    entry: str
    wave: str
    counts: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)
    failures: Sequence[Mapping[str, Any]] = ()
    failed_count: int = 0
    blockers: int = 0
    notes: Sequence[str] = ()
    still_paused: Sequence[str] = ()
    error: str = ""
    refused: bool = False
    check_mode: bool = False
    progress: Mapping[str, Any] = field(default_factory=dict)
    readiness: Mapping[str, Any] = field(default_factory=dict)
    connections: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    report: str = ""
    without_report: str = ""
    run_id: str = ""
    job: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> list[str]:
        return list(dict.fromkeys(str(entry["identity"]) for entry in self.failures))

    @property
    def at_risk(self) -> list[str]:
        """The mailboxes whose on-premises users are half made."""
        risk = (entry for entry in self.failures if (entry.get("error") or {}).get("code") == AT_RISK)
        return list(dict.fromkeys(str(entry["identity"]) for entry in risk))


def of(known: Mapping[str, Any]) -> Facts:
    """Return the facts that a role passes; before ansible-core 2.19, its templates make texts of numbers."""
    counts, groups = (
        {str(word): int(count) for word, count in known.get(name, {}).items()} for name in ("counts", "groups")
    )
    switches = {name: boolean(known.get(name, False), strict=False) for name in ("refused", "check_mode")}
    failed = int(known.get("failed_count", 0))
    facts = Facts(**{**known, **switches, "counts": counts, "groups": groups, "failed_count": failed})
    if facts.entry == "verify_connections":
        return _by_the_connections(facts)
    if facts.entry == "readiness":
        return _by_the_findings(facts)
    return _by_the_moves(facts) if facts.progress else facts


def _by_the_findings(facts: Facts) -> Facts:
    """Return the facts of readiness, by what it has found: blocked mailboxes, and blockers of the environment."""
    result = facts.readiness
    if "summary" not in result:
        return replace(facts, error=str(result.get("msg") or ""))
    blockers = [item for item in result["environment"] if item["severity"] == BLOCKER and not item["accepted"]]
    failures = [entry for entry in result["results"] if entry["status"] == "failed"]
    ready = int(result["summary"]["ready"])
    blocked = int(result["summary"]["mailboxes"]) - ready
    around = f"environment blocker{'' if len(blockers) == 1 else 's'}"
    return replace(
        facts,
        counts={"ready": ready, "blocked": blocked, around: len(blockers)},
        groups={},
        failures=failures[:FINDINGS_SHOWN],
        failed_count=max(blocked, len(failures)),
        # By fail_on, findings of any weight may stop the playbook.
        blockers=max(len(blockers), int("msg" in result)),
        notes=[*(_environment(item) for item in blockers), *_severities(result["summary"]["severities"])],
        still_paused=[item["found"] for item in blockers if item["code"] == "still_paused"],
    )


def _environment(finding: Mapping[str, Any]) -> str:
    return f"environment: {sentence({**finding, 'message': finding['found']})} ({finding['code']})"


def _severities(counts: Mapping[str, int]) -> list[str]:
    """Return one line with the numbers of findings, for a wave that has some."""
    told = ", ".join(f"{count} {severity.replace('_', ' ')}" for severity, count in counts.items() if count)
    return [f"Findings by severity: {told}"] if told else []


def _by_the_connections(facts: Facts) -> Facts:
    """Return the facts of verify_connections: its checks, without the parameters that may be used."""
    result = replace(facts, refused=False, check_mode=False, without_report="verify_connections writes none")
    tested = facts.connections
    if "summary" not in tested:
        return replace(result, error=str(tested.get("msg") or ""))
    told = [check for check in tested["checks"] if check["check"] != "parameter" or check["status"] == "failed"]
    passed, failed = (int(tested["summary"][status]) for status in ("ok", "failed"))
    summary = f"{passed} checks passed, {failed} failed"
    return replace(result, summary=summary, blockers=failed, notes=list(_checks(told)))


def _checks(checks: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Yield a line for each check, one for those that follow each other and say the same of several cmdlets."""

    def said(check: Mapping[str, Any]) -> tuple[str, str, str, str]:
        text = sentence(check) if check["status"] == "failed" else str(check["message"])
        return check["status"], check["system"], check["check"], text

    for (status_of_all, system, kind, text), alike in itertools.groupby(checks, said):
        names = [check["name"] for check in alike if check["name"]]
        what = " ".join(filter(None, (system, f"{kind}s" if len(names) > 1 else kind, ", ".join(names))))
        yield f"{status_of_all}: {what}: {text}"


def _by_the_moves(facts: Facts) -> Facts:
    """Return the facts of an entry that only read the moves, with its mailboxes counted by them."""
    standings: Counter[status.Standing] = Counter()
    for request, count in facts.progress["counts"].items():
        standings[status.judge(False, "", {"status": request}, False)] += count
    standings[status.judge(False, "home", {}, False)] += facts.progress["home"]
    standings[NO_REQUEST] += facts.progress["without_request"]
    groups: Counter[str] = Counter()
    for standing, count in standings.items():
        groups[standing.group] += count
    counts = {standing.label: count for standing, count in standings.items()}
    return replace(facts, counts=counts, groups=groups)


class Next(NamedTuple):
    """The entry to run next, empty where there is none, and what to do before."""

    entry: str
    before: str = ""


@dataclass(frozen=True)
class CommandLine:
    """What ansible-playbook was started with, as far as the next command needs it."""

    inventory: Sequence[str] = ()
    limit: str = ""
    variable_files: Sequence[str] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)


def shown(facts: Facts, command_line: CommandLine) -> list[str]:
    """Return all that is shown: each failure with its remedy, what else there is to know, and the three lines."""
    told = [f"{entry['identity']}: {_failure(entry['error'])}" for entry in facts.failures]
    left_out = facts.failed_count - len(told)
    if told and left_out > 0:
        where = "the report has all of them" if facts.report else f"no report has them, because {facts.without_report}"
        told.append(f"... and {left_out} more failures: {where}.")
    return [*told, *facts.notes, *facts.still_paused, *lines(facts, command_line)]


def _failure(error: Mapping[str, Any]) -> str:
    """Return what happened and what to do, where it happened, and whether the same wave may be run again at once."""
    where = ", ".join(str(error[name]) for name in ("cmdlet", "code") if error.get(name))
    retry = "run again, it may be temporary" if error.get("retryable") else "a retry helps only once this is corrected"
    return f"{sentence(error)} ({where}; {retry})"


def lines(facts: Facts, command_line: CommandLine) -> list[str]:
    """Return the three lines."""
    report = facts.report or f"none, because {'the run did not begin' if facts.refused else facts.without_report}"
    return [f"{facts.wave}: {_told(facts)}", f"Report: {report}", f"Next: {_next_line(facts, command_line)}"]


def outcome(facts: Facts, command_line: CommandLine) -> dict[str, Any]:
    """Return the data of this wave, always with the same keys."""
    step = next_step(facts)
    failed = facts.failed
    return {
        "entry": PLAYBOOKS.get(facts.entry, facts.entry),
        "run_id": facts.run_id,
        "check_mode": facts.check_mode,
        "completed": not (facts.error or facts.refused),
        "counts": {group: int(facts.groups.get(group, 0)) for group in reversed(status.GROUPS)},
        "failed": failed[:FAILED_SHOWN],
        "failed_left_out": max(facts.failed_count, len(failed)) - len(failed[:FAILED_SHOWN]),
        "addresses_at_risk": facts.at_risk[:FAILED_SHOWN],
        "still_paused": list(facts.still_paused),
        "report": facts.report,
        "next_entry": PLAYBOOKS.get(step.entry, step.entry),
        "lines": lines(facts, command_line),
    }


# -- what became of the wave -------------------------------------------------------------------------------------------


def _told(facts: Facts) -> str:
    if facts.refused:
        return "the run was refused before it read any mailbox"
    told = facts.summary or _counted(facts.counts) or "no mailboxes"
    if facts.still_paused:
        told += "; directory synchronization is STILL PAUSED"
    if facts.at_risk:
        told += f"; half made on-premises: {', '.join(facts.at_risk)}"
    if facts.error:
        return f"the run did not finish; {told}"
    return f"{told} (check mode, nothing was written)" if facts.check_mode else told


def _counted(counts: Mapping[str, int]) -> str:
    """Return ``24 home, 3 ready for cutover, 1 failed``."""
    told = ((IN_A_LINE.get(word, word), count) for word, count in counts.items() if count)
    return ", ".join(f"{count} {word[:1].lower()}{word[1:].replace(', not', ' but not')}" for word, count in told)


# -- what is next ------------------------------------------------------------------------------------------------------


def next_step(facts: Facts) -> Next:
    """Return what to run next."""
    if facts.still_paused or facts.at_risk:
        return Next("resume_sync", "do what the message says about directory synchronization, then")
    if facts.error or facts.refused:
        return Next(facts.entry, "correct what stopped the run, then")
    if facts.failures or facts.failed_count or facts.blockers:
        # Who only looks cannot repeat what failed.
        again = "main" if facts.entry in ("status", "report") else facts.entry
        return Next(again, "correct what failed, then")
    if facts.check_mode and facts.entry not in LOOKING:
        return Next(facts.entry, "without --check:")
    return _after(facts)


def _after(facts: Facts) -> Next:
    """Return what follows a run without a failure."""
    known = {
        "verify_connections": Next("readiness"),
        "readiness": Next("main"),
        "resume_sync": Next("main", "run the interrupted wave again:"),
        "memory_setup": Next("readiness", "grant the role of the runs its rights (docs/memory.md), then"),
        "rollback": Next("", "nothing more for this wave"),
        "cleanup": Next("", "nothing, the wave is done"),
    }
    if facts.entry in known:
        return known[facts.entry]
    if not any(facts.counts.values()):
        return Next("", "nothing, the wave is empty")
    if facts.groups.get(status.MOVING):
        return Next("status")
    if facts.groups.get(status.WAITING):
        ended = any(facts.counts.get(word) for word in facts.counts if word == READY or word.endswith(NOT_VERIFIED))
        return Next("complete" if ended else "main")
    return Next("cleanup")


def _next_line(facts: Facts, command_line: CommandLine) -> str:
    step = next_step(facts)
    if not step.entry:
        return step.before
    playbook = f"{COLLECTION}.{PLAYBOOKS.get(step.entry, step.entry)}"
    if facts.job:
        command = f"launch the job template of the playbook {playbook} for this wave"
    else:
        command = " ".join(["ansible-playbook", playbook, *_arguments(facts, command_line, step.entry)])
    return f"{step.before} {command}".lstrip()


def _arguments(facts: Facts, command_line: CommandLine, entry: str) -> Iterable[str]:
    """Yield what the next command repeats of this one; ``...`` stands for variables that cannot be shown.

    No value but those that name the wave is repeated: a password may be among the others.
    """
    for inventory in command_line.inventory:
        yield f"-i {shlex.quote(inventory)}"
    if command_line.limit:
        yield f"--limit {shlex.quote(command_line.limit)}"
    for path in command_line.variable_files:
        yield f"-e {shlex.quote(path)}"
    given = command_line.variables if command_line.variable_files else {**facts.variables, **command_line.variables}
    names = (*NAMING, ALL_WAVES) if entry == "status" else NAMING
    if facts.entry == "report":
        given = {**given, ALL_WAVES: "true"}
    named = {name: given[name] for name in names if isinstance(given.get(name), str) and given[name]}
    for name, value in named.items():
        yield "-e " + shlex.quote(f"{name}={value}")
    if not command_line.variable_files or given.keys() - named.keys():
        yield "..."
