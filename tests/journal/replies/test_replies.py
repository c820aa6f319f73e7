"""Replies go both ways over one copy, are read by two people, and end with the copy; their patient keeps both sides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from journal.actor import Actor
from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.care import lifecycle, tables
from journal.care import links as care_links
from journal.catalogue.fields import EntryKind
from journal.dosing_day import requests
from journal.entries import by_kind, entries, listing
from journal.entries.naming import EntryNamer
from journal.errors import HeldUntilRested, InvalidInput, JournalError, NotFound
from journal.held_acts import HeldAct
from journal.records import collection
from journal.replies import conversation, drafts, endings, keeping, unread, writing
from journal.replies.conversation import Closed, Conversation
from journal.replies.documents import ReplyDocument
from journal.replies.drafts import Typed
from journal.replies.rows import seal_reply
from journal.sessions.rows import load_my_sessions
from journal.sharing import caseload, reading, shares
from journal.vault.entry_rows import Entry
from tests.cast import Cast
from tests.scenes import THE_SEA, connected, in_session, rested, shared, written


async def send_mine(
    cast: Cast, entry: Entry, text: str = "What did you mean?", ident: UUID | None = None
) -> UUID:
    """Have alice reply about an entry that bob reads."""
    ident = ident or uuid4()
    cast.clock.forward(seconds=1)
    await writing.send_mine(await cast.actor("alice"), entry.id, cast.link, Typed(text), ident)
    return ident


async def send_back(cast: Cast, share: UUID, text: str = "I read it slowly.", who: str = "bob") -> UUID:
    """Have a clinician reply about a copy."""
    ident, alice = uuid4(), await cast.actor("alice")
    cast.clock.forward(seconds=1)
    await writing.send_of_copy(await cast.actor(who), alice.id, share, Typed(text), ident)
    return ident


async def look(cast: Cast, entry: Entry) -> Conversation:
    """Have alice open the conversation."""
    return (await conversation.read_mine(await cast.actor("alice"), entry.id, cast.link))[1]


async def look_back(cast: Cast, share: UUID, who: str = "bob") -> Conversation:
    """Have a clinician open it."""
    return await conversation.read_of_copy(await cast.actor(who), (await cast.actor("alice")).id, share)


def said(found: Conversation) -> list[tuple[str, str]]:
    """Return who said what."""
    return [(one.name, one.text) for one in found.replies]


async def test_both_read_what_both_wrote(cast: Cast) -> None:
    """In its order, with name and time, and each sees when the other opened it."""
    entry = await written(cast)
    share = await shared(cast, entry)
    await send_mine(cast, entry)
    cast.clock.forward(minutes=1)
    assert not (await look(cast, entry)).replies[0].read_at
    await look_back(cast, share)
    await send_back(cast, share)
    cast.clock.forward(minutes=1)
    mine = await look(cast, entry)
    assert said(mine) == [("Alice Sample", "What did you mean?"), ("Bob Example", "I read it slowly.")]
    assert mine.replies[0].read_at is not None
    theirs = await look_back(cast, share)
    assert said(theirs) == said(mine)
    assert theirs.replies[1].read_at == cast.clock.now
    assert (mine.closed, theirs.closed, mine.missing, theirs.missing) == (None, None, False, False)


async def test_opening_a_reply_changes_no_language(cast: Cast) -> None:
    """Its record is in the language of its title, and its draft in that of the page on which it was typed."""
    alice = replace(await cast.actor("alice"), language="en")
    bob = replace(await cast.actor("bob"), language="en")
    entry = await entries.save_entry(alice, uuid4(), 0, THE_SEA)
    share = await shared(cast, entry)

    async def find_language(text: str, go: str = "") -> str:
        """Have bob reply in English and alice open it, or do something else, in Spanish."""
        spanish = replace(await cast.actor("alice"), language="es")
        if go == "keep":
            await writing.save_mine(spanish, entry.id, cast.link, Typed(text))
        elif go == "withdraw":
            await writing.withdraw_mine(spanish, entry.id, cast.link, UUID(text))
        else:
            cast.clock.forward(seconds=1)
            await writing.send_of_copy(bob, alice.id, share, Typed(text), uuid4())
            await conversation.read_mine(spanish, entry.id, cast.link)
        return (await keeping.load_record(alice, entry.id, cast.link)).language

    assert await find_language("I read it slowly.") == "en"
    assert await find_language("And I wondered about the door.") == "en"
    sent = uuid4()
    await writing.send_mine(alice, entry.id, cast.link, Typed("The grey one."), sent)
    assert await find_language(sent.hex, "withdraw") == "en"
    assert await find_language("Which one did you mean?") == "en"
    assert await find_language("La puerta gris.", "keep") == "es"
    draft = (await keeping.load_record(alice, entry.id, cast.link)).draft
    seen = drafts.get_digest(draft)
    await writing.save_mine(alice, entry.id, cast.link, Typed(draft, "another page", seen))
    assert await find_language("Tell me about it.") == "es"
    assert await find_title_languages(alice) == {"en"}
    await writing.save_mine(alice, entry.id, cast.link, Typed("", seen=seen))
    assert await find_language("Whenever you like.") == "en"
    assert await find_title_languages(alice) == {"en"}


async def test_a_draft_that_comes_first_leaves_the_title_its_language(cast: Cast) -> None:
    """Its record begins with the draft."""
    alice = replace(await cast.actor("alice"), language="en")
    entry = await entries.save_entry(alice, uuid4(), 0, THE_SEA)
    await shared(cast, entry)
    await writing.save_mine(replace(alice, language="es"), entry.id, cast.link, Typed("La puerta gris."))
    assert (await keeping.load_record(alice, entry.id, cast.link)).language == "es"
    assert await find_title_languages(alice) == {"en"}


async def find_title_languages(actor: Actor) -> set[str]:
    """Return the languages in which a list, a page and an archive show the titles of an actor's records of replies."""
    listed = [one for one in (await listing.list_latest(actor)).entries if one.kind == EntryKind.REPLIES]
    _, found = await by_kind.load_entries_of_kinds(actor, {EntryKind.REPLIES})
    namer = EntryNamer()
    told = {namer.name_entry(one).language for one in listed} | {
        namer.name_entry(one).language for one in found
    }
    kept = await collection.collect_patient_records(actor, "Practice")
    return told | {one.title_language for one in kept.entries if one.kind == EntryKind.REPLIES}


async def test_a_withdrawn_reply_stays_in_its_language(cast: Cast) -> None:
    """A clinician's draft of it, too."""
    bob, alice = replace(await cast.actor("bob"), language="en"), (await cast.actor("alice")).id
    share, ident = await shared(cast, await written(cast)), uuid4()
    await writing.send_of_copy(bob, alice, share, Typed("I read it slowly."), ident)
    await writing.withdraw_of_copy(replace(bob, language="es"), alice, share, ident)
    draft = await drafts.load_of_copy(bob, share)
    assert draft is not None
    assert (draft.text, draft.language) == ("I read it slowly.", "en")


async def test_nobody_else_comes_near(cast: Cast) -> None:
    """Neither strangers nor a colleague who has a copy of their own read, send or withdraw anything."""
    entry = await written(cast)
    share = await shared(cast, entry)
    other = await connected(cast, "charlie")
    await shared(cast, entry, to=other)
    reply, alice = await send_mine(cast, entry), await cast.actor("alice")
    answer = await send_back(cast, share)
    for who in ("charlie", "erin", "dana"):
        actor = await cast.actor(who)
        for act in (
            conversation.read_of_copy(actor, alice.id, share),
            writing.send_of_copy(actor, alice.id, share, Typed("Words"), uuid4()),
            writing.withdraw_of_copy(actor, alice.id, share, answer),
            conversation.read_mine(actor, entry.id, cast.link),
            writing.send_mine(actor, entry.id, cast.link, Typed("Words"), uuid4()),
            writing.save_mine(actor, entry.id, cast.link, Typed("Words")),
            writing.withdraw_mine(actor, entry.id, cast.link, reply),
        ):
            with pytest.raises(JournalError):
                await act
    with pytest.raises(NotFound):
        await writing.withdraw_of_copy(await cast.actor("bob"), alice.id, share, reply)
    with pytest.raises(NotFound):
        await writing.withdraw_mine(alice, entry.id, cast.link, answer)
    assert await tables.Reply.all().count() == 2


async def test_sent_twice_it_is_one(cast: Cast) -> None:
    """A page that sends again what had arrived adds nothing, and an id of another conversation is refused."""
    entry, other = await written(cast), await written(cast)
    await shared(cast, entry)
    share = await shared(cast, other)
    ident = await send_mine(cast, entry)
    await send_mine(cast, entry, ident=ident)
    assert len((await look(cast, entry)).replies) == 1
    alice = await cast.actor("alice")
    with pytest.raises(NotFound):
        await writing.send_of_copy(await cast.actor("bob"), alice.id, share, Typed("Words"), ident)


async def test_withdrawn_while_unread_it_is_nowhere(cast: Cast) -> None:
    """Its words become its author's draft; the other sees neither them nor that there was anything."""
    entry = await written(cast)
    share = await shared(cast, entry)
    reply = await send_mine(cast, entry, "Too soon")
    await writing.save_mine(await cast.actor("alice"), entry.id, cast.link, Typed("And more"))
    await writing.withdraw_mine(await cast.actor("alice"), entry.id, cast.link, reply)
    answer, alice = await send_back(cast, share, "Not yet"), await cast.actor("alice")
    await writing.withdraw_of_copy(await cast.actor("bob"), alice.id, share, answer)
    mine, theirs = await look(cast, entry), await look_back(cast, share)
    assert (mine.replies, theirs.replies) == ((), ())
    assert (mine.draft, theirs.draft) == ("Too soon\n\nAnd more", "Not yet")
    assert (mine.missing, theirs.missing) == (False, False)
    with pytest.raises(NotFound):
        await writing.withdraw_mine(alice, entry.id, cast.link, reply)


async def test_what_was_read_stays(cast: Cast) -> None:
    """It can be withdrawn no more, and the refusal says when it was read."""
    entry = await written(cast)
    share = await shared(cast, entry)
    reply, answer = await send_mine(cast, entry), await send_back(cast, share)
    cast.clock.forward(minutes=3)
    read = cast.clock.now
    await look_back(cast, share)
    await look(cast, entry)
    cast.clock.forward(minutes=3)
    alice = await cast.actor("alice")
    with pytest.raises(writing.AlreadyRead) as refused:
        await writing.withdraw_mine(alice, entry.id, cast.link, reply)
    assert refused.value.read_at == read
    with pytest.raises(writing.AlreadyRead) as refused:
        await writing.withdraw_of_copy(await cast.actor("bob"), alice.id, share, answer)
    assert refused.value.read_at == read


@pytest.mark.parametrize(
    ("text", "sentence"), [("", writing.EMPTY), (" \n ", writing.EMPTY), ("a" * 4001, writing.TOO_LONG)]
)
async def test_what_is_empty_or_too_long_is_not_sent(cast: Cast, text: str, sentence: str) -> None:
    """What was typed is the draft; 4,000 letters go."""
    entry = await written(cast)
    share, alice = await shared(cast, entry), await cast.actor("alice")
    with pytest.raises(InvalidInput) as refused:
        await writing.send_mine(alice, entry.id, cast.link, Typed(text), uuid4())
    assert refused.value.fields == {"reply": sentence}
    with pytest.raises(InvalidInput):
        await writing.send_of_copy(await cast.actor("bob"), alice.id, share, Typed(text), uuid4())
    assert await tables.Reply.all().count() == 0
    assert ((await look(cast, entry)).draft, (await look_back(cast, share)).draft) == (
        text.strip(),
        text.strip(),
    )
    await send_mine(cast, entry, "a" * 4000)
    assert (await look(cast, entry)).draft == ""


Ending = Callable[[Cast, Entry, UUID], Awaitable[None]]


async def revoke(cast: Cast, _: Entry, share: UUID) -> None:
    """Stop sharing the entry."""
    await shares.revoke_share(await cast.actor("alice"), share)


async def delete(cast: Cast, entry: Entry, _: UUID) -> None:
    """Delete the entry."""
    await endings.delete_entry(await cast.actor("alice"), entry.id)


async def end(cast: Cast, _: Entry, __: UUID) -> None:
    """End care, as its patient."""
    await endings.end_care(await cast.actor("alice"), cast.link)


@pytest.mark.parametrize("ending", [revoke, delete, end])
async def test_the_patient_keeps_both_sides(cast: Cast, ending: Ending) -> None:
    """What they sent, opened or had not opened yet stays with them; nothing of it stays under the link."""
    entry = await written(cast)
    share = await shared(cast, entry)
    await send_mine(cast, entry)
    await send_back(cast, share)
    await look(cast, entry)
    cast.clock.forward(minutes=1)
    await send_back(cast, share, "One more thing.")
    await ending(cast, entry, share)
    assert await tables.Reply.all().count() == 0
    mine = await look(cast, entry)
    assert [one.text for one in mine.replies] == [
        "What did you mean?",
        "I read it slowly.",
        "One more thing.",
    ]
    assert all(one.is_kept_only for one in mine.replies)
    assert mine.closed is (Closed.ENDED if ending is end else Closed.REVOKED)
    with pytest.raises(NotFound):
        await look_back(cast, share)


@pytest.mark.parametrize("ending", [revoke, delete, end])
async def test_a_reply_to_what_ended_meanwhile_is_a_draft(cast: Cast, ending: Ending) -> None:
    """Both are told why nothing goes, and both have their words."""
    entry = await written(cast)
    share = await shared(cast, entry)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await writing.save_mine(alice, entry.id, cast.link, Typed("Mine"))
    await writing.save_typed_of_copy(bob, alice.id, share, Typed("Theirs"))
    await ending(cast, entry, share)
    with pytest.raises(JournalError):
        await writing.send_mine(
            await cast.actor("alice"), entry.id, cast.link, Typed("Mine, longer", seen="x"), uuid4()
        )
    with pytest.raises(JournalError):
        await send_back(cast, share, "Theirs, longer")
    mine, theirs = await look(cast, entry), await look_back(cast, share)
    assert (mine.draft, theirs.draft) == (
        "Mine\n\nMine, longer",
        "Theirs" if ending is end else "Theirs\n\nTheirs, longer",
    )
    assert mine.closed is theirs.closed is (Closed.ENDED if ending is end else Closed.REVOKED)
    assert await tables.Reply.all().count() == 0


async def test_a_pause_closes_the_box_and_takes_nothing(cast: Cast) -> None:
    """The clinician can read and send nothing until sharing is resumed; then everything is there."""
    entry = await written(cast)
    share = await shared(cast, entry)
    await send_mine(cast, entry)
    await lifecycle.pause_sharing(await cast.actor("alice"))
    mine, theirs = await look(cast, entry), await look_back(cast, share)
    assert (mine.closed, theirs.closed) == (Closed.PAUSED, Closed.PAUSED)
    assert (len(mine.replies), theirs.replies) == (1, ())
    for act in (send_mine(cast, entry, "More"), send_back(cast, share, "More")):
        with pytest.raises(JournalError):
            await act
    assert [(await look(cast, entry)).draft, (await look_back(cast, share)).draft] == ["More", "More"]
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert said(await look_back(cast, share)) == [("Alice Sample", "What did you mean?")]


async def test_a_copy_shared_anew_keeps_its_replies(cast: Cast) -> None:
    """They hang on the copy, whichever version of the entry it holds; a copy of after a revocation has none."""
    entry = await written(cast)
    share = await shared(cast, entry)
    await send_mine(cast, entry)
    assert await shared(cast, entry, ("title", "int.top3")) == share
    assert len((await look_back(cast, share)).replies) == 1
    await shares.revoke_share(await cast.actor("alice"), share)
    anew = await shared(cast, entry)
    assert (await look_back(cast, anew)).replies == ()
    (kept,) = (await look(cast, entry)).replies
    assert kept.is_kept_only


async def test_in_a_hold_a_reply_is_a_draft_that_is_asked_again(cast: Cast) -> None:
    """Nothing goes until its patient has rested; the request names the conversation, and sending answers it."""
    entry = await written(cast)
    await shared(cast, entry)
    session = await in_session(cast)
    with pytest.raises(HeldUntilRested) as held:
        await send_mine(cast, entry, "I feel so much")
    alice = await cast.actor("alice")
    asked = held.value.asked
    assert asked is not None
    assert (asked.act, asked.target, asked.whom) == (HeldAct.REPLY, entry.id, cast.link)
    assert await requests.keep_request(alice, asked)
    assert await tables.Reply.all().count() == 0
    await rested(cast, session)
    assert (await look(cast, entry)).draft == "I feel so much"
    await send_mine(cast, entry, "I feel so much")
    assert await tables.Reply.all().count() == 1


async def list_new(cast: Cast) -> list[tuple[str, str]]:
    """Return what alice's home announces."""
    alice = await cast.actor("alice")
    team = (await care_links.load_care_team(alice, ended=True)).links
    found = await unread.list_unread(alice, team, await load_my_sessions(alice))
    return [(one.link.peer_name, one.name.title) for one in found]


async def test_what_a_clinician_wrote_in_a_hold_is_announced_after_rest(cast: Cast) -> None:
    """Nothing says that it is there from the start of the session on, and in the session itself nothing shows it."""
    entry = await written(cast)
    share = await shared(cast, entry)
    await send_back(cast, share)
    assert await list_new(cast) == [("Bob Example", "The sea")]
    session = await in_session(cast)
    await send_back(cast, share, "Rest well.")
    assert await list_new(cast) == []
    found = await look(cast, entry)
    assert (found.closed, found.replies, found.draft) == (Closed.SESSION, (), "")
    assert await tables.Reply.filter(read_at=None).count() == 2
    await rested(cast, session)
    assert await list_new(cast) == [("Bob Example", "The sea")]
    assert len((await look(cast, entry)).replies) == 2
    assert await list_new(cast) == []


async def test_a_clinician_counts_what_is_new(cast: Cast) -> None:
    """Until they open it."""
    entry = await written(cast)
    share = await shared(cast, entry)
    await send_mine(cast, entry)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")

    async def count() -> tuple[int, list[UUID]]:
        (case,) = (await caseload.load_caseload(bob)).cases
        there = (await reading.load_folder(bob, alice.id)).shared
        return case.replies, [one.id for one in there if one.has_reply]

    assert await count() == (1, [share])
    await look_back(cast, share)
    assert await count() == (0, [])


async def test_drafts_are_their_authors_alone(cast: Cast) -> None:
    """Neither side sees the other's; what two pages typed is there twice and never lost; empty, a draft is gone."""
    entry = await written(cast)
    share = await shared(cast, entry)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await writing.save_mine(alice, entry.id, cast.link, Typed("One", "page one"))
    await writing.save_mine(alice, entry.id, cast.link, Typed("One, and on", "page one"))
    await writing.save_mine(alice, entry.id, cast.link, Typed("Two", "page two"))
    assert (await look(cast, entry)).draft == "One, and on\n\nTwo"
    assert (await look_back(cast, share)).draft == ""
    await writing.save_typed_of_copy(bob, alice.id, share, Typed("One", "page one"))
    await writing.save_typed_of_copy(bob, alice.id, share, Typed("Two", "page two"))
    await writing.save_typed_of_copy(
        bob, alice.id, share, Typed("Three", "page three", drafts.get_digest("One\n\nTwo"))
    )
    assert (await look_back(cast, share)).draft == "Three"
    assert len(await drafts.load_all(bob)) == 1
    await writing.save_typed_of_copy(bob, alice.id, share, Typed("", "page three"))
    await writing.save_mine(alice, entry.id, cast.link, Typed("", "page two"))
    assert await tables.ReplyDraft.all().count() == 0
    assert (await keeping.load_record(alice, entry.id, cast.link)).entry is None


async def test_what_storage_moved_or_made_is_nobodys_words(cast: Cast) -> None:
    """Moved to another copy, to the other author or made of a withdrawn one: it cannot be verified."""
    entry, other = await written(cast), await written(cast)
    share, elsewhere = await shared(cast, entry), await shared(cast, other)
    reply = await send_back(cast, share)
    row = tables.Reply.filter(id=reply)
    for change, back in (
        ({"share_id": elsewhere}, {"share_id": share}),
        ({"author": "patient"}, {"author": "clinician"}),
        ({"revision": 2}, {"revision": 1}),
    ):
        await row.update(**change)
        found = await look(cast, other if "share_id" in change else entry)
        assert (found.replies, found.damaged) == ((), 1)
        await row.update(**back)
    assert len((await look(cast, entry)).replies) == 1


async def test_one_that_storage_dropped_is_noticed_between_others(cast: Cast) -> None:
    """The numbers leave one out; a patient also misses what they kept."""
    entry = await written(cast)
    share = await shared(cast, entry)
    first = await send_back(cast, share, "First")
    await send_back(cast, share, "Second")
    await tables.Reply.filter(id=first).delete()
    assert (await look(cast, entry)).missing
    assert (await look_back(cast, share)).missing
    await send_mine(cast, entry)
    await tables.Reply.filter(share_id=share).delete()
    assert (await look(cast, entry)).missing


async def test_the_key_of_the_link_alone_forges_nothing(cast: Cast) -> None:
    """Both hold it: only the signature says who wrote, so neither can put words into the other's mouth."""
    entry = await written(cast)
    share = await shared(cast, entry)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    link = await care_links.load_link_with(bob, alice.id)
    key, copy = await conversation.open_copy(bob, link, share)
    document = ReplyDocument(
        copy.id.hex, copy.entry.hex, "patient", alice.name, 1, "I agree", "2026-11-22T12:00:00+00:00"
    )
    ident = uuid4()
    await tables.Reply.create(
        id=ident, link_id=link.id, share_id=share, author="patient", revision=1,
        sealed=seal_reply(bob, link, key, ident, document), created_at=cast.clock.now,
    )  # fmt: skip
    for found in (await look(cast, entry), await look_back(cast, share)):
        assert (found.replies, found.damaged) == ((), 1)


async def test_everything_is_logged_for_the_patient(cast: Cast) -> None:
    """Sent, read and withdrawn, by whom and when."""
    entry = await written(cast)
    share = await shared(cast, entry)
    reply = await send_mine(cast, entry)
    await writing.withdraw_mine(await cast.actor("alice"), entry.id, cast.link, reply)
    other = await send_mine(cast, entry)
    await look_back(cast, share)
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    found = await audit_events.list_patient_events(alice.id)
    told = [
        (one.action, one.actor_id, one.object_id) for one in found if one.action.value.startswith("reply.")
    ]
    assert sorted(told) == sorted(
        [
            (Act.REPLY_SENT, alice.id, reply),
            (Act.REPLY_WITHDRAWN, alice.id, reply),
            (Act.REPLY_SENT, alice.id, other),
            (Act.REPLY_READ, bob.id, other),
        ]
    )
