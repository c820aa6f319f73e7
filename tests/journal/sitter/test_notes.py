"""What a sitter notes: sealed to the patient at once, bound to its link, bounded, and read after rest alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import CryptoError, PrivateIdentity, open_sitter_note
from journal.care.invitations import parse_token
from journal.errors import HeldUntilRested, InvalidInput, NotFound
from journal.operations.retention import purge_deleted
from journal.practice import account_deletion
from journal.scheduling import plan as session_plan
from journal.sessions.session import Status
from journal.sitter import links, notes, reading, tables
from journal.sitter.lines import (
    CheckState,
    NoteKind,
    format_check,
    format_part,
    format_words,
    parse_checks,
)
from journal.sitter.links import SitterLinkEnded, Sitting
from journal.sitter.notes import MAX_NOTES, NoCopy, NotAgreed, NotesFull, find_moment
from tests.cast import Cast
from tests.journal.account_reset.test_reset import offered, restarted
from tests.journal.key_rotation.test_account_key import begun, ended
from tests.journal.sitter.test_links import dose, made
from tests.scenes import at_rest, signed_in_again

AWAKE = format_check(time(15, 5), CheckState.AWAKE, "Humming")


async def sitting_of(cast: Cast, session: UUID, *, writes_down: bool = False) -> tuple[str, Sitting]:
    """Make a link; return its token and what it opens."""
    token = (await links.make_link(await cast.actor("alice"), session, writes_down=writes_down)).token
    return token, await links.open_sitting(cast.installation, token)


async def note(cast: Cast, sitting: Sitting, kind: NoteKind = NoteKind.CHECK, line: str = AWAKE) -> None:
    """Save a note."""
    await notes.save_note(cast.installation, sitting, uuid4(), kind, line)


async def fill_up(sitting: Sitting) -> None:
    """Have a link with one note hold as many as it can."""
    (row,) = await tables.SitterNote.filter(link_id=sitting.link).values()
    more = [tables.SitterNote(**(row | {"id": uuid4()})) for _ in range(MAX_NOTES - 1)]
    await tables.SitterNote.bulk_create(more)


async def rest(cast: Cast, session: UUID) -> None:
    """Have the session start, end, and its patient say the next day that they rested."""
    for status in (Status.IN_SESSION, Status.RECOVERING):
        await session_plan.change_status(await cast.actor("alice"), session, status)
    cast.clock.forward(hours=20)
    await signed_in_again(cast)
    await session_plan.confirm_rest(await cast.actor("alice"))


async def test_the_patient_reads_after_rest_what_the_sitter_wrote(cast: Cast) -> None:
    """In the order of their times; before, the times alone."""
    session = await dose(cast)
    _, sitting = await sitting_of(cast, session, writes_down=True)
    written = [(NoteKind.CHECK, AWAKE), (NoteKind.SAID, format_words(time(15, 6), "The sea", "said"))]
    for kind, line in written:
        await note(cast, sitting, kind, line)
        cast.clock.forward(minutes=1)
    alice = await cast.actor("alice")
    assert len(await reading.load_times(alice, session)) == 2
    for act in (reading.keep_notes, reading.delete_notes):
        with pytest.raises(HeldUntilRested):
            await act(alice, session, {uuid4()})
    await rest(cast, session)
    found = await reading.load_notes(await cast.actor("alice"), session)
    assert [(one.note.kind, one.note.line) for one in found] == written


async def test_who_wrote_a_note_cannot_read_it_again(cast: Cast) -> None:
    """Neither the note nor its mark holds the words, and nothing that the secret opens does."""
    session = await dose(cast)
    token, sitting = await sitting_of(cast, session)
    await note(cast, sitting)
    row = await tables.SitterNote.get()
    stored = b"|".join(
        value for value in (await at_rest(tables.SitterNote, row.id)).values() if isinstance(value, bytes)
    )
    assert b"Humming" not in stored
    for key in (sitting.note_key, parse_token(token)):
        with pytest.raises(CryptoError):
            open_sitter_note(
                key,
                row.sealed,
                patient=sitting.patient.bytes,
                link=sitting.link.bytes,
                note=row.id.bytes,
                private=PrivateIdentity.generate(),
            )
    (mark,) = (await notes.load_marks(sitting)).opened
    assert (mark.kind, mark.at, mark.taken) == (NoteKind.CHECK, cast.clock.now, None)


async def test_rows_swapped_in_the_database_open_nothing(cast: Cast) -> None:
    """A note under another note's id, of another link, session or patient, or vouched for by nobody, stays closed."""
    session, later = await dose(cast), await dose(cast, local="2026-11-25T15:00")
    _, sitting = await sitting_of(cast, session)
    _, other = await sitting_of(cast, later)
    for one in (sitting, sitting, other):
        await note(cast, one)
    await made(cast, session)  # whose notes would be vouched for by another key
    alice = await cast.actor("alice")
    first, second = await tables.SitterNote.filter(link_id=sitting.link)
    await tables.SitterNote.filter(id=first.id).update(sealed=second.sealed)
    found = await reading.load_notes(alice, session)
    assert ([one.id for one in found], found.damaged) == ([second.id], (first.id,))
    await tables.SitterNote.filter(id=second.id).update(link_id=other.link)
    found = await reading.load_notes(alice, later)
    assert (len(found), found.damaged) == (1, (second.id,))
    await tables.SitterLink.filter(id=other.link).update(session_id=session)
    found = await reading.load_notes(alice, session)
    assert (len(found), len(found.damaged)) == (0, 3)


async def test_a_mark_opens_with_its_own_links_secret_alone(cast: Cast) -> None:
    """In another row, or after the end of its link, it is nothing; the time of its row is left."""
    session, later = await dose(cast), await dose(cast, local="2026-11-25T15:00")
    token, sitting = await sitting_of(cast, session)
    _, other = await sitting_of(cast, later)
    await note(cast, sitting)
    await note(cast, other)
    mine, theirs = (
        await tables.SitterNote.get(link_id=sitting.link),
        await tables.SitterNote.get(link_id=other.link),
    )
    await tables.SitterNote.filter(id=theirs.id).update(mark=mine.mark)
    marks = await notes.load_marks(other)
    assert (marks.opened, marks.times) == ((), (cast.clock.now,))
    await links.end_link(await cast.actor("alice"), session)
    assert (await tables.SitterNote.get(id=mine.id)).mark is None
    with pytest.raises(SitterLinkEnded):
        await links.open_sitting(cast.installation, token)
    cast.clock.forward(days=5)
    await purge_deleted(cast.installation, cast.clock.now)
    assert (await tables.SitterNote.get(id=theirs.id)).mark is None


async def test_an_end_between_opening_and_saving_is_noticed(cast: Cast) -> None:
    """At a tap, with a new link, and when the day is over: nothing is stored."""
    session = await dose(cast)
    _, first = await sitting_of(cast, session)
    _, second = await sitting_of(cast, session)
    with pytest.raises(SitterLinkEnded):
        await note(cast, first)
    await links.end_link(await cast.actor("alice"), session)
    with pytest.raises(SitterLinkEnded):
        await note(cast, second)
    _, third = await sitting_of(cast, session)
    cast.clock.forward(hours=26)
    with pytest.raises(SitterLinkEnded):
        await note(cast, third)
    assert not await tables.SitterNote.all().exists()


async def test_the_same_form_sent_twice_is_one_note(cast: Cast) -> None:
    """Also at once; and the id that a form brings meets no note of another link."""
    session = await dose(cast)
    _, sitting = await sitting_of(cast, session)
    _, other = await sitting_of(cast, await dose(cast, local="2026-11-25T15:00"))
    ident = uuid4()
    work = [notes.save_note(cast.installation, sitting, ident, NoteKind.CHECK, AWAKE) for _ in range(3)]
    await asyncio.gather(*work)
    await notes.save_note(cast.installation, other, ident, NoteKind.CHECK, AWAKE)
    assert await tables.SitterNote.filter(link_id=sitting.link).count() == 1
    assert await tables.SitterNote.filter(link_id=other.link).count() == 1


async def test_other_words_or_another_kind_in_the_same_form_are_another_note(cast: Cast) -> None:
    """The answer to the first may have been lost, and the form changed since: nothing of it is lost."""
    _, sitting = await sitting_of(cast, await dose(cast))
    ident = uuid4()
    for kind, typed in (
        (NoteKind.CHECK, ("awake", "")),
        (NoteKind.CHECK, ("help", "")),
        (NoteKind.CHECK, ("help", "Blue lips")),
        (NoteKind.EVENT, ("help", "Blue lips")),
        (NoteKind.CHECK, ("awake", "")),
    ):
        await notes.save_note(cast.installation, sitting, ident, kind, AWAKE, typed=typed)
    assert await tables.SitterNote.filter(link_id=sitting.link).count() == 4


async def test_a_link_holds_so_many_notes_and_no_more(cast: Cast) -> None:
    """The next one is refused."""
    _, sitting = await sitting_of(cast, await dose(cast))
    await note(cast, sitting)
    await fill_up(sitting)
    with pytest.raises(NotesFull):
        await note(cast, sitting)


async def test_what_is_said_is_kept_where_the_patient_chose_it(cast: Cast) -> None:
    """Nowhere else, whatever a form sends; and without a copy nothing is kept."""
    session = await dose(cast)
    _, sitting = await sitting_of(cast, session)
    said = format_words(time(15, 6), "The sea", "said")
    with pytest.raises(NotAgreed):
        await note(cast, sitting, NoteKind.SAID, said)
    token, _ = await sitting_of(cast, session)
    await tables.SitterLink.filter(ended_at=None).update(sealed=b"")
    with pytest.raises(NoCopy):
        await note(cast, await links.open_sitting(cast.installation, token))


async def test_kept_notes_are_an_entry_of_that_session(cast: Cast) -> None:
    """Each in the section of its kind; its row goes, also if it is kept a second time; the others stay."""
    session = await dose(cast)
    _, sitting = await sitting_of(cast, session)
    event = format_words(time(15, 6), "The cup fell", "event")
    part = format_part(time(15, 7), "the first half")
    for kind, line in ((NoteKind.CHECK, AWAKE), (NoteKind.EVENT, event), (NoteKind.MEDICINE, part)):
        await note(cast, sitting, kind, line)
        cast.clock.forward(minutes=1)
    await rest(cast, session)
    alice = await cast.actor("alice")
    check, thrown, kept = await reading.load_notes(alice, session)
    await reading.keep_notes(alice, session, {check.id, kept.id})
    await reading.delete_notes(alice, session, {thrown.id})
    assert await tables.SitterNote.all().count() == 0
    found = await reading.load_kept(alice, session)
    assert found is not None
    assert found.document.answers == {"sitter.checks": [AWAKE], "sitter.medicine": [part]}
    with pytest.raises(InvalidInput):
        await reading.keep_notes(alice, session, {check.id})
    with pytest.raises(InvalidInput):
        await reading.delete_notes(alice, session, ())


async def test_what_was_noted_twice_is_kept_twice(cast: Cast) -> None:
    """Equal lines of two presses are two notes; one whose row came back after a crash is still one."""
    session = await dose(cast)
    _, sitting = await sitting_of(cast, session)
    for _ in range(2):
        await note(cast, sitting)
    await rest(cast, session)
    alice = await cast.actor("alice")
    rows = await tables.SitterNote.all()
    for chosen in (rows[:1], rows[1:]):
        await reading.keep_notes(alice, session, {row.id for row in chosen})
    await tables.SitterNote.bulk_create(rows)
    await asyncio.gather(
        *(reading.keep_notes(alice, session, {row.id for row in rows}) for _ in range(2)),
        return_exceptions=True,
    )
    found = await reading.load_kept(alice, session)
    assert found is not None
    assert found.document.answers == {"sitter.checks": [AWAKE, AWAKE]}
    assert await tables.SitterNote.all().count() == 0


async def test_nobody_else_reads_keeps_or_deletes_them(cast: Cast) -> None:
    """Not another patient, a clinician or an administrator."""
    session = await dose(cast)
    _, sitting = await sitting_of(cast, session)
    await note(cast, sitting)
    await rest(cast, session)
    row = await tables.SitterNote.get()
    for who in ("dana", "bob", "charlie", "erin"):
        somebody = await cast.actor(who)
        for act in (reading.keep_notes, reading.delete_notes):
            with pytest.raises(NotFound):
                await act(somebody, session, {row.id})
        if who == "dana":
            assert not await reading.load_notes(somebody, session)
            continue
        for load in (reading.load_notes, reading.load_times):
            with pytest.raises(NotFound):
                await load(somebody, session)
    assert await tables.SitterNote.all().count() == 1


async def test_notes_outlast_a_renewal_of_keys(cast: Cast) -> None:
    """In the middle of it and at its end. A link of before saves none any more: its copy names the keys of then."""
    session = await dose(cast)
    _, sitting = await sitting_of(cast, session)
    await note(cast, sitting)
    await begun(cast)
    with pytest.raises(SitterLinkEnded):
        await note(cast, sitting)
    assert len(await reading.load_notes(await cast.actor("alice"), session)) == 1
    await ended(cast)
    _, sitting = await sitting_of(cast, session)
    await note(cast, sitting)
    found = await reading.load_notes(await cast.actor("alice"), session)
    assert (len(found), found.damaged) == (2, ())


async def test_a_link_ends_when_its_patient_begins_anew(cast: Cast) -> None:
    """Nobody could read what is noted from then on; what was noted before does not open, and can be deleted."""
    session = await dose(cast)
    token, sitting = await sitting_of(cast, session)
    await note(cast, sitting)
    alice = await restarted(cast, await offered(cast))
    with pytest.raises(SitterLinkEnded):
        await links.open_sitting(cast.installation, token)
    with pytest.raises(SitterLinkEnded):
        await note(cast, sitting)
    row = await tables.SitterNote.get()
    assert (await reading.load_notes(alice, session)).damaged == (row.id,)
    await session_plan.change_status(alice, session, Status.CANCELLED)
    await reading.delete_notes(alice, session, {row.id})
    assert not await tables.SitterNote.all().exists()


async def test_notes_go_with_their_patients_account(cast: Cast) -> None:
    """Read or not; those of others stay."""
    for who in ("alice", "dana"):
        made_by = await links.make_link(await cast.actor(who), await dose(cast, who=who))
        await note(cast, await links.open_sitting(cast.installation, made_by.token))
    await cast.just_asked()
    await account_deletion.request_deletion(await cast.actor("alice"), "delete")
    cast.clock.forward(days=31)
    await purge_deleted(cast.installation, cast.clock.now)
    dana = [row.patient_id for row in await tables.SitterLink.all()]  # type: ignore[attr-defined]
    assert len(dana) == await tables.SitterNote.all().count() == 1


@given(
    at=st.times(),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Apia", "UTC"]),
)
def test_a_part_was_taken_in_the_last_day(at: time, now: datetime, zone: str) -> None:
    """Its time of day belongs to today, or to yesterday where it would lie ahead."""
    found = find_moment(at.replace(second=0, microsecond=0), now, zone)
    assert timedelta(hours=-1) <= now - found <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (lambda: format_check(time(1), None, "words"), "status"),
        (lambda: format_check(time(1), CheckState.AWAKE, "a" * 501), "note"),
        (lambda: format_words(time(1), "a" * 501, "event"), "event"),
        (lambda: format_words(time(1), " ", "said"), "said"),
        (lambda: format_part(time(1), "a" * 301), "part_words"),
    ],
)
def test_what_is_refused(act: object, field: str) -> None:
    """With the field that it is about."""
    with pytest.raises(InvalidInput) as refused:
        act()  # type: ignore[operator]
    assert list(refused.value.fields) == [field]


@given(state=st.sampled_from(CheckState), words=st.text(max_size=500))
def test_a_check_is_read_back(state: CheckState, words: str) -> None:
    """With its time, its state and its words; and no line of another make loses its words."""
    try:
        line = format_check(time(15, 5), state, words)
    except InvalidInput:
        return
    (found,) = parse_checks([line])
    assert (found.at, found.state) == (time(15, 5), state)
    assert parse_checks(["something else"])[0].words == "something else"
