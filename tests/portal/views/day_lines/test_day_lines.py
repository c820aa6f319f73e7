"""Day lines on the page: off until wanted, a few taps without JavaScript, and to whom they go."""

from __future__ import annotations

from journal.day_lines import records
from journal.day_lines.lines import DayLine, parse_day_lines
from journal.standing import standing
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import in_session, read_by, signed_in_again

UNWANTED = ("streak", "in a row", "missed", "average", "mean of", "well done", "days without")


async def typed(portal: Portal, **values: str) -> Page:
    """Have alice fill in the form of a line, and read what it came to."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/day-lines")
        form = page.markup.one("form", **{"class": "form"})
        answer = await browser.post(form.attributes["action"], data=page.filled(values, "save"))
        return await followed(browser, answer) if answer.status_code == 303 else Page.of(answer)


async def test_home_offers_it_only_to_who_wants_it(portal: Portal) -> None:
    """Off at first; on, one line until it is written; off again, nothing is lost."""
    async with portal.client("alice") as browser:
        assert "Today’s line" not in (await opened(browser, "/")).words
        await followed(browser, await browser.post("/day-lines", data={"go": "on"}))
        assert "Today’s line" in (await opened(browser, "/")).words
        await typed(portal, mood="5")
        assert "Today’s line" not in (await opened(browser, "/")).words
        portal.cast.clock.forward(hours=13)
    await signed_in_again(portal.cast)
    async with portal.client("alice") as browser:
        assert "Today’s line" in (await opened(browser, "/")).words
        page = await followed(browser, await browser.post("/day-lines", data={"go": "off"}))
        assert "mood 5" in page.words
        assert "Today’s line" not in (await opened(browser, "/")).words


async def test_a_line_is_saved_changed_and_read(any_portal: Portal) -> None:
    """All but the day may stay blank; an earlier day says that it was written later; nothing is counted."""
    page = await typed(any_portal, mood="5", tension="0", line="A walk by the water")
    assert "Saved." in page.words
    for words in ("mood 5", "tension 0", "A walk by the water", "13:00"):
        assert words in page.words
    assert "sleep" not in page.words.partition("Lines before")[2]
    page = await typed(any_portal, day="2026-11-19", sleep="8")
    assert "written later" in page.words
    async with any_portal.client("alice") as browser:
        again = await opened(browser, "/day-lines?day=2026-11-19")
        assert again.value("sleep") == "8"
        assert "2026" in again.heading
        form = again.markup.one("form", **{"class": "form"})
        await followed(
            browser, await browser.post(form.attributes["action"], data=again.filled({"sleep": "7"}, "save"))
        )
        entry = (await records.load_day_lines(await any_portal.cast.actor("alice"))).months[0]
        shown = await opened(browser, f"/journal/{entry.id}")
        for words in ("Day lines, November 2026", "sleep 7", "A walk by the water", "mood 5"):
            assert words in shown.words
        assert (
            await followed(browser, await browser.get(f"/journal/{entry.id}/edit"))
        ).heading == "Today’s line"
        assert not [word for word in UNWANTED if word in (shown.words + page.words).lower()]


async def test_a_line_that_was_not_on_the_page_is_not_written_over(any_portal: Portal) -> None:
    """Of another page, or of the day that was chosen in the form: it is shown, with what was typed below it."""
    await typed(any_portal, day="2026-11-20", line="Friday as it was")
    async with any_portal.client("alice") as browser:
        first, second = await opened(browser, "/day-lines"), await opened(browser, "/day-lines")
        await browser.post("/day-lines", data=first.filled({"line": "Today as it was"}, "save"))
        for day, words in (("2026-11-22", "Today as it was"), ("2026-11-20", "Friday as it was")):
            form = second.filled({"day": day, "line": "Anew", "mood": "7"}, "save")
            answer = await browser.post("/day-lines", data=form)
            assert answer.status_code == 409
            page = Page.of(answer)
            assert words in page.words.partition("Mood")[0]
            assert (page.value("line"), page.value("mood"), page.value("day")) == ("Anew", "7", day)
            assert words in [one.words for one in await lines(any_portal)]
        saved = await browser.post("/day-lines", data=page.filled({}, "save"))
        assert saved.status_code == 303
    assert [one.words for one in await lines(any_portal)] == ["Anew", "Today as it was"]


async def test_numbers_under_a_name_that_is_not_asked_for_any_more_stay(portal: Portal) -> None:
    """Whatever of that day is corrected; a number that is asked for can be blanked."""
    for name, changed in (
        ("Knees", {"own1": "7", "line": "A tpyo"}),
        ("Hands", {"own1": "2", "line": "A typo"}),
    ):
        async with portal.client("alice") as browser:
            page = await opened(browser, "/day-lines/own")
            await browser.post("/day-lines/own", data=page.filled({"name1": name}))
        await typed(portal, **changed)
    assert [dict(one.own) for one in await lines(portal)] == [{"Knees": 7, "Hands": 2}]
    await typed(portal, own1="")
    assert [dict(one.own) for one in await lines(portal)] == [{"Knees": 7}]


async def test_no_number_goes_to_a_name_that_was_not_on_the_page(portal: Portal) -> None:
    """Names that were changed meanwhile are told, with the numbers still there; sent again, they are saved."""
    async with portal.client("alice") as browser:
        own = await opened(browser, "/day-lines/own")
        await browser.post("/day-lines/own", data=own.filled({"name1": "Knees"}))
        form = await opened(browser, "/day-lines")
        await browser.post("/day-lines/own", data=own.filled({"name1": "Hope"}))
        answer = await browser.post(
            "/day-lines", data=form.filled({"own1": "8", "line": "As it was"}, "save")
        )
        assert answer.status_code == 409
        page = Page.of(answer)
        assert "The lines of your own were changed on another page." in page.words
        assert (page.value("own1"), page.value("line")) == ("8", "As it was")
        assert await lines(portal) == ()
        await browser.post("/day-lines", data=page.filled({}, "save"))
    assert [dict(one.own) for one in await lines(portal)] == [{"Hope": 8}]


async def lines(portal: Portal) -> tuple[DayLine, ...]:
    """Return alice's lines."""
    return (await records.load_day_lines(await portal.cast.actor("alice"))).lines


async def test_what_cannot_be_keeps_what_was_typed(portal: Portal) -> None:
    """A line of tomorrow, and one of nothing."""
    page = await typed(portal, day="2026-11-24", mood="5", line="The day after")
    assert page.answer.status_code == 422
    assert "none that is still to come" in page.words
    assert page.value("line") == "The day after"
    assert page.value("mood") == "5"
    assert (await typed(portal)).answer.status_code == 422
    assert (await records.load_day_lines(await portal.cast.actor("alice"))).months == ()


async def test_lines_of_ones_own_are_named_and_asked(portal: Portal) -> None:
    """In one's own words at both ends; two of one name are refused with what was typed."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/day-lines/own")
        twice = {"name1": "Knees", "name2": "Knees", "low1": "none"}
        answer = await browser.post("/day-lines/own", data=page.filled(twice))
        assert answer.status_code == 422
        assert Page.of(answer).value("name2") == "Knees"
        named = page.filled({"name1": "Knees", "low1": "none", "high1": "the worst"})
        page = await followed(browser, await browser.post("/day-lines/own", data=named))
        assert "the worst" in page.words
    assert "Knees 4" in (await typed(portal, own1="4")).words


async def test_in_a_hold_it_waits_and_says_so(portal: Portal) -> None:
    """No form is there; one sent all the same is refused, and keeps what was typed."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/day-lines")
        await in_session(portal.cast)
        answer = await browser.post("/day-lines", data=page.filled({"mood": "5", "line": "In it"}, "save"))
        assert answer.status_code == 409
        assert Page.of(answer).value("line") == "In it"
        assert not (await opened(browser, "/day-lines")).markup.all("input", name="mood")


async def test_each_new_line_goes_to_whom_it_is_given(portal: Portal) -> None:
    """A day that is new goes; one that is corrected stays until it is shared."""
    cast = portal.cast
    await standing.give_standing(await cast.actor("alice"), cast.link, "day_lines")
    await typed(portal, mood="5")
    (read,) = await read_by(cast, "bob")
    assert [one.mood for one in parse_day_lines(read.answers["dayline.lines"])] == [5]
    await typed(portal, mood="9")
    (read,) = await read_by(cast, "bob")
    assert [one.mood for one in parse_day_lines(read.answers["dayline.lines"])] == [5]
    await typed(portal, day="2026-11-21", mood="3")
    (read,) = await read_by(cast, "bob")
    assert [one.mood for one in parse_day_lines(read.answers["dayline.lines"])] == [3, 5]
