"""Sharing what is added later: given once, stopped at any time, and never around a dosing session."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest

from journal.audit.acts import Act
from journal.care import lifecycle
from journal.care.documents import ShareDocument
from journal.catalogue.fields import Answer
from journal.catalogue.revisits import Moment, Revisit
from journal.entries import entries, revisions
from journal.errors import HeldUntilRested, InvalidInput, NotFound, StaleRevision
from journal.reframing import later, reframes
from journal.sharing import shares
from journal.vault.documents import EntryDocument
from tests.cast import Cast
from tests.scenes import connected, in_session, read_by, rested, written
from tests.shared_material import share

TODAY = date(2026, 11, 22)
ANSWERS: dict[str, Answer] = {
    "reframe.old_meaning": "I am too much.",
    "reframe.new_meaning": "I was a child.",
    "reframe.body": "Chest.",
}
MOMENT = Moment(TODAY, "She laughed.")


async def shared_reframe(cast: Cast, *parts: str) -> tuple[UUID, UUID]:
    """Have alice write a reframe and share it with bob; return both ids."""
    entry = await written(cast, document=EntryDocument("reframe", answers=ANSWERS))
    return entry.id, await share(cast, entry.id, *(parts or ("reframe.old_meaning", "reframe.new_meaning")))


async def copy_of(cast: Cast) -> ShareDocument:
    """What bob reads."""
    (document,) = await read_by(cast, "bob")
    return document


async def test_nothing_is_shared_without_a_tick(cast: Cast):
    """What is added stays with the patient until they say otherwise."""
    wanted, _ = await shared_reframe(cast)
    await later.add_moment(await cast.actor("alice"), wanted, MOMENT)
    assert "reframe.moments" not in (await copy_of(cast)).answers


async def test_a_tick_carries_along_what_is_added_and_nothing_else(cast: Cast):
    """Each addition from then on is in the copy at once; the other parts, and earlier additions, are not."""
    wanted, given = await shared_reframe(cast)
    alice = await cast.actor("alice")
    await later.add_moment(alice, wanted, Moment(TODAY, "before"))
    await later.give_tick(alice, wanted, given)
    await later.add_moment(alice, wanted, MOMENT)
    await later.add_revisit(alice, wanted, Revisit(TODAY, 40, words="softer"))
    changed = await entries.load_entry(alice, wanted)
    answers = changed.document.answers | {"reframe.new_meaning": "Rewritten."}
    await entries.save_entry(
        alice,
        wanted,
        changed.revision,
        EntryDocument("reframe", answers=answers, beside=changed.document.beside),
    )
    await later.add_moment(alice, wanted, Moment(TODAY, "and again"))
    copy = await copy_of(cast)
    assert copy.answers == {
        "reframe.old_meaning": "I am too much.",
        "reframe.new_meaning": "I was a child.",
        "reframe.revisits": [Revisit(TODAY, 40, words="softer").line],
        "reframe.moments": [MOMENT.line, Moment(TODAY, "and again").line],
    }
    assert copy.fields == list(copy.answers)
    (outgoing,) = await shares.list_shares(alice)
    assert outgoing.changed
    assert outgoing.outdated == {"reframe.new_meaning", "reframe.moments"}


async def test_a_copy_that_has_everything_is_not_called_changed(cast: Cast):
    """With a tick from the start, copy and reframe agree after each addition."""
    wanted, given = await shared_reframe(cast, "reframe.old_meaning", "reframe.new_meaning", "reframe.body")
    alice = await cast.actor("alice")
    await later.give_tick(alice, wanted, given)
    await later.add_moment(alice, wanted, MOMENT)
    (outgoing,) = await shares.list_shares(alice)
    assert (outgoing.changed, outgoing.opened_at) == (False, None)


async def test_a_tick_is_stopped_at_any_time_and_given_only_when_rested(cast: Cast):
    """In a session nothing goes along, no tick can be given, and one can be stopped."""
    wanted, given = await shared_reframe(cast)
    await later.give_tick(await cast.actor("alice"), wanted, given)
    session = await in_session(cast)
    await later.add_moment(await cast.actor("alice"), wanted, MOMENT)
    assert "reframe.moments" not in (await copy_of(cast)).answers
    await later.stop_tick(await cast.actor("alice"), wanted, given)
    with pytest.raises(HeldUntilRested):
        await later.give_tick(await cast.actor("alice"), wanted, given)
    with pytest.raises(HeldUntilRested):
        await later.share_additions(await cast.actor("alice"), wanted, given, [0], seen=4)
    await rested(cast, session)
    await later.add_moment(await cast.actor("alice"), wanted, Moment(TODAY, "after"))
    assert "reframe.moments" not in (await copy_of(cast)).answers
    entry = await reframes.load_reframe(await cast.actor("alice"), wanted)
    assert entry.document.beside is not None
    assert entry.document.beside.later == ()


async def test_what_was_written_in_a_hold_is_listed_after_it_and_goes_only_when_chosen(cast: Cast):
    """Each is named, none is chosen; what is chosen goes, and the rest stays, also with later additions."""
    wanted, given = await shared_reframe(cast)
    await later.give_tick(await cast.actor("alice"), wanted, given)
    session = await in_session(cast)
    for words in ("one", "two"):
        await later.add_moment(await cast.actor("alice"), wanted, Moment(TODAY, words))
    await rested(cast, session)
    alice = await cast.actor("alice")
    await later.add_moment(alice, wanted, Moment(TODAY, "three"))
    assert (await copy_of(cast)).answers["reframe.moments"] == [Moment(TODAY, "three").line]
    entry = await reframes.load_reframe(alice, wanted)
    (standing,) = later.list_standing(entry, await shares.list_shares(alice, entry=wanted))
    assert [one.read.words for one in standing.unshared] == ["one", "two"]
    with pytest.raises(InvalidInput):
        await later.share_additions(alice, wanted, given, [7], seen=entry.revision)
    with pytest.raises(StaleRevision):
        await later.share_additions(alice, wanted, given, [1], seen=entry.revision - 1)
    await later.share_additions(alice, wanted, given, [1], seen=entry.revision)
    found = (await copy_of(cast)).answers["reframe.moments"]
    assert found == [Moment(TODAY, words).line for words in ("three", "two")]


async def test_a_pause_holds_it_back_and_loses_no_word(cast: Cast):
    """While sharing is paused an addition is kept by its patient alone."""
    wanted, given = await shared_reframe(cast)
    alice = await cast.actor("alice")
    await later.give_tick(alice, wanted, given)
    await lifecycle.pause_sharing(alice, cast.link)
    found = await later.add_moment(alice, wanted, MOMENT)
    assert found.document.answers["reframe.moments"] == [MOMENT.line]
    await lifecycle.resume_sharing(alice, cast.link)
    assert "reframe.moments" not in (await copy_of(cast)).answers


async def test_a_tick_ends_with_its_copy_and_no_older_version_brings_it_back(cast: Cast):
    """Who shares again after stopping gives no tick by that; nor does restoring a text from before."""
    wanted, given = await shared_reframe(cast)
    alice = await cast.actor("alice")
    await later.give_tick(alice, wanted, given)
    await shares.revoke_share(alice, given)
    again = await share(cast, wanted, "reframe.old_meaning")
    await later.add_moment(alice, wanted, MOMENT)
    assert "reframe.moments" not in (await copy_of(cast)).answers
    await later.give_tick(alice, wanted, again)
    found = await reframes.remove_addition(
        alice, wanted, reframes.MOMENTS, 0, seen=(await reframes.load_reframe(alice, wanted)).revision
    )
    await later.stop_tick(alice, wanted, again)
    for version in await revisions.list_revisions(alice, wanted):
        await entries.restore_version(alice, wanted, version.id)
    assert found.id == wanted
    await later.add_moment(alice, wanted, Moment(TODAY, "x"))
    assert "reframe.moments" not in (await copy_of(cast)).answers


async def test_a_tick_is_for_one_clinician(cast: Cast):
    """Another who reads the same reframe is told nothing that is added."""
    wanted, given = await shared_reframe(cast)
    link = await connected(cast, "charlie")
    alice = await cast.actor("alice")
    entry = await entries.load_entry(alice, wanted)
    await shares.share_entry(alice, wanted, link, ["reframe.old_meaning"], previewed=entry.revision)
    await later.give_tick(alice, wanted, given)
    await later.add_moment(alice, wanted, MOMENT)
    (theirs,) = await read_by(cast, "charlie")
    assert "reframe.moments" not in theirs.answers
    assert "reframe.moments" in (await copy_of(cast)).answers


async def test_others_give_and_stop_nothing(cast: Cast):
    """Neither an outsider nor the clinician; and no copy of something else has a tick here."""
    wanted, given = await shared_reframe(cast)
    for who in ("bob", "dana"):
        for act in (later.give_tick, later.stop_tick):
            with pytest.raises(NotFound):
                await act(await cast.actor(who), wanted, given)
    other = await share(cast, (await written(cast)).id, "int.meaning")
    for share_id in (other, uuid4()):
        with pytest.raises(NotFound):
            await later.give_tick(await cast.actor("alice"), wanted, share_id)
    assert Act.LATER_SHARED.value == "share.later-shared"
