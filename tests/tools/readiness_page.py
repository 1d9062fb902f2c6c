# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints the checks of the readiness report: ``python tests/tools/readiness_page.py > docs/readiness.md``."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import (
    ALL,
    ENVIRONMENT,
    FINAL,
    MAILBOX,
    SEVERITIES,
    ReadinessCheck,
)

HEAD = """# What is checked before a wave

Written by `tests/tools/readiness_page.py` from `plugins/module_utils/_check_catalogue.py`; change it there.

```
ansible-playbook mailops.exchange_hybrid.readiness -e @vars.yml \\
  -e offboarding_csv=/srv/wave.csv -e offboarding_directory=/srv/offboarding
```

takes the variables of the role and writes nothing to any organization. It leaves `readiness.json`, `readiness.csv` and
the HTML report `report.html` in `offboarding_directory` and fails when a blocker stands
(`offboarding_fail_on: blocker | warning | never`). The whole wave is checked, whatever `offboarding_only` says, and
hosts that are waves (`offboarding_hosts`) are checked as one.

- **blocker**: the move would fail or do harm. `offboarding_accept: [code, ...]` goes on nevertheless, by name; the
  codes marked *final* cannot be accepted, because nobody would know how to go on.
- **warning**: look at it. **info**: know it.
- **not_checked**: nothing answered. That is never a pass, and never fails the playbook. Any check below becomes
  not_checked when its channel is silent: a role is missing, a connection is not configured.

The role runs the same checks: with `offboarding_readiness: true` (its default) it stops a mailbox before its first
write for each of its blockers here, under the same code. Some are left to this playbook, before the wave:
size_exceeds_quota and database_space, which take a call for each mailbox; mrs_proxy_disabled, ews_wssecurity_disabled
and ews_windows_authentication_disabled, which take the metabase of every server; and endpoint_test_failed, which
Exchange Online allows from time to time only. A move that one of them stands against fails, and nothing is lost by it:
mend the cause and run the role again.

Three channels are optional: `entra_connect`, `active_directory` (LDAPS, or LDAP sealed with Kerberos or NTLM; any
account of the domain; one domain controller answers for its own domain) and Microsoft Graph
(`exchange_online.graph: true`).

`readiness.json` holds `version` (1), `generated_at` (UTC), `summary`, `environment` (findings) and `mailboxes`: each
with `identity`, `ready`, `state`, `beginning`, `recipient_type_details`, `remote_target_database`, `total_size`
(bytes or null) and `findings`. A finding has `code`, `severity`, `mailbox` (empty for the environment), `found`,
`why`, `remedy`, `source` and `accepted`.
"""
TITLES = {ENVIRONMENT: "The environment", MAILBOX: "Each mailbox"}
COLUMNS = "| code | severity | question | why | what to do | channel | source |\n|---|---|---|---|---|---|---|\n"


def page(checks: Iterable[ReadinessCheck]) -> str:
    """Return the whole page."""
    known = list(checks)
    parts = [HEAD]
    for scope, title in TITLES.items():
        rows = sorted((c for c in known if c.scope == scope), key=lambda c: SEVERITIES.index(c.severity))
        parts.append(f"\n## {title}\n\n{COLUMNS}" + "".join(f"| {' | '.join(_cells(c))} |\n" for c in rows))
    return "".join(parts)


def _cells(check: ReadinessCheck) -> list[str]:
    severity = check.severity + (", final" if check.code in FINAL else "")
    remedy = check.remedy or check.channel_remedy
    cells = [f"`{check.code}`", severity, check.question, check.why, remedy, check.channel, check.source]
    return [cell.replace("|", "\\|") for cell in cells]


if __name__ == "__main__":
    print(page(ALL), end="")
