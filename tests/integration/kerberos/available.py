# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this machine can run the Kerberos tests, and what to say where it cannot."""

from __future__ import annotations

import importlib.util
import os
import shutil

# Debian: krb5-kdc, krb5-admin-server, krb5-user, faketime.
PROGRAMS = ("krb5kdc", "kdb5_util", "kadmin.local", "kinit", "faketime")
LIBRARIES = ("gssapi", "krb5", "kerberos")
# Where Debian keeps what only administrators run; an ordinary user's PATH may leave it out.
SEARCH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


def program(name: str) -> str:
    """Return the path of a program. Raises LookupError."""
    path = shutil.which(name, path=SEARCH)
    if path is None:
        raise LookupError(f"{name} is not installed")
    return path


def missing() -> list[str]:
    """Return the programs and Python packages that the Kerberos tests need and this machine lacks."""
    programs = [name for name in PROGRAMS if shutil.which(name, path=SEARCH) is None]
    return programs + [f"Python package {name}" for name in LIBRARIES if importlib.util.find_spec(name) is None]


def must_run() -> bool:
    """Tell whether leaving the Kerberos tests out is a failure: in continuous integration it is."""
    return os.environ.get("CI", "").lower() == "true"


def explanation(lacking: list[str]) -> str:
    return (
        f"The Kerberos tests cannot run here: {', '.join(lacking)} missing. "
        "On Debian, as root: bash tests/tools/kerberos.sh install; then: make test."
    )
