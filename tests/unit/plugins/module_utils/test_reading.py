# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose object an identity means, also while objects change between two answers."""

from __future__ import annotations

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._reading import cloud_recipients

from tests.unit.plugins.module_utils.fakes import cloud_mail_user, cloud_mailbox, connect, guid_of, tenant

ANN = [{"identity": "ann@contoso.com"}]


def test_a_mailbox_that_leaves_between_two_answers_is_the_mail_user_that_it_became() -> None:
    with connect(tenant(cloud_mailbox("ann"), cloud_mail_user("ann"))) as connections:
        (found,) = cloud_recipients(connections, ANN)
    assert not isinstance(found, HybridError)
    assert (found["kind"], found["exchange_guid"]) == ("mail_user", guid_of("ann's mailbox"))


def test_two_objects_of_one_identity_are_told() -> None:
    another = cloud_mail_user("bob", UserPrincipalName="ann@contoso.com")
    with connect(tenant(cloud_mailbox("ann"), another)) as connections:
        (found,) = cloud_recipients(connections, ANN)
    assert isinstance(found, HybridError)
    assert found.code == "ambiguous"
    assert guid_of("ann in Entra") in found.message
    assert guid_of("bob in Entra") in found.message
