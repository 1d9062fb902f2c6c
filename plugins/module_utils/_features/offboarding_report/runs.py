# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The section of the page that tells what was run: one entry for each run, never a row for each write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import (
    journal_runs,
    markup,
    wording,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.document import (
    Document,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.journal_runs import (
    Run,
    Write,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.markup import (
    Html,
    element,
    foreign,
)

LATEST = 8  # runs that stand open; the older ones are folded away
LISTED = 20  # writes of one run that went wrong and are told one by one
_WORDS = {
    journal_runs.FAILED: "failed",
    journal_runs.UNKNOWN: "result unknown",
    journal_runs.UNANSWERED: "no answer recorded",
}


def section(document: Document) -> Html:
    return markup.section("timeline", "Timeline", *_content(document))


def _content(document: Document) -> Iterable[Html]:
    journal, runs = document.journal, document.timeline.runs
    if not journal.there:
        why = f" ({journal.problem})" if journal.problem else ""
        text = f"There is no journal{why}: it is not known what was written, and when."
        yield element("p", text, class_="missing")
        return
    lost = document.damaged_lines
    if lost:
        yield element(
            "p",
            f"{wording.counted(lost, 'line')} of the journal {'was' if lost == 1 else 'were'} damaged and left out.",
            class_="missing",
        )
    if not runs:
        yield element("p", "The journal has no write for this wave.", class_="quiet")
        return
    yield element(
        "p",
        "The details of each mailbox in the list above show its writes; the journal has each cmdlet with its "
        "parameters, before and after.",
        class_="quiet",
    )
    yield element("ol", *(_run(document, run) for run in runs[:LATEST]), class_="runs")
    older = runs[LATEST:]
    if older:
        yield element(
            "details",
            element("summary", wording.counted(len(older), "earlier run")),
            element("ol", *(_run(document, run) for run in older), class_="runs"),
        )


def _run(document: Document, run: Run) -> Html:
    places = ", ".join(run.places)
    failed = [write for write in run.writes if write.result != journal_runs.OK]
    return element(
        "li",
        element("h3", _when(run)),
        element(
            "p",
            "From ",
            foreign(run.host or "an unnamed host"),
            *((" to ", foreign(places)) if places else ()),
            ". Run ",
            element("code", run.identifier or "without a name"),
            ".",
            class_="quiet",
        ),
        element("p", _summed(run)),
        element("ul", *(_cmdlet(name, count) for name, count in run.cmdlets.most_common()), class_="cmdlets")
        if run.writes
        else None,
        element("p", "Accepted: ", _accepted(run), ".") if run.accepted else None,
        _failed_writes(document, failed) if failed else None,
    )


def _when(run: Run) -> str:
    length = wording.span((run.end - run.begin).total_seconds())
    if run.begin.date() == run.end.date():
        return f"{wording.day(run.begin)}, {run.begin:%H:%M} to {run.end:%H:%M} UTC ({length})"
    return f"{wording.time(run.begin)} to {wording.time(run.end)} ({length})"


def _summed(run: Run) -> Html:
    wrong = [f"{wording.number(run.count(result))} {word}" for result, word in _WORDS.items() if run.count(result)]
    mailboxes = len({number for write in run.writes for number in write.mailboxes})
    what = f"{wording.counted(len(run.writes), 'write')} for {wording.mailboxes(mailboxes)}"
    text = what if mailboxes else wording.counted(len(run.writes), "write")
    if not run.writes:
        return element("span", "Nothing was written.")
    return element("span", element("strong", text), f": {', '.join(wrong)}." if wrong else ", all of them answered.")


def _cmdlet(name: str, count: int) -> Html:
    return element("li", element("code", name), f" {wording.number(count)}")


def _accepted(run: Run) -> str:
    return ", ".join(f"{code} for {wording.mailboxes(count)}" for code, count in run.accepted.most_common())


def _failed_writes(document: Document, writes: Sequence[Write]) -> Html:
    items = [_failed_write(document, write) for write in writes[:LISTED]]
    if len(writes) > LISTED:
        more = wording.number(len(writes) - LISTED)
        items.append(element("li", f"and {more} more, in the details of the mailboxes"))
    return element(
        "details",
        element("summary", f"{wording.counted(len(writes), 'write')} without a successful answer"),
        element("ul", *items, class_="mailboxes"),
    )


def _failed_write(document: Document, write: Write) -> Html:
    return element(
        "li",
        foreign(_concerned(document, write), class_="who"),
        " ",
        element("code", write.cmdlet),
        f" {write.at:%H:%M:%S}, {_WORDS[write.result]}",
        *((": ", foreign(write.error, class_="said")) if write.error else (".",)),
    )


def _concerned(document: Document, write: Write) -> str:
    if len(write.mailboxes) > 1:
        return f"{write.name} ({wording.mailboxes(len(write.mailboxes))})"
    return document.mailboxes[write.mailboxes[0]].identity if write.mailboxes else "(no mailbox)"
