"""
What a message says: plain text, the same for everybody.

No name, no practice (its name may tell what people come for), no reason of care, and one link: to the front page, or
to an invitation. Whoever sees the mailbox learns that there is an account and nothing of what is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from types import MappingProxyType
from urllib.parse import urlsplit
from uuid import UUID

from journal.i18n import DEFAULT_LANGUAGE, N_
from journal.installation.mail_server import MailServer
from journal.mail.mail_addresses import Undeliverable, format_deliverable
from journal.mail.messages import CLOSING, INVITATION, Message, Notice

Translate = Callable[[str], str]
SUBJECT = N_("There is something new at Hearthside")
REMINDER_SUBJECT = N_("A reminder from Hearthside")
CLOSING_SUBJECT = N_("A date to know from Hearthside")
INVITED_SUBJECT = N_("An invitation to Hearthside")
HAPPENED_AT = N_("It happened on %(day)s at %(time)s UTC.")
IF_IT_WAS_YOU = N_("If this was you, there is nothing to do.")
IF_IT_WAS_NOT = N_(
    "If it was not, sign in and change your password, or ask the people who look after this site:"
)
CONTACT_PRACTICE = N_("If you have a question, ask the people who look after this site:")
INVITED = N_("Somebody invited you. This link shows who, and works once, for 14 days:")
LINK_IS_KEY = N_("Whoever reads this message can use the link. If you expect no invitation, delete it.")
CLOSES = N_("This site is going to close. Until %(day)s you can sign in and take what is yours with you:")
CLOSING_STEPS = N_("Open Records there, and then “Leaving Hearthside”. It goes through it step by step.")
CLOSING_DELETES_NOTHING = N_("This message deletes nothing.")
TO_STOP = N_("To stop this: sign in, open Account, and then Reminders.")
NO_ANSWER = N_("Nobody reads answers to this message.")


_SUBJECTS: Mapping[str, str] = MappingProxyType(
    {
        INVITATION: INVITED_SUBJECT,
        CLOSING: CLOSING_SUBJECT,
        Notice.REMINDER.value: REMINDER_SUBJECT,
    }
)


@dataclass(frozen=True, slots=True)
class Voice:
    """
    How a message is said. `language` is the tag of its language (BCP 47).

    `translate` says a sentence in it, and `write_day` a day.
    """

    language: str = DEFAULT_LANGUAGE
    translate: Translate = str
    write_day: Callable[[date], str] = date.isoformat


ChooseVoice = Callable[[str], Voice]
"""Returns how a message is said in the language of a tag; an unknown one is the language of the code."""
ENGLISH = Voice()


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it goes out: the two addresses of its envelope, and headers and text."""

    sender: str
    to: str
    text: bytes


def compose_letter(
    server: MailServer, message: Message, ident: UUID, when: datetime, voice: Voice = ENGLISH
) -> Letter:
    """
    Return a message as it goes out.

    Args:
        ident: Names the message for good: whoever is sent it twice has it once.
        when: When it happened, UTC.
        voice: How it is said.

    Raises:
        Undeliverable: If the address is none, or would become several headers or addresses.
    """
    to, letter = format_deliverable(message.to), EmailMessage(policy=SMTP)
    letter["From"] = server.sender
    letter["To"] = to
    letter["Date"] = format_datetime(when)
    letter["Message-ID"] = f"<{ident.hex}@{urlsplit(server.origin).hostname}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter["Subject"] = voice.translate(_SUBJECTS.get(message.kind, SUBJECT))
    paragraphs = _build_paragraphs(server, message, when, voice)
    text = "\n\n".join([*paragraphs, voice.translate(NO_ANSWER)]) + "\n"
    letter.set_content(text, cte="quoted-printable")  # a server need not take 8 bits (RFC 6152)
    letter["Content-Language"] = voice.language  # what is set before the text goes with it
    return Letter(server.sender, to, letter.as_bytes())


def _build_paragraphs(server: MailServer, message: Message, when: datetime, voice: Voice) -> list[str]:
    translate = voice.translate
    if message.kind == INVITATION:
        return [translate(INVITED), message.link, translate(LINK_IS_KEY)]
    if message.kind == CLOSING:
        return _build_closing_paragraphs(server, message, voice)
    try:
        notice = Notice(message.kind)
    except ValueError as error:  # of another version
        raise Undeliverable from error
    if notice is Notice.WAITS:
        return [translate(notice.label), server.origin]
    if notice is Notice.REMINDER:
        return [translate(notice.label), server.origin, translate(TO_STOP)]
    moment = translate(HAPPENED_AT) % {"day": voice.write_day(when.date()), "time": f"{when:%H:%M}"}
    rest = (
        [translate(CONTACT_PRACTICE)]
        if notice is Notice.SUSPENDED
        else [translate(IF_IT_WAS_YOU), translate(IF_IT_WAS_NOT)]
    )
    return [translate(notice.label), moment, *rest, server.origin]


def _build_closing_paragraphs(server: MailServer, message: Message, voice: Voice) -> list[str]:
    try:
        day = voice.write_day(date.fromisoformat(message.day))
    except ValueError as error:
        raise Undeliverable from error
    rest = [voice.translate(CLOSING_STEPS), voice.translate(CLOSING_DELETES_NOTHING)]
    return [voice.translate(CLOSES) % {"day": day}, server.origin, *rest]
