# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the demo shows a playbook: one line for each task that spoke to an organization, and every failure in full.

Loaded by ansible-playbook as its stdout callback. What happened is also written as JSON to the file that the
environment variable LAB_DEMO_SUMMARY names: ``{"ok", "changed", "failed", "changed_tasks"}``.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
import time
from collections.abc import Mapping
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: lab_progress
type: stdout
short_description: One line for each task that spoke to an organization
description:
  - Used by the demo alone.
"""

COLLECTION = "mailops.exchange_hybrid."
NAME_WIDTH = 64
RESULT_WIDTH = 24
WIDTH = 99


class CallbackModule(CallbackBase):
    """Ansible's hooks, in the order of a play."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "lab_progress"

    def __init__(self) -> None:
        super().__init__()
        self._begun = time.monotonic()
        self._changed_tasks: list[str] = []
        self._warnings: set[str] = set()
        self._interactive = sys.stdout.isatty()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._begun = time.monotonic()
        if self._interactive and str(task.action).startswith(COLLECTION):
            self._display.display(f"\r  {_name(task)} ...", newline=False)

    def v2_runner_on_ok(self, result: Any) -> None:
        said, task = _said(result), _task(result)
        if said.get("changed"):
            self._changed_tasks.append(task.get_name())
        if str(task.action).startswith(COLLECTION):
            self._line(_name(task), told(said))
        if isinstance(said.get("offboarding_states"), dict):
            self._note(told({"summary": said["offboarding_states"]}))
        for warning in said.get("warnings") or []:
            self._warn(str(warning))

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._erase()

    def v2_runner_item_on_ok(self, result: Any) -> None:
        if "msg" in _said(result):
            self._note(str(_said(result)["msg"]))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._line(_name(_task(result)), "FAILED")
        self._note(str(_said(result).get("msg", "no message")))

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self.v2_runner_on_failed(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        totals = dict.fromkeys(("ok", "changed", "failures", "unreachable"), 0)
        for host in stats.processed:
            for name, count in stats.summarize(host).items():
                if name in totals:
                    totals[name] += count
        failed = totals["failures"] + totals["unreachable"]
        summary = {"ok": totals["ok"], "changed": totals["changed"], "failed": failed}
        self._display.display(f"\n  {summary['ok']} tasks ok, changed={summary['changed']}, failed={failed}")
        with open(os.environ["LAB_DEMO_SUMMARY"], "w", encoding="utf-8") as stream:
            json.dump({**summary, "changed_tasks": self._changed_tasks}, stream)

    def _line(self, name: str, what: str) -> None:
        self._erase()
        seconds = time.monotonic() - self._begun
        self._display.display(f"  {name:<{NAME_WIDTH}}{what:>{RESULT_WIDTH}}{seconds:>6.1f} s")

    def _note(self, text: str) -> None:
        self._display.display(textwrap.fill(text, WIDTH, initial_indent="    ", subsequent_indent="    "))

    def _warn(self, text: str) -> None:
        if text not in self._warnings:
            self._warnings.add(text)
            self._note(f"warning: {text}")

    def _erase(self) -> None:
        if self._interactive:
            self._display.display("\x1b[2K\r", newline=False)


def told(said: Mapping[str, Any]) -> str:
    """Return what a module did in a few words: its counts where it has any, else whether anything changed."""
    if isinstance(said.get("summary"), Mapping):
        counts = [f"{count} {name}" for name, count in said["summary"].items() if count]
        return ", ".join(counts) or "no mailbox"
    if "count" in said:
        return f"{said['count']} mailbox{'' if said['count'] == 1 else 'es'}"
    return "done" if said.get("changed") else "unchanged"


def _name(task: Any) -> str:
    """Return the task's own name, without the role's in front."""
    return str(task.get_name()).rpartition(" : ")[2][: NAME_WIDTH - 1]


def _said(result: Any) -> Mapping[str, Any]:
    # ansible-core before 2.19 has the private name only.
    said: Mapping[str, Any] = result.result if hasattr(result, "result") else result._result
    return said


def _task(result: Any) -> Any:
    return result.task if hasattr(result, "task") else result._task
