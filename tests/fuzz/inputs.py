"""What a target is, and how it takes its input apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

VECTORS = Path(__file__).resolve().parents[1] / "vectors"


@dataclass(frozen=True, slots=True)
class Target:
    """
    A decoder.

    Attributes:
        name: Of the target, and of the folder of its findings.
        run: Decode an input.
        errors: What may come out.
        seeds: Inputs to begin with.
        imports: The modules that the fuzzer follows.
    """

    name: str
    run: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    seeds: Callable[[], Sequence[bytes]] = tuple
    imports: tuple[str, ...] = field(default=("crypto", "journal", "portal"))

    def try_input(self, data: bytes) -> None:
        """Decode *data*; raises what the decoder does not document."""
        with suppress(*self.errors):
            self.run(data)


class Pieces:
    """An input, taken apart from its beginning."""

    def __init__(self, data: bytes) -> None:
        """Begin with *data*."""
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        """Return so many bytes more, or as many as there are."""
        taken = self._data[self._at : self._at + size]
        self._at += len(taken)
        return taken

    def number(self, size: int = 1) -> int:
        """Return a number of so many bytes; 0 at the end."""
        return int.from_bytes(self.take(size), "big")

    def sized(self) -> bytes:
        """Return bytes whose number stands before them, in two bytes."""
        return self.take(self.number(2))

    def many(self, size: int, most: int = 64) -> list[bytes]:
        """Return pieces of one size, up to the end."""
        return [one for _ in range(most) if (one := self.take(size))]

    def rest(self) -> bytes:
        """Return what is left."""
        return self.take(len(self._data))

    def text(self) -> str:
        """Return what is left as text; a byte that is none as half of a letter, which typed text can hold as well."""
        return self.rest().decode("utf-8", "surrogateescape")


@cache
def list_vector_bytes() -> tuple[bytes, ...]:
    """Return every value that the vectors hold in hexadecimal digits, and every text."""
    found: set[bytes] = set()

    def look(value: object) -> None:
        if isinstance(value, dict):
            for one in value.values():
                look(one)
        elif isinstance(value, list):
            for one in value:
                look(one)
        elif isinstance(value, str) and len(value) <= 8000:
            found.add(value.encode("utf-8", "surrogatepass"))
            with suppress(ValueError):
                found.add(bytes.fromhex(value))

    for path in sorted(VECTORS.glob("*.json")):
        look(json.loads(path.read_text("utf-8")))
    return tuple(sorted(found))
