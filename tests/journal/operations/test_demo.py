"""The demonstration: whole, fresh, and never in a real practice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from journal.actor import Actor
from journal.authentication import sign_in, web_sessions
from journal.authentication.tables import KeyRenewal
from journal.care import links
from journal.care.tables import CareLink
from journal.care_notes import notes
from journal.charts import shared as shared_charts
from journal.entries import entries
from journal.evaluation import reviewing
from journal.evaluation.reviewing import State
from journal.installation.installation import Installation
from journal.operations.demo import load_demo
from journal.operations.demo_data import load_demo_practice
from journal.practice import practice
from journal.practice.practice import DemoConflict
from journal.preparing.checklist import TextState, load_checklist
from journal.reading_hours import hours
from journal.records.collection import collect_patient_records
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionKind
from journal.sharing import caseload, reading, shares
from journal.store.database import Store
from tests.cast import SERVER_KEY, Cast, Clock

EMAILS = {"alice": "alice@example.org", "bob": "bob@example.org"}


async def check_languages(patient: Actor) -> None:
    """All words of the demonstration say that they are English; which language pages speak is nobody's choice yet."""
    assert patient.language == ""
    found = await collect_patient_records(patient, "A practice")
    assert {one.language for one in found.entries if one.title or one.answers} == {"en"}
    assert {one.language for one in found.plan.courses if one.title} <= {"en"}
    for one in found.plan.sessions:
        assert one.dose_language == ("en" if one.dose_text else "")


async def test_the_demonstration_loads_with_its_people_and_words(database_url: str) -> None:
    """Three patients and their clinicians can sign in; some entries are shared, one changed since."""
    store = await Store.open(database_url)
    installation = Installation.with_key(SERVER_KEY, clock=Clock(datetime.now(UTC)), quick=True)
    demo = load_demo_practice()
    with store.use():
        await load_demo(installation)
        known = await practice.load_practice(installation)
        assert known is not None
        assert known.is_demo
        (waits,) = await CareLink.filter(due_at__not_isnull=True)  # of the prescriber, who renewed their keys
        assert waits.clinician_key is None
        assert not await KeyRenewal.exists()
        total = 0
        for person in demo.patients:
            token = (await sign_in.sign_in(installation, person.email, person.password)).token
            patient = await web_sessions.load_actor(installation, token)
            assert patient is not None
            total += len(await entries.load_all_entries(patient))
            await check_languages(patient)
            given = await shares.list_shares(patient)
            assert {one.entry for one in given}
            # An evaluation and its review go to two clinicians, and the review is kept.
            reviewed = sum(1 for one in person.entries if one.reviews)
            answered = sum(bool(one.answer) for one in person.things)
            assert len(given) == sum(1 for one in person.entries if one.shared) + 2 * reviewed + answered
            dosing = [one.id for one in await load_my_sessions(patient) if one.kind is SessionKind.DOSING]
            seen = await load_checklist(patient, dosing[-1])
            assert seen.text_state is (TextState.SIGNED if person.instructions else TextState.NONE)
            assert bool(seen.clinic) is (person.instructions is not None)
        assert total == 2 + sum(len(person.entries) + len(person.notes) for person in demo.patients) >= 40
        token = (await sign_in.sign_in(installation, demo.clinician.email, demo.clinician.password)).token
        bob = await web_sessions.load_actor(installation, token)
        assert bob is not None
        assert (await hours.load_my_hours(bob)).hours.language == "en"
        assert len((await caseload.load_caseload(bob)).cases) == 3
        assert len(await links.load_my_links(bob)) == 3
        charts = [
            await shared_charts.load_chart(bob, one.patient, "pressure")
            for one in await links.load_my_links(bob)
        ]
        found = [one.drawn.readings for one in charts if one.drawn and one.drawn.readings]
        clinic = [row for one in found for row in one.clinic]
        assert len(clinic) == sum(len(person.readings) for person in demo.patients) == 2
        token = (await sign_in.sign_in(installation, demo.prescriber.email, demo.prescriber.password)).token
        priya = await web_sessions.load_actor(installation, token)
        assert priya is not None
        cases = (await caseload.load_caseload(priya)).cases
        assert sorted(one.name for one in cases) == [demo.patients[0].name, demo.patients[-1].name]
        (case,) = [one for one in cases if one.name == demo.patients[0].name]
        for clinician in (priya, bob):
            folder = await reading.load_folder(clinician, case.patient)
            mine = await notes.load_notes(clinician, folder.link)
            standing = reviewing.find_standing(folder.shared, mine)
            assert standing.state is State.REVIEWED
        with pytest.raises(DemoConflict):
            await practice.create_setup_link(installation)
        with pytest.raises(DemoConflict):
            await load_demo(installation)
    await store.close()


async def test_a_real_practice_never_takes_the_demonstration(cast: Cast) -> None:
    """Where real people are, invented ones are refused and nothing changes."""
    with pytest.raises(DemoConflict):
        await load_demo(cast.installation)
    known = await practice.load_practice(cast.installation)
    assert known is not None
    assert not known.is_demo
