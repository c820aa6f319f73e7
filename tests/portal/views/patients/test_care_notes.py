"""What a clinician writes for one patient: plan notes and totals, in versions, read by both and kept by the patient."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from journal.accounts import tables as accounts_tables
from journal.care import lifecycle, tables
from journal.care.links import Link, load_link_with
from journal.care_notes import keeping, notes
from journal.care_notes.notes import NoteKind
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.time_zones import parse_zone
from tests.cast import ZONE, Cast
from tests.portal.browsing import Page, followed, opened, pressed
from tests.portal.conftest import Portal
from tests.scenes import become, in_session, rested, shared

PLAN = {
    "dose": "As told on the phone",
    "interval": "Three weeks instead of two",
    "focus": "Sleep",
    "from_day": "2026-11-23",
    "why": "The first two faded early.",
}
TOTAL = {"name": "WHO-5", "day": "2026-11-20", "total": "60"}


async def notes_at(cast: Cast) -> str:
    """Return the address of bob's notes for alice."""
    return f"/patients/{(await cast.actor('alice')).id}/notes"


async def write(cast: Cast, kind: NoteKind = NoteKind.PLAN, who: str = "bob", **changes: str) -> UUID:
    """Have somebody write a note for alice."""
    alice, typed = await cast.actor("alice"), PLAN if kind is NoteKind.PLAN else TOTAL
    return await notes.write_note(await cast.actor(who), alice.id, kind, typed | changes, uuid4())


async def typed(portal: Portal, place: str, **values: str) -> Page:
    """Have bob fill in a form of notes; return the page that follows."""
    async with portal.client("bob") as browser:
        page = await opened(browser, f"{await notes_at(portal.cast)}/{place}")
        return await answered(browser, await pressed(browser, page, **values))


async def answered(browser: AsyncClient, answer: Response) -> Page:
    """Go where an answer leads, or stay on its page."""
    return await followed(browser, answer) if answer.status_code == 303 else Page.of(answer)


async def kept(browser: AsyncClient, page: Page) -> Page:
    """Press the one button that keeps a note; return the entry's page."""
    (form,) = [one for one in page.markup.all("form") if one.attributes["action"].endswith("/kept")]
    return await followed(
        browser, await browser.post(form.attributes["action"], data={"revision": page.value("revision")})
    )


async def test_a_plan_note_is_read_by_both(any_portal: Portal) -> None:
    """In its writer's words, with name and date; a newer version stands above the earlier one."""
    page = await typed(any_portal, "plan", **PLAN)
    assert page.heading == "Notes for Alice Sample"
    found = await notes.load_notes(await any_portal.cast.actor("bob"), await link_of(any_portal.cast))
    await typed(any_portal, str(found[0].current.note), **PLAN | {"interval": "Four weeks"})
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/clinic")
        for words in (
            "As told on the phone",
            "Four weeks",
            "Sleep",
            "23 Nov 2026",
            "The first two faded early.",
        ):
            assert words in page.words
        assert "Written by Bob Example on 22 Nov 2026, version 2" in page.words
        assert page.words.index("Four weeks") < page.words.index("Three weeks instead of two")


async def link_of(cast: Cast) -> Link:
    """Return bob's care link with alice."""
    return await load_link_with(await cast.actor("bob"), (await cast.actor("alice")).id)


async def test_it_is_kept_and_shared_with_others(any_portal: Portal) -> None:
    """As an entry of the patient's; a newer version is a newer version of it; where it came from goes to nobody."""
    cast = any_portal.cast
    note = await write(cast)
    async with any_portal.client("alice") as browser:
        page = await kept(browser, await opened(browser, "/clinic"))
        assert page.heading == "Plan note, 22 Nov 2026"
        assert "Three weeks instead of two" in page.words
        assert "Bob Example, therapist, 22 Nov 2026" in page.words
        assert note.hex not in page.answer.text
        assert "Kept in your journal" in (await opened(browser, "/clinic")).words
    bob = await cast.actor("bob")
    await notes.write_note(bob, (await cast.actor("alice")).id, NoteKind.PLAN, PLAN | {"focus": ""}, note, 1)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/clinic")
        assert "Keep the newer version" in page.words
        page = await kept(browser, page)
        assert "Sleep" not in page.words
    ((entry, version),) = (await keeping.load_kept(await cast.actor("alice"))).values()
    assert (entry.revision, version) == (2, 2)
    await shared(cast, entry, ("plan.interval", "plan.by"))


async def test_a_total_is_kept_among_the_others(any_portal: Portal) -> None:
    """Name, day, total and who entered it; its patient sees it under Measures once it is kept."""
    await typed(any_portal, "total", **TOTAL)
    async with any_portal.client("alice") as browser:
        await kept(browser, await opened(browser, "/clinic"))
        page = await opened(browser, "/measures")
        for words in ("WHO-5", "60", "Bob Example"):
            assert words in page.words


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        (NoteKind.PLAN, {"dose": "", "interval": " ", "focus": ""}, "dose"),
        (NoteKind.PLAN, {"from_day": "soon"}, "from_day"),
        (NoteKind.PLAN, {"why": "x" * 2001}, "why"),
        (NoteKind.TOTAL, {"name": ""}, "name"),
        (NoteKind.TOTAL, {"day": "2026-11-23"}, "day"),
        (NoteKind.TOTAL, {"total": "many"}, "total"),
    ],
)
async def test_what_cannot_be_is_said(
    any_portal: Portal, kind: NoteKind, changes: dict[str, str], field: str
) -> None:
    """Beside its field, with what was typed, and nothing written."""
    values = (PLAN if kind is NoteKind.PLAN else TOTAL) | changes
    page = await typed(any_portal, kind.value, **values)
    assert page.answer.status_code == 422
    assert page.markup.all("p", id=f"{field}-error")
    for name, value in values.items():
        assert page.value(name) == value
    assert not await tables.CareNote.all().exists()


async def test_a_newer_version_is_not_written_over_unseen(any_portal: Portal) -> None:
    """It is shown, with what was typed kept below it; saved again, the typed one follows it. Sent twice, it is one."""
    cast = any_portal.cast
    note, where = await write(cast), await notes_at(cast)
    async with any_portal.client("bob") as browser:
        form = await opened(browser, f"{where}/{note}")
        await pressed(browser, form, focus="Appetite")
        await pressed(browser, form, focus="Appetite")
        assert await tables.CareNote.all().count() == 2
        page = await answered(browser, await pressed(browser, form, focus="Company"))
        assert page.answer.status_code == 409
        assert "Appetite" in page.words
        assert page.value("focus") == "Company"
        await pressed(browser, page)
    found = await notes.load_note(await cast.actor("bob"), await link_of(cast), note)
    assert [one.details.fields["focus"] for one in (found.current, *found.earlier)] == [
        "Company",
        "Appetite",
        "Sleep",
    ]


async def test_after_the_end_of_care_nothing_typed_is_lost(any_portal: Portal) -> None:
    """The page says that nothing was saved and shows the words; the notes are gone with the link."""
    cast = any_portal.cast
    where = await notes_at(cast)
    await write(cast)
    async with any_portal.client("bob") as browser:
        form = await opened(browser, f"{where}/plan")
        await lifecycle.end_care(await cast.actor("alice"), cast.link)
        page = await answered(browser, await pressed(browser, form, **PLAN))
        assert page.answer.status_code == 404
        assert "This patient is not in your care, so nothing was saved." in page.words
        assert PLAN["why"] in page.words
        assert (await browser.get(where)).status_code == 404
    assert not await tables.CareNote.all().exists()


async def test_where_keys_have_changed_nothing_typed_is_lost(portal: Portal) -> None:
    """Not even a single number: the page says why nothing was saved, and shows every value."""
    cast = portal.cast
    where, dana = await notes_at(cast), await accounts_tables.Account.get(id=(await cast.actor("dana")).id)
    alice = await cast.actor("alice")
    async with portal.client("bob") as browser:
        form = await opened(browser, f"{where}/plan")
        await accounts_tables.Account.filter(id=alice.id).update(public_identity=dana.public_identity)
        page = Page.of(await pressed(browser, form, **PLAN | {"dose": "100"}))
        assert page.answer.status_code == 409
        assert "The keys of this patient’s account are not those you agreed on" in page.words
        assert "100" in page.words
        assert PLAN["why"] in page.words


async def test_while_sharing_is_paused_it_waits(any_portal: Portal) -> None:
    """Neither read nor written by its writer, and what was typed stays; the patient goes on reading."""
    cast = any_portal.cast
    await write(cast)
    where = await notes_at(cast)
    async with any_portal.client("bob") as browser:
        form = await opened(browser, f"{where}/plan")
        await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
        page = await answered(browser, await pressed(browser, form, **PLAN))
        assert page.answer.status_code == 409
        assert "Not saved yet" in page.words
        assert page.value("why") == PLAN["why"]
        assert "Three weeks" not in (await opened(browser, where)).words
    assert await tables.CareNote.all().count() == 1
    async with any_portal.client("alice") as browser:
        assert "Three weeks" in (await opened(browser, "/clinic")).words


async def test_around_a_session_it_is_shown_after_rest(any_portal: Portal) -> None:
    """The page says that something waits, and not what."""
    cast = any_portal.cast
    note = await write(cast)
    session = await in_session(cast)
    async with any_portal.client("alice") as browser:
        kept = await browser.post(f"/clinic/notes/{cast.link}/{note}/kept", data={"revision": "1"})
        assert kept.status_code == 409
        page = await opened(browser, "/clinic")
        assert "Three weeks" not in page.words
        assert "once you have said that you rested" in page.words
    await rested(cast, session)
    async with any_portal.client("alice") as browser:
        assert "Three weeks" in (await opened(browser, "/clinic")).words


LIMITS = {"systolic": "160", "diastolic": "100", "pulse": "", "oxygen": "92", "checked": "yes"}


async def test_limits_are_entered_by_a_prescriber_and_read_by_the_patient(any_portal: Portal) -> None:
    """A therapist finds no such page; a prescriber signs them, changes them in place, and both read them."""
    cast = any_portal.cast
    where = await notes_at(cast)
    async with any_portal.client("bob") as browser:
        assert (
            await followed(browser, await browser.get(f"{where}/limits"))
        ).heading == "Notes for Alice Sample"
        await become(cast, "bob", "prescriber")
        page = await opened(browser, f"{where}/limits")
        answer = await browser.post(
            f"{where}/limits", data=page.filled(LIMITS | {"checked": "", "systolic": "9"})
        )
        assert answer.status_code == 422
        assert Page.of(answer).value("systolic") == "9"
        page = await followed(browser, await browser.post(f"{where}/limits", data=page.filled(LIMITS)))
        assert "Signed by Bob Example" in page.words
        changed = await followed(browser, await browser.get(f"{where}/limits"))
        assert changed.value("oxygen") == "92"
        form = changed.markup.one("form", **{"class": "form"})
        sent = changed.filled(LIMITS | {"systolic": "155"})
        await followed(browser, await browser.post(form.attributes["action"], data=sent))
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/clinic")
        assert "Limits before starting" in page.words
        assert page.words.index("155") < page.words.index("160")


async def test_limits_begun_on_two_pages_are_one_note(any_portal: Portal) -> None:
    """The second page shows what the first one signed, with its own numbers still typed; saved again, they follow."""
    cast = any_portal.cast
    await become(cast, "bob", "prescriber")
    where = await notes_at(cast)
    async with any_portal.client("bob") as browser:
        first, second = await opened(browser, f"{where}/limits"), await opened(browser, f"{where}/limits")
        await browser.post(f"{where}/limits", data=first.filled(LIMITS))
        answer = await browser.post(f"{where}/limits", data=second.filled(LIMITS | {"systolic": "151"}))
        assert answer.status_code == 409
        page = Page.of(answer)
        assert "A newer version was written meanwhile" in page.words
        assert page.value("systolic") == "151"
        page = await followed(browser, await pressed(browser, page))
        assert "151" in page.words
        assert await tables.CareNote.all().count() == 2


async def test_limits_that_cannot_be_opened_are_told_before_the_start(portal: Portal) -> None:
    """Also where the keys of who signed them have changed: that nothing is said would mean that all is within them."""
    cast = portal.cast
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    local = cast.clock.now.astimezone(parse_zone(ZONE)).strftime("%Y-%m-%dT%H:%M")
    details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME)
    where = f"/sessions/{await session_plan.add_session(alice, alice.id, details)}/readings"
    await become(cast, "bob", "prescriber")
    await notes.write_note(await cast.actor("bob"), alice.id, NoteKind.LIMITS, LIMITS, uuid4())
    said = "cannot be opened: it may be limits. Ask them before going further."
    async with portal.client("alice") as browser:
        page = await opened(browser, where)
        await browser.post(where, data=page.filled({"time": "12:40", "systolic": "120"}))
        assert said not in (await opened(browser, where)).words
        dana = await accounts_tables.Account.get(id=(await cast.actor("dana")).id)
        await accounts_tables.Account.filter(id=bob.id).update(public_identity=dana.public_identity)
        page = await opened(browser, where)
        assert said in page.words
        assert "Outside the limit" not in page.words


async def test_a_reading_outside_a_limit_is_told_before_the_start_and_never_after(portal: Portal) -> None:
    """Without limits a number is shown and nothing said; nothing is blocked, and no word stands once it has begun."""
    cast = portal.cast
    alice = await cast.actor("alice")
    local = cast.clock.now.astimezone(parse_zone(ZONE)).strftime("%Y-%m-%dT%H:%M")
    details = SessionDetails(SessionKind.DOSING, local, ZONE, 120, Setting.HOME)
    session = await session_plan.add_session(alice, alice.id, details)
    said = "Outside the limit your prescriber set"
    async with portal.client("alice") as browser:
        where = f"/sessions/{session}/readings"
        page = await opened(browser, where)
        await browser.post(
            where, data=page.filled({"time": "12:40", "systolic": "165", "diastolic": "90", "oxygen": "98"})
        )
        assert said not in (await opened(browser, where)).words
        await become(cast, "bob", "prescriber")
        await notes.write_note(await cast.actor("bob"), alice.id, NoteKind.LIMITS, LIMITS, uuid4())
        assert said in (await opened(browser, where)).words
        start = await opened(browser, f"/sessions/{session}?start=yes")
        assert said in start.words
        assert start.markup.all("button", value="in_session")  # nothing is blocked
        again = await opened(browser, where)
        await browser.post(where, data=again.filled({"time": "12:50", "systolic": "150", "diastolic": "90"}))
        assert said not in (await opened(browser, where)).words
        again = await opened(browser, where)
        sent = again.filled({"time": "12:55", "systolic": "170", "diastolic": "90"})
        assert (await browser.post(where, data=sent)).status_code == 303
        assert said in (await opened(browser, where)).words
        answer = await browser.post(f"/sessions/{session}/status", data={"status": "in_session"})
        assert answer.status_code == 303
        assert said not in (await opened(browser, where)).words
        assert said not in (await opened(browser, f"/sessions/{session}")).words
