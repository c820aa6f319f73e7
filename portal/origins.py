"""The addresses at which people reach us, as browsers write them in `Origin` and, without the scheme, in `Host`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import urlsplit

from journal.installation.host_names import normalize_host_name

ORIGIN_HINT = "an address without a path, like https://hearth.example.org"
_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[^\s/?#@:\\\[\]]+)(?::([0-9]{1,5}))?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_LENGTH = 300


def parse_origin(value: str) -> str:
    """
    Return an origin as browsers write it: in lower case, in ASCII, without the default port.

    Raises:
        ValueError: If it is none that we could be reached at.
    """
    parts = _ORIGIN.fullmatch(value) if len(value) <= _MAX_LENGTH else None
    if parts is None or int(parts[3] or 0) > 65535:
        raise ValueError(ORIGIN_HINT)
    scheme, host = parts[1].lower(), normalize_host_name(parts[2])
    if scheme == "http" and not is_loopback(host):
        raise ValueError("an https address; plain http is for this machine only")
    port = f":{int(parts[3])}" if parts[3] and int(parts[3]) != _DEFAULT_PORTS[scheme] else ""
    return f"{scheme}://[{host}]{port}" if ":" in host else f"{scheme}://{host}{port}"


def is_loopback(host: str) -> bool:
    """Return whether a host, as `normalize_host_name` returns it, is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@lru_cache
def find_named_origin(origin: str) -> str:
    """Return an origin whose host has a name, which passkeys need; empty where there is none."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if not _is_address(host):
        return origin
    if origin.startswith("https:") or not is_loopback(host):
        return ""
    return f"http://localhost:{parts.port}" if parts.port else "http://localhost"


@lru_cache
def get_host(origin: str) -> str:  # asked for every page
    """Return the host of an origin."""
    return urlsplit(origin).hostname or ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def find_origin(origins: Collection[str], sent: str) -> str | None:
    """Return which of *origins* a browser sent, however that is written; None for any other."""
    if sent in origins:
        return sent
    try:
        meant = parse_origin(sent)
    except ValueError:
        return None
    return meant if meant in origins else None
