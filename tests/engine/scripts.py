# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of the collection's scripts by WinRM, and their answers as the collection reads them.

``script_answers.json`` keeps what they answered on PowerShell 7.6.9. The laboratory's quick emulation of them has to
answer the same. Written anew by: python -m tests.engine (needs pwsh).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Retry, RetryPolicy
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect import (
    organization as entra_connect,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server import (
    organization as exchange_server,
)

from lab.answer import Answer, LabObject
from lab.hybrid import Hybrid, ManualClock
from lab.laboratory import Laboratory
from lab.model.cmdlet_host import Implementation, Request
from lab.model.demo import demo_hybrid
from tests.engine.cases import ask
from tests.engine.servers import HERE, wide

ANSWERS = HERE / "script_answers.json"
ANN = "ann.archer@contoso.com"
# One property of each kind: what else an object has is the laboratory's business.
SHOWN = frozenset(
    "AccountDisabled CurrentlyEffectiveSyncCycleInterval DatabaseSize DisplayName Guid Identity IssueWarningQuota "
    "Name NextSyncCycleStartTimeInUTC Recovery RecipientTypeDetails Result SyncCycleEnabled WhenChanged "
    "WhenChangedUTC".split()
)
REFUSED = {
    "exception_type": "Microsoft.Exchange.Data.Directory.InsufficientPermissionsException",
    "message": "Active Directory operation failed on dc01. Additional information: INSUFF_ACCESS_RIGHTS",
}


@dataclass(frozen=True)
class Case:
    """One cmdlet, and the laboratory's fault that strikes it."""

    cmdlet: Cmdlet
    fault: Mapping[str, Any] = field(default_factory=dict)
    organization: str = "exchange_server"


def _user(name: str, **parameters: Any) -> Cmdlet:
    return Cmdlet(name, {"Identity": ANN, **parameters})


CASES = {
    "a read": Case(_user("Get-User")),
    "a read that finds nothing": Case(Cmdlet("Get-User", {"Identity": "nobody"})),
    "a read that fails": Case(_user("Get-Recipient"), {**REFUSED, "kind": "error"}),
    "a read that throws": Case(_user("Get-Recipient"), {**REFUSED, "kind": "error", "terminating": True}),
    "a write that fails": Case(_user("Set-User", WindowsEmailAddress="x@contoso.com"), {**REFUSED, "kind": "error"}),
    "a write without a change": Case(_user("Set-User", WindowsEmailAddress="")),
    "a cmdlet that no role grants": Case(_user("Get-RemoteMailbox")),
    "a parameter that no role grants": Case(_user("Set-User", ResetPasswordOnNextLogon=True)),
    "a parameter that does not exist": Case(_user("Set-User", Bogus=1)),
    "2,000 objects": Case(Cmdlet("Get-AcceptedDomain", {})),
    "databases": Case(Cmdlet("Get-MailboxDatabase", {})),
    "the scheduler": Case(Cmdlet("Get-ADSyncScheduler", {}), organization="entra_connect"),
    "a cycle": Case(Cmdlet("Start-ADSyncSyncCycle", {"PolicyType": "Delta"}), organization="entra_connect"),
    "a refused cycle": Case(
        Cmdlet("Start-ADSyncSyncCycle", {"PolicyType": "Delta"}),
        {"kind": "error", "exception_type": "System.InvalidOperationException", "message": "Sync is already running."},
        organization="entra_connect",
    ),
}  # fmt: skip


def organization() -> Hybrid:
    """Return the same organization each time. Roles leave a cmdlet and a parameter out."""
    hybrid = demo_hybrid(ManualClock())
    user = hybrid.exchange_server_account.username
    hybrid.exchange_server.revoked[user] = {"Get-RemoteMailbox"}
    hybrid.exchange_server.revoked_parameters[user] = {("Set-User", "ResetPasswordOnNextLogon")}
    hybrid.exchange_server.cmdlets["Get-AcceptedDomain"] = Implementation(_many, frozenset())
    return hybrid


def _many(_request: Request) -> Answer:
    """Return as many objects as a wave has, which are more than an envelope takes."""
    return Answer([LabObject(("X", "System.Object"), wide(row, properties=15)) for row in range(1, 2001)])


def answer(laboratory: Laboratory, case: Case) -> dict[str, Any]:
    """Ask one case of a laboratory, in a session of its own."""
    fault = dict(case.fault)
    if fault:
        laboratory.faults.add(case.organization, case.cmdlet.name, fault.pop("kind"), **fault)
    session = organization_of(laboratory, case).open()
    try:
        answered = ask(session, case.cmdlet)
    finally:
        session.close()
        laboratory.faults.clear()
    if not isinstance(answered.get("objects"), list):
        return answered
    shown = [{name: value for name, value in found.items() if name in SHOWN} for found in answered["objects"]]
    return {**answered, "objects": shown}


def organization_of(laboratory: Laboratory, case: Case) -> Any:
    """Return the collection's own way in, which tries everything once."""
    account = laboratory.hybrid.exchange_server_account
    port = "management_shell" if case.organization == "exchange_server" else case.organization
    options = {
        "host": "localhost", "port": laboratory.port(port), "username": account.username, "auth": "basic",
        "password": account.password, "ca_file": laboratory.environment()["EXCHANGE_SERVER_CA_FILE"],
    }  # fmt: skip
    if case.organization == "entra_connect":
        found: Any = entra_connect.from_options(options)
    else:
        found = exchange_server.from_options({**options, "transport": "winrm"})
    found.retry = Retry(RetryPolicy(attempts=1))
    return found


def known() -> dict[str, dict[str, Any]]:
    """Return what the scripts answered on PowerShell."""
    answers: dict[str, dict[str, Any]] = json.loads(ANSWERS.read_text(encoding="utf-8"))
    return answers
