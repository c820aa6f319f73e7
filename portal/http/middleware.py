"""What happens around every request, in plain ASGI: context variables survive, and nothing buffers."""

from __future__ import annotations

from functools import lru_cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from journal.i18n import N_
from journal.store.database import Store
from portal.config import Config
from portal.http.limits import CONNECTION_CLOSE
from portal.origins import find_origin
from portal.web.device_cookies import find_language
from portal.web.errors import render_http_error
from portal.web.pages import get_translator
from portal.web.translation import set_language

UNKNOWN_HOST = N_("Nothing answers at this address. Please check how it is written.")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# fmt: off
DISABLED_FEATURES = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "display-capture",
    "encrypted-media", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial",
    "storage-access", "usb", "window-management", "xr-spatial-tracking",
)
# fmt: on
SELF_FEATURES = ("publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS = ", ".join(
    [*(f"{name}=()" for name in DISABLED_FEATURES), *(f"{name}=(self)" for name in SELF_FEATURES)]
)
HEADERS = (
    ("content-security-policy", CSP),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("origin-agent-cluster", "?1"),
    ("permissions-policy", PERMISSIONS),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-permitted-cross-domain-policies", "none"),
)
NO_STORE = (b"cache-control", b"no-store")
CACHE_FOR_A_DAY = (b"cache-control", b"public, max-age=86400")
CACHE_FOREVER = (b"cache-control", b"public, max-age=31536000, immutable")
HTTPS_ONLY = (("strict-transport-security", "max-age=63072000; includeSubDomains"),)


def build_security_headers(config: Config) -> tuple[tuple[bytes, bytes], ...]:
    """Return the security headers of this installation, as the protocol writes them."""
    return _encode_headers(HEADERS + HTTPS_ONLY if config.is_secure else HEADERS)


@lru_cache(maxsize=2)
def _encode_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[bytes, bytes], ...]:
    """Encode headers, once, so that whoever looks for them in an answer finds the very same."""
    return tuple(Headers(dict(headers)).raw)


class SecurityHeaders:
    """Add the security headers to every response; pages are never cached, static files may be."""

    def __init__(self, app: ASGIApp, config: Config) -> None:
        self.app = app
        self.headers = build_security_headers(config)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to the response."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                # No view sets one of these, so they are put beside the others as they are.
                own = message["headers"]
                message["headers"] = headers = [*own, *self.headers]
                if b"cache-control" not in [name for name, _ in own]:
                    headers.append(_get_cache_control(scope, message["status"]))
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _get_cache_control(scope: Scope, status: int) -> tuple[bytes, bytes]:
    """Return the caching header: none for pages; for static files for ever if the address has the file's hash."""
    if status >= 400 or not scope["path"].startswith("/static/"):
        return NO_STORE
    return CACHE_FOREVER if scope["query_string"] else CACHE_FOR_A_DAY


class HostCheck:
    """Answer only for the host people type: links in pages are built from it."""

    def __init__(self, app: ASGIApp, config: Config) -> None:
        self.app = app
        self.origins = config.origins
        self.hosts = [[origin.partition("//")[2]] for origin in config.origins]
        self.scheme = config.origin.partition(":")[0]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse other hosts, and more than one, with 400; write the host of what is passed on as we do."""
        sent = Headers(scope=scope).getlist("host") if scope["type"] == "http" else None
        if sent is not None and sent not in self.hosts:
            meant = find_origin(self.origins, f"{self.scheme}://{sent[0]}") if len(sent) == 1 else None
            if meant is not None:
                MutableHeaders(scope=scope)["host"] = meant.partition("//")[2]
            elif scope["path"] not in ("/healthz", "/readyz"):
                return await _refuse_host(Request(scope))(scope, receive, send)
        await self.app(scope, receive, send)


def _refuse_host(request: Request) -> Response:
    set_language(find_language(request))
    return PlainTextResponse(get_translator(request)(UNKNOWN_HOST), 400)


class HeadAsGet:
    """Treat HEAD as GET: else a view could read as a form what SameOrigin has not checked."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a copy of the scope on; the server still sees HEAD in its own and leaves the body out."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            as_get: Scope = {**scope, "method": "GET", "hearthside.head": True}
            await self.app(as_get, receive, send)
            scope["route"] = as_get.get("route")
            return
        await self.app(scope, receive, send)


class SameOrigin:
    """Refuse unsafe requests that another site started (OWASP: Fetch Metadata, with Origin as fallback)."""

    def __init__(self, app: ASGIApp, config: Config) -> None:
        self.app = app
        self.origins = config.origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 403 what does not come from our own pages."""
        if (
            scope["type"] == "http"
            and scope["method"] not in SAFE_METHODS
            and not self._is_same_origin(Headers(scope=scope))
        ):
            refusal = await render_http_error(Request(scope), HTTPException(403, headers=CONNECTION_CLOSE))
            return await refusal(scope, receive, send)
        await self.app(scope, receive, send)

    def _is_same_origin(self, headers: Headers) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None and site != "same-origin":
            return False
        origin = headers.get("origin")
        # With `Referrer-Policy: no-referrer` some browsers send `Origin: null`: Fetch Metadata decides.
        if origin in (None, "null"):
            return site == "same-origin"
        # Both names of this machine are ours, and yet two sites: what comes from one is for that one.
        meant = find_origin(self.origins, origin)
        return meant is not None and meant.partition("//")[2] == headers.get("host")


class UseStore:
    """Use the application's database in each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the store in use."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        store: Store = scope["app"].state.store
        with store.use():
            await self.app(scope, receive, send)
