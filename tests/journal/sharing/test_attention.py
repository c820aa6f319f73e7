"""What a patient asks of whoever reads a copy: who sees what of it, and until when it changes."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import Sealer
from journal.audit import events as audit_events
from journal.brief.brief import build_brief
from journal.care import links as care_links
from journal.care import tables
from journal.care.documents import Attention, ShareDocument, share_context
from journal.care.link_keys import open_shared_key
from journal.charts import shared as charts
from journal.course_summary.summary import build_summary
from journal.entries import entries
from journal.errors import HeldUntilRested, NotFound, StaleRevision
from journal.sealing import seal_document
from journal.sharing import reading, saving, shares
from journal.sharing.reading import Folder
from tests.cast import Cast
from tests.scenes import PARTS, at_rest, in_session, opened_by, rewritten, written

WORDS = "Maybe that I am allowed to rest."


async def share(cast: Cast, attention: Attention | None, parts: tuple[str, ...] = PARTS) -> UUID:
    """Have alice share parts of a new entry with bob."""
    entry = await written(cast)
    alice = await cast.actor("alice")
    return await shares.share_entry(
        alice, entry.id, cast.link, parts, previewed=entry.revision, attention=attention
    )


async def load_folder(cast: Cast) -> Folder:
    """Return what bob can read."""
    return await reading.load_folder(await cast.actor("bob"), (await cast.actor("alice")).id)


async def is_unopened(ident: UUID) -> bool:
    """Return whether a copy was never opened."""
    return (await at_rest(tables.Share, ident))["opened_at"] is None


async def test_of_a_closed_copy_its_title_alone_is_there(cast: Cast) -> None:
    """It stands apart from what may be quoted, and holds no other word; the brief names its title."""
    ident = await share(cast, Attention.IF_RAISED, (*PARTS, "note"))
    folder = await load_folder(cast)
    assert folder.shared == ()
    (one,) = folder.closed
    assert (one.name.title, one.document.answers, one.document.note) == ("The sea", {}, "")
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    drawn = await build_brief(bob, alice.id)
    assert ([each.id for each in drawn.closed], drawn.sources) == ([ident], ())
    assert WORDS not in repr(drawn)
    assert WORDS not in repr(await build_summary(bob, alice.id))
    assert (await charts.load_chart(bob, alice.id)).subjects == ()
    assert await is_unopened(ident)


async def test_without_its_title_it_has_none(cast: Cast) -> None:
    """Where the title was not shared, its kind stands there."""
    await share(cast, Attention.IF_RAISED, ("int.meaning",))
    (one,) = (await load_folder(cast)).closed
    assert (one.name.title, one.document.title) == ("", "")


@pytest.mark.parametrize("attention", [None, Attention.BEFORE_TALK, Attention.NO_ANSWER])
async def test_any_other_copy_may_be_quoted(cast: Cast, attention: Attention | None) -> None:
    """So may one for which nobody was asked."""
    await share(cast, attention)
    folder = await load_folder(cast)
    assert ([one.document.asks for one in folder.shared], folder.closed) == ([attention], ())


async def test_it_is_opened_by_a_tap_alone(cast: Cast) -> None:
    """Asking for it opens nothing; a tap does, is logged once, and from then on it is read as any other."""
    ident = await share(cast, Attention.IF_RAISED)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    with pytest.raises(NotFound) as refused:
        await reading.read_share(bob, alice.id, ident)
    assert isinstance(refused.value, reading.StillClosed)
    assert refused.value.share.document.answers == {}
    assert await is_unopened(ident)
    _, one = await reading.read_share(bob, alice.id, ident, by_tap=True)
    assert one.document.answers == {"int.meaning": WORDS}
    assert not await is_unopened(ident)
    assert len((await audit_events.load_share_openings(alice.id, [ident]))[ident]) == 1
    folder = await load_folder(cast)
    assert ([each.id for each in folder.shared], folder.closed) == ([ident], ())


async def test_what_is_updated_is_closed_again(cast: Cast) -> None:
    """A newer copy is a new one: its words have not been opened."""
    ident = await share(cast, Attention.IF_RAISED)
    await reading.read_share(await cast.actor("bob"), (await cast.actor("alice")).id, ident, by_tap=True)
    (one,) = await shares.list_shares(await cast.actor("alice"))
    entry = await rewritten(
        cast,
        await entries.load_entry(await cast.actor("alice"), one.entry),
        **{"int.meaning": "Something newer."},
    )
    alice = await cast.actor("alice")
    await shares.share_entry(
        alice, entry.id, cast.link, PARTS, previewed=entry.revision, attention=Attention.IF_RAISED
    )
    assert [each.id for each in (await load_folder(cast)).closed] == [ident]


async def test_it_changes_until_it_is_opened(cast: Cast) -> None:
    """The words, the day and the version stay; after it was opened nothing changes, and she learns when that was."""
    ident = await share(cast, Attention.BEFORE_TALK)
    before = await at_rest(tables.Share, ident)
    cast.clock.forward(minutes=3)
    await shares.change_attention(await cast.actor("alice"), ident, Attention.IF_RAISED)
    assert (await at_rest(tables.Share, ident))["updated_at"] == before["updated_at"]
    assert [one.id for one in (await load_folder(cast)).closed] == [ident]
    await shares.change_attention(await cast.actor("alice"), ident, Attention.NO_ANSWER)
    moment = await opened_by(cast, "bob", ident)
    stored = await at_rest(tables.Share, ident)
    with pytest.raises(saving.AlreadyOpened) as refused:
        await shares.change_attention(await cast.actor("alice"), ident, Attention.IF_RAISED)
    assert refused.value.opened_at == moment
    assert await at_rest(tables.Share, ident) == stored


async def test_opened_or_changed_since_it_was_looked_at(cast: Cast) -> None:
    """What was read before the transaction is looked at again inside it."""
    ident = await share(cast, Attention.BEFORE_TALK)
    alice = await cast.actor("alice")
    link = await care_links.load_my_link(alice, cast.link)
    key, seen = await open_shared_key(alice, link), (await shares.load_share(alice, ident)).document
    await shares.change_attention(alice, ident, Attention.NO_ANSWER)
    with pytest.raises(StaleRevision):
        await saving.change_attention(alice, link, ident, seen, Attention.IF_RAISED, key)
    seen = (await shares.load_share(alice, ident)).document
    await opened_by(cast, "bob", ident)
    with pytest.raises(saving.AlreadyOpened):
        await saving.change_attention(alice, link, ident, seen, Attention.IF_RAISED, key)
    await shares.revoke_share(alice, ident)
    with pytest.raises(StaleRevision):
        await saving.change_attention(alice, link, ident, seen, Attention.IF_RAISED, key)


async def test_in_a_hold_it_changes_towards_less_alone(cast: Cast) -> None:
    """Closing a copy takes nothing back that could be regretted; to ask for more waits until rest."""
    ident = await share(cast, Attention.NO_ANSWER)
    await in_session(cast)
    alice = await cast.actor("alice")
    with pytest.raises(HeldUntilRested):
        await shares.change_attention(alice, ident, Attention.BEFORE_TALK)
    await shares.change_attention(alice, ident, Attention.IF_RAISED)
    for more in (Attention.NO_ANSWER, Attention.BEFORE_TALK):
        with pytest.raises(HeldUntilRested):
            await shares.change_attention(alice, ident, more)
    assert (await shares.load_share(alice, ident)).document.asks is Attention.IF_RAISED


@pytest.mark.parametrize("who", ["dana", "bob", "charlie"])
async def test_nobody_else_changes_it(cast: Cast, who: str) -> None:
    """For another patient and for every clinician there is no such copy to change."""
    ident = await share(cast, Attention.IF_RAISED)
    with pytest.raises(NotFound):
        await shares.change_attention(await cast.actor(who), ident, Attention.BEFORE_TALK)


async def test_storage_cannot_change_it(cast: Cast) -> None:
    """An earlier state of a copy, from before it was closed, and one sealed past the list, are opened for nobody."""
    ident = await share(cast, Attention.BEFORE_TALK)
    alice = await cast.actor("alice")
    before = await at_rest(tables.Share, ident)
    await shares.change_attention(alice, ident, Attention.IF_RAISED)
    await tables.Share.filter(id=ident).update(revision=before["revision"], sealed=before["sealed"])
    folder = await load_folder(cast)
    assert (folder.shared, folder.closed, folder.damaged) == ((), (), (ident,))


DOCUMENTS = st.builds(
    ShareDocument,
    kind=st.just("integration"),
    title=st.just("The title"),
    session_id=st.none(),
    answers=st.dictionaries(st.sampled_from(["int.meaning", "int.unsure"]), st.just("canary"), min_size=1),
    fields=st.lists(st.sampled_from(["title", "note", "int.meaning"])),
    written_at=st.just("2026-11-22T12:00:00+00:00"),
    shared_at=st.just("2026-11-22T12:00:00+00:00"),
    entry_revision=st.just(1),
    note=st.just("canary"),
    attention=st.one_of(st.sampled_from(["", *Attention]), st.text(max_size=20)),
)


@given(DOCUMENTS)
def test_what_is_closed_holds_no_other_word(document: ShareDocument) -> None:
    """A value of a later version that nobody here knows closes a copy, too."""
    assert document.keeps_closed == (document.attention not in ("", "before-talk", "no-answer"))
    assert b"canary" not in msgspec.json.encode(document.strip_to_title())
    assert document.strip_to_title().title == "The title"


async def test_a_copy_of_before_is_read_as_it_was(cast: Cast) -> None:
    """One that was sealed without the field says nothing, and may be quoted."""
    ident = await share(cast, None)
    row = await at_rest(tables.Share, ident)
    alice = await cast.actor("alice")
    key: Sealer = await open_shared_key(alice, await care_links.load_my_link(alice, cast.link))
    document = (await shares.load_share(alice, ident)).document
    plain = {name: value for name, value in msgspec.to_builtins(document).items() if name != "attention"}
    where = share_context(cast.link, ident, row["revision"])
    sealed = seal_document(key, msgspec.convert(plain, ShareDocument), where)
    assert sealed != row["sealed"]
    assert msgspec.convert(plain, ShareDocument).asks is None
