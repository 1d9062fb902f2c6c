# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What psrpcore decoded, as plain Python values for a Call."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from psrpcore.types import PSCredential, PSScriptBlock, PSSecureString

from lab.answer import POSITION, CmdletFailure, LabCredential
from lab.log import SecretText

_BINDING = "System.Management.Automation.ParameterBindingException"


def parameters(named: Sequence[tuple[str | None, Any]]) -> dict[str, Any]:
    """Return a command's parameters. Raises CmdletFailure for one given twice, or of a strange type."""
    decoded: dict[str, Any] = {}
    for name, value in named:
        if name is None:
            # Bound by its place: the model knows which parameter that is.
            decoded[f"{POSITION}{sum(known.startswith(POSITION) for known in decoded)}"] = plain(value, "")
            continue
        if name.lower() in (known.lower() for known in decoded):
            raise binding_failure(
                f"Cannot bind parameter because parameter '{name}' is specified more than once. To provide multiple "
                "values to parameters that can accept multiple values, use the array syntax.",
                "ParameterAlreadyBound",
            )
        decoded[str(name)] = plain(value, str(name))
    return decoded


def binding_failure(message: str, error_id: str) -> CmdletFailure:
    return CmdletFailure(message, _BINDING, category="InvalidArgument", terminating=True, error_id=error_id)


def plain(value: Any, name: str) -> Any:
    """Return one value without psrpcore's types around it. ``name`` is for the error."""
    if isinstance(value, PSCredential):
        return LabCredential(str(value.UserName), str(value.Password.decrypt()))
    if isinstance(value, PSSecureString):
        return SecretText(value.decrypt())
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item, name) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item, name) for key, item in value.items()}
    return _scalar(value, name)


def _scalar(value: Any, name: str) -> Any:
    if isinstance(value, datetime.datetime):
        return datetime.datetime(
            value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond, value.tzinfo
        )
    if isinstance(value, datetime.timedelta):
        return datetime.timedelta(value.days, value.seconds, value.microseconds)
    if isinstance(value, uuid.UUID):
        return uuid.UUID(int=value.int)
    kinds: tuple[type[Any], ...] = (str, int, float, bytes)
    for kind in kinds:
        if isinstance(value, kind) and not isinstance(value, PSScriptBlock):
            return kind(value)
    raise CmdletFailure(
        f"Cannot process argument transformation on parameter '{name}'. Cannot convert a value of this type.",
        "System.Management.Automation.ParameterBindingArgumentTransformationException",
        category="InvalidData",
        terminating=True,
    )
