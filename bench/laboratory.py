# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m bench.laboratory``: a laboratory with a wave of cloud-only mailboxes and slow cmdlets, a process.

It ends when its standard input does, so that it never outlives the one who started it, whatever becomes of that one.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.processes import Measured, Process
from lab.control import ControlClient
from lab.hybrid import SystemClock, empty_hybrid
from lab.laboratory import Laboratory
from lab.model.builder import HybridBuilder

READY = "ready"
SLOW = ("exchange_server", "exchange_online")
# A cycle and a move take a hundredth of a second: what is measured is the role, not the waiting of any organization.
SPEED = 1000.0
STARTING = 300.0  # seconds; 5,000 mailboxes take a few


class Remote:
    """A laboratory in another process, and what it cost."""

    def __init__(self, process: Process, directory: Path) -> None:
        self._process = process
        self.control = ControlClient(directory)
        self.measured: Measured | None = None

    def stop(self) -> Measured:
        """End the process and return what it took."""
        if self.measured is None:
            self.measured = self._process.end()
        return self.measured


@contextmanager
def laboratory(directory: Path, prefixes: dict[str, int], latency: float) -> Iterator[Remote]:
    """Run a laboratory while the block runs.

    ``prefixes`` says how many mailboxes to make by name: ``{"User": 3}`` are ``user.00001@contoso.com`` and so on.
    ``latency`` are the seconds from the arrival of a cmdlet until it runs.
    """
    waves = [f"{prefix}={count}" for prefix, count in prefixes.items()]
    command = [sys.executable, "-m", "bench.laboratory", "--directory", str(directory), "--latency", str(latency)]
    process = Process([*command, *waves])
    try:
        process.await_line(READY, STARTING)
        remote = Remote(process, directory)
        yield remote
        remote.stop()
    finally:
        process.close()


def identities(prefix: str, count: int) -> list[str]:
    """Return the addresses of a wave."""
    return [f"{prefix.lower()}.{number:05d}@contoso.com" for number in range(1, count + 1)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.laboratory", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds from the arrival of a cmdlet until it runs")
    parser.add_argument("waves", nargs="+", help="PREFIX=COUNT")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started this; standard input then ends
    hybrid = empty_hybrid(SystemClock(), SPEED)
    for wave in options.waves:
        prefix, _equals, count = wave.partition("=")
        HybridBuilder(hybrid).many(int(count), prefix=prefix)
    with Laboratory(hybrid, options.directory.resolve()) as running:
        if options.latency:
            for organization in SLOW:
                running.faults.add(organization, "*", "latency", count=None, seconds=options.latency)
        print(READY, flush=True)
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
