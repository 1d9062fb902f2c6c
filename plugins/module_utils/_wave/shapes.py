# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What both organizations hold, in the collection's terms: the keys and types of recipients and move requests.

The readers in _recipients make them of Exchange's answers; records and baselines carry them on. Keys that an object
lacks, or that Exchange did not show, are absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, TypedDict, TypeVar, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Value


class Recipient(TypedDict, total=False):
    """What a cloud recipient and an on-premises object have in common.

    GUIDs are lower case (zeros for none), addresses proxy addresses with prefix, custom_attributes only those set.
    """

    kind: str
    recipient_type_details: str
    guid: str
    external_directory_object_id: str
    user_principal_name: str
    display_name: str
    alias: str
    primary_smtp_address: str
    email_addresses: list[str]
    external_email_address: str
    exchange_guid: str
    archive_guid: str
    hidden_from_address_lists_enabled: bool
    custom_attributes: dict[str, str]


class CloudRecipient(Recipient, total=False):
    """What Get-Mailbox, Get-MailUser or Get-Recipient shows in Exchange Online; kind is mailbox, mail_user or other."""

    is_dir_synced: bool
    legacy_exchange_dn: str
    archive_status: str
    immutable_id: str
    litigation_hold_enabled: bool
    compliance_tag_hold_applied: bool
    delay_hold_applied: bool
    delay_release_hold_applied: bool
    is_exchange_cloud_managed: bool
    auto_expanding_archive_enabled: bool
    in_place_holds: list[str]


class OnPremisesRecipient(Recipient, total=False):
    """What Get-User shows, and the Get- cmdlet of its kind: user, mail_user, remote_mailbox, mailbox or other."""

    distinguished_name: str
    windows_email_address: str
    linked_master_account: str
    email_address_policy_enabled: bool
    database: str
    remote_recipient_type: str
    # What a mailbox move leaves on the object: status, flags, remote_host_name, batch_name.
    mailbox_move: dict[str, str]
    # proxyAddresses of a plain user, which LDAP alone shows.
    proxy_addresses: list[str]


# The values of Exchange's properties, each with what reads it: bytes, seconds, ISO 8601 in UTC.
Text = Annotated[str, str]
Number = Annotated[int, _values.count]
Size = Annotated[int, _values.size_in_bytes]
Span = Annotated[int, _values.span_in_seconds]
Time = Annotated[str, _values.utc_time]
Flag = Annotated[bool, _values.as_bool]


class MoveRequest(TypedDict, total=False):
    """A move request. Each key but the last is the property of that name of Get-MoveRequest or its statistics.

    Property names: facts offboarding-practice.md 2.3, read off public scripts; no whole reply was ever published.
    """

    exchange_guid: str
    status: str
    status_detail: Text
    batch_name: Text
    remote_host_name: Text
    direction: Text
    flags: Text
    display_name: Text
    remote_database_name: Text
    remote_archive_database_name: Text
    target_delivery_domain: Text
    data_consistency_score: Text
    failure_type: Text
    failure_side: Text
    message: Text
    sync_stage: Text
    recipient_type_details: Text
    last_failure: Text
    percent_complete: Number
    bad_items_encountered: Number
    large_items_encountered: Number
    missing_items_encountered: Number
    items_transferred: Number
    total_mailbox_item_count: Number
    total_mailbox_size: Size
    total_archive_size: Size
    bytes_transferred: Size
    bytes_transferred_per_minute: Size
    overall_duration: Span
    total_queued_duration: Span
    total_in_progress_duration: Span
    total_suspended_duration: Span
    total_failed_duration: Span
    queued_timestamp: Time
    start_timestamp: Time
    last_update_timestamp: Time
    last_successful_sync_timestamp: Time
    initial_seeding_completed_timestamp: Time
    completion_timestamp: Time
    suspended_timestamp: Time
    failure_timestamp: Time
    complete_after: Time
    start_after: Time
    # Whether Exchange Online shows it nobody has published: absent, it says nothing.
    skipped_item_approval_time: Time
    suspend: Flag
    suspend_when_ready_to_complete: Flag
    prevent_completion: Flag
    # When the settings, which only the statistics show, were read, where that was in an earlier task.
    settings_read_at: str


class Predicted(TypedDict, total=False):
    """What the tasks of a preview would have left of each part; None is what they would have removed."""

    cloud: CloudRecipient | None
    on_premises: OnPremisesRecipient | None
    move_request: MoveRequest | None


class Baseline(TypedDict, total=False):
    """Both sides of a mailbox as they were found before the first write."""

    version: int
    exchange_guid: str
    identity: str
    taken_at: str
    cloud: CloudRecipient
    on_premises: OnPremisesRecipient
    checksum: str


Shape = TypeVar("Shape", bound=Mapping[str, object])


def part(whole: Shape, names: Iterable[str]) -> Shape:
    """Return those keys of an object that are named and that it has, in the order of the names."""
    return cast(Shape, {name: whole[name] for name in names if name in whole})


def parameters(attributes: Mapping[str, object], names: Mapping[str, str]) -> dict[str, Value]:
    """Return the parameters that set these attributes; ``names`` has the parameter of each."""
    return {names[name]: cast(Value, value) for name, value in attributes.items()}
