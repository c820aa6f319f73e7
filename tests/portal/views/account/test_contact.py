"""A patient's page for phone number and emergency contact, and where their care team finds both."""

from __future__ import annotations

import pytest

from journal.accounts import details
from journal.accounts.profiles import ContactDetails
from journal.care import invitations, lifecycle
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import in_session, rested, told_contact

PATH = "/account/contact"
TYPED = {
    "phone": "+49 30 123456",
    "emergency_name": "Juno Steinkauz",
    "emergency_relation": "my sister",
    "emergency_phone": "030 654321",
}
LINKS = {"tel:+4930123456": "+49 30 123456", "tel:030654321": "030 654321"}
HEADING = "Phone and emergency contact"


def calls(page: Page) -> dict[str, str]:
    """The numbers that a page's sheet dials, and the words of their links."""
    dialed = [one for one in page.markup.all("a") if one.attributes.get("href", "").startswith("tel:")]
    return {one.attributes["href"]: one.words for one in dialed if not one.words.startswith("Call ")}


async def test_what_is_typed_is_kept_and_shown_to_the_care_team(any_portal: Portal) -> None:
    """Both stand on the page from then on, and on the therapist's page of the patient, to call."""
    where = f"/patients/{(await any_portal.cast.actor('alice')).id}"
    async with any_portal.client("bob") as hers, any_portal.client("alice") as browser:
        assert HEADING not in (await opened(hers, where)).words
        page = await opened(browser, PATH)
        assert {name: page.value(name) for name in TYPED} == dict.fromkeys(TYPED, "")
        done = await followed(browser, await browser.post(PATH, data=page.filled(TYPED)))
        assert "Your phone number and emergency contact are saved." in done.words
        page = await opened(browser, PATH)
        assert {name: page.value(name) for name in TYPED} == TYPED
        seen = await opened(hers, where)
        assert HEADING in seen.words
        assert "Juno Steinkauz, my sister" in seen.words
        assert calls(seen) == LINKS


async def test_it_says_who_sees_it_before_anything_is_typed(portal: Portal) -> None:
    """Every member of the care team is named, above the first field; without a team, nobody is."""
    token = (await invitations.create_invitation(await portal.cast.actor("charlie"), "Alice")).token
    await invitations.accept_invitation(await portal.cast.actor("alice"), token)
    async with portal.client("alice") as browser:
        text = (await browser.get(PATH)).text
    said = text.index("paused: Bob Example, therapist · Charlie Outsider, therapist.")
    assert said < text.index('name="phone"')
    async with portal.client("dana") as browser:
        assert "so it is shown to nobody" in (await opened(browser, PATH)).words


async def test_a_slip_comes_back_with_all_that_was_typed(portal: Portal) -> None:
    """The field is named with what to do, everything typed stands in the form, and nothing is changed."""
    async with portal.client("alice") as browser:
        await browser.post(PATH, data=TYPED)
        wrong = TYPED | {"phone": "+49 (0)30 1", "emergency_name": "Kim", "emergency_relation": "x" * 61}
        slip = await browser.post(PATH, data=wrong)
        page = Page.of(slip)
        assert slip.status_code == 422
        assert {name: page.value(name) for name in TYPED} == wrong
        for sentence in ("Leave out a 0 in brackets.", "Write it in up to 60 characters."):
            assert sentence in page.words
        assert "Remove" in page.words
        assert (await opened(browser, PATH)).value("emergency_name") == "Juno Steinkauz"


async def test_it_can_be_removed_or_emptied(any_portal: Portal) -> None:
    """Remove asks first, and empties both; empty fields do the same, and then there is nothing to remove."""
    where = f"/patients/{(await any_portal.cast.actor('alice')).id}"
    async with any_portal.client("bob") as hers, any_portal.client("alice") as browser:
        for empties in ((f"{PATH}/removal", {}), (PATH, dict.fromkeys(TYPED, ""))):
            await browser.post(PATH, data=TYPED)
            assert calls(await opened(hers, where)) == LINKS
            assert f"{PATH}/removal" in (await browser.get(PATH)).text
            asked = await opened(browser, f"{PATH}/removal")
            assert "Remove phone and emergency contact?" in asked.words
            assert calls(await opened(hers, where)) == LINKS
            assert (await browser.post(empties[0], data=empties[1])).status_code == 303
            assert HEADING not in (await opened(hers, where)).words
            assert f"{PATH}/removal" not in (await browser.get(PATH)).text


@pytest.mark.parametrize("part", TYPED)
async def test_a_part_alone_is_shown(portal: Portal, part: str) -> None:
    """Each of the four alone is enough for the section, and no other stands there empty."""
    where = f"/patients/{(await portal.cast.actor('alice')).id}"
    async with portal.client("alice") as browser, portal.client("bob") as hers:
        await browser.post(PATH, data={part: TYPED[part]})
        page = await opened(hers, where)
        assert HEADING in page.words
        assert [name for name, value in TYPED.items() if value in page.words] == [part]


async def test_in_a_hold_it_is_shown_and_can_be_asked_for_again(any_portal: Portal) -> None:
    """No form is there to lose words in; a page from before the start is refused, and kept as a request."""
    cast = any_portal.cast
    await told_contact(cast, ContactDetails(**TYPED))
    session = await in_session(cast)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, PATH)
        assert TYPED["emergency_phone"] in page.words
        assert not page.markup.all("input", name="phone")
        assert (await browser.get(f"{PATH}/removal")).status_code == 409
        await followed(browser, await browser.post("/sessions/waiting", data=page.filled({}, "ask")))
        for path, form in ((PATH, TYPED | {"phone": "030 1"}), (f"{PATH}/removal", {})):
            held = await browser.post(path, data=form)
            assert held.status_code == 409
            assert "You will be asked again" in Page.of(held).words
        assert (await details.load_contact(await cast.actor("alice"))).phone == TYPED["phone"]
        waiting = await opened(browser, "/sessions/waiting")
        assert waiting.words.count("Change your phone number or emergency contact") == 1
    await rested(cast, session)
    async with any_portal.client("alice") as browser:
        assert (await browser.post(PATH, data=TYPED | {"phone": "030 1"})).status_code == 303
        assert "Nothing waits." in (await opened(browser, "/sessions/waiting")).words


async def test_after_care_the_page_is_gone_and_so_is_it(any_portal: Portal) -> None:
    """The former therapist finds neither; a clinician who never was in care and the administrator never did."""
    alice = await any_portal.cast.actor("alice")
    where = f"/patients/{alice.id}"
    await told_contact(any_portal.cast, ContactDetails(**TYPED))
    for outsider in ("charlie", "dana", "erin"):
        async with any_portal.client(outsider) as browser:
            assert (await browser.get(where)).status_code == 404
    async with any_portal.client("erin") as browser:
        for path in ("/people", f"/people/{alice.id}", "/people/audit"):
            page = (await browser.get(path)).text
            assert not [value for value in TYPED.values() if value in page]
    async with any_portal.client("bob") as browser:
        assert calls(await opened(browser, where)) == LINKS
        await lifecycle.end_care(await any_portal.cast.actor("alice"), any_portal.cast.link)
        for path in (where, "/patients", "/"):
            answer = await browser.get(path)
            assert not [value for value in TYPED.values() if value in answer.text]
        assert (await browser.get(where)).status_code == 404


@pytest.mark.parametrize("path", [PATH, f"{PATH}/removal"])
@pytest.mark.parametrize("who", ["bob", "erin"])
async def test_staff_have_no_such_page(portal: Portal, who: str, path: str) -> None:
    """It is a patient's alone: neither shown, nor led to, nor written."""
    async with portal.client(who) as browser:
        assert PATH not in (await browser.get("/account")).text
        assert (await browser.get(path)).status_code == 404
        assert (await browser.post(path, data=TYPED)).status_code == 404


async def test_words_of_theirs_stay_words(portal: Portal) -> None:
    """Markup in a name is shown as it was typed, to both sides."""
    where = f"/patients/{(await portal.cast.actor('alice')).id}"
    async with portal.client("alice") as browser, portal.client("bob") as hers:
        await browser.post(PATH, data=TYPED | {"emergency_name": '<b id="x">Juno</b>'})
        for page in ((await browser.get(PATH)).text, (await hers.get(where)).text):
            assert "<b id=" not in page
            assert "&lt;b id=" in page
