# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.trimming import trimmed
from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._follow import Result, merged
from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._following_action import FollowingAction


class ActionModule(FollowingAction):
    """Submits or completes as the module does, and with ``wait`` follows what came of it."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        given = self.given
        submitted = self.execute("move_request", self._task.args, task_vars)
        if not (self.waits() and self._has_moves(submitted)):
            return {**result, **trimmed(submitted, given.get("mailboxes_file") or "")}
        wave: dict[str, Any] = {"mailboxes_file": given.get("mailboxes_file")}
        if not given.get("mailboxes_file"):
            wave = {"mailboxes": submitted["mailboxes"]}
        common = ("exchange_online", "batch_name", "memory")
        connection: dict[str, Any] = {name: given[name] for name in common if name in given}
        followed = self.follow({**wave, **connection}, task_vars)
        ended = merged(submitted, followed, fails=given.get("on_error") != "continue")
        return {**result, **trimmed(ended, given.get("mailboxes_file") or "")}

    def _has_moves(self, submitted: Result) -> bool:
        """Tell whether there is something to wait for: not when the module came to nothing, could not write
        the wave down, or stopped it."""
        if "results" not in submitted or "error" in submitted:
            return False
        if self.given.get("state", "submitted") not in ("submitted", "completed"):
            return False
        return not (self.given.get("on_error") == "stop" and submitted["summary"]["failed"])
