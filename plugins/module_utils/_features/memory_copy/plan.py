# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What is to be copied, from the digests of both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """What is to be written, by the names of texts in the directory."""

    missing: Sequence[str]
    differing: Sequence[str]
    same: Sequence[str]
    only_there: Sequence[str]


def planned(source: Mapping[str, str], destination: Mapping[str, str]) -> Plan:
    """Return what is to be written, from the digests of both sides."""
    shared = [name for name in source if name in destination]
    return Plan(
        missing=[name for name in source if name not in destination],
        differing=[name for name in shared if source[name] != destination[name]],
        same=[name for name in shared if source[name] == destination[name]],
        only_there=[name for name in destination if name not in source],
    )
