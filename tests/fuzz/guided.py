# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inputs that grow towards what no input has run yet: ``python -m tests.fuzz.guided`` for all targets, side by side.

Atheris (libFuzzer) watches which lines of the collection an input runs, and changes those further that ran new ones. It
ends its process, so that each target has one of its own. A crash leaves its input in tests/output/fuzz. If none failed,
docs/faults.md has the counts: ``make fuzz`` comes here only if the inputs by number passed, too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import atheris

from tests.fuzz import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
OUTPUT = Path(__file__).resolve().parents[1] / "output" / "fuzz"
# Inputs for a target, for each part of its share.
RUNS = 3_000
INSTRUMENTED = ["ansible_collections.mailops.exchange_hybrid.plugins.module_utils"]


def fuzz(name: str) -> None:
    """Try inputs for one target, and end this process: with 0, or another number after a crash, hang or growth."""
    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.targets import TARGETS
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError

    target = TARGETS[name]

    def one_input(data: bytes) -> None:
        try:
            target.read(data)
        except (HybridError, *target.refusals):
            return

    with tempfile.TemporaryDirectory(prefix="fuzz") as corpus:
        for number, seed in enumerate(target.seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        limits = ["-timeout=20", "-rss_limit_mb=1024", "-max_len=65536", "-seed=1", "-verbosity=0"]
        options = [*limits, f"-runs={RUNS * target.share}", f"-artifact_prefix={OUTPUT}/{name}-"]
        atheris.Setup([sys.argv[0], *options, corpus], one_input)
        atheris.Fuzz()


def report(name: str) -> str:
    """Fuzz a target in a process of its own; return what went wrong, or an empty text."""
    run = subprocess.run([sys.executable, "-m", "tests.fuzz.guided", name], capture_output=True, text=True, check=False)
    print(f"{name}: {'failed' if run.returncode else 'passed'}", flush=True)
    return f"{name}:\n{run.stdout}{run.stderr}" if run.returncode else ""


def main() -> int:
    from tests.fuzz import inputs
    from tests.fuzz.targets import TARGETS

    OUTPUT.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failed = [problem for problem in pool.map(report, TARGETS) if problem]
    print("\n\n".join(failed))
    if not failed:
        by_number = {name: inputs.number_of(name) for name in TARGETS}
        guided = {name: RUNS * target.share for name, target in TARGETS.items()}
        PAGE.write_text(page.put(PAGE.read_text(encoding="utf-8"), page.section(by_number, guided)), encoding="utf-8")
    return len(failed)


if __name__ == "__main__":
    if sys.argv[1:]:
        fuzz(sys.argv[1])
    else:
        sys.exit(main())
