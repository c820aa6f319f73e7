"""The brief as a page: the session, the patient's words with their sources, and no word of anything else."""

from __future__ import annotations

import re
from uuid import uuid4

from journal.care import lifecycle
from journal.catalogue.fields import Answer
from journal.sessions.session import SessionKind
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.shared_material import dosing, plan_course, plan_session, share, share_a_full_brief, write

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
        "Fri 20 Nov 2026, 14:00, 2 days ago",
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
        "int.one_action": "Walk to the lake.",
        "int.confidence": 6,
    }
    entry = await write(portal.cast, "integration", answers, title="A door", about=third)
    copy = await share(portal.cast, entry)
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
        assert quoted(page) == ["the door", "my hands", "Walk to the lake."]
        sources = page.markup.all("a", **{"class": "brief-from"})
        assert {one.words for one in sources} == {"A door, 22 Nov 2026"}
        assert "Doable: 6 of 10." in page.words
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
    assert "To try by 29 Nov 2026." in page.words


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
    assert "Did it help? It got worse. Distress 4 → 7." in page.words
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
