# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Event source for ansible-rulebook: what becomes of the moves of a wave."""

from __future__ import annotations

import asyncio
import datetime
import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

DOCUMENTATION = r"""
name: move_events
short_description: Events of the moves of a wave, from Exchange Online
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
description:
  - Reads the move requests of a wave at an interval, as module move_progress does (one C(Get-MoveRequest), and the
    statistics that have changed or are the oldest), and writes to no system.
  - An event reports the state of one mailbox, or of the wave. Its C(kind) is C(completed), C(failed), C(stalled) or
    C(ready) (for its cutover) for a mailbox. C(wave_ready) means that all moves are ready, completed or failed, and at
    least one is ready. C(wave_completed) means that all are completed or failed, and at least one is completed.
  - Each event is sent once. A mailbox whose state changes and returns (a failed move that is resumed and fails again)
    has another one. An event is noted as sent after it was accepted, so only a crash in between repeats it.
  - Exchange Online is contacted by this process. Its Python needs the collection's libraries.
  - A poll that Exchange Online temporarily does not answer is logged and repeated. Any other error ends the source.
  - Secrets are not logged and not part of an event. Set them in the environment, as for the modules
    (C(EXCHANGE_ONLINE_CLIENT_SECRET) and others), rather than in the rulebook.
options:
  batch_name:
    description:
      - Batch name of the requests. The users of the migration batches with this name, and with C(-2) and so on after
        it, are included.
      - One of O(batch_name) and O(mailboxes_file) is required. With O(batch_name), events have the mailboxes'
        ExchangeGuid as C(identity), and C(display_name).
    type: str
  mailboxes_file:
    description:
      - JSON file of the wave's records, as the role keeps it (C(wave.json) in C(offboarding_directory)). It is read in
        each poll and not changed. A mailbox that is home already counts as completed.
    type: path
  interval:
    description: Seconds between two polls.
    type: int
    default: 60
  stalled_after:
    description: Seconds without any change of a move's figures after which it counts as stalled.
    type: int
    default: 28800
  sample:
    description: Number of moves in progress whose figures are read again in each poll, the oldest first.
    type: int
    default: 20
  state_file:
    description:
      - File that records which events were sent. Its directory must exist. A second file with C(.progress)
        appended keeps figures.
      - Without it, a restart sends the events of all current states again.
    type: path
  memory:
    description:
      - Address of a PostgreSQL database in which relative paths are kept instead of files.
      - If not set, the value of the environment variable E(OFFBOARDING_MEMORY) is used.
    type: str
  exchange_online:
    description:
      - How to connect to Exchange Online, with the suboptions and environment variables of the modules.
    type: dict
"""

EXAMPLES = r"""
- name: Moves of a wave
  hosts: localhost
  sources:
    - mailops.exchange_hybrid.move_events:
        mailboxes_file: /srv/offboarding/wave.json
        state_file: /srv/offboarding/move_events.json
  rules:
    - name: A move has failed
      condition: event.kind == "failed"
      action:
        debug:
          msg: "{{ event.identity }}: {{ event.message }} {{ event.remedy }}"
"""

# ansible-rulebook runs this file alone: collections are found by Ansible, not by Python.
_COLLECTIONS = Path(__file__).parents[6]
if _COLLECTIONS.name == "ansible_collections" and str(_COLLECTIONS.parent) not in sys.path:
    sys.path.append(str(_COLLECTIONS.parent))

LOGGER = logging.getLogger("mailops.exchange_hybrid.move_events")


def watch(args: Mapping[str, Any]) -> tuple[Any, float]:
    """Return what looks at the moves, and the seconds between two looks."""
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_events import watch as watching
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.opening import open_memory
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_online

    given = {name: value for name, value in args.items() if name != "eda_feedback_queue"}
    options = watching.options(given)
    files = FileMemory()
    memory = open_memory(options["memory"]) if options["memory"] else files
    connection = options[EXCHANGE_ONLINE]
    named = {EXCHANGE_ONLINE: connection} if connection.get("tenant_id") else {}
    _reader.begin(_reader.ROLE, "move_events")
    made = watching.Watch(
        options,
        lambda: Connections(named, [exchange_online.SYSTEM]),
        lambda path: files if os.path.isabs(path) else memory,
        lambda: datetime.datetime.now(datetime.timezone.utc),
    )
    return made, float(options["interval"])


async def follow(queue: Any, watched: Any, pause: Callable[[], Any]) -> None:
    """Put each event into the queue, until ``pause`` or an error that no repetition helps against ends it."""
    while True:
        try:
            found = await asyncio.to_thread(watched.look)
        except Exception as error:
            if not getattr(error, "retryable", False):
                raise
            LOGGER.warning("no answer, and the polls continue: %s", error)
            found = []
        for event in found:
            await queue.put(event)
        await asyncio.to_thread(watched.told)
        if found:
            names = (f"{event['kind']} {event.get('identity', '')}".strip() for event in found)
            LOGGER.info("sent: %s", ", ".join(names))
        await pause()


async def main(queue: Any, args: dict[str, Any]) -> None:
    """Begin, as ansible-rulebook asks for."""
    watched, interval = watch(args)
    await follow(queue, watched, lambda: asyncio.sleep(interval))
