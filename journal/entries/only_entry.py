"""
The only entry of its kind, or of its kind about one session: found, begun with its first words, and changed.

A change is made to what was read, and made again if another page saved first: nobody's words take another's place. A
restored entry, or one that was given back, may stand beside it; the latest begun counts, and one that was imported only
where there is no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from uuid import UUID

import msgspec
from tortoise.exceptions import IntegrityError

from crypto import join_fields
from journal.actor import Actor
from journal.catalogue.fields import Answers, EntryKind
from journal.catalogue.forms import FORMS
from journal.entries import by_kind, entries
from journal.errors import NotFound, StaleRevision
from journal.roles import Role
from journal.vault.documents import Beside, EntryDocument
from journal.vault.entry_rows import Entry

ATTEMPTS = 5  # one more for each change by another page meanwhile: taps come seconds apart
MAX_ADDED = 600  # as many notes as an entry of this make holds


def select_only_entry(found: Iterable[Entry], kind: EntryKind, session: UUID | None = None) -> Entry | None:
    """Return the only entry of a kind among *found*; with *session*, the one about that."""
    about = session.hex if session else None
    there = (
        one
        for one in found
        if not one.damaged and one.document.kind == kind and about in (None, one.document.session_id)
    )
    return find_latest(there)


def find_latest(found: Iterable[Entry]) -> Entry | None:
    """Return the one that counts of several: the latest begun, and an imported one only where there is no other."""
    return max(found, key=lambda one: (not _is_imported(one), one.created_at, one.id.hex), default=None)


def _is_imported(one: Entry) -> bool:
    beside = one.document.beside
    return beside is not None and beside.origin is not None


async def load_only_entry(actor: Actor, kind: EntryKind, session: UUID | None = None) -> Entry | None:
    """Return the actor's only entry of a kind, if there is one; with *session*, the one about that."""
    _, found = await by_kind.load_entries_of_kinds(actor, {kind})
    return select_only_entry(found, kind, session)


async def begin_only_entry(
    actor: Actor, document: EntryDocument, session: UUID | None = None, wanted: UUID | None = None
) -> bool:
    """
    Begin the only entry of the document's kind; return False, with nothing changed, if there is one.

    Args:
        session: The session that it is about, where there is one for each.
        wanted: The id that it is to have; without one, a random one.

    Raises:
        IntegrityError: If there is an entry of that id.
    """
    kind = EntryKind(document.kind)

    async def is_there() -> bool:
        return await load_only_entry(actor, kind, session) is not None

    return await entries.create_first_entry(actor, document, is_there, wanted)


async def begin_written_entry(actor: Actor, wanted: UUID, document: EntryDocument, sitting: str = "") -> UUID:
    """
    Begin the only entry of a kind with the first words that a page saves, unless there is one.

    Args:
        wanted: The id that it is to have.
        sitting: A random id of the page that writes.

    Returns:
        The id of the entry that there is now; that of another page's if that one was first.

    Raises:
        NotFound: If the id is somebody else's.
    """
    try:
        await begin_only_entry(actor, msgspec.structs.replace(document, sitting=sitting), wanted=wanted)
    except IntegrityError:
        raise NotFound from None
    there = await load_only_entry(actor, EntryKind(document.kind))
    if there is None:
        raise NotFound
    return there.id


async def change_only_entry(
    actor: Actor,
    kind: EntryKind,
    change: Callable[[Answers], Answers],
    refusal: str,
    *,
    session: UUID | None = None,
    revision: int | None = None,
    keep: bool | None = False,
) -> None:
    """
    Change the answers of the only entry of a kind, or begin it; on disk when this returns.

    Args:
        change: Returns the changed answers, of which blank ones are left out; it is asked anew when another page saved
            in between.
        refusal: The sentence for when nothing was changed.
        session: The session that it is about, where there is one for each.
        revision: The one that a page showed, 0 for none, where a change to any other would be a mistake.
        keep: Keep the text until now among the earlier versions, whatever was changed; None keeps none of it.

    Raises:
        StaleRevision: If the revision is another one, or others saved all the time; nothing was changed.
    """

    def change_document(before: EntryDocument) -> EntryDocument:
        return msgspec.structs.replace(before, answers=_sort_answers(kind, change(before.answers)))

    await _change_document(
        actor, kind, change_document, refusal, session=session, revision=revision, keep=keep
    )


async def add_once(
    actor: Actor,
    kind: EntryKind,
    changes: Mapping[str, Callable[[Answers], Answers]],
    refusal: str,
    *,
    session: UUID | None = None,
    keep: bool | None = False,
) -> None:
    """
    Make changes to the only entry of a kind, each of which has a name: one that was made before is not made again.

    Args:
        changes: By their names, from `name_change`.
        refusal: The sentence for when nothing was changed.
        keep: As for `change_only_entry`.

    Raises:
        StaleRevision: If others saved all the time; nothing was changed.
    """

    def change_document(before: EntryDocument) -> EntryDocument:
        beside, answers = before.beside or Beside(), before.answers
        anew = [name for name in changes if name not in beside.added]
        for name in anew:
            answers = changes[name](answers)
        if not anew:
            return before
        added = (*beside.added, *anew)[-MAX_ADDED:]
        remembered = msgspec.structs.replace(beside, added=added)
        return msgspec.structs.replace(before, answers=_sort_answers(kind, answers), beside=remembered)

    await _change_document(actor, kind, change_document, refusal, session=session, keep=keep)


def name_change(*parts: str) -> str:
    """Return the name of a change: a short digest of the random id of its form or note, and of what it adds."""
    return sha256(join_fields(*(part.encode() for part in parts))).hexdigest()[:16]


async def _change_document(
    actor: Actor,
    kind: EntryKind,
    change: Callable[[EntryDocument], EntryDocument],
    refusal: str,
    *,
    session: UUID | None,
    revision: int | None = None,
    keep: bool | None = False,
) -> None:
    actor.require_role(Role.PATIENT)
    for _ in range(ATTEMPTS):
        seen = await load_only_entry(actor, kind, session)
        if revision is not None and revision != (seen.revision if seen else 0):
            raise StaleRevision(refusal)
        about = session.hex if session else None
        before = seen.document if seen else EntryDocument(kind.value, session_id=about)
        document = change(before)
        if document == before:
            return
        if seen is None:
            if await begin_only_entry(actor, document, session):
                return
        elif await entries.replace_document(actor, seen, document, keep=keep):
            return
    raise StaleRevision(refusal)


def _sort_answers(kind: EntryKind, answers: Answers) -> Answers:
    """Return the answers that are not blank, in the order of the form, and what it does not ask after them."""
    places = {field.id: place for place, field in enumerate(FORMS[kind].fields)}
    names = sorted((name for name, answer in answers.items() if answer), key=lambda one: places.get(one, 99))
    return {name: answers[name] for name in names}
