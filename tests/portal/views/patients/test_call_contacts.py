"""Whom a patient can call: written on the therapist's page, shown wherever the patient can call somebody."""

from __future__ import annotations

import re
from typing import Any

import pytest

from journal.clinic import call_contacts
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from tests.cast import Cast
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal

TYPED: dict[str, Any] = {
    "role": "nurse",
    "name": "Nurse Placeholder",
    "number": "+49 30 5550 1",
    "purpose": "Sickness that does not stop",
    "zone": "Europe/Berlin",
    "days0": ["1", "2", "3", "4", "5"],
    "start0": "08:00",
    "end0": "18:00",
    "outside": "A message is answered the next morning.",
    "check_date": "2026-12-01",
}
LINK = "tel:+493055501"
EMERGENCY = "tel:911"
ANSWERS = "Answers again Monday 08:00"
HOURS = "Mon–Fri 08:00–18:00"
CHECK = "To be checked again by 1 Dec 2026"


async def contacts_of(cast: Cast) -> str:
    """Return the address of alice's contacts on her therapist's side."""
    return f"/patients/{(await cast.actor('alice')).id}/contacts"


async def add(portal: Portal, **changes: object) -> Page:
    """Have bob fill in the form; return the page that follows."""
    where = f"{await contacts_of(portal.cast)}/new"
    async with portal.client("bob") as browser:
        page = await opened(browser, where)
        sent = {"ident": page.value("ident"), "revision": "0"} | TYPED | changes
        answer = await browser.post(where, data=sent)
        return await followed(browser, answer) if answer.status_code == 303 else Page.of(answer)


async def dose(cast: Cast, *said: Status) -> str:
    """Have alice plan a dosing session for now and say *said* of it; return the address of its page."""
    alice = await cast.actor("alice")
    details = SessionDetails(SessionKind.DOSING, "2026-11-22T13:00", "Europe/Berlin", 120, Setting.HOME)
    ident = await session_plan.add_session(alice, alice.id, details)
    for status in said:
        await session_plan.change_status(alice, ident, status)
    return f"/sessions/{ident}"


def dialed(page: Page) -> list[str]:
    """Return the numbers that a page dials, in its order."""
    found = (one.attributes.get("href", "") for one in page.markup.all("a"))
    return [href for href in found if href.startswith("tel:")]


async def test_what_is_typed_is_listed_and_shown_to_the_patient(any_portal: Portal) -> None:
    """With whether they answer now, what for, what happens at other times, and who wrote it when."""
    listed = await add(any_portal)
    for words in (
        "On-call nurse · Nurse Placeholder",
        "+49 30 5550 1",
        ANSWERS,
        "Written by Bob Example",
        HOURS,
    ):
        assert words in listed.words
    assert CHECK in listed.words
    where = await dose(any_portal.cast)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, where)
        assert LINK in dialed(page)
        for words in (ANSWERS, TYPED["purpose"], "At other times: A message is answered", HOURS, CHECK):
            assert words in page.words
        await browser.post("/help-now", data={"region": "DE"})
        for path in (where, "/help-now/contacts", "/clinic"):
            inside = (await opened(browser, path)).markup.all("a", within="main")
            assert "tel:112" in [one.attributes["href"] for one in inside], path


async def test_the_calm_page_shows_them_and_hides_no_emergency_number(any_portal: Portal) -> None:
    """While a session is under way, also on its cover; the emergency numbers come first, none of them folded."""
    where = await dose(any_portal.cast, Status.IN_SESSION)
    async with any_portal.client("alice") as browser:
        without = dialed(await opened(browser, where))
        await add(any_portal)
        page = await opened(browser, where)
        assert [href for href in dialed(page) if href != LINK] == without
        assert dialed(page)[0] == EMERGENCY
        for words in (ANSWERS, TYPED["purpose"], "At other times: A message is answered"):
            assert words in page.words
        assert str(page.answer.text).count(LINK) == 2  # the cover brings it, too
        await browser.post("/lock")
        for path, headers in ((where, {}), ("/unlock", {}), ("/unlock", {"hx-request": "true"})):
            locked = Page.of(await browser.get(path, headers=headers))
            assert dialed(locked)[0] == EMERGENCY
            assert LINK in dialed(locked)
            assert all("details" not in one.within for one in locked.markup.all("a", href=EMERGENCY))
            assert TYPED["purpose"] not in locked.answer.text


async def test_the_time_is_that_of_whoever_reads(any_portal: Portal) -> None:
    """Opened, locked and for the sitter: eight in New York is two in Berlin, where alice is and has her session."""
    cast, again = any_portal.cast, "Answers again Monday 14:00"
    await add(any_portal, zone="America/New_York")
    where = await dose(cast)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, where)
        assert again in page.words
        assert "Mon–Fri 08:00–18:00 by the clocks of New York, United States" in page.words
        made = await browser.post(f"{where}/sitter", data={"go": "make"})
        link = re.search(r"/sit/[\w-]{43}", made.text)
        assert link
        assert again in (await opened(browser, link[0])).words
        await browser.post(f"{where}/status", data={"status": "in_session"})
        for _ in ("opened", "locked"):
            for path in ("/help-now/contacts", where):
                assert again in (await browser.get(path)).text, path
            assert again in (await browser.get("/unlock", headers={"hx-request": "true"})).text
            await browser.post("/lock")


async def test_a_locked_page_of_another_day_names_nobody(portal: Portal) -> None:
    """Whom somebody calls stands on no lock screen of an ordinary day."""
    await add(portal)
    async with portal.client("alice") as browser:
        await browser.post("/lock")
        for path, headers in (("/journal", {}), ("/unlock", {"hx-request": "true"})):
            assert LINK not in (await browser.get(path, headers=headers)).text


async def test_help_now_fetches_them_below_the_emergency_numbers(any_portal: Portal) -> None:
    """The page itself asks no database; a request of its own brings them, locked or not, and to no other."""
    await add(any_portal)
    for name, there in (("alice", True), ("dana", False), ("bob", False), (None, False)):
        async with any_portal.client(name) as browser:
            assert LINK not in (await browser.get("/help-now")).text
            assert (LINK in (await browser.get("/help-now/contacts")).text) is there
            part = await browser.get("/help-now/contacts", headers={"hx-request": "true"})
            assert part.status_code == (200 if name else 204)
            assert (LINK in part.text) is there
            if name == "alice":
                assert TYPED["purpose"] in part.text
                await browser.post("/lock")
                locked = (await browser.get("/help-now/contacts")).text
                assert LINK in locked
                assert ANSWERS in locked
                for words in (TYPED["purpose"], "A message is answered"):
                    assert words not in locked


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"number": "call me"}, "number", "as it is dialed"),
        ({"number": ""}, "number", "Write the number to call."),
        ({"role": "chief"}, "role", "Please choose one of these."),
        ({"days0": []}, "start0", "choose their days"),
        ({"start0": "late"}, "start0", "choose their days"),
        ({"zone": "Mars"}, "zone", "time zone"),
        ({"check_date": "soon"}, "check_date", "Please choose a day."),
        ({"outside": "x" * 301}, "outside", "Please shorten it."),
    ],
)
async def test_a_slip_comes_back_with_all_that_was_typed(
    portal: Portal, changes: dict[str, object], field: str, sentence: str
) -> None:
    """The field is named with what to do, everything typed stands in the form, and nothing is saved."""
    page = await add(portal, **changes)
    assert page.answer.status_code == 422
    assert sentence in page.words
    assert page.markup.all("a", href=f"#{field}")
    for name in {"name", "number", "purpose", "outside"} - {field}:
        assert page.value(name) == TYPED[name]
    assert list(await call_contacts.load_my_contacts(await portal.cast.actor("alice"))) == []


async def test_an_older_form_shows_what_stands_there_now(portal: Portal) -> None:
    """What was typed is kept, and saving once more puts it in the place of the other."""
    await add(portal)
    (one,) = await call_contacts.load_my_contacts(await portal.cast.actor("alice"))
    where = f"{await contacts_of(portal.cast)}/{one.id}"
    async with portal.client("bob") as browser:
        first = await browser.post(where, data={"revision": "1"} | TYPED | {"purpose": "Fear"})
        assert first.status_code == 303
        late = await browser.post(where, data={"revision": "1"} | TYPED | {"purpose": "Fever"})
        page = Page.of(late)
        assert late.status_code == 409
        assert "This contact was changed meanwhile" in page.words
        assert "Fear" in page.words
        assert page.value("purpose") == "Fever"
        again = {"revision": page.value("revision")} | TYPED | {"purpose": "Fever"}
        assert (await browser.post(where, data=again)).status_code == 303
    (one,) = await call_contacts.load_my_contacts(await portal.cast.actor("alice"))
    assert one.details.purpose == "Fever"


async def test_one_is_removed_after_a_question(portal: Portal) -> None:
    """Asking changes nothing."""
    await add(portal)
    (one,) = await call_contacts.load_my_contacts(await portal.cast.actor("alice"))
    where = f"{await contacts_of(portal.cast)}/{one.id}/removal"
    async with portal.client("bob") as browser:
        assert "Remove this contact?" in (await opened(browser, where)).words
        assert len(await call_contacts.load_my_contacts(await portal.cast.actor("alice"))) == 1
        assert (await browser.post(where)).status_code == 303
    assert list(await call_contacts.load_my_contacts(await portal.cast.actor("alice"))) == []


async def test_a_day_that_passed_asks_to_check_again(portal: Portal) -> None:
    """Both sides are told; the number stays."""
    await add(portal, check_date="2026-11-20")
    where = await dose(portal.cast)
    async with portal.client("alice") as browser:
        page = await opened(browser, where)
        assert "Ask your care team whether it still holds." in page.words
        assert LINK in dialed(page)
    async with portal.client("bob") as browser:
        assert (
            "To be checked since 20 Nov 2026."
            in (await opened(browser, await contacts_of(portal.cast))).words
        )


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        ({"days0": ["7"], "start0": "08:00", "end0": "18:00"}, "Answers now, until 18:00"),
        ({"days0": ["7"], "start0": "20:00", "end0": "22:00"}, "Answers again 20:00"),
        ({"days0": ["1"], "start0": "08:00", "end0": "18:00"}, "Answers again Monday 08:00"),
        ({"days0": [], "start0": "", "end0": ""}, ""),
        ({"days0": list("1234567"), "start0": "00:00", "end0": "00:00"}, "Answers now"),
    ],
)
async def test_it_says_whether_somebody_answers(
    portal: Portal, windows: dict[str, object], said: str
) -> None:
    """At one o'clock on a Sunday in Berlin."""
    listed = await add(portal, **windows)
    if said:
        assert said in listed.words
    else:
        assert "Answers" not in listed.words
