"""Where a request comes from: believed from our own proxies only."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request

from portal.config import Config, ConfigError
from portal.http.client import BROWSERS, SYSTEMS, UNKNOWN_ADDRESS, format_device, get_client_address
from portal.web.translation import Translator


@dataclass
class _Settings:
    trusted_proxies: tuple[object, ...]


def came(peer: str | None, *forwarded: str, trusting: str = "") -> str:
    """Where a request from *peer* with these `X-Forwarded-For` lines comes from."""
    config = _Settings(_trusted(trusting))
    scope = {
        "type": "http",
        "client": (peer, 50000) if peer is not None else None,
        "headers": [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded],
        "app": SimpleNamespace(state=SimpleNamespace(config=config)),
    }
    return get_client_address(Request(scope))


def _trusted(text: str) -> tuple[object, ...]:
    from portal.config import SETTINGS

    (setting,) = (one for one in SETTINGS if one.name == "TRUSTED_PROXIES")
    networks: tuple[object, ...] = setting.parse(text)
    return networks


@example(["198.51.100.7"])
@example(["198.51.100.7, 127.0.0.1", "10.0.0.1"])
@given(st.lists(st.text(alphabet=st.characters(max_codepoint=255, exclude_characters="\r\n"))))
def test_nobody_else_is_believed(lines: list[str]) -> None:
    """Without a trusted proxy the header changes nothing, whatever it says."""
    assert came("203.0.113.9", *lines) == "203.0.113.9"
    assert came("203.0.113.9", *lines, trusting="127.0.0.1, 10.0.0.0/8") == "203.0.113.9"


@given(st.lists(st.text(alphabet=st.characters(max_codepoint=255, exclude_characters="\r\n"))))
def test_what_stands_left_of_our_proxy_changes_nothing(lines: list[str]) -> None:
    """Our proxy appends the address it saw: whatever the client wrote before that, it is the one."""
    for seen in ("203.0.113.9", "203.0.113.9:4711"):
        for appended in ([*lines, seen], [", ".join([*lines, seen])]):
            assert came("127.0.0.1", *appended, trusting="127.0.0.1") == "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "forwarded", "source"),
    [
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1, 203.0.113.9, 10.0.0.7"], "203.0.113.9"),
        ("127.0.0.1", ["203.0.113.9", "10.0.0.7"], "203.0.113.9"),
        ("::ffff:127.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["[2001:db8:1:2:3::4]:55"], "2001:db8:1:2::/64"),
        ("127.0.0.1", ["2001:db8:1:2:3::4"], "2001:db8:1:2::/64"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["10.0.0.7"], "10.0.0.7"),
        ("127.0.0.1", ["203.0.113.9, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.9, 10.0.0.7, "], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.9, _hidden, 10.0.0.7"], "10.0.0.7"),
        ("fe80::1%eth0", [], "fe80::/64"),
        ("", ["203.0.113.9"], UNKNOWN_ADDRESS),
        (None, ["203.0.113.9"], UNKNOWN_ADDRESS),
    ],
)
def test_the_right_most_hop_that_is_not_ours(peer: str | None, forwarded: list[str], source: str) -> None:
    """From the right, each trusted hop vouches for the one before it; what cannot be read ends the belief."""
    assert came(peer, *forwarded, trusting="127.0.0.1, 10.0.0.0/8, ::1") == source


@pytest.mark.parametrize(
    "value", ["somewhere", "10.0.0.1/8", "127.0.0.1;::1", "0.0.0.0/0", "::/0", "10.0.0.0/33"]
)
def test_a_setting_that_trusts_nobody_in_particular_is_refused(value: str, tmp_path) -> None:
    """What is no address or network, and what would trust everybody, is refused at the start."""
    with pytest.raises(ConfigError, match="HEARTHSIDE_TRUSTED_PROXIES needs"):
        Config.from_mapping({"HEARTHSIDE_DATA": str(tmp_path), "HEARTHSIDE_TRUSTED_PROXIES": value})


def test_the_setting_is_read(tmp_path) -> None:
    """Addresses and networks of either kind, with or without spaces; none by default."""
    settings = {"HEARTHSIDE_DATA": str(tmp_path)}
    assert Config.from_mapping(settings).trusted_proxies == ()
    read = Config.from_mapping({**settings, "HEARTHSIDE_TRUSTED_PROXIES": "127.0.0.1,10.1.0.0/16 , ::1"})
    assert [str(one) for one in read.trusted_proxies] == ["127.0.0.1/32", "10.1.0.0/16", "::1/128"]


@pytest.mark.parametrize(
    ("stored", "english", "spanish"),
    [
        ("Firefox on Linux", "Firefox on Linux", "Firefox en Linux"),
        ("Samsung Internet on Android", "Samsung Internet on Android", "Samsung Internet en Android"),
        ("Firefox", "Firefox", "Firefox"),
        ("", "", ""),
    ],
)
def test_a_browser_is_named_in_the_readers_language(stored: str, english: str, spanish: str) -> None:
    """Whatever the language was in which it was seen: stored is which browser on which system."""
    assert format_device(stored, Translator("en").translate) == english
    assert format_device(stored, Translator("es").translate) == spanish
    assert not any(" on " in name for _, name in (*BROWSERS, *SYSTEMS))
