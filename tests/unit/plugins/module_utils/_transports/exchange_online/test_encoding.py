# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import datetime
import json
import uuid
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Credential, Value
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.encoding import (
    decode_object,
    encode_experimental_credential,
    encode_filter,
    encode_parameters,
    encode_value,
)
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from lab.wire import rest_parameters

TEXTS = st.text()
TABLES = st.dictionaries(
    st.sampled_from(["Add", "Remove", "NewName"]), st.one_of(TEXTS, st.lists(TEXTS, max_size=3)), max_size=3)
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), TEXTS, st.lists(TEXTS, max_size=4))


@given(st.dictionaries(st.from_regex(r"[A-Z][a-zA-Z]{0,9}", fullmatch=True), st.one_of(PLAIN, TABLES, st.binary())))
def test_what_is_sent_is_what_the_service_binds(parameters: dict[str, Value]) -> None:
    """The laboratory's decoder is a second reading of the same table, and refuses what has no type tag."""
    encoded = json.loads(json.dumps(encode_parameters(parameters, lambda _credential: {})))
    key: Any = None
    expected = {
        name: encode_filter(value) if name == "Filter" and isinstance(value, str) else value
        for name, value in parameters.items()
    }
    # Bytes travel in base64, which the parameter's own type decodes.
    expected = {n: base64.b64encode(v).decode() if isinstance(v, bytes) else v for n, v in expected.items()}
    assert rest_parameters.decode(encoded, key) == expected


@given(st.datetimes(datetime.datetime(2, 1, 1), timezones=st.timezones()), st.uuids(), st.timedeltas())
def test_dates_guids_and_spans_are_texts(
    moment: datetime.datetime, guid: uuid.UUID, span: datetime.timedelta
) -> None:
    assert encode_value(moment).endswith("0Z")
    assert encode_value(guid) == str(guid)
    assert encode_value(span).count(":") == 2


def test_what_no_cmdlet_takes_is_a_mistake_of_the_collection() -> None:
    value: Any = 1.5
    with pytest.raises(TypeError, match="float"):
        encode_value(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IsDirSynced -eq $true", "IsDirSynced -eq 'True'"),
        ("Name -eq 'a$true' -or IsShared -eq $FALSE", "Name -eq 'a$true' -or IsShared -eq 'False'"),
        ("Name -eq 'O''Neil $true'", "Name -eq 'O''Neil $true'"),
        ("Alias -ne $null", "Alias -ne $null"),
    ],
)
def test_filters(text: str, expected: str) -> None:
    assert encode_filter(text) == expected
    assert encode_parameters({"Filter": text}, lambda _credential: {}) == {"Filter": expected}


def test_a_credential_is_readable_for_the_owner_of_the_key_alone() -> None:
    key = rsa.generate_private_key(65537, 2048)
    numbers = key.public_key().public_numbers()
    modulus, exponent = (
        base64.b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode()
        for number in (numbers.n, numbers.e)
    )
    encoded = encode_experimental_credential(
        Credential("CONTOSO\\svc-mrs", "Battery-stäple"),
        f"<RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>{exponent}</Exponent></RSAKeyValue>")
    assert encoded["UserName"] == "CONTOSO\\svc-mrs"
    assert encoded["@odata.type"] == "#Exchange.GenericHashTable"
    assert key.decrypt(base64.b64decode(encoded["Password"]), padding.PKCS1v15()).decode() == "Battery-stäple"


@pytest.mark.parametrize("broken", ["", "<RSAKeyValue>", "<RSAKeyValue><Modulus>AQ==</Modulus></RSAKeyValue>"])
def test_a_broken_key_is_said_so_without_the_password(broken: str) -> None:
    with pytest.raises(ConnectionFailure) as caught:
        encode_experimental_credential(Credential("CONTOSO\\svc-mrs", "Battery-staple"), broken)
    assert caught.value.code == "unexpected_answer"
    assert "Battery" not in str(caught.value)


def test_the_real_capture() -> None:
    """Cut from the capture in facts: exchange-online-rest.md section 7."""
    assert decode_object({
        "DatabaseGuid@data.type": "System.Guid",
        "DatabaseGuid@odata.type": "#Guid",
        "DatabaseGuid": "AE0627D4-0000-0000-0000-000000000000",
        "MailboxMoveTargetMDB": None,
        "ProhibitSendReceiveQuota": "100 GB (107,374,182,400 bytes)",
        "EmailAddresses@odata.type": "#Collection(String)",
        "EmailAddresses": ["smtp:c@contoso.onmicrosoft.com", "SMTP:c@contoso.com"],
        "IsDirSynced": False,
        "CustomAttribute1": "AE0627D4-0000-0000-0000-000000000000",
        "CustomAttribute2": "2024-04-10T08:56:22.0000000+02:00",
        "WhenChangedUTC@data.type": "System.DateTime",
        "WhenChangedUTC": "2024-04-10T08:56:22.0000000Z",
    }) == {
        "DatabaseGuid": "ae0627d4-0000-0000-0000-000000000000",
        "MailboxMoveTargetMDB": None,
        "ProhibitSendReceiveQuota": "100 GB (107,374,182,400 bytes)",
        "EmailAddresses": ["smtp:c@contoso.onmicrosoft.com", "SMTP:c@contoso.com"],
        "IsDirSynced": False,
        "CustomAttribute1": "AE0627D4-0000-0000-0000-000000000000",
        "CustomAttribute2": "2024-04-10T08:56:22.0000000+02:00",
        "WhenChangedUTC": "2024-04-10T08:56:22Z",
    }


def test_an_enum_may_come_as_an_object_and_is_its_name() -> None:
    """Facts: offboarding-practice.md section 2.4."""
    item = {"Status": {"value": 10, "Value": "Completed"}, "StatusDetail@x": "y", "StatusDetail": {"Value": "a"}}
    assert decode_object(item) == {"Status": "Completed", "StatusDetail": {"Value": "a"}}


def test_without_annotations_the_shape_decides() -> None:
    assert decode_object({
        "Guid": "AE0627D4-0000-0000-0000-000000000000", "When": "2024-04-10T08:56:22+02:00", "Name": "2024-04-10",
        "Nested": {"Id@x": 1, "Id": "AE0627D4-0000-0000-0000-000000000000"}, "List": [{"A@b": 1, "A": 2}, "x"],
    }) == {
        "Guid": "ae0627d4-0000-0000-0000-000000000000", "When": "2024-04-10T06:56:22Z", "Name": "2024-04-10",
        "Nested": {"Id": "ae0627d4-0000-0000-0000-000000000000"}, "List": [{"A": 2}, "x"],
    }
    assert decode_object("text") == {"Value": "text"}
