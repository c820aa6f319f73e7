"""`hearthside verify-audit` and `hearthside head`: check log and accounts against a head that is kept elsewhere."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import uuid4

from journal.audit.chain_worker import AuditChainWorker
from journal.audit.verification import ChainBreak, Fault, VerificationReport, save_verified, verify_log
from journal.errors import Damaged
from journal.operations.account_marks import format_log_head, format_marks, load_marks
from journal.store.database import open_for_command
from journal.store.errors import DatabaseRefused
from portal.cli.head import (
    RESTORED,
    STANDARD_STREAM,
    CannotReadError,
    KeptHeads,
    read_heads,
    write_head,
)
from portal.config import Config

INTACT, BROKEN, UNCHECKED = 0, 1, 2

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
    " the log anew, and that an older state of the whole database or of an account was put back. Keep a head elsewhere:"
    " hearthside head."
)
NO_ACCOUNTS_GIVEN = (
    "The head has no lines of accounts, so it does not notice an account that was put back. Keep one that has them:"
    " hearthside head."
)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What the log is, what is not what was kept of it, and, where asked for, what is to be kept beside its head."""

    report: VerificationReport
    faults: Sequence[str] = ()
    lines: Sequence[str] = ()


def verify_audit(config: Config, options: argparse.Namespace) -> int:
    """Check the log and print what is wrong; return 0 intact, 1 broken, 2 could not be checked."""
    return _run(config, options, with_accounts=False)


def write_whole_head(config: Config, options: argparse.Namespace) -> int:
    """Check log and accounts against the head in the file that is named, and put one of now in its place."""
    asked = argparse.Namespace(head=options.head, write_head=options.file, all=False, chain=False)
    return _run(config, asked, with_accounts=True)


def _run(config: Config, options: argparse.Namespace, *, with_accounts: bool) -> int:
    try:
        given = read_heads(options.head, has_to_exist=True)
        there = read_heads(options.write_head, has_to_exist=False)
        kept = given + there
        found = asyncio.run(_check(config, kept, options, with_accounts=with_accounts))
        is_broken = found.report.chain_break is not None or bool(found.faults)
        if options.write_head and not is_broken:
            write_head(options.write_head, [str(found.report.head), *found.lines])
    except (CannotReadError, DatabaseRefused) as error:
        print(error, file=sys.stderr)
        return UNCHECKED
    if found.report.chain_break is not None:
        print(
            "The audit log is broken.", _describe_break(found.report.chain_break), sep="\n", file=sys.stderr
        )
    if found.faults:
        print(*found.faults, RESTORED, sep="\n", file=sys.stderr)
    if is_broken:
        return BROKEN
    # Standard output belongs to the head where it was asked for there.
    told = sys.stderr if options.write_head == STANDARD_STREAM else sys.stdout
    for sentence in _describe_intact(found, kept, config.installation().clock()):
        print(sentence, file=told)
    return INTACT


async def _check(
    config: Config, kept: KeptHeads, options: argparse.Namespace, *, with_accounts: bool
) -> _Outcome:
    async with open_for_command(config.database_url):
        installation = config.installation()
        if options.chain:
            with suppress(Damaged):  # which the check reports
                await AuditChainWorker(installation, uuid4()).release()
        report = await verify_log(installation, kept.heads, is_incremental=not options.all)
        if report.chain_break is None:
            await save_verified(installation, report.head)
        faults = await kept.find_faults(is_log_whole=report.chain_break is None)
        if not with_accounts:
            return _Outcome(report, faults)
        return _Outcome(
            report, faults, [await format_log_head(), *format_marks((await load_marks()).values())]
        )


def _describe_intact(found: _Outcome, kept: KeptHeads, now: datetime) -> Iterator[str]:
    yield _format_result(found.report)
    if waiting := _format_pending(found.report, now):
        yield waiting
    if not kept.heads:
        yield NO_HEAD_GIVEN
        return
    yield f"It goes on from the {'head' if len(kept.heads) == 1 else f'{len(kept.heads)} heads'} kept."
    if kept.keys:
        yield "The log of public keys goes on from what was kept."
    if kept.marks:
        yield f"No account is behind what was kept: {len({mark.name for mark in kept.marks})} of them."
    else:
        yield NO_ACCOUNTS_GIVEN


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


def _describe_break(broken: ChainBreak) -> str:
    words = BREAK_SENTENCES[broken.kind]
    if broken.kind is Fault.MISSING and broken.event == broken.other:
        words = ONE_EVENT_MISSING
    if broken.kind is Fault.FOREIGN and broken.event == 1:
        words = OTHER_KEY
    return words.format(event=broken.event, other=broken.other)
