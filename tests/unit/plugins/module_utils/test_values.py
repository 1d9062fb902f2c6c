# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import span_text
from hypothesis import given, settings
from hypothesis import strategies as st

MOMENTS = st.datetimes(timezones=st.timezones(), min_value=datetime.datetime(2, 1, 1), allow_imaginary=False)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
DOMAINS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)


@pytest.mark.parametrize("value", ["x", "0x" + "1" * 30, "1_" * 16, "\uff11" * 32, f"urn:uuid:{uuid.UUID(int=5)}", 7])
def test_what_is_no_guid_is_refused_and_compared_as_it_is(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a GUID"):
        _values.guid(value)
    assert _values.told_guid(value) == str(value).lower()


def test_a_guid_of_plain_digits_is_one() -> None:
    known = uuid.UUID(int=5)
    assert {_values.guid(known.hex.upper()), _values.told_guid(f"{{{known}}}")} == {str(known)}


@pytest.mark.parametrize("value", ["2026-02-30T00:00:00Z", "soon", ["2026"], {"a": 1}])
def test_a_time_that_is_none_is_not_shown(value: Any) -> None:
    assert _values.shown_time(value) is None


@pytest.mark.parametrize("value", ["9" * 31, "9" * 5000, f"1 GB ({'9' * 5000} bytes)", "1.2 GB (,,, bytes)"])
def test_a_number_that_is_none_is_not_read(value: str) -> None:
    assert (_values.size_in_bytes(value), _values.count(value)) == (None, None)
    assert _values.span_in_seconds(f"{value}.00:00:00") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        ("ANN@Contoso.COM", "ann@contoso.com"),
        ("\u212aEN", "\u212aen"),
        ("J\u00d6RG", "j\u00d6rg"),
        (7, "7"),
    ],
)
def test_only_a_to_z_are_compared_without_regard_to_case(value: Any, expected: str) -> None:
    assert _values.folded(value) == expected


@given(st.text(), st.text())
def test_texts_that_fold_onto_each_other_differ_in_ascii_letters_alone(left: str, right: str) -> None:
    same = _values.folded(left) == _values.folded(right)
    assert same == (left.encode("utf-8", "surrogatepass").lower() == right.encode("utf-8", "surrogatepass").lower())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("225.8 MB (236,732,045 bytes)", 236732045),
        ("0 B (0 bytes)", 0),
        ("1,2 GB (1.288.490.188 bytes)", 1288490188),
        ("1,2 GB (1\u00a0288\u00a0490\u00a0188 bytes)", 1288490188),
        ("1,2 GB (1\u202f288\u202f490\u202f188 bytes)", 1288490188),
        ("1.2 GB (1'288'490'188 bytes)", 1288490188),
        ("1.2 GB (1\u2019288\u2019490\u2019188 bytes)", 1288490188),
        (236732045, 236732045),
        ("236732045", 236732045),
        ("Unlimited", None),
        ("225.8 MB", None),
        ("1,288,490,188", None),
        ("\u0663\u0664", None),
        ("-5", None),
        ({"Value": 5}, None),
        ("", None),
        (None, None),
        (True, None),
    ],
)
def test_size_in_bytes(value: Any, expected: int | None) -> None:
    assert _values.size_in_bytes(value) == expected


@given(st.integers(0, 2**63 - 1), st.sampled_from(["{:,}", "{:_}", "{}"]))
def test_a_size_is_read_the_same_in_all_three_shapes(size: int, form: str) -> None:
    grouped = form.format(size).replace("_", ".")
    assert {_values.size_in_bytes(shape) for shape in (f"1 GB ({grouped} bytes)", size, str(size))} == {size}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("00:00:05", 5),
        ("1.02:03:04.5000000", 93784),
        ("-00:01:00", -60),
        ("14.00:00:00", 1209600),
        (50_000_000, 5),
        ("", None),
        (None, None),
        ("soon", None),
        ("50000000", None),
        ("1:2", None),
    ],
)
def test_span_in_seconds(value: Any, expected: int | None) -> None:
    assert _values.span_in_seconds(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(45, 45), ("45", 45), (0, 0), ("45 %", None), ("4.5", None), (4.5, None), (True, None), ("", None), (None, None)],
)
def test_count(value: Any, expected: int | None) -> None:
    assert _values.count(value) == expected


@given(st.integers(-(10**9), 10**9))
def test_a_span_is_read_the_same_as_text_and_as_ticks(seconds: int) -> None:
    assert _values.span_in_seconds(span_text(datetime.timedelta(seconds=seconds))) == seconds
    assert _values.span_in_seconds(seconds * 10_000_000) == seconds


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-23T09:00:00.1234567Z", "2026-11-23T09:00:00Z"),
        ("2026-11-23T09:00:00.5Z", "2026-11-23T09:00:00Z"),
        ("2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z"),
        ("2026-11-23T10:00:00+01:00", "2026-11-23T09:00:00Z"),
        ("2026-11-23T09:00:00", "2026-11-23T09:00:00Z"),
        ("2026-11-23 09:00", "2026-11-23T09:00:00Z"),
        ("2026-11-23", "2026-11-23T00:00:00Z"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
        (datetime.datetime(2026, 11, 23, 9), "2026-11-23T09:00:00Z"),
        ("", None),
        (None, None),
    ],
)
def test_utc_time(value: Any, expected: str | None) -> None:
    assert _values.utc_time(value) == expected


@pytest.mark.parametrize("value", ["soon", "30.11.2026", "2026-13-01", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_a_value_error(value: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        _values.parse_time(value)


@settings(max_examples=40)
@given(MOMENTS)
def test_a_moment_is_the_same_in_every_zone_and_reads_back(moment: datetime.datetime) -> None:
    text = _values.utc_time(moment)
    assert _values.utc_time(moment.isoformat()) == _values.utc_time(text) == text
    parsed = _values.parse_time(moment)
    assert parsed is not None
    # Python calls no moment of a doubled hour equal to one of another zone.
    assert parsed.timestamp() == moment.timestamp()


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01", True),
        ("5F2C1A35-3F0E-4B52-9A55-6C8D5F1B7A01", True),
        ("5f2c1a353f0e4b529a556c8d5f1b7a01", False),
        ("{5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01}", False),
        ("5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a0g", False),
        ("5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01\n", False),
        ("", False),
    ],
)
def test_is_guid(text: str, right: bool) -> None:
    assert _values.is_guid(text) is right


@given(st.uuids())
def test_a_guid_is_one_text_however_it_is_written(guid: uuid.UUID) -> None:
    shapes = (guid, str(guid), str(guid).upper(), f"{{{guid}}}", f" {guid} ")
    assert {_values.guid(shape) for shape in shapes} == {str(guid)}
    assert _values.is_guid(str(guid))


@pytest.mark.parametrize("value", ["", None, _values.ZERO_GUID])
def test_no_guid_is_zeros(value: Any) -> None:
    assert _values.guid(value) == _values.ZERO_GUID


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("ann@contoso.com", True),
        ("ann.o'neil+x@sub.contoso.com", True),
        ("ann", False),
        ("ann@contoso", False),
        ("@contoso.com", False),
        ("ann@@contoso.com", False),
        ("ann@contoso..com", False),
        ("ann@-contoso.com", False),
        ("ann@contoso.com.", False),
        ("ann smith@contoso.com", False),
        ("smtp:ann@contoso.com", False),
        ("ann@contoso.com;bob@contoso.com", False),
        ("ann@contoso.com\n", False),
        ("", False),
    ],
)
def test_is_address(text: str, right: bool) -> None:
    assert _values.is_address(text) is right


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("contoso.com", True),
        ("contoso.mail.onmicrosoft.com", True),
        ("xn--mnchen-3ya.example", True),
        ("contoso", False),
        ("contoso.com.", False),
        (".contoso.com", False),
        ("con_toso.com", False),
        ("contoso.com\n", False),
        ("a" * 64 + ".com", False),
    ],
)
def test_is_domain(text: str, right: bool) -> None:
    assert _values.is_domain(text) is right


@settings(max_examples=40)
@given(DOMAINS)
def test_every_domain_makes_an_address(domain: str) -> None:
    assert _values.is_domain(domain)
    assert _values.is_address(f"ann@{domain}")
    assert _values.domain_of(f"ann@{domain.upper()}") == domain


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("SMTP:ann@contoso.com", "ann@contoso.com"),
        ("x500:/o=Contoso/cn=a:b", "/o=Contoso/cn=a:b"),
        ("ann@contoso.com", "ann@contoso.com"),
        ("notes:Ann/Contoso", "notes:Ann/Contoso"),
    ],
)
def test_without_prefix(address: str, expected: str) -> None:
    assert _values.without_prefix(address) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(None, []), ("", []), ("a", ["a"]), (["a", 1], ["a", "1"]), (("a",), ["a"]), (7, ["7"])]
)
def test_as_list(value: Any, expected: list[str]) -> None:
    assert _values.as_list(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("True", True),
        (" yes ", True),
        ("1", True),
        ("False", False),
        ("", False),
        (None, False),
        (True, True),
        (0, False),
    ],
)
def test_as_bool(value: Any, expected: bool) -> None:
    assert _values.as_bool(value) is expected


def test_a_wildcard_fits_the_domains_below_it() -> None:
    domains = ("contoso.com", "eu.contoso.com", "a.b.contoso.com", "notcontoso.com", "contoso.com.eu")
    assert [name for name in domains if _values.domain_fits(name, "*.contoso.com")] == list(domains[1:3])
    assert [name for name in domains if _values.domain_fits(name, "contoso.com")] == ["contoso.com"]


def test_the_domain_of_a_distinguished_name() -> None:
    name = r"CN=Doe\, John,OU=DC=x People,DC=emea, dc=Contoso,DC=com"
    assert _values.domain_of_name(name) == "emea.contoso.com"
    assert _values.domain_of_name("ann@contoso.com") == ""
