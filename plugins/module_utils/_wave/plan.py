# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What one mailbox needs, and what was done about it so far: all that a plan says and all that it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.fields import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import OnPremisesRecipient, Predicted

# A kind of organization, and the cmdlet that it runs.
Call = tuple[str, Cmdlet]


@dataclass(frozen=True)
class Note:
    """One half-made user. ``wanted`` are the attributes of the Set-MailUser that makes it whole, ``before`` those of
    the plain user that Enable-MailUser and Disable-MailUser overwrite."""

    identity: str
    guid: str
    wanted: OnPremisesRecipient
    before: OnPremisesRecipient = field(default_factory=OnPremisesRecipient)
    holder: str = ""
    since: str = ""


@dataclass(frozen=True)
class Plan:
    """What one mailbox needs. ``calls`` are made in order; none means nothing to do.

    ``before`` and ``after`` hold only the attributes that change. ``predicted`` is, per part of a record (on_premises,
    cloud, move_request), what a preview's later steps shall find. ``status`` overrides ``unchanged`` for a mailbox that
    has nothing to write but is not finished either. ``told`` explains, in result and diff, what no attribute shows; the
    journal does without it. ``of_call`` names the call, by its place, that changes an attribute which no parameter is
    named after. ``half_made`` is written down before the first call, where what
    stands between two calls would do harm.
    """

    calls: tuple[Call, ...] = ()
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)
    predicted: Predicted = field(default_factory=Predicted)
    enriched: Record = field(default_factory=Record)
    details: dict[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    status: str = ""
    told: Mapping[str, object] = field(default_factory=dict)
    of_call: Mapping[str, int] = field(default_factory=dict)
    half_made: Note | None = None


@dataclass(frozen=True)
class Attempt:
    """What this run has sent to one mailbox, and what came of it.

    ``sent`` are all calls in order, ``answered`` is how many of them went through. ``error`` is what ended the last
    sending early.
    """

    sent: tuple[Call, ...] = ()
    answered: int = 0
    error: HybridError | None = None

    @property
    def begun(self) -> bool:
        return bool(self.sent) or self.error is not None

    @property
    def answer_lost(self) -> bool:
        return self.error is not None and self.error.answer_lost

    @property
    def again(self) -> bool:
        """Tell whether to send what is missing once more.

        After a lost answer; and where a call was refused for the moment that follows on one which went through.
        """
        return self.answer_lost or (self.error is not None and self.error.retryable and self.answered > 0)

    def has_sent(self, cmdlet: str, parameter: str = "") -> bool:
        """Tell whether a cmdlet, with this parameter where one is named, was sent, whatever came of it."""
        return any(call.name == cmdlet and (not parameter or parameter in call.parameters) for _kind, call in self.sent)


NOTHING_SENT = Attempt()
