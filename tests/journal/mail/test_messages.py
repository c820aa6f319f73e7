"""What people are told by mail is written down with the act that it tells of, sealed, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from journal.accounts.notices import queue_notice
from journal.installation.installation import Installation
from journal.installation.mail_server import MailServer
from journal.mail import tables as mail_tables
from journal.mail.messages import Message, Notice, message_context
from journal.sealing import open_document
from journal.store.database import transaction
from tests.cast import Cast

SERVER = MailServer("127.0.0.1", 25, "hearth@example.org", "https://hearth.example.org")


def with_mail(installation: Installation) -> Installation:
    """The same installation, with a mail server."""
    return replace(installation, mail=SERVER)


async def test_a_notice_is_written_down_sealed(cast: Cast) -> None:
    """Its row opens to address and kind, under the server key and in its own place only."""
    alice = await cast.actor("alice")
    await queue_notice(with_mail(cast.installation), alice.id, Notice.PASSWORD_CHANGED)
    (row,) = await mail_tables.Outbox.all()
    kept = open_document(cast.installation.server_keys, bytes(row.sealed), message_context(row.id), Message)
    assert kept == Message("alice@example.org", "password-changed")
    assert b"alice" not in bytes(row.sealed)


async def test_what_is_undone_is_told_to_nobody(cast: Cast) -> None:
    """A notice stands and falls with its transaction."""
    alice = await cast.actor("alice")

    async def undone() -> None:
        async with transaction():
            await queue_notice(with_mail(cast.installation), alice.id, Notice.PASSKEY_ADDED)
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await undone()
    assert await mail_tables.Outbox.all().count() == 0


async def test_without_a_mail_server_nothing_is_written(cast: Cast) -> None:
    """No mail settings, no mail."""
    await queue_notice(cast.installation, (await cast.actor("alice")).id, Notice.SUSPENDED)
    assert await mail_tables.Outbox.all().count() == 0
