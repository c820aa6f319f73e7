"""Every page compiles, and none can let what people typed become markup."""

from __future__ import annotations

import re

import pytest
from jinja2 import nodes

from portal.web.pages import build_environment
from portal.web.translation import Translator
from tests.test_architecture import modules, pages, source

ENVIRONMENT = build_environment()
NAMES = [str(path.relative_to("templates")) for path in pages()]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_compiles(name: str) -> None:
    """Each template, partials and macros included, compiles and finds the templates that it names."""
    ENVIRONMENT.get_template(name)
    tree = ENVIRONMENT.parse(source(pages()[NAMES.index(name)]))
    for kind in (nodes.Extends, nodes.Include, nodes.FromImport, nodes.Import):
        for node in tree.find_all(kind):
            (wanted,) = [child for field, child in node.iter_fields() if field == "template"]
            assert isinstance(wanted, nodes.Const), f"{name} names a template that a request decides"
            ENVIRONMENT.get_template(wanted.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_escapes_everything(name: str) -> None:
    """No page switches escaping off, or calls a text safe."""
    tree = ENVIRONMENT.parse(source(pages()[NAMES.index(name)]))
    assert [one.name for one in tree.find_all(nodes.Filter) if one.name in ("safe", "forceescape")] == []
    assert not list(tree.find_all((nodes.ScopedEvalContextModifier, nodes.EvalContextModifier)))
    for one in tree.find_all(nodes.Filter):
        # Its keys become attributes as they stand, so only the page itself may name them.
        assert one.name != "xmlattr" or isinstance(one.node, nodes.Dict | nodes.Name), name


def test_a_form_with_a_revision_is_not_filled_in_from_memory() -> None:
    """
    Every form that carries a revision, and each of its fields, asks the browser to put nothing back into it.

    Otherwise a page that somebody comes back to shows the words of then beside the revision of now.
    """
    forms = [
        (str(path), form)
        for path in pages()
        for form in re.findall(r"<form\b.*?</form>", source(path), re.DOTALL)
        if re.search(r"\{\{ revision(_field)?\(|name=\"revision\"", form)
    ]
    assert len(forms) == 18
    for name, form in forms:
        assert re.match(r'<form\b[^>]*\bautocomplete="off"', form), name
        assert set(re.findall(r'autocomplete="([^"]*)"', form)) == {"off"}, name


def test_no_code_calls_a_text_safe() -> None:
    """
    Outside the pages nothing makes markup but what translates sentences, which escapes them first, and what
    takes letters out of a text that is escaped already, puts marks of direction or its language around it, or joins
    such texts.
    """
    made = re.compile(
        r"\bMarkup\(|\bHTMLResponse\(|\b__html__\b|\bmake_text\b|__new__\((Markup|RenderedHtml)"
    )
    found = [str(path) for path in modules("portal", "journal", "templates") if made.search(source(path))]
    assert found == [
        "portal/web/cached_macros.py",
        "portal/web/escaping.py",
        "portal/web/isolation.py",
        "portal/web/pages.py",
        "portal/web/translation.py",
    ]
    known = re.compile(r"\bMarkup\b|\bmarkupsafe\b")
    found = [str(path) for path in modules("portal", "journal", "templates") if known.search(source(path))]
    assert found == [
        "portal/web/cached_macros.py",
        "portal/web/escaping.py",
        "portal/web/isolation.py",
        "portal/web/pages.py",
        "portal/web/template_compiler.py",
        "portal/web/translation.py",
    ]
    assert ENVIRONMENT.from_string('{{ _("<b>") }}').render() == "&lt;b&gt;"


def test_a_translation_escapes_the_sentence_and_what_stands_in_it() -> None:
    """A person's words stay text in whichever place of a translated sentence they come."""
    words = Translator()
    assert words.gettext("<b> %(name)s", name="<i>") == "&lt;b&gt; &lt;i&gt;"
    assert words.ngettext("%(name)s", "<b> %(name)s", 2, name="<i>") == "&lt;b&gt; &lt;i&gt;"
    assert words.gettext_optional("100 % <b>") == "100 % &lt;b&gt;"


def test_the_environment_escapes_what_it_is_given() -> None:
    """The control: the very environment of the product escapes, and refuses what a page does not define."""
    page = ENVIRONMENT.from_string('<p title="{{ words }}">{{ words }}</p>')
    assert page.render(words='"><script>') == '<p title="&#34;&gt;&lt;script&gt;">&#34;&gt;&lt;script&gt;</p>'
    assert ENVIRONMENT.undefined.__name__ == "StrictUndefined"


TIMED = re.compile(r"\|(?:datetime|time)\b(?!\()")
"""A moment that is written by the clock of whoever the page knows."""


def test_a_macro_that_writes_a_time_knows_who_reads() -> None:
    """Imported without its page's context it would write every hour as at Greenwich, and nobody would notice."""
    timed: dict[str, set[str]] = {}
    for path in pages():
        if path.parent.name == "macros":
            macros = re.split(r"(?=\{% macro )", source(path))[1:]
            names = [re.match(r"\{% macro (\w+)", macro) for macro in macros if TIMED.search(macro)]
            timed[path.name] = {found[1] for found in names if found}
    assert sum(map(len, timed.values())) > 6
    for path in pages():
        for name, macros, context in re.findall(
            r'\{% from "macros/([\w.]+)" import ([^%]*?)( with context)? ?%\}', source(path)
        ):
            asked = {one.strip().partition(" as ")[0] for one in macros.split(",")}
            assert context or not asked & timed.get(name, set()), (path, asked & timed[name])
