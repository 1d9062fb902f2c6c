# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Walks the role's own task files, in this process: their order, conditions, variables and parameters are the role's.

It knows as much of Ansible as the role uses, and refuses a keyword or an action that it does not know. Templates are
Ansible's own. A test compares what it gives to the modules with what ansible-playbook gives them.
"""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._follow import follow, judged, merged
from jinja2 import Environment

from tests.fault_matrix import clock

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles" / "mailbox_offboarding"
OWN = "mailops.exchange_hybrid."
BUILTIN = "ansible.builtin."
# What a task may say besides its action, and what is of no consequence here. The environment only names options.
_KEYWORDS = {
    "name", "when", "vars", "register", "failed_when", "changed_when", "check_mode", "loop", "loop_control", "tags",
    "no_log", "run_once", "module_defaults", "environment", "block", "rescue", "always",
}  # fmt: skip
_CONDITIONS = ("when", "that", "failed_when", "changed_when")
_LOADER = DataLoader()
_LOADER.set_basedir(str(ROOT / "playbooks"))
_FILES: dict[Path, Any] = {}

Result = dict[str, Any]
Execute = Callable[[str, dict[str, Any], bool], Result]


def _loaded(path: Path) -> Any:
    if path not in _FILES:
        _FILES[path] = _LOADER.load_from_file(str(path), trusted_as_template=True)
    return _FILES[path]


def compile_ahead() -> None:
    """Compile the role's templates once, for all processes that are forked later: most of what a walk costs."""
    compiled: dict[tuple[Any, ...], Any] = {}
    plain = Environment.compile

    def compile_once(self: Environment, source: Any, *arguments: Any, **options: Any) -> Any:
        # A condition comes as a syntax tree, whose text is what tells two of them apart.
        key = (source if isinstance(source, str) else repr(source), arguments, tuple(options.items()))
        if key not in compiled:
            compiled[key] = plain(self, source, *arguments, **options)
        return compiled[key]

    Environment.compile = compile_once  # type: ignore[method-assign]
    templar = Templar(loader=_LOADER, variables={})
    for path in sorted(ROLE.glob("*/*.yml")):
        for template in _templates(_loaded(path)):
            with contextlib.suppress(Exception):  # of what is undefined without a run
                templar.template(template)
        for condition in _conditions(_loaded(path)):
            with contextlib.suppress(Exception):
                templar.evaluate_conditional(condition)


def _conditions(value: Any) -> Iterator[str]:
    for name, item in value.items() if isinstance(value, Mapping) else ():
        if name in _CONDITIONS:
            yield from item if isinstance(item, list) else [item]
        else:
            yield from _conditions(item)
    for item in value if isinstance(value, list) else ():
        yield from _conditions(item)


def _templates(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _templates(item)
    elif isinstance(value, list):
        for item in value:
            yield from _templates(item)
    elif isinstance(value, str) and ("{{" in value or "{%" in value):
        yield value


@dataclass(frozen=True)
class Time:
    """How the walker waits and counts seconds between two looks at the moves: as the modules that it runs do."""

    sleep: Callable[[float], object]
    monotonic: Callable[[], float]


MOVED = Time(clock.sleep, clock.monotonic)


@dataclass(frozen=True)
class Event:
    """One task that ran: ``status`` is ok, failed or skipped; ``arguments`` are what a module was given."""

    task: str
    action: str
    status: str
    result: Result
    arguments: dict[str, Any] = field(default_factory=dict)


class TaskFailed(Exception):
    """A task failed, and with it the block that it is in."""

    def __init__(self, task: str, result: Result) -> None:
        super().__init__(f"{task}: {result.get('msg', '')}")
        self.task = task
        self.result = result


@dataclass(frozen=True)
class _Around:
    """What a task inherits of the blocks and imports around it."""

    conditions: tuple[Any, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    module_defaults: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)  # with a dynamic include: stronger than facts
    tags: frozenset[str] = frozenset()


class RoleRun:
    """One run of the role with its extra variables. ``execute`` runs a module, ``told`` hears of each task's end.

    ``tags`` are those of ``--tags``.
    """

    def __init__(
        self,
        extra: Mapping[str, Any],
        execute: Execute,
        told: Callable[[Event], None],
        tags: Collection[str] = ("all",),
        moments: Time = MOVED,
    ) -> None:
        self._extra = dict(extra)
        self._execute = execute
        self._told = told
        self._tags = list(tags)
        self._time = moments
        self._facts: dict[str, Any] = {}
        self._groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text("utf-8"))["action_groups"]

    def run(self, entry: str = "main") -> bool:
        """Run an entry point; return whether it succeeded."""
        try:
            self._tasks(entry + ".yml", _Around())
        except TaskFailed:
            return False
        return True

    @property
    def facts(self) -> dict[str, Any]:
        return self._facts

    # -- tasks -----------------------------------------------------------------------------------------------------

    def _tasks(self, name: str, around: _Around) -> None:
        for task in _loaded(ROLE / "tasks" / name):
            self._task(task, around)

    def _task(self, task: Mapping[str, Any], around: _Around) -> None:
        conditions = task.get("when", [])
        inside = replace(
            around,
            conditions=(*around.conditions, *(conditions if isinstance(conditions, list) else [conditions])),
            variables={**around.variables, **(task.get("vars") or {})},
            module_defaults={**around.module_defaults, **(task.get("module_defaults") or {})},
            tags=around.tags.union(task.get("tags") or ()),
        )
        if "block" in task:
            self._block(task, inside)
            return
        (action,) = set(task) - _KEYWORDS
        short = str(action).removeprefix(BUILTIN)
        if short == "import_tasks":
            self._tasks(str(task[action]), inside)
        elif not self._selected(inside.tags):
            return
        elif short == "include_tasks":
            self._include(task, task[action], inside, around)
        else:
            self._act(task, str(action), inside)

    def _selected(self, tags: frozenset[str]) -> bool:
        return "all" in self._tags or "always" in tags or not tags.isdisjoint(self._tags)

    def _block(self, task: Mapping[str, Any], inside: _Around) -> None:
        """Run a block. No finally: what ends the run itself, such as Ctrl-C, runs no further task."""
        failure = self._steps(task["block"], inside)
        if failure is not None and task.get("rescue"):
            self._facts["ansible_failed_task"] = {"name": failure.task}
            self._facts["ansible_failed_result"] = failure.result
            failure = self._steps(task["rescue"], inside)
        failure = self._steps(task.get("always", []), inside) or failure
        if failure is not None:
            raise failure

    def _steps(self, steps: Sequence[Any], inside: _Around) -> TaskFailed | None:
        try:
            for step in steps:
                self._task(step, inside)
        except TaskFailed as failure:
            return failure
        return None

    def _include(self, task: Mapping[str, Any], given: Any, inside: _Around, around: _Around) -> None:
        if not self._holds(inside):
            return
        # What is included has the tags of the blocks around and of ``apply``, not those of the task that includes it.
        name, applied = (given["file"], given["apply"]) if isinstance(given, Mapping) else (given, {})
        tags = around.tags.union(applied.get("tags") or ())
        label = str((task.get("loop_control") or {}).get("loop_var", "item"))
        for item in self._template(task["loop"], inside) if "loop" in task else [None]:
            here = _with(inside, label, item)
            told = {**here.given, **(task.get("vars") or {})}
            self._tasks(str(self._template(name, here)), replace(around, given=told, tags=tags))

    def _act(self, task: Mapping[str, Any], action: str, inside: _Around) -> None:
        name = str(self._template(task.get("name", action), inside))
        if not self._holds(inside):
            self._end(task, Event(name, action, "skipped", {"changed": False, "skipped": True}), inside)
            return
        if "loop" in task:
            label = str((task.get("loop_control") or {}).get("loop_var", "item"))
            for item in self._template(task["loop"], inside):
                self._end(task, self._once(task, name, action, _with(inside, label, item)), inside)
            return
        self._end(task, self._once(task, name, action, inside), inside)

    def _once(self, task: Mapping[str, Any], name: str, action: str, inside: _Around) -> Event:
        arguments = self._arguments(task[action], action, inside)
        check = bool(task.get("check_mode", False))
        if action.startswith(OWN):
            result = self._module(action.removeprefix(OWN), arguments, check)
        else:
            result = self._builtin(action.removeprefix(BUILTIN), arguments, inside)
        inside = _with(inside, task.get("register", "_"), result)
        result.setdefault("changed", False)
        if "changed_when" in task:
            result["changed"] = self._true(task["changed_when"], inside)
        if "failed_when" in task:
            result["failed"] = self._true(task["failed_when"], inside)
        return Event(name, action, "failed" if result.get("failed") else "ok", result, arguments)

    def _end(self, task: Mapping[str, Any], event: Event, inside: _Around) -> None:
        result = event.result
        if "register" in task:
            self._facts[task["register"]] = {"failed": False, **result}
        self._facts.update(result.get("ansible_facts", {}))
        self._told(event)
        if event.status == "failed":
            raise TaskFailed(event.task, result)

    # -- actions ---------------------------------------------------------------------------------------------------

    def _module(self, name: str, arguments: dict[str, Any], check: bool) -> Result:
        if name in ("move_request", "move_progress") and arguments.get("wait") and not check:
            return self._followed(name, arguments, check)
        return self._execute(name, arguments, check)

    def _followed(self, name: str, arguments: dict[str, Any], check: bool) -> Result:
        """Do what the action plugins do around a module: look until the moves are there."""
        fails = arguments.get("on_error") != "continue"
        if name == "move_progress":
            seen = self._until_there(arguments, check)
            return judged(seen, fails=fails) if "results" in seen else seen
        submitted = self._execute(name, arguments, check)
        if "results" not in submitted:
            return submitted
        return merged(submitted, self._until_there(arguments, check), fails=fails)

    def _until_there(self, arguments: dict[str, Any], check: bool) -> Result:
        handed_on = ("exchange_online", "mailboxes_file", "batch_name", "memory")
        common = {key: arguments[key] for key in handed_on if key in arguments}
        common.update(wait_for=arguments.get("wait_for") or "completed", on_error="continue")

        def look(judge: bool) -> Result:
            return self._execute("move_progress", {**common, "on_pending": "fail" if judge else "continue"}, check)

        return follow(
            look, wait_timeout=float(arguments["wait_timeout"]), wait_sleep=float(arguments["wait_sleep"]),
            show=lambda text: None, sleep=self._time.sleep, clock=self._time.monotonic,
        )  # fmt: skip

    def _builtin(self, name: str, arguments: Any, inside: _Around) -> Result:
        act = getattr(self, f"_do_{name}", None)
        if act is None:
            raise NotImplementedError(f"the walker does not know the action {name}")
        result: Result = act(arguments, inside)
        return result

    def _do_set_fact(self, arguments: Any, _inside: _Around) -> Result:
        return {"ansible_facts": {name: value for name, value in arguments.items() if name != "cacheable"}}

    def _do_assert(self, arguments: Any, inside: _Around) -> Result:
        conditions = arguments["that"] if isinstance(arguments["that"], list) else [arguments["that"]]
        if all(self._true(condition, inside) for condition in conditions):
            return {"msg": "All assertions passed"}
        return {"failed": True, "msg": self._plain(arguments["fail_msg"], inside)}

    def _do_fail(self, arguments: Any, _inside: _Around) -> Result:
        return {"failed": True, "msg": arguments["msg"]}

    def _do_debug(self, arguments: Any, inside: _Around) -> Result:
        if "var" in arguments:
            name = str(arguments["var"])
            return {name: self._plain("{{ " + name + " }}", inside, trust=True)}
        return {"msg": arguments["msg"]}

    def _do_set_stats(self, arguments: Any, _inside: _Around) -> Result:
        return {"ansible_stats": arguments}

    def _do_slurp(self, arguments: Any, _inside: _Around) -> Result:
        path = Path(str(arguments.get("src") or arguments.get("path")))
        try:
            return {"content": base64.b64encode(path.read_bytes()).decode(), "encoding": "base64"}
        except OSError as error:
            return {"failed": True, "msg": f"file not found: {path}: {error.strerror}"}

    def _do_file(self, arguments: Any, _inside: _Around) -> Result:
        path = Path(str(arguments["path"]))
        if arguments["state"] == "absent":
            shutil.rmtree(path, ignore_errors=True)
        elif arguments["state"] == "directory":
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        else:
            raise NotImplementedError("the walker makes and removes directories alone")
        return {"path": str(path)}

    # -- templates -------------------------------------------------------------------------------------------------

    def _arguments(self, given: Any, action: str, inside: _Around) -> Any:
        if action == BUILTIN + "assert":
            return given  # its conditions are no templates, and its message is read where it is needed
        name = action.removeprefix(OWN)
        defaults: dict[str, Any] = {}
        if action.startswith(OWN):
            for group, options in inside.module_defaults.items():
                if name in self._groups[str(group).removeprefix(f"group/{OWN}")]:
                    defaults.update(options)
        return self._plain({**defaults, **given}, inside)

    def _variables(self, inside: _Around) -> dict[str, Any]:
        common = {
            "ansible_run_tags": self._tags, "ansible_skip_tags": [], "ansible_check_mode": False,
            "inventory_hostname": "localhost", "ansible_play_hosts_all": ["localhost"], "playbook_dir": "/nowhere",
            "role_path": str(ROLE), "ansible_playbook_python": "python",
        }  # fmt: skip
        own = {**_loaded(ROLE / "defaults" / "main.yml"), **common, **_loaded(ROLE / "vars" / "main.yml")}
        variables = {**own, **inside.variables, **self._facts, **inside.given, **self._extra}
        variables["hostvars"] = {"localhost": variables}
        return variables

    def _templar(self, inside: _Around) -> Any:
        return Templar(loader=_LOADER, variables=self._variables(inside))

    def _template(self, value: Any, inside: _Around) -> Any:
        return self._templar(inside).template(value)

    def _plain(self, value: Any, inside: _Around, trust: bool = False) -> Any:
        if trust:
            value = trust_as_template(value)
        return json.loads(json.dumps(self._template(value, inside), default=str))

    def _true(self, condition: Any, inside: _Around) -> bool:
        if isinstance(condition, bool):
            return condition
        return bool(self._templar(inside).evaluate_conditional(condition))

    def _holds(self, inside: _Around) -> bool:
        templar = self._templar(inside)
        return all(
            condition if isinstance(condition, bool) else templar.evaluate_conditional(condition)
            for condition in inside.conditions
        )


def _with(inside: _Around, name: str, value: Any) -> _Around:
    return replace(inside, given={**inside.given, name: value})
