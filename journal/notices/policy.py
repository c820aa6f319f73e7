"""What two people agreed on about notices, and what of it is in force for a patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from journal.actor import Actor
from journal.audit.acts import Act
from journal.audit.proven import iter_proven
from journal.care.links import Link
from journal.notices.documents import Terms
from journal.notices.lines import AgreedLine

_ACTS = (Act.NOTICES_AGREED, Act.NOTICES_ENDED)
_MARGIN = timedelta(seconds=1)  # a log may keep less of a second than a line does


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    What one care link holds about notices, as one of its two people sees it.

    `agreed` is in force, `proposed` waits for an answer. `is_mine`: whoever looks proposed it. `is_damaged`: it is not
    what was saved.
    """

    link: Link
    agreed: Terms | None = None
    proposed: Terms | None = None
    is_mine: bool = False
    is_damaged: bool = False
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """
    What is in force for a patient. `link` and `backup` are as they are now, None where they are in no team any more.

    `is_ended`: the one whom it names is in the care team no more.
    """

    line: AgreedLine
    terms: Terms | None
    link: Link | None
    backup: Link | None
    is_strange: bool = False

    @property
    def agreed_at(self) -> datetime | None:
        """Return when the second of both agreed."""
        return self.terms.agreed_on if self.terms else None


def is_weaker(new: AgreedLine, old: AgreedLine | None) -> bool:
    """Return whether *new* reaches fewer people, or later, than *old* does."""
    if old is None:
        return False
    if new.link != old.link or new.hours > old.hours:
        return True
    return old.backup is not None and new.backup != old.backup


def are_weaker(new: Terms, old: Terms | None) -> bool:
    """Return the same of terms over one care link, as its clinician reads them."""
    return old is not None and (new.hours > old.hours or old.backup not in ("", new.backup))


async def select_agreed(actor: Actor, closed: Sequence[Policy]) -> Policy | None:
    """
    Return the one that both agreed on last, of a patient's that cannot be opened any more; None where none was.

    What says so is gone with the care link, or damaged, and the log still knows when somebody agreed: to the latest
    line before that. So what was only proposed is in force for nobody, not for its backup either. Only events that the
    log proves count: one that storage put in or changed agrees to nothing, and ends nothing.

    Args:
        closed: The latest first.
    """
    if not closed:
        return None
    ended = set()
    async for event in iter_proven(actor.installation, actor.id, _ACTS):
        if event.action == Act.NOTICES_ENDED:
            ended.add(event.about)
            continue
        mine = (one for one in closed if one.line.link == event.about not in ended)
        return next((one for one in mine if one.line.at <= event.at + _MARGIN), None)
    return None
