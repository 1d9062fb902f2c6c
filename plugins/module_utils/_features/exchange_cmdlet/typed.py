# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A value of a playbook as the type that a cmdlet's parameter has. Pure."""

from __future__ import annotations

import base64
import binascii
import datetime
import re
import uuid
from collections.abc import Callable, Mapping, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Value
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_cmdlet.contract import (
    Parameter,
    alike,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import MASKS

SECRETS = ("PSCredential", "SecureString")
SWITCH = "SwitchParameter"
# Exchange changes these with @{Add = ...; Remove = ...}, too.
_CHANGEABLE = ("MultiValuedProperty", "ProxyAddressCollection")
_LISTS = (*_CHANGEABLE, "RecipientIdParameterCollection")


class _Wrong(ValueError):
    """A value that is none of its type: what is wrong with it, and what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


def typed(parameter: Parameter, value: object) -> Value:
    """Return a value as its parameter takes it; InputError for one that it cannot take."""
    try:
        return _typed(parameter, value)
    except _Wrong as wrong:
        raise InputError(
            f"parameters.{parameter.name}", value, wrong.problem, wrong.remedy, "malformed_parameter"
        ) from None


def _typed(parameter: Parameter, value: object) -> Value:
    if value is None:
        if parameter.type in _SINGLE and parameter.type not in ("DateTime", "Int32"):
            raise _Wrong(f"is null, which a {parameter.type} cannot be", "Leave it out.")
        return None
    if parameter.type == "Byte[]":
        return _bytes(value)
    if isinstance(value, Mapping):
        return _change(parameter, value)
    many = parameter.type.endswith("[]") or parameter.type in _LISTS
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not many:
            raise _Wrong(f"is a list, and a {parameter.type} is one value", "Specify one value.")
        return [_name(parameter, _text(item)) for item in value]
    if many:
        return [_name(parameter, _text(value))]
    reads = _SINGLE.get(parameter.type)
    return reads(value) if reads else _name(parameter, _text(value))


def _change(parameter: Parameter, value: Mapping[object, object]) -> dict[str, list[str]]:
    proper = {str(key).title(): item for key, item in value.items()}
    if parameter.type not in _CHANGEABLE:
        raise _Wrong(f"is a dictionary, and a {parameter.type} is none", "Specify a value.")
    if not proper or not set(proper) <= {"Add", "Remove"}:
        raise _Wrong("has other keys than Add and Remove", "Specify what to add, what to remove, or a list of all.")
    listed = {key: item if isinstance(item, (list, tuple)) else [item] for key, item in proper.items()}
    return {key: [_name(parameter, _text(item)) for item in items] for key, items in listed.items()}


def _name(parameter: Parameter, text: str) -> str:
    """Return a name of an enumeration as it is spelt; the reference may lack newer ones, which Exchange judges."""
    proper = {name.lower(): name for name in parameter.names}
    if not proper or text.lower() in proper:
        return proper.get(text.lower(), text)
    meant = alike(text, parameter.names)
    if meant:
        raise _Wrong(f"is not one of {', '.join(parameter.names)}", f"{meant[0].upper()}{meant[1:]}")
    return text


def _text(value: object) -> str:
    if isinstance(value, bool):
        raise _Wrong("is true or false, and a text is needed", "Put it in quotation marks, if it is meant as a text.")
    if not isinstance(value, (str, int, float)):
        raise _Wrong("is not a text", "Specify a text or a number.")
    if any(mask in str(value) for mask in MASKS):
        raise _Wrong("was masked by Ansible, and the original value is lost", "Read the value again.")
    return str(value)


def _truth(value: object) -> bool:
    if isinstance(value, str) and _values.folded(value) in ("true", "false"):
        return _values.folded(value) == "true"
    if not isinstance(value, bool):
        raise _Wrong("is neither true nor false", "Specify true or false.")
    return value


def _number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        return int(value)
    raise _Wrong("is not a whole number", "Specify digits only.")


def _guid(value: object) -> uuid.UUID:
    try:
        return uuid.UUID(_values.guid(_text(value)))
    except ValueError:
        raise _Wrong("is not a GUID", "Specify it as xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.") from None


def _moment(value: object) -> datetime.datetime:
    try:
        moment = _values.parse_time(_text(value))
    except ValueError:
        moment = None
    if moment is None:
        raise _Wrong("is not a time in ISO 8601", "Specify it as 2027-01-31T18:00:00Z; without a zone it is UTC.")
    return moment


def _span(value: object) -> datetime.timedelta:
    seconds = _values.span_in_seconds(value) if isinstance(value, str) else None
    if seconds is None:
        raise _Wrong("is not a span of time", "Specify it as 14.00:00:00 (days, hours, minutes, seconds), in quotes.")
    return datetime.timedelta(seconds=seconds)


def _bytes(value: object) -> bytes:
    try:
        return base64.b64decode(_text(value), validate=True)
    except binascii.Error:
        raise _Wrong("is not in base64", "Specify bytes in base64, as the filter b64encode returns them.") from None


_SINGLE: Mapping[str, Callable[[object], Value]] = {
    "Boolean": _truth,
    SWITCH: _truth,
    "Int32": _number,
    "Int64": _number,
    "Guid": _guid,
    "DateTime": _moment,
    "TimeSpan": _span,
    "EnhancedTimeSpan": _span,
}
