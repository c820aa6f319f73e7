"""The address of one's calendar: shown once, held in a session, ended by a tap; and what a calendar reads there."""

from __future__ import annotations

import logging
import re

import pytest
from httpx import AsyncClient, Response

from journal.calendar import reading
from journal.calendar import tables as calendar_tables
from journal.rate_limiting.limits import FEED_LIMIT
from journal.scheduling import plan as session_plan
from journal.sessions.session import (
    Phase,
    Route,
    SessionDetails,
    SessionKind,
    Setting,
    Status,
)
from tests.cast import NAMES, PRACTICE, Cast
from tests.journal.calendar.parsers import PARSERS
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.scenes import connected, in_session, rested

PAGE = "/account/calendar"
ADDRESS = re.compile(r"http://127\.0\.0\.1:8000(/calendar/[\w-]{43}\.ics)")
DOSING = SessionDetails(
    SessionKind.DOSING,
    "2027-03-27T09:00",
    "Europe/Berlin",
    120,
    Setting.HOME,
    Route.SUBLINGUAL,
    Phase.INDUCTION,
    "forty of the small ones",
    prescriber_name="Dr. Heron",
    sitter="Kim Sitterson",
    note="Bring the blue notebook",
    join="https://video.example.org/room",
)
UNSAID = (
    *(word for name in NAMES.values() for word in name.split()),
    *PRACTICE.split(),
    *(str(word) for kind in (SessionKind, Setting, Route, Phase) for one in kind for word in one.label.split()),
    *(str(one.value) for kind in (SessionKind, Setting, Route, Phase) for one in kind),
    "hearthside", "ketamine", "medicine", "therapy", "therapist", "trauma", "patient", "clinic", "dose", "session",
    "heron", "kim", "sitterson", "notebook", "forty", "video", "example.org", "https:", "@", "why it was cancelled",
)  # fmt: skip
"""What stands in no calendar: names, the practice, kinds, places, routes, and what is written of a session."""


async def made(browser: AsyncClient, title: str = "Piano", **typed: str) -> str:
    """Have somebody make an address; return its path."""
    answer = await browser.post(PAGE, data={"go": "make", "title": title} | typed)
    assert answer.status_code == 200, answer.text
    (found,) = set(ADDRESS.findall(answer.text))
    return str(found)


def read(answer: Response) -> list[tuple[str, str, bool]]:
    """Return what both programs read in an answer: starts, titles, and what is cancelled."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    one, other = [
        [
            (f"{each.starts_at:%Y-%m-%d %H:%M}", each.title, each.is_cancelled)
            for each in parse(answer.content)
        ]
        for parse in PARSERS
    ]
    assert one == other
    return one


async def plan_of(cast: Cast, who: str = "alice") -> list[tuple[str, bool]]:
    """Return when somebody's sessions begin, and which are cancelled, as their plan has them."""
    actor = await cast.actor(who)
    plan = await session_plan.load_patient_plan(actor, actor.id)
    return [(f"{one.starts_at:%Y-%m-%d %H:%M}", one.status is Status.CANCELLED) for one in plan]


async def test_it_is_shown_once_and_leads_to_the_plan(any_portal: Portal) -> None:
    """Made, read before and after a move over a change of the clocks and a cancellation, and never shown again."""
    cast = any_portal.cast
    async with any_portal.client("alice") as alice, any_portal.client() as program:
        assert "You made an address" not in (await opened(alice, PAGE)).words
        await session_plan.add_session(await cast.actor("alice"), (await cast.actor("alice")).id, DOSING)
        where = await made(alice)
        assert read(await program.get(where)) == [("2027-03-27 08:00", "Piano", False)]
        (one,) = await session_plan.load_patient_plan(
            await cast.actor("alice"), (await cast.actor("alice")).id
        )
        async with any_portal.client("bob") as bob:
            edit = await opened(bob, f"/sessions/{one.id}/edit")
            moved = await bob.post(f"/sessions/{one.id}/edit", data=edit.filled({"date": "2027-03-29"}))
            assert moved.status_code == 303
        assert read(await program.get(where)) == [("2027-03-29 07:00", "Piano", False)]
        await alice.post(
            f"/sessions/{one.id}/status", data={"status": "cancelled", "cancel_reason": "a cold"}
        )
        assert read(await program.get(where)) == [("2027-03-29 07:00", "Piano", True)]
        assert [(start, gone) for start, _, gone in read(await program.get(where))] == await plan_of(cast)
        again = await opened(alice, PAGE)
        assert re.search(r"A calendar last asked for it on .*22 Nov", again.words)
        assert not ADDRESS.search(again.answer.text)
        assert where.removesuffix(".ics").rpartition("/")[2] not in again.answer.text


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_nothing_else_is_in_its_bytes(portal: Portal, who: str) -> None:
    """Of a session with every field filled in, and cancelled with a reason, there are times and a title alone."""
    alice = await portal.cast.actor("alice")
    for day in ("2027-03-27T09:00", "2027-04-03T09:00"):
        one = await session_plan.add_session(alice, alice.id, SessionDetails(**{
            name: getattr(DOSING, name) for name in DOSING.__struct_fields__
        } | {"local": day}))  # fmt: skip
    await session_plan.change_status(alice, one, Status.CANCELLED, "why it was cancelled")
    async with portal.client(who) as browser, portal.client() as program:
        answer = await program.get(await made(browser))
    said = answer.content.decode().replace("\r\n ", "").lower()
    assert len(read(answer)) == 2
    for word in {each.lower() for each in UNSAID if len(each) > 3}:
        assert word not in said, word
    for ident in (alice.id, one, portal.cast.link):
        assert str(ident) not in said
        assert ident.hex not in said
    lines = {re.split("[;:]", line)[0] for line in said.upper().split("\r\n")}
    assert lines - {""} == {
        *("BEGIN", "END", "VERSION", "PRODID", "METHOD", "NAME", "X-WR-CALNAME", "REFRESH-INTERVAL"),
        *("TZID", "TZNAME", "TZOFFSETFROM", "TZOFFSETTO", "DTSTART", "DTEND", "DTSTAMP"),
        *("UID", "SUMMARY", "SEQUENCE", "LAST-MODIFIED", "STATUS", "CLASS"),
    }


async def test_initials_stand_in_a_clinicians_calendar_by_choice_alone(portal: Portal) -> None:
    """Ticked and saved, and gone again when that is taken back; a patient has no such choice, whatever is sent."""
    alice = await portal.cast.actor("alice")
    await session_plan.add_session(alice, alice.id, DOSING)
    async with portal.client("bob") as bob, portal.client("alice") as patient, portal.client() as program:
        assert "initials" not in (await opened(patient, PAGE)).answer.text
        mine = await made(patient, initials="yes")
        assert [title for _, title, _ in read(await program.get(mine))] == ["Piano"]
        where = await made(bob)
        assert [title for _, title, _ in read(await program.get(where))] == ["Piano"]
        page = await opened(bob, PAGE)
        assert "initials" not in page.fields
        assert (await bob.post(PAGE, data=page.filled({"initials": "yes"}, "save"))).status_code == 303
        assert [title for _, title, _ in read(await program.get(where))] == ["Piano A. S."]
        page = await opened(bob, PAGE)
        assert page.fields["initials"] == ["yes"]
        await bob.post(PAGE, data={"go": "save", "title": "Busy"})
        assert [title for _, title, _ in read(await program.get(where))] == ["Busy"]


async def test_a_patient_who_comes_later_shows_once_the_caseload_was_looked_at(portal: Portal) -> None:
    """Nobody has to make the address again."""
    alice = await portal.cast.actor("alice")
    await session_plan.add_session(alice, alice.id, DOSING)
    async with portal.client("charlie") as charlie, portal.client() as program:
        where = await made(charlie)
        await connected(portal.cast, "charlie")
        assert read(await program.get(where)) == []
        await opened(charlie, "/patients")
        assert len(read(await program.get(where))) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_ended_address_is_gone_and_an_unknown_one_was_never_there(
    portal: Portal, method: str
) -> None:
    """410 for what ended, by a new address or a tap, and 404 for all else; neither says whose it was."""
    async with portal.client("alice") as alice, portal.client() as program:
        old = await made(alice)
        new = await made(alice)
        assert (await program.request(method, new)).status_code == 200
        ended = await alice.post(f"{PAGE}/end")
        assert ended.headers["location"] == f"{PAGE}?ended"
        assert "The address has ended" in (await opened(alice, f"{PAGE}?ended")).words
        for where, status in (
            (old, 410),
            (new, 410),
            (f"/calendar/{'A' * 43}.ics", 404),
            ("/calendar/x.ics", 404),
        ):
            answer = await program.request(method, where)
            assert answer.status_code == status, where
            assert answer.headers["cache-control"] == "no-store"
            assert not {"etag", "set-cookie"} & set(answer.headers)
            assert "Alice" not in answer.text


async def test_a_calendar_that_knows_the_state_is_sent_nothing(portal: Portal) -> None:
    """Until the plan changes; its mark is another one for each address, and is given to nobody else."""
    alice = await portal.cast.actor("alice")
    async with portal.client("alice") as browser, portal.client("bob") as bob, portal.client() as program:
        where, other = await made(browser), await made(bob)
        mark = (await program.get(where)).headers["etag"]
        assert (await program.get(other)).headers["etag"] != mark
        for sent in (mark, f'W/{mark}, "x"', f'"x",{mark}'):
            known = await program.get(where, headers={"if-none-match": sent})
            assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", mark)
        await session_plan.add_session(alice, alice.id, DOSING)
        assert len(read(await program.get(where, headers={"if-none-match": mark}))) == 1


async def test_a_program_that_asks_without_end_waits_and_guessing_as_well(portal: Portal) -> None:
    """Whoever has the address is told when to come back; others, who guess, are counted by where they are."""
    async with portal.client("alice") as alice, portal.client() as program:
        where = await made(alice)
        answers = [(await program.get(where)).status_code for _ in range(FEED_LIMIT.free_attempts + 1)]
        assert answers == [200] * FEED_LIMIT.free_attempts + [429]
        refused = await program.get(where)
        assert int(refused.headers["retry-after"]) > 0
        await portal.cast.later(minutes=10)
        assert (await program.get(where)).status_code == 200
        guessed = [(await program.get(f"/calendar/{number:043}.ics")).status_code for number in range(61)]
        assert guessed == [404] * 60 + [429]


async def test_a_title_that_is_refused_stays_in_the_form(portal: Portal) -> None:
    """It says what to do, and the address before is as it was."""
    async with portal.client("alice") as alice, portal.client() as program:
        where = await made(alice)
        for go in ("make", "save"):
            answer = await alice.post(PAGE, data={"go": go, "title": "Piano " * 11})
            page = Page.of(answer)
            assert answer.status_code == 422
            assert page.value("title") == "Piano " * 11
            assert "longer than this field can hold" in page.words
            assert not ADDRESS.search(answer.text)
        assert (await program.get(where)).status_code == 200


async def test_nothing_is_made_in_a_session_and_it_is_asked_again(portal: Portal) -> None:
    """From the start until rest the page offers only to end it; the calendar itself goes on."""
    async with portal.client("alice") as alice, portal.client() as program:
        where = await made(alice)
        session = await in_session(portal.cast)
        page = await opened(alice, PAGE)
        assert "title" not in page.fields
        assert len(page.markup.all("form", action=f"{PAGE}/end")) == 1
        refused = await alice.post(PAGE, data={"go": "make", "title": "Busy"})
        assert refused.status_code == 409
        assert (await program.get(where)).status_code == 200
        await rested(portal.cast, session)
    async with portal.client("alice") as alice:
        assert (
            "Make or change the address of your calendar" in (await opened(alice, "/sessions/waiting")).words
        )


async def test_making_one_asks_who_it_is_and_keeps_what_was_typed(portal: Portal) -> None:
    """Whoever picks up a phone does not take a calendar away; ending one asks nothing."""
    async with portal.client("alice") as alice:
        await made(alice)
        await portal.cast.later(minutes=30)
        await portal.cast.in_use()
        asked = await alice.post(PAGE, data={"go": "make", "title": "A title"})
        assert asked.status_code == 401
        assert 'value="A title"' in asked.text
        assert await calendar_tables.CalendarFeed.filter(ended_at=None).count() == 1
        assert (await alice.post(f"{PAGE}/end")).status_code == 303
        assert await calendar_tables.CalendarFeed.filter(ended_at=None).count() == 0


async def test_the_address_stands_in_no_log(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    """Neither when it opens nor when the row does not, nor when it has ended."""
    caplog.set_level(logging.DEBUG)
    async with portal.client("alice") as alice, portal.client() as program:
        where = await made(alice)
        token = where.removeprefix("/calendar/").removesuffix(".ics")
        await program.get(where)
        await calendar_tables.CalendarFeed.all().update(sealed=b"x")
        assert (await program.get(where)).status_code == 404
        await alice.post(f"{PAGE}/end")
        await program.get(where)
    secret, _ = reading._parse_token(token)
    for record in caplog.records:
        if record.name.startswith(("httpx", "aiosqlite", "tortoise")):
            continue  # the test's own browser, and what the product keeps silent
        assert token not in record.getMessage()
        assert secret.hex() not in record.getMessage()


async def test_one_that_does_not_open_says_so_and_a_new_one_takes_its_place(portal: Portal) -> None:
    """The page stays, and names what to do."""
    async with portal.client("alice") as alice, portal.client() as program:
        await made(alice)
        await calendar_tables.CalendarFeed.all().update(sealed=b"x")
        assert "it is not what was saved" in (await opened(alice, PAGE)).words
        assert (await alice.post(PAGE, data={"go": "save", "title": "Busy"})).status_code == 404
        assert read(await program.get(await made(alice))) == []
