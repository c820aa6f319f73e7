"""Pages on which a reframe goes on: a tap for its status, a revisit and a moment, without JavaScript."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

import pytest

from journal.catalogue.fields import Answer
from journal.catalogue.revisits import Revisit
from journal.entries import entries
from journal.grounding import steadying
from journal.reframing import offers, reframes
from journal.sessions.rows import load_my_sessions
from journal.vault.documents import EntryDocument
from tests.portal.browsing import Page, followed, opened, pressed
from tests.portal.conftest import Portal
from tests.scenes import in_session, rested, signed_in_again, written
from tests.shared_material import share

ANSWERS: dict[str, Answer] = {
    "reframe.old_meaning": "I am too much.",
    "reframe.old_belief_before": 80,
    "reframe.new_meaning": "I was a child, and I was tired.",
    "reframe.new_belief": 30,
}
REVISIT = {"old_belief": "55", "new_belief": "41", "felt_truth": "4", "line": "softer", "day": "2026-11-22"}


async def begun(portal: Portal) -> UUID:
    """Have alice write a reframe."""
    return (await written(portal.cast, document=EntryDocument("reframe", answers=ANSWERS))).id


async def answers_of(portal: Portal, wanted: UUID) -> dict[str, Answer]:
    """What alice's entry holds now."""
    return (await entries.load_entry(await portal.cast.actor("alice"), wanted)).document.answers


def pressed_status(page: Page) -> list[str]:
    """The status that is shown as the present one."""
    buttons = [one for one in page.markup.all("button") if one.attributes.get("name") == "status"]
    assert [one.words for one in buttons] == ["Open", "Resting", "Living with it", "Closed"]
    assert len({one.attributes["class"] for one in buttons}) == 1
    return [one.attributes["value"] for one in buttons if one.attributes["aria-pressed"] == "true"]


async def test_one_tap_moves_the_status(any_portal: Portal) -> None:
    """Every status is one tap away, in the same weight, and the page says which it is."""
    wanted = await begun(any_portal)
    async with any_portal.client("alice") as browser:
        assert pressed_status(await opened(browser, f"/journal/{wanted}")) == []
        for status in ("closed", "open", "living_with_it", "resting"):
            answer = await browser.post(f"/journal/{wanted}/status", data={"status": status})
            assert pressed_status(await followed(browser, answer)) == [status]
        assert (await browser.post(f"/journal/{wanted}/status", data={"status": "better"})).status_code == 404


async def test_a_revisit_stands_beside_the_first_ratings(any_portal: Portal) -> None:
    """What is typed is kept and read on the reframe's page; the words of then are folded on the form."""
    wanted = await begun(any_portal)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{wanted}/revisits")
        assert "open" not in page.markup.all("details")[-1].attributes
        assert page.value("day") == "2026-11-22"
        answer = await browser.post(f"/journal/{wanted}/revisits", data=page.filled(REVISIT))
        read = await followed(browser, answer)
        assert "old sentence 55" in read.words
        assert "in the gut 4 of 7" in read.words
        assert "softer" in read.words
    assert ANSWERS.items() <= (await answers_of(any_portal, wanted)).items()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"old_belief": "180"}, "from 0 to 100"),
        ({"new_belief": "much"}, "from 0 to 100"),
        ({"felt_truth": "9"}, "from 1 to 7"),
        ({"day": "2026-11-23"}, "still to come"),
        ({"day": "2026-11-21"}, "before you began"),
        ({"day": "yesterday"}, "Please give a date"),
        ({"line": "x" * 301}, "one line of up to 300"),
        (dict.fromkeys(("old_belief", "new_belief", "felt_truth", "line"), ""), "fill in one of these"),
    ],
)
async def test_a_refusal_is_kind_and_loses_nothing(portal: Portal, wrong: dict[str, str], told: str) -> None:
    """Each is refused with a sentence beside its field, and everything that was typed is still there."""
    wanted = await begun(portal)
    async with portal.client("alice") as browser:
        typed = REVISIT | wrong
        answer = await browser.post(f"/journal/{wanted}/revisits", data=typed)
        assert answer.status_code == 422
        page = Page.of(answer)
        assert told in page.words
        shown = {name: page.value(name) for name in typed if name != "felt_truth"}
        assert shown == {name: value for name, value in typed.items() if name != "felt_truth"}
    assert await answers_of(portal, wanted) == ANSWERS


async def test_a_moment_is_two_taps_from_home(any_portal: Portal) -> None:
    """A link at home, a line, and Save; with several reframes one of them is chosen."""
    wanted = await begun(any_portal)
    async with any_portal.client("alice") as browser:
        home = await opened(browser, "/")
        assert any(one.attributes.get("href") == "/moments" for one in home.markup.all("a"))
        page = await opened(browser, "/moments")
        assert "I am too much" not in page.words
        answer = await browser.post("/moments", data=page.filled({"line": "I stayed."}))
        assert "I stayed." in (await followed(browser, answer)).words
        await begun(any_portal)
        page = await opened(browser, "/moments")
        refused = await browser.post("/moments", data=page.filled({"line": "I sang."}))
        assert refused.status_code == 422
        assert Page.of(refused).value("line") == "I sang."
        answer = await browser.post("/moments", data=page.filled({"line": "I sang.", "reframe": str(wanted)}))
        assert "I sang." in (await followed(browser, answer)).words


async def test_a_day_that_is_left_blank_is_today(portal: Portal) -> None:
    """Whoever has one hand free gives no date."""
    wanted = await begun(portal)
    async with portal.client("alice") as browser:
        for path, sent in (
            (f"/journal/{wanted}/revisits", {"old_belief": "40", "day": " "}),
            ("/moments", {"reframe": str(wanted), "line": "I stayed.", "day": ""}),
        ):
            assert (await browser.post(path, data=sent)).status_code == 303
    kept = await answers_of(portal, wanted)
    assert kept["reframe.revisits"] == [Revisit(date(2026, 11, 22), 40).line]
    assert kept["reframe.moments"] == ["2026-11-22 | I stayed."]


async def test_home_without_reframes_offers_no_moment(portal: Portal) -> None:
    """Nothing is asked of somebody who wrote no reframe."""
    async with portal.client("alice") as browser:
        assert "/moments" not in (await browser.get("/")).text
        assert "There is no reframe yet" in (await opened(browser, "/moments")).words


async def test_numbers_wait_until_somebody_has_rested(portal: Portal) -> None:
    """From the start until the rest is said, no form with numbers is offered; a moment is, and nothing sent is lost."""
    wanted = await begun(portal)
    session = await in_session(portal.cast)
    async with portal.client("alice") as browser:
        assert f"/journal/{wanted}/revisits" not in (await browser.get(f"/journal/{wanted}")).text
        page = await opened(browser, f"/journal/{wanted}/revisits")
        assert "old_belief" not in page.fields
        sent = await browser.post(f"/journal/{wanted}/revisits", data=REVISIT)
        assert "softer" in (await followed(browser, sent)).words
    await rested(portal.cast, session)
    async with portal.client("alice") as browser:
        assert "old_belief" in (await opened(browser, f"/journal/{wanted}/revisits")).fields


async def test_home_offers_one_reframe_with_four_answers_that_weigh_the_same(any_portal: Portal) -> None:
    """The old words are folded; each answer is a button like the others, and works without JavaScript."""
    wanted = await begun(any_portal)
    any_portal.cast.clock.forward(hours=25)
    await signed_in_again(any_portal.cast)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/")
        buttons = [one for one in page.markup.all("button") if one.attributes.get("name") == "go"]
        assert [one.words for one in buttons] == ["Yes", "Not now", "Not this one again", "No offers"]
        assert len({one.attributes["class"] for one in buttons}) == 1
        assert all("open" not in one.attributes for one in page.markup.all("details"))
        yes = await browser.post(f"/journal/{wanted}/offer", data={"go": "yes"})
        assert yes.headers["location"] == f"/journal/{wanted}/revisits"
        answer = await browser.post(f"/journal/{wanted}/offer", data={"go": "no_offers"})
        assert "Would you like to look" not in (await followed(browser, answer)).words
        assert "Home does not offer" in (await opened(browser, f"/journal/{wanted}")).words
        answer = await browser.post(f"/journal/{wanted}/offer", data={"go": "offers_again"})
        assert "Home does not offer" not in (await followed(browser, answer)).words
        assert (await browser.post(f"/journal/{wanted}/offer", data={"go": "x"})).status_code == 404


async def test_a_content_note_stands_before_the_words_of_then(portal: Portal) -> None:
    """At home, on the page of a revisit and where a moment is written, no words of a marked reframe come without it."""
    document = EntryDocument("reframe", "Smoke", "About the fire", answers=ANSWERS)
    wanted = (await written(portal.cast, document=document)).id
    portal.cast.clock.forward(minutes=5)
    other = EntryDocument("reframe", answers={"reframe.new_meaning": "I may rest."})
    await written(portal.cast, document=other)
    portal.cast.clock.forward(hours=25)
    await signed_in_again(portal.cast)
    async with portal.client("alice") as browser:
        for path in ("/", f"/journal/{wanted}/revisits"):
            page = await opened(browser, path)
            (summary,) = [one for one in page.markup.all("summary") if "words of then" in one.words]
            assert summary.words.endswith("Before you read: About the fire")
        page = await opened(browser, "/moments")
        assert [one.words for one in page.markup.all("span", **{"class": "choice-words"})] == [
            "I may rest.",
            "Smoke",
        ]


async def test_an_addition_can_be_removed(portal: Portal) -> None:
    """What was added is listed with a way to remove it."""
    wanted = await begun(portal)
    async with portal.client("alice") as browser:
        await browser.post(f"/journal/{wanted}/revisits", data=REVISIT)
        await browser.post("/moments", data={"reframe": str(wanted), "line": "a", "day": "2026-11-22"})
        page = await opened(browser, f"/journal/{wanted}/revisits")
        sent = {"step": "revisit", "position": "0", "revision": page.fields["revision"][0]}
        await followed(browser, await browser.post(f"/journal/{wanted}/removal", data=sent))
        sent["step"] = "moment"
        assert (await browser.post(f"/journal/{wanted}/removal", data=sent)).status_code == 409
        sent["revision"] = (await opened(browser, f"/journal/{wanted}/revisits")).fields["revision"][0]
        await followed(browser, await browser.post(f"/journal/{wanted}/removal", data=sent))
        assert (await browser.post(f"/journal/{wanted}/removal", data={"step": "x"})).status_code == 404
    assert await answers_of(portal, wanted) == ANSWERS


async def test_what_was_added_is_shared_like_any_part(any_portal: Portal) -> None:
    """The clinician reads revisits and moments that were chosen, and the latest rating stands in the brief."""
    wanted = await begun(any_portal)
    async with any_portal.client("alice") as browser:
        await browser.post(f"/journal/{wanted}/revisits", data=REVISIT)
        found = await opened(browser, f"/journal/{wanted}/shares?to={any_portal.cast.link}")
        assert "Looked at again" in found.words
    shared = await share(any_portal.cast, wanted)
    alice = await any_portal.cast.actor("alice")
    async with any_portal.client("bob") as browser:
        page = await opened(browser, f"/patients/{alice.id}/shared/{shared}")
        assert "old sentence 55" in page.words
        assert "softer" in page.words
        brief = await opened(browser, f"/patients/{alice.id}/brief")
        assert "80 → 55 lately" in brief.words
        assert "30 → 41 lately" in brief.words


async def test_a_moment_is_shared_as_its_preview_shows_it(any_portal: Portal) -> None:
    """The name of what set it off goes along with it, so it is there wherever the moment is."""
    wanted = await begun(any_portal)
    moment = {"reframe": str(wanted), "line": "I stayed.", "trigger": "Crowded rooms", "day": "2026-11-22"}
    async with any_portal.client("alice") as browser:
        read = await followed(browser, await browser.post("/moments", data=moment))
        again = await opened(browser, f"/journal/{wanted}/revisits")
        sent = {"to": str(any_portal.cast.link), "sections": ["reframe.moments"], "step": "preview"}
        page = await opened(browser, f"/journal/{wanted}/shares?to={any_portal.cast.link}")
        previewed = Page.of(await browser.post(f"/journal/{wanted}/shares", data=page.fields | sent))
    shared = await share(any_portal.cast, wanted, "reframe.moments")
    alice = await any_portal.cast.actor("alice")
    async with any_portal.client("bob") as browser:
        his = await opened(browser, f"/patients/{alice.id}/shared/{shared}")
    for page in (read, again, previewed, his):
        assert "Crowded rooms" in page.words
        assert "I stayed." in page.words


async def test_words_that_were_added_are_found(portal: Portal) -> None:
    """The search finds a moment's words and shows them without their code."""
    wanted = await begun(portal)
    async with portal.client("alice") as browser:
        await browser.post(
            "/moments", data={"reframe": str(wanted), "line": "quiet swifts", "day": "2026-11-22"}
        )
        found = Page.of(await browser.post("/journal", data={"q": "swifts"}))
        assert "quiet swifts" in found.words
        assert "|" not in found.words


@pytest.mark.parametrize("who", ["bob", "charlie", "dana", "erin"])
async def test_nobody_else_adds_anything(portal: Portal, who: str) -> None:
    """Whoever it does not belong to finds nothing and changes nothing."""
    wanted = await begun(portal)
    async with portal.client(who) as browser:
        for path in (
            f"/journal/{wanted}/status",
            f"/journal/{wanted}/revisits",
            f"/journal/{wanted}/removal",
        ):
            assert (
                await browser.post(path, data=REVISIT | {"status": "open", "position": "0", "revision": "1"})
            ).status_code == 404
        answer = await browser.post("/moments", data=REVISIT | {"reframe": str(wanted)})
        assert answer.status_code == 404
    assert await answers_of(portal, wanted) == ANSWERS


async def test_a_small_step_comes_back_at_home(any_portal: Portal) -> None:
    """On its date home asks; the answer is kept, and what cannot be read comes back as it was typed."""
    document = EntryDocument(
        "reframe", answers={"reframe.test_action": "Ask for the seat.", "reframe.test_due": "2026-11-22"}
    )
    wanted = (await written(any_portal.cast, document=document)).id
    path = f"/journal/{wanted}/step"
    async with any_portal.client("alice") as browser:
        assert "A small step that you thought of" in (await opened(browser, "/")).words
        page = await opened(browser, path)
        typed = {"reframe.followup": "not_yet", "reframe.learned": "It is far.", "date": "soon"}
        refused = await browser.post(path, data=page.filled(typed))
        assert refused.status_code == 422
        again = Page.of(refused)
        assert (again.value("date"), again.value("reframe.learned")) == ("soon", "It is far.")
        assert (await browser.post(path, data={"reframe.learned": "x"})).status_code == 422
        answer = await browser.post(path, data=again.filled({"date": "2026-11-29"}))
        read = await followed(browser, answer)
        assert "Not yet" in read.words
        assert "It is far." in read.words
        assert "A small step" not in (await opened(browser, "/")).words
        assert (await browser.post(path, data={"go": "later"})).headers["location"] == "/"
        assert (await browser.get(f"/journal/{await begun(any_portal)}/step")).status_code == 404


async def looked_at(portal: Portal, *numbers: int) -> UUID:
    """Have alice look at a reframe again, on one day after another; return its id."""
    lines = [f"2026-11-{22 + place} | {number} | 50 | 4 |" for place, number in enumerate(numbers)]
    answers = ANSWERS | {"reframe.revisits": lines}
    return (await written(portal.cast, document=EntryDocument("reframe", answers=answers))).id


async def test_the_picture_has_its_sentence_its_drawing_and_its_numbers(any_portal: Portal) -> None:
    """One sentence by rule, a drawing that says what it is, and a table of the same numbers."""
    wanted = await looked_at(any_portal, 30, 20, 70)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{wanted}")
        assert "Half-way back between 23 Nov 2026 and 24 Nov 2026." in page.words
        drawing = page.markup.one("svg", role="img")
        assert "style" not in drawing.attributes
        assert [one.words for one in page.markup.all("td")][:6] == ["80", "30", "–", "30", "50", "4"]
        assert len([one for one in page.markup.all("circle") if "cx" in one.attributes]) >= 4
        assert (
            "Both sentences over time" not in (await browser.get(f"/journal/{await begun(any_portal)}")).text
        )


async def test_there_is_no_picture_until_somebody_has_rested(portal: Portal) -> None:
    """From the start of a dosing session until the rest is said, the reframe's page draws nothing."""
    wanted = await looked_at(portal, 30, 20, 70)
    session = await in_session(portal.cast)
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{wanted}")
        assert "Both sentences over time" not in page.words
        assert "Half-way back" not in page.words
    await rested(portal.cast, session)
    async with portal.client("alice") as browser:
        assert "Half-way back" in (await opened(browser, f"/journal/{wanted}")).words


def without_drawn_ids(text: str) -> str:
    """Return a page without the ids that its box for a reply draws anew each time."""
    return re.sub(r'name="(ident|sitting)" value="[0-9a-f-]+"', "", text)


async def test_a_clinicians_picture_is_made_of_what_was_shared(any_portal: Portal) -> None:
    """Later ratings that were not shared change neither drawing, sentence nor brief, and nothing hints at them."""
    wanted = await looked_at(any_portal, 30, 20, 40)
    shared = await share(any_portal.cast, wanted)
    alice = await any_portal.cast.actor("alice")
    async with any_portal.client("bob") as bob:
        await opened(
            bob, f"/patients/{alice.id}/shared/{shared}"
        )  # from the second time on it says when that was
        page = await opened(bob, f"/patients/{alice.id}/shared/{shared}")
        brief = await opened(bob, f"/patients/{alice.id}/brief")
        assert "Still held on 24 Nov 2026." in page.words
        assert "Still held on 24 Nov 2026." in brief.words
        async with any_portal.client("alice") as browser:
            typed = REVISIT | {"old_belief": "79"}
            await followed(browser, await browser.post(f"/journal/{wanted}/revisits", data=typed))
        for path, then in (
            (f"/patients/{alice.id}/shared/{shared}", page),
            (f"/patients/{alice.id}/brief", brief),
        ):
            now = await opened(bob, path)
            assert without_drawn_ids(now.answer.text) == without_drawn_ids(then.answer.text)
    part = await share(any_portal.cast, wanted, "reframe.old_meaning", "reframe.old_belief_before")
    async with any_portal.client("bob") as bob:
        page = await opened(bob, f"/patients/{alice.id}/shared/{part}")
        assert "Both sentences over time" not in page.words


async def test_later_ones_are_shared_and_stopped_by_a_tap(any_portal: Portal) -> None:
    """The reframe's page says who reads what is added; around a session it offers to stop, and never to begin."""
    wanted = await begun(any_portal)
    shared = str(await share(any_portal.cast, wanted))
    path = f"/journal/{wanted}/later"
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{wanted}")
        assert "Share later ones with Bob Example too" in page.words
        page = await followed(browser, await browser.post(path, data={"to": shared, "go": "give"}))
        assert "Stop sharing later ones" in page.words
    session = await in_session(any_portal.cast)
    async with any_portal.client("alice") as browser:
        await browser.post("/moments", data={"reframe": str(wanted), "line": "a", "day": "2026-11-22"})
        page = await opened(browser, f"/journal/{wanted}")
        assert "Stop sharing later ones" in page.words
        assert "Not shared with" not in page.words
        page = await followed(browser, await browser.post(path, data={"to": shared, "go": "stop"}))
        assert page.markup.all("input", value="give") == []
        assert "This waits until you have rested" in page.words
        assert (await browser.post(path, data={"to": shared, "go": "give"})).status_code == 409
        assert "What you added meanwhile" not in (await opened(browser, "/sessions/rest")).words
    await rested(any_portal.cast, session)
    async with any_portal.client("alice") as browser:
        assert "What you added meanwhile" not in (await opened(browser, "/sessions/rest")).words  # no tick
        page = await followed(browser, await browser.post(path, data={"to": shared, "go": "give"}))
        rest = await opened(browser, "/sessions/rest")
        assert rest.markup.all("a", within="ways", href=f"/journal/{wanted}#later")
        assert "Not shared with Bob Example yet" in page.words
        boxes = [one for one in page.markup.all("input") if one.attributes.get("name") == "sections"]
        assert [("checked" in one.attributes, one.attributes["value"]) for one in boxes] == [(False, "0")]
        some = {"to": shared, "go": "some", "revision": page.fields["revision"][0]}
        page = await followed(browser, await browser.post(path, data=some))
        assert "Not shared with Bob Example yet" in page.words
        endless = await browser.post(path, data=some | {"sections": "9" * 5000})
        assert endless.status_code == 303  # nothing of that number: nothing is shared
        page = await followed(browser, await browser.post(path, data=some | {"sections": "0"}))
        assert "Not shared with" not in page.words
        assert "What you added meanwhile" not in (await opened(browser, "/sessions/rest")).words
        for wrong in (
            {"to": "x", "go": "give"},
            {"to": shared, "go": "x"},
            {"to": str(wanted), "go": "give"},
        ):
            assert (await browser.post(path, data=wrong)).status_code == 404


async def test_the_new_sentence_becomes_a_phrase_in_one_tap(any_portal: Portal) -> None:
    """It is added once, as it reads now; one that is too long stays where it is, and the page says so."""
    wanted = await begun(any_portal)
    async with any_portal.client("alice") as browser:
        for _ in range(2):
            answer = await browser.post(f"/journal/{wanted}/steadying")
            assert "among the phrases" in (await followed(browser, answer)).words
        kept = await steadying.load_steadying(await any_portal.cast.actor("alice"))
        assert list(kept.phrases) == [ANSWERS["reframe.new_meaning"]]
        long = EntryDocument("reframe", answers={"reframe.new_meaning": "x" * 301})
        other = (await written(any_portal.cast, document=long)).id
        answer = await browser.post(f"/journal/{other}/steadying")
        assert "It was not added" in (await followed(browser, answer)).words
        bare = EntryDocument("reframe", answers={"reframe.old_meaning": "x"})
        other = (await written(any_portal.cast, document=bare)).id
        assert (await browser.post(f"/journal/{other}/steadying")).status_code == 404


async def test_a_triggers_page_has_what_was_written_under_its_name(any_portal: Portal) -> None:
    """Old and new sentence, a moment and what steadied, by date; the name is suggested and in no address."""
    answers = ANSWERS | {"reframe.trigger_name": "Crowded rooms"}
    wanted = (await written(any_portal.cast, document=EntryDocument("reframe", answers=answers))).id
    log = EntryDocument(
        "grounding",
        answers={"ground.trigger_name": "crowded rooms", "ground.skill": "orient", "ground.helped": "bit"},
    )
    any_portal.cast.clock.forward(minutes=1)
    await written(any_portal.cast, document=log)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/moments")
        suggested = [
            one.attributes["value"] for one in page.markup.all("option") if "value" in one.attributes
        ]
        assert suggested == ["crowded rooms"]
        refused = await browser.post("/moments", data=page.filled({"line": "x", "trigger": "y" * 61}))
        assert refused.status_code == 422
        assert Page.of(refused).value("trigger") == "y" * 61
        sent = page.filled({"line": "I stayed.", "trigger": "Crowded rooms"})
        await followed(browser, await browser.post("/moments", data=sent))
        for path in (f"/journal/{wanted}/edit", "/journal/new?kind=grounding"):
            assert "triggers-known" in (await browser.get(path)).text
        assert (await opened(browser, "/journal")).markup.all("a", href="/triggers")
        listed = await opened(browser, "/triggers")
        (link,) = [one for one in listed.markup.all("a") if "/triggers/" in one.attributes["href"]]
        assert "rooms" not in link.attributes["href"].lower()
        read = await opened(browser, link.attributes["href"])
        for words in ("I am too much.", "I was a child", "I stayed.", "What steadied", "A bit"):
            assert words in read.words
        assert f'href="/triggers/{wanted}"' in (await browser.get(f"/journal/{wanted}")).text
        assert (await browser.get(f"/triggers/{wanted}?n=7")).status_code == 404
    async with any_portal.client("dana") as browser:
        assert "rooms" not in (await browser.get("/triggers")).text.lower()
        assert (await browser.get(f"/triggers/{wanted}")).status_code == 404


async def test_a_triggers_page_folds_what_has_a_content_note(any_portal: Portal) -> None:
    """The words of a marked entry wait behind its note; those of another stand there."""
    for meaning, note in (("I am too much.", "About the fire"), ("I am slow.", "")):
        answers = {"reframe.old_meaning": meaning, "reframe.trigger_name": "Sundays"}
        await written(any_portal.cast, document=EntryDocument("reframe", note=note, answers={**answers}))
    async with any_portal.client("alice") as browser:
        (link,) = (await opened(browser, "/triggers")).markup.all("a", within="ways")
        page = await opened(browser, link.attributes["href"])
    folded = [one for one in page.markup.all("details") if "About the fire" in one.words]
    assert ["I am too much." in one.words for one in folded] == [True]
    assert "I am slow." not in folded[0].words
    assert "I am slow." in page.words


async def test_a_triggers_page_says_what_steadied_of_that_alone(portal: Portal) -> None:
    """A skill that did not help, made it worse or was not judged did not steady."""
    for skill, helped in (
        ("orient", "yes"), ("categories", "bit"), ("body_scan", "worse"), ("container", "no"), ("cold_warm", ""),
    ):  # fmt: skip
        answers = {"ground.skill": skill, "ground.helped": helped, "ground.trigger_name": "Sundays"}
        kept = {name: answer for name, answer in answers.items() if answer}
        await written(portal.cast, document=EntryDocument("grounding", answers={**kept}))
    async with portal.client("alice") as browser:
        (link,) = (await opened(browser, "/triggers")).markup.all("a", within="ways")
        words = (await opened(browser, link.attributes["href"])).words
    for skill, label in (
        ("Look around", "steadied"), ("Name a list", "steadied"), ("Slow look through the body", "was tried"),
        ("The container", "was tried"), ("Cool or warm", "was tried"),
    ):  # fmt: skip
        assert f"What {label}{skill}" in words


async def test_a_trigger_goes_where_its_name_goes(portal: Portal) -> None:
    """Renamed in one place it is two; where it was taken away, or its entry deleted, nothing of it is listed."""
    answers = {"reframe.old_meaning": "I am too much.", "reframe.trigger_name": "Sundays"}
    first, second = [
        (await written(portal.cast, document=EntryDocument("reframe", answers={**answers}))).id
        for _ in range(2)
    ]

    async def names() -> list[str]:
        listed = await opened(browser, "/triggers")
        return sorted(one.words for one in listed.markup.all("a", within="ways"))

    async with portal.client("alice") as browser:
        assert await names() == ["Sundays"]
        for name in ("Free time", ""):
            page = await opened(browser, f"/journal/{first}/edit")
            sent = page.filled({"reframe.trigger_name": name}) | {"go": "done"}
            await followed(browser, await browser.post(f"/journal/{first}", data=sent))
            assert await names() == sorted(filter(None, ["Sundays", name]))
            assert (await browser.get(f"/triggers/{first}")).status_code == (200 if name else 404)
        assert (await opened(browser, f"/triggers/{second}")).heading == "Sundays"
        page = await opened(browser, f"/journal/{second}/deletion")
        await browser.post(f"/journal/{second}/deletion", data=page.fields)
        assert await names() == []
        assert (await browser.get(f"/triggers/{second}")).status_code == 404
        assert "Sundays" not in (await browser.get("/journal/new?kind=reframe")).text


async def test_an_offered_reframe_that_is_erased_makes_room_for_no_other_that_day(any_portal: Portal) -> None:
    """Deleted and erased at once: the day had its offer, and the next has one."""
    cast = any_portal.cast
    for words in ("I am too much.", "It was my job."):
        await written(cast, document=EntryDocument("reframe", answers={"reframe.old_meaning": words}))
    cast.clock.forward(hours=25)
    await signed_in_again(cast)
    async with any_portal.client("alice") as browser:
        assert (await opened(browser, "/")).markup.all("section", **{"class": "offer"})
        alice = await cast.actor("alice")
        there, plan = await reframes.list_reframes(alice), await load_my_sessions(alice)
        _, found = await offers.choose_for_home(alice, there, plan)
        assert found is not None
        where = f"/journal/{found.entry.id}"
        assert (await browser.post(f"{where}/deletion")).status_code == 303
        assert (await browser.post(f"{where}/erasure")).status_code == 303
        assert not (await opened(browser, "/")).markup.all("section", **{"class": "offer"})
    cast.clock.forward(days=1)
    await signed_in_again(cast)
    async with any_portal.client("alice") as browser:
        assert (await opened(browser, "/")).markup.all("section", **{"class": "offer"})


async def test_numbers_of_another_day_are_no_first_ratings(any_portal: Portal) -> None:
    """A day after it was begun its form asks for none; a page of before says so, keeps what was typed, changes none."""
    cast = any_portal.cast
    first: dict[str, Answer] = {
        "reframe.old_meaning": "I am too much.",
        "reframe.old_belief_before": 80,
        "reframe.new_belief": 20,
    }
    one = await written(cast, document=EntryDocument("reframe", answers=dict(first)))
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{one.id}/edit")
        assert (await pressed(browser, page, reframe__old_belief_before="70")).status_code == 303
        page = await opened(browser, f"/journal/{one.id}/edit")
    cast.clock.forward(days=3)
    await signed_in_again(cast)
    async with any_portal.client("alice") as browser:
        typed = {"reframe__old_belief_before": "10", "reframe__old_belief_after": "5"}
        told = await pressed(browser, page, **typed, reframe__new_meaning="Enough.")
        shown = Page.of(told)
        assert told.status_code == 422
        assert shown.words.count("Your first numbers stay as they were.") >= 2
        assert (shown.value("reframe.old_belief_before"), shown.value("reframe.old_belief_after")) == (
            "10",
            "5",
        )
        again = await opened(browser, f"/journal/{one.id}/edit")
        assert not any(
            name.endswith(("belief_before", "belief_after", "new_belief", "voc")) for name in again.fields
        )
        assert again.markup.all("a", href=f"/journal/{one.id}/revisits")
        assert (await pressed(browser, again, reframe__cost="Sleep")).status_code == 303
    answers = (await entries.load_entry(await cast.actor("alice"), one.id)).document.answers
    assert answers == first | {
        "reframe.old_belief_before": 70,
        "reframe.new_meaning": "Enough.",
        "reframe.cost": "Sleep",
    }


@pytest.mark.parametrize("note", ["", "the window"])
async def test_a_small_step_stands_behind_the_content_note_of_its_entry(portal: Portal, note: str) -> None:
    """On home and on its own page, what was written is folded under the note, where there is one."""
    step: dict[str, Answer] = {"reframe.test_action": "Sit down first.", "reframe.test_due": "2026-11-22"}
    wanted = (
        await written(portal.cast, document=EntryDocument("reframe", note=note, answers=ANSWERS | step))
    ).id
    async with portal.client("alice") as browser:
        for path in ("/", f"/journal/{wanted}/step"):
            page = await opened(browser, path)
            folded = [one.words for one in page.markup.all("summary")]
            assert any("Before you read: the window" in words for words in folded) is bool(note), path
            (words,) = (
                one for one in page.markup.all("div", **{"class": "words"}) if "down first" in one.words
            )
            assert ("details" in words.within) is (bool(note) or path == "/")
        await browser.post("/moments", data={"reframe": str(wanted), "line": "She laughed.", "day": ""})
        page = await opened(browser, f"/journal/{wanted}/revisits")
        (added,) = (one.words for one in page.markup.all("summary") if "you added" in one.words)
        assert ("Before you read: the window" in added) is bool(note)


async def test_what_can_be_removed_is_named_by_its_button(portal: Portal) -> None:
    """Whoever hears the page tells one button from the next."""
    wanted = await begun(portal)
    async with portal.client("alice") as browser:
        for words in ("softer", "the same"):
            await browser.post(f"/journal/{wanted}/revisits", data=REVISIT | {"line": words})
            line = {"reframe": str(wanted), "line": f"A moment, {words}", "day": ""}
            await browser.post("/moments", data=line)
        page = await opened(browser, f"/journal/{wanted}/revisits")
        buttons = [one for one in page.markup.all("button") if one.words == "Remove"]
        names = [one.attributes.get("aria-label") or one.words for one in buttons]
        assert len(names) == len(set(names)) == 4
        assert all(name.startswith("Remove") for name in names)
