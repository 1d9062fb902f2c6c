# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module makes of its arguments and of what came of them: modules in this process, before the laboratory."""

from __future__ import annotations

import importlib
import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.laboratory import Laboratory
from lab.model.builder import HybridBuilder, Pair
from lab.model.tenant import WIZARDS_ENDPOINT, MigrationEndpoint
from tests.unit.plugins.module_utils.in_process import patch_module_args

Ran = Callable[..., dict[str, Any]]


@pytest.fixture
def ran(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Ran]:
    """Return what runs a module, in check mode where ``check`` is given, and returns its result."""
    for name, value in laboratory.environment().items():
        monkeypatch.setenv(name, value)
    before = signal.getsignal(signal.SIGTERM)

    def run(name: str, /, *, check: bool = False, **options: Any) -> dict[str, Any]:
        module = importlib.import_module(f"ansible_collections.mailops.exchange_hybrid.plugins.modules.{name}")
        with patch_module_args({**options, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            module.main()
        result: dict[str, Any] = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        return result

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def pairs(laboratory: Laboratory, request: pytest.FixtureRequest) -> list[Pair]:
    """Two mailboxes of the test's own."""
    return HybridBuilder(laboratory.hybrid).many(2, prefix=request.node.originalname[-20:].title().replace("_", ""))


def mailboxes(pairs: list[Pair]) -> list[dict[str, str]]:
    return [{"identity": pair.identity, "remote_target_database": "DB01"} for pair in pairs]


def test_readiness_fails_by_its_threshold_goes_on_where_told_and_reports_outside_of_a_preview(
    ran: Ran, laboratory: Laboratory, pairs: list[Pair], tmp_path: Path
) -> None:
    HybridBuilder(laboratory.hybrid).set_cloud(pairs[0], litigation_hold=True)
    given = {"mailboxes": mailboxes(pairs), "report_directory": str(tmp_path), "check_sizes": False}
    preview = ran("offboarding_readiness", check=True, **given)
    assert (preview.get("failed"), "report" in preview, list(tmp_path.iterdir())) == (True, False, [])
    assert "litigation_hold" in preview["msg"]
    going_on = ran("offboarding_readiness", on_error="continue", **given)
    assert (going_on.get("failed"), len(going_on["report"]) > 0) == (None, True)
    assert list(tmp_path.iterdir()) != []


def test_readiness_of_thousands_is_trimmed_where_the_report_has_it_all(ran: Ran, tmp_path: Path) -> None:
    strangers = [f"stranger.{number}@contoso.com" for number in range(1500)]
    path = tmp_path / "wave.json"
    path.write_text(json.dumps([{"identity": name} for name in strangers]), encoding="utf-8")
    given = {"mailboxes_file": str(path), "check_sizes": False, "on_error": "continue"}
    whole = ran("offboarding_readiness", **given)
    assert (len(whole["results"]), "left_out" in whole) == (1500, False), "there is no report"
    result = ran("offboarding_readiness", report_directory=str(tmp_path), **given)
    assert len(json.dumps(result)) < 700_000 < len(json.dumps(whole))
    assert result["summary"] == whole["summary"]
    assert len(result["results"]) + result["left_out"]["results"] == 1500
    report = json.loads((tmp_path / "readiness.json").read_text(encoding="utf-8"))
    assert [entry["identity"] for entry in report["mailboxes"]] == strangers


def test_state_counts_every_state_but_the_conflict_that_fails(ran: Ran, pairs: list[Pair]) -> None:
    result = ran("offboarding_state", mailboxes=mailboxes(pairs))
    assert result["states"]["to_do"] == 2
    assert "conflict" not in result["states"]
    assert {"home", "moving"} <= set(result["states"])


def test_a_preview_of_the_match_looks_once(ran: Ran, pairs: list[Pair]) -> None:
    """Nothing that could match was written: whoever waits for it waits in vain."""
    given = [{**record, "whole": True, "offboarding_state": "to_do"} for record in mailboxes(pairs)]
    result = ran("smtp_match", check=True, state="matched", wait_timeout=900, mailboxes=given)
    assert result["summary"]["pending"] == 2, result


def test_a_stamp_goes_past_what_its_task_accepts_and_past_nothing_else(
    ran: Ran, laboratory: Laboratory, pairs: list[Pair]
) -> None:
    primary = pairs[0].cloud.primary_smtp_address
    HybridBuilder(laboratory.hybrid).directory_user("Stamp Holder", mail=primary)
    given: dict[str, Any] = {"state": "stamped", "check": True, "mailboxes": mailboxes(pairs)}
    refused = ran("smtp_match", **given)
    assert [item.get("error", {}).get("code") for item in refused["results"]] == ["mail_in_use", None]
    assert ran("smtp_match", accept=["mail_in_use"], **given)["summary"]["changed"] == 2


# -- what cannot be moved, told before anything is made ---------------------------------------------------------------

BATCH = {"batch_name": "bad input", "target_delivery_domain": "contoso.com", "remote_target_database": "DB01"}
PAST = {"cutover": "at", "complete_after": "2020-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ({"target_endpoint": "Other"}, "endpoint_not_found", "'Other' is not a migration endpoint for remote moves"),
        ({"target_endpoint": "Fabrikam"}, "endpoint_not_found", "'Fabrikam' leads to the tenant fabrikam.com"),
        ({"target_endpoint": "imap"}, "endpoint_not_found", "'imap' is of the type IMAP, and is not for remote moves"),
        ({"remote_target_database": "DB99"}, "database_not_found", "'DB99' is not an on-premises mailbox database"),
        ({"remote_target_database": "DB03"}, "database_not_mounted", "'DB03' is .*not mounted|DB03 is not mounted"),
        (PAST, "time_in_the_past", "lies in the past"),
        ({"target_delivery_domain": "contoso.mail.onmicrosoft.com"}, "delivery_domain_in_the_cloud", "of the cloud"),
        ({"mailboxes": "twice"}, "duplicate_identity", "is listed|are one mailbox|are one object"),
    ],
)
def test_bad_input_of_a_batch_is_one_sentence_of_the_module_and_of_the_role_and_nothing_is_made(
    ran: Ran, laboratory: Laboratory, pairs: list[Pair], options: dict[str, Any], code: str, told: str
) -> None:
    hybrid = laboratory.hybrid
    build = HybridBuilder(hybrid)
    for pair in pairs:
        build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid)
    hybrid.tenant.migration_endpoints["Fabrikam"] = MigrationEndpoint("Fabrikam", "outlook.office.com", "fabrikam.com")
    hybrid.tenant.migration_endpoints["Imap"] = MigrationEndpoint("Imap", "imap.contoso.com", type="IMAP")
    hybrid.directory.databases["DB03"].mounted = False
    wave = [{"identity": pair.identity} for pair in pairs]
    if "mailboxes" in options:
        wave = [wave[0], {"identity": str(pairs[0].cloud.exchange_guid)}]
    given = {**BATCH, **{name: value for name, value in options.items() if name != "mailboxes"}}
    before = len(laboratory.log.writes())
    module = ran("migration_batch", state="present", mailboxes=wave, **given)
    endpoint = {"target_endpoint": given.pop("target_endpoint")} if "target_endpoint" in given else {}
    role = ran(
        "offboarding_state", method="migration_batch", readiness=True, move=given, mailboxes=wave,
        accept=["baseline_missing"], **endpoint,
        **{name: given[name] for name in ("remote_target_database", "target_delivery_domain", "batch_name")},
    )  # fmt: skip
    for result in (module, role):
        assert result["failed"]
        errors = [item["error"] for item in result.get("results", ())] or [result["error"]]
        assert {error["code"] for error in errors} == {code}, errors
        for error in errors:
            assert re.search(told, error["message"]), error
            assert error["remedy"]
            assert ". " not in error["message"].replace(error["remedy"], "").strip(), error
    assert laboratory.log.writes()[before:] == []
    del hybrid.tenant.migration_endpoints["Fabrikam"], hybrid.tenant.migration_endpoints["Imap"]
    hybrid.directory.databases["DB03"].mounted = True


@pytest.mark.parametrize("check", [True, False])
def test_an_endpoint_that_cannot_be_made_over_rest_is_refused_in_a_preview_too(
    ran: Ran, laboratory: Laboratory, check: bool
) -> None:
    """No form of a credential over REST is published (facts migration-batches.md section 4)."""
    before = len(laboratory.log.writes())
    given = {
        "exchange_online": {"experimental_rest_credential": False}, "remote_server": "mail.contoso.com",
        "remote_credential": {"username": "CONTOSO\\mrs", "password": "a-secret-of-the-test"},
    }  # fmt: skip
    refused = ran("migration_endpoint", name="another", check=check, **given)
    assert (refused["failed"], refused["error"]["code"]) == (True, "experimental_rest_credential_required")
    refused = ran("migration_endpoint", name=WIZARDS_ENDPOINT, update_credentials=True, check=check, **given)
    assert (refused["failed"], refused["error"]["code"]) == (True, "experimental_rest_credential_required")
    assert not ran("migration_endpoint", name=WIZARDS_ENDPOINT, check=check, **given)["changed"]
    assert laboratory.log.writes()[before:] == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"target_databases": ["DB02", "DB99"]}, "target_databases: 'DB99' is not an on-premises mailbox database"),
        ({"target_archive_databases": ["DB99"]}, "target_archive_databases: 'DB99' is not an on-premises"),
        ({"target_databases": ["Auto"]}, "target_databases: 'auto' is no database"),
        ({"target_databases": ["DB02"], "remote_target_database": "DB01"}, "is set beside remote_target_database"),
        (
            {"target_archive_databases": ["DB02"], "remote_archive_target_database": "DB01"},
            "target_archive_databases: 'DB02' is set beside remote_archive_target_database",
        ),
    ],
)
def test_databases_of_a_batch_that_leave_nothing_to_choose_or_are_not_there_are_refused(
    ran: Ran, laboratory: Laboratory, pairs: list[Pair], options: dict[str, Any], told: str
) -> None:
    before = len(laboratory.log.writes())
    wave = [{"identity": pair.identity} for pair in pairs]
    given = {"batch_name": "bad input", "target_delivery_domain": "contoso.com", **options}
    result = ran("migration_batch", mailboxes=wave, **given)
    assert (result["failed"], told in result["msg"]) == (True, True), result["msg"]
    assert laboratory.log.writes()[before:] == []


def test_a_mailbox_that_is_home_already_is_refused_by_the_module_and_a_success_of_the_role(
    ran: Ran, laboratory: Laboratory
) -> None:
    home = HybridBuilder(laboratory.hybrid).mailbox_on_premises("Already Home")
    before = len(laboratory.log.writes())
    wave = [{"identity": home.identity}]
    (told,) = ran("migration_batch", mailboxes=wave, **BATCH)["results"]
    assert told["error"]["code"] == "already_home"
    (judged,) = ran("offboarding_state", method="migration_batch", mailboxes=wave)["results"]
    assert (judged["state"], judged["status"]) == ("home", "unchanged")
    assert laboratory.log.writes()[before:] == []


def test_a_move_request_is_not_submitted_to_a_database_that_is_not_there_or_not_mounted(
    ran: Ran, laboratory: Laboratory, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    laboratory.hybrid.directory.databases["DB03"].mounted = False
    before = len(laboratory.log.writes())
    wave = [
        {"identity": pair.identity, "remote_target_database": name, "target_delivery_domain": "contoso.com"}
        for pair, name in zip(pairs, ("DB99", "DB03"), strict=True)
    ]
    account = laboratory.hybrid.remote_credential
    given = {
        "mailboxes": wave, "remote_host_name": "mail.contoso.com",
        "remote_credential": {"username": account.username, "password": account.password},
        "exchange_online": {"experimental_rest_credential": True},
    }  # fmt: skip
    for check in (True, False):
        found = ran("move_request", check=check, **given)["results"]
        assert [item["error"]["code"] for item in found] == ["database_not_found", "database_not_mounted"]
    assert laboratory.log.writes()[before:] == []
    # Without the on-premises connection nobody knows, and Exchange Online has the say.
    monkeypatch.delenv("EXCHANGE_SERVER_HOST")
    asked = ran("move_request", check=True, **given)["results"]
    assert [item["status"] for item in asked] == ["changed", "changed"]
    laboratory.hybrid.directory.databases["DB03"].mounted = True


def test_ten_more_rows_of_a_csv_add_ten_members_and_touch_no_other(
    ran: Ran, laboratory: Laboratory, tmp_path: Path
) -> None:
    pairs = HybridBuilder(laboratory.hybrid).many(12, prefix="Row")
    given = {"batch_name": "rows", "target_delivery_domain": "contoso.com", "cutover": "held"}
    csv, wave = tmp_path / "wave.csv", str(tmp_path / "wave.json")

    def submitted(rows: list[Pair]) -> dict[str, int]:
        text = "".join(f"{pair.identity},DB01\n" for pair in rows)
        csv.write_text(f"identity,remote_target_database\n{text}", encoding="utf-8")
        assert "failed" not in ran("wave_file", csv=str(csv), path=wave)
        summary = ran("migration_batch", mailboxes_file=wave, **given)["summary"]
        return {status: count for status, count in summary.items() if count}

    def users() -> dict[str, tuple[str, str]]:
        """Return the batch of each user, and its own GUID: one that was removed and added again would have another."""
        laboratory.hybrid.advance()
        found = ran("migration_batch_info", mailboxes=[{"identity": pair.identity} for pair in pairs])["results"]
        known = {item["identity"]: item["migration_user"] for item in found if item.get("migration_user")}
        return {name: (user["batch_id"], user["guid"]) for name, user in known.items()}

    assert submitted(pairs[:2]) == {"changed": 2}
    first, before = users(), len(laboratory.log.writes())
    assert submitted(pairs) == {"unchanged": 2, "changed": 10}
    assert [entry["cmdlet"] for entry in laboratory.log.writes()[before:]] == ["Set-MigrationBatch"]
    after = users()
    assert (len(first), len(after)) == (2, 12)
    assert {name: after[name] for name in first} == first


# -- the first playbooks for a real tenant ----------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[4]


def role_variables(page: str) -> dict[str, Any]:
    """Return the variables of the one play, or task, of a page that imports the role."""
    blocks = [yaml.safe_load(found) for found in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "role:" in found]
    (entry,) = blocks[0]
    task = entry["tasks"][0] if "tasks" in entry else entry
    assert task["ansible.builtin.import_role"]["name"] == "mailops.exchange_hybrid.mailbox_offboarding"
    return dict(task["vars"])


@pytest.mark.parametrize("name", ["README.md", "docs/first-wave.md"])
def test_the_first_playbook_for_a_real_tenant_needs_no_powershell_and_no_credential(
    ran: Ran, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    page = (ROOT / name).read_text(encoding="utf-8").partition("## In a real tenant")
    variables = role_variables(page[2] or page[0])
    assert "interface" not in variables.get("exchange_online", {})
    assert not [word for word in variables if "credential" in word or "method" in word]
    wave: dict[str, Any] = {"mailboxes": [{"identity": name} for name in variables.get("offboarding_mailboxes", [])]}
    if "offboarding_csv" in variables:
        csv = tmp_path / "wave.csv"
        csv.write_text(re.findall(r"```csv\n(.*?)```", page[2], re.DOTALL)[0], encoding="utf-8")
        ran("wave_file", csv=str(csv), path=str(tmp_path / "wave.json"))
        wave = {"mailboxes_file": str(tmp_path / "wave.json")}
    for word in ("REMOTE_CREDENTIAL_USERNAME", "REMOTE_CREDENTIAL_PASSWORD",
                 "EXCHANGE_ONLINE_EXPERIMENTAL_REST_CREDENTIAL"):  # fmt: skip
        monkeypatch.delenv(word)
    monkeypatch.setenv("PATH", str(tmp_path))
    fields = ("remote_host_name", "remote_target_database", "target_delivery_domain", "cutover")
    move = {field: variables[f"offboarding_{field}"] for field in fields if f"offboarding_{field}" in variables}
    told = ran("offboarding_state", check=True, method="auto", move=move, prepare={}, readiness=True, **wave)
    methods = [item["move_method"] for item in told["results"]]
    assert methods == ["migration_batch"] * len(methods)
    assert methods
    assert not [item for item in told["results"] if "credential" in str(item.get("error"))]
