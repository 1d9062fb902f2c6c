# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The journal: every write as two JSON lines, ``sent`` before it leaves and ``answered`` after; only ever appended to.

A line is one write(2) on an O_APPEND descriptor of a local file, so several processes may share a journal and their
lines never mix. What write(2) took survives the death of the process, kill -9 too: the kernel holds it. So no line is
followed by fsync, which would cost a disk's pause before every single write to Exchange. One at the end of the module
keeps its lines through a power failure as well; what a power failure takes from the middle of a task is read from the
live systems anyway, as every run does.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import os
import platform
import secrets
import stat
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError

_ACCEPTED = b'"event":"accepted"'


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
    """One journal file, open for one module run. Thread-safe.

    Every line has ``utc`` (ISO 8601, milliseconds, Z), ``run_id``, ``id``, ``event``, ``host`` and ``object``.
    ``sent`` and ``answered`` of one write have the same ``id``, and ``organization`` (exchange_server, exchange_online
    or entra_connect), ``server`` and ``cmdlet`` (a preview, secrets masked). ``sent`` adds ``before`` and ``after``;
    ``answered`` adds ``result``, ``error`` (code, message, cmdlet, retryable, remedy; null when ok) and
    ``duration_ms``. ``accepted`` has ``codes``.

    ``result`` is ``ok``; ``failed``: the system refused it, or it did not run at all (``throttled``, say); ``unknown``:
    it may have run, the answer was lost.
    """

    def __init__(self, path: str, run_id: str | None = None, host: str | None = None) -> None:
        """Open the file, or create it (mode 0600). Raises InputError where it cannot be written."""
        self._path = path
        self._common = {"run_id": run_id or fresh_run_id(), "host": host or platform.node()}
        self._file = self._opened()
        self._mend = self._ends_within_a_line()
        self.unwritten = ""

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_exception: object) -> None:
        with contextlib.suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)

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
                raise self._refusal(error.strerror or str(error)) from error
            self.unwritten = error.strerror or str(error)
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
                    raise self._refusal(error.strerror or str(error)) from error

    def _answered(self, write: Mapping[str, Any], began: float, result: str, error: HybridError | None) -> None:
        told = error.as_result() if error is not None else None
        duration = round((time.monotonic() - began) * 1000)
        try:
            self._append("answered", {**write, "result": result, "error": told, "duration_ms": duration})
        except OSError as failure:
            self.unwritten = failure.strerror or str(failure)

    def _append(self, event: str, more: Mapping[str, Any]) -> None:
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = {"utc": now, "event": event, **self._common, **more}
        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), default=str)
        line = ("\n" if self._mend else "") + text + "\n"
        data = line.encode("utf-8", "backslashreplace")
        taken = os.write(self._file, data)
        self._mend = taken != len(data)
        if self._mend:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _accepted_before(self) -> set[tuple[str, ...]]:
        told = set()
        with open(self._path, "rb") as stream:
            for line in stream:
                with contextlib.suppress(ValueError):
                    entry = json.loads(line) if _ACCEPTED in line else {}
                    if entry.get("run_id") == self._common["run_id"]:
                        told.add((entry["object"], *entry["codes"]))
        return told

    def _opened(self) -> int:
        # Not blocking: a named pipe that nobody reads would stop us here for ever.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK
        try:
            opened = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise self._refusal(error.strerror or str(error)) from error
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            os.close(opened)
            raise self._refusal("it is not a regular file")
        return opened

    def _ends_within_a_line(self) -> bool:
        """Tell whether a full disk or a kill left half a line: the next one then begins on a line of its own."""
        size = os.fstat(self._file).st_size
        return size > 0 and os.pread(self._file, 1, size - 1) != b"\n"

    def _refusal(self, reason: str) -> InputError:
        return InputError(
            "journal",
            self._path,
            f"cannot be written ({reason}), and nothing is sent that is not recorded in it",
            "Use a file in an existing directory that this account can write to, on a disk with free space.",
            "unwritable_journal",
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
