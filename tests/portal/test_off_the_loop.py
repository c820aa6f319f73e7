"""What takes as long as opening many pages, judging a password or drawing a kit, never keeps anybody else waiting."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise
from types import FrameType
from typing import Any

import pytest

from journal.account_reset import retained_records
from journal.care import invitations
from journal.measures.instruments import list_offered
from journal.measures.lines import FilledMeasure
from journal.measures.records import FORM
from journal.practice import practice
from journal.scheduling import plan as session_plan
from journal.sessions.session import SessionDetails, SessionKind, Setting
from journal.sharing import shares
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from tests.cast import PASSWORDS, ZONE
from tests.journal.account_reset.test_reset import offered, restarted
from tests.portal.conftest import Portal
from tests.portal.views.account.test_account import NEW, field
from tests.scenes import journal_of

MANY = 1100
FEW = 100
"""Envelopes that may be opened where the pages are answered."""
PASSPHRASE = "seven quiet lanterns on the water"
PERSON = {
    "name": "Frieda Sample",
    "email": "frieda@example.org",
    "time_zone": "Europe/Berlin",
    "adult": "yes",
}


@contextmanager
def threads_of(package: str) -> Iterator[Counter[int]]:
    """Count how often each thread calls a package's functions, the one of the event loop included."""
    seen = Counter[int]()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and f"{frame.f_globals.get('__name__')}.".startswith(f"{package}."):
            seen[threading.get_ident()] += 1

    threading.setprofile(note)  # for the threads that the application begins
    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


async def test_every_form_that_takes_a_new_password(portal: Portal) -> None:
    """Changed, recovered with, typed to open an account of either kind, or only being typed: judged elsewhere."""
    bob = await portal.cast.actor("bob")
    token, link = (
        (await invitations.create_invitation(bob, "Frieda")).token,
        await practice.create_setup_link(portal.cast.installation),
    )
    new = {"password": NEW, "repeated": "something else"}
    forms = {
        "/account/password": {"current": PASSWORDS["alice"], **new},
        "/recover": {"email": "alice@example.org", "recovery_key": "none", **new},
        f"/invite/{token}": PERSON | new,
        f"/setup/{link}": PERSON | new,
        "/password-strength": new,
    }
    with threads_of("zxcvbn") as judged:
        for path, form in forms.items():
            async with portal.client("alice" if path == "/account/password" else None) as browser:
                answer = await browser.post(path, data=form)
            assert answer.status_code in (200, 422), path
            assert judged, path
            assert threading.get_ident() not in judged, path
            judged.clear()


async def test_a_page_to_print_is_set_elsewhere(portal: Portal) -> None:
    """A thread makes of it what is sent to another process, and nothing is set in this one."""
    async with portal.client("alice") as browser:
        offer = {"offer": field((await browser.post("/account/recovery-key")).text, "offer")}
        for module in ("portal.paper.encoding", "portal.paper.typst_process"):
            with threads_of(module) as seen:
                assert (await browser.post("/account/recovery-key/kit", data=offer)).status_code == 200
            assert threading.get_ident() not in seen
    assert not seen


async def a_long_journal(portal: Portal) -> None:
    """More entries than are opened while others wait."""
    documents = [
        EntryDocument("free", f"Day {number}", answers={"free.text": "the sea"}) for number in range(MANY)
    ]
    await journal_of(portal.cast, documents)
    # Threads that begin while it is noted what they do: the journal was laid out in others.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())


async def test_a_long_journal_is_compared_elsewhere(portal: Portal) -> None:
    """The ends of a thousand rows are read and compared in a thread, and the root is opened by no other."""
    await a_long_journal(portal)
    async with portal.client("alice") as browser:
        with threads_of("crypto.record_root") as opened:
            answer = await browser.get("/records")
    assert answer.status_code == 200
    assert opened
    assert threading.get_ident() not in opened


async def test_records_are_opened_elsewhere(portal: Portal) -> None:
    """Whoever takes a long journal along keeps nobody waiting while it is opened."""
    await a_long_journal(portal)
    async with portal.client("alice") as browser:
        with threads_of("crypto.envelope") as opened:
            answer = await browser.post(
                "/records", data={"current": PASSWORDS["alice"], "passphrase": PASSPHRASE}
            )
    assert answer.status_code == 200
    assert opened.pop(threading.get_ident()) < FEW < MANY < opened.total()


async def test_fhir_is_written_elsewhere(portal: Portal) -> None:
    """A bundle and the tables of numbers are made where pages are drawn for a file, beside those that are answered."""
    await a_long_journal(portal)
    async with portal.client("alice") as browser:
        with threads_of("journal.fhir") as wrote:
            answer = await browser.post(
                "/records", data={"current": PASSWORDS["alice"], "passphrase": PASSPHRASE, "fhir": "named"}
            )
    assert answer.status_code == 200
    assert threading.get_ident() not in wrote
    assert wrote.total() > MANY


async def test_what_was_set_aside_is_sealed_anew_elsewhere(portal: Portal) -> None:
    """Whoever brings a long journal back keeps nobody waiting while it is opened, sealed and laid out."""
    await a_long_journal(portal)
    alice = await restarted(portal.cast, await offered(portal.cast))
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
    with threads_of("crypto.envelope") as opened:
        assert await retained_records.restore_records(alice, PASSWORDS["alice"]) == MANY
    assert opened.pop(threading.get_ident()) < FEW < MANY < opened.total()


async def a_session_of_all(portal: Portal) -> str:
    """Have alice have a session before all that she wrote, to which it belongs; return the address of its page."""
    alice = await portal.cast.actor("alice")
    day = (portal.cast.clock.now - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    details = SessionDetails(SessionKind.DOSING, day, ZONE, 120, Setting.HOME)
    return f"/sessions/{await session_plan.add_session(alice, alice.id, details)}"


@pytest.mark.parametrize("is_intact", [True, False])
async def test_a_session_with_a_long_journal_is_shown_elsewhere(portal: Portal, is_intact: bool) -> None:
    """All that belongs to one session is opened, compared and rendered in threads, amiss or not."""
    await a_long_journal(portal)
    path = await a_session_of_all(portal)
    if not is_intact:
        await vault_tables.ContentsPage.filter(number=3).delete()
    async with portal.client("alice") as browser:
        sorting = ("journal.entries.entries",) if is_intact else ()  # they are read in their order otherwise
        for package in ("crypto.envelope", "jinja2", "portal.views.sessions.session_page", *sorting):
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
            with threads_of(package) as seen:
                answer = await browser.get(path)
            assert answer.text.count("/journal/") >= MANY
            assert seen.pop(threading.get_ident(), 0) < FEW < MANY < seen.total()


async def test_thousands_of_hits_are_rendered_elsewhere(portal: Portal) -> None:
    """Whoever looks for a word that stands everywhere keeps nobody waiting for the page."""
    await a_long_journal(portal)
    async with portal.client("alice") as browser:
        with threads_of("jinja2") as seen:
            answer = await browser.post("/journal", data={"q": "sea"})
    assert answer.text.count("/journal/") >= MANY
    assert seen.pop(threading.get_ident(), 0) < FEW < MANY < seen.total()


async def test_a_long_journal_is_set_aside_in_turns(portal: Portal) -> None:
    """Whoever begins anew lets others have their turns while all that was written is copied."""
    await a_long_journal(portal)
    token, turns = await offered(portal.cast), [0]

    async def others() -> None:
        while True:
            turns.append(seen[threading.get_ident()])
            await asyncio.sleep(0)

    with threads_of("tortoise.models") as seen:
        waiting = asyncio.create_task(others())
        await restarted(portal.cast, token)
        waiting.cancel()
    copied_at_once = max(later - before for before, later in pairwise(turns))
    assert copied_at_once < seen[threading.get_ident()] / 4


def measures(count: int) -> list[EntryDocument]:
    """So many filled measures, one a day."""
    text = list_offered()[0]
    days = [date(2020, 1, 1) + timedelta(days=number) for number in range(count)]
    answers = {str(one.number): 1 for one in text.items}
    filled = [
        FilledMeasure(text.id, text.version, text.language, text.recall_days, day, answers=answers)
        for day in days
    ]
    return [EntryDocument("measure", text.name, answers={FORM: one.lines}) for one in filled]


async def test_a_chart_opens_what_it_shows(portal: Portal) -> None:
    """Of a thousand forms the latest page is opened and the first few; the first is told all the same."""
    await journal_of(portal.cast, measures(MANY))
    async with portal.client("alice") as browser:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        with threads_of("crypto.envelope") as opened:
            answer = await browser.get("/charts?show=phq9")
    assert "1 Jan 2020" in answer.text
    assert answer.text.count("/journal/") < FEW
    assert opened.total() < MANY / 4


async def test_a_clinician_s_chart_is_drawn_elsewhere(portal: Portal) -> None:
    """More copies than are opened where pages are answered are opened, read and put in order in threads."""
    alice = await portal.cast.actor("alice")
    for ident in await journal_of(portal.cast, measures(FEW + 10)):
        await shares.share_entry(alice, ident, portal.cast.link, [FORM], previewed=1)
    async with portal.client("bob") as browser:
        for package in ("crypto.envelope", "journal.measures.lines"):
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
            with threads_of(package) as seen:
                answer = await browser.get(f"/patients/{alice.id}/charts?show=phq9")
            assert "1 Jan 2020" in answer.text
            assert seen.pop(threading.get_ident(), 0) < FEW < seen.total()
