"""Save the words of sessions with the plan: sealed for those who see it, by whoever of them writes."""

from __future__ import annotations

from collections.abc import Collection

from journal.actor import Actor
from journal.care.links import Link
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.plan_words import reading as plan_words
from journal.sealing import SealingKey
from journal.sessions import rows as session_rows
from journal.sessions.rows import Session
from journal.sessions.session import TEXT_LENGTHS, SessionDetails
from journal.sessions.session_words import take_words

WORDS_CLOSED = N_(
    "This cannot be saved at present. Words of a session are sealed with a key that your patient gives you. You do not "
    "have it while sharing is paused, or before they have signed in again. Leave this as it was for now. The time and "
    "the place can be changed."
)


async def load_key(
    actor: Actor, link: Link | None, sessions: Collection[SessionDetails], title: str = ""
) -> SealingKey | None:
    """
    Return the key to seal words with, in the transaction that has locked the patient; None where there are no words.

    Args:
        title: That of the course which *sessions* are planned as.

    Raises:
        InvalidInput: For a clinician who has no key, by the fields that have words.
    """
    written = {name for details in sessions for name in TEXT_LENGTHS if getattr(details, name)}
    written |= {"title"} if title else set()
    if not written:
        return None
    key = await plan_words.load_key(actor, link)
    if key is None:
        raise InvalidInput(dict.fromkeys(written, WORDS_CLOSED))
    return key


async def save_with_words(
    actor: Actor,
    link: Link | None,
    current: Session,
    base: int,
    before: SessionDetails,
    details: SessionDetails,
) -> None:
    """
    Store a new revision of a session, and its words where they differ from those that the actor read in *before*.

    Words that do not open for the actor stay as they are, unless others are written.

    Raises:
        StaleRevision: If it was changed since *current* was read.
        InvalidInput: For a clinician who has no key, by the fields that they changed.
    """
    changed = [name for name in TEXT_LENGTHS if getattr(details, name) != getattr(before, name)]
    key = await plan_words.load_key(actor, link) if changed else None
    if key is not None:
        await session_rows.save_session(actor, current, base, details, take_words(details), key)
        return
    if changed and (
        changed != ["cancel_reason"] or details.cancel_reason
    ):  # of what is planned again none is shown
        raise InvalidInput(dict.fromkeys(changed, WORDS_CLOSED))
    await session_rows.save_session(actor, current, base, details)
