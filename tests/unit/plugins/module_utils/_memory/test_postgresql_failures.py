# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said where the database fails; libpq's texts are those of its source (fe-connect.c, fe-secure*.c)."""

from __future__ import annotations

import errno

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import postgresql_failures as failures

CONNECTING = 'connection failed: connection to server at "10.0.0.1", port 5432 failed: '


@pytest.mark.parametrize(
    ("text", "phrase", "retryable"),
    [
        ("Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?",
         "no database server listens there", True),
        ("FATAL:  the database system is starting up", "the database server is starting or shutting down", True),
        ("FATAL:  the database system is not yet accepting connections",
         "the database server is starting or shutting down", True),
        ("FATAL:  sorry, too many clients already", "the database server has no connection left", True),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
         "the database server has no connection left", True),
        ('FATAL:  too many connections for role "offboarding"', "the database server has no connection left", True),
        ("server does not support SSL, but SSL was required", "the database server does not offer TLS", False),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.2", user "offboarding", database "offboarding", no encryption',
         "the database server does not admit connections of this role from here", False),
        ('FATAL:  permission denied for database "offboarding"', "the role is not allowed to use the database", False),
        ('FATAL:  unsupported startup parameter: options',
         "a connection pooler such as PgBouncer is in between, which refuses the settings of a session", False),
        ("timeout expired", "the database server does not answer", True),
        ('could not translate host name "db09" to address: Name or service not known',
         "the host name of the database server is unknown", False),
        ("FATAL:  Passwort-Authentifizierung für Benutzer »offboarding« fehlgeschlagen",
         f"the database cannot be reached: {CONNECTING}FATAL:  Passwort-Authentifizierung für Benutzer »offboarding« "
         "fehlgeschlagen", False),
    ],
)  # fmt: skip
def test_a_connection_that_is_not_made_is_a_phrase(text: str, phrase: str, retryable: bool) -> None:
    fault = failures.unreachable(f"{CONNECTING}{text}")
    assert (fault.strerror, fault.retryable) == (phrase, retryable)
    assert fault.remedy.endswith(".")


@pytest.mark.parametrize(
    ("state", "number", "retryable"),
    [
        ("53100", errno.ENOSPC, False),
        ("25006", errno.EROFS, False),
        ("42501", errno.EACCES, False),
        ("42P01", errno.ENOENT, False),
        ("53300", errno.EAGAIN, True),
        ("57P01", errno.EAGAIN, True),
        ("57P02", errno.EAGAIN, True),
        ("57P05", errno.ECONNRESET, True),
        ("08006", errno.ECONNRESET, True),
        ("40P01", errno.EAGAIN, True),
        ("57014", errno.ETIMEDOUT, True),
        ("55P03", errno.EAGAIN, True),
        ("58030", errno.EIO, False),
        ("XX001", errno.EIO, False),
    ],
)
def test_a_statement_that_fails_is_a_phrase_by_its_code(state: str, number: int, retryable: bool) -> None:
    fault = failures.answered(state, "ein Satz in der Sprache des Servers")
    assert (fault.errno, fault.retryable) == (number, retryable)
    assert fault.strerror
    assert fault.remedy


def test_what_has_no_phrase_is_told_in_the_words_of_the_server() -> None:
    fault = failures.answered("22003", "bigint out of range")
    assert (fault.errno, fault.strerror) == (errno.EIO, "the database says: bigint out of range")
    assert failures.answered(None, None).strerror == "the database says: nothing"
    assert failures.unreachable("").strerror == "the database cannot be reached: no reason is given"
