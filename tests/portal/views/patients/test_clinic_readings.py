"""What a clinic notes at a session with esketamine: asked once more, signed, in versions, read and kept."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid4

import msgspec
import pytest

from journal.care import lifecycle, tables
from journal.care.link_keys import open_shared_key
from journal.care.links import Link, load_link_with
from journal.care_notes import keeping, notes
from journal.care_notes.clinic import CLINIC_FIELDS, SESSION, find_asked
from journal.care_notes.notes import NoteDetails, NoteKind, care_note_context
from journal.errors import InvalidInput, NotFound, StaleRevision
from journal.scheduling import plan as session_plan
from journal.sealing import open_document, seal_document
from journal.sessions.session import Route, SessionDetails, SessionKind, Setting, Status
from tests.cast import ZONE, Cast
from tests.portal.browsing import Page, followed, opened, pressed
from tests.portal.conftest import Portal
from tests.portal.views.test_records import pages_of, words_of
from tests.scenes import become
from tests.shared_material import dosing, put_details, report_past, share

TYPED = {
    "before_time": "09:05",
    "before_systolic": "128",
    "before_diastolic": "82",
    "before_pulse": "71",
    "before_oxygen": "98",
    "middle_time": "09:50",
    "middle_systolic": "151",
    "middle_diastolic": "94",
    "end_time": "11:00",
    "end_systolic": "131",
    "end_diastolic": "84",
    "drowsy_from": "09:30",
    "drowsy_until": "10:20",
    "away_from": "09:25",
    "away_until": "10:05",
    "ready": "11:10",
}
BLANK = dict.fromkeys(CLINIC_FIELDS, "")


async def planned(
    cast: Cast, local: str = "2026-11-22T09:10", route: Route = Route.INTRANASAL_ESKETAMINE
) -> UUID:
    """Have bob plan a dosing session for alice, for the morning of this day."""
    details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.CLINIC, route)
    return await session_plan.add_session(await cast.actor("bob"), (await cast.actor("alice")).id, details)


async def rested(cast: Cast) -> UUID:
    """Return a session of yesterday after which alice has rested."""
    session = await planned(cast, "2026-11-21T09:10")
    await report_past(cast)
    return session


async def write(
    cast: Cast,
    session: UUID,
    changes: Mapping[str, str] | None = None,
    note: UUID | None = None,
    base: int = 0,
) -> UUID:
    """Have bob note what was read at a session."""
    alice, told = await cast.actor("alice"), BLANK | TYPED | {SESSION: str(session)} | dict(changes or {})
    bob = await cast.actor("bob")
    return await notes.write_note(bob, alice.id, NoteKind.CLINIC, told, note or uuid4(), base)


async def form_of(cast: Cast, session: UUID | str) -> str:
    """Return the address of the form for a session."""
    return f"/patients/{(await cast.actor('alice')).id}/notes/clinic?session={session}"


async def typed(portal: Portal, session: UUID, **values: str) -> Page:
    """Have bob fill in the form for a session; return the page that follows."""
    async with portal.client("bob") as browser:
        answer = await pressed(browser, await opened(browser, await form_of(portal.cast, session)), **values)
        return await followed(browser, answer) if answer.status_code == 303 else Page.of(answer)


async def link_of(cast: Cast) -> Link:
    """Return bob's care link with alice."""
    return await load_link_with(await cast.actor("bob"), (await cast.actor("alice")).id)


async def test_both_read_it_and_it_is_changed_in_versions(any_portal: Portal) -> None:
    """From the session's page; once there is something, the same form goes on with it."""
    session = await rested(any_portal.cast)
    async with any_portal.client("bob") as browser:
        assert "Readings in the clinic" in (await opened(browser, f"/sessions/{session}")).words
    page = await typed(any_portal, session, **TYPED)
    assert page.heading == "Notes for Alice Sample"
    for words in (
        "Session on",
        "22 Nov 2026",
        "09:05 · 128/82, pulse 71, oxygen 98 %",
        "09:30–10:20",
        "11:10",
    ):
        assert words in page.words
    await typed(any_portal, session, ready="11:20")
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/clinic")
        assert "Signed by Bob Example on 22 Nov 2026, version 2" in page.words
        assert page.words.index("11:20") < page.words.index("11:10")
    assert len({row.note for row in await tables.CareNote.all()}) == 1


async def test_it_stands_in_the_summary_as_the_clinic_s(any_portal: Portal) -> None:
    """In the cells of its session, apart from what the patient noted, each a link to the note."""
    cast = any_portal.cast
    session = await planned(cast)
    note = await write(cast, session)
    alice = (await cast.actor("alice")).id
    async with any_portal.client("bob") as browser:
        page = await opened(browser, f"/patients/{alice}/summary")
    for words in (
        "Clinic: 09:05 128/82, pulse 71, oxygen 98 %",
        "Clinic: at about 40 minutes: 09:50 151/94",
        "Clinic: 11:00 131/84; ready to leave: 11:10",
        "Clinic: far away: 09:25–10:05; drowsy: 09:30–10:20",
    ):
        assert words in page.words
    assert page.answer.text.count(f'href="/patients/{alice}/notes/{note}"') == 4
    async with any_portal.client("bob") as browser:
        form = await browser.get(f"/patients/{alice}/notes/{note}")
        assert form.headers["location"].endswith(f"/notes/clinic?session={session.hex}")


async def test_what_is_unlikely_is_asked_about_once_more_and_kept(any_portal: Portal) -> None:
    """As it was typed; changed to something else that is unlikely, it is asked about again."""
    session = await planned(any_portal.cast)
    page = await typed(any_portal, session, **TYPED | {"before_systolic": "1280", "drowsy_until": "09:10"})
    assert page.answer.status_code == 422
    assert "Before · Upper blood pressure: 1280" in page.words
    assert "Drowsy until: 09:10" in page.words
    assert not await tables.CareNote.all()
    async with any_portal.client("bob") as browser:
        answer = await pressed(browser, page, before_systolic="1281")
        page = Page.of(answer)
        assert answer.status_code == 422
        assert "1281" in page.words
        page = await followed(browser, await pressed(browser, page))
    assert "1281/82" in page.words


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"before_systolic": "high"}, "before_systolic"),
        ({"end_oxygen": "98 %"}, "end_oxygen"),
        ({"before_time": "nine"}, "before_time"),
        ({"end_time": "25:00"}, "end_time"),
        ({"ready": "13:01"}, "ready"),  # it is noon in UTC, one o'clock in Berlin
        ({"away_until": "23:00"}, "away_until"),
        (dict.fromkeys(TYPED, ""), "before_systolic"),
    ],
)
async def test_what_cannot_be_is_said(portal: Portal, changes: dict[str, str], field: str) -> None:
    """Beside its field, with what was typed, and nothing written."""
    session = await planned(portal.cast)
    page = await typed(portal, session, **TYPED | changes)
    assert page.answer.status_code == 422
    assert page.markup.all("p", id=f"{field}-error")
    for name, value in (TYPED | changes).items():
        assert page.value(name) == value
    assert not await tables.CareNote.all()


@pytest.mark.parametrize("other", ["another route", "cancelled", "tomorrow", "nobody's", "of dana", "none"])
async def test_no_other_session_has_it(any_portal: Portal, other: str) -> None:
    """It says so kindly, and what was typed is still in the form."""
    cast = any_portal.cast
    session = await planned(cast)
    wanted = str(session)
    page = None
    async with any_portal.client("bob") as browser:
        form = await opened(browser, await form_of(cast, session))
        if other == "another route":
            wanted = str(await planned(cast, route=Route.IV))
        elif other == "cancelled":
            await put_details(cast, (await dosing(cast))[0], status=Status.CANCELLED)
        elif other == "tomorrow":
            wanted = str(await planned(cast, "2026-11-23T09:10"))
        elif other == "of dana":
            dana = await cast.actor("dana")
            details = SessionDetails(
                SessionKind.DOSING, "2026-11-22T09:10", ZONE, 60, Setting.CLINIC, Route.INTRANASAL_ESKETAMINE
            )
            wanted = str(await session_plan.add_session(dana, dana.id, details))
        else:
            wanted = {"nobody's": str(uuid4()), "none": "x"}[other]
        page = Page.of(await pressed(browser, form, **TYPED | {"session": wanted}))
        assert page.answer.status_code == 422
        said = (
            "This session is still to come"
            if other == "tomorrow"
            else "with esketamine nasal spray that was not"
        )
        assert said in page.words
        assert page.value("before_systolic") == "128"
        if other != "tomorrow":
            page = await opened(browser, await form_of(cast, wanted))
            assert "with esketamine nasal spray that was not" in page.words
            assert not page.markup.all("fieldset")
    assert not await tables.CareNote.all()


async def test_after_an_end_of_care_what_was_typed_is_shown(portal: Portal) -> None:
    """Nothing is saved, and the words can be copied; with the care link the notes are gone."""
    cast = portal.cast
    session = await rested(cast)
    await write(cast, session)
    async with portal.client("bob") as browser:
        form = await opened(browser, await form_of(cast, session))
        await lifecycle.end_care(await cast.actor("alice"), cast.link)
        page = Page.of(await pressed(browser, form, ready="11:30"))
    assert page.answer.status_code == 404
    assert "Ready to leave at: 11:30" in page.words
    assert not await tables.CareNote.all()


async def test_in_a_pause_nothing_is_saved_and_nothing_is_lost(portal: Portal) -> None:
    """The form says when it can be saved."""
    cast = portal.cast
    session = await planned(cast)
    async with portal.client("bob") as browser:
        form = await opened(browser, await form_of(cast, session))
        await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
        page = Page.of(await pressed(browser, form, **TYPED))
        assert page.answer.status_code == 409
        assert page.value("middle_systolic") == "151"
        assert "Sharing is paused" in (await opened(browser, await form_of(cast, session))).words


async def test_there_is_one_note_of_a_session_and_nobody_is_written_over(any_portal: Portal) -> None:
    """A second form that was opened before says what is saved now; saved once more, it is a newer version."""
    cast = any_portal.cast
    session = await planned(cast)
    async with any_portal.client("bob") as browser:
        form = await opened(browser, await form_of(cast, session))
        note = await write(cast, session)
        page = Page.of(await pressed(browser, form, **TYPED | {"ready": "11:40"}))
        assert page.answer.status_code == 409
        assert "A newer version was written meanwhile" in page.words
        assert page.value("ready") == "11:40"
        await followed(browser, await pressed(browser, page))
    (found,) = await notes.load_notes(await cast.actor("bob"), await link_of(cast))
    assert (found.current.note, found.current.version, found.current.details.fields["ready"]) == (
        note,
        2,
        "11:40",
    )
    with pytest.raises(StaleRevision):
        await write(cast, session)
    other = await planned(cast, "2026-11-21T09:10")
    with pytest.raises(StaleRevision):
        await write(cast, other, note=note)


async def test_another_session_does_not_take_a_note_over(portal: Portal) -> None:
    """A note stays with the session that it was begun for, also in its next version."""
    cast = portal.cast
    session, other = await planned(cast), await planned(cast, "2026-11-21T09:10")
    note = await write(cast, session)
    with pytest.raises(NotFound):
        await write(cast, other, note=note, base=1)
    (found,) = await notes.load_notes(await cast.actor("bob"), await link_of(cast))
    assert (found.current.version, found.current.details.fields[SESSION]) == (1, session.hex)


@pytest.mark.parametrize("profession", ["therapist", "prescriber", "nurse"])
async def test_whoever_cares_for_the_patient_enters_it(portal: Portal, profession: str) -> None:
    """And nobody else."""
    cast = portal.cast
    session = await planned(cast)
    await become(cast, "bob", profession)
    await write(cast, session)
    (found,) = await notes.load_notes(await cast.actor("bob"), await link_of(cast))
    assert found.current.details.profession == profession


async def test_it_is_signed(portal: Portal) -> None:
    """Whoever has the care link's key without the clinician's keys, as the patient does, cannot write one."""
    cast = portal.cast
    note = await write(cast, await planned(cast))
    link = await link_of(cast)
    row = await tables.CareNote.get(note=note)
    key, where = await open_shared_key(await cast.actor("bob"), link), care_note_context(link.id, note, 1)
    details = open_document(key, row.sealed, where, NoteDetails)
    forged = msgspec.structs.replace(details, fields=details.fields | {"before_systolic": "200"})
    await tables.CareNote.filter(note=note).update(sealed=seal_document(key, forged, where))
    found = await notes.load_notes(await cast.actor("bob"), link)
    assert (len(found), found.damaged) == (0, (row.id,))


async def test_it_is_kept_and_reaches_another_clinician_by_a_share(any_portal: Portal) -> None:
    """As an entry about its session with who took it; shared, it stands in their summary as the clinic's."""
    cast = any_portal.cast
    session = await rested(cast)
    note = await write(cast, session)
    alice = await cast.actor("alice")
    kept = await keeping.keep_note(alice, cast.link, note, 1, "Readings in the clinic")
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{kept}")
    for words in (
        "Readings in the clinic",
        "128",
        "09:30–10:20",
        "11:10",
        "Bob Example, therapist, 22 Nov 2026",
    ):
        assert words in page.words
    await share(cast, kept, *("plan.before", "plan.away", "plan.by"))
    async with any_portal.client("bob") as browser:
        page = await opened(browser, f"/patients/{alice.id}/summary")
    assert page.words.count("Clinic: 09:05 128/82, pulse 71, oxygen 98 %") == 1  # it is bob's own
    await tables.CareNote.filter(note=note).delete()  # to another clinician it is the copy alone
    async with any_portal.client("bob") as browser:
        page = await opened(browser, f"/patients/{alice.id}/summary")
    assert "Clinic: 09:05 128/82, pulse 71, oxygen 98 %" in page.words
    assert "Clinic: far away: 09:25–10:05" in page.words
    assert "ready to leave" not in page.words
    assert "Plan notes" not in page.words


async def test_it_stands_in_both_charts_as_the_clinic_s(any_portal: Portal) -> None:
    """Drawn in a shape and with words of its own, with a table below, for both; kept, changed and shared it is one."""
    cast = any_portal.cast
    session = await rested(cast)
    note = await write(cast, session)
    alice = await cast.actor("alice")
    here = f"/patients/{alice.id}"
    said = "In the clinic on 21 Nov 2026: 128/82 before, 151/94 at about 40 minutes and 131/84 at the end."
    for who, path, source in (
        ("alice", "/charts", f"/clinic#note-{note}"),
        ("bob", f"{here}/charts", f"{here}/notes/{note}"),
    ):
        async with any_portal.client(who) as browser:
            page = await opened(browser, f"{path}?show=pressure")
            assert said in page.words
            assert "in the clinic, at about 40 minutes" in page.words
            assert len(page.markup.all("rect", within="picture-drawing")) == 1
            assert page.markup.all("a", href=source)
            assert "Bob Example" in page.words
            assert "128/82 09:05" in page.words
            assert (
                "In the clinic on 21 Nov 2026: 71 before."
                in (await opened(browser, f"{path}?show=pulse")).words
            )
            if who == "alice":
                assert note.hex in (await browser.get("/clinic")).text.replace("-", "")
            else:
                assert f"{path}?show=oxygen" in (await opened(browser, path)).answer.text
    kept = await keeping.keep_note(alice, cast.link, note, 1, "Readings in the clinic")
    await share(cast, kept, "plan.before", "plan.middle", "plan.end", "plan.by")
    for who, path in (("alice", "/charts"), ("bob", f"{here}/charts")):
        async with any_portal.client(who) as browser:
            page = await opened(browser, f"{path}?show=pressure")
            assert page.words.count("In the clinic on") == 1
            assert bool(page.markup.all("a", href=f"/journal/{kept}")) is (who == "alice")
    await write(cast, session, {"middle_systolic": "149"}, note, 1)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/charts?show=pressure")
        assert (page.words.count("149/94"), page.words.count("151/94")) == (2, 0)  # the newer one, once
    row = await tables.CareNote.filter(note=note, version=2).get()
    await tables.CareNote.filter(id=row.id).update(sealed=row.sealed[:-1] + bytes([row.sealed[-1] ^ 1]))
    for who, path, told in (
        ("alice", "/charts", "One record of this cannot be opened"),
        ("bob", f"{here}/charts", "One version cannot be opened"),
    ):
        async with any_portal.client(who) as browser:
            assert told in (await opened(browser, f"{path}?show=pressure")).words
    await tables.CareNote.filter(note=note).delete()
    for who, path, source in (
        ("alice", "/charts", f"/journal/{kept}"),
        ("bob", f"{here}/charts", f"{here}/shared/"),
    ):
        async with any_portal.client(who) as browser:
            page = await opened(browser, f"{path}?show=pressure")
            assert said in page.words
            assert source in page.answer.text


def test_nothing_is_asked_about_likely_values() -> None:
    """A session that goes past midnight ends after it began."""
    assert find_asked(BLANK | TYPED) == ()
    assert find_asked(BLANK | {"away_from": "23:30", "away_until": "00:20"}) == ()
    assert find_asked(BLANK | {"end_systolic": "80", "end_diastolic": "120"}) == (
        "end_systolic",
        "end_diastolic",
    )


async def test_midnight_is_of_the_session_s_day(portal: Portal) -> None:
    """A time after midnight of a session in the evening is of the next day, and so may be still to come."""
    cast = portal.cast
    session = await planned(cast, "2026-11-21T22:00")
    await write(cast, session, BLANK | {SESSION: str(session), "ready": "00:30"})
    later = await planned(cast, "2026-11-22T12:30")
    with pytest.raises(InvalidInput) as refused:
        await write(cast, later, BLANK | {SESSION: str(later), "ready": "00:30"})
    assert "ready" in refused.value.fields


async def test_both_take_it_away(portal: Portal) -> None:
    """Named by its session, with each reading in one line and every time; the records say which session it is of."""
    cast = portal.cast
    session = await rested(cast)
    await write(cast, session)
    for who in ("alice", "bob"):
        pages = await pages_of(cast, who)
        words = words_of(pages["sessions.html" if who == "alice" else "patients/1.html"])
        assert "Readings in the clinic" in words
        for told in (
            "09:05 128/82 · 71 · 98",
            "09:50 151/94 · – · –",
            "10:20",
            "11:10",
            "1st dosing session",
        ):
            assert told in words
