# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Exchange Online: the tenant's domains and switches, the connector home, the test of the endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.plan import names_a_domain
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Answer,
    Facts,
    Subject,
    Unread,
    agents,
    domains,
    flag,
    wanted,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
    found,
    not_checked,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, migration

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
        yield not_checked("routing_domain_not_accepted", f"{_reader.option('routing_domain')} is not set.")
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
    for name in wanted(subjects, "target_delivery_domain"):
        if addresses.tenants_own(name):
            continue  # told for each mailbox: delivery_domain_in_the_cloud
        # Of a domain that nobody could ask about it is believed, as of one that is accepted.
        unknown = isinstance(facts.domains_in_the_cloud, Unread)
        leading = [
            item
            for item in facts.connectors
            if _leads_to(item, name, unknown or name in domains(facts.domains_in_the_cloud))
        ]
        unfit = [reason for item in leading if (reason := _unfit(item))]
        if len(unfit) == len(leading):
            others = f" ({'; '.join(unfit)})" if unfit else ""
            yield found(
                "outbound_connector_missing", f"No enabled outbound connector leads on-premises to {name}{others}"
            )


def _unfit(connector: Properties) -> str:
    """Return why a connector brings no mail home, whatever its domains are, or an empty text."""
    name = str(connector.get("Name") or connector.get("Identity") or "one")
    if flag(connector, "Enabled") is False:
        return f"{name} is disabled"
    if flag(connector, "IsTransportRuleScoped"):
        return f"{name} is used by mail flow rules alone"
    if _values.folded(_values.name_of(connector.get("ConnectorType"))) == "partner":
        return f"{name} leads to a partner"
    return ""


def _leads_to(connector: Properties, domain: str, accepted: bool) -> bool:
    """Tell whether a connector is for a domain: by name, by wildcard, or as one of the tenant's accepted domains."""
    if accepted and flag(connector, "AllAcceptedDomains"):
        return True
    for text in _values.as_list(connector.get("RecipientDomains")):
        # SmtpDomainWithSubdomains may show as ``smtp:contoso.com;1``: address type, pattern, cost.
        pattern = _values.folded(text).removeprefix("smtp:").partition(";")[0]
        if pattern == "*" or _values.domain_fits(domain, pattern):
            return True
    return False


def _endpoint(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    name = facts.credential_name
    if name and not names_a_domain(name):
        yield found("remote_credential_form", f"{_reader.option('remote_credential.username')} is {name}")
    if facts.credential_unsent and any(subject.before_the_move for subject in subjects):
        yield found("experimental_rest_credential_required", f"{name} would be sent over the REST interface")
    for host in agents(subjects):
        yield found("hybrid_agent", f"{host} is a Hybrid Agent's endpoint")
    if not facts.endpoint_tests and any(subject.moves for subject in subjects):
        yield not_checked("endpoint_test_failed", f"{_reader.option('remote_host_name')} is not set.")
    for endpoint, answer in facts.endpoint_tests.items():
        yield from endpoint_test(endpoint, answer)


def endpoint_test(endpoint: str, answer: Answer) -> Iterator[Finding]:
    """Tell of a test of the way to the MRS proxy that failed, or has no result."""
    if isinstance(answer, Unread):
        yield not_checked("endpoint_test_failed", f"{endpoint}: {answer.reason}")
    else:
        result = answer[0] if answer else {}
        verdict = _values.name_of(result.get("Result"))
        if not verdict:
            yield not_checked("endpoint_test_failed", f"{endpoint}: the test returned nothing.")
        elif not migration.has_passed(answer):
            why = " ".join(str(result.get("Message") or result.get("ErrorDetail") or verdict).split()).rstrip(".")
            yield found("endpoint_test_failed", f"{endpoint}: {why}")
