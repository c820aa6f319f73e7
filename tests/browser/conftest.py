"""A real Chromium at a real server: a console error, CSP report or foreign request fails the test."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright

from tests.setup_tools import chromium

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
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


@dataclass
class Server:
    """A served installation."""

    origin: str
    data: Path
    log: Path


@dataclass
class Desk:
    """A browser that remembers everything that it would be wrong to see."""

    browser: Browser
    origin: str
    troubles: list[str] = field(default_factory=list)

    async def person(
        self, *, javascript: bool = True, scheme: str = "light", width: int = 390, touch: bool = False
    ) -> Page:
        """Open a browser of somebody's own, and a page in it."""
        context = await self.browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=javascript,
            has_touch=touch,
            accept_downloads=True,
            base_url=self.origin,
            timezone_id="Europe/Berlin",
        )
        context.set_default_timeout(15_000)
        await context.add_init_script(REPORT_CSP)
        self._watch(context)
        return await context.new_page()

    def _watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.troubles.append(f"page error: {error.error}"))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium itself writes a line for every answer of 400 and above, which forms that are sent back have.
        if (
            message.type in ("error", "warning")
            and "the server responded with a status of" not in message.text
        ):
            self.troubles.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:", "about:")):
            self.troubles.append(f"foreign request: {request.url}")

    async def axe(self, page: Page) -> None:
        """Note everything that axe finds on *page* as it stands; the script runs outside the page's own policy."""
        # `evaluate` injects through the debugger, which the Content-Security-Policy does not concern.
        await page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
            WCAG,
        )
        for violation in found["violations"]:
            nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            self.troubles.append(f"axe on {page.url}: {violation['id']} ({violation['help']}): {nodes}")


@pytest.fixture
async def desk(server: Server) -> AsyncIterator[Desk]:
    """A browser at the served installation; the test fails at its end if anything was noted."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(chromium()), args=QUIET)
        desk = Desk(browser, server.origin)
        yield desk
        await browser.close()
    assert desk.troubles == []


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """The product as people start it, in a process of its own, on an empty data folder."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data, log = tmp_path / "data", tmp_path / "server.log"
    environment = {
        "PATH": os.environ["PATH"],
        "HEARTHSIDE_DATA": str(data),
        "HEARTHSIDE_PORT": str(port),
        "HEARTHSIDE_ORIGIN": f"http://127.0.0.1:{port}",
        "PYTHONPATH": str(Path.cwd()),
    }
    command = [sys.executable, "-c", "from portal.cli import main; main(['run', '--no-demo'])"]
    with log.open("w") as output:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=output
        )
        try:
            await _until_ready(process, port)
            yield Server(environment["HEARTHSIDE_ORIGIN"], data, log)
        finally:
            process.terminate()
            await process.wait()


async def _until_ready(process: asyncio.subprocess.Process, port: int) -> None:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        if b"Hearthside is at" in line:
            break
    for _ in range(200):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.wait({asyncio.create_task(process.wait())}, timeout=0.05)
            assert process.returncode is None, "the server stopped"
            continue
        writer.write(f"GET /readyz HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        assert b"ready" in answer
        return
    raise AssertionError("the server did not answer")
