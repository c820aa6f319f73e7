"""What another browser does between the two looks of an act counts: the second look stands inside the transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from types import CoroutineType
from typing import Any
from uuid import UUID, uuid4

import pytest

from journal.care import lifecycle, tables
from journal.entries import entries
from journal.errors import HeldUntilRested, InvalidInput
from journal.notices import writing
from journal.notices.lines import Outcome
from journal.scheduling import plan as session_plan
from journal.sessions.session import Route, SessionDetails, SessionKind, Setting, Status
from journal.store.database import Store, fetch_raw, transaction
from journal.time_zones import parse_zone
from journal.vault import record_state
from tests.cast import ZONE, Cast, Furniture, cast_of
from tests.journal.notices.test_agreements import agreed
from tests.journal.notices.test_notices import PHQ9, choose


def is_waiting_for(name: str, task: asyncio.Task[Any]) -> bool:
    """Return whether a task is inside the coroutine of a function."""
    inner: Any = task.get_coro()
    while isinstance(inner, CoroutineType):
        if inner.cr_code.co_name == name:
            return True
        inner = inner.cr_await
    return False


async def between_looks(
    url: str, act: Coroutine[Any, Any, None], other: Callable[[], Awaitable[None]]
) -> BaseException | None:
    """
    Do *other* in a transaction that *act* does not see at its first look, and waits for before its second.

    Returns:
        What *act* raised.
    """
    second = await Store.open(url)
    try:
        async with transaction():
            await other()
            with second.use():
                task = asyncio.create_task(act)
            while not task.done() and not is_waiting_for("lock_state", task):
                await fetch_raw("SELECT 1")
            assert not task.done()
        return (await asyncio.gather(task, return_exceptions=True))[0]
    finally:
        await second.close()


async def planned(cast: Cast) -> UUID:
    """Have alice have a dosing session in half an hour."""
    alice = await cast.actor("alice")
    soon = cast.clock.now.astimezone(parse_zone(ZONE)) + timedelta(minutes=30)
    local = soon.strftime("%Y-%m-%dT%H:%M")
    details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME, Route.SUBLINGUAL)
    return await session_plan.add_session(alice, alice.id, details)


async def test_a_session_that_begins_between_the_looks_lets_no_notice_be_sent_by_hand(
    furnished_url: tuple[str, Furniture],
) -> None:
    """The act is refused as held, nothing is written, and it can be asked for again after rest."""
    url, furniture = furnished_url
    cast, store = cast_of(furniture), await Store.open(url)
    with store.use():
        entry, session = await choose(cast, 1, uuid4()), await planned(cast)
        alice = await cast.actor("alice")

        async def begin() -> None:
            await session_plan.change_status(alice, session, Status.IN_SESSION)

        raised = await between_looks(url, writing.send_now(alice, entry.id, cast.link), begin)
        assert isinstance(raised, HeldUntilRested)
        assert raised.asked is not None
        assert not await tables.PatientNotice.all().exists()
    await store.close()


@pytest.mark.parametrize("spoil", [lifecycle.end_link, lifecycle.pause_links])
async def test_care_that_ends_between_the_looks_lets_no_notice_be_sent_by_hand(
    furnished_url: tuple[str, Furniture], spoil: Callable[..., Awaitable[None]]
) -> None:
    """Nor a pause: nothing is written, and the page says that nobody has been told."""
    url, furniture = furnished_url
    cast, store = cast_of(furniture), await Store.open(url)
    with store.use():
        entry, alice = await choose(cast, 1, uuid4()), await cast.actor("alice")

        async def stop() -> None:
            await record_state.lock_state(alice)
            await spoil(alice, cast.link)

        raised = await between_looks(url, writing.send_now(alice, entry.id, cast.link), stop)
        assert isinstance(raised, InvalidInput)
        assert dict(raised.fields) == {"to": writing.NOT_SENT}
        assert not await tables.PatientNotice.all().exists()
    await store.close()


async def test_an_agreement_that_ends_between_the_looks_writes_no_notice(
    furnished_url: tuple[str, Furniture],
) -> None:
    """The answer is saved, and remembers that nothing was agreed on any more."""
    url, furniture = furnished_url
    cast, store = cast_of(furniture), await Store.open(url)
    with store.use():
        await agreed(cast)
        alice, wanted = await cast.actor("alice"), uuid4()

        async def stop() -> None:
            await tables.NoticePolicy.filter(id=cast.link).delete()  # as its clinician does who ends it

        async def answer() -> None:
            await writing.save_answers(alice, PHQ9, {"9": 1}, wanted, 0, "page")

        assert await between_looks(url, answer(), stop) is None
        line = writing.find_line(await entries.load_entry(alice, wanted))
        assert line is not None
        assert line.outcome is Outcome.NO_POLICY
        assert not await tables.PatientNotice.all().exists()
    await store.close()
