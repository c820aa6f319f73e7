"""
Two ways lead to a view: the short one, and the one through all layers. What is answered must not tell which was taken.

Each test asks two applications, on copies of one world, the same things in the same order: the product, and one that
has no short way. Status, headers and body are compared, but for what is drawn at random each time, and its length.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from httpx import AsyncClient, Response

from portal.http.fast_path import FastPath
from portal.http.limits import STANDARD
from portal.routes import ROUTES, Rule
from tests.attacks.browse import Sent
from tests.attacks.conftest import STRANGE, Target
from tests.attacks.test_routes import address
from tests.attacks.world import World
from tests.portal.conftest import ORIGIN, answering

EVERYBODY = (None, "alice", "bob", "erin", "hana", "lena")
"""Nobody, one of each role, one who has not confirmed the recovery key, and one whose keys are being renewed."""
RANDOM = re.compile(
    r"""
    [0-9a-f]{8} (?:-[0-9a-f]{4}){3} -[0-9a-f]{12}               # an id
    | (?<=[="]) (?:[\w+/-]{20,}={0,2} | [0-9a-f]{16})            # a token, sealed or not
    | (?: (?<=/sit/) | (?<=/calendar/) ) [\w-]{43}               # a token in an address
    | data:image/[^"]+                                          # a picture of one
    | (?: \b[0-9A-Z]{4,5}\b [ <>/a-z-]* ){4,}                    # a key, as people write it down
    | (?<=class="offer-words") [^<]+                            # a password that is suggested
    | (?<= "suggested"\ value=") [^"]+ | (?<= "offered"\ value=") [^"]+
    | (?<=expires=) [^;]+                                       # reckoned from the clock of the machine
    """,
    re.VERBOSE,
)

EACH_SHAPE = frozenset(
    {
        "/",
        "/healthz",
        "/journal",
        "/journal/{id:uuid}",
        "/journal/{id:uuid}/revisions/{revision:uuid}",
        "/invite/{token}",
        "/sign-out",
    }
)
"""An address of each shape: fixed or with ids, for anyone or not, to be read or to be sent to."""


def name_of(rule: Rule) -> str:
    """How a test of *rule* is called."""
    return f"{'+'.join(rule.methods)} {rule.path}"


every_rule = pytest.mark.parametrize("rule", ROUTES, ids=name_of)


VARIES = frozenset({b"location", b"hx-redirect", b"set-cookie"})
"""Headers that may hold such."""
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: Headers = ()
    body: bytes = b""


@dataclass
class BothWays:
    """The product and its twin without the short way."""

    short: Target
    long: Target

    async def ask(self, name: str | None, *asked: Asked) -> None:
        """Ask both as *name*; fails where an answer differs."""
        answers: list[list[Response]] = []
        for target in (self.short, self.long):
            async with target.client(name) as browser:
                answers.append([await _send(browser, one) for one in asked])
        for one, other, what in zip(*answers, asked, strict=True):
            if (one.status_code, one.headers.raw, one.content) == (
                other.status_code,
                other.headers.raw,
                other.content,
            ):
                continue  # most are the same to the byte, and nothing random has to be looked for
            for one_line, other_line in zip_longest(_lines(one), _lines(other)):
                assert one_line == other_line, (name, what)


async def _send(browser: AsyncClient, asked: Asked) -> Response:
    request = browser.build_request(asked.method, asked.path, content=asked.body)
    named = {name for name, _ in asked.headers}
    usual = [(name, value) for name, value in request.headers.multi_items() if name not in named]
    request.headers = httpx.Headers([*usual, *asked.headers])
    return await browser.send(request)


def _lines(answer: Response) -> list[str]:
    """Return all of an answer, line by line, with what is random left out where it stands."""
    headers = [
        RANDOM.sub("*", f"{name.decode()}: {value.decode()}") if name in VARIES else f"{name!r}: {value!r}"
        for name, value in answer.headers.raw
        if name not in {b"content-length", b"retry-after"}  # how much is left of a pause is told in seconds
    ]
    return [str(answer.status_code), *headers, *RANDOM.sub("*", answer.text).splitlines()]


@pytest.fixture
async def both(attacked_sqlite: tuple[Path, World], tmp_path: Path) -> AsyncIterator[BothWays]:
    """Two applications on copies of one world."""
    original, world = attacked_sqlite
    async with AsyncExitStack() as running_:
        targets = []
        for name in ("short", "long"):
            (folder := tmp_path / name).mkdir()
            path = folder / "world.sqlite3"
            shutil.copyfile(original, path)
            portal = await running_.enter_async_context(
                answering(f"sqlite://{path}", world.furniture, folder)
            )
            targets.append(Target(portal, world, path))
        app = targets[1].portal.app
        short, *layers = app.user_middleware
        assert str(short.cls) == str(FastPath)
        app.user_middleware = layers
        yield BothWays(*targets)


PART = (("hx-request", "true"),)
ENCODED = (("content-type", "application/x-www-form-urlencoded"),)


@every_rule
async def test_each_address_answers_alike(both: BothWays, forms: dict[str, Sent], rule: Rule) -> None:
    """For everybody, as a page and as a part of one, with its own form and with a stranger's."""
    where = address(rule, both.short.world)
    asked: list[Asked] = []
    if "GET" in rule.methods:
        asked += [Asked("GET", where), Asked("GET", f"{where}?next=/journal&q=%20", PART)]
    if "POST" in rule.methods:
        for sent in (forms.get(rule.path, []), [("text", STRANGE)], []):
            body = urlencode(sent).encode()
            asked += [Asked("POST", where, (*ENCODED, *extra), body) for extra in (PART, ())]
    for name in EVERYBODY:
        await both.ask(name, *asked)


@pytest.mark.parametrize("rule", [rule for rule in ROUTES if rule.path in EACH_SHAPE], ids=name_of)
async def test_what_is_unusual_is_answered_alike(both: BothWays, rule: Rule) -> None:
    """Other spellings, sites, hosts and methods, and what comes twice, meet the same refusals wherever they go."""
    where = address(rule, both.short.world)
    for name in (None, "alice", "bob", "erin"):
        await both.ask(name, *unusual(where))


def unusual(where: str) -> list[Asked]:
    """What no page of ours makes a browser send."""
    paths = (
        where + "/", "/" + where, where + "%0A", where + "%00", where.upper(), where.replace("-", ""), where + "?a=b",
        where.replace("/", "/%2e/", 1), re.sub(r"[a-z]", lambda one: f"%{ord(one[0]):x}", where, count=1), where + "/x",
        re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "00000000-0000-0000-0000-000000000000", where),
        re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "not-an-id", where),
    )  # fmt: skip
    headers: tuple[Headers, ...] = (
        (("host", "evil.example"),), (("host", "LOCALHOST:8000"),), (("host", ORIGIN[7:]), ("host", ORIGIN[7:])),
        (("host", ""),), (("origin", "null"),), (("origin", "https://evil.example"),), (("origin", ORIGIN.upper()),),
        (("origin", "http://localhost:8000"),), (("origin", ORIGIN), ("origin", "https://evil.example")),
        (("sec-fetch-site", "cross-site"),), (("sec-fetch-site", "none"),), (("sec-fetch-site", "same-origin"),) * 2,
        (("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")), (("cookie", "hearthside=x"),) * 2,
        (("hx-request", "false"), ("hx-request", "true")), (("content-type", "text/plain"),),
        (("sec-purpose", "prefetch"),), (("purpose", "prefetch"), ("sec-purpose", "")),
        (("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "192.0.2.2")),
        (("content-length", "99999999999"),), (("content-length", "-1"),), (("content-length", "4x"),),
        (("content-length", "0"), ("content-length", "0")), (("transfer-encoding", "chunked"),),
    )  # fmt: skip
    return [
        *(Asked(method, path) for path in paths for method in ("GET", "POST")),
        *(Asked(method, where, one) for one in headers for method in ("GET", "POST")),
        *(Asked(method, where) for method in ("HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE")),
        Asked("GET", where, ENCODED, b"email=a&q=b"),
        Asked("HEAD", where, ENCODED, b"email=a&q=b"),
        Asked("POST", where, ENCODED, b"&".join([b"a=1"] * 501)),
        Asked("POST", where, ENCODED, b"email=" + b"a" * STANDARD.body),
    ]
