# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every Python of a run imports first: it keeps the bytecode of what is imported from an archive.

Ansible sends each module in an archive of its own, without bytecode, and Python keeps none beside one: each start would
compile a hundred files that the start before has compiled. Here their code lies in a directory, under a digest of the
source, for the time of the tests. The archive, the process and its arguments are what they are for a user.
"""

from __future__ import annotations

import contextlib
import importlib.util
import marshal
import os
import zipimport
from types import CodeType

_PLACE = os.environ["TESTS_BYTECODE"]
_compile = zipimport._compile_source  # type: ignore[attr-defined]


def _compiled(path: str, source: bytes) -> CodeType:
    kept = os.path.join(_PLACE, importlib.util.source_hash(source).hex())
    try:
        with open(kept, "rb") as stream:
            code: CodeType = marshal.load(stream)
    except OSError:
        code = _compile(path, source)
        # The directory for temporary files may be cleaned under a long run: that costs time and nothing else.
        with contextlib.suppress(OSError):
            os.makedirs(_PLACE, exist_ok=True)
            own = f"{kept}.{os.getpid()}"
            with open(own, "wb") as stream:
                marshal.dump(code, stream)
            os.replace(own, kept)
    return code.replace(co_filename=path)


zipimport._compile_source = _compiled  # type: ignore[attr-defined]
