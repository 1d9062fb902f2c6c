# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of connection_test does: every configured system is looked at."""

from __future__ import annotations

from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    ENTRA_CONNECT,
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.connection_test import (
    checks as connection_test_checks,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    HybridModule,
)

SYSTEMS = (EXCHANGE_SERVER, EXCHANGE_ONLINE, ENTRA_CONNECT)


def work(module: HybridModule) -> NoReturn:
    with module.connections() as connections:
        systems = [system for system in SYSTEMS if connections.has(system)]
        if not systems:
            raise InputError(
                "connection_test",
                None,
                "has no system to test",
                "Set exchange_server.host, exchange_online.tenant_id or entra_connect.host, or their environment "
                "variables.",
                "not_configured",
            )
        if (module.params[EXCHANGE_ONLINE] or {}).get("graph"):
            systems.append(connection_test_checks.GRAPH)
        tls = {system: connection_test_checks.over_tls(system, module.params[system] or {}) for system in SYSTEMS}
        checks = connection_test_checks.run(connections, systems, tls, module.params["purposes"])
        shown: dict[str, object] = {}
        if module.params["show_credential_handling"]:
            shown = {"credential_handling": connection_test_checks.credential_handling(connections)}
    failed = [check for check in checks if check.status == connection_test_checks.FAILED]
    statuses = (connection_test_checks.OK, connection_test_checks.FAILED, connection_test_checks.NOT_CHECKED)
    result = {
        **shown,
        "changed": False,
        "checks": [check.as_result() for check in checks],
        "summary": {status: sum(check.status == status for check in checks) for status in statuses},
    }
    if failed and module.params["fail"]:
        message = connection_test_checks.failure_message(failed, len(checks))
        module.fail(HybridError(message, code="connection_test_failed", remedy=failed[0].remedy), **result)
    module.exit(**result)
