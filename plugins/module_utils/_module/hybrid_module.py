# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The typed wrapper over AnsibleModule: one argument spec and one result shape for every module."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import System
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import (
    CONNECTIONS,
    JOURNAL,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import records as wave_records
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome, summary
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.validation import refuse_missing, validated

Spec = dict[str, dict[str, Any]]
# ansible-core's own classes carry no types.
_Module: Any = AnsibleModule
PYTHON = (3, 10)
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
    tells in the journal what was accepted.
    """

    mailbox: Spec = field(default_factory=dict)
    task: Spec = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    systems: Sequence[System] = ()
    connections: Sequence[str] = ()
    journal: bool = False
    wave: bool = True
    wave_required: bool = True
    required_if: Sequence[Any] = ()
    required_one_of: Sequence[Any] = ()
    mutually_exclusive: Sequence[Any] = ()

    def spec(self) -> Spec:
        spec: Spec = {**self.task, **(JOURNAL if self.journal else {})}
        if self.wave:
            spec.update(
                identity={"type": "str"},
                mailboxes={"type": "list", "elements": "dict"},
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

    def __init__(self, arguments: Arguments, lock_wait: float = LOCK_WAIT) -> None:
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
        too_old = python_refusal(sys.version_info[:2], sys.executable)
        if too_old is not None:
            self._ansible.fail_json(msg=too_old.sentence(), error=too_old.as_result())
        self.params: dict[str, Any] = self._ansible.params
        self.check_mode: bool = self._ansible.check_mode
        self.warnings: list[str] = []
        self.journal: Journal | None = None
        self._given: list[Record] = []
        signal.signal(signal.SIGTERM, _terminate)

    def run(self, work: Callable[[HybridModule], NoReturn]) -> NoReturn:
        """Do the module's work; whatever goes wrong on the way becomes one clear failure."""
        try:
            self._refuse_unread_wave()
            with self._journalled(), self._lock():
                work(self)
        except InputError as error:
            self.fail(error)
        except HybridError as error:
            self.fail(error)
        except Terminated as error:
            self._ansible.fail_json(
                msg=f"Stopped by SIGTERM: sessions were closed; run again to continue. {error}".rstrip(),
                error={"code": "terminated", "retryable": True},
            )
        raise AssertionError("unreachable: work ends the module")

    # -- input -----------------------------------------------------------------------------------------------------

    def records(self, required: Sequence[str] = ()) -> list[Record]:
        """Return the wave, each record completed with the task's options and defaults, and validated.

        ``required`` are options that each mailbox must have, from its record or from the task; not one that is home,
        for which nothing is done.
        """
        given = self._given = self._read_given()
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
            return wave_files.opened(path, wave_files.load(path))
        if self.params.get("mailboxes") is not None:
            return [wave_records.not_asked(record) for record in self.params["mailboxes"]]
        return [{"identity": self.params["identity"]}]

    def _refuse_unread_wave(self) -> None:
        """Tell, before anything else, that the role was started in the middle: no task has named the wave's file."""
        if self.params.get("mailboxes_file") == "":
            raise InputError(
                "mailboxes_file",
                None,
                "is empty: no task of this run has read the wave and its mailboxes",
                "Run the role from its first task: --tags selects phases; --start-at-task skips what they need.",
                "not_prepared",
            )

    def _validated(self, record: Record, required: Sequence[str]) -> Record:
        owned = {"identity": {"type": "str"}, **self._arguments.mailbox}
        valid = validated(record, owned, f"mailbox '{record['identity']}'", "Correct this record.")
        refuse_missing(valid, required, record["identity"])
        return wave_records.as_record({**record, **valid})

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        path = self.params.get("mailboxes_file") if self._arguments.wave else None
        folder, name = os.path.split(os.path.abspath(path)) if path else ("", "")
        if not path or not os.path.isdir(folder):
            yield
            return
        with wave_files.lock_file(folder, f"{name}.lock", "mailboxes_file") as stream:
            _take_lock(stream, path, self._lock_wait)
            yield

    @contextlib.contextmanager
    def _journalled(self) -> Iterator[None]:
        """Open the journal before anything is contacted; a preview writes none, so it needs none."""
        path = self.params["journal"] if self._arguments.journal else None
        if not path or self.check_mode:
            yield
            return
        with Journal(path, self.params["journal_run_id"], self.params["journal_host"]) as self.journal:
            yield

    def connections(self) -> Connections:
        """Return the connections that the task configured, none of them open yet."""
        systems = [system for system in self._arguments.systems if self.has_connection(system.name)]
        return Connections({system.name: self.params[system.name] for system in systems}, systems, journal=self.journal)

    def has_connection(self, name: str) -> bool:
        """Tell whether a connection was configured, one that runs no cmdlets among them."""
        return _configured(self.params.get(name))

    # -- output ----------------------------------------------------------------------------------------------------

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def _tell_warnings(self) -> None:
        if self.journal is not None and self.journal.unwritten:
            self.warn(
                f"journal: '{self.params['journal']}' does not have the lines of writes that were sent "
                f"({self.journal.unwritten}); they are in the results of this task."
            )
        for text in self.warnings:
            self._ansible.warn(text)

    def finish(self, outcomes: Sequence[Outcome], *, keep_file: bool = False, **more: Any) -> NoReturn:
        """End the module with one result shape for success and failure, one mailbox or thousands.

        With ``keep_file`` the wave's file stays as it is: nobody leaves it for what was only looked at.
        """
        more.update(self._hand_on(outcomes, keep_file))
        result: dict[str, Any] = {
            "changed": any(outcome.status == "changed" for outcome in outcomes),
            "results": [outcome.as_result() for outcome in outcomes if self._is_told(outcome)],
            "summary": summary(outcomes),
            **more,
        }
        if self._ansible._diff:
            result["diff"] = [outcome.diff() for outcome in outcomes if outcome.before or outcome.after]
        failed = [outcome for outcome in outcomes if outcome.status == "failed"]
        self._tell_warnings()
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
        ended = ((record, by_identity[str(record["identity"]).strip()]) for record in given)
        kept = [
            wave_records.enriched(record, outcome.enriched) for record, outcome in ended if outcome.status != "failed"
        ]
        if not self.params.get("mailboxes_file"):
            return {"mailboxes": kept}
        if kept != self._given and not keep_file:
            wave_files.save(self.params["mailboxes_file"], kept)
        # The result of thousands needs the room.
        self._given = []
        return {}

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


def _take_lock(stream: Any, path: str, patience: float) -> None:
    """Take the wave's lock, or refuse with the process that holds it; the kernel frees it when that process dies."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= deadline:
                stream.seek(0)
                holder = stream.read().strip() or "unknown"
                raise InputError(
                    "mailboxes_file",
                    path,
                    f"is in use by process {holder}",
                    "Wait until that run has ended, or stop it.",
                    "wave_in_use",
                ) from None
            time.sleep(0.5)
            continue
        stream.seek(0)
        stream.truncate()
        stream.write(str(os.getpid()))
        stream.flush()
        return


def _failure_message(failed: Sequence[Outcome], total: int) -> str:
    first = failed[0]
    told = first.error.sentence() if first.error else ""
    more = f" ({len(failed)} of {total} mailboxes failed: see results)" if total > 1 else ""
    return f"{first.identity}: {told}{more}"
