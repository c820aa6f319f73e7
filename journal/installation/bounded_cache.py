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
CacheKey = tuple[Any, ...]


class BoundedCache:
    """
    A cache that evicts the least recently used entry.

    A key holds every byte of the row that counts: a row that differs in anything is another key. Belongs to one event
    loop; nothing here is locked.
    """

    __slots__ = ("_max_bytes", "_max_entries", "_used_bytes", "_values")

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        """
        Make an empty cache.

        Args:
            max_entries: How many things are kept.
            max_bytes: How many bytes of rows their keys may hold together.
        """
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._values: OrderedDict[CacheKey, Any] = OrderedDict()
        self._used_bytes = 0

    def get(self, key: CacheKey) -> Any:
        """Return the value of exactly this key, or None."""
        found = self._values.get(key)
        if found is not None:
            self._values.move_to_end(key)
        return found

    def put(self, key: CacheKey, value: T) -> T:
        """Store a value, which is not None, if there is room, and return it."""
        if key not in self._values:
            self._used_bytes += _key_size(key)
        self._values[key] = value
        while len(self._values) > self._max_entries or self._used_bytes > self._max_bytes:
            gone, _ = self._values.popitem(last=False)
            self._used_bytes -= _key_size(gone)
        return value

    def clear(self) -> None:
        """Remove everything."""
        self._values.clear()
        self._used_bytes = 0

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[tuple[CacheKey, Any]]:
        """Iterate over keys and values, the least recently used first."""
        return iter(self._values.items())


def _key_size(key: CacheKey) -> int:
    return sum([len(part) for part in key if isinstance(part, bytes)])
