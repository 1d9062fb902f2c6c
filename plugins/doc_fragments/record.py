# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of one mailbox that several modules take in the same sense; each variant is a group of them."""

    ON_PREMISES_USER = r"""
options:
  ad_identity:
    description:
      - The on-premises user - its user principal name, objectGUID or distinguished name.
      - Defaults to the record's C(user_principal_name), or to O(identity) if there is none.
    type: str
  user_principal_name:
    description:
      - The cloud user's user principal name. M(mailops.exchange_hybrid.mailbox_info) returns it.
    type: str
"""

    JUDGED = r"""
options:
  ad_identity:
    description:
      - The on-premises user - its user principal name, objectGUID or distinguished name.
    type: str
  primary_only:
    description:
      - Whether only the primary mailbox moves. Together with O(archive_domain) it determines where the archive goes.
    type: bool
  archive_domain:
    description:
      - Domain of the archive that stays in the cloud.
    type: str
  remote_target_database:
    description:
      - On-premises database that the mailbox moves to. It must exist.
    type: str
  remote_archive_target_database:
    description:
      - On-premises database that the archive moves to. It must exist.
    type: str
  external_email_address:
    description:
      - The routing address of the mailbox. It can be set instead of O(routing_domain).
    type: str
"""

    EXCHANGE_GUID = r"""
options:
  exchange_guid:
    description:
      - ExchangeGuid of the cloud mailbox. If not set, it is looked up in Exchange Online.
    type: str
"""

    MOVED = r"""
options:
  remote_archive_target_database:
    description:
      - On-premises database that the archive moves to.
    type: str
  archive_domain:
    description:
      - Domain of the archive that stays in the cloud. Used with O(primary_only=true).
    type: str
  primary_only:
    description:
      - Whether only the primary mailbox moves.
    type: bool
  archive_only:
    description:
      - Whether only the archive moves.
    type: bool
  complete_after:
    description:
      - Earliest time of completion, UTC unless it has a time zone. Required for O(cutover=at).
      - With O(state=completed), a time in the future schedules the completion. A time in the past, or none, means now.
    type: str
"""

    SHOW_PROGRESS = r"""
options:
  show_progress:
    description:
      - Whether progress lines are shown while the task waits. They are written to standard output together with the
        results, or to standard error if the callback writes a document, such as C(ansible.posix.json).
    type: bool
    default: true
"""
