"""The furnished world: made once, copied for each test; and the forms that its people find on their pages."""

from __future__ import annotations

import asyncio
import re
import shutil
from base64 import b32decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

import pytest
import pytest_asyncio
from httpx import AsyncClient, Response

from journal.care_notes.clinic import READINGS, TIMES
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from portal.http.middleware import HEADERS
from portal.views.patients.caseload import SEARCHED_FROM
from tests.attacks import browse
from tests.attacks import world as worlds
from tests.attacks.browse import Control, Sent
from tests.attacks.world import WORDS, Rows, World
from tests.cast import PASSWORDS, Furniture
from tests.conftest import made_once
from tests.factors import app_code
from tests.portal.conftest import Portal, answering
from tests.shared_material import add_patient
from tests.test_architecture import FORBIDDEN_IN_PAGES

STRANGE = "words of a stranger"
PAGES = 200
"""That are remembered, of a hundred kilobytes at most."""
BEGINNINGS = {
    "alice": (
        "/",
        "/account",
        "/account/passkeys/new",
        "/account/second-factor/removal",
        "/account/secret-key/removal",
        "/account/secret-key/shown",
        "/account/witness",
        "/records",
        "/records/import",
        "/records/import/{import run}",
        "/packets/{packet}",
        "/packets/{packet}/entries?kind=integration",
        "/packets/{packet}/preview",
        "/packets/{made packet}",
        "/journal/comparison",
        "/journal/{entry}/revisions/{revision}",
        "/journal/{entry}/shares?to={link}",
        "/journal/{entry}/replies/{link}",
        "/journal/{reframe}/shares",
        "/journal/{reframe}",
        "/journal/{reframe}/revisits",
        "/journal/{reframe}/step",
        "/moments",
        "/today",
        "/sessions/{session}/medicine",
        "/sessions/{session}/events",
        "/sessions/{session}/check-in/before",
        "/sessions/{session}/readings",
        "/sessions/{session}/sitter",
        "/sessions/{sat session}/sitter/notes",
        "/sessions/waiting",
        "/sharing/{link}",
        "/sharing/{karl's link}",
        "/shares/{closed share}/attention",
        "/shares/{closed share}/terms",
    ),
    "bob": (
        "/account/renewal",
        "/patients/{paul}/trust",
        "/patients/{alice}/shared/{closed share}",
        "/patients/{alice}/shared/{changed share}/filing",
        "/",
        "/account",
        "/records",
        "/patients/{mona}/giving-back",
        "/patients/{alice}/restart",
        "/replies",
        "/my-notes",
        "/patients/{alice}/my-notes",
        "/packets/{bob's packet}",
        "/packets/{bob's packet}/entries?kind=integration",
        "/packets/{bob's packet}/preview",
        "/packets/{bob's made packet}",
    ),
    "erin": ("/", "/account", "/people/{gil}", "/people/invitations/{set-up link}"),
    "hana": ("/account/recovery-key",),
    "lena": ("/account/renewal",),
    "mona": ("/account/set-aside",),
    "nora": ("/sharing/{nora's link}/returned",),
}
"""Where each begins to follow links. Some pages are named, so that none depends on which link comes first."""


async def dressed(answer: Response) -> None:
    """
    Fail unless an answer carries every security header, and forbids storing unless it is a static file.

    A page, as it is drawn, holds nothing that its own policy would block.
    """
    missing = {name: answer.headers.get(name) for name, value in HEADERS if answer.headers.get(name) != value}
    assert not missing, f"{answer.request.method} {answer.request.url}: {answer.status_code} {missing}"
    if not answer.request.url.path.startswith("/static/"):
        assert answer.headers["cache-control"] == "no-store", answer.request.url
    await answer.aread()
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert find_blocked(answer.text) == (), answer.request.url


@lru_cache(PAGES)
def find_blocked(text: str) -> tuple[str, ...]:
    """Return what of a page its own policy would block; many are the same as one before."""
    return tuple(name for name, pattern in FORBIDDEN_IN_PAGES.items() if pattern.search(text))


@dataclass
class Target:
    """A running application to attack, what is in it, and the file it keeps it in."""

    portal: Portal
    world: World
    path: Path

    def client(self, name: str | None = None) -> AsyncClient:
        """A browser in which *name* is signed in; it fails on any answer without the security headers."""
        browser = self.portal.client(name)
        browser.event_hooks["response"].append(dressed)
        return browser

    def rows(self) -> Rows:
        """Everything that people made, as it is stored now."""
        return worlds.rows_of(self.path)


@pytest.fixture(scope="session")
def attacked_sqlite(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, World]:
    """An SQLite file with the world in it, to copy from."""

    def make(folder: Path) -> tuple[Path, World]:
        path = folder / "world.sqlite3"
        shutil.copyfile(furnished_sqlite[0], path)
        return path, asyncio.run(worlds.furnish(f"sqlite://{path}", furnished_sqlite[1]))

    return made_once(tmp_path_factory, "attacked", make)


@pytest.fixture
async def target(attacked_sqlite: tuple[Path, World], tmp_path: Path) -> AsyncIterator[Target]:
    """The application on a fresh copy of the world."""
    async with _attacked(attacked_sqlite, tmp_path) as target:
        yield target


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    attacked_sqlite: tuple[Path, World], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Target]:
    """
    The application on one copy of the world, for tests after which everything is as it was.

    To start it takes longer than most of them. Nothing is done in it beside what they ask for, however long it runs.
    """
    async with _attacked(attacked_sqlite, tmp_path_factory.mktemp("shared")) as target:
        yield target


@asynccontextmanager
async def _attacked(made: tuple[Path, World], folder: Path) -> AsyncIterator[Target]:
    original, world = made
    path = folder / "world.sqlite3"
    shutil.copyfile(original, path)
    async with answering(f"sqlite://{path}", world.furniture, folder) as portal:
        yield Target(portal, world, path)


@pytest.fixture(scope="session")
def forms(attacked_sqlite: tuple[Path, World], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sent]:
    """
    What the people of the world would send, by the path of the rule that their pages send it to.

    What stands in an address instead, such as a search, is under "GET " and the path.
    """

    def make(folder: Path) -> dict[str, Sent]:
        shutil.copyfile(attacked_sqlite[0], folder / "world.sqlite3")
        return asyncio.run(_collect(folder, attacked_sqlite[1]))

    return made_once(tmp_path_factory, "walked", make)


async def _collect(folder: Path, world: World) -> dict[str, Sent]:
    found: dict[str, Sent] = {}
    async with answering(f"sqlite://{folder}/world.sqlite3", world.furniture, folder) as portal:
        for name, begin in BEGINNINGS.items():
            async with portal.client(name) as browser:
                pages = await browse.walk(
                    browser, [path.format_map(world.ids | world.people) for path in begin]
                )
                assert [(page.url, page.status) for page in pages if page.status != 200] == []
                if name == "alice":
                    pages.append(browse.read(await browser.get("/confirm")))
                    pages += await _enrolling(portal, browser)
                    await _rest(portal)
                    pages.append(browse.read(await browser.get("/sessions/rest")))
                    await browser.post("/lock")
                    pages.append(browse.read(await browser.get("/unlock")))
                if name == "bob":
                    pages.append(await _caseload_with_search(portal, browser))
                if name == "hana":
                    pages.append(browse.read(await browser.post("/account/recovery-key")))
                    pages.append(browse.read(await browser.get("/confirm")))
            for form in (form for page in pages for form in page.forms):
                for rule in browse.rules_at(form.action, form.method):
                    place = rule.path if form.method != "get" else f"GET {rule.path}"
                    found.setdefault(place, _strange(form.filled(_write(name))))
        # Only whoever has a second factor, or waits for one, sees these three.
        found["/account/second-factor/codes"] = []
        found["/account/witness"] = []  # a form where something was noticed
        # Only a prescriber is shown these forms.
        found["/patients/{id:uuid}/notes/limits"] = [("systolic", "160"), ("kind", "limits"), ("note", "")]
        found["/patients/{id:uuid}/evaluation"] = [
            ("revision", "0"), ("note", ""), ("shared", ""), ("read", ""), ("outcome", "not-now"), ("words", STRANGE),
        ]  # fmt: skip
        # Only on the page of a session with esketamine stands the way to it.
        found["/patients/{id:uuid}/notes/clinic"] = [
            *((name, "" if name.endswith("_time") else STRANGE) for name in READINGS),
            *((name, "") for name in TIMES),
            *(("session", ""), ("kind", "clinic"), ("note", ""), ("revision", "0")),
        ]
        found["/sign-in/second"] = [("next", "/"), ("code", "123456")]
        found["/sign-in/second/passkey"] = [("next", "/"), ("credential", "{}"), ("prf", "")]
        # Only somebody whose account is behind what their browser saw sees this form.
        found["/account/earlier-state"] = [("next", "/")]
        # A script sends these, where a browser keeps a copy.
        found["/kept"] = [("copy", world.kept)]
        found["/safety-plan/copy/renewal"] = [("copy", world.kept), ("revision", "1")]
        # With the right password a file would be sealed each time, which takes seconds.
        found["/records"] = [
            (name, STRANGE if name == "current" else value) for name, value in found["/records"]
        ]
        async with portal.client() as browser:
            for path in ("/sign-in", "/recover", *_tokens(world)):
                for form in browse.read(await browser.get(path)).forms:
                    for rule in browse.rules_at(form.action or path, form.method):
                        found.setdefault(rule.path, form.filled(_write("")))
    return found


async def _caseload_with_search(portal: Portal, browser: AsyncClient) -> browse.Page:
    """Open bob's caseload once it has so many patients that it offers a search."""
    for number in range(1, SEARCHED_FROM):
        await add_patient(portal.cast, f"Patient {number}", f"patient{number}")
    return browse.read(await browser.get("/patients"))


async def _enrolling(portal: Portal, browser: AsyncClient) -> list[browse.Page]:
    """Walk through what only shows step by step: the picture, the codes, and new codes; and a secret key."""
    shown = browse.read(await browser.post("/account/second-factor/app"))
    secret = b32decode("".join(re.findall(r"<span>([A-Z2-7]{4})</span>", shown.text)))
    (proof,) = [form for form in shown.forms if form.action.endswith("/proof")]
    sent = dict(proof.filled(_write("alice"))) | {"code": app_code(secret, portal.cast.clock())}
    secret_key = await browser.post("/account/secret-key", data={"current": PASSWORDS["alice"]})
    return [shown, browse.read(await browser.post(proof.action, data=sent)), browse.read(secret_key)]


async def _rest(portal: Portal) -> None:
    """Have alice have had a session yesterday, so that she is asked whether she has rested."""
    alice = await portal.cast.actor("alice")
    begun = alice.now - timedelta(days=1)
    details = SessionDetails(
        SessionKind.DOSING,
        f"{begun:%Y-%m-%dT%H:%M}",
        "UTC",
        60,
        Setting.CLINIC,
        status=Status.RECOVERING,
        started_at=begun.isoformat(),
    )
    await session_plan.add_session(alice, alice.id, details)


def _tokens(world: World) -> tuple[str, ...]:
    open_links = {
        "setup": world.set_up["open"],
        "invite": world.invited["open"],
        "restart": world.invited["restart"],
        "sit": world.invited["sit"],
    }
    return tuple(f"/{place}/{token}" for place, token in open_links.items())


def _write(name: str) -> Callable[[Control], str]:
    def write(control: Control) -> str:
        if control.name == "current":
            return PASSWORDS.get(name, "")
        return "stranger@example.org" if control.name == "email" else STRANGE

    return write


def _strange(sent: Sent) -> Sent:
    """Keep alice's words out of what others send: an answer may give back what came with the question."""
    return [(name, STRANGE if any(word in value for word in WORDS) else value) for name, value in sent]
