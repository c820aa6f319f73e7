"""
A practice furnished so that every attack has something to aim at.

To the cast come frieda, whose care of alice has ended; gil, whose account is suspended while his care of her
lasts; karl, with whom she has paused sharing; hana, a patient without a recovery key yet; lena, whose keys are
being renewed; mona, who began anew in the middle of that; nora, who was given back what she had shared; and paul, who
renewed his keys, and has not come since bob renewed his.
Alice's words and dates occur nowhere else: where one turns up, it leaked.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from journal.account_reset import reset as account_reset
from journal.account_reset import reset_links, retained_records, returned_shares
from journal.accounts import details as account_details
from journal.accounts import tables as accounts_tables
from journal.accounts.profiles import ContactDetails
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.audit.chain_worker import AuditChainWorker
from journal.authentication import recovery_key as authentication_recovery_key
from journal.authentication import registration, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.registration import NewAccount
from journal.calendar import feeds
from journal.calendar import tables as calendar_tables
from journal.care import invitations, lifecycle, links
from journal.care import tables as care_tables
from journal.care.documents import Attention
from journal.care_notes import notes as care_notes
from journal.care_notes.notes import NoteKind as CareNoteKind
from journal.catalogue.fields import EntryKind, FieldKind
from journal.catalogue.forms import FORMS
from journal.catalogue.tracked import VERSION
from journal.clinic import call_contacts, carrying, text_writing
from journal.clinic.call_contacts import CallDetails, CallRole
from journal.clinic.hours import Window
from journal.clinic.instructions import InstructionsDetails
from journal.coming_talk import afterwards, answers, own_sets, setting
from journal.coming_talk.documents import Mark, Thing, Word
from journal.device_copies import copies as device_copies
from journal.entries import entries, removal
from journal.entries import revisions as versions
from journal.importing import runs as import_runs
from journal.importing import tables as import_tables
from journal.importing.items import Findings, Source
from journal.importing.texts import Clock as FileClock
from journal.importing.texts import Written, add_text
from journal.installation.installation import Installation
from journal.key_rotation import account_key as account_key_renewal
from journal.measures.records import find_offered
from journal.notices import agreements, inbox, writing
from journal.own_notes import notes as own_notes
from journal.own_notes.documents import NoteDocument, note_context
from journal.packets import documents as packets
from journal.packets import drafts as packet_drafts
from journal.packets import tables as packet_tables
from journal.packets.documents import Choice, Part, Told
from journal.passkeys import management as passkey_management
from journal.passkeys import tables as passkeys_tables
from journal.practice import practice, setup_links
from journal.practice import registration as staff_registration
from journal.preparing import checklist
from journal.preparing.checklist import CheckState
from journal.reading_hours import hours as reading_hours
from journal.reading_hours.hours import Hours
from journal.reminders import settings as reminder_settings
from journal.reminders.kinds import OFFERED
from journal.replies import conversation
from journal.replies import writing as reply_writing
from journal.replies.drafts import Typed
from journal.roles import Role
from journal.safety_plan import device_copy
from journal.scheduling import plan as session_plan
from journal.sealing import seal_document
from journal.sessions.course import CoursePlan
from journal.sessions.holds import refuse_while_held
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import Phase, Route, SessionDetails, SessionKind, Setting, Status
from journal.sharing import copies, handover_offers, reading, shares, terms
from journal.sitter import links as sitter_links
from journal.sitter import notes as sitter_notes
from journal.sitter import reading as sitter_reading
from journal.sitter.copies import CopiedPart
from journal.sitter.lines import NoteKind
from journal.store.database import Store
from journal.vault.documents import EntryDocument
from tests.authenticator import SITE, Authenticator
from tests.cast import NOON, PASSWORDS, PRACTICE, SERVER_KEY, ZONE, Clock, Furniture, just_come_in

HERS = "Zaunkoenig"
"""The stem of every word that only alice, or somebody she shares with, may read."""
PLANNED = "Goldammer"
"""The stem of every word in her plan, which stands under the server key."""
OTHERS = "Dompfaff"
"""The stem of every word that only dana, or charlie with whom she shares, may read."""
CONTACT, PHONE = "Steinkauz", "173 9990"
"""The stems of alice's emergency contact and of both numbers; the server key opens them, like her name."""
LANGUAGE = "en"
"""That of the pages on which everybody writes."""
YEAR = 2031
"""The year of alice's planned sessions; nothing else happens in it."""
WORDS = (
    HERS,
    PLANNED,
    CONTACT,
    PHONE,
    "Alice Sample",
    "alice@example.org",
    *(f"{month} {YEAR}" for month in ("Mar", "March", "Apr", "April")),
    f"{YEAR}-03",
    f"{YEAR}-04",
)


@dataclass(frozen=True)
class World:
    """The ids and tokens of the furnished database; `furniture` signs everybody in."""

    furniture: Furniture
    recovery_key: str
    people: dict[str, UUID]
    ids: dict[str, UUID]
    set_up: dict[str, str]
    invited: dict[str, str]
    kept: str


@dataclass
class _Making:
    """
    What the steps of furnishing hand on.

    `key` is the recovery key that was confirmed last, `sit` alice's link, `kept` what a browser of hers holds.
    """

    installation: Installation
    clock: Clock
    tokens: dict[str, bytes]
    key: str = ""
    sit: str = ""
    kept: str = ""

    async def actor(self, name: str) -> Actor:
        await authentication_tables.WebSession.all().update(used_at=self.clock.now)
        actor = await web_sessions.load_actor(self.installation, self.tokens[name])
        assert actor is not None
        return replace(actor, now=self.clock.now, language=LANGUAGE)

    async def clinician(self, name: str) -> None:
        link = await practice.create_setup_link(self.installation)
        self.tokens[name] = await staff_registration.register_staff(
            self.installation, link, PRACTICE, _new(name)
        )
        await self.confirm(name)

    async def confirm(self, name: str) -> None:
        actor = await self.actor(name)
        offer = await authentication_recovery_key.offer_recovery_key(actor)
        await authentication_recovery_key.confirm_recovery_key(
            actor, self.tokens[name], offer.sealed, offer.formatted_key
        )
        self.key = offer.formatted_key


def _new(name: str) -> NewAccount:
    password = f"{name} keeps the lamp lit"
    return NewAccount(f"{name.capitalize()} Example", f"{name}@example.org", password, password, ZONE)


async def furnish(url: str, furniture: Furniture) -> World:
    """Add to the cast in the database at *url* what is there to be attacked."""
    clock = Clock(NOON - timedelta(minutes=50))
    making = _Making(
        Installation.with_key(SERVER_KEY, clock=clock, quick=True), clock, dict(furniture.tokens)
    )
    store = await Store.open(url)
    try:
        with store.use():
            for name in ("frieda", "gil", "karl"):
                await making.clinician(name)
            readied = await registration.prepare_account(making.installation, _new("hana"))
            await registration.create_account(making.installation, Role.PATIENT, readied)
            making.tokens["hana"] = await web_sessions.start_session(
                making.installation, readied.id, readied.account_key
            )
            await _renew(making)
            ids = {"link": furniture.link}
            await _write(making, ids)
            await _plan(making, ids)
            await _sit(making, ids)
            await _share(making, ids)
            await _own_notes(making, ids)
            await _packets(making, ids)
            await _packet_of_hers(making, ids)
            await _import(making, ids)
            await _notices(making, ids)
            await _heal(making, ids)
            await _restart(making, ids)
            await _others(making, ids)
            set_up, invited = await _links(making, ids)
            people = {name: (await making.actor(name)).id for name in making.tokens}
            await making.confirm("alice")
            await _settle(making)
            ids["passkey"] = await _passkey(making)
            await accounts_tables.Account.filter(id=people["gil"]).update(status="suspended")
            await passkeys_tables.SpentChallenge.all().delete()
            await just_come_in()
            await AuditChainWorker(making.installation, uuid4()).release()  # as a service that ran, and ended
            ids["visit"] = (await authentication_tables.WebSession.get(account_id=people["alice"])).handle
    finally:
        await store.close()
    tokens = Furniture(making.tokens, furniture.link)
    return World(tokens, making.key, people, ids, set_up, invited, making.kept)


LINES = {
    FieldKind.REVISITS: f"{YEAR}-03-21 | 60 | 40 | 5 | {HERS} looked again",
    FieldKind.MOMENTS: f"{YEAR}-03-21 {HERS} trigger | {HERS} moment",
    FieldKind.MEDICINE: f"14:05 | {HERS} half of it",
    FieldKind.READINGS: f"14:20 | 128 | 82 | 71 | 98 | sitting | {HERS} sitter",
    FieldKind.CHECKS: f"14:20 | awake | {HERS} looked at",
    FieldKind.MEASURE: f"{HERS} answered",
    FieldKind.EMOTIONS: f"{HERS}feeling|60|40",
    FieldKind.REQUESTS: f"export |  |  | {NOON.isoformat()} | ",
    FieldKind.AGREED: f"{'1' * 32} | {'0' * 32} |  | 24 | {NOON.isoformat()} | {NOON.isoformat()} | {HERS} reader",
    FieldKind.STANDING: f"readings | {'0' * 32} | {NOON.isoformat()} |  |  |  | {HERS} reader",
    FieldKind.CONDITIONS: f"pressure | yes | {HERS} tablets",
    FieldKind.REMEDIES: f"{HERS} iron | 2024-05",
    FieldKind.TREATMENTS: f"{HERS} tea | other | two cups | 2019-03 | 2020-01 | a-little | tired | {HERS} aunt",
    FieldKind.CHANGES: f"2, {YEAR}-03-20 | evaluation.conditions | pressure | no | yes \u00a6 {HERS} tablets",
}
"""A line of each kind of answer that has several."""


def answers_of(kind: EntryKind) -> dict[str, str | int | list[str]]:
    """An answer to every question of a form, but that an evaluation is finished; those that are words hold the stem."""
    answers: dict[str, str | int | list[str]] = {}
    for field in (one for one in FORMS[kind].fields if one.id != VERSION):
        if field.range is not None:
            answers[field.id] = field.range[1] // 2
        elif field.kind is FieldKind.CHOICE:
            answers[field.id] = field.options[0].value
        elif field.kind is FieldKind.CHOICES:
            answers[field.id] = [option.value for option in field.options[:2]]
        elif field.kind is FieldKind.DATE:
            answers[field.id] = f"{YEAR}-03-20"
        elif field.kind in LINES:
            answers[field.id] = [LINES[field.kind]]
        else:
            answers[field.id] = f"{HERS} wrote {field.id}"
    return answers


async def _renew(making: _Making) -> None:
    """Have lena open an account, and come half the way of renewing its keys."""
    new = _new("lena")
    readied = await registration.prepare_account(making.installation, new)
    await registration.create_account(making.installation, Role.PATIENT, readied)
    making.tokens["lena"] = await web_sessions.start_session(
        making.installation, readied.id, readied.account_key
    )
    making.tokens["lena"] = await account_key_renewal.begin_rotation(await making.actor("lena"), new.password)
    await making.confirm("lena")


async def _heal(making: _Making, ids: dict[str, UUID]) -> None:
    """Have paul renew his keys, which bob follows, and then bob, whom alice follows: for paul, bob's wait."""
    new = _new("paul")
    readied = await registration.prepare_account(making.installation, new)
    await registration.create_account(making.installation, Role.PATIENT, readied)
    making.tokens["paul"] = await web_sessions.start_session(
        making.installation, readied.id, readied.account_key
    )
    invited = await invitations.create_invitation(await making.actor("bob"), "Paul")
    ids["paul's link"] = await invitations.accept_invitation(await making.actor("paul"), invited.token)
    for name, other, password in (("paul", "bob", new.password), ("bob", "alice", PASSWORDS["bob"])):
        await links.load_my_links(await making.actor(other))  # who has pinned the keys of before
        begun = await account_key_renewal.begin_rotation(await making.actor(name), password)
        making.tokens[name] = begun
        await _come_to_the_end(making, name)
        await making.confirm(name)
        await links.load_my_links(await making.actor(other))
    await _come_to_the_end(making, "alice")


async def _come_to_the_end(making: _Making, name: str) -> None:
    """Have everything that is being sealed anew for somebody be so."""
    while not (await account_key_renewal.reseal_batches(await making.actor(name), 50)).finished:
        making.clock.forward(seconds=account_key_renewal.SETTLING_TIME.total_seconds())


async def _restart(making: _Making, ids: dict[str, UUID]) -> None:
    """Have mona and nora lose everything that they shared with bob, and nora be given it back."""
    for name in ("mona", "nora"):
        new = _new(name)
        readied = await registration.prepare_account(making.installation, new)
        await registration.create_account(making.installation, Role.PATIENT, readied)
        making.tokens[name] = await web_sessions.start_session(
            making.installation, readied.id, readied.account_key
        )
        await making.confirm(name)
        invited = await invitations.create_invitation(await making.actor("bob"), name)
        link = await invitations.accept_invitation(await making.actor(name), invited.token)
        patient, entry = await making.actor(name), uuid4()
        await entries.save_entry(
            patient, entry, 0, EntryDocument("free", "Swifts", answers={"free.text": "above us"})
        )
        await shares.share_entry(patient, entry, link, [copies.TITLE, "free.text"], previewed=1)
        if name == "mona":
            making.tokens[name] = await account_key_renewal.begin_rotation(patient, new.password)
        offered = await reset_links.create_reset_link(await making.actor("bob"), patient.id)
        email, again = f"{name}@example.org", f"{name} lights the lamp anew"
        making.tokens[name] = await account_reset.reset_account(
            making.installation, offered.token, email, again, again, PRACTICE, understood=True
        )
        await making.confirm(name)
        await reading.load_folder(await making.actor("bob"), patient.id)  # pins the keys of now
        ids[f"{name}'s aside"] = (await retained_records.list_retained_records(await making.actor(name)))[
            0
        ].id
        ids[f"{name}'s old link"] = link
        ids[f"{name}'s link"] = (await links.load_my_links(await making.actor(name)))[0].id
    nora = (await making.actor("nora")).id
    await returned_shares.return_shares(await making.actor("bob"), nora)


async def _write(making: _Making, ids: dict[str, UUID]) -> None:
    """Write an entry of every kind, one of them with an earlier version, and one that is deleted."""
    # Each at a moment of its own, free writing last: a row that is bent stays among the latest, which home shows.
    for kind in sorted(EntryKind, key=lambda one: one is EntryKind.FREE):
        making.clock.forward(seconds=1)
        ids[kind.value] = uuid4()
        title = f"{HERS} {kind.value}"
        document = EntryDocument(kind.value, title, f"{HERS} be gentle", answers=answers_of(kind))
        await entries.save_entry(await making.actor("alice"), ids[kind.value], 0, document)
    ids["entry"], ids["deleted"] = ids["integration"], ids["capture"]
    document = EntryDocument("integration", f"{HERS} later", answers=answers_of(EntryKind.INTEGRATION))
    making.clock.forward(minutes=15)
    alice = await making.actor("alice")
    await entries.save_entry(alice, ids["entry"], 1, document)
    ids["revision"] = (await versions.list_revisions(alice, ids["entry"]))[0].id
    await removal.delete_entry(alice, ids["deleted"])
    making.kept = (await device_copy.make_copy(alice)).token
    ids["device copy"] = (await device_copies.list_copies(alice))[0].id


async def _set_for_a_talk(making: _Making, bob: Actor, ids: dict[str, UUID]) -> None:
    """Have bob set three things for alice's next talk and keep them as a set; she says a word, he marks two."""
    alice = await making.actor("alice")
    link = await links.load_link_with(bob, alice.id)
    talk = (await setting.load_talks_ahead(bob, link))[0]
    own = [
        Thing("question", "own", f"{HERS} question {number}", f"{HERS} why", LANGUAGE) for number in range(2)
    ]
    things = (*own, Thing("reading", "pace", "", f"{HERS} why", LANGUAGE))
    ids["talk item"], ids["marked talk item"], _ = await setting.set_things(bob, alice.id, talk.id, things)
    ids["talk set"] = await own_sets.keep_set(bob, f"{HERS} set", things)
    await answers.say_word(alice, ids["talk item"], Word.NOT_NOW)
    await afterwards.mark_item(bob, alice.id, ids["marked talk item"], Mark.AGAIN)


async def _plan(making: _Making, ids: dict[str, UUID]) -> None:
    """Have bob plan a course, and alice add a session of her own and whom to call."""
    plan = CoursePlan(
        first_date=date(YEAR, 3, 17), first_time=time(14), zone=ZONE, dosing_count=2, every_days=7,
        setting=Setting.HOME, route=Route.SUBLINGUAL, phase=Phase.INDUCTION, dose_text=f"{PLANNED} as agreed",
        preparation_days_before=2, integration_days_after=1, prescriber_name=f"Dr {PLANNED}",
    )  # fmt: skip
    alice, bob = await making.actor("alice"), await making.actor("bob")
    ids["course"] = await session_plan.plan_course(bob, alice.id, f"{PLANNED} course", plan)
    ids["session"] = next(
        one.id for one in await load_my_sessions(alice) if one.details.kind is SessionKind.DOSING
    )
    own = SessionDetails(
        SessionKind.MEDICAL_CHECKIN, f"{YEAR}-04-21T09:00", ZONE, 30, Setting.CLINIC, sitter=f"{PLANNED} K.",
        note=f"{PLANNED} bring the list",
    )  # fmt: skip
    ids["own session"] = await session_plan.add_session(alice, alice.id, own)
    hours = Hours(
        ZONE,
        (Window((1, 3), "08:00", "09:00"),),
        covers="Dr Cover",
        words="I read in the morning.",
        language=LANGUAGE,
    )
    await reading_hours.save_hours(bob, hours, base=0)
    await reminder_settings.save_choices(
        alice, [kind.value for kind in OFFERED[Role.PATIENT]], "21:00", "08:00"
    )
    ids["call contact"] = await call_contacts.save_contact(
        bob,
        alice.id,
        CallDetails(
            CallRole.NURSE,
            f"{PLANNED} nurse",
            f"+49 {PHONE}3",
            f"{PLANNED} sickness",
            ZONE,
            (Window((1, 2, 3), "08:00", "18:00"),),
            f"{PLANNED} leave a message",
        ),
    )
    told = InstructionsDetails(f"{PLANNED} tea", f"{PLANNED} pill", f"{PLANNED} socks", f"{PLANNED} chair")
    ids["instructions"] = await text_writing.save_instructions(
        bob, alice.id, ids["course"], told, is_checked=True
    )
    noted = {
        "dose": "",
        "interval": "",
        "focus": f"{HERS} focus",
        "from_day": "2026-11-01",
        "why": f"{HERS} why",
    }
    ids["care note"] = await care_notes.write_note(bob, alice.id, CareNoteKind.PLAN, noted, uuid4())
    ids["care note row"] = (await care_tables.CareNote.get(note=ids["care note"])).id
    await _set_for_a_talk(making, bob, ids)
    await checklist.add_lines(alice, ids["session"], [f"{HERS} line of a list", f"{HERS} other line"])
    await checklist.change_state(alice, ids["session"], f"{HERS} line of a list", CheckState.DONE)
    part = CopiedPart("comfort.touch", "Touch", f"{HERS} hold my hand", language=LANGUAGE)
    made = await sitter_links.make_link(alice, ids["session"], [part])
    ids["sitter link"], making.sit = made.id, made.token
    await feeds.make_feed(alice, f"{HERS} title")
    ids["feed"] = (await calendar_tables.CalendarFeed.get(account_id=alice.id)).id
    open_link = await sitter_links.open_sitting(making.installation, made.token)
    line = LINES[FieldKind.CHECKS]
    await sitter_notes.save_note(
        making.installation, open_link, uuid4(), NoteKind.CHECK, line, language=LANGUAGE
    )
    ids["marked sitter note"] = (await sitter_reading.load_notes(alice, ids["session"]))[0].id
    contact = ContactDetails(f"+49 {PHONE}1", f"{CONTACT} name", f"{CONTACT} relation", f"+49 {PHONE}2")
    await account_details.change_contact(alice, contact, partial(refuse_while_held, alice))


async def _sit(making: _Making, ids: dict[str, UUID]) -> None:
    """Have somebody sit with alice weeks ago; she has neither kept nor deleted a note of theirs."""
    installation, now = making.installation, making.clock.now
    alice, then = await making.actor("alice"), NOON - timedelta(days=40)
    dosing = SessionDetails(SessionKind.DOSING, f"{then:%Y-%m-%d}T16:00", ZONE, 120, Setting.HOME)
    making.clock.now = then
    alice = replace(alice, now=then)
    ids["sat session"] = await session_plan.add_session(alice, alice.id, dosing)
    made = await sitter_links.make_link(alice, ids["sat session"], writes_down=True)
    ids["sat link"] = made.id
    await session_plan.change_status(alice, ids["sat session"], Status.IN_SESSION)
    sitting = await sitter_links.open_sitting(installation, made.token)
    lines = {
        NoteKind.CHECK: LINES[FieldKind.CHECKS],
        NoteKind.READING: LINES[FieldKind.READINGS],
        NoteKind.EVENT: f"14:30 | {HERS} dropped a cup",
        NoteKind.SAID: f"14:40 | {HERS} spoke of the sea",
    }
    for kind, line in lines.items():
        await sitter_notes.save_note(installation, sitting, uuid4(), kind, line, language=LANGUAGE)
        making.clock.forward(minutes=1)
    found = await sitter_reading.load_notes(alice, ids["sat session"])
    ids["sitter note"], ids["other sitter note"] = found[0].id, found[1].id
    making.clock.now = then + timedelta(days=1)
    alice = replace(alice, now=making.clock.now)
    await session_plan.change_status(alice, ids["sat session"], Status.RECOVERING)
    await session_plan.confirm_rest(alice)
    making.clock.now = now


async def _share(making: _Making, ids: dict[str, UUID]) -> None:
    """Share with bob, who reads; with others before care ends, sharing is paused or they are suspended."""
    for name in ("frieda", "gil", "karl"):
        invited = await invitations.create_invitation(await making.actor(name), "Alice")
        ids[f"{name}'s link"] = await invitations.accept_invitation(
            await making.actor("alice"), invited.token
        )
    alice = await making.actor("alice")
    fields = [copies.TITLE, *answers_of(EntryKind.INTEGRATION)]
    for name in ("bob", "frieda", "gil", "karl"):
        link = ids["link" if name == "bob" else f"{name}'s link"]
        ids[f"{name}'s share"] = await shares.share_entry(
            alice, ids["entry"], link, fields, previewed=2, may_file=name == "bob"
        )
        await reading.read_share(await making.actor(name), alice.id, ids[f"{name}'s share"])
    ids["share"] = ids["bob's share"]
    await _reply(making, ids)
    await afterwards.mark_share(await making.actor("bob"), alice.id, ids["share"], revision=1, is_talked=True)
    await terms.file_share(await making.actor("bob"), alice.id, ids["share"], 1)
    fields = [copies.NOTE, *answers_of(EntryKind.REFRAME)]
    ids["changed share"] = await shares.share_entry(
        alice, ids["reframe"], ids["link"], fields, previewed=1, may_file=True
    )
    await reading.read_share(await making.actor("bob"), alice.id, ids["changed share"])
    changed = answers_of(EntryKind.REFRAME) | {"reframe.new_meaning": f"{HERS} truer still"}
    await entries.save_entry(
        alice, ids["reframe"], 1, EntryDocument("reframe", f"{HERS} reframe", answers=changed)
    )
    letter = EntryDocument("free", "", answers={"free.text": f"{HERS} unsent"})
    kept = await entries.save_entry(alice, uuid4(), 0, letter)
    ids["closed share"] = await shares.share_entry(
        alice,
        kept.id,
        ids["link"],
        ["free.text"],
        previewed=1,
        attention=Attention.IF_RAISED,
        until=(alice.now + timedelta(days=900)).date(),
    )
    left = CallDetails(CallRole.THERAPIST, f"{PLANNED} left", f"+49 {PHONE}4", f"{PLANNED} questions")
    ids["left contact"] = await call_contacts.save_contact(await making.actor("frieda"), alice.id, left)
    # Each part has words, or a page would say of one that it was not written.
    written = InstructionsDetails(
        f"{PLANNED} broth", f"{PLANNED} drops", f"{PLANNED} scarf", f"{PLANNED} stool"
    )
    ids["left text"] = await text_writing.save_instructions(
        await making.actor("frieda"), alice.id, None, written, is_checked=True
    )
    await lifecycle.end_care(alice, ids["frieda's link"])
    await lifecycle.pause_sharing(alice, ids["karl's link"])


async def _reply(making: _Making, ids: dict[str, UUID]) -> None:
    """Have alice and bob reply to each other, read that, and keep a draft each."""
    alice, bob, ids["reply"], ids["bob's reply"] = (
        await making.actor("alice"),
        await making.actor("bob"),
        uuid4(),
        uuid4(),
    )
    entry, link, share = ids["entry"], ids["link"], ids["share"]
    await reply_writing.send_mine(alice, entry, link, Typed(f"{HERS} question"), ids["reply"])
    await reply_writing.send_of_copy(bob, alice.id, share, Typed(f"{HERS} answer"), ids["bob's reply"])
    await conversation.read_mine(await making.actor("alice"), entry, link)
    await conversation.read_of_copy(await making.actor("bob"), alice.id, share)
    await reply_writing.save_mine(alice, entry, link, Typed(f"{HERS} unsent"))
    await reply_writing.save_typed_of_copy(bob, alice.id, share, Typed(f"{HERS} unfinished"))
    ids["reply draft"] = (await care_tables.ReplyDraft.get(share=share)).id


async def _packets(making: _Making, ids: dict[str, UUID]) -> None:
    """Have alice have chosen something for somebody, and have made a file for somebody else."""
    alice, made_id = await making.actor("alice"), uuid4()
    entry = ids["entry"].hex
    choice = Choice(
        parts=(Part.NAME, Part.SESSIONS, Part.CONSENT),
        pieces={entry: ("int.meaning", "title")},
        recipient=f"{HERS} recipient",
        purpose=f"{HERS} purpose",
        language=LANGUAGE,
    )
    ids["packet"] = await packet_drafts.create_packet(alice, choice)
    await packet_drafts.save_layout(alice, ids["packet"], packets.Layout("0" * 64, 1, (1,), (HERS,)))
    told = Told(
        f"{HERS} recipient of a file",
        f"{HERS} purpose of a file",
        alice.now.isoformat(),
        language=LANGUAGE,
    )
    sealed = seal_document(alice.vault, choice, packets.choice_context(alice.id, made_id, 1))
    file = alice.vault.seal(f"{HERS} file".encode(), context=packets.file_context(alice.id, made_id))
    ids["made packet"] = made_id
    await packet_tables.Packet.create(
        id=made_id,
        owner_id=alice.id,
        revision=1,
        state="made",
        done=3,
        sealed=sealed,
        told=seal_document(alice.vault, told, packets.told_context(alice.id, made_id)),
        file=file,
        created_at=alice.now,
        updated_at=alice.now,
        file_until=alice.now + timedelta(days=365),
    )


async def _import(making: _Making, ids: dict[str, UUID]) -> None:
    """Have alice have uploaded a file, of which nothing is imported yet."""
    alice = await making.actor("alice")
    content = Findings(Source.TEXTS)
    at = Written(alice.now - timedelta(days=400), "Europe/Berlin")
    add_text(content, FileClock(alice.now, "Europe/Berlin"), f"{HERS} words of a file", f"{HERS} title", at)
    summary, parts = content.finish()
    ids["import run"] = await import_runs.stage(alice, summary, [msgspec.json.encode(one) for one in parts])
    ids["import part"] = (await import_tables.ImportPart.get(run_id=ids["import run"])).id
    await import_tables.ImportRun.all().update(until=alice.now + timedelta(days=365))


async def _packet_of_hers(making: _Making, ids: dict[str, UUID]) -> None:
    """Have bob have chosen something that alice shares, and have made a file of it for somebody else."""
    bob, alice, made_id = await making.actor("bob"), await making.actor("alice"), uuid4()
    choice = Choice(
        parts=(Part.NAME,),
        pieces={ids["share"].hex: ("int.meaning",)},
        recipient=f"{HERS} recipient of bob's",
        purpose=f"{HERS} purpose of bob's",
        language=LANGUAGE,
        patient=alice.id.hex,
    )
    ids["bob's packet"] = await packet_drafts.create_packet(bob, choice, alice.id)
    told = Told(choice.recipient, choice.purpose, bob.now.isoformat(), language=LANGUAGE)
    ids["bob's made packet"] = made_id
    await packet_tables.Packet.create(
        id=made_id,
        owner_id=bob.id,
        patient_id=alice.id,
        revision=1,
        state="made",
        done=3,
        sealed=seal_document(bob.vault, choice, packets.choice_context(bob.id, made_id, 1)),
        told=seal_document(bob.vault, told, packets.told_context(bob.id, made_id)),
        disclosed=packet_drafts.seal_disclosed(bob, alice.id, made_id, told),
        file=bob.vault.seal(f"{HERS} file of bob's".encode(), context=packets.file_context(bob.id, made_id)),
        created_at=bob.now,
        updated_at=bob.now,
        file_until=bob.now + timedelta(days=365),
    )
    await audit_log.record_event(bob, Act.PACKET_MADE, patient=alice.id, about=made_id)


async def _own_notes(making: _Making, ids: dict[str, UUID]) -> None:
    """Have bob write notes of his own about alice, and one be left about somebody whose account is gone."""
    bob, alice = await making.actor("bob"), await making.actor("alice")
    for number in range(2):
        ids["own note"] = await own_notes.save_note(bob, alice.id, uuid4(), f"{HERS} own note {number}")
    gone, note = uuid4(), uuid4()
    left = NoteDocument(
        gone.hex, f"{HERS} somebody", f"{HERS} left note", bob.now.isoformat(), language=LANGUAGE
    )
    await care_tables.OwnNote.create(
        id=note,
        owner_id=bob.id,
        patient=gone,
        revision=1,
        sealed=seal_document(bob.vault, left, note_context(bob.id, note, 1)),
        written_at=bob.now,
        ask_from=bob.now,
    )


async def _notices(making: _Making, ids: dict[str, UUID]) -> None:
    """Have alice and bob agree on notices, with gil as the backup: one is open, one is acknowledged."""
    alice, bob, ids["noticed"] = await making.actor("alice"), await making.actor("bob"), uuid4()
    await agreements.propose(alice, ids["link"], ids["gil's link"], 24)
    there = (await agreements.load_agreement(bob, alice.id)).proposed
    assert there is not None
    await agreements.agree_as_clinician(bob, alice.id, there.id, f"{HERS} usual hour")
    making.clock.forward(seconds=1)
    alice = await making.actor("alice")
    await writing.save_answers(alice, find_offered("phq9"), {"9": 1}, ids["noticed"], 0)
    await writing.release_now(alice, ids["noticed"])
    (one,) = await inbox.list_open(bob)
    ids["notice"] = one.id
    for base, value in ((1, 0), (2, 1)):  # which counts as a first answer
        await writing.save_answers(alice, find_offered("phq9"), {"9": value}, ids["noticed"], base)
    await writing.release_now(alice, ids["noticed"])
    (other,) = [found for found in await inbox.list_open(bob) if found.id != one.id]
    ids["done notice"] = other.id
    await inbox.acknowledge(bob, alice.id, [other.id], f"{HERS} called back")


async def _others(making: _Making, ids: dict[str, UUID]) -> None:
    """Give dana and charlie what alice and bob have, in words of their own."""
    invited = await invitations.create_invitation(await making.actor("charlie"), "Dana")
    dana, ids["dana's entry"] = await making.actor("dana"), uuid4()
    ids["dana's link"] = await invitations.accept_invitation(dana, invited.token)
    answers: dict[str, str | int | list[str]] = {"free.text": f"{OTHERS} wrote this"}
    for revision in (1, 2):
        document = EntryDocument("free", f"{OTHERS} {revision}", answers=answers)
        dana = await making.actor("dana")
        await entries.save_entry(dana, ids["dana's entry"], revision - 1, document)
        making.clock.forward(minutes=1 if revision == 2 else 11)
    dana, charlie = await making.actor("dana"), await making.actor("charlie")
    ids["dana's revision"] = (await versions.list_revisions(dana, ids["dana's entry"]))[0].id
    ids["dana's share"] = await shares.share_entry(
        dana, ids["dana's entry"], ids["dana's link"], [copies.TITLE, "free.text"], previewed=2
    )
    await reading.read_share(charlie, dana.id, ids["dana's share"])
    plan = CoursePlan(date(2033, 5, 3), time(9), ZONE, 1, 1, Setting.CLINIC, dose_text=f"{OTHERS} dose")
    ids["dana's course"] = await session_plan.plan_course(charlie, dana.id, f"{OTHERS} course", plan)
    ids["dana's session"] = (await load_my_sessions(dana))[0].id
    ids["charlie's invitation"] = (await invitations.create_invitation(charlie, f"{OTHERS} invited")).id


async def _settle(making: _Making) -> None:
    """Have alice have opened her first page since she ended care and paused sharing: the key of her plan is another."""
    alice = await making.actor("alice")
    await carrying.settle(alice, await links.load_my_links(alice, ended=True), ())


async def _passkey(making: _Making) -> UUID:
    """Have alice add a passkey that opens her journal."""
    alice, device = await making.actor("alice"), Authenticator()
    answer = device.make(await passkey_management.build_creation_options(alice, SITE))
    named = f"{HERS} phone"
    added = await passkey_management.add_passkey(
        alice, making.tokens["alice"], SITE, named, answer.credential, answer.prf
    )
    return added.id


async def _links(making: _Making, ids: dict[str, UUID]) -> tuple[dict[str, str], dict[str, str]]:
    """Make set-up links and invitations of bob's in every state that one can be in."""
    bob = await making.actor("bob")  # whose session did not begin so long ago
    making.clock.now = NOON - timedelta(days=30)
    set_up = {"expired": await practice.create_setup_link(making.installation)}
    expired = await invitations.create_invitation(replace(bob, now=making.clock.now), f"{HERS} invited late")
    making.clock.now = NOON - timedelta(minutes=30)
    set_up |= {
        "used": await practice.create_setup_link(making.installation),
        "open": await practice.create_setup_link(making.installation),
    }
    await staff_registration.register_staff(making.installation, set_up["used"], PRACTICE, _new("ines"))
    charlie = (await making.actor("charlie")).id
    alice = (await making.actor("alice")).id
    ids["handover"] = await handover_offers.suggest_colleague(await making.actor("bob"), alice, str(charlie))
    erin = await making.actor("erin")
    ids["set-up link"] = await setup_links.create_setup_link_for(erin, "Lena", "nurse")
    bob = await making.actor("bob")
    withdrawn = await invitations.create_invitation(bob, f"{HERS} invited in vain")
    await invitations.withdraw_invitation(bob, withdrawn.id)
    waiting = await invitations.create_invitation(bob, "Jan")
    accepted = await invitations.create_invitation(bob, "Hana")
    await invitations.accept_invitation(await making.actor("hana"), accepted.token)
    ids["invitation"], ids["withdrawn invitation"] = waiting.id, withdrawn.id
    dana = await making.actor("dana")
    dosing = SessionDetails(SessionKind.DOSING, f"{YEAR - 1}-05-05T14:00", ZONE, 120, Setting.HOME)
    ids["dana's session"] = await session_plan.add_session(dana, dana.id, dosing)
    part = CopiedPart("comfort.touch", "Touch", f"{OTHERS} hold her hand", language=LANGUAGE)
    sitting = await sitter_links.make_link(dana, ids["dana's session"], [part])
    ids["dana's sitter link"] = sitting.id
    calendar = await feeds.make_feed(dana, f"{OTHERS} title")
    restart = await reset_links.create_reset_link(bob, (await making.actor("alice")).id)
    invited = {
        "expired": expired,
        "used": accepted,
        "withdrawn": withdrawn,
        "open": waiting,
    }
    return set_up, {state: one.token for state, one in invited.items()} | {
        "restart": restart.token,
        "sit": sitting.token,
        "calendar": calendar,
        "alice's sit": making.sit,
    }


Rows = dict[str, frozenset[tuple[object, ...]]]
PASSING = frozenset(
    {
        "audit_event",
        "audit_head",
        "audit_lease",
        "audit_pending",
        "outbox",
        "throttle",
        "web_session",
        "worker",
        "sqlite_sequence",
    }
)
"""Tables that somebody's mere coming in writes to."""


def rows_of(path: Path) -> Rows:
    """Every row of every table that holds what people made, as it stands in the file at *path*."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        found = {
            name: frozenset(connection.execute(f'SELECT * FROM "{name}"').fetchall())
            for (name,) in named
            if name not in PASSING
        }
    connection.close()
    return found
