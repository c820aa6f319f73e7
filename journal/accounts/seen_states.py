"""How far an account had come when a browser of its owner's last saw it, as that browser keeps it: crypto/seen.py."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from crypto import SEEN_SIZE, CryptoError, SeenState, open_seen_state
from journal.actor import Actor

MAX_SEEN = 4  # people who share a browser


@dataclass(frozen=True, slots=True)
class KeptStates:
    """What a browser keeps: of one person's account, None where it keeps nothing of it, and of others, unopened."""

    own: SeenState | None
    others: Sequence[bytes]

    def is_ahead(self, actor: Actor) -> bool:
        """Return whether the actor's account is behind what was seen of it, or was and they were not told yet."""
        own, now = self.own, actor.seen
        return own is not None and now is not None and (own.is_missed or now.is_behind(own))


def open_kept_states(actor: Actor, kept: bytes) -> KeptStates:
    """Find in what a browser keeps what is of the actor's account; what is not whole counts as nothing."""
    parts = [kept[at : at + SEEN_SIZE] for at in range(0, len(kept) - SEEN_SIZE + 1, SEEN_SIZE)][:MAX_SEEN]
    for part in parts:
        with suppress(CryptoError):  # it is somebody else's, or of keys of before
            seen = open_seen_state(actor.keyring, part, account=actor.id.bytes)
            return KeptStates(seen, [other for other in parts if other is not part])
    return KeptStates(None, parts)


def renew_kept_states(actor: Actor, states: KeptStates, *, is_told: bool) -> bytes | None:
    """
    Return what a browser keeps from now on, dropping the oldest of others; None where it is to keep what it has.

    Args:
        states: What it keeps now.
        is_told: Its owner was told that the account is behind what was seen, so it goes on from here.
    """
    if actor.seen is None:
        return None
    own, new = states.own, _find_newest(actor, actor.seen)
    if own is not None and not is_told:
        if states.is_ahead(actor):
            if own.is_missed:
                return None
            new = replace(own, is_missed=True)  # so that what is written meanwhile does not cover it up
        elif new.is_behind(own) or not own.is_behind(new):
            return None
    sealed = new.seal(actor.keyring, account=actor.id.bytes)
    return b"".join([sealed, *states.others][:MAX_SEEN])


def _find_newest(actor: Actor, seen: SeenState) -> SeenState:
    """Return how far the account has come with what this request wrote."""
    if not actor.saved_states:
        return seen
    revision, tag = actor.saved_states[-1]
    return replace(seen, revision=revision, tag=tag)
