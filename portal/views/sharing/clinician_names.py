"""A clinician's name with what they do, for sentences."""

from __future__ import annotations

from collections.abc import Callable

from journal.i18n import N_
from journal.roles import LABELS


def format_clinician_name(name: str, profession: str, _: Callable[..., str]) -> str:
    """Return "Bob Example (therapist)", with *_* as translator; the bare name where no profession is known."""
    if profession not in LABELS:
        return name
    return _(N_("%(name)s (%(profession)s)"), name=name, profession=_(LABELS[profession]))
