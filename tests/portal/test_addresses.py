"""The address people type, and the one they are sent on to."""

from __future__ import annotations

from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from portal.access.session_cookie import get_safe_path
from portal.app import create_app
from portal.config import Config, ConfigError
from tests.cast import SERVER_KEY, Clock, Furniture


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "\\/evil.example", "evil",
     "https://evil.example", " //evil.example", "javascript:alert(1)", "", "/a b", "/a\r\nset-cookie: b", "/\x7f"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere_after_signing_in(path: str) -> None:
    """What a browser could read as another site's address leads home."""
    assert get_safe_path(path) == "/"


@pytest.mark.parametrize("path", ["/", "/journal?q=a%20b&page=2", "/sessions/new?kind=dosing#date"])
def test_everybody_is_sent_on_to_our_own_pages(path: str) -> None:
    """What leads to one of our pages is kept."""
    assert get_safe_path(path) == path


def origin(value: str, data: Path) -> str:
    return Config.from_mapping({"HEARTHSIDE_DATA": str(data), "HEARTHSIDE_ORIGIN": value}).origin


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://Hearth.Example.org", "https://hearth.example.org"),
        ("https://hearth.example.org:443/", "https://hearth.example.org"),
        ("https://hearth.example.org:8443", "https://hearth.example.org:8443"),
        ("https://kamin.münchen.example", "https://kamin.xn--mnchen-3ya.example"),
        ("HTTPS://faß.example.", "https://xn--fa-hia.example"),
        ("https://FAẞ\u3002example:8443/", "https://xn--fa-hia.example:8443"),
        ("https://ΟΔΟΣ.example", "https://xn--pxavbq.example"),
        ("https://my_hearth.example", "https://my_hearth.example"),
        ("https://192.0.2.1", "https://192.0.2.1"),
        ("https://[2001:DB8:0::1]", "https://[2001:db8::1]"),
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
     "https://hearth.example.org#a", "https://hearth.example.org:99999", "https://a..b",
     "https://☃.example", "https://xn--fass-.example", "https://[::1", "https://[fe80::1%eth0]", "https://a b.example",
     "https://hearth.example.org:x", "https://" + "a." * 200 + "example"],
)  # fmt: skip
def test_an_origin_that_is_none_is_told(typed: str, tmp_path: Path) -> None:
    """It is refused at the start, with the setting's name."""
    with pytest.raises(ConfigError, match="HEARTHSIDE_ORIGIN needs"):
        origin(typed, tmp_path)


@pytest.mark.parametrize(
    ("setting", "typed", "meant"),
    [
        ("HOST", "::1", "::1"),
        ("HOST", "[::1]", "::1"),
        ("HOST", "0.0.0.0", "0.0.0.0"),
        ("HOST", "Kamin.FAẞ.example", "kamin.xn--fa-hia.example"),
        ("SMTP_HOST", "mail.faß.example", "mail.xn--fa-hia.example"),
        ("SMTP_HOST", "mail_relay", "mail_relay"),
        ("SMTP_HOST", "192.0.2.25", "192.0.2.25"),
    ],
)
def test_a_host_is_the_one_that_was_meant(setting: str, typed: str, meant: str, tmp_path: Path) -> None:
    """What is listened on and what passwords are sent to never becomes another domain on the way to the network."""
    settings = {
        "HEARTHSIDE_DATA": str(tmp_path),
        "HEARTHSIDE_SMTP_HOST": "localhost",
        "HEARTHSIDE_MAIL_FROM": "hearth@localhost",
    }
    found = Config.from_mapping(settings | {f"HEARTHSIDE_{setting}": typed})
    assert found.mail is not None
    assert (found.host if setting == "HOST" else found.mail.host) == meant


@pytest.mark.parametrize("setting", ["HOST", "SMTP_HOST", "ORIGIN", "MAIL_FROM"])
@pytest.mark.parametrize("name", ["faß..example", "☃.example", "xn---bbk.example", "a b.example"])
def test_a_host_that_cannot_be_mapped_is_told(setting: str, name: str, tmp_path: Path) -> None:
    """At the start, with the setting's name, and nothing is reached or written to instead."""
    typed = {"ORIGIN": f"https://{name}", "MAIL_FROM": f"hearth@{name}"}.get(setting, name)
    settings = {"HEARTHSIDE_DATA": str(tmp_path), f"HEARTHSIDE_{setting}": typed}
    with pytest.raises(ConfigError, match=f"HEARTHSIDE_{setting} needs (an|the)"):
        Config.from_mapping(settings)


FASS = "https://faß.example"


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("xn--fa-hia.example", "https://xn--fa-hia.example", 422),
        ("XN--FA-HIA.Example", "https://xn--fa-hia.example", 422),
        ("xn--fa-hia.example:443", "https://XN--FA-HIA.example:443", 422),
        ("xn--fa-hia.example.", "https://xn--fa-hia.example.", 422),
        ("fass.example", "https://xn--fa-hia.example", 400),
        ("xn--fa-hia.example:80", "https://xn--fa-hia.example", 400),
        ("xn--fa-hia.example@evil.example", "https://xn--fa-hia.example", 400),
        ("xn--fa-hia.example/", "https://xn--fa-hia.example", 400),
        ("xn--fa-hia.example?", "https://xn--fa-hia.example", 400),
        ("xn--fa-hia.exam\tple", "https://xn--fa-hia.example", 400),
        ("xn---bbk.example", "https://xn--fa-hia.example", 400),
        ("", "https://xn--fa-hia.example", 400),
        ("a" * 3000, "https://xn--fa-hia.example", 400),
        ("xn--fa-hia.example", "https://fass.example", 403),
        ("xn--fa-hia.example", "http://xn--fa-hia.example", 403),
        ("xn--fa-hia.example", "https://xn--fa-hia.example:8443", 403),
        ("xn--fa-hia.example", "https://xn--fa-hia.example/", 403),
        ("xn--fa-hia.example", "https://evil@xn--fa-hia.example", 403),
        ("xn--fa-hia.example", "file://xn--fa-hia.example", 403),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_host_is_ours_however_it_is_written(
    furnished_sqlite_url: tuple[str, Furniture], tmp_path: Path, host: str, origin: str, status: int
) -> None:
    """A browser or proxy may add the usual port, a dot or capitals; a domain that only looks alike is a stranger's."""
    config = Config.from_mapping(
        {
            "HEARTHSIDE_DATA": str(tmp_path),
            "HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex(),
            "HEARTHSIDE_DATABASE_URL": furnished_sqlite_url[0],
            "HEARTHSIDE_ORIGIN": FASS,
        }
    )
    app = create_app(config, clock=Clock(), quick=True)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="https://xn--fa-hia.example") as browser,
    ):
        form = {"email": "nobody@example.org", "password": "not the password"}
        answer = await browser.post("/sign-in", data=form, headers={"host": host, "origin": origin})
    assert answer.status_code == status
