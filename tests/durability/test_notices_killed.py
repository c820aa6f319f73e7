"""Whichever statement is the last one that comes through, an answer has its notice, a notice that went its mail."""

from __future__ import annotations

import subprocess
from uuid import UUID, uuid4

import pytest

from journal.care import tables
from journal.entries import entries
from journal.mail import tables as mail_tables
from journal.measures.lines import parse_measure
from journal.measures.records import FORM
from journal.notices import states
from journal.notices.states import State
from journal.scheduling import plan as session_plan
from journal.store.database import Store
from tests.cast import Cast, Furniture, cast_of
from tests.durability.stopped import NOTICE_ACTS
from tests.journal.notices.test_agreements import agreed
from tests.journal.notices.test_before_a_hold import plan
from tests.journal.notices.test_notices import choose, open_of, state
from tests.scenes import signed_in_again


async def prepared(cast: Cast, act: str) -> tuple[UUID, UUID]:
    """Have alice be about to choose an answer, or have chosen it; and plan a session. Return both ids."""
    await agreed(cast)
    session = await plan(cast, 60)
    entry = await choose(cast, 0 if act == "answer" else 1, uuid4())
    cast.clock.forward(minutes=11 if act == "release" else 1)
    await signed_in_again(cast)
    return entry.id, session


async def tell_truth(cast: Cast, wanted: UUID, session: UUID) -> tuple[int, State]:
    """Look after a restart: both or neither, whatever there is; return the answer and what the page says."""
    alice = await cast.actor("alice")
    entry = await entries.load_entry(alice, wanted)
    (form,) = parse_measure(entry.document.answers.get(FORM))
    rows, found = await tables.PatientNotice.all(), await state(cast, entry)
    assert len(rows) == (1 if form.safety_answer else 0)
    gone = [row for row in rows if row.released_at]
    assert await mail_tables.Outbox.all().count() == len(gone) == len(await open_of(cast))
    assert found.is_told == bool(gone)
    assert found.can_withdraw == (bool(rows) and not gone)
    begun = (await session_plan.load_session(alice, session)).details.started_at
    assert not begun or not rows or gone
    return form.safety_answer or 0, found


@pytest.mark.parametrize("act", NOTICE_ACTS)
async def test_an_act_that_dies_leaves_both_or_neither_and_the_page_tells_it(
    furnished_url: tuple[str, Furniture], stopped: subprocess.Popen[str], act: str
) -> None:
    """Killed before each statement in turn of an answer, a release, a start; then done: one notice, one mail."""
    url, furniture = furnished_url
    cast = cast_of(furniture)
    assert stopped.stdin is not None
    assert stopped.stdout is not None
    store = await Store.open(url)
    with store.use():
        wanted, session = await prepared(cast, act)
    await store.close()
    minutes = str(int((cast.clock.now - type(cast.clock)().now).total_seconds() // 60) + 1)
    said, number = "killed", 0
    while said == "killed":
        number += 1
        token = cast.tokens["alice"].hex()
        ids = [wanted.hex, session.hex, wanted.hex]
        stopped.stdin.write(" ".join([act, url, token, minutes, str(number), *ids]) + "\n")
        stopped.stdin.flush()
        said = stopped.stdout.readline().strip()
        store = await Store.open(url)
        with store.use():
            answer, found = await tell_truth(cast, wanted, session)
        await store.close()
        if (answer, found.is_told) == (1, act != "answer"):
            break  # it was killed after its last word, or done
    assert said in ("killed", "done"), said
    assert (answer, found.is_told) == (1, act != "answer")
    assert number > 3
    if act == "answer":
        assert found.title == states.NOBODY_YET
