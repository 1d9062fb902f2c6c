# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.plugins.callback import CallbackBase
from ansible.plugins.callback.default import CallbackModule as Default
from ansible.plugins.callback.minimal import CallbackModule as Minimal
from ansible.plugins.callback.oneline import CallbackModule as OneLine
from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._following_action import (
    stdout_callback,
    writes_lines,
)


class Yaml(Default):
    """Changes how results look, as community.general.yaml does."""


class Json(CallbackBase):
    """Writes one document, as ansible.posix.json does."""


@pytest.mark.parametrize(
    ("name", "kind", "lines"),
    [
        ("default", Default, True),
        ("community.general.yaml", Yaml, True),
        ("awx_display", Yaml, True),
        ("minimal", Minimal, True),
        ("ansible.builtin.oneline", OneLine, True),
        ("ansible.posix.json", Json, False),
        ("ansible.posix.jsonl", Json, False),
        ("a_site_s_own.document", Json, False),
    ],
)
def test_progress_stands_between_lines_and_never_in_a_document(name: str, kind: type, lines: bool) -> None:
    assert writes_lines((name, kind)) is lines


def test_the_callback_is_the_configured_one() -> None:
    name, kind = stdout_callback()
    assert name.endswith("default")
    assert writes_lines((name, kind))
