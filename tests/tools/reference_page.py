# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Microsoft's reference says of the cmdlets, for module exchange_cmdlet, from lab/contract/: ``make pages``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SYSTEMS = {"Exchange Server SE": "s", "Exchange Online": "o"}
# Functions of Microsoft's PowerShell module: no organization runs them as cmdlets.
NOT_A_CMDLET = "-EXO"
HEAD = '''\
# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The cmdlets and their parameters by Microsoft's reference; written by ``make pages``, read by contract.py.

Facts of the pages of MicrosoftDocs/office-docs-powershell, as of {date}. A cmdlet begins with its name, where
it exists (s: Exchange Server SE, o: Exchange Online) and its parameter sets, the default one with a star. Each
parameter follows with its type, where it exists, and the numbers of its sets (* for all of them, ! where it is
mandatory). Behind ~ are aliases, behind = are the names of an enumeration.
"""

REFERENCE = """
'''


def page(contract: Path) -> str:
    """Return the module with the text that all cmdlets of both organizations make."""
    known = json.loads(contract.read_text(encoding="utf-8"))
    lines = [
        line
        for name, facts in sorted(known["cmdlets"].items())
        if NOT_A_CMDLET not in name and _where(facts)
        for line in _cmdlet(name, facts)
    ]
    date = known["source"]["commit_date"].partition("T")[0]
    return HEAD.format(date=date) + "\n".join(lines) + '\n"""\n'


def _where(facts: Mapping[str, Any]) -> str:
    return "".join(letter for environment, letter in SYSTEMS.items() if environment in facts["applicable"])


def _cmdlet(name: str, facts: Mapping[str, Any]) -> Iterator[str]:
    sets = facts["parameter_sets"]
    titles = [title + ("*" if says["default"] else "") for title, says in sets.items()]
    yield from _wrapped([f"@{name}", _where(facts), *titles])
    for parameter, says in facts["parameters"].items():
        if _where(says):
            words = [parameter, _type(says), _where(says), _places(parameter, sets)]
            words += [f"~{alias}" for alias in says["aliases"]]
            yield from _wrapped([*words, *(f"={value}" for value in _names(says))])


def _type(says: Mapping[str, Any]) -> str:
    return str(says["type"]).strip("<>").removeprefix("System.").replace(" ", "")


def _places(parameter: str, sets: Mapping[str, Mapping[str, Any]]) -> str:
    """Return in which sets a parameter is, and in which of them it is mandatory."""
    needed = [parameter in (*says["mandatory"], *says["mandatory_switches"]) for says in sets.values()]
    there = [must or parameter in says["optional"] for must, says in zip(needed, sets.values(), strict=True)]
    if all(there) and (all(needed) or not any(needed)):
        return "*!" if needed[0] else "*"
    marks = zip(needed, there, strict=True)
    return ",".join(f"{number}{'!' if must else ''}" for number, (must, has) in enumerate(marks) if has) or "-"


def _names(says: Mapping[str, Any]) -> list[str]:
    """Return an enumeration's names; of anything else, the pages name some values, and not all."""
    names = [str(name) for name in says["accepted_values"]]
    of_an_enumeration = _type(says).removesuffix("[]") not in ("Boolean", "SwitchParameter", "String", "Int32")
    return names if of_an_enumeration and all(name.isidentifier() for name in names) else []


def _wrapped(words: list[str]) -> Iterator[str]:
    """Yield a line of at most 120 characters, and the rest in lines that begin with a space."""
    line = words[0]
    for word in words[1:]:
        if len(line) + len(word) >= 120:
            yield line
            line = ""
        line += f" {word}"
    yield line
