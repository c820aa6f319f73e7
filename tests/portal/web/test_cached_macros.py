"""What is put together from pieces is what the macro would write, whatever people typed."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from types import SimpleNamespace
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from journal.practice.practice import PracticeView
from journal.roles import Role
from portal.views.journal.entry_saving import SaveResult
from portal.views.journal.index import TimelinePage
from portal.web.cached_macros import PLACEHOLDER, CachedMacro, join_rendered
from portal.web.dates import format_time
from portal.web.pages import build_environment, render_cached_page, render_page

ENVIRONMENT = build_environment()
HOSTILE = (
    "plain words",
    "",
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'> & &amp; &lt;",
    "</a></h3></li> {{ 7 * 7 }} {% raw %} %s %(name)s %% {0} {name} \\1 \\g<0>",
    "שלום",
    "\u202e turned \u2067 \u2069\u2069 \u2066",
    PLACEHOLDER.format(0),
    PLACEHOLDER.format(1) + PLACEHOLDER.format(4) + "<b>",
    "\u2068" + PLACEHOLDER.format(0) + "\u2069",
    "\x00\ufffe\ue000\ue001\U0001f600 line\u2028end",
    "T" * 400,
)
MARKUP = (*HOSTILE, Markup("<i>&amp;</i>"), Markup(""))
PIECES = {
    "saved": ("macros/entries.html", 2, HOSTILE),
    "chip_private": ("macros/readers.html", 0, HOSTILE),
    "chip_shared": ("macros/readers.html", 1, HOSTILE),
    "chip_paused": ("macros/readers.html", 1, HOSTILE),
    "chip_outdated": ("macros/readers.html", 2, HOSTILE),
    "session": ("macros/spine.html", 6, MARKUP),
    "before_all": ("macros/spine.html", 0, HOSTILE),
    "entry": ("macros/spine.html", 5, MARKUP),
}
"""Every macro that is drawn as a piece: its template, how many things it is given, and what they may be."""


@pytest.mark.parametrize("macro", PIECES)
def test_a_piece_is_what_its_macro_writes(macro: str) -> None:
    """Each piece, given anything in any of its places, is byte for byte the text of the macro itself."""
    template, count, values = PIECES[macro]
    plain = getattr(ENVIRONMENT.get_template(template).module, macro)
    piece = ENVIRONMENT.macro_cache.get_macro(template, macro)  # type: ignore[attr-defined]
    chance = Random(0)
    several = [(one,) * count for one in values] + [
        tuple(chance.choices(values, k=count)) for _ in range(500)
    ]
    for given in several:
        assert piece(*given) == plain(*given)
        assert isinstance(piece(*given), Markup)


@pytest.mark.parametrize("macro", [name for name, (_, count, _) in PIECES.items() if count])
def test_many_are_each_what_the_macro_writes(macro: str) -> None:
    """Rows that are drawn at once, whatever is missing or has to be escaped in any of them, are as if drawn alone."""
    template, count, values = PIECES[macro]
    piece = ENVIRONMENT.macro_cache.get_macro(template, macro)  # type: ignore[attr-defined]
    chance, last = Random(1), (Markup("<i>&amp;</i>"), Markup("")) if values is MARKUP else HOSTILE
    plain = ("plain words", "fünf Wörter", "\u2019", "12", "%s")
    rows = [
        (*chance.choices(plain if number % 2 else values, k=count - 1), chance.choice(last))
        for number in range(1000)
    ]
    assert piece.render_each(rows) == [piece(*row) for row in rows]
    assert {type(one) for one in piece.render_each(rows)} == {Markup}


@pytest.mark.parametrize(
    "altered",
    ["{{ word|upper }}", "{{ word|lower }}", "{{ word|trim }}", "{{ word|truncate(300) }}", "{{ word|urlencode }}",
     "{{ word|length }}", "{{ word.title() }}", "{{ word[1:] }}", "{% if word %}yes{% endif %}"],
)  # fmt: skip
def test_what_a_macro_alters_is_no_piece(altered: str) -> None:
    """A macro that does more with words than write them out cannot be drawn once for all words, and is refused."""
    template = ENVIRONMENT.from_string("{% macro part(word) %}<p>" + altered + "</p>{% endmacro %}")
    piece = CachedMacro(template.module.part)  # type: ignore[attr-defined]
    with pytest.raises(LookupError):
        piece("words")


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("is_intact", [True, False])
@pytest.mark.parametrize("rest", [True, False])
@pytest.mark.parametrize("is_demo", [True, False])
def test_the_timeline_in_pieces_is_the_page(first: bool, is_intact: bool, rest: bool, is_demo: bool) -> None:
    """Whatever practice, person and rows it is for: byte for byte what the template writes as a whole."""
    for name in HOSTILE:
        region = ("", "NZ", "OTHER", "US")[len(name) % 4]
        actor = SimpleNamespace(
            role=Role.PATIENT,
            id=UUID(int=len(name)),
            lock_minutes=len(name) + 1,
            region=region,
            dosing_day=("", "under_way", "resting")[len(name) % 3],
            is_neutral=bool(len(name) % 2),
        )
        practice = SimpleNamespace(current=PracticeView(name, is_demo))
        state = SimpleNamespace(
            templates=SimpleNamespace(here=ENVIRONMENT),
            practice=practice,
            config=SimpleNamespace(passkey_host="", region_cookie="region"),
        )
        asked = SimpleNamespace(
            app=SimpleNamespace(state=state),
            state=SimpleNamespace(actor=actor),
            scope={"path": "/journal"},
            cookies={},
        )
        for older in ("", "2026-11-22T10%3A00%3A00%2B00%3A00"):
            for spine in (Markup(""), Markup("<li>") + name + Markup("</li>")):
                context = TimelinePage(spine, False, first, older, None, None, rest, is_intact)
                whole = render_page(asked, "journal/timeline.html", context)  # type: ignore[arg-type]
                pieces = render_cached_page(asked, "journal/timeline.html", context, "spine", "older")  # type: ignore[arg-type]
                assert (pieces.body, pieces.raw_headers) == (whole.body, whole.raw_headers)


def test_markup_cannot_be_isolated() -> None:
    """Where words are kept from turning what stands beside them, markup is refused."""
    piece = ENVIRONMENT.macro_cache.get_macro("macros/readers.html", "chip_shared")  # type: ignore[attr-defined]
    assert "\u2068שלום\u2069" in piece("שלום")
    with pytest.raises(TypeError):
        piece(Markup("<i>words</i>"))


def test_only_what_was_drawn_is_joined() -> None:
    """Words that no template wrote cannot come between pieces, where nothing escapes them any more."""
    assert join_rendered([Markup("<p>"), Markup("&amp;")]) == "<p>&amp;"
    assert isinstance(join_rendered([]), Markup)
    with pytest.raises(TypeError):
        join_rendered([Markup("<p>"), "<script>"])  # type: ignore[list-item]


def test_the_line_of_a_save_is_that_of_its_page() -> None:
    """What is answered to nearly every autosave is what the page writes that has more to tell when there is more."""
    at, zone = datetime(2026, 11, 22, 23, 5, 59, tzinfo=UTC), ZoneInfo("Asia/Kathmandu")
    context = SaveResult(UUID(int=1), 7, at, (), None, ground=False)
    values = {name: getattr(context, name) for name in SaveResult.__slots__} | {
        "actor": SimpleNamespace(zone=zone)
    }
    whole = ENVIRONMENT.get_template("journal/saved.html").render(values)
    piece = ENVIRONMENT.macro_cache.get_macro("macros/entries.html", "saved")  # type: ignore[attr-defined]
    assert piece("7", format_time(at, zone)) == whole
