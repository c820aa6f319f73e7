"""Numbers and choices in what was written, as observations: ratings, readings, day lines and check-ins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from journal.catalogue.fields import EntryKind, FieldKind
from journal.catalogue.tracked import DAY, MOMENT
from journal.day_lines.lines import parse_day_lines
from journal.dosing_day.lines import Reading, count_minutes_from, parse_number, parse_readings
from journal.fhir.chart import Written, clean, format_moment
from journal.fhir.codes import (
    LOINC,
    SURVEY,
    UNKNOWN,
    VITAL_SIGNS,
    Resource,
    code,
    concept,
    own_code,
    quantity,
)
from journal.fhir.frame import Frame, list_labels
from journal.fhir.ratings import Rating, list_ratings
from journal.records.schema import Answered
from journal.user_input import parse_day

PRESSURE = concept(code(LOINC, "85354-9", "Blood pressure panel with all children optional"))
SYSTOLIC = concept(code(LOINC, "8480-6", "Systolic blood pressure"))
DIASTOLIC = concept(code(LOINC, "8462-4", "Diastolic blood pressure"))
PULSE = concept(code(LOINC, "8867-4", "Heart rate"))
OXYGEN = concept(
    code(LOINC, "2708-6", "Oxygen saturation in Arterial blood"),
    code(LOINC, "59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
)


def build_observations(frame: Frame, one: Written) -> Iterator[Resource]:
    """Yield what an entry holds in numbers, and all choices of a check-in."""
    at = one.at
    if one.kind == EntryKind.CHECK_IN:
        told = next((parse_day(str(answer.value)) for answer in one.answers if answer.id == DAY), None)
        at = told or at
    for answer in one.answers:
        for rating in list_ratings(answer):
            yield _build_rating(frame, one, answer, rating, at)
        match answer.kind:
            case FieldKind.READINGS:
                yield from _build_readings(frame, one, answer)
            case FieldKind.DAY_LINES:
                yield from _build_day_lines(frame, one, answer)
            case FieldKind.CHOICE | FieldKind.CHOICES:
                if one.kind == EntryKind.CHECK_IN and answer.id != MOMENT:
                    yield _build_choice(frame, one, answer, at)


def _observe(
    frame: Frame, one: Written, key: str, at: datetime | date, category: Resource = SURVEY, **fields: object
) -> Resource:
    return frame.build(
        "Observation",
        f"{one.id}/{key}",
        list_labels(one.kind),
        status="final",
        category=[category],
        **fields,
        subject=frame.patient,
        encounter=frame.refer_encounter(one.session_id),
        effectiveDateTime=format_moment(at),
        performer=[frame.patient] if one.has_known_author else None,
        derivedFrom=[frame.refer_entry(one)],
    )


def _build_rating(
    frame: Frame, one: Written, answer: Answered, rating: Rating, at: datetime | date
) -> Resource:
    asked = own_code("question", answer.id, clean(answer.question))
    low, high = rating.span
    return _observe(
        frame,
        one,
        f"{answer.id}/{rating.place}".rstrip("/"),
        rating.day or at,
        code=concept(*asked, text=": ".join(filter(None, (clean(answer.question), clean(rating.part))))),
        valueQuantity=quantity(rating.value, "{score}", "score"),
        method=concept(text=f"Self-rating from {low} to {high}"),
    )


def _build_choice(frame: Frame, one: Written, answer: Answered, at: datetime | date) -> Resource:
    values = answer.value if isinstance(answer.value, list) else [str(answer.value)]
    labels = answer.labels or values
    chosen = [
        concept(*own_code("answer", value, clean(label)), text=clean(label))
        for value, label in zip(values, labels, strict=False)
        if clean(label)
    ]
    is_one = answer.kind == FieldKind.CHOICE and len(chosen) == 1
    return _observe(
        frame,
        one,
        answer.id,
        at,
        code=_name_question(answer),
        valueCodeableConcept=chosen[0] if is_one else None,
        component=[] if is_one else [{"code": which, "valueBoolean": True} for which in chosen],
    )


def _name_question(answer: Answered) -> Resource:
    return concept(*own_code("question", answer.id, clean(answer.question)), text=clean(answer.question))


def _build_day_lines(frame: Frame, one: Written, answer: Answered) -> Iterator[Resource]:
    lines = {line.day: line for line in parse_day_lines(answer.value) if line.is_dated}
    for line in lines.values():
        named = [
            (name, concept(*own_code("day", name, name.capitalize()), text=name.capitalize()), value)
            for name, value in line.numbers.items()
            if value is not None
        ]
        named += [
            (f"own {name}", concept(text=clean(name)), value)
            for name, value in line.own.items()
            if clean(name)
        ]
        for name, what, value in named:
            yield _observe(
                frame,
                one,
                f"{answer.id}/{line.day}/{name}",
                line.day,
                code=what,
                valueQuantity=quantity(value, "{score}", "score"),
                method=concept(text="Self-rating from 0 to 10"),
            )


def _build_readings(frame: Frame, one: Written, answer: Answered) -> Iterator[Resource]:
    for place, reading in enumerate(parse_readings(answer.value)):
        numbers = {name: parse_number(typed) for name, typed in reading.values.items()}
        at, note = _find_moment(frame, one, reading)
        words = ", ".join(filter(None, (note, reading.position.value if reading.position else "")))
        common = {"note": [{"text": words}] if words else None}
        key = f"{answer.id}/{place}"
        if numbers["systolic"] is not None or numbers["diastolic"] is not None:
            parts = [
                _build_pressure(SYSTOLIC, numbers["systolic"]),
                _build_pressure(DIASTOLIC, numbers["diastolic"]),
            ]
            yield _observe(
                frame, one, f"{key}/pressure", at, VITAL_SIGNS, code=PRESSURE, component=parts, **common
            )
        for name, what, unit, told in (
            ("pulse", PULSE, "/min", "beats/minute"),
            ("oxygen", OXYGEN, "%", "%"),
        ):
            number = numbers[name]
            if number is not None:
                value = quantity(number, unit, told)
                yield _observe(
                    frame, one, f"{key}/{name}", at, VITAL_SIGNS, code=what, valueQuantity=value, **common
                )


def _build_pressure(what: Resource, number: float | None) -> Resource:
    if number is None:
        return {"code": what, "dataAbsentReason": UNKNOWN}
    return {"code": what, "valueQuantity": quantity(number, "mm[Hg]", "mmHg")}


def _find_moment(frame: Frame, one: Written, reading: Reading) -> tuple[datetime | date, str]:
    """Return when a reading was taken, by the clock of its session; else its day, with the time of day as words."""
    meeting = frame.meetings.get(one.session_id) if one.session_id else None
    if reading.at is not None and meeting is not None:
        began = meeting.begins_at.astimezone(ZoneInfo(meeting.zone)).replace(second=0, microsecond=0)
        return began + timedelta(minutes=count_minutes_from(began.time(), reading.at)), ""
    day = one.at.date() if isinstance(one.at, datetime) else one.at
    return day, f"at {reading.at:%H:%M} on the clock there" if reading.at else ""
