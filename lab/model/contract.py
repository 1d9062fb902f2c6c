# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks a call against the parameter contract, as PowerShell's and the service's parameter binders do."""

from __future__ import annotations

import base64
import datetime
import json
import re
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lab.answer import POSITION, CmdletFailure, LabCredential
from lab.log import SecretText
from lab.model import failures

CONTRACT = Path(__file__).parent.parent / "contract"
# The common parameters, which every cmdlet takes, with PowerShell's own short names for them.
_ALIASES = {
    "ErrorAction": "ea", "WarningAction": "wa", "InformationAction": "infa", "Verbose": "vb", "Debug": "db",
    "ErrorVariable": "ev", "WarningVariable": "wv", "InformationVariable": "iv", "OutVariable": "ov",
    "OutBuffer": "ob", "PipelineVariable": "pv",
}  # fmt: skip
COMMON = frozenset(_ALIASES)
VALIDATION = "System.Management.Automation.ParameterBindingValidationException"
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
                raise self._failure(
                    f"Cannot bind parameter because parameter '{proper}' is specified more than once.",
                    "ParameterAlreadyBound",
                )
            bound[proper] = value
        self._check_sets(contract, bound)
        return {
            name: value if name in COMMON else self._value(name, value, contract["parameters"][name])
            for name, value in bound.items()
        }

    def _parameter(self, contract: dict[str, Any], name: str) -> str:
        if name.startswith(POSITION):
            return self._at(contract, int(name.removeprefix(POSITION)))
        names = {proper.lower(): proper for proper in COMMON}
        for proper, facts in contract["parameters"].items():
            if self.environment in facts["applicable"]:
                names.update({known.lower(): proper for known in (proper, *facts["aliases"])})
        if self.environment == CLOUD:
            # The service binds names itself: whether it takes beginnings of them is not known.
            found = {names[name.lower()]} if name.lower() in names else set()
        else:
            names.update({alias: proper for proper, alias in _ALIASES.items()})
            beginnings = {proper for known, proper in names.items() if known.startswith(name.lower())}
            found = {names[name.lower()]} if name.lower() in names else beginnings
        if len(found) > 1:
            matches = " ".join(f"-{proper}" for proper in sorted(found))
            raise self._failure(
                f"Parameter cannot be processed because the parameter name '{name}' is ambiguous. "
                f"Possible matches include: {matches}.",
                "AmbiguousParameter",
            )
        if not found:
            raise self.unknown_parameter(name)
        return str(found.pop())

    def _at(self, contract: dict[str, Any], place: int) -> str:
        """Return the parameter of a place in a call, from 0."""
        placed = sorted(
            (int(facts["position"]), proper)
            for proper, facts in contract["parameters"].items()
            if facts["position"].isdigit() and self.environment in facts["applicable"]
        )
        if place >= len(placed):
            raise self._failure(
                "A positional parameter cannot be found that accepts argument.", "PositionalParameterNotFound"
            )
        return str(placed[place][1])

    def unknown_parameter(self, name: str) -> CmdletFailure:
        """Return what a parameter gets that does not exist, or that the caller's roles leave out."""
        if self.environment == CLOUD:
            return self._failure(f"{AMBIGUOUS} Invalid cmdlet parameters specified. {name}", "")
        return self._failure(
            f"A parameter cannot be found that matches parameter name '{name}'.", "NamedParameterNotFound"
        )

    def _check_sets(self, contract: dict[str, Any], bound: dict[str, Any]) -> None:
        reachable = self._reachable(contract, {name for name in bound if name not in COMMON})
        if not reachable:
            raise self._failure(AMBIGUOUS, "AmbiguousParameterSet")
        missing = [[name for name in needed if not _present(bound, name)] for needed in reachable]
        if all(missing):
            names = " ".join(sorted(missing, key=len)[0])
            raise self._failure(
                f"Cannot process command because of one or more missing mandatory parameters: {names}.",
                "MissingMandatoryParameter",
            )
        for name in {name for needed in reachable for name in needed if bound.get(name, name) in (None, "")}:
            raise self._empty(name)

    def _reachable(self, contract: dict[str, Any], named: set[str]) -> list[list[str]]:
        """Return what each set that has all the named parameters asks for."""
        reachable: list[list[str]] = []
        for facts in contract["parameter_sets"].values():
            if named <= {*facts["mandatory"], *facts["mandatory_switches"], *facts["optional"]}:
                needed = [*facts["mandatory"], *facts["mandatory_switches"]]
                if facts["default"] and self.environment != CLOUD:
                    # Of several possible sets the engine takes the default one, whatever that lacks.
                    return [needed]
                reachable.append(needed)
        return reachable

    def _value(self, name: str, value: Any, facts: dict[str, Any]) -> Any:
        if value is None and self.environment != CLOUD:
            return self._null(name, facts["type"])
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

    def _null(self, name: str, type_name: str) -> Any:
        """Return what $null becomes: an empty text. A truth and a GUID have no such value."""
        if type_name in ("Boolean", "Guid"):
            raise self._not_converted(name, "", type_name, "")
        return "" if type_name == "String" else None

    def _empty(self, name: str) -> CmdletFailure:
        refused = self._failure(
            f"Cannot bind argument to parameter '{name}' because it is null or an empty string.",
            "ParameterArgumentValidationErrorEmptyStringNotAllowed",
        )
        if self.environment != CLOUD:
            refused.exception_type, refused.category = VALIDATION, "InvalidData"
        return refused

    def _not_converted(self, name: str, value: object, type_name: str, accepted: str) -> CmdletFailure:
        shown = "(hidden)" if isinstance(value, LabCredential) else value
        message = (
            f"Cannot process argument transformation on parameter '{name}'. Cannot convert value \"{shown}\" to type "
            f'"{type_name}".'
        )
        if type_name == "PSCredential":
            # The engine would ask for the password.
            message += f" {failures.NO_PROMPT} Enter your credentials."
        if accepted:
            message += f" Specify one of the following enumerator names and try again: {accepted}"
        kind = CLOUD_TRANSFORMATION if self.environment == CLOUD else TRANSFORMATION
        return CmdletFailure(message, kind, category="InvalidData", terminating=True)

    def _failure(self, message: str, error_id: str) -> CmdletFailure:
        kind = CLOUD_AMBIGUOUS if self.environment == CLOUD else BINDING
        return CmdletFailure(message, kind, category="InvalidArgument", terminating=True, error_id=error_id)


def _present(bound: dict[str, Any], name: str) -> bool:
    # A switch that is given as false does not select its parameter set.
    return name in bound and bound[name] is not False


def _boolean(value: Any) -> bool:
    if not isinstance(value, (bool, int)):
        raise TypeError("not a Boolean")
    return bool(value)


def _guid(value: Any) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    text = _text(value)
    # uuid.UUID takes URNs too, and braces anywhere.
    if not re.fullmatch(r"\{[^{}]+\}|\([^()]+\)|[0-9A-Fa-f-]+", text):
        raise ValueError("not a GUID")
    return uuid.UUID(text.strip("{()}"))


def _text(value: Any) -> str:
    if not isinstance(value, (str, uuid.UUID, int, float)):
        raise TypeError("not a text")
    return str(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError("not a number")
    # int() takes underscores and any size, too.
    if isinstance(value, str) and not re.fullmatch(r"\s*[+-]?[0-9]+\s*", value):
        raise ValueError("not a number")
    return int(value)


def _int32(value: Any) -> int:
    number = _integer(value)
    if not -(2**31) <= number < 2**31:
        raise ValueError("too large or too small for an Int32")
    return number


def _secret(value: Any) -> SecretText:
    if not isinstance(value, SecretText):
        raise TypeError("not a SecureString")
    return value


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


def _bytes(value: Any) -> bytes:
    """Bytes over PowerShell; over REST a text in base64 (one live project) or the module's array, as bytes already."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError("not bytes")
    return base64.b64decode(value, validate=True)


def _unlimited(value: Any) -> Any:
    if isinstance(value, datetime.timedelta) or (isinstance(value, str) and value.lower() == "unlimited"):
        return value
    return _text(value) if isinstance(value, str) else _integer(value)


_CONVERTERS = {
    "Boolean": _boolean, "SwitchParameter": _boolean, "Guid": _guid, "Int32": _int32, "SecureString": _secret,
    "DateTime": _date_time,
    "TimeSpan": _time_span, "PSCredential": _credential, "MultiValuedProperty": _many, "ProxyAddressCollection": _many,
    "Unlimited": _unlimited, "Byte[]": _bytes,
}  # fmt: skip


def _convert(value: Any, type_name: str) -> Any:
    if value is None:
        return None
    if type_name in _CONVERTERS:
        return _CONVERTERS[type_name](value)
    return _many(value) if type_name.endswith("[]") else _text(value)


# What the live listing of the module has (facts: migration-batches.md 1.1), and the reference's page has not.
_LISTED = (("New-MigrationBatch", "Offboarding", "ArchiveOnly"),)


@cache
def _cmdlets(environment: str) -> dict[str, dict[str, Any]]:
    name = "adsync.json" if environment == ADSYNC else "cmdlets.json"
    loaded = json.loads((CONTRACT / name).read_text(encoding="utf-8"))["cmdlets"]
    if environment == CLOUD:
        for cmdlet, named, parameter in _LISTED:
            loaded[cmdlet]["parameter_sets"][named]["optional"].append(parameter)
    return {cmdlet: facts for cmdlet, facts in loaded.items() if environment in facts["applicable"]}


@cache
def _spellings(environment: str) -> dict[str, str]:
    return {name.lower(): name for name in _cmdlets(environment)}
