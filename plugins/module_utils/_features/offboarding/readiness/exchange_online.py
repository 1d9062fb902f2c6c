# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Exchange Online: the tenant's domains and switches, the connector home, the test of the endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.plan import names_a_domain
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Facts,
    Subject,
    Unread,
    domains,
    flag,
    wanted,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
    found,
    not_checked,
)

_HYBRID_AGENT = ".msappproxy.net"
# Nothing that the collection may ask answers these.
_UNANSWERED = ("perimeter", "sender_policy", "message_size")


def check(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    yield from routing_domains(facts, subjects)
    yield from _connectors(facts, subjects)
    yield from cloud_managed(facts)
    yield from _endpoint(facts, subjects)
    for code in _UNANSWERED:
        yield not_checked(code, "The collection cannot determine this.")


def routing_domains(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Tell of routing domains that the tenant does not accept."""
    names = wanted(subjects, "routing_domain")
    if isinstance(facts.domains_in_the_cloud, Unread):
        yield not_checked("routing_domain_not_accepted", facts.domains_in_the_cloud.reason)
        return
    if not names and any(subject.moves for subject in subjects):
        yield not_checked("routing_domain_not_accepted", "routing_domain is not set.")
    for name in names:
        if name not in domains(facts.domains_in_the_cloud):
            yield found("routing_domain_not_accepted", f"{name} is not an accepted domain of the tenant")


def cloud_managed(facts: Facts) -> Iterator[Finding]:
    """Tell whether the tenant manages Exchange attributes in the cloud unless told otherwise."""
    if isinstance(facts.organization, Unread):
        yield not_checked("cloud_managed_by_default", facts.organization.reason)
    elif any(flag(item, "ExchangeAttributesCloudManagedByDefault") for item in facts.organization):
        yield found("cloud_managed_by_default", "ExchangeAttributesCloudManagedByDefault is True")


def _connectors(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    if isinstance(facts.connectors, Unread):
        yield not_checked("outbound_connector_missing", facts.connectors.reason)
        return
    enabled = [item for item in facts.connectors if flag(item, "Enabled") is not False]
    for name in wanted(subjects, "target_delivery_domain"):
        if not any(_leads_to(item, name) for item in enabled):
            yield found("outbound_connector_missing", f"No enabled outbound connector leads to {name}")


def _leads_to(connector: Properties, domain: str) -> bool:
    """Tell whether a connector takes mail for a domain: by name, by wildcard, or as one of all accepted domains."""
    if flag(connector, "AllAcceptedDomains"):
        return True
    for text in _values.as_list(connector.get("RecipientDomains")):
        # SmtpDomainWithSubdomains may show as ``smtp:contoso.com;1``: address type, pattern, cost.
        pattern = text.lower().removeprefix("smtp:").partition(";")[0]
        if pattern == "*" or _values.domain_fits(domain, pattern):
            return True
    return False


def _endpoint(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    name = facts.credential_name
    if name and not names_a_domain(name):
        yield found("remote_credential_form", f"remote_credential.username is {name}")
    if facts.credential_unsent and any(subject.before_the_move for subject in subjects):
        yield found("experimental_rest_credential_required", f"{name} would be sent over the REST interface")
    for host in wanted(subjects, "remote_host_name"):
        if host.endswith(_HYBRID_AGENT):
            yield found("hybrid_agent", f"{host} is a Hybrid Agent's endpoint")
    if not facts.endpoint_tests and any(subject.moves for subject in subjects):
        yield not_checked("endpoint_test_failed", "remote_host_name is not set.")
    for endpoint, answer in facts.endpoint_tests.items():
        if isinstance(answer, Unread):
            yield not_checked("endpoint_test_failed", f"{endpoint}: {answer.reason}")
            continue
        result = answer[0] if answer else {}
        verdict = str(result.get("Result") or "")
        if not verdict:
            yield not_checked("endpoint_test_failed", f"{endpoint}: the test returned nothing.")
        elif verdict != "Success":
            why = " ".join(str(result.get("Message") or result.get("ErrorDetail") or verdict).split()).rstrip(".")
            yield found("endpoint_test_failed", f"{endpoint}: {why}")
