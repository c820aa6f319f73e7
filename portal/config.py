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
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from journal.installation.host_names import normalize_host_name
from journal.installation.installation import Installation, utc_now
from journal.installation.key_file import KeyFile, parse_keys
from journal.installation.mail_server import MailServer, TransportSecurity
from journal.installation.server_keys import ServerKeys
from journal.mail.mail_addresses import Undeliverable, format_sender
from journal.store.address import format_path, format_sqlite_url, parse_database_url
from journal.store.configuration import MAX_CONNECTIONS
from journal.user_input import parse_whole_number
from portal.origins import find_named_origin, get_host, is_loopback, parse_origin

PREFIX = "HEARTHSIDE_"
MAX_SECRET_LENGTH = 8192
CONNECTIONS_LIMIT = 100
BACKUP_DAYS_LIMIT = 3650
RENEWAL_LIMIT = 1_000_000_000
DEFAULT_PORTS: Mapping[TransportSecurity, int] = MappingProxyType(
    {TransportSecurity.STARTTLS: 587, TransportSecurity.TLS: 465, TransportSecurity.NONE: 25}
)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ConfigError(Exception):
    """Settings that cannot be used; each of `problems` names one and what it needs."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _parse_text(value: str) -> str:
    return value


def _parse_database(value: str) -> str:
    parse_database_url(value)
    return value


def _parse_port(value: str) -> int:
    port = parse_whole_number(value, 5)
    if port is None or port > 65535:
        raise ValueError("a port number, 0 to 65535")
    return port


def _parse_number(limit: int, things: str, value: str) -> int:
    number = parse_whole_number(value, len(str(limit)))
    if number is None or not 1 <= number <= limit:
        raise ValueError(f"a number of {things}, 1 to {limit}")
    return number


def _parse_origin(value: str) -> str:
    return parse_origin(value.rstrip("/"))


def _parse_networks(value: str) -> tuple[Network, ...]:
    try:
        networks = tuple(ipaddress.ip_network(one.strip()) for one in value.split(",") if one.strip())
    except ValueError as error:
        raise ValueError("addresses or networks, like 127.0.0.1, 10.1.0.0/16") from error
    if any(network.prefixlen == 0 for network in networks):
        raise ValueError("the addresses of your own proxies; everybody cannot be trusted")
    return networks


def _build_choice_parser(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return value

    return parse


def _parse_file(value: str) -> Path:
    if not (path := Path(value).absolute()).is_file():
        raise ValueError("a file that is there")
    return path


def _parse_security(value: str) -> TransportSecurity:
    try:
        return TransportSecurity(value.lower())
    except ValueError as error:
        raise ValueError("one of starttls, tls, none") from error


def _parse_sender(value: str) -> str:
    try:
        return format_sender(value)
    except Undeliverable as error:
        raise ValueError("an e-mail address like hearthside@example.org") from error


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name without the prefix, how it is read, and what it is for."""

    name: str
    parse: Callable[[str], Any]
    default: str | None
    help: str
    secret: bool = False


SETTINGS = (
    Setting("DATA", _parse_text, "./data", "Folder for the database and, unless it is set, the server key."),
    Setting(
        "DATABASE_URL",
        _parse_database,
        None,
        "sqlite:///… or postgres://…; a file in the data folder if unset.",
        secret=True,
    ),
    Setting(
        "DATABASE_CONNECTIONS",
        partial(_parse_number, CONNECTIONS_LIMIT, "connections"),
        str(MAX_CONNECTIONS),
        "How many connections this process makes to PostgreSQL at most.",
    ),
    Setting(
        "SERVER_KEY",
        parse_keys,
        None,
        "Seals names and dates; made in the data folder if unset.",
        secret=True,
    ),
    Setting("ORIGIN", _parse_origin, "http://127.0.0.1:8000", "The address people type, without a path."),
    Setting("HOST", normalize_host_name, "127.0.0.1", "The address to listen on."),
    Setting("PORT", _parse_port, "8000", "The port to listen on."),
    Setting(
        "TRUSTED_PROXIES",
        _parse_networks,
        "",
        "Addresses or networks whose X-Forwarded-For is believed, separated by commas.",
    ),
    Setting(
        "LOG",
        _build_choice_parser("text", "json"),
        "text",
        "How the log is written: text, or json, one object a line.",
    ),
    Setting(
        "ACCESS_LOG",
        _build_choice_parser("off", "on"),
        "off",
        "Whether every request is logged, or what went wrong.",
    ),
    Setting(
        "SMTP_HOST", normalize_host_name, None, "The mail server to send through; no mail is sent if unset."
    ),
    Setting("SMTP_PORT", _parse_port, None, "Its port; 587, or 465 for tls and 25 for none."),
    Setting(
        "SMTP_SECURITY", _parse_security, "starttls", "starttls, tls, or none for a server on this machine."
    ),
    Setting("SMTP_USER", _parse_text, "", "Whom to sign in as there, if it asks."),
    Setting("SMTP_PASSWORD", _parse_text, "", "The password for that.", secret=True),
    Setting("SMTP_TRUST", _parse_file, None, "A file of certificates to believe besides the machine's own."),
    Setting("MAIL_FROM", _parse_sender, None, "The address that messages come from."),
    Setting(
        "RENEW_AFTER",
        partial(_parse_number, RENEWAL_LIMIT, "requests"),
        "1000",
        "After how many requests the process is renewed, once nobody is connected.",
    ),
    Setting("CONTACT", _parse_text, "", "Whom to write to about this site; stands on About."),
    Setting(
        "BACKUP_DAYS",
        partial(_parse_number, BACKUP_DAYS_LIMIT, "days"),
        None,
        "After how many days a backup is deleted, as people read it.",
    ),
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
    is_key_beside_data: bool = False
    trusted_proxies: tuple[Network, ...] = ()
    older_keys: tuple[bytes, ...] = field(default=(), repr=False)
    key_file: Path | None = None
    log: str = "text"
    contact: str = ""
    backup_days: int | None = None
    access_log: bool = False
    mail: MailServer | None = None
    connections: int = MAX_CONNECTIONS
    renew_after: int = 1000

    def installation(self, *, clock: Callable[[], datetime] = utc_now, quick: bool = False) -> Installation:
        """Return the installation that these settings describe; `clock` and `quick` as for `Installation.with_key`."""
        file = KeyFile(self.key_file) if self.key_file else None
        keys = ServerKeys((self.server_key, *self.older_keys), file)
        return Installation.from_server_keys(keys, clock=clock, quick=quick, mail=self.mail)

    @property
    def is_secure(self) -> bool:
        """Return whether people come by https."""
        return self.origin.startswith("https:")

    @property
    def named_origin(self) -> str:
        """Return the origin under a name, where passkeys work; empty where people come by a bare address."""
        return find_named_origin(self.origin)

    @property
    def passkey_host(self) -> str:
        """Return the host that passkeys work for, or nothing."""
        return get_host(self.named_origin)

    @property
    def origins(self) -> frozenset[str]:
        """Return every origin that we answer for: the one people type and, on this machine, its name."""
        return frozenset({self.origin, self.named_origin} - {""})

    @property
    def cookie(self) -> str:
        """Return the name of the session cookie; browsers keep `__Host-` ones to this host over https."""
        return "__Host-hearthside" if self.is_secure else "hearthside"

    @property
    def known_cookie(self) -> str:
        """Return the name of the cookie of a browser that was signed in with before; it opens nothing."""
        return "__Host-hearthside-known" if self.is_secure else "hearthside-known"

    @property
    def region_cookie(self) -> str:
        """Return the name of the cookie with the code of a region, whose crisis contacts this browser shows first."""
        return "__Host-hearthside-region" if self.is_secure else "hearthside-region"

    @property
    def language_cookie(self) -> str:
        """Return the name of the cookie with the language that was chosen in this browser."""
        return "__Host-hearthside-language" if self.is_secure else "hearthside-language"

    @property
    def neutral_cookie(self) -> str:
        """Return the name of the cookie of a browser whose titles and icons say nothing of what its pages are."""
        return "__Host-hearthside-neutral" if self.is_secure else "hearthside-neutral"

    @property
    def seen_cookie(self) -> str:
        """Return the name of the cookie that says, sealed, how far the accounts had come that were used here."""
        return "__Host-hearthside-seen" if self.is_secure else "hearthside-seen"

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
                raw = _get_raw_value(environment, setting)
                values[setting.name.lower()] = None if raw is None else setting.parse(raw)
            except (ValueError, OSError) as error:
                problems.append(f"{PREFIX}{setting.name} needs {error}")
        problems += [] if problems else _find_mail_problems(values)
        if problems:
            raise ConfigError(problems)
        data = Path(values["data"]).absolute()
        try:
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                [
                    f"{PREFIX}DATA needs a folder that can be written, and {format_path(data)} is not: {error.strerror}"
                ]
            ) from error
        key_file, keys = _get_key_file(environment), values["server_key"]
        if keys is None:
            key_file = data / "server-key"
            keys = _create_key(key_file)
        return cls(
            data=data,
            database_url=values["database_url"] or format_sqlite_url(data / "hearthside.sqlite3"),
            server_key=keys[0],
            older_keys=keys[1:],
            key_file=key_file,
            mail=_build_mail_server(values),
            connections=values["database_connections"],
            renew_after=values["renew_after"],
            origin=values["origin"],
            host=values["host"],
            port=values["port"],
            is_key_beside_data=key_file is not None and data in key_file.parents,
            trusted_proxies=values["trusted_proxies"],
            log=values["log"],
            contact=values["contact"],
            backup_days=values["backup_days"],
            access_log=values["access_log"] == "on",
        )


def _get_raw_value(environment: Mapping[str, str], setting: Setting) -> str | None:
    name = PREFIX + setting.name
    if setting.secret and (path := environment.get(name + "_FILE")):
        return _read_secret_file(Path(path))
    return environment.get(name) or setting.default


def _read_secret_file(path: Path) -> str:
    """Return the secret in a file, as it was written but for the end of its last line."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_SECRET_LENGTH + 1)
    except UnicodeDecodeError:
        raise ValueError(f"text in the file {format_path(path)}") from None
    except OSError as error:
        raise ValueError(f"the file {format_path(path)}, which cannot be read: {error.strerror}") from error
    if len(text) > MAX_SECRET_LENGTH:
        raise ValueError(f"at most {MAX_SECRET_LENGTH} characters in the file {format_path(path)}")
    return text.rstrip("\r\n")


def _get_key_file(environment: Mapping[str, str]) -> Path | None:
    """Return the file that the server key comes from, which can change while the service runs."""
    named = environment.get(f"{PREFIX}SERVER_KEY_FILE")
    return Path(named).absolute() if named else None


def _create_key(path: Path) -> tuple[bytes, ...]:
    try:
        return KeyFile.open_or_create(path).read()
    except OSError as error:
        needed = f"{PREFIX}DATA needs a folder in which the server key can be made and read"
        raise ConfigError([f"{needed}: {format_path(path)}: {error.strerror}"]) from error
    except ValueError as error:
        raise ConfigError([f"{format_path(path)} needs to hold the server key: {error}"]) from error


def _find_mail_problems(values: Mapping[str, Any]) -> list[str]:
    """Return what is missing before mail can be sent; nothing if none is wanted."""
    problems = []
    if values["smtp_host"] and not values["mail_from"]:
        problems.append(f"{PREFIX}MAIL_FROM needs an e-mail address, since {PREFIX}SMTP_HOST is set")
    if values["mail_from"] and not values["smtp_host"]:
        problems.append(f"{PREFIX}SMTP_HOST needs a mail server, since {PREFIX}MAIL_FROM is set")
    if values["smtp_security"] is TransportSecurity.NONE and not is_loopback(
        values["smtp_host"] or "localhost"
    ):
        problems.append(
            f"{PREFIX}SMTP_SECURITY needs starttls or tls; none is for a server on this machine only"
        )
    if bool(values["smtp_user"]) != bool(values["smtp_password"]):
        problems.append(f"{PREFIX}SMTP_USER needs {PREFIX}SMTP_PASSWORD, and the other way round")
    return problems


def _build_mail_server(values: Mapping[str, Any]) -> MailServer | None:
    if not values["smtp_host"]:
        return None
    security = values["smtp_security"]
    return MailServer(
        host=values["smtp_host"],
        port=values["smtp_port"] or DEFAULT_PORTS[security],
        sender=values["mail_from"],
        origin=values["origin"],
        security=security,
        user=values["smtp_user"],
        password=values["smtp_password"],
        ca_file=values["smtp_trust"],
    )
