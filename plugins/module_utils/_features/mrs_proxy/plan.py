# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The MRS proxy of each EWS virtual directory: what differs from what is wanted, and the cmdlet that sets it. Pure.

Facts: cmdlets.md section 3, offboarding-practice.md 1.1 (the proxy belongs on every server that faces the internet).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Properties,
    Value,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError

FLAGS = {
    "mrs_proxy_enabled": "MRSProxyEnabled",
    "basic_authentication": "BasicAuthentication",
    "windows_authentication": "WindowsAuthentication",
    "ws_security_authentication": "WSSecurityAuthentication",
    "oauth_authentication": "OAuthAuthentication",
}
CHANNEL_BINDING = "extended_protection_token_checking"
PARAMETERS = {**FLAGS, CHANNEL_BINDING: "ExtendedProtectionTokenChecking"}


@dataclass(frozen=True)
class VirtualDirectory:
    """One EWS virtual directory: its identity, its server, and its settings by option, absent where none is shown."""

    identity: str
    server: str
    settings: Mapping[str, bool | str]


@dataclass(frozen=True)
class Change:
    """What one virtual directory needs; ``before`` and ``after`` hold only what changes."""

    directory: VirtualDirectory
    cmdlet: Cmdlet
    before: Mapping[str, object]
    after: Mapping[str, object]


def virtual_directory(shown: Properties) -> VirtualDirectory:
    """Return a virtual directory in normal form."""
    settings: dict[str, bool | str] = {
        name: _values.as_bool(shown[parameter])
        for name, parameter in FLAGS.items()
        if shown.get(parameter) not in (None, "")
    }
    if shown.get(PARAMETERS[CHANNEL_BINDING]):
        settings[CHANNEL_BINDING] = _values.name_of(shown[PARAMETERS[CHANNEL_BINDING]])
    server = _values.name_of(shown.get("Server")) or str(shown.get("Identity") or "").partition("\\")[0]
    return VirtualDirectory(_values.name_of(shown.get("Identity")), server, settings)


def chosen(found: Sequence[VirtualDirectory], servers: Sequence[str]) -> list[VirtualDirectory]:
    """Return the virtual directories of these servers, or all; InputError for a server that has none."""
    if not servers:
        return list(found)
    by_server = {_short(item.server): item for item in found}
    missing = [name for name in servers if _short(name) not in by_server]
    if missing:
        known = ", ".join(sorted(item.server for item in found)) or "none"
        raise InputError(
            "servers", missing[0], "has no EWS virtual directory", f"Use some of: {known}.", "server_not_found"
        )
    wanted = {_short(name) for name in servers}
    return [item for item in found if _short(item.server) in wanted]


def _short(server: str) -> str:
    """Return a server's name without its domain, folded: Exchange shows it so."""
    return _values.folded(server).partition(".")[0]


def changes(found: Sequence[VirtualDirectory], wanted: Mapping[str, bool | str]) -> list[Change]:
    """Return what the virtual directories need to have the wanted settings."""
    result = []
    for item in found:
        differing = {name: value for name, value in wanted.items() if not _same(item.settings.get(name), value)}
        if differing:
            given: dict[str, Value] = {"Identity": item.identity}
            given.update({PARAMETERS[name]: value for name, value in differing.items()})
            before = {name: item.settings.get(name) for name in differing}
            result.append(Change(item, Cmdlet("Set-WebServicesVirtualDirectory", given), before, differing))
    return result


def _same(held: object, wanted: object) -> bool:
    return held is not None and _values.folded(str(held)) == _values.folded(str(wanted))
