# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What libraries log is kept from whoever listens: some log what they send, down to an answer to an NTLM challenge."""

from __future__ import annotations

import logging

# Each library's topmost logger; the others hand on to it. urllib3 and requests log nothing but where they connect.
LIBRARIES = (
    "azure",
    "msal",
    "pypsrp",
    "psrpcore",
    "requests_credssp",
    "requests_kerberos",
    "requests_ntlm",
    "spnego",
    "winrm",
)


def keep_quiet() -> None:
    """Let no record of these libraries reach a handler of somebody else's, at whatever level.

    Where nobody listens at all, Python itself would write warnings onto the module's standard error.
    """
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
