"""While a session is under way, and on the page of a sitter, whatever is pressed is 56 pixels large."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionKind, Status
from journal.sitter import links
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import Furniture
from tests.scenes import shared, written
from tests.shared_material import plan_session

SMALL = """
() => {
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  document.querySelector(".menu[popover]")?.showPopover?.();
  const found = [];
  const fields = "input:not([type=radio], [type=checkbox]), select, textarea";
  const pressed = `a, button, summary, label:has(input), ${fields}`;
  for (const one of document.querySelectorAll(pressed)) {
    if (one.matches(".visually-hidden")) continue;
    const { width, height } = one.getBoundingClientRect();
    if (!width || !height || one.type === "hidden") continue;
    const around = [...one.parentElement.childNodes];
    const inSentence = one.matches("a") && one.parentElement.matches("p, li, dd, strong, span")
      && around.some((node) => node.nodeType === Node.TEXT_NODE && /[\\p{L}]/u.test(node.data));
    if (inSentence || (width >= 56 && height >= 56)) continue;
    found.push(`${one.outerHTML.slice(0, 90)}: ${Math.round(width)} x ${Math.round(height)}`);
  }
  return found;
}
"""
"""What is pressed and smaller, once all that folds is open; a link in a sentence is as high as its line."""


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server with a copy of the furnished practice."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


async def test_whatever_is_pressed_is_as_large_as_a_thumb(desk: Desk, server: Served) -> None:
    """On a phone, on every page that a patient is led to meanwhile, signed in or locked, and on the sitter's."""
    async with server.second_connection() as cast:
        session = await plan_session(cast, SessionKind.DOSING, "2026-11-22T14:00")
        link = await links.make_link(await cast.actor("alice"), session)
        await shared(cast, await written(cast))
        await session_plan.change_status(await cast.actor("alice"), session, Status.IN_SESSION)
    here = f"/sessions/{session}"
    public = ("/ground", "/ground/orient", "/help-now", f"/sit/{link.token}", "/sit/nothing")
    hers = (
        here,
        "/",
        f"/journal/new?kind=free&session={session}",
        f"/journal/new?kind=capture&session={session}",
        *public[:3],
        "/help-now/contacts",
        "/help-now/practice",
        "/journal/new",
        "/sessions",
        "/sharing",
        "/sharing?done=paused",
        "/steady",
        "/comfort",
        "/sessions/rest",
        "/sessions/waiting",
        *(f"{here}/{part}" for part in ("medicine", "readings", "sitter", "sitter/sheet", "sitter/notes")),
    )
    small = {}
    anybody, alice = await desk.person(), await desk.person()
    await server.admit(alice.context, "alice")
    for page, paths in ((anybody, public), (alice, hers)):
        for path in paths:
            await page.goto(path)
            if found := await page.evaluate(SMALL):
                small[path] = found
            for size in ("100%", "200%")[: 1 if path.endswith("/sheet") else 2]:  # a sheet is for paper
                await page.evaluate("size => { document.documentElement.style.fontSize = size; }", size)
                assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, size)
    assert not small, "\n".join(f"{path}\n  " + "\n  ".join(found) for path, found in small.items())
