"""
The file that holds the server keys: 64 hexadecimal digits a line, the newest first.

The first key seals. The others, which are there while a change of the key goes on, open what has not been sealed anew.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

KEY_FORMAT = "64 hexadecimal digits (32 bytes)"
GROUP_MAY_READ = 0o640

FileState = tuple[int, int, int]


def parse_keys(text: str) -> tuple[bytes, ...]:
    """
    Return the keys in *text*, separated by spaces or lines.

    Raises:
        ValueError: If there is none, one is not of its form, or one comes twice.
    """
    try:
        keys = tuple(bytes.fromhex(word) for word in text.split())
    except ValueError as error:
        raise ValueError(KEY_FORMAT) from error
    if not keys or any(len(key) != 32 for key in keys):
        raise ValueError(KEY_FORMAT)
    if len(set(keys)) != len(keys):
        raise ValueError("each key once")
    return keys


def generate_key() -> bytes:
    """Return a new key, 32 random bytes."""
    return secrets.token_bytes(32)


@dataclass(slots=True)
class KeyFile:
    """A key file, which notices when it was rewritten."""

    path: Path
    last_state: FileState | None = field(default=None, repr=False)

    @classmethod
    def open_or_create(cls, path: Path) -> Self:
        """Return the file at *path*, with a fresh key in it (0600) if there was none."""
        if not path.exists():
            part = _write_beside(path, (generate_key(),), 0o600)
            with suppress(FileExistsError):  # another process was first: its key counts
                os.link(part, path)
            part.unlink()
        return cls(path)

    def read(self) -> tuple[bytes, ...]:
        """Read the keys, and remember which state of the file this was."""
        seen = self._read_state()
        keys = parse_keys(
            self.path.read_text(encoding="ascii", errors="replace")
        )  # what is no ASCII is no key either
        self.last_state = seen
        return keys

    def read_if_changed(self) -> tuple[bytes, ...] | None:
        """
        Read the keys if the file was written since they were read last.

        A file that is not there or makes no sense changes nothing: whoever has working keys goes on with them.
        """
        with suppress(OSError, ValueError):
            return self.read() if self._read_state() != self.last_state else None
        return None

    def write(self, keys: Sequence[bytes], *, expected: tuple[bytes, ...]) -> None:
        """
        Replace the file's keys atomically, synced to disk and with no wider permissions than before.

        Raises:
            OSError: If it cannot be written; then it is as it was.
            ValueError: If the file does not hold the keys *expected*: two changes at once would lose a key.
        """
        place = self.path.resolve()  # a link stays a link
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            if self.read() != expected:
                raise ValueError("other keys than were read before")
            before = place.stat()
            part = _write_beside(place, keys, before.st_mode & GROUP_MAY_READ | 0o600)
            try:
                if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                    os.chown(part, before.st_uid, before.st_gid)
                part.replace(place)
            except OSError:
                part.unlink()
                raise
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read_state(self) -> FileState:
        found = self.path.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size


def _write_beside(beside: Path, keys: Sequence[bytes], mode: int) -> Path:
    """Write a private file beside *beside*, and wait until it is on the disk."""
    part = beside.with_name(f".{beside.name}-{secrets.token_hex(8)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.writelines(f"{key.hex()}\n" for key in keys)
        file.flush()
        os.fsync(handle)
        os.fchmod(handle, mode)
    return part
