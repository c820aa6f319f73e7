"""The pages of a packet: one document, which the preview shows and the file holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from hashlib import sha256
from itertools import groupby

from jinja2 import Environment

from journal.catalogue.fields import EntryKind
from journal.entries.naming import EntryNamer
from journal.i18n import N_, P_
from journal.installation.installation import Installation
from journal.measures.lines import FilledMeasure, parse_measure
from journal.packets.composing import FORM, Content, PacketConsent, PacketScore, Piece
from journal.packets.making import PDF
from journal.records.archive import encode_json
from journal.sessions.rows import Session
from journal.time_zones import parse_zone
from portal.documents.printing import PAGE_LABEL
from portal.paper.document import (
    Block,
    Document,
    Heading,
    Look,
    Paper,
    Paragraph,
    Table,
    Words,
)
from portal.paper.typesetting import Typeset, typeset
from portal.views.packets.answers import read_blocks
from portal.views.packets.frame import Frame
from portal.views.sharing.clinician_names import format_clinician_name
from portal.views.sharing.shared_view import SharedSection, build_shared_view
from portal.web.dates import format_long_day, format_short_date, format_short_day, format_time
from portal.web.entry_names import find_title_language, format_entry_name
from portal.web.translation import Translator, get_language

UNSET_NOTE = N_(
    "Where […] stands, the letters cannot be printed. The data in the encrypted file has the whole text."
)
FROM_A_FILE = N_("Imported from a file: who wrote it is not known here.")
EPOCH = datetime.fromtimestamp(0, UTC)  # the moment of a preview is no part of what it says


@dataclass(frozen=True, slots=True)
class PacketPages:
    """A packet as it is printed; `digest` stands for every word of it, as pages and as data."""

    installation: Installation
    document: Document
    paper: Paper
    digest: str

    async def set_pages(self) -> Typeset:
        """Return it as pages of paper, with where each block begins."""
        return await typeset(self.installation, self.document, self.paper)

    async def print_pages(self) -> Mapping[str, bytes]:
        """Return it as a file of pages."""
        return {PDF: (await self.set_pages()).pdf}


def build_pages(
    environment: Environment,
    installation: Installation,
    content: Content,
    now: datetime,
    *,
    signer: str,
    paper: Paper,
    hides_numbers: bool = False,
) -> PacketPages:
    """
    Build the pages of a packet in the language of the task.

    Args:
        signer: The fingerprint of the key that signs the file.
        hides_numbers: They are shown to their patient, who wants to see no numbers of measures; what leaves has them.
    """
    data = encode_json(content.record)
    check = sha256(data).hexdigest(), signer
    document = _Builder(environment, content, check, hides_numbers=hides_numbers).build(now)
    said = repr((replace(document, made_at=EPOCH), paper))
    digest = sha256(data + said.encode()).hexdigest()
    return PacketPages(installation, document, paper, digest)


class _Builder:
    def __init__(
        self, environment: Environment, content: Content, check: tuple[str, str], *, hides_numbers: bool
    ) -> None:
        words: Translator = environment.words  # type: ignore[attr-defined]
        self.say = words.translate
        self.draw = environment.get_template("macros/shared_entry.html").module.answer_given  # type: ignore[attr-defined]
        self.content = content
        self.check = check
        self.zone = parse_zone(content.time_zone)
        self.hides_numbers = hides_numbers
        self.frame = Frame(self.say, content)

    def build(self, now: datetime) -> Document:
        """Return the whole document."""
        say, content = self.say, self.content
        made_on = format_short_date(content.made_on)
        blocks: list[Block] = [*self.frame.write_cover(made_on)]
        if content.sessions:
            blocks += [Heading(Words(say(N_("Sessions")))), self._write_sessions(content.sessions)]
        if content.scores and not self.hides_numbers:
            blocks += [Heading(Words(say(N_("Scores")))), *self._write_scores(content.scores)]
        for kind, pieces in groupby(content.pieces, key=lambda one: one.copy.kind):
            blocks.append(Heading(Words(say(EntryKind(kind).label))))
            for piece in pieces:
                blocks += self._write_piece(piece)
        if content.consents:
            blocks += [
                Heading(Words(say(N_("Who the patient shares with")))),
                self._write_consents(content.consents),
            ]
        blocks += self.frame.write_check(self.check)
        return Document(
            say(N_("Records")),
            get_language(),
            made_on,
            now.astimezone(UTC),
            self.frame.foot,
            tuple(blocks),
            say(PAGE_LABEL),
            of=content.name,
            unset_note=say(UNSET_NOTE),
        )

    def _write_sessions(self, sessions: tuple[Session, ...]) -> Block:
        say = self.say
        head = (N_("When"), N_("Session"), N_("Route"), N_("Phase"), N_("Setting"), N_("Status"))
        return Table(
            say(N_("Sessions, and when they began or were planned")),
            tuple(map(say, head)),
            tuple(map(self._write_session, sessions)),
        )

    def _write_session(self, one: Session) -> tuple[Words, ...]:
        details = one.details
        labels = (details.kind, details.route, details.phase, details.setting, details.status)
        zone = parse_zone(details.zone)
        began = _write_moment(one.begins_at, zone)
        if details.zone != self.content.time_zone:
            began = f"{began} ({details.zone})"
        return (Words(began), *(Words(self.say(label.label) if label else "–") for label in labels))

    def _write_scores(self, scores: tuple[PacketScore, ...]) -> Iterator[Block]:
        say = self.say
        head = tuple(map(say, (N_("Day"), N_("Measure"), N_("Version"), N_("Total"), P_("totals", "Change"))))
        yield Table(say(N_("Totals of the chosen measures")), head, tuple(map(self._write_score, scores)))
        published = {
            (one.name, said.text, said.source): one.language for one in scores for said in one.references
        }
        for (name, text, source), language in published.items():
            yield Paragraph(Words(f"{name}: {text} {source}", language), Look.SMALL)
        yield Paragraph(
            Words(
                say(
                    N_(
                        "A number from one form is not a diagnosis, and says nothing about a single person by itself."
                    )
                )
            ),
            Look.SMALL,
        )

    def _write_score(self, one: PacketScore) -> tuple[Words, ...]:
        say = self.say
        total = (
            say(N_("%(answered)s of %(asked)s answered"), answered=one.answered, asked=one.asked)
            if one.total is None
            else say(N_("%(total)s of %(most)s"), total=one.total, most=one.most)
        )
        day = format_short_date(date.fromisoformat(one.day)) if one.day else "–"
        change = "–" if one.change is None else f"{one.change:+d}".replace("-", "−")
        return tuple(map(Words, (day, one.name, one.version, total, change)))

    def _write_piece(self, piece: Piece) -> Iterator[Block]:
        say, copy = self.say, piece.copy
        view = build_shared_view(copy, self.zone, EntryNamer(), hides_numbers=self.hides_numbers)
        called = format_entry_name(view.name, say, lambda at: format_short_day(at, self.zone))
        yield Heading(Words(called, find_title_language(view.name)), 2)
        day = format_long_day(view.written_at, self.zone)
        yield Paragraph(Words(say(N_("Written on %(date)s"), date=day)), Look.SMALL)
        if copy.imported:
            yield Paragraph(Words(say(FROM_A_FILE)), Look.SMALL)
        for measure in parse_measure(copy.answers.get(FORM)):
            yield Paragraph(Words(self._write_times(measure)), Look.SMALL)
        if copy.note:
            yield Paragraph(Words(say(N_("Content note:"))), Look.SMALL)
            yield Paragraph(Words(copy.note, copy.language), Look.QUOTED)
        for section in view.sections:
            yield from self._write_section(section)

    def _write_times(self, measure: FilledMeasure) -> str:
        """Return when a measure was begun and finished; its moments are on the clock of the packet already."""
        begun, finished = (
            _write_moment(at, self.zone) if at else "" for at in (measure.begun_at, measure.finished_at)
        )
        if begun and finished:
            return self.say(N_("Begun %(begun)s; finished %(finished)s."), begun=begun, finished=finished)
        if begun:
            return self.say(N_("Begun %(begun)s; not finished."), begun=begun)
        return (
            self.say(N_("Finished %(finished)s."), finished=finished)
            if finished
            else self.say(N_("Not finished."))
        )

    def _write_section(self, section: SharedSection) -> Iterator[Block]:
        yield Heading(Words(self.say(section.question or N_("An earlier question"))), 3)
        yield from read_blocks(str(self.draw(section)))

    def _write_consents(self, consents: tuple[PacketConsent, ...]) -> Block:
        say = self.say
        rows = tuple(
            (
                Words(format_clinician_name(one.name, one.profession, say)),
                Words(format_short_date(one.since)),
                Words(say(N_("Sharing is paused")) if one.is_paused else say(N_("Can read what is shared"))),
            )
            for one in consents
        )
        head = tuple(map(say, (N_("Name"), N_("Since"), N_("Now"))))
        return Table(say(N_("Care team, on the day on which this was made")), head, rows)


def _write_moment(at: datetime, zone: tzinfo) -> str:
    """Return a day and a time of day on the clock of *zone*."""
    return f"{format_short_day(at, zone)}, {format_time(at, zone)}"
