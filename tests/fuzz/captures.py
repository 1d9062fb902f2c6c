# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Valid captures, from which inputs are made: answers of the laboratory, and files as the collection writes them."""

from __future__ import annotations

import base64
import datetime
import json
import uuid
from collections.abc import Mapping
from typing import Any

import sansldap
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import baseline
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import cloud, on_premises

from lab.answer import Collection, Enumeration, LabObject, LabValue, Reference
from lab.model import active_directory
from lab.wire import clixml, rest_encoding
from lab.wire.powershell_dialogue import show
from tests.fuzz.mutations import GUID

MOMENT = datetime.datetime(2026, 11, 30, 18, 0, tzinfo=datetime.timezone.utc)
ADDRESSES = ["SMTP:ann@contoso.com", "smtp:ann@contoso.mail.onmicrosoft.com", "X500:/o=Contoso/cn=ann"]
RECIPIENT: dict[str, LabValue] = {
    "Guid": uuid.UUID(GUID),
    "ExchangeGuid": uuid.UUID(GUID),
    "ArchiveGuid": uuid.UUID(int=0),
    "RecipientTypeDetails": Enumeration(
        "Microsoft.Exchange.Data.Directory.Recipient.RecipientTypeDetails", "UserMailbox", 1
    ),
    "EmailAddresses": Collection(ADDRESSES),
    "InPlaceHolds": Collection([f"UniH{GUID}", f"mbx{GUID.replace('-', '')}:2", f"-mbx{GUID}"]),
    "PrimarySmtpAddress": "ann@contoso.com",
    "UserPrincipalName": "ann@contoso.com",
    "DistinguishedName": "CN=Ann_x0041_,OU=Staff,DC=contoso,DC=com",
    "Alias": "ann",
    "DisplayName": "Ann Archer",
    "LegacyExchangeDN": "/o=Contoso/ou=x/cn=Recipients/cn=ann",
    "ExternalDirectoryObjectId": GUID,
    "HiddenFromAddressListsEnabled": False,
    "LitigationHoldEnabled": True,
    "CustomAttribute1": "5f2c1a35",
    "WhenCreatedUTC": MOMENT,
    "MailboxMoveStatus": "None",
    "Database": Reference("DB01"),
}
REQUEST: dict[str, LabValue] = {
    "ExchangeGuid": uuid.UUID(GUID),
    "Status": "InProgress",
    "StatusDetail": "CopyingMessages",
    "BatchName": "wave_001",
    "PercentComplete": 42,
    "BytesTransferred": "1.2 GB (1,288,490,188 bytes)",
    "TotalMailboxSize": "2.4 GB (2,576,980,376 bytes)",
    "TotalInProgressDuration": datetime.timedelta(hours=5, seconds=7),
    "CompleteAfter": MOMENT,
    "StartTimestamp": MOMENT,
    "FailureType": "MapiExceptionTransient",
    "Message": "Informational: The request is waiting.",
    "DataConsistencyScore": "Good",
    "BadItemsEncountered": 0,
}
SYNC_RUN: dict[str, LabValue] = {
    "RunHistoryId": uuid.UUID(GUID),
    "ConnectorName": "contoso.onmicrosoft.com - AAD",
    "RunProfileName": "Export",
    "Result": "success",
    "RunNumber": 17,
    "IsRunComplete": True,
    "StartDate": MOMENT,
    "EndDate": MOMENT,
    "SyncCycleEnabled": True,
    "StagingModeEnabled": False,
}
OBJECTS = (RECIPIENT, REQUEST, SYNC_RUN)


def _lab(properties: Mapping[str, LabValue]) -> LabObject:
    return LabObject(("Microsoft.Exchange.Data.Directory.Management.Mailbox", "System.Object"), dict(properties))


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


CLIXML = tuple(
    clixml.render(_lab(item), {"PSComputerName": "ex01.contoso.com"}, clixml.Shapes(seed)).encode()
    for item in OBJECTS
    for seed in (0, 1)
)
REST = (
    *(
        as_json(
            {
                "@odata.context": "x",
                "value": [rest_encoding.encode(_lab(item), None)] * 2,
                "@odata.nextLink": "",
                "@adminapi.warnings": ["There are more results available than are currently displayed."],
            }
        )
        for item in OBJECTS
    ),
    as_json(
        {
            "error": {
                "code": "BadRequest",
                "message": "Error executing cmdlet",
                "details": [
                    {
                        "code": "Context",
                        "target": "",
                        "message": "Ex6F9304|Microsoft.X.ManagementObjectNotFoundException|Gone.",
                    }
                ],
                "innererror": {
                    "message": "Error executing cmdlet",
                    "type": "System.Exception",
                    "internalexception": {"message": "m", "type": "a.B"},
                },
            }
        }
    ),
    as_json({"@adminapi.errors": [json.dumps({"Message": "m", "TypeName": "a.B", "ErrorId": "x"})], "value": []}),
    b"<html><head><title>502 Bad Gateway</title></head></html>",
)
REST_BATCH = (
    as_json(
        {
            "responses": [
                {
                    "id": "0",
                    "status": 200,
                    "headers": {},
                    "body": {"value": [rest_encoding.encode(_lab(RECIPIENT), None)]},
                },
                {"id": "1", "status": 400, "body": {"error": {"code": "x", "message": "y", "details": []}}},
                {"id": "2", "status": 429, "headers": {"Retry-After": "3"}, "body": None},
            ]
        }
    ),
)
GRAPH = (
    as_json(
        {
            "responses": [
                {
                    "id": "0",
                    "status": 200,
                    "headers": {},
                    "body": {
                        "id": GUID,
                        "onPremisesImmutableId": "bGdvbmdlcjEyMzQ1Njc4OQ==",
                        "onPremisesSyncEnabled": True,
                        "onPremisesProvisioningErrors": [
                            {"category": "PropertyConflict", "propertyCausingError": "ProxyAddresses", "value": "x"}
                        ],
                        "serviceProvisioningErrors": [
                            {"isResolved": False, "serviceInstance": "exchange/x", "errorDetail": "<a><b>c</b></a>"}
                        ],
                    },
                },
                {
                    "id": "1",
                    "status": 200,
                    "body": {
                        "value": [
                            {"@odata.type": "#microsoft.graph.directoryRole", "displayName": "Global Administrator"}
                        ]
                    },
                },
            ]
        }
    ),
    as_json(
        {
            "responses": [
                {"id": "0", "status": 403, "body": {"error": {"code": "Forbidden", "message": "no"}}},
                {"id": "1", "status": 404, "body": {}},
            ]
        }
    ),
    as_json({"error": {"code": "InvalidAuthenticationToken", "message": "Access token has expired."}}),
)


def token(claims: Mapping[str, Any]) -> bytes:
    parts = (as_json({"alg": "none"}), as_json(claims), b"signature")
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


CLAIMS = (
    as_json(
        {"aud": "https://outlook.office365.com", "exp": 1796061600, "tid": GUID, "roles": ["Exchange.ManageAsApp"]}
    ),
)
MODULE_FILE = (
    as_json(
        {
            "value": [
                {
                    "exportedCmdlets": "Get-Mailbox,New-MoveRequest, Set-Mailbox",
                    "fileContent": "function script:New-MoveRequest {\n[CmdletBinding()]\n"
                    "param(\n[Parameter(Mandatory)]\n${Identity},\n"
                    "# a comment (\n$RemoteCredential = $(if ($x) { 'a''b' } else { \"c`\"\" }))\nprocess { }\n}\n"
                    'function Get-Key { param($a) "<RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue>" }\n',
                }
            ]
        }
    ),
)
SCRIPT_REPLY = (
    as_json(
        {
            "cmdlet": "Get-Mailbox",
            "objects": [{name: show(value) for name, value in item.items()} for item in OBJECTS],
            "warnings": ["s:a warning"],
            "errors": [],
            "lost": False,
        }
    ),
    as_json(
        {
            "cmdlet": "Set-Mailbox",
            "objects": None,
            "warnings": None,
            "errors": [
                {
                    "message": "m",
                    "type": "System.Exception",
                    "category": "x",
                    "id": "[FailureCategory=Cmdlet-ManagementObjectNotFoundException]",
                },
            ],
        }
    ),
)
FAULTS = (
    b"The WS-Management service cannot process the request. "
    b"This user is allowed a maximum number of 5 concurrent shells.",
    b"Access is denied.",
    b"<f:WSManFault Code='2150858843'>"
    b"<f:Message>The request for the Windows Remote Shell with ShellId x failed.</f:Message></f:WSManFault>",
    b"<!DOCTYPE html><html><head><title>503 Service Unavailable</title></head><body>HTTP Error 503</body></html>",
    b"wait for at least 1500 milliseconds, user load quota exceeded",
    b"80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data 52e, v4563\x00",
    b"AADSTS7000215: Invalid client secret provided. Trace ID: x",
    b"Major (851968): Unspecified GSS failure, Minor (2529638919): Server not found in Kerberos database",
)


# -- files that come back ----------------------------------------------------------------------------------------------

CSV = (
    b"identity,ad_identity,alias,force,skip_moving,complete_after\r\n"
    b"ann@contoso.com,ann@contoso.local,ann,true,FolderRules;FolderAcls,2026-11-30T18:00:00Z\r\n"
    b'"bob@contoso.com","CN=Bob, x,DC=contoso,DC=com",bob,no,,\r\n',
    b"EmailAddress;TargetDatabase;MailboxType\nann@contoso.com;DB01;PrimaryAndArchive\n",
    b'#TYPE Selected\n"identity"\n"ann@contoso.com"\n',
)
PLAIN = {
    "Guid": GUID,
    "ExchangeGuid": GUID,
    "ArchiveGuid": "",
    "RecipientTypeDetails": "UserMailbox",
    "EmailAddresses": ADDRESSES,
    "PrimarySmtpAddress": "ann@contoso.com",
    "UserPrincipalName": "ann@contoso.com",
    "Alias": "ann",
    "DisplayName": "Ann",
    "ExternalDirectoryObjectId": GUID,
    "InPlaceHolds": [f"UniH{GUID}"],
}
USER = on_premises.user({"Guid": GUID, "RecipientTypeDetails": "User", "UserPrincipalName": "ann@contoso.com"})
RECORD = {
    "identity": "ann@contoso.com",
    "exchange_guid": GUID,
    "email_addresses": ADDRESSES,
    "primary_smtp_address": "ann@contoso.com",
    "force": True,
    "accept": ["litigation_hold"],
    "complete_after": "2026-11-30T18:00:00Z",
    "total_size": 1000,
    "read_from_exchange": ["email_addresses"],
    "remote_target_database": "DB01",
    "trustees": [{"user": "bob@contoso.com", "access_rights": ["FullAccess"]}],
}
WAVE = (as_json([RECORD, {"identity": "bob@contoso.com"}]),)
BASELINE = (as_json(baseline.content("ann@contoso.com", cloud.recipient(PLAIN), USER)),)
_DECISION = {"identity": "ann@contoso.com", "database": "DB01", "size": 1000, "arrived": False}
DATABASES = (
    as_json(
        documents.sealed(
            {"version": 1, "mailboxes": {GUID: {**_DECISION, "decided_at": "2026-11-30T18:00:00Z"}}}
        )
    ),
)
JOURNAL = (
    b"\n".join(
        as_json(
            {
                "utc": f"2026-11-30T18:00:0{number}.000Z",
                "event": event,
                "run_id": "20261130T180000Z-a1b2c3",
                "host": "wave_001",
                "id": GUID,
                "organization": "exchange_online",
                "server": "outlook.office365.com",
                "cmdlet": "New-MoveRequest -Identity x",
                "object": "ann@contoso.com",
                **more,
            }
        )
        for number, (event, more) in enumerate(
            (
                ("accepted", {"codes": ["litigation_hold"]}),
                ("sent", {"before": {}, "after": {}}),
                ("answered", {"result": "failed", "error": {"code": "x", "message": "m"}, "duration_ms": 12}),
            )
        )
    ),
)
PROGRESS = (
    as_json(
        {
            "version": 1,
            "looks": [
                {
                    "utc": f"2026-11-30T1{hour}:00:00Z",
                    "counts": {"InProgress": 1},
                    "bytes_done": hour * 10**9,
                    "bytes_total": 10**10,
                    "bytes_gained": 10**9,
                    "seconds_covered": 3600,
                }
                for hour in range(3)
            ],
            "requests": {
                GUID: {
                    "identity": "ann@contoso.com",
                    "status": "InProgress",
                    "status_detail": "StalledDueToSource_x",
                    "percent_complete": 12,
                    "bytes_transferred": 10**9,
                    "total_size": 10**10,
                    "first_status": "Queued",
                    "read_status": "InProgress",
                    "seen_at": "2026-11-30T12:00:00Z",
                    "read_at": "2026-11-30T12:00:00Z",
                    "progressed_at": "2026-11-30T11:00:00Z",
                }
            },
        }
    ),
)
READINESS = (
    as_json(
        {
            "generated_at": "2026-11-30T12:00:00Z",
            "environment": [
                {"code": "no_replicas", "severity": "warning", "why": "w", "remedy": "r", "source": "s", "found": "f"}
            ],
            "mailboxes": [
                {
                    "identity": "ann@contoso.com",
                    "state": "to_do",
                    "total_size": 5,
                    "findings": [
                        {
                            "code": "litigation_hold",
                            "severity": "blocker",
                            "accepted": True,
                            "found": "f",
                            "why": "",
                            "remedy": "",
                            "source": "",
                        }
                    ],
                }
            ],
        }
    ),
)
HALF_MADE = (
    as_json(
        {
            "identity": "ann@contoso.com",
            "guid": GUID,
            "wanted": {"exchange_guid": GUID},
            "before": {},
            "holder": "wave_001",
            "since": "2026-11-30T18:00:00Z",
        }
    ),
)
PAUSE = (as_json({"paused_at": "2026-11-30T18:00:00Z", "holder": "wave_001", "host": "sync01.contoso.com"}),)


# -- LDAP --------------------------------------------------------------------------------------------------------------


def _ldap() -> tuple[bytes, bytes]:
    """Return what a domain controller sends: that the account is bound; and of a search, an entry and the end."""
    server, client = sansldap.LDAPServer(), sansldap.LDAPClient()
    client.bind_simple("x", "y")
    (bind,) = server.receive(client.data_to_send())
    server.bind_response(bind.message_id)
    bound = bytes(server.data_to_send())
    list(client.receive(bound))
    number = client.search_request(active_directory.BASE, filter=sansldap.FilterPresent("objectClass"))
    list(server.receive(client.data_to_send()))
    attributes = {
        "objectGUID": [uuid.UUID(GUID).bytes_le],
        "distinguishedName": [b"CN=Ann,DC=contoso,DC=com"],
        "uSNChanged": [b"4711"],
        "adminCount": [b"1"],
        "proxyAddresses": [text.encode() for text in ADDRESSES],
        "mS-DS-ConsistencyGuid": [b"\x00" * 16],
        "nTSecurityDescriptor": [b"\x01\x00\x04\x90" + b"\x00" * 20],
        "msExchRemoteRecipientType": [b"4"],
        "msDS-ExternalDirectoryObjectId": [f"User_{GUID}".encode()],
    }
    shown = [sansldap.PartialAttribute(name, values) for name, values in attributes.items()]
    server.search_result_entry(number, "CN=Ann,DC=contoso,DC=com", shown)
    server.search_result_done(number)
    return bound, bytes(server.data_to_send())


BOUND, _FOUND = _ldap()
LDAP = (_FOUND,)
