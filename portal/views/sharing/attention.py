"""
What a patient asks of whoever reads a copy, and what they allow with it: read from a form, and changed on its own page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from starlette.requests import Request
from starlette.responses import Response

from journal.care.documents import Attention
from journal.care.link_keys import SharingPaused
from journal.errors import Damaged, HeldUntilRested, InvalidInput, StaleRevision, TrustBroken
from journal.i18n import N_
from journal.reading_hours.next_look import NextLook, load_next_look
from journal.sessions.rows import load_my_sessions
from journal.sharing import saving, shares, terms
from journal.user_input import parse_day
from portal.access.session_cookie import get_actor
from portal.views.sharing.shared_items import SharedItem, load_shared_items
from portal.web.forms import Form
from portal.web.pages import redirect, render_page

NO_DAY = N_("Write the day as a date, such as 2026-11-22, or leave it empty to share until you stop.")
ONE_OF_THESE = N_("Choose one of these. A share can ask one thing of its reader.")


@dataclass(frozen=True, slots=True)
class AttentionPage:
    """
    Context of the page on which it is changed; `chosen` is what was chosen last.

    `opened_at` is when the copy was opened, after which nothing changes. `problem` is why nothing was changed.
    """

    item: SharedItem
    look: NextLook
    chosen: str
    opened_at: datetime | None = None
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


def parse_attention(form: Form) -> Attention | None:
    """
    Return what a form asks of the reader; None where it has no such question.

    Raises:
        InvalidInput: If it asks two things, or something that there is not.
    """
    chosen = set(form.get_all("attention"))
    if not chosen:
        return None
    found = [one for one in Attention if one in chosen]
    if len(chosen) != 1 or not found:
        raise InvalidInput({"attention": ONE_OF_THESE})
    return found[0]


@dataclass(frozen=True, slots=True)
class TermsPage:
    """
    Context of the page on which it is changed until when a copy can be read, and whether it may be filed.

    `until` and `may_file` are what was chosen last. `problem` is why nothing was changed.
    """

    item: SharedItem
    until: str
    may_file: bool
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


def parse_until(form: Form) -> date | None:
    """
    Return the last day that a form has; None where it has none.

    Raises:
        InvalidInput: If what was typed is no day (`until_date`).
    """
    typed = form["until_date"].strip()
    if typed and (day := parse_day(typed)) is None:
        raise InvalidInput({"until_date": NO_DAY})
    return day if typed else None


async def change_terms(request: Request) -> Response:
    """Show until when a copy can be read and whether it may be filed, or change it."""
    actor = get_actor(request)
    one = await shares.load_share(actor, request.path_params["id"])
    if one.damaged:
        raise Damaged
    until, may_file, problem, status = one.end.day if one.end else "", one.may_file, "", 200
    errors: Mapping[str, str] = {}
    if request.method == "POST":
        form = await Form.read(request)
        until, may_file = form["until_date"], form["may_file"] == "yes"
        try:
            await terms.change_terms(actor, one.id, parse_until(form), may_file)
            return redirect(request, f"/journal/{one.entry}/shares?done=terms")
        except InvalidInput as error:
            errors, status = error.fields, 422
        except (HeldUntilRested, SharingPaused, StaleRevision, TrustBroken) as error:
            problem, status = str(error), 409
    (item,) = await load_shared_items(actor, [one], await load_my_sessions(actor))
    context = TermsPage(item, until, may_file, problem, errors)
    return render_page(request, "sharing/terms.html", context, status=status)


async def change_attention(request: Request) -> Response:
    """Show what is asked of the reader of a copy, or change it."""
    actor = get_actor(request)
    one = await shares.load_share(actor, request.path_params["id"])
    if one.damaged:
        raise Damaged
    chosen, problem, status = one.document.attention, "", 200
    errors: Mapping[str, str] = {}
    if request.method == "POST":
        form = await Form.read(request)
        chosen = form["attention"]
        try:
            wanted = parse_attention(form)
            if wanted is None:
                raise InvalidInput({"attention": ONE_OF_THESE})
            await shares.change_attention(actor, one.id, wanted)
            return redirect(request, f"/journal/{one.entry}/shares?done=attention")
        except InvalidInput as error:
            errors, status = error.fields, 422
        except saving.AlreadyOpened:
            one, status = await shares.load_share(actor, one.id), 409
        except (HeldUntilRested, SharingPaused, StaleRevision, TrustBroken) as error:
            problem, status = str(error), 409
    plan = await load_my_sessions(actor)
    (item,) = await load_shared_items(actor, [one], plan)
    look = await load_next_look(actor, one.link, plan)
    context = AttentionPage(item, look, chosen, one.opened_at, problem, errors)
    return render_page(request, "sharing/attention.html", context, status=status)
