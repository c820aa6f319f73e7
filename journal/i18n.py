"""Sentences for people: marked here, translated where a page is rendered."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Self

LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "es": "Español"})
"""The languages of pages and mails by their tags (BCP 47), each under its own name."""
DEFAULT_LANGUAGE = "en"


def get_known_language(tag: str) -> str:
    """Return a tag that was stored if it is one of `LANGUAGES`, else nothing."""
    return tag if tag in LANGUAGES else ""


def N_(message: str) -> str:  # noqa: N802 - gettext's usual name for "mark, do not translate yet"
    """Return *message* unchanged, marked for extraction."""
    return message


class MarkedText(str):
    """A message that other languages say in another way elsewhere: `context` tells its translators where it stands."""

    context: str

    def __new__(cls, context: str, message: str) -> Self:
        """Build the message, which reads as it did."""
        marked = super().__new__(cls, message)
        marked.context = context
        return marked


def P_(context: str, message: str) -> str:  # noqa: N802 - as above
    """Return *message* marked for extraction with its *context*."""
    return MarkedText(context, message)


class Labelled(StrEnum):
    """A stored code that also carries the words people see for it."""

    label: str

    def __new__(cls, code: str, label: str = "") -> Self:
        """Build a member whose value is *code* alone, so that documents stay small and stable."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member
