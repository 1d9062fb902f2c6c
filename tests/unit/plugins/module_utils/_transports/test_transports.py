# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three transports side by side, against a whole hybrid organization."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports import (
    entra_connect as transports_entra_connect,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports import (
    exchange_online as transports_exchange_online,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect.organization import (
    from_options as entra_connect,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.organization import (
    from_options as exchange_online,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.organization import (
    from_options as exchange_server,
)

PACKAGE = transports_entra_connect.__name__.rpartition(".")[0]
ALL = {"ResultSize": "Unlimited"}


def options_of(laboratory: Any, prefix: str) -> dict[str, Any]:
    """Return the connection dictionary as Ansible makes it of the environment: numbers and flags typed."""
    options: dict[str, Any] = {
        name.removeprefix(prefix).lower(): value
        for name, value in laboratory.environment().items()
        if name.startswith(prefix)
    }
    for name in options.keys() & {"use_tls", "experimental_rest_credential"}:
        options[name] = options[name] == "true"
    for name in options.keys() & {"port"}:
        options[name] = int(options[name])
    return options


@pytest.fixture
def sessions(laboratory: Any) -> Any:
    opened = {
        "exchange_server": exchange_server(options_of(laboratory, "EXCHANGE_SERVER_")).open(),
        "exchange_online": exchange_online(options_of(laboratory, "EXCHANGE_ONLINE_")).open(),
        "entra_connect": entra_connect(options_of(laboratory, "ENTRA_CONNECT_")).open(),
    }
    yield opened
    for session in opened.values():
        session.close()
    assert laboratory.open_sessions() == {"exchange_server": 0, "entra_connect": 0}


@pytest.mark.parametrize("organization", ["exchange_server", "exchange_online"])
def test_recipients_are_read_alike_from_both_organizations(sessions: Any, organization: str) -> None:
    recipients = sessions[organization].run(Cmdlet("Get-Recipient", ALL)).objects
    assert len(recipients) > 1
    for recipient in recipients:
        assert recipient["Guid"] == recipient["Guid"].lower()
        assert len(recipient["Guid"]) == 36
        assert recipient["RecipientTypeDetails"].isalnum()
        assert isinstance(recipient["EmailAddresses"], list)
        assert recipient["WhenChanged"].endswith("Z")


@pytest.mark.parametrize("organization", ["exchange_server", "exchange_online"])
def test_not_found_is_not_found_in_both_organizations(sessions: Any, organization: str) -> None:
    with pytest.raises(CmdletError) as caught:
        sessions[organization].run(Cmdlet("Get-Recipient", {"Identity": "nobody@contoso.com"}))
    assert caught.value.not_found
    assert caught.value.exception_type == "ManagementObjectNotFoundException"


def test_a_filter_selects_in_both_organizations(sessions: Any) -> None:
    mailbox = sessions["exchange_online"].run(Cmdlet("Get-Mailbox", ALL)).objects[0]
    wanted = Cmdlet("Get-Mailbox", {"Filter": f"ExchangeGuid -eq '{mailbox['ExchangeGuid']}'", **ALL})
    assert [item["Name"] for item in sessions["exchange_online"].run(wanted).objects] == [mailbox["Name"]]
    nobody = Cmdlet("Get-User", {"Filter": "UserPrincipalName -eq 'nobody@contoso.com'", **ALL})
    assert sessions["exchange_server"].run(nobody).objects == []


def test_the_scheduler_is_read_and_paused(sessions: Any, laboratory: Any) -> None:
    session = sessions["entra_connect"]
    assert session.run(Cmdlet("Get-ADSyncScheduler")).objects[0]["SyncCycleEnabled"] is True
    session.run(Cmdlet("Set-ADSyncScheduler", {"SyncCycleEnabled": False}))
    scheduler = session.run(Cmdlet("Get-ADSyncScheduler")).objects[0]
    assert scheduler["SyncCycleEnabled"] is False
    assert scheduler["NextSyncCycleStartTimeInUTC"].endswith("Z")


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        (
            f"{transports_exchange_online.__name__}.organization",
            {"pypsrp", "winrm", "requests", "azure", "cryptography"},
        ),
        (f"{transports_entra_connect.__name__}.organization", {"pypsrp", "winrm", "requests", "azure", "cryptography"}),
        (f"{PACKAGE}.exchange_server.organization", {"pypsrp", "winrm", "requests", "azure", "cryptography"}),
    ],
)
def test_nothing_is_imported_before_it_is_used(module: str, unwanted: set[str]) -> None:
    """Each module call pays for its imports: a cloud module must not load pypsrp, nor an argument error anything."""
    program = f"import sys, {module}; print(*sys.modules)"
    listed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert not {name.partition(".")[0] for name in listed.stdout.split()} & unwanted
