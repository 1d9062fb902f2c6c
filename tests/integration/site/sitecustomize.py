# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every Python of a run imports first: it keeps the bytecode of what is imported from an archive.

Ansible sends each module in an archive of its own, without bytecode, and Python keeps none beside one: each start would
compile a hundred files that the start before has compiled. Here their code lies in a directory, under a digest of the
source, for the time of the tests. The archive, the process and its arguments are what they are for a user.

What is started warm keeps more, since a kept code costs it no look at the disk: the methods that dataclasses write as
text, and templates.
"""

from __future__ import annotations

import builtins
import contextlib
import dataclasses
import importlib.util
import marshal
import os
import zipimport
from collections.abc import Callable
from types import CodeType
from typing import Any

_PLACE = os.environ["TESTS_BYTECODE"]
_compile = zipimport._compile_source  # type: ignore[attr-defined]
# What tells apart how two environments read the same template.
_SYNTAX = (
    "block_start_string", "block_end_string", "variable_start_string", "variable_end_string", "comment_start_string",
    "comment_end_string", "line_statement_prefix", "line_comment_prefix", "trim_blocks", "lstrip_blocks",
    "newline_sequence", "keep_trailing_newline", "autoescape", "is_async",
)  # fmt: skip


_known: dict[str, CodeType] = {}
_looked_at = 0


def recall() -> None:
    """Load all that is kept, on behalf of the processes that will be forked from this one."""
    global _looked_at
    changed = os.stat(_PLACE).st_mtime_ns
    if changed == _looked_at:
        return
    _looked_at = changed
    for name in set(os.listdir(_PLACE)) - _known.keys():
        if "." not in name:  # as those have that are being written
            _known[name] = _loaded(name)


def keep_what_is_written(environment: type) -> None:
    """Keep the code of dataclasses' methods and of the templates of jinja2's ``Environment``, in forked processes."""
    dataclasses.exec = _executed  # type: ignore[attr-defined]
    compiled = environment.compile  # type: ignore[attr-defined]

    def compile_once(self: Any, source: Any, *arguments: Any, **options: Any) -> Any:
        # An optimizer, which Ansible does without, would compute constants with this environment's filters.
        if not isinstance(source, str) or arguments or options or self.optimized:
            return compiled(self, source, *arguments, **options)
        way = [type(self).__qualname__, sorted(self.extensions), *(getattr(self, name) for name in _SYNTAX)]
        return _kept(f"{way} {source}".encode(), lambda: compiled(self, source))

    environment.compile = compile_once  # type: ignore[attr-defined]


def _executed(source: str, names: dict[str, Any], found: dict[str, Any]) -> None:
    code = _kept(source.encode(), lambda: compile(source, "<string>", "exec"))
    builtins.exec(code, names, found)


def _kept(source: bytes, compiled: Callable[[], CodeType]) -> CodeType:
    name = importlib.util.source_hash(source).hex()
    if name not in _known:
        _known[name] = compiled()
        _keep(name, _known[name])
    return _known[name]


def _loaded(name: str) -> CodeType:
    with open(os.path.join(_PLACE, name), "rb") as stream:
        code: CodeType = marshal.load(stream)
    return code


def _keep(name: str, code: CodeType) -> None:
    # The directory for temporary files may be cleaned under a long run: that costs time and nothing else.
    with contextlib.suppress(OSError):
        os.makedirs(_PLACE, exist_ok=True)
        kept = os.path.join(_PLACE, name)
        own = f"{kept}.{os.getpid()}"
        with open(own, "wb") as stream:
            marshal.dump(code, stream)
        os.replace(own, kept)


def _compiled(path: str, source: bytes) -> CodeType:
    name = importlib.util.source_hash(source).hex()
    try:
        code = _known[name] if name in _known else _loaded(name)
    except OSError:
        code = _compile(path, source)
        _keep(name, code)
    return code.replace(co_filename=path)


zipimport._compile_source = _compiled  # type: ignore[attr-defined]
