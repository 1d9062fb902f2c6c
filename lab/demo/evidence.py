# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the demo promises, and whether both organizations bear it out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.demo.organizations import ExchangeOnline, ExchangeServer

DELIVERY_DOMAIN = "contoso.com"


@dataclass(frozen=True)
class Wanted:
    """One line of the CSV."""

    identity: str
    database: str
    delivery_domain: str


@dataclass(frozen=True)
class CloudMailbox:
    """A mailbox as it is in Exchange Online before the demo."""

    exchange_guid: str
    kind: str
    primary: str
    legacy_exchange_dn: str
    is_dir_synced: bool


@dataclass(frozen=True)
class Seen:
    """A mailbox as both organizations show it afterwards; empty texts and lists where there is nothing."""

    exchange_guid: str = ""
    kind: str = ""
    database: str = ""
    primary: str = ""
    email_addresses: list[str] = field(default_factory=list)
    cloud_kind: str = ""
    cloud_guid: str = ""
    cloud_primary: str = ""
    cloud_external: str = ""
    move: str = ""
    size: str = ""

    @property
    def home(self) -> bool:
        """Tell whether the on-premises mailbox carries the GUID that the cloud mail user has."""
        return bool(self.exchange_guid) and self.exchange_guid == self.cloud_guid and self.cloud_kind == "MailUser"


def read_csv(path: Path) -> list[Wanted]:
    """Return the wave."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Wanted(row["identity"], row["remote_target_database"], row["target_delivery_domain"] or DELIVERY_DOMAIN)
            for row in csv.DictReader(file)
        ]


def before(cloud: ExchangeOnline) -> dict[str, CloudMailbox]:
    """Return every cloud mailbox by its primary address."""
    return {
        mailbox["PrimarySmtpAddress"]: CloudMailbox(
            mailbox["ExchangeGuid"],
            mailbox["RecipientTypeDetails"],
            mailbox["PrimarySmtpAddress"],
            mailbox["LegacyExchangeDN"],
            mailbox["IsDirSynced"],
        )
        for mailbox in cloud.run("Get-Mailbox", ResultSize="Unlimited")
    }


def afterwards(
    environment: Mapping[str, str], wave: Iterable[Wanted], known: Mapping[str, CloudMailbox]
) -> dict[str, Seen]:
    """Return both sides of every mailbox, found by the GUID that it had in the cloud."""
    cloud = ExchangeOnline(environment)
    with ExchangeServer(environment) as server:
        mailboxes = _by_guid(server.run("Get-Mailbox", ResultSize="Unlimited"))
    mail_users = _by_guid(cloud.run("Get-MailUser", ResultSize="Unlimited"))
    seen = {}
    for line in wave:
        guid = known[line.identity].exchange_guid
        moves = cloud.run("Get-MoveRequestStatistics", Identity=guid)
        seen[line.identity] = _seen(mailboxes.get(guid, {}), mail_users.get(guid, {}), moves[0] if moves else {})
    return seen


def _by_guid(objects: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(item["ExchangeGuid"]).lower(): item for item in objects}


def _seen(mailbox: Mapping[str, Any], mail_user: Mapping[str, Any], move: Mapping[str, Any]) -> Seen:
    return Seen(
        exchange_guid=str(mailbox.get("ExchangeGuid", "")).lower(),
        kind=mailbox.get("RecipientTypeDetails", ""),
        database=mailbox.get("Database", ""),
        primary=mailbox.get("PrimarySmtpAddress", ""),
        email_addresses=mailbox.get("EmailAddresses", []),
        cloud_kind=mail_user.get("RecipientTypeDetails", ""),
        cloud_guid=str(mail_user.get("ExchangeGuid", "")).lower(),
        cloud_primary=mail_user.get("PrimarySmtpAddress", ""),
        cloud_external=mail_user.get("ExternalEmailAddress", ""),
        move=move.get("Status", ""),
        size=str(move.get("TotalMailboxSize", "")).partition(" (")[0],
    )


@dataclass(frozen=True)
class Case:
    """One mailbox: what was asked for, what it was, what it is."""

    wanted: Wanted
    was: CloudMailbox
    seen: Seen


PROMISES: tuple[tuple[str, Callable[[Case], bool]], ...] = (
    (
        "are on-premises, with the GUID that they had in Exchange Online",
        lambda case: case.seen.home and case.seen.exchange_guid == case.was.exchange_guid,
    ),
    ("are of the kind that they were", lambda case: case.seen.kind == case.was.kind),
    ("are in the database that the CSV names", lambda case: case.seen.database == case.wanted.database),
    (
        "have their old primary address on both sides",
        lambda case: case.seen.primary == case.seen.cloud_primary == case.was.primary,
    ),
    (
        "hold the cloud's LegacyExchangeDN as an X500 address",
        lambda case: f"X500:{case.was.legacy_exchange_dn}" in case.seen.email_addresses,
    ),
    (
        "left a cloud mail user that points to the wanted delivery domain",
        lambda case: case.seen.cloud_external.lower().endswith(f"@{case.wanted.delivery_domain}"),
    ),
)


@dataclass(frozen=True)
class Verdict:
    """Whether one promise holds, and for a broken one whose it is."""

    text: str
    broken: tuple[str, ...] = ()


def judge(cases: Sequence[Case]) -> list[Verdict]:
    """Return a verdict for each promise about mailboxes."""
    verdicts = []
    for text, holds in PROMISES:
        broken = tuple(case.wanted.identity for case in cases if not holds(case))
        verdicts.append(Verdict(f"{len(cases) - len(broken)} of {len(cases)} mailboxes {text}", broken))
    return verdicts


def table(cases: Iterable[Case]) -> str:
    """Return the mailboxes as lines of at most 100 columns."""
    lines = [_row("mailbox", "exchange guid", "kind", "state", "db", "size")]
    lines.append(_row("-" * 28, "-" * 36, "-" * 9, "-" * 5, "-" * 4, "-" * 8))
    for case in cases:
        state = "home" if case.seen.home else case.seen.move or "cloud"
        kind = case.seen.kind.removesuffix("Mailbox")
        guid = case.seen.exchange_guid or case.was.exchange_guid
        lines.append(_row(case.wanted.identity, guid, kind, state, case.seen.database, case.seen.size))
    return "\n".join(lines)


def _row(identity: str, guid: str, kind: str, state: str, database: str, size: str) -> str:
    return f"  {identity:<28} {guid:<36} {kind:<9} {state:<5} {database:<4} {size:>8}".rstrip()
