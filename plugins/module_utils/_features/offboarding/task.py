# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a task of offboarding_state does with its arguments, and what it tells of the wave."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.assess import (
    AssessOptions,
    settle,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.look_ahead import (
    Ahead,
    refuse_malformed,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.move_method import METHODS
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    accepted_codes,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import STATES
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import databases
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    ACTIVE_DIRECTORY,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome

SOUND_STATES = [name for name in STATES if name != "conflict"]  # a conflict fails its mailbox
KINDS = ("user", "mail_user", "remote_mailbox", "mailbox", "other")


def work(module: HybridModule) -> NoReturn:
    records = module.records()
    databases.refuse_two_ways(module.params)
    options = AssessOptions(
        folder=module.folder(),
        accept=accepted_codes(module.params["accept"]),
        require_state=module.params["require_state"] or "",
        check=module.check_mode,
        readiness=module.params["readiness"],
        pause_sync=module.params["pause_sync"],
        brings_into_scope=module.params["brings_into_scope"],
        ahead=Ahead(
            module.params["prepare"],
            module.params["move"],
            module.params["remote_credential"],
            module.params["exchange_online"] or {},
        ),
        method=module.params["method"] or "",
        target_endpoint=module.params["target_endpoint"] or "",
        target_databases=tuple(module.params["target_databases"] or ()),
        active_directory=module.connection_options(ACTIVE_DIRECTORY),
    )
    refuse_malformed(options.ahead)
    with module.connections() as connections:
        connections.require(EXCHANGE_SERVER, EXCHANGE_ONLINE)
        outcomes = settle(
            connections,
            records,
            options,
            wait_timeout=module.params["wait_timeout"],
            wait_sleep=module.params["wait_sleep"],
        )
    # Said once, of the wave: it stops nobody.
    for note in ("endpoint_note", "directory_note"):
        module.warnings += [str(o.details.pop(note)) for o in outcomes if note in o.details]
    now = str(_values.utc_time(datetime.datetime.now(datetime.timezone.utc)))
    for outcome in outcomes:
        outcome.enriched["judged_at"] = now
    unkept = _tell_accepted(module, outcomes)
    sound = [outcome for outcome in outcomes if outcome.status != "failed"]
    module.finish(
        outcomes,
        unkept=unkept,
        methods=_counted(METHODS, (_method(outcome) for outcome in sound)),
        method_note=next((str(o.details["method_note"]) for o in outcomes if "method_note" in o.details), ""),
        states=_counted(SOUND_STATES, (str(outcome.details.get("state")) for outcome in sound)),
        delay_holds=sum("delay_holds" in outcome.details for outcome in sound),
        on_premises_kinds=_counted(KINDS, (str(outcome.enriched["on_premises"]["kind"]) for outcome in sound)),
    )


def _method(outcome: Outcome) -> str:
    """Return how a mailbox moves; of one that is home nothing moves any more."""
    return "" if outcome.details.get("state") == "home" else str(outcome.details.get("move_method"))


def _tell_accepted(module: HybridModule, outcomes: Sequence[Outcome]) -> InputError | None:
    """Write into the journal which blockers did not stop a mailbox: all that a mailbox has that did not fail.

    Return why that cannot be done.
    """
    if module.journal is not None:
        signs = {o.identity: _values.as_list(o.details.get("stop_signs")) for o in outcomes if o.status != "failed"}
        try:
            module.journal.accepted({identity: codes for identity, codes in signs.items() if codes})
        except InputError as error:
            return error
    return None


def _counted(names: Iterable[str], found: Iterable[str]) -> dict[str, int]:
    counts = Counter(found)
    return {name: counts[name] for name in names}
