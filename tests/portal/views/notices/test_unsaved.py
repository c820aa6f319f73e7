"""An answer that is not saved writes no notice, and no page then says that one goes."""

from __future__ import annotations

from uuid import uuid4

from journal.care import tables
from journal.notices import states
from tests.journal.notices.test_agreements import agreed
from tests.portal.browsing import Page, autosaved, opened, pressed
from tests.portal.conftest import Portal
from tests.scenes import in_session

PROMISE = "a notice to them is saved together with this answer"


def says_nobody(words: str) -> bool:
    """Return whether a page says that nothing was written, and promises nothing."""
    return "Nobody has been told." in words and states.UNSAVED in words and PROMISE not in words


async def test_a_page_that_saved_nothing_promises_no_notice(any_portal: Portal) -> None:
    """Another page began the form: with JavaScript and without, the panel says that nobody has been told."""
    await agreed(any_portal.cast)
    async with any_portal.client("alice") as browser:
        first, other = await opened(browser, "/measures/phq9"), await opened(browser, "/measures/phq9")
        assert PROMISE in other.words
        await autosaved(browser, first, item1="1")
        answer = await pressed(browser, other, item9="1")
        assert answer.status_code == 409
        assert says_nobody(Page.of(answer).words)
        quiet = await autosaved(browser, other, item9="1")
        assert quiet.status_code == 409
        assert says_nobody(quiet.text)
        assert await tables.PatientNotice.all().count() == 0


async def test_a_page_that_saved_nothing_tells_of_the_notice_that_another_wrote(any_portal: Portal) -> None:
    """Nor does it say that nobody was told where a notice is there."""
    await agreed(any_portal.cast)
    async with any_portal.client("alice") as browser:
        first, other = await opened(browser, "/measures/phq9"), await opened(browser, "/measures/phq9")
        await pressed(browser, first, "safe", item9="2")
        page = Page.of(await pressed(browser, other, item9="1"))
        assert "A notice was sent to Bob Example" in page.words
        assert states.UNSAVED not in page.words
        assert "A notice was sent to Bob Example" in (await autosaved(browser, other, item9="1")).text


async def test_no_and_not_sure_show_whom_to_call_where_nothing_can_be_saved(any_portal: Portal) -> None:
    """Before anything else on the page, with every answer still there."""
    await agreed(any_portal.cast)
    async with any_portal.client("alice") as browser:
        form = await opened(browser, "/measures/phq9")
        await in_session(any_portal.cast)
        for go, is_first in (("unsafe", True), ("unsure", True), ("safe", False)):
            answer = await pressed(browser, form, go, item9="3", item1="2")
            page = Page.of(answer)
            assert answer.status_code == 409
            assert ("999" in page.words.partition("Not saved yet")[0]) is is_first
            assert says_nobody(page.words)
            assert (page.value("item9"), page.value("item1")) == ("3", "2")
        assert await tables.PatientNotice.all().count() == 0


async def test_without_javascript_the_panel_says_that_a_button_saves(portal: Portal) -> None:
    """Whoever leaves the form there has sent nothing."""
    await agreed(portal.cast)
    async with portal.client("alice") as browser:
        page = await opened(browser, "/measures/phq9")
        (line,) = page.markup.all("noscript", within="main")
        assert "no notice written, before you press a button" in line.words
        answer = await pressed(browser, page, "stay", item9="1", measure=str(uuid4()))
        assert not Page.of(answer).markup.all("noscript", within="main")
