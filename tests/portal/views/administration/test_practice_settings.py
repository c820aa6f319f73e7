"""The practice's page, and where a change of it shows."""

from __future__ import annotations

from pathlib import Path

from journal.authentication import tables as authentication_tables
from journal.care import invitations
from journal.practice import practice
from journal.practice.practice import PracticeSettings
from tests.cast import NOON, PRACTICE, Furniture
from tests.portal.browsing import followed, opened
from tests.portal.conftest import Portal, running

NEW = {"practice_name": "Harbour Practice", "phone": "030 1234", "after_hours": "", "region": "DE"}


async def test_the_page_says_what_stands_and_changes_it(portal: Portal) -> None:
    """The name stands in its field; the change is told, and the next page has it."""
    async with portal.client("erin") as browser:
        page = await opened(browser, "/people/practice")
        assert page.value("practice_name") == PRACTICE
        after = await followed(browser, await browser.post("/people/practice", data=NEW))
        assert "Saved." in after.words
        assert {name: after.value(name) for name in NEW} == NEW
        assert 'href="/people/practice"' in (await browser.get("/")).text


async def test_what_is_refused_is_kept_with_a_sentence(portal: Portal) -> None:
    """What was typed stands in the form again, and nothing was changed."""
    async with portal.client("erin") as browser:
        refused = await browser.post("/people/practice", data=NEW | {"phone": "+49 (0)30 1234"})
        assert refused.status_code == 422
        for words in ('value="+49 (0)30 1234"', 'value="Harbour Practice"', "Leave out a 0 in brackets."):
            assert words in refused.text
        assert PRACTICE in (await browser.get("/people")).text


async def test_who_came_in_long_ago_is_asked_again(portal: Portal) -> None:
    """Patients call the number that is set here, so a browser left open is not enough."""
    await authentication_tables.WebSession.all().update(used_at=NOON, confirmed_at=None)
    async with portal.client("erin") as browser:
        assert (await browser.post("/people/practice", data=NEW)).status_code == 401
        assert PRACTICE in (await browser.get("/people")).text


async def test_a_change_shows_on_the_pages_of_every_process(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Two processes serve: one that changes it shows it at once, the other when it has looked for itself."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    url, furniture = furnished_url
    async with (
        running(url, furniture, tmp_path / "one") as one,
        running(url, furniture, tmp_path / "two") as two,
    ):
        for name in ("alice", "bob", "erin"):
            async with two.client(name) as browser:
                assert PRACTICE in (await browser.get("/account")).text
        async with one.client("erin") as browser:
            assert (await browser.post("/people/practice", data=NEW)).status_code == 303
        await two.app.state.practice.reload(two.app.state.installation)  # as it does every few seconds
        for process in (one, two):
            async with process.client("alice") as browser:
                for path in ("/journal", "/account"):
                    text = (await browser.get(path)).text
                    assert "Harbour Practice" in text
                    assert PRACTICE not in text
                refused = await browser.post("/account/details", data={"name": ""})
                assert PRACTICE not in refused.text
            async with process.client() as browser:
                assert "Harbour Practice" in (await browser.get("/sign-in")).text


async def test_an_invitation_has_the_new_name(portal: Portal) -> None:
    """Who is invited reads where to, as it is called now."""
    await practice.change_practice(await portal.cast.actor("erin"), PracticeSettings("Harbour Practice"))
    token = (await invitations.create_invitation(await portal.cast.actor("bob"), "Nora")).token
    async with portal.client() as browser:
        page = await opened(browser, f"/invite/{token}")
    assert "Harbour Practice" in page.words
    assert PRACTICE not in page.answer.text
