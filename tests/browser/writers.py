"""People who fill in every form that they come to, over HTTP, in whatever words a test gives them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from httpx import AsyncClient, Response

from journal.catalogue.fields import WRITTEN_KINDS, EntryKind
from journal.catalogue.forms import FORMS
from journal.practice import practice
from journal.roles import ADMINISTRATOR
from tests.attacks.browse import Control, Form, Page, read, walk
from tests.browser.served import Served
from tests.cast import NOON, PASSWORDS
from tests.waiting import browser_at

Words = Callable[[str, int], str]
"""Gives what is typed into a field, from its name and the most characters that it takes."""
CEILINGS = {field.id: field.max_answer_length for form in FORMS.values() for field in form.fields} | {
    "name": 100,
    "practice_name": 100,
    "title": 300,
    "note": 300,
}
FEELINGS = (".before", ".after")


A_FEELING = 60
TODAY = NOON.date().isoformat()


@dataclass
class Writers:
    """
    Bob, who set up the practice, alice, whom he invited, and erin, who looks after it, each with a signed-in client.

    And anybody.
    """

    bob: AsyncClient
    alice: AsyncClient
    erin: AsyncClient
    anybody: AsyncClient
    words: Words
    patient: str = ""
    links: tuple[str, ...] = ()  # a set-up link and an invitation that nobody has used
    entries: list[str] = field(default_factory=list)
    session: str = ""

    def client(self, name: str) -> AsyncClient:
        """Give somebody's client."""
        return {"bob": self.bob, "alice": self.alice, "erin": self.erin, "anybody": self.anybody}[name]

    def typed(self, name: str, control: Control) -> str:
        """Return what *name* types into one field: the test's words wherever words may stand."""
        if control.kind == "password":
            return PASSWORDS[name]
        if control.name == "email":
            return self.words("email", 60) + f"{name}@example.org"
        if control.name.endswith((".before", ".after")):
            return "40"
        if control.name.endswith(".name"):
            return self.words(control.name, A_FEELING)
        ceiling = control.maxlength or CEILINGS.get(control.name, 0)
        return self.words(control.name, ceiling) if ceiling else control.value or "3"

    async def get(self, name: str, path: str) -> Page:
        """Open a page."""
        return _shown(await self.client(name).get(path, follow_redirects=True))

    async def send(self, name: str, page: Page | str, having: str, **fixed: str) -> Page:
        """Fill in the form of a page that has a certain field; return the page that this leads to."""
        page = await self.get(name, page) if isinstance(page, str) else page
        return _shown(await self.post(name, form_with(page, having), **fixed))

    async def post(self, name: str, form: Form, **fixed: str) -> Response:
        """Fill in a form, *fixed* as said and everything else as this person does."""
        sent: dict[str, list[str]] = {}
        for key, value in form.filled(lambda control: self.typed(name, control)):
            sent.setdefault(key, []).append(value)
        sent |= {key: [value] for key, value in fixed.items()}
        return await self.client(name).post(form.action, data=sent, follow_redirects=True)


def form_with(page: Page, having: str) -> Form:
    """Return the form of a page that has a certain field."""
    found = [form for form in page.forms if form.named(having)]
    assert found, f"{page.url} has no form with {having}"
    return found[0]


def _shown(answer: Response) -> Page:
    page = read(answer)
    told = re.findall(r'class="error"[^>]*>([^<]*)', page.text)
    assert page.status == 200, f"{answer.request.method} {page.url}: {page.status} {told}"
    return page


@asynccontextmanager
async def writing(served: Served, words: Words) -> AsyncIterator[Writers]:
    """Let them fill in everything there is, on an installation that is still empty."""
    async with (
        browser_at(served.origin) as bob,
        browser_at(served.origin) as alice,
        browser_at(served.origin) as erin,
        browser_at(served.origin) as anybody,
    ):
        writers = Writers(bob, alice, erin, anybody, words)
        await _move_in(writers, served)
        await _plan(writers)
        await _write(writers)
        await _share(writers)
        yield writers


async def _move_in(writers: Writers, served: Served) -> None:
    """Set up the practice, let erin make a link for a colleague, invite three people, and let one of them accept."""
    async with served.second_connection() as cast:
        used, unused = [f"/setup/{await practice.create_setup_link(cast.installation)}" for _ in range(2)]
        first = f"/setup/{await practice.create_setup_link(cast.installation, ADMINISTRATOR)}"
    await writers.send("bob", used, "practice_name")
    await _keep_recovery_key(writers, "bob")
    await writers.send("erin", first, "email")
    await _keep_recovery_key(writers, "erin")
    await writers.send("erin", "/people/invitations", "position")
    invited = []
    for _ in range(3):
        page = await writers.send("bob", "/invitations", "name")
        invited += re.findall(r'value="(http[^"]+/invite/[\w-]+)"', page.text)
    writers.links = (unused, invited[0])
    await writers.send("alice", invited[1], "adult")
    await _keep_recovery_key(writers, "alice")
    page = await writers.get("bob", "/patients")
    (writers.patient,) = {
        found for link in page.links for found in re.findall("/patients/([0-9a-f-]{36})$", link)
    }


async def _keep_recovery_key(writers: Writers, name: str) -> None:
    page = _shown(await writers.post(name, Form("", "/account/recovery-key", "post")))
    last = re.findall(r"<span>([0-9A-Z]+)</span>", page.text)[-1]
    await writers.send(name, page, "typed", typed=last)


async def _plan(writers: Writers) -> None:
    """Plan a course, a session of each of them and one of today; cancel one."""
    seen = await writers.send("bob", f"/patients/{writers.patient}/course", "dosing_count")
    await writers.send("bob", seen, "course")
    page = await writers.send("bob", f"/patients/{writers.patient}/sessions/new", "sitter", about="")
    await writers.send("bob", page, "cancel_reason", status="cancelled")
    await writers.send("alice", "/sessions/new", "sitter", about="")
    page = await writers.send("alice", "/sessions/new", "sitter", about="", date=TODAY, time="12:30")
    writers.session = page.url.partition("?")[0].rpartition("/")[2]


async def _write(writers: Writers) -> None:
    """Write an entry of each kind about today's session, one of them on two pages at once; delete one more."""
    for kind in WRITTEN_KINDS:
        address = f"/journal/new?kind={kind.value}&session={writers.session}"
        empty = form_with(await writers.get("alice", address), "revision")
        _shown(await writers.post("alice", empty))
        writers.entries.append(empty.action.rpartition("/")[2])
        if kind is EntryKind.INTEGRATION:
            other = await writers.post("alice", empty, title="Elsewhere", sitting="elsewhere")
            assert other.status_code == 409
    empty = form_with(await writers.get("alice", "/journal/new?kind=free"), "revision")
    _shown(await writers.post("alice", empty))
    deletion = await writers.get("alice", empty.action + "/deletion")
    _shown(await writers.post("alice", next(one for one in deletion.forms if "deletion" in one.action)))


async def _share(writers: Writers) -> None:
    """Share all that can be shared, and let it be read; change one entry afterwards."""
    for entry in writers.entries:
        preview = await writers.send("alice", f"/journal/{entry}/shares", "sections")
        await writers.send("alice", preview, "previewed")
    page = await writers.get("bob", f"/patients/{writers.patient}")
    shared = next(link for link in page.links if "/shared/" in link)
    await writers.get("bob", shared)
    await writers.send("alice", f"/journal/{writers.entries[-1]}/edit", "revision", title="")


async def places(writers: Writers) -> dict[str, list[Page]]:
    """Everything that links lead each to, and each entry whether it is linked to or not; and what anybody finds."""
    own = [f"/journal/{entry}{rest}" for entry in writers.entries for rest in ("", "/edit")]
    return {
        "alice": await walk(writers.alice, ["/", "/account", "/records"])
        + [await writers.get("alice", path) for path in own],
        "bob": await walk(writers.bob, ["/", "/account", "/records"], of_each=len(writers.entries)),
        "erin": await walk(writers.erin, ["/", "/account"]),
        "anybody": await walk(writers.anybody, ["/sign-in", "/recover", "/help-now", *writers.links]),
    }


async def in_session(writers: Writers) -> list[str]:
    """Have alice's session of today begin; return where that can be seen."""
    await _move(writers, "in_session")
    return ["/", f"/sessions/{writers.session}"]


async def after_session(writers: Writers) -> list[str]:
    """End the session, with nobody rested yet; return where that can be seen."""
    await _move(writers, "recovering")
    entry = writers.entries[0]
    return ["/", "/sessions", "/sessions/rest", f"/sessions/{writers.session}", f"/journal/{entry}/shares"]


async def _move(writers: Writers, status: str) -> None:
    page = await writers.get("alice", f"/sessions/{writers.session}")
    form = next(
        one for one in page.forms if one.action.endswith("/status") and not one.named("cancel_reason")
    )
    _shown(await writers.post("alice", form, status=status))
