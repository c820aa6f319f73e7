"""What can be wrong around an installation: owners, room on the disk, backups, proxies, time zones; for the doctor."""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import zoneinfo
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import tzdata  # type: ignore[import-untyped]

from journal.operations.diagnostics import Finding, report_note, report_ok, report_problem
from journal.store.address import PostgresDatabase, format_path, get_sqlite_file, parse_database_url
from journal.time_zones import list_common_zones, parse_zone
from portal.config import Config

BACKUP_MARK = "last-backup"
"""An empty file in the data folder, as old as the latest backup."""
MAX_BACKUP_AGE = timedelta(days=7)
GIBIBYTE = 1 << 30
LOW_SPACE, MIN_SPACE = 2 * GIBIBYTE, GIBIBYTE // 4
LONG_WAL = GIBIBYTE // 4
WIDE_PREFIXES = {4: 16, 6: 48}  # bits of a network that is wider than anybody's own proxies


def record_backup(config: Config) -> None:
    """Record that a backup was made just now."""
    (config.data / BACKUP_MARK).touch(0o600)
    os.utime(config.data / BACKUP_MARK)


def check_environment(config: Config, now: datetime) -> Iterator[Finding]:
    """Run all checks."""
    yield from run_check(lambda: [check_owners(config)])
    yield from run_check(lambda: [check_disk_space(config)])
    yield from run_check(lambda: [check_backups(config, now)])
    yield from check_database_connection(config)
    yield check_proxies(config)
    yield check_time_zones()


def run_check(check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return what *check* finds; a file that it cannot read is a finding as well."""
    try:
        return list(check())
    except OSError as error:
        where = format_path(Path(error.filename)) if error.filename else "A file"
        return [
            report_problem(
                f"{where} cannot be looked at: {error.strerror}. Run this as the user who owns it."
            )
        ]


def check_owners(config: Config) -> Finding:
    """Check that one user owns the data and the key, and that it is not root."""
    database = get_sqlite_file(config.database_url)
    paths = [path for path in (config.data, config.key_file, database) if path is not None and path.exists()]
    owners = {path.stat().st_uid for path in paths}
    if len(owners) > 1:
        named = ", ".join(f"{format_path(path)} ({_get_owner(path)})" for path in paths)
        return report_problem(
            f"Not all belong to the user of the service: {named}. Run: chown for each of them."
        )
    if owners == {0}:
        return report_note("The service's files belong to root. Run the service as a user of its own.")
    return report_ok("The data and the server key belong to one user.")


def _get_owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:  # a number without a name, as in a container
        return str(path.stat().st_uid)


def check_disk_space(config: Config) -> Finding:
    """Check that the disk has room for the database to grow, and for a copy of it."""
    database = get_sqlite_file(config.database_url)
    folder = database.parent if database else config.data
    if not folder.is_dir():
        return report_note(f"There is no folder {format_path(folder)} yet.")
    if not os.access(folder, os.W_OK):
        return report_problem(
            f"Nothing can be written to {format_path(folder)}. Check its owner, and that the disk is not read-only."
        )
    free = shutil.disk_usage(folder).free
    held = sum(path.stat().st_size for path in folder.glob(f"{database.name}*")) if database else 0
    log = folder / f"{database.name}-wal" if database else None
    if free < max(MIN_SPACE, held) or os.statvfs(folder).f_favail == 0:
        return report_problem(
            f"Only {_format_size(free)} are free at {format_path(folder)}. Make room: a full disk lets nobody save."
        )
    if log is not None and log.is_file() and log.stat().st_size > LONG_WAL:
        return report_note(
            "The write-ahead log is long. Something holds the database open; restart the service."
        )
    if free < LOW_SPACE:
        return report_note(f"{_format_size(free)} are free at {format_path(folder)}. Think of more room.")
    return report_ok(f"{_format_size(free)} are free at {format_path(folder)}.")


def check_backups(config: Config, now: datetime) -> Finding:
    """Check how old the latest backup is, where that is known."""
    if get_sqlite_file(config.database_url) is None:
        return report_note("Backups of PostgreSQL are made by its own programs, and not known here.")
    mark = config.data / BACKUP_MARK
    if not mark.exists():
        return report_note(
            "No backup was made yet with hearthside backup. See that there are some, on another machine."
        )
    made = datetime.fromtimestamp(mark.stat().st_mtime, now.tzinfo)
    if now - made > MAX_BACKUP_AGE:
        return report_problem(
            f"The latest backup is of {made:%Y-%m-%d}. Run hearthside backup, and have it run every night."
        )
    return report_ok(f"The latest backup is of {made:%Y-%m-%d %H:%M} UTC.")


def check_database_connection(config: Config) -> Iterator[Finding]:
    """Check that the connection to a database on another machine is encrypted and verified."""
    address = parse_database_url(config.database_url)
    if isinstance(address, PostgresDatabase) and not _is_local(address.host):
        if address.ssl:
            yield report_ok(f"The way to the database at {address.host} is sealed.")
        else:
            yield report_problem(
                "The database is on another machine, and nothing checks that it is the right one. Append ?ssl=true to"
                " HEARTHSIDE_DATABASE_URL."
            )


def check_proxies(config: Config) -> Finding:
    """Check that clients' addresses are known behind a proxy, and that nobody can bypass it."""
    wide = [str(one) for one in config.trusted_proxies if one.prefixlen < WIDE_PREFIXES[one.version]]
    if wide:
        return report_problem(
            f"HEARTHSIDE_TRUSTED_PROXIES trusts {', '.join(wide)}: whoever is in there can come under any address."
            " Name your proxies only."
        )
    if config.is_secure and not _is_local(config.host):
        return report_note(
            f"The service listens on {config.host}: whoever reaches that address can come around the proxy. Listen on"
            " 127.0.0.1, or let only the proxy through to the port."
        )
    if config.is_secure and not config.trusted_proxies:
        return report_problem(
            "Behind the proxy everybody seems to come from one place, so one person's wrong passwords make all wait."
            " Name the proxy: HEARTHSIDE_TRUSTED_PROXIES=127.0.0.1."
        )
    if config.trusted_proxies:
        return report_ok("Where people come from is told by your own proxies.")
    return report_ok("No proxy is trusted to say where people come from, and none is needed.")


def check_time_zones() -> Finding:
    """Check that time zone rules are there, and not older than those of this version."""
    try:
        for name in list_common_zones():
            parse_zone(name)
    except (ValueError, OSError):
        return report_problem(
            "Time zones are missing or cannot be read. Install tzdata once more: pip install tzdata."
        )
    theirs, ours = _find_system_version(), str(tzdata.IANA_VERSION)
    if theirs is not None and theirs < ours:
        # A few countries change their rules each year; after two it will be somebody's.
        report = report_problem if int(ours[:4]) - int(theirs[:4]) > 1 else report_note
        return report(
            f"The machine's time zones are of {theirs}, and {ours} is out: times may be an hour off somewhere."
            " Update its package tzdata."
        )
    return report_ok(f"Time zones are of {theirs or ours}.")


def _find_system_version() -> str | None:
    for folder in zoneinfo.TZPATH:
        rules = Path(folder) / "tzdata.zi"
        if rules.is_file():
            with rules.open(encoding="utf-8") as file:
                found = re.match(r"# version (\d{4}[a-z]+)", file.readline())
                return found[1] if found else None
    return None


def _is_local(host: str) -> bool:
    """Return whether *host* is this machine: by number, by name, or by the folder of a socket."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.startswith("/")


def _format_size(count: int) -> str:
    return f"{count / GIBIBYTE:.1f} GiB"
