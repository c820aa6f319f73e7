"""Where a database is: read from text in one way or not at all, and no refusal repeats a password."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.store.address import (
    AddressError,
    PostgresDatabase,
    SqliteFile,
    format_path,
    format_sqlite_url,
    get_sqlite_file,
    parse_database_url,
)

SECRET = "s3cr3t"
NAMES = st.binary(min_size=1).filter(lambda name: b"\0" not in name and name.strip(b"/."))


@given(name=NAMES)
def test_a_path_is_read_as_it_was_written(name: bytes) -> None:
    """Whatever bytes a file's name is made of, its address leads to that file."""
    path = Path(os.fsdecode(b"/srv/" + name.strip(b"/")))
    assert get_sqlite_file(format_sqlite_url(path)) == path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///srv/hearth.sqlite3", "/srv/hearth.sqlite3"),
        ("sqlite:////srv/hearth.sqlite3", "/srv/hearth.sqlite3"),
        ("sqlite:///srv/my folder/a+b.sqlite3", "/srv/my folder/a+b.sqlite3"),
        ("sqlite:///srv/a%23b%3Fc%25d%0Ae/x", "/srv/a#b?c%d\ne/x"),
        ("sqlite:///srv/b%C3%BCcher/x", "/srv/bücher/x"),
        ("sqlite:///srv/:memory:/x", "/srv/:memory:/x"),
        ("SQLite:///srv/x", "/srv/x"),
    ],
)
def test_files(url: str, path: str) -> None:
    """The path stands behind `sqlite://`; signs that mean something are written as percent and two digits."""
    assert parse_database_url(url) == SqliteFile(Path(path))


def test_a_relative_path_begins_where_the_process_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is made absolute at once, so that no name can mean anything else than a file to SQLite."""
    monkeypatch.chdir(tmp_path)
    assert get_sqlite_file("sqlite://data/x") == tmp_path / "data" / "x"
    assert get_sqlite_file("sqlite://file:x") == tmp_path / "file:x"


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("postgres://hs:p%23ss@db/n", PostgresDatabase("db", "n", user="hs", password="p#ss")),
        ("postgresql://db:5433/n", PostgresDatabase("db", "n", 5433)),
        ("postgres://a%40b@[::1]/my%2Fname", PostgresDatabase("::1", "my/name", user="a@b")),
        (
            "postgres://hs:b%C3%BCch%20%3A%2F%3F@db/n",
            PostgresDatabase("db", "n", user="hs", password="büch :/?"),
        ),
        ("postgres://hs@/n?host=/run/postgresql", PostgresDatabase("/run/postgresql", "n", user="hs")),
        (
            "postgres://db.example.org/n?ssl=true&command_timeout=5",
            PostgresDatabase("db.example.org", "n", ssl=True, command_timeout=5),
        ),
    ],
)
def test_servers(url: str, there: PostgresDatabase) -> None:
    """Every part is read back from percent and two digits."""
    assert parse_database_url(url) == there


@pytest.mark.parametrize(
    ("url", "instead"),
    [
        (f"postgres://hs:{SECRET}#x@db/n", "%23"),
        (f"postgres://hs:{SECRET}%@db/n", "%25"),
        (f"postgres://hs:{SECRET}%zz@db/n", "%25"),
        (f"postgres://hs:{SECRET}@x@db/n", "%40"),
        (f"postgres://hs:{SECRET}/x@db/n", "%2F"),
        (f"postgres://hs:{SECRET}?x@db/n", "%3F"),
        (f"postgres://hs:{SECRET}:x@db/n", "%3A"),
        (f"postgres://hs:[{SECRET}]@db/n", "%5B"),
        (f"postgres://hs:{SECRET} x@db/n", "%20"),
        (f"postgres://hs:{SECRET}@db/n\n", "one line"),
        (f"postgres://hs:{SECRET}%FF@db/n", "UTF-8"),
        (f"postgres://hs:{SECRET}\udcff@db/n", "UTF-8"),
        (f"postgres://hs:{SECRET}%00@db/n", "%00"),
        (f"postgres://hs:{SECRET}@db:0/n", "port"),
        (f"postgres://hs:{SECRET}@db:65536/n", "port"),
        (f"postgres://hs:{SECRET}@db:/n", "port"),
        (f"postgres://hs:{SECRET}@db:54x2/n", "port"),
        (f"postgres://hs:{SECRET}", "name of a database"),
        (f"postgres://hs:{SECRET}@db", "name of a database"),
        (f"postgres://hs:{SECRET}@db/", "name of a database"),
        (f"postgres://hs:{SECRET}@db/n/m", "name of a database"),
        (f"postgres://hs:{SECRET}@/n", "one host"),
        (f"postgres://hs:{SECRET}@one,two/n", "one host"),
        (f"postgres://hs:{SECRET}@bücher/n", "one host"),
        (f"postgres://hs:{SECRET}@db/n?host=/run", "one host"),
        (f"postgres://hs:{SECRET}@/n?host=run", "one host"),
        (f"postgres://hs:{SECRET}@db/n?sslmode=require", "?ssl=true"),
        (f"postgres://hs:{SECRET}@db/n?sslmode", "?ssl=true"),
        (f"postgres://hs:{SECRET}@db/n?ssl=false", "ssl=true"),
        (f"postgres://hs:{SECRET}@db/n?ssl=true&ssl=true", "each once"),
        (f"postgres://hs:{SECRET}@db/n?min_size=3", "nothing behind the ?"),
        (f"postgres://hs:{SECRET}@db/n?{SECRET}", "nothing behind the ?"),
        (f"postgres://hs:{SECRET}@db/n?command_timeout=0", "command_timeout"),
        (f"postgres://hs:{SECRET}@db/n?command_timeout=nan", "command_timeout"),
        (f"postgres://hs:{SECRET}@db/n?" + "&".join(["a"] * 1000), "nothing behind the ?"),
        (f"postgres:/hs:{SECRET}@db/n", "sqlite:///"),
        (f"postgresql+asyncpg://hs:{SECRET}@db/n", "sqlite:///"),
        (f"mysql://hs:{SECRET}@db/n", "sqlite:///"),
        (f"hs:{SECRET}@db/n", "sqlite:///"),
        ("postgres://" + SECRET * 1000, "characters"),
        ("sqlite://:memory:", "path of a file"),
        ("sqlite://", "path of a file"),
        ("sqlite:///srv/folder/", "path of a file"),
        ("sqlite:///srv/a%00b", "path of a file"),
        ("sqlite:///srv/a#b", "%23"),
        ("sqlite:///srv/a?b", "%3F"),
        ("sqlite:///srv/100%", "%25"),
        ("sqlite:///srv/a\nb", "%0A"),
        ("sqlite:relative", "sqlite:///"),
        ("", "sqlite:///"),
    ],
)
def test_what_is_not_understood_says_what_to_write(url: str, instead: str) -> None:
    """Each refusal has what to write instead, and nothing of what was written."""
    with pytest.raises(AddressError) as refused:
        parse_database_url(url)
    assert instead in str(refused.value)
    assert SECRET not in str(refused.value)


@given(url=st.one_of(st.text(), st.text().map("postgres://{}".format), st.text().map("sqlite://{}".format)))
def test_no_text_is_more_than_an_address_or_refused(url: str) -> None:
    """There is no third way."""
    try:
        parse_database_url(url)
    except AddressError as error:
        assert str(error)  # noqa: PT017 - one of two outcomes


def test_a_password_is_not_in_what_is_shown() -> None:
    """Neither in a sentence nor where somebody prints the object."""
    there = parse_database_url(f"postgres://hs:{SECRET}@db/n")
    assert SECRET not in f"{there} {there!r}"


def test_a_path_is_shown_on_one_line() -> None:
    """What a terminal would obey is escaped; a blank is quoted, so that it can be copied into a command."""
    assert format_path(Path("/srv/plain")) == "/srv/plain"
    assert format_path(Path("/srv/two words")) == "'/srv/two words'"
    assert "\n" not in format_path(Path("/srv/a\nb"))
    assert "\x1b" not in format_path(Path("/srv/\x1b[2J"))
