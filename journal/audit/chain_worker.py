"""
Move pending events into the chain: the work of one worker at a time, whichever holds the lease.

The lease keeps workers out of each other's way, and nothing more. What keeps the chain from forking is that the head is
compared and swapped in the transaction that moves events: whoever believes in a lease that is another's by now, such as
a process that was stopped in the middle and goes on, changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError

from crypto import MacKey
from journal.audit.chain import INITIAL_MAC, EventRecord, compute_chain_mac, compute_head
from journal.audit.key import cache_key
from journal.audit.pending import ROWS_PER_INSERT, build_insert
from journal.audit.rows import fetch_pending
from journal.errors import Damaged
from journal.installation.installation import Installation
from journal.store.database import Statement, execute, execute_all, fetch_raw, get_clock_sql, is_sqlite

INTERVAL = timedelta(seconds=1)
"""How often each worker checks for pending events."""
LEASE_DURATION = timedelta(seconds=3)
"""How long nobody else chains after a worker did: with `INTERVAL`, a worker that dies is replaced within 5 seconds."""
BATCH_SIZE = 100  # events: a few milliseconds

# An end that is further away than any lease lasts is of a clock that was set back, or of somebody else's hand.
LEASE_EXPIRED = "(until <= {now} OR until > {now} + {lease})"
SELECT_STATE = """
    SELECT EXISTS (SELECT 1 FROM audit_pending), EXISTS (SELECT 1 FROM audit_lease WHERE id = 1),
           EXISTS (SELECT 1 FROM audit_lease WHERE id = 1 AND holder <> $1 AND NOT {lapsed})
"""
INSERT_LEASE = "INSERT INTO audit_lease (id, until) VALUES (1, 0) ON CONFLICT DO NOTHING"
TAKE_LEASE = """
    UPDATE audit_lease SET holder = $1, until = {now} + {lease}
    WHERE id = 1 AND (holder = $2 OR holder IS NULL OR {lapsed})
"""
RELEASE_LEASE = "UPDATE audit_lease SET until = 0 WHERE id = 1 AND holder = $1"
# A worker that stops in the middle of the transaction below holds its locks until PostgreSQL ends it.
SHORTEN_TIMEOUT = "SELECT set_config('idle_in_transaction_session_timeout', '2s', true)"

SELECT_HEAD = "SELECT sequence, mac FROM audit_head WHERE id = 1"
INSERT_HEAD = "INSERT INTO audit_head (id, sequence, mac) VALUES (1, $1, $2) ON CONFLICT DO NOTHING"
UPDATE_HEAD = "UPDATE audit_head SET sequence = $1, mac = $2 WHERE id = 1 AND sequence = $3 AND mac = $4"
INSERT_CHAINED = """
    INSERT INTO audit_event
    (id, event_id, at, actor_id, patient_id, recipient_id, object_id, action, outcome, mac) VALUES
"""
CHAINED_ROWS_PER_INSERT = ROWS_PER_INSERT * 9 // 10  # with one value more in each


@dataclass(slots=True)
class AuditChainWorker:
    """
    One worker that chains events while it holds the lease.

    `skipped` is how many pending events it passed over the last time, since this service did not write them as they
    are, or wrote them once already. They stay where they are, and `hearthside verify-audit` tells of them.
    """

    installation: Installation
    worker_id: UUID
    skipped: int = 0

    async def chain_pending(self) -> int:
        """
        Chain what is pending, unless another worker holds the lease.

        Returns:
            How many events got their place.

        Raises:
            Damaged: If key, head or events of the log were changed so that nothing can be added to it.
        """
        key = await cache_key(self.installation)
        ((waiting, known, busy),) = await fetch_raw(_with_database_clock(SELECT_STATE), self.worker_id)
        if busy:
            return 0
        if not known:
            await execute(INSERT_LEASE)
        chained = self.skipped = 0
        while waiting:
            head = await _load_head(key)
            rows = await fetch_pending(BATCH_SIZE, self.skipped)
            good = [line for row in rows if (line := row.find_authentic_record(key))]
            if good and not await self._append(key, head, good):
                break  # another worker chained them
            chained, self.skipped = chained + len(good), self.skipped + len(rows) - len(good)
            waiting = len(rows) == BATCH_SIZE
        return chained

    async def release(self) -> None:
        """Chain what is pending once more, and release the lease."""
        await self.chain_pending()
        await execute(RELEASE_LEASE, self.worker_id)

    async def _append(self, key: MacKey, head: tuple[int, Any], records: list[EventRecord]) -> bool:
        """Move events into the chain in one transaction; returns False where the lease or the head is not ours."""
        now = _parse_mac(head[1])
        chained: list[tuple[object, ...]] = []
        for sequence, line in enumerate(records, head[0] + 1):
            mac = compute_chain_mac(key, now, sequence, line)
            ids = (line.actor, line.patient, line.recipient, line.about)
            chained.append((sequence, line.id, line.at, *ids, line.action, line.outcome, mac.hex()))
            now = compute_head(key, sequence, mac)
        places = ", ".join(f"${place}" for place in range(1, len(records) + 1))
        statements: list[Statement] = [
            (_with_database_clock(TAKE_LEASE), (self.worker_id, self.worker_id)),
            (UPDATE_HEAD, (head[0] + len(records), now.hex(), *head)),
            *(
                _build_insert(chained[start : start + CHAINED_ROWS_PER_INSERT])
                for start in range(0, len(chained), CHAINED_ROWS_PER_INSERT)
            ),
            (f"DELETE FROM audit_pending WHERE id IN ({places})", tuple(line.id for line in records)),  # noqa: S608 - places alone
        ]
        if not is_sqlite():
            statements.insert(0, (SHORTEN_TIMEOUT, ()))
        try:
            return await execute_all(*statements) is None
        except IntegrityError as error:
            # Somebody moved the head, so that there is something where the next event belongs.
            raise Damaged from error


def _build_insert(rows: list[tuple[object, ...]]) -> Statement:
    sql, *values = build_insert(INSERT_CHAINED, rows)
    return sql, tuple(values)


def _with_database_clock(sql: str) -> str:
    """Return a statement with the database's time and the length of a lease in it."""
    times = {"now": get_clock_sql(), "lease": LEASE_DURATION // timedelta(milliseconds=1)}
    return sql.format(**times, lapsed=LEASE_EXPIRED.format(**times))


async def _load_head(key: MacKey) -> tuple[int, Any]:
    """Read where the chain ends. One whose head was taken away gets another that does not fit, for all to see."""
    found = await fetch_raw(SELECT_HEAD)
    if not found:
        ((events, last),) = await fetch_raw("SELECT COUNT(*), MAX(id) FROM audit_event")
        head = b"" if events else compute_head(key, 0, INITIAL_MAC)
        await execute(INSERT_HEAD, last if isinstance(last, int) else 0, head.hex())
        found = await fetch_raw(SELECT_HEAD)
    # Whoever can write to the database can put anything there.
    if len(found) != 1 or not isinstance(found[0][0], int) or found[0][0] < 0:
        raise Damaged
    return found[0][0], found[0][1]


def _parse_mac(stored: Any) -> bytes:
    """Read a MAC as stored; what is none fits nothing."""
    try:
        return bytes.fromhex(stored)
    except (TypeError, ValueError):
        return b""
