"""The guide: one page for each role, for anybody, and a place in it for each page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from journal.roles import Role
from journal.vault.documents import EntryDocument
from portal import __version__
from portal.web.pages import GUIDE_PLACES
from tests.portal.browsing import opened
from tests.portal.conftest import Portal
from tests.scenes import written

REFRAME = EntryDocument("reframe", answers={"reframe.new_meaning": "I may rest."})
LEADS = {
    Role.PATIENT: "Hearthside is your own journal",
    Role.CLINICIAN: "Your patients write in a journal of their own",
    Role.ADMINISTRATOR: "You decide who of the staff can sign in.",
}
PAGES: dict[str, tuple[Role, dict[str, str]]] = {
    "alice": (
        Role.PATIENT,
        {
            "/": "",
            "/journal": "write",
            "/journal/new": "write",
            "/journal/deleted": "undo",
            "/journal/{entry}": "write",
            "/journal/{entry}/shares": "share",
            "/journal/{entry}/deletion": "undo",
            "/measures": "measures",
            "/check-ins": "measures",
            "/day-lines": "measures",
            "/evaluation": "evaluation",
            "/moments": "reframes",
            "/talk": "talk",
            "/triggers": "reframes",
            "/journal/{reframe}/revisits": "reframes",
            "/sessions": "day",
            "/sharing": "share",
            "/sharing/{link}/end": "undo",
            "/records": "records",
            "/records/leaving": "records",
            "/account": "lost",
            "/account/contact": "who",
            "/account/deletion": "undo",
            "/account/help-numbers": "help",
            "/help-now": "help",
            "/ground": "ground",
            "/ground/orient": "ground",
            "/steady": "ground",
        },
    ),
    "bob": (
        Role.CLINICIAN,
        {
            "/patients": "patients",
            "/patients/{patient}": "patients",
            "/patients/{patient}/evaluation": "evaluation",
            "/my-notes": "notes",
            "/patients/{patient}/my-notes": "notes",
            "/patients/{patient}/notes": "notes",
            "/patients/{patient}/summary": "brief",
            "/patients/{patient}/talk": "talk",
            "/patients/{patient}/brief": "brief",
            "/patients/{patient}/contacts": "day",
            "/patients/{patient}/instructions": "day",
            "/patients/{patient}/course": "course",
            "/patients/{patient}/end": "undo",
            "/invitations": "patients",
            "/replies": "who",
            "/records": "records",
            "/account": "lost",
            "/account/reading-hours": "who",
            "/account/reminders": "reminders",
            "/help-now": "help",
        },
    ),
    "erin": (
        Role.ADMINISTRATOR,
        {
            "/": "",
            "/people": "people",
            "/people/invitations": "people",
            "/people/practice": "practice",
            "/people/audit": "log",
            "/account": "lost",
            "/help-now": "help",
        },
    ),
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
    role, pages = PAGES[name]
    known = {
        "entry": (await written(portal.cast)).id,
        "reframe": (await written(portal.cast, document=REFRAME)).id,
        "link": portal.cast.link,
        "patient": (await portal.cast.actor("alice")).id,
    }
    async with portal.client(name) as browser:
        guide = (await opened(browser, "/guide")).answer.text
        assert LEADS[role] in guide
        for path, place in pages.items():
            (link,) = [
                one.attributes["href"]
                for one in (await opened(browser, path.format_map(known))).markup.all("a", within="colophon")
                if one.words == "Guide"
            ]
            assert link == ("/guide#" + place if place else "/guide"), path
            assert not place or f'id="{place}"' in guide, path


@pytest.mark.parametrize(("path", "place"), [
    ("/sign-in", "lost"), ("/recover", "lost"), ("/help-now", "help"), ("/ground", "ground"), ("/about", "")
])  # fmt: skip
async def test_signed_out_a_page_leads_to_its_place(portal: Portal, path: str, place: str) -> None:
    """Whoever cannot come in is led to what to do then."""
    async with portal.client() as browser:
        page = await opened(browser, path)
    assert f'href="/guide{"#" if place else ""}{place}"' in page.answer.text


def test_every_place_is_in_a_guide() -> None:
    """No page leads to a heading that no guide has, and each heading is where some page leads."""
    guides = "".join(page.read_text(encoding="utf-8") for page in Path("templates/guide").glob("*.html"))
    assert set(re.findall(r'call section\("([a-z]+)"', guides)) | {"help"} == set(GUIDE_PLACES.values())


def test_no_line_of_a_guide_is_a_wall() -> None:
    """Somebody tired reads a line at one glance: it is short, and says one thing."""
    for page in sorted(Path("templates/guide").glob("*.html")):
        for line in re.findall(r"<li>(.*?)</li>", page.read_text(encoding="utf-8")):
            assert line.count('_("') <= 1, (page.name, line)
            assert len(line.split()) <= 45, (page.name, line)


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
