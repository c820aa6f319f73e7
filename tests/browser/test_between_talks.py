"""
Between two talks, by two people in two browsers: a patient in Spanish on a phone, their therapist in English at a desk.

Set, answered, shared "only if I bring it up", printed, opened, replied to, read, talked about, let go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from journal.clinic.hours import Window
from journal.reading_hours.hours import Hours, save_hours
from tests.attacks.test_spanish import Texts, find_english
from tests.browser.conftest import Desk
from tests.browser.served import Served, serving
from tests.browser.test_brief_print import sheets
from tests.cast import ZONE, Furniture
from tests.journal.coming_talk.test_coming_talk import talk_on

QUESTION, WHY, SENTENCE = "How was the river?", "We begin there.", "I answer when we meet."
WORDS = "Alta y marrón, casi hasta el puente."
ASKED, REPLY = "¿Podemos empezar por otra cosa?", "Yes. You choose where we begin."


@pytest.fixture
def server(furnished_sqlite: tuple[Path, Furniture], tmp_path: Path) -> Iterator[Served]:
    """A server for each walk."""
    with serving(*furnished_sqlite, tmp_path) as served:
        yield served


class Walk:
    """Two people, with JavaScript or without, and what is verified on each page of theirs."""

    def __init__(self, desk: Desk, server: Served, alice: Page, bob: Page, *, javascript: bool) -> None:
        self.desk, self.server, self.alice, self.bob, self.javascript = desk, server, alice, bob, javascript
        self.patient = UUID(int=0)

    async def look(self, page: Page) -> None:
        """Verify that a page fits, that axe finds nothing, also in the dark, and that Alice's is in Spanish."""
        width = page.viewport_size["width"] if page.viewport_size else 0
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        is_hers = page is self.alice
        assert await page.evaluate("document.documentElement.lang") == ("es" if is_hers else "en"), page.url
        if is_hers:
            texts = Texts(await page.content()).found
            assert list(find_english(dict.fromkeys(texts, page.url))) == []
        if self.javascript:
            await page.evaluate("scrollTo(0, 0)")
            for scheme in ("dark", "light"):
                await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                await self.desk.axe(page)

    async def press(self, page: Page, name: str | re.Pattern[str]) -> None:
        """Press a button, and wait for the page that follows."""
        buttons = page.get_by_role("main").get_by_role("button", name=name, exact=isinstance(name, str))
        async with page.expect_event("load"):
            await buttons.first.click()

    async def follow(self, page: Page, name: str | re.Pattern[str]) -> None:
        """Follow a link, and wait for the page."""
        links = page.get_by_role("main").get_by_role("link", name=name, exact=isinstance(name, str))
        async with page.expect_event("load"):
            await links.first.click()

    async def wait(self, **passed: float) -> None:
        """Move the clock on, with both browsers put away."""
        for page in (self.alice, self.bob):
            await page.goto("about:blank")
        self.server.forward(**passed)
        await self.server.admit(self.alice.context, "alice")
        await self.server.admit(self.bob.context, "bob")

    async def alice_chooses_spanish(self) -> None:
        """Choose the language of her account."""
        await self.alice.goto("/account/details")
        await self.alice.locator("[name=language]").select_option("es")
        await self.press(self.alice, "Save")
        await self.alice.goto("/talk")
        await expect(self.alice.get_by_text("No hay nada propuesto para una conversación")).to_be_visible()
        await self.look(self.alice)

    async def bob_sets_three_things(self) -> None:
        """Set nothing by mistake, then three things; they stand for the talk of the day after tomorrow."""
        bob = self.bob
        await bob.goto(f"/patients/{self.patient}/talk")
        await self.press(bob, "Set it")
        await expect(bob.get_by_text("Choose what to set.").first).to_be_visible()
        await self.look(bob)
        for thing, words in (("question:own", QUESTION), ("skill:orient", ""), ("reading:pace", "")):
            await bob.locator("#thing").select_option(thing)
            await bob.locator("#words").fill(words)
            await bob.locator("#why").fill(WHY)
            await self.press(bob, "Set it")
        await expect(bob.get_by_text("3 of 5 set")).to_be_visible()
        await self.look(bob)

    async def alice_answers(self) -> None:
        """See it as the next thing, say "not for me" to what there is to read, and write about the question."""
        alice = self.alice
        await alice.goto("/")
        await self.look(alice)
        await self.follow(alice, "Ver lo que hay para la conversación")
        assert await alice.locator("[lang=en]", has_text=QUESTION).count() == 1
        assert await alice.locator("[lang=en]", has_text=WHY).count() == 3
        await self.look(alice)
        await self.follow(alice, "Leer")
        await self.look(alice)
        await self.press(alice, "No es para mí")
        await expect(alice.get_by_text("Usted dijo: no es para mí.")).to_be_visible()
        await self.follow(alice, "Escribir")
        await expect(alice.locator("#title")).to_have_value(QUESTION)
        await alice.locator("[name='free.text']").fill(WORDS)
        await self.look(alice)
        await self.press(alice, "Guardar y cerrar")
        await alice.goto("/talk")
        await expect(alice.get_by_text("Solo usted lo sabe.")).to_be_visible()
        await self.bob.goto(f"/patients/{self.patient}/talk")
        await expect(self.bob.get_by_text(": not for me.")).to_be_visible()
        await expect(self.bob.get_by_text("shared an answer")).to_have_count(0)

    async def alice_shares(self) -> None:
        """Share the answer, only if she brings it up; she is told when Bob looks next."""
        alice = self.alice
        await self.follow(alice, "Abrir lo que respondió")
        await self.look(alice)
        await self.follow(alice, "Compartir")
        await self.press(alice, "Todo")
        await expect(alice.get_by_text("Próxima vez: el lun 23 nov 2026, 09:00.")).to_be_visible()
        assert await alice.locator("[lang=en]", has_text=SENTENCE).count() == 1
        await alice.get_by_text(re.compile("^Solo si yo lo menciono")).first.click()
        await self.look(alice)
        await self.press(alice, "Compartir esto con Bob Example")
        await expect(alice.get_by_text("Todavía no se ha abierto.")).to_be_visible()
        await self.look(alice)
        await alice.goto("/talk")
        await expect(alice.get_by_text("Usted compartió con Bob Example lo que respondió.")).to_be_visible()
        await self.look(alice)

    async def bob_prints(self) -> None:
        """Ten minutes before the talk: one page of paper, on which the closed answer is its title alone."""
        bob = self.bob
        await bob.goto("/")
        await self.look(bob)
        await bob.goto(f"/patients/{self.patient}/brief")
        await expect(bob.get_by_text("Only if they bring it up")).to_be_visible()
        await self.look(bob)
        await bob.emulate_media(media="print")
        printed = await bob.locator("body").inner_text()
        assert QUESTION in printed
        assert WORDS not in printed
        assert WORDS not in await bob.content()
        assert await sheets(bob, "A4") == 1
        await bob.emulate_media(media="screen")

    async def bob_opens_and_replies(self) -> None:
        """A title until a tap; then the words, in their language, and a reply."""
        bob = self.bob
        await self.follow(bob, QUESTION)
        await expect(bob.get_by_text(WORDS)).to_have_count(0)
        await self.look(bob)
        await self.press(bob, "Open it")
        await expect(bob.get_by_text(WORDS)).to_be_visible()
        assert await bob.locator("[lang=es]", has_text=WORDS).count() >= 1
        await bob.locator("#reply").fill(REPLY)
        await self.press(bob, "Send")
        await expect(bob.get_by_text("Not read yet")).to_be_visible()
        await self.look(bob)

    async def alice_reads_and_replies(self) -> None:
        """See that it was opened, read the reply, in its language, and reply."""
        alice = self.alice
        await alice.goto("/")
        await self.look(alice)
        await self.follow(alice, re.compile("^Bob Example respondió a"))
        await expect(alice.get_by_text(REPLY)).to_be_visible()
        assert await alice.locator("[lang=en]", has_text=REPLY).count() >= 1
        await alice.locator("#reply").fill(ASKED)
        await self.press(alice, "Enviar")
        await expect(alice.get_by_text("Todavía sin leer")).to_be_visible()
        await self.look(alice)
        await self.bob.reload()
        await expect(self.bob.get_by_text("Read on")).to_be_visible()
        await expect(self.bob.get_by_text(ASKED)).to_be_visible()
        await self.look(self.bob)
        await alice.reload()
        await expect(alice.get_by_text(re.compile("^Leída el"))).to_be_visible()

    async def bob_marks(self) -> None:
        """After the talk: the answer and its question were talked about, what else was set is let go."""
        bob = self.bob
        await bob.goto(f"/patients/{self.patient}/talk")
        await self.look(bob)
        await self.follow(bob, "Alice Sample shared an answer")
        await self.press(bob, "Talked about")
        await expect(bob.get_by_text("Talked about, 24 Nov 2026.")).to_be_visible()
        await self.look(bob)
        await bob.goto(f"/patients/{self.patient}/talk")
        question = bob.get_by_role("listitem").filter(has_text=QUESTION)
        async with bob.expect_event("load"):
            await question.get_by_role("button", name="Talked about").click()
        for _ in range(2):
            await self.press(bob, "Let go")
        await expect(bob.get_by_text("Let go, 24 Nov 2026")).to_have_count(2)
        await self.look(bob)
        await bob.goto(f"/patients/{self.patient}/brief")
        await self.look(bob)

    async def alice_sees_the_marks(self) -> None:
        """See what was talked about, on what was set and on the copy; what was let go is gone."""
        alice = self.alice
        await alice.goto("/talk?earlier=yes")
        await expect(alice.get_by_text("Se habló de esto el 24 nov 2026")).to_be_visible()
        assert await alice.locator(".talk-thing").all_inner_texts() == [QUESTION]
        await self.look(alice)
        await self.follow(alice, "Abrir lo que respondió")
        await self.look(alice)
        await alice.goto(alice.url + "/shares")
        await expect(
            alice.get_by_text("Bob Example marcó el 24 nov 2026 que se habló de esto.")
        ).to_be_visible()
        await self.look(alice)


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
async def test_from_what_is_set_to_what_is_let_go(desk: Desk, server: Served, javascript: bool) -> None:
    """Both see what the other gave and did with it, and no more; every tap works without JavaScript."""
    alice = await desk.person(javascript=javascript, touch=True)
    bob = await desk.person(javascript=javascript, width=1280)
    walk = Walk(desk, server, alice, bob, javascript=javascript)
    async with server.second_connection() as cast:
        await talk_on(cast)
        hours = Hours(ZONE, (Window((1,), "09:00", "10:00"),), words=SENTENCE, language="en")
        await save_hours(await cast.actor("bob"), hours, base=0)
        walk.patient = (await cast.actor("alice")).id
    await server.admit(alice.context, "alice")
    await server.admit(bob.context, "bob")
    await walk.alice_chooses_spanish()
    await walk.bob_sets_three_things()
    await walk.alice_answers()
    await walk.alice_shares()
    await walk.wait(days=2, hours=1, minutes=50)
    await walk.bob_prints()
    await walk.bob_opens_and_replies()
    await walk.alice_reads_and_replies()
    await walk.wait(hours=2)
    await walk.bob_marks()
    await walk.alice_sees_the_marks()
