"""Reading hours: a clinician's form, and what their patients read of it."""

from __future__ import annotations

from typing import Any

import pytest

from journal.standing import standing
from tests.journal.notices.test_agreements import agreed
from tests.portal.browsing import opened
from tests.portal.conftest import Portal
from tests.scenes import in_session, rested, signed_in_again, written

PAGE = "/account/reading-hours"
TYPED: dict[str, Any] = {
    "revision": "0",
    "zone": "America/New_York",
    "days0": ["1", "2", "3", "4", "5"],
    "start0": "09:00",
    "end0": "10:00",
    "covers": "Dr. Sand, 555 0100",
    "words": "I read slowly, and answer when we talk.",
}
UNKNOWN = "it may not be read before your next talk."


async def test_a_patient_reads_it_where_they_share(portal: Portal) -> None:
    """By both clocks, with the clinician's own sentence; before they wrote any, that it may not be read."""
    cast = portal.cast
    preview = {"to": str(cast.link), "step": "everything"}
    where = f"/journal/{(await written(cast)).id}/shares"
    async with portal.client("alice") as alice, portal.client("bob") as bob:
        assert UNKNOWN in (await alice.post(where, data=preview)).text
        saved = await bob.post(PAGE, data=TYPED)
        assert saved.headers["location"] == "/account?done=reading-hours"
        page = (await alice.post(where, data=preview)).text
        assert UNKNOWN not in page
        assert "usually looks Mon–Fri 09:00–10:00 by the clocks of New York, United States" in page
        assert "Next: Mon 23 Nov 2026, 15:00 by your clock, Mon 23 Nov 2026, 09:00 by theirs." in page
        assert TYPED["words"] in page
        assert "Dr. Sand" not in page  # nobody has to cover
        again = await opened(bob, PAGE)
        assert again.value("start0") == "09:00"
        away = TYPED | {"revision": "1", "away_from_date": "2026-11-20", "away_until_date": "2026-12-04"}
        assert (await bob.post(PAGE, data=away)).status_code == 303
        page = (await alice.post(where, data=preview)).text
        assert "Away until 4 Dec 2026. Meanwhile: Dr. Sand, 555 0100" in page
        assert "Next: Mon 7 Dec 2026, 15:00" in page


async def test_the_panel_of_an_answer_the_notices_and_a_check_in_say_when_they_look(portal: Portal) -> None:
    """Where somebody would learn of it, the next look is named by the hours; without any, what was agreed on is."""
    cast = portal.cast
    await agreed(cast)
    session = await in_session(cast)
    await rested(cast, session)
    await signed_in_again(cast)
    await standing.give_standing(await cast.actor("alice"), cast.link, "check-ins")
    pages = ("/measures/phq9?again=yes", "/sharing/notices", f"/sessions/{session}/check-in/next-day")
    said = "usually looks Mon–Fri 09:00–10:00 by the clocks of New York, United States. Next: "
    async with portal.client("alice") as alice, portal.client("bob") as bob:
        before = [(await opened(alice, path)).words for path in pages]
        assert not [words for words in before if said in words]
        assert UNKNOWN in before[2]
        assert "When they usually look: at nine." in before[0]
        assert (await bob.post(PAGE, data=TYPED)).status_code == 303
        for path in pages:
            page = await opened(alice, path)
            assert said in page.words, path
            assert UNKNOWN not in page.words or path == pages[0], path  # of the measure as a whole it stays
            assert "When they usually look: at nine." not in page.words, path
        away = {"revision": "1", "away_from_date": "2026-11-20", "away_until_date": "2026-12-04"}
        assert (await bob.post(PAGE, data=TYPED | away)).status_code == 303
        for path in pages:
            page = await opened(alice, path)
            assert "Next: Mon 7 Dec 2026" in page.words, path
            assert "Meanwhile: Dr. Sand, 555 0100" in page.words, path


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"end0": "08:00"}, "These hours end before they begin"),
        ({"end0": ""}, "Write when the hours begin and end"),
        (
            {"away_from_date": "2026-12-02", "away_until_date": "2026-12-01"},
            "This day is before the first day away",
        ),
        ({"words": "x" * 201}, "This is longer than this field can hold"),
    ],
)
async def test_what_was_typed_stays(portal: Portal, changes: dict[str, str], says: str) -> None:
    """A slip changes nothing, and nothing that was typed is lost."""
    async with portal.client("bob") as browser:
        answer = await browser.post(PAGE, data=TYPED | changes)
        assert answer.status_code == 422
        assert says in answer.text
        for value in (TYPED | changes).values():
            assert isinstance(value, list) or not value or str(value) in answer.text
        assert (await opened(browser, PAGE)).value("revision") == "0"


async def test_what_was_saved_elsewhere_is_not_overwritten_unseen(portal: Portal) -> None:
    """An old page is told so, keeps what was typed, and may then be saved."""
    async with portal.client("bob") as browser:
        assert (await browser.post(PAGE, data=TYPED)).status_code == 303
        answer = await browser.post(PAGE, data=TYPED | {"words": "Mine, typed here."})
        assert answer.status_code == 409
        assert "Mine, typed here." in answer.text
        assert "were changed in another window" in answer.text
        assert (await browser.post(PAGE, data=TYPED | {"revision": "1"})).status_code == 303


@pytest.mark.parametrize("who", ["alice", "erin"])
async def test_only_clinicians_have_some(portal: Portal, who: str) -> None:
    """A patient's and an administrator's account has no such page, and no link to it."""
    async with portal.client(who) as browser:
        assert (await browser.get(PAGE)).status_code == 404
        assert PAGE not in (await browser.get("/account")).text
