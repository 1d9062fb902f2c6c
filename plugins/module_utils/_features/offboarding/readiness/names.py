# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Names and addresses: what the move and the mail flow need of them beside what the blockers say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser import plan as mailuser
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Facts,
    Subject,
    Unread,
    accepted_on_premises,
    domains,
    moving,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
    found,
    not_checked,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import MailboxEvidence
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import as_record


def check(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    for code, answer in (
        ("address_domain_not_accepted", facts.domains_in_the_cloud),
        ("primary_domain_not_accepted", facts.domains_on_premises),
    ):
        if isinstance(answer, Unread):
            yield not_checked(code, answer.reason)
    for subject, evidence in moving(subjects):
        yield from accepted_domains(facts, subject, evidence)
        yield from delivery_address(subject, evidence)
        if subject.before_the_move:
            yield from _routing_address(subject, evidence)
    unnamed = [subject for subject, _evidence in moving(subjects) if not subject.text("target_delivery_domain")]
    if unnamed:
        reason = f"target_delivery_domain is not set for {len(unnamed)} mailboxes."
        yield not_checked("delivery_address_missing", reason)


def _held(evidence: MailboxEvidence) -> set[str]:
    """Return the SMTP addresses that the mailbox will have at home: the cloud's, and what on-premises has already."""
    return {
        address
        for side in (evidence.cloud, evidence.on_premises)
        for address in addresses.smtp_addresses(side.get("email_addresses", []))
    }


def _primary(subject: Subject, evidence: MailboxEvidence) -> str:
    return subject.text("primary_smtp_address") or str(evidence.cloud["primary_smtp_address"])


def accepted_domains(facts: Facts, subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    """Tell of addresses in domains that one of the organizations does not accept."""
    if not isinstance(facts.domains_in_the_cloud, Unread):
        known = domains(facts.domains_in_the_cloud)
        # What stands on-premises alone in another domain is discarded by Microsoft Entra, and stays where it is.
        held = addresses.smtp_addresses(evidence.cloud["email_addresses"])
        strange = sorted({_values.domain_of(address) for address in held} - known)
        if strange:
            text = f"The tenant does not accept {', '.join(strange)}, in which the mailbox has addresses"
            yield found("address_domain_not_accepted", text, subject.identity)
    primary = _primary(subject, evidence)
    if not isinstance(facts.domains_on_premises, Unread) and primary:
        domain = _values.domain_of(primary)
        if not accepted_on_premises(facts, domain):
            text = f"On-premises does not accept {domain}, the domain of {primary}"
            yield found("primary_domain_not_accepted", text, subject.identity)


def delivery_address(subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    domain = subject.text("target_delivery_domain").lower()
    if not domain:
        return
    held = _held(evidence) | {_primary(subject, evidence).lower()}
    if domain not in {_values.domain_of(address) for address in held}:
        yield found("delivery_address_missing", f"The mailbox has no address in {domain}", subject.identity)


def _routing_address(subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    record = as_record({**evidence.cloud, **subject.record})
    if evidence.on_premises["kind"] == "remote_mailbox" or record.get("add_routing_address"):
        return
    try:
        routing = mailuser.routing_address(record)
    except HybridError as error:
        yield not_checked("routing_address_missing", f"{error.message} {error.remedy}", subject.identity)
        return
    if routing.lower() not in addresses.smtp_addresses(evidence.cloud["email_addresses"]):
        text = f"The cloud mailbox does not have the routing address {routing}"
        yield found("routing_address_missing", text, subject.identity)
