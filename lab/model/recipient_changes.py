# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Set-MailUser, Set-RemoteMailbox, Set-Mailbox and Set-User do to an object: parameters become field changes."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Callable
from typing import Any

from lab.answer import CmdletFailure
from lab.model import addresses, failures
from lab.model.cmdlet_host import Request
from lab.model.recipients import EMPTY_GUID, R, Store

CUSTOM = tuple(f"CustomAttribute{number}" for number in range(1, 16))
SIMPLE = {
    "DisplayName": "display_name", "Name": "name", "Alias": "alias", "HiddenFromAddressListsEnabled": "hidden",
    "EmailAddressPolicyEnabled": "email_address_policy_enabled", "SamAccountName": "sam_account_name",
    "UserPrincipalName": "user_principal_name", "FirstName": "first_name", "LastName": "last_name",
}  # fmt: skip
GUIDS = {"ExchangeGuid": "exchange_guid", "ArchiveGuid": "archive_guid"}
NAMING = ("Name", "DisplayName", "UserPrincipalName", "SamAccountName")
MAIL_ENABLED = frozenset(
    {*NAMING, *GUIDS, *CUSTOM, "Alias", "HiddenFromAddressListsEnabled", "EmailAddressPolicyEnabled", "EmailAddresses",
     "PrimarySmtpAddress", "WindowsEmailAddress", "ArchiveName"}
)  # fmt: skip
POLICY_DECIDES = (
    "The e-mail addresses for this recipient are automatically generated based on e-mail address policies. To modify "
    "the primary SMTP address for this recipient, you must disable automatic updating of e-mail addresses based on "
    "e-mail address policies for this recipient."
)
Check = Callable[[str], None]


def no_change_warning(identity: str) -> str:
    """Return the warning of a write that found everything as wanted (facts: exchange-server-psrp.md section 5)."""
    return f"The command completed successfully but no settings of '{identity}' have been modified."


def mail_enabled(store: Store[R], item: R, request: Request, check: Check | None = None) -> dict[str, Any]:
    """Return the field changes of a mail-enabled object.

    ``check`` sees each SMTP address that would be added. Raises CmdletFailure for a refused value; nothing is
    changed here.
    """
    given = request.parameters
    if "EmailAddresses" in given and "PrimarySmtpAddress" in given:
        raise failures.recipient_task(
            "The parameters EmailAddresses and PrimarySmtpAddress can't be used at the same time."
        )
    changes = {field: given[name] for name, field in SIMPLE.items() if name in given}
    changes.update({field: given[name] or EMPTY_GUID for name, field in GUIDS.items() if name in given})
    if "ArchiveName" in given:
        changes["archive_name"] = " ".join(given["ArchiveName"])
    changes.update(_customs(item, given))
    changes.update(_addresses(item, given))
    for address in changes.get("email_addresses", []):
        if check is not None and not addresses.contains(item.email_addresses, address):
            check(address)
    refuse_taken(store, item, changes)
    return changes


def _customs(item: R, given: dict[str, Any]) -> dict[str, Any]:
    named = [name for name in CUSTOM if name in given]
    if not named:
        return {}
    values = dict(item.custom_attributes)
    for name in named:
        number = int(name.removeprefix("CustomAttribute"))
        values[number] = given[name] or ""
    return {"custom_attributes": {number: text for number, text in sorted(values.items()) if text}}


def _addresses(item: R, given: dict[str, Any]) -> dict[str, Any]:
    policy = given.get("EmailAddressPolicyEnabled", item.email_address_policy_enabled)
    new = list(item.email_addresses)
    if given.get("EmailAddresses") is not None:
        new = proxy_list(item.email_addresses, given["EmailAddresses"])
    if given.get("PrimarySmtpAddress"):
        new = valid(addresses.with_primary(new, given["PrimarySmtpAddress"]))
    elif given.get("WindowsEmailAddress") and not policy:
        new = valid(addresses.with_primary(new, given["WindowsEmailAddress"]))
    if new == item.email_addresses:
        return {}
    primary = addresses.primary(new)
    if policy and primary.lower() != item.primary_smtp_address.lower():
        raise failures.recipient_task(POLICY_DECIDES)
    return {"email_addresses": new, "mail": primary}


def proxy_list(held: list[str], value: Any) -> list[str]:
    """Return the addresses after a replacement (a list) or a change (``add``, ``remove``)."""
    if isinstance(value, list):
        return valid(value)
    removed = {addresses.key(address) for address in value.get("remove", [])}
    if addresses.key("SMTP:" + addresses.primary(held)) in removed:
        raise failures.recipient_task("The primary SMTP address can't be removed.")
    kept = [address for address in held if addresses.key(address) not in removed]
    added = [address for address in value.get("add", []) if not addresses.contains(kept, address)]
    if any(address.startswith("SMTP:") for address in added):
        kept = ["smtp:" + address[5:] if address.startswith("SMTP:") else address for address in kept]
    return valid([*kept, *added])


def valid(proxies: list[str]) -> list[str]:
    """Return normalised addresses. Raises CmdletFailure."""
    try:
        return addresses.normalise(proxies)
    except addresses.InvalidAddress as error:
        kind = "Microsoft.Exchange.Data.DataValidationException"
        raise CmdletFailure(str(error), kind, category="InvalidData") from error


def refuse_taken(store: Store[R], item: R | None, changes: dict[str, Any]) -> None:
    """Refuse what another object of the whole directory already has, in whichever domain. Raises CmdletFailure.

    A mailbox GUID must be nobody else's, neither as ExchangeGuid nor as ArchiveGuid.
    """
    for address in changes.get("email_addresses", []):
        holder = store.holder(address, but=item)
        if holder is not None:
            raise failures.proxy_exists(address, holder.identity)
    mailboxes = ("exchange", "archive")
    for field, keys, label in (
        ("exchange_guid", mailboxes, "ExchangeGuid"), ("archive_guid", mailboxes, "ArchiveGuid"),
        ("user_principal_name", ("upn",), "UserPrincipalName"), ("alias", ("alias",), "Alias"),
    ):  # fmt: skip
        value = changes.get(field)
        if value in (None, "", EMPTY_GUID):
            continue
        for other in store.find(keys, str(value)):
            if item is None or other.guid != item.guid:
                raise failures.value_exists(label, value)


def external_address(text: str) -> str:
    """Return a targetAddress with its prefix. Raises CmdletFailure for a malformed one."""
    prefix, value = addresses.split(text)
    valid([f"smtp:{value}"] if prefix.lower() == "smtp" else [])
    return f"SMTP:{value}" if prefix.lower() == "smtp" else text


def derived_alias(user_principal_name: str, name: str) -> str:
    """Return the alias that Exchange makes up: the left side of the user principal name, in ASCII."""
    source = user_principal_name.partition("@")[0] or name
    plain = unicodedata.normalize("NFKD", source).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain if letter.isalnum() or letter in "!#$%*+-/=?^_`{|}~.'")[:64]


def legacy_exchange_dn(guid: uuid.UUID, name: str) -> str:
    """Return a LegacyExchangeDN for an object that becomes mail-enabled on-premises."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    letters = "".join(letter for letter in plain if letter.isalnum())
    return f"/o=Contoso/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={guid.hex}-{letters}"
