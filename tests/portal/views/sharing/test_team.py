"""The care team: who can read what, pausing, the safety code, the end of care, and the log."""

from __future__ import annotations

import html
import re

import pytest
from httpx import Response

from crypto import PrivateIdentity
from journal.accounts import tables as accounts_tables
from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.care import lifecycle
from journal.care import tables as care_tables
from journal.entries import removal
from journal.sharing import reading, shares
from journal.vault import tables as vault_tables
from tests.cast import Cast
from tests.portal.conftest import Portal
from tests.scenes import (
    at_rest,
    connected,
    in_session,
    opened_by,
    read_by,
    rested,
    rewritten,
    shared,
    signed_in_again,
    written,
)


def words(page: Response) -> str:
    """Return what a page says, as text on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def codes(page: Response) -> list[str]:
    """Return the groups of a safety code."""
    found = re.search(r'<p class="code"[^>]*>(.*?)</p>', page.text, re.DOTALL)
    return re.findall(r"\d+", found[1]) if found else []


async def swap_keys(cast: Cast, who: str) -> None:
    """Have whoever writes the database replace somebody's public keys."""
    other = PrivateIdentity.generate().public().encode()
    await accounts_tables.Account.filter(id=(await cast.actor(who)).id).update(public_identity=other)


async def row(cast: Cast) -> care_tables.CareLink:
    return await care_tables.CareLink.get(id=cast.link)


async def test_the_team_shows_who_reads_what(portal: Portal) -> None:
    """Each clinician with what they can read, and when they opened it."""
    cast = portal.cast
    await connected(cast, "charlie")
    share = await shared(cast, await written(cast))
    async with portal.client("alice") as alice:
        text = words(await alice.get("/sharing"))
        assert "Connected since 22 Nov 2026 Sharing is active Pause Safety code End care" in text
        assert "They can read: The sea Not opened yet." in text
        assert "Nothing you wrote is shared with Charlie Outsider." in text
        await opened_by(cast, "bob", share)
        assert "Bob Example opened it on Sun 22 Nov 2026, 13:05." in words(await alice.get("/sharing"))


async def test_without_a_clinician_the_page_says_how_one_comes(portal: Portal) -> None:
    """Nothing to pause, and how an invitation works."""
    async with portal.client("dana") as dana:
        page = await dana.get("/sharing")
    assert "Nobody is connected with you" in words(page)
    assert "invitation link" in words(page)
    assert "/sharing/pause" not in page.text


async def test_pausing_all_is_one_press_at_any_time(any_portal: Portal) -> None:
    """Also during a session, and with everything else waiting: both clinicians open nothing."""
    cast = any_portal.cast
    second = await connected(cast, "charlie")
    entry = await written(cast)
    await shared(cast, entry)
    await shared(cast, entry, to=second)
    await in_session(cast)
    async with any_portal.client("alice") as alice:
        page = await alice.get("/sharing")
        assert 'action="/sharing/pause"' in page.text
        done = await alice.post("/sharing/pause")
        assert done.status_code == 303
        text = words(await alice.get(done.headers["location"]))
        assert "Nobody can open anything you have shared until you resume." in text
    assert await care_tables.CareLink.filter(clinician_key__isnull=False).count() == 0
    for who in ("bob", "charlie"):
        assert await read_by(cast, who) == ()


async def test_one_is_paused_and_resumed(any_portal: Portal) -> None:
    """The page of one clinician pauses that one, and gives the same copies back."""
    cast = any_portal.cast
    await shared(cast, await written(cast))
    async with any_portal.client("alice") as alice:
        done = await alice.post(f"/sharing/{cast.link}/pause")
        text = words(await alice.get(done.headers["location"]))
        assert "Paused. Bob Example can open nothing until you resume." in text
        assert await read_by(cast, "bob") == ()
        done = await alice.post(f"/sharing/{cast.link}/resumption")
        text = words(await alice.get(done.headers["location"]))
        assert "Resumed. Bob Example can open again what is listed here." in text
    assert len(await read_by(cast, "bob")) == 1


async def test_resuming_waits_until_rested(portal: Portal) -> None:
    """The page says why; nothing is resumed by itself later."""
    cast = portal.cast
    session = await in_session(cast)
    async with portal.client("alice") as alice:
        await alice.post("/sharing/pause")
        page = await alice.post(f"/sharing/{cast.link}/resumption")
        assert page.status_code == 409
        assert "wait until tomorrow" in words(page)
        assert "/resumption" not in page.text
    await rested(cast, session)
    assert (await row(cast)).clinician_key is None
    async with portal.client("alice") as alice:
        assert (await alice.post(f"/sharing/{cast.link}/resumption")).status_code == 303


async def test_both_people_see_the_same_code(portal: Portal) -> None:
    """Twelve groups of five digits on the patient's page, the same as on the clinician's."""
    alice_id = (await portal.cast.actor("alice")).id
    async with portal.client("alice") as alice, portal.client("bob") as bob:
        mine = codes(await alice.get(f"/sharing/{portal.cast.link}"))
        theirs = codes(await bob.get(f"/patients/{alice_id}/trust"))
    assert [len(group) for group in mine] == [5] * 12
    assert mine == theirs


async def test_changed_keys_are_shown_and_resume_nothing(any_portal: Portal) -> None:
    """A warning in the place of the code, on both pages; pausing and ending still work."""
    cast = any_portal.cast
    await shared(cast, await written(cast))
    await lifecycle.pause_sharing(await cast.actor("alice"))
    await swap_keys(cast, "bob")
    async with any_portal.client("alice") as alice:
        for address in ("/sharing", f"/sharing/{cast.link}"):
            page = await alice.get(address)
            assert page.status_code == 200
            assert "Sharing with Bob Example has stopped" in words(page)
            assert "Speak to each other in person." in words(page)
            assert codes(page) == []
        page = await alice.post(f"/sharing/{cast.link}/resumption")
        assert page.status_code == 409
        assert "Sharing with Bob Example has stopped" in words(page)
        assert (await row(cast)).clinician_key is None
        assert (await alice.post("/sharing/pause")).status_code == 303
        assert (await alice.post(f"/sharing/{cast.link}/end")).status_code == 303
    assert (await row(cast)).ended_at is not None


async def test_her_own_changed_keys_give_no_code(portal: Portal) -> None:
    """Public keys of hers that she does not hold are an error, never a code."""
    await swap_keys(portal.cast, "alice")
    async with portal.client("alice") as alice:
        page = await alice.get(f"/sharing/{portal.cast.link}")
        assert page.status_code == 409
        assert codes(page) == []
        assert (await alice.post("/sharing/pause")).status_code == 303


async def test_ending_care_is_asked_first_and_destroys(any_portal: Portal) -> None:
    """Honest words about what was read; then no key and no copy is left."""
    cast = any_portal.cast
    share = await shared(cast, await written(cast))
    await shared(cast, await written(cast))
    await opened_by(cast, "bob", share)
    async with any_portal.client("alice") as alice:
        text = words(await alice.get(f"/sharing/{cast.link}/end"))
        assert "Bob Example opened one thing you share now." in text
        assert "This cannot be undone." in text
        assert (await row(cast)).ended_at is None
        done = await alice.post(f"/sharing/{cast.link}/end")
        text = words(await alice.get(done.headers["location"]))
        assert "Care has ended." in text
        assert "Bob Example, therapist, 22 Nov 2026 to 22 Nov 2026" in text
        for address in (f"/sharing/{cast.link}", f"/sharing/{cast.link}/end"):
            assert (await alice.get(address)).status_code == 404
        assert (await alice.post(f"/sharing/{cast.link}/end")).status_code == 404
    left = await row(cast)
    assert (left.patient_key, left.clinician_key) == (None, None)
    assert await care_tables.Share.all().count() == 0
    alice_id = (await cast.actor("alice")).id
    async with any_portal.client("bob") as bob:
        assert (await bob.get(f"/patients/{alice_id}")).status_code == 404


async def test_ending_care_waits_until_rested(portal: Portal) -> None:
    """The button is not there, sending the form does nothing, and pausing is offered."""
    await in_session(portal.cast)
    end = f"/sharing/{portal.cast.link}/end"
    async with portal.client("alice") as alice:
        for page, status in ((await alice.get(end), 200), (await alice.post(end), 409)):
            assert page.status_code == status
            assert f'action="{end}"' not in page.text
            assert re.search(r'action="/sharing(/[0-9a-f-]{36})?/pause"', page.text)
    assert (await row(portal.cast)).ended_at is None


@pytest.mark.parametrize("who", ["dana", "bob", "charlie"])
async def test_her_link_does_not_answer_to_others(portal: Portal, who: str) -> None:
    """Another patient and both clinicians find nothing there and change nothing."""
    cast = portal.cast
    await shared(cast, await written(cast))
    before = await at_rest(care_tables.CareLink, cast.link)
    async with portal.client(who) as outsider:
        answers = [await outsider.get(f"/sharing/{cast.link}{part}") for part in ("", "/end")]
        answers += [
            await outsider.post(f"/sharing/{cast.link}/{act}") for act in ("pause", "resumption", "end")
        ]
        assert [answer.status_code for answer in answers] == [404] * 5
        assert not any("Alice" in answer.text or "The sea" in answer.text for answer in answers)
        await outsider.post("/sharing/pause")
        log = await outsider.get("/sharing/log")
        assert "The sea" not in log.text
        assert "Alice" not in log.text
    assert await at_rest(care_tables.CareLink, cast.link) == before
    assert await care_tables.Share.all().count() == 1


async def test_the_log_says_who_opened_what_and_when(any_portal: Portal) -> None:
    """In plain words by day, several openings of one thing in one line, newest first."""
    cast = any_portal.cast
    entry = await written(cast)
    share = await shared(cast, entry)
    for _ in range(3):
        await opened_by(cast, "bob", share)
    await shared(cast, await rewritten(cast, entry, **{"int.meaning": "New."}))
    await lifecycle.pause_sharing(await cast.actor("alice"))
    cast.clock.forward(days=1)
    await signed_in_again(cast)
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    await opened_by(cast, "bob", share)
    async with any_portal.client("alice") as alice:
        text = words(await alice.get("/sharing/log"))
    told = [
        "Monday, 23 November 2026",
        "Bob Example (therapist) opened “The sea” 13:21",
        "You resumed sharing with Bob Example (therapist) 13:16",
        "Sunday, 22 November 2026",
        "You paused sharing with Bob Example (therapist) 13:16",
        "You updated what Bob Example (therapist) reads of “The sea” 13:16",
        "Bob Example (therapist) opened “The sea” 3 times, last at 13:15",
        "You shared “The sea” with Bob Example (therapist) 13:00",
        "You connected with Bob Example (therapist) 12:00",
    ]
    places = [text.find(line) for line in told]
    assert -1 not in places, told[places.index(-1)]
    assert places == sorted(places)
    assert "sign" not in text.split("Who opened or changed what", 1)[1].split("Hearthside is not", 1)[0]


async def test_the_log_keeps_no_title_of_what_is_no_longer_shared(portal: Portal) -> None:
    """It still says that something was shared and opened."""
    cast = portal.cast
    share = await shared(cast, await written(cast))
    await opened_by(cast, "bob", share)
    await shares.revoke_share(await cast.actor("alice"), share)
    async with portal.client("alice") as alice:
        text = words(await alice.get("/sharing/log"))
    assert "The sea" not in text
    assert "Bob Example (therapist) opened something that you no longer share" in text
    assert "You stopped sharing something" in text


async def test_the_log_names_an_ended_clinician(portal: Portal) -> None:
    """What they did stays in it after the end."""
    cast = portal.cast
    await opened_by(cast, "bob", await shared(cast, await written(cast)))
    await lifecycle.end_care(await cast.actor("bob"), cast.link)
    async with portal.client("alice") as alice:
        text = words(await alice.get("/sharing/log"))
    assert "Bob Example (therapist) ended care" in text
    assert "Bob Example (therapist) opened something that you no longer share" in text


async def test_a_long_log_comes_in_pages(portal: Portal) -> None:
    """Every event stands on exactly one of them."""
    cast = portal.cast
    patient = await cast.actor("alice")
    await audit_log.record_events(patient, Act.SHARING_PAUSED, patient.id, [cast.link] * 230)
    lines, address = 0, "/sharing/log"
    async with portal.client("alice") as alice:
        for _ in range(5):
            page = await alice.get(address)
            lines += words(page).count("You paused sharing with Bob Example (therapist)")
            older = re.search(r'href="(/sharing/log\?before=\d+)"', page.text)
            if not older:
                break
            address = older[1]
        assert (await alice.get("/sharing/log?before=nonsense")).status_code == 200
        assert (await alice.get("/sharing/log?before=" + "9" * 30)).status_code == 200
    assert lines == 230


async def test_a_damaged_entry_leaves_the_pause_button(portal: Portal) -> None:
    """Whatever cannot be opened, the page on which sharing is stopped can."""
    cast = portal.cast
    entry = await written(cast)
    await shared(cast, entry)
    await vault_tables.Entry.filter(id=entry.id).update(sealed=b"?" * 200)
    async with portal.client("alice") as alice:
        page = await alice.get("/sharing")
        assert page.status_code == 200
        assert 'action="/sharing/pause"' in page.text
        assert "An entry that cannot be opened" in words(page)


async def test_nothing_tells_the_clinician_how_much_there_is(portal: Portal) -> None:
    """Their pages about alice stay the same, letter for letter, while she writes a hundred entries."""
    cast = portal.cast
    alice_id = (await cast.actor("alice")).id
    await opened_by(cast, "bob", await shared(cast, await written(cast)))
    addresses = (
        "/patients",
        f"/patients/{alice_id}",
        f"/patients/{alice_id}/brief",
        f"/patients/{alice_id}/trust",
    )
    async with portal.client("bob") as bob:
        before = [(await bob.get(address)).text for address in addresses]
        for _ in range(100):
            await written(cast)
        gone = await written(cast)
        await removal.delete_entry(await cast.actor("alice"), gone.id)
        assert [(await bob.get(address)).text for address in addresses] == before
    assert len((await reading.load_folder(await cast.actor("bob"), alice_id)).shared) == 1
