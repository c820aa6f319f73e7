"""Words of sessions: who opens them, when their key is drawn anew, and how those from before it are carried over."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from tortoise.exceptions import OperationalError

from crypto import CryptoError, Sealer
from journal.account_reset import retained_records, returned_shares
from journal.actor import Actor
from journal.care import invitations, lifecycle, links
from journal.care import tables as care_tables
from journal.clinic import carrying
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.key_rotation import account_key
from journal.plan_words import carrying as plan_carrying
from journal.plan_words.reading import load_words
from journal.scheduling import plan as session_plan
from journal.scheduling.saving import WORDS_CLOSED
from journal.sealing import seal_document
from journal.sessions import plan_key
from journal.sessions import tables as sessions_tables
from journal.sessions.rows import load_my_sessions, save_session, session_context
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.sessions.session_words import SessionWords, add_words, words_context
from journal.sharing import handover_answers, handover_offers
from journal.store.database import execute
from tests.attacks.thief import read_database
from tests.cast import PASSWORDS, Cast
from tests.journal.account_reset.test_reset import offered, restarted
from tests.scenes import shared, written

WORD = "Rotdrossel"
TALK = SessionDetails(
    SessionKind.INTEGRATION, "2026-12-01T10:00", "Europe/Berlin", 50, Setting.TELEHEALTH_HOME
)


def told(note: str) -> SessionDetails:
    """A talk of which this is noted."""
    return msgspec.structs.replace(TALK, note=f"{WORD} {note}", join=f"{WORD} room")


async def settled(cast: Cast) -> None:
    """Have alice open her first page."""
    alice = await cast.actor("alice")
    mine = await links.load_my_links(alice, ended=True)
    await carrying.settle(alice, mine, (await load_my_sessions(alice)).everything)


async def note_for(cast: Cast, name: str, session: UUID) -> str:
    """What somebody reads of the note; `closed` where it does not open for them."""
    one = await session_plan.load_session(await cast.actor(name), session)
    return "closed" if one.is_closed else one.details.note.removeprefix(f"{WORD} ")


async def joined_by_charlie(cast: Cast) -> UUID:
    """Have charlie be a second clinician of alice's."""
    invited = await invitations.create_invitation(await cast.actor("charlie"), "Alice")
    return await invitations.accept_invitation(await cast.actor("alice"), invited.token)


async def own_key(cast: Cast) -> Sealer:
    """The key of alice's plan."""
    alice = await cast.actor("alice")
    key = await plan_key.load_or_draw(alice)
    assert key is not None
    return Sealer(key)


async def opens(key: Sealer, session: UUID) -> bool:
    """Whether a key opens the words of a session as they are stored."""
    row = await sessions_tables.KapSession.get(id=session)
    for revision in range(1, row.revision + 1):
        try:
            place = words_context(row.patient_id, session, revision)  # type: ignore[attr-defined]
            key.open(row.words or b"", context=place)
        except CryptoError:
            continue
        return True
    return False


async def from_before(cast: Cast, *sessions: UUID) -> None:
    """Have sessions be as versions from before stored them, and nobody have a key."""
    alice = await cast.actor("alice")
    for session in sessions:
        one = await session_plan.load_session(alice, session)
        details = msgspec.structs.replace(one.details, words_at=0)
        place = session_context(alice.id, session, one.revision)
        sealed = seal_document(cast.installation.server_keys, details, place)
        await sessions_tables.KapSession.filter(id=session).update(sealed=sealed, words=None)
    await sessions_tables.PlanKey.all().delete()
    await care_tables.CareLink.all().update(plan_copy=None)


async def refused(actor: Actor, session: UUID, details: SessionDetails) -> None:
    """Have a change of words be refused, with the fields that were changed."""
    one = await session_plan.load_session(actor, session)
    with pytest.raises(InvalidInput) as error:
        await session_plan.change_session(actor, session, one.revision, details)
    assert error.value.fields == dict.fromkeys(error.value.fields, WORDS_CLOSED)


async def test_all_who_see_the_plan_read_what_each_writes(cast: Cast) -> None:
    """Patient and clinicians plan, note and cancel; everybody reads it at once, and no word is under the server key."""
    await joined_by_charlie(cast)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    for writer, name in ((alice, "alice"), (bob, "bob")):
        session = await session_plan.add_session(writer, alice.id, told(f"of {name}"))
        for reader in ("alice", "bob", "charlie"):
            assert await note_for(cast, reader, session) == f"of {name}"
        changed = msgspec.structs.replace(told("changed"), minutes=60)
        await session_plan.change_session(await cast.actor("charlie"), session, 1, changed)
        await session_plan.change_status(alice, session, Status.CANCELLED, f"{WORD} rain")
        one = await session_plan.load_session(bob, session)
        assert (one.details.note, one.details.cancel_reason, one.details.minutes) == (
            f"{WORD} changed",
            f"{WORD} rain",
            60,
        )
        await session_plan.change_status(bob, session, Status.PLANNED)
        assert (await session_plan.load_session(alice, session)).details.cancel_reason == ""
    texts = await read_database()
    assert len(texts["kap_session.sealed"]) == 2
    assert WORD not in "".join(text for some in texts.values() for text in some)


async def test_a_pause_closes_them_and_their_key_is_drawn_anew(sqlite_cast: Cast) -> None:
    """A paused clinician moves what is planned; words are closed to them and stay, and a new key seals what comes."""
    cast = sqlite_cast
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    session = await session_plan.add_session(bob, alice.id, told("before"))
    before = await own_key(cast)
    assert await opens(before, session)
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    assert await note_for(cast, "bob", session) == "closed"
    bob = await cast.actor("bob")
    await refused(bob, session, told("behind her back"))
    moved = msgspec.structs.replace(TALK, local="2026-12-02T10:00")
    await session_plan.change_session(bob, session, 1, moved)
    await session_plan.change_status(bob, session, Status.CANCELLED)
    await session_plan.change_status(bob, session, Status.PLANNED)
    with pytest.raises(InvalidInput):
        await session_plan.add_session(bob, alice.id, told("of bob"))
    with pytest.raises(InvalidInput):
        await session_plan.change_status(bob, session, Status.CANCELLED, "rain")
    assert await note_for(cast, "alice", session) == "before"
    later = await session_plan.add_session(await cast.actor("alice"), alice.id, told("after"))
    assert not await opens(before, later)
    assert not await opens(before, session)
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert [await note_for(cast, "bob", one) for one in (session, later)] == ["before", "after"]


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_after_the_end_of_care_the_key_that_was_known_opens_nothing(
    sqlite_cast: Cast, who: str
) -> None:
    """Whoever ends it: with her next page alice draws another key, and the other clinician reads on."""
    cast = sqlite_cast
    other = await joined_by_charlie(cast)
    alice = await cast.actor("alice")
    session = await session_plan.add_session(await cast.actor("bob"), alice.id, told("of bob"))
    before = await own_key(cast)
    await lifecycle.end_care(await cast.actor(who), cast.link)
    assert (await care_tables.CareLink.get(id=cast.link)).plan_copy is None
    await settled(cast)
    assert not await opens(before, session)
    assert [await note_for(cast, name, session) for name in ("alice", "charlie")] == ["of bob", "of bob"]
    assert (await care_tables.CareLink.get(id=other)).plan_copy is not None


async def test_what_was_under_the_server_key_is_carried_over(cast: Cast) -> None:
    """Until alice comes both read it, and her clinician writes no words; then it is sealed, whole or not at all."""
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    session = await session_plan.add_session(bob, alice.id, told("of before"))
    await from_before(cast, session)
    assert WORD in "".join((await read_database())["kap_session.sealed"])
    assert [await note_for(cast, name, session) for name in ("alice", "bob")] == ["of before"] * 2
    await refused(await cast.actor("bob"), session, told("newer"))
    kept = msgspec.structs.replace(told("of before"), local="2026-12-03T10:00")
    await session_plan.change_session(await cast.actor("bob"), session, 1, kept)
    await settled(cast)
    assert [await note_for(cast, name, session) for name in ("alice", "bob")] == ["of before"] * 2
    assert WORD not in "".join((await read_database())["kap_session.sealed"])
    assert (await session_plan.load_session(alice, session)).revision == 2
    await session_plan.change_session(await cast.actor("bob"), session, 2, told("newer"))
    assert await note_for(cast, "alice", session) == "newer"


async def test_what_was_read_before_it_was_carried_over_is_not_written_back(sqlite_cast: Cast) -> None:
    """A page that set out before the words were sealed does not put them under the server key again."""
    cast = sqlite_cast
    alice = await cast.actor("alice")
    session = await session_plan.add_session(alice, alice.id, told("of before"))
    await from_before(cast, session)
    (read,) = await load_my_sessions(await cast.actor("alice"))
    await settled(cast)
    moved = msgspec.structs.replace(read.details, local="2026-12-04T10:00")
    with pytest.raises(StaleRevision):
        await save_session(await cast.actor("alice"), read, read.revision, moved)
    assert WORD not in "".join((await read_database())["kap_session.sealed"])


async def test_a_clinicians_renewed_keys_renew_it_with_the_patients_next_page(sqlite_cast: Cast) -> None:
    """Whoever has bob's old keys and an old backup knows the key of the plan: once alice came, it opens nothing."""
    cast = sqlite_cast
    alice = await cast.actor("alice")
    session = await session_plan.add_session(alice, alice.id, told("of alice"))
    before = await own_key(cast)
    cast.tokens["bob"] = await account_key.begin_rotation(await cast.actor("bob"), PASSWORDS["bob"])
    assert await note_for(cast, "bob", session) == "of alice"
    await settled(cast)
    assert not await opens(before, session)
    for name in ("alice", "bob"):
        assert await note_for(cast, name, session) == "of alice"


async def test_a_carrying_over_that_was_killed_goes_on(
    sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each of its writes it may end: nothing is lost, and with the next page it goes on."""
    cast = sqlite_cast
    alice = await cast.actor("alice")
    sessions = [await session_plan.add_session(alice, alice.id, told(str(number))) for number in range(3)]
    await from_before(cast, *sessions)
    monkeypatch.setattr(plan_carrying, "BATCH_SIZE", 2)
    breaks = (
        "BEFORE INSERT ON plan_key",
        "BEFORE UPDATE OF plan_copy ON care_link",
        "BEFORE UPDATE OF words ON kap_session",
        f"BEFORE UPDATE OF words ON kap_session WHEN NEW.id = '{max(map(str, sessions))}'",
    )
    for when in breaks:
        await execute(f"CREATE TRIGGER broken {when} BEGIN SELECT RAISE(ABORT, 'no more'); END")
        with pytest.raises(OperationalError):
            await settled(cast)
        await execute("DROP TRIGGER broken")
        for place, session in enumerate(sessions):
            assert [await note_for(cast, name, session) for name in ("alice", "bob")] == [str(place)] * 2
    await settled(cast)
    assert WORD not in "".join((await read_database())["kap_session.sealed"])
    for place, session in enumerate(sessions):
        assert [await note_for(cast, name, session) for name in ("alice", "bob")] == [str(place)] * 2


async def test_renewed_keys_renew_that_of_the_plan(cast: Cast) -> None:
    """With her own keys alice renews that of her plan: with the one before, nothing opens, and both read on."""
    alice = await cast.actor("alice")
    session = await session_plan.add_session(alice, alice.id, told("of alice"))
    before = await own_key(cast)
    cast.tokens["alice"] = await account_key.begin_rotation(await cast.actor("alice"), PASSWORDS["alice"])
    assert not await opens(before, session)
    for _ in range(2):
        assert [await note_for(cast, name, session) for name in ("alice", "bob")] == ["of alice"] * 2
        while not (came := await account_key.reseal_batches(await cast.actor("alice"))).finished:
            if came.settling:
                cast.clock.forward(seconds=account_key.SETTLING_TIME.total_seconds())
    await session_plan.change_session(await cast.actor("bob"), session, 1, told("of bob"))
    assert await note_for(cast, "alice", session) == "of bob"


async def test_words_in_another_place_are_closed(sqlite_cast: Cast) -> None:
    """Words of another session or of an earlier revision open nowhere, and neither does a bent copy of the key."""
    cast = sqlite_cast
    alice = await cast.actor("alice")
    one, other = [await session_plan.add_session(alice, alice.id, told(note)) for note in ("one", "other")]
    rows = sessions_tables.KapSession
    first = (await rows.get(id=one)).words
    await session_plan.change_session(alice, one, 1, told("newer"))
    for session in (one, other):
        kept = (await rows.get(id=session)).words
        await rows.filter(id=session).update(words=first)
        assert [await note_for(cast, name, session) for name in ("alice", "bob")] == ["closed"] * 2
        await rows.filter(id=session).update(words=kept)
    link = care_tables.CareLink.filter(id=cast.link)
    copy = (await care_tables.CareLink.get(id=cast.link)).plan_copy
    assert copy is not None
    await link.update(plan_copy=copy[:-1] + bytes([copy[-1] ^ 1]))
    assert await note_for(cast, "bob", other) == "closed"
    with pytest.raises(StaleRevision):
        await session_plan.change_session(await cast.actor("bob"), other, 1, told("planted"))
    assert await note_for(cast, "alice", other) == "other"


async def test_who_lost_the_key_writes_anew(sqlite_cast: Cast) -> None:
    """Where alice's own copy does not open, a link's stands in; where none does, words are closed until others are."""
    cast = sqlite_cast
    alice = await cast.actor("alice")
    session = await session_plan.add_session(alice, alice.id, told("of alice"))
    await execute("UPDATE plan_key SET wrapped = 'words', due_at = 'words'")
    await session_plan.add_session(await cast.actor("alice"), alice.id, told("later"))
    assert [await note_for(cast, name, session) for name in ("alice", "bob")] == ["of alice"] * 2
    await sessions_tables.PlanKey.all().update(wrapped=bytes(62))
    await care_tables.CareLink.all().update(plan_copy=None)
    await session_plan.add_session(await cast.actor("alice"), alice.id, told("latest"))
    assert [await note_for(cast, name, session) for name in ("alice", "bob")] == ["closed"] * 2
    alice = await cast.actor("alice")
    moved = msgspec.structs.replace(TALK, local="2026-12-02T10:00")
    await session_plan.change_session(alice, session, 1, moved)
    assert await load_words(alice, await session_plan.load_session(alice, session), None) is None
    await session_plan.change_session(alice, session, 2, told("written anew"))
    assert await note_for(cast, "bob", session) == "written anew"


@pytest.mark.parametrize("stays", [True, False], ids=["stays", "goes"])
async def test_at_a_handover_the_new_clinician_reads_and_the_old_one_as_long_as_they_stay(
    sqlite_cast: Cast, stays: bool
) -> None:
    """Charlie has a copy of the key with her yes; bob's opens nothing that is stored once his care has ended."""
    cast = sqlite_cast
    alice, bob, charlie = [await cast.actor(name) for name in ("alice", "bob", "charlie")]
    session = await session_plan.add_session(bob, alice.id, told("of bob"))
    offer = await handover_offers.suggest_colleague(bob, alice.id, str(charlie.id))
    before = await own_key(cast)
    await handover_answers.accept_handover(alice, offer, [], end_care=not stays)
    assert await note_for(cast, "charlie", session) == "of bob"
    await settled(cast)
    await session_plan.change_session(await cast.actor("charlie"), session, 1, told("of charlie"))
    assert [await note_for(cast, one, session) for one in ("alice", "charlie")] == ["of charlie"] * 2
    assert await opens(before, session) == stays
    if stays:
        assert await note_for(cast, "bob", session) == "of charlie"
    else:
        with pytest.raises(NotFound):
            await note_for(cast, "bob", session)
        assert (await care_tables.CareLink.get(id=cast.link)).plan_copy is None


@pytest.mark.parametrize("by", ["bob", "bob, with nothing shared", "the old password"])
async def test_after_a_reset_they_come_back(sqlite_cast: Cast, by: str) -> None:
    """The words are lost with the keys: who gives back what was shared gives them back, and the old password does."""
    cast = sqlite_cast
    alice = await cast.actor("alice")
    session = await session_plan.add_session(alice, alice.id, told("of then"))
    if by == "bob":
        await shared(cast, await written(cast))
    await restarted(cast, await offered(cast))
    assert [await note_for(cast, name, session) for name in ("alice", "bob")] == ["closed"] * 2
    later = await session_plan.add_session(await cast.actor("alice"), alice.id, told("of now"))
    if by.startswith("bob"):
        bob = await cast.actor("bob")
        there = [await returned_shares.find_returnable(bob, await links.load_link_with(bob, alice.id))]
        await returned_shares.return_shares(bob, alice.id)
        there.append(await returned_shares.find_returnable(bob, await links.load_link_with(bob, alice.id)))
        assert [one.words for one in there] == [True, False]
    else:
        await retained_records.restore_records(await cast.actor("alice"), PASSWORDS["alice"])
    for name in ("alice", "bob"):
        assert [await note_for(cast, name, one) for one in (session, later)] == ["of then", "of now"]


def test_why_it_was_cancelled_stands_only_while_it_is() -> None:
    """A reason that nobody could erase is not shown of a session that is planned again."""
    words = SessionWords(note="kept", cancel_reason="rain", reason_language="en")
    assert add_words(TALK, words).cancel_reason == ""
    cancelled = msgspec.structs.replace(TALK, status=Status.CANCELLED)
    assert add_words(cancelled, words).cancel_reason == "rain"
