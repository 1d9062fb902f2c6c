# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.trimming import (
    LIMIT,
    fitting,
    merged_failures,
    trimmed,
)

AWX = 700_000  # characters of an event's result, beyond which AWX shows none of it


def changed(number: int, size: int = 1000) -> dict[str, Any]:
    return {"identity": f"c{number}@contoso.com", "status": "changed", "after": {"x": "y" * size}, "cmdlets": ["Set-X"]}


def failed(number: int, code: str = "not_found", size: int = 500) -> dict[str, Any]:
    error = {"code": code, "message": "ä" * (size // 6), "remedy": "Mend it."}
    return {"identity": f"f{number}@contoso.com", "status": "failed", "error": error}


def length(result: object) -> int:
    return len(json.dumps(result))


def identities(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["identity"] for entry in entries]


def test_what_fits_stays_as_it_is() -> None:
    result = {"results": [changed(1), failed(1)], "summary": {"failed": 1}, "diff": [{"before": "", "after": "x"}]}
    assert trimmed(result, "wave.json") == result


def test_failures_come_first_and_addresses_at_risk_before_all_else() -> None:
    entries = [*(changed(n) for n in range(20)), *(failed(n) for n in range(20)), failed(99, "addresses_at_risk")]
    kept = fitting(entries, 3000)
    assert identities(kept)[-1] == "f99@contoso.com"
    shown = [entry for entry in kept if entry["status"] == "failed"]
    assert identities(shown)[:-1] == [f"f{n}@contoso.com" for n in range(len(shown) - 1)], "in their order"
    assert length(shown) > 2000
    assert all("after" not in entry for entry in kept if entry["status"] == "changed"), "they have what is left"
    assert length(kept) <= 3000


def test_an_entry_loses_its_details_before_it_is_left_out() -> None:
    entries = [changed(1, 400), changed(2, 400)]
    assert fitting(entries, 700) == [entries[0], {"identity": "c2@contoso.com", "status": "changed"}]


def test_a_result_of_thousands_fits_and_says_what_was_left_out() -> None:
    entries = [*(changed(n) for n in range(5000)), *(failed(n) for n in range(2000))]
    diff = [{"before_header": str(n), "before": "x" * 500, "after": "y" * 500, "prepared": ""} for n in range(5000)]
    result = trimmed({"results": entries, "summary": {"failed": 2000, "changed": 5000}, "diff": diff}, "wave.json")
    assert LIMIT < length(result) < AWX
    assert result["summary"] == {"failed": 2000, "changed": 5000}
    shown = [entry for entry in result["results"] if entry["status"] == "failed"]
    assert result["left_out"] == {"results": 7000 - len(result["results"]), "failures": 2000 - len(shown)}
    assert len(shown) > 100
    assert result["diff"][-1] == {"prepared": f"{5000 - (len(result['diff']) - 1)} more mailboxes are not shown.\n"}
    assert trimmed(result, "wave.json")["left_out"] == result["left_out"], "a second time nothing is lost"


def test_what_was_left_out_before_is_counted_on() -> None:
    result = {"results": [changed(n) for n in range(1000)], "left_out": {"results": 7, "failures": 3}}
    again = trimmed(result, "wave.json")
    assert again["left_out"] == {"results": 1000 - len(again["results"]) + 7, "failures": 3}


def test_a_list_and_a_task_that_came_to_nothing_are_left_alone() -> None:
    result = {"results": [changed(n) for n in range(1000)]}
    assert trimmed(result, "") == result
    assert trimmed({"failed": True, "msg": "x"}, "wave.json") == {"failed": True, "msg": "x"}


def test_the_report_gets_each_failure_once() -> None:
    lines = [json.dumps(entry) for entry in (failed(1), failed(2), {**failed(2), "error": {"code": "later"}})]
    told = merged_failures([failed(1)], [*lines, '{"identity": "half', "7", '{"identity": "x"}'])
    assert [(entry["identity"], entry["error"]["code"]) for entry in told] == [
        ("f1@contoso.com", "not_found"),
        ("f2@contoso.com", "later"),
    ]
