"""What can be wrong with an installation's database, key and clock, and how to fix it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from journal.accounts import addresses as account_addresses
from journal.audit import tables as audit_tables
from journal.audit.verification import check, remember
from journal.catalogue import crisis_contacts
from journal.installation.installation import House
from journal.key_rotation import server_key as server_key_rotation
from journal.key_rotation import workers
from journal.mail import tables as mail_tables
from journal.operations import heartbeat
from journal.practice import practice
from journal.store.address import SqliteFile, file_of
from journal.store.database import connection, is_read_only, is_sqlite, opened
from journal.store.errors import DAMAGED, DatabaseRefused
from journal.store.parts import named, unknown_in_file, unknown_on_server
from journal.store.rows import Moment, Row, read, whole
from journal.store.sqlite import PRAGMAS
from journal.vault import tables as vault_tables

A_REVIEW = timedelta(days=180)
SLACK = timedelta(minutes=5)
LATE = timedelta(hours=1)
UNCHAINED = timedelta(seconds=10)
POSTGRES: Mapping[str, str | int] = MappingProxyType(
    {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
)


SOME = 20  # rows


class WrittenRow(Row, frozen=True):
    """When something was written to the log."""

    at: Moment


class SavedRow(Row, frozen=True):
    """When an entry was saved."""

    updated_at: Moment


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


def well(sentence: str) -> Finding:
    """Return that a check found nothing wrong."""
    return Finding(Verdict.WELL, sentence)


def note(sentence: str) -> Finding:
    """Return something that is worth knowing."""
    return Finding(Verdict.NOTE, sentence)


def mend(sentence: str) -> Finding:
    """Return something that has to be fixed, and how."""
    return Finding(Verdict.MEND, sentence)


def of_contacts(now: datetime) -> Finding:
    """Return whether the crisis contacts were reviewed within half a year."""
    last = crisis_contacts.reviewed()
    if now.date() - last > A_REVIEW:
        return mend(
            f"The crisis contacts were last reviewed on {last}. Check each number, or install a newer version."
        )
    return well(f"The crisis contacts were reviewed on {last}.")


async def of_database(url: str, house: House, *, public: bool = False) -> list[Finding]:
    """
    Check the database and all that needs it; stop at the first fault that hides the rest.

    Args:
        public: Whether people on other machines are served.
    """
    try:
        async with opened(url):
            path = file_of(url)
            if path is not None and (damage := _damage(path)):
                return [damage]
            return [
                well("The database answers."),
                well("The database has this version's shape."),
                await _of_parts(path),
                await _of_care(),
                *await _of_writing(),
                await _of_key(house, public),
                await _of_log(house),
                *await _of_rotation(house),
                *await _of_mail(house),
                *map(mend, await account_addresses.faults(house)),
                await _of_clock(house),
                *await _of_purging(),
            ]
    except DatabaseRefused as refused:
        return [mend(refused.message)]


def _damage(path: Path) -> Finding | None:
    with closing(sqlite3.connect(path)) as looking:
        sound = looking.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if sound and not looking.execute("PRAGMA foreign_key_check").fetchall():
            return None
    return mend(DAMAGED.format(SqliteFile(path)))


async def _of_parts(path: Path | None) -> Finding:
    """Check for triggers, views and the like, which run unnoticed."""
    unknown = await unknown_on_server(connection()) if path is None else unknown_in_file(path)
    if unknown:
        return mend(
            f"The database has {named(unknown)}, which Hearthside did not make. Find out who did, and remove it: it can"
            " change what is saved, or hide it."
        )
    return well("The database has no triggers, views or tables but Hearthside's own.")


async def _of_care() -> Finding:
    """Check what makes a commit durable, and what erases deleted words."""
    wanted, ask = (PRAGMAS, "PRAGMA") if is_sqlite() else (POSTGRES, "SHOW")
    for name, value in wanted.items():
        _, rows = await connection().execute_query(f"{ask} {name}")
        if rows[0][0] != value:
            return mend(
                f"The database has {name} at {rows[0][0]}. Set it to {value}: saves might not last otherwise."
            )
    return well("The database writes each save to the disk before it is called saved.")


async def _of_writing() -> list[Finding]:
    """Check that PostgreSQL takes writes: else people could read, and save nothing."""
    if not await is_read_only():
        return []
    _, rows = await connection().execute_query("SELECT pg_is_in_recovery()")
    if rows[0][0]:
        return [
            mend(
                "The database is a standby, which takes no writes. Promote it, or name the primary:"
                " HEARTHSIDE_DATABASE_URL."
            )
        ]
    return [mend("The database takes no writes: default_transaction_read_only is on. Set it to off.")]


async def _of_log(house: House) -> Finding:
    """Check the audit log since the last check, as far as that goes without a head kept elsewhere."""
    report = await check(house, onward=True)
    if report.broken is not None:
        return mend(
            "The audit log is not as it was written. Run hearthside verify-audit, and find out who was here."
        )
    await remember(house, report.head)
    if report.oldest and house.clock() - report.oldest > UNCHAINED:
        since = f"{report.oldest:%Y-%m-%d %H:%M} UTC"
        waits = (
            f"Events of the audit log that are not chained yet: {len(report.pending)}, the oldest of {since}."
        )
        if await workers.alive(house):
            return mend(f"{waits} A service runs and does not chain them. Look at what it logs.")
        return note(
            f"{waits} No service runs. One that starts chains them, or hearthside verify-audit --chain."
        )
    return well(f"The audit log is intact: {report.head.sequence} events.")


async def _of_key(house: House, public: bool) -> Finding:
    try:
        known = await practice.shown(house)
    except practice.WrongServerKey as refused:
        return mend(refused.message)
    if known is None:
        return note("Nobody has set up the practice yet. Run: hearthside setup-link.")
    if known.damaged:
        return mend(
            "The server key is right, and the record of the practice is damaged: no page shows its name, and none of"
            " the staff can be let in. Restore the latest backup elsewhere, and find out who was here."
        )
    if known.is_demo and public:
        return mend(
            "This is the demonstration, whose passwords everybody knows. Begin in an empty data folder."
        )
    return well("The server key opens the practice" + (", a demonstration." if known.is_demo else "."))


async def _of_rotation(house: House) -> list[Finding]:
    """Check for an unfinished rotation of the server key, and for what no key opens."""
    counts = await server_key_rotation.look_over(house)
    old, closed = sum(count.old for count in counts), sum(count.closed for count in counts)
    found = []
    if old:
        found.append(
            mend(
                f"{old} records are still sealed under an older server key. Run: hearthside rotate-server-key."
            )
        )
    elif house.server.changing:
        found.append(
            mend(
                "The server key was changed, and the old one is still there."
                " Run: hearthside rotate-server-key --finish."
            )
        )
    if closed and closed < sum(count.rows for count in counts):
        found.append(
            mend(f"{closed} names, dates or messages are opened by no server key: they were damaged.")
        )
    return found


async def _of_mail(house: House) -> list[Finding]:
    """Check for messages that wait for long, or were given up."""
    late = house.clock() - LATE
    waits = await mail_tables.Outbox.filter(gave_up_at=None, created_at__lt=late).count()
    unwritable = await account_addresses.given_up_for_the_address(house)
    gone = await mail_tables.Outbox.exclude(gave_up_at=None).count() - unwritable
    found = []
    if waits:
        found.append(
            mend(
                f"{waits} messages wait for the mail server for an hour or longer. Check HEARTHSIDE_SMTP_HOST, its"
                " port, its password, and what the log says."
            )
        )
    if unwritable:
        found.append(
            note(
                f"{unwritable} messages were given up in the last 30 days because no mail can be written to their"
                " address. The mail server is not at fault."
            )
        )
    if gone:
        found.append(
            mend(
                f"{gone} messages were given up in the last 30 days: nobody took them. Ask whoever runs the mail"
                " server; their addresses are not shown here."
            )
        )
    return found


async def _of_clock(house: House) -> Finding:
    """Compare the clock with the latest record."""
    now = house.clock()
    written = await read(WrittenRow, audit_tables.AuditEvent.all().order_by("-at").limit(SOME))
    pending = await read(WrittenRow, audit_tables.AuditPending.all().order_by("-at").limit(SOME))
    saved = await read(SavedRow, vault_tables.Entry.all().order_by("-updated_at").limit(SOME))
    reviewed = datetime.combine(crisis_contacts.reviewed(), datetime.min.time(), UTC)
    times = [row.at for row in whole([*written, *pending])] + [row.updated_at for row in whole(saved)]
    latest = max([reviewed, *times])
    if now < latest - SLACK:
        return mend(
            f"The clock says {now:%Y-%m-%d %H:%M} UTC, before the latest record. Set it, and keep it set by NTP."
        )
    return well("The clock is not behind the records.")


async def _of_purging() -> list[Finding]:
    """Check whether purging is held since the clock jumped."""
    since = await heartbeat.held_since()
    if since is None:
        return []
    return [
        mend(
            f"Since {since:%Y-%m-%d %H:%M} nothing is deleted for good: the clock jumped by more than an hour, or the"
            " service rested for so long, which is usual. Nothing else is held. Check the clock, then run: hearthside"
            " confirm-clock."
        )
    ]
