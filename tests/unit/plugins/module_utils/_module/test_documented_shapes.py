# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What real servers were seen to send, through the collection's readers.

The shapes are those of public captures (lab/CONFORMANCE.md names them: HEALTHCHECKER for CLIXML, CAPTURE, G2O and GOEX
for REST); every value in them is made up.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, ConnectionFailure
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import replies
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.clixml import (
    read_object,
)

_SYSTEM = "Microsoft.Exchange.Data.Directory.SystemConfiguration."
VIRTUAL_DIRECTORY = f"""
<Obj xmlns="http://schemas.microsoft.com/powershell/2004/04" RefId="0">
  <TN RefId="0">
    <T>{_SYSTEM}ADWebServicesVirtualDirectory</T><T>{_SYSTEM}ADExchangeServiceVirtualDirectory</T>
    <T>{_SYSTEM}ExchangeVirtualDirectory</T><T>{_SYSTEM}ADVirtualDirectory</T><T>{_SYSTEM}ADConfigurationObject</T>
    <T>Microsoft.Exchange.Data.Directory.ADObject</T><T>Microsoft.Exchange.Data.Directory.ADRawEntry</T>
    <T>Microsoft.Exchange.Data.ConfigurableObject</T><T>System.Object</T>
  </TN>
  <ToString>EX01\\EWS (Default Web Site)</ToString>
  <Props>
    <B N="MRSProxyEnabled">false</B>
    <Obj N="CertificateAuthentication" RefId="1">
      <TN RefId="1"><T>Microsoft.Exchange.Data.Directory.SystemConfiguration.Flag</T><T>System.Object</T></TN>
      <ToString>EX01 flag</ToString>
    </Obj>
    <Obj N="InternalAuthenticationMethods" RefId="2">
      <TN RefId="2">
        <T>Microsoft.Exchange.Data.MultiValuedProperty`1[[{_SYSTEM}AuthenticationMethod]]</T>
        <T>Microsoft.Exchange.Data.MultiValuedPropertyBase</T><T>System.Object</T>
      </TN>
      <LST>
        <Obj RefId="3">
          <TN RefId="3">
            <T>{_SYSTEM}AuthenticationMethod</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T>
          </TN>
          <ToString>Ntlm</ToString><I32>2</I32>
        </Obj>
        <Obj RefId="4"><TNRef RefId="3"/><ToString>WindowsIntegrated</ToString><I32>3</I32></Obj>
      </LST>
    </Obj>
    <Obj N="AdminDisplayVersion" RefId="5">
      <TN RefId="4"><T>Microsoft.Exchange.Data.ServerVersion</T><T>System.Object</T></TN>
      <ToString>Version 15.2 (Build 2562.17)</ToString>
    </Obj>
    <Obj N="RetentionPeriod" RefId="6">
      <TN RefId="5"><T>Microsoft.Exchange.Data.EnhancedTimeSpan</T><T>System.ValueType</T><T>System.Object</T></TN>
      <ToString>30.00:00:00</ToString>
    </Obj>
    <Obj N="Limit" RefId="7">
      <TN RefId="6"><T>Microsoft.Exchange.Data.Unlimited`1[[System.Int32]]</T><T>System.ValueType</T></TN>
      <ToString>Unlimited</ToString>
    </Obj>
    <Obj N="Nothing" RefId="8"><TNRef RefId="2"/><LST/></Obj>
    <S N="Quota">152.1 MB (159,449,088 bytes)</S>
    <G N="Guid">99AEAC02-0000-0000-0000-000000000001</G>
    <DT N="WhenChanged">2026-01-02T14:59:04-08:00</DT>
    <Nil N="ExternalUrl"/>
    <S N="Path">line one_x000A_line two</S>
  </Props>
  <MS>
    <S N="PSComputerName">ex01.contoso.com</S><G N="RunspaceId">11111111-2222-3333-4444-555555555555</G>
    <B N="PSShowComputerName">false</B>
  </MS>
</Obj>
"""


def test_an_object_of_exchange_2019() -> None:
    found = read_object(VIRTUAL_DIRECTORY)
    assert found["MRSProxyEnabled"] is False
    assert found["InternalAuthenticationMethods"] == ["Ntlm", "WindowsIntegrated"]
    assert found["AdminDisplayVersion"] == "Version 15.2 (Build 2562.17)"
    assert _values.span_in_seconds(found["RetentionPeriod"]) == 30 * 86400
    assert (found["Limit"], found["Nothing"], found["ExternalUrl"]) == ("Unlimited", [], None)
    assert _values.size_in_bytes(found["Quota"]) == 159449088
    assert found["Guid"] == "99aeac02-0000-0000-0000-000000000001"
    assert _values.utc_time(found["WhenChanged"]) == "2026-01-02T22:59:04Z"
    assert found["Path"] == "line one\nline two"
    assert found["PSComputerName"] == "ex01.contoso.com"


MAILBOX: dict[str, Any] = {
    "@odata.context": "https://outlook.office365.com/adminapi/beta/contoso.onmicrosoft.com/$metadata#"
    "Collection(Exchange.GenericHashTable)",
    "adminapi.warnings@odata.type": "#Collection(String)",
    "@adminapi.warnings": ["Look out."],
    "value": [{
        "Database": "EURPR07DG001-db001", "ExchangeGuid@data.type": "System.Guid", "ExchangeGuid@odata.type": "#Guid",
        "ExchangeGuid": "2be92a50-0000-0000-0000-000000000002", "ArchiveGuid": "00000000-0000-0000-0000-000000000000",
        "ArchiveStatus": "None", "MailboxMoveTargetMDB": None, "MailboxMoveStatus": "None",
        "ProhibitSendReceiveQuota": "100 GB (107,374,182,400 bytes)", "RetainDeletedItemsFor": "14.00:00:00",
        "LitigationHoldDuration": "Unlimited", "EmailAddresses@odata.type": "#Collection(String)",
        "EmailAddresses": ["smtp:ann@contoso.onmicrosoft.com", "SMTP:ann@contoso.com"], "IsDirSynced": False,
        "ResourceCapacity@data.type": "System.Int32", "ResourceCapacity": 4, "RecipientLimits": "500",
        "WhenChanged@data.type": "System.DateTime", "WhenChanged": "2026-04-10T08:56:22.0000000+00:00",
        "WhenChangedUTC@data.type": "System.DateTime", "WhenChangedUTC": "2026-04-10T08:56:22.1234567Z",
    }],
}  # fmt: skip


def test_a_mailbox_of_the_admin_api() -> None:
    page = replies.read_page(MAILBOX, "Get-Mailbox")
    (found,) = page.objects
    assert not [name for name in found if "@" in name]
    assert found["EmailAddresses"] == ["smtp:ann@contoso.onmicrosoft.com", "SMTP:ann@contoso.com"]
    assert _values.size_in_bytes(found["ProhibitSendReceiveQuota"]) == 107374182400
    assert _values.span_in_seconds(found["RetainDeletedItemsFor"]) == 14 * 86400
    assert (found["ResourceCapacity"], found["IsDirSynced"], found["MailboxMoveTargetMDB"]) == (4, False, None)
    assert {_values.utc_time(found[name]) for name in ("WhenChanged", "WhenChangedUTC")} == {"2026-04-10T08:56:22Z"}
    assert page.warnings == ["Look out."]


_INVOCATION = "Microsoft.Exchange.AdminApi.CommandInvocation."
_PARAMETER_SET = (
    "Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters specified."
)
_PROXIED = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"


def refusal(
    code: str, message: str, inner: str, inner_type: str, details: str | None = None, kind: str = "Client"
) -> Any:
    internal = {"message": inner, "type": inner_type, "stacktrace": ""}
    error: dict[str, Any] = {
        "code": code, "message": message,
        "innererror": {
            "message": message, "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException", "stacktrace": "",
            "internalexception": internal,
        },
        "adminapi.warnings@odata.type": "#Collection(String)", "@adminapi.warnings": [],
    }  # fmt: skip
    if details is not None:
        error["details"] = [{"code": kind, "target": "", "message": details}]
    return {"error": error}


@pytest.mark.parametrize(
    ("body", "exception_type", "begins"),
    [
        (refusal("NotFound", "Error executing cmdlet", "Exception of type '...' was thrown.",
                 "Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException",
                 f"Ex6F9304|{_PROXIED}|The operation couldn't be performed because object 'x' couldn't be found on "
                 "'DC'."),
         "ManagementObjectNotFoundException", "The operation couldn't be performed"),
        (refusal("BadRequest", "Invalid Operation", f"{_PARAMETER_SET} Bogus",
                 f"{_INVOCATION}AmbiguousParameterSetException",
                 f"|{_INVOCATION}AmbiguousParameterSetException|{_PARAMETER_SET} Bogus"),
         "AmbiguousParameterSetException", "Parameter set cannot be resolved"),
        (refusal("BadRequest", "Invalid Operation", "Cannot process argument transformation on parameter 'P'.",
                 f"{_INVOCATION}ParameterTransformationException"),
         "ParameterTransformationException", "Cannot process argument transformation"),
        (refusal("BadRequest", "Error executing cmdlet", "", "ODataServiceException",
                 json.dumps({"Message": "The object 'CN=rg' already exists.",
                             "TypeName": "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException",
                             "StackTrace": None, "InnerError": None}), "Context"),
         "ADObjectAlreadyExistsException", "The object 'CN=rg' already exists."),
    ],
    ids=["not found", "unknown parameter", "bad value without details", "already exists"],
)  # fmt: skip
def test_refusals_of_the_admin_api(body: Any, exception_type: str, begins: str) -> None:
    raw = json.dumps(body).encode()
    error = replies.read_error(replies.read_body(raw), "Get-Mailbox")
    assert isinstance(error, CmdletError)
    assert error.exception_type == exception_type
    assert error.message.startswith(begins)


def test_an_expired_cursor_is_known_by_its_text() -> None:
    body = refusal(
        "BadRequest", "Invalid Operation", "Expired or Invalid pagination request. Default Expiry time is 00:30:00",
        "System.Exception",
    )  # fmt: skip
    assert replies.EXPIRED_CURSOR in replies.read_error(body, "Get-Mailbox").message


def test_the_403_of_nul_bytes_is_no_json() -> None:
    assert replies.read_body(bytes(512)) is None
    with pytest.raises(ConnectionFailure):
        replies.read_page(replies.read_body(bytes(512)), "Get-Mailbox")
