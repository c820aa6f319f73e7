"""Choose a file, see what is in it, import it, see how far it is, and remove it again."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.actor import Actor
from journal.catalogue.fields import EntryKind
from journal.errors import InvalidInput
from journal.importing import adding, reading, removal, runs
from journal.importing.items import Assumed, LeftOut, Refusal
from journal.importing.runs import NoRoom, Run
from journal.sessions import holds
from journal.sessions.holds import Hold
from portal import logs
from portal.access.session_cookie import get_actor
from portal.web.forms import MULTIPART, Form
from portal.web.pages import redirect, render_page

HERE = "/records/import"


@dataclass(frozen=True, slots=True)
class ChoosingPage:
    """Context of the page on which a file is chosen; `runs` are the files of before that are remembered."""

    runs: Sequence[Run]
    damaged: tuple[UUID | None, ...]
    now: datetime
    is_full: bool = False
    done: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunPage:
    """
    Context of the page of one file: what is in it, how far it is, or what became of it.

    `kinds`, `left_out` and `assumed` are labels with numbers. `held` keeps it from being removed.
    """

    run: Run
    now: datetime
    kinds: tuple[tuple[str, int], ...]
    left_out: tuple[tuple[str, int], ...]
    assumed: tuple[tuple[str, int], ...]
    held: Hold | None = None


async def choose_file(request: Request) -> Response:
    """Show how to choose a file, or read the one that was chosen."""
    actor = get_actor(request)
    if request.method == "GET":
        return await _render_choice(request, actor)
    try:
        wanted = await _read(request, actor)
    except InvalidInput as error:
        return await _render_choice(request, actor, errors=error.fields)
    except NoRoom:
        return await _render_choice(request, actor, is_full=True)
    return redirect(request, f"{HERE}/{wanted}")


async def _read(request: Request, actor: Actor) -> UUID:
    """Read what was uploaded, once for a request however often it is asked for, and store it sealed."""
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != MULTIPART:
        await Form.read(request)  # what is no form at all is refused as such
        raise InvalidInput({"files": Refusal.NOTHING.label})
    found = getattr(request.state, "upload", None)
    if found is None:
        found = request.state.upload = await reading.read_upload(actor, kind, request.stream())
    return await runs.stage(actor, *found)


async def show_run(request: Request) -> Response:
    """Show what is in a file, how far it is, or what became of it."""
    actor = get_actor(request)
    run = await runs.load_run(actor, request.path_params["id"])
    summary = run.summary
    context = RunPage(
        run,
        actor.now,
        tuple((EntryKind(kind).label, count) for kind, count in summary.kinds.items()),
        tuple((one.label, summary.left_out[one]) for one in LeftOut if one in summary.left_out),
        tuple((one.label, summary.assumed[one]) for one in Assumed if one in summary.assumed),
        await holds.load_hold(actor) if run.can_be_removed(actor.now) else None,
    )
    return render_page(request, "importing/run.html", context, block="progress")


async def start(request: Request) -> Response:
    """Begin to import a file, or go on with it."""
    wanted = request.path_params["id"]
    await adding.start_import(get_actor(request), wanted, _report)
    return redirect(request, f"{HERE}/{wanted}")


async def remove(request: Request) -> Response:
    """Remove what a file added, or delete what is remembered of it."""
    actor, form, wanted = get_actor(request), await Form.read(request), request.path_params["id"]
    if form["go"] == "delete":
        await runs.delete_run(actor, wanted)
        return redirect(request, f"{HERE}?done=deleted")
    await removal.start_removal(actor, wanted, _report)
    return redirect(request, f"{HERE}/{wanted}")


async def _render_choice(
    request: Request, actor: Actor, *, errors: Mapping[str, str] | None = None, is_full: bool = False
) -> Response:
    found = await runs.list_runs(actor)
    done = request.query_params.get("done", "")
    context = ChoosingPage(found, found.damaged, actor.now, is_full, done, errors or {})
    return render_page(
        request, "importing/choose.html", context, status=409 if is_full else 422 if errors else 200
    )


def _report(error: BaseException) -> None:
    logs.log_event(logging.ERROR, "a file could not be imported or removed", logs.describe_error(error))
