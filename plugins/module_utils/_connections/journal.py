# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The journal: every write as two JSON lines, ``sent`` before it leaves and ``answered`` after; only ever added to.

Several processes may share a journal, and what is written survives the death of the process, kill -9 too. In a file no
line is followed by fsync, which would cost a disk's pause before every single write to Exchange. One at the end of the
module keeps its lines through a power failure as well; what a power failure takes from the middle of a task is read
from the live systems anyway, as every run does.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import platform
import secrets
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import reason, refusal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Lines, Memory

_ACCEPTED = '"event":"accepted"'


@dataclass(frozen=True)
class Change:
    """What a write changes: ``object`` is the mailbox's identity, the rest the attributes that this cmdlet changes.

    ``regardless``: leaving it undone would do harm, so it is sent even if the journal cannot take it.
    """

    object: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    regardless: bool = False


class Journal:
    """One journal, open for one module run. Thread-safe.

    Every line has ``utc`` (ISO 8601, milliseconds, Z), ``run_id``, ``id``, ``event``, ``host`` and ``object``.
    ``sent`` and ``answered`` of one write have the same ``id``, and ``organization`` (exchange_server, exchange_online
    or entra_connect), ``server`` and ``cmdlet`` (a preview, secrets masked). ``sent`` adds ``before`` and ``after``;
    ``answered`` adds ``result``, ``error`` (code, message, cmdlet, retryable, remedy; null when ok) and
    ``duration_ms``. ``accepted`` has ``codes``.

    ``result`` is ``ok``; ``failed``: the system refused it, or it did not run at all (``throttled``, say); ``unknown``:
    it may have run, the answer was lost.
    """

    def __init__(self, memory: Memory, path: str, run_id: str | None = None, host: str | None = None) -> None:
        """Open it, or create it. Raises InputError where it cannot be written."""
        self._memory = memory
        self._path = path
        self._common = {"run_id": run_id or fresh_run_id(), "host": host or platform.node()}
        self._lines = self._opened()
        self.unwritten = ""

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_exception: object) -> None:
        with contextlib.suppress(OSError):
            self._lines.close()

    @contextlib.contextmanager
    def writing(self, organization: str, server: str, cmdlet: Cmdlet, change: Change | None) -> Iterator[None]:
        """Tell that a write is sent, and after the block how it was answered.

        Raises InputError, before anything is sent, when the line cannot be written, unless it is to be sent regardless.
        An answer that cannot be written changes nothing of what was done. ``unwritten`` says why lines are missing.
        """
        change = change or Change(str(cmdlet.parameters.get("Identity") or ""))
        write = {
            "id": str(uuid.uuid4()),
            "organization": organization,
            "server": server,
            "cmdlet": cmdlet.preview(),
            "object": change.object,
        }
        try:
            self._append("sent", {**write, "before": change.before, "after": change.after})
        except OSError as error:
            if not change.regardless:
                raise self._refusal(error) from error
            self.unwritten = reason(error)
        began = time.monotonic()
        try:
            yield
        except HybridError as error:
            self._answered(write, began, "unknown" if error.answer_lost else "failed", error)
            raise
        except BaseException as error:
            self._answered(write, began, "unknown", _interrupted(cmdlet, error))
            raise
        self._answered(write, began, "ok", None)

    def accepted(self, codes: Mapping[str, Sequence[str]]) -> None:
        """Tell which blockers of which mailbox were accepted by name; what this run told already is not repeated."""
        told = self._accepted_before() if codes else set()
        for identity, names in codes.items():
            if (identity, *names) not in told:
                try:
                    self._append("accepted", {"id": str(uuid.uuid4()), "object": identity, "codes": list(names)})
                except OSError as error:
                    raise self._refusal(error) from error

    def _answered(self, write: Mapping[str, Any], began: float, result: str, error: HybridError | None) -> None:
        told = error.as_result() if error is not None else None
        duration = round((time.monotonic() - began) * 1000)
        try:
            # It is true whoever has this run's locks by now.
            entry = {**write, "result": result, "error": told, "duration_ms": duration}
            self._append("answered", entry, regardless=True)
        except OSError as failure:
            self.unwritten = reason(failure)

    def _append(self, event: str, more: Mapping[str, Any], *, regardless: bool = False) -> None:
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = {"utc": now, "event": event, **self._common, **more}
        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), default=str)
        self._lines.append(text, regardless=regardless)

    def _accepted_before(self) -> set[tuple[str, ...]]:
        told = set()
        try:
            for line in self._memory.lines(self._path):
                # What a kill, a full disk or somebody else has left in a line is no reason to stop.
                with contextlib.suppress(ValueError, RecursionError, AttributeError, KeyError, TypeError):
                    entry = json.loads(line) if _ACCEPTED in line else {}
                    if entry.get("run_id") == self._common["run_id"]:
                        told.add((entry["object"], *entry["codes"]))
        except OSError as error:
            raise self._refusal(error) from error
        return told

    def _opened(self) -> Lines:
        try:
            return self._memory.appended(self._path)
        except OSError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> InputError:
        return refusal(
            "journal",
            self._memory.describe(self._path),
            "cannot be written",
            error,
            remedy="Use a file in an existing directory that this account can write to, on a disk with free space.",
            code="unwritable_journal",
            more="Nothing is sent that is not recorded in it.",
        )


def fresh_run_id() -> str:
    """Return a run's name: when it began (UTC), and what tells it from others of that second."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _interrupted(cmdlet: Cmdlet, error: BaseException) -> HybridError:
    return HybridError(
        f"{cmdlet.name} was sent, and the run was stopped before its answer ({type(error).__name__}).",
        code="interrupted",
        cmdlet=cmdlet.name,
        retryable=True,
        remedy="Run again; what was done is read first.",
        answer_lost=True,
    )
