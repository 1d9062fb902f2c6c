# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records the demo, and photographs the reports of the laboratory's waves: ``make pictures``.

All show what a real run has shown. The results are committed, and not made by continuous integration. There is no AWX
here to photograph.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from lab.demo import playbook
from lab.laboratory import Laboratory
from lab.model import scenarios
from lab.model.demo import demo_hybrid

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
COLUMNS, LINES = 110, 36
# By then the first run has written its report, and the demo has not yet removed it.
REPORT_IS_THERE = "Second run:"
WIDTH, LARGEST = 1280, 200_000  # pixels; bytes of a picture
# What differs from run to run in a recording that shows the same: seconds, ports, and the names of directories.
PASSING = re.compile(r" +\d+\.\d s|in \d+ seconds|localhost:\d+|mailops-demo-\w+")
# A wave of the demo's organization in which something is wrong with half of the mailboxes.
CONDITIONS = {
    "ann.archer@contoso.com": "",
    "board.room@contoso.com": "",
    "bob.baker@contoso.com": "litigation_hold",
    "chen.wei@fabrikam.com": "protected_account",
    "hana.hayashi@contoso.com": "admin_role",
    "maria.moreau@contoso.com": "too_large",
    "rosa.romero@contoso.com": "soft_deleted_twin",
    "sales.desk@contoso.com": "",
}
WAVE = {
    "offboarding_batch_name": "wave-1", "offboarding_routing_domain": "contoso.mail.onmicrosoft.com",
    "offboarding_remote_host_name": "mail.contoso.com", "offboarding_remote_target_database": "DB01",
    "offboarding_target_delivery_domain": "contoso.com", "offboarding_wait": True, "offboarding_wait_sleep": 1,
}  # fmt: skip


def output(arguments: list[str], environment: dict[str, str]) -> Iterator[tuple[float, str]]:
    """Run a program in a terminal; yield what it shows and when."""
    inside, outside = pty.openpty()
    begun = time.monotonic()
    with subprocess.Popen(arguments, cwd=ROOT, env=environment, stdout=outside, stderr=outside) as process:
        os.close(outside)
        while True:
            try:
                shown = os.read(inside, 65536)
            except OSError:  # how a terminal says that its last program has ended
                break
            if not shown:
                break
            yield time.monotonic() - begun, shown.decode("utf-8", "replace")
    os.close(inside)
    if process.returncode:
        raise SystemExit(f"the demo ended with exit code {process.returncode}")


def recorded(directory: Path) -> tuple[list[str], Path]:
    """Run the demo; return the lines of the asciicast and a copy of the report."""
    header = {"version": 2, "width": COLUMNS, "height": LINES, "idle_time_limit": 1.5, "title": "make demo"}
    lines = [json.dumps(header), json.dumps([0.0, "o", "$ make demo\r\n"])]
    report = directory / "report.html"
    environment = {**os.environ, "TMPDIR": str(directory), "COLUMNS": str(COLUMNS), "LINES": str(LINES)}
    for seconds, shown in output([sys.executable, "-m", "lab.demo"], environment):
        plain = shown.replace(str(directory), "/tmp").replace(str(ROOT), "exchange_hybrid")
        lines.append(json.dumps([round(seconds, 2), "o", plain], ensure_ascii=False))
        if REPORT_IS_THERE in shown and not report.exists():
            (written,) = directory.glob("mailops-demo-*/offboarding/report.html")
            shutil.copy(written, report)
    return lines, report


def photographed(page: Path, name: str, height: int) -> None:
    """Photograph a page from its top."""
    picture = IMAGES / name
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={WIDTH},{height}"]
    subprocess.run(["chromium", *arguments, f"--screenshot={picture}", page.as_uri()], check=True, capture_output=True)
    if picture.stat().st_size > LARGEST:
        raise SystemExit(f"{name} has more than {LARGEST} bytes: take less of the page")


def keep(lines: Sequence[str], recording: Path) -> None:
    """Keep a recording, unless the one that is kept shows the same at other times."""

    def shown(kept: Sequence[str]) -> str:
        return PASSING.sub("", "".join(json.loads(line)[2] for line in kept[1:]))

    known = recording.read_text(encoding="utf-8").splitlines() if recording.exists() else []
    if shown(known) != shown(lines):
        recording.write_text("\n".join(lines) + "\n", encoding="utf-8")


def waves(directory: Path) -> None:
    """Photograph what readiness says of a wave, and what a run makes of it that is started all the same."""
    hybrid = demo_hybrid(speed=20)
    with Laboratory(hybrid, directory / "laboratory") as laboratory:
        records = [
            {"identity": name, **(scenarios.put(hybrid, condition, name) if condition else {})}
            for name, condition in CONDITIONS.items()
        ]
        given = {**WAVE, "offboarding_mailboxes": records, "offboarding_directory": str(directory / "offboarding")}
        variables = directory / "wave.json"
        variables.write_text(json.dumps(given), encoding="utf-8")
        for name, picture in (("readiness", "readiness.png"), ("offboard", "failures.png")):
            arguments = ["-i", "localhost,", f"playbooks/{name}.yml", "-e", f"@{variables}"]
            playbook.run(arguments, laboratory.environment(), directory)
            photographed(directory / "offboarding" / "report.html", picture, 1250)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pictures-") as name:
        directory = Path(name).resolve()
        waves(directory)
        lines, report = recorded(directory)
        photographed(report, "report.png", 1000)
    if not re.search(r"All of it held", "".join(lines)):
        raise SystemExit("the demo did not say that everything held")
    keep(lines, IMAGES / "demo.cast")


if __name__ == "__main__":
    main()
