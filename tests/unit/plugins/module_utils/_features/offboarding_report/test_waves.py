# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One report about the waves of a directory, as slices of a job on different machines leave them."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.waves import joined
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder

NOW = datetime.datetime(2026, 11, 25, 22, tzinfo=datetime.timezone.utc)


def record(name: str, state: str = "home") -> dict[str, Any]:
    return {"identity": f"{name}@contoso.com", "offboarding_state": state}


def failure(name: str, code: str = "address_in_use") -> dict[str, Any]:
    error = {"code": code, "message": "taken", "cmdlet": "", "retryable": False, "remedy": "Remove it."}
    return {"identity": f"{name}@contoso.com", "status": "failed", "error": error}


def leave(path: Path, at: int, records: Any = None, failures: Any = None, progress: Any = None) -> None:
    """Write what a run left of a wave, at a second of the clock."""
    texts = {
        "": None if records is None else json.dumps(records),
        ".failures": None if failures is None else "".join(json.dumps(entry) + "\n" for entry in failures),
        ".progress": None if progress is None else json.dumps(progress),
    }
    for end, text in texts.items():
        if text is not None:
            place = path.with_name(path.name + end)
            place.write_text(text, encoding="utf-8")
            os.utime(place, (at, at))


def folder(path: Path) -> Folder:
    return Folder(FileMemory(), str(path))


def test_the_waves_of_three_slices_are_one_with_what_failed_in_each(tmp_path: Path) -> None:
    for at, (name, home, failed) in enumerate(
        (("berlin", "ann", "bob"), ("paris", "chen", "dana"), ("rome", "emil", ""))
    ):
        look = {"utc": f"2026-11-25T21:0{at}:00Z"}
        progress = {"looks": [look], "requests": {home: {"identity": f"{home}@contoso.com", "status": "Completed"}}}
        leave(
            tmp_path / f"wave_{name}-1f3870be.wave.json",
            at,
            [record(home)],
            [failure(failed)] if failed else None,
            progress,
        )
    every = joined(folder(tmp_path), NOW)
    assert [entry["identity"] for entry in every.records] == [f"{name}@contoso.com" for name in ("ann", "chen", "emil")]
    assert [entry["identity"] for entry in every.failures] == ["bob@contoso.com", "dana@contoso.com"]
    assert set(every.progress.content["requests"]) == {"ann", "chen", "emil"}
    assert [look["utc"][-6:] for look in every.progress.content["looks"]] == ["00:00Z", "01:00Z", "02:00Z"]
    groups = {entry["identity"]: "home" for entry in every.records} | {f["identity"]: "failed" for f in every.failures}
    assert [(wave["name"], wave["summary"]) for wave in every.counts(groups)] == [
        ("wave_berlin-1f3870be", {"failed": 1, "home": 1}),
        ("wave_paris-1f3870be", {"failed": 1, "home": 1}),
        ("wave_rome-1f3870be", {"home": 1}),
    ]


def test_how_far_the_moves_of_each_wave_are_is_what_its_last_look_came_to(tmp_path: Path) -> None:
    """In the sentence of a look, whichever machine took it; who was home, or whose request is gone, moves no more."""
    gb = 1024**3
    common = {"first_status": "InProgress", "read_at": "2026-11-25T21:30:00Z", "total_size": 2 * gb}
    entries = {
        "ann": {"identity": "ann@contoso.com", "status": "InProgress", "percent_complete": 50, "bytes_transferred": gb,
                "status_detail": "StalledDueToTarget_DiskLatency", **common},
        "bob": {"identity": "bob@contoso.com", "status": "Completed", **common},
        "cleo": {"identity": "cleo@contoso.com", "status": "Completed", **common},
        "dana": {"identity": "dana@contoso.com", "status": "Suspended", "gone_at": "2026-11-25T21:40:00Z", **common},
    }  # fmt: skip
    looks = [
        {"utc": "2026-11-25T21:00:00Z", "counts": {"InProgress": 2}, "bytes_gained": 0},
        {"utc": "2026-11-25T21:30:00Z", "counts": {"InProgress": 1}, "bytes_gained": gb},
    ]
    people = [record("ann", "moving"), record("bob", "moving"), record("cleo"), record("dana", "moving")]
    progress = {"version": 1, "looks": looks, "requests": entries}
    leave(tmp_path / "berlin.wave.json", 1, people, progress=progress)
    leave(tmp_path / "paris.wave.json", 1, [record("emil", "to_do")])
    every = joined(folder(tmp_path), NOW)
    berlin, paris = every.counts({entry["identity"]: "waiting" for entry in every.records})
    assert berlin["looked_at"] == "2026-11-25T21:30:00Z"
    assert berlin["moves"] == (
        "4 mailboxes: 1 InProgress, 1 Completed, 1 home, 1 without a request; 75 %, 3.0 GB of 4.0 GB, 2.0 GB/h; "
        "stalled: 1 StalledDueToTarget_DiskLatency (target: your own Exchange); oldest figure 30 min old"
    )
    assert (paris["looked_at"], paris["moves"]) == ("", "")


@pytest.mark.parametrize("later", [True, False])
def test_what_was_written_last_of_a_mailbox_counts(tmp_path: Path, later: bool) -> None:
    """Somebody failed in the wave, and came home among selected mailboxes - or the other way round."""
    leave(tmp_path / "wave.json", 100, [record("ann")], [failure("bob"), failure("bob", "second")])
    leave(tmp_path / "only.wave.json", 200 if later else 50, [record("bob")])
    every = joined(folder(tmp_path), NOW)
    assert [entry["error"]["code"] for entry in every.failures] == ([] if later else ["second"])
    assert ("bob@contoso.com" in {entry["identity"] for entry in every.records}) is later
    assert every.names["bob@contoso.com"] == ("only" if later else "wave")
    assert not every.progress.there


def test_a_directory_without_a_wave_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"directory: '.*' has no wave\. Set the directory of the runs"):
        joined(folder(tmp_path), NOW)


def test_a_wave_that_is_no_wave_is_refused_by_name(tmp_path: Path) -> None:
    leave(tmp_path / "wave.json", 1, {"a": 1})
    with pytest.raises(InputError, match=r"wave\.json"):
        joined(folder(tmp_path), NOW)
