"""Whatever two people write, a browser shows as words: it never becomes part of a page, and nothing of it runs."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio
from httpx import AsyncClient, Response
from playwright.async_api import Dialog, Page, Route, expect

from journal.authentication import web_sessions
from journal.records import collection as records_collection
from portal.documents.archive_pages import build_page_renderer
from portal.web.pages import build_environment
from tests.attacks import browse
from tests.browser.conftest import Desk
from tests.browser.served import NOBODY, Served, lend, serving
from tests.browser.writers import Writers, after_session, in_session, places, writing

PAYLOADS = (
    "<script data-hostile>alert(1)</script>",
    "<img src=x onerror=alert(2) data-hostile>",
    "<svg data-hostile onload=alert(3)>",
    '" data-hostile onfocus="alert(4)" autofocus x="',
    "' data-hostile onfocus='alert(5)' autofocus x='",
    "javascript:alert(6)//hostile",
    "sum{{7*7}}sum{% raw %}${7*7}#{7*7}",
    "<!-- hostile --!><b data-hostile>",
    "-->]]><b data-hostile>",
    "nul\0<b\0 data-hostile>",
    "\u202e<b data-hostile>\u202c turned",
    "</title><b data-hostile>",
    "</textarea><b data-hostile>",
    "</option></select></style><b data-hostile>",
    "&lt;b data-hostile&gt;&#60;b data-hostile>",
    "%(name)s %s {0} <b data-hostile>",
)
"""Each makes an element or attribute whose name holds `hostile`, or runs `alert`, in some place of a page."""
ADDRESS = "<svg/data-hostile/onload=alert(7)>'\""
"""What an e-mail address may hold of it."""
LOOK = """
() => {
  const texts = [document.title], strangers = [];
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_COMMENT);
  for (let node; (node = walker.nextNode()); )
    if (node.nodeType === Node.TEXT_NODE) texts.push(node.data); else strangers.push(`<!--${node.data}-->`);
  for (const element of document.querySelectorAll("*")) {
    if ("value" in element) texts.push(String(element.value));
    for (const { name, value } of element.attributes) {
      const leads = /^(href|src|action|formaction|data)$/.test(name) && /^\\s*javascript:/i.test(value);
      if (leads || name.startsWith("on") || name.includes("hostile")) strangers.push(element.outerHTML.slice(0, 200));
    }
  }
  return { text: texts.join("\\n"), strangers };
}
"""


class Hostile:
    """Types as many payloads into each field as it holds, and goes on with the next in the next field."""

    turn = 0

    def __call__(self, name: str, ceiling: int) -> str:
        """Return what is typed into one field."""
        if name == "email":
            return ADDRESS
        chosen: list[str] = []
        for _ in PAYLOADS:
            payload = PAYLOADS[self.turn % len(PAYLOADS)]
            if len(" ".join([*chosen, payload])) > ceiling:
                break
            chosen.append(payload)
            self.turn += 1
        return ("\n" if ceiling > 300 else " ").join(chosen)


@pytest.fixture(scope="module")
def server(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all the tests here."""
    with serving(migrated_sqlite, NOBODY, tmp_path_factory.mktemp("scripts")) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def writers(server: Served) -> AsyncIterator[Writers]:
    """Two people who have written nothing but payloads, wherever one can write."""
    async with writing(server, Hostile()) as writers:
        yield writers


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pages(writers: Writers) -> dict[str, list[browse.Page]]:
    """Every page that there is for the two, and for anybody."""
    return await places(writers)


async def watched(desk: Desk, client: AsyncClient | None = None) -> Page:
    """Open a page, signed in like *client*, that notes every dialog."""
    page = await desk.person(width=1280)
    if client is not None:
        await lend(client, page.context)

    async def note(dialog: Dialog) -> None:
        desk.troubles.append(f"{dialog.type} on {page.url}: {dialog.message}")
        await dialog.dismiss()

    page.on("dialog", note)
    return page


def plain(text: str) -> str:
    """Leave out what pages may leave out: null characters, and how wide the space between words is."""
    return " ".join(text.replace("\0", "").replace("\ufffd", "").split())


async def read(desk: Desk, page: Page) -> str:
    """Note whatever stands on the page that is no text; return the text."""
    found = await page.evaluate(LOOK)
    desk.troubles += [f"{page.url}: {stranger}" for stranger in found["strangers"]]
    text = plain(found["text"])
    if "sum49sum" in text:
        desk.troubles.append(f"{page.url} reckons")
    return text


def literally(texts: list[str]) -> list[str]:
    """The payloads that can be read on none of the pages as they were typed."""
    return [payload for payload in PAYLOADS if not any(plain(payload) in text for text in texts)]


@pytest.mark.parametrize("name", ["alice", "bob"])
async def test_words_stay_words(
    desk: Desk, writers: Writers, pages: dict[str, list[browse.Page]], name: str
) -> None:
    """Every page of both people shows every payload literally, and does not become something else by it."""
    page, texts = await watched(desk, writers.client(name)), list[str]()
    for address in dict.fromkeys(one.url for one in pages[name]):
        await page.goto(address)
        texts.append(await read(desk, page))
    assert literally(texts) == []
    assert len(texts) > 20


LOOKED_FOR = ("<svg data-hostile", 'x="', "{{7*7}}", "%s {0}", "&lt;b data-hostile")
"""Words of what was typed that a page might take for markup, for code or for a place to fill in."""


async def test_words_that_are_looked_for(desk: Desk, writers: Writers) -> None:
    """A search marks what it found, in a part of a page that htmx puts there, and marks nothing but words."""
    page = await watched(desk, writers.alice)
    await page.goto("/journal")
    # Only titles are marked in entries with a content note. Which words fit into one changes with the forms.
    titles = "\n".join(await page.locator(".entry-title").all_inner_texts())
    stands = [words for words in LOOKED_FOR if words in titles]
    assert len(stands) > 2
    for words in stands:
        await page.get_by_role("searchbox").fill(words)
        await page.get_by_role("searchbox").press("Enter")
        await expect(page.get_by_role("searchbox")).to_have_value(words)
        await expect(page.locator("mark", has_text=words.split()[0]).first).to_be_visible()
        assert plain(words) in await read(desk, page)


async def test_words_that_are_saved_while_written(desk: Desk, writers: Writers) -> None:
    """What autosave answers becomes part of a page that is open: it holds nothing of what was typed."""
    page = await watched(desk, writers.alice)
    await page.goto("/journal/new?kind=reframe")
    await page.get_by_label("The sentence it left you with").fill("\n".join(PAYLOADS))
    await expect(page.locator("#save-status")).to_contain_text("Saved")
    await page.get_by_label("Title").fill(" ".join(PAYLOADS))  # longer than a title may be
    await expect(page.locator("#save-status")).to_contain_text("but for this")
    assert literally([await read(desk, page)]) == []


async def answered(desk: Desk, page: Page, answer: Response) -> str:
    """Show an answer to a form in the browser, under the policy that it came with."""

    async def give(route: Route) -> None:
        kept = ("content-type", "content-security-policy")
        headers = {name: answer.headers[name] for name in kept}
        await route.fulfill(status=200, headers=headers, body=answer.content)

    await page.route("**/answer", give, times=1)
    await page.goto("/answer")
    return await read(desk, page)


@pytest.mark.parametrize("name", ["alice", "bob", "anybody"])
async def test_words_that_are_given_back(
    desk: Desk, writers: Writers, pages: dict[str, list[browse.Page]], name: str
) -> None:
    """A form that is refused gives back what was typed, in all its fields, hidden ones too, as words."""
    page, texts, seen = await watched(desk), list[str](), set[tuple[str, ...]]()
    for form in (form for one in pages[name] for form in one.forms if form.method == "post"):
        names = [control.name for control in form.controls if control.name]
        key = (browse.rules_at(form.action, "POST")[0].path, *names)
        if not names or key in seen:
            continue
        seen.add(key)
        typed = dict.fromkeys(names, " ".join(PAYLOADS))
        for headers in ({}, {"hx-request": "true"}):
            answer = await writers.client(name).post(form.action, data=typed, headers=headers)
            whole = "<html" in answer.text
            if answer.headers.get("content-type", "").startswith("text/html") and whole == (not headers):
                texts.append(await answered(desk, page, answer))
    assert literally(texts) == []
    assert len(seen) > 3
    # A field for a day or a number says on the console that these are none.
    desk.troubles[:] = [one for one in desk.troubles if not one.startswith("console: The specified value")]


async def test_addresses_are_words_too(desk: Desk, writers: Writers) -> None:
    """What stands in an address, in its path or behind its question mark, is as harmless as what is typed."""
    page = await watched(desk, writers.alice)
    typed, entry = quote(" ".join(PAYLOADS), safe=""), writers.entries[0]
    for address in (
        f"/{typed}",
        f"/journal/{typed}",
        f"/setup/{typed}",
        f"/invite/{typed}",
        f"/sign-in?next={typed}",
        f"/sign-in?next=/{typed}",
        f"/sign-in?next={quote('javascript:alert(1)//hostile')}",
        f"/help-now?region={typed}",
        f"/journal?before={typed}&rest={typed}&undo={typed}",
        f"/journal/new?kind={typed}",
        f"/journal/new?kind=free&id={typed}&session={typed}&prompt={typed}",
        f"/journal/new?kind=preparation&prompt={typed}",
        f"/journal/{entry}/shares?to={typed}",
        f"/journal/{entry}/shares?done={typed}",
        f"/sessions/new?kind={typed}&about={typed}",
        f"/account?done={typed}",
    ):
        await page.goto(address)
        await read(desk, page)


@pytest.mark.parametrize("name", ["alice", "bob"])
async def test_words_that_are_taken_away(
    desk: Desk, writers: Writers, server: Served, tmp_path: Path, name: str
) -> None:
    """The pages of an archive, which no server protects, hold the same words as words."""
    token = urlsafe_b64decode(writers.client(name).cookies["hearthside"] + "=")
    async with server.second_connection() as cast:
        actor = await web_sessions.load_actor(cast.installation, token)
        assert actor is not None
        found = await (
            records_collection.collect_patient_records(actor, "")
            if name == "alice"
            else records_collection.collect_shared_records(actor, "", None)
        )
        files = build_page_renderer(build_environment(), actor)(found)
    page, texts = await watched(desk), list[str]()
    desk.origin = tmp_path.as_uri()
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    for path in files:
        if path.endswith(".html"):
            await page.goto((tmp_path / path).as_uri())
            texts.append(await read(desk, page))
    assert literally(texts) == []


async def test_words_in_a_session(desk: Desk, writers: Writers) -> None:
    """The few words that are there during a session, and while one rests after it, are words as well."""
    page = await watched(desk, writers.alice)
    for going_on in (in_session, after_session):
        for address in await going_on(writers):
            await page.goto(address)
            assert "data-hostile" in await read(desk, page)
