"""`hearthside closing-notice`: looked at first, sent once, withdrawn, and no word of anybody in what it prints."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from journal.accounts.details import change_details
from journal.mail import tables as mail_tables
from journal.practice import practice
from journal.store.database import Store
from tests.cast import NAMES, SERVER_KEY, Furniture, cast_of
from tests.portal.cli.commands import Commands, Done
from tests.receiver import ORIGIN, Receiver

DAY = "2027-03-31"
SOMEBODY = re.compile("|".join(part for name in NAMES.values() for part in name.split() if part != "Example"))
Run = Callable[..., Done]


@pytest.fixture
def run(command_line: Commands, furnished_url: tuple[str, Furniture], tmp_path: Path) -> Run:
    """What runs the command in the cast's practice, with a mail server that nobody asks."""

    def run(*options: str, **settings: str) -> Done:
        here = {
            "HEARTHSIDE_DATA": str(tmp_path),
            "HEARTHSIDE_DATABASE_URL": furnished_url[0],
            "HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex(),
            "HEARTHSIDE_ORIGIN": ORIGIN,
        }
        (done,) = command_line.run(["closing-notice", *options], **(here | Receiver(25).settings | settings))
        assert not SOMEBODY.search(done.out + done.err)
        assert "@" not in done.out.replace("somebody@example.org", "") + done.err
        return done

    return run


async def state_of(furnished: tuple[str, Furniture]) -> tuple[int, str]:
    """How many messages wait, and until when records can be taken by the pages."""
    url, furniture = furnished
    store = await Store.open(url)
    with store.use():
        closing_on = (await practice.load_closing(cast_of(furniture).installation)).on
        found = await mail_tables.Outbox.all().count(), str(closing_on)
    await store.close()
    return found


async def speak_spanish(furnished: tuple[str, Furniture]) -> None:
    """Have alice choose Spanish."""
    store = await Store.open(furnished[0])
    with store.use():
        await change_details(await cast_of(furnished[1]).actor("alice"), "Alice", "UTC", "es")
    await store.close()


def test_it_is_looked_at_sent_and_withdrawn(run: Run, furnished_url: tuple[str, Furniture]) -> None:
    """First the message in each language and how many; then sent, once; then it goes from the pages and the outbox."""
    asyncio.run(speak_spanish(furnished_url))
    looked = run("--until", DAY)
    assert (looked.code, looked.err) == (0, "")
    assert "Nothing was sent" in looked.out
    assert "Messages that would be sent: 2." in looked.out
    assert re.search(r"English: 1\n\nA date to know from Hearthside\n\n.*Until 31 Mar 2027", looked.out)
    assert re.search(r"Español: 1\n\n.*\n\n.*31 mar 2027", looked.out)
    assert looked.out.count(ORIGIN) == 2
    assert asyncio.run(state_of(furnished_url)) == (0, "None")
    sent, again = run("--until", DAY, "--send"), run("--until", DAY, "--send")
    assert "Messages that wait to be sent: 2." in sent.out
    assert f"records can be taken until {DAY}" in sent.out
    assert "Messages that wait to be sent: 0." in again.out
    assert "Patients who are not told by mail now: 2, told by an earlier run." in again.out
    assert asyncio.run(state_of(furnished_url)) == (2, DAY)
    assert run("--withdraw").out.startswith("No page says any more")
    assert run("--withdraw").out.startswith("No page said")
    assert asyncio.run(state_of(furnished_url)) == (0, "None")


def test_a_day_that_is_none_is_refused(run: Run, furnished_url: tuple[str, Furniture]) -> None:
    """With a sentence, and nothing is changed."""
    for typed, said in (
        ("31.3.2027", "Write the day like 2027-03-31."),
        ("2001-01-01", "Choose a day to come"),
    ):
        done = run("--until", typed, "--send")
        assert (done.code, done.out) == (1, "")
        assert said in done.err
    assert run("--send").code == 2
    assert run("--until", DAY, "--withdraw").code == 2
    assert asyncio.run(state_of(furnished_url)) == (0, "None")


def test_without_mail_the_pages_alone_say_it(run: Run, furnished_url: tuple[str, Furniture]) -> None:
    """It says so before and after."""
    bare = dict.fromkeys(Receiver(25).settings, "")
    for options in ((), ("--send",)):
        done = run("--until", DAY, *options, **bare)
        assert (done.code, "No mail is sent from here" in done.out) == (0, True)
    assert asyncio.run(state_of(furnished_url)) == (0, DAY)
