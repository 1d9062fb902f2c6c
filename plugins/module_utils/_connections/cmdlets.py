# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A cmdlet as data: name and typed parameters. How they travel is each transport's own business."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Union

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError

MASK = "********"
READ_VERBS = ("Get-", "Test-")


@dataclass(frozen=True)
class Credential:
    """A PSCredential: ``username`` as ``DOMAIN\\user``. The password never shows in ``repr`` or a preview."""

    username: str
    password: str = field(repr=False)


def refuse_unpublished(
    credential: Credential, options: Mapping[str, Any], option: str = "remote_credential"
) -> None:
    """Raise InputError where Exchange Online's connection, by its options, cannot send a credential as published."""
    if (options.get("interface") or "rest") == "rest" and not options.get("experimental_rest_credential"):
        raise InputError(
            option,
            credential.username,
            "cannot be sent over REST, because Microsoft has not published how",
            "Use exchange_online.interface: powershell, or accept an unpublished encoding with "
            "exchange_online.experimental_rest_credential: true.",
            code="experimental_rest_credential_required",
        )


@dataclass(frozen=True)
class Secret:
    """A SecureString. The REST interface of Exchange Online does not take one from here: no cmdlet needs it there."""

    text: str = field(repr=False)


Scalar = Union[str, bool, int, uuid.UUID, datetime.datetime, datetime.timedelta, bytes, Credential, Secret, None]
# A mapping is PowerShell's hash table, as in -EmailAddresses @{Add = ...}.
Value = Union[Scalar, Sequence[str], Mapping[str, Union[str, Sequence[str]]]]
# What a property holds after a transport has decoded it: str, bool, int, None, list[str] or a nested dictionary.
# Enums are their names, GUIDs are lower-case strings, dates are ISO 8601 UTC, sizes and spans stay Exchange's text
# (``_values`` reads them).
Properties = dict[str, Any]


@dataclass(frozen=True)
class Cmdlet:
    """One cmdlet call. Switches are ``True``; ``None`` is ``$null``.

    ``forest`` asks the whole on-premises forest, whatever domain controllers are pinned: what must be nobody else's is
    asked so, because a pinned controller shows its own domain only. ``pinned`` says of a cmdlet that the table of
    cmdlets does not have that it takes a domain controller. Without ``output``, only how many objects it outputs is of
    interest: Enable-MailUser shows a hundred properties, and what was written is read back anyway.
    """

    name: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    forest: bool = False
    pinned: bool = False
    output: bool = field(default=True, compare=False)

    @property
    def is_read(self) -> bool:
        return self.name.startswith(READ_VERBS)

    def with_parameters(self, **more: Value) -> Cmdlet:
        return replace(self, parameters={**self.parameters, **more})

    def preview(self) -> str:
        """Return the call as PowerShell would show it, secrets masked: for people, never executed."""
        words = [self.name]
        for name, value in self.parameters.items():
            # -Name:$true is right for switches and for Boolean parameters alike.
            words.append(f"-{name}{':' if isinstance(value, bool) else ' '}{_literal(value)}")
        return " ".join(words)


def _literal(value: Value) -> str:
    if value is None:
        return "$null"
    if isinstance(value, bool):
        return "$true" if value else "$false"
    if isinstance(value, Credential):
        return f"(PSCredential {_literal(value.username)}, '{MASK}')"
    if isinstance(value, Secret):
        return f"(SecureString '{MASK}')"
    if isinstance(value, datetime.datetime):
        return f"'{value.astimezone(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M:%SZ')}'"
    if isinstance(value, bytes):
        return f"([byte[]] {len(value)} bytes)"
    if isinstance(value, Mapping):
        return "@{" + "; ".join(f"{key} = {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "@(" + ", ".join(_literal(item) for item in value) + ")"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


@dataclass
class CmdletOutput:
    """What a cmdlet that did not fail said. Non-terminating errors are raised by the transport, not kept here.

    Objects may be empty dictionaries where the cmdlet was sent without ``output``.
    """

    objects: list[Properties] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
