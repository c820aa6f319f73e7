"""
The log of public keys: each account's are added to it in the transaction that makes or renews them.

Adding is the last that such a transaction does, since it locks the end of the log. What storage did to the log stands
in nobody's way: the leaf is added all the same, and whoever keeps a head of it notices (`journal.witness`).
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from contextlib import suppress
from secrets import token_bytes
from uuid import UUID

from crypto import (
    CryptoError,
    Frontier,
    LogHead,
    PublicIdentity,
    commit_identity,
    find_row,
    hash_leaf,
    list_peaks,
    log_label,
    write_leaf,
)
from journal.accounts import tables
from journal.store.database import execute, fetch_raw, transaction
from journal.store.rows import NonNegative, Row, as_bytes, fetch_rows, filter_undamaged

HASH_SIZE = 32
LOCK_LOG = "UPDATE key_log SET salt = salt WHERE number = 0"
BEGIN_LOG = "INSERT INTO key_log (number, leaf, salt, nodes) VALUES (0, $1, $2, $3) ON CONFLICT DO NOTHING"
ADD_LEAF = "INSERT INTO key_log (number, leaf, salt, nodes) VALUES ($1, $2, $3, $4)"
SELECT_END = "SELECT leaf, (SELECT MAX(number) FROM key_log) FROM key_log WHERE number = 0"
SELECT_LABELS = "SELECT substr(leaf, 1, 32) FROM key_log"
EMPTY_SALT = "UPDATE key_log SET salt = $1 WHERE substr(leaf, 1, 32) = $2 AND number > 0"

SELECT_SIZE = "SELECT COALESCE(MAX(number) + 1, 0) FROM key_log"
MOST_LEAVES = 50_000
"""How many leaves are gone through at once: some seconds. A longer log is none of a practice's."""

Nodes = dict[tuple[int, int], bytes]


class NodeRow(Row, frozen=True):
    """The hashes of the subtrees that one leaf completes."""

    number: NonNegative
    nodes: bytes


class LeafRow(NodeRow, frozen=True):
    """The same with the leaf, and what its commitment is opened with."""

    leaf: bytes
    salt: bytes

    @property
    def label(self) -> bytes:
        """Return whose leaf it is, as the log calls an account."""
        return self.leaf[:HASH_SIZE]

    def is_of(self, account: UUID, keys: PublicIdentity) -> bool:
        """Return whether it commits to these keys of an account."""
        try:
            return commit_identity(self.salt, keys, account=account.bytes) == self.leaf[HASH_SIZE:]
        except CryptoError:
            return False


class AccountRow(Row, frozen=True):
    """An account and its public keys, as storage shows them."""

    id: UUID
    public_identity: bytes


async def append_keys(account: UUID, keys: PublicIdentity) -> None:
    """Add an account's keys of now to the log, in the transaction that stores them, and last in it."""
    log_key, has_begun = await _lock_log()
    if has_begun:
        return await _add(log_key, [(account, keys)])
    await _add(log_key, await _list_missing(log_key))  # this account is among them


async def complete_log() -> None:
    """Begin the log, or add accounts that an earlier version made; mostly only looks."""
    end = await fetch_raw(SELECT_END)
    if end and not await _list_missing(as_bytes(end[0][0])[:HASH_SIZE]):
        return
    async with transaction():
        log_key, _ = await _lock_log()
        await _add(log_key, await _list_missing(log_key))


async def find_fault() -> int | None:
    """
    Return the number of the first leaf that does not fit its place in the log, or None where all do.

    What was changed with everything behind it fits: the heads that people remember tell.
    """
    edge, first = Frontier(), 0
    while rows := await load_leaves(first, 2**31 - 1):
        for row in rows:
            if row.number != edge.size or b"".join(edge.append(hash_leaf(row.leaf))) != row.nodes:
                return min(row.number, edge.size)
        first = rows[-1].number + 1
    last = await fetch_raw(SELECT_SIZE)
    return edge.size if int(last[0][0]) != edge.size else None


async def load_heads(sizes: Set[int] = frozenset()) -> tuple[LogHead, dict[int, LogHead]]:
    """Return the head of the log, as far as no leaf is missing, and those that it had at the *sizes* it reached."""
    edge = Frontier()
    found = {0: edge.head}
    while rows := await load_leaves(edge.size, 2**31 - 1):
        for row in rows:
            if row.number != edge.size:  # one is missing, and nothing that follows was kept
                return edge.head, found
            edge.append(hash_leaf(row.leaf))
            if edge.size in sizes:
                found[edge.size] = edge.head
    return edge.head, found


async def forget_salts(account: UUID) -> None:
    """Empty the salts of an account that is deleted: from then on no keys can be tried on its leaves."""
    for row in await fetch_raw(SELECT_END):
        with suppress(CryptoError):
            label = log_label(as_bytes(row[0])[:HASH_SIZE], account.bytes)
            await execute(EMPTY_SALT, b"", label)


def read_nodes(rows: Iterable[NodeRow]) -> Nodes:
    """Return the hashes of subtrees by their places."""
    found: Nodes = {}
    for row in rows:
        for level in range(len(row.nodes) // HASH_SIZE):
            found[level, row.number >> level] = row.nodes[level * HASH_SIZE : (level + 1) * HASH_SIZE]
    return found


async def _lock_log() -> tuple[bytes, bool]:
    """Lock the end of the log until the transaction ends; return the log's key, and whether it had begun before."""
    drawn = b""
    if not await execute(LOCK_LOG):
        drawn = token_bytes(HASH_SIZE)
        first = write_leaf(drawn, drawn)
        await execute(BEGIN_LOG, first, b"", hash_leaf(first))  # or somebody else did, for whose end it waits
        await execute(LOCK_LOG)
    ((leaf, _),) = await fetch_raw(SELECT_END)
    key = as_bytes(leaf)[:HASH_SIZE].ljust(HASH_SIZE, b"\0")
    return key, key != drawn


async def _list_missing(log_key: bytes) -> list[tuple[UUID, PublicIdentity]]:
    """Return the accounts of which no leaf is in the log, with their keys."""
    there = {as_bytes(label) for (label,) in await fetch_raw(SELECT_LABELS)}
    found = []
    rows = await fetch_rows(AccountRow, tables.Account.all().order_by("created_at", "id"))
    for row in filter_undamaged(rows):
        with suppress(CryptoError):  # who shows no keys has none to be known by
            if log_label(log_key, row.id.bytes) not in there:
                found.append((row.id, PublicIdentity.decode(row.public_identity)))
    return found


async def _add(log_key: bytes, added: Iterable[tuple[UUID, PublicIdentity]]) -> None:
    ((_, last),) = await fetch_raw(SELECT_END)
    edge = await _load_frontier(last + 1)
    for account, keys in added:
        salt, number = token_bytes(HASH_SIZE), last + 1
        leaf = write_leaf(
            log_label(log_key, account.bytes), commit_identity(salt, keys, account=account.bytes)
        )
        ending = edge.append(hash_leaf(leaf)) if edge else (hash_leaf(leaf),)
        await execute(ADD_LEAF, number, leaf, salt, b"".join(ending))
        last = number


async def _load_frontier(size: int) -> Frontier | None:
    """Return the right edge of the log; None where storage lost it."""
    places = list_peaks(size)
    nodes = read_nodes(await load_nodes({find_row(place) for place in places}))
    with suppress(KeyError):
        return Frontier(size, [nodes[place] for place in places])
    return None


async def load_leaves(first: int, size: int) -> list[LeafRow]:
    """Return the leaves from *first* on, of a log of *size*; at most `MOST_LEAVES`."""
    wanted = (
        tables.KeyLogLeaf.filter(number__gte=first, number__lt=size).order_by("number").limit(MOST_LEAVES)
    )
    return filter_undamaged(await fetch_rows(LeafRow, wanted)) if first < size else []


async def load_single_leaves(numbers: Iterable[int]) -> list[LeafRow]:
    """Return the leaves of these numbers that can be read."""
    wanted = tables.KeyLogLeaf.filter(number__in=sorted(numbers))
    return filter_undamaged(await fetch_rows(LeafRow, wanted))


async def load_nodes(numbers: Iterable[int]) -> list[NodeRow]:
    """Return the rows of these numbers that can be read."""
    wanted = tables.KeyLogLeaf.filter(number__in=sorted(numbers))
    return filter_undamaged(await fetch_rows(NodeRow, wanted))
