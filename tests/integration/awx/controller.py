# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small controller: the part of AWX's API that the collection awx.awx uses for the kit, over HTTP on loopback.

Written from the source of AWX 24 (awx/main/models/{credential,mixins,workflow}.py, awx/main/fields.py, awx/api/views,
awx/main/tasks/jobs.py), as the modules beside it, before and apart from the playbook that is tested against them.

Modelled: lists with filters and pages, details, creation and change with what AWX validates, secrets that are never
shown again, associations (with cycles and exclusive links of workflow nodes), surveys, approvals, the update of a new
project, launches. An unknown field of a request is ignored, an unknown filter refused, as AWX does.

Not modelled: users, roles and permissions (one token may do everything), named URLs, labels, instance groups, copies,
webhooks, check-outs of a project (its playbooks are given), synchronizations of an inventory, deletion, and the
execution of jobs, which ``execution.py`` does as far as tests need it.
"""

from __future__ import annotations

import copy
import json
import re
import threading
from collections.abc import Collection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.integration.awx import injection, surveys
from tests.integration.awx.injection import Refused
from tests.integration.awx.resources import ENCRYPTED, KINDS, UNIFIED, Item

ROOT = "/api/v2/"
TOKEN = "a-token-of-the-administrator"
PAGE = 25
Answer = tuple[int, Any]


class Missing(Exception):
    """AWX answers with HTTP 404."""


class Store:
    """The objects, and what may be done with them."""

    def __init__(self, playbooks: Collection[str]) -> None:
        self.playbooks = set(playbooks)
        self.tables: dict[str, dict[int, Item]] = {name: {} for name in [*KINDS, "project_updates", "jobs"]}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.surveys: dict[int, Item] = {}
        self.writes: list[tuple[str, str]] = []
        self._last = 0
        # What every AWX has.
        galaxy = {"name": "Ansible Galaxy/Automation Hub API Token", "kind": "galaxy", "inputs": {}, "injectors": {}}
        kind = self._add("credential_types", {**galaxy, "managed": True})
        self._add("credentials", {"name": "Ansible Galaxy", "credential_type": kind["id"], "inputs": {},
                                  "organization": None})  # fmt: skip

    def get(self, table: str, number: int) -> Item:
        if number not in self.tables[table]:
            raise Missing(f"{table} {number}")
        return self.tables[table][number]

    def named(self, table: str, name: str, field: str = "name") -> Item:
        (item,) = [item for item in self.tables[table].values() if item[field] == name]
        return item

    def unified(self, number: int) -> Item | None:
        """Return a template of any kind; None is an approval."""
        return next((self.tables[table][number] for table in UNIFIED if number in self.tables[table]), None)

    def related(self, table: str, number: int, name: str) -> list[int]:
        return self.links.setdefault((table, number, name), [])

    def _add(self, table: str, item: Item) -> Item:
        self._last += 1
        item["id"] = self._last
        self.tables[table][self._last] = item
        return item

    # -- creation and change --------------------------------------------------------------------------------------

    def create(self, table: str, given: Item) -> Item:
        kind = KINDS[table]
        empty = {**copy.deepcopy(dict(kind.fields)), **dict.fromkeys(kind.refers), "name": ""}
        item = {**empty, **{name: value for name, value in given.items() if name in empty}}
        for name in kind.required:
            if item[name] in ("", None):
                raise Refused(name, "This field is required.")
        self._check(table, item)
        item = self._add(table, item)
        if table == "projects" and item["scm_type"]:
            update = self._add("project_updates", {"status": "successful", "finished": "now", "failed": False})
            item["current_update"] = update["id"]
        return item

    def change(self, table: str, number: int, given: Item) -> Item:
        old = self.get(table, number)
        new = {**old, **{name: value for name, value in given.items() if name in old and name != "id"}}
        if table == "credentials":
            kept = {name: old["inputs"].get(name) for name, value in new["inputs"].items() if value == ENCRYPTED}
            new["inputs"] = {**new["inputs"], **kept}
        self._check(table, new)
        old.update(new)
        return old

    def _check(self, table: str, item: Item) -> None:
        kind = KINDS[table]
        for name, target in kind.refers.items():
            tables = UNIFIED if target == "unified_job_templates" else (target,)
            tables = (*tables, "workflow_approval_templates") if len(tables) > 1 else tables
            if item[name] is not None and not any(item[name] in self.tables[place] for place in tables):
                raise Refused(name, f'Invalid pk "{item[name]}" - object does not exist.')
        kind.check(self, item)
        same = [
            other for other in self.tables[table].values()
            if kind.unique and all(other[name] == item[name] for name in kind.unique)
        ]  # fmt: skip
        if any(other.get("id") != item.get("id") for other in same):
            raise Refused("__all__", f"{kind.type} with this {' and '.join(kind.unique)} already exists.")

    # -- associations ---------------------------------------------------------------------------------------------

    def associate(self, table: str, number: int, name: str, given: Item) -> None:
        known, other = self.related(table, number, name), int(given["id"])
        if given.get("disassociate"):
            known.remove(other)
            return
        self.get(KINDS[table].lists[name], other)
        if name == "credentials":
            self._check_types(known, other)
        if table == "workflow_job_template_nodes":
            self._check_link(number, name, other)
        if other not in known:
            known.append(other)

    def _check_types(self, known: list[int], other: int) -> None:
        types = [self.get("credentials", number)["credential_type"] for number in (*known, other)]
        if len(set(types)) < len(types):
            raise Refused("error", "Cannot assign multiple credentials of one type.")
        if self.get("credential_types", types[-1])["kind"] not in ("ssh", "vault", "cloud", "net", "kubernetes"):
            raise Refused("error", "Cannot assign a Credential of this kind.")

    def _check_link(self, number: int, name: str, other: int) -> None:
        table = "workflow_job_template_nodes"
        if self.get(table, number)["workflow_job_template"] != self.get(table, other)["workflow_job_template"]:
            raise Refused("Error", "Nodes are of different workflows.")
        if any(other in self.related(table, number, way) for way in KINDS[table].lists if way != name):
            raise Refused("Error", "Relationship not allowed.")
        if number == other or number in self._reached(other):
            raise Refused("Error", "Cycle detected.")

    def _reached(self, number: int) -> set[int]:
        table = "workflow_job_template_nodes"
        below = {child for way in KINDS[table].lists for child in self.related(table, number, way)}
        return below.union(*(self._reached(child) for child in below))

    # -- launches -------------------------------------------------------------------------------------------------

    def launch(self, number: int, given: Item, **more: Any) -> Item:
        """Make the job of a job template, as somebody who launches it does: with all that AWX would refuse."""
        template, spec = self.get("job_templates", number), self.surveys.get(number, {})
        accepted, errors = surveys.split(template, spec, given.get("extra_vars", {}))
        if errors:
            raise Refused("variables_needed_to_start", errors[0])
        for name in {"limit", "job_type", "verbosity"} & set(given):
            if not template[f"ask_{name}_on_launch"]:
                raise Refused(name, "Field is not configured to prompt on launch.")
        return self.start(template, accepted, given.get("limit", template["limit"]), **more)

    def start(self, template: Item, accepted: Item, limit: str, **more: Any) -> Item:
        """Make a job whose prompts were accepted."""
        own = json.loads(template["extra_vars"] or "{}")
        spec = self.surveys.get(template["id"], {}) if template["survey_enabled"] else {}
        job = {
            "name": template["name"], "status": "pending", "job_template": template["id"], "limit": limit,
            "playbook": template["playbook"], "extra_vars": surveys.variables(spec, own, accepted),
            "launch_type": "manual", "inventory": template["inventory"], "artifacts": {}, **more,
        }  # fmt: skip
        return self._add("jobs", job)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Controller

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing on stderr."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        try:
            status, told = self._routed(method, url.path, dict(parse_qsl(url.query)), json.loads(body or b"{}"))
        except Missing:
            status, told = 404, {"detail": "Not found."}
        except Refused as refused:
            status, told = 400, {refused.field: [refused.message]}
        text = b"" if status == 204 else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _routed(self, method: str, path: str, query: dict[str, str], given: Item) -> Answer:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"detail": "Authentication credentials were not provided."}
        if not path.endswith("/"):
            return 404, {"detail": "Not found."}
        table, *rest = path.removeprefix(ROOT).strip("/").split("/")
        with self.server.lock:
            if method != "GET":
                self.server.store.writes.append((method, path))
            view = View(self.server.store)
            if not rest:
                return view.many(table, query) if method == "GET" else view.added(table, given)
            if len(rest) == 1:
                return view.one(method, table, int(rest[0]), given)
            return view.below(method, table, int(rest[0]), rest[1], query, given)


class View:
    """The answers of one request."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def many(self, table: str, query: dict[str, str]) -> Answer:
        if table == "unified_job_templates":
            found = [self._shown(name, item) for name in UNIFIED for item in self._store.tables[name].values()]
        elif table in self._store.tables:
            found = [self._shown(table, item) for item in self._store.tables[table].values()]
        else:
            raise Missing(table)
        return 200, _page(found, query, f"{ROOT}{table}/")

    def added(self, table: str, given: Item) -> Answer:
        if table not in KINDS or table == "workflow_approval_templates":
            return 405, {"detail": 'Method "POST" not allowed.'}
        return 201, self._shown(table, self._store.create(table, given))

    def one(self, method: str, table: str, number: int, given: Item) -> Answer:
        if table not in self._store.tables:
            raise Missing(table)
        if method == "PATCH":
            self._store.change(table, number, given)
        elif method != "GET":
            return 405, {"detail": f'Method "{method}" not allowed.'}
        return 200, self._shown(table, self._store.get(table, number))

    def below(self, method: str, table: str, number: int, name: str, query: dict[str, str], given: Item) -> Answer:
        self._store.get(table, number)
        if name == "survey_spec" and table in ("job_templates", "workflow_job_templates"):
            return self._survey(method, number, given)
        if (method, table, name) == ("POST", "job_templates", "launch"):
            return 201, self._store.launch(number, given)
        if (method, table, name) == ("POST", "workflow_job_template_nodes", "create_approval_template"):
            approval = self._store.create("workflow_approval_templates", given)
            self._store.get(table, number)["unified_job_template"] = approval["id"]
            return 201, self._shown("workflow_approval_templates", approval)
        if table not in KINDS or name not in KINDS[table].lists:
            raise Missing(name)
        if method == "POST":
            self._store.associate(table, number, name, given)
            return 204, None
        target = KINDS[table].lists[name]
        related = self._store.related(table, number, name)
        found = [self._shown(target, self._store.get(target, other)) for other in related]
        return 200, _page(found, query, f"{ROOT}{table}/{number}/{name}/")

    def _survey(self, method: str, number: int, given: Item) -> Answer:
        if method == "GET":
            return 200, self._store.surveys.get(number, {})
        error = surveys.spec_error(given) if method == "POST" else None
        if error:
            return 400, {"error": error}
        self._store.surveys[number] = given if method == "POST" else {}
        return 200, {}

    def _shown(self, table: str, item: Item) -> Item:
        """Return an object as the API shows it: with its addresses and without its secrets."""
        url = f"{ROOT}{table}/{item['id']}/"
        shown = {**copy.deepcopy(item), "type": KINDS[table].type if table in KINDS else table[:-1], "url": url}
        update = shown.pop("current_update", None)
        shown["summary_fields"] = {"current_update": {"id": update}} if update else {}
        shown["related"] = {}
        if table in ("job_templates", "workflow_job_templates"):
            shown["related"]["survey_spec"] = f"{url}survey_spec/"
        if table == "credentials":
            hidden = injection.secrets(self._store.get("credential_types", item["credential_type"]))
            shown["inputs"] = {name: ENCRYPTED if name in hidden else value for name, value in item["inputs"].items()}
        if table == "inventory_sources":
            shown["organization"] = self._store.get("inventories", item["inventory"])["organization"]
        if table == "notification_templates" and item["notification_configuration"].get("password"):
            shown["notification_configuration"]["password"] = ENCRYPTED
        template = item.get("unified_job_template")
        if template:
            places = [*UNIFIED, "workflow_approval_templates"]
            (place,) = [place for place in places if template in self._store.tables[place]]
            shown["related"]["unified_job_template"] = f"{ROOT}{place}/{template}/"
        return shown


def _page(found: list[Item], query: dict[str, str], url: str) -> Item:
    asked = {name: value for name, value in query.items() if name not in ("page", "page_size", "order_by")}
    either = {name.removeprefix("or__"): asked.pop(name) for name in list(asked) if name.startswith("or__")}
    # The fields of an object; those of the objects that it refers to are not modelled as filters.
    for name in [*asked, *either]:
        if found and name not in found[0]:
            raise Refused("detail", f"{found[0]['type']} has no field named '{name}'")
    kept = [item for item in found if all(_is(item[name], value) for name, value in asked.items())]
    if either:
        kept = [item for item in kept if any(_is(item[name], value) for name, value in either.items())]
    page, size = int(query.get("page", 1)), min(int(query.get("page_size", PAGE)), 200)
    more = {**{name: value for name, value in query.items() if name != "page"}, "page": str(page + 1)}
    address = f"{url}?{'&'.join(f'{name}={value}' for name, value in more.items())}"
    return {
        "count": len(kept), "previous": None, "next": address if page * size < len(kept) else None,
        "results": kept[(page - 1) * size : page * size],
    }  # fmt: skip


def _is(value: Any, asked: str) -> bool:
    if isinstance(value, int) and not re.fullmatch(r"\d+", asked):
        raise Refused("detail", f"Field expected a number but got '{asked}'.")
    return str(value) == asked


class Controller(ThreadingHTTPServer):
    """The controller on a free port of loopback."""

    daemon_threads = True

    def __init__(self, playbooks: Collection[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.store = Store(playbooks)
        self.lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def environment(self) -> dict[str, str]:
        address = f"http://127.0.0.1:{self.server_address[1]}"
        return {"CONTROLLER_HOST": address, "CONTROLLER_OAUTH_TOKEN": TOKEN, "CONTROLLER_VERIFY_SSL": "false"}

    def __enter__(self) -> Controller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
