"""Writing: nothing typed is ever lost, and nothing is called saved that is not."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from journal.catalogue.fields import WRITTEN_KINDS, EntryKind, Field, FieldKind
from journal.catalogue.forms import get_written_form
from journal.entries import entries, removal, revisions
from journal.scheduling import plan as session_plan
from journal.sessions.session import Route, SessionDetails, SessionKind, Setting
from journal.store.database import get_connection
from journal.vault.documents import EntryDocument, Reason
from journal.vault.entry_rows import Entry
from tests.cast import NOON, ZONE, Cast
from tests.portal.browsing import Page, action, autosaved, followed, opened, pressed
from tests.portal.conftest import Portal
from tests.scenes import THE_SEA, rested, shared, written
from tests.shared_material import report_past, share, write

FREE = "/journal/new?kind=free"


async def all_entries(cast: Cast) -> list[Entry]:
    """Every entry of alice's."""
    return list(await entries.load_all_entries(await cast.actor("alice")))


def id_of(page: Page) -> UUID:
    """The id that a writing page would save under."""
    return UUID(action(page).rsplit("/", 1)[1])


async def dosing(cast: Cast, local: str, who: str = "alice") -> UUID:
    """Plan a dosing session."""
    actor = await cast.actor(who)
    details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME, Route.SUBLINGUAL)
    return await session_plan.add_session(actor, actor.id, details)


def answer_for(field: Field) -> str | list[str]:
    """Something to answer a question with."""
    match field.kind:
        case FieldKind.CHOICE:
            return field.options[-1].value
        case FieldKind.CHOICES:
            return [option.value for option in field.options[:2]]
        case FieldKind.DATE:
            return "2026-12-01"
        case FieldKind.RATING_10 | FieldKind.RATING_100 | FieldKind.VOC_7:
            return "7"
    return f"words for {field.id}"


@pytest.mark.parametrize("kind", WRITTEN_KINDS)
async def test_nothing_is_stored_until_something_is_typed(portal: Portal, kind: EntryKind) -> None:
    """Opening a page of any kind, or sending it as it is, leaves no entry behind."""
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/new?kind={kind}")
        assert (await autosaved(browser, page)).status_code == 200
        assert (await pressed(browser, page)).headers["location"] == "/journal"
        assert (await pressed(browser, page, "pause")).headers["location"] == "/journal?rest=yes"
    assert await all_entries(portal.cast) == []


@pytest.mark.parametrize("kind", WRITTEN_KINDS)
async def test_every_question_is_kept_and_read_without_javascript(
    any_portal: Portal, kind: EntryKind
) -> None:
    """Each question of each kind can be answered on one page, comes back to be changed, and is read."""
    fields = [field for field in get_written_form(kind).fields if field.kind is not FieldKind.EMOTIONS]
    typed = {field.id.replace(".", "__"): answer_for(field) for field in fields}
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/journal/new?kind={kind}")
        saved = await pressed(browser, page, **typed, title="A title", note="")
        assert saved.status_code == 303
        read = await opened(browser, f"/journal/{id_of(page)}")
        assert read.heading == "A title"
        for field in fields:
            if field.kind in (FieldKind.TEXT, FieldKind.LINE):
                assert f"words for {field.id}" in read.words
            if field.kind is FieldKind.CHOICE:
                assert field.options[-1].label in read.words
        again = await opened(browser, f"/journal/{id_of(page)}/edit")
        for field in fields:
            answer = answer_for(field)
            assert again.fields[field.id] == ([answer] if isinstance(answer, str) else answer), field.id
        same = await pressed(browser, again)
        assert same.status_code == 303
    (entry,) = await all_entries(any_portal.cast)
    assert entry.revision == 1


async def test_a_second_of_rest_saves_and_says_when(any_portal: Portal) -> None:
    """The first autosave makes the entry and gives the page its address; the answer names time and revision."""
    async with any_portal.client("alice") as browser:
        page = await opened(browser, FREE)
        first = await autosaved(browser, page, free__text="grey")
        line = Page.of(first).markup.one("p", id="save-status")
        assert line.words == "Saved 13:00"
        assert line.attributes["data-revision"] == "1"
        assert first.headers["hx-replace-url"] == f"/journal/{id_of(page)}/edit"
        any_portal.cast.clock.forward(minutes=3)
        second = await autosaved(browser, page, free__text="grey water", revision="1")
        revision = Page.of(second).markup.one("input", id="revision")
        assert revision.attributes["value"] == "2"
        assert "hx-swap-oob" in revision.attributes
        assert "Saved 13:03" in second.text
        assert "hx-replace-url" not in second.headers
    (entry,) = await all_entries(any_portal.cast)
    assert entry.document.answers == {"free.text": "grey water"}


async def test_nothing_is_called_saved_that_is_not_on_disk(portal: Portal) -> None:
    """While the database takes no writing, the answer says so, for a pause and for a button."""
    async with portal.client("alice") as browser:
        page = await opened(browser, FREE)
        await get_connection().execute_query("PRAGMA query_only = ON")
        for answer in (
            await autosaved(browser, page, free__text="grey"),
            await pressed(browser, page, free__text="grey"),
        ):
            assert answer.status_code == 503
            assert "Nothing was saved" in answer.text
            assert "Saved 13:00" not in answer.text
        await get_connection().execute_query("PRAGMA query_only = OFF")
    assert await all_entries(portal.cast) == []


async def test_one_question_at_a_time_keeps_the_others(portal: Portal) -> None:
    """Going on, back, skipping and stopping each keep what was typed; the first five come first."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=preparation&prompt=first")
        assert "1 of 5" in page.words
        buttons = [one.attributes for one in page.markup.all("button", within="actions", name="go")]
        assert [one["value"] for one in buttons] == ["skip", "next", "pause", "all"]
        assert len({one["class"] for one in buttons[:3]}) == 1, "all weigh the same"
        page = await followed(browser, await pressed(browser, page, "next", prep__intention="rest"))
        assert "2 of 5" in page.words
        page = await followed(browser, await pressed(browser, page, "skip", prep__state="raw"))
        page = await followed(browser, await pressed(browser, page, "back", prep__fears="the dark"))
        assert page.value("prep.state") == "raw"
        for _ in range(3):
            page = await followed(browser, await pressed(browser, page, "next"))
        page = await followed(browser, await pressed(browser, page, "next"))
        assert "10 more" in page.words
        more = page.markup.all("a", within="actions")[1].attributes["href"]
        assert "1 of 10" in (await opened(browser, more)).words
        everything = await followed(browser, await pressed(browser, await opened(browser, more), "all"))
        assert everything.value("prep.fears") == "the dark"
        assert (await pressed(browser, everything, "pause")).headers["location"] == "/journal?rest=yes"
    (entry,) = await all_entries(portal.cast)
    assert entry.document.answers == {"prep.intention": "rest", "prep.state": "raw", "prep.fears": "the dark"}


async def test_skipping_before_the_first_word_keeps_the_page_and_the_session(portal: Portal) -> None:
    """A new entry that is skipped through has one id throughout and stays tied to its session."""
    session = await dosing(portal.cast, "2026-11-24T14:00")
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/new?kind=preparation&prompt=first&session={session}")
        ident = id_of(page)
        page = await followed(browser, await pressed(browser, page, "skip"))
        page = await followed(browser, await pressed(browser, page, "next", prep__state="calm"))
        assert id_of(page) == ident
        newly = f"/journal/new?kind=preparation&prompt=first&id={ident}"
        assert (await browser.get(newly)).headers["location"].startswith(f"/journal/{ident}/edit")
    (entry,) = await all_entries(portal.cast)
    assert (entry.id, entry.document.session_id) == (ident, session.hex)


async def test_a_number_out_of_range_costs_no_other_word(any_portal: Portal) -> None:
    """What can be kept is on disk; the rest is told beside its question and comes back as it was typed."""
    typed = {
        "reframe__old_meaning": "It was my job.",
        "reframe__old_belief_before": "900",
        "reframe__emotions.name": ["Shame", "", ""],
        "reframe__emotions.before": ["80", "30", ""],
        "reframe__emotions.after": ["", "", ""],
    }
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=reframe")
        line = await autosaved(browser, page, **typed)
        assert line.status_code == 422
        assert "Saved 13:00, but for this" in line.text
        assert 'href="#reframe.old_belief_before"' in line.text
        assert 'name="revision"' in line.text
        told = Page.of(await pressed(browser, page, **typed))
        assert told.answer.status_code == 422
        assert told.value("reframe.old_meaning") == "It was my job."
        assert told.value("reframe.old_belief_before") == "900"
        assert told.fields["reframe.emotions.before"][:2] == ["80", "30"]
        wrong = told.markup.one(id="reframe.old_belief_before").attributes
        assert wrong["aria-invalid"] == "true"
        assert told.markup.one(id="reframe.old_belief_before-error").words.startswith("Please choose")
        fixed = {"reframe__old_belief_before": "90", "reframe__emotions.name": ["Shame", "Fear", ""]}
        read = await followed(browser, await pressed(browser, told, **fixed))
        assert "before 80" in read.words
    (entry,) = await all_entries(any_portal.cast)
    assert entry.document.answers["reframe.old_belief_before"] == 90


async def test_a_slip_in_a_number_keeps_the_number_from_before(portal: Portal) -> None:
    """An answer that cannot be kept leaves the one that is on disk alone."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=reframe")
        await pressed(browser, page, reframe__old_belief_before="90")
        page = await opened(browser, f"/journal/{id_of(page)}/edit")
        assert (await autosaved(browser, page, reframe__old_belief_before="9000")).status_code == 422
    (entry,) = await all_entries(portal.cast)
    assert entry.document.answers == {"reframe.old_belief_before": 90}


async def test_words_beyond_the_ceiling_come_back_whole(portal: Portal) -> None:
    """Twenty thousand characters are kept; one more is told and stays on the page, and so do long titles."""
    text = "a\n😀" * 5000
    async with portal.client("alice") as browser:
        page = await opened(browser, FREE)
        assert (await pressed(browser, page, free__text=text)).status_code == 303
        page = await opened(browser, f"/journal/{id_of(page)}/edit")
        assert page.value("free.text") == text
        told = Page.of(await pressed(browser, page, free__text=text * 2, title="t" * 301))
        assert told.answer.status_code == 422
        assert told.value("free.text") == text * 2
        assert told.value("title") == "t" * 301
    (entry,) = await all_entries(portal.cast)
    assert entry.document.answers["free.text"] == text


async def test_an_answer_can_be_taken_back(portal: Portal) -> None:
    """What is emptied or no longer ticked on a page is gone; what is not on that page stays."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=reframe")
        both = {"reframe__thinking_habit": ["blame", "other"], "reframe__body": "chest", "reframe__voc": "3"}
        await pressed(browser, page, **both, reframe__old_meaning="old")
        ident = id_of(page)
        page = await opened(browser, f"/journal/{ident}/edit?prompt=reframe.thinking_habit")
        sent = {key: value for key, value in page.fields.items() if key != "reframe.thinking_habit"}
        await browser.post(f"/journal/{ident}", data=sent)
        page = await opened(browser, f"/journal/{ident}/edit")
        await pressed(browser, page, reframe__voc="")
    (entry,) = await all_entries(portal.cast)
    assert entry.document.answers == {"reframe.old_meaning": "old", "reframe.body": "chest"}


async def test_two_tabs_lose_no_words(any_portal: Portal) -> None:
    """The older tab is told at its next pause and at the button; both texts are kept and can be compared."""
    async with any_portal.client("alice") as browser, any_portal.client("alice") as phone:
        page = await opened(browser, FREE)
        await pressed(browser, page, free__text="begin")
        path = f"/journal/{id_of(page)}/edit"
        one, other = await opened(browser, path), await opened(phone, path)
        assert (await autosaved(phone, other, free__text="from the phone")).status_code == 200
        line = await autosaved(browser, one, free__text="from the desk")
        assert line.status_code == 409
        assert "newer version" in line.text
        assert 'name="revision"' not in line.text, "the page stays what it is: the older one"
        told = Page.of(await pressed(browser, one, free__text="from the desk, and more"))
        assert told.answer.status_code == 409
        assert told.value("free.text") == "from the desk, and more"
        (compare,) = [one.attributes["href"] for one in told.markup.all("a") if "Compare" in one.words]
        both = await opened(browser, compare)
        assert "from the desk, and more" in both.words
        assert "from the phone" in both.words
    alice = await any_portal.cast.actor("alice")
    kept = {one.reason: one.document.answers for one in await revisions.list_revisions(alice, id_of(page))}
    assert kept == {
        Reason.CONFLICT: {"free.text": "from the desk, and more"},
        Reason.EARLIER: {"free.text": "begin"},
    }


async def test_a_stale_page_without_a_name_is_told_what_became_of_its_words(any_portal: Portal) -> None:
    """A form that leaves out which page it is meets the same answer: kept beside, and never that it was deleted."""
    async with any_portal.client("alice") as browser:
        page = await opened(browser, FREE)
        await pressed(browser, page, free__text="begin")
        old = await opened(browser, f"/journal/{id_of(page)}/edit")
        await pressed(browser, old, free__text="newer")
        sent = {key: value for key, value in old.filled({"free.text": "older"}).items() if key != "sitting"}
        told = Page.of(await browser.post(action(old), data=sent))
        assert told.answer.status_code == 409
        assert "not the newest version" in told.words
        (compare,) = [one.attributes["href"] for one in told.markup.all("a") if "Compare" in one.words]
        assert "older" in (await opened(browser, compare)).words


async def test_a_page_whose_answer_was_lost_goes_on(portal: Portal) -> None:
    """A page that never heard of its own last save is no second writer; a page beside it still is."""
    async with portal.client("alice") as browser:
        page = await opened(browser, FREE)
        for text in ("one", "one two", "one two three"):
            answer = await autosaved(browser, page, free__text=text)  # each from revision 0
            assert answer.status_code == 200
        other = page.filled({"free.text": "else", "sitting": "another"})
        assert (await browser.post(action(page), data=other)).status_code == 409
    (entry,) = await all_entries(portal.cast)
    assert entry.document.answers == {"free.text": "one two three"}


@pytest.mark.parametrize("revision", ["0", "1"])
async def test_writing_into_a_deleted_entry_keeps_the_words_on_the_page(
    portal: Portal, revision: str
) -> None:
    """Deleted on another page meanwhile: nothing is saved, nothing is lost, and there is a way back."""
    async with portal.client("alice") as browser:
        page = await opened(browser, FREE)
        await autosaved(browser, page, free__text="begin")
        alice = await portal.cast.actor("alice")
        await removal.delete_entry(alice, id_of(page))
        line = await autosaved(browser, page, free__text="going on", revision=revision)
        assert line.status_code == 422
        assert "Not saved" in line.text
        told = Page.of(await pressed(browser, page, free__text="going on", revision=revision))
        assert told.value("free.text") == "going on"
        assert any(one.attributes["href"] == "/journal/deleted" for one in told.markup.all("a"))
        await removal.restore_entry(alice, id_of(page))
        assert (await pressed(browser, told, free__text="going on")).status_code == 303


async def test_much_distress_offers_grounding_first_and_blocks_nothing(portal: Portal) -> None:
    """From eight of ten on, the way to grounding stands first, in the line and on the next page."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=grounding")
        calm = await autosaved(browser, page, ground__suds_before="7")
        assert "/ground" not in calm.text
        line = await autosaved(browser, page, ground__suds_before="8", revision="1")
        assert "/ground" in line.text
        read = await followed(browser, await pressed(browser, page, ground__suds_before="9", revision="2"))
        assert read.words.index("Take a moment to ground") < read.words.index("Distress before")
        assert "Take a moment" not in (await opened(browser, f"/journal/{id_of(page)}")).words


@pytest.mark.parametrize("go", ["done", "stay", "all", "one", "next", "back", "skip", "pause"])
async def test_much_distress_offers_grounding_whichever_button_was_pressed(portal: Portal, go: str) -> None:
    """Going on, going back, stopping or changing the way of asking: the page that follows offers grounding on top."""
    prompt = "" if go in ("done", "all", "one") else "prep.anchor"
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/new?kind=preparation&prompt={prompt}")
        read = await followed(browser, await pressed(browser, page, go, prep__anchor_before="9"))
        assert read.markup.all("a", within="notice", href="/ground")


async def test_help_leaving_grounding_and_readers_are_on_every_writing_page(portal: Portal) -> None:
    """Whoever writes sees who can read it, and can stop, hide or ground."""
    entry = await written(portal.cast)
    await shared(portal.cast, entry)
    async with portal.client("alice") as browser:
        for path in (FREE, "/journal/new?kind=reframe", "/journal/new?kind=integration&prompt=first"):
            page = await opened(browser, path)
            assert "Only you can read this." in page.words
            assert page.markup.all("a", href="/help-now")
            assert page.markup.all("a", href="/ground")
            assert page.markup.all("form", action="/sign-out")
            assert page.markup.all("button", value="pause")
            assert page.markup.all("input", **{"class": "cover-box"})
        answers = {"reframe.old_meaning": "x", "reframe.test_action": "y"}
        reframe = await written(portal.cast, document=EntryDocument("reframe", answers={**answers}))
        where = f"/journal/{reframe.id}"
        for path in (f"{where}/revisits", f"{where}/step", "/moments", "/steady/skill"):
            page = await opened(browser, path)
            assert page.markup.all("a", href="/ground", within="main")
            assert page.markup.all("input", **{"class": "cover-box"})
        for path in (f"/journal/{entry.id}/edit", f"/journal/{entry.id}"):
            page = await opened(browser, path)
            assert "Shared with Bob Example" in page.words
            assert "Only you can read this." not in page.words


async def test_a_partly_shared_entry_marks_what_is_shared(portal: Portal) -> None:
    """Each part that somebody can read says so; where all or nothing is shared, the line at the top is enough."""
    cast = portal.cast
    entry = await write(cast, "integration", {"int.meaning": "the sea", "int.unsure": "the door"})
    async with portal.client("alice") as browser:
        assert "can read this part" not in (await opened(browser, f"/journal/{entry}")).words
        await share(cast, entry, "int.meaning")
        page = await opened(browser, f"/journal/{entry}")
        parts = {one.words for one in page.markup.all("section", **{"class": "answer"})}
        (marked,) = (part for part in parts if "can read this part" in part)
        assert "the sea" in marked
        assert "Bob" in marked


async def test_what_people_write_stays_text(portal: Portal) -> None:
    """Tags, quotes, percent signs and other scripts are shown as they were written, everywhere."""
    nasty = '<script>alert("1")</script> 100% %(name)s {{ 7*7 }} שלום 👩‍👩‍👧'
    async with portal.client("alice") as browser:
        page = await opened(browser, FREE)
        typed = {"free__text": nasty, "title": nasty, "note": nasty}
        read = await followed(browser, await pressed(browser, page, **typed))
        edit = await opened(browser, f"/journal/{id_of(page)}/edit")
        assert (edit.value("free.text"), edit.value("title"), edit.value("note")) == (nasty,) * 3
        lists = [await opened(browser, path) for path in ("/journal", "/journal/deleted")]
        lists.append(Page.of(await browser.post("/journal", data={"q": "alert"})))
        for shown in (read, edit, *lists):
            assert "<script>alert" not in shown.answer.text
        assert nasty in read.words
        assert nasty in lists[0].words


async def test_a_note_of_care_closes_the_words(portal: Portal) -> None:
    """An entry with a note shows the note and keeps the rest folded until it is opened."""
    entry = await written(portal.cast)
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{entry.id}")
    (meaning,) = [one for one in page.markup.all("div") if one.words == "Maybe that I am allowed to rest."]
    assert "details" in meaning.within
    assert "About my father" in page.markup.one("summary").words


async def test_a_session_is_ones_own(portal: Portal) -> None:
    """An entry can be tied to a session and untied; another patient's session is no choice."""
    mine = await dosing(portal.cast, "2026-11-20T14:00")
    theirs = await dosing(portal.cast, "2026-11-20T14:00", "dana")
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/new?kind=free&session={theirs}")
        assert page.value("session") == ""
        assert theirs.hex not in page.answer.text
        await pressed(browser, page, free__text="x", session=theirs.hex)
        (entry,) = await all_entries(portal.cast)
        assert entry.document.session_id is None
        page = await opened(browser, f"/journal/{id_of(page)}/edit")
        assert page.value("session") == ""
        await pressed(browser, page, session=mine.hex)
        read = await opened(browser, f"/journal/{id_of(page)}")
        assert "Dosing session, 20 Nov 2026" in read.words
        page = await opened(browser, f"/journal/{id_of(page)}/edit")
        assert page.value("session") == mine.hex
        await pressed(browser, page, session="")
    (entry,) = await all_entries(portal.cast)
    assert entry.document.session_id is None


@pytest.mark.parametrize(
    ("local", "has_rested", "fits", "waiting"),
    [
        ("2026-11-25T14:00", False, "Preparation", 0),
        ("2026-11-22T08:00", False, "Capture", 2),
        ("2026-11-19T14:00", False, "Free writing", 2),
        ("2026-11-19T14:00", True, "Integration", 0),
    ],
)
async def test_the_kind_that_fits_the_nearest_session_comes_first(
    portal: Portal, local: str, has_rested: bool, fits: str, waiting: int
) -> None:
    """Before a session preparation is suggested, on its day capture, in the days after integration, once rested."""
    session = await dosing(portal.cast, local)
    if has_rested:
        await report_past(portal.cast)
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal/new")
        first = page.markup.all("a", within="kind")[0]
        assert first.words == fits
        assert f"session={session}" in first.attributes["href"]
        assert len(page.markup.all("a", within="kind")) == len(WRITTEN_KINDS) - waiting
        assert (await browser.get(first.attributes["href"])).status_code == 200


async def test_a_session_that_begins_late_is_prepared_for_until_then(portal: Portal) -> None:
    """From its planned time on, and before anybody says that it begins, there is nothing to look back at."""
    session = await dosing(portal.cast, f"{NOON:%Y-%m-%dT%H:%M}")
    async with portal.client("alice") as browser:
        for status, fits in ((None, "Preparation"), ("in_session", "Capture")):
            if status is not None:
                await browser.post(f"/sessions/{session}/status", data={"status": status})
            page = await opened(browser, "/journal/new")
            assert page.markup.all("a", within="kind")[0].words == fits


async def test_nothing_that_asks_for_numbers_is_offered_until_somebody_has_rested(portal: Portal) -> None:
    """From the start to the rest there are words to write, and the safety plan; afterwards the others too."""
    numbers = {"/day-lines", "/check-ins", "/evaluation", "/measures"}
    session = await dosing(portal.cast, f"{NOON:%Y-%m-%dT%H:%M}")
    async with portal.client("alice") as browser:

        async def offered() -> set[str]:
            page = await opened(browser, "/journal/new")
            links = {one.attributes["href"] or "" for one in page.markup.all("a", within="page")}
            assert "/safety-plan" in links
            return links & numbers

        assert await offered() == set()  # its planned time has come, and nobody said whether it took place
        await browser.post(f"/sessions/{session}/status", data={"status": "in_session"})
        assert await offered() == set()
    await rested(portal.cast, session)
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal/new")
        assert {one.attributes["href"] for one in page.markup.all("a")} >= numbers


@pytest.mark.parametrize("path", ["/journal/new?kind=poem", "/journal/new?kind=free&prompt=more"])
async def test_an_address_that_means_nothing_is_not_there(portal: Portal, path: str) -> None:
    """A bent address is a page that says so, never an error of ours."""
    async with portal.client("alice") as browser:
        assert (await browser.get(path)).status_code == 404
        bent = {"kind": "poem", "revision": "0", "free.text": "x"}
        assert (await browser.post(f"/journal/{uuid4()}", data=bent)).status_code == 404


PAGES = ("", "/edit", "/deletion", "/erasure", "/revisions")


async def refused(browser: AsyncClient, path: str) -> set[int]:
    """What looking at and sending to an address gives."""
    sent = {"kind": "free", "revision": "1", "fields": "free.text", "free.text": "mine now"}
    return {
        (await browser.get(path)).status_code,
        (await browser.post(path, data=sent)).status_code,
        (await browser.post(path, data=sent | {"revision": "0"})).status_code,
    }


@pytest.mark.parametrize("who", ["dana", "bob", "charlie"])
async def test_nobody_else_opens_or_changes_an_entry(any_portal: Portal, who: str) -> None:
    """For another patient and for clinicians, even one who reads a copy, the entry itself does not exist."""
    entry = await written(any_portal.cast)
    await shared(any_portal.cast, entry)
    async with any_portal.client(who) as browser:
        for page in PAGES:
            assert await refused(browser, f"/journal/{entry.id}{page}") <= {404, 405}
        assert (await browser.post(f"/journal/{entry.id}/restoration")).status_code == 404
    (kept,) = await all_entries(any_portal.cast)
    assert kept.document == THE_SEA
