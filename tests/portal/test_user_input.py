"""What people type at any door of the pages: words stay apart, what is seen stays, digits of every script count."""

from __future__ import annotations

import unicodedata

import pytest

from journal.authentication import recovery_key
from journal.authentication.registration import NewAccount
from journal.care import invitations, links
from journal.entries import entries
from journal.errors import InvalidInput
from journal.plan_words.reading import open_own_words, open_words
from journal.practice import setup_links
from journal.sessions.rows import load_my_sessions
from journal.sessions.session import SessionDetails
from tests.cast import PASSWORDS, ZONE, Cast
from tests.portal.browsing import Page, followed, opened, pressed
from tests.portal.conftest import Portal

DIVIDERS = ("\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\r\n", "\t")
DIGITS = (0x660, 0x6F0, 0x966, 0xFF10)
LONG = "seven small stones in a row"
FAMILY = "👩\u200d👧 \u2067שלום\u2069 ❤\ufe0f می\u200cخواهم"


def in_script(text: str, zero: int) -> str:
    """Write the digits of *text* in another script."""
    return text.translate({ord("0") + digit: zero + digit for digit in range(10)})


async def planned(cast: Cast) -> SessionDetails:
    """Return alice's one session."""
    alice = await cast.actor("alice")
    (one,) = await load_my_sessions(alice)
    return (await open_own_words(alice, one)).details


@pytest.mark.parametrize("divider", DIVIDERS)
async def test_words_of_an_entry_stay_apart(any_portal: Portal, divider: str) -> None:
    """A divider is a line break in a text, and a blank in a title, a note, a line and a feeling."""
    words = f"two{divider}words"
    lines = dict.fromkeys(("title", "note", "prep__intention"), words)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=preparation")
        await followed(browser, await pressed(browser, page, prep__why_now=words, **lines))
        page = await opened(browser, "/journal/new?kind=reframe")
        feeling = {"reframe.emotions.name": [words, "", ""], "reframe.emotions.before": ["7", "", ""]}
        await followed(browser, await pressed(browser, page, **feeling))
    reframe, preparation = sorted(
        [one.document for one in await entries.load_all_entries(await any_portal.cast.actor("alice"))],
        key=lambda one: one.kind,
        reverse=True,
    )
    broken = "two\twords" if divider == "\t" else "two\nwords"
    assert (preparation.title, preparation.note) == ("two words", "two words")
    assert preparation.answers == {"prep.intention": "two words", "prep.why_now": broken}
    assert reframe.answers == {"reframe.emotions": ["two words | 7 |"]}


@pytest.mark.parametrize("divider", DIVIDERS)
async def test_words_of_the_plan_stay_apart(portal: Portal, divider: str) -> None:
    """A dose as told, a prescriber, a sitter and a reason are lines; a note of a session has lines."""
    words = f"two{divider}words"
    typed = {"kind": "dosing", "date": "2026-11-25", "time": "14:00"}
    typed |= dict.fromkeys(("dose_text", "prescriber_name", "sitter", "note"), words)
    async with portal.client("alice") as browser:
        page = await opened(browser, "/sessions/new")
        added = await browser.post("/sessions/new", data=page.filled(typed))
        details = await planned(portal.cast)
        assert (details.dose_text, details.prescriber_name, details.sitter) == ("two words",) * 3
        assert details.note == ("two\twords" if divider == "\t" else "two\nwords")
        where = f"{added.headers['location']}/status"
        assert (
            await browser.post(where, data={"status": "cancelled", "cancel_reason": words})
        ).status_code == 303
    assert (await planned(portal.cast)).cancel_reason == "two words"


@pytest.mark.parametrize("divider", [*DIVIDERS, "\u200b"])
async def test_words_of_names_stay_apart(portal: Portal, divider: str) -> None:
    """Of people, invitations, set-up links, the practice and passkeys."""
    name, cast = f"two{divider}words", portal.cast
    async with portal.client("alice") as browser:
        sent = await browser.post("/account/details", data={"name": name, "time_zone": ZONE})
        assert sent.status_code == 303
    async with portal.client("bob") as browser:
        assert (await browser.post("/invitations", data={"name": name})).status_code == 303
    async with portal.client("erin") as browser:
        made = await browser.post("/people/invitations", data={"name": name, "position": "nurse"})
        assert made.status_code == 303
    bob, erin = await cast.actor("bob"), await cast.actor("erin")
    assert [link.peer_name for link in await links.load_my_links(bob)] == ["two words"]
    assert "two words" in [one.name for one in await invitations.list_invitations(bob)]
    assert "two words" in [one.name for one in await setup_links.list_setup_links(erin)]
    nurse = NewAccount(name, "nora@example.org", PASSWORDS["bob"], PASSWORDS["bob"], ZONE)
    assert nurse.validate("A practice", mails=False).name == "two words"


async def test_what_is_seen_is_kept_to_the_letter(portal: Portal) -> None:
    """Joined emoji, marks that turn the direction and the blanks of a script stand in the entry as they were typed."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/journal/new?kind=free")
        read = await followed(
            browser, await pressed(browser, page, free__text=FAMILY, title=FAMILY, note=FAMILY)
        )
        assert FAMILY in read.answer.text
    (entry,) = await entries.load_all_entries(await portal.cast.actor("alice"))
    assert (entry.document.title, entry.document.note) == (FAMILY, FAMILY)
    assert entry.document.answers == {"free.text": FAMILY}


@pytest.mark.parametrize("zero", DIGITS)
async def test_a_session_is_planned_in_the_digits_of_every_script(portal: Portal, zero: int) -> None:
    """Its day, its time and its length are the same, whichever keyboard typed them."""
    typed = {"date": in_script("2026-11-25", zero), "time": in_script("14:05", zero)}
    typed |= {"kind": "dosing", "minutes": f" {in_script('150', zero)}\u200f"}
    async with portal.client("alice") as browser:
        page = await opened(browser, "/sessions/new")
        sent = await browser.post("/sessions/new", data=page.filled(typed))
        assert sent.status_code == 303, Page.of(sent).words
    details = await planned(portal.cast)
    assert (details.local, details.minutes) == ("2026-11-25T14:05", 150)


@pytest.mark.parametrize("zero", DIGITS)
async def test_a_course_is_planned_in_the_digits_of_every_script(portal: Portal, zero: int) -> None:
    """Every number of its form, its first day and its times."""
    numbers = {
        "dosing_count": "2", "every_days": "7", "first_date": "2026-12-04", "first_time": "14:00", "minutes": "90",
        "preparation_days_before": "2", "preparation_time": "10:00", "integration_days_after": "1",
        "integration_time": "11:30", "talk_minutes": "45",
    }  # fmt: skip
    alice = (await portal.cast.actor("alice")).id
    async with portal.client("bob") as browser:
        page = await opened(browser, f"/patients/{alice}/course")
        typed = {name: in_script(text, zero) for name, text in numbers.items()}
        sent = page.filled(typed | {"dose_text": "as\u2028told"}) | {"step": ["confirm"]}
        assert (await browser.post(f"/patients/{alice}/course", data=sent)).status_code == 303
    patient = await portal.cast.actor("alice")
    plan = [one.details for one in await open_words(patient, None, await load_my_sessions(patient))]
    assert [(one.local, one.minutes) for one in plan] == [
        ("2026-12-02T10:00", 45),
        ("2026-12-04T14:00", 90),
        ("2026-12-05T11:30", 45),
        ("2026-12-11T14:00", 90),
        ("2026-12-12T11:30", 45),
    ]
    assert {one.dose_text for one in plan} == {"as told", ""}


async def test_a_password_is_used_as_typed_in_either_form(portal: Portal) -> None:
    """Blanks at its ends are part of it; accents in one piece or in two open the same, at every door that asks."""
    password, current = "  żółta łódź płynie rzeką ", {"current": PASSWORDS["alice"]}
    apart = unicodedata.normalize("NFD", password)
    assert apart != password
    async with portal.client("alice") as browser:
        new = current | {"password": password, "repeated": apart}
        assert (await browser.post("/account/password", data=new)).status_code == 303
        refused = {"current": password.strip(), "password": LONG, "repeated": LONG}
        assert (await browser.post("/account/password", data=refused)).status_code == 422
    for typed, status in ((password, 303), (apart, 303), (password.strip(), 422), (apart.rstrip(), 422)):
        async with portal.client() as browser:
            sent = await browser.post("/sign-in", data={"email": "alice@example.org", "password": typed})
            assert (sent.status_code, typed) == (status, typed)
            if status == 303:
                weak = {"current": apart, "password": "weak", "repeated": "weak"}
                slip = await browser.post("/account/password", data=weak)
                assert "password-error" in slip.text
                assert "current-error" not in slip.text


@pytest.mark.parametrize("zero", DIGITS)
async def test_the_last_group_of_a_key_is_read_in_every_script(portal: Portal, zero: int) -> None:
    """Whoever has the printed key and another keyboard can say so."""
    alice = await portal.cast.actor("alice")
    offer = await recovery_key.offer_recovery_key(alice)
    last = offer.formatted_key.split("-")[-1]
    for typed in ("7", f"{last} 7", offer.formatted_key.split("-")[0] + last):
        with pytest.raises(InvalidInput):
            await recovery_key.confirm_recovery_key(
                alice, portal.cast.tokens["alice"], offer.sealed, in_script(typed, zero)
            )
    typed = f" {in_script(last, zero).lower()}\u200f"
    await recovery_key.confirm_recovery_key(alice, portal.cast.tokens["alice"], offer.sealed, typed)
