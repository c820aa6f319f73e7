"""A patient's evaluation at the clinician's desk: asked for, read, reviewed, and refused without a word being lost."""

from __future__ import annotations

from httpx import AsyncClient, Response

from journal.accounts.details import change_details
from journal.care import tables
from journal.care_notes import keeping
from journal.catalogue.tracked import CONDITIONS
from journal.entries import entries
from journal.evaluation import records
from journal.sharing import shares
from tests.journal.evaluation.test_reviewing import SAID, answered, reviewed
from tests.log import logged
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import become, connected, in_session, rested, signed_in_again

WORDS = "Please bring the letter about your eyes"
UNTOLD = "What is shared with you does not say whether it was changed since."


async def desk(portal: Portal) -> str:
    """The address of alice's evaluation at a desk."""
    return f"/patients/{(await portal.cast.actor('alice')).id}/evaluation"


async def sent(browser: AsyncClient, page: Page, where: str, **typed: str) -> Response:
    """Fill in the review, and save it."""
    names = ("revision", "note", "shared", "read")
    return await browser.post(where, data={name: page.value(name) for name in names} | typed)


async def test_asked_for_filled_in_reviewed_and_changed(any_portal: Portal) -> None:
    """From the question to the words that the patient reads, and back once an answer was changed."""
    cast = any_portal.cast
    await become(cast, "bob", "prescriber")
    where = await desk(any_portal)
    async with any_portal.client("alice") as alice, any_portal.client("bob") as bob:
        page = await opened(bob, where.removesuffix("/evaluation"))
        assert "Ask for an evaluation" in page.words
        assert "Nothing of it is shared with you." in page.words
        page = await followed(bob, await bob.post(where, data={"go": "ask"}))
        assert "You asked for it on 22 Nov 2026" in page.words
        page = await opened(alice, "/")
        assert "Bob Example asks for an evaluation" in page.words
        assert "Bob Example asked for it on 22 Nov 2026" in (await opened(alice, "/evaluation")).words
        assert "Evaluation asked for" in (await opened(alice, "/clinic")).words
        cast.clock.forward(minutes=1)
        await answered(cast)
        assert "asks for an evaluation" not in (await opened(alice, "/")).words
        assert "asked for it on" not in (await opened(alice, "/evaluation")).words
        page = await opened(bob, where.removesuffix("/evaluation"))
        assert "Not yet reviewed" in page.words
        assert "1, 2026-11-22" not in page.words  # no line of it stands out in a list
        page = await opened(bob, where)
        assert "Severe liver disease" in page.words
        page = await followed(bob, await sent(bob, page, where, outcome="more-needed", words=WORDS))
        assert "Reviewed on 22 Nov 2026: more needed" in page.words
        for path in ("/evaluation", "/clinic"):
            page = await opened(alice, path)
            assert "more needed" in page.words, path
            assert WORDS in page.words, path
            assert "Signed by Bob Example on 22 Nov 2026" in page.words, path
        await answered(cast, "yes", share=False)
        assert "You changed answers since." in (await opened(alice, "/evaluation")).words
        await answered(cast, "yes")
        page = await opened(bob, where)
        assert "It was changed since it was reviewed." in page.words
        assert "Severe liver disease: no → yes" in " ".join(page.words.split())
        assert "changed since" in (await opened(bob, where.removesuffix("/evaluation"))).words
        assert "Ask Alice Sample for a newer one" in page.words
        cast.clock.forward(minutes=1)
        await bob.post(where, data={"go": "ask"})
        assert "asks for an evaluation" in (await opened(alice, "/")).words
        assert "asked for it on" in (await opened(alice, "/evaluation")).words
        listed = await opened(bob, where.replace("/evaluation", "/notes"))
        assert listed.markup.all("a", href=where)


async def test_a_refused_review_keeps_what_was_typed(portal: Portal) -> None:
    """No outcome, a version that was shared meanwhile, a pause, an end of care; and anybody but a prescriber."""
    cast, where = portal.cast, await desk(portal)
    await answered(cast)
    typed = {"outcome": "go-ahead", "words": WORDS}
    async with portal.client("bob") as bob:
        page = await opened(bob, where)
        assert page.markup.all("textarea") == []
        names = {"revision": "0", "note": "", "shared": "", "read": ""}
        answer = await bob.post(where, data=names | typed)
        assert answer.status_code in (409, 422)
        assert WORDS in answer.text
        assert (await bob.post(where, data={"go": "ask"})).status_code == 422
        await become(cast, "bob", "prescriber")
        page = await opened(bob, where)
        answer = await sent(bob, page, where, outcome="", words=WORDS)
        assert answer.status_code == 422
        assert Page.of(answer).value("words") == WORDS
        await answered(cast, "yes")
        answer = await sent(bob, page, where, **typed)
        assert answer.status_code == 409
        assert "A newer version was shared meanwhile" in answer.text
        assert Page.of(answer).value("words") == WORDS
        async with portal.client("alice") as alice:
            await alice.post(f"/sharing/{cast.link}/pause")
            answer = await sent(bob, page, where, **typed)
            assert answer.status_code == 409
            assert Page.of(answer).value("words") == WORDS
            await alice.post(f"/sharing/{cast.link}/resumption")
            page = await opened(alice, f"/sharing/{cast.link}/end")
            await alice.post(f"/sharing/{cast.link}/end", data=page.fields | {"understood": ["yes"]})
        answer = await bob.post(where, data=names | typed)
        assert answer.status_code == 404
        assert WORDS in answer.text
    assert not await tables.CareNote.all().exists()


async def test_a_review_is_shown_after_rest_and_the_question_waits(portal: Portal) -> None:
    """Around a dosing session neither the words nor the question stand on a page of the patient's."""
    cast, where = portal.cast, await desk(portal)
    await become(cast, "bob", "prescriber")
    await answered(cast)
    async with portal.client("bob") as bob:
        page = await opened(bob, where)
        assert (await sent(bob, page, where, outcome="not-now", words=WORDS)).status_code == 303
        cast.clock.forward(minutes=1)
        await bob.post(where, data={"go": "ask"})
    session = await in_session(cast)
    async with portal.client("alice") as alice:
        for path in ("/", "/evaluation", "/clinic"):
            words = (await opened(alice, path)).words
            assert WORDS not in words, path
            assert "asks for an evaluation" not in words, path
    await rested(cast, session)
    await signed_in_again(cast)
    async with portal.client("alice") as alice:
        assert WORDS in (await opened(alice, "/evaluation")).words


async def test_nothing_is_blocked_before_a_review(portal: Portal) -> None:
    """A course is planned and a session begins, with or without one; a clinician who was given nothing sees nothing."""
    cast, where = portal.cast, await desk(portal)
    await become(cast, "bob", "prescriber")
    await connected(cast, "charlie")
    await answered(cast)
    async with portal.client("bob") as bob:
        assert (await bob.get(where.replace("/evaluation", "/course"))).status_code == 200
        assert (await bob.get(where.replace("/evaluation", "/sessions/new"))).status_code == 200
    async with portal.client("charlie") as charlie:
        assert "Evaluation" not in (await opened(charlie, where.removesuffix("/evaluation"))).words
        page = await opened(charlie, where)
        assert "Severe liver disease" not in page.words
        assert "Nothing of it is shared with you." in page.words
    await in_session(cast)


async def test_the_same_words_stand_beside_every_answer(portal: Portal) -> None:
    """What a prescriber reads differs in the answer alone."""
    cast, where = portal.cast, await desk(portal)
    await become(cast, "bob", "prescriber")
    seen = set()
    async with portal.client("bob") as bob:
        for said, label in (
            ("yes", "yes"),
            ("no", "no"),
            ("not-sure", "not sure"),
            ("in-person", "rather in person"),
        ):
            await answered(cast, said)
            page = await opened(bob, where)
            text = page.answer.text
            plain = text.replace(page.value("read"), "").replace(page.value("note"), "")
            before, _, after = plain.partition(f"<dd>{label}</dd>")
            assert after
            seen.add(before.partition('<h2 id="answers">')[0] + after.partition('<h2 id="write">')[2])
    assert len(seen) == 1


async def test_its_patient_sees_each_time_it_was_opened(portal: Portal) -> None:
    """Not the first time alone, as with every other copy."""
    await answered(portal.cast)
    where = await desk(portal)
    async with portal.client("bob") as browser:
        for times in (1, 2):
            await opened(browser, where)
            assert len(await logged("share.opened")) == times


async def test_a_review_that_was_shared_is_told_as_that(portal: Portal) -> None:
    """The copy carries no signature of the prescriber's, so both pages say that it was shared, and by whom written."""
    cast, where = portal.cast, await desk(portal)
    await become(cast, "bob", "prescriber")
    to, alice = await connected(cast, "charlie"), await cast.actor("alice")
    await change_details(await cast.actor("bob"), "Bob Example", "UTC", "en")
    note = await reviewed(cast, await answered(cast))
    whole = await answered(cast, to=to)
    kept = await keeping.keep_note(alice, cast.link, note, 1)
    told = [*(await entries.load_entry(alice, kept)).document.answers]
    async with portal.client("charlie") as charlie:
        for parts, day in ((told, " on 22 Nov 2026"), ([one for one in told if one != "plan.from"], "")):
            copy = await shares.share_entry(alice, kept, to, parts, previewed=1)
            for path in (where, where.removesuffix("/evaluation")):
                page = await opened(charlie, path)
                assert f"Reviewed by Bob Example{day}, as it was shared with you: more needed" in page.words
            await shares.revoke_share(alice, copy)
        await shares.share_entry(alice, kept, to, told, previewed=1)
        assert UNTOLD not in (await opened(charlie, where)).words
        charlie.headers["accept-language"] = "es"  # its words are still in the language of who wrote them
        (said,) = [
            one
            for one in (await opened(charlie, where)).markup.elements
            if (one.tag, one.words) == ("p", SAID["words"])
        ]
        assert said.attributes["lang"] == "en"
        charlie.headers["accept-language"] = "en"
        await shares.revoke_share(alice, whole)
        seen = (await records.load_evaluation(alice)).entry
        assert seen is not None
        await shares.share_entry(alice, seen.id, to, [CONDITIONS], previewed=seen.revision)
        page = await opened(charlie, where)  # a copy that names no version
        assert UNTOLD in page.words
        assert "It was changed since it was reviewed." not in page.words
    async with portal.client("bob") as bob:  # whose own it is
        assert "as it was shared with you" not in (await opened(bob, where)).words
