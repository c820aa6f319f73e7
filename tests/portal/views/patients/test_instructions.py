"""What a care team writes for the days of a course: on their own pages, and on the patient's."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from uuid import UUID

import msgspec
import pytest

from journal.clinic import instructions, tables
from journal.clinic.instructions import InstructionsDetails, SignedInstructions
from journal.scheduling import plan as session_plan
from journal.sealing import open_document, seal_document
from journal.sessions.course import CoursePlan
from journal.sessions.moments import OFFSET_BOUNDS, USUAL, Offsets
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from tests.cast import ZONE, Cast
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import signed_in_again

TYPED: dict[str, Any] = {
    "fasting": "Placeholder: as your prescriber told you.",
    "medicines": "Placeholder one.\nPlaceholder two.",
    "bring": "A blanket",
    "sitter_text": "Placeholder: stay in the room.",
    "acute_hours": "6",
    "check_minutes": "20",
    "part_minutes": "",
    "checked": "yes",
}
NOT_WRITTEN = "Your clinic has not written this here. Ask them."
NOT_SIGNED = "This text was not signed by somebody on your care team. Ask them."
SIGNED = "Written and signed by Bob Example on 22 Nov 2026, version "


async def listed_at(cast: Cast) -> str:
    """Return the address of the list for alice on her therapist's side."""
    return f"/patients/{(await cast.actor('alice')).id}/instructions"


async def write(portal: Portal, place: str = "single", revision: int = 0, **changes: object) -> Page:
    """Have bob fill in the form; return the page that follows."""
    where = f"{await listed_at(portal.cast)}/{place}"
    async with portal.client("bob") as browser:
        answer = await browser.post(where, data={"revision": revision} | TYPED | changes)
        return await followed(browser, answer) if answer.status_code == 303 else Page.of(answer)


async def plan_course(cast: Cast, day: int) -> UUID:
    """Have bob plan a course of one dosing session for alice."""
    plan = CoursePlan(date(2026, 12, day), time(14), ZONE, 1, 7, Setting.HOME)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    return await session_plan.plan_course(bob, alice.id, "", plan)


async def dose(cast: Cast, *said: Status, day: str = "2026-11-22") -> str:
    """Have alice plan a dosing session, today at one, and say *said* of it; return the address of its page."""
    alice = await cast.actor("alice")
    details = SessionDetails(SessionKind.DOSING, f"{day}T13:00", ZONE, 120, Setting.HOME)
    ident = await session_plan.add_session(alice, alice.id, details)
    for status in said:
        await session_plan.change_status(alice, ident, status)
    return f"/sessions/{ident}"


async def test_its_day_is_that_of_whoever_reads(any_portal: Portal) -> None:
    """Half past eleven at night, UTC, is the next day in Berlin: on each page that says when it was written."""
    any_portal.cast.clock.forward(hours=11, minutes=30)
    await signed_in_again(any_portal.cast)
    day = "signed by Bob Example on 23 Nov 2026"
    assert day in (await write(any_portal)).words
    where = await dose(any_portal.cast, day="2026-11-24")
    async with any_portal.client("alice") as browser:
        for path in (where, f"{where}/checklist", "/clinic"):
            assert day in (await opened(browser, path)).words, path


async def test_what_is_written_is_listed_and_shown_to_the_patient(any_portal: Portal) -> None:
    """Word for word, signed and dated; the sitter's text is not among it."""
    listed = await write(any_portal)
    for words in ("Placeholder one.", "Placeholder: stay in the room.", f"{SIGNED}1"):
        assert words in listed.words
    where = await dose(any_portal.cast)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, where)
        for words in (TYPED["fasting"], "Placeholder two.", "A blanket", f"{SIGNED}1"):
            assert words in page.words
        for words in (NOT_WRITTEN, NOT_SIGNED, TYPED["sitter_text"]):
            assert words not in page.words


async def test_nothing_written_is_said_so(portal: Portal) -> None:
    """For the whole, and for a part that was left empty; the calm page is silent without a text."""
    where = await dose(portal.cast)
    async with portal.client("alice") as browser:
        assert (await opened(browser, where)).words.count(NOT_WRITTEN) == 1
        await write(portal, fasting="", bring="")
        assert (await opened(browser, where)).words.count(NOT_WRITTEN) == 2
        quiet = await dose(portal.cast, Status.IN_SESSION)
        assert "Placeholder two." in (await opened(browser, quiet)).words
        await tables.InstructionsVersion.all().delete()
        page = await opened(browser, quiet)
        assert "What your clinic wrote" not in page.words
        assert NOT_WRITTEN not in page.words


async def test_a_course_has_a_text_of_its_own(portal: Portal) -> None:
    """Which another course can start from, and does not have without it."""
    first, second = [await plan_course(portal.cast, day) for day in (1, 15)]
    await write(portal, str(first))
    sessions = await load_my_sessions(await portal.cast.actor("alice"))
    told, untold = (next(one.id for one in sessions if one.course == course) for course in (first, second))
    async with portal.client("alice") as browser:
        assert TYPED["fasting"] in (await opened(browser, f"/sessions/{told}")).words
        assert NOT_WRITTEN in (await opened(browser, f"/sessions/{untold}")).words
    where = f"{await listed_at(portal.cast)}/{second}"
    async with portal.client("bob") as browser:
        assert "Placeholder one." not in (await opened(browser, where)).answer.text
        copied = await opened(browser, f"{where}?from={first}")
        assert "Placeholder one." in copied.answer.text
        assert (copied.value("acute_hours"), copied.value("revision")) == ("6", "0")
        assert 'name="checked" value="yes" checked' not in copied.answer.text


async def test_it_is_not_saved_without_the_tick(portal: Portal) -> None:
    """What was typed stays in the form, and so does a number that is out of bounds."""
    page = await write(portal, checked="", acute_hours="13", part_minutes="soon")
    assert page.answer.status_code == 422
    for words in ("Please check the text for this course", "Please choose one of the numbers"):
        assert words in page.words
    assert "Placeholder one." in page.answer.text
    assert (page.value("acute_hours"), page.value("part_minutes")) == ("13", "soon")
    assert await tables.InstructionsVersion.all().count() == 0


async def test_a_newer_version_is_shown_before_it_is_written_over(portal: Portal) -> None:
    """With what was typed kept; saved again, it takes its place, and the older one stays readable."""
    await write(portal)
    page = await write(portal, bring="A pair of socks")
    assert page.answer.status_code == 409
    assert "A newer version was written meanwhile" in page.words
    assert "A blanket" in page.words
    assert "A pair of socks" in page.answer.text
    assert page.value("revision") == "1"
    listed = await write(portal, revision=1, bring="A pair of socks")
    assert f"{SIGNED}2" in listed.words
    assert "A blanket" in listed.words


async def test_a_text_that_nobody_of_the_care_team_signed_is_named(portal: Portal) -> None:
    """Whoever has database and server key can write words, and no signature."""
    await write(portal)
    row, keys = await tables.InstructionsVersion.get(), portal.cast.installation.server_keys
    where = instructions.instructions_context((await portal.cast.actor("alice")).id, None, 1)
    document = open_document(keys, row.sealed, where, SignedInstructions)
    other = msgspec.json.encode(InstructionsDetails("Forged.", written_at="2026-11-22T12:00:00+00:00"))
    row.sealed = seal_document(keys, msgspec.structs.replace(document, details=msgspec.Raw(other)), where)
    await row.save()
    for status in ((), (Status.IN_SESSION,)):
        page_of_day = await dose(portal.cast, *status)
        async with portal.client("alice") as browser:
            assert NOT_SIGNED in (await opened(browser, page_of_day)).words


@pytest.mark.parametrize("name", ["charlie", "alice", "erin"])
async def test_nobody_else_sees_or_writes_it(portal: Portal, name: str) -> None:
    """The pages of a care team do not exist for others."""
    await write(portal)
    where = await listed_at(portal.cast)
    async with portal.client(name) as browser:
        for path in (where, f"{where}/single"):
            assert (await browser.get(path)).status_code == 404
        assert (await browser.post(f"{where}/single", data={"revision": 1} | TYPED)).status_code == 404
    assert await tables.InstructionsVersion.all().count() == 1


async def test_what_is_offered_when_is_written_with_the_text(any_portal: Portal) -> None:
    """The usual numbers stand there as such; what is left empty is as usual, and older versions keep theirs."""
    where = f"{await listed_at(any_portal.cast)}/single"
    async with any_portal.client("bob") as browser:
        page = await opened(browser, where)
        assert {name: page.value(name) for name in OFFSET_BOUNDS} == {
            name: str(getattr(USUAL, name)) for name in OFFSET_BOUNDS
        }
        assert "Usual: 7." in page.words
    await write(any_portal, prepare_days="10", stayed_days="", week_days="5")
    alice = (await any_portal.cast.actor("alice")).id
    found = await instructions.load_current(any_portal.cast.installation, alice)
    assert found[None].details.offsets == Offsets(prepare_days=10, week_days=5)
    await write(any_portal, revision=1)
    assert [
        one.details.offsets for one in await instructions.load_versions(any_portal.cast.installation, alice)
    ] == [
        USUAL,
        Offsets(prepare_days=10, week_days=5),
    ]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"prepare_days": "31"}, "prepare_days", "one of the numbers that are offered"),
        ({"week_days": "soon"}, "week_days", "one of the numbers that are offered"),
        ({"prepare_until_days": "7"}, "prepare_until_days", "fewer days than for the beginning"),
        ({"integrate_again_hours": "24"}, "integrate_again_hours", "a later time than for the one before"),
    ],
)
async def test_an_offset_that_cannot_be_is_refused_and_kept(
    any_portal: Portal, changes: dict[str, Any], field: str, sentence: str
) -> None:
    """Beside the field, in an open part of the form, with what was typed still there; nothing is stored."""
    page = await write(any_portal, revision=0, place="single", **changes)
    assert page.answer.status_code == 422
    assert sentence in page.words
    assert page.value(field) == changes[field]
    (part,) = [one for one in page.markup.all("details") if "When something is offered" in one.words]
    assert "open" in part.attributes
    assert await instructions.read_version((await any_portal.cast.actor("alice")).id, None) == 0
