"""
A clinician's charts of one patient, from copies that were shared with them, and hints at nothing else.

Beside the copies stands what is theirs to see anyway: the plan, and the notes that they wrote themselves.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from uuid import UUID

from journal.actor import Actor
from journal.care import links
from journal.care_notes.notes import load_notes
from journal.catalogue.fields import EntryKind
from journal.charts.drawn import OWN, SIZES, Around, Drawn, draw_all, list_subjects, sort_pieces
from journal.charts.series import list_own_names
from journal.charts.sources import Piece, build_clinic_pieces
from journal.day_lines.lines import SCALES
from journal.sharing import reading
from journal.sharing.reading import Folder, IncomingShare


@dataclass(frozen=True, slots=True)
class SharedChart:
    """
    What a clinician's page draws, None where nothing was asked for; `subjects` are what there is to draw.

    `own` are the names of lines of one's own. `damaged_notes` counts versions of the reader's own notes that do not
    open. Nothing of it is there while sharing is paused.
    """

    folder: Folder
    subjects: tuple[str, ...]
    own: tuple[str, ...]
    drawn: Drawn | None
    damaged_notes: int = 0


async def load_chart(actor: Actor, patient: UUID, subject: str = "", page: int = 1) -> SharedChart:
    """
    Return what one page draws of what a patient shares; the patient sees that the copies it draws on were opened.

    Args:
        subject: One of `SUBJECTS`, or nothing for a list of what there is.
        page: From 1 on, the latest first.

    Raises:
        TrustBroken: If the patient's keys are not the pinned ones.
    """
    link = await links.load_link_with(actor, patient)
    folder = await reading.open_folder(actor, link, await reading.load_visible_plan(actor, link))
    if folder.paused:
        return SharedChart(folder, (), (), None)
    notes = await load_notes(actor, link)
    around = Around(folder.sessions, notes, actor.now, actor.now.astimezone(actor.zone).date())
    found = await asyncio.to_thread(build_shared_chart, folder, around, subject, page)
    if found.drawn:
        await reading.mark_opened(actor, patient, found.drawn.sources)
    return replace(found, damaged_notes=len(notes.damaged))


def build_shared_chart(folder: Folder, around: Around, subject: str, page: int) -> SharedChart:
    """Return what a page draws of copies and of notes by whoever looks; nothing else is known here."""
    pieces = [*map(build_piece, folder.shared), *build_clinic_pieces(around.notes)]
    subjects = list_subjects(pieces)
    months = sort_pieces(SCALES[0], pieces)[-SIZES[EntryKind.DAY_LINES] :]
    own = list_own_names(months)[: len(OWN)]
    drawn = draw_all(subject, page, pieces, around) if subject else None
    return SharedChart(folder, subjects, own, drawn)


def build_piece(one: IncomingShare) -> Piece:
    """Return a copy as a piece."""
    document = one.document
    return Piece(one.id, document.kind, document.answers, document.session_id, language=document.language)
