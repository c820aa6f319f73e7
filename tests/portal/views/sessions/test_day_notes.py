"""Pages of the day of a session: the medicine as told and readings as typed, without JavaScript."""

from __future__ import annotations

import re

import pytest

from journal.dosing_day import record
from journal.dosing_day.lines import Taken, parse_medicine
from journal.standing import standing
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import become, in_session, read_by
from tests.shared_material import dosing, plan_course

READING = {
    "time": "14:20",
    "systolic": "128",
    "diastolic": "82",
    "pulse": "71",
    "oxygen": "98",
    "posture": "lying",
}
JUDGING = re.compile(r"high|low\b|normal|too much|dangerous|extra dose|total", re.IGNORECASE)


async def test_two_parts_are_noted_from_the_quiet_page(any_portal: Portal) -> None:
    """Two taps from the calm page; the time of now stands there; a line is corrected and removed later."""
    session = await in_session(any_portal.cast)
    where = f"/sessions/{session}/medicine"
    async with any_portal.client("alice") as browser:
        quiet = await opened(browser, f"/sessions/{session}")
        assert where in {one.attributes.get("href") for one in quiet.markup.all("a")}
        page = await opened(browser, where)
        assert page.markup.all("html")[0].attributes["class"] == "dark large"
        now = page.value("time")
        assert re.fullmatch(r"\d\d:\d\d", now)
        page = await followed(
            browser, await browser.post(where, data=page.filled({"line": "the first half"}))
        )
        assert f"{now} · the first half" in page.words
        page = await followed(browser, await browser.post(where, data={"time": "23:55", "line": ""}))
        assert "23:55" in page.words
        assert not JUDGING.search(page.words)
        page = await opened(browser, f"{where}?position=0")
        assert page.value("line") == "the first half"
        typed = {name: page.value(name) for name in ("position", "revision")}
        page = await followed(browser, await browser.post(where, data=typed | {"time": now, "line": "half"}))
        assert f"{now} · half" in page.words
        stale = await browser.post(where, data=typed | {"time": now, "line": "lost?"})
        assert stale.status_code == 409
        seen = await record.load_record(await any_portal.cast.actor("alice"), session)
        gone = {"go": "remove", "position": "0", "revision": str(seen.revision)}
        page = await followed(browser, await browser.post(where, data=gone))
        assert "half" not in [one.words for one in page.markup.all("p", within="additions")]


async def test_each_page_about_a_session_numbers_it_as_the_plan_does(portal: Portal) -> None:
    """The second of a course is the second on the pages of its medicine, readings, sitter, sheet and check list too."""
    await plan_course(portal.cast)
    second = (await dosing(portal.cast))[1].id
    async with portal.client("alice") as browser:
        for part in ("", "/medicine", "/readings", "/sitter", "/sitter/sheet", "/checklist"):
            page = await opened(browser, f"/sessions/{second}{part}")
            assert "2nd dosing session" in page.words, part
            assert "1st dosing session" not in page.words, part


async def test_an_unlikely_value_is_asked_once_more_and_kept_as_typed(any_portal: Portal) -> None:
    """The first time it is asked about with all that was typed; the same again is kept, another is asked again."""
    session = await in_session(any_portal.cast)
    where, alice = f"/sessions/{session}/readings", await any_portal.cast.actor("alice")
    async with any_portal.client("alice") as browser:
        answer = await browser.post(where, data=READING | {"systolic": "1280", "taken_by": "Sam"})
        assert answer.status_code == 422
        page = Page.of(answer)
        assert "Is this right?" in page.words
        assert {name: page.value(name) for name in READING} == READING | {"systolic": "1280"}
        assert (await record.load_record(alice, session)).entry is None
        again = await browser.post(where, data=page.filled({"systolic": "12"}))
        assert "Is this right?" in Page.of(again).words
        kept = await followed(browser, await browser.post(where, data=page.filled({})))
        assert "14:20 · blood pressure 1280/82 · pulse 71 · oxygen 98 % · lying down · Sam" in kept.words
        assert not JUDGING.search(kept.words)
        assert not [one for one in kept.markup.all("li") if "caution" in one.attributes.get("class", "")]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"pulse": "fast"}, "a number such as 120"),
        ({"time": "noon"}, "a time such as 14:05"),
        ({"taken_by": "x" * 61}, "60 letters"),
        (dict.fromkeys(("systolic", "diastolic", "pulse", "oxygen"), ""), "one of the numbers"),
    ],
)
async def test_a_refusal_loses_nothing(portal: Portal, wrong: dict[str, str], told: str) -> None:
    """Each is refused beside its field, and everything that was typed is still there."""
    session = await in_session(portal.cast)
    async with portal.client("alice") as browser:
        typed = READING | wrong
        answer = await browser.post(f"/sessions/{session}/readings", data=typed)
        assert answer.status_code == 422
        page = Page.of(answer)
        assert told in page.words
        assert {name: page.value(name) for name in typed} == typed
        several = READING | {"pulse": "fast", "oxygen": "low"}
        page = Page.of(await browser.post(f"/sessions/{session}/readings", data=several))
        for label in ("Pulse: Please", "Oxygen, in percent: Please"):  # each says of which field it is
            assert label in page.words
        for gone in ({"go": "remove"}, {"go": "remove", "position": "7" * 5000, "revision": "1"}):
            assert (await browser.post(f"/sessions/{session}/readings", data=gone)).status_code == 404


async def test_where_else_it_stands(any_portal: Portal) -> None:
    """It is on the entry's own page, whose change leads back here, in the search, and nowhere to begin by hand."""
    session = await in_session(any_portal.cast)
    async with any_portal.client("alice") as browser:
        await browser.post(f"/sessions/{session}/medicine", data={"time": "14:05", "line": "peppermint half"})
        entry = (await record.load_record(await any_portal.cast.actor("alice"), session)).entry
        assert entry
        assert "14:05 · peppermint half" in (await opened(browser, f"/journal/{entry.id}")).words
        moved = await browser.get(f"/journal/{entry.id}/edit")
        assert moved.headers["location"] == f"/sessions/{session}/medicine"
        refused = await browser.post(f"/journal/{entry.id}", data={"revision": "1", "kind": "day"})
        assert refused.status_code == 404
        found = await browser.post("/journal", data={"q": "peppermint"})
        assert str(entry.id) in found.text
        assert (await browser.get("/journal/new?kind=day")).status_code == 404


@pytest.mark.parametrize("profession", ["prescriber", "therapist"])
async def test_something_unplanned_is_noted_and_goes_at_once_only_where_that_was_ticked(
    portal: Portal, profession: str
) -> None:
    """Words are needed and a time is not; corrected, it stays; a therapist reads nothing of it in the hold."""
    cast = portal.cast
    await become(cast, "bob", profession)
    await standing.give_standing(
        await cast.actor("alice"), cast.link, "events", at_once=profession == "prescriber"
    )
    session = await in_session(cast)
    where = f"/sessions/{session}/events"
    async with portal.client("alice") as browser:
        page = await opened(browser, where)
        assert ("can read each new one" in page.words) is (profession == "prescriber")
        for wrong, told in (
            ({"line": " "}, "what happened"),
            ({"time": "noon", "line": "Fell"}, "such as 14:05"),
        ):
            answer = await browser.post(where, data=page.filled(wrong))
            assert answer.status_code == 422
            assert told in Page.of(answer).words
        page = await followed(
            browser, await browser.post(where, data=page.filled({"time": "", "line": "Stood up too soon"}))
        )
        assert "Stood up too soon" in page.words
        read = [parse_medicine(one.answers.get("day.events")) for one in await read_by(cast, "bob")]
        assert read == ([(Taken(None, "Stood up too soon"),)] if profession == "prescriber" else [])
        shown = await opened(browser, f"/sessions/{session}?all=yes")
        assert where in {one.attributes.get("href") for one in shown.markup.all("a")}
        corrected = await opened(browser, f"{where}?position=0")
        await followed(browser, await browser.post(where, data=corrected.filled({"line": "Sat down"})))
        again = [parse_medicine(one.answers.get("day.events")) for one in await read_by(cast, "bob")]
        assert again == read
