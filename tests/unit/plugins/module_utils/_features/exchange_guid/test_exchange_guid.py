# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_guid import (
    plan as exchange_guid,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_guid.step import GuidStamped
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox.plan import TYPES
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox.step import OfKind
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import on_premises
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import NOTHING_SENT, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils._connections.test_journal import lines
from tests.unit.plugins.module_utils.fakes import NOW, ZERO, ad_user, connect, guid_of, on_premises_recipient

MAILBOX, ARCHIVE, OTHER, USER = (guid_of(name) for name in ("ann's mailbox", "archive", "other", "ann on-premises"))


def seen(kind: str, **properties: Any) -> dict[str, Any]:
    person = on_premises_recipient("ann", kind, **properties)
    return on_premises.with_mail(on_premises.user(person), person)


def plan(kind: str = "MailUser", held: str = ZERO, archive: str = ZERO, **record: Any) -> Plan:
    given = {"identity": "ann@contoso.com", "exchange_guid": MAILBOX, **record}
    return GuidStamped(False).plan(given, seen(kind, ExchangeGuid=held, ArchiveGuid=archive), NOTHING_SENT, NOW)


@pytest.mark.parametrize(("kind", "setter"), [("MailUser", "Set-MailUser"), ("RemoteUserMailbox", "Set-RemoteMailbox")])
def test_zeros_are_stamped(kind: str, setter: str) -> None:
    found = plan(kind)
    assert found.calls == (("exchange_server", Cmdlet(setter, {"Identity": USER, "ExchangeGuid": MAILBOX})),)
    assert (found.before, found.after) == ({"exchange_guid": ZERO}, {"exchange_guid": MAILBOX})


@pytest.mark.parametrize(("kind", "whole"), [("MailUser", None), ("RemoteUserMailbox", True)])
def test_the_guid_makes_a_remote_mailbox_whole_and_a_mail_user_alone_not(kind: str, whole: bool | None) -> None:
    """A mail user needs its addresses, too."""
    for held in (ZERO, MAILBOX):
        assert plan(kind, held, whole=False).enriched.get("whole") is whole


@pytest.mark.parametrize("wanted", [MAILBOX, MAILBOX.upper()])
def test_an_equal_guid_is_left_alone(wanted: str) -> None:
    assert plan(held=MAILBOX, exchange_guid=wanted) == Plan()


@pytest.mark.parametrize(("held", "archive", "name"), [(OTHER, ZERO, "ExchangeGuid"), (MAILBOX, OTHER, "ArchiveGuid")])
def test_another_guid_is_never_overwritten_unasked(held: str, archive: str, name: str) -> None:
    with pytest.raises(MailboxError) as caught:
        plan(held=held, archive=archive, archive_guid=ARCHIVE)
    assert caught.value.code == "guid_conflict"
    assert f"already carries {name} {OTHER}" in caught.value.message
    assert "force: true" in caught.value.remedy
    assert len(plan(held=held, archive=archive, archive_guid=ARCHIVE, force=True).calls) == 1


@pytest.mark.parametrize(
    ("archive", "wanted", "change"),
    [
        (ZERO, ARCHIVE, {"ArchiveGuid": ARCHIVE}),
        (ARCHIVE, ARCHIVE, {}),
        (ZERO, ZERO, {}),
        (ZERO, None, {}),
        (OTHER, ZERO, {}),
    ],
)
def test_the_archives_guid(archive: str, wanted: str | None, change: dict[str, str]) -> None:
    found = plan(held=MAILBOX, archive=archive, archive_guid=wanted)
    assert [call.parameters for _kind, call in found.calls] == ([{"Identity": USER, **change}] if change else [])


@pytest.mark.parametrize("kind", ["UserMailbox", "MailContact"])
def test_other_objects_carry_no_cloud_guid(kind: str) -> None:
    with pytest.raises(MailboxError) as caught:
        plan(kind)
    assert (caught.value.code, kind in caught.value.message) == ("wrong_recipient_type", True)


def test_a_plain_user_has_to_be_mail_enabled_first() -> None:
    with pytest.raises(MailboxError, match="is a User") as caught:
        GuidStamped(False).plan(
            {"identity": "x", "exchange_guid": MAILBOX}, on_premises.user(ad_user("ann")), NOTHING_SENT, NOW
        )
    assert "mailuser" in caught.value.remedy


@pytest.mark.parametrize(
    ("kind", "tenant", "alias", "own_id"),
    [
        ("user", {"external_directory_object_id": "id"}, "ann", "id"),
        ("user", {}, "ann", ""),
        # Whoever has an alias already keeps it.
        ("mail_user", None, "", ""),
    ],
)
def test_what_others_may_not_hold(kind: str, tenant: dict[str, str] | None, alias: str, own_id: str) -> None:
    new = ["SMTP:ann@contoso.com", "smtp:a@contoso.com"]
    after = {"email_addresses": new, "exchange_guid": MAILBOX, "alias": "Ann"}
    current = {**seen("MailUser", EmailAddresses=["smtp:ANN@contoso.com"]), "kind": kind}
    claim = exchange_guid.claim(after, current, tenant)
    assert (claim.values, claim.alias) == (["a@contoso.com", MAILBOX, *filter(None, [alias])], alias)
    assert (claim.own_guid, claim.own_id) == (USER, own_id)


# -- the kind of a mailbox that came home ------------------------------------------------------------------------------


def of_kind(kind: str, wanted: str) -> Plan:
    return OfKind(False).plan({"identity": "x", "recipient_type_details": wanted}, seen(kind), NOTHING_SENT, NOW)


@pytest.mark.parametrize("wanted", sorted(TYPES))
def test_a_mailbox_becomes_what_it_was(wanted: str) -> None:
    held = "SharedMailbox" if wanted == "UserMailbox" else "UserMailbox"
    found = of_kind(held, wanted)
    assert found.calls == (("exchange_server", Cmdlet("Set-Mailbox", {"Identity": USER, "Type": TYPES[wanted]})),)
    assert of_kind(wanted, wanted) == Plan()


@pytest.mark.parametrize("kind", ["MailUser", "RemoteUserMailbox"])
def test_what_is_no_mailbox_yet_has_no_kind(kind: str) -> None:
    with pytest.raises(MailboxError) as caught:
        of_kind(kind, "SharedMailbox")
    assert (caught.value.code, caught.value.retryable) == ("wrong_recipient_type", True)


@pytest.mark.parametrize(
    ("record", "skips"),
    [
        ({"offboarding_state": "home", "on_premises": {"recipient_type_details": "SharedMailbox"}}, True),
        ({"offboarding_state": "home", "on_premises": {"recipient_type_details": "UserMailbox"}}, False),
        ({"offboarding_state": "home"}, False),
        ({"on_premises": {"recipient_type_details": "SharedMailbox"}}, False),
    ],
)
def test_a_mailbox_whose_kind_is_known_to_be_right_is_not_read(record: dict[str, Any], skips: bool) -> None:
    assert OfKind(False).skips({"identity": "x", "recipient_type_details": "SharedMailbox", **record}) is skips


@pytest.mark.parametrize(
    ("found", "wanted", "told"),
    [
        ("LinkedMailbox", "UserMailbox", ""),
        ("LinkedRoomMailbox", "RoomMailbox", ""),
        ("LinkedMailbox", "SharedMailbox", "it is a LinkedMailbox, not a SharedMailbox"),
        ("LegacyMailbox", "UserMailbox", "it is a LegacyMailbox, not a UserMailbox"),
        ("UserMailbox", "LinkedMailbox", ""),
        ("SharedMailbox", "TeamMailbox", "it is a SharedMailbox, not a TeamMailbox"),
    ],
)
def test_a_kind_that_is_none_of_the_four_is_never_converted(found: str, wanted: str, told: str) -> None:
    plan = OfKind(False).plan(
        {"identity": "x", "recipient_type_details": wanted},
        {"kind": "mailbox", "recipient_type_details": found, "guid": "g"},
        NOTHING_SENT,
        NOW,
    )
    assert plan.calls == ()
    assert [told in warning for warning in plan.warnings] == ([True] if told else [])


def run(step: GuidStamped | OfKind, server: fakes.FakeOrganization, *records: dict[str, Any]) -> list[Outcome]:
    with connect(server) as connections:
        return run_wave(step, records, connections, check=False)


def test_both_steps_write_and_read_back() -> None:
    ann, room = on_premises_recipient("ann", ExchangeGuid=ZERO), on_premises_recipient("room", "UserMailbox")
    server = fakes.on_premises(ann, room)
    server.handlers = {
        "Set-MailUser": lambda cmdlet: ann.update(ExchangeGuid=cmdlet.parameters["ExchangeGuid"]) or [],
        "Set-Mailbox": lambda cmdlet: room.update(RecipientTypeDetails="RoomMailbox") or [],
    }
    stamped = run(GuidStamped(False), server, {"identity": "ann@contoso.com", "exchange_guid": MAILBOX})
    kept = run(OfKind(False), server, {"identity": "room@contoso.com", "recipient_type_details": "RoomMailbox"})
    assert [outcome.status for outcome in (*stamped, *kept)] == ["changed", "changed"]
    assert (ann["ExchangeGuid"], room["RecipientTypeDetails"]) == (MAILBOX, "RoomMailbox")


def test_a_mailbox_whose_move_is_under_way_is_not_looked_at_and_another_is_stamped() -> None:
    """The move may have ended since the mailbox was judged: then a mailbox is there, which takes no GUID."""
    ann, bob = on_premises_recipient("ann", "UserMailbox"), on_premises_recipient("bob", ExchangeGuid=ZERO)
    server = fakes.on_premises(ann, bob)
    server.handlers["Set-MailUser"] = lambda cmdlet: bob.update(ExchangeGuid=cmdlet.parameters["ExchangeGuid"]) or []
    moving = {"identity": "ann@contoso.com", "exchange_guid": MAILBOX, "offboarding_state": "moving"}
    outcomes = run(GuidStamped(False), server, moving, {"identity": "bob@contoso.com", "exchange_guid": OTHER})
    assert [outcome.status for outcome in outcomes] == ["unchanged", "changed"]


def test_the_journal_keeps_the_guid_that_force_overwrites(tmp_path: Path) -> None:
    record = {"identity": "ann@contoso.com", "ad_identity": USER, "exchange_guid": MAILBOX, "force": True}
    server = fakes.on_premises(on_premises_recipient("ann", ExchangeGuid=OTHER))
    server.handlers["Set-MailUser"] = lambda _cmdlet: []
    path = tmp_path / "journal.jsonl"
    journal = Journal(FileMemory(), str(path), "run", "localhost")
    with journal, connect(server, journal=journal) as connections:
        run_wave(GuidStamped(False), [record], connections, check=False, sleep=fakes.Time().sleep)
    sent = next(entry for entry in lines(path) if entry["event"] == "sent")
    assert (sent["before"], sent["after"]) == ({"exchange_guid": OTHER}, {"exchange_guid": MAILBOX})
