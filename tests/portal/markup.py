"""Read a page as elements: which there are, what they say, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

EMPTY = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})


@dataclass
class Element:
    """One element: its attributes, all the text in it, and the tags and classes that it stands in."""

    tag: str
    attributes: dict[str, str]
    within: list[str]
    text: str = ""

    @property
    def words(self) -> str:
        """Its text with single blanks between the words."""
        return " ".join(self.text.split())


@dataclass
class Markup(HTMLParser):
    """A page, read once."""

    source: str
    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the source."""
        super().__init__()
        self.open: list[Element] = []
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and that what follows stands in it."""
        attributes = {name: value or "" for name, value in attrs}
        within = [name for one in self.open for name in (one.tag, *one.attributes.get("class", "").split())]
        element = Element(tag, attributes, within)
        self.elements.append(element)
        if tag not in EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and those in it that need no end of their own."""
        while self.open and self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Add text to every element that it stands in."""
        for element in self.open:
            element.text += data

    def all(self, tag: str = "", *, within: str = "", **attributes: str) -> list[Element]:
        """Return the elements of *tag* inside a tag or class, with these attributes."""
        return [
            one
            for one in self.elements
            if tag in ("", one.tag)
            and (not within or within in one.within)
            and all(one.attributes.get(name) == value for name, value in attributes.items())
        ]

    def one(self, tag: str = "", *, within: str = "", **attributes: str) -> Element:
        """Return the first such element, which has to be there."""
        return self.all(tag, within=within, **attributes)[0]
