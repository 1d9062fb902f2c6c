# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""As much of an automation controller as ansible-rulebook asks to launch job templates and to learn how they ended."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-the-rulebook"


class Controller(ThreadingHTTPServer):
    """Answers for these templates; each launched job has succeeded by the time that it is asked for."""

    daemon_threads = True

    def __init__(self, templates: list[str], organization: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.templates, self.organization = templates, organization
        self.launched: list[tuple[str, Any]] = []
        self.refused = 0
        self.news = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Controller:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.shutdown()
        self.server_close()

    def until(self, number: int, seconds: float) -> list[str]:
        """Return the names of the launched templates as soon as there are so many, or when time is up."""
        with self.news:
            self.news.wait_for(lambda: len(self.launched) >= number, seconds)
            return [name for name, _given in self.launched]


class Handler(BaseHTTPRequestHandler):
    server: Controller

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        if not self._knows():
            return
        if place.path.endswith("/config/"):
            self._answer({"version": "24.6.1"})
        elif place.path.endswith("/unified_job_templates/"):
            wanted = parse_qs(place.query).get("name", [""])[0]
            found = [self._template(n, name) for n, name in enumerate(self.server.templates, 1) if name == wanted]
            self._answer({"count": len(found), "next": None, "results": found})
        elif place.path.endswith("/unified_jobs/") or place.path.endswith("/jobs/"):
            jobs = [self._job(number) for number in range(1, len(self.server.launched) + 1)]
            self._answer({"count": len(jobs), "next": None, "results": jobs})
        elif "/jobs/" in place.path:
            self._answer(self._job(int(place.path.rstrip("/").rpartition("/")[2])))
        else:
            self._answer({"detail": "Not found."}, 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
        if not self._knows():
            return
        name = self.server.templates[int(self.path.rstrip("/").split("/")[-2]) - 1]
        with self.server.news:
            self.server.launched.append((name, body))
            number = len(self.server.launched)
            self.server.news.notify_all()
        self._answer(self._job(number), 201)

    def _knows(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {TOKEN}":
            return True
        self.server.refused += 1
        self._answer({"detail": "Authentication credentials were not provided."}, 401)
        return False

    def _template(self, number: int, name: str) -> dict[str, Any]:
        return {
            "id": number, "type": "job_template", "name": name,
            "related": {"launch": f"/api/v2/job_templates/{number}/launch/"},
            "summary_fields": {"organization": {"name": self.server.organization}},
            "ask_limit_on_launch": False, "ask_labels_on_launch": False, "ask_inventory_on_launch": False,
            "ask_variables_on_launch": True,
        }  # fmt: skip

    def _job(self, number: int) -> dict[str, Any]:
        return {
            "id": number, "job": number, "type": "job", "url": f"/api/v2/jobs/{number}/", "status": "successful",
            "artifacts": {}, "created": "2026-12-01T00:00:00Z", "finished": "2026-12-01T00:00:01Z",
        }  # fmt: skip

    def _answer(self, content: Any, status: int = 200) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_what: Any) -> None:
        """Say nothing."""
