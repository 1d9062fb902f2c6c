# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Permissions of on-premises mailboxes, against the laboratory's model: two mailboxes, two delegates, a group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox_permission import plan, step
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox_permission.plan import (
    Access,
    Entry,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox_permission.step import (
    Permission,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import NOTHING_SENT, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave, utc_now
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.validation import validated

from lab.model import mailbox_permissions as lab
from lab.model.builder import HybridBuilder, Pair, child_domain_person
from tests.unit.plugins.module_utils._connections.test_journal import lines
from tests.unit.plugins.module_utils.fakes import FakeOrganization, connect
from tests.unit.plugins.module_utils.lab_in_process import InProcess, Trouble

SID = "S-1-5-21-1004336348-1177238915-682003330-1104"
SPEC = {"identity": {"type": "str"}, **fields.options("mailbox_permission")}


def record(identity: str, *trustees: dict[str, Any] | str, **more: Any) -> dict[str, Any]:
    """Return a record as a module validates it; a text is a trustee with full access."""
    named = [{"user": trustee} if isinstance(trustee, str) else trustee for trustee in trustees]
    given = {"identity": identity, "trustees": named, **more}
    return {**given, **validated(given, SPEC, f"mailbox '{identity}'", "Correct this record.")}


class Office:
    """Info and Team are mailboxes at home, Ann and Bob have theirs there, and there are two groups."""

    def __init__(self) -> None:
        self.system = InProcess()
        build = HybridBuilder(self.system.hybrid)
        self.build = build
        self.info, self.team, self.ann, self.bob = (
            build.mailbox_on_premises(name) for name in ("Info", "Team", "Ann", "Bob")
        )
        build.group("Sales", "sales@contoso.com", security=True)
        build.group("News", "news@contoso.com")

    def run(self, *records: dict[str, Any], state: str = "present", check: bool = False, **more: Any) -> list[Outcome]:
        plan.check(records, state)
        with self.system.connect("exchange_server", **more) as connections:
            wanted = Permission(state == "present")
            return run_wave(wanted, records, connections, check=check, sleep=self.system.sleep)

    def entries(self, pair: Pair) -> list[lab.Entry]:
        return lab.entries_of(self.system.hybrid.directory, pair.directory.guid)

    def held(self, pair: Pair, of: Pair) -> dict[tuple[str, bool], tuple[str, ...]]:
        """Return what one has on the other's mailbox, by inheritance and whether it denies."""
        own = [entry for entry in self.entries(pair) if entry.trustee == of.directory.guid]
        return {(entry.inheritance, entry.deny): entry.rights for entry in own}


@pytest.fixture
def office() -> Office:
    return Office()


def test_what_is_missing_is_added_once_and_removed_again(office: Office) -> None:
    wave = [
        record("info@contoso.com", "ann@contoso.com", {"user": "sales@contoso.com", "auto_mapping": False}),
        record("team@contoso.com", "CONTOSO\\bob"),
    ]
    previewed = office.run(*wave, check=True)
    assert [outcome.status for outcome in previewed] == ["changed", "changed"]
    assert office.system.writes == []
    done = office.run(*wave)
    assert [outcome.cmdlets for outcome in done] == [outcome.cmdlets for outcome in previewed]
    assert office.system.writes == ["Add-MailboxPermission"] * 3
    assert done[0].before == {"ann@contoso.com": [], "sales@contoso.com": []}
    assert done[0].after == {"ann@contoso.com": ["FullAccess"], "sales@contoso.com": ["FullAccess"]}
    assert office.held(office.info, office.ann) == {("All", False): ("FullAccess",)}
    assert [outcome.status for outcome in office.run(*wave)] == ["unchanged", "unchanged"]
    assert [outcome.status for outcome in office.run(*wave, state="absent")] == ["changed", "changed"]
    assert office.held(office.team, office.bob) == {}
    assert [outcome.status for outcome in office.run(*wave, state="absent")] == ["unchanged", "unchanged"]
    assert len(office.system.writes) == 6


@pytest.mark.parametrize("form", ["ann@contoso.com", "contoso\\ANN", "guid", "dn"])
def test_an_entry_is_known_by_whatever_names_its_trustee(office: Office, form: str) -> None:
    forms = {"guid": str(office.ann.directory.guid).upper(), "dn": office.ann.directory.distinguished_name}
    office.entries(office.info).append(lab.Entry(office.ann.directory.guid))
    (outcome,) = office.run(record("info@contoso.com", forms.get(form, form)))
    assert (outcome.status, office.system.writes) == ("unchanged", [])


def test_the_same_account_in_another_domain_is_another_trustee(office: Office) -> None:
    ines = office.build.mailbox_on_premises(child_domain_person("Ines"))
    namesake = office.build.directory_user("Ines", sam_account_name="ines")
    office.build.hybrid.directory.objects.change(
        namesake, office.system.hybrid.clock.now(), kind="MailUser", email_addresses=["SMTP:other@contoso.com"],
        user_principal_name="other@contoso.com",
    )  # fmt: skip
    office.entries(office.info).append(lab.Entry(namesake.guid))
    (outcome,) = office.run(record("info@contoso.com", "EMEA\\ines"))
    assert outcome.status == "changed"
    assert office.held(office.info, ines) == {("All", False): ("FullAccess",)}


def test_only_missing_rights_are_sent_and_only_held_ones_removed(office: Office) -> None:
    both = {"user": "ann@contoso.com", "access_rights": ["FullAccess", "ReadPermission"]}
    office.entries(office.info).append(lab.Entry(office.ann.directory.guid, ("ReadPermission",)))
    (added,) = office.run(record("info@contoso.com", both))
    assert "-AccessRights @('FullAccess')" in added.cmdlets[0]
    assert added.before == {"ann@contoso.com": ["ReadPermission"]}
    some = {"user": "ann@contoso.com", "access_rights": ["FullAccess", "DeleteItem"]}
    (removed,) = office.run(record("info@contoso.com", some), state="absent")
    assert "-AccessRights @('FullAccess')" in removed.cmdlets[0]
    assert removed.after == {"ann@contoso.com": ["ReadPermission"]}


def test_denied_and_allowed_and_each_inheritance_are_entries_of_their_own(office: Office) -> None:
    kinds = [{"deny": True}, {"inheritance_type": "None"}, {}]
    wave = record("info@contoso.com", *({"user": "ann@contoso.com", **kind} for kind in kinds))
    (outcome,) = office.run(wave)
    names = ("ann@contoso.com (deny)", "ann@contoso.com (None)", "ann@contoso.com")
    assert outcome.after == {name: ["FullAccess"] for name in names}
    assert set(office.held(office.info, office.ann)) == {("All", True), ("None", False), ("All", False)}
    assert office.run(wave)[0].status == "unchanged"
    # Without an inheritance, every entry that allows is meant; one that denies only where it is named.
    (removed,) = office.run(record("info@contoso.com", "ann@contoso.com"), state="absent")
    assert set(office.held(office.info, office.ann)) == {("All", True)}
    assert len(removed.cmdlets) == 2


def test_a_trustee_who_is_named_twice_is_written_once(office: Office) -> None:
    twice = [{"user": "ann@contoso.com"}, {"user": "CONTOSO\\ann", "access_rights": ["ReadPermission"]}]
    (outcome,) = office.run(record("info@contoso.com", *twice))
    assert len(outcome.cmdlets) == 1
    assert office.held(office.info, office.ann) == {("All", False): ("FullAccess", "ReadPermission")}


def test_auto_mapping_goes_with_full_access_alone(office: Office) -> None:
    office.run(record("info@contoso.com", {"user": "ann@contoso.com", "auto_mapping": False}, "bob@contoso.com"))
    mapped = lab.kept(office.system.hybrid.directory).auto_mapped
    assert mapped == {office.info.directory.guid: {office.bob.directory.guid}}


def test_the_entry_of_a_deleted_account_goes_by_its_sid(office: Office) -> None:
    office.entries(office.info).append(lab.Entry(SID))
    (outcome,) = office.run(record("info@contoso.com", SID.lower()), state="absent")
    assert outcome.status == "changed"
    assert SID not in {entry.trustee for entry in office.entries(office.info)}


def test_an_inherited_permission_neither_counts_nor_goes(office: Office) -> None:
    office.entries(office.info).append(lab.Entry(office.ann.directory.guid, inherited=True))
    (outcome,) = office.run(record("info@contoso.com", "ann@contoso.com"), state="absent")
    assert (outcome.status, outcome.warnings) == (
        "unchanged", ["ann@contoso.com inherits FullAccess from above the mailbox, which stays"],
    )  # fmt: skip
    assert office.run(record("info@contoso.com", "ann@contoso.com"))[0].status == "changed"


def test_an_entry_that_denies_what_is_allowed_is_told(office: Office) -> None:
    office.entries(office.info).append(lab.Entry(office.ann.directory.guid, deny=True))
    (outcome,) = office.run(record("info@contoso.com", "ann@contoso.com"))
    assert outcome.status == "changed"
    assert outcome.warnings == ["an entry denies FullAccess to ann@contoso.com, which outranks what is allowed"]


def test_an_inherited_denial_does_not_outrank_what_is_allowed(office: Office) -> None:
    office.entries(office.info).append(lab.Entry(office.ann.directory.guid, deny=True, inherited=True))
    (outcome,) = office.run(record("info@contoso.com", "ann@contoso.com"))
    assert (outcome.status, outcome.warnings) == ("changed", [])


def test_what_stays_is_told_once_for_all_entries_of_a_trustee(office: Office) -> None:
    ann = office.ann.directory.guid
    own = [lab.Entry(ann), lab.Entry(ann, inheritance="None")]
    office.entries(office.info).extend([*own, lab.Entry(ann, inherited=True)])
    (outcome,) = office.run(record("info@contoso.com", "ann@contoso.com"), state="absent")
    assert len(outcome.cmdlets) == 2
    assert outcome.warnings == ["ann@contoso.com inherits FullAccess from above the mailbox, which stays"]


@pytest.mark.parametrize(
    ("trustee", "code", "words"),
    [
        ("nobody@contoso.com", "not_found", "finds no on-premises recipient for trustee 'nobody@contoso.com'"),
        ("news@contoso.com", "wrong_recipient_type", "is a MailUniversalDistributionGroup"),
    ],
)
def test_a_trustee_who_cannot_be_meant_fails_his_mailbox_alone(
    office: Office, trustee: str, code: str, words: str
) -> None:
    bad, good = office.run(
        record("info@contoso.com", "ann@contoso.com", trustee), record("team@contoso.com", "ann@contoso.com")
    )
    assert (bad.status, good.status) == ("failed", "changed")
    assert bad.error is not None
    assert (bad.error.code, bad.error.cmdlet) == (code, "Get-Recipient")
    assert words in bad.error.message
    assert office.held(office.info, office.ann) == {}, "nothing was written for it"


def test_what_is_no_mailbox_on_premises_is_refused(office: Office) -> None:
    office.build.synced("Zoe")
    (outcome,) = office.run(record("zoe@contoso.com", "ann@contoso.com"))
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.retryable) == ("wrong_recipient_type", True)


def test_a_mailbox_that_is_home_and_names_nobody_is_skipped(office: Office) -> None:
    with office.system.connect("exchange_server") as connections:
        (outcome,) = run_wave(
            Permission(True), [{"identity": "info@contoso.com", "offboarding_state": "home"}], connections, check=False
        )
    assert outcome.status == "unchanged"


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("what", ["lost", "unheard"])
def test_a_lost_answer_is_read_back_and_sent_again_only_where_need_be(office: Office, state: str, what: str) -> None:
    name = "Add-MailboxPermission" if state == "present" else "Remove-MailboxPermission"
    if state == "absent":
        office.entries(office.info).append(lab.Entry(office.ann.directory.guid))
    office.system.trouble = Trouble(what, cmdlet=name)
    (outcome,) = office.run(record("info@contoso.com", "ann@contoso.com"), state=state)
    assert outcome.status == "changed"
    assert office.system.writes == [name]
    assert bool(office.held(office.info, office.ann)) == (state == "present")


def test_a_refused_write_names_its_cmdlet_and_shows_what_stands(office: Office) -> None:
    office.system.trouble = Trouble("failed", number=1)
    bad, good = office.run(
        record("info@contoso.com", "ann@contoso.com", "bob@contoso.com"), record("team@contoso.com", "bob@contoso.com")
    )
    assert (bad.status, good.status) == ("failed", "changed")
    assert bad.error is not None
    assert bad.error.cmdlet == "Add-MailboxPermission"
    assert bad.after == {"ann@contoso.com": ["FullAccess"], "bob@contoso.com": []}


def test_each_write_tells_in_the_journal_what_it_changes(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(FileMemory(), str(path)) as journal:
        office.run(record("info@contoso.com", "ann@contoso.com", "bob@contoso.com"), journal=journal)
    sent = [entry for entry in lines(path) if entry["event"] == "sent"]
    assert [(entry["before"], entry["after"]) for entry in sent] == [
        ({name: []}, {name: ["FullAccess"]}) for name in ("ann@contoso.com", "bob@contoso.com")
    ]


def test_an_answer_without_the_owners_own_entry_is_none(office: Office) -> None:
    office.entries(office.info).clear()
    (outcome,) = office.run(record("info@contoso.com", "ann@contoso.com"))
    assert outcome.error is not None
    assert outcome.error.code == "unexpected_answer"


@pytest.mark.parametrize(
    ("trustee", "state", "sentence"),
    [
        ({"user": " "}, "present", "trustees[0].user: ' ' is blank."),
        ({"user": "ann@contoso.com "}, "present", "trustees[0].user: 'ann@contoso.com ' has blanks around it"),
        ({"user": "ann*"}, "absent", "trustees[0].user: 'ann*' has an asterisk"),
        ({"user": "NT AUTHORITY\\SELF"}, "absent", "trustees[0].user: 'NT AUTHORITY\\SELF' is an account of Windows"),
        ({"user": "S-1-5-10"}, "absent", "trustees[0].user: 'S-1-5-10' is an account of Windows itself"),
        ({"user": SID}, "present", f"trustees[0].user: '{SID}' is a SID, which is accepted only"),
        ({"user": "ann", "access_rights": []}, "present", "trustees[0].access_rights: is empty."),
        ({"user": "ann", "deny": True, "auto_mapping": True}, "present", "trustees[0].auto_mapping: 'True' has no"),
    ],
)
def test_every_wrong_trustee_is_told_before_anything_is_read(
    office: Office, trustee: dict[str, Any], state: str, sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        office.run(record("info@contoso.com", trustee), state=state)
    assert caught.value.sentence().startswith(f"mailbox 'info@contoso.com': {sentence}")


@pytest.mark.parametrize(
    ("trustee", "words"),
    [
        ({}, "missing required arguments: user"),
        ({"user": "ann", "rights": []}, "trustees.rights"),
        ({"user": "ann", "inheritance_type": "Some"}, "Some"),
        ({"user": "ann", "deny": "often"}, "often"),
        ({"user": "ann", "access_rights": ["SendAs"]}, "SendAs"),
    ],
)
def test_what_the_argument_spec_refuses(trustee: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        record("info@contoso.com", trustee)
    assert words in caught.value.sentence()


def test_a_trustee_of_the_task_is_like_one_of_a_record() -> None:
    """AnsibleModule has filled in what the task leaves out, None for what has no default."""
    short = record("info@contoso.com", "ann")
    filled = dict(short["trustees"][0])
    assert set(filled) == set(fields.TRUSTEE)
    assert record("info@contoso.com", filled) == short


def test_texts_of_other_transports_are_read_alike() -> None:
    """Text for Boolean, rights joined by commas, and a user principal name for a trustee."""
    shown = {"User": "Ann@contoso.com", "AccessRights": "FullAccess, ReadPermission", "Deny": "False"}
    entry = step._entry({**shown, "IsInherited": "False", "InheritanceType": "All"})
    assert entry == Entry("ann@contoso.com", ("FullAccess", "ReadPermission"))
    current = Access("guid", (entry,), {"ann": "1"}, {"ann@contoso.com": "1"})
    asked = record("info@contoso.com", "ann")
    assert Permission(True).plan(asked, current, NOTHING_SENT, utc_now()) == Plan()


def test_an_entry_that_two_controllers_show_is_one() -> None:
    shown = {"User": "CONTOSO\\ann", "AccessRights": ["FullAccess"], "Deny": False, "IsInherited": False}
    server = FakeOrganization("exchange_server", handlers={"Get-MailboxPermission": lambda _cmdlet: [shown, {**shown}]})
    with connect(server) as connections:
        assert step._entries(connections, ["1"]) == {"1": (Entry("contoso\\ann", ("FullAccess",)),)}


def sends(recorder: Any) -> None:
    """Run what leads to every cmdlet and parameter, for the test that holds them to the reference."""
    office = Office()
    wanted = [{"user": "ann@contoso.com", "auto_mapping": False}, {"user": "bob@contoso.com", "deny": True}]
    for state in ("present", "absent"):
        office.run(record("info@contoso.com", *wanted), state=state)
    recorder.sent += office.system.calls
