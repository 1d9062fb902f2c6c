# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's Microsoft Graph, asked by requests alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from lab.hybrid import ManualClock, empty_hybrid
from lab.laboratory import Laboratory
from lab.model.builder import HybridBuilder
from lab.wire.tokens import GRAPH


class Client:
    def __init__(self, laboratory: Laboratory, build: HybridBuilder, session: requests.Session) -> None:
        self.laboratory, self.build, self.session = laboratory, build, session
        self.token = laboratory.issuer.issue(laboratory.application, audience=GRAPH)

    @property
    def base(self) -> str:
        return f"https://localhost:{self.laboratory.port('graph')}/v1.0"

    def send(self, method: str, path: str, body: Any = None) -> requests.Response:
        url = path if path.startswith("https:") else self.base + path
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.session.request(method, url, json=body, headers=headers, timeout=30)

    def batch(self, *paths: str) -> dict[str, dict[str, Any]]:
        parts = [{"id": str(number), "method": "GET", "url": path} for number, path in enumerate(paths)]
        reply = self.send("POST", "/$batch", {"requests": parts})
        assert reply.status_code == 200
        return {part["id"]: part for part in reply.json()["responses"]}


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Client]:
    hybrid = empty_hybrid(ManualClock())
    with Laboratory(hybrid, tmp_path / "lab") as laboratory, requests.Session() as session:
        session.trust_env = False
        session.verify = str(laboratory.directory / "ca.pem")
        yield Client(laboratory, HybridBuilder(hybrid), session)


def test_a_user_shows_what_is_selected(graph: Client) -> None:
    pair = graph.build.synced("Ann Archer")
    path = f"/users/{pair.cloud.external_directory_object_id}"
    whole = graph.send("GET", f"{path}?$select=onPremisesImmutableId,onPremisesSyncEnabled").json()
    assert whole["onPremisesImmutableId"] == pair.directory.source_anchor
    assert whole["onPremisesSyncEnabled"] is True
    assert "onPremisesImmutableId" not in graph.send("GET", path).json()


def test_a_user_that_was_never_synchronized_has_null(graph: Client) -> None:
    pair = graph.build.cloud_only("Ann Archer")
    user = graph.send("GET", f"/users/{pair.cloud.external_directory_object_id}?$select=onPremisesSyncEnabled").json()
    assert user["onPremisesSyncEnabled"] is None


def test_memberships_come_in_pages(graph: Client) -> None:
    pair = graph.build.cloud_only("Ann Archer")
    pair.cloud.admin_role = True
    first = graph.send("GET", f"/users/{pair.cloud.external_directory_object_id}/transitiveMemberOf").json()
    second = graph.send("GET", first["@odata.nextLink"]).json()
    kinds = [row["@odata.type"].rpartition(".")[2] for row in [*first["value"], *second["value"]]]
    assert kinds == ["group", "group", "directoryRole"]
    assert "@odata.nextLink" not in second


def test_the_switches_of_the_tenant(graph: Client) -> None:
    graph.laboratory.hybrid.tenant.block_soft_match = True
    (found,) = graph.send("GET", "/directory/onPremisesSynchronization?$select=features").json()["value"]
    assert found["features"]["blockSoftMatchEnabled"] is True


def test_a_batch_answers_by_id(graph: Client) -> None:
    pair = graph.build.cloud_only("Ann Archer")
    answers = graph.batch(f"/users/{pair.cloud.external_directory_object_id}", "/users/nobody", "/me")
    assert [answers[key]["status"] for key in ("0", "1", "2")] == [200, 404, 400]
    assert answers["1"]["body"]["error"]["code"] == "Request_ResourceNotFound"


def test_a_batch_has_twenty_requests_at_most(graph: Client) -> None:
    parts = [{"id": str(number), "method": "GET", "url": "/users/x"} for number in range(21)]
    assert graph.send("POST", "/$batch", {"requests": parts}).status_code == 400


def test_a_token_for_exchange_online_is_refused(graph: Client) -> None:
    graph.token = graph.laboratory.issuer.issue(graph.laboratory.application)
    assert graph.send("GET", "/users/x").status_code == 401


def test_a_permission_that_was_not_granted(graph: Client) -> None:
    graph.laboratory.application.graph_roles = ["User.Read.All"]
    graph.token = graph.laboratory.issuer.issue(graph.laboratory.application, audience=GRAPH)
    reply = graph.send("GET", "/directory/onPremisesSynchronization")
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "Authorization_RequestDenied")


def test_throttling_names_the_seconds(graph: Client) -> None:
    graph.laboratory.faults.add("graph", "users", "throttle", retry_after=7)
    part = graph.batch("/users/x")["0"]
    assert (part["status"], part["headers"]["Retry-After"]) == (429, "7")


@pytest.mark.parametrize("kind", ["html_body", "lost_shell", "sync_cycle"])
def test_faults_that_cannot_happen_here(graph: Client, kind: str) -> None:
    with pytest.raises(ValueError, match="cannot happen to graph"):
        graph.laboratory.faults.add("graph", "users", kind)
