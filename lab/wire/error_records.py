# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Error records as Exchange writes them: its class names, categories and ids.

Facts: exchange-server-psrp.md section 5.
"""

from __future__ import annotations

import datetime
import uuid
import zlib

from psrpcore.types import ErrorCategory, ErrorCategoryInfo, ErrorRecord, NETException

from lab.answer import CmdletFailure

SERVER = "EX01"
_AUTOMATION = "System.Management.Automation."
_CONFIGURATION_NOUNS = (
    "mailboxdatabase",
    "mailboxserver",
    "exchangeserver",
    "webservicesvirtualdirectory",
    "accepteddomain",
    "organizationconfig",
    "hybridconfiguration",
    "adserversettings",
)
_ENGINE_IDS = {
    "CommandNotFoundException": "CommandNotFoundException",
    "ParameterBindingArgumentTransformationException": "ParameterArgumentTransformationError",
}
# Errors of the engine before it has found a command whose name they could end in.
_WITHOUT_COMMAND = frozenset(("CommandNotFoundException", "ScriptsNotAllowed"))


def command_class(cmdlet: str) -> str:
    """Return the .NET class behind a cmdlet: ``...RecipientTasks.GetMailbox`` or ``...SystemConfigurationTasks...``."""
    noun = cmdlet.partition("-")[2].lower()
    family = "SystemConfigurationTasks" if noun in _CONFIGURATION_NOUNS else "RecipientTasks"
    return f"Microsoft.Exchange.Management.{family}.{cmdlet.replace('-', '')}"


def short_name(exception_type: str) -> str:
    return exception_type.rsplit(".", 1)[-1]


def error_id(cmdlet: str, failure: CmdletFailure, now: datetime.datetime) -> str:
    """Return a FullyQualifiedErrorId. The hexadecimal number stands for a place in Exchange's source: any will do.

    The engine's own errors end in the command's name, since Exchange shows functions, Exchange's in the class.
    """
    short = short_name(failure.exception_type)
    if failure.exception_type.startswith(_AUTOMATION):
        known = failure.error_id or _ENGINE_IDS.get(short, short)
        if known in _WITHOUT_COMMAND:
            return known
        return f"{known},{command_class(cmdlet) if short == 'HostException' else cmdlet}"
    number = zlib.crc32(f"{cmdlet} {failure.exception_type}".encode())
    return (
        f"[Server={SERVER},RequestId={uuid.uuid4()},TimeStamp={timestamp(now)}] "
        f"[FailureCategory=Cmdlet-{short}] {number:08X},{command_class(cmdlet)}"
    )


def timestamp(now: datetime.datetime) -> str:
    """Return ``7/22/2019 9:42:03 PM``."""
    hour = now.hour % 12 or 12
    return f"{now.month}/{now.day}/{now.year} {hour}:{now:%M:%S} {'AM' if now.hour < 12 else 'PM'}"


def exception(failure: CmdletFailure) -> NETException:
    thrown = NETException(Message=failure.message, HResult=-2146233088)
    thrown.PSObject.type_names = [failure.exception_type, "System.Exception", "System.Object"]
    return thrown


def category(cmdlet: str, failure: CmdletFailure) -> ErrorCategoryInfo:
    known = ErrorCategory.__members__.get(failure.category, ErrorCategory.NotSpecified)
    return ErrorCategoryInfo(Category=known, Activity=cmdlet, Reason=short_name(failure.exception_type))


def record(cmdlet: str, failure: CmdletFailure, now: datetime.datetime) -> ErrorRecord:
    return ErrorRecord(
        Exception=exception(failure),
        CategoryInfo=category(cmdlet, failure),
        FullyQualifiedErrorId=error_id(cmdlet, failure, now),
    )
