"""A head that is kept elsewhere: where audit log and log of public keys ended, and how far each account had come."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from journal.audit.verification import Head
from journal.operations import account_marks
from journal.operations.account_marks import AccountFault, AccountFinding, AccountMark

STANDARD_STREAM = "-"
MAX_FILE_SIZE = 64 * 1024 * 1024
MAX_LISTED = 20
SENTENCES = {
    AccountFault.OLDER: "An older state of account {account} was put back.",
    AccountFault.OTHER: "Account {account} has another state than was kept, under the same number: an older state was"
    " put back and written on.",
    AccountFault.GONE: "An account is gone that nobody deleted, kept as {name}.",
    AccountFault.GONE_UNPROVEN: "An account is gone, kept as {name}. Whether its owner deleted it, a broken log"
    " does not say.",
}
KEYS_PARTED = (
    "The log of public keys is not the one that was kept, {size} long, continued: it was cut, changed or begun"
    " anew."
)
RESTORED = "Restoring a backup does that as well: once you know why, start with a new file."


class CannotReadError(Exception):
    """A head cannot be read or written."""


@dataclass(frozen=True, slots=True)
class KeptHeads:
    """What was kept: heads of the audit log and of the log of public keys, and lines of accounts."""

    heads: Sequence[Head] = ()
    marks: Sequence[AccountMark] = ()
    keys: Sequence[str] = ()

    def __add__(self, others: KeptHeads) -> KeptHeads:
        """Return all that was kept in two places."""
        return KeptHeads(
            [*self.heads, *others.heads], [*self.marks, *others.marks], [*self.keys, *others.keys]
        )

    async def find_faults(self, *, is_log_whole: bool) -> list[str]:
        """
        Return a sentence for each account that is not what the lines say, and one for the log of public keys.

        Args:
            is_log_whole: Whether the log was just found whole from the oldest of the heads on. What another one says of
                deleted accounts is not believed: whoever writes the database writes that as well.
        """
        parted = await account_marks.find_parted_log(self.keys)
        told = [] if parted is None else [KEYS_PARTED.format(size=parted)]
        if not self.marks:
            return told
        now = await account_marks.load_marks()
        since = min((head.sequence for head in self.heads), default=0)
        deleted = await account_marks.find_deleted(since) if is_log_whole else None
        return [*told, *_format_faults(account_marks.compare_marks(self.marks, now, deleted))]


def read_heads(name: str | None, *, has_to_exist: bool) -> KeptHeads:
    """
    Read what was kept in a file; its text is never printed, so that no terminal obeys it.

    Raises:
        CannotReadError: If it cannot be read, or is not what `hearthside head` or `verify-audit` wrote.
    """
    if name is None or (name == STANDARD_STREAM and not has_to_exist):
        return KeptHeads()
    try:
        if not has_to_exist and not Path(name).exists():
            return KeptHeads()
        text = sys.stdin.read(MAX_FILE_SIZE) if name == STANDARD_STREAM else _read_text(Path(name))
    except (OSError, UnicodeDecodeError) as error:
        raise CannotReadError(f"The head cannot be read: {name!r}") from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    heads = [head for line in lines if (head := Head.parse(line)) is not None]
    keys = [line for line in lines if account_marks.is_log_head(line)]
    others = [line for line in lines if Head.parse(line) is None and not account_marks.is_log_head(line)]
    marks = account_marks.parse_marks(others)
    if not heads or marks is None:
        raise CannotReadError(f"This is no head that hearthside wrote, or not all of one: {name!r}")
    return KeptHeads(heads, marks, keys)


def write_head(name: str, lines: Sequence[str]) -> None:
    """Write a head atomically in the place of an older one, or print it."""
    if name == STANDARD_STREAM:
        print(*lines, sep="\n")
        return
    path = Path(name)
    try:
        with NamedTemporaryFile(
            "w", dir=path.parent, prefix=".head-", delete=False, encoding="ascii"
        ) as file:
            try:
                file.writelines(f"{line}\n" for line in lines)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o644)
                Path(file.name).replace(path)
            except OSError:
                with suppress(OSError):
                    Path(file.name).unlink()
                raise
    except OSError as error:
        raise CannotReadError(f"The log is intact, but the head cannot be written: {name!r}") from error


def _format_faults(faults: Sequence[AccountFinding]) -> list[str]:
    """Return a sentence for each account that is not what was kept of it."""
    told = [SENTENCES[fault.fault].format(account=fault.id, name=fault.name) for fault in faults[:MAX_LISTED]]
    more = [f"And {len(faults) - MAX_LISTED} more."] if len(faults) > MAX_LISTED else []
    return [*told, *more]


def _read_text(path: Path) -> str:
    with path.open(encoding="ascii") as file:
        return file.read(MAX_FILE_SIZE)
