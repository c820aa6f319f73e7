"""
Settings: one frozen object, built from a mapping, every problem reported at once.

Each setting is read from `HEARTHSIDE_<NAME>`; a secret one may also come from the file that `HEARTHSIDE_<NAME>_FILE`
names. docs/operations.md lists them, and a test compares the two.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlsplit

from journal.installation.host_names import host_name
from journal.installation.installation import House, utc_now
from journal.installation.key_file import KeyFile, parse
from journal.installation.mail_server import MailServer, Security
from journal.installation.server_keys import ServerKeys
from journal.mail.mail_addresses import Undeliverable, sender
from journal.store.address import address_of, read_address, shown
from journal.store.configuration import CONNECTIONS
from journal.typed import read_whole
from portal.origins import is_loopback, read_origin

PREFIX = "HEARTHSIDE_"
LONGEST_SECRET = 8192
MOST_CONNECTIONS = 100
PORTS: Mapping[Security, int] = MappingProxyType(
    {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ConfigError(Exception):
    """Settings that cannot be used; each of `problems` names one and what it needs."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _text(value: str) -> str:
    return value


def _database(value: str) -> str:
    read_address(value)
    return value


def _port(value: str) -> int:
    port = read_whole(value, 5)
    if port is None or port > 65535:
        raise ValueError("a port number, 0 to 65535")
    return port


def _connections(value: str) -> int:
    number = read_whole(value, 3)
    if number is None or not 1 <= number <= MOST_CONNECTIONS:
        raise ValueError(f"a number of connections, 1 to {MOST_CONNECTIONS}")
    return number


def _origin(value: str) -> str:
    return read_origin(value.rstrip("/"))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache
def _named(origin: str) -> str:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if not _is_address(host):
        return origin
    if origin.startswith("https:") or not is_loopback(host):
        return ""
    return f"http://localhost:{parts.port}" if parts.port else "http://localhost"


@lru_cache
def _host_of(origin: str) -> str:  # asked for every page
    return urlsplit(origin).hostname or ""


def _networks(value: str) -> tuple[Network, ...]:
    try:
        networks = tuple(ipaddress.ip_network(one.strip()) for one in value.split(",") if one.strip())
    except ValueError as error:
        raise ValueError("addresses or networks, like 127.0.0.1, 10.1.0.0/16") from error
    if any(network.prefixlen == 0 for network in networks):
        raise ValueError("the addresses of your own proxies; everybody cannot be trusted")
    return networks


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return value

    return read


def _file(value: str) -> Path:
    if not (path := Path(value).absolute()).is_file():
        raise ValueError("a file that is there")
    return path


def _security(value: str) -> Security:
    try:
        return Security(value.lower())
    except ValueError as error:
        raise ValueError("one of starttls, tls, none") from error


def _sender(value: str) -> str:
    try:
        return sender(value)
    except Undeliverable as error:
        raise ValueError("an e-mail address like hearthside@example.org") from error


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name without the prefix, how it is read, and what it is for."""

    name: str
    read: Callable[[str], Any]
    default: str | None
    help: str
    secret: bool = False


SETTINGS = (
    Setting("DATA", _text, "./data", "Folder for the database and, unless it is set, the server key."),
    Setting(
        "DATABASE_URL",
        _database,
        None,
        "sqlite:///… or postgres://…; a file in the data folder if unset.",
        secret=True,
    ),
    Setting(
        "DATABASE_CONNECTIONS",
        _connections,
        str(CONNECTIONS),
        "How many connections this process makes to PostgreSQL at most.",
    ),
    Setting(
        "SERVER_KEY", parse, None, "Seals names and dates; made in the data folder if unset.", secret=True
    ),
    Setting("ORIGIN", _origin, "http://127.0.0.1:8000", "The address people type, without a path."),
    Setting("HOST", host_name, "127.0.0.1", "The address to listen on."),
    Setting("PORT", _port, "8000", "The port to listen on."),
    Setting(
        "TRUSTED_PROXIES",
        _networks,
        "",
        "Addresses or networks whose X-Forwarded-For is believed, separated by commas.",
    ),
    Setting(
        "LOG", _one_of("text", "json"), "text", "How the log is written: text, or json, one object a line."
    ),
    Setting(
        "ACCESS_LOG", _one_of("off", "on"), "off", "Whether every request is logged, or what went wrong."
    ),
    Setting("SMTP_HOST", host_name, None, "The mail server to send through; no mail is sent if unset."),
    Setting("SMTP_PORT", _port, None, "Its port; 587, or 465 for tls and 25 for none."),
    Setting("SMTP_SECURITY", _security, "starttls", "starttls, tls, or none for a server on this machine."),
    Setting("SMTP_USER", _text, "", "Whom to sign in as there, if it asks."),
    Setting("SMTP_PASSWORD", _text, "", "The password for that.", secret=True),
    Setting("SMTP_TRUST", _file, None, "A file of certificates to believe besides the machine's own."),
    Setting("MAIL_FROM", _sender, None, "The address that messages come from."),
)


@dataclass(frozen=True, slots=True)
class Config:
    """How this installation runs. Passed to `create_app`, never imported."""

    data: Path
    database_url: str = field(repr=False)
    server_key: bytes = field(repr=False)
    origin: str
    host: str
    port: int
    key_is_beside_the_data: bool = False
    trusted_proxies: tuple[Network, ...] = ()
    older_keys: tuple[bytes, ...] = field(default=(), repr=False)
    key_file: Path | None = None
    log: str = "text"
    access_log: bool = False
    mail: MailServer | None = None
    connections: int = CONNECTIONS

    def house(self, *, clock: Callable[[], datetime] = utc_now, quick: bool = False) -> House:
        """Open the house that these settings describe; `clock` and `quick` as for `House.with_key`."""
        file = KeyFile(self.key_file) if self.key_file else None
        keys = ServerKeys((self.server_key, *self.older_keys), file)
        return House.of(keys, clock=clock, quick=quick, mail=self.mail)

    @property
    def secure(self) -> bool:
        """Return whether people come by https."""
        return self.origin.startswith("https:")

    @property
    def named_origin(self) -> str:
        """Return the origin under a name, where passkeys work; empty where people come by a bare address."""
        return _named(self.origin)

    @property
    def passkey_host(self) -> str:
        """Return the host that passkeys work for, or nothing."""
        return _host_of(self.named_origin)

    @property
    def origins(self) -> frozenset[str]:
        """Return every origin that we answer for: the one people type and, on this machine, its name."""
        return frozenset({self.origin, self.named_origin} - {""})

    @property
    def cookie(self) -> str:
        """Return the name of the session cookie; browsers keep `__Host-` ones to this host over https."""
        return "__Host-hearthside" if self.secure else "hearthside"

    @property
    def known_cookie(self) -> str:
        """Return the name of the cookie of a browser that was signed in with before; it opens nothing."""
        return "__Host-hearthside-known" if self.secure else "hearthside-known"

    @classmethod
    def from_mapping(cls, environment: Mapping[str, str]) -> Self:
        """
        Read the settings; create the data folder (0700) and, if none is given, a server key in it (0600).

        Raises:
            ConfigError: With every problem there is.
        """
        values: dict[str, Any] = {}
        problems: list[str] = []
        for setting in SETTINGS:
            try:
                raw = _raw(environment, setting)
                values[setting.name.lower()] = None if raw is None else setting.read(raw)
            except (ValueError, OSError) as error:
                problems.append(f"{PREFIX}{setting.name} needs {error}")
        problems += [] if problems else _of_mail(values)
        if problems:
            raise ConfigError(problems)
        data = Path(values["data"]).absolute()
        try:
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                [
                    f"{PREFIX}DATA needs a folder that can be written, and {shown(data)} is not: {error.strerror}"
                ]
            ) from error
        key_file, keys = _key_file(environment), values["server_key"]
        if keys is None:
            key_file = data / "server-key"
            keys = _made(key_file)
        return cls(
            data=data,
            database_url=values["database_url"] or address_of(data / "hearthside.sqlite3"),
            server_key=keys[0],
            older_keys=keys[1:],
            key_file=key_file,
            mail=_mail_server(values),
            connections=values["database_connections"],
            origin=values["origin"],
            host=values["host"],
            port=values["port"],
            key_is_beside_the_data=key_file is not None and data in key_file.parents,
            trusted_proxies=values["trusted_proxies"],
            log=values["log"],
            access_log=values["access_log"] == "on",
        )


def _raw(environment: Mapping[str, str], setting: Setting) -> str | None:
    name = PREFIX + setting.name
    if setting.secret and (path := environment.get(name + "_FILE")):
        return _held(Path(path))
    return environment.get(name) or setting.default


def _held(path: Path) -> str:
    """Return the secret in a file, as it was written but for the end of its last line."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST_SECRET + 1)
    except UnicodeDecodeError:
        raise ValueError(f"text in the file {shown(path)}") from None
    except OSError as error:
        raise ValueError(f"the file {shown(path)}, which cannot be read: {error.strerror}") from error
    if len(text) > LONGEST_SECRET:
        raise ValueError(f"at most {LONGEST_SECRET} characters in the file {shown(path)}")
    return text.rstrip("\r\n")


def _key_file(environment: Mapping[str, str]) -> Path | None:
    """Return the file that the server key comes from, which can change while the service runs."""
    named = environment.get(f"{PREFIX}SERVER_KEY_FILE")
    return Path(named).absolute() if named else None


def _made(path: Path) -> tuple[bytes, ...]:
    try:
        return KeyFile.made(path).read()
    except OSError as error:
        needed = f"{PREFIX}DATA needs a folder in which the server key can be made and read"
        raise ConfigError([f"{needed}: {shown(path)}: {error.strerror}"]) from error
    except ValueError as error:
        raise ConfigError([f"{shown(path)} needs to hold the server key: {error}"]) from error


def _of_mail(values: Mapping[str, Any]) -> list[str]:
    """Return what is missing before mail can be sent; nothing if none is wanted."""
    problems = []
    if values["smtp_host"] and not values["mail_from"]:
        problems.append(f"{PREFIX}MAIL_FROM needs an e-mail address, since {PREFIX}SMTP_HOST is set")
    if values["mail_from"] and not values["smtp_host"]:
        problems.append(f"{PREFIX}SMTP_HOST needs a mail server, since {PREFIX}MAIL_FROM is set")
    if values["smtp_security"] is Security.NONE and not is_loopback(values["smtp_host"] or "localhost"):
        problems.append(
            f"{PREFIX}SMTP_SECURITY needs starttls or tls; none is for a server on this machine only"
        )
    if bool(values["smtp_user"]) != bool(values["smtp_password"]):
        problems.append(f"{PREFIX}SMTP_USER needs {PREFIX}SMTP_PASSWORD, and the other way round")
    return problems


def _mail_server(values: Mapping[str, Any]) -> MailServer | None:
    if not values["smtp_host"]:
        return None
    security = values["smtp_security"]
    return MailServer(
        host=values["smtp_host"],
        port=values["smtp_port"] or PORTS[security],
        sender=values["mail_from"],
        origin=values["origin"],
        security=security,
        user=values["smtp_user"],
        password=values["smtp_password"],
        trust=values["smtp_trust"],
    )
