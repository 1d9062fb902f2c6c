# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms in which a laboratory's secrets could show in an output, and which of them a text shows."""

from __future__ import annotations

import base64
import re
import urllib.parse
from collections.abc import Iterator

from lab.laboratory import Laboratory

TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}")
# The answer to an NTLM challenge, which tells the password to whoever tries enough of them.
NTLM_ANSWER = re.compile(rb"TlRMTVNTUAADAAAA|NTLMSSP\x00\x03\x00\x00\x00")


def spellings(secret: str, username: str) -> Iterator[bytes]:
    """Yield the forms in which a secret travels or might be written down."""
    yield secret.encode()
    yield urllib.parse.quote_plus(secret).encode()
    yield base64.b64encode(f"{username}:{secret}".encode())
    for encoding in ("utf-8", "utf-16-le"):
        raw = secret.encode(encoding)
        for shift in range(3):
            # Where base64's groups of three begin elsewhere, the letters are others; edges depend on the neighbours.
            text = base64.b64encode(b"\0" * shift + raw)
            yield text[4 if shift else 0 : -4]


def shown(laboratory: Laboratory, content: bytes) -> list[str]:
    """Return the names of the secrets that a text shows."""
    hybrid = laboratory.hybrid
    account, remote = hybrid.exchange_server_account, hybrid.remote_credential
    known = {
        "the administrator's password": (account.password, account.username),
        "the remote credential": (remote.password, remote.username),
        "the client secret": (laboratory.client_secret, hybrid.exchange_online_application.client_id),
    }
    names = [name for name, of in known.items() if any(form in content for form in set(spellings(*of)))]
    names += ["an access token"] * bool(TOKEN.search(content))
    return names + ["an answer to an NTLM challenge"] * bool(NTLM_ANSWER.search(content))
