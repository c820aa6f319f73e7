"""
Clean and parse what people typed: texts, lines and names; numbers, days and times.

Every form is read through here. What divides words still divides them afterwards, whichever sign it was, and
nothing that a person can see is left out: joined emoji, marks that turn the direction of writing and unusual
letters stay in a journal as they are.
"""

from __future__ import annotations

import re
from datetime import date, time

import regex

from crypto import has_mark_flood, normalize, plain_digits

MAX_NUMBER_LENGTH = 40
"""Characters of a number, a day or a time with blanks around it; what is longer is none."""
PHONE_DIGITS = range(3, 16)
"""How many digits a phone number has: up to 15 (ITU-T E.164), or as few as an emergency number."""
MAX_TEXT_LENGTH = 80_000
"""Characters of a text; what is longer is more than any field holds, also where each letter came as four signs."""
MAX_LINE_LENGTH = 4096
"""Characters of a line or a name; what is longer is more than any such field holds, and stays as it was typed."""

# What ends a line, for one program or another: Unicode's own separators and the old control signs.
_LINE_BREAKS = re.compile("\r\n|[\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029]")
# All other signs of the categories Cc and Cs, but for newline and tab: what files and terminals leave behind. No
# script is written with them.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x9f\ud800-\udfff]")
# It begins where blanks begin, or each blank of a long row would be looked at from every blank before it.
_BETWEEN_LINES = re.compile("(?<! ) *[\n\t][ \n\t]*")
# Signs that are not seen, or turn what stands beside a name; not those that make a letter or an emoji look right.
_INVISIBLE = regex.compile(
    r"[\p{Default_Ignorable_Code_Point}--[\u180b-\u180f\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef]]",
    regex.VERSION1,
)
# What people write between the digits of a phone number.
_PHONE_SEPARATORS = re.compile(r"[\s()./\u2010-\u2015\u2212-]")
# What parts words without being a blank: the zero-width space, and Hangul fillers, which look like one.
_WORD_SEPARATORS = str.maketrans(dict.fromkeys("\u200b\u115f\u1160\u3164\uffa0", " "))


def clean_text(text: str) -> str:
    """
    Return *text* in NFC, its lines divided by newlines, without control characters other than newline and tab.

    One that is longer than any field holds is not looked at, and stays as it was typed.
    """
    if len(text) > MAX_TEXT_LENGTH:
        return text
    text = _CONTROLS.sub("", _LINE_BREAKS.sub("\n", text))
    return text if has_mark_flood(text) else normalize("NFC", text)


def clean_line(text: str) -> str:
    """Return *text* cleaned and on one line, with a blank for what divided lines or columns and none at its ends."""
    text = clean_text(text)
    return text if len(text) > MAX_LINE_LENGTH else _BETWEEN_LINES.sub(" ", text).strip()


def clean_name(text: str) -> str:
    """
    Return *text* as the name of somebody or something: on one line, with single blanks between words.

    Names stand among words of others, so what cannot be seen and what turns the direction of writing is left out.
    """
    text = clean_line(text).translate(_WORD_SEPARATORS)
    if len(text) > MAX_LINE_LENGTH:
        return text
    name = " ".join(_INVISIBLE.sub("", text).split())
    return name if regex.search(r"[^\s\p{Default_Ignorable_Code_Point}]", name) else ""


def parse_whole_number(text: str, max_digits: int = 9) -> int | None:
    """Return the whole number that was typed, in the digits of any script; None when it is none or has more digits."""
    found = re.fullmatch("[0-9]+", _normalize_number(text))
    return int(found[0]) if found and len(found[0]) <= max_digits else None


def parse_phone(text: str) -> str | None:
    """
    Return the phone number that was typed, as it is shown; None when a phone would dial another one.

    Its digits keep their groups, with single blanks between them, so that what is dialed is what is shown. A zero in
    brackets after a country code is not dialed, so a number with one is none.
    """
    typed = _normalize_number(text)
    shown = " ".join(_PHONE_SEPARATORS.sub(" ", typed).split()).replace("+ ", "+", 1)
    if (
        re.fullmatch("[+]?[0-9]+( [0-9]+)*", shown) is None
        or len(re.findall("[0-9]", shown)) not in PHONE_DIGITS
    ):
        return None
    return None if "(0)" in typed and shown.startswith(("+", "00")) else shown


def build_phone_link(number: str) -> str:
    """Return the link that calls a number as `parse_phone` returned it: it dials the digits that are shown."""
    return "tel:" + number.replace(" ", "")


def parse_day(text: str) -> date | None:
    """Return the day that was typed as 2026-11-22, in the digits of any script; None when there is no such day."""
    found = re.fullmatch("([0-9]{4})-([0-9]{2})-([0-9]{2})", _normalize_number(text))
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def parse_time(text: str) -> time | None:
    """
    Return the time that was typed as 14:00, in the digits of any script; None when no clock shows it.

    A session is planned to the minute: seconds are understood when they are zero, and never dropped.
    """
    found = re.fullmatch("([0-9]{2}):([0-9]{2})(:00([.]0+)?)?", _normalize_number(text))
    try:
        return time(int(found[1]), int(found[2])) if found else None
    except ValueError:
        return None


def _normalize_number(text: str) -> str:
    if len(text) > MAX_NUMBER_LENGTH:
        return ""
    return plain_digits(text).replace("：", ":").strip()
