"""What was asked for too early is listed, and asked again once the patient has rested: done or left, by nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import AsyncClient

from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.catalogue.fields import EntryKind
from journal.clinic import tables as clinic_tables
from journal.dosing_day import requests
from journal.entries import only_entry, removal
from journal.held_acts import HeldAct
from journal.notices import agreements
from journal.sitter import tables as sitter_tables
from journal.time_zones import parse_zone
from journal.vault import tables as vault_tables
from tests.cast import ZONE
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.portal.held import list_requests, prepare
from tests.scenes import in_session, rested, rewritten, written

WAITING = "/sessions/waiting"
PLACES = {
    HeldAct.SHARE: "/journal/{entry.id}/shares",
    HeldAct.REPLY: "/journal/{ticked.id}/replies/{link}",
    HeldAct.TICK: "/journal/{reframe.id}#later",
    HeldAct.ADDITIONS: "/journal/{ticked.id}#later",
    HeldAct.STANDING: "/sharing/{link}/standing",
    HeldAct.NOTICE: "/journal/{answered}#notice",
    HeldAct.NOTICES: "/sharing/notices",
    HeldAct.END_CARE: "/sharing/{link}/end",
    HeldAct.HANDOVER: "/sharing/handovers/{offer}",
    HeldAct.DELETE: "/journal/{reframe.id}/deletion",
    HeldAct.ERASE: "/journal/{deleted}/erasure",
    HeldAct.EXPORT: "/records",
    HeldAct.DISCLOSURES: "/sharing/disclosures",
    HeldAct.CONTACT: "/clinic/contacts/{contact}/removal",
    HeldAct.TEXT: "/clinic/texts/{text}/hidden",
    HeldAct.OWN_CONTACT: "/account/contact",
    HeldAct.CALENDAR: "/account/calendar",
    HeldAct.ACCOUNT: "/account/deletion",
    HeldAct.RESUME: "/sharing/{link}",
    HeldAct.SITTER: "/sessions/{session}/sitter",
    HeldAct.DISCARD: "/sharing/{link}/returned",
    HeldAct.COPY: "/safety-plan#copies",
    HeldAct.CONNECT: "",
}
"""Where each is done; a connection, by opening its link again."""


DONE_IN_ORDER = (
    HeldAct.RESUME,
    HeldAct.SHARE,
    HeldAct.REPLY,
    HeldAct.TICK,
    HeldAct.ADDITIONS,
    HeldAct.NOTICE,
    HeldAct.EXPORT,
    HeldAct.DISCLOSURES,
    HeldAct.CONTACT,
    HeldAct.TEXT,
    HeldAct.OWN_CONTACT,
    HeldAct.CALENDAR,
    HeldAct.ERASE,
    HeldAct.DELETE,
    HeldAct.DISCARD,
    HeldAct.CONNECT,
)
"""What is done once rested, in an order in which none makes another impossible."""


async def stored() -> list[list[dict[str, Any]]]:
    """Return all that the acts would change."""
    tables = (
        care_tables.Share,
        care_tables.Reply,
        care_tables.CareLink,
        care_tables.Handover,
        care_tables.GivenBack,
        care_tables.Invitation,
        care_tables.PatientNotice,
        sitter_tables.SitterLink,
        clinic_tables.CallContact,
        clinic_tables.InstructionsVersion,
    )
    return [sorted(await table.all().values(), key=lambda row: str(row["id"])) for table in tables]


async def keys(portal: Portal) -> list[str]:
    """Return what waits of alice's."""
    return [one.key for one in await requests.load_requests(await portal.cast.actor("alice"))]


def listed(page: Page) -> list[str]:
    """Return the requests that a page shows."""
    return [one.attributes["value"] for one in page.markup.all("input", name="request")]


async def answer(browser: AsyncClient, key: str, go: str) -> Page:
    """Press a button of the list."""
    return Page.of(await browser.post(WAITING, data={"request": key, "go": go}))


async def test_each_act_is_refused_listed_and_asked_again(any_portal: Portal) -> None:
    """By the request of each; nothing is done before rest, at it or after it, and each leads to its own page."""
    cast = any_portal.cast
    things = await prepare(cast)
    session = await in_session(cast)
    async with any_portal.client("alice") as browser:
        before = await stored()
        for act, (path, fields) in list_requests(things).items():
            if act is HeldAct.RESUME:
                await lifecycle.pause_sharing(await cast.actor("alice"))
                before = await stored()
            held = Page.of(await browser.post(path, data=fields))
            assert held.answer.status_code == 409, act
            assert "Nothing was done. You will be asked again once you have rested." in held.words, act
            assert held.markup.all("a", href=WAITING), act
            assert await stored() == before, act
        waiting = await opened(browser, WAITING)
        assert listed(waiting) == await keys(any_portal)
        assert {key.split(".")[0] for key in listed(waiting)} == {act.value for act in PLACES}
        assert "Share parts of “The sea” with Bob Example" in waiting.words
        assert "End care with Bob Example" in waiting.words
        assert "Send Bob Example a notice about" in waiting.words
        assert "Let Charlie Outsider join your care team" in waiting.words
        assert "Connect with Charlie Outsider by their link" in waiting.words
        assert "Discard what Bob Example has given back" in waiting.words
        assert things.invited not in waiting.answer.text
        assert "Do it" not in waiting.words
        here = cast.clock.now.astimezone(parse_zone(ZONE))
        assert waiting.words.count(f"{here:%H:%M}") == len(PLACES)
        for path in (f"/sessions/{session}", "/sessions/rest"):
            assert (await opened(browser, path)).markup.all("a", href=WAITING), path
        early = await answer(browser, (await keys(any_portal))[0], "do")
        assert early.answer.status_code == 409
        assert len(await keys(any_portal)) == len(PLACES)
        cast.clock.forward(hours=1)
        assert await stored() == before
    await rested(cast, session)
    await cast.just_asked()
    assert await stored() == before
    async with any_portal.client("alice") as browser:
        assert (await opened(browser, "/")).markup.all("a", href=WAITING)
        before = await stored()  # after the pause, the first page seals the clinic's words under another key
        asked = await opened(browser, WAITING)
        assert not asked.markup.all("input", type="checkbox")
        for key in listed(asked):
            act = HeldAct(key.split(".")[0])
            done = await browser.post(WAITING, data={"request": key, "go": "do"})
            if act is HeldAct.CONNECT:  # whoever has the link can do it
                assert done.status_code == 409
                assert Page.of(done).words.count("open their link once more") == 2
                continue
            assert done.status_code == (307 if act is HeldAct.SHARE else 303), act
            where = PLACES[act].format(**{name: getattr(things, name) for name in things.__slots__})
            assert done.headers["location"] == where
            assert (await browser.get(where.partition("#")[0])).status_code == 200, act
            assert await stored() == before
        assert listed(await opened(browser, WAITING)) == listed(asked)
        for act in (*DONE_IN_ORDER, HeldAct.END_CARE):
            path, fields = list_requests(things)[act]
            wrong = await browser.post(
                path, data={**fields, "current": "not mine", "sections": "", "revision": "0"}
            )
            if wrong.status_code >= 400:
                assert any(key.startswith(f"{act}.") for key in await keys(any_portal)), act
                await cast.just_asked()
                done = await browser.post(path, data=fields)
                assert done.status_code in (200, 303), (act, done.status_code)
            assert not any(key.startswith(f"{act}.") for key in await keys(any_portal)), act
        for key in await keys(any_portal):
            await browser.post(WAITING, data={"request": key, "go": "leave"})
        assert "Nothing waits." in (await opened(browser, WAITING)).words
        assert not (await opened(browser, "/")).markup.all("a", href=WAITING)


async def test_a_share_comes_back_as_it_was_chosen(portal: Portal) -> None:
    """Asked for on its own page during the hold; afterwards its form has the person and the parts, and is looked at."""
    cast = portal.cast
    things = await prepare(cast)
    session = await in_session(cast)
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{things.entry.id}/shares")
        sent = page.filled({"sections": ["int.meaning", "int.top3"]}, "ask")
        shown = await followed(browser, await browser.post(WAITING, data=sent))
        assert "Nothing of this was done." in shown.words
    await rested(cast, session)
    async with portal.client("alice") as browser:
        page = await opened(browser, WAITING)
        form = page.fields | {"go": ["do"]}
        chosen = Page.of(await browser.post(WAITING, data=form, follow_redirects=True))
        assert chosen.answer.status_code == 200
        boxes = chosen.markup.all("input", name="sections")
        assert {one.attributes["value"] for one in boxes if "checked" in one.attributes} == {
            "int.meaning",
            "int.top3",
        }
        assert "Share with Bob Example" in chosen.words
    assert await care_tables.Share.all().count() == 2


async def test_what_is_left_is_gone_and_what_went_says_so(portal: Portal) -> None:
    """A changed entry and one that is not there are named; only leaving is offered for what cannot be done."""
    cast = portal.cast
    things = await prepare(cast)
    session = await in_session(cast)
    acts = list_requests(things)
    async with portal.client("alice") as browser:
        for act in (HeldAct.SHARE, HeldAct.END_CARE, HeldAct.ERASE, HeldAct.TICK, HeldAct.ACCOUNT):
            path, fields = acts[act]
            assert (await browser.post(path, data=fields)).status_code == 409
        first = (await keys(portal))[-1]
        await followed(browser, await browser.post(WAITING, data={"request": first, "go": "leave"}))
        assert first not in await keys(portal)
    await rewritten(cast, things.entry, **{"int.meaning": "Other words"})
    await removal.restore_entry(await cast.actor("alice"), things.deleted)
    await rested(cast, session)
    await removal.delete_entry(await cast.actor("alice"), things.reframe.id)
    async with portal.client("alice") as browser:
        page = await opened(browser, WAITING)
        assert page.words.count("It was changed since you asked.") == 1
        assert page.words.count("This cannot be done any more") == 2
        assert page.words.count("Do it") == 2
        for key in await keys(portal):
            if key.startswith(("erase", "tick")):
                assert (await answer(browser, key, "do")).answer.status_code == 409
                await browser.post(WAITING, data={"request": key, "go": "leave"})
        assert [key.split(".")[0] for key in await keys(portal)] == ["share", "end_care"]
        assert (await answer(browser, "share..", "do")).answer.status_code == 303
        for wrong in ("", "share", "nothing..", "share.x.y"):
            assert (await answer(browser, wrong, "do")).answer.status_code == 404
        assert (await answer(browser, "account..", "")).answer.status_code == 404


async def test_what_was_agreed_or_planned_anew_meanwhile_says_so(portal: Portal) -> None:
    """Notices that nobody is to get any more, a plan with other words, and an answer that was deleted."""
    cast = portal.cast
    things = await prepare(cast)
    alice = await cast.actor("alice")
    session, acts = await in_session(cast), list_requests(things)
    async with portal.client("alice") as browser:
        for act in (HeldAct.NOTICES, HeldAct.SITTER, HeldAct.NOTICE):
            path, fields = acts[act]
            assert (await browser.post(path, data=fields)).status_code == 409
        page = await opened(browser, WAITING)
        assert "It was changed since" not in page.words
        assert "This cannot be done any more" not in page.words
    await rested(cast, session)
    await agreements.end_as_clinician(await cast.actor("bob"), alice.id)
    alice = await cast.actor("alice")
    await only_entry.change_only_entry(alice, EntryKind.COMFORT, lambda _: {"comfort.words_help": "Tea"}, "")
    await removal.delete_entry(alice, things.answered)
    async with portal.client("alice") as browser:
        page = await opened(browser, WAITING)
        assert page.words.count("It was changed since you asked.") == 1
        assert page.words.count("This cannot be done any more") == 2
        for key in await keys(portal):
            done = await answer(browser, key, "do")
            assert done.answer.status_code == (303 if key.startswith("sitter") else 409), key


async def test_nothing_waits_for_a_patient_by_what_others_do(portal: Portal) -> None:
    """A clinician who ends care or starts a session leaves no request; the list is the patient's alone."""
    cast = portal.cast
    await in_session(cast)
    before = await vault_tables.Entry.all().count()
    alice = (await cast.actor("alice")).id
    async with portal.client("bob") as browser:
        assert (await browser.get(WAITING)).status_code == 404
        assert (await browser.post(WAITING, data={"request": "account..", "go": "ask"})).status_code == 404
        await browser.post(f"/patients/{alice}/end")
    assert await vault_tables.Entry.all().count() == before


@pytest.mark.parametrize("path", ["/journal/{reframe.id}/deletion", "/shares/{share}/update"])
async def test_a_page_that_is_only_opened_keeps_nothing(portal: Portal, path: str) -> None:
    """It says why it waits, and asks whether to ask again."""
    things = await prepare(portal.cast)
    await in_session(portal.cast)
    async with portal.client("alice") as browser:
        where = path.format(**{name: getattr(things, name) for name in things.__slots__})
        page = Page.of(await browser.get(where))
        assert page.answer.status_code == 409
        assert await keys(portal) == []
        await followed(browser, await browser.post(WAITING, data=page.filled({}, "ask")))
        assert len(await keys(portal)) == 1


async def test_going_on_from_a_changed_journal_waits_as_well(portal: Portal) -> None:
    """What cannot be kept in a journal that is not as it was left is only refused, and the page says no more."""
    cast = portal.cast
    entry = await written(cast)
    await in_session(cast)
    await vault_tables.Entry.filter(id=entry.id).delete()
    async with portal.client("alice") as browser:
        held = Page.of(await browser.post("/journal/comparison", data={"read": "yes"}))
        assert held.answer.status_code == 409
        assert ("You will be asked again" in held.words) is bool(await keys(portal))
        assert "Nothing was done." in held.words
        assert (await browser.get(WAITING)).status_code == 200
        assert (await browser.get("/sessions/rest")).status_code == 200
