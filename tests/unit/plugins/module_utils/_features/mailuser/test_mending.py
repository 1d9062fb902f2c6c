# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.directory_sync import (
    DirectorySync,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.mending import (
    ending_of,
    mend,
    mend_left,
    none_left_half_made,
    settle,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.step import Present
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.assess import (
    AssessOptions,
    assess,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import LOOK, FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import Terminated
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import half_made as wave_half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Note
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

from lab.model import addresses
from lab.model.builder import HybridBuilder, Pair, Person
from tests.unit.plugins.module_utils._connections.test_journal import lines
from tests.unit.plugins.module_utils.fakes import (
    ROUTING,
    ZERO,
    Fails,
    Time,
    connect,
    guid_of,
    on_disk,
    on_premises,
    on_premises_recipient,
    refusal,
)
from tests.unit.plugins.module_utils.lab_in_process import InProcess, Killed, Trouble

EXTRA = ("smtp:sales@contoso.com", "smtp:info@contoso.com")


class Offboarding:
    """The phases of two mailboxes, as the role runs them; of Ann the second write gets into trouble."""

    def __init__(self, directory: Path) -> None:
        self.lab = InProcess()
        self.build = HybridBuilder(self.lab.hybrid)
        self.directory = str(directory)
        self.ann = self.build.synced(Person("Ann Archer", extra=EXTRA))
        self.bob = self.build.synced(Person("Bob Baker"))
        self.records: list[dict[str, Any]] = []

    @property
    def pairs(self) -> list[Pair]:
        return [self.ann, self.bob]

    def state(self) -> None:
        given = [{"identity": pair.identity, "routing_domain": ROUTING} for pair in self.pairs]
        with self.lab.connect() as connections:
            outcomes = assess(connections, given, AssessOptions(on_disk(self.directory), frozenset(["mail_differs"])))
        assert [outcome.error for outcome in outcomes] == [None, None]
        self.records = [{**outcome.record, **outcome.enriched} for outcome in outcomes]

    def sync(self) -> DirectorySync:
        return DirectorySync(
            self.lab.connect(), False, wait_timeout=60, wait_sleep=1, sleep=self.lab.sleep, clock=self.lab.clock
        )

    def prepare(
        self, trouble: Trouble | None = None, *, pause: bool = True, directory: bool = True, read: bool = True
    ) -> list[Outcome]:
        if read:
            self.state()
        if pause:
            self.sync().paused(on_disk(self.directory))
        self.lab.trouble = trouble or Trouble()
        half_made = HalfMade(on_disk(self.directory) if directory else None)
        with none_left_half_made(half_made, self.lab.connect, self.lab.sleep), self.lab.connect() as connections:
            outcomes = run_wave(
                Present(False), self.records, connections, check=False, half_made=half_made, sleep=self.lab.sleep
            )
            settle(connections, outcomes, half_made, self.lab.sleep)
        return outcomes

    def mended(self, check: bool = False) -> list[Outcome]:
        with self.lab.connect() as connections:
            return mend_left(connections, HalfMade(on_disk(self.directory)), check=check, sleep=self.lab.sleep)

    def cycle(self) -> None:
        """Let the scheduler run whenever it may, until everything has arrived."""
        for _time in range(3):
            self.lab.hybrid.run_scheduled_cycle()
            self.lab.sleep(60)

    def whole_in_the_cloud(self, pair: Pair) -> bool:
        held = pair.cloud.email_addresses
        return all(addresses.contains(held, address) for address in (f"smtp:{pair.person.routing}", *pair.person.extra))

    @property
    def runs(self) -> bool:
        return bool(self.lab.hybrid.sync.sync_cycle_enabled)


@pytest.fixture
def offboarding(tmp_path: Path) -> Offboarding:
    return Offboarding(tmp_path)


def refuse_ann(offboarding: Offboarding, times: int = 1) -> Trouble:
    """Refuse Set-MailUser of Ann for good; her GUID may be held by another object, say."""
    return Trouble("failed", cmdlet="Set-MailUser", count=times, identity=str(offboarding.ann.directory.guid))


# -- in the run that made the user ------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["transient", "lost", "unheard"])
def test_one_transient_refusal_of_the_second_write_costs_nothing(offboarding: Offboarding, what: str) -> None:
    ann, bob = offboarding.prepare(Trouble(what, cmdlet="Set-MailUser"))
    assert (ann.status, ann.error, bob.status) == ("changed", None, "changed")
    assert [pair.directory.exchange_guid for pair in offboarding.pairs] == [
        pair.cloud.exchange_guid for pair in offboarding.pairs
    ]
    assert offboarding.lab.writes.count("Disable-MailUser") == 0
    assert wave_half_made.load(on_disk(offboarding.directory)) == []


def test_a_refusal_that_is_none_any_more_ends_whole(offboarding: Offboarding) -> None:
    ann, bob = offboarding.prepare(refuse_ann(offboarding))
    assert (ann.status, ann.error, bob.status) == ("changed", None, "changed")
    assert "refused at first" in ann.warnings[0]


def test_what_this_run_enabled_is_undone_where_the_pause_is_in_force(offboarding: Offboarding) -> None:
    offboarding.build.set_directory(offboarding.ann, mail="private@contoso.com")
    ann, bob = offboarding.prepare(refuse_ann(offboarding, times=2))
    assert ann.error is not None
    assert (ann.status, ann.error.code, ann.details["compensation"]) == ("failed", "address_in_use", "undone")
    assert "undone" in ann.error.message
    assert [cmdlet.partition(" ")[0] for cmdlet in ann.cmdlets] == [
        "Enable-MailUser", "Set-MailUser", "Set-MailUser", "Disable-MailUser", "Set-User",
    ]  # fmt: skip
    assert "WindowsEmailAddress 'private@contoso.com'" in ann.cmdlets[-1]
    assert "DisplayName" not in ann.cmdlets[-1], "it is as it was"
    user = offboarding.ann.directory
    assert (user.kind, user.mail, user.email_addresses) == ("User", "private@contoso.com", [])
    assert (bob.status, wave_half_made.load(on_disk(offboarding.directory))) == ("changed", [])
    offboarding.sync().resumed(on_disk(offboarding.directory))
    offboarding.cycle()
    assert offboarding.runs
    assert all(offboarding.whole_in_the_cloud(pair) for pair in offboarding.pairs)


def test_where_a_sync_may_have_seen_the_user_its_addresses_come_first(offboarding: Offboarding) -> None:
    ann, _bob = offboarding.prepare(refuse_ann(offboarding, times=2), pause=False)
    assert (ann.status, ann.details["compensation"]) == ("failed", "addresses_written")
    assert offboarding.ann.directory.kind == "MailUser"
    offboarding.cycle()
    assert offboarding.whole_in_the_cloud(offboarding.ann)


def test_a_user_that_can_be_neither_mended_nor_undone_keeps_the_pause(offboarding: Offboarding) -> None:
    offboarding.state()
    # Shown by no cmdlet of a plain user, and cleared with the mail user.
    offboarding.build.set_directory(offboarding.ann, custom_attributes={3: "cost"})
    ann, bob = offboarding.prepare(refuse_ann(offboarding, times=3), read=False)
    assert ann.error is not None
    assert (ann.error.code, ann.details["compensation"], bob.status) == ("addresses_at_risk", "at_risk", "changed")
    assert offboarding.ann.identity in ann.error.message
    assert "The lab refuses this write." in ann.error.message
    assert "resume_sync" in ann.error.remedy
    for ends in (
        lambda: offboarding.sync().resumed(on_disk(offboarding.directory)),
        lambda: offboarding.sync().synced("Delta", on_disk(offboarding.directory)),
    ):
        with pytest.raises(HybridError) as caught:
            ends()
        assert (caught.value.code, offboarding.runs) == ("addresses_at_risk", False)
    offboarding.cycle()
    assert offboarding.whole_in_the_cloud(offboarding.ann)
    # The cause is gone by now.
    (mended,) = offboarding.mended()
    assert (mended.status, mended.details) == ("changed", {"ending": "whole"})
    assert offboarding.sync().resumed(on_disk(offboarding.directory)).changed
    offboarding.cycle()
    assert offboarding.whole_in_the_cloud(offboarding.ann)


def test_without_a_directory_the_same_run_mends_all_the_same(offboarding: Offboarding) -> None:
    ann, _bob = offboarding.prepare(refuse_ann(offboarding, times=2), directory=False)
    assert ann.details["compensation"] == "addresses_written"
    assert not (Path(offboarding.directory) / "half-made").exists()


@pytest.mark.parametrize("error", [Terminated, KeyboardInterrupt])
def test_an_interrupt_leaves_nobody_half_made(offboarding: Offboarding, error: type[BaseException]) -> None:
    half_made = HalfMade(on_disk(offboarding.directory))
    offboarding.state()
    offboarding.sync().paused(on_disk(offboarding.directory))
    offboarding.lab.trouble = refuse_ann(offboarding, times=1)
    step, lab = Present(False), offboarding.lab

    def interrupted() -> None:
        with none_left_half_made(half_made, lab.connect, lab.sleep), lab.connect() as connections:
            run_wave(step, offboarding.records, connections, check=False, half_made=half_made, sleep=lab.sleep)
            raise error

    with pytest.raises(error):
        interrupted()
    assert [pair.directory.exchange_guid == pair.cloud.exchange_guid for pair in offboarding.pairs] == [True, True]
    assert wave_half_made.load(on_disk(offboarding.directory)) == []


def test_an_interrupt_over_a_user_that_stays_half_made_says_so(offboarding: Offboarding) -> None:
    wanted = {"email_addresses": [f"SMTP:{offboarding.ann.identity}", *EXTRA]}
    note = Note(offboarding.ann.identity, str(offboarding.ann.directory.guid), wanted)
    offboarding.build.mail_enable(offboarding.ann, email_addresses=["SMTP:ann.archer@contoso.com"], hidden=True)
    offboarding.lab.trouble = Trouble("failed", cmdlet="Set-MailUser", count=9)
    half_made = HalfMade(on_disk(offboarding.directory))
    plain = Note(offboarding.bob.identity, str(offboarding.bob.directory.guid), {})

    def interrupted() -> None:
        with none_left_half_made(half_made, offboarding.lab.connect, offboarding.lab.sleep):
            half_made.begin(note)
            half_made.begin(plain)
            raise Terminated

    with pytest.raises(Terminated) as caught:
        interrupted()
    assert offboarding.ann.identity in str(caught.value)
    assert offboarding.bob.identity not in str(caught.value), "nothing was written to him"
    assert [left.identity for left in wave_half_made.load(on_disk(offboarding.directory))] == [offboarding.ann.identity]


def test_where_nothing_was_begun_nothing_is_said_to_be_undone(offboarding: Offboarding) -> None:
    guid = str(offboarding.ann.directory.guid)
    ann, bob = offboarding.prepare(Trouble("failed", cmdlet="Enable-MailUser", identity=guid))
    assert ann.error is not None
    assert (ann.status, ann.details["compensation"], bob.status) == ("failed", "undone", "changed")
    assert ann.error.message == "The lab refuses this write."


# -- in the runs after it ----------------------------------------------------------------------------------------------


def killed_between(offboarding: Offboarding) -> None:
    with pytest.raises(Killed):
        offboarding.prepare(Trouble("killed", cmdlet="Enable-MailUser"))
    offboarding.lab.dead, offboarding.lab.trouble = False, Trouble()
    assert offboarding.ann.directory.email_addresses == [f"SMTP:{offboarding.ann.identity}"]
    # Of Bob there may be a note too, but nothing was sent.
    assert offboarding.bob.directory.kind == "User"


def test_a_killed_run_leaves_its_note_and_nobody_resumes_over_it(offboarding: Offboarding) -> None:
    killed_between(offboarding)
    told = {entry["identity"]: entry["error"]["code"] for entry in wave_half_made.told(on_disk(offboarding.directory))}
    assert told[offboarding.ann.identity] == "addresses_at_risk"
    note = Path(offboarding.directory) / "directory-sync-paused.json"
    old = {**json.loads(note.read_text(encoding="utf-8")), "paused_at": "2026-01-01T00:00:00Z"}
    note.write_text(json.dumps(old), encoding="utf-8")
    with pytest.raises(HybridError, match="half made"):
        offboarding.sync().resumed(on_disk(offboarding.directory))
    offboarding.lab.sleep(60)
    preview = offboarding.mended(check=True)[0]
    assert preview.cmdlets[0].startswith("Set-MailUser")
    mended = offboarding.mended()[0]
    assert (mended.status, mended.cmdlets) == ("changed", preview.cmdlets)
    assert offboarding.mended() == []
    offboarding.sync().resumed(on_disk(offboarding.directory))
    offboarding.cycle()
    assert offboarding.whole_in_the_cloud(offboarding.ann)


def test_a_run_that_makes_the_user_whole_itself_takes_the_note_away(offboarding: Offboarding) -> None:
    killed_between(offboarding)
    ann, bob = offboarding.prepare()
    assert (ann.status, bob.status, wave_half_made.load(on_disk(offboarding.directory))) == ("changed", "changed", [])


def test_a_note_is_settled_by_a_run_whose_wave_writes_the_mailbox_otherwise(offboarding: Offboarding) -> None:
    killed_between(offboarding)
    offboarding.state()
    offboarding.records = [{**record, "identity": record["identity"].upper()} for record in offboarding.records]
    ann, bob = offboarding.prepare(read=False)
    assert (ann.status, bob.status, wave_half_made.load(on_disk(offboarding.directory))) == ("changed", "changed", [])


def test_a_user_that_is_only_undone_tells_what_refused_the_rest(offboarding: Offboarding) -> None:
    killed_between(offboarding)
    offboarding.lab.trouble = refuse_ann(offboarding)
    mended = offboarding.mended()[0]
    assert (mended.status, mended.details, mended.error) == ("changed", {"ending": "undone"}, None)
    (warning,) = mended.warnings
    assert warning.startswith("The lab refuses this write. What this run had enabled was undone")


def test_a_user_that_is_plain_again_needs_nothing(offboarding: Offboarding) -> None:
    killed_between(offboarding)
    offboarding.build.set_directory(
        offboarding.ann, kind="User", email_addresses=[], external_email_address="", alias="", mail=""
    )
    mended = offboarding.mended()[0]
    assert (mended.status, mended.details, mended.cmdlets) == ("unchanged", {"ending": "undone"}, [])


def test_what_another_run_is_just_making_is_left_to_it(offboarding: Offboarding) -> None:
    killed_between(offboarding)
    other = HalfMade(on_disk(offboarding.directory), "wave_009")
    with other.writing():
        mine = HalfMade(on_disk(offboarding.directory), "wave_001")
        with offboarding.lab.connect() as connections:
            assert mend_left(connections, mine, check=False, sleep=offboarding.lab.sleep) == []
        assert wave_half_made.told(on_disk(offboarding.directory)) == []
        with pytest.raises(HybridError) as caught:
            offboarding.sync().synced("Delta", on_disk(offboarding.directory))
        assert caught.value.code == "sync_timeout"
    assert offboarding.mended()[0].status == "changed"


def test_a_cycle_that_this_run_starts_waits_until_others_are_through(offboarding: Offboarding) -> None:
    other, lab = HalfMade(on_disk(offboarding.directory), "wave_009"), offboarding.lab
    writing = other.writing()
    writing.__enter__()
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            writing.__exit__(None, None, None)
        lab.sleep(seconds)

    sync = DirectorySync(lab.connect(), False, wait_timeout=60, wait_sleep=1, sleep=sleep, clock=lab.clock)
    assert sync.synced("Delta", on_disk(offboarding.directory)).changed
    assert waited[:3] == [LOOK] * 3


# -- notes -------------------------------------------------------------------------------------------------------------


def test_a_user_that_cannot_be_written_down_is_not_begun_with(offboarding: Offboarding) -> None:
    (Path(offboarding.directory) / "half-made").write_text("in the way", encoding="utf-8")
    ann, bob = offboarding.prepare()
    assert ann.error is not None
    assert bob.error is not None
    assert {ann.error.code, bob.error.code} == {"unwritable_directory"}
    assert set(offboarding.lab.writes) == {"Set-ADSyncScheduler"}


def test_a_damaged_note_stops_whoever_would_resume(tmp_path: Path) -> None:
    (tmp_path / "half-made").mkdir()
    (tmp_path / "half-made" / "x.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        wave_half_made.refuse(on_disk(tmp_path), "Directory synchronization stays paused")
    assert (caught.value.code, "baseline" in caught.value.remedy) == ("addresses_at_risk", True)


def test_where_a_note_cannot_be_read_the_users_of_this_run_are_settled_all_the_same(tmp_path: Path) -> None:
    half_made = HalfMade(on_disk(tmp_path))
    half_made.begin(Note("ann@contoso.com", "guid", {}))
    (tmp_path / "half-made" / "x.json").write_text("{", encoding="utf-8")
    whole = Outcome({"identity": "ann@contoso.com"}, "changed")
    unread = settle(InProcess().connect(), [whole], half_made)
    assert unread is not None
    assert (unread.code, half_made.open) == ("addresses_at_risk", [])
    assert [path.name for path in (tmp_path / "half-made").iterdir()] == ["x.json"]


# -- one user, in front of an organization that answers as a test says -------------------------------------------------


def half_made_of(name: str, **changes: Any) -> tuple[dict[str, Any], Note]:
    """Return a mail user that lacks an address, and the note about it."""
    person = on_premises_recipient(name, EmailAddresses=[f"SMTP:{name}@contoso.com"], **changes)
    wanted = {
        "email_addresses": [f"SMTP:{name}@contoso.com", f"smtp:{name}@{ROUTING}"],
        "email_address_policy_enabled": False,
        "exchange_guid": guid_of(f"{name}'s mailbox"),
    }
    return person, Note(f"{name}@contoso.com", person["Guid"], wanted)


def test_what_was_written_is_looked_for_again_before_it_is_believed_to_be_missing(tmp_path: Path) -> None:
    person, note = half_made_of("ann")
    server, clock = on_premises(person), Time()
    ways = ["Set-MailUser", "Set-MailUser", "Disable-MailUser"]
    server.handlers = dict.fromkeys(ways, lambda _cmdlet: [])  # another controller does not show what they do
    journal = Journal(FileMemory(), str(tmp_path / "journal.jsonl"), "run", "localhost")
    with journal, connect(server, journal=journal) as connections:
        (item,) = mend(connections, HalfMade(), [note], sleep=clock.sleep)
    assert (item.ending, item.error) == ("at_risk", None)
    assert clock.slept == [1.0, 2.0] * 3, "after each way there are three looks"
    assert [call.name for call in server.writes] == ways
    assert server.writes[-1].parameters == {"Identity": person["Guid"], "Confirm": False}
    undone = [entry for entry in lines(tmp_path / "journal.jsonl") if entry["event"] == "sent"][-1]
    assert undone["before"] == {
        "recipient_type_details": "MailUser",
        "external_email_address": f"ann@{ROUTING}",
        "email_addresses": ["SMTP:ann@contoso.com"],
    }
    assert undone["after"] == {"recipient_type_details": "User"}


@pytest.mark.parametrize(("arrives", "ending"), [(True, "whole"), (False, "addresses_written")])
def test_a_refusal_is_told_unless_the_user_is_whole_in_spite_of_it(arrives: bool, ending: str) -> None:
    person, note = half_made_of("ann", ExchangeGuid=ZERO)
    server = on_premises(person)
    refused = Fails(refusal("Somebody else holds it.", cmdlet="Set-MailUser"))

    def write(cmdlet: Cmdlet) -> Any:
        person["EmailAddresses"] = note.wanted["email_addresses"]
        person["ExchangeGuid"] = note.wanted["exchange_guid"] if arrives else ZERO
        return refused(cmdlet)

    server.handlers["Set-MailUser"] = write
    with connect(server) as connections:
        (item,) = mend(connections, HalfMade(), [note], sleep=Time().sleep)
    assert (item.ending, item.error and item.error.message) == (
        ending,
        None if arrives else "Somebody else holds it.",
    )


def test_of_several_refusals_the_first_is_told() -> None:
    person, note = half_made_of("ann")
    server = on_premises(person)
    server.handlers["Set-MailUser"] = Fails(*(refusal(word, cmdlet="Set-MailUser") for word in ("First.", "Second.")))
    server.handlers["Disable-MailUser"] = Fails(refusal("Third.", cmdlet="Disable-MailUser"))
    with connect(server) as connections:
        (item,) = mend(connections, HalfMade(), [note], sleep=Time().sleep)
    assert (item.ending, item.error and item.error.message) == ("at_risk", "First.")


def test_users_that_cannot_be_read_stay_at_risk_each_with_the_reason() -> None:
    people = [half_made_of(name) for name in ("ann", "bob")]
    server, half_made = on_premises(*(person for person, _note in people)), HalfMade()
    server.handlers["Get-User"] = Fails(*[refusal("Not now.", cmdlet="Get-User")] * 9)
    for _person, note in people:
        half_made.begin(note)
    with connect(server) as connections:
        mended = mend(connections, half_made, half_made.open, sleep=Time().sleep)
    assert [(item.ending, item.error and item.error.message) for item in mended] == [("at_risk", "Not now.")] * 2
    assert (server.writes, len(half_made.open)) == ([], 2)


def test_why_the_first_way_failed_is_told_where_the_user_cannot_be_read_afterwards() -> None:
    person, note = half_made_of("ann")
    server = on_premises(person)
    server.handlers["Set-MailUser"] = Fails(refusal("Somebody else holds it.", cmdlet="Set-MailUser"))
    shown = dict(server.objects)

    def unread(cmdlet: Cmdlet) -> list[dict[str, Any]]:
        if server.writes:
            raise refusal("The user cannot be read.")
        return list(shown["Get-User"])

    server.handlers["Get-User"] = unread
    with connect(server) as connections:
        (item,) = mend(connections, HalfMade(), [note], sleep=Time().sleep)
    assert item.error is not None
    assert (item.ending, item.error.message) == ("at_risk", "Somebody else holds it.")


WANTED = {
    "email_addresses": ["SMTP:ann@contoso.com", "smtp:a@contoso.com"],
    "email_address_policy_enabled": False,
    "exchange_guid": "1",
}


@pytest.mark.parametrize(
    ("ad", "ending"),
    [
        ({"kind": "user"}, "undone"),
        ({**WANTED, "kind": "mail_user"}, "whole"),
        ({**WANTED, "kind": "mail_user", "exchange_guid": "0"}, "addresses_written"),
        ({**WANTED, "kind": "remote_mailbox", "exchange_guid": "0"}, "whole"),
        ({**WANTED, "kind": "mail_user", "email_address_policy_enabled": True}, ""),
        ({**WANTED, "kind": "mail_user", "email_addresses": ["SMTP:ann@contoso.com"]}, ""),
        ({**WANTED, "kind": "mail_user", "email_addresses": ["smtp:ann@contoso.com", "SMTP:a@contoso.com"]}, ""),
        ({**WANTED, "kind": "mailbox", "email_addresses": []}, ""),
    ],
)
def test_how_well_a_user_stands(ad: dict[str, Any], ending: str) -> None:
    assert ending_of(ad, Note("ann@contoso.com", "guid", WANTED)) == ending


def test_one_user_at_risk_and_several_are_told_in_whole_sentences() -> None:
    one = wave_half_made.at_risk(["ann@contoso.com"], "Nothing is started", "")
    two = wave_half_made.at_risk(["ann@contoso.com", "bob@contoso.com"], "Nothing is started", "")
    assert one.message == (
        "Nothing is started: half made on-premises is ann@contoso.com, and a sync would remove the addresses of the "
        "cloud mailbox."
    )
    assert two.message == (
        "Nothing is started: half made on-premises are ann@contoso.com, bob@contoso.com, and a sync would remove the "
        "addresses of the cloud mailboxes."
    )
