"""The address people type, and the one they are sent on to."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.auth import safe_next
from portal.config import Config, ConfigError


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "\\/evil.example", "evil",
     "https://evil.example", " //evil.example", "javascript:alert(1)", "", "/a b", "/a\r\nset-cookie: b", "/\x7f"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere_after_signing_in(path: str) -> None:
    """What a browser could read as another site's address leads home."""
    assert safe_next(path) == "/"


@pytest.mark.parametrize("path", ["/", "/journal?q=a%20b&page=2", "/sessions/new?kind=dosing#date"])
def test_everybody_is_sent_on_to_our_own_pages(path: str) -> None:
    """What leads to one of our pages is kept."""
    assert safe_next(path) == path


def origin(value: str, data: Path) -> str:
    return Config.from_mapping({"HEARTHSIDE_DATA": str(data), "HEARTHSIDE_ORIGIN": value}).origin


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://Hearth.Example.org", "https://hearth.example.org"),
        ("https://hearth.example.org:443/", "https://hearth.example.org"),
        ("https://hearth.example.org:8443", "https://hearth.example.org:8443"),
        ("https://kamin.münchen.example", "https://kamin.xn--mnchen-3ya.example"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_an_origin_is_read_as_browsers_write_it(typed: str, meant: str, tmp_path: Path) -> None:
    """However the operator writes it, it is the one that browsers send, so that nobody is refused."""
    assert origin(typed, tmp_path) == meant


@pytest.mark.parametrize(
    "typed",
    ["hearth.example.org", "https://", "ftp://hearth.example.org", "http://hearth.example.org",
     "https://a:b@hearth.example.org", "https://hearth.example.org/path", "https://hearth.example.org?a",
     "https://hearth.example.org#a", "https://hearth.example.org:99999", "https://a..b"],
)  # fmt: skip
def test_an_origin_that_is_none_is_told(typed: str, tmp_path: Path) -> None:
    """It is refused at the start, with the setting's name."""
    with pytest.raises(ConfigError, match="HEARTHSIDE_ORIGIN needs"):
        origin(typed, tmp_path)
