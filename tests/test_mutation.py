"""Mutants: what counts as one, and that a test which fails notices it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.mutants import parse
from tests.mutation.rooms import ROOMS, ROOT


def list_changed(tmp_path: Path, source: str) -> set[str]:
    """Return what each mutant of *source* makes of it."""
    (tmp_path / "one.py").write_text(source)
    made = set()
    for number in range(len(parse(tmp_path, "one.py")[1])):
        tree, mutants = parse(tmp_path, "one.py")
        mutants[number].apply()
        compile(tree, "one.py", "exec")
        made.add(ast.unparse(tree))
    return made


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("a < b", {"a <= b", "pass"}),
        ("x = a + 1", {"x = a - 1", "x = a + 2", "x = None"}),
        ("x = a and b", {"x = a or b", "x = None"}),
        ("x = not a", {"x = a", "x = None"}),
        ("x = True", {"x = False"}),
        ("x = 'a'", {"x = 'XXaXX'"}),
        ("x = b'a'", {"x = b'XXaXX'"}),
        ("x = a[1:]", {"x = a[2:]", "x = a[:]", "x = None"}),
        ("x += y", {"x -= y", "x = y"}),
        ("f(a, b)", {"f(None, b)", "f(a, None)", "f(b, a)", "pass"}),
        ("f(a=b)", {"f()", "f(a=None)", "pass"}),
        ("x = [a for a in b if c]", {"x = [a for a in b if not c]", "x = None"}),
        ("x = lambda: a", {"x = lambda: None", "x = None"}),
        ("def f():\n    return a", {"def f():\n    return None"}),
        ("if a:\n    raise E('no')", {"if not a:\n    raise E('no')", "if a:\n    pass"}),
        ("while a == b:\n    break", {"while a != b:\n    break", "while a == b:\n    continue"}),
        ("def f(a=1):\n    del a", {"def f(a=2):\n    del a", "def f(a=1):\n    pass"}),
    ],
)
def test_each_kind_of_change_is_made(tmp_path: Path, source: str, changed: set[str]) -> None:
    """Operators, constants, conditions, results, arguments, slices and statements, each by itself."""
    assert list_changed(tmp_path, source) == changed


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring."""',
        "def f(a: 'int' = b) -> 'str':\n    '''Another.'''",
        "T = TypeVar('T', bound=object)",
        "Name = dict[str, int]",
        "__all__ = ['a']",
        "if TYPE_CHECKING:\n    x = 1",
        "@lru_cache(maxsize=1)\ndef f():\n    ...",
        "@dataclass(slots=True)\nclass A:\n    a: int",
    ],
)
def test_what_nobody_could_notice_is_left_out(tmp_path: Path, source: str) -> None:
    """Words for people, types, and what only saves time or memory."""
    assert list_changed(tmp_path, source) == set()


def test_words_of_an_error_are_left_out(tmp_path: Path) -> None:
    """Errors are told apart by class: only that one is raised counts."""
    assert list_changed(tmp_path, "raise E(f'no {a}') from b") == {"pass"}
    assert list_changed(tmp_path, "require_size(a, 1, 'A key')") == {
        "pass",
        "require_size(None, 1, 'A key')",
        "require_size(a, 2, 'A key')",
        "require_size(1, a, 'A key')",
    }


def test_every_file_of_a_room_has_mutants() -> None:
    """The rooms name files that are there, and each can be changed."""
    for room in ROOMS.values():
        files = room.list_files()
        assert files
        assert all(parse(ROOT, file)[1] or file == "crypto/errors.py" for file in files)


def test_mutants_are_tried(tmp_path: Path) -> None:
    """One small file, whose tests notice nearly all, by exchanged code and by importing it anew."""
    output = tmp_path / "mutants.json"
    command = [
        sys.executable,
        "tests/mutate.py",
        "crypto",
        "--file",
        "crypto/codes.py",
        "--output",
        str(output),
    ]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    found = json.loads(output.read_text())["crypto"]
    assert found["tried"] == found["mutants"] == len(parse(ROOT, "crypto/codes.py")[1])
    assert found["noticed"] / found["tried"] > 0.9
    assert found["noticed"] == found["tried"] - len(found["files"]["crypto/codes.py"]["survivors"])
