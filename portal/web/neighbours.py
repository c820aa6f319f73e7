"""
Find the expressions that a template writes beside other text.

An expression stands alone where an element begins before it and ends behind it, as in `<p>{{ words }}</p>`, and inside
of a tag. Anywhere else its words could turn what stands beside them, as in `<p>{{ name }}, {{ date }}</p>`. What begins
or ends a macro stands beside whatever surrounds its call, and is looked at there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, auto

from jinja2 import nodes


class Side(Enum):
    """What stands on one side of an expression."""

    EDGE = auto()  # the tag with which the element begins or ends
    TAG = auto()  # a tag that has begun
    OTHER = auto()


SILENT = (nodes.Assign, nodes.AssignBlock, nodes.Macro, nodes.Import, nodes.FromImport)
"""Nodes that write nothing."""
SENTENCES = ("_", "gettext", "ngettext")
_LAST_TAG = re.compile(r"<(/?)[^<>]*(>?)\s*\Z")


def beside_text(
    body: Sequence[nodes.Node], before: Side = Side.OTHER, behind: Side = Side.OTHER
) -> Iterator[nodes.Node]:
    """Yield each expression in *body* that does not stand alone, where *before* and *behind* stand around it all."""
    pieces = _pieces(body)
    for at, piece in enumerate(pieces):
        left, right = _before(pieces[:at], before), _behind(pieces[at + 1 :], behind)
        if isinstance(piece, nodes.If):
            for branch in _branches(piece):
                yield from beside_text(branch, left, right)
        elif isinstance(piece, nodes.For):
            # What is repeated stands beside itself as well.
            again = _one(left, _before(piece.body, left)), _one(right, _behind(piece.body, right))
            yield from beside_text(piece.body, *again)
            yield from beside_text(piece.else_, left, right)
        elif isinstance(piece, nodes.Block):
            yield from beside_text(piece.body)
        elif isinstance(piece, nodes.Stmt):
            yield from beside_text(getattr(piece, "body", ()), Side.EDGE, Side.EDGE)
        elif not _is_ours(piece) and left is not Side.TAG and (left, right) != (Side.EDGE, Side.EDGE):
            yield piece


def _is_ours(piece: nodes.Node) -> bool:
    """Return whether *piece* is the page's own: text, or a sentence, which isolates what is put into it by itself."""
    if isinstance(piece, nodes.Call) and isinstance(piece.node, nodes.Name):
        return piece.node.name in SENTENCES
    return isinstance(piece, nodes.TemplateData)


def _pieces(body: Sequence[nodes.Node]) -> list[nodes.Node]:
    """List statements, and what is written between them."""
    return [piece for node in body for piece in (node.nodes if isinstance(node, nodes.Output) else [node])]


def _branches(node: nodes.If | nodes.For) -> list[list[nodes.Node]]:
    """List what may be written in the place of *node*: nothing, where a list is empty."""
    return [node.body, node.else_, *(other.body for other in getattr(node, "elif_", ()))]


def _before(body: Sequence[nodes.Node], side: Side) -> Side:
    """Return what stands before that which follows *body*, which itself follows *side*."""
    for piece in _pieces(body):
        side = _across(piece, side, _before, _end_of)
    return side


def _behind(body: Sequence[nodes.Node], side: Side) -> Side:
    """Return what stands behind that which *body* follows; *side* stands behind *body*."""
    for piece in reversed(_pieces(body)):
        side = _across(piece, side, _behind, _beginning_of)
    return side


def _across(
    piece: nodes.Node,
    side: Side,
    look: Callable[[Sequence[nodes.Node], Side], Side],
    read: Callable[[str, Side], Side],
) -> Side:
    """Return what stands on the near side of *piece*, where *side* stands on the far one."""
    if isinstance(piece, nodes.TemplateData):
        return read(piece.data, side) if piece.data.strip() else side
    if isinstance(piece, nodes.If | nodes.For):
        return _one(*(look(branch, side) for branch in _branches(piece)))
    return side if isinstance(piece, SILENT) or side is Side.TAG else Side.OTHER


def _end_of(text: str, before: Side) -> Side:
    if tag := _LAST_TAG.search(text):
        return Side.OTHER if tag[1] else Side.EDGE if tag[2] else Side.TAG
    if before is Side.TAG and ">" in text:
        return Side.EDGE if text.rstrip().endswith(">") else Side.OTHER
    return before if before is Side.TAG else Side.OTHER


def _beginning_of(text: str, _: Side) -> Side:
    return Side.EDGE if text.lstrip().startswith("</") else Side.OTHER


def _one(*sides: Side) -> Side:
    """Return the common side, or `OTHER` if they differ."""
    return sides[0] if len(set(sides)) == 1 else Side.OTHER
