# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The property of the whole procedure: whatever goes wrong with any one write, no cloud mailbox loses an address.

For each beginning, each order of phases and each write of it, that write is refused, refused for the moment, not
answered, doubled, the last that the run did, or the one at which it is stopped. Then the scheduler has its chances, the
procedure is run again, and the scheduler has them once more. After each, every cloud mailbox holds every address that
it had and Entra ID can hold. A fixed third of these faults is tried in each run of the unit tests, all of them by
``make long``.

The phases are the collection's own, put together as the role's tasks are, in front of the lab's model.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import half_made as wave_half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

from lab.model import addresses, proxy_calculation
from lab.model.builder import Pair, Person
from lab.model.mailbox_replication import MoveOptions, MoveRequest
from lab.model.recipients import EMPTY_GUID
from lab.model.tenant import TENANT
from tests import extent
from tests.unit.plugins.module_utils.fakes import ROUTING, on_disk
from tests.unit.plugins.module_utils.lab_in_process import Trouble
from tests.unit.plugins.module_utils.procedure_in_process import MOVE, PHASES, Procedure

TROUBLES = ("failed", "transient", "lost", "unheard", "doubled", "killed", "stopped")


# -- beginnings --------------------------------------------------------------------------------------------------------


def _people(procedure: Procedure, make: Callable[[Person], Pair]) -> None:
    extra = [
        ("smtp:sales@contoso.com", "smtp:s.desk@fabrikam.com", "EUM:2001;phone-context=hq.contoso.com", "NOTES:A/HQ@C"),
        ("smtp:info@contoso.com", "X500:/o=Fabrikam/cn=bob", "X400:C=US;A= ;P=Contoso;S=Bob", "GWISE:hq.po.bob"),
    ]
    procedure.pairs = [make(Person(name, extra=more)) for name, more in zip(("Ann A", "Bob B"), extra, strict=True)]


def _cloud_only(procedure: Procedure) -> None:
    _people(procedure, procedure.build.cloud_only)


def _synced(procedure: Procedure) -> None:
    _people(procedure, procedure.build.synced)


def _remote(procedure: Procedure) -> None:
    _people(procedure, procedure.build.remote_mailbox)


def _old_requests(procedure: Procedure) -> None:
    _synced(procedure)
    hybrid = procedure.lab.hybrid
    for pair in procedure.pairs:
        options = MoveOptions("mail.contoso.com", "DB01", target_delivery_domain="contoso.com")
        options.prevent_completion = True
        request = MoveRequest(pair.cloud.exchange_guid, pair.cloud, options, hybrid.clock.now())
        hybrid.replication.submit(request, hybrid.clock.now())


def _mail_user(procedure: Procedure) -> None:
    """Mail users without the GUID and without half of the addresses, which no sync has exported yet."""
    _people(procedure, procedure.build.cloud_only)
    for pair in procedure.pairs:
        primary = [f"SMTP:{pair.identity}"]
        procedure.build.mail_enable(pair, exchange_guid=EMPTY_GUID, email_addresses=primary)
        procedure.lab.hybrid.sync.forget_change(pair.directory)


BEGINNINGS = {
    "cloud_only": _cloud_only,
    "synced": _synced,
    "remote": _remote,
    "old_requests": _old_requests,
    "mail_user": _mail_user,
}
ORDERS = (PHASES, ("prepare",), ("sync", "match", "move"), ("move",))


# -- the property ------------------------------------------------------------------------------------------------------


@dataclass
class Trial:
    procedure: Procedure
    before: list[list[str]]

    def lost(self) -> list[str]:
        """Return what a cloud mailbox had and has no more."""
        return [
            address
            for pair, held in zip(self.procedure.pairs, self.before, strict=True)
            for address in held
            if not addresses.contains(pair.cloud.email_addresses, address)
        ]


def kept(procedure: Procedure, pair: Pair) -> list[str]:
    """Return the mailbox's addresses of every type that the laboratory's proxy calculation lets through.

    Those that the service itself gives live on beside it; SPO and SIP addresses belong to the cloud.
    """
    tenant = procedure.lab.hybrid.tenant
    rules = proxy_calculation.Tenant(TENANT, tenant.accepted_domains, lambda _address: False)
    return [
        address
        for address in pair.cloud.email_addresses
        if (address[:5].lower() == "smtp:" or proxy_calculation.survives(address, rules, recipient=True))
        and not address.upper().startswith(("SPO:", "SIP:"))
    ]


def trial(directory: Path, beginning: str, trouble: Trouble, **how: Any) -> Trial:
    procedure = Procedure(str(directory), **how)
    BEGINNINGS[beginning](procedure)
    before = [kept(procedure, pair) for pair in procedure.pairs]
    procedure.lab.trouble = trouble
    return Trial(procedure, before)


def course(tried: Trial, order: Sequence[str]) -> str:
    """Run the order with its trouble, and the whole procedure again; return where an address was missing, if it was."""
    procedure = tried.procedure
    procedure.run(order)
    for moment in ("first run", "second run"):
        procedure.cycles()
        lost = tried.lost()
        if lost:
            return f"after the {moment} and a cycle {lost} is missing"
        if moment == "first run":
            procedure.run(PHASES)
    return ""


def numbered(directory: Path) -> Iterator[Path]:
    for number in itertools.count():
        yield directory / str(number)


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
@pytest.mark.parametrize("beginning", list(BEGINNINGS))
def test_no_single_fault_costs_an_address(tmp_path: Path, beginning: str, order: Sequence[str]) -> None:
    places = numbered(tmp_path)
    undisturbed = trial(next(places), beginning, Trouble())
    assert course(undisturbed, order) == ""
    whole = [pair.directory.exchange_guid == pair.cloud.exchange_guid for pair in undisturbed.procedure.pairs]
    assert whole == [True, True]
    assert [record["whole"] for record in undisturbed.procedure.records] == [True, True]
    requests = undisturbed.procedure.lab.hybrid.replication.requests
    assert set(requests) == {pair.cloud.guid for pair in undisturbed.procedure.pairs}
    writes = trial(next(places), beginning, Trouble())
    writes.procedure.run(order)
    faults = list(itertools.product(TROUBLES, range(len(writes.procedure.lab.writes))))
    for what, number in extent.of(faults, f"{beginning} {order}", 1 / 3):
        tried = trial(next(places), beginning, Trouble(what, number))
        told = course(tried, order)
        assert not told, f"{what} at write {number}: {told}; the writes were {tried.procedure.lab.writes}"


GIVEN: list[Record] = [
    {"email_addresses": ["smtp:desk@contoso.com"]},
    {"legacy_exchange_dn": "/o=Fabrikam/cn=desk"},
    {"whole": True, "offboarding_state": "home"},
    {"whole": True, "offboarding_state": "moving", "holders_asked": ["desk@contoso.com"]},
]


@pytest.mark.parametrize("given", GIVEN, ids=str)
@pytest.mark.parametrize("beginning", ["synced", "cloud_only"])
def test_no_key_of_a_record_costs_an_address(tmp_path: Path, beginning: str, given: Record) -> None:
    """What a CSV or a list says of a mailbox's addresses is added to them, and what it says of its state is nothing."""
    tried = trial(tmp_path, beginning, Trouble())
    identities = [pair.identity for pair in tried.procedure.pairs]
    tried.procedure.wave = [{"identity": name, "routing_domain": ROUTING, **MOVE, **given} for name in identities]
    # Everybody's alike: the second mailbox is refused what the first one has by then, and loses nothing either.
    assert course(tried, PHASES) == ""
    carried = [pair.directory.exchange_guid == pair.cloud.exchange_guid for pair in tried.procedure.pairs]
    assert carried[0]
    wanted = [*given.get("email_addresses", ()), *(f"X500:{dn}" for dn in [given.get("legacy_exchange_dn")] if dn)]
    assert all(addresses.contains(tried.procedure.pairs[0].cloud.email_addresses, address) for address in wanted)


@pytest.mark.parametrize(("kind", "reverted"), [("DisabledUser", True), ("RemoteSharedMailbox", False)])
def test_a_kind_that_the_service_takes_back_after_the_match_stays_the_mailboxs(
    tmp_path: Path, kind: str, reverted: bool
) -> None:
    """Facts: public-reports.md section 4. The baseline says what it is to be at home, and no run is stopped by it."""
    procedure = Procedure(str(tmp_path), state={})
    pair = procedure.build.cloud_only(Person("Sales Desk", kind="SharedMailbox"))
    if kind != "DisabledUser":
        procedure.build.mail_enable(pair, kind=kind)
    procedure.pairs.append(pair)
    procedure.lab.hybrid.tenant.reverts_kinds = True
    for _time in range(2):
        procedure.run(PHASES)
        assert procedure.refused == {}
        assert pair.cloud.kind == ("UserMailbox" if reverted else "SharedMailbox")
        assert [record["recipient_type_details"] for record in procedure.records] == ["SharedMailbox"]
    assert set(procedure.lab.hybrid.replication.requests) == {pair.cloud.guid}


def found_by(directory: Path, **how: Any) -> list[str]:
    """Return what the property finds in a procedure that lacks something."""
    places = numbered(directory)
    tried = (
        (what, course(trial(next(places), "synced", Trouble(what, cmdlet="Set-MailUser", count=9), **how), PHASES))
        for what in TROUBLES
    )
    return [what for what, told in tried if told]


def test_the_property_finds_a_procedure_that_mends_nobody(tmp_path: Path) -> None:
    """Sabotage: the task ends without a look at what it left, and without the notes of it."""

    class Forgetful(Procedure):
        def resume(self) -> None:
            for note in wave_half_made.load(on_disk(self.directory)):
                HalfMade(on_disk(self.directory)).end(note.guid)
            super().resume()

    assert found_by(tmp_path / "sound") == []
    places = numbered(tmp_path)
    told = []
    for what in TROUBLES:
        procedure = Forgetful(str(next(places)), mends=False)
        _synced(procedure)
        before = [kept(procedure, pair) for pair in procedure.pairs]
        procedure.lab.trouble = Trouble(what, cmdlet="Set-MailUser", count=9)
        told.append(course(Trial(procedure, before), PHASES))
    assert any(told)


def test_the_property_finds_a_procedure_that_does_not_pause(tmp_path: Path) -> None:
    """Sabotage: a scheduled cycle falls between the two writes of a user."""

    def cycle_instead(procedure: Procedure) -> None:
        enable = procedure.lab.write

        def write(cmdlet: Any, send: Callable[[], Any]) -> Any:
            output = enable(cmdlet, send)
            if cmdlet.name == "Enable-MailUser":
                procedure.cycles()
            return output

        procedure.lab.write = write  # type: ignore[method-assign]

    tried = trial(tmp_path, "synced", Trouble("killed", cmdlet="Enable-MailUser"), pause=cycle_instead)
    assert "sales@contoso.com" in course(tried, PHASES)
