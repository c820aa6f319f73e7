"""
A bounded cache, so that a process does not open the same row again for every page.

It is for two things alone: documents of operations, which the server key opens, and that somebody's pin fits the keys
that are shown. Nothing that a person's key opened comes in here, and no key: docs/architecture.md says why.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, TypeVar

T = TypeVar("T")
Key = tuple[Any, ...]


class Remembered:
    """
    A cache that evicts the least recently used entry.

    A key holds every byte of the row that counts: a row that differs in anything is another key. Belongs to one event
    loop; nothing here is locked.
    """

    __slots__ = ("_kept", "_most", "_room", "_taken")

    def __init__(self, most: int, room: int) -> None:
        """
        Make an empty cache.

        Args:
            most: How many things are kept.
            room: How many bytes of rows their keys may hold together.
        """
        self._most, self._room = most, room
        self._kept: OrderedDict[Key, Any] = OrderedDict()
        self._taken = 0

    def get(self, key: Key) -> Any:
        """Return the value of exactly this key, or None."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, value: T) -> T:
        """Store a value, which is not None, if there is room, and return it."""
        if key not in self._kept:
            self._taken += _bytes_in(key)
        self._kept[key] = value
        while len(self._kept) > self._most or self._taken > self._room:
            gone, _ = self._kept.popitem(last=False)
            self._taken -= _bytes_in(gone)
        return value

    def forget(self) -> None:
        """Remove everything."""
        self._kept.clear()
        self._taken = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[tuple[Key, Any]]:
        """Iterate over keys and values, the least recently used first."""
        return iter(self._kept.items())


def _bytes_in(key: Key) -> int:
    return sum([len(part) for part in key if isinstance(part, bytes)])
