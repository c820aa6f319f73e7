"""Of what somebody wants to be reminded, and in which hours never: nothing until they choose it."""

from __future__ import annotations

from collections.abc import Sequence

from journal.accounts import details
from journal.accounts.current_keys import lock_account
from journal.accounts.profiles import ReminderChoices, load_profile
from journal.actor import Actor
from journal.errors import InvalidInput
from journal.i18n import N_
from journal.reminders.following import Done, load_known, renew, select_next
from journal.reminders.kinds import OFFERED, ReminderKind
from journal.reminders.planned import Due
from journal.reminders.waiting import (
    Waiting,
    create_slot,
    delete_slot,
    from_seconds,
    load_waiting,
    save_waiting,
    schedule,
)
from journal.roles import Role
from journal.store.database import flush_deleted, transaction
from journal.user_input import parse_time

NOT_OFFERED = N_("Choose only from the reminders that are offered here. Nothing was changed.")
NOT_A_TIME = N_("Write a time such as 21:00.")
NO_HOURS = N_("Quiet hours cannot end when they begin. Choose a different time.")


async def load_choices(actor: Actor) -> ReminderChoices:
    """Return what the actor chose."""
    return (await load_profile(actor.installation, actor.id)).reminders


async def save_choices(actor: Actor, kinds: Sequence[str], quiet_from: str, quiet_until: str) -> None:
    """
    Save of what the actor wants to be reminded, and their quiet hours.

    Raises:
        InvalidInput: For a kind that their role has not, and for quiet hours that are none.
    """
    choices = validate(actor.role, kinds, quiet_from, quiet_until)
    async with transaction():
        await lock_account(actor.id)
        await details.store_reminder_choices(actor, choices)
        waiting = await load_waiting(actor.installation, actor.id)
        if not choices.kinds:
            await delete_slot(actor.id)
        else:
            known = await load_known(actor.installation, actor.id, actor.now)
            renewed = renew(
                waiting or Waiting(),
                select_next(known.due, actor.now) if actor.role is Role.CLINICIAN else known.due,
                Done(measures=_list_measures(waiting, choices)),
                actor.now,
            )
            save = save_waiting if waiting is not None else create_slot
            await save(actor.installation, actor.id, schedule(renewed, known.calendar, actor.now))
    await flush_deleted()


def validate(role: Role, kinds: Sequence[str], quiet_from: str, quiet_until: str) -> ReminderChoices:
    """Return what was chosen, each kind once and in their order; raises `InvalidInput`."""
    problems: dict[str, str] = {}
    offered = {kind.value for kind in OFFERED[role]}
    if not offered.issuperset(kinds):
        problems["kind"] = NOT_OFFERED
    begin, end = parse_time(quiet_from), parse_time(quiet_until)
    problems |= {
        name: NOT_A_TIME for name, one in (("quiet_from", begin), ("quiet_until", end)) if one is None
    }
    if begin is not None and begin == end:
        problems["quiet_until"] = NO_HOURS
    if problems or begin is None or end is None:
        raise InvalidInput(problems)
    chosen = tuple(kind.value for kind in OFFERED[role] if kind.value in kinds)
    return ReminderChoices(chosen, f"{begin:%H:%M}", f"{end:%H:%M}")


def _list_measures(waiting: Waiting | None, choices: ReminderChoices) -> tuple[Due, ...]:
    if waiting is None or ReminderKind.MEASURES.value not in choices.kinds:
        return ()
    own = (one for one in waiting.moments if not one.is_planned)
    return tuple(Due(from_seconds(one.since), from_seconds(one.until)) for one in own)
