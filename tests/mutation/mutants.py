"""
The small changes that a test should notice: mutants of a module, by rule.

Left out are, also by rule, changes that nobody could notice or that only change words for people:

- docstrings, annotations, type variables and aliases, `__all__`, `__slots__`, what stands below `if TYPE_CHECKING`;
- decorators, except for what a dataclass is told; of that `slots`, which saves memory;
- the cause of an error (`from error`), and texts in an error: errors are told apart by class;
- the name that a `require_…` function puts into its message, the words of a log, and those that gettext translates;
- an exchange of the two sides of `compare_digest`, `compute_age`, `max` and `min`, which mean the same either way.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.Pow: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
SYMMETRIC = frozenset({"compare_digest", "compute_age", "max", "min"})
TRANSLATING = frozenset({"_", "N_", "P_", "gettext", "ngettext", "pgettext"})
TYPING = frozenset({"TypeVar", "NewType", "cast"})
LOGGING = frozenset({"debug", "info", "warning", "error", "exception"})
SETS = ("annotation", "returns", "bases", "cause", "type_comment", "type_params")
Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Mutant:
    """
    One small change of one file.

    Attributes:
        file: Path from the root.
        line: Where it is.
        column: Where in that line, from 0.
        lines: First and last line of what is changed.
        function: The outermost function that it is in, as (first line, name); None for what runs at import.
        change: The text before and after.
        apply: Make the change in the tree of the file, for good.
    """

    file: str
    line: int
    column: int
    lines: tuple[int, int]
    function: tuple[int, str] | None
    change: str
    apply: Callable[[], None] = field(repr=False)

    def __str__(self) -> str:
        """Return where it is, and what it changes."""
        return f"{self.file}:{self.line}:{self.column}: {self.change}"


def parse(root: Path, file: str) -> tuple[ast.Module, list[Mutant]]:
    """Return the tree of a file and every mutant of it."""
    tree = ast.parse((root / file).read_text(encoding="utf-8"))
    found: list[Mutant] = []
    _Search(file, found).look_below(tree, None)
    return tree, found


class _Search:
    def __init__(self, file: str, found: list[Mutant]) -> None:
        self._file, self._found = file, found

    def look_below(self, node: ast.AST, function: tuple[int, str] | None) -> None:
        """Find the mutants of everything that *node* is made of."""
        for name, value in ast.iter_fields(node):
            if _is_left_out(node, name):
                continue
            for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(child, ast.AST) and not _is_declaration(node, child):
                    place = _Place(node, name, index)
                    self._offer(place, child, function)
                    self.look_below(child, function or self._enter(node, name, child))

    def _enter(self, parent: ast.AST, name: str, child: ast.AST) -> tuple[int, str] | None:
        """Return the function whose body begins here: defaults and decorators run where it is defined."""
        if isinstance(parent, Functions) and name == "body":
            return min([parent.lineno, *(one.lineno for one in parent.decorator_list)]), parent.name
        return None

    def _offer(self, place: _Place, child: ast.AST, function: tuple[int, str] | None) -> None:
        if function is None:
            function = self._enter(place.parent, place.name, child)
        for new in _variants(place, child):
            if isinstance(new, tuple):
                text, apply = new
            else:
                ast.fix_missing_locations(ast.copy_location(new, _find_located(child, place)))
                text = f"{_write(child)} → {_write(new)}"
                apply = partial(place.put, new)
            line = getattr(child, "lineno", getattr(place.parent, "lineno", 1))
            last = getattr(child, "end_lineno", None) or line
            column = getattr(child, "col_offset", getattr(place.parent, "col_offset", 0))
            self._found.append(Mutant(self._file, line, column, (line, last), function, text, apply))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node stands in the tree."""

    parent: ast.AST
    name: str
    index: int | None

    def put(self, new: ast.AST) -> None:
        """Store another node there."""
        if self.index is None:
            setattr(self.parent, self.name, new)
        else:
            getattr(self.parent, self.name)[self.index] = new


def _find_located(node: ast.AST, place: _Place) -> ast.AST:
    return node if hasattr(node, "lineno") else place.parent


def _write(node: ast.AST) -> str:
    return (
        " ".join(ast.unparse(node).split())[:100] if not isinstance(node, ast.cmpop) else type(node).__name__
    )


def _is_left_out(node: ast.AST, name: str) -> bool:
    if name in SETS or (name == "decorator_list" and not isinstance(node, ast.ClassDef)):
        return True
    if isinstance(node, ast.Call):
        called = _called(node)
        return (
            called in TRANSLATING | TYPING
            or (called in LOGGING and isinstance(node.func, ast.Attribute))
            or (name == "func" and not isinstance(node.func, ast.Attribute))
        )
    return False


def _is_declaration(parent: ast.AST, child: ast.AST) -> bool:
    """Return whether *child* only declares something or is a text for people."""
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True  # a docstring, or the dots of a protocol
    if isinstance(child, ast.If) and _write(child.test) == "TYPE_CHECKING":
        return True
    if isinstance(child, ast.Assign | ast.AnnAssign):
        target = child.targets[0] if isinstance(child, ast.Assign) else child.target
        named = target.id if isinstance(target, ast.Name) else ""
        alias = (
            isinstance(child.value, ast.Subscript | ast.BinOp) and not named.isupper() and named[:1].isupper()
        )
        typed = isinstance(child.value, ast.Call) and _called(child.value) in TYPING | TRANSLATING
        return alias or typed or named in ("__all__", "__slots__")
    if isinstance(parent, ast.ClassDef) and isinstance(child, ast.Call | ast.Name | ast.Attribute):
        return not (isinstance(child, ast.Call) and _called(child) == "dataclass")
    if isinstance(child, ast.keyword):
        return child.arg == "slots" or isinstance(parent, ast.ClassDef)
    return _is_message(parent, child)


def _is_message(parent: ast.AST, child: ast.AST) -> bool:
    """Return whether *child* is the text of an error, or a name for one."""
    if isinstance(child, ast.Raise) and isinstance(child.exc, ast.Call):
        for one in child.exc.args:
            if _is_text(one):
                one.is_message = True  # type: ignore[attr-defined]
    if isinstance(parent, ast.Call) and _is_text(child):
        called = _called(parent).lstrip("_")
        if called.startswith("require_") or called.endswith("Error"):
            return True
    return getattr(child, "is_message", False)


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and _called(node) in TRANSLATING:
        return True
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


Variant = ast.AST | tuple[str, Callable[[], None]]


def _variants(place: _Place, node: ast.AST) -> Iterator[Variant]:
    """Yield what could stand in the place of *node*."""
    if type(node) in SWAPPED:
        yield _describe(place, node)
    elif isinstance(node, ast.stmt):
        yield from _change_statement(node)
    elif isinstance(node, ast.Constant):
        yield from _change_constant(place, node)
    elif isinstance(node, ast.Call):
        yield from _change_arguments(node)
    else:
        yield from _change_expression(node)
    if _is_asked(place) and not isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
        yield ast.UnaryOp(ast.Not(), node)  # type: ignore[arg-type]


def _change_expression(node: ast.AST) -> Iterator[Variant]:
    if isinstance(node, ast.UnaryOp):
        if not isinstance(node.operand, ast.Constant) or isinstance(node.op, ast.Not):
            yield node.operand
    elif isinstance(node, ast.Lambda):
        yield ast.Lambda(node.args, ast.Constant(None))
    elif isinstance(node, ast.Slice):
        for bound in ("lower", "upper", "step"):
            if (value := getattr(node, bound)) is not None:
                yield f"[{_write(node)}] without {_write(value)}", partial(setattr, node, bound, None)


def _is_asked(place: _Place) -> bool:
    is_test = place.name == "test" and isinstance(place.parent, ast.If | ast.IfExp | ast.While)
    return is_test or (isinstance(place.parent, ast.comprehension) and place.name == "ifs")


def _describe(place: _Place, node: ast.AST) -> Variant:
    """Return which operator of which expression is exchanged."""
    new = SWAPPED[type(node)]()

    def apply() -> None:
        if place.index is None:
            setattr(place.parent, place.name, new)
        else:
            getattr(place.parent, place.name)[place.index] = new

    return f"{_write(place.parent)}: {type(node).__name__} → {type(new).__name__}", apply


def _change_statement(node: ast.stmt) -> Iterator[Variant]:
    if isinstance(node, ast.Raise | ast.Delete | ast.Expr):
        yield ast.Pass()
    elif isinstance(node, ast.Return):
        if node.value is not None and not isinstance(node.value, ast.Constant):
            yield ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Break):
        yield ast.Continue()
    elif isinstance(node, ast.Continue):
        yield ast.Break()
    elif isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value)
    elif (
        isinstance(node, ast.Assign | ast.AnnAssign)
        and node.value is not None
        and not isinstance(node.value, ast.Constant)
    ):
        yield (
            f"{_write(node)} → None",
            partial(setattr, node, "value", ast.copy_location(ast.Constant(None), node.value)),
        )


def _change_constant(place: _Place, node: ast.Constant) -> Iterator[Variant]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
    elif isinstance(value, str):
        yield ast.Constant(f"XX{value}XX" if isinstance(place.parent, ast.JoinedStr) or value else "XX")
    elif isinstance(value, bytes):
        yield ast.Constant(b"XX" + value + b"XX")
    elif value is None and not isinstance(place.parent, ast.Compare | ast.MatchSingleton):
        yield ast.Constant("")


def _change_arguments(node: ast.Call) -> Iterator[Variant]:
    """Yield the call with an argument less, another one, or two exchanged."""
    written, arguments = _write(node), node.args
    for index, one in enumerate(arguments):
        if not isinstance(one, ast.Starred | ast.Constant) and not _is_message(node, one):
            none = ast.copy_location(ast.Constant(None), one)
            yield f"{written}: {_write(one)} → None", partial(arguments.__setitem__, index, none)
    for index in range(len(arguments) - 1):
        pair = arguments[index : index + 2]
        if (
            _called(node) in SYMMETRIC
            or any(isinstance(one, ast.Starred) or _is_message(node, one) for one in pair)
            or _write(pair[0]) == _write(pair[1])
        ):
            continue
        yield (
            f"{written}: {_write(pair[0])} ⇄ {_write(pair[1])}",
            partial(arguments.__setitem__, slice(index, index + 2), pair[::-1]),
        )
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg == "slots" or getattr(keyword.value, "is_message", False):
            continue
        yield f"{written} without {keyword.arg}", partial(node.keywords.remove, keyword)
        if not isinstance(keyword.value, ast.Constant):
            none = ast.copy_location(ast.Constant(None), keyword.value)
            yield f"{written}: {keyword.arg} → None", partial(setattr, keyword, "value", none)
