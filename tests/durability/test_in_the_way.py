"""
Others are in the way of an act that has counted a try, hashed a password or spent a challenge already.

Such an act is not begun anew, so what it writes is done again by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from httpx import AsyncClient, Response

from journal.account_reset import reset as account_reset
from journal.account_reset import reset_links
from journal.accounts import tables as accounts_tables
from journal.authentication import recovery_key
from journal.care import invitations
from journal.practice import practice
from journal.store.database import execute, fetch_raw
from tests.authenticator import Authenticator
from tests.cast import PASSWORDS, PRACTICE, Furniture
from tests.durability.test_waits import IN_THE_WAY, executed
from tests.factors import app_code, enrolled
from tests.portal.browsing import Page
from tests.portal.conftest import Portal, running
from tests.scenes import written

EMAIL, OLD, NEW = "alice@example.org", PASSWORDS["alice"], "a lantern on the kitchen table"
RENEWED = {"password": NEW, "repeated": NEW}
Send = Callable[[], Awaitable[Response]]


async def _signed_in_half(browser: AsyncClient) -> None:
    answer = await browser.post("/sign-in", data={"email": EMAIL, "password": OLD})
    assert answer.headers["location"].startswith("/sign-in/second")


async def code(portal: Portal, browser: AsyncClient) -> Send:
    """Return the code of an app."""
    secret, _ = await enrolled(portal.cast, "alice")
    portal.cast.clock.forward(minutes=1)
    await _signed_in_half(browser)
    typed = {"code": app_code(secret, portal.cast.clock())}
    return lambda: browser.post("/sign-in/second", data=typed)


async def recovery_code(portal: Portal, browser: AsyncClient) -> Send:
    """Return a recovery code."""
    _, codes = await enrolled(portal.cast, "alice")
    await _signed_in_half(browser)
    return lambda: browser.post("/sign-in/second", data={"recovery_code": codes[0]})


async def _device(portal: Portal, *, prf: bool = True) -> Authenticator:
    device = Authenticator(prf=prf)
    async with portal.client("alice") as hers:
        answer = device.make((await hers.get("/account/passkeys/options")).json())
        sent = {"name": "Phone", "credential": answer.credential, "prf": answer.prf}
        assert (await hers.post("/account/passkeys/new", data=sent)).status_code == 303
    return device


async def _tap(browser: AsyncClient, device: Authenticator, where: str) -> Send:
    answer = device.use((await browser.get(where)).json())
    return lambda: browser.post(where, data={"credential": answer.credential, "prf": answer.prf})


async def tap(portal: Portal, browser: AsyncClient) -> Send:
    """Come in by passkey."""
    return await _tap(browser, await _device(portal), "/sign-in/passkey")


async def second_tap(portal: Portal, browser: AsyncClient) -> Send:
    """Return a passkey in the place of a code."""
    device = await _device(portal, prf=False)
    await enrolled(portal.cast, "alice")
    await _signed_in_half(browser)
    return await _tap(browser, device, "/sign-in/second/passkey")


async def confirming_tap(portal: Portal, browser: AsyncClient) -> Send:
    """Show by passkey who one is."""
    device = await _device(portal, prf=False)
    return await _tap(_as_alice(portal, browser), device, "/confirm/passkey")


async def unlocking_tap(portal: Portal, browser: AsyncClient) -> Send:
    """Open a locked session by passkey."""
    device = await _device(portal)
    await _as_alice(portal, browser).post("/lock")
    return await _tap(browser, device, "/unlock/passkey")


async def added_passkey(portal: Portal, browser: AsyncClient) -> Send:
    """Add a passkey."""
    _as_alice(portal, browser)
    answer = Authenticator().make((await browser.get("/account/passkeys/options")).json())
    sent = {"name": "Phone", "credential": answer.credential, "prf": answer.prf}
    return lambda: browser.post("/account/passkeys/new", data=sent)


async def unlocking(portal: Portal, browser: AsyncClient) -> Send:
    """Open a locked session by password."""
    await _as_alice(portal, browser).post("/lock")
    return lambda: browser.post("/unlock", data={"asked-again": OLD})


async def confirming(portal: Portal, browser: AsyncClient) -> Send:
    """Show by password who one is."""
    _as_alice(portal, browser)
    return lambda: browser.post("/confirm", data={"asked-again": OLD})


async def asked_again(portal: Portal, browser: AsyncClient) -> Send:
    """Be asked in the middle of an act."""
    _as_alice(portal, browser)
    await execute("UPDATE web_session SET confirmed_at = NULL")
    return lambda: browser.post("/account/recovery-key", data={"asked-again": OLD})


async def renewing(portal: Portal, browser: AsyncClient) -> Send:
    """Begin to renew one's keys."""
    _as_alice(portal, browser)
    return lambda: browser.post("/account/renewal", data={"current": OLD})


async def changing(portal: Portal, browser: AsyncClient) -> Send:
    """Change the password."""
    _as_alice(portal, browser)
    return lambda: browser.post("/account/password", data={"current": OLD} | RENEWED)


async def giving_up(portal: Portal, browser: AsyncClient) -> Send:
    """Take the second factor off."""
    await enrolled(portal.cast, "alice")
    _as_alice(portal, browser)
    return lambda: browser.post("/account/second-factor/removal", data={"current": OLD})


async def recovering(portal: Portal, browser: AsyncClient) -> Send:
    """Come in with the recovery kit."""
    alice = await portal.cast.actor("alice")
    offer = await recovery_key.offer_recovery_key(alice)
    await recovery_key.confirm_recovery_key(
        alice, portal.cast.tokens["alice"], offer.sealed, offer.formatted_key
    )
    sent = {"email": EMAIL, "recovery_key": offer.formatted_key} | RENEWED
    return lambda: browser.post("/recover", data=sent)


async def _restart_link(portal: Portal) -> str:
    alice, bob = await portal.cast.actor("alice"), await portal.cast.actor("bob")
    return f"/restart/{(await reset_links.create_reset_link(bob, alice.id)).token}"


async def restarting(portal: Portal, browser: AsyncClient) -> Send:
    """Begin anew."""
    where = await _restart_link(portal)
    return lambda: browser.post(where, data={"email": EMAIL, "understood": "on"} | RENEWED)


async def renewing_a_link(portal: Portal, browser: AsyncClient) -> Send:
    """Renew one connection."""
    where = await _restart_link(portal)
    _as_alice(portal, browser)
    return lambda: browser.post(where)


async def reopening(portal: Portal, browser: AsyncClient) -> Send:
    """Bring back what was set aside."""
    await written(portal.cast)
    token = (await _restart_link(portal)).rpartition("/")[2]
    new = await account_reset.reset_account(
        portal.cast.installation, token, EMAIL, NEW, NEW, PRACTICE, understood=True
    )
    portal.cast.tokens["alice"] = new
    await accounts_tables.Account.filter(recovery_ready=False).update(recovery_ready=True)
    _as_alice(portal, browser)
    return lambda: browser.post("/account/set-aside", data={"secret": OLD})


async def setting_up(portal: Portal, browser: AsyncClient) -> Send:
    """Open an account as one of the staff."""
    where = f"/setup/{await practice.create_setup_link(portal.cast.installation)}"
    sent = {"name": "Nora", "email": "nora@example.org", "time_zone": "UTC"} | RENEWED
    return lambda: browser.post(where, data=sent)


async def _invitation(portal: Portal) -> str:
    return (
        f"/invite/{(await invitations.create_invitation(await portal.cast.actor('charlie'), 'Nora')).token}"
    )


async def invited(portal: Portal, browser: AsyncClient) -> Send:
    """Open an account by an invitation."""
    where = await _invitation(portal)
    sent = {"name": "Nora", "email": "nora@example.org", "time_zone": "UTC", "adult": "on"} | RENEWED
    return lambda: browser.post(where, data=sent)


async def accepting(portal: Portal, browser: AsyncClient) -> Send:
    """Accept an invitation with the account that one has."""
    where = await _invitation(portal)
    _as_alice(portal, browser)
    return lambda: browser.post(where)


async def taking(portal: Portal, browser: AsyncClient) -> Send:
    """Take one's records."""
    _as_alice(portal, browser)
    return lambda: browser.post("/records", data={"current": OLD, "passphrase": NEW})


def _as_alice(portal: Portal, browser: AsyncClient) -> AsyncClient:
    browser.cookies = portal.client("alice").cookies
    return browser


DOORS = (
    code, recovery_code, tap, second_tap, confirming_tap, unlocking_tap, added_passkey, unlocking, confirming,
    asked_again, renewing, changing, giving_up, recovering, restarting, renewing_a_link, reopening, setting_up,
    invited, accepting, taking,
)  # fmt: skip


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
async def test_what_follows_a_counted_try_is_done_again(
    furnished_postgres_url: tuple[str, Furniture], tmp_path: Path, door: Callable[..., Awaitable[Send]]
) -> None:
    """A deadlock twice where an act writes what it did: the third time it succeeds, and nobody types anything again."""
    url, furniture = furnished_postgres_url
    async with running(url, furniture, tmp_path) as portal, portal.client() as browser:
        await portal.cast.in_use()
        send = await door(portal, browser)
        await executed(url, IN_THE_WAY.format(table="audit_pending", times=2, state="40P01", when=""))
        answer = await send()
        assert answer.status_code in (200, 204, 303, 307), Page.of(answer).words
        assert (await fetch_raw("SELECT last_value FROM tries"))[0][0] >= 3
