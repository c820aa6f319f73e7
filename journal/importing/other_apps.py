"""
Read what other programs export as JSON: Day One, Journiv and DailyTxT. docs/export-format.md says what they write.

Nothing that stands in such a file is believed to be of its type. What is of another one counts as left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from journal.importing.folder import Folder
from journal.importing.items import MAX_ENTRIES, Findings, LeftOut, Refusal, Refused, Source
from journal.importing.text_files import has_texts
from journal.importing.texts import (
    Clock,
    Written,
    add_text,
    as_list,
    as_object,
    as_text,
    decode_json,
    parse_written,
)
from journal.sealing import UNREADABLE

JOURNIV_FILE = "data.json"
MONTH = re.compile(r"(?:^|/)(\d{4})/(\d{2})\.json")
DAILY_TXT_USER = "user.json"
DAILY_TXT_PAGES = re.compile(r"(?:^|/)DailyTxT_[\w-]+\.html")

DAY_ONE_KNOWN = frozenset(
    {
        "uuid",
        "text",
        "richText",
        "creationDate",
        "modifiedDate",
        "timeZone",
        "tags",
        "photos",
        "videos",
        "audios",
        "pdfAttachments",
        "location",
        "weather",
    }
)
DAY_ONE_MACHINE = frozenset(
    {
        "creationDevice",
        "creationDeviceType",
        "creationDeviceModel",
        "creationOSName",
        "creationOSVersion",
        "duration",
        "editingTime",
        "isAllDay",
        "isPinned",
        "starred",
        "pinned",
        "userActivity",
        "sourceString",
    }
)
"""What Day One notes of the device and of how an entry is listed: nothing that anybody wrote."""
JOURNIV_KNOWN = frozenset(
    {
        "title",
        "content",
        "content_delta",
        "content_plain_text",
        "entry_date",
        "entry_datetime_utc",
        "entry_timezone",
        "created_at",
        "updated_at",
        "tags",
        "media",
        "mood_log",
        "location_json",
        "latitude",
        "longitude",
        "weather_json",
        "weather_summary",
        "temperature",
        "word_count",
        "is_pinned",
        "is_draft",
        "external_id",
        "import_metadata",
        "journal_external_id",
        "logged_at",
        "logged_at_utc",
        "logged_date",
        "logged_date_tz",
        "logged_timezone",
        "location_data",
        "weather_data",
        "primary_mood_name",
        "primary_mood_external_id",
        "mood_activity",
        "note",
        "entry",
        "people_external_ids",
    }
)
DAY_ONE_MEDIA = ("photos", "videos", "audios", "pdfAttachments")
DAY_ONE_PICTURE = re.compile(r"!\[([^\]\n]*)\]\(dayone-moment:[^)\s]*\)")
DAY_ONE_PICTURE_LINE = re.compile(
    r"^(?:[ \t]*!\[\]\(dayone-moment:[^)\s]*\))+[ \t]*(?:\n|\Z)\n?", re.MULTILINE
)
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
"""A backslash before a sign of ASCII."""
MARKUP = re.compile(r"!?\[[^\]\n]*\]\([^)\s]*\)|^[ \t]*[0-9]+\.(?= )|\\.", re.MULTILINE)
"""Links, the numbers of lists, and what has a backslash before it."""
BARE = re.compile("[.!()]")
"""Signs before which Day One always puts a backslash."""
DAILY_TXT_KNOWN = frozenset({"day", "text", "date_written", "files", "tags", "isBookmarked", "history"})


def find_json(folder: Folder) -> tuple[Source, tuple[str, ...]] | None:
    """Return what wrote the JSON files of a folder, and which they are; None where none of these did."""
    months = tuple(name for name in folder.names if MONTH.search(name))
    if months:
        return Source.DAILY_TXT, months
    files = tuple(name for name in folder.names if name.lower().endswith(".json") and name.count("/") <= 1)
    named = next((name for name in files if name.rpartition("/")[2] == JOURNIV_FILE), None)
    is_broken = False
    for name in (named,) if named else files:
        try:
            head = as_object(decode_json(folder.read(name)))
        except Refused:
            is_broken = True  # which is no matter beside files of text
            continue
        if "journals" in head or "moments" in head:
            return Source.JOURNIV, (name,)
        if "entries" in head:
            return Source.DAY_ONE, files
    if is_broken and not has_texts(folder):
        raise Refused(Refusal.DAMAGED)
    return None


def read_day_one(folder: Folder, names: Sequence[str], clock: Clock) -> Findings:
    """Return the entries of Day One: a file for each of its journals."""
    found = Findings(Source.DAY_ONE)
    _count_others(found, folder, names)
    for name in names:
        for one in _take(decode_json(folder.read(name)), "entries"):
            if not isinstance(one, dict):
                found.leave_out(LeftOut.BROKEN)
                continue
            zone = as_text(one.get("timeZone")).replace("\\/", "/")
            rich = _read_rich_text(one.get("richText"))
            text = rich if one.get("text") is None else one["text"]
            if not isinstance(text, str):
                found.leave_out(LeftOut.BROKEN)
                continue
            text, pictures = _take_out_pictures(text)
            if one.get("text") is not None:
                text = _undo_escapes(text, rich)
            found.leave_out(
                LeftOut.MEDIA, max(0, pictures - sum(len(as_list(one.get(name))) for name in DAY_ONE_MEDIA))
            )
            _count_details(
                found,
                one,
                media=DAY_ONE_MEDIA,
                places=("location", "weather"),
                moods=(),
                known=DAY_ONE_KNOWN | DAY_ONE_MACHINE,
            )
            written = parse_written(as_text(one.get("creationDate")), zone, clock, found)
            changed = parse_written(as_text(one.get("modifiedDate")), zone, clock, Findings(found.source))
            add_text(found, clock, text, "", written, changed)
    return found


def _take_out_pictures(text: str) -> tuple[str, int]:
    """Return a text without what stands in it for pictures, sounds and films, and how many there were."""
    words = DAY_ONE_PICTURE.sub(r"\1", DAY_ONE_PICTURE_LINE.sub("", text))
    return words, sum(1 for _ in DAY_ONE_PICTURE.finditer(text))


def _undo_escapes(text: str, rich: str | None) -> str:
    """
    Return Markdown of Day One's without the backslashes that Day One put before signs, and with all of its writer's.

    Day One keeps a text as it was typed and exports it as Markdown, with a backslash before each sign that could be
    markup (CommonMark 0.31, 2.4). Where its rich text is there too, that has every word as it was typed: only if all of
    them are found is a backslash taken out. Where it is not, a text in which a sign stands bare was not exported so.
    """
    plain = ESCAPED.sub(r"\1", text)
    if not rich:
        return text if BARE.search(MARKUP.sub("", text)) else plain
    at = 0
    for word in rich.split():
        at = plain.find(word, at)
        if at < 0:
            return text
        at += len(word)
    return plain


def _read_rich_text(text: object) -> str | None:
    """Return the words of Day One's rich text, for an entry that has no plain ones; None for what is none."""
    if text is None or text == "":
        return ""
    try:
        told = msgspec.json.decode(as_text(text))
    except UNREADABLE:
        return None
    return "".join(as_text(as_object(one).get("text")) for one in as_list(as_object(told).get("contents")))


def read_journiv(folder: Folder, name: str, clock: Clock) -> Findings:
    """Return the entries of Journiv: of its journals (formats 1.0 to 1.4) and of its moments (from 1.5 on)."""
    found = Findings(Source.JOURNIV)
    _count_others(found, folder, (name,))
    data = decode_json(folder.read(name))
    for journal in _take(data, "journals"):
        for one in _take(journal, "entries"):
            _add_journiv(found, clock, one, one)
    for moment in _take(data, "moments"):
        entry = as_object(moment).get("entry")
        _add_journiv(found, clock, moment, {} if entry is None else entry)
    return found


def _add_journiv(found: Findings, clock: Clock, around: object, entry: object) -> None:
    """Add an entry; times, tags and all else stand *around* it, in the moment or in itself."""
    if not (isinstance(around, dict) and isinstance(entry, dict)):
        found.leave_out(LeftOut.BROKEN)
        return
    zone = as_text(around.get("entry_timezone") or around.get("logged_timezone"))
    text, pictures = _read_delta(as_object(entry.get("content_delta")))
    text = text or as_text(entry.get("content")) or as_text(entry.get("content_plain_text"))
    note = as_text(around.get("note"))
    media = as_list(around.get("media"))
    found.leave_out(LeftOut.MEDIA, max(0, pictures - len(media)))
    _count_details(
        found,
        {**entry, **around},
        media=("media",),
        places=("location_json", "weather_json", "location_data", "weather_data"),
        moods=("mood_log", "mood_activity", "primary_mood_name"),
        known=JOURNIV_KNOWN,
    )
    said = "\n\n".join(filter(None, (text, note)))
    title = as_text(entry.get("title"))
    if not (said.strip() or title.strip()) and around is not entry:
        return  # a moment of a mood alone, which was counted as one
    told = next((at for key in JOURNIV_TIMES if (at := as_text(around.get(key)))), "")
    written = parse_written(_as_utc(told), zone, clock, found)
    changed = parse_written(_as_utc(as_text(entry.get("updated_at"))), zone, clock, Findings(found.source))
    add_text(found, clock, said, title, written, changed)


JOURNIV_TIMES = (
    "entry_datetime_utc",
    "logged_at_utc",
    "logged_at",
    "created_at",
    "entry_date",
    "logged_date_tz",
)


def _as_utc(text: str) -> str:
    """Return a time of Journiv's, which is UTC also where it does not tell; a day stays one."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{text}Z" if "T" in text and told.tzinfo is None else text


def _read_delta(delta: dict[str, Any]) -> tuple[str, int]:
    """Return the words of a Quill delta and how many things in it are none."""
    inserted = [as_object(one).get("insert") for one in as_list(delta.get("ops"))]
    words = "".join(one for one in inserted if isinstance(one, str))
    return words, sum(isinstance(one, dict) for one in inserted)


def read_daily_txt(folder: Folder, months: Sequence[str], clock: Clock) -> Findings:
    """Return the days of DailyTxT from a backup that is not encrypted: a file for each month."""
    base = months[0][: MONTH.search(months[0]).start()]  # type: ignore[union-attr]
    if f"{base}/{DAILY_TXT_USER}".lstrip("/") in folder.names:
        raise Refused(Refusal.LOCKED_BACKUP)
    found = Findings(Source.DAILY_TXT)
    _count_others(found, folder, months)
    for name in months:
        told = MONTH.search(name)
        for one in _take(decode_json(folder.read(name)), "days"):
            day = one.get("day") if isinstance(one, dict) else None
            if told is None or not isinstance(day, int) or isinstance(day, bool):
                found.leave_out(LeftOut.BROKEN)
                continue
            _count_details(found, one, media=("files",), places=(), moods=(), known=DAILY_TXT_KNOWN)
            text = one.get("text", "")
            if not isinstance(text, str):
                found.leave_out(LeftOut.BROKEN)
                continue
            _add_day(found, clock, f"{told[1]}-{told[2]}-{day:02d}", text, as_list(one.get("history")))
    return found


def _add_day(found: Findings, clock: Clock, day: str, text: str, history: Iterable[Any]) -> None:
    written: Written | None = parse_written(day, "", clock, found)
    add_text(found, clock, text, "", written)
    found.leave_out(LeftOut.FIELDS, sum(bool(as_text(as_object(one).get("text"))) for one in history))


def _take(holder: object, name: str) -> list[Any]:
    """Return a list of an object, or an empty one; raises `Refused` for more than can be read."""
    found = as_list(as_object(holder).get(name))
    if len(found) > MAX_ENTRIES:
        raise Refused(Refusal.TOO_MANY)
    return found


def _count_details(
    found: Findings,
    one: dict[str, Any],
    *,
    media: Sequence[str],
    places: Sequence[str],
    moods: Sequence[str],
    known: frozenset[str],
) -> None:
    """Count what stays out of one entry."""
    found.leave_out(LeftOut.MEDIA, sum(len(as_list(one.get(name))) for name in media))
    found.leave_out(LeftOut.TAGS, len(as_list(one.get("tags"))))
    found.leave_out(LeftOut.PLACES, sum(bool(one.get(name)) for name in places))
    found.leave_out(LeftOut.MOODS, int(any(one.get(name) for name in moods)))
    found.leave_out(LeftOut.FIELDS, sum(name not in known and bool(value) for name, value in one.items()))


def _count_others(found: Findings, folder: Folder, names: Iterable[str]) -> None:
    """Count the files that are not read; pictures are told of by the entries that they belong to."""
    rest = set(folder.names) - set(names)
    media = re.compile(r"(?:^|/)(?:photos|videos|audios|pdfs|media|files)/", re.IGNORECASE)
    found.leave_out(LeftOut.OTHER_FILES, sum(not media.search(name) for name in rest) + folder.skipped)
