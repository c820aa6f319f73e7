"""What goes with the pages of a packet for programs: numbers as tables, and if it was ticked the same as FHIR."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from journal.fhir.bundle import write_bundle
from journal.fhir.chart import Chart, Colleague, Grant, Meeting, Written
from journal.fhir.exports import Fhir, frame_chart
from journal.fhir.numbers import write_tables
from journal.packets.composing import PacketConsent, PacketEntry, PacketRecord, PacketSession
from journal.packets.documents import Choice, Part
from journal.roles import Role

FHIR = "data/fhir.json"
MAKER = UUID(int=0)
"""The clinician who made a packet, among the people of its chart: a packet has no ids of accounts."""


def write_for_programs(
    record: PacketRecord, choice: Choice, *, owner: UUID, made_at: datetime, app_version: str
) -> Mapping[str, bytes]:
    """
    Return files by name, made of what the packet holds and of nothing else.

    Without the patient's name on the packet the bundle is under a pseudonym, with ids that are drawn anew.

    Args:
        owner: The account of the patient, of which ids are made where the packet has their name.
    """
    chart = _build_chart(record, owner, made_at, app_version)
    files = dict(write_tables(chart.written, chart.meetings))
    if Part.FHIR in choice.parts:
        files[FHIR] = write_bundle(frame_chart(chart, Fhir.NAMED if record.name else Fhir.PSEUDONYMOUS))
    return files


def _build_chart(record: PacketRecord, owner: UUID, made_at: datetime, app_version: str) -> Chart:
    team = [*enumerate(record.consents, 1)]
    colleagues = [Colleague(UUID(int=number), one.name, one.profession) for number, one in team]
    maker = record.made_by
    if maker.role is Role.CLINICIAN:
        colleagues.append(Colleague(MAKER, maker.name, maker.profession))
    return Chart(
        owner,
        made_at,
        app_version,
        record.name,
        colleagues=tuple(colleagues),
        meetings=tuple(map(_read_session, record.sessions)),
        written=tuple(map(_read_entry, record.entries)),
        grants=tuple(_read_consent(number, one) for number, one in team),
        maker=MAKER if maker.role is Role.CLINICIAN else None,
    )


def _read_session(one: PacketSession) -> Meeting:
    return Meeting(one.id, one.kind, one.status, one.begins_at, one.zone, one.setting, one.route, one.phase)


def _read_entry(one: PacketEntry) -> Written:
    day = date.fromisoformat(one.written_on)
    return Written(
        one.id,
        one.kind,
        one.title,
        one.note,
        day,
        None,
        one.answers,
        one.language,
        is_imported=one.imported,
    )


def _read_consent(number: int, one: PacketConsent) -> Grant:
    return Grant(UUID(int=number), one.since, UUID(int=number), is_active=not one.is_paused)
