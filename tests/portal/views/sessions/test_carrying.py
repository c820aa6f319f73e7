"""Words from before there were keys of plans, as people meet them: read as ever, and sealed with their first page."""

from __future__ import annotations

import msgspec

from journal.scheduling import plan as session_plan
from journal.store.database import execute
from tests.attacks.thief import read_database
from tests.journal.clinic import test_text_words as texts
from tests.journal.plan_words import test_words as words
from tests.portal.browsing import opened
from tests.portal.conftest import Portal

BREAKS = (
    "BEFORE INSERT ON plan_key",
    "BEFORE UPDATE OF plan_copy ON care_link",
    "BEFORE UPDATE OF words ON kap_session",
    "BEFORE UPDATE OF words ON course",
    "BEFORE UPDATE OF words ON instructions_version",
    "BEFORE UPDATE OF carried_at ON plan_key",
)


async def test_the_first_page_seals_them_whole_or_not_at_all(portal: Portal) -> None:
    """Stopped at each of its writes, nothing is lost and the next page goes on; bob writes none meanwhile."""
    cast = portal.cast
    alice = await cast.actor("alice")
    details = msgspec.structs.replace(words.told("of then"), local="2026-11-25T10:00")
    await texts.from_before(cast)
    session = await session_plan.add_session(alice, alice.id, details)
    await words.from_before(cast, session)
    await texts.titled_before(cast)
    where, theirs = f"/sessions/{session}", f"/patients/{alice.id}/instructions"
    async with portal.client("alice") as browser, portal.client("bob") as bob:
        for when in (*BREAKS, ""):
            before = "".join(text for some in (await read_database()).values() for text in some)
            assert all(
                said in before for said in ("Rotdrossel tea", "Rotdrossel of then", "Rotdrossel title")
            )
            for one, place in ((browser, where), (browser, "/clinic"), (bob, where), (bob, theirs)):
                page = await opened(one, place)
                assert "not open" not in page.words
                if place == where:
                    assert "Rotdrossel of then" in page.words
                if place in ("/clinic", theirs):
                    assert "Rotdrossel tea" in page.words
            form = await opened(bob, f"{where}/edit")
            refused = await bob.post(f"{where}/edit", data=form.filled({"note": "Rotdrossel of now"}))
            assert refused.status_code == 422
            assert (
                "is sealed with a key that your patient" in refused.text
                or "are sealed with a key" in refused.text
            )
            assert "Rotdrossel of now" in refused.text
            if when:
                await execute(f"CREATE TRIGGER broken {when} BEGIN SELECT RAISE(ABORT, 'no more'); END")
                await opened(browser, "/")  # which is shown, as on a full disk
                await execute("DROP TRIGGER broken")
        await opened(browser, "/")
        after = "".join(text for some in (await read_database()).values() for text in some)
        assert "Rotdrossel" not in after
        for one, place, said in ((browser, "/clinic", "tea"), (bob, where, "of then"), (bob, theirs, "tea")):
            page = await opened(one, place)
            assert f"Rotdrossel {said}" in page.words
            assert "not signed by" not in page.words
        changed = await bob.post(
            f"{where}/edit", data=(await opened(bob, f"{where}/edit")).filled({"note": "Later"})
        )
        assert changed.status_code == 303
        assert "Later" in (await opened(browser, where)).words
