# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job as AWX prepares it (awx/main/tasks/jobs.py): its directory, inventory, extra variables, arguments, environment.

Not modelled: containers (paths are those of this machine), the update of the project before a job, facts, prompts for
passwords, and what AWX itself sets for Ansible's configuration.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.integration.awx import injection
from tests.integration.awx.controller import Store
from tests.integration.awx.resources import Item


class _Unsafe(yaml.SafeDumper):
    """Writes every text as one that Ansible does not evaluate."""


_Unsafe.add_representer(str, lambda dumper, text: dumper.represent_scalar("!unsafe", text))


@dataclass(frozen=True)
class Prepared:
    """What ansible-runner is given."""

    private_data_dir: Path
    playbook: str
    arguments: list[str]
    environment: dict[str, str]
    shown: dict[str, str]

    @property
    def project(self) -> Path:
        return self.private_data_dir / "project"

    @property
    def inventory(self) -> Path:
        return self.private_data_dir / "inventory" / "hosts"

    @property
    def extra_variables(self) -> Path:
        return self.private_data_dir / "env" / "extravars"


def prepare(store: Store, job: Item, project: Path, hosts: Mapping[str, Any], place: Path, seen_as: Path) -> Prepared:
    """Write the directory of a job, and name its files as the job will see them.

    ``hosts`` are what the synchronization of the inventory has found.
    """
    for name in ("env", "inventory"):
        (place / name).mkdir(parents=True)
    shutil.copytree(project, place / "project")
    inventory = store.get("inventories", job["inventory"])
    groups = [name for name in hosts if name != "_meta"]
    data = {**hosts, "all": {"children": groups, "vars": json.loads(inventory["variables"] or "{}")}}
    script = place / "inventory" / "hosts"
    script.write_text(f"#! /usr/bin/env python3\nprint({json.dumps(data)!r})\n", encoding="utf-8")
    script.chmod(0o700)
    template = store.get("job_templates", job["job_template"])
    trusted = json.loads(template["extra_vars"] or "{}")
    given = {**job["extra_vars"], **meta_variables(store, job, template)}
    (place / "env" / "extravars").write_text(_dumped(given, trusted), encoding="utf-8")
    arguments = ["-u", "root", *(["--check"] if template["job_type"] == "check" else [])]
    arguments += ["-l", job["limit"]] if job["limit"] else []
    environment, shown = {"JOB_ID": str(job["id"]), "INVENTORY_ID": str(inventory["id"])}, {}
    for number in store.related("job_templates", template["id"], "credentials"):
        credential = store.get("credentials", number)
        kind = store.get("credential_types", credential["credential_type"])
        injected, safe = injection.inject(kind, credential["inputs"], place, seen_as)
        environment.update(injected)
        shown.update(safe)
    return Prepared(place, job["playbook"], arguments, environment, shown)


def meta_variables(store: Store, job: Item, template: Item) -> dict[str, Any]:
    """Return what AWX tells each job about itself, under its old and its new name."""
    told = {
        "job_id": job["id"], "job_launch_type": job["launch_type"], "job_template_id": template["id"],
        "job_template_name": template["name"], "inventory_id": job["inventory"],
        "inventory_name": store.get("inventories", job["inventory"])["name"], "project_revision": "0" * 40,
        "user_id": 1, "user_name": "admin", "user_email": "", "user_first_name": "", "user_last_name": "",
    }  # fmt: skip
    if "workflow_job" in job:
        told |= {"workflow_job_id": job["workflow_job"], "workflow_job_name": "Mailbox moves"}
    return {f"{prefix}_{name}": value for prefix in ("tower", "awx") for name, value in told.items()}


def _dumped(variables: Mapping[str, Any], trusted: Mapping[str, Any]) -> str:
    """Return extra variables as YAML. Only those of the template itself may contain Jinja."""
    texts = []
    for name, value in variables.items():
        dumper = yaml.SafeDumper if name in trusted and trusted[name] == value else _Unsafe
        texts.append(yaml.dump({name: value}, Dumper=dumper, default_flow_style=False))
    return "".join(texts)


def imported(listed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hosts of an inventory as AWX gives them to jobs, from ansible-inventory --list --export."""
    groups = {name: group for name, group in listed.items() if name not in ("_meta", "all")}
    hosts = sorted({host for group in groups.values() for host in group.get("hosts", [])})
    told = {
        host: {**listed["_meta"]["hostvars"].get(host, {}), "remote_tower_enabled": "true", "remote_tower_id": number}
        for number, host in enumerate(hosts, start=1)
    }
    return {**groups, "_meta": {"hostvars": told}}
