# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How deep a mailbox's way is from a module to a transport, measured on the stack of real runs against the laboratory.

A frame counts where its function is the collection's, after the module's ``main`` and before the transport's own
``run`` (psrp, with and without pinned domain controllers, or rest): calls of Python's, of ansible-core and of libraries
do not count, nor does the frame of a comprehension, which newer Pythons have no longer. A cmdlet that runs in a thread
of a pool has the frames of that thread and those of the thread that started the pool, up to ``main``.

A record's own way is that of a write, which is one mailbox's: at most DEPTH frames in all, threads added up. A read is
asked for the whole wave, in parts that wait side by side: there each thread alone has at most DEPTH frames.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import in_threads
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.rest import (
    AdminApiSession,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.controllers import (
    PinnedSession,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.psrp import (
    RemotePowerShellSession,
)

from lab.laboratory import Laboratory
from lab.model.builder import HybridBuilder
from tests.unit.plugins.module_utils.in_process import patch_module_args

DEPTH = 8
PLUGINS = "exchange_hybrid/plugins/"
TRANSPORTS: dict[CodeType, str] = {
    RemotePowerShellSession.run.__code__: "psrp",
    PinnedSession.run.__code__: "psrp",
    AdminApiSession.run.__code__: "rest",
}
MOVE = {
    "remote_host_name": "mail.contoso.com",
    "remote_target_database": "DB01",
    "target_delivery_domain": "contoso.com",
}


@dataclass(frozen=True)
class Walk:
    """One cmdlet's way: the names of the frames of each thread, the one that began at ``main`` first."""

    transport: str
    cmdlet: Cmdlet
    threads: tuple[tuple[str, ...], ...]

    @property
    def frames(self) -> list[str]:
        return [name for thread in self.threads for name in thread]

    @property
    def deepest(self) -> int:
        return max(len(thread) for thread in self.threads)


@dataclass
class Watch:
    """Notes the way of every cmdlet that reaches a transport."""

    walks: list[Walk] = field(default_factory=list)

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event != "call" or code not in TRANSPORTS or any("_transports" in name for name in _files(frame.f_back)):
            return
        self.walks.append(Walk(TRANSPORTS[code], frame.f_locals["cmdlet"], tuple(_threads(frame))))


def _files(frame: FrameType | None) -> list[str]:
    return [item.f_code.co_filename for item in _stack(frame)]


def _threads(frame: FrameType) -> Iterator[tuple[str, ...]]:
    """Yield the names of a thread's frames, after those of the thread that started it."""
    stack = _stack(frame.f_back)
    if not any(item.f_code.co_name == "main" for item in stack):
        yield from _threads_of_the_starter(threading.current_thread().name if frame.f_back else "")
    yield _names(stack)


def _threads_of_the_starter(worker: str) -> Iterator[tuple[str, ...]]:
    """Yield the frames up to the one that waits, in ``in_threads``, for the crew of this worker."""
    for identifier, top in sys._current_frames().items():
        stack = _stack(top)
        for place, item in enumerate(stack):
            crew = item.f_locals.get("crew") if item.f_code is in_threads.__code__ else None
            if crew is None or not worker.startswith(f"{crew.name}_"):
                continue
            above = stack[: place + 1]
            if not any(entry.f_code.co_name == "main" for entry in above):
                names = [thread.name for thread in threading.enumerate() if thread.ident == identifier]
                yield from _threads_of_the_starter(names[0])
            yield _names(above)
            return


def _stack(frame: FrameType | None) -> list[FrameType]:
    """Return the frames of a thread, the outermost first."""
    found = []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found[::-1]


def _names(stack: list[FrameType]) -> tuple[str, ...]:
    names = [
        item.f_code.co_name
        for item in stack
        if PLUGINS in item.f_code.co_filename and item.f_code.co_name not in ("<listcomp>", "<dictcomp>", "<setcomp>")
    ]
    return tuple(names[names.index("main") + 1 :] if "main" in names else names)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def watched(watch: Watch) -> Iterator[None]:
    threading.setprofile(watch)
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def run(capsys: pytest.CaptureFixture[str], name: str, **options: Any) -> tuple[dict[str, Any], list[Walk]]:
    """Run a module in this process; return its result and the ways of its cmdlets."""
    module = importlib.import_module(f"ansible_collections.mailops.exchange_hybrid.plugins.modules.{name}")
    watch = Watch()
    with patch_module_args(options), watched(watch), pytest.raises(SystemExit):
        module.main()
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1]), watch.walks


def test_the_way_of_a_mailbox_from_the_module_to_the_transport_is_short(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in laboratory.environment().items():
        monkeypatch.setenv(name, value)
    pairs = HybridBuilder(laboratory.hybrid).many(2, prefix="Walker")
    records = [
        {
            "identity": pair.identity,
            "primary_smtp_address": pair.identity,
            "email_addresses": list(pair.cloud.email_addresses),
            "external_email_address": pair.person.routing,
            "ad_identity": pair.directory.user_principal_name,
        }
        for pair in pairs
    ]
    guids = [
        {**record, "exchange_guid": str(pair.cloud.exchange_guid)} for record, pair in zip(records, pairs, strict=True)
    ]
    walks: dict[str, list[Walk]] = {}
    for name, given, more in (
        ("mailuser", records, {}),
        ("exchange_guid", guids, {}),
        ("move_request", [{**record, **MOVE} for record in guids], {}),
    ):
        result, walks[name] = run(capsys, name, mailboxes=given, **more)
        assert result["summary"]["changed"] == 2, result
    writes = [walk for found in walks.values() for walk in found if not walk.cmdlet.is_read]
    reads = [walk for found in walks.values() for walk in found if walk.cmdlet.is_read]
    assert {walk.transport for walk in writes} == {walk.transport for walk in reads} == {"psrp", "rest"}
    assert [walk for walk in writes if len(walk.frames) > DEPTH] == []
    assert [walk for walk in reads if walk.deepest > DEPTH] == []
