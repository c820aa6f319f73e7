"""A renewal in the demonstration: the prescriber's keys are new; one patient has followed, for the other it waits."""

from __future__ import annotations

from datetime import timedelta

from journal.actor import Actor
from journal.authentication import recovery_key, web_sessions
from journal.care import invitations, links
from journal.errors import NotFound
from journal.key_rotation import account_key
from journal.operations.demo_data import DemoPerson
from journal.operations.demo_evaluation import set_clock

RENEWED_BEFORE, FOLLOWED_BEFORE = timedelta(days=17), timedelta(days=15)
"""Longer ago than home says so: it is calm, and the page of the link says it."""


async def renew_prescriber(prescriber: Actor, person: DemoPerson, followed: Actor, waiting: Actor) -> None:
    """Connect the prescriber with *waiting*, and renew their keys; *followed*, whom they know, signs in afterwards."""
    then = set_clock(prescriber, prescriber.now - RENEWED_BEFORE)
    invited = await invitations.create_invitation(then, waiting.name)
    await invitations.accept_invitation(set_clock(waiting, then.now), invited.token)
    await links.load_my_links(then)  # who has pinned both now
    token = await account_key.begin_rotation(then, person.password)
    renewed = await web_sessions.load_actor(then.installation, token)
    if renewed is None:
        raise NotFound
    offer = await recovery_key.offer_recovery_key(renewed)
    await recovery_key.confirm_recovery_key(renewed, token, offer.sealed, offer.formatted_key)
    await _come_to_the_end(renewed)
    later = set_clock(followed, followed.now - FOLLOWED_BEFORE)
    await links.load_my_links(later)
    await _come_to_the_end(later)


async def _come_to_the_end(actor: Actor) -> None:
    while not (came := await account_key.reseal_batches(actor)).finished:
        if came.settling:
            actor = set_clock(actor, actor.now + account_key.SETTLING_TIME)
