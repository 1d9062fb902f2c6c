# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time that passes faster: what sleeps and what counts seconds agree, and no test waits for minutes.

``install`` has to run before the collection is imported, because functions name the module's sleep as their default.
The times of day stay the machine's: the lab and the collection both read them, and compare theirs with each other's.

A database server is a real one, on a machine that has other things to do. Its library waits for a connection in real
seconds: ten of ours would be a sixth of one.
"""

from __future__ import annotations

import contextlib
import time

PACE = 60.0
_REAL = {name: getattr(time, name) for name in ("sleep", "monotonic")}
_BEGAN = _REAL["monotonic"]()


def install() -> None:
    """Let a minute of sleeping take a second, for this process and those that it forks."""
    with contextlib.suppress(ImportError):  # without it no memory is a database
        import psycopg as _keeps_real_time  # noqa: F401
    vars(time).update(sleep=sleep, monotonic=monotonic)


def uninstall() -> None:
    """Go back to real time, in a forked process that serves."""
    vars(time).update(_REAL)


def pause(seconds: float) -> None:
    """Sleep for real seconds."""
    _REAL["sleep"](seconds)


def seconds() -> float:
    """Count real seconds."""
    return float(_REAL["monotonic"]())


def sleep(seconds: float) -> None:
    """Sleep for seconds that pass faster."""
    pause(seconds / PACE)


def monotonic() -> float:
    """Count seconds that pass faster."""
    return float(_BEGAN + (seconds() - _BEGAN) * PACE)
