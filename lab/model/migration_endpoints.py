# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cmdlets of migration endpoints and their test (facts: migration-batches.md section 4)."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from lab.answer import Answer, CmdletFailure, LabCredential
from lab.model import failures, migration_output
from lab.model.cmdlet_host import Implementation, Request
from lab.model.tenant import MigrationEndpoint, Tenant

_LIMITS = frozenset({"MaxConcurrentMigrations", "MaxConcurrentIncrementalSyncs"})
NEW = _LIMITS | {"Name", "ExchangeRemoteMove", "RemoteServer", "Credentials", "SkipVerification"}
SET = _LIMITS | {"Identity", "RemoteServer", "Credentials", "SkipVerification"}


class MigrationEndpoints:
    """Get-, New-, Set-, Remove-MigrationEndpoint and Test-MigrationServerAvailability, for remote moves alone."""

    def __init__(
        self,
        tenant: Tenant,
        check: Callable[[str, LabCredential | None], None],
        in_use: Callable[[MigrationEndpoint], bool],
        between_tests: Callable[[], datetime.timedelta],
    ) -> None:
        self.tenant = tenant
        self._check = check
        self._in_use = in_use
        self._between_tests = between_tests

    def cmdlets(self) -> dict[str, Implementation]:
        """Return the cmdlets by name."""
        test = frozenset({"ExchangeRemoteMove", "RemoteServer", "Credentials", "Endpoint"})
        return {
            "Get-MigrationEndpoint": Implementation(self.get, frozenset({"Identity", "Type"})),
            "New-MigrationEndpoint": Implementation(self.new, NEW),
            "Set-MigrationEndpoint": Implementation(self.set, SET),
            "Remove-MigrationEndpoint": Implementation(self.remove, frozenset({"Identity"})),
            "Test-MigrationServerAvailability": Implementation(self.test, test),
        }

    def get(self, request: Request) -> Answer:
        """Get-MigrationEndpoint."""
        if request.get("Identity"):
            return Answer([migration_output.endpoint(self.tenant.migration_endpoint(request.get("Identity")))])
        asked = str(request.get("Type") or "").lower()
        shown = [item for item in self.tenant.migration_endpoints.values() if asked in ("", item.type.lower())]
        return Answer([migration_output.endpoint(item) for item in shown])

    def new(self, request: Request) -> Answer:
        """New-MigrationEndpoint: the server is asked before it is made, unless told otherwise."""
        name = str(request.get("Name"))
        if name.lower() in (known.lower() for known in self.tenant.migration_endpoints):
            raise failures.migration(
                "MigrationEndpointAlreadyExistsException", f'A migration endpoint named "{name}" already exists.'
            )
        endpoint = MigrationEndpoint(name, str(request.get("RemoteServer")), credential=request.get("Credentials"))
        _limit(endpoint, request)
        self._verify(endpoint, request)
        if not request.what_if:
            self.tenant.migration_endpoints[name] = endpoint
        return Answer([] if request.what_if else [migration_output.endpoint(endpoint)])

    def set(self, request: Request) -> Answer:
        """Set-MigrationEndpoint."""
        endpoint = self.tenant.migration_endpoint(request.get("Identity"))
        server = request.get("RemoteServer") or endpoint.remote_server
        credential = request.get("Credentials") or endpoint.credential
        changed = MigrationEndpoint(
            endpoint.name, str(server), endpoint.remote_tenant, credential, endpoint.max_migrations,
            endpoint.max_incremental, endpoint.tested_at,
        )  # fmt: skip
        _limit(changed, request)
        if {"RemoteServer", "Credentials"} & set(request.parameters):
            self._verify(changed, request)
        if not request.what_if:
            # The batches hold this very endpoint.
            vars(endpoint).update(vars(changed))
        return Answer()

    def _verify(self, endpoint: MigrationEndpoint, request: Request) -> None:
        if request.get("SkipVerification"):
            return
        try:
            self._check(endpoint.remote_server, endpoint.credential)
        except CmdletFailure as failure:
            raise failures.migration(
                "MigrationServerConnectionFailedException",
                f"The connection to the server '{endpoint.remote_server}' could not be completed. --> "
                f"{failure.message}",
            ) from failure

    def remove(self, request: Request) -> Answer:
        """Remove-MigrationEndpoint: not while a batch uses it (inferred)."""
        endpoint = self.tenant.migration_endpoint(request.get("Identity"))
        if self._in_use(endpoint):
            raise failures.migration(
                "MigrationEndpointInUseException", f'The migration endpoint "{endpoint.name}" is used by a batch.'
            )
        if not request.what_if:
            del self.tenant.migration_endpoints[endpoint.name]
        return Answer()

    def test(self, request: Request) -> Answer:
        """Test-MigrationServerAvailability: a failed test is data; one of an endpoint too soon is an exception."""
        server, credential = str(request.get("RemoteServer")), request.get("Credentials")
        if request.get("Endpoint"):
            endpoint = self.tenant.migration_endpoint(request.get("Endpoint"))
            if endpoint.tested_at is not None and request.now < endpoint.tested_at + self._between_tests():
                raise _tested_too_recently(endpoint.tested_at + self._between_tests())
            endpoint.tested_at = request.now
            server, credential = endpoint.remote_server, endpoint.credential
        try:
            self._check(server, credential)
        except CmdletFailure as failure:
            return Answer([migration_output.availability(failure.message)])
        return Answer([migration_output.availability("")])


def _limit(endpoint: MigrationEndpoint, request: Request) -> None:
    endpoint.max_migrations = int(request.get("MaxConcurrentMigrations") or endpoint.max_migrations)
    endpoint.max_incremental = int(request.get("MaxConcurrentIncrementalSyncs") or endpoint.max_incremental)
    if endpoint.max_incremental > endpoint.max_migrations:
        raise failures.migration(
            "MigrationMaxConcurrentIncrementalSyncsVerificationFailedException",
            "MaxConcurrentIncrementalSyncs can't be greater than MaxConcurrentMigrations.",
        )


def _tested_too_recently(until: datetime.datetime) -> CmdletFailure:
    return failures.migration(
        "MigrationConnectionTestedTooRecentlyException",
        f"The last connection attempt happened too recently. Please wait until {until:%m/%d/%Y %H:%M:%S} before trying "
        "to connect to an endpoint.",
    )
