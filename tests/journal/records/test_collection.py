"""What an export holds: everything of a patient's own; of a clinician's, what is shared and nothing else."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import msgspec
import pytest

from crypto import PrivateIdentity
from journal.accounts import tables as accounts_tables
from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.care import invitations, lifecycle
from journal.care import tables as care_tables
from journal.care.notice_release import release_due
from journal.catalogue.fields import EntryKind
from journal.catalogue.reframe import STATUS_OPTIONS
from journal.clinic import call_contacts, text_writing
from journal.clinic.call_contacts import CallDetails, CallRole
from journal.clinic.hours import Window
from journal.clinic.instructions import InstructionsDetails
from journal.entries import entries, removal
from journal.errors import HeldUntilRested, InvalidInput, NotFound, TrustBroken
from journal.notices import inbox, writing
from journal.own_notes import notes as own_notes
from journal.records import archive
from journal.records import collection as records_collection
from journal.records.collection import ClinicianRecords, PatientRecords
from journal.records.own import OwnNoteRecord
from journal.records.schema import NOT_INTACT, EntryRecord, Manifest, PatientRecord, Unreadable
from journal.scheduling import plan as session_plan
from journal.sessions.course import CoursePlan
from journal.sessions.session import Route, SessionDetails, SessionKind, Setting
from journal.sharing import shares
from journal.sitter import tables
from journal.sitter.lines import NoteKind
from journal.store.database import transaction
from journal.vault import tables as vault_tables
from journal.vault.documents import Beside, EntryDocument
from journal.vault.entry_rows import UNKNOWN_ID, Entry
from tests.cast import NAMES, PASSWORDS, PRACTICE, ZONE, Cast
from tests.journal.notices.test_agreements import agreed
from tests.journal.notices.test_notices import choose
from tests.journal.sitter.test_links import dose
from tests.journal.sitter.test_notes import AWAKE, note, sitting_of
from tests.scenes import connected

LESS = Unreadable(NOT_INTACT, UNKNOWN_ID)
SIGNER = PrivateIdentity.generate()
PHRASE = "a lamp left on the quiet sill"


async def written(cast: Cast, document: EntryDocument, who: str = "alice") -> Entry:
    """Have somebody write an entry."""
    return await entries.save_entry(await cast.actor(who), uuid4(), 0, document)


async def rewritten(cast: Cast, entry: Entry, **changes: object) -> Entry:
    """Have alice change an entry, after a pause long enough to keep the text until now."""
    cast.clock.forward(minutes=30)
    document = msgspec.structs.replace(entry.document, **changes)
    return await entries.save_entry(await cast.actor("alice"), entry.id, entry.revision, document)


async def shared(cast: Cast, entry: Entry, *parts: str, link: UUID | None = None) -> UUID:
    """Have alice share parts of an entry, with bob unless said."""
    return await shares.share_entry(
        await cast.actor("alice"), entry.id, link or cast.link, parts, previewed=entry.revision
    )


async def taken_by(cast: Cast, who: str = "alice") -> PatientRecords:
    """Have a patient collect their records."""
    return await records_collection.collect_patient_records(await cast.actor(who), PRACTICE)


async def shared_with(cast: Cast, who: str, patient: UUID | None = None) -> ClinicianRecords:
    """Have a clinician collect what is shared with them."""
    return await records_collection.collect_shared_records(await cast.actor(who), PRACTICE, patient)


def packed(found: PatientRecords | ClinicianRecords, pages: dict[str, str] | None = None) -> zipfile.ZipFile:
    """Pack what was collected, as before it is sealed."""
    return zipfile.ZipFile(io.BytesIO(archive.pack_archive(found, pages or {}, "0.0.0", SIGNER)))


def everything(packed: zipfile.ZipFile) -> bytes:
    """Return the content of all files, and the archive as it stands."""
    assert packed.fp is not None
    packed.fp.seek(0)
    return b"".join(packed.read(name) for name in packed.namelist()) + packed.fp.read()


async def test_a_patient_takes_entries_of_every_kind(cast: Cast) -> None:
    """An entry of each kind is there with its words, title, content note and times."""
    wrote = []
    for kind in EntryKind:
        cast.clock.forward(minutes=1)
        wrote.append(await written(cast, EntryDocument(kind.value, f"Title {kind}", f"Note {kind}")))
    found = await taken_by(cast)
    assert [
        (one.id, one.kind, one.title, one.note, one.created_at, one.updated_at, one.revision)
        for one in found.entries
    ] == [
        (one.id, one.document.kind, one.document.title, one.document.note, one.created_at, one.updated_at, 1)
        for one in wrote
    ]


async def test_each_answer_comes_with_its_question_and_its_labels(sqlite_cast: Cast) -> None:
    """An answer names its question; a choice says in words what was chosen; the form's order is kept."""
    await written(
        sqlite_cast,
        EntryDocument(
            "grounding",
            answers={"ground.helped": "yes", "ground.suds_before": 7, "gone.question": ["a", "b"]},
        ),
    )
    ((entry,)) = (await taken_by(sqlite_cast)).entries
    assert [(one.id, one.kind, one.value, one.labels) for one in entry.answers] == [
        ("ground.suds_before", "rating_10", 7, []),
        ("ground.helped", "choice", "yes", ["Yes"]),
        ("gone.question", "unknown", ["a", "b"], []),
    ]
    assert [bool(one.question) for one in entry.answers] == [True, True, False]


async def test_an_entry_of_a_kind_that_is_not_known_keeps_its_words(sqlite_cast: Cast) -> None:
    """What a later version wrote is exported all the same."""
    await written(sqlite_cast, EntryDocument("dream", "At sea", answers={"dream.text": "Grey water."}))
    ((entry,)) = (await taken_by(sqlite_cast)).entries
    assert entry.kind == "dream"
    assert [one.value for one in entry.answers] == ["Grey water."]


async def test_earlier_versions_come_with_their_entry(cast: Cast) -> None:
    """Each earlier version stands under its entry, newest first; so does a text that lost to another page."""
    first = await written(cast, EntryDocument("free", answers={"free.text": "one"}))
    second = await rewritten(cast, first, answers={"free.text": "two"})
    await rewritten(cast, second, answers={"free.text": "three"})
    cast.clock.forward(minutes=1)
    with pytest.raises(Exception, match="another page"):
        await entries.save_entry(
            await cast.actor("alice"), first.id, 1, EntryDocument("free", answers={"free.text": "four"})
        )
    ((entry,)) = (await taken_by(cast)).entries
    assert [one.value for one in entry.answers] == ["three"]
    assert [(one.reason, one.answers[0].value) for one in entry.earlier] == [
        ("conflict", "four"),
        ("earlier", "two"),
        ("earlier", "one"),
    ]


async def test_what_was_deleted_is_not_taken(cast: Cast) -> None:
    """A deleted entry is left out with its earlier versions, also while it could be brought back."""
    gone = await written(cast, EntryDocument("free", "Gone", answers={"free.text": "deleted words"}))
    gone = await rewritten(cast, gone, title="Still gone")
    await removal.delete_entry(await cast.actor("alice"), gone.id)
    found = await taken_by(cast)
    assert found.entries == ()
    assert b"deleted words" not in everything(packed(found))


async def test_sessions_and_courses_are_taken(cast: Cast) -> None:
    """The plan comes with its course, in the order of its times, and each talk names its dosing session."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    plan = CoursePlan(
        date(2026, 12, 1), time(14), ZONE, 2, 7, Setting.HOME, Route.SUBLINGUAL, integration_days_after=1
    )
    course = await session_plan.plan_course(bob, alice.id, "Two at home", plan)
    found = (await taken_by(cast)).plan
    assert [(one.id, one.title) for one in found.courses] == [(course, "Two at home")]
    assert [one.kind.value for one in found.sessions] == ["dosing", "integration"] * 2
    assert found.sessions[0].local == "2026-12-01T14:00"
    assert found.sessions[0].starts_at == datetime(2026, 12, 1, 13, tzinfo=UTC)
    assert [one.about for one in found.sessions[1::2]] == [one.id for one in found.sessions[::2]]
    assert {one.course_id for one in found.sessions} == {course}


async def test_what_the_care_team_wrote_is_taken_by_both(cast: Cast) -> None:
    """Whom to call with the hours, and every version of the texts with whoever signed it; no other patient's."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    details = CallDetails(
        CallRole.NURSE, "Nia", "+49 30 1234567", "dizziness", ZONE, (Window((1, 2), "08:00", "17:00"),)
    )
    await call_contacts.save_contact(bob, alice.id, details)
    for version, words in enumerate(("As told.", "As told on Monday.")):
        typed = InstructionsDetails(fasting=words, acute_hours=5)
        await text_writing.save_instructions(bob, alice.id, None, typed, base=version, is_checked=True)
    (his,) = (await shared_with(cast, "bob", alice.id)).patients
    plan = (await taken_by(cast)).plan
    for found in (plan, his):
        (contact,) = found.contacts
        assert (contact.name, contact.purpose, contact.written_by) == ("Nia", "dizziness", "Bob Example")
        assert [(one.days, one.start, one.end) for one in contact.hours] == [([1, 2], "08:00", "17:00")]
        assert [(one.version, one.fasting, one.acute_hours) for one in found.instructions] == [
            (1, "As told.", 5),
            (2, "As told on Monday.", 5),
        ]
        assert {one.signer_id for one in found.instructions} == {bob.id}
    theirs = (await taken_by(cast, "dana")).plan
    assert (theirs.contacts, theirs.instructions) == ([], [])


async def test_what_a_sitter_noted_is_taken_before_it_is_kept(cast: Cast) -> None:
    """In the order of their times; what does not open is named."""
    session = await dose(cast)
    _, sitting = await sitting_of(cast, session)
    await note(cast, sitting)
    await note(cast, sitting)
    ident = (await tables.SitterNote.all().order_by("id"))[0].id
    await tables.SitterNote.filter(id=ident).update(sealed=b"x")
    taken = await taken_by(cast)
    (found,) = taken.plan.sitter_notes
    assert (found.session_id, found.kind, found.line) == (session, NoteKind.CHECK, AWAKE)
    assert ("sitter note", ident) in {(one.what, one.id) for one in taken.unreadable}
    assert not (await taken_by(cast, "dana")).plan.sitter_notes


async def test_the_history_of_sharing_is_taken(cast: Cast) -> None:
    """A patient sees who can read which parts, since when, each opening, and what was taken back."""
    entry = await written(
        cast, EntryDocument("integration", "The sea", answers={"int.meaning": "x", "int.top3": "y"})
    )
    share = await shared(cast, entry, "title", "int.meaning")
    alice = await cast.actor("alice")
    for _ in range(2):
        cast.clock.forward(hours=1)
        await shared_with(cast, "bob")
    gone = await shared(cast, await written(cast, EntryDocument("free", "Other")), "title")
    await shares.revoke_share(await cast.actor("alice"), gone)
    found = await taken_by(cast)
    ((link,), (copy,)) = (found.sharing.care_team, found.sharing.shares)
    assert (link.id, link.name, link.state) == (cast.link, NAMES["bob"], "active")
    assert (copy.id, copy.entry_id, copy.link_id, copy.name) == (share, entry.id, cast.link, NAMES["bob"])
    assert [one.id for one in copy.sections] == ["title", "int.meaning"]
    assert all(one.label for one in copy.sections)
    assert copy.shared_at == alice.now
    assert copy.openings == [alice.now + timedelta(hours=1), alice.now + timedelta(hours=2)]
    told = [(one.action, one.name, one.object_id) for one in found.log]
    assert (Act.SHARE_REVOKED, NAMES["alice"], gone) in told
    assert told.count((Act.RECORDS_TAKEN, NAMES["bob"], cast.link)) == 2
    assert [one.changed for one in copy.sections] == [False, False]
    edited = msgspec.structs.replace(entry.document, answers={"int.meaning": "z", "int.top3": "y"})
    await entries.save_entry(await cast.actor("alice"), entry.id, entry.revision, edited)
    (copy,) = (await taken_by(cast)).sharing.shares
    assert copy.changed
    assert [(one.id, one.changed) for one in copy.sections] == [("title", False), ("int.meaning", True)]
    assert told[-1] == (Act.RECORDS_TAKEN, NAMES["alice"], None)


async def test_notices_and_what_was_agreed_on_are_taken_by_both(cast: Cast) -> None:
    """Each with its times, to whom, who acknowledged it and the words; the clinician those that went to them."""
    other = await connected(cast, "charlie")
    await agreed(cast, None, other, 1)
    entry = await choose(cast, 0, uuid4())
    await written(cast, EntryDocument("free", "The sea", beside=Beside(answered_at="2026-11-22")))
    found = await taken_by(cast)
    assert found.sharing.notices == []
    ((one,)) = found.sharing.agreements
    assert (one.link_id, one.is_agreed, one.hours, one.backup_link_id) == (cast.link, True, 1, other)
    assert (one.backup_name, one.looks, one.proposed_by) == (NAMES["charlie"], "at nine", "patient")
    for value in (1, 0, 2):
        entry = await choose(cast, value, entry.id, entry.revision)
        if value == 1:
            await writing.withdraw(await cast.actor("alice"), entry.id)
            entry = await entries.load_entry(await cast.actor("alice"), entry.id)
    (withdrawn, waits) = (await taken_by(cast)).sharing.notices
    assert (withdrawn.state, withdrawn.name, withdrawn.sent_at) == ("withdrawn", NAMES["bob"], None)
    assert (waits.state, waits.entry_id, waits.sent_at) == ("waiting", entry.id, None)
    assert (await shared_with(cast, "bob")).patients[0].notices == []
    cast.clock.forward(minutes=10)
    await release_due(cast.installation)
    sent = cast.clock.now
    cast.clock.forward(minutes=61)
    await release_due(cast.installation)
    (received,) = (await shared_with(cast, "charlie")).patients[0].notices
    assert (received.is_backup, received.first_name, received.sent_at) == (True, NAMES["bob"], cast.clock.now)
    alice = await cast.actor("alice")
    await inbox.acknowledge(await cast.actor("charlie"), alice.id, [received.id], "We spoke.")
    (_, told) = (await taken_by(cast)).sharing.notices
    assert (told.state, told.sent_at, told.backup_sent_at) == ("acknowledged", sent, cast.clock.now)
    assert (told.acknowledged_name, told.acknowledged_by, told.done) == (NAMES["charlie"], other, "We spoke.")
    (mine,) = (await shared_with(cast, "charlie")).patients[0].notices
    assert (mine.acknowledged_by_me, mine.done, mine.acknowledged_at) == (True, "We spoke.", cast.clock.now)
    (theirs,) = (await shared_with(cast, "bob")).patients[0].notices
    assert (theirs.acknowledged_by_me, theirs.done, theirs.acknowledged_at) == (False, "", cast.clock.now)


async def test_no_row_that_storage_wrote_is_taken_as_a_notice_that_went(cast: Cast) -> None:
    """A copy that does not open for whom it names counts for nothing, as on the page; nor does an unsigned mark."""
    other = await connected(cast, "charlie")
    await agreed(cast, None, other, 1)
    entry = await choose(cast, 1, uuid4())
    await writing.release_now(await cast.actor("alice"), entry.id)
    row = await care_tables.PatientNotice.get()
    kept = {"link_id": row.link_id, "sealed": row.sealed, "backup_sealed": row.backup_sealed}
    for changes in (
        {"sealed": bytes(row.sealed or b"")[:-1] + b"\x00"},
        {"link_id": other},
        {"sealed": row.backup_sealed},
    ):
        await care_tables.PatientNotice.all().update(**changes)
        (one,) = (await taken_by(cast)).sharing.notices
        assert (one.state, one.entry_id, one.sent_at) == ("missing", entry.id, None), changes
        await care_tables.PatientNotice.all().update(**kept)
    await care_tables.PatientNotice.all().update(backup_sealed=row.sealed, backup_released_at=cast.clock())
    (one,) = (await taken_by(cast)).sharing.notices
    assert (one.state, one.sent_at, one.backup_sent_at) == ("sent", cast.clock.now, None)
    mark = {"backup_released_at": None, "acknowledged_at": cast.clock(), "acknowledged_by": cast.link}
    await care_tables.PatientNotice.all().update(**kept, **mark, done=row.sealed)
    (one,) = (await taken_by(cast)).sharing.notices
    assert (one.state, one.acknowledged_by, one.acknowledged_name, one.done) == ("sent", None, "", "")
    assert one.acknowledged_at == cast.clock.now


async def test_a_notice_that_is_lost_or_whose_answer_is_deleted_is_told_as_that(cast: Cast) -> None:
    """Neither its row nor its line alone hides it; a pause leaves it out of the clinician's, an end keeps the times."""
    await agreed(cast)
    entry = await choose(cast, 1, uuid4())
    await writing.release_now(await cast.actor("alice"), entry.id)
    await lifecycle.pause_sharing(await cast.actor("alice"))
    (patient,) = (await shared_with(cast, "bob")).patients
    assert (patient.notices, patient.agreements) == ([], [])
    await lifecycle.end_care(await cast.actor("bob"), cast.link)
    (one,) = (await taken_by(cast)).sharing.notices
    assert (one.state, one.name, one.sent_at) == ("sent", NAMES["bob"], cast.clock.now)
    await removal.delete_entry(await cast.actor("alice"), entry.id)
    (one,) = (await taken_by(cast)).sharing.notices
    assert (one.state, one.entry_id, one.name) == ("sent", None, NAMES["bob"])
    await removal.restore_entry(await cast.actor("alice"), entry.id)
    await care_tables.PatientNotice.all().delete()
    (one,) = (await taken_by(cast)).sharing.notices
    assert (one.state, one.entry_id, one.sent_at) == ("missing", entry.id, None)


async def test_an_ended_care_team_stays_in_the_history(cast: Cast) -> None:
    """Whoever was on the care team is named after care has ended, also in the log."""
    await lifecycle.end_care(await cast.actor("bob"), cast.link)
    found = await taken_by(cast)
    assert [(one.name, one.state) for one in found.sharing.care_team] == [(NAMES["bob"], "ended")]
    assert (Act.CARE_ENDED, NAMES["bob"]) in [(one.action, one.name) for one in found.log]


async def test_records_of_others_are_not_among_ones_own(cast: Cast) -> None:
    """Nothing of another patient stands in an export: no entry, session, name or event."""
    await written(cast, EntryDocument("free", "Danas words"), "dana")
    details = SessionDetails(SessionKind.DOSING, "2026-12-01T14:00", ZONE, 60, Setting.HOME)
    dana = await cast.actor("dana")
    await session_plan.add_session(dana, dana.id, details)
    found = await taken_by(cast)
    assert (found.entries, found.unreadable) == ((), ())
    assert found.plan.sessions == []
    for trace in (b"Danas words", NAMES["dana"].encode(), str(dana.id).encode()):
        assert trace not in everything(packed(found))


async def test_a_clinician_takes_the_shared_parts_alone(cast: Cast) -> None:
    """What is not shared is nowhere in the archive: not its words, not its title, not its id."""
    entry = await written(
        cast,
        EntryDocument(
            "integration",
            "Hidden title",
            "Hidden note",
            answers={"int.meaning": "shared meaning", "int.top3": "hidden wish"},
        ),
    )
    entry = await rewritten(cast, entry, title="Hidden title again")
    secret = await written(cast, EntryDocument("free", "Hidden page", answers={"free.text": "hidden words"}))
    share = await shared(cast, entry, "int.meaning")
    found = await shared_with(cast, "bob")
    ((patient,)) = found.patients
    assert [(one.id, [a.value for a in one.answers], one.title, one.note) for one in patient.shared] == [
        (share, ["shared meaning"], "", "")
    ]
    content = everything(packed(found))
    assert b"shared meaning" in content
    for trace in ("Hidden", "hidden", str(secret.id), secret.id.hex, str(entry.id), entry.id.hex):
        assert trace.encode() not in content


async def test_taking_counts_as_opening(cast: Cast) -> None:
    """Every copy in a clinician's export is marked as opened, and the patient's log says both."""
    entry = await written(cast, EntryDocument("free", "Shown"))
    share = await shared(cast, entry, "title")
    cast.clock.forward(hours=1)
    bob = await cast.actor("bob")
    await shared_with(cast, "bob")
    alice = await cast.actor("alice")
    ((given,)) = await shares.list_shares(alice)
    assert given.opened_at == bob.now
    events = [
        (one.actor_id, one.action, one.object_id, one.at)
        for one in await audit_events.list_patient_events(alice.id)
    ]
    assert (bob.id, Act.SHARE_OPENED, share, bob.now) in events
    assert (bob.id, Act.RECORDS_TAKEN, cast.link, bob.now) in events


async def test_a_clinicians_log_is_of_their_own_acts(cast: Cast) -> None:
    """In a clinician's export the log holds what they did, and not what the patient or others did."""
    await shared(cast, await written(cast, EntryDocument("free", "Shown")), "title")
    ((patient,)) = (await shared_with(cast, "bob")).patients
    bob = await cast.actor("bob")
    assert {one.actor_id for one in patient.log} == {bob.id}
    assert [one.action for one in patient.log] == [Act.SHARE_OPENED, Act.RECORDS_TAKEN]


async def test_strangers_have_nothing_to_take(cast: Cast) -> None:
    """Nothing is there for a clinician of other patients, or of former ones, nor for another patient."""
    await shared(cast, await written(cast, EntryDocument("free", "Shown")), "title")
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    for who, patient in (
        ("charlie", alice.id),
        ("charlie", None),
        ("bob", dana.id),
        ("dana", alice.id),
        ("dana", None),
    ):
        with pytest.raises(NotFound):
            await shared_with(cast, who, patient)
    with pytest.raises(NotFound):
        await taken_by(cast, "bob")
    await lifecycle.end_care(alice, cast.link)
    for patient in (alice.id, None):
        with pytest.raises(NotFound):
            await shared_with(cast, "bob", patient)
    assert not [
        one for one in await audit_events.list_all_patient_events(alice.id) if one.action is Act.RECORDS_TAKEN
    ]


async def test_one_patient_or_all(cast: Cast) -> None:
    """A clinician takes one patient's copies or everybody's; only those who are in it are told."""
    invited = await invitations.create_invitation(await cast.actor("bob"), "Dana")
    await invitations.accept_invitation(await cast.actor("dana"), invited.token)
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    one = await shared_with(cast, "bob", alice.id)
    assert [patient.name for patient in one.patients] == [NAMES["alice"]]
    assert NAMES["dana"].encode() not in everything(packed(one))
    assert Act.RECORDS_TAKEN not in [
        event.action for event in await audit_events.list_all_patient_events(dana.id)
    ]
    both = await shared_with(cast, "bob")
    assert [patient.name for patient in both.patients] == [NAMES["alice"], NAMES["dana"]]
    assert Act.RECORDS_TAKEN in [
        event.action for event in await audit_events.list_all_patient_events(dana.id)
    ]


async def test_a_pause_leaves_the_plan_and_no_copy(cast: Cast) -> None:
    """While sharing is paused the export holds no copy and says why."""
    await shared(cast, await written(cast, EntryDocument("free", "Shown before")), "title")
    await lifecycle.pause_sharing(await cast.actor("alice"))
    found = await shared_with(cast, "bob")
    assert [(patient.state, patient.shared) for patient in found.patients] == [("paused", [])]
    assert b"Shown before" not in everything(packed(found))


async def test_changed_keys_stop_one_patient_and_not_the_others(cast: Cast) -> None:
    """A patient whose keys are not the pinned ones is named as missing among all, and refused alone."""
    await shared_with(cast, "bob")
    alice = await cast.actor("alice")
    forged = PrivateIdentity.generate().public().encode()
    await accounts_tables.Account.filter(id=alice.id).update(public_identity=forged)
    found = await shared_with(cast, "bob")
    assert found.patients == ()
    assert found.unreadable == (Unreadable("patient", alice.id),)
    with pytest.raises(TrustBroken):
        await shared_with(cast, "bob", alice.id)


async def test_the_records_say_that_the_journal_is_not_as_it_was_left(cast: Cast) -> None:
    """What was taken away cannot be in them, so they say that something may be missing."""
    one, other = [await written(cast, EntryDocument("free", title)) for title in ("Gone", "There")]
    await vault_tables.Entry.filter(id=one.id).delete()
    found = await taken_by(cast)
    assert [entry.id for entry in found.entries] == [other.id]
    assert found.unreadable == (LESS,)


async def test_one_damaged_record_does_not_keep_the_others_back(cast: Cast) -> None:
    """An entry, a version and a copy that do not open are named, and everything else is there."""
    kept = await written(cast, EntryDocument("free", "Kept"))
    kept = await rewritten(cast, kept, title="Kept too")
    share = await shared(cast, kept, "title")
    broken = await written(cast, EntryDocument("free", "Broken"))
    ((version,)) = await vault_tables.EntryRevision.filter(entry_id=kept.id)
    await vault_tables.Entry.filter(id=broken.id).update(sealed=bytes(80))
    await vault_tables.EntryRevision.filter(id=version.id).update(sealed=bytes(80))
    await care_tables.Share.filter(id=share).update(sealed=bytes(80))
    found = await taken_by(cast)
    assert [one.title for one in found.entries] == ["Kept too"]
    assert set(found.unreadable) == {
        Unreadable("entry", broken.id),
        Unreadable("earlier version", version.id),
        Unreadable("share", share),
        LESS,
    }
    clinicians = await shared_with(cast, "bob")
    assert clinicians.unreadable == (Unreadable("share", share),)
    assert [one.shared for one in clinicians.patients] == [[]]


async def test_a_version_hung_under_another_entry_is_not_shown_there(cast: Cast) -> None:
    """An earlier version that storage moved to another entry is named as unreadable."""
    one = await rewritten(cast, await written(cast, EntryDocument("free", "One")), title="One again")
    other = await written(cast, EntryDocument("free", "Other"))
    ((version,)) = await vault_tables.EntryRevision.filter(entry_id=one.id)
    await vault_tables.EntryRevision.filter(id=version.id).update(entry_id=other.id)
    found = await taken_by(cast)
    assert [entry.earlier for entry in found.entries] == [[], []]
    assert found.unreadable == (Unreadable("earlier version", version.id),)


async def test_the_manifest_has_the_hash_of_every_file(sqlite_cast: Cast) -> None:
    """Every file but the manifest stands in it with its size and SHA-256; the order is that of the names."""
    await written(sqlite_cast, EntryDocument("free", "Words"))
    found = await taken_by(sqlite_cast)
    opened = packed(found, {"index.html": "<p>pages</p>", "journal/2026-11.html": "<p>a month</p>"})
    names = opened.namelist()
    manifest = msgspec.json.decode(opened.read("manifest.json"), type=Manifest)
    assert names == sorted(names)
    assert {one.name: (one.size, one.sha256) for one in manifest.files} == {
        name: (len(opened.read(name)), sha256(opened.read(name)).hexdigest())
        for name in names
        if name not in ("manifest.json", "signature.json")
    }
    assert manifest.created_at == found.made_at
    assert (manifest.account_id, manifest.role.value, manifest.time_zone) == (
        found.account.id,
        "patient",
        ZONE,
    )
    assert msgspec.json.decode(opened.read("data/entries.json"), type=list[EntryRecord]) == list(
        found.entries
    )


async def test_the_same_records_make_the_same_archive(sqlite_cast: Cast) -> None:
    """Packing is deterministic: the same records at the same moment give the same bytes."""
    await written(sqlite_cast, EntryDocument("free", "Words"))
    found = await taken_by(sqlite_cast)
    pages = {"style.css": "p {}", "index.html": "<p>"}
    again = dict(reversed(pages.items()))
    first, second = (archive.pack_archive(found, one, "1", SIGNER) for one in (pages, again))
    assert first == second


async def test_a_label_that_tells_translators_its_place_is_packed_as_its_text(sqlite_cast: Cast) -> None:
    """What an exercise came to is a choice like others: "Open" of a reframe is packed, and so is every one of them."""
    for option in STATUS_OPTIONS:
        await written(sqlite_cast, EntryDocument("reframe", answers={"reframe.status": option.value}))
    opened = packed(await taken_by(sqlite_cast))
    read = msgspec.json.decode(opened.read("data/entries.json"), type=list[EntryRecord])
    labels = [label for entry in read for answer in entry.answers for label in answer.labels]
    assert sorted(labels) == sorted(option.label for option in STATUS_OPTIONS)


async def test_a_clinicians_documents_are_numbered(cast: Cast) -> None:
    """No patient's name or id stands in a file name."""
    opened = packed(await shared_with(cast, "bob"))
    assert opened.namelist() == [
        "data/account.json",
        "data/own-notes.json",
        "data/patient-1.json",
        "data/reading-hours.json",
        "data/talk-sets.json",
        "manifest.json",
        "signature.json",
    ]
    read = msgspec.json.decode(opened.read("data/patient-1.json"), type=PatientRecord)
    assert read.name == NAMES["alice"]


async def test_a_clinicians_own_notes_are_a_file_of_their_own(cast: Cast) -> None:
    """In an export of everybody's records; in no patient's, neither by the clinician nor by the patient."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    note = await own_notes.save_note(bob, alice.id, uuid4(), "Begin with the stairs.")
    opened = packed(await shared_with(cast, "bob"))
    (read,) = msgspec.json.decode(opened.read("data/own-notes.json"), type=list[OwnNoteRecord])
    assert (read.id, read.patient_id, read.about) == (note, alice.id, NAMES["alice"])
    assert (read.text, read.written_at, read.edited_at) == ("Begin with the stairs.", bob.now, None)
    assert b"stairs" not in opened.read("data/patient-1.json")
    alone = packed(await shared_with(cast, "bob", alice.id))
    assert "data/own-notes.json" not in alone.namelist()
    for other in (alone, packed(await taken_by(cast))):
        assert b"stairs" not in everything(other)
    await connected(cast, "charlie")
    assert b"stairs" not in everything(packed(await shared_with(cast, "charlie")))


async def test_own_notes_are_taken_after_care(cast: Cast) -> None:
    """Where nobody is in care any more they are all that there is, and the patient's log tells nothing of it."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    await lifecycle.end_care(bob, cast.link)
    with pytest.raises(NotFound):
        await shared_with(cast, "bob")
    cast.link = await connected(cast, "bob")
    first = await own_notes.save_note(bob, alice.id, uuid4(), "First.")
    second = await own_notes.save_note(bob, alice.id, uuid4(), "Second.")
    await lifecycle.end_care(await cast.actor("bob"), cast.link)
    before = len(await audit_events.list_all_patient_events(alice.id))
    await care_tables.OwnNote.filter(id=first).update(revision=2)
    found = await shared_with(cast, "bob")
    assert found.patients == ()
    assert found.own.notes is not None
    assert [one.id for one in found.own.notes] == [second]
    assert found.unreadable == (Unreadable("own note", first),)
    assert len(await audit_events.list_all_patient_events(alice.id)) == before
    with pytest.raises(NotFound):
        await shared_with(cast, "bob", alice.id)


@pytest.mark.parametrize(
    "name", ["../out.html", "/etc/x.html", "a/b/c.html", "At sea.html", "x", "data\\x.json"]
)
async def test_no_name_leads_out_of_the_folder(sqlite_cast: Cast, name: str) -> None:
    """A page whose name is anything but plain letters in at most one folder is refused."""
    found = await taken_by(sqlite_cast)
    with pytest.raises(ValueError, match="may not be called"):
        archive.pack_archive(found, {name: ""}, "0", SIGNER)


async def test_a_thousand_entries_are_packed(sqlite_cast: Cast) -> None:
    """A life of writing is taken away whole."""
    alice = await sqlite_cast.actor("alice")
    async with transaction():
        for number in range(1000):
            then = replace(alice, now=alice.now + timedelta(hours=number))
            await entries.save_entry(
                then, uuid4(), 0, EntryDocument("free", answers={"free.text": f"page {number}"})
            )
    found = await taken_by(sqlite_cast)
    read = msgspec.json.decode(packed(found).read("data/entries.json"), type=list[EntryRecord])
    assert [one.answers[0].value for one in read] == [f"page {number}" for number in range(1000)]


async def take(cast: Cast, who: str, password: str, phrase: str) -> bytes:
    """Ask for an export as the portal does."""
    return await archive.export_records(
        await cast.actor(who),
        password,
        phrase,
        practice=PRACTICE,
        app_version="0",
        patient=None,
        render=lambda found: {},
    )


@pytest.mark.parametrize(
    ("password", "phrase", "field"),
    [
        ("not the password", PHRASE, "current"),
        (PASSWORDS["alice"], "short", "passphrase"),
        (PASSWORDS["alice"], "alice alice sample", "passphrase"),
        (PASSWORDS["alice"], f"{PHRASE}\nand a line", "passphrase"),
        (PASSWORDS["alice"], "", "passphrase"),
    ],
)
async def test_nothing_is_opened_or_noted_when_refused(
    sqlite_cast: Cast, password: str, phrase: str, field: str
) -> None:
    """A wrong password or a weak passphrase ends the matter before anything is opened."""
    with pytest.raises(InvalidInput) as refused:
        await take(sqlite_cast, "alice", password, phrase)
    assert set(refused.value.fields) == {field}
    alice = await sqlite_cast.actor("alice")
    assert Act.RECORDS_TAKEN not in [
        one.action for one in await audit_events.list_all_patient_events(alice.id)
    ]


async def test_after_a_dosing_session_it_waits(sqlite_cast: Cast) -> None:
    """From the start of a dosing session a patient takes nothing until they have slept; a clinician can."""
    alice = await sqlite_cast.actor("alice")
    local = alice.now.astimezone(alice.zone).strftime("%Y-%m-%dT%H:%M")
    await session_plan.add_session(
        alice, alice.id, SessionDetails(SessionKind.DOSING, local, ZONE, 60, Setting.HOME)
    )
    with pytest.raises(HeldUntilRested):
        await take(sqlite_cast, "alice", PASSWORDS["alice"], PHRASE)
    with pytest.raises(InvalidInput):
        await take(sqlite_cast, "bob", "wrong, but asked", PHRASE)
