"""
Where a request comes from, as far as it can be believed, and what kind of browser sent it.

Attempts are counted by the one; people recognise their sessions by the other.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network

from starlette.requests import Request

from journal.i18n import N_
from portal.config import Network

# Browsers name those they descend from as well, so the more particular ones come first.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)

DEVICE_SEPARATOR = " on "
"""What stands between browser and system where the two are stored; what was seen before is told by them."""
DEVICE = N_("%(browser)s on %(system)s")

UNKNOWN_ADDRESS = "unknown"
FORWARDED_HEADER = "x-forwarded-for"
# One person's home or phone holds all addresses of such a network.
NETWORK_BITS = 64


def get_client_address(request: Request) -> str:
    """
    Return the address that a request comes from; of an IPv6 address its network of 64 bits.

    `X-Forwarded-For` is trusted as far as HEARTHSIDE_TRUSTED_PROXIES wrote it: from its right end, each trusted hop
    vouches for the one before it.
    """
    peer = request.client.host if request.client else ""
    hops = [hop for line in request.headers.getlist(FORWARDED_HEADER) for hop in line.split(",")]
    return _format_address(_find_client(peer, hops, request.app.state.config.trusted_proxies))


def _find_client(peer: str, hops: list[str], trusted: Sequence[Network]) -> IPv4Address | IPv6Address | None:
    source = _parse_address(peer)
    while source is not None and hops and any(source in network for network in trusted):
        before = _parse_address(hops.pop())
        if before is None:
            break
        source = before
    return source


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read one hop, which some proxies write with the port; an IPv4-mapped IPv6 address is an IPv4 address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _format_address(address: IPv4Address | IPv6Address | None) -> str:
    if address is None:
        return UNKNOWN_ADDRESS
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, NETWORK_BITS), strict=False))
    return str(address)


def get_device_name(request: Request) -> str:
    """Return which browser it is, as it is stored: "Firefox on Android"; empty if it does not say."""
    agent = request.headers.get("user-agent", "")
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return DEVICE_SEPARATOR.join(filter(None, (browser, system)))


def format_device(stored: str, translate: Callable[..., str]) -> str:
    """Return which browser it is, as it is said: *translate* translates a sentence and puts its variables in."""
    browser, _separator, system = stored.partition(DEVICE_SEPARATOR)
    return translate(DEVICE, browser=browser, system=system) if system else stored
