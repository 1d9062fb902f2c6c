# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.model import opath

NAMES = st.sampled_from(["Alias", "EmailAddresses", "Guid", "UserPrincipalName"])
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def holder(**values: str) -> opath.Values:
    return lambda name: [values.get(name, "")]


@given(NAMES, TEXTS)
def test_any_text_survives_quoting(name: str, text: str) -> None:
    clause = opath.parse(f"{name} -eq {quoted(text)}")
    assert clause == opath.Clause(name, "-eq", text)
    assert clause.matches(lambda asked: [text if asked == name else ""])


@given(st.lists(st.tuples(NAMES, TEXTS), min_size=1, max_size=60))
def test_a_row_of_equalities_is_answered_by_an_index(pairs: list[tuple[str, str]]) -> None:
    expression = opath.parse(" -or ".join(f"({name} -eq {quoted(text)})" for name, text in pairs))
    assert [(clause.property_name, clause.value) for clause in opath.equalities(expression) or []] == pairs
    assert opath.properties(expression) == [name for name, _text in pairs]


@given(NAMES, TEXTS, TEXTS)
def test_not_and_ne_are_opposites_of_eq(name: str, text: str, held: str) -> None:
    def values(asked: str) -> list[str]:
        return [held]

    equal = opath.parse(f"{name} -eq {quoted(text)}").matches(values)
    assert opath.parse(f"-not ({name} -eq {quoted(text)})").matches(values) is not equal
    assert opath.parse(f"{name} -ne {quoted(text)}").matches(values) is not equal


@given(st.text(max_size=40))
def test_a_filter_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        problem = ""
        opath.parse(text)
    except opath.FilterError as error:
        problem = str(error)
    assert problem == "" or "position" in problem


@pytest.mark.parametrize(
    ("text", "values", "fits"),
    [
        ("Alias -eq 'ANN'", {"Alias": "ann"}, True),
        ("Alias -like 'a*n'", {"Alias": "ann"}, True),
        ("Alias -like 'a?n'", {"Alias": "ann"}, False),
        ("Alias -notlike 'b*'", {"Alias": "ann"}, True),
        ("Alias -eq 'a' -and Guid -eq 'b' -or Name -eq 'c'", {"Name": "c"}, True),
        ("Alias -eq 'a' -and (Guid -eq 'b' -or Name -eq 'c')", {"Name": "c"}, False),
        ("ArchiveGuid -eq $null", {}, True),
        ("IsDirSynced -eq $true", {"IsDirSynced": "True"}, True),
        ("IsDirSynced -eq 'False'", {"IsDirSynced": "True"}, False),
        ('Alias -eq "ann"', {"Alias": "ann"}, True),
        ("Alias -gt 'a'", {"Alias": "b"}, True),
    ],
)
def test_meaning(text: str, values: dict[str, str], fits: bool) -> None:
    assert opath.parse(text).matches(holder(**values)) is fits


@pytest.mark.parametrize(
    "text",
    ["", "Alias", "Alias -eq", "Alias = 'a'", "(Alias -eq 'a'", "Alias -eq 'a' Alias",
     "Alias -eq 'o'brien'", "'a' -eq 'a'"]
)  # fmt: skip
def test_broken_filters_are_refused(text: str) -> None:
    with pytest.raises(opath.FilterError):
        opath.parse(text)


@pytest.mark.parametrize("text", ["Alias -like 'a*'", "Alias -eq 'a' -or Alias -like 'b*'", "-not (Alias -eq 'a')"])
def test_no_index_answers_these(text: str) -> None:
    assert opath.equalities(opath.parse(text)) is None
