"""
How far each account has come, as one line that is kept elsewhere: docs/operations.md.

Four numbers of an account only ever go up: its epoch, with each change of its keys, the revision of what it
remembers of its records, with each thing that is written, and those of its second factor and of what it remembers of
the log of public keys. None is a secret, and no line names anybody. Whoever kept the lines where nobody who reaches
the database can reach sees from them which accounts were put back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from crypto import LogHead, join_fields
from journal.accounts import key_log
from journal.audit.acts import Act
from journal.store.database import fetch_raw
from journal.store.rows import IdRow, filter_undamaged, parse_rows

NAME_SIZE = 16
# In both databases: `length` and `substr` of bytes count bytes.
SELECT_MARKS = """
    SELECT account.id, account.epoch, COALESCE(record_state.revision, 0), COALESCE(second_factor.revision, 0),
        COALESCE(witness.revision, 0),
        COALESCE(substr(record_state.sealed, length(record_state.sealed) - 15), account.identity)
    FROM account LEFT JOIN record_state ON record_state.id = account.id
        LEFT JOIN second_factor ON second_factor.account_id = account.id
        LEFT JOIN witness ON witness.id = account.id
"""
SELECT_DELETED = """
    SELECT object_id FROM audit_event WHERE action = $1 AND id > $2
    UNION ALL SELECT object_id FROM audit_pending WHERE action = $3
"""
LINE_PATTERN = re.compile(r"account ([0-9a-f]{32})" + 4 * " ([0-9]{1,18})" + " ([0-9a-f]{32})")
KEYS_PATTERN = re.compile(r"hearthside-keys 1 [0-9]{1,9} [0-9a-f]{64}")
TOTAL_PATTERN = re.compile(r"hearthside-accounts 1 ([0-9]{1,9}) ([0-9a-f]{64})")


class MarkRow(IdRow, frozen=True):
    """An account's numbers, and the end of what it remembers of its records."""

    epoch: int
    revision: int
    factor: int
    memory: int
    state: bytes


@dataclass(frozen=True, slots=True)
class AccountMark:
    """How far an account has come; `tag` tells two states of the same revision apart, 32 hexadecimal digits."""

    name: str
    epoch: int
    revision: int
    factor: int
    memory: int
    tag: str

    def __str__(self) -> str:
        """Write it as the one line that is kept elsewhere."""
        return " ".join(("account", self.name, *map(str, self.numbers), self.tag))

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the numbers that only ever go up."""
        return self.epoch, self.revision, self.factor, self.memory

    @classmethod
    def parse(cls, line: str) -> AccountMark | None:
        """Read such a line; None when it is none."""
        found = LINE_PATTERN.fullmatch(line)
        if found is None:
            return None
        epoch, revision, factor, memory = map(int, found.groups()[1:5])
        return cls(found[1], epoch, revision, factor, memory, found[6])


class AccountFault(StrEnum):
    """What can be wrong with an account, beside what was kept of it."""

    OLDER = "older"
    OTHER = "other"
    GONE = "gone"
    GONE_UNPROVEN = "gone-unproven"


@dataclass(frozen=True, slots=True)
class AccountFinding:
    """An account that is not what a kept line says: by its name there, and by its id where it still has one."""

    fault: AccountFault
    name: str
    id: UUID | None = None


def name_account(account: UUID) -> str:
    """Return what an account is called in a line, 32 hexadecimal digits: its id is not learned from it."""
    return sha256(join_fields(b"account-mark", account.bytes)).hexdigest()[: 2 * NAME_SIZE]


async def load_marks() -> dict[UUID, AccountMark]:
    """Return how far each account has come; one whose row cannot be read has no mark."""
    return {
        row.id: AccountMark(
            name_account(row.id),
            *(row.epoch, row.revision, row.factor, row.memory),
            sha256(row.state).hexdigest()[: 2 * NAME_SIZE],
        )
        for row in filter_undamaged(parse_rows(MarkRow, await fetch_raw(SELECT_MARKS)))
    }


async def find_deleted(since: int) -> set[str]:
    """Return the names of the accounts that were deleted after event *since*, as a log says that was found whole."""
    act = Act.ACCOUNT_DELETED.value
    raw = await fetch_raw(SELECT_DELETED, act, since, act)
    return {name_account(row.id) for row in filter_undamaged(parse_rows(IdRow, raw))}


def compare_marks(
    kept: Iterable[AccountMark], now: Mapping[UUID, AccountMark], deleted: set[str] | None
) -> list[AccountFinding]:
    """
    Return each account that is behind a kept line, has another state than it says, or is gone.

    Args:
        kept: Of one time or of several; each of them has to have been reached.
        deleted: Names of accounts that were deleted since; None where the log is not believed.
    """
    there = {mark.name: (account, mark) for account, mark in now.items()}
    found: dict[str, AccountFinding] = {}
    for mark in kept:
        account, current = there.get(mark.name, (None, None))
        if current is None and deleted and mark.name in deleted:
            continue
        if fault := _judge(mark, current, is_log_whole=deleted is not None):
            found.setdefault(mark.name, AccountFinding(fault, mark.name, account))
    return list(found.values())


def _judge(kept: AccountMark, now: AccountMark | None, *, is_log_whole: bool) -> AccountFault | None:
    if now is None:
        return AccountFault.GONE if is_log_whole else AccountFault.GONE_UNPROVEN
    if any(one < before for one, before in zip(now.numbers, kept.numbers, strict=True)):
        return AccountFault.OLDER
    same = (now.epoch, now.revision) == (kept.epoch, kept.revision)
    return AccountFault.OTHER if same and now.tag != kept.tag else None


def format_marks(marks: Iterable[AccountMark]) -> list[str]:
    """Return the lines that are kept elsewhere: how many there are with a digest over all, then each."""
    lines = sorted(map(str, marks))
    return [f"hearthside-accounts 1 {len(lines)} {_digest(lines)}", *lines]


async def format_log_head() -> str:
    """Return the line that is kept elsewhere of the log of public keys: its length, and the root of its tree."""
    return _format_log_head((await key_log.load_heads())[0])


async def find_parted_log(kept: Iterable[str]) -> int | None:
    """Return how long the log of public keys was by a kept line from which it does not go on; None without one."""
    sizes = {line: int(line.split()[2]) for line in kept}
    if not sizes:
        return None
    _, heads = await key_log.load_heads(frozenset(sizes.values()))
    lines = {size: _format_log_head(head) for size, head in heads.items()}
    return next((size for line, size in sizes.items() if lines.get(size) != line), None)


def is_log_head(line: str) -> bool:
    """Return whether a line is one that `format_log_head` wrote."""
    return bool(KEYS_PATTERN.fullmatch(line))


def _format_log_head(head: LogHead) -> str:
    return f"hearthside-keys 1 {head.size} {head.root.hex()}"


def parse_marks(lines: Sequence[str]) -> list[AccountMark] | None:
    """Read what `format_marks` wrote, once or several times; None when a line is none of it, or some are missing."""
    marks: list[AccountMark] = []
    at = 0
    while at < len(lines):
        total = TOTAL_PATTERN.fullmatch(lines[at])
        count = int(total[1]) if total else 0
        those = lines[at + 1 : at + 1 + count]
        if total is None or len(those) != count or _digest(those) != total[2]:
            return None
        read = [AccountMark.parse(line) for line in those]
        if None in read:
            return None
        marks += [mark for mark in read if mark is not None]
        at += 1 + count
    return marks


def _digest(lines: Sequence[str]) -> str:
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
