# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""How threads are started beside a main thread that a signal may interrupt at any moment.

Python raises KeyboardInterrupt, and what a handler of SIGTERM raises, between any two steps of the main thread. Within
threading.Condition, and so within Event and concurrent.futures, one of these steps is right after a lock was taken and
before anything would give it back: other threads then wait for it without an end, and whoever waits for them does, too.
What the main thread shares with others is therefore used in one step each: SimpleQueue, and Lock in a with statement.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


def start(work: Callable[[], None], name: str) -> threading.Thread:
    """Start a thread that dies with the process, whatever it waits for.

    After an interrupt, nobody has the thread; it may run, or not have begun for ever.
    """
    thread = threading.Thread(target=work, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        # What is interrupted while it waits for a lock gives one back that it does not have.
        interrupt = error.__context__
        if interrupt is None or isinstance(interrupt, Exception):
            raise
        raise interrupt from None
    return thread
