"""The pages on which a patient shares: choose, look at exactly that, confirm; update; stop."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from crypto import PrivateIdentity
from journal.accounts import tables as accounts_tables
from journal.care import invitations, lifecycle
from journal.care import tables as care_tables
from journal.catalogue.fields import Answer
from journal.entries import entries
from journal.sharing import shares
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import NOON
from tests.portal.conftest import Portal
from tests.scenes import (
    at_rest,
    connected,
    in_session,
    opened_by,
    read_by,
    rewritten,
    shared,
    written,
)


def words(page: Response) -> str:
    """Return what a page says, as text on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def hidden(page: Response, name: str) -> list[str]:
    """Return the values of a hidden field."""
    return re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)"', page.text)


def ticked(page: Response) -> list[str]:
    """Return the sections that are preselected."""
    return re.findall(r'name="sections" value="([^"]*)"[^>]* checked', page.text)


def offered(page: Response) -> list[str]:
    """Return the sections that can be chosen."""
    return re.findall(r'type="checkbox" name="sections" value="([^"]*)"', page.text)


def copy_in(page: Response) -> str:
    """Return the drawn copy, without the level of its headings."""
    found = re.search(r'<article class="shared-entry">.*?</article>', page.text, re.DOTALL)
    assert found
    return re.sub(r"<(/?)h\d", r"<\1h", " ".join(found[0].split()))


async def look(browser: AsyncClient, entry: Entry, *sections: str, to: UUID) -> Response:
    """Ask for the preview."""
    form = {"to": str(to), "sections": list(sections), "step": "look"}
    return await browser.post(f"/journal/{entry.id}/shares", data=form)


async def confirm(browser: AsyncClient, entry: Entry, preview: Response, **changes: str) -> Response:
    """Press the button under a preview."""
    form = {
        "to": hidden(preview, "to"),
        "previewed": hidden(preview, "previewed"),
        "sections": hidden(preview, "sections"),
        "step": "confirm",
    }
    return await browser.post(f"/journal/{entry.id}/shares", data=form | changes)


async def count() -> int:
    return await care_tables.Share.all().count()


async def test_sharing_is_chosen_looked_at_and_confirmed(any_portal: Portal) -> None:
    """The three steps share what was chosen, and what the clinician reads is what the preview showed."""
    cast = any_portal.cast
    entry = await written(cast)
    async with any_portal.client("alice") as alice:
        page = await alice.get(f"/journal/{entry.id}/shares")
        assert "Only you can read this." in words(page)
        assert offered(page) == ["title", "note", "int.meaning", "int.unsure", "int.top3"]
        assert ticked(page) == []
        preview = await look(alice, entry, "int.meaning", "title", to=cast.link)
        assert preview.status_code == 200
        assert await count() == 0
        assert "Maybe that I am allowed to rest." in words(preview)
        assert "nobody needs to know" not in preview.text
        assert "About my father" not in preview.text
        done = await confirm(alice, entry, preview)
        assert done.status_code == 303
        page = await alice.get(done.headers["location"])
        assert "Shared. It can be read from now on." in words(page)
        assert "Not opened yet." in words(page)
    (copy,) = await read_by(cast, "bob")
    assert copy.fields == ["title", "int.meaning"]


async def test_the_preview_is_what_the_clinician_sees(portal: Portal) -> None:
    """The same words in the same order, drawn from the copy that is sealed."""
    cast = portal.cast
    entry = await written(cast)
    async with portal.client("alice") as alice, portal.client("bob") as bob:
        preview = await look(alice, entry, "int.meaning", "int.top3", "note", to=cast.link)
        await confirm(alice, entry, preview)
        (one,) = await shares.list_shares(await cast.actor("alice"))
        read = await bob.get(f"/patients/{(await cast.actor('alice')).id}/shared/{one.id}")
        assert read.status_code == 200
        assert copy_in(preview) == copy_in(read)


async def test_a_confirmation_without_a_look_shares_nothing(portal: Portal) -> None:
    """A form that skips the preview is answered with the preview."""
    entry = await written(portal.cast)
    form = {"to": str(portal.cast.link), "sections": ["int.meaning"]}
    async with portal.client("alice") as alice:
        for extra in (
            {"step": "confirm"},
            {"step": "confirm", "previewed": ""},
            {"step": "confirm", "previewed": "one"},
            {"step": "look", "previewed": "1"},
            {"previewed": "1"},
            {"confirmed": "yes"},
            {},
        ):
            page = await alice.post(f"/journal/{entry.id}/shares", data=form | extra)
            assert page.status_code == 200
            assert "What Bob Example will read" in words(page)
    assert await count() == 0


async def test_a_look_at_an_older_text_shares_nothing(any_portal: Portal) -> None:
    """The preview comes again, with the text as it is now; confirming that one shares it."""
    entry = await written(any_portal.cast)
    async with any_portal.client("alice") as alice:
        preview = await look(alice, entry, "int.meaning", to=any_portal.cast.link)
        await rewritten(any_portal.cast, entry, **{"int.meaning": "Something I added since."})
        again = await confirm(alice, entry, preview)
        assert again.status_code == 409
        assert await count() == 0
        assert "Something I added since." in words(again)
        assert "This entry has changed." in words(again)
        assert (await confirm(alice, entry, again)).status_code == 303
    (copy,) = await read_by(any_portal.cast, "bob")
    assert copy.answers == {"int.meaning": "Something I added since."}


async def test_a_section_that_is_gone_by_then_shares_nothing(portal: Portal) -> None:
    """When the only chosen section was emptied meanwhile, there is nothing to look at."""
    entry = await written(portal.cast)
    async with portal.client("alice") as alice:
        preview = await look(alice, entry, "note", to=portal.cast.link)
        alice_now = await portal.cast.actor("alice")
        emptied = EntryDocument("integration", "The sea", answers=entry.document.answers)
        await entries.save_entry(alice_now, entry.id, entry.revision, emptied)
        page = await confirm(alice, entry, preview)
    assert page.status_code == 422
    assert await count() == 0


async def test_choosing_nothing_is_said_kindly(portal: Portal) -> None:
    """The page comes again with a sentence; nothing is shared."""
    entry = await written(portal.cast)
    async with portal.client("alice") as alice:
        page = await look(alice, entry, to=portal.cast.link)
    assert page.status_code == 422
    assert "Choose at least one part to share" in words(page)
    assert await count() == 0


async def test_choosing_again_keeps_the_choice(portal: Portal) -> None:
    """Going back from the preview loses nothing."""
    entry = await written(portal.cast)
    async with portal.client("alice") as alice:
        form = {"to": str(portal.cast.link), "sections": ["int.top3"], "step": "choose", "previewed": "1"}
        page = await alice.post(f"/journal/{entry.id}/shares", data=form)
    assert ticked(page) == ["int.top3"]
    assert await count() == 0


async def test_only_what_is_shared_already_is_preselected(portal: Portal) -> None:
    """And only for the clinician with whom it is shared."""
    cast = portal.cast
    second = await connected(cast, "charlie")
    entry = await written(cast)
    await shared(cast, entry, ("int.top3",))
    async with portal.client("alice") as alice:
        page = await alice.get(f"/journal/{entry.id}/shares?to={cast.link}")
        assert ticked(page) == ["int.top3"]
        page = await alice.get(f"/journal/{entry.id}/shares?to={second}")
        assert ticked(page) == []


async def test_with_two_clinicians_the_patient_is_asked_for_whom(portal: Portal) -> None:
    """Neither of them is chosen beforehand, and sharing with one is sharing with one."""
    cast = portal.cast
    second = await connected(cast, "charlie")
    entry = await written(cast)
    async with portal.client("alice") as alice:
        page = await alice.get(f"/journal/{entry.id}/shares")
        ways = re.findall(rf'href="/journal/{entry.id}/shares\?to=([^"]*)"', page.text)
        assert ways == [str(cast.link), str(second)]
        assert offered(page) == []
        await confirm(alice, entry, await look(alice, entry, "int.top3", to=second))
    assert await read_by(cast, "bob") == ()
    assert len(await read_by(cast, "charlie")) == 1


PROMISES = ("Bob Example can read", "cannot change them", "legal duties", "cannot take back what was read")
"""Who, what they can do, legal duties, and what stopping cannot take back."""


def folded(page: Response) -> str:
    """Return the page without what stands inside disclosures, but for their summaries."""
    return re.sub(r"(<summary.*?</summary>).*?</details>", r"\1", page.text, flags=re.DOTALL)


async def test_before_choosing_she_reads_what_sharing_means(portal: Portal) -> None:
    """In full and open before anything was shared with this person, before the first choice."""
    entry = await written(portal.cast)
    async with portal.client("alice") as alice:
        page = await alice.get(f"/journal/{entry.id}/shares")
    for promise in PROMISES:
        assert promise in folded(page)
    assert words(page).index("cannot take back") < words(page).index("Everything")


async def test_afterwards_what_sharing_means_is_one_line(any_portal: Portal) -> None:
    """It opens to the full words; who is new reads them in full, and so does nobody twice after a share was stopped."""
    cast = any_portal.cast
    second, entry, other = await connected(cast, "charlie"), await written(cast), await written(cast)
    share = await shared(cast, other)
    async with any_portal.client("alice") as alice:
        for _ in range(2):
            page = await alice.get(f"/journal/{entry.id}/shares?to={cast.link}")
            assert "What sharing means, and its limits" in folded(page)
            for promise in PROMISES:
                assert promise in words(page)
                assert promise not in folded(page)
            await alice.post(f"/shares/{share}/revocation")
        assert "legal duties" in folded(await alice.get(f"/journal/{entry.id}/shares?to={second}"))


async def test_everything_is_one_choice(any_portal: Portal) -> None:
    """It leads to a preview of all that can be shared, and shares exactly that; what cannot be shared stays."""
    entry = await written(any_portal.cast)
    async with any_portal.client("alice") as alice:
        form = {"to": str(any_portal.cast.link), "step": "everything"}
        preview = await alice.post(f"/journal/{entry.id}/shares", data=form)
        assert preview.status_code == 200
        assert hidden(preview, "sections") == ["title", "note", "int.meaning", "int.unsure", "int.top3"]
        assert "The part nobody needs to know." in words(preview)
        assert await count() == 0
        await confirm(alice, entry, preview)
    (copy,) = await read_by(any_portal.cast, "bob")
    assert copy.fields == ["title", "note", "int.meaning", "int.unsure", "int.top3"]


async def test_the_same_parts_as_last_time(any_portal: Portal) -> None:
    """
    Those of the last share of such an entry with this person, so far as the entry has them.

    Neither another kind of entry nor another person counts, and nothing is offered before there was a last time.
    """
    cast = any_portal.cast
    second = await connected(cast, "charlie")
    first, entry = await written(cast), await written(cast)
    free = await written(cast, document=EntryDocument("free", "Later", answers={"free.text": "x"}))
    form = {"to": str(cast.link), "step": "same"}
    async with any_portal.client("alice") as alice:
        page = await alice.get(f"/journal/{entry.id}/shares?to={cast.link}")
        assert "Same parts as last time" not in words(page)
        assert (await alice.post(f"/journal/{entry.id}/shares", data=form)).status_code == 422
        await shared(cast, first, ("int.top3", "int.unsure"))
        cast.clock.forward(minutes=1)
        await shared(cast, free, ("title", "free.text"))
        cast.clock.forward(minutes=1)
        await shared(cast, first, ("title", "int.meaning"), to=second)
        page = await alice.get(f"/journal/{entry.id}/shares?to={cast.link}")
        assert "Same parts as last time" in words(page)
        preview = await alice.post(f"/journal/{entry.id}/shares", data=form)
        assert hidden(preview, "sections") == ["int.unsure", "int.top3"]
        assert await count() == 3
        await confirm(alice, entry, preview)
    copies = await read_by(cast, "bob")
    assert [one.fields for one in copies if one.entry_id == entry.id.hex] == [["int.unsure", "int.top3"]]


async def test_an_update_shows_the_new_words_first(any_portal: Portal) -> None:
    """It leads to a preview of the same parts; once that is confirmed the copy is new and unread."""
    cast = any_portal.cast
    entry = await written(cast)
    share = await shared(cast, entry)
    await opened_by(cast, "bob", share)
    await rewritten(cast, entry, **{"int.meaning": "Newer words.", "int.top3": "Still hers alone."})
    async with any_portal.client("alice") as alice:
        page = await alice.get(f"/journal/{entry.id}/shares")
        assert "Bob Example has the version of Sun 22 Nov 2026, 13:00." in words(page)
        assert f'href="/shares/{share}/update"' in page.text
        preview = await alice.get(f"/shares/{share}/update")
        assert preview.status_code == 200
        assert "Newer words." in words(preview)
        assert "Still hers alone." not in preview.text
        assert "takes the place of what Bob Example can read" in words(preview)
        (copy,) = await read_by(cast, "bob")
        assert copy.answers == {"int.meaning": "Maybe that I am allowed to rest."}
        done = await confirm(alice, entry, preview)
        assert done.status_code == 303
        page = await alice.get(f"/journal/{entry.id}/shares")
    assert "has the version of" not in words(page)
    assert "Not opened since you updated it. Bob Example opened the copy before" in words(page)
    (copy,) = await read_by(cast, "bob")
    assert copy.answers == {"int.meaning": "Newer words."}
    (one,) = await shares.list_shares(await cast.actor("alice"))
    assert one.opened_at is None


async def test_an_update_never_shares_what_was_not_looked_at(portal: Portal) -> None:
    """Looking shares nothing, and what changed in another tab since is shown before it can be shared."""
    cast = portal.cast
    entry = await written(cast)
    share = await shared(cast, entry)
    entry = await rewritten(cast, entry, **{"int.meaning": "Second."})
    async with portal.client("alice") as alice:
        preview = await alice.get(f"/shares/{share}/update")
        await rewritten(cast, entry, **{"int.meaning": "Third, and private."})
        stale = await confirm(alice, entry, preview)
        assert (await alice.post(f"/shares/{share}/update", data={"previewed": "3"})).status_code == 405
    assert stale.status_code == 409
    assert "Third, and private." in words(stale)
    assert "Share this with Bob Example" in words(stale)
    (copy,) = await read_by(cast, "bob")
    assert copy.answers["int.meaning"] == "Maybe that I am allowed to rest."


async def test_stopping_is_asked_first_with_honest_words(any_portal: Portal) -> None:
    """Whether it was opened, when, and what cannot be taken back; only the button stops it."""
    cast = any_portal.cast
    entry = await written(cast)
    share = await shared(cast, entry)
    async with any_portal.client("alice") as alice:
        page = await alice.get(f"/shares/{share}/revocation")
        assert "Not opened yet." in words(page)
        for _ in range(2):
            await opened_by(cast, "bob", share)
        page = await alice.get(f"/shares/{share}/revocation")
        assert "Bob Example opened it 2 times, last on Sun 22 Nov 2026, 13:10." in words(page)
        assert "Stopping cannot take that back." in words(page)
        assert await count() == 1
        done = await alice.post(f"/shares/{share}/revocation")
        assert done.headers["location"] == f"/journal/{entry.id}/shares?done=revoked"
        assert "Only you can read this." in words(await alice.get(done.headers["location"]))
        assert (await alice.post(f"/shares/{share}/revocation")).status_code == 404
    assert await read_by(cast, "bob") == ()


async def test_an_earlier_reading_is_not_hidden_by_an_update(portal: Portal) -> None:
    """Before stopping she is told that the copy before this one was opened."""
    cast = portal.cast
    entry = await written(cast)
    share = await shared(cast, entry)
    await opened_by(cast, "bob", share)
    await shared(cast, await rewritten(cast, entry, **{"int.meaning": "New."}))
    async with portal.client("alice") as alice:
        text = words(await alice.get(f"/shares/{share}/revocation"))
    assert "opened the copy before on Sun 22 Nov 2026, 13:05" in text
    assert "Stopping cannot take that back." in text


async def test_nothing_of_hers_answers_to_others(portal: Portal) -> None:
    """Another patient and both clinicians find nothing at her addresses, and change nothing."""
    cast = portal.cast
    entry = await written(cast)
    share = await shared(cast, entry)
    await connected(cast, "bob", "dana")
    form = {"to": str(cast.link), "sections": ["int.meaning"], "step": "confirm", "previewed": "1"}
    before = await at_rest(care_tables.Share, share)
    for who in ("dana", "bob", "charlie"):
        async with portal.client(who) as outsider:
            for answer in (
                await outsider.get(f"/journal/{entry.id}/shares"),
                await outsider.post(f"/journal/{entry.id}/shares", data=form),
                await outsider.get(f"/shares/{share}/update"),
                await outsider.get(f"/shares/{share}/revocation"),
                await outsider.post(f"/shares/{share}/revocation"),
            ):
                assert answer.status_code == 404
                assert "The sea" not in answer.text
    assert await at_rest(care_tables.Share, share) == before
    assert await count() == 1


@pytest.mark.parametrize("to", ["theirs", "made up", "nonsense", ""])
async def test_a_link_that_is_not_hers_takes_nothing(portal: Portal, to: str) -> None:
    """Another patient's link, an invented one, and what is no id at all."""
    cast = portal.cast
    theirs = await connected(cast, "bob", "dana")
    entry = await written(cast)
    wanted = {"theirs": str(theirs), "made up": str(uuid4())}.get(to, to)
    form = {"to": wanted, "sections": ["int.meaning"], "step": "confirm", "previewed": "1"}
    async with portal.client("alice") as alice:
        assert (await alice.post(f"/journal/{entry.id}/shares", data=form)).status_code == 404
        if wanted:
            assert (await alice.get(f"/journal/{entry.id}/shares?to={wanted}")).status_code == 404
    assert await count() == 0


async def test_an_ended_clinician_takes_nothing(portal: Portal) -> None:
    """A page that was open when care ended shares nothing, and nobody is offered."""
    entry = await written(portal.cast)
    async with portal.client("alice") as alice:
        preview = await look(alice, entry, "int.meaning", to=portal.cast.link)
        await lifecycle.end_care(await portal.cast.actor("bob"), portal.cast.link)
        assert (await confirm(alice, entry, preview)).status_code == 404
        page = await alice.get(f"/journal/{entry.id}/shares")
    assert "There is nobody to share with yet" in words(page)
    assert "invitation link" in words(page)
    assert await count() == 0


async def test_a_session_holds_sharing_back_and_stopping_never(any_portal: Portal) -> None:
    """Nothing is shared, whatever page was open; what is shared can be stopped as ever."""
    cast = any_portal.cast
    share, other = await shared(cast, await written(cast)), await written(cast)
    async with any_portal.client("alice") as alice:
        preview = await look(alice, other, "int.meaning", to=cast.link)
        await in_session(cast)
        held = await confirm(alice, other, preview)
        assert held.status_code == 409
        assert "wait until tomorrow" in words(held)
        for step in ("everything", "same", "look"):
            form = {"to": str(cast.link), "sections": "int.meaning", "step": step}
            held = await alice.post(f"/journal/{other.id}/shares", data=form)
            assert held.status_code == 409
            assert "Share this with" not in words(held)
        assert (await alice.get(f"/shares/{share}/update")).status_code == 409
        page = await alice.get(f"/journal/{other.id}/shares")
        assert f'action="/journal/{other.id}/shares"' not in page.text
        assert "Ask me again once I have rested" in words(page)
        assert "Everything" not in words(page)
        assert "I have slept and feel rested" not in words(page)
        page = await alice.get(f"/shares/{share}/revocation")
        assert f'action="/shares/{share}/revocation"' in page.text
        assert (await alice.post(f"/shares/{share}/revocation")).status_code == 303
    assert await shares.list_shares(await cast.actor("alice")) == ()
    assert await read_by(cast, "bob") == ()


async def test_a_paused_clinician_takes_nothing_new(portal: Portal) -> None:
    """The page says so and leads to where it is resumed."""
    entry = await written(portal.cast)
    async with portal.client("alice") as alice:
        preview = await look(alice, entry, "int.meaning", to=portal.cast.link)
        await alice.post("/sharing/pause")
        page = await confirm(alice, entry, preview)
        assert page.status_code == 409
        page = await alice.get(f"/journal/{entry.id}/shares")
    assert "Sharing with Bob Example is paused." in words(page)
    assert f'href="/sharing/{portal.cast.link}"' in page.text
    assert await count() == 0


async def test_changed_keys_stop_sharing_on_every_page(any_portal: Portal) -> None:
    """Keys replaced in the database: she is told, and nothing is shared or updated."""
    cast = any_portal.cast
    entry = await written(cast)
    share = await shared(cast, entry)
    bob, other = await cast.actor("bob"), await written(cast)
    await rewritten(cast, entry, **{"int.meaning": "New."})
    sealed = (await care_tables.Share.get(id=share)).sealed
    async with any_portal.client("alice") as alice:
        preview = await look(alice, other, "int.meaning", to=cast.link)
        swapped = PrivateIdentity.generate().public().encode()
        await accounts_tables.Account.filter(id=bob.id).update(public_identity=swapped)
        for page in (
            await confirm(alice, other, preview),
            await alice.get(f"/shares/{share}/update"),
        ):
            assert page.status_code == 409
            assert "Sharing with Bob Example has stopped" in words(page)
        page = await alice.get(f"/journal/{other.id}/shares")
        assert "Sharing with Bob Example has stopped" in words(page)
        assert offered(page) == []
    assert await count() == 1
    assert (await care_tables.Share.get(id=share)).sealed == sealed


async def test_a_damaged_copy_is_shown_and_can_be_stopped(portal: Portal) -> None:
    """It does not take the page away, nor the button."""
    entry = await written(portal.cast)
    share = await shared(portal.cast, entry)
    await care_tables.Share.filter(id=share).update(sealed=b"?" * 300)
    async with portal.client("alice") as alice:
        page = await alice.get(f"/journal/{entry.id}/shares")
        assert "This copy cannot be opened" in words(page)
        assert (await alice.get(f"/shares/{share}/revocation")).status_code == 200
        assert (await alice.post(f"/shares/{share}/revocation")).status_code == 303
    assert await count() == 0


async def test_every_kind_of_answer_can_be_looked_at(portal: Portal) -> None:
    """Ratings, choices, feelings and dates read as words; what is typed stays text and is never markup."""
    answers: dict[str, Answer] = {
        "reframe.old_meaning": "<b>100% my fault</b> %(name)s",
        "reframe.old_belief_before": 80,
        "reframe.emotions": ["Shame | 80 | 20", "Joy"],
        "reframe.thinking_habit": ["blame", "%s"],
        "reframe.test_due": "2026-11-25",
    }
    document = EntryDocument("reframe", "<i>Old</i> %(x)s", "<u>note</u>", answers=answers)
    entry = await written(portal.cast, document=document)
    async with portal.client("alice") as alice:
        chosen = await alice.get(f"/journal/{entry.id}/shares")
        preview = await look(alice, entry, "title", "note", *answers, to=portal.cast.link)
    for page in (chosen, preview):
        assert not re.search(r"<(b|i|u)>", page.text)
        assert "<b>100% my fault</b> %(name)s" in html.unescape(page.text)
    text = words(preview)
    for expected in (
        "80 from 0",
        "Shame before 80, afterwards 20",
        "Blame",
        "%s",
        "Wednesday, 25 November 2026",
    ):
        assert expected in text


async def test_an_empty_entry_has_nothing_to_share(portal: Portal) -> None:
    """The page says so."""
    entry = await written(portal.cast, document=EntryDocument("free"))
    async with portal.client("alice") as alice:
        page = await alice.get(f"/journal/{entry.id}/shares")
    assert "Nothing in this entry can be shared yet." in words(page)


async def test_dates_are_in_the_readers_own_zone(portal: Portal) -> None:
    """Half past eleven at night in UTC is the next day in Berlin."""
    portal.cast.clock.now = NOON.replace(hour=23, minute=30) - timedelta(days=1)
    entry = await written(portal.cast)
    async with portal.client("alice") as alice:
        preview = await look(alice, entry, "title", to=portal.cast.link)
    assert "written on 22 Nov 2026" in words(preview)


async def test_an_invitation_is_how_a_first_clinician_comes(portal: Portal) -> None:
    """Somebody without a clinician reads that, and after accepting can choose."""
    entry = await written(portal.cast, "dana")
    invited = await invitations.create_invitation(await portal.cast.actor("bob"), "Dana")
    async with portal.client("dana") as dana:
        assert "There is nobody to share with yet" in words(await dana.get(f"/journal/{entry.id}/shares"))
        await dana.post(f"/invite/{invited.token}")
        assert offered(await dana.get(f"/journal/{entry.id}/shares"))
