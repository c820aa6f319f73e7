"""The courses of one patient, with their titles as far as these open for who asks."""

from __future__ import annotations

from uuid import UUID

import msgspec

from journal.actor import Actor
from journal.care.links import Link
from journal.errors import Damaged
from journal.plan_words.reading import load_reading_key
from journal.sessions import tables as sessions_tables
from journal.sessions.rows import CourseDetails, open_course, open_title
from journal.store.rows import DamagedRow, OpenedRows, Row, fetch_rows, open_rows


class CourseRow(Row, frozen=True):
    """A row of a course."""

    id: UUID
    sealed: bytes
    words: bytes | None


class Course(msgspec.Struct, frozen=True):
    """A course, opened; `is_closed`: it has a title, and that does not open for who asked."""

    id: UUID
    details: CourseDetails
    is_closed: bool


async def load_courses(actor: Actor, link: Link | None) -> OpenedRows[Course]:
    """
    Return the courses of a patient in the order in which they were planned.

    Args:
        link: The care link of a clinician; None for the patient.
    """
    patient = actor.id if link is None else link.patient
    theirs = sessions_tables.Course.filter(patient_id=patient).order_by("created_at")
    rows: list[CourseRow | DamagedRow] = await fetch_rows(CourseRow, theirs)
    key = await load_reading_key(actor, link) if rows else None

    def open_row(row: CourseRow) -> Course:
        details = open_course(actor.installation, patient, row.id, row.sealed)
        try:
            return Course(row.id, open_title(key, patient, row.id, details, row.words), False)
        except Damaged:
            return Course(row.id, details, True)

    return open_rows(rows, open_row)
