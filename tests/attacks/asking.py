"""Ask an application for pages by calling it: a client that speaks HTTP would take longer than what it asks."""

from __future__ import annotations

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
        sent = query.encode() if query.startswith("q=") else b""
        status, parts = 0, []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": sent, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            parts.append(message.get("body", b""))

        await self.portal.app(
            {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "method": "POST" if sent else "GET",
                "scheme": "http",
                "path": unquote(where),
                "raw_path": where.encode(),
                "query_string": b"" if sent else query.encode(),
                "headers": self._headers(who, sent),
                "client": ("127.0.0.1", 1),
                "server": ("127.0.0.1", 8000),
                "root_path": "",
                "state": {},
            },
            receive,
            send,
        )
        return status, b"".join(parts).decode()

    def _headers(self, who: str | None, sent: bytes) -> list[tuple[bytes, bytes]]:
        headers = [(b"host", ORIGIN.partition("//")[2].encode()), (b"origin", ORIGIN.encode())]
        headers.append((b"sec-fetch-site", b"same-origin"))
        if who is not None:
            token = urlsafe_b64encode(self.portal.cast.tokens[who]).rstrip(b"=")
            headers.append((b"cookie", b"hearthside=" + token))
        if sent:
            headers.append((b"content-type", b"application/x-www-form-urlencoded"))
            headers.append((b"content-length", str(len(sent)).encode()))
        return headers
