"""
Code puts no sentence together: what it joins of messages is a list, or facts with a mark between them.

What is found: a message, whatever name it goes by, in an f-string, between `+`, in a `join`, filled into a text by `%`
or `format`, or with a word of it replaced; in functions, in classes and in modules. What is put into a message has a
name, as `%(name)s`. What is not found: a message that goes to another function as an argument, or by an attribute.
"""

from __future__ import annotations

import ast
import re
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
GROWING = frozenset({"append", "extend", "insert"})
"""What puts something into a list."""
PLACE = re.compile(r"%[sd]|\{\w*\}")
"""Where something is put into a text without a name, or in the way of `format`: no message has any."""
FORMAT = re.compile(rf"{PLACE.pattern}|%\(\w+\)[sd]")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
PARTS = (*FUNCTIONS, ast.ClassDef)


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
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in GROWING
        ):
            yield from ((node.func.value, one) for one in node.args)


def _list_names(function: ast.AST, known: Collection[str]) -> set[str]:
    """Return the names within a function that hold a message, and those that are *known*."""
    named, before, given = set(known), -1, list(_list_given(function))
    while before != len(named):
        before = len(named)
        for target, value in given:
            if _is_message(value, named):
                named |= set(_list_targets(target))
    return named


def _list_targets(target: ast.AST) -> Iterator[str]:
    """Yield the names that are given something: of `rows[place]` it is `rows`, and of `self.words` none."""
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Subscript(value=inner) | ast.Starred(value=inner):
            yield from _list_targets(inner)
        case ast.Tuple(elts=several) | ast.List(elts=several):
            for one in several:
                yield from _list_targets(one)


def _list_lists(function: ast.AST) -> set[str]:
    """Return the names within a function that are lists."""
    given = (
        (one, value) for one, value in _list_given(function) if isinstance(value, ast.List | ast.ListComp)
    )
    return {name for target, _ in given for name in _list_targets(target)}


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
        case ast.Call(func=ast.Attribute(value=sentence, attr="format"), args=given, keywords=others):
            return _is_filled(sentence, [*given, *(one.value for one in others)], named)
        case ast.BinOp(op=ast.Mod(), left=sentence, right=given):
            return _is_filled(sentence, [given], named)
        case ast.Call(func=ast.Attribute(value=sentence, attr="replace"), args=[ast.Constant(), _]):
            return _is_message(sentence, named)
        case ast.AugAssign(op=ast.Add(), target=ast.Name() as grown, value=more):
            is_text = isinstance(more, ast.Constant | ast.JoinedStr | ast.Name)
            return is_text and (_is_message(grown, named) or _is_message(more, named))
    return False


def _is_filled(sentence: ast.expr, given: Collection[ast.expr], named: Collection[str]) -> bool:
    """Return whether a message is put into a text of another kind, or a message is filled by places, which none has."""
    if _is_message(sentence, named):
        names_none = any(_get_text(one) for one in ast.walk(sentence) if PLACE.search(_get_text(one)))
        return names_none or any(isinstance(one, ast.Tuple) for one in given)
    text = _get_text(sentence)
    is_page = text.startswith("<!doctype")
    is_facts = bool(text) and set(FORMAT.split(text)) <= FACTS | {""}
    return not is_page and not is_facts and any(_is_message(one, named) for one in given)


def _get_text(node: ast.AST) -> str:
    """Return the text of a constant; nothing of anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


class _Constants(ast.NodeTransformer):
    """Put the texts of a module's constants where they are named."""

    def __init__(self, tree: ast.Module) -> None:
        given = (one for one in tree.body if isinstance(one, ast.Assign) and _get_text(one.value))
        self.texts = {
            name: one.value for one in given for target in one.targets for name in _list_targets(target)
        }

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return the text of a constant, or the name."""
        return self.texts.get(node.id, node) if isinstance(node.ctx, ast.Load) else node


def find_joined(source: str) -> list[str]:
    """Return the expressions of a module that put a sentence together."""
    tree = ast.parse(source)
    _Constants(tree).visit(tree)
    writers = _list_writers(tree)
    outside = ast.Module([one for one in tree.body if not isinstance(one, PARTS)], [])
    known = _list_names(outside, writers)
    found = []
    for part in (outside, *(one for one in ast.walk(tree) if isinstance(one, PARTS))):
        body = [one for one in part.body if not isinstance(part, ast.ClassDef) or not isinstance(one, PARTS)]
        here = ast.Module(body, [])
        named, lists = _list_names(here, known), _list_lists(here)
        for one in ast.walk(here):
            if isinstance(one, ast.AugAssign) and not lists.isdisjoint(_list_targets(one.target)):
                continue
            if _is_joined(one, named):
                found.append(ast.unparse(one))
    return list(dict.fromkeys(found))


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
        '"{one}: {two}".format(one=_("Saved"), two=time)',
        '"%s %s" % (_("Saved by"), name)',
        '"%s" % _("Saved") + name',
        '_("Saved by %s") % name',
        '_("Saved by {name}").format(name=name)',
        '_("Saved by NAME").replace("NAME", name)',
        '" ".join([*names, _("Saved")])',
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
    "lines",
    [
        'words = []\n    words.append(_("Saved by"))\n    words.append(name)\n    return " ".join(words)',
        'said = _("Saved by")\n    said += name\n    return said',
        'said = name\n    said += f" {_(KIND)}"\n    return said',
        'said = LABELS[name] + " " + name\n    return said',
        'said = FORM % (_("Saved by"), name)\n    return said',
    ],
)
def test_a_sentence_that_grows_is_found(lines: str) -> None:
    """Piece by piece, from a table of messages, and by a form that stands elsewhere."""
    source = f'LABELS = {{"a": N_("Saved by")}}\nFORM = "%s: %s"\ndef speak(_, name):\n    {lines}\n'
    assert len(find_joined(source)) >= 1


@pytest.mark.parametrize("where", ["", "class Speaker:\n    "])
def test_a_sentence_that_is_put_together_outside_of_functions_is_found(where: str) -> None:
    """In a module and in a class."""
    assert find_joined(f'{where}SAID = N_("Saved by") + " " + NAME\n')[:1] == ["N_('Saved by') + ' ' + NAME"]


@pytest.mark.parametrize(
    "list_of",
    [
        'f"{_(ROLE)} · {name}"',
        '"; ".join(_(one) for one in names)',
        "[_(ROLE)] + names",
        '_("%(name)s is here") % {"name": name}',
        "_(SENTENCE) % variables",
        '"%s · %s" % (_(ROLE), name)',
        '"<!doctype html><h1>{head}</h1><p>{name}</p>".format(head=_(ROLE), name=name)',
        'keep(name).replace("a", "b")',
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
        if any(f"{name}(" in source for name in GETTEXT) or "get_translator" in source:
            found += [f"{path.relative_to(ROOT)}: {one}" for one in find_joined(source)]
    assert found == []
