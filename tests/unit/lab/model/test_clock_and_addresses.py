# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest

from lab.model import addresses
from lab.model.clock import Agenda, ManualClock, SystemClock


def test_agenda_runs_what_is_due_in_order_and_tells_each_action_its_own_moment() -> None:
    clock = ManualClock()
    agenda = Agenda()
    seen: list[tuple[str, datetime.datetime]] = []
    later, sooner = clock.now() + datetime.timedelta(seconds=9), clock.now() + datetime.timedelta(seconds=2)
    agenda.add(later, lambda due: seen.append(("later", due)))
    agenda.add(sooner, lambda due: agenda.add(due, lambda again: seen.append(("added", again))))
    agenda.add(sooner, lambda due: seen.append(("sooner", due)))
    clock.advance(5)
    agenda.run_until(clock.now())
    assert seen == [("sooner", sooner), ("added", sooner)]
    clock.advance(5)
    agenda.run_until(clock.now())
    assert seen[-1] == ("later", later)


def test_clocks_tell_aware_utc() -> None:
    assert SystemClock().now().utcoffset() == datetime.timedelta(0)
    assert ManualClock().now().utcoffset() == datetime.timedelta(0)


def test_first_smtp_address_becomes_primary_where_none_is() -> None:
    assert addresses.normalise(["X500:/o=A", "smtp:b@contoso.com", "c@contoso.com"]) == [
        "X500:/o=A", "SMTP:b@contoso.com", "smtp:c@contoso.com",
    ]  # fmt: skip


def test_repetition_keeps_the_primary_spelling() -> None:
    assert addresses.normalise(["smtp:B@contoso.com", "SMTP:b@contoso.com"]) == ["SMTP:b@contoso.com"]


@pytest.mark.parametrize("bad", [["SMTP:a@contoso.com", "SMTP:b@contoso.com"], ["nobody"], ["smtp:a b@contoso.com"]])
def test_bad_lists_are_refused(bad: list[str]) -> None:
    with pytest.raises(addresses.InvalidAddress):
        addresses.normalise(bad)


def test_old_primary_stays_as_secondary() -> None:
    changed = addresses.with_primary(["SMTP:a@contoso.com", "smtp:b@contoso.com"], "b@contoso.com")
    assert changed == ["SMTP:b@contoso.com", "smtp:a@contoso.com"]


def test_only_smtp_addresses_have_a_domain() -> None:
    assert addresses.domain("smtp:a@Contoso.com") == "contoso.com"
    assert addresses.domain("SPO:x@y") == ""
