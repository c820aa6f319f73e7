"""
The map of docs/crypto-format.md, section 23: for each purpose its columns, and the very fields of what is sealed.

The fields are those of the types with which the code decodes what it opened: each call of `open_document` or
`open_returned`, and each `msgspec.json.decode` of something that was opened in a context of ours. A row that is missing
or wrong is printed as it has to be.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
from msgspec import inspect
from tortoise import fields
from tortoise.models import Model

from journal.key_rotation.account_columns import ACCOUNT_COLUMNS
from journal.key_rotation.server_columns import SERVER_COLUMNS
from journal.sitter.notes import Note
from journal.store.configuration import TABLE_MODULES
from tests.crypto.test_format_page import ROOT, literal, section
from tests.test_architecture import modules

OPENED_ELSEWHERE = {"sitter-note": Note}
"""Whose words `crypto` opens, so that no call of ours has both purpose and type."""
ROW = re.compile(r"^\| `([a-z-]+)` \| ([^|]+) \| (.+) \|$", re.MULTILINE)
OTHER = re.compile(r"^\| `([a-z_]+\.[a-z_]+)` \| (.+) \|$", re.MULTILINE)
COLUMN = re.compile(r"`([a-z_]+\.[a-z_]+)`")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Contexts = dict[str, str]


def is_called(node: ast.expr, *names: str) -> bool:
    """Return whether an expression calls one of these functions, by itself or as an attribute."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in names


def contexts(tree: ast.Module) -> Contexts:
    """Return the purpose of each context that a module makes: by the name of its function or constant."""
    found: Contexts = {}
    for node in tree.body:
        name = node.name if isinstance(node, FUNCTIONS) else ""
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        made = [one for one in ast.walk(node) if name and is_called(one, "Context")]  # type: ignore[arg-type]
        purposes = {literal(one, "purpose", 0) for one in made if isinstance(one, ast.Call)} - {None}
        if len(purposes) == 1:
            found[name] = str(purposes.pop())
    return found


def read_types() -> Iterator[tuple[str, Any]]:
    """Go through what the code decodes after opening: its purpose, and the type that it has to be."""
    trees = {path: ast.parse((ROOT / path).read_text("utf-8")) for path in modules("journal", "portal")}
    everywhere = {name: one for tree in trees.values() for name, one in contexts(tree).items()}
    for path, tree in trees.items():
        known = everywhere | contexts(tree)
        for function in (one for one in ast.walk(tree) if isinstance(one, FUNCTIONS)):
            named = {
                one.targets[0].id: one.value
                for one in ast.walk(function)
                if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
            }
            for call in (one for one in ast.walk(function) if isinstance(one, ast.Call)):
                place, kind = _opened(call)
                if isinstance(place, ast.Name):
                    place = named.get(place.id, place)
                purpose = next((one for one in map(known.get, _names(place)) if one), None) if place else None
                if purpose and kind:
                    module = importlib.import_module(".".join(path.with_suffix("").parts))
                    yield purpose, eval(kind, vars(module))


def _opened(call: ast.Call) -> tuple[ast.expr | None, str]:
    """Return where what a call decodes was opened, and what it is decoded as."""
    if is_called(call, "open_document", "open_returned") and len(call.args) == 4:
        return call.args[2], ast.unparse(call.args[3])
    kinds = [one.value for one in call.keywords if one.arg == "type"]
    if is_called(call, "decode") and kinds:
        inside = [one for one in ast.walk(call.args[0]) if is_called(one, "open_bytes")]  # type: ignore[arg-type]
        return (inside[0].args[2] if inside else None), ast.unparse(kinds[0])  # type: ignore[attr-defined]
    return None, ""


def _names(place: ast.expr) -> list[str]:
    whole = place.func if isinstance(place, ast.Call) else place
    return [getattr(whole, "id", ""), getattr(whole, "attr", "")]


def write_fields(kind: Any) -> str:
    """Return the fields of a type as the map writes them; with a question mark, what may be missing."""
    told = inspect.type_info(kind)
    assert isinstance(told, inspect.StructType)
    return ", ".join(
        f"`{one.encode_name}`{'' if one.required else '?'} {_write_type(one.type)}" for one in told.fields
    )


def _write_type(kind: inspect.Type) -> str:
    simple = {
        inspect.StrType: "text",
        inspect.BytesType: "base64",
        inspect.IntType: "number",
        inspect.FloatType: "number",
        inspect.BoolType: "true or false",
        inspect.NoneType: "null",
        inspect.EnumType: "text",
        inspect.UUIDType: "text",
        inspect.DateTimeType: "text",
        inspect.DateType: "text",
        inspect.DictType: "object",
        inspect.StructType: "object",
        inspect.RawType: "object",
        inspect.ListType: "list",
        inspect.VarTupleType: "list",
        inspect.TupleType: "list",
        inspect.SetType: "list",
        inspect.FrozenSetType: "list",
    }
    if isinstance(kind, inspect.UnionType):
        return " or ".join(dict.fromkeys(_write_type(one) for one in kind.types))
    return simple[type(kind)]


def byte_columns() -> set[str]:
    """Return every column of bytes that the tables have."""
    found = set()
    for name in TABLE_MODULES:
        for table in vars(importlib.import_module(name)).values():
            if isinstance(table, type) and issubclass(table, Model) and table.__module__ == name:
                found |= {
                    f"{table._meta.db_table}.{column}"
                    for column, one in table._meta.fields_map.items()
                    if isinstance(one, fields.BinaryField)
                }
    return found


def mapped() -> dict[str, tuple[frozenset[str], str]]:
    """Return the rows of the map: columns and fields by purpose."""
    rows = ROW.findall(section(23))
    assert len({purpose for purpose, *_ in rows}) == len(rows)
    return {purpose: (frozenset(COLUMN.findall(where)), what) for purpose, where, what in rows}


def test_every_purpose_has_a_row() -> None:
    """What section 14 lists, the map places."""
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", section(14), re.MULTILINE))
    assert listed == mapped().keys()


def test_every_column_of_bytes_stands_in_one_row_at_least() -> None:
    """Under its purpose, or among those that seal nothing of their own; and none is named that there is not."""
    of_purposes = set[str]().union(*(columns for columns, _ in mapped().values()))
    others = {column for column, _ in OTHER.findall(section(23))}
    assert of_purposes & others == set()
    assert of_purposes | others == byte_columns()


def test_columns_stand_where_the_change_of_keys_opens_them() -> None:
    """The two lists by which everything is sealed anew know the purpose of each column that they name."""
    ident = UUID(int=1)
    known = {one.name: one.context(ident, ident, 1).purpose for one in ACCOUNT_COLUMNS}
    for one in SERVER_COLUMNS:
        # What the context needs besides: ids as the row has them, and numbers where it counts revisions.
        parts = [1 if name in ("revision", "version", "epoch") else str(ident) for name in one.parts]
        known[f"{one.table}.{one.column}"] = one.context(str(ident), *parts).purpose
    rows = mapped()
    assert [name for name, purpose in known.items() if name not in rows[purpose][0]] == []


def test_fields_are_those_that_the_code_decodes() -> None:
    """Each document is written with exactly the fields of its type, their types, and which may be missing."""
    types: dict[str, set[Any]] = {}
    for purpose, kind in (*read_types(), *OPENED_ELSEWHERE.items()):
        types.setdefault(purpose, set()).add(kind)
    assert len(types) > 35
    assert {purpose: kinds for purpose, kinds in types.items() if len(kinds) > 1} == {}
    right = {purpose: write_fields(kind) for purpose, (kind,) in types.items()}
    rows = mapped()
    wrong = {purpose: said for purpose, said in right.items() if rows.get(purpose, ("", ""))[1] != said}
    assert not wrong, "\n".join(f"| `{purpose}` | … | {said} |" for purpose, said in wrong.items())
    # What is no JSON says in words what it is: no field, so that a document that is decoded elsewhere is missed.
    assert [
        purpose for purpose in rows.keys() - right.keys() if re.match(r"`\w+`\??", rows[purpose][1])
    ] == []


class Nested(msgspec.Struct):
    """What a field can hold."""

    a: str
    b: int | None = None
    c: tuple[str, ...] = ()


def test_fields_are_written_with_their_types() -> None:
    """The control: required and not, simple and joined."""
    assert write_fields(Nested) == "`a` text, `b`? number or null, `c`? list"
