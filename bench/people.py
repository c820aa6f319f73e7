"""
The people of a measurement, in a database of their own: a clinician, a patient at their side, and strangers.

Run as `python -m bench.people FOLDER`, it fills the folder and prints who can be asked as JSON; with
`--without-cipher` everything in it is written by the cipher that encrypts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from bench import no_cipher
from bench.rows import DATABASE, entry_row, insert
from journal.actor import Actor
from journal.authentication import recovery_key, registration, web_sessions
from journal.authentication.registration import NewAccount
from journal.care import invitations
from journal.catalogue.fields import EntryKind
from journal.entries import entries
from journal.installation.installation import Installation
from journal.practice import practice
from journal.practice import registration as staff_registration
from journal.roles import Role
from journal.scheduling import plan as session_plan
from journal.sealing import seal_document
from journal.sessions import holds
from journal.sessions.course import CoursePlan
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import Phase, Route, SessionDetails, SessionKind, Setting, Status
from journal.sharing import shares
from journal.store.database import Store, migrate, transaction
from journal.vault import baseline
from journal.vault.documents import EntryDocument, entry_context

SERVER_KEY = bytes(range(32))
ZONE = "Europe/Berlin"
PASSWORD = "slow water under the bridge"
WORDS_EACH = 200
PATIENT_ONLY = "--patient-only"
SMALL = "--small"
TIMELINE = 30
LENGTHS = (TIMELINE, 1_000, 10_000)
WRITERS = 8
STRANGERS = 24
SESSIONS = 13
WITHOUT_JOURNALS = "--without-journals"
NEEDLE = "heron"
"""Stands in three entries of each journal that is searched, and in none of the other words."""

VOCABULARY = """
    after again along always around because before behind body breath bright calm carry clear close cold
    country dark door dream early earth edge evening every face far father feel field floor friend garden
    gentle ground hand hear heart heavy home hour house kitchen lake later leave letter light listen long
    maybe memory mirror moment morning mother music near night nothing open other path quiet rain remember
    river road room sea shore silence sister sleep slow snow soft someone song sound stairs stay stone story
    street summer there though together tree under until voice walk wall warm water weather while white window
"""


class Writer(msgspec.Struct):
    """One who writes while others do: the cookie, the id of the entry, and the address to sign in with."""

    cookie: str
    entry: str
    email: str


class Journal(msgspec.Struct):
    """A patient with so many entries and a plan: the cookie, the id of the newest entry, and of the last session."""

    cookie: str
    entry: str
    session: str


class People(msgspec.Struct):
    """
    Who can be asked, by the cookies of the signed-in ones.

    `clinician` cares for `patient`, whose id is `known`. `journals` are found by the number of their entries; each of
    `strangers` has thirty and is not asked for anything before it is measured.
    """

    patient: str
    clinician: str
    known: str
    journals: dict[int, Journal]
    writers: list[Writer]
    strangers: list[str]


def words(chance: random.Random, count: int = WORDS_EACH) -> str:
    """Write so many words."""
    return " ".join(chance.choices(VOCABULARY.split(), k=count))


def cookie(token: bytes) -> str:
    """Write a session token as its cookie."""
    return urlsafe_b64encode(token).rstrip(b"=").decode()


async def furnish(
    folder: Path,
    *,
    patient_only: bool = False,
    without_journals: bool = False,
    small: bool = False,
    url: str = "",
) -> People:
    """
    Make the practice: one clinician; a patient with a course, a journal of 30 entries and five shared ones.

    Unless it is the patient only: those who write and sign in at the same time, and journals of all lengths.

    Args:
        small: Stretch passwords little and write a hundredth, to see that all of it works.
        url: Of a database that is not in the folder, which can have no journals.
    """
    url = url or f"sqlite://{folder / DATABASE}"
    await migrate(url)
    store = await Store.open(url)
    installation = Installation.with_key(SERVER_KEY, quick=small)
    with store.use():
        setup, new = await practice.create_setup_link(installation), _new_account("clinician")
        caring = await staff_registration.register_staff(installation, setup, "Quiet Practice", new)
        clinician = await _ready(installation, caring)
        patient, token = await _patient(installation, "patient")
        invited = await invitations.create_invitation(clinician, "Patient")
        link = await invitations.accept_invitation(patient, invited.token)
        await session_plan.plan_course(clinician, patient.id, "Six at home", _plan())
        await _report_past(patient)
        await _keep_a_journal(patient, link)
        journals, strangers = {}, []
        if not patient_only and not without_journals:
            for count in LENGTHS:
                journals[count] = await _journal(folder, installation, f"journal{count}", count, small=small)
            for number in range(1 if small else STRANGERS):
                made = await _journal(folder, installation, f"stranger{number}", TIMELINE, small=small)
                strangers.append(made.cookie)
        writers = []
        for number in range(0 if patient_only else WRITERS):
            writer, writing = await _patient(installation, f"writer{number}")
            entry = await entries.save_entry(writer, uuid4(), 0, document(random.Random(number)))
            writers.append(Writer(cookie(writing), str(entry.id), writer.email))
    await store.close()
    return People(cookie(token), cookie(caring), str(patient.id), journals, writers, strangers)


async def _report_past(patient: Actor) -> None:
    """Have what lies behind have taken place, and the patient have rested."""
    for one in await load_my_sessions(patient):
        if one.kind is SessionKind.DOSING and holds.is_unanswered(one.details, patient.now):
            await session_plan.change_status(patient, one.id, Status.CLOSED)
    await session_plan.confirm_rest(patient)


def document(chance: random.Random, text: str = "") -> EntryDocument:
    """Write an entry of 200 words."""
    return EntryDocument(EntryKind.FREE.value, words(chance, 4), answers={"free.text": text or words(chance)})


async def _journal(
    folder: Path, installation: Installation, name: str, count: int, *, small: bool
) -> Journal:
    """
    Make a patient with an entry for each hour up to now, and thirteen sessions.

    All fall into the hours of the last thirty entries, so that the first page of every journal shows as much.
    """
    owner, token = await _patient(installation, name)
    for number in reversed(range(SESSIONS)):
        local = (owner.now - timedelta(hours=2 * number + 1)).strftime("%Y-%m-%dT%H:%M")
        details = SessionDetails(SessionKind.DOSING, local, "UTC", 120, Setting.HOME)
        session = await session_plan.add_session(owner, owner.id, details)
    entry = write_many(folder, owner, max(3, count // 100) if small else count)
    async with transaction():
        await baseline.rebuild_record_state(owner.vault, owner.id)
    return Journal(cookie(token), str(entry), str(session))


def write_many(folder: Path, owner: Actor, count: int) -> UUID:
    """Put *count* entries into a journal at once, three of them with the needle; returns the id of the newest."""
    chance = random.Random(count)
    with_needle = set(chance.sample(range(count), 3))
    rows = []
    for number in range(count):
        ident = uuid4()
        text = words(chance) + (f" {NEEDLE}" if number in with_needle else "")
        sealed = seal_document(owner.vault, document(chance, text), entry_context(owner.id, ident, 1))
        rows.append(entry_row(ident, owner.id, sealed, owner.now - timedelta(hours=count - number)))
    insert(folder, {"entry": rows})
    return ident


def _new_account(name: str) -> NewAccount:
    return NewAccount(name.title(), f"{name}@example.org", PASSWORD, PASSWORD, ZONE)


async def _patient(installation: Installation, name: str) -> tuple[Actor, bytes]:
    readied = await registration.prepare_account(installation, _new_account(name))
    await registration.create_account(installation, Role.PATIENT, readied)
    token = await web_sessions.start_session(installation, readied.id, readied.account_key)
    return await _ready(installation, token), token


async def _ready(installation: Installation, token: bytes) -> Actor:
    actor = await web_sessions.load_actor(installation, token)
    assert actor is not None
    offer = await recovery_key.offer_recovery_key(actor)
    await recovery_key.confirm_recovery_key(actor, token, offer.sealed, offer.formatted_key)
    return actor


def _plan() -> CoursePlan:
    return CoursePlan(
        (datetime.now(UTC) - timedelta(days=16)).date(),
        time(14),
        ZONE,
        dosing_count=6,
        every_days=7,
        setting=Setting.HOME,
        route=Route.SUBLINGUAL,
        phase=Phase.INDUCTION,
        dose_text="as told by the prescriber",
        preparation_days_before=2,
        integration_days_after=1,
    )


async def _keep_a_journal(patient: Actor, link: UUID) -> None:
    chance, plan = random.Random(TIMELINE), await load_my_sessions(patient)
    dosing = [one for one in plan if one.details.kind is SessionKind.DOSING]
    for number in range(TIMELINE):
        about = dosing[number % 3].id.hex if number % 2 else None
        written = msgspec.structs.replace(document(chance), session_id=about)
        at = replace(patient, now=patient.now - timedelta(hours=13 * (TIMELINE - number)))
        entry = await entries.save_entry(at, uuid4(), 0, written)
        if number % 6 == 0:
            await shares.share_entry(
                patient, entry.id, link, ["title", "free.text"], previewed=entry.revision
            )


def main() -> None:
    """Furnish the folder named on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    for flag in (no_cipher.FLAG, PATIENT_ONLY, WITHOUT_JOURNALS, SMALL):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--url", default="")
    options = parser.parse_args()
    if options.without_cipher:
        no_cipher.take_out()
    made = furnish(
        options.folder,
        patient_only=options.patient_only,
        without_journals=options.without_journals,
        small=options.small,
        url=options.url,
    )
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(made)))


if __name__ == "__main__":
    main()
