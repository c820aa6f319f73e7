"""The evaluation of the demonstration: asked for, answered, reviewed by the prescriber, changed, and reviewed again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from journal.actor import Actor
from journal.care import invitations, links
from journal.care_notes import keeping, notes
from journal.care_notes.notes import NoteKind
from journal.catalogue.fields import Answer
from journal.catalogue.tracked import CHANGES, VERSION
from journal.entries import entries
from journal.evaluation import records, reviewing
from journal.evaluation.changes import compute_digest
from journal.evaluation.form_fields import PARTS
from journal.operations.demo_data import DemoEntry, DemoPatient, DemoReview
from journal.sharing import copies, shares
from journal.vault.entry_rows import Entry

ASKED_BEFORE, REVIEWED_AFTER, KEPT_AFTER = timedelta(hours=20), timedelta(hours=2), timedelta(hours=3)


async def write_evaluation(
    patient: Actor, prescriber: Actor, to: UUID, person: DemoPatient, one: DemoEntry, at: datetime
) -> None:
    """
    Have the prescriber ask, the patient answer and share each version, and the prescriber review it.

    Args:
        to: The care link of the therapist, who reads it as well, and the last review.
        at: When the patient answered first.
    """
    then = set_clock(patient, at - ASKED_BEFORE)
    invited = await invitations.create_invitation(set_clock(prescriber, then.now), person.name)
    link = await invitations.accept_invitation(then, invited.token)
    await reviewing.ask(set_clock(prescriber, then.now), patient.id)
    today = patient.now.astimezone(patient.zone).date()
    versions = [(at, one.answers)]
    if one.edit:
        versions.append((person.get_moment(today, one.edit.day, one.edit.time), one.edit.answers))
    for (moment, answers), review in zip(versions, one.reviews, strict=True):
        answering = set_clock(patient, moment)
        version = await _answer(answering, one.title, answers)
        for recipient in (link, to):
            await _share(answering, version, recipient, (*one.shared, CHANGES, VERSION))
        await _review(set_clock(prescriber, moment + REVIEWED_AFTER), answering, link, review)
        keeping_it = set_clock(patient, moment + KEPT_AFTER)
    lasting = await links.load_my_link(keeping_it, link)
    note = notes.find_only(await notes.load_notes(keeping_it, lasting), NoteKind.REVIEW)
    if note is not None:
        kept = await keeping.keep_note(keeping_it, link, note.current.note, note.current.version)
        entry = await entries.load_entry(keeping_it, kept)
        await _share(keeping_it, entry, to, entry.document.answers)


def set_clock(actor: Actor, moment: datetime) -> Actor:
    """Return the actor as at another moment."""
    return replace(actor, now=moment, installation=replace(actor.installation, clock=lambda: moment))


async def _answer(actor: Actor, title: str, answers: dict[str, Answer]) -> Entry:
    for step, parts in PARTS.items():
        seen = await records.load_evaluation(actor)
        wanted, base = (seen.entry.id, seen.entry.revision) if seen.entry else (uuid4(), 0)
        there = seen.answers | {part: answers[part] for part in parts if part in answers}
        given = {part: there[part] for part in parts if part in there}
        await records.save_step(actor, step, given, wanted, base, title=title)
    return await records.finish(actor)


async def _share(actor: Actor, entry: Entry, to: UUID, parts: Iterable[str]) -> None:
    sections = [part for part in parts if part in entry.document.answers]
    if entry.document.title:
        sections = [copies.TITLE, *sections]
    await shares.share_entry(actor, entry.id, to, sections, previewed=entry.revision)


async def _review(prescriber: Actor, patient: Actor, link: UUID, review: DemoReview) -> None:
    """Have the prescriber read the shared copy, and review it as it is."""
    mine = await links.load_link_with(prescriber, patient.id)
    (copy,) = [one for one in await shares.list_shares(patient) if one.link.id == link]
    before = notes.find_only(await notes.load_notes(prescriber, mine), NoteKind.REVIEW)
    await reviewing.write_review(
        prescriber,
        patient.id,
        copy.id,
        compute_digest(copy.document.answers),
        {"outcome": review.outcome, "words": review.words},
        before.current.note if before else uuid4(),
        before.current.version if before else 0,
    )
