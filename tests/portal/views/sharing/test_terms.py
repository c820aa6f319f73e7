"""Until when a share can be read, on pages: chosen with the preview, changed later, and over on both sides."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from uuid import UUID

from httpx import AsyncClient, Response

from journal.accounts import details as account_details
from journal.care import tables
from journal.sharing import ends, shares, terms
from tests.cast import NAMES, NOON, Cast
from tests.portal.conftest import Portal
from tests.scenes import PARTS, in_session, opened_by, signed_in_again, written

TODAY = NOON.date()
LATER = (TODAY + timedelta(days=8)).isoformat()


def words(page: Response) -> str:
    """Return what a page says, as text on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def typed(page: Response) -> str:
    """Return the last day as it stands in a form."""
    (found,) = re.findall(r'name="until_date" type="date" value="([^"]*)"', page.text)
    return str(found)


async def confirm(browser: AsyncClient, cast: Cast, entry: UUID, until: str) -> Response:
    """Send the form of a preview."""
    form = {"to": str(cast.link), "step": "confirm", "previewed": "1", "sections": list(PARTS)}
    return await browser.post(
        f"/journal/{entry}/shares", data=form | {"attention": "no-answer", "until_date": until}
    )


async def share(cast: Cast) -> UUID:
    """Have alice share an entry with bob until today."""
    entry, alice = await written(cast), await cast.actor("alice")
    return await shares.share_entry(alice, entry.id, cast.link, PARTS, previewed=1, until=TODAY)


async def test_it_is_chosen_with_the_preview_and_comes_back(portal: Portal) -> None:
    """Nothing is chosen at first; a day stays through "Choose again", a refusal, and the next preview."""
    entry = await written(portal.cast)
    look = {"to": str(portal.cast.link), "step": "everything"}
    async with portal.client("alice") as alice:
        assert typed(await alice.post(f"/journal/{entry.id}/shares", data=look)) == ""
        again = await alice.post(
            f"/journal/{entry.id}/shares",
            data=look | {"step": "choose", "attention": "no-answer", "until_date": LATER},
        )
        assert f'name="until_date" value="{LATER}"' in again.text
        for wrong in ("2026-11-31", "2026-11-20", "2099-01-01"):
            refused = await confirm(alice, portal.cast, entry.id, wrong)
            assert (refused.status_code, typed(refused)) == (422, wrong)
        assert await tables.Share.all().count() == 0
        assert (await confirm(alice, portal.cast, entry.id, LATER)).status_code == 303
        page = await alice.get(f"/journal/{entry.id}/shares")
        assert "Until 30 Nov 2026, then it ends by itself" in words(page)
        (one,) = await shares.list_shares(await portal.cast.actor("alice"))
        assert typed(await alice.get(f"/shares/{one.id}/update")) == LATER


async def test_it_is_changed_on_its_own_page(portal: Portal) -> None:
    """What cannot be is refused with what was typed; in a hold it is kept, and said why."""
    wanted = await share(portal.cast)
    async with portal.client("alice") as alice:
        here = f"/shares/{wanted}/terms"
        assert typed(await alice.get(here)) == TODAY.isoformat()
        refused = await alice.post(here, data={"until_date": "soon"})
        assert (refused.status_code, typed(refused)) == (422, "soon")
        assert (await alice.post(here, data={"until_date": LATER})).status_code == 303
        await in_session(portal.cast)
        held = await alice.post(here, data={"until_date": ""})
        assert (held.status_code, typed(held)) == (409, "")
    (one,) = await shares.list_shares(await portal.cast.actor("alice"))
    assert one.end is not None
    assert one.end.day == LATER


async def test_it_is_filed_with_one_act_that_both_see(portal: Portal) -> None:
    """Off at first; once it is allowed, its clinician is asked, files it once, and has it as a page and as a PDF."""
    entry = await written(portal.cast)
    look = {"to": str(portal.cast.link), "step": "everything"}
    async with portal.client("alice") as patient, portal.client("bob") as bob:
        page = await patient.post(f"/journal/{entry.id}/shares", data=look)
        assert re.search(r'name="may_file" value="yes"(?! checked)', page.text)
        await confirm(patient, portal.cast, entry.id, "")
        (one,) = await shares.list_shares(alice := await portal.cast.actor("alice"))
        theirs, mine = f"/patients/{alice.id}/shared/{one.id}", f"/shares/{one.id}/terms"
        assert "File it in" not in words(await bob.get(theirs))
        asked = await bob.get(f"{theirs}/filing")
        assert (asked.status_code, "You can ask them." in asked.text) == (409, True)
        assert (await bob.get(f"/patients/{alice.id}/shared/{alice.id}/filing")).status_code == 404
        assert (await bob.post(f"{theirs}/filing", data={"revision": "1"})).status_code == 409
        assert (await patient.post(mine, data={"until_date": "", "may_file": "yes"})).status_code == 303
        assert "May be filed" in words(await patient.get(f"/journal/{entry.id}/shares"))
        assert "File it in the record of your practice" in words(await bob.get(theirs))
        assert "Hearthside keeps none" in words(await bob.get(f"{theirs}/filing"))
        for _ in range(2):
            filed = await bob.post(f"{theirs}/filing", data={"revision": "1"}, follow_redirects=True)
            assert "Filed on Sun 22 Nov 2026" in words(filed)
            assert "Maybe that I am allowed to rest." in words(filed)
        printed = await bob.get(f"{theirs}/filing?as=pdf")
        assert (printed.content[:4], "filed.pdf" in printed.headers["content-disposition"]) == (b"%PDF", True)
        for place in (f"/journal/{entry.id}/shares", mine, f"/shares/{one.id}/revocation"):
            told = words(await patient.get(place))
            assert "filed it in the record of the practice on Sun 22 Nov 2026" in told
        await patient.post(f"/shares/{one.id}/revocation")
        assert "filed something that you no longer share" in words(await patient.get("/sharing/log"))
        assert "filed it in the record of their practice" in words(await patient.get("/sharing/disclosures"))
        for gone in (theirs, f"{theirs}/filing", f"{theirs}/filing?as=pdf"):
            assert (await bob.get(gone)).status_code == 404


async def test_what_was_filed_is_told_of_a_share_that_ended(portal: Portal) -> None:
    """Its patient reads until when it was, as they chose it wherever they are, and that it was filed before."""
    cast, entry = portal.cast, await written(portal.cast)
    alice = await cast.actor("alice")
    wanted = await shares.share_entry(
        alice, entry.id, cast.link, PARTS, previewed=1, until=TODAY, may_file=True
    )
    await opened_by(cast, "bob", wanted)
    await terms.file_share(await cast.actor("bob"), alice.id, wanted, 1)
    await account_details.change_details(await cast.actor("alice"), NAMES["alice"], "Asia/Tokyo")
    cast.clock.now = NOON + timedelta(days=1)
    await signed_in_again(cast)
    for _ in range(2):
        async with portal.client("alice") as patient:
            mine = words(await patient.get(f"/journal/{entry.id}/shares"))
        assert "could read this until 22 Nov 2026. It ended by itself." in mine
        assert "filed it in the record of the practice on Sun 22 Nov 2026" in mine
        await ends.end_due(cast.installation)


async def test_both_sides_read_that_it_ended(portal: Portal) -> None:
    """Before, when it will; from then on, that it did, whether or not its copy is deleted already."""
    wanted = await share(portal.cast)
    (one,) = await shares.list_shares(alice := await portal.cast.actor("alice"))
    theirs = f"/patients/{alice.id}/shared/{wanted}"
    async with portal.client("bob") as bob:
        assert "Shared until 22 Nov 2026" in words(await bob.get(theirs))
    assert one.end is not None
    portal.cast.clock.now = one.end.moment
    await signed_in_again(portal.cast)
    for _ in range(2):
        async with portal.client("alice") as patient, portal.client("bob") as bob:
            mine = words(await patient.get(f"/journal/{one.entry}/shares"))
            assert "could read this until 22 Nov 2026. It ended by itself." in mine
            assert (await patient.get(f"/shares/{wanted}/terms")).status_code == 404
            gone = await bob.get(theirs)
            assert (gone.status_code, "until a day that is over" in words(gone)) == (404, True)
            listed = words(await bob.get(f"/patients/{alice.id}"))
            assert "shared something with you until 22 Nov 2026. It ended by itself" in listed
            assert "The sea" not in listed
        await ends.end_due(portal.cast.installation)
    async with portal.client("alice") as patient:
        assert "ended by itself" in words(await patient.get("/sharing/log"))
