# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is published around the code: licences, workflows, policies. Where they repeat a fact, it is the same fact."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAIR = tuple[str, str]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def load(name: str) -> Any:
    return yaml.safe_load(text(name))


def makefile(name: str) -> str:
    """Return the value that a variable of the Makefile has unless it is set."""
    found = re.search(rf"^{name} \?= (.*)$", text("Makefile"), re.MULTILINE)
    assert found, name
    return found[1]


def number(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))


def matrix() -> list[dict[str, str]]:
    included: list[dict[str, str]] = load(".github/workflows/ci.yml")["jobs"]["units"]["strategy"]["matrix"]["include"]
    return included


def pairs() -> list[PAIR]:
    return [(pair["core"], pair["python"]) for pair in matrix()]


def runs(workflow: str) -> list[str]:
    """Return what a workflow's steps run."""
    jobs = load(f".github/workflows/{workflow}.yml")["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


def uses() -> set[str]:
    """Return every action that a workflow uses."""
    names = (path.relative_to(ROOT).as_posix() for path in (ROOT / ".github/workflows").glob("*.yml"))
    jobs = (job for name in names for job in load(name)["jobs"].values())
    return {step["uses"] for job in jobs for step in job["steps"] if "uses" in step}


# -- what it runs on ---------------------------------------------------------------------------------------------------


def test_the_matrix_goes_from_the_oldest_release_to_the_pair_of_the_newest_python_without_a_gap() -> None:
    cores = [core for core, _python in pairs()]
    oldest = load("meta/runtime.yml")["requires_ansible"].removeprefix(">=").removesuffix(".0")
    assert makefile("OLDEST_CORE") == f"{oldest}.*"
    assert pairs()[0] == (oldest, makefile("OLDEST_PYTHON"))
    assert pairs()[-1][1] == makefile("NEWEST_PYTHON")
    minors = [number(core)[1] for core in cores]
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert [pair["target"] for pair in matrix()] == ["units-oldest"] + ["units-newest"] * (len(cores) - 1)


def test_the_page_about_support_has_the_pairs_of_the_matrix() -> None:
    assert re.findall(r"^\| (2\.\d+) \| (3\.\d+) \|$", text("docs/support.md"), re.MULTILINE) == pairs()


def test_the_readme_asks_for_the_oldest_releases_of_the_matrix() -> None:
    core, python = pairs()[0]
    assert f"ansible-core {core} or newer" in text("README.md")
    assert f"Python {python} or newer" in text("README.md")


# -- workflows ---------------------------------------------------------------------------------------------------------


def test_workflows_call_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    called = {
        word
        for command in (*runs("ci"), *runs("release"))
        if command.startswith("make ")
        for word in command.split()[1:]
        if re.fullmatch(r"[a-z][a-z-]*", word)
    }
    assert {"lint", "lint-galaxy", "release-files"} <= called
    assert called <= targets
    assert {pair["target"] for pair in matrix()} <= targets


def test_only_actions_of_github_are_used_and_no_checkout_keeps_the_token() -> None:
    assert {used.partition("/")[0] for used in uses()} == {"actions"}
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        page = path.read_text(encoding="utf-8")
        assert page.count("uses: actions/checkout@") == page.count("persist-credentials: false"), path.name


def test_a_release_is_of_its_tag_and_is_published_after_everything_else() -> None:
    release = load(".github/workflows/release.yml")
    assert release["on"] == {"push": {"tags": ["v*"]}}
    assert release["permissions"] == {"contents": "read"}
    build, publish = release["jobs"]["build"], release["jobs"]["publish"]
    assert publish["needs"] == "build"
    assert "environment" in publish
    assert "environment" not in build
    secrets = [name for name, job in release["jobs"].items() if "secrets." in yaml.safe_dump(job)]
    assert secrets == ["publish"]
    used = [step.get("uses", "").partition("@")[0] for step in build["steps"]]
    assert {"actions/attest-build-provenance", "actions/attest-sbom"} <= set(used)
    assert used[-1] == "actions/upload-artifact"
    publishing = [run for run in runs("release") if "collection publish" in run or "gh release create" in run]
    assert len(publishing) == 2
    assert publishing == runs("release")[-2:]


def test_a_tag_that_is_not_the_version_is_not_released() -> None:
    """The step's own script, with the tag of the version and with another one."""
    (check,) = (run for run in runs("release") if "galaxy.yml" in run)
    version = load("galaxy.yml")["version"]
    outcomes = {
        tag: subprocess.run(["bash", "-ec", check], env={**os.environ, "TAG": tag}, cwd=ROOT, check=False).returncode
        for tag in (f"v{version}", version, f"v{version}1", "v")
    }
    assert outcomes == {f"v{version}": 0, version: 1, f"v{version}1": 1, "v": 1}


def test_fragments_that_were_not_released_stop_a_release(tmp_path: Path) -> None:
    (check,) = (run for run in runs("release") if "fragments" in run)
    fragments = tmp_path / "changelogs" / "fragments"
    fragments.mkdir(parents=True)
    (fragments / "left.yml").touch()
    assert subprocess.run(["bash", "-ec", check], cwd=tmp_path, check=False).returncode == 1
    (fragments / "left.yml").unlink()
    fragments.rmdir()
    assert subprocess.run(["bash", "-ec", check], cwd=tmp_path, check=False).returncode == 0


def test_actionlint_without_a_workflow_is_no_pass(tmp_path: Path) -> None:
    script = ROOT / "tests/tools/actionlint.sh"
    done = subprocess.run(
        ["bash", script, "check", "environment"], cwd=tmp_path, capture_output=True, check=False, text=True
    )
    assert done.returncode == 1
    assert "no workflow" in done.stderr


# -- licences and policies ---------------------------------------------------------------------------------------------


def test_the_licence_of_reuse_is_the_licence_itself() -> None:
    (licence,) = (ROOT / "LICENSES").iterdir()
    assert licence.stem == load("galaxy.yml")["license"][0]
    assert os.readlink(licence) == "../LICENSE"


def test_the_pages_for_contributors_are_not_in_the_archive() -> None:
    ignored = set(load("galaxy.yml")["build_ignore"])
    assert {".github", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "LICENSES", "REUSE.toml", "SECURITY.md"} <= ignored


def test_issue_forms_lead_to_pages_that_exist() -> None:
    repository = load("galaxy.yml")["repository"]
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / ".github").rglob("*.yml")]
    pages += [text("SECURITY.md"), text("CODE_OF_CONDUCT.md"), text("docs/support.md")]
    linked = {found for page in pages for found in re.findall(rf"{repository}/blob/main/([\w/.-]+\w)", page)}
    assert "docs/failures.md" in linked
    assert {name for name in linked if not (ROOT / name).is_file()} == set()


def test_every_breaking_change_is_on_the_page_about_upgrading() -> None:
    """The names in code font, of each fragment and each release: the page is written by hand."""
    page = text("docs/upgrading.md")
    told = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "changelogs/fragments").glob("*.yml")]
    told += [release.get("changes", {}) for release in load("changelogs/changelog.yaml")["releases"].values()]
    changes = [change for part in told for change in part.get("breaking_changes", [])]
    assert len(changes) >= 5
    missing = {
        name for change in changes for name in re.findall(r"``([a-z_]+)(?:[=:] ?\w+)?``", change) if name not in page
    }
    assert missing == set()
