# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each case must show. Every function returns what is wrong, in sentences; an empty list is what is wanted."""

from __future__ import annotations

import base64
import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder

from tests.fault_matrix.runs import BROKEN, Ran

# Repeating these changes nothing, or nothing but when a cycle runs.
_REPEATABLE = ("Set-ADSyncScheduler", "Start-ADSyncSyncCycle")
# What makes a half-made user whole again, or ends a pause: it is sent even if the journal cannot take it.
_MENDS = ("Set-MailUser", "Set-User", "Disable-MailUser", "Set-ADSyncScheduler")
UNWRITTEN = "does not have the lines of writes that were sent"
# Between two of these a write may be made again: what it made was taken back.
_UNDOES = {"Enable-MailUser": "Disable-MailUser", "Set-MailUser": "Disable-MailUser"}
_SUBMITS = ("New-MigrationBatch", "Set-MigrationBatch")
_MADE = re.compile(r"New-MigrationBatch -Name '([^']+)'")
_LATER_BATCH = re.compile(r"/batch_name: '(MigrationService:[^']+)' became '\1-[0-9]+'$")
# What Python prints of Ctrl-C, and what Ansible says of a module without a result.
_FORGIVEN = re.compile(
    r"^Traceback \(most.*?^KeyboardInterrupt\b[^\n]*$(?:\n\nDuring handling.*)?|MODULE FAILURE",
    re.DOTALL | re.MULTILINE,
)
# What a run says that cannot read its wave again.
UNREAD = "mailboxes are unfinished is not known, because the wave cannot be read"
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)|MODULE FAILURE|Unhandled exception")


def output(ran: Ran, secrets: Sequence[str], folder: Folder, *, killed: bool) -> list[str]:
    """Judge what a run said and left: no traceback, and no secret anywhere.

    Of a run that was killed Python says so: its module has no result, and Ctrl-C a traceback that names it.
    """
    wrong = []
    text = _FORGIVEN.sub("", ran.text) if killed else ran.text
    if ran.code == BROKEN or _TRACEBACK.search(text):
        wrong.append(f"a traceback: {_excerpt(text, _TRACEBACK)}")
    kept = [ran.text, *texts(folder)]
    told = [secret for secret in secrets if any(secret in text for text in kept)]
    return wrong + [f"a secret is in the output: {secret[:4]}..." for secret in told]


def texts(folder: Folder) -> Iterator[str]:
    """Yield all that is kept in a folder of a memory."""
    for path in folder.memory.under(folder.path):
        document = folder.memory.read(path)
        yield document.text if document is not None else ""


def _excerpt(text: str, pattern: re.Pattern[str]) -> str:
    found = pattern.search(text)
    return text[max(0, found.start() - 200) : found.start() + 1500] if found else text[-1500:]


def failures(ran: Ran, *, killed: bool) -> list[str]:
    """Judge each failed result: it names the mailbox, the cmdlet, the message, whether to try again and what to do."""
    wrong = []
    for task, entry in _failed(ran):
        if killed and not entry.keys() & {"identity", "error"}:
            continue  # a module that was killed says nothing; one that was asked to stop has an error as any other
        error = entry.get("error") or {}
        for name in ("code", "message", "remedy"):
            if not str(error.get(name) or "").strip():
                wrong.append(f"{task}: the error has no {name}: {json.dumps(entry)[:600]}")
        if not isinstance(error.get("retryable"), bool):
            wrong.append(f"{task}: the error does not say whether it is retryable: {json.dumps(entry)[:600]}")
        if "identity" in entry and not entry["identity"]:
            wrong.append(f"{task}: the result names no mailbox: {json.dumps(entry)[:600]}")
    return wrong


def _failed(ran: Ran) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for event in ran.events:
        result = event["result"]
        if not event["action"].startswith("mailops."):
            continue
        if event["status"] == "failed" and not result.get("results"):
            yield event["task"], result
        for entry in result.get("results") or []:
            if entry.get("status") == "failed":
                yield event["task"], entry


def honest(ran: Ran, mailboxes: Mapping[str, Mapping[str, Any]], paused: bool) -> list[str]:
    """Judge a run's word by the lab: green is only what was done, and what stays paused or half made is said."""
    wrong = []
    summary = ran.summary
    blamed = {entry["identity"] for entry in summary.get("failures", [])} | set(summary.get("unfinished", []))
    blamed |= set(summary.get("unverified", []))
    if UNREAD in str(summary.get("error", "")):
        blamed |= set(mailboxes)  # of all of them it says that it does not know
    for identity, is_at in mailboxes.items():
        if not _home(is_at) and ran.green:
            wrong.append(f"the run is green, and {identity} is {is_at['home']} here and {is_at['cloud']} in the cloud")
        if not _home(is_at) and ran.code == 2 and summary and identity not in blamed:
            wrong.append(f"{identity} is not home, and neither a failure nor unfinished")
    if paused and ran.green:
        wrong.append("the run is green, and directory synchronization is still paused")
    if paused and ran.code == 2 and "paused" not in ran.text.lower():
        wrong.append("directory synchronization is still paused, and the run does not say so")
    half = [name for name, is_at in mailboxes.items() if _half_made(is_at)]
    if half and ran.code == 2 and not summary.get("addresses_at_risk"):
        wrong.append(f"half made, and not told as at risk: {half}")
    return wrong


def one_wave(runs: Sequence[Ran]) -> list[str]:
    """Judge runs over one wave at the same time: whose it is comes through, and who comes later is told so at once.

    Neither takes it from the other: what a run has read counts for that run alone, which would end both of them safely
    and leave the earlier one, whose wave it was, in the middle of its way.
    """
    wrong = [] if any(ran.green for ran in runs) else ["of the runs over one wave none came through"]
    for ran in runs:
        codes = {str((entry.get("error") or {}).get("code")) for _task, entry in _failed(ran)}
        if not ran.green and codes != {"wave_in_use"}:
            wrong.append(f"the wave was taken from a run that had it: {sorted(codes)}")
    return wrong


def _home(is_at: Mapping[str, Any]) -> bool:
    return bool(is_at["database"]) and is_at["cloud"] == "MailUser" and is_at["home_guid"] == is_at["guid"]


def _half_made(is_at: Mapping[str, Any]) -> bool:
    """Tell whether a mail user lacks addresses that the cloud mailbox has and an export would take from it."""
    if is_at["home"] != "MailUser":
        return False
    held = {address.lower() for address in is_at["home_addresses"]}
    kept = [
        address.lower()
        for address in is_at["addresses"]
        if address[:5].lower() == "smtp:" and not address.lower().endswith("@contoso.onmicrosoft.com")
    ]
    return not set(kept) <= held


def writes(log: Sequence[Mapping[str, Any]], strangers: bool = False) -> list[str]:
    """Judge the lab's log: no write was executed twice, unless it was taken back in between.

    Who joins a migration batch is submitted, and that once, whichever batch it is. Of two runs that know nothing of
    each other, ``strangers``, each may set the same value once, and the later one be refused what the other has made.
    """
    done: Counter[str] = Counter()
    wrong = []
    for entry in log:
        if entry["kind"] != "write" or not entry["executed"] or entry["cmdlet"] in _REPEATABLE:
            continue
        if strangers and entry["outcome"] == "error":
            continue
        identity = str(entry["parameters"].get("Identity", ""))
        for cmdlet, undoing in _UNDOES.items():
            if entry["cmdlet"] == undoing:
                for key in [key for key in done if key.startswith(f"{cmdlet} {identity} ")]:
                    del done[key]
        for key in _doings(entry):
            done[key] += 1
            if done[key] > (2 if strangers and entry["cmdlet"].startswith("Set-") else 1):
                wrong.append(f"executed twice: {key[:300]}")
    return wrong


def _doings(entry: Mapping[str, Any]) -> list[str]:
    """Return what a write does that must not be done again; of a migration batch, for each of its mailboxes."""
    cmdlet, given = entry["cmdlet"], entry["parameters"]
    if cmdlet in _SUBMITS and given.get("CSVData"):
        rows = csv.DictReader(base64.b64decode(given["CSVData"]).decode().splitlines())
        return [f"{_SUBMITS[0]} of {row['EmailAddress'].lower()}" for row in rows]
    parameters = json.dumps(given, sort_keys=True, default=str) if cmdlet.startswith("Set-") else ""
    return [f"{cmdlet} {given.get('Identity', '')} {parameters}"]


def journals(
    folders: Sequence[Folder], log: Sequence[Mapping[str, Any]], killed: bool, unwritten: bool = False
) -> list[str]:
    """Judge the journals: each line sent is answered, unless the process died, and agrees with the lab's log.

    ``unwritten``: a run said that lines are missing. It may have sent, without a line, what makes a user whole.
    """
    sent, answered, damaged = _journalled(folders)
    wrong = [f"the journal has a line that is none: {line[:200]}" for line in damaged]
    open_lines = [entry["cmdlet"] for number, entry in sent.items() if number not in answered]
    if open_lines and not killed:
        wrong.append(f"sent, and never answered in the journal: {open_lines}")
    executed = Counter(entry["cmdlet"] for entry in log if entry["kind"] == "write" and entry["executed"])
    result: Counter[tuple[str, str]] = Counter()
    for number, entry in sent.items():
        result[_name(entry["cmdlet"]), answered.get(number, {}).get("result", "unknown")] += 1
    for cmdlet in {*executed, *(name for name, _result in result)}:
        ok, unknown = result[cmdlet, "ok"], result[cmdlet, "unknown"]
        # The lab executes what it then refuses; such a write is failed in the journal.
        refused = sum(entry["cmdlet"] == cmdlet and entry["outcome"] == "error" and entry["executed"] for entry in log)
        missing = executed[cmdlet] if unwritten and cmdlet in _MENDS else 0
        if not ok <= executed[cmdlet] <= ok + unknown + refused + missing:
            wrong.append(
                f"{cmdlet}: executed {executed[cmdlet]} times ({refused} refused), and the journal says {ok} ok, "
                f"{unknown} unknown, {result[cmdlet, 'failed']} failed"
            )
    return wrong


def _journalled(folders: Sequence[Folder]) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Return what the journals say was sent and answered, by its id, and their lines that are none."""
    events: dict[str, dict[str, Any]] = {"sent": {}, "answered": {}}
    damaged = []
    for line in [line for folder in folders for line in folder.memory.lines(folder.at("journal.jsonl"))]:
        try:
            entry = json.loads(line)
        except ValueError:
            damaged.append(line)
        else:
            events.setdefault(entry["event"], {})[entry.get("id", "")] = entry
    return events["sent"], events["answered"], damaged


def _name(preview: str) -> str:
    return preview.split()[0]


def batches(folders: Sequence[Folder]) -> list[str]:
    """Judge the names of migration batches: a run makes one for this wave, whose mailboxes are all alike.

    Another is made by a later run, for who failed before, where the first has ended and takes nobody any more.
    """
    sent, answered, _damaged = _journalled(folders)
    made: dict[str, set[str]] = {}
    for number, entry in sent.items():
        found = _MADE.match(entry["cmdlet"])
        if found is not None and answered.get(number, {}).get("result") != "failed":
            made.setdefault(entry["run_id"], set()).add(found[1])
    return [f"the run {run} made several batches: {sorted(names)}" for run, names in made.items() if len(names) > 1]


def ending(
    last: Ran, snapshot: Mapping[str, Any], wanted: Mapping[str, Any], paused: bool, folders: Sequence[Folder]
) -> list[str]:
    """Judge where it ends after the healthy run: as an undisturbed run does, nothing paused, nothing left half made."""
    wrong = []
    if not last.green:
        failed = [event for event in last.events if event["status"] == "failed"]
        told = [f"{event['task']}: {event['result'].get('msg')}" for event in failed]
        wrong.append(f"the last run is not green: {told} {json.dumps(last.summary)[:1500]}")
    # Which of the wave's batches a mailbox was in says when it was submitted, and nothing of where it is.
    others = [told for told in differences(wanted, snapshot) if not _LATER_BATCH.search(told)]
    if others:
        wrong.append(f"the end is another: {'; '.join(others)[:1500]}")
    if paused:
        wrong.append("directory synchronization is paused at the end")
    notes = (("", "directory-sync-paused*"), ("half-made", "*.json"))
    left = [path for folder in folders for place, note in notes for path in folder.memory.paths(folder.at(place), note)]
    if left:
        wrong.append(f"left behind: {left}")
    return wrong


def differences(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """Yield where two snapshots differ."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for name in sorted({*wanted, *found}):
            yield from differences(wanted.get(name), found.get(name), f"{path}/{name}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(one, other, f"{path}/{number}")
    elif wanted != found:
        yield f"{path}: {wanted!r} became {found!r}"
