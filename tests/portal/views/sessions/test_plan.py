"""The plan as people meet it: seeing, adding, changing, going on, resting."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from journal.catalogue.fields import Answers
from journal.scheduling import plan as session_plan
from journal.sessions import holds
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.vault.documents import EntryDocument
from tests.cast import PASSWORDS
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import signed_in_again, written
from tests.shared_material import dosing, plan_course, share, write

TODAY = {"kind": "dosing", "date": "2026-11-22", "time": "14:00", "sitter": "Kim", "dose_text": "as told"}


async def sent(browser: AsyncClient, page: Page, **typed: str) -> Response:
    """Fill in the page's form and send it."""
    form = page.markup.one("form", **{"class": "form"})
    return await browser.post(form.attributes["action"], data=page.filled(typed))


async def added(browser: AsyncClient, **typed: str) -> str:
    """Have a patient add a session; return its address."""
    answer = await sent(browser, await opened(browser, "/sessions/new"), **(TODAY | typed))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_a_plan_begins_empty_and_says_so_kindly(portal: Portal) -> None:
    """Without sessions the page says what can be done."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/sessions")
    assert "Nothing is planned yet" in page.words
    assert page.markup.one("a", href="/sessions/new").words == "Add a session"


async def test_a_patient_adds_a_session_and_finds_it(any_portal: Portal) -> None:
    """What was typed stands on the session's page and in the plan, and the page says who sees it."""
    async with any_portal.client("alice") as browser:
        page = await opened(browser, await added(browser))
        for words in (
            "1st dosing session",
            "Today, 14:00",
            "At home",
            "Kim",
            "as told",
            "You and Bob Example see",
        ):
            assert words in page.words
        assert "1st dosing session" in (await opened(browser, "/sessions")).words
    async with any_portal.client("bob") as browser:
        patient = await opened(browser, f"/patients/{(await any_portal.cast.actor('alice')).id}")
        assert "1st dosing session" in patient.words


async def test_a_form_that_needs_another_look_keeps_what_was_typed(portal: Portal) -> None:
    """Each field says what is wrong, and nothing has to be typed twice."""
    wrong = {
        "date": "2026-02-31",
        "zone": "Mars/Olympus",
        "minutes": "two hours",
        "note": "bring <socks>",
        "kind": "party",
        "about": "nonsense",
    }
    async with portal.client("alice") as browser:
        page = await opened(browser, "/sessions/new")
        answer = await browser.post("/sessions/new", data=page.filled(wrong | {"time": "09:00"}))
        again = Page.of(answer)
        assert answer.status_code == 422
        assert {"kind", "minutes"} <= {
            one.attributes["href"][1:] for one in again.markup.all("a", within="error-list")
        }
        assert again.value("note") == "bring <socks>"
        assert (again.value("date"), again.value("minutes")) == ("2026-02-31", "two hours")
        answer = await browser.post(
            "/sessions/new", data=again.filled({"kind": "dosing", "minutes": "120", "about": ""})
        )
        problems = {
            one.attributes["href"][1:] for one in Page.of(answer).markup.all("a", within="error-list")
        }
        assert problems == {"date", "zone"}
        assert Page.of(answer).value("zone") == "Mars/Olympus"


async def test_both_see_how_to_join_and_only_a_web_address_is_a_link(portal: Portal) -> None:
    """An address is words, a web address a link, for the patient and their clinician; one that is too long stays."""
    room = "https://video.example.org/room/7"
    async with portal.client("alice") as browser:
        where = await added(browser, join="12 Harbour Street <ring twice>")
        page = await opened(browser, where)
        assert "12 Harbour Street <ring twice>" in page.words
        edit = await opened(browser, f"{where}/edit")
        refused = await sent(browser, edit, join=room * 10)
        assert (refused.status_code, Page.of(refused).value("join")) == (422, room * 10)
        await sent(browser, edit, join=room)
        assert (await opened(browser, where)).markup.one("a", href=room).words == room
    async with portal.client("bob") as browser:
        assert (await opened(browser, where)).markup.one("a", href=room).words == room


async def test_a_form_sent_twice_adds_one_session(portal: Portal) -> None:
    """Pressing the button twice leaves one session in the plan."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/sessions/new")
        first, second = [await sent(browser, page, **TODAY) for _ in range(2)]
        assert first.headers["location"] == second.headers["location"]
    assert len(await load_my_sessions(await portal.cast.actor("alice"))) == 1


@pytest.mark.parametrize(
    ("day", "clock", "shown", "note"),
    [
        ("2027-03-27", "02:30", "Sat 27 Mar 2027, 02:30", ""),
        ("2027-03-28", "02:30", "Sun 28 Mar 2027, 03:30", "02:30 is skipped"),
        ("2027-10-31", "02:30", "Sun 31 Oct 2027, 02:30", "02:30 comes twice"),
        ("2027-10-31", "14:00", "Sun 31 Oct 2027, 14:00", ""),
    ],
)
async def test_the_clocks_change_in_berlin(
    portal: Portal, day: str, clock: str, shown: str, note: str
) -> None:
    """A skipped time moves on and says so, one that comes twice is the first of the two; others stay as typed."""
    async with portal.client("alice") as browser:
        page = await opened(browser, await added(browser, date=day, time=clock))
        assert shown in page.words
        assert ("The clocks go" in page.words) is bool(note)
        assert note in page.words
        edit = await opened(browser, f"{page.answer.url.path}/edit")
        assert (edit.value("date"), edit.value("time")) == (day, clock)


async def test_the_first_of_two_times_is_the_earlier_moment(portal: Portal) -> None:
    """Half past two on the night when the clocks go back is 00:30 in UTC, an hour before the second one."""
    async with portal.client("alice") as browser:
        await added(browser, date="2027-10-31", time="02:30")
        await added(browser, date="2027-03-28", time="02:30")
    spring, autumn = await load_my_sessions(await portal.cast.actor("alice"))
    assert spring.starts_at.isoformat() == "2027-03-28T01:30:00+00:00"
    assert autumn.starts_at.isoformat() == "2027-10-31T00:30:00+00:00"


async def test_other_clocks_are_told_as_well(portal: Portal) -> None:
    """A session elsewhere shows the patient's time, and what the clocks say where it takes place."""
    async with portal.client("alice") as browser:
        where = await added(browser, zone="America/New_York", date="2026-12-01", time="09:00")
        page = await opened(browser, where)
        assert "Tuesday, 1 December 2026, 15:00" in page.words
        assert "Tue 1 Dec 2026, 09:00 by the clocks of New York, United States" in page.words


async def test_of_what_was_planned_for_them_a_patient_changes_the_sitter(portal: Portal) -> None:
    """The form has one field, the rest of a forged form is left out, and the page says whom to ask."""
    await plan_course(portal.cast)
    fourth = (await dosing(portal.cast))[3]
    where = f"/sessions/{fourth.id}"
    async with portal.client("alice") as browser:
        assert "Your therapist planned this session" in (await opened(browser, where)).words
        page = await opened(browser, f"{where}/edit")
        assert set(page.fields) == {"revision", "ident", "sitter"}
        forged = page.filled({"sitter": "Kim", "date": "2027-01-01", "dose_text": "more"})
        assert "Kim" in (await followed(browser, await browser.post(f"{where}/edit", data=forged))).words
    details = (await session_plan.load_session(await portal.cast.actor("alice"), fourth.id)).details
    assert (details.sitter, details.local, details.dose_text) == ("Kim", "2026-11-27T14:00", "200 mg as told")


async def test_a_stale_form_shows_both_versions(portal: Portal) -> None:
    """What was typed stays in the form beside what is newer; saving once more puts it in its place."""
    async with portal.client("alice") as alice, portal.client("bob") as bob:
        where = await added(alice)
        hers, his = await opened(alice, f"{where}/edit"), await opened(bob, f"{where}/edit")
        assert (await sent(bob, his, time="16:00")).status_code == 303
        answer = await sent(alice, hers, time="15:00", note="after lunch")
        stale = Page.of(answer)
        assert answer.status_code == 409
        assert "This session was changed meanwhile" in stale.words
        assert "Sun 22 Nov 2026, 16:00" in stale.words
        assert (stale.value("time"), stale.value("note")) == ("15:00", "after lunch")
        assert "15:00" in (await followed(alice, await sent(alice, stale))).words


async def test_a_stale_form_with_a_slip_is_still_stale(portal: Portal) -> None:
    """Correcting a slip on an old form does not overwrite what is newer unseen."""
    async with portal.client("alice") as alice, portal.client("bob") as bob:
        where = await added(alice)
        hers = await opened(alice, f"{where}/edit")
        assert (await sent(bob, await opened(bob, f"{where}/edit"), time="16:00")).status_code == 303
        slip = await sent(alice, hers, minutes="soon")
        assert slip.status_code == 422
        assert (await sent(alice, Page.of(slip), minutes="90")).status_code == 409


@pytest.mark.parametrize(
    "then", [["in_session"], ["in_session", "recovering"], ["in_session", "stopped_early"]]
)
async def test_nothing_of_a_day_at_home_is_watched_live(portal: Portal, then: list[str]) -> None:
    """Whatever she says of it on the day, every page of her clinician stays as it was until the next morning."""
    async with portal.client("alice") as browser:
        where = await added(browser, setting="home")
    portal.cast.clock.forward(hours=3)
    mine = f"/patients/{(await portal.cast.actor('alice')).id}"
    pages = ("/patients", mine, f"{mine}/brief", where)
    async with portal.client("bob") as desk:
        before = [(await opened(desk, one)).words for one in pages]
        assert "In session" not in before[-1]
    async with portal.client("alice") as browser:
        for status in then:
            answer = await browser.post(f"{where}/status", data={"status": status})
            assert answer.status_code == 303
    async with portal.client("bob") as desk:
        assert [(await opened(desk, one)).words for one in pages] == before
        assert "This day is Alice" in before[-1]
        for status in ("recovering", "cancelled", "closed"):
            answer = await desk.post(f"{where}/status", data={"status": status})
            assert answer.status_code == 422
            assert "This day is theirs" in answer.text
            assert "The status of this session changed" not in answer.text
    portal.cast.clock.forward(hours=24)
    async with portal.client() as desk:
        await desk.post("/sign-in", data={"email": "bob@example.org", "password": PASSWORDS["bob"]})
        assert "This day is" not in (await opened(desk, where)).words


@pytest.mark.parametrize("setting", ["clinic", "home"])
async def test_lists_say_how_far_a_session_is(portal: Portal, setting: str) -> None:
    """Plan, timeline and the clinician's page go by what was said, not by the hour alone."""

    async def read(path: str) -> str:
        session = (await opened(browser, path)).markup.all("span", within="spine-dosing")
        return " ".join(one.words for one in session)

    await write(portal.cast, "free", {"free.text": "a word"})
    async with portal.client("alice") as browser:
        where = await added(browser, setting=setting, time="20:00")
        assert await read("/journal") == "Sunday, 22 November 2026 today"
        await browser.post(f"{where}/status", data={"status": "in_session"})
        assert await read("/journal") == "Sunday, 22 November 2026 under way"
        page = await opened(browser, "/sessions")
        assert "So far" not in page.words
        assert "under way" in page.words
        await browser.post(f"{where}/status", data={"status": "recovering"})
        assert await read("/journal") == "Sunday, 22 November 2026 today"
        assert await read("/sessions") == "Today, 20:00"
        where = await added(browser, setting=setting, time="08:00")
    mine = f"/patients/{(await portal.cast.actor('alice')).id}"
    async with portal.client("alice") as browser:
        assert "not confirmed" in (await opened(browser, "/sessions")).words
        assert "not confirmed" in (await opened(browser, "/journal")).words
    async with portal.client("bob") as browser:
        assert ("not confirmed" in (await opened(browser, mine)).words) is (setting == "clinic")
    portal.cast.clock.forward(hours=24)
    async with portal.client() as browser:
        await browser.post("/sign-in", data={"email": "bob@example.org", "password": PASSWORDS["bob"]})
        assert "not confirmed" in (await opened(browser, mine)).words


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"kind": "integration", "sitter": ""}, "dose_text", "A dose belongs to a dosing session."),
        ({"kind": "preparation", "dose_text": ""}, "sitter", "Who sits belongs to a dosing session."),
        (
            {"kind": "medical_checkin", "dose_text": "", "sitter": "", "route": "oral"},
            "route",
            "Medicine is taken in a dosing session only.",
        ),
        ({"about": UUID(int=7).hex}, "about", "A dosing session belongs to no other."),
        ({"time": "14:05:30"}, "date", "Please give a day and a time"),
    ],
)
async def test_nothing_that_was_typed_for_a_session_is_dropped(
    portal: Portal, typed: dict[str, str], field: str, sentence: str
) -> None:
    """What a session of that kind does not have is refused where it stands, and everything typed stays."""
    async with portal.client("alice") as browser:
        await added(browser, date="2026-11-25")
        answer = await sent(browser, await opened(browser, "/sessions/new"), **(TODAY | typed))
        page = Page.of(answer)
        assert answer.status_code == 422
        assert sentence in page.markup.one("p", id=f"{field}-error").words
        for name, value in (TODAY | typed).items():
            if name != "about":  # of somebody else's session nothing is shown
                assert page.fields[name] == [value]
        assert len(await load_my_sessions(await portal.cast.actor("alice"))) == 1


async def test_a_page_that_is_sent_again_with_other_words_is_told(portal: Portal) -> None:
    """The same again is the same session; other words are not taken for the first, and stay in the form."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/sessions/new")
        first = await sent(browser, page, **(TODAY | {"note": "first"}))
        again = await sent(browser, page, **(TODAY | {"note": "first"}))
        assert (again.status_code, again.headers["location"]) == (303, first.headers["location"])
        other = await sent(browser, page, **(TODAY | {"note": "second"}))
        assert other.status_code == 422
        assert "A session was added from this page before" in Page.of(other).words
        assert Page.of(other).fields["note"] == ["second"]
        assert len(await load_my_sessions(await portal.cast.actor("alice"))) == 1


async def test_under_way_there_is_one_calm_screen(portal: Portal) -> None:
    """Her line, her sitter, help, a few words and grounding; no form, no counting, no other entry."""
    async with portal.client("alice") as browser:
        where = await added(browser)
        one = await session_plan.load_session(await portal.cast.actor("alice"), UUID(where.rsplit("/", 1)[1]))
        await write(portal.cast, "preparation", {"prep.intention": "To let the sea be."}, about=one)
        await write(portal.cast, "free", {"free.text": "PRIVATE"}, about=one)
        page = await followed(browser, await browser.post(f"{where}/status", data={"status": "in_session"}))
        for words in (
            "To let the sea be.",
            "Kim is with you",
            "Help now",
            "Write a few words",
            "Look around",
        ):
            assert words in page.words
        write_here = page.markup.one("a", href=f"/journal/new?kind=capture&session={one.id}")
        assert write_here.words == "Write a few words"
        assert "PRIVATE" not in page.words
        assert {b.words for b in page.markup.all("button", name="status")} == {
            "It is over, I am resting",
            "We stopped early",
        }
        rest = await followed(browser, await browser.post(f"{where}/status", data={"status": "recovering"}))
        assert "Rest. There is nothing to do." in rest.words
        assert rest.markup.one("a", href="/sessions/rest").words == "What waits, and until when"
    async with portal.client("bob") as browser:
        assert "Look around" not in (await opened(browser, where)).words
    portal.cast.clock.forward(hours=5)
    await portal.cast.in_use()
    async with portal.client("alice") as browser:
        assert "What you wrote around it" in (await opened(browser, where)).words


async def test_start_stands_first(portal: Portal) -> None:
    """On the day, the first button of a session's page starts it, and it stands there once."""
    async with portal.client("alice") as browser:
        page = await opened(browser, await added(browser))
        (start,) = page.markup.all("button", name="status", value="in_session")
        assert start.words == "I am starting now"
        assert start is page.markup.all("button", within="main")[0]
        assert page.answer.text.index("I am starting now") < page.answer.text.index("as told")


async def test_not_now_stands_beside_start_and_nowhere_after_it(portal: Portal) -> None:
    """It leads home and asks for no reason: the session stays planned. Once it has begun, it is not there."""
    async with portal.client("alice") as browser:
        where = await added(browser)
        page = await opened(browser, where)
        (later,) = [one for one in page.markup.all("a", within="main") if one.words == "Not now"]
        assert later.attributes["href"] == "/"
        await opened(browser, "/")
        assert "Planned" in (await opened(browser, where)).words
        begun = await followed(browser, await browser.post(f"{where}/status", data={"status": "in_session"}))
        assert "Not now" not in begun.words


async def test_before_the_start_there_is_one_calm_screen(any_portal: Portal) -> None:
    """Intention, sitter and emergency number, start and "Not now", nothing to fill in; once it began, never again."""
    cast = any_portal.cast
    async with any_portal.client("alice") as browser:
        where = await added(browser, sitter="Robin")
        words: Answers = {"prep.intention": "To let the sea be.", "prep.fears": "Not coming back."}
        session = UUID(where.rpartition("/")[2]).hex
        await written(cast, document=EntryDocument("preparation", session_id=session, answers=words))
        (go,) = [one for one in (await opened(browser, "/")).markup.all("a") if "to start" in one.words]
        page = await opened(browser, go.attributes["href"])
        for told in ("To let the sea be.", "Robin is with you.", "112", "I am starting now", "Not now"):
            assert told in page.words, told
        for other in ("Not coming back.", "Cancel", "Check list", "Prepare"):
            assert other not in page.words, other
        assert not page.markup.all("input", within="main")
        (later,) = [one for one in page.markup.all("a", within="main") if one.words == "Not now"]
        assert later.attributes["href"] == "/"
        begun = await followed(browser, await browser.post(f"{where}/status", data={"status": "in_session"}))
        again = await opened(browser, go.attributes["href"])
        assert begun.heading == again.heading == "You are here. There is nothing to do."
    async with any_portal.client("bob") as browser:
        assert "Your intention" not in (await browser.get(go.attributes["href"])).text


async def test_what_nobody_reported_is_said_first(portal: Portal) -> None:
    """Once its time has passed, it can still be started, or be said to have taken place, before all else."""
    async with portal.client("alice") as browser:
        page = await opened(browser, await added(browser, time="08:00"))
        first = ["I am starting now", "It took place"]
        buttons = [one.words for one in page.markup.all("button", within="main", name="status")]
        assert buttons[:2] == first
        assert {*first, "It did not take place", "Cancel this session"}.isdisjoint(buttons[2:])
        assert page.answer.text.index(first[-1]) < page.answer.text.index("as told")


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_from_its_planned_time_on_it_is_not_cancelled(any_portal: Portal, who: str) -> None:
    """Not by an old page in a second browser, nor by moving it; the words come back. In the morning no frees."""
    cast, form = any_portal.cast, {"status": "cancelled", "cancel_reason": "a cold & a cough"}
    async with any_portal.client("alice") as browser:
        where = await added(browser, time="13:10", setting="clinic")
    async with any_portal.client(who) as browser, any_portal.client(who) as other:
        edit = await opened(other, f"{where}/edit")
        assert "Cancel this session" in (await opened(other, where)).words
        cast.clock.forward(minutes=15)
        page = await opened(browser, where)
        assert not page.markup.all("button", value="cancelled")
        assert "From Mon 23 Nov 2026, 05:00 on it can be said here that it did not take place." in page.words
        told = Page.of(await other.post(f"{where}/status", data=form))
        assert told.answer.status_code == 422
        assert "has come, so it is not cancelled" in told.words
        assert "You wrote: a cold & a cough" in told.words
        for change in ({"date": "2026-12-24"}, {"zone": "Pacific/Pago_Pago"}, {"kind": "integration"}):
            moved = Page.of(await other.post(f"{where}/edit", data=edit.filled(change)))
            assert moved.answer.status_code == 422, change
        assert await holds.load_hold(await cast.actor("alice")) is not None
    cast.clock.forward(hours=20)
    await signed_in_again(cast)
    async with any_portal.client(who) as browser:
        assert (await opened(browser, where)).markup.all("button", value="cancelled")
        assert (await browser.post(f"{where}/status", data=form)).status_code == 303
    assert await holds.load_hold(await cast.actor("alice")) is None


async def test_a_clinician_is_offered_no_status_of_a_day_at_home(portal: Portal) -> None:
    """Begun or not, the page is the same, offers no button that is refused, and says why."""
    async with portal.client("alice") as browser:
        where = await added(browser, setting="home", time="20:00")
    async with portal.client("bob") as desk:
        page = await opened(desk, where)
        assert not page.markup.all("button", name="status")
        assert "its status is not changed from here" in page.words
        assert (await desk.post(f"{where}/status", data={"status": "cancelled"})).status_code == 422
        form = await opened(desk, f"{where}/edit")
        assert (await desk.post(f"{where}/edit", data=form.filled({"setting": "clinic"}))).status_code == 422
    portal.cast.clock.forward(days=2)
    await signed_in_again(portal.cast)
    async with portal.client("bob") as desk:
        page = await opened(desk, where)
        assert not page.markup.all("button", value="cancelled")
        assert "only Alice Sample says that it did not take place" in page.words


async def test_the_next_morning_nobody_starts_it(any_portal: Portal) -> None:
    """What remains is whether it took place; that it did not is one tap, and can be taken back."""
    async with any_portal.client("alice") as browser:
        where = await added(browser, time="08:00")
    any_portal.cast.clock.forward(hours=20)
    async with any_portal.client() as browser:
        await browser.post("/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]})
        page = await opened(browser, where)
        first, second, *_ = page.markup.all("button", within="main", name="status")
        assert [first.words, second.words] == ["It took place", "It did not take place"]
        told = await followed(
            browser, await browser.post(f"{where}/status", data={"status": second.attributes["value"]})
        )
        assert "Cancelled" in told.words
        assert told.markup.one("button", name="status").words == "It is planned again"


async def test_an_end_is_taken_back_on_the_calm_page(any_portal: Portal) -> None:
    """For ten minutes the calm page offers it; afterwards it does not, and says kindly why it refuses."""
    async with any_portal.client("alice") as browser:
        where = await added(browser)
        for status in ("in_session", "recovering"):
            page = await followed(browser, await browser.post(f"{where}/status", data={"status": status}))
        (back,) = page.markup.all("button", name="status")
        assert (back.words, back.attributes["value"]) == ("It is not over yet", "in_session")
        again = await followed(browser, await browser.post(f"{where}/status", data={"status": "in_session"}))
        assert "You are here. There is nothing to do." in again.words
        await browser.post(f"{where}/status", data={"status": "recovering"})
        any_portal.cast.clock.forward(minutes=10)
        assert not (await opened(browser, where)).markup.all("button", name="status")
        late = await browser.post(f"{where}/status", data={"status": "in_session"})
        assert late.status_code == 422
        assert "“It is over” for ten minutes" in Page.of(late).words
        assert "Rest. There is nothing to do." in (await opened(browser, where)).words


async def test_the_next_morning_a_session_asks_for_rest(portal: Portal) -> None:
    """Also where nobody said that it ended, its page is calm no longer, and rest is confirmed on it."""
    async with portal.client("alice") as browser:
        where = await added(browser)
        await browser.post(f"{where}/status", data={"status": "in_session"})
    portal.cast.clock.forward(hours=20)
    async with portal.client() as browser:
        await browser.post("/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]})
        page = await opened(browser, where)
        assert page.markup.one("form", action="/sessions/rest").attributes["method"] == "post"
        assert "I have slept and feel rested" in page.words


async def test_a_talk_before_a_session_asks_for_no_memory_of_it(portal: Portal) -> None:
    """On a talk that took place days before its dosing session, preparation is offered, and never capture."""
    async with portal.client("alice") as browser:
        dosed = (await added(browser, date="2026-11-25")).rsplit("/", 1)[1]
        talk = {
            "kind": "preparation",
            "date": "2026-11-20",
            "about": UUID(dosed).hex,
            "sitter": "",
            "dose_text": "",
        }
        page = await opened(browser, await added(browser, **talk))
        assert "kind=preparation" in page.answer.text
        assert "kind=capture" not in page.answer.text


async def test_statuses_that_make_no_sense_now_are_not_offered_or_taken(portal: Portal) -> None:
    """A session days ahead does not start, rested is not a button, and a forged status is answered kindly."""
    async with portal.client("alice") as browser:
        where = await added(browser, date="2026-11-30")
        page = await opened(browser, where)
        offered = {one.attributes["value"] for one in page.markup.all("button", name="status")}
        assert offered == {"preparing", "cancelled"}
        for forged in ("recovering", "no such thing", ""):
            answer = await browser.post(f"{where}/status", data={"status": forged})
            assert answer.status_code == 422
            assert "changed in the meantime. Look at it again" in answer.text


async def test_a_session_is_cancelled_with_words_for_both(portal: Portal) -> None:
    """The reason stands on both people's pages; it can be planned again."""
    async with portal.client("alice") as browser:
        where = await added(browser, date="2026-11-30")
        form = {"status": "cancelled", "cancel_reason": "a cold & a cough"}
        await browser.post(f"{where}/status", data=form)
    async with portal.client("bob") as browser:
        page = await opened(browser, where)
        assert "a cold & a cough" in page.words
        assert "Cancelled" in page.words
        again = await browser.post(f"{where}/status", data={"status": "planned"})
        assert "a cold" not in (await followed(browser, again)).words


async def test_a_reason_that_is_too_long_is_said_at_its_field(portal: Portal) -> None:
    """Nothing is cancelled, and what was typed stands there to be shortened."""
    reason = "a cold and a cough " * 120
    async with portal.client("alice") as browser:
        where = await added(browser, date="2026-11-30")
        answer = await browser.post(f"{where}/status", data={"status": "cancelled", "cancel_reason": reason})
        page = Page.of(answer)
        (wrong,) = page.markup.all("input", name="cancel_reason")
        assert answer.status_code == 422
        assert wrong.attributes["aria-invalid"] == "true"
        assert wrong.attributes["value"].strip() == reason.strip()
        assert page.markup.all("a", href="#cancel_reason")
        assert "open" in page.markup.all("details")[-1].attributes
        assert "Planned" in (await opened(browser, where)).words


async def test_rest_is_confirmed_the_next_day_and_not_before(any_portal: Portal) -> None:
    """The page says from when; too early it stays kind; after sleep it lets go."""
    async with any_portal.client("alice") as browser:
        assert "Nothing is waiting" in (await opened(browser, "/sessions/rest")).words
        where = await added(browser)
        await browser.post(f"{where}/status", data={"status": "in_session"})
        early = await browser.post("/sessions/rest")
        assert early.status_code == 409
        assert "from Mon 23 Nov 2026, 05:00 on" in Page.of(early).words
        assert "I have slept" not in early.text
        assert "What waits, and until when" in (await opened(browser, "/sessions")).words
    any_portal.cast.clock.forward(hours=20)
    async with any_portal.client() as browser:
        await browser.post("/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]})
        assert "I have slept and feel rested" in (await opened(browser, "/sessions/rest")).words
        done = await browser.post("/sessions/rest")
        assert done.status_code == 200
        assert "Thank you" in done.text
        assert "Integrating" in (await opened(browser, where)).words


async def test_a_planned_session_of_today_holds_until_it_is_answered(any_portal: Portal) -> None:
    """One question from the next morning on: on home until it is put off, and wherever something is held; no frees."""
    question, cast = "Did it take place?", any_portal.cast
    async with any_portal.client("alice") as browser:
        where = await added(browser, time="12:30")
        page = await opened(browser, "/sessions/rest")
        assert "From Mon 23 Nov 2026, 05:00 on you are asked whether it took place." in page.words
        assert "feel rested" not in page.words
        assert question not in page.words + (await opened(browser, "/")).words
    cast.clock.forward(days=10)
    await signed_in_again(cast)
    async with any_portal.client("alice") as browser:
        for path in ("/", "/sessions/rest"):
            assert question in (await opened(browser, path)).words, path
        told = await browser.post(f"{where}/status", data={"go": "later"})
        assert "nobody has said" not in (await followed(browser, told)).words
        assert question in (await opened(browser, "/sessions/rest")).words
        for path in (f"/sharing/{cast.link}/end", "/account/deletion", "/records", "/sessions"):
            page = await opened(browser, path)
            assert "nobody has said whether it took place" in page.words, path
            assert page.markup.all("a", href="/sessions/rest"), path
        held = Page.of(await browser.post(f"/sharing/{cast.link}/end"))
        assert held.answer.status_code == 409
        assert held.markup.one("a", href="/sessions/rest").words == "Say whether it took place"
        assert (await browser.post("/sessions/rest")).status_code == 409
    cast.clock.forward(days=1)
    await signed_in_again(cast)
    async with any_portal.client("alice") as browser:
        assert question in (await opened(browser, "/")).words
        await followed(browser, await browser.post(f"{where}/status", data={"status": "cancelled"}))
        assert (await opened(browser, f"/sharing/{cast.link}/end")).markup.all(
            "form", action=f"/sharing/{cast.link}/end"
        )
        assert "Asked again" in (await opened(browser, "/sessions/rest")).words
        assert (await opened(browser, "/")).markup.all("a", href="/sessions/waiting")


async def test_yes_asks_for_rest_however_late(portal: Portal) -> None:
    """The same question, weeks after: yes asks whether they have slept, and only that frees."""
    async with portal.client("alice") as browser:
        where = await added(browser, time="12:30")
    portal.cast.clock.forward(days=30)
    await signed_in_again(portal.cast)
    async with portal.client("alice") as browser:
        page = await followed(browser, await browser.post(f"{where}/status", data={"status": "closed"}))
        assert "Have you slept?" in page.words
        assert "Rest first" in (await opened(browser, "/sessions/rest")).words
        assert "Nothing is waiting" in Page.of(await browser.post("/sessions/rest")).words


async def test_what_was_written_around_a_session_stands_on_its_page(portal: Portal) -> None:
    """For the patient alone: each entry with who can read it."""
    await plan_course(portal.cast)
    third = (await dosing(portal.cast))[2]
    await write(portal.cast, "capture", {"int.images": "water"}, title="Only mine", about=third)
    told = await write(portal.cast, "integration", {"int.top3": "the door"}, title="For Bob", about=third)
    await share(portal.cast, told)
    async with portal.client("alice") as browser:
        rows = {
            one.words
            for one in (await opened(browser, f"/sessions/{third.id}")).markup.all("li", **{"class": "entry"})
        }
    assert any(re.search("Only mine.*Only you", row) for row in rows)
    assert any(re.search("For Bob.*Shared with Bob Example", row) for row in rows)
    async with portal.client("bob") as browser:
        assert "Only mine" not in (await opened(browser, f"/sessions/{third.id}")).words


@pytest.mark.parametrize("outsider", ["charlie", "dana"])
async def test_sessions_of_others_do_not_exist(portal: Portal, outsider: str) -> None:
    """Reading, changing and moving somebody else's session: nothing here."""
    alice = await portal.cast.actor("alice")
    details = SessionDetails(SessionKind.DOSING, "2026-11-30T14:00", "Europe/Berlin", 120, Setting.HOME)
    ident = await session_plan.add_session(alice, alice.id, details)
    async with portal.client(outsider) as browser:
        for method, path in (("GET", ""), ("GET", "/edit"), ("POST", "/edit"), ("POST", "/status")):
            answer = await browser.request(method, f"/sessions/{ident}{path}", data={"status": "cancelled"})
            assert answer.status_code == 404
    assert (await session_plan.load_session(alice, ident)).details.status is Status.PLANNED
