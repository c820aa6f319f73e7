"""What a page says every time in the same way is put into it once."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from portal.web.template_compiler import CompilingEnvironment, escape_value

Render = Callable[..., str]


@pytest.fixture
def asked() -> list[str]:
    """The words that were looked up, in order."""
    return []


@pytest.fixture
def render(asked: list[str]) -> Render:
    """Compile a page, forget what was asked for that, and render it."""
    environment = CompilingEnvironment(autoescape=True)

    def translate(message: str, **variables: object) -> Markup:
        asked.append(message)
        return escape(f"«{message}»") % variables

    environment.globals.update(_=translate, static=lambda path: f"/static/{path}?v=1")

    def rendered(source: str, **values: object) -> str:
        page = environment.from_string(source)
        asked.clear()
        return page.render(values)

    return rendered


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ('<p>{{ _("hearth") }}</p>', "<p>«hearth»</p>"),
        ('{% set word = _("hearth") %}{{ word }}', "«hearth»"),
        ('{% macro say(word) %}<b>{{ word }}</b>{% endmacro %}{{ say(_("a < b")) }}', "<b>«a &lt; b»</b>"),
        ('{{ _("a & b") if yes else "" }}', "«a &amp; b»"),
        ('<link href="{{ static("a.css") }}">', '<link href="/static/a.css?v=1">'),
    ],
)
def test_what_stands_in_the_template_is_looked_up_once(
    render: Render, asked: list[str], source: str, page: str
) -> None:
    """A sentence in a template is translated and escaped when the page is compiled, and never again."""
    assert render(source, yes=True) == page
    assert asked == []


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("{{ _(label) }}", "«a &lt; b»"),
        ('{{ _("Hi %(name)s", name=label) }}', "«Hi a &lt; b»"),
    ],
)
def test_what_is_known_later_is_looked_up_later(
    render: Render, asked: list[str], source: str, page: str
) -> None:
    """A sentence from elsewhere, or one with something to put in, is translated when the page is rendered."""
    assert render(source, label="a < b") == page
    assert len(asked) == 1


@given(
    value=st.one_of(st.text(), st.text(alphabet="a&<>'\""), st.text().map(Markup), st.integers(), st.none())
)
def test_what_people_wrote_stays_text(value: object) -> None:
    """Whatever stands in a page is escaped, and what was escaped already is not escaped again."""
    assert str(escape_value(value)) == str(escape(value))


@pytest.mark.parametrize("value", ["<script>", "a & b", Markup("<b>"), UUID(int=7), 3])
def test_a_page_escapes_what_it_writes(render: Render, value: object) -> None:
    """A page writes values, macro arguments and lists with every special character escaped."""
    page = "{% macro say(w) %}{{ w }}{% endmacro %}{{ v }} {{ say(v) }} {% for w in [v] %}{{ w }}{% endfor %}"
    shown = str(escape(value))
    assert render(page, v=value) == f"{shown} {shown} {shown}"


def test_a_part_that_is_not_escaped_stays_so(render: Render) -> None:
    """A part for which escaping is off is written as it is."""
    assert render("{% autoescape false %}{{ v }}{% endautoescape %}{{ v }}", v="<b>") == "<b>&lt;b&gt;"
