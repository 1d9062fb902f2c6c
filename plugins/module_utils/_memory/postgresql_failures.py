# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What PostgreSQL, or the way to it, says when it fails: a phrase and a remedy for people, without SQL or a password.

While a connection is made, libpq hands on a text only, without a code; the server may speak another language than
English there. Its text is then told as it is.
"""

from __future__ import annotations

import errno
import re
from typing import NamedTuple

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import MemoryFault

SETUP = "Run the playbook memory_setup of this version of the collection."
GRANTS = "Grant the role what docs/memory.md lists."
_LOG = "The log of the database server says more."
_LATER = "Run again once the database server is at work."


class _Kind(NamedTuple):
    number: int
    phrase: str
    remedy: str
    retryable: bool = False

    def fault(self, *caught: str) -> MemoryFault:
        return MemoryFault(self.number, self.phrase.format(*caught), self.remedy, retryable=self.retryable)


_STOPPING = _Kind(errno.EAGAIN, "the database server is starting or shutting down", _LATER, True)
_FULL_HOUSE = _Kind(
    errno.EAGAIN,
    "the database server has no connection left",
    "Run fewer slices at the same time, or increase max_connections of the server or the connection limit of the role.",
    True,
)
_LOST = _Kind(errno.ECONNRESET, "the connection to the database was lost", _LATER, True)
_NO_SCHEMA = _Kind(errno.ENOENT, "the database has no tables for it, or not all of them", SETUP)
_CONFLICT = _Kind(errno.EAGAIN, "the database gave way to another session", "Run again.", True)
_DAMAGED = _Kind(errno.EIO, "the database is damaged", "Restore it from a backup.")
# A pooler lends its connections by the transaction, so that another run may get the session that holds a lock.
POOLED = _Kind(
    errno.EPROTO,
    "a connection pooler such as PgBouncer gives each transaction another session, which would lose the locks of a run",
    "Use the address of the database server itself, or set pool_mode = session for this database in the pooler.",
)
POOL_EMPTY = _Kind(
    errno.EAGAIN,
    "the connection pooler has no connection to the database left",
    "Increase pool_size for this database in the pooler: each session of a run needs a connection of its own.",
    True,
)
_NO_ROLE = "Correct the user in the address of the memory, and PGPASSWORD, PGPASSFILE or the service file."
_AUTHORITY = "Set PGSSLROOTCERT to a file with the certificate of the authority that issued it."

# By SQLSTATE (PostgreSQL's documentation, appendix A).
_KINDS = {
    "3F000": _NO_SCHEMA,
    "42P01": _NO_SCHEMA,
    "42703": _NO_SCHEMA,
    "53100": _Kind(errno.ENOSPC, "the disk of the database server is full", "Free some space there, and run again."),
    "53200": _Kind(errno.ENOMEM, "the database server is out of memory", _LOG),
    "53300": _FULL_HOUSE,
    "54000": _Kind(errno.EFBIG, "the text or its path is larger than the database takes", "Divide the wave."),
    "25006": _Kind(
        errno.EROFS,
        "the database can only be read",
        "Use the address of the primary server, not of a standby (target_session_attrs=read-write finds it among "
        "several hosts), and check default_transaction_read_only.",
    ),
    "40001": _CONFLICT,
    "40P01": _CONFLICT,
    "55P03": _Kind(
        errno.EAGAIN,
        "another session of the database has held the text for longer than lock_timeout",
        "End that session (pg_stat_activity lists it), and run again.",
        True,
    ),
    "57014": _Kind(
        errno.ETIMEDOUT,
        "the database did not answer within statement_timeout",
        f"Run again once the server has less to do. {_LOG}",
        True,
    ),
    "57P01": _STOPPING,
    "57P02": _STOPPING,
    "57P03": _STOPPING,
    "57P05": _LOST,
    "58030": _Kind(errno.EIO, "the database server cannot read or write its disk", _LOG),
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}

# By the text of a connection that was not made; the first that fits wins. {0} is what the parentheses caught.
_TEXTS = (
    (
        r"certificate verify failed",
        _Kind(errno.EPROTO, "the certificate of the database server is not trusted", _AUTHORITY),
    ),
    (
        r'server certificate for (.+) does not match host name "?([^"\n]+)',
        _Kind(
            errno.EPROTO,
            "the certificate of the database server is for {0}, not for {1}",
            "Use a name of the certificate as the host in the address of the memory.",
        ),
    ),
    (
        r"root certificate file|no root certificate|system root store",
        _Kind(
            errno.EPROTO, "there is no authority to check the certificate of the database server against", _AUTHORITY
        ),
    ),
    (
        r"does not support SSL",
        _Kind(
            errno.EPROTO,
            "the database server does not offer TLS",
            "Set ssl = on there. A Unix socket does not need it.",
        ),
    ),
    (
        r"password authentication failed|no password supplied|authentication failed for user",
        _Kind(errno.EACCES, "the database server does not accept the role with its password", _NO_ROLE),
    ),
    (
        r"no pg_hba\.conf entry",
        _Kind(
            errno.EACCES,
            "the database server does not admit connections of this role from here",
            "Add an entry to its pg_hba.conf.",
        ),
    ),
    (r'role "([^"]+)" does not exist', _Kind(errno.EACCES, "the database server has no role {0}", _NO_ROLE)),
    (
        r'database "([^"]+)" does not exist',
        _Kind(
            errno.ENOENT,
            "the database server has no database {0}",
            "Correct the address of the memory, or create the database as docs/memory.md describes.",
        ),
    ),
    (r"permission denied for database", _Kind(errno.EACCES, "the role is not allowed to use the database", GRANTS)),
    (r"too many clients|remaining connection slots|too many connections", _FULL_HOUSE),
    (r"starting up|shutting down|in recovery mode|not (?:yet )?accepting connections", _STOPPING),
    (
        r"unsupported startup parameter",
        _Kind(
            errno.EPROTO,
            "a connection pooler such as PgBouncer is in between, which refuses the settings of a session",
            "Use the address of the database server itself, or set ignore_startup_parameters = options in the pooler, "
            "with pool_mode = session.",
        ),
    ),
    (
        r'definition of service "?([^"\n]+?)"? not found|service file "?([^"\n]+?)"? not found',
        _Kind(
            errno.ENOENT, "the service is not known", "Correct it, or set PGSERVICEFILE to the file that defines it."
        ),
    ),
    (
        r"could not translate host name|[Nn]ame or service not known|failed to resolve host",
        _Kind(errno.EHOSTUNREACH, "the host name of the database server is unknown", "Correct the address."),
    ),
    (
        r"timeout expired|timed out",
        _Kind(errno.ETIMEDOUT, "the database server does not answer", "Check the address and the firewalls.", True),
    ),
    (
        r"Connection refused|No such file or directory",
        _Kind(errno.ECONNREFUSED, "no database server listens there", f"Correct the address. {_LATER}", True),
    ),
)


def answered(sqlstate: str | None, primary: str | None) -> MemoryFault:
    """Return the fault of a statement, from the code and the main sentence of the server."""
    state, text = sqlstate or "", (primary or "").strip()
    if state == "42501":
        return MemoryFault(errno.EACCES, f"the database says: {text}", GRANTS)
    kind = _KINDS.get(state) or (_LOST if state.startswith("08") else None)
    if kind is not None:
        return kind.fault()
    return MemoryFault(errno.EIO, f"the database says: {text or 'nothing'}", _LOG)


def lost() -> MemoryFault:
    """Return the fault of a connection that broke."""
    return _LOST.fault()


def unreachable(text: str) -> MemoryFault:
    """Return the fault of a connection that was not made, from what libpq says."""
    for pattern, kind in _TEXTS:
        found = re.search(pattern, text)
        if found:
            return kind.fault(*found.groups())
    line = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no reason is given")
    return MemoryFault(errno.EHOSTUNREACH, f"the database cannot be reached: {line}", _LOG)
