# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What the readiness checks look at: answers of both organizations, or why there is no answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Union

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.entra import (
    Authority,
    CloudUser,
    Features,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import (
    MailboxEvidence,
    Silent,
    State,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, migration
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record


@dataclass(frozen=True)
class Unread:
    """Why a question has no answer: one sentence, with Exchange's own words where it spoke."""

    reason: str


Answer = Union[list[Properties], Unread]
NOT_ASKED = Unread("It was not read.")


@dataclass
class Facts:
    """The environment as it was read. Every answer may be Unread: then its checks are not_checked."""

    virtual_directories: Answer = NOT_ASKED
    databases: Answer = NOT_ASKED
    copies: Answer = NOT_ASKED
    hybrid_configuration: Answer = NOT_ASKED
    domains_on_premises: Answer = NOT_ASKED
    domains_in_the_cloud: Answer = NOT_ASKED
    organization: Answer = NOT_ASKED
    connectors: Answer = NOT_ASKED
    endpoint_tests: dict[str, Answer] = field(default_factory=dict)
    scheduler: Answer = NOT_ASKED
    sync_runs: Answer = NOT_ASKED
    # Why nothing can pause directory synchronization; empty where it can be paused.
    unpaused_because: str = ""
    brings_into_scope: bool = False
    requests_on_premises: Answer = NOT_ASKED
    migration_users: Answer = NOT_ASKED
    soft_deleted: Answer = NOT_ASKED
    controller_pinned: bool = True
    credential_name: str = ""
    credential_unsent: bool = False
    directory: Unread | None = None
    # Which objects were not searched for who else holds an address, and what to do about it; empty for none.
    unsearched: str = ""
    unsearched_remedy: str = ""
    entra: Unread | None = None
    features: Features | Unread = NOT_ASKED
    half_made: tuple[str, ...] = ()
    # What is told of pauses that no run is going to end any more.
    still_paused: tuple[str, ...] = ()
    write_back_jobs: list[str] | Unread = NOT_ASKED

    @cached_property
    def local_requests(self) -> dict[str, str]:
        """The status of each move request on-premises, by the mailbox's GUID."""
        answer = self.requests_on_premises
        told = () if isinstance(answer, Unread) else answer
        return {_values.told_guid(item.get("ExchangeGuid")): str(item.get("Status") or "") for item in told}

    @cached_property
    def users_of_batches(self) -> migration.UsersByKey:
        """The migration users, under the ExchangeGuid and each address that Get-MigrationUser shows."""
        told = () if isinstance(self.migration_users, Unread) else self.migration_users
        return migration.by_key(map(migration.user, told))

    @cached_property
    def deleted_mailboxes(self) -> dict[str, set[str]]:
        """The ExchangeGuids of the soft-deleted mailboxes that have an address, by the address."""
        told: dict[str, set[str]] = {}
        for item in () if isinstance(self.soft_deleted, Unread) else self.soft_deleted:
            guid = _values.told_guid(item.get("ExchangeGuid"))
            for address in addresses.smtp_addresses(_values.as_list(item.get("EmailAddresses"))):
                told.setdefault(address, set()).add(guid)
        return told


@dataclass
class Subject:
    """One mailbox of the wave. Sizes in bytes; ``directory`` is None where nobody could name the user."""

    record: Record
    identity: str
    evidence: MailboxEvidence | None = None
    state: State | None = None
    problems: list[HybridError] = field(default_factory=list)
    size: int | None = None
    recoverable: int | None = None
    archive_size: int | None = None
    sizes_unread: str = ""
    directory: DirectoryUser | Unread | None = None
    entra: CloudUser | Unread | None = None
    authority: Authority = field(default_factory=Authority)

    @property
    def moves(self) -> bool:
        """Tell whether a move lies ahead or is under way: only then do the checks of a move mean anything."""
        return self.evidence is not None and self.state is not None and self.state.name not in ("home", "conflict")

    @property
    def before_the_move(self) -> bool:
        return self.moves and self.state is not None and self.state.name != "moving"

    @property
    def to_match(self) -> bool:
        """Tell whether the match itself lies ahead: the cloud user is not synced yet."""
        return self.before_the_move and self.state is not None and self.state.beginning == "cloud_only"

    @property
    def to_write(self) -> bool:
        """Tell whether the on-premises user is still to be written, which makes it half made for a moment."""
        return self.state is not None and self.state.name in ("to_do", "matched")

    @property
    def anchored(self) -> bool:
        """Tell whether the cloud user's ImmutableId is the anchor of the on-premises user, as far as that was read."""
        if self.evidence is None:
            return False
        known = str(self.evidence.cloud.get("immutable_id") or "")
        if isinstance(self.directory, DirectoryUser):
            return bool(known) and known == self.directory.source_anchor
        return bool(_values.guid_of_immutable_id(known) == self.evidence.on_premises["guid"])

    @property
    def archive_moves(self) -> bool:
        archive = self.evidence.cloud["archive_guid"] if self.evidence else _values.ZERO_GUID
        return archive != _values.ZERO_GUID and not self.record.get("primary_only")

    def text(self, name: str) -> str:
        return str(self.record.get(name) or "")


def seen_in(evidence: MailboxEvidence) -> DirectoryUser | Unread:
    """Return what Active Directory says of a pair's on-premises user, or why it says nothing."""
    directory = evidence.directory
    return Unread(directory.reason) if isinstance(directory, Silent) else directory


def moving(subjects: Sequence[Subject]) -> Iterator[tuple[Subject, MailboxEvidence]]:
    """Yield the mailboxes that have a move before them, with what was read of both sides."""
    for subject in subjects:
        if subject.moves and subject.evidence is not None:
            yield subject, subject.evidence


def agents(subjects: Sequence[Subject]) -> list[str]:
    """Return the endpoints of a Hybrid Agent among the MRS proxies of the moving mailboxes."""
    return [host for host in wanted(subjects, "remote_host_name") if host.endswith(".msappproxy.net")]


def wanted(subjects: Sequence[Subject], name: str) -> list[str]:
    """Return the different values, lower case, that the moving mailboxes' records have under a key."""
    return sorted({_values.folded(subject.text(name)) for subject, _evidence in moving(subjects) if subject.text(name)})


def domains(answer: Answer) -> set[str]:
    """Return the names of the tenant's Get-AcceptedDomain, lower case.

    No wildcard is among them: Microsoft Entra verifies each domain. MatchSubDomains lets mail through to subdomains
    that exist on-premises alone, and makes no address possible in the tenant.
    """
    if isinstance(answer, Unread):
        return set()
    return {_values.folded(item.get("DomainName")) for item in answer}


def accepted_on_premises(facts: Facts, domain: str) -> bool:
    """Tell whether on-premises accepts a domain: by name, or as a subdomain of one that is accepted with all of its."""
    if isinstance(facts.domains_on_premises, Unread):
        return False
    for item in facts.domains_on_premises:
        name = _values.folded(item.get("DomainName"))
        below = f"*.{name}" if flag(item, "MatchSubDomains") else name
        if _values.domain_fits(domain, name) or _values.domain_fits(domain, below):
            return True
    return False


def database(facts: Facts, name: str) -> Properties | None:
    """Return the database of this name, where databases could be read."""
    if isinstance(facts.databases, Unread):
        return None
    return next((item for item in facts.databases if _values.folded(item.get("Name")) == _values.folded(name)), None)


def flag(item: Any, name: str) -> bool | None:
    """Return a Boolean property, None where the answer lacks it."""
    value = item.get(name)
    return None if value is None or value == "" else _values.as_bool(value)
