"""An evaluation on its pages: filled in without JavaScript, the same words beside every answer, and its versions."""

from __future__ import annotations

from uuid import UUID, uuid4

from journal.evaluation import records
from journal.evaluation.conditions import CONDITIONS, Said
from journal.evaluation.form_fields import Step
from journal.sharing import shares
from journal.standing import standing
from tests.portal.browsing import Page, autosaved, followed, opened, pressed
from tests.portal.conftest import Portal
from tests.scenes import in_session, read_by, rested, signed_in_again

JUDGING = (
    "contraindicated",
    "not eligible",
    "danger sign",
    "at risk",
    "cleared",
    "failed",
    "warning",
    "trauma",
)


async def evaluation_of(portal: Portal) -> records.Evaluation:
    return await records.load_evaluation(await portal.cast.actor("alice"))


async def begun(portal: Portal, **typed: str) -> UUID:
    """Have alice answer a first page; return the entry's id."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/evaluation/conditions")
        await followed(browser, await pressed(browser, page, **(typed or {"said__liver": "no"})))
    entry = (await evaluation_of(portal)).entry
    assert entry is not None
    return entry.id


async def test_three_pages_are_filled_in_read_finished_and_changed(any_portal: Portal) -> None:
    """Rows are added and removed with plain buttons; a version says what changed; the table is for paper."""
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/evaluation/conditions")
        page = await followed(
            browser,
            await pressed(browser, page, said__pressure="in-person", words__pressure="Tablets since May"),
        )
        assert "rather in person" in page.words
        assert "Tablets since May" in page.words
        page = await opened(browser, "/evaluation/medicines")
        answer = await pressed(
            browser, page, "more", row1__name="Iron", row1__since="2024-05", said__opioids="no"
        )
        assert answer.headers["location"].endswith("/evaluation/medicines#last")
        page = await followed(browser, answer)
        assert page.value("row1.name") == "Iron"
        answer = await pressed(browser, page, "more", row2__name="Zinc", evaluation__allergies="Nuts")
        page = await followed(browser, answer)
        assert "row3.name" in page.fields
        page = await followed(browser, await pressed(browser, page, "remove-1"))
        assert (page.value("row1.name"), page.value("evaluation.allergies")) == ("Zinc", "Nuts")
        page = await opened(browser, "/evaluation/treatments")
        typed = {"row1__what": "Sertraline", "row1__kind": "medicine", "row1__helped": "a-little"}
        await pressed(browser, page, row1__begun="2019-03", row1__stopped="Tired", **typed)
        page = await opened(browser, "/evaluation/ledger")
        assert [one.words for one in page.markup.all("th", scope="row")] == ["Sertraline"]
        assert "a little" in page.words
        done = await followed(browser, await browser.post("/evaluation"))
        assert "This is a version now: 1, 22 Nov 2026." in done.words
        page = await opened(browser, "/evaluation/conditions")
        await pressed(browser, page, said__pressure="no", words__pressure="")
        done = await followed(browser, await browser.post("/evaluation"))
        assert "High blood pressure that is not under control: rather in person · Tablets since May → no" in (
            " ".join(done.words.split())
        )
        found = Page.of(await browser.post("/journal", data={"q": "zinc"}))
        assert "Zinc" in found.words


async def test_beside_every_answer_the_same_words_stand(portal: Portal) -> None:
    """For each question and each answer the page differs in the answer alone: nothing is coloured, said or counted."""
    entry = await begun(portal)
    alice = await portal.cast.actor("alice")
    asked = ("conditions", *CONDITIONS)
    seen: dict[str, set[str]] = {}
    async with portal.client("alice") as browser:
        for question in (
            "pressure",
            "psychosis-now",
            "pregnancy",
            "brain-bleed",
            "opioids",
            "mao-inhibitors",
        ):
            assert question in asked
            step = Step.MEDICINES if question in ("opioids", "mao-inhibitors") else Step.CONDITIONS
            if step is Step.MEDICINES:
                now = (await records.load_evaluation(alice)).entry
                assert now is not None
                await records.save_step(alice, Step.CONDITIONS, {}, entry, now.revision, "p")
            for said in Said:
                now = (await records.load_evaluation(alice)).entry
                assert now is not None
                part = "evaluation.by_name" if step is Step.MEDICINES else "evaluation.conditions"
                await records.save_step(
                    alice, step, {part: [f"{question} | {said}"]}, entry, now.revision, "p"
                )
                for path in ("/evaluation", f"/journal/{entry}"):
                    shown = (await opened(browser, path)).answer.text
                    told = shown.replace(f"<dd>{said.label}</dd>", "<dd>·</dd>")
                    assert told != shown
                    seen.setdefault(f"{path} {question}", set()).add(told)
                form = (await opened(browser, f"/evaluation/{step}")).answer.text
                plain = form.replace(" selected", "")
                for part_of in ('name="revision" id="revision" value="', 'name="sitting" value="'):
                    before, _, after = plain.partition(part_of)
                    plain = before + after.partition('"')[2]
                seen.setdefault(f"form {question}", set()).add(plain)
    assert {place: len(found) for place, found in seen.items()} == dict.fromkeys(seen, 1)


async def test_no_page_judges(portal: Portal) -> None:
    """No word of a verdict stands on any page of it, whatever is answered."""
    await begun(portal, said__pressure="yes", said__heart="yes")
    async with portal.client("alice") as browser:
        for path in ("/evaluation", *(f"/evaluation/{one}" for one in Step), "/evaluation/ledger"):
            words = (await opened(browser, path)).words.lower()
            assert not [word for word in JUDGING if word in words], path


async def test_many_rows_fold_and_are_told_apart(portal: Portal) -> None:
    """Each of twenty treatments names itself, a full page offers no more and removes any, and a mistake says where."""
    lines = [f"Treatment no. {number} | medicine | | | | | | " for number in range(1, 21)]
    await records.save_step(
        await portal.cast.actor("alice"), Step.TREATMENTS, {"evaluation.treatments": lines}, uuid4(), 0, "p"
    )
    async with portal.client("alice") as browser:
        page = await opened(browser, "/evaluation/treatments")
        assert "Treatment 7: Treatment no. 7" in page.words
        assert len(page.markup.all("details", within="form")) == 19
        assert "Save, and add another" not in page.words
        assert "There is room for no more here." in page.words
        assert page.markup.all("button", name="go", value="remove-20")
        answer = await pressed(
            browser, page, row13__what="x" * 101, row7__begun="2021-04", row7__ended="2020-01"
        )
        assert answer.status_code == 422
        shown = Page.of(answer)
        assert "Treatment 7: This is before it began." in shown.words
        assert "Treatment 13: This is longer" in shown.words
        assert shown.words.index("Treatment 7: This is") < shown.words.index("Treatment 13: This is")
        assert "Treatment 7: Treatment no. 7" not in shown.words  # it stands open
        answer = await pressed(browser, page, "remove-20")
        page = await opened(browser, "/evaluation/treatments")
        assert "Save, and add another" in page.words
        page = Page.of(
            await pressed(browser, await opened(browser, "/evaluation/conditions"), words__epilepsy="x" * 301)
        )
        assert "Epilepsy or seizures: This is longer" in page.words


async def test_bad_input_keeps_what_was_typed_and_changes_nothing(portal: Portal) -> None:
    """A month that is none, and words that do not fit, are named beside their fields."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/evaluation/treatments")
        answer = await pressed(
            browser, page, row1__what="Sertraline", row1__begun="2026-13", row1__helped="a-lot"
        )
        assert answer.status_code == 422
        shown = Page.of(answer)
        assert [shown.value(f"row1.{cell}") for cell in ("what", "begun", "helped")] == [
            "Sertraline",
            "2026-13",
            "a-lot",
        ]
        assert "There is no such month" in shown.words
        assert (await autosaved(browser, page, row1__begun="2026-13")).status_code == 409
        assert (await evaluation_of(portal)).entry is None
        assert (await browser.get("/evaluation/verdict")).status_code == 404


async def test_autosave_and_a_page_that_lost(portal: Portal) -> None:
    """What is typed is saved meanwhile; a second page is told, and keeps its words."""
    async with portal.client("alice") as browser:
        page = await opened(browser, "/evaluation/medicines")
        other = await opened(browser, "/evaluation/medicines")
        assert "Saved" in (await autosaved(browser, page, row1__name="Iron")).text
        assert (await evaluation_of(portal)).answers == {"evaluation.medicines": ["Iron"]}
        answer = await pressed(browser, other, row1__name="Zinc")
        assert answer.status_code == 409
        assert Page.of(answer).value("row1.name") == "Zinc"
        assert (await evaluation_of(portal)).answers == {"evaluation.medicines": ["Iron"]}


async def test_nothing_is_asked_around_a_dosing_session(portal: Portal) -> None:
    """The pages say until when it waits; what is sent all the same is refused, and stays on the page."""
    entry = await begun(portal)
    async with portal.client("alice") as browser:
        page = await opened(browser, "/evaluation/conditions")
        session = await in_session(portal.cast)
        for path in ("/evaluation", *(f"/evaluation/{one}" for one in Step)):
            shown = await opened(browser, path)
            assert "waits until you have rested" in shown.words
            assert "revision" not in shown.fields
        answer = await pressed(browser, page, said__liver="yes", words__liver="Since 2020")
        assert answer.status_code == 409
        assert "Since 2020" in answer.text
        assert (await browser.post("/evaluation")).status_code == 409
    await rested(portal.cast, session)
    await signed_in_again(portal.cast)
    async with portal.client("alice") as browser:
        page = await followed(browser, await browser.get(f"/journal/{entry}/edit"))
        assert page.heading == "Evaluation"
        assert page.markup.all("a", href="/evaluation/conditions")


async def test_a_part_is_shared_by_choice_alone(portal: Portal) -> None:
    """Nobody reads it before; whoever is given one part reads that one."""
    entry = await begun(portal, said__liver="yes", words__liver="Since 2020")
    async with portal.client("alice") as browser:
        page = await opened(browser, "/evaluation/treatments")
        await pressed(browser, page, row1__what="Sertraline")
        assert await read_by(portal.cast, "bob") == ()
        where = f"/journal/{entry}/shares"
        page = await opened(browser, where)
        assert "1 answer" in page.words
        sent = page.fields | {"step": ["preview"], "sections": ["evaluation.treatments"]}
        preview = await browser.post(where, data=sent)
        assert "Sertraline" in preview.text
        assert "Since 2020" not in preview.text


async def test_each_version_goes_to_whom_it_is_given(portal: Portal) -> None:
    """Not while it is written; each version once; and none any more to whom its patient stopped the copy."""
    cast = portal.cast
    await standing.give_standing(await cast.actor("alice"), cast.link, "evaluation")

    async def read() -> list[object]:
        return [one.answers["evaluation.conditions"] for one in await read_by(cast, "bob")]

    async def finished(said: str, words: str = "can read each new one") -> None:
        page = await opened(browser, "/evaluation/conditions")
        await pressed(browser, page, said__liver=said)
        assert words in (await opened(browser, "/evaluation")).words
        assert ["liver | " + said] not in await read()
        await followed(browser, await browser.post("/evaluation"))

    async with portal.client("alice") as browser:
        for said in ("no", "yes"):
            await finished(said)
            assert await read() == [[f"liver | {said}"]]
        (copy,) = await shares.list_shares(await cast.actor("alice"))
        await shares.revoke_share(await cast.actor("alice"), copy.id)
        await finished("not-sure", "they do not go to Bob Example")
        assert await read() == []
        page = await opened(browser, f"/sharing/{cast.link}/standing")
        assert len(page.markup.all("input", name="sections")) == 1
