"""
An evaluation asked for by a prescriber, and reviewed once its patient shared it.

A review is bound to the answers that were read. Nothing is blocked by it or by its absence: clinicians see how it
stands, and no answer says anything by itself. Another clinician knows of a review only what its patient shares of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from journal.actor import Actor
from journal.care import links
from journal.care.documents import ShareDocument
from journal.care.links import Link
from journal.care_notes import notes
from journal.care_notes.keeping import REVIEWED
from journal.care_notes.notes import CareNote, NoteKind, NoteVersion
from journal.care_notes.reviews import UNFINISHED, Outcome
from journal.catalogue.fields import Answer, Answers, EntryKind
from journal.catalogue.tracked import VERSION
from journal.errors import NotFound, StaleRevision
from journal.evaluation.changes import NOT_ANSWERS, compute_digest
from journal.evaluation.records import Evaluation
from journal.i18n import N_
from journal.measures.lines import get_noon
from journal.roles import Profession
from journal.sharing import reading
from journal.sharing.reading import IncomingShare
from journal.stamps import AUTHOR, find_author_name, parse_version
from journal.store.rows import OpenedRows
from journal.user_input import parse_day

ASK_SHOWN = timedelta(days=30)
"""How long home says that somebody asks for an evaluation."""
NOT_SHARED = N_("This is not shared with you any more. Nothing was saved, and your words are still here.")
SHARED_ANEW = N_(
    "A newer version was shared meanwhile. Nothing was saved, and your words are still here: read it again first."
)


class State(StrEnum):
    """How the evaluation of a patient stands for one clinician."""

    NOT_SHARED = "not-shared"
    NOT_REVIEWED = "not-reviewed"
    REVIEWED = "reviewed"
    CHANGED = "changed"
    UNKNOWN = "unknown"
    """It was reviewed, and nothing that is shared says whether these are the answers that were read."""


@dataclass(frozen=True, slots=True)
class Review:
    """
    A review as somebody reads it. `label` is ours, to be translated; the words are the prescriber's, in `language`.

    `at` is when it was written; of one that was shared its day is known alone, `noon`.
    """

    label: str
    words: str
    by: str
    language: str = ""
    at: datetime | None = None
    noon: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an evaluation stands for one clinician: the copy that they have, their own notes, and what they know."""

    state: State
    shared: IncomingShare | None
    asked: NoteVersion | None
    note: CareNote | None
    review: Review | None

    @property
    def is_answered(self) -> bool:
        """Return whether something was shared since it was asked for."""
        return bool(self.asked and self.shared and self.shared.shared_at >= self.asked.written_at)


@dataclass(frozen=True, slots=True)
class OwnReview:
    """
    A review as its patient reads it.

    `is_changed`: what was read is answered differently by now. `has_more`: something is answered that was not read.
    """

    link: Link
    note: CareNote
    is_changed: bool
    has_more: bool = False


def find_standing(shared: Sequence[IncomingShare], mine: Iterable[CareNote]) -> Standing:
    """
    Return how an evaluation stands for a clinician.

    Args:
        shared: What the patient shares with them.
        mine: The notes that they wrote for the patient. Without a review among them, they know one that was shared.
    """
    every = tuple(mine)
    copy = next((one for one in shared if one.document.kind == EntryKind.EVALUATION), None)
    asked, note = notes.find_only(every, NoteKind.ASK), notes.find_only(every, NoteKind.REVIEW)
    is_asked = asked is not None and asked.current.details.fields["asked"] == "yes"
    state = State.NOT_SHARED if copy is None else State.NOT_REVIEWED
    if note is not None:
        review: Review | None = build_review(note.current)
        if copy is not None:
            is_same = note.current.details.fields["digest"] == _compute(copy.document)
            state = State.REVIEWED if is_same else State.CHANGED
    else:
        review, compared = _find_shared_review(shared, copy)
        state = compared or state
    return Standing(state, copy, asked.current if asked and is_asked else None, note, review)


def build_review(one: NoteVersion) -> Review:
    """Return a review that its prescriber wrote."""
    fields = one.details.fields
    label, words = Outcome(fields["outcome"]).label, fields["words"]
    return Review(label, words, one.details.written_by, one.language, one.written_at)


def list_own_reviews(
    found: Iterable[tuple[Link, Iterable[CareNote]]], seen: Evaluation
) -> tuple[OwnReview, ...]:
    """Return the reviews of a patient's evaluation, by whoever wrote them."""
    return tuple(
        OwnReview(link, one, _is_changed(one.current, seen.answers), _has_more(one.current, seen.answers))
        for link, written in found
        for one in written
        if one.current.kind is NoteKind.REVIEW
    )


def list_open_asks(
    found: Iterable[tuple[Link, Iterable[CareNote]]], seen: Evaluation
) -> tuple[tuple[Link, NoteVersion], ...]:
    """Return who asks a patient for an evaluation that was not marked as done since."""
    every = list_asks(found)
    if seen.entry is None or not seen.version:
        return every
    done = seen.entry.updated_at
    return tuple((link, one) for link, one in every if one.written_at > done)


def list_asks(found: Iterable[tuple[Link, Iterable[CareNote]]]) -> tuple[tuple[Link, NoteVersion], ...]:
    """Return who asks a patient for an evaluation."""
    return tuple(
        (link, one.current)
        for link, written in found
        for one in written
        if one.current.kind is NoteKind.ASK and one.current.details.fields["asked"] == "yes"
    )


async def find_ask(actor: Actor, mine: Iterable[Link], seen: Evaluation) -> Link | None:
    """
    Return a prescriber who asked lately for an evaluation of which nothing was written since; it is no demand.

    Args:
        mine: The actor's care links.
    """
    theirs = [link for link in mine if link.peer_profession == Profession.PRESCRIBER.value]
    if not theirs:
        return None
    for link, one in list_asks(await notes.load_my_notes(actor, theirs)):
        is_answered = seen.entry is not None and seen.entry.updated_at >= one.written_at
        if not is_answered and actor.now - one.written_at < ASK_SHOWN:
            return link
    return None


async def ask(actor: Actor, patient: UUID, *, wanted: bool = True) -> None:
    """
    Ask a patient for an evaluation, or take that back; their patient reads it, and may leave it.

    It is written once, and anew where something was shared since.

    Raises:
        InvalidInput: If the actor is no prescriber.
        NotFound, SharingPaused, TrustBroken, StaleRevision: As `write_note` does.
    """
    link = await links.load_link_with(actor, patient)
    there = notes.find_only(await notes.load_notes(actor, link), NoteKind.ASK)
    day = actor.now.astimezone(actor.zone).date().isoformat()
    typed = {"asked": "yes" if wanted else "no", "day": day}
    note, base = (there.current.note, there.current.version) if there else (uuid4(), 0)
    is_asked = there is not None and there.current.details.fields["asked"] == "yes"
    if wanted is is_asked and not (wanted and await _is_answered(actor, link)):
        return
    await notes.write_note(actor, patient, NoteKind.ASK, typed, note, base)


async def _is_answered(actor: Actor, link: Link) -> bool:
    folder = await reading.open_folder(actor, link, OpenedRows())
    mine = await notes.load_notes(actor, link)
    return find_standing(folder.shared, mine).is_answered


async def write_review(
    actor: Actor, patient: UUID, share: UUID, digest: str, typed: Mapping[str, str], note: UUID, base: int
) -> None:
    """
    Write a review of a shared evaluation, or a newer version of it; on disk when this returns.

    Args:
        share: The copy that was read.
        digest: Of its answers, as the page had them.
        typed: `outcome` and `words`.
        note: The review's id; a new random one for a first review.
        base: The version that the writer saw; 0 for a first one.

    Raises:
        InvalidInput: If the actor is no prescriber, or something is missing.
        StaleRevision: If the copy is not shared, a newer version was shared or written, or care ended.
        NotFound, SharingPaused, TrustBroken: As `write_note` does.
    """
    link = await links.load_link_with(actor, patient)
    document = await _load_copy(actor, link, share)
    fields = {
        "outcome": typed["outcome"],
        "words": typed["words"],
        "share": share.hex,
        "digest": digest,
        "parts": ",".join(sorted(document.answers.keys() - NOT_ANSWERS)),
        "read_version": str(document.answers.get(VERSION, "")) or f"{UNFINISHED}{document.entry_revision}",
    }

    async def check() -> None:
        if _compute(await _load_copy(actor, link, share)) != digest:
            raise StaleRevision(SHARED_ANEW)

    await notes.write_note(actor, patient, NoteKind.REVIEW, fields, note, base, check=check)


async def _load_copy(actor: Actor, link: Link, share: UUID) -> ShareDocument:
    try:
        _, one = await reading.read_share(actor, link.patient, share)
    except NotFound:
        raise StaleRevision(NOT_SHARED) from None
    if one.document.kind != EntryKind.EVALUATION:
        raise StaleRevision(NOT_SHARED)
    return one.document


def _compute(document: ShareDocument) -> str:
    return compute_digest(document.answers)


def _is_changed(one: NoteVersion, answers: Answers) -> bool:
    fields = one.details.fields
    read: dict[str, Answer] = {part: answers[part] for part in fields["parts"].split(",") if part in answers}
    return compute_digest(read) != fields["digest"]


def _has_more(one: NoteVersion, answers: Answers) -> bool:
    return not answers.keys() - NOT_ANSWERS <= {*one.details.fields["parts"].split(",")}


def _find_shared_review(
    shared: Sequence[IncomingShare], copy: IncomingShare | None
) -> tuple[Review | None, State | None]:
    """Return the latest review that its patient kept and shared, and how the shared evaluation stands to it."""
    kept = [one.document for one in shared if REVIEWED in one.document.answers]
    # What only a file says that somebody wrote, or does not say who, is no review.
    found = [one for one in kept if find_author_name(str(one.answers.get(AUTHOR, "")))]
    if not found:
        return None, None
    latest = max(found, key=lambda one: str(one.answers.get("plan.from", "")))
    answers = latest.answers
    label = next((one.label for one in Outcome if one.value == answers[REVIEWED]), "")
    day = parse_day(str(answers.get("plan.from", "")))
    by = find_author_name(str(answers.get(AUTHOR, "")))
    review = Review(label, str(answers.get("plan.why", "")), by, latest.language, noon=get_noon(day))
    return review, _compare(copy.document, str(answers.get("plan.read", "")), day) if copy else None


def _compare(document: ShareDocument, read: str, day: date | None) -> State:
    """
    Return how a copy stands to the answers that a review was of.

    Where these were no version yet, the entry's revision says it: the first version of them, which alone comes right
    after it, has the same answers. Where nothing says what was read, a version from after the review's day is another.
    A copy that names no version may be of any.
    """
    now = str(document.answers.get(VERSION, ""))
    if read.startswith(UNFINISHED):
        same = {document.entry_revision, document.entry_revision - bool(now)}
        is_same = read in {f"{UNFINISHED}{revision}" for revision in same}
    elif not now:
        return State.UNKNOWN
    else:
        finished = parse_version(now)
        is_same = read == now if read else not (finished and day and finished.day > day)
    return State.REVIEWED if is_same else State.CHANGED
