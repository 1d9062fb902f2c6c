# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A message names options as its reader knows them, no file of the collection, and nothing twice.

The table of names is compared with what the role's own tasks pass: an option that a task gets from a variable is in it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import CHECKS
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import CATALOGUE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness import finding
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import CONNECTIONS
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

from tests import sources
from tests.unit.test_readme import role_options
from tests.unit.test_remedies import everywhere, variables

ROOT = Path(__file__).resolve().parents[4]
OWN = "mailops.exchange_hybrid."
ENTRIES = [
    ROOT / "roles" / "mailbox_offboarding" / "tasks" / f"{name}.yml"
    for name in yaml.safe_load(
        (ROOT / "roles" / "mailbox_offboarding" / "meta" / "argument_specs.yml").read_text("utf-8")
    )["argument_specs"]
]
# Playbooks that run modules themselves.
PLAYBOOKS = [ROOT / "playbooks" / f"{name}.yml" for name in ("readiness", "verify_connections")]
# What the role makes of its variables, and the variable that a user sets.
DERIVED = {
    "offboarding_wave_file": "offboarding_directory",
    "offboarding_status_file": "offboarding_directory",
    "offboarding_page": "offboarding_report",
    "offboarding_batches": "offboarding_batch_name",
    "offboarding_journal_run_id": "offboarding_run_id",
}
# No text names these options: no value that a user could give is wrong for them.
UNNAMED = {"holder", "another_cycle"}
REMEDIES = [entry.remedy for entry in CATALOGUE] + [check.remedy for check in CHECKS.values()]
OPTION = re.compile(rf"(?<![\w.-])({'|'.join(_reader.VARIABLES)}): (true|false|\[|refresh)")
INTERNAL = re.compile(r"\b_?[a-z_]+\.py\b|\btasks/|wave\.json|module_utils|plugin_utils")
ERRORS = {"HybridError", "MailboxError", "ConnectionFailure", "found", "not_checked", "Unread"}


@pytest.fixture(autouse=True)
def _reader_who_runs_the_role() -> None:
    _reader.begin(_reader.ROLE)


# -- the table ---------------------------------------------------------------------------------------------------------


def tasks(value: Any) -> Iterator[tuple[str, str, str]]:
    """Yield the module, or the action group, the option and the value of each argument in a file of tasks."""
    for item in value if isinstance(value, list) else ():
        yield from tasks(item)
    for key, item in value.items() if isinstance(value, dict) else ():
        if key == "module_defaults":
            for group, defaults in item.items():
                yield from ((group, option, str(given)) for option, given in defaults.items())
        elif isinstance(key, str) and key.startswith(OWN) and isinstance(item, dict):
            yield from ((key.removeprefix(OWN), option, str(given)) for option, given in item.items())
        yield from tasks(item)


@cache
def passed() -> dict[tuple[str, str], str]:
    """Return the variable that a user sets for each option that the role's tasks and playbooks pass."""
    found = {}
    for path in [*sorted((ROOT / "roles").glob("*/tasks/*.yml")), *PLAYBOOKS]:
        for module, option, value in tasks(yaml.safe_load(path.read_text("utf-8"))):
            name = re.fullmatch(r"\{\{ (?:__)?(offboarding_\w+)( \| default\(omit(, true)?\))? \}\}", value)
            if name and option not in UNNAMED:
                found[module, option] = DERIVED.get(name[1], name[1])
    return found


def test_each_option_that_the_role_passes_from_a_variable_is_in_the_table() -> None:
    assert len(passed()) > 80
    missing = {}
    for (module, option), variable in passed().items():
        _reader.begin(_reader.ROLE, OWN + module)
        if _reader.option(option) != variable:
            missing[module, option] = variable
    assert missing == {}, "these options of a module are variables of the role: add them to _reader.py"


def test_the_table_has_no_variable_that_the_role_lacks() -> None:
    of_modules = {name: names for name, names in _reader.OF_A_MODULE.items() if name != "move_events"}
    named = {*_reader.VARIABLES.values(), *(name for names in of_modules.values() for name in names.values())}
    assert named - variables() == set()
    assert len(named & set(role_options())) > 30


def test_what_a_record_may_have_is_told_from_what_only_a_task_has() -> None:
    in_records = set(_reader.VARIABLES) & {*fields.columns(), *(n for n, f in fields.TABLE.items() if f.options_of)}
    assert set(_reader.OF_A_RECORD) == in_records


def test_every_entry_of_the_role_says_that_it_runs_its_modules() -> None:
    for path in [*ENTRIES, *PLAYBOOKS]:
        (outer,) = yaml.safe_load(path.read_text("utf-8"))
        assert outer["environment"] == {_reader.ENVIRONMENT: _reader.ROLE}, path.name


# -- what is translated ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "role"),
    [
        ("Failed: run with resume_failed: true.", "Failed: run with offboarding_resume_failed: true."),
        ("Use resume_failed: true (move_request, state: submitted).",
         "Use offboarding_resume_failed: true."),
        ("Start again (migration_batch with resume_failed: true).", "Start again (offboarding_resume_failed: true)."),
        ("Increase wait_timeout (offboarding_sync_timeout of the role).", "Increase offboarding_sync_timeout."),
        ("Set remote_credential.username.", "Set offboarding_remote_credential.username."),
        ("New-AcceptedDomain on-premises, or correct target_delivery_domain.",
         "New-AcceptedDomain on-premises, or correct offboarding_target_delivery_domain."),
        ("Without the option directory no report is kept.", "Without offboarding_directory no report is kept."),
        ("Set force: true in this mailbox's record.", "Set force: true in this mailbox's record."),
        ("Set approve_skipped_items: true in its record.", "Set approve_skipped_items: true in its record."),
        ("Add one, or set another target_delivery_domain for this mailbox.",
         "Add one, or set another target_delivery_domain for this mailbox."),
        ("Make the mailbox smaller, or set its remote_target_database.",
         "Make the mailbox smaller, or set its remote_target_database."),
        ("Or accept it: offboarding_accept: [x].", "Or accept it: offboarding_accept: [x]."),
        ("Set accept: [x].", "Set offboarding_accept: [x]."),
        ("Set exchange_online.graph: true.", "Set exchange_online.graph: true."),
        ("Only two remain.", "Only two remain."),
        ("Complete it with cutover: automatic.", "Complete it with offboarding_cutover: automatic."),
    ],
)  # fmt: skip
def test_options_become_variables_and_what_a_record_has_stays(module: str, role: str) -> None:
    assert _reader.remedy(module) == role
    assert _reader.remedy(role) == role
    _reader.begin("")
    assert _reader.remedy(module) == module


def test_an_option_has_the_name_that_its_module_gives_it() -> None:
    assert _reader.option("csv, mailboxes") == "offboarding_csv, offboarding_mailboxes"
    assert _reader.option("remote_credential.username") == "offboarding_remote_credential.username"
    assert (_reader.option("state"), _reader.option("wait_timeout")) == ("state", "wait_timeout")
    _reader.begin(_reader.ROLE, "mailops.exchange_hybrid.smtp_match")
    assert _reader.option("wait_timeout") == "offboarding_match_timeout"
    _reader.begin("", "smtp_match")
    assert _reader.option("wait_timeout, csv") == "wait_timeout, csv"


def test_a_wrong_value_of_a_task_is_named_by_its_variable_and_one_of_a_record_by_its_column() -> None:
    wrong = InputError("csv", "/srv/only: [a].csv", "does not exist", "Check the path.")
    assert wrong.message == "offboarding_csv: '/srv/only: [a].csv' does not exist. Check the path."
    column = InputError("complete_after", "soon", "is not a time", "Write it in UTC.")
    assert column.message == "complete_after: 'soon' is not a time. Write it in UTC."
    lacking = InputError("remote_host_name", None, "is missing", _reader.where_to_set("remote_host_name"))
    assert lacking.message.endswith("Set offboarding_remote_host_name, or remote_host_name in the mailbox's record.")
    assert _reader.where_to_set("archive_domain") == "Specify archive_domain in the mailbox's record."


def test_what_exchange_says_stays_and_its_remedy_is_translated() -> None:
    said = "The target mailbox doesn't have an SMTP proxy matching 'x'. Use only: [a], resume_failed: true, csv."
    error = CmdletError(said, cmdlet="New-MoveRequest")
    assert error.message == said
    assert error.as_result()["message"] == said
    assert error.remedy.startswith("Add an address in offboarding_target_delivery_domain to ")
    assert error.sentence().startswith(said + " Add an address in offboarding_")


def test_findings_are_told_in_the_words_of_the_role() -> None:
    told = finding.found("delivery_domain_not_accepted", "x is not accepted")
    assert "correct offboarding_target_delivery_domain" in told.remedy
    assert finding.of_error(CmdletError("only: [a]", cmdlet="x"), "ann").found == "only: [a]"


# -- all texts ---------------------------------------------------------------------------------------------------------


def test_no_remedy_names_an_option_where_the_role_has_a_variable() -> None:
    texts = [*REMEDIES, *(text for _file, text in everywhere() if len(text) < 1000)]
    assert len(texts) > 500
    strange = [_reader.remedy(text) for text in texts if OPTION.search(_reader.remedy(text))]
    assert [text for text in strange if not re.search(r"record|CSV|for th(e|is) mailbox", text)] == []


def test_no_remedy_names_an_internal_file_or_says_a_sentence_twice() -> None:
    assert [remedy for remedy in REMEDIES if INTERNAL.search(remedy)] == []
    for remedy in REMEDIES:
        sentences = re.findall(r"[^.:;]+[.:;]", remedy)
        assert len(sentences) == len(set(sentences)), remedy


def messages() -> Iterator[tuple[str, str]]:
    """Yield the constant parts of what errors and findings say, which is not translated as a whole."""
    for path in sorted((ROOT / "plugins" / "module_utils").rglob("*.py")):
        for node in sources.nodes(path):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
                for argument in node.args:
                    for part in ast.walk(argument):
                        if isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value:
                            yield path.name, part.value


def test_a_message_asks_for_the_name_of_an_option() -> None:
    found = list(messages())
    assert len(found) > 200
    names = [name for name in _reader.VARIABLES if "_" in name]
    named = re.compile(rf"(?<![\w.-])({'|'.join(names)})\b")
    assert [item for item in found if named.search(item[1])] == []


def test_connections_are_called_the_same_by_both() -> None:
    assert set(CONNECTIONS) & set(_reader.VARIABLES) == set()
