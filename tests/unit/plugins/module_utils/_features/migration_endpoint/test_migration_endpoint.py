# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Migration endpoints: what is written, what is refused, and their test."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Credential
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_endpoint import plan, task
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_endpoint.plan import Wanted
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import migration
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read

from lab.model.tenant import WIZARDS_ENDPOINT, MigrationEndpoint
from tests.unit.plugins.module_utils.lab_in_process import InProcess

CREDENTIAL = Credential("CONTOSO\\mrs", "secret-Pw")
CURRENT: Any = {"identity": "Hybrid", "remote_server": "mail.contoso.com", "max_concurrent_migrations": 20,
                "max_concurrent_incremental_syncs": 10}  # fmt: skip


def wanted(credential: Credential | None = CREDENTIAL, *, update: bool = False, **settings: Any) -> Wanted:
    return Wanted("Hybrid", settings, credential, update)  # type: ignore[arg-type]


def test_one_that_is_missing_is_made_with_its_credential() -> None:
    planned = plan.present(wanted(remote_server="mail.contoso.com", max_concurrent_migrations=50), None)
    (call,) = planned.calls
    assert call.preview() == (
        "New-MigrationEndpoint -Name 'Hybrid' -ExchangeRemoteMove:$true -RemoteServer 'mail.contoso.com' "
        "-MaxConcurrentMigrations 50 -Credentials (PSCredential 'CONTOSO\\mrs', '********')"
    )
    assert (planned.before, "secret" in repr(planned)) == (None, False)


def test_one_that_is_as_asked_for_is_left_alone() -> None:
    assert plan.present(wanted(remote_server="MAIL.contoso.com", max_concurrent_migrations=20), CURRENT).calls == ()
    assert plan.present(wanted(None), CURRENT).calls == ()


def test_only_what_differs_is_written() -> None:
    planned = plan.present(wanted(None, remote_server="mail.contoso.com", max_concurrent_migrations=40), CURRENT)
    assert [call.parameters for call in planned.calls] == [{"Identity": "Hybrid", "MaxConcurrentMigrations": 40}]
    assert (planned.before, planned.after) == ({"max_concurrent_migrations": 20}, {"max_concurrent_migrations": 40})


def test_a_credential_is_written_only_on_request() -> None:
    assert plan.present(wanted(), CURRENT).calls == ()
    (call,) = plan.present(wanted(update=True), CURRENT).calls
    assert call.parameters == {"Identity": "Hybrid", "Credentials": CREDENTIAL}


@pytest.mark.parametrize(
    ("given", "current", "option"),
    [
        (wanted(), None, "remote_server"),
        (wanted(None, remote_server="mail.contoso.com"), None, "remote_credential"),
        (wanted(None, update=True), CURRENT, "remote_credential"),
        (wanted(max_concurrent_incremental_syncs=30), CURRENT, "max_concurrent_incremental_syncs"),
        (wanted(), {**CURRENT, "remote_tenant": "fabrikam.com"}, "name"),
        (wanted(), {**CURRENT, "endpoint_type": "IMAP"}, "name"),
    ],
)
def test_what_is_refused(given: Wanted, current: Any, option: str) -> None:
    with pytest.raises(InputError) as caught:
        plan.present(given, current)
    assert caught.value.option == option


def test_removal() -> None:
    assert plan.absent("Hybrid", None).calls == ()
    (call,) = plan.absent("Hybrid", CURRENT).calls
    assert call.preview() == "Remove-MigrationEndpoint -Identity 'Hybrid'"


# -- the one that is meant --------------------------------------------------------------------------------------------


def test_the_endpoint_is_the_only_one_that_stays_in_the_organization() -> None:
    lab = InProcess()
    endpoints = lab.hybrid.tenant.migration_endpoints
    with lab.connect("exchange_online") as connections:
        endpoints["Tenant"] = MigrationEndpoint("Tenant", "outlook.office.com", "fabrikam.com")
        found = recipients_read.migration_endpoints(connections)
        assert migration.chosen_endpoint(found, "")["identity"] == WIZARDS_ENDPOINT
        assert migration.chosen_endpoint(found, WIZARDS_ENDPOINT.upper())["remote_server"] == "mail.contoso.com"
        for name, code in (("Tenant", "endpoint_not_found"), ("Other", "endpoint_not_found")):
            with pytest.raises(InputError) as caught:
                migration.chosen_endpoint(found, name)
            assert caught.value.code == code
        endpoints["Second"] = MigrationEndpoint("Second", "mail2.contoso.com")
        with pytest.raises(InputError) as caught:
            migration.chosen_endpoint(recipients_read.migration_endpoints(connections), "")
        assert (caught.value.code, "Second" in caught.value.message) == ("ambiguous_endpoint", True)
        endpoints.clear()
        with pytest.raises(InputError) as caught:
            migration.chosen_endpoint(recipients_read.migration_endpoints(connections), "")
        assert caught.value.code == "endpoint_not_found"


# -- the test ---------------------------------------------------------------------------------------------------------


def test_the_test_waits_for_the_time_that_a_refusal_names() -> None:
    lab = InProcess()
    lab.hybrid.exchange_online.migration.timing.between_tests *= lab.hybrid.speed
    with lab.connect("exchange_online") as connections:
        now = lab.hybrid.clock.now
        assert task.proved(connections, WIZARDS_ENDPOINT, lab.sleep, now)["result"] == "Success"
        before = now()
        assert task.proved(connections, WIZARDS_ENDPOINT, lab.sleep, now)["result"] == "Success"
    assert now() - before == datetime.timedelta(seconds=61)


def test_an_endpoint_that_does_not_work_is_told_with_its_innermost_cause() -> None:
    lab = InProcess()
    lab.hybrid.directory.mrs_proxy_enabled = False
    with lab.connect("exchange_online") as connections, pytest.raises(HybridError) as caught:
        task.proved(connections, WIZARDS_ENDPOINT, lab.sleep, lab.hybrid.clock.now)
    assert (caught.value.code, "mrs_proxy_disabled" in caught.value.message) == ("endpoint_failed", True)


def sends(recorder: Any) -> None:
    """Run what leads to every cmdlet and parameter, for the test that holds them to the reference."""
    limits = {"max_concurrent_migrations": 50, "max_concurrent_incremental_syncs": 20}
    plans = [
        plan.present(wanted(remote_server="mail.contoso.com", **limits), None),
        plan.present(wanted(remote_server="mail2.contoso.com", update=True, **limits), CURRENT),
        plan.absent("Hybrid", CURRENT),
    ]
    recorder.sent += [("exchange_online", call) for planned in plans for call in planned.calls]
    lab = InProcess()
    with lab.connect("exchange_online") as connections:
        task.proved(connections, WIZARDS_ENDPOINT, lab.sleep, lab.hybrid.clock.now)
    recorder.sent += lab.calls
