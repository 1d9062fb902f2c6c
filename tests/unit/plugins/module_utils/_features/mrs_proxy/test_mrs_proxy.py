# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The MRS proxy: what differs is set on each server alone, and what was not said is left alone."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mrs_proxy import plan, task

from tests.unit.plugins.module_utils.fakes import FakeOrganization, connect, refusal
from tests.unit.plugins.module_utils.lab_in_process import InProcess, Trouble

SET = "Set-WebServicesVirtualDirectory"


def shown(server: str, **more: Any) -> dict[str, Any]:
    return {
        "Identity": f"{server}\\EWS (Default Web Site)", "Server": server, "MRSProxyEnabled": False,
        "WindowsAuthentication": True, "ExtendedProtectionTokenChecking": {"Value": "None"}, **more,
    }  # fmt: skip


FARM = [plan.virtual_directory(shown(name)) for name in ("EX01", "EX02")]


def test_only_what_differs_is_set_on_each_server() -> None:
    wanted: dict[str, bool | str] = {"mrs_proxy_enabled": True, "windows_authentication": True}
    assert [change.cmdlet.preview() for change in plan.changes(FARM, wanted)] == [
        f"{SET} -Identity '{name}\\EWS (Default Web Site)' -MRSProxyEnabled:$true" for name in ("EX01", "EX02")
    ]
    assert plan.changes(FARM, {"extended_protection_token_checking": "none"}) == []
    # What Exchange does not show may be anything.
    assert len(plan.changes(FARM, {"oauth_authentication": False})) == 2


def test_servers_are_chosen_by_their_names_with_or_without_domain() -> None:
    assert [item.server for item in plan.chosen(FARM, ["ex02.contoso.com"])] == ["EX02"]
    assert plan.chosen(FARM, []) == FARM
    with pytest.raises(InputError, match=r"'EX03' has no EWS virtual directory\. Use some of: EX01, EX02"):
        plan.chosen(FARM, ["EX03"])


def test_it_is_set_in_the_lab_and_a_second_run_finds_nothing() -> None:
    lab = InProcess()
    lab.hybrid.directory.mrs_proxy_enabled = False
    with lab.connect("exchange_server") as connections:
        changes = plan.changes(task.read(connections), {"mrs_proxy_enabled": True})
        assert task.apply(connections, changes) == {}
        assert lab.hybrid.directory.mrs_proxy_enabled
        assert plan.changes(task.read(connections), {"mrs_proxy_enabled": True}) == []


def test_a_lost_answer_is_read_back() -> None:
    lab = InProcess(trouble=Trouble("lost", cmdlet=SET))
    lab.hybrid.directory.mrs_proxy_enabled = False
    with lab.connect("exchange_server") as connections:
        assert task.apply(connections, plan.changes(task.read(connections), {"mrs_proxy_enabled": True})) == {}
    assert lab.writes == [SET]


def test_one_server_that_fails_leaves_the_others_their_settings() -> None:
    farm = {name: shown(name) for name in ("EX01", "EX02", "EX03")}

    def put(cmdlet: Any) -> list[Any]:
        server = str(cmdlet.parameters["Identity"]).partition("\\")[0]
        if server == "EX02":
            raise refusal("Access is denied.", "TaskException", cmdlet.name)
        if server != "EX03":
            farm[server]["MRSProxyEnabled"] = True
        return []

    organization = FakeOrganization(
        "exchange_server", handlers={"Get-WebServicesVirtualDirectory": lambda _c: list(farm.values()), SET: put}
    )
    with connect(organization) as connections:
        errors = task.apply(connections, plan.changes(task.read(connections), {"mrs_proxy_enabled": True}))
    assert {name.partition("\\")[0]: error.code for name, error in errors.items()} == {
        "EX02": "permission_denied", "EX03": "not_applied",
    }  # fmt: skip


def sends(recorder: Any) -> None:
    """Run what leads to every cmdlet and parameter, for the test that holds them to the reference."""
    lab = InProcess()
    with lab.connect("exchange_server") as connections:
        wanted: dict[str, bool | str] = dict.fromkeys(plan.FLAGS, False)
        task.apply(connections, plan.changes(task.read(connections), {**wanted, plan.CHANNEL_BINDING: "Allow"}))
        wanted = dict.fromkeys(plan.FLAGS, True)
        task.apply(connections, plan.changes(task.read(connections), wanted))
    recorder.sent += lab.calls
