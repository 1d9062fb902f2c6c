# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws docs/images/order.svg, the order of the phases and why: ``make pages``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

LANES = ("Exchange Online", "Entra Connect", "Exchange Server")
WIDTH, LANE, GAP, TOP = 960, 150, 78, 64
NOTES = LANE * len(LANES) + 40


@dataclass(frozen=True)
class Step:
    """One step: the systems that it is about, what is done, and why here."""

    phase: str
    lanes: tuple[int, ...]
    does: str
    why: str


STEPS = (
    Step("state", (0, 2), "read both sides, save the baseline", "What is not saved now cannot be restored later."),
    Step("prepare", (1,), "pause the scheduler", "A cycle in between would export users that are half made."),
    Step("prepare", (2,), "Enable-MailUser, one Set-MailUser", "All of it before the match overwrites the cloud."),
    Step("prepare", (1,), "resume the scheduler", "Only complete users are left."),
    Step("sync", (1,), "run a cycle, wait for its end", "The cloud learns what is on-premises."),
    Step("match", (0,), "prove the match, compare", "The same cloud object, with every address that it had."),
    Step("move", (0,), "submit the moves", "The GUID leads the move to its user: KB 2813304 is settled."),
    Step("complete", (0, 2), "complete the moves", "On a day of your own choice, if the cutover is held."),
    Step("verify", (0, 1, 2), "run a cycle, compare both sides", "All that the baseline has, once the cloud shows it."),
)


def elements() -> Iterator[str]:
    """Yield the picture from its background to its last note."""
    height = TOP + GAP * len(STEPS)
    yield f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>'
    for lane, name in enumerate(LANES):
        x = 20 + lane * LANE
        yield f'<rect x="{x}" y="12" width="{LANE - 12}" height="{height - 24}" rx="8" fill="#eef3f8"/>'
        yield f'<text x="{x + (LANE - 12) / 2}" y="38" class="lane">{name}</text>'
    for place, step in enumerate(STEPS):
        yield from drawn(step, TOP + place * GAP, place)


def drawn(step: Step, y: int, place: int) -> Iterator[str]:
    """Yield one step: a box across its systems, the arrow from the step before, and the note beside it."""
    left = 26 + min(step.lanes) * LANE
    right = 20 + max(step.lanes) * LANE + LANE - 18
    middle = (left + right) / 2
    if place:
        before = STEPS[place - 1].lanes
        start = 26 + (min(before) + max(before)) * LANE / 2 + (LANE - 24) / 2
        yield f'<path d="M{start} {y - GAP + 46} L{middle} {y - 3}" class="arrow" marker-end="url(#head)"/>'
    yield f'<rect x="{left}" y="{y}" width="{right - left}" height="46" rx="6" class="step"/>'
    yield f'<text x="{middle}" y="{y + 19}" class="phase">{place + 1}. {step.phase}</text>'
    words = step.does.split(", ") if len(step.lanes) == 1 and len(step.does) > 22 else [step.does]
    yield f'<text x="{middle}" y="{y + 35}" class="does">{escape(words[0])}</text>'
    told = escape(step.does) if len(words) > 1 else ""
    if told:
        yield f'<text x="{NOTES}" y="{y + 16}" class="note">{told}</text>'
    yield f'<text x="{NOTES}" y="{y + (34 if told else 26)}" class="why">{escape(step.why)}</text>'


def svg() -> str:
    """Return the picture. It has a background of its own, so that it can be read in a dark theme."""
    body = "\n".join(f"  {element}" for element in elements())
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {TOP + GAP * len(STEPS)}" role="img"
  font-family="sans-serif" font-size="12">
  <title>The order of the phases, and why</title>
  <style>
    text {{ fill: #1c2733; }} .lane {{ font-weight: bold; text-anchor: middle; }}
    .step {{ fill: #ffffff; stroke: #2f6da3; }} .phase {{ font-weight: bold; text-anchor: middle; }}
    .does {{ font-size: 10.5px; text-anchor: middle; }} .why {{ fill: #45566a; }}
    .arrow {{ fill: none; stroke: #2f6da3; }}
  </style>
  <defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
    <path d="M0 0 L8 4 L0 8 z" fill="#2f6da3"/></marker></defs>
{body}
</svg>
"""
