# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Bulk reads of both organizations, in the collection's terms.

Every function takes the whole wave and returns an answer by identity for each record: what was read, or the error that
concerns this record alone. What concerns all (a connection, a missing role) is raised.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Optional, TypeVar, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Properties,
    Value,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    Connections,
    in_threads,
    side_by_side,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    HybridError,
    MailboxError,
    domain_not_pinned,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    cloud,
    databases,
    filter_query,
    migration,
    on_premises,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.state import BothSides
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    CloudRecipient,
    MigrationBatch,
    MigrationEndpoint,
    MigrationUser,
    OnPremisesRecipient,
    Shape,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import WorkItem

T = TypeVar("T")

CLOUD_GUIDS = ("ExchangeGuid", "ExternalDirectoryObjectId", "Guid")


def predicted(record: Record, part: str, live: Shape | None, check: bool) -> Shape | None:
    """Return what an earlier task of a preview said would be there, over what is live; outside check mode only live."""
    parts = cast(Mapping[str, Optional[Shape]], record.get("predicted", {}) if check else {})
    if part not in parts:
        return live
    told = parts[part]
    # None says that the earlier task would have removed it.
    return None if told is None else cast(Shape, {**(live or {}), **told})


def both_sides(
    record: Record,
    ad: OnPremisesRecipient | HybridError,
    tenant: CloudRecipient | HybridError | None,
    *,
    check: bool,
) -> BothSides | HybridError:
    """Return both sides of a record, predictions of a preview included; the first side that failed is its error."""
    if isinstance(ad, HybridError):
        return ad
    if isinstance(tenant, HybridError):
        return tenant
    return BothSides(
        on_premises=predicted(record, "on_premises", ad, check) or {},
        cloud=predicted(record, "cloud", tenant, check),
    )


def show_cloud(connections: Connections, items: Sequence[WorkItem[CloudRecipient]]) -> None:
    """Show each item its cloud object, for steps that need no more than that."""
    found = cloud_recipients(connections, [item.known for item in items])
    for item in items:
        item.show(found[item.identity])


# -- Exchange Online ---------------------------------------------------------------------------------------------------


def cloud_identity(record: Record) -> str:
    """Return what names the cloud object most surely: its mailbox GUID where it is known, else the identity."""
    known = str(record.get("exchange_guid") or "")
    return known if known and known != _values.ZERO_GUID else str(record["identity"])


def cloud_mailboxes(connections: Connections, records: Sequence[Record]) -> dict[str, Properties | HybridError]:
    """Return exactly one Get-Mailbox object for each record."""
    named = {str(record["identity"]): cloud_identity(record) for record in records}
    properties = _cloud_properties("Get-Mailbox", _known_guids(records))
    found = filter_query.find_as(_raw, connections, EXCHANGE_ONLINE, "Get-Mailbox", named.values(), properties)
    result: dict[str, Properties | HybridError] = {}
    for identity, name in named.items():
        item = _exactly_one(found[_values.folded(name)], name, "Get-Mailbox", "mailbox in Exchange Online")
        result[identity] = item
    return result


def cloud_recipients(connections: Connections, records: Sequence[Record]) -> dict[str, CloudRecipient | HybridError]:
    """Return the cloud object of each record in normal form, mailbox or mail user.

    After a move there is no mailbox any more, so both cmdlets are asked at once, or only the one that the state which
    an earlier task found speaks for; where that finds nothing, the other. Get-Recipient, which shows less but finds
    every kind, is left for what is neither.
    """
    named = {str(record["identity"]): cloud_identity(record) for record in records}
    guids = _known_guids(records)
    likely = {_values.folded(cloud_identity(record)): _likely_cmdlet(record) for record in records}
    found: filter_query.FoundAs[_Seen[CloudRecipient]] = {}
    both = ("Get-Mailbox", "Get-MailUser")
    _ask_cloud(connections, found, guids, {name: [i for i in likely if likely[i] in (name, "")] for name in both})
    others = {name: [i for i in likely if not found[i] and likely[i] not in (name, "")] for name in both}
    _ask_cloud(connections, found, guids, others)
    _ask_cloud(connections, found, guids, {"Get-Recipient": [i for i in likely if not found[i]]})
    result: dict[str, CloudRecipient | HybridError] = {}
    for identity, name in named.items():
        item = _exactly_one(found[_values.folded(name)], name, "Get-Recipient", "recipient in Exchange Online")
        result[identity] = item
    return result


@dataclass(frozen=True)
class _Seen(Generic[T]):
    """The normal form of an object that Exchange showed; None where a value in it, the ``problem``, is in no form."""

    own_id: str
    form: T | None
    problem: str = ""


def _raw(item: Properties) -> _Seen[Properties]:
    return _Seen(_own_id(item), item)


def _in_the_cloud(item: Properties) -> _Seen[CloudRecipient]:
    return _seen(cloud.recipient, item)


def _plain_user(item: Properties) -> _Seen[OnPremisesRecipient]:
    return _seen(on_premises.user, item)


def _mail(kind: str, item: Properties) -> _Seen[OnPremisesRecipient]:
    return _seen(functools.partial(on_premises.mail, kind), item)


def _whole_user(item: Properties) -> _Seen[OnPremisesRecipient]:
    return _seen(lambda shown: on_premises.with_mail(on_premises.user(shown), shown), item)


def _seen(form: Callable[[Properties], T], item: Properties) -> _Seen[T]:
    try:
        return _Seen(_own_id(item), form(item))
    except (ValueError, TypeError, KeyError) as error:
        return _Seen(_own_id(item), None, str(error))


def _likely_cmdlet(record: Record) -> str:
    state = record.get("offboarding_state", "")
    if state == "home":
        return "Get-MailUser"
    return "Get-Mailbox" if state in ("to_do", "matched", "prepared", "moving") else ""


def _known_guids(records: Sequence[Record]) -> set[str]:
    """Return the identities that surely are ExchangeGuids; any other GUID may be an object's, too."""
    identities = ((record, cloud_identity(record)) for record in records)
    return {_values.folded(identity) for record, identity in identities if identity == record.get("exchange_guid")}


def _cloud_properties(cmdlet: str, exchange_guids: Collection[str]) -> Callable[[str], Sequence[str]]:
    # Get-Recipient has the UPN under another name, and Get-Mailbox and Get-MailUser both have this one.
    upn = "WindowsLiveID" if cmdlet == "Get-Recipient" else "UserPrincipalName"
    choose = filter_query.by_address_or_guid(("EmailAddresses", upn), CLOUD_GUIDS)
    return lambda value: ("ExchangeGuid",) if value in exchange_guids else choose(value)


def _ask_cloud(
    connections: Connections,
    found: filter_query.FoundAs[_Seen[CloudRecipient]],
    guids: Collection[str],
    asked: Mapping[str, Sequence[str]],
) -> None:
    """Ask several cmdlets side by side for some values each, and add what they find."""

    def ask(question: tuple[str, Sequence[str]]) -> filter_query.FoundAs[_Seen[CloudRecipient]]:
        cmdlet, values = question
        properties = _cloud_properties(cmdlet, guids)
        return filter_query.find_as(_in_the_cloud, connections, EXCHANGE_ONLINE, cmdlet, values, properties)

    questions = [(cmdlet, values) for cmdlet, values in asked.items() if values]
    found.update(_together([found, *in_threads(ask, questions, len(questions))]))


def _together(answers: Iterable[filter_query.FoundAs[_Seen[T]]]) -> filter_query.FoundAs[_Seen[T]]:
    """Return all that several answers found for each value; an error of one of them is the value's."""
    result: filter_query.FoundAs[_Seen[T]] = {}
    for answer in answers:
        for value, objects in answer.items():
            known = result.get(value, [])
            if isinstance(objects, HybridError) or isinstance(known, HybridError):
                result[value] = known if isinstance(known, HybridError) else objects
            else:
                result[value] = _latest([*known, *objects])
    return result


def _latest(objects: Sequence[_Seen[T]]) -> list[_Seen[T]]:
    """Return each object once, as the last answer has it.

    A move that completes between two answers leaves its mailbox in one and its mail user in the other.
    """
    return list({item.own_id or str(number): item for number, item in enumerate(objects)}.values())


def _own_id(item: Properties) -> str:
    return str(item.get("ExternalDirectoryObjectId") or item.get("Guid") or "")


def _exactly_one(found: list[_Seen[T]] | HybridError, identity: str, cmdlet: str, what: str) -> T | HybridError:
    """Return the one object that was found; what cannot be read in it is the failure of its own mailbox."""
    if isinstance(found, HybridError):
        return found
    if not found:
        return MailboxError(
            f"{cmdlet} finds no {what} for '{identity}'.",
            code="not_found",
            cmdlet=cmdlet,
            remedy="Use one of the object's addresses, its user principal name, or its ExchangeGuid.",
        )
    if len(found) > 1:
        names = ", ".join(sorted(item.own_id for item in found))
        return MailboxError(
            f"{cmdlet} finds {len(found)} objects for '{identity}': {names}.",
            code="ambiguous",
            cmdlet=cmdlet,
            remedy="Use the ExchangeGuid of the right one as the identity.",
        )
    if found[0].form is None:
        return MailboxError(
            f"what Exchange shows for '{identity}' cannot be interpreted: {found[0].problem}.",
            code="unreadable_value",
            remedy="Check the object with Get-Recipient | Format-List, and correct the value in the message.",
        )
    return found[0].form


def migration_endpoints(connections: Connections) -> list[MigrationEndpoint]:
    """Return the tenant's endpoints, those of other types and to other tenants among them: each name is taken."""
    shown = connections.run(EXCHANGE_ONLINE, Cmdlet("Get-MigrationEndpoint")).objects
    return [migration.endpoint(item) for item in shown]


def migration_batches(connections: Connections) -> list[MigrationBatch]:
    """Return all batches of the tenant: one hundred at the most."""
    shown = connections.run(EXCHANGE_ONLINE, Cmdlet("Get-MigrationBatch", {"ResultSize": "Unlimited"})).objects
    return [migration.batch(item) for item in shown]


def migration_users(connections: Connections) -> list[MigrationUser]:
    """Return the users of all batches, finished and onboarding ones too: each of them blocks a mailbox."""
    return [migration.user(item) for item in shown_migration_users(connections)]


def shown_migration_users(connections: Connections) -> list[Properties]:
    """Return what Get-MigrationUser shows of the users of all batches, with one call.

    What is too large for one answer is read batch by batch: a hundred at the most.
    """
    everything: dict[str, Value] = {"ResultSize": "Unlimited"}
    try:
        return connections.run(EXCHANGE_ONLINE, Cmdlet("Get-MigrationUser", everything)).objects
    except HybridError as error:
        if error.code != "incomplete_answer":
            raise
    names = dict.fromkeys(batch["identity"] for batch in migration_batches(connections))
    calls = [Cmdlet("Get-MigrationUser", {**everything, "BatchId": name}) for name in names]
    return [item for call in calls for item in connections.run(EXCHANGE_ONLINE, call).objects]


# -- Exchange Server ---------------------------------------------------------------------------------------------------


def ad_identity(record: Record) -> str:
    """Return what names the on-premises user: ad_identity, else the cloud user's UPN, else the identity."""
    return str(record.get("ad_identity") or record.get("user_principal_name") or record["identity"])


def _user_properties(value: str) -> tuple[str, ...]:
    if _values.is_guid(value):
        return ("Guid",)
    return ("DistinguishedName",) if "=" in value else ("UserPrincipalName",)


def on_premises_objects(
    connections: Connections, records: Sequence[Record]
) -> dict[str, OnPremisesRecipient | HybridError]:
    """Return the on-premises object of each record in normal form.

    Get-User sees plain users too, which Get-Recipient never shows; it is asked by UPN, GUID or distinguished name only:
    names and aliases are no identity.
    """
    result: dict[str, OnPremisesRecipient | HybridError] = {**_known_before(connections, records)}
    named = {str(record["identity"]): ad_identity(record) for record in records if record["identity"] not in result}
    found = filter_query.find_as(
        _plain_user, connections, EXCHANGE_SERVER, "Get-User", named.values(), _user_properties
    )
    plain = {identity: _one_user(found[_values.folded(name)], name) for identity, name in named.items()}
    missing = [named[identity] for identity, item in plain.items() if _is_missing(item)]
    elsewhere = filter_query.find(connections, EXCHANGE_SERVER, "Get-User", missing, _user_properties, forest=True)
    mailed: filter_query.FoundAs[_Seen[OnPremisesRecipient]] = {}
    by_guid = filter_query.same_properties(("Guid",))
    for kind, cmdlet in on_premises.READ_WITH.items():
        guids = {item["guid"] for item in plain.values() if isinstance(item, dict) and item["kind"] == kind}
        form = functools.partial(_mail, kind)
        mailed.update(filter_query.find_as(form, connections, EXCHANGE_SERVER, cmdlet, guids, by_guid))
    for identity, item in plain.items():
        missed = _is_missing(item)
        result[identity] = _in_another_domain(item, named[identity], elsewhere) if missed else _with_mail(item, mailed)
    return result


def _is_missing(item: OnPremisesRecipient | HybridError) -> bool:
    return isinstance(item, HybridError) and item.code == "ad_user_not_found"


def _in_another_domain(
    item: OnPremisesRecipient | HybridError, identity: str, elsewhere: filter_query.Found
) -> OnPremisesRecipient | HybridError:
    """Tell a user that is in the forest, and no pinned controller shows it, from one that does not exist."""
    objects = elsewhere[_values.folded(identity)]
    for found in objects if isinstance(objects, list) else ():
        item = domain_not_pinned(
            identity, _values.domain_of_name(str(found.get("DistinguishedName") or "")), "Get-User"
        )
    return item


def _with_mail(
    item: OnPremisesRecipient | HybridError, mailed: filter_query.FoundAs[_Seen[OnPremisesRecipient]]
) -> OnPremisesRecipient | HybridError:
    """Return an object completed by what the cmdlet of its kind shows of it."""
    cmdlet = "" if isinstance(item, HybridError) else on_premises.READ_WITH.get(item["kind"], "")
    if isinstance(item, HybridError) or not cmdlet:
        return item
    more = _exactly_one(mailed[item["guid"]], item["guid"], cmdlet, "object on-premises")
    return more if isinstance(more, HybridError) else {**item, **more}


def _known_before(connections: Connections, records: Sequence[Record]) -> dict[str, OnPremisesRecipient]:
    """Return the objects that are what an earlier task found: one read instead of Get-User and another.

    The cmdlet of that kind shows all that Get-User shows. Left out is what it does not find, or what the record does
    not mean.
    """
    questions = []
    for kind, cmdlet in on_premises.READ_WITH.items():
        asked = [record for record in records if (record.get("on_premises") or {}).get("kind") == kind]
        if asked:
            questions.append(functools.partial(_ask_known, connections, asked, cmdlet))
    return {identity: item for found in side_by_side(*questions) for identity, item in found.items()}


def _ask_known(connections: Connections, records: Sequence[Record], cmdlet: str) -> dict[str, OnPremisesRecipient]:
    guids = {str(r["identity"]): _values.folded((r.get("on_premises") or {}).get("guid")) for r in records}
    found = filter_query.find_as(
        _whole_user, connections, EXCHANGE_SERVER, cmdlet, filter(None, guids.values()),
        filter_query.same_properties(("Guid",)),
    )  # fmt: skip
    result = {}
    for record in records:
        identity = str(record["identity"])
        objects = found.get(guids[identity], [])
        # What cannot be understood is asked for anew, as if it were unknown, and told there.
        known = objects[0].form if isinstance(objects, list) and len(objects) == 1 else None
        if known is not None and _is_meant(known, ad_identity(record)):
            result[identity] = known
    return result


def _is_meant(item: OnPremisesRecipient, identity: str) -> bool:
    names = (item["guid"], item["distinguished_name"], item["user_principal_name"])
    return _values.folded(identity) in map(_values.folded, names)


def _one_user(
    found: list[_Seen[OnPremisesRecipient]] | HybridError, identity: str
) -> OnPremisesRecipient | HybridError:
    one = _exactly_one(found, identity, "Get-User", "user on-premises")
    if isinstance(one, MailboxError) and one.code == "not_found":
        return MailboxError(
            f"Get-User finds no on-premises user '{identity}'.",
            code="ad_user_not_found",
            cmdlet="Get-User",
            remedy="Set ad_identity to the user's UPN, objectGUID or distinguished name in Active Directory.",
        )
    return one


def database_names(connections: Connections) -> list[str]:
    """Return the names of the on-premises mailbox databases."""
    output = connections.run(EXCHANGE_SERVER, Cmdlet("Get-MailboxDatabase"))
    return [str(item.get("Name") or "") for item in output.objects]


def databases_for(
    connections: Connections, records: Iterable[Record], more: Collection[str] = ()
) -> databases.Known | None:
    """Return the on-premises databases, and whether they are mounted, where a record or ``more`` names one to judge.

    None also where Exchange Server is not configured, so that nobody knows.
    """
    if not connections.has(EXCHANGE_SERVER) or not (more or databases.are_named(records)):
        return None
    output = connections.run(EXCHANGE_SERVER, Cmdlet("Get-MailboxDatabase", {"Status": True}))
    return databases.by_name(output.objects)


def accepted_domains(connections: Connections, system: str) -> set[str]:
    """Return an organization's accepted domains in lower case."""
    output = connections.run(system, Cmdlet("Get-AcceptedDomain", {"ResultSize": "Unlimited"}))
    return {_values.folded(item.get("DomainName")) for item in output.objects}


# -- who holds an address ----------------------------------------------------------------------------------------------


# What is told of who holds a value, and by what it is known whether that is the mailbox itself.
_TOLD_OF_A_HOLDER = (
    "Guid", "ExternalDirectoryObjectId", "DistinguishedName", "DisplayName", "Name", "Alias", "UserPrincipalName",
    "LegacyExchangeDN", "PrimarySmtpAddress", "RecipientTypeDetails",
)  # fmt: skip


def _holder(item: Properties) -> Properties:
    return {name: item[name] for name in _TOLD_OF_A_HOLDER if name in item}


def holders(
    connections: Connections, system: str, wanted: Collection[str], aliases: Collection[str] = ()
) -> filter_query.Found:
    """Return every recipient of the whole organization that holds an address, a GUID as its mailbox's or archive's, or
    an alias.

    A value that Exchange refused to look for has its error instead.
    """
    held = filter_query.by_address_or_guid(("EmailAddresses",), ("ExchangeGuid", "ArchiveGuid"))

    def properties(value: str) -> Sequence[str]:
        return [*(held(value) if value in wanted else ()), *(("Alias",) if value in aliases else ())]

    values = {*wanted, *aliases}
    return filter_query.find_as(_holder, connections, system, "Get-Recipient", values, properties, forest=True)


def named_users(connections: Connections, wanted: Iterable[str]) -> filter_query.Found:
    """Return every on-premises user of the forest whose ``mail``, UPN or LegacyExchangeDN a value is."""
    return filter_query.find_as(
        _holder,
        connections,
        EXCHANGE_SERVER,
        "Get-User",
        wanted,
        lambda value: ("LegacyExchangeDN",) if value.startswith("/") else ("WindowsEmailAddress", "UserPrincipalName"),
        forest=True,
    )


# -- move requests -----------------------------------------------------------------------------------------------------


# Every status, in the order of a move's life: what goes on while they are read one by one is seen twice, not never.
STATUSES = (
    "Queued",
    "InProgress",
    "Retrying",
    "Suspended",
    "AutoSuspended",
    "Synced",
    "CompletionInProgress",
    "Failed",
    "CompletedWithSkippedItems",
    "CompletedWithWarning",
    "Completed",
)


def move_requests(connections: Connections, batch_name: str = "") -> list[Properties]:
    """Return every move request of the tenant, or of a batch name, with one call.

    Get-MoveRequest has no filter for mailboxes. What is too large for one answer is read status by status.
    """
    parameters: dict[str, Value] = {"ResultSize": "Unlimited"}
    if batch_name:
        parameters["BatchName"] = batch_name
    try:
        return connections.run(EXCHANGE_ONLINE, Cmdlet("Get-MoveRequest", parameters)).objects
    except HybridError as error:
        if error.code != "incomplete_answer":
            raise
    return _by_status(connections, parameters)


def _by_status(connections: Connections, parameters: Mapping[str, Value]) -> list[Properties]:
    """Read one status after the other, and once more those of requests that may have gone back meanwhile."""
    found: dict[str, Properties] = {}
    ended = [status for status in STATUSES if status.startswith("Completed")]
    for status in (*STATUSES, *(status for status in STATUSES if status not in ended)):
        cmdlet = Cmdlet("Get-MoveRequest", {**parameters, "Status": status})
        for item in connections.run(EXCHANGE_ONLINE, cmdlet).objects:
            # Seen twice, the later look is the truer one.
            found[str(item.get("ExchangeGuid") or item.get("Guid"))] = item
    return list(found.values())


def move_request_identities(connections: Connections, records: Sequence[Record]) -> dict[str, str | HybridError]:
    """Return the ExchangeGuid of each record's mailbox: the record's own, else read from the cloud."""
    own = {str(record["identity"]): _values.guid(record.get("exchange_guid")) for record in records}
    unknown = [record for record in records if own[str(record["identity"])] == _values.ZERO_GUID]
    found = cloud_recipients(connections, unknown) if unknown else {}
    read = {
        identity: item if isinstance(item, HybridError) else item["exchange_guid"] for identity, item in found.items()
    }
    return {**own, **read}
