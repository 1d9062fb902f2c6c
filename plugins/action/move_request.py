# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._follow import Result, merged
from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._following_action import FollowingAction


class ActionModule(FollowingAction):
    """Submits or completes as the module does, and with ``wait`` follows what came of it."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = self._task.args
        submitted = self.execute("move_request", given, task_vars)
        if not (self.waits() and self._has_moves(submitted)):
            return {**result, **submitted}
        wave: dict[str, Any] = {"mailboxes_file": given.get("mailboxes_file")}
        if not given.get("mailboxes_file"):
            wave = {"mailboxes": submitted["mailboxes"]}
        connection = {name: given[name] for name in ("exchange_online", "batch_name") if name in given}
        followed = self.follow({**wave, **connection}, task_vars)
        return {**result, **merged(submitted, followed, fails=given.get("on_error") != "continue")}

    def _has_moves(self, submitted: Result) -> bool:
        """Tell whether there is something to wait for: not when the module came to nothing, or stopped the wave."""
        if "results" not in submitted or self._task.args.get("state", "submitted") not in ("submitted", "completed"):
            return False
        return not (self._task.args.get("on_error") == "stop" and submitted["summary"]["failed"])
