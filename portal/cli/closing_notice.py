"""`hearthside closing-notice`: tell each patient by mail, and on the pages, until when they can take their records."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes, policy
from uuid import UUID

from journal.i18n import DEFAULT_LANGUAGE, LANGUAGES
from journal.installation.installation import Installation
from journal.installation.mail_server import MailServer
from journal.mail.letters import compose_letter
from journal.mail.messages import CLOSING, Message
from journal.practice import closing, practice
from journal.practice.closing import Reach, Tally
from journal.store.database import open_for_command
from portal.background import build_voices
from portal.config import Config

NOT_TOLD = {
    Reach.ALREADY: "told by an earlier run",
    Reach.UNREACHABLE: "with an address that no mail can be written to; they read it at home",
    Reach.SUSPENDED: "suspended: let them sign in again, and run this once more",
    Reach.IN_SESSION: "in the day of a dosing session: run this once more tomorrow",
    Reach.LEAVING: "about to be deleted, at their own wish",
    Reach.DAMAGED: "whose name and address do not open: hearthside doctor",
}
NO_MAIL = "No mail is sent from here (HEARTHSIDE_SMTP_HOST): the pages alone say it. Tell people yourself."
SOMEBODY = "somebody@example.org"
"""Whom the message that is shown would go to."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done: who was told, and who was not."""

    tally: Tally
    mail: MailServer | None
    now: datetime


def send_closing_notice(config: Config, options: argparse.Namespace) -> int:
    """Show what would be sent; send it with `--send`, or take the day off the pages with `--withdraw`."""
    if options.withdraw:
        was_there = asyncio.run(_withdraw(config))
        print(
            "No page says any more that this site closes."
            if was_there
            else "No page said that this site closes."
        )
        return 0
    day, done = asyncio.run(_run(config, options.until, is_sent=options.send))
    print("\n".join(_report(day, done, is_sent=options.send)))
    return 0


async def _withdraw(config: Config) -> bool:
    async with open_for_command(config.database_url):
        return await closing.withdraw_closing(await _open(config))


async def _run(config: Config, typed: str, *, is_sent: bool) -> tuple[date, Done]:
    async with open_for_command(config.database_url):
        installation = await _open(config)
        day = closing.parse_closing_day(installation, typed)
        work = closing.tell_closing if is_sent else closing.preview_closing
        tally = await work(installation, day)
        return day, Done(tally, installation.mail, installation.clock())


async def _open(config: Config) -> Installation:
    installation = config.installation()
    await practice.load_practice_view(installation)
    return installation


def _report(day: date, done: Done, *, is_sent: bool) -> Iterator[str]:
    told = done.tally.reached[Reach.TOLD]
    if not is_sent:
        yield "Nothing was sent, and no page was changed. With --send:"
    if done.mail is None:
        yield NO_MAIL
    elif is_sent:
        yield f"Messages that wait to be sent: {told}. The service sends them, 20 every ten seconds."
    else:
        yield f"Messages that would be sent: {told}."
    for reach, why in NOT_TOLD.items():
        if count := done.tally.reached[reach]:
            yield f"Patients who are not told by mail now: {count}, {why}."
    if is_sent:
        yield f"The pages say from now on that records can be taken until {day}."
    elif done.mail is not None:
        yield from _show_messages(day, done, done.mail)


def _show_messages(day: date, done: Done, server: MailServer) -> Iterator[str]:
    """Yield the message as it would be, in each language in which somebody gets it."""
    choose, counted = build_voices(), done.tally.languages
    for language, name in LANGUAGES.items():
        spoken = [tag for tag in counted if choose(tag).language == language]
        if not spoken and language != DEFAULT_LANGUAGE:
            continue
        message = Message(SOMEBODY, CLOSING, language=language, day=day.isoformat())
        letter = compose_letter(server, message, UUID(int=0), done.now, choose(language))
        text = message_from_bytes(letter.text, policy=policy.default)
        yield f"\n{name}: {sum(counted[tag] for tag in spoken)}\n\n{text['Subject']}\n\n{text.get_content().strip()}"
