# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules' documentation says is what they do, and what they send is what Exchange takes.

Documentation is compared with the argument specs, fragments included; every cmdlet that the resources build is compared
with the parameter contract, which was made from Microsoft's reference.
"""

from __future__ import annotations

import ast
import datetime
import importlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
import yaml
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Credential,
    Properties,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features import mailbox_info
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.delay_holds.step import Ended
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.directory_sync import (
    DirectorySync,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_guid import step as guid_step
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox.plan import (
    TYPES as MAILBOX_TYPES,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox.step import OfKind
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser import step as mailuser
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.figures import Entry
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import move_request_info
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import (
    plan as move_request_plan,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import step as steps
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import (
    move_method,
    rollback_plan,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.assess import (
    AssessOptions,
    assess,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match import step as smtp_match
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    cloud,
    move_request,
    on_premises,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.csv_input import COLUMNS
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MoveRequest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step

from tests import sources
from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils.fakes import (
    ROUTING,
    ZERO,
    FakeOrganization,
    Time,
    ad_user,
    cloud_mailbox,
    connect,
    guid_of,
    move_request_of,
    on_premises_recipient,
)

ROOT = Path(__file__).resolve().parents[4]
COLLECTION = "mailops.exchange_hybrid"
PACKAGE = f"ansible_collections.{COLLECTION}.plugins"
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
OF_A_TASK = {
    "name",
    "register",
    "when",
    "loop",
    "loop_control",
    "vars",
    "delegate_to",
    "run_once",
    "no_log",
    "until",
    "retries",
    "delay",
    "check_mode",
    "diff",
    "ignore_errors",
    "failed_when",
    "changed_when",
    "notify",
    "tags",
}


# -- documentation and argument specs ----------------------------------------------------------------------------------


@cache
def module(name: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.modules.{name}")


@cache
def documentation(name: str) -> dict[str, Any]:
    """Return a module's documentation, its fragments merged in as ansible-doc merges them: the module's own wins."""
    own: dict[str, Any] = yaml.safe_load(module(name).DOCUMENTATION)
    options: dict[str, Any] = {}
    for fragment in own.get("extends_documentation_fragment", []):
        assert fragment.startswith(f"{COLLECTION}.")
        file, _dot, variant = fragment.removeprefix(f"{COLLECTION}.").partition(".")
        found = importlib.import_module(f"{PACKAGE}.doc_fragments.{file}").ModuleDocFragment
        options.update(yaml.safe_load(getattr(found, (variant or "documentation").upper())).get("options", {}))
    return {**own, "options": {**options, **own.get("options", {})}}


def differences(spec: dict[str, Any], documented: dict[str, Any], where: str) -> Iterator[str]:
    for name in sorted(spec.keys() ^ documented.keys()):
        yield f"{where}{name}: {'not documented' if name in spec else 'does not exist'}"
    for name in sorted(spec.keys() & documented.keys()):
        has, says = spec[name], documented[name]
        for key, default in (
            ("type", "str"),
            ("elements", None),
            ("choices", None),
            ("default", None),
            ("required", False),
        ):
            if has.get(key, default) != says.get(key, default):
                yield f"{where}{name}: {key} is {has.get(key, default)}, documented as {says.get(key, default)}"
        if "fallback" in has:
            text = json.dumps(says["description"])
            yield from (
                f"{where}{name}: E({variable}) is not documented"
                for variable in has["fallback"][1]
                if f"E({variable})" not in text
            )
        yield from differences(has.get("options") or {}, says.get("suboptions") or {}, f"{where}{name}.")


@pytest.mark.parametrize("name", MODULES)
def test_argument_spec_and_documentation_agree(name: str) -> None:
    assert documentation(name)["module"] == name
    assert list(differences(module(name).ARGUMENTS.spec(), documentation(name)["options"], "")) == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_its_documentation_and_few_lines_more(name: str) -> None:
    """What a module does stands in module_utils, where mypy reads it and the tests call it."""
    tree = ast.parse((ROOT / f"plugins/modules/{name}.py").read_text(encoding="utf-8"))
    documented = ("DOCUMENTATION", "EXAMPLES", "RETURN")
    code = [n for n in tree.body if not (isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) in documented)]
    assert len(tree.body) == len(code) + len(documented)
    assert sum((node.end_lineno or 0) - node.lineno + 1 for node in code) <= 60


def test_what_modules_document_alike_stands_in_a_fragment() -> None:
    found: dict[str, list[str]] = {}
    for name in MODULES:
        for option, says in (yaml.safe_load(module(name).DOCUMENTATION).get("options") or {}).items():
            found.setdefault(f"{option}: {says['description']}", []).append(name)
    assert {option: names for option, names in found.items() if len(names) > 1} == {}


@pytest.mark.parametrize("name", MODULES)
def test_per_mailbox_options_have_no_default_and_are_known_keys(name: str) -> None:
    """A default would hide that a record left the choice to the task; an unknown key could not stand in a wave."""
    own = module(name).ARGUMENTS.mailbox
    assert [option for option, spec in own.items() if "default" in spec or spec.get("required")] == []
    assert own == fields.options(name)
    assert set(own) <= set(fields.TABLE)


@pytest.mark.parametrize("name", MODULES)
def test_an_option_of_a_mailbox_begins_with_the_sentence_of_its_field(name: str) -> None:
    """The same field is the same thing in every module; what a module does with it follows."""
    documented = documentation(name)["options"]
    told = {option: documented[option]["description"][0] for option in module(name).ARGUMENTS.mailbox}
    assert {option: text for option, text in told.items() if not text.startswith(fields.TABLE[option].text)} == {}


@pytest.mark.parametrize("name", MODULES)
def test_secrets_stand_at_the_top_level_alone(name: str) -> None:
    secrets = [option for option, spec in module(name).ARGUMENTS.mailbox.items() if spec.get("no_log")]
    assert secrets == []


def test_every_option_of_a_mailbox_can_stand_in_a_csv() -> None:
    """Those that cannot are read from Exchange."""
    read = {"user_principal_name", "recipient_type_details", "legacy_exchange_dn"}
    specs = [item for name in MODULES for item in module(name).ARGUMENTS.mailbox.items()]
    options = {option for option, spec in specs if "options" not in spec}
    assert options - read <= set(COLUMNS) <= set(fields.TABLE)
    assert {name for name in read if fields.TABLE[name].source == fields.READ} == read
    columns = set(re.findall(r"C\((\w+)\)", " ".join(documentation("wave_file")["options"]["csv"]["description"])))
    assert columns == set(COLUMNS)


# -- examples ----------------------------------------------------------------------------------------------------------


def tasks(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in found:
        sections = [key for key in ("block", "rescue", "always") if key in task]
        for key in sections:
            yield from tasks(task[key])
        if not sections:
            yield task


def misused(name: str, options: dict[str, Any]) -> Iterator[str]:
    documented = documentation(name)["options"]
    for option, value in options.items():
        if option not in documented:
            yield f"{name}: option {option} does not exist"
            continue
        choices = documented[option].get("choices")
        for item in value if isinstance(value, list) else [value]:
            if choices and "{{" not in str(item) and item not in choices:
                yield f"{name}: {item} is not a valid choice of {option}"
        known = documented[option].get("suboptions")
        if known and isinstance(value, dict):
            yield from (f"{name}: {option}.{key} does not exist" for key in value if key not in known)
    for record in options.get("mailboxes") or [] if isinstance(options.get("mailboxes"), list) else []:
        yield from (f"{name}: {key} is no key of a record" for key in record if key not in fields.TABLE)
    for option, says in documented.items():
        if says.get("required") and option not in options:
            yield f"{name}: required option {option} is missing"


@pytest.mark.parametrize("name", MODULES)
def test_examples_use_only_what_exists(name: str) -> None:
    used = []
    for task in tasks(yaml.safe_load(module(name).EXAMPLES)):
        assert task["name"][0].isupper()
        (action,) = set(task) - OF_A_TASK
        if action.startswith(f"{COLLECTION}."):
            called = action.removeprefix(f"{COLLECTION}.")
            assert called in MODULES
            assert list(misused(called, task[action] or {})) == []
            used.append(called)
        else:
            assert action.startswith("ansible.builtin.")
    assert name in used


# -- return values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODULES)
def test_return_values_document_the_common_keys(name: str) -> None:
    returned = yaml.safe_load(module(name).RETURN)
    assert {key for key, says in returned.items() if not {"description", "returned", "type"} <= set(says)} == set()
    assert "changed" in returned
    if "module.finish(" not in inspect.getsource(module(name).work):
        # A report or a module that acts on no mailbox ends with results of its own.
        return
    assert {"results", "mailboxes", "summary"} <= set(returned)
    entry = returned["results"]["contains"]
    assert {"identity", "status", "error"} <= set(entry)
    assert set(entry["error"]["contains"]) == {"code", "message", "cmdlet", "retryable", "remedy"}
    if f"{COLLECTION}.attributes.read_only" not in documentation(name)["extends_documentation_fragment"]:
        assert {"before", "after", "cmdlets", "warnings"} <= set(entry)


@pytest.mark.parametrize(
    ("name", "key", "shape"),
    [
        ("move_request_info", "move_request", MoveRequest),
        ("move_progress", "move_request", Entry),
        ("mailbox_info", "mailbox", Record),
    ],
)
def test_what_is_returned_of_an_object_has_its_keys_and_types(name: str, key: str, shape: type) -> None:
    documented = yaml.safe_load(module(name).RETURN)["results"]["contains"][key]["contains"]
    hints = get_type_hints(shape)
    hints = {one: get_args(hint)[0] if isinstance(hint, UnionType) else hint for one, hint in hints.items()}
    told = {one: says["type"] for one, says in documented.items()}
    assert told == {one: (get_origin(hints[one]) or hints[one]).__name__ for one in told if one in hints}


# -- cmdlets and the contract ------------------------------------------------------------------------------------------

CONTRACT: dict[str, Any] = {
    **json.loads((ROOT / "lab/contract/cmdlets.json").read_text(encoding="utf-8"))["cmdlets"],
    **json.loads((ROOT / "lab/contract/adsync.json").read_text(encoding="utf-8"))["cmdlets"],
}
ENVIRONMENTS = {
    "exchange_server": ("Exchange Server 2016", "Exchange Server 2019", "Exchange Server SE"),
    "exchange_online": ("Exchange Online",),
    "entra_connect": ("Microsoft Entra Connect server, module ADSync",),
}
TYPES: dict[str, type | tuple[type, ...]] = {
    "Boolean": bool,
    "SwitchParameter": bool,
    "DateTime": datetime.datetime,
    "PSCredential": Credential,
    "Int32": int,
    "Guid": str,
    "ProxyAddressCollection": (list, dict),
}
RECORD: Record = {
    "identity": "ann@contoso.com",
    "exchange_guid": guid_of("ann's mailbox"),
    "archive_guid": guid_of("archive"),
    "primary_smtp_address": "ann@contoso.com",
    "email_addresses": ["SMTP:ann@contoso.com"],
    "alias": "ann",
    "legacy_exchange_dn": "/o=ExchangeLabs/cn=ann",
    "routing_domain": ROUTING,
    "add_routing_address": True,
    "include_sip": True,
    "force": True,
    "recipient_type_details": "RoomMailbox",
    "remote_host_name": "mail.contoso.com",
    "remote_target_database": "DB01",
    "remote_archive_target_database": "DB02",
    "target_delivery_domain": "contoso.com",
    "archive_domain": ROUTING,
    "primary_only": True,
    "batch_name": "wave 1",
    "start_after": "2026-11-30T18:00:00Z",
    "incremental_sync_interval": "1.00:00:00",
    "completed_request_age_limit": "7",
    "accept_large_data_loss": True,
    "remote_global_catalog": "dc01.contoso.com",
    "move_options": ["SkipFolderViews"],
    "skip_moving": ["FolderRules"],
    "request_expiry_interval": "60",
    "force_offline": True,
    "proxy_to_mailbox": "dave@contoso.com",
    "suspend_comment": "holiday",
}


class Recorder:
    """Both organizations and an Entra Connect server that accept every write and forget it."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Cmdlet]] = []

    def _open(self, organization: FakeOrganization) -> FakeOrganization:
        for name in CONTRACT:
            if name.partition("-")[0] not in ("Get", "Test"):
                organization.handlers.setdefault(name, lambda _cmdlet: [])
        return organization

    def between(
        self, ad: Properties, mailbox: Properties | None = None, *requests: Properties
    ) -> list[FakeOrganization]:
        online = fakes.tenant(
            mailbox or cloud_mailbox("ann", EmailAddresses=["SMTP:ann@contoso.com"]), requests=requests
        )
        online.objects["Get-MailboxStatistics"] = [{"ExchangeGuid": RECORD["exchange_guid"], "ItemCount": 1}]
        return [self._open(fakes.on_premises(ad)), self._open(online)]

    def keep(self, *organizations: FakeOrganization) -> None:
        self.sent += [(organization.system, cmdlet) for organization in organizations for cmdlet in organization.calls]

    def run(self, step: Step[Any], ad: Properties, *requests: Properties, **record: Any) -> None:
        organizations = self.between(ad, None, *requests)
        with connect(*organizations) as connections:
            run_wave(step, [{**RECORD, **record}], connections, check=False, sleep=Time().sleep)
        self.keep(*organizations)


def _recipients(recorder: Recorder) -> None:
    half_made = on_premises_recipient("ann", ExchangeGuid=ZERO)
    for record in ({}, {"alias": None}):
        recorder.run(mailuser.Present(False), ad_user("ann"), **record)
    for ad in (
        half_made,
        on_premises_recipient("ann", ExternalEmailAddress="SMTP:ann@fabrikam.com", EmailAddressPolicyEnabled=True),
    ):
        recorder.run(mailuser.Present(False), ad)
    recorder.run(mailuser.MailUserAbsent(False), half_made)
    for ad in (half_made, on_premises_recipient("ann", "RemoteUserMailbox", ExchangeGuid=ZERO)):
        recorder.run(guid_step.GuidStamped(False), ad)
    for kind in MAILBOX_TYPES:
        recorder.run(OfKind(False), on_premises_recipient("ann", "UserMailbox"), recipient_type_details=kind)
    recorder.run(smtp_match.MailStamped(False), ad_user("ann"))
    online = recorder.between(ad_user("ann"), cloud_mailbox("ann", DelayHoldApplied=True, DelayReleaseHoldApplied=True))
    with connect(*online) as connections:
        asked = {**RECORD, "remove_delay_holds": True}
        run_wave(Ended(), [asked], connections, check=False, sleep=Time().sleep)
    recorder.keep(*online)


def _moves(recorder: Recorder) -> None:
    submitted = steps.for_state("submitted", False, {"username": "CONTOSO\\mrs", "password": "top secret"}, [RECORD])
    for record in (
        {"cutover": "held"},
        {"cutover": "at", "complete_after": "2096-11-30T18:00:00Z"},
        {"primary_only": None, "archive_domain": None, "archive_only": True, "remote_target_database": None},
    ):
        recorder.run(submitted, ad_user("ann"), **record)
    held = move_request_of(
        "ann",
        "AutoSuspended",
        SuspendWhenReadyToComplete=True,
        PreventCompletion=True,
        CompleteAfter="2096-11-30T18:00:00Z",
    )
    recorder.run(submitted, ad_user("ann"), held, cutover="automatic")
    recorder.run(steps.Suspended(False), ad_user("ann"), move_request_of("ann", "InProgress"))
    skipping = {**held, "DataConsistencyScore": "Investigate"}
    recorder.run(steps.Completed(False), ad_user("ann"), skipping, approve_skipped_items=True)
    for step in (steps.Completed(False), steps.RequestAbsent(False)):
        recorder.run(step, ad_user("ann"), held)


def _rollbacks(recorder: Recorder) -> None:
    """Of each beginning all that can be taken back, and a half-made mail user that stays."""
    whole, remote = on_premises_recipient("ann"), on_premises_recipient("ann", "RemoteUserMailbox")
    named = ad_user("ann", WindowsEmailAddress="old@contoso.com", DisplayName="")
    of_before = {"ExchangeGuid": ZERO, "ArchiveGuid": guid_of("old"), "EmailAddressPolicyEnabled": True}
    other = on_premises_recipient("ann", ExternalEmailAddress="SMTP:ann@fabrikam.com", **of_before)
    for ad, before, exported in (
        (whole, named, ""),
        (whole, other, ""),
        (remote, on_premises_recipient("ann", "RemoteUserMailbox", **of_before), ""),
        (on_premises_recipient("ann", EmailAddresses=["SMTP:ann@contoso.com"], **of_before), named, "a cycle ran"),
    ):
        had = cloud.recipient(cloud_mailbox("ann", EmailAddresses=["SMTP:ann@contoso.com", "smtp:a@contoso.com"]))
        plain = [on_premises.user(person) for person in (ad, before)]
        now, then = (
            user if user["kind"] == "user" else on_premises.with_mail(user, person)
            for user, person in zip(plain, (ad, before), strict=True)
        )
        found = rollback_plan.RollbackEvidence(
            cloud.recipient(cloud_mailbox("ann")),
            now,
            move_request.request(move_request_of("ann")),
            {"taken_at": "2026-11-23T09:00:00Z", "cloud": had, "on_premises": then},
            exported=exported,
        )
        recorder.sent += rollback_plan.plan(found).calls


def _reads(recorder: Recorder) -> None:
    ad = on_premises_recipient("ann")
    organizations = recorder.between(ad, None, move_request_of("ann"))
    with connect(*organizations) as connections:
        mailbox_info.read(connections, [RECORD], include_size=True)
        move_request_info.read(connections, [RECORD], "wave 1", statistics=True)
        assess(connections, [RECORD], AssessOptions())
        move_method.endpoint(connections)
        smtp_match.await_match(connections, [RECORD], accept=(), wait_timeout=0, wait_sleep=1)
    recorder.keep(*organizations)
    for kind, person in (
        ("UserMailbox", fakes.cloud_mail_user("ann")),
        ("MailUser", cloud_mailbox("ann", IsDirSynced=True)),
    ):
        organizations = recorder.between(
            on_premises_recipient("ann", kind), {**person, "ArchiveGuid": guid_of("archive")}
        )
        with connect(*organizations) as connections:
            assess(connections, [RECORD], AssessOptions(readiness=True))
        recorder.keep(*organizations)


def _cycles(recorder: Recorder) -> None:
    watch, ran = (
        Time(),
        [
            {
                "RunHistoryId": "1",
                "ConnectorName": "x - AAD",
                "RunProfileName": "Export",
                "Result": "success",
                "IsRunComplete": True,
            }
        ],
    )
    history: list[Properties] = []
    scheduler: Properties = {"SyncCycleEnabled": True}
    server = recorder._open(
        FakeOrganization(
            "entra_connect",
            handlers={
                "Get-ADSyncScheduler": lambda _cmdlet: [scheduler],
                "Set-ADSyncScheduler": lambda cmdlet: scheduler.update(cmdlet.parameters) or [],
                "Get-ADSyncConnectorRunStatus": lambda _cmdlet: [],
                "Get-ADSyncRunProfileResult": lambda _cmdlet: history,
                "Start-ADSyncSyncCycle": lambda _cmdlet: history.extend(ran) or [],
            },
        )
    )
    with connect(server) as connections:
        sync = DirectorySync(connections, False, wait_timeout=60, wait_sleep=5, sleep=watch.sleep, clock=watch.clock)
        sync.synced("Delta")
        ran[0] = {**ran[0], "RunHistoryId": "2"}
        sync.synced("Initial")
        sync.paused(None)
    recorder.keep(server)


@pytest.fixture(scope="module")
def sent() -> list[tuple[str, Cmdlet]]:
    """Return every cmdlet that representative records lead to."""
    recorder = Recorder()
    for build in (_recipients, _moves, _rollbacks, _reads, _cycles, *_of_their_own_tests()):
        build(recorder)
    return recorder.sent


def _of_their_own_tests() -> Iterator[Callable[[Recorder], None]]:
    """Yield the ``sends`` of each feature's test that has one: it runs whatever leads to the feature's cmdlets."""
    for path in sorted((ROOT / "tests/unit/plugins/module_utils/_features").rglob("test_*.py")):
        if "\ndef sends(" in path.read_text(encoding="utf-8"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield importlib.import_module(name).sends


def violations(kind: str, cmdlet: Cmdlet) -> Iterator[str]:
    contract, given = CONTRACT.get(cmdlet.name), set(cmdlet.parameters)
    for environment in ENVIRONMENTS[kind]:
        if contract is None or environment not in contract["applicable"]:
            yield f"{environment} has no {cmdlet.name}"
            continue
        unknown = {
            name for name in given if environment not in contract["parameters"].get(name, {}).get("applicable", ())
        }
        yield from (f"{cmdlet.name} has no -{name} in {environment}" for name in sorted(unknown))
        if not any(_fits(facts, given) for facts in contract["parameter_sets"].values()):
            yield f"no parameter set of {cmdlet.name} takes {sorted(given)}"
    for name, value in cmdlet.parameters.items():
        facts = (contract or {}).get("parameters", {}).get(name, {})
        wanted = TYPES.get(facts.get("type", ""))
        if wanted and not isinstance(value, wanted):
            yield f"{cmdlet.name} -{name} is a {facts['type']}, not a {type(value).__name__}"
        accepted = {text.lower() for text in facts.get("accepted_values") or ()}
        texts = value if isinstance(value, list) else [value]
        yield from (
            f"{cmdlet.name} -{name} does not take {text}"
            for text in texts
            if accepted and not isinstance(text, bool) and str(text).lower() not in accepted
        )


def _fits(facts: dict[str, Any], given: set[str]) -> bool:
    mandatory = {*facts["mandatory"], *facts["mandatory_switches"]}
    return mandatory <= given <= mandatory | set(facts["optional"])


def test_every_cmdlet_conforms_to_the_contract(sent: list[tuple[str, Cmdlet]]) -> None:
    assert len(sent) > 100
    assert sorted({told for kind, cmdlet in sent for told in violations(kind, cmdlet)}) == []


def test_the_contract_would_notice() -> None:
    assert list(violations("exchange_online", Cmdlet("Enable-MailUser"))) == ["Exchange Online has no Enable-MailUser"]
    refused = Cmdlet("New-MoveRequest", {"Identity": "x", "Outbound": True, "RemoteHostName": "y", "BadItemLimit": 5})
    assert "New-MoveRequest has no -BadItemLimit in Exchange Online" in violations("exchange_online", refused)
    both = Cmdlet("New-MoveRequest", {"Identity": "x", "Outbound": True, "Remote": True, "RemoteHostName": "y"})
    assert any(told.startswith("no parameter set") for told in violations("exchange_online", both))
    for wrong in ({"EmailAddressPolicyEnabled": "no"}, {"ExchangeGuid": True}):
        assert list(violations("exchange_server", Cmdlet("Set-MailUser", {"Identity": "x", **wrong})))
    assert list(violations("exchange_server", Cmdlet("Set-Mailbox", {"Identity": "x", "Type": "Big"})))


def built(path: Path) -> set[str]:
    """Return the cmdlets that a file names otherwise than as the ``cmdlet`` of an error."""
    tree = sources.tree(path)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "cmdlet"}
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in told
        and re.fullmatch(r"[A-Z][a-z]+-[A-Z][A-Za-z]+", node.value)
    }


# What only lists cmdlets, and what reads for a report alone.
LISTS = {"connection_test", "readiness"}


def test_no_cmdlet_of_the_features_is_left_out(sent: list[tuple[str, Cmdlet]]) -> None:
    utils = ROOT / "plugins/module_utils"
    files = [path for room in ("_features", "_recipients") for path in (utils / room).rglob("*.py")]
    named = set().union(*(built(path) for path in files if not LISTS & set(path.parts)))
    assert named == {cmdlet.name for _kind, cmdlet in sent}


def test_every_parameter_of_a_new_request_is_sent_once(sent: list[tuple[str, Cmdlet]]) -> None:
    named = {name for _kind, cmdlet in sent if cmdlet.name == "New-MoveRequest" for name in cmdlet.parameters}
    assert set(move_request_plan.NEW.values()) <= named


# What the cloud takes for an outbound move and no option is named after, and what stands for it.
NOT_OFFERED = {
    "CompleteAfter": "cutover: at",
    "SuspendWhenReadyToComplete": "cutover: held",
    "PreventCompletion": "cutover: held, by another parameter",
    "Suspend": "state: suspended",
    "SuspendComment": "state: suspended",
    "SourceEndpoint": "its effect on an outbound move is not documented, and RemoteHostName stays mandatory",
}


def test_every_parameter_of_an_outbound_move_has_its_option() -> None:
    takes = {
        name
        for name, facts in CONTRACT["New-MoveRequest"]["parameters"].items()
        if "Exchange Online" in facts["applicable"]
        and "MigrationOutbound" in (*facts["required_in"], *facts["optional_in"])
    }
    always = {"Identity", "Outbound", "RemoteCredential", "Confirm", "WhatIf"}
    assert takes == always | set(move_request_plan.NEW.values()) | set(NOT_OFFERED)
