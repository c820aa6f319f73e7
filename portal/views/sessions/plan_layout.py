"""A plan laid out for the timeline: what of it is the same for every page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from journal.catalogue.fields import EntryKind
from journal.entries.assignment import SessionAssignment
from journal.entries.naming import NamedSession, name_sessions
from journal.i18n import N_
from journal.sessions.day_state import Progress
from journal.sessions.rows import Session
from journal.sessions.session import SessionKind, Status
from portal.web.cached_macros import RenderedHtml
from portal.web.dates import format_long_day
from portal.web.entry_names import get_ordinal


class TimelineSession(msgspec.Struct, frozen=True):
    """
    A session on the spine, so far as that follows from the plan alone; `label` and `day` are written out.

    `rendered` is how it looks, by its progress and the untranslated word beside its day; there are a few. So are
    there of `entry_names`: what entries without a title are called that belong to it, by their kind. `settled` has how
    it looks from a moment on, once that changes only with the plan.
    """

    session: Session
    begins_at: datetime
    kind: str
    label: str
    day: str
    is_cancelled: bool
    rendered: dict[tuple[Progress, str], RenderedHtml]
    settled: list[tuple[datetime, RenderedHtml]]
    named: NamedSession
    entry_names: dict[str, str]


class PlanLayout(msgspec.Struct, frozen=True):
    """
    A plan laid out in a time zone.

    `kinds` are what entries of each kind are called. `assignable` are the sessions that entries hang on by themselves,
    in the order of their `times`.
    """

    latest_first: tuple[TimelineSession, ...]
    by_id: dict[int, TimelineSession]
    kinds: Mapping[str, str]
    assignable: tuple[TimelineSession, ...]
    times: tuple[datetime, ...]
    assignment: SessionAssignment[Session]


def build_layout(plan: Sequence[Session], zone: ZoneInfo, translate: Callable[[str], str]) -> PlanLayout:
    """Return the layout of a plan in a time zone."""
    named, laid = name_sessions(plan), []
    for one in sorted(plan, key=lambda one: one.begins_at):
        name = named[one.id]
        label, kind = translate(name.kind.label), name.kind
        if kind is SessionKind.DOSING and (nth := get_ordinal(name.number)):
            label = translate(N_("%(nth)s dosing session")) % {"nth": translate(nth)}
        cancelled = one.status is Status.CANCELLED
        day = format_long_day(one.starts_at, zone)
        laid.append(TimelineSession(one, one.begins_at, kind.value, label, day, cancelled, {}, [], name, {}))
    posts = [
        one for one in laid if not one.is_cancelled and one.named.kind is not SessionKind.MEDICAL_CHECKIN
    ]
    return PlanLayout(
        tuple(reversed(laid)),
        {one.session.id.int: one for one in laid},
        _translate_kinds(translate),
        tuple(posts),
        tuple(one.begins_at for one in posts),
        SessionAssignment(plan),
    )


@lru_cache(maxsize=8)  # the languages
def _translate_kinds(translate: Callable[[str], str]) -> Mapping[str, str]:
    return {kind.value: translate(kind.label) for kind in EntryKind}
