"""Words and times of other programs: decoded, cleaned as everything that people write here, and parted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from journal.catalogue.fields import MAX_LINE_LENGTH, MAX_TEXT_LENGTH, EntryKind
from journal.importing.items import (
    EARLIEST_YEAR,
    MAX_JSON_BYTES,
    Assumed,
    Findings,
    ImportedEntry,
    LeftOut,
    Refusal,
    Refused,
    compute_digest,
    make_id,
)
from journal.sealing import UNREADABLE
from journal.time_zones import is_zone, parse_zone
from journal.user_input import clean_line, clean_text

FREE_TEXT = "free.text"
TITLE_LENGTH = MAX_LINE_LENGTH
FIRST_WORDS_LENGTH = 60
_LINE_MARKS = re.compile(r"\s*(?:(?:#+|[>*+-])\s+)*(?:\[[ xX]\] )?")
_LETTER = re.compile(r"\w")
NOON = time(12)
TOLERANCE = timedelta(days=1)
"""How far ahead of now a time may lie: clocks differ, and days begin elsewhere."""
MAX_FRONT_LINES = 200
_CLEANED_AT_ONCE = 40_000
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_FRONT = re.compile(r"([A-Za-z][\w -]{0,60})[ \t]*:(?:[ \t]+(.*))?")


@dataclass(frozen=True, slots=True)
class Clock:
    """The moment of reading, and the reader's own time zone."""

    now: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class Written:
    """When something was written: the moment, and the zone of it where that is told."""

    at: datetime
    zone: str = ""


def decode_text(content: bytes) -> str | None:
    """Return the text of a file in UTF-8 or UTF-16, by its mark; None for what is none."""
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16")
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def decode_json(content: bytes) -> Any:
    """Return what a JSON file holds; raises `Refused` for one that is none, or too large or too deep."""
    if len(content) > MAX_JSON_BYTES:
        raise Refused(Refusal.TOO_LARGE)
    try:
        return msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"))
    except UNREADABLE as error:
        raise Refused(Refusal.DAMAGED) from error


def as_text(value: object) -> str:
    """Return a value of a JSON file that has to be text, or nothing."""
    return value if isinstance(value, str) else ""


def as_list(value: object) -> list[Any]:
    """Return a value that has to be a list, or an empty one."""
    return value if isinstance(value, list) else []


def as_object(value: object) -> dict[str, Any]:
    """Return a value that has to be an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def clean_long(text: str) -> str:
    """Return a text of any length, cleaned as every text is: in pieces, since what is too long is not looked at."""
    return "".join(map(clean_text, _cut(text.replace("\r\n", "\n"), _CLEANED_AT_ONCE)))


def part_text(text: str) -> list[str]:
    """Return a cleaned text in parts that each fit into an entry; together they are the text."""
    return list(_cut(text, MAX_TEXT_LENGTH))


def _cut(text: str, most: int) -> Iterator[str]:
    """Yield pieces of at most so many characters, cut where a paragraph, a line or a word ends if there is one."""
    at = 0
    while len(text) - at > most:
        end = at + most
        for mark in ("\n\n", "\n", " "):
            place = text.rfind(mark, at + most // 2, end)
            if place >= 0:
                end = place + len(mark)
                break
        else:
            # Never before what belongs to the letter before it.
            while end > at + most // 2 and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f"):
                end -= 1
        yield text[at:end]
        at = end
    if at < len(text) or not text:
        yield text[at:]


def parse_written(text: str, zone: str, clock: Clock, found: Findings) -> Written | None:
    """
    Return when something was written; None for no time, or one that cannot be.

    Args:
        text: A day, or a day and a time, as ISO 8601 writes them; what lies between them may be a blank.
        zone: Where it was written, by its IANA name, as far as that is told.
        found: Counts a time of which it had to be assumed where, or at which hour, it was.
    """
    told = _MOMENT.fullmatch(text.strip()) if len(text) <= 60 else None
    if told is None:
        return None
    where = zone if is_zone(zone) else ""
    try:
        day = date.fromisoformat(told[1])
        at = _parse_time(told)
        offset = told[6] or ""
        if offset:
            moment = datetime.fromisoformat(f"{day}T{at.isoformat()}{_format_offset(offset)}")
        else:
            moment = datetime.combine(day, at, parse_zone(where or clock.zone))
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if moment.year < EARLIEST_YEAR or moment > clock.now + TOLERANCE:
        return None
    if told[2] is None:
        found.assume(Assumed.DAY_ONLY)
    elif not offset and not where:
        found.assume(Assumed.ZONELESS)
    return Written(moment, where)


def _parse_time(told: re.Match[str]) -> time:
    if told[2] is None:
        return NOON
    micro = int((told[5] or "").ljust(6, "0")[:6])
    return time(int(told[2]), int(told[3]), int(told[4] or 0), micro)


def _format_offset(offset: str) -> str:
    if offset.upper() in ("Z", "UTC"):
        return "+00:00"
    return offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"


def find_day(name: str) -> str:
    """Return the first day in a name, such as 2024-03-01, or nothing."""
    found = _DAY.search(name)
    return found[0] if found else ""


def add_text(
    found: Findings,
    clock: Clock,
    text: str,
    title: str,
    written: Written | None,
    changed: Written | None = None,
) -> None:
    """
    Add free writing: in parts where it is too long; one without a word is counted and left out.

    Without a title it is called by its first words, which stay in it.
    """
    line = clean_line(title[:_CLEANED_AT_ONCE])
    called = line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"
    # A title that is cut stands whole above the text.
    said = clean_long(text if called == line else f"{line}\n\n{text}").strip("\n")
    if not said.strip() and not called:
        found.leave_out(LeftOut.EMPTY)
        return
    called = called or find_first_words(said)
    is_dated = written is not None
    if written is None:
        found.assume(Assumed.UNDATED)
        written = Written(clock.now)
    at = min(written.at, clock.now)
    updated = min(max(changed.at, at), clock.now) if changed else at
    parts = part_text(said)
    if len(parts) > 1:
        found.assume(Assumed.PARTED)
    for number, part in enumerate(parts, 1):
        name = f"{called[: TITLE_LENGTH - 12]} {number}/{len(parts)}".strip() if len(parts) > 1 else called
        answers: dict[str, Any] = {FREE_TEXT: part} if part.strip() else {}
        # Parts of one text keep their order.
        moment = at + timedelta(microseconds=number - 1)
        found.add(
            ImportedEntry(
                make_id(),
                EntryKind.FREE.value,
                moment,
                max(updated, moment),
                compute_digest(EntryKind.FREE.value, name, "", answers, moment if is_dated else None),
                title=name,
                answers=answers,
                zone=written.zone,
            )
        )


def find_first_words(text: str) -> str:
    """Return the first words of a text, without what marks a heading, a quotation or a list before them."""
    lines = (one[found.end() :] for one in text.split("\n") if (found := _LINE_MARKS.match(one)))
    line = next(filter(_LETTER.search, lines), "")
    if len(line) <= FIRST_WORDS_LENGTH:
        return clean_line(line)
    short = line[:FIRST_WORDS_LENGTH]
    return clean_line(short.rpartition(" ")[0] or short).rstrip(" .,;:–—") + "…"


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What stands above a text, by names in small letters, and the text below it."""

    values: dict[str, str]
    text: str


def split_front_matter(text: str) -> FrontMatter:
    """
    Return the lines `name: value` between two lines of three dashes at the top of a text, and what is below.

    It is read as lines and as nothing else: no YAML is run, so nothing in it can refer, repeat or make an object. What
    is not closed, or is no such lines, is a part of the text.
    """
    lines = text[: 64 * 1024].split("\n", MAX_FRONT_LINES + 1)
    if lines[0].rstrip("\r \t") != "---":
        return FrontMatter({}, text)
    values: dict[str, str] = {}
    at = len(lines[0]) + 1
    for raw in lines[1 : MAX_FRONT_LINES + 1]:
        line = raw.rstrip("\r")
        at += len(raw) + 1
        if line.rstrip() in ("---", "..."):
            return FrontMatter(values, text[at:])
        told = _FRONT.fullmatch(line)
        if told is not None:
            values.setdefault(told[1].strip().lower(), _unquote((told[2] or "").strip()))
        elif line.strip() and not line.startswith((" ", "\t", "-", "#")):
            break
    return FrontMatter({}, text)


def _unquote(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
