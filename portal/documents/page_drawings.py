"""Drawings of our pages, as they are printed: by themselves and in ink."""

from __future__ import annotations

from html import escape

from portal.documents.page_tree import Element

DRAWN = (
    'text{font-family:"Source Sans 3";font-size:9px;fill:#453c36}'
    ".picture-level{stroke:#d9cfc4;stroke-width:1}"
    ".picture-session{stroke:#453c36;stroke-width:1;stroke-dasharray:2 3}"
    ".chart-bar{stroke:#6b4a38;stroke-width:2;opacity:.55}"
    ".chart-point{fill:#fff;stroke:#6b4a38;stroke-width:1.5}"
    ".chart-line{fill:none;stroke:#6b4a38;stroke-width:1}"
    ".chart-plan,.chart-after{fill:#1d1714}"
    ".chart-medicine{fill:#fff;stroke:#1d1714;stroke-width:1}"
    ".chart-reference{stroke:#453c36;stroke-width:1;stroke-dasharray:1 3}"
    ".chart-span{stroke:#8a7b6e;stroke-width:1.5}"
    ".chart-before{fill:#fff;stroke:#1d1714;stroke-width:1.25}"
    ".chart-extreme{fill:#6b4a38}"
    ".chart-clinic{fill:none;stroke:#1d1714;stroke-width:1.25}"
    ".chart-span-clinic{stroke:#8a7b6e;stroke-width:1.25;stroke-dasharray:2 2}"
    ".picture-old{fill:none;stroke:#6b4a38;stroke-width:1.5}circle.picture-old{fill:#fff}"
    ".picture-new{fill:none;stroke:#1d1714;stroke-width:1.5}rect.picture-new{fill:#1d1714}"
)
"""The style sheet's rules for drawings, in ink: static/css/components.css."""


def write_drawing(one: Element) -> str:
    """Return a drawing by itself, in ink."""
    box = escape(one.attributes.get("viewbox", "0 0 1 1"))
    inner = "".join(
        write_element(child) for child in one.children if isinstance(child, str) or child.tag != "title"
    )
    return wrap_drawing(box, inner)


def wrap_drawing(box: str, inner: str) -> str:
    """Return elements as a drawing of its own; *box* is what of it is seen."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"><style>{DRAWN}</style>{inner}</svg>'


def write_element(one: Element | str) -> str:
    """Return an element of a drawing, or a text in it, as SVG."""
    if isinstance(one, str):
        return escape(one)
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in one.attributes.items())
    return f"<{one.tag}{attributes}>{''.join(map(write_element, one.children))}</{one.tag}>"
