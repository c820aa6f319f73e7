"""
Load the demonstration: an invented practice that shows the product at work.

It uses the same services as a real one: nothing in it is sealed or shared in a way of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

import msgspec

from journal.accounts import details as account_details
from journal.accounts import tables as accounts_tables
from journal.actor import Actor
from journal.authentication import recovery_key, registration, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.registration import NewAccount
from journal.care import invitations, links
from journal.care_notes import keeping
from journal.care_notes import notes as care_notes
from journal.care_notes.clinic import CLINIC_FIELDS, SESSION
from journal.care_notes.notes import NoteKind
from journal.catalogue.fields import EntryKind
from journal.catalogue.revisits import Revisit
from journal.clinic import call_contacts, text_writing
from journal.day_lines import records as day_lines
from journal.day_lines.lines import DayLine
from journal.dosing_day import requests
from journal.entries import entries
from journal.errors import InvalidInput
from journal.held_acts import Asked, HeldAct
from journal.i18n import DEFAULT_LANGUAGE
from journal.installation.installation import Installation
from journal.measures import records as measure_records
from journal.notices import agreements
from journal.operations.demo_data import DemoEntry, DemoNote, DemoPatient, DemoPerson, load_demo_practice
from journal.operations.demo_evaluation import set_clock, write_evaluation
from journal.operations.demo_packets import begin_packets
from journal.operations.demo_renewal import renew_prescriber
from journal.operations.demo_talks import SET_BEFORE, set_things
from journal.own_notes import notes as own_notes
from journal.plan_words import reading as plan_words
from journal.practice import practice
from journal.practice import tables as practice_tables
from journal.practice.practice import DemoConflict
from journal.reading_hours import hours as reading_hours
from journal.reframing import later as reframe_sharing
from journal.reminders import settings as reminder_settings
from journal.replies import conversation
from journal.replies import writing as reply_writing
from journal.replies.drafts import Typed
from journal.roles import Profession, Role
from journal.sessions import rows as session_rows
from journal.sessions.rows import CourseDetails
from journal.sessions.session import SessionDetails, tell_language
from journal.sharing import copies, reading, shares, terms
from journal.standing import standing
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry

EVENING = time(21, 5)
CARE_LEAD_TIME = timedelta(days=1)
SHARING_DELAY = timedelta(hours=20)  # people sleep on what they share
FILED_BEFORE = timedelta(days=2)


async def load_demo(installation: Installation) -> None:
    """
    Fill an empty installation with the demonstration.

    Raises:
        DemoConflict: If anything is there already: a demonstration is never mixed with real people.
    """
    if await practice_tables.Practice.exists() or await accounts_tables.Account.exists():
        raise DemoConflict
    demo = load_demo_practice()
    await practice.create_practice(installation, demo.name, demo=True)
    clinician = await _open_account(installation, demo.clinician, Profession.THERAPIST)
    prescriber = await _open_account(installation, demo.prescriber, Profession.PRESCRIBER)
    patients = [await _load_patient(installation, clinician, prescriber, one) for one in demo.patients]
    await renew_prescriber(prescriber, demo.prescriber, patients[0], patients[-1])
    await authentication_tables.WebSession.all().delete()


async def _open_account(
    installation: Installation, person: DemoPerson, profession: Profession | None = None
) -> Actor:
    new = NewAccount(person.name, person.email, person.password, person.password, person.time_zone)
    prepared = await registration.prepare_account(installation, new)
    role = Role.CLINICIAN if profession else Role.PATIENT
    await registration.create_account(installation, role, prepared, profession=profession or "")
    token = await web_sessions.start_session(installation, prepared.id, prepared.account_key)
    actor = await web_sessions.load_actor(installation, token)
    if actor is None:
        raise InvalidInput({})
    # What they write is English; which language their pages speak is left to whoever looks.
    actor = dataclasses.replace(actor, language=DEFAULT_LANGUAGE)
    offer = await recovery_key.offer_recovery_key(actor)
    await recovery_key.confirm_recovery_key(actor, token, offer.sealed, offer.formatted_key)
    if person.reading_hours:
        await reading_hours.save_hours(
            actor, msgspec.structs.replace(person.reading_hours, language=actor.language), base=0
        )
    if person.reminders:
        await reminder_settings.save_choices(actor, person.reminders, "21:00", "08:00")
    return actor


async def _load_patient(
    installation: Installation, clinician: Actor, prescriber: Actor, person: DemoPatient
) -> Actor:
    patient = await _open_account(installation, person)
    today = patient.now.astimezone(patient.zone).date()
    moments = [person.get_moment(today, one.day, one.time) for one in person.entries]
    began = min([*moments, patient.now]) - CARE_LEAD_TIME
    invited = await invitations.create_invitation(set_clock(clinician, began), person.name)
    link = await invitations.accept_invitation(set_clock(patient, began), invited.token)
    ids = [uuid4() for _ in person.sessions]
    details = person.build_session_details(today, {place: ident.hex for place, ident in enumerate(ids)})
    then = set_clock(clinician, began)
    course = await _plan_course(then, patient.id, person.course, dict(zip(ids, details, strict=True)))
    for contact in person.contacts:
        await call_contacts.save_contact(then, patient.id, contact)
    if person.instructions:
        await text_writing.save_instructions(then, patient.id, course, person.instructions, is_checked=True)
    for note in person.notes:
        await _write_note(clinician, patient, link, note, person.get_moment(today, note.day, note.time))
    for taken in person.readings:
        blank = dict.fromkeys(CLINIC_FIELDS, "") | {SESSION: str(ids[taken.session])}
        at = details[taken.session].ends_at + timedelta(hours=1)
        await care_notes.write_note(
            set_clock(clinician, at), patient.id, NoteKind.CLINIC, blank | taken.fields, uuid4()
        )
    for one, at in zip(person.entries, moments, strict=True):
        if one.kind is EntryKind.NOTICES:
            await _agree_on_notices(set_clock(patient, at), set_clock(clinician, at), link, one)
            continue
        if one.kind is EntryKind.REPLIES:
            await _reply(set_clock(patient, at), set_clock(clinician, at + SHARING_DELAY), one)
            continue
        if one.kind is EntryKind.EVALUATION:
            await write_evaluation(patient, prescriber, link, person, one, at)
            continue
        await _write_entry(set_clock(patient, at), link, person, one, ids, patient.now)
    await _file_allowed(set_clock(clinician, patient.now - FILED_BEFORE), patient)
    await set_things(set_clock(clinician, patient.now - SET_BEFORE), patient, person.things)
    for own in person.own_notes:
        at = person.get_moment(today, own.day, own.time)
        await own_notes.save_note(set_clock(clinician, at), patient.id, uuid4(), own.text)
    await begin_packets(clinician, patient, person.packets)
    return patient


async def _write_note(clinician: Actor, patient: Actor, link: UUID, one: DemoNote, at: datetime) -> None:
    """Have the clinician write a plan note, and the patient keep it an hour later."""
    then = set_clock(clinician, at)
    from_day = (at.astimezone(patient.zone).date() + timedelta(days=one.from_day - one.day)).isoformat()
    typed = {
        "dose": one.dose,
        "interval": one.interval,
        "focus": one.focus,
        "from_day": from_day,
        "why": one.why,
    }
    note = await care_notes.write_note(then, patient.id, NoteKind.PLAN, typed, uuid4())
    await keeping.keep_note(set_clock(patient, at + timedelta(hours=1)), link, note, 1)


async def _plan_course(
    actor: Actor, patient: UUID, title: str, planned: Mapping[UUID, SessionDetails]
) -> UUID:
    course = uuid4()
    key = await plan_words.load_key(actor, await links.load_link_with(actor, patient))
    await session_rows.insert_course(actor, patient, course, CourseDetails(title, actor.language), key)
    for ident, details in planned.items():
        told = tell_language(None, details, actor.language)
        await session_rows.insert_session(actor, patient, ident, told, course, key)
    return course


async def _write_entry(
    actor: Actor, link: UUID, person: DemoPatient, one: DemoEntry, ids: Sequence[UUID], now: datetime
) -> None:
    today = now.astimezone(actor.zone).date()
    if one.kind is EntryKind.WAITING:
        for act in map(str, one.answers.values()):
            await requests.add_request(actor, Asked(HeldAct(act)))
        return
    if one.kind is EntryKind.DAY_LINES:
        await _write_day_lines(actor, one, now)
        return
    if one.kind in (EntryKind.STANDING, EntryKind.MEASURE):
        await _do_as_asked(actor, link, one, now)
        return
    about = None if one.session is None else ids[one.session].hex
    written = EntryDocument(one.kind.value, one.title, one.note, about, one.get_first_answers(today))
    saved = await entries.save_entry(actor, uuid4(), 0, written)
    if one.shared:
        await _share(actor, link, one, saved, now)
    if one.edit:
        edited = EntryDocument(one.kind.value, one.title, one.note, about, one.get_latest_answers(today))
        at = person.get_moment(today, one.edit.day, one.edit.time)
        await entries.save_entry(set_clock(actor, at), saved.id, saved.revision, edited)
    if one.revisits:  # yesterday evening, and a tick takes them along
        looking = set_clock(actor, now - timedelta(days=1))
        for given in await shares.list_shares(looking, entry=saved.id):
            await reframe_sharing.give_tick(looking, saved.id, given.id)
        for look in one.revisits:
            day = today + timedelta(days=look.day)
            revisit = Revisit(day, look.old, look.new, look.felt, look.words)
            await reframe_sharing.add_revisit(looking, saved.id, revisit)


async def _share(actor: Actor, link: UUID, one: DemoEntry, saved: Entry, now: datetime) -> None:
    later = min(actor.now + SHARING_DELAY, now)
    sections = (copies.TITLE, *one.shared)
    await shares.share_entry(
        set_clock(actor, later),
        saved.id,
        link,
        sections,
        previewed=saved.revision,
        attention=one.attention,
        until=None if one.until is None else now.astimezone(actor.zone).date() + timedelta(days=one.until),
        may_file=one.filed,
    )


async def _file_allowed(clinician: Actor, patient: Actor) -> None:
    """Have the clinician read and file what the patient allows to be filed."""
    for one in await shares.list_shares(patient):
        if one.may_file:
            _, copy = await reading.read_share(clinician, patient.id, one.id)
            await terms.file_share(clinician, patient.id, one.id, copy.revision)


async def _write_day_lines(actor: Actor, one: DemoEntry, now: datetime) -> None:
    """Write lines in the evenings of their days, each as its day from today, mood, sleep, tension and words."""
    await account_details.set_day_lines(actor, True)
    today = now.astimezone(actor.zone).date()
    (lines,) = one.answers.values()
    for line in lines if isinstance(lines, list) else ():
        days, mood, sleep, tension, words = (cell.strip() for cell in line.split("|"))
        day = today + timedelta(days=int(days))
        at = datetime.combine(day, EVENING, actor.zone)
        made = DayLine(day, at, False, int(mood), int(sleep), int(tension), words=words)
        await day_lines.save_line(set_clock(actor, min(at, now)), made, f"Day lines, {day:%Y-%m}")


async def _agree_on_notices(patient: Actor, clinician: Actor, link: UUID, one: DemoEntry) -> None:
    """Have a patient propose after how many hours, and the clinician agree with when they usually look."""
    (lines,) = one.answers.values()
    hours, looks = lines if isinstance(lines, list) else (str(lines), "")
    await agreements.propose(patient, link, None, int(hours))
    proposed = (await agreements.load_agreement(clinician, patient.id)).proposed
    if proposed is not None:
        await agreements.agree_as_clinician(clinician, patient.id, proposed.id, looks)


async def _reply(patient: Actor, clinician: Actor, one: DemoEntry) -> None:
    """Have a patient reply about the entry of the same title, and the clinician answer, who keeps a draft as well."""
    (lines,) = one.answers.values()
    (about,) = [each for each in await shares.list_shares(patient) if each.document.title == one.title]
    asked, answered, draft = lines if isinstance(lines, list) else (str(lines), "", "")
    await reply_writing.send_mine(patient, about.entry, about.link.id, Typed(asked), uuid4())
    await conversation.read_of_copy(clinician, patient.id, about.id)
    await reply_writing.send_of_copy(clinician, patient.id, about.id, Typed(answered), uuid4())
    await reply_writing.save_typed_of_copy(clinician, patient.id, about.id, Typed(draft))


async def _do_as_asked(actor: Actor, link: UUID, one: DemoEntry, now: datetime) -> None:
    """Begin a standing share for each line, or answer the measure that the first line names with the others."""
    (lines,) = one.answers.values()
    first, *others = lines if isinstance(lines, list) else [str(lines)]
    if one.kind is EntryKind.STANDING:
        for kind in (first, *others):
            await standing.give_standing(actor, link, kind)
        return
    given = {item: int(value) for item, _, value in (line.partition("=") for line in others)}
    saved = await measure_records.save_answers(actor, measure_records.find_offered(first), given, uuid4(), 0)
    if one.shared:
        await _share(actor, link, one, saved, now)
