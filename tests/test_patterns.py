"""
No regular expression of ours can read one text in exponentially many ways.

Each pattern becomes an automaton without memory, and two readers go through it at once. Where they can leave one place
by different ways over the same letters and meet in it again, each such round doubles the ways to read a text: a machine
that tries them one after the other comes to no end.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from tests.test_architecture import PATTERNS, modules

ROOT = Path(__file__).parents[1]
REPEATED = (codes.MAX_REPEAT, codes.MIN_REPEAT)
LOOKING = (codes.ASSERT, codes.ASSERT_NOT)
COPIES = 3
"""Of what is repeated a bounded number of times: only a round without end doubles anything without end."""
USUAL = "aAzZ09_ \t\n\r-.,:;/\\\"'<>()[]{}=+*?@#é\u0301\u2028\u3000\u0660\U0001f600"


def patterns() -> Iterator[tuple[str, str]]:
    """Go through the regular expressions of the product: where each stands, and what it is."""
    for path in modules("crypto", "journal", "portal"):
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and _is_of_re(one.func)]
        names = vars(importlib.import_module(".".join(path.with_suffix("").parts))) if calls else {}
        for call in calls:
            # What is not written out is put together of constants while the module is loaded: another test sees to it.
            found = eval(compile(ast.Expression(call.args[0]), str(path), "eval"), names)
            text = found if isinstance(found, str) else found.decode("latin-1")
            is_of_regex = ast.unparse(call.func).startswith("regex.")
            yield f"{path}:{call.lineno}", _simplify(text) if is_of_regex else text


def _simplify(pattern: str) -> str:
    """Write what `regex` knows and `re` does not with one letter for each set: so two of them are never told apart."""
    pattern = re.sub(r"\\[pP]\{[^}]*\}|\\X", "w", pattern)
    while (simpler := re.sub(r"\[[^\[\]]*\]", "w", pattern)) != pattern:
        pattern = simpler
    return pattern


def _is_of_re(called: ast.expr) -> bool:
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id in ("re", "regex")
        and called.attr in PATTERNS
    )


@dataclass
class Automaton:
    """
    Places, and where one comes from each without a letter and with one. The first place is 0.

    Attributes:
        letters: One of each kind that the pattern can tell apart, and some more.
    """

    letters: str
    free: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    read: defaultdict[int, dict[str, set[int]]] = field(default_factory=lambda: defaultdict(dict))
    size: int = 1

    def add(self, tree: Any, at: int) -> int:
        """Add a parsed pattern behind place *at*; return the place behind it."""
        for code, value in tree:
            at = self._add_one(code, value, at)
        return at

    def _new(self, *before: int) -> int:
        self.size += 1
        for one in before:
            self.free[one].add(self.size - 1)
        return self.size - 1

    def _add_one(self, code: Any, value: Any, at: int) -> int:
        if code in REPEATED:
            return self._add_repeat(value, at)
        if code is codes.POSSESSIVE_REPEAT:
            return self._new(self.add(value[2], at))  # what it has read it never gives back: there is one way
        if code is codes.SUBPATTERN:
            return self.add(value[3], at)
        if code is codes.ATOMIC_GROUP:
            return self.add(value, at)
        if code is codes.BRANCH:
            return self._new(*(self.add(one, self._new(at)) for one in value[1]))
        if code is codes.AT or code in LOOKING:
            return at  # without what it asks for there are more ways, not fewer
        assert code in (codes.LITERAL, codes.NOT_LITERAL, codes.IN, codes.ANY), f"{code} remembers something"
        return self._add_letter(code, value, at)

    def _add_letter(self, code: Any, value: Any, at: int) -> int:
        fits = re.compile(_write(code, value))
        behind = self._new()
        for letter in filter(fits.fullmatch, self.letters):
            self.read[at].setdefault(letter, set()).add(behind)
        return behind

    def _add_repeat(self, value: Any, at: int) -> int:
        least, most, tree = value
        for _ in range(min(least, COPIES)):
            at = self.add(tree, at)
        if most is codes.MAXREPEAT:
            # The first round has places of its own, so that it is told from the second of a loop around it.
            begin = self._new(at if least else self.add(tree, at))
            self.free[self.add(tree, begin)].add(begin)
            return self._new(begin, at)
        ends = [at]  # it can end behind each copy, and goes on to the next from the one before alone
        for _ in range(min(most - least, COPIES)):
            ends.append(self.add(tree, ends[-1]))
        return self._new(*ends)

    def is_ambiguous(self) -> bool:
        """Return whether two readers can part at a place, go on by the same letters, and meet there again."""
        steps = {one: self._steps(one) for one in range(self.size)}
        pairs: dict[tuple[int, int], set[tuple[int, int]]] = {}
        waiting = [(one, one) for one in range(self.size)]
        while waiting:
            pair = waiting.pop()
            if pair in pairs:
                continue
            pairs[pair] = {
                (left, right)
                for letter in steps[pair[0]].keys() & steps[pair[1]].keys()
                for left in steps[pair[0]][letter]
                for right in steps[pair[1]][letter]
            }
            waiting += pairs[pair] - pairs.keys()
        return any(
            any(left != right for left, right in self._round(pairs, place)) for place in range(self.size)
        )

    def _steps(self, place: int) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        seen, waiting = set(), [place]
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting += self.free[one]
                for letter, behind in self.read[one].items():
                    found.setdefault(letter, set()).update(behind)
        return found

    def _round(self, pairs: dict[tuple[int, int], set[tuple[int, int]]], place: int) -> set[tuple[int, int]]:
        """Return the pairs that are come to from *place* and lead back to it."""
        onward = _reached(pairs, (place, place))
        back: defaultdict[tuple[int, int], set[tuple[int, int]]] = defaultdict(set)
        for pair in onward:
            for one in pairs[pair]:
                back[one].add(pair)
        return onward & _reached(back, (place, place))


def _reached(
    ways: dict[tuple[int, int], set[tuple[int, int]]], begin: tuple[int, int]
) -> set[tuple[int, int]]:
    seen: set[tuple[int, int]] = set()
    waiting = [begin]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += ways.get(one, set())
    return seen


CATEGORIES = {
    codes.CATEGORY_DIGIT: r"\d",
    codes.CATEGORY_NOT_DIGIT: r"\D",
    codes.CATEGORY_SPACE: r"\s",
    codes.CATEGORY_NOT_SPACE: r"\S",
    codes.CATEGORY_WORD: r"\w",
    codes.CATEGORY_NOT_WORD: r"\W",
}


def _write(code: Any, value: Any) -> str:
    """Write what stands for one letter as a pattern of its own."""
    if code is codes.ANY:
        return "."
    if code is codes.LITERAL:
        return re.escape(chr(value))
    if code is codes.NOT_LITERAL:
        return f"[^{re.escape(chr(value))}]"
    parts = []
    for kind, one in value:
        if kind is codes.NEGATE:
            parts.append("^")
        elif kind is codes.RANGE:
            parts.append(f"{re.escape(chr(one[0]))}-{re.escape(chr(one[1]))}")
        else:
            parts.append(CATEGORIES[one] if kind is codes.CATEGORY else re.escape(chr(one)))
    return f"[{''.join(parts)}]"


def _letters(tree: Any) -> set[str]:
    """Return the letters that a parsed pattern names, and those beside them."""
    named: set[int] = set()
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 0x110000:
            named |= {one - 1, one, one + 1}
        elif isinstance(one, tuple | list | parser.SubPattern):
            waiting += list(one)
    return {chr(one) for one in named if 0 <= one < 0x110000 and not 0xD800 <= one < 0xE000}


def is_endless(pattern: str) -> bool:
    """Return whether a text can be read by *pattern* in a number of ways that doubles with its length."""
    parsed = parser.parse(pattern)
    automaton = Automaton("".join(sorted({*USUAL, *_letters(parsed)})))
    automaton.add(parsed, 0)
    return automaton.is_ambiguous()


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(a*)*b",
        "(ab|a.)*c",
        r"(\s*\n?)*x",
        "(a|ab|b)*c",
        "([a-z]+[0-9]*)*!",
        "(?:a{2}|a{3})*b",
        r"(\w|_b)+$",
    ],
)
def test_a_pattern_without_end_is_found(pattern: str) -> None:
    """The control: the usual examples."""
    assert is_endless(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["a+b+", "(ab+)+", r"((#{1,6}|>) +)*", r"\n[^\S\n]*(?:\n[^\S\n]*)+", "(a|b)*", r"(?:x{2})*\d{3}"],
)
def test_a_pattern_with_an_end_passes(pattern: str) -> None:
    """So does the control of the control: a loop within a loop is none that doubles where each round has its mark."""
    assert not is_endless(pattern)


def test_no_pattern_of_ours_is_endless() -> None:
    """Every regular expression in the code, wherever it stands."""
    found = dict(patterns())
    assert len(found) > 90
    assert [where for where, pattern in found.items() if is_endless(pattern)] == []


def test_no_pattern_goes_by_another_name() -> None:
    """Whoever looks for patterns in the code, here or in the rules of its architecture, finds `re.` and `regex.`."""
    code = "\n".join((ROOT / path).read_text("utf-8") for path in modules("crypto", "journal", "portal"))
    assert re.findall(r"from (?:re|regex) import .*|import (?:re|regex) as .*", code) == []


def test_no_script_builds_a_pattern() -> None:
    """In the browser as well no pattern is built from what was typed."""
    scripts = [path.read_text("utf-8") for path in (ROOT / "portal" / "static" / "js").glob("*.js")]
    assert len(scripts) > 4
    assert [one for one in scripts if re.search(r"\bRegExp\b", one)] == []
