# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The typed wrapper over AnsibleModule: one argument spec and one result shape for every module."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import retry
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_SERVER,
    System,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import refusal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import (
    Folder,
    Memory,
    MemoryFault,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.locks import locked
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.opening import open_memory, refuse_path
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.session_budget import SessionBudget
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.blanks import BlankAwareModule, is_off
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import (
    CONNECTIONS,
    JOURNAL,
    MEMORY,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.own_run import OwnRun
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._values import folded, is_blank
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import records as wave_records
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome, summary
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.trimming import failures_file, trimmed
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.validation import refuse_missing, validated

Spec = dict[str, dict[str, Any]]
# ansible-core's own classes carry no types.
_Module: Any = BlankAwareModule
PYTHON = (3, 10)
ACCOUNT_SESSIONS = 18  # MaxConcurrency of Exchange's default policy
LOCK_WAIT = 60.0  # seconds that a second task waits for the first one's wave


class Terminated(BaseException):
    """SIGTERM arrived: raised so that every ``finally`` runs and the sessions are closed.

    Not an Exception, like KeyboardInterrupt: it says nothing about the request that it happens to fall into.
    """


@dataclass(frozen=True)
class Arguments:
    """What a module takes.

    ``mailbox``: options of one mailbox, given at the top level or in each record; they carry no ``default`` because
    a default would hide that a record left the choice to the task. ``task``: options that stand at the top level only.
    ``defaults``: what holds for a mailbox when neither says anything. ``systems``: whose cmdlets it runs;
    ``connections``: options of connections that run none. ``journal``: whether it writes to a system, or
    tells in the journal what was accepted. ``judges``: whether it reads all that it needs to know of a mailbox, so
    that it takes the records of any run. ``memory``: whether it has to do with what runs write down, without a wave
    or a journal.
    """

    mailbox: Spec = field(default_factory=dict)
    task: Spec = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    systems: Sequence[System] = ()
    connections: Sequence[str] = ()
    journal: bool = False
    judges: bool = False
    memory: bool = False
    wave: bool = True
    wave_required: bool = True
    required_if: Sequence[Any] = ()
    required_one_of: Sequence[Any] = ()
    mutually_exclusive: Sequence[Any] = ()

    def spec(self) -> Spec:
        remembers = self.memory or self.wave or self.journal
        spec: Spec = {**self.task, **(JOURNAL if self.journal else {}), **(MEMORY if remembers else {})}
        if self.wave:
            spec.update(
                identity={"type": "str"},
                mailboxes={"type": "list", "elements": "raw"},
                mailboxes_file={"type": "path"},
                on_error={"type": "str", "choices": ["fail", "continue", "stop"], "default": "fail"},
                **self.mailbox,
            )
        for name in (*(system.name for system in self.systems), *self.connections):
            spec[name] = CONNECTIONS[name]
        return spec


def python_refusal(version: tuple[int, int], executable: str) -> HybridError | None:
    """Return what a user reads whose Python is older than the collection takes, before anything breaks on it."""
    if version >= PYTHON:
        return None
    return HybridError(
        f"{executable} is Python {version[0]}.{version[1]}, and this collection needs "
        f"{PYTHON[0]}.{PYTHON[1]} or newer.",
        code="python_too_old",
        remedy="Set ansible_python_interpreter to a newer Python; the playbooks use ansible_playbook_python.",
    )


class HybridModule:
    """One module run: its records, its connections, its end."""

    def __init__(
        self, arguments: Arguments, lock_wait: float = LOCK_WAIT, files: FileMemory | None = None
    ) -> None:
        self._arguments = arguments
        self._lock_wait = lock_wait
        exclusive = [("identity", "mailboxes", "mailboxes_file")] if arguments.wave else []
        self._ansible: Any = _Module(
            argument_spec=arguments.spec(),
            supports_check_mode=True,
            mutually_exclusive=[*exclusive, *arguments.mutually_exclusive],
            required_one_of=[*(exclusive if arguments.wave_required else []), *arguments.required_one_of],
            required_if=list(arguments.required_if),
        )
        _reader.begin(os.environ.get(_reader.ENVIRONMENT, ""), self._ansible.called)
        too_old = python_refusal(sys.version_info[:2], sys.executable)
        if too_old is not None:
            self._ansible.fail_json(msg=too_old.sentence(), error=too_old.as_result())
        self.params: dict[str, Any] = self._ansible.params
        self.check_mode: bool = self._ansible.check_mode
        self.warnings: list[str] = []
        self.journal: Journal | None = None
        self._files = files or FileMemory()
        self.memory: Memory = self._opened_memory()
        self.own_run = OwnRun(self.memory_at, str(self.params.get("journal_run_id") or self.params.get("run_id") or ""))
        self._budget: SessionBudget | None = None
        self._given: list[Record] = []
        signal.signal(signal.SIGTERM, _terminate)

    def _opened_memory(self) -> Memory:
        url = self.params.get("memory") if "memory" not in self._arguments.task else ""
        try:
            return open_memory(url) if url else self._files
        except InputError as error:
            # Ansible shows what a module was given, and masks what is told here.
            self._ansible.no_log_values.add(url)
            self._ansible.fail_json(msg=error.sentence(), error=error.as_result())
        raise AssertionError("unreachable: fail_json ends the process")

    def run(self, work: Callable[[HybridModule], NoReturn]) -> NoReturn:
        """Do the module's work; whatever goes wrong on the way becomes one clear failure."""
        try:
            self._refuse_unread_wave()
            with self._own_wave(), self._journalled(), self.locked(self._wave_path()), self._shared_sessions():
                work(self)
        except InputError as error:
            self.fail(error)
        except HybridError as error:
            self.fail(error)
        except MemoryFault as fault:
            where, code = self.params["memory"], "unusable_memory"
            self.fail(refusal("memory", where, "cannot be used", fault, remedy=fault.remedy, code=code))
        except Terminated as error:
            told = f"It was stopped by SIGTERM, and its sessions were closed. {error}".rstrip()
            self.fail(HybridError(told, code="terminated", retryable=True, remedy="Run again to continue."))
        finally:
            with contextlib.suppress(OSError):
                self.memory.close()
        raise AssertionError("unreachable: work ends the module")

    # -- input -----------------------------------------------------------------------------------------------------

    def records(self, required: Sequence[str] = ()) -> list[Record]:
        """Return the wave, each record completed with the task's options and defaults, and validated.

        ``required`` are options that each mailbox must have, from its record or from the task; not one that is home,
        for which nothing is done.
        """
        given = self._given = self._read_given()
        if self._arguments.journal and not self._arguments.judges:
            self.own_run.refuse_others(given)
        wave_records.check_no_mask(given)
        own = {name: self.params[name] for name in self._arguments.mailbox}
        merged = [wave_records.merged({**self._arguments.defaults, **_present(own)}, record) for record in given]
        wave_records.check_characters(merged)
        wave_records.check_identities(merged)
        self.warnings += wave_records.misspelled(given, ["identity", *self._arguments.mailbox])
        wave_records.check_no_secret(merged, self._ansible.no_log_values)
        return [self._validated(record, () if wave_records.is_home(record) else required) for record in merged]

    @property
    def has_wave(self) -> bool:
        return any(self.params.get(name) is not None for name in ("identity", "mailboxes", "mailboxes_file"))

    def _read_given(self) -> list[Record]:
        if self.params.get("mailboxes_file"):
            path = self.params["mailboxes_file"]
            return wave_files.opened(path, wave_files.load(self.memory_at(path), path))
        if self.params.get("mailboxes") is not None:
            return wave_records.from_option(self.params["mailboxes"])
        return [{"identity": self.params["identity"]}]

    def _refuse_unread_wave(self) -> None:
        """Tell, before anything else, that the role was started in the middle: no task has named the wave's file."""
        given = self.params.get("mailboxes_file")
        if given is not None and is_blank(given):
            raise InputError(
                "mailboxes_file",
                None,
                "is empty: no task of this run has read the wave and its mailboxes",
                "Run the role from its first task: --tags selects phases; --start-at-task skips what they need.",
                "not_prepared",
            )

    def _validated(self, record: Record, required: Sequence[str]) -> Record:
        owned, where = {"identity": {"type": "str"}, **self._arguments.mailbox}, f"mailbox '{record['identity']}'"

        def told(name: str) -> str:
            is_of_task = record.get(name) == self.params.get(name)
            return f"{where}: {_reader.option(name) if is_of_task else name}"

        valid = validated(record, owned, where, "Correct this record.", told)
        refuse_missing(valid, required, record["identity"])
        return wave_records.as_record({**record, **valid})

    def _wave_path(self) -> str:
        return str(self.params.get("mailboxes_file") or "") if self._arguments.wave else ""

    @contextlib.contextmanager
    def _own_wave(self) -> Iterator[None]:
        """Keep the wave while this module works; one that writes nothing may look at another run's wave."""
        if not self._wave_path() or not self._arguments.journal:
            yield
            return
        with self.own_run.kept(self._wave_path()):
            yield

    @contextlib.contextmanager
    def locked(self, path: str, option: str = "mailboxes_file") -> Iterator[None]:
        """Let no other task use the wave of a file during the block."""
        memory = self.memory_at(path)
        place, name = os.path.split(path)
        folder = Folder(memory, place or os.curdir)
        if not path or not memory.has_folder(folder.path):
            yield
            return
        name = f"{name}.lock"
        with locked(folder, name, option, patience=self._lock_wait) as had:
            if not had:
                raise InputError(
                    option,
                    path,
                    f"is in use by {memory.holder(folder.at(name))}",
                    "Wait until that run has ended, or stop it.",
                    "wave_in_use",
                )
            yield

    @contextlib.contextmanager
    def _journalled(self) -> Iterator[None]:
        """Open the journal before anything is contacted; a preview writes none, so it needs none."""
        path = self.params["journal"] if self._arguments.journal else None
        if not path or is_off(path) or self.check_mode:
            yield
            return
        run_id, host = self.params["journal_run_id"], self.params["journal_host"]
        with Journal(self.memory_at(path), path, run_id, host) as self.journal:
            yield

    def memory_at(self, path: str) -> Memory:
        """Return where a path is: an absolute one is a file's, whatever the memory is."""
        return self._files if os.path.isabs(path) else self.memory

    def beside_wave(self, name: str, given: str | None = None) -> tuple[Memory, str]:
        """Return where something of a wave is kept: where it was ``given``, or beside it; an empty path for none."""
        wave = self.params.get("mailboxes_file")
        path = given or (f"{wave}.{name}" if wave else "")
        return self.memory_at(path), path

    def folder(self, option: str = "directory") -> Folder | None:
        """Return the folder of the memory that an option names, None where it names none."""
        path = self.params.get(option)
        if not path:
            return None
        refuse_path(self.memory, option, path)
        return Folder(self.memory, path)

    def connections(self) -> Connections:
        """Return the connections that the task configured, none of them open yet."""
        systems = [system for system in self._arguments.systems if self.has_connection(system.name)]
        given = {system.name: self.params[system.name] for system in systems}
        guard, share = self.own_run.refuse_orphaned, self._share
        return Connections(given, systems, journal=self.journal, guard=guard, share=share)

    @contextlib.contextmanager
    def _shared_sessions(self) -> Iterator[None]:
        """Give the sessions back that this task took of those which Exchange allows the account."""
        try:
            yield
        finally:
            if self._budget is not None:
                self._budget.give_back()

    def _share(self, system: str, wanted: int) -> int:
        """Return how many sessions this task may open; tasks whose waves are in one folder share an account's."""
        path = self._wave_path()
        folder = os.path.dirname(path)
        if system != EXCHANGE_SERVER or not folder or not self.memory_at(path).has_folder(folder):
            return wanted
        if self._budget is None:
            options = self.params[EXCHANGE_SERVER]
            account = hashlib.sha256(folded(options["username"] or "").encode()).hexdigest()[:8]
            place = os.path.join(folder, f"sessions-{account}.json")
            limit = options["account_sessions"] or ACCOUNT_SESSIONS
            self._budget = SessionBudget(self.memory_at(path), place, limit, self.own_run.processes, retry.pause)
        return self._budget.sessions(wanted)

    def has_connection(self, name: str) -> bool:
        """Tell whether a connection was configured, one that runs no cmdlets among them."""
        return _configured(self.params.get(name))

    def connection_options(self, name: str) -> Mapping[str, Any] | None:
        """Return the options of a connection, None where it was not configured."""
        options: Mapping[str, Any] = self.params[name]
        return options if self.has_connection(name) else None

    # -- output ----------------------------------------------------------------------------------------------------

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def conceal(self, *texts: str) -> None:
        """Let Ansible mask texts wherever the result, or what it shows of the options, has them."""
        self._ansible.no_log_values.update(texts)

    def _tell_warnings(self) -> None:
        if self.journal is not None and self.journal.unwritten:
            self.warn(
                f"{_reader.option('journal')}: '{self.params['journal']}' does not have the lines of writes that were "
                f"sent ({self.journal.unwritten}); they are in the results of this task."
            )
        for text in self.warnings:
            self._ansible.warn(text)

    def finish(
        self, outcomes: Sequence[Outcome], *, keep_file: bool = False, unkept: InputError | None = None, **more: Any
    ) -> NoReturn:
        """End the module with one result shape for success and failure, one mailbox or thousands.

        With ``keep_file`` the wave's file stays as it is: nobody leaves it for what was only looked at. ``unkept`` says
        what could not be written down: the task has failed then, and still tells what became of each mailbox.
        """
        try:
            more.update(self._hand_on(outcomes, keep_file))
        except InputError as error:
            unkept = error
        wave = self.params.get("mailboxes_file") or ""
        result: dict[str, Any] = {
            "changed": any(outcome.status == "changed" for outcome in outcomes),
            "results": [outcome.as_result() for outcome in outcomes if self._is_told(outcome)],
            "summary": summary(outcomes),
            **more,
        }
        if self._ansible._diff:
            result["diff"] = [outcome.diff() for outcome in outcomes if outcome.before or outcome.after]
        failed = [outcome for outcome in outcomes if outcome.status == "failed"]
        if wave and not keep_file and not self.check_mode:
            self._keep_failures(failed, wave)
        # With wait, the action plugin first has to join this result with those of the wait.
        if not self.params.get("wait"):
            result = trimmed(result, wave)
        self._tell_warnings()
        if unkept is not None:
            # Whatever on_error says of mailboxes: the next task would take up again those that have failed.
            self._ansible.fail_json(msg=unkept.sentence(), error=unkept.as_result(), **result)
        if failed and self.params["on_error"] != "continue":
            self._ansible.fail_json(msg=_failure_message(failed, len(outcomes)), **result)
        self._ansible.exit_json(**result)
        raise AssertionError("unreachable: exit_json ends the process")

    def _hand_on(self, outcomes: Sequence[Outcome], keep_file: bool) -> dict[str, Any]:
        """Leave the records of all mailboxes that did not fail to the next task: in the wave's file, or as a result."""
        # The record that travels on is the given one plus what was learnt, never the task's own options:
        # a force that one task was given must not reach the next.
        given = self._given or [outcome.record for outcome in outcomes]
        by_identity = {outcome.identity: outcome for outcome in outcomes}

        def kept() -> Iterator[Record]:
            for record in given:
                outcome = by_identity[str(record["identity"]).strip()]
                if outcome.status != "failed":
                    yield wave_records.enriched(record, outcome.enriched)

        if not self.params.get("mailboxes_file"):
            return {"mailboxes": list(kept())}
        # One record after the other: those of thousands, twice, would be the most that a task ever holds.
        if not keep_file and any(new != old for new, old in itertools.zip_longest(kept(), self._given)):
            path = self.params["mailboxes_file"]
            wave_files.save(self.memory_at(path), path, kept())
        # The result of thousands needs the room.
        self._given = []
        return {}

    def _keep_failures(self, failed: Sequence[Outcome], wave: str) -> None:
        """Keep every failure beside the wave's file, for the report: a result may not have the room for all."""
        path = failures_file(wave)
        if not failed:
            return
        try:
            with contextlib.closing(self.memory_at(path).appended(path)) as lines:
                for outcome in failed:
                    lines.append(json.dumps(outcome.as_result(), default=str))
        except OSError as error:
            named = self.memory_at(path).describe(path)
            self.warn(f"{named}: the failures could not be kept for the report ({error.strerror}).")

    def _is_told(self, outcome: Outcome) -> bool:
        """Tell whether a mailbox has an entry in the results; with a file, one that has nothing to tell has none.

        Thousands of entries that say "unchanged" cost every later task seconds in Ansible itself.
        """
        return (
            not self.params.get("mailboxes_file")
            or outcome.status not in ("unchanged", "skipped")
            or bool(outcome.warnings)
        )

    def exit(self, **result: Any) -> NoReturn:
        """End a module that acts on no mailbox."""
        self._tell_warnings()
        self._ansible.exit_json(**result)
        raise AssertionError("unreachable: exit_json ends the process")

    @property
    def diff_wanted(self) -> bool:
        return bool(self._ansible._diff)

    def fail(self, error: HybridError, **result: Any) -> NoReturn:
        self._tell_warnings()
        self._ansible.fail_json(msg=error.sentence(), error=error.as_result(), **result)
        raise AssertionError("unreachable: fail_json ends the process")


def _present(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None}


def _configured(options: Any) -> bool:
    """Tell whether a connection was given at all: apply_defaults makes a dictionary of defaults even when not."""
    if not isinstance(options, dict):
        return False
    return any(options.get(name) for name in ("host", "tenant_id"))


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


def _failure_message(failed: Sequence[Outcome], total: int) -> str:
    first = failed[0]
    told = first.error.sentence() if first.error else ""
    more = f" ({len(failed)} of {total} mailboxes failed: see results)" if total > 1 else ""
    return f"{first.identity}: {told}{more}"
