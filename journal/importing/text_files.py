"""Read a folder of Markdown or plain text: each file is an entry, and what stands between dashes above it is read."""

from __future__ import annotations

from journal.importing.folder import Folder
from journal.importing.items import MAX_TEXT_BYTES, Findings, LeftOut, Source
from journal.importing.texts import Clock, add_text, decode_text, find_day, parse_written, split_front_matter

ENDINGS = (".md", ".markdown", ".txt", ".text")
WRITTEN = ("date", "created", "created_at", "created at", "datetime", "creation date")
CHANGED = ("updated", "updated_at", "modified", "last_modified", "lastmod")
ZONES = ("timezone", "time_zone", "time zone", "tz", "zone")
TAGS = ("tags", "tag", "keywords", "categories")
PICTURES = (
    ".jpg",
    ".jpeg",
    ".png",
    ".gif",
    ".webp",
    ".heic",
    ".mp3",
    ".m4a",
    ".wav",
    ".mp4",
    ".mov",
    ".pdf",
    ".svg",
)


def has_texts(folder: Folder) -> bool:
    """Return whether there is a file of text in a folder."""
    return any(name.lower().endswith(ENDINGS) for name in folder.names)


def read_texts(folder: Folder, clock: Clock) -> Findings:
    """Return each file of text as free writing; the title is told above it, or is the name of the file."""
    found = Findings(Source.TEXTS)
    found.leave_out(LeftOut.OTHER_FILES, folder.skipped)
    for name in folder.names:
        low = name.lower()
        if not low.endswith(ENDINGS):
            found.leave_out(LeftOut.MEDIA if low.endswith(PICTURES) else LeftOut.OTHER_FILES)
            continue
        text = decode_text(folder.read(name)) if folder.sizes[name] <= MAX_TEXT_BYTES else None
        if text is None:
            found.leave_out(LeftOut.BROKEN)
            continue
        _add(found, clock, name, text)
    return found


def _add(found: Findings, clock: Clock, name: str, text: str) -> None:
    front = split_front_matter(text)
    values = front.values
    zone = next((values[key] for key in ZONES if key in values), "")
    told = (values[key] for key in WRITTEN if key in values)
    dates = (*told, find_day(name.rpartition("/")[2]), find_day(name))
    written = next((at for one in dates if one and (at := parse_written(one, zone, clock, found))), None)
    changed = next((values[key] for key in CHANGED if key in values), "")
    stem = name.rpartition("/")[2].rpartition(".")[0]
    title = values["title"] if "title" in values else ("" if stem == find_day(stem) else stem)
    found.leave_out(LeftOut.TAGS, sum(bool(values.get(key)) for key in TAGS))
    known = {"title", *WRITTEN, *CHANGED, *ZONES, *TAGS}
    found.leave_out(LeftOut.FIELDS, len(values.keys() - known))
    add_text(
        found,
        clock,
        front.text,
        title,
        written,
        # What is assumed of when it was changed is nothing to tell.
        parse_written(changed, zone, clock, Findings(found.source)) if changed else None,
    )
