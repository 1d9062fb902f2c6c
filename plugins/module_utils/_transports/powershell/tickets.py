# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Kerberos tickets for pywinrm, which takes none from a password itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.kerberos import (
    NAME_AT_REALM,
    diagnose_kerberos,
)

KINIT_TIMEOUT = 60


class _Collection:
    """One directory of ticket caches for this process: pywinrm picks the account's own out of it.

    The environment variable is the only way to tell the Kerberos libraries where they are, and there is one for all.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._directory = ""
        self._users = 0
        self._previous: str | None = None

    @property
    def name(self) -> str:
        return f"DIR:{self._directory}"

    def acquire(self) -> None:
        if not self._users:
            self._directory = tempfile.mkdtemp(prefix="exchange_hybrid_tickets_")
            self._previous = os.environ.get("KRB5CCNAME")
            os.environ["KRB5CCNAME"] = self.name
        self._users += 1

    def release(self) -> None:
        self._users -= 1
        if self._users:
            return
        if self._previous is None:
            os.environ.pop("KRB5CCNAME", None)
        else:
            os.environ["KRB5CCNAME"] = self._previous
        shutil.rmtree(self._directory, ignore_errors=True)


_TICKETS = _Collection()


class TicketCache:
    """The ticket of one account, shared by the sessions of an organization: the last one to leave discards it."""

    def __init__(self, username: str, password: str, *, forwardable: bool = False) -> None:
        self._username = username
        self._password = password
        self._forwardable = forwardable
        self._sessions = 0

    def obtain(self) -> None:
        """Run kinit into this process's own collection, for the first of several sessions. Raises ConnectionFailure."""
        with _TICKETS.lock:
            if not self._sessions:
                _TICKETS.acquire()
                try:
                    self._run_kinit()
                except BaseException:
                    _TICKETS.release()
                    raise
            self._sessions += 1

    def discard(self) -> None:
        """Leave. Every ``obtain`` has exactly one."""
        with _TICKETS.lock:
            self._sessions -= 1
            if not self._sessions:
                _TICKETS.release()

    def _run_kinit(self) -> None:
        program = shutil.which("kinit")
        if program is None:
            raise ConnectionFailure(
                "The program kinit is missing on the host that runs the module.",
                code="missing_library",
                remedy="Install the Kerberos client (krb5-user, krb5-workstation).",
            )
        forwardable = ["-f"] if self._forwardable else []
        try:
            # No shell, and the password goes by standard input: without a terminal, kinit reads it there.
            done = subprocess.run(  # noqa: S603
                [program, *forwardable, "--", self._username],
                input=f"{self._password}\n",
                text=True,
                capture_output=True,
                timeout=KINIT_TIMEOUT,
                check=False,
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C"},
            )
        except subprocess.TimeoutExpired:
            raise ConnectionFailure(
                "kinit did not answer.",
                code="authentication_failed",
                retryable=True,
                remedy=f"{NAME_AT_REALM} Then check the DNS records and krb5.conf.",
            ) from None
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise _refusal(reason, self._username)


def _refusal(reason: str, username: str) -> ConnectionFailure:
    told = diagnose_kerberos(reason, "the Kerberos realm", username)
    if told is not None:
        return ConnectionFailure(told.message, code=told.code, remedy=told.remedy)
    return ConnectionFailure(
        f"No Kerberos ticket for '{username}': {reason}",
        code="authentication_failed",
        remedy=f"Check the password. {NAME_AT_REALM}",
    )
