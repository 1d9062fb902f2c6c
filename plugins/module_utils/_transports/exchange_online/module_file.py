# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What the module that Exchange Online generates for its caller tells about the caller's roles.

``EXOModuleFile`` lists the cmdlets that the roles grant, and its text has a function ``script:Verb-Noun`` with a param
block for each of them (facts exchange-online-rest.md section 1.2; terraprovider/go-exoscc reads the same functions).
The text is read, never run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_FUNCTION = re.compile(
    r"^[ \t]*function\s+(?:script:)?(?P<name>[A-Za-z]+-[A-Za-z0-9]+)\s*\{", re.MULTILINE | re.IGNORECASE
)
_PARAM = re.compile(r"\bparam\s*\(", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[A-Za-z]\w*)\}|(?P<plain>[A-Za-z]\w*))")
# What is to be skipped, and what opens and closes: quoted text may hold parentheses.
# A quote that nothing closes goes on to the end: it is not looked for again from each quote behind it.
_TOKEN = re.compile(r"'(?:[^']|'')*(?:'|\Z)|\"(?:[^\"`]|`[\s\S]?)*(?:\"|\Z)|#[^\n]*|[()]")
# What a function that deals with a password or a credential names, and the key that it may have in it.
_OF_CREDENTIALS = re.compile(
    r"PSCredential|SecureString|GetNetworkCredential|PublicKey|RSACryptoServiceProvider|\bRSA\b", re.IGNORECASE
)
_KEY = re.compile(r"<RSAKeyValue>.*?</RSAKeyValue>", re.DOTALL | re.IGNORECASE)
_NO_PARAMETERS = frozenset(("true", "false", "null"))


@dataclass(frozen=True)
class ModuleFile:
    """``text`` is the module's PowerShell, ``exported`` the cmdlets that it says it exports, in lower case."""

    text: str = field(repr=False)
    exported: frozenset[str]

    def grants(self, cmdlet: str) -> bool:
        return cmdlet.lower() in self.exported

    def parameters(self, cmdlet: str) -> frozenset[str] | None:
        """Return a cmdlet's parameters in lower case, or None where the text does not tell them."""
        for found in _FUNCTION.finditer(self.text):
            if found["name"].lower() == cmdlet.lower():
                return _declared(self.text[found.end() :])
        return None

    def credential_handling(self, cmdlet: str) -> list[dict[str, str]]:
        """Return the text of a cmdlet's function, and of every function that deals with passwords, each by its name.

        Other cmdlets' functions, which only declare such a parameter, are left out, and so is Microsoft's key.
        """
        found = []
        for name, text in self._functions():
            own = name.lower() == cmdlet.lower()
            if own or (not self.grants(name) and _OF_CREDENTIALS.search(text)):
                found.append({"name": name, "text": _KEY.sub("<RSAKeyValue>...</RSAKeyValue>", text).strip()})
        return found

    def _functions(self) -> Iterator[tuple[str, str]]:
        starts = list(_FUNCTION.finditer(self.text))
        for number, start in enumerate(starts):
            end = starts[number + 1].start() if number + 1 < len(starts) else len(self.text)
            yield start["name"], self.text[start.start() : end]


def read(body: Any) -> ModuleFile:
    """Return what an answer of EXOModuleFile says; anything else than its shape is an empty module."""
    value = body.get("value") if isinstance(body, Mapping) else None
    files = [file for file in (value if isinstance(value, list) else []) if isinstance(file, Mapping)]
    names = [name.strip().lower() for file in files for name in str(file.get("exportedCmdlets") or "").split(",")]
    text = "".join(str(file.get("fileContent") or "") for file in files)
    return ModuleFile(text, frozenset(name for name in names if name))


def _declared(body: str) -> frozenset[str] | None:
    following = _FUNCTION.search(body)
    start = _PARAM.search(body, 0, following.start() if following else len(body))
    if start is None:
        return None
    block = _until_closed(body[start.end() :])
    if block is None:
        return None
    names = {(found["braced"] or found["plain"]).lower() for found in _VARIABLE.finditer(block)}
    return frozenset(names - _NO_PARAMETERS) or None


def _until_closed(text: str) -> str | None:
    """Return the text up to the parenthesis that closes one opened before it, quoted text and comments blanked."""
    depth, end, kept = 1, 0, ""
    for token in _TOKEN.finditer(text):
        kept += text[end : token.start()]
        end = token.end()
        depth += {"(": 1, ")": -1}.get(token.group(), 0)
        if depth == 0:
            return kept
    return None
