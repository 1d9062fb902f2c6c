# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WSMan's SOAP envelopes: what a request says, and replies and faults as text."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from lab.wire.http_server import Response

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
}
POWERSHELL = "http://schemas.microsoft.com/powershell/"
SHELL = NAMESPACES["rsp"]
CONTENT_TYPE = "application/soap+xml;charset=UTF-8"
_DECLARATIONS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
_FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/fault"
_SECONDS = re.compile(r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>[\d.]+)S)?)?$")


class WsmanFault(Exception):
    """A fault to answer with. ``code`` is the WSManFault number that clients go by."""

    def __init__(self, code: int, reason: str, subcode: str = "w:InternalError") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.subcode = subcode


@dataclass(frozen=True)
class Envelope:
    """One WSMan request."""

    action: str
    message_id: str
    resource_uri: str
    shell_id: str
    operation_timeout: float
    options: Mapping[str, str]
    body: ElementTree.Element

    @property
    def verb(self) -> str:
        return self.action.rsplit("/", 1)[-1]


def parse(document: bytes) -> Envelope:
    """Read a request. Raises ValueError for what is no WSMan envelope."""
    if b"<!DOCTYPE" in document:
        raise ValueError("a document type is not allowed")
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise ValueError(f"not XML: {error}") from None
    header = root.find("s:Header", NAMESPACES)
    body = root.find("s:Body", NAMESPACES)
    if header is None or body is None:
        raise ValueError("no SOAP header or body")
    shell_id = next(
        (
            selector.text or ""
            for selector in header.iterfind("w:SelectorSet/w:Selector", NAMESPACES)
            if selector.get("Name") == "ShellId"
        ),
        "",
    )
    return Envelope(
        action=header.findtext("a:Action", "", NAMESPACES).strip(),
        message_id=header.findtext("a:MessageID", "", NAMESPACES),
        resource_uri=header.findtext("w:ResourceURI", "", NAMESPACES).strip(),
        shell_id=shell_id.upper(),
        operation_timeout=seconds(header.findtext("w:OperationTimeout", "", NAMESPACES), 60.0),
        options={
            option.get("Name", ""): option.text or ""
            for option in header.iterfind("w:OptionSet/w:Option", NAMESPACES)
        },
        body=body,
    )


def seconds(duration: str, default: float) -> float:
    """Read an XML duration such as ``PT20S`` or ``P0DT0H15M0.000S``."""
    match = _SECONDS.match(duration.strip())
    if match is None or not any(match.groups()):
        return default
    parts = {name: float(value or 0) for name, value in match.groupdict().items()}
    return parts["days"] * 86400 + parts["hours"] * 3600 + parts["minutes"] * 60 + parts["seconds"]


def reply(request: Envelope, body: str) -> Response:
    return Response(200, _envelope(request.action + "Response", request.message_id, body), CONTENT_TYPE)


def fault(message_id: str, problem: WsmanFault) -> Response:
    reason = escape(problem.reason)
    body = (
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value>"
        f"<s:Subcode><s:Value>{problem.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>'
        '<s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        f'Code="{problem.code}" Machine="ex01.contoso.com"><f:Message>{reason}</f:Message></f:WSManFault></s:Detail>'
        "</s:Fault>"
    )
    return Response(500, _envelope(_FAULT_ACTION, message_id, body), CONTENT_TYPE)


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US" {_DECLARATIONS}><s:Header><a:Action>{escape(action)}</a:Action>'
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()
