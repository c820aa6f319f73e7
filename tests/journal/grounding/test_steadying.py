"""What steadies a patient is one sealed record: nothing in it is overwritten, and what is damaged hides nothing."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from journal.catalogue.fields import EntryKind
from journal.catalogue.grounding import MAX_OWN_SKILLS, MAX_PHRASES, MAX_STEPS, OWN_SKILLS, PHRASES, OwnSkill
from journal.entries import by_kind, entries, page_search, removal, revisions
from journal.errors import InvalidInput, JournalError, NotFound, StaleRevision
from journal.grounding import steadying
from journal.key_rotation import account_key as account_key_renewal
from journal.vault import record_state
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import PASSWORDS, Cast
from tests.scenes import written

STEADY = {EntryKind.STEADY}
RIVER = OwnSkill("River stones", ("Take one.", "Feel its edge."))


async def records(cast: Cast, who: str = "alice") -> tuple[Entry, ...]:
    """Somebody's records of what steadies them."""
    return (await by_kind.load_entries_of_kinds(await cast.actor(who), STEADY))[1]


async def test_a_phrase_is_kept_once_and_goes_again(cast: Cast) -> None:
    """What was added is there in its order, each once, for its owner alone; removed, it is gone."""
    alice = await cast.actor("alice")
    assert (await steadying.load_steadying(alice)).phrases == ()
    for text in ("  I am here.  ", "The tide\nturns.", "I am here."):
        await steadying.add_phrase(alice, text)
    found = await steadying.load_steadying(alice)
    assert found.phrases == ("I am here.", "The tide turns.")
    assert found.is_intact
    assert (await steadying.load_steadying(await cast.actor("dana"))).phrases == ()
    await steadying.remove_phrase(alice, "I am here.")
    await steadying.remove_phrase(alice, "I was never here.")
    assert (await steadying.load_steadying(alice)).phrases == ("The tide turns.",)


async def test_what_is_removed_stays_in_an_earlier_version(cast: Cast) -> None:
    """A phrase and a skill of one's own, removed moments after they were written."""
    alice = await cast.actor("alice")
    await steadying.add_phrase(alice, "I am here.")
    field = await steadying.save_own_skill(alice, "", 0, RIVER.name, RIVER.steps)
    await steadying.remove_phrase(alice, "I am here.")
    (record,) = await records(cast)
    await steadying.remove_own_skill(alice, field, record.revision)
    kept = [one.document.answers for one in await revisions.list_revisions(alice, record.id)]
    assert [one.get(PHRASES) for one in kept].count("I am here.") == 1
    assert [field in one for one in kept] == [True, True]
    assert (await steadying.load_steadying(alice)).skills == {}


async def test_only_patients_have_something_here(cast: Cast) -> None:
    """A clinician and an administrator find nothing, and add nothing."""
    for who in ("bob", "erin"):
        with pytest.raises(NotFound):
            await steadying.add_phrase(await cast.actor(who), "words")
        with pytest.raises(NotFound):
            await steadying.load_steadying(await cast.actor(who))


@pytest.mark.parametrize("text", ["", " \u2028 ", "x" * 301, "x" * 100_000])
async def test_a_phrase_that_cannot_be_kept_is_refused(cast: Cast, text: str) -> None:
    """Nothing at all, or more than a line: the reason stands beside its field, and nothing is stored."""
    alice = await cast.actor("alice")
    with pytest.raises(InvalidInput) as refused:
        await steadying.add_phrase(alice, text)
    assert refused.value.fields.keys() == {"phrase"}
    assert await records(cast) == ()


async def test_one_phrase_too_many_is_refused_and_the_others_stay(cast: Cast) -> None:
    """The 61st phrase is refused with a reason; the sixty before it stay, the longest as well."""
    alice = await cast.actor("alice")
    full = "\n".join(f"{number:03}{'ä' * 297}" for number in range(MAX_PHRASES))
    await written(cast, document=EntryDocument("steady", answers={PHRASES: full}))
    with pytest.raises(InvalidInput):
        await steadying.add_phrase(alice, "One more.")
    assert len((await steadying.load_steadying(alice)).phrases) == MAX_PHRASES


async def test_an_own_skill_is_kept_changed_and_removed(cast: Cast) -> None:
    """Name and steps come back as they were typed, blank steps left out; a change of one leaves the others."""
    alice = await cast.actor("alice")
    first = await steadying.save_own_skill(
        alice, "", 0, " River  stones ", ["Take one.", " ", "Feel its edge."]
    )
    second = await steadying.save_own_skill(alice, "", 0, "Bread", ["Smell it."])
    seen = await steadying.load_steadying(alice)
    assert list(seen.skills.items()) == [(second, OwnSkill("Bread", ("Smell it.",))), (first, RIVER)]
    await steadying.save_own_skill(alice, first, seen.revision, "Pebbles", ["Hold one."])
    seen = await steadying.load_steadying(alice)
    assert [one.name for one in seen.skills.values()] == ["Bread", "Pebbles"]
    await steadying.remove_own_skill(alice, second, seen.revision)
    assert [one.name for one in (await steadying.load_steadying(alice)).skills.values()] == ["Pebbles"]


async def test_the_25th_own_skill_is_refused_and_nothing_is_lost(cast: Cast) -> None:
    """As many as fit are kept; one more is refused with a reason, and fits once another was removed."""
    alice = await cast.actor("alice")
    for number in range(MAX_OWN_SKILLS):
        await steadying.save_own_skill(alice, "", 0, f"Skill {number}", ["x" * 300] * MAX_STEPS)
    before = await steadying.load_steadying(alice)
    with pytest.raises(InvalidInput) as refused:
        await steadying.save_own_skill(alice, "", 0, "One more", ["Step."])
    assert "24" in refused.value.fields["name"]
    assert await steadying.load_steadying(alice) == before
    await steadying.remove_own_skill(alice, OWN_SKILLS[7], before.revision)
    assert await steadying.save_own_skill(alice, "", 0, "One more", ["Step."]) == OWN_SKILLS[7]


@pytest.mark.parametrize(
    ("name", "steps", "wrong"),
    [
        ("", ["Step."], {"name"}),
        ("n" * 61, ["Step."], {"name"}),
        ("Name", ["", "  "], {"steps"}),
        ("Name", ["x" * 301], {"steps"}),
        ("Name", ["Step."] * 9, {"steps"}),
        ("\u200b", [], {"name", "steps"}),
    ],
)
async def test_a_skill_that_cannot_be_kept_is_refused(
    cast: Cast, name: str, steps: list[str], wrong: set[str]
) -> None:
    """Each part that is missing or too long is named, and nothing is stored."""
    with pytest.raises(InvalidInput) as refused:
        await steadying.save_own_skill(await cast.actor("alice"), "", 0, name, steps)
    assert refused.value.fields.keys() == wrong
    assert await records(cast) == ()


async def test_a_page_of_before_overwrites_nothing(cast: Cast) -> None:
    """Who changes or removes a skill on a page that another page made old is told, and nothing has changed."""
    alice = await cast.actor("alice")
    place = await steadying.save_own_skill(alice, "", 0, "River stones", RIVER.steps)
    old = (await steadying.load_steadying(alice)).revision
    await steadying.add_phrase(alice, "Meanwhile.")
    for act in (
        steadying.save_own_skill(alice, place, old, "Other", ["Words."]),
        steadying.remove_own_skill(alice, place, old),
    ):
        with pytest.raises(StaleRevision):
            await act
    now = (await steadying.load_steadying(alice)).revision
    for strange in (OWN_SKILLS[9], PHRASES, "steady.skill_25", "free.text"):
        with pytest.raises(NotFound):
            await steadying.save_own_skill(alice, strange, now, "Other", ["Words."])
        with pytest.raises(NotFound):
            await steadying.remove_own_skill(alice, strange, now)
    assert dict((await steadying.load_steadying(alice)).skills) == {place: RIVER}


async def test_taps_at_once_lose_nothing(cast: Cast) -> None:
    """Two pages at the same moment begin one record, and each tap is in it."""
    alice = await cast.actor("alice")
    await asyncio.gather(*(steadying.add_phrase(alice, f"Phrase {number}") for number in range(3)))
    assert sorted((await steadying.load_steadying(alice)).phrases) == ["Phrase 0", "Phrase 1", "Phrase 2"]
    assert len(await records(cast)) == 1


async def test_a_skill_is_hidden_and_shown_again(cast: Cast) -> None:
    """Only what is in the catalogue, each once, however often it is asked."""
    alice = await cast.actor("alice")
    for skill in ("container", "body_scan", "container"):
        await steadying.hide_skill(alice, skill)
    assert (await steadying.load_steadying(alice)).hidden == {"container", "body_scan"}
    await steadying.show_skill(alice, "container")
    assert (await steadying.load_steadying(alice)).hidden == {"body_scan"}
    for act in (steadying.hide_skill, steadying.show_skill):
        with pytest.raises(NotFound):
            await act(alice, "nothing of ours")


async def test_the_record_is_an_entry_like_others(cast: Cast) -> None:
    """It is found by searching, what it said before is an earlier version, and it is restored as it was."""
    alice = await cast.actor("alice")
    await steadying.add_phrase(alice, "The lighthouse turns.")
    (record,) = await records(cast)
    assert [one.id for one in (await page_search.search_entries(alice, "lighthouse"))[1]] == [record.id]
    cast.clock.forward(minutes=11)
    alice = await cast.actor("alice")
    await steadying.remove_phrase(alice, "The lighthouse turns.")
    (version,) = await revisions.list_revisions(alice, record.id)
    await entries.restore_version(alice, record.id, version.id)
    assert (await steadying.load_steadying(alice)).phrases == ("The lighthouse turns.",)


async def test_after_a_deletion_a_new_record_begins_and_the_old_one_can_come_back(cast: Cast) -> None:
    """A deleted record is not brought back by a tap; restored, it stands beside the one that is in use."""
    alice = await cast.actor("alice")
    await steadying.add_phrase(alice, "Before.")
    (before,) = await records(cast)
    await removal.delete_entry(alice, before.id)
    assert (await steadying.load_steadying(alice)).phrases == ()
    cast.clock.forward(minutes=1)
    alice = await cast.actor("alice")
    await steadying.add_phrase(alice, "After.")
    await removal.restore_entry(alice, before.id)
    seen = await steadying.load_steadying(alice)
    assert seen.phrases == ("After.",)
    assert [one.id for one in seen.others] == [before.id]
    assert seen.is_intact


async def test_a_damaged_record_hides_nothing_and_is_reported(cast: Cast) -> None:
    """Where its row was altered the page says so, a phrase can still be added, and other entries are read."""
    alice = await cast.actor("alice")
    await steadying.add_phrase(alice, "Before.")
    (record,) = await records(cast)
    stored = await vault_tables.Entry.get(id=record.id)
    sealed = bytearray(stored.sealed)
    sealed[20] ^= 1
    await vault_tables.Entry.filter(id=record.id).update(sealed=bytes(sealed))
    seen = await steadying.load_steadying(alice)
    assert (seen.entry, seen.is_damaged) == (None, True)
    other = await written(cast)
    cast.clock.forward(minutes=1)
    alice = await cast.actor("alice")
    await steadying.add_phrase(alice, "After.")
    assert (await steadying.load_steadying(alice)).phrases == ("After.",)
    assert (await entries.load_entry(alice, other.id)).document == other.document


@pytest.mark.parametrize("attack", ["withheld", "swapped", "put back"])
async def test_hostile_storage_is_noticed(cast: Cast, attack: str) -> None:
    """A record that is withheld, swapped for another's or put back as it was is not taken for what was left."""
    alice = await cast.actor("alice")
    await steadying.add_phrase(alice, "Before.")
    (record,) = await records(cast)
    old = await vault_tables.Entry.get(id=record.id)
    cast.clock.forward(minutes=1)
    alice = await cast.actor("alice")
    await steadying.add_phrase(alice, "Now.")
    row = vault_tables.Entry.filter(id=record.id)
    if attack == "withheld":
        await row.delete()
    elif attack == "swapped":
        other = await written(cast, document=EntryDocument("free", answers={"free.text": "words"}))
        await row.update(sealed=(await vault_tables.Entry.get(id=other.id)).sealed)
    else:
        await row.update(sealed=old.sealed, revision=old.revision)
    assert not (await steadying.load_steadying(alice)).is_intact
    assert not (await record_state.compare_records(alice)).is_intact


async def test_it_outlasts_a_renewal_of_keys(cast: Cast) -> None:
    """Under new keys everything is still there, and can be changed."""
    alice = await cast.actor("alice")
    await steadying.add_phrase(alice, "Before.")
    await cast.just_asked()
    cast.tokens["alice"] = await account_key_renewal.begin_rotation(
        await cast.actor("alice"), PASSWORDS["alice"]
    )
    await account_key_renewal.reseal_batches(await cast.actor("alice"))
    alice = await cast.actor("alice")
    await steadying.add_phrase(alice, "After.")
    seen = await steadying.load_steadying(alice)
    assert seen.phrases == ("Before.", "After.")
    assert seen.is_intact


async def test_an_account_without_a_table_is_read_too(cast: Cast) -> None:
    """Among many entries, and where the table of contents does not open, the record is found."""
    alice = await cast.actor("alice")
    await steadying.add_phrase(alice, "Before.")
    for number in range(3):
        await entries.save_entry(alice, uuid4(), 0, EntryDocument("free", f"Title {number}"))
    assert (await steadying.load_steadying(alice)).phrases == ("Before.",)
    await vault_tables.ContentsPage.filter(owner_id=alice.id).delete()
    seen = await steadying.load_steadying(alice)
    assert seen.phrases == ("Before.",)
    assert not seen.is_intact
    with pytest.raises(JournalError):
        await record_state.require_intact(alice)
