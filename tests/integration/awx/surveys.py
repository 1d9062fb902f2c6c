# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Surveys as AWX checks them, and the extra variables that come of the answers (awx/main/models/mixins.py).

Not modelled: passwords as answers, which the kit does not ask for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

TYPES: Mapping[str, Any] = {
    "text": str, "textarea": str, "multiplechoice": str, "multiselect": str, "integer": int, "float": float
}  # fmt: skip


def spec_error(spec: Mapping[str, Any]) -> str | None:
    """Return why AWX refuses this survey, if it does."""
    for field, kind in {"name": str, "description": str, "spec": list}.items():
        if not isinstance(spec.get(field), kind):
            return f"Field '{field}' is missing from survey spec."
    if not spec["spec"]:
        return "'spec' doesn't contain any items."
    variables = [question.get("variable") for question in spec["spec"]]
    if len(set(variables)) != len(variables):
        return "'variable' duplicated in survey question."
    return next((error for question in spec["spec"] if (error := _question_error(question))), None)


def _question_error(question: Mapping[str, Any]) -> str | None:
    for field in ("type", "question_name", "variable", "required"):
        if not isinstance(question.get(field), bool if field == "required" else str):
            return f"'{field}' missing from survey question, or not of its type: {question}"
    kind, default = question["type"], question.get("default", "")
    if kind not in TYPES:
        return f"'{kind}' in survey question is not one of the allowed question types."
    if default != "" and not isinstance(default, TYPES[kind]):
        return f"Default value {default} in survey question expected to be {kind}."
    if not all(isinstance(question.get(limit, 0), int) for limit in ("min", "max")):
        return "The min or max limit in survey question expected to be integer."
    if kind in ("multiplechoice", "multiselect"):
        if "choices" not in question:
            return f"Survey question of type {kind} must specify choices."
        if any(item not in choices(question) for item in default.splitlines()):
            return "Default choice must be answered from the choices listed."
    return None


def choices(question: Mapping[str, Any]) -> Sequence[str]:
    given = question["choices"]
    return [line for line in given.splitlines() if line.strip()] if isinstance(given, str) else list(given)


def answer_error(question: Mapping[str, Any], answers: Mapping[str, Any]) -> str | None:
    """Return why AWX refuses the answer to this question, if it does."""
    variable, kind = question["variable"], question["type"]
    if variable not in answers:
        return f"'{variable}' value missing" if question["required"] else None
    value = answers[variable]
    if kind in ("text", "textarea") and not isinstance(value, str):
        return f"Value {value} for '{variable}' expected to be a string."
    if kind == "integer" and (isinstance(value, bool) or not isinstance(value, int)):
        return f"Value {value} for '{variable}' expected to be an integer."
    size = len(value) if kind in ("text", "textarea") else value
    if kind in ("text", "textarea", "integer"):
        if question.get("min") not in ("", None) and size < question["min"]:
            return f"'{variable}' value {value} is too small."
        if question.get("max") not in ("", None) and size > question["max"]:
            return f"'{variable}' value {value} is too large."
    if kind == "multiplechoice" and value not in choices(question):
        return f"Value {value} for '{variable}' expected to be one of {choices(question)}."
    return None


def split(
    template: Mapping[str, Any], spec: Mapping[str, Any], given: Mapping[str, Any], required: bool = True
) -> tuple[dict[str, Any], list[str]]:
    """Return the variables that a template accepts at its launch, and the errors of the others."""
    questions = spec.get("spec", []) if template["survey_enabled"] else []
    errors = [error for question in questions if (error := answer_error(question, given))]
    if not required:
        errors = [error for error in errors if not error.endswith("value missing")]
    asked = {question["variable"] for question in questions}
    accepted = {name: value for name, value in given.items() if name in asked or template["ask_variables_on_launch"]}
    left = set(given) - set(accepted)
    if left:
        errors.append(f"Variables {', '.join(sorted(left))} are not allowed on launch.")
    return accepted, errors


def variables(spec: Mapping[str, Any], own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job's extra variables: the template's, over them its survey's defaults, over them what was given."""
    questions = spec.get("spec", [])
    defaults = {q["variable"]: q["default"] for q in questions if q.get("default") is not None}
    valid = {q["variable"] for q in questions if not answer_error(q, defaults)}
    return {**own, **{name: value for name, value in defaults.items() if name in valid}, **given}
