"""The brief: one page for one session, usually the next talk, drawn from shared copies each time it is opened."""

from __future__ import annotations

import asyncio
from uuid import UUID

from journal.actor import Actor
from journal.brief.composing import Brief, Material, compose_brief
from journal.brief.fitting import fit_page
from journal.brief.subject import find_session
from journal.care_notes.notes import CareNote, load_notes
from journal.coming_talk.items import Item, load_to_mark
from journal.errors import StaleRevision
from journal.i18n import N_
from journal.notices import inbox
from journal.sessions import schedule
from journal.sessions.rows import Session
from journal.sharing import opening, reading
from journal.store.rows import OpenedRows

INLINE_LIMIT = 20
"""Copies that are put together where the page is built; more are put together beside it, so that nobody else waits."""
MAX_TRIES = 3
CHANGING = N_("What is shared with you is changing at this moment. Open the brief again.")


async def build_brief(actor: Actor, patient: UUID, wanted: UUID | None = None) -> Brief:
    """
    Build the brief for the session *wanted*, else for the next talk; the patient sees which copies it quotes.

    What is shown is what is marked as opened, and is still shared while it is marked: where a copy was taken back or
    changed since it was read, everything is read again.

    Raises:
        NotFound: If *wanted* is no session of the patient's plan, or was cancelled.
        StaleRevision: If copies change faster than they can be read.
        TrustBroken: If the patient's keys are not the pinned ones.
    """
    for _ in range(MAX_TRIES):
        material, session = await _load_material(actor, patient, wanted)
        drawn = (
            await asyncio.to_thread(_draw, material, session)
            if len(material.folder.shared) > INLINE_LIMIT
            else _draw(material, session)
        )
        quoted = set(drawn.sources)
        read = [one for one in material.folder.shared if one.id in quoted]
        if await opening.mark_as_read(actor, drawn.link, read):
            return drawn
    raise StaleRevision(CHANGING)


def _draw(material: Material, session: Session | None) -> Brief:
    return fit_page(compose_brief(material, session))


async def _load_material(actor: Actor, patient: UUID, wanted: UUID | None) -> tuple[Material, Session | None]:
    folder = await reading.load_folder(actor, patient)
    session = find_session(schedule.list_uncancelled(folder.sessions), wanted, actor.now)
    notices = await inbox.list_open_of(actor, folder.link)
    items, notes = OpenedRows[Item](), OpenedRows[CareNote]()
    if not folder.paused:
        items = await load_to_mark(actor, folder.link, session.id if session else None)
        notes = await load_notes(actor, folder.link)
    damaged = len(items.damaged) + len(notes.damaged)
    return Material(folder, actor.now, actor.zone, notices, items, notes, damaged), session
