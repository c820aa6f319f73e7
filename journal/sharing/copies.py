"""The copy of an entry that a clinician reads: the chosen parts, and which of them read differently since."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

import msgspec

from journal.care.documents import ShareDocument
from journal.catalogue.fields import EntryKind, Field
from journal.catalogue.forms import get_form
from journal.catalogue.tracked import CHANGES
from journal.errors import InvalidInput
from journal.i18n import N_, get_known_language
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry

TITLE = "title"  # the entry's own title is a part like any other
NOTE = "note"  # and so is the content note before it


def list_shareable_fields(entry: Entry) -> tuple[Field, ...]:
    """Return the answered questions of an entry that may be shared, in the form's order."""
    return tuple(
        field
        for field in get_form(EntryKind(entry.document.kind)).fields
        if field.shareable and field.id in entry.document.answers
    )


def list_shareable_parts(entry: Entry) -> tuple[str, ...]:
    """Return all of an entry that may be shared: its title and note, where it has them, and its answers."""
    heads = {TITLE: entry.document.title, NOTE: entry.document.note}
    return (
        *(head for head, words in heads.items() if words),
        *(field.id for field in list_shareable_fields(entry)),
    )


def build_copy(
    entry: Entry, fields: Iterable[str], now: datetime, zone: tzinfo = UTC, attention: str = ""
) -> ShareDocument:
    """
    Build the copy that a clinician will read: the chosen parts and nothing else.

    Args:
        zone: The patient's own, in which the entry's day is told.
        attention: What they ask of its reader.

    Raises:
        InvalidInput: If nothing is chosen that can be shared.
    """
    chosen = set(fields)
    kept = [part for part in list_shareable_parts(entry) if part in chosen]
    if not kept:
        raise InvalidInput(
            {"sections": N_("Choose at least one part to share, or keep the entry to yourself.")}
        )
    return ShareDocument(
        kind=entry.document.kind,
        title=entry.document.title if TITLE in kept else "",
        session_id=entry.document.session_id,
        answers={field: entry.document.answers[field] for field in kept if field not in (TITLE, NOTE)},
        fields=kept,
        written_at=entry.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        shared_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        entry_revision=entry.revision,
        note=entry.document.note if NOTE in kept else "",
        entry_id=entry.id.hex,
        written_on=entry.created_at.astimezone(zone).date().isoformat(),
        attention=attention,
        language=get_known_language(entry.document.language),
        imported=entry.document.is_imported,
    )


def is_partial(document: EntryDocument, copy: ShareDocument) -> bool:
    """Return whether an entry has a part that is not in *copy*, in whatever words."""
    parts = {*document.answers, *(head for head in (TITLE, NOTE) if getattr(document, head))}
    return not parts <= set(copy.fields)


def is_changed(entry: Entry, copy: ShareDocument) -> bool:
    """Return whether a copy of the same parts would be another one now."""
    try:
        now = build_copy(entry, copy.fields, entry.updated_at)
    except InvalidInput:
        return True
    if CHANGES in now.answers:  # of what changed, a copy says what its reader could read
        now = msgspec.structs.replace(now, answers={**now.answers, CHANGES: copy.answers.get(CHANGES, [])})
    same = msgspec.structs.replace(
        now,
        shared_at=copy.shared_at,
        entry_revision=copy.entry_revision,
        written_on=copy.written_on,
        attention=copy.attention,
        language=copy.language,
        imported=copy.imported,
    )
    return same != copy


def find_outdated(entry: Entry, copy: ShareDocument) -> frozenset[str]:
    """Return the parts of a copy that read differently in the entry now, or are gone from it."""
    then, now = _list_words(copy), _list_words(entry.document)
    told = [part for part in copy.fields if part != CHANGES or part not in now]
    return frozenset(part for part in told if then.get(part) != now.get(part))


def _list_words(document: EntryDocument | ShareDocument) -> dict[str, object]:
    return {TITLE: document.title, NOTE: document.note, **document.answers}
