"""
A practice closes, and a patient takes everything: the whole way out on a phone, in Spanish.

That what is exported is the same in another installation is walked in `test_records_that_leave.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from journal.practice import closing
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import PASSWORDS, Furniture
from tests.scenes import shared, written

NAME = "Dejar Hearthside"
READ = "Puede leer una cosa que usted comparte."


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for the walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def follow(page: Page, name: str) -> None:
    """Follow a link of the page, and look at how wide what it leads to is."""
    async with page.expect_event("load"):
        await page.locator("main").get_by_role("link", name=name).first.click()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


async def press(page: Page, name: str) -> None:
    """Press a button that answers with a page."""
    async with page.expect_event("load"):
        await page.get_by_role("button", name=name).last.click()


async def test_a_practice_that_closes_takes_nothing_away(desk: Desk, server: Served) -> None:
    """Export, end care, delete; the page says after each step how far it is."""
    async with server.second_connection() as cast:
        cast.clock.now = server.now
        await shared(cast, await written(cast))
        await closing.tell_closing(cast.installation, date(2027, 3, 31))
    page = await desk.person(scheme="dark", width=390)
    await page.context.set_extra_http_headers({"accept-language": "es"})
    await server.admit(page.context, "alice")
    await page.goto("/records/leaving")
    await desk.axe(page)
    await expect(page.get_by_text("Todavía no lo ha creado.")).to_be_visible()
    await expect(page.get_by_text(READ)).to_be_visible()
    await follow(page, "Exportar todo")
    await page.locator("#current").fill(PASSWORDS["alice"])
    async with page.expect_download() as started:
        await page.get_by_role("button", name="Crear el archivo cifrado").click()
    assert (await started.value).suggested_filename.endswith(".zip.age")
    await follow(page, NAME)
    await expect(page.get_by_text("Desde entonces no se añadió ni se cambió nada.")).to_be_visible()
    await follow(page, "Bob Example")
    await follow(page, "Terminar la atención con Bob")
    await press(page, "Terminar la atención")
    await follow(page, NAME)
    await expect(page.get_by_text(READ)).to_have_count(0)
    await expect(page.get_by_text("Atención que ha terminado: Bob Example.")).to_be_visible()
    await follow(page, "Eliminar esta cuenta")
    await page.locator("#word").fill("eliminar")
    await press(page, "Eliminar esta cuenta")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Se ha cerrado la sesión")
    await page.goto("/sign-in")
    await expect(page.get_by_text("hasta el 31 mar 2027")).to_be_visible()
