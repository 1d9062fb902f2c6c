# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m bench``: measure the role against the limit, a loop and a plain script, and keep the numbers.

``--batches`` measures waves of tens of thousands in migration batches instead. Exit code 1 when something did not run
to its end. A figure that is missed is shown, not judged: machines differ.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from bench import large, page, report, start
from bench.processes import ROOT, Failed
from bench.scenario import Result, Size, measure

RESULTS = ROOT / "bench" / "results"
QUICK = (Size(100, 0.1, compared=2),)
# Exchange's latency; a quick server's; the wave that finds nothing to do; and a tenth of it, for the growth.
FULL = (
    Size(1000, 0.3),
    Size(1000, 0.1),
    Size(500, 0.02, compared=5),
    Size(5000, 0.02, compared=5, diff=True),
)
# Waves in migration batches, and those whose readiness is checked.
LARGE = ((Size(10_000, 0.02, compared=0), Size(20_000, 0.02, compared=0)), (Size(10_000, 0.1, compared=0),))
LARGE_QUICK = ((Size(100, 0.02, compared=0),), (Size(100, 0.1, compared=0),))


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _terminated)
    RESULTS.mkdir(exist_ok=True)
    try:
        text = _large(options) if options.batches else _compared(options)
    except Failed as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    (RESULTS / ("batches.md" if options.batches else "table.md")).write_text(text, encoding="utf-8")
    print(f"\n{text}")
    if options.page:
        page.write(options.page, _kept(quick=options.quick))
    return 0


def _kept(*, quick: bool) -> list[dict[str, Any]]:
    """Return the figures that are kept of the quick sizes, or of the others."""
    waves, reports = LARGE_QUICK if quick else LARGE
    names = [size.name for size in (QUICK if quick else FULL)]
    names += [f"batches-{size.name}" for size in waves] + [f"readiness-{size.name}" for size in reports]
    paths = [RESULTS / f"{name}.json" for name in names]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]


def _compared(options: argparse.Namespace) -> str:
    """Measure the role beside a loop and a plain script; return the tables."""
    sizes = QUICK if options.quick else FULL
    if options.mailboxes:
        sizes = (Size(options.mailboxes, options.latency / 1000, options.sessions, options.compared, options.diff),)
    results: list[Result] = []
    for size in sizes:
        _announce(size)
        results.append(measure(size))
        _keep(size.name, results[-1].as_json())
    return report.table(results, {} if options.quick else start.measure())


def _large(options: argparse.Namespace) -> str:
    """Measure large waves in migration batches, and their readiness; return the tables."""
    waves, reports = LARGE_QUICK if options.quick else LARGE
    if options.mailboxes:
        waves = (Size(options.mailboxes, options.latency / 1000, options.sessions, compared=0),)
        reports = waves
    moved: list[large.Wave] = []
    for size in waves:
        _announce(size)
        moved.append(large.measure_wave(size))
        _keep(moved[-1].name, moved[-1].as_json())
    checked: list[large.Readiness] = []
    for size in reports:
        print("Readiness: ", end="")
        _announce(size)
        checked.append(large.measure_readiness(size))
        _keep(checked[-1].name, checked[-1].as_json())
    return report.large(moved, checked)


def _announce(size: Size) -> None:
    print(f"{size.mailboxes} mailboxes, {size.latency * 1000:g} ms, {size.sessions} sessions ...", flush=True)


def _keep(name: str, figures: Mapping[str, Any]) -> None:
    (RESULTS / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 mailboxes only, under a minute")
    parser.add_argument("--batches", action="store_true", help="10,000 and 20,000 mailboxes in migration batches")
    parser.add_argument("--mailboxes", type=int, default=0, help="measure this many and nothing else")
    parser.add_argument("--latency", type=float, default=300, help="milliseconds")
    parser.add_argument("--sessions", type=int, default=10, help="on each side")
    parser.add_argument("--compared", type=int, default=0, help="mailboxes for the loop, and for the script")
    parser.add_argument("--diff", action="store_true", help="measure --check with and without --diff too")
    parser.add_argument("--page", type=Path, help="write all figures in bench/results into this page")
    return parser


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
