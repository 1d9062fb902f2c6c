# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""However a module is started, from its file or from Ansible's archive, in the task or beside it, it does the same."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.integration.harness import BINARIES, Bench, module


@pytest.mark.parametrize(
    ("environment", "more"),
    [
        ({}, {}),
        ({"ANSIBLE_PIPELINING": "true"}, {}),
        ({"ANSIBLE_KEEP_REMOTE_FILES": "true"}, {}),
        ({}, {"async": 60, "poll": 1}),
        ({}, {"delegate_to": "localhost"}),
    ],
    ids=["file", "pipelined", "packed", "async", "delegated"],
)
def test_a_mailbox_is_read(shared: Bench, environment: dict[str, str], more: dict[str, Any]) -> None:
    name = "-".join([*environment, *more]).lower().replace("_", "-") or "plain"
    pair = shared.build.cloud_only(f"Zoe {name}")
    # Ansible looks for a job's result in the user's home, the job writes to HOME: elsewhere both agree.
    shared.environment = {**environment, "ANSIBLE_ASYNC_DIR": str(shared.directory / "jobs")}
    task = {**module("mailbox_info", name="read", identity=pair.identity), **more}
    run = shared.play(task)
    (mailbox,) = run.task("read").result["mailboxes"]
    assert mailbox["exchange_guid"] == str(pair.cloud.exchange_guid), run.output


@pytest.mark.parametrize("environment", [{}, {"ANSIBLE_KEEP_REMOTE_FILES": "true"}], ids=["file", "packed"])
def test_an_encrypted_variable_is_an_option(shared: Bench, environment: dict[str, str]) -> None:
    """Ansible decrypts it on the way to the module; that is its encoder's work, not the template engine's."""
    vault = shared.directory / "vault-password"
    vault.write_text("of the test", encoding="utf-8")
    password = shared.laboratory.environment()["EXCHANGE_SERVER_PASSWORD"]
    encrypted = subprocess.run(
        [BINARIES / "ansible-vault", "encrypt_string", "--vault-password-file", vault, "--stdin-name", "password"],
        input=password,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.partition("|")[2]
    text = "\n".join(line.strip() for line in encrypted.splitlines() if line.strip())
    shared.environment, shared.without = environment, {"EXCHANGE_SERVER_PASSWORD"}
    try:
        task = module("connection_test", name="try", exchange_server={"password": {"__ansible_vault": text}})
        run = shared.run(shared.written(task), "--vault-password-file", str(vault), variables={})
    finally:
        shared.environment, shared.without = {}, set()
    assert run.succeeded, run.output
    assert password not in run.output + json.dumps(run.task("try").result)
