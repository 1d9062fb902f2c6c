/* SPDX-FileCopyrightText: 2026 The mailops.exchange_hybrid contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plays the recording of the demo beside the link to it. window.recording is the text of the asciicast; what the demo prints
 * has neither colours nor movements of the cursor. */
document.addEventListener("DOMContentLoaded", () => {
  const link = document.querySelector('a[href$=".cast"]');
  if (!link || !window.recording) return;
  const [header, ...events] = window.recording.trim().split("\n").map((line) => JSON.parse(line));
  const screen = document.createElement("pre");
  screen.style.cssText = "height: 24em; overflow: auto; background: #10161d; color: #dbe4ee; padding: 1em; font-size: 80%";
  screen.textContent = "$ make demo";
  const button = document.createElement("button");
  button.textContent = "Play the recording";
  link.closest("p").after(button, screen);
  let timer = 0;
  button.addEventListener("click", () => {
    clearTimeout(timer);
    screen.textContent = "";
    const next = (place) => {
      if (place >= events.length) return;
      screen.textContent += events[place][2].replaceAll("\r", "");
      screen.scrollTop = screen.scrollHeight;
      const wait = place + 1 < events.length ? events[place + 1][0] - events[place][0] : 0;
      timer = setTimeout(next, 1000 * Math.min(wait, header.idle_time_limit), place + 1);
    };
    next(0);
  });
});
