"""How both pages about notices answer a form: done and shown again, or what was typed with what is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from journal.errors import HeldUntilRested, InvalidInput, StaleRevision
from portal.web.forms import Form
from portal.web.pages import redirect

Refusal = type[StaleRevision] | type[HeldUntilRested]


class Render(Protocol):
    """Draws the page; `typed` is what was not taken, by the names of its fields."""

    async def __call__(
        self,
        *,
        typed: dict[str, str] | None = None,
        errors: dict[str, str] | None = None,
        done: str = "",
        problem: str = "",
        status: int = 200,
    ) -> Response:
        """Return the page."""
        ...


async def answer_form(
    request: Request,
    act: Callable[[Form], Awaitable[str]],
    render: Render,
    fields: Collection[str],
    refusals: tuple[Refusal, ...] = (StaleRevision,),
) -> Response:
    """
    Return the page, or what comes of its form.

    Args:
        act: Does what the form asks for, and returns what was done.
        fields: Those that keep what was typed; the other forms of the page keep what they show.
        refusals: What the page itself says; the rest is answered elsewhere.
    """
    if request.method == "GET":
        return await render(done=request.query_params.get("done", ""))
    form = await Form.read(request)
    typed = {name: form[name] for name in fields if name in form}
    try:
        done = await act(form)
    except InvalidInput as error:
        return await render(typed=typed, errors=dict(error.fields), status=422)
    except refusals as error:
        return await render(typed=typed, problem=error.message, status=409)
    return redirect(request, f"{request.url.path}?done={done}")
