"""The clinician's desk: caseload, patient's page, one shared copy, keys, and the end of care."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from httpx import AsyncClient

from crypto import PrivateIdentity
from journal.accounts import details
from journal.accounts import tables as accounts_tables
from journal.care import invitations, lifecycle
from journal.care import tables as care_tables
from journal.catalogue.fields import Answer
from journal.entries import entries
from journal.sessions.session import SessionKind, Setting
from journal.sharing import shares
from journal.vault.documents import EntryDocument
from tests.cast import NOON
from tests.portal.browsing import Page, followed, opened
from tests.portal.conftest import Portal
from tests.scenes import in_session, signed_in_again
from tests.shared_material import add_patient, dosing, plan_course, plan_session, share, write


async def path_of(portal: Portal) -> str:
    """The address of alice's page."""
    return f"/patients/{(await portal.cast.actor('alice')).id}"


def spine(page: Page) -> dict[str, list[str]]:
    """What hangs on each session of the spine, in the order it is read: how it is told, and its title."""
    found: dict[str, list[str]] = {}
    session = ""
    for one in page.markup.elements:
        kind = one.attributes.get("class", "")
        if kind == "spine-label":
            session = one.words
            found[session] = []
        if kind == "spine-entry":
            found[session].append(one.words)
    return found


async def test_an_empty_caseload_leads_to_invitations(portal: Portal) -> None:
    """A clinician without patients reads what to do next."""
    async with portal.client("charlie") as browser:
        page = await opened(browser, "/patients")
        assert "Nobody is here yet" in page.words
        assert page.markup.one("a", href="/invitations", **{"class": "button button-primary"}).words


async def test_the_caseload_says_who_is_next_in_words(any_portal: Portal) -> None:
    """Who has the next session comes first; new and paused are said in words."""
    cast = any_portal.cast
    await plan_course(cast)
    bob, dana = await cast.actor("bob"), await cast.actor("dana")
    await invitations.accept_invitation(dana, (await invitations.create_invitation(bob, "Dana")).token)
    for number in range(2):
        await share(cast, await write(cast, "free", {"free.text": str(number)}))
    async with any_portal.client("bob") as browser:
        first, second = (await opened(browser, "/patients")).markup.all("li", **{"class": "case"})
        assert "Today, 16:00 · Integration session about the 3rd dosing session" in first.words
        assert "2 new since you last looked" in first.words
        assert "Dana Placeholder" in second.words
        assert "No session planned yet" in second.words
        assert "Nothing new" in second.words
        await lifecycle.pause_sharing(await cast.actor("alice"))
        assert "Sharing is paused" in (await opened(browser, "/patients")).words
        assert "new since" not in (await opened(browser, "/patients")).words


def groups(page: Page) -> dict[str, list[str]]:
    """The names under each heading of the caseload."""
    found: dict[str, list[str]] = {}
    for one in page.markup.elements:
        if one.attributes.get("class") == "case-group":
            found[one.words] = []
        elif one.attributes.get("class") == "case-name":
            found[list(found)[-1]].append(one.words)
    return found


async def test_today_comes_first(any_portal: Portal) -> None:
    """By the clinician's own calendar: whom they see today, then who comes, then who has no session."""
    cast = any_portal.cast
    for ident in ("emil", "ida", "ole", "pia"):
        await add_patient(cast, ident.title(), ident)
    # At noon of 22 November in UTC.
    for ident, local in (
        ("pia", "2026-11-22T09:00"),
        ("emil", "2026-11-22T23:30"),
        ("alice", "2026-11-22T14:00"),
        ("ole", "2026-11-23T00:30"),
    ):
        await plan_session(cast, SessionKind.INTEGRATION, local, who=ident)
    async with any_portal.client("bob") as browser:
        page = await opened(browser, "/patients")
    assert groups(page) == {
        "Today": ["Alice Sample", "Emil", "Pia"],
        "Coming": ["Ole"],
        "No session planned": ["Ida"],
    }
    assert "Today, 09:00 · Integration session" in page.words


@pytest.mark.parametrize(("zone", "group"), [("Europe/Berlin", "Coming"), ("America/New_York", "Today")])
async def test_today_is_the_clinicians_own(portal: Portal, zone: str, group: str) -> None:
    """Half past midnight in Berlin is still today for a clinician in New York."""
    await plan_session(portal.cast, SessionKind.INTEGRATION, "2026-11-23T00:30")
    bob = await portal.cast.actor("bob")
    await details.change_details(bob, bob.name, zone)
    async with portal.client("bob") as browser:
        assert list(groups(await opened(browser, "/patients"))) == [group]


async def test_a_session_that_goes_on_past_midnight_is_todays(portal: Portal) -> None:
    """Until it is over, it stands first, and its brief is the one that opens."""
    ident = await plan_session(portal.cast, SessionKind.INTEGRATION, "2026-11-22T22:40")
    bob = await portal.cast.actor("bob")
    await details.change_details(bob, bob.name, "Europe/Athens")
    await portal.cast.later(hours=10, minutes=15)
    await portal.cast.in_use()
    async with portal.client("bob") as browser:
        page = await opened(browser, "/patients")
        assert groups(page) == {"Today": ["Alice Sample"]}
        link = page.markup.one("a", **{"class": "button button-secondary case-button"})
        assert link.attributes["aria-label"] == "Brief for Alice Sample"
        assert link.attributes["href"] == f"{await path_of(portal)}/brief?session={ident}"
        assert (
            "Brief for the integration session: Sun 22 Nov"
            in (await opened(browser, link.attributes["href"])).words
        )


async def test_a_talk_comes_before_a_dosing_session_at_home(portal: Portal) -> None:
    """On a day with both, the line and its brief are of the talk: a day at home is the patient's own."""
    await plan_session(portal.cast, SessionKind.DOSING, "2026-11-22T12:50", setting=Setting.HOME)
    await plan_session(portal.cast, SessionKind.INTEGRATION, "2026-11-22T17:00")
    async with portal.client("bob") as browser:
        page = await opened(browser, "/patients")
        assert groups(page) == {"Today": ["Alice Sample"]}
        assert "Today, 17:00" in page.words
        link = page.markup.one("a", **{"class": "button button-secondary case-button"})
        brief = await opened(browser, link.attributes["href"])
        assert "Brief for the integration session: Sun 22 Nov" in brief.words


async def test_on_a_day_at_home_the_brief_is_for_the_next_talk(portal: Portal) -> None:
    """Where today has a dosing session at home alone, its line stands under today, and Brief opens the talk's."""
    await plan_session(portal.cast, SessionKind.DOSING, "2026-11-22T17:00", setting=Setting.HOME)
    await plan_session(portal.cast, SessionKind.INTEGRATION, "2026-11-24T10:00")
    async with portal.client("bob") as browser:
        page = await opened(browser, "/patients")
        assert groups(page) == {"Today": ["Alice Sample"]}
        link = page.markup.one("a", **{"class": "button button-secondary case-button"})
        brief = await opened(browser, link.attributes["href"])
        assert "Brief for the integration session: Tue 24 Nov" in brief.words


async def test_from_eight_patients_on_a_name_is_searched(any_portal: Portal) -> None:
    """By parts of a name, however it is typed; the name stands in no address, and what was typed is kept."""
    cast = any_portal.cast
    names = ["Äsa Örn", "Bjørn", "Çelik", "Dov", "İnci", "O’Hara"]
    for number, name in enumerate(names):
        await add_patient(cast, name, f"patient{number}")
    async with any_portal.client("bob") as browser:
        assert "Search by name" not in (await opened(browser, "/patients")).words
        await add_patient(cast, "Straße", "patient6")
        form = (await opened(browser, "/patients")).markup.one("form", **{"class": "search"})
        assert (form.attributes["method"], form.attributes["action"]) == ("post", "/patients")
        for typed, name in (
            ("äSA", "Äsa Örn"),
            (" örn  äsa ", "Äsa Örn"),
            ("A\u0308sa", "Äsa Örn"),
            ("inci", "İnci"),
            ("o'hara", "O’Hara"),
            ("STRASSE", "Straße"),
        ):
            answer = await browser.post("/patients", data={"q": typed})
            page = Page.of(answer)
            assert [one.words for one in page.markup.all("h3", **{"class": "case-name"})] == [name]
            assert page.markup.one("input", id="q").attributes["value"] == typed.strip()
            assert "1 patient" in page.words
            assert (answer.status_code, answer.url.path, answer.url.query) == (200, "/patients", b"")
        nobody = Page.of(await browser.post("/patients", data={"q": "<b>" + "x" * 5000}))
        assert "No patient of that name" in nobody.words
        assert nobody.markup.one("input", id="q").attributes["value"].startswith("<b>xx")
        assert len(nobody.markup.one("input", id="q").attributes["value"]) == 200
        everybody = Page.of(await browser.post("/patients", data={"q": " "}))
        assert len(everybody.markup.all("h3", **{"class": "case-name"})) == 8
        elsewhere = await opened(browser, "/patients?q=dov")
        assert len(elsewhere.markup.all("h3", **{"class": "case-name"})) == 8, "an address finds nobody"


async def test_what_was_shared_hangs_before_and_after_each_session(portal: Portal) -> None:
    """Tied entries hang on their session, others on the last before them; a preparation looks ahead."""
    cast = portal.cast
    await plan_course(cast)
    third = (await dosing(cast))[2]
    for kind, title, about, days in (
        ("preparation", "Towards it", third, -3),
        ("capture", "The sea", third, 0),
        ("free", "Untied", None, -8),
        ("preparation", "Ahead", None, 0.25),
    ):
        at = third.starts_at + timedelta(days=days, hours=1)
        field = {"preparation": "prep.intention", "capture": "int.images", "free": "free.text"}[kind]
        await share(cast, await write(cast, kind, {field: "words"}, title=title, about=about, at=at))
    await write(cast, "free", {"free.text": "words"}, title="PRIVATE")
    async with portal.client("bob") as browser:
        page = await opened(browser, await path_of(portal))
    assert "PRIVATE" not in page.answer.text
    hung = spine(page)
    assert hung["3rd dosing session"] == [
        "the same dayCapture The seawords New",
        "3 days beforePreparation Towards itwords New",
    ]
    (untied,) = hung["Integration session about the 1st dosing session"]
    assert untied.endswith("Untiedwords New")
    assert "4 days after" in untied
    assert hung["2nd dosing session"] == hung["1st dosing session"] == []
    assert "7 days before" in hung["4th dosing session"][0]
    assert "Integration session about the 3rd dosing session" not in hung, "nothing hangs on it"


async def test_titles_lead_to_one_copy_and_opening_is_seen(any_portal: Portal) -> None:
    """The page shows one line; the copy opens on its own page, which says that the patient will see it."""
    answers: dict[str, Answer] = {"int.meaning": "the <door>", "int.unsure": "what only the copy tells"}
    entry = await write(any_portal.cast, "integration", answers, title="My door")
    copy = await share(any_portal.cast, entry)
    path = await path_of(any_portal)
    async with any_portal.client("bob") as browser:
        page = await opened(browser, path)
        assert [one.words for one in page.markup.all("span", **{"class": "chip chip-new"})] == ["New"]
        assert "what only the copy tells" not in page.answer.text
        one = await opened(browser, f"{path}/shared/{copy}")
        assert "the <door>" in one.words
        assert "what only the copy tells" in one.words
        assert "Alice Sample will see that you opened this." in one.words
        assert not (await opened(browser, path)).markup.all("span", **{"class": "chip chip-new"})
    (given,) = await shares.list_shares(await any_portal.cast.actor("alice"))
    assert given.opened_at == NOON


async def first_lines(browser: AsyncClient, path: str) -> list[str]:
    """What the list shows of each copy; each line runs in its own direction."""
    page = await opened(browser, path)
    return [one.text for one in page.markup.all("p", **{"class": "entry-excerpt", "dir": "auto"})]


@pytest.mark.parametrize(
    ("kind", "answers", "note", "line"),
    [
        ("capture", {"int.images": "\n  A door.\nBehind it the sea."}, "", "A door."),
        ("capture", {"int.images": "sea " * 100}, "", "sea " * 29 + "sea …"),
        ("capture", {"int.images": "a" + "e\u0301" * 200}, "", "a" + "e\u0301" * 59 + " …"),
        ("capture", {"int.images": "דלת ירוקה"}, "", "דלת ירוקה"),
        ("capture", {"int.images": "A door."}, "About my father\nand me", "Before you read: About my father"),
        ("grounding", {"ground.skill": "orient", "ground.suds_before": 7}, "", "Look around"),
        ("grounding", {"ground.suds_before": 7}, "", None),
    ],
)
async def test_the_list_shows_the_first_line_that_was_shared(
    portal: Portal, kind: str, answers: dict[str, Answer], note: str, line: str | None
) -> None:
    """One line, bounded, near a word's end, no letter cut in two; a content note stands in place of the words."""
    alice = await portal.cast.actor("alice")
    document = EntryDocument(kind, "Its title", note, answers=answers)
    entry = await entries.save_entry(alice, uuid4(), 0, document)
    await share(portal.cast, entry.id, "title", "note", *answers)
    async with portal.client("bob") as browser:
        assert await first_lines(browser, await path_of(portal)) == ([line] if line else [])


async def test_a_content_note_keeps_a_copy_closed(portal: Portal) -> None:
    """Its reader opens the words below the note, as their writer does; a copy without one is open."""
    alice, pages = await portal.cast.actor("alice"), {}
    for note in ("about the hospital", ""):
        document = EntryDocument("free", "Ward", note, answers={"free.text": "It smelled of soap."})
        entry = await entries.save_entry(alice, uuid4(), 0, document)
        copy = await share(portal.cast, entry.id, "title", "note", "free.text")
        async with portal.client("bob") as browser:
            pages[note] = await opened(browser, f"{await path_of(portal)}/shared/{copy}")
        assert "It smelled of soap." in pages[note].words
    closed = pages["about the hospital"].markup.one("details", **{"class": "disclosure"})
    assert closed.text.strip().startswith("Before you read: about the hospital")
    assert "It smelled of soap." in closed.text
    assert "It smelled of soap." not in "".join(one.text for one in pages[""].markup.all("details"))


async def test_the_first_line_is_of_what_was_shared_alone(any_portal: Portal) -> None:
    """An answer that was not shared, and a title, lend no line; the patient is told that one can be read."""
    answers: dict[str, Answer] = {"int.images": "Kept back", "int.body": "Given away"}
    entry = await write(any_portal.cast, "capture", answers, title="A title")
    copy = await share(any_portal.cast, entry, "int.body")
    async with any_portal.client("bob") as browser:
        page = await opened(browser, path := await path_of(any_portal))
        assert await first_lines(browser, path) == ["Given away"]
        assert "Kept back" not in page.answer.text
        assert "A title" not in page.answer.text
    told = "Not opened yet. Bob Example can read its first line in a list."
    async with any_portal.client("alice") as browser:
        assert told in (await opened(browser, "/sharing")).words
        asked = await opened(browser, f"/shares/{copy}/revocation")
        assert "They may have read its first line in a list." in asked.words
        await browser.post("/sharing/pause")
        assert told not in (await opened(browser, "/sharing")).words


async def test_new_comes_back_with_an_update(any_portal: Portal) -> None:
    """What is new to a reader says so until they open it, and again once another copy takes its place."""
    cast = any_portal.cast
    copy = await share(cast, entry := await write(cast, "capture", {"int.images": "A door."}))
    path = await path_of(any_portal)
    async with any_portal.client("bob") as browser:
        for _ in range(2):
            new = (await opened(browser, path)).markup.all("span", **{"class": "chip chip-new"})
            assert [one.words for one in new] == ["New"], "looking at the list is not opening"
        await opened(browser, f"{path}/shared/{copy}")
        assert not (await opened(browser, path)).markup.all("span", **{"class": "chip chip-new"})
        cast.clock.forward(minutes=1)
        await share(cast, entry)
        assert (await opened(browser, path)).markup.all("span", **{"class": "chip chip-new"})


async def test_while_paused_the_plan_stays_and_nothing_opens(portal: Portal) -> None:
    """The page says it neutrally, and whether anything was shared or not, it reads the same."""
    path = await path_of(portal)
    await plan_course(portal.cast)
    alice = await portal.cast.actor("alice")
    await lifecycle.pause_sharing(alice)
    async with portal.client("bob") as browser:
        empty = (await opened(browser, path)).answer.text
        await lifecycle.resume_sharing(alice, portal.cast.link)
        copy = await share(portal.cast, await write(portal.cast, "free", {"free.text": "x"}, title="T"))
        await lifecycle.pause_sharing(alice)
        assert (await opened(browser, path)).answer.text == empty
        assert "Alice Sample has paused sharing" in empty
        assert (await browser.get(f"{path}/shared/{copy}")).status_code == 409


async def test_private_entries_change_nothing_on_the_page(portal: Portal) -> None:
    """To the letter, the page is the same with and without entries that were not shared."""
    await plan_course(portal.cast)
    third = (await dosing(portal.cast))[2]
    await share(portal.cast, await write(portal.cast, "free", {"free.text": "x"}, title="T"))
    async with portal.client("bob") as browser:
        for path in ("/patients", await path_of(portal), f"/sessions/{third.id}"):
            before = (await opened(browser, path)).answer.text
            await write(portal.cast, "capture", {"int.images": "private"}, about=third)
            assert (await opened(browser, path)).answer.text == before


async def test_the_same_safety_code_on_both_sides(portal: Portal) -> None:
    """Sixty digits, the same for patient and clinician, with how to compare them."""
    async with portal.client("bob") as browser:
        page = await opened(browser, f"{await path_of(portal)}/trust")
        his = re.sub(r"\D", "", page.markup.one("p", id="safety-code").words)
    async with portal.client("alice") as browser:
        theirs = await opened(browser, f"/sharing/{portal.cast.link}")
        hers = re.sub(r"\D", "", theirs.markup.one("p", id="safety-code").words)
    assert len(his) == 60
    assert his == hers


async def test_changed_keys_are_said_and_nothing_opens(portal: Portal) -> None:
    """The page keeps the plan and says what happened; brief and copies are refused with what to do."""
    path = await path_of(portal)
    await plan_course(portal.cast)
    copy = await share(portal.cast, await write(portal.cast, "free", {"free.text": "x"}, title="Words"))
    async with portal.client("bob") as browser:
        await opened(browser, path)
        forged = PrivateIdentity.generate().public().encode()
        await accounts_tables.Account.filter(id=(await portal.cast.actor("alice")).id).update(
            public_identity=forged
        )
        page = await opened(browser, path)
        assert "Sharing with Alice Sample has stopped" in page.words
        assert "Words" not in page.words
        assert "3rd dosing session" in page.words
        assert "The keys have changed" in (await opened(browser, f"{path}/trust")).words
        for refused in (f"{path}/brief", f"{path}/shared/{copy}"):
            answer = await browser.get(refused)
            assert answer.status_code == 409
            assert "in person" in answer.text


async def test_a_damaged_copy_is_said_and_the_others_stay(portal: Portal) -> None:
    """A copy that storage altered is told of, and hides nothing else."""
    good = await share(portal.cast, await write(portal.cast, "free", {"free.text": "x"}, title="Good"))
    bad = await share(portal.cast, await write(portal.cast, "free", {"free.text": "y"}, title="Bad"))
    await care_tables.Share.filter(id=bad).update(sealed=(await care_tables.Share.get(id=good)).sealed)
    path = await path_of(portal)
    async with portal.client("bob") as browser:
        page = await opened(browser, path)
        assert "One shared item cannot be opened" in page.words
        assert "Good" in page.words
        assert "One shared item cannot be opened" in (await opened(browser, f"{path}/brief")).words
        assert (await browser.get(f"{path}/shared/{bad}")).status_code == 409


async def test_ending_care_asks_first_and_then_leaves_nothing(any_portal: Portal) -> None:
    """The question says what happens; afterwards the patient's pages are gone and the copies destroyed."""
    path = await path_of(any_portal)
    copy = await share(any_portal.cast, await write(any_portal.cast, "free", {"free.text": "x"}))
    async with any_portal.client("bob") as browser:
        asked = await opened(browser, f"{path}/end")
        assert "cannot be undone" in asked.words
        assert await care_tables.Share.exists(id=copy)
        done = await followed(browser, await browser.post(f"{path}/end"))
        assert "Care has ended" in done.words
        assert (await browser.get(path)).status_code == 404
    assert not await care_tables.Share.exists(id=copy)


async def test_care_ends_in_no_hold_and_later_on_the_clinicians_word_alone(portal: Portal) -> None:
    """For a week past rest there is no button; then the page asks, and a form without the answer changes nothing."""
    cast, path = portal.cast, await path_of(portal)
    await in_session(cast)
    async with portal.client("bob") as browser:
        held = await opened(browser, f"{path}/end")
        assert "This waits until Alice Sample has rested" in held.words
        assert "no_rest" not in held.fields
    cast.clock.forward(days=9)
    await signed_in_again(cast)
    async with portal.client("bob") as browser:
        asked = await opened(browser, f"{path}/end")
        assert "Alice Sample has yet to say that they rested" in asked.words
        refused = await browser.post(f"{path}/end")
        assert refused.status_code == 422
        assert 'id="no_rest-error"' in refused.text
        assert (await care_tables.CareLink.get(id=cast.link)).ended_at is None
        done = await followed(browser, await browser.post(f"{path}/end", data={"no_rest": "yes"}))
        assert "Care has ended" in done.words


@pytest.mark.parametrize("outsider", ["charlie", "dana", "alice"])
async def test_the_desk_is_nobody_elses(portal: Portal, outsider: str) -> None:
    """Other clinicians and patients find nothing at any of its addresses."""
    path = await path_of(portal)
    copy = await share(portal.cast, await write(portal.cast, "free", {"free.text": "x"}))
    async with portal.client(outsider) as browser:
        for part in ("", "/brief", "/trust", "/end", "/course", "/sessions/new", f"/shared/{copy}"):
            assert (await browser.get(path + part)).status_code == 404
        assert (await browser.post(f"{path}/end")).status_code == 404
    assert await care_tables.Share.exists(id=copy)
