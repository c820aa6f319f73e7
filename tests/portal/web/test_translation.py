"""Every sentence for people goes through gettext, and the catalogue has all of them."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from journal.coming_talk.library import ThingKind, list_library
from journal.i18n import DEFAULT_LANGUAGE, LANGUAGES, P_
from portal.documents.archive_pages import Sentences
from portal.web.pages import build_environment
from portal.web.translation import Translator, filter_listed, filter_quoted, speaking

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"})
# Names, not sentences: they read the same in every language.
SAME_EVERYWHERE = {
    "Hearthside",
    "· Hearthside",
    "alice@example.org",
    "bob@example.org",
    "alice reads by lamplight",
}
SAME_EVERYWHERE |= {"bob listens by lamplight", "·", "→"}
INLINE = re.compile(r"</?(a|b|code|em|span|strong)\b[^>]*>")
PLACEHOLDERS = re.compile(r"%\(\w+\)s|%%")
TAG = re.compile(r"<!--.*?-->|<code[^>]*>.*?</code>|<[^>]*>", re.DOTALL)


def test_the_catalogue_has_every_message() -> None:
    """`make words` was run after the last change of a sentence."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    in_context = ((1, "c"), 2)
    keywords = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
    found = set()
    for _, _, message, _, context in extract_from_dir(
        ROOT, methods, options, keywords=keywords | {"P_": in_context, "pgettext": in_context}
    ):
        found.add((context, message if isinstance(message, str) else message[0]))
    with (ROOT / "portal" / "locale" / "messages.pot").open("rb") as file:
        known = {
            (entry.context, entry.id if isinstance(entry.id, str) else entry.id[0])
            for entry in read_po(file)
            if entry.id
        }
    assert found - known == set()
    assert known - found == set()


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, path.parent.parent.name if path.suffix == ".po" else None)


@pytest.mark.parametrize("language", sorted(LANGUAGES.keys() - {DEFAULT_LANGUAGE}))
def test_a_language_has_every_message(language: str) -> None:
    """None is missing, left over or doubtful, each names what its message names, and pages read what stands there."""
    folder = ROOT / "portal" / "locale" / language / "LC_MESSAGES"
    catalogue, wrong = _read(folder / "messages.po"), []
    found = {(one.context, one.id): one for one in catalogue if one.id}
    known = {
        (one.context, one.id): one for one in _read(ROOT / "portal" / "locale" / "messages.pot") if one.id
    }
    wrong += [f"{which}: left over or missing" for which in found.keys() ^ known.keys()]
    for which, one in found.items():
        ids, said = ([each] if isinstance(each, str) else list(each or ()) for each in (one.id, one.string))
        if one.fuzzy or len(said) != len(ids) or not all(said):
            wrong.append(f"{which}: not translated")
        for sentence, other in zip(ids, said, strict=False):
            named, edges = set(PLACEHOLDERS.findall(sentence)), (sentence[:1] == " ", sentence[-1:] == " ")
            may_leave = {"%(num)s"} if len(ids) > 1 else set()
            if (
                not named - may_leave
                <= set(PLACEHOLDERS.findall(other))
                <= set(PLACEHOLDERS.findall(ids[-1]))
            ):
                wrong.append(f"{which}: names something else")
            if edges != (other[:1] == " ", other[-1:] == " "):
                wrong.append(f"{which}: begins or ends with a blank, or does not")
    assert wrong == []
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    assert compiled.getvalue() == (folder / "messages.mo").read_bytes(), "run `make words`"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_speaks_past_gettext(template: Path) -> None:
    """Outside of tags and expressions there are no words."""
    text = "".join(
        value if kind == "data" else "\0"
        for _, kind, value in Environment(extensions=["jinja2.ext.i18n"]).lex(
            template.read_text(encoding="utf-8")
        )
    )
    words = [part.strip() for part in re.split(r"\0|\n", TAG.sub("\0", text))]
    words = [part for part in words if '="' not in part]  # an attribute that a macro writes
    spoken = [part for part in words if re.search(r"[A-Za-z]{2}", re.sub(r"&\w+;", "", part))]
    assert [part for part in spoken if part not in SAME_EVERYWHERE] == []


# What a message may not begin or end with: it would be a part of a sentence, and another language has another order.
PART = re.compile(r"^\s|\s$|,$|^(and|or|but|nor|than)\b")


def test_no_message_is_a_part_of_a_sentence() -> None:
    """None goes on with what stands before it, or leads into what stands behind it."""
    ids = [one.id for one in _read(ROOT / "portal" / "locale" / "messages.pot") if one.id]
    said = [each for one in ids for each in ([one] if isinstance(one, str) else one)]
    assert [one for one in said if PART.search(one)] == []


def _list_constants(node: nodes.Node) -> list[str] | None:
    """Return the messages that a call translates; none for what is no call of gettext."""
    match node:
        case nodes.Call(node=nodes.Name(name="_" | "gettext" | "ngettext" | "pgettext" as name)):
            given = node.args[1:] if name == "pgettext" else node.args
            return [one.value for one in given if isinstance(one, nodes.Const) and isinstance(one.value, str)]
        case nodes.CondExpr():
            found = [_list_constants(one) for one in (node.expr1, node.expr2) if one is not None]
            return [one for each in found for one in each or ()] if any(found) else None
    return None


def _find_beside(template: str) -> list[str]:
    """Return the messages that another one beside them goes on with: it begins with a small letter."""
    found = []
    for written in Environment(extensions=["jinja2.ext.i18n"]).parse(template).find_all(nodes.Output):
        before: list[str] | None = None
        for node in written.nodes:
            if isinstance(node, nodes.TemplateData):
                before = before if INLINE.sub("", node.data).strip(" ,") == "" else None
                continue
            messages = _list_constants(node)
            goes_on = any(one[:1].islower() for one in messages or ())
            found += [
                one for one in before or () if goes_on and one[-1] not in ".!?…:" and "%(num)s" not in one
            ]
            before = messages
    return found


def _find_joined(template: str) -> list[str]:
    """Return what is put together by `~` of two messages, the first of which ends no sentence."""
    found = []
    for joined in Environment(extensions=["jinja2.ext.i18n"]).parse(template).find_all(nodes.Concat):
        before: list[str] | None = None
        for node in joined.nodes:
            if isinstance(node, nodes.Const):
                # A list of facts: " · " or a line of its own between them.
                before = before if str(node.value).strip() in ("", ",", ";", ":") else None
                continue
            messages = _list_constants(node)
            if before is not None and messages is not None:
                found += [one for one in before or ["?"] if one[-1] not in ".!?…"]
            before = messages
    return found


def test_no_template_puts_a_sentence_together() -> None:
    """A message that is joined to another one is a whole sentence; else both are one message."""
    assert _find_joined('{{ _("Not saved:") ~ " " ~ _(problem) }}') == ["Not saved:"]
    assert (
        _find_joined('{{ _("Not saved.") ~ " " ~ _("Try again.") }}{{ _("Line") ~ " · " ~ _(name) }}') == []
    )
    beside = '{{ _("Brief") }}<span class="visually-hidden"> {{ _("for %(name)s", name=name) }}</span>'
    assert _find_beside(beside) == ["Brief"]
    assert _find_beside('<b>{{ _("Notes") }}</b> <a>{{ _("They are yours.") }}</a>') == []
    texts = [path.read_text(encoding="utf-8") for path in TEMPLATES]
    assert [one for text in texts for one in (*_find_joined(text), *_find_beside(text))] == []


def test_what_is_translated_is_escaped() -> None:
    """A person's words that went through gettext by mistake stay text."""
    words = Translator()
    assert words.gettext("<b>%(name)s</b>", name="<i>") == "&lt;b&gt;&lt;i&gt;&lt;/b&gt;"
    page = build_environment().from_string("{{ _(typed) }}{{ _('Hello, %(name)s', name=typed) }}")
    assert "<script" not in page.render(typed="<script>1</script>")


def test_a_list_of_errors_is_translated() -> None:
    """What a form was refused for is said in the page's language, above the form as beside the field."""
    sentence = "This is longer than this field can hold. Please shorten it."
    environment, other = build_environment("es"), str(Translator("es").translate(sentence))
    page = environment.from_string(
        '{% from "macros/forms.html" import error_summary, field %}'
        '{{ error_summary(errors) }}{{ field("name", "Name", error=errors.name|optional_gettext) }}'
    )
    drawn = page.render(errors={"name": sentence})
    assert other != sentence
    assert (drawn.count(other), drawn.count(sentence)) == (2, 0)


def test_a_message_is_said_as_its_place_needs() -> None:
    """A button and a state read the same in English and not in Spanish, whoever asks: a page, a view, an export."""
    translate, state = Translator("es").translate, P_("reframe", "Open")
    assert (state, Translator("en").translate(state)) == ("Open", "Open")
    button = build_environment("es").from_string('{{ pgettext("button", "Open") }}').render()
    assert {button, translate(state), translate(P_("check list", "Open"))} == {
        "Abrir",
        "Abierto",
        "Pendiente",
    }
    said = Sentences(Translator("es").gettext)
    assert (said["Closed"], said[P_("reframe", "Closed")], said["Closed"]) == (
        "Cerrada",
        "Cerrado",
        "Cerrada",
    )
    page = build_environment("es").from_string('{{ pgettext("moment", "until %(when)s", when="<b>") }}')
    assert "hasta el" in page.render()
    assert "<b>" not in page.render()


def test_a_list_is_written_as_its_language_does() -> None:
    """Names in a sentence stay text, and what is in another language or direction keeps it."""
    page = build_environment("es").from_string("{{ names|listed }}")
    assert [filter_listed(names) for names in ([], ["Ana"], ["Ana", "Bo"], ["Ana", "Bo", "Cy"])] == [
        "",
        "Ana",
        "Ana and Bo",
        "Ana, Bo and Cy",
    ]
    with speaking("es"):
        for last, said in {
            "Bo": "y Bo",
            "Inés": "e Inés",
            "hilda": "e hilda",
            "Yvonne": "e Yvonne",
            "Yolanda": "y Yolanda",
            "Hielo": "y Hielo",
            "Ión": "y Ión",
            "": "y ",
        }.items():
            assert filter_listed(["Ana y Eva", "Luz", last]) == f"Ana y Eva, Luz {said}"
        mixed = filter_listed(["<b>", filter_quoted("Inés & Co", "en"), "\u05d0{0}"])
        assert mixed == '&lt;b&gt;, <span lang="en">Inés &amp; Co</span> y \u2068\u05d0{0}\u2069'
        assert page.render(names=["<i>", "Inés"]) == "&lt;i&gt; e Inés"


def test_a_measure_that_is_set_for_a_talk_is_called_by_its_short_name() -> None:
    """In the language of the page, where it is more than a name; and no two are called the same."""
    titles = dict(dict(list_library())[ThingKind.MEASURE])
    assert {name: Translator("es").translate(title) for name, title in titles.items()} == {
        "phq9": "PHQ-9",
        "gad7": "GAD-7",
        "pcl5-month": "PCL-5, último mes",
        "pcl5-week": "PCL-5, última semana",
    }
