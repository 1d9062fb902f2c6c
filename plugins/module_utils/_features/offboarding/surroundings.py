# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Reading what surrounds a wave, once for all its mailboxes: for the role's guards and the readiness report alike.

A question that a system does not answer (a role that is missing, say) is Unread, and never a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Properties,
    Value,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.entra import Authority
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    ENTRA_CONNECT,
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    Connections,
    side_by_side,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Answer,
    Facts,
    Subject,
    Unread,
    moving,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read

_UNLIMITED: dict[str, Value] = {"ResultSize": "Unlimited"}


def ask(connections: Connections, system: str, name: str, **parameters: Value) -> Answer:
    """Return what a cmdlet answers, or that this account is not allowed to ask, or that Exchange refused."""
    return _answer(system, lambda: connections.run(system, Cmdlet(name, parameters)).objects)


def _answer(system: str, read: Callable[[], list[Properties]]) -> Answer:
    try:
        return read()
    except HybridError as error:
        if isinstance(error, CmdletError) or error.code == "permission_denied" or system == ENTRA_CONNECT:
            return unread(error)
        raise


def migration_users(connections: Connections) -> Answer:
    """Return what Get-MigrationUser shows of the users of all batches."""
    return _answer(EXCHANGE_ONLINE, lambda: recipients_read.shown_migration_users(connections))


def unread(error: HybridError) -> Unread:
    return Unread(" ".join(error.message.split()))


def read(connections: Connections) -> Facts:
    """Return what both organizations say of themselves, as far as the guards of the role need it."""
    (databases, here, requests), (there, organization, users) = side_by_side(
        lambda: (
            ask(connections, EXCHANGE_SERVER, "Get-MailboxDatabase", Status=True),
            ask(connections, EXCHANGE_SERVER, "Get-AcceptedDomain"),
            ask(connections, EXCHANGE_SERVER, "Get-MoveRequest", **_UNLIMITED),
        ),
        lambda: (
            ask(connections, EXCHANGE_ONLINE, "Get-AcceptedDomain", **_UNLIMITED),
            ask(connections, EXCHANGE_ONLINE, "Get-OrganizationConfig"),
            migration_users(connections),
        ),
    )
    return Facts(
        databases=databases,
        domains_on_premises=here,
        domains_in_the_cloud=there,
        organization=organization,
        requests_on_premises=requests,
        migration_users=users,
    )


def read_entra(connections: Connections, subjects: Sequence[Subject], facts: Facts) -> None:
    """Fill in what Microsoft Graph says of each cloud user and of the tenant's switches."""
    graph = connections.graph()
    if graph is None:
        facts.entra = facts.features = Unread("exchange_online.graph is not true.")
        return
    known = {subject.identity: e.cloud["external_directory_object_id"] for subject, e in moving(subjects)}
    try:
        authorities = graph.authorities(list(known.values()))
        facts.features = graph.features() or Unread("The application is not allowed to read the tenant's settings.")
    except HybridError as error:
        facts.entra = facts.features = unread(error)
        return
    for subject, evidence in moving(subjects):
        subject.authority = authorities.get(known[subject.identity], Authority())
        user = evidence.entra
        subject.entra = unread(user) if isinstance(user, HybridError) else user


def read_copies(connections: Connections, names: Sequence[str]) -> Answer:
    """Return the copies of these databases."""
    found: list[Properties] = []
    for name in names:
        answer = ask(connections, EXCHANGE_SERVER, "Get-MailboxDatabaseCopyStatus", Identity=name)
        if isinstance(answer, Unread):
            return answer
        found += answer
    return found


def read_sizes(connections: Connections, subjects: Sequence[Subject]) -> None:
    """Read Get-MailboxStatistics, which takes one mailbox a call; archives only where they move along."""
    asked: list[tuple[Subject, bool, Cmdlet]] = []
    for subject, evidence in moving(subjects):
        identified: dict[str, Value] = {"Identity": evidence.cloud["exchange_guid"]}
        asked.append((subject, False, Cmdlet("Get-MailboxStatistics", identified)))
        if subject.archive_moves:
            asked.append((subject, True, Cmdlet("Get-MailboxStatistics", {**identified, "Archive": True})))
    answers = connections.read_each(EXCHANGE_ONLINE, [cmdlet for _subject, _archive, cmdlet in asked])
    for (subject, archive, _cmdlet), answer in zip(asked, answers, strict=True):
        if isinstance(answer, HybridError):
            subject.sizes_unread = unread(answer).reason
            continue
        statistics = answer.objects[0] if answer.objects else {}
        size = _values.size_in_bytes(statistics.get("TotalItemSize"))
        if archive:
            subject.archive_size = size
        else:
            subject.size = size
            subject.recoverable = _values.size_in_bytes(statistics.get("TotalDeletedItemSize"))
