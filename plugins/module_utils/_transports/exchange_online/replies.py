# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What the Exchange Online admin API answers: pages, warnings, and the several shapes of its errors.

The shapes are those of facts: exchange-online-rest.md sections 5 and 6.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, ConnectionFailure
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import page_title, read_json
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.encoding import (
    decode_object,
)

TRUNCATED = "There are more results available than are currently displayed"
TOO_MANY_REQUESTS = "You have reached the maximum number of concurrent requests"
EXPIRED_CURSOR = "Expired or Invalid pagination request"
_NOT_GRANTED = re.compile(r"\b(is not|isn't) allowed to call \S", re.IGNORECASE)
_GENERIC = ("Error executing cmdlet", "Invalid Operation", "Exception of type")


@dataclass
class Page:
    """One page of a cmdlet's output. ``next_link`` is empty on the last one."""

    objects: list[Properties] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    next_link: str = ""


def read_body(raw: bytes) -> Any:
    """Return a reply's JSON data, or None where there is none: an empty body, HTML, or the NUL bytes of a 403."""
    try:
        return read_json(raw)
    except ValueError:
        return None


def gateway_page(raw: bytes) -> str | None:
    """Return the title of a page in HTML or XHTML, which may be empty; None for any other body."""
    return page_title(raw)


def own_words(body: Any, headers: Mapping[str, str]) -> str:
    """Return the sentence with which the service itself refuses a caller, or an empty text."""
    error = _mapping(_mapping(body).get("error"))
    inner = _mapping(error.get("innererror"))
    sentence = error.get("message") or inner.get("message") or headers.get("x-ms-diagnostics") or ""
    return " ".join(str(sentence).split())[:500]


def tells_of_roles(sentence: str) -> bool:
    """Tell whether a refusal is about management roles, whatever its status (office-docs-powershell, issue 7970)."""
    return _NOT_GRANTED.search(sentence) is not None


def read_page(body: Any, cmdlet: str) -> Page:
    """Return one page of a 200. Raises CmdletError for an error inside it, ConnectionFailure for what is no page."""
    if not isinstance(body, Mapping):
        raise unexpected(cmdlet, "is not JSON")
    if isinstance(body.get("error"), Mapping):
        raise read_error(body, cmdlet)
    for error in _annotation(body, "errors"):
        raise cmdlet_error(*told(error), cmdlet=cmdlet)
    confirmation = body.get("@adminapi.confirmationmessage") or body.get("adminapi.confirmationmessage")
    if confirmation:
        raise ConnectionFailure(
            f"Exchange Online asks for a confirmation instead of running {cmdlet}: {confirmation}",
            code="confirmation_required",
            remedy="Report this as an error of the collection; nothing was changed.",
            cmdlet=cmdlet,
        )
    value = body.get("value")
    items = value if isinstance(value, list) else [] if value is None else [value]
    return Page(
        [decode_object(item) for item in items],
        [str(warning) for warning in _annotation(body, "warnings")],
        str(body.get("@odata.nextLink") or ""),
    )


def read_error(body: Any, cmdlet: str) -> CmdletError:
    """Return the cmdlet's error of a reply that has one. Raises ConnectionFailure for a body without an error."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        raise unexpected(cmdlet, "carries no error")
    inner = _mapping(_mapping(error.get("innererror")).get("internalexception"))
    details = error.get("details")
    detail = _mapping(details[0]) if isinstance(details, list) and details else {}
    text, exception_type, error_id = told(str(detail.get("message") or ""))
    if not text and not _is_generic(inner.get("message")):
        text, exception_type = str(inner["message"]), str(inner.get("type") or "")
    if not text:
        text = str(error.get("message") or "Exchange Online did not give a reason.")
    return cmdlet_error(
        text,
        exception_type or str(inner.get("type") or ""),
        error_id,
        cmdlet=cmdlet,
        category=str(detail.get("code") or error.get("code") or ""),
    )


def cmdlet_error(text: str, exception_type: str, error_id: str, *, cmdlet: str, category: str = "") -> CmdletError:
    short = exception_type.rsplit(".", 1)[-1]
    return CmdletError(text, cmdlet=cmdlet, exception_type=short, error_id=error_id, category=category)


def unexpected(cmdlet: str, problem: str) -> ConnectionFailure:
    """Return the failure for an answer that is none of Exchange Online's."""
    return ConnectionFailure(
        f"The answer to {cmdlet} {problem}: the answer is not from Exchange Online, or not from its admin API.",
        code="unexpected_answer",
        remedy="Check base_url, and proxies on the way.",
        cmdlet=cmdlet,
    )


def told(message: Any) -> tuple[str, str, str]:
    """Return ``(text, exception type, error id)`` of one error, in whichever of the formats it comes.

    ``<id>|<type>|<text>``, a JSON text with Message and TypeName (or ClassName), an object, or plain text.
    """
    data = message
    if isinstance(message, str):
        try:
            data = json.loads(message)
        except (ValueError, RecursionError):
            parts = message.split("|", 2)
            return (parts[2], parts[1], parts[0]) if len(parts) == 3 else (message, "", "")
    if not isinstance(data, Mapping):
        return str(message), "", ""
    members = {str(key).lower(): value for key, value in data.items()}
    text = str(members.get("message") or "")
    class_name = str(members.get("typename") or members.get("classname") or members.get("type") or "")
    if not class_name and text.count("|") >= 2:
        return told(text)
    return text, class_name, str(members.get("errorid") or "")


def _annotation(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(f"@adminapi.{name}", body.get(f"adminapi.{name}"))
    return value if isinstance(value, list) else [value] if value else []


def _is_generic(text: Any) -> bool:
    return not text or str(text).startswith(_GENERIC)


def status_of(part: Mapping[str, Any]) -> int:
    """Return the status of one answer of a batch; 0, which says nothing, for what is no number."""
    return _values.count(part.get("status")) or 0


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
