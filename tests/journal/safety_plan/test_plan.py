"""The safety plan: one record, line by line, with numbers to call and the days on which it was gone through."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.catalogue.answers import parse_answers
from journal.catalogue.fields import Answers, EntryKind
from journal.catalogue.forms import MAX_PART_LENGTH, MAX_PART_LINES, get_form
from journal.entries import entries, only_entry, removal, revisions
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.safety_plan import plan as safety_plan
from journal.safety_plan.plan import Piece, list_parts, split_line
from journal.vault.documents import EntryDocument
from tests.cast import Cast

WRITTEN: Answers = {
    "safety.signs": "I stop answering\n\n The stairs at night ",
    "safety.people": "Jo, next door: +1 202 555 0143",
    "safety.professionals": "988, at any hour\nDr. Example (202) 555-0117, 9-17",
}


async def begun(cast: Cast, who: str = "alice", **answers: str) -> None:
    """Have somebody begin their plan."""
    given = {f"safety.{name}": text for name, text in answers.items()} or WRITTEN
    await only_entry.begin_written_entry(
        await cast.actor(who), uuid4(), EntryDocument("safety", answers={**given})
    )


def test_lines_stand_in_their_order_and_numbers_can_be_called() -> None:
    """Part by part in the form's order, blank lines left out; numbers are called where people are named alone."""
    signs, people, professionals = list_parts({**dict(reversed(WRITTEN.items())), "comfort.stop": "Red"})
    assert [part.field_id for part in (signs, people, professionals)] == list(WRITTEN)
    assert signs.lines == ((Piece("I stop answering"),), (Piece("The stairs at night"),))
    assert people.lines == ((Piece("Jo, next door: "), Piece("+1 202 555 0143", "tel:+12025550143")),)
    assert professionals.lines[0] == (Piece("988", "tel:988"), Piece(", at any hour"))
    assert list_parts({"safety.alone": "Count to 988"})[0].lines == ((Piece("Count to 988"),),)
    assert list_parts({}) == list_parts({"safety.signs": " \n"}) == ()


@pytest.mark.parametrize(
    ("line", "called"),
    [
        ("988", ["988"]),
        ("988 24/7", ["988"]),
        ("988 9:00-17:00", ["988"]),
        ("988 9 to 5", ["988"]),
        ("116 123", ["116123"]),
        ("1-800-222-1222", ["18002221222"]),
        ("+33 6 12 34 56 78", ["+33612345678"]),
        ("Sam 555 0143 or 555 0144", ["5550143", "5550144"]),
        ("Sam 555 0143 10-18", ["5550143"]),
        ("Sam (202) 555-0117", ["2025550117"]),
        ("٠٢٤", ["024"]),
        ("since 2019", []),
        ("on 2026-11-22", []),
        ("on 22.11.2026", []),
        ("9-17", []),
        ("room 12B", []),
        ("+44 (0)20 7946 0018", []),
        ("1" * 16, []),
    ],
)
def test_what_is_called_is_what_is_shown(line: str, called: list[str]) -> None:
    """Hours, days and years are no numbers, and are joined to none."""
    assert [piece.link.removeprefix("tel:") for piece in split_line(line) if piece.link] == called


@given(st.text(max_size=120) | st.text("0123456789+()-/: .٣", max_size=60))
def test_no_letter_of_a_line_is_lost(line: str) -> None:
    """The pieces of any line are the line, and what is called are its own digits."""
    pieces = split_line(line)
    assert "".join(piece.text for piece in pieces) == line
    for piece in pieces:
        digits = [one for one in piece.text if one.isdecimal()]
        assert not piece.link or len(piece.link.removeprefix("tel:").removeprefix("+")) == len(digits)


@pytest.mark.parametrize("text", ["x\n" * (MAX_PART_LINES + 1), "x" * (MAX_PART_LENGTH + 1)])
def test_a_part_is_as_long_as_its_place_on_one_page(text: str) -> None:
    """What is more is handed back with a reason; as much as fits is kept, blank lines uncounted."""
    form = get_form(EntryKind.SAFETY)
    parsed = parse_answers(form, {"safety.alone": [text], "safety.signs": ["x\n\n" * MAX_PART_LINES]})
    assert parsed.problems["safety.alone"].raw == (text,)
    assert list(parsed.answers) == ["safety.signs"]


async def test_there_is_one_plan_and_it_is_its_owners(cast: Cast) -> None:
    """Of two first words at once one begins it; to nobody else is there anything, whatever id they send."""
    alice, dana = await cast.actor("alice"), await cast.actor("dana")
    first, second = await asyncio.gather(
        *(
            only_entry.begin_written_entry(
                alice, uuid4(), EntryDocument("safety", answers={"safety.alone": one})
            )
            for one in ("Walk", "Paint")
        )
    )
    assert first == second
    assert (await safety_plan.load_plan(dana)).entry is None
    for who in ("bob", "erin"):
        with pytest.raises(NotFound):
            await safety_plan.load_plan(await cast.actor(who))
        with pytest.raises(NotFound):
            await safety_plan.add_review(await cast.actor(who), "2026-11-01", "Bob")
    with pytest.raises(NotFound):
        await safety_plan.add_review(dana, "2026-11-01", "Bob")
    with pytest.raises(NotFound):
        await only_entry.begin_written_entry(
            dana, first, EntryDocument("safety", answers={"safety.alone": "x"})
        )
    assert (await safety_plan.load_plan(dana)).entry is None


async def test_it_is_gone_through_more_than_once(cast: Cast) -> None:
    """Each day with whom, in the order of the days; sent twice it is kept once; no version is made of it."""
    await begun(cast)
    alice = await cast.actor("alice")
    today = safety_plan.get_today(alice)
    for day, whom in ((str(today), " Bob  Example "), ("2025-03-01", "Jo"), ("2025-03-01", "Jo")):
        await safety_plan.add_review(alice, day, whom)
    plan = await safety_plan.load_plan(alice)
    assert [(str(one.day), one.words) for one in plan.reviews] == [
        ("2025-03-01", "Jo"),
        (str(today), "Bob  Example"),
    ]
    assert plan.entry is not None
    assert plan.entry.document.answers["safety.people"] == WRITTEN["safety.people"]
    assert await revisions.list_revisions(alice, plan.entry.id) == ()
    with pytest.raises(StaleRevision):
        await safety_plan.remove_review(alice, 0, plan.entry.revision - 1)
    with pytest.raises(NotFound):
        await safety_plan.remove_review(alice, 2, plan.entry.revision)
    await safety_plan.remove_review(alice, 0, plan.entry.revision)
    assert [one.words for one in (await safety_plan.load_plan(alice)).reviews] == ["Bob  Example"]


@pytest.mark.parametrize(
    ("day", "whom", "wrong"),
    [
        ("2025-02-30", "Jo", {"day"}),
        ("", "Jo", {"day"}),
        ("2999-01-01", "Jo", {"day"}),
        ("2025-03-01", " ", {"name"}),
        ("2025-03-01", "x" * 61, {"name"}),
        ("x", "", {"day", "name"}),
    ],
)
async def test_a_day_that_cannot_be_is_refused(cast: Cast, day: str, whom: str, wrong: set[str]) -> None:
    """No such day, one to come, or nobody: told beside its field, and nothing is changed."""
    await begun(cast)
    with pytest.raises(InvalidInput) as refused:
        await safety_plan.add_review(await cast.actor("alice"), day, whom)
    assert refused.value.fields.keys() == wrong
    assert (await safety_plan.load_plan(await cast.actor("alice"))).reviews == ()


async def test_an_earlier_version_can_be_restored_and_a_deleted_plan_gives_way(cast: Cast) -> None:
    """As of every entry; one that comes back stands beside the one that was begun meanwhile."""
    await begun(cast, alone="Walk")
    alice = await cast.actor("alice")
    entry = (await safety_plan.load_plan(alice)).entry
    assert entry is not None
    changed = EntryDocument("safety", answers={"safety.alone": "Paint"})
    await entries.save_entry(alice, entry.id, entry.revision, changed, sitting="another")
    (earlier,) = await revisions.list_revisions(alice, entry.id)
    await entries.restore_version(alice, entry.id, earlier.id)
    assert [part.lines for part in (await safety_plan.load_plan(alice)).parts] == [((Piece("Walk"),),)]
    await removal.delete_entry(alice, entry.id)
    assert (await safety_plan.load_plan(alice)).entry is None
    cast.clock.forward(minutes=1)
    await begun(cast, alone="Anew")
    alice = await cast.actor("alice")
    await removal.restore_entry(alice, entry.id)
    seen = await safety_plan.load_plan(alice)
    assert [part.lines for part in seen.parts] == [((Piece("Anew"),),)]
    assert [other.id for other in seen.others] == [entry.id]
