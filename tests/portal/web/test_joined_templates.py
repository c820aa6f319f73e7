"""
Templates put no sentence together of a message and what stands beside it.

A message and a value beside each other are two things only where something parts them:

- each stands in an element of its own, as a label and its value do in a list of facts, or one on a line of its own;
- the message is a note in an element of its own after the value;
- the message is a label that ends in a colon, and it or the value stands in an element of its own;
- the message is a whole sentence; or a mark stands between them: " · ", a dash, an arrow, a slash, a bracket.

A label is what could stand alone: one that ends in “with”, “by” or another such word goes on, whatever parts it. Of a
message that a template does not name, as `_(label)`, it is known that it is no sentence only where a value stands bare
behind it. Names that were `set` to messages are messages, and so is what `~`, `+`, `%`, `format` and `replace` make of
them, wherever it stands. No message is put into another one with its letters in another case.

Everything else is one message with a placeholder: another language has another order. A list in a sentence is written
by the filter `listed`. What is not seen: what a macro returns, and what is passed to one as text and value apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from portal.documents.page_tree import OWN_LINES
from tests.portal.web.test_translation import ROOT, TEMPLATES, _list_constants

ENVIRONMENT = Environment(extensions=["jinja2.ext.i18n"])
MACRO = re.compile(r"\{%-? macro (\w+)\(.*?\{%-? endmacro", re.DOTALL)
GOES_ON = re.compile(r"(?!.*\n\s*\n)[\s,:;]*", re.DOTALL)
"""What stands between two parts of a sentence."""
FACT_MARKS = frozenset({" · ", " → "})
LIST_MARKS = FACT_MARKS | {", ", "; "}
OWN_LINE = re.compile(rf'<\w+ class="(?:{"|".join(sorted(OWN_LINES))})"')
SENTENCE_ENDS = tuple(".!?…")
CASES = frozenset({"lower", "upper", "capitalize", "title"})
PASSING = CASES | {"trim", "string", "e", "escape"}
"""Filters that write a message when they are given one."""
LEADS = re.compile(r"\w (with|by|of|to|from|for|at|on|in|about|until|since|our|the|a|is|was)$")
"""How a message ends that leads into what stands behind it."""
TAGS = re.compile(r"</?(a|b|br|em|i)\b[^>]*>")
"""Elements that may stand within a sentence."""
INLINE = re.compile(r"</?(a|b|br|code|em|i|small|span|strong|wbr)\b[^>]*>")


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
    """Return whether two pieces beside each other read as parts of one sentence; an unknown message has no texts."""
    if before.texts is None:
        return after is not None and goes_on_behind(before, after)
    if before.texts and all(text.endswith(SENTENCE_ENDS) for text in before.texts):
        return False
    if any(LEADS.search(text) for text in before.texts):
        return True
    if is_apart(before.since):
        return False
    is_label = all(text.endswith(":") for text in before.texts)  # or an unknown one
    if after is None:
        return not (is_label and "<" in before.since)
    # Messages beside each other are found by `test_no_message_goes_on_with_another` where the second begins small.
    return not is_label and before.since != ", " and "<" not in TAGS.sub("", before.since)


def goes_on_behind(before: Piece, after: tuple[str, ...]) -> bool:
    """Return whether a message goes on with a value before it."""
    if "<" not in before.since and after and not all(text.endswith(SENTENCE_ENDS) for text in after):
        return True
    is_note = "<" in re.sub(r"</\w+>", "", before.since) and not set(before.since) & set(",;:")
    return any(text[:1].islower() for text in after) and not is_note


def is_apart(since: str) -> bool:
    """Return whether an element ends and another one begins between two pieces, or a line of its own."""
    return bool(OWN_LINE.search(since) or re.search(r"</\w+>\s*<\w", since)) and not set(since) & set(",;")


class Walk:
    """What is written one after another in a template; `named` are the messages that names stand for."""

    def __init__(self) -> None:
        """Begin before anything was written."""
        self.found: list[str] = []
        self.named: dict[str, tuple[str, ...]] = {}

    def walk(self, body: Iterable[nodes.Node], last: frozenset[Piece]) -> frozenset[Piece]:
        """Return what may have been written last after *body*, and note what was joined."""
        for node in body:
            match node:
                case nodes.Output(nodes=parts):
                    for part in parts:
                        last = self.write(part, last)
                case nodes.If(test=_, body=then, elif_=others, else_=otherwise):
                    ways = [then, *(other.body for other in others), otherwise]
                    last = frozenset[Piece]().union(*(self.walk(way, last) for way in ways))
                case nodes.For(body=inner):
                    last |= self.walk(inner, last)
                case nodes.Assign(target=target, node=value):
                    self.name(target, value)
                case nodes.AssignBlock(target=nodes.Name(name=name), body=inner):
                    written = self.walk(inner, frozenset())
                    self.named.pop(name, None)
                    if len(written) == 1 and "<" not in (one := next(iter(written))).since and one.texts:
                        self.named[name] = one.texts
                case nodes.Macro(body=inner) | nodes.CallBlock(body=inner) | nodes.Block(body=inner):
                    self.walk(inner, frozenset())
        return last

    def name(self, target: nodes.Node, value: nodes.Node) -> None:
        """Note that a name stands for a message, or does no longer."""
        if isinstance(target, nodes.Tuple) and isinstance(value, nodes.Tuple):
            for one, its in zip(target.items, value.items, strict=True):
                self.name(one, its)
        elif isinstance(target, nodes.Name):
            texts = self.find_texts(value)
            self.named.pop(target.name, None)
            if texts is not None:
                self.named[target.name] = texts

    def find_texts(self, node: nodes.Node) -> tuple[str, ...] | None:
        """Return the messages that an expression writes; none for a value."""
        match node:
            case nodes.Name(name=name):
                return self.named.get(name)
            case nodes.Filter(node=nodes.Node() as inner, name=name) if name in PASSING:
                return self.find_texts(inner)
            case nodes.CondExpr(expr1=one, expr2=other):
                ways = [self.find_texts(one), self.find_texts(other) if other is not None else None]
                known = [each for each in ways if each is not None]
                return tuple(text for each in known for text in each) if known else None
        texts = _list_constants(node)
        return None if texts is None else tuple(texts)

    def write(self, part: nodes.Node, last: frozenset[Piece]) -> frozenset[Piece]:
        """Return what was written last after one part of what a template writes."""
        if isinstance(part, nodes.TemplateData):
            grown = (Piece(one.texts, one.since + part.data) for one in last)
            return frozenset(one for one in grown if GOES_ON.fullmatch(INLINE.sub("", one.since)))
        if isinstance(part, nodes.Const) and isinstance(part.value, str):
            return self.write(nodes.TemplateData(part.value), last)
        if isinstance(part, nodes.Concat):
            for one in part.nodes:
                last = self.write(one, last)
            return last
        if isinstance(part, nodes.Add):
            return self.write(part.right, self.write(part.left, last))
        if isinstance(part, nodes.CondExpr) and self.find_texts(part) is None:
            ways = [part.expr1, part.expr2 or nodes.Const("")]
            return frozenset[Piece]().union(*(self.write(way, last) for way in ways))
        if is_drawing(part):
            return frozenset()
        now = self.find_texts(part)
        self.found += [
            f"{(one.texts or ['…'])[0]}{one.since}{(now or ['…'])[0]}" for one in last if goes_on(one, now)
        ]
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


def read_template(path: Path) -> str:
    """Return a template; in plain text a line is an element of its own."""
    text = path.read_text(encoding="utf-8")
    return text.replace("\n", "\n\n") if path.suffix == ".txt" else text


def list_filled(tree: nodes.Template, walk: Walk) -> Iterator[str]:
    """Yield messages that are put into texts or changed by operators and filters, wherever an expression stands."""
    for one in tree.find_all((nodes.Concat, nodes.Add)):
        alone = Walk()
        alone.named = walk.named
        alone.write(one, frozenset())
        yield from alone.found
    for mod in tree.find_all(nodes.Mod):
        filled = [mod.left, *(mod.right.items if isinstance(mod.right, nodes.Tuple) else [mod.right])]
        if any(walk.find_texts(one) is not None for one in filled):
            yield f"% of {filled}"
    for used in tree.find_all(nodes.Filter):
        changed = {"format": [used.node, *used.args], "replace": [used.node]}.get(used.name, [])
        if any(walk.find_texts(one) is not None for one in changed if one):
            yield f"{used.name} of {changed}"
    for call in tree.find_all(nodes.Call):
        for given in call.kwargs if _list_constants(call) is not None else ():
            is_changed = isinstance(given.value, nodes.Filter) and given.value.name in CASES
            if is_changed and walk.find_texts(given.value) is not None:
                yield f"{given.key} of {_list_constants(call)}"


def find_joined(template: str) -> list[str]:
    """Return what a template puts together."""
    tree, walk = ENVIRONMENT.parse(template), Walk()
    walk.walk(tree.body, frozenset())
    return list(dict.fromkeys([*walk.found, *list_filled(tree, walk), *list_joins(tree)]))


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
        '{{ _("Shared with") ~ " " ~ name }}',
        '{{ _("Shared with") + " " + name }}',
        '{{ note(_("Shared with") ~ " " ~ name) }}',
        '{% set line = name ~ " " ~ _("has left") %}{{ line }}',
        '{{ "%s %s"|format(_("Shared with"), name) }}',
        '{{ "%s %s" % (_("Shared with"), name) }}',
        '{{ _("Shared with %s") % name }}',
        '{{ _("Shared with NAME")|replace("NAME", name) }}',
        '{% set a = _("Shared with") %}{{ a }} {{ name }}',
        '{% set a, b = _("Shared with"), name %}{{ a }} {{ b }}',
        '{% set a %}{{ _("Shared with") }}{% endset %}{{ a }} {{ name }}',
        '{{ _("Shared with")|capitalize }} {{ name }}',
        '{{ _("Shared with") }}<br>{{ name }}',
        '<span>{{ _("Shared with") }}</span> <span>{{ name }}</span>',
        '{{ name }} {{ _("Has left") }}',
        '{{ _("See our") }} <a href="/privacy">{{ _("Privacy page") }}</a>',
        "{{ _(label) }} {{ name }}",
        "{{ _(label) }}: {{ name }}",
        '{{ _("Your %(kind)s", kind=_("Session")|lower) }}',
        '{{ _("Your %(kind)s", kind=_(kind)|lower) }}',
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
        "<span>{{ _(label) }}</span> <span>{{ name }}</span>",
        "{{ _(label) }} · {{ name }}",
        '{{ _("Role") ~ " · " ~ name }}',
        '{{ _("In danger, call:") }} <a href="/help-now">{{ _("Help now") }}</a>',
        '{{ name }} {{ _("It is yours.") }}',
        '{{ facts([(_("Name"), name)] + [(_("Role"), role)]) }}',
        '{% set a = _("Role") %}<dt>{{ a }}</dt><dd>{{ name }}</dd>',
        '{{ name|replace("a", "b") }}',
    ],
)
def test_a_label_and_its_value_are_two_things(apart: str) -> None:
    """And so are facts with a mark between them."""
    assert find_joined(apart) == []


def test_no_template_puts_a_sentence_together_of_a_message_and_a_value() -> None:
    """Nor does any list stand in a sentence that was written without its language."""
    found = [
        f"{path.relative_to(ROOT)}: {one}" for path in TEMPLATES for one in find_joined(read_template(path))
    ]
    assert "\n".join(sorted(set(found))) == ""
