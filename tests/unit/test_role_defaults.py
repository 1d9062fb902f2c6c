# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role's defaults make of a survey's answer that was left blank, which reaches them as null or as a text."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

DEFAULTS = Path(__file__).resolve().parents[2] / "roles" / "mailbox_offboarding" / "defaults" / "main.yml"


@pytest.mark.parametrize(
    ("complete_after", "waits"), [(None, True), ("", True), ("  ", True), ("2026-12-01T18:00:00Z", False)]
)
def test_only_a_time_lets_the_cutover_end_without_waiting(complete_after: str | None, waits: bool) -> None:
    text = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))["offboarding_complete_wait"]
    assert NativeEnvironment().from_string(text).render(offboarding_complete_after=complete_after) is waits
