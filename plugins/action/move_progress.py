# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.trimming import trimmed
from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._follow import judged
from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._following_action import FollowingAction


class ActionModule(FollowingAction):
    """One look at the moves, or with ``wait`` as many as it takes."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = self.given
        if not self.waits():
            looked = self.execute("move_progress", self._task.args, task_vars)
            return {**result, **trimmed(looked, given.get("mailboxes_file") or "")}
        followed = self.follow(given, task_vars)
        if "results" not in followed:
            return {**result, **followed}
        ended = judged(followed, fails=given.get("on_error") != "continue")
        return {**result, **trimmed(ended, given.get("mailboxes_file") or "")}
