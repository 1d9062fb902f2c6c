# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The section of the page that lists every mailbox: its frame. The script fills it, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import (
    markup,
    wording,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.document import (
    Document,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.markup import (
    Html,
    element,
)

COLUMNS = ("Mailbox", "State", "Moved", "Database", "Findings")
SORTS = (("state", "Urgent first"), ("name", "Name"), ("percent", "Progress"), ("size", "Size"))
FILTERS = (("", "All"), ("failed", "Failed"), ("waiting", "Waiting"), ("moving", "Moving"), ("home", "Home"))


def section(document: Document) -> Html:
    groups = document.groups()
    filters = [
        (value, f"{text} ({wording.number(groups.get(value, len(document.mailboxes)))})") for value, text in FILTERS
    ]
    return markup.section(
        "mailboxes",
        "Progress of each mailbox",
        element(
            "noscript",
            element("p", "This list needs JavaScript; the rest of the page does not.", class_="missing"),
        ),
        element(
            "div",
            element(
                "div",
                _labelled(
                    "Search",
                    element(
                        "input",
                        type="search",
                        id="search",
                        autocomplete="off",
                        spellcheck="false",
                        placeholder="Address, name, database, code",
                    ),
                ),
                _labelled("State", _select("state", filters)),
                _labelled("Order", _select("order", SORTS)),
                class_="controls",
                role="search",
                aria_label="Mailboxes",
            ),
            element("p", role="status", id="shown", class_="quiet"),
            _table(),
            element(
                "nav",
                element("button", "Previous page", type="button", id="previous"),
                element("span", id="page-number"),
                element("button", "Next page", type="button", id="next"),
                class_="pages",
                aria_label="Pages of the list",
            ),
            id="list",
            hidden=True,
        ),
        tabindex="-1",
    )


def _labelled(text: str, control: Html) -> Html:
    return element("label", element("span", text), control)


def _select(identifier: str, options: Iterable[tuple[str, str]]) -> Html:
    return element("select", *(element("option", text, value=value) for value, text in options), id=identifier)


def _table() -> Html:
    # On a phone the rows become cards; the roles keep what CSS then takes from the elements.
    heads = (element("th", name, scope="col", role="columnheader") for name in COLUMNS)
    return element(
        "table",
        element("caption", "Mailboxes of the wave", class_="hidden"),
        element("thead", element("tr", *heads, role="row"), role="rowgroup"),
        element("tbody", role="rowgroup", id="rows"),
        role="table",
        class_="wave",
    )
