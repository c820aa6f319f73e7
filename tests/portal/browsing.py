"""Fill in and send a page's form as a browser without JavaScript does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from httpx import AsyncClient, Response

from tests.portal.markup import Element, Markup

Typed = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Page:
    """A page that was fetched."""

    answer: Response
    markup: Markup

    @classmethod
    def of(cls, answer: Response) -> Page:
        """Read an answer."""
        return cls(answer, Markup(answer.text))

    @property
    def words(self) -> str:
        """All that the page's main part says."""
        return self.markup.one("main").words

    @property
    def heading(self) -> str:
        """The one first heading."""
        (heading,) = self.markup.all("h1")
        return heading.words

    @property
    def fields(self) -> dict[str, list[str]]:
        """What would be sent if nobody touched anything."""
        found: dict[str, list[str]] = {}
        select: Element | None = None
        for one in self.markup.elements:
            name, value = one.attributes.get("name", ""), one.attributes.get("value", "")
            if one.tag == "select":
                select = one
            if one.tag == "option" and select is not None:
                first = select.attributes["name"] not in found
                if first or "selected" in one.attributes:
                    found[select.attributes["name"]] = [value]
            if one.tag == "textarea":
                value = one.text.removeprefix("\n")  # a browser leaves the first newline out
            # What covers a page that nobody uses stands in a template, and is no form until it is taken out.
            if one.tag not in ("input", "textarea") or "form" not in one.within or "template" in one.within:
                continue
            if not name:
                continue
            if one.attributes.get("type") in ("radio", "checkbox") and "checked" not in one.attributes:
                continue
            found.setdefault(name, []).append(value)
        return found

    def value(self, name: str) -> str:
        """What stands in a field."""
        return self.fields[name][0]

    def filled(self, typed: Typed, go: str = "") -> dict[str, list[str]]:
        """What is sent after typing, with the button of value *go*."""
        sent = self.fields | {k: [v] if isinstance(v, str) else list(v) for k, v in typed.items()}
        return sent | ({"go": [go]} if go else {})


async def opened(browser: AsyncClient, path: str) -> Page:
    """Open a page that has to be there."""
    answer = await browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return Page.of(answer)


async def pressed(
    browser: AsyncClient, page: Page, go: str = "done", /, **typed: str | Sequence[str]
) -> Response:
    """Type into a writing page and press a button; questions are named with `__` for the dot."""
    return await browser.post(action(page), data=page.filled(dotted(typed), go))


async def autosaved(browser: AsyncClient, page: Page, /, **typed: str | Sequence[str]) -> Response:
    """Type into a writing page and rest for a second."""
    return await browser.post(action(page), data=page.filled(dotted(typed)), headers={"hx-request": "true"})


async def followed(browser: AsyncClient, answer: Response) -> Page:
    """Go where an answer leads."""
    assert answer.status_code == 303, answer.status_code
    return await opened(browser, answer.headers["location"])


def action(page: Page) -> str:
    """Where the writing page's form is sent."""
    return page.markup.one("form", **{"class": "form"}).attributes["action"]


def dotted(typed: Typed) -> dict[str, str | Sequence[str]]:
    """Name questions as forms do."""
    return {name.replace("__", "."): value for name, value in typed.items()}
