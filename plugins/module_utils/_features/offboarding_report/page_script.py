# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The page's script: the list of mailboxes, a page at a time, and what the page itself only begins to list.

It makes elements and sets their text, never markup. A Python text for the same reason as the style sheet.
"""

from __future__ import annotations

SCRIPT = r"""
"use strict";
(() => {
  const PAGE = 50;
  const SIGNS = {failed: "✕", waiting: "○", moving: "▸", home: "✓"};
  const SEVERITIES = ["blocker", "warning", "info", "not_checked"];
  const RESULTS = {ok: "done", failed: "failed", unknown: "result unknown", unanswered: "no answer noted"};
  const wave = JSON.parse(document.getElementById("wave").textContent);
  const texts = wave.texts;
  const byId = (id) => document.getElementById(id);
  const number = (count) => count.toLocaleString("en");
  const counted = (count, one) => `${number(count)} ${one}${count === 1 ? "" : "s"}`;

  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children.filter((child) => child !== null && child !== ""));
    return element;
  }

  const foreign = (text, attributes = {}) => make("bdi", attributes, text);

  function size(count) {
    const units = ["bytes", "KB", "MB", "GB", "TB"];
    let unit = 0;
    while (count >= 1024 && unit < units.length - 1) { count /= 1024; unit += 1; }
    const digits = unit ? 1 : 0;
    const options = {minimumFractionDigits: digits, maximumFractionDigits: digits};
    return `${count.toLocaleString("en", options)} ${units[unit]}`;
  }

  function time(seconds) {
    const iso = new Date(seconds * 1000).toISOString();
    return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
  }

  const unexamined = new Set(wave.unexamined);
  const mailboxes = wave.mailboxes.map((row, index) => {
    const [identity, name, standing, database, percent, done, total, detail, readAt] = row;
    const [group, label] = wave.standings[standing];
    return {
      index, identity, name, group, label, percent, done, total,
      database: texts[database], detail: texts[detail], readAt: texts[readAt],
      failures: [], findings: [], writes: [], open: false, words: "",
    };
  });
  for (const [code, remedy, retryable, items] of wave.failures) {
    for (const [mailbox, message, cmdlet] of items) {
      mailboxes[mailbox].failures.push({
        code: texts[code], remedy: texts[remedy], retryable, message: texts[message], cmdlet: texts[cmdlet],
      });
    }
  }
  for (const [code, severity, accepted, remedy, items] of wave.findings) {
    for (const [mailbox, found] of items) {
      mailboxes[mailbox].findings.push({
        code: texts[code], severity: texts[severity], accepted, remedy: texts[remedy], found: texts[found],
      });
    }
  }
  for (const [mailbox, at, cmdlet, result, error] of wave.writes) {
    mailboxes[mailbox].writes.push({at, cmdlet: texts[cmdlet], result: wave.results[result], error: texts[error]});
  }
  for (const mailbox of mailboxes) {
    mailbox.writes.sort((one, other) => one.at - other.at);
    mailbox.words = [
      mailbox.identity, mailbox.name, mailbox.database, mailbox.label,
      ...mailbox.failures.map((failure) => failure.code), ...mailbox.findings.map((finding) => finding.code),
    ].join("\n").toLowerCase();
  }

  // -- one mailbox ---------------------------------------------------------------------------------------------

  function findingCounts(mailbox) {
    if (!wave.readiness || unexamined.has(mailbox.index)) return "not checked";
    const names = {blocker: "blocker", warning: "warning", info: "note"};
    const told = [];
    for (const severity of SEVERITIES) {
      const count = mailbox.findings.filter((item) => item.severity === severity && !item.accepted).length;
      if (count) told.push(severity === "not_checked" ? `${count} not checked` : counted(count, names[severity]));
    }
    const accepted = mailbox.findings.filter((item) => item.accepted).length;
    if (accepted) told.push(`${accepted} accepted`);
    return told.join(", ") || "none";
  }

  const loud = (mailbox) => mailbox.findings.some(
    (finding) => !finding.accepted && ["blocker", "warning"].includes(finding.severity));

  function moved(mailbox) {
    if (mailbox.percent === null && mailbox.done === null) {
      return [make("span", {class: "quiet"}, mailbox.total === null ? "not known" : `of ${size(mailbox.total)}`)];
    }
    const parts = [];
    if (mailbox.percent !== null) {
      parts.push(make("progress", {
        max: 100, value: mailbox.percent, "aria-label": `Moved, ${mailbox.identity}`,
      }));
    }
    const amount = mailbox.done === null ? "" : size(mailbox.done);
    const whole = mailbox.total === null ? "" : ` of ${size(mailbox.total)}`;
    const percent = mailbox.percent === null ? "" : `${mailbox.percent} %`;
    parts.push(make("span", {class: "amount"}, [percent, amount && `${amount}${whole}`].filter(Boolean).join(", ")));
    return parts;
  }

  function cell(name, ...children) {
    return make("td", {role: "cell", "data-name": name}, make("div", {}, ...children));
  }

  function row(mailbox) {
    const button = make("button", {
      type: "button", "aria-expanded": String(mailbox.open), "data-mailbox": mailbox.index,
    }, foreign(mailbox.identity));
    const name = mailbox.name ? make("div", {class: "quiet"}, foreign(mailbox.name)) : null;
    const state = make("span", {class: `state ${mailbox.group}`},
      make("span", {class: "sign", "aria-hidden": "true"}, SIGNS[mailbox.group]), foreign(mailbox.label));
    return make("tr", {role: "row"},
      make("th", {role: "rowheader", scope: "row"}, button, name),
      cell("State", state),
      make("td", {role: "cell", "data-name": "Moved", class: "moved"}, make("div", {}, ...moved(mailbox))),
      cell("Database", mailbox.database ? foreign(mailbox.database) : make("span", {class: "quiet"}, "not known")),
      cell("Findings", make("span", {class: loud(mailbox) ? "loud" : "quiet"}, findingCounts(mailbox))));
  }

  function listed(items) {
    return make("ul", {class: "mailboxes"}, ...items.map((parts) => make("li", {}, ...parts)));
  }

  function detailRow(mailbox) {
    const list = make("dl", {class: "details"});
    const say = (term, ...content) => list.append(make("dt", {}, term), make("dd", {}, ...content));
    if (mailbox.detail) say("Status", foreign(mailbox.detail));
    if (mailbox.readAt) say("Figures of", mailbox.readAt);
    if (mailbox.failures.length) {
      say("Failed", listed(mailbox.failures.map((failure) => [
        failure.cmdlet ? make("code", {}, failure.cmdlet) : "", " ", foreign(failure.message, {class: "said"}), " ",
        failure.remedy ? make("strong", {}, "What to do: ") : "", foreign(failure.remedy),
      ])));
    }
    if (mailbox.findings.length) {
      say("Findings", listed(mailbox.findings.map((finding) => [
        make("strong", {}, `${finding.severity.replace("_", " ")}${finding.accepted ? ", accepted" : ""}: `),
        foreign(finding.found, {class: "said"}), " ",
        finding.remedy ? make("strong", {}, "What to do: ") : "", foreign(finding.remedy),
      ])));
    }
    if (mailbox.writes.length) {
      say("Written", listed(mailbox.writes.map((write) => [
        `${time(write.at)} `, make("code", {}, write.cmdlet), ` ${RESULTS[write.result]}`,
        write.error ? ": " : "", foreign(write.error, {class: "said"}),
      ])));
    } else {
      say("Written", wave.journal ? "nothing that the journal knows" : "not known: there is no journal");
    }
    return make("tr", {role: "row", class: "unfolded"}, make("td", {role: "cell", colspan: 5}, list));
  }

  // -- the list ------------------------------------------------------------------------------------------------

  const search = byId("search"), state = byId("state"), order = byId("order"), rows = byId("rows");
  const previous = byId("previous"), next = byId("next");
  let found = mailboxes, page = 0;

  const rank = (mailbox) => wave.groups.indexOf(mailbox.group);
  const byName = (one, other) => (one.identity.toLowerCase() < other.identity.toLowerCase() ? -1 : 1);
  const falling = (key) => (one, other) => (other[key] ?? -1) - (one[key] ?? -1) || byName(one, other);
  const ORDERS = {
    state: (one, other) => rank(one) - rank(other) || one.label.localeCompare(other.label, "en") || byName(one, other),
    name: byName,
    percent: falling("percent"),
    size: falling("total"),
  };

  function choose() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = mailboxes.filter((mailbox) =>
      (!state.value || mailbox.group === state.value) && words.every((word) => mailbox.words.includes(word)));
    found.sort(ORDERS[order.value]);
    page = 0;
    show();
  }

  function fill(chosen) {
    rows.replaceChildren(...chosen.flatMap((mailbox) =>
      mailbox.open ? [row(mailbox), detailRow(mailbox)] : [row(mailbox)]));
  }

  function show() {
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    const first = page * PAGE, last = Math.min(first + PAGE, found.length);
    fill(found.slice(first, last));
    const all = found.length === mailboxes.length ? "" : ` (of ${number(mailboxes.length)})`;
    byId("shown").textContent = found.length
      ? `${number(first + 1)} to ${number(last)} of ${number(found.length)} mailboxes${all}`
      : "No mailbox fits.";
    byId("page-number").textContent = `Page ${number(page + 1)} of ${number(pages)}`;
    previous.setAttribute("aria-disabled", String(page === 0));
    next.setAttribute("aria-disabled", String(page + 1 >= pages));
    previous.parentElement.hidden = pages === 1;
  }

  function turn(button, step) {
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      page += step;
      show();
    });
  }

  search.addEventListener("input", choose);
  state.addEventListener("change", choose);
  order.addEventListener("change", choose);
  turn(previous, -1);
  turn(next, 1);
  rows.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-mailbox]");
    if (!button) return;
    const mailbox = mailboxes[Number(button.dataset.mailbox)], line = button.closest("tr");
    mailbox.open = !mailbox.open;
    button.setAttribute("aria-expanded", String(mailbox.open));
    if (mailbox.open) line.after(detailRow(mailbox));
    else line.nextElementSibling.remove();
  });
  for (const tile of document.querySelectorAll("a[data-group]")) {
    tile.addEventListener("click", () => {
      search.value = "";
      state.value = tile.dataset.group;
      choose();
    });
  }

  // -- what the page only begins to list -----------------------------------------------------------------------

  function remaining(rest) {
    const {kind, entry, shown} = rest.dataset;
    const items = wave[kind][Number(entry)][kind === "failures" ? 3 : 4].slice(Number(shown));
    return items.map(([mailbox, said, cmdlet]) => make("li", {},
      foreign(mailboxes[mailbox].identity, {class: "who"}), ...(rest.dataset.plain ? [] : [" ",
      kind === "failures" && texts[cmdlet] ? make("code", {}, texts[cmdlet]) : "", " ",
      foreign(texts[said], {class: "said"})])));
  }

  function reveal(rest) {
    const items = remaining(rest);
    rest.replaceWith(...items);
    return items[0];
  }

  for (const rest of document.querySelectorAll("li.rest")) {
    const entry = rest.closest("article").querySelector("h3, h4").textContent.trim();
    const count = remaining(rest).length;
    const button = make("button", {type: "button"}, `Show ${number(count)} more`,
      make("span", {class: "hidden"}, ` of: ${entry}`));
    button.addEventListener("click", () => {
      const first = reveal(rest);
      first.tabIndex = -1;
      first.focus();
    });
    rest.replaceChildren(button);
  }

  // -- paper: all of it ----------------------------------------------------------------------------------------

  let closed = [];
  window.addEventListener("beforeprint", () => {
    for (const rest of document.querySelectorAll("li.rest")) reveal(rest);
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const item of closed) item.open = true;
    fill([...mailboxes].sort(ORDERS.state));
  });
  window.addEventListener("afterprint", () => {
    for (const item of closed) item.open = false;
    show();
  });

  byId("list").hidden = false;
  choose();
})();
"""
