"""Ask an application for pages by calling it: a client that speaks HTTP would take longer than what it asks."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.portal.conftest import ORIGIN, Portal


@dataclass
class Asking:
    """Requests of the people of a running application."""

    portal: Portal

    async def ask(self, who: str | None, path: str) -> tuple[int, str]:
        """Read a page as *who*; return its status and text. What is asked as `q` is sent as a form."""
        where, _, query = path.partition("?")
        if query.startswith("q="):
            status, body = await self.request(who, where, sent=query.encode())
        else:
            status, body = await self.request(who, where, query=query.encode())
        return status, body.decode()

    async def request(
        self, who: str | None, where: str, *, query: bytes = b"", sent: bytes | None = None
    ) -> tuple[int, bytes]:
        """Ask for what is at *where*, or send a form there, as *who*; return the status and the body of the answer."""
        status, parts, asked, done = 0, list[bytes](), False, asyncio.Event()

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if asked:
                await done.wait()
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": sent or b"", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            parts.append(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                done.set()

        await self.portal.app(
            {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "method": "GET" if sent is None else "POST",
                "scheme": "http",
                "path": unquote(where),
                "raw_path": where.encode(),
                "query_string": query,
                "headers": self._headers(who, sent),
                "client": ("127.0.0.1", 1),
                "server": ("127.0.0.1", 8000),
                "root_path": "",
                "state": {},
            },
            receive,
            send,
        )
        return status, b"".join(parts)

    def _headers(self, who: str | None, sent: bytes | None) -> list[tuple[bytes, bytes]]:
        headers = [(b"host", ORIGIN.partition("//")[2].encode()), (b"origin", ORIGIN.encode())]
        headers.append((b"sec-fetch-site", b"same-origin"))
        if who is not None:
            token = urlsafe_b64encode(self.portal.cast.tokens[who]).rstrip(b"=")
            headers.append((b"cookie", b"hearthside=" + token))
        if sent is not None:
            headers.append((b"content-type", b"application/x-www-form-urlencoded"))
            headers.append((b"content-length", str(len(sent)).encode()))
        return headers
