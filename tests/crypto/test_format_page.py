"""docs/crypto-format.md states what the code does: every purpose, label and size."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from crypto import CEILING, FLOOR, STANDARD
from crypto.derive import LABEL_PREFIX
from crypto.envelope import WRAPPED_SIZE
from crypto.links import GRANT_SIZE, SEALED_SIZE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "crypto-format.md").read_text("utf-8")


def section(number: int) -> str:
    """Return one numbered section of the page."""
    found = re.search(rf"^## {number}\. .*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found.group()


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Go through every call in the product, with the name that is called."""
    for folder in ("crypto", "journal", "portal"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    name: str = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
                    yield name, node


def literal(call: ast.Call, keyword: str, place: int | None) -> str | None:
    """Return an argument that is written out as text."""
    values = [one.value for one in call.keywords if one.arg == keyword]
    if place is not None:
        values += call.args[place : place + 1]
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    return None


def written(name: str, keyword: str, place: int | None = None) -> set[str]:
    """Collect what stands for one argument of one function, wherever it is called."""
    return {found for called, call in calls() if called == name and (found := literal(call, keyword, place))}


def test_every_purpose_in_use_is_listed() -> None:
    """A purpose that is not in the table of section 14 is not to be used."""
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", section(14), re.MULTILINE))
    used = written("Context", "purpose", 0) | written("opener", "purpose")
    assert {"slot", "web-session", "identity", "pin"} <= used
    assert used <= listed


def test_every_derivation_label_is_listed() -> None:
    """A label that is not in the table of section 5 is not to be used."""
    listed = set(re.findall(r"`([a-z/-]+)`", section(5)))
    used = written("derive_key", "label", 1) | written("derive", "label", 0)
    assert {"vault", "pins", "identity", "wrap", "slot-key", "slot-commitment"} <= used
    assert used <= listed
    assert f'"{LABEL_PREFIX}"' in section(5)


def test_every_mac_is_listed() -> None:
    """The names of server MACs stand in section 14."""
    listed = set(re.findall(r"`([a-z-]+)`", section(14).split("Names of server MACs:")[1]))
    assert written("mac", "label", 0) <= listed


def test_sizes_and_bounds_on_the_page_are_those_of_the_code() -> None:
    """The numbers that a reader would copy are right."""
    assert f"| {WRAPPED_SIZE} |" in section(3)
    assert f"{GRANT_SIZE:,} bytes" in section(10)
    assert f"{SEALED_SIZE:,} bytes" in section(10)
    for name, profile in (("floor", FLOOR), ("standard", STANDARD), ("ceiling", CEILING)):
        row = f"| {name} | {profile.memory_kib:,} | {profile.iterations} | {profile.parallelism} |"
        assert row in section(6)
