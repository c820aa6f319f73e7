"""Lists ask the database a fixed number of questions, however long they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from journal.care import links as care_links
from journal.care.link_keys import get_peer_identity
from journal.practice.practice import SELECT_PRACTICE
from journal.scheduling import plan as session_plan
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.sharing import shares
from journal.sitter import links as sitter_links
from journal.sitter.ends import LIFE
from journal.sitter.tables import SitterLink
from journal.store import database
from tests.cast import ZONE, Cast
from tests.portal.conftest import Portal
from tests.shared_material import add_patient, share, write

FEW, MANY = 2, 40


@asynccontextmanager
async def counted(portal: Portal) -> AsyncIterator[list[str]]:
    """Note every statement that SQLite runs for the application, besides those that hold reads together."""
    asked: list[str] = []

    def note(statement: str) -> None:
        if statement not in ("BEGIN", "COMMIT", "ROLLBACK"):
            asked.append(statement)

    client: Any = database.get_connection()
    reading = portal.app.state.store.reader.connection
    await client._connection.set_trace_callback(note)
    reading.set_trace_callback(note)
    yield asked
    await client._connection.set_trace_callback(None)
    reading.set_trace_callback(None)


async def noted(portal: Portal, who: str, path: str) -> list[str]:
    """Note what one page asks, once connections and keys are warm."""
    async with portal.client(who) as browser:
        for _ in range(2):
            async with counted(portal) if portal.app.state.store.reader.connection else nothing() as asked:
                assert (await browser.get(path)).status_code == 200
    return asked


@asynccontextmanager
async def nothing() -> AsyncIterator[list[str]]:
    """Note nothing: the reading connection opens with the first page."""
    yield []


async def more_patients(cast: Cast, until: int) -> None:
    """Give bob patients with a session and a shared entry each, until there are *until*."""
    for number in range(1, until):
        name = f"patient{number}"
        if name in cast.tokens:
            continue
        await add_patient(cast, name, name)
        patient = await cast.actor(name)
        await session_plan.add_session(patient, patient.id, session(number))


async def more_shared(cast: Cast, until: int) -> None:
    """Have alice share entries with bob until there are *until*."""
    alice = await cast.actor("alice")
    for number in range(len(await shares.list_shares(alice)), until):
        await share(cast, await write(cast, "free", {"free.text": f"{number}"}, title=f"Page {number}"))


async def more_sessions(cast: Cast, until: int) -> None:
    """Plan sessions for alice until there are *until*."""
    alice = await cast.actor("alice")
    for number in range(len(await load_my_sessions(alice)), until):
        await session_plan.add_session(alice, alice.id, session(number))


def session(number: int) -> SessionDetails:
    """A session some days from now."""
    day = f"2026-12-{1 + number % 28:02}T09:00"
    return SessionDetails(SessionKind.DOSING, day, ZONE, 60, Setting.HOME)


@pytest.mark.parametrize(
    ("who", "path", "grow"),
    [
        ("bob", "/patients", more_patients),
        ("bob", "/patients/{alice}", more_shared),
        ("bob", "/patients/{alice}", more_sessions),
        ("bob", "/patients/{alice}/brief", more_shared),
        ("bob", "/patients/{alice}/summary", more_shared),
        ("bob", "/patients/{alice}/summary", more_sessions),
        ("alice", "/journal", more_shared),
        ("alice", "/sessions", more_sessions),
        ("alice", "/sharing", more_shared),
        ("alice", "/records/leaving", more_shared),
    ],
)
async def test_a_list_of_forty_asks_as_much_as_one_of_two(
    portal: Portal, who: str, path: str, grow: Callable[[Cast, int], Awaitable[None]]
) -> None:
    """The number of statements does not follow the number of rows."""
    path = path.format(alice=(await portal.cast.actor("alice")).id)
    await grow(portal.cast, FEW)
    few = len(await noted(portal, who, path))
    await grow(portal.cast, MANY)
    assert len(await noted(portal, who, path)) == few
    assert 0 < few < 20


@pytest.mark.parametrize(
    ("who", "path"), [("bob", "/patients"), ("bob", "/patients/{alice}"), ("alice", "/sharing")]
)
async def test_a_care_link_is_read_with_the_other_person_alone(portal: Portal, who: str, path: str) -> None:
    """Who asks is known already, and what an invitation had in it is asked for only until its patient is pinned."""
    cast = portal.cast
    await get_peer_identity(
        await cast.actor("bob"), await care_links.load_my_link(await cast.actor("bob"), cast.link)
    )
    asked = await noted(portal, who, path.format(alice=(await cast.actor("alice")).id))
    links = [sql for sql in asked if "patient_pin" in sql and "clinician_pin" in sql]
    assert links
    assert [sql.count("JOIN") for sql in links] == [1] * len(links)
    assert [sql for sql in asked if "invitation" in sql.partition("WHERE")[0] and "secret" in sql] == []


@pytest.mark.parametrize(
    ("who", "path", "most"),
    [
        ("alice", "/", 8),  # who asks, plan, latest, readers (2), links, offers, reframes and measures
        ("alice", "/journal", 6),  # who asks, entries, state, plan, readers (2)
        ("alice", "/sessions", 3),  # who asks, plan, links
        ("alice", "/sharing", 12),  # two of them are for what goes as it is completed
        ("alice", "/sharing/{link}", 11),
        ("alice", "/records/leaving", 9),  # who asks, links, log, copies (2), as completed (2), offers, plan
        ("bob", "/patients", 6),  # who asks, links, plans, what is new and left, open notices, a calendar
        (
            "bob",
            "/patients/{alice}",
            6,
        ),  # who asks, link, plan, copies, links of before a restart, open notices
        (
            "bob",
            "/patients/{alice}/brief",
            7,
        ),  # who asks, link, plan, copies, notices, what was set, notes; nothing of the copies is quoted
        ("bob", "/patients/{alice}/summary", 5),  # who asks, link, plan, copies, notes
        ("bob", "/patients/{alice}/sessions/new", 3),  # who asks, link, plan
        ("bob", "/sessions/{session}", 3),  # who asks, plan, link
        ("bob", "/sessions/{session}/edit", 3),  # who asks, plan, link
        ("alice", "/sessions/{session}/edit", 2),  # who asks, plan
    ],
)
async def test_a_page_asks_for_what_it_shows_and_no_more(
    portal: Portal, who: str, path: str, most: int
) -> None:
    """A bound for each page that is looked at often: a statement more is to be thought about."""
    cast = portal.cast
    alice = await cast.actor("alice")
    await get_peer_identity(
        await cast.actor("bob"), await care_links.load_my_link(await cast.actor("bob"), cast.link)
    )
    await more_sessions(cast, FEW)
    await more_shared(cast, FEW)
    (one, *_) = await load_my_sessions(alice)
    asked = await noted(portal, who, path.format(alice=alice.id, link=cast.link, session=one.id))
    assert len(asked) <= most


async def test_passed_links_of_sitters_are_found_and_ended_at_once(portal: Portal) -> None:
    """What has passed of open links ends in as many statements for eight of them as for one; the others last."""
    cast, asked = portal.cast, []
    alice = await cast.actor("alice")
    await more_sessions(cast, 10)
    *soon, _, last = await load_my_sessions(alice)
    for some in (soon[:1], soon[1:]):
        for one in (*some, last):
            await sitter_links.make_link(alice, one.id)
        later = max(one.starts_at for one in some) + LIFE
        async with counted(portal) as noted_ones:
            await sitter_links.end_passed_links(cast.installation, later)
        asked.append(len(noted_ones))
        assert await SitterLink.filter(ended_at=None).values_list("session_id", flat=True) == [last.id]
    assert asked[0] == asked[1] > 0


async def test_a_page_does_not_ask_for_the_practice(portal: Portal) -> None:
    """The practice that every page names is remembered: a page asks for its person alone."""
    async with portal.client("alice") as browser:
        assert (await browser.get("/here")).status_code == 204
        async with counted(portal) as asked:
            assert (await browser.get("/here")).status_code == 204
    assert len(asked) == 1
    assert SELECT_PRACTICE not in asked
