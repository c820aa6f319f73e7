"""Earlier versions of an entry: list them, compare one, restore one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.fields import EntryKind
from journal.entries import entries, revisions
from journal.entries.naming import EntryName, load_namer
from journal.entries.revisions import Revision
from journal.store.rows import OpenedRows
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import get_actor
from portal.views.sharing.shared_view import SharedSection, build_sections, hide_numbers
from portal.web.pages import redirect, render_page


@dataclass(frozen=True, slots=True)
class VersionsPage:
    """Context of the list of earlier revisions."""

    entry: Entry
    name: EntryName
    versions: OpenedRows[Revision]


@dataclass(frozen=True, slots=True)
class Difference:
    """A question that is answered differently in an earlier version and now; None is no answer."""

    question: str
    earlier: SharedSection | None
    now: SharedSection | None


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Context of one earlier version beside the present text; `same` answers read alike in both."""

    entry: Entry
    name: EntryName
    version: Revision
    differences: tuple[Difference, ...]
    same: tuple[SharedSection, ...]


async def show_versions(request: Request) -> Response:
    """List the earlier versions of an entry."""
    actor, wanted = get_actor(request), request.path_params["id"]
    found, kept = await entries.load_entry(actor, wanted), await revisions.list_revisions(actor, wanted)
    namer = await load_namer(actor, [found])
    context = VersionsPage(found, namer.name_entry(found), kept)
    return render_page(request, "journal/versions.html", context)


async def show_version(request: Request) -> Response:
    """Show one earlier version beside the present text."""
    actor, wanted = get_actor(request), request.path_params["id"]
    found = await entries.load_entry(actor, wanted)
    version = await revisions.load_revision(actor, wanted, request.path_params["revision"])
    differences, same = _compare_documents(version.document, found.document, actor.hides_numbers)
    namer = await load_namer(actor, [found])
    context = VersionPage(found, namer.name_entry(found), version, differences, same)
    return render_page(request, "journal/version.html", context)


async def restore_version(request: Request) -> Response:
    """Restore an earlier version; the present text becomes an earlier version."""
    wanted: UUID = request.path_params["id"]
    await entries.restore_version(get_actor(request), wanted, request.path_params["revision"])
    return redirect(request, f"/journal/{wanted}")


def _compare_documents(
    earlier: EntryDocument, now: EntryDocument, hides_numbers: bool
) -> tuple[tuple[Difference, ...], tuple[SharedSection, ...]]:
    before = hide_numbers(
        build_sections(EntryKind(earlier.kind), earlier.answers, earlier.language), hides_numbers
    )
    after = hide_numbers(build_sections(EntryKind(now.kind), now.answers, now.language), hides_numbers)
    texts = [replace(section, language=now.language) for section in before]
    same = tuple(section for section in after if section in texts)
    # By question, in the form's order: those of the present text, then those that only the earlier one has.
    gone = [section for section, text in zip(before, texts, strict=True) if text not in same]
    differences = []
    for section in after:
        if section in same:
            continue
        was = next((one for one in gone if one.question == section.question), None)
        if was is not None:
            gone.remove(was)
        differences.append(Difference(section.question, was, section))
    differences += [Difference(section.question, section, None) for section in gone]
    return tuple(differences), same
