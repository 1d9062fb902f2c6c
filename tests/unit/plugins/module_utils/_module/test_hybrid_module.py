# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wrapper over AnsibleModule, run as ansible-core runs it: arguments in, one JSON document and an exit code out."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import resource
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    ConnectionFailure,
    InputError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.session_budget import SessionBudget
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
    python_refusal,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import (
    exchange_online,
    exchange_server,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import records
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome

from tests.unit.plugins.module_utils.fakes import Fails, FakeOrganization, FakeSession, Handler, connect
from tests.unit.plugins.module_utils.in_process import patch_module_args

GUID = "5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01"
ARGUMENTS = Arguments(
    mailbox={
        "exchange_guid": {"type": "str"},
        "force": {"type": "bool"},
        "email_addresses": {"type": "list", "elements": "str"},
        "cutover": {"type": "str", "choices": ["automatic", "held"]},
        "batch_name": {"type": "str"},
    },
    task={"secret": {"type": "str", "no_log": True}},
    defaults={"batch_name": "by default"},
    systems=(exchange_server.SYSTEM,),
    journal=True,
)
READ = {"read_from_exchange": ["exchange_guid"]}
Work = Callable[[HybridModule], NoReturn]


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


class Run:
    """Runs a module in this process and keeps what it said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.code: int | None = None
        self.result: dict[str, Any] = {}
        self.said = ""
        self.records: list[records.Record] = []

    def __call__(self, work: Work | None = None, arguments: Arguments = ARGUMENTS, **options: Any) -> dict[str, Any]:
        given = {name.replace("ansible_", "_ansible_", 1): value for name, value in options.items()}
        with patch_module_args(given), pytest.raises(SystemExit) as caught:
            HybridModule(arguments, lock_wait=0).run(work or self.unchanged)
        self.code = int(str(caught.value.code))
        said = self._capsys.readouterr()
        self.result = json.loads(said.out.strip().splitlines()[-1])
        # In one process with its controller part, ansible-core shows a warning at once instead of returning it.
        self.said = " ".join(f"{json.dumps(self.result.get('warnings'))} {said.err}".split())
        return self.result

    def unchanged(self, module: HybridModule) -> NoReturn:
        self.records = module.records()
        module.finish([Outcome(record) for record in self.records])

    def judge(self, **statuses: str) -> Work:
        """Return work that gives each mailbox a status by its first name, and learns its GUID."""

        def work(module: HybridModule) -> NoReturn:
            self.records = module.records()
            module.finish([self._outcome(record, statuses) for record in self.records])

        return work

    @staticmethod
    def _outcome(record: records.Record, statuses: dict[str, str]) -> Outcome:
        status = statuses.get(str(record["identity"]).partition("@")[0], "unchanged")
        outcome = Outcome(record, status, enriched={"exchange_guid": GUID})
        if status == "changed":
            outcome.before, outcome.after, outcome.cmdlets = {"x": 1}, {"x": 2}, ["Set-X"]
        if status == "failed":
            outcome.error = MailboxError("it went wrong.", code="wrong", remedy="Mend it.", cmdlet="Set-X")
        return outcome


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


def wave(*names: str) -> list[records.Record]:
    return [{"identity": f"{name}@contoso.com"} for name in names]


# -- results -----------------------------------------------------------------------------------------------------------


def test_a_failure_names_the_roles_variables_where_the_role_runs_the_module(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Exchange says, what a user wrote and what stands in a record keep their words."""
    said = "Exchange knows no batch_name: x."

    def work(module: HybridModule) -> NoReturn:
        outcomes = [Outcome(record) for record in module.records()]
        outcomes[0].status = "failed"
        outcomes[0].error = MailboxError(said, code="x", cmdlet="New-MoveRequest", remedy="Set resume_failed: true.")
        module.finish(outcomes)

    told = {}
    for named in ("", "role"):
        monkeypatch.setenv("OFFBOARDING_NAMES", named)
        result = run(work, identity="ann@contoso.com")
        assert result["results"][0]["error"]["message"] == said
        told[named] = [result["msg"], result["results"][0]["error"]["remedy"]]
        wrong = ({"identity": "ann@contoso.com", "batch_name": "a\u200bb"}, {"batch_name": "a\u200bb"})
        for given in wrong:
            whole = {"mailboxes": [given]} if "identity" in given else {"identity": "ann@contoso.com", **given}
            told[named].append(run(work, **whole)["msg"].partition("batch_name: ")[0] + "batch_name:")
    remedies = ["Set resume_failed: true.", "Set offboarding_resume_failed: true."]
    where = "mailbox 'ann@contoso.com': "
    for remedy, name, found in zip(remedies, ("batch_name", "offboarding_batch_name"), told.values(), strict=True):
        assert found == [
            f"ann@contoso.com: {said} {remedy}", remedy, f"{where}batch_name:", f"{where}{name}:",
        ]  # fmt: skip


def test_one_mailbox(run: Run) -> None:
    result = run(run.judge(ann="changed"), identity="ann@contoso.com")
    assert run.code == 0
    assert {key: result[key] for key in ("changed", "results", "mailboxes", "summary")} == {
        "changed": True,
        "results": [
            {
                "identity": "ann@contoso.com",
                "status": "changed",
                "before": {"x": 1},
                "after": {"x": 2},
                "cmdlets": ["Set-X"],
            }
        ],
        "mailboxes": [{"identity": "ann@contoso.com", "exchange_guid": GUID, **READ}],
        "summary": {"changed": 1, "unchanged": 0, "pending": 0, "skipped": 0, "failed": 0},
    }
    assert "diff" not in result


def test_an_empty_wave_is_no_error(run: Run) -> None:
    result = run(mailboxes=[])
    assert (run.code, result["changed"], result["results"], result["mailboxes"]) == (0, False, [], [])


def test_a_failed_mailbox_fails_the_task_with_all_results(run: Run) -> None:
    result = run(run.judge(ann="changed", bob="failed"), mailboxes=wave("ann", "bob", "cleo"))
    assert (run.code, result["failed"], result["changed"]) == (1, True, True)
    assert result["msg"] == "bob@contoso.com: it went wrong. Mend it. (1 of 3 mailboxes failed: see results)"
    assert [entry["status"] for entry in result["results"]] == ["changed", "failed", "unchanged"]
    assert result["results"][1]["error"] == {
        "code": "wrong",
        "message": "it went wrong.",
        "cmdlet": "Set-X",
        "retryable": False,
        "remedy": "Mend it.",
    }
    assert [record["identity"] for record in result["mailboxes"]] == ["ann@contoso.com", "cleo@contoso.com"]


@pytest.mark.parametrize(("on_error", "code"), [("fail", 1), ("stop", 1), ("continue", 0)])
def test_on_error_decides_about_the_task_and_never_about_the_results(run: Run, on_error: str, code: int) -> None:
    result = run(run.judge(bob="failed"), mailboxes=wave("ann", "bob"), on_error=on_error)
    assert (run.code, result.get("failed", False), result["summary"]["failed"]) == (code, code == 1, 1)


def test_diff_is_made_where_it_is_asked_for(run: Run) -> None:
    result = run(run.judge(ann="changed"), mailboxes=wave("ann", "bob"), ansible_diff=True)
    assert result["diff"] == [
        {
            "before_header": "ann@contoso.com",
            "after_header": "ann@contoso.com",
            "before": '{\n  "x": 1\n}\n',
            "after": '{\n  "x": 2\n}\n',
            "prepared": "Set-X\n",
        }
    ]


@pytest.mark.parametrize("check", [True, False])
def test_check_mode_is_known(run: Run, check: bool) -> None:
    def work(module: HybridModule) -> NoReturn:
        module.exit(changed=False, check=module.check_mode, has_wave=module.has_wave)

    result = run(work, identity="ann@contoso.com", ansible_check_mode=check)
    assert (run.code, result["check"], result["has_wave"]) == (0, check, True)


def test_whatever_goes_wrong_becomes_one_clear_failure(run: Run) -> None:
    def work(module: HybridModule) -> NoReturn:
        module.warn("watch out")
        raise ConnectionFailure(
            "no route to ex01.", code="unreachable", retryable=True, remedy="Look.", cmdlet="Get-User"
        )

    result = run(work, identity="ann@contoso.com")
    assert (run.code, result["failed"], result["msg"]) == (1, True, "no route to ex01. Look.")
    assert result["error"] == {
        "code": "unreachable",
        "message": "no route to ex01.",
        "cmdlet": "Get-User",
        "retryable": True,
        "remedy": "Look.",
    }
    assert "watch out" in run.said


def test_a_module_without_a_wave(run: Run) -> None:
    result = run(lambda module: module.exit(changed=True, cmdlets=["x"]), Arguments(wave=False))
    assert (run.code, result["changed"], result["cmdlets"]) == (0, True, ["x"])


def test_a_wave_that_may_be_left_out(run: Run) -> None:
    def work(module: HybridModule) -> NoReturn:
        assert not module.has_wave
        module.finish([Outcome({"identity": GUID})])

    result = run(work, Arguments(wave_required=False))
    assert (run.code, result["mailboxes"]) == (0, [{"identity": GUID}])


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ({"identity": ""}, "blank_identity", "is blank in record 1"),
        ({"identity": "  "}, "blank_identity", "is blank in record 1"),
        ({"mailboxes": [{"identity": "ann@contoso.com"}, {}]}, "blank_identity", "is blank in record 2"),
        ({"mailboxes": [*wave("ann"), {"identity": "ANN@contoso.com"}]}, "duplicate_identity", "records 1 and 2"),
        ({"identity": "ann"}, "malformed_identity", "mailbox 'ann': identity: 'ann' does not identify a mailbox"),
        ({"identity": "ann@contoso.com", "exchange_guid": "x"}, "malformed_exchange_guid", "'x' is not a GUID"),
        (
            {"mailboxes": [{"identity": "ann@contoso.com", "force": "perhaps"}]},
            "invalid_option",
            "mailbox 'ann@contoso.com'",
        ),
        ({"mailboxes": [{"identity": "ann@contoso.com", "cutover": "later"}]}, "invalid_option", "automatic, held"),
        ({"identity": "ann@********.com"}, "masked_value", "was masked by Ansible"),
        (
            {"mailboxes": [{"identity": "ann@contoso.com", "x": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}]},
            "masked_value",
            "was masked by Ansible",
        ),
        ({"mailboxes_file": "/nowhere/wave.json"}, "unreadable_file", "cannot be read"),
    ],
)
def test_bad_input_is_refused(run: Run, options: dict[str, Any], code: str, told: str) -> None:
    result = run(**options)
    assert (run.code, result["error"]["code"]) == (1, code)
    assert told in result["msg"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "one of the following is required"),
        ({"identity": "ann@contoso.com", "mailboxes": []}, "mutually exclusive"),
        ({"mailboxes": [], "mailboxes_file": "/nowhere"}, "mutually exclusive"),
        ({"identity": "ann@contoso.com", "on_error": "ignore"}, "value of on_error must be one of"),
        ({"identity": "ann@contoso.com", "exchangeguid": "x"}, "Unsupported parameters"),
    ],
)
def test_bad_arguments_are_refused_by_ansible(run: Run, options: dict[str, Any], told: str) -> None:
    assert told in run(**options)["msg"]
    assert run.code == 1


def test_what_an_earlier_task_read_is_never_checked_like_input(run: Run) -> None:
    """One odd value that Exchange holds would refuse the whole wave, in a task that may not even need it."""
    odd = {"identity": "ann@contoso.com", "exchange_guid": "odd"}
    result = run(mailboxes=[{**odd, **READ}, *wave("bob")])
    assert (run.code, result["summary"]["unchanged"]) == (0, 2)
    assert run(mailboxes=[odd])["error"]["code"] == "malformed_exchange_guid"


def test_a_blank_of_a_record_leaves_the_choice_to_the_task(run: Run) -> None:
    run(mailboxes=[{"identity": "ann@contoso.com", "force": "", "cutover": " ", "batch_name": ""}], force=True)
    assert [(r["force"], "cutover" in r, r["batch_name"]) for r in run.records] == [(True, False, "by default")]


def test_a_missing_option_is_told_with_its_mailbox(run: Run) -> None:
    def work(module: HybridModule) -> NoReturn:
        module.records(required=["exchange_guid"])
        raise AssertionError

    result = run(work, mailboxes=[{"identity": "ann@contoso.com", "exchange_guid": GUID}, *wave("bob")])
    assert (run.code, result["error"]["code"]) == (1, "missing_option")
    assert result["msg"].startswith(
        "exchange_guid: is missing for mailbox 'bob@contoso.com'. Specify exchange_guid in the"
    )


def test_a_secret_inside_a_record_is_refused(run: Run) -> None:
    result = run(identity="ann@contoso.com", secret="contoso")
    assert (run.code, result["error"]["code"]) == (1, "secret_in_record")
    assert "contoso" not in json.dumps(result["error"])


def test_a_slip_of_a_key_warns_and_travels_on(run: Run) -> None:
    result = run(mailboxes=[{"identity": "ann@contoso.com", "exchange_giud": GUID, "cost_centre": 7}])
    assert run.code == 0
    assert "mailboxes: the key 'exchange_giud' is not used; did you mean 'exchange_guid'?" in run.said
    assert result["mailboxes"] == [{"identity": "ann@contoso.com", "exchange_giud": GUID, "cost_centre": 7}]


# -- records -----------------------------------------------------------------------------------------------------------


def test_the_record_wins_over_the_task_and_the_task_over_the_defaults(run: Run) -> None:
    run(
        mailboxes=[
            {"identity": "ann@contoso.com", "force": False, "batch_name": "own"},
            {"identity": "bob@contoso.com", "batch_name": None},
            {"identity": "cleo@contoso.com", "cutover": "held"},
        ],
        force=True,
        cutover="automatic",
    )
    assert [(record["force"], record["batch_name"], record["cutover"]) for record in run.records] == [
        (False, "own", "automatic"),
        (True, "by default", "automatic"),
        (True, "by default", "held"),
    ]
    run(identity="ann@contoso.com", batch_name="the task's")
    assert run.records == [{"identity": "ann@contoso.com", "batch_name": "the task's"}]


def test_task_options_never_travel_on_in_the_record(run: Run) -> None:
    result = run(
        mailboxes=[*wave("ann"), {"identity": "bob@contoso.com", "force": True}],
        force=True,
        cutover="held",
        batch_name="one",
    )
    assert all(record["force"] for record in run.records)
    assert result["mailboxes"] == [*wave("ann"), {"identity": "bob@contoso.com", "force": True}]


def test_the_values_of_a_record_get_their_types(run: Run) -> None:
    run(
        mailboxes=[
            {
                "identity": " ann@contoso.com ",
                "force": "yes",
                "email_addresses": "SMTP:ann@contoso.com,x@contoso.com",
                "other_modules": "yes",
            }
        ]
    )
    assert run.records == [
        {
            "identity": "ann@contoso.com",
            "force": True,
            "email_addresses": ["SMTP:ann@contoso.com", "x@contoso.com"],
            "other_modules": "yes",
            "batch_name": "by default",
        }
    ]


# -- the wave's file ---------------------------------------------------------------------------------------------------


@pytest.fixture
def wave_file(tmp_path: Path) -> Path:
    path = tmp_path / "wave.json"
    wave_files.save(FileMemory(), str(path), [*wave("ann", "bob"), {"identity": "cleo@contoso.com", "cost_centre": 7}])
    return path


def test_the_file_is_written_back_enriched_without_the_failed(run: Run, wave_file: Path) -> None:
    result = run(run.judge(bob="failed"), mailboxes_file=str(wave_file), force=True)
    assert (run.code, "mailboxes" in result, len(result["results"])) == (1, False, 1)
    assert wave_files.load(FileMemory(), str(wave_file)) == [
        {"identity": "ann@contoso.com", "exchange_guid": GUID, **READ},
        {"identity": "cleo@contoso.com", "cost_centre": 7, "exchange_guid": GUID, **READ},
    ]
    assert stat.S_IMODE(wave_file.stat().st_mode) == 0o600


def test_only_a_waves_file_says_that_the_holders_were_asked_for(run: Run, tmp_path: Path) -> None:
    claiming = [{**record, "holders_asked": [record["identity"]], "whole": False} for record in wave("ann", "bob")]
    path = tmp_path / "wave.json"
    wave_files.save(FileMemory(), str(path), claiming)
    run(mailboxes_file=str(path))
    assert [record.get("holders_asked") for record in run.records] == [["ann@contoso.com"], ["bob@contoso.com"]]
    result = run(mailboxes=claiming)
    for told in (run.records, result["mailboxes"]):
        # What only makes a task stricter is kept.
        assert [("holders_asked" in record, record["whole"]) for record in told] == [(False, False)] * 2


@pytest.mark.parametrize(
    "change", [{"whole": True}, {"offboarding_state": "home"}, {"exchange_guid": GUID}, {"identity": "eve@contoso.com"}]
)
def test_a_judged_record_that_something_else_changed_is_refused_and_an_unjudged_one_is_not(
    run: Run, tmp_path: Path, change: dict[str, Any]
) -> None:
    path = tmp_path / "wave.json"
    judged = [{**record, "offboarding_state": "to_do", "whole": False} for record in wave("ann", "bob")]
    wave_files.save(FileMemory(), str(path), judged)
    run(mailboxes_file=str(path))
    assert run.code == 0
    left = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(left, sort_keys=True, indent=2), encoding="utf-8")
    run(mailboxes_file=str(path))
    assert run.code == 0, "the same file, written in another way"
    left[1].update(change)
    path.write_text(json.dumps(left), encoding="utf-8")
    refused = run(mailboxes_file=str(path))
    assert (refused["error"]["code"], str(left[1]["identity"]) in refused["msg"]) == ("changed_record", True)
    for record in left:
        del record["checksum"]
    path.write_text(json.dumps(left), encoding="utf-8")
    assert run(mailboxes_file=str(path))["error"]["code"] == "changed_record"
    path.write_text(json.dumps([{"identity": "ann@contoso.com", "exchange_guid": GUID}]), encoding="utf-8")
    run(mailboxes_file=str(path))
    assert run.code == 0


def test_a_wave_whose_lock_is_a_pipe_is_refused(run: Run, wave_file: Path) -> None:
    os.mkfifo(f"{wave_file}.lock")
    refused = run(mailboxes_file=str(wave_file))
    assert refused["error"]["code"] == "unwritable_directory"
    assert "not a regular file" in refused["msg"]


def test_a_file_that_stays_as_it_is_is_not_written(run: Run, wave_file: Path) -> None:
    before = wave_file.stat().st_ino
    run(mailboxes_file=str(wave_file))
    assert (run.code, wave_file.stat().st_ino) == (0, before)


def test_a_second_run_on_the_same_wave_is_refused_with_the_process_id(run: Run, wave_file: Path) -> None:
    before = wave_file.read_bytes()
    with open(f"{wave_file}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 4711 on awx-7")
        lock.flush()
        result = run(run.judge(ann="changed"), mailboxes_file=str(wave_file))
    assert (run.code, result["error"]["code"]) == (1, "wave_in_use")
    assert result["msg"].startswith(f"mailboxes_file: '{wave_file}' is in use by process 4711 on awx-7. ")
    assert (run.records, wave_file.read_bytes()) == ([], before)


def test_a_lock_that_a_killed_run_left_behind_is_taken_over(run: Run, wave_file: Path) -> None:
    lock = Path(f"{wave_file}.lock")
    lock.write_text("4711", encoding="utf-8")

    def work(module: HybridModule) -> NoReturn:
        assert lock.read_text(encoding="utf-8").startswith(f"process {os.getpid()} on ")
        run.unchanged(module)

    run(work, mailboxes_file=str(wave_file))
    assert run.code == 0
    run(mailboxes_file=str(wave_file))
    assert run.code == 0


# -- connections and the end -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "options", "host"),
    [
        ({}, {}, None),
        ({"EXCHANGE_SERVER_HOST": "ex01.contoso.com"}, {}, "ex01.contoso.com"),
        ({"EXCHANGE_SERVER_HOST": "ex01.contoso.com"}, {"exchange_server": {"port": 81}}, "ex01.contoso.com"),
        (
            {"EXCHANGE_SERVER_HOST": "ex01.contoso.com"},
            {"exchange_server": {"host": "ex02.contoso.com"}},
            "ex02.contoso.com",
        ),
    ],
)
def test_connections_come_from_options_and_environment(
    run: Run, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], options: dict[str, Any], host: str | None
) -> None:
    monkeypatch.delenv("EXCHANGE_SERVER_HOST", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def work(module: HybridModule) -> NoReturn:
        connections = module.connections()
        module.exit(has=connections.has("exchange_server"), host=module.params["exchange_server"]["host"])

    result = run(work, identity="ann@contoso.com", **options)
    assert (result["has"], result["host"]) == (host is not None, host)


def test_a_password_is_in_no_result(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXCHANGE_SERVER_PASSWORD", "Corr3ct+horse")

    def work(module: HybridModule) -> NoReturn:
        raise InputError("exchange_server", module.params["exchange_server"]["password"], "is wrong", "Mend it.")

    result = run(work, identity="ann@contoso.com")
    assert (run.code, "Corr3ct" in json.dumps(result)) == (1, False)


def test_a_proxys_password_is_in_no_result(run: Run) -> None:
    proxy = "http://svc:Corr3ct+horse@proxy.contoso.com:8080"

    def work(module: HybridModule) -> NoReturn:
        raise InputError("exchange_online.proxy", module.params["exchange_online"]["proxy"], "is wrong", "Mend it.")

    online = dataclasses.replace(ARGUMENTS, systems=(exchange_online.SYSTEM,))
    result = run(work, online, identity="ann@contoso.com", exchange_online={"tenant_id": "contoso.com", "proxy": proxy})
    assert (run.code, "Mend it." in result["msg"], "Corr3ct" in json.dumps(result)) == (1, True, False)


def test_sigterm_closes_the_sessions_and_says_so(run: Run) -> None:
    server = FakeOrganization("exchange_server", {"Get-User": []})
    opened: list[FakeSession] = []

    def work(module: HybridModule) -> NoReturn:
        module.records()
        connections: Connections = connect(server)
        with connections, connections.session("exchange_server"):
            opened.extend(server.sessions)
            assert not opened[0].closed
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        raise AssertionError

    result = run(work, identity="ann@contoso.com")
    # In the form of every other error: the role tells its message and its remedy.
    assert (run.code, result["error"]) == (1, {
        "code": "terminated", "message": "It was stopped by SIGTERM, and its sessions were closed.", "cmdlet": "",
        "retryable": True, "remedy": "Run again to continue.",
    })  # fmt: skip
    assert result["msg"] == f"{result['error']['message']} {result['error']['remedy']}"
    assert [session.closed for session in opened] == [True]


# -- the journal -------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OFFBOARDING_JOURNAL", "OFFBOARDING_RUN_ID"):
        monkeypatch.delenv(name, raising=False)


def writing(handler: Handler | None = None) -> Work:
    """Return work that sends one write, and in check mode none, through connections with the module's journal."""
    server = FakeOrganization("exchange_server", {}, {"Set-User": handler or Fails()})

    def work(module: HybridModule) -> NoReturn:
        if not module.check_mode:
            connect(server, journal=module.journal).run("exchange_server", Cmdlet("Set-User", {"Identity": "ann"}))
        module.exit(changed=True)

    return work


def told(path: Path) -> list[tuple[str, str]]:
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(entry["run_id"], entry["host"]) for entry in found if entry["event"] == "sent"]


def test_the_journal_comes_from_options_else_from_the_environment(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given, fallback = tmp_path / "given.jsonl", tmp_path / "fallback.jsonl"
    run(writing(), identity="ann@contoso.com", journal=str(given), journal_run_id="monday", journal_host="wave-1")
    monkeypatch.setenv("OFFBOARDING_JOURNAL", str(fallback))
    monkeypatch.setenv("OFFBOARDING_RUN_ID", "tuesday")
    run(writing(), identity="ann@contoso.com", journal_host="wave-2")
    run(writing(), identity="ann@contoso.com", journal=str(given), journal_run_id="wednesday", journal_host="wave-3")
    assert told(given) == [("monday", "wave-1"), ("wednesday", "wave-3")]
    assert told(fallback) == [("tuesday", "wave-2")]


@pytest.mark.parametrize("options", [{}, {"journal": ""}, {"journal": "journal.jsonl", "ansible_check_mode": True}])
def test_no_journal_is_made_without_the_option_and_in_check_mode(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(writing(), identity="ann@contoso.com", **options)
    assert (run.code, list(tmp_path.iterdir())) == (0, [])


@pytest.mark.parametrize("off", [False, "False", "no", " off "])
def test_false_turns_off_the_journal_of_the_environment_and_a_blank_does_not(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, off: object
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFBOARDING_JOURNAL", str(tmp_path / "fallback.jsonl"))
    run(writing(), identity="ann@contoso.com", journal=off)
    assert (run.code, list(tmp_path.iterdir())) == (0, [])
    run(writing(), identity="ann@contoso.com", journal=" ")
    assert [path.name for path in tmp_path.iterdir()] == ["fallback.jsonl"]


def test_a_journal_that_cannot_be_written_is_refused_before_any_work(run: Run, tmp_path: Path) -> None:
    begun: list[HybridModule] = []

    def work(module: HybridModule) -> NoReturn:
        begun.append(module)
        module.exit(changed=False)

    result = run(work, identity="ann@contoso.com", journal=str(tmp_path / "nowhere" / "journal.jsonl"))
    assert (run.code, result["error"]["code"], begun) == (1, "unwritable_journal", [])
    assert result["msg"].startswith(f"journal: '{tmp_path}/nowhere/journal.jsonl' cannot be written (No such file or")


def test_an_answer_that_the_journal_could_not_take_is_warned_of(run: Run, tmp_path: Path) -> None:
    path, (soft, hard) = tmp_path / "journal.jsonl", resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(_cmdlet: Cmdlet) -> list[dict[str, Any]]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, hard))
        return []

    try:
        run(writing(fill), identity="ann@contoso.com", journal=str(path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert run.code == 0
    assert f"journal: '{path}' does not have the lines of writes that were sent" in run.said


# -- the Python under it -----------------------------------------------------------------------------------------------


def test_an_old_python_is_told_in_a_sentence() -> None:
    told = python_refusal((3, 9), "/usr/bin/python3")
    assert told is not None
    assert told.code == "python_too_old"
    assert told.message == "/usr/bin/python3 is Python 3.9, and this collection needs 3.10 or newer."
    assert "ansible_python_interpreter" in told.remedy
    assert python_refusal((3, 10), "python3") is None


# -- mailboxes as texts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        ["ann@contoso.com", "bob@contoso.com"],
        "ann@contoso.com\nbob@contoso.com",
        " ann@contoso.com\r\n\r\n  bob@contoso.com \r\n",
        "ann@contoso.com, bob@contoso.com",
        "ann@contoso.com;bob@contoso.com;",
        [{"identity": "ann@contoso.com"}, "bob@contoso.com"],
    ],
)
def test_mailboxes_can_be_texts_of_identities(run: Run, given: Any) -> None:
    result = run(mailboxes=given, batch_name="one")
    assert (run.code, result["mailboxes"]) == (0, wave("ann", "bob"))
    assert [record["batch_name"] for record in run.records] == ["one", "one"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "mailboxes: is blank. List mailboxes"),
        (" \n ", "mailboxes: is blank. List mailboxes"),
        (["", "  "], "mailboxes: is blank. List mailboxes"),
        ([7], "mailboxes: '7' is neither a record nor an identity."),
        (["ann@contoso.com", "Ann Archer"], "mailbox 'Ann Archer': identity: 'Ann Archer' does not identify a mailbox"),
        ("ann@contoso.com\nann@contoso.com", "records 1 and 2"),
    ],
)
def test_texts_that_name_no_mailbox_are_refused(run: Run, given: Any, told: str) -> None:
    assert told in run(mailboxes=given)["msg"]
    assert run.code == 1


# -- results of thousands ----------------------------------------------------------------------------------------------


def test_the_results_of_thousands_are_trimmed_and_every_failure_is_kept(run: Run, tmp_path: Path) -> None:
    names = [f"m{number}" for number in range(3000)]
    path = tmp_path / "wave.json"
    wave_files.save(FileMemory(), str(path), wave(*names))
    result = run(run.judge(**dict.fromkeys(names, "failed")), mailboxes_file=str(path), on_error="continue")
    assert (run.code, result["summary"]["failed"]) == (0, 3000)
    assert len(json.dumps(result)) < 700_000
    assert result["left_out"] == dict.fromkeys(["results", "failures"], 3000 - len(result["results"]))
    kept = [json.loads(line) for line in (tmp_path / "wave.json.failures").read_text(encoding="utf-8").splitlines()]
    assert [entry["identity"] for entry in kept] == [f"{name}@contoso.com" for name in names]
    assert kept[-1]["error"]["remedy"] == "Mend it."
    assert stat.S_IMODE((tmp_path / "wave.json.failures").stat().st_mode) == 0o600


def test_a_preview_keeps_no_failures_and_a_list_is_not_trimmed(run: Run, wave_file: Path) -> None:
    run(run.judge(bob="failed"), mailboxes_file=str(wave_file), ansible_check_mode=True)
    assert not wave_file.with_name("wave.json.failures").exists()
    names = [f"m{number}" for number in range(3000)]
    result = run(run.judge(**dict.fromkeys(names, "failed")), mailboxes=wave(*names), on_error="continue")
    assert (len(result["results"]), "left_out" in result) == (3000, False)


def test_failures_that_cannot_be_kept_are_warned_of(run: Run, wave_file: Path) -> None:
    wave_file.with_name("wave.json.failures").mkdir()
    result = run(run.judge(bob="failed"), mailboxes_file=str(wave_file), on_error="continue")
    assert (run.code, result["summary"]["failed"]) == (0, 1)
    assert "wave.json.failures: the failures could not be kept for the report" in run.said


# -- sessions that tasks share -----------------------------------------------------------------------------------------


def test_tasks_with_waves_in_one_directory_share_the_sessions_of_an_account(run: Run, tmp_path: Path) -> None:
    wave, seen = tmp_path / "wave.json", []
    wave.write_text(json.dumps([{"identity": "ann@contoso.com"}]), encoding="utf-8")

    def work(module: HybridModule) -> NoReturn:
        with module.connections() as connections:
            (shares,) = [path.name for path in tmp_path.glob("sessions-*.json")] or [""]
            seen.append((connections.workers("exchange_server"), shares))
            seen.append(("", *(path.name for path in tmp_path.glob("sessions-*.json"))))
        module.finish([Outcome(record) for record in module.records()])

    server = {"host": "mail.contoso.com", "username": "svc", "password": "x", "auth": "basic", "sessions": 6}
    run(work, mailboxes_file=str(wave), exchange_server=server)
    (_nothing, name) = seen[1]
    assert seen[0] == (6, "")
    assert list(tmp_path.glob("sessions-*.json")) == [], "it was given back"
    others = SessionBudget(FileMemory(), str(tmp_path / name), 18)
    assert others.sessions(16) == 16
    run(work, mailboxes_file=str(wave), exchange_server=server)
    assert seen[2] == (2, name)
    run(work, mailboxes_file=str(wave), exchange_server={**server, "username": "another"})
    run(work, mailboxes_file=str(wave), exchange_server={**server, "account_sessions": 20})
    assert [workers for workers, *_names in seen[4::2]] == [6, 4]
    others.give_back()
