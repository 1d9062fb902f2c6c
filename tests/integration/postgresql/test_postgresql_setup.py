# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables are made by one command, as its page and its examples say, and by none that lacks the right to."""

from __future__ import annotations

import yaml
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import postgresql_schema as schema
from ansible_collections.mailops.exchange_hybrid.plugins.modules import memory_schema

from tests.integration.harness import ROOT, Bench, module
from tests.integration.postgresql import roles
from tests.integration.postgresql.server import PASSWORD, Server

PLAYBOOK = ROOT / "playbooks" / "memory_setup.yml"


def examples(server: Server, database: str) -> list[dict[str, object]]:
    """Return the module's examples; the addresses in them are those of the test's server."""
    text = memory_schema.EXAMPLES
    for role in ("offboarding_owner", "offboarding"):
        address = f"postgresql://{role}@db01.contoso.com/offboarding\n"
        assert address in text
        text = text.replace(address, f"{server.url(database, role)}\n")
    tasks: list[dict[str, object]] = yaml.safe_load(text)
    return tasks


def test_the_playbook_makes_the_tables_and_a_run_can_use_them(
    shared: Bench, server: Server, bare: str, offboarding: str
) -> None:
    owner = server.url(bare, "offboarding_owner")
    roles.paste(server.url(bare), f"ALTER DATABASE {bare} OWNER TO offboarding_owner")
    assert offboarding != bare, "its roles are there"
    make, check = examples(server, bare)
    preview = shared.play(
        {**make, "name": "preview", "check_mode": True, "diff": True},
        {**check, "name": "missing", "ignore_errors": True},
        module("memory_schema", name="secret", memory=f"postgresql://offboarding:{PASSWORD}@db01/offboarding"),
    )
    assert preview.task("preview").result["version"] == schema.VERSION
    assert preview.task("preview").result["diff"] == {"before": "version 0\n", "after": f"version {schema.VERSION}\n"}
    assert preview.task("preview").changed
    for name, told in (
        ("missing", "has no tables for it yet). Run the playbook memory_setup"),
        ("secret", "a password"),
    ):
        assert preview.task(name).error["code"] == "unusable_memory"
        assert told in preview.task(name).message
    assert PASSWORD not in preview.output
    made = shared.run(PLAYBOOK, variables={"offboarding_memory": owner})
    assert made.succeeded, made.output
    assert made.changed == ["Create or upgrade the tables"]
    told = made.task("Show the result, the report and the next step").result["msg"]
    assert f": the tables now have version {schema.VERSION} (before: none); the server is PostgreSQL " in told[0]
    assert told[2].startswith("Next: grant the role of the runs its rights (docs/memory.md), then ")
    ungranted = shared.play({**check, "name": "ungranted", "ignore_errors": True}, {**make, "name": "again"})
    assert "permission denied" in ungranted.task("ungranted").message
    assert "docs/memory.md" in ungranted.task("ungranted").message
    assert not ungranted.task("again").changed
    roles.paste(owner, roles.blocks()[1])
    after = shared.play({**check, "name": "granted"})
    assert after.succeeded, after.output
    assert (after.only.changed, after.only.result["version_before"]) == (False, schema.VERSION)
