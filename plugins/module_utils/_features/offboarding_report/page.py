# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The report as one HTML page: readable without its script but for the list of mailboxes, and without any network."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import (
    page_data,
    status,
    wording,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.document import (
    Document,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.failures import (
    failures,
    findings,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.list_section import (
    section as mailboxes,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.markup import (
    Html,
    data_block,
    element,
    foreign,
    script,
    section,
    source_hash,
    style,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.page_script import (
    SCRIPT,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.runs import (
    section as chronicle,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.sources import Source
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.style import STYLE

DATA = "wave"
_MADE = re.compile(r'<meta name="generated-at" content="([0-9TZ:.+-]+)">')
_POLICY = (
    f"default-src 'none'; style-src {source_hash(STYLE)}; script-src {source_hash(SCRIPT)}; "
    "base-uri 'none'; form-action 'none'"
)
GROUP_NAMES = {status.FAILED: "Failed", status.WAITING: "Waiting", status.MOVING: "Moving", status.HOME: "Home"}
_SIGNS = {status.FAILED: "✕", status.WAITING: "○", status.MOVING: "▸", status.HOME: "✓"}
_SEVERITIES = {"blocker": "blocker", "warning": "warning", "info": "note", "not_checked": "not checked"}


def render(document: Document) -> str:
    """Return the whole file."""
    made = document.generated_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="generated-at", content=made),
        element("title", document.title),
        style(STYLE),
    )
    body = element(
        "body",
        element("a", "Skip to the mailboxes", class_="skip", href="#mailboxes-title"),
        _header(document),
        element(
            "main",
            _summary(document),
            failures(document),
            findings(document),
            mailboxes(document),
            chronicle(document),
            _sources(document),
        ),
        element("footer", element("p", "All times are UTC. Sizes count by 1,024, as Exchange does.")),
        data_block(DATA, page_data.data(document)),
        script(SCRIPT),
    )
    return f'<!doctype html>\n<html lang="en">\n{head}\n{body}\n</html>\n'


def made_at(page: str) -> str:
    """Return when a page was made, empty for a file that is no report."""
    found = _MADE.search(page[:20000])
    return found[1] if found else ""


def _header(document: Document) -> Html:
    links = (
        ("#failures", "Failures"),
        ("#findings", "Findings"),
        ("#mailboxes-title", "Mailboxes"),
        ("#timeline", "Timeline"),
        ("#sources", "Sources"),
    )
    return element(
        "header",
        element("h1", foreign(document.title)),
        element(
            "p",
            f"{wording.mailboxes(len(document.mailboxes))}. Written {wording.time(document.generated_at)}.",
            class_="made",
        ),
        element(
            "nav",
            element("ul", *(element("li", element("a", text, href=target)) for target, text in links)),
            aria_label="Sections",
        ),
    )


# -- summary -----------------------------------------------------------------------------------------------------------


def _summary(document: Document) -> Html:
    groups = document.groups()
    order = list(reversed(status.GROUPS))
    tiles = element("ul", *(_tile(document, group, groups[group]) for group in order), class_="tiles")
    return section(
        "summary",
        "Summary",
        element("p", verdict(document), class_="verdict"),
        _bar({group: groups[group] for group in order}),
        tiles,
        element("dl", *_facts(document), class_="facts"),
    )


def verdict(document: Document) -> str:
    """Return what a reader has to know if he reads nothing else."""
    groups, total = document.groups(), len(document.mailboxes)
    if document.error:
        left = wording.mailboxes(len(document.unfinished()))
        told = f"The run did not finish, and left {left} unfinished."
        home = len(document.unverified())
        return f"{told} {wording.mailboxes(home)} came home and {_are(home)} not verified." if home else told
    if not total:
        return "The wave is empty."
    failed, home = groups[status.FAILED], groups[status.HOME]
    if failed:
        told = f"{wording.number(failed)} of {wording.mailboxes(total)} failed, "
        told += f"{wording.number(home)} {_are(home)} home."
    elif home == total:
        told = "Every mailbox is home."
    elif document.failures_known:
        told = f"No mailbox failed. {wording.number(home)} of {wording.number(total)} {_are(home)} home."
    else:
        told = f"{wording.number(home)} of {wording.mailboxes(total)} {_are(home)} home."
    blockers = document.severities()["blocker"]
    if blockers:
        told += f" {wording.counted(blockers, 'blocker')} {'stands' if blockers == 1 else 'stand'}."
    return told


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _bar(groups: dict[str, int]) -> Html:
    """Return the shares as a bar; it repeats the figures below it, so that nobody has to hear it."""
    total = sum(groups.values()) or 1
    parts, left = [], 0.0
    for group, count in groups.items():
        share = 1000 * count / total
        if count:
            # What is left of a share is the gap before the next one.
            width = max(share - 3, 2) if left + share < 999 else share
            parts.append(element("rect", class_=group, x=f"{left:.2f}", y="0", width=f"{width:.2f}", height="10"))
        left += share
    return element("svg", *parts, class_="bar", viewBox="0 0 1000 10", preserveAspectRatio="none", aria_hidden="true")


def _tile(document: Document, group: str, count: int) -> Html:
    labels = Counter(item.standing.label for item in document.mailboxes if item.standing.group == group)
    name = GROUP_NAMES[group]
    more = [
        f"{wording.number(number)} {label[:1].lower()}{label[1:]}"
        for label, number in labels.most_common()
        if label != name
    ]
    shown = more[:3] + ([f"{len(more) - 3} more"] if len(more) > 3 else [])
    return element(
        "li",
        element(
            "a",
            element("span", _sign(group), name, class_="name"),
            element("strong", wording.number(count)),
            element("span", ", ".join(shown), class_="more") if shown else None,
            href="#mailboxes-title",
            data_group=group,
            class_=group,
        ),
    )


def _sign(group: str) -> Html:
    return element("span", _SIGNS[group], class_="sign", aria_hidden="true")


def _facts(document: Document) -> Iterable[Html]:
    yield element("dt", "Data")
    yield element("dd", *_data(document))
    yield element("dt", "Findings")
    yield element("dd", _finding_counts(document))


def _data(document: Document) -> Iterable[Html | str]:
    data = document.data
    if data is None:
        yield (
            "The moves have not been polled yet: no figures."
            if not document.progress.problem
            else (f"No figures: {document.progress.problem}.")
        )
        return
    percent = f" ({100 * data.done // data.total} %)" if data.total else ""
    yield element("strong", f"{wording.size(data.done)} of {wording.size(data.total)}{percent}")
    yield f" for {wording.number(data.measured)} of {wording.mailboxes(len(document.mailboxes))}"
    if data.at is None:
        yield "; the time is not known."
    else:
        age = (document.generated_at - data.at).total_seconds()
        yield f"; read {wording.time(data.at)}, {wording.span(age)} before this report."


def _finding_counts(document: Document) -> str:
    if not document.readiness.there:
        return without(document.readiness.problem, "No readiness report was taken.")
    told = [
        wording.counted(count, _SEVERITIES[severity], _SEVERITIES[severity] if severity == "not_checked" else "")
        for severity, count in document.severities().items()
        if count
    ]
    text = ", ".join(told) if told else "none"
    accepted = f", {wording.number(document.accepted)} accepted" if document.accepted else ""
    return f"{wording.sentence(text)}{accepted}."


def without(problem: str, missing: str) -> str:
    """Return why something is not there: its file is missing, or is there and no use."""
    return f"{missing[:-1]}: {problem}." if problem else missing


# -- sources -----------------------------------------------------------------------------------------------------------


def _sources(document: Document) -> Html:
    handed = "provided by the run" if document.failures_known else "not provided"
    rows = [
        ("Wave", document.wave, "read" if document.wave else "a list of records"),
        ("Failures", "", handed),
        *((source.name, source.path, _state(document, source)) for source in document.sources),
    ]
    return section(
        "sources",
        "Sources",
        element(
            "table",
            element("caption", "Sources of this report"),
            element("thead", element("tr", *(element("th", name, scope="col") for name in ("What", "File", "State")))),
            element("tbody", *(_source_row(*row) for row in rows)),
            class_="sources",
        ),
    )


def _state(document: Document, source: Source) -> str:
    if not source.there:
        return source.problem or "missing"
    times = {
        document.readiness.name: document.readiness_at,
        document.progress.name: document.data.at if document.data else None,
    }
    when = times.get(source.name)
    told = [f"of {wording.time(when)}" if when else "read"]
    if source is document.journal and document.damaged_lines:
        told.append(f"{wording.counted(document.damaged_lines, 'damaged line')} left out")
    if source is document.journal and document.timeline.others:
        told.append(f"{wording.counted(document.timeline.others, 'run')} of other waves not shown")
    return "; ".join(told)


def _source_row(name: str, path: str, state: str) -> Html:
    return element("tr", element("th", name, scope="row"), element("td", foreign(path)), element("td", state))
