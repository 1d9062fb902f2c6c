# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The baseline: both sides as found before the first write, kept for good.

A sync may damage what is live, so the baseline stays the authority for addresses in every later run. It is written
once and never overwritten: not by a second run, and not by two runs at once. When all that was written is undone, and
when a fresh one takes its place, it is kept aside for people.

A baseline is believed for what it says, not for its name: it names its mailbox, and a checksum tells whether somebody
changed a value since. It is indented JSON for people, and the checksum counts values only, so laying it out anew does
no harm.
"""

from __future__ import annotations

import datetime
import itertools
import re
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import (
    refusal,
    unwritable_directory,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    Baseline,
    CloudRecipient,
    OnPremisesRecipient,
)

VERSION = 2
WITHOUT_CHECKSUM = 1  # the first form: still read, and held to its GUID alone
# Where baselines are kept that are no authority any more: of mailboxes that were rolled back wholly, and those that a
# fresh one took the place of.
ROLLED_BACK, SUPERSEDED = "rolled_back", "superseded"
_RESTORE = "Restore it from backup: it is the only record of the mailbox's original values."


class Baselines:
    """The baselines of one folder, one for each mailbox, named by its ExchangeGuid."""

    def __init__(self, folder: Folder) -> None:
        self._memory = folder.memory
        self._folder = folder.at("baseline")

    def path(self, exchange_guid: str) -> str:
        """Return how people are told where a mailbox's baseline is."""
        return self._memory.describe(self._path(exchange_guid))

    def load(self, exchange_guid: str) -> Baseline | None:
        """Return ``{"version", "taken_at", "identity", "cloud", "on_premises", ...}``, or None where there is none."""
        where = self.path(exchange_guid)
        try:
            data: Baseline = documents.load(self._memory, self._path(exchange_guid))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise refusal(
                "directory",
                where,
                "holds a baseline that cannot be read",
                error,
                remedy=_RESTORE,
                code="unreadable_baseline",
            ) from error
        _check_form(where, data)
        _check_mailbox(where, exchange_guid, data)
        return data

    def save(self, identity: str, cloud: CloudRecipient, on_premises: OnPremisesRecipient) -> Baseline:
        """Write the baseline unless there is one already, and return the one that stands."""
        data = content(identity, cloud, on_premises)
        try:
            self._memory.make_folder(self._folder)
            made = self._memory.create(self._path(cloud["exchange_guid"]), _text(data))
        except OSError as error:
            raise self._unwritable(error) from error
        return data if made else self.load(cloud["exchange_guid"]) or data

    def replace(self, data: Baseline) -> str:
        """Put a baseline in the place of the one that stands, sound or not; return where the old one is kept.

        A kill on the way leaves the old one in force, or the new one: never none.
        """
        try:
            kept = self._keep(data["exchange_guid"], SUPERSEDED)
            self._memory.write(self._path(data["exchange_guid"]), _text(data))
        except OSError as error:
            raise self._unwritable(error) from error
        return self._memory.describe(kept)

    def set_aside(self, exchange_guid: str) -> str:
        """Move a baseline to ``baseline/rolled_back``, so that the next run takes a fresh one; return where it is now.

        A kill on the way leaves the baseline in both places, and the next call ends it. An empty text where there is
        none.
        """
        if self.load(exchange_guid) is None:
            return ""
        try:
            target = self._keep(exchange_guid, ROLLED_BACK)
            self._memory.remove(self._path(exchange_guid))
        except OSError as error:
            where = self._memory.describe(f"{self._folder}/{ROLLED_BACK}")
            what = "the baseline of a mailbox that was rolled back"
            raise unwritable_directory("directory", where, what, error) from error
        return self._memory.describe(target)

    def last_set_aside(self, exchange_guid: str) -> str:
        """Return where the newest of a mailbox's baselines is that were moved aside, or an empty text."""
        try:
            found = self._memory.paths(f"{self._folder}/{ROLLED_BACK}", f"{exchange_guid}.*.json")
        except OSError as error:
            raise self._unwritable(error) from error
        return self._memory.describe(max(found, key=_when)) if found else ""

    def _path(self, exchange_guid: str) -> str:
        return f"{self._folder}/{exchange_guid}.json"

    def _keep(self, exchange_guid: str, folder: str) -> str:
        """Copy a baseline to where people find it, named by mailbox and time; nothing there is ever overwritten."""
        path, where = self._path(exchange_guid), f"{self._folder}/{folder}"
        self._memory.make_folder(where)
        name = f"{exchange_guid}.{self._taken_at(path).replace(':', '')}"
        text = self._text_at(path)
        for number in itertools.count(1):
            target = f"{where}/{name}{f'.{number}' if number > 1 else ''}.json"
            # A run that was killed may have copied it already.
            if self._memory.copy(path, target) or (text is not None and self._text_at(target) == text):
                return target
        raise AssertionError("unreachable: one of the names is free")

    def _text_at(self, path: str) -> str | None:
        """Return what a baseline says, None where it is too damaged to be read."""
        try:
            found = self._memory.read(path)
        except OSError:
            return None
        return found.text if found else None

    def _taken_at(self, path: str) -> str:
        """Return when a baseline was taken, by its own word; now where it is damaged."""
        try:
            told = documents.load(self._memory, path)["taken_at"]
            if re.fullmatch(r"[0-9TZ:-]+", told):
                return str(told)
        except (OSError, LookupError, TypeError):
            pass
        return _text_of(self._memory.now())

    def _unwritable(self, error: OSError) -> InputError:
        return unwritable_directory("directory", self._memory.describe(self._folder), "the baselines", error)


def content(identity: str, cloud: CloudRecipient, on_premises: OnPremisesRecipient, taken_at: str = "") -> Baseline:
    """Return a baseline of both sides, taken now unless ``taken_at`` says when."""
    data: Baseline = {
        "version": VERSION,
        "exchange_guid": cloud["exchange_guid"],
        "identity": identity,
        "taken_at": taken_at or _text_of(datetime.datetime.now(datetime.timezone.utc)),
        "cloud": cloud.copy(),
        "on_premises": on_premises.copy(),
    }
    return {**data, "checksum": documents.checksum(data)}


def _text_of(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(data: Baseline) -> str:
    return documents.text_of(data, indent=1)


def _when(path: str) -> tuple[str, int]:
    """Return when a baseline was taken that was moved aside, and its number among those of that second, by its name."""
    taken_at, *number = path.rpartition("/")[2].split(".")[1:-1]
    return taken_at, int(number[0]) if number and number[0].isdecimal() else 1


def _check_form(path: str, data: Any) -> None:
    """Refuse what is no baseline of a version that is known, or not as it was written."""
    if not isinstance(data, dict) or not all(isinstance(data.get(part), dict) for part in ("cloud", "on_premises")):
        raise _unreadable(path, "has contents that are not a baseline")
    if data.get("version") not in (WITHOUT_CHECKSUM, VERSION):
        raise _unreadable(
            path,
            f"is of version {data.get('version')!r}, which this release does not support",
            "Run the release of the collection that wrote it, or a newer one.",
        )
    if (data["version"] != WITHOUT_CHECKSUM or "checksum" in data) and not documents.is_as_written(data):
        raise _unreadable(path, "was changed or truncated after it was written: its checksum does not match its values")


def _check_mailbox(path: str, exchange_guid: str, data: Baseline) -> None:
    """Refuse what says that it is of another mailbox, whatever the file is called."""
    named = [data["cloud"].get("exchange_guid")]
    if data["version"] != WITHOUT_CHECKSUM:
        named.append(data.get("exchange_guid"))
    for other in named:
        if _values.folded(other) != _values.folded(exchange_guid):
            raise InputError(
                "directory",
                path,
                f"holds the baseline of another mailbox, {other or 'without a GUID'} ({data.get('identity')})",
                f"Restore the baseline of {exchange_guid} from backup. Nothing was written for this mailbox. With this "
                "file it would get the addresses and the GUID of another one.",
                "foreign_baseline",
            )


def _unreadable(path: str, problem: str, remedy: str = "") -> InputError:
    return InputError("directory", path, problem, remedy or _RESTORE, "unreadable_baseline")
