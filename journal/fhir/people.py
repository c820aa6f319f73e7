"""Who and what takes part: the patient, the care team, the practice, the program; courses, sessions and doses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from journal.fhir.chart import Course, Meeting, clean, format_moment
from journal.fhir.codes import (
    ENCOUNTER_CLASSES,
    ENCOUNTER_STATUSES,
    KETAMINE,
    MENTAL,
    PSYCHIATRIC,
    ROUTES,
    Resource,
    concept,
    own_code,
    quantity,
)
from journal.fhir.frame import Frame
from journal.sessions.session import Route, SessionKind, Status

BEGUN = frozenset(
    {Status.IN_SESSION, Status.RECOVERING, Status.INTEGRATING, Status.CLOSED, Status.STOPPED_EARLY}
)
LABELS = (MENTAL, PSYCHIATRIC)


def build_people(frame: Frame) -> Iterator[Resource]:
    """Yield the patient, the program that wrote the bundle, the practice and the care team."""
    chart, is_named = frame.chart, not frame.is_pseudonymous
    reach = (("phone", clean(chart.phone)), ("email", clean(chart.email)))
    name = clean(chart.name)
    yield frame.build(
        "Patient",
        chart.id,
        identifier=[frame.identify("Patient", chart.id)] if is_named else None,
        name=[{"text": name}] if name and is_named else None,
        telecom=[{"system": kind, "value": value} for kind, value in reach if value] if is_named else None,
        managingOrganization=_refer_practice(frame),
    )
    yield frame.build(
        "Device",
        "hearthside",
        deviceName=[{"name": "Hearthside", "type": "model-name"}],
        version=[{"value": chart.app_version}],
    )
    if _refer_practice(frame):
        yield frame.build("Organization", "practice", name=clean(chart.practice))
    for one in chart.colleagues:
        called, profession = clean(one.name), clean(one.profession)
        yield frame.build(
            "Practitioner",
            one.id,
            name=[{"text": called}] if called and is_named else None,
            qualification=[{"code": concept(text=profession)}] if profession else None,
        )


def build_care(frame: Frame) -> Iterator[Resource]:
    """Yield courses, sessions, and the doses of those that began."""
    for course in frame.chart.courses:
        yield _build_course(
            frame, course, [one for one in frame.chart.meetings if one.course_id == course.id]
        )
    known = {one.id for one in frame.chart.courses}
    for one in frame.chart.meetings:
        yield _build_session(frame, one, is_in_course=one.course_id in known)
        if one.kind is SessionKind.DOSING and one.status in BEGUN and clean(one.dose_text):
            yield _build_dose(frame, one)


def _refer_practice(frame: Frame) -> Resource | None:
    is_told = clean(frame.chart.practice) and not frame.is_pseudonymous
    return frame.refer("Organization", "practice") if is_told else None


def _build_course(frame: Frame, course: Course, meetings: Sequence[Meeting]) -> Resource:
    statuses = {ENCOUNTER_STATUSES[one.status] for one in meetings} - {"cancelled"}
    began = [one.begins_at for one in meetings if one.status in BEGUN]
    if not meetings or statuses == {"planned"}:
        status = "planned"
    elif not statuses:
        status = "cancelled"
    else:
        status = "finished" if statuses == {"finished"} else "active"
    return frame.build(
        "EpisodeOfCare",
        course.id,
        LABELS,
        status=status,
        type=[concept(*own_code("course", "ketamine-assisted-therapy"), text=clean(course.title))],
        patient=frame.patient,
        managingOrganization=_refer_practice(frame),
        period={"start": format_moment(min(began))} if began else None,
    )


def _build_session(frame: Frame, one: Meeting, *, is_in_course: bool) -> Resource:
    times = {"start": one.begins_at, "end": one.ended_at}
    if one.ended_at is not None and one.ended_at < one.begins_at:
        times["end"] = None
    details = [*own_code("phase", one.phase.value, one.phase.label)] if one.phase else []
    return frame.build(
        "Encounter",
        one.id,
        LABELS,
        status=ENCOUNTER_STATUSES[one.status],
        **{"class": ENCOUNTER_CLASSES[one.setting]},
        type=[
            concept(*own_code("session", one.kind.value, one.kind.label), text=one.kind.label),
            *([concept(*details)] if details else []),
        ],
        subject=frame.patient,
        episodeOfCare=[frame.refer("EpisodeOfCare", one.course_id)] if is_in_course else None,
        period={name: format_moment(at) for name, at in times.items() if at is not None},
        length=quantity(one.minutes, "min", "min") if one.minutes else None,
        serviceProvider=_refer_practice(frame),
    )


def _build_dose(frame: Frame, one: Meeting) -> Resource:
    is_spray = one.route is Route.INTRANASAL_ESKETAMINE
    route = concept(ROUTES[one.route], text=one.route.label) if one.route in ROUTES and one.route else None
    return frame.build(
        "MedicationStatement",
        one.id,
        LABELS,
        status="active" if one.status is Status.IN_SESSION else "completed",
        medicationCodeableConcept=concept(text="esketamine")
        if is_spray
        else concept(KETAMINE, text="ketamine"),
        subject=frame.patient,
        context=frame.refer("Encounter", one.id),
        effectiveDateTime=format_moment(one.begins_at),
        informationSource=frame.patient,
        dosage=[{"text": clean(one.dose_text)} | ({"route": route} if route else {})],
    )
