# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A workflow as AWX walks through it (awx/main/models/workflow.py, awx/main/scheduler/dag_workflow.py).

Not modelled: nodes that wait for all of their parents, workflows within workflows, and nodes that run at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.integration.awx import surveys
from tests.integration.awx.controller import Store
from tests.integration.awx.injection import Refused
from tests.integration.awx.resources import Item

NODES = "workflow_job_template_nodes"
WAYS = {"successful": ("success_nodes", "always_nodes"), "failed": ("failure_nodes", "always_nodes")}


class WorkflowRun:
    """One launch of a workflow."""

    def __init__(self, store: Store, name: str, answers: Mapping[str, Any], limit: str = "") -> None:
        template = store.named("workflow_job_templates", name)
        spec = store.surveys.get(template["id"], {})
        accepted, errors = surveys.split(template, spec, answers)
        if errors:
            raise Refused("variables_needed_to_start", errors[0])
        self._store = store
        self._variables = surveys.variables(spec, json.loads(template["extra_vars"] or "{}"), accepted)
        self._limit = limit
        self._number = template["id"]
        self._nodes = [n for n in store.tables[NODES].values() if n["workflow_job_template"] == template["id"]]
        self._ended: dict[int, str] = {}
        self._artifacts: dict[int, dict[str, Any]] = {}

    def due(self) -> Item | None:
        """Return the next node, or nothing if the workflow has ended."""
        waiting = [node for node in self._nodes if node["id"] not in self._ended]
        return next((node for node in waiting if self._is_reached(node["id"])), None)

    def _is_reached(self, number: int) -> bool:
        parents = [node["id"] for node in self._nodes if number in self._children(node["id"])]
        return not parents or any(
            number in self._store.related(NODES, parent, way)
            for parent in parents if parent in self._ended
            for way in WAYS[self._ended[parent]]
        )  # fmt: skip

    def _children(self, number: int) -> set[int]:
        ways = ("success_nodes", "failure_nodes", "always_nodes")
        return {child for way in ways for child in self._store.related(NODES, number, way)}

    def is_approval(self, node: Item) -> bool:
        return node["unified_job_template"] in self._store.tables["workflow_approval_templates"]

    def job(self, node: Item) -> Item:
        """Make the job of a node: its own answers, over them the artifacts of the nodes before, then the workflow's.

        Artifacts and the workflow's variables reach a template whether it asks for them or not.
        """
        template = self._store.get("job_templates", node["unified_job_template"])
        given = {**node["extra_data"], **self._before(node["id"]), **self._variables}
        limit = self._limit if template["ask_limit_on_launch"] else template["limit"]
        return self._store.start(template, given, limit, launch_type="workflow", workflow_job=self._number)

    def _before(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for node in self._nodes:
            if number in self._children(node["id"]) and node["id"] in self._ended:
                found |= {**self._before(node["id"]), **self._artifacts[node["id"]]}
        return found

    def end(self, node: Item, status: str, artifacts: Mapping[str, Any] | None = None) -> None:
        """Take note of what came of a node; a denied approval has failed."""
        self._ended[node["id"]] = status
        self._artifacts[node["id"]] = dict(artifacts or {})

    @property
    def status(self) -> str:
        """Failed, if a node has failed that no other follows in that case."""
        failed = [number for number, status in self._ended.items() if status == "failed"]
        handled = [n for n in failed if any(self._store.related(NODES, n, way) for way in WAYS["failed"])]
        return "failed" if len(handled) < len(failed) else "successful"
