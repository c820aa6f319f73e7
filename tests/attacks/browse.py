"""Read pages as a browser without scripts would: where they lead, and what their forms would send."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from httpx import AsyncClient, Response
from lxml.etree import XPath
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from portal.routes import ROUTES, Rule

_PARSER = HTMLParser(encoding="utf-8", huge_tree=True)
_FOUND = XPath(
    "//*[self::a or self::form or self::input or self::textarea or self::select or self::button"
    " or @hx-post or @hx-put or @hx-patch or @hx-delete]"
)
"""What leads somewhere or is sent."""
Sent = list[tuple[str, str]]
WRITTEN = frozenset({"text", "search", "email", "password", "tel", "url", "textarea"})
"""Kinds of field in which people write as they like."""


@dataclass
class Control:
    """One field of a form. `options` are those of a select."""

    name: str
    kind: str
    value: str = ""
    chosen: bool = False
    maxlength: int | None = None
    options: list[str] = field(default_factory=list)


@dataclass
class Form:
    """A form, the page it stands on, and its fields in their order."""

    page: str
    action: str
    method: str
    controls: list[Control] = field(default_factory=list)

    def named(self, name: str) -> bool:
        """Return whether there is a field of this name."""
        return any(control.name == name for control in self.controls)

    def filled(self, write: Callable[[Control], str]) -> Sent:
        """Fill the form in: every choice made, every free field as *write* says."""
        sent: Sent = []
        decided: set[str] = set()
        chosen = {one.name for one in self.controls if one.kind in ("radio", "submit") and one.chosen}
        for one in self.controls:
            if not one.name or one.kind in ("button", "reset", "file"):
                continue
            if one.kind in ("radio", "submit"):
                if one.name in decided or (one.name in chosen and not one.chosen):
                    continue
                decided.add(one.name)
            sent.append((one.name, write(one) if one.kind in WRITTEN else _usual(one)))
        return sent


def _usual(control: Control) -> str:
    if control.kind == "select":
        return control.value or next((option for option in control.options if option), "")
    standing = {"date": "2031-03-24", "time": "11:00", "datetime-local": "2031-03-24T11:00", "number": "3"}
    return control.value or standing.get(control.kind, "on" if control.kind == "checkbox" else "")


@dataclass
class Page:
    """What one answer holds: `status`, the text, the addresses it leads to and its forms."""

    url: str
    status: int
    text: str
    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)


class _Reader:
    """
    Reads a page's elements in their order.

    By lxml, whose parser is not written in Python: the attacks read tens of thousands of pages.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        self._by_element: dict[object, Form] = {}
        self._by_id: dict[str, Form] = {}
        self._elsewhere: list[tuple[str, Control]] = []

    def read(self) -> None:
        """Find links, forms and their fields."""
        for element in _FOUND(document_fromstring(self._page.text.encode(), parser=_PARSER)):
            form = next(filter(None, map(self._by_element.get, element.iterancestors("form"))), None)
            self._note(element, dict(element.attrib), form)
        for ident, control in self._elsewhere:
            self._by_id[ident].controls.append(control)

    def _note(self, element: HtmlElement, seen: dict[str, str], form: Form | None) -> None:
        tag = element.tag
        if tag == "a" and "href" in seen:
            self._page.links.append(self._join(seen["href"]))
        if tag == "form":
            made = Form(self._page.url, self._join(seen.get("action", "")), seen.get("method", "get").lower())
            self._page.forms.append(made)
            self._by_element[element] = self._by_id[seen.get("id", "")] = made
        if tag in ("input", "textarea", "select", "button"):
            self._control(element, seen, form)
        for name in ("hx-post", "hx-put", "hx-patch", "hx-delete"):
            if name in seen and tag != "form":
                # It sends the form around it, and its own value with that.
                sent = Form(self._page.url, self._join(seen[name]), name.removeprefix("hx-"))
                sent.controls = form.controls if form else [Control(seen.get("name", ""), "text")]
                self._page.forms.append(sent)

    def _join(self, address: str) -> str:
        if address.startswith("/") and not address.startswith("//") and "/." not in address:
            return self._origin + address  # as `urljoin` would, which takes longer than all the rest
        return urljoin(self._page.url, address)

    def _control(self, element: HtmlElement, seen: dict[str, str], form: Form | None) -> None:
        if "disabled" in seen:
            return
        control = _build_control(element, seen)
        if "formaction" in seen:
            assert form is not None
            also = Form(self._page.url, self._join(seen["formaction"]), form.method)
            also.controls = form.controls
            self._page.forms.append(also)
        elif "form" in seen:
            self._elsewhere.append((seen["form"], control))
        elif form is not None:
            form.controls.append(control)


def _build_control(element: HtmlElement, seen: dict[str, str]) -> Control:
    tag = element.tag
    kind = seen.get("type", "submit" if tag == "button" else "text") if tag in ("input", "button") else tag
    if kind == "text" and seen.get("inputmode") == "numeric":
        kind = "number"
    length = int(seen["maxlength"]) if seen.get("maxlength") else None
    control = Control(seen.get("name", ""), kind, seen.get("value", ""), "checked" in seen, length)
    if tag == "textarea":
        control.value = (element.text or "").removeprefix("\n")
    if tag == "select":
        options = list(element.iter("option"))
        control.options = [one.get("value", "") for one in options]
        control.value = next(
            (one.get("value", "") for one in reversed(options) if "selected" in one.attrib), ""
        )
    return control


def read(answer: Response) -> Page:
    """Read one answer."""
    page = Page(str(answer.url), answer.status_code, answer.text)
    if answer.headers.get("content-type", "").startswith("text/html"):
        _Reader(page).read()
    return page


def pattern_of(path: str) -> re.Pattern[str]:
    """The addresses that a rule's path stands for."""
    return re.compile(re.sub(r"\{[a-z]+(?::uuid)?\}", "[^/]+", path))


_KNOWN = [(pattern_of(rule.path), rule.path, rule) for rule in ROUTES]


def rules_at(address: str, method: str) -> list[Rule]:
    """The rules that answer *method* at an address."""
    path = urlsplit(address).path
    literal = [rule for _, plain, rule in _KNOWN if plain == path]
    found = literal or [rule for pattern, _, rule in _KNOWN if pattern.fullmatch(path)]
    return [rule for rule in found if method.upper() in rule.methods]


async def walk(browser: AsyncClient, begin: Iterable[str], *, of_each: int = 2) -> list[Page]:
    """
    Follow every link to our own pages, at most *of_each* addresses to one rule.

    Addresses that differ in their query count as different: a page may show another form there. A page as PDF is left
    out: it is no page with links and forms, and to set it takes longer than all the others.
    """
    waiting, seen, pages = [urljoin(str(browser.base_url), path) for path in begin], set[str](), list[Page]()
    counts: dict[str, int] = {}
    while waiting:
        address = waiting.pop(0).partition("#")[0]
        ours = urlsplit(address).netloc == urlsplit(str(browser.base_url)).netloc
        rules = rules_at(address, "GET") if ours else []
        if (
            not rules
            or address in seen
            or "as=pdf" in address
            or counts.get(rules[0].path, 0) >= of_each * (1 + ("?" in address) * 4)
        ):
            continue
        seen.add(address)
        counts[rules[0].path] = counts.get(rules[0].path, 0) + 1
        page = read(await browser.get(address, follow_redirects=True))
        pages.append(page)
        waiting += page.links
    return pages
