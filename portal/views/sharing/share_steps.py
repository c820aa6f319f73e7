"""The steps of sharing an entry: with whom, which sections, and a preview of exactly that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from journal.actor import Actor
from journal.audit import events as audit_events
from journal.care.documents import Attention
from journal.care.links import CareTeam, Link
from journal.catalogue.fields import EntryKind
from journal.entries.naming import EntryName, EntryNamer
from journal.errors import HeldUntilRested, NotFound
from journal.held_acts import Asked, HeldAct
from journal.i18n import N_
from journal.reading_hours.next_look import NextLook, load_next_look
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import load_my_sessions
from journal.sharing import copies, ends, shares
from journal.sharing.ends import EndedShare
from journal.sharing.shares import OutgoingShare
from journal.vault.entry_rows import Entry
from portal.views.sharing.shared_items import SharedItem, load_shared_items
from portal.views.sharing.shared_view import (
    SharedSection,
    SharedView,
    build_section,
    build_shared_view,
    hide_numbers,
)
from portal.web.forms import Form


@dataclass(frozen=True, slots=True)
class SharingPage:
    """
    Context of the page on which an entry is shared.

    Without `to`, the person is asked whom it is for. `trusted` is False when that one's keys have changed;
    `is_first` while nothing was ever shared with them; `last` are the parts that were chosen the last time for such
    an entry. `waiting` is why nothing can be shared today; `problem` is why the step before failed, and `attention`
    and `until` what was asked of the reader, and allowed, on the preview before. `ended` are shares that ended by
    themselves.
    """

    entry: Entry
    name: EntryName
    kind: str
    items: tuple[SharedItem, ...]
    team: tuple[Link, ...]
    to: Link | None
    trusted: bool
    is_first: bool
    waiting: Hold | None
    choices: tuple[tuple[str, SharedSection], ...]
    last: tuple[SharedSection, ...]
    chosen: frozenset[str]
    done: str = ""
    problem: str = ""
    attention: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    until: str = ""
    may_file: bool = False
    ended: tuple[EndedShare, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """
    Context of the preview: exactly what `to` will read, as `view`, drawn as on their own page.

    `attention` is what is asked of them, and `until` the last day, as they stand on the form; `look` is when they look
    next.
    """

    entry: Entry
    name: EntryName
    to: Link
    view: SharedView
    sections: tuple[str, ...]
    replaces: bool
    look: NextLook
    attention: str
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    until: str = ""
    may_file: bool = False


@dataclass(frozen=True, slots=True)
class ChosenTerms:
    """What was asked of the reader and allowed with it on the preview before, as it was sent."""

    attention: str
    until: str
    may_file: bool


def read_terms(form: Form) -> ChosenTerms | None:
    """Return what a form of the preview has, or one that brings it back; None for one of before the preview."""
    if not form["attention"]:
        return None
    return ChosenTerms(form["attention"], form["until_date"], form["may_file"] == "yes")


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
    attention: str = "",
    until: str = "",
    may_file: bool = False,
    errors: Mapping[str, str] | None = None,
) -> SharingPage:
    """Build the first step. Nothing is chosen but what *to* can read already, or what was chosen before."""
    plan = await load_my_sessions(actor)
    if to is None and len(team) == 1:
        to = team[0]
    waiting, choices = holds.get_hold(actor, plan), tuple(_list_choices(actor, entry))
    before, is_first, last = list[str](), False, tuple[str, ...]()
    if to is not None and to.trusted and not (to.paused_at or waiting or done):
        given, last = await shares.list_shares_and_last_parts(actor, entry, to, team)
        is_first = not await audit_events.has_shared(actor.id, to.clinician)
        before = next((one.document.fields for one in given if one.link.id == to.id), [])
    else:
        given = await shares.list_shares(actor, entry=entry.id, team=team)
    return SharingPage(
        entry=entry,
        name=EntryNamer(plan).name_entry(entry),
        kind=EntryKind(entry.document.kind).label,
        items=await load_shared_items(actor, given, plan),
        team=team,
        to=to,
        trusted=to is None or to.trusted,
        is_first=is_first,
        waiting=waiting,
        choices=choices,
        last=() if before else tuple(section for part, section in choices if part in last),
        chosen=frozenset(before if chosen is None else chosen),
        done=done,
        problem=problem,
        attention=attention,
        errors=errors or {},
        until=until,
        may_file=may_file,
        ended=await ends.list_ended(actor, entry.id, team),
    )


async def build_preview(
    actor: Actor,
    entry: Entry,
    to: Link,
    sections: Iterable[str],
    problem: str = "",
    replaced: OutgoingShare | None = None,
    chosen: ChosenTerms | None = None,
) -> PreviewPage:
    """
    Build the second step, from the very copy that would be sealed; *replaced* is one that is known to be there.

    What is asked of the reader is what was *chosen*, else what the replaced copy asks, else the latest one of theirs;
    the last day is the one that was chosen, else that of the replaced copy, and so is whether it may be filed.

    Raises:
        InvalidInput: If nothing is chosen that can be shared.
        HeldUntilRested, SharingPaused, TrustBroken: Where the copy could not be shared now.
    """
    plan = await load_my_sessions(actor)
    if (waiting := holds.get_hold(actor, plan)) is not None:
        raise HeldUntilRested(waiting.sentence, Asked(HeldAct.SHARE, entry.id, to.id, tuple(sections)))
    await shares.require_open(actor, to)
    copy = copies.build_copy(entry, sections, actor.now, actor.zone)
    namer = EntryNamer(plan)
    there, last = replaced, replaced.document.asks if replaced else None
    if there is None:
        there, last = await shares.find_replaced_and_last(actor, entry.id, to)
    if chosen is None:
        before = (there.document.asks if there else None) or last or Attention.NO_ANSWER
        until = there.end.day if there and there.end else ""
        chosen = ChosenTerms(before.value, until, there is not None and there.may_file)
    return PreviewPage(
        entry,
        namer.name_entry(entry),
        to,
        build_shared_view(copy, actor.zone, namer, hides_numbers=actor.hides_numbers),
        tuple(copy.fields),
        there is not None,
        await load_next_look(actor, to, plan),
        chosen.attention,
        problem,
        until=chosen.until,
        may_file=chosen.may_file,
    )


async def list_sections(
    actor: Actor, entry: Entry, to: Link, step: str, ticked: Iterable[str]
) -> Iterable[str]:
    """Return the parts that are asked for: everything, the same as last time, or those that were *ticked*."""
    if step == "everything":
        return copies.list_shareable_parts(entry)
    if step == "same":
        return await shares.load_last_parts(actor, to, entry.document.kind)
    return ticked


def _list_choices(actor: Actor, entry: Entry) -> Iterable[tuple[str, SharedSection]]:
    if entry.document.title:
        yield (
            copies.TITLE,
            SharedSection(N_("Its title"), entry.document.title, language=entry.document.language),
        )
    if entry.document.note:
        yield (
            copies.NOTE,
            SharedSection(N_("Your content note"), entry.document.note, language=entry.document.language),
        )
    for one in copies.list_shareable_fields(entry):
        section = build_section(one, entry.document.answers[one.id])
        section = replace(section, field=one.id, language=entry.document.language)
        yield one.id, hide_numbers((section,), actor.hides_numbers)[0]
