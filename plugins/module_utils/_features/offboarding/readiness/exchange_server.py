# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Exchange Server: the way to the MRS proxy, the version, the databases' disks, the accepted domains."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Facts,
    Subject,
    Unread,
    accepted_on_premises,
    agents,
    database,
    flag,
    moving,
    wanted,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
    found,
    not_checked,
)

_EWS_FLAGS = (
    ("MRSProxyEnabled", "mrs_proxy_disabled"),
    ("WSSecurityAuthentication", "ews_wssecurity_disabled"),
    ("WindowsAuthentication", "ews_windows_authentication_disabled"),
)
# Exchange 2016 is 15.1, Exchange 2019 and SE are 15.2; SE begins at build 2562 (build numbers: common knowledge).
_OLDEST = (15, 1)
_IN_SUPPORT = (15, 2, 2562)
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\D+(\d+))?")


def check(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    yield from _virtual_directories(facts)
    yield from _extended_protection(facts, subjects)
    yield from versions(facts, subjects)
    yield from _space(facts, subjects)
    if isinstance(facts.hybrid_configuration, Unread):
        yield not_checked("hybrid_not_configured", facts.hybrid_configuration.reason)
    elif not facts.hybrid_configuration:
        yield found("hybrid_not_configured", "Get-HybridConfiguration returns nothing")
    yield from delivery_domains(facts, subjects)
    if not facts.controller_pinned:
        yield found("domain_controller_not_pinned", "No domain controller is pinned")


def _virtual_directories(facts: Facts) -> Iterator[Finding]:
    if isinstance(facts.virtual_directories, Unread):
        for _name, code in _EWS_FLAGS:
            yield not_checked(code, facts.virtual_directories.reason)
        return
    published = _published(facts.virtual_directories)
    for name, code in _EWS_FLAGS:
        if not published:
            yield not_checked(code, "Get-WebServicesVirtualDirectory returns nothing.")
        for item in published:
            value = flag(item, name)
            if value is None:
                yield not_checked(code, f"{_where(item)} does not show {name}.")
            elif not value:
                yield found(code, f"{_where(item)} has {name} False")


def _published(virtual_directories: Sequence[Properties]) -> Sequence[Properties]:
    """Return those with an external URL, which face the Internet; where none has one, any of them may be published."""
    return [item for item in virtual_directories if item.get("ExternalUrl")] or virtual_directories


def _where(virtual_directory: Properties) -> str:
    return str(virtual_directory.get("Identity") or virtual_directory.get("Server") or "an EWS virtual directory")


def _extended_protection(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Tell of channel binding that shuts out the replication service, or the Hybrid Agent in front of the MRS proxy.

    Facts: public-reports.md section 3.
    """
    code, name = "ews_extended_protection", "ExtendedProtectionTokenChecking"
    if isinstance(facts.virtual_directories, Unread):
        yield not_checked(code, facts.virtual_directories.reason)
        return
    agent = ", and a Hybrid Agent publishes the MRS proxy" if agents(subjects) else ""
    for item in _published(facts.virtual_directories):
        checking = _values.name_of(item.get(name))
        if not checking:
            yield not_checked(code, f"{_where(item)} does not show {name}.")
        elif checking == "Require" or (agent and checking != "None"):
            yield found(code, f"{_where(item)} has {name} {checking}{agent}")


def versions(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Tell of target databases whose server is too old."""
    if isinstance(facts.databases, Unread):
        yield not_checked("server_version_unsupported", facts.databases.reason)
        return
    names = wanted(subjects, "remote_target_database")
    chosen = [item for item in facts.databases if _values.folded(item.get("Name")) in names] or facts.databases
    servers = {
        str(item.get("ServerName") or item.get("Server")): str(item.get("AdminDisplayVersion") or "") for item in chosen
    }
    for server, text in sorted(servers.items()):
        version = _version(text)
        if version is None:
            yield not_checked("server_version_unsupported", f"{server} does not show its version.")
        elif version[:2] < _OLDEST:
            yield found("server_version_unsupported", f"{server} is {text}, older than Exchange 2016")
        elif version < _IN_SUPPORT:
            yield found("server_version_out_of_support", f"{server} is {text}, older than Exchange Server SE")


def _version(text: str) -> tuple[int, ...] | None:
    """Return (15, 2, 2562) of ``Version 15.2 (Build 2562.17)``."""
    matched = _VERSION.search(text)
    return tuple(int(part or 0) for part in matched.groups()) if matched else None


def _space(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    incoming = _incoming(subjects)
    for answer in (facts.copies, facts.databases):
        if isinstance(answer, Unread):
            yield not_checked("database_space", answer.reason)
            return
    if isinstance(facts.copies, Unread):
        return
    for name, size in sorted(incoming.items()):
        if database(facts, name) is None:
            continue  # told for each mailbox: database_not_found
        free = _free(facts.copies, name)
        if free is None:
            yield not_checked("database_space", f"Not every copy of {name} shows its free disk space as a size.")
        elif size > free:
            yield found("database_space", f"{name} has {_gigabytes(free)} free for {_gigabytes(size)} that move there")


def _incoming(subjects: Sequence[Subject]) -> dict[str, int]:
    """Return the bytes that the wave brings to each database, named in lower case."""
    total: dict[str, int] = {}
    for subject, _evidence in moving(subjects):
        for name, size in (
            ("remote_target_database", (subject.size or 0) + (subject.recoverable or 0)),
            ("remote_archive_target_database", subject.archive_size or 0),
        ):
            if subject.text(name) and size:
                total[_values.folded(subject.text(name))] = total.get(_values.folded(subject.text(name)), 0) + size
    return total


def _free(copies: Sequence[Properties], name: str) -> int | None:
    """Return the free bytes of the copy with the least room: every copy grows alike. None where one shows none."""
    sizes = [
        _values.size_in_bytes(item.get("DiskFreeSpace"))
        for item in copies
        if _values.folded(item.get("DatabaseName")) == _values.folded(name)
    ]
    known = [size for size in sizes if size is not None]
    return min(known) if known and len(known) == len(sizes) else None


def _gigabytes(size: int) -> str:
    return f"{size / 1024**3:.1f} GB"


def delivery_domains(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Tell of target delivery domains that on-premises does not accept."""
    if isinstance(facts.domains_on_premises, Unread):
        yield not_checked("delivery_domain_not_accepted", facts.domains_on_premises.reason)
        return
    for name in wanted(subjects, "target_delivery_domain"):
        if not accepted_on_premises(facts, name):
            yield found("delivery_domain_not_accepted", f"{name} is not an accepted domain on-premises")
