# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: given
short_description: Replaces a blank value by a default
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
description:
  - Returns the value, or the default if the value is null, an empty string or only whitespace. V(false), V(0) and an
    empty list are values.
  - The role C(mailbox_offboarding) reads each of its variables through this filter, because a survey passes a blank
    answer in one of these forms.
options:
  _input:
    description: The value.
    type: raw
    required: true
  default:
    description: What is returned in place of a blank value.
    type: raw
    default: ""
  items:
    description:
      - Whether a text is split into a list, at line breaks, commas and semicolons. Blanks around the items, and blank
        items, are removed.
    type: bool
    default: false
  whitespace:
    description: Whether whitespace counts as blank. With V(false) only null and an empty string do.
    type: bool
    default: true
positional: default
"""

EXAMPLES = r"""
- name: Show how long the role waits
  ansible.builtin.debug:
    msg: "{{ survey_wait_timeout | mailops.exchange_hybrid.given(86400) }}"

- name: Show the addresses of a survey, one on each line
  ansible.builtin.debug:
    msg: "{{ survey_mailboxes | mailops.exchange_hybrid.given([], items=true) }}"
"""

RETURN = r"""
_value:
  description: The value or the default.
  type: raw
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._values import is_blank, items_of


def given(value: Any, default: Any = "", items: bool = False, whitespace: bool = True) -> Any:
    """Return the value, or the default where it says nothing."""
    if is_blank(value) and (whitespace or not value):
        return default
    return items_of(value) if items and isinstance(value, str) else value


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"given": given}
