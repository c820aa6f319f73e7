"""Periodic tasks of the service. A task that fails is logged and tried again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from uuid import uuid4

from journal.accounts.addresses import upgrade_indexes
from journal.accounts.key_log import complete_log
from journal.audit import chain_worker
from journal.audit.chain_worker import AuditChainWorker
from journal.care.notice_release import release_due
from journal.care.past_upgrade import seal_unnamed_links
from journal.i18n import DEFAULT_LANGUAGE, LANGUAGES
from journal.installation.installation import Installation
from journal.key_rotation import workers
from journal.mail.letters import ChooseVoice, Voice
from journal.mail.outbox import deliver_due
from journal.operations import heartbeat
from journal.operations.retention import purge_deleted
from journal.reminders.sending import deliver_reminders
from journal.sharing.ends import end_due
from portal import logs
from portal.web.dates import format_short_date
from portal.web.translation import Translator, speaking

PRACTICE_INTERVAL = timedelta(seconds=10)
"""How long after a change of the practice, in another process, pages show it."""
MAIL_INTERVAL = timedelta(seconds=10)
REMINDER_INTERVAL = timedelta(minutes=1)
NOTICE_INTERVAL = timedelta(seconds=10)
ENDING_INTERVAL = timedelta(minutes=1)
"""How soon the copy of a share that ended is deleted; nobody opens it from the very moment on."""
RETRY_INTERVAL = timedelta(minutes=1)
UNCHAINABLE_EVENTS = "events wait to be chained that this service did not write so: hearthside verify-audit"


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """A periodic task, and the pause between two runs."""

    run: Callable[[], Awaitable[object]]
    interval: timedelta

    async def run_once(self) -> timedelta:
        """Run it once, whatever happens; return how long to pause."""
        try:
            await self.run()
        except Exception as error:  # noqa: BLE001 - each driver has its own; the next run may succeed
            logs.log_event(logging.ERROR, "a chore went wrong; it is tried again", logs.describe_error(error))
            return min(self.interval, RETRY_INTERVAL)
        return self.interval


@dataclass(slots=True)
class TaskGate:
    """Allows periodic tasks to begin, until it is closed while none runs."""

    running: int = 0
    closed: bool = False

    def close(self) -> bool:
        """Keep tasks from beginning any more, unless one runs; return whether none does."""
        self.closed = not self.running
        return self.closed


async def run_forever(
    task: PeriodicTask,
    pause: timedelta = timedelta(0),
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    gate: TaskGate | None = None,
) -> None:
    """Run a task until *gate* is closed, after a first pause. An unreachable database or mail server ends nothing."""
    gate = gate or TaskGate()
    while True:
        await sleep(pause.total_seconds())
        if gate.closed:
            return
        gate.running += 1
        try:
            pause = await task.run_once()
        finally:
            gate.running -= 1


async def chain_events(worker: AuditChainWorker) -> None:
    """Chain pending events of the audit log, and log it when more than before cannot be chained."""
    before = worker.skipped
    await worker.chain_pending()
    if worker.skipped > before:
        logs.log_event(logging.ERROR, UNCHAINABLE_EVENTS)


@asynccontextmanager
async def run_periodic_tasks(
    installation: Installation, reload_practice: Callable[[Installation], Awaitable[None]]
) -> AsyncIterator[TaskGate]:
    """
    Run the periodic tasks for as long as the block lasts; what it is given closes them before.

    Before the first page each has run once, so that this process is known to serve, what is to be deleted is deleted,
    and everybody is found by the address that they type; but mail, which may take long.
    """
    choose = build_voices()
    present, sealer = workers.WorkerReporter(installation, uuid4()), AuditChainWorker(installation, uuid4())
    here = PeriodicTask(present.report_if_due, workers.CHECK_INTERVAL)
    beat = heartbeat.Heartbeat(installation)
    beating = PeriodicTask(beat.beat, workers.REPORT_INTERVAL)
    purging = PeriodicTask(lambda: _purge_after_beat(installation, beat), timedelta(hours=1))
    addresses = PeriodicTask(lambda: upgrade_indexes(installation), timedelta(hours=1))
    witnessing = PeriodicTask(complete_log, timedelta(hours=1))
    names = PeriodicTask(lambda: seal_unnamed_links(installation), timedelta(hours=1))
    mail = PeriodicTask(lambda: deliver_due(installation, choose), MAIL_INTERVAL)
    reminding = PeriodicTask(lambda: deliver_reminders(installation, choose), REMINDER_INTERVAL)
    noticing = PeriodicTask(lambda: release_due(installation), NOTICE_INTERVAL)
    ending = PeriodicTask(lambda: end_due(installation), ENDING_INTERVAL)
    chaining = PeriodicTask(lambda: chain_events(sealer), chain_worker.INTERVAL)
    naming = PeriodicTask(lambda: reload_practice(installation), PRACTICE_INTERVAL)
    begun = [
        (here, await here.run_once()),
        (beating, await beating.run_once()),
        (purging, await purging.run_once()),
        (addresses, await addresses.run_once()),
        (mail, timedelta(0)),
        (reminding, timedelta(0)),
        (noticing, await noticing.run_once()),
        (ending, await ending.run_once()),
        (chaining, await chaining.run_once()),
        (names, await names.run_once()),
        (witnessing, await witnessing.run_once()),
        (naming, PRACTICE_INTERVAL),
    ]
    gate = TaskGate()
    tasks = [asyncio.create_task(run_forever(chore, rest, gate=gate)) for chore, rest in begun]
    try:
        yield gate
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Exception):  # the database may be gone; another worker takes over in a few seconds
            await sealer.release()
        with suppress(Exception):  # and a silent worker is deleted in a while
            await workers.remove_worker(present.worker)
        await installation.end_background_work()


def build_voices() -> ChooseVoice:
    """Return what chooses how a message is said in the language of a tag."""
    voices = {
        language: Voice(language, Translator(language).translate, partial(_write_day, language))
        for language in LANGUAGES
    }
    return lambda tag: voices.get(tag, voices[DEFAULT_LANGUAGE])


def _write_day(language: str, day: date) -> str:
    with speaking(language):
        return format_short_date(day)


async def _purge_after_beat(installation: Installation, beat: heartbeat.Heartbeat) -> None:
    """Purge by a clock that was compared just now."""
    await beat.beat()
    await purge_deleted(installation, installation.clock())
