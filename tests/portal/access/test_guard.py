"""What a browser gets that may not come in, or not yet: exact answers, since everything stands on them."""

from __future__ import annotations

import pytest

from journal.audit.acts import Act
from portal.access.guard import guard_view
from portal.routes import ROUTES
from tests.cast import PASSWORDS
from tests.log import logged
from tests.portal.browsing import Page
from tests.portal.conftest import Portal

ASIDE = {"hx-request": "true"}


async def test_a_part_of_a_page_is_refused_as_a_part(portal: Portal) -> None:
    """What a page asks for by itself answers 401 with a fragment, and never with a page inside the page."""
    async with portal.client() as browser:
        answer = await browser.get("/journal", headers=ASIDE)
        assert answer.status_code == 401
        assert "<html" not in answer.text
        assert "signed out" in answer.text


async def test_the_way_is_kept_with_its_question(portal: Portal) -> None:
    """Whoever is asked to sign in, or once more who they are, goes on to the very address."""
    async with portal.client() as browser:
        page = Page.of(await browser.get("/journal?q=two%20words&before=1"))
        assert page.value("next") == "/journal?q=two%20words&before=1"
    portal.cast.clock.forward(minutes=20)
    async with portal.client("alice") as browser:
        page = Page.of(await browser.get("/account/recovery-key?a=b"))
        assert set(page.fields["next"]) == {"/account/recovery-key?a=b"}


async def test_a_form_of_somebody_signed_out_comes_back_with_its_address(portal: Portal) -> None:
    """It is sent again to where it was going, with all that was typed."""
    async with portal.client() as browser:
        answer = await browser.post("/sessions/new", data={"note": "kept", "dose_text": "also kept"})
        assert answer.status_code == 401
        for words in ("kept", "also kept", 'action="/sessions/new"'):
            assert words in answer.text


async def test_what_is_not_the_password_is_said_and_the_form_stays(portal: Portal) -> None:
    """The sentence, the address and the words are all there again."""
    portal.cast.clock.forward(minutes=20)
    async with portal.client("alice") as browser:
        sent = {"note": "kept", "asked-again": "not the password"}
        page = Page.of(await browser.post("/account/recovery-key?a=b", data=sent))
        assert "That is not your password" in page.words
        assert page.markup.one("form", id="confirm").attributes["action"] == "/account/recovery-key?a=b"
        assert page.fields["note"] == ["kept"]


async def test_a_cookie_is_taken_back_as_it_was_given(portal: Portal) -> None:
    """The same name, path and flags, or a browser would keep it beside; and the browser clears what it kept."""
    async with portal.client() as browser:
        given = await browser.post(
            "/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]}
        )
        taken = await browser.post("/sign-out")
    first, second = (
        {part.partition("=")[0].strip().lower() for part in answer.headers["set-cookie"].split(";")}
        for answer in (given, taken)
    )
    assert (
        first - {"max-age"}
        == second - {"max-age", "expires"}
        == {"hearthside", "httponly", "path", "samesite"}
    )
    for answer in (given, taken):
        assert "; Path=/;" in answer.headers["set-cookie"]
        assert "SameSite=lax" in answer.headers["set-cookie"]
    assert "Max-Age=0" in taken.headers["set-cookie"]
    assert taken.headers["clear-site-data"] == '"cache"'


async def test_coming_and_going_are_written_down_by_name(portal: Portal) -> None:
    """The log says who signed in and who signed out."""
    alice = await portal.cast.actor("alice")
    async with portal.client() as browser:
        await browser.post("/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]})
        await browser.post("/sign-out")
    rows = await logged(Act.SIGNED_IN, Act.SIGNED_OUT)
    assert [(one.action, one.actor_id) for one in rows[-2:]] == [
        (Act.SIGNED_IN.value, alice.id),
        (Act.SIGNED_OUT.value, alice.id),
    ]


async def test_what_was_looked_for_in_vain_is_written_down(portal: Portal) -> None:
    """Somebody who may not see a patient leaves a line that says whom they looked for."""
    alice, charlie = await portal.cast.actor("alice"), await portal.cast.actor("charlie")
    async with portal.client("charlie") as browser:
        assert (await browser.get(f"/patients/{alice.id}")).status_code == 404
        assert (await browser.get("/journal")).status_code == 404
    rows = await logged(Act.NOT_FOUND)
    assert [(one.actor_id, one.object_id) for one in rows] == [
        (charlie.id, alice.id),
        (charlie.id, None),
    ]


@pytest.mark.parametrize("rule", [rule for rule in ROUTES if rule.fresh], ids=lambda rule: rule.path)
def test_what_is_dangerous_is_guarded_as_such(rule: object) -> None:
    """A rule that asks once more is for somebody who is signed in: nobody else could be asked."""
    assert rule.audience.value != "anyone"  # type: ignore[attr-defined]
    assert callable(guard_view(rule.view, rule.audience, rule.fresh))  # type: ignore[attr-defined]


async def test_a_wrong_password_for_a_locked_page_is_said(portal: Portal) -> None:
    """Beside the form that waits, which stays; the page's own script knows why; too many tries have to wait."""
    portal.cast.clock.forward(minutes=40)
    async with portal.client("alice") as browser:
        sent = {"note": "kept", "asked-again": "not the password"}
        answer = await browser.post("/sessions/new", data=sent)
        page = Page.of(answer)
        assert "That is not your password" in page.words
        assert page.fields["note"] == ["kept"]
        assert answer.headers["hearthside-locked"] == "1"
        assert answer.status_code == 422
        tries = [await browser.post("/sessions/new", data=sent) for _ in range(6)]
        assert tries[-1].status_code == 429
        assert int(tries[-1].headers["retry-after"]) > 0
        assert tries[-1].headers["hearthside-locked"] == "1"
        assert Page.of(tries[-1]).fields["note"] == ["kept"]


async def test_confirming_too_often_has_to_wait(portal: Portal) -> None:
    """The page says so, with when to try again, and keeps what was typed."""
    portal.cast.clock.forward(minutes=20)
    async with portal.client("alice") as browser:
        sent = {"note": "kept", "asked-again": "not the password"}
        answers = [await browser.post("/account/recovery-key", data=sent) for _ in range(7)]
        assert [answer.status_code for answer in answers] == [422] * 5 + [429] * 2
        assert int(answers[-1].headers["retry-after"]) > 0
        assert Page.of(answers[-1]).fields["note"] == ["kept"]
