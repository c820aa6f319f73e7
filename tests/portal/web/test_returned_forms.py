"""What was typed and could not be taken comes back on the page that says so; passwords do not."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import logs
from portal.web.forms import Form
from tests.portal.browsing import Page
from tests.portal.conftest import Portal

WORDS = "What I do not want to lose, <b>at all</b>.\nNot one line of it."
TYPED = {
    "title": "A day",
    "free.text": WORDS,
    "password": "seven small stones",
    "current": "six small stones",
}


async def breaks(request: Request) -> Response:
    """Read the form, and break in a way that nobody foresaw."""
    raise ZeroDivisionError((await Form.read(request))["free.text"])


@pytest.fixture
def broken(portal: Portal) -> Portal:
    """The application with an address that breaks."""
    portal.app.router.routes.insert(0, Route("/breaks", breaks, methods=["POST"]))
    return portal


async def test_what_breaks_gives_the_words_back(broken: Portal, caplog: pytest.LogCaptureFixture) -> None:
    """With a button that sends all of it once more, and the sign under which the log has it; without passwords."""
    async with broken.client() as browser:
        told = await browser.post("/breaks?a=b", data=TYPED)
    page = Page.of(told)
    assert told.status_code == 500
    assert page.fields == {"title": ["A day"], "free.text": [WORDS.replace("\n", "\r\n")]} or page.fields == {
        "title": ["A day"],
        "free.text": [WORDS],
    }
    page.markup.one("form", method="post", action="/breaks?a=b")
    assert "stones" not in told.text
    assert "asked for it once more" in page.words
    (record,) = [one for one in caplog.records if one.name == logs.NAME]
    (mark,) = re.findall(r"name this sign: (\w{8})", page.words)
    assert f"request={mark} method=POST route=/breaks status=500" in logs.TextFormatter().format(record)


async def test_what_breaks_under_a_page_leaves_it_alone(broken: Portal) -> None:
    """To htmx, whose page still has the words, a sentence is enough."""
    async with broken.client() as browser:
        told = await browser.post("/breaks", data=TYPED, headers={"hx-request": "true"})
    assert (told.status_code, "<" in told.text) == (500, False)


async def test_an_act_on_something_that_is_gone_gives_the_words_back(portal: Portal) -> None:
    """Whatever became of an entry meanwhile, the text that was on its way to it can be copied."""
    async with portal.client("alice") as browser:
        told = await browser.post(f"/journal/{uuid4()}", data={**TYPED, "revision": "3"})
    assert told.status_code == 404
    assert "Not one line of it." in Page.of(told).words
    assert "stones" not in told.text


async def test_a_form_that_was_sent_too_late_comes_back_without_passwords(portal: Portal) -> None:
    """The page that asks to sign in keeps the words for afterwards, and no password."""
    async with portal.client() as browser:
        told = await browser.post("/account/password", data=TYPED)
    assert told.status_code == 401
    assert "Not one line of it." in told.text
    assert "stones" not in told.text
