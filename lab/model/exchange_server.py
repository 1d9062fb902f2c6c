# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The on-premises organization: its configuration cmdlets, and the host of all of its cmdlets."""

from __future__ import annotations

import dataclasses
import datetime
import importlib
import itertools
import pkgutil
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

from lab.answer import (
    Answer,
    ByteSize,
    Call,
    CmdletFailure,
    Collection,
    Dictionary,
    Enumeration,
    LabObject,
    LabValue,
    Reference,
)
from lab.model import failures, surroundings
from lab.model.cmdlet_host import Implementation, Organization, Request
from lab.model.contract import BINDING, COMMON, SERVER, Binder
from lab.model.controllers import Replication
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
_VIRTUAL_SETTINGS = frozenset(
    {"Identity", "MRSProxyEnabled", "WSSecurityAuthentication", "WindowsAuthentication", "BasicAuthentication",
     "OAuthAuthentication", "ExtendedProtectionTokenChecking", "DomainController", "Force"}
)  # fmt: skip


def named_guid(text: str) -> uuid.UUID:
    """Return the same GUID for the same text, in every lab."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, f"lab.contoso.com/{text}")


class ExchangeServer(Organization):
    """The CmdletHost of the on-premises organization."""

    def __init__(
        self,
        directory: Directory,
        replication: Replication,
        advance: Callable[[], None],
        now: Callable[[], datetime.datetime],
        lock: threading.RLock,
    ) -> None:
        super().__init__(Binder(SERVER), advance, now, lock)
        self.directory = directory
        self._sessions = itertools.count()
        shell = frozenset({"ViewEntireForest"})
        recipients = ServerRecipients(directory, replication)
        self.cmdlets = {
            **recipients.cmdlets(),
            "Get-MailboxDatabase": Implementation(self.get_mailbox_database, READ | {"Status"}),
            "Get-ExchangeServer": Implementation(self.get_exchange_server, READ | {"Status"}),
            "Get-AcceptedDomain": Implementation(self.get_accepted_domain, READ),
            "Get-ADServerSettings": Implementation(self.get_ad_server_settings),
            "Set-ADServerSettings": Implementation(self.set_ad_server_settings, shell),
            "Set-WebServicesVirtualDirectory": Implementation(self.set_virtual_directory, _VIRTUAL_SETTINGS),
            "Get-WebServicesVirtualDirectory": Implementation(self.get_virtual_directory, READ | {"ADPropertiesOnly"}),
            **_of_their_own_files(directory, recipients),
            "Get-MoveRequest": Implementation(self.get_move_request, READ | {"ResultSize", "MoveStatus", "BatchName"}),
        }

    def run(self, call: Call) -> Answer:
        """Run one call after a look at the domain controller that it names. Raises CmdletFailure."""
        if call.shell.controller is None:
            # Each new session is bound to the other controller of every domain.
            call.shell.controller = next(self._sessions) % len(CONTROLLERS[DOMAIN])
        for name, value in call.parameters.items():
            if name.lower() != "domaincontroller":
                continue
            try:
                controller = self.directory.controller(str(value))
            except KeyError:
                raise CmdletFailure(
                    f"Cannot bind parameter 'DomainController'. The domain controller '{value}' couldn't be contacted.",
                    BINDING, category="InvalidArgument", terminating=True, error_id="ParameterBindingFailed",
                ) from None  # fmt: skip
            call = dataclasses.replace(call, parameters={**call.parameters, name: controller})
        if call.cmdlet.lower() == "get-command" and "Get-Command" in self.granted(call.shell.user):
            return self._get_command(call)
        return super().run(call)

    def granted(self, user: str) -> list[str]:
        """Return the cmdlets of the user's roles, and Get-Command, which every endpoint for Import-PSSession has."""
        own = {"Get-Command"} - self.revoked.get(user, set())
        return sorted({*super().granted(user), *own})

    def _get_command(self, call: Call) -> Answer:
        """Get-Command -Name: what the roles grant; a name that they do not grant is an error (PowerShell's own)."""
        names = {name.lower(): name for name in super().granted(call.shell.user)}
        given = {name.lower(): value for name, value in call.parameters.items()}
        strange = sorted(set(given) - {"name", *(common.lower() for common in COMMON)})
        if strange:
            raise self.binder.unknown_parameter(strange[0])
        wanted = given.get("name") or list(names.values())
        answer = Answer()
        for name in wanted if isinstance(wanted, list) else [wanted]:
            proper = names.get(str(name).lower())
            if proper is None:
                failure = failures.unknown_cmdlet(str(name))
                answer.errors.append(CmdletFailure(failure.message, failure.exception_type, category=failure.category))
            else:
                answer.objects.append(command_info(proper, self.granted_parameters(call.shell.user, proper)))
        return answer

    def get_mailbox_database(self, request: Request) -> Answer:
        """Get-MailboxDatabase; Mounted and DatabaseSize are filled with -Status only."""
        wanted = request.get("Identity")
        found = [self.directory.database(str(wanted))] if wanted else list(self.directory.databases.values())
        if request.get("Server") and str(request.get("Server")).lower() != self.directory.server.lower():
            raise failures.not_found(request.get("Server"), _controller(request))
        shown = [self._database(item, status=request.get("Status") is True) for item in found if item is not None]
        if not shown:
            raise failures.database_not_found(wanted)
        return Answer(shown)

    def _database(self, database: Database, *, status: bool) -> LabObject:
        quotas = database.quotas
        properties: dict[str, LabValue] = {
            "Name": database.name, "Identity": Reference(database.name), "Guid": database.guid, "Recovery": False,
            "Server": Reference(self.directory.server), "ServerName": self.directory.server, "IsMailboxDatabase": True,
            "AdminDisplayVersion": Reference(self.directory.server_version),
            "IsExcludedFromProvisioning": database.excluded, "IsSuspendedFromProvisioning": database.suspended,
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
            raise failures.not_found(request.get("Identity"), _controller(request))
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
        return accepted_domains(self.directory.accepted_domains, request.get("Identity"), _controller(request))

    def get_ad_server_settings(self, request: Request) -> Answer:
        """Get-ADServerSettings of this session."""
        properties: dict[str, LabValue] = {
            "ViewEntireForest": request.shell.view_entire_forest, "DefaultGlobalCatalog": _controller(request),
            "DefaultPreferredDomainControllers": Collection([_controller(request)]),
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
            raise failures.not_found(request.get("Identity") or server, _controller(request))
        properties: dict[str, LabValue] = {
            "Identity": Reference(name), "Name": "EWS (Default Web Site)", "Server": Reference(self.directory.server),
            "MRSProxyEnabled": self.directory.mrs_proxy_enabled, "WSSecurityAuthentication": self.directory.ws_security,
            "WindowsAuthentication": self.directory.windows_authentication,
            "BasicAuthentication": self.directory.basic_authentication,
            "OAuthAuthentication": self.directory.oauth_authentication,
            "ExternalUrl": Reference(f"https://{self.directory.external_host_name}/EWS/Exchange.asmx"),
            "InternalUrl": Reference(f"https://{self.directory.server.lower()}.{DOMAIN}/EWS/Exchange.asmx"),
            "ExtendedProtectionTokenChecking": Enumeration(
                "Microsoft.Exchange.Data.Directory.SystemConfiguration.ExtendedProtectionTokenCheckingMode",
                self.directory.token_checking, ("None", "Allow", "Require").index(self.directory.token_checking),
            ),
            "Guid": named_guid(name), "WhenChanged": LONG_AGO, "IsValid": True,
        }  # fmt: skip
        return Answer([LabObject((*_VIRTUAL, *_CONFIGURATION), properties, name)])

    def set_virtual_directory(self, request: Request) -> Answer:
        """Set-WebServicesVirtualDirectory, as far as the MRS proxy is concerned; no reset of IIS is needed here."""
        name = f"{self.directory.server}\\EWS (Default Web Site)"
        if str(request.get("Identity")).lower() != name.lower():
            raise failures.not_found(request.get("Identity"), _controller(request))
        settings = {
            "MRSProxyEnabled": "mrs_proxy_enabled", "WSSecurityAuthentication": "ws_security",
            "WindowsAuthentication": "windows_authentication", "BasicAuthentication": "basic_authentication",
            "OAuthAuthentication": "oauth_authentication", "ExtendedProtectionTokenChecking": "token_checking",
        }  # fmt: skip
        for parameter, attribute in settings.items():
            if parameter in request.parameters and not request.what_if:
                setattr(self.directory, attribute, request.get(parameter))
        return Answer()

    def get_move_request(self, request: Request) -> Answer:
        """Get-MoveRequest: local moves only; remote ones live in Exchange Online. Each is listed, none can be named."""
        if request.get("Identity") not in (None, ""):
            raise failures.move_request_not_found(request.get("Identity"))
        return Answer(surroundings.local_move_requests(self.directory))


def _of_their_own_files(directory: Directory, recipients: ServerRecipients) -> dict[str, Implementation]:
    """Return the cmdlets of every file beside this one that has ``server_cmdlets``."""
    found: dict[str, Implementation] = {}
    for place in pkgutil.iter_modules([str(Path(__file__).parent)]):
        make = getattr(importlib.import_module(f"lab.model.{place.name}"), "server_cmdlets", None)
        if make is not None:
            found.update(make(directory, recipients))
    return found


def command_info(name: str, parameters: list[str]) -> LabObject:
    """Return a cmdlet as Get-Command shows it. What of it a session serializes is invented (lab/CONFORMANCE.md)."""
    metadata = "System.Management.Automation.ParameterMetadata"
    properties: dict[str, LabValue] = {
        "CommandType": Enumeration("System.Management.Automation.CommandTypes", "Cmdlet", 8), "Name": name,
        "Definition": f"{name} " + " ".join(f"[-{parameter} <Object>]" for parameter in parameters),
        "Parameters": Dictionary(
            dict.fromkeys(parameters, metadata),
            f"System.Collections.Generic.Dictionary`2[[System.String],[{metadata}]]", metadata,
        ),
        "ModuleName": "",
    }  # fmt: skip
    types = tuple(f"System.Management.Automation.{kind}" for kind in ("CmdletInfo", "CommandInfo"))
    return LabObject((*types, "System.Object"), properties, name)


def _controller(request: Request) -> str:
    return str(request.get("DomainController") or CONTROLLERS[DOMAIN][request.shell.controller or 0])


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
