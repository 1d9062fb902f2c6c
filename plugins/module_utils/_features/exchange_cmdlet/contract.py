# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What one organization's cmdlets take, read from the text in reference.py."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_cmdlet.reference import (
    REFERENCE,
)

_LETTERS = {EXCHANGE_SERVER: "s", EXCHANGE_ONLINE: "o"}
TITLES = {EXCHANGE_SERVER: "Exchange Server", EXCHANGE_ONLINE: "Exchange Online"}


@dataclass(frozen=True)
class Parameter:
    """One parameter. ``sets`` maps the parameter sets that have it to whether it is mandatory there."""

    name: str
    type: str
    systems: str
    sets: Mapping[str, bool]
    aliases: Sequence[str] = ()
    names: Sequence[str] = ()  # of an enumeration; empty for everything else

    def runs_in(self, system: str) -> bool:
        return _LETTERS[system] in self.systems


@dataclass(frozen=True)
class Contract:
    """One cmdlet; ``parameters`` are those of both organizations."""

    name: str
    systems: str
    sets: Sequence[str]
    default_set: str
    parameters: Mapping[str, Parameter]

    def runs_in(self, system: str) -> bool:
        return _LETTERS[system] in self.systems

    def takes(self, system: str) -> list[str]:
        """Return the parameters of one organization."""
        return [name for name, parameter in self.parameters.items() if parameter.runs_in(system)]

    def parameter(self, name: str) -> Parameter | None:
        """Return a parameter by its name or one of its aliases, in any case of their letters."""
        wanted = name.lower()
        for parameter in self.parameters.values():
            if wanted in (parameter.name.lower(), *(alias.lower() for alias in parameter.aliases)):
                return parameter
        return None

    def reachable(self, system: str, given: Collection[str]) -> dict[str, list[str]]:
        """Return the sets that have all these parameters, with what each of them makes mandatory.

        What only the other organization has can be neither given nor asked for.
        """
        here = [self.parameters[name] for name in self.takes(system)]
        elsewhere = [parameter for parameter in self.parameters.values() if not parameter.runs_in(system)]
        found = {}
        for title in self.sets:
            impossible = any(parameter.sets.get(title) for parameter in elsewhere)
            if not impossible and all(title in self.parameters[name].sets for name in given):
                found[title] = [parameter.name for parameter in here if parameter.sets.get(title)]
        return found


def names(system: str) -> list[str]:
    """Return the names of one organization's cmdlets."""
    return [words[0][1:] for words in _headings() if _LETTERS[system] in words[1]]


def find(name: str) -> Contract | None:
    """Return a cmdlet of either organization by its name, in any case of its letters."""
    wanted = f"@{name}".lower()
    lines = iter(_lines())
    for line in lines:
        words = line.split()
        if words[0].lower() == wanted:
            return _contract(words, _until_the_next(lines))
    return None


def alike(name: str, known: Iterable[str]) -> str:
    """Return what a misspelt name may mean, as the end of a sentence; empty where nothing is alike."""
    by_lower = {one.lower(): one for one in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.7)
    return f"did you mean {by_lower[found[0]]}?" if found else ""


def _lines() -> Iterator[str]:
    """Yield the lines of the reference, those that were too long for one whole again."""
    whole = ""
    for line in REFERENCE.strip().splitlines():
        if line.startswith(" "):
            whole += line
            continue
        if whole:
            yield whole
        whole = line
    yield whole


def _headings() -> Iterator[list[str]]:
    return (line.split() for line in _lines() if line.startswith("@"))


def _until_the_next(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("@"):
            return
        yield line


def _contract(heading: Sequence[str], lines: Iterable[str]) -> Contract:
    titles = [title.rstrip("*") for title in heading[2:]]
    default = next((title.rstrip("*") for title in heading[2:] if title.endswith("*")), "")
    parameters = {parameter.name: parameter for parameter in (_parameter(line.split(), titles) for line in lines)}
    return Contract(heading[0][1:], heading[1], titles, default, parameters)


def _parameter(words: Sequence[str], titles: Sequence[str]) -> Parameter:
    name, kind, systems, places, *more = words
    if places.startswith("*"):
        sets = dict.fromkeys(titles, places.endswith("!"))
    else:
        marks = [place for place in places.split(",") if place != "-"]
        sets = {titles[int(mark.rstrip("!"))]: mark.endswith("!") for mark in marks}
    return Parameter(
        name,
        kind,
        systems,
        sets,
        [word[1:] for word in more if word.startswith("~")],
        [word[1:] for word in more if word.startswith("=")],
    )
