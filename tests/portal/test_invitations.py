"""A clinician makes, shows and withdraws invitations."""

from __future__ import annotations

import re

from tests.portal.conftest import Portal


async def test_an_invitation_is_shown_as_link_and_picture_until_withdrawn(any_portal: Portal) -> None:
    """The link works for one person while it is open, and not after it is withdrawn."""
    async with any_portal.client("bob") as bob, any_portal.client() as somebody:
        made = await bob.post("/invitations", data={"name": " Erin <b>Sample</b> "})
        where = made.headers["location"]
        page = (await bob.get(where)).text
        assert "Erin &lt;b&gt;Sample&lt;/b&gt;" in page
        assert "data:image/svg+xml" in page
        found = re.search(r"http://127\.0\.0\.1:8000(/invite/[\w-]+)", page)
        assert found
        assert (await somebody.get(found[1])).status_code == 200
        await bob.post(f"{where}/withdrawal")
        assert (await somebody.get(found[1])).status_code == 404
        assert "/invite/" not in (await bob.get(where)).text


async def test_an_invitation_runs_out(portal: Portal) -> None:
    """After two weeks the link opens nothing, and the list says so."""
    async with portal.client("bob") as bob, portal.client() as somebody:
        where = (await bob.post("/invitations", data={"name": "Erin"})).headers["location"]
        found = re.search(r"http://127\.0\.0\.1:8000(/invite/[\w-]+)", (await bob.get(where)).text)
        assert found
    portal.cast.clock.forward(days=15)
    async with portal.client() as somebody:
        assert (await somebody.get(found[1])).status_code == 404


async def test_an_invitation_without_a_name_is_sent_back(portal: Portal) -> None:
    """A slip is told beside the field."""
    async with portal.client("bob") as bob:
        refused = await bob.post("/invitations", data={"name": "  "})
        assert refused.status_code == 422
        assert "Write who this is for" in refused.text


async def test_another_clinician_sees_none_of_it(portal: Portal) -> None:
    """Invitations are their clinician's own."""
    async with portal.client("bob") as bob, portal.client("charlie") as charlie:
        where = (await bob.post("/invitations", data={"name": "Erin"})).headers["location"]
        assert (await charlie.get(where)).status_code == 404
        assert (await charlie.post(f"{where}/withdrawal")).status_code == 404
        assert "Erin" not in (await charlie.get("/invitations")).text
