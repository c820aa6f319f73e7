"""
Send what waits, with as many processes as there are: each message is claimed by one of them at a time.

A message is sent at least once. Where a process ends between sending and noting it, the claim runs out, and it is sent
once more under the same Message-ID.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

import aiosmtplib
from tortoise.expressions import F, Q

from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.installation.mail_server import MailServer, TransportSecurity
from journal.mail import tables
from journal.mail.letters import ENGLISH, ChooseVoice, Letter, compose_letter
from journal.mail.mail_addresses import Undeliverable
from journal.mail.messages import Message, message_context
from journal.sealing import open_document
from journal.store.database import flush_deleted
from journal.store.rows import IdRow, NonNegative, Row, Timestamp, fetch_row, fetch_rows, filter_undamaged

log = logging.getLogger("hearthside")

CLAIM_DURATION = timedelta(minutes=5)
SEND_TIMEOUT = 60.0  # seconds for one message, well below a claim
BATCH_SIZE = 20
PERMANENT_FAILURE = 500  # RFC 5321 section 4.2.1
RETRY_DELAYS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""How long to wait after each attempt that did not succeed; after the last one, a message is given up."""
RETENTION = timedelta(days=30)
"""How long what was given up is kept, for `hearthside doctor`."""


class DeliveryOutcome(StrEnum):
    """How an attempt ended."""

    SENT = "sent"
    RETRY = "later"
    FAILED = "never"


class MessageRow(Row, frozen=True):
    """A row of a message that waits."""

    sealed: bytes
    created_at: Timestamp
    attempts: NonNegative


class WaitingRow(Row, frozen=True):
    """A message by its id, and what it is."""

    id: UUID
    sealed: bytes


async def deliver_due(installation: Installation, choose: ChooseVoice = lambda _: ENGLISH) -> int:
    """Send each message that is due, in its language; return how many were sent. Does nothing without a mail server."""
    if installation.mail is None:
        return 0
    now, sent = installation.clock(), 0
    # What is due later than the longest pause was put off by a clock that ran ahead.
    due = tables.Outbox.filter(
        Q(due_at__lte=now) | Q(due_at__gt=now + 2 * RETRY_DELAYS[-1]),
        Q(claimed_until__lte=now) | Q(claimed_until__gt=now + 2 * CLAIM_DURATION),
        gave_up_at=None,
    )
    for row in filter_undamaged(await fetch_rows(IdRow, due.order_by("due_at").limit(BATCH_SIZE))):
        claim = due.filter(id=row.id)
        if await claim.update(claimed_until=now + CLAIM_DURATION, attempts=F("attempts") + 1):
            sent += (
                await _attempt_delivery(installation, installation.mail, row.id, choose)
                is DeliveryOutcome.SENT
            )
    if sent:
        await flush_deleted()
    return sent


async def drop_waiting(installation: Installation, kind: str, *, day: str) -> None:
    """Delete the messages of a kind that wait with another day than *day*; one that is being sent now still goes."""
    gone = False
    for row in filter_undamaged(await fetch_rows(WaitingRow, tables.Outbox.all())):
        try:
            message = open_document(installation.server_keys, row.sealed, message_context(row.id), Message)
        except Damaged:
            continue
        if message.kind == kind and message.day != day:
            gone = bool(await tables.Outbox.filter(id=row.id).delete()) or gone
    if gone:
        await flush_deleted()


async def delete_expired(now: datetime) -> None:
    """Delete messages older than `RETENTION`, sent or not."""
    await tables.Outbox.filter(created_at__lt=now - RETENTION).delete()


async def _attempt_delivery(
    installation: Installation, server: MailServer, ident: UUID, choose: ChooseVoice
) -> DeliveryOutcome:
    """Send one claimed message, and record the outcome."""
    try:
        row = await fetch_row(MessageRow, tables.Outbox.filter(id=ident))
    except Damaged:
        await tables.Outbox.filter(id=ident).update(gave_up_at=installation.clock())
        return DeliveryOutcome.FAILED
    if row is None:
        return DeliveryOutcome.FAILED
    try:
        message = open_document(installation.server_keys, row.sealed, message_context(ident), Message)
        letter = compose_letter(server, message, ident, row.created_at, choose(message.language))
        outcome = await send_letter(server, letter)
    except (Damaged, Undeliverable):
        outcome = DeliveryOutcome.FAILED
    mine = tables.Outbox.filter(
        id=ident, attempts=row.attempts
    )  # unless the claim ran out, and another has it
    if outcome is DeliveryOutcome.SENT:
        await tables.Outbox.filter(id=ident).delete()
    elif outcome is DeliveryOutcome.RETRY and row.attempts <= len(RETRY_DELAYS):
        now = installation.clock()
        await mine.update(due_at=now + RETRY_DELAYS[row.attempts - 1], claimed_until=now)
    else:
        await mine.update(gave_up_at=installation.clock())
    return outcome


async def send_letter(server: MailServer, letter: Letter) -> DeliveryOutcome:
    """Send one message. The server's reply is not logged: it may repeat the address."""
    accepted = False
    try:
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.security is TransportSecurity.TLS,
            start_tls=server.security is TransportSecurity.STARTTLS,
            tls_context=await asyncio.to_thread(_build_tls_context, server),
            local_hostname=urlsplit(server.origin).hostname,
            timeout=SEND_TIMEOUT / 2,
        )
        async with asyncio.timeout(SEND_TIMEOUT), client:
            try:
                await client.sendmail(letter.sender, [letter.to], letter.text)
            except asyncio.CancelledError:
                client.close()  # or a server that says nothing would be said goodbye to, for half a minute
                raise
            accepted = True  # what goes wrong while saying goodbye changes nothing
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        if not accepted:
            never = _is_permanent(error)
            log.warning(
                "A message was not sent (%s): %s.", type(error).__name__, "given up" if never else "later"
            )
            return DeliveryOutcome.FAILED if never else DeliveryOutcome.RETRY
    return DeliveryOutcome.SENT


def _build_tls_context(server: MailServer) -> ssl.SSLContext | None:
    """Return the TLS context with the trusted certificates; in a thread, since reading them takes a while."""
    if server.security is TransportSecurity.NONE:
        return None
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if server.ca_file is not None:
        context.load_verify_locations(server.ca_file)
    return context


def _is_permanent(error: Exception) -> bool:
    """Return whether the receiver refused for good. What our own settings cause is tried again."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(one.code >= PERMANENT_FAILURE for one in error.recipients)
    return isinstance(error, aiosmtplib.SMTPDataError) and error.code >= PERMANENT_FAILURE
