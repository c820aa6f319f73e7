"""The product behind the nginx that operators are told to copy, on a port of its own."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.cast import PASSWORDS, SERVER_KEY, Furniture
from tests.nginx import HOST, Proxy, before
from tests.portal.browsing import action, opened, pressed
from tests.serving import Program, listening
from tests.waiting import browser_at, own_port

WORD = "Zaunkoenig"
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Behind:
    """The product and the proxy before it; `browser` asks over TLS."""

    program: Program
    proxy: Proxy
    browser: AsyncClient
    port: int
    plain: int


@pytest.fixture
async def behind(furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path) -> AsyncIterator[Behind]:
    """Start both."""
    folder = tmp_path / "nginx"
    folder.mkdir()
    async with AsyncExitStack() as open_now:
        server, port, plain = (open_now.enter_context(own_port()) for _ in range(3))
        origin = f"https://{HOST}:{port}"
        settings = {
            "HEARTHSIDE_DATA": str(tmp_path),
            "HEARTHSIDE_DATABASE_URL": furnished_sqlite_url[0],
            "HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex(),
            "HEARTHSIDE_ORIGIN": origin,
            "HEARTHSIDE_PORT": str(server),
            "HEARTHSIDE_TRUSTED_PROXIES": "127.0.0.1",
        }
        program = await open_now.enter_async_context(listening("serve", settings=settings))
        proxy = open_now.enter_context(before(server, port, plain, folder))
        browser = await open_now.enter_async_context(browser_at(origin, verify=proxy.context))
        yield Behind(program, proxy, browser, port, plain)


async def test_people_sign_in_and_write_behind_it(behind: Behind) -> None:
    """On a port that is not 443: forms are taken, large files too, and nothing is written aside."""
    browser = behind.browser
    typed = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
    assert (await browser.post("/sign-in", data=typed)).status_code == 303
    page = await opened(browser, "/journal/new?kind=free")
    kept = await pressed(browser, page, title=WORD, free__text=f"{WORD} " * 500 + "€" * 10_000)
    assert kept.status_code == 303, re.findall(r"error[^<]*<[^<]*", kept.text)[:5]
    assert WORD in (await opened(browser, "/journal")).words
    lines = f"The {WORD} sang at dawn, and I listened.\n\n" * (10 * MEGABYTE // 40)
    brought = await browser.post(
        "/records/import", files=[("files", ("journal.txt", lines.encode(), "text/plain"))]
    )
    assert brought.status_code != 413
    assert "nginx" not in brought.text.lower()
    assert action(page) in str((await browser.get(f"{action(page)}/edit")).url)
    assert behind.proxy.temporary_files() == []
    said = b"".join(path.read_bytes() for path in behind.proxy.folder.glob("*.log"))
    assert WORD.encode() not in said


async def test_plain_http_leads_to_the_same_place(behind: Behind) -> None:
    """On the port for it, and where somebody types http:// before the address with its port."""
    async with browser_at(f"http://{HOST}:{behind.port}") as browser:
        led = await browser.get("/help-now?a=b")
    assert (led.status_code, led.headers["location"]) == (301, f"https://{HOST}:{behind.port}/help-now?a=b")
    async with browser_at(f"http://{HOST}:{behind.plain}") as browser:
        led = await browser.get("/help-now")
    assert (led.status_code, led.headers["location"]) == (301, f"https://{HOST}/help-now")


async def test_it_says_what_is_known_while_the_product_is_away(behind: Behind) -> None:
    """The proxy's own page, in plain words, kept nowhere."""
    behind.program.process.kill()
    await behind.program.process.wait()
    away = await behind.browser.get("/journal")
    assert (away.status_code, away.headers["cache-control"]) == (503, "no-store")
    assert "we cannot tell whether it was saved" in away.text
    assert "not an emergency service" in away.text
