"""
Isolate a person's words, so that they do not change the direction of the line around them.

Words that run the other way pull along whatever stands beside them: a comma, a number, the end of the sentence. Between
the two marks below (UAX #9, isolates) they keep to themselves. Words that stand alone in an element need no marks: by
the style sheet, every element runs in the direction of what it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from jinja2 import pass_eval_context
from jinja2.filters import sync_do_join
from jinja2.nodes import EvalContext
from markupsafe import Markup

BEGIN, END = "\u2068", "\u2069"
# What runs from right to left by itself (the blocks whose default is R or AL), and the signs that turn a direction.
_search_turning = re.compile(
    "[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
).search


def isolate(value: object) -> object:
    """Return *value*; if it is words that could turn a line, between the marks that isolate them."""
    if not isinstance(value, str) or value.isascii() or not _search_turning(value):
        return value
    made = f"{BEGIN}{_balance_isolates(value)}{END}"
    # Two marks need no escaping, so what was escaped stays so.
    return Markup(made) if isinstance(value, Markup) else made  # noqa: S704


def _balance_isolates(text: str) -> str:
    """Return *text* with its isolates balanced, so that none of theirs ends ours."""
    depth, made = 0, []
    for part in re.split("([\u2066-\u2069])", text):
        if part == END:
            depth -= 1
        elif part and part in "\u2066\u2067\u2068":
            depth += 1
        if depth < 0:
            depth = 0
        else:
            made.append(part)
    return "".join(made) + END * depth


def isolate_text(value: object) -> object:
    """Return *value*, isolated if it is words and nothing else: the style sheet isolates what stands in elements."""
    kind = type(value)
    return isolate(value) if kind is str or (kind is Markup and "<" not in value) else value  # type: ignore[operator]


@pass_eval_context
def join_isolated(context: EvalContext, values: Iterable[object], between: str = "") -> str:
    """Join as Jinja's filter does, with each of the words isolated from its neighbours, if it has any."""
    several = list(values)
    return sync_do_join(context, map(isolate, several) if len(several) > 1 else several, between)
