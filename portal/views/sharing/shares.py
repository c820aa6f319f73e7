"""The patient shares chosen sections with one clinician: choose, preview, confirm; and revokes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.care import links
from journal.care.link_keys import SharingPaused
from journal.care.links import Link
from journal.entries import entries
from journal.errors import InvalidInput, StaleRevision, TrustBroken
from journal.sessions.rows import load_my_sessions
from journal.sharing import shares as sharing_shares
from journal.sharing.shares import OutgoingShare
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.sharing import share_steps
from portal.views.sharing.attention import parse_attention, parse_until
from portal.views.sharing.shared_items import SharedItem, load_shared_items
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

NO_FORM = Form()


@dataclass(frozen=True, slots=True)
class RevocationPage:
    """Context of the page that asks before a copy is revoked."""

    item: SharedItem


async def share_entry(request: Request) -> Response:
    """Show who can read an entry, or share parts of it: choose, preview, confirm."""
    actor = get_actor(request)
    entry = await entries.load_entry(actor, request.path_params["id"])
    if request.method == "GET":
        wanted, done = (request.query_params.get(name, "") for name in ("to", "done"))
        team = await links.load_care_team(actor)
        to = share_steps.get_chosen_link(team, wanted) if wanted else None
        context = await share_steps.build_sharing_page(actor, entry, team.links, to, done=done)
        return render_page(request, "sharing/choose.html", context)
    form, team = await Form.read(request), await links.load_care_team(actor)
    to = share_steps.get_chosen_link(team, form["to"])
    if form["step"] == "choose":
        context = await share_steps.build_sharing_page(
            actor,
            entry,
            team.links,
            to,
            chosen=form.get_all("sections"),
            attention=form["attention"],
            until=form["until_date"],
            may_file=form["may_file"] == "yes",
        )
        return render_page(request, "sharing/choose.html", context)
    seen = form.get_whole_number("previewed") if form["step"] == "confirm" else None
    sections = await share_steps.list_sections(actor, entry, to, form["step"], form.get_all("sections"))
    return await _share_or_preview(request, actor, entry, to, sections, seen, form=form)


async def show_update(request: Request) -> Response:
    """Show the same parts as they are now, before they are shared again."""
    actor = get_actor(request)
    one = await sharing_shares.load_share(actor, request.path_params["id"])
    entry = await entries.load_entry(actor, one.entry)
    return await _share_or_preview(request, actor, entry, one.link, one.document.fields, replaced=one)


async def revoke_share(request: Request) -> Response:
    """Show what was read already, or revoke a copy."""
    actor = get_actor(request)
    one = await sharing_shares.load_share(actor, request.path_params["id"])
    if request.method == "POST":
        await sharing_shares.revoke_share(actor, one.id)
        return redirect(request, f"/journal/{one.entry}/shares?done=revoked")
    (item,) = await load_shared_items(actor, [one], await load_my_sessions(actor))
    return render_page(request, "sharing/revocation.html", RevocationPage(item))


async def _share_or_preview(
    request: Request,
    actor: Actor,
    entry: Entry,
    to: Link,
    sections: Iterable[str],
    seen: int | None = None,
    replaced: OutgoingShare | None = None,
    form: Form = NO_FORM,
) -> Response:
    sections, changed, chosen = tuple(sections), "", share_steps.read_terms(form)
    errors: Mapping[str, str] = {}
    try:
        if seen is not None:
            try:
                asks, until = parse_attention(form), parse_until(form)
                await sharing_shares.share_entry(
                    actor,
                    entry.id,
                    to.id,
                    sections,
                    previewed=seen,
                    attention=asks,
                    until=until,
                    may_file=chosen.may_file if chosen else False,
                )
                return redirect(request, f"/journal/{entry.id}/shares?done=shared")
            except StaleRevision as error:
                changed = error.message
            except InvalidInput as error:
                if not error.fields.keys() <= {"attention", "until_date"}:
                    raise
                errors = error.fields
        context = await share_steps.build_preview(actor, entry, to, sections, changed, replaced, chosen)
        status = 409 if changed else 422 if errors else 200
        return render_page(request, "sharing/preview.html", replace(context, errors=errors), status=status)
    except InvalidInput as error:
        again = await share_steps.build_sharing_page(
            actor, entry, await links.load_my_links(actor), to, chosen=sections, errors=error.fields
        )
        return render_page(request, "sharing/choose.html", again, status=422)
    except (SharingPaused, TrustBroken) as error:
        again = await share_steps.build_sharing_page(
            actor, entry, await links.load_my_links(actor), to, chosen=sections, problem=error.message
        )
        return render_page(request, "sharing/choose.html", again, status=409)
