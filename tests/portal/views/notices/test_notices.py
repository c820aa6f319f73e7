"""Notices on the page: agreed on, written with an answer, told as they are, acknowledged."""

from __future__ import annotations

from uuid import uuid4

import pytest

from journal.account_reset import reset as account_reset
from journal.care import lifecycle, tables
from journal.care.notice_release import release_due
from journal.notices import agreements
from journal.standing import standing
from tests.journal.account_reset.test_reset import offered
from tests.journal.notices.test_agreements import agreed, propose
from tests.portal.browsing import Page, action, autosaved, followed, opened, pressed
from tests.portal.conftest import Portal
from tests.scenes import connected, in_session, rested, signed_in_again

NOBODY = "Nobody has been told."
YET = "Nobody has been told yet."


async def panel(portal: Portal) -> Page:
    """Read alice's form."""
    async with portal.client("alice") as browser:
        return await opened(browser, "/measures/phq9?again=yes")


async def test_home_says_that_a_proposal_waits_until_it_is_answered(any_portal: Portal) -> None:
    """As the next thing or among the rest; not of one's own, not around a session, and not once it is answered."""
    cast, line = any_portal.cast, "Bob Example proposes something about notices"
    alice = (await cast.actor("alice")).id

    async def home() -> Page:
        async with any_portal.client("alice") as browser:
            return await opened(browser, "/")

    await propose(cast)
    assert "about notices" not in (await home()).words
    await agreements.end(await cast.actor("alice"), cast.link)
    await agreements.propose_as_clinician(await cast.actor("bob"), alice, 8, "at nine")
    page = await home()
    assert line in page.words
    assert page.markup.all("a", href="/sharing/notices")
    session = await in_session(cast)
    assert line not in (await home()).words
    await rested(cast, session)
    async with any_portal.client("alice") as browser:
        assert line in (await opened(browser, "/")).words + (await opened(browser, "/today")).words
    await lifecycle.pause_sharing(await cast.actor("alice"))
    assert line not in (await home()).words
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    async with any_portal.client("alice") as browser:
        await pressed(browser, await opened(browser, "/sharing/notices"), "agree")
    assert line not in (await home()).words


async def answered(portal: Portal, go: str = "", **more: str) -> Page:
    """Have alice choose an answer to item 9 and press a button."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/measures/phq9?again=yes")
        return await followed(browser, await pressed(browser, page, go, **{"item9": "1"} | more))


async def desk(portal: Portal, path: str = "/patients") -> Page:
    """Read what bob sees."""
    async with portal.client("bob") as browser:
        return await opened(browser, path)


async def test_both_agree_on_their_pages(any_portal: Portal) -> None:
    """Proposed by one, agreed to by the other with when they look; both read it with the day, and either ends it."""
    alice = (await any_portal.cast.actor("alice")).id
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/sharing/notices")
        assert "When you answer a form, nobody is told." in page.words
        page = await followed(browser, await pressed(browser, page, "propose", hours="8"))
        assert "You proposed this to Bob Example" in page.words
        assert "When you answer a form, nobody is told." in page.words
    async with any_portal.client("bob") as browser:
        page = await opened(browser, f"/patients/{alice}/notices")
        assert "Alice Sample proposes" in page.words
        page = await followed(browser, await pressed(browser, page, "agree", looks="at nine each day"))
        assert "Agreed by both of you on Sunday, 22 November 2026" in page.words
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/sharing/notices")
        assert "Agreed by both of you on Sunday, 22 November 2026" in page.words
        assert "at nine each day" in page.words
        answer = await browser.post("/sharing/notices", data={"go": "end", "to": str(any_portal.cast.link)})
        assert "Ended." in (await followed(browser, answer)).words


async def test_a_clinician_proposes_and_the_patient_agrees_or_not(any_portal: Portal) -> None:
    """No takes it away; nothing is in force before yes."""
    alice = (await any_portal.cast.actor("alice")).id
    for go in ("end", "agree"):
        async with any_portal.client("bob") as browser:
            page = await opened(browser, f"/patients/{alice}/notices")
            page = await followed(browser, await pressed(browser, page, "propose", hours="4", looks="daily"))
            assert "You proposed this" in page.words
        async with any_portal.client("alice") as browser:
            page = await opened(browser, "/sharing/notices")
            assert "Bob Example proposes" in page.words
            proposed, _ = [one for one in page.markup.all("input") if one.attributes.get("name") == "ident"]
            form = {"go": go, "to": str(any_portal.cast.link), "ident": proposed.attributes["value"]}
            page = await followed(browser, await browser.post("/sharing/notices", data=form))
            assert ("Agreed by both of you" in page.words) == (go == "agree")


async def test_a_proposed_change_is_taken_back_and_what_is_in_force_stays(any_portal: Portal) -> None:
    """By a clinician their own, and by a patient with no; there is a button for each beside what is in force."""
    await agreed(any_portal.cast)
    alice = (await any_portal.cast.actor("alice")).id
    here, there = "/sharing/notices", f"/patients/{alice}/notices"
    for who, path in (("bob", there), ("alice", here)):
        async with any_portal.client("bob") as browser:
            await followed(
                browser, await pressed(browser, await opened(browser, there), "propose", hours="8")
            )
        async with any_portal.client(who) as browser:
            page = await opened(browser, path)
            sent = {name: values[0] for name, values in page.fields.items() if name in ("ident", "to")}
            page = await followed(browser, await browser.post(path, data=sent | {"go": "back"}))
            assert "It is proposed no more." in page.words
            assert "Agreed by both of you" in page.words
            assert "proposes" not in page.words
            assert "You proposed this" not in page.words


async def test_the_page_says_that_the_backup_alone_is_told_where_it_is(any_portal: Portal) -> None:
    """While sharing with the first is paused, and once care with them has ended; without a backup nobody is told."""
    cast = any_portal.cast
    theirs = await connected(cast, "charlie")
    await agreed(cast, backup=theirs)
    for spoil, nobody in ((lifecycle.pause_sharing, False), (lifecycle.end_care, False), (None, True)):
        await (spoil or lifecycle.pause_sharing)(await cast.actor("alice"), theirs if nobody else cast.link)
        async with any_portal.client("alice") as browser:
            page = await opened(browser, "/sharing/notices")
        assert ("At present nobody is told" in page.words) is nobody
        assert ("A notice goes to Charlie Outsider after 24 hours." in page.words) is not nobody
        assert "It goes when you press a button there" not in page.words


async def test_the_care_team_says_what_an_earlier_connection_sent(any_portal: Portal) -> None:
    """A new link goes on with nothing by itself, and says so until it is given anew."""
    cast, line = any_portal.cast, "Over an earlier connection each new one of these went to Bob Example"
    await standing.give_standing(await cast.actor("alice"), cast.link, "phq9")
    renewed = await account_reset.renew_link(await cast.actor("alice"), await offered(cast))
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/sharing")
        assert line in page.words
        assert "PHQ-9" in page.words
        await standing.give_standing(await cast.actor("alice"), renewed, "phq9")
        assert line not in (await opened(browser, "/sharing")).words


async def test_who_is_not_in_the_care_team_is_refused_with_what_was_chosen(portal: Portal) -> None:
    """Kindly, and the time that was chosen still stands there."""
    async with portal.client("alice") as browser:
        form = {"go": "propose", "to": str(uuid4()), "backup": "", "hours": "8"}
        answer = await browser.post("/sharing/notices", data=form)
        page = Page.of(answer)
        assert answer.status_code == 422
        assert "Choose somebody in your care team. Nothing was changed." in page.words
        assert [
            one.attributes["value"] for one in page.markup.all("option") if "selected" in one.attributes
        ] == ["8"]
        form = {"go": "propose", "to": str(portal.cast.link), "backup": "nobody I know", "hours": "8"}
        assert (await browser.post("/sharing/notices", data=form)).status_code == 422


async def test_the_panel_says_first_what_happens(any_portal: Portal) -> None:
    """Without a policy that nobody is told; with one to whom, when and when they look, before anything is saved."""
    page = await panel(any_portal)
    assert NOBODY in page.words
    await agreed(any_portal.cast)
    page = await panel(any_portal)
    assert YET in page.words
    assert "a notice to them is saved together with this answer" in page.words
    assert "When they usually look: at nine." in page.words
    assert "They see it when they next sign in" in page.words


async def test_without_javascript_a_button_of_the_panel_saves_and_sends(any_portal: Portal) -> None:
    """The answer, the notice and its release in one request; the page then says that it was sent."""
    await agreed(any_portal.cast)
    page = await answered(any_portal, "safe")
    assert page.heading == "PHQ-9"
    assert "A notice was sent to Bob Example" in page.words
    assert page.value("item9") == "1"
    assert "Alice Sample asks you to check in" in (await desk(any_portal)).words


@pytest.mark.parametrize("go", ["unsure", "unsafe"])
async def test_not_sure_and_no_lead_to_help_first_and_all_is_saved(portal: Portal, go: str) -> None:
    """With a policy the notice goes as well."""
    await agreed(portal.cast)
    async with portal.client("alice") as browser:
        page = await opened(browser, "/measures/phq9?again=yes")
        answer = await pressed(browser, page, go, item9="2", item1="1")
        assert answer.headers["location"].endswith("/help-now")
    page = await panel(portal)
    assert (page.value("item9"), page.value("item1")) == ("2", "1")
    assert "A notice was sent to Bob Example" in page.words


async def test_with_javascript_the_choice_alone_writes_it(any_portal: Portal) -> None:
    """The autosave of one answer writes the notice and says so; ten minutes later it is at the clinician's, unasked."""
    await agreed(any_portal.cast)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/measures/phq9?again=yes")
        answer = await autosaved(browser, page, item9="1")
        assert "A notice to Bob Example is written. It goes at" in answer.text
        assert 'id="notice-state" data-kept hx-swap-oob="true"' in answer.text
    assert "check in" not in (await desk(any_portal)).words
    any_portal.cast.clock.forward(minutes=11)
    await release_due(any_portal.cast.installation)
    assert "Alice Sample asks you to check in" in (await desk(any_portal)).words


async def test_what_was_not_meant_is_withdrawn_and_stays_beside_the_answer(any_portal: Portal) -> None:
    """On the form and on the answered form; the panel then says that nobody was told."""
    await agreed(any_portal.cast)
    page = await answered(any_portal, "unmeant")
    assert "the notice to Bob Example was withdrawn" in page.words
    assert NOBODY in page.words
    any_portal.cast.clock.forward(minutes=11)
    await release_due(any_portal.cast.installation)
    assert "check in" not in (await desk(any_portal)).words
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/measures/phq9")
        page = await followed(browser, await pressed(browser, page, "done", item9="0"))
        assert NOBODY not in page.words
        assert "said not to be meant" in page.words
        assert "it was “Several days” before it was changed" in page.words


async def test_the_answered_form_has_the_same_panel(any_portal: Portal) -> None:
    """Saved and closed, it is not sent yet; its buttons release or withdraw it there."""
    await agreed(any_portal.cast)
    page = await answered(any_portal, "done")
    assert YET in page.words
    async with any_portal.client("alice") as browser:
        sent = await followed(browser, await browser.post(action(page), data={"go": "unsaid"}))
        assert "A notice was sent to Bob Example" in sent.words


async def test_one_can_be_sent_by_hand_where_nobody_was_told(any_portal: Portal) -> None:
    """Without a policy the page asks; it goes to whom was chosen, and no one else."""
    page = await answered(any_portal, "done")
    assert NOBODY in page.words
    assert "Send a notice now?" in page.words
    link = str(any_portal.cast.link)
    async with any_portal.client("alice") as browser:
        other = await browser.post(action(page), data={"go": "send", "to": str(uuid4())})
        assert "Nothing was sent" in (await followed(browser, other)).words
        answer = await browser.post(action(page), data={"go": "send", "to": link})
        page = await followed(browser, answer)
    assert "A notice was sent to Bob Example" in page.words
    assert "Send a notice now?" not in page.words


async def test_a_pause_is_told_and_no_notice_is_written(any_portal: Portal) -> None:
    """Before the answer and after it."""
    await agreed(any_portal.cast)
    await lifecycle.pause_sharing(await any_portal.cast.actor("alice"))
    page = await panel(any_portal)
    assert "No notice goes to Bob Example: sharing with them is paused." in page.words
    page = await answered(any_portal, "safe")
    assert "The notice to Bob Example could not go: sharing with them is paused." in page.words
    assert NOBODY in page.words
    assert await tables.PatientNotice.all().count() == 0


async def test_an_open_notice_stays_on_top_until_what_was_done_is_written(any_portal: Portal) -> None:
    """On the caseload and the patient's page; without words nothing is acknowledged; then the patient reads it."""
    await agreed(any_portal.cast)
    form = await answered(any_portal, "safe")
    alice = (await any_portal.cast.actor("alice")).id
    asked = "Alice Sample asks you to check in"
    for path in ("/patients", f"/patients/{alice}"):
        page = await desk(any_portal, path)
        assert asked in page.words
        assert page.markup.all("a", href=f"/patients/{alice}/notices")
    async with any_portal.client("bob") as browser:
        page = await opened(browser, f"/patients/{alice}/notices")
        refused = Page.of(await pressed(browser, page, "acknowledge", done=" "))
        assert "Please write what was done" in refused.words
        page = await followed(browser, await pressed(browser, page, "acknowledge", done="We spoke at ten."))
        assert asked not in page.words
    assert asked not in (await desk(any_portal)).words
    page = await panel(any_portal)
    assert "Bob Example acknowledged it at" in page.words
    assert "We spoke at ten." in page.words
    assert form.heading == "PHQ-9"


async def test_what_was_done_is_not_lost_where_somebody_else_acknowledged(any_portal: Portal) -> None:
    """The notice is closed and its form is gone: the words stand on the page to be copied."""
    await agreed(any_portal.cast)
    await answered(any_portal, "safe")
    alice = (await any_portal.cast.actor("alice")).id
    async with any_portal.client("bob") as browser:
        first = await opened(browser, f"/patients/{alice}/notices")
        sent = {"ident": first.value("ident"), "go": "acknowledge"}
        await browser.post(f"/patients/{alice}/notices", data=sent | {"done": "We spoke."})
        answer = await browser.post(f"/patients/{alice}/notices", data=sent | {"done": "Called twice."})
        assert answer.status_code == 409
        assert "Called twice." in Page.of(answer).words


async def test_a_button_on_a_form_from_before_a_session_still_releases(any_portal: Portal) -> None:
    """The answers are refused until rest and stay on the page; what was written before the start goes at once."""
    await agreed(any_portal.cast)
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/measures/phq9?again=yes")
        await autosaved(browser, page, item9="1")
        page = await opened(browser, "/measures/phq9")
    await in_session(any_portal.cast)
    async with any_portal.client("alice") as browser:
        answer = await pressed(browser, page, "safe", item1="3")
        assert answer.status_code == 409
    assert "asks you to check in" in (await desk(any_portal)).words
    await signed_in_again(any_portal.cast)


async def test_to_send_one_by_hand_in_a_hold_is_asked_again(any_portal: Portal) -> None:
    """From the page of the answer, and from a form of before the start, on which the answers stay."""
    cast = any_portal.cast
    shown = await answered(any_portal, "done")
    async with any_portal.client("alice") as browser:
        form = await opened(browser, "/measures/phq9")
    session = await in_session(cast)
    async with any_portal.client("alice") as browser:
        stale = await pressed(browser, form, "send", item1="3", to=str(cast.link))
        assert stale.status_code == 409
        assert "You are asked again once you have rested" in Page.of(stale).words
        assert Page.of(stale).value("item1") == "3"
        where = str(action(shown)).removesuffix("/notice")
        page = await opened(browser, where)
        assert "Send a notice now" not in page.words
        held = Page.of(await pressed(browser, page, "send", to=str(cast.link)))
        assert held.answer.status_code == 409
        assert "You will be asked again once you have rested." in held.words
        waiting = await opened(browser, "/sessions/waiting")
        assert waiting.words.count("Send Bob Example a notice about") == 1
    assert await tables.PatientNotice.all().count() == 0
    await rested(cast, session)
    async with any_portal.client("alice") as browser:
        for pauses, left in ((True, 1), (False, 0)):
            alice = await cast.actor("alice")
            await (lifecycle.pause_sharing(alice) if pauses else lifecycle.resume_sharing(alice, cast.link))
            await browser.post(f"{where}/notice", data={"go": "send", "to": str(cast.link)})
            waiting = await opened(browser, "/sessions/waiting")
            assert waiting.words.count("Send Bob Example a notice about") == left
    assert await tables.PatientNotice.all().count() == 1


async def test_nothing_of_it_is_in_addresses_or_the_log(portal: Portal) -> None:
    """The clinician's page, the mail and the record of acts name no answer and no question's words."""
    await agreed(portal.cast)
    await answered(portal, "safe")
    alice = (await portal.cast.actor("alice")).id
    for path in ("/patients", f"/patients/{alice}"):
        words = (await desk(portal, path)).words.lower()
        assert not [word for word in ("better off dead", "several days", "phq-9", "risk") if word in words], (
            path
        )
    async with portal.client("alice") as browser:
        assert "You wrote a notice to Bob Example" in (await opened(browser, "/sharing/log")).words


async def test_a_refused_form_keeps_what_the_others_show(portal: Portal) -> None:
    """Words that are missing, and "When you usually look" of the proposal below stays; nobody is preselected twice."""
    cast = portal.cast
    other = await connected(cast, "charlie")
    await agreed(cast, None, other)
    await answered(portal, "unsaid")
    alice = (await cast.actor("alice")).id
    async with portal.client("bob") as browser:
        page = await opened(browser, f"/patients/{alice}/notices")
        ident = page.markup.one("input", name="ident").attributes["value"]
        refused = await browser.post(f"/patients/{alice}/notices", data={"go": "acknowledge", "ident": ident})
        assert refused.status_code == 422
        assert Page.of(refused).markup.one("input", id="looks").attributes["value"] == "at nine"
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    async with portal.client("alice") as browser:
        page = await opened(browser, "/sharing/notices")
        chosen = [
            one.attributes["value"] for one in page.markup.all("option") if "selected" in one.attributes
        ]
        assert str(other) not in chosen
