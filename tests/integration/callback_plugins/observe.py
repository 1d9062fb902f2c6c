# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes every task and its result as one JSON line, and kills the run where a test wants it killed.

ansible-core ships no callback that tells results as data.
"""

from __future__ import annotations

DOCUMENTATION = """
name: observe
type: notification
short_description: Tells tests what happened
description:
  - Appends to the file that E(OBSERVE_EVENTS) names, a JSON object a line.
  - With E(OBSERVE_KILL_AT) the whole process group gets SIGKILL when the task of that number begins.
author: The mailops.exchange_hybrid contributors (@mailops)
"""

import hashlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "observe"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._number = 0
        self._kill_at = os.environ.get("OBSERVE_KILL_AT", "0")  # a task's number or name
        if "TESTS_ARCHIVES" in os.environ:
            # Ansible packs a module once in each run and keeps the archive there: the runs of the tests share theirs.
            os.makedirs(os.environ["TESTS_ARCHIVES"], exist_ok=True)
            os.symlink(os.environ["TESTS_ARCHIVES"], os.path.join(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache"))

    def _write(self, **event: Any) -> None:
        with open(os.environ["OBSERVE_EVENTS"], "a", encoding="utf-8") as stream:
            stream.write(json.dumps(event, default=str) + "\n")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._number += 1
        name = task.get_name().rpartition(" : ")[2]
        self._write(event="start", number=self._number, task=name, time=time.time(), files=digest())
        if self._kill_at in (str(self._number), name):
            os.killpg(0, signal.SIGKILL)

    def _result(self, status: str, result: Any) -> None:
        task = result.task if hasattr(result, "task") else result._task
        content = result.result if hasattr(result, "result") else result._result
        self._write(
            event="result",
            number=self._number,
            status=status,
            task=task.get_name().rpartition(" : ")[2],
            action=str(task.action),
            result=content,
        )

    def v2_runner_on_ok(self, result: Any) -> None:
        self._result("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._result("failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._result("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._result("unreachable", result)


def digest() -> str:
    """Return a digest of all files below the directory that E(OBSERVE_DIRECTORY) names; without files it is as none."""
    total = hashlib.sha256()
    root = Path(os.environ.get("OBSERVE_DIRECTORY", os.devnull))
    for path in sorted(root.rglob("*")) if root.is_dir() else []:
        # Every run makes the wave's file anew before it reads it; locks and leases hold the process id of their owner.
        if path.is_file() and path.name != "wave.json" and path.suffix not in (".lock", ".lease"):
            total.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()
