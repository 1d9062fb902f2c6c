# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users read is plain English in the style of ansible-core's documentation.

A word list cannot judge a sentence. It keeps the turns away that were once replaced everywhere.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import sources

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "lab/README.md", "lab/CONFORMANCE.md")),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "roles").glob("*/README.md"),
]
DOCUMENTED = ("modules", "doc_fragments", "inventory")
# What stands for itself: code, values and Microsoft's own words are no sentences of ours.
QUOTED = re.compile(r"```.*?```|`[^`]*`|\b[A-Z]\([^()]*\)", re.DOTALL)
AVOIDED = {
    r"whoever|whomever": "passive, or who it is",
    r"nobody(?!@)|no one|somebody": "passive, or what it is: no other object, another run",
    r"stop signs?": "blocker, the one term for what stops a mailbox",
    r"(?<!there )(?:is|are) no (?:accepted|address|baseline|choice|CSV|file|GUID|host|identity|option|regular|undo)":
        "is not a ...",
    r"unless given|holds unless|if not given": "Defaults to ..., or If not set, ...",
    r"it tells|that tells|which tells|is told|are told|is said|tells? (?:of|how|what|where|whether|which|that)":
        "reports, shows, says",
    r"two looks|one look|a look at|each look|looks? whether|from look to look": "poll, check",
    r"taken? for good|leaves the judgement|no matter of|of our own|of its own accord": "say it plainly",
    r"stands? (?:in(?! for)|on|there|beside|behind)": "is in, is on",
    r"in vain|thereof|herewith|whereof|hence|shall|as ever|anew": "an everyday word",
    r"made whole|makes? (?:the |each )?users? whole|the user whole": "completed, complete",
    r"taken away|takes? away|take (?:it|them|the \w+) away": "remove",
    r"mends?(?!\.yml)|(?:is|are|was|were) mended": "fix, repair",
    r"goes on|go on|going on": "continues",
}
TURN = re.compile("|".join(rf"(?P<t{number}>\b(?:{turn})\b)" for number, turn in enumerate(AVOIDED)), re.IGNORECASE)


def pages() -> Iterator[tuple[str, str]]:
    for path in PAGES:
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def documentation() -> Iterator[tuple[str, str]]:
    """Return what ansible-doc shows, and what a playbook's output and its reader see of role and playbooks."""
    for path in [path for folder in DOCUMENTED for path in (ROOT / "plugins" / folder).glob("*.py")]:
        for node in sources.nodes(path):
            value = node.value if isinstance(node, ast.Assign) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield str(path.relative_to(ROOT)), value.value
    for path in [*(ROOT / "roles").rglob("*.yml"), *(ROOT / "playbooks").glob("*.yml")]:
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def messages() -> Iterator[tuple[str, str]]:
    """Return the texts in the code, docstrings left out; placeholders of an f-string become blanks."""
    for path in [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "lab" / "demo").rglob("*.py")]:
        if path.parent.name in DOCUMENTED[:2]:
            continue
        everything = sources.nodes(path)
        docstrings = {id(node.value) for node in everything if isinstance(node, ast.Expr)}
        parts = {id(part) for node in everything if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in everything:
            text = ""
            if isinstance(node, ast.JoinedStr):
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else " " for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | parts:
                text = node.value
            # Several lines are a script, a style sheet, or documentation that is read above.
            if " " in text and "\n" not in text:
                yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", text


def turns(where: str, text: str) -> Iterator[str]:
    plain = re.sub(r"\s+(?:# )?", " ", QUOTED.sub(" ", text))
    for found in TURN.finditer(plain):
        reason = list(AVOIDED.values())[int((found.lastgroup or "t0")[1:])]
        context = plain[max(0, found.start() - 40) : found.end() + 20]
        yield f"{where}: '{found.group()}' in '...{context}...': {reason}"


@pytest.mark.parametrize("texts", [pages, documentation, messages], ids=lambda texts: texts.__name__)
def test_turns_that_were_replaced_do_not_come_back(texts: object) -> None:
    assert callable(texts)
    found = [turn for where, text in texts() for turn in turns(where, text)]
    assert found == []


def test_a_turn_is_found_and_quoted_words_are_not() -> None:
    text = "The journal tells what was sent, `whoever` sent it.\n\n# What\n# nobody holds."
    assert [turn.split("'")[1] for turn in turns("README.md", text)] == ["tells what", "nobody"]


def paragraphs(text: str) -> Iterator[list[str]]:
    """Return the lines of each paragraph and list item of a page; tables, headings and code are none."""
    prose = re.sub(r"```.*?```", "\n\n", text, flags=re.DOTALL)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*] |\d+\. |\||#))", prose):
        lines = block.strip("\n").splitlines()
        if lines and not re.match(r"\s*[|#]", lines[0]):
            yield lines


def test_no_paragraph_of_a_page_ends_in_a_line_of_one_word() -> None:
    left = [
        f"{where}: {lines[-1].strip()}"
        for where, text in pages()
        for lines in paragraphs(text)
        if len(lines) > 1 and re.fullmatch(r"\S+", lines[-1].strip()) and len(lines[-1].strip()) < 30
    ]
    assert left == []
