# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module makes of its arguments and of what came of them: modules in this process, before the laboratory."""

from __future__ import annotations

import importlib
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.laboratory import Laboratory
from lab.model.builder import HybridBuilder, Pair
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

    def run(name: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
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
