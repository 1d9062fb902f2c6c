# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Events of moves: each told once, over restarts too, and again when it happens again."""

from __future__ import annotations

import asyncio
import json
import re
import runpy
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    ConnectionFailure,
    HybridError,
    InputError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_events import watch as watching
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_events.events import Seen, of_wave
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_events.watch import Watch
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory

from lab.model import scenarios
from lab.model.builder import HybridBuilder, Pair
from lab.model.mailbox_replication import MoveOptions, MoveRequest
from tests.unit.plugins.module_utils.lab_in_process import InProcess

ROOT = Path(__file__).resolve().parents[6]
SOURCE = ROOT / "extensions/eda/plugins/event_source/move_events.py"
HOUR = 3600.0


@pytest.fixture
def system() -> InProcess:
    return InProcess()


def moving(system: InProcess, *names: str, **how: Any) -> list[Pair]:
    """Add mailboxes whose moves have begun."""
    build = HybridBuilder(system.hybrid)
    pairs = [build.synced(name) for name in names]
    for pair in pairs:
        build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid)
        submit(system, pair, **how)
    return pairs


def submit(system: InProcess, pair: Pair, **how: Any) -> MoveRequest:
    options = MoveOptions("mail.contoso.com", "DB01", target_delivery_domain="contoso.com", batch_name="wave-1", **how)
    now, replication = system.hybrid.clock.now(), system.hybrid.replication
    request = MoveRequest(uuid.uuid5(pair.cloud.guid, str(len(replication.requests))), pair.cloud, options, now)
    replication.submit(request, now)
    return request


def watched(system: InProcess, state: Path | None = None, **given: Any) -> Watch:
    options = watching.options({"batch_name": "wave-1", "state_file": str(state or ""), **given})
    return Watch(
        options, lambda: system.connect("exchange_online"), lambda _path: FileMemory(), system.hybrid.clock.now
    )


def kinds(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["kind"], event.get("display_name", "")) for event in found]


# -- what is told ------------------------------------------------------------------------------------------------------


def test_each_state_is_told_once_and_the_wave_when_all_have_one(system: InProcess) -> None:
    moving(system, "Ann", "Bob", suspend_when_ready=True)
    watch = watched(system)
    assert watch.look() == []
    watch.told()
    system.sleep(HOUR)
    found = watch.look()
    assert kinds(found) == [("ready", "Ann"), ("ready", "Bob"), ("wave_ready", "")]
    assert found[-1] == {
        "kind": "wave_ready", "utc": found[0]["utc"], "batch_name": "wave-1", "mailboxes_file": "",
        "completed": 0, "failed": 0, "ready": 2,
    }  # fmt: skip
    watch.told()
    assert watch.look() == []


def test_what_was_not_noted_as_told_is_told_again(system: InProcess) -> None:
    moving(system, "Ann")
    watch = watched(system)
    system.sleep(HOUR)
    assert kinds(watch.look()) == kinds(watch.look()) == [("completed", "Ann"), ("wave_completed", "")]


def test_a_failure_says_what_to_do_and_is_told_again_when_it_happens_again(system: InProcess) -> None:
    ann, bob = moving(system, "Ann", "Bob")
    HybridBuilder(system.hybrid).set_directory(bob, home_mdb_left=True)
    watch = watched(system)
    system.sleep(HOUR)
    completed, failed, wave = watch.look()
    assert (completed["kind"], completed["exchange_guid"]) == ("completed", str(ann.cloud.exchange_guid))
    assert (failed["kind"], failed["identity"]) == ("failed", str(bob.cloud.exchange_guid))
    assert "already has a primary mailbox" in failed["message"]
    assert failed["remedy"]
    assert (wave["kind"], wave["completed"], wave["failed"]) == ("wave_completed", 1, 1)
    watch.told()
    (request,) = [r for r in system.hybrid.replication.requests.values() if r.mailbox is bob.cloud]
    system.hybrid.replication.resume(request, system.hybrid.clock.now())
    assert watch.look() == []
    watch.told()
    system.sleep(HOUR)
    assert [event["kind"] for event in watch.look()] == ["failed", "wave_completed"]


def test_a_stall_is_told_after_its_time(system: InProcess) -> None:
    (ann,) = moving(system, "Ann")
    system.sleep(7 / 1000)
    scenarios.put(system.hybrid, "stalls_at_target", ann.identity)
    watch = watched(system, stalled_after=600)
    for _look in range(2):
        assert [event for event in watch.look() if event["kind"] == "stalled"] == []
        watch.told()
        system.sleep(300)
    (stalled,) = watch.look()
    assert (stalled["kind"], stalled["side"]) == ("stalled", "target")
    assert stalled["seconds"] >= 600
    assert stalled["remedy"]


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ([], ""),
        (["ready", ""], ""),
        (["ready", "stalled"], ""),
        (["ready", "failed"], "wave_ready"),
        (["completed", "failed"], "wave_completed"),
        (["failed", "failed"], ""),
    ],
)
def test_what_moves_come_to_together(parts: list[str], kind: str) -> None:
    assert of_wave([Seen(part) for part in parts]).kind == kind


def test_a_wave_file_names_its_mailboxes_and_one_without_a_request_holds_the_wave_back(
    system: InProcess, tmp_path: Path
) -> None:
    ann, bob = moving(system, "Ann", "Bob")
    path = tmp_path / "wave.json"
    cara = HybridBuilder(system.hybrid).synced("Cara")
    path.write_text(json.dumps([{"identity": pair.identity} for pair in (ann, bob, cara)]), encoding="utf-8")
    watch = watched(system, batch_name=None, mailboxes_file=str(path))
    system.sleep(HOUR)
    found = watch.look()
    assert [(event["kind"], event["identity"]) for event in found] == [
        ("completed", ann.identity), ("completed", bob.identity),
    ]  # fmt: skip
    assert {event["mailboxes_file"] for event in found} == {str(path)}
    watch.told()
    home = {"offboarding_state": "home"}
    wave = [{"identity": pair.identity, "exchange_guid": str(pair.cloud.exchange_guid), **home} for pair in (ann, bob)]
    path.write_text(json.dumps(wave), encoding="utf-8")
    (whole,) = watch.look()
    assert (whole["kind"], whole["completed"]) == ("wave_completed", 2)


# -- what is remembered ------------------------------------------------------------------------------------------------


def test_a_restart_tells_nothing_again(system: InProcess, tmp_path: Path) -> None:
    moving(system, "Ann", suspend_when_ready=True)
    state = tmp_path / "state.json"
    system.sleep(HOUR)
    first = watched(system, state)
    assert kinds(first.look()) == [("ready", "Ann"), ("wave_ready", "")]
    first.told()
    assert watched(system, state).look() == []
    assert {path.name for path in tmp_path.iterdir()} == {"state.json", "state.json.progress"}
    state.write_text(state.read_text(encoding="utf-8").replace("ready", "retro"), encoding="utf-8")
    assert kinds(watched(system, state).look()) == [("ready", "Ann"), ("wave_ready", "")]


def test_what_cannot_be_written_down_is_told_in_a_sentence(system: InProcess, tmp_path: Path) -> None:
    watch = watched(system, tmp_path / "missing" / "state.json")
    watch.look()
    with pytest.raises(InputError, match=r"state_file: '.*' cannot be written"):
        watch.told()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "batch_name, mailboxes_file: are both set, or both missing"),
        ({"batch_name": "a", "mailboxes_file": "b"}, "are both set"),
        ({"batch_name": "a", "interval": 0}, "interval: '0' is less than 1"),
        ({"batch_name": "a", "intervall": 5}, "intervall"),
        ({"batch_name": "a", "stalled_after": "soon"}, "stalled_after"),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_asked(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        watching.options(given)


# -- the source --------------------------------------------------------------------------------------------------------


class Enough(Exception):
    """The test has seen enough."""


class Looks:
    """A watch with prepared looks: events, or an error."""

    def __init__(self, *looks: Any) -> None:
        self.looks = list(looks)
        self.noted = 0

    def look(self) -> Any:
        found = self.looks.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def told(self) -> None:
        self.noted += 1


class Heard:
    def __init__(self) -> None:
        self.events: list[Any] = []

    async def put(self, event: Any) -> None:
        self.events.append(event)


def followed(watch: Any, polls: int) -> tuple[list[Any], Exception | None]:
    """Return what the source puts into the queue in so many polls, and what ended it."""
    source, heard, left = runpy.run_path(str(SOURCE)), Heard(), [polls]

    async def pause() -> None:
        left[0] -= 1
        if not left[0]:
            raise Enough

    try:
        asyncio.run(source["follow"](heard, watch, pause))
    except Enough:
        return heard.events, None
    except Exception as error:
        return heard.events, error
    raise AssertionError("a source has no end")


def test_events_are_put_in_order_and_then_noted() -> None:
    watch = Looks([{"kind": "ready"}, {"kind": "wave_ready"}], [], [{"kind": "failed"}])
    events, error = followed(watch, 3)
    assert ([event["kind"] for event in events], error, watch.noted) == (["ready", "wave_ready", "failed"], None, 3)


def test_a_passing_error_is_waited_out_and_any_other_ends_the_source() -> None:
    busy = ConnectionFailure("Exchange Online is busy.", code="throttled", retryable=True)
    gone = HybridError("The application is not known.", code="unknown_application")
    events, error = followed(Looks(busy, [{"kind": "ready"}], gone), 9)
    assert (events, error) == ([{"kind": "ready"}], gone)


def test_the_source_is_what_ansible_rulebook_asks_for_and_begins_with_its_arguments() -> None:
    source = runpy.run_path(str(SOURCE))
    assert asyncio.iscoroutinefunction(source["main"])
    _watch, interval = source["watch"]({"batch_name": "wave-1", "interval": "5", "eda_feedback_queue": object()})
    assert interval == 5.0
    # Whoever reads an event runs the role; what is wrong with the source itself names its own options.
    assert _reader.remedy("Use resume_failed: true.") == "Use offboarding_resume_failed: true."
    assert _reader.option("mailboxes_file") == "mailboxes_file"
    with pytest.raises(InputError):
        asyncio.run(source["main"](Heard(), {"batch": "wave-1"}))


def test_the_documented_options_are_those_that_are_taken() -> None:
    source = runpy.run_path(str(SOURCE))
    documented = yaml.safe_load(source["DOCUMENTATION"])["options"]
    assert set(documented) == set(watching.SPEC)
    for name, says in documented.items():
        assert (says["type"], says.get("default")) == (watching.SPEC[name]["type"], watching.SPEC[name].get("default"))
    (ruleset,) = yaml.safe_load(source["EXAMPLES"])
    (given,) = [item["mailops.exchange_hybrid.move_events"] for item in ruleset["sources"]]
    watching.options(given)


# What ansible-rulebook's Python is like: it knows where the file is, and of no collection.
ALONE = """
import runpy, sys
path, *collections = sys.argv[1:]
sys.path[:] = [place for place in sys.path if place not in collections]
source = runpy.run_path(path)
print(type(source["watch"]({"batch_name": "wave-1"})[0]).__name__)
"""


def test_the_source_finds_its_collection_by_itself() -> None:
    collections = [place for place in sys.path if (Path(place) / "ansible_collections/mailops").is_dir()]
    source = Path(collections[0], "ansible_collections/mailops/exchange_hybrid", SOURCE.relative_to(ROOT))
    command = [sys.executable, "-c", ALONE, source, *collections]
    told = subprocess.run(command, capture_output=True, check=False, text=True)
    assert told.stdout.strip() == "Watch", told.stderr
