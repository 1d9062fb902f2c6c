# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pictures of the pages are small, described and used; a recording is replaced by one that shows something else."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.tools import pictures

PAGES = [path.read_text(encoding="utf-8") for path in (pictures.ROOT / "docs").glob("*.md")]


def test_each_picture_is_small_and_has_a_description() -> None:
    used = {name: text for page in PAGES for text, name in re.findall(r"!\[([^\]]*)\]\(images/([\w.]+)\)", page)}
    assert {name for name, text in used.items() if len(text.split()) < 4} == set()
    pixels = {path.name: path.stat().st_size for path in pictures.IMAGES.glob("*.png")}
    assert set(pixels) == {name for name in used if name.endswith(".png")}
    assert {name for name, size in pixels.items() if size > pictures.LARGEST} == set()


def recording(port: int, home: int, seconds: float) -> list[str]:
    shown = (f"https://localhost:{port}  Exchange", f"The report  {home} home  {seconds} s", "held, in 7 seconds.")
    moments = (json.dumps([number * seconds, "o", text]) for number, text in enumerate(shown))
    return [json.dumps({"version": 2, "title": "make demo"}), *moments]


def test_a_recording_that_shows_the_same_at_other_times_is_not_kept(tmp_path: Path) -> None:
    kept = tmp_path / "demo.cast"
    pictures.keep(recording(40109, 25, 10.3), kept)
    before = kept.read_bytes()
    pictures.keep(recording(9, 25, 0.7), kept)
    assert kept.read_bytes() == before
    pictures.keep(recording(9, 24, 0.7), kept)
    assert "24 home" in kept.read_text(encoding="utf-8")
