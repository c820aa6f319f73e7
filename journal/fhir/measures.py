"""Filled measures as questionnaire responses with the codes of LOINC, and what they come to as observations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from journal.dosing_day.lines import parse_number
from journal.fhir.chart import Written, clean, format_moment
from journal.fhir.codes import LOINC, MENTAL, ORDINAL, SURVEY, Resource, code, concept, own_code, quantity
from journal.fhir.frame import Frame
from journal.measures.instruments import Choice, Instrument
from journal.measures.lines import FilledMeasure
from journal.measures.scores import SCORE, parse_total

LABELS = (MENTAL,)
LOINC_CODE = re.compile("[0-9]{3,6}-[0-9]")


def build_measure(frame: Frame, one: Written, filled: FilledMeasure) -> Iterator[Resource]:
    """Yield the answers as they were given, and their total where no item is missing."""
    text = filled.instrument
    if text is None:
        return
    at = filled.finished_at or filled.begun_at or filled.day or one.at
    is_known = bool(LOINC_CODE.fullmatch(text.panel_code))
    is_done = bool(filled.finished)
    yield frame.build(
        "QuestionnaireResponse",
        one.id,
        LABELS,
        language=text.language,
        identifier=frame.identify("QuestionnaireResponse", one.id),
        questionnaire=f"{LOINC}/q/{text.panel_code}" if is_known else None,
        status=("amended" if filled.kept else "completed") if is_done else "in-progress",
        subject=frame.patient,
        encounter=frame.refer_encounter(one.session_id),
        authored=format_moment(at),
        author=frame.patient if one.has_known_author else None,
        source=frame.patient if one.has_known_author else None,
        item=list(_list_items(text, filled)),
    )
    score = filled.score
    if score is None or score.total is None:
        return
    is_coded = bool(LOINC_CODE.fullmatch(text.total_code))
    coding = [code(LOINC, text.total_code)] if is_coded else own_code("total", text.id)
    yield frame.build(
        "Observation",
        f"{one.id}/total",
        LABELS,
        status="final",
        category=[SURVEY],
        code=concept(*coding, text=f"{text.name}: total"),
        subject=frame.patient,
        encounter=frame.refer_encounter(one.session_id),
        effectiveDateTime=format_moment(at),
        performer=[frame.patient] if one.has_known_author else None,
        valueQuantity=quantity(score.total, "{score}", "score"),
        method=concept(
            text=f"{text.name}, version {text.version} of the text ({text.language}), 0 to {score.most}"
        ),
        derivedFrom=[frame.refer("QuestionnaireResponse", one.id)],
    )


def build_other_score(frame: Frame, one: Written) -> Iterator[Resource]:
    """Yield a total from elsewhere, which somebody was told."""
    for answer in one.answers:
        if answer.id != SCORE:
            continue
        told = parse_total(str(answer.value))
        number, by = parse_number(told.total), clean(told.by)
        if number is None or not clean(told.name):
            continue
        yield frame.build(
            "Observation",
            f"{one.id}/total",
            LABELS,
            status="final",
            category=[SURVEY],
            code=concept(text=clean(told.name)),
            subject=frame.patient,
            effectiveDateTime=format_moment(told.day or one.at),
            performer=[frame.patient] if one.has_known_author else None,
            valueQuantity=quantity(number, "{score}", "score"),
            note=[{"text": f"As told by {by}"}] if by and not frame.is_pseudonymous else None,
        )


def _list_items(text: Instrument, filled: FilledMeasure) -> Iterator[Resource]:
    asked = [(item.code, item.text, str(item.number), text.answers) for item in text.items]
    if text.extra is not None:
        asked.append((text.extra.code, text.extra.text, text.extra.id, text.extra.answers))
    for ident, words, name, choices in asked:
        link = f"/{ident}" if LOINC_CODE.fullmatch(ident) else ident
        chosen = next((one for one in choices if one.value == filled.answers.get(name)), None)
        item: Resource = {"linkId": link, "text": words}
        yield item if chosen is None else item | {"answer": [{"valueCoding": _code_choice(text, chosen)}]}


def _code_choice(text: Instrument, chosen: Choice) -> Resource:
    coding = (
        code(LOINC, chosen.code, chosen.text)
        if chosen.code
        else own_code("answer", f"{text.id}/{chosen.value}", chosen.text)[0]
    )
    return {"extension": [{"url": ORDINAL, "valueDecimal": chosen.value}], **coding}
