# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""When to try again, and how long to wait: one policy for all transports, with injected sleep and chance."""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure, HybridError

T = TypeVar("T")
# A year: what is more is no time that a service means, and is not shown as a number of 300 digits.
LONGEST_ASKED = 365 * 86400.0

_STEP = 0.5  # seconds after which a pause that was cut short ends


class Busy(ConnectionFailure):
    """A service asked for patience. ``retry_after`` is what it asked for, in seconds, or None.

    ``session_refused``: it has enough sessions of this account; those that are open go on working.
    """

    session_refused = False

    def __init__(
        self,
        message: str,
        *,
        code: str = "throttled",
        remedy: str = "",
        retry_after: float | None = None,
        cmdlet: str = "",
    ) -> None:
        super().__init__(message, code=code, remedy=remedy, retryable=True, cmdlet=cmdlet)
        self.retry_after = retry_after


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def seconds_asked(headers: Mapping[str, Any], now: Callable[[], datetime.datetime] = _now) -> float | None:
    """Return what Retry-After asks for: seconds, which may be fractional, or a date; None where it says neither.

    A date counts from the answer's own Date, where it has one: the clocks of both sides need not agree (RFC 9110,
    10.2.3).
    """
    asked = str(headers.get("Retry-After") or "")
    try:
        seconds = float(asked)
    except ValueError:
        until = _http_date(asked)
        answered = _http_date(str(headers.get("Date") or "")) or now()
        seconds = (until - answered).total_seconds() if until else math.nan
    return None if math.isnan(seconds) else min(max(0.0, seconds), LONGEST_ASKED)


def _http_date(text: str) -> datetime.datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential back-off, all times in seconds.

    The defaults are those of Microsoft's Exchange Online module: 6 attempts, the first wait 2 s, doubled each time
    (facts: exchange-online-rest.md section 6.2). Nobody is kept waiting for longer than ``patience`` in all: where a
    service asks for more, the call fails at once.
    """

    attempts: int = 6
    first_wait: float = 2.0
    factor: float = 2.0
    longest_wait: float = 60.0
    patience: float = 900.0


def waits(policy: RetryPolicy, chance: Callable[[], float]) -> Iterator[float]:
    """Yield the wait before each further attempt: between half and all of the exponential step.

    ``chance`` returns a float in [0, 1): without it, sessions that were refused together would come back together.
    """
    step = policy.first_wait
    for _attempt in range(policy.attempts - 1):
        yield min(step, policy.longest_wait) * (0.5 + chance() / 2)
        step *= policy.factor


class Tries:
    """The tries of one piece of work: so many, with pauses that add up to no more than the policy's patience.

    ``spread`` is how much of the usual pause is added to one that a service asks for: not all come back at once then.
    """

    def __init__(self, policy: RetryPolicy, chance: Callable[[], float], spread: float = 0.0) -> None:
        self._policy = policy
        self._pauses = waits(policy, chance)
        self._left = policy.patience
        self._spread = spread

    def pause(self, error: HybridError) -> float:
        """Return the seconds to wait after a try that ended with ``error``; raise it where there is no further one."""
        usual = next(self._pauses, None)
        if usual is None:
            raise _given_up(error)
        asked = error.retry_after if isinstance(error, Busy) else None
        if asked is not None and error.code != "throttled":
            # A gateway is asked for no patience of its own: what is behind it may be there again before.
            asked = min(asked, self._policy.longest_wait)
        pause = usual if asked is None else asked + usual * self._spread
        if asked is not None and asked > self._left:
            self._tell(error, asked)
        if pause > self._left:
            raise _given_up(error)
        self._left -= pause
        return pause

    def _tell(self, error: HybridError, asked: float) -> None:
        further = " further" if self._left < self._policy.patience else ""
        told = (
            f" It asks for a{further} pause of {asked:.0f} seconds, but a run waits for {self._policy.patience:.0f} at "
            "most."
        )
        if not error.message.endswith(told):
            error.message += told
            error.args = (error.message,)


def _given_up(error: HybridError) -> HybridError:
    error.given_up = True
    return error


class _Pauses:
    """Whether pauses are cut short. No Event: an interrupt may leave its lock taken."""

    cut = False


def pause(seconds: float) -> bool:
    """Wait, and tell whether it was cut short; for threads, which no signal reaches."""
    end = time.monotonic() + seconds
    while not _Pauses.cut:
        left = end - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, _STEP))
    return True


@contextlib.contextmanager
def no_pauses() -> Iterator[None]:
    """End each ``pause``, of all threads, and let none begin while the block lasts."""
    _Pauses.cut = True
    try:
        yield
    finally:
        _Pauses.cut = False


@dataclass(frozen=True)
class Retry:
    """A policy with its means of waiting. ``sleep`` returns true where the work is not to be tried again after it."""

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    sleep: Callable[[float], bool | None] = pause
    chance: Callable[[], float] = random.random

    def call(self, work: Callable[[], T], worthwhile: Callable[[HybridError], bool]) -> T:
        """Return what ``work`` returns; a HybridError that is ``worthwhile`` is tried again until patience ends."""
        tries = Tries(self.policy, self.chance, 0.1)
        while True:
            try:
                return work()
            except HybridError as error:
                if error.given_up or not worthwhile(error):
                    raise
                if self.sleep(tries.pause(error)):
                    raise
