# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which failures of a question leave its answer unread, and which end the task."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure, HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import surroundings
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Unread,
)

from tests.unit.plugins.module_utils.fakes import connect, on_premises, refusal

CMDLET = "Get-AcceptedDomain"


@pytest.mark.parametrize(
    ("error", "unread"),
    [
        (refusal("The server said no.", cmdlet=CMDLET), True),
        (ConnectionFailure("Not allowed.", code="permission_denied"), True),
        (ConnectionFailure("Nothing answers.", code="unreachable"), False),
    ],
)
def test_what_is_refused_is_unread_and_who_is_out_of_reach_ends_the_task(error: HybridError, unread: bool) -> None:
    server = on_premises()

    def fails(_cmdlet: Cmdlet) -> list[Properties]:
        raise error

    server.handlers[CMDLET] = fails
    with connect(server) as connections:
        if unread:
            answer = surroundings.ask(connections, EXCHANGE_SERVER, CMDLET)
            assert isinstance(answer, Unread)
            assert answer.reason == error.message
        else:
            with pytest.raises(ConnectionFailure, match="Nothing answers"):
                surroundings.ask(connections, EXCHANGE_SERVER, CMDLET)
