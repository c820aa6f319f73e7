"""The script by which a browser keeps the pages that are for anybody, for when there is no network."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.grounding_skills import SKILLS
from portal import __version__
from portal.web.pages import get_static_url
from portal.web.translation import get_language

PAGES = ("/ground", *(f"/ground/{skill}" for skill in SKILLS), "/help-now", "/kept", "/leave")
"""Pages that say nothing of anybody when they are asked for without a cookie."""
STYLES = (
    "css/hearthside.css",
    "css/forms.css",
    "css/components.css",
    "css/pages.css",
    "css/print.css",
    "js/hearthside.js",
    "js/kept.js",
    "vendor/htmx.min.js",
    "icons/page.svg",
)
"""What those pages name, by the addresses that have a file's hash."""
PARTS = (
    "fonts/literata-latin.woff2",
    "fonts/source-sans-3-latin.woff2",
    "icons/chevron.svg",
    "icons/ground.svg",
    "icons/help.svg",
    "icons/mark.svg",
)
"""What the styles name."""


async def show_script(request: Request) -> Response:
    """Return the script of the browser's language; it is another one as soon as one of its files is."""
    return Response(_build_script(get_language()), media_type="text/javascript; charset=utf-8")


@cache
def _build_script(language: str) -> str:
    named = [*PAGES, *map(get_static_url, STYLES), *(f"/static/{part}" for part in PARTS)]
    code = (files("portal") / "static" / "js" / "offline.js").read_text(encoding="utf-8")
    digest = hashlib.sha256("\n".join((__version__, language, *named, code)).encode()).hexdigest()[:12]
    told = {"CACHE": f"public-{digest}", "LANGUAGE": language, "FILES": named}
    return "".join(f"const {name} = {json.dumps(value)};\n" for name, value in told.items()) + code
