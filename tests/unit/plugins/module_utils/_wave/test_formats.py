# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields, formats

GUID = "5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01"
RIGHT: dict[str, list[Any]] = {
    "identity": ["ann@contoso.com", GUID, GUID.upper()],
    "ad_identity": ["ann@contoso.com", GUID, "CN=Ann,OU=People,DC=contoso,DC=com"],
    "exchange_guid": [GUID],
    "archive_guid": [GUID, "00000000-0000-0000-0000-000000000000"],
    "primary_smtp_address": ["ann@contoso.com"],
    "external_email_address": ["ann@contoso.mail.onmicrosoft.com", "SMTP:ann@contoso.mail.onmicrosoft.com"],
    "user_principal_name": ["ann@contoso.com"],
    "email_addresses": [
        "SMTP:ann@contoso.com",
        "ann@contoso.com",
        "X500:/o=Contoso/cn=ann",
        "x400:C=US;S=Ann",
        "SIP:ann@contoso.com",
        ["SMTP:ann@contoso.com", "SPO:SPO_1"],
        "NOTES:Ann Archer/Contoso",
        'smtp:"ann archer"@old_server.contoso',
        [],
    ],
    "routing_domain": ["contoso.mail.onmicrosoft.com"],
    "target_delivery_domain": ["contoso.com"],
    "archive_domain": ["contoso.mail.onmicrosoft.com"],
    "remote_host_name": ["mail.contoso.com"],
    "remote_global_catalog": ["dc01.contoso.com"],
    "complete_after": ["2026-11-30T18:00:00Z", "2026-11-30 18:00", "2026-11-30"],
    "start_after": ["2026-11-30T18:00:00+01:00"],
    "incremental_sync_interval": ["1.00:00:00", "12:00:00"],
    "accept": ["litigation_hold", ["upn_differs", "baseline_differs"], []],
}
WRONG: dict[str, list[Any]] = {
    "identity": [
        "ann",
        "CN=Ann,OU=People,DC=contoso,DC=com",
        "Ann Smith",
        "ann@contoso",
        "5f2c1a35",
        "ann@contoso.com bob@contoso.com",
    ],
    "ad_identity": ["ann", "CONTOSO\\ann"],
    "exchange_guid": ["ann@contoso.com", GUID[:-1], f"{{{GUID}}}", 5],
    "archive_guid": ["none"],
    "primary_smtp_address": ["SMTP:ann@contoso.com", "ann"],
    "external_email_address": ["contoso.com", "SMTP:"],
    "user_principal_name": ["CONTOSO\\ann"],
    "email_addresses": ["smtp:ann", "X500:", "ann archer: x", ["SMTP:ann@contoso.com", "bob"]],
    "routing_domain": ["contoso", "@contoso.com"],
    "target_delivery_domain": ["ann@contoso.com"],
    "archive_domain": ["contoso com"],
    "remote_host_name": ["https://mail.contoso.com", "mail"],
    "remote_global_catalog": ["dc01"],
    "complete_after": ["tonight", "30.11.2026 18:00"],
    "start_after": ["2026-11-31T00:00:00Z", "0001-01-01T00:00:00+14:00"],
    "incremental_sync_interval": ["daily", "24"],
    "accept": ["everything", ["upn_differs", "conflict"]],
}


def pairs(table: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(name, value) for name, values in table.items() for value in values]


@pytest.mark.parametrize(("name", "value"), pairs(RIGHT))
def test_right_forms_pass(name: str, value: Any) -> None:
    record = {name: value}
    fields.check(record, [name])
    assert record == {name: value}


@pytest.mark.parametrize(("name", "value"), pairs(WRONG))
def test_wrong_forms_are_refused_by_name_and_value(name: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        fields.check({name: value}, [name], "line 3: {}".format)
    shown = value[-1] if isinstance(value, list) else value
    assert caught.value.code == f"malformed_{name}"
    assert caught.value.message.startswith(f"line 3: {name}: '{shown}' ")
    assert caught.value.message.endswith(caught.value.remedy)


def test_every_form_is_tried_right_and_wrong() -> None:
    with_form = {
        name for name in fields.TABLE if fields.form_of(name) not in (None, formats.FREE, formats.OBJECT)
    }
    assert set(RIGHT) == set(WRONG) == with_form


@pytest.mark.parametrize("record", [{}, {"exchange_guid": None}, {"exchange_guid": ""}, {"batch_name": "any thing"}])
def test_absent_values_and_free_texts_are_no_matter(record: dict[str, Any]) -> None:
    before = dict(record)
    fields.check(record, ["exchange_guid", "batch_name"])
    assert record == before


def test_only_the_named_keys_are_looked_at() -> None:
    record = {"identity": "ann@contoso.com", "exchange_guid": "of another module"}
    fields.check(record, ["identity"])
    assert record["exchange_guid"] == "of another module"


# -- characters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("identity", "ann\u200b@contoso.com", "U+200B ZERO WIDTH SPACE"),
        ("identity", "\u202eann@contoso.com", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("identity", "ann@contoso.com\x00", "U+0000"),
        ("identity", "ann\x1b[31m@contoso.com", "U+001B"),
        ("identity", "\u212aen@contoso.com", "U+212A KELVIN SIGN"),
        ("identity", "\u017fam@contoso.com", "U+017F LATIN SMALL LETTER LONG S"),
        ("primary_smtp_address", "\uff41nn@contoso.com", "U+FF41 FULLWIDTH LATIN SMALL LETTER A"),
        ("identity", "ann\u00a0archer@contoso.com", "U+00A0 NO-BREAK SPACE"),
        ("target_delivery_domain", "conto\u00adso.com", "U+00AD SOFT HYPHEN"),
        ("ad_identity", "CN=Ann\u2066,DC=contoso,DC=com", "U+2066 LEFT-TO-RIGHT ISOLATE"),
        ("email_addresses", ["SMTP:ann@contoso.com", "smtp:a\ufeff@contoso.com"], "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
        ("remote_target_database", "DB\u200b01", "U+200B ZERO WIDTH SPACE"),
        ("batch_name", "wave\u20671", "U+2067 RIGHT-TO-LEFT ISOLATE"),
        ("ad_identity", "\u212aen@contoso.com", "U+212A KELVIN SIGN"),
        ("ad_identity", "CN=\u017fam,DC=contoso,DC=com", "U+017F LATIN SMALL LETTER LONG S"),
        ("ad_identity", "CN=B\u0131ll,DC=contoso,DC=com", "U+0131 LATIN SMALL LETTER DOTLESS I"),
        ("ad_identity", "CN=\u0130da,DC=contoso,DC=com", "U+0130 LATIN CAPITAL LETTER I WITH DOT ABOVE"),
        ("ad_identity", "CN=Jo\u0308rg,DC=contoso,DC=com", "U+0308 COMBINING DIAERESIS"),
        ("ad_identity", "CN=5 \u2126,DC=contoso,DC=com", "U+2126 OHM SIGN"),
        ("ad_identity", "CN=P\u0430ul,DC=contoso,DC=com", "U+0430 CYRILLIC SMALL LETTER A"),
        ("ad_identity", "CN=Ann\u3164,DC=contoso,DC=com", "U+3164 HANGUL FILLER"),
        ("ad_identity", "CN=Ann\ue000,DC=contoso,DC=com", "U+E000"),
        ("remote_target_database", "D\u039201", "U+0392 GREEK CAPITAL LETTER BETA"),
        ("remote_archive_target_database", "\uff24B01", "U+FF24 FULLWIDTH LATIN CAPITAL LETTER D"),
        ("proxy_to_mailbox", "\u212aen", "U+212A KELVIN SIGN"),
        ("alias", "ann\u00b2", "U+00B2 SUPERSCRIPT TWO"),
        ("identity", "j\u00f6rg@contoso.com", "U+00F6 LATIN SMALL LETTER O WITH DIAERESIS"),
        ("user_principal_name", "\u0430nn@contoso.com", "U+0430 CYRILLIC SMALL LETTER A"),
        ("email_addresses", ["smtp:j\u00f6rg@contoso.com"], "U+00F6 LATIN SMALL LETTER O WITH DIAERESIS"),
        ("exchange_guid", GUID.replace("5", "\uff15"), "U+FF15 FULLWIDTH DIGIT FIVE"),
        ("archive_guid", GUID.replace("1", "\u0661"), "U+0661 ARABIC-INDIC DIGIT ONE"),
        ("complete_after", "2026-11-30T18:00:00\u200eZ", "U+200E LEFT-TO-RIGHT MARK"),
        ("accept", ["conf\u0131ict"], "U+0131 LATIN SMALL LETTER DOTLESS I"),
    ],
)
def test_what_does_not_show_is_refused_with_its_code_point(name: str, value: Any, told: str) -> None:
    with pytest.raises(InputError) as caught:
        fields.check({name: value}, [name])
    assert (caught.value.code, told in caught.value.message) == ("forbidden_character", True)
    # The message itself shows the character by its number: nothing invisible reaches a terminal.
    assert caught.value.message.isprintable()
    assert f"\\u{told[2:6].lower()}" in caught.value.message


def test_a_trustee_is_an_object_too() -> None:
    fields.check({"trustees": [{"user": "J\u00f6rg"}, {"user": "CONTOSO\\bob"}]}, ["trustees"])
    with pytest.raises(InputError, match=r"trustees: user: .*holds U\+212A KELVIN SIGN"):
        fields.check({"trustees": [{"user": "ann"}, {"user": "\u212aen"}]}, ["trustees"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ad_identity", "CN=J\u00f6rg Stra\u00dfe,OU=B\u00fcro,DC=contoso,DC=com"),
        ("ad_identity", "j\u00f6rg@contoso.com"),
        ("ad_identity", "CN=\u0410\u043d\u043d\u0430 Archer,OU=\u03a0\u03c9\u03bb\u03ae\u03c3,DC=contoso,DC=com"),
        ("remote_target_database", "DB01 \u6771\u4eac"),
        ("alias", "j\u00f6rg"),
        ("email_addresses", ["X500:/o=Contoso/cn=J\u00f6rg", "smtp:ann@xn--bcher-kva.example"]),
        ("batch_name", "Welle 1, B\u00fcro \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("suspend_comment", "two\nlines\tand a tab"),
    ],
)
def test_letters_of_the_world_pass(name: str, value: str) -> None:
    fields.check({name: value}, [name])


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("identity", "ann@b\u00fccher.example", "xn--bcher-kva.example"),
        ("routing_domain", "b\u00fccher.example", "xn--bcher-kva.example"),
        ("email_addresses", ["smtp:ann@b\u00fccher.example"], "xn--bcher-kva.example"),
        ("remote_host_name", "mail.b\u00fccher.example", "mail.xn--bcher-kva.example"),
    ],
)
def test_a_domain_that_is_not_ascii_is_told_as_dns_has_it(name: str, value: Any, written: str) -> None:
    with pytest.raises(InputError) as caught:
        fields.check({name: value}, [name])
    assert caught.value.code == f"malformed_{name}"
    assert caught.value.remedy == f"Write the domain as {written}."


@pytest.mark.parametrize("form", [formats.OBJECT, formats.IDENTITY])
def test_of_ascii_all_control_characters_are_refused_and_no_others(form: formats.Form) -> None:
    def is_refused(character: str) -> bool:
        try:
            formats.refuse(form, "option", "field", f"ann{character}archer@contoso.com")
        except InputError as error:
            return error.code == "forbidden_character"
        return False

    assert {c for c in map(chr, range(128)) if is_refused(c)} == {*map(chr, range(32)), "\x7f"}
