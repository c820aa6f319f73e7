"""A real Chromium at a real server: a console error, CSP report or foreign request fails the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect
from pytest_asyncio import is_async_test

from tests.serving import listening
from tests.waiting import PATIENCE, own_port

if TYPE_CHECKING:
    from tests.browser.served import Served

PATIENCE_MS = 1000 * PATIENCE
expect.set_options(timeout=PATIENCE_MS)
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The painter is in the browser's own process: without a graphics card, a process between the two only copies.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REPORT_CSP = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


ITS_OWN = (
    "the server responded with a status of",
    "An unknown error occurred when fetching the script",
    "Service Worker registration blocked by Playwright",
)
"""
What Chromium itself writes: for every answer of 400 and above, which forms that are sent back have, and where it looks
for a newer worker while a page is closed, printed or without the network; and what Playwright writes on every page of
somebody without a worker.
"""


@dataclass
class Server:
    """A served installation."""

    origin: str
    data: Path
    said: bytearray


@dataclass
class Desk:
    """A browser that remembers everything that it would be wrong to see."""

    browser: Browser
    origin: str
    troubles: list[str] = field(default_factory=list)

    async def person(
        self,
        *,
        javascript: bool = True,
        scheme: str = "light",
        width: int = 390,
        touch: bool = False,
        worker: bool = False,
    ) -> Page:
        """
        Open a browser of somebody's own, and a page in it.

        Args:
            worker: Let pages have the worker that answers without a network: for tests of what it does, or of what
                is left behind. It is fetched and filled anew in each browser, and takes a third of what a page costs.
        """
        context = await self.browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=javascript,
            has_touch=touch,
            accept_downloads=True,
            service_workers="allow" if worker else "block",
            base_url=self.origin,
            timezone_id="Europe/Berlin",
        )
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(REPORT_CSP)
        self._watch(context)
        return await context.new_page()

    def _watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.troubles.append(f"page error: {error.error}"))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(words in message.text for words in ITS_OWN):
            self.troubles.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:", "about:")):
            self.troubles.append(f"foreign request: {request.url}")

    async def axe(self, page: Page) -> None:
        """Note everything that axe finds on *page* as it stands; the script runs outside the page's own policy."""
        # `evaluate` injects through the debugger, which the Content-Security-Policy does not concern.
        # To read the script takes as long as to run it: a page that is looked at in the dark as well has it already.
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
            WCAG,
        )
        for violation in found["violations"]:
            nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            self.troubles.append(f"axe on {page.url}: {violation['id']} ({violation['help']}): {nodes}")


async def standing_still(page: Page) -> None:
    """Let the clock of *page*'s browser stand still, a minute from now: what has to come until then comes at once."""
    now = datetime.now(UTC)
    await page.clock.install(time=now)
    await page.clock.pause_at(now + timedelta(minutes=1))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests here share one event loop, and so one browser, unless a module asks for a loop of its own."""
    here = str(Path(__file__).parent)
    for item in items:
        if not str(item.path).startswith(here) or not is_async_test(item):
            continue
        if not any("loop_scope" in mark.kwargs for mark in item.iter_markers("asyncio")):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all the tests of this process: each has windows of its own."""
    from tests.browser.served import chrome

    async with chrome() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, server: Server | Served) -> AsyncIterator[Desk]:
    """A browser at the served installation; the test fails at its end if anything was noted."""
    from tests.browser.served import at_a_desk

    async with at_a_desk(browser, server) as desk:
        yield desk


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """The product as people start it, in a process of its own, on an empty data folder."""
    async with served_empty(tmp_path / "data") as server:
        yield server


@asynccontextmanager
async def served_empty(data: Path) -> AsyncIterator[Server]:
    """Start the product as people do, on the empty data folder *data*."""
    with own_port() as port:
        origin = f"http://127.0.0.1:{port}"
        settings = {
            "HEARTHSIDE_DATA": str(data),
            "HEARTHSIDE_PORT": str(port),
            "HEARTHSIDE_ORIGIN": origin,
        }
        async with listening("run", "--no-demo", settings=settings) as program:
            yield Server(origin, data, program.said)
