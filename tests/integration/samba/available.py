# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this machine can run a Samba domain controller, and what to say where it cannot."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

# Debian: samba, samba-ad-dc, samba-ad-provision, winbind, python3-samba, ldap-utils.
PROGRAMS = ("samba", "samba-tool", "ldapsearch", "ldapmodify")
# What a new domain is made from. Debian has it in a package of its own, which installing samba does not always bring.
TEMPLATES = Path("/usr/share/samba/setup/provision.ldif")
SEARCH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


def program(name: str) -> str:
    """Return the path of a program. Raises LookupError."""
    path = shutil.which(name, path=SEARCH)
    if path is None:
        raise LookupError(f"{name} is not installed")
    return path


def not_installed(templates: Path = TEMPLATES) -> list[str]:
    """Return which parts of Samba are not here."""
    lacking = [name for name in PROGRAMS if shutil.which(name, path=SEARCH) is None]
    return lacking if templates.is_file() else [*lacking, "samba-ad-provision"]


def missing() -> list[str]:
    """Return what the Active Directory tests need and this machine lacks."""
    lacking = not_installed()
    # LDAP's port is 389, and Samba has no setting for another one.
    return lacking if os.geteuid() == 0 else [*lacking, "root"]


def must_run() -> bool:
    """Tell whether leaving these tests out is a failure: in continuous integration it is."""
    return os.environ.get("CI", "").lower() == "true"


def explanation(lacking: list[str]) -> str:
    return (
        f"The tests against a real domain controller cannot run here: {', '.join(lacking)} missing. "
        "On Debian, as root: bash tests/tools/samba.sh; then: make test."
    )


if __name__ == "__main__":
    # For tests/tools/samba.sh: one word for each part that is to be installed, nothing where all are here.
    print(*not_installed())
