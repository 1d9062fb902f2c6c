# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fitting
short_description: Trims results to what a controller shows
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
description:
  - Returns those entries of a module's C(results) that fit into a number of characters, in their order. Failures come
    first, and addresses at risk before all else. An entry that does not fit loses C(before), C(after) and C(cmdlets)
    first.
  - AWX replaces the result of an event by an empty one if it has more than 700,000 characters.
options:
  _input:
    description: The entries.
    type: list
    elements: dict
    required: true
  limit:
    description: The number of characters, as JSON.
    type: int
    default: 250000
positional: limit
"""

EXAMPLES = r"""
- name: Keep the failures of a wave
  ansible.builtin.set_fact:
    site_failures: "{{ offboarding_result.failures | mailops.exchange_hybrid.fitting }}"
"""

RETURN = r"""
_value:
  description: The entries that fit.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.trimming import fitting


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"fitting": fitting}
