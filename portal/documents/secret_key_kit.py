"""
The secret key on one page to print, to be kept beside the recovery key: made in memory and written nowhere.

It holds neither name nor e-mail address, and the key opens nothing without the password.
"""

from __future__ import annotations

from collections.abc import Callable

from journal.i18n import N_
from portal.documents.recovery_kit import Kit, lay_out_kit
from portal.paper.document import Block

FILE_NAME = "secret-key.pdf"
TITLE = N_("Secret key")
FOOT = "Hearthside"
PURPOSE = N_("A new phone or computer asks for this key once, besides your password.")
KEY = N_("Your secret key")
STEPS = (
    N_("On the new device, open %(address)s."),
    N_("Type your e-mail address and your password, and open “I have a secret key”."),
    N_(
        "Type the key, or scan the square and paste it. Dashes do not matter, nor do capital or small letters."
    ),
)
SQUARE = N_("A square for the camera of a phone: the secret key as text.")
NOTES = (
    N_("Keep this page with your recovery key, and apart from your phone and computer."),
    N_("It opens nothing without your password. If a camera offers to search for its text, copy it instead."),
    N_("Without this page and without a device that keeps the key, your recovery key opens your account."),
    N_("A new secret key makes this one useless. Destroy this page then."),
)
MADE = N_("Made on %(day)s, for %(origin)s. It works once its last group has been typed there.")
KIT = Kit(PURPOSE, KEY, STEPS, SQUARE, NOTES, MADE)


def build_kit(secret_key: str, origin: str, day: str, translate: Callable[[str], str]) -> tuple[Block, ...]:
    """
    Return what stands on the page, in the order in which it is read.

    Args:
        secret_key: The secret key as people read it.
        origin: The address of this installation.
        day: When it was made, as people write it.
        translate: Translates a sentence.
    """
    made = {"day": day, "origin": origin}
    return lay_out_kit(KIT, secret_key, f"{origin}/sign-in", secret_key, made, translate)
