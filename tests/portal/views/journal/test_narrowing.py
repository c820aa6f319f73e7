"""The journal narrowed by kind, session, month and sharing: by a plain form, page by page, and while searching."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from httpx import AsyncClient

from journal.entries import narrowing
from journal.sharing import timeline
from journal.store.database import execute
from journal.vault.documents import EntryDocument
from tests.cast import NOON
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.portal.test_off_the_loop import threads_of
from tests.portal.test_statements import noted
from tests.portal.views.journal.test_index import titles
from tests.scenes import journal_of
from tests.shared_material import dosing, plan_course, share, write

FIELDS = {"kind": "", "session": "", "shared": "", "month": ""}
WORDS = {"capture": "int.images", "free": "free.text", "reframe": "reframe.old_meaning"}


async def fill(portal: Portal) -> dict[str, str]:
    """Have alice write around her sessions and share some of it; return the ids of her dosing sessions by number."""
    cast = portal.cast
    await plan_course(cast)
    sessions = await dosing(cast)
    second, third = sessions[1], sessions[2]
    for kind, title, about, at in (
        ("capture", "The sea", second, NOON - timedelta(days=8)),
        ("capture", "The hill", third, NOON - timedelta(hours=2)),
        ("free", "In between", None, NOON - timedelta(days=6)),
        ("free", "In October", None, NOON - timedelta(days=30)),
        ("reframe", "The old sentence", None, NOON - timedelta(days=7)),
    ):
        entry = await write(cast, kind, {WORDS[kind]: f"words of {title}"}, title=title, about=about, at=at)
        if title in ("The sea", "In between"):
            await share(cast, entry)
    return {"second": str(second.id), "third": str(third.id)}


async def narrowed(browser: AsyncClient, **chosen: str) -> list[str]:
    """Send the form as a browser does, every field with it; return the entries that are shown."""
    answer = await browser.get("/journal", params=FIELDS | chosen)
    assert answer.status_code == 200, chosen
    return titles(Page.of(answer))


async def test_each_choice_narrows_and_all_of_them_together(any_portal: Portal) -> None:
    """By kind, by the session that an entry belongs to, by who can read it, by month; and by several at once."""
    of = await fill(any_portal)
    async with any_portal.client("alice") as browser:
        everything = ["The hill", "In between", "The old sentence", "The sea", "In October"]
        assert await narrowed(browser) == everything
        assert await narrowed(browser, kind="capture") == ["The hill", "The sea"]
        assert await narrowed(browser, kind="grounding") == []
        assert await narrowed(browser, session=of["second"]) == ["The old sentence", "The sea"]
        assert await narrowed(browser, shared="yes") == ["In between", "The sea"]
        assert await narrowed(browser, shared="no") == ["The hill", "The old sentence", "In October"]
        assert await narrowed(browser, month="2026-10") == ["In October"]
        assert await narrowed(browser, month="2026-11") == everything[:-1]
        assert await narrowed(browser, kind="capture", shared="yes", month="2026-11") == ["The sea"]
        assert await narrowed(browser, kind="free", session=of["second"]) == []


async def test_the_form_is_a_tap_away_and_says_what_is_active(portal: Portal) -> None:
    """Closed once something was chosen, with a line that says what, in words, and leads back to all."""
    of = await fill(portal)
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal")
        (link,) = page.markup.all("a", href="/journal?filter")
        assert link.words == "Filter"
        assert page.markup.all("select") == []
        empty = await opened(browser, "/journal?filter")
        assert "open" in empty.markup.one("details").attributes
        assert len(titles(empty)) == 5
        page = Page.of(
            await browser.get(
                "/journal",
                params={"kind": "capture", "session": of["second"], "shared": "yes", "month": "2026-11"},
            )
        )
    assert "open" not in page.markup.one("details").attributes
    assert "Only: Capture · 2nd dosing session · Shared · November 2026" in page.words
    assert page.markup.all("a", href="/journal", within="narrowed")
    chosen = [one.words for one in page.markup.all("option") if "selected" in one.attributes]
    assert chosen == ["Capture", "2nd dosing session, 13 Nov 2026", "Shared", "November 2026"]
    months = [one.words for one in page.markup.all("option") if re.fullmatch("[A-Z][a-z]+ 2026", one.words)]
    assert months == ["November 2026", "October 2026"]
    assert [one.words for one in page.markup.all("h2", within="spine")] == ["2nd dosing session"]


async def test_a_month_is_one_of_the_readers_calendar(portal: Portal) -> None:
    """It begins and ends at midnight where the patient lives."""
    for hour, title in ((22, "Still October"), (23, "November")):
        at = datetime.fromisoformat(f"2026-10-31T{hour}:30+00:00")
        await write(portal.cast, "free", {"free.text": "x"}, title=title, at=at)
    async with portal.client("alice") as browser:
        assert await narrowed(browser, month="2026-10") == ["Still October"]
        assert await narrowed(browser, month="2026-11") == ["November"]


async def test_pages_of_a_narrowed_journal_show_each_entry_once(any_portal: Portal) -> None:
    """Older and back to the newest keep what was chosen; nothing is left out or shown twice."""
    for number in range(150):
        kind = "free" if number % 2 else "grounding"
        at = NOON - timedelta(hours=150 - number)
        await write(any_portal.cast, kind, {"free.text": "x"}, title=f"Entry {number}", at=at)
    seen: list[str] = []
    path = "/journal?kind=free"
    async with any_portal.client("alice") as browser:
        for length in (30, 30, 15):
            page = await opened(browser, path)
            assert len(titles(page)) == length
            seen += titles(page)
            older = page.markup.all("a", rel="next")
            path = older[0].attributes["href"] if older else ""
            assert not path or parse_qs(urlsplit(path).query)["kind"] == ["free"]
        assert page.markup.all("a", within="pager", href="/journal?kind=free")
    assert path == ""
    assert seen == [f"Entry {number}" for number in range(149, 0, -2)]


async def test_a_search_looks_through_what_is_narrowed(any_portal: Portal) -> None:
    """It keeps what was chosen, says so, and offers to look through everything."""
    await fill(any_portal)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/journal?kind=capture&month=2026-11")
        form = page.markup.one("form", role="search")
        assert form.attributes["action"] == "/journal"
        hidden = {
            one.attributes["name"]: one.attributes["value"]
            for one in page.markup.all("input", within="search", type="hidden")
        }
        assert hidden == {"kind": "capture", "month": "2026-11"}
        found = Page.of(await browser.post("/journal", data=hidden | {"q": "words"}))
        assert titles(found) == ["The hill", "The sea"]
        assert "Only: Capture · November 2026" in found.words
        every = Page.of(await browser.post("/journal", data={"q": "words"}))
        assert len(titles(every)) == 5
        assert "Only:" not in every.words
        nothing = await browser.post("/journal", data=hidden | {"q": " "})
        assert nothing.headers["location"] == "/journal?kind=capture&month=2026-11"
        # What is no choice of the form could be anything that somebody typed: no address has it.
        assert (await browser.post("/journal", data={"kind": "my secret", "q": ""})).status_code == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "everything"),
        ("kind", "x" * 5000),
        ("session", "00000000-0000-4000-8000-000000000000"),
        ("session", "the sea"),
        ("shared", "maybe"),
        ("month", "2026-13"),
        ("month", "0000-01"),
        ("month", "9999-12"),
        ("month", "٢٠٢٦-١١"),
        ("month", "next"),
    ],
)
async def test_a_value_that_nobody_offered_is_told_at_its_field(
    any_portal: Portal, field: str, value: str
) -> None:
    """It says what to do, shows no list that would pass for the one asked for, and keeps what was chosen besides."""
    await fill(any_portal)
    other = {"month": "2026-11"} if field != "month" else {"kind": "free"}
    async with any_portal.client("alice") as browser:
        for answer in (
            await browser.get("/journal", params=FIELDS | other | {field: value}),
            await browser.post("/journal", data=FIELDS | other | {field: value, "q": "words"}),
        ):
            page = Page.of(answer)
            assert answer.status_code == 422
            assert page.markup.all("p", id=f"{field}-error")
            assert "open" in page.markup.one("details").attributes
            assert titles(page) == []
            chosen = [one.words for one in page.markup.all("option") if "selected" in one.attributes]
            assert chosen[-1] == ("November 2026" if field != "month" else "Every month")
            assert value not in answer.text
        assert page.markup.one("input", name="q").attributes["value"] == "words"


async def test_what_somebody_else_planned_or_wrote_is_no_choice(portal: Portal) -> None:
    """Another patient's session is as unknown as one that never was; therapists have no such page."""
    of = await fill(portal)
    async with portal.client("dana") as browser:
        answers = [
            await browser.get("/journal", params={"session": one}) for one in (of["second"], str(uuid4()))
        ]
        assert {one.status_code for one in answers} == {422}
        texts = {re.sub(r"[0-9a-f-]{36}", "", one.text) for one in answers}
        assert len(texts) == 1
        assert titles(await opened(browser, "/journal?kind=capture")) == []
    async with portal.client("bob") as browser:
        assert (await browser.get("/journal?kind=capture")).status_code == 404


async def test_an_entry_that_does_not_open_is_not_hidden(any_portal: Portal) -> None:
    """Whatever was chosen, what storage damaged is shown as such, and the journal says that it is not as it was."""
    await fill(any_portal)
    alice = await any_portal.cast.actor("alice")
    (latest, *_) = (await timeline.load_timeline_page(alice, limit=1)).listing.entries
    await execute("UPDATE entry SET sealed = $1 WHERE id = $2", b"\x01" * 60, latest.id)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/journal?kind=free")
    assert "Your journal is not as you left it" in page.words
    assert titles(page)[1:] == ["In between", "In October"]
    assert "This record cannot be opened" in titles(page)[0]


async def test_thousands_of_entries_are_narrowed_without_opening_one(portal: Portal) -> None:
    """The rarest choice reads every line, in threads and in few statements, and no entry's words."""
    cast = portal.cast
    documents = [EntryDocument("grounding" if number == 5 else "free", str(number)) for number in range(4000)]
    await journal_of(cast, documents)
    async with portal.client("alice") as browser:
        assert titles(await opened(browser, "/journal?kind=grounding")) == ["5"]
    asked = await noted(portal, "alice", "/journal?kind=grounding")
    assert not [one for one in asked if re.search(r"\bsealed\b(?!,? *length|\))[^(]*FROM entry\b", one)]
    assert len(asked) < 20
    with threads_of("journal.vault.contents") as calls:
        async with portal.client("alice") as browser:
            await opened(browser, "/journal?kind=grounding")
    assert calls[threading.get_ident()] < 64 * (narrowing.FIRST_BATCH + 2) * 2
