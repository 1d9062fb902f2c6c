# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import csv_input
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.modules import wave_file
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.plugins.module_utils.fakes import on_disk
from tests.unit.plugins.module_utils.in_process import patch_module_args

ANN = {"identity": "ann@contoso.com"}
BOB = {"identity": "bob@contoso.com"}


def written(folder: Path, content: str | bytes) -> str:
    path = folder / "mailboxes.csv"
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return str(path)


def refused(folder: Path, content: str | bytes, delimiter: str = ",") -> HybridError:
    with pytest.raises(HybridError) as caught:
        csv_input.from_csv(written(folder, content), delimiter)
    return caught.value


@pytest.mark.parametrize(
    "content",
    [
        "identity,batch_name\nann@contoso.com,one\nbob@contoso.com,\n",
        "\ufeffidentity,batch_name\r\nann@contoso.com,one\r\nbob@contoso.com,\r\n",
        "identity,batch_name\rann@contoso.com,one\rbob@contoso.com,\r",
        " identity , batch_name \n\n ann@contoso.com , one \n,\nbob@contoso.com,",
        'batch_name,identity\n"one","ann@contoso.com"\n,bob@contoso.com\n',
    ],
    ids=["plain", "byte order mark", "old line ends", "blanks", "quotes"],
)
def test_a_csv_becomes_records(tmp_path: Path, content: str) -> None:
    assert csv_input.from_csv(written(tmp_path, content)) == [{**ANN, "batch_name": "one"}, BOB]


@pytest.mark.parametrize(
    "content",
    [
        '#TYPE Selected.PSCustomObject\n"Identity","Batch_Name"\n"ann@contoso.com","one"\n',
        "# wave one, by Ann\n\n#,and Bob\nIDENTITY,batchname\nann@contoso.com,one\n",
        "\ufeff\ufeffidentity,BatchName\nann@contoso.com,one\n",
    ],
    ids=["Export-Csv", "comments", "two byte order marks"],
)
def test_what_tools_leave_before_the_header_is_read(tmp_path: Path, content: str) -> None:
    assert csv_input.from_csv(written(tmp_path, content)) == [{**ANN, "batch_name": "one"}]


def test_microsofts_csv_of_an_offboarding_batch_is_taken_as_it_is(tmp_path: Path) -> None:
    content = (
        "EmailAddress,TargetDatabase,TargetArchiveDatabase,MailboxType\n"
        "ann@contoso.com,DB01,DB02,PrimaryAndArchive\n"
        "bob@contoso.com,DB01,,PrimaryOnly\n"
        "cleo@contoso.com,,DB02,archiveonly\n"
        "dora@contoso.com,DB01,,\n"
    )
    assert csv_input.from_csv(written(tmp_path, content)) == [
        {**ANN, "remote_target_database": "DB01", "remote_archive_target_database": "DB02"},
        {**BOB, "remote_target_database": "DB01", "primary_only": True},
        {"identity": "cleo@contoso.com", "remote_archive_target_database": "DB02", "archive_only": True},
        {"identity": "dora@contoso.com", "remote_target_database": "DB01"},
    ]
    error = refused(tmp_path, "EmailAddress,MailboxType\nann@contoso.com,Both\nbob@contoso.com,\n")
    assert "line 2: MailboxType: 'Both' is not a valid choice" in error.message
    twice = refused(tmp_path, "EmailAddress,Identity\nann@contoso.com,\n")
    assert (twice.code, "has repeated columns: identity" in twice.message) == ("duplicate_column", True)


def test_an_address_with_semicolons_can_be_written(tmp_path: Path) -> None:
    held = "SMTP:ann@contoso.com;X400:C=US\\;A= \\;P=Contoso\\;;smtp:a@contoso.com"
    content = f"identity,email_addresses\nann@contoso.com,{held}\n"
    assert csv_input.from_csv(written(tmp_path, content)) == [
        {**ANN, "email_addresses": ["SMTP:ann@contoso.com", "X400:C=US;A= ;P=Contoso;", "smtp:a@contoso.com"]}
    ]


def test_flags_and_lists_get_their_types(tmp_path: Path) -> None:
    content = (
        "identity,force,include_sip,email_addresses,move_options\n"
        'ann@contoso.com,Yes,0,"SMTP:ann@contoso.com; X500:/o=a,b ;;",\n'
        "bob@contoso.com,,TRUE,,SkipFolderViews\n"
    )
    assert csv_input.from_csv(written(tmp_path, content)) == [
        {**ANN, "force": True, "include_sip": False, "email_addresses": ["SMTP:ann@contoso.com", "X500:/o=a,b"]},
        {**BOB, "include_sip": True, "move_options": ["SkipFolderViews"]},
    ]


def test_another_delimiter(tmp_path: Path) -> None:
    assert csv_input.from_csv(written(tmp_path, "identity;alias\nann@contoso.com;a,b\n"), ";") == [
        {**ANN, "alias": "a,b"}
    ]


@pytest.mark.parametrize("delimiter", ["", ";;", "\n"])
def test_a_delimiter_that_is_not_one_character_is_refused(tmp_path: Path, delimiter: str) -> None:
    error = refused(tmp_path, "identity\nann@contoso.com\n", delimiter)
    assert isinstance(error, InputError)
    assert error.option == "delimiter"


@pytest.mark.parametrize(
    ("content", "delimiter", "right"),
    [
        ("identity;remote_target_database\nann@contoso.com;DB01\n", ",", ";"),
        ('remote_target_database\t"identity"\tsite\nDB01\tann@contoso.com\tx\n', ",", "\\t"),
        ("ad_identity,identity\n,ann@contoso.com\n", ";", ","),
    ],
)
def test_columns_that_something_else_separates_are_told(
    tmp_path: Path, content: str, delimiter: str, right: str
) -> None:
    error = refused(tmp_path, content, delimiter)
    assert isinstance(error, InputError)
    assert (error.code, error.option) == ("wrong_delimiter", "delimiter")
    assert error.remedy == f"Set delimiter (offboarding_csv_delimiter of the role) to '{right}'."


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (b"identity\nm\xfcller@contoso.com\n", "not_utf8", "is not UTF-8 (byte 10)"),
        ("", "missing_column", "is empty"),
        (" \n\n", "missing_column", "is empty"),
        ("name\nann@contoso.com\n", "missing_column", "has no column 'identity'"),
        ("identity\nann@contoso.com\n".encode("utf-16"), "not_utf8", "is UTF-16, not UTF-8"),
        ("identity\nann@contoso.com\n".encode("utf-16-le"), "not_utf8", "is UTF-16, not UTF-8"),
        ("identity\nann@contoso.com\n".encode("utf-16-be"), "not_utf8", "is UTF-16, not UTF-8"),
        ("$ANSIBLE_VAULT;1.1;AES256\n3334\n", "unreadable_file", "is encrypted by ansible-vault"),
        (b"PK\x03\x04\x14\0", "unreadable_file", "is a workbook or an archive, not a CSV"),
        ('"identity,alias"\n"ann@contoso.com,ann"\n', "quoted_lines", "has quotes around each line as a whole"),
        ('"EmailAddress,TargetDatabase"\n', "quoted_lines", "has quotes around each line as a whole"),
        ("identity,colour,\n", "unknown_column", "has unknown columns: colour, (empty)"),
        ("identity,alias,identity,alias\n", "duplicate_column", "has repeated columns: alias, identity"),
    ],
)
def test_a_bad_header_is_refused(tmp_path: Path, content: str | bytes, code: str, told: str) -> None:
    error = refused(tmp_path, content)
    assert error.code == code
    assert error.message.startswith(f"csv: '{tmp_path / 'mailboxes.csv'}' {told}. ")


def test_an_unknown_column_is_told_with_the_known_ones(tmp_path: Path) -> None:
    assert all(name in refused(tmp_path, "identity,colour\n").message for name in csv_input.COLUMNS)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read \(No such file or directory\)") as caught:
        csv_input.from_csv(str(tmp_path / "nowhere.csv"))
    assert caught.value.code == "unreadable_file"


def test_every_bad_row_is_told_with_its_line(tmp_path: Path) -> None:
    error = refused(
        tmp_path,
        (
            "identity,exchange_guid,force,cutover,complete_after,suspend_comment\n"
            'ann@contoso.com,,,,,"two\nlines"\n'
            "bob@contoso.com,no guid,,,,\n"
            " ,,true,,,\n"
            "cleo@contoso.com,,perhaps,,,\n"
            "dan@contoso.com,,,\n"
            "eve@contoso.com,,,later,,\n"
            "fay@contoso.com,,,at,,\n"
            "gus,,,,,\n"
            "ANN@contoso.com,,,,,\n"
        ),
    )
    assert error.code == "bad_rows"
    assert error.message.startswith(f"csv: '{tmp_path / 'mailboxes.csv'}' ")
    told = error.message.partition("' ")[2].split("; line ")
    assert [text.removeprefix("line ").split(": ")[:2] for text in told] == [
        ["4", "exchange_guid"],
        ["5", "identity"],
        ["6", "force"],
        ["7", "4 cells instead of 6"],
        ["8", "cutover"],
        ["9", "complete_after"],
        ["10", "identity"],
        ["11", "identity 'ANN@contoso.com' is already in line 3. List each mailbox once."],
    ]


def test_only_the_first_twenty_problems_are_told(tmp_path: Path) -> None:
    error = refused(tmp_path, "identity\n" + "x\n" * 25)
    assert error.message.count("does not identify a mailbox") == csv_input.SHOWN
    assert error.message.endswith("(and 5 more)")


@pytest.mark.parametrize(
    ("rest", "line"),
    [("bob@contoso.com,b\n", 3), ("bob@contoso.com,b\n" * 10_000, None), ('a"b\n', 3)],
    ids=["at the end", "longer than a cell may be", "something after a quote"],
)
def test_a_quote_that_would_swallow_rows_is_told(tmp_path: Path, rest: str, line: int | None) -> None:
    error = refused(tmp_path, 'identity,alias\nann@contoso.com,"\n' + rest)
    assert error.code == "unreadable_file"
    assert error.message.startswith(f"csv: '{tmp_path / 'mailboxes.csv'}' is not a CSV up to line {line or ''}")


def test_cutover_at_a_time_is_taken(tmp_path: Path) -> None:
    content = "identity,cutover,complete_after\nann@contoso.com,at,2026-11-30T18:00:00Z\n"
    assert csv_input.from_csv(written(tmp_path, content)) == [
        {**ANN, "cutover": "at", "complete_after": "2026-11-30T18:00:00Z"}
    ]


# -- what csv.writer writes is read back -------------------------------------------------------------------------------

TEXT = (
    st.text(st.characters(exclude_categories=["C"]) | st.sampled_from('",;\n'), min_size=1).map(str.strip).filter(bool)
)
# What a name of an object may hold is a matter of formats.py.
NAME = st.text('ab \u00f6\u6771",;', min_size=1).map(str.strip).filter(bool)
# A backslash before a semicolon makes it part of the item, so no item ends in one.
ITEMS = st.lists(TEXT.filter(lambda text: "\\" not in text and text.strip(";")), min_size=1, max_size=3)
ROW = st.fixed_dictionaries(
    {},
    optional={
        "alias": NAME,
        "batch_name": TEXT,
        "suspend_comment": TEXT,
        "remote_target_database": NAME,
        "force": st.booleans(),
        "skip_moving": ITEMS,
        "cutover": st.sampled_from(["automatic", "held"]),
    },
)


def cell(value: Any) -> str:
    if isinstance(value, list):
        return ";".join(item.replace(";", "\\;") for item in value)
    return str(value)


@settings(max_examples=60)
@given(
    rows=st.lists(ROW, max_size=4),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_csv_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], quoting: Any, end: str
) -> None:
    records = [{"identity": f"user{number}@contoso.com", **row} for number, row in enumerate(rows)]
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, ["identity", *ROW_KEYS], quoting=quoting, lineterminator=end)
    writer.writeheader()
    writer.writerows({key: cell(value) for key, value in record.items()} for record in records)
    path = written(tmp_path_factory.getbasetemp(), stream.getvalue())
    assert csv_input.from_csv(path) == records


ROW_KEYS = ("alias", "batch_name", "suspend_comment", "remote_target_database", "force", "skip_moving", "cutover")


# -- a list ------------------------------------------------------------------------------------------------------------


def test_a_blank_is_absent_and_a_flag_is_one(tmp_path: Path) -> None:
    blank = {**ANN, "archive_only": "", "alias": None, "cutover": " ", "cost_centre": "", "force": "on"}
    assert csv_input.from_list([blank, BOB]) == [{**ANN, "cost_centre": "", "force": "on"}, BOB]
    with pytest.raises(HybridError, match="record 2: archive_only: 'maybe' is neither true nor false"):
        csv_input.from_list([ANN, {**BOB, "archive_only": "maybe"}])
    path = written(tmp_path, "identity,archive_only,cutover\nann@contoso.com, ,\nbob@contoso.com,off,\n")
    assert csv_input.from_csv(path) == [ANN, {**BOB, "archive_only": False}]


def test_a_list_stays_as_it_is() -> None:
    records = [{**ANN, "cost_centre": 7, "email_addresses": ["SMTP:ann@contoso.com"]}, BOB]
    assert csv_input.from_list(records) == records
    assert csv_input.from_list([]) == []


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"identity": " "}, "record 2: identity: is blank"),
        ({"identity": "bob"}, "record 2: identity: 'bob' does not identify a mailbox"),
        ({**BOB, "exchange_guid": "x"}, "record 2: exchange_guid: 'x' is not a GUID"),
        ({**BOB, "cutover": "soon"}, "record 2: cutover: 'soon' is not a valid choice"),
        ({**BOB, "cutover": "at"}, "record 2: complete_after: is missing, and cutover is 'at'"),
        ({"identity": "Ann@contoso.com"}, "record 2: identity 'Ann@contoso.com' is already in record 1"),
    ],
)
def test_a_bad_record_is_told_with_its_number(record: dict[str, Any], told: str) -> None:
    with pytest.raises(HybridError) as caught:
        csv_input.from_list([ANN, record])
    assert caught.value.code == "bad_rows"
    assert caught.value.message.startswith(f"mailboxes: {told}")


def test_a_masked_list_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        csv_input.from_list([{"identity": "ann@********.com"}])
    assert caught.value.code == "masked_value"


# -- writing -----------------------------------------------------------------------------------------------------------


WAVE = [ANN, BOB, {"identity": "Cleo@Contoso.com", "remote_target_database": "DB02"}]


@pytest.mark.parametrize(
    ("only", "taken"),
    [
        (None, [0, 1, 2]),
        ([], []),
        (["bob@contoso.com"], [1]),
        (["CLEO@contoso.com", " ann@contoso.com", "ann@contoso.com"], [0, 2]),
        (["CLEO@contoso.com\n\n ann@contoso.com\n"], [0, 2]),
        (["bob@contoso.com; ann@contoso.com"], [0, 1]),
    ],
)
def test_mailboxes_are_chosen_by_name(only: list[str] | None, taken: list[int]) -> None:
    assert csv_input.chosen(WAVE, only) == [WAVE[place] for place in taken]


def test_an_approval_marks_those_it_names() -> None:
    marked = csv_input.approved(WAVE, ["BOB@contoso.com"], WAVE)
    assert marked == [ANN, {**BOB, "approve_skipped_items": True}, WAVE[2]]
    assert csv_input.approved(WAVE, None, WAVE) == WAVE
    assert csv_input.approved([ANN], ["bob@contoso.com"], WAVE) == [ANN], "one of the wave that was not chosen"


@pytest.mark.parametrize("names", [["zoe@contoso.com", "ann@contoso.com", "Yan@contoso.com"], [""]])
def test_a_stranger_is_refused_by_name(names: list[str]) -> None:
    told = ", ".join(name for name in names if not name.startswith("ann"))
    for option, work in (
        ("only", lambda: csv_input.chosen(WAVE, names)),
        ("approve_skipped_items", lambda: csv_input.approved(WAVE, names, WAVE)),
    ):
        with pytest.raises(InputError) as caught:
            work()
        assert (caught.value.code, caught.value.option) == ("not_in_wave", option)
        assert f"{option}: '{told}' is not in the wave" in caught.value.message


def test_a_name_may_stand_in_another_wave_of_the_run() -> None:
    assert csv_input.chosen([ANN], ["bob@contoso.com"], [BOB]) == []
    assert csv_input.chosen([ANN], ["bob@contoso.com", "ann@contoso.com"], [BOB]) == [ANN]
    assert csv_input.approved([ANN], ["bob@contoso.com"], [ANN], [BOB]) == [ANN]


def test_the_file_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "wave.json"
    assert csv_input.write(FileMemory(), str(path), [ANN], check=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert wave_files.load(FileMemory(), str(path)) == [ANN]
    first = path.stat().st_mtime_ns
    assert not csv_input.write(FileMemory(), str(path), [ANN], check=False)
    assert path.stat().st_mtime_ns == first
    assert csv_input.write(FileMemory(), str(path), [ANN, BOB], check=False)


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "wave.json"
    assert csv_input.write(FileMemory(), str(path), [ANN], check=True)
    assert not path.exists()


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written") as caught:
        csv_input.write(FileMemory(), str(tmp_path / "missing" / "wave.json"), [ANN], check=False)
    assert (caught.value.code, caught.value.option) == ("unwritable_file", "path")


def test_the_wave_has_a_directory_of_its_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "offboarding"
    assert csv_input.make_private(on_disk(directory), check=True)
    assert not directory.exists()
    assert csv_input.make_private(on_disk(directory), check=False)
    assert not csv_input.make_private(on_disk(directory), check=False)
    directory.chmod(0o755)
    assert csv_input.make_private(on_disk(directory), check=False)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_directory_that_cannot_be_made_is_named_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        csv_input.make_private(on_disk(tmp_path / "file" / "offboarding"), check=False)
    assert (caught.value.code, caught.value.option) == ("unwritable_directory", "directory")
    assert "Not a directory" in caught.value.message


# -- the module itself ------------------------------------------------------------------------------------------------


@pytest.fixture
def _signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def module_run(capsys: pytest.CaptureFixture[str], **options: Any) -> dict[str, Any]:
    """Run the module in this process and return what it said."""
    given = {name.replace("check", "_ansible_check_mode", 1): value for name, value in options.items()}
    with patch_module_args(given), pytest.raises(SystemExit):
        wave_file.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    return result


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize(
    ("private_copy", "check", "private"),
    [
        ("never", False, False),
        ("never", True, False),
        ("in_check_mode", False, False),
        ("in_check_mode", True, True),
        ("always", False, True),
    ],
)
def test_a_preview_has_its_own_copy_of_the_wave(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], private_copy: str, check: bool, private: bool
) -> None:
    """The module knows check mode; the variable ansible_check_mode does not know the keyword of a play or role."""
    path, directory = tmp_path / "wave.json", tmp_path / "offboarding"
    path.write_text("[]", encoding="utf-8")
    result = module_run(
        capsys, mailboxes=[ANN, BOB], path=str(path), directory=str(directory), private_copy=private_copy, check=check
    )
    told = Path(result["path"])
    assert (told != path, bool(result["private_directory"]), result["check_mode"]) == (private, private, check)
    assert json.loads(path.read_text(encoding="utf-8")) == ([ANN, BOB] if not private and not check else [])
    if private:
        assert json.loads(told.read_text(encoding="utf-8")) == [ANN, BOB]
        assert str(told.parent) == result["private_directory"]
        assert (told.name, stat.S_IMODE(told.parent.stat().st_mode)) == ("wave.json", 0o700)
        shutil.rmtree(told.parent)
    assert directory.exists() is not check


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"csv": "identity,alias\n"}, "mailboxes.csv' has a header, but no mailbox"),
        ({"mailboxes": []}, "mailboxes: has no mailbox"),
        ({"mailboxes": [ANN], "only": []}, "only selects none of its mailboxes"),
        ({"mailboxes": [ANN]}, ""),
    ],
)
def test_an_empty_wave_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: dict[str, Any], told: str
) -> None:
    if "csv" in given:
        given = {"csv": written(tmp_path, given["csv"])}
    result = module_run(capsys, path=str(tmp_path / "wave.json"), check=True, **given)
    assert [(told in text, text.partition(":")[0]) for text in result["notices"]] == (
        [(True, "The wave is empty")] if told else []
    )


def test_what_a_run_finds_out_is_no_input() -> None:
    """A record says by no key of its own that its user is whole, or that nobody else holds its addresses."""
    given = {"whole": True, "offboarding_state": "moving", "holders_asked": ["ann@contoso.com"], "baseline_file": "/b"}
    kept = {"identity": "ann@contoso.com", "alias": "ann", "team": "Sales"}
    assert csv_input.from_list([{**kept, **given}]) == [kept]
