"""Only a person who asks for a page has read it: no program that asks for headers, no browser that reads ahead."""

from __future__ import annotations

import pytest

from journal.sharing import shares
from tests.portal.conftest import Portal
from tests.scenes import shared, written

AHEAD = ("prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip", "PREFETCH", "preview")


@pytest.mark.parametrize("page", ["/patients/{alice}/shared/{share}", "/patients/{alice}/brief"])
async def test_reading_ahead_opens_nothing(any_portal: Portal, page: str) -> None:
    """Headers alone, or a page fetched in case it is wanted, mark no copy as opened; the page itself does."""
    cast = any_portal.cast
    share = await shared(cast, await written(cast))
    alice = await cast.actor("alice")
    path = page.format(alice=alice.id, share=share)

    async def opened() -> bool:
        (given,) = await shares.list_shares(await cast.actor("alice"))
        return given.opened_at is not None

    async with any_portal.client("bob") as browser:
        assert (await browser.head(path)).status_code == 200
        for purpose in AHEAD:
            for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"):
                answer = await browser.get(path, headers={name: purpose})
                assert answer.status_code == 503
                assert answer.headers["cache-control"] == "no-store"
                assert answer.content == b""
        assert not await opened()
        assert (await browser.get(path)).status_code == 200
        assert await opened()


async def test_pages_for_anybody_can_be_asked_for_ahead(portal: Portal) -> None:
    """Help now is nobody's secret: whoever reads it ahead of time has it at once."""
    async with portal.client() as browser:
        assert (await browser.head("/help-now")).status_code == 200
        assert (await browser.get("/help-now", headers={"sec-purpose": "prefetch"})).status_code == 200
