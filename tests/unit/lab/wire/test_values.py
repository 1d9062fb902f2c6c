# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values as text, and CLIXML as psrpcore's own reader understands it."""

from __future__ import annotations

import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psrpcore.types import PSCryptoProvider, deserialize

from lab.answer import Collection, Enumeration, LabObject, Reference
from lab.wire import clixml
from lab.wire.net_text import byte_size, duration, time_span


class NoSecrets(PSCryptoProvider):
    """Nothing here is encrypted."""

    def decrypt(self, value: str) -> str:
        raise NotImplementedError

    def encrypt(self, value: str) -> str:
        raise NotImplementedError

    def register_key(self, key: bytes) -> None:
        raise NotImplementedError


def read(output: LabObject) -> Any:
    return deserialize(ElementTree.fromstring(clixml.render(output, {})), NoSecrets())


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B (0 bytes)"),
        (262144, "256 KB (262,144 bytes)"),
        (159449088, "152.1 MB (159,449,088 bytes)"),
        (1288490188, "1.2 GB (1,288,490,188 bytes)"),
        (106300440576, "99 GB (106,300,440,576 bytes)"),
        (None, "Unlimited"),
    ],
)
def test_sizes_as_captured(size: int | None, text: str) -> None:
    assert byte_size(size) == text


@pytest.mark.parametrize(
    ("span", "text", "xml"),
    [
        (datetime.timedelta(days=14), "14.00:00:00", "P14DT0H0M0S"),
        (datetime.timedelta(0), "00:00:00", "PT0H0M0S"),
        (datetime.timedelta(hours=1, microseconds=5), "01:00:00.0000050", "PT1H0M0.0000050S"),
        (-datetime.timedelta(seconds=90), "-00:01:30", "-PT0H1M30S"),
    ],
)
def test_time_spans(span: datetime.timedelta, text: str, xml: str) -> None:
    assert (time_span(span), duration(span)) == (text, xml)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives(text: str) -> None:
    output = read(LabObject(("A", "System.Object"), {"Text": text, "List": Collection([text])}, "x"))
    assert output.Text == text
    assert list(output.List) == [text]


def test_type_names_are_written_once() -> None:
    first, second = Reference("one"), Reference("two")
    document = clixml.render(LabObject(("A",), {"First": first, "Second": second}), {})
    assert document.count("Microsoft.Exchange.Data.Directory.ADObjectId") == 1
    output = read(LabObject(("A",), {"First": first, "Second": second}))
    assert str(output.First) == "one"
    assert str(output.Second) == "two"


def test_an_enum_is_a_number_with_a_name() -> None:
    output = read(LabObject(("A",), {"Kind": Enumeration("Contoso.Kind", "Shared", 4)}))
    assert (int(output.Kind), str(output.Kind)) == (4, "Shared")
