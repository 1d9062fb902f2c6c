# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The sections of the page that say what is wrong and what to do: failures of the run, findings of the readiness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import (
    page_data,
    wording,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.document import (
    Document,
    FailedMailbox,
    ReportedFinding,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.markup import (
    Attribute,
    Html,
    element,
    foreign,
    section,
)

# Mailboxes of one entry that stand in the page itself, with a sentence each or by name alone. Its script adds others.
SHOWN = 20
SHOWN_NAMES = 60
NAMES = {"blocker": "Blocker", "warning": "Warning", "info": "Note", "not_checked": "Not checked"}
LOUD = ("blocker", "warning")


def failures(document: Document) -> Html:
    """Return the failures: what to do once, then the mailboxes that it concerns."""
    groups = page_data.failure_groups(document)
    content: list[Html] = [_unfinished(document)] if document.error else []
    if not document.failures_known:
        text = "The report has no failures of a run: the following is taken from the move requests only."
        content.append(element("p", text if groups else text.partition(":")[0] + ".", class_="quiet"))
    elif not groups:
        told = "No mailbox failed by itself." if document.error else "No mailbox failed."
        content.append(element("p", told, class_="quiet"))
    content += [_failure(document, number, group) for number, group in enumerate(groups)]
    return section("failures", "Failures and what to do", *content)


def _unfinished(document: Document) -> Html:
    """Return why the run did not come to its end, and whom that leaves."""
    home = document.unverified()
    return element(
        "article",
        element("h3", element("span", "✕ Failed", class_="badge failed"), " The run did not finish"),
        element("p", foreign(document.error)),
        element("p", element("strong", "Unfinished: "), foreign(_names(document.unfinished()) or "nobody")),
        element("p", element("strong", "Came home, not verified: "), foreign(_names(home))) if home else "",
        element("p", element("strong", "What to do: "), "Remove the cause, then run the wave again.", class_="remedy"),
        class_="entry",
    )


def _names(names: Sequence[str]) -> str:
    more = f" and {wording.number(len(names) - SHOWN_NAMES)} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more


def _failure(document: Document, number: int, group: Sequence[FailedMailbox]) -> Html:
    first = group[0]
    retry = (
        "The error may be temporary: run the same wave again."
        if first.retryable
        else "Running again does not help until this is done."
    )
    remedy = first.remedy or "No remedy is known; only the message is available."
    count = wording.mailboxes(len({item.mailbox for item in group}))
    items = [_Item(failure.mailbox, failure.message, failure.cmdlet) for failure in group]
    return element(
        "article",
        element(
            "h3",
            element("span", "✕ Failed", class_="badge failed"),
            " ",
            wording.words(first.code) or "Unnamed failure",
            " ",
            element("span", count, class_="count"),
        ),
        _shared(items),
        element("p", element("strong", "What to do: "), foreign(remedy), " ", retry, class_="remedy"),
        _listed(document, items, "failures", number),
        class_="entry",
    )


# -- mailboxes of one entry --------------------------------------------------------------------------------------------


class _Item(NamedTuple):
    mailbox: int
    said: str
    cmdlet: str = ""


def _alike(items: Sequence[_Item]) -> bool:
    """Tell whether the same is to be said of several mailboxes."""
    return len(items) > 1 and len({item[1:] for item in items}) == 1


def _shared(items: Sequence[_Item]) -> Html | None:
    """Return once what is said of each of them."""
    if not _alike(items):
        return None
    return element("p", *_cmdlet(items[0]), foreign(wording.sentence(items[0].said), class_="said"))


def _cmdlet(item: _Item) -> tuple[str, ...]:
    return (element("code", item.cmdlet), " ") if item.cmdlet else ()


def _listed(document: Document, items: Sequence[_Item], kind: str, number: int) -> Html:
    """Return the mailboxes, by name alone where the same is said of them all."""
    alike = _alike(items)
    if alike and len({item.mailbox for item in items}) == len(document.mailboxes):
        return element("p", "Every mailbox of the wave.", class_="who")
    shown = items[: SHOWN_NAMES if alike else SHOWN]
    listed = [
        element(
            "li",
            foreign(document.mailboxes[item.mailbox].identity, class_="who"),
            *(() if alike else (" ", *_cmdlet(item), foreign(item.said, class_="said"))),
        )
        for item in shown
    ]
    if len(items) > len(shown):
        text = f"and {wording.number(len(items) - len(shown))} more, which are shown with JavaScript"
        place: dict[str, Attribute] = {"data_kind": kind, "data_entry": number, "data_shown": len(shown)}
        listed.append(element("li", text, class_="rest", data_plain="yes" if alike else None, **place))
    return element("ul", *listed, class_="mailboxes names" if alike else "mailboxes")


# -- findings ----------------------------------------------------------------------------------------------------------


def findings(document: Document) -> Html:
    """Return the findings: the environment's, then the mailboxes', what is urgent first."""
    return section("findings", "Findings and remedies", *_findings(document))


def _findings(document: Document) -> Iterable[Html]:
    source = document.readiness
    if not source.there:
        why = f" ({source.problem})" if source.problem else ""
        yield element(
            "p",
            f"No readiness report was taken{why}: it is not known what would stop these mailboxes. The playbook "
            "mailops.exchange_hybrid.readiness creates one.",
            class_="missing",
        )
        return
    if document.readiness_at:
        age = wording.span((document.generated_at - document.readiness_at).total_seconds())
        yield element(
            "p", f"Readiness as of {wording.time(document.readiness_at)}, {age} before this report.", class_="quiet"
        )
    if document.unexamined:
        yield element(
            "p", f"{wording.mailboxes(len(document.unexamined))} of the wave were not in it.", class_="missing"
        )
    own = [finding for finding in document.findings if not finding.environment]
    environment = [finding for finding in document.findings if finding.environment]
    for title, found, none in (
        ("Environment", environment, "Nothing was found."),
        ("Mailboxes", own, "Nothing was found for any mailbox."),
    ):
        numbered = list(enumerate(found))
        loud = [item for item in numbered if item[1].stands and item[1].severity in LOUD]
        quiet = [item for item in numbered if item not in loud]
        yield element("h3", title)
        yield from (_finding(document, number, finding) for number, finding in loud)
        if quiet:
            yield _quiet(document, quiet)
        elif not loud:
            yield element("p", none, class_="quiet")


def _quiet(document: Document, found: Sequence[tuple[int, ReportedFinding]]) -> Html:
    accepted = sum(len(finding.found) for _number, finding in found if finding.accepted)
    told = []
    for severity in ("info", "not_checked"):
        count = sum(len(item.found) for _number, item in found if item.stands and item.severity == severity)
        if count:
            shown = wording.counted(count, "note")
            told.append(shown if severity == "info" else f"{wording.number(count)} not checked")
    if accepted:
        told.append(f"{wording.number(accepted)} accepted")
    text = ", ".join(told)
    return element(
        "details",
        element("summary", wording.sentence(text)),
        *(_finding(document, number, finding) for number, finding in found),
    )


def _finding(document: Document, number: int, finding: ReportedFinding) -> Html:
    badge = "accepted" if finding.accepted else finding.severity
    name = NAMES[finding.severity] + (", accepted" if finding.accepted else "")
    count = None if finding.environment else element("span", wording.mailboxes(len(finding.found)), class_="count")
    items = [_Item(mailbox, found) for mailbox, found in finding.found if mailbox is not None]
    said: Iterable[Html | None] = (_shared(items),)
    if finding.environment:
        texts = dict.fromkeys(text for _mailbox, text in finding.found)
        said = [element("p", foreign(wording.sentence(text), class_="said")) for text in texts]
    return element(
        "article",
        element("h4", element("span", name, class_=f"badge {badge}"), " ", wording.words(finding.code), " ", count),
        *said,
        element("p", foreign(finding.why)) if finding.why else None,
        element("p", element("strong", "What to do: "), foreign(finding.remedy), class_="remedy")
        if finding.remedy
        else None,
        None if finding.environment else _listed(document, items, "findings", number),
        element(
            "p", element("code", finding.code), f" · {finding.source}" if finding.source else None, class_="source"
        ),
        class_="entry",
    )
