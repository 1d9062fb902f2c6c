# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page as a file: what it says without its script, and that nothing in a wave can change its markup."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import os
import re
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import (
    document,
    page,
    wording,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.markup import (
    element,
    read_data_block,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.save import write
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.sources import (
    Given,
    Source,
    Sources,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._features.offboarding_report import waves

LATER = waves.NOW + datetime.timedelta(hours=3)


class Reader(HTMLParser):
    """Reads a page as a browser does: its elements in order, its texts, what stands in script and style."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.comments: list[str] = []
        self.texts: list[str] = []
        self.raw: list[tuple[str, str]] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _value in attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.raw.append((self._inside, data))
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def rendered(wave: waves.Wave) -> str:
    return page.render(document.build(wave.given(), waves.NOW))


# -- hostile text ------------------------------------------------------------------------------------------------------

HOSTILE = (
    "</script><script>alert(1)</script>", "<!--", "<!--<script>", "-->", "]]>", "</style>", "</title><h1>",
    "<img src=x onerror=alert(1)>", '" onmouseover="alert(1)', "' autofocus onfocus='alert(1)", "&lt;script&gt;",
    "&#60;", "\0", "\u202eevil\u202c", "\u200f", "\u2028", "\ud800", "javascript:alert(1)", "`${alert(1)}`",
    "\\u003c/script>", "\r\n", "{{ 1 }}", "=cmd|' /C calc'!A0",
)  # fmt: skip
words = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8))
# Never empty: an empty text leaves elements out.
texts = st.lists(words, min_size=1, max_size=3).map(lambda parts: "".join(("x", *parts)))


def hostile(text: str) -> Given:
    """Return a wave in which every text of every file is this one."""
    finding = dict.fromkeys(("code", "found", "why", "remedy", "source", "mailbox"), text)
    blocker: dict[str, Any] = {**finding, "severity": "blocker", "accepted": False}
    readiness = {
        "generated_at": text, "environment": [blocker, {**blocker, "severity": text}],
        "mailboxes": [{"identity": f"a{text}", "findings": [blocker], "state": text}],
    }
    common = {"utc": waves.at(3), "run_id": text, "id": "1", "host": text, "object": f"a{text}"}
    events = [
        {**common, "event": "sent", "cmdlet": f"Set-{text}", "organization": text, "server": text},
        {**common, "event": "answered", "result": text, "error": text},
        {**common, "event": "accepted", "codes": [text]},
    ]
    request = {"identity": f"a{text}", "status": text, "status_detail": text, "percent_complete": 3, "read_at": text}
    error = dict.fromkeys(("code", "message", "cmdlet", "remedy"), text)
    return Given(
        text,
        [{"identity": f"a{text}", "display_name": text, "remote_target_database": text, "exchange_guid": text}],
        [{"identity": f"b{text}", "error": error}],
        Sources(
            Source("Readiness report", text, readiness),
            Source("Journal", text, events),
            Source("Progress of the moves", text, {"looks": [], "requests": {f"a{text}": request}}),
        ),
        text,
    )


@settings(max_examples=60)
@given(texts)
def test_no_text_changes_the_markup(text: str) -> None:
    tame = Reader(page.render(document.build(hostile("harmless"), waves.NOW)))
    wild_page = page.render(document.build(hostile(text), waves.NOW))
    wild_page.encode()
    wild = Reader(wild_page)
    assert wild.elements == tame.elements
    assert wild.comments == []
    # Style, policy and program are the same to the letter; the data are data.
    assert [raw for raw in wild.raw if not raw[1].startswith("{")] == [raw for raw in tame.raw if raw[1][0] != "{"]
    data = read_data_block(wild_page, page.DATA)
    assert data["mailboxes"][0][0] == wording.clean(f"a{text}")
    assert not re.search("[\0\u202e]", wild_page)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is(text: str) -> None:
    shown = " ".join(wording.clean(text).split())
    assert shown in Reader(page.render(document.build(hostile(text), waves.NOW))).text


def test_text_is_escaped_in_content_and_attributes() -> None:
    assert element("p", "<b>", element("i", "&"), title='"x"') == '<p title="&quot;x&quot;">&lt;b&gt;<i>&amp;</i></p>'
    assert element("input", hidden=True, disabled=False, value=None) == "<input hidden>"


def test_the_policy_lets_only_this_script_and_style_pass(tmp_path: Path) -> None:
    text = rendered(waves.build(tmp_path))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    raw = dict(Reader(text).raw)
    scripts = [body for kind, body in Reader(text).raw if kind == "script"]
    for directive, body in (("style-src", raw["style"]), ("script-src", scripts[-1])):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none';")
    assert not re.search(r"(?:src|href)=\"(?!#)", text)


# -- what it says ------------------------------------------------------------------------------------------------------


def test_the_page_says_the_essence_without_its_script(tmp_path: Path) -> None:
    told = Reader(rendered(waves.build(tmp_path))).text
    for text in (
        "3 of 60 mailboxes failed, 19 are home. 5 blockers stand.",
        "13 ready for cutover, 5 completed, not verified",
        "read 25 Nov 2026, 21:04 UTC, 12 min before this report.",
        "Release the hold, or export what it keeps.",
        "The error may be temporary: run the same wave again.",
        "The MRS proxy is off at EX02\\EWS (Default Web Site).",
        "Blocker, accepted",
        "Set-MailUser 60",
        "60 writes for 60 mailboxes : 1 failed, 1 result unknown.",
        "Accepted: litigation_hold for 1 mailbox.",
        "This list needs JavaScript",
    ):
        assert text in told


def test_what_is_missing_is_never_shown_as_good(tmp_path: Path) -> None:
    wave = waves.Wave(tmp_path, [{"identity": "ann@contoso.com"}], [])
    told = Reader(rendered(wave)).text
    for text in (
        "No readiness report was taken.",
        "it is not known what would stop these mailboxes",
        "There is no journal",
        "The moves have not been polled yet: no figures.",
        "1 not known",
    ):
        assert text in told
    unknown = Given("Wave", wave.records, None, wave.given().sources)
    told = Reader(page.render(document.build(unknown, waves.NOW))).text
    assert "The report has no failures of a run" in told
    assert "No mailbox failed" not in told


def test_a_run_that_died_is_never_shown_as_good(tmp_path: Path) -> None:
    people = [{"identity": f"user{number}@contoso.com"} for number in range(70)]
    home = {"identity": "home@contoso.com", "offboarding_state": "home"}
    wave = waves.Wave(tmp_path, [*people, home], [])
    given = Given("Wave", wave.records, [], wave.given().sources, error="Submit the moves: <no route> to the tenant.")
    told = Reader(page.render(document.build(given, waves.NOW))).text
    assert "The run did not finish, and left 70 mailboxes unfinished." in told
    for text in ("Submit the moves: <no route> to the tenant.", "user0@contoso.com", "and 10 more", "by itself"):
        assert text in told
    assert "No mailbox failed." not in told
    assert "home@contoso.com, " not in told


def test_a_mailbox_that_came_home_in_the_run_that_died_is_not_unfinished(tmp_path: Path) -> None:
    moves = {
        "ann": "Completed", "bob": "CompletedWithWarning", "cleo": "Completed", "dan": "InProgress", "eve": "Completed",
    }  # fmt: skip
    judged = {"offboarding_state": "to_do", "judged_at": waves.at(60)}
    people = [{"identity": f"{name}@contoso.com", "exchange_guid": name, **judged} for name in moves]
    people[2]["judged_at"] = waves.at(1)  # what the look before it saw is of an earlier offboarding
    requests = {name: {"identity": f"{name}@contoso.com", "status": status} for name, status in moves.items()}
    requests["eve"]["gone_at"] = waves.at(30)
    wave = waves.Wave(tmp_path, people, [])
    wave.write("wave.json.progress", {"version": 1, "looks": [{"utc": waves.at(10)}], "requests": requests})
    given = Given("Wave", wave.records, [], wave.given().sources, error="Verify both sides: no route.")
    made = document.build(given, waves.NOW)
    assert made.unverified() == ["ann@contoso.com"]
    assert made.unfinished() == ["bob@contoso.com", "cleo@contoso.com", "dan@contoso.com", "eve@contoso.com"]
    told = Reader(page.render(made)).text
    assert "left 4 mailboxes unfinished. 1 mailbox came home and is not verified." in told
    assert "Came home, not verified: ann@contoso.com" in told


def test_a_damaged_journal_is_told(tmp_path: Path) -> None:
    wave = waves.build(tmp_path)
    with (tmp_path / "journal.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"utc": "2026-')
    assert "1 line of the journal was damaged and left out." in Reader(rendered(wave)).text


def test_long_lists_are_begun_in_the_page_and_whole_in_its_data(tmp_path: Path) -> None:
    wave = waves.build(tmp_path, 2000)
    text = rendered(wave)
    reader = Reader(text)
    assert "more, which are shown with JavaScript" in reader.text
    assert len(reader.elements) < 1500
    data: dict[str, Any] = read_data_block(text, page.DATA)
    assert [row[0] for row in data["mailboxes"]] == wave.everyone
    assert len(wave.everyone) == 2000
    assert sum(len(group[3]) for group in data["failures"]) == 100


def test_headings_go_down_one_level_at_a_time(tmp_path: Path) -> None:
    elements = Reader(rendered(waves.build(tmp_path))).elements
    levels = [int(tag[1]) for tag, _names in elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (3700, "1 h 1 min"), (90000, "1 d 1 h"), (-5, "0 s")],
)
def test_spans(seconds: int, text: str) -> None:
    assert wording.span(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (1023, "1023 bytes"), (1 << 30, "1.0 GB"), (1 << 51, "2,048.0 TB")]
)
def test_sizes(count: int, text: str) -> None:
    assert wording.size(count) == text


# -- the file ----------------------------------------------------------------------------------------------------------


def test_the_file_is_private_and_left_alone_while_it_says_the_same(tmp_path: Path) -> None:
    wave, path = waves.build(tmp_path), tmp_path / "report.html"
    first = write(str(path), wave.given(), waves.NOW, check=False)
    assert (first.changed, first.size) == (True, path.stat().st_size)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    again = write(str(path), wave.given(), LATER, check=False)
    assert (again.changed, path.read_bytes()) == (False, before)
    assert again.before == again.after == first.after
    wave.title = "Another title"
    assert write(str(path), wave.given(), LATER, check=False).changed


def test_check_mode_writes_nothing_and_the_diff_tells_who_changes(tmp_path: Path) -> None:
    wave, path = waves.build(tmp_path), tmp_path / "report.html"
    preview = write(str(path), wave.given(), waves.NOW, check=True)
    assert (preview.changed, preview.before, path.exists()) == (True, "", False)
    assert f"{wave.records[0]['identity']}: Home\n" in preview.after
    write(str(path), wave.given(), waves.NOW, check=False)
    wave.records[0]["offboarding_state"] = "conflict"
    change = write(str(path), wave.given(), LATER, check=True)
    differing = set(change.before.splitlines()) ^ set(change.after.splitlines())
    assert differing == {f"{wave.records[0]['identity']}: Home", f"{wave.records[0]['identity']}: Conflict"}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"<html>", b'<meta name="generated-at" content="9999">'])
def test_a_file_of_somebody_else_is_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(content)
    assert write(str(path), waves.build(tmp_path).given(), waves.NOW, check=False).changed


def test_a_report_that_was_tampered_with_is_written_again(tmp_path: Path) -> None:
    wave, path = waves.build(tmp_path), tmp_path / "report.html"
    write(str(path), wave.given(), waves.NOW, check=False)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("3 of 60 mailboxes failed", "No mailbox failed"), encoding="utf-8")
    assert write(str(path), wave.given(), LATER, check=False).changed


def test_a_file_that_cannot_be_written_is_one_clear_sentence_and_no_leftovers(tmp_path: Path) -> None:
    wave = waves.build(tmp_path)
    target = tmp_path / "report.html"
    target.mkdir()
    before = set(os.listdir(tmp_path))
    with pytest.raises(InputError, match="cannot be written"):
        write(str(target), wave.given(), waves.NOW, check=False)
    assert set(os.listdir(tmp_path)) == before
    with pytest.raises(InputError, match="Use a file in an existing directory"):
        write(str(tmp_path / "nowhere" / "report.html"), wave.given(), waves.NOW, check=False)


def test_secrets_of_the_journal_stay_there(tmp_path: Path) -> None:
    text = rendered(waves.build(tmp_path))
    assert "New-MoveRequest" in text
    assert "RemoteCredential" not in text
    assert json.dumps("before") not in text
