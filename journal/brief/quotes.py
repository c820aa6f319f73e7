"""The lines of a brief: a patient's own words with the question they answer and the copy they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import product
from types import MappingProxyType
from uuid import UUID

from journal.brief.layout import SOURCE_LINES, count_lines, shorten_text
from journal.catalogue.fields import Answer, BriefRole, EntryKind, Field, FieldKind
from journal.catalogue.forms import get_form
from journal.dosing_day.lines import summarize_medicine, summarize_readings
from journal.sharing.reading import IncomingShare
from journal.sitter.lines import Check, CheckState, parse_checks

MAX_CHECKS = 3  # of a sitter's
MAX_USES = 2  # of one skill
# Each line of these answers is an item of its own.
LIST_FIELDS = frozenset({"int.top3", "prep.resources"})
# These are shown as `SkillLine`s.
SKILL_FIELDS = frozenset({"ground.skill", "ground.helped"})
_SUMMARIES = MappingProxyType(
    {FieldKind.MEDICINE: summarize_medicine, FieldKind.READINGS: summarize_readings}
)


@dataclass(frozen=True, slots=True)
class Quote:
    """
    An answer as it was written, or the beginning of it.

    `chosen` answers are labels of ours that the patient chose: to be translated, never in quotation marks.
    `noted` are times and readings, put into one line; `checks` are those of a sitter, in place of a text.
    """

    text: str
    question: str
    source: IncomingShare
    cut: bool = False
    chosen: bool = False
    noted: bool = False
    checks: tuple[Check, ...] = ()

    @property
    def drawn_from(self) -> tuple[UUID, ...]:
        """Return the id of the copy that it is quoted from."""
        return (self.source.id,)

    @property
    def is_cut(self) -> bool:
        """Return whether there is more of the answer."""
        return self.cut

    def shorten(self, letters: float) -> Quote:
        """Return it shortened to *letters*."""
        if self.checks:
            told = [shorten_text(one.words, letters / len(self.checks)) for one in self.checks]
            short = (replace(one, words=words) for one, (words, _) in zip(self.checks, told, strict=True))
            return replace(self, checks=tuple(short), cut=self.cut or any(cut for _, cut in told))
        words, cut = shorten_text(self.text, letters)
        return replace(self, text=words, cut=cut)

    def count_lines(self, width: int) -> float:
        """Return how many printed lines it takes, with its question and source."""
        told = "; ".join(f"00:00 · needs help · {one.words}" for one in self.checks) or self.text
        return count_lines(told, width) + SOURCE_LINES


@dataclass(frozen=True, slots=True)
class Step:
    """One small step: in the patient's words, how doable it seemed (0 to 10), by when, and how it went."""

    text: str
    source: IncomingShare
    doable: int | None = None
    due: date | None = None
    outcome: str = ""
    learned: str = ""
    cut: bool = False
    learned_cut: bool = False

    @property
    def drawn_from(self) -> tuple[UUID, ...]:
        """Return the id of the copy that it stands in."""
        return (self.source.id,)

    @property
    def is_cut(self) -> bool:
        """Return whether there is more of it."""
        return self.cut or self.learned_cut

    def count_lines(self, width: int) -> float:
        """Return how many printed lines it takes, with its source."""
        return count_lines(self.text, width) + count_lines(self.learned, width) + SOURCE_LINES

    def shorten(self, letters: float) -> Step:
        """Return it with its texts shortened to *letters*."""
        (words, cut), (learned, learned_cut) = (
            shorten_text(self.text, letters),
            shorten_text(self.learned, letters),
        )
        return replace(self, text=words, cut=cut, learned=learned, learned_cut=learned_cut)


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a grounding skill: whether it helped, and distress before and after (0 to 10)."""

    helped: str
    worse: bool
    before: int | None
    after: int | None
    source: IncomingShare


@dataclass(frozen=True, slots=True)
class SkillLine:
    """
    A grounding skill and the latest times it was used; one that made things worse is among them.

    `cut`: it was used more often.
    """

    skill: str
    uses: tuple[Use, ...]
    cut: bool

    @property
    def worse(self) -> bool:
        """Return whether it ever made things worse."""
        return any(use.worse for use in self.uses)

    @property
    def drawn_from(self) -> tuple[UUID, ...]:
        """Return the ids of the copies that tell of its uses."""
        return tuple(use.source.id for use in self.uses)

    @property
    def is_cut(self) -> bool:
        """Return whether it was used more often."""
        return self.cut

    def count_lines(self, width: int) -> float:
        """Return how many printed lines it takes."""
        return count_lines(self.skill, width) + SOURCE_LINES * len(self.uses)


def get_text(one: IncomingShare, field: str) -> str:
    """Return a written answer of a copy, or an empty text."""
    answer = one.document.answers.get(field)
    return answer.strip() if isinstance(answer, str) else ""


def get_rating(one: IncomingShare, field: str) -> int | None:
    """Return a rating of a copy, where there is one."""
    answer = one.document.answers.get(field)
    return answer if isinstance(answer, int) else None


def list_quotes(
    shared: Sequence[IncomingShare], role: BriefRole, *, without: Set[str] = frozenset()
) -> Iterator[Quote]:
    """
    Yield what answers the questions of one role, copy by copy; written answers before chosen ones.

    What was talked about stands behind, by its mark alone; but not a wish not to open with something. Copies are looked
    through only as far as somebody asks for.

    Args:
        without: Chosen answers that are left out.
    """
    steps_back = role != "not_open"
    asked = [one for one in shared if _list_fields(one.document.kind, role)]
    groups = (
        [[one for one in asked if (one.talked_at is not None) is talked] for talked in (False, True)]
        if steps_back
        else [asked]
    )
    for group, chosen in product(groups, (False, True)):
        for one in group:
            for quote in _find_quotes(one, role):
                if quote.chosen is chosen and not (chosen and quote.text in without):
                    yield quote


@cache
def _list_fields(kind: str, role: BriefRole) -> tuple[Field, ...]:
    """Return the questions of a form that have a role; skills that were used have lines of their own."""
    fields = get_form(EntryKind(kind)).fields
    return tuple(field for field in fields if field.brief_role == role and field.id not in SKILL_FIELDS)


def put_talked_behind(shared: Iterable[IncomingShare]) -> list[IncomingShare]:
    """Return copies in their order, those that were talked about behind the others."""
    return sorted(shared, key=lambda one: one.talked_at is not None)


def _find_quotes(one: IncomingShare, role: BriefRole) -> Iterator[Quote]:
    for field in _list_fields(one.document.kind, role):
        answer = one.document.answers.get(field.id)
        if answer is None or answer == "none":  # of the skills: nothing that steadies
            continue
        if field.kind is FieldKind.CHECKS:
            yield from _quote_checks(field, answer, one)
            continue
        if summarize := _SUMMARIES.get(field.kind):
            yield Quote(summarize(answer), field.label, one, noted=True)
            continue
        if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
            for label in field.get_option_labels(answer):
                yield Quote(label, field.label, one, chosen=True)
            continue
        for line in _split_answer(field, answer):
            yield Quote(line, field.label, one)


def _quote_checks(field: Field, answer: Answer, one: IncomingShare) -> Iterator[Quote]:
    """Yield the latest checks in one line, and among them one at which help was needed."""
    every = parse_checks(answer)
    latest = every[-MAX_CHECKS:]
    needed = next((check for check in reversed(every) if check.state is CheckState.HELP), None)
    if needed is not None and needed not in latest:
        latest = (needed, *latest[1:])
    if latest:
        yield Quote("", field.label, one, cut=len(every) > len(latest), noted=True, checks=latest)


def _split_answer(field: Field, answer: Answer) -> Iterator[str]:
    text = answer if isinstance(answer, str) else str(answer)
    lines = text.splitlines() if field.id in LIST_FIELDS else [text]
    yield from (line.strip() for line in lines if line.strip())


def list_steps(shared: Iterable[IncomingShare]) -> Iterator[Step]:
    """Yield the small steps, copy by copy, with how each went where that was shared."""
    went = get_form(EntryKind.INTEGRATION).field("int.followup")
    for one in put_talked_behind(shared):
        step, learned = get_text(one, "int.one_action"), get_text(one, "int.learned")
        followup = get_text(one, "int.followup")
        if step or learned or followup:
            how = went.get_option_labels(followup)[0] if followup else ""
            yield Step(step, one, get_rating(one, "int.confidence"), None, how, learned)
        tried, learned = get_text(one, "reframe.test_action"), get_text(one, "reframe.learned")
        followup = get_text(one, "reframe.followup")
        if tried or learned or followup:
            due = get_text(one, "reframe.test_due")
            how = went.get_option_labels(followup)[0] if followup else ""
            yield Step(tried, one, None, date.fromisoformat(due) if due else None, how, learned)


def list_skills(shared: Iterable[IncomingShare]) -> tuple[SkillLine, ...]:
    """Return the grounding skills that were used, each with its latest times; all talked about, they stand behind."""
    form = get_form(EntryKind.GROUNDING)
    used: dict[str, list[Use]] = {}
    for one in shared:
        skill, helped = get_text(one, "ground.skill"), get_text(one, "ground.helped")
        if skill and one.document.kind == EntryKind.GROUNDING:
            used.setdefault(form.field("ground.skill").get_option_labels(skill)[0], []).append(
                Use(
                    form.field("ground.helped").get_option_labels(helped)[0] if helped else "",
                    helped == "worse",
                    get_rating(one, "ground.suds_before"),
                    get_rating(one, "ground.suds_after"),
                    one,
                )
            )
    found = [SkillLine(skill, _select_latest(uses), len(uses) > MAX_USES) for skill, uses in used.items()]
    return tuple(sorted(found, key=lambda one: all(use.source.talked_at is not None for use in one.uses)))


def _select_latest(uses: list[Use]) -> tuple[Use, ...]:
    """Return the latest times, including one that made things worse."""
    latest = uses[:MAX_USES]
    worse = next((use for use in uses if use.worse), None)
    return tuple(latest) if worse is None or worse in latest else (*latest[:-1], worse)
