"""Entries hung on the dates of the sessions that they belong to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request

from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.entries.belonging import Belonging
from journal.entries.listing import Listed
from journal.i18n import N_
from journal.sessions import schedule
from journal.sessions.rows import Plan, Session
from journal.sessions.session import SessionKind, Status
from journal.sharing.recipients import Reader, Readers
from portal.access.session_cookie import actor_of
from portal.views.sessions.session_lines import nth_of
from portal.web.pages import long_day, piece, short_day, translator
from portal.web.pieces import Drawn, joined
from portal.web.translation import LANGUAGE

SPINE, CHIPS = "macros/spine.html", "macros/entries.html"


class Line(msgspec.Struct, frozen=True):
    """
    An entry in a list: never more of it than its title.

    `kind` and `day` are written out, where they are known; `id` is as addresses write it, empty where it has none.
    """

    id: str
    title: str
    kind: str
    day: str
    readers: tuple[Reader, ...]


class Post(msgspec.Struct, frozen=True):
    """
    A session on the spine, so far as that follows from the plan alone; `label` and `day` are written out.

    `drawn` is how it looks, by its state and the word beside its day; there are a few of each.
    """

    session: Session
    starts_at: datetime
    kind: str
    label: str
    day: str
    is_cancelled: bool
    drawn: dict[tuple[str, str], Drawn]


class Layout(msgspec.Struct, frozen=True):
    """
    A plan laid out in a time zone.

    `posts` are the sessions that entries hang on by themselves, in the order of their `times`.
    """

    latest_first: tuple[Post, ...]
    posts: tuple[Post, ...]
    times: tuple[datetime, ...]
    belonging: Belonging[Session]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the timeline: from `newest` (None: the present) back to `oldest` (None: the beginning)."""

    newest: datetime | None
    oldest: datetime | None


class Timeline:
    """
    What every line of one page has in common.

    Lists are long and words few: they are translated once here, where a page would do it for every line.
    """

    __slots__ = ("_", "actor", "kinds", "request", "zone")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.actor: Actor = actor_of(request)
        self.zone = self.actor.zone
        self._: Callable[[str], str] = translator(request)
        self.kinds = {kind.value: self._(kind.label) for kind in EntryKind}

    def line(self, entry: Listed, readers: Readers) -> Line:
        """Lay an entry out for a list."""
        day, kind, ident, title = self._words(entry)
        return Line(ident, title, kind, day, readers.get(entry.id, ()))

    def _words(self, entry: Listed) -> tuple[str, str, str, str]:
        """Return what a list says of an entry: day, kind, id and title."""
        if entry.damaged:
            day = short_day(entry.created_at, self.zone) if entry.is_dated else ""
            return day, "", entry.id if entry.has_address else "", self._(entry.title)
        return short_day(entry.created_at, self.zone), self.kinds[entry.kind], entry.id, entry.title

    def spine(self, entries: Sequence[Listed], plan: Plan, readers: Readers, stretch: Stretch) -> Drawn:
        """
        Hang entries on the sessions that they belong to.

        Returns:
            The latest session first. One without entries is there when it falls into *stretch*; the next one
            is, when that begins at the present.
        """
        layout, now = self._layout(plan), self.actor.now
        under_way = max(0, bisect_right(layout.times, now) - 1)
        coming = next((one for one in layout.posts[under_way:] if schedule.ahead([one.session], now)), None)
        hung: dict[UUID | None, list[Drawn]] = {
            one.session.id: [] for one in layout.posts if _falls_into(one, coming, now, stretch)
        }
        for entry, its in zip(entries, self._entries(entries, readers), strict=True):
            post = layout.belonging.session_of(entry.kind, entry.session_id, entry.created_at)
            hung.setdefault(post.id if post else None, []).append(its)
        drawn: list[Drawn] = []
        today = long_day(now, self.zone)
        for one in layout.latest_first:
            if (lines := hung.get(one.session.id)) is not None:
                drawn.append(self._session(one, today, one is coming))
                drawn += lines
        if None in hung:
            if drawn:
                drawn.append(piece(self.request, SPINE, "before_all")())
            drawn += hung[None]
        return joined(drawn)

    def _layout(self, plan: Plan) -> Layout:
        """Lay a plan out; the very same one is laid out once for a time zone."""
        memory = self.actor.house.server.opened
        key = (Layout, LANGUAGE, self.actor.time_zone, *plan.follows_from)
        found: Layout | None = memory.get(key)
        if found is None:
            found = _lay_out(plan, self.zone, self._)
            if not plan.damaged:
                memory.keep(key, found)
        return found

    def _entries(self, entries: Sequence[Listed], readers: Readers) -> list[Drawn]:
        """Draw entries; who can read them is drawn once for all that the same people can."""
        shared, paused = (piece(self.request, CHIPS, name) for name in ("chip_shared", "chip_paused"))
        chips: dict[tuple[Reader, ...], Drawn] = {(): piece(self.request, CHIPS, "chip_private")()}

        for several in set(readers.values()):
            chips[several] = joined([(paused if one.paused else shared)(one.name) for one in several])
        return piece(self.request, SPINE, "entry").each(
            [(*self._words(entry), chips[readers.get(entry.id, ())]) for entry in entries]
        )

    def _session(self, one: Post, today: str, coming: bool) -> Drawn:
        planned, said = one.starts_at > self.actor.now, ""
        if one.is_cancelled:
            said = self._(N_("cancelled"))
        elif one.day == today:
            said = self._(N_("today"))
        elif coming:
            said = self._(N_("next"))
        elif planned:
            said = self._(N_("planned"))
        state = "cancelled" if one.is_cancelled else "planned" if planned else ""
        drawn = one.drawn.get((state, said))
        if drawn is None:
            draw = piece(self.request, SPINE, "session")
            drawn = one.drawn[state, said] = draw(
                one.kind, state, one.day, said, str(one.session.id), one.label
            )
        return drawn


def _lay_out(plan: Plan, zone: ZoneInfo, translate: Callable[[str], str]) -> Layout:
    numbers, laid = schedule.numbers(plan), []
    for one in plan:
        label, kind = translate(one.kind.label), one.kind
        if kind is SessionKind.DOSING and (nth := nth_of(numbers.get(one.id))):
            label = translate(N_("%(nth)s dosing session")) % {"nth": translate(nth)}
        cancelled = one.status is Status.CANCELLED
        laid.append(Post(one, one.starts_at, kind.value, label, long_day(one.starts_at, zone), cancelled, {}))
    posts = [
        one for one in laid if not one.is_cancelled and one.session.kind is not SessionKind.MEDICAL_CHECKIN
    ]
    return Layout(tuple(reversed(laid)), tuple(posts), tuple(one.starts_at for one in posts), Belonging(plan))


def _falls_into(one: Post, coming: Post | None, now: datetime, stretch: Stretch) -> bool:
    if one is coming:
        return stretch.newest is None
    begun = one.starts_at <= (stretch.newest or now)
    return begun and (stretch.oldest is None or one.starts_at >= stretch.oldest)
