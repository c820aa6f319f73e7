"""A form asks what fits: a few questions first, what comes later once it is due, and chosen words carried over."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from journal.catalogue.fields import WRITTEN_KINDS, EntryKind
from journal.catalogue.forms import get_due_form, get_written_form
from journal.catalogue.reframe import FIRST_RATINGS
from journal.entries import entries
from tests.cast import PASSWORDS
from tests.portal.browsing import Page, action, opened, pressed
from tests.portal.conftest import Portal
from tests.shared_material import dosing, plan_course, write

FIRST = {
    "integration": {
        "int.meaning",
        "int.different",
        "int.unsure",
        "int.one_action",
        "int.confidence",
        "int.top3",
    },
    "reframe": {
        "reframe.old_meaning",
        "reframe.old_belief_before",
        "reframe.emotions",
        "reframe.session_light",
        "reframe.new_meaning",
        "reframe.new_belief",
        "reframe.voc",
        "reframe.old_belief_after",
        "reframe.test_action",
        "reframe.test_due",
    },
}


def asked(page: Page, *, within: str = "") -> set[str]:
    """The ids of the questions on a page."""
    return {one.attributes["value"] for one in page.markup.all("input", within=within, name="fields")}


@pytest.mark.parametrize("kind", list(FIRST))
async def test_a_few_questions_come_first(portal: Portal, kind: str) -> None:
    """Five questions with what belongs to them stand open; the others are a tap away, and the title is last."""
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/new?kind={kind}")
    closed = asked(page, within="disclosure")
    assert asked(page) - closed == FIRST[kind]
    assert closed
    (more,) = [one for one in page.markup.all("details") if "More questions" in one.words]
    assert "open" not in more.attributes
    text = page.answer.text
    assert text.index('name="title"') > max(text.index(f'value="{one}"') for one in asked(page))


@pytest.mark.parametrize("kind", WRITTEN_KINDS)
async def test_the_title_is_asked_last(portal: Portal, kind: EntryKind) -> None:
    """Nobody has to name what is not written yet."""
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/new?kind={kind.value}")
    text = page.answer.text
    assert text.index('name="title"') > max(text.index(f'value="{one}"') for one in asked(page))


async def test_what_comes_later_is_asked_once_it_is_due(any_portal: Portal) -> None:
    """How the step went is asked a week after the entry was begun, first of all, and not before."""
    later = {"int.stayed", "int.followup", "int.learned"}
    entry = await write(any_portal.cast, "integration", {"int.one_action": "Ring Kim."})
    async with any_portal.client("alice") as browser:
        assert later.isdisjoint(asked(await opened(browser, "/journal/new?kind=integration")))
        assert later.isdisjoint(asked(await opened(browser, f"/journal/{entry}/edit")))
    any_portal.cast.clock.forward(days=7)
    async with any_portal.client() as browser:
        await browser.post("/sign-in", data={"email": "alice@example.org", "password": PASSWORDS["alice"]})
        page = await opened(browser, f"/journal/{entry}/edit")
        assert next(iter(page.markup.all("input", name="fields"))).attributes["value"] == "int.stayed"
        assert later <= asked(page) - asked(page, within="disclosure")
        assert later.isdisjoint(asked(await opened(browser, "/journal/new?kind=integration")))


@pytest.mark.parametrize("kind", WRITTEN_KINDS)
@pytest.mark.parametrize("age", [None, timedelta(days=6, hours=23), timedelta(days=7)])
def test_no_question_is_lost(kind: EntryKind, age: timedelta | None) -> None:
    """Each is asked once: answered ones always, one for later when it is due, first ratings on the first day alone."""
    form = get_written_form(kind)
    everything = {one.id for one in form.fields} - (FIRST_RATINGS if age else frozenset())
    assert sorted(one.id for one in get_due_form(kind, everything, age).fields) == sorted(everything)
    due = {one.id for one in get_due_form(kind, (), age).fields}
    waiting = {one.id for one in form.fields if age is None or age < timedelta(days=one.after_days)}
    assert everything - due == {one.id for one in form.fields if one.after_days} & waiting


async def test_a_reframe_begins_with_the_chosen_words(any_portal: Portal) -> None:
    """It carries the answer, the session and the note; nothing is stored by looking, and no word is in an address."""
    cast = any_portal.cast
    await plan_course(cast)
    about = (await dosing(cast))[0]
    answers = {
        "int.meaning": "That I have to watch.",
        "int.different": "The door.",
        "int.reframe_link": "yes",
    }
    entry = await write(cast, "integration", answers, about=about)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{entry}")
        links = [one for one in page.markup.all("a") if "kind=reframe" in one.attributes["href"]]
        assert [one.words for one in links] == [
            "What might this be showing you, if anything?",
            "What looks different now?",
        ]
        assert "watch" not in links[0].attributes["href"]
        new = await opened(browser, links[0].attributes["href"])
        assert new.value("reframe.old_meaning") == "That I have to watch."
        assert new.value("session") == about.id.hex
        where = new.markup.one("form", within="main", method="post")
        answer = await browser.post(where.attributes["action"], data=new.filled({"go": "done"}))
        assert answer.status_code == 303
        made = await opened(browser, answer.headers["location"])
        assert "That I have to watch." in made.words
    alice = await cast.actor("alice")
    assert (await entries.load_entry(alice, entry)).document.answers == answers


@pytest.mark.parametrize("part", ["int.not_ready", "int.top3", "title", "", "int.different"])
async def test_a_reframe_begins_with_nothing_else(portal: Portal, part: str) -> None:
    """What is not there, or no sentence to look at, and an entry of nobody are not found."""
    entry = await write(portal.cast, "integration", {"int.meaning": "A word.", "int.not_ready": "x"})
    async with portal.client("alice") as browser:
        for ident in (entry, uuid4(), "nonsense"):
            answer = await browser.get(f"/journal/new?kind=reframe&from={ident}&part={part}")
            assert answer.status_code == 404
    async with portal.client("dana") as browser:
        assert (
            await browser.get(f"/journal/new?kind=reframe&from={entry}&part=int.meaning")
        ).status_code == 404


@pytest.mark.parametrize("kind", ["free", "preparation", "integration"])
async def test_whoever_begins_can_type_at_once(portal: Portal, kind: str) -> None:
    """The cursor stands in the first question of a new entry, and nowhere once there are words."""
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/new?kind={kind}")
        (first,) = [one.attributes for one in page.markup.elements if "autofocus" in one.attributes]
        assert first["name"] == page.markup.all("input", within="main", name="fields")[0].attributes["value"]
        where = action(page)
        await pressed(browser, page, "done", **{first["name"].replace(".", "__"): "The sea"})
        again = await opened(browser, f"{where}/edit")
        assert not [one for one in again.markup.elements if "autofocus" in one.attributes]
