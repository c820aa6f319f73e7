"""Code puts no sentence together: what it joins of messages is a list, or facts with a mark between them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GETTEXT = frozenset({"_", "N_", "P_", "translate", "gettext", "ngettext", "pgettext"})
"""What returns a message, by the names that the code gives it."""
PASSING = frozenset(
    {
        "join",
        "strip",
        "replace",
        "format",
        "str",
        "escape",
        "lower",
        "capitalize",
        "list",
        "tuple",
        "sorted",
        "map",
    }
)
"""What returns a message when it is given one."""
FACTS = frozenset({" · ", "\n", "\n\n"})
"""Between facts that stand beside each other, or on lines of their own."""
RANGE = "–"
LISTS = FACTS | {", ", "; "}
"""Between the members of a list, however many there are."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _get_name(function: ast.expr) -> str:
    """Return the name by which something is called: `get_translator(request)("…")` is called what it returns."""
    if isinstance(function, ast.Call):
        return "translate" if _get_name(function.func) == "get_translator" else ""
    return getattr(function, "id", getattr(function, "attr", ""))


def _is_message(node: ast.AST, named: Collection[str]) -> bool:
    """Return whether a message is in what an expression comes to; *named* are names and functions that hold one."""
    match node:
        case ast.Call(func=function):
            name = _get_name(function)
            if name in GETTEXT or name in named:
                return True
            return name in PASSING and any(_is_message(one, named) for one in ast.iter_child_nodes(node))
        case ast.Name(id=name):
            return name in named
        case ast.IfExp(body=one, orelse=other):
            return _is_message(one, named) or _is_message(other, named)
        case ast.Lambda() | ast.Compare():
            return False
    return any(_is_message(one, named) for one in ast.iter_child_nodes(node))


def _list_given(function: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield each place that is given something, with what it is given."""
    for node in ast.walk(function):
        if isinstance(node, ast.For | ast.comprehension):
            yield node.target, node.iter
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value:
            for target in node.targets if isinstance(node, ast.Assign) else (node.target,):
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    yield from zip(target.elts, node.value.elts, strict=False)
                else:
                    yield target, node.value


def _list_names(function: ast.AST, known: Collection[str]) -> set[str]:
    """Return the names within a function that hold a message, and those that are *known*."""
    named, before = set(known), -1
    while before != len(named):
        before = len(named)
        for target, value in _list_given(function):
            if _is_message(value, named):
                named |= {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}
    return named


def _list_writers(tree: ast.Module) -> set[str]:
    """Return the functions of a module that return a message as text."""
    writers, before = set[str](), -1
    while before != len(writers):
        before = len(writers)
        for function in ast.walk(tree):
            if isinstance(function, FUNCTIONS) and getattr(function.returns, "id", "") in ("str", "Markup"):
                named = _list_names(function, writers)
                returned = (
                    one.value for one in ast.walk(function) if isinstance(one, ast.Return) and one.value
                )
                if any(_is_message(one, named) for one in returned):
                    writers.add(function.name)
    return writers


def _is_joined(node: ast.AST, named: Collection[str]) -> bool:
    """Return whether an expression puts a message together with anything else, other than in a list."""
    match node:
        case ast.JoinedStr(values=values) if any(_is_message(one, named) for one in values):
            still = {one.value for one in values if isinstance(one, ast.Constant)}
            return not still or not still <= FACTS | {RANGE}
        case ast.BinOp(op=ast.Add(), left=left, right=right) if _is_message(left, named) or _is_message(
            right, named
        ):
            beside = {
                one.value if isinstance(one, ast.Constant) else type(one).__name__ for one in (left, right)
            }
            return not beside & (FACTS | {"List", "Tuple"})
        case ast.Call(func=ast.Attribute(value=between, attr="join"), args=[given]) if _is_message(
            given, named
        ):
            mark = between.value if isinstance(between, ast.Constant) else None
            return mark not in (FACTS if isinstance(given, ast.List | ast.Tuple) else LISTS)
        case ast.Call(func=ast.Attribute(value=sentence, attr="format")):
            return _is_message(sentence, named) or any(_is_message(one, named) for one in node.args)
    return False


def find_joined(source: str) -> list[str]:
    """Return the expressions of a module that put a sentence together."""
    tree = ast.parse(source)
    writers = _list_writers(tree)
    found = []
    for function in ast.walk(tree):
        if isinstance(function, FUNCTIONS):
            named = _list_names(function, writers)
            found += [ast.unparse(one) for one in ast.walk(function) if _is_joined(one, named)]
    return found


@pytest.mark.parametrize(
    "joined",
    [
        'f"{_(PROBLEM)} {_(ADVICE)}"',
        'f"{_(KIND)}, {day}"',
        'f"{translate(KIND)}{name}"',
        '_("Saved") + " " + time',
        'get_translator(request)("Saved") + time',
        '" ".join([_("Saved"), time])',
        '", ".join((_("Saved"), time))',
        '" and ".join(_(one) for one in names)',
        '"{}: {}".format(_("Saved"), time)',
        "late(name)",
    ],
)
def test_a_sentence_that_is_put_together_is_found(joined: str) -> None:
    """However it is done, and also where a part went by another name."""
    source = f"def speak(_, names, name, time, day):\n    return {joined}\n"
    if joined.startswith("late"):
        source = (
            "def late(_, name: str):\n    said = _(KIND)\n    other = said\n    return f'{other} {name}'\n"
        )
    assert len(find_joined(source)) >= 1


@pytest.mark.parametrize(
    "list_of",
    [
        'f"{_(ROLE)} · {name}"',
        '"; ".join(_(one) for one in names)',
        "[_(ROLE)] + names",
        'f"{days[0]}–{days[1]}"',
        '_("%(name)s is here", name=name)',
        'f"/journal/{keep(name, title=_(ROLE))}"',
    ],
)
def test_a_list_is_none(list_of: str) -> None:
    """Nor are facts with a mark between them, and messages that are given away."""
    source = f"def speak(_, names, name):\n    days = [_(one) for one in names]\n    return {list_of}\n"
    assert find_joined(source) == []


def test_no_code_puts_a_sentence_together() -> None:
    """A message that stands beside anything else is a whole one; else both are one message."""
    found = []
    for path in sorted([*(ROOT / "journal").rglob("*.py"), *(ROOT / "portal").rglob("*.py")]):
        source = path.read_text(encoding="utf-8")
        if any(f"{name}(" in source for name in GETTEXT - {"N_", "P_"}) or "get_translator" in source:
            found += [f"{path.relative_to(ROOT)}: {one}" for one in find_joined(source)]
    assert found == []
