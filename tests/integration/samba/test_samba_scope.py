# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example that brings users into the scope of synchronization over LDAP, as the documentation shows it."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.harness import BINARIES, ROOT
from tests.integration.samba.domain_controller import PASSWORD, DomainController
from tests.integration.samba.people import BASE, KEPT_OUT

PAGE = ROOT / "docs" / "directory-synchronization.md"
GROUP, UNIT = f"CN=Sync Scope,OU=People,{BASE}", f"OU=Süd\\, West & Co,OU=People,{BASE}"


class Ldap:
    """ldapsearch and ldapmodify as an administrator of the domain, who signs in with a password over TLS."""

    def __init__(self, controller: DomainController, directory: Path) -> None:
        secret = directory / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        name = "administrator@contoso.local"
        self.options = ["-H", f"ldaps://{controller.address}", "-x", "-D", name, "-y", str(secret)]
        self.environment = {**os.environ, "LDAPTLS_CACERT": str(controller.ca_file)}

    def run(self, program: str, *arguments: str, given: str = "") -> str:
        done = subprocess.run(
            [program, *self.options, *arguments], input=given, capture_output=True, text=True, env=self.environment,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def entry(self, base: str, condition: str = "(objectClass=*)", scope: str = "base") -> dict[str, list[bytes]]:
        """Return the attributes of the one object that a search finds."""
        told = self.run("ldapsearch", "-LLL", "-o", "ldif_wrap=no", "-b", base, "-s", scope, condition)
        found: dict[str, list[bytes]] = {}
        for name, colons, value in re.findall(r"^([\w;-]+)(::?) (.*)$", told, re.MULTILINE):
            found.setdefault(name, []).append(base64.b64decode(value) if colons == "::" else value.encode())
        return found


@pytest.fixture
def ldap(controller: DomainController, tmp_path: Path) -> Ldap:
    """A domain in which a group and a unit are what the synchronization filters by."""
    known = Ldap(controller, tmp_path)
    added = f"""dn: {GROUP}
changetype: add
objectClass: group
sAMAccountName: Sync Scope

dn:: {base64.b64encode(UNIT.encode()).decode()}
changetype: add
objectClass: organizationalUnit
"""
    known.run("ldapmodify", given=added)
    return known


def example() -> list[dict[str, Any]]:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (tasks,) = [yaml.safe_load(block) for block in blocks if "ldapmodify" in block]
    return list(tasks)


def user(ldap: Ldap, name: str) -> dict[str, Any]:
    """Return a record as the role hands it over, with what the directory says at this moment."""
    entry = ldap.entry(BASE, f"(&(objectClass=user)(cn={name}))", "sub")
    return {
        "identity": f"{name.lower()}@contoso.com",
        "on_premises": {
            "guid": str(uuid.UUID(bytes_le=entry["objectGUID"][0])), "distinguished_name": entry["dn"][0].decode(),
        },
    }  # fmt: skip


def run_example(ldap: Ldap, directory: Path, *arguments: str) -> str:
    """Run the documented tasks for the users whom adminDescription keeps out; return what was said."""
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": example()}
    (directory / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    given = {
        "offboarding_scope_users": [user(ldap, name) for name in KEPT_OUT], "scope_ldap": ldap.options,
        "scope_group": GROUP, "scope_unit": UNIT, "ansible_python_interpreter": sys.executable,
    }  # fmt: skip
    (directory / "variables.json").write_text(json.dumps(given), encoding="utf-8")
    done = subprocess.run(
        [str(BINARIES / "ansible-playbook"), str(directory / "play.json"), "-e", f"@{directory / 'variables.json'}",
         *arguments],
        capture_output=True, text=True, env={**ldap.environment, "ANSIBLE_NOCOLOR": "1"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_documented_tasks_bring_users_into_scope_and_a_second_run_changes_nothing(
    ldap: Ldap, tmp_path: Path
) -> None:
    before = [ldap.entry(f"<GUID={user(ldap, name)['on_premises']['guid']}>") for name in KEPT_OUT]
    run_example(ldap, tmp_path, "--check")
    assert [ldap.entry(f"<GUID={user(ldap, name)['on_premises']['guid']}>") for name in KEPT_OUT] == before
    assert "changed=3" in run_example(ldap, tmp_path)
    for name, old in zip(KEPT_OUT, before, strict=True):
        entry = ldap.entry(f"<GUID={user(ldap, name)['on_premises']['guid']}>")
        assert "adminDescription" in old
        assert "adminDescription" not in entry
        assert entry["dn"][0].decode().endswith(f",{UNIT}")
        assert entry["memberOf"] == [GROUP.encode()]
        assert (entry["objectGUID"], entry["cn"]) == (old["objectGUID"], [name.encode()])
    assert "changed=0" in run_example(ldap, tmp_path)
