# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""HTML that cannot be broken out of: text is escaped unless it is markup that this module made itself."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from typing import Any, Union

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.wording import clean

_VOID = frozenset(("br", "input", "meta"))


class Html(str):
    """Markup. Only this module makes it out of text."""

    __slots__ = ()


Child = Union[str, None]
Attribute = Union[str, int, bool, None]


def element(tag: str, /, *children: Child, **attributes: Attribute) -> Html:
    """Return an element. ``class_`` is class, ``aria_label`` is aria-label.

    An attribute that is None or False is absent.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(clean(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if tag in _VOID:
        return Html(f"<{tag}{written}>")
    return Html(f"<{tag}{written}>{joined(*children)}</{tag}>")


def section(identifier: str, heading: str, *content: Child, **heading_attributes: Attribute) -> Html:
    """Return a section that its heading names."""
    title = f"{identifier}-title"
    return element(
        "section",
        element("h2", heading, id=title, **heading_attributes),
        *content,
        id=identifier,
        aria_labelledby=title,
    )


def joined(*children: Child) -> Html:
    """Return the children one after the other, each escaped unless it is markup."""
    return Html("".join(child if isinstance(child, Html) else escaped(child) for child in children if child))


def escaped(text: str) -> Html:
    return Html(html.escape(clean(text), quote=True))


def foreign(text: str, **attributes: Attribute) -> Html:
    """Return a name or sentence that somebody else wrote, isolated from the direction of the text around it."""
    return element("bdi", text, **attributes)


def data_block(identifier: str, data: Any) -> Html:
    """Return data for the page's script: no executable script, and nothing in it can end the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Html(f'<script type="application/json" id="{identifier}">{text}</script>')


def read_data_block(page: str, identifier: str) -> Any:
    """Return the data of a page that this module made, None where there is none."""
    _before, found, rest = page.partition(f'<script type="application/json" id="{identifier}">')
    try:
        return json.loads(rest.partition("</script>")[0]) if found else None
    except ValueError:
        return None


def style(text: str) -> Html:
    return Html(f"<style>{text}</style>")


def script(text: str) -> Html:
    return Html(f"<script>{text}</script>")


def source_hash(text: str) -> str:
    """Return the expression that lets a Content-Security-Policy pass exactly this script or style sheet."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
