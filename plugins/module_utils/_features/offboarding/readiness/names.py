# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Names and addresses: what the move and the mail flow need of them beside what the blockers say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader, _values
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
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, delivery
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import as_record


def check(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    for code, answer in (
        ("address_domain_not_accepted", facts.domains_in_the_cloud),
        ("primary_domain_not_accepted", facts.domains_on_premises),
        ("alias_domain_not_accepted", facts.domains_on_premises),
    ):
        if isinstance(answer, Unread):
            yield not_checked(code, answer.reason)
    if facts.unsearched:
        yield not_checked("address_in_use", facts.unsearched, remedy=facts.unsearched_remedy)
    for subject, evidence in moving(subjects):
        yield from accepted_domains(facts, subject, evidence)
        yield from delivery_address(subject, evidence)
        yield from _delivery(subject, evidence)
        if subject.before_the_move:
            yield from _routing_address(subject, evidence)
    unnamed = [subject for subject, _evidence in moving(subjects) if not subject.text("target_delivery_domain")]
    if unnamed:
        reason = f"{_reader.option('target_delivery_domain')} is not set for {len(unnamed)} mailboxes."
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
        # The service's own domains stay with the mail user in the cloud.
        held = addresses.smtp_addresses(a for a in evidence.cloud["email_addresses"] if not addresses.of_the_service(a))
        others = sorted({_values.domain_of(address) for address in held} - {domain})
        refused = [name for name in others if not accepted_on_premises(facts, name)]
        if refused:
            text = f"On-premises does not accept {', '.join(refused)}, in which the mailbox has secondary addresses"
            yield found("alias_domain_not_accepted", text, subject.identity)


def delivery_address(subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    domain = _values.folded(subject.text("target_delivery_domain"))
    if not domain:
        return
    if addresses.tenants_own(domain):
        text = f"target_delivery_domain is {domain}, a domain of the cloud"
        yield found("delivery_domain_in_the_cloud", text, subject.identity)
    held = _held(evidence) | {_values.folded(_primary(subject, evidence))}
    if domain not in {_values.domain_of(address) for address in held}:
        yield found("delivery_address_missing", f"The mailbox has no address in {domain}", subject.identity)


def _delivery(subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    """Tell of forwarding and of restrictions that nobody brings home."""
    held = evidence.cloud.get("delivery_settings", {})
    alone = delivery.of_the_cloud_alone(held, synced=bool(evidence.cloud["is_dir_synced"]))
    for code, names in (("forwarding_left", delivery.FORWARDING), ("delivery_restricted", delivery.RESTRICTIONS)):
        left = {name: text for name, text in alone.items() if name in names}
        if left:
            yield found(code, f"The mailbox has {delivery.told(left)}", subject.identity)


def _routing_address(subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    record = as_record({**evidence.cloud, **subject.record})
    if evidence.on_premises["kind"] == "remote_mailbox" or record.get("add_routing_address"):
        return
    try:
        routing = mailuser.routing_address(record)
    except HybridError as error:
        yield not_checked("routing_address_missing", f"{error.message} {error.remedy}", subject.identity)
        return
    if _values.folded(routing) not in addresses.smtp_addresses(evidence.cloud["email_addresses"]):
        text = f"The cloud mailbox does not have the routing address {routing}"
        yield found("routing_address_missing", text, subject.identity)
