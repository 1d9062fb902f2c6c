# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module may send survives the dialogue, and what a server may answer comes back as every transport has it.

The other side is the laboratory's: a second, independent reading of the same few rules.
"""

from __future__ import annotations

import base64
import datetime
import json
import uuid
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Credential,
    Secret,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell import dialogue
from hypothesis import given
from hypothesis import strategies as st

from lab.answer import Answer, Collection, Enumeration, LabCredential, LabObject, Reference
from lab.wire import powershell_dialogue as other_side

READ = Cmdlet("Get-Mailbox")
# U+FFFE and U+FFFF are no characters: see the test of them.
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=30)
NAMES = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20)
MOMENTS = st.datetimes(
    min_value=datetime.datetime(1, 1, 2), max_value=datetime.datetime(9999, 12, 30),
    timezones=st.just(datetime.timezone.utc),
)
SPANS = st.timedeltas(min_value=datetime.timedelta(days=-9999), max_value=datetime.timedelta(days=9999))
INTEGERS = st.integers(min_value=-(2**63), max_value=2**63 - 1)
PASSWORDS = TEXTS
TABLES = st.dictionaries(NAMES, st.one_of(TEXTS, st.lists(TEXTS)), max_size=3)
# What arrives as it was sent; all other kinds are compared one by one below.
PLAIN = st.one_of(st.none(), st.booleans(), INTEGERS, TEXTS, st.binary(), st.lists(TEXTS), TABLES)


def received(parameters: dict[str, Any]) -> dict[str, Any]:
    line = dialogue.request_line(dialogue.encode_call(Cmdlet("Set-Mailbox", parameters)))
    assert line.isascii()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    ((name, arrived),) = other_side.read_question(line).calls
    assert name == "Set-Mailbox"
    return arrived


def types_of(value: Any) -> Any:
    """Tell apart what == does not: True and 1."""
    return [types_of(item) for item in value] if isinstance(value, list) else type(value)


@given(st.dictionaries(NAMES, PLAIN, max_size=5))
def test_parameters_arrive_as_they_were_sent(parameters: dict[str, Any]) -> None:
    arrived = received(parameters)
    assert arrived == parameters
    assert {name: types_of(value) for name, value in arrived.items()} == {
        name: types_of(value) for name, value in parameters.items()
    }


@given(st.uuids(), MOMENTS, SPANS)
def test_what_powershell_converts_arrives_in_the_invariant_culture(
    guid: uuid.UUID, moment: datetime.datetime, span: datetime.timedelta
) -> None:
    arrived = received({"Guid": guid, "When": moment, "Span": span})
    assert uuid.UUID(arrived["Guid"]) == guid
    assert datetime.datetime.fromisoformat(arrived["When"].replace("0Z", "+00:00")) == moment
    assert span_of(arrived["Span"]) == span


def span_of(text: str) -> datetime.timedelta:
    """Read .NET's [-][d.]hh:mm:ss[.fffffff]."""
    days, dot, clock = text.lstrip("-").partition(".")
    if not dot or ":" in days:
        days, clock = "0", text.lstrip("-")
    hours, minutes, seconds = clock.split(":")
    span = datetime.timedelta(
        days=int(days), hours=int(hours), minutes=int(minutes), microseconds=round(float(seconds) * 1_000_000)
    )
    return -span if text.startswith("-") else span


@given(TEXTS.filter(bool), PASSWORDS)
def test_a_credential_arrives_as_one(username: str, password: str) -> None:
    assert received({"RemoteCredential": Credential(username, password)}) == {
        "RemoteCredential": LabCredential(username, password)
    }


@given(PASSWORDS)
def test_a_secret_arrives_as_a_secure_string(password: str) -> None:
    question = other_side.read_question(
        dialogue.request_line({"connect": {"CertificatePassword": dialogue.encode_value(Secret(password))}})
    )
    assert question.connect == {"CertificatePassword": password}
    assert repr(question.connect["CertificatePassword"]) != repr(password)


def test_large_parameters_survive() -> None:
    text = "\U0001f600ü\n'; Remove-Mailbox " * 20_000
    assert len(text.encode()) > 400_000
    assert received({"Filter": text}) == {"Filter": text}


@pytest.mark.parametrize("value", [1.5, object(), {"Add": 1.5}, [object()]])
def test_what_no_cmdlet_takes_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="a cmdlet does not accept"):
        dialogue.encode_value(value)


def reply_of(answer: Answer, cmdlet: str = "Get-Mailbox") -> dialogue.ScriptReply:
    reply = dialogue.read_reply(b"noise of the module\r\n" + other_side.Script(cmdlet, answer).line())
    assert reply is not None
    return reply


@given(
    st.dictionaries(
        NAMES,
        st.one_of(
            st.none(), st.booleans(), INTEGERS, TEXTS, st.lists(TEXTS, max_size=4).map(Collection), TEXTS.map(Reference)
        ),
        max_size=6,
    )
)
def test_properties_come_back_as_they_are(properties: dict[str, Any]) -> None:
    expected = {
        name: list(value.items) if isinstance(value, Collection) else getattr(value, "text", value)
        for name, value in properties.items()
    }
    (item,) = reply_of(Answer([LabObject(("Mailbox",), properties)])).output.objects
    assert item == expected


@given(MOMENTS, st.uuids())
def test_dates_come_back_in_utc_and_texts_like_dates_untouched(moment: datetime.datetime, guid: uuid.UUID) -> None:
    text = moment.isoformat()
    properties = {"When": moment, "CustomAttribute1": text, "Guid": guid, "Kind": Enumeration("X", "Delta", 1)}
    (item,) = reply_of(Answer([LabObject(("Mailbox",), properties)])).output.objects
    assert item == {
        "When": text.replace("+00:00", "Z"), "CustomAttribute1": text, "Guid": str(guid), "Kind": "Delta"
    }


def encoded(document: Any) -> bytes:
    return base64.b64encode(json.dumps(document).encode())


def test_the_items_of_a_collection_are_texts() -> None:
    document = {"cmdlet": "", "objects": [{"A": [1, None, "s:x", True]}], "warnings": None, "errors": None}
    reply = dialogue.read_reply(encoded(document))
    assert reply is not None
    assert reply.output == CmdletOutput([{"A": ["1", None, "x", "True"]}])


@pytest.mark.parametrize(
    "text", [b"", b"not base64!", encoded([]), encoded({}), encoded({"cmdlet": "", "objects": ["x"]}), encoded("x")]
)
def test_what_is_no_answer(text: bytes) -> None:
    assert dialogue.read_reply(text) is None


@pytest.mark.parametrize(
    ("record", "exception_type"),
    [
        ({"type": "System.Management.Automation.CommandNotFoundException"}, "CommandNotFoundException"),
        (
            {"type": "RemoteException", "id": "[Server=EX01] [FailureCategory=Cmdlet-NotAcceptedDomainException] 1,X"},
            "NotAcceptedDomainException",
        ),
        ({}, ""),
    ],
)
def test_the_first_error_is_raised(record: dict[str, str], exception_type: str) -> None:
    document = {"cmdlet": "Set-ADServerSettings", "objects": [], "warnings": [], "errors": [record, {"message": "2"}]}
    reply = dialogue.read_reply(encoded(document))
    assert reply is not None
    with pytest.raises(CmdletError) as caught:
        dialogue.raise_first_error(reply, READ, "EX01")
    assert (caught.value.exception_type, caught.value.cmdlet) == (exception_type, "Set-ADServerSettings")
    assert caught.value.message


def test_an_error_beside_objects_is_an_error() -> None:
    """A cmdlet that puts out part of what was asked for and then fails has not answered."""
    record = dialogue.ErrorRecord("One object could not be read.", "ADTransientException", "", "")
    with pytest.raises(CmdletError, match="could not be read"):
        dialogue.raise_first_error(
            dialogue.ScriptReply(READ.name, CmdletOutput([{"Name": "Ann"}]), [record]), READ, "EX01"
        )


@given(st.text(alphabet="äx\U0001f600\t\n\\u", min_size=3))
def test_a_secret_stands_outside_of_the_json(password: str) -> None:
    """A cmdlet reads the JSON, and Windows may write down what cmdlets are given."""
    call = Cmdlet("New-MoveRequest", {"RemoteCredential": Credential("svc", password), "Other": Secret(password)})
    text, *secrets = dialogue.request_line(dialogue.encode_call(call)).rstrip(b"\n").split(b"\t")
    assert json.loads(text)["parameters"] == {
        "RemoteCredential": {"@user": "s:svc", "@secret": 1}, "Other": {"@secret": 2}
    }  # fmt: skip
    assert [len(secret) for secret in secrets] == [3 * len(password.encode("utf-16-le"))] * 2


@pytest.mark.parametrize("noise", [b"42% ", b"\xff\xfe4\x002\x00", b"{}", b"bnVsbA==\n", b"ConstrainedLanguage\n"])
def test_noise_before_and_behind_the_answer_is_none_of_it(noise: bytes) -> None:
    answer = encoded({"cmdlet": "Get-Mailbox", "objects": [{"A": 1}], "warnings": [], "errors": []})
    reply = dialogue.read_reply(noise + b"\n" + answer + b"\r\n" + noise)
    assert reply is not None
    assert reply.output.objects == [{"A": 1}]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ann \\ud83d", "Ann \ufffd"), ("\\ufffe\\uFFFF", "\ufffd\ufffd"), ("\uffff", "\ufffd"),
        ("\\ud83d\\ude00", "\U0001f600"),
    ],
)  # fmt: skip
def test_what_is_no_character_is_replaced(text: str, shown: str) -> None:
    line = f'{{"cmdlet":"","objects":[{{"A":"s:{text}"}}],"warnings":["{text}"],"errors":[{{"message":"{text}"}}]}}'
    reply = dialogue.read_reply(base64.b64encode(line.encode()))
    assert reply is not None
    assert (reply.output.objects, reply.output.warnings, reply.errors[0].message) == ([{"A": shown}], [shown], shown)


@pytest.mark.parametrize(
    ("document", "cmdlet", "answer_lost"),
    [
        ({"cmdlet": "Set-MailUser", "lost": 1}, "Set-MailUser", True),
        ({"cmdlet": "Set-ADServerSettings", "lost": 1}, "Set-MailUser", False),
        ({"cmdlet": "Get-MailUser", "lost": 1}, "Get-MailUser", False),
        ({"cmdlet": "Set-MailUser", "stopped": True}, "Set-MailUser", True),
    ],
)
def test_a_session_that_breaks_off_may_have_done_the_write(
    document: dict[str, Any], cmdlet: str, answer_lost: bool
) -> None:
    kind = "System.X.PipelineStoppedException" if document.pop("stopped", False) else "RuntimeException"
    errors = [{"message": "The session broke.", "type": kind, "id": "PSRemotingDataStructureException"}]
    reply = dialogue.read_reply(encoded({"objects": [], "warnings": [], "errors": errors, **document}))
    assert reply is not None
    with pytest.raises(HybridError) as caught:
        dialogue.raise_first_error(reply, Cmdlet(cmdlet), "Exchange server EX01")
    error = caught.value
    assert (error.code, error.retryable, error.answer_lost) == ("connection_lost", True, answer_lost)
    assert "The session broke." in error.message


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (dialogue.ErrorRecord("x.psm1 cannot be loaded", "PSSecurityException", "", ""), "execution policy on EX01"),
        (dialogue.ErrorRecord("NoLanguage", "", "", "LanguageMode"), "language mode NoLanguage"),
    ],
)
def test_a_policy_that_forbids_the_script_is_told_in_a_sentence(record: dialogue.ErrorRecord, told: str) -> None:
    diagnosis = dialogue.script_refusal(record, "EX01")
    assert diagnosis is not None
    assert told in diagnosis.message
    assert (diagnosis.code, diagnosis.retryable) == ("powershell_restricted", False)
    assert dialogue.script_refusal(dialogue.ErrorRecord("x", "RuntimeException", "", "x"), "EX01") is None
