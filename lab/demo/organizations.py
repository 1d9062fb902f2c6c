# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both organizations as plain clients see them, without the collection: pypsrp on-premises, requests in the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from xml.etree import ElementTree

import requests
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

SCOPE = "https://outlook.office365.com/.default"
TIMEOUT = 60


class ReadFailure(Exception):
    """An organization refused a read."""


class ExchangeServer:
    """Remote PowerShell of the on-premises organization. A context manager; ``environment`` is the laboratory's."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # pypsrp hands cert_validation on to requests, which takes a path too.
        verification: dict[str, Any] = {"cert_validation": environment["EXCHANGE_SERVER_CA_FILE"]}
        self._wsman = WSMan(
            environment["EXCHANGE_SERVER_HOST"],
            port=int(environment["EXCHANGE_SERVER_PORT"]),
            path="PowerShell",
            ssl=True,
            auth="basic",
            username=environment["EXCHANGE_SERVER_USERNAME"],
            password=environment["EXCHANGE_SERVER_PASSWORD"],
            no_proxy=True,
            **verification,
        )
        self._pool = RunspacePool(self._wsman, configuration_name="Microsoft.Exchange")

    def __enter__(self) -> ExchangeServer:
        self._pool.open()
        self.run("Set-ADServerSettings", ViewEntireForest=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.close()
        self._wsman.close()

    def run(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        """Return what the cmdlet put out: texts, and lists of texts. Raises ReadFailure with what Exchange said."""
        with PowerShell(self._pool) as shell:
            shell.add_cmdlet(cmdlet).add_parameters(parameters)
            output = shell.invoke()
            if shell.streams.error:
                raise ReadFailure(f"{cmdlet}: {shell.streams.error[0]}")
        return [_properties(item) for item in output]


def _properties(item: Any) -> dict[str, Any]:
    return {name: _value(value) for name, value in item.adapted_properties.items()}


def _value(value: Any) -> Any:
    """Return a list for a collection, which pypsrp leaves as raw XML, and the text of everything else."""
    if value is None:
        return ""
    raw = getattr(value, "property_sets", [])
    if raw and str(raw[0]).startswith("<LST"):
        return [element.text or "" for element in ElementTree.fromstring(raw[0])]
    return str(getattr(value, "to_string", None) or value)


@dataclass
class ExchangeOnline:
    """The admin API of the tenant, as the laboratory's application."""

    environment: Mapping[str, str]
    _token: str = ""

    def run(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        """Return what the cmdlet put out, page after page. Raises ReadFailure with what Exchange said."""
        tenant = self.environment["EXCHANGE_ONLINE_TENANT_ID"]
        url = f"{self.environment['EXCHANGE_ONLINE_BASE_URL']}/adminapi/beta/{tenant}/InvokeCommand"
        found: list[dict[str, Any]] = []
        while url:
            answer = self._post(
                url,
                json={"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}},
                headers={
                    "Authorization": f"Bearer {self._signed_in()}",
                    "X-AnchorMailbox": f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{tenant}",
                },
            )
            found += answer.get("value") or []
            url = str(answer.get("@odata.nextLink") or "")
        return found

    def _signed_in(self) -> str:
        if not self._token:
            tenant = self.environment["EXCHANGE_ONLINE_TENANT_ID"]
            answer = self._post(
                f"{self.environment['EXCHANGE_ONLINE_AUTHORITY']}/{tenant}/oauth2/v2.0/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": self.environment["EXCHANGE_ONLINE_CLIENT_ID"],
                    "client_secret": self.environment["EXCHANGE_ONLINE_CLIENT_SECRET"],
                    "scope": SCOPE,
                },
            )
            self._token = str(answer["access_token"])
        return self._token

    def _post(self, url: str, **request: Any) -> dict[str, Any]:
        with requests.Session() as session:
            session.trust_env = False  # a proxy cannot reach this machine's loopback
            ca_file = self.environment["EXCHANGE_ONLINE_CA_FILE"]
            response = session.post(url, verify=ca_file, timeout=TIMEOUT, **request)
        if response.status_code != 200:
            raise ReadFailure(f"{url} answered {response.status_code}: {response.text[:300]}")
        answer: dict[str, Any] = response.json()
        return answer
