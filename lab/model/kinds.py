# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recipient kinds (RecipientTypeDetails) and the enumerations that the output carries."""

from __future__ import annotations

from lab.answer import Enumeration

RECIPIENT = "Microsoft.Exchange.Data.Directory.Recipient."
DETAILS = {
    "UserMailbox": 1, "LinkedMailbox": 2, "SharedMailbox": 4, "RoomMailbox": 16, "EquipmentMailbox": 32,
    "MailContact": 64, "MailUser": 128, "MailUniversalDistributionGroup": 256,
    "MailUniversalSecurityGroup": 1024, "User": 65536, "Contact": 131072, "DisabledUser": 2097152,
    "RemoteUserMailbox": 2147483648, "RemoteRoomMailbox": 8589934592, "RemoteEquipmentMailbox": 17179869184,
    "RemoteSharedMailbox": 34359738368,
}  # fmt: skip
MAILBOXES = frozenset({"UserMailbox", "LinkedMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"})
REMOTE_MAILBOXES = frozenset(
    {"RemoteUserMailbox", "RemoteSharedMailbox", "RemoteRoomMailbox", "RemoteEquipmentMailbox"}
)
MAIL_USERS = frozenset({"MailUser"})
PLAIN_USERS = frozenset({"User", "DisabledUser"})
USERS = MAILBOXES | REMOTE_MAILBOXES | MAIL_USERS | PLAIN_USERS
RECIPIENTS = frozenset(DETAILS) - PLAIN_USERS - {"Contact"}
# Set-Mailbox -Type names its values Regular, Room, Equipment, Shared (contract: Set-Mailbox).
CONVERTIBLE = {
    "Regular": "UserMailbox", "Shared": "SharedMailbox", "Room": "RoomMailbox", "Equipment": "EquipmentMailbox",
}  # fmt: skip
_TYPES = {
    "UserMailbox": 1, "MailUser": 5, "User": 3, "MailContact": 6, "MailUniversalDistributionGroup": 8,
    "MailUniversalSecurityGroup": 9,
}  # fmt: skip
_STATUSES = {
    "None": 0, "Queued": 1, "InProgress": 2, "AutoSuspended": 3, "CompletionInProgress": 4, "Synced": 5,
    "Completed": 10, "CompletedWithWarning": 11, "CompletedWithSkippedItems": 12, "Suspended": 98, "Failed": 99,
}  # fmt: skip
_STATES = (
    "None Queued InProgress AutoSuspended CompletionInProgress Completed CompletedWithWarning Suspended Failed Synced "
    "WaitingForJobPickup CreatingFolderHierarchy CreatingInitialSyncCheckpoint LoadingMessages CopyingMessages "
    "InitialSeedingComplete Completing IncrementalSync Relinquished CompletedWithSkippedItems "
    "StalledDueToTarget_MdbAvailability StalledDueToTarget_MdbReplication StalledDueToTarget_DiskLatency "
    "StalledDueToTarget_Processor StalledDueToTarget_MailboxCapacityExceeded "
    "StalledDueToSource_MailboxCapacityExceeded"
).split()


def recipient_type(kind: str) -> str:
    """Return the RecipientType of a RecipientTypeDetails."""
    if kind in MAILBOXES:
        return "UserMailbox"
    if kind in REMOTE_MAILBOXES or kind in MAIL_USERS:
        return "MailUser"
    return "User" if kind in PLAIN_USERS else kind


def details_enumeration(kind: str) -> Enumeration:
    return Enumeration(RECIPIENT + "RecipientTypeDetails", kind, DETAILS[kind])


def type_enumeration(kind: str) -> Enumeration:
    name = recipient_type(kind)
    return Enumeration(RECIPIENT + "RecipientType", name, _TYPES[name])


def request_status(name: str) -> Enumeration:
    return Enumeration(RECIPIENT + "RequestStatus", name, _STATUSES[name])


def request_state(name: str) -> Enumeration:
    return Enumeration("Microsoft.Exchange.MailboxReplicationService.RequestState", name, _STATES.index(name))
