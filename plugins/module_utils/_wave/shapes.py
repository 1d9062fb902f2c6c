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
    account_disabled: bool
    sku_assigned: bool
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
    # Forwarding and restrictions that a mailbox has, by the property's name (_recipients/delivery.py).
    delivery_settings: dict[str, str]


class OnPremisesRecipient(Recipient, total=False):
    """What Get-User shows, and the Get- cmdlet of its kind: user, mail_user, remote_mailbox, mailbox or other."""

    distinguished_name: str
    windows_email_address: str
    linked_master_account: str
    # Of a plain user its type says it, of others LDAP alone.
    account_disabled: bool
    email_address_policy_enabled: bool
    database: str
    remote_recipient_type: str
    # What a mailbox move leaves on the object: status, flags, remote_host_name, batch_name.
    mailbox_move: dict[str, str]
    # proxyAddresses of a plain user, which LDAP alone shows.
    proxy_addresses: list[str]
    # Of a mailbox: as in the cloud.
    delivery_settings: dict[str, str]


# The values of Exchange's properties, each with what reads it: bytes, seconds, ISO 8601 in UTC.
Text = Annotated[str, str]
Number = Annotated[int, _values.count]
Size = Annotated[int, _values.size_in_bytes]
Span = Annotated[int, _values.span_in_seconds]
Time = Annotated[str, _values.utc_time]
Flag = Annotated[bool, _values.as_bool]
Guid = Annotated[str, _values.told_guid]
Name = Annotated[str, _values.name_of]
Texts = Annotated[list[str], _values.as_list]


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


class MigrationEndpoint(TypedDict, total=False):
    """What Get-MigrationEndpoint shows, each key the property of that name; the numbers are absent for Unlimited."""

    identity: Name
    endpoint_type: Name
    remote_server: Text
    remote_tenant: Text
    max_concurrent_migrations: Number
    max_concurrent_incremental_syncs: Number


class MigrationBatch(TypedDict, total=False):
    """What Get-MigrationBatch shows, each key the property of that name (facts migration-batches.md section 7).

    Of its times the UTC ones alone: the others are in the zone of whoever made the batch.
    """

    identity: Name
    batch_guid: Guid
    status: Name
    batch_direction: Name
    target_endpoint: Name
    target_delivery_domain: Text
    total_count: Number
    active_count: Number
    pending_count: Number
    synced_count: Number
    finalized_count: Number
    failed_count: Number
    stopped_count: Number
    completed_with_warning_count: Number
    validation_warning_count: Number
    validation_warnings: Texts
    notification_emails: Texts
    data_consistency_score: Name
    message: Text
    creation_date_time_utc: Time
    start_date_time_utc: Time
    start_after_utc: Time
    complete_after_utc: Time
    initial_sync_date_time_utc: Time
    last_synced_date_time_utc: Time


class MigrationUser(TypedDict, total=False):
    """What Get-MigrationUser shows, each key the property of that name, and what its statistics add.

    ``identity`` is the address, or with several users of one mailbox ``<address>/<ExchangeGuid>``; cmdlets are given
    ``guid``, which always names one. Over REST there may be no ``email_address``.
    """

    identity: Name
    guid: Guid
    mailbox_guid: Guid
    batch_id: Name
    status: Name
    status_summary: Name
    email_address: Text
    mailbox_email_address: Text
    mailbox_identifier: Text
    data_consistency_score: Name
    has_unapproved_skipped_items: Flag
    skipped_item_count: Number
    synced_item_count: Number
    error_summary: Text
    last_successful_sync_time: Time
    error: Text
    error_type: Text
    percentage_complete: Number
    bytes_transferred: Size
    estimated_total_transfer_size: Size


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
