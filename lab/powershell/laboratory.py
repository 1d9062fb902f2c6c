# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A laboratory in which a real PowerShell runs the collection's scripts.

On the Entra Connect server, on the Exchange server by WinRM, and by ``interface: powershell`` in place of Microsoft's
module. Their cmdlets are functions that come back to the same gateways as on every other wire.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from lab.hybrid_model import HybridModel
from lab.laboratory import Laboratory
from lab.model.contract import ADSYNC, CLOUD, SERVER
from lab.powershell.door import Door, Organization
from lab.powershell.functions import session_configuration
from lab.powershell.shells import ClosingShells
from lab.powershell.windows_shell import RealShellService
from lab.wire.gateway import Gateway
from lab.wire.http_server import HttpServer
from lab.wire.powershell_dialogue import AD_SYNC, EXCHANGE_ONLINE_MANAGEMENT, MANAGEMENT_SHELL
from lab.wire.wsman import Service

_HERE = Path(__file__).parent
_EXPORT = "\nExport-ModuleMember -Function *-*\n"


class PowerShellLaboratory(Laboratory):
    """``program`` is pwsh."""

    def __init__(self, hybrid: HybridModel, directory: Path, program: str) -> None:
        super().__init__(hybrid, directory)
        for name in ("entra_connect", "management_shell"):
            self._shells[name] = ClosingShells(time.monotonic)
        self._program = program
        self._folder = directory / "powershell"
        self._door = Door(
            {
                "exchange_server": self._organization("exchange_server", SERVER),
                "entra_connect": self._organization("entra_connect", ADSYNC),
                "exchange_online": self._organization("exchange_online", CLOUD),
            },
            hybrid.exchange_server_account,
        )
        self._at_the_door: HttpServer | None = None

    def start(self) -> None:
        """Open the door for PowerShell first: its shells are told where it is."""
        self._write_modules()
        self._at_the_door = HttpServer(self._door)
        self._at_the_door.start()
        super().start()

    def stop(self) -> None:
        super().stop()
        if self._at_the_door is not None:
            self._at_the_door.stop()

    def windows_shells(self, gateway: Gateway, module: str) -> Service:
        program = [self._program]
        environment = {**os.environ, **self.for_powershell()}
        if module == MANAGEMENT_SHELL:
            program += ["-ConfigurationFile", str(self._folder / "hop.pssc")]
            environment["ExchangeInstallPath"] = "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\"
        return RealShellService(program, environment)

    def for_powershell(self) -> dict[str, str]:
        """Return what a process of PowerShell has to have in its environment, in which it finds the modules."""
        assert self._at_the_door is not None
        path = [str(self._folder / "bin"), os.environ.get("PATH", os.defpath)]
        return {
            "LAB_DOOR": f"http://127.0.0.1:{self._at_the_door.port}",
            "LAB_DOOR_TOKEN": self._door.token,
            "PSModulePath": str(self._folder / "modules"),
            "PATH": os.pathsep.join(path),
            "POWERSHELL_TELEMETRY_OPTOUT": "1",
            "POWERSHELL_UPDATECHECK": "Off",
            "NO_COLOR": "1",
        }

    def for_exchange_online(self) -> dict[str, str]:
        """Return what the module that stands in for Microsoft's needs besides, to sign in."""
        address = f"https://localhost:{self.port('sign_in')}"
        return {"LAB_AUTHORITY": address, "LAB_TENANT": self.hybrid.exchange_online_application.tenant_id}

    def _organization(self, name: str, environment: str) -> Organization:
        hybrid = self.hybrid
        if environment == CLOUD:
            user = hybrid.exchange_online_application.client_id
            return Organization(self._gateway(name, hybrid.exchange_online), environment, user, strict=False)
        host = hybrid.exchange_server if environment == SERVER else hybrid.entra_connect
        return Organization(self._gateway(name, host), environment, hybrid.exchange_server_account.username)

    def _write_modules(self) -> None:
        folder = self._folder
        for name, text in (
            (EXCHANGE_ONLINE_MANAGEMENT, _source("exchange_online")),
            (AD_SYNC, f"$Organization = 'entra_connect'\n{_source('functions')}{_EXPORT}"),
            ("Exchange", f"$Organization = 'exchange_server'\n{_source('functions')}{_EXPORT}"),
            ("Hop", _source("second_hop")),
        ):
            path = folder / "modules" / name / f"{name}.psm1"
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
        modules = folder / "modules"
        shutil.copy(_HERE / "functions.pwsh", modules / EXCHANGE_ONLINE_MANAGEMENT)
        exchange = session_configuration(folder / "exchange.pssc", modules / "Exchange/Exchange.psm1", ["*-*"])
        (folder / "hop.pssc").write_text(
            "@{ SchemaVersion = '2.0.0.0'; GUID = '29241d40-39be-464e-8551-675a14b612b3'; SessionType = 'Default'\n"
            f"ModulesToImport = '{modules}/Hop/Hop.psm1' }}\n",
            encoding="utf-8",
        )
        ssh = folder / "bin" / "ssh"
        ssh.parent.mkdir()
        ssh.write_text(
            "#!/bin/sh\n# PowerShell's own remoting, to a process of this machine instead of another one.\n"
            f"exec '{self._program}' -NoLogo -NoProfile -sshs -ConfigurationFile '{exchange}'\n",
            encoding="utf-8",
        )
        ssh.chmod(0o700)


def _source(name: str) -> str:
    return (_HERE / f"{name}.pwsh").read_text(encoding="utf-8")
