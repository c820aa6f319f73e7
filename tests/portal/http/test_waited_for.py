"""On which connections somebody waits for something, so that a process is not renewed."""

from __future__ import annotations

import asyncio
import socket
from base64 import urlsafe_b64encode
from dataclasses import replace
from uuid import uuid4

import pytest

from portal.http.limits import STANDARD, Limits
from portal.http.server import HttpConnection
from tests.portal.conftest import Portal
from tests.portal.http.test_server import FORM, GET, Listening, listening

LATER = replace(STANDARD, arriving_seconds=0, unknown_seconds=0, taking_seconds=0)
"""As if every connection were older than anybody waits for without being signed in."""


def sent_by(cookie: str, path: str) -> bytes:
    """The head and a few bytes of a form."""
    return f"POST {path} HTTP/1.1\r\n{FORM}content-length: 50\r\ncookie: hearthside={cookie}\r\n\r\ntitle=".encode()


async def connection_of(listens: Listening) -> HttpConnection:
    """The server's side of the one connection there is."""
    while not (connections := list(listens.server.server_state.connections)):  # noqa: ASYNC110 - its turn is waited for
        await asyncio.sleep(0)
    (connection,) = connections
    assert isinstance(connection, HttpConnection)
    return connection


@pytest.mark.parametrize(("limits", "is_waited"), [(STANDARD, True), (LATER, False)])
@pytest.mark.parametrize("sent", [b"", b"GET /help-now HTTP/1.1\r\nhost: ", sent_by("", "/sign-in")])
async def test_what_nobody_signed_in_begins_is_waited_for_a_moment(
    portal: Portal, limits: Limits, is_waited: bool, sent: bytes
) -> None:
    """Silence, the beginning of a head, and half a form of nobody."""
    async with listening(portal, limits) as listens, listens.line() as line:
        connection = await connection_of(listens)
        await line.say(sent)
        while sent and not (connection.in_head or connection.is_under_way):  # noqa: ASYNC110 - its turn is waited for
            await asyncio.sleep(0)
        assert connection.is_waited_for() is is_waited


async def test_who_is_signed_in_is_waited_for(portal: Portal) -> None:
    """However long they take to send what they wrote; and nobody waits on a connection that was answered."""
    cookie = urlsafe_b64encode(portal.cast.tokens["alice"]).rstrip(b"=").decode()
    async with listening(portal, LATER) as listens, listens.line() as line:
        connection = await connection_of(listens)
        await line.say(sent_by(cookie, f"/journal/{uuid4()}"))
        while not connection.is_waited_for():  # noqa: ASYNC110 - until the cookie was read
            await asyncio.sleep(0)
        await line.say(b"x" * 44)
        await line.hear()
        assert not connection.is_waited_for()


@pytest.mark.parametrize(("limits", "is_waited"), [(STANDARD, True), (LATER, False)])
async def test_the_end_of_an_answer_is_waited_for_a_while(
    portal: Portal, limits: Limits, is_waited: bool
) -> None:
    """All of it is handed over, and whoever asked has not taken it yet."""
    async with listening(portal, limits, send_buffer=2048) as listens:
        with socket.socket() as plug:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            plug.connect(("127.0.0.1", listens.port))
            plug.sendall(GET)
            connection = await connection_of(listens)
            await listens.has_sent()
            assert not connection.is_under_way
            assert connection.is_waited_for() is is_waited
