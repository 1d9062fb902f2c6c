# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API of AWX stores of each kind of object, and what it refuses (awx/api/serializers.py, awx/main/models)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.integration.awx import injection, surveys
from tests.integration.awx.injection import Refused

Item = dict[str, Any]
ENCRYPTED = "$encrypted$"
NOTIFICATIONS = ("started", "success", "error")
RRULE = re.compile(r"DTSTART(;TZID=[\w/]+)?:\d{8}T\d{6}Z? RRULE:FREQ=(MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY)\S*")
# What a notification of each type has to be given (init_parameters in awx/main/notifications).
NOTIFICATION_TYPES = {
    "email": {"host": str, "port": int, "username": str, "password": str, "use_tls": bool, "use_ssl": bool,
              "sender": str, "recipients": list, "timeout": int},
    "webhook": {"url": str, "disable_ssl_verification": bool, "username": str, "password": str, "headers": dict,
                "http_method": str},
}  # fmt: skip
PROMPTS: Mapping[str, Any] = {
    f"ask_{name}_on_launch": False
    for name in ("variables", "limit", "job_type", "verbosity", "inventory", "credential", "tags", "skip_tags")
}


@dataclass(frozen=True)
class Kind:
    """One kind of object: its fields with their defaults, what refers to what, and what makes two of them the same."""

    type: str
    fields: Mapping[str, Any]
    required: tuple[str, ...] = ("name",)
    unique: tuple[str, ...] = ("name",)
    refers: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[Any, Item], None] = lambda _store, _item: None


def _notifications(*names: str) -> dict[str, str]:
    return {f"notification_templates_{name}": "notification_templates" for name in names}


def _check_credential_type(_store: Any, item: Item) -> None:
    if item["kind"] not in ("cloud", "net"):
        raise Refused("kind", f"Must be 'cloud' or 'net', not {item['kind']}")
    injection.check_type(item["inputs"], item["injectors"])


def _check_credential(store: Any, item: Item) -> None:
    injection.check_inputs(store.get("credential_types", item["credential_type"]), item["inputs"])


def _check_job_template(store: Any, item: Item) -> None:
    project = store.get("projects", item["project"])
    if item["playbook"] not in store.playbooks:
        raise Refused("playbook", "Playbook not found for project.")
    item["organization"] = project["organization"]
    _check_json(item, "extra_vars")


def _check_json(item: Item, name: str) -> None:
    if item[name] and not isinstance(json.loads(item[name]), dict):
        raise Refused(name, "Must be a dictionary")


def _check_inventory_source(store: Any, item: Item) -> None:
    if item["source"] != "scm":
        raise Refused("source", f"{item['source']} is not modelled")
    if not item["source_project"]:
        raise Refused("source_project", "Project required for scm type sources.")
    if item["credential"]:
        kind = store.get("credential_types", store.get("credentials", item["credential"])["credential_type"])["kind"]
        if kind != "cloud":
            raise Refused("credential", f"Credentials of type {kind} are disallowed for scm inventory sources.")


def _check_notification(_store: Any, item: Item) -> None:
    wanted, given = NOTIFICATION_TYPES[item["notification_type"]], item["notification_configuration"]
    missing = sorted(set(wanted) - set(given))
    if missing:
        raise Refused("notification_configuration", f"Missing required fields: {missing}.")
    for name, value in given.items():
        if not isinstance(value, wanted[name]):
            raise Refused("notification_configuration", f"Configuration field '{name}' incorrect type.")


def _check_schedule(store: Any, item: Item) -> None:
    if not RRULE.fullmatch(item["rrule"]):
        raise Refused("rrule", f"{item['rrule']} is not a valid rrule")
    _check_prompts(store, item, required=True)


def _check_prompts(store: Any, item: Item, required: bool = False) -> None:
    """Refuse variables that the template does not ask for, and of a schedule, that one is missing which it requires."""
    template = store.unified(item["unified_job_template"]) if item["unified_job_template"] else None
    if template is None or "survey_enabled" not in template:
        return
    spec = store.surveys.get(template["id"], {})
    _accepted, errors = surveys.split(template, spec, item["extra_data"], required=required)
    if errors:
        raise Refused("extra_vars", errors[0])


KINDS: Mapping[str, Kind] = {
    "organizations": Kind(
        "organization", {"description": "", "max_hosts": 0},
        lists={"galaxy_credentials": "credentials", **_notifications(*NOTIFICATIONS, "approvals")},
    ),
    "credential_types": Kind(
        "credential_type", {"description": "", "kind": "", "inputs": {}, "injectors": {}, "managed": False},
        required=("name", "kind"), unique=("name", "kind"), check=_check_credential_type,
    ),
    "credentials": Kind(
        "credential", {"description": "", "inputs": {}}, required=("name", "credential_type"),
        unique=("organization", "name", "credential_type"), check=_check_credential,
        refers={"organization": "organizations", "credential_type": "credential_types"},
    ),
    "execution_environments": Kind(
        "execution_environment", {"description": "", "image": "", "pull": ""}, required=("name", "image"),
        refers={"organization": "organizations", "credential": "credentials"},
    ),
    "projects": Kind(
        "project", {"description": "", "scm_type": "", "scm_url": "", "scm_branch": "", "scm_revision": ""},
        unique=("organization", "name"), refers={"organization": "organizations", "credential": "credentials"},
        lists=_notifications(*NOTIFICATIONS),
    ),
    "inventories": Kind(
        "inventory", {"description": "", "kind": "", "host_filter": None, "variables": ""},
        required=("name", "organization"), unique=("organization", "name"), refers={"organization": "organizations"},
    ),
    "inventory_sources": Kind(
        "inventory_source",
        {"description": "", "source": "", "source_path": "", "source_vars": "", "overwrite": False,
         "overwrite_vars": False, "update_on_launch": False},
        required=("name", "inventory"), unique=("inventory", "name"), check=_check_inventory_source,
        refers={"inventory": "inventories", "source_project": "projects", "credential": "credentials",
                "execution_environment": "execution_environments"},
        lists=_notifications(*NOTIFICATIONS),
    ),
    "notification_templates": Kind(
        "notification_template",
        {"description": "", "notification_type": "", "notification_configuration": {}, "messages": None},
        required=("name", "organization", "notification_type"), unique=("organization", "name"),
        refers={"organization": "organizations"}, check=_check_notification,
    ),
    "job_templates": Kind(
        "job_template",
        {"description": "", "job_type": "run", "playbook": "", "extra_vars": "", "limit": "", "verbosity": 0,
         "survey_enabled": False, **PROMPTS},
        required=("name", "playbook", "project"), unique=("organization", "name"), check=_check_job_template,
        refers={"organization": "organizations", "inventory": "inventories", "project": "projects",
                "execution_environment": "execution_environments"},
        lists={"credentials": "credentials", **_notifications(*NOTIFICATIONS)},
    ),
    "workflow_job_templates": Kind(
        "workflow_job_template",
        {"description": "", "extra_vars": "", "limit": None, "survey_enabled": False, **PROMPTS},
        unique=("organization", "name"), check=lambda _store, item: _check_json(item, "extra_vars"),
        refers={"organization": "organizations", "inventory": "inventories"},
        lists=_notifications(*NOTIFICATIONS, "approvals"),
    ),
    "workflow_job_template_nodes": Kind(
        "workflow_job_template_node",
        {"identifier": "", "extra_data": {}, "limit": None, "all_parents_must_converge": False},
        required=("workflow_job_template",), unique=("workflow_job_template", "identifier"), check=_check_prompts,
        refers={"workflow_job_template": "workflow_job_templates", "unified_job_template": "unified_job_templates",
                "inventory": "inventories"},
        lists=dict.fromkeys(("success_nodes", "failure_nodes", "always_nodes"), "workflow_job_template_nodes"),
    ),
    "workflow_approval_templates": Kind(
        "workflow_approval_template", {"description": "", "timeout": 0}, unique=(),
    ),
    "schedules": Kind(
        "schedule", {"description": "", "rrule": "", "enabled": True, "extra_data": {}, "limit": None},
        required=("name", "rrule", "unified_job_template"), unique=("unified_job_template", "name"),
        refers={"unified_job_template": "unified_job_templates"}, check=_check_schedule,
    ),
}  # fmt: skip
# Read through one address, though each is stored under its own.
UNIFIED = ("job_templates", "workflow_job_templates", "projects", "inventory_sources")
