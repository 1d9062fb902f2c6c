# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laboratory's own control interface: plain HTTP with JSON, for people and for tests of other processes.

``GET /log?since=N``, ``GET /snapshot``, ``GET /sessions``; ``POST /faults`` (a fault as ``Faults.add`` takes it, in
one object), ``POST /sync_cycle``, ``POST /advance`` (applies what is due; ``{"seconds": N}`` moves a clock that can be
set by hand), ``POST /scenario`` (a condition of lab/model/scenarios.py by ``name``, of one ``mailbox`` or, without it,
of the organization; answers what the wave's record has to say). Every request carries the token that connection.json
holds: a web page that a browser shows has it not.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import requests

from lab.faults import Faults
from lab.hybrid import Hybrid
from lab.hybrid_model import HybridModel
from lab.log import CommandLog
from lab.model import scenarios
from lab.wire.http_server import Request, Response

CONNECTION_FILE = "connection.json"


class Controlled(Protocol):
    """What the control interface reaches of a laboratory."""

    hybrid: HybridModel
    log: CommandLog
    faults: Faults

    def open_sessions(self) -> dict[str, int]: ...


class ControlInterface:
    """An HTTP application."""

    def __init__(self, laboratory: Controlled, token: str) -> None:
        self._laboratory = laboratory
        self._token = token
        self._routes: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "/log"): self._log,
            ("GET", "/snapshot"): lambda request: laboratory.hybrid.snapshot(),
            ("GET", "/sessions"): lambda request: laboratory.open_sessions(),
            ("POST", "/faults"): self._fault,
            ("POST", "/sync_cycle"): self._sync_cycle,
            ("POST", "/advance"): self._advance,
            ("POST", "/scenario"): self._scenario,
        }

    def __call__(self, request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return Response(401)
        route = self._routes.get((request.method, request.path))
        if route is None:
            return Response(404)
        try:
            return _json(200, route(request))
        except (ValueError, TypeError, KeyError) as problem:
            return _json(400, {"error": str(problem)})

    def _log(self, request: Request) -> list[dict[str, Any]]:
        return self._laboratory.log.entries(since=int(request.query.get("since", "0")))

    def _fault(self, request: Request) -> dict[str, int]:
        fault = json.loads(request.body)
        return {"number": self._laboratory.faults.add(**fault)}

    def _sync_cycle(self, request: Request) -> dict[str, bool]:
        self._laboratory.hybrid.run_scheduled_cycle()
        return {"done": True}

    def _advance(self, request: Request) -> dict[str, str]:
        seconds = json.loads(request.body or b"{}").get("seconds", 0)
        clock = self._laboratory.hybrid.clock
        if seconds:
            move = getattr(clock, "advance", None)
            if move is None:
                raise ValueError("this laboratory follows the machine's clock, which cannot be moved")
            move(float(seconds))
        self._laboratory.hybrid.advance()
        return {"now": clock.now().isoformat()}

    def _scenario(self, request: Request) -> dict[str, Any]:
        hybrid = self._laboratory.hybrid
        wanted = json.loads(request.body)
        if not isinstance(hybrid, Hybrid):
            raise ValueError("this laboratory's organization knows no scenarios")
        try:
            return scenarios.put(hybrid, wanted["name"], wanted.get("mailbox") or "")
        except LookupError as problem:
            raise ValueError(str(problem).strip("'")) from problem


def _json(status: int, document: Any) -> Response:
    return Response(status, json.dumps(document).encode(), "application/json")


class ControlClient:
    """Talks to a laboratory that runs in another process, found by its directory."""

    def __init__(self, directory: Path) -> None:
        """Raises FileNotFoundError where no laboratory was started in ``directory``."""
        control = json.loads((directory / CONNECTION_FILE).read_text(encoding="utf-8"))["control"]
        self._url = str(control["url"])
        self._headers = {"Authorization": f"Bearer {control['token']}"}

    def log(self, since: int = 0) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._call("GET", f"/log?since={since}")
        return entries

    def snapshot(self) -> dict[str, Any]:
        snapshot: dict[str, Any] = self._call("GET", "/snapshot")
        return snapshot

    def sessions(self) -> dict[str, int]:
        sessions: dict[str, int] = self._call("GET", "/sessions")
        return sessions

    def add_fault(self, organization: str, cmdlet: str, kind: str, **arguments: Any) -> int:
        """Arm a fault as ``Faults.add`` does; return its number. Raises ValueError for one that makes no sense."""
        fault = {"organization": organization, "cmdlet": cmdlet, "kind": kind, **arguments}
        return int(self._call("POST", "/faults", fault)["number"])

    def sync_cycle(self) -> None:
        self._call("POST", "/sync_cycle")

    def scenario(self, name: str, mailbox: str = "") -> dict[str, Any]:
        """Put a condition on a mailbox, or on the organization; return what the wave's record has to say."""
        record: dict[str, Any] = self._call("POST", "/scenario", {"name": name, "mailbox": mailbox})
        return record

    def advance(self, seconds: float = 0) -> str:
        """Apply what is due, after moving the clock; return the laboratory's time."""
        return str(self._call("POST", "/advance", {"seconds": seconds})["now"])

    def _call(self, method: str, path: str, document: Any = None) -> Any:
        with requests.Session() as session:
            session.trust_env = False  # a proxy cannot reach this machine's loopback
            response = session.request(method, self._url + path, json=document, headers=self._headers, timeout=60)
        if response.status_code == 400:
            raise ValueError(response.json()["error"])
        response.raise_for_status()
        return response.json()
