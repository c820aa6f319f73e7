"""What runs beside the pages ends with the service and not before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from journal import tables
from portal import logs
from portal.background import AFTER_TROUBLE, Chore, keep_doing
from tests.portal.conftest import Portal


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


async def test_no_error_ends_a_chore(caplog: pytest.LogCaptureFixture) -> None:
    """After trouble it is tried again soon; the log names the kind and the place, never the text."""
    done: list[int] = []

    async def work() -> None:
        done.append(len(done))
        if len(done) != 2:
            raise ConnectionError("alice@example.org")

    rests, rest = resting(3)
    with pytest.raises(Over):
        await keep_doing(Chore(work, timedelta(hours=1)), sleep=rest)  # type: ignore[arg-type]
    assert done == [0, 1, 2]
    assert rests == [0, AFTER_TROUBLE.total_seconds(), 3600, AFTER_TROUBLE.total_seconds()]
    told = "\n".join(logs.TextLines().format(record) for record in caplog.records)
    assert "error=ConnectionError place=portal/test_background.py:" in told
    assert "alice" not in caplog.text + told


async def test_a_service_says_that_it_is_there_and_when_it_goes(any_portal: Portal) -> None:
    """Its row comes with it, on either database, and is gone when the service has ended."""
    (row,) = await tables.Worker.all()
    assert row.key_mark == any_portal.app.state.house.server.mark
