"""What a browser is given to keep, for how long, and what pages are told of whoever asks."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import timedelta
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from crypto import Keyring, PrivateIdentity, seal_identity
from journal.accounts import tables as accounts_tables
from journal.actor import Actor
from journal.roles import (
    ADMINISTRATOR,
    LABELS,
    PATIENT,
    POSITIONS,
    STAFF_POSITIONS,
    THERAPIST,
    Position,
    Profession,
    Role,
)
from journal.sessions.day_state import DayState
from portal.access.locked_page import CoverPage, LockedPage
from portal.access.seen_state import EarlierStatePage
from portal.access.session_cookie import ConfirmPage, SignInPage
from tests.cast import PASSWORDS
from tests.portal.browsing import Page
from tests.portal.conftest import Portal

LASTING = 400 * 86_400
"""Seconds for which browsers keep a cookie at most."""
DAY = 12 * 3600
MODULES = (
    *("portal.access.session_cookie", "portal.access.locked_page", "portal.access.seen_state"),
    *("journal.actor", "journal.roles", "journal.care.links", "journal.authentication.web_sessions"),
)
DECLARED = sorted(
    {
        one
        for name in MODULES
        for one in vars(import_module(name)).values()
        if isinstance(one, type) and is_dataclass(one) and one.__module__ == name
    },
    key=lambda one: one.__qualname__,
)


async def sign_in(browser: AsyncClient, name: str = "alice") -> Response:
    """Sign somebody in by their password."""
    answer = await browser.post(
        "/sign-in", data={"email": f"{name}@example.org", "password": PASSWORDS[name]}
    )
    assert answer.status_code == 303
    return answer


def read_cookies(answers: list[Response]) -> dict[str, Any]:
    """Return the cookies that answers set, by their names, each as it was set last."""
    found: dict[str, Any] = {}
    for answer in answers:
        for line in answer.headers.get_list("set-cookie"):
            found.update(SimpleCookie(line))
    return found


async def gather_cookies(portal: Portal) -> dict[str, Any]:
    """Return what a browser is given that signs in, keeps a secret key and opens a page."""
    async with portal.client() as browser:
        answers = [await sign_in(browser), await browser.get("/account")]
        shown = Page.of(await browser.post("/account/secret-key", data={"current": PASSWORDS["alice"]}))
        typed = shown.markup.one("p", id="secret-key").words[-5:]
        offer = {"offer": shown.value("offer"), "typed": typed}
        answers.append(await browser.post("/account/secret-key/confirmation", data=offer))
    return read_cookies(answers)


async def test_a_browser_keeps_each_cookie_for_its_time(portal: Portal) -> None:
    """The session for twelve hours, and what only knows this browser as long as browsers keep anything."""
    found = await gather_cookies(portal)
    config = portal.app.state.config
    lasting = (config.known_cookie, config.seen_cookie, config.secret_keys_cookie)
    assert {name: int(one["max-age"]) for name, one in found.items()} == {
        config.cookie: DAY,
        **dict.fromkeys(lasting, LASTING),
    }


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "https://h.example.org"])
async def test_cookies_of_a_site_with_tls_are_sent_over_it_alone(portal: Portal, origin: str) -> None:
    """Each says so, and all are closed to scripts; without TLS, which only a machine itself has, none says so."""
    state = portal.app.state
    state.config = replace(state.config, origin=origin)
    is_secure = origin.startswith("https")
    async with portal.client() as browser:
        answers = [await sign_in(browser)]
        browser.cookies.clear()
        token = read_cookies(answers)[state.config.cookie].value
        headers = {"cookie": f"{state.config.cookie}={token}"}
        answers.append(await browser.get("/account", headers=headers))
        answers.append(await browser.post("/sign-out", headers=headers))
    found = read_cookies(answers)
    assert {state.config.cookie, state.config.known_cookie, state.config.seen_cookie} <= set(found)
    for one in found.values():
        assert bool(one["secure"]) is is_secure
        assert one["httponly"] is True
        assert one["samesite"].lower() == "lax"


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/help-now",
        "/ground",
        "/kept",
        "/offline.js",
        "/leave",
        "/help-now/contacts",
        "/readyz",
        "/help-now/practice",
        "/ground/box_breath",
    ],
)
async def test_pages_that_never_wait_know_nobody(portal: Portal, path: str) -> None:
    """They are the same with and without a session, and leave nothing in the browser; home does."""
    async with portal.client("alice") as browser, portal.client() as nobody:
        answer = await browser.get(path)
        assert answer.status_code == (await nobody.get(path)).status_code
        assert answer.status_code < 400
        assert "hearthside-seen" not in answer.headers.get("set-cookie", "")
        assert "hearthside-seen" in (await browser.get("/")).headers["set-cookie"]


async def test_a_session_that_does_not_open_is_said_where_it_counts(portal: Portal) -> None:
    """A page of one's own says that something is damaged; help, and the way out and in again, stay open."""
    alice = await portal.cast.actor("alice")
    await accounts_tables.Account.filter(id=alice.id).update(role="administrator")
    async with portal.client("alice") as browser:
        answer = await browser.get("/journal")
        assert answer.status_code not in (200, 303, 401, 404)
        assert (await browser.get("/sign-in")).status_code == 200


async def test_a_kept_region_comes_back_with_its_owner(portal: Portal) -> None:
    """Whoever signs in has the help numbers of their region in this browser; who chose none has no such cookie."""
    name = portal.app.state.config.region_cookie
    async with portal.client() as browser:
        assert name not in read_cookies([await sign_in(browser)])
        chosen = await browser.post("/account/help-numbers", data={"region": "NZ"})
        assert chosen.status_code == 303
    async with portal.client() as another:
        found = read_cookies([await sign_in(another)])
        assert found[name].value == "NZ"


@pytest.mark.parametrize("declared", DECLARED, ids=lambda one: one.__qualname__)
def test_who_is_there_does_not_change(declared: type) -> None:
    """Whoever was found at the door is the same person until the answer is sent."""
    made: Any = object.__new__(declared)
    for one in fields(declared):
        with pytest.raises(AttributeError):
            setattr(made, one.name, None)


def test_pages_at_the_door_say_nothing_unless_told() -> None:
    """No problem, nothing pending, no passkey, and home as the way on."""
    assert SignInPage() == SignInPage(
        "", "/", "", is_waiting=False, pending_fields=(), pending_action="", errors={}
    )
    assert ConfirmPage() == ConfirmPage("/", "", (), "", passkey=False)
    assert LockedPage() == LockedPage("/", "", (), "", False, DayState.OVER, False, ())
    assert EarlierStatePage(None, None) == EarlierStatePage(None, None, "/")
    assert [one.name for one in fields(CoverPage)] == [
        "whose",
        "passkey",
        "day",
        "needs_passkey",
        "call_lines",
    ]


def test_positions_are_these() -> None:
    """Who is taken on as what, by the name that forms and commands know."""
    assert {
        "therapist": Position(Role.CLINICIAN, Profession.THERAPIST),
        "prescriber": Position(Role.CLINICIAN, Profession.PRESCRIBER),
        "nurse": Position(Role.CLINICIAN, Profession.NURSE),
        "administrator": Position(Role.ADMINISTRATOR, None),
        "patient": Position(Role.PATIENT, None),
    } == POSITIONS
    assert [one.key for one in STAFF_POSITIONS] == ["therapist", "prescriber", "nurse", "administrator"]
    assert (THERAPIST.key, ADMINISTRATOR.key, PATIENT.key) == ("therapist", "administrator", "patient")
    assert {one: one for one in (*POSITIONS, "clinician")} == LABELS
    assert [str(role) for role in Role] == ["patient", "clinician", "administrator"]


async def test_an_actor_of_the_cast_is_nobody_special(portal: Portal) -> None:
    """What nobody chose is as it ships."""
    bob = await portal.cast.actor("bob")
    assert (bob.kept_keys, bob.is_head_request, bob.saved_states, bob.passed_acts) == (b"", False, [], [])
    assert (bob.region, bob.language, bob.dosing_day, bob.told_restoration) == ("", "", "", "")
    assert (bob.profession, bob.lock_minutes, bob.former_identity) == ("therapist", 30, None)
    assert isinstance(bob.id, UUID)


async def test_an_actor_is_nothing_that_was_not_found(portal: Portal) -> None:
    """Whatever is not read of an account is as for somebody who chose nothing and has nothing pending."""
    bob = await portal.cast.actor("bob")
    needed = [one for one in fields(Actor) if one.default is MISSING and one.default_factory is MISSING]
    bare = Actor(**{one.name: getattr(bob, one.name) for one in needed})
    assert {one.name: getattr(bare, one.name) for one in fields(Actor) if one not in needed} == {
        **dict.fromkeys(("profession", "region", "language", "dosing_day", "told_restoration"), ""),
        **dict.fromkeys(("is_neutral", "hides_numbers", "has_day_lines", "wants_no_offers"), False),
        **dict.fromkeys(("is_reminded", "is_use_due", "is_head_request", "remembers_log"), False),
        **dict.fromkeys(("seen", "opened_at", "former_identity")),
        "lock_minutes": 30,
        "prefetched": (),
        "passed_acts": [],
        "saved_states": [],
        "kept_keys": b"",
    }
    assert "kept_keys" not in repr(bare)


async def test_who_confirmed_is_asked_again_after_ten_minutes(portal: Portal) -> None:
    """Counted from when they did, whichever way a clock was set meanwhile."""
    bob = await portal.cast.actor("bob")
    for minutes, is_recent in (
        (0, True),
        (9.99, True),
        (10, False),
        (-9.99, True),
        (-10, False),
        (60, False),
    ):
        asked = replace(bob, confirmed_at=bob.now - timedelta(minutes=minutes))
        assert asked.is_recently_confirmed is is_recent, minutes
    assert replace(bob, confirmed_at=None).is_recently_confirmed is False


async def test_keys_of_before_open_while_they_are_renewed(portal: Portal) -> None:
    """The private keys of before are there for who has the key of before, and else there are none."""
    alice = await portal.cast.actor("alice")
    assert (alice.is_rotating_keys, alice.open_former_identity()) == (False, None)
    wrapped = alice.keyring.retire(bytes(32), account=alice.id.bytes)
    keyring = alice.keyring.with_retired(wrapped, account=alice.id.bytes)
    renewing = replace(alice, keyring=keyring)
    assert (renewing.is_rotating_keys, renewing.open_former_identity()) == (True, None)
    before = PrivateIdentity.generate()
    sealed = seal_identity(Keyring.from_account_key(bytes(32)), before, account=alice.id.bytes)
    found = replace(renewing, former_identity=sealed).open_former_identity()
    assert found is not None
    assert found.encode() == before.encode()
    assert replace(alice, former_identity=sealed).open_former_identity() is None
    assert replace(renewing, former_identity=b"?" * 80).open_former_identity() is None
    moved = replace(renewing, former_identity=sealed, id=UUID(int=1))
    assert moved.open_former_identity() is None
