# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The test of the way to the MRS proxy, which Exchange Online allows from time to time only.

Tested by its name, an endpoint needs no secret (facts migration-batches.md section 4). A test that comes too soon after
another is refused with the time at which the next one may be made; how long that takes is not published. A wave's own
slices, a readiness run and a preview test the same endpoint, so a success is noted in the folder that they share, and
counts for a while.
"""

from __future__ import annotations

import contextlib
import datetime
import re
import time
from collections.abc import Callable, Mapping

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Properties,
    Value,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import utc_now

TEST = "Test-MigrationServerAvailability"
# The time that a refusal for testing too often names. Microsoft's article on HCW8078 has the sentence, not the time's
# form: those that .NET gives it in English and in ISO 8601 are read, and any other is told to the user.
_UNTIL = re.compile(r"(?:wait until|after) (\d+)/(\d+)/(\d{4}) (\d+):(\d\d):(\d\d)(?: ([AP])M)?", re.IGNORECASE)
_UNTIL_ISO = re.compile(
    r"(?:wait until|after) (\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)", re.IGNORECASE
)
LONGEST_WAIT = 300.0
# How often a wait looks whether another run's test has succeeded meanwhile.
LOOK = 5.0
NOTE = "endpoint_test.json"
# For how long a success counts: our own choice, from a readiness run or a preview to the run that follows it.
COUNTS_FOR = datetime.timedelta(minutes=15)


def ask(
    connections: Connections,
    parameters: Mapping[str, Value],
    *,
    patience: float = LONGEST_WAIT,
    known: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime.datetime] = utc_now,
) -> list[Properties] | None:
    """Return what a test answers, None where it turned out to be ``known`` during a wait. Raises HybridError.

    A test too soon after another is made again at the time that the refusal names, once, if that is within
    ``patience`` seconds.
    """
    cmdlet = Cmdlet(TEST, parameters)
    try:
        return connections.run(EXCHANGE_ONLINE, cmdlet).objects
    except HybridError as error:
        left = seconds_until(error.message, now()) if error.code == "throttled" else None
        if left is None or left > patience:
            raise
    while left > 0:
        pause = min(LOOK, left)
        sleep(pause)
        left -= pause
        if known():
            return None
    return connections.run(EXCHANGE_ONLINE, cmdlet).objects


def seconds_until(message: str, now: datetime.datetime) -> float | None:
    """Return the seconds until the time (UTC) that a refusal names, and one more; None where it names none."""
    until = _english_time(message)
    iso = _UNTIL_ISO.search(message)
    if until is None and iso is not None:
        with contextlib.suppress(ValueError):
            until = _values.parse_time(iso[1])
    return None if until is None else max(0.0, (until - now).total_seconds()) + 1.0


def _english_time(message: str) -> datetime.datetime | None:
    found = _UNTIL.search(message)
    if found is None:
        return None
    month, day, year, hour, minute, second = (int(number) for number in found.groups()[:6])
    if found[7]:
        hour = hour % 12 + (12 if found[7].upper() == "P" else 0)
    try:
        return datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.timezone.utc)
    except ValueError:
        return None


def is_proven(folder: Folder | None, endpoint: str) -> bool:
    """Tell whether a run that shares the folder has tested this endpoint with success a short while ago.

    A note that cannot be read says nothing, and the endpoint is tested.
    """
    if folder is None:
        return False
    try:
        found = folder.memory.read(folder.at(NOTE))
        told = documents.parsed(found.text) if found else None
    except OSError:
        return False
    if found is None or not isinstance(told, dict):
        return False
    age = abs(folder.memory.now() - found.written_at)
    return _values.folded(told.get("endpoint")) == _values.folded(endpoint) and age < COUNTS_FOR


def note_success(folder: Folder | None, endpoint: str) -> None:
    """Note for other runs that an endpoint was tested with success; without the note they test it once more."""
    if folder is None or not folder.memory.has_folder(folder.path):
        return
    try:
        folder.memory.write(folder.at(NOTE), documents.text_of({"version": 1, "endpoint": endpoint}, indent=1) + "\n")
    except OSError:
        return
