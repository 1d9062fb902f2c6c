# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Runs the collection's modules on the controller from the installed files, not from an archive packed for each task.

Ansible packs a module, what it imports and its own basics into an archive, and the new process compiles all of it
again: half a second of CPU for each task, for files that stand beside ansible-playbook already, compiled. The module
is the same, in a process of its own as before, with its arguments on the same way. Wherever the
task does not run in ansible-playbook's own Python on the controller, Ansible packs as ever.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as NormalAction

COLLECTION = "mailops.exchange_hybrid."
PLUGINS = Path(__file__).parents[1]  # not resolved: an installed collection may be a link
# An ansible_collections elsewhere in the path (the ansible package has one) would hide the one that this file is in.
PROGRAM = """\
#!{python}
import sys
sys.path[:] = [path for path in sys.path if path not in ("", ".")]
import runpy
import types
from ansible.module_utils import basic
collections = types.ModuleType("ansible_collections")
collections.__path__ = [{root!r}]
sys.modules["ansible_collections"] = collections
basic._ANSIBLE_ARGS = {arguments!r}
basic._ANSIBLE_PROFILE = {profile!r}
runpy.run_module({module!r}, run_name="__main__")
"""
PROFILE = "legacy"  # in which ansible-core 2.19 and newer exchange arguments and results with a module


class RunsUnpacked(ActionBase):
    """An action that hands Ansible a few lines to run instead of an archive, where nothing forbids it."""

    def _configure_module(self, module_name: str, module_args: dict[str, Any], task_vars: dict[str, Any]) -> Any:
        if not (module_name.startswith(COLLECTION) and self._runs_in_own_python(task_vars)):
            return super()._configure_module(module_name, module_args, task_vars)
        path = PLUGINS / "modules" / f"{module_name.removeprefix(COLLECTION)}.py"
        return _built(program(path, encoded(module_args)), str(path))

    def _runs_in_own_python(self, task_vars: Mapping[str, Any]) -> bool:
        # Whoever keeps the files that Ansible sends wants to see the whole module.
        kept = constants.config.get_config_value("DEFAULT_KEEP_REMOTE_FILES")
        if self._connection.transport != "local" or self._connection.become or kept:
            return False
        host = self._task.delegate_to
        variables = task_vars["ansible_delegated_vars"][host] if host else task_vars
        return bool(self._templar.template(variables.get("ansible_python_interpreter")) == sys.executable)


class UnpackedAction(RunsUnpacked, NormalAction):
    """Runs the module of its own name, as Ansible does for a module without an action plugin."""


def program(module: Path, arguments: bytes) -> bytes:
    """Return what the new Python reads and runs."""
    parts = module.with_suffix("").parts[-6:]  # ansible_collections, namespace, name, plugins, modules, module
    text = PROGRAM.format(
        python=sys.executable,
        root=str(module.parents[4]),
        arguments=arguments,
        profile=PROFILE,
        module=".".join(parts),
    )
    return text.encode()


def encoded(arguments: Mapping[str, Any]) -> bytes:
    """Return a module's arguments as Ansible would hand them to it."""
    how: dict[str, Any]
    try:
        from ansible.module_utils.common.json import Direction, get_module_encoder

        how = {"cls": get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)}
    except ImportError:  # ansible-core 2.18 and older
        from ansible.module_utils.common.json import AnsibleJSONEncoder

        how = {"cls": AnsibleJSONEncoder, "vault_to_text": True}
    return json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, **how).encode()


def _built(data: bytes, path: str) -> Any:
    """Return what ActionBase._configure_module does: since ansible-core 2.19 one object for the first three."""
    shebang = f"#!{sys.executable}"
    try:
        from ansible.executor.module_common import _BuiltModule
    except ImportError:
        return "new", shebang, data, path
    make = cast(Any, _BuiltModule)
    return make(b_module_data=data, module_style="new", shebang=shebang, serialization_profile=PROFILE), path
