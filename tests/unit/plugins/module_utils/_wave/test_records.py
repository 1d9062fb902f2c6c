# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import records as wave_records
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("mask", ["********", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"])
@pytest.mark.parametrize(
    ("place", "key"),
    [
        (lambda text: {"identity": text}, "identity"),
        (lambda text: {"identity": "a", "email_addresses": ["SMTP:b", text]}, "email_addresses"),
        (lambda text: {"identity": "a", "on_premises": {"database": text}}, "database"),
    ],
)
def test_a_masked_value_is_refused_wherever_it_stands(place: Any, key: str, mask: str) -> None:
    with pytest.raises(InputError) as caught:
        wave_records.check_no_mask([{"identity": "bob@contoso.com"}, place(f"ann@{mask}.com")])
    assert (caught.value.code, caught.value.option) == ("masked_value", key)


def test_a_secret_inside_a_record_is_refused_without_being_told() -> None:
    with pytest.raises(InputError) as caught:
        wave_records.check_no_secret([{"identity": "ann@contoso.com"}], ["", "contoso"])
    assert (caught.value.code, caught.value.option) == ("secret_in_record", "identity")
    assert "contoso" not in caught.value.message


@pytest.mark.parametrize("text", ["Ann \ud83d", "\ude00", "a\ufffeb", "\uffff"])
def test_what_is_no_character_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="half a character") as caught:
        wave_records.check_characters([{"identity": "ann"}, {"identity": "bob", "custom_attributes": {"1": [text]}}])
    assert caught.value.code == "malformed_1"
    caught.value.message.encode("utf-8")
    wave_records.check_characters([{"identity": "\U0001f600 \ufffd \u202e"}])


def test_clean_records_pass() -> None:
    records = [{"identity": "ann@contoso.com", "custom_attributes": {"custom_attribute1": "***"}, "force": True}]
    wave_records.check_no_mask(records)
    wave_records.check_no_secret(records, ["", "tailspin"])
    assert records[0]["identity"] == "ann@contoso.com"


@pytest.mark.parametrize("blank", [{}, {"identity": ""}, {"identity": None}, {"identity": " \t"}])
def test_a_blank_identity_is_refused_with_its_number(blank: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="is blank in record 2") as caught:
        wave_records.check_identities([{"identity": "ann@contoso.com"}, blank])
    assert caught.value.code == "blank_identity"


def test_one_mailbox_named_twice_is_refused_with_both_numbers() -> None:
    with pytest.raises(InputError, match="is in records 1 and 3") as caught:
        wave_records.check_identities(
            [{"identity": "ann@contoso.com"}, {"identity": "bob@contoso.com"}, {"identity": " Ann@Contoso.com "}]
        )
    assert caught.value.code == "duplicate_identity"


def test_identities_are_trimmed() -> None:
    records = [{"identity": " ann@contoso.com\n"}]
    wave_records.check_identities(records)
    assert records == [{"identity": "ann@contoso.com"}]


@pytest.mark.parametrize(
    ("key", "warning"),
    [
        ("remote_target_databse", "'remote_target_databse' is not used; did you mean 'remote_target_database'?"),
        ("exchangeguid", "'exchangeguid' is not used; did you mean 'exchange_guid'?"),
        ("cost_centre", None),
        # Another module's key is no slip of this one's.
        ("archive_guid", None),
        ("identity", None),
    ],
)
def test_a_misspelled_key_warns(key: str, warning: str | None) -> None:
    warnings = wave_records.misspelled([{key: "x"}], ["identity", "remote_target_database", "exchange_guid"])
    assert warnings == ([] if warning is None else [f"mailboxes: the key {warning}"])


def test_each_slip_warns_once_for_the_whole_wave() -> None:
    wave = [{"identity": str(number), "exchange_giud": "x"} for number in range(1000)]
    assert len(wave_records.misspelled(wave, ["exchange_guid"])) == 1


@given(
    st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers()),
    st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers()),
)
def test_a_record_wins_over_the_task_and_null_is_nothing(task: dict[str, Any], record: dict[str, Any]) -> None:
    merged = wave_records.merged(task, record)
    for key in "abcd":
        given_by_record, given_by_task = record.get(key), task.get(key)
        assert merged.get(key) == (given_by_task if given_by_record is None else given_by_record)
    assert None not in merged.values()


@pytest.mark.parametrize("blank", ["", " \t", None])
def test_a_blank_says_nothing_wherever_it_stands(blank: str | None) -> None:
    assert wave_records.merged({"force": blank, "alias": "task"}, {"alias": blank, "archive_only": blank, "x": 0}) == {
        "alias": "task",
        "x": 0,
    }


def test_what_was_read_is_noted_and_stays_noted() -> None:
    first = wave_records.enriched({"identity": "a"}, {"primary_smtp_address": '"a b"@x_y.z', "total_size": 1})
    assert first["read_from_exchange"] == ["primary_smtp_address"]
    second = wave_records.enriched(first, {"exchange_guid": "g", "whole": True})
    assert second["read_from_exchange"] == ["exchange_guid", "primary_smtp_address"]
    assert wave_records.enriched({"identity": "a"}, {"whole": True}) == {"identity": "a", "whole": True}


def test_every_key_of_the_catalogue_is_snake_case() -> None:
    assert all(key == key.lower() and key.isidentifier() for key in fields.TABLE)
    assert "identity" in fields.TABLE
