# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of faults: what strikes one HTTP request, what strikes one cmdlet, and where each can happen."""

from __future__ import annotations

from typing import Any

TRANSIENT = {
    "exception_type": "Microsoft.Exchange.Data.Directory.ADTransientException",
    "message": "The Active Directory server dc01.contoso.com is temporarily unavailable. Try again later.",
}
PERMANENT = {
    "exception_type": "Microsoft.Exchange.Data.Directory.PropertyValueExistsException",
    "message": "The value is already used by another object.",
}
CLAIMS = 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ=="'
WSMAN = ("exchange_server", "entra_connect", "management_shell")


def _page(status: int, **more: Any) -> dict[str, Any]:
    return {"kind": "answer", "status": status, **more}


# What strikes one HTTP request.
REQUEST_KINDS: dict[str, dict[str, Any]] = {
    "refused": {"kind": "refuse", "seconds": 0.5},
    "reset before": {"kind": "reset"},
    "reset after": {"kind": "reset", "when": "after"},
    "truncated": {"kind": "truncate"},
    "no answer before": {"kind": "hang"},
    "no answer after": {"kind": "hang", "when": "after"},
    "slow": {"kind": "slow", "seconds": 0.5},
    "401": _page(401, body="empty"),
    "401 with claims": _page(401, body="empty", challenge=CLAIMS),
    "403 html": _page(403, body="html"),
    "408": _page(408, body="empty"),
    "429": _page(429, body="text"),
    "429 with Retry-After": _page(429, body="empty", retry_after=3),
    "500": _page(500, body="text"),
    "500 html after": _page(500, body="html", when="after"),
    "502 html": _page(502, body="html"),
    "502 html after": _page(502, body="html", when="after"),
    "503": _page(503, body="empty"),
    "503 with Retry-After": _page(503, body="xhtml", retry_after=5),
    "504 after": _page(504, body="html", when="after"),
    "200 html": _page(200, body="html"),
    "200 html after": _page(200, body="html", when="after"),
    "200 xhtml": _page(200, body="xhtml"),
    "200 empty": _page(200, body="empty"),
    "200 empty after": _page(200, body="empty", when="after"),
    "200 no json after": _page(200, body="text", when="after"),
}
# What strikes one cmdlet, wherever it runs.
CMDLET_KINDS: dict[str, dict[str, Any]] = {
    "dropped before": {"kind": "drop_before"},
    "dropped after": {"kind": "drop_after"},
    "busy": {"kind": "throttle", "retry_after": 1},
    "transient exception": {"kind": "error", **TRANSIENT},
    "transient exception that ends the pipeline": {"kind": "error", **TRANSIENT, "terminating": True},
    "permanent exception": {"kind": "error", **PERMANENT},
    "no permission": {"kind": "deny"},
    "shell gone": {"kind": "lost_shell"},
    "token expired": {"kind": "expire_token"},
    "token expired, no claims": {"kind": "expire_token", "claims": False},
    "gateway's page after": {"kind": "html_body", "when": "after"},
    "empty answer": {"kind": "empty_body"},
    "error within a 200": {"kind": "errors_in_200"},
    "a cycle before": {"kind": "sync_cycle"},
    "a cycle after": {"kind": "sync_cycle", "when": "after"},
}


def strikes_request(kind: str, server: str) -> bool:
    """Tell whether a kind can happen to a request of a server: WSMan has no claims."""
    return not (kind == "401 with claims" and server in WSMAN)


def strikes_cmdlet(kind: str, organization: str) -> bool:
    """Tell whether a kind can happen to a cmdlet of an organization: some are REST's, one is a shell's."""
    lab_kind = CMDLET_KINDS[kind]["kind"]
    if lab_kind in ("expire_token", "html_body", "empty_body", "errors_in_200"):
        return organization == "exchange_online"
    return not (lab_kind == "lost_shell" and organization == "exchange_online")
