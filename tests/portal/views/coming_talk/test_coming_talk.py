"""The pages of what is set for a talk: set, answered, said, marked; each refusal keeps what was typed."""

from __future__ import annotations

from uuid import UUID, uuid4

from httpx import AsyncClient

from journal.care import lifecycle, tables
from journal.coming_talk import answers, own_sets
from journal.entries import entries
from journal.vault.documents import EntryDocument
from tests.cast import Cast
from tests.journal.coming_talk.test_coming_talk import CARRY, FIVE, OWN, seen_by_bob, set_for, talk_on
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import in_session, rested, shared, signed_in_again, written

WHY = "So that we can begin there."


async def desk(cast: Cast) -> str:
    """Return the address of bob's page for alice's talks."""
    return f"/patients/{(await cast.actor('alice')).id}/talk"


async def sent(browser: AsyncClient, address: str, **typed: str) -> Page:
    """Send a form; return the page that follows."""
    answer = await browser.post(address, data=typed)
    return await followed(browser, answer) if answer.status_code == 303 else Page.of(answer)


async def test_a_clinician_sets_and_the_patient_finds_it(any_portal: Portal) -> None:
    """From what ships and in own words, each with its why; alice's page names who set it, and her talk links to it."""
    cast = any_portal.cast
    talk, address = await talk_on(cast), await desk(cast)
    async with any_portal.client("bob") as bob:
        page = await opened(bob, address)
        assert "Nothing is set for this talk yet" in page.words
        typed = {"session": str(talk), "ident": page.value("ident"), "thing": "question:carry", "why": WHY}
        page = await sent(bob, address, **typed)
        assert "What from the last session is still with you, if anything?" in page.words
        assert "1 of 5 set" in page.words
        await sent(bob, address, **typed)  # sent twice
        own = {"session": str(talk), "ident": str(uuid4()), "thing": "question:own", "why": WHY}
        page = await sent(bob, address, **own, words="How was the river?")
        assert "How was the river?" in page.words
        assert "2 of 5 set" in page.words
    async with any_portal.client("alice") as alice:
        page = await opened(alice, "/talk")
        assert "Set by Bob Example" in page.words
        assert f"Bob Example writes: {WHY}" in page.words
        assert any(
            one.attributes.get("href") == "/talk"
            for one in (await opened(alice, f"/sessions/{talk}")).markup.all("a")
        )


async def test_each_refusal_keeps_what_was_typed(portal: Portal) -> None:
    """A sixth, no why, no choice, and a talk that is over: 422 with what to do, nothing set, every word still there."""
    cast = portal.cast
    talk, address = await talk_on(cast), await desk(cast)
    async with portal.client("bob") as bob:
        for wrong in (
            {"why": ""},
            {"thing": ""},
            {"thing": "question:own", "words": " "},
            {"session": str(uuid4())},
        ):
            typed = {"session": str(talk), "thing": "reading:pace", "why": "kept word", "ident": str(uuid4())}
            page = await sent(bob, address, **(typed | wrong))
            assert page.answer.status_code == 422
            assert "errors" in page.answer.text
            if "why" not in wrong:
                assert page.value("why") == "kept word"
        assert await tables.TalkItem.all().count() == 0
        await set_for(cast, talk, *FIVE)
        typed = {"session": str(talk), "thing": "question:own", "words": "A sixth", "why": "kept word"}
        page = await sent(bob, address, **typed)
        assert page.answer.status_code == 422
        assert "Five things are set for this talk already" in page.words
        assert (page.value("words"), page.value("why")) == ("A sixth", "kept word")
        await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
        page = await sent(bob, address, **typed)
        assert page.answer.status_code == 409
        assert page.value("words") == "A sixth"
    assert await tables.TalkItem.all().count() == 5


async def test_an_answer_begins_with_the_question_and_is_known_to_its_writer_alone(portal: Portal) -> None:
    """The form has the question as its title and the id of the answer; bob's page is the same before and after."""
    cast = portal.cast
    await set_for(cast, await talk_on(cast), OWN)
    (item,) = await seen_by_bob(cast)
    address = await desk(cast)
    async with portal.client("bob") as bob, portal.client("alice") as alice:
        before = (await opened(bob, address)).words
        page = await opened(alice, "/talk")
        (link,) = [one for one in page.markup.all("a") if "/journal/new" in one.attributes.get("href", "")]
        page = await opened(alice, link.attributes["href"])
        assert page.value("title") == OWN.words
        document = EntryDocument("free", title=OWN.words, answers={"free.text": "It was high."})
        entry = await entries.save_entry(await cast.actor("alice"), item.answer, 0, document)
        page = await opened(alice, "/talk")
        assert "You began an answer. Only you know that." in page.words
        assert (await opened(bob, address)).words == before
        share = await shared(cast, entry, ("title", "free.text"))
        page = await opened(bob, address)
        assert "Alice Sample shared an answer" in page.words
        assert f"/shared/{share}" in page.answer.text
        assert "You shared your answer with Bob Example." in (await opened(alice, "/talk")).words


async def test_alice_says_not_now_and_takes_it_back(portal: Portal) -> None:
    """One tap each; bob's page says it with the day; while sharing is paused the page says why not."""
    cast = portal.cast
    (ident,) = await set_for(cast, await talk_on(cast))
    address = await desk(cast)
    async with portal.client("bob") as bob, portal.client("alice") as alice:
        page = await sent(alice, f"/talk/{ident}/word", word="not-for-me")
        assert "You said: not for me." in page.words
        assert ": not for me." in (await opened(bob, address)).words
        page = await sent(alice, f"/talk/{ident}/word", word="")
        assert "You said" not in page.words
        assert ": not for me" not in (await opened(bob, address)).words
        answer = await alice.post(f"/talk/{ident}/word", data={"word": "anything"})
        assert answer.status_code == 404
        await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
        page = await sent(alice, f"/talk/{ident}/word", word="not-now")
        assert page.answer.status_code == 422
        assert answers.PAUSED.split(".")[0] in page.words
        assert page.answer.text.count("/word") == 0


async def test_nothing_is_shown_in_a_hold(portal: Portal) -> None:
    """From the start until rest: one calm sentence, and not a word of what was set."""
    cast = portal.cast
    (ident,) = await set_for(cast, await talk_on(cast), OWN)
    session = await in_session(cast)
    async with portal.client("alice") as alice:
        page = await opened(alice, "/talk")
        assert "This waits until you have rested" in page.words
        assert OWN.words not in page.answer.text
        assert (await alice.get(f"/talk/{ident}")).status_code == 404
        assert (await alice.post(f"/talk/{ident}/word", data={"word": "not-now"})).status_code == 409
        assert (await alice.get(f"/journal/new?kind=free&talk={ident}")).status_code == 404
    await rested(cast, session)
    async with portal.client("alice") as alice:
        assert OWN.words in (await opened(alice, "/talk")).words


async def test_a_clinician_marks_what_became_of_each(portal: Portal) -> None:
    """After the talk: talked about, undone, again without a later talk refused, let go; withdrawn before it."""
    cast = portal.cast
    talk = await talk_on(cast)
    first, second = await set_for(cast, talk, CARRY, OWN)
    address = await desk(cast)
    async with portal.client("bob") as bob:
        page = await sent(bob, f"{address}/{second}", mark="withdraw", session=str(talk))
        assert OWN.words not in page.words
    cast.clock.forward(days=3)
    await signed_in_again(cast)
    async with portal.client("bob") as bob:
        page = await opened(bob, address)
        assert "No talk is planned" in page.words
        assert "Not marked yet" in page.words
        assert f"{address}/{first}" in page.answer.text
        late = await sent(
            bob, address, session=str(talk), thing="question:own", words="Typed late?", why="So."
        )
        assert late.answer.status_code == 422
        assert "Typed late?" in late.answer.text
        page = await opened(bob, f"{address}?session={talk}")
        page = await sent(bob, f"{address}/{first}", mark="talked", session=str(talk))
        assert "Talked about, " in page.words
        page = await sent(bob, f"{address}/{first}", mark="", session=str(talk))
        page = await sent(bob, f"{address}/{first}", mark="again", session=str(talk))
        assert page.answer.status_code == 422
        assert "No later talk is planned" in page.words
        later = await talk_on(cast, "2026-12-01T15:00")
        page = await opened(bob, address)
        assert "From earlier talks" in page.words
        page = await sent(bob, f"{address}/{first}", mark="again", session=str(later))
        assert "1 of 5 set" in page.words
        assert (await bob.post(f"{address}/{first}", data={"mark": "else"})).status_code == 404
    async with portal.client("alice") as alice:
        assert "Comes again next time" in (await opened(alice, "/talk?earlier=yes")).words
        assert "What from the last session" in (await opened(alice, "/talk")).words


async def test_own_sets_are_kept_set_and_deleted(portal: Portal) -> None:
    """A set is made of what is set, used for another talk, and refused where it does not fit."""
    cast = portal.cast
    talk, later, address = await talk_on(cast), await talk_on(cast, "2026-12-01T15:00"), await desk(cast)
    await set_for(cast, talk, CARRY, OWN)
    async with portal.client("bob") as bob:
        page = await sent(bob, f"{address}/sets", session=str(talk), name="")
        assert page.answer.status_code == 422
        page = await sent(bob, f"{address}/sets", session=str(talk), name="Rivers")
        assert "Rivers" in page.words
        (kept,) = await own_sets.load_sets(await cast.actor("bob"))
        page = await sent(bob, address, session=str(later), kept=str(kept.id))
        assert "2 of 5 set" in page.words
        await sent(bob, address, session=str(later), kept=str(kept.id))
        page = await sent(bob, address, session=str(later), kept=str(kept.id))
        assert page.answer.status_code == 422
        assert "Five things are set" in page.words
        page = await sent(bob, f"{address}/sets", session=str(talk), kept=str(kept.id))
        assert "Rivers" not in page.words


async def test_a_shared_piece_talked_about_is_seen_by_both_and_steps_back(portal: Portal) -> None:
    """Bob marks it on its page; alice sees the day; in the brief it stands behind one that was not talked about."""
    cast = portal.cast
    await talk_on(cast)
    other = EntryDocument("integration", title="The field", answers={"int.top3": "the gate"})
    old = await shared(cast, await written(cast, document=other), ("title", "int.top3"))
    cast.clock.forward(minutes=1)
    new = await shared(cast, await written(cast), ("title", "int.top3"))
    alice_id = (await cast.actor("alice")).id
    async with portal.client("bob") as bob, portal.client("alice") as alice:
        brief = (await opened(bob, f"/patients/{alice_id}/brief")).words
        assert brief.index("the door") < brief.index("the gate")
        page = await sent(bob, f"/patients/{alice_id}/shared/{new}/talked", mark="talked", revision="1")
        assert "Talked about, " in page.words
        brief = (await opened(bob, f"/patients/{alice_id}/brief")).words
        assert brief.index("the gate") < brief.index("the door")
        assert "marked it as talked about on" in (await opened(alice, f"/sharing/{cast.link}")).words
        page = await sent(bob, f"/patients/{alice_id}/shared/{new}/talked", mark="", revision="1")
        assert "Talked about, " not in page.words
    assert old != new
    assert UUID(str(new)) == new
