"""No route of a patient's does what is held: each of the table is tried in holds of many kinds, zones and hours."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from httpx import AsyncClient

from journal.account_reset import reset_links
from journal.accounts import details as account_details
from journal.accounts import tables as accounts_tables
from journal.authentication import sign_in, web_sessions
from journal.authentication import tables as authentication_tables
from journal.care import invitations, lifecycle, links
from journal.care import tables as care_tables
from journal.dosing_day import requests
from journal.entries import entries
from journal.held_acts import HeldAct
from journal.notices import agreements
from journal.reframing import later
from journal.scheduling import plan as session_plan
from journal.sessions import holds
from journal.sessions.rows import Session
from journal.sessions.session import SessionDetails, SessionKind, Setting, Status
from journal.sharing import shares
from journal.sitter import links as sitter_links
from journal.sitter import tables as sitter_tables
from journal.standing import standing
from journal.time_zones import list_common_zones, resolve_local_time
from journal.vault import tables as vault_tables
from portal.access.session_cookie import Audience
from portal.routes import ROUTES, Rule
from tests.cast import PASSWORDS, Cast
from tests.portal.conftest import Portal
from tests.portal.held import Things, list_requests, prepare
from tests.scenes import shared, signed_in_again
from tests.shared_material import put_details

NEW = "a lantern by the river door"
RESET = {"email": "alice@example.org", "password": NEW, "repeated": NEW, "understood": "yes"}
FREE = {
    "/sharing/pause": "never held",
    "/sharing/{id:uuid}/pause": "never held",
    "/shares/{id:uuid}/revocation": "never held",
    "/sharing/handovers/{id:uuid}/refusal": "takes nothing back, gives nothing",
    "/sessions/rest": "is what ends a hold",
    "/sessions/{id:uuid}/status": "says what came of a session; tests of its own",
    "/sessions/{id:uuid}/edit": "moves a session; tests of its own",
    "/sessions/{id:uuid}/sitter": "a link without words is never held; one with words is tried by its request",
    "/lock": "shuts the browser out",
    "/account/sessions/keep": "gives the browser another cookie",
    "/account/sessions/end": "shuts the browser out",
    "/account/sessions/{id:uuid}/end": "shuts the browser out",
}
"""Routes that are not tried at random, and why."""
THEIRS = frozenset({Audience.PATIENT, Audience.SIGNED_IN, Audience.IN_CARE, Audience.UNCONFIRMED})
TRIED = [
    rule for rule in ROUTES if "POST" in rule.methods and rule.audience in THEIRS and rule.path not in FREE
]
OF_CLINICIANS = [
    rule
    for rule in ROUTES
    if "POST" in rule.methods and rule.audience in {Audience.CLINICIAN, Audience.IN_CARE}
]
GO = (
    "give",
    "agree",
    "send",
    "some",
    "make",
    "do",
    "ask",
    "add",
    "change",
    "remove",
    "hide",
    "done",
    "everything",
    "same",
    "yes",
)
WRITTEN = (
    # Where, from when on by the clocks there, what was said of it, after how many hours it is tried, and for how many
    # it is acute. On these days of 2027 the clocks change there; on Lord Howe by half an hour.
    ("America/New_York", "2027-03-13T22:30", Status.IN_SESSION, 7, 2),
    ("Pacific/Pago_Pago", "2027-03-25T23:50", Status.PLANNED, 5, 4),
    ("Europe/Berlin", "2027-03-27T21:00", Status.STOPPED_EARLY, 11, 12),
    ("Europe/Berlin", "2027-03-28T01:30", Status.PLANNED, 2, 4),
    ("Australia/Lord_Howe", "2027-04-03T20:00", Status.IN_SESSION, 60, 4),
)
SEED = int(os.environ.get("HEARTHSIDE_TEST_SEED", "2027"))
"""HEARTHSIDE_TEST_SEED=1 draws other holds than every run does."""


def draw_holds(seed: int, count: int = 4) -> list[tuple[str, str, Status, int, int]]:
    """Draw holds anywhere, at any minute of a year after the written ones, each later than the one before."""
    drawn, random = [], Random(seed)
    begun = (Status.IN_SESSION, Status.RECOVERING, Status.STOPPED_EARLY)
    day = datetime(2027, 4, 10)
    for _ in range(count):
        day += timedelta(days=random.randint(7, 90), minutes=random.randrange(24 * 60))
        status = random.choice((*begun, Status.PLANNED))
        hours = random.randint(0, 120)
        zone = random.choice(list_common_zones())
        drawn.append((zone, day.isoformat(timespec="minutes"), status, hours, random.randint(2, 12)))
    return drawn


HOLDS = (*WRITTEN, *draw_holds(SEED))


async def enter(cast: Cast, session: UUID, hold: tuple[str, str, Status, int, int]) -> None:
    """Have the session be as *hold* says, and the clock be some time after its start."""
    zone, local, status, hours, acute = hold
    start = resolve_local_time(local, zone).utc
    began = None if status is Status.PLANNED else start.isoformat()
    one = await load(cast, session)
    changes = {"zone": zone, "local": local, "status": status, "started_at": began, "ended_at": None}
    await put_details(cast, one, **changes, rested_on=None, acute_hours=None if began is None else acute)
    cast.clock.now = start + timedelta(hours=hours, minutes=1)
    await signed_in_again(cast)
    await cast.just_asked()


async def load(cast: Cast, session: UUID) -> Session:
    """Return one of alice's sessions."""
    return await session_plan.load_session(await cast.actor("alice"), session)


async def refresh(cast: Cast, things: Things) -> Things:
    """Have what runs out still be there: what was deleted lately, an invitation, weaker terms, a session to come."""
    await vault_tables.Entry.filter(id=things.deleted).update(deleted_at=cast.clock.now)
    local = (cast.clock.now + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    await put_details(cast, await load(cast, things.session), local=local, zone="UTC")
    bob, patient = await cast.actor("bob"), (await cast.actor("alice")).id
    await agreements.propose_as_clinician(bob, patient, 72, "")
    proposed = (await agreements.load_agreement(bob, patient)).proposed
    invited = await invitations.create_invitation(await cast.actor("charlie"), "Alice")
    return replace(things, invited=invited.token, weaker=proposed.id if proposed else "")


async def give(cast: Cast, things: Things, session: UUID) -> Things:
    """Have alice, while nothing is held, give what she stops in each hold: a copy, a tick, a standing share."""
    await put_details(cast, await load(cast, session), status=Status.CANCELLED, started_at=None)
    await signed_in_again(cast)
    alice = await cast.actor("alice")
    if (await links.load_my_link(alice, things.link)).paused_at:
        await lifecycle.resume_sharing(alice, things.link)
    now = await entries.load_entry(alice, things.reframe.id)
    share = await shared(cast, now, ("reframe.old_meaning",))
    await later.give_tick(alice, things.ticked.id, things.ticked_share)
    await standing.give_standing(alice, things.link, "readings")
    return replace(things, share=share)


async def stored(cast: Cast, things: Things) -> dict[str, Any]:
    """Return what others can read or hold of alice's, and what would be gone for good."""
    alice = await cast.actor("alice")
    documents = [
        (await entries.load_entry(alice, one.id)).document for one in (things.reframe, things.ticked)
    ]
    force = await agreements.load_policy(alice)
    return {
        "in force": (force.line.link, force.line.hours, force.line.backup) if force else None,
        "copies": sorted(await care_tables.Share.all().values_list("id", "revision", "sealed")),
        "links": sorted(await care_tables.CareLink.all().values_list("id", "ended_at", "clinician_key")),
        "sitters": sorted(await sitter_tables.SitterLink.all().values_list("id", "ended_at")),
        "notes": await sitter_tables.SitterNote.all().count(),
        "replies": await care_tables.Reply.filter(author="patient").count(),
        "sent": await care_tables.PatientNotice.all().count(),
        "notices": sorted(await care_tables.NoticePolicy.all().values_list("id", flat=True)),
        "standing": (await standing.load_standing(alice)).lines,
        "ticks": [one.beside.later if one.beside else () for one in documents],
        "given back": await care_tables.GivenBack.all().count(),
        "deleted": await vault_tables.Entry.filter(id=things.deleted).count(),
        "contact": await account_details.load_contact(alice),
        "account": await accounts_tables.Account.filter(id=alice.id).values_list("status", flat=True),
    }


def fill(rule: Rule, things: Things, chance: Random) -> tuple[str, dict[str, Any]]:
    """Return an address of a route about something that is shared, and a form with a bit of everything."""
    about = {
        "journal": things.reframe.id,
        "shares": things.share,
        "sharing": things.link,
        "sessions": things.session,
        "handovers": things.offer,
    }
    first = rule.path.split("/")[1]
    ident = about["handovers"] if "handovers" in rule.path else about.get(first, things.link)
    path = rule.path.replace("{id:uuid}", str(ident)).replace("{revision:uuid}", str(things.entry.id))
    path = path.replace("{link:uuid}", str(things.link)).replace("{share:uuid}", str(things.share))
    form = {
        "go": chance.choice(GO), "step": chance.choice(("confirm", "everything", "same", "look")),
        "to": str(chance.choice((things.share, things.link))), "sections": ["title", "0"], "read": "yes",
        "word": "delete", "revision": "1", "previewed": "1", "shares": str(things.share), "end_care": "yes",
        "kind": "readings", "at_once": "yes",
        "request": f"share.{things.entry.id.hex}.{things.link.hex}", "line": "x", "status": "open", "share": "1",
        "notes": str(things.note), "ident": things.weaker, "reply": "x",
    }  # fmt: skip
    return path, form


async def try_routes(
    browser: AsyncClient, things: Things, chance: Random, patient: UUID | None = None
) -> None:
    """Send each route a form, as the patient or as a clinician of *patient*; no answer is a file."""
    for rule in OF_CLINICIANS if patient else TRIED:
        path, form = fill(rule, things, chance)
        if patient and path.startswith("/patients/"):
            path = path.replace(str(things.link), str(patient), 1)
        answer = await browser.post(path, data=form)
        assert answer.status_code < 500, path
        assert "content-disposition" not in answer.headers, path


async def try_to_end_it(cast: Cast, browser: AsyncClient, session: UUID) -> None:
    """Verify that before its time neither rest nor an answer ends a hold, whatever status is sent."""
    hold = await holds.load_hold(await cast.actor("alice"))
    assert hold is not None
    if cast.clock.now >= hold.may_confirm_from:
        return
    assert (await browser.post("/sessions/rest")).status_code == 409
    statuses = (
        ("cancelled",)
        if hold.needs_answer
        else ("planned", "preparing", "cancelled", "integrating", "closed")
    )
    for status in statuses:
        await browser.post(f"/sessions/{session}/status", data={"status": status})
        assert await holds.load_hold(await cast.actor("alice")) == hold, status


async def test_nothing_held_takes_effect_by_any_route(portal: Portal) -> None:
    """Whatever is sent, from two browsers: what others can read is as it was, and each held act is refused."""
    cast, chance = portal.cast, Random(20270313)
    cast.clock.now = datetime(2027, 3, 12, 12, tzinfo=UTC)
    await signed_in_again(cast)
    things = await prepare(cast)
    alice = await cast.actor("alice")
    session = await session_plan.add_session(
        alice, alice.id, SessionDetails(SessionKind.DOSING, "2027-03-13T22:30", "UTC", 120, Setting.HOME)
    )
    assert set(FREE) <= {rule.path for rule in ROUTES}
    for hold in HOLDS:
        things = await give(cast, things, session)
        await enter(cast, session, hold)
        things = await refresh(cast, things)
        before = await stored(cast, things)
        async with portal.client("alice") as browser, portal.client("alice") as other:
            assert await holds.load_hold(await cast.actor("alice")) is not None, hold
            await try_routes(browser, things, chance)
            assert await stored(cast, things) == before, hold
            for act, (path, fields) in list_requests(things).items():
                if act is HeldAct.HANDOVER and hold is not HOLDS[0]:
                    continue  # the suggestion ran out
                for one in (browser, other):
                    answer = await one.post(path, data=fields)
                    expected = {303, 409} if act is HeldAct.RESUME else {409}  # nothing is paused yet
                    assert answer.status_code in expected, (act, hold)
                assert await stored(cast, things) == before, (act, hold)
            weaker = {"go": "agree", "to": str(things.link), "ident": things.weaker}
            assert (await other.post("/sharing/notices", data=weaker)).status_code == 409, hold
            await renew(portal, cast, other)
            assert await stored(cast, things) == before, hold
            async with portal.client("bob") as clinician:
                await try_routes(clinician, things, chance, alice.id)
            assert await stored(cast, things) == before, hold
            await try_to_end_it(cast, other, session)
            await stop_everything(cast, browser, things)
    assert {one.asked.act for one in await requests.load_requests(await cast.actor("alice"))} >= {
        HeldAct.SHARE,
        HeldAct.END_CARE,
    }


async def renew(portal: Portal, cast: Cast, browser: AsyncClient) -> None:
    """Verify that a link that renews alice's connection with bob waits as well, signed in or not, and still works."""
    token = (
        await reset_links.create_reset_link(await cast.actor("bob"), (await cast.actor("alice")).id)
    ).token
    for _ in range(2):
        assert (await browser.post(f"/restart/{token}")).status_code == 409
    async with portal.client() as stranger:
        answer = await stranger.post(f"/restart/{token}", data=RESET)
        assert answer.status_code == 422
        assert 'id="rested-error"' in answer.text


async def stop_everything(cast: Cast, browser: AsyncClient, things: Things) -> None:
    """
    Verify that stopping is never held, and that resuming is.

    What is stopped is a tick, a standing share, a copy, a sitter's link, a device's session, and all sharing.
    """
    alice = await cast.actor("alice")
    made = await sitter_links.make_link(alice, things.session)
    device = (await sign_in.sign_in(cast.installation, "alice@example.org", PASSWORDS["alice"])).token
    there = await web_sessions.load_actor(cast.installation, device)
    assert there is not None
    row = await authentication_tables.WebSession.get(id=there.session)
    for path, form in (
        (f"/journal/{things.ticked.id}/later", {"to": str(things.ticked_share), "go": "stop"}),
        (f"/sharing/{things.link}/standing", {"go": "end", "kind": "readings"}),
        (f"/shares/{things.share}/revocation", {}),
        (f"/sessions/{things.session}/sitter", {"go": "end"}),
        (f"/account/sessions/{row.handle}/end", {}),
        (f"/sharing/{things.link}/pause", {}),
        ("/sharing/pause", {}),
    ):
        assert (await browser.post(path, data=form)).status_code == 303, path
    (left,) = await shares.list_shares(await cast.actor("alice"))
    assert left.id == things.ticked_share
    assert not left.can_be_opened
    entry = await entries.load_entry(await cast.actor("alice"), things.ticked.id)
    assert entry.document.beside is not None
    assert entry.document.beside.later == ()
    assert (await standing.load_standing(await cast.actor("alice"))).select_in_force() == ()
    assert (await sitter_tables.SitterLink.get(id=made.id)).ended_at is not None
    assert await web_sessions.load_actor(cast.installation, device) is None
    paused = await stored(cast, things)
    path, fields = list_requests(things)[HeldAct.RESUME]
    assert (await browser.post(path, data=fields)).status_code == 409
    assert await stored(cast, things) == paused
