"""Entries that fill every line of a brief, shared by alice with bob."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import msgspec

from journal.actor import Actor
from journal.authentication import registration, web_sessions
from journal.authentication.registration import NewAccount
from journal.care import invitations
from journal.care.links import load_link_with
from journal.catalogue.fields import Answer, EntryKind, FieldKind
from journal.catalogue.forms import get_form
from journal.coming_talk import items, setting
from journal.coming_talk.documents import Thing
from journal.entries import entries
from journal.roles import Role
from journal.scheduling import plan as session_plan
from journal.sealing import seal_document
from journal.sessions.course import CoursePlan
from journal.sessions.rows import Session, load_my_sessions, session_context
from journal.sessions.session import Phase, Route, SessionDetails, SessionKind, Setting, Status
from journal.sessions.tables import KapSession
from journal.sharing import copies, shares
from journal.vault.documents import EntryDocument
from tests.cast import NOON, Cast

WORDS = (
    "There was a door at the end of the corridor, painted the green of old pears, and behind it somebody was "
    "humming the song that my grandmother hummed while she folded sheets. I stood there for what felt like "
    "an hour, not afraid and not in a hurry, and then I noticed that my hands had let go of the railing."
)


async def plan_course(
    cast: Cast,
    *,
    first: date = date(2026, 11, 6),
    count: int = 6,
    every: int = 7,
    is_reported: bool = True,
) -> None:
    """
    Have bob plan a course for alice: Fridays at 14:00, integration on the Sundays at 16:00.

    What lies behind took place, and she has rested since, unless nobody reported it.
    """
    plan = CoursePlan(
        first,
        time(14),
        "Europe/Berlin",
        count,
        every,
        Setting.HOME,
        Route.SUBLINGUAL,
        Phase.INDUCTION,
        "200 mg as told",
        preparation_days_before=2,
        integration_days_after=2,
        integration_time=time(16),
    )
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    await session_plan.plan_course(bob, alice.id, "", plan)
    if is_reported:
        await report_past(cast)


async def report_past(cast: Cast) -> None:
    """Have alice's dosing sessions that lie behind have taken place, and her have rested after each."""
    for one in await dosing(cast):
        if one.ends_at < cast.clock.now and one.status is Status.PLANNED:
            await put_details(
                cast,
                one,
                status=Status.CLOSED,
                started_at=one.starts_at.isoformat(),
                ended_at=one.ends_at.isoformat(),
                rested_on=(one.starts_at + timedelta(days=1)).date().isoformat(),
            )


async def put_details(cast: Cast, one: Session, **changes: object) -> None:
    """Have a session be otherwise, as if it had always been, with nothing in any log."""
    place = session_context(one.patient, one.id, one.revision)
    details = msgspec.structs.replace(one.details, **changes)
    sealed = seal_document(cast.installation.server_keys, details, place)
    await KapSession.filter(id=one.id).update(sealed=sealed)


async def dosing(cast: Cast) -> list[Session]:
    """Return alice's dosing sessions in order."""
    mine = await load_my_sessions(await cast.actor("alice"))
    return [one for one in mine if one.details.kind is SessionKind.DOSING]


async def plan_session(
    cast: Cast,
    kind: SessionKind,
    local: str,
    *,
    about: Session | None = None,
    who: str = "alice",
    setting: Setting = Setting.CLINIC,
) -> UUID:
    """Have bob add a session to somebody's plan; *local* is what the clocks in Berlin say."""
    details = SessionDetails(kind, local, "Europe/Berlin", 50, setting, about=about.id.hex if about else None)
    return await session_plan.add_session(await cast.actor("bob"), (await cast.actor(who)).id, details)


def password_of(ident: str) -> str:
    """Return the password of somebody who was added as *ident*."""
    return f"{ident} rests beside the lamp"


async def add_patient(cast: Cast, name: str, ident: str) -> None:
    """Have somebody called *name* come into bob's care; the cast knows them as *ident*."""
    words = password_of(ident)
    new = NewAccount(name, f"{ident}@example.org", words, words, "Europe/Berlin")
    ready = await registration.prepare_account(cast.installation, new)
    await registration.create_account(cast.installation, Role.PATIENT, ready)
    cast.tokens[ident] = await web_sessions.start_session(cast.installation, ready.id, ready.account_key)
    link = await invitations.create_invitation(await cast.actor("bob"), name)
    await invitations.accept_invitation(await cast.actor(ident), link.token)


async def write(
    cast: Cast,
    kind: str,
    answers: Mapping[str, Answer],
    *,
    title: str = "",
    note: str = "",
    about: Session | None = None,
    at: datetime | None = None,
) -> UUID:
    """Have alice write an entry."""
    alice = replace(await cast.actor("alice"), now=at or cast.clock.now)
    document = EntryDocument(
        kind, title, note, session_id=about.id.hex if about else None, answers=dict(answers)
    )
    return (await entries.save_entry(alice, uuid4(), 0, document)).id


async def share(cast: Cast, entry: UUID, *fields: str, at: datetime | None = None) -> UUID:
    """Have alice share parts of an entry with bob; all of it when none are named."""
    alice = replace(await cast.actor("alice"), now=at or cast.clock.now)
    written = await entries.load_entry(alice, entry)
    marked = (copies.NOTE,) if written.document.note else ()
    chosen = fields or ("title", *marked, *(field.id for field in copies.list_shareable_fields(written)))
    return await shares.share_entry(alice, entry, cast.link, chosen, previewed=written.revision)


BEGINNINGS = {
    FieldKind.REVISITS: ("2026-11-24 | 40 | 60 | 5",),
    FieldKind.MOMENTS: ("2026-11-24",),
    FieldKind.MEDICINE: ("14:05", "15:10"),
    FieldKind.READINGS: tuple(f"{hour}:20 | 128 | 82 | 71 | 98 | lying" for hour in range(14, 19)),
    FieldKind.MEASURE: ("",),
    FieldKind.CHECKS: ("14:05 | awake", "14:20 | asleep"),
}
"""What stands before the words of each line, in answers that have several."""

PLANNED = ("plan.dose", "plan.interval", "plan.focus", "plan.from", "plan.why", "plan.by")
"""What a plan note says, without a review or readings."""


def everything(kind: EntryKind, words: Callable[[str], str]) -> dict[str, Answer]:
    """Answer every question of a form that a patient may share; *words* gives the text for a question."""
    answers: dict[str, Answer] = {}
    for field in get_form(kind).shareable:
        if field.kind is FieldKind.TEXT:
            answers[field.id] = words(field.id)
        elif field.kind is FieldKind.LINE:
            answers[field.id] = words(field.id)[:300]
        elif field.range is not None:
            answers[field.id] = field.range[1]
        elif field.kind is FieldKind.CHOICE:
            answers[field.id] = field.options[-1].value
        elif field.kind is FieldKind.DATE:
            answers[field.id] = "2026-11-24"
        elif field.kind in BEGINNINGS:
            answers[field.id] = [f"{one} | {words(field.id)[:300]}" for one in BEGINNINGS[field.kind]]
    return answers


async def share_a_full_brief(
    cast: Cast, words: Callable[[str], str] = lambda field: WORDS, *, turns: int = 3, note: str = ""
) -> None:
    """Fill every section of a brief: with one turn a little of each, with three to the brim and beyond."""
    await plan_course(cast)
    third = (await dosing(cast))[2]
    for turn in range(turns):
        for kind in EntryKind:
            answers = everything(kind, words)
            if kind is EntryKind.PLAN_NOTE:
                answers = {name: answers[name] for name in PLANNED}
            if kind is EntryKind.REFRAME:
                answers["reframe.old_meaning"] = f"{turn} {answers['reframe.old_meaning']}"
            if kind in (EntryKind.PREPARATION, EntryKind.INTEGRATION):
                lists = {"prep.resources", "int.top3"} & answers.keys()
                answers |= {field: "\n".join([words(field)] * 4) for field in lists}
            at = NOON - timedelta(hours=10 - turn)
            title = f"The corridor and the door, and what my hands did there, part {turn + 1}"
            await share(cast, await write(cast, kind, answers, title=title, note=note, about=third, at=at))
    await share_measures(cast, turns)
    await set_and_answer(cast, words, min(5, 2 * turns - 1))
    for skill in ("orient", "feet_hands", "paced_breath", "categories", "cold_warm")[: 2 * turns - 1]:
        for helped in ("yes", "bit", "worse"):
            used = {
                "ground.skill": skill,
                "ground.helped": helped,
                "ground.suds_before": 10,
                "ground.suds_after": 9,
            }
            await share(cast, await write(cast, EntryKind.GROUNDING, used, title=title, about=third))


async def share_measures(cast: Cast, turns: int) -> None:
    """Have alice answer as many measures, each three times, and share them."""
    for name, count in (("phq9", 9), ("gad7", 7), ("pcl5-month", 20))[:turns]:
        for day in (1, 10, 21):
            head = (f"instrument={name}", "version=1", "language=en", "days=14", f"day=2026-11-{day:02}")
            given = [f"{number}=1" for number in range(1, count + 1)]
            lines = [*head, f"begun=2026-11-{day:02}", f"finished=2026-11-{day:02}", *given]
            await share(cast, await write(cast, EntryKind.MEASURE, {"measure.form": lines}))


async def set_and_answer(cast: Cast, words: Callable[[str], str], count: int) -> None:
    """Have bob set questions in his own words for alice's next talk, and alice answer and share them."""
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    link = await load_link_with(bob, alice.id)
    talk = (await setting.load_talks_ahead(bob, link))[0].id
    question, why = words("words")[:200].strip(), words("why")[:100].strip()
    await setting.set_things(bob, alice.id, talk, [Thing("question", "own", question, why)] * count)
    for one in await items.load_items(bob, link, talk):
        document = EntryDocument("free", question, answers={"free.text": words("free.text")})
        saved = await entries.save_entry(alice, one.answer, 0, document)
        await share(cast, saved.id)


async def reader(cast: Cast) -> Actor:
    """Return bob, who reads."""
    return await cast.actor("bob")
