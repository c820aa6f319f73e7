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

from journal.audit.chain_worker import AuditChainWorker
from journal.audit.verification import ChainBreak, Fault, Head, VerificationReport, save_verified, verify_log
from journal.errors import Damaged
from journal.store.database import open_for_command
from journal.store.errors import DatabaseRefused
from portal.config import Config

INTACT, BROKEN, UNCHECKED = 0, 1, 2
STANDARD_STREAM = "-"
MAX_FILE_SIZE = 16 * 1024 * 1024

BREAK_SENTENCES: Mapping[Fault, str] = MappingProxyType(
    {
        Fault.MISSING: "Events {event} to {other} are missing: they were deleted.",
        Fault.CHANGED: "Event {event} is not as it was written: it was changed, or events before it were cut off.",
        Fault.SWAPPED: "Events {event} and {other} changed places.",
        Fault.MOVED: "Event {event} now stands at {other}: something was put in before it, or the order was changed.",
        Fault.FOREIGN: "Event {event} does not follow from the one before: it was put in or written anew, or events"
        " before it were taken out and the rest numbered anew.",
        Fault.ADDED: "Something stands at event {event} or behind it that this service did not write.",
        Fault.TWICE: "Event {event} is event {other} once more: it was put in a second time.",
        Fault.UNREADABLE: "Event {event}, or one after it, cannot be read: it is not as it was written.",
        Fault.HEAD_GONE: "The row that says where the log ends was deleted.",
        Fault.KEY_GONE: "The key of the log was deleted, so nothing in it can be checked any more.",
        Fault.HEAD_WRONG: "The log was made to end with event {event}: its end was cut off, or the row that says where"
        " it ends was changed.",
        Fault.NO_BEGINNING: "The log does not say how {other} of the accounts were opened: its beginning is gone.",
        Fault.CUT: "The log ends with event {event}, but the head that you kept says that there were {other}: its end"
        " was cut off, or an older state of the database was put back. A restored backup does that as well.",
        Fault.REWRITTEN: "Event {event} is another one than when you kept the head: the log was written anew, by"
        " somebody who has the server key.",
        Fault.SHORTER: "The log ends with event {event}, but it was found whole up to event {other} before: its end was"
        " cut off, or an older state of the log was put back.",
        Fault.PENDING_CHANGED: "An event that waits to be chained is not as it was written: it was changed, or put in.",
        Fault.PENDING_AGAIN: "An event that waits to be chained stands in the log already: it was put in once more.",
    }
)
ONE_EVENT_MISSING = "Event {event} is missing: it was deleted."
OTHER_KEY = (
    "Event 1 was not written with this server key: the key is another one now, or the log was written anew with"
    " another key."
)
MAX_CHAIN_WAIT = timedelta(seconds=10)
MAX_LISTED = 20
NOT_CHAINED = (
    "A service that runs chains them within two seconds. Start it, or run hearthside verify-audit --chain. If one runs,"
    " look at what it logs."
)
NO_HEAD_GIVEN = (
    "No head was given, so some things cannot be noticed: that somebody with the server key cut the end off or wrote"
    " the log anew, and that an older state of the whole database was put back. Keep a head elsewhere: --write-head."
)


class _CannotCheckError(Exception):
    """The head cannot be read or written."""


def verify_audit(config: Config, options: argparse.Namespace) -> int:
    """Check the log and print what is wrong; return 0 intact, 1 broken, 2 could not be checked."""
    try:
        kept = [*_read_heads(options.head, there=True), *_read_heads(options.write_head, there=False)]
        report = asyncio.run(_check_log(config, kept, options))
        if report.chain_break is None and options.write_head:
            _write_head(options.write_head, report.head)
    except (_CannotCheckError, DatabaseRefused) as error:
        print(error, file=sys.stderr)
        return UNCHECKED
    if report.chain_break is not None:
        print("The audit log is broken.", _describe_break(report.chain_break), sep="\n", file=sys.stderr)
        return BROKEN
    # Standard output belongs to the head where it was asked for there.
    told = sys.stderr if options.write_head == STANDARD_STREAM else sys.stdout
    print(_format_result(report), file=told)
    if waiting := _format_pending(report, config.installation().clock()):
        print(waiting, file=told)
    if kept:
        print(f"It goes on from the {'head' if len(kept) == 1 else f'{len(kept)} heads'} kept.", file=told)
    else:
        print(NO_HEAD_GIVEN, file=told)
    return INTACT


async def _check_log(config: Config, kept: list[Head], options: argparse.Namespace) -> VerificationReport:
    async with open_for_command(config.database_url):
        installation = config.installation()
        if options.chain:
            with suppress(Damaged):  # which the check reports
                await AuditChainWorker(installation, uuid4()).release()
        report = await verify_log(installation, kept, is_incremental=not options.all)
        if report.chain_break is None:
            await save_verified(installation, report.head)
        return report


def _format_result(report: VerificationReport) -> str:
    said = f"The audit log is intact: {report.head.sequence} events"
    if report.since:
        said += f", {report.head.sequence - report.since} of them checked now and the others before (--all: every one)"
    return f"{said}."


def _format_pending(report: VerificationReport, now: datetime) -> str:
    """Return the events that are not chained yet, and what to do when they wait for long."""
    if report.oldest_pending is None:
        return ""
    age, count = max(now - report.oldest_pending, timedelta(0)), len(report.pending)
    said = f"{'1 event is' if count == 1 else f'{count} events are'} not chained yet;"
    said += f" the oldest was written {age // timedelta(seconds=1)} seconds ago."
    named = [
        f"  {one.at:%Y-%m-%d %H:%M:%S} UTC {ascii(one.action)[1:-1]} {one.id}"
        for one in report.pending[:MAX_LISTED]
    ]
    more = [f"  and {count - MAX_LISTED} more"] if count > MAX_LISTED else []
    return "\n".join([f"{said} {NOT_CHAINED}" if age > MAX_CHAIN_WAIT else said, *named, *more])


def _read_heads(name: str | None, *, there: bool) -> list[Head]:
    """Read the heads in a file; its text is never printed, so that no terminal obeys it."""
    if name is None or (not there and (name == STANDARD_STREAM or not Path(name).exists())):
        return []
    try:
        text = sys.stdin.read(MAX_FILE_SIZE) if name == STANDARD_STREAM else _read_text(Path(name))
    except (OSError, UnicodeDecodeError) as error:
        raise _CannotCheckError(f"The head cannot be read: {name!r}") from error
    heads = [Head.parse(line) for line in text.splitlines() if line.strip()]
    if not heads or None in heads:
        raise _CannotCheckError(f"This is no head that hearthside verify-audit --write-head wrote: {name!r}")
    return [head for head in heads if head is not None]


def _read_text(path: Path) -> str:
    with path.open(encoding="ascii") as file:
        return file.read(MAX_FILE_SIZE)


def _write_head(name: str, head: Head) -> None:
    """Write the head atomically in the place of an older one."""
    if name == STANDARD_STREAM:
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


def _describe_break(broken: ChainBreak) -> str:
    words = BREAK_SENTENCES[broken.kind]
    if broken.kind is Fault.MISSING and broken.event == broken.other:
        words = ONE_EVENT_MISSING
    if broken.kind is Fault.FOREIGN and broken.event == 1:
        words = OTHER_KEY
    return words.format(event=broken.event, other=broken.other)
