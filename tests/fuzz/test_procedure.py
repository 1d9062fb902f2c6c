# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A value that is none, in what a cmdlet shows of one mailbox, fails that mailbox at most: the other one goes on."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass, field
from typing import Any, cast

from lab.answer import Answer, Call, LabObject
from lab.hybrid import Hybrid
from tests import extent
from tests.fuzz import mutations
from tests.unit.plugins.module_utils.lab_in_process import SYSTEMS
from tests.unit.plugins.module_utils.procedure_in_process import PHASES, Procedure

CASES, SHARE = 2_000, 0.01
# Whoever is half made and cannot be read back keeps the synchronization paused: that is what the pause is for.
FOR_ALL = ("addresses_at_risk",)


@dataclass
class Spoilt:
    """A hybrid organization that shows ``value`` as one property of Ann; ``seen`` has all that it showed."""

    hybrid: Hybrid
    cmdlet: str = ""
    name: str = ""
    value: Any = None
    seen: set[tuple[str, str]] = field(default_factory=set)

    def __getattr__(self, name: str) -> Any:
        known = getattr(self.hybrid, name)
        return _Host(self, known) if name in SYSTEMS else known

    def shown(self, cmdlet: str, item: LabObject) -> LabObject:
        self.seen |= {(cmdlet, name) for name in item.properties}
        if (cmdlet, self.name) != (self.cmdlet, self.name) or self.name not in item.properties:
            return item
        if "ann" not in repr(item.properties).lower():
            return item
        return LabObject(item.type_names, {**item.properties, self.name: self.value}, item.to_string)


@dataclass
class _Host:
    spoilt: Spoilt
    host: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.host, name)

    def run(self, call: Call) -> Answer:
        answer: Answer = self.host.run(call)
        answer.objects[:] = [self.spoilt.shown(call.cmdlet, item) for item in answer.objects]
        return answer


def offboarded(cmdlet: str = "", name: str = "", value: Any = None) -> tuple[Procedure, Spoilt]:
    """Bring Ann and Bob home, with one property of Ann spoilt."""
    with tempfile.TemporaryDirectory() as directory:
        procedure = Procedure(directory)
        procedure.pairs = [procedure.build.cloud_only("Ann Archer"), procedure.build.cloud_only("Bob Baker")]
        spoilt = Spoilt(procedure.lab.hybrid, cmdlet, name, value)
        procedure.lab.hybrid = cast(Hybrid, spoilt)
        procedure.run(PHASES)
        return procedure, spoilt


def test_a_value_that_is_none_fails_its_own_mailbox_at_most() -> None:
    procedure, spoilt = offboarded()
    assert procedure.refused == {}
    places = sorted(spoilt.seen)
    assert len(places) > 200
    for number in extent.of(range(CASES), "procedure", SHARE):
        chance = random.Random(f"procedure {number}")
        cmdlet, name = chance.choice(places)
        procedure, _spoilt = offboarded(cmdlet, name, mutations.anything(chance))
        whole = procedure.refused.get("")
        assert whole is None or whole.error.code in FOR_ALL, (number, cmdlet, name)
        assert whole is not None or set(procedure.refused) <= {procedure.pairs[0].identity}, (number, cmdlet, name)
