# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m bench.script CONTROL MAILBOX...``: the procedure as public scripts write it, for comparison.

One pypsrp session, one requests session, one mailbox after the other, one cmdlet after the other; no checks, no
baseline, nothing read back but the proof of the match. ``CONTROL`` is the laboratory's directory.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from lab.control import ControlClient

ROUTING = "contoso.mail.onmicrosoft.com"


class ExchangeOnline:
    """The admin API as a short script calls it."""

    def __init__(self) -> None:
        tenant = os.environ["EXCHANGE_ONLINE_TENANT_ID"]
        self._session = requests.Session()
        self._session.verify = os.environ["EXCHANGE_ONLINE_CA_FILE"]
        self._base = os.environ["EXCHANGE_ONLINE_BASE_URL"]
        self._url = f"{self._base}/adminapi/beta/{tenant}/InvokeCommand"
        answer = self._session.post(
            f"{os.environ['EXCHANGE_ONLINE_AUTHORITY']}/{tenant}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": os.environ["EXCHANGE_ONLINE_CLIENT_ID"],
                "client_secret": os.environ["EXCHANGE_ONLINE_CLIENT_SECRET"],
                "scope": "https://outlook.office365.com/.default",
            },
            timeout=60,
        )
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self._session.headers["X-AnchorMailbox"] = f"APP:SystemMailbox{{{uuid.uuid4()}}}@{tenant}"
        self._session.headers["connection-id"] = str(uuid.uuid4())

    def run(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}
        answer = self._session.post(self._url, json=body, headers={"X-CmdletName": cmdlet}, timeout=60)
        answer.raise_for_status()
        objects: list[dict[str, Any]] = (answer.json() if answer.content else {}).get("value") or []
        return objects

    def credential(self) -> dict[str, Any]:
        """Return the remote credential in the laboratory's invented encoding: the server's key is asked for once."""
        import base64
        import re

        from cryptography.hazmat.primitives.asymmetric import padding, rsa

        tenant = os.environ["EXCHANGE_ONLINE_TENANT_ID"]
        answer = self._session.get(f"{self._base}/AdminApi/v1.0/{tenant}/EXOModuleFile", timeout=60)
        text = answer.json()["value"][0]["fileContent"]
        numbers = [
            int.from_bytes(base64.b64decode(re.findall(f"<{name}>(.*?)</{name}>", text)[0]), "big")
            for name in ("Exponent", "Modulus")
        ]
        key = rsa.RSAPublicNumbers(numbers[0], numbers[1]).public_key()
        secret = key.encrypt(os.environ["REMOTE_CREDENTIAL_PASSWORD"].encode(), padding.PKCS1v15())
        return {
            "@odata.type": "#Exchange.GenericHashTable",
            "UserName": os.environ["REMOTE_CREDENTIAL_USERNAME"],
            "Password": base64.b64encode(secret).decode(),
        }


def on_premises(pool: RunspacePool, cmdlet: str, **parameters: Any) -> list[Any]:
    pipeline = PowerShell(pool)
    pipeline.add_cmdlet(cmdlet)
    for name, value in parameters.items():
        pipeline.add_parameter(name, value)
    objects: list[Any] = pipeline.invoke()
    if pipeline.streams.error:
        raise RuntimeError(f"{cmdlet}: {pipeline.streams.error[0]}")
    pipeline.close()
    return objects


def prepare(cloud: ExchangeOnline, pool: RunspacePool, mailbox: str) -> None:
    """Read both sides and make the on-premises user whole."""
    found = cloud.run("Get-Mailbox", Identity=mailbox)[0]
    on_premises(pool, "Get-User", Identity=mailbox)
    alias = mailbox.partition("@")[0]
    on_premises(
        pool,
        "Enable-MailUser",
        Identity=mailbox,
        ExternalEmailAddress=f"{alias}@{ROUTING}",
        PrimarySmtpAddress=mailbox,
        Confirm=False,
    )
    on_premises(
        pool,
        "Set-MailUser",
        Identity=mailbox,
        ExchangeGuid=found["ExchangeGuid"],
        EmailAddresses=[*found["EmailAddresses"], f"X500:{found['LegacyExchangeDN']}"],
        EmailAddressPolicyEnabled=False,
        Confirm=False,
    )


def move(cloud: ExchangeOnline, credential: dict[str, Any], mailbox: str) -> None:
    """Look whether the match came and submit the move."""
    if not cloud.run("Get-Mailbox", Identity=mailbox)[0]["IsDirSynced"]:
        raise RuntimeError(f"{mailbox} did not match")
    cloud.run(
        "New-MoveRequest",
        Identity=mailbox,
        Outbound=True,
        RemoteHostName="mail.contoso.com",
        RemoteTargetDatabase="DB01",
        RemoteCredential=credential,
        TargetDeliveryDomain="contoso.com",
        BatchName="bench",
        Confirm=False,
    )


def main(arguments: Sequence[str]) -> int:
    directory, *mailboxes = arguments
    # pypsrp hands this on to requests, which takes a path too, and says that it is a bool.
    verification: Any = os.environ["EXCHANGE_SERVER_CA_FILE"]
    connection = WSMan(
        os.environ["EXCHANGE_SERVER_HOST"],
        port=int(os.environ["EXCHANGE_SERVER_PORT"]),
        path="PowerShell/",
        auth="basic",
        username=os.environ["EXCHANGE_SERVER_USERNAME"],
        password=os.environ["EXCHANGE_SERVER_PASSWORD"],
        ssl=True,
        cert_validation=verification,
    )
    cloud = ExchangeOnline()
    with RunspacePool(connection, configuration_name="Microsoft.Exchange") as pool:
        on_premises(pool, "Set-ADServerSettings", ViewEntireForest=True)
        for mailbox in mailboxes:
            prepare(cloud, pool, mailbox)
    ControlClient(Path(directory)).sync_cycle()
    credential = cloud.credential()
    for mailbox in mailboxes:
        move(cloud, credential, mailbox)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
