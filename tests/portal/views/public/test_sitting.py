"""The sitter's own page: a clock and a form below whom to call, where nothing that was typed is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from httpx import AsyncClient

from journal.clinic import text_writing
from journal.clinic.instructions import InstructionsDetails
from journal.rate_limiting.limits import SOURCE_LIMIT
from journal.scheduling import plan as session_plan
from journal.sessions.session import Status
from journal.sitter import links, reading, tables
from tests.cast import Cast
from tests.journal.sitter.test_links import dose
from tests.journal.sitter.test_notes import fill_up
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.scenes import signed_in_again

WORDS = "Humming, warm hands"


async def link_for(cast: Cast, *, writes_down: bool = False) -> str:
    """Have alice plan a session and make a link; return its address."""
    session = await dose(cast)
    made = await links.make_link(await cast.actor("alice"), session, writes_down=writes_down)
    return f"/sit/{made.token}"


async def send(sitter: AsyncClient, where: str, go: str, **typed: str) -> Page:
    """Fill in the form as it is found, and press a button; a redirect is followed."""
    page = await opened(sitter, where)
    return Page.of(await sitter.post(where, data=page.filled(typed, go), follow_redirects=True))


async def count() -> int:
    """Return how many notes there are."""
    return await tables.SitterNote.all().count()


async def test_a_check_is_saved_and_only_its_time_comes_back(any_portal: Portal) -> None:
    """With the clock beside it; the words are on no page of the sitter's again."""
    where = await link_for(any_portal.cast)
    async with any_portal.client() as sitter:
        page = await opened(sitter, where)
        assert page.words.index("Call first, write later.") < page.words.index("How are they?")
        assert "It begins with the session." in page.words
        saved = await send(sitter, where, "check", status="asleep", note=WORDS)
        assert saved.answer.status_code == 200
        assert "Noted at 13:00." in saved.words
        assert "Last check 13:00. Next check 13:15, in 15 min." in saved.words
        assert WORDS not in saved.answer.text
        any_portal.cast.clock.forward(minutes=18)
        assert "Next check 13:15, 3 min ago." in (await opened(sitter, where)).words
    assert await count() == 1


async def test_that_they_need_help_opens_whom_to_call(portal: Portal) -> None:
    """And says plainly that nobody was told; the form says so before it is sent."""
    where = await link_for(portal.cast)
    async with portal.client() as sitter:
        assert "Nobody is told." in (await opened(sitter, where)).words
        page = await opened(sitter, where)
        answer = await sitter.post(where, data=page.filled({"status": "help"}, "check"))
        assert answer.headers["location"].endswith("#call-now")
        assert "Nobody was told." in (await opened(sitter, answer.headers["location"])).words


async def test_that_they_need_help_opens_whom_to_call_where_it_is_not_saved(portal: Portal) -> None:
    """Too many words, or a link that is full: the page says first that nobody was told, and leads to whom to call."""
    where = await link_for(portal.cast)
    async with portal.client() as sitter:
        await send(sitter, where, "check", status="awake")
        long = await send(sitter, where, "check", status="help", note="x" * 501)
        other = await send(sitter, where, "event", status="help", event="")
        token = where.rpartition("/")[2]
        await fill_up(await links.open_sitting(portal.cast.installation, token))
        full = await send(sitter, where, "check", status="help", note=WORDS)
    for page, status in ((long, 422), (full, 409)):
        assert page.answer.status_code == status
        told = page.markup.one("div", id="needs-help").words
        assert told.startswith("Not saved, and nobody was told.")
        assert page.words.index(told) < page.words.index("How are they?")
    assert not other.markup.all("div", id="needs-help")


async def test_an_unlikely_value_is_asked_about_once_and_then_kept_as_typed(portal: Portal) -> None:
    """As on the patient's own page; what stands in the other fields stays."""
    where = await link_for(portal.cast)
    async with portal.client() as sitter:
        asked = await send(sitter, where, "reading", systolic="820", pulse="71", event="A dog barked")
        assert asked.answer.status_code == 422
        assert "Is this right?" in asked.words
        assert await count() == 0
        saved = Page.of(await sitter.post(where, data=asked.filled({}, "reading")))
        assert (saved.answer.status_code, await count()) == (200, 1)
        assert saved.value("event") == "A dog barked"
        assert saved.value("systolic") == ""


async def test_a_timer_runs_from_the_part_that_was_taken(portal: Portal) -> None:
    """If the clinic set one, from the time that was told; else its time stands alone."""
    cast = portal.cast
    where = await link_for(cast)
    async with portal.client() as sitter:
        saved = await send(sitter, where, "medicine", part_time="12:50", part_words="the first half")
        assert "Last part taken 12:50." in saved.words
        assert "Timer" not in saved.words
        bob, alice = await cast.actor("bob"), await cast.actor("alice")
        told = InstructionsDetails(sitter_text="Stay near.", check_minutes=10, part_minutes=60)
        await text_writing.save_instructions(bob, alice.id, None, told, is_checked=True)
        assert "Timer of 60 min until 13:50, in 50 min." in (await opened(sitter, where)).words


async def test_the_clock_begins_with_the_session(portal: Portal) -> None:
    """Where nobody looked yet, the next check is due that long after the start."""
    cast = portal.cast
    session = await dose(cast)
    token = (await links.make_link(await cast.actor("alice"), session)).token
    await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)
    cast.clock.forward(minutes=5)
    async with portal.client() as sitter:
        assert "Next check 13:15, in 10 min." in (await opened(sitter, f"/sit/{token}")).words


async def test_a_note_has_the_time_at_which_it_was_written(portal: Portal) -> None:
    """As its page says: between the making of the link and now; what cannot be is the time of saving."""
    cast = portal.cast
    where = await link_for(cast)
    made = cast.clock.now
    cast.clock.forward(minutes=40)

    def in_ms(minutes: int) -> str:
        return str(int((made + timedelta(minutes=minutes)).timestamp() * 1000))

    async with portal.client() as sitter:
        for minutes, noted in ((10, "13:10"), (-1, "13:40"), (41, "13:40")):
            saved = await send(sitter, where, "event", event=WORDS, written=in_ms(minutes))
            assert noted in saved.words.partition("Noted at")[2]
        for odd in ("", "soon", "9" * 13, "9" * 40):
            saved = await send(sitter, where, "event", event=WORDS, written=odd)
            assert saved.answer.status_code == 200
        await send(sitter, where, "medicine", part_words="the first half", written=in_ms(20))
        checked = await send(sitter, where, "check", status="asleep", written=in_ms(15))
        assert "Last part taken 13:20." in checked.words
        assert "Last check 13:15. Next check 13:30, 10 min ago." in checked.words
    alice = await cast.actor("alice")
    found = await reading.load_notes(alice)
    assert {(one.note.line[:5], f"{one.note.at:%M}") for one in found} == {
        ("13:10", "10"),
        ("13:15", "15"),
        ("13:20", "20"),
        ("13:40", "40"),
    }


async def test_what_they_said_is_asked_for_where_they_chose_it(portal: Portal) -> None:
    """Elsewhere there is no such field, and what is sent all the same is not kept and stays on the page."""
    cast = portal.cast
    where, agreed = await link_for(cast), await link_for(cast, writes_down=True)
    async with portal.client() as sitter:
        assert 'name="said"' not in (await opened(sitter, where)).answer.text
        refused = await send(sitter, where, "said", said=WORDS, event="")
        assert (refused.answer.status_code, await count()) == (409, 0)
        assert "Not saved" in refused.words
        assert WORDS in refused.words
        assert (await send(sitter, agreed, "said", said=WORDS)).answer.status_code == 200
        assert await count() == 1


@pytest.mark.parametrize(
    ("go", "typed", "says"),
    [
        ("check", {"note": WORDS}, "awake, asleep or need help"),
        ("check", {"status": "awake", "note": WORDS * 40}, "500 letters"),
        ("reading", {"pulse": "often", "event": WORDS}, "a number such as 120"),
        ("reading", {"event": WORDS}, "fill in one of the numbers"),
        ("medicine", {"part_time": "25:00", "part_words": WORDS}, "a time such as 14:05"),
        ("event", {"note": WORDS}, "what you want to note"),
        ("", {"note": WORDS}, "awake, asleep or need help"),
    ],
)
async def test_what_is_refused_stays_on_the_page(
    portal: Portal, go: str, typed: dict[str, str], says: str
) -> None:
    """With a sentence about it, and nothing saved."""
    where = await link_for(portal.cast)
    async with portal.client() as sitter:
        page = await send(sitter, where, go, **typed)
        assert page.answer.status_code == 422
        assert says in page.words
        assert WORDS in page.answer.text
        assert await count() == 0


async def test_a_full_link_says_so_and_keeps_the_words(any_portal: Portal) -> None:
    """409, with what was typed in its field."""
    where = await link_for(any_portal.cast)
    async with any_portal.client() as sitter:
        await send(sitter, where, "check", status="awake")
        await fill_up(await links.open_sitting(any_portal.cast.installation, where.removeprefix("/sit/")))
        page = await send(sitter, where, "event", event=WORDS)
        assert page.answer.status_code == 409
        assert "can take no more" in page.words
        assert page.value("event").strip() == WORDS


async def test_a_link_that_ended_while_somebody_wrote_keeps_the_words(any_portal: Portal) -> None:
    """410 with whom to call, what was typed, and that it was not saved; so do 404 and 429."""
    cast = any_portal.cast
    session = await dose(cast)
    token = (await links.make_link(await cast.actor("alice"), session)).token
    async with any_portal.client() as sitter:
        page = await opened(sitter, f"/sit/{token}")
        await links.end_link(await cast.actor("alice"), session)
        sent = page.filled({"status": "awake", "note": WORDS}, "check")
        for where, status in ((f"/sit/{token}", 410), ("/sit/" + "A" * 43, 404), ("/sit/" + "A" * 43, 429)):
            ended = Page.of(await sitter.post(where, data=sent))
            assert ended.answer.status_code == status
            assert "Not saved" in ended.words
            assert WORDS in ended.words
            assert ended.words.index("Call first, write later.") < ended.words.index(WORDS)
            assert "<form" not in ended.answer.text
            for _ in range(SOURCE_LIMIT.free_attempts if status == 404 else 0):
                await sitter.get(where)
    assert await count() == 0


async def test_a_damaged_copy_takes_no_notes(portal: Portal) -> None:
    """The page still says whom to call, and offers no form."""
    where = await link_for(portal.cast)
    await tables.SitterLink.all().update(sealed=b"")
    async with portal.client() as sitter:
        page = await opened(sitter, where)
        assert "Write your notes on paper" in page.words
        refused = Page.of(await sitter.post(where, data={"go": "event", "event": WORDS}))
        assert refused.answer.status_code == 409
        assert WORDS in refused.answer.text
    assert await count() == 0


async def test_the_patient_keeps_and_deletes_after_rest(any_portal: Portal) -> None:
    """Before, their page has the times alone; then each note, none ticked; what is kept is an entry."""
    cast = any_portal.cast
    session = await dose(cast)
    token = (await links.make_link(await cast.actor("alice"), session)).token
    here = f"/sessions/{session}/sitter/notes"
    async with any_portal.client() as sitter, any_portal.client("alice") as browser:
        for go, typed in (
            ("check", {"status": "asleep", "note": WORDS}),
            ("reading", {"systolic": "118", "diastolic": "76"}),
            ("event", {"event": "The cup fell"}),
        ):
            await send(sitter, f"/sit/{token}", go, **typed)
            cast.clock.forward(minutes=1)
        page = await opened(browser, here)
        for word in (WORDS, "118", "The cup fell"):
            assert word not in page.words
        assert WORDS not in page.answer.text
        assert "13:00" in page.words
        row = (await tables.SitterNote.all().order_by("created_at"))[0]
        held = await browser.post(here, data={"go": "keep", "notes": str(row.id)})
        assert held.status_code == 409
        assert WORDS not in held.text
        for status in (Status.IN_SESSION, Status.RECOVERING):
            await session_plan.change_status(await cast.actor("alice"), session, status)
        cast.clock.forward(hours=20)
        await signed_in_again(cast)
        await session_plan.confirm_rest(await cast.actor("alice"))
    async with any_portal.client("alice") as browser:
        page = await opened(browser, here)
        for word in (WORDS, "118/76", "The cup fell", "Asleep"):
            assert word in page.words
        assert "checked" not in page.answer.text
        assert (await browser.post(here, data={"go": "keep"})).status_code == 422
        answer = await browser.post(here, data={"go": "keep", "notes": str(row.id)}, follow_redirects=True)
        assert WORDS not in Page.of(answer).words
        left = [str(one.id) for one in await tables.SitterNote.all()]
        asked = Page.of(await browser.post(here, data={"go": "ask", "notes": left}))
        assert "Delete these notes?" in asked.words
        assert len(left) == await count() == 2
        done = await browser.post(here, data=asked.filled({}, "delete"), follow_redirects=True)
        assert await count() == 0
        entry = Page.of(done).markup.one("main")
        assert "Read it, or share parts of it" in entry.words
        found = await browser.get("/journal?q=Humming")
        assert "sitter" in found.text
