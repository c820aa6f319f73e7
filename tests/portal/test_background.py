"""What runs beside the pages ends with the service and not before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from journal.audit import log as audit_log
from journal.audit import tables as audit_tables
from journal.audit.acts import Act
from journal.audit.chain_worker import AuditChainWorker
from journal.audit.verification import verify_log
from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.key_rotation import tables as key_rotation_tables
from journal.store.database import Store, execute
from portal import logs
from portal.background import RETRY_INTERVAL, PeriodicTask, chain_events, run_forever
from tests.cast import NAMES, Furniture, cast_of
from tests.portal.conftest import Portal, running


class Over(BaseException):
    """The end of a test's patience."""


def resting(times: int) -> tuple[list[float], Callable[[float], object]]:
    """A way to rest that takes no time and ends after so many rests, and how long each was meant to be."""
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) > times:
            raise Over

    return rests, rest


async def no_chores() -> None:
    """End what is done beside the pages, so that what comes now waits for the end of the service."""
    tasks = [task for task in asyncio.all_tasks() if "run_forever" in str(task.get_coro())]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(tasks) > 1


async def test_no_error_ends_a_chore(caplog: pytest.LogCaptureFixture) -> None:
    """After trouble it is tried again soon; the log names the kind and the place, never the text."""
    done: list[int] = []

    async def work() -> None:
        done.append(len(done))
        if len(done) != 2:
            raise ConnectionError("alice@example.org")

    rests, rest = resting(3)
    with pytest.raises(Over):
        await run_forever(PeriodicTask(work, timedelta(hours=1)), sleep=rest)  # type: ignore[arg-type]
    assert done == [0, 1, 2]
    assert rests == [0, RETRY_INTERVAL.total_seconds(), 3600, RETRY_INTERVAL.total_seconds()]
    told = "\n".join(logs.TextFormatter().format(record) for record in caplog.records)
    assert "error=ConnectionError place=portal/test_background.py:" in told
    assert "alice" not in caplog.text + told


async def test_a_service_says_that_it_is_there_and_when_it_goes(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """Its row comes with it, on either database, and is gone when the service has ended."""
    url, furniture = furnished_url
    store = await Store.open(url)
    with store.use():
        async with running(url, furniture, tmp_path) as portal:
            (row,) = await key_rotation_tables.Worker.all()
            assert row.key_mark == portal.app.state.installation.server_keys.key_id
        assert await key_rotation_tables.Worker.all().count() == 0
    await store.close()


async def test_a_service_chains_events_and_gives_the_lease_up_when_it_ends(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """What it found at its start is chained before the first page, and what came last as it ends."""
    url, furniture = furnished_url
    store = await Store.open(url)
    with store.use():
        installation = cast_of(furniture).installation
        await audit_log.record_unauthenticated_event(installation, None, Act.SIGNED_OUT)
        async with running(url, furniture, tmp_path) as portal:
            assert await audit_tables.AuditPending.all().count() == 0
            assert (
                portal.app.state.installation.audit_key_cache.key is not None
            )  # so an act reads nothing to write its event
            await no_chores()
            await audit_log.record_unauthenticated_event(installation, None, Act.SIGNED_OUT)
        assert await audit_tables.AuditPending.all().count() == 0
        await audit_log.record_unauthenticated_event(installation, None, Act.SIGNED_OUT)
        assert await AuditChainWorker(installation, uuid4()).chain_pending() == 1
        assert (await verify_log(installation)).chain_break is None
    await store.close()


async def test_a_service_names_whom_care_ended_with_before_it_sealed_names(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """After the update the first page has the name, from what the log proves."""
    url, furniture = furnished_url
    store, cast = await Store.open(url), cast_of(furniture)
    with store.use():
        await lifecycle.end_care(await cast.actor("alice"), cast.link)
        await care_tables.CareLink.all().update(past=None)
        async with running(url, furniture, tmp_path) as portal, portal.client("alice") as browser:
            shown = await browser.get("/sharing")
            assert "Care that has ended" in shown.text
            assert NAMES["bob"] in shown.text
    await store.close()


async def test_events_that_cannot_be_chained_are_told_once(
    any_portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever puts events in, or changes them before they are chained, makes a line for the operator."""
    await execute("UPDATE audit_lease SET until = 0")
    installation = any_portal.app.state.installation
    sealer = AuditChainWorker(installation, uuid4())
    for expected in (1, 1, 2):
        if len(caplog.records) < expected:
            await audit_log.record_unauthenticated_event(installation, None, Act.SIGNED_OUT)
            await audit_tables.AuditPending.all().update(outcome="perhaps")
        await chain_events(sealer)
        told = [logs.TextFormatter().format(record) for record in caplog.records]
        assert len(told) == expected
        assert all("hearthside verify-audit" in line and "perhaps" not in line for line in told)
