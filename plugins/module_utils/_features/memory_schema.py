# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The tables of a memory in a database: made, brought up to date, or only checked."""

from __future__ import annotations

from typing import Any, NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import postgresql_schema as schema
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import refusal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import MemoryFault
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql_failures import GRANTS
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql_session import Session
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import HybridModule


def work(module: HybridModule) -> NoReturn:
    url = module.params["memory"]
    try:
        session = Session(url, greet=lambda _connection: None)
    except MemoryFault as fault:
        # Not shown: there may be a password in it.
        raise InputError(
            "memory", None, f"cannot be used ({fault.strerror})", fault.remedy, "unusable_memory"
        ) from None
    try:
        result = _checked(session, url) if module.params["state"] == "checked" else _made(session, module.check_mode)
    except MemoryFault as fault:
        raise refusal("memory", url, "cannot be used", fault, remedy=fault.remedy, code="unusable_memory") from None
    finally:
        session.close()
    module.exit(**result)


def _made(session: Session, only_told: bool) -> dict[str, Any]:
    before = session.run(lambda connection, _again: schema.look(connection))
    schema.refuse_newer(before.version)
    changed = before.version < schema.VERSION
    if changed and not only_told:
        session.run(lambda connection, _again: schema.make(connection), writes=True)
    return _told(before, changed, schema.VERSION)


def _checked(session: Session, url: str) -> dict[str, Any]:
    session.run(lambda connection, _again: schema.check(connection))
    lacking = session.run(lambda connection, _again: schema.lacking(connection))
    if lacking:
        raise InputError(
            "memory", url, f"cannot be used: the role lacks {', '.join(lacking)}", GRANTS, "unusable_memory"
        )
    found = session.run(lambda connection, _again: schema.look(connection))
    return _told(found, False, found.version)


def _told(found: schema.Setup, changed: bool, version: int) -> dict[str, Any]:
    return {
        "changed": changed,
        "version_before": found.version,
        "version": version,
        "server_version": found.server,
        "texts": found.texts,
        "lines": found.lines,
        "diff": {"before": f"version {found.version}\n", "after": f"version {version}\n"},
    }
