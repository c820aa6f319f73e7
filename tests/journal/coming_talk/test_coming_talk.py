"""What is set for a talk: five at most, nobody else's; of an answer reaches who set it what is given and no more."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.accounts.current_keys import ConcurrentChange
from journal.audit import tables as audit_tables
from journal.care import lifecycle, tables
from journal.care.link_keys import SharingPaused
from journal.care.links import load_link_with
from journal.coming_talk import afterwards, answers, items, own_sets, setting
from journal.coming_talk.documents import Mark, Thing, Word
from journal.entries import entries, removal
from journal.errors import (
    HeldUntilRested,
    InvalidInput,
    JournalError,
    NotFound,
    StaleRevision,
)
from journal.practice import people
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.sharing import reading, shares
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import ZONE, Cast
from tests.races.turns import at_once, pauses
from tests.scenes import in_session, rested, shared, written

CARRY = Thing("question", "carry", "", "So that we can begin there.")
OWN = Thing("question", "own", "How was the walk by the river?", "You spoke of it.")
FIVE = (
    CARRY,
    OWN,
    Thing("skill", "orient", "", "For the evenings."),
    Thing("reading", "pace", "", "There is no hurry."),
    Thing("measure", "phq9", "", "We look at it together."),
)


async def talk_on(cast: Cast, local: str = "2026-11-24T15:00") -> UUID:
    """Have an integration session be planned for alice."""
    alice = await cast.actor("alice")
    details = SessionDetails(SessionKind.INTEGRATION, local, ZONE, 50, Setting.CLINIC)
    return await session_plan.add_session(alice, alice.id, details)


async def set_for(cast: Cast, talk: UUID, *things: Thing) -> tuple[UUID, ...]:
    """Have bob set things for a talk of alice's."""
    alice = await cast.actor("alice")
    return await setting.set_things(await cast.actor("bob"), alice.id, talk, things or (CARRY,))


async def seen_by_bob(cast: Cast, talk: UUID | None = None) -> tuple[items.Item, ...]:
    """Return what bob sees of what he set."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    return await items.load_items(bob, await load_link_with(bob, alice.id), talk)


async def answered(cast: Cast, item: items.Item) -> Entry:
    """Have alice write an answer."""
    document = EntryDocument("free", title="What stayed", answers={"free.text": "The river, mostly."})
    return await entries.save_entry(await cast.actor("alice"), item.answer, 0, document)


async def test_both_see_what_is_set_with_why(cast: Cast) -> None:
    """Alice sees it under its talk, in the order in which it was set; a colleague and another patient see nothing."""
    talk = await talk_on(cast)
    ids = await set_for(cast, talk, CARRY, OWN)
    (for_talk,) = await answers.list_for_talk(await cast.actor("alice"))
    assert for_talk.talk.id == talk
    assert [one.item.id for one in for_talk.items] == list(ids)
    assert [one.item.thing for one in for_talk.items] == [CARRY, OWN]
    assert for_talk.items[0].item.details.written_by == "Bob Example"
    assert await answers.list_for_talk(await cast.actor("dana")) == ()
    charlie, alice = await cast.actor("charlie"), await cast.actor("alice")
    for refused in (
        setting.set_things(charlie, alice.id, talk, (CARRY,)),
        setting.withdraw_item(charlie, alice.id, ids[0]),
        afterwards.mark_item(charlie, alice.id, ids[0], Mark.TALKED),
        answers.say_word(await cast.actor("dana"), ids[0], Word.NOT_NOW),
        answers.load_own_item(await cast.actor("dana"), ids[0]),
    ):
        with pytest.raises(JournalError):
            await refused
    assert [one.mark for one in await seen_by_bob(cast)] == [None, None]


async def test_a_sixth_is_refused_and_a_place_is_free_once_one_was_let_go(cast: Cast) -> None:
    """Five stay as they are; what was let go does not count; what was sent twice is set once."""
    talk = await talk_on(cast)
    ids = await set_for(cast, talk, *FIVE)
    with pytest.raises(InvalidInput, match="another look"):
        await set_for(cast, talk, CARRY)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await afterwards.mark_item(bob, alice.id, ids[0], Mark.LET_GO)
    first = uuid4()
    for _ in range(2):
        await setting.set_things(bob, alice.id, talk, (OWN,), first=first)
    assert len(await seen_by_bob(cast)) == 6
    (for_talk,) = await answers.list_for_talk(alice)
    assert len(for_talk.items) == 5
    with pytest.raises(InvalidInput):  # all of several or none
        await set_for(cast, await talk_on(cast, "2026-11-25T15:00"), *FIVE, CARRY)
    assert len(await seen_by_bob(cast)) == 6


async def test_two_windows_never_set_a_sixth(cast: Cast) -> None:
    """Whatever their timing, at most five are set for one talk."""
    talk = await talk_on(cast)
    await set_for(cast, talk, *FIVE[:4])
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    for seed in range(6):
        with pauses():
            found = await at_once(
                seed,
                lambda: setting.set_things(bob, alice.id, talk, (CARRY,)),
                lambda: setting.set_things(bob, alice.id, talk, (OWN,)),
            )
        assert sum(isinstance(one, InvalidInput) for one in found) == 1, found
        assert await tables.TalkItem.all().count() == 5
        last = next(one for one in found if isinstance(one, tuple))
        await setting.withdraw_item(bob, alice.id, last[0])


async def test_it_is_set_for_a_talk_ahead_alone(cast: Cast) -> None:
    """Not for one that is over or cancelled, for a dosing session, or for somebody else's."""
    past = await talk_on(cast, "2026-11-20T15:00")
    cancelled = await talk_on(cast)
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    await session_plan.change_status(alice, cancelled, Status.CANCELLED)
    dosing = SessionDetails(SessionKind.DOSING, "2026-11-25T10:00", ZONE, 120, Setting.HOME)
    own = await session_plan.add_session(alice, alice.id, dosing)
    details = SessionDetails(SessionKind.INTEGRATION, "2026-11-25T10:00", ZONE, 50, Setting.CLINIC)
    other = await session_plan.add_session(dana, dana.id, details)
    for talk in (past, cancelled, own, other, uuid4()):
        with pytest.raises(InvalidInput):
            await set_for(cast, talk)
    assert await tables.TalkItem.all().count() == 0


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (("question", "own", "", "why"), "words"),
        (("question", "own", "x" * 281, "why"), "words"),
        (("question", "nothing like it", "", "why"), "thing"),
        (("measure", "own", "words", "why"), "thing"),
        (("", "", "", "why"), "thing"),
        (("question", "carry", "", ""), "why"),
        (("question", "carry", "", "y" * 161), "why"),
    ],
)
def test_what_is_typed_is_bounded(typed: tuple[str, str, str, str], field: str) -> None:
    """Each field says what to do; words beside something that ships are not taken in."""
    with pytest.raises(InvalidInput) as refused:
        setting.parse_thing(*typed)
    assert set(refused.value.fields) == {field}
    assert setting.parse_thing("question", "carry", "left over", "why").words == ""


async def test_a_word_is_said_and_taken_back(cast: Cast) -> None:
    """Bob sees the word with its time, and nothing once it is taken back."""
    talk = await talk_on(cast)
    (ident,) = await set_for(cast, talk)
    alice = await cast.actor("alice")
    for word in (Word.NOT_NOW, Word.NOT_FOR_ME):
        await answers.say_word(alice, ident, word)
        (one,) = await seen_by_bob(cast)
        assert (one.word, one.said_at) == (word, cast.clock.now)
        with pytest.raises(StaleRevision):  # it is not withdrawn from under a word
            await setting.withdraw_item(await cast.actor("bob"), alice.id, ident)
    await answers.say_word(alice, ident, None)
    (one,) = await seen_by_bob(cast)
    assert one.word is None
    await setting.withdraw_item(await cast.actor("bob"), alice.id, ident)
    assert await answers.list_for_talk(alice) == ()
    with pytest.raises(NotFound):
        await answers.say_word(alice, ident, Word.NOT_NOW)


async def test_nothing_is_said_while_it_cannot_be_told(cast: Cast) -> None:
    """Paused, with other keys or after the end: refused with a reason, and bob learns nothing."""
    talk = await talk_on(cast)
    (ident,) = await set_for(cast, talk)
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    alice = await cast.actor("alice")
    with pytest.raises(InvalidInput) as refused:
        await answers.say_word(alice, ident, Word.NOT_NOW)
    assert refused.value.fields["word"] == answers.PAUSED
    (for_talk,) = await answers.list_for_talk(alice)
    assert for_talk.closed == answers.PAUSED
    for act in (
        setting.set_things(await cast.actor("bob"), alice.id, talk, (CARRY,)),
        seen_by_bob(cast),
        afterwards.mark_item(await cast.actor("bob"), alice.id, ident, Mark.TALKED),
    ):
        with pytest.raises(SharingPaused):
            await act
    await lifecycle.resume_sharing(alice, cast.link)
    await lifecycle.end_care(await cast.actor("alice"), cast.link)
    with pytest.raises(NotFound):
        await answers.say_word(await cast.actor("alice"), ident, Word.NOT_NOW)
    assert await tables.TalkItem.all().count() == 0


async def test_nothing_of_it_is_shown_or_said_from_a_dosing_session_until_rest(cast: Cast) -> None:
    """What bob sets then waits; the word that was said before stays; after rest all of it is there."""
    talk = await talk_on(cast)
    (ident,) = await set_for(cast, talk)
    session = await in_session(cast)
    alice = await cast.actor("alice")
    assert await answers.list_for_talk(alice) == ()
    with pytest.raises(NotFound):
        await answers.load_own_item(alice, ident)
    with pytest.raises(HeldUntilRested):
        await answers.say_word(alice, ident, Word.NOT_FOR_ME)
    await set_for(cast, talk, OWN)
    assert await answers.list_for_talk(alice) == ()
    await rested(cast, session)
    (for_talk,) = await answers.list_for_talk(await cast.actor("alice"))
    assert [one.item.thing for one in for_talk.items] == [CARRY, OWN]


async def test_an_answer_is_seen_once_it_is_shared(cast: Cast) -> None:
    """Alice sees how far hers is; bob recognises the copy as the answer, and nothing before."""
    (ident,) = await set_for(cast, await talk_on(cast))
    (item,) = await seen_by_bob(cast)
    entry = await answered(cast, item)
    alice = await cast.actor("alice")
    _, own = await answers.load_own_item(alice, ident)
    assert (own.is_written, own.is_shared) == (True, False)
    assert await seen_by_bob(cast) == (item,)
    await shared(cast, entry, ("title", "free.text"))
    _, own = await answers.load_own_item(alice, ident)
    assert own.is_shared
    folder = await reading.load_folder(await cast.actor("bob"), alice.id)
    assert folder.shared[0].document.entry_id == item.answer.hex
    with pytest.raises(StaleRevision):
        await setting.withdraw_item(await cast.actor("bob"), alice.id, ident)
    await removal.delete_entry(alice, entry.id)
    _, own = await answers.load_own_item(await cast.actor("alice"), ident)
    assert (own.is_written, own.is_taken) == (False, True)


PRIVATE = ("write", "delete", "look", "look at one")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.sampled_from(PRIVATE), max_size=6))
async def test_whatever_alice_does_in_private_bob_sees_the_same_bytes(cast: Cast, acts: list[str]) -> None:
    """Begun, written, deleted, looked at: no byte of bob's rows changes, and no row that he reads names the answer."""
    await tables.TalkItem.all().delete()
    talk = await talk_on(cast)
    (ident,) = await set_for(cast, talk)
    (item,) = await seen_by_bob(cast)
    before = await tables.TalkItem.all().values_list("id", "session_id", "sealed", "said", "mark")
    for act in acts:
        alice = await cast.actor("alice")
        there = await entries.load_entries_by_id(alice, [item.answer])
        if act == "look":
            await answers.list_for_talk(alice)
        elif act == "look at one":
            await answers.load_own_item(alice, ident)
        elif act == "write" and not there:
            try:
                await answered(cast, item)
            except JournalError:
                continue  # it was deleted before
        elif act == "delete" and there:
            await removal.delete_entry(alice, item.answer)
    assert await tables.TalkItem.all().values_list("id", "session_id", "sealed", "said", "mark") == before
    assert await seen_by_bob(cast) == (item,)
    assert not await audit_tables.AuditPending.filter(object_id=ident, action="talk.said").exists()


async def test_marks_are_set_and_taken_back(cast: Cast) -> None:
    """Talked about, again and let go; again sets it for the next talk, among five; taken back, it is gone there."""
    talk = await talk_on(cast)
    (ident,) = await set_for(cast, talk)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await afterwards.mark_item(bob, alice.id, ident, Mark.TALKED)
    (for_talk,) = await answers.list_for_talk(alice)
    assert for_talk.items[0].item.mark is Mark.TALKED
    with pytest.raises(StaleRevision):
        await answers.say_word(alice, ident, Word.NOT_NOW)
    with pytest.raises(StaleRevision):
        await afterwards.mark_item(bob, alice.id, ident, Mark.LET_GO)
    await afterwards.mark_item(bob, alice.id, ident, None)
    with pytest.raises(InvalidInput) as refused:
        await afterwards.mark_item(bob, alice.id, ident, Mark.AGAIN)
    assert refused.value.fields["mark"] == afterwards.NO_NEXT_TALK
    later = await talk_on(cast, "2026-12-01T15:00")
    await set_for(cast, later, *FIVE)
    with pytest.raises(InvalidInput) as refused:
        await afterwards.mark_item(bob, alice.id, ident, Mark.AGAIN)
    assert refused.value.fields["thing"] == setting.NO_SIXTH
    await tables.TalkItem.filter(session_id=later).delete()
    await afterwards.mark_item(bob, alice.id, ident, Mark.AGAIN)
    (again,) = await seen_by_bob(cast, later)
    assert again.thing == CARRY
    (marked,) = await seen_by_bob(cast, talk)
    assert (marked.mark, marked.next) == (Mark.AGAIN, again.id)
    await answers.say_word(alice, again.id, Word.NOT_NOW)
    with pytest.raises(StaleRevision):
        await afterwards.mark_item(bob, alice.id, ident, None)
    await answers.say_word(alice, again.id, None)
    await afterwards.mark_item(bob, alice.id, ident, None)
    assert await seen_by_bob(cast, later) == ()


async def test_what_was_let_go_comes_back_only_where_there_is_a_place(cast: Cast) -> None:
    """Another thing took its place: taking back that it was let go would be a sixth."""
    talk = await talk_on(cast)
    ids = await set_for(cast, talk, *FIVE)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await afterwards.mark_item(bob, alice.id, ids[0], Mark.LET_GO)
    (other,) = await set_for(cast, talk)
    with pytest.raises(InvalidInput) as refused:
        await afterwards.mark_item(bob, alice.id, ids[0], None)
    assert refused.value.fields["mark"] == afterwards.NO_PLACE
    assert items.count_places(await seen_by_bob(cast, talk)) == items.MAX_FOR_TALK
    await setting.withdraw_item(bob, alice.id, other)
    await afterwards.mark_item(bob, alice.id, ids[0], None)
    assert items.count_places(await seen_by_bob(cast, talk)) == items.MAX_FOR_TALK


async def test_who_was_suspended_meanwhile_marks_and_withdraws_nothing(cast: Cast) -> None:
    """Also with a request that had begun before; neither a mark of a thing, nor of a shared piece, nor a signature."""
    talk = await talk_on(cast)
    await talk_on(cast, "2026-12-01T15:00")
    (ident,) = await set_for(cast, talk)
    share = await shared(cast, await written(cast))
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await people.suspend_person(await cast.actor("erin"), bob.id)
    before = await tables.TalkItem.all().values_list("id", "sealed", "mark")
    for act in (
        afterwards.mark_item(bob, alice.id, ident, Mark.AGAIN),
        setting.withdraw_item(bob, alice.id, ident),
        afterwards.mark_share(bob, alice.id, share, revision=1, is_talked=True),
    ):
        with pytest.raises(ConcurrentChange):
            await act
    assert await tables.TalkItem.all().values_list("id", "sealed", "mark") == before
    assert not await tables.Share.filter(talked__isnull=False).exists()


async def test_a_moved_talk_takes_it_along_and_a_cancelled_one_loses_nothing(cast: Cast) -> None:
    """It hangs on the session; from a cancelled one, alice finds it among earlier talks and bob can set it again."""
    talk = await talk_on(cast)
    (ident,) = await set_for(cast, talk)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await session_plan.change_status(alice, talk, Status.CANCELLED)
    assert await answers.list_for_talk(alice) == ()
    (earlier,) = await answers.list_for_talk(alice, is_earlier=True)
    assert [one.item.id for one in earlier.items] == [ident]
    later = await talk_on(cast, "2026-12-01T15:00")
    await afterwards.mark_item(bob, alice.id, ident, Mark.AGAIN)
    (for_talk,) = await answers.list_for_talk(alice)
    assert (for_talk.talk.id, for_talk.items[0].item.thing) == (later, CARRY)


async def test_a_shared_piece_is_marked_as_talked_about_until_it_is_updated(cast: Cast) -> None:
    """Both see the day; a newer copy begins without; another clinician cannot mark it."""
    entry = await written(cast)
    share = await shared(cast, entry)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    with pytest.raises(JournalError):
        await afterwards.mark_share(await cast.actor("charlie"), alice.id, share, revision=1, is_talked=True)
    await afterwards.mark_share(bob, alice.id, share, revision=1, is_talked=True)
    folder = await reading.load_folder(bob, alice.id)
    assert folder.shared[0].talked_at == cast.clock.now
    assert [(one.id, one.talked_at) for one in await shares.list_shares(alice)] == [(share, cast.clock.now)]
    await shares.share_entry(
        alice, entry.id, cast.link, ("title", "int.meaning", "int.top3"), previewed=entry.revision
    )
    folder = await reading.load_folder(bob, alice.id)
    assert folder.shared[0].talked_at is None
    with pytest.raises(StaleRevision):  # the page was open before the update
        await afterwards.mark_share(bob, alice.id, share, revision=1, is_talked=True)
    assert (await reading.load_folder(bob, alice.id)).shared[0].talked_at is None
    await afterwards.mark_share(bob, alice.id, share, revision=2, is_talked=True)
    await afterwards.mark_share(bob, alice.id, share, revision=2, is_talked=False)
    assert (await reading.load_folder(bob, alice.id)).shared[0].talked_at is None
    with pytest.raises(NotFound):
        await afterwards.mark_share(bob, alice.id, uuid4(), revision=1, is_talked=True)


async def test_storage_cannot_move_or_forge_a_thing(cast: Cast) -> None:
    """Under another talk, in another row, or without bob's signature it does not open, and hides nothing else."""
    talk, later = await talk_on(cast), await talk_on(cast, "2026-12-01T15:00")
    first, second = await set_for(cast, talk, CARRY, OWN)
    alice = await cast.actor("alice")
    await tables.TalkItem.filter(id=first).update(session_id=later)
    found = await answers.list_for_talk(alice)
    assert [[one.item.id for one in each.items] for each in found] == [[second]]
    assert sum(each.damaged for each in found) == 1
    await tables.TalkItem.filter(id=first).update(session_id=talk)
    sealed = (await tables.TalkItem.get(id=first)).sealed
    await tables.TalkItem.filter(id=second).update(sealed=sealed)
    (each,) = await answers.list_for_talk(alice)
    assert ([one.item.id for one in each.items], each.damaged) == ([first], 1)


async def test_own_sets_are_the_clinicians_alone(cast: Cast) -> None:
    """Kept under a name, replaced under the same, set for a talk at once, deleted; nobody else has them."""
    bob = await cast.actor("bob")
    ident = await own_sets.keep_set(bob, "  First talks ", FIVE[:2])
    assert await own_sets.keep_set(bob, "First talks", FIVE[:3]) == ident
    (kept,) = await own_sets.load_sets(bob)
    assert (kept.name, kept.things) == ("First talks", FIVE[:3])
    for name, things in (("", FIVE), ("x" * 61, FIVE), ("Empty", ())):
        with pytest.raises(InvalidInput):
            await own_sets.keep_set(bob, name, things)
    charlie = await cast.actor("charlie")
    assert await own_sets.load_sets(charlie) == ()
    for refused in (own_sets.load_set(charlie, ident), own_sets.delete_set(charlie, ident)):
        with pytest.raises(NotFound):
            await refused
    for name in ("alice", "erin"):
        with pytest.raises(JournalError):
            await own_sets.load_sets(await cast.actor(name))
    await own_sets.delete_set(bob, ident)
    assert await own_sets.load_sets(bob) == ()
