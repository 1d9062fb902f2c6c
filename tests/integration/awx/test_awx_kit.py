# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kit for AWX: playbooks/awx_setup.yml makes it with the collection awx.awx, and its jobs bring mailboxes home.

The tests share one controller, from its setup on, and one laboratory.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
import yaml

from lab.model.demo import demo_hybrid
from tests.integration.awx import execution
from tests.integration.awx.controller import Controller
from tests.integration.awx.execution import Prepared
from tests.integration.awx.injection import Refused
from tests.integration.awx.resources import Item
from tests.integration.awx.workflow import WorkflowRun
from tests.integration.conftest import opened
from tests.integration.harness import BINARIES, ROOT, SPEED, Bench, Run
from tests.tools.awx_credential_types import credential_types
from tests.unit.test_readme import role_options

KIT = ROOT / "extensions" / "awx"
PROJECT = KIT / "project"
PLAYBOOKS = [path.name for path in PROJECT.glob("*.yml") if path.name != "all.mailbox_waves.yml"]
DATA: dict[str, Any] = yaml.safe_load((KIT / "kit.yml").read_text(encoding="utf-8"))
TYPES = credential_types()
CONNECTION = re.compile(r"(EXCHANGE_|ENTRA_|ACTIVE_DIRECTORY_|REMOTE_CREDENTIAL_|OFFBOARDING_)")
WAVES = """identity,wave,remote_target_database,target_delivery_domain
ann.archer@contoso.com,pilot,DB01,
board.room@contoso.com,pilot,DB02,
chen.wei@fabrikam.com,berlin,DB01,fabrikam.com
sales.desk@contoso.com,berlin,DB02,
"""
MOVES = "Mailbox moves - "


class Site:
    """A laboratory, a controller that was set up for it, and the repository of the project."""

    def __init__(self, bench: Bench, controller: Controller, directory: Path) -> None:
        self.bench = bench
        self.controller = controller
        self.store = controller.store
        self.project = directory / "mailbox-moves"
        self._jobs = directory / "jobs"
        self._copy_project()
        self.setup = self.set_up()
        assert self.setup.succeeded, self.setup.output
        self._hosts: dict[str, Any] = {}

    def _copy_project(self) -> None:
        """Do what docs/awx.md says: copy the project, replace the CSV, and name the directory that all jobs share."""
        shutil.copytree(PROJECT, self.project)
        (self.project / "waves.csv").write_text(WAVES, encoding="utf-8")
        source = self.project / "all.mailbox_waves.yml"
        text = source.read_text(encoding="utf-8")
        assert text.count("\ndirectory: offboarding\n") == 1
        shared = f"\ndirectory: {self.bench.offboarding_directory}\n"
        source.write_text(text.replace("\ndirectory: offboarding\n", shared), encoding="utf-8")

    def set_up(self, **variables: Any) -> Run:
        self.bench.environment = self.controller.environment()
        own = {"kit_credentials": self.credentials(), "kit_variables": self.variables(), **variables}
        return self.bench.run(ROOT / "playbooks" / "awx_setup.yml", variables=own)

    def credentials(self) -> dict[str, dict[str, Any]]:
        """Return the credentials of the laboratory, as somebody fills them in: a file is pasted as its text."""
        environment, found = self.bench.laboratory.environment(), {}
        for option, kind in TYPES.items():
            inputs = {}
            for variable, template in kind["injectors"]["env"].items():
                name = (
                    re.findall(r"\w+", template)[-1] if "tower" not in template else template.split()[1].split(".")[2]
                )
                if variable in environment:
                    value = environment[variable]
                    inputs[name] = Path(value).read_text(encoding="utf-8") if "tower" in template else value
            if inputs:
                found[option] = {"name": f"Laboratory {option}", "inputs": inputs}
        return found

    def variables(self) -> dict[str, Any]:
        return {
            **DATA["kit_variables"], "offboarding_directory": str(self.bench.offboarding_directory),
            "offboarding_wait_sleep": 1, "offboarding_match_sleep": 1, "offboarding_match_timeout": 60,
            "offboarding_wait_timeout": 120,
        }  # fmt: skip

    # -- jobs -----------------------------------------------------------------------------------------------------

    def synchronize(self) -> list[str]:
        """Run the inventory's source as AWX does, and return its hosts."""
        environment = {**self.base(), "PATH": os.environ["PATH"]}
        arguments = ["ansible-inventory", "--list", "--export", "-i", "all.mailbox_waves.yml"]
        done = subprocess.run(
            [str(BINARIES / arguments[0]), *arguments[1:]],
            cwd=self.project, env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        self._hosts = execution.imported(json.loads(done.stdout))
        return sorted(self._hosts["_meta"]["hostvars"])

    def base(self) -> dict[str, str]:
        """Return what an execution environment has: nothing of a connection."""
        self.bench.environment = {}
        return {name: value for name, value in self.bench._environment().items() if not CONNECTION.match(name)}

    def prepared(self, job: Item, seen_as: Path | None = None) -> Prepared:
        place = self._jobs / str(job["id"])
        return execution.prepare(self.store, job, self.project, self._hosts, place, seen_as or place)

    def launched(self, name: str, limit: str = "", **answers: Any) -> Run:
        """Launch a template by its answers, and run its job."""
        given = {"extra_vars": answers, **({"limit": limit} if limit else {})}
        return self.run(self.store.launch(self.store.named("job_templates", MOVES + name)["id"], given))

    def run(self, job: Item) -> Run:
        job_files = self.prepared(job)
        self.bench.environment = job_files.environment
        arguments = ["-i", str(job_files.inventory), "-e", f"@{job_files.extra_variables}", *job_files.arguments]
        return self.bench.run(job_files.project / job_files.playbook, *arguments, variables={})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("awx")
    with opened(demo_hybrid(speed=SPEED), directory) as bench, Controller(PLAYBOOKS) as controller:
        yield Site(bench, controller, directory)


def artifacts(run: Run) -> dict[str, Any]:
    """Return what a job has set with set_stats, as AWX passes it to the nodes that follow."""
    told = [task.result["ansible_stats"] for task in run.tasks if "ansible_stats" in task.result]
    return {name: value for stats in told if not stats["per_host"] for name, value in stats["data"].items()}


def outcome(run: Run) -> dict[str, Any]:
    """Return what a job says of its only wave, or of all together."""
    (told,) = artifacts(run)["offboarding_outcome"].values()
    return dict(told)


# -- the setup --------------------------------------------------------------------------------------------------------


def test_everything_in_the_data_is_made(site: Site) -> None:
    store = site.store
    assert [item["name"] for item in store.tables["job_templates"].values()] == [
        template["name"] for template in DATA["kit_job_templates"]
    ]
    assert len(store.tables["credential_types"]) == 1 + len(TYPES)
    credentials = len(site.credentials())
    for template in DATA["kit_job_templates"]:
        made = store.named("job_templates", template["name"])
        assert made["ask_limit_on_launch"] == ("offboarding_hosts" in template.get("variables", {}))
        asked = [question["variable"] for question in store.surveys.get(made["id"], {}).get("spec", [])]
        assert sorted(asked) == sorted(template.get("questions", []))
        assert made["survey_enabled"] == bool(asked)
        given = store.related("job_templates", made["id"], "credentials")
        assert len(given) == credentials
    for node in DATA["kit_workflow"]["nodes"]:
        number = store.named("workflow_job_template_nodes", node["identifier"], "identifier")["id"]
        for way in ("success", "failure"):
            linked = store.related("workflow_job_template_nodes", number, f"{way}_nodes")
            named = [store.get("workflow_job_template_nodes", other)["identifier"] for other in linked]
            assert named == node.get(way, [])
    assert [item["name"] for item in store.tables["schedules"].values()] == ["Status every hour"]
    assert json.loads(store.named("inventories", "Waves")["variables"]) == site.variables()


def test_secrets_are_in_the_controller_and_in_no_output(site: Site) -> None:
    server = site.store.named("credentials", "Laboratory exchange_server")
    secret = site.bench.laboratory.environment()["EXCHANGE_SERVER_PASSWORD"]
    assert server["inputs"]["password"] == secret
    shown = site.setup.output + json.dumps([task.result for task in site.setup.tasks])
    assert secret not in shown
    assert site.bench.laboratory.client_secret not in shown


def test_a_second_run_changes_nothing(site: Site) -> None:
    written = len(site.store.writes)
    second = site.set_up()
    assert second.succeeded, second.output
    assert second.changed == []
    # Some modules send what they cannot compare; nothing is made, linked or removed.
    assert [method for method, _path in site.store.writes[written:] if method != "PATCH"] == []


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"kit_credentials": {"exchange": {"name": "Exchange"}}},
         "kit_credentials: exchange is not a system of this collection. Use one of exchange_server, exchange_online,"),
        ({"kit_job_templates": [{**DATA["kit_job_templates"][0], "questions": ["offboarding_nothing"]}]},
         "offboarding_nothing is not a question of kit_questions. Add it there, or remove it."),
        ({"kit_schedule": {**DATA["kit_schedule"], "template": "Nothing"}},
         "Nothing is not the name of a template in kit_job_templates."),
        ({"kit_workflow": {"name": "Back", "nodes": [{"identifier": "one", "template": "Mailbox moves - status"},
                                                     {"identifier": "two", "success": ["one"]}]}},
         "kit_workflow: two leads to one, which is none of the nodes after it."),
    ],
)  # fmt: skip
def test_wrong_data_are_refused_before_anything_is_written(site: Site, variables: Any, message: str) -> None:
    written = len(site.store.writes)
    run = site.set_up(**variables)
    assert not run.succeeded
    assert message in run.output
    assert len(site.store.writes) == written


# -- surveys and the workflow, without a playbook ---------------------------------------------------------------------


def test_questions_are_about_variables_of_the_role() -> None:
    asked = {question["variable"] for question in DATA["kit_questions"]}
    assert [question["variable"] for question in DATA["kit_questions"] if question["required"]] == []
    known = {*role_options(), "offboarding_fail_on"}  # of the playbook readiness
    assert asked - known == set()
    constants = set(DATA["kit_variables"])
    assert constants <= set(role_options())
    assert asked & constants == set(), "a blank answer would hide the inventory's variable"


def test_the_page_has_the_job_templates_as_the_data_have_them() -> None:
    page = (ROOT / "docs" / "awx.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (Mailbox moves - .+?) \| (.+?) \| (.+) \|$", page, re.MULTILINE)
    told = {name: (entry, re.findall(r"`(\w+)`", asked)) for name, entry, asked in rows}
    assert list(told) == [template["name"] for template in DATA["kit_job_templates"]]
    for template in DATA["kit_job_templates"]:
        entry, asked = told[template["name"]]
        assert asked == template.get("questions", [])
        assert f"mailops.exchange_hybrid.{entry.split('`')[1]}\n" in (PROJECT / template["playbook"]).read_text("utf-8")


def test_an_answer_outside_the_choices_is_refused(site: Site) -> None:
    number = site.store.named("job_templates", f"{MOVES}offboard")["id"]
    with pytest.raises(Refused, match="expected to be one of"):
        site.store.launch(number, {"extra_vars": {"offboarding_cutover": "later"}})
    with pytest.raises(Refused, match="not allowed on launch"):
        site.store.launch(number, {"extra_vars": {"offboarding_directory": "elsewhere"}})


LAST = "report"
NODES = [node["identifier"] for node in DATA["kit_workflow"]["nodes"] if node["identifier"] not in (LAST, "stopped")]


@pytest.mark.parametrize("failing", NODES)
def test_whatever_fails_ends_in_a_failed_workflow(site: Site, failing: str) -> None:
    walk, passed = WorkflowRun(site.store, "Mailbox moves", {}), []
    while (node := walk.due()) is not None:
        passed.append(node["identifier"])
        walk.end(node, "failed" if node["identifier"] in (failing, "stopped") else "successful")
    assert passed == [*NODES[: NODES.index(failing) + 1], "stopped"]
    assert walk.status == "failed"


# -- the wave ---------------------------------------------------------------------------------------------------------


def through_runner(site: Site, job: Item) -> tuple[str, dict[str, Any], str]:
    """Run a job as AWX does on another node: transmit, worker, process. Return status, artifacts and all its events."""
    places = site.bench.directory / f"runner-{job['id']}"
    places.mkdir()
    sent, returned, there, here = (places / name for name in ("sent", "returned", "worker", "process"))
    given = site.prepared(job, seen_as=there)
    with sent.open("wb") as stream:
        ansible_runner.run(
            streamer="transmit", _output=stream, ident=str(job["id"]), private_data_dir=str(given.private_data_dir),
            playbook=given.playbook, cmdline=" ".join(given.arguments), envvars=given.environment,
            suppress_env_files=True,
        )  # fmt: skip
    command = [sys.executable, "-m", "ansible_runner", "worker", "--private-data-dir", str(there)]
    with sent.open("rb") as stream, returned.open("wb") as answer:
        worker = subprocess.run(command, stdin=stream, stdout=answer, env=site.base(), check=False, timeout=300)
    assert worker.returncode == 0, returned.read_text(encoding="utf-8")
    events: list[Mapping[str, Any]] = []
    with returned.open("rb") as stream:
        result = ansible_runner.run(
            streamer="process", _input=stream, private_data_dir=str(here), ident=str(job["id"]), quiet=True,
            event_handler=events.append,
        )  # fmt: skip
    (last,) = [event for event in events if event["event"] == "playbook_on_stats"]
    return result.status, dict(last["event_data"].get("artifact_data", {})), json.dumps(events)


def test_the_workflow_and_the_other_templates_bring_a_wave_home(site: Site) -> None:
    assert site.synchronize() == ["wave_berlin", "wave_pilot"]
    tested = site.launched("connections")
    assert tested.succeeded, tested.output

    walk, passed = WorkflowRun(site.store, "Mailbox moves", {"offboarding_accept": ""}, "wave_pilot"), []
    while (node := walk.due()) is not None:
        name = node["identifier"]
        passed.append(name)
        if walk.is_approval(node):
            requests = site.bench.hybrid.replication.requests.values()
            held = {request.mailbox.primary_smtp_address: request.status for request in requests}
            # The limit is one of the two waves.
            assert held == {"ann.archer@contoso.com": "Synced", "board.room@contoso.com": "Synced"}
            walk.end(node, "successful")
        elif name == "readiness":
            status, given, events = through_runner(site, walk.job(node))
            assert status == "successful", events
            assert site.bench.laboratory.client_secret not in events
            walk.end(node, status, given)
        else:
            run = site.run(walk.job(node))
            assert run.succeeded, run.output
            # The nodes that follow have them as extra variables, over everything else.
            assert set(artifacts(run)) == {"offboarding_outcome"}
            assert "offboarding_outcome" not in role_options()
            if name == LAST:
                assert (outcome(run)["entry"], outcome(run)["counts"]["home"]) == ("report", 2)
            walk.end(node, "successful", artifacts(run))
    assert passed == [*NODES, LAST]
    assert walk.status == "successful"

    cleaned = site.launched("clean up", "wave_pilot", offboarding_only="")
    assert cleaned.succeeded, cleaned.output
    # There is no way back from home, which the job says of each mailbox.
    back = site.launched("roll back", "wave_pilot", offboarding_only="")
    assert {error["code"] for error in back.role_failures.values()} == {"already_home"}
    resumed = site.launched("resume synchronization", offboarding_resume_timeout=300)
    assert resumed.succeeded, resumed.output
    stopped = site.launched("stopped", "wave_pilot")
    assert "The workflow stopped before its end." in stopped.failures[-1].message


def test_an_offboarding_that_is_launched_alone_cuts_over_by_its_answers(site: Site) -> None:
    """docs/awx.md, below the table of the job templates: without the workflow, and without an approval."""
    site.synchronize()
    blank = {"offboarding_only": "", "offboarding_complete_after": "", "offboarding_on_error": "fail"}
    automatic = {"offboarding_accept": "", "offboarding_cutover": "automatic"}
    submitted = site.launched("offboard", "wave_berlin", **blank, **automatic)
    assert submitted.succeeded, submitted.output
    # Nobody has looked at the moves yet, and no move request is there before the service has made the batch's.
    assert outcome(submitted)["counts"] == {"home": 0, "moving": 2, "waiting": 0, "failed": 0}
    assert outcome(submitted)["next_entry"] == "status"
    followed = site.launched("status", "wave_berlin", offboarding_cutover="automatic", offboarding_follow="true")
    assert followed.succeeded, followed.output
    assert outcome(followed)["next_entry"] == "complete"
    completed = site.launched("complete", "wave_berlin", offboarding_approve_skipped_items="", **blank)
    assert completed.succeeded, completed.output
    assert outcome(completed)["counts"] == {"home": 2, "moving": 0, "waiting": 0, "failed": 0}
    # Nothing is left to complete; the move of a shared mailbox has made a regular one of it.
    (kind,) = completed.task("Set the kind of shared, room and equipment mailboxes").cmdlets
    assert re.fullmatch(r"Set-Mailbox -Identity \S+ -Type 'Shared'", kind)
