"""Whoever deletes their account can come back for a week; after that nothing of it is left but the log's ids."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from journal.accounts import tables as accounts_tables
from journal.accounts.current_keys import ConcurrentChange
from journal.accounts.status import LEAVING
from journal.authentication import active_sessions, second_step, sign_in, web_sessions
from journal.care import links
from journal.entries import entries
from journal.errors import HeldUntilRested, InvalidInput, NotFound, WrongCredentials
from journal.installation.installation import Installation
from journal.mail import tables as mail_tables
from journal.mail.messages import Message, Notice, message_context
from journal.operations.retention import purge_deleted
from journal.passkeys import management as passkey_management
from journal.passkeys import sign_in as passkey_sign_in
from journal.practice import account_deletion
from journal.sealing import open_document
from journal.store.database import get_connection
from journal.store.foreign_objects import load_models
from journal.vault import tables as vault_tables
from tests.authenticator import SITE, Authenticator
from tests.cast import PASSWORDS, Cast
from tests.factors import app_code, enrolled
from tests.journal.mail.test_messages import with_mail
from tests.scenes import in_session, shared, written


async def test_who_was_signed_out_meanwhile_changes_nothing(cast: Cast) -> None:
    """A page of before that asks for the deletion is refused, and sharing goes on as it was."""
    alice = await cast.actor("alice")
    await active_sessions.end_all_sessions(alice, include_current=True)
    with pytest.raises(ConcurrentChange):
        await account_deletion.request_deletion(alice, "delete")
    (link,) = await links.load_my_links(await cast.actor("bob"))
    assert link.paused_at is None


async def hanging_on(*ids: object) -> set[str]:
    """The tables in which one of *ids* stands, in whatever column."""
    wanted, found = {str(one) for one in ids}, set()
    for model in load_models():
        for row in await model.all().values():
            if wanted & {str(value) for value in row.values()}:
                found.add(str(model._meta.db_table))
    return found


async def test_it_stops_at_once_and_comes_back_within_a_week(cast: Cast) -> None:
    """Cookies open nothing, sharing is paused; signing in on the seventh day brings everything back."""
    entry = await written(cast)
    alice = await cast.actor("alice")
    await account_deletion.request_deletion(alice, " Delete ")
    assert await web_sessions.load_actor(cast.installation, cast.tokens["alice"]) is None
    (link,) = await links.load_my_links(await cast.actor("bob"))
    assert link.paused_at is not None
    cast.clock.forward(days=6, hours=23)
    await purge_deleted(cast.installation, cast.clock.now)
    cast.tokens["alice"] = (
        await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])
    ).token
    back = await cast.actor("alice")
    assert (await entries.load_entry(back, entry.id)).document == entry.document
    cast.clock.forward(days=2)
    await purge_deleted(cast.installation, cast.clock.now)
    assert await accounts_tables.Account.filter(id=alice.id, status="active").exists()


async def test_the_password_alone_calls_nothing_off(cast: Cast) -> None:
    """With a second factor, only whoever gives that as well keeps the account; its owner is told by mail."""
    secret, _ = await enrolled(cast, "alice")
    alice = await cast.actor("alice")
    await account_deletion.request_deletion(alice, account_deletion.CONFIRMATION_WORD)
    cast.clock.forward(minutes=5)
    installation = with_mail(cast.installation)
    waiting = await sign_in.sign_in(installation, "alice@example.org", PASSWORDS["alice"])
    assert await accounts_tables.Account.filter(id=alice.id, status=LEAVING).exists()
    assert await mail_tables.Outbox.all().count() == 0
    code = app_code(secret, cast.clock.now)
    opened = await second_step.verify_code(installation, waiting.token, code, sign_in.UNKNOWN_VISITOR)
    assert await web_sessions.load_actor(installation, opened.token) is not None
    assert await accounts_tables.Account.filter(id=alice.id, status="active").exists()
    kinds = [message.kind async for message in waiting_messages(installation)]
    assert Notice.ACCOUNT_KEPT.value in kinds


async def test_a_passkey_keeps_the_account_as_well(cast: Cast) -> None:
    """Somebody who signs in by passkey alone can come back for a week too."""
    device = Authenticator()
    alice = await cast.actor("alice")
    answer = device.make(await passkey_management.build_creation_options(alice, SITE))
    await passkey_management.add_passkey(
        alice, cast.tokens["alice"], SITE, "Phone", answer.credential, answer.prf
    )
    await account_deletion.request_deletion(await cast.actor("alice"), account_deletion.CONFIRMATION_WORD)
    tapped = device.use(passkey_sign_in.build_sign_in_options(cast.installation, SITE))
    token = await passkey_sign_in.sign_in_with_passkey(cast.installation, SITE, tapped)
    assert await web_sessions.load_actor(cast.installation, token) is not None


async def waiting_messages(installation: Installation) -> AsyncIterator[Message]:
    """What the outbox holds."""
    for row in await mail_tables.Outbox.all():
        yield open_document(installation.server_keys, bytes(row.sealed), message_context(row.id), Message)


async def test_after_a_week_nothing_is_left(cast: Cast) -> None:
    """No row of any table names the account, its entries or its shares any more, but for the log's; nobody signs in."""
    entry = await written(cast)
    share = await shared(cast, entry)
    alice = await cast.actor("alice")
    everything = (alice.id, entry.id, share, cast.link)
    assert {"account", "entry", "share", "care_link", "key_slot"} <= await hanging_on(*everything)
    await account_deletion.request_deletion(alice, account_deletion.CONFIRMATION_WORD)
    cast.clock.forward(days=7)
    await purge_deleted(cast.installation, cast.clock.now)
    assert await hanging_on(*everything) <= {"audit_event", "audit_pending"}
    with pytest.raises(WrongCredentials):
        await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])


async def test_it_leaves_the_files(sqlite_cast: Cast) -> None:
    """What was sealed is gone from the database and its write-ahead log."""
    entry = await written(sqlite_cast)
    row = await vault_tables.Entry.get(id=entry.id)
    path = Path(get_connection().filename)  # type: ignore[attr-defined]
    files = [path, path.with_name(path.name + "-wal")]
    assert any(bytes(row.sealed)[40:72] in file.read_bytes() for file in files)
    await account_deletion.request_deletion(
        await sqlite_cast.actor("alice"), account_deletion.CONFIRMATION_WORD
    )
    sqlite_cast.clock.forward(days=7)
    await purge_deleted(sqlite_cast.installation, sqlite_cast.clock.now)
    assert not any(bytes(row.sealed)[40:72] in file.read_bytes() for file in files)


async def test_it_waits_until_rested_and_for_the_word(cast: Cast) -> None:
    """Nobody deletes a journal on the day of a dose, nor by a slip; a clinician's account is not deleted so."""
    alice = await cast.actor("alice")
    for word in ("", "yes", "delete it"):
        with pytest.raises(InvalidInput):
            await account_deletion.request_deletion(alice, word)
    with pytest.raises(NotFound):
        await account_deletion.request_deletion(await cast.actor("bob"), account_deletion.CONFIRMATION_WORD)
    await in_session(cast)
    with pytest.raises(HeldUntilRested):
        await account_deletion.request_deletion(await cast.actor("alice"), account_deletion.CONFIRMATION_WORD)
    assert not await accounts_tables.Account.filter(status=LEAVING).exists()
    assert await web_sessions.load_actor(cast.installation, cast.tokens["alice"]) is not None
