"""Every cookie that there is: scripts cannot read it, other sites do not send it, and it is small."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie

from portal.config import Config
from tests.cast import PASSWORDS
from tests.portal.browsing import Page
from tests.portal.conftest import Portal
from tests.test_architecture import modules, source

LARGEST = 400
"""Bytes of name and value together; browsers keep 4,096 (RFC 6265bis). What was seen of four people is the longest."""


def test_cookies_are_set_in_two_places() -> None:
    """What a browser keeps between sign-ins, and the session: nothing else."""
    setting = {path.as_posix() for path in modules("portal") if ".set_cookie(" in source(path)}
    assert setting == {
        "portal/access/session_cookie.py",
        "portal/web/device_cookies.py",
    }
    written = [path for path in modules("portal") if re.search("set-cookie", source(path), re.IGNORECASE)]
    assert written == []


async def test_every_cookie_is_closed_to_scripts_and_small(portal: Portal) -> None:
    """Each one that the settings name is given: `HttpOnly`, of this site alone, for the whole host, and short."""
    config: Config = portal.app.state.config
    names = {getattr(config, one) for one in dir(Config) if one == "cookie" or one.endswith("_cookie")}
    given = []
    async with portal.client() as browser:
        given.append(await browser.post("/help-now", data={"region": "NZ"}))
        given.append(await browser.post("/language", data={"next": "/", "language": "es"}))
        for name in ("alice", "bob", "charlie", "dana", "erin", "alice"):  # more than one browser remembers
            typed = {"email": f"{name}@example.org", "password": PASSWORDS[name]}
            given.append(await browser.post("/sign-in", data=typed))
            given.append(await browser.get("/account"))
            if name == "alice":
                continue
            shown = Page.of(await browser.post("/account/secret-key", data={"current": PASSWORDS[name]}))
            offer = {
                "offer": shown.value("offer"),
                "typed": shown.markup.one("p", id="secret-key").words[-5:],
            }
            given.append(await browser.post("/account/secret-key/confirmation", data=offer))
        given.append(await browser.post("/account/title", data={"neutral": "yes"}))
    assert {answer.status_code for answer in given} == {200, 303}
    found = set()
    for answer in given:
        for line in answer.headers.get_list("set-cookie"):
            ((name, one),) = SimpleCookie(line).items()
            found.add(name)
            assert one["httponly"] is True, name
            strict = name == config.secret_keys_cookie
            assert one["samesite"].lower() == ("strict" if strict else "lax"), name
            assert (one["path"], one["domain"]) == ("/", ""), name
            assert len(name) + len(one.value) <= LARGEST, name
    assert found == names
    assert len(names) == 7
