# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.opening import open_memory, refuse_path
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.modules import offboarding_report

from tests.unit.plugins.module_utils.in_process import patch_module_args

URL = "postgresql://offboarding@db01.contoso.com/offboarding"
SECRET = "Tr0ub4dor"
ARGUMENTS = Arguments(memory=True, wave=False, task={"directory": {"type": "path"}, "mailboxes_file": {"type": "path"}})


def test_without_an_address_runs_remember_in_files() -> None:
    assert isinstance(open_memory(""), FileMemory)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://offboarding:{SECRET}@db01.contoso.com/offboarding",
        f"postgresql://db01.contoso.com/offboarding?user=x&password={SECRET}",
        f"mysql://offboarding:{SECRET}@db01.contoso.com/offboarding",
        f"/srv/{SECRET}",
        f"host=db01 password={SECRET}",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_and_its_password_is_never_shown(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError) as caught:
        open_memory(url)
    assert (caught.value.option, caught.value.code, bool(caught.value.remedy)) == ("memory", "unusable_memory", True)
    assert SECRET not in caught.value.sentence()
    with patch_module_args({"memory": url}), pytest.raises(SystemExit) as ended:
        HybridModule(ARGUMENTS)
    said = capsys.readouterr()
    result = json.loads(said.out.strip().splitlines()[-1])
    assert (ended.value.code, result["error"]["code"]) == (1, "unusable_memory")
    assert SECRET not in said.out + said.err


def test_a_password_in_an_address_is_refused_with_the_places_for_one() -> None:
    with pytest.raises(InputError) as caught:
        open_memory(f"postgresql://offboarding:{SECRET}@db01.contoso.com/offboarding")
    for place in ("PGPASSWORD", "PGPASSFILE", "service"):
        assert place in caught.value.sentence()


def test_a_database_has_names_and_no_paths(capsys: pytest.CaptureFixture[str]) -> None:
    def work(module: HybridModule) -> NoReturn:
        folder = module.folder()
        wave = module.memory_at("offboarding/wave.json"), module.memory_at("/tmp/offboarding.x/wave.json")
        module.exit(changed=False, path=folder.path if folder else "", kinds=[type(memory).__name__ for memory in wave])

    said = []
    for directory in ("offboarding", "/srv/offboarding"):
        with patch_module_args({"memory": URL, "directory": directory}), pytest.raises(SystemExit):
            HybridModule(ARGUMENTS).run(work)
        said.append(json.loads(capsys.readouterr().out.strip().splitlines()[-1]))
    # An absolute path of a wave is a file's all the same: a preview has a copy of its own.
    assert (said[0]["path"], said[0]["kinds"]) == ("offboarding", ["PostgreSQLMemory", "FileMemory"])
    assert said[1]["error"]["code"] == "path_in_database"
    assert said[1]["msg"].startswith("directory: '/srv/offboarding' is a path, and the memory is a database. ")
    refuse_path(FileMemory(), "directory", "/srv/offboarding")


def test_the_environment_names_the_memory_where_the_task_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(module: HybridModule) -> NoReturn:
        module.exit(changed=False, kind=type(module.memory).__name__)

    told = []
    for value in (URL, "", " "):
        monkeypatch.setenv("OFFBOARDING_MEMORY", value)
        with patch_module_args({}), pytest.raises(SystemExit):
            HybridModule(ARGUMENTS).run(work)
        told.append(json.loads(capsys.readouterr().out.strip().splitlines()[-1])["kind"])
    assert told == ["PostgreSQLMemory", "FileMemory", "FileMemory"]


def test_a_name_in_a_database_is_no_directory_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A report of a readiness check that lies where the task happens to run is another wave's."""
    (tmp_path / "offboarding").mkdir()
    there = json.dumps({"environment": [], "mailboxes": []})
    (tmp_path / "offboarding" / "readiness.json").write_text(there, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    given = {
        "path": str(tmp_path / "report.html"),
        "title": "",
        "mailboxes": [{"identity": "ann@contoso.com"}],
        "directory": "offboarding",
        "journal": str(tmp_path / "none.jsonl"),
        "progress_file": str(tmp_path / "none.progress"),
    }
    missing = []
    for more in ({}, {"memory": URL}):
        with patch_module_args({**given, **more}), pytest.raises(SystemExit):
            offboarding_report.main()
        missing.append(json.loads(capsys.readouterr().out.strip().splitlines()[-1])["missing"])
    assert missing == [["journal", "progress"], ["readiness", "journal", "progress"]]
