# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exchange's cmdlets as functions of PowerShell, typed by the contract, and the session that shows nothing else.

Exchange shows its cmdlets as functions too: role-based access leaves parameters out. Its own classes are not here, so a
parameter of such a class takes text, as its real one is made from text; multi-valued properties take what they get.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.model.cmdlet_host import prompts

_NET = {
    "SwitchParameter": "switch", "String": "string", "Boolean": "bool", "Int32": "int", "Int64": "long",
    "Guid": "guid", "DateTime": "Nullable[datetime]", "TimeSpan": "timespan", "PSCredential": "pscredential",
    "SecureString": "securestring", "String[]": "string[]", "Byte[]": "byte[]", "Fqdn": "string",
    "SmtpAddress": "string",
}  # fmt: skip
# What an advanced function has by itself.
_INHERENT = frozenset(("Confirm", "WhatIf", "Verbose", "Debug"))
_NAME = re.compile(r"[A-Za-z_]\w*")

# A compiled cmdlet's own exception, without the one that calling a method from script puts around it.
_CONSENT = """\
$go = try { $PSCmdlet.ShouldProcess('NAME') }
catch {
  $record = $_.Exception.InnerException.ErrorRecord
  $record.CategoryInfo.Reason = $_.Exception.InnerException.GetType().Name
  $PSCmdlet.ThrowTerminatingError($record)
}"""


class Functions:
    """Collects functions for one module.

    ``strict`` functions have the contract's parameter sets and enums, as a server's have. Those of Microsoft's module
    for Exchange Online have neither: the service checks what it gets.
    """

    def __init__(self, environment: str, *, strict: bool = True) -> None:
        self._environment = environment
        self._strict = strict
        self._enums: dict[str, Sequence[str]] = {}
        self._texts: list[str] = []

    def add(self, name: str, facts: Mapping[str, Any], granted: Sequence[str], body: Callable[[str], str]) -> None:
        """Add a cmdlet with the granted parameters; ``body`` makes the statement that runs it."""
        sets = facts["parameter_sets"]
        declared = [
            self._parameter(parameter, facts["parameters"][parameter], sets)
            for parameter in granted
            if parameter not in _INHERENT
        ]
        binding = ["PositionalBinding = $false"]
        if self._strict:
            binding.append(f"DefaultParameterSetName = '{_default(sets)}'")
        run = body(name)
        if "Confirm" in facts["parameters"]:
            impact = "High" if prompts(name) else "Medium"
            binding.append(f"SupportsShouldProcess, ConfirmImpact = '{impact}'")
            run = f"{_CONSENT}\nif ($go) {{ {run} }}".replace("NAME", name)
        parameters = ",\n".join(filter(None, declared))
        head = f"[CmdletBinding({', '.join(binding)})]\nparam(\n{parameters}\n)"
        self._texts.append(f"function {name} {{\n{head}\nprocess {{ {run} }}\n}}")

    def text(self) -> str:
        """Return the functions, with the enums that they need before them."""
        enums = [f"enum {name} {{ {'; '.join(values)} }}" for name, values in self._enums.items()]
        return "\n".join([*enums, *self._texts]) + "\n"

    def _parameter(self, name: str, facts: Mapping[str, Any], sets: Mapping[str, Any]) -> str:
        attributes = self._sets(name, facts, sets) if self._strict else ["[Parameter()]"]
        if not attributes:
            return ""
        if facts["aliases"]:
            aliases = ", ".join(f"'{alias}'" for alias in facts["aliases"])
            attributes.append(f"[Alias({aliases})]")
        return f"{''.join(attributes)}[{self._type(name, facts)}]${name}"

    def _sets(self, name: str, facts: Mapping[str, Any], sets: Mapping[str, Any]) -> list[str]:
        attributes = []
        for key, members in sets.items():
            needed = name in members["mandatory"] or name in members["mandatory_switches"]
            if needed or name in members["optional"]:
                settings = [f"ParameterSetName = '{key}'", f"Mandatory = ${str(needed).lower()}"]
                if facts["position"].isdigit():
                    settings.append(f"Position = {int(facts['position']) - 1}")
                attributes.append(f"[Parameter({', '.join(settings)})]")
        return attributes

    def _type(self, name: str, facts: Mapping[str, Any]) -> str:
        kind: str = facts["type"]
        if kind in _NET:
            return _NET[kind]
        values = [] if kind == "MultiValuedProperty" else facts["accepted_values"]
        if self._strict and values and all(_NAME.fullmatch(value) for value in values):
            enum = re.sub(r"\W", "_", f"{kind.removesuffix('[]')}_{name}")
            self._enums[enum] = values
            return enum + ("[]" if kind.endswith("[]") else "")
        return "string" if self._strict and kind.endswith("IdParameter") else "object"


def _default(sets: Mapping[str, Any]) -> str:
    """Return the default set. Where the reference names none, Exchange still has one: inferred, the identity's."""
    named = [key for key, members in sets.items() if members["default"]]
    return next(iter([*named, *(key for key in sets if key == "Identity"), *sets]))


def session_configuration(path: Path, module: Path, visible: Sequence[str]) -> Path:
    """Write a session configuration in no-language mode that shows these functions of a module, and return it."""
    names = ", ".join(f"'{name}'" for name in visible)
    path.write_text(
        "@{ SchemaVersion = '2.0.0.0'; GUID = '29241d40-39be-464e-8551-675a14b612b3'\n"
        "SessionType = 'RestrictedRemoteServer'; LanguageMode = 'NoLanguage'\n"
        f"ModulesToImport = '{module}'; VisibleFunctions = {names} }}\n",
        encoding="utf-8",
    )
    return path
