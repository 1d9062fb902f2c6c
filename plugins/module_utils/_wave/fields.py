# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The fields of a record: the one table of what a mailbox is said to be, by whom, in which form, and for which module.

A line of ``Record`` holds all that is known of a field: its type, the sentence that documents it, the modules whose
option it is, its form and choices. Argument specs, the columns of a CSV, the checks of values and docs/records.md come
from it; tests hold the modules' documentation and the role to it. To add a field, write its line, the module that uses
it, and that module's documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict, get_args, get_type_hints

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import formats
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    MoveRequest,
    OnPremisesRecipient,
    Predicted,
)

# Who says what a field holds: a user, in a CSV as well as in a list or an option; Exchange; or a run, which found it
# out about how the mailbox stands, so that it is nobody's input and holds for the later tasks of that run alone.
GIVEN, READ, FOUND_OUT = "given", "read", "found out"


@dataclass(frozen=True)
class Field:
    """One field, but for its name and its type.

    ``text`` says what it is, in the words with which each module's documentation of it begins. ``options_of`` are the
    modules, by name and separated by blanks, that take it as an option of each mailbox. ``options`` is the argument
    spec of the items, where a field is a list of dictionaries, and ``item_form`` what their first option has to look
    like; a CSV cannot hold it.
    """

    text: str
    options_of: str = ""
    form: formats.Form | None = None
    choices: tuple[str, ...] = ()
    source: str = GIVEN
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    item_form: formats.Form | None = None


TRUSTEE: Mapping[str, Mapping[str, Any]] = {
    "user": {"type": "str", "required": True},
    "access_rights": {
        "type": "list",
        "elements": "str",
        "choices": ["FullAccess", "ReadPermission", "ChangePermission", "ChangeOwner", "DeleteItem", "ExternalAccount"],
        "default": ["FullAccess"],
    },
    "inheritance_type": {"type": "str", "choices": ["None", "All", "Children", "Descendents", "SelfAndChildren"]},
    "deny": {"type": "bool", "default": False},
    "auto_mapping": {"type": "bool"},
}


class Trustee(TypedDict):
    """One entry of trustees, as its argument spec leaves it."""

    user: str
    access_rights: list[str]
    inheritance_type: str | None
    deny: bool
    auto_mapping: bool | None


class Record(TypedDict, total=False):
    """One mailbox: each module reads the fields that it owns, leaves the others alone and hands the record on."""

    identity: Annotated[str, Field("The mailbox - its address, user principal name or GUID.", form=formats.IDENTITY)]
    ad_identity: Annotated[
        str,
        Field(
            "The on-premises user - its user principal name, objectGUID or distinguished name.",
            "exchange_guid mailbox mailbox_permission mailuser offboarding_readiness offboarding_rollback "
            "offboarding_state smtp_match",
            formats.AD_IDENTITY,
        ),
    ]
    external_email_address: Annotated[
        str,
        Field(
            "The routing address of the mailbox.",
            "mailuser offboarding_readiness offboarding_rollback offboarding_state",
            formats.ROUTING_ADDRESS,
        ),
    ]
    routing_domain: Annotated[
        str,
        Field(
            "Domain of the routing address.",
            "mailuser offboarding_readiness offboarding_rollback offboarding_state",
            formats.DOMAIN,
        ),
    ]
    primary_smtp_address: Annotated[
        str,
        Field("The primary SMTP address.", "mailuser offboarding_readiness smtp_match", formats.ADDRESS),
    ]
    alias: Annotated[str, Field("Alias that a newly mail-enabled user gets.", "mailuser", formats.OBJECT)]
    remote_host_name: Annotated[
        str,
        Field(
            "Name of the on-premises MRS proxy as Exchange Online reaches it.",
            "move_request offboarding_readiness",
            formats.HOST,
        ),
    ]
    remote_target_database: Annotated[
        str,
        Field(
            "On-premises database that the mailbox moves to.",
            "migration_batch move_request offboarding_readiness offboarding_state",
            formats.OBJECT,
        ),
    ]
    remote_archive_target_database: Annotated[
        str,
        Field(
            "On-premises database that the archive moves to.",
            "migration_batch move_request offboarding_readiness offboarding_state",
            formats.OBJECT,
        ),
    ]
    target_delivery_domain: Annotated[
        str,
        Field(
            "Domain of the address that the cloud mail user gets after the move.",
            "migration_batch move_request offboarding_readiness offboarding_state",
            formats.DOMAIN,
        ),
    ]
    archive_domain: Annotated[
        str,
        Field(
            "Domain of the archive that stays in the cloud.",
            "migration_batch move_request offboarding_readiness offboarding_state",
            formats.DOMAIN,
        ),
    ]
    batch_name: Annotated[
        str,
        Field(
            "Name of the wave, by which its requests can be found.",
            "migration_batch move_request offboarding_readiness offboarding_rollback offboarding_state", formats.FREE,
        ),
    ]
    cutover: Annotated[
        str,
        Field(
            "When the move completes.",
            "migration_batch move_request", choices=("automatic", "held", "at"),
        ),
    ]
    complete_after: Annotated[
        str,
        Field(
            "Earliest time of completion, UTC unless it has a time zone.",
            "migration_batch move_request", formats.TIME,
        ),
    ]
    start_after: Annotated[
        str,
        Field(
            "Earliest start of the move, UTC unless it has a time zone.",
            "migration_batch move_request", formats.TIME,
        ),
    ]
    incremental_sync_interval: Annotated[
        str,
        Field("Time span between two background syncs of a held move, as C(d.hh:mm:ss).", "move_request", formats.SPAN),
    ]
    completed_request_age_limit: Annotated[
        str, Field("How long a completed request is kept, in days or as C(d.hh:mm:ss).", "move_request")
    ]
    request_expiry_interval: Annotated[
        str,
        Field(
            "How long a request that neither completes nor fails is kept, in days or as C(d.hh:mm:ss).",
            "move_request",
        ),
    ]
    proxy_to_mailbox: Annotated[
        str,
        Field(
            "Mailbox through whose server the request is proxied, for support cases.", "move_request", formats.OBJECT
        ),
    ]
    suspend_comment: Annotated[str, Field("Why the request is suspended.", "move_request", formats.FREE)]
    remote_global_catalog: Annotated[
        str,
        Field("On-premises global catalog that the replication service uses.", "move_request", formats.CATALOG),
    ]
    exchange_guid: Annotated[
        str,
        Field(
            "ExchangeGuid of the cloud mailbox.",
            "exchange_guid mailbox_info mailuser migration_batch move_progress move_request move_request_info",
            formats.GUID,
        ),
    ]
    archive_guid: Annotated[str, Field("ArchiveGuid of the cloud mailbox.", "exchange_guid mailuser", formats.GUID)]
    baseline: Annotated[
        str,
        Field(
            "What is done if something other than the offboarding changed the mailbox since its baseline was taken.",
            "offboarding_state",
            choices=("keep", "refresh"),
        ),
    ]
    wave: Annotated[str, Field("Wave that the inventory plugin C(mailbox_waves) puts the mailbox into.")]
    site: Annotated[str, Field("Site by which the inventory plugin C(mailbox_waves) divides waves.")]
    add_routing_address: Annotated[
        bool,
        Field(
            "Whether the routing address is added if the cloud mailbox does not have it.",
            "mailuser offboarding_readiness",
        ),
    ]
    include_sip: Annotated[
        bool, Field("Whether SIP addresses are kept too.", "mailuser offboarding_rollback smtp_match")
    ]
    remove_delay_holds: Annotated[
        bool,
        Field(
            "Whether the mailbox's delay holds are ended before the move.",
            "delay_holds offboarding_readiness offboarding_state",
        ),
    ]
    force: Annotated[bool, Field("Whether a different value may be overwritten.", "exchange_guid mailuser smtp_match")]
    primary_only: Annotated[
        bool,
        Field(
            "Whether only the primary mailbox moves.",
            "migration_batch move_request offboarding_readiness offboarding_state",
        ),
    ]
    archive_only: Annotated[bool, Field("Whether only the archive moves.", "migration_batch move_request")]
    accept_large_data_loss: Annotated[bool, Field("Whether many lost items are accepted.", "move_request")]
    force_offline: Annotated[
        bool,
        Field(
            "Whether the mailbox is moved in one step, without access for its owner, for support cases.",
            "move_request",
        ),
    ]
    resume_failed: Annotated[
        bool,
        Field(
            "Whether a failed request is resumed instead of reported.",
            "migration_batch move_request",
        ),
    ]
    approve_skipped_items: Annotated[
        bool, Field("Whether the items that the move had to skip are approved.", "migration_batch move_request")
    ]
    move_options: Annotated[list[str], Field("Parts of the move to leave out, for support cases.", "move_request")]
    skip_moving: Annotated[list[str], Field("Parts of the mailbox not to move, for support cases.", "move_request")]
    email_addresses: Annotated[
        list[str], Field("All proxy addresses of the cloud mailbox.", "mailuser", formats.PROXY_ADDRESS)
    ]
    trustees: Annotated[
        list[Trustee],
        Field("Who may open the mailbox, and how.", "mailbox_permission", options=TRUSTEE, item_form=formats.OBJECT),
    ]
    accept: Annotated[
        list[str],
        Field("Codes of blockers that do not stop the mailbox.", "exchange_guid mailuser", formats.SIGN),
    ]

    user_principal_name: Annotated[
        str,
        Field(
            "The cloud user's user principal name.",
            "exchange_guid mailbox mailbox_permission mailuser smtp_match",
            formats.PRINCIPAL_NAME,
            source=READ,
        ),
    ]
    recipient_type_details: Annotated[
        str,
        Field(
            "The kind of the mailbox.",
            "mailbox",
            choices=("UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"),
            source=READ,
        ),
    ]
    legacy_exchange_dn: Annotated[
        str, Field("LegacyExchangeDN of the cloud mailbox.", "mailuser", formats.FREE, source=READ)
    ]
    display_name: Annotated[str, Field("Display name of the cloud mailbox.", form=formats.FREE, source=READ)]
    archive_status: Annotated[str, Field("ArchiveStatus of the cloud mailbox.", source=READ)]
    is_dir_synced: Annotated[bool, Field("Whether the cloud user is synchronized.", source=READ)]
    external_directory_object_id: Annotated[str, Field("Object id of the cloud user.", source=READ)]
    immutable_id: Annotated[str, Field("ImmutableId of the cloud user.", source=READ)]
    hidden_from_address_lists_enabled: Annotated[
        bool, Field("Whether the cloud mailbox is hidden from address lists.", source=READ)
    ]
    custom_attributes: Annotated[
        dict[str, str], Field("The custom attributes that are set, C(custom_attribute1) and so on.", source=READ)
    ]
    litigation_hold_enabled: Annotated[bool, Field("Whether litigation hold is on.", source=READ)]
    in_place_holds: Annotated[list[str], Field("InPlaceHolds of the cloud mailbox.", source=READ)]
    compliance_tag_hold_applied: Annotated[bool, Field("Whether a retention label holds items.", source=READ)]
    delay_hold_applied: Annotated[bool, Field("Whether a delay hold is on the mailbox.", source=READ)]
    delay_release_hold_applied: Annotated[bool, Field("Whether a delay release hold is on the mailbox.", source=READ)]
    is_exchange_cloud_managed: Annotated[
        bool, Field("Whether Exchange attributes are managed in the cloud.", source=READ)
    ]
    linked_master_account: Annotated[
        str, Field("Account in another forest whose mailbox it is on-premises.", source=READ)
    ]
    total_size: Annotated[int | None, Field("Size of the cloud mailbox in bytes.", source=READ)]
    item_count: Annotated[int | None, Field("Number of items in the cloud mailbox.", source=READ)]
    move_request: Annotated[MoveRequest, Field("The move request of the mailbox.", source=READ)]
    read_from_exchange: Annotated[
        list[str], Field("Names of the fields that were read from Exchange rather than set.", source=READ)
    ]

    run: Annotated[str, Field("Run that the wave belongs to.", source=FOUND_OUT)]
    offboarding_state: Annotated[str, Field("How far the mailbox is.", source=FOUND_OUT)]
    judged_at: Annotated[str, Field("When that was read, as UTC.", source=FOUND_OUT)]
    beginning: Annotated[str, Field("What the mailbox was before its offboarding.", source=FOUND_OUT)]
    whole: Annotated[bool, Field("Whether the on-premises user is complete.", source=FOUND_OUT)]
    holders_asked: Annotated[list[str], Field("Values that were already checked for other holders.", source=FOUND_OUT)]
    holds_seen: Annotated[list[str], Field("Holds that were on the mailbox at that time.", source=FOUND_OUT)]
    on_premises: Annotated[OnPremisesRecipient, Field("The on-premises user as it was found.", source=FOUND_OUT)]
    predicted: Annotated[Predicted, Field("In check mode, the result that earlier tasks predicted.", source=FOUND_OUT)]
    anchor_unverified: Annotated[bool, Field("Whether the anchor of the user could not be verified.", source=FOUND_OUT)]
    move_method: Annotated[
        str, Field("How the mailbox moves - by a C(move_request) or in a C(migration_batch).", source=FOUND_OUT)
    ]
    source_anchor: Annotated[str, Field("The anchor of the user as LDAP shows it.", source=FOUND_OUT)]
    baseline_file: Annotated[str, Field("File of the mailbox's baseline.", source=FOUND_OUT)]
    checksum: Annotated[str, Field("In the wave's file, the checksum of all of this.", source=FOUND_OUT)]


# The types that options and cells have, as Ansible calls them.
_ANSIBLE: Mapping[Any, dict[str, Any]] = {
    str: {"type": "str"},
    bool: {"type": "bool"},
    list[str]: {"type": "list", "elements": "str"},
    list[Trustee]: {"type": "list", "elements": "dict"},
}
_HINTS = {name: get_args(hint) for name, hint in get_type_hints(Record, include_extras=True).items()}
TABLE: Mapping[str, Field] = {name: field for name, (_type, field) in _HINTS.items()}
FOUND = frozenset(name for name, field in TABLE.items() if field.source == FOUND_OUT)


def columns(of: Any = None) -> tuple[str, ...]:
    """Return the fields that a user may give, which are the columns of a CSV; those of one type where it is named."""
    given = {name: type_ for name, (type_, field) in _HINTS.items() if field.source == GIVEN and not field.options}
    return tuple(name for name, type_ in given.items() if of in (None, type_))


def options(module: str) -> dict[str, dict[str, Any]]:
    """Return the argument spec of what a module takes for each mailbox.

    No option has a default: that would hide that a record left the choice to the task.
    """
    return {
        name: {
            **_ANSIBLE[type_],
            **({"choices": list(field.choices)} if field.choices else {}),
            **({"options": field.options} if field.options else {}),
        }
        for name, (type_, field) in _HINTS.items()
        if module in field.options_of.split()
    }


def type_name(name: str) -> str:
    """Return what a field's type is called in the documentation."""
    spec = _ANSIBLE.get(_HINTS[name][0])
    if spec is not None:
        return " of ".join(spec.values())
    return "int" if int in get_args(_HINTS[name][0]) else "dict"


def form_of(name: str) -> formats.Form | None:
    """Return the form that a field has, None for one of any form and for a key that is no field."""
    return TABLE[name].form if name in TABLE else None


def check(record: Mapping[str, Any], names: Iterable[str], told: Callable[[str], str] = str) -> None:
    """Raise InputError for the first named value of the record that is malformed; absent values are no matter.

    ``told`` returns what a field is called where it was given.
    """
    for name in names:
        if name not in TABLE or record.get(name) in (None, ""):
            continue
        form, item_form = TABLE[name].form, TABLE[name].item_form
        if form:
            for text in _values.as_list(record[name]):
                formats.refuse(form, told(name), name, text)
        if item_form:
            first = next(iter(TABLE[name].options))
            # What is no such item, or lacks its first option, is told where its options are looked at.
            for item in record[name] if isinstance(record[name], list) else ():
                if isinstance(item, Mapping) and isinstance(item.get(first), str):
                    formats.refuse(item_form, f"{told(name)}: {first}", name, item[first])
