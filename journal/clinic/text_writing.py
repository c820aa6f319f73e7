"""Add a version of what a care team writes for a course: checked, signed, its words sealed for who sees the plan."""

from __future__ import annotations

from uuid import UUID, uuid4

import msgspec

from journal.accounts.current_keys import lock_account, require_keys
from journal.actor import Actor
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import links
from journal.care.links import Link, require_cared_for
from journal.clinic import tables
from journal.clinic.instructions import (
    BOUNDS,
    ITEM_LENGTH,
    MAX_ITEMS,
    MAX_VERSIONS,
    MEASURE_DAYS,
    SIGNATURE_PURPOSE,
    TEXT_LENGTHS,
    InstructionsDetails,
    ItemGroup,
    SignedInstructions,
    encode_signed,
    group_sessions,
    instructions_context,
    load_newest,
    read_version,
)
from journal.clinic.text_words import WORD_FIELDS, has_words, take_words, text_words_context
from journal.errors import Damaged, InvalidInput, NotFound, StaleRevision
from journal.i18n import N_
from journal.installation.installation import Installation
from journal.plan_words.reading import load_key
from journal.sealing import SealingKey, encode_document, seal_document
from journal.sessions.moments import NOT_OFFERED, USUAL, check_offsets
from journal.sessions.rows import load_plan
from journal.store.database import ensure_transaction
from journal.user_input import clean_text

TOO_LONG = N_("This is longer than this field can hold. Please shorten it.")
TOO_MANY_LINES = N_("There is room for forty lines of 200 letters here. Please shorten it.")
NOT_CHECKED = N_("Please check the text for this course, and say so here.")
NOTHING_WRITTEN = N_("Write at least one of these.")
CHANGED_MEANWHILE = N_("Somebody wrote a newer version in the meantime. Look at it before saving.")
NO_KEY = N_(
    "This cannot be saved at present. What you write here is sealed with a key that your patient gives you. You do not "
    "have it while sharing is paused, or before they have signed in again. Call them if it cannot wait."
)


async def save_instructions(
    actor: Actor,
    patient: UUID,
    course: UUID | None,
    typed: InstructionsDetails,
    *,
    base: int = 0,
    is_checked: bool = False,
) -> UUID:
    """
    Add a version of what a patient in the actor's care is told; return its id.

    Args:
        base: The version that the writer saw; 0 if there was none.
        is_checked: Whether the writer said that they checked the text for this course.

    Raises:
        InvalidInput: With a sentence for each field that needs another look; where the actor has no key of the plan,
            for the words.
        NotFound: If the patient has no session of this course.
        StaleRevision: If somebody wrote a newer version since *base*, or care ended.
    """
    link = await links.load_link_with(actor, patient)
    checked = _validate(typed, is_checked=is_checked)
    signed = {"written_by": actor.name, "written_at": actor.now.isoformat(timespec="seconds")}
    details, words = take_words(msgspec.structs.replace(checked, **signed, language=actor.language))
    await _require_course(actor.installation, patient, course)
    ident, version = uuid4(), base + 1
    encoded = encode_document(details)
    signature = actor.open_identity().sign(
        encode_signed(patient, course, version, encoded), purpose=SIGNATURE_PURPOSE
    )
    document = SignedInstructions(msgspec.Raw(encoded), signature, actor.id)
    where = instructions_context(patient, course, version)
    sealed = seal_document(actor.installation.server_keys, document, where)
    async with ensure_transaction():
        await lock_account(patient)
        await require_cared_for(link)
        await require_keys(actor)
        if await read_version(patient, course) != base:
            raise StaleRevision(CHANGED_MEANWHILE)
        if version > MAX_VERSIONS:
            raise InvalidInput({"fasting": N_("This course has as many versions as there is room for.")})
        key = await _load_key(actor, link, checked, course)
        await tables.InstructionsVersion.create(
            id=ident,
            patient_id=patient,
            course_id=course,
            version=version,
            sealed=sealed,
            words=seal_document(key, words, text_words_context(patient, ident)) if key and words else None,
            created_at=actor.now,
        )
        await audit_log.record_event(actor, Act.INSTRUCTIONS_WRITTEN, patient=patient, about=ident)
    return ident


async def _load_key(
    actor: Actor, link: Link, typed: InstructionsDetails, course: UUID | None
) -> SealingKey | None:
    """Return the key of the plan; refuse words without it, and a version that would leave out words nobody read."""
    key = await load_key(actor, link)
    if key is not None:
        return key
    try:
        newest = await load_newest(actor.installation, link.patient, course)
    except Damaged:
        newest = None
    before = newest is not None and (newest.is_closed or has_words(newest.details))
    if has_words(typed) or before:
        written = [name for name in WORD_FIELDS if getattr(typed, name)]
        raise InvalidInput(dict.fromkeys(written or WORD_FIELDS, NO_KEY))
    return None


async def _require_course(installation: Installation, patient: UUID, course: UUID | None) -> None:
    """Refuse a course of which the patient has no session; what belongs to no course is always there."""
    if course is not None and course not in group_sessions(await load_plan(installation, patient)):
        raise NotFound


def _validate(typed: InstructionsDetails, *, is_checked: bool) -> InstructionsDetails:
    problems: dict[str, str] = {}
    texts = {name: clean_text(getattr(typed, name)).strip() for name in TEXT_LENGTHS}
    for name, most in TEXT_LENGTHS.items():
        if len(texts[name]) > most:
            problems[name] = TOO_LONG
        elif name in list(ItemGroup):
            lines = texts[name].splitlines()
            if len(lines) > MAX_ITEMS or any(len(line) > ITEM_LENGTH for line in lines):
                problems[name] = TOO_MANY_LINES
    has_numbers = typed.offsets != USUAL or any(getattr(typed, name) for name in MEASURE_DAYS.values())
    if not any(texts.values()) and not has_numbers:
        problems["fasting"] = NOTHING_WRITTEN
    for name, (least, most) in BOUNDS.items():
        number = getattr(typed, name)
        if number is not None and not least <= number <= most:
            problems[name] = NOT_OFFERED
    problems |= check_offsets(typed.offsets)
    if not is_checked:
        problems["checked"] = NOT_CHECKED
    if problems:
        raise InvalidInput(problems)
    return msgspec.structs.replace(typed, **texts)
