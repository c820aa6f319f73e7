"""The queues in which passwords are worked on: what fails there keeps nothing of what it was given."""

from __future__ import annotations

import gc
from weakref import ref

import pytest

from journal.errors import NotFound
from journal.installation.password_work import PasswordQueue


class Typed(str):
    """A password that can be watched."""

    __slots__ = ("__weakref__",)


async def fail(queue: PasswordQueue) -> ref[Typed]:
    """Refuse a password in a thread; return what tells whether it is still there."""
    typed = Typed("a wrong password")
    watched = ref(typed)

    def refuse() -> None:
        raise NotFound(typed[:0])

    with pytest.raises(NotFound):
        await queue.run(refuse)
    return watched


async def test_a_refused_password_is_gone_at_once() -> None:
    """The error does not keep the frame that waited for it, and with that the password: nothing has to be tidied up."""
    queue = PasswordQueue.create("refusing", 1)
    gc.disable()
    try:
        watched = await fail(queue)
        await queue.run(lambda: None)  # until then the thread has its own hands on what it did last
        assert watched() is None
    finally:
        gc.enable()
        queue.pool.shutdown()
