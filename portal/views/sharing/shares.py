"""The patient shares chosen sections with one clinician: choose, preview, confirm; and revokes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.link_keys import SharingPaused
from journal.care.links import Link
from journal.entries import entries
from journal.errors import HeldUntilRested, Refused, StaleRevision, TrustBroken
from journal.sessions import holds
from journal.sessions.holds import Hold
from journal.sessions.rows import my_sessions
from journal.sharing import shares as sharing_shares
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import actor_of
from portal.views.sharing import share_steps
from portal.views.sharing.shared_items import Item, items
from portal.web.forms import Form
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class Revocation:
    """Context of the page that asks before a copy is revoked."""

    item: Item
    waiting: Hold | None


async def shares(request: Request) -> Response:
    """Show who can read an entry, or share parts of it: choose, preview, confirm."""
    actor = actor_of(request)
    entry = await entries.entry(actor, request.path_params["id"])
    if request.method == "GET":
        wanted, done = (request.query_params.get(name, "") for name in ("to", "done"))
        team = await links.found(actor)
        to = share_steps.chosen_link(team, wanted) if wanted else None
        context = await share_steps.choosing(actor, entry, team.links, to, done=done)
        return page(request, "sharing/choose.html", context)
    form, team = await Form.read(request), await links.found(actor)
    to = share_steps.chosen_link(team, form["to"])
    if form["step"] == "choose":
        context = await share_steps.choosing(actor, entry, team.links, to, chosen=form.all("sections"))
        return page(request, "sharing/choose.html", context)
    seen = form.whole("previewed") if form["step"] == "confirm" else None
    return await _share(request, actor, entry, to, form.all("sections"), seen, done="shared")


async def update(request: Request) -> Response:
    """Share the same sections again as they are now; a text not previewed yet is shown first."""
    actor = actor_of(request)
    one = await sharing_shares.the_given(actor, request.path_params["id"])
    entry = await entries.entry(actor, one.entry)
    seen = (await Form.read(request)).whole("previewed")
    return await _share(request, actor, entry, one.link, one.document.fields, seen, done="updated")


async def revocation(request: Request) -> Response:
    """Show what was read already, or revoke a copy."""
    actor = actor_of(request)
    one = await sharing_shares.the_given(actor, request.path_params["id"])
    status = 200
    if request.method == "POST":
        try:
            await sharing_shares.revoke(actor, one.id)
            return see_other(request, f"/journal/{one.entry}/shares?done=revoked")
        except HeldUntilRested:
            status = 409
    plan = await my_sessions(actor)
    (item,) = await items(actor, [one], plan)
    context = Revocation(item, holds.held_by(actor, plan))
    return page(request, "sharing/revocation.html", context, status=status)


async def _share(
    request: Request,
    actor: Actor,
    entry: Entry,
    to: Link,
    sections: Iterable[str],
    seen: int | None,
    *,
    done: str,
) -> Response:
    sections, changed = tuple(sections), ""
    try:
        if seen is not None:
            try:
                await sharing_shares.share(actor, entry.id, to.id, sections, previewed=seen)
                return see_other(request, f"/journal/{entry.id}/shares?done={done}")
            except StaleRevision as error:
                changed = error.message
        context = await share_steps.preview(actor, entry, to, sections, changed)
        return page(request, "sharing/preview.html", context, status=409 if changed else 200)
    except Refused as error:
        again = await share_steps.choosing(
            actor, entry, await links.my_links(actor), to, chosen=sections, errors=error.fields
        )
        return page(request, "sharing/choose.html", again, status=422)
    except (HeldUntilRested, SharingPaused, TrustBroken) as error:
        again = await share_steps.choosing(
            actor, entry, await links.my_links(actor), to, chosen=sections, problem=error.message
        )
        return page(request, "sharing/choose.html", again, status=409)
