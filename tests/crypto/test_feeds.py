"""A calendar's secret: it finds a feed and opens what its owner chose; what follows from it leads back to nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crypto import (
    Context,
    FormatError,
    KeySizeError,
    OpenError,
    Sealer,
    feed_event_id,
    feed_id,
    feed_key,
    feed_state,
    new_feed_secret,
)

SECRET = bytes(range(32))
PLACE = Context("feed", b"a" * 16, b"f" * 16, 1)


def test_everything_that_comes_of_the_secret_is_another_key() -> None:
    """Neither the id in the database nor another secret opens a feed, and no two secrets are alike."""
    sealed = Sealer(feed_key(SECRET)).seal(b"words", context=PLACE)
    assert Sealer(feed_key(SECRET)).open(sealed, context=PLACE) == b"words"
    assert new_feed_secret() != new_feed_secret()
    for other in (new_feed_secret(), SECRET, feed_id(SECRET), feed_key(new_feed_secret())):
        with pytest.raises(OpenError):
            Sealer(other).open(sealed, context=PLACE)


def test_an_event_has_one_id_for_each_account() -> None:
    """The same session has the same id again, and another one in the calendar of somebody else."""
    mine, theirs, session = new_feed_secret(), new_feed_secret(), b"s" * 16
    assert feed_event_id(mine, session) == feed_event_id(mine, session)
    assert len({feed_event_id(mine, session), feed_event_id(theirs, session), session}) == 3
    assert feed_event_id(mine, session) != feed_event_id(mine, b"t" * 16)


def test_a_state_shows_change_and_nothing_else() -> None:
    """Other content has another state, and whoever lacks the key cannot try out contents."""
    key = feed_key(SECRET)
    assert feed_state(key, b"Tuesday") == feed_state(key, b"Tuesday")
    assert feed_state(key, b"Tuesday") != feed_state(key, b"Wednesday")
    assert feed_state(key, b"Tuesday") != feed_state(feed_key(new_feed_secret()), b"Tuesday")


@pytest.mark.parametrize(
    "derive",
    [
        feed_id,
        feed_key,
        lambda key: feed_event_id(key, bytes(16)),
        lambda key: feed_state(key, b""),
    ],
)
@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_another_size_is_refused(derive: Callable[[bytes], bytes], size: int) -> None:
    """A key has 32 bytes."""
    with pytest.raises(KeySizeError):
        derive(bytes(size))


def test_an_id_of_another_size_is_refused() -> None:
    """A session's id has 16 bytes."""
    with pytest.raises(FormatError):
        feed_event_id(bytes(32), bytes(15))
