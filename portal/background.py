"""Periodic tasks of the service. A task that fails is logged and tried again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from journal.accounts.addresses import carry_over
from journal.audit import sealing as audit_sealing
from journal.audit.sealing import AuditSealer
from journal.care.past_upgrade import seal_unnamed
from journal.installation.installation import House
from journal.key_rotation import workers
from journal.mail.outbox import deliver_due
from journal.operations import heartbeat
from journal.operations.retention import purge
from portal import logs
from portal.web.translation import Words

MAIL = timedelta(seconds=10)
AFTER_TROUBLE = timedelta(minutes=1)
NOT_OURS = "events wait to be chained that this service did not write so: hearthside verify-audit"


@dataclass(frozen=True, slots=True)
class Chore:
    """A periodic task, and the pause between two runs."""

    work: Callable[[], Awaitable[object]]
    every: timedelta

    async def do(self) -> timedelta:
        """Run it once, whatever happens; return how long to pause."""
        try:
            await self.work()
        except Exception as error:  # noqa: BLE001 - each driver has its own; the next run may succeed
            logs.event(logging.ERROR, "a chore went wrong; it is tried again", logs.trouble(error))
            return min(self.every, AFTER_TROUBLE)
        return self.every


async def keep_doing(
    chore: Chore, rest: timedelta = timedelta(0), sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
) -> None:
    """Run a task for ever, after a first pause. An unreachable database or mail server ends nothing."""
    while True:
        await sleep(rest.total_seconds())
        rest = await chore.do()


async def chain_events(sealer: AuditSealer) -> None:
    """Chain pending events of the audit log, and log it when more than before cannot be chained."""
    before = sealer.refused
    await sealer.chain_pending()
    if sealer.refused > before:
        logs.event(logging.ERROR, NOT_OURS)


@asynccontextmanager
async def chores(house: House) -> AsyncIterator[None]:
    """
    Run the periodic tasks for as long as the block lasts.

    Before the first page each has run once, so that this process is known to serve, what is to be deleted is deleted,
    and everybody is found by the address that they type; but mail, which may take long.
    """
    words = Words()
    present, sealer = workers.Presence(house, uuid4()), AuditSealer(house, uuid4())
    here = Chore(present.tell, workers.LOOK)
    beat = heartbeat.Heartbeat(house)
    beating = Chore(beat.beat, workers.EVERY)
    purging = Chore(lambda: _purge(house, beat), timedelta(hours=1))
    addresses = Chore(lambda: carry_over(house), timedelta(hours=1))
    names = Chore(lambda: seal_unnamed(house), timedelta(hours=1))
    mail = Chore(lambda: deliver_due(house, words.plain), MAIL)
    chaining = Chore(lambda: chain_events(sealer), audit_sealing.EVERY)
    begun = [
        (here, await here.do()),
        (beating, await beating.do()),
        (purging, await purging.do()),
        (addresses, await addresses.do()),
        (mail, timedelta(0)),
        (chaining, await chaining.do()),
        (names, await names.do()),
    ]
    tasks = [asyncio.create_task(keep_doing(chore, rest)) for chore, rest in begun]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Exception):  # the database may be gone; another worker takes over in a few seconds
            await sealer.give_up()
        with suppress(Exception):  # and a silent worker is deleted in a while
            await workers.leave(present.worker)


async def _purge(house: House, beat: heartbeat.Heartbeat) -> None:
    """Purge by a clock that was compared just now."""
    await beat.beat()
    await purge(house, house.clock())
