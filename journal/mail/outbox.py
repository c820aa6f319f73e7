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
from journal.installation.installation import House
from journal.installation.mail_server import MailServer, Security
from journal.mail import tables
from journal.mail.letters import Letter, Say, write
from journal.mail.mail_addresses import Undeliverable
from journal.mail.messages import Message, message_context
from journal.sealing import open_document
from journal.store.database import scrub
from journal.store.rows import Counted, Moment, Named, Row, read, read_one, whole

log = logging.getLogger("hearthside")

CLAIM = timedelta(minutes=5)
PATIENCE = 60.0  # seconds for one message, well below a claim
AT_ONCE = 20
REFUSED_FOR_GOOD = 500  # RFC 5321 section 4.2.1
PAUSES = (
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
KEPT = timedelta(days=30)
"""How long what was given up is kept, for `hearthside doctor`."""


class Outcome(StrEnum):
    """How an attempt ended."""

    SENT = "sent"
    LATER = "later"
    NEVER = "never"


class MessageRow(Row, frozen=True):
    """A row of a message that waits."""

    sealed: bytes
    created_at: Moment
    attempts: Counted


async def deliver_due(house: House, say: Say = str) -> int:
    """Send every message that is due; return how many were sent. Does nothing without a mail server."""
    if house.mail is None:
        return 0
    now, sent = house.clock(), 0
    # What is due later than the longest pause was put off by a clock that ran ahead.
    due = tables.Outbox.filter(
        Q(due_at__lte=now) | Q(due_at__gt=now + 2 * PAUSES[-1]),
        Q(claimed_until__lte=now) | Q(claimed_until__gt=now + 2 * CLAIM),
        gave_up_at=None,
    )
    for row in whole(await read(Named, due.order_by("due_at").limit(AT_ONCE))):
        claim = due.filter(id=row.id)
        if await claim.update(claimed_until=now + CLAIM, attempts=F("attempts") + 1):
            sent += await _attempt(house, house.mail, row.id, say) is Outcome.SENT
    if sent:
        await scrub()
    return sent


async def forget(now: datetime) -> None:
    """Delete messages older than `KEPT`, sent or not."""
    await tables.Outbox.filter(created_at__lt=now - KEPT).delete()


async def _attempt(house: House, server: MailServer, ident: UUID, say: Say) -> Outcome:
    """Send one claimed message, and record the outcome."""
    try:
        row = await read_one(MessageRow, tables.Outbox.filter(id=ident))
    except Damaged:
        await tables.Outbox.filter(id=ident).update(gave_up_at=house.clock())
        return Outcome.NEVER
    if row is None:
        return Outcome.NEVER
    try:
        message = open_document(house.server, row.sealed, message_context(ident), Message)
        letter = write(server, message, ident, row.created_at, say)
        outcome = await _send(server, letter)
    except (Damaged, Undeliverable):
        outcome = Outcome.NEVER
    mine = tables.Outbox.filter(
        id=ident, attempts=row.attempts
    )  # unless the claim ran out, and another has it
    if outcome is Outcome.SENT:
        await tables.Outbox.filter(id=ident).delete()
    elif outcome is Outcome.LATER and row.attempts <= len(PAUSES):
        now = house.clock()
        await mine.update(due_at=now + PAUSES[row.attempts - 1], claimed_until=now)
    else:
        await mine.update(gave_up_at=house.clock())
    return outcome


async def _send(server: MailServer, letter: Letter) -> Outcome:
    """Send one message. The server's reply is not logged: it may repeat the address."""
    accepted = False
    try:
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=await asyncio.to_thread(_believed, server),
            local_hostname=urlsplit(server.origin).hostname,
            timeout=PATIENCE / 2,
        )
        async with asyncio.timeout(PATIENCE), client:
            try:
                await client.sendmail(letter.sender, [letter.to], letter.text)
            except asyncio.CancelledError:
                client.close()  # or a server that says nothing would be said goodbye to, for half a minute
                raise
            accepted = True  # what goes wrong while saying goodbye changes nothing
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        if not accepted:
            never = _is_for_good(error)
            log.warning(
                "A message was not sent (%s): %s.", type(error).__name__, "given up" if never else "later"
            )
            return Outcome.NEVER if never else Outcome.LATER
    return Outcome.SENT


def _believed(server: MailServer) -> ssl.SSLContext | None:
    """Return the TLS context with the trusted certificates; in a thread, since reading them takes a while."""
    if server.security is Security.NONE:
        return None
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if server.trust is not None:
        context.load_verify_locations(server.trust)
    return context


def _is_for_good(error: Exception) -> bool:
    """Return whether the receiver refused for good. What our own settings cause is tried again."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(one.code >= REFUSED_FOR_GOOD for one in error.recipients)
    return isinstance(error, aiosmtplib.SMTPDataError) and error.code >= REFUSED_FOR_GOOD
