"""The plan for when a patient gets frightened: one record, in exact words, given on part by part."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from journal.catalogue.comfort import PART_IDS, Part, list_parts, may_be_written_down
from journal.catalogue.fields import Answers
from journal.entries import entries, only_entry, removal, revisions
from journal.errors import NotFound, SavedAsEarlierVersion
from journal.preparing import comfort_plan
from journal.vault.documents import EntryDocument
from tests.cast import Cast
from tests.scenes import written

ANSWERS: Answers = {
    "comfort.touch": "ask",
    "comfort.words_help": "You are at home.\nIt is Sunday. ",
    "comfort.words_hinder": "Calm down",
    "comfort.stop": "Red",
    "comfort.record": "no",
    "comfort.more": "none",
}


def plan(**answers: str) -> EntryDocument:
    """A plan in a few words."""
    return EntryDocument("comfort", answers={f"comfort.{name}": text for name, text in answers.items()})


def test_parts_are_the_exact_words_in_the_order_of_the_form() -> None:
    """What was written stands as it was typed, what was chosen in the form's words; what is blank is left out."""
    assert list_parts(ANSWERS) == (
        Part("comfort.touch", "Touch", "Ask me first", is_label=True),
        Part("comfort.words_help", "Words that help", "You are at home.\nIt is Sunday. "),
        Part("comfort.words_hinder", "Words that do not help", "Calm down"),
        Part("comfort.stop", "How I say stop", "Red"),
        Part("comfort.record", "Write down what I say", "No", is_label=True),
        Part("comfort.more", "Anything else", "none"),
    )


def test_only_the_chosen_parts_are_given() -> None:
    """Of all that was written, the chosen ones; what is no part of the plan, or was not written, is none of it."""
    chosen = ("comfort.stop", "comfort.light", "comfort.touch", "int.not_ready")
    told = {**ANSWERS, "int.not_ready": "not this"}
    assert [part.field_id for part in list_parts(told, chosen)] == ["comfort.touch", "comfort.stop"]
    assert list_parts(told, ()) == list_parts({}) == ()
    assert [part.field_id for part in list_parts(dict.fromkeys(PART_IDS, "x"))] == list(PART_IDS)


def test_what_is_said_is_written_down_only_after_a_yes() -> None:
    """Neither "no" nor nothing is a yes, and a choice that no form has any more is none either."""
    said = [may_be_written_down({"comfort.record": answer}) for answer in ("yes", "no", "", "maybe")]
    assert said == [True, False, False, False]
    assert not may_be_written_down({})


async def test_two_pages_begin_one_plan(cast: Cast) -> None:
    """Saved at the same moment, the first words are the plan; the others are kept as an earlier version of it."""
    alice = await cast.actor("alice")
    begun = await asyncio.gather(
        *(
            only_entry.begin_written_entry(alice, uuid4(), plan(stop=word), word)
            for word in ("Red", "Amber", "Bell")
        )
    )
    (ident,) = set(begun)
    seen = await comfort_plan.load_plan(alice)
    assert seen.entry is not None
    assert (seen.entry.id, seen.others, seen.is_intact) == (ident, (), True)
    (kept,) = (part.text for part in seen.parts)
    (lost, *_) = {"Red", "Amber", "Bell"} - {kept}
    with pytest.raises(SavedAsEarlierVersion) as told:
        await entries.save_entry(alice, ident, 0, plan(stop=lost), sitting=lost)
    earlier = await revisions.load_revision(alice, ident, told.value.version)
    assert earlier.document.answers == {"comfort.stop": lost}
    assert [part.text for part in (await comfort_plan.load_plan(alice)).parts] == [kept]


async def test_the_plan_is_its_writers_alone(cast: Cast) -> None:
    """Nobody else has it, a clinician has none, and nobody begins one over an entry of somebody else's."""
    alice = await cast.actor("alice")
    mine = await only_entry.begin_written_entry(alice, uuid4(), plan(stop="Red"))
    dana = await cast.actor("dana")
    assert (await comfort_plan.load_plan(dana)).entry is None
    with pytest.raises(NotFound):
        await only_entry.begin_written_entry(dana, mine, plan(stop="Mine"))
    for who in ("bob", "erin"):
        with pytest.raises(NotFound):
            await comfort_plan.load_plan(await cast.actor(who))
    assert (await comfort_plan.load_plan(dana)).entry is None


async def test_after_a_deletion_another_begins_and_a_restored_one_stays(cast: Cast) -> None:
    """A deleted plan is none; the latest begun is the plan, and one that came back stands beside it."""
    alice = await cast.actor("alice")
    first = await only_entry.begin_written_entry(alice, uuid4(), plan(stop="Red"))
    await removal.delete_entry(alice, first)
    assert (await comfort_plan.load_plan(alice)).entry is None
    cast.clock.forward(minutes=1)
    alice = await cast.actor("alice")
    second = await only_entry.begin_written_entry(alice, uuid4(), plan(stop="Bell"))
    await removal.restore_entry(alice, first)
    await written(cast)
    seen = await comfort_plan.load_plan(alice)
    assert seen.entry is not None
    assert (seen.entry.id, [one.id for one in seen.others]) == (second, [first])
