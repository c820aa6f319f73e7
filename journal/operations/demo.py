"""
Load the demonstration: an invented practice that shows the product at work.

It uses the same services as a real one: nothing in it is sealed or shared in a way of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from journal.accounts import tables as accounts_tables
from journal.actor import Actor
from journal.authentication import recovery_key, registration, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.registration import NewAccount
from journal.care import invitations
from journal.entries import entries
from journal.errors import Refused
from journal.installation.installation import House
from journal.practice import practice
from journal.practice import tables as practice_tables
from journal.practice.demo_data import DemoEntry, DemoPatient, DemoPerson, demo_practice
from journal.practice.practice import RealPractice
from journal.roles import Profession, Role
from journal.sealing import seal_document
from journal.sessions import rows as session_rows
from journal.sessions import tables as sessions_tables
from journal.sessions.rows import CourseDetails, course_context
from journal.sessions.session import SessionDetails
from journal.sharing import shares
from journal.vault.documents import EntryDocument

BEFOREHAND = timedelta(days=1)
LATER = timedelta(hours=20)  # people sleep on what they share


async def load_demo(house: House) -> None:
    """
    Fill an empty installation with the demonstration.

    Raises:
        RealPractice: If anything is there already: a demonstration is never mixed with real people.
    """
    if await practice_tables.Practice.exists() or await accounts_tables.Account.exists():
        raise RealPractice
    demo = demo_practice()
    await practice.found(house, demo.name, demo=True)
    clinician = await _open(house, Role.CLINICIAN, demo.clinician)
    for patient in demo.patients:
        await _load_patient(house, clinician, patient)
    await authentication_tables.WebSession.all().delete()


async def _open(house: House, role: Role, person: DemoPerson) -> Actor:
    new = NewAccount(person.name, person.email, person.password, person.password, person.time_zone)
    readied = await registration.ready(house, new)
    profession = Profession.THERAPIST if role is Role.CLINICIAN else ""
    await registration.open_account(house, role, readied, profession=profession)
    token = await web_sessions.start(house, readied.id, readied.account_key)
    actor = await web_sessions.actor_for(house, token)
    if actor is None:
        raise Refused({})
    offer = await recovery_key.offer(actor)
    await recovery_key.confirm(actor, token, offer.sealed, offer.words)
    return actor


async def _load_patient(house: House, clinician: Actor, person: DemoPatient) -> None:
    patient = await _open(house, Role.PATIENT, person)
    today = patient.now.astimezone(patient.zone).date()
    moments = [person.moment(today, one.day, one.time) for one in person.entries]
    began = min([*moments, patient.now]) - BEFOREHAND
    invited = await invitations.invite(_at(clinician, began), person.name)
    link = await invitations.accept(_at(patient, began), invited.token)
    ids = [uuid4() for _ in person.sessions]
    details = person.session_details(today, {place: ident.hex for place, ident in enumerate(ids)})
    await _plan(_at(clinician, began), patient.id, person.course, dict(zip(ids, details, strict=True)))
    for one, at in zip(person.entries, moments, strict=True):
        await _write(_at(patient, at), link, person, one, ids, patient.now)


async def _plan(actor: Actor, patient: UUID, title: str, planned: Mapping[UUID, SessionDetails]) -> None:
    course, server = uuid4(), actor.house.server
    sealed = seal_document(server, CourseDetails(title), course_context(patient, course))
    await sessions_tables.Course.create(id=course, patient_id=patient, sealed=sealed, created_at=actor.now)
    for ident, details in planned.items():
        await session_rows.insert(actor, patient, ident, details, course)


async def _write(
    actor: Actor, link: UUID, person: DemoPatient, one: DemoEntry, ids: Sequence[UUID], now: datetime
) -> None:
    today = now.astimezone(actor.zone).date()
    about = None if one.session is None else ids[one.session].hex
    written = EntryDocument(one.kind.value, one.title, one.note, about, one.answers_on(today))
    saved = await entries.save(actor, uuid4(), 0, written)
    if one.shared:
        later = min(actor.now + LATER, now)
        sections = (shares.TITLE, *one.shared)
        await shares.share(_at(actor, later), saved.id, link, sections, previewed=saved.revision)
    if one.edit:
        edited = EntryDocument(one.kind.value, one.title, one.note, about, one.answers_now(today))
        at = person.moment(today, one.edit.day, one.edit.time)
        await entries.save(_at(actor, at), saved.id, saved.revision, edited)


def _at(actor: Actor, moment: datetime) -> Actor:
    return replace(actor, now=moment, house=replace(actor.house, clock=lambda: moment))
