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
from typing import TypedDict, TypeVar, cast

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


class MoveRequest(TypedDict, total=False):
    """A move request: sizes in bytes, durations in seconds, times ISO 8601 in UTC."""

    exchange_guid: str
    status: str
    status_detail: str
    batch_name: str
    remote_host_name: str
    direction: str
    flags: str
    display_name: str
    remote_database_name: str
    remote_archive_database_name: str
    target_delivery_domain: str
    data_consistency_score: str
    failure_type: str
    failure_side: str
    message: str
    sync_stage: str
    recipient_type_details: str
    last_failure: str
    percent_complete: int
    bad_items_encountered: int
    large_items_encountered: int
    missing_items_encountered: int
    items_transferred: int
    total_mailbox_item_count: int
    total_mailbox_size: int
    total_archive_size: int
    bytes_transferred: int
    bytes_transferred_per_minute: int
    overall_duration: int
    total_queued_duration: int
    total_in_progress_duration: int
    total_suspended_duration: int
    total_failed_duration: int
    queued_timestamp: str
    start_timestamp: str
    last_update_timestamp: str
    last_successful_sync_timestamp: str
    initial_seeding_completed_timestamp: str
    completion_timestamp: str
    suspended_timestamp: str
    failure_timestamp: str
    complete_after: str
    start_after: str
    skipped_item_approval_time: str
    suspend: bool
    suspend_when_ready_to_complete: bool
    prevent_completion: bool
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
