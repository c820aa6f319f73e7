"""What can be wrong with an installation's database, key and clock, and how to fix it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from journal.accounts import addresses as account_addresses
from journal.accounts import key_log
from journal.audit import tables as audit_tables
from journal.audit.verification import Fault, Head, save_verified, verify_log
from journal.catalogue import crisis_contacts
from journal.installation.installation import Installation
from journal.key_rotation import server_key as server_key_rotation
from journal.key_rotation import workers
from journal.mail import tables as mail_tables
from journal.operations import heartbeat
from journal.practice import practice
from journal.store.address import SqliteFile, get_sqlite_file
from journal.store.database import get_connection, is_read_only, is_sqlite, open_for_command
from journal.store.errors import DAMAGED, DatabaseRefused
from journal.store.foreign_objects import format_names, list_foreign_in_file, list_foreign_on_server
from journal.store.rows import Row, Timestamp, fetch_rows, filter_undamaged
from journal.store.sqlite import PRAGMAS
from journal.vault import tables as vault_tables

REVIEW_INTERVAL = timedelta(days=180)
CLOCK_TOLERANCE = timedelta(minutes=5)
MAX_MAIL_WAIT = timedelta(hours=1)
MAX_CHAIN_WAIT = timedelta(seconds=10)
POSTGRES_SETTINGS: Mapping[str, str | int] = MappingProxyType(
    {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
)


SAMPLE_SIZE = 20  # rows


class EventTimeRow(Row, frozen=True):
    """When something was written to the log."""

    at: Timestamp


class EntryTimeRow(Row, frozen=True):
    """When an entry was saved."""

    updated_at: Timestamp


class Verdict(StrEnum):
    """Whether somebody has to do something."""

    WELL = "well"
    NOTE = "note"
    MEND = "mend"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, in a sentence; with what to do unless all is well."""

    verdict: Verdict
    sentence: str


def report_ok(sentence: str) -> Finding:
    """Return that a check found nothing wrong."""
    return Finding(Verdict.WELL, sentence)


def report_note(sentence: str) -> Finding:
    """Return something that is worth knowing."""
    return Finding(Verdict.NOTE, sentence)


def report_problem(sentence: str) -> Finding:
    """Return something that has to be fixed, and how."""
    return Finding(Verdict.MEND, sentence)


def check_crisis_contacts(now: datetime) -> Finding:
    """Return whether the crisis contacts were reviewed within half a year."""
    last = crisis_contacts.get_review_date()
    if now.date() - last > REVIEW_INTERVAL:
        return report_problem(
            f"The crisis contacts were last reviewed on {last}. Check each number, or install a newer version."
        )
    return report_ok(f"The crisis contacts were reviewed on {last}.")


async def check_database(
    url: str, installation: Installation, *, public: bool = False, kept_heads: Sequence[Head] = ()
) -> list[Finding]:
    """
    Check the database and all that needs it; stop at the first fault that hides the rest.

    Args:
        public: Whether people on other machines are served.
        kept_heads: Heads of the audit log that were kept elsewhere. With some, all of the log is looked at.
    """
    try:
        async with open_for_command(url):
            path = get_sqlite_file(url)
            if path is not None and (damage := _find_damage(path)):
                return [damage]
            return [
                report_ok("The database answers."),
                report_ok("The database has this version's shape."),
                await _check_parts(path),
                await _check_durability(),
                *await _check_writes(),
                await _check_server_key(installation, public),
                await _check_audit_log(installation, kept_heads),
                await _check_key_log(),
                *await _check_rotation(installation),
                *await _check_mail(installation),
                *map(report_problem, await account_addresses.list_address_problems(installation)),
                await _check_clock(installation),
                *await _check_purging(),
            ]
    except DatabaseRefused as refused:
        return [report_problem(refused.message)]


def _find_damage(path: Path) -> Finding | None:
    with closing(sqlite3.connect(path)) as looking:
        sound = looking.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if sound and not looking.execute("PRAGMA foreign_key_check").fetchall():
            return None
    return report_problem(DAMAGED.format(SqliteFile(path)))


async def _check_parts(path: Path | None) -> Finding:
    """Check for triggers, views and the like, which run unnoticed."""
    unknown = await list_foreign_on_server(get_connection()) if path is None else list_foreign_in_file(path)
    if unknown:
        return report_problem(
            f"The database has {format_names(unknown)}, which Hearthside did not make. Find out who did, and remove it:"
            " it can"
            " change what is saved, or hide it."
        )
    return report_ok("The database has no triggers, views or tables but Hearthside's own.")


async def _check_key_log() -> Finding:
    """Check that the log of public keys is whole in itself."""
    fault = await key_log.find_fault()
    if fault is None:
        return report_ok("The log of public keys is whole.")
    return report_problem(
        f"The log of public keys was changed at leaf {fault}, by something other than Hearthside. Find out who writes"
        " the database, and restore a backup from before. People are told when they sign in."
    )


async def _check_durability() -> Finding:
    """Check what makes a commit durable, and what erases deleted words."""
    wanted, ask = (PRAGMAS, "PRAGMA") if is_sqlite() else (POSTGRES_SETTINGS, "SHOW")
    for name, value in wanted.items():
        _, rows = await get_connection().execute_query(f"{ask} {name}")
        if rows[0][0] != value:
            return report_problem(
                f"The database has {name} at {rows[0][0]}. Set it to {value}: saves might not last otherwise."
            )
    return report_ok("The database writes each save to the disk before it is called saved.")


async def _check_writes() -> list[Finding]:
    """Check that PostgreSQL takes writes: else people could read, and save nothing."""
    if not await is_read_only():
        return []
    _, rows = await get_connection().execute_query("SELECT pg_is_in_recovery()")
    if rows[0][0]:
        return [
            report_problem(
                "The database is a standby, which takes no writes. Promote it, or name the primary:"
                " HEARTHSIDE_DATABASE_URL."
            )
        ]
    return [
        report_problem("The database takes no writes: default_transaction_read_only is on. Set it to off.")
    ]


async def _check_audit_log(installation: Installation, kept_heads: Sequence[Head]) -> Finding:
    """Check the audit log: all of it against *kept_heads*, or without any what came since the last check."""
    report = await verify_log(installation, kept_heads, is_incremental=not kept_heads)
    if report.chain_break is not None and report.chain_break.kind in (Fault.CUT, Fault.REWRITTEN):
        return report_problem(
            "The audit log does not go on from the head that was kept: its end was cut off, it was written anew, or an"
            " older state was put back. Run hearthside verify-audit with the head, and find out who was here."
        )
    if report.chain_break is not None:
        return report_problem(
            "The audit log is not as it was written. Run hearthside verify-audit, and find out who was here."
        )
    await save_verified(installation, report.head)
    if report.oldest_pending and installation.clock() - report.oldest_pending > MAX_CHAIN_WAIT:
        since = f"{report.oldest_pending:%Y-%m-%d %H:%M} UTC"
        waits = (
            f"Events of the audit log that are not chained yet: {len(report.pending)}, the oldest of {since}."
        )
        if await workers.count_workers(installation):
            return report_problem(f"{waits} A service runs and does not chain them. Look at what it logs.")
        return report_note(
            f"{waits} No service runs. One that starts chains them, or hearthside verify-audit --chain."
        )
    return report_ok(f"The audit log is intact: {report.head.sequence} events.")


async def _check_server_key(installation: Installation, public: bool) -> Finding:
    try:
        known = await practice.load_practice_view(installation)
    except practice.WrongServerKey as refused:
        return report_problem(refused.message)
    if known is None:
        return report_note("Nobody has set up the practice yet. Run: hearthside setup-link.")
    if known.damaged:
        return report_problem(
            "The server key is right, and the record of the practice is damaged: no page shows its name, and none of"
            " the staff can be let in. Restore the latest backup elsewhere, and find out who was here."
        )
    if known.is_demo and public:
        return report_problem(
            "This is the demonstration, whose passwords everybody knows. Begin in an empty data folder."
        )
    return report_ok("The server key opens the practice" + (", a demonstration." if known.is_demo else "."))


async def _check_rotation(installation: Installation) -> list[Finding]:
    """Check for an unfinished rotation of the server key, and for what no key opens."""
    counts = await server_key_rotation.count_rows(installation)
    old, closed = sum(count.old for count in counts), sum(count.unopened for count in counts)
    found = []
    if old:
        found.append(
            report_problem(
                f"{old} records are still sealed under an older server key. Run: hearthside rotate-server-key."
            )
        )
    elif installation.server_keys.is_rotating:
        found.append(
            report_problem(
                "The server key was changed, and the old one is still there."
                " Run: hearthside rotate-server-key --finish."
            )
        )
    if closed and closed < sum(count.rows for count in counts):
        found.append(
            report_problem(
                f"{closed} names, dates or messages are opened by no server key: they were damaged."
            )
        )
    return found


async def _check_mail(installation: Installation) -> list[Finding]:
    """Check for messages that wait for long, or were given up."""
    late = installation.clock() - MAX_MAIL_WAIT
    waits = await mail_tables.Outbox.filter(gave_up_at=None, created_at__lt=late).count()
    unwritable = await account_addresses.count_undeliverable(installation)
    gone = await mail_tables.Outbox.exclude(gave_up_at=None).count() - unwritable
    found = []
    if waits:
        found.append(
            report_problem(
                f"{waits} messages wait for the mail server for an hour or longer. Check HEARTHSIDE_SMTP_HOST, its"
                " port, its password, and what the log says."
            )
        )
    if unwritable:
        found.append(
            report_note(
                f"{unwritable} messages were given up in the last 30 days because no mail can be written to their"
                " address. The mail server is not at fault."
            )
        )
    if gone:
        found.append(
            report_problem(
                f"{gone} messages were given up in the last 30 days: nobody took them. Ask whoever runs the mail"
                " server; their addresses are not shown here."
            )
        )
    return found


async def _check_clock(installation: Installation) -> Finding:
    """Compare the clock with the latest record."""
    now = installation.clock()
    written = await fetch_rows(EventTimeRow, audit_tables.AuditEvent.all().order_by("-at").limit(SAMPLE_SIZE))
    pending = await fetch_rows(
        EventTimeRow, audit_tables.AuditPending.all().order_by("-at").limit(SAMPLE_SIZE)
    )
    saved = await fetch_rows(
        EntryTimeRow, vault_tables.Entry.all().order_by("-updated_at").limit(SAMPLE_SIZE)
    )
    reviewed = datetime.combine(crisis_contacts.get_review_date(), datetime.min.time(), UTC)
    times = [row.at for row in filter_undamaged([*written, *pending])] + [
        row.updated_at for row in filter_undamaged(saved)
    ]
    latest = max([reviewed, *times])
    if now < latest - CLOCK_TOLERANCE:
        return report_problem(
            f"The clock says {now:%Y-%m-%d %H:%M} UTC, before the latest record. Set it, and keep it set by NTP."
        )
    return report_ok("The clock is not behind the records.")


async def _check_purging() -> list[Finding]:
    """Check whether purging is held since the clock jumped."""
    since = await heartbeat.load_held_since()
    if since is None:
        return []
    return [
        report_problem(
            f"Since {since:%Y-%m-%d %H:%M} nothing is deleted for good: the clock jumped by more than an hour, or the"
            " service rested for so long, which is usual. Nothing else is held. Check the clock, then run: hearthside"
            " confirm-clock."
        )
    ]
