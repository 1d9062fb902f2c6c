# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    ConnectionFailure,
    HybridError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.read import predicted
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome, summary
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import (
    GROUP,
    PER_WRITER,
    run_wave,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step, WorkItem

from tests.unit.plugins.module_utils.fakes import NOW, Fails, FakeOrganization, Time, connect, lost, refusal

ALL_PAUSES = [1.0, 2.0, 4.0, 8.0]


class Painted(Step[dict[str, Any]]):
    """A step for tests: every thing has the wanted colour, and the wanted size where one is given."""

    writes_to = "exchange_server"

    def __init__(self, check: bool = False) -> None:
        self.check = check
        self.reads: list[list[str]] = []

    def read(self, connections: Connections, items: Sequence[WorkItem[dict[str, Any]]]) -> None:
        self.reads.append([item.outcome.identity for item in items])
        for item in items:
            (answer,) = connections.read(
                "exchange_server", [Cmdlet("Get-Thing", {"Identity": item.record["identity"]})]
            )
            item.show(
                answer
                if isinstance(answer, HybridError)
                else predicted(item.record, "on_premises", answer.objects[0], self.check) or {}
            )

    def plan(self, record: Record, current: dict[str, Any], attempt: Attempt, now: datetime.datetime) -> Plan:
        thing, calls, after = current, [], {}
        if record["colour"] == "invisible":
            raise MailboxError("nothing is invisible.", code="no_such_colour")
        for name, cmdlet in (("colour", "Set-Colour"), ("size", "Set-Size")):
            if name in record and thing[name] != record[name]:
                calls.append(
                    ("exchange_server", Cmdlet(cmdlet, {"Identity": record["identity"], "Value": record[name]}))
                )
                after[name] = record[name]
        return Plan(
            tuple(calls),
            {name: thing[name] for name in after},
            after,
            {"on_premises": {**thing, **after}},
            enriched={"seen_as": thing["colour"]},
            details={"thing": thing["colour"]},
            warnings=("wet paint",) if calls else (),
            status="" if calls else record.get("resting", ""),
        )


class Shop:
    """Things, and a server that paints them. ``late`` is how many reads still show the old thing."""

    def __init__(self, *names: str, concurrency: int = 1) -> None:
        self.things: dict[str, Properties] = {name: {"colour": "white", "size": 1} for name in names}
        self.shown = {name: dict(thing) for name, thing in self.things.items()}
        self.late = 0
        self.server = FakeOrganization("exchange_server", concurrency=concurrency)
        self.server.handlers = {
            "Get-Thing": self._get,
            "Set-Colour": self._set("colour"),
            "Set-Size": self._set("size"),
        }

    def _get(self, cmdlet: Cmdlet) -> list[Properties]:
        name = str(cmdlet.parameters["Identity"])
        if name not in self.things:
            raise refusal("gone", "ManagementObjectNotFoundException", "Get-Thing")
        if self.things[name] != self.shown[name] and self.late:
            self.late -= 1
            return [dict(self.shown[name])]
        self.shown[name] = dict(self.things[name])
        return [dict(self.things[name])]

    def _set(self, attribute: str) -> Any:
        def write(cmdlet: Cmdlet) -> list[Properties]:
            self.things[str(cmdlet.parameters["Identity"])][attribute] = cmdlet.parameters["Value"]
            return []

        return write

    def run(
        self, *records: Record, time: Time | None = None, step: Painted | None = None, **more: Any
    ) -> list[Outcome]:
        with connect(self.server) as connections:
            return run_wave(
                step or Painted(more.get("check", False)),
                records,
                connections,
                **{"check": False, "sleep": (time or Time()).sleep, **more},
            )

    @property
    def written(self) -> list[str]:
        return [call.preview() for call in self.server.writes]


def paint(name: str, colour: str = "red", **more: Any) -> Record:
    return {"identity": name, "colour": colour, **more}


def test_changed_and_unchanged() -> None:
    shop, time = Shop("a", "b"), Time()
    changed, same = shop.run(paint("a"), paint("b", "white"), time=time)
    assert changed.as_result() == {
        "identity": "a",
        "status": "changed",
        "thing": "red",
        "warnings": ["wet paint"],
        "before": {"colour": "white"},
        "after": {"colour": "red"},
        "cmdlets": ["Set-Colour -Identity 'a' -Value 'red'"],
    }
    assert same.as_result() == {"identity": "b", "status": "unchanged", "thing": "white"}
    assert (changed.enriched, same.enriched) == ({"seen_as": "red"}, {"seen_as": "white"})
    assert (shop.written, time.slept) == (["Set-Colour -Identity 'a' -Value 'red'"], [])
    # What a write outputs is read back, so it need not be decoded.
    assert [call.output for call in shop.server.calls] == [True, True, True, False, True]


class PaintedFromThere(Painted):
    """A thing named Far is painted by a call to the other organization alone."""

    def plan(self, record: Record, current: dict[str, Any], attempt: Attempt, now: datetime.datetime) -> Plan:
        plan = super().plan(record, current, attempt, now)
        calls = [("exchange_online", cmdlet) for _kind, cmdlet in plan.calls]
        return replace(plan, calls=tuple(calls)) if record["identity"] == "Far" else plan


def test_a_plan_with_calls_to_the_other_side_alone_goes_well_beside_an_ordinary_one() -> None:
    shop = Shop("Far", "Near")
    cloud = FakeOrganization("exchange_online", handlers={"Set-Colour": shop.server.handlers["Set-Colour"]})
    with connect(shop.server, cloud) as connections:
        outcomes = run_wave(
            PaintedFromThere(), [paint("Far"), paint("Near")], connections, check=False, sleep=Time().sleep
        )
    assert [(outcome.status, outcome.after) for outcome in outcomes] == [("changed", {"colour": "red"})] * 2
    assert ([call.parameters["Identity"] for call in cloud.writes], len(shop.written)) == (["Far"], 1)


def test_a_second_run_writes_nothing() -> None:
    shop = Shop("a", "b")
    wave = [paint("a", size=2), paint("b")]
    shop.run(*wave)
    shop.server.calls.clear()
    assert [outcome.status for outcome in shop.run(*wave)] == ["unchanged", "unchanged"]
    assert shop.written == []


def test_one_that_rests_is_not_unchanged() -> None:
    assert [o.status for o in Shop("a").run(paint("a", "white", resting="pending"))] == ["pending"]


def test_an_empty_wave_asks_nothing() -> None:
    shop = Shop()
    assert shop.run() == []
    assert (shop.server.calls, summary([])) == (
        [],
        {"changed": 0, "unchanged": 0, "pending": 0, "skipped": 0, "failed": 0},
    )


def test_a_failure_never_stops_the_others() -> None:
    shop = Shop("a", "b", "d")
    outcomes = shop.run(paint("a", "invisible"), paint("missing"), paint("b"), paint("d", "white"))
    assert [outcome.status for outcome in outcomes] == ["failed", "failed", "changed", "unchanged"]
    assert [outcome.error.code for outcome in outcomes if outcome.error] == ["no_such_colour", "not_found"]
    assert summary(outcomes) == {"changed": 1, "unchanged": 1, "pending": 0, "skipped": 0, "failed": 2}
    assert shop.written == ["Set-Colour -Identity 'b' -Value 'red'"]


def test_what_is_home_is_not_even_read() -> None:
    shop, step = Shop("a"), Painted()
    outcomes = shop.run(paint("home", offboarding_state="home"), paint("a"), step=step)
    assert [outcome.status for outcome in outcomes] == ["unchanged", "changed"]
    # Planned on, looked at again before the write, read back.
    assert step.reads == [["a"], ["a"], ["a"]]


# -- check mode --------------------------------------------------------------------------------------------------------


def test_check_mode_tells_everything_and_writes_nothing() -> None:
    shop, time = Shop("a"), Time()
    record = paint("a", size=2, predicted={"cloud": {"alias": "a"}})
    (outcome,) = shop.run(record, check=True, time=time)
    assert outcome.as_result()["cmdlets"] == [
        "Set-Colour -Identity 'a' -Value 'red'",
        "Set-Size -Identity 'a' -Value 2",
    ]
    assert (outcome.status, outcome.before, outcome.after) == (
        "changed",
        {"colour": "white", "size": 1},
        {"colour": "red", "size": 2},
    )
    # What earlier tasks of the preview predicted travels on.
    assert outcome.enriched["predicted"] == {"cloud": {"alias": "a"}, "on_premises": {"colour": "red", "size": 2}}
    assert (shop.written, time.slept) == ([], [])


def test_a_preview_plans_on_what_an_earlier_one_predicted() -> None:
    shop = Shop("a")
    (first,) = shop.run(paint("a"), check=True)
    (second,) = shop.run({**paint("a"), **first.enriched}, check=True)
    assert (first.status, second.status) == ("changed", "unchanged")


def test_a_prediction_counts_in_check_mode_alone() -> None:
    (outcome,) = Shop("a").run(paint("a", predicted={"on_premises": {"colour": "red"}}))
    assert outcome.status == "changed"
    assert "predicted" not in outcome.enriched


def test_a_predicted_removal_is_nothing() -> None:
    record = {"predicted": {"move_request": None}}
    assert predicted(record, "move_request", {"status": "Queued"}, True) is None
    assert predicted(record, "move_request", {"status": "Queued"}, False) == {"status": "Queued"}
    assert predicted(record, "cloud", {"alias": "a"}, True) == {"alias": "a"}


# -- writes that fail --------------------------------------------------------------------------------------------------


def test_a_refused_write_fails_its_mailbox_with_exchanges_words() -> None:
    shop, time = Shop("a", "b"), Time()
    shop.server.handlers["Set-Colour"] = Fails(refusal("no paint left", cmdlet=""), then=shop._set("colour"))
    refused, fine = shop.run(paint("a"), paint("b"), time=time)
    assert (refused.status, fine.status, time.slept) == ("failed", "changed", [])
    assert refused.error is not None
    assert refused.error.as_result()["message"] == "no paint left"
    assert refused.error.cmdlet == "Set-Colour"
    assert refused.as_result()["cmdlets"] == ["Set-Colour -Identity 'a' -Value 'red'"]


def test_a_write_that_failed_although_it_was_done_counts() -> None:
    shop = Shop("a")

    def write(cmdlet: Cmdlet) -> list[Properties]:
        shop._set("colour")(cmdlet)
        raise refusal("already red")

    shop.server.handlers["Set-Colour"] = write
    (outcome,) = shop.run(paint("a"))
    assert (outcome.status, outcome.error) == ("changed", None)


def test_half_done_shows_what_really_stands_there() -> None:
    shop = Shop("a")
    shop.server.handlers["Set-Size"] = Fails(refusal("too big", cmdlet=""))
    (outcome,) = shop.run(paint("a", size=9))
    result = outcome.as_result()
    assert (result["status"], result["error"]["message"], result["error"]["cmdlet"]) == (
        "failed",
        "too big",
        "Set-Size",
    )
    assert (result["before"], result["after"]) == ({"colour": "white", "size": 1}, {"colour": "red", "size": 1})
    assert [text.split()[0] for text in result["cmdlets"]] == ["Set-Colour", "Set-Size"]


def test_a_thing_that_vanishes_fails() -> None:
    shop = Shop("a")

    def write(_cmdlet: Cmdlet) -> list[Properties]:
        del shop.things["a"]
        return []

    shop.server.handlers["Set-Colour"] = write
    (outcome,) = shop.run(paint("a"))
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code) == ("failed", "not_found")


def test_a_thing_that_vanishes_keeps_no_other_from_being_settled() -> None:
    shop = Shop("a", "b", "c")
    paints = shop.server.handlers["Set-Colour"]

    def write(cmdlet: Cmdlet) -> list[Properties]:
        if cmdlet.parameters["Identity"] == "a":
            del shop.things["a"]
            return []
        return list(paints(cmdlet))

    shop.server.handlers["Set-Colour"] = write
    time = Time()
    gone, red, late = shop.run(paint("a"), paint("b"), paint("c"), time=time)
    assert [outcome.status for outcome in (gone, red, late)] == ["failed", "changed", "changed"]
    assert (red.enriched, late.details, time.slept) == ({"seen_as": "red"}, {"thing": "red"}, [])


# -- reading back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "slept"), [(0, []), (1, [1.0]), (3, [1.0, 2.0, 4.0]), (4, ALL_PAUSES)])
def test_a_change_may_show_late(late: int, slept: list[float]) -> None:
    shop, time = Shop("a"), Time()
    shop.late = late
    (outcome,) = shop.run(paint("a"), time=time)
    assert (outcome.status, time.slept) == ("changed", slept)
    assert len(shop.written) == 1


def test_a_change_that_never_shows_is_a_failure_and_is_not_sent_again() -> None:
    shop, time = Shop("a", "b"), Time()
    shop.server.handlers["Set-Colour"] = Fails(
        then=lambda cmdlet: shop._set("colour")(cmdlet) if cmdlet.parameters["Identity"] == "b" else []
    )
    unseen, fine = shop.run(paint("a"), paint("b"), time=time)
    assert fine.status == "changed"
    assert unseen.error is not None
    assert (unseen.status, unseen.error.code, unseen.error.retryable, unseen.error.cmdlet) == (
        "failed",
        "not_applied",
        True,
        "Set-Colour",
    )
    assert "domain_controller" in unseen.error.remedy
    assert (len(shop.written), time.slept) == (2, ALL_PAUSES)


def test_only_what_does_not_show_yet_is_read_again() -> None:
    shop, step = Shop("a", "b"), Painted()
    shop.late = 1
    shop.run(paint("a"), paint("b"), step=step)
    assert step.reads == [["a", "b"], ["a", "b"], ["a", "b"], ["a"]]


# -- lost answers ------------------------------------------------------------------------------------------------------


def test_a_lost_answer_of_a_write_that_was_done_is_a_success() -> None:
    shop, time = Shop("a"), Time()

    def write(cmdlet: Cmdlet) -> list[Properties]:
        shop._set("colour")(cmdlet)
        raise lost()

    shop.server.handlers["Set-Colour"] = write
    (outcome,) = shop.run(paint("a"), time=time)
    assert (outcome.status, outcome.error, len(shop.written), time.slept) == ("changed", None, 1, [])


def test_a_lost_write_that_shows_late_is_never_sent_again() -> None:
    shop, time = Shop("a"), Time()
    shop.late = 2

    def write(cmdlet: Cmdlet) -> list[Properties]:
        shop._set("colour")(cmdlet)
        raise lost()

    shop.server.handlers["Set-Colour"] = write
    (outcome,) = shop.run(paint("a"), time=time)
    assert (outcome.status, len(shop.written), time.slept) == ("changed", 1, [1.0, 2.0])


def test_a_lost_write_that_was_not_done_is_sent_once_more() -> None:
    shop, time = Shop("a"), Time()
    shop.server.handlers["Set-Colour"] = Fails(lost(), then=shop._set("colour"))
    (outcome,) = shop.run(paint("a"), time=time)
    assert (outcome.status, len(shop.written), time.slept) == ("changed", 2, ALL_PAUSES)
    assert outcome.as_result()["cmdlets"] == shop.written


def test_only_what_is_still_missing_is_sent_again() -> None:
    shop = Shop("a")
    shop.server.handlers["Set-Size"] = Fails(lost(), then=shop._set("size"))
    (outcome,) = shop.run(paint("a", size=3))
    assert outcome.status == "changed"
    assert [call.name for call in shop.server.writes] == ["Set-Colour", "Set-Size", "Set-Size"]


def test_a_write_that_is_lost_twice_is_not_sent_a_third_time() -> None:
    shop, time = Shop("a"), Time()
    shop.server.handlers["Set-Colour"] = Fails(lost(), lost())
    (outcome,) = shop.run(paint("a"), time=time)
    assert isinstance(outcome.error, ConnectionFailure)
    assert (outcome.status, outcome.error.code, len(shop.written)) == ("failed", "connection_lost", 2)
    assert time.slept == ALL_PAUSES


def test_a_second_sending_that_is_refused_fails_with_the_refusal() -> None:
    shop = Shop("a")
    shop.server.handlers["Set-Colour"] = Fails(lost(), refusal("no paint left"))
    (outcome,) = shop.run(paint("a"))
    assert outcome.error is not None
    assert (outcome.status, outcome.error.message) == ("failed", "no paint left")


def test_a_connection_that_failed_before_the_cmdlet_is_no_reason_to_send_again() -> None:
    shop = Shop("a")
    shop.server.handlers["Set-Colour"] = Fails(ConnectionFailure("no route", code="unreachable"))
    (outcome,) = shop.run(paint("a"))
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code, len(shop.written)) == ("failed", "unreachable", 1)


class Told(Painted):
    """Painted, and keeps what each plan was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, Attempt, datetime.datetime]] = []

    def plan(self, record: Record, current: dict[str, Any], attempt: Attempt, now: datetime.datetime) -> Plan:
        self.told.append((str(record["identity"]), attempt, now))
        return super().plan(record, current, attempt, now)


def test_a_plan_is_told_what_was_sent_for_its_own_mailbox_and_the_time_of_the_read() -> None:
    shop, step = Shop("a", "b"), Told()
    shop.server.handlers["Set-Colour"] = Fails(lost(), then=shop._set("colour"))
    moments = iter(NOW + datetime.timedelta(minutes=minute) for minute in range(9))
    shop.run(paint("a"), paint("b", "white"), step=step, now=lambda: next(moments))
    call = ("exchange_server", Cmdlet("Set-Colour", {"Identity": "a", "Value": "red"}))
    assert [(name, attempt.sent) for name, attempt, _now in step.told[:2]] == [("a", ()), ("b", ())]
    later = [attempt for name, attempt, _now in step.told[3:] if name == "a"]
    # Read back at once and after each pause; the third pause ends with the second sending.
    assert [attempt.sent for attempt in later] == [(call,)] * 4 + [(call, call)]
    assert [(attempt.answer_lost, attempt.answered) for attempt in later] == [(True, 0)] * 4 + [(False, 1)]
    # The second look before the write is at what was planned for the first one's time.
    assert [now for name, _attempt, now in step.told if name == "a"] == [
        NOW + datetime.timedelta(minutes=minute) for minute in (0, *range(6))
    ]
    assert {name for name, _attempt, _now in step.told[2:]} == {"a"}


# -- on_error: stop ----------------------------------------------------------------------------------------------------


def test_stop_begins_nothing_after_a_plan_that_failed() -> None:
    shop = Shop("a", "b", "c")
    outcomes = shop.run(paint("a"), paint("b", "invisible"), paint("c", "white"), on_error="stop")
    assert [outcome.status for outcome in outcomes] == ["skipped", "failed", "unchanged"]
    assert shop.written == []
    assert outcomes[0].as_result() == {
        "identity": "a",
        "status": "skipped",
        "thing": "white",
        "warnings": ["wet paint"],
    }
    assert [outcome.enriched for outcome in outcomes] == [{}, {}, {"seen_as": "white"}]


def test_stop_begins_nothing_after_a_write_that_failed() -> None:
    shop = Shop("a", "b", "c", "d")
    shop.server.handlers["Set-Colour"] = Fails(
        then=lambda cmdlet: (
            Fails(refusal("no"))(cmdlet) if cmdlet.parameters["Identity"] == "b" else shop._set("colour")(cmdlet)
        )
    )
    outcomes = shop.run(*(paint(name) for name in "abcd"), on_error="stop")
    assert [outcome.status for outcome in outcomes] == ["changed", "failed", "skipped", "skipped"]
    # The record of a mailbox that was not begun with says nothing of what its plan would have left.
    assert [outcome.enriched for outcome in outcomes[2:]] == [{}, {}]
    assert len(shop.written) == 2
    assert shop.things["c"]["colour"] == "white"


@pytest.mark.parametrize("concurrency", [1, 4])
def test_outcomes_keep_the_order_of_the_wave(concurrency: int) -> None:
    names = [f"thing{number}" for number in range(40)]
    shop = Shop(*names, concurrency=concurrency)
    outcomes = shop.run(*(paint(name) for name in names))
    assert [outcome.identity for outcome in outcomes] == names
    assert {outcome.status for outcome in outcomes} == {"changed"}
    assert len(shop.server.sessions) <= concurrency


# -- somebody else writes between the read and the write ---------------------------------------------------------------


class Meddled(Painted):
    """Painted, and ``meddle`` is called before each second look."""

    def __init__(self, meddle: Callable[[], None]) -> None:
        super().__init__()
        self.meddle = meddle

    def second_look(self) -> Callable[[Connections, Sequence[WorkItem[dict[str, Any]]]], None]:
        return self.look

    def look(self, connections: Connections, items: Sequence[WorkItem[dict[str, Any]]]) -> None:
        self.meddle()
        self.read(connections, items)


def test_what_somebody_else_changed_is_not_written_over() -> None:
    shop = Shop("a", "b")
    step = Meddled(lambda: shop.things["a"].update(colour="green"))
    outcomes = shop.run(paint("a", size=2), paint("b"), step=step)
    assert [outcome.status for outcome in outcomes] == ["failed", "changed"]
    assert shop.things["a"] == {"colour": "green", "size": 1}
    error = outcomes[0].error
    assert error is not None
    assert (error.code, error.retryable, error.cmdlet) == ("changed_meanwhile", True, "Set-Colour")
    assert "colour was 'white' and is 'green'" in error.message
    assert outcomes[0].as_result() == {
        "identity": "a", "status": "failed", "thing": "white", "warnings": ["wet paint"], "error": error.as_result(),
    }  # fmt: skip
    # The record that the next task gets must not say what the plan would have left.
    assert outcomes[0].enriched == {}


def test_what_somebody_else_did_already_is_not_done_again() -> None:
    shop = Shop("a")
    (outcome,) = shop.run(paint("a"), step=Meddled(lambda: shop.things["a"].update(colour="red")))
    assert (outcome.status, outcome.error, shop.written) == ("unchanged", None, [])
    assert outcome.enriched == {"seen_as": "red"}


def test_what_was_meddled_with_and_does_not_matter_is_left_alone() -> None:
    shop = Shop("a")
    (outcome,) = shop.run(paint("a"), step=Meddled(lambda: shop.things["a"].update(size=7)))
    assert (outcome.status, shop.things["a"]) == ("changed", {"colour": "red", "size": 7})


def test_stop_begins_nothing_after_a_mailbox_that_somebody_else_changed() -> None:
    shop = Shop("a", "b", concurrency=1)
    step = Meddled(lambda: shop.things["a"].update(colour="green"))
    outcomes = shop.run(paint("a"), paint("b"), step=step, on_error="stop")
    assert [outcome.status for outcome in outcomes] == ["failed", "skipped"]
    assert shop.written == []


def test_each_group_is_looked_at_right_before_its_own_writes() -> None:
    names = [f"thing{number:03d}" for number in range(GROUP * 2 + 1)]
    shop, seen = Shop(*names), []
    step = Meddled(lambda: seen.append(len(shop.written)))
    outcomes = shop.run(*(paint(name) for name in names), step=step)
    assert {outcome.status for outcome in outcomes} == {"changed"}
    assert seen == [0, GROUP, GROUP * 2]


def test_a_second_look_that_fails_leaves_the_rest_unwritten_and_tells_of_what_was_written() -> None:
    names = [f"thing{number:03d}" for number in range(GROUP + 2)]
    shop, looks = Shop(*names), []

    def meddle() -> None:
        looks.append(1)
        if len(looks) == 2:
            raise lost()

    outcomes = shop.run(*(paint(name) for name in names), step=Meddled(meddle))
    assert [outcome.status for outcome in outcomes] == ["changed"] * GROUP + ["failed"] * 2
    assert [outcome.error.code for outcome in outcomes[GROUP:] if outcome.error] == ["connection_lost"] * 2
    assert len(shop.written) == GROUP


def test_with_many_sessions_the_groups_are_larger() -> None:
    names = [f"thing{number:03d}" for number in range(200)]
    shop, looks = Shop(*names, concurrency=8), []
    shop.run(*(paint(name) for name in names), step=Meddled(lambda: looks.append(1)))
    assert len(looks) == 200 // (8 * PER_WRITER) + 1
