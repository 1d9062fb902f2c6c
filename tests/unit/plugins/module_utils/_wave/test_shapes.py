# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shapes of what both organizations hold, and the lists that name keys of them, which mypy does not read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_type_hints

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress import (
    figures,
    move_progress,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import (
    data_consistency,
    plan,
    settings,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import assess
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import cloud, on_premises
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    CloudRecipient,
    MoveRequest,
    OnPremisesRecipient,
    parameters,
    part,
)


@pytest.mark.parametrize(
    ("names", "shape"),
    [
        (cloud.COMPARED, CloudRecipient),
        (cloud.CARRIED, CloudRecipient),
        (cloud.CARRIED, fields.Record),
        (assess.ADDED_TO, fields.Record),
        (on_premises.PARAMETERS, OnPremisesRecipient),
        (plan.NEW, fields.Record),
        (plan.NEEDED, fields.Record),
        (plan.FIXED, fields.Record),
        (plan.FIXED.values(), MoveRequest),
        (settings.LISTED, MoveRequest),
        (settings.KEPT, MoveRequest),
        (data_consistency.SHOWN, MoveRequest),
        (move_progress.SHOWN, figures.Entry),
    ],
)
def test_a_list_of_names_names_keys(names: Iterable[str], shape: type) -> None:
    assert [name for name in names if name not in get_type_hints(shape)] == []


def test_an_entry_of_trustees_has_the_keys_of_its_options() -> None:
    assert set(get_type_hints(fields.Trustee)) == set(fields.TRUSTEE)


def test_a_part_has_the_named_keys_that_are_there() -> None:
    whole: CloudRecipient = {"kind": "mailbox", "alias": "ann", "guid": "1"}
    assert list(part(whole, ["guid", "alias", "display_name"]).items()) == [("guid", "1"), ("alias", "ann")]


def test_an_attribute_that_nothing_sets_never_becomes_a_parameter() -> None:
    names = on_premises.PARAMETERS
    assert parameters({"exchange_guid": "1"}, names) == {"ExchangeGuid": "1"}
    with pytest.raises(KeyError):
        parameters({"kind": "mailbox"}, names)


def test_what_a_record_and_a_recipient_both_have_is_of_one_type() -> None:
    record, recipient = get_type_hints(fields.Record), get_type_hints(CloudRecipient)
    both = [name for name in recipient if name in record]
    assert len(both) > 15
    assert [name for name in both if record[name] != recipient[name]] == []
