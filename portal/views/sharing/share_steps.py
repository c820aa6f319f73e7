"""The steps of sharing an entry: with whom, which sections, and a preview of exactly that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from journal.actor import Actor
from journal.care.links import Found, Link
from journal.catalogue.fields import EntryKind
from journal.entries.belonging import Belonging
from journal.errors import NotFound
from journal.i18n import N_
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import my_sessions
from journal.sharing import shares
from journal.vault.entry_rows import Entry
from portal.views.sharing.shared_items import Item, items
from portal.views.sharing.shared_view import SharedSection, SharedView, section_of, session_of, shared_view


@dataclass(frozen=True, slots=True)
class Choosing:
    """
    Context of the page on which an entry is shared.

    Without `to`, the person is asked whom it is for. `trusted` is False when that one's keys have changed;
    `waiting` is why nothing can be shared today; `problem` is why the step before failed.
    """

    entry: Entry
    kind: str
    items: tuple[Item, ...]
    team: tuple[Link, ...]
    to: Link | None
    trusted: bool
    waiting: Hold | None
    choices: tuple[tuple[str, SharedSection], ...]
    chosen: frozenset[str]
    done: str = ""
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """Context of the preview: exactly what `to` will read, as `view`, drawn as on their own page."""

    entry: Entry
    to: Link
    view: SharedView
    sections: tuple[str, ...]
    replaces: bool
    problem: str = ""


def chosen_link(team: Found, wanted: str) -> Link:
    """Return one of the actor's own links by its id as text."""
    try:
        return team.link(UUID(wanted))
    except ValueError as error:
        raise NotFound from error


async def choosing(
    actor: Actor,
    entry: Entry,
    team: tuple[Link, ...],
    to: Link | None = None,
    *,
    chosen: Iterable[str] | None = None,
    done: str = "",
    problem: str = "",
    errors: Mapping[str, str] | None = None,
) -> Choosing:
    """Build the first step. Nothing is chosen but what *to* can read already, or what was chosen before."""
    given, plan = await shares.given(actor, entry=entry.id, team=team), await my_sessions(actor)
    if to is None and len(team) == 1:
        to = team[0]
    before = next((one.document.fields for one in given if to and one.link.id == to.id), [])
    return Choosing(
        entry=entry,
        kind=EntryKind(entry.document.kind).label,
        items=await items(actor, given, plan),
        team=team,
        to=to,
        trusted=to is None or to.trusted,
        waiting=holds.held_by(actor, plan),
        choices=tuple(_choices(entry)),
        chosen=frozenset(before if chosen is None else chosen),
        done=done,
        problem=problem,
        errors=errors or {},
    )


async def preview(
    actor: Actor, entry: Entry, to: Link, sections: Iterable[str], problem: str = ""
) -> Preview:
    """
    Build the second step, from the very copy that would be sealed.

    Raises:
        Refused: If nothing is chosen that can be shared.
    """
    copy = shares.copy_of(entry, sections, actor.now)
    about = session_of(copy, Belonging(await my_sessions(actor)))
    replaces = any(await shares.given(actor, entry=entry.id, team=[to]))
    return Preview(entry, to, shared_view(copy, actor.zone, about), tuple(copy.fields), replaces, problem)


def _choices(entry: Entry) -> Iterable[tuple[str, SharedSection]]:
    if entry.document.title:
        yield shares.TITLE, SharedSection(N_("Its title"), entry.document.title)
    if entry.document.note:
        yield shares.NOTE, SharedSection(N_("Your content note"), entry.document.note)
    for one in shares.sections(entry):
        yield one.id, section_of(one, entry.document.answers[one.id])
