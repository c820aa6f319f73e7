"""`hearthside verify-audit`: check the audit log, against a head that is kept elsewhere."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import MappingProxyType
from uuid import uuid4

from journal.audit.sealing import AuditSealer
from journal.audit.verification import Break, Head, Kind, Report, check, remember
from journal.errors import Damaged
from journal.store.database import opened
from journal.store.errors import DatabaseRefused
from portal.config import Config

INTACT, BROKEN, UNCHECKED = 0, 1, 2
STANDARD = "-"
LARGEST = 16 * 1024 * 1024

WORDS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.MISSING: "Events {event} to {other} are missing: they were deleted.",
        Kind.CHANGED: "Event {event} is not as it was written: it was changed, or events before it were cut off.",
        Kind.SWAPPED: "Events {event} and {other} changed places.",
        Kind.MOVED: "Event {event} now stands at {other}: something was put in before it, or the order was changed.",
        Kind.FOREIGN: "Event {event} does not follow from the one before: it was put in or written anew, or events"
        " before it were taken out and the rest numbered anew.",
        Kind.ADDED: "Something stands at event {event} or behind it that this service did not write.",
        Kind.TWICE: "Event {event} is event {other} once more: it was put in a second time.",
        Kind.UNREADABLE: "Event {event}, or one after it, cannot be read: it is not as it was written.",
        Kind.HEAD_GONE: "The row that says where the log ends was deleted.",
        Kind.KEY_GONE: "The key of the log was deleted, so nothing in it can be checked any more.",
        Kind.HEAD_WRONG: "The log was made to end with event {event}: its end was cut off, or the row that says where"
        " it ends was changed.",
        Kind.NO_BEGINNING: "The log does not say how {other} of the accounts were opened: its beginning is gone.",
        Kind.CUT: "The log ends with event {event}, but the head that you kept says that there were {other}: its end"
        " was cut off, or an older state of the database was put back. A restored backup does that as well.",
        Kind.REWRITTEN: "Event {event} is another one than when you kept the head: the log was written anew, by"
        " somebody who has the server key.",
        Kind.SHORTER: "The log ends with event {event}, but it was found whole up to event {other} before: its end was"
        " cut off, or an older state of the log was put back.",
        Kind.PENDING_CHANGED: "An event that waits to be chained is not as it was written: it was changed, or put in.",
        Kind.PENDING_AGAIN: "An event that waits to be chained stands in the log already: it was put in once more.",
    }
)
ONE_MISSING = "Event {event} is missing: it was deleted."
ANOTHER_KEY = (
    "Event 1 was not written with this server key: the key is another one now, or the log was written anew with"
    " another key."
)
LATE = timedelta(seconds=10)
NAMED = 20
NOBODY_CHAINS = (
    "A service that runs chains them within two seconds. Start it, or run hearthside verify-audit --chain. If one runs,"
    " look at what it logs."
)
WITHOUT_A_HEAD = (
    "No head was given, so some things cannot be noticed: that somebody with the server key cut the end off or wrote"
    " the log anew, and that an older state of the whole database was put back. Keep a head elsewhere: --write-head."
)


class _CannotCheckError(Exception):
    """The head cannot be read or written."""


def verify_audit(config: Config, options: argparse.Namespace) -> int:
    """Check the log and print what is wrong; return 0 intact, 1 broken, 2 could not be checked."""
    try:
        kept = [*_kept(options.head, there=True), *_kept(options.write_head, there=False)]
        report = asyncio.run(_check(config, kept, options))
        if report.broken is None and options.write_head:
            _write(options.write_head, report.head)
    except (_CannotCheckError, DatabaseRefused) as error:
        print(error, file=sys.stderr)
        return UNCHECKED
    if report.broken is not None:
        print("The audit log is broken.", _in_words(report.broken), sep="\n", file=sys.stderr)
        return BROKEN
    # Standard output belongs to the head where it was asked for there.
    told = sys.stderr if options.write_head == STANDARD else sys.stdout
    print(_intact(report), file=told)
    if waiting := _waiting(report, config.house().clock()):
        print(waiting, file=told)
    if kept:
        print(f"It goes on from the {'head' if len(kept) == 1 else f'{len(kept)} heads'} kept.", file=told)
    else:
        print(WITHOUT_A_HEAD, file=told)
    return INTACT


async def _check(config: Config, kept: list[Head], options: argparse.Namespace) -> Report:
    async with opened(config.database_url):
        house = config.house()
        if options.chain:
            with suppress(Damaged):  # which the check reports
                await AuditSealer(house, uuid4()).give_up()
        report = await check(house, kept, onward=not options.all)
        if report.broken is None:
            await remember(house, report.head)
        return report


def _intact(report: Report) -> str:
    said = f"The audit log is intact: {report.head.sequence} events"
    if report.since:
        said += f", {report.head.sequence - report.since} of them checked now and the others before (--all: every one)"
    return f"{said}."


def _waiting(report: Report, now: datetime) -> str:
    """Return the events that are not chained yet, and what to do when they wait for long."""
    if report.oldest is None:
        return ""
    age, count = max(now - report.oldest, timedelta(0)), len(report.pending)
    said = f"{'1 event is' if count == 1 else f'{count} events are'} not chained yet;"
    said += f" the oldest was written {age // timedelta(seconds=1)} seconds ago."
    named = [
        f"  {one.at:%Y-%m-%d %H:%M:%S} UTC {ascii(one.action)[1:-1]} {one.id}"
        for one in report.pending[:NAMED]
    ]
    more = [f"  and {count - NAMED} more"] if count > NAMED else []
    return "\n".join([f"{said} {NOBODY_CHAINS}" if age > LATE else said, *named, *more])


def _kept(name: str | None, *, there: bool) -> list[Head]:
    """Read the heads in a file; its text is never printed, so that no terminal obeys it."""
    if name is None or (not there and (name == STANDARD or not Path(name).exists())):
        return []
    try:
        text = sys.stdin.read(LARGEST) if name == STANDARD else _text(Path(name))
    except (OSError, UnicodeDecodeError) as error:
        raise _CannotCheckError(f"The head cannot be read: {name!r}") from error
    heads = [Head.read(line) for line in text.splitlines() if line.strip()]
    if not heads or None in heads:
        raise _CannotCheckError(f"This is no head that hearthside verify-audit --write-head wrote: {name!r}")
    return [head for head in heads if head is not None]


def _text(path: Path) -> str:
    with path.open(encoding="ascii") as file:
        return file.read(LARGEST)


def _write(name: str, head: Head) -> None:
    """Write the head atomically in the place of an older one."""
    if name == STANDARD:
        print(head)
        return
    path = Path(name)
    try:
        with NamedTemporaryFile(
            "w", dir=path.parent, prefix=".head-", delete=False, encoding="ascii"
        ) as file:
            try:
                file.write(f"{head}\n")
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o644)
                Path(file.name).replace(path)
            except OSError:
                with suppress(OSError):
                    Path(file.name).unlink()
                raise
    except OSError as error:
        raise _CannotCheckError(f"The log is intact, but the head cannot be written: {name!r}") from error


def _in_words(broken: Break) -> str:
    words = WORDS[broken.kind]
    if broken.kind is Kind.MISSING and broken.event == broken.other:
        words = ONE_MISSING
    if broken.kind is Kind.FOREIGN and broken.event == 1:
        words = ANOTHER_KEY
    return words.format(event=broken.event, other=broken.other)
