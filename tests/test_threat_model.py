"""The threat model names real tests: a promise whose test is gone fails here."""

from __future__ import annotations

import re
from pathlib import Path

from tests.attacks.thief import PROMISES

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"`((?:tests/[\w/]+/)?test_\w+\.py)(?:::(test_\w+))?`")


def test_every_named_test_is_there() -> None:
    """Each test file and each test that docs/threat-model.md names exists."""
    named = NAMED.findall((ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8"))
    assert len(named) > 30
    missing = []
    for path, test in named:
        file = ROOT / (path if path.startswith("tests/") else f"tests/attacks/{path}")
        if not file.exists() or (test and not re.search(rf"def {test}\b", file.read_text(encoding="utf-8"))):
            missing.append(f"{path}::{test}")
    assert missing == []


def test_both_pages_promise_the_same_of_the_whole_machine() -> None:
    """What SECURITY.md says somebody gets who has it at rest is the same in docs/threat-model.md, and all of it."""
    table = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    found = re.search(r"^\| has the whole machine at rest \| (.+) \|$", table, re.MULTILINE)
    assert found
    assert f"> {found[1]}\n" in (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    assert [words for words in PROMISES if words not in found[1].partition(". No journal content")[0]] == []
