"""Leaving: each step says how far it is, nothing is forced, and each link leads to a page that is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import msgspec

from journal.care import lifecycle
from journal.practice import closing
from journal.records import collection
from journal.records.last_exports import Taken, load_taken
from journal.sharing import terms
from tests.cast import PRACTICE
from tests.portal.browsing import opened
from tests.portal.conftest import Portal
from tests.scenes import THE_SEA, connected, in_session, opened_by, rewritten, shared, written

LEAVING = "/records/leaving"
CHANGED, SAME = "Something was added or changed since.", "Nothing was added or changed since."


async def test_it_says_what_was_taken_and_whether_that_is_all(any_portal: Portal) -> None:
    """Before an export, after it, after more was written, and after the next one; a clinician's export is none."""
    cast = any_portal.cast
    entry = await written(cast)
    await shared(cast, entry)
    await collection.collect_shared_records(await cast.actor("bob"), PRACTICE, None)
    async with any_portal.client("alice") as alice:
        assert "You have not made it yet." in (await opened(alice, LEAVING)).words
        assert await load_taken(await cast.actor("alice")) == Taken()
        cast.clock.forward(minutes=1)
        made_at = cast.clock.now
        await collection.collect_patient_records(await cast.actor("alice"), PRACTICE)
        cast.clock.forward(minutes=1)
        assert SAME in (await opened(alice, LEAVING)).words
        await rewritten(cast, entry, **{"free.text": "And the tide."})
        assert CHANGED in (await opened(alice, LEAVING)).words
        assert await load_taken(await cast.actor("alice")) == Taken(made_at, None, is_changed=True)
        cast.clock.forward(minutes=1)
        await collection.collect_patient_records(await cast.actor("alice"), PRACTICE)
        assert SAME in (await opened(alice, LEAVING)).words


async def test_it_says_who_can_read_something(portal: Portal) -> None:
    """Nothing shared, one thing, paused, and ended; only what is shared is counted."""
    cast = portal.cast
    entry = await written(cast)
    await written(cast, document=msgspec.structs.replace(THE_SEA, title="Mine alone"))
    async with portal.client("alice") as alice:
        assert "Nothing you wrote is shared with Bob" in (await opened(alice, LEAVING)).words
        copy = await shared(cast, entry)
        page = await opened(alice, LEAVING)
        assert "Can read one thing that you share." in page.words
        assert page.markup.all("a", href=f"/sharing/{cast.link}")
        assert "filed in the record" not in page.words
        alice_now, bob = await cast.actor("alice"), await cast.actor("bob")
        await terms.change_terms(alice_now, copy, None, True)
        await opened_by(cast, "bob", copy)
        await terms.file_share(bob, alice_now.id, copy, 1)
        assert "One of these was filed in the record of the practice" in (await opened(alice, LEAVING)).words
        await lifecycle.pause_sharing(await cast.actor("alice"))
        assert "nothing of yours can be opened now" in (await opened(alice, LEAVING)).words
        await lifecycle.end_care(await cast.actor("alice"), cast.link)
        page = await opened(alice, LEAVING)
        assert "Nobody is connected with you" in page.words
        assert "Care that has ended" in page.words
        await connected(cast, "bob")
        assert "Care that has ended" not in (await opened(alice, LEAVING)).words


async def test_around_a_session_it_says_what_waits(portal: Portal) -> None:
    """Exporting, ending care and deleting wait; the page is there, and says that pausing does not."""
    cast = portal.cast
    await in_session(cast)
    async with portal.client("alice") as alice:
        page = await opened(alice, LEAVING)
    assert page.words.count("This waits until you have rested.") == 2
    assert "Pausing does not." in page.words
    assert page.markup.all("a", href="/sessions/rest", within="main")


async def test_it_says_how_long_backups_are_kept(portal: Portal) -> None:
    """By the setting, and where there is none, whom to ask."""
    state = portal.app.state
    async with portal.client("alice") as alice:
        assert (
            "Ask the people who look after it how long they keep them."
            in (await opened(alice, LEAVING)).words
        )
        state.config = replace(state.config, backup_days=30, contact="care@hearth.example")
        page = await opened(alice, LEAVING)
    assert "for 30 days" in page.words
    assert "Questions about this site: care@hearth.example" in page.words


async def test_every_step_leads_somewhere_and_back(portal: Portal) -> None:
    """Each link in it opens, and the pages on which something is done lead back to it."""
    async with portal.client("alice") as alice:
        page = await opened(alice, LEAVING)
        led = {one.attributes["href"].partition("#")[0] for one in page.markup.all("a", within="main")}
        assert {"/records", "/packets", "/sharing/disclosures", "/account/deletion", "/account"} <= led
        for path in led:
            assert (await alice.get(path)).status_code == 200, path
        for path in ("/records", "/account", "/account/deletion", "/sharing"):
            assert (await opened(alice, path)).markup.all("a", href=LEAVING), path
        assert not page.markup.all("form", within="main")
    async with portal.client("bob") as bob:
        assert (await bob.get(LEAVING)).status_code == 404
        assert not (await opened(bob, "/records")).markup.all("a", href=LEAVING)


async def test_a_practice_that_closes_says_until_when(portal: Portal) -> None:
    """At home, on the way out and where people sign in, within seconds; nothing on a calm page or once withdrawn."""
    cast, line = portal.cast, "Records can be taken until 31 Mar 2027."
    installation = portal.app.state.installation
    places = {"alice": ("/", "/records", LEAVING), "bob": ("/patients", "/records")}

    async def list_places() -> set[tuple[str, str]]:
        await portal.app.state.practice.reload(installation)  # as every process does each few seconds
        found = set()
        for who, paths in places.items():
            async with portal.client(who) as browser:
                found |= {(who, path) for path in paths if line in (await opened(browser, path)).words}
        async with portal.client() as stranger:
            found |= {("", "/sign-in")} if line in (await opened(stranger, "/sign-in")).words else set()
        return found

    assert await list_places() == set()
    await closing.tell_closing(installation, date(2027, 3, 31))
    everywhere = {(who, path) for who, paths in places.items() for path in paths} | {("", "/sign-in")}
    assert await list_places() == everywhere
    async with portal.client("alice") as alice:
        assert (await opened(alice, "/")).markup.all("a", href=LEAVING, within="main")
    await in_session(cast)
    assert await list_places() == everywhere - {("alice", "/")}
    await closing.withdraw_closing(installation)
    assert await list_places() == set()
