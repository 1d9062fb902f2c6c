# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which objects a Get-* cmdlet answers with: identity, filter, ambiguous name resolution, kinds, result size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol

from lab.answer import CmdletFailure
from lab.model import addresses, failures, opath
from lab.model.contract import BINDING, CLOUD_AMBIGUOUS
from lab.model.directory import DirectoryObject
from lab.model.kinds import recipient_type
from lab.model.recipients import EMPTY_GUID, R, Recipient
from lab.model.tenant import TenantObject

DEFAULT_RESULT_SIZE = 1000
DEFAULT_SIZE_WARNING = (
    "By default, only the first 1000 items are returned. Use the ResultSize parameter to specify the number of items "
    'returned. To return all items, specify "-ResultSize Unlimited". Be aware that, depending on the actual number of '
    "items, returning all items can take a long time and consume a large amount of memory. Also, we don't recommend "
    "storing the results in a variable. Instead, pipe the results to another task or script to perform batch changes."
)
MORE_RESULTS_WARNING = (
    "There are more results available than are currently displayed. To view them, increase the value for the "
    "ResultSize parameter."
)
USER_KEYS = ("guid", "dn", "identity", "name", "sam", "domain_sam", "upn")
RECIPIENT_KEYS = (*USER_KEYS, "alias", "address", "legacy")
MAILBOX_KEYS = (*RECIPIENT_KEYS, "exchange")

Getter = Callable[[Recipient], Sequence[str]]


@dataclass(frozen=True)
class Filterable:
    """A property that filters may name: in which cmdlets, through which index, and its values."""

    cmdlets: str
    values: Getter
    index: str = ""


def _field(name: str) -> Getter:
    return lambda item: [str(getattr(item, name))]


def _guid(name: str) -> Getter:
    return lambda item: [] if getattr(item, name) == EMPTY_GUID else [str(getattr(item, name))]


def _addresses(item: Recipient) -> list[str]:
    both = [addresses.split(address) for address in item.email_addresses]
    return [*item.email_addresses, *(value for prefix, value in both if prefix.lower() == "smtp")]


def _archive_status(item: Recipient) -> list[str]:
    return [item.archive_status if isinstance(item, TenantObject) else "None"]


def _remote_recipient_type(item: Recipient) -> list[str]:
    return [item.remote_recipient_type if isinstance(item, DirectoryObject) else "None"]


def _synced(item: Recipient) -> list[str]:
    return [str(isinstance(item, TenantObject) and item.is_dir_synced)]


def _holds(item: Recipient) -> list[str]:
    return list(item.in_place_holds) if isinstance(item, TenantObject) else []


def _licensed(item: Recipient) -> list[str]:
    return [str(isinstance(item, TenantObject) and item.sku_assigned)]


def _move(name: str) -> Getter:
    return lambda item: [str(getattr(item.move, name))]


def _custom(number: int) -> Getter:
    return lambda item: [item.custom_attributes.get(number, "")]


# M Get-Mailbox, U Get-MailUser, X Get-RemoteMailbox, R Get-Recipient, P Get-User: Microsoft's page on filter properties
# (facts: identity-filters-roles.md, sections "Who is who" and "Filters").
FILTERABLE: dict[str, Filterable] = {
    "Guid": Filterable("MUXRP", _field("guid"), "guid"),
    "DistinguishedName": Filterable("MUXRP", _field("distinguished_name"), "dn"),
    "Id": Filterable("MUXRP", _field("identity"), "identity"),
    "Name": Filterable("MUXRP", _field("name"), "name"),
    "DisplayName": Filterable("MUXRP", _field("display_name")),
    "RecipientType": Filterable("MUXRP", lambda item: [recipient_type(item.kind)]),
    "RecipientTypeDetails": Filterable("MUXRP", _field("kind")),
    "IsDirSynced": Filterable("MUXRP", _synced),
    "WhenChanged": Filterable("MUXRP", lambda item: [item.when_changed.isoformat()]),
    "WhenCreated": Filterable("MUXRP", lambda item: [item.when_created.isoformat()]),
    "ExternalDirectoryObjectId": Filterable("MUXRP", _field("external_directory_object_id"), "external"),
    "SamAccountName": Filterable("MUXRP", _field("sam_account_name"), "sam"),
    "UserPrincipalName": Filterable("MUXP", _field("user_principal_name"), "upn"),
    "WindowsEmailAddress": Filterable("MUXP", _field("mail"), "mail"),
    "WindowsLiveID": Filterable("MURP", _field("user_principal_name"), "upn"),
    "LegacyExchangeDN": Filterable("MUXP", _field("legacy_exchange_dn"), "legacy"),
    "ImmutableId": Filterable("MUX", lambda item: []),
    "EmailAddresses": Filterable("MUXR", _addresses, "address"),
    "PrimarySmtpAddress": Filterable("MUXR", _addresses, "address"),
    "Alias": Filterable("MUXR", _field("alias"), "alias"),
    "ExchangeGuid": Filterable("MUXR", _guid("exchange_guid"), "exchange"),
    "ArchiveGuid": Filterable("MUXR", _guid("archive_guid"), "archive"),
    "ArchiveStatus": Filterable("MUXR", _archive_status),
    "HiddenFromAddressListsEnabled": Filterable("MUXR", _field("hidden")),
    "EmailAddressPolicyEnabled": Filterable("MUXR", _field("email_address_policy_enabled")),
    "LitigationHoldEnabled": Filterable("MUXR", _field("litigation_hold")),
    "MailboxMoveBatchName": Filterable("MUXR", _move("batch_name")),
    "MailboxMoveFlags": Filterable("MUXR", _move("flags")),
    "MailboxMoveRemoteHostName": Filterable("MUXR", _move("remote_host_name")),
    "MailboxMoveStatus": Filterable("MUXR", _move("status")),
    "MailboxMoveSourceMDB": Filterable("MUXR", lambda item: []),
    "MailboxMoveTargetMDB": Filterable("MUXR", lambda item: []),
    "ExternalEmailAddress": Filterable("UR", _field("external_email_address")),
    "Database": Filterable("MR", _field("database")),
    "RemoteRecipientType": Filterable("MX", _remote_recipient_type),
    "InPlaceHolds": Filterable("MUX", _holds),
    "ArchiveState": Filterable("MXR", _archive_status),
    "IsShared": Filterable("M", lambda item: [str(item.kind == "SharedMailbox")]),
    "IsResource": Filterable("M", lambda item: [str(item.kind in ("RoomMailbox", "EquipmentMailbox"))]),
    "SKUAssigned": Filterable("MURP", _licensed),
    **{f"CustomAttribute{number}": Filterable("MUXR", _custom(number)) for number in range(1, 16)},
}
_PROPER = {name.lower(): name for name in FILTERABLE}


class Objects(Protocol[R]):
    """What a selection reads: a Store, or a domain controller's view of it."""

    def __iter__(self) -> Iterator[R]:
        """Yield every object."""

    def find(self, kinds: Iterable[str], value: str) -> list[R]:
        """Return the objects that one of these kinds of key leads to, each once."""


@dataclass(frozen=True)
class Selection(Generic[R]):
    """What one Get-* cmdlet may see. ``letter`` stands for the cmdlet in FILTERABLE."""

    store: Objects[R]
    kinds: frozenset[str]
    identity_keys: tuple[str, ...]
    letter: str
    server: str
    in_scope: Callable[[R], bool]
    cloud: bool = False

    def one(self, identity: object) -> R:
        """Return the one object that an identity names. Raises CmdletFailure: not found, or ambiguous."""
        found = [item for item in self.store.find(self.identity_keys, str(identity)) if self._visible(item)]
        if not found:
            raise failures.not_found(identity, self.server)
        if len(found) > 1:
            raise failures.ambiguous(identity)
        return found[0]

    def get(self, parameters: dict[str, Any]) -> tuple[list[R], list[str]]:
        """Return the objects and the warnings. A null or empty identity names every object, as in Exchange."""
        identity = parameters.get("Identity")
        if identity not in (None, ""):
            items: Iterable[R] = [self.one(identity)]
        else:
            items = (item for item in self.store if self._visible(item))
        if parameters.get("Filter") not in (None, ""):
            items = self._filtered(parameters["Filter"], items if identity not in (None, "") else None)
        if parameters.get("Anr"):
            items = [item for item in items if _resembles(item, str(parameters["Anr"]))]
        for name in ("RecipientTypeDetails", "RecipientType"):
            wanted = parameters.get(name)
            if wanted:
                texts = {wanted} if isinstance(wanted, str) else set(wanted)
                items = [item for item in items if {item.kind, recipient_type(item.kind)} & texts]
        return limited(list(items), parameters.get("ResultSize"))

    def _visible(self, item: R) -> bool:
        return item.kind in self.kinds and self.in_scope(item)

    def _filtered(self, text: str, items: Iterable[R] | None) -> list[R]:
        try:
            expression = opath.parse(text)
        except opath.FilterError as error:
            raise self._refused(str(error)) from error
        for name in opath.properties(expression):
            known = FILTERABLE.get(_PROPER.get(name.lower(), ""))
            if known is None or self.letter not in known.cmdlets:
                raise self._refused(
                    f'"{name}" is not a recognized filterable property. For a complete list of filterable properties '
                    f'see the command help. "{text}" at position 1.'
                )
        if items is None:
            items = self._candidates(expression)
        return [item for item in items if self._visible(item) and expression.matches(_values(item))]

    def _candidates(self, expression: opath.Expression) -> Iterable[R]:
        clauses = opath.equalities(expression)
        if clauses is None:
            return self.store
        found: dict[object, R] = {}
        for clause in clauses:
            index = FILTERABLE[_PROPER[clause.property_name.lower()]].index
            if not index:
                return self.store
            found.update({item.guid: item for item in self.store.find([index], clause.value or "")})
        return found.values()

    def _refused(self, problem: str) -> CmdletFailure:
        message = f'Cannot bind parameter \'Filter\' to the target. Exception setting "Filter": "{problem}"'
        kind = CLOUD_AMBIGUOUS if self.cloud else BINDING
        return CmdletFailure(message, kind, category="WriteError", terminating=True, error_id="ParameterBindingFailed")


def limited(items: list[Any], result_size: object) -> tuple[list[Any], list[str]]:
    """Cut a list at ResultSize (default 1000) and say so in a warning."""
    if isinstance(result_size, str) and result_size.lower() == "unlimited":
        return items, []
    size = DEFAULT_RESULT_SIZE if result_size is None else int(str(result_size))
    if len(items) <= size:
        return items, []
    return items[:size], [DEFAULT_SIZE_WARNING if result_size is None else MORE_RESULTS_WARNING]


def _values(item: Recipient) -> opath.Values:
    return lambda name: FILTERABLE[_PROPER[name.lower()]].values(item)


def _resembles(item: Recipient, text: str) -> bool:
    names = [item.name, item.display_name, item.first_name, item.last_name, item.alias, item.sam_account_name]
    return any(name.lower().startswith(text.lower()) for name in [*names, item.primary_smtp_address])
