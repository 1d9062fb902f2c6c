# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The run that a module belongs to: its wave is its own, and a module whose ansible-playbook is gone writes no more.

``wave_file`` takes the lease of the wave, each module keeps it while it works, and the end of the role gives it back. A
wave that no run has taken belongs to whoever uses it: a module on its own needs no lease.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import unwritable_directory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.leases import Holder, Kept, Lease, Leases
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.owners import Owner, Processes
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

SOURCE = "source"


def lease_of(path: str) -> str:
    """Return the path of the lease of a wave's file."""
    return f"{path}.lease"


class OwnRun:
    """The run of this module, by the name that the task gives it and by the process that started it."""

    def __init__(
        self,
        memory_at: Callable[[str], Memory],
        name: str,
        processes: Processes | None = None,
        owner: Owner | None = None,
    ) -> None:
        """``memory_at`` returns where a path is."""
        self._memory_at = memory_at
        self.processes = processes or Processes()
        self._kept: Kept | None = None
        self.name = name
        self.owner = owner or self.processes.owner_of(os.getpid())

    @property
    def holder(self) -> Holder:
        return Holder(self.name, self.owner)

    # -- what is written ---------------------------------------------------------------------------------------------

    def refuse_orphaned(self) -> None:
        """Refuse to write once the run is over, or the wave another's."""
        if self.processes.is_gone(self.owner):
            raise _ended(self.owner)
        if self._kept is not None and self._kept.lost:
            raise HybridError(
                "the wave of this run was taken over by another run, or could not be kept, so nothing more is written.",
                code="wave_lost",
                retryable=True,
                remedy="Check that the directory can be written to and that no other run has the wave. Run again.",
            )

    def refuse_others(self, records: Sequence[Record]) -> None:
        """Refuse what another run found out about mailboxes: its stop signs, and ours, hold for their own run alone."""
        for record in records:
            judged_in = str(record.get("run") or "")
            if judged_in and judged_in != self.name:
                raise InputError(
                    "mailboxes",
                    str(record.get("identity")),
                    f"was read by run {judged_in}, not by {f'run {self.name}' if self.name else 'this run'}",
                    "Run from the beginning, so that the mailboxes are read and checked in this run.",
                    "wave_of_another_run",
                )

    # -- the wave ----------------------------------------------------------------------------------------------------

    def take(self, path: str, source: str, digest: str) -> None:
        """Take the wave of a file; InputError, naming its run, where it is another's, or another wave of this run's.

        A run that nothing tells from others cannot have one to itself, nor can one in a folder that is not there.
        """
        if not (self.name or self.owner.known) or not self._has_folder(path):
            return
        about, leases = {SOURCE: source, "digest": digest}, self._leases(path)
        holder = Holder(self.name, self.owner, about)
        with self._told(path):
            known = leases.read(lease_of(path))
            other = leases.take(lease_of(path), holder) if not _of_another_source(known, holder) else known
        if other is not None:
            raise self._in_use("path", path, other)

    def give_back(self, path: str) -> bool:
        """End the lease of this run; tell whether there was one."""
        with self._told(path):
            return self._leases(path).give_back(lease_of(path), self.holder)

    @contextlib.contextmanager
    def kept(self, path: str) -> Iterator[None]:
        """Keep this run's wave for the block; InputError where the wave is another's."""
        holder, place, leases = self.holder, lease_of(path), self._leases(path)
        with self._told(path):
            lease = leases.read(place)
            mine = lease is not None and holder.is_same(lease.holder)
            if lease is not None and mine and leases.has_died(lease):
                raise _ended(lease.holder.owner)
            if lease is not None and not mine and leases.stands(lease):
                raise self._in_use("mailboxes_file", path, lease)
            if lease is not None and mine:
                leases.renew(place, holder)
        if not mine:
            yield
            return
        with Kept(lambda: leases.renew(place, holder)) as self._kept:
            yield

    def _leases(self, path: str) -> Leases:
        return Leases(self._memory_at(path), self.processes)

    def _has_folder(self, path: str) -> bool:
        return self._memory_at(path).has_folder(os.path.dirname(path) or os.curdir)

    def _in_use(self, option: str, path: str, lease: Lease) -> InputError:
        source = lease.holder.about.get(SOURCE, "")
        here = self.processes.is_gone(lease.holder.owner) is False
        until = "" if here else f" If it was killed, wait until {lease.until}."
        return InputError(
            option,
            self._memory_at(path).describe(path),
            f"is the wave of {lease.told()}{f', from {source}' if source else ''}",
            f"Wait until that run has ended, or stop it.{until} For another wave at the same time, use a directory of "
            "its own.",
            "wave_in_use",
        )

    @contextlib.contextmanager
    def _told(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            where = self._memory_at(path).describe(lease_of(path))
            what = "the note that the wave is this run's own"
            raise unwritable_directory("mailboxes_file", where, what, error) from error


def _of_another_source(known: Lease | None, holder: Holder) -> bool:
    """Tell whether a run that still has a wave of another CSV or list in this place asks for it."""
    return (
        known is not None
        and holder.is_same(known.holder)
        and known.holder.about.get(SOURCE) != holder.about.get(SOURCE)
    )


def _ended(owner: Owner) -> HybridError:
    return HybridError(
        f"ansible-playbook (process {owner.pid} on {owner.host}), to which this task belongs, is no more, so nothing "
        "more is written.",
        code="run_ended",
        retryable=True,
        remedy="Run again; what was done is read first.",
    )


def names_of(records: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the names of a wave's mailboxes, for its digest."""
    return [str(record["identity"]) for record in records]
