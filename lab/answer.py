# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What passes between the lab's wires and its model: cmdlet calls in, typed .NET-like answers out.

The wires (PSRP, WinRM shell, REST) decode a request to a Call and encode an Answer; the model knows no wire.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Union, runtime_checkable


@dataclass(frozen=True)
class Enumeration:
    """An enum value: CLIXML carries the number and a ToString, REST the name."""

    type_name: str
    name: str
    number: int


@dataclass(frozen=True)
class ByteSize:
    """ByteQuantifiedSize; ``None`` is Unlimited<T>'s Unlimited. On the wire ``1.2 GB (1,288,490,188 bytes)``."""

    size: int | None


@dataclass(frozen=True)
class Reference:
    """An ADObjectId: an object whose ToString is a name, a canonical name or a GUID."""

    text: str


@dataclass(frozen=True)
class Collection:
    """A MultiValuedProperty; ``type_name`` names the .NET collection (ProxyAddressCollection for addresses)."""

    items: Sequence[str]
    type_name: str = "Microsoft.Exchange.Data.MultiValuedProperty`1[[System.String]]"


@dataclass(frozen=True)
class Dictionary:
    """A .NET dictionary of objects that have a text."""

    entries: Mapping[str, str]
    type_name: str
    value_type_name: str


LabValue = Union[
    None, str, bool, int, uuid.UUID, datetime.datetime, datetime.timedelta, Enumeration, ByteSize, Reference,
    Collection, Dictionary,
]  # fmt: skip


@dataclass(frozen=True)
class LabObject:
    """One output object: its .NET type names, its properties, its ToString."""

    type_names: tuple[str, ...]
    properties: dict[str, LabValue]
    to_string: str = ""


# Begins the name of a parameter that was given by its place alone; its number from 0 follows.
POSITION = "@"
# What a cmdlet that writes $null puts out: a message without data over PSRP.
NULL = LabObject((), {})


class CmdletFailure(Exception):
    """What a cmdlet throws. ``terminating`` False is written to the error stream and the pipeline completes.

    ``exception_type`` is the full .NET name; ``category`` is PowerShell's ErrorCategory name; ``error_id`` is what the
    engine itself calls its error.
    """

    def __init__(
        self,
        message: str,
        exception_type: str,
        *,
        category: str = "NotSpecified",
        terminating: bool = False,
        error_id: str = "",
    ) -> None:
        super().__init__(message)
        self.error_id = error_id
        self.message = message
        self.exception_type = exception_type
        self.category = category
        self.terminating = terminating


@dataclass
class Answer:
    objects: list[LabObject] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[CmdletFailure] = field(default_factory=list)


@dataclass(frozen=True)
class LabCredential:
    """A PSCredential that a wire decrypted."""

    username: str
    password: str = field(repr=False)


@dataclass
class ShellState:
    """What one remote session remembers: Set-ADServerSettings changes it, its first cmdlet binds it to controllers."""

    user: str
    view_entire_forest: bool = False
    # Which of each domain's controllers the session is bound to; None until its first cmdlet on-premises.
    controller: int | None = None


@dataclass(frozen=True)
class Call:
    """One cmdlet call as a wire decoded it.

    Parameter names keep the caller's spelling; values are str, bool, int, float, None, uuid.UUID, datetime,
    timedelta, bytes, LabCredential, list, or dict (PowerShell's hash table).
    """

    cmdlet: str
    parameters: dict[str, Any]
    shell: ShellState


class CmdletHost(Protocol):
    """The cmdlets of one organization (or of the Entra Connect server)."""

    def run(self, call: Call) -> Answer:
        """Run one call. Raises CmdletFailure for a terminating error."""

    def granted(self, user: str) -> list[str]:
        """Return the names of the cmdlets that the user's roles grant."""


@runtime_checkable
class TellsParameters(Protocol):
    """A CmdletHost that knows which parameters the user's roles grant."""

    def granted_parameters(self, user: str, cmdlet: str) -> list[str]:
        """Return a granted cmdlet's parameters by their proper names, without the common ones."""
