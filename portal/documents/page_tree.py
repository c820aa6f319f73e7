"""A rendered page as a tree of elements, with what of it is for the screen alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
SCREEN_TAGS = frozenset(
    {"button", "datalist", "dialog", "form", "nav", "noscript", "script", "style", "template"}
)
SCREEN_ONLY = frozenset(
    {
        "actions",
        "breadcrumb",
        "calls-row",
        "chart-choices",
        "cover-words",
        "icon",
        "cut-note",
        "no-print",
        "pager",
        "tabs",
        "writing-tools",
    }
)
TEXT_BLOCKS = frozenset({"p", "dt", "dd", "figcaption", "summary", "caption", "label"})
CONTAINERS = frozenset(
    {
        "article",
        "aside",
        "blockquote",
        "details",
        "div",
        "dl",
        "figure",
        "footer",
        "header",
        "li",
        "main",
        "ol",
        "section",
    }
    | {"svg", "table", "ul", *TEXT_BLOCKS, *(f"h{level}" for level in range(1, 7))}
)
OWN_LINES = frozenset({"brief-when", "chart-by", "chart-words", "summary-about"})
"""Classes of what stands on lines of its own within a text."""


@dataclass(slots=True)
class Element:
    """An element of a page, with what stands in it."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> frozenset[str]:
        """Return its classes."""
        return frozenset(self.attributes.get("class", "").split())

    @property
    def is_printed(self) -> bool:
        """Return whether it is for paper too."""
        return not (self.tag in SCREEN_TAGS or "hidden" in self.attributes or self.classes & SCREEN_ONLY)

    @property
    def is_inline(self) -> bool:
        """Return whether it is a part of a line of text."""
        return not (self.tag in CONTAINERS or self.tag == "br" or self.classes & OWN_LINES)

    @property
    def elements(self) -> list[Element]:
        """Return the elements in it that are for paper too."""
        return [one for one in self.children if isinstance(one, Element) and one.is_printed]


class _Parser(HTMLParser):
    """Builds the tree of a page's main part."""

    def __init__(self) -> None:
        super().__init__()
        self.main = Element("main", {})
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element; what stands outside of the main part is passed over."""
        if tag == "main":
            self.open = [self.main]
        elif self.open:
            one = Element(tag, {name: value or "" for name, value in attrs})
            self.open[-1].children.append(one)
            if tag not in VOID:
                self.open.append(one)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin and end an element."""
        if self.open:
            self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """End the element that is open."""
        names = [one.tag for one in self.open]
        if tag in names:
            del self.open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        """Take text as it is."""
        if self.open:
            self.open[-1].children.append(data)


def read_tree(page: str) -> Element:
    """Return the main part of a page."""
    parser = _Parser()
    parser.feed(page)
    parser.close()
    return parser.main
