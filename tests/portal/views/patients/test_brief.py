"""The brief as a page: the session, the patient's words with their sources, and no word of anything else."""

from __future__ import annotations

import re

from journal.care import lifecycle
from journal.catalogue.fields import Answer
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.shared_material import dosing, plan_course, share, share_a_full_brief, write

ORDER = [
    "Intention",
    "To bring",
    "Please do not open with",
    "What came",
    "Sentences, old and new",
    "What steadies",
    "Next step",
]


async def path_of(portal: Portal) -> str:
    """The address of alice's brief."""
    return f"/patients/{(await portal.cast.actor('alice')).id}/brief"


def quoted(page: Page) -> list[str]:
    """Everything in quotation marks."""
    return [one.words for one in page.markup.all("q")]


async def test_a_full_brief_comes_in_its_order(any_portal: Portal) -> None:
    """Session facts first, then intention, wishes, what came, beliefs, what steadies, and the next step."""
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
        assert "Up to three things to bring to therapy" in page.words
        assert "Doable: 6 of 10." in page.words
        assert (await browser.get(sources[0].attributes["href"])).status_code == 200
        assert sources[0].attributes["href"].endswith(f"/shared/{copy}")


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
    assert "No integration session is planned at present" in page.words
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
