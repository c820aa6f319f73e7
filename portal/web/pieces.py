"""
Parts that a page holds many times, or that are asked for often: drawn once, and put together from then on.

What such a part looks like is said by a macro alone. It is drawn with marks in the places of what it is given, and cut
at them; then what is given is escaped, as the template would, and put between the cuts. So a macro that is drawn this
way may ask of what it is given only whether there is anything, and writes it out as it is.

Nobody's words are ever looked through for a mark: they come after the cutting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import truth

from jinja2 import Environment
from markupsafe import Markup

from portal.web.isolation import BEGIN, END, isolate
from portal.web.template_compiler import needs_escaping, written

Drawn = Markup
"""What a template wrote, with everything in it escaped."""

MOST_PAGES = 64
"""How many kinds of pages are remembered; there are a few, and what is marked in them is in none."""

new_text = str.__new__  # without the questions that `Markup` asks of what it is made from

# A filter that shortens, trims, encodes or changes letters would change a mark as well, which is then not found.
# In it stands a sign that turns a line, so that a mark is isolated wherever words would be.
MARK = " aA\u200f\ue000{:0512}\ue001 "
_MARKS = re.compile(f"({BEGIN}?) aA\u200f\ue000([0-9]{{512}})\ue001 ({END}?)")


@dataclass(frozen=True, slots=True)
class _Cut:
    """
    A macro's text, cut at its marks.

    `text` has `%s` for each of what is given, whose numbers are `places` in the order of the text; `isolated` are
    those that stand beside other text. It `is_in_order` when each is written once, in the order of the arguments.
    """

    text: str
    places: tuple[int, ...]
    isolated: frozenset[int]
    is_in_order: bool


class Piece:
    """One macro, drawn once for each set of what there is of what it is given."""

    __slots__ = ("_cuts", "_macro")

    def __init__(self, macro: Callable[..., str]) -> None:
        self._macro = macro
        self._cuts: dict[tuple[bool, ...], _Cut] = {}

    def __call__(self, *given: str) -> Drawn:
        """
        Return what the macro would write.

        Args:
            given: Its arguments in their order: words, or what a template wrote; empty for nothing.

        Raises:
            LookupError: If the macro does not write out, as it is, all that it is given.
            TypeError: For markup in a place where only words can be isolated from what stands beside them.
        """
        cut = self._cut_for(given)
        values = [written(value) for value in given]
        for place in cut.isolated:
            values[place] = _isolated(given[place])
        # Every part was written by a template or escaped just now.
        return new_text(Drawn, cut.text % tuple([values[place] for place in cut.places]))

    def each(self, rows: Iterable[tuple[str, ...]]) -> list[Drawn]:
        """
        Return what the macro would write for each of several rows.

        Args:
            rows: Arguments as for one: words, and last what a template wrote.
        """
        drawn, cut = list[Drawn](), None
        for row in rows:
            words = "".join(row[:-1])
            if "" not in row and needs_escaping(words) is None and type(row[-1]) is Drawn:
                cut = cut or self._cut_for(row)  # where everything is there
                if cut.is_in_order and (not cut.isolated or words.isascii()):
                    drawn.append(new_text(Drawn, cut.text % row))
                    continue
            drawn.append(self(*row))
        return drawn

    def _cut_for(self, given: tuple[str, ...]) -> _Cut:
        shape = tuple(map(truth, given))
        cut = self._cuts.get(shape)
        if cut is None:
            cut = self._cuts[shape] = _cut(self._macro, given)
        return cut


class Pieces:
    """All pieces of an environment."""

    __slots__ = ("_environment", "_found", "_pages")

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._found: dict[tuple[str, str], Piece] = {}
        self._pages: dict[tuple[object, ...], Piece] = {}

    def of(self, template: str, macro: str) -> Piece:
        """Return the piece that a macro draws; one that asks nothing of the page that it comes to stand on."""
        found = self._found.get((template, macro))
        if found is None:
            module = self._environment.get_template(template).module
            found = self._found[template, macro] = Piece(getattr(module, macro))
        return found

    def page(self, key: tuple[object, ...]) -> Piece | None:
        """Return the piece that was kept for a page of this kind."""
        return self._pages.get(key)

    def keep_page(self, key: tuple[object, ...], draw: Callable[..., str]) -> Piece:
        """Keep, and return, the piece that *draw* draws: it holds nothing of the request that asked for it."""
        if len(self._pages) >= MOST_PAGES:
            self._pages.clear()
        self._pages[key] = made = Piece(draw)
        return made


def joined(parts: Sequence[Drawn]) -> Drawn:
    """
    Return what several pieces wrote, one after the other.

    Raises:
        TypeError: If one of them is something that no template wrote.
    """
    if set(map(type, parts)) - {Drawn}:
        raise TypeError("Only what was drawn is joined.")
    return new_text(Drawn, "".join(parts))


def _cut(macro: Callable[..., str], given: tuple[str, ...]) -> _Cut:
    """Draw a macro with marks for whatever is given, and cut it at them."""
    drawn = macro(*(MARK.format(place) if value else "" for place, value in enumerate(given)))
    pieces = _MARKS.split(drawn)
    still, begins, marks, ends = pieces[::4], pieces[1::4], pieces[2::4], pieces[3::4]
    places = tuple(map(int, marks))
    isolated = {place for place, begin, end in zip(places, begins, ends, strict=True) if begin and end}
    missing = {place for place, value in enumerate(given) if value} - set(places)
    if missing:
        raise LookupError(f"{macro!r} does not write out what it is given in the places {sorted(missing)}")
    text = "%s".join(one.replace("%", "%%") for one in still)
    return _Cut(text, places, frozenset(isolated), places == tuple(range(len(given))))


def _isolated(value: str) -> str:
    if isinstance(value, Markup):
        raise TypeError("What stands beside text is words.")
    return written(isolate(value))
