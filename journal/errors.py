"""What can go wrong in the domain. Each message is a sentence for the person, saying what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from journal.held_acts import Asked
from journal.i18n import N_


class JournalError(Exception):
    """Root of the domain's errors."""

    message = N_("That did not work. Nothing was changed.")

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)
        if message:
            self.message = message


class NotFound(JournalError):
    """There is no such thing for this person: missing and forbidden look alike."""

    message = N_("We could not find that page. It may have been moved or removed.")


class InvalidInput(JournalError):
    """Fields were not understood; `fields` maps a field's name to a sentence."""

    message = N_("Some of this needs another look. What you typed is still here.")

    def __init__(self, fields: Mapping[str, str], message: str | None = None) -> None:
        super().__init__(message)
        self.fields = MappingProxyType(dict(fields))


class WrongCredentials(JournalError):
    """E-mail address and password do not open an account; never tells which."""

    message = N_("That e-mail address and password do not open an account. Check both and try again.")


class LinkExpired(JournalError):
    """A set-up or invitation link is used, withdrawn, expired or was never made."""

    message = N_("This link no longer works. It was used already, or it has run out. Ask for a new one.")


class StaleRevision(JournalError):
    """Somebody, perhaps the same person in another tab, saved a newer version first."""

    message = N_("This was saved from another page in the meantime. Both versions are kept.")


class SavedAsEarlierVersion(StaleRevision):
    """Another page saved a newer text first; `version` is the earlier version that has this one's words."""

    def __init__(self, version: UUID) -> None:
        super().__init__()
        self.version = version


class HeldUntilRested(JournalError):
    """The act cannot be taken back, and a dosing session is too close; `asked` is the act, if it can be asked again."""

    message = N_("This waits until tomorrow, after you have rested. Nothing was changed.")

    def __init__(self, message: str | None = None, asked: Asked | None = None) -> None:
        super().__init__(message)
        self.asked = asked


class TrustBroken(JournalError):
    """Keys are not the ones that were pinned: somebody changed them, or the database was tampered with."""

    message = N_(
        "The keys of this person are not the ones you agreed on. Sharing has stopped. "
        "Nothing is lost. Speak to each other in person before going on."
    )


class Damaged(JournalError):
    """A sealed record does not open: it was altered, swapped or moved."""

    message = N_(
        "This record cannot be opened: it is not what was saved. Nothing was overwritten. "
        "Tell the person who runs this site."
    )
