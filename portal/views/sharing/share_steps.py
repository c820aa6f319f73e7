"""The steps of sharing an entry: with whom, which sections, and a preview of exactly that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from journal.actor import Actor
from journal.care.links import CareTeam, Link
from journal.catalogue.fields import EntryKind
from journal.entries.naming import EntryName, EntryNamer
from journal.errors import NotFound
from journal.i18n import N_
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import load_my_sessions
from journal.sharing import shares
from journal.vault.entry_rows import Entry
from portal.views.sharing.shared_items import SharedItem, load_shared_items
from portal.views.sharing.shared_view import (
    SharedSection,
    SharedView,
    build_section,
    build_shared_view,
)


@dataclass(frozen=True, slots=True)
class SharingPage:
    """
    Context of the page on which an entry is shared.

    Without `to`, the person is asked whom it is for. `trusted` is False when that one's keys have changed;
    `waiting` is why nothing can be shared today; `problem` is why the step before failed.
    """

    entry: Entry
    name: EntryName
    kind: str
    items: tuple[SharedItem, ...]
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
class PreviewPage:
    """Context of the preview: exactly what `to` will read, as `view`, drawn as on their own page."""

    entry: Entry
    name: EntryName
    to: Link
    view: SharedView
    sections: tuple[str, ...]
    replaces: bool
    problem: str = ""


def get_chosen_link(team: CareTeam, wanted: str) -> Link:
    """Return one of the actor's own links by its id as text."""
    try:
        return team.get_link(UUID(wanted))
    except ValueError as error:
        raise NotFound from error


async def build_sharing_page(
    actor: Actor,
    entry: Entry,
    team: tuple[Link, ...],
    to: Link | None = None,
    *,
    chosen: Iterable[str] | None = None,
    done: str = "",
    problem: str = "",
    errors: Mapping[str, str] | None = None,
) -> SharingPage:
    """Build the first step. Nothing is chosen but what *to* can read already, or what was chosen before."""
    given, plan = await shares.list_shares(actor, entry=entry.id, team=team), await load_my_sessions(actor)
    if to is None and len(team) == 1:
        to = team[0]
    before = next((one.document.fields for one in given if to and one.link.id == to.id), [])
    return SharingPage(
        entry=entry,
        name=EntryNamer(plan).name_entry(entry),
        kind=EntryKind(entry.document.kind).label,
        items=await load_shared_items(actor, given, plan),
        team=team,
        to=to,
        trusted=to is None or to.trusted,
        waiting=holds.get_hold(actor, plan),
        choices=tuple(_list_choices(entry)),
        chosen=frozenset(before if chosen is None else chosen),
        done=done,
        problem=problem,
        errors=errors or {},
    )


async def build_preview(
    actor: Actor, entry: Entry, to: Link, sections: Iterable[str], problem: str = ""
) -> PreviewPage:
    """
    Build the second step, from the very copy that would be sealed.

    Raises:
        InvalidInput: If nothing is chosen that can be shared.
    """
    copy = shares.build_copy(entry, sections, actor.now)
    namer = EntryNamer(await load_my_sessions(actor))
    replaces = any(await shares.list_shares(actor, entry=entry.id, team=[to]))
    return PreviewPage(
        entry,
        namer.name_entry(entry),
        to,
        build_shared_view(copy, actor.zone, namer),
        tuple(copy.fields),
        replaces,
        problem,
    )


def _list_choices(entry: Entry) -> Iterable[tuple[str, SharedSection]]:
    if entry.document.title:
        yield shares.TITLE, SharedSection(N_("Its title"), entry.document.title)
    if entry.document.note:
        yield shares.NOTE, SharedSection(N_("Your content note"), entry.document.note)
    for one in shares.list_shareable_fields(entry):
        yield one.id, build_section(one, entry.document.answers[one.id])
