# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What became of one mailbox in one task."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

STATUSES = ("changed", "unchanged", "pending", "skipped", "failed")


@dataclass
class Outcome:
    """One entry of ``results``.

    ``record`` is what the task worked on, ``enriched`` what it adds to the record that travels on. ``before``,
    ``after`` and ``cmdlets`` stay empty where nothing changed or failed.
    """

    record: Record
    status: str = "unchanged"
    enriched: Record = field(default_factory=Record)
    error: HybridError | None = None
    warnings: list[str] = field(default_factory=list)
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)
    cmdlets: list[str] = field(default_factory=list)
    details: dict[str, object] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        return str(self.record["identity"])

    def as_result(self) -> dict[str, object]:
        result: dict[str, object] = {"identity": self.identity, "status": self.status, **self.details}
        if self.error is not None:
            result["error"] = self.error.as_result()
        if self.warnings:
            result["warnings"] = self.warnings
        if self.status in ("changed", "failed"):
            for name in ("before", "after", "cmdlets"):
                if getattr(self, name):
                    result[name] = getattr(self, name)
        return result

    def diff(self) -> dict[str, str]:
        """Return Ansible's diff of this mailbox, with the cmdlets below it."""
        return {
            "before_header": self.identity,
            "after_header": self.identity,
            "before": _pretty(self.before),
            "after": _pretty(self.after),
            "prepared": "".join(f"{cmdlet}\n" for cmdlet in self.cmdlets),
        }


def _pretty(attributes: Mapping[str, object]) -> str:
    return json.dumps(attributes, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def summary(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Return counts per status, every status present."""
    counts = Counter(outcome.status for outcome in outcomes)
    return {status: counts[status] for status in STATUSES}
