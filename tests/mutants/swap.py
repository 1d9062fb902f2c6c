# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts a change into functions that are loaded already: no test has to be collected and no file imported again."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Iterator
from inspect import CO_OPTIMIZED
from types import CodeType, FunctionType


def functions_of(folder: str) -> dict[CodeType, list[FunctionType]]:
    """Return the functions that live in this process and come from files below a folder, by their code."""
    found: dict[CodeType, list[FunctionType]] = {}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and folder in thing.__code__.co_filename:
            found.setdefault(thing.__code__, []).append(thing)
    return found


def swap(live: dict[CodeType, list[FunctionType]], path: str, original: str, changed: str) -> bool:
    """Give the functions that a change is about their new code.

    False, and nothing is changed, where the change is outside of functions, or in one that no longer exists by itself:
    it shows only when the file is imported again.
    """
    before, after = (compile(source, path, "exec", dont_inherit=True) for source in (original, changed))
    pairs = list(_pairs(before, after))
    found = [(live.get(old, []), new) for old, new in pairs if new is not None and _content(old) != _content(new)]
    if not found or any(new is None for _old, new in pairs) or not all(functions for functions, _new in found):
        return False
    for functions, new in found:
        for function in functions:
            function.__code__ = new
    return True


def _pairs(before: CodeType, after: CodeType) -> Iterator[tuple[CodeType, CodeType | None]]:
    """Pair the outermost functions of two modules or classes; None beside code that differs outside of functions."""
    if _content(before, inside=False) != _content(after, inside=False):
        yield before, None
        return
    for old, new in itertools.zip_longest(_inner(before), _inner(after)):
        if new is None or old is None or old.co_name != new.co_name or old.co_freevars != new.co_freevars:
            yield before, None
        elif old.co_flags & CO_OPTIMIZED:
            yield old, new
        else:
            yield from _pairs(old, new)


def _inner(code: CodeType) -> list[CodeType]:
    return [value for value in code.co_consts if isinstance(value, CodeType)]


def _content(code: CodeType, inside: bool = True) -> tuple[object, ...]:
    """Return what code does, without the lines that it stands in."""
    values = [repr(value) for value in code.co_consts if not isinstance(value, CodeType)]
    nested = [_content(value) for value in _inner(code)] if inside else len(_inner(code))
    return (code.co_name, code.co_code, code.co_names, code.co_varnames, values, nested)
