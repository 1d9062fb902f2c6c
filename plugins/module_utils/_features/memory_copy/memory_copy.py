# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""All texts of a directory, carried from one memory into another.

A text is written whole or not at all, and what is there already is looked at and not written again: after a kill, the
second run does the rest. Nothing is said to be done before both sides were read again and found to be the same.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.memory_copy.plan import Plan, planned
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import refusal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.leases import Leases
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.opening import open_memory, refuse_path
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import HybridModule

LEASE = ".lease"
SHOWN = 10  # names that a message lists


def work(module: HybridModule) -> NoReturn:
    with contextlib.ExitStack() as stack:
        source, destination = (_folder(module.params[option], option, stack) for option in ("source", "destination"))
        result, only_there = copied(source, destination, force=module.params["force"], only_told=module.check_mode)
    if only_there:
        module.warn(f"destination: texts that are not in the source were kept: {_listed(only_there)}.")
    module.exit(**result)


def copied(
    source: Folder, destination: Folder, *, force: bool = False, only_told: bool = False
) -> tuple[dict[str, Any], Sequence[str]]:
    """Copy, and return what came of it, and the names that are in the destination alone; HybridError for a refusal."""
    for option, folder in (("source", source), ("destination", destination)):
        _refuse_in_use(option, folder)
    before = _digests("source", source)
    if not before:
        raise InputError(
            "source", source.describe(), "has no texts", "Correct directory and memory.", "nothing_to_copy"
        )
    there = _digests("destination", destination)
    plan = planned(before, there)
    if not force:
        _refuse_other_texts(destination, plan)
    if not only_told:
        _carry(source, destination, [*plan.missing, *plan.differing])
        _prove(before, _digests("source", source), _digests("destination", destination))
    return _told(before, plan), plan.only_there


def _folder(given: Mapping[str, Any], option: str, stack: contextlib.ExitStack) -> Folder:
    memory = open_memory(given["memory"], f"{option}.memory")
    refuse_path(memory, f"{option}.directory", given["directory"])
    stack.callback(memory.close)
    return Folder(memory, given["directory"].rstrip("/") or "/")


def _names(folder: Folder) -> list[str]:
    start = len(folder.at(""))
    return [path[start:] for path in folder.memory.under(folder.path)]


def _refuse_in_use(option: str, folder: Folder) -> None:
    """Refuse a directory in which a run is at work: its texts would be of two moments."""
    leases = Leases(folder.memory)
    try:
        held = {name: leases.read(folder.at(name)) for name in _names(folder) if name.endswith(LEASE)}
        standing = [lease for lease in held.values() if lease is not None and leases.stands(lease)]
    except OSError as error:
        raise _unreadable(option, folder, error) from error
    if standing:
        raise InputError(
            option,
            folder.describe(),
            f"is in use by {standing[0].told()}",
            "Wait until that run has ended, or stop it.",
            "wave_in_use",
        )


def _digests(option: str, folder: Folder) -> dict[str, str]:
    """Return the digest of each text by its name in the directory. Leases belong to runs, and stay where they are."""
    found = {}
    try:
        for name in _names(folder):
            document = folder.memory.read(folder.at(name)) if not name.endswith(LEASE) else None
            if document is not None:
                found[name] = hashlib.sha256(document.text.encode("utf-8")).hexdigest()
    except OSError as error:
        raise _unreadable(option, folder, error) from error
    return found


def _refuse_other_texts(destination: Folder, plan: Plan) -> None:
    for names, problem in ((plan.differing, "differ from the source"), (plan.only_there, "are not in the source")):
        if names:
            raise InputError(
                "destination",
                destination.describe(),
                f"has texts that {problem}: {_listed(names)}",
                "Use another directory, or force=true if the source is what counts.",
                "other_texts",
            )


def _carry(source: Folder, destination: Folder, names: Sequence[str]) -> None:
    for name in names:
        try:
            document = source.memory.read(source.at(name))
        except OSError as error:
            raise _unreadable("source", source, error) from error
        if document is None:
            raise _changed_meanwhile([name])
        try:
            destination.memory.make_folder(destination.at(name).rpartition("/")[0])
            destination.memory.write(destination.at(name), document.text)
        except OSError as error:
            raise refusal(
                "destination",
                destination.describe(name),
                "cannot be written",
                error,
                remedy="Use a directory that this account can write to, and run again: what was copied is kept.",
                code="unwritable_file",
            ) from error


def _prove(before: Mapping[str, str], after: Mapping[str, str], there: Mapping[str, str]) -> None:
    """Refuse to call it done unless the source has stayed as it was and the destination has each text of it."""
    names = {*before, *after}
    changed = sorted(name for name in names if not before.get(name) == after.get(name) == there.get(name))
    if changed:
        raise _changed_meanwhile(changed)


def _changed_meanwhile(names: Sequence[str]) -> HybridError:
    return HybridError(
        f"texts were changed while they were copied: {_listed(names)}.",
        code="changed_while_copied",
        retryable=True,
        remedy="End the runs that use the two directories, and run again.",
    )


def _unreadable(option: str, folder: Folder, error: OSError) -> InputError:
    return refusal(
        option,
        folder.describe(),
        "cannot be read",
        error,
        remedy="Use a directory that this account can read, and in which all files are texts in UTF-8.",
        code="unreadable_file",
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _told(digests: Mapping[str, str], plan: Plan) -> dict[str, Any]:
    written = [*plan.missing, *plan.differing]
    every = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    return {
        "changed": bool(written),
        "texts": len(digests),
        "copied": len(plan.missing),
        "replaced": len(plan.differing),
        "unchanged": len(plan.same),
        "digest": f"sha256:{hashlib.sha256(every.encode('utf-8')).hexdigest()}",
        "diff": {"before": "", "after": "".join(f"{name}\n" for name in written)},
    }
