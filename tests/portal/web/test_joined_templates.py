"""
Templates put no sentence together of a message and what stands beside it.

A message and a value beside each other are two things only where something parts them:

- each stands in an element of its own, as a label and its value do in a list of facts, or one on a line of its own;
- the message is a note in an element of its own after the value;
- the message is a label that ends in a colon, and it or the value stands in an element of its own;
- the message is a whole sentence; or a mark stands between them: " · ", a dash, an arrow, a slash, a bracket.

Everything else is one message with a placeholder: another language has another order. A list in a sentence is written
by the filter `listed`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from jinja2 import Environment, nodes

from portal.documents.page_tree import OWN_LINES
from tests.portal.web.test_translation import INLINE, ROOT, TEMPLATES, _list_constants

ENVIRONMENT = Environment(extensions=["jinja2.ext.i18n"])
MACRO = re.compile(r"\{%-? macro (\w+)\(.*?\{%-? endmacro", re.DOTALL)
GOES_ON = re.compile(r"(?!.*\n\s*\n)[\s,:;]*", re.DOTALL)
"""What stands between two parts of a sentence."""
FACT_MARKS = frozenset({" · ", " → "})
LIST_MARKS = FACT_MARKS | {", ", "; "}
OWN_LINE = re.compile(rf'<\w+ class="(?:{"|".join(sorted(OWN_LINES))})"')
SENTENCE_ENDS = tuple(".!?…")


@dataclass(frozen=True)
class Piece:
    """What was written last: the texts of a message, or none for a value; and all that was written since."""

    texts: tuple[str, ...] | None
    since: str = ""


@cache
def list_drawing_macros() -> frozenset[str]:
    """Return the macros that write elements; any other writes text."""
    sources = (path.read_text(encoding="utf-8") for path in TEMPLATES)
    found = [
        (made[1], "<" in made[0] or "caller()" in made[0])
        for text in sources
        for made in MACRO.finditer(text)
    ]
    return frozenset(name for name, draws in found if draws)


def is_drawing(node: nodes.Node) -> bool:
    """Return whether an expression writes elements, as a button is."""
    return (
        isinstance(node, nodes.Call)
        and isinstance(node.node, nodes.Name)
        and (node.node.name in list_drawing_macros() or node.node.name == "caller")
    )


def goes_on(before: Piece, after: tuple[str, ...] | None) -> bool:
    """Return whether two pieces beside each other read as parts of one sentence."""
    if before.texts is None and after is None:
        return False
    if after is not None:
        is_note = "<" in re.sub(r"</\w+>", "", before.since) and not set(before.since) & set(",;:")
        return before.texts is None and any(text[:1].islower() for text in after) and not is_note
    texts = before.texts or ()
    if all(text.endswith(SENTENCE_ENDS) for text in texts) or is_apart(before.since):
        return False
    return not (all(text.endswith(":") for text in texts) and "<" in before.since)


def is_apart(since: str) -> bool:
    """Return whether an element ends and another one begins between two pieces, or a line of its own."""
    return bool(OWN_LINE.search(since) or re.search(r"</\w+>\s*<\w", since)) and not set(since) & set(",;")


def walk(body: Iterable[nodes.Node], last: frozenset[Piece], found: list[str]) -> frozenset[Piece]:
    """Return what may have been written last after *body*, and add what was joined to *found*."""
    for node in body:
        match node:
            case nodes.Output(nodes=parts):
                for part in parts:
                    last = write(part, last, found)
            case nodes.If(test=_, body=then, elif_=others, else_=otherwise):
                ways = [then, *(other.body for other in others), otherwise]
                last = frozenset[Piece]().union(*(walk(way, last, found) for way in ways))
            case nodes.For(body=inner):
                last |= walk(inner, last, found)
            case (
                nodes.Macro(body=inner)
                | nodes.CallBlock(body=inner)
                | nodes.AssignBlock(body=inner)
                | nodes.Block(body=inner)
            ):
                walk(inner, frozenset(), found)
    return last


def write(part: nodes.Node, last: frozenset[Piece], found: list[str]) -> frozenset[Piece]:
    """Return what was written last after one part of what a template writes."""
    if isinstance(part, nodes.TemplateData):
        grown = (Piece(one.texts, one.since + part.data) for one in last)
        return frozenset(one for one in grown if GOES_ON.fullmatch(INLINE.sub("", one.since)))
    if isinstance(part, nodes.Const) and isinstance(part.value, str):
        return write(nodes.TemplateData(part.value), last, found)
    if isinstance(part, nodes.CondExpr) and _list_constants(part) is None:
        ways = [part.expr1, part.expr2 or nodes.Const("")]
        return frozenset[Piece]().union(*(write(way, last, found) for way in ways))
    if is_drawing(part):
        return frozenset()
    texts = _list_constants(part)
    now = None if texts is None else tuple(texts)
    found += [f"{(one.texts or ['…'])[0]}{one.since}{(now or ['…'])[0]}" for one in last if goes_on(one, now)]
    return frozenset({Piece(now)})


def list_joins(tree: nodes.Template) -> Iterator[str]:
    """Yield what is joined to a sentence by the filter `join`, or as a list in a sentence."""
    for one in tree.find_all(nodes.Filter):
        if one.name != "join" or one.node is None:
            continue
        mark = one.args[0].value if one.args and isinstance(one.args[0], nodes.Const) else ""
        calls = one.node.find_all(nodes.Call)
        texts = [text for call in calls for text in _list_constants(call) or ()]
        if mark not in LIST_MARKS and not all(text.endswith(SENTENCE_ENDS) for text in texts):
            yield f"join({mark!r}) of {texts}"
    listed = {getattr(one.target, "name", "") for one in tree.find_all(nodes.Assign) if is_list(one.node)}
    for call in tree.find_all(nodes.Call):
        for given in call.kwargs if _list_constants(call) is not None else ():
            if is_list(given.value) or getattr(given.value, "name", None) in listed:
                yield f"{given.key} of {_list_constants(call)}"


def is_list(node: nodes.Node) -> bool:
    """Return whether an expression is a list that was written without its language."""
    if not (isinstance(node, nodes.Filter) and node.name == "join"):
        return False
    return not (node.args and isinstance(node.args[0], nodes.Const) and node.args[0].value in FACT_MARKS)


def find_joined(template: str) -> list[str]:
    """Return what a template puts together."""
    tree, found = ENVIRONMENT.parse(template), list[str]()
    walk(tree.body, frozenset(), found)
    return [*found, *list_joins(tree)]


@pytest.mark.parametrize(
    "joined",
    [
        '{{ _("Shared with") }} {{ name }}',
        '{{ _("Shared with") }} <b>{{ name }}</b>',
        '<b>{{ _("Shared with") }}</b> {{ name }}',
        '{{ _("Saved") }}: {{ when }}',
        '{{ _("Backup") }}: <span>{{ name }}</span>',
        '{{ _("Saved:") }} {{ when }}',
        '{{ name }} {{ _("has left") }}',
        '{{ name }}{% if late %}, {{ _("lately %(number)s", number=3) }}{% endif %}',
        '{% if many %}{{ _("Sessions") }}{% else %}{{ _("Session") }}{% endif %} {{ day }}',
        '{% if late %}{{ _("Late") }}{% endif %}{{ ", " if late }}{{ name }}',
        '{{ [_("Saved by"), name]|join }}',
        '{{ [_("Saved by"), name]|join(" ") }}',
        '{{ [name, _("or")]|select|join(" ") }}',
        '{{ _("%(names)s can read this", names=names|join(", ")) }}',
        '{% set list = names|join("; ") %}{{ _("%(names)s can read this", names=list) }}',
    ],
)
def test_a_message_that_goes_on_is_found(joined: str) -> None:
    """However it is put together."""
    assert len(find_joined(joined)) >= 1


@pytest.mark.parametrize(
    "apart",
    [
        '<dt>{{ _("Name") }}</dt><dd>{{ name }}</dd>',
        '<span>{{ _("Your next talk") }}</span> <span>{{ when }}</span>',
        '<strong>{{ _("Clinic:") }}</strong> {{ words }}',
        '{{ _("Backup:") }} <span class="words">{{ name }}</span>',
        '{{ _("Shared with %(name)s", name=name) }}',
        '{{ _("It is yours.") }} {{ name }}',
        '{{ _("Role") }} · {{ name }}',
        '{{ name }} <span class="meta">{{ _("since %(day)s", day=day) }}</span>',
        '{{ name }} ({{ _("paused") }})',
        '{{ [_("pulse %(number)s", number=3), place]|select|join(", ") }}',
        '{{ _("%(names)s can read this", names=names|listed) }}',
    ],
)
def test_a_label_and_its_value_are_two_things(apart: str) -> None:
    """And so are facts with a mark between them."""
    assert find_joined(apart) == []


def test_no_template_puts_a_sentence_together_of_a_message_and_a_value() -> None:
    """Nor does any list stand in a sentence that was written without its language."""
    found = [
        f"{path.relative_to(ROOT)}: {one}"
        for path in TEMPLATES
        for one in find_joined(path.read_text(encoding="utf-8"))
    ]
    assert "\n".join(sorted(set(found))) == ""
