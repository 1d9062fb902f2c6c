# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.placement.plan import (
    UNKNOWN_SIZE,
    Database,
    Need,
    database,
    spread,
    wanted_names,
    why_not,
)

from tests.unit.plugins.module_utils.fakes import guid_of

GB = 1024**3


def db(name: str, free: int, quota: int | None = None, disk: str = "") -> Database:
    return Database(name, {("ex01", disk or name): free * GB}, None if quota is None else quota * GB)


def need(name: str, size: int | None, primary: int | None = None) -> Need:
    known = None if size is None else size * GB
    return Need(guid_of(name), known, known if primary is None else primary * GB)


def placed(
    needs: list[Need], databases: list[Database], coming: dict[str, int] | None = None, **more: Any
) -> list[str]:
    chosen = more.get("chosen") or {item.name.lower() for item in databases}
    found = spread(needs, databases, chosen, {name: size * GB for name, size in (coming or {}).items()})
    values = [found[item.exchange_guid] for item in needs]
    return [value.code if isinstance(value, MailboxError) else value for value in values]


def test_the_largest_goes_where_most_is_left_and_each_counts_for_the_next() -> None:
    needs = [need("ann", 10), need("bob", 40), need("cleo", 30)]
    assert placed(needs, [db("DB01", 100), db("DB02", 90)]) == ["DB01", "DB01", "DB02"]


def test_neither_the_order_of_the_wave_nor_that_of_the_databases_matters() -> None:
    needs = [need(f"user{number}", number % 7 + 1) for number in range(40)]
    databases = [db(name, 120) for name in ("DB03", "db01", "DB02")]
    first = placed(needs, databases)
    assert sorted(first.count(name) for name in set(first)) == [13, 13, 14]
    by_need = dict(zip([item.exchange_guid for item in needs], first, strict=True))
    for seed in range(5):
        shuffled = random.Random(seed).sample(needs, len(needs))
        again = placed(shuffled, random.Random(seed).sample(databases, 3))
        assert dict(zip([item.exchange_guid for item in shuffled], again, strict=True)) == by_need


def test_what_is_on_its_way_takes_its_space_too_where_nobody_may_choose_that_database() -> None:
    assert placed([need("ann", 10)], [db("DB01", 100), db("DB02", 90)], {"db01": 20}) == ["DB02"]
    shared = [db("DB01", 100, disk="disk 1"), db("DB02", 90), db("OLD", 100, disk="DISK 1".lower())]
    assert placed([need("ann", 10)], shared, {"old": 20}, chosen={"db01", "db02"}) == ["DB02"]


def test_databases_on_one_disk_share_its_space() -> None:
    databases = [db("DB01", 100, disk="one"), db("DB02", 100, disk="one"), db("DB03", 60)]
    assert placed([need("ann", 50), need("bob", 45), need("cleo", 40)], databases) == ["DB01", "DB03", "DB01"]


def test_the_fullest_disk_of_the_copies_counts() -> None:
    copied = Database("DB01", {("ex01", "a"): 500 * GB, ("ex02", "a"): 20 * GB})
    assert placed([need("ann", 10)], [copied, db("DB02", 30)]) == ["DB02"]


def test_a_quota_keeps_a_mailbox_out_and_what_does_not_count_against_it_does_not() -> None:
    databases = [db("DB01", 500, quota=20), db("DB02", 100, quota=50)]
    assert placed([need("ann", 30)], databases) == ["DB02"]
    assert placed([need("ann", 60, primary=10)], databases) == ["DB01"]
    found = spread([need("ann", 60)], databases, {"db01", "db02"}, {})[guid_of("ann")]
    assert isinstance(found, MailboxError)
    assert found.code == "no_database_fits"
    assert "60.0 GB" in found.message
    assert "50.0 GB at most" in found.message


def test_without_room_one_fails_and_the_smaller_ones_go_on() -> None:
    needs = [need("ann", 50), need("bob", 10), need("cleo", 20)]
    assert placed(needs, [db("DB01", 35)]) == ["no_database_fits", "DB01", "DB01"]
    found = spread(needs, [db("DB01", 35)], {"db01"}, {"db01": 90 * GB})[guid_of("ann")]
    assert isinstance(found, MailboxError)
    assert "DB01, 0.0 GB once all that is on its way there has arrived" in found.message


def test_a_size_that_is_not_known_counts_for_something() -> None:
    assert placed([need("ann", None), need("bob", 1)], [db("DB01", 20), db("DB02", 15)]) == ["DB01", "DB02"]
    assert placed([need("ann", None)], [db("DB01", UNKNOWN_SIZE // GB - 1)]) == ["no_database_fits"]


# -- which databases there are -----------------------------------------------------------------------------------------

SHOWN: list[dict[str, Any]] = [
    {"Name": "DB01", "Mounted": True},
    {"Name": "DB02", "Mounted": "True", "IsExcludedFromProvisioning": False, "IsSuspendedFromProvisioning": ""},
    {"Name": "DOWN", "Mounted": False},
    {"Name": "SILENT", "Mounted": None},
    {"Name": "RECOVERY", "Mounted": True, "Recovery": True},
    {"Name": "JOURNAL", "Mounted": True, "IsExcludedFromProvisioning": True},
    {"Name": "UPGRADE", "Mounted": True, "IsSuspendedFromProvisioning": "True"},
    {"Name": "BY-HAND", "Mounted": True, "IsExcludedFromProvisioningByOperator": True},
    {"Name": "FULL", "Mounted": True, "IsExcludedFromProvisioningBySpaceMonitoring": True},
]


def test_auto_takes_what_exchange_itself_would_choose_from() -> None:
    assert wanted_names(["Auto"], SHOWN) == ["DB01", "DB02"]
    assert why_not(SHOWN[5]) == "has IsExcludedFromProvisioning True"


def test_databases_that_are_named_are_taken_whatever_exchange_would_choose() -> None:
    assert wanted_names(["journal", "DB02", "JOURNAL"], SHOWN) == ["JOURNAL", "DB02"]


@pytest.mark.parametrize(
    ("asked", "shown", "code", "words"),
    [
        (["DB99"], SHOWN[:2], "database_not_found", "target_databases: 'DB99' is not .* Use one of: DB01, DB02"),
        (["RECOVERY"], SHOWN[:5], "database_not_found", "'RECOVERY'"),
        (["DOWN"], SHOWN, "database_not_mounted", "'DOWN' is a database that is not mounted"),
        (["auto"], SHOWN[2:4], "no_database", "DOWN is not mounted; SILENT is not mounted"),
        (["auto"], [], "no_database", "there is none"),
        (["auto", "DB01"], SHOWN, "database_not_found", "'auto'"),
    ],
)
def test_what_cannot_be_a_target_is_refused_with_the_remedy(
    asked: list[str], shown: list[dict[str, Any]], code: str, words: str
) -> None:
    with pytest.raises(InputError, match=words) as refused:
        wanted_names(asked, shown)
    assert refused.value.code == code


COPY = {"DatabaseName": "DB01", "MailboxServer": "EX01", "DiskFreeSpace": "2 GB (2,147,483,648 bytes)"}


def test_a_database_is_read_from_what_its_copies_say() -> None:
    item = {"Name": "db01", "ProhibitSendReceiveQuota": "2.3 GB (2,469,606,195 bytes)"}
    other = {**COPY, "MailboxServer": "EX02", "DatabaseVolumeMountPoint": "D:\\", "DiskFreeSpace": "1 B (1 bytes)"}
    foreign = {**COPY, "DatabaseName": "DB02", "DiskFreeSpace": "unknown"}
    made = database(item, [COPY, other, foreign])
    assert made == Database("db01", {("ex01", "database db01"): 2 * GB, ("ex02", "d:\\"): 1}, 2469606195)


@pytest.mark.parametrize("free", ["", None, "225.8 MB", "Unlimited"])
def test_a_copy_that_does_not_say_its_space_makes_the_database_unusable(free: object) -> None:
    assert database({"Name": "DB01"}, [COPY, {**COPY, "MailboxServer": "EX02", "DiskFreeSpace": free}]) is None
    assert database({"Name": "DB01"}, []) is None


def test_an_unlimited_quota_is_none() -> None:
    made = database({"Name": "DB01", "ProhibitSendReceiveQuota": "Unlimited"}, [COPY])
    assert made is not None
    assert made.quota is None
