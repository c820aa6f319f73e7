"""
Macros that a page calls many times, or that are asked for often: rendered once, and filled in from then on.

What such a part looks like is said by its macro alone. It is rendered with placeholders for its arguments, and split at
them; then the arguments are escaped, as the template would, and put in between. So such a macro may ask of an argument
only whether it is empty, and writes it out as it is.

What people wrote is never searched for placeholders: it is put in after the splitting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import truth

from jinja2 import Environment, Template
from markupsafe import Markup

from portal.web.isolation import BEGIN, END, isolate
from portal.web.template_compiler import escape_value, needs_escaping

RenderedHtml = Markup
"""What a template wrote, with everything in it escaped."""

MAX_PAGES = 64
"""How many kinds of pages are remembered; there are a few, and what is marked in them is in none."""

make_text = str.__new__  # without the questions that `Markup` asks of what it is made from

# A filter that shortens, trims, encodes or changes letters would change a mark as well, which is then not found.
# In it stands a sign that turns a line, so that a mark is isolated wherever words would be.
PLACEHOLDER = " aA\u200f\ue000{:0512}\ue001 "
_PLACEHOLDERS = re.compile(f"({BEGIN}?) aA\u200f\ue000([0-9]{{512}})\ue001 ({END}?)")


@dataclass(frozen=True, slots=True)
class _SplitText:
    """
    A macro's text, split at its placeholders.

    `text` has `%s` for each of what is given, whose numbers are `places` in the order of the text; `isolated` are
    those that stand beside other text. It `is_in_order` when each is written once, in the order of the arguments.
    """

    text: str
    places: tuple[int, ...]
    isolated: frozenset[int]
    is_in_order: bool


@dataclass(frozen=True, slots=True)
class _CachedActor:
    """The actor of a cached page; any other attribute is an error."""

    role: str
    id: str
    lock_minutes: str


@dataclass(frozen=True, slots=True)
class _CachedPractice:
    """The practice of a cached page."""

    name: str
    is_demo: bool


@dataclass(frozen=True, slots=True)
class CachedPage:
    """A page for a role, without anything of the request that first asked for it."""

    template: Template
    role: str
    is_demo: bool
    values: Mapping[str, object]
    marked: tuple[str, ...]

    def __call__(self, ident: str, lock_minutes: str, practice: str, *words: str) -> str:
        """Render the page with these values."""
        somebody, somewhere = (
            _CachedActor(self.role, ident, lock_minutes),
            _CachedPractice(practice, self.is_demo),
        )
        seen = {"actor": somebody, "practice": somewhere, **dict(zip(self.marked, words, strict=True))}
        return self.template.render({**self.values, **seen})


class CachedMacro:
    """One macro, rendered once for each set of arguments that are not empty."""

    __slots__ = ("_macro", "_split_texts")

    def __init__(self, macro: Callable[..., str]) -> None:
        self._macro = macro
        self._split_texts: dict[tuple[bool, ...], _SplitText] = {}

    def __call__(self, *given: str) -> RenderedHtml:
        """
        Return what the macro would write.

        Args:
            given: Its arguments in their order: words, or what a template wrote; empty for nothing.

        Raises:
            LookupError: If the macro does not write out, as it is, all that it is given.
            TypeError: For markup in a place where only words can be isolated from what stands beside them.
        """
        cut = self._get_split_text(given)
        values = [escape_value(value) for value in given]
        for place in cut.isolated:
            values[place] = _isolate_argument(given[place])
        # Every part was written by a template or escaped just now.
        return make_text(RenderedHtml, cut.text % tuple([values[place] for place in cut.places]))

    def render_each(self, rows: Iterable[tuple[str, ...]]) -> list[RenderedHtml]:
        """
        Return what the macro would write for each of several rows.

        Args:
            rows: Arguments as for one: words, and last what a template wrote.
        """
        rows = tuple(rows)
        text = self._find_plain_text(rows) if rows else None
        if text is not None:
            return [make_text(RenderedHtml, text % row) for row in rows]
        if len(rows) > 1:
            half = len(rows) // 2
            return self.render_each(rows[:half]) + self.render_each(rows[half:])
        return [self(*row) for row in rows]

    def _find_plain_text(self, rows: tuple[tuple[str, ...], ...]) -> str | None:
        """Return the text that every row can be put into as it is; None if one needs more."""
        *columns, last = zip(*rows, strict=True)
        words = "".join(map("".join, columns))
        complete = "" not in last and all("" not in column for column in columns)
        if not complete or needs_escaping(words) is not None or {type(one) for one in last} != {RenderedHtml}:
            return None
        cut = self._get_split_text(rows[0])
        return cut.text if cut.is_in_order and (not cut.isolated or words.isascii()) else None

    def _get_split_text(self, given: tuple[str, ...]) -> _SplitText:
        shape = tuple(map(truth, given))
        cut = self._split_texts.get(shape)
        if cut is None:
            cut = self._split_texts[shape] = _split(self._macro, given)
        return cut


class MacroCache:
    """All cached macros of an environment."""

    __slots__ = ("_environment", "_macros", "_pages")

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._macros: dict[tuple[str, str], CachedMacro] = {}
        self._pages: dict[tuple[object, ...], CachedMacro] = {}

    def get_macro(self, template: str, macro: str) -> CachedMacro:
        """Return the cached macro of a template; it may use nothing of the page around it."""
        found = self._macros.get((template, macro))
        if found is None:
            module = self._environment.get_template(template).module
            found = self._macros[template, macro] = CachedMacro(getattr(module, macro))
        return found

    def find_page(self, key: tuple[object, ...]) -> CachedMacro | None:
        """Return the cached page for *key*, or None."""
        return self._pages.get(key)

    def add_page(self, key: tuple[object, ...], render: Callable[..., str]) -> CachedMacro:
        """Add a page to the cache, and return it; *render* may hold nothing of a request."""
        if len(self._pages) >= MAX_PAGES:
            self._pages.clear()
        self._pages[key] = made = CachedMacro(render)
        return made


def join_rendered(parts: Sequence[RenderedHtml]) -> RenderedHtml:
    """
    Return rendered parts, one after the other.

    Raises:
        TypeError: If one of them is something that no template wrote.
    """
    if set(map(type, parts)) - {RenderedHtml}:
        raise TypeError("Only what was drawn is joined.")
    return make_text(RenderedHtml, "".join(parts))


def _split(macro: Callable[..., str], arguments: tuple[str, ...]) -> _SplitText:
    """Render a macro with placeholders for its arguments, and split it at them."""
    drawn = macro(*(PLACEHOLDER.format(place) if value else "" for place, value in enumerate(arguments)))
    pieces = _PLACEHOLDERS.split(drawn)
    still, begins, marks, ends = pieces[::4], pieces[1::4], pieces[2::4], pieces[3::4]
    places = tuple(map(int, marks))
    isolated = {place for place, begin, end in zip(places, begins, ends, strict=True) if begin and end}
    missing = {place for place, value in enumerate(arguments) if value} - set(places)
    if missing:
        raise LookupError(f"{macro!r} does not write out what it is given in the places {sorted(missing)}")
    text = "%s".join(one.replace("%", "%%") for one in still)
    return _SplitText(text, places, frozenset(isolated), places == tuple(range(len(arguments))))


def _isolate_argument(value: str) -> str:
    if isinstance(value, Markup):
        raise TypeError("What stands beside text is words.")
    return escape_value(isolate(value))
