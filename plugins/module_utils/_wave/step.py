# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A step: one thing that is managed, for a whole wave. Reading is apart from planning, which is pure."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import NOTHING_SENT, Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, is_home

State = TypeVar("State")


@dataclass(eq=False)
class WorkItem(Generic[State]):
    """One mailbox on its way through a task.

    ``current`` is what the last read showed; ``error`` says why it shows nothing, or why nothing may be written.
    ``plan`` is the last one. The record stays as the task was given it.
    """

    record: Record
    outcome: Outcome = field(init=False)
    current: State | None = None
    error: HybridError | None = None
    plan: Plan | None = None
    attempt: Attempt = NOTHING_SENT

    def __post_init__(self) -> None:
        self.outcome = Outcome(self.record)

    @property
    def identity(self) -> str:
        return self.outcome.identity

    @property
    def known(self) -> Record:
        """The record with what is known by now: it says how to read the object back once something was sent to it."""
        return {**self.record, **self.plan.enriched} if self.plan and self.attempt.begun else self.record

    def show(self, found: State | HybridError) -> None:
        """Take what was read of the mailbox, or why nothing could be."""
        if isinstance(found, HybridError):
            self.error = found
        else:
            self.current, self.error = found, None

    def fail(self, error: HybridError) -> None:
        self.outcome.status, self.outcome.error = "failed", error


def nothing(connections: Connections, items: Sequence[WorkItem[State]]) -> None:
    """Show the items nothing more than they show already."""


class Step(ABC, Generic[State]):
    """One thing that is managed. A step holds what the task asks of every mailbox, and nothing that changes."""

    writes_to: ClassVar[str]

    def skips(self, record: Record) -> bool:
        """Tell whether the record itself says already that nothing is to be done: not even a read then."""
        return is_home(record)

    @abstractmethod
    def read(self, connections: Connections, items: Sequence[WorkItem[State]]) -> None:
        """Show each item what ``plan`` needs."""

    def second_look(self) -> Callable[[Connections, Sequence[WorkItem[State]]], None]:
        """Return what shows each item once more what its plan would write over, right before that is done.

        ``nothing`` is for a step that writes nothing over.
        """
        return self.read

    @abstractmethod
    def plan(self, record: Record, current: State, attempt: Attempt, now: datetime.datetime) -> Plan:
        """Return what is left to do; HybridError when it must not be done. Pure."""

    def ask(self, connections: Connections, items: Sequence[WorkItem[State]]) -> None:
        """Ask what the first plans raise, before anything is written; an item whose plan must not be has an error."""
