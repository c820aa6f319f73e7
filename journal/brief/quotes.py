"""The lines of a brief: a patient's own words with the question they answer and the copy they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from journal.brief.layout import shorten
from journal.catalogue.fields import Answer, BriefRole, EntryKind, Field, FieldKind
from journal.catalogue.forms import form_of
from journal.sharing.reading import Shared

USES = 2  # of one skill
# Each line of these answers is an item of its own.
LISTS = frozenset({"int.top3", "prep.resources"})
# These are shown as `SkillLine`s.
PAIRED = frozenset({"ground.skill", "ground.helped"})


@dataclass(frozen=True, slots=True)
class Quote:
    """
    An answer as it was written, or the beginning of it.

    `chosen` answers are labels of ours that the patient chose: to be translated, never in quotation marks.
    """

    words: str
    question: str
    source: Shared
    cut: bool = False
    chosen: bool = False

    def shortened(self, letters: float) -> Quote:
        """Return it shortened to *letters*."""
        words, cut = shorten(self.words, letters)
        return replace(self, words=words, cut=cut)


@dataclass(frozen=True, slots=True)
class Step:
    """One small step: in the patient's words, how doable it seemed (0 to 10), by when, and how it went."""

    words: str
    source: Shared
    doable: int | None = None
    due: date | None = None
    went: str = ""
    learned: str = ""
    cut: bool = False
    learned_cut: bool = False

    def shortened(self, letters: float) -> Step:
        """Return it with its texts shortened to *letters*."""
        (words, cut), (learned, learned_cut) = shorten(self.words, letters), shorten(self.learned, letters)
        return replace(self, words=words, cut=cut, learned=learned, learned_cut=learned_cut)


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a grounding skill: whether it helped, and distress before and after (0 to 10)."""

    helped: str
    worse: bool
    before: int | None
    after: int | None
    source: Shared


@dataclass(frozen=True, slots=True)
class SkillLine:
    """
    A grounding skill and the latest times it was used; one that made things worse is among them.

    `cut`: it was used more often.
    """

    skill: str
    uses: tuple[Use, ...]
    cut: bool


def words_of(one: Shared, field: str) -> str:
    """Return a written answer of a copy, or an empty text."""
    answer = one.document.answers.get(field)
    return answer.strip() if isinstance(answer, str) else ""


def number_of(one: Shared, field: str) -> int | None:
    """Return a rating of a copy, where there is one."""
    answer = one.document.answers.get(field)
    return answer if isinstance(answer, int) else None


def quotes(shared: Iterable[Shared], role: BriefRole) -> Iterator[Quote]:
    """Yield what answers the questions of one role, copy by copy; written answers before chosen ones."""
    found = [quote for one in shared for quote in _quotes(one, role)]
    yield from sorted(found, key=lambda quote: quote.chosen)


def _quotes(one: Shared, role: BriefRole) -> Iterator[Quote]:
    for field in form_of(EntryKind(one.document.kind)).fields:
        answer = one.document.answers.get(field.id)
        if field.brief_role != role or field.id in PAIRED or answer is None:
            continue
        if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
            for label in field.chosen(answer):
                yield Quote(label, field.label, one, chosen=True)
            continue
        for line in _lines(field, answer):
            yield Quote(line, field.label, one)


def _lines(field: Field, answer: Answer) -> Iterator[str]:
    text = answer if isinstance(answer, str) else str(answer)
    lines = text.splitlines() if field.id in LISTS else [text]
    yield from (line.strip() for line in lines if line.strip())


def steps(shared: Iterable[Shared]) -> Iterator[Step]:
    """Yield the small steps, copy by copy, with how each went where that was shared."""
    went = form_of(EntryKind.INTEGRATION).field("int.followup")
    for one in shared:
        step, learned = words_of(one, "int.one_action"), words_of(one, "int.learned")
        followup = words_of(one, "int.followup")
        if step or learned or followup:
            how = went.chosen(followup)[0] if followup else ""
            yield Step(step, one, number_of(one, "int.confidence"), None, how, learned)
        if tried := words_of(one, "reframe.test_action"):
            due = words_of(one, "reframe.test_due")
            yield Step(tried, one, due=date.fromisoformat(due) if due else None)


def skills(shared: Iterable[Shared]) -> tuple[SkillLine, ...]:
    """Return the grounding skills that were used, each with its latest times."""
    form = form_of(EntryKind.GROUNDING)
    used: dict[str, list[Use]] = {}
    for one in shared:
        skill, helped = words_of(one, "ground.skill"), words_of(one, "ground.helped")
        if skill and one.document.kind == EntryKind.GROUNDING:
            used.setdefault(form.field("ground.skill").chosen(skill)[0], []).append(
                Use(
                    form.field("ground.helped").chosen(helped)[0] if helped else "",
                    helped == "worse",
                    number_of(one, "ground.suds_before"),
                    number_of(one, "ground.suds_after"),
                    one,
                )
            )
    return tuple(SkillLine(skill, _latest(uses), len(uses) > USES) for skill, uses in used.items())


def _latest(uses: list[Use]) -> tuple[Use, ...]:
    """Return the latest times, including one that made things worse."""
    latest = uses[:USES]
    worse = next((use for use in uses if use.worse), None)
    return tuple(latest) if worse is None or worse in latest else (*latest[:-1], worse)
