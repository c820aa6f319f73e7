"""
What became of a notice, in sentences: each says truly whether anybody was told, and nothing about the answer.

A sentence says that somebody was told only where a copy was sealed for them and released.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from journal.i18n import N_
from journal.notices.agreements import find_reason
from journal.notices.lines import Outcome
from journal.notices.policy import Policy
from journal.notices.writing import NoticeRow, Told, get_release_time

NOBODY = N_("Nobody has been told.")
NOBODY_YET = N_("Nobody has been told yet.")
COULD_NOT: Mapping[str, str] = MappingProxyType(
    {
        "paused": N_("The notice to %(name)s could not go: sharing with them is paused."),
        "ended": N_(
            "The notice to %(name)s could not go: the connection over which you agreed on it is not there any more."
        ),
        "keys": N_(
            "The notice to %(name)s could not go: the keys of their account are not those you agreed on."
        ),
        "suspended": N_("The notice to %(name)s could not go: they cannot sign in at present."),
        "": N_("The notice to %(name)s could not go: sharing with them was paused or ended before it went."),
    }
)
"""By the reason; the last for one that is over."""
WOULD_NOT: Mapping[str, str] = MappingProxyType(
    {
        "paused": N_("No notice goes to %(name)s: sharing with them is paused."),
        "ended": N_(
            "No notice goes to %(name)s: the connection over which you agreed on it is not there any more."
        ),
        "keys": N_("No notice goes to %(name)s: the keys of their account are not those you agreed on."),
        "suspended": N_("No notice goes to %(name)s: they cannot sign in at present."),
    }
)
FIRST = N_(
    "You agreed with %(name)s on %(day)s: a notice to them is saved together with this answer. It goes when you press "
    "a button here, or ten minutes after, or when a dosing session begins before, also if you leave this form."
)
WRITTEN = N_(
    "A notice to %(name)s is written. It goes at %(time)s, or before, when you press a button here or start a dosing "
    "session, also if you leave this form."
)
UNSAVED = N_("This answer is not saved, so no notice is written with it.")
WITHDRAWN = N_("You did not mean to choose that, and the notice to %(name)s was withdrawn.")
LOST = N_(
    "The notice to %(name)s cannot be found any more: something other than Hearthside took it away. Do not count on "
    "anybody having been told."
)
SENT = N_("A notice was sent to %(name)s at %(time)s. It says only: please check in.")
LOOKS = N_("When they usually look: %(looks)s.")
LOOKS_UNKNOWN = N_("It may not be read before your next talk.")
WHEN_THEY_LOOK = frozenset({LOOKS, LOOKS_UNKNOWN})
"""The sentences that say when somebody usually looks."""
MAIL = N_(
    "A mail tells them that something waits, and no more. It can be late or get lost; then they see it when they next "
    "sign in."
)
UNSEEN = N_("Do not count on their having seen it.")
NO_MAIL = N_("They see it when they next sign in: no mail goes from here.")
CLOSED: Mapping[str, str] = MappingProxyType(
    {
        "paused": N_("Sharing with %(name)s is paused since, so they cannot open it now."),
        "ended": N_(
            "The connection with %(name)s over which it went is not there any more, so they cannot open it now."
        ),
        "keys": N_("The keys of the account of %(name)s changed since, so they cannot open it now."),
        "suspended": N_("%(name)s cannot sign in at present."),
    }
)
BACKUP_LATER = N_("If it is still open at %(time)s, it goes to %(backup)s, your backup.")
BACKUP_RESTS = N_(
    "If it is still open at %(time)s, it goes to %(backup)s, your backup, but not before you have rested or a week has "
    "passed."
)
BACKUP_WOULD = N_("If it is still open after the agreed time, it goes to %(backup)s, your backup.")
BACKUP_NOT = N_("It does not go to %(backup)s, your backup: nothing can be sent to them at present.")
BACKUP_SENT = N_("It was still open, so it went to %(backup)s, your backup, at %(time)s.")
ACKNOWLEDGED = N_("%(who)s acknowledged it at %(time)s.")
ACKNOWLEDGED_BY_UNKNOWN = N_(
    "It is marked as acknowledged at %(time)s; who did cannot be shown. Do not count on it."
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """
    One sentence, to be translated, and what stands in it: names and words as text, moments as `datetime`.

    `language` is that of words that somebody wrote.
    """

    text: str
    values: Mapping[str, str | datetime] = field(default_factory=dict)
    language: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """
    What became of a notice.

    `is_told`: somebody was. `can_withdraw`: it has not gone yet. `can_send`: one can be sent by hand. `title` is the
    sentence to begin with; `words` are what was done about it, in the words of who did it, and in `language`.
    """

    title: str
    sentences: tuple[Sentence, ...]
    is_told: bool = False
    can_withdraw: bool = False
    can_send: bool = False
    words: str = ""
    language: str = ""


def is_told(row: NoticeRow | None) -> bool:
    """Return whether a notice went to anybody."""
    return row is not None and (_went(row) or _went_to_backup(row))


def describe_before(policy: Policy | None, *, mail: bool) -> State:
    """Return what the panel says first, before an answer that asks for a notice is saved."""
    if policy is None:
        return State(NOBODY, ())
    reason = find_reason(policy.link, is_strange=policy.is_strange)
    said = [Sentence(WOULD_NOT[reason], {"name": policy.line.name})] if reason else []
    backup = policy.line.backup_name
    can_back_up = policy.backup is not None and not find_reason(policy.backup)
    if reason and not can_back_up:
        return State(NOBODY, tuple(said))
    if not reason and policy.link is not None and policy.agreed_at is not None:
        said.append(Sentence(FIRST, {"name": policy.link.peer_name, "day": policy.agreed_at}))
        said += _say_when(policy, mail=mail)
    if policy.line.backup is not None:
        said.append(Sentence(BACKUP_WOULD if can_back_up else BACKUP_NOT, {"backup": backup}))
    return State(NOBODY_YET, tuple(said))


def describe_unsaved() -> State:
    """Return what the panel says of an answer that was not saved, where no notice is there from before."""
    return State(NOBODY, (Sentence(UNSAVED),))


def describe(told: Told, *, mail: bool, is_held: bool = False) -> State:
    """Return what became of the notice about an answer, as it is now; *is_held*: a dosing session and no rest yet."""
    line, row = told.line, told.row
    if line is None or line.outcome is Outcome.NO_POLICY:
        return State(NOBODY, (), can_send=True)
    name = {"name": told.link.peer_name if told.link else line.name}
    if line.outcome is Outcome.WITHDRAWN:
        return State(NOBODY, (Sentence(WITHDRAWN, name),), can_send=True)
    if line.outcome is not Outcome.WRITTEN:
        return State(NOBODY, (Sentence(COULD_NOT[line.outcome.value], name),), can_send=True)
    if row is None:
        return State("", (Sentence(LOST, name),), can_send=True)
    if row.acknowledged_at is not None and is_told(row):
        return _describe_acknowledged(told, row, name)
    said = list(_say_backup(told, row, is_held=is_held))
    if _went(row):
        unseen = (Sentence(UNSEEN),) if find_reason(told.link) else ()
        sent = (*_say_sent(told, row, name, mail=mail), *unseen, *said)
        return State("", sent, is_told=True, can_send=bool(unseen))
    if row.sealed is None:
        could_not = Sentence(COULD_NOT[find_reason(told.link)], name)
        went = _went_to_backup(row)
        return State("" if went else NOBODY, (could_not, *said), is_told=went, can_send=not went)
    written = Sentence(WRITTEN, {**name, "time": get_release_time(row)})
    can_send = bool(find_reason(told.link))  # to somebody else
    said = [written, *_say_open(told, row, name, mail=mail), *said]
    return State(NOBODY_YET, tuple(said), can_withdraw=True, can_send=can_send)


def _describe_acknowledged(told: Told, row: NoticeRow, name: Mapping[str, str]) -> State:
    at = row.acknowledged_at or row.created_at
    who = Sentence(ACKNOWLEDGED, {"who": told.done.name, "time": at}) if told.done else None
    said = [Sentence(SENT, {**name, "time": get_release_time(row)})] if _went(row) else []
    said += [one for one in _say_backup(told, row) if _went_to_backup(row)]
    said.append(who or Sentence(ACKNOWLEDGED_BY_UNKNOWN, {"time": at}))
    return State(
        "",
        tuple(said),
        is_told=True,
        can_send=told.done is None,
        words=told.done.words if told.done else "",
        language=told.done.language if told.done else "",
    )


def _say_sent(told: Told, row: NoticeRow, name: Mapping[str, str], *, mail: bool) -> Iterator[Sentence]:
    yield Sentence(SENT, {**name, "time": get_release_time(row)})
    yield from _say_open(told, row, name, mail=mail)


def _say_open(told: Told, row: NoticeRow, name: Mapping[str, str], *, mail: bool) -> Iterator[Sentence]:
    reason = find_reason(told.link)
    if reason:
        yield Sentence(CLOSED[reason], name)
        return
    policy = told.policy if told.policy and told.policy.line.link == row.link_id else None
    yield from _say_when(policy, mail=mail)


def _say_when(policy: Policy | None, *, mail: bool) -> Iterator[Sentence]:
    terms = policy.terms if policy else None
    if terms and terms.looks:
        yield Sentence(LOOKS, {"looks": terms.looks}, terms.language)
    else:
        yield Sentence(LOOKS_UNKNOWN)
    yield Sentence(MAIL if mail else NO_MAIL)


def _say_backup(told: Told, row: NoticeRow, *, is_held: bool = False) -> Iterator[Sentence]:
    if row.backup_id is None or (told.policy is None and told.backup is None):
        return
    name = told.backup.peer_name if told.backup else told.policy.line.backup_name if told.policy else ""
    if row.backup_released_at is not None and row.backup_sealed is not None:
        yield Sentence(BACKUP_SENT, {"backup": name, "time": row.backup_released_at})
    elif row.backup_sealed is None or find_reason(told.backup):
        yield Sentence(BACKUP_NOT, {"backup": name})
    elif row.backup_at is not None:
        said = BACKUP_RESTS if is_held else BACKUP_LATER
        yield Sentence(said, {"backup": name, "time": row.backup_at})


def _went(row: NoticeRow) -> bool:
    return row.released_at is not None and row.sealed is not None


def _went_to_backup(row: NoticeRow) -> bool:
    return row.backup_released_at is not None and row.backup_sealed is not None
