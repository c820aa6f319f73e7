"""Choose the one next thing of a clinician's: a notice that waits, else the next talk, else what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from journal.notices.inbox import OpenNotice
from journal.sharing.caseload import Case

TALK_NEAR = timedelta(days=7)
"""How far ahead the next talk is what is next; until then, what is new comes before it."""


class DeskKind(StrEnum):
    """What can be next at a clinician's desk; of several, the first of these comes first."""

    NOTICE = "notice"
    TALK = "talk"
    NEW = "new"
    LATER_TALK = "later-talk"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class DeskThing:
    """The one next thing: `case` is whom it is about, with their next talk, and `notice` one that waits."""

    kind: DeskKind
    case: Case | None = None
    notice: OpenNotice | None = None


def choose_for_desk(cases: Sequence[Case], notices: Sequence[OpenNotice], now: datetime) -> DeskThing:
    """
    Return the one next thing.

    Of several patients with something new, the one who is met first comes first.
    """
    if notices:
        return DeskThing(DeskKind.NOTICE, notice=notices[0])
    talks = [(case.talk.begins_at, case.talk.id, case) for case in cases if case.trusted and case.talk]
    at, _, met = min(talks, default=(None, None, None))
    if at is not None and at - now < TALK_NEAR:
        return DeskThing(DeskKind.TALK, met)
    new = next((case for case in cases if case.unread), None)
    if new is not None:
        return DeskThing(DeskKind.NEW, new)
    return DeskThing(DeskKind.LATER_TALK, met) if met is not None else DeskThing(DeskKind.NOTHING)
