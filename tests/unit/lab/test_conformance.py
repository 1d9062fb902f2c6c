# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lab/CONFORMANCE.md has a source, or "invented", for every cmdlet, property, error text and fault of the lab."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.answer import Call, LabObject, ShellState
from lab.faults import KINDS
from lab.hybrid import Hybrid, ManualClock
from lab.model.builder import HybridBuilder
from lab.model.demo import demo_hybrid
from lab.model.tenant import WIZARDS_ENDPOINT
from lab.wire import disturbances
from lab.wire.graph_api import PERMISSIONS
from tests import sources

PAGE = Path("lab/CONFORMANCE.md")
ORGANIZATIONS = ("exchange_server", "exchange_online", "entra_connect")
USER = "CONTOSO\\admin"
MIGRATING = "conformance.four@contoso.com"
# Where an exception takes its text: which argument of the call it is.
TEXTS = {
    "CmdletFailure": 0, "recipient_task": 0, "move": 1, "WsmanFault": 1, "SignInError": 3, "RequestError": 0,
    "InvalidToken": 0, "_failure": 0, "_bad_assertion": 1, "_refused": 0,
    "migration": 1, "_cannot": 1,
}  # fmt: skip


def section(name: str) -> list[list[str]]:
    """Return the rows of the table below a heading."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").replace("\\|", "\0").split("|")] for line in lines][1:]


SOURCES = [row[0] for row in section("Sources")]
TABLES = ("Cmdlets", "Properties", "Error texts", "Moves", "Directory synchronization", "Domain controllers",
          "Addresses in Entra", "Skipped items and what a completion leaves", "Wire", "Faults")  # fmt: skip


@pytest.fixture(scope="module")
def hybrid() -> Hybrid:
    """An organization in which every cmdlet that reads has something to show."""
    clock = ManualClock()
    hybrid = demo_hybrid(clock)
    build = HybridBuilder(hybrid)
    moving = build.synced("Conformance One")
    build.archive(moving)
    build.batch_request(moving)
    build.mailbox_on_premises("Conformance Two")
    build.mail_enable(build.synced("Conformance Three"))
    hybrid.tenant.migration_users["one@contoso.com"] = "wave 1"
    batch = {
        "Name": "wave 2", "CSVData": f"EmailAddress,TargetDatabase\n{MIGRATING},DB01".encode(), "AutoStart": True,
        "TargetEndpoint": WIZARDS_ENDPOINT, "TargetDeliveryDomain": "contoso.com",
    }  # fmt: skip
    build.mail_enable(build.synced("Conformance Four"))
    hybrid.exchange_online.run(Call("New-MigrationBatch", batch, ShellState(USER)))
    hybrid.entra_connect.run(Call("Start-ADSyncSyncCycle", {}, ShellState(USER)))
    clock.advance(1.5)
    return hybrid


def parameters(hybrid: Hybrid, organization: str, cmdlet: str) -> dict[str, Any]:
    """Return what a cmdlet has to be given so that it answers."""
    mailbox = "conformance.one@contoso.com" if organization == "exchange_online" else "conformance.two@contoso.com"
    given: dict[str, dict[str, Any]] = {
        "Get-MoveRequestStatistics": {"Identity": mailbox, "IncludeReport": True},
        "Get-Command": {"Name": ["Get-User"]},
        "Get-MigrationUserStatistics": {"Identity": MIGRATING}, "Get-MigrationBatch": {"IncludeReport": True},
        "Get-MailboxDatabaseCopyStatus": {"Identity": "DB01"},
        "Test-MigrationServerAvailability": {
            "ExchangeRemoteMove": True, "RemoteServer": hybrid.remote_host_name,
            "Credentials": hybrid.remote_credential,
        },
    }  # fmt: skip
    known = getattr(hybrid, organization).binder.cmdlets.get(cmdlet, {"parameter_sets": {"": {"mandatory": []}}})
    named = any("Identity" in facts["mandatory"] for facts in known["parameter_sets"].values())
    return given.get(cmdlet, {"Identity": mailbox} if named else {})


def answers(hybrid: Hybrid) -> Iterator[tuple[str, str, list[LabObject]]]:
    """Run every cmdlet that reads, in every organization, and the writes that answer with an object."""
    for organization in ORGANIZATIONS:
        host: Any = getattr(hybrid, organization)
        shell = ShellState(USER, view_entire_forest=True)
        for cmdlet in host.granted(USER):
            if cmdlet.startswith(("Get-", "Test-")):
                given = parameters(hybrid, organization, cmdlet)
                yield organization, cmdlet, host.run(Call(cmdlet, given, shell)).objects
    shell = ShellState(USER, view_entire_forest=True)
    enable = {"Identity": "Zoe Zimmer", "ExternalEmailAddress": "zoe@contoso.mail.onmicrosoft.com"}
    enabled = hybrid.exchange_server.run(Call("Enable-MailUser", enable, shell))
    yield "exchange_server", "Enable-MailUser", enabled.objects


def test_every_source_is_known() -> None:
    unknown = [
        row
        for name in TABLES
        for row in section(name)
        if not any(key in row[-1] for key in (*SOURCES, "invented")) or row[-1] == ""
    ]
    assert unknown == []
    assert all(len(section(name)) > 3 for name in TABLES)


def test_every_cmdlet_is_listed(hybrid: Hybrid) -> None:
    listed = {(row[0], row[1]) for row in section("Cmdlets")}
    answered = {(name, cmdlet) for name in ORGANIZATIONS for cmdlet in getattr(hybrid, name).granted(USER)}
    assert answered == listed


def test_every_property_is_listed(hybrid: Hybrid) -> None:
    rows = [(cmdlet.strip(), row[1]) for row in section("Properties") for cmdlet in row[0].split(",")]
    listed = {(cmdlet, name) for cmdlet, names in rows for name in names.split()}
    silent, strange = [], set()
    shown = set()
    for organization, cmdlet, objects in answers(hybrid):
        names = {name for item in objects for name in item.properties}
        if not names and (organization, cmdlet) not in (("exchange_server", "Get-MoveRequest"),):
            silent.append((organization, cmdlet))
        shown |= {(cmdlet, name) for name in names}
        strange |= {(cmdlet, name) for name in names if (cmdlet, name) not in listed and (cmdlet, "*") not in listed}
    assert silent == []
    assert strange == set()
    # And nothing is claimed that the lab does not have.
    unseen = {pair for pair in listed - shown if pair[1] != "*" and not pair[0].startswith(("New-", "Start-"))}
    assert unseen == set()


def texts() -> Iterator[tuple[str, str]]:
    """Yield every literal text that becomes an error, with its file; a formatted value is ``{}``."""
    for path in sorted([*Path("lab/model").glob("*.py"), *Path("lab/wire").glob("*.py")]):
        for node in sources.nodes(path):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = TEXTS.get(name)
            text = _literal(node.args[place]) if place is not None and len(node.args) > place else ""
            if text:
                yield path.name, text.strip()


def _literal(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return _literal(node.left) + _literal(node.right) if isinstance(node, ast.BinOp) else ""


def test_every_error_text_is_listed() -> None:
    listed = [row[0].replace("\0", "|") for row in section("Error texts")]
    missing = [(path, text[:60]) for path, text in texts() if not any(text.startswith(known) for known in listed)]
    assert missing == []
    said = [text for _path, text in texts()]
    assert [known for known in listed if not any(text.startswith(known) for text in said)] == []


def test_every_fault_is_listed() -> None:
    assert sorted(row[0] for row in section("Faults")) == sorted([*KINDS, *disturbances.KINDS])


def test_every_route_is_listed() -> None:
    wire = " ".join(row[0] for row in section("Wire"))
    assert [name for name in ("InvokeCommand", "EXOModuleFile", "$batch", *PERMISSIONS) if name not in wire] == []
