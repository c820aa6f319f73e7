"""Walk through a bundle."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]


def walk(node: Any) -> Iterator[Resource]:
    """Yield every object below a node."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def list_words(node: Any) -> Iterator[str]:
    """Yield every text below a node, those in binaries too."""
    for one in walk(node):
        for name, value in one.items():
            if isinstance(value, str):
                yield b64decode(value).decode() if name == "data" else value
