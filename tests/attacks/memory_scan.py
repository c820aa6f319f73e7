"""Read all that a process has in its memory, as whoever takes the machine over would, and look for bytes in it."""

from __future__ import annotations

import os
import signal
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote_plus

from tests.serving import MAIN

READABLE = f"""
import ctypes, signal
signal.signal(signal.SIGUSR1, lambda *_: ctypes.CDLL(None).prctl(4, 1, 0, 0, 0))
{MAIN}
"""
"""The product; a signal lets its own user read its memory, which else only a superuser can."""


def forms_of_key(key: bytes) -> tuple[bytes, ...]:
    """Every form in which a key would help who finds it: each half of it, and as text."""
    texts = (key.hex().encode(), b64encode(key).rstrip(b"="), urlsafe_b64encode(key).rstrip(b"="))
    return tuple({key[:16], key[16:32], *texts})


def forms_of_text(text: str) -> tuple[bytes, ...]:
    """A text as it is, as a form sends it, and in the two wider forms of Python's strings."""
    # The codecs for these would put a mark before it.
    return tuple(
        {text.encode(), quote_plus(text).encode(), text.encode("utf-16-le"), text.encode("utf-32-le")}
    )


def find_processes(first: int) -> list[int]:
    """Return a process and those that it started, and these."""
    children = [
        int(child)
        for task in Path(f"/proc/{first}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [first, *(one for child in children for one in find_processes(child))]


def count_found(first: int, sought: Mapping[str, Iterable[bytes]]) -> dict[str, int]:
    """Return how often each thing that is *sought* stands in the memory of a process and those that it started."""
    found = dict.fromkeys(sought, 0)
    for process in find_processes(first):
        for part in _read_memory(process):
            for name, forms in sought.items():
                found[name] += sum(map(part.count, forms))
    return {name: times for name, times in found.items() if times}


def _read_memory(process: int) -> Iterable[bytes]:
    """Yield all that a process can write to: stacks, heaps, and what was mapped otherwise."""
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            place, rights, *_ = line.split()
            first, last = (int(one, 16) for one in place.split("-"))
            if rights.startswith("rw"):
                memory.seek(first)
                yield memory.read(last - first)


def allow_reading(first: int) -> None:
    """Send the signal of `READABLE` to a process and those that it started."""
    for process in find_processes(first):
        os.kill(process, signal.SIGUSR1)
