# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""One cmdlet as a task asks for it: whether it may run, and with what. Pure.

A cmdlet that is run by name passes none of the gates that stand before the modules' own cmdlets. So a write that one of
them owns is refused, and any other has to be allowed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import cmdlet_table
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    READ_VERBS,
    Cmdlet,
    Credential,
    Secret,
    Value,
    refuse_unpublished,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_cmdlet import (
    contract as reference,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_cmdlet.contract import (
    TITLES,
    Contract,
    Parameter,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_cmdlet.typed import (
    SECRETS,
    SWITCH,
    typed,
)

# What the module decides about itself.
_OWN = {
    "Confirm": "The module answers the cmdlet's question itself.",
    "WhatIf": "Use check mode: the cmdlet is returned and not sent.",
}
_MODULE = "mailops.exchange_hybrid"


@dataclass(frozen=True)
class Request:
    """What a task asks for. ``online`` are the options of the connection to Exchange Online."""

    system: str
    cmdlet: str
    parameters: Mapping[str, object]
    secrets: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    allow_write: bool = False
    online: Mapping[str, Any] = field(default_factory=dict, repr=False)


def planned(request: Request) -> Cmdlet:
    """Return the cmdlet with typed parameters; InputError for one that may not, or cannot, run as it is asked for."""
    contract = _known(request)
    is_read = contract.name.startswith(READ_VERBS)
    if not is_read:
        _refuse_owned(request.system, contract.name, ())
    named = _named(contract, request.system, "parameters", request.parameters)
    secrets = _named(contract, request.system, "secrets", {str(given["parameter"]): given for given in request.secrets})
    _refuse_twice(secrets, request)
    if not is_read:
        _refuse_owned(request.system, contract.name, [*named, *secrets])
        _refuse_unallowed(request, contract.name)
    given = {name: _value(contract.parameters[name], value) for name, value in named.items()}
    given.update({name: _secret(contract.parameters[name], value, request) for name, value in secrets.items()})
    values = {name: value for name, value in given.items() if not _is_off(contract.parameters[name], value)}
    _refuse_misfits(contract, request.system, values)
    takes = contract.takes(request.system)
    if not is_read and "Confirm" in takes:
        values["Confirm"] = False
    # A write has to say whose domain it is about; a read is asked at each pinned domain controller.
    pinned = request.system == EXCHANGE_SERVER and "DomainController" in takes and (is_read or "Identity" in values)
    return Cmdlet(contract.name, values, pinned=pinned)


def texts_of_secrets(cmdlet: str, parameters: Mapping[str, object]) -> list[str]:
    """Return the texts that were put into parameters although they are secrets: nothing may show them."""
    contract = reference.find(cmdlet.strip())
    found: list[object] = []
    for name, value in parameters.items():
        parameter = contract.parameter(name.strip().lstrip("-")) if contract else None
        if parameter is not None and parameter.type in SECRETS:
            found += value.values() if isinstance(value, Mapping) else [value]
    return [text for text in found if isinstance(text, str) and text]


def _known(request: Request) -> Contract:
    """Return the contract of a cmdlet that this organization has."""
    name = request.cmdlet.strip()
    here, there = request.system, _other(request.system)
    contract = reference.find(name)
    if contract is None:
        synchronization = cmdlet_table.named_elsewhere(name)
        if synchronization is not None:
            raise _owned(synchronization.name, "", synchronization.modules, "on the Entra Connect server ")
        meant = reference.alike(name, reference.names(here))
        raise InputError(
            "cmdlet",
            name,
            f"is not one of the {len(reference.names(here))} cmdlets of {TITLES[here]} that this module knows",
            f"{meant[0].upper()}{meant[1:]}" if meant else "Check the spelling, or run it in PowerShell.",
            "unknown_cmdlet",
        )
    if not contract.runs_in(here):
        raise InputError(
            "cmdlet",
            contract.name,
            f"is a cmdlet of {TITLES[there]} only",
            f"Set organization: {there}, or use a cmdlet of {TITLES[here]}.",
            "unknown_cmdlet",
        )
    return contract


def _other(system: str) -> str:
    return EXCHANGE_ONLINE if system == EXCHANGE_SERVER else EXCHANGE_SERVER


def _refuse_owned(system: str, cmdlet: str, given: Collection[str]) -> None:
    for parameter, modules in cmdlet_table.owners(system, cmdlet, given).items():
        raise _owned(cmdlet, parameter, modules, "")


def _owned(cmdlet: str, parameter: str, modules: Sequence[str], where: str) -> InputError:
    option = f"parameters.{parameter}" if parameter else "cmdlet"
    if not modules:
        problem, remedy = "is run by the connection itself, at the beginning of each session", "Leave it to that."
    else:
        named = " or ".join(f"{_MODULE}.{module}" for module in modules)
        verb = "is set by" if parameter else "is run by"
        problem = f"{verb} {named} {where}and passes none of its checks here".replace("  ", " ")
        remedy = f"Use {named}."
    return InputError(option, None if parameter else cmdlet, problem, remedy, "cmdlet_of_a_module")


def _refuse_unallowed(request: Request, cmdlet: str) -> None:
    if not request.allow_write:
        raise InputError(
            "allow_write",
            None,
            f"is not true, and {cmdlet} writes without any of the collection's checks",
            "Set allow_write: true for exchange_cmdlet to run it nevertheless.",
            "write_not_allowed",
        )


def _named(contract: Contract, system: str, option: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given, by the proper names of the parameters."""
    result: dict[str, Any] = {}
    for name, value in given.items():
        parameter = _parameter(contract, system, option, name)
        if parameter.name in result:
            raise InputError(option, name, f"is {parameter.name}, which is specified twice", "Specify it once.")
        result[parameter.name] = value
    return result


def _refuse_twice(secrets: Mapping[str, object], request: Request) -> None:
    if len(secrets) < len(request.secrets):
        raise InputError("secrets", None, "has a parameter that is specified twice", "Specify it once.")


def _value(parameter: Parameter, value: object) -> Value:
    option = f"parameters.{parameter.name}"
    if parameter.type in SECRETS:
        problem = f"is a {parameter.type}, which is never in parameters"
        raise InputError(option, None, problem, "Specify it in secrets.", "secret_in_parameters")
    if parameter.name == "Identity" and _values.is_blank(value):
        problem = "is blank, which Exchange takes for every object"
        raise InputError(option, None, problem, "Specify an identity, or leave the parameter out.", "blank_identity")
    return typed(parameter, value)


def _secret(parameter: Parameter, given: Mapping[str, Any], request: Request) -> Value:
    if parameter.type not in SECRETS:
        problem = f"is a {parameter.type}, which holds no secret"
        raise InputError("secrets", parameter.name, problem, "Specify it in parameters.")
    username, password = given.get("username") or "", str(given["password"])
    option = f"secrets.{parameter.name}"
    rest = request.system == EXCHANGE_ONLINE and (request.online.get("interface") or "rest") == "rest"
    if parameter.type == "SecureString":
        if username:
            raise InputError(option, None, "is a SecureString, which has no username", "Leave username out.")
        if rest:
            raise InputError(option, None, "cannot be sent over REST", "Use exchange_online.interface: powershell.")
        return Secret(password)
    if not username:
        raise InputError(
            option, None, "is a PSCredential and has no username", "Set username and password.", "missing_option"
        )
    credential = Credential(str(username), password)
    if rest:
        refuse_unpublished(credential, request.online, option)
    return credential


def _parameter(contract: Contract, system: str, option: str, name: str) -> Parameter:
    """Return the parameter that is meant by a name; InputError for one that this organization does not have."""
    parameter = contract.parameter(name.strip().lstrip("-"))
    if parameter is None:
        meant = reference.alike(name, contract.takes(system))
        remedy = f"{meant[0].upper()}{meant[1:]}" if meant else "Leave it out."
        problem = f"is not a parameter of {contract.name} in {TITLES[system]}"
        raise InputError(option, name, problem, remedy, "unknown_parameter")
    if not parameter.runs_in(system):
        problem = f"is a parameter of {contract.name} in {TITLES[_other(system)]} only"
        raise InputError(option, name, problem, "Leave it out.", "unknown_parameter")
    if parameter.name in _OWN:
        raise InputError(option, name, "is decided by the module", _OWN[parameter.name])
    return parameter


def _is_off(parameter: Parameter, value: Value) -> bool:
    """Tell whether a switch is given as false, which selects no parameter set and says nothing else."""
    return parameter.type == SWITCH and value is False


def _refuse_misfits(contract: Contract, system: str, values: Mapping[str, Value]) -> None:
    """Refuse parameters that are in no set together, and what a set needs and was not given."""
    reachable = contract.reachable(system, values)
    if not reachable:
        raise InputError(
            "parameters",
            ", ".join(sorted(values)),
            f"cannot be used together: no parameter set of {contract.name} in {TITLES[system]} has all of them",
            _sets(contract, system, values),
            "parameters_do_not_fit",
        )
    missing = {
        title: [name for name in needed if values.get(name) in (None, "")] for title, needed in reachable.items()
    }
    if all(missing.values()):
        title = contract.default_set if contract.default_set in missing else min(missing, key=lambda t: len(missing[t]))
        raise InputError(
            "parameters",
            None,
            f"lacks what {contract.name} needs in {TITLES[system]}: {', '.join(missing[title])}",
            "Specify it.",
            "missing_parameter",
        )


def _sets(contract: Contract, system: str, values: Mapping[str, Value]) -> str:
    """Return the parameter that most of the others do not go with, as a remedy."""

    def misfits(name: str) -> list[str]:
        return [other for other in values if not contract.reachable(system, (name, other))]

    worst = max(values, key=lambda name: len(misfits(name)))
    against = misfits(worst)
    return f"Leave out {worst}, or {', '.join(against)}." if against else f"Leave out {worst}."
