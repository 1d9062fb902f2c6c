# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo judges by what both organizations say, tells a broken promise by its mailbox, and ends with exit code 1."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

import lab
from lab.demo import __main__ as demo
from lab.demo import evidence, playbook
from lab.demo.callback.lab_progress import told
from lab.demo.evidence import Case, CloudMailbox, Seen, Verdict, Wanted
from lab.demo.organizations import ExchangeOnline, ExchangeServer, ReadFailure
from lab.laboratory import Laboratory

CSV = Path(lab.__path__[0]) / "demo" / "mailboxes.csv"
GUID = "5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01"
HOME = Case(
    Wanted("ann.archer@contoso.com", "DB01", "contoso.com"),
    CloudMailbox(GUID, "UserMailbox", "ann.archer@contoso.com", "/o=ExchangeLabs/cn=ann", False),
    Seen(
        exchange_guid=GUID,
        kind="UserMailbox",
        database="DB01",
        primary="ann.archer@contoso.com",
        email_addresses=["SMTP:ann.archer@contoso.com", "X500:/o=ExchangeLabs/cn=ann"],
        cloud_kind="MailUser",
        cloud_guid=GUID,
        cloud_primary="ann.archer@contoso.com",
        cloud_external="SMTP:ann.archer@contoso.com",
        move="Completed",
        size="2 GB",
    ),
)


def broken(**changes: Any) -> list[str]:
    """Return the promises that break when the mailbox is seen with ``changes``."""
    case = dataclasses.replace(HOME, seen=dataclasses.replace(HOME.seen, **changes))
    return [verdict.text for verdict in evidence.judge([HOME, case]) if verdict.broken]


def test_a_mailbox_that_is_home_keeps_every_promise() -> None:
    verdicts = evidence.judge([HOME, HOME])
    assert [verdict.broken for verdict in verdicts] == [()] * len(evidence.PROMISES)
    assert verdicts[0].text.startswith("2 of 2 mailboxes are on-premises")


@pytest.mark.parametrize(
    ("changes", "promise"),
    [
        ({"exchange_guid": "", "cloud_kind": "", "cloud_guid": ""}, "are on-premises"),
        ({"cloud_kind": "UserMailbox"}, "are on-premises"),
        ({"exchange_guid": "0" * 8, "cloud_guid": "0" * 8}, "are on-premises"),
        ({"kind": "SharedMailbox"}, "of the kind"),
        ({"database": "DB02"}, "in the database"),
        ({"primary": "ann@contoso.mail.onmicrosoft.com"}, "primary address"),
        ({"cloud_primary": "ann@contoso.mail.onmicrosoft.com"}, "primary address"),
        ({"email_addresses": ["SMTP:ann.archer@contoso.com"]}, "X500"),
        ({"cloud_external": "SMTP:ann.archer@fabrikam.com"}, "delivery domain"),
    ],
)
def test_each_promise_can_break(changes: dict[str, Any], promise: str) -> None:
    told_of = broken(**changes)
    assert len(told_of) == 1
    assert told_of[0].startswith("1 of 2 mailboxes")
    assert promise in told_of[0]


def test_a_broken_promise_ends_the_demo_with_1_and_names_the_mailbox(capsys: pytest.CaptureFixture[str]) -> None:
    verdicts = [Verdict("24 of 25 mailboxes are on-premises", ("ann.archer@contoso.com",)), Verdict("changed=0")]
    assert demo._conclude(verdicts, 40.0) == 1
    shown = capsys.readouterr()
    assert "BROKEN  24 of 25 mailboxes are on-premises" in shown.out
    assert "24 of 25 mailboxes are on-premises: ann.archer@contoso.com" in shown.err
    assert "All of it held" not in shown.out
    assert demo._conclude(verdicts[1:], 40.0) == 0


def test_a_second_run_that_wrote_breaks_two_promises() -> None:
    entries = [
        {"organization": "exchange_server", "cmdlet": "Get-User", "kind": "read"},
        {"organization": "exchange_server", "cmdlet": "Set-MailUser", "kind": "write"},
    ]
    verdicts = demo._second_run(playbook.Run(0, 1, ("Mail-enable",)), entries)
    assert [verdict.broken for verdict in verdicts] == [("Mail-enable",), ("exchange_server: Set-MailUser",)]
    assert [verdict.broken for verdict in demo._second_run(playbook.Run(0, 0), entries[:1])] == [(), ()]


def test_a_run_without_a_summary_is_no_proof() -> None:
    assert demo._second_run(playbook.Run(0), [])[0].broken != ()


def test_the_table_fits_the_terminal_and_says_where_a_mailbox_is() -> None:
    moving = dataclasses.replace(HOME, seen=Seen(move="Failed"))
    lines = evidence.table([HOME, moving]).splitlines()
    assert max(map(len, lines)) < 100
    assert lines[2].split() == ["ann.archer@contoso.com", GUID, "User", "home", "DB01", "2", "GB"]
    assert lines[3].split() == ["ann.archer@contoso.com", GUID, "Failed"]


def test_both_organizations_are_read_by_plain_clients(laboratory: Laboratory) -> None:
    environment = laboratory.environment()
    wave = evidence.read_csv(CSV)
    known = evidence.before(ExchangeOnline(environment))
    assert {line.identity for line in wave} <= set(known)
    with ExchangeServer(environment) as server:
        mailbox = next(item for item in server.run("Get-Mailbox") if item["Database"] == "DB02")
        assert mailbox["RecipientTypeDetails"] == "UserMailbox"
        assert any(address.startswith("SMTP:") for address in mailbox["EmailAddresses"])
        with pytest.raises(ReadFailure, match="Get-Mailbox"):
            server.run("Get-Mailbox", Identity="nobody@contoso.com")
    with pytest.raises(ReadFailure, match="answered 4"):
        ExchangeOnline(environment).run("Get-Mailbox", Identity="nobody@contoso.com")


def test_nothing_of_the_terminal_reaches_the_playbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = ("EXCHANGE_SERVER_PASSWORD_FILE", "ANSIBLE_CHECK_MODE", "https_proxy", "REQUESTS_CA_BUNDLE", "LC_ALL")
    for name in foreign:
        monkeypatch.setenv(name, "C")
    monkeypatch.setenv("PATH", str(tmp_path))
    environment = playbook._environment({"EXCHANGE_SERVER_HOST": "localhost"}, tmp_path, tmp_path / "summary.json")
    assert not set(foreign[:-1]) & set(environment)
    assert environment["EXCHANGE_SERVER_HOST"] == "localhost"
    assert environment["LC_ALL"] == "C.UTF-8"
    assert "/bin" in environment["PATH"].split(":")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"summary": {"changed": 24, "unchanged": 1, "failed": 0}, "changed": True}, "24 changed, 1 unchanged"),
        ({"summary": {"changed": 0}}, "no mailbox"),
        ({"count": 25, "changed": False}, "25 mailboxes"),
        ({"count": 1, "changed": False}, "1 mailbox"),
        ({"changed": True}, "done"),
        ({"changed": False}, "unchanged"),
    ],
)
def test_a_task_is_told_in_a_few_words(said: dict[str, Any], words: str) -> None:
    assert told(said) == words
