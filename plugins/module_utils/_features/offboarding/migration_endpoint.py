# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The MRS proxy's name from the tenant's migration endpoint, where a wave leaves it out.

The hybrid configuration wizard makes one endpoint for remote moves. Endpoints with a RemoteTenant are for moves between
tenants. Which of several is meant nobody can tell, so none is taken then.
"""

from __future__ import annotations

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, HybridError

TYPE = "ExchangeRemoteMove"


def host_name(connections: Connections) -> tuple[str, str]:
    """Return the host of the one endpoint that fits, or an empty text and why there is none."""
    try:
        found = connections.run(EXCHANGE_ONLINE, Cmdlet("Get-MigrationEndpoint", {"Type": TYPE})).objects
    except HybridError as error:
        if isinstance(error, CmdletError) or error.code == "permission_denied":
            return "", " ".join(error.message.split())
        raise
    hosts = [
        str(item.get("RemoteServer") or "")
        for item in found
        if not item.get("RemoteTenant") and str(item.get("EndpointType") or TYPE) == TYPE
    ]
    if len(hosts) == 1 and hosts[0]:
        return hosts[0], ""
    if hosts:
        return "", f"the tenant has {len(hosts)} migration endpoints for remote moves ({', '.join(sorted(hosts))})"
    return "", "the tenant has no migration endpoint for remote moves"
