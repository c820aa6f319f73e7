"""A note in one tap, what follows when it got worse, and the page of what steadies a patient."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from journal.catalogue.fields import EntryKind
from journal.entries import by_kind, entries
from journal.grounding import steadying, uses
from journal.reframing import triggers
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.cast import Cast
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import in_session, rested, written


async def notes(cast: Cast) -> tuple[Entry, ...]:
    """Alice's notes of grounding."""
    return (await by_kind.load_entries_of_kinds(await cast.actor("alice"), {EntryKind.GROUNDING}))[1]


async def kept(browser, path: str = "/ground/feet_hands") -> str:
    """Keep a note of a skill by its one button; return where that leads."""
    page = await opened(browser, path)
    answer = await browser.post("/ground/note", data=page.fields)
    assert answer.status_code == 303
    where: str = answer.headers["location"]
    return where


async def test_one_tap_keeps_a_note(any_portal: Portal) -> None:
    """The button alone is enough; pressed twice it keeps one, and nothing that was said meanwhile is taken back."""
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/ground/feet_hands")
        for _ in range(2):
            told = await browser.post("/ground/note", data=page.fields)
            assert told.status_code == 303
        (note,) = await notes(any_portal.cast)
        assert note.document.answers == {"ground.skill": "feet_hands"}
        more = await opened(browser, told.headers["location"])
        assert more.heading == "Feet and hands"
        said = {"ground.helped": "bit", "ground.suds_before": "6", "ground.suds_after": "4"}
        saved = await browser.post("/ground/note", data=more.fields | said)
        assert saved.headers["location"] == "/steady?done=note"
        await browser.post("/ground/note", data=page.fields)
    (note,) = await notes(any_portal.cast)
    assert note.document.answers == {
        "ground.skill": "feet_hands",
        "ground.suds_before": 6,
        "ground.suds_after": 4,
        "ground.helped": "bit",
    }


async def test_what_cannot_be_kept_stays_on_the_page(any_portal: Portal) -> None:
    """A rating out of range is refused with a reason; what else was said is saved, and nothing typed is lost."""
    async with any_portal.client("alice") as browser:
        more = await opened(browser, await kept(browser))
        said = {"ground.helped": "no", "ground.suds_after": "11", "ground.note": "My own words."}
        refused = await browser.post("/ground/note", data=more.fields | said)
        assert refused.status_code == 422
        assert "0 to 10" in refused.text
        assert "My own words." in refused.text
        stale = await browser.post("/ground/note", data=more.fields | {"ground.note": "Other words."})
        assert stale.status_code == 409
        assert "Other words." in stale.text
    (note,) = await notes(any_portal.cast)
    assert note.document.answers["ground.note"] == "My own words."


async def test_much_distress_offers_grounding_first_and_keeps_everything(any_portal: Portal) -> None:
    """Eight or more of ten leads to the note with the offer on top; it is saved."""
    async with any_portal.client("alice") as browser:
        more = await opened(browser, await kept(browser))
        told = await browser.post("/ground/note", data=more.fields | {"ground.suds_after": "8"})
        page = await opened(browser, told.headers["location"])
        assert page.markup.all("a", within="notice", href="/ground")
    (note,) = await notes(any_portal.cast)
    assert note.document.answers["ground.suds_after"] == 8


@pytest.mark.parametrize(("used", "comes"), [("container", "Look around"), ("orient", "Five senses")])
async def test_worse_brings_another_way_at_once(any_portal: Portal, used: str, comes: str) -> None:
    """The steps stand there at once; below are the offers to hide the skill and to share the note, for its owner."""
    async with any_portal.client("alice") as browser:
        more = await opened(browser, await kept(browser, f"/ground/{used}"))
        told = await browser.post("/ground/note", data=more.fields | {"ground.helped": "worse"})
        where = told.headers["location"]
        page = await opened(browser, where)
        assert page.heading == comes
        (note,) = await notes(any_portal.cast)
        assert page.markup.all("a", href=f"/journal/{note.id}/shares")
        hidden = await browser.post("/steady/hidden", data={"skill": used, "go": "hide"})
        assert hidden.headers["location"] == "/steady?done=hidden"
        assert (
            f"/ground/{used}" not in (await browser.get("/ground")).text.partition('class="ground-notes"')[0]
        )
        await browser.post("/steady/hidden", data={"skill": used, "go": "show"})
        assert f"/ground/{used}" in (await browser.get("/ground")).text
        assert (await browser.post("/steady/hidden", data={"skill": "x"})).status_code == 404
    async with any_portal.client("dana") as browser:
        assert (await browser.get(where)).status_code == 404
        assert (await browser.get(f"/ground/note?log={note.id}")).status_code == 404
        stolen = {"ident": str(note.id), "skill": "orient"}
        assert (await browser.post("/ground/note", data=stolen)).status_code == 404


async def test_an_entry_that_got_worse_leads_there_too(any_portal: Portal) -> None:
    """Written on the journal's own page, "It got worse" brings the same."""
    one = await written(
        any_portal.cast, document=EntryDocument("grounding", answers={"ground.skill": "container"})
    )
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{one.id}/edit")
        told = await browser.post(f"/journal/{one.id}", data=page.fields | {"ground.helped": "worse"})
        assert told.headers["location"] == f"/ground/worse?log={one.id}"


async def test_a_note_is_of_a_skill_that_there_is(any_portal: Portal) -> None:
    """Another skill, an own one that is not there, no id, or an entry of another kind: not found, nothing kept."""
    other = await written(any_portal.cast)
    async with any_portal.client("alice") as browser:
        for sent in (
            {"ident": str(uuid4()), "skill": "nothing"},
            {"ident": str(uuid4()), "skill": "own", "number": "3"},
            {"ident": "x", "skill": "orient"},
            {"ident": str(other.id)},
        ):
            assert (await browser.post("/ground/note", data=sent)).status_code == 404
        stray = {"ident": str(other.id), "skill": "orient", "go": "worse"}
        told = await browser.post("/ground/note", data=stray)
        assert (await browser.get(told.headers["location"])).status_code == 404
        assert (await browser.get(f"/ground/worse?log={other.id}")).status_code == 404
        assert (await browser.get("/ground/worse")).headers["location"] == "/ground"
    assert await notes(any_portal.cast) == ()
    assert (
        await entries.load_entry(await any_portal.cast.actor("alice"), other.id)
    ).revision == other.revision


async def test_phrases_and_skills_are_written_on_the_page(any_portal: Portal) -> None:
    """Added, changed and removed without a script; what is refused stays in its field, with the reason."""
    async with any_portal.client("alice") as browser:
        assert (await browser.post("/steady", data={"phrase": "The tide turns."})).status_code == 303
        refused = await browser.post("/steady", data={"phrase": "x" * 301})
        assert refused.status_code == 422
        assert "x" * 301 in refused.text
        form = await opened(browser, "/steady/skill")
        assert len(form.fields["steps"]) == 8
        refused = await browser.post("/steady/skill", data=form.fields | {"name": "", "steps": ["Take one."]})
        assert (refused.status_code, "Take one." in refused.text) == (422, True)
        typed = {"name": "River stones", "steps": ["Take one.", "Feel its edge."]}
        assert (await browser.post("/steady/skill", data=form.fields | typed)).status_code == 303
        page = await opened(browser, "/steady?done=skill")
        assert "The tide turns." in page.words
        assert page.markup.all("a", href="/ground/own?skill=1")
        change = await opened(browser, "/steady/skill?skill=1")
        await browser.post("/steady/removal", data={"phrase": "The tide turns."})
        stale = await browser.post("/steady/skill", data=change.fields | {"name": "Pebbles"})
        assert (stale.status_code, "Pebbles" in stale.text) == (409, True)
        again = await browser.post("/steady/skill", data=change.fields | {"name": "Pebbles", "revision": "3"})
        assert again.status_code == 303
        removed = await browser.post("/steady/skill/removal", data={"number": "1", "revision": "4"})
        assert removed.headers["location"] == "/steady?done=removed"
        for strange in ("9", "x", "25", "1" * 5000):
            assert (await browser.get("/steady/skill", params={"skill": strange})).status_code == 404
            sent = {"number": strange, "revision": "5"}
            assert (await browser.post("/steady/skill/removal", data=sent)).status_code == 404
        assert "The tide turns." not in (await opened(browser, "/steady?done=made-up")).words
    assert (await steadying.load_steadying(await any_portal.cast.actor("alice"))).answers == {}


async def test_the_record_has_no_other_way_in(any_portal: Portal) -> None:
    """It is read among the entries and shared from there; to change it leads to its own page, which checks."""
    alice = await any_portal.cast.actor("alice")
    await steadying.add_phrase(alice, "The tide turns.")
    (_, (record,)) = await by_kind.load_entries_of_kinds(alice, {EntryKind.STEADY})
    async with any_portal.client("alice") as browser:
        assert "The tide turns." in (await opened(browser, f"/journal/{record.id}")).words
        assert (await browser.get(f"/journal/{record.id}/edit")).headers["location"] == "/steady"
        sent = {"revision": "1", "kind": "steady", "steady.phrases": "x\n" * 900}
        assert (await browser.post(f"/journal/{record.id}", data=sent)).status_code == 404
        new = {**sent, "revision": "0"}
        assert (await browser.post(f"/journal/{uuid4()}", data=new)).status_code == 404
        assert (await browser.get("/journal/new?kind=steady")).status_code == 404


async def test_counts_are_plain_and_in_the_catalogues_order(any_portal: Portal) -> None:
    """Each skill with how often it was used and what was said; the best stands nowhere, and nobody else's counts."""
    for skill, own, helped in (
        ("own", "Zebra", "yes"),
        ("feet_hands", "", "worse"),
        ("feet_hands", "", ""),
        ("own", "Apple", "no"),
        ("orient", "", "bit"),
        ("orient", "", "yes"),
        ("gone", "", "yes"),
    ):
        answers = {"ground.skill": skill, "ground.own": own, "ground.helped": helped}
        document = EntryDocument("grounding", answers={key: one for key, one in answers.items() if one})
        await entries.save_entry(await any_portal.cast.actor("alice"), uuid4(), 0, document)
    _, counted = await uses.load_log(await any_portal.cast.actor("alice"))
    assert [(one.skill, one.name, one.used, one.yes, one.bit, one.no, one.worse) for one in counted] == [
        ("orient", "", 2, 1, 1, 0, 0),
        ("feet_hands", "", 2, 0, 0, 0, 1),
        ("own", "Apple", 1, 0, 0, 1, 0),
        ("own", "Zebra", 1, 1, 0, 0, 0),
    ]
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/steady")
        assert "%" not in page.words
        rows = [one.words for one in page.markup.all("h3", within="ground-uses")]
        assert "Used 2 times. Helped: 1. A bit: 1. Did not help: 0. Got worse: 0." in page.words
        assert rows == ["Look around", "Feet and hands", "Apple", "Zebra"]
    async with any_portal.client("dana") as browser:
        assert (await opened(browser, "/steady")).markup.all("h3") == []


async def test_while_a_session_may_be_felt_only_phrases_are_there(any_portal: Portal) -> None:
    """No counts, no form and no skill that was not checked: phrases, and the way to the five skills."""
    alice = await any_portal.cast.actor("alice")
    await steadying.add_phrase(alice, "The tide turns.")
    await steadying.save_own_skill(alice, "", 0, "River stones", ["Take one."])
    await uses.keep_note(alice, UUID(int=7), "orient")
    await in_session(any_portal.cast)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/steady")
        assert "The tide turns." in page.words
        assert "River stones" not in page.words
        assert page.markup.all("h3", within="ground-uses") == page.markup.all("form", within="main") == []
        assert 'class="dark large"' in page.answer.text


async def test_an_own_skill_has_its_note(any_portal: Portal) -> None:
    """The note of a skill of one's own carries its name, and its counts stand under it."""
    alice = await any_portal.cast.actor("alice")
    await steadying.save_own_skill(alice, "", 0, "River stones", ["Take one."])
    async with any_portal.client("alice") as browser:
        more = await opened(browser, await kept(browser, "/ground/own?skill=1"))
        assert more.heading == "River stones"
    (note,) = await notes(any_portal.cast)
    assert note.document.answers == {"ground.skill": "own", "ground.own": "River stones"}


async def test_an_own_skill_that_got_worse_can_be_removed(any_portal: Portal) -> None:
    """It is not of the catalogue and is not hidden: below the steps one tap removes it, and that alone."""
    alice = await any_portal.cast.actor("alice")
    for name in ("Pebbles", "River stones"):
        await steadying.save_own_skill(alice, "", 0, name, ["Take one."])
    async with any_portal.client("alice") as browser:
        more = await opened(browser, await kept(browser, "/ground/own?skill=2"))
        told = await browser.post("/ground/note", data=more.fields | {"ground.helped": "worse"})
        where = told.headers["location"]
        page = await opened(browser, where)
        assert page.heading == "Look around"
        sent = {name: page.fields[name] for name in ("number", "revision")}
        assert (await browser.post("/steady/skill/removal", data=sent)).status_code == 303
        again = await opened(browser, where)
        assert again.markup.all("form", action="/steady/skill/removal") == []
    own = (await steadying.load_steadying(await any_portal.cast.actor("alice"))).skills
    assert [one.name for one in own.values()] == ["Pebbles"]


async def test_a_note_can_name_what_set_it_off(any_portal: Portal) -> None:
    """Names given before are suggested; one that is too long is refused and stays in its field."""
    answers = {"reframe.old_meaning": "x", "reframe.trigger_name": "Sundays"}
    await written(any_portal.cast, document=EntryDocument("reframe", answers={**answers}))
    async with any_portal.client("alice") as browser:
        more = await opened(browser, await kept(browser))
        assert [one.attributes["value"] for one in more.markup.all("option")] == ["Sundays"]
        refused = await browser.post("/ground/note", data=more.fields | {"ground.trigger_name": "x" * 61})
        assert refused.status_code == 422
        assert "x" * 61 in refused.text
        again = Page.of(refused)
        sent = again.fields | {"ground.trigger_name": "sundays"}
        assert (await browser.post("/ground/note", data=sent)).status_code == 303
    (one,) = await triggers.list_triggers(await any_portal.cast.actor("alice"))
    assert len(one.occurrences) == 2


async def test_a_note_asks_for_no_number_until_somebody_has_rested(any_portal: Portal) -> None:
    """Whether it helped and a few words are asked; what was said before, or on a page of before, is kept."""
    async with any_portal.client("alice") as browser:
        before = await opened(browser, await kept(browser))
        said = before.fields | {"ground.suds_before": "6", "ground.context": "before"}
        assert (await browser.post("/ground/note", data=said)).status_code == 303
        other = await opened(browser, await kept(browser, "/ground/orient"))
    session = await in_session(any_portal.cast)
    first, second = before.fields["ident"][0], other.fields["ident"][0]
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/ground/note?log={first}")
        assert {"ground.helped", "ground.note"} == {
            one.attributes["name"]
            for one in page.markup.all(within="form")
            if "ground." in one.attributes.get("name", "")
        }
        assert (
            await browser.post("/ground/note", data=page.fields | {"ground.helped": "bit"})
        ).status_code == 303
        late = other.fields | {"ground.suds_after": "3"}
        assert (await browser.post("/ground/note", data=late)).status_code == 303
    found = {str(note.id): note.document.answers for note in await notes(any_portal.cast)}
    assert found[first] == {
        "ground.skill": "feet_hands", "ground.context": "before", "ground.suds_before": 6, "ground.helped": "bit",
    }  # fmt: skip
    assert found[second] == {"ground.skill": "orient", "ground.suds_after": 3}
    await rested(any_portal.cast, session)
    async with any_portal.client("alice") as browser:
        assert "ground.suds_after" in (await opened(browser, f"/ground/note?log={first}")).fields


async def test_it_gets_worse_is_one_tap_at_any_step(any_portal: Portal) -> None:
    """The tap keeps a note that says so, and looking around stands there; after a first tap it is the same note."""
    alice = await any_portal.cast.actor("alice")
    await steadying.save_own_skill(alice, "", 0, "River stones", ["Take one."])
    async with any_portal.client("alice") as browser:
        for path in ("/ground/body_scan", "/ground/own?skill=1"):
            page = await opened(browser, path)
            (button,) = page.markup.all("button", name="go", value="worse")
            assert "ground-step" not in button.within
            if "own" in path:
                await browser.post("/ground/note", data=page.fields)
            for _ in range(2):
                told = await browser.post("/ground/note", data=page.fields | {"go": "worse"})
                assert (await followed(browser, told)).heading == "Look around"
    found = [note.document.answers for note in await notes(any_portal.cast)]
    assert sorted(found, key=len) == [
        {"ground.skill": "body_scan", "ground.helped": "worse"},
        {"ground.skill": "own", "ground.own": "River stones", "ground.helped": "worse"},
    ]
