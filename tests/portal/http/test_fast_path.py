"""Which requests take the short way to a view, and what becomes of errors there."""

from __future__ import annotations

import gc
import re
from uuid import uuid4

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from tortoise.exceptions import OperationalError

from journal.actor import Actor
from journal.errors import Damaged, NotFound, StaleRevision
from journal.rate_limiting.limits import TooManyAttempts
from portal import logs
from portal.http.fast_path import FastPath, RouteTable
from portal.http.limits import STANDARD
from portal.routes import ROUTES
from portal.web.errors import HANDLERS
from portal.web.forms import Form
from tests.portal.conftest import ORIGIN, Portal

HOST = ORIGIN.partition("//")[2]
SEND = {
    "origin": ORIGIN,
    "sec-fetch-site": "same-origin",
    "content-type": "application/x-www-form-urlencoded",
}
ENTRY = "/journal/0190a5c2-6d0e-4a6e-9a31-0f1f3e2d4c5b"


class Seen:
    """Stands behind the short way, and counts what comes by."""

    def __init__(self, app: ASGIApp, seen: list[str]) -> None:
        self.app, self.seen = app, seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what came."""
        if scope["type"] == "http":
            self.seen.append(scope["path"])
        await self.app(scope, receive, send)


def watched(portal: Portal) -> list[str]:
    """Return the paths of all requests that take the layers, from now on."""
    seen: list[str] = []
    portal.app.user_middleware.insert(1, Middleware(Seen, seen=seen))
    portal.app.middleware_stack = None
    return seen


def request(method: str, path: str, *headers: tuple[str, str], body: bytes = b"") -> httpx.Request:
    """A request with these headers alone."""
    made = httpx.Request(method, ORIGIN + path, content=body or None)
    length = [("content-length", str(len(body)))] if body else []
    made.headers = httpx.Headers([*headers, *length])
    return made


USUAL = (
    request("GET", "/healthz", ("host", HOST)),
    request("GET", "/journal?before=a", ("host", HOST), ("cookie", "hearthside=a"), ("accept", "*/*")),
    request("GET", ENTRY, ("host", HOST), ("hx-request", "true")),
    request("GET", f"{ENTRY}/revisions/{uuid4()}", ("host", HOST), ("sec-fetch-site", "cross-site")),
    request("POST", ENTRY, ("host", HOST), *SEND.items(), body=b"a=b"),
    request("POST", "/sign-in", ("host", HOST), *(SEND | {"origin": "null"}).items(), body=b"a=b"),
    request("POST", "/sign-in", ("host", HOST), ("sec-fetch-site", "same-origin"), body=b"a=b"),
)
POST = ("POST", "/sign-in", ("host", HOST))
UNUSUAL = (
    request("GET", "/healthz"),
    request("GET", "/healthz", ("host", "127.0.0.1")),
    request("GET", "/healthz", ("host", HOST), ("host", HOST)),
    request("GET", "/healthz", ("host", HOST), ("cookie", "a=b"), ("cookie", "c=d")),
    request("GET", "/healthz", ("host", HOST), body=b"a=b"),
    request("GET", "/healthz", ("host", HOST), ("transfer-encoding", "chunked")),
    request("HEAD", "/healthz", ("host", HOST)),
    request("OPTIONS", "/healthz", ("host", HOST)),
    request("POST", "/healthz", ("host", HOST), *SEND.items(), body=b"a=b"),
    request("GET", "/healthz/", ("host", HOST)),
    request("GET", "/healthz%0A", ("host", HOST)),
    request("GET", ENTRY.upper().replace("/JOURNAL", "/journal"), ("host", HOST)),
    request("GET", ENTRY.replace("-", ""), ("host", HOST)),
    request("GET", ENTRY + "%0A", ("host", HOST)),
    request("GET", ENTRY + "/" + ENTRY, ("host", HOST)),
    request("GET", "/invite/a", ("host", HOST)),
    request("GET", "/static/css/print.css", ("host", HOST)),
    request(*POST, ("origin", ORIGIN), body=b"a=b"),
    request(*POST, *(SEND | {"sec-fetch-site": "same-site"}).items(), body=b"a=b"),
    request(*POST, *(SEND | {"origin": "http://localhost:8000"}).items(), body=b"a=b"),
    request(*POST, *(SEND | {"origin": ORIGIN + "/"}).items(), body=b"a=b"),
    request(*POST, *SEND.items(), ("content-length", str(STANDARD.body + 1))),
    request(*POST, *SEND.items(), ("content-length", "1" * 5000)),
    request(*POST, *SEND.items(), ("content-length", "+1")),
    request(*POST, *SEND.items()),
    request(*POST, *SEND.items(), ("transfer-encoding", "chunked")),
)


async def test_what_is_usual_goes_straight_to_its_view(portal: Portal) -> None:
    """No layer sees it; all others see everything else."""
    seen = watched(portal)
    async with portal.client() as browser:
        for one in USUAL:
            await browser.send(one)
            assert seen == [], (one.method, one.url, one.headers)
        for one in UNUSUAL:
            await browser.send(one)
            assert len(seen) == 1, (one.method, one.url, one.headers)
            seen.clear()


def test_every_address_but_those_with_a_token_is_in_the_table() -> None:
    """A new rule has a short way from its first day."""

    async def nothing(request: Request) -> Response:
        return Response()

    table = RouteTable(Route(rule.path, nothing, methods=list(rule.methods)) for rule in ROUTES)
    for rule in ROUTES:
        ids = [uuid4(), uuid4()]
        path = (
            re.sub(r"{\w+:uuid}", "{}", rule.path).format(*ids) if "{token}" not in rule.path else rule.path
        )
        for method in rule.methods:
            found = table.find(method, path)
            if "{token}" in rule.path:
                assert found is None
                continue
            assert found is not None
            assert found[0].path == rule.path
            assert [*found[1].values()] == ids[: len(found[1])]
            assert [*found[1]] == re.findall(r"{(\w+):uuid}", rule.path)


ERRORS: dict[str, Exception] = {
    "unforeseen": ValueError("quotes what was typed"),
    "missing": NotFound(),
    "stale": StaleRevision(),
    "damaged": Damaged(),
    "many": TooManyAttempts(30, "current"),
    "refused": HTTPException(413, headers={"connection": "close"}),
    "gone": OperationalError("database is locked"),
    "away": ConnectionResetError(),
}


async def breaks(request: Request) -> Response:
    """Read what came or not, and break in the way that is asked for."""
    if "read" in request.query_params:
        await Form.read(request)
    raise ERRORS[request.query_params["error"]]


@pytest.mark.parametrize("error", ERRORS)
async def test_an_error_becomes_the_same_on_both_ways(
    portal: Portal, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    """The same page with the same words on it, the same headers, the same line in the log."""
    app, config = portal.app, portal.app.state.config
    route = Route("/breaks", breaks, methods=["GET", "POST"])
    layers = app.user_middleware[1:]
    told: list[object] = []
    lines: list[list[str]] = []
    short = Middleware(FastPath, table=RouteTable([route]), config=config, limits=STANDARD, handlers=HANDLERS)
    app.router.routes.insert(0, route)
    for stack in (layers, [short, *layers]):
        app.user_middleware, app.middleware_stack = stack, None
        seen = [] if stack is layers else watched(portal)
        async with portal.client() as browser:
            for query in (f"error={error}", f"error={error}&read"):
                answers = (
                    await browser.get(f"/breaks?{query}"),
                    await browser.post(f"/breaks?{query}", data={"free.text": "a b", "current": "stones"}),
                    await browser.post(f"/breaks?{query}", data={"q": "a b"}, headers={"hx-request": "true"}),
                )
                assert min(one.status_code for one in answers) >= 400
                told += [(one.status_code, one.headers.raw, without_mark(one.text)) for one in answers]
        assert seen == []
        records = [one for one in caplog.records if one.name == logs.NAME]
        lines.append([without_mark(logs.TextFormatter().format(one)) for one in records])
        caplog.clear()
    assert told[: len(told) // 2] == told[len(told) // 2 :]
    assert lines[0] == lines[1]


def without_mark(text: str) -> str:
    """The text without what differs from one request to the next."""
    return re.sub(r"\b[0-9a-f]{8}\b|ms=[0-9.]+|[0-9T:.-]{20,}[+0-9:]*", "*", text)


@pytest.mark.parametrize("way", ["short", "long"])
async def test_what_a_form_brought_goes_with_it(portal: Portal, way: str) -> None:
    """Keys and words of whoever sent it are let go when it is answered, not when memory is tidied up."""
    seen = watched(portal)

    def count_held() -> int:
        return sum(isinstance(one, Actor | Form) for one in gc.get_objects())

    async with portal.client("alice") as browser:
        if way == "long":
            del browser.headers["sec-fetch-site"]
        gc.collect()
        held = count_held()
        gc.disable()
        try:
            for path in ("/password-strength", "/journal"):
                answer = await browser.post(path, data={"q": "the sea", "password": "the sea"})
                assert answer.status_code == 200
            for path in ("/", "/sharing", "/records", "/account", "/journal/new?kind=reframe"):
                answer = await browser.get(path)
                assert answer.status_code == 200
            del answer
            assert count_held() == held
        finally:
            gc.enable()
    assert bool(seen) is (way == "long")
