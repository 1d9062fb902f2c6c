# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError

from tests.fuzz import captures
from tests.fuzz.mutations import GUID
from tests.fuzz.targets import CannedDirectory

# A result without a code, which sansldap answers with an IndexError.
NO_CODE = b"0\x0b\x02\x01\x02e\x06\n\x00\x04\x00\x04\x00"


def test_an_entry_is_read() -> None:
    with CannedDirectory(captures.LDAP[0]) as directory:
        assert list(directory.users([GUID])) == [GUID]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (NO_CODE, "its answer cannot be read: IndexError"),
        (b"HTTP/1.1 400 Bad Request\r\n", "was interrupted ("),
        (captures.LDAP[0][:40], "the connection was closed"),
    ],
)
def test_an_answer_that_is_broken_is_a_lost_connection(data: bytes, told: str) -> None:
    with CannedDirectory(data) as directory, pytest.raises(HybridError) as caught:
        directory.users([GUID])
    assert (caught.value.code, told in caught.value.message) == ("connection_lost", True)
