# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""One session signs in before the others do."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError

REFUSALS = frozenset(
    "authentication_failed wrong_password unknown_principal account_disabled account_expired account_locked "
    "logon_restricted password_expired ntlm_refused stronger_authentication_required".split()
)


class SignIn:
    """Keeps the other sessions of an account waiting until the first one is in, and back where its sign-in is refused.

    A wrong password so counts once, not once for each session: after a few of them Active Directory locks the account.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._decided = threading.Event()
        self._refusal: HybridError | None = None

    def first(self, connect: Callable[[], None]) -> None:
        """Run ``connect`` if nobody has before. Raises what it raises, and a refusal to everybody from then on.

        Whatever else goes wrong says nothing about the account: the others then try by themselves.
        """
        if self._decided.is_set():
            return
        with self._lock:
            if self._refusal is not None:
                raise self._refusal
            if self._decided.is_set():
                return
            try:
                connect()
            except HybridError as error:
                self._refusal = error if error.code in REFUSALS and not error.retryable else None
                raise
            finally:
                if self._refusal is None:
                    self._decided.set()
