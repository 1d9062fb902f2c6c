# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A laboratory in a process of its own, commanded through a pipe: who commands it stays free of threads."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from lab.hybrid import Hybrid, empty_hybrid
from lab.laboratory import Laboratory
from lab.model.builder import HybridBuilder, Pair
from lab.wire.remote_powershell import Limits
from tests.fault_matrix import clock

SPEED = 400.0

People = Callable[[HybridBuilder], list[Pair]]


class LabProcess:
    """The lab, forked. ``people`` puts the recipients into it. Each public method of ``_Served`` can be called.

    With ``kept`` it is forked from one that stands still, at that address, and goes on from there.
    """

    def __init__(self, directory: Path, people: People, shells: int | None = None, kept: str = "") -> None:
        self._process = 0
        if kept:
            self._pipe = Client(kept, "AF_UNIX")
            self._pipe.send((str(directory), shells))
            return
        self._pipe, other = multiprocessing.Pipe()
        self._process = os.fork()
        if self._process == 0:
            self._pipe.close()
            _serve(other, directory, people, shells)
        other.close()

    def ask(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of the lab's side; an exception of it is raised here."""
        self._pipe.send((name, arguments, options))
        worked, value = self._pipe.recv()
        if not worked:
            raise RuntimeError(value)
        return value

    def stop(self) -> None:
        self._pipe.close()
        if self._process:
            os.waitpid(self._process, 0)


def _serve(pipe: Connection, directory: Path, people: People, shells: int | None) -> None:
    """Be the lab's process: never returns."""
    code = 1
    try:
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        clock.uninstall()
        hybrid = empty_hybrid(speed=SPEED)
        _answer(pipe, hybrid, people(HybridBuilder(hybrid)), [], directory, shells)
    except EOFError:
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _answer(
    pipe: Connection, hybrid: Hybrid, pairs: list[Pair], log: list[dict[str, Any]], directory: Path, shells: int | None
) -> None:
    """Open the servers in front of an organization, and do what is asked for until nobody asks any more: EOFError."""
    limits = Limits() if shells is None else Limits(shells=shells)
    with Laboratory(hybrid, directory, limits=limits, monotonic=time.monotonic) as laboratory:
        served = _Served(laboratory, pairs, log)
        while True:
            name, arguments, options = pipe.recv()
            try:
                pipe.send((True, getattr(served, name)(*arguments, **options)))
            except Exception as error:
                pipe.send((False, f"{type(error).__name__}: {error}"))


def _stand_still(hybrid: Hybrid, pairs: list[Pair], log: list[dict[str, Any]], address: str) -> None:
    """Be a lab that no one changes, and that others are forked from: never returns.

    It has no servers: those of the lab that it is forked from are another process's.
    """
    code = 1
    try:
        os.closerange(3, 4096)
        with Listener(address, "AF_UNIX", backlog=64) as listener:
            while True:
                pipe = listener.accept()
                if os.fork():
                    pipe.close()
                    _reap()
                    continue
                directory, shells = pipe.recv()
                _answer(pipe, hybrid, pairs, log, Path(directory), shells)
    except EOFError:
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _reap() -> None:
    """Let go of children that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue


class _Served:
    """What can be asked of the lab."""

    def __init__(self, laboratory: Laboratory, pairs: list[Pair], log: list[dict[str, Any]]) -> None:
        hybrid = laboratory.hybrid
        assert isinstance(hybrid, Hybrid)
        self._laboratory = laboratory
        self._hybrid = hybrid
        self._pairs = pairs
        self._log = log  # of the lab that this one is forked from

    def keep(self, address: str) -> int:
        """Leave the organization as it is at an address, for others to go on from; return the process that has it."""
        process = os.fork()
        if not process:
            _stand_still(self._hybrid, self._pairs, self.log(), address)
        return process

    def identities(self) -> list[str]:
        return [pair.identity for pair in self._pairs]

    def environment(self) -> dict[str, str]:
        return self._laboratory.environment()

    def port(self, server: str) -> int:
        return self._laboratory.port(server)

    def secrets(self) -> list[str]:
        """Return what must be in no output."""
        laboratory = self._laboratory
        return [
            self._hybrid.exchange_server_account.password,
            self._hybrid.remote_credential.password,
            laboratory.client_secret,
        ]

    def fault(self, organization: str, cmdlet: str, kind: str, **options: Any) -> str:
        """Arm a fault, and return the name that ``armed`` has for it."""
        return f"cmdlet {self._laboratory.faults.add(organization, cmdlet, kind, **options)}"

    def disturb(self, server: str, label: str, kind: str, **options: Any) -> str:
        """Arm a disturbance, and return the name that ``armed`` has for it."""
        return f"request {self._laboratory.disturbances.add(server, label, kind, **options)}"

    def armed(self) -> list[str]:
        """Return the names of what has not struck yet."""
        laboratory = self._laboratory
        armed = {"cmdlet": laboratory.faults.armed(), "request": laboratory.disturbances.armed()}
        return [f"{what} {fault.number}" for what, faults in armed.items() for fault in faults]

    def clear(self) -> None:
        self._laboratory.faults.clear()
        self._laboratory.disturbances.clear()

    def wake(self) -> None:
        self._laboratory.faults.wake()
        self._laboratory.disturbances.wake()

    def requests(self) -> list[tuple[str, str]]:
        return list(self._laboratory.disturbances.requests)

    def log(self) -> list[dict[str, Any]]:
        return [*self._log, *self._laboratory.log.entries()]

    def wait_for_call(self, cmdlet: str) -> None:
        """Wait until a cmdlet that is on its way has been executed."""
        while not self._laboratory.log.entries(cmdlet=cmdlet):
            clock.pause(0.005)

    def sessions(self) -> dict[str, int]:
        return self._laboratory.open_sessions()

    def cycles(self) -> None:
        """Let the scheduler run whenever it may, until everything has arrived and is written back."""
        for _cycle in range(3):
            self._hybrid.run_scheduled_cycle()

    def snapshot(self) -> dict[str, Any]:
        return _timeless(self._hybrid.snapshot())

    def paused(self) -> bool:
        return not self._hybrid.sync.sync_cycle_enabled

    def mailboxes(self) -> dict[str, dict[str, Any]]:
        """Return what is to be the same at the end, and where each mailbox is."""
        return {
            pair.identity: {
                "home": pair.directory.kind, "cloud": pair.cloud.kind, "database": pair.directory.database,
                "guid": str(pair.cloud.exchange_guid), "home_guid": str(pair.directory.exchange_guid),
                "addresses": sorted(pair.cloud.email_addresses),
                "home_addresses": sorted(pair.directory.email_addresses),
            }
            for pair in self._pairs
        }  # fmt: skip


_TIMES = ("when_changed", "when_created", "complete_after", "skipped_item_approval_time")


def _timeless(value: Any) -> Any:
    """Return a snapshot in which times are told only to be there."""
    if isinstance(value, dict):
        return {
            name: item is not None if name in _TIMES else _timeless(item) for name, item in value.items()
        }
    return [_timeless(item) for item in value] if isinstance(value, list) else value
