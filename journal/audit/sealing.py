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
from journal.audit.chain import NOTHING, Line, head_of, mac_of
from journal.audit.key import keep_key
from journal.audit.pending import AT_ONCE, insertion
from journal.audit.rows import pending
from journal.errors import Damaged
from journal.installation.installation import House
from journal.store.database import Statement, change, change_all, database_now, fetch, is_sqlite

EVERY = timedelta(seconds=1)
"""How often each worker checks for pending events."""
LEASE = timedelta(seconds=3)
"""How long nobody else chains after a worker did: with `EVERY`, a worker that dies is replaced within 5 seconds."""
BATCH = 100  # events: a few milliseconds

# An end that is further away than any lease lasts is of a clock that was set back, or of somebody else's hand.
LAPSED = "(until <= {now} OR until > {now} + {lease})"
STATE = """
    SELECT EXISTS (SELECT 1 FROM audit_pending), EXISTS (SELECT 1 FROM audit_lease WHERE id = 1),
           EXISTS (SELECT 1 FROM audit_lease WHERE id = 1 AND holder <> $1 AND NOT {lapsed})
"""
NO_LEASE = "INSERT INTO audit_lease (id, until) VALUES (1, 0) ON CONFLICT DO NOTHING"
TAKE = """
    UPDATE audit_lease SET holder = $1, until = {now} + {lease}
    WHERE id = 1 AND (holder = $2 OR holder IS NULL OR {lapsed})
"""
GIVE_UP = "UPDATE audit_lease SET until = 0 WHERE id = 1 AND holder = $1"
# A worker that stops in the middle of the transaction below holds its locks until PostgreSQL ends it.
SHORT = "SELECT set_config('idle_in_transaction_session_timeout', '2s', true)"

HEAD = "SELECT sequence, mac FROM audit_head WHERE id = 1"
BEGIN = "INSERT INTO audit_head (id, sequence, mac) VALUES (1, $1, $2) ON CONFLICT DO NOTHING"
MOVE = "UPDATE audit_head SET sequence = $1, mac = $2 WHERE id = 1 AND sequence = $3 AND mac = $4"
INSERT = """
    INSERT INTO audit_event
    (id, event_id, at, actor_id, patient_id, recipient_id, object_id, action, outcome, mac) VALUES
"""
ROWS = AT_ONCE * 9 // 10  # with one value more in each


@dataclass(slots=True)
class AuditSealer:
    """
    One worker that chains events while it holds the lease.

    `refused` is how many pending events it passed over the last time, since this service did not write them as they
    are, or wrote them once already. They stay where they are, and `hearthside verify-audit` tells of them.
    """

    house: House
    me: UUID
    refused: int = 0

    async def chain_pending(self) -> int:
        """
        Chain what is pending, unless another worker holds the lease.

        Returns:
            How many events got their place.

        Raises:
            Damaged: If key, head or events of the log were changed so that nothing can be added to it.
        """
        key = await keep_key(self.house)
        ((waiting, known, busy),) = await fetch(_by_its_clock(STATE), self.me)
        if busy:
            return 0
        if not known:
            await change(NO_LEASE)
        chained = self.refused = 0
        while waiting:
            head = await _head(key)
            rows = await pending(BATCH, self.refused)
            good = [line for row in rows if (line := row.as_written(key))]
            if good and not await self._chain(key, head, good):
                break  # another worker chained them
            chained, self.refused = chained + len(good), self.refused + len(rows) - len(good)
            waiting = len(rows) == BATCH
        return chained

    async def give_up(self) -> None:
        """Chain what is pending once more, and release the lease."""
        await self.chain_pending()
        await change(GIVE_UP, self.me)

    async def _chain(self, key: MacKey, head: tuple[int, Any], lines: list[Line]) -> bool:
        """Move events into the chain in one transaction; returns False where the lease or the head is not ours."""
        now = _bytes(head[1])
        chained: list[tuple[object, ...]] = []
        for sequence, line in enumerate(lines, head[0] + 1):
            mac = mac_of(key, now, sequence, line)
            ids = (line.actor, line.patient, line.recipient, line.about)
            chained.append((sequence, line.id, line.at, *ids, line.action, line.outcome, mac.hex()))
            now = head_of(key, sequence, mac)
        places = ", ".join(f"${place}" for place in range(1, len(lines) + 1))
        statements: list[Statement] = [
            (_by_its_clock(TAKE), (self.me, self.me)),
            (MOVE, (head[0] + len(lines), now.hex(), *head)),
            *(_statement(chained[start : start + ROWS]) for start in range(0, len(chained), ROWS)),
            (f"DELETE FROM audit_pending WHERE id IN ({places})", tuple(line.id for line in lines)),  # noqa: S608 - places alone
        ]
        if not is_sqlite():
            statements.insert(0, (SHORT, ()))
        try:
            return await change_all(*statements) is None
        except IntegrityError as error:
            # Somebody moved the head, so that there is something where the next event belongs.
            raise Damaged from error


def _statement(rows: list[tuple[object, ...]]) -> Statement:
    sql, *values = insertion(INSERT, rows)
    return sql, tuple(values)


def _by_its_clock(sql: str) -> str:
    """Return a statement with the database's time and the length of a lease in it."""
    times = {"now": database_now(), "lease": LEASE // timedelta(milliseconds=1)}
    return sql.format(**times, lapsed=LAPSED.format(**times))


async def _head(key: MacKey) -> tuple[int, Any]:
    """Read where the chain ends. One whose head was taken away gets another that does not fit, for all to see."""
    found = await fetch(HEAD)
    if not found:
        ((events, last),) = await fetch("SELECT COUNT(*), MAX(id) FROM audit_event")
        head = b"" if events else head_of(key, 0, NOTHING)
        await change(BEGIN, last if isinstance(last, int) else 0, head.hex())
        found = await fetch(HEAD)
    # Whoever can write to the database can put anything there.
    if len(found) != 1 or not isinstance(found[0][0], int) or found[0][0] < 0:
        raise Damaged
    return found[0][0], found[0][1]


def _bytes(stored: Any) -> bytes:
    """Read a MAC as stored; what is none fits nothing."""
    try:
        return bytes.fromhex(stored)
    except (TypeError, ValueError):
        return b""
