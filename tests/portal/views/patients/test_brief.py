"""The brief as a page: the session, the patient's words with their sources, and no word of anything else."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import msgspec

from journal.care import lifecycle, tables
from journal.care.links import load_link_with
from journal.catalogue.fields import WRITTEN_KINDS, Answer, EntryKind
from journal.coming_talk import answers as answers_to_set
from journal.coming_talk import items, setting
from journal.coming_talk.documents import Thing, Word
from journal.entries import entries
from journal.sessions.session import SessionKind
from journal.sharing import shares
from journal.vault.documents import EntryDocument
from tests.journal.notices.test_agreements import agreed
from tests.journal.notices.test_notices import choose, due
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.scenes import connected
from tests.shared_material import (
    dosing,
    everything,
    plan_course,
    plan_session,
    share,
    share_a_full_brief,
    write,
)

ORDER = [
    "To bring",
    "Please do not open with",
    "Since the last talk",
    "Intention",
    "The day of the session",
    "What came up",
    "What was set, and what came back",
    "Beliefs, old and new",
    "Triggers",
    "What steadies",
    "Made it worse",
    "Action and follow-up",
    "If they get frightened",
    "Check-ins",
    "Measures",
    "Plan note",
    "What the sitter noted",
]


async def path_of(portal: Portal) -> str:
    """The address of alice's brief."""
    return f"/patients/{(await portal.cast.actor('alice')).id}/brief"


def quoted(page: Page) -> list[str]:
    """Everything in quotation marks."""
    return [one.words for one in page.markup.all("q")]


async def test_a_full_brief_comes_in_its_order(any_portal: Portal) -> None:
    """Session facts, what to bring and not to open with, then what came up, beliefs, skills and the action."""
    await share_a_full_brief(any_portal.cast)
    async with any_portal.client("bob") as browser:
        page = await opened(browser, await path_of(any_portal))
    assert page.heading == "Alice Sample"
    assert (
        "Brief for the integration session about the 3rd dosing session: Sun 22 Nov 2026, 16:00" in page.words
    )
    facts = page.markup.one("p", **{"class": "brief-facts"}).words
    for fact in (
        "3rd dosing session of 6",
        "Fri 20 Nov 2026, 14:00 · 2 days ago",
        "At home",
        "Under the tongue",
        "First series",
        "200 mg as told",
    ):
        assert fact in facts
    assert [one.words for one in page.markup.all("h2", within="brief")] == ORDER
    assert "Not everything that Alice Sample shared fits here" in page.words


async def test_every_line_names_its_question_and_its_source(portal: Portal) -> None:
    """Beside each quotation stand the question, the patient's own title, the day and a link to the copy."""
    await plan_course(portal.cast)
    third = (await dosing(portal.cast))[2]
    answers: dict[str, Answer] = {
        "int.top3": "the door\nmy hands",
        "int.one_action": "Walk to the lake.\n\nSit there.",
        "int.confidence": 6,
    }
    entry = await write(portal.cast, "integration", answers, title="A door", about=third)
    copy = await share(portal.cast, entry)
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
        assert quoted(page) == ["the door", "my hands", "Walk to the lake.", "Sit there."]
        assert "Walk to the lake. / Sit there." in page.words
        sources = page.markup.all("a", **{"class": "brief-from"})
        assert {one.words for one in sources} == {"A door, 22 Nov 2026"}
        assert [one.words for one in page.markup.all("span", **{"class": "brief-told"})] == [
            "Doable: 6 of 10"
        ]
        assert (await browser.get(sources[0].attributes["href"])).status_code == 200
        assert sources[0].attributes["href"].endswith(f"/shared/{copy}")


async def test_the_question_stands_above_its_quotation(portal: Portal) -> None:
    """Question and source are read before the patient's words, once for the answers to one; some a heading asks."""
    await plan_course(portal.cast)
    answers: dict[str, Answer] = {
        "int.top3": "the door\nmy hands",
        "int.not_first": "My mother.",
        "int.different": "The stairs.",
    }
    await share(portal.cast, await write(portal.cast, "integration", answers, title="A door"))
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    told = [
        one.words
        for one in page.markup.elements
        if "brief" in one.within
        and (one.attributes.get("class") in ("brief-asked", "brief-from") or one.tag in ("h2", "q"))
    ]
    assert told == [
        "To bring",
        "A door, 22 Nov 2026",
        "the door",
        "my hands",
        "Please do not open with",
        "A door, 22 Nov 2026",
        "My mother.",
        "Since the last talk",
        "What came up",
        "What looks different now?",
        "A door, 22 Nov 2026",
        "The stairs.",
    ]


async def test_before_a_preparation_session_what_was_prepared_is_told(any_portal: Portal) -> None:
    """The page says that it is for the preparation session, and tells intention, hopes, fears and boundaries."""
    cast = any_portal.cast
    await plan_course(cast)
    fourth = (await dosing(cast))[3]
    await plan_session(cast, SessionKind.PREPARATION, "2026-11-22T15:00", about=fourth)
    answers: dict[str, Answer] = {
        "prep.intention": "To rest.",
        "prep.fears": "Not coming back.",
        "prep.boundaries": "No touch.",
        "prep.for_therapist": "Ask me about sleep.",
    }
    await share(cast, await write(cast, "preparation", answers, about=fourth))
    async with any_portal.client("bob") as browser:
        page = await opened(browser, await path_of(any_portal))
    assert (
        "Brief for the preparation session before the 4th dosing session: Sun 22 Nov 2026, 15:00"
        in page.words
    )
    assert [one.words for one in page.markup.all("h2", within="brief")] == [
        "To bring",
        "Since the last talk",
        "Intention",
        "Hopes and fears",
        "Place, people and boundaries",
    ]
    assert quoted(page) == ["Ask me about sleep.", "To rest.", "Not coming back.", "No touch."]


async def test_another_session_can_be_chosen(any_portal: Portal) -> None:
    """The coming and the recent sessions are listed with their dates, as links to their own briefs."""
    await plan_course(any_portal.cast)
    path = await path_of(any_portal)
    async with any_portal.client("bob") as browser:
        page = await opened(browser, path)
        others = page.markup.all("a", within="disclosure-body")
        assert [one.words for one in others[:2]] == [
            "Fri 27 Nov 2026, 14:00 · 4th dosing session",
            "Sun 29 Nov 2026, 16:00 · Integration session about the 4th dosing session",
        ]
        assert others[4].words == "Fri 20 Nov 2026, 14:00 · 3rd dosing session"
        assert len(others) == 8
        chosen = await opened(browser, others[5].attributes["href"])
        assert (
            "Brief for the integration session about the 2nd dosing session: Sun 15 Nov 2026" in chosen.words
        )
        for wrong in (uuid4(), "", "x" * 200, "%00"):
            assert (await browser.get(f"{path}?session={wrong}")).status_code == 404


async def test_a_skill_that_made_it_worse_is_told_as_such(portal: Portal) -> None:
    """It stands under its own heading, and nowhere among what steadies."""
    await plan_course(portal.cast)
    for skill, helped in (("orient", "worse"), ("feet_hands", "yes")):
        used: dict[str, Answer] = {"ground.skill": skill, "ground.helped": helped}
        await share(portal.cast, await write(portal.cast, "grounding", used))
    await share(portal.cast, await write(portal.cast, "preparation", {"prep.anchor": "orient"}))
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    steadies, worse = page.words.split("What steadies")[1].split("Made it worse")
    assert "Look around" not in steadies
    assert "Feet and hands" in steadies
    assert "Look around" in worse
    assert "It got worse" in worse


async def test_the_briefs_of_sessions_are_opened_from_them(portal: Portal) -> None:
    """A session's page and the patient's page lead to the brief for that session."""
    await plan_course(portal.cast)
    path = await path_of(portal)
    for session in (await dosing(portal.cast))[2:4]:
        async with portal.client("bob") as browser:
            page = await opened(browser, f"/sessions/{session.id}")
        assert page.markup.one("a", href=f"{path}?session={session.id}").words == "Open the brief"


async def test_beliefs_stand_side_by_side_and_are_never_struck_out(portal: Portal) -> None:
    """Old beside new, with how true each felt first, afterwards and lately; no colour or mark judges them."""
    await plan_course(portal.cast)
    first: dict[str, Answer] = {
        "reframe.old_meaning": "It was my job.",
        "reframe.old_belief_before": 90,
        "reframe.old_belief_after": 60,
        "reframe.new_meaning": "I was a child.",
        "reframe.new_belief": 30,
    }
    again: dict[str, Answer] = {
        "reframe.old_meaning": "it was my job",
        "reframe.old_belief_before": 45,
        "reframe.new_belief": 55,
    }
    for answers in (first, again):
        portal.cast.clock.forward(minutes=1)
        await share(portal.cast, await write(portal.cast, "reframe", answers))
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    assert quoted(page) == ["it was my job", "I was a child."]
    assert "Felt true: 90 → 60 afterwards → 45 lately" in page.words
    assert "Felt true: 30 → 55 lately" in page.words
    assert not re.search(r"<(s|del|strike)\b|line-through", page.answer.text)


async def test_the_words_of_a_marked_entry_are_folded_below_its_content_note(portal: Portal) -> None:
    """Quotation, belief and step alike, on screen and on paper; what is not marked stands open."""
    await plan_course(portal.cast)
    reframe: dict[str, Answer] = {
        "reframe.old_meaning": "It was my job.",
        "reframe.new_meaning": "I was a child.",
        "reframe.test_action": "Ask my sister.",
    }
    corridor: dict[str, Answer] = {"int.top3": "The corridor"}
    sea: dict[str, Answer] = {"int.top3": "The sea"}
    for kind, answers, note in (
        ("integration", corridor, "about the hospital"),
        ("integration", sea, ""),
        ("reframe", reframe, "about my father"),
    ):
        await share(portal.cast, await write(portal.cast, kind, answers, note=note))
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    folded = [one.words for one in page.markup.all("q", within="brief-note")]
    assert sorted(folded) == ["Ask my sister.", "I was a child.", "It was my job.", "The corridor"]
    assert [one.words for one in page.markup.all("summary", within="brief-note")].count(
        "Before you read: about the hospital"
    ) == 1
    assert "The sea" in quoted(page)
    assert not page.markup.all("details", **{"class": "brief-note", "open": ""})


async def test_the_day_of_a_step_is_written_as_every_other_day(portal: Portal) -> None:
    """A test action says by when in words."""
    await plan_course(portal.cast)
    answers: dict[str, Answer] = {"reframe.test_action": "Ask my sister.", "reframe.test_due": "2026-11-29"}
    await share(portal.cast, await write(portal.cast, "reframe", answers))
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    assert "To try by 29 Nov 2026" in page.words


async def test_grounding_is_told_in_words(portal: Portal) -> None:
    """Which skill, whether it helped in the patient's own answer, and the distress before and after."""
    await plan_course(portal.cast)
    used: dict[str, Answer] = {
        "ground.skill": "orient",
        "ground.helped": "worse",
        "ground.suds_before": 4,
        "ground.suds_after": 7,
    }
    await share(portal.cast, await write(portal.cast, "grounding", used))
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    assert "Look around" in page.words
    facts = [one.words for one in page.markup.all("span", **{"class": "brief-told"})]
    assert facts == ["Did it help? It got worse", "Distress 4 → 7"]
    assert "Grounding, 3rd dosing session, 22 Nov 2026" in page.words


async def test_what_they_typed_is_text(portal: Portal) -> None:
    """Markup in an answer or a title is shown as it was typed."""
    await plan_course(portal.cast)
    answers = {"int.top3": "<script>alert(1)</script> & more"}
    await share(portal.cast, await write(portal.cast, "integration", answers, title="<b>bold</b>"))
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    assert quoted(page) == ["<script>alert(1)</script> & more"]
    assert "<b>bold</b>, 22 Nov 2026" in page.words


async def test_without_anything_to_quote_it_stays_kind(portal: Portal) -> None:
    """No plan, nothing shared: no reproach, and no hint at what there may be besides."""
    await write(portal.cast, "integration", {"int.top3": "private"}, title="Private")
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    assert "No further talk is planned at present" in page.words
    assert "Nothing to quote yet" in page.words
    assert "rivate" not in page.words


async def test_paused_it_keeps_the_dates_alone(portal: Portal) -> None:
    """While sharing is paused, the brief says so neutrally and quotes nothing."""
    await share_a_full_brief(portal.cast, turns=1)
    await lifecycle.pause_sharing(await portal.cast.actor("alice"))
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    assert "Sharing is paused" in page.words
    assert "3rd dosing session of 6" in page.words
    assert quoted(page) == []


async def test_no_score_and_no_counting_of_success(portal: Portal) -> None:
    """The page has no total, no percentage and no word of praise or failure."""
    await share_a_full_brief(portal.cast)
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    assert not re.search(r"%|score|success|improve|streak|progress|healed|failed", page.words, re.IGNORECASE)


async def test_nothing_unshared_changes_a_byte(any_portal: Portal) -> None:
    """Whatever else she writes, answers or shares with another clinician, his page is the same to the letter."""
    cast = any_portal.cast
    await share_a_full_brief(cast, turns=1)
    link = await connected(cast, "charlie")
    alice = await cast.actor("alice")
    third = (await dosing(cast))[2]
    path = await path_of(any_portal)
    async with any_portal.client("bob") as browser:
        await opened(browser, path)  # from now on nothing of it is new
        before = await opened(browser, path)
        for kind in (*WRITTEN_KINDS, EntryKind.CHECK_IN, EntryKind.SITTER, EntryKind.MEASURE):
            answers = everything(kind, lambda field: f"private {field}")
            await write(cast, kind, answers, title="private", about=third)
        for item in (await answers_to_set.list_for_talk(alice))[0].items[1:]:
            document = EntryDocument("free", answers={"free.text": "private answer"})
            await entries.save_entry(alice, item.item.answer, 0, document)
        one = next(each for each in await shares.list_shares(alice) if each.document.kind == "integration")
        theirs = await shares.share_entry(alice, one.entry, link, ["int.top3"], previewed=1)
        mine = await entries.load_entry(alice, one.entry)
        changed = msgspec.structs.replace(mine.document, answers={"int.top3": "private change"})
        await entries.save_entry(alice, mine.id, mine.revision, changed)
        after = await opened(browser, path)
    assert after.answer.text == before.answer.text
    async with any_portal.client("charlie") as browser:
        page = await opened(browser, path)
    linked = {
        one.attributes["href"].rpartition("/")[2] for one in page.markup.all("a", within="brief-opening")
    }
    assert linked == {str(theirs)}, "of two clinicians each has the brief of their own copies"
    assert "private" not in page.words


async def test_opening_marks_exactly_what_it_quotes(any_portal: Portal) -> None:
    """Of far more than a page holds: every copy that a line links to is opened, and no other, nor one by its title."""
    await share_a_full_brief(any_portal.cast)
    async with any_portal.client("bob") as browser:
        page = await opened(browser, await path_of(any_portal))
    told = {
        UUID(one.attributes["href"].rpartition("/")[2])
        for one in page.markup.all("a")
        if "/shared/" in one.attributes.get("href", "") and "brief-titles" not in one.within
    }
    marked = {row["id"] for row in await tables.Share.filter(opened_at__isnull=False).values("id")}
    assert marked == told
    assert await tables.Share.filter(opened_at=None).exists()


async def test_stopping_to_share_changes_it_at_once(any_portal: Portal) -> None:
    """Between two openings one copy is taken back: no word, title or link of it is left, and the others stay."""
    cast = any_portal.cast
    await plan_course(cast)
    gone = await share(cast, await write(cast, "integration", {"int.top3": "the door"}, title="A door"))
    await share(cast, await write(cast, "integration", {"int.top3": "my hands"}, title="Hands"))
    async with any_portal.client("bob") as browser:
        path = await path_of(any_portal)
        assert sorted(quoted(await opened(browser, path))) == ["my hands", "the door"]
        await shares.revoke_share(await cast.actor("alice"), gone)
        page = await opened(browser, path)
    assert quoted(page) == ["my hands"]
    assert "door" not in page.answer.text
    assert str(gone) not in page.answer.text


async def test_what_was_set_stands_beside_what_came_of_it(any_portal: Portal) -> None:
    """Each with its why; an answer where it was shared, a word where one was said, and else neither."""
    cast = any_portal.cast
    await plan_course(cast)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    link = await load_link_with(bob, alice.id)
    talk = (await setting.load_talks_ahead(bob, link))[0].id
    things = [Thing("question", "own", f"Question {number}?", f"Why {number}") for number in range(4)]
    ids = await setting.set_things(bob, alice.id, talk, things)
    first, _, third, _ = await items.load_items(bob, link, talk)
    for item in (first, third):
        document = EntryDocument("free", answers={"free.text": f"An answer to {item.thing.words}"})
        await entries.save_entry(alice, item.answer, 0, document)
    await share(cast, first.answer)
    await answers_to_set.say_word(alice, ids[1], Word.NOT_NOW)
    async with any_portal.client("bob") as browser:
        page = await opened(browser, await path_of(any_portal))
    told = page.words.split("What was set, and what came back")[1]
    assert [told.index(f"Question {number}?") for number in range(4)] == sorted(
        told.index(f"Question {number}?") for number in range(4)
    )
    assert quoted(page) == ["An answer to Question 0?"]
    assert "Alice Sample said on 22 Nov 2026: not now." in told
    assert "Why 3" in told


async def test_what_was_tracked_is_told_with_its_days(portal: Portal) -> None:
    """Check-in, what is still there and unsettled, measures with recall period and days since the dosing session."""
    cast = portal.cast
    await plan_course(cast)
    third = (await dosing(cast))[2]
    next_day: dict[str, Answer] = {
        "checkin.moment": "next-day",
        "checkin.difficulty": 6,
        "checkin.effects_mild": ["nausea"],
    }
    later: dict[str, Answer] = {
        "checkin.moment": "7-days",
        "checkin.still": "fading",
        "checkin.still_date": "2026-11-21",
        "checkin.fear": "some",
        "checkin.sleep": "none",
        "checkin.unsettled_words": "The stairs.",
    }
    for answers in (next_day, later):
        await share(cast, await write(cast, "check_in", answers, about=third))
    for day, value in ((5, 3), (14, 2), (16, 1), (21, 0)):
        head = ["instrument=phq9", "version=1", "language=en", "days=14", f"day=2026-11-{day:02}"]
        lines = [*head, f"finished=2026-11-{day:02}", *(f"{item}={value}" for item in range(1, 10))]
        await share(cast, await write(cast, "measure", {"measure.form": lines}))
    note = {"plan.focus": "Sleep", "plan.from": "2026-11-20", "plan.by": "Dr. Example, prescriber"}
    await share(cast, await write(cast, "plan_note", note))
    sat = {"sitter.checks": ["14:05 | awake", "14:20 | help | Called out."], "sitter.said": ["14:30 | Stay."]}
    await share(cast, await write(cast, "sitter", sat, about=third))
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    for told in (
        "Difficulty: 6 of 10",
        "Side effects: nausea (mild)",
        "What the session brought is still there: fading since 21 Nov 2026",
        "Fear: some",
        "PHQ-9 about the past 14 days",
        "27 5 Nov 2026",
        "9 16 Nov 2026 3 days after dosing",
        "0 21 Nov 2026 1 day after dosing",
        "Focus: Sleep",
        "From 20 Nov 2026",
        "14:20 · Needs help · Called out.",
        "14:30 Stay.",
    ):
        assert told in page.words
    assert "The stairs." in quoted(page)
    assert "Trouble with sleep" not in page.words
    assert "14 Nov 2026" not in page.words, "the first, the previous and the latest are told"


async def test_triggers_and_the_newest_moment_are_quoted(portal: Portal) -> None:
    """A name stands once, however it was typed, with where it was named; a belief has its newest moment."""
    cast = portal.cast
    await plan_course(cast)
    reframe: dict[str, Answer] = {
        "reframe.old_meaning": "It was my job.",
        "reframe.new_meaning": "I was a child.",
        "reframe.trigger_name": "The stairs",
        "reframe.moments": ["2026-11-18 | Older.", "2026-11-21 Sundays | She laughed, and I stayed."],
    }
    await share(cast, await write(cast, "reframe", reframe, title="A job"))
    used: dict[str, Answer] = {"ground.skill": "orient", "ground.trigger_name": "the STAIRS"}
    cast.clock.forward(minutes=1)
    await share(cast, await write(cast, "grounding", used, title="Looking"))
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    told = page.words.split("Triggers")[1].split("What steadies")[0]
    places = [told.index(words) for words in ("the STAIRS", "Looking, 22", "A job, 22", "Sundays")]
    assert places == sorted(places)
    assert "The stairs" not in told
    assert "She laughed, and I stayed." in quoted(page)
    assert "A little true on 21 Nov 2026" in page.words
    assert "Older." not in page.words


async def test_a_waiting_notice_stands_on_top(portal: Portal) -> None:
    """Before everything that is quoted, with where to acknowledge it; also while nothing is shared."""
    cast = portal.cast
    await agreed(cast)
    await choose(cast, 1, uuid4())
    cast.clock.forward(minutes=11)
    await due(cast)
    await plan_course(cast)
    await share(cast, await write(cast, "integration", {"int.top3": "the door"}))
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
        assert page.words.index("asks you to check in") < page.words.index("the door")
        assert page.markup.all("a", within="brief", href=f"{(await path_of(portal))[:-6]}/notices")
