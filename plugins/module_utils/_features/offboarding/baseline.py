# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The baseline: both sides as found before the first write, kept for good.

A sync may damage what is live, so the baseline stays the authority for addresses in every later run. It is written
once and never overwritten: not by a second run, and not by two runs at once. When all that was written is undone, and
when a fresh one takes its place, it is kept aside for people.

A file is believed for what it says, not for its name: it names its mailbox, and a checksum tells whether somebody
changed a value since. It is indented JSON for people, and the checksum counts values only, so laying it out anew does
no harm.
"""

from __future__ import annotations

import contextlib
import datetime
import glob
import hashlib
import itertools
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
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


class Baselines:
    """The baseline files of one directory, one for each mailbox, named by its ExchangeGuid."""

    def __init__(self, directory: str) -> None:
        self._folder = os.path.join(directory, "baseline")

    def path(self, exchange_guid: str) -> str:
        return os.path.join(self._folder, f"{exchange_guid}.json")

    def load(self, exchange_guid: str) -> Baseline | None:
        """Return ``{"version", "taken_at", "identity", "cloud", "on_premises", ...}``, or None where there is none."""
        path = self.path(exchange_guid)
        try:
            with open(path, encoding="utf-8", opener=wave_files.regular) as stream:
                data: Baseline = json.load(stream)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise _unreadable(path, f"holds a baseline that cannot be read ({wave_files.reason(error)})") from error
        _check_form(path, data)
        _check_mailbox(path, exchange_guid, data)
        return data

    def save(self, identity: str, cloud: CloudRecipient, on_premises: OnPremisesRecipient) -> Baseline:
        """Write the baseline unless there is one already, and return the one that stands."""
        data = content(identity, cloud, on_premises)
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            with self._written(data) as temporary:
                os.link(temporary, self.path(cloud["exchange_guid"]))
        except FileExistsError:
            return self.load(cloud["exchange_guid"]) or data
        except OSError as error:
            raise self._unwritable(error) from error
        return data

    def replace(self, data: Baseline) -> str:
        """Put a baseline in the place of the one that stands, sound or not; return where the old one is kept.

        A kill on the way leaves the old one in force, or the new one: never none.
        """
        path = self.path(data["exchange_guid"])
        try:
            kept = self._keep(path, SUPERSEDED)
            with self._written(data) as temporary:
                os.replace(temporary, path)
        except OSError as error:
            raise self._unwritable(error) from error
        return kept

    def set_aside(self, exchange_guid: str) -> str:
        """Move a baseline to ``baseline/rolled_back``, so that the next run takes a fresh one; return where it is now.

        A kill on the way leaves the baseline in both places, and the next call ends it. An empty text where there is
        none.
        """
        if self.load(exchange_guid) is None:
            return ""
        path = self.path(exchange_guid)
        try:
            target = self._keep(path, ROLLED_BACK)
            os.unlink(path)
        except OSError as error:
            raise InputError(
                "directory",
                os.path.join(self._folder, ROLLED_BACK),
                f"cannot take the baseline of a mailbox that was rolled back ({error.strerror})",
                "Use a directory that this account can write to, and run again.",
                "unwritable_directory",
            ) from error
        return target

    def last_set_aside(self, exchange_guid: str) -> str:
        """Return the newest file of a mailbox's baselines that were moved aside, or an empty text."""
        found = glob.glob(os.path.join(glob.escape(self._folder), ROLLED_BACK, f"{exchange_guid}.*.json"))
        return max(found, key=os.path.getmtime, default="")

    def _keep(self, path: str, folder: str) -> str:
        """Link a baseline into a folder for people, named by mailbox and time; nothing there is ever overwritten."""
        where = os.path.join(self._folder, folder)
        os.makedirs(where, mode=0o700, exist_ok=True)
        name = f"{os.path.basename(path).partition('.')[0]}.{_taken_at(path).replace(':', '')}"
        for number in itertools.count(1):
            target = os.path.join(where, f"{name}{f'.{number}' if number > 1 else ''}.json")
            with contextlib.suppress(FileExistsError):
                os.link(path, target)
            if os.path.samefile(path, target):
                return target
        raise AssertionError("unreachable: one of the names is free")

    @contextlib.contextmanager
    def _written(self, data: Baseline) -> Iterator[str]:
        """Give a finished temporary file: linked or moved to its place, a baseline is there whole or not at all."""
        # Not named by process id: two execution environments that share the directory may have the same.
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(json.dumps(data, ensure_ascii=False, indent=1))
                stream.flush()
                os.fsync(stream.fileno())
            yield temporary
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(
            "directory",
            self._folder,
            f"cannot be written ({error.strerror})",
            "Use a directory that this account can write to and that outlives the run.",
            "unwritable_directory",
        )


def content(
    identity: str, cloud: CloudRecipient, on_premises: OnPremisesRecipient, taken_at: str = ""
) -> Baseline:
    """Return a baseline of both sides, taken now unless ``taken_at`` says when."""
    data: Baseline = {
        "version": VERSION,
        "exchange_guid": cloud["exchange_guid"],
        "identity": identity,
        "taken_at": taken_at or _text_of(datetime.datetime.now(datetime.timezone.utc)),
        "cloud": cloud.copy(),
        "on_premises": on_premises.copy(),
    }
    return {**data, "checksum": checksum(data)}


def _text_of(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _taken_at(path: str) -> str:
    """Return when a baseline was taken, by its own word; by its file's time where it is damaged."""
    try:
        with open(path, encoding="utf-8", opener=wave_files.regular) as stream:
            told = json.load(stream)["taken_at"]
        if re.fullmatch(r"[0-9TZ:-]+", told):
            return str(told)
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    return _text_of(datetime.datetime.fromtimestamp(os.path.getmtime(path), datetime.timezone.utc))


def checksum(data: Mapping[str, object]) -> str:
    """Return the checksum of all values of a baseline but itself, whatever their order and layout."""
    values = {name: value for name, value in data.items() if name != "checksum"}
    text = json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


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
    if (data["version"] != WITHOUT_CHECKSUM or "checksum" in data) and data.get("checksum") != checksum(data):
        raise _unreadable(path, "was changed or truncated after it was written: its checksum does not match its values")


def _check_mailbox(path: str, exchange_guid: str, data: Baseline) -> None:
    """Refuse what says that it is of another mailbox, whatever the file is called."""
    named = [data["cloud"].get("exchange_guid")]
    if data["version"] != WITHOUT_CHECKSUM:
        named.append(data.get("exchange_guid"))
    for other in named:
        if str(other or "").lower() != exchange_guid.lower():
            raise InputError(
                "directory",
                path,
                f"holds the baseline of another mailbox, {other or 'without a GUID'} ({data.get('identity')})",
                f"Restore the baseline of {exchange_guid} from backup. Nothing was written for this mailbox. With this "
                "file it would get the addresses and the GUID of another one.",
                "foreign_baseline",
            )


def _unreadable(
    path: str,
    problem: str,
    remedy: str = "Restore the file from backup: it is the only record of the mailbox's original values.",
) -> InputError:
    return InputError("directory", path, problem, remedy, "unreadable_baseline")
