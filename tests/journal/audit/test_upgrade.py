"""A log that an older version chained: after the upgrade it is what it was, heads kept before fit, and it goes on."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from crypto import Context
from journal.audit import events as audit_events
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.audit.key import load_key
from journal.audit.verification import ChainBreak, Fault, Head, find_verified_event, verify_log
from journal.installation.installation import Installation
from journal.store import database
from journal.store.database import Store, execute, fetch_raw
from journal.store.schema_state import MIGRATABLE
from tests.cast import NOON, SERVER_KEY, Clock
from tests.log import chain_all
from tests.older import as_first

CHAIN = bytes(reversed(range(32)))
OLDER = """
    SELECT id, at, actor_id, patient_id, recipient_id, object_id, action, outcome, mac FROM audit_event ORDER BY id
"""
INSERT = """
    INSERT INTO audit_event (id, at, actor_id, patient_id, recipient_id, object_id, action, outcome, mac)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


def mac(name: str, *fields: bytes) -> bytes:
    """Section 13 of docs/crypto-format.md as the older version had it, with nothing of ours."""
    drawn = hmac.digest(bytes(32), CHAIN, "sha256")
    key = hmac.digest(drawn, b"hearthside/v1/server-mac/" + name.encode() + b"\x01", "sha256")
    return hmac.digest(key, b"".join(len(one).to_bytes(4, "big") + one for one in fields), sha256)


async def write_as_before(installation: Installation, actor: UUID) -> list[Head]:
    """Chain three events as the older version did; return the heads as they were kept after each."""
    sealed = installation.server_keys.seal(CHAIN, Context("audit-key", bytes(16), bytes(16)))
    await execute("INSERT INTO audit_key (id, sealed, created_at) VALUES (1, $1, $2)", sealed, NOON)
    heads, last = [], bytes(32)
    for number in range(1, 4):
        at = NOON + timedelta(microseconds=number)
        micros = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        head = mac("audit-head", b"\x01", (number - 1).to_bytes(8, "big"), last)
        last = mac("audit", b"\x01", head, number.to_bytes(8, "big"), micros.to_bytes(8, "big", signed=True),
                   actor.bytes, b"", b"", b"", b"account.signed-in", b"done")  # fmt: skip
        await execute(INSERT, number, at, actor, None, None, None, "account.signed-in", "done", last.hex())
        heads.append(Head(number, last.hex()))
    head = mac("audit-head", b"\x01", (3).to_bytes(8, "big"), last)
    await execute("INSERT INTO audit_head (id, sequence, mac) VALUES (1, 3, $1)", head.hex())
    return heads


async def test_an_older_log_goes_on_after_the_upgrade(empty_url: str) -> None:
    """Not a byte of its events is changed, every head that was kept fits, and new events follow the old ones."""
    installation, actor = Installation.with_key(SERVER_KEY, clock=Clock()), uuid4()
    await as_first(empty_url)
    opened = await Store.open(empty_url, allowed=MIGRATABLE)
    with opened.use():
        kept = await write_as_before(installation, actor)
        before = [tuple(row) for row in await fetch_raw(OLDER)]
    await opened.close()

    await database.migrate(empty_url)
    opened = await Store.open(empty_url)
    with opened.use():
        assert [tuple(row) for row in await fetch_raw(OLDER)] == before
        assert (await verify_log(installation, kept)).head == kept[-1]
        for _ in range(2):
            await audit_log.record_unauthenticated_event(installation, actor, Act.SIGNED_OUT)
        assert await chain_all(installation) == 2
        report = await verify_log(installation, kept)
        assert (report.chain_break, report.head.sequence) == (None, 5)
        assert len(await audit_events.list_events(limit=9, person=actor)) == 5
        chain = await load_key(installation)  # each event is proven by itself, in either version
        assert all([await find_verified_event(chain, ident) for ident in range(1, 6)])
        for ident in (1, 3, 4):  # none of either kind passes for one of the other
            ((own,),) = await fetch_raw("SELECT event_id FROM audit_event WHERE id = $1", ident)
            await execute(
                "UPDATE audit_event SET event_id = $1 WHERE id = $2", None if own else uuid4(), ident
            )
            assert (await verify_log(installation, kept)).chain_break == ChainBreak(Fault.CHANGED, ident)
            assert await find_verified_event(chain, ident) is None
            await execute("UPDATE audit_event SET event_id = $1 WHERE id = $2", own, ident)
    await opened.close()
