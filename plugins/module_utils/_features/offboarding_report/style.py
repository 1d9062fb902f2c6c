# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The page's style sheet. A Python text, because Ansible sends a module's Python files to where it runs, and no others.

The colours are chosen for a contrast of at least 4.5 to 1 on both grounds in both schemes; a test computes it.
"""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f6f7; --ink: #1a1d21; --quiet: #555d66; --line: #d5d9de; --edge: #78828d;
  --link: #0a4f9e; --failed: #ae1d14; --waiting: #835100; --moving: #0a4f9e; --home: #17663a;
  --failed-fill: #c9362b; --waiting-fill: #d99a26; --moving-fill: #3f83cf; --home-fill: #2f9e5c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #13161a; --panel: #1c2025; --ink: #e8eaed; --quiet: #a4adb7; --line: #333a42; --edge: #7d8791;
    --link: #83bbff; --failed: #ff9188; --waiting: #f0ba55; --moving: #83bbff; --home: #79d69f;
    --failed-fill: #e5564a; --waiting-fill: #c98f25; --moving-fill: #4c8fdc; --home-fill: #38a765;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0 auto; max-width: 70rem; padding: 1.25rem 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
@media (min-width: 48rem) { body { padding: 2.5rem 2rem 4rem; } }
h1, h2, h3, h4 { line-height: 1.25; text-wrap: balance; }
h1 { font-size: 1.75rem; font-weight: 650; letter-spacing: -0.01em; margin: 0; }
h2 { font-size: 1.25rem; font-weight: 650; margin: 0 0 0.75rem; }
h3 { font-size: 1rem; font-weight: 650; margin: 1.5rem 0 0.5rem; }
h4 { font-size: 1rem; font-weight: 650; margin: 0 0 0.25rem; }
h2:focus { outline: none; }
p { margin: 0 0 0.5rem; max-width: 46rem; }
ul, ol { margin: 0; padding: 0; list-style: none; }
a { color: var(--link); text-underline-offset: 0.15em; }
code {
  display: inline-block; max-width: 100%;
  font: 0.875em/1.4 ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
section { margin-top: 2.25rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
#summary { margin-top: 1.25rem; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 0.5rem; padding: 0.5rem 0.75rem; background: var(--paper); z-index: 1; }
.quiet, .made, .count, .more, .source { color: var(--quiet); }
.made { margin: 0.25rem 0 0.75rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.missing { border-left: 3px solid var(--waiting-fill); padding-left: 0.75rem; }
header nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
header nav a { display: inline-block; padding: 0.25rem 0; }

.verdict { font-size: 1.25rem; line-height: 1.4; margin-bottom: 1rem; }
.bar { display: block; width: 100%; height: 0.625rem; margin-bottom: 1rem; }
.bar .failed { fill: var(--failed-fill); } .bar .waiting { fill: var(--waiting-fill); }
.bar .moving { fill: var(--moving-fill); } .bar .home { fill: var(--home-fill); }
.tiles { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.75rem; }
@media (min-width: 48rem) { .tiles { grid-template-columns: repeat(4, minmax(0, 1fr)); } }
.tiles a {
  display: flex; flex-direction: column; height: 100%; padding: 0.75rem 0.875rem; background: var(--panel);
  border-top: 3px solid; border-radius: 0 0 4px 4px; text-decoration: none;
}
.tiles a:hover .name { text-decoration: underline; }
.tiles .name { font-weight: 600; }
.tiles strong { color: var(--ink); font-size: 2rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.02em; }
.tiles .more { font-size: 0.875rem; line-height: 1.35; }
.sign { display: inline-block; min-width: 1.25em; }
a.failed, .state.failed { color: var(--failed); } a.waiting, .state.waiting { color: var(--waiting); }
a.moving, .state.moving { color: var(--moving); } a.home, .state.home { color: var(--home); }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.375rem 1.25rem; margin: 1.25rem 0 0; }
.facts dt, .details dt { color: var(--quiet); }
.facts dd, .details dd { margin: 0; }

.entry { padding: 0.875rem 0; border-top: 1px solid var(--line); }
h2 + .entry, h3 + .entry, .quiet + .entry, summary + .entry { border-top: 0; padding-top: 0.25rem; }
.entry h3 { margin: 0 0 0.25rem; }
.entry p { margin: 0 0 0.375rem; }
.entry .source { font-size: 0.875rem; margin: 0.375rem 0 0; }
.count { font-weight: 400; white-space: nowrap; }
.badge {
  display: inline-block; padding: 0 0.5em; border: 1px solid; border-radius: 3px;
  font-size: 0.8125rem; font-weight: 650; line-height: 1.5; white-space: nowrap; vertical-align: 0.1em;
}
.badge.failed, .badge.blocker { color: var(--failed); }
.badge.warning { color: var(--waiting); }
.badge.info, .badge.not_checked, .badge.accepted { color: var(--quiet); }
.badge.not_checked, .badge.accepted { border-style: dashed; }
.mailboxes li { padding: 0.1875rem 0 0.1875rem 1rem; text-indent: -1rem; }
.mailboxes li > * { text-indent: 0; }
.who { font-weight: 600; }
.names { display: flex; flex-wrap: wrap; gap: 0 1.25rem; }
.names .who { font-weight: 400; }
.said { white-space: pre-line; }
.entry .mailboxes { margin-top: 0.375rem; }
details { margin: 0.75rem 0; }
summary { cursor: pointer; color: var(--link); padding: 0.25rem 0; width: fit-content; }
summary:hover { text-decoration: underline; }

.controls { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.75rem; margin-bottom: 0.75rem; }
.controls label:first-child { grid-column: 1 / -1; }
.controls span { display: block; font-size: 0.875rem; color: var(--quiet); }
@media (min-width: 48rem) {
  .controls { grid-template-columns: 2fr 1fr 1fr; }
  .controls label:first-child { grid-column: auto; }
}
input, select, button { font: inherit; color: inherit; }
input, select {
  width: 100%; min-height: 2.75rem; padding: 0.375rem 0.625rem; background: var(--paper);
  border: 1px solid var(--edge); border-radius: 4px;
}
::placeholder { color: var(--quiet); opacity: 1; }
button {
  min-height: 2.75rem; padding: 0.25rem 1rem; background: none; border: 1px solid var(--edge); border-radius: 4px;
  cursor: pointer;
}
button[aria-disabled="true"] { color: var(--quiet); border-style: dashed; cursor: default; }
table button, .rest button {
  border: 0; padding: 0; min-height: 0; color: var(--link); text-align: left; text-decoration: underline;
  text-underline-offset: 0.15em; overflow-wrap: anywhere; font-weight: inherit;
}
button[aria-expanded]::before { content: "+" / ""; display: inline-block; width: 1.125em; font-weight: 400; }
button[aria-expanded="true"]::before { content: "\\2212" / ""; }
tbody th .quiet { padding-left: 1.125rem; }
.pages { display: flex; flex-wrap: wrap; align-items: center; gap: 0.75rem 1rem; margin-top: 1rem; }
table { width: 100%; border-collapse: collapse; text-align: left; }
caption { text-align: left; color: var(--quiet); font-size: 0.875rem; padding-bottom: 0.25rem; }
th, td { padding: 0.5rem 1rem 0.5rem 0; border-top: 1px solid var(--line); vertical-align: top; font-weight: 400; }
thead th { color: var(--quiet); font-size: 0.875rem; border-top: 0; }
tbody th { font-weight: 600; }
tbody th .quiet { font-weight: 400; font-size: 0.875rem; }
.state { font-weight: 600; }
.moved progress { display: block; width: 100%; max-width: 10rem; height: 0.5rem; accent-color: var(--moving-fill); }
.details { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.375rem 1.25rem; margin: 0; }
.details ul { margin: 0; }
.details li { padding-top: 0; }
.amount { font-size: 0.875rem; }
.loud { font-weight: 600; }
tr.unfolded td { border-top: 0; padding: 0 0 1rem 1rem; }
@media print, (min-width: 48rem) {
  .wave { table-layout: fixed; }
  .wave thead th:nth-child(1) { width: 32%; } .wave thead th:nth-child(2) { width: 18%; }
  .wave thead th:nth-child(3) { width: 21%; } .wave thead th:nth-child(4) { width: 11%; }
}
@media screen and (max-width: 47.99rem) {
  .wave, .wave tbody, .wave tr, .wave th, .wave td, .wave caption { display: block; }
  .wave thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .wave tr { border-top: 1px solid var(--line); padding: 0.625rem 0; }
  .wave tr.unfolded { border-top: 0; padding-top: 0; }
  .wave th, .wave td { border: 0; padding: 0.125rem 0; }
  .wave td[data-name] { display: grid; grid-template-columns: 6rem minmax(0, 1fr); }
  .wave td[data-name]::before { content: attr(data-name); color: var(--quiet); }
  .wave tr.unfolded td { padding: 0 0 0 0.75rem; border-left: 2px solid var(--line); }
  .details { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .details dd { margin-bottom: 0.5rem; }
  .sources td:nth-child(2) { font-size: 0.875rem; }
  th, td { padding-right: 0.5rem; }
}
.runs > li { padding: 0.75rem 0; border-top: 1px solid var(--line); }
.runs > li:first-child { border-top: 0; }
.runs h3 { margin: 0 0 0.125rem; }
.runs p { margin-bottom: 0.25rem; }
.cmdlets { display: flex; flex-wrap: wrap; gap: 0.125rem 1.25rem; }
.runs details { margin: 0.25rem 0 0; }
footer { margin-top: 2rem; color: var(--quiet); font-size: 0.875rem; }

@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --panel: #ffffff; --ink: #000000; --quiet: #444444; --line: #bbbbbb; --edge: #777777;
    --link: #000000; --failed: #8f140c; --waiting: #6b4200; --moving: #073b78; --home: #0f4d2a;
  }
  @page { margin: 15mm; }
  :root { font-size: 9.5pt; }
  body { max-width: none; padding: 0; }
  header nav, .controls, .pages, .skip, #shown { display: none; }
  section { break-inside: auto; margin-top: 1.25rem; padding-top: 1rem; }
  h2, h3, h4 { break-after: avoid; }
  .tiles { grid-template-columns: repeat(4, minmax(0, 1fr)); }
  .tiles a { border: 1px solid var(--line); border-top: 3px solid; }
  .tiles strong { font-size: 1.5rem; }
  .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { content-visibility: visible; block-size: auto; }
  tr, li { break-inside: avoid; }
  .amount, .quiet, .more, .count { font-size: inherit; }
  th, td { padding: 0.2rem 0.75rem 0.2rem 0; }
  table button { color: inherit; text-decoration: none; }
  button[aria-expanded]::before, summary::marker { content: none; }
  .moved progress { display: none; }
  tbody th .quiet { padding-left: 0; }
  thead { display: table-header-group; }
}
"""
