"""The pages on which two people reply to each other about a shared copy."""

from __future__ import annotations

from uuid import UUID

import pytest
from httpx import Response

from crypto import PrivateIdentity
from journal.accounts import tables as accounts_tables
from journal.accounts.details import change_details
from journal.care import lifecycle, tables
from journal.replies import endings
from journal.sharing import shares
from journal.vault.entry_rows import Entry
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import in_session, rested, shared, written


async def prepare(portal: Portal) -> tuple[Entry, UUID, str, str]:
    """Have alice share an entry with bob; return it, the copy, and both pages of the conversation."""
    entry = await written(portal.cast)
    share = await shared(portal.cast, entry)
    alice = (await portal.cast.actor("alice")).id
    mine = f"/journal/{entry.id}/replies/{portal.cast.link}"
    return entry, share, mine, f"/patients/{alice}/shared/{share}/replies"


async def press(portal: Portal, who: str, path: str, text: str, go: str = "send") -> Response:
    """Open a page, type into the box and press a button, as a browser without JavaScript does."""
    async with portal.client(who) as browser:
        page = await opened(browser, path)
        return await browser.post(path, data=page.filled({"reply": text}, go))


async def look(portal: Portal, who: str, path: str) -> Page:
    """Open a page."""
    async with portal.client(who) as browser:
        return await opened(browser, path)


async def speak(portal: Portal, language: str) -> None:
    """Set the language of both accounts."""
    for name in ("alice", "bob"):
        actor = await portal.cast.actor(name)
        await change_details(actor, actor.name, actor.time_zone, language)


async def test_both_sides_without_a_script(portal: Portal) -> None:
    """Sent, new on the other's pages, read, answered, and seen as read."""
    entry, _, mine, theirs = await prepare(portal)
    assert (await press(portal, "alice", mine, "What did you mean?\n\nBy the door.")).status_code == 303
    alice = (await portal.cast.actor("alice")).id
    assert "1 new reply" not in (await look(portal, "bob", "/patients")).words  # the copy itself is new
    assert "New reply" in (await look(portal, "bob", f"/patients/{alice}")).words
    under = await look(portal, "bob", theirs.removesuffix("/replies"))
    assert "By the door." in under.words
    assert "New to you" in under.words
    portal.cast.clock.forward(minutes=2)
    assert (await press(portal, "bob", theirs, "The one in your picture.")).status_code == 303
    assert "Bob Example replied to “The sea”" in (await look(portal, "alice", "/")).words
    page = await look(portal, "alice", mine)
    assert "The one in your picture." in page.words
    assert "Read on" in page.words
    assert "replied to" not in (await look(portal, "alice", "/")).words
    for address in (f"/journal/{entry.id}", f"/journal/{entry.id}/shares"):
        assert (await look(portal, "alice", address)).markup.all("a", href=mine)


async def test_each_box_says_that_nobody_watches_and_whom_to_call(portal: Portal) -> None:
    """One tap away, on both sides and in the closed box; the patient is told when somebody looks next."""
    _, _, mine, theirs = await prepare(portal)
    for who, path in (("alice", mine), ("bob", theirs), ("bob", theirs.removesuffix("/replies"))):
        page = await look(portal, who, path)
        assert "This is not watched live" in page.words
        assert "Who to call" in page.words
    assert "may not be read before your next talk" in (await look(portal, "alice", mine)).words
    for path in (theirs, theirs.removesuffix("/replies")):
        words = (await look(portal, "bob", path)).words
        assert "At their own box Alice Sample reads when you look next:" in words, path
        assert words.count("may not be read before your next talk") == 2  # hers, and of his own reply
    await lifecycle.pause_sharing(await portal.cast.actor("alice"))
    page = await look(portal, "alice", mine)
    assert not page.markup.all("textarea")
    assert "is paused" in page.words
    assert page.markup.all("a", href="/help-now")


@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.parametrize("text", ["", "a" * 4001, "a" * 20_000])
async def test_what_is_refused_stands_in_the_box(portal: Portal, who: str, text: str) -> None:
    """Empty, too long to be sent, and too long to be a draft: a sentence, and the same words."""
    _, _, mine, theirs = await prepare(portal)
    answer = Page.of(await press(portal, who, mine if who == "alice" else theirs, text))
    assert answer.answer.status_code == 422
    assert answer.value("reply") == text
    assert answer.markup.all(id="reply-error")
    assert await tables.Reply.all().count() == 0


@pytest.mark.parametrize("ending", ["revoked", "paused", "ended", "keys"])
async def test_what_ended_meanwhile_leaves_the_words(portal: Portal, ending: str) -> None:
    """The page was open when it happened: nothing is sent, the reason stands there, and the words stay."""
    cast = portal.cast
    _, share, mine, theirs = await prepare(portal)
    async with portal.client("alice") as hers, portal.client("bob") as his:
        pages = await opened(hers, mine), await opened(his, theirs)
        alice = await cast.actor("alice")
        if ending == "revoked":
            await shares.revoke_share(alice, share)
        elif ending == "paused":
            await lifecycle.pause_sharing(alice)
        elif ending == "ended":
            await endings.end_care(alice, cast.link)
        else:
            other = PrivateIdentity.generate().public().encode()
            await accounts_tables.Account.filter(id=(await cast.actor("bob")).id).update(
                public_identity=other
            )
        refused = (
            Page.of(await hers.post(mine, data=pages[0].filled({"reply": "The green lamp"}, "send"))),
            Page.of(await his.post(theirs, data=pages[1].filled({"reply": "The blue lamp"}, "send"))),
        )
    assert await tables.Reply.all().count() == 0
    for page, words in zip(refused, ("The green lamp", "The blue lamp"), strict=True):
        assert page.answer.status_code in (404, 409), (ending, page.answer.status_code)
        assert words in page.words, ending


async def test_withdrawing_what_was_read_says_when(portal: Portal) -> None:
    """And nothing is changed."""
    _, _, mine, theirs = await prepare(portal)
    await press(portal, "alice", mine, "Too soon")
    async with portal.client("alice") as browser:
        page = await opened(browser, mine)
        await look(portal, "bob", theirs)
        (reply,) = await tables.Reply.all().values_list("id", flat=True)
        assert str(reply) in page.answer.text
        late = Page.of(await browser.post(mine, data={"go": "withdraw", "ident": str(reply)}))
        assert late.answer.status_code == 409
        assert "Bob Example read this on" in late.words
        assert "so it stays" in late.words


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_a_withdrawal_that_does_not_go_says_nothing_of_sending(portal: Portal, who: str) -> None:
    """While sharing is paused, or keys are not the agreed ones, a reply stays; no draft is spoken of."""
    _, _, mine, theirs = await prepare(portal)
    path = mine if who == "alice" else theirs
    await press(portal, who, path, "Too soon")
    (reply,) = await tables.Reply.all().values_list("id", flat=True)
    alice = await portal.cast.actor("alice")
    async with portal.client(who) as browser:
        if who == "bob":
            await lifecycle.pause_sharing(alice)
        else:
            await tables.CareLink.filter(id=portal.cast.link).update(patient_key=b"\x00" * 60)
        late = Page.of(await browser.post(path, data={"go": "withdraw", "ident": str(reply)}))
    assert late.answer.status_code == 409
    assert "Nothing was changed." in late.words
    assert "Nothing was sent" not in late.words
    assert (await tables.Reply.get(id=reply)).revision == 1


async def test_a_draft_stays_and_a_clinician_finds_it_again(portal: Portal) -> None:
    """Kept by its button, on the list of what was not sent, also after the copy is gone; then deleted."""
    _, share, mine, theirs = await prepare(portal)
    await speak(portal, "en")
    assert (await press(portal, "alice", mine, "Half a thought", "keep")).status_code == 303
    assert (await press(portal, "bob", theirs, "Half an answer", "keep")).status_code == 303
    assert (await look(portal, "alice", mine)).value("reply") == "Half a thought"
    assert "Half a thought" not in (await look(portal, "bob", theirs)).answer.text
    assert "Half an answer" not in (await look(portal, "alice", mine)).answer.text
    await shares.revoke_share(await portal.cast.actor("alice"), share)
    assert "Half a thought" in (await look(portal, "alice", mine)).words
    await speak(portal, "es")  # words are in the language of the page on which they were written
    for who, path, words in (("alice", mine, "Half a thought"), ("bob", theirs, "Half an answer")):
        (draft,) = (await look(portal, who, path)).markup.all("div", **{"class": "words", "lang": "en"})
        assert draft.words == words
    await speak(portal, "en")
    async with portal.client("bob") as browser:
        assert (await opened(browser, "/patients")).markup.all("a", href="/replies")
        assert (await opened(browser, "/replies")).markup.all("a", href=theirs)
        page = await opened(browser, theirs)
        assert "Half an answer" in page.words
        assert "not shared with you any more" in page.words
        gone = await browser.post(theirs, data={"go": "discard"})
        assert (
            "No draft is waiting"
            in (await followed(browser, await browser.get(gone.headers["location"]))).words
        )
    assert await tables.ReplyDraft.all().count() == 0


async def test_in_a_session_replies_are_put_aside(portal: Portal) -> None:
    """Neither shown nor announced; what is typed waits as a draft, and is asked again on the page of what waits."""
    cast = portal.cast
    _, _, mine, theirs = await prepare(portal)
    async with portal.client("alice") as browser:
        before = await opened(browser, mine)
        session = await in_session(cast)
        assert (await press(portal, "bob", theirs, "Rest well")).status_code == 303
        assert "replied to" not in (await opened(browser, "/")).words
        page = await opened(browser, mine)
        assert "Rest well" not in page.answer.text
        assert "put aside until the session" in page.words
        held = Page.of(await browser.post(mine, data=before.filled({"reply": "So much light"}, "send")))
        assert held.answer.status_code == 409
        assert "So much light" in held.words
        assert "You will be asked again once you have rested" in held.words
        assert (
            "Send Bob Example your reply about “The sea”"
            in (await opened(browser, "/sessions/waiting")).words
        )
    await rested(cast, session)
    async with portal.client("alice") as browser:
        assert "Bob Example replied to" in (await opened(browser, "/")).words
        page = await opened(browser, mine)
        assert page.value("reply") == "So much light"
        assert (await browser.post(mine, data=page.filled({}, "send"))).status_code == 303
        assert "your reply about" not in (await opened(browser, "/sessions/waiting")).words


async def test_a_clinician_is_told_what_goes_before_care_ends(portal: Portal) -> None:
    """How many replies their patient has not opened."""
    _, _, mine, theirs = await prepare(portal)
    await press(portal, "bob", theirs, "One thing")
    alice = (await portal.cast.actor("alice")).id
    await portal.cast.just_asked()
    assert "has not opened one reply of yours" in (await look(portal, "bob", f"/patients/{alice}/end")).words
    await look(portal, "alice", mine)
    assert "not opened" not in (await look(portal, "bob", f"/patients/{alice}/end")).words


async def test_what_was_kept_stands_in_the_journal(portal: Portal) -> None:
    """As an entry with both sides, which leads to the conversation, cannot be shared, and is found by its words."""
    _, share, mine, theirs = await prepare(portal)
    await press(portal, "alice", mine, "The green lamp")
    await press(portal, "bob", theirs, "The blue lamp")
    await look(portal, "alice", mine)
    await shares.revoke_share(await portal.cast.actor("alice"), share)
    async with portal.client("alice") as browser:
        found = Page.of(
            await browser.post("/journal", data={"q": "blue lamp"}, headers={"hx-request": "true"})
        )
        (record,) = {
            one.attributes["href"]
            for one in found.markup.all("a")
            if one.attributes.get("href", "").count("-") == 4
        }
        page = await opened(browser, record)
        assert "The green lamp" in page.words
        assert "The blue lamp" in page.words
        edited = await browser.get(f"{record.partition('?')[0]}/edit")
        assert edited.headers["location"] == mine
