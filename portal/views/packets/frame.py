"""What every packet begins and ends with: what it is, who made it, and how to check it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from journal.i18n import N_
from journal.packets.composing import Content
from journal.packets.masking import MARK
from portal.documents.printing import PARTLY_REPORTED, PATIENT_REPORTED
from portal.paper.document import Block, Facts, Heading, Look, Paragraph, Words
from portal.views.sharing.clinician_names import format_clinician_name
from portal.web.dates import format_short_date

CHOSEN = N_(
    "The patient chose each part. It is no clinical record and may not be complete. "
    "Words beside a line stand as they were written."
)
CHOSEN_BY_ANOTHER = N_(
    "%(name)s chose each part from what the patient shares with them. It is no clinical record and may not be "
    "complete. Words beside a line stand as they were written."
)
CHECK = N_(
    "The encrypted file of this packet is signed, and the SHA-256 of data/packet.json in it stands here. "
    "“hearthside verify-records” tells whether that file is whole, and by which key it was signed. "
    "Pages alone cannot be checked. "
    "The patient finds the same fingerprint under Account."
)
CHECK_BY_ANOTHER = N_(
    "The encrypted file of this packet is signed, and the SHA-256 of data/packet.json in it stands here. "
    "“hearthside verify-records” tells whether that file is whole, and by which key it was signed. "
    "Pages alone cannot be checked. "
    "%(name)s finds the same fingerprint under Account."
)
MASKED = N_("A name or a word that was blacked out by whoever made this is written %(mark)s here.")
GROUP = 8  # digits that are read together
SENSITIVE = N_("This contains sensitive mental-health information.")


class Frame:
    """The first and the last blocks of one packet, in the language of *say*."""

    def __init__(self, say: Callable[..., str], content: Content) -> None:
        self.say, self.content = say, content
        self.foot = say(PARTLY_REPORTED if content.has_notes else PATIENT_REPORTED)
        maker = content.made_by
        self.maker = format_clinician_name(maker.name, maker.profession, say) if maker.name else ""

    def write_cover(self, made_on: str) -> Iterator[Block]:
        """Yield what stands on the first page before anything else."""
        say, content = self.say, self.content
        yield Paragraph(Words(f"{self.foot}. {say(SENSITIVE)}"), Look.LEAD)
        rows = [(say(N_("Name")), Words(content.name))] if content.name else []
        if content.from_day:
            first, last = (
                format_short_date(date.fromisoformat(one)) for one in (content.from_day, content.until_day)
            )
            period = say(N_("%(first)s to %(last)s"), first=first, last=last)
            rows.append((say(N_("Period")), Words(period)))
        rows.append((say(N_("Made on")), Words(made_on)))
        rows.append(
            (
                say(N_("Made by")),
                Words(self.maker or say(N_("The patient, from their own records in Hearthside"))),
            )
        )
        rows.append((say(N_("Time zone")), Words(content.time_zone)))
        yield Facts(tuple(rows))
        chosen = say(CHOSEN_BY_ANOTHER, name=self.maker) if self.maker else say(CHOSEN)
        yield Paragraph(Words(chosen), Look.SMALL)
        if any(content.masked.values()):
            yield Paragraph(Words(say(MASKED, mark=MARK)), Look.SMALL)

    def write_check(self, check: tuple[str, str]) -> Iterator[Block]:
        """Yield how somebody who has the file finds out that it is whole and whose it is."""
        say, (digest, signer) = self.say, check
        yield Heading(Words(say(N_("How to check this packet"))))
        how = say(CHECK_BY_ANOTHER, name=self.maker) if self.maker else say(CHECK)
        yield Paragraph(Words(how), Look.SMALL)
        groups = " ".join(digest[at : at + GROUP] for at in range(0, len(digest), GROUP))
        yield Facts(
            (
                (say(N_("Fingerprint of the key")), Words(signer)),
                (say(N_("SHA-256 of the data")), Words(groups)),
            )
        )
