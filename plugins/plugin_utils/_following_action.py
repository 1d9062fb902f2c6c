# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What the action plugins share that follow moves: they run module move_progress again and again, and show its line."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.callback.default import CallbackModule as DefaultCallback
from ansible.plugins.loader import callback_loader
from ansible.utils.display import Display
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._values import is_blank
from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._follow import Result, follow

COLLECTION = "mailops.exchange_hybrid."
WAIT = {"wait_timeout": 86400, "wait_sleep": 60}

display = Display()


class FollowingAction(ActionBase):
    """An action that may wait for moves. Async is refused by its base class."""

    def execute(self, name: str, arguments: Mapping[str, Any], task_vars: Mapping[str, Any] | None) -> Result:
        """Run one of the collection's modules once."""
        result: Result = self._execute_module(
            module_name=COLLECTION + name, module_args=dict(arguments), task_vars=task_vars
        )
        return result

    @property
    def given(self) -> dict[str, Any]:
        """The task's options, without those that are blank."""
        return {name: value for name, value in self._task.args.items() if not is_blank(value)}

    def waits(self) -> bool:
        return not self._task.check_mode and bool(boolean(self.given.get("wait", False), strict=False))

    def follow(self, arguments: Mapping[str, Any], task_vars: Mapping[str, Any] | None) -> Result:
        """Look until all moves of ``arguments``, which are move_progress's, are there, have failed, or time is up."""
        given = self.given
        try:
            wait_timeout, wait_sleep = (float(given.get(name, default)) for name, default in WAIT.items())
        except (TypeError, ValueError):
            return self.execute("move_progress", arguments, task_vars)  # which says what is wrong with it
        common = {
            **{name: value for name, value in arguments.items() if value is not None},
            **self._memory(arguments),
            "wait_for": given.get("wait_for") or "completed",
            "on_error": "continue",
            "wait": True,  # results are joined before they are trimmed
        }
        host = (task_vars or {}).get("inventory_hostname", "")

        def look(judge: bool) -> Result:
            return self.execute("move_progress", {**common, "on_pending": "fail" if judge else "continue"}, task_vars)

        return follow(
            look,
            wait_timeout=wait_timeout,
            wait_sleep=wait_sleep,
            show=lambda text: self._show(f"[{host}] {text}"),
            sleep=_sleep_while(os.getppid()),
            clock=time.monotonic,
        )

    def _show(self, text: str) -> None:
        """Show a line beside what the callback writes; one that writes a document has standard output to itself."""
        if not self._task.no_log and boolean(self.given.get("show_progress", True), strict=False):
            display.display(text, stderr=not writes_lines(stdout_callback()))

    def _memory(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        """Return where figures are kept for the time of the wait where they are kept nowhere else."""
        if arguments.get("progress_file") or arguments.get("mailboxes_file"):
            return {}
        if self._connection._shell.tmpdir is None:
            self._make_tmp_path()
        return {"progress_file": self._connection._shell.join_path(self._connection._shell.tmpdir, "moves.progress")}


def stdout_callback() -> tuple[str, type]:
    """Return the name and the class of the callback that writes to standard output."""
    name = str(constants.config.get_config_value("DEFAULT_STDOUT_CALLBACK"))
    found = callback_loader.get(name, class_only=True)
    return name, found if isinstance(found, type) else object


def writes_lines(callback: tuple[str, type]) -> bool:
    """Tell whether a callback writes lines for people, between which another one may stand.

    Callbacks have no property that says so. Those that change how the default one looks are derived from it: yaml, diy,
    debug, unixy, dense, and the one of ansible-runner. Those that write a document, such as ansible.posix.json and
    ansible.posix.jsonl, are not, and neither are the two of ansible-core that write a line for each result.
    """
    name, kind = callback
    return issubclass(kind, DefaultCallback) or name.rpartition(".")[2] in ("minimal", "oneline")


def _sleep_while(parent: int) -> Callable[[float], None]:
    """Return a sleep that ends the wait when ansible-playbook is gone: killed, it takes nobody with it."""

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        if os.getppid() != parent:
            raise AnsibleError("ansible-playbook has ended, and with it this wait. The moves continue by themselves.")

    return sleep
