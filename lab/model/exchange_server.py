# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The on-premises organization: its configuration cmdlets, and the host of all of its cmdlets."""

from __future__ import annotations

import datetime
import threading
import uuid
from collections.abc import Callable

from lab.answer import Answer, ByteSize, Call, CmdletFailure, Collection, Enumeration, LabObject, LabValue, Reference
from lab.model import failures
from lab.model.cmdlet_host import Implementation, Organization, Request
from lab.model.contract import BINDING, SERVER, Binder
from lab.model.directory import CONTROLLERS, DOMAIN, Database, Directory
from lab.model.recipients import LONG_AGO
from lab.model.server_recipients import ServerRecipients

_CONFIGURATION = (
    "Microsoft.Exchange.Data.Directory.SystemConfiguration.ADConfigurationObject",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
)
_SYSTEM = "Microsoft.Exchange.Data.Directory.SystemConfiguration."
_VIRTUAL = tuple(
    f"{_SYSTEM}{name}VirtualDirectory" for name in ("ADWebServices", "ADExchangeService", "Exchange", "AD")
)
READ = frozenset({"Identity", "Server", "DomainController"})


def named_guid(text: str) -> uuid.UUID:
    """Return the same GUID for the same text, in every lab."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, f"lab.contoso.com/{text}")


class ExchangeServer(Organization):
    """The CmdletHost of the on-premises organization."""

    def __init__(
        self,
        directory: Directory,
        advance: Callable[[], None],
        now: Callable[[], datetime.datetime],
        lock: threading.RLock,
    ) -> None:
        super().__init__(Binder(SERVER), advance, now, lock)
        self.directory = directory
        shell = frozenset({"ViewEntireForest"})
        self.cmdlets = {
            **ServerRecipients(directory).cmdlets(),
            "Get-MailboxDatabase": Implementation(self.get_mailbox_database, READ | {"Status"}),
            "Get-ExchangeServer": Implementation(self.get_exchange_server, READ | {"Status"}),
            "Get-AcceptedDomain": Implementation(self.get_accepted_domain, READ),
            "Get-ADServerSettings": Implementation(self.get_ad_server_settings),
            "Set-ADServerSettings": Implementation(self.set_ad_server_settings, shell),
            "Get-WebServicesVirtualDirectory": Implementation(self.get_virtual_directory, READ | {"ADPropertiesOnly"}),
            "Get-MoveRequest": Implementation(self.get_move_request, READ | {"ResultSize", "MoveStatus", "BatchName"}),
        }

    def run(self, call: Call) -> Answer:
        """Run one call after a look at the domain controller that it names. Raises CmdletFailure."""
        for name, value in call.parameters.items():
            if name.lower() == "domaincontroller" and str(value).lower() not in CONTROLLERS.values():
                raise CmdletFailure(
                    f"Cannot bind parameter 'DomainController'. The domain controller '{value}' couldn't be contacted.",
                    BINDING, category="InvalidArgument", terminating=True,
                )  # fmt: skip
        return super().run(call)

    def get_mailbox_database(self, request: Request) -> Answer:
        """Get-MailboxDatabase; Mounted and DatabaseSize are filled with -Status only."""
        wanted = request.get("Identity")
        found = [self.directory.database(str(wanted))] if wanted else list(self.directory.databases.values())
        if request.get("Server") and str(request.get("Server")).lower() != self.directory.server.lower():
            raise failures.not_found(request.get("Server"), CONTROLLERS[DOMAIN])
        shown = [self._database(item, status=request.get("Status") is True) for item in found if item is not None]
        if not shown:
            raise failures.database_not_found(wanted)
        return Answer(shown)

    def _database(self, database: Database, *, status: bool) -> LabObject:
        quotas = database.quotas
        properties: dict[str, LabValue] = {
            "Name": database.name, "Identity": Reference(database.name), "Guid": database.guid, "Recovery": False,
            "Server": Reference(self.directory.server), "ServerName": self.directory.server, "IsMailboxDatabase": True,
            "AdminDisplayVersion": Reference(self.directory.server_version), "IsExcludedFromProvisioning": False,
            "IssueWarningQuota": ByteSize(quotas.issue_warning), "ProhibitSendQuota": ByteSize(quotas.prohibit_send),
            "ProhibitSendReceiveQuota": ByteSize(quotas.prohibit_send_receive),
            "RecoverableItemsQuota": ByteSize(quotas.recoverable_items),
            "Mounted": database.mounted if status else None,
            "DatabaseSize": ByteSize(database.size) if status else None,
            "IsValid": True,
        }  # fmt: skip
        types = (_SYSTEM + "MailboxDatabase", _SYSTEM + "Database", *_CONFIGURATION)
        return LabObject(types, properties, database.name)

    def get_exchange_server(self, request: Request) -> Answer:
        """Get-ExchangeServer."""
        name = self.directory.server
        wanted = str(request.get("Identity") or name).lower()
        if wanted not in (name.lower(), f"{name}.{DOMAIN}".lower()):
            raise failures.not_found(request.get("Identity"), CONTROLLERS[DOMAIN])
        properties: dict[str, LabValue] = {
            "Name": name, "Identity": Reference(name), "Fqdn": f"{name}.{DOMAIN}".lower(), "Guid": named_guid(name),
            "AdminDisplayVersion": Reference(self.directory.server_version), "ServerRole": "Mailbox", "Domain": DOMAIN,
            "IsMailboxServer": True, "IsClientAccessServer": True, "Edition": "Standard", "Site": Reference("Munich"),
            "IsValid": True,
        }  # fmt: skip
        types = ("Microsoft.Exchange.Data.Directory.Management.ExchangeServer", *_CONFIGURATION)
        return Answer([LabObject(types, properties, name)])

    def get_accepted_domain(self, request: Request) -> Answer:
        """Get-AcceptedDomain."""
        return accepted_domains(self.directory.accepted_domains, request.get("Identity"), CONTROLLERS[DOMAIN])

    def get_ad_server_settings(self, request: Request) -> Answer:
        """Get-ADServerSettings of this session."""
        properties: dict[str, LabValue] = {
            "ViewEntireForest": request.shell.view_entire_forest, "DefaultGlobalCatalog": CONTROLLERS[DOMAIN],
            "DefaultPreferredDomainControllers": Collection([CONTROLLERS[DOMAIN]]),
            "RecipientViewRoot": None if request.shell.view_entire_forest else DOMAIN,
        }  # fmt: skip
        kind = "Microsoft.Exchange.Management.SystemConfigurationTasks.RunspaceServerSettingsPresentationObject"
        return Answer([LabObject((kind, "System.Object"), properties, kind)])

    def set_ad_server_settings(self, request: Request) -> Answer:
        """Set-ADServerSettings -ViewEntireForest, for this session only."""
        if "ViewEntireForest" in request.parameters and not request.what_if:
            request.shell.view_entire_forest = bool(request.get("ViewEntireForest"))
        return Answer()

    def get_virtual_directory(self, request: Request) -> Answer:
        """Get-WebServicesVirtualDirectory: one directory, with MRSProxyEnabled."""
        name = f"{self.directory.server}\\EWS (Default Web Site)"
        wanted = str(request.get("Identity") or name)
        server = str(request.get("Server") or self.directory.server)
        if wanted.lower() != name.lower() or server.lower() != self.directory.server.lower():
            raise failures.not_found(request.get("Identity") or server, CONTROLLERS[DOMAIN])
        properties: dict[str, LabValue] = {
            "Identity": Reference(name), "Name": "EWS (Default Web Site)", "Server": Reference(self.directory.server),
            "MRSProxyEnabled": self.directory.mrs_proxy_enabled, "WSSecurityAuthentication": True,
            "WindowsAuthentication": True, "BasicAuthentication": False, "OAuthAuthentication": True,
            "ExternalUrl": Reference(f"https://{self.directory.external_host_name}/EWS/Exchange.asmx"),
            "InternalUrl": Reference(f"https://{self.directory.server.lower()}.{DOMAIN}/EWS/Exchange.asmx"),
            "ExtendedProtectionTokenChecking": Enumeration(
                "Microsoft.Exchange.Data.Directory.SystemConfiguration.ExtendedProtectionTokenCheckingMode", "None", 0
            ),
            "Guid": named_guid(name), "WhenChanged": LONG_AGO, "IsValid": True,
        }  # fmt: skip
        return Answer([LabObject((*_VIRTUAL, *_CONFIGURATION), properties, name)])

    def get_move_request(self, request: Request) -> Answer:
        """Get-MoveRequest: this organization has none; remote moves live in Exchange Online."""
        if request.get("Identity") not in (None, ""):
            raise failures.move_request_not_found(request.get("Identity"))
        return Answer()


def accepted_domains(domains: list[str], identity: object, server: str) -> Answer:
    """Return the accepted domains as either organization shows them; the first is the default."""
    wanted = [name for name in domains if identity in (None, "") or name == str(identity).lower()]
    if not wanted:
        raise failures.not_found(identity, server)
    kind = "Microsoft.Exchange.Data.Directory.SystemConfiguration."
    return Answer([
        LabObject(
            (kind + "AcceptedDomain", *_CONFIGURATION),
            {
                "Name": name, "DomainName": Reference(name), "Identity": Reference(name), "Guid": named_guid(name),
                "DomainType": Enumeration(kind + "AcceptedDomainType", "Authoritative", 0),
                "Default": name == domains[0], "IsValid": True,
            },
            name,
        )
        for name in wanted
    ])  # fmt: skip
