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


def find_beside_text(
    body: Sequence[nodes.Node], before: Side = Side.OTHER, after: Side = Side.OTHER
) -> Iterator[nodes.Node]:
    """Yield each expression in *body* that does not stand alone, where *before* and *after* stand around it all."""
    pieces = _list_pieces(body)
    for at, piece in enumerate(pieces):
        left, right = _get_side_before(pieces[:at], before), _get_side_after(pieces[at + 1 :], after)
        if isinstance(piece, nodes.If):
            for branch in _list_branches(piece):
                yield from find_beside_text(branch, left, right)
        elif isinstance(piece, nodes.For):
            # What is repeated stands beside itself as well.
            again = (
                _merge_sides(left, _get_side_before(piece.body, left)),
                _merge_sides(right, _get_side_after(piece.body, right)),
            )
            yield from find_beside_text(piece.body, *again)
            yield from find_beside_text(piece.else_, left, right)
        elif isinstance(piece, nodes.Block):
            yield from find_beside_text(piece.body)
        elif isinstance(piece, nodes.Stmt):
            yield from find_beside_text(getattr(piece, "body", ()), Side.EDGE, Side.EDGE)
        elif not _is_page_text(piece) and left is not Side.TAG and (left, right) != (Side.EDGE, Side.EDGE):
            yield piece


def _is_page_text(piece: nodes.Node) -> bool:
    """Return whether *piece* is the page's own: text, or a sentence, which isolates what is put into it by itself."""
    if isinstance(piece, nodes.Call) and isinstance(piece.node, nodes.Name):
        return piece.node.name in SENTENCES
    return isinstance(piece, nodes.TemplateData)


def _list_pieces(body: Sequence[nodes.Node]) -> list[nodes.Node]:
    """List statements, and what is written between them."""
    return [piece for node in body for piece in (node.nodes if isinstance(node, nodes.Output) else [node])]


def _list_branches(node: nodes.If | nodes.For) -> list[list[nodes.Node]]:
    """List what may be written in the place of *node*: nothing, where a list is empty."""
    return [node.body, node.else_, *(other.body for other in getattr(node, "elif_", ()))]


def _get_side_before(body: Sequence[nodes.Node], side: Side) -> Side:
    """Return what stands before that which follows *body*, which itself follows *side*."""
    for piece in _list_pieces(body):
        side = _get_side_across(piece, side, _get_side_before, _get_side_of_end)
    return side


def _get_side_after(body: Sequence[nodes.Node], side: Side) -> Side:
    """Return what stands behind that which *body* follows; *side* stands behind *body*."""
    for piece in reversed(_list_pieces(body)):
        side = _get_side_across(piece, side, _get_side_after, _get_side_of_beginning)
    return side


def _get_side_across(
    piece: nodes.Node,
    side: Side,
    get_side: Callable[[Sequence[nodes.Node], Side], Side],
    read_text: Callable[[str, Side], Side],
) -> Side:
    """Return what stands on the near side of *piece*, where *side* stands on the far one."""
    if isinstance(piece, nodes.TemplateData):
        return read_text(piece.data, side) if piece.data.strip() else side
    if isinstance(piece, nodes.If | nodes.For):
        return _merge_sides(*(get_side(branch, side) for branch in _list_branches(piece)))
    return side if isinstance(piece, SILENT) or side is Side.TAG else Side.OTHER


def _get_side_of_end(text: str, before: Side) -> Side:
    if tag := _LAST_TAG.search(text):
        return Side.OTHER if tag[1] else Side.EDGE if tag[2] else Side.TAG
    if before is Side.TAG and ">" in text:
        return Side.EDGE if text.rstrip().endswith(">") else Side.OTHER
    return before if before is Side.TAG else Side.OTHER


def _get_side_of_beginning(text: str, _: Side) -> Side:
    return Side.EDGE if text.lstrip().startswith("</") else Side.OTHER


def _merge_sides(*sides: Side) -> Side:
    """Return the common side, or `OTHER` if they differ."""
    return sides[0] if len(set(sides)) == 1 else Side.OTHER
