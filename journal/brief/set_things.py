"""What was set for a talk, beside what came back: an answer that was shared, or a word that was said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from journal.brief.layout import SOURCE_LINES, count_lines, shorten_text
from journal.brief.quotes import get_text
from journal.catalogue.fields import EntryKind, FieldKind
from journal.catalogue.forms import get_form
from journal.coming_talk.documents import Mark
from journal.coming_talk.items import Item
from journal.sessions.rows import Session
from journal.sharing.reading import IncomingShare

WRITTEN = (FieldKind.TEXT, FieldKind.LINE)


@dataclass(frozen=True, slots=True)
class SetThing:
    """
    One thing that was set. `words` and `why` are its clinician's; words of ours are in `item`, to be translated.

    `answer` is the beginning of what was shared as an answer, which stands in `source`; empty where nothing is written
    in it. Without a source nothing came back that was shared.
    """

    item: Item
    words: str
    why: str
    source: IncomingShare | None = None
    answer: str = ""
    words_cut: bool = False
    answer_cut: bool = False

    @property
    def drawn_from(self) -> tuple[UUID, ...]:
        """Return the id of the copy that answers it."""
        return () if self.source is None else (self.source.id,)

    @property
    def is_cut(self) -> bool:
        """Return whether there is more of the answer."""
        return self.answer_cut

    def shorten(self, letters: float) -> SetThing:
        """Return it with its texts shortened to *letters*."""
        words, words_cut = shorten_text(self.words, letters)
        answer, answer_cut = shorten_text(self.answer, letters)
        why, why_cut = shorten_text(self.why, letters)
        return replace(
            self,
            words=words,
            words_cut=words_cut,
            why=f"{why} …" if why_cut else why,
            answer=answer,
            answer_cut=answer_cut,
        )

    def count_lines(self, width: int) -> float:
        """Return how many printed lines it takes, with what came back."""
        told = count_lines(self.words or self.item.title, width) + SOURCE_LINES * count_lines(self.why, width)
        came = count_lines(self.answer, width) + (SOURCE_LINES if self.source or self.item.word else 0)
        return told + came


def list_set_things(
    items: Sequence[Item], plan: Iterable[Session], session: Session | None, shared: Iterable[IncomingShare]
) -> tuple[SetThing, ...]:
    """
    Return what was set for *session*, and what was set for an earlier talk and has no mark yet.

    What was talked about, or comes again, stands behind; what was let go is left out.

    Args:
        items: What is set over the care link, those set first first.
    """
    begins = {one.id: one.begins_at for one in plan}
    here = None if session is None else session.id

    def is_wanted(one: Item) -> bool:
        if one.session == here:
            return one.mark is not Mark.LET_GO
        at = begins.get(one.session)
        is_earlier = at is None or session is None or at < session.begins_at
        return one.mark is None and is_earlier

    answers = {one.document.entry_id: one for one in shared}
    found = [_build_thing(one, answers.get(one.answer.hex)) for one in items if is_wanted(one)]
    return tuple(sorted(found, key=_is_talked_about))


def _is_talked_about(one: SetThing) -> bool:
    return one.item.mark is not None or (one.source is not None and one.source.talked_at is not None)


def _build_thing(item: Item, source: IncomingShare | None) -> SetThing:
    answer = "" if source is None else _find_answer(source)
    return SetThing(item, item.thing.words, item.thing.why, source, answer)


def _find_answer(one: IncomingShare) -> str:
    """Return the first written answer of a copy, or nothing."""
    fields = get_form(EntryKind(one.document.kind)).fields
    told = (get_text(one, field.id) for field in fields if field.kind in WRITTEN)
    return next(filter(None, told), "")
