"""
Where a database is: a file, or a database of a PostgreSQL server; read from the text of one setting.

What the text does not say for certain is refused with words that say what to write instead. No refusal repeats the
text, which may hold a password.
"""

from __future__ import annotations

import math
import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote_from_bytes, unquote_to_bytes

MAX_URL_LENGTH = 4096
MAX_COMMAND_TIMEOUT = 3600.0
DEFAULT_PORT = 5432
OPTIONS = frozenset({"ssl", "command_timeout", "host"})
SAFE_CHARACTERS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "#%?")

_POSTGRES = re.compile(
    r"(?:(?P<who>[^/?]*)@)?(?P<host>\[[^\]]*\]|[^:/?]*)(?P<port>:[^/?]*)?(?P<rest>[/?].*)?"
)
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\]")
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

EXAMPLE = "postgres://user:password@host/name"
UNKNOWN_SCHEME = f"sqlite:///… for a file or {EXAMPLE}: records are kept in SQLite or PostgreSQL only"
USE_SSL_OPTION = "?ssl=true instead of sslmode: it asks for TLS, and checks the server's certificate and name"


class AddressError(ValueError):
    """An address of a database that is not understood; the message says what is needed instead."""


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A database in the file at *path*, which is absolute: no name means anything else than a file to SQLite."""

    path: Path

    def __str__(self) -> str:
        return format_path(self.path)


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """
    The database *name* of the server at *host*, which is the folder of its socket if it begins with a slash.

    Without *user* and *password* the driver takes what PostgreSQL's own programs take.
    """

    host: str
    name: str
    port: int = DEFAULT_PORT
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ssl: bool = False
    command_timeout: float | None = None

    def __str__(self) -> str:
        return f"{self.name!r} at {self.host}:{self.port}"


Address = SqliteFile | PostgresDatabase


def format_path(path: Path) -> str:
    """Return *path* as it can be read on a terminal and, where all of it is printable, be copied into a command."""
    text = str(path)
    return shlex.quote(text) if text.isprintable() else repr(text)


def format_sqlite_url(path: Path) -> str:
    """Return the text from which `parse_database_url` reads the file at *path*, whatever its name holds."""
    return "sqlite://" + quote_from_bytes(os.fsencode(path.absolute()), safe=SAFE_CHARACTERS)


def get_sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite database's address, or None for PostgreSQL."""
    address = parse_database_url(url)
    return address.path if isinstance(address, SqliteFile) else None


def parse_database_url(url: str) -> Address:
    """
    Return where the database at *url* is: `sqlite:///path/to/file` or `postgres://user:password@host/name`.

    Signs that mean something in an address are written as `%` and two digits: RFC 3986, section 2.1.

    Raises:
        AddressError: If it is neither, or could be read in two ways.
    """
    if len(url) > MAX_URL_LENGTH:
        raise AddressError(f"at most {MAX_URL_LENGTH} characters")
    kind, separator, rest = url.partition("://")
    if not separator or kind.lower() not in ("sqlite", "postgres", "postgresql"):
        raise AddressError(UNKNOWN_SCHEME)
    if _BARE_PERCENT.search(rest):
        raise AddressError("each % that stands for itself written as %25")
    if "#" in rest:
        raise AddressError("each # written as %23")
    if _CONTROL.search(rest):
        raise AddressError("one line; a line break that belongs to it is written as %0A")
    return _parse_sqlite(rest) if kind.lower() == "sqlite" else _parse_postgres(rest)


def _parse_sqlite(text: str) -> SqliteFile:
    if "?" in text:
        raise AddressError("the path of a file and no options; a ? in the path is written as %3F")
    path = os.fsdecode(unquote_to_bytes(os.fsencode(text)))
    if "\0" in path or path in ("", ":memory:") or path.endswith("/"):
        raise AddressError("the path of a file, like sqlite:///var/lib/hearthside/hearthside.sqlite3")
    if path.startswith("//"):  # four slashes, as other programs want them
        path = "/" + path.lstrip("/")
    return SqliteFile(Path(path).absolute())


def _parse_postgres(text: str) -> PostgresDatabase:
    if " " in text:
        raise AddressError("an address without blanks; a blank in the password is written as %20")
    match = _POSTGRES.fullmatch(text)
    if match is None or "@" in (match["rest"] or ""):
        raise AddressError(_percent_encoding_hint("/ as %2F, ? as %3F and @ as %40"))
    who, _, secret = (match["who"] or "").partition(":")
    if set("@:[]") & set(who + secret):
        raise AddressError(_percent_encoding_hint("@ as %40, : as %3A, [ as %5B and ] as %5D"))
    path, _, query = (match["rest"] or "").partition("?")
    name = _unquote(path.removeprefix("/"))
    if not name or "/" in path[1:]:
        raise AddressError(f"the name of a database at its end, like {EXAMPLE}")
    options = _parse_options(query)
    return PostgresDatabase(
        host=_parse_host(match["host"], options.get("host")),
        name=name,
        port=_parse_port(match["port"]),
        user=_unquote(who) or None,
        password=_unquote(secret) or None,
        ssl="ssl" in options,
        command_timeout=_parse_timeout(options.get("command_timeout")),
    )


def _percent_encoding_hint(which: str) -> str:
    return f"the signs in user and password written otherwise: {which}"


def _unquote(text: str) -> str:
    try:
        plain = unquote_to_bytes(text).decode()
    except UnicodeError as error:
        raise AddressError("signs in UTF-8, also behind each %") from error
    if "\0" in plain:
        raise AddressError("no %00 in it")
    return plain


def _parse_host(text: str, folder: str | None) -> str:
    if folder is not None and not text and folder.startswith("/"):
        return folder
    if folder is not None or not _HOST.fullmatch(text):
        raise AddressError(
            f"one host, like {EXAMPLE}, or the folder of the server's socket:"
            " postgres://user@/name?host=/run/postgresql"
        )
    return text.strip("[]")


def _parse_port(text: str | None) -> int:
    if text is None:
        return DEFAULT_PORT
    if not re.fullmatch(r":[0-9]{1,5}", text) or not 0 < int(text[1:]) < 65536:
        raise AddressError(
            "a port between 1 and 65535 behind the host, and a : in the password written as %3A"
        )
    return int(text[1:])


def _parse_options(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    if "sslmode" in options:
        raise AddressError(USE_SSL_OPTION)
    if options.keys() - OPTIONS or len(options) < len(pairs) or options.get("ssl", "true") != "true":
        raise AddressError(
            "nothing behind the ? but ssl=true, command_timeout=seconds or host=/folder, each once;"
            " a ? in the password is written as %3F"
        )
    return options


def _parse_timeout(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= MAX_COMMAND_TIMEOUT:
        raise AddressError(f"a command_timeout in seconds, up to {MAX_COMMAND_TIMEOUT:.0f}")
    return seconds
