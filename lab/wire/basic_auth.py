# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP Basic authentication against the one account that an organization knows."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Protocol

from lab.wire.http_server import Request


class Account(Protocol):
    """``username`` as ``DOMAIN\\user`` or a user principal name."""

    @property
    def username(self) -> str:
        """The name that the client gives; compared without regard to case, as Active Directory does."""

    @property
    def password(self) -> str:
        """The password in the clear."""


def authenticated(request: Request, account: Account) -> bool:
    scheme, _unused, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        username, _unused, password = _text(base64.b64decode(encoded, validate=True)).partition(":")
    except binascii.Error:
        return False
    same_user = username.lower() == account.username.lower()
    return hmac.compare_digest(password.encode(), account.password.encode()) and same_user


def _text(credentials: bytes) -> str:
    """No standard says how text is encoded here: requests sends Latin-1 where it can, others UTF-8."""
    try:
        return credentials.decode("utf-8")
    except UnicodeDecodeError:
        return credentials.decode("latin-1")
