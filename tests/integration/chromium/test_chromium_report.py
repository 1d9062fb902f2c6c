# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as people use it: on a phone and on a desk, in light and dark, by keyboard, by ear and on paper."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.integration.chromium.browser import Browser
from tests.integration.chromium.conftest import written
from tests.unit.plugins.module_utils._features.offboarding_report import waves

WIDTHS = (360, 768, 1280)
SCHEMES = ("light", "dark")
# What a person can operate, as the accessibility tree calls it.
CONTROLS = {"button", "link", "searchbox", "textbox", "combobox", "DisclosureTriangle", "checkbox", "slider"}
READABLE = 4.5  # WCAG 2.1, 1.4.3: text against its ground

# Every text of the page with its colour and the ground that it stands on.
CONTRASTS = """
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const part = (value) => { value /= 255; return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; };
const light = (colour) => { const [r, g, b] = rgb(colour).map(part); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const ground = (element) => {
  for (; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor;
    if ((rgb(colour)[3] ?? 1) > 0) return colour;
  }
  return "rgb(255, 255, 255)";
};
const seen = {};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script, option")) continue;
  const colour = getComputedStyle(element).color, behind = ground(element);
  const [one, other] = [light(colour), light(behind)].sort((a, b) => b - a);
  seen[`${colour} on ${behind}`] ??= [(one + 0.05) / (other + 0.05), element.outerHTML.slice(0, 80)];
}
return seen;
"""
TOO_WIDE = """
const width = document.documentElement.clientWidth;
return [...document.querySelectorAll("body *")]
  .filter((element) => element.checkVisibility() && !element.closest(".skip, .hidden, thead, svg"))
  .filter((element) => element.getBoundingClientRect().right > width + 1)
  .map((element) => element.outerHTML.slice(0, 120));
"""


def listed(browser: Browser) -> list[str]:
    """Return the mailboxes that the list shows."""
    return [item.text for item in browser.all("#rows button[data-mailbox]")]


@pytest.mark.parametrize(("width", "scheme"), list(itertools.product(WIDTHS, SCHEMES)))
def test_nothing_is_wider_than_the_screen(browser: Browser, small: Path, width: int, scheme: str) -> None:
    browser.screen(width, scheme=scheme)
    browser.open(small)
    browser.run("for (const item of document.querySelectorAll('details')) item.open = true;")
    browser.run("for (const item of [...document.querySelectorAll('#rows button')].slice(0, 20)) item.click();")
    assert browser.run("return innerWidth") == width
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert browser.run(TOO_WIDE) == []


def test_long_words_do_not_widen_a_phone(browser: Browser, tmp_path: Path) -> None:
    wave = waves.build(tmp_path, 20)
    wave.title = "w" * 200
    wave.records[0] |= {"identity": f"{'a' * 120}@contoso.com", "remote_target_database": "D" * 90}
    wave.failures[0]["error"]["message"] = f"https://mail.contoso.com/{'x' * 200}"
    browser.screen(360)
    browser.open(written(wave))
    browser.run("for (const item of document.querySelectorAll('#rows button')) item.click();")
    assert browser.run("return document.documentElement.scrollWidth") <= 360
    assert browser.run(TOO_WIDE) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_can_be_read_on_its_ground(browser: Browser, small: Path, scheme: str) -> None:
    browser.screen(1280, scheme=scheme)
    browser.open(small)
    browser.run("for (const item of document.querySelectorAll('details')) item.open = true;")
    found = browser.run(CONTRASTS)
    assert len(found) > 6
    assert {pair: told for pair, told in found.items() if told[0] < READABLE} == {}
    dark = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(255, 255, 255)") is (scheme == "light")


def test_every_control_has_a_name_and_no_two_controls_the_same(browser: Browser, small: Path) -> None:
    browser.screen(1280)
    browser.open(small)
    controls = [node for node in browser.accessible() if node["role"] in CONTROLS]
    assert {"button", "link", "searchbox", "combobox", "DisclosureTriangle"} <= {node["role"] for node in controls}
    assert [node for node in controls if not node["name"].strip()] == []
    buttons = [node["name"] for node in controls if node["role"] == "button"]
    assert len(set(buttons)) == len(buttons)


def test_landmarks_and_tables_are_named(browser: Browser, small: Path) -> None:
    browser.screen(360)
    browser.open(small)
    nodes = browser.accessible()
    roles = ("region", "table", "navigation")
    names = {role: [node["name"] for node in nodes if node["role"] == role] for role in roles}
    assert names["region"] == [
        "Summary",
        "Failures and what to do",
        "Findings and remedies",
        "Progress of each mailbox",
        "Timeline",
        "Sources",
    ]
    # Also as cards, on a phone, the list is a table to those who hear it.
    assert "Mailboxes of the wave" in names["table"]
    assert names["navigation"] == ["Sections", "Pages of the list"]
    assert sum(node["role"] == "main" for node in nodes) == 1
    assert [node["name"] for node in nodes if node["role"] == "rowheader"][:1] != [""]


def test_search_and_filter_and_paging_by_keyboard(browser: Browser, small: Path) -> None:
    browser.screen(1280)
    browser.open(small)
    assert browser.text("#shown") == "1 to 50 of 60 mailboxes"
    first = listed(browser)
    browser.tab_to("#search")
    browser.press("fabrikam", " ", "db01")
    found = listed(browser)
    assert 0 < len(found) < 10
    assert all(name.endswith("@fabrikam.com") for name in found)
    browser.press(*[Keys.BACKSPACE] * 13)
    assert listed(browser) == first
    browser.tab_to("#state")
    browser.press("F")
    assert browser.text("#shown") == "1 to 3 of 3 mailboxes (of 60)"
    assert {item.text for item in browser.all("#rows .state bdi")} == {"Failed"}
    browser.press(Keys.HOME)
    browser.tab_to("#next")
    browser.press(Keys.ENTER)
    assert browser.text("#shown") == "51 to 60 of 60 mailboxes"
    assert (browser.text("#page-number"), len(listed(browser))) == ("Page 2 of 2", 10)
    # At the end the button stays where the focus is, and says that it leads nowhere.
    browser.press(Keys.ENTER)
    assert browser.text("#page-number") == "Page 2 of 2"
    assert browser.run("return document.activeElement.id") == "next"


def test_details_unfold_by_keyboard_and_tell_what_was_written(browser: Browser, small: Path) -> None:
    browser.screen(360)
    browser.open(small)
    button = browser.tab_to("#rows button")
    assert button.get_attribute("aria-expanded") == "false"
    browser.press(Keys.ENTER)
    assert button.get_attribute("aria-expanded") == "true"
    told = browser.text("#rows tr.unfolded")
    for text in ("Enable-MailUser done", "What to do:", "New-MoveRequest"):
        assert text in told
    browser.press(Keys.SPACE)
    assert browser.all("#rows tr.unfolded") == []


def test_the_focus_can_be_seen(browser: Browser, small: Path) -> None:
    browser.screen(1280)
    browser.open(small)
    for selector in ("header nav a", ".tiles a", "#search", "#state", "#rows button", "#next"):
        browser.tab_to(selector)
        width, style = browser.run(
            "const found = getComputedStyle(document.activeElement); return [found.outlineWidth, found.outlineStyle]"
        )
        assert (width, style) == ("3px", "solid"), selector


def test_the_order_can_be_chosen(browser: Browser, small: Path) -> None:
    browser.screen(1280)
    browser.open(small)
    groups = [item.get_attribute("class").split()[-1] for item in browser.all("#rows .state")]
    assert groups == sorted(groups, key=["failed", "waiting", "moving", "home"].index)
    browser.tab_to("#order")
    browser.press("N")
    assert listed(browser) == sorted(listed(browser))


def test_a_figure_leads_to_its_mailboxes(browser: Browser, small: Path) -> None:
    browser.screen(1280)
    browser.open(small)
    browser.tab_to(".tiles a.moving")
    browser.press(Keys.ENTER)
    assert browser.text("#shown") == "1 to 20 of 20 mailboxes (of 60)"
    assert browser.run("return document.activeElement.id") == "mailboxes-title"


def test_no_network_and_a_silent_console(browser: Browser, small: Path) -> None:
    browser.screen(1280)
    browser.open(small)
    browser.run("for (const item of document.querySelectorAll('#rows button')) item.click();")
    browser.pdf()
    console, requests = browser.drain()
    assert console == []
    assert [url for url in requests if url != small.as_uri()] == []
    assert small.as_uri() in requests


def test_the_page_runs_no_foreign_script(browser: Browser, tmp_path: Path) -> None:
    wave = waves.build(tmp_path, 20)
    attack = "<img src=x onerror=\"document.title='taken'\"></script><script>document.title='taken'</script>"
    wave.records[0] |= {"identity": attack, "display_name": attack}
    wave.failures[0]["error"] = dict.fromkeys(("code", "message", "cmdlet", "remedy"), attack)
    browser.screen(1280)
    browser.open(written(wave))
    for item in browser.all("#rows button"):
        browser.run("arguments[0].click()", item)
    assert browser.driver.title == wave.title
    assert browser.all("img") == []
    assert attack in listed(browser)
    assert browser.drain()[0] == []


def test_without_javascript_the_essence_is_there(browser: Browser, small: Path) -> None:
    browser.screen(360)
    told = browser.open_without_script(small)
    for text in (
        "3 of 60 mailboxes failed",
        "Release the hold, or export what it keeps.",
        "The MRS proxy is off at EX02",
        "This list needs JavaScript",
        "60 writes for 60 mailboxes",
    ):
        assert text in told
    assert not browser.find("#list").is_displayed()


def test_paper_holds_every_mailbox(browser: Browser, large: Path) -> None:
    everyone = json.loads((large.parent / "everyone.json").read_text(encoding="utf-8"))
    browser.screen(1280)
    browser.open(large)
    names = "[...document.querySelectorAll('#rows button')].map((item) => item.textContent)"
    browser.run(f"addEventListener('beforeprint', () => {{ window.printed = {names}; }});")
    assert browser.pdf().startswith(b"%PDF")
    assert sorted(browser.run("return window.printed")) == sorted(everyone)
    # Afterwards the screen is as it was.
    assert len(listed(browser)) == 50
    assert browser.all("details[open]") == []


def test_paper_is_light_and_leaves_the_controls_out(browser: Browser, small: Path) -> None:
    browser.screen(1280, scheme="dark", media="print")
    browser.open(small)
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not browser.find(".controls").is_displayed()
    assert not browser.find("header nav").is_displayed()


def test_five_thousand_mailboxes_stay_small(
    browser: Browser, large: Path, record_property: Callable[[str, object], None]
) -> None:
    """How long it takes to open is measured and told, not judged: the machine may be busy."""
    browser.screen(360)
    browser.open(large)
    assert browser.text("#shown") == "1 to 50 of 5,000 mailboxes"
    elements = browser.run("return document.querySelectorAll('*').length")
    assert elements < 3000
    assert large.stat().st_size < 2_000_000
    opened = browser.run("return performance.getEntriesByType('navigation')[0].loadEventEnd")
    told = f"{large.stat().st_size:,} bytes, {elements} elements, open after {opened:.0f} ms"
    record_property("measured", f"HTML report of 5,000 mailboxes: {told}")
    browser.tab_to("#search")
    browser.press("zoe.zimmermann")
    assert listed(browser) != []
    assert all("zoe.zimmermann" in name for name in listed(browser))


def test_what_the_page_begins_to_list_can_be_shown_whole(browser: Browser, large: Path) -> None:
    browser.screen(1280)
    browser.open(large)
    button = browser.find("#failures li.rest button")
    before = len(browser.all("#failures .mailboxes li"))
    shown = re.search(r"Show ([\d,]+) more", button.text)
    assert shown
    more = int(shown[1].replace(",", ""))
    browser.run("arguments[0].focus()", button)
    browser.press(Keys.ENTER)
    assert len(browser.all("#failures .mailboxes li")) == before + more - 1
    assert browser.run("return document.activeElement.tagName") == "LI"
