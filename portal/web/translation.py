"""
Translate for pages. What is translated is escaped as well: a sentence that came from a person stays text.

What is put into a sentence is isolated, so that words of another direction do not turn it.

The language is that of the task: a request has its own, and so has each mail and each export. Threads that a task asks
have the task's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from babel.lists import format_list
from babel.support import NullTranslations, Translations
from jinja2.runtime import Undefined
from markupsafe import Markup, escape

from journal.i18n import DEFAULT_LANGUAGE, MarkedText, get_known_language
from portal.web.isolation import isolate

CUT, LEEWAY = "...", 5  # what a cut ends with, and how many letters more are not cut
_QUOTED = re.compile(r'<span lang="(\w+)">[^<]*</span>')
_LIST_PLACES: Mapping[str, str] = MappingProxyType({"en": "en_GB", "es": "es"})
"""Where lists are written so: "A, B and C", as the rest of the English here."""
_BEFORE_I = re.compile(r"[\s\u2068]*(?:h?[ií](?![aeouáéóú])|y(?![aeiouáéíóú]))", re.IGNORECASE)
"""How words begin before which the Spanish “y” is “e”: Inés, Hilda, Yvonne; not Hielo, Yolanda."""
_language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)


def get_language() -> str:
    """Return the language of this task, one of `LANGUAGES`."""
    return _language.get()


def set_language(language: str) -> None:
    """Have the rest of this task speak *language*, one of `LANGUAGES`."""
    _language.set(language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak *language*, one of `LANGUAGES`, within; for what is written to somebody else."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


@cache
def _load_messages(language: str) -> NullTranslations:
    """Return the messages of a language, which are read from their file once a process."""
    return Translations.load(str(files("portal") / "locale"), [language])


class Translator:
    """Gettext for templates and views, in one language."""

    def __init__(self, language: str = DEFAULT_LANGUAGE) -> None:
        self._translations = _load_messages(language)

    def translate(self, message: str, **variables: object) -> str:
        """Translate *message*, as text, and put *variables* in."""
        found = self._find(message)
        return found % _isolate_variables(variables) if variables else found

    def gettext(self, message: str, **variables: object) -> Markup:
        """Translate *message* for a page and put *variables* in; all of it is escaped."""
        found = escape(self._find(message))
        return found % _isolate_variables(variables) if variables else found

    def pgettext(self, context: str, message: str, **variables: object) -> Markup:
        """Translate *message* as it is said in a *context*, which only translators see; else as `gettext`."""
        return self.gettext(MarkedText(context, message), **variables)

    def ngettext(self, one: str, many: str, number: int, **variables: object) -> Markup:
        """Translate the form that fits *number*, which the message may name as `%(num)s`."""
        found = escape(self._translations.ngettext(one, many, number))
        return found % {"num": number, **_isolate_variables(variables)}

    def gettext_optional(self, sentence: str | Undefined | None) -> Markup | None:
        """Translate a sentence that may not be there: `errors.name|optional_gettext` is None when nothing is wrong."""
        if sentence is None or isinstance(sentence, Undefined):
            return None
        return self.gettext(sentence)

    def _find(self, message: str) -> str:
        if not message:  # where a catalogue has its own head
            return ""
        found: object = (
            self._translations.pgettext(message.context, message)
            if isinstance(message, MarkedText)
            else self._translations.gettext(message)
        )
        return str(found)


def _isolate_variables(variables: Mapping[str, object]) -> dict[str, object]:
    return {name: isolate(value) for name, value in variables.items()}


def filter_lang(language: str) -> Markup:
    """Write the attribute of an element that holds somebody's words: nothing where the page speaks their language."""
    tag = get_known_language(language)
    return Markup(' lang="{}"').format(tag) if tag and tag != get_language() else Markup("")


def filter_quoted(words: str, language: str) -> str:
    """Write somebody's words into a sentence of the page: they say which language is theirs, where it is another."""
    said = filter_lang(language) if words else ""
    return Markup("<span{}>{}</span>").format(said, words) if said else words


def filter_shortened(words: str, length: int) -> str:
    """Shorten words to *length* letters; words that say their language still do."""
    if not isinstance(words, Markup):
        return words if len(words) <= length + LEEWAY else f"{words[: length - len(CUT)]}{CUT}"
    quoted = _QUOTED.fullmatch(words)
    return filter_quoted(filter_shortened(words.striptags(), length), quoted[1] if quoted else "")


def filter_listed(several: Iterable[object]) -> Markup:
    """Write a list into a sentence: "Ana, Bo and Cy"; each part is isolated and keeps its own language."""
    parts = [escape(isolate(one)) for one in several]
    language = get_language()
    turns = language == "es" and len(parts) > 1 and _BEFORE_I.match(parts[-1].striptags())
    return Markup(_build_list_pattern(language, len(parts), is_before_i=bool(turns))).format(*parts)  # noqa: S704


@cache
def _build_list_pattern(language: str, count: int, *, is_before_i: bool) -> str:
    places = [f"{{{place}}}" for place in range(count)]
    pattern: str = format_list(places, locale=_LIST_PLACES[language])
    return pattern.replace(" y ", " e ") if is_before_i else pattern
