"""An entry without a title is recognised everywhere by its kind and its session, and nowhere called untitled."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from journal.catalogue.fields import Answer, EntryKind
from journal.entries import entries
from journal.records import collection as records_collection
from journal.scheduling import plan as session_plan
from journal.sessions.session import Phase, SessionDetails, SessionKind, Setting, Status
from journal.sharing import shares
from journal.vault.documents import EntryDocument
from portal.documents.archive_pages import build_page_renderer
from tests.cast import NOON, ZONE
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal, compiled_once
from tests.scenes import opened_by, rewritten, written
from tests.shared_material import dosing, plan_course, put_details, share, write

NAME = "Capture, 2nd dosing session"
WORDS: dict[str, Answer] = {"int.images": "A door, painted green."}
CATALOGUE = Path(__file__).parent.parent.parent / "portal" / "locale" / "messages.pot"


async def captured(portal: Portal, title: str = "") -> tuple[str, str]:
    """Have alice capture something after her second dosing session and share it; return the ids of both."""
    cast = portal.cast
    await plan_course(cast)
    second = (await dosing(cast))[1]
    entry = await write(
        cast, EntryKind.CAPTURE, WORDS, title=title, about=second, at=NOON - timedelta(days=8)
    )
    copy = await share(cast, entry)
    await opened_by(cast, "bob", copy)
    alice = await cast.actor("alice")
    known = await entries.load_entry(alice, entry)
    await rewritten(cast, known, **{"int.images": "A door, painted green, and the sea."})
    return str(entry), str(copy)


async def test_every_page_of_the_patient_names_it_alike(any_portal: Portal) -> None:
    """Lists, the entry, its versions, every step of sharing, the logs, and the pages that ask before it is gone."""
    entry, copy = await captured(any_portal)
    alice = await any_portal.cast.actor("alice")
    session = (await dosing(any_portal.cast))[1].id
    async with any_portal.client("alice") as browser:
        versions = await opened(browser, f"/journal/{entry}/revisions")
        (version,) = versions.markup.all("a", within="entry-title")
        pages = {
            where: await opened(browser, where)
            for where in (
                "/",
                "/journal",
                f"/journal/{entry}",
                version.attributes["href"],
                f"/journal/{entry}/shares",
                f"/journal/{entry}/deletion",
                f"/shares/{copy}/revocation",
                "/sharing",
                "/sharing/log",
                "/sharing/disclosures",
                f"/sessions/{session}",
            )
        }
        pages["versions"] = versions
        pages["search"] = Page.of(await browser.post("/journal", data={"q": "painted"}))
        looked = {"to": str(any_portal.cast.link), "step": "look", "sections": "int.images"}
        pages["preview"] = Page.of(await browser.post(f"/journal/{entry}/shares", data=looked))
        assert not [where for where, page in pages.items() if NAME not in page.words]
        assert pages["/sharing/disclosures"].words.count(f"{NAME}, written on 14 Nov 2026") == 2
        assert await shares.list_shares(alice)
        await browser.post(f"/journal/{entry}/deletion")
        for where in ("/journal/deleted", f"/journal/{entry}/erasure"):
            pages[where] = await opened(browser, where)
            assert NAME in pages[where].words
    assert not [where for where, page in pages.items() if "untitled" in page.words.lower()]


async def test_the_therapist_recognises_it_by_what_is_shared_and_planned(any_portal: Portal) -> None:
    """The list, the copy and the brief name kind and session; a title that was not shared is never told."""
    entry, copy = await captured(any_portal, "A title of mine")
    cast = any_portal.cast
    alice = await cast.actor("alice")
    await shares.share_entry(
        alice, (await shares.load_share(alice, UUID(copy))).entry, cast.link, ["int.images"], previewed=2
    )
    async with any_portal.client("bob") as browser:
        for where in ("", f"/shared/{copy}", "/brief"):
            page = await opened(browser, f"/patients/{alice.id}{where}")
            assert NAME in page.words, where
            assert "A title of mine" not in page.answer.text
    async with any_portal.client("alice") as browser:
        assert "A title of mine" in (await opened(browser, f"/journal/{entry}/shares")).words


async def test_both_archives_name_it_alike(portal: Portal) -> None:
    """In the patient's archive and in the therapist's: contents, text, sharing, log; sessions by the same numbers."""
    await captured(portal)
    cast = portal.cast
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    first = (await dosing(cast))[0]
    own = build_page_renderer(compiled_once().here, alice)(
        await records_collection.collect_patient_records(alice, "A practice")
    )
    for file in ("index.html", "journal/2026-11.html", "sharing.html", "log.html"):
        assert NAME in own[file], file
    copies = await records_collection.collect_shared_records(bob, "A practice", alice.id)
    (patient,) = (
        text
        for file, text in build_page_renderer(compiled_once().here, bob)(copies).items()
        if "patients/" in file
    )
    assert patient.count(NAME) >= 2, "as a heading, and in the log"
    assert ">2nd dosing session<" in own["index.html"]
    # A session that is cancelled moves the numbers of the others, in headings and in names.
    await put_details(cast, first, status=Status.CANCELLED)
    again = build_page_renderer(compiled_once().here, alice)(
        await records_collection.collect_patient_records(alice, "A practice")
    )
    assert "Capture, 1st dosing session" in again["index.html"]
    assert NAME not in again["index.html"]


@pytest.mark.parametrize(
    ("kind", "phase", "name"),
    [
        (SessionKind.DOSING, Phase.MAINTENANCE, "Reframe, 1st dosing session, maintenance"),
        (SessionKind.DOSING, Phase.SINGLE, "Reframe, dosing session on 24 Nov 2026"),
        (SessionKind.INTEGRATION, None, "Reframe, integration session on 24 Nov 2026"),
        (SessionKind.PREPARATION, None, "Reframe, preparation session on 24 Nov 2026"),
        (SessionKind.MEDICAL_CHECKIN, None, "Reframe, medical check-in on 24 Nov 2026"),
    ],
)
async def test_a_session_without_a_number_is_told_by_its_day(
    portal: Portal, kind: SessionKind, phase: Phase | None, name: str
) -> None:
    """Every kind of session has words; one outside a series is told by its day, by the clock of its reader."""
    alice = await portal.cast.actor("alice")
    details = SessionDetails(kind, "2026-11-24T00:30", ZONE, 60, Setting.CLINIC, phase=phase)
    session = await session_plan.add_session(alice, alice.id, details)
    await written(
        portal.cast,
        document=EntryDocument("reframe", session_id=session.hex, answers={"reframe.old_meaning": "x"}),
    )
    async with portal.client("alice") as browser:
        assert name in (await opened(browser, "/journal")).words


async def test_a_talk_is_told_by_the_session_that_it_is_about(portal: Portal) -> None:
    """An integration session has the number of its dosing session."""
    cast = portal.cast
    await plan_course(cast)
    await write(cast, EntryKind.INTEGRATION, {"int.meaning": "x"}, at=NOON - timedelta(minutes=1))
    await write(cast, EntryKind.FREE, {"free.text": "x"}, at=NOON - timedelta(days=60))
    async with portal.client("alice") as browser:
        told = (await opened(browser, "/journal")).words
    assert "Integration, 3rd dosing session" in told
    assert "Free writing, 23 Sep 2026" in told, "before all sessions: kind and day"


async def test_a_name_that_is_gone_from_its_session_says_kind_and_day(portal: Portal) -> None:
    """An entry that is tied to a session of which nothing is left is still recognised."""
    await written(portal.cast, document=EntryDocument("capture", session_id="ab" * 16, answers=WORDS))
    async with portal.client("alice") as browser:
        assert "Capture, 22 Nov 2026" in (await opened(browser, "/journal")).words


def test_no_sentence_calls_anything_untitled() -> None:
    """The catalogue of sentences has no word for an entry without a title."""
    assert not re.findall(
        r'msgid ".*(?:untitled|no title|without a title).*"', CATALOGUE.read_text(), re.IGNORECASE
    )
