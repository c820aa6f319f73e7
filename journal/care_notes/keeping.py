"""
A patient keeps what a clinician wrote for them as an entry of their own, from which they can share it with others.

A newer version of the note becomes a newer version of the entry. A total is kept among the totals of other scales.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, tzinfo
from uuid import UUID, uuid4

from journal.actor import Actor
from journal.care import links
from journal.care_notes.clinic import SESSION, Moment, build_readings, format_span
from journal.care_notes.notes import CareNote, NoteKind, NoteVersion, load_note
from journal.catalogue.fields import Answers, EntryKind
from journal.entries import by_kind, entries
from journal.errors import NotFound, StaleRevision
from journal.i18n import N_
from journal.measures.scores import SCORE
from journal.roles import Role
from journal.stamps import AuthorStamp
from journal.vault.documents import Beside, EntryDocument
from journal.vault.entry_rows import Entry

KINDS = {
    NoteKind.PLAN: EntryKind.PLAN_NOTE,
    NoteKind.TOTAL: EntryKind.MEASURE,
    NoteKind.CLINIC: EntryKind.PLAN_NOTE,
    NoteKind.REVIEW: EntryKind.PLAN_NOTE,
}
"""As what each is kept; of the others nothing is."""

REVIEWED = "plan.reviewed"
_NOTED_IN_CLINIC = frozenset(
    {f"plan.{name}" for name in (*(moment.value for moment in Moment), "away", "drowsy", "ready")}
)

NEWER = N_("A newer version was written in the meantime. Nothing was kept; look again.")


async def load_kept(actor: Actor) -> dict[UUID, tuple[Entry, int]]:
    """Return what a patient kept, by the note: the entry, and which version it holds."""
    _, found = await by_kind.load_entries_of_kinds(actor, {*KINDS.values()})
    kept: dict[UUID, tuple[Entry, int]] = {}
    for one in found:
        source = find_source(one) if not one.damaged else None
        if source is not None:
            kept[source[0]] = (one, source[1])
    return kept


async def keep_note(actor: Actor, to: UUID, note: UUID, version: int, title: str = "") -> UUID:
    """
    Keep a note of a clinician in the patient's journal; return the entry's id. Kept twice, it is there once.

    Args:
        to: The care link.
        version: The version that the patient saw.
        title: What is noted in a clinic is called, in the words of whoever keeps it.

    Raises:
        NotFound: If the patient has no such note.
        StaleRevision: If a newer version was written since.
    """
    actor.require_role(Role.PATIENT)
    link = await links.load_my_link(actor, to)
    found = await load_note(actor, link, note)
    if found.current.kind not in KINDS:
        raise NotFound
    if found.current.version != version:
        raise StaleRevision(NEWER)
    # What is kept are the clinician's words: they stay in the language that they were written in.
    writer = replace(actor, language=found.current.language or actor.language)
    wanted = uuid4()
    there: list[Entry] = []

    async def is_there() -> bool:
        kept = (await load_kept(actor)).get(note)
        there.extend([kept[0]] if kept else [])
        return kept is not None

    if await entries.create_first_entry(writer, build_document(found, actor.zone, title), is_there, wanted):
        return wanted
    await entries.change_entry(
        writer, there[0].id, lambda _: build_document(found, actor.zone, title), keep=True
    )
    return there[0].id


def find_kept_kind(answers: Answers) -> NoteKind:
    """Return of what kind the note is that an entry of the kind “plan note” was kept from."""
    if REVIEWED in answers:
        return NoteKind.REVIEW
    return NoteKind.CLINIC if _NOTED_IN_CLINIC & answers.keys() else NoteKind.PLAN


def build_document(note: CareNote, zone: tzinfo, clinic_title: str = "") -> EntryDocument:
    """Return a note as an entry: its words as they were written, by whom, and on which day in a time zone."""
    one = note.current
    title, session, fields = "", None, one.details.fields
    day = one.written_at.astimezone(zone).date()
    if one.kind is NoteKind.TOTAL:
        title, answers = fields["name"], _answer_total(one)
    elif one.kind is NoteKind.CLINIC:
        title, session, answers = clinic_title, fields.get(SESSION), _answer_clinic(one, day)
    else:
        answers = _answer_review(one, day) if one.kind is NoteKind.REVIEW else _answer_plan(one, day)
    source = f"{one.note.hex}.{one.version}"
    return EntryDocument(
        KINDS[one.kind].value, title, session_id=session, answers=answers, beside=Beside(added=(source,))
    )


def _answer_total(one: NoteVersion) -> Answers:
    fields = one.details.fields
    return {SCORE: "\n".join((fields["name"], fields["day"], fields["total"], one.details.written_by))}


def _answer_review(one: NoteVersion, day: date) -> Answers:
    fields = one.details.fields
    said = {
        REVIEWED: fields["outcome"],
        "plan.read": fields["read_version"],
        "plan.from": day.isoformat(),
        "plan.why": fields["words"],
        "plan.by": _sign(one, day),
    }
    return {name: value for name, value in said.items() if value}


def _answer_clinic(one: NoteVersion, day: date) -> Answers:
    """Return what a clinic noted: its readings with who took them, and from when to when, each as it was typed."""
    fields = one.details.fields
    told = {name: format_span(fields, name) for name in ("drowsy", "away")} | {
        "ready": fields.get("ready", "")
    }
    said: Answers = {f"plan.{name}": words for name, words in told.items() if words}
    for moment, taken in build_readings(fields).items():
        said[f"plan.{moment.value}"] = [replace(taken, by=one.details.written_by).line]
    return said | {"plan.by": _sign(one, day)}


def _sign(one: NoteVersion, day: date) -> str:
    return AuthorStamp(one.details.written_by, one.details.profession, day).line


def _answer_plan(one: NoteVersion, day: date) -> Answers:
    fields = one.details.fields
    said = {
        "plan.dose": fields["dose"],
        "plan.interval": fields["interval"],
        "plan.focus": fields["focus"],
        "plan.from": fields["from_day"],
        "plan.why": fields["why"],
        "plan.by": _sign(one, day),
    }
    return {name: value for name, value in said.items() if value}


def find_source(one: Entry) -> tuple[UUID, int] | None:
    """Return the note and the version that an entry was kept from, or None where it was kept from none."""
    for name in one.document.beside.added if one.document.beside else ():
        note, dot, version = name.partition(".")
        if dot and version.isdecimal() and len(note) == 32 and not set(note) - set("0123456789abcdef"):
            return UUID(note), int(version[:4])
    return None
