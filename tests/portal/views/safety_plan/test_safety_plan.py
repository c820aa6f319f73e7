"""The safety plan: written like an entry, read with numbers to tap, gone through together, shared part by part."""

from __future__ import annotations

from journal.safety_plan import plan as safety_plan
from tests.portal.browsing import Page, followed, opened, pressed
from tests.portal.conftest import Portal
from tests.scenes import in_session, shared

HERE, NEW = "/safety-plan", "/journal/new?kind=safety"


def leads(page: Page, where: str) -> bool:
    """Whether the main part of a page leads somewhere."""
    return bool(page.markup.all("a", within="page", href=where))


async def test_a_plan_is_written_read_and_called_from(any_portal: Portal) -> None:
    """Without JavaScript: nothing is stored unasked; saved, its lines stand in order; opened again, it is there."""
    async with any_portal.client("alice") as browser:
        assert leads(await opened(browser, HERE), NEW)
        begun = await opened(browser, NEW)
        assert begun.heading == "Safety plan"
        assert not {"session", "title", "note", "safety.reviewed"} & begun.fields.keys()
        await pressed(browser, begun)
        assert (await safety_plan.load_plan(await any_portal.cast.actor("alice"))).entry is None
        typed = {"safety__professionals": "988\nDr. Example 202 555 0117", "safety__alone": "Walk"}
        page = await followed(browser, await pressed(browser, begun, **typed))
        assert [one.words for one in page.markup.all("h2", within="safety-parts")] == [
            "What I do by myself first",
            "My care team, and lines to call",
        ]
        calls = [one.attributes["href"] for one in page.markup.all("a", within="safety-parts")]
        assert calls == ["tel:988", "tel:2025550117"]
        again = await followed(browser, await browser.get(NEW))
        assert again.value("safety.alone") == "Walk"
        refused = await pressed(browser, again, safety__alone="x\n" * 11)
        assert refused.status_code == 422
        assert "more lines than this part can hold" in refused.text


async def test_it_is_gone_through_with_somebody(portal: Portal) -> None:
    """Each day with whom stands there as it is; one that cannot be comes back as it was typed; one is removed."""
    async with portal.client("alice") as browser:
        assert (
            await browser.post(f"{HERE}/reviews", data={"day": "2026-11-01", "name": "Bob"})
        ).status_code == 404
        await pressed(browser, await opened(browser, NEW), safety__alone="Walk")
        for day, whom in (("2026-11-01", "Bob Example"), ("2026-11-02", "Jo")):
            page = await followed(
                browser, await browser.post(f"{HERE}/reviews", data={"day": day, "name": whom})
            )
        assert page.words.index("Jo") < page.words.index("Bob Example")
        refused = await browser.post(f"{HERE}/reviews", data={"day": "2999-01-01", "name": "Somebody"})
        assert refused.status_code == 422
        assert "Somebody" in refused.text
        removal = page.markup.all("input", name="position")
        revision = page.markup.all("input", name="revision")
        data = {"position": removal[0].attributes["value"], "revision": revision[0].attributes["value"]}
        page = await followed(browser, await browser.post(f"{HERE}/reviews/removal", data=data))
        assert "Bob Example" in page.words
        assert "Jo" not in page.words
        for wrong in (
            {},
            {"position": "9", "revision": data["revision"]},
            {"position": "0", "revision": "0"},
        ):
            told = await browser.post(f"{HERE}/reviews/removal", data=wrong)
            assert told.status_code in (404, 409)
        page = await opened(browser, HERE)
        assert "Bob Example" in page.words


async def test_while_a_session_lasts_the_plan_alone_is_there(portal: Portal) -> None:
    """Dark and large, with help and a way back, and nothing to change."""
    async with portal.client("alice") as browser:
        await pressed(browser, await opened(browser, NEW), safety__alone="Walk")
        session = f"/sessions/{await in_session(portal.cast)}"
        page = await opened(browser, HERE)
        assert page.markup.one("html").attributes["class"] == "dark large"
        assert "Walk" in page.words
        links = {one.attributes["href"] for one in page.markup.all("a", within="page")}
        assert links == {"/help-now?look=dark", "/ground", session}


async def test_parts_are_shared_one_by_one(portal: Portal) -> None:
    """A clinician reads the parts that were chosen, in her words, and no sign of the others."""
    cast = portal.cast
    alice = await cast.actor("alice")
    async with portal.client("alice") as browser:
        begun = await opened(browser, NEW)
        await pressed(browser, begun, safety__people="Jo 202 555 0143", safety__signs="Stairs at night")
        await browser.post(f"{HERE}/reviews", data={"day": "2026-11-01", "name": "Bob Example"})
        entry = (await safety_plan.load_plan(alice)).entry
        assert entry is not None
        page = await opened(browser, f"/journal/{entry.id}/shares")
        assert {"safety.people", "safety.signs", "safety.reviewed"} <= {
            one.attributes.get("value") for one in page.markup.elements
        }
        share = await shared(cast, entry, ("safety.people", "safety.reviewed"))
    async with portal.client("bob") as clinician:
        page = await opened(clinician, f"/patients/{alice.id}/shared/{share}")
        assert "Jo 202 555 0143" in page.words
        assert "Bob Example" in page.words
        assert "Stairs" not in page.answer.text


async def test_it_is_found_where_it_is_looked_for(portal: Portal) -> None:
    """From the journal, from where kinds are chosen, from grounding, and from the panel at the ninth question."""
    async with portal.client("alice") as browser:
        for where in ("/journal", "/journal/new", "/ground", "/measures/phq9"):
            assert leads(await opened(browser, where), HERE), where


async def test_a_browser_gets_a_copy_and_learns_when_it_has_ended(any_portal: Portal) -> None:
    """Words go to whose they are alone; whoever holds the copy learns no more than whether it has ended."""
    async with any_portal.client("alice") as browser, any_portal.client("dana") as other:
        assert (await browser.post(f"{HERE}/copy")).status_code == 404
        await pressed(browser, await opened(browser, NEW), safety__people="Jo 202 555 0143")
        page = await opened(browser, HERE)
        assert "Whoever can unlock this phone can read it." in page.answer.text
        answer = await browser.post(f"{HERE}/copy")
        made = answer.json()
        assert answer.headers["cache-control"] == "no-store"
        assert made["parts"] == [
            {
                "label": "Whom I tell, and ask to be with me",
                "said": "en",
                "language": "en",
                "lines": [[["Jo ", ""], ["202 555 0143", "tel:2025550143"]]],
            }
        ]
        held = {"copy": made["token"], "revision": str(made["revision"])}
        assert (await browser.post(f"{HERE}/copy/renewal", data=held)).status_code == 204
        assert (await other.post(f"{HERE}/copy/renewal", data=held)).status_code == 409
        assert (await browser.post(f"{HERE}/copy/renewal", data={**held, "revision": "0"})).json() == made
        async with any_portal.client() as nobody:
            kept = await nobody.post("/kept", data=held)
            assert (kept.status_code, kept.content) == (204, b"")
            assert (await nobody.post("/kept", data={"copy": "0" * 64})).status_code == 410
            assert (await nobody.post(f"{HERE}/copy/renewal", data=held)).status_code == 401
            page = await opened(browser, HERE)
            assert "A copy made in this browser" in page.words
            (removal,) = [
                one.attributes["action"]
                for one in page.markup.all("form")
                if "/copies/" in one.attributes["action"]
            ]
            assert (await other.post(removal)).status_code == 404
            assert (await browser.post(removal)).status_code == 303
            assert (await nobody.post("/kept", data=held)).status_code == 410
        again = (await browser.post(f"{HERE}/copy")).json()["token"]
        await browser.post("/kept", data={"copy": again, "go": "remove"})
        assert (await browser.post("/kept", data={"copy": again})).status_code == 410


async def test_the_page_that_opens_a_copy_says_nothing_of_anybody(portal: Portal) -> None:
    """The same for everybody, in neutral words; where scripts are off it says what it needs."""
    async with portal.client("alice") as browser:
        await pressed(browser, await opened(browser, NEW), safety__people="Jo 202 555 0143")
        page = await opened(browser, "/kept")
    async with portal.client() as nobody:
        assert (await opened(nobody, "/kept")).markup.one("main").words == page.markup.one("main").words
    assert "where JavaScript is on" in page.words
    assert "afety" not in page.markup.one("main").words
