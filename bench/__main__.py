# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m bench``: measure the role against the limit, a loop and a plain script, and keep the numbers.

Exit code 1 when something did not run to its end. A ratio that is missed is shown, not judged: machines differ.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from bench import report, start
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


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _terminated)
    sizes = QUICK if options.quick else FULL
    if options.mailboxes:
        sizes = (Size(options.mailboxes, options.latency / 1000, options.sessions, options.compared, options.diff),)
    RESULTS.mkdir(exist_ok=True)
    results: list[Result] = []
    try:
        for size in sizes:
            print(f"{size.mailboxes} mailboxes, {size.latency * 1000:g} ms, {size.sessions} sessions ...", flush=True)
            results.append(measure(size))
            document = json.dumps(results[-1].as_json(), indent=2)
            (RESULTS / f"{size.name}.json").write_text(document + "\n", encoding="utf-8")
        costs = {} if options.quick else start.measure()
    except Failed as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    text = report.table(results, costs)
    (RESULTS / "table.md").write_text(text, encoding="utf-8")
    print(f"\n{text}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 mailboxes only, under a minute")
    parser.add_argument("--mailboxes", type=int, default=0, help="measure this many and nothing else")
    parser.add_argument("--latency", type=float, default=300, help="milliseconds")
    parser.add_argument("--sessions", type=int, default=10, help="on each side")
    parser.add_argument("--compared", type=int, default=0, help="mailboxes for the loop, and for the script")
    parser.add_argument("--diff", action="store_true", help="measure --check with and without --diff too")
    return parser


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
