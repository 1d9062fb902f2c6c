# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exchange's filter language (OPATH), as far as recipients are filtered with it.

``-eq -ne -like -notlike -gt -ge -lt -le`` clauses, ``-and -or -not``, parentheses, text in single quotes (an inner
quote doubled), ``$null $true $false`` (facts: identity-filters-roles.md, section Filters).
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Union

Values = Callable[[str], Sequence[str]]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*'|\"[^\"]*\")|(?P<bracket>[()])|(?P<operator>-[A-Za-z]+)"
    r"|(?P<variable>\$[A-Za-z]+)|(?P<word>[^\s()'\"]+))"
)
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "-eq": operator.eq, "-gt": operator.gt, "-ge": operator.ge, "-lt": operator.lt, "-le": operator.le,
}  # fmt: skip
_COMPARISONS = frozenset("-eq -ne -like -notlike -gt -ge -lt -le".split())


class FilterError(ValueError):
    """A filter that cannot be read; the position counts from 1."""


@dataclass(frozen=True)
class Clause:
    """One comparison. ``value`` None is ``$null``."""

    property_name: str
    operator: str
    value: str | None

    @property
    def is_equality(self) -> bool:
        """Say whether one value is asked for."""
        return self.operator == "-eq" and self.value is not None

    def matches(self, values: Values) -> bool:
        """Say whether the object fits; a property with several values fits when one of them does."""
        held = [text.lower() for text in values(self.property_name) if text != ""]
        if self.operator in ("-ne", "-notlike"):
            positive = Clause(self.property_name, "-eq" if self.operator == "-ne" else "-like", self.value)
            return not positive.matches(values)
        if self.value is None:
            return not held
        wanted = self.value.lower()
        if self.operator == "-like":
            # Exchange's only wildcard is the asterisk; the others of fnmatch are taken literally.
            pattern = re.sub(r"([\[?])", r"[\1]", wanted)
            return any(fnmatchcase(text, pattern) for text in held)
        compare = _COMPARE[self.operator]
        return any(compare(text, wanted) for text in held)


@dataclass(frozen=True)
class Not:
    inner: Expression

    def matches(self, values: Values) -> bool:
        """Say whether the inner expression does not fit."""
        return not self.inner.matches(values)


@dataclass(frozen=True)
class Either:
    """Parts joined by ``-or``."""

    parts: tuple[Expression, ...]

    @functools.cached_property
    def _wanted(self) -> dict[str, set[str]]:
        """The values of all ``-eq`` parts by property: a filter for a hundred objects is one look at each property."""
        wanted: dict[str, set[str]] = {}
        for part in self.parts:
            if isinstance(part, Clause) and part.is_equality:
                wanted.setdefault(part.property_name, set()).add((part.value or "").lower())
        return wanted

    @functools.cached_property
    def _others(self) -> tuple[Expression, ...]:
        return tuple(part for part in self.parts if not (isinstance(part, Clause) and part.is_equality))

    def matches(self, values: Values) -> bool:
        """Say whether one part fits."""
        for name, wanted in self._wanted.items():
            if any(text.lower() in wanted for text in values(name) if text != ""):
                return True
        return any(part.matches(values) for part in self._others)


@dataclass(frozen=True)
class Both:
    """Parts joined by ``-and``."""

    parts: tuple[Expression, ...]

    def matches(self, values: Values) -> bool:
        """Say whether every part fits."""
        return all(part.matches(values) for part in self.parts)


Expression = Union[Clause, Not, Either, Both]


def properties(expression: Expression) -> list[str]:
    """Return the names of the properties that an expression asks for, as it spells them."""
    if isinstance(expression, Clause):
        return [expression.property_name]
    if isinstance(expression, Not):
        return properties(expression.inner)
    return [name for part in expression.parts for name in properties(part)]


def equalities(expression: Expression) -> list[Clause] | None:
    """Return the ``-eq`` clauses of which any matching object fits at least one, or None where there is no such list.

    An index can answer these without looking at every object; an ``-and`` is as selective as its first such part.
    """
    if isinstance(expression, Clause):
        return [expression] if expression.is_equality else None
    if isinstance(expression, Either):
        found: list[Clause] = []
        for part in expression.parts:
            inner = equalities(part)
            if inner is None:
                return None
            found.extend(inner)
        return found
    if isinstance(expression, Both):
        return next((found for found in map(equalities, expression.parts) if found is not None), None)
    return None


def parse(text: str) -> Expression:
    """Read a filter. Raises FilterError."""
    return _Reader(text).whole()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def whole(self) -> Expression:
        expression = self._either()
        if self._peek() is not None:
            raise self._error("unexpected text")
        return expression

    def _either(self) -> Expression:
        parts = [self._both()]
        while self._take_operator("-or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Expression:
        parts = [self._one()]
        while self._take_operator("-and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _one(self) -> Expression:
        if self._take_operator("-not"):
            return Not(self._one())
        token = self._next()
        if token.group("bracket") == "(":
            inner = self._either()
            if self._next().group("bracket") != ")":
                raise self._error("a closing parenthesis is missing")
            return inner
        name = token.group("word")
        if name is None or re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name) is None:
            raise self._error("a property name is expected")
        operator = (self._next().group("operator") or "").lower()
        if operator not in _COMPARISONS:
            raise self._error("a comparison operator is expected")
        return Clause(name, operator, self._value())

    def _value(self) -> str | None:
        token = self._next()
        quoted = token.group("text")
        if quoted is not None:
            return str(quoted[1:-1].replace("''", "'")) if quoted[0] == "'" else str(quoted[1:-1])
        variable = (token.group("variable") or "").lower()
        if variable in ("$true", "$false"):
            return "True" if variable == "$true" else "False"
        if variable == "$null":
            return None
        word = token.group("word")
        if word is None:
            raise self._error("a value is expected")
        return str(word)

    def _take_operator(self, wanted: str) -> bool:
        token = self._peek()
        if token is None or (token.group("operator") or "").lower() != wanted:
            return False
        self.position = token.end()
        return True

    def _peek(self) -> re.Match[str] | None:
        if not self.text[self.position :].strip():
            return None
        token = _TOKEN.match(self.text, self.position)
        if token is None:
            raise self._error("a closing quotation mark is missing")
        return token

    def _next(self) -> re.Match[str]:
        token = self._peek()
        if token is None:
            raise self._error("the filter ends too early")
        self.position = token.end()
        return token

    def _error(self, problem: str) -> FilterError:
        return FilterError(f'Invalid filter syntax: {problem}. "{self.text}" at position {self.position + 1}.')
