# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, ConnectionFailure
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import replies
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.replies import (
    gateway_page,
    own_words,
    read_body,
    read_error,
    read_page,
    tells_of_roles,
)

NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
TEXT = "The operation couldn't be performed because object 'x' couldn't be found on 'DC01'."


def envelope(detail: str | None, inner: str = "Exception of type 'x' was thrown.", inner_type: str = "X") -> Any:
    error: dict[str, Any] = {
        "code": "BadRequest", "message": "Error executing cmdlet",
        "innererror": {"internalexception": {"message": inner, "type": inner_type}},
    }
    if detail is not None:
        error["details"] = [{"code": "Client", "target": "", "message": detail}]
    return {"error": error}


@pytest.mark.parametrize(
    ("body", "message", "exception_type", "error_id"),
    [
        (envelope(f"Ex6F9304|{NOT_FOUND}|{TEXT}"), TEXT, "ManagementObjectNotFoundException", "Ex6F9304"),
        (envelope(f"|{NOT_FOUND}|a | b"), "a | b", "ManagementObjectNotFoundException", ""),
        (envelope(json.dumps({"Message": TEXT, "TypeName": NOT_FOUND, "StackTrace": None})), TEXT,
         "ManagementObjectNotFoundException", ""),
        (envelope(json.dumps({"Message": TEXT, "ClassName": NOT_FOUND})), TEXT,
         "ManagementObjectNotFoundException", ""),
        (envelope("plain words"), "plain words", "X", ""),
        (envelope(None, "Cannot convert", "A.ParameterTransformationException"), "Cannot convert",
         "ParameterTransformationException", ""),
        (envelope(None), "Error executing cmdlet", "X", ""),
        ({"error": {}}, "Exchange Online did not give a reason.", "", ""),
    ],
)
def test_both_formats_of_errors_and_those_without_details(
    body: Any, message: str, exception_type: str, error_id: str
) -> None:
    error = read_error(body, "Get-Mailbox")
    assert (error.message, error.exception_type, error.error_id) == (message, exception_type, error_id)
    assert error.cmdlet == "Get-Mailbox"


# Microsoft's module retries where the message contains one of these (facts section 6.2).
RETRIED = (
    "DCOverloadedException", "SuitabilityDirectoryException", "ServerInMMException", "ADServerSettingsChangedException",
    "StorageTransientException",
)  # fmt: skip


@pytest.mark.parametrize("kind", RETRIED)
@pytest.mark.parametrize("form", ["|Microsoft.Exchange.Data.{}|busy", "|System.Exception|Inner: X.{}", "{}: busy"])
def test_what_microsofts_module_retries_is_retryable(kind: str, form: str) -> None:
    error = read_error(envelope(form.format(kind)), "Get-Mailbox")
    assert (error.code, error.retryable) == ("transient", True)
    # And by nothing else in these texts.
    assert not read_error(envelope(form.format("AnotherException")), "Get-Mailbox").retryable


def test_a_lone_value_is_one_object_and_any_other_is_as_many_as_it_has() -> None:
    assert read_page({"value": {"Name": "x"}}, "Get-Mailbox").objects == [{"Name": "x"}]
    assert read_page({"value": [{"Name": "x"}, {"Name": "y"}]}, "Get-Mailbox").objects == [{"Name": "x"}, {"Name": "y"}]


@pytest.mark.parametrize("details", [[], None, "text", {}, [None]])
def test_details_that_say_nothing_leave_the_word_to_the_inner_exception(details: Any) -> None:
    body = envelope(None, "Cannot convert", "A.ParameterTransformationException")
    body["error"]["details"] = details
    error = read_error(body, "Get-Mailbox")
    assert (error.message, error.exception_type) == ("Cannot convert", "ParameterTransformationException")


@pytest.mark.parametrize("value", [{"value": []}, {"value": None}, {}])
def test_all_forms_of_nothing(value: Any) -> None:
    assert read_page(value, "Get-Mailbox").objects == []


@pytest.mark.parametrize("told", [[f"Ex1|{NOT_FOUND}|{TEXT}"], [{"Message": TEXT, "TypeName": NOT_FOUND}]])
def test_errors_inside_a_200_are_raised(told: Any) -> None:
    with pytest.raises(CmdletError) as caught:
        read_page({"value": [{"Name": "x"}], "@adminapi.errors": told}, "Get-Mailbox")
    assert caught.value.not_found


def test_a_question_is_not_an_answer() -> None:
    with pytest.raises(ConnectionFailure) as caught:
        read_page({"value": [], "@adminapi.confirmationmessage": "Are you sure?"}, "Remove-MoveRequest")
    assert caught.value.code == "confirmation_required"


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"", None), (bytes(64), None), (b"<html></html>", None), (b'{"value":[]}', {"value": []}),
        (b"\x1f\x8bnot gzip", None),
    ],
    ids=["empty", "NUL", "HTML", "JSON", "false gzip"],
)
def test_bodies(raw: bytes, body: Any) -> None:
    assert read_body(raw) == body


@pytest.mark.parametrize("body", [None, [], "x"])
def test_what_is_no_reply(body: Any) -> None:
    with pytest.raises(ConnectionFailure) as caught:
        read_page(body, "Get-Mailbox")
    assert caught.value.code == "unexpected_answer"


PAGES = {
    b"<html><head><title>Service\n unavailable</title></head></html>": "Service unavailable",
    b"\xef\xbb\xbf  <!DOCTYPE html>\r\n<html></html>": "",
    b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x" "y">\n<html xmlns="z"><title>Gateway</title></html>': "Gateway",
    b"<!-- made by a proxy -->\n<HTML><TITLE>Blocked</TITLE>": "Blocked",
    b"<center><h1>502 Bad Gateway</h1></center>": "",
}


@pytest.mark.parametrize(("raw", "title"), PAGES.items())
def test_a_page_of_a_gateway_is_told_by_its_own_words(raw: bytes, title: str) -> None:
    assert gateway_page(raw) == title


@pytest.mark.parametrize(
    "raw", [b"", bytes(64), b'{"value":[]}', b'"<html>"', b"You have reached", b"<?xml version='1.0'?><error/>"]
)
def test_what_is_no_page(raw: bytes) -> None:
    assert gateway_page(raw) is None


def test_a_message_that_is_nested_without_an_end_is_a_message() -> None:
    assert replies.told("[" * 90_000) == ("[" * 90_000, "", "")


ROLES, TOKEN = "User is not allowed to call Get-Mailbox", '2000001;reason="The token has expired."'


@pytest.mark.parametrize(
    ("body", "headers", "words", "roles"),
    [
        ({"error": {"message": ROLES}}, {}, ROLES, True),
        ({"error": {"innererror": {"message": "It isn't allowed to call X"}}}, {}, "It isn't allowed to call X", True),
        (None, {"x-ms-diagnostics": TOKEN}, TOKEN, False),
        (None, {}, "", False),
        ({"error": "text"}, {}, "", False),
    ],
)
def test_a_refusal_in_the_services_own_words(body: Any, headers: dict[str, str], words: str, roles: bool) -> None:
    assert (own_words(body, headers), tells_of_roles(own_words(body, headers))) == (words, roles)
