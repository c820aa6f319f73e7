"""The guide: one page for each role, for anybody, and a place in it for each page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from journal.roles import Role
from portal import __version__
from portal.web.pages import GUIDE_PLACES
from tests.portal.browsing import opened
from tests.portal.conftest import Portal

LEADS = {
    Role.PATIENT: "Hearthside is your own journal",
    Role.CLINICIAN: "Your patients write in a journal of their own",
    Role.ADMINISTRATOR: "You decide who of the staff can come in.",
}
PAGES = {
    "alice": (Role.PATIENT, ("/", "/journal", "/sessions", "/sharing", "/records", "/account")),
    "bob": (Role.CLINICIAN, ("/patients", "/invitations", "/records", "/account")),
    "erin": (Role.ADMINISTRATOR, ("/", "/people", "/people/invitations", "/account")),
}


@pytest.mark.parametrize("name", ["alice", "bob", "erin", None])
async def test_everybody_reads_every_guide(portal: Portal, name: str | None) -> None:
    """Signed in or not, each guide can be read; the address without a role leads to one's own."""
    async with portal.client(*filter(None, [name])) as browser:
        own = PAGES[name][0] if name else Role.PATIENT
        assert LEADS[own] in (await opened(browser, "/guide")).words
        for role, lead in LEADS.items():
            page = await opened(browser, f"/guide/{role.value}")
            assert lead in page.words
            assert "is not an emergency service" in page.answer.text
        assert (await browser.get("/guide/sitter")).status_code == 404


@pytest.mark.parametrize("name", list(PAGES))
async def test_each_page_leads_to_its_place(portal: Portal, name: str) -> None:
    """The link below a page leads to the guide of one's role, and to a heading that is there."""
    role, paths = PAGES[name]
    async with portal.client(name) as browser:
        guide = (await opened(browser, "/guide")).answer.text
        assert LEADS[role] in guide
        for path in paths:
            (link,) = [
                one.attributes["href"]
                for one in (await opened(browser, path)).markup.all("a", within="colophon")
                if one.words == "Guide"
            ]
            place = GUIDE_PLACES.get(path.split("/")[1], "")
            assert link == f"/guide{place}"
            assert f'id="{place[1:]}"' in guide if place else True


@pytest.mark.parametrize("role", list(Role))
async def test_contents_lead_to_headings(portal: Portal, role: Role) -> None:
    """Every line of the contents has its section, and every section its line."""
    async with portal.client() as browser:
        page = await opened(browser, f"/guide/{role.value}")
    lines = [one.attributes["href"][1:] for one in page.markup.all("a", within="guide-contents")]
    assert lines == re.findall(r'<h2 id="([a-z]+)"', page.answer.text)


async def test_about_says_what_there_is_to_know(portal: Portal) -> None:
    """Version, licence, practice, and whom to write to: the practice, unless the site names somebody."""
    async with portal.client() as browser:
        page = await opened(browser, "/about")
        for words in (
            __version__,
            "Apache-2.0",
            "Quiet Practice",
            "Your practice, the way you usually reach it",
        ):
            assert words in page.words
        portal.app.state.config = replace(portal.app.state.config, contact="help@example.org")
        assert "help@example.org" in (await opened(browser, "/about")).words
