# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Argument specs of the connections: one dictionary option per system, each sub-option with its environment variable.

Automation controllers inject credentials through the environment; the fallbacks fire only with ``apply_defaults``
(facts ansible-behaviour.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.blanks import (
    from_environment,
    without_blanks,
)


def _options(prefix: str, **options: dict[str, Any]) -> dict[str, Any]:
    for name, spec in options.items():
        spec.setdefault("type", "str")
        spec["fallback"] = (from_environment, [f"{prefix}_{name.upper()}"])
    return {"type": "dict", "apply_defaults": True, "options": options}


# A fallback wins over nothing but an explicit value only when the option has no default: so defaults stand in the
# transports (and in the documentation), not here.
CONNECTIONS: dict[str, dict[str, Any]] = {
    "exchange_server": _options(
        "EXCHANGE_SERVER",
        host={},
        transport={"choices": ["psrp", "winrm"]},
        port={"type": "int"},
        auth={"choices": ["kerberos", "negotiate", "ntlm", "basic", "certificate"]},
        username={},
        password={"no_log": True},
        password_file={"type": "path", "no_log": False},
        use_tls={"type": "bool"},
        ca_file={"type": "path"},
        validate_certs={"type": "bool"},
        allow_unencrypted={"type": "bool"},
        certificate_path={"type": "path"},
        certificate_key_path={"type": "path", "no_log": False},
        kerberos_delegation={"type": "bool"},
        domain_controller={"type": "list", "elements": "str"},
        sessions={"type": "int"},
        account_sessions={"type": "int"},
        operation_timeout={"type": "int"},
        read_timeout={"type": "int"},
        idle_timeout={"type": "int"},
        cmdlet_timeout={"type": "int"},
        negotiate_service={},
        negotiate_hostname_override={},
        proxy={"no_log": True},
    ),
    "exchange_online": _options(
        "EXCHANGE_ONLINE",
        interface={"choices": ["rest", "powershell"]},
        pwsh_path={"type": "path"},
        tenant_id={},
        client_id={},
        certificate_path={"type": "path"},
        certificate_password={"no_log": True},
        client_secret={"no_log": True},
        managed_identity={"type": "bool"},
        federated_token_file={"type": "path", "no_log": False},
        access_token={"no_log": True},
        environment={"choices": ["commercial", "gcc_high", "dod", "china"]},
        base_url={},
        authority={},
        resource={},
        ca_file={"type": "path"},
        validate_certs={"type": "bool"},
        # A proxy's URL may carry its password.
        proxy={"no_log": True},
        concurrency={"type": "int"},
        page_size={"type": "int"},
        timeout={"type": "int"},
        experimental_rest_credential={"type": "bool"},
        graph={"type": "bool"},
        graph_base_url={},
    ),
    "entra_connect": _options(
        "ENTRA_CONNECT",
        host={},
        port={"type": "int"},
        auth={"choices": ["kerberos", "ntlm", "basic", "certificate"]},
        username={},
        password={"no_log": True},
        password_file={"type": "path", "no_log": False},
        certificate_path={"type": "path"},
        certificate_key_path={"type": "path", "no_log": False},
        use_tls={"type": "bool"},
        ca_file={"type": "path"},
        validate_certs={"type": "bool"},
        cmdlet_timeout={"type": "int"},
        proxy={"no_log": True},
    ),
    "active_directory": _options(
        "ACTIVE_DIRECTORY",
        host={},
        port={"type": "int"},
        global_catalog_port={"type": "int"},
        auth={"choices": ["kerberos", "ntlm", "simple"]},
        username={},
        password={"no_log": True},
        password_file={"type": "path", "no_log": False},
        ca_file={"type": "path"},
        validate_certs={"type": "bool"},
        base={},
        timeout={"type": "int"},
        negotiate_hostname_override={},
    ),
}
REMOTE_CREDENTIAL: dict[str, Any] = {
    "type": "dict",
    "apply_defaults": True,
    "options": {
        "username": {"type": "str", "fallback": (from_environment, ["REMOTE_CREDENTIAL_USERNAME"])},
        "password": {"type": "str", "no_log": True, "fallback": (from_environment, ["REMOTE_CREDENTIAL_PASSWORD"])},
    },
}
MEMORY: dict[str, dict[str, Any]] = {"memory": {"type": "str", "fallback": (from_environment, ["OFFBOARDING_MEMORY"])}}
JOURNAL: dict[str, dict[str, Any]] = {
    "journal": {"type": "path", "fallback": (from_environment, ["OFFBOARDING_JOURNAL"])},
    "journal_run_id": {"type": "str", "fallback": (from_environment, ["OFFBOARDING_RUN_ID"])},
    "journal_host": {"type": "str"},
}


def options_of(owner: str, spec: Mapping[str, dict[str, Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a plugin that is no module, checked as a module's are; the environment fills gaps."""
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

    result = ArgumentSpecValidator(spec).validate(without_blanks({**dict.fromkeys(spec), **given}, spec))
    if result.error_messages:
        raise InputError(owner, None, "; ".join(result.error_messages), "Correct the option.")
    found: dict[str, Any] = result.validated_parameters
    return found
