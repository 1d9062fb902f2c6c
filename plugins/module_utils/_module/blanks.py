# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A blank value is no value: a controller gives one for each field that was left empty, in credentials and surveys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import env_fallback
from ansible.module_utils.errors import AnsibleFallbackNotFound
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._values import folded, is_blank

WAVE = ("identity", "mailboxes", "mailboxes_file")
OFF = ("false", "no", "off")
# A tab is a delimiter, and only an empty string is none.
WHITESPACE_MATTERS = ("delimiter",)


class BlankAwareModule(AnsibleModule):
    """An AnsibleModule that is not given what is blank, so that defaults and environment variables apply."""

    called = ""  # the name of the module, as the task has it

    def _load_params(self) -> None:
        base: Any = super()  # ansible-core's own classes carry no types
        base._load_params()
        self.called = str(self.params.get("_ansible_module_name") or "")
        self.params = without_blanks(self.params, self.argument_spec)


def without_blanks(given: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a module that say something.

    A blank ``state``, and blank mailboxes where nothing else names any, are kept, to be refused: without them, some
    modules would do more rather than less.
    """
    named = any(not is_blank(given.get(name)) for name in WAVE)
    kept = ("state",) if named or "identity" not in spec else ("state", *WAVE)
    return {
        name: _filled(value, spec.get(name, {}))
        for name, value in given.items()
        if not is_blank(value) or name in kept or (value and name in WHITESPACE_MATTERS)
    }


def _filled(value: Any, option: Mapping[str, Any]) -> Any:
    """Return a value without the suboptions that are blank."""
    if "options" not in option:
        return value
    if isinstance(value, list):
        return [_filled(item, option) for item in value]
    return filled_options(value, option["options"]) if isinstance(value, Mapping) else value


def filled_options(given: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return those suboptions of a dictionary that say something; a list of nothing but blanks does not."""
    return {
        name: _filled(value, spec.get(name, {}))
        for name, value in given.items()
        if not is_blank(value) and not (isinstance(value, list) and value and all(map(is_blank, value)))
    }


def is_off(value: object) -> bool:
    """Tell whether a path is none but says that no file is wanted, as ``false`` does in a playbook or a variable."""
    return folded(str(value)).strip() in OFF


def from_environment(name: str) -> str:
    """Return an environment variable that is not blank; the fallback of an option."""
    value = str(env_fallback(name))
    if is_blank(value):
        raise AnsibleFallbackNotFound
    return value
