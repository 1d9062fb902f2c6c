# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: misfits
short_description: Describes variables whose values have the wrong type
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
description:
  - Returns one sentence for each variable that is not of its type, as Ansible converts types, or is not one of its
    choices.
  - The role C(mailbox_offboarding) checks its variables with this filter. Its argument specs cannot, because Ansible
    applies them to blank values, too.
options:
  _input:
    description: The variables and their values.
    type: dict
    required: true
  types:
    description:
      - For each variable V(int), V(bool), V(dict) or V(list), or a list of choices. Other variables are not checked.
    type: dict
    required: true
positional: types
"""

EXAMPLES = r"""
- name: Require a number
  ansible.builtin.assert:
    that: offboarding_misfits | length == 0
    fail_msg: "{{ offboarding_misfits | join(' ') }}"
  vars:
    offboarding_misfits: "{{ {'wait': survey_wait} | mailops.exchange_hybrid.misfits({'wait': 'int'}) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each variable, with its name, its value unless that is a dictionary, and the remedy.
  type: list
  elements: str
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible.module_utils.common.validation import check_type_bool, check_type_dict, check_type_int

DEFAULT = "or leave it blank for the default"
# The value of a dictionary is not shown: it may hold a secret.
TYPES: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "int": (check_type_int, "'{value}' is not a whole number. Set one, " + DEFAULT + "."),
    "bool": (check_type_bool, "'{value}' is neither true nor false. Set one of them, " + DEFAULT + "."),
    "dict": (check_type_dict, "is not a dictionary. Set one, " + DEFAULT + "."),
}


def misfits(values: Mapping[str, Any], types: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each value that does not have the type of its variable."""
    return list(_told(values, types))


def _told(values: Mapping[str, Any], types: Mapping[str, Any]) -> Iterator[str]:
    for name, wanted in types.items():
        value = values[name]
        if wanted == "list":
            if not isinstance(value, (list, tuple)):
                yield f"{name}: '{value}' is not a list. Set one, a text with one item on each line, {DEFAULT}."
        elif isinstance(wanted, str):
            check, sentence = TYPES[wanted]
            try:
                check(value)
            except TypeError:
                yield f"{name}: {sentence.format(value=value)}"
        elif value not in wanted:
            yield f"{name}: '{value}' is not known. Set one of {', '.join(wanted)}, {DEFAULT}."


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"misfits": misfits}
