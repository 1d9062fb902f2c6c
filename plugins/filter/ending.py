# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ending
short_description: Says how a run of the role ended, and what to run next
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
description:
  - The role C(mailbox_offboarding) ends each of its entry points with what this filter returns. The next command
    repeats the inventory, the variable files and the variables that name the wave from the command line of
    C(ansible-playbook), and no other values.
options:
  _input:
    description: What the role knows at its end, as its C(tasks/ending.yml) passes it.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show how a run ended
  ansible.builtin.debug:
    msg: "{{ ({'entry': 'verify', 'wave': 'wave-1', 'counts': {'Home': 24, 'Failed': 1},
              'groups': {'home': 24, 'failed': 1}, 'failed_count': 1,
              'report': '/srv/offboarding/report.html'} | mailops.exchange_hybrid.ending).shown }}"
"""

RETURN = r"""
_value:
  description:
    - C(shown) is what the role shows, one text for each line - the failures with their remedies, and the counts, the
      report and the next command last. C(outcome) is the value of its C(set_stats), which the README of the role
      describes.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible import constants, context
from ansible.parsing.splitter import parse_kv
from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._ending import CommandLine, of, outcome, shown
from yaml import YAMLError, safe_load


def ending(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the role says at its end."""
    known, command_line = of(facts), _command_line(context.CLIARGS)
    return {"shown": shown(known, command_line), "outcome": outcome(known, command_line)}


def _command_line(options: Mapping[str, Any]) -> CommandLine:
    """Return what ansible-playbook was started with; what its configuration says is not repeated."""
    configured = constants.config.get_config_value("DEFAULT_HOST_LIST") or ()
    inventory = [str(given) for given in options.get("inventory") or () if given not in configured]
    given = [str(text) for text in options.get("extra_vars") or ()]
    variables: dict[str, Any] = {}
    for text in given:
        variables |= {} if text.startswith("@") else _variables(text)
    files = [text for text in given if text.startswith("@")]
    return CommandLine(inventory, str(options.get("subset") or ""), files, variables)


def _variables(text: str) -> dict[str, Any]:
    """Return the variables of one ``-e``, which Ansible has already taken."""
    if not text.lstrip().startswith(("{", "[")):
        return dict(parse_kv(text))
    try:
        found = safe_load(text)
    except YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"ending": ending}
