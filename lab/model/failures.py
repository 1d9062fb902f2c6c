# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the lab's cmdlets throw: .NET class names and texts.

Texts quoted from real outputs stand in the facts (exchange-server-psrp.md section 5, exchange-online-rest.md
sections 5 and 6, offboarding-practice.md section 2.6); the rest is listed as invented in lab/README.md.
"""

from __future__ import annotations

from lab.answer import CmdletFailure

MRS = "Microsoft.Exchange.MailboxReplicationService."
TASKS = "Microsoft.Exchange.Configuration.Tasks."
NO_PROMPT = (
    "A command that prompts the user failed because the host program or the command type does not support user "
    "interaction. The host was attempting to request confirmation with the following message:"
)
PROMPT = NO_PROMPT + " {cmdlet} asks for a confirmation: pass Confirm with $false."


def not_found(identity: object, server: str) -> CmdletFailure:
    return CmdletFailure(
        f"The operation couldn't be performed because object '{identity}' couldn't be found on '{server}'.",
        TASKS + "ManagementObjectNotFoundException",
    )


def database_not_found(name: object) -> CmdletFailure:
    return CmdletFailure(
        f'Couldn\'t find database "{name}". Make sure you have typed it correctly.',
        TASKS + "ManagementObjectNotFoundException",
    )


def move_request_not_found(identity: object) -> CmdletFailure:
    return CmdletFailure(
        f"Couldn't find a move request that corresponds to the specified identity '{identity}'.",
        TASKS + "ManagementObjectNotFoundException",
    )


def ambiguous(identity: object) -> CmdletFailure:
    return CmdletFailure(
        f"The operation couldn't be performed because '{identity}' matches multiple entries.",
        TASKS + "ManagementObjectAmbiguousException",
    )


def wrong_kind(identity: str, kind: str) -> CmdletFailure:
    return CmdletFailure(
        f"This task does not support recipients of this type. The specified recipient {identity} is of type {kind}. "
        "Please make sure that this recipient matches the required recipient type for this task.",
        TASKS + "RecipientTaskException",
        category="InvalidArgument",
    )


def recipient_task(message: str) -> CmdletFailure:
    return CmdletFailure(message, TASKS + "RecipientTaskException", category="InvalidArgument")


def proxy_exists(address: str, holder: str) -> CmdletFailure:
    return CmdletFailure(
        f'The proxy address "{address}" is already being used by the proxy addresses or LegacyExchangeDN of '
        f'"{holder}". Please choose another proxy address.',
        "Microsoft.Exchange.Data.Directory.ProxyAddressExistsException",
        category="InvalidData",
    )


def value_exists(name: str, value: object) -> CmdletFailure:
    """Return what a value says that has to be unique in the forest; the other object is not named."""
    return CmdletFailure(
        f'The value "{value}" of property "{name}" is used by another recipient object. Please specify a unique value.',
        "Microsoft.Exchange.Data.Directory.PropertyValueExistsException",
        category="InvalidData",
    )


def not_accepted_domain(domain: str) -> CmdletFailure:
    return CmdletFailure(
        f"You can't use the domain {domain} because it's not an accepted domain for your organization.",
        "Microsoft.Exchange.Management.Tasks.NotAcceptedDomainException",
        category="InvalidArgument",
    )


def synchronized(cmdlet: str, properties: str, identity: str) -> CmdletFailure:
    return CmdletFailure(
        f"The operation on mailbox \"{identity}\" failed because it's out of the current user's write scope. The "
        f"action '{cmdlet}', '{properties}', can't be performed on the object '{identity}' because the object is being "
        "synchronized from your on-premises organization. This action should be performed on the object in your "
        "on-premises organization.",
        "System.InvalidOperationException",
        category="InvalidOperation",
    )


def unknown_cmdlet(name: str) -> CmdletFailure:
    return CmdletFailure(
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
        "System.Management.Automation.CommandNotFoundException",
        category="ObjectNotFound",
        terminating=True,
    )


def no_prompt(cmdlet: str) -> CmdletFailure:
    return CmdletFailure(
        PROMPT.format(cmdlet=cmdlet),
        "System.Management.Automation.Host.HostException",
        category="NotImplemented",
        terminating=True,
        error_id="HostFunctionNotImplemented",
    )


def not_in_the_lab(cmdlet: str, parameter: str) -> CmdletFailure:
    """Return what a real parameter that the lab does not implement answers: never silence, which would flatter."""
    return CmdletFailure(
        f"The lab does not implement parameter {parameter} of {cmdlet}.",
        "Lab.NotImplementedException",
        category="NotImplemented",
        terminating=True,
    )


def move(kind: str, message: str) -> CmdletFailure:
    return CmdletFailure(message, MRS + kind)


def migration(kind: str, message: str) -> CmdletFailure:
    return CmdletFailure(message, f"Microsoft.Exchange.Migration.{kind}", category="InvalidOperation")
