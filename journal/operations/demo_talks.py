"""What the clinician of the demonstration set for a patient's next talk, and what came of it so far."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from journal.actor import Actor
from journal.care import links
from journal.coming_talk import answers, items, setting
from journal.coming_talk.documents import Word
from journal.entries import entries
from journal.i18n import DEFAULT_LANGUAGE
from journal.operations.demo_data import DemoThing
from journal.sharing import copies, shares
from journal.vault.documents import EntryDocument

SET_BEFORE = timedelta(hours=14)


async def set_things(clinician: Actor, patient: Actor, things: tuple[DemoThing, ...]) -> None:
    """Have the clinician set things last night; the patient answered one today, shared that, and said a word to one."""
    if not things:
        return
    link = await links.load_link_with(clinician, patient.id)
    talk = (await setting.load_talks_ahead(clinician, link))[0].id
    set_ = [setting.parse_thing(one.kind, one.name, one.words, one.why, DEFAULT_LANGUAGE) for one in things]
    ids = await setting.set_things(clinician, patient.id, talk, set_)
    known = {one.id: one for one in await items.load_items(clinician, link)}
    for ident, one in zip(ids, things, strict=True):
        if one.said:
            await answers.say_word(patient, ident, Word(one.said))
        if one.answer:
            await _answer(patient, link.id, known[ident], one)


async def _answer(patient: Actor, link: UUID, item: items.Item, one: DemoThing) -> None:
    """Have the patient write an answer with the question as its title, and share both."""
    document = EntryDocument(
        "free", item.thing.words or item.title, session_id=item.session.hex, answers={"free.text": one.answer}
    )
    saved = await entries.save_entry(patient, item.answer, 0, document)
    parts = (copies.TITLE, "free.text")
    await shares.share_entry(patient, saved.id, link, parts, previewed=saved.revision)
