# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of a server of remote PowerShell, and its answers as the collection reads them.

``answers.json`` keeps what PowerShell 7.6.9 answered. Written anew by: python -m tests.engine (needs pwsh).
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Credential,
    Secret,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import Session
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, HybridError

from tests.engine.servers import HERE, digest, own_properties

ANSWERS = HERE / "answers.json"
GUID = uuid.UUID("99aeac02-1111-2222-3333-444444444444")
MOMENT = datetime.datetime(2026, 12, 1, 18, 0, 0, 123456, datetime.timezone(datetime.timedelta(hours=2)))
EMOJI = "p\u00e4\U0001f600\"'$(1)"


def _set(**parameters: Any) -> Cmdlet:
    return Cmdlet("Set-Mailbox", {"Identity": "ann", **parameters})


def _do(deed: str) -> Cmdlet:
    return Cmdlet("Get-Mailbox", {"Identity": f"do:{deed}"})


CASES: dict[str, Cmdlet] = {
    # Each kind of parameter that the contract has.
    "an identity": Cmdlet("Get-Mailbox", {"Identity": "ann"}),
    "names in other letters": Cmdlet("get-mailbox", {"identity": "ann"}),
    "an alias of a parameter": Cmdlet("Get-Mailbox", {"Identity": "ann", "ea": "Stop"}),
    "a unique beginning of a parameter": _set(DispN="x"),
    "text": _set(DisplayName=f"{EMOJI} _x0041_ _X0041_ e\u0301 \u202e"),
    "control characters": _set(DisplayName="".join(map(chr, range(1, 32))) + "\0\x7f\x80\x85\x9f\u2028"),
    "lines and spaces": _set(DisplayName="  a\r\nb\tc\rd\ne  "),
    "markup": _set(DisplayName="<a>&amp;]]>\"'`$(1)"),
    "a long text": _set(DisplayName="ab_x0041_" * 9000),
    "null for a text": _set(CustomAttribute1=None),
    "an empty text": _set(CustomAttribute1=""),
    "a number for a text": _set(CustomAttribute1=5),
    "true": _set(LitigationHoldEnabled=True),
    "false": _set(LitigationHoldEnabled=False),
    "null for a truth": _set(LitigationHoldEnabled=None),
    "text for a truth": _set(LitigationHoldEnabled="true"),
    "a switch": _set(Force=True),
    "a switch that is off": _set(Force=False),
    "a number": _set(ResourceCapacity=7),
    "text of a number": _set(ResourceCapacity="7"),
    "a number with underscores": _set(ResourceCapacity="1_000"),
    "a number beyond its type": _set(ResourceCapacity=2**40),
    "no number": _set(ResourceCapacity="many"),
    "a guid": Cmdlet("Set-MailUser", {"Identity": "ann", "ExchangeGuid": GUID}),
    "a guid as a URN": Cmdlet("Set-MailUser", {"Identity": "ann", "ExchangeGuid": f"urn:uuid:{GUID}"}),
    "null for a guid": Cmdlet("Set-MailUser", {"Identity": "ann", "ExchangeGuid": None}),
    "no guid": Cmdlet("Set-MailUser", {"Identity": "ann", "ExchangeGuid": "nonsense"}),
    "a moment": _set(EndDateForRetentionHold=MOMENT),
    "null for a moment": _set(EndDateForRetentionHold=None),
    "no moment": _set(EndDateForRetentionHold="soon"),
    "an enum": _set(Type="shared"),
    "no name of an enum": _set(Type="Nonsense"),
    "several names of an enum": Cmdlet("Get-Mailbox", {"RecipientTypeDetails": ["UserMailbox", "sharedmailbox"]}),
    "addresses": _set(EmailAddresses=["SMTP:a@contoso.com", "smtp:b@contoso.com"]),
    "one address": _set(EmailAddresses="SMTP:a@contoso.com"),
    "no addresses": _set(EmailAddresses=[]),
    "null for addresses": _set(EmailAddresses=None),
    "added and removed addresses": _set(EmailAddresses={"Add": ["a", "b"], "Remove": "c"}),
    "5,000 addresses": _set(EmailAddresses=[f"smtp:user{number}@contoso.com" for number in range(5000)]),
    "5,000 added addresses": _set(EmailAddresses={"Add": [f"smtp:u{number}@contoso.com" for number in range(5000)]}),
    "a credential": Cmdlet("Get-User", {"Identity": "ann", "Credential": Credential("CONTOSO\\svc", EMOJI)}),
    "a secret": _set(Password=Secret(EMOJI)),
    "text for a secret": _set(Password="text"),
    "text for a credential": Cmdlet("Get-User", {"Identity": "ann", "Credential": "text"}),
    # What the engine refuses by itself.
    "an unknown parameter": _set(Bogus=1),
    "a parameter twice": _set(identity="bob"),
    "an ambiguous beginning": _set(Cust="x"),
    "an unknown cmdlet": Cmdlet("Remove-Mailbox", {"Identity": "ann"}),
    "no cmdlet at all": Cmdlet("Get-Mailbox; Get-User", {}),
    "a missing parameter": Cmdlet("Set-Mailbox", {"DisplayName": "x"}),
    "another missing parameter": Cmdlet("Enable-MailUser", {"Identity": "ann"}),
    "null for a mandatory parameter": Cmdlet("Set-Mailbox", {"Identity": None}),
    "an empty mandatory parameter": Cmdlet("Set-Mailbox", {"Identity": ""}),
    "parameters of two sets": Cmdlet("Get-Mailbox", {"Identity": "ann", "Anr": "bob"}),
    "a prompt": Cmdlet("Disable-MailUser", {"Identity": "ann", "Confirm": True}),
    # What cmdlets answer with.
    "an error": _do("error"),
    "a terminating error": _do("terminating"),
    "an error that is made terminating": Cmdlet("Get-Mailbox", {"Identity": "do:error", "ErrorAction": "Stop"}),
    "output between two errors": _do("error-between"),
    "warnings": _do("warnings"),
    "noise": _do("noise"),
    "nothing": _do("nothing"),
    "nulls": _do("null"),
    "texts": _do("texts"),
    "half a character": _do("half"),
    "noncharacters": _do("noncharacters"),
    "an object": _do("object"),
    "an object of notes": _do("custom"),
    "320,000 characters": _do("long"),
    "2,000 objects": _do("many"),
    "longer than the operation time-out": _do("slow"),
}


def ask(session: Session, cmdlet: Cmdlet) -> dict[str, Any]:
    """Return one answer as plain data."""
    try:
        output = session.run(cmdlet)
    except HybridError as error:
        return _told(error)
    objects = [own_properties(properties) for properties in output.objects]
    if len(objects) > 10 or any(len(str(properties)) > 1000 for properties in objects):
        text = json.dumps(objects, sort_keys=True)
        return {"objects": len(objects), "digest": digest(text), "warnings": output.warnings}
    return {"objects": objects, "warnings": output.warnings}


def _told(error: HybridError) -> dict[str, Any]:
    told: dict[str, Any] = {"error": error.code, "answer_lost": error.answer_lost, "retryable": error.retryable}
    told["message"] = error.message
    if isinstance(error, CmdletError):
        told.update(type=error.exception_type, category=error.category)
        # What a cmdlet's own error ends in is its class, which a function has not; the engine's are the command's name.
        told["id"] = "Exchange's own" if "FailureCategory" in error.error_id else error.error_id
        if error.category == "NotImplemented":
            told["id"] = error.error_id.partition(",")[0]
    return told


def alike(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what two servers have to answer alike: all but the words of a message, which differ between releases."""
    return {name: value for name, value in answer.items() if name != "message"}


def known() -> dict[str, dict[str, Any]]:
    """Return what PowerShell answered."""
    answers: dict[str, dict[str, Any]] = json.loads(ANSWERS.read_text(encoding="utf-8"))
    return answers
