# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Records: the one dictionary shape in which a mailbox travels from task to task.

A record is a plain dictionary. Each module reads the keys that it owns, leaves the others alone and hands the record on
enriched. The table in fields.py has every key that any module of the collection knows, and its type; anything else
belongs to the caller.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import whole_text
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._values import is_blank, items_of
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

Record = fields.Record
# What Ansible leaves where it masked a secret: such a text must never be taken for an identity.
MASKS = ("********", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")


def check_no_mask(records: Iterable[Record]) -> None:
    """Refuse records in which Ansible masked something: the true value is gone."""
    for record in records:
        for key, text in _texts(record):
            if any(mask in text for mask in MASKS):
                raise InputError(
                    key,
                    text,
                    "was masked by Ansible in an earlier task, so the original value is lost",
                    "Choose a secret that is not part of a mailbox's data, and read the records again.",
                    "masked_value",
                )


def check_characters(records: Iterable[Record]) -> None:
    """Refuse what is no character: it ends a remote PowerShell session, and no file or report takes it."""
    for record in records:
        for key, text in _texts(record):
            if whole_text(text) != text:
                raise InputError(
                    key,
                    whole_text(text),
                    "has half a character, or U+FFFE or U+FFFF, which are not characters",
                    "Correct the text; the message shows U+FFFD in their place.",
                    f"malformed_{key}",
                )


def check_no_secret(records: Iterable[Record], secrets: Iterable[str]) -> None:
    """Refuse a secret that occurs inside a record: Ansible would mask that part of every result."""
    known = [secret for secret in secrets if secret]
    if not known:
        return
    for record in records:
        for key, text in _texts(record):
            if any(secret in text for secret in known):
                raise InputError(
                    key,
                    None,
                    "contains one of this task's secrets, and Ansible would mask it in the results",
                    "Choose a secret that is not part of a mailbox's data.",
                    "secret_in_record",
                )


def _texts(value: Any, key: str = "record") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(item, str(name))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item, key)


def misspelled(records: Iterable[Record], owned: Iterable[str]) -> list[str]:
    """Return one warning for each unknown key that looks like a slip of a key that the module owns."""
    names = sorted(set(owned))
    unknown = {name for record in records for name in record if name not in fields.TABLE and name not in names}
    warnings = []
    for name in sorted(unknown):
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.84)
        if close:
            warnings.append(f"mailboxes: the key '{name}' is not used; did you mean '{close[0]}'?")
    return warnings


def merged(defaults: Mapping[str, object], record: Mapping[str, object]) -> Record:
    """Return the record with the task's own options behind it; a blank counts as absent on both sides."""
    return as_record({**_filled(defaults), **_filled(record)})


def as_record(values: Mapping[str, object]) -> Record:
    """Return a record of values whose names only their table knows: picked by name, or from outside."""
    return cast(Record, dict(values))


def _filled(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if not is_blank(value)}


def enriched(record: Record, learnt: Mapping[str, object]) -> Record:
    """Return the record with what a task learnt; of values with a form it notes that nobody typed them."""
    known = {name for name in learnt if fields.form_of(name)} | set(record.get("read_from_exchange", ()))
    note = {"read_from_exchange": sorted(known)} if known else {}
    return as_record({**record, **learnt, **note})


def from_option(given: Sequence[object]) -> list[Record]:
    """Return the records of option ``mailboxes``, which are records, or texts of identities as a survey passes them."""
    records: list[Record] = []
    for item in given:
        if isinstance(item, Mapping):
            records.append(not_asked(item))
        elif isinstance(item, str):
            records += [{"identity": identity} for identity in items_of(item)]
        else:
            raise InputError("mailboxes", item, "is neither a record nor an identity", "List records or identities.")
    if given and not records:
        raise InputError("mailboxes", None, "is blank", "List mailboxes; an empty list is a wave of none.")
    return records


def not_asked(record: Mapping[str, object]) -> Record:
    """Return a record that came from a playbook without its word that the holders of its values were asked for.

    A wave's file is written by this collection alone; a list may have been written by anybody, and at any time.
    """
    return as_record({name: value for name, value in record.items() if name != "holders_asked"})


def is_home(record: Record) -> bool:
    """Tell whether offboarding_state found the mailbox on-premises already."""
    return bool(record.get("offboarding_state") == "home")


def refuse_unprepared(record: Record) -> None:
    """Refuse a mailbox whose on-premises user was looked at, and neither found whole nor made whole since then.

    Of a user that no task looked at nothing is known, and a module on its own takes its caller's word.
    """
    if record.get("whole") is False:
        raise MailboxError(
            f"its on-premises user is not prepared: the mailbox is {record.get('offboarding_state')}, and no task has "
            "completed the user since.",
            code="not_prepared",
            remedy="Run the phase prepare first (mailuser, and exchange_guid for remote mailboxes); in the role leave "
            "out --tags and --start-at-task, or include prepare in the tags.",
        )


def check_identities(records: Sequence[Record]) -> None:
    """Refuse blank identities, which Exchange would take for every object, and one mailbox named twice."""
    seen: dict[str, int] = {}
    for number, record in enumerate(records, start=1):
        identity = str(record.get("identity") or "").strip()
        if not identity:
            raise InputError(
                "identity",
                None,
                f"is blank in record {number}",
                "Set the mailbox's address, user principal name or GUID.",
                "blank_identity",
            )
        if _values.folded(identity) in seen:
            raise InputError(
                "identity",
                identity,
                f"is in records {seen[_values.folded(identity)]} and {number}",
                "List each mailbox once.",
                "duplicate_identity",
            )
        seen[_values.folded(identity)] = number
        record["identity"] = identity
