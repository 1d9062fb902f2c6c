# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""exchange_cmdlet in a playbook: a preview, a write, what is refused before anything is sent, and no secret shown."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.harness import Bench, module

PASSWORD = "Gaensebluemchen-7"
INFO = "info@contoso.com"


def test_a_write_is_previewed_sent_and_journalled_and_no_secret_is_shown(bench: Bench) -> None:
    bench.build.mailbox_on_premises("Info")
    zoe = bench.build.cloud_only("Zoe")
    journal = bench.directory / "journal.jsonl"
    server: dict[str, Any] = {"organization": "exchange_server", "journal": str(journal)}
    hidden = {"cmdlet": "set-mailbox", "parameters": {"Identity": INFO, "IssueWarningQuota": "9GB"}}
    credential = {"parameter": "Credential", "username": "CONTOSO\\reader", "password": PASSWORD}
    run = bench.play(
        {**module("exchange_cmdlet", name="preview", **server, **hidden, allow_write=True), "check_mode": True},
        module("exchange_cmdlet", name="not allowed", **server, **hidden),
        module("exchange_cmdlet", name="sent", **server, **hidden, allow_write=True),
        module(
            "exchange_cmdlet", name="cloud", organization="exchange_online", cmdlet="Set-Mailbox",
            parameters={"Identity": zoe.identity, "Type": "shared"}, allow_write=True, journal=str(journal),
        ),
        module("exchange_cmdlet", name="misspelt", **server, cmdlet="Get-Mailboks"),
        module("exchange_cmdlet", name="owned", **server, cmdlet="Enable-MailUser", allow_write=True),
        module(
            "exchange_cmdlet", name="secret", **server, cmdlet="Get-Mailbox",
            parameters={"Identity": INFO}, secrets=[credential],
        ),
        module(
            "exchange_cmdlet", name="misplaced", **server, cmdlet="Get-Mailbox",
            parameters={"Identity": INFO, "Credential": {"username": "reader", "password": PASSWORD}},
        ),
        arguments=["-vvv", "--diff"],
    )  # fmt: skip
    told = {task.name: task for task in run.tasks}
    assert told["preview"].cmdlets == told["sent"].cmdlets != []
    assert [name for name, task in told.items() if task.changed] == ["preview", "sent", "cloud"]
    assert told["not allowed"].error["code"] == "write_not_allowed"
    assert "Did you mean Get-Mailbox?" in told["misspelt"].message
    assert "mailops.exchange_hybrid.mailuser" in told["owned"].message
    assert told["misplaced"].error["code"] == "secret_in_parameters"
    assert bench.writes() == ["Set-Mailbox", "Set-Mailbox"]
    # The laboratory obeys no other account than the session's, and says so.
    assert "Credential" in told["secret"].message
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    assert [(line["event"], line["object"]) for line in lines] == [
        ("sent", INFO), ("answered", INFO), ("sent", zoe.identity), ("answered", zoe.identity),
    ]  # fmt: skip
    assert PASSWORD not in run.output + json.dumps([task.result for task in run.tasks])
