# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of exchange_cmdlet does: a read runs, a write is told in check mode, and runs without it."""

from __future__ import annotations

from typing import Any, NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_cmdlet import plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_cmdlet.plan import Request
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import HybridModule


def work(module: HybridModule) -> NoReturn:
    params = module.params
    system = params["organization"]
    module.conceal(*plan.texts_of_secrets(params["cmdlet"], params["parameters"]))
    cmdlet = plan.planned(
        Request(
            system,
            params["cmdlet"],
            params["parameters"],
            params["secrets"],
            params["allow_write"],
            params[EXCHANGE_ONLINE] or {},
        )
    )
    output = CmdletOutput()
    with module.connections() as connections:
        connections.require(system)
        if cmdlet.is_read or not module.check_mode:
            output = run(connections, system, cmdlet)
    for warning in output.warnings:
        module.warn(warning)
    result: dict[str, Any] = {"changed": not cmdlet.is_read, "objects": output.objects, "cmdlets": []}
    if not cmdlet.is_read:
        result.update(cmdlets=[cmdlet.preview()], diff={"prepared": f"{cmdlet.preview()}\n"})
    module.exit(**result)


def run(connections: Connections, system: str, cmdlet: Cmdlet) -> CmdletOutput:
    """Run the cmdlet. Nothing is known of its object, so a lost answer is for a person to look at."""
    try:
        return connections.run(system, cmdlet, Change(str(cmdlet.parameters.get("Identity") or "")))
    except HybridError as error:
        error.cmdlet = error.cmdlet or cmdlet.name
        if error.answer_lost and not cmdlet.is_read:
            error.retryable = False
            error.remedy = f"{cmdlet.name} may have run: look at the object before it is sent again."
        raise
