"""Every page of the product in one language: collected once, and looked at by several tests."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from httpx import AsyncClient

from journal.catalogue.fields import WRITTEN_KINDS, EntryKind
from journal.roles import Role
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.sitter import links as sitter_links
from portal.access.session_cookie import ALLOWED_ROLES, Audience
from portal.routes import ROUTES
from tests.attacks import browse
from tests.attacks.browse import Page
from tests.attacks.conftest import BEGINNINGS
from tests.attacks.conftest import _enrolling as enroll
from tests.attacks.test_routes import address, role_of
from tests.attacks.world import World
from tests.cast import PASSWORDS
from tests.factors import enrolled
from tests.portal.conftest import Portal, answering
from tests.scenes import become

FURNISHED = ("alice", "bob", "erin")
"""Of whom every page is looked at that their role has; of others, what links lead to."""
RESET = ("mona", "nora")
"""Of whom only the pages are looked at that others do not have."""
TOO_MUCH = "ñ" * 30_000
"""More than any field holds: a form that is sent with it is refused, and changes nothing."""


@dataclass
class Collected:
    """What was found: `pages`, and the forms that were refused once, told by their place and their fields."""

    portal: Portal
    world: World
    language: str
    pages: list[Page] = field(default_factory=list)
    refused: set[tuple[str, ...]] = field(default_factory=set)

    @asynccontextmanager
    async def browser(self, name: str | None = None) -> AsyncIterator[AsyncClient]:
        """Open a browser of somebody's that asks for the language."""
        async with self.portal.client(name) as browser:
            browser.headers["accept-language"] = self.language
            yield browser

    def list_addresses(self, roles: Collection[Role]) -> list[str]:
        """Return the address of every page that is for one of *roles*; without any, for anybody."""
        return [
            address(rule, self.world)
            for rule in ROUTES
            if "GET" in rule.methods
            and (
                not {*roles}.isdisjoint(ALLOWED_ROLES.get(rule.audience, Role))
                if roles
                else rule.audience is Audience.ANYONE
            )
        ]

    def add(self, found: Iterable[Page]) -> None:
        """Keep what is a page."""
        self.pages += [page for page in found if "<html" in page.text]

    async def open(self, browser: AsyncClient, paths: Iterable[str]) -> list[Page]:
        """Keep what stands at *paths*, and return it."""
        pages = [browse.read(await browser.get(path, follow_redirects=True)) for path in paths]
        self.add(pages)
        return pages

    async def walk(self, browser: AsyncClient, paths: Iterable[str]) -> list[Page]:
        """Keep what links lead to from *paths*, one page of each kind, and return it."""
        pages = await browse.walk(browser, paths, of_each=1)
        self.add(pages)
        return pages

    async def refuse(self, browser: AsyncClient, pages: Iterable[Page]) -> None:
        """Keep what each form with a field to write in answers to more than it holds."""
        for form in (form for page in pages for form in page.forms if form.method == "post"):
            rules = browse.rules_at(form.action, "POST")
            names = sorted({one.name for one in form.controls if one.name})
            key = (rules[0].path if rules else "", *names)
            if key in self.refused or not any(one.kind in browse.WRITTEN for one in form.controls):
                continue
            self.refused.add(key)
            sent: dict[str, list[str]] = {}
            for name, value in form.filled(lambda _: TOO_MUCH):
                sent.setdefault(name, []).append(value)
            answer = browse.read(await browser.post(form.action, data=sent))
            self.add([replace(answer, text=re.sub("ñ+", "ñ", answer.text))])


async def collect(folder: Path, database: Path, world: World, language: str) -> list[Page]:
    """Collect every page in *language*, on a copy of the world; a page may be there in several states."""
    shutil.copyfile(database, folder / "world.sqlite3")
    async with answering(f"sqlite://{folder}/world.sqlite3", world.furniture, folder) as portal:
        found = Collected(portal, world, language)
        for name, begin in BEGINNINGS.items():
            paths = [path.format_map(world.ids | world.people) for path in begin]
            if name in FURNISHED:
                paths += found.list_addresses([role_of(name)])
            if name == "alice":
                paths += [f"/journal/new?kind={kind.value}" for kind in WRITTEN_KINDS]
            async with found.browser(name) as browser:
                look = found.open if name in RESET else found.walk
                await found.refuse(browser, await look(browser, paths))
        async with found.browser() as browser:
            sitting = world.invited["alice's sit"]
            paths = ["/sign-in", f"/sit/{sitting}", "/nowhere", *found.list_addresses([])]
            await found.refuse(browser, await found.open(browser, paths))
        await _come_back(found)
        await _spend_a_day(found)
    return found.pages


async def _come_back(found: Collected) -> None:
    """Keep what bob sees as a prescriber, and alice where she sets up two-step sign-in and signs in so; and a lock."""
    world = found.world
    async with found.browser("bob") as browser:
        await become(found.portal.cast, "bob", "prescriber")
        await found.open(browser, [f"/patients/{world.people['alice']}/notes/limits"])
    async with found.browser("alice") as browser:
        grounded = world.ids[EntryKind.GROUNDING.value]
        await found.open(browser, [f"/ground/note?log={grounded}", f"/ground/worse?log={grounded}"])
        found.add(await enroll(found.portal, browser))
        await enrolled(found.portal.cast, "alice")
    async with found.browser("dana") as browser:
        found.add([browse.read(await browser.post("/lock", follow_redirects=True))])
    async with found.browser() as browser:
        data = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
        found.add([browse.read(await browser.post("/sign-in", data=data, follow_redirects=True))])


async def _spend_a_day(found: Collected) -> None:
    """Have alice be in a session, with somebody who sits with her, and rest after it; keep what her pages say then."""
    alice = await found.portal.cast.actor("alice")
    begin = alice.now + timedelta(hours=1)
    details = SessionDetails(SessionKind.DOSING, f"{begin:%Y-%m-%dT%H:%M}", "UTC", 60, Setting.HOME)
    session = await session_plan.add_session(alice, alice.id, details)
    sitting = await sitter_links.make_link(alice, session, writes_down=True)
    paths = ["/", f"/sessions/{session}", f"/sit/{sitting.token}", *found.list_addresses([Role.PATIENT])]
    for status in (Status.IN_SESSION, Status.RECOVERING):
        await session_plan.change_status(await found.portal.cast.actor("alice"), session, status)
        async with found.browser("alice") as browser:
            await found.open(browser, paths)
