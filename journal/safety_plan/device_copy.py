"""
A copy of the safety plan for one browser, which seals it under a key of its own.

Making one is held, since whoever can unlock the device can read it; a newer version goes to a browser that has one, and
removing is never held.
"""

from __future__ import annotations

from dataclasses import dataclass

from journal.actor import Actor
from journal.device_copies import copies
from journal.errors import LinkExpired, NotFound
from journal.held_acts import Asked, HeldAct
from journal.roles import Role
from journal.safety_plan import plan as safety_plan
from journal.safety_plan.plan import SafetyPlan
from journal.sessions.holds import refuse_while_held
from journal.store.database import transaction
from journal.vault import record_state


@dataclass(frozen=True, slots=True)
class MadeCopy:
    """The plan for a browser, and what that browser holds so that it learns when it has ended."""

    token: str
    plan: SafetyPlan


async def make_copy(actor: Actor) -> MadeCopy:
    """
    Make a copy for this browser; on disk when this returns.

    Raises:
        HeldUntilRested: Too soon after a dosing session.
        NotFound: If nothing is written, or it is not as it was left.
        InvalidInput: If there are too many (`copy`).
    """
    actor.require_role(Role.PATIENT)
    await refuse_while_held(actor, Asked(HeldAct.COPY))
    plan = await _load_plan(actor)
    async with transaction():
        await record_state.lock_state(actor)
        await refuse_while_held(actor, Asked(HeldAct.COPY))  # a session may have begun on another page
        token = await copies.create_copy(actor)
    return MadeCopy(token, plan)


async def renew_copy(actor: Actor, token: str, revision: int) -> MadeCopy | None:
    """
    Return the plan for a browser that keeps an older version, or None where it has the newest.

    Raises:
        NotFound: If its copy has ended or is somebody else's.
        LinkExpired: If there is no plan any more; the copy has ended with it.
    """
    actor.require_role(Role.PATIENT)
    await copies.renew_copy(actor, token)
    plan = await safety_plan.load_plan(actor)
    if not plan.is_intact or plan.is_damaged:
        return None
    if plan.entry is None:
        await copies.end_held_copy(token)
        raise LinkExpired
    return MadeCopy(token, plan) if plan.entry.revision != revision else None


async def _load_plan(actor: Actor) -> SafetyPlan:
    plan = await safety_plan.load_plan(actor)
    if not plan.parts or not plan.is_intact:
        raise NotFound
    return plan
