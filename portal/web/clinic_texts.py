"""What a care team wrote for the days of a course, as pages show it: its parts, and whose signature stands under it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from journal.actor import Actor
from journal.care import links
from journal.care.links import Link
from journal.clinic import instructions
from journal.clinic.instructions import Instructions, ItemGroup
from journal.clinic.signatures import AttestedKeys, Signer, identify_signer
from journal.errors import Damaged


@dataclass(frozen=True, slots=True)
class ClinicText:
    """
    A care team's text for a page; `parts` are its lists with their headings.

    `is_known`: somebody whom the reader knows from their care team signed it; `is_past`, one whose care has ended.
    """

    text: Instructions
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    is_known: bool
    is_past: bool


@dataclass(frozen=True, slots=True)
class ClinicTextState:
    """What stands in the place of a care team's text: the text, nothing, or that it does not open."""

    shown: ClinicText | None = None
    is_damaged: bool = False


NO_CLINIC_TEXT = ClinicTextState()


async def build_clinic_text(
    actor: Actor, mine: Iterable[Link], text: Instructions, known: AttestedKeys | None = None
) -> ClinicText:
    """Return *text* for the page of its reader, whose care links are *mine*; *known* as for `identify_signer`."""
    signer = await identify_signer(actor, mine, text, known)
    parts = tuple(
        (group.label, tuple(item.text for item in text.items if item.group is group)) for group in ItemGroup
    )
    return ClinicText(text, parts, signer is not Signer.NOBODY, signer is Signer.PAST)


def leave_out_bringing(state: ClinicTextState) -> ClinicTextState:
    """Return the text without what to bring, which nobody needs once the session has begun."""
    if state.shown is None:
        return state
    parts = tuple(part for part in state.shown.parts if part[0] != ItemGroup.BRING.label)
    return replace(state, shown=replace(state.shown, parts=parts))


async def load_my_clinic_text(actor: Actor, course: UUID | None) -> ClinicTextState:
    """Return what the patient's care team wrote for a course, or for sessions without one."""
    try:
        found = await instructions.load_newest(actor.installation, actor.id, course)
    except Damaged:
        return ClinicTextState(is_damaged=True)
    if found is None or found.hidden_at:
        return ClinicTextState()
    return ClinicTextState(
        await build_clinic_text(actor, await links.load_my_links(actor, ended=True), found)
    )
