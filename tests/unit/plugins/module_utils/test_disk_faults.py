# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a disk does to what runs write down: one sentence that names option, path and remedy, or no harm at all.

Nothing is written to Exchange that is not written down first, and what became of a mailbox is never lost.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change, Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync import pause_notes
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.directory_sync import (
    PAUSE_LOCK,
    DirectorySync,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.pause_notes import (
    note_of,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.memory import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.settings import (
    MoveSettings,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.baseline import (
    Baselines,
    content,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.placement import decisions
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.placement.decisions import Decision
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import TEMPORARY, FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Note

from tests.unit.plugins.module_utils._memory.failing import Failing, System
from tests.unit.plugins.module_utils.fakes import guid_of, on_disk
from tests.unit.plugins.module_utils.in_process import patch_module_args
from tests.unit.plugins.module_utils.lab_in_process import InProcess
from tests.unit.plugins.module_utils.procedure_in_process import PHASES, Procedure

GUID = guid_of("ann's mailbox")
CLOUD: Any = {"exchange_guid": GUID, "alias": "ann"}
RECORD: Any = {"identity": "ann@contoso.com"}
REQUEST: Any = {"exchange_guid": GUID, "batch_name": "", "remote_host_name": "", "suspend_when_ready_to_complete": ""}


def sync(folder: Folder, lab: InProcess, holder: str = "a") -> DirectorySync:
    return DirectorySync(
        lab.connect(), False, wait_timeout=60, wait_sleep=1, sleep=lab.sleep, clock=lab.clock, holder=holder
    )


def save_wave(folder: Folder) -> None:
    wave_files.save(folder.memory, folder.at("wave.json"), [RECORD])


def save_baseline(folder: Folder) -> None:
    Baselines(folder).save("ann@contoso.com", CLOUD, {"kind": "user"})


def replace_baseline(folder: Folder) -> None:
    Baselines(on_disk(folder.path)).save("ann@contoso.com", CLOUD, {"kind": "user"})
    Baselines(folder).replace(content("ann@contoso.com", CLOUD, {"kind": "user"}))


def begin(folder: Folder) -> None:
    HalfMade(folder, "run").begin(Note("ann@contoso.com", "guid-1", {}))


def pause(folder: Folder) -> None:
    lab = InProcess()
    try:
        sync(folder, lab).paused(folder)
    finally:
        # Nothing is stopped that nobody would know of.
        assert lab.hybrid.sync.sync_cycle_enabled is not folder.memory.exists(note_of(folder, "a"))


def save_progress(folder: Folder) -> None:
    memory = Memory(folder.memory, folder.at("wave.json.progress"))
    memory.looks.append({"utc": "2026-11-30T18:00:00Z", "counts": {}, "bytes_gained": 0})
    unkept = memory.save()
    if unkept:
        raise unkept


def append(folder: Folder) -> None:
    with Journal(folder.memory, folder.at("journal.jsonl")) as journal, journal.writing(
        "exchange_server", "ex01", Cmdlet("Set-MailUser"), Change("ann@contoso.com")
    ):
        (Path(folder.path) / "sent").touch()


def save_settings(folder: Folder) -> None:
    settings = MoveSettings(folder.memory, folder.at("wave.json.moves"))
    settings.keep(REQUEST, {"remote_database_name": "DB01"})  # type: ignore[typeddict-item]
    warnings = settings.save()
    assert warnings == [] or folder.at("wave.json.moves") in warnings[0]


def decide(folder: Folder) -> None:
    entry: Decision = {
        "identity": "ann@contoso.com", "database": "DB01", "size": 1, "arrived": False,
        "decided_at": "2026-11-30T18:00:00Z",
    }  # fmt: skip
    decisions.settled(folder, lambda standing: {**standing, GUID: entry}, check=False)


def read_pause(folder: Folder) -> bool:
    """Tell whether a pause is ended beside which this note of another holder is."""
    lab = InProcess()
    sync(folder, lab, "b").paused(folder)
    return sync(folder, lab, "b").resumed(folder).changed


@dataclass(frozen=True)
class Kind:
    """What runs write down: where, how it is written and read, and the code of what is said of one that is damaged.

    Without a code a damaged one does no harm: ``read`` then returns what it returns where there is none.
    """

    path: str
    option: str
    write: Callable[[Folder], object]
    read: Callable[[Folder], object]
    code: str = ""


KINDS = {
    "wave": Kind(
        "wave.json", "mailboxes_file", save_wave,
        lambda folder: wave_files.opened("", wave_files.load(folder.memory, folder.at("wave.json"))), "unreadable_file",
    ),
    "baseline": Kind(
        f"baseline/{GUID}.json", "directory", save_baseline, lambda folder: Baselines(folder).load(GUID),
        "unreadable_baseline",
    ),
    "note": Kind("half-made/guid-1.json", "directory", begin, half_made.load, "addresses_at_risk"),
    "pause": Kind("directory-sync-paused.a.json", "directory", pause, read_pause),
    "databases": Kind(
        decisions.NAME, "directory", decide, lambda folder: decisions.load(folder)[1], "unreadable_file"
    ),
    "progress": Kind(
        "wave.json.progress", "progress_file", save_progress,
        lambda folder: Memory(folder.memory, folder.at("wave.json.progress")).looks,
    ),
    "settings": Kind(
        "wave.json.moves", "", save_settings,
        lambda folder: MoveSettings(folder.memory, folder.at("wave.json.moves")).of(REQUEST),
    ),
}  # fmt: skip
NOTHING: dict[str, object] = {"pause": True, "progress": [], "settings": None}


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def changed(path: Path) -> None:
    """Change a value as a hand or a faulty disk does, and leave the checksum."""
    told = path.read_text(encoding="utf-8")
    for old, new in (("ann", "eve"), ("2026-", "2025-"), ("DB01", "DB02")):
        told = told.replace(old, new)
    path.write_text(told, encoding="utf-8")


def unreadable(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def instead(put: Callable[[Path], object]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.unlink()
        put(path)

    return damage


DAMAGES: dict[str, Callable[[Path], object]] = {
    "pipe": instead(os.mkfifo),
    "link": instead(lambda path: path.symlink_to("/etc/passwd")),
    "dangling link": instead(lambda path: path.symlink_to(path.parent / "nowhere")),
    "device": instead(lambda path: path.symlink_to("/dev/zero")),
    "directory": instead(Path.mkdir),
    "truncated": half,
    "empty": lambda path: path.write_bytes(b""),
    "foreign text": lambda path: path.write_bytes(b"<html>502 Bad Gateway</html>"),
    "other document": lambda path: path.write_bytes(b"[1, 2]"),
    "other version": lambda path: path.write_text(documents.text_of(documents.sealed({"version": 99}))),
    "not UTF-8": lambda path: path.write_bytes(b'[{"identity": "\xff"}]'),
    "zeros": lambda path: path.write_bytes(b"\0" * 4096),
    "nested": lambda path: path.write_bytes(b"[" * 200_000),
    # It can be read, and its checksum cannot be made.
    "deep": lambda path: path.write_bytes(b'{"checksum": "x", "version": 1, "a": ' + b"[" * 900 + b"]" * 900 + b"}"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_damaged_is_told_in_a_sentence_or_does_no_harm(
    kind: str, damage: Callable[[Path], object], tmp_path: Path
) -> None:
    what, folder = KINDS[kind], on_disk(tmp_path)
    what.write(folder)
    damage(tmp_path / what.path)
    if not what.code:
        assert what.read(folder) == NOTHING[kind]
        return
    with pytest.raises(InputError) as caught:
        what.read(folder)
    told = caught.value
    assert (told.code, told.option) == (what.code, what.option)
    assert told.message.startswith(f"{what.option}: '{tmp_path / what.path}' ")
    assert told.remedy
    assert "\n" not in told.sentence()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "wave"])
def test_a_value_that_was_changed_is_noticed(kind: str, tmp_path: Path) -> None:
    what, folder = KINDS[kind], on_disk(tmp_path)
    what.write(folder)
    changed(tmp_path / what.path)
    if what.code:
        with pytest.raises(InputError) as caught:
            what.read(folder)
        assert caught.value.code in (what.code, "foreign_baseline")
    else:
        assert what.read(folder) == NOTHING[kind]


@pytest.mark.parametrize(
    "system", [{"read": errno.EIO}, {"open": errno.EACCES}, {"open": errno.EMFILE}, {"open": errno.ESTALE}], ids=str
)
@pytest.mark.parametrize("kind", [kind for kind, what in KINDS.items() if what.code])
def test_a_disk_that_cannot_be_read_is_told_in_a_sentence(kind: str, system: dict[str, int], tmp_path: Path) -> None:
    what = KINDS[kind]
    what.write(on_disk(tmp_path))
    with pytest.raises(InputError) as caught:
        what.read(Folder(FileMemory(system=System(**system)), str(tmp_path)))
    (number,) = system.values()
    assert (caught.value.code, os.strerror(number) in caught.value.message) == (what.code, True)


WRITES: dict[str, tuple[Callable[[Folder], object], str, str, str]] = {
    "wave": (save_wave, "mailboxes_file", "unwritable_file", "replace"),
    "baseline": (save_baseline, "directory", "unwritable_directory", "link"),
    "fresh baseline": (replace_baseline, "directory", "unwritable_directory", "replace"),
    "note": (begin, "directory", "unwritable_directory", "replace"),
    "pause": (pause, "directory", "unwritable_directory", "replace"),
    "progress": (save_progress, "progress_file", "unwritable_file", "replace"),
    "journal": (append, "journal", "unwritable_journal", "write"),
    "settings": (save_settings, "", "", "replace"),
}
REMEDIES = {
    errno.ENOSPC: "Free some space",
    errno.EDQUOT: "disk quota",
    errno.EROFS: "mount it for writing",
    errno.EIO: "faulty",
    errno.EACCES: "can write to",
    errno.EMFILE: "ulimit",
}


@pytest.mark.parametrize("number", REMEDIES, ids=errno.errorcode.get)
@pytest.mark.parametrize("call", ["open", "write", "fsync", "last"])
@pytest.mark.parametrize("kind", WRITES)
def test_a_disk_that_takes_nothing_is_told_in_a_sentence(kind: str, call: str, number: int, tmp_path: Path) -> None:
    write, option, code, last = WRITES[kind]
    if kind == "journal" and call == "fsync":
        # One at the end, which changes nothing of what was done.
        (tmp_path / "journal.jsonl").touch()
        write(Folder(FileMemory(system=System(fsync=number)), str(tmp_path)))
        assert (tmp_path / "sent").exists()
        return
    folder = Folder(FileMemory(system=System(**{last if call == "last" else call: number})), str(tmp_path))
    if not code:
        write(folder)
    else:
        with pytest.raises(InputError) as caught:
            write(folder)
        told = caught.value
        assert (told.code, told.option, os.strerror(number) in told.message) == (code, option, True)
        assert str(tmp_path) in told.message
        assert REMEDIES[number] in told.remedy
    assert not (tmp_path / "sent").exists()
    assert [path.name for path in tmp_path.rglob(f"{TEMPORARY}*")] == []


USED: dict[str, tuple[Callable[[Folder], object], str]] = {
    "journal.jsonl": (append, "unwritable_journal"),
    half_made.LOCK: (half_made.nobody_writes, "unwritable_directory"),
    PAUSE_LOCK: (pause, "unwritable_directory"),
}


@pytest.mark.parametrize("put", [os.mkfifo, lambda path: path.symlink_to("/etc/passwd"), Path.mkdir])
@pytest.mark.parametrize("name", USED)
def test_what_is_in_the_place_of_a_journal_or_a_lock_is_told(
    name: str, put: Callable[[Path], object], tmp_path: Path
) -> None:
    put(tmp_path / name)
    use, code = USED[name]
    with pytest.raises(InputError) as caught:
        use(on_disk(tmp_path))
    assert caught.value.code == code
    assert str(tmp_path / name) in caught.value.message


# -- a run -------------------------------------------------------------------------------------------------------------


def two(tmp_path: Path, memory: FileMemory) -> Procedure:
    procedure = Procedure(str(tmp_path), memory=memory)
    procedure.pairs = [procedure.build.cloud_only(name) for name in ("Ann Archer", "Bob Baker")]
    return procedure


def written(procedure: Procedure) -> set[str]:
    """Return of which mailboxes it was told that they were written."""
    told = [entry for entry in procedure.told if entry.phase == "prepare" and entry.identity]
    return {entry.identity for entry in told if entry.status == "changed"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_without_a_baseline_nothing_is_written(number: int, tmp_path: Path) -> None:
    procedure = two(tmp_path, Failing("baseline", number, "create"))
    procedure.run(PHASES)
    assert set(procedure.lab.writes) <= {"Set-ADSyncScheduler", "Start-ADSyncSyncCycle"}
    refused = {pair.identity: procedure.refused[pair.identity] for pair in procedure.pairs}
    assert {(found.phase, found.error.code) for found in refused.values()} == {("state", "unwritable_directory")}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_without_a_note_no_user_is_begun_with(number: int, tmp_path: Path) -> None:
    procedure = two(tmp_path, Failing("half-made/", number, "write"))
    procedure.run(["prepare"])
    assert set(procedure.lab.writes) == {"Set-ADSyncScheduler"}
    refused = {pair.identity: procedure.refused[pair.identity] for pair in procedure.pairs}
    assert {(found.phase, found.error.code) for found in refused.values()} == {("prepare", "unwritable_directory")}
    assert procedure.lab.hybrid.sync.sync_cycle_enabled


def test_without_a_note_of_the_pause_nothing_is_paused(tmp_path: Path) -> None:
    procedure = two(tmp_path, Failing("directory-sync-paused", errno.ENOSPC, "write"))
    procedure.run(["prepare"])
    assert (list(procedure.lab.writes), procedure.refused[""].error.code) == ([], "unwritable_directory")


def test_one_baseline_that_cannot_be_written_stops_its_mailbox_alone(tmp_path: Path) -> None:
    procedure = two(tmp_path, FileMemory())
    ann, bob = procedure.pairs
    procedure.memory = Failing(f"baseline/{ann.cloud.exchange_guid}", errno.EIO, "create")
    procedure.run(["prepare"])
    assert procedure.refused[ann.identity].error.code == "unwritable_directory"
    assert bob.identity not in procedure.refused
    assert written(procedure) == {bob.identity}


def test_what_was_written_is_told_although_the_notes_cannot_be_read_any_more(tmp_path: Path) -> None:
    memory = Failing("half-made", errno.EIO, "paths", broken=False)
    procedure = two(tmp_path, memory)

    def breaks(procedure: Procedure) -> None:
        procedure.paused()
        memory.broken = True

    procedure.pause = breaks
    procedure.run(["prepare"])
    assert written(procedure) == {pair.identity for pair in procedure.pairs}
    assert procedure.refused[""].error.code == "addresses_at_risk"
    assert not procedure.lab.hybrid.sync.sync_cycle_enabled


# -- a module ----------------------------------------------------------------------------------------------------------


def writes(module: HybridModule) -> NoReturn:
    """Write to one mailbox, and fail for another."""
    ann, bob = (Outcome(record) for record in module.records())
    ann.status, ann.after, ann.cmdlets = "changed", {"x": 2}, ["Set-X"]
    bob.status, bob.error = "failed", HybridError("it went wrong.", code="wrong", remedy="Mend it.")
    module.finish([ann, bob])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("on_error", ["continue", "fail"])
def test_results_are_told_although_the_wave_cannot_be_written(
    on_error: str, number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wave.json"
    wave_files.save(FileMemory(), str(path), [RECORD, {"identity": "bob@contoso.com"}])
    before = path.read_bytes()
    with patch_module_args({"mailboxes_file": str(path), "on_error": on_error}), pytest.raises(SystemExit) as caught:
        HybridModule(Arguments(), files=Failing("wave.json", number, "write")).run(writes)
    result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert (caught.value.code, result["failed"], result["error"]["code"]) == (1, True, "unwritable_file")
    assert result["msg"].startswith(f"mailboxes_file: '{path}' cannot be written ({os.strerror(number)}). ")
    assert [(entry["identity"], entry["status"]) for entry in result["results"]] == [
        ("ann@contoso.com", "changed"),
        ("bob@contoso.com", "failed"),
    ]
    assert (result["summary"]["changed"], result["changed"], path.read_bytes()) == (1, True, before)


def test_results_are_told_although_the_directory_is_gone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "offboarding" / "wave.json"
    path.parent.mkdir()
    wave_files.save(FileMemory(), str(path), [RECORD])

    def work(module: HybridModule) -> NoReturn:
        (ann,) = module.records()
        shutil.rmtree(path.parent)
        module.finish([Outcome(ann, "changed", enriched={"exchange_guid": GUID})])

    with patch_module_args({"mailboxes_file": str(path)}), pytest.raises(SystemExit):
        HybridModule(Arguments()).run(work)
    result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert (result["error"]["code"], result["results"][0]["identity"]) == ("unwritable_file", "ann@contoso.com")


def test_notes_of_a_pause_that_cannot_be_listed_are_one_sentence(tmp_path: Path) -> None:
    folder = Folder(Failing(tmp_path.name, errno.EACCES, "paths"), str(tmp_path))
    with pytest.raises(InputError, match="paused directory synchronization, and cannot be read") as caught:
        pause_notes.notes(folder)
    assert (caught.value.code, "can read" in caught.value.remedy) == ("unreadable_file", True)
