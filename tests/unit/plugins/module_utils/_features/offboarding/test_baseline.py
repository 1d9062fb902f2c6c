# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.baseline import (
    ROLLED_BACK,
    SUPERSEDED,
    VERSION,
    Baselines,
    content,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents

from tests.unit.plugins.module_utils.fakes import guid_of, on_disk

GUID = guid_of("ann's mailbox")


def cloud(alias: str) -> dict[str, Any]:
    return {"exchange_guid": GUID, "alias": alias, "display_name": "Ännchen"}


def test_a_baseline_is_kept_and_read_back(tmp_path: Path) -> None:
    baselines = Baselines(on_disk(tmp_path / "offboarding"))
    assert baselines.load(GUID) is None
    saved = baselines.save("ann@contoso.com", cloud("ann"), {"kind": "user"})
    assert baselines.load(GUID) == saved
    assert (saved["version"], saved["identity"], saved["cloud"], saved["on_premises"]) == (
        VERSION,
        "ann@contoso.com",
        cloud("ann"),
        {"kind": "user"},
    )
    assert saved["taken_at"].endswith("Z")


def test_it_is_readable_by_its_owner_only_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    baselines = Baselines(on_disk(tmp_path))
    baselines.save("ann@contoso.com", cloud("ann"), {})
    path = Path(baselines.path(GUID))
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert os.listdir(path.parent) == [f"{GUID}.json"]


def test_it_is_never_overwritten(tmp_path: Path) -> None:
    first = Baselines(on_disk(tmp_path)).save("ann@contoso.com", cloud("ann"), {})
    second = Baselines(on_disk(tmp_path)).save("ann@contoso.com", cloud("overwritten by a sync"), {"kind": "mail_user"})
    assert second == first == Baselines(on_disk(tmp_path)).load(GUID)
    assert len(os.listdir(tmp_path / "baseline")) == 1


def test_of_two_writers_at_once_one_wins_and_both_know_it(tmp_path: Path) -> None:
    together = threading.Barrier(2)
    told: list[str] = []

    def write(alias: str) -> None:
        baselines = Baselines(on_disk(tmp_path))
        together.wait(10)
        told.append(baselines.save("ann@contoso.com", cloud(alias), {})["cloud"]["alias"])

    for round_number in range(10):
        threads = [threading.Thread(target=write, args=(f"writer {number}",)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stands = json.loads(Path(Baselines(on_disk(tmp_path)).path(GUID)).read_text(encoding="utf-8"))
        assert told == [stands["cloud"]["alias"]] * 2, f"round {round_number}"
        told.clear()
        Path(Baselines(on_disk(tmp_path)).path(GUID)).unlink()


# What stands on the disks of those who use the collection: a release that reads it no more strands their waves.
ON_DISK = """{
 "version": 2,
 "exchange_guid": "4f2e0c3b-0d0c-5a57-9d4e-1c1f6a0a7e11",
 "identity": "ann@contoso.com",
 "taken_at": "2026-11-30T09:00:00Z",
 "cloud": {"exchange_guid": "4f2e0c3b-0d0c-5a57-9d4e-1c1f6a0a7e11", "display_name": "Ännchen"},
 "on_premises": {"kind": "user"},
 "checksum": "sha256:%s"
}"""
ON_DISK_SUM = "4832b2f3475964bbeb1b5af0f41daccd03f5223a8c155c994bed8162c7cbc9e4"
ON_DISK_GUID = "4f2e0c3b-0d0c-5a57-9d4e-1c1f6a0a7e11"


def written(tmp_path: Path, data: Any, guid: str = GUID) -> Baselines:
    """Return the baselines of a directory with this content under the mailbox's name."""
    baselines = Baselines(on_disk(tmp_path))
    Path(baselines.path(guid)).parent.mkdir(exist_ok=True)
    text = data if isinstance(data, str) else json.dumps(data)
    Path(baselines.path(guid)).write_text(text, encoding="utf-8")
    return baselines


def test_the_form_on_disk_is_pinned(tmp_path: Path) -> None:
    data = written(tmp_path, ON_DISK % ON_DISK_SUM, ON_DISK_GUID).load(ON_DISK_GUID)
    assert data is not None
    assert (VERSION, data["version"], data["cloud"]["display_name"]) == (2, 2, "Ännchen")
    fresh = Baselines(on_disk(tmp_path / "fresh")).save("ann@contoso.com", cloud("ann"), {"kind": "user"})
    assert list(fresh) == list(data)
    assert json.loads(Path(Baselines(on_disk(tmp_path / "fresh")).path(GUID)).read_text(encoding="utf-8")) == fresh


def first_form(**changes: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "taken_at": "2026-11-23T09:00:00Z",
        "identity": "ann@contoso.com",
        "cloud": cloud("ann"),
        "on_premises": {"kind": "user"},
        **changes,
    }


def test_a_baseline_of_the_first_form_is_read(tmp_path: Path) -> None:
    assert written(tmp_path, first_form()).load(GUID) == first_form()


def test_a_baseline_laid_out_anew_is_the_same(tmp_path: Path) -> None:
    baselines = Baselines(on_disk(tmp_path))
    saved = baselines.save("ann@contoso.com", cloud("ann"), {"kind": "user"})
    turned = json.dumps(dict(reversed(saved.items())), indent=4)
    Path(baselines.path(GUID)).write_text(turned, encoding="utf-8")
    assert baselines.load(GUID) == saved


def test_a_value_that_was_changed_by_hand_is_told(tmp_path: Path) -> None:
    saved = Baselines(on_disk(tmp_path)).save("ann@contoso.com", {**cloud("ann"), "tags": ["a"]}, {"kind": "user"})
    for change in ({"alias": "eve"}, {"tags": ["a", "b"]}, {"exchange_guid": GUID.upper()}):
        changed = copy.deepcopy(saved)
        changed["cloud"].update(change)
        with pytest.raises(InputError, match="its checksum does not match its values") as caught:
            written(tmp_path, changed).load(GUID)
        assert caught.value.code == "unreadable_baseline"
    bare = {name: value for name, value in saved.items() if name != "checksum"}
    with pytest.raises(InputError, match="checksum"):
        written(tmp_path, bare).load(GUID)


@pytest.mark.parametrize("version", [1, 2])
def test_a_baseline_of_another_mailbox_is_not_trusted_by_its_name(tmp_path: Path, version: int) -> None:
    eve = guid_of("eve's mailbox")
    baselines = Baselines(on_disk(tmp_path))
    data = baselines.save("eve@contoso.com", {"exchange_guid": eve, "alias": "eve"}, {"kind": "user"})
    if version == 1:
        data = first_form(identity="eve@contoso.com", cloud=data["cloud"])
    for call in (baselines.load, baselines.set_aside):
        written(tmp_path, data)
        with pytest.raises(InputError) as caught:
            call(GUID)
        assert caught.value.code == "foreign_baseline"
        for part in (baselines.path(GUID), eve, "eve@contoso.com", GUID):
            assert part in caught.value.message
    # Renamed in the outer part only, it still is the other mailbox's.
    if version == 2:
        renamed = {**data, "exchange_guid": GUID}
        with pytest.raises(InputError) as caught:
            written(tmp_path, {**renamed, "checksum": documents.checksum(renamed)}).load(GUID)
        assert caught.value.code == "foreign_baseline"


def test_a_first_form_without_a_guid_is_nobodys(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="without a GUID") as caught:
        written(tmp_path, first_form(cloud={"alias": "ann"})).load(GUID)
    assert caught.value.code == "foreign_baseline"


def test_a_newer_version_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="version 3, which this release does not support"):
        written(tmp_path, first_form(version=3)).load(GUID)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[]", b'{"version": 99, "cloud": {}}', b'{"version": 1, "cloud": null}']
)
def test_a_damaged_baseline_is_never_taken_for_none(tmp_path: Path, content: bytes) -> None:
    baselines = Baselines(on_disk(tmp_path))
    (tmp_path / "baseline").mkdir()
    Path(baselines.path(GUID)).write_bytes(content)
    with pytest.raises(InputError) as caught:
        baselines.load(GUID)
    assert (caught.value.code, baselines.path(GUID) in caught.value.message) == ("unreadable_baseline", True)
    with pytest.raises(InputError):
        baselines.save("ann@contoso.com", cloud("ann"), {})
    assert Path(baselines.path(GUID)).read_bytes() == content


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Baselines(on_disk(tmp_path / "file")).save("ann@contoso.com", cloud("ann"), {})
    assert (caught.value.code, caught.value.option) == ("unwritable_directory", "directory")
    assert "outlives the run" in caught.value.remedy


def test_a_baseline_that_was_set_aside_makes_room_for_a_fresh_one(tmp_path: Path) -> None:
    baselines = Baselines(on_disk(tmp_path))
    assert (baselines.set_aside(GUID), baselines.last_set_aside(GUID)) == ("", "")
    first = baselines.save("ann@contoso.com", cloud("ann"), {})
    path = baselines.set_aside(GUID)
    assert Path(path).parent == tmp_path / "baseline" / ROLLED_BACK
    assert json.loads(Path(path).read_text(encoding="utf-8")) == first
    assert (baselines.load(GUID), baselines.last_set_aside(GUID)) == (None, path)
    assert baselines.save("ann@contoso.com", cloud("fresh"), {})["cloud"] == cloud("fresh")


def test_what_was_set_aside_is_never_overwritten(tmp_path: Path) -> None:
    baselines = Baselines(on_disk(tmp_path))
    taken = [baselines.save("ann@contoso.com", cloud(alias), {}) and baselines.set_aside(GUID) for alias in "abc"]
    found = sorted(json.loads(Path(path).read_text(encoding="utf-8"))["cloud"]["alias"] for path in taken)
    assert (len(set(taken)), found) == (3, ["a", "b", "c"])


def test_a_kill_while_a_baseline_is_set_aside_is_ended_by_the_next_call(tmp_path: Path) -> None:
    baselines = Baselines(on_disk(tmp_path))
    baselines.save("ann@contoso.com", cloud("ann"), {})
    moved = Path(baselines.set_aside(GUID))
    os.link(moved, baselines.path(GUID))  # as a kill between the two steps leaves it
    assert baselines.set_aside(GUID) == str(moved)
    assert os.listdir(moved.parent) == [moved.name]
    assert not Path(baselines.path(GUID)).exists()


def test_a_baseline_that_cannot_be_set_aside_stays(tmp_path: Path) -> None:
    baselines = Baselines(on_disk(tmp_path))
    saved = baselines.save("ann@contoso.com", cloud("ann"), {})
    (tmp_path / "baseline" / ROLLED_BACK).write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(InputError, match=r"directory: .* cannot take the baseline") as refused:
        baselines.set_aside(GUID)
    assert refused.value.code == "unwritable_directory"
    assert baselines.load(GUID) == saved


def test_a_fresh_baseline_takes_the_place_of_the_old_one_which_is_kept(tmp_path: Path) -> None:
    baselines = Baselines(on_disk(tmp_path))
    old = baselines.save("ann@contoso.com", cloud("ann"), {"kind": "user"})
    kept = baselines.replace(content("ann@contoso.com", cloud("new"), {"kind": "user"}, old["taken_at"]))
    assert Path(kept).parent == tmp_path / "baseline" / SUPERSEDED
    assert json.loads(Path(kept).read_text(encoding="utf-8")) == old
    now = baselines.load(GUID)
    assert now is not None
    assert (now["cloud"]["alias"], now["taken_at"]) == ("new", old["taken_at"])
    again = baselines.replace(content("ann@contoso.com", cloud("newer"), {"kind": "user"}))
    assert json.loads(Path(again).read_text(encoding="utf-8")) == now
    assert baselines.last_set_aside(GUID) == ""
    assert stat.S_IMODE(Path(baselines.path(GUID)).stat().st_mode) == 0o600


@pytest.mark.parametrize("damaged", ["{", '{"taken_at": "../../x"}', "[]", '{"taken_at": 7}'])
def test_a_damaged_one_is_kept_too(tmp_path: Path, damaged: str) -> None:
    baselines = written(tmp_path, damaged)
    kept = Path(baselines.replace(content("ann@contoso.com", cloud("ann"), {"kind": "user"})))
    assert (kept.read_text(encoding="utf-8"), kept.parent) == (damaged, tmp_path / "baseline" / SUPERSEDED)
    assert baselines.load(GUID) is not None


def test_where_the_old_one_cannot_be_kept_it_stays(tmp_path: Path) -> None:
    baselines = Baselines(on_disk(tmp_path))
    saved = baselines.save("ann@contoso.com", cloud("ann"), {})
    (tmp_path / "baseline" / SUPERSEDED).write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(InputError, match=r"cannot take the baselines") as refused:
        baselines.replace(content("ann@contoso.com", cloud("new"), {}))
    assert (refused.value.code, baselines.load(GUID)) == ("unwritable_directory", saved)
