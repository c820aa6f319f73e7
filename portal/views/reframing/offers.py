"""Answer an offer to look at a reframe again."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from journal.entries.naming import EntryName
from journal.errors import NotFound
from journal.reframing import offers
from journal.reframing.offers import OfferAnswer
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.web.forms import Form
from portal.web.pages import redirect


@dataclass(frozen=True, slots=True)
class OfferLine:
    """A reframe that home offers to be looked at again, and what it is called."""

    entry: Entry
    name: EntryName


async def answer_offer(request: Request) -> Response:
    """Remember the answer, and lead to where it says."""
    actor, form, wanted = get_actor(request), await Form.read(request), request.path_params["id"]
    try:
        answer = OfferAnswer(form["go"])
    except ValueError as error:
        raise NotFound from error  # no page of ours offers another
    await offers.answer_offer(actor, wanted, answer)
    if answer is OfferAnswer.YES:
        return redirect(request, f"/journal/{wanted}/revisits")
    from_entry = answer is OfferAnswer.OFFERS_AGAIN or form["next"] == "entry"
    return redirect(request, f"/journal/{wanted}#status" if from_entry else "/")
