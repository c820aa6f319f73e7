"""The practice's name, phone numbers and region, as its administrator sets them."""

from __future__ import annotations

import asyncio

import pytest

from journal.audit.acts import Act
from journal.errors import Damaged, InvalidInput, NotFound
from journal.practice import practice
from journal.practice.practice import PRACTICE_CONTEXT, PracticePhone, PracticeSettings
from journal.store.database import execute, fetch_raw
from tests.cast import PRACTICE, Cast
from tests.log import logged

NEW = PracticeSettings("Harbour Practice", "(030) 12 34-56", "+49 30 99", "DE")


async def sealed() -> bytes:
    """What stands in the practice's row."""
    return bytes((await fetch_raw("SELECT sealed FROM practice"))[0][0])


async def test_an_administrator_changes_it(cast: Cast) -> None:
    """The name, both numbers as they are dialed, and the region; that it is no demonstration stays."""
    erin = await cast.actor("erin")
    assert await practice.load_settings(erin) == PracticeSettings(PRACTICE)
    await practice.change_practice(erin, NEW)
    found = await practice.load_practice(cast.installation)
    assert found is not None
    assert (found.name, found.is_demo, found.region) == ("Harbour Practice", False, "DE")
    assert found.phones == (
        PracticePhone("Your practice", "030 12 34 56"),
        PracticePhone("Your practice, after hours", "+49 30 99"),
    )
    assert [one.href for one in found.phones] == ["tel:030123456", "tel:+493099"]
    assert await practice.load_settings(erin) == PracticeSettings(
        "Harbour Practice", "030 12 34 56", "+49 30 99", "DE"
    )


async def test_a_change_is_in_the_audit_log_once(cast: Cast) -> None:
    """Who changed it stands there, without what it was changed to; saving it as it is says nothing."""
    erin = await cast.actor("erin")
    await practice.change_practice(erin, NEW)
    after = await sealed()
    await practice.change_practice(erin, NEW)
    assert await sealed() == after
    found = await logged(Act.PRACTICE_CHANGED)
    assert [(one.actor_id, one.patient_id, one.object_id) for one in found] == [(erin.id, None, None)]


async def test_it_is_sealed(cast: Cast) -> None:
    """Whoever has the database reads neither name nor numbers."""
    await practice.change_practice(await cast.actor("erin"), NEW)
    for word in (b"Harbour", b"030 12", b"+49 30"):
        assert word not in await sealed()


@pytest.mark.parametrize("name", ["alice", "bob"])
async def test_nobody_else_can(cast: Cast, name: str) -> None:
    """For anybody but an administrator there is nothing here."""
    actor, before = await cast.actor(name), await sealed()
    with pytest.raises(NotFound):
        await practice.load_settings(actor)
    with pytest.raises(NotFound):
        await practice.change_practice(actor, NEW)
    assert await sealed() == before


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        (PracticeSettings(""), {"practice_name"}),
        (PracticeSettings("x" * 101), {"practice_name"}),
        (PracticeSettings("Practice", "0800 FLOWERS"), {"phone"}),
        (PracticeSettings("Practice", "030 1234", "+49 (0)30 1234"), {"after_hours"}),
        (PracticeSettings("Practice", region="Atlantis"), {"region"}),
        (PracticeSettings("", "1" * 8192, "one", "?"), {"practice_name", "phone", "after_hours", "region"}),
    ],
)
async def test_what_is_not_valid_changes_nothing(
    cast: Cast, typed: PracticeSettings, fields: set[str]
) -> None:
    """Each field that needs another look is named."""
    erin, before = await cast.actor("erin"), await sealed()
    with pytest.raises(InvalidInput) as refused:
        await practice.change_practice(erin, typed)
    assert (set(refused.value.fields), await sealed()) == (fields, before)


async def test_two_changes_at_once_are_both_made(cast: Cast) -> None:
    """They take turns: what stands there afterwards is one of them, whole, and both are in the log."""
    erin = await cast.actor("erin")
    typed = [PracticeSettings(f"Practice {number}", f"030 {number * 111}") for number in range(1, 6)]
    await asyncio.gather(*(practice.change_practice(erin, one) for one in typed))
    assert await practice.load_settings(erin) in typed
    found = await logged(Act.PRACTICE_CHANGED)
    assert len(found) == 5


async def test_a_row_of_before_has_no_numbers(cast: Cast) -> None:
    """What an earlier version wrote is read, and can be changed."""
    before = cast.installation.server_keys.seal(b'{"name":"Old","demo":false}', context=PRACTICE_CONTEXT)
    await execute("UPDATE practice SET sealed = $1", before)
    erin = await cast.actor("erin")
    assert await practice.load_settings(erin) == PracticeSettings("Old")
    await practice.change_practice(erin, NEW)
    assert (await practice.load_settings(erin)).name == "Harbour Practice"


async def test_a_damaged_row_is_not_written_over(cast: Cast) -> None:
    """Whether it is a demonstration stands in it as well, so it is refused and left as it is."""
    await execute("UPDATE practice SET sealed = $1", bytes(40))
    erin = await cast.actor("erin")
    with pytest.raises(Damaged):
        await practice.change_practice(erin, NEW)
    assert await sealed() == bytes(40)
