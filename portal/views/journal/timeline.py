"""Entries under the sessions that they belong to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from starlette.requests import Request

from journal.actor import Actor
from journal.entries.listing import EntrySummary
from journal.entries.naming import EntryName
from journal.i18n import N_, get_known_language
from journal.sessions import schedule
from journal.sessions.day_state import Progress, get_progress
from journal.sessions.rows import Plan, Session
from journal.sharing.recipients import Reader, Readers
from portal.access.session_cookie import get_actor
from portal.views.sessions.plan_layout import PlanLayout, TimelineSession, build_layout
from portal.views.sessions.session_lines import PROGRESS_LABELS
from portal.web.cached_macros import RenderedHtml, join_rendered
from portal.web.dates import format_long_day, format_moment, format_short_day_of
from portal.web.entry_names import translate_own_title
from portal.web.pages import build_entry_formatter, get_macro_cache, get_translator
from portal.web.translation import get_language

FINAL = frozenset({Progress.DONE, Progress.CANCELLED, Progress.UNCONFIRMED})
"""What stays as it is once the day of the session is past, until the plan changes."""
SPINE_MACROS, CHIP_MACROS = "macros/spine.html", "macros/readers.html"


class TimelineLine(msgspec.Struct, frozen=True, gc=False):
    """
    An entry in a list: never more of it than its name.

    `kind` and `day` are written out, where they are known; `id` is as addresses write it, empty where it has none.
    `language` is that of a title, where it is known.
    """

    id: str
    name: str
    kind: str
    day: str
    readers: tuple[Reader, ...]
    language: str


@dataclass(frozen=True, slots=True)
class TimelinePeriod:
    """A part of the timeline: from `newest` (None: the present) back to `oldest` (None: the beginning)."""

    newest: datetime | None
    oldest: datetime | None


class TimelineRenderer:
    """Renders the lines of one page."""

    __slots__ = ("_", "_format_name", "_language", "_layout", "_macros", "actor", "zone")

    def __init__(self, request: Request, plan: Plan | None) -> None:
        """Prepare for a page; without a plan, entries are named by kind and day."""
        self._macros = get_macro_cache(request)
        self.actor: Actor = get_actor(request)
        self.zone = self.actor.zone
        self._: Callable[[str], str] = get_translator(request)
        self._language = get_language()
        self._format_name = build_entry_formatter(request, self.zone)
        self._layout = self._load_layout(plan) if plan is not None else build_layout((), self.zone, self._)

    def build_line(self, entry: EntrySummary, readers: Readers) -> TimelineLine:
        """Return an entry's line of a list."""
        day, kind, ident, name = self._get_texts(entry, self._find_session(entry))
        return TimelineLine(ident, name, kind, day, readers.get(entry.id, ()), self._find_language(entry))

    def _find_session(self, entry: EntrySummary) -> Session | None:
        return self._layout.assignment.find_session_of(entry.kind, entry.session_id, entry.created)

    def _get_texts(self, entry: EntrySummary, post: Session | None) -> tuple[str, str, str, str]:
        """Return the day, kind, id and name for a list of an entry that belongs to *post*."""
        if entry.damaged:
            day = format_short_day_of(entry.created, self.zone) if entry.is_dated else ""
            return day, "", entry.id if entry.has_address else "", self._(entry.title)
        own = translate_own_title(entry.kind, entry.title, self._)
        name = own or entry.title or self._name_entry(entry, post)
        return format_short_day_of(entry.created, self.zone), self._layout.kinds[entry.kind], entry.id, name

    def _find_language(self, entry: EntrySummary) -> str:
        """Return the language of a title that is not the page's; nothing for any other."""
        if not entry.title or entry.damaged or entry.language == self._language:
            return ""
        is_own = translate_own_title(entry.kind, entry.title, self._)
        return "" if is_own else get_known_language(entry.language)

    def _name_entry(self, entry: EntrySummary, post: Session | None) -> str:
        """Return what an entry without a title is called; of one session, those of one kind are called the same."""
        if post is None:
            return self._format_name(EntryName("", entry.kind, None, entry.created_at))
        session = self._layout.by_id[post.id.int]
        name = session.entry_names.get(entry.kind)
        if name is None:
            name = self._format_name(EntryName("", entry.kind, session.named, entry.created_at))
            session.entry_names[entry.kind] = name
        return name

    def render_spine(
        self, entries: Sequence[EntrySummary], readers: Readers, period: TimelinePeriod | None
    ) -> RenderedHtml:
        """
        Render entries under the sessions that they belong to.

        Returns:
            The latest session first. One without entries is there when it falls into *period*, if there is one;
            the next one is, when that begins at the present.
        """
        layout, now = self._layout, self.actor.now
        under_way = max(0, bisect_right(layout.times, now) - 1)
        coming = next(
            (one for one in layout.assignable[under_way:] if schedule.list_upcoming([one.session], now)), None
        )
        hung: dict[int | None, list[RenderedHtml]] = {
            one.session.id.int: []
            for one in layout.assignable
            if period is not None and _is_visible(one, coming, now, period)
        }
        posts = [self._find_session(entry) for entry in entries]
        for post, its in zip(posts, self._render_entries(entries, posts, readers), strict=True):
            hung.setdefault(post.id.int if post else None, []).append(its)
        drawn: list[RenderedHtml] = []
        today = format_long_day(now, self.zone)
        for one in layout.latest_first:
            if (lines := hung.get(one.session.id.int)) is not None:
                drawn.append(self._render_session(one, today, one is coming))
                drawn += lines
        if None in hung:
            if drawn:
                drawn.append(self._macros.get_macro(SPINE_MACROS, "before_all")())
            drawn += hung[None]
        return join_rendered(drawn)

    def _load_layout(self, plan: Plan) -> PlanLayout:
        """Return the layout of a plan, which is remembered for a time zone."""
        memory = self.actor.installation.server_keys.document_cache
        key = (PlanLayout, get_language(), self.actor.time_zone, plan.cache_key)
        found: PlanLayout | None = memory.get(key)
        if found is None:
            found = build_layout(plan, self.zone, self._)
            if not plan.damaged:
                memory.put(key, found)
        return found

    def _render_entries(
        self, entries: Sequence[EntrySummary], posts: Sequence[Session | None], readers: Readers
    ) -> list[RenderedHtml]:
        """Render entries of these sessions; the readers are rendered once for all entries with the same ones."""
        shared, paused, outdated = (
            self._macros.get_macro(CHIP_MACROS, name)
            for name in ("chip_shared", "chip_paused", "chip_outdated")
        )

        def render_chip(one: Reader) -> RenderedHtml:
            if one.version is None or one.paused:
                return (paused if one.paused else shared)(one.name)
            return outdated(one.name, format_moment(one.version, self.zone))

        chips: dict[tuple[Reader, ...], RenderedHtml] = {
            (): self._macros.get_macro(CHIP_MACROS, "chip_private")()
        }

        for several in set(readers.values()):
            chips[several] = join_rendered([render_chip(one) for one in several])
        rows: dict[str, list[tuple[str, ...]]] = {"entry": [], "entry_in": []}
        order = []
        for entry, post in zip(entries, posts, strict=True):
            day, kind, ident, name = self._get_texts(entry, post)
            language, its = self._find_language(entry), chips[readers.get(entry.id, ())]
            order.append("entry_in" if language else "entry")
            said = (language, name) if language else (name,)
            rows[order[-1]].append((day, kind, ident, *said, its))
        drawn = {
            macro: iter(self._macros.get_macro(SPINE_MACROS, macro).render_each(some))
            for macro, some in rows.items()
        }
        return [next(drawn[macro]) for macro in order]

    def _render_session(self, one: TimelineSession, today: str, coming: bool) -> RenderedHtml:
        if one.settled and one.settled[0][0] <= self.actor.now:
            return one.settled[0][1]
        progress = get_progress(one.session, self.actor.now)
        label = PROGRESS_LABELS[progress]
        if progress in (Progress.PLANNED, Progress.DONE) and one.day == today:
            label = N_("today")
        elif progress is Progress.PLANNED and coming:
            label = N_("next")
        drawn = one.rendered.get((progress, label))
        if drawn is None:
            draw, state = (
                self._macros.get_macro(SPINE_MACROS, "session"),
                "" if progress is Progress.DONE else progress.value,
            )
            said = self._(label) if label else ""
            drawn = one.rendered[progress, label] = draw(
                one.kind, state, one.day, said, str(one.session.id), one.label
            )
        if progress in FINAL and one.session.starts_at < self.actor.now and one.day != today:
            one.settled[:] = [(self.actor.now, drawn)]
        return drawn


def _is_visible(
    one: TimelineSession, coming: TimelineSession | None, now: datetime, period: TimelinePeriod
) -> bool:
    if one is coming:
        return period.newest is None
    begun = one.begins_at <= (period.newest or now)
    return begun and (period.oldest is None or one.begins_at >= period.oldest)
