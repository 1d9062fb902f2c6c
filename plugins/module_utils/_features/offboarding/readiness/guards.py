# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The blockers of one mailbox that the role tells before its first write: all that takes no read of each mailbox.

The same functions make the findings of the readiness report: a guard and its finding cannot differ.
"""

from __future__ import annotations

from itertools import chain

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import BLOCKER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness import (
    content,
    exchange_online,
    exchange_server,
    identity,
    leftovers,
    move_requests,
    names,
    synchronization,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Facts,
    Subject,
    Unread,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
)


def blockers(facts: Facts, subject: Subject) -> list[Finding]:
    """Return what should stop this mailbox before the first write, beside the blockers of offboarding_state."""
    evidence = subject.evidence
    if evidence is None or not subject.before_the_move:
        return []
    alone = [subject]
    seen = chain(
        exchange_server.versions(facts, alone),
        exchange_server.delivery_domains(facts, alone),
        exchange_online.routing_domains(facts, alone),
        exchange_online.cloud_managed(facts),
        identity.anchor(subject),
        identity.entra(subject),
        synchronization.matches(facts, alone),
        synchronization.filtered(facts, alone),
        content.archive(facts, subject, evidence),
        () if isinstance(facts.databases, Unread) else content.mounted(facts, subject),
        names.accepted_domains(facts, subject, evidence),
        names.delivery_address(subject, evidence),
        leftovers.move_residue(subject, evidence),
        leftovers.remote_recipient_type(subject, evidence),
        leftovers.directory(subject) if isinstance(subject.directory, DirectoryUser) else (),
        move_requests.in_the_cloud(subject, evidence),
        move_requests.elsewhere(facts, subject, evidence),
    )
    return [finding for finding in seen if finding.severity == BLOCKER]
