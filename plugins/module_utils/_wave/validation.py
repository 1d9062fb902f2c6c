# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What one mailbox was given, held to the options of a module: types, choices, forms, and what must not be missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._values import is_blank
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

# ansible-core's own classes carry no types.
_Validator: Any = ArgumentSpecValidator


def validated(
    record: Mapping[str, Any],
    owned: Mapping[str, Mapping[str, Any]],
    where: str,
    remedy: str,
    told: Callable[[str], str] | None = None,
) -> dict[str, Any]:
    """Return those values of a record that belong to the options, in their types; InputError for the first bad one.

    ``told`` returns what an option is called where it was given, if that is not ``where``.
    """
    part = {key: _as_given(record[key]) for key in owned if not is_blank(record.get(key))}
    result = _Validator(owned).validate(part)
    if result.error_messages:
        raise InputError(where, None, "; ".join(result.error_messages), remedy)
    valid = {key: value for key, value in result.validated_parameters.items() if value is not None}
    # What an earlier task read is what it is: Exchange holds values that nobody would be allowed to type here.
    given = [name for name in owned if name not in record.get("read_from_exchange", ())]
    fields.check(valid, given, told or (lambda name: f"{where}: {name}"))
    return valid


def _as_given(value: Any) -> Any:
    """Return a value without the None that AnsibleModule has put for what an item of a list leaves out."""
    if isinstance(value, list):
        return [_as_given(item) for item in value]
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


def refuse_missing(valid: Mapping[str, Any], required: Sequence[str], identity: str) -> None:
    """Raise InputError for the first option that neither the record nor the task gives."""
    for name in required:
        if valid.get(name) in (None, "", []):
            raise InputError(
                name,
                None,
                f"is missing for mailbox '{identity}'",
                _reader.where_to_set(name),
                "missing_option",
            )
