# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Debian's Chromium without a window, driven by selenium and by the DevTools protocol."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.integration.chromium import available

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LONGEST = 600  # seconds that one command may take


class Browser:
    """One browser. Every page is opened from its file, as an operator opens it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        # Printing 5,000 mailboxes takes 20 seconds, on a busy machine longer than the two minutes that selenium waits.
        driver.command_executor.client_config.timeout = LONGEST

    def cdp(self, command: str, **parameters: Any) -> dict[str, Any]:
        result: dict[str, Any] = self.driver.execute_cdp_cmd(command, parameters)
        return result

    def screen(self, width: int, height: int = 800, scheme: str = "light", media: str = "") -> None:
        """Take the size of a screen and the scheme that its owner prefers; a medium only where it is to be forced."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                 mobile=width < 600)
        self.cdp("Emulation.setEmulatedMedia", media=media,
                 features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, page: Path) -> None:
        """Open a page, with nothing left over from the one before."""
        self.cdp("Emulation.setScriptExecutionDisabled", value=False)
        self.driver.get("about:blank")
        self.drain()
        self.driver.get(page.as_uri())

    def open_without_script(self, page: Path) -> str:
        """Open a page in a browser that runs no JavaScript; return the text that its reader sees."""
        self.driver.get("about:blank")
        self.cdp("Emulation.setScriptExecutionDisabled", value=True)
        self.driver.get(page.as_uri())
        return self.driver.find_element(By.TAG_NAME, "body").text

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.find(selector).text

    def press(self, *keys: str) -> None:
        """Press keys wherever the focus is."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def tab_to(self, selector: str, most: int = 80) -> WebElement:
        """Press Tab until an element has the focus, as somebody without a mouse does."""
        wanted = self.find(selector)
        for _press in range(most):
            if self.driver.switch_to.active_element == wanted:
                return wanted
            self.press(Keys.TAB)
        raise AssertionError(f"Tab does not lead to {selector}")

    def drain(self) -> tuple[list[str], list[str]]:
        """Return what the console said and which addresses were asked for since the last look."""
        console = [entry["message"] for entry in self.driver.get_log("browser")]
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        requests = [
            str(event["params"]["request"]["url"])
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return console, requests

    def accessible(self) -> list[dict[str, Any]]:
        """Return the nodes that assistive technology sees: ``role`` and ``name``."""
        nodes = self.cdp("Accessibility.getFullAXTree")["nodes"]
        return [
            {"role": node.get("role", {}).get("value", ""), "name": str(node.get("name", {}).get("value", ""))}
            for node in nodes
            if not node.get("ignored")
        ]

    def pdf(self) -> bytes:
        """Print the page on A4."""
        printed = self.cdp("Page.printToPDF", printBackground=True, paperWidth=8.27, paperHeight=11.69)
        return base64.b64decode(printed["data"])

    def screenshot(self, path: Path) -> None:
        """Save the whole page as a picture."""
        size = self.cdp("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12000), "scale": 1}
        data = self.cdp("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        path.write_bytes(base64.b64decode(data))


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """Run a browser with a fresh profile, and end it."""
    options = webdriver.ChromeOptions()
    options.binary_location = available.program("chromium")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(available.program("chromedriver")))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
