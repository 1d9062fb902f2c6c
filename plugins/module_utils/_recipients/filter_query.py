# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Bulk reads: many objects in few calls, each answer mapped back to who asked for it.

``-eq`` clauses joined by ``-or``; text in single quotes, an inner quote doubled; ResultSize Unlimited, or Exchange
stops at 1000 (facts identity-filters-roles.md, "Filters"). A call asks for fifty values, and for up to 250 as long as
its filter stays below 30 KB and every session has something to do. No documented limit exists, so a call that Exchange
refuses is split in halves until the refused value stands alone. That is cheaper in the cloud, too, than $batch, which
carries ten cmdlets a request at the most: measured against the laboratory, an object in a filter's answer costs 0.4 ms
of CPU in the module, a cmdlet of its own 3 ms. $batch is left to cmdlets that take one Identity
(``Connections.read_each``).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, Union

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Properties,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, HybridError

# A call asks for fifty values at least, where there are so many, and for no more than what its answer takes in memory:
# every session decodes one, and Exchange shows a hundred properties of each object.
VALUES, MOST_VALUES = 50, 250
FILTER_LENGTH = 30_000  # characters

T = TypeVar("T")
# By value, folded: what holds it, or why Exchange refused to look for it.
FoundAs = dict[str, Union[list[T], HybridError]]
Found = FoundAs[Properties]
Clause = tuple[str, str]


def quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def any_of(clauses: Iterable[Clause]) -> str:
    """Return an OPATH filter of ``(property, value)`` clauses joined by -or."""
    return " -or ".join(f"({name} -eq {quoted(value)})" for name, value in clauses)


def find(
    connections: Connections,
    system: str,
    cmdlet: str,
    values: Iterable[str],
    properties: Callable[[str], Sequence[str]],
    *,
    forest: bool = False,
) -> Found:
    """Return the objects themselves: see ``find_as``."""
    return find_as(_itself, connections, system, cmdlet, values, properties, forest=forest)


def find_as(
    form: Callable[[Properties], T],
    connections: Connections,
    system: str,
    cmdlet: str,
    values: Iterable[str],
    properties: Callable[[str], Sequence[str]],
    *,
    forest: bool = False,
) -> FoundAs[T]:
    """Ask ``cmdlet`` for every value and return the ``form`` of the objects that hold it, by the value in lower case.

    ``properties`` names the filterable properties that may hold a value; an object counts for a value only where one of
    them really has it, because a filter may match more than it says (PrimarySmtpAddress matches any address).
    A value that Exchange refused has its error instead. ``forest`` is Cmdlet's.
    """
    wanted = sorted({_values.folded(value) for value in values})
    clauses = [[(name, value) for name in properties(value)] for value in wanted]
    found: FoundAs[T] = {value: [] for value in wanted}
    pending = _chunks(clauses, connections.workers(system)) if clauses else []
    while pending:
        questions = [(_query(cmdlet, chunk, forest), functools.partial(_held_by, form, chunk)) for chunk in pending]
        answers = connections.ask(system, questions)
        retry: list[list[list[Clause]]] = []
        for chunk, answer in zip(pending, answers, strict=True):
            retry += _sort_in(found, chunk, answer)
        pending = retry
    return found


def _itself(item: Properties) -> Properties:
    return item


def calls(values: int) -> int:
    """Return how many calls so many values take at the most."""
    return math.ceil(values / VALUES)


def _chunks(clauses: Sequence[list[Clause]], workers: int) -> list[list[list[Clause]]]:
    """Pack values into calls; a value's own clauses stay together."""
    share = min(max(VALUES, math.ceil(len(clauses) / workers)), MOST_VALUES)
    chunks: list[list[list[Clause]]] = []
    length = 0
    for group in clauses:
        size = len(any_of(group)) + len(" -or ")
        full = (
            bool(chunks) and len(chunks[-1]) >= VALUES and (len(chunks[-1]) >= share or length + size > FILTER_LENGTH)
        )
        if not chunks or full:
            chunks.append([])
            length = 0
        chunks[-1].append(group)
        length += size
    return chunks


def _query(cmdlet: str, chunk: Sequence[Sequence[Clause]], forest: bool) -> Cmdlet:
    return Cmdlet(
        cmdlet,
        {
            "Filter": any_of(clause for group in chunk for clause in group),
            "ResultSize": "Unlimited",
        },
        forest,
    )


def _held_by(
    form: Callable[[Properties], T], chunk: Sequence[Sequence[Clause]], output: CmdletOutput
) -> list[tuple[str, T]]:
    """Return each value that was asked for and is held, with the form of its holder."""
    asked = {clause for group in chunk for clause in group}
    names = {name for name, _value in asked}
    held = []
    for item in output.objects:
        values = {value for name in names for value in _held(item, name) if (name, value) in asked}
        if values:
            shown = form(item)
            held += [(value, shown) for value in values]
    return held


def _sort_in(
    found: FoundAs[T], chunk: list[list[Clause]], answer: list[tuple[str, T]] | HybridError
) -> list[list[list[Clause]]]:
    """File an answer under the values that asked for it; return what must be asked again in halves."""
    if isinstance(answer, HybridError):
        if not isinstance(answer, CmdletError) or answer.code == "permission_denied":
            raise answer
        if len(chunk) > 1:
            middle = len(chunk) // 2
            return [chunk[:middle], chunk[middle:]]
        found[chunk[0][0][1]] = answer
        return []
    for value, item in answer:
        entry = found[value]
        if isinstance(entry, list):
            entry.append(item)
    return []


def _held(item: Mapping[str, Any], name: str) -> set[str]:
    """Return the values that an object holds under a property, in the form in which a filter asks for them."""
    texts = _values.as_list(item.get(name))
    if name in ("EmailAddresses", "ExternalEmailAddress"):
        # A full address is asked for without its smtp prefix, any other proxy with its own.
        return {_values.folded(t[5:] if _values.folded(t[:5]) == "smtp:" else t) for t in texts}
    return {_values.folded(text) for text in texts}


def same_properties(properties: Sequence[str]) -> Callable[[str], Sequence[str]]:
    """Return a chooser of the same properties for every value."""
    return lambda _value: properties


def by_address_or_guid(address: Sequence[str], guid: Sequence[str]) -> Callable[[str], Sequence[str]]:
    """Return a chooser of properties: some hold addresses, others GUIDs."""
    return lambda value: guid if _values.is_guid(value) else address
