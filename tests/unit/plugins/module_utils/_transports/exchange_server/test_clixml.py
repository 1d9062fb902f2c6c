# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import json
import uuid
from typing import Any
from xml.etree import ElementTree

import psrpcore.types as wire
import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.clixml import (
    UNREADABLE,
    decode_text,
    read_object,
)
from hypothesis import given
from hypothesis import strategies as st
from psrpcore.types import _serializer as psrpcore_serializer

from lab.answer import ByteSize, Collection, Enumeration, LabObject, Reference
from lab.wire import clixml


class NoCipher(wire.PSCryptoProvider):
    """No test has a secret."""


def serialize(value: Any) -> str:
    """Write a value as psrpcore, an independent implementation of MS-PSRP, does."""
    return ElementTree.tostring(psrpcore_serializer.serialize(value, NoCipher()), encoding="unicode")


def custom(**properties: Any) -> Any:
    result = wire.PSCustomObject(PSTypeName="Microsoft.Exchange.Data.Directory.Management.MailUser")
    for name, value in properties.items():
        wire.add_note_property(result, name, value)
    return result


# U+FFFE and U+FFFF are no characters: see the test of them.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=30)
NUMBERS = st.integers(-(2**31), 2**31 - 1)
ITEMS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())


@given(TEXTS)
def test_any_text_arrives_as_it_was(text: str) -> None:
    assert read_object(serialize(custom(Value=text, End=1))) == {"Value": text, "End": 1}


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][A-Za-z]{1,12}", fullmatch=True),
        st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, st.lists(TEXTS, max_size=4)),
        min_size=1,
        max_size=6,
    )
)
def test_any_properties_arrive_as_they_were(properties: dict[str, Any]) -> None:
    assert read_object(serialize(custom(**properties))) == properties


@given(st.uuids(), st.datetimes(datetime.datetime(1900, 1, 1), timezones=st.just(datetime.timezone.utc)))
def test_guids_are_lower_case_and_dates_utc(guid: uuid.UUID, moment: datetime.datetime) -> None:
    decoded = read_object(serialize(custom(Guid=wire.PSGuid(str(guid)), When=wire.PSDateTime.fromtimestamp(
        0, datetime.timezone.utc).replace(
            year=moment.year, month=moment.month, day=moment.day, hour=moment.hour, minute=moment.minute))))
    assert decoded["Guid"] == str(guid)
    assert decoded["When"] == moment.replace(second=0, microsecond=0).isoformat().replace("+00:00", "Z")


@given(st.lists(TEXTS, max_size=6))
def test_exchanges_collections_are_lists_of_text(items: list[str]) -> None:
    addresses = wire.PSList(items)
    addresses.PSObject.type_names = [
        "Microsoft.Exchange.Data.ProxyAddressCollection", "Microsoft.Exchange.Data.MultiValuedPropertyBase",
        "System.Object"]
    assert read_object(serialize(custom(EmailAddresses=addresses))) == {"EmailAddresses": items}


@given(st.lists(ITEMS, max_size=6))
def test_items_of_a_collection_are_texts_and_nothing_stays_nothing(items: list[Any]) -> None:
    decoded = read_object(serialize(custom(Values=wire.PSList(items))))
    assert decoded == {"Values": [item if item is None else str(item) for item in items]}


def nested(inner: str) -> Any:
    return read_object(f'<Obj RefId="0"><Props>{inner}</Props></Obj>')


TYPED = '<TN RefId="1"><T>X.Thing</T><T>System.Object</T></TN>'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # Without a text, with an empty one, and with its type's name for a text an object is its properties.
        ('<Props><I32 N="Items">4</I32></Props>', {"Items": 4}),
        ('<ToString></ToString><Props><I32 N="Items">4</I32></Props>', {"Items": 4}),
        ('<ToString>X.Thing</ToString><Props><I32 N="Items">4</I32></Props>', {"Items": 4}),
        ('<ToString>thing 4</ToString><Props><I32 N="Items">4</I32></Props>', "thing 4"),
        # Without properties nothing is left but the text, or nothing at all.
        ("<ToString>X.Thing</ToString>", "X.Thing"),
        ("", None),
        ("<ToString></ToString>", ""),
        # A number with a name is an enum; with its digits, or as a flag, it is what it is.
        ("<ToString>MailUser</ToString><I32>128</I32>", "MailUser"),
        ("<ToString>128</ToString><I32>128</I32>", 128),
        ("<I32>128</I32>", 128),
        ("<ToString>yes</ToString><B>true</B>", True),
        ("<ToString>text</ToString><S>other</S>", "other"),
    ],
)
def test_a_nested_object(body: str, expected: object) -> None:
    assert nested(f'<Obj N="Value" RefId="1">{TYPED}{body}</Obj>') == {"Value": expected}
    # In a list too; there a number is its digits.
    listed = expected if expected is None or isinstance(expected, (dict, str)) else str(expected)
    inner = f'<Obj RefId="2">{TYPED}{body}</Obj><I32>3</I32><Nil />'
    assert nested(f'<Obj N="Values" RefId="1"><LST>{inner}</LST></Obj>') == {"Values": [listed, "3", None]}


# Shapes of real Exchange 2019, cut down (facts: exchange-server-psrp.md section 4).
REAL = """
<Obj RefId="0"><TN RefId="0"><T>Microsoft.Exchange.Data.Directory.Management.MailUser</T><T>System.Object</T></TN>
<ToString>contoso.com/Users/Ann</ToString>
<Props>
<Obj N="Type" RefId="1"><TN RefId="1"><T>X.RecipientTypeDetails</T><T>System.Enum</T></TN>
<ToString>MailUser</ToString><I64>128</I64></Obj>
<Obj N="Addresses" RefId="2"><TN RefId="2"><T>X.ProxyAddressCollection</T></TN><LST>
<Obj RefId="3"><TN RefId="3"><T>X.SmtpProxyAddress</T></TN><ToString>SMTP:ann@contoso.com</ToString>
<Props><S N="AddressString">ann@contoso.com</S></Props></Obj><S>smtp:a@contoso.com</S></LST></Obj>
<Obj N="Database" RefId="4"><TN RefId="4"><T>X.ADObjectId</T></TN><ToString>DB01</ToString>
<Props><S N="Name">DB01</S></Props></Obj>
<Obj N="Limit" RefId="5"><TN RefId="5"><T>X.Unlimited</T></TN><ToString>Unlimited</ToString>
<Props><B N="IsUnlimited">true</B></Props></Obj>
<Obj N="Report" RefId="6"><TN RefId="6"><T>X.Report</T></TN><ToString>X.Report</ToString>
<Props><I32 N="Items">4</I32></Props></Obj>
<Obj N="Second" RefId="7"><TNRef RefId="6" /><ToString>X.Report</ToString><Props><I32 N="Items">5</I32></Props></Obj>
<Obj N="Table" RefId="8"><TN RefId="8"><T>System.Collections.Hashtable</T></TN><DCT>
<En><S N="Key">a</S><I32 N="Value">1</I32></En></DCT></Obj>
<Obj N="Boxed" RefId="9"><I32>7</I32><MS><S N="Note">n</S></MS></Obj>
<Ref N="Again" RefId="4" /><Nil N="Nothing" /><B N="Enabled">false</B><Db N="Share">0.5</Db><D N="Exact">1.50</D>
<G N="Guid">99AEAC02-0000-0000-0000-000000000000</G><DT N="WhenChanged">2019-12-03T14:59:04-08:00</DT>
<TS N="Span">P30D</TS><Version N="Version">15.2.986.5</Version><BA N="Blob"></BA><C N="Letter">65</C>
</Props><MS><S N="PSComputerName">ex01</S></MS></Obj>
"""


def test_real_shapes() -> None:
    assert read_object(REAL) == {
        "Type": "MailUser",
        "Addresses": ["SMTP:ann@contoso.com", "smtp:a@contoso.com"],
        "Database": "DB01",
        "Limit": "Unlimited",
        "Report": {"Items": 4},
        "Second": {"Items": 5},
        "Table": {"a": 1},
        "Boxed": 7,
        "Again": "DB01",
        "Nothing": None,
        "Enabled": False,
        "Share": 0.5,
        "Exact": "1.50",
        "Guid": "99aeac02-0000-0000-0000-000000000000",
        "WhenChanged": "2019-12-03T22:59:04Z",
        "Span": "30.00:00:00",
        "Version": "15.2.986.5",
        "Blob": "",
        "Letter": "A",
        "PSComputerName": "ex01",
    }


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [("a_x000A_b", "a\nb"), ("_xD83D__xDE00_", "\U0001f600"), ("_x005F_x000A_", "_x000A_"), ("_x00", "_x00")],
)
def test_escapes(escaped: str, plain: str) -> None:
    assert decode_text(escaped) == plain


@pytest.mark.parametrize(("xml", "expected"), [("<S>text</S>", "text"), ("<I32>3</I32>", 3)])
def test_an_output_that_is_no_object(xml: str, expected: object) -> None:
    assert read_object(xml) == {"Value": expected}


def test_a_namespace_makes_no_difference() -> None:
    spelled = REAL.strip().replace("<Obj ", '<Obj xmlns="http://schemas.microsoft.com/powershell/2004/04" ', 1)
    assert read_object(spelled) == read_object(REAL)


def test_broken_xml_is_said_so() -> None:
    with pytest.raises(ValueError, match="CLIXML"):
        read_object("<Obj")


EVERYTHING = LabObject(
    ("X.MailUser", "System.Object"),
    {
        "RecipientTypeDetails": Enumeration("X.RecipientTypeDetails", "RemoteUserMailbox", 2147483648),
        "Database": Reference("DB01"), "ProhibitSendQuota": ByteSize(None), "TotalItemSize": ByteSize(5),
        "RetainDeletedItemsFor": datetime.timedelta(days=14), "OverallDuration": datetime.timedelta(hours=1),
        "EmailAddresses": Collection(["SMTP:ann@contoso.com"], "Microsoft.Exchange.Data.ProxyAddressCollection"),
        "InPlaceHolds": Collection([]),
    },
)  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_every_form_of_a_property_is_one_value(seed: int) -> None:
    """Which of Exchange's types its serializer writes as objects, and which as texts, is not known."""
    assert read_object(clixml.render(EVERYTHING, {}, clixml.Shapes(seed))) == {
        "RecipientTypeDetails": "RemoteUserMailbox", "Database": "DB01", "ProhibitSendQuota": "Unlimited",
        "TotalItemSize": "5 B (5 bytes)", "RetainDeletedItemsFor": "14.00:00:00", "OverallDuration": "01:00:00",
        "EmailAddresses": ["SMTP:ann@contoso.com"], "InPlaceHolds": [],
    }  # fmt: skip


def test_both_forms_occur_and_a_large_enum_is_an_i64() -> None:
    documents = [clixml.render(EVERYTHING, {}, clixml.Shapes(seed)) for seed in range(8)]
    assert "<I64>2147483648</I64>" in documents[0]
    assert len(set(documents)) > 4
    for form in ('<S N="RecipientTypeDetails">', '<S N="Database">', '<S N="RetainDeletedItemsFor">', "<IE>", "<LST>"):
        assert 0 < sum(form in document for document in documents) < len(documents) + (form == "<LST>")


def test_what_is_nested_without_an_end_is_no_clixml() -> None:
    with pytest.raises(ValueError, match="nested more than 64 levels deep"):
        read_object("<Obj>" * 5000 + "</Obj>" * 5000)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ('<I32 N="x">many</I32>', "many"), ('<I64 N="x"></I64>', ""), ('<Db N="x">1,5</Db>', "1,5"),
        ('<C N="x">99999999999</C>', "99999999999"), ('<C N="x">A</C>', "A"), ('<B N="x">maybe</B>', "maybe"),
        ('<TS N="x">P99999999999D</TS>', "P99999999999D"), ('<DT N="x">2026-99-99T00:00:00Z</DT>', None),
        ('<I32 N="x">' + "9" * 5000 + "</I32>", None), ('<Ref N="x" RefId="none"/>', None),
    ],
)  # fmt: skip
def test_a_value_that_is_not_of_its_type_fails_nothing_else(element: str, expected: str | None) -> None:
    read = read_object(f'<Obj RefId="0"><Props>{element}<S N="Name">Ann</S></Props></Obj>')
    assert read["Name"] == "Ann"
    assert expected is None or read["x"] == expected


@pytest.mark.parametrize("depth", [65, 500, 20_000])
def test_what_is_nested_too_deep_is_one_unreadable_property(depth: int) -> None:
    nested = "<LST>" * depth + "</LST>" * depth
    nested = f'<Obj N="x" RefId="1">{nested}</Obj>'
    read = read_object(f'<Obj RefId="0"><MS>{nested}<S N="Name">Ann</S></MS></Obj>')
    assert read == {"x": UNREADABLE, "Name": "Ann"}


def test_references_do_not_multiply() -> None:
    """Ten lists of ten references to the one before would be ten thousand million items where they are written."""
    lists = ['<Obj N="p0" RefId="0"><LST><S>a</S></LST></Obj>']
    for number in range(1, 11):
        refs = f'<Ref RefId="{number - 1}"/>' * 10
        lists.append(f'<Obj N="p{number}" RefId="{number}"><LST>{refs}</LST></Obj>')
    read = read_object(f'<Obj RefId="99"><MS>{"".join(lists)}<Ref N="same" RefId="0"/></MS></Obj>')
    assert (read["p0"], read["same"]) == (["a"], ["a"])
    assert read["p2"] == UNREADABLE
    assert len(json.dumps(read)) < 5000
    items = "<S>a</S>" * 1000
    refs = "".join(f'<Ref N="r{number}" RefId="0"/>' for number in range(2000))
    read = read_object(f'<Obj RefId="9"><MS><Obj N="p" RefId="0"><LST>{items}</LST></Obj>{refs}</MS></Obj>')
    assert sum(len(value) for value in read.values() if isinstance(value, list)) <= 11_000
