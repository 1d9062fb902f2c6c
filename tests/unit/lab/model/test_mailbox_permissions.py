# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Get-, Add- and Remove-MailboxPermission of the laboratory: forms of an entry, and what is only warned of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lab.answer import CmdletFailure
from lab.model.builder import child_domain_person
from lab.model.mailbox_permissions import MOST_ENTRIES, Entry, entries_of, kept

if TYPE_CHECKING:
    from conftest import Desk

INFO, ANN = "info@contoso.com", "ann@contoso.com"
FULL = {"Identity": INFO, "User": ANN, "AccessRights": ["FullAccess"], "Confirm": False}


@pytest.fixture
def office(desk: Desk) -> Desk:
    desk.build.mailbox_on_premises("Info")
    desk.build.mailbox_on_premises("Ann")
    return desk


def entries(desk: Desk, **parameters: Any) -> list[tuple[str, list[str], str, bool]]:
    """Return the explicit entries: account, rights, inheritance, whether it denies."""
    shown = [item.properties for item in desk.server("Get-MailboxPermission", Identity=INFO, **parameters).objects]
    explicit: list[Any] = [item for item in shown if not item["IsInherited"]]
    return [
        (item["User"].text, list(item["AccessRights"].items), item["InheritanceType"].name, item["Deny"])
        for item in explicit
    ]


def test_what_a_mailbox_has_by_default(office: Desk) -> None:
    assert entries(office) == [("NT AUTHORITY\\SELF", ["FullAccess", "ReadPermission"], "All", False)]
    shown: list[Any] = [item.properties for item in office.server("Get-MailboxPermission", Identity=INFO).objects]
    denied = [item["User"].text for item in shown if item["Deny"]]
    assert ("CONTOSO\\Domain Admins" in denied, {item["IsInherited"] for item in shown}) == (True, {True, False})


@pytest.mark.parametrize("form", [ANN, "CONTOSO\\ann", "Ann", "guid"])
def test_a_right_is_given_once_and_taken_away(office: Desk, form: str) -> None:
    ann = next(item for item in office.hybrid.directory.objects if item.name == "Ann")
    given = {**FULL, "User": str(ann.guid) if form == "guid" else form}
    assert office.server("Add-MailboxPermission", **given).warnings == []
    assert entries(office)[0] == ("CONTOSO\\ann", ["FullAccess"], "All", False)
    assert entries(office, User=ANN) == entries(office)[:1]
    (warning,) = office.server("Add-MailboxPermission", **given).warnings
    assert warning.startswith("The appropriate access control entry is already present on the object")
    assert office.server("Remove-MailboxPermission", **given).warnings == []
    assert entries(office, User=ANN) == []
    (warning,) = office.server("Remove-MailboxPermission", **given).warnings
    assert warning.endswith("because the ACE doesn't exist on the object.")


def test_rights_stand_in_one_entry_for_each_inheritance_and_kind(office: Desk) -> None:
    for more in ({}, {"AccessRights": "ReadPermission"}, {"InheritanceType": "None"}, {"Deny": True}):
        office.server("Add-MailboxPermission", **{**FULL, **more})
    assert sorted(entries(office, User=ANN)) == [
        ("CONTOSO\\ann", ["FullAccess"], "All", True),
        ("CONTOSO\\ann", ["FullAccess"], "None", False),
        ("CONTOSO\\ann", ["FullAccess", "ReadPermission"], "All", False),
    ]
    office.server("Remove-MailboxPermission", **FULL)
    assert ("CONTOSO\\ann", ["ReadPermission"], "All", False) in entries(office)


def test_auto_mapping_is_made_with_full_access_and_shown_nowhere(office: Desk) -> None:
    info, ann = (next(i for i in office.hybrid.directory.objects if i.name == name) for name in ("Info", "Ann"))
    mapped = kept(office.hybrid.directory).auto_mapped
    office.server("Add-MailboxPermission", **FULL, AutoMapping=False)
    assert mapped.get(info.guid, set()) == set()
    office.server("Add-MailboxPermission", **FULL)
    assert mapped.get(info.guid, set()) == set(), "an entry that is there already is left as it is"
    office.server("Remove-MailboxPermission", **FULL)
    office.server("Add-MailboxPermission", **FULL)
    assert mapped[info.guid] == {ann.guid}


def test_orphans_and_inherited_entries(office: Desk) -> None:
    sid = "S-1-5-21-1004336348-1177238915-682003330-1104"
    info = next(item for item in office.hybrid.directory.objects if item.name == "Info")
    entries_of(office.hybrid.directory, info.guid).append(Entry(sid))
    assert entries(office)[-1][0] == sid
    assert office.refused("Add-MailboxPermission", **{**FULL, "User": sid}).message.startswith("User or group")
    office.server("Remove-MailboxPermission", **{**FULL, "User": sid})
    assert sid not in {entry[0] for entry in entries(office)}
    (warning,) = office.server("Remove-MailboxPermission", **{**FULL, "User": "NT AUTHORITY\\SYSTEM"}).warnings
    assert warning.startswith("An inherited access control entry has been specified: [Rights: FullAccess,")


def test_a_principal_is_found_in_the_whole_forest(office: Desk) -> None:
    office.build.mailbox_on_premises(child_domain_person("Ines Fontaine"))
    office.build.group("Sales", "sales@contoso.com", security=True)
    office.build.group("News", "news@contoso.com")
    office.build.contact("Zed", "zed@fabrikam.com")
    for name in ("ines.fontaine@contoso.com", "sales@contoso.com"):
        office.server("Add-MailboxPermission", **{**FULL, "User": name})
    assert {entry[0] for entry in entries(office)} == {"NT AUTHORITY\\SELF", "EMEA\\ines.fontaine", "CONTOSO\\Sales"}
    for name in ("news@contoso.com", "zed@fabrikam.com", "nobody@contoso.com"):
        failure = office.refused("Add-MailboxPermission", **{**FULL, "User": name})
        assert failure.message == f'User or group "{name}" wasn\'t found. Please make sure you\'ve typed it correctly.'


def test_what_is_refused(office: Desk) -> None:
    with pytest.raises(CmdletFailure, match="prompts"):
        office.server("Remove-MailboxPermission", **{**FULL, "Confirm": None})
    with pytest.raises(CmdletFailure, match="SendAs"):
        office.server("Add-MailboxPermission", **{**FULL, "AccessRights": ["SendAs"]})
    office.build.synced("Bob")
    assert "couldn't be found" in office.refused("Add-MailboxPermission", **{**FULL, "Identity": "Bob"}).message
    info = next(item for item in office.hybrid.directory.objects if item.name == "Info")
    held = entries_of(office.hybrid.directory, info.guid)
    held += [Entry(f"S-1-5-21-1-2-3-{number}") for number in range(MOST_ENTRIES - 1)]
    assert f"of {MOST_ENTRIES}" in office.refused("Add-MailboxPermission", **FULL).message


def test_what_if_changes_nothing(office: Desk) -> None:
    office.server("Add-MailboxPermission", **FULL, WhatIf=True)
    assert entries(office, User=ANN) == []
    office.server("Add-MailboxPermission", **FULL)
    office.server("Remove-MailboxPermission", **FULL, WhatIf=True)
    assert len(entries(office, User=ANN)) == 1
