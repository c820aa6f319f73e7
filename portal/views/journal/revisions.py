"""Earlier versions of an entry: list them, compare one, restore one."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from journal.catalogue.fields import EntryKind
from journal.entries import entries
from journal.entries import revisions as versions
from journal.entries.revisions import Revision
from journal.store.rows import Opened
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from portal.access.session_cookie import actor_of
from portal.views.sharing.shared_view import SharedSection, sections_of
from portal.web.pages import page, see_other


@dataclass(frozen=True, slots=True)
class VersionsPage:
    """Context of the list of earlier versions."""

    entry: Entry
    kind: EntryKind
    versions: Opened[Revision]


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
    kind: EntryKind
    version: Revision
    differences: tuple[Difference, ...]
    same: tuple[SharedSection, ...]


async def revisions(request: Request) -> Response:
    """List the earlier versions of an entry."""
    actor, wanted = actor_of(request), request.path_params["id"]
    found, kept = await entries.entry(actor, wanted), await versions.revisions(actor, wanted)
    context = VersionsPage(found, EntryKind(found.document.kind), kept)
    return page(request, "journal/versions.html", context)


async def revision(request: Request) -> Response:
    """Show one earlier version beside the present text."""
    actor, wanted = actor_of(request), request.path_params["id"]
    found = await entries.entry(actor, wanted)
    version = await versions.revision(actor, wanted, request.path_params["revision"])
    differences, same = _compare(version.document, found.document)
    context = VersionPage(found, EntryKind(found.document.kind), version, differences, same)
    return page(request, "journal/version.html", context)


async def restoration(request: Request) -> Response:
    """Restore an earlier version; the present text becomes an earlier version."""
    wanted: UUID = request.path_params["id"]
    await entries.restore(actor_of(request), wanted, request.path_params["revision"])
    return see_other(request, f"/journal/{wanted}")


def _compare(
    earlier: EntryDocument, now: EntryDocument
) -> tuple[tuple[Difference, ...], tuple[SharedSection, ...]]:
    before = sections_of(EntryKind(earlier.kind), earlier.answers)
    after = sections_of(EntryKind(now.kind), now.answers)
    same = tuple(section for section in after if section in before)
    # By question, in the form's order: those of the present text, then those that only the earlier one has.
    gone = [section for section in before if section not in same]
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
