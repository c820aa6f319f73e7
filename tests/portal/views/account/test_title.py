"""The title and the icon of every page say nothing of what it is, for whoever asks for that."""

from __future__ import annotations

from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal


def shown(page: Page) -> tuple[str, bool, str]:
    """The title of a page, whether it has its own icon, and the title of what covers it."""
    cover = page.markup.all("template", id="cover")
    return (
        page.markup.one("title").text.strip(),
        "icons/hearth" in page.answer.text,
        cover[0].attributes["data-title"] or "" if cover else "",
    )


async def test_a_neutral_title_counts_everywhere_and_in_this_browser_also_signed_out(
    any_portal: Portal,
) -> None:
    """Her pages, what covers them and the sign-in page of this browser; nobody else's."""
    async with any_portal.client("alice") as here, any_portal.client("alice") as there:
        assert shown(await opened(here, "/journal")) == ("Journal · Hearthside", True, "Locked · Hearthside")
        page = await opened(here, "/account/title")
        done = await here.post("/account/title", data=page.filled({"neutral": "yes"}))
        assert done.headers["location"] == "/account?done=title"
        for browser in (here, there):
            for path in ("/account", "/journal", "/help-now", "/journal/new?kind=free"):
                assert shown(await opened(browser, path))[:2] == ("Notes", False)
            assert shown(await opened(browser, "/account"))[2] == "Notes"
        await here.post("/sign-out")
        await there.post("/sign-out")
        assert shown(await opened(here, "/sign-in")) == ("Notes", False, "")
        assert shown(await opened(there, "/sign-in")) == ("Notes", False, "")  # she has been there since
    async with any_portal.client("bob") as other:
        assert shown(await opened(other, "/account"))[:2] == ("Account · Hearthside", True)


async def test_it_can_be_taken_back_and_nonsense_changes_nothing(portal: Portal) -> None:
    """The usual title comes back, here also signed out; anything but the two answers is asked again."""
    async with portal.client("alice") as browser:
        await browser.post("/account/title", data={"neutral": "yes"})
        slip = await browser.post("/account/title", data={"neutral": "perhaps"})
        assert (slip.status_code, "Please choose one of these." in Page.of(slip).words) == (422, True)
        assert (await opened(browser, "/account/title")).value("neutral") == "yes"
        browser.cookies.delete("hearthside-neutral")  # as in a browser that she has not used before
        await browser.post("/account/title", data={"neutral": "no"})
        assert shown(await opened(browser, "/journal"))[:2] == ("Journal · Hearthside", True)
        await browser.post("/sign-out")
        assert shown(await opened(browser, "/sign-in")) == ("Sign in · Hearthside", True, "")


async def test_a_browser_that_saw_home_alone_knows_it_as_well(portal: Portal) -> None:
    """Whoever signs in, sees home and leaves quickly, or whose device locks there, shows no name of ours either."""
    async with portal.client("alice") as here:
        await here.post("/account/title", data={"neutral": "yes"})
    async with portal.client("alice") as there:
        assert shown(await opened(there, "/"))[:2] == ("Notes", False)
        await there.post("/lock")
        assert shown(Page.of(await there.get("/unlock")))[:2] == ("Notes", False)
        await there.post("/sign-out?leave")
        assert shown(await opened(there, "/sign-in")) == ("Notes", False, "")
