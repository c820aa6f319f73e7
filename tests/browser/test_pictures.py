"""
The pictures of the guide and of the README show the product as it is.

Each is kept beside a digest of what its page says and how it is put together. When a page has changed, `make pictures`
takes the pictures anew: look at them before they are committed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from journal.catalogue.fields import Answer
from journal.i18n import DEFAULT_LANGUAGE, LANGUAGES
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.cast import NOON, Cast, Furniture
from tests.shared_material import share, write

ROOT = Path(__file__).parents[2]
FOLDER, README, DIGESTS = (
    ROOT / "portal/static/guide",
    ROOT / "docs/hearthside.webp",
    Path(__file__).parent / "pictures.json",
)
TAKING = bool(os.environ.get("PICTURES"))
DARK = "-dark"
PHONE, DESK = (390, 640), (1280, 800)
EACH = tuple(sorted(LANGUAGES))

DESCRIBE = """
() => [...document.body.querySelectorAll("*")].map((element) => {
  const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join(" ");
  return `${element.tagName}.${element.className} ${own}`;
}).join("\\n")
"""
TO_WEBP = """
async (data) => {
  const picture = await createImageBitmap(await (await fetch(data)).blob());
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return canvas.toDataURL("image/webp", 0.86);
}
"""
SIDE_BY_SIDE = """
<style>
  body {{ margin: 0; display: flex; gap: 28px; align-items: flex-start; padding: 28px; background: #e9e0d3; }}
  img {{ display: block; border-radius: 14px; box-shadow: 0 6px 24px #0002; }}
</style>
<img src="{phone}" width="312" height="512"><img src="{desk}" width="820" height="512">
"""


@pytest.fixture(scope="module")
def server(
    furnished_sqlite: tuple[Path, Furniture], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """One server for all the pictures."""
    with serving(*furnished_sqlite, tmp_path_factory.mktemp("pictures")) as served:
        yield served


async def furnish(cast: Cast) -> None:
    """Have alice's dosing session be two days ago and her integration talk later today, with entries around both."""
    alice = replace(await cast.actor("alice"), now=NOON - timedelta(days=4))
    dosing = SessionDetails(
        SessionKind.DOSING, "2026-11-20T14:00", "Europe/Berlin", 120, Setting.HOME, sitter="Kim"
    )
    ident = await session_plan.add_session(alice, alice.id, dosing)
    talk = SessionDetails(
        SessionKind.INTEGRATION, "2026-11-22T16:00", "Europe/Berlin", 50, Setting.CLINIC, about=ident.hex
    )
    await session_plan.add_session(alice, alice.id, talk)
    began = NOON - timedelta(days=2) + timedelta(hours=1)
    for hours, status in ((0, Status.IN_SESSION), (2, Status.RECOVERING)):
        await session_plan.change_status(replace(alice, now=began + timedelta(hours=hours)), ident, status)
    await session_plan.confirm_rest(replace(alice, now=began + timedelta(hours=22)))
    written: tuple[tuple[str, int, Mapping[str, Answer], str], ...] = (
        ("preparation", -70, {"prep.intention": "To be a little less on guard."}, "Before"),
        ("capture", -42, {"int.images": "A green door, and somebody humming."}, "The green door"),
        (
            "integration",
            -20,
            {
                "int.meaning": "Maybe that I am allowed to stop holding it shut.",
                "int.one_action": "Ring Kim on Tuesday.",
                "int.top3": "The door\nThe humming",
            },
            "What the door might be",
        ),
        (
            "reframe",
            -19,
            {
                "reframe.old_meaning": "I have to watch everything.",
                "reframe.new_meaning": "I can look away for a moment, and things stay.",
                "reframe.old_belief_before": 80,
                "reframe.new_belief": 45,
            },
            "Watching",
        ),
        ("grounding", -18, {"ground.skill": "orient", "ground.helped": "yes"}, ""),
    )
    for kind, hours, answers, title in written:
        at = NOON + timedelta(hours=hours)
        await share(cast, await write(cast, kind, answers, title=title, at=at), at=at)


async def begin_another(cast: Cast) -> str:
    """Have alice be in a session; return its address."""
    alice = await cast.actor("alice")
    details = SessionDetails(
        SessionKind.DOSING, "2026-11-22T13:00", "Europe/Berlin", 120, Setting.HOME, sitter="Kim"
    )
    ident = await session_plan.add_session(alice, alice.id, details)
    await session_plan.change_status(alice, ident, Status.IN_SESSION)
    return f"/sessions/{ident}"


def name_in(name: str, language: str) -> str:
    """Return the name of a picture in a language."""
    return name if language == DEFAULT_LANGUAGE else f"{name}-{language}"


class Album:
    """Takes pictures, or compares the pages with those that were taken."""

    def __init__(self, desk: Desk, server: Served) -> None:
        self.desk = desk
        self.server = server
        self.digests: dict[str, str] = {}
        self.taken: dict[str, bytes] = {}

    async def look(
        self, name: str, who: str, path: str, size: tuple[int, int] = PHONE, languages: Sequence[str] = EACH
    ) -> None:
        """Note one page in each language, and take its pictures."""
        for language in languages:
            await self._look(name_in(name, language), who, path, size, language)

    async def _look(self, name: str, who: str, path: str, size: tuple[int, int], language: str) -> None:
        context = await self.desk.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=2,
            base_url=self.desk.origin,
            timezone_id="Europe/Berlin",
            extra_http_headers={"accept-language": language},
        )
        page = await context.new_page()
        await self.server.admit(context, who)
        await page.goto(path)
        await page.evaluate("document.fonts.ready")
        self.digests[name] = hashlib.sha256((await page.evaluate(DESCRIBE)).encode()).hexdigest()
        if TAKING:
            self.taken[name] = await page.screenshot()
            await page.emulate_media(color_scheme="dark")
            await page.reload()
            await page.evaluate("document.fonts.ready")
            self.taken[f"{name}{DARK}"] = await page.screenshot()
        await context.close()

    async def keep(self) -> None:
        """Write the pictures, the one of the README and the digests."""
        page = await self.desk.person()
        for name, picture in self.taken.items():
            if not name.startswith("desk"):
                (FOLDER / f"{name}.webp").write_bytes(await to_webp(page, picture))
        context = await self.desk.browser.new_context(
            viewport={"width": 1216, "height": 568}, device_scale_factor=1.5
        )
        both = await context.new_page()
        sides = {"phone": as_data(self.taken["home"]), "desk": as_data(self.taken["desk"])}
        await both.set_content(SIDE_BY_SIDE.format(**sides))
        README.write_bytes(await to_webp(page, await both.screenshot()))
        await context.close()
        DIGESTS.write_text(json.dumps(self.digests, indent=2) + "\n", encoding="utf-8")


def as_data(picture: bytes) -> str:
    """Return a PNG as an address."""
    return "data:image/png;base64," + base64.b64encode(picture).decode()


async def to_webp(page: Page, picture: bytes) -> bytes:
    """Have the browser write a PNG as WebP."""
    data: str = await page.evaluate(TO_WEBP, as_data(picture))
    return base64.b64decode(data.split(",")[1])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def album(browser: Browser, server: Served) -> AsyncIterator[Album]:
    """All pages that there are pictures of."""
    album = Album(Desk(browser, server.origin), server)
    async with server.second_connection() as cast:
        await furnish(cast)
        alice = await cast.actor("alice")
        await album.look("home", "alice", "/")
        await album.look("write", "alice", "/journal/new?kind=integration")
        await album.look("caseload", "bob", "/patients")
        await album.look("brief", "bob", f"/patients/{alice.id}/brief")
        await album.look("desk", "bob", f"/patients/{alice.id}/brief", DESK, EACH[:1])
        await album.look("people", "erin", "/people")
        await album.look("calm", "alice", await begin_another(cast))
    if TAKING:
        await album.keep()
    yield album


SHOWN = ("home", "write", "caseload", "brief", "people", "calm")


@pytest.mark.parametrize("name", [*(name_in(name, language) for name in SHOWN for language in EACH), "desk"])
async def test_a_picture_shows_the_page_of_today(album: Album, name: str) -> None:
    """A page that reads otherwise than when its picture was taken fails here: run `make pictures`, and look at them."""
    assert album.digests[name] == json.loads(DIGESTS.read_text(encoding="utf-8"))[name]


def test_every_picture_is_in_the_guide() -> None:
    """No picture is left over, and none is missing."""
    guide = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "templates/guide").iterdir())
    shown = re.findall(r'picture\("([a-z]+)"', guide)
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(
        f"{name_in(name, language)}{look}" for name in shown for language in EACH for look in ("", DARK)
    )
