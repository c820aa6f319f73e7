"""Filled measures as entries: taken up on their day, begun anew later, kept whole, and held around a dosing session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest

from journal.entries import revisions
from journal.errors import HeldUntilRested, NotFound, SavedAsEarlierVersion, StaleRevision
from journal.measures import records
from journal.measures.instruments import Instrument
from journal.measures.lines import parse_measure
from journal.store.database import transaction
from journal.vault.entry_rows import Entry
from tests.cast import Cast
from tests.scenes import in_session, rested, signed_in_again, written

PHQ = records.find_offered("phq9")
GAD = records.find_offered("gad7")


async def answered(
    cast: Cast,
    one: Instrument,
    answers: dict[str, int],
    wanted: UUID | None = None,
    base: int = 0,
    sitting: str = "p",
) -> Entry:
    """Have alice answer some of a measure."""
    return await records.save_answers(
        await cast.actor("alice"), one, answers, wanted or uuid4(), base, sitting
    )


def whole(one: Instrument, value: int = 1) -> dict[str, int]:
    """Answer every item alike."""
    return {str(item.number): value for item in one.items}


async def test_a_form_is_gone_on_with_on_its_day(cast: Cast) -> None:
    """Half of it, then all: one entry with the raw answers, when it was begun and finished, and no total."""
    half = await answered(cast, PHQ, {"1": 2, "9": 1, "12": 1, "2": 7, "difficulty": 0})
    assert half.document.title == "PHQ-9"
    assert half.document.answers["measure.form"] == [
        "instrument=phq9", "version=1", "language=en", "days=14", "day=2026-11-22",
        "begun=2026-11-22T12:00:00+00:00", "1=2", "9=1", "difficulty=0",
    ]  # fmt: skip
    cast.clock.forward(minutes=5)
    full = await answered(cast, PHQ, whole(PHQ), half.id, 1)
    seen = await records.load_measures(await cast.actor("alice"))
    (only,) = seen.filled
    assert only.entry.id == full.id == half.id
    assert only.measure.score
    assert only.measure.score.total == 9
    assert only.measure.finished == "2026-11-22T12:05:00+00:00"
    assert seen.find_today(PHQ) == only
    assert seen.find_today(GAD) is None
    assert not any("total" in line or line.endswith("=9") for line in only.measure.lines)


async def test_it_is_begun_anew_on_another_day(cast: Cast) -> None:
    """After midnight of the patient's own calendar a form stays as it is, and another is begun beside it."""
    half = await answered(cast, PHQ, {"1": 2})
    cast.clock.forward(hours=10)
    await cast.just_asked()
    assert (await records.load_measures(await cast.actor("alice"))).find_today(PHQ)
    cast.clock.forward(hours=1, minutes=1)  # Berlin is an hour ahead
    await signed_in_again(cast)
    seen = await records.load_measures(await cast.actor("alice"))
    assert seen.find_today(PHQ) is None
    with pytest.raises(StaleRevision, match="earlier day"):
        await answered(cast, PHQ, whole(PHQ), half.id, 1)
    anew = await answered(cast, PHQ, whole(PHQ))
    seen = await records.load_measures(await cast.actor("alice"))
    assert [one.entry.id for one in seen.list_of(PHQ)] == [half.id, anew.id]
    assert seen.filled[0].measure.answers == {"1": 2}
    assert seen.count_days_since(PHQ) == 0
    assert seen.count_days_since(GAD) is None


async def test_half_a_form_is_no_answer_to_count_days_from(cast: Cast) -> None:
    """How long ago it was answered is said of a whole form alone."""
    await answered(cast, PHQ, {"1": 2})
    seen = await records.load_measures(await cast.actor("alice"))
    assert seen.count_days_since(PHQ) is None


async def test_nothing_is_begun_or_changed_until_rest(cast: Cast) -> None:
    """From the start of a session until the patient says that they rested; what was half-done is kept."""
    half = await answered(cast, GAD, {"1": 2})
    session = await in_session(cast)
    for wanted, base in ((uuid4(), 0), (half.id, 1)):
        with pytest.raises(HeldUntilRested, match="rested"):
            await answered(cast, GAD, whole(GAD), wanted, base)
    seen = await records.load_measures(await cast.actor("alice"))
    assert [one.measure.answers for one in seen.filled] == [{"1": 2}]
    await rested(cast, session)
    await answered(cast, GAD, whole(GAD))


async def test_a_start_between_reading_and_writing_is_noticed(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A form that was read before a session began is not changed after it."""
    half = await answered(cast, GAD, {"1": 2})
    alice = await cast.actor("alice")

    @asynccontextmanager
    async def begin_first() -> AsyncIterator[None]:
        monkeypatch.undo()
        await in_session(cast)
        async with transaction():
            yield

    monkeypatch.setattr(records, "transaction", begin_first)
    with pytest.raises(HeldUntilRested):
        await records.save_answers(alice, GAD, {"1": 3}, half.id, 1)
    (only,) = (await records.load_measures(await cast.actor("alice"))).filled
    assert only.measure.answers == {"1": 2}


async def test_two_pages_overwrite_nothing(cast: Cast) -> None:
    """One form a day: a second page is told; of two that save the same one, both texts are kept."""
    first = await answered(cast, PHQ, {"1": 1}, sitting="one")
    with pytest.raises(StaleRevision, match="another page"):
        await answered(cast, PHQ, {"1": 3}, sitting="other")
    again = await answered(cast, PHQ, {"1": 1, "2": 1}, first.id, 0, sitting="one")  # its answer was lost
    assert again.id == first.id
    with pytest.raises(SavedAsEarlierVersion):
        await answered(cast, PHQ, {"1": 3}, first.id, 1, sitting="other")
    kept = await revisions.list_revisions(await cast.actor("alice"), first.id)
    forms = [parse_measure(one.document.answers["measure.form"])[0] for one in kept]
    assert {"1": 3} in [one.answers for one in forms]


async def test_two_pages_begin_one_form(cast: Cast) -> None:
    """At the same moment, one of them begins it and the other is told."""
    found = await asyncio.gather(
        *(answered(cast, PHQ, {"1": value}, sitting=str(value)) for value in (1, 2)), return_exceptions=True
    )
    assert sum(isinstance(one, StaleRevision) for one in found) == 1
    assert len((await records.load_measures(await cast.actor("alice"))).filled) == 1


async def test_only_a_form_of_that_measure_is_changed(cast: Cast) -> None:
    """Neither another entry of one's own, nor another measure, nor what is somebody else's."""
    entry = await written(cast)
    half = await answered(cast, PHQ, {"1": 2})
    for one, wanted, base in ((PHQ, entry.id, 1), (GAD, half.id, 1), (PHQ, uuid4(), 1)):
        with pytest.raises(NotFound):
            await answered(cast, one, {"1": 1}, wanted, base)
    with pytest.raises(NotFound):
        await answered(cast, GAD, {"1": 1}, entry.id, 0)
    with pytest.raises(NotFound):
        await records.save_answers(await cast.actor("dana"), PHQ, {"1": 1}, half.id, 1)
    with pytest.raises(NotFound):
        records.find_offered("pcl")
