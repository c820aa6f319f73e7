"""Help now: for anybody, at once, and true about what was checked."""

from __future__ import annotations

from journal.catalogue import crisis_contacts
from tests.portal.conftest import Portal


async def test_help_now_needs_nobody_signed_in(portal: Portal) -> None:
    """Every contact stands on the page with a link a phone can dial, and with the day it was checked."""
    async with portal.client() as browser:
        page = (await browser.get("/help-now")).text
    for region in crisis_contacts.list_regions():
        for contact in (*region.contacts, *([region.emergency] if region.emergency else [])):
            assert f'href="{contact.href}"' in page
            if contact.verified:
                assert f"Checked on {contact.last_verified:%-d %b %Y}" in page
    assert "not an emergency service" in page
    assert "Look around" in page


async def test_the_chosen_region_comes_first_and_is_never_guessed(portal: Portal) -> None:
    """A chosen region stands above all others; an unknown one is no error."""
    async with portal.client() as browser:
        page = (await browser.get("/help-now?region=NZ")).text
        assert page.index("1737") < page.index("988")
        assert (await browser.get("/help-now?region=nowhere")).status_code == 200


async def test_help_is_one_tap_from_every_patient_page(portal: Portal) -> None:
    """Every page a patient can open has the link to help now."""
    async with portal.client("alice") as browser:
        for path in ("/", "/journal", "/journal/new", "/sessions", "/sharing", "/records", "/account"):
            page = await browser.get(path)
            assert page.status_code == 200, path
            assert 'href="/help-now"' in page.text, path


async def test_the_way_out_tells_nothing(portal: Portal) -> None:
    """The page that a quick exit lands on has no word of where somebody has been."""
    async with portal.client() as browser:
        page = (await browser.get("/leave")).text.lower()
    for word in ("hearthside", "journal", "therap", "session"):
        assert word not in page
