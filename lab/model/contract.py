# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks a call against the parameter contract, as PowerShell's and the service's parameter binders do."""

from __future__ import annotations

import datetime
import json
import re
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lab.answer import CmdletFailure, LabCredential
from lab.model import failures

CONTRACT = Path(__file__).parent.parent / "contract"
COMMON = frozenset(
    "ErrorAction WarningAction InformationAction Verbose Debug ErrorVariable WarningVariable InformationVariable "
    "OutVariable OutBuffer PipelineVariable".split()
)
AMBIGUOUS = "Parameter set cannot be resolved using the specified named parameters."
BINDING = "System.Management.Automation.ParameterBindingException"
CLOUD_AMBIGUOUS = "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException"
CLOUD_TRANSFORMATION = "Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException"
TRANSFORMATION = "System.Management.Automation.ParameterBindingArgumentTransformationException"
SERVER, CLOUD, ADSYNC = "Exchange Server SE", "Exchange Online", "Microsoft Entra Connect server, module ADSync"


@dataclass(frozen=True)
class Binder:
    """The parameter contract in one environment: ``Exchange Server SE``, ``Exchange Online`` or the ADSync module."""

    environment: str

    @property
    def cmdlets(self) -> dict[str, dict[str, Any]]:
        """Return the cmdlets of this environment by their proper names."""
        return _cmdlets(self.environment)

    def cmdlet(self, name: str) -> str:
        """Return the proper spelling of a cmdlet's name. Raises CmdletFailure (CommandNotFoundException)."""
        proper = _spellings(self.environment).get(name.lower())
        if proper is None:
            raise failures.unknown_cmdlet(name)
        return proper

    def bind(self, cmdlet: str, given: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters by their proper names. Raises CmdletFailure, always terminating."""
        contract = self.cmdlets[cmdlet]
        bound: dict[str, Any] = {}
        for name, value in given.items():
            proper = self._parameter(contract, name)
            if proper in bound:
                raise self._failure(f"Cannot bind parameter because parameter '{proper}' is specified more than once.")
            bound[proper] = value
        self._check_sets(contract, bound)
        return {
            name: value if name in COMMON else self._value(name, value, contract["parameters"][name])
            for name, value in bound.items()
        }

    def _parameter(self, contract: dict[str, Any], name: str) -> str:
        for common in COMMON:
            if common.lower() == name.lower():
                return common
        for proper, facts in contract["parameters"].items():
            names = {proper.lower(), *(alias.lower() for alias in facts["aliases"])}
            if name.lower() in names and self.environment in facts["applicable"]:
                return str(proper)
        raise self.unknown_parameter(name)

    def unknown_parameter(self, name: str) -> CmdletFailure:
        """Return what a parameter gets that does not exist, or that the caller's roles leave out."""
        if self.environment == CLOUD:
            return self._failure(f"{AMBIGUOUS} Invalid cmdlet parameters specified. {name}")
        return self._failure(f"A parameter cannot be found that matches parameter name '{name}'.")

    def _check_sets(self, contract: dict[str, Any], bound: dict[str, Any]) -> None:
        named = {name for name in bound if name not in COMMON}
        reachable = []
        for facts in contract["parameter_sets"].values():
            allowed = {*facts["mandatory"], *facts["mandatory_switches"], *facts["optional"]}
            if named <= allowed:
                reachable.append([*facts["mandatory"], *facts["mandatory_switches"]])
        if not reachable:
            raise self._failure(AMBIGUOUS)
        missing = [[name for name in needed if not _present(bound, name)] for needed in reachable]
        if all(missing):
            names = " ".join(sorted(missing, key=len)[0])
            raise self._failure(f"Cannot process command because of one or more missing mandatory parameters: {names}.")
        for name in {name for needed in reachable for name in needed if bound.get(name, name) in (None, "")}:
            raise self._failure(f"Cannot bind argument to parameter '{name}' because it is null or an empty string.")

    def _value(self, name: str, value: Any, facts: dict[str, Any]) -> Any:
        accepted = facts["accepted_values"]
        if accepted and facts["type"] not in ("Boolean", "SwitchParameter"):
            values = value if isinstance(value, list) else [value]
            proper = {text.lower(): text for text in accepted}
            for item in values:
                if str(item).lower() not in proper:
                    raise self._not_converted(name, item, facts["type"], ", ".join(accepted))
            found = [proper[str(item).lower()] for item in values]
            return found if isinstance(value, list) else found[0]
        try:
            return _convert(value, facts["type"])
        except (TypeError, ValueError) as error:
            raise self._not_converted(name, value, facts["type"], "") from error

    def _not_converted(self, name: str, value: object, type_name: str, accepted: str) -> CmdletFailure:
        shown = "(hidden)" if isinstance(value, LabCredential) else value
        message = (
            f"Cannot process argument transformation on parameter '{name}'. Cannot convert value \"{shown}\" to type "
            f'"{type_name}".'
        )
        if accepted:
            message += f" Specify one of the following enumerator names and try again: {accepted}"
        kind = CLOUD_TRANSFORMATION if self.environment == CLOUD else TRANSFORMATION
        return CmdletFailure(message, kind, category="InvalidData", terminating=True)

    def _failure(self, message: str) -> CmdletFailure:
        kind = CLOUD_AMBIGUOUS if self.environment == CLOUD else BINDING
        return CmdletFailure(message, kind, category="InvalidArgument", terminating=True)


def _present(bound: dict[str, Any], name: str) -> bool:
    # A switch that is given as false does not select its parameter set.
    return name in bound and bound[name] is not False


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not a Boolean")
    return value


def _guid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(_text(value))


def _text(value: Any) -> str:
    if not isinstance(value, (str, uuid.UUID)):
        raise TypeError("not a text")
    return str(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError("not a number")
    return int(value)


def _date_time(value: Any) -> datetime.datetime:
    """A text without a zone is UTC, as in Exchange Online (facts: cmdlets.md section 4, CompleteAfter)."""
    if isinstance(value, datetime.datetime):
        moment = value
    else:
        text = re.sub(r"(\.\d{6})\d+", r"\1", _text(value)).replace("Z", "+00:00")
        moment = datetime.datetime.fromisoformat(text)
    return moment.replace(tzinfo=datetime.timezone.utc) if moment.tzinfo is None else moment


def _time_span(value: Any) -> datetime.timedelta:
    if isinstance(value, datetime.timedelta):
        return value
    matched = re.fullmatch(r"(?:(\d+)\.)?(\d+):(\d\d)(?::(\d\d)(?:\.\d+)?)?", _text(value))
    if matched is None:
        raise ValueError("not a time span")
    days, hours, minutes, seconds = (int(part or 0) for part in matched.groups())
    return datetime.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _credential(value: Any) -> LabCredential:
    if not isinstance(value, LabCredential):
        raise TypeError("not a credential")
    return value


def _many(value: Any) -> Any:
    """A collection: a list replaces it, one text is a list of one, a hash table of Add and Remove changes it."""
    if isinstance(value, dict):
        proper = {str(name).lower(): item for name, item in value.items()}
        if not proper or not set(proper) <= {"add", "remove"}:
            raise ValueError("a hash table takes Add and Remove only")
        return {name: [_text(one) for one in _listed(item)] for name, item in proper.items()}
    return [_text(one) for one in _listed(value)]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _unlimited(value: Any) -> Any:
    if isinstance(value, datetime.timedelta) or (isinstance(value, str) and value.lower() == "unlimited"):
        return value
    return _text(value) if isinstance(value, str) else _integer(value)


_CONVERTERS = {
    "Boolean": _boolean, "SwitchParameter": _boolean, "Guid": _guid, "Int32": _integer, "DateTime": _date_time,
    "TimeSpan": _time_span, "PSCredential": _credential, "MultiValuedProperty": _many, "ProxyAddressCollection": _many,
    "Unlimited": _unlimited,
}  # fmt: skip


def _convert(value: Any, type_name: str) -> Any:
    if value is None:
        return None
    if type_name in _CONVERTERS:
        return _CONVERTERS[type_name](value)
    return _many(value) if type_name.endswith("[]") else _text(value)


@cache
def _cmdlets(environment: str) -> dict[str, dict[str, Any]]:
    name = "adsync.json" if environment == ADSYNC else "cmdlets.json"
    loaded = json.loads((CONTRACT / name).read_text(encoding="utf-8"))["cmdlets"]
    return {cmdlet: facts for cmdlet, facts in loaded.items() if environment in facts["applicable"]}


@cache
def _spellings(environment: str) -> dict[str, str]:
    return {name.lower(): name for name in _cmdlets(environment)}
