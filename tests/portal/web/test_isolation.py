"""Words that run from right to left turn nothing around them, wherever a page or a sentence puts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from portal.web.escaping import build_csv
from portal.web.isolation import isolate
from portal.web.pages import build_environment
from portal.web.translation import Translator

NAME = "(1) שרה!"
ALONE = f"\u2068{NAME}\u2069"
TITLES = st.text(alphabet="aש1 .\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize("value", ["Bob", "Bob (Example)!", "é 海 1", "", 7, None, Markup("<b>")])
def test_what_turns_nothing_is_left_alone(value: object) -> None:
    """A name in Latin letters, a number and nothing at all stay what they are."""
    assert isolate(value) is value


@pytest.mark.parametrize("words", [NAME, "مرحبا", "٣", "a \u202e b", "𐤀", "ﷺ"])
def test_what_could_turn_a_line_is_isolated(words: str) -> None:
    """Words of every script that runs from right to left, its digits, and signs that turn a direction are isolated."""
    assert isolate(words) == f"\u2068{words}\u2069"
    assert type(isolate(Markup(words))) is Markup


@given(TITLES)
def test_no_mark_in_the_words_ends_the_isolate(words: str) -> None:
    """Whatever marks somebody types, the isolate lasts to the end of their words, and not beyond."""
    isolated = str(isolate(words))
    if isolated == words:
        return
    depth = 0
    for place, sign in enumerate(isolated):
        depth += (sign in "\u2066\u2067\u2068") - (sign == "\u2069")
        assert (depth == 0) == (place == len(isolated) - 1)
    assert [sign for sign in isolated if sign not in "\u2066\u2067\u2068\u2069"] == [
        sign for sign in words if sign not in "\u2066\u2067\u2068\u2069"
    ]


def test_what_is_put_into_a_sentence_is_isolated() -> None:
    """Every way to say a sentence isolates the words that are put in, and escapes them as before."""
    words = Translator()
    assert words.gettext("%(who)s, 2", who=NAME) == f"{ALONE}, 2"
    assert words.translate("%(who)s, 2", who=NAME) == f"{ALONE}, 2"
    assert words.ngettext("%(num)s of %(who)s", "%(num)s of %(who)s", 2, who=NAME) == f"2 of {ALONE}"
    assert words.gettext("%(who)s", who=f"<b>{NAME}") == f"\u2068&lt;b&gt;{NAME}\u2069"
    assert words.gettext("%(who)s", who=Markup(f"<b>{NAME}</b>")) == f"\u2068<b>{NAME}</b>\u2069"
    assert words.translate("100%") == "100%"


@pytest.mark.parametrize(
    "page",
    [
        "<p>{{ name }}</p>",
        "<p>\n  {{ name }}\n</p>",
        '<p class="{{ kind }}">{{ name }}</p>',
        "<p>{% if kind %}{{ name }}{% else %}{{ kind }}{% endif %}</p>",
        "{% if kind %}<p>{% else %}<b>{% endif %}{{ name }}</p>",
        "<ul>{% for one in [name, name] %}<li>{{ one }}</li>{% endfor %}</ul>",
        '<input value="{{ name }}">',
        '<input value="{{ name }}"{{ kind }}>',
        '<input data-x="{{ kind }}{{ name }}">',
        '<a href="/{{ kind }}/{{ name }}">x</a>',
        "<textarea>\n{{ name }}</textarea>",
        "{% macro say(one) %}{{ one }}{% endmacro %}<p>{{ say(name) }}</p>",
        "<p>{% set kind = name %}{{ name }}</p>",
        "<p>{{ [name]|join(', ') }}</p>",
    ],
)
def test_words_that_stand_alone_are_as_they_were_typed(page: str) -> None:
    """In an element, a field or an attribute of their own words are left as they are."""
    drawn = build_environment().from_string(page).render(name=NAME, kind="k")
    assert NAME in drawn
    assert not {"\u2068", "\u2069"} & set(drawn)


@pytest.mark.parametrize(
    ("page", "drawn"),
    [
        ("<p>{{ name }}, {{ kind }}</p>", f"<p>{ALONE}, k</p>"),
        ("<p>“{{ name }}”</p>", f"<p>“{ALONE}”</p>"),
        ("<p>{{ name }} <b>k</b></p>", f"<p>{ALONE} <b>k</b></p>"),
        ("<p><b>k</b> {{ name }}</p>", f"<p><b>k</b> {ALONE}</p>"),
        ("<p>{{ name }}{{ kind }}</p>", f"<p>{ALONE}k</p>"),
        ("<p>{{ name }}{% if kind %}, k{% endif %}</p>", f"<p>{ALONE}, k</p>"),
        ("<p>{% if kind %}k, {% endif %}{{ name }}</p>", f"<p>k, {ALONE}</p>"),
        ("<p>{% if kind %}{{ name }}{% else %}k{% endif %}, k</p>", f"<p>{ALONE}, k</p>"),
        ("<p>{% for one in [name, name] %}{{ one }}{% endfor %}</p>", f"<p>{ALONE}{ALONE}</p>"),
        ("<p>{{ [name, kind, name]|join(', ') }}</p>", f"<p>{ALONE}, k, {ALONE}</p>"),
        ("{% block title %}{{ name }}{% endblock %} · k", f"{ALONE} · k"),
        ("{% macro say(one) %}{{ one }}{% endmacro %}<p>{{ say(name) }}, k</p>", f"<p>{ALONE}, k</p>"),
        ("<h{{ 2 }}>k</h{{ 2 }}>{{ name }}", f"<h2>k</h2>{ALONE}"),
        ("{{ _('%(who)s, k', who=name) }}", f"{ALONE}, k"),
    ],
)
def test_words_beside_others_are_isolated(page: str, drawn: str) -> None:
    """Beside text of any kind, whichever way a template puts it there, words are isolated."""
    assert build_environment().from_string(page).render(name=NAME, kind="k") == drawn


def test_a_searched_line_stays_one_line() -> None:
    """What is marked in a line is not isolated from the rest of it, and all of it is escaped."""

    class Piece:
        def __init__(self, text: str, *, marked: bool) -> None:
            self.text, self.marked = text, marked

    pieces = [Piece("<b> ש", marked=False), Piece("לו<", marked=True), Piece("ם!", marked=False)]
    drawn = build_environment().from_string("<p>{{ pieces|marked }}</p>").render(pieces=pieces)
    assert drawn == "<p>&lt;b&gt; ש<mark>לו&lt;</mark>ם!</p>"


def test_a_file_for_programs_holds_no_marks() -> None:
    """In a table to take away words are as they were typed."""
    rows = build_csv([[Translator().translate("%(who)s (k)", who=NAME)]])
    assert rows.decode("utf-8-sig") == f'"{NAME} (k)"\r\n'
