"""Charts of the records that an export holds, and the files that it has of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from journal.audit.acts import Act
from journal.catalogue.fields import EntryKind
from journal.fhir.bundle import write_bundle
from journal.fhir.chart import Chart, Colleague, Course, Deed, Grant, Meeting, Written
from journal.fhir.frame import Frame
from journal.fhir.numbers import write_tables
from journal.records.collection import ClinicianRecords, PatientRecords, Records
from journal.records.schema import (
    CopyRecord,
    CourseRecord,
    EntryRecord,
    EventRecord,
    LinkRecord,
    PatientRecord,
    SessionRecord,
    Version,
)
from journal.time_zones import is_zone, parse_zone

LEFT_OUT = frozenset({EntryKind.REPLIES, EntryKind.WAITING, EntryKind.STANDING, EntryKind.NOTICES})
"""Kinds of which no bundle tells: what others wrote, and what was agreed on or waits."""
ONLY_CHOSEN = frozenset({EntryKind.SAFETY})
"""Kinds that a bundle holds only where somebody chose them by themselves: not in an export of everything."""


class Fhir(StrEnum):
    """Whether an export also holds a bundle, and whether that names anybody."""

    NONE = ""
    NAMED = "named"
    PSEUDONYMOUS = "pseudonym"


def write_bundles(records: Records, chosen: Fhir, app_version: str) -> Mapping[str, bytes]:
    """Return the bundles of an export by file name: one of a patient's own records, or one for each patient."""
    if chosen is Fhir.NONE:
        return {}
    charts = build_charts(records, app_version)
    return {name: write_bundle(frame_chart(chart, chosen)) for name, chart in charts.items()}


def write_numbers(records: Records) -> Mapping[str, bytes]:
    """Return the tables of numbers of an export by file name: of a patient's own records, or those of each patient."""
    zone = parse_zone(records.account.time_zone)
    if isinstance(records, PatientRecords):
        return write_tables(read_entries(records.entries, zone), read_sessions(records.plan.sessions))
    return {
        name.replace("/", f"/patient-{number}-"): table
        for number, one in enumerate(records.patients, 1)
        for name, table in write_tables(_read_copies(one.shared, zone), read_sessions(one.sessions)).items()
    }


def frame_chart(chart: Chart, chosen: Fhir) -> Frame:
    """Return the frame of a bundle; under a pseudonym its ids are drawn anew each time."""
    is_pseudonymous = chosen is Fhir.PSEUDONYMOUS
    return Frame(chart, uuid4() if is_pseudonymous else chart.id, is_pseudonymous)


def build_charts(records: Records, app_version: str) -> Mapping[str, Chart]:
    """Return what each bundle of an export is built of, by file name."""
    if isinstance(records, PatientRecords):
        return {"fhir/records.json": _chart_own(records, app_version)}
    return {
        f"fhir/patient-{number}.json": _chart_patient(records, one, app_version)
        for number, one in enumerate(records.patients, 1)
    }


def read_entries(entries: Iterable[EntryRecord], zone: ZoneInfo) -> tuple[Written, ...]:
    """Return entries as charts hold them, with their earlier versions, at times on the clock of their writer."""
    return tuple(_read_entry(one, zone) for one in entries)


def read_sessions(sessions: Iterable[SessionRecord]) -> tuple[Meeting, ...]:
    """Return sessions as charts hold them."""
    return tuple(map(_read_session, sessions))


def _chart_own(records: PatientRecords, app_version: str) -> Chart:
    account, left_out = records.account, LEFT_OUT | ONLY_CHOSEN
    return Chart(
        account.id,
        records.made_at,
        app_version,
        account.name,
        account.contact.phone,
        account.email,
        account.practice,
        _read_team(records.sharing.care_team),
        _read_courses(records.plan.courses),
        read_sessions(records.plan.sessions),
        read_entries(
            (one for one in records.entries if one.kind not in left_out), parse_zone(account.time_zone)
        ),
        tuple(_list_grants(records)),
        _read_log(records.log),
    )


def _chart_patient(records: ClinicianRecords, one: PatientRecord, app_version: str) -> Chart:
    account = records.account
    return Chart(
        one.id,
        records.made_at,
        app_version,
        one.name,
        one.contact.phone,
        "",
        account.practice,
        (Colleague(account.id, account.name, ""),),
        _read_courses(one.courses),
        read_sessions(one.sessions),
        _read_copies(one.shared, parse_zone(account.time_zone)),
        (),
        _read_log(one.log),
    )


def _read_entry(one: EntryRecord, zone: ZoneInfo) -> Written:
    return Written(
        one.id,
        one.kind,
        one.title,
        one.note,
        one.created_at.astimezone(parse_zone(one.zone) if is_zone(one.zone) else zone),
        one.belongs_to,
        one.answers,
        one.language,
        tuple(_read_version(one, version) for version in one.earlier),
        one.imported,
    )


def _read_version(entry: EntryRecord, one: Version) -> Written:
    return Written(
        one.id,
        entry.kind,
        one.title,
        one.note,
        one.kept_at,
        one.session_id,
        one.answers,
        one.language,
        is_imported=entry.imported,
    )


def _read_copies(copies: Iterable[CopyRecord], zone: ZoneInfo) -> tuple[Written, ...]:
    """Return copies that a clinician can read, as charts hold them, at times on their clock, as on their pages."""
    return tuple(_read_copy(one, zone) for one in copies if not one.is_closed and one.kind not in LEFT_OUT)


def _read_copy(one: CopyRecord, zone: ZoneInfo) -> Written:
    at = one.written_at.astimezone(zone)
    return Written(
        one.id,
        one.kind,
        one.title,
        one.note,
        at,
        one.belongs_to,
        one.answers,
        one.language,
        is_imported=one.imported,
    )


def _read_session(one: SessionRecord) -> Meeting:
    return Meeting(
        one.id,
        one.kind,
        one.status,
        one.starts_at,
        one.zone,
        one.setting,
        one.route,
        one.phase,
        one.course_id,
        one.minutes,
        one.sequence_no,
        one.dose_text,
        one.started_at,
        one.ended_at,
    )


def _read_courses(courses: Iterable[CourseRecord]) -> tuple[Course, ...]:
    return tuple(Course(one.id, one.title) for one in courses)


def _read_team(links: Sequence[LinkRecord]) -> tuple[Colleague, ...]:
    """Return each clinician once, though care may have begun with them twice."""
    return tuple({one.clinician_id: _read_link(one) for one in links}.values())


def _read_link(one: LinkRecord) -> Colleague:
    return Colleague(one.clinician_id, one.name, one.profession)


def _read_log(log: Iterable[EventRecord]) -> tuple[Deed, ...]:
    return tuple(Deed(one.at, one.action, one.actor_id, one.object_id) for one in log)


def _list_grants(records: PatientRecords) -> Iterable[Grant]:
    """Yield what can be read at present, and what was revoked, of which the log alone knows."""
    readers = {one.id: one for one in records.sharing.care_team}
    for share in records.sharing.shares:
        link = readers.get(share.link_id)
        parts = frozenset(one.id for one in share.sections)
        yield Grant(
            share.id,
            share.shared_at,
            link.clinician_id if link else None,
            None if share.changed else share.entry_id,  # they can read it as it was
            parts,
            is_active=link is not None and link.state == "active",
            until=share.until,
            filed=share.filed,
        )
    standing = {share.id for share in records.sharing.shares}
    given = {one.object_id: one.at for one in records.log if one.action is Act.SHARED}
    revoked: dict[UUID, EventRecord] = {
        one.object_id: one
        for one in records.log
        if one.action in (Act.SHARE_REVOKED, Act.SHARE_ENDED)
        and one.object_id is not None
        and one.object_id not in standing
    }
    for ident, event in revoked.items():
        yield Grant(ident, given.get(ident, event.at), is_active=False)
