# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credential types and credentials as AWX checks and injects them (awx/main/fields.py, awx/main/models/credential.py).

Not modelled: fields that come from an external secret store, and managed types, whose injectors are code.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

NAME = re.compile(r"[a-zA-Z_]+[a-zA-Z0-9_]*")
FILE = re.compile(r"template(\.[a-zA-Z_]+[a-zA-Z0-9_]*)?")
FIELD_KEYS = {
    "type", "format", "choices", "id", "label", "help_text", "multiline", "secret", "ask_at_runtime", "default"
}  # fmt: skip
HIDDEN = "**********"
# The environment of a job that no credential may change (ENV_BLOCKLIST in awx/main/constants.py, in part).
FORBIDDEN = {"VIRTUAL_ENV", "PATH", "PYTHONPATH", "PROOT_TMP_DIR", "JOB_ID", "INVENTORY_ID", "AWX_HOST", "HOME"}


class Refused(Exception):
    """AWX answers with HTTP 400; the field, and why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def check_type(inputs: Mapping[str, Any], injectors: Mapping[str, Any]) -> None:
    """Refuse what AWX refuses of a custom credential type."""
    if set(inputs) - {"fields", "required"}:
        raise Refused("inputs", "Additional properties are not allowed")
    known = [_checked_field(field) for field in inputs.get("fields", [])]
    if len(set(known)) != len(known):
        raise Refused("inputs", "field IDs must be unique")
    if set(injectors) - {"env", "file", "extra_vars"}:
        raise Refused("injectors", "Additional properties are not allowed")
    namespace: dict[str, Any] = dict.fromkeys(known, "EXAMPLE")
    namespace["tower"] = SimpleNamespace(filename=_filenames(injectors.get("file", {})))
    for kind, templates in injectors.items():
        for name, template in templates.items():
            _check_injector(kind, name, template, namespace)


def _checked_field(field: dict[str, Any]) -> str:
    if set(field) - FIELD_KEYS or not {"id", "label"} <= set(field):
        raise Refused("inputs", f"{field} is not a field")
    if not NAME.fullmatch(field["id"]) or field["id"] in ("tower", "awx"):
        raise Refused("inputs", f"{field['id']} is an invalid variable name")
    kind = field.setdefault("type", "string")  # it is stored with what was missing
    if kind not in ("string", "boolean"):
        raise Refused("inputs", f"{kind} is not one of ['string', 'boolean']")
    if kind == "boolean" and {"choices", "multiline", "format", "secret"} & set(field):
        raise Refused("inputs", f"not allowed for boolean type ({field['id']})")
    choices = field.get("choices")
    if choices is not None and not (choices and all(isinstance(c, str) for c in choices)):
        raise Refused("inputs", f"{choices} is not a list of texts")
    return str(field["id"])


def _filenames(files: Mapping[str, str]) -> Any:
    if not all(FILE.fullmatch(name) for name in files):
        raise Refused("injectors", f"{list(files)} are not templates of files")
    if "template" in files and len(files) > 1:
        raise Refused("injectors", "Must use multi-file syntax when injecting multiple files")
    if "template" in files:
        return "EXAMPLE_FILENAME"
    return SimpleNamespace(**{name.split(".")[1]: "EXAMPLE_FILENAME" for name in files})


def _check_injector(kind: str, name: str, template: str, namespace: Mapping[str, Any]) -> None:
    if not isinstance(template, str):
        raise Refused("injectors", f"{name} is not a text")
    if kind == "env" and (not NAME.fullmatch(name) or name.startswith("ANSIBLE_") or name in FORBIDDEN):
        raise Refused("injectors", f"Environment variable {name} is not allowed to be used in credentials.")
    if kind == "env" and not template.isascii():
        raise Refused("injectors", f"{name} is not ASCII")
    try:
        ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template).render(namespace)
    except (UndefinedError, SecurityError, TemplateSyntaxError) as error:
        raise Refused("injectors", f"{name}: {error}") from None


def check_inputs(credential_type: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
    """Refuse what AWX refuses of a credential's inputs. What the type requires is asked for only when a job starts."""
    fields = {field["id"]: field for field in credential_type["inputs"].get("fields", [])}
    for name, value in inputs.items():
        if name not in fields:
            raise Refused("inputs", f"Additional properties are not allowed ('{name}' was unexpected)")
        if not isinstance(value, {"string": str, "boolean": bool}[fields[name]["type"]]):
            raise Refused("inputs", f"{name}: {value!r} is not of type '{fields[name]['type']}'")
        if "choices" in fields[name] and value not in fields[name]["choices"]:
            raise Refused("inputs", f"{name}: {value!r} is not one of {fields[name]['choices']}")


def secrets(credential_type: Mapping[str, Any]) -> set[str]:
    return {field["id"] for field in credential_type["inputs"].get("fields", []) if field.get("secret")}


def inject(
    credential_type: Mapping[str, Any], inputs: Mapping[str, Any], private_data_dir: Path, seen_as: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the environment that a credential adds to a job, and the one that AWX shows; write its files.

    ``seen_as`` is where the job, in its container, sees its directory.
    """
    namespace: dict[str, Any] = {"tower": SimpleNamespace()}
    shown: dict[str, Any] = {"tower": namespace["tower"]}
    hidden = secrets(credential_type)
    for name, value in inputs.items():
        if isinstance(value, bool) or len(value):
            namespace[name] = value
            shown[name] = HIDDEN if name in hidden else value
    for field in credential_type["inputs"].get("fields", []):
        if field["type"] == "boolean" and field["id"] not in inputs:
            namespace[field["id"]] = shown[field["id"]] = False
    injectors, sandbox = credential_type["injectors"], ImmutableSandboxedEnvironment()
    for label, template in injectors.get("file", {}).items():
        written = _written(sandbox.from_string(template).render(**namespace), private_data_dir / "env")
        path = str(seen_as / written.relative_to(private_data_dir))
        if "." not in label:
            namespace["tower"].filename = path
            continue
        if not hasattr(namespace["tower"], "filename"):
            namespace["tower"].filename = SimpleNamespace()
        setattr(namespace["tower"].filename, label.split(".")[1], path)
    templates = injectors.get("env", {}).items()
    environment = {name: sandbox.from_string(template).render(**namespace) for name, template in templates}
    return environment, {name: sandbox.from_string(template).render(**shown) for name, template in templates}


def _written(text: str, directory: Path) -> Path:
    handle, path = tempfile.mkstemp(dir=directory)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chmod(path, 0o660)
    return Path(path)
