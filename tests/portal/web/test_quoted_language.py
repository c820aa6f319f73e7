"""An entry remembers the language of its words, and says so wherever a page of another language quotes them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import msgspec
from httpx import Response

from journal.entries import entries, revisions
from journal.evaluation.lines import Remedy, Treatment
from journal.records import collection
from journal.sharing import shares
from journal.vault.documents import EntryDocument
from portal.documents.archive_pages import build_page_renderer
from portal.web.dates import format_place
from portal.web.pages import build_environment
from portal.web.translation import filter_quoted, filter_shortened, speaking
from tests.cast import Cast
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal
from tests.portal.markup import Markup

TITLE, MEANING, NOTE = "The grey sea", "I am allowed to rest.", "about my father"


async def write(cast: Cast, language: str, **changes: str) -> UUID:
    """Have alice write an entry on pages of *language*."""
    alice = replace(await cast.actor("alice"), language=language)
    answers: dict[str, object] = {"int.meaning": MEANING, "int.confidence": 6}
    document = EntryDocument("integration", changes.get("title", TITLE), NOTE, answers=answers)  # type: ignore[arg-type]
    return (await entries.save_entry(alice, uuid4(), 0, document)).id


async def speak(portal: Portal, who: str, language: str) -> None:
    """Set the language of somebody's account."""
    async with portal.client(who) as browser:
        page = await opened(browser, "/account/details")
        sent = await browser.post("/account/details", data=page.filled({"language": language}))
        assert sent.status_code == 303


def find_languages(page: Page, words: str) -> list[str]:
    """Return the `lang` of every innermost element of the main part that says *words* and nothing else, or nothing."""
    return [
        one.attributes.get("lang", "")
        for one in page.markup.elements
        if one.words.strip("“”") == words
        and one.tag in ("a", "div", "p", "span", "q", "h1", "h2", "blockquote")
    ]


async def test_words_keep_their_language_until_they_are_written_anew(portal: Portal) -> None:
    """A tap on another page's language changes none; an earlier version and its restoring keep theirs."""
    entry, alice = await write(portal.cast, "en"), await portal.cast.actor("alice")
    spanish = replace(alice, language="es")
    first = (await entries.load_entry(alice, entry)).document
    assert first.language == "en"
    tapped = msgspec.structs.replace(first, answers={**first.answers, "int.confidence": 7})
    one = await entries.save_entry(spanish, entry, 1, tapped)
    assert one.document.language == "en"
    for untold in (
        {"int.ratings": ["2026-11-22T12:00Z | 4 | 5", f"{uuid4().hex} | 2026-11-04"]},
        {"int.meaning": MEANING.removesuffix("rest.")},
    ):  # lines of numbers, and fewer words, are no words of another language
        renamed = msgspec.structs.replace(tapped, title="El mar gris", answers={**tapped.answers, **untold})
        assert entries._keep_language(spanish, tapped, renamed).language == "en"
    written = msgspec.structs.replace(tapped, answers={**tapped.answers, "int.meaning": "Puedo descansar."})
    two = await entries.save_entry(spanish, entry, one.revision, written)
    assert two.document.language == "es"
    changed = await entries.change_entry(replace(alice, language="en"), entry, lambda now: now.document)
    assert changed.document.language == "es"


async def test_english_words_on_spanish_pages_say_so(portal: Portal) -> None:
    """The words and the title, on every page that shows them; the page's own words are in the page's language."""
    entry = await write(portal.cast, "en")
    async with portal.client("alice") as browser:
        assert find_languages(await opened(browser, f"/journal/{entry}"), MEANING) == [""]
    await speak(portal, "alice", "es")
    async with portal.client("alice") as browser:
        for path in (f"/journal/{entry}", f"/journal/{entry}/grounded"):
            page = await opened(browser, path)
            assert page.markup.all("html")[0].attributes["lang"] == "es"
            assert find_languages(page, MEANING) == ["en"], path
            assert "en" in find_languages(page, TITLE), path
            assert find_languages(page, NOTE) == ["en"], path
            english = [one for one in page.markup.elements if one.attributes.get("lang") == "en"]
            assert {one.words for one in english} <= {TITLE, MEANING, NOTE, "English"}, path


async def test_a_copy_says_in_which_language_it_was_written(portal: Portal) -> None:
    """A Spanish entry on its English reader's pages; one whose language nobody knows says nothing."""
    entry = await write(portal.cast, "es")
    alice = await portal.cast.actor("alice")
    parts = ("title", "note", "int.meaning")
    share = await shares.share_entry(alice, entry, portal.cast.link, parts, previewed=1)
    nobody = await write(portal.cast, "tlh", title="Another")
    other = await shares.share_entry(alice, nobody, portal.cast.link, parts, previewed=1)
    async with portal.client("bob") as browser:
        page = await opened(browser, f"/patients/{alice.id}/shared/{share}")
        assert (find_languages(page, MEANING), find_languages(page, NOTE)) == (["es"], ["es"])
        assert "es" in find_languages(page, TITLE)
        page = await opened(browser, f"/patients/{alice.id}/shared/{other}")
        assert find_languages(page, MEANING) == [""]


async def test_an_export_says_in_which_language_each_entry_was_written(portal: Portal) -> None:
    """In its file of entries, and around the words and titles of its pages."""
    await write(portal.cast, "en")
    alice = await portal.cast.actor("alice")
    found = await collection.collect_patient_records(alice, "A practice")
    assert [one.language for one in found.entries] == ["en"]
    with speaking("es"):
        pages = build_page_renderer(portal.app.state.templates.here, alice)(found)
    month = Page(Response(200), Markup(pages["journal/2026-11.html"]))
    assert find_languages(month, MEANING) == ["en"]
    assert "en" in find_languages(month, TITLE)


async def test_an_earlier_version_is_called_as_its_entry_is(portal: Portal) -> None:
    """What Hearthside called it is in the reader's language, on its page and in an export; so is the time zone."""
    alice, wanted = replace(await portal.cast.actor("alice"), language="en"), uuid4()
    line = {"day_lines.lines": ["2026-11-21 | 4 | 5 | 6 |  |  | grey"]}
    first = EntryDocument("day_lines", "Day lines, 2026-11", answers=line)  # type: ignore[arg-type]
    seen = await entries.save_entry(alice, wanted, 0, first)
    other = msgspec.structs.replace(seen.document, title="What I called it", answers={})
    await entries.replace_document(alice, seen, other, keep=True)
    (version,) = await revisions.list_revisions(alice, wanted)
    await speak(portal, "alice", "es")
    called = "Líneas del día, noviembre de 2026"
    async with portal.client("alice") as browser:
        page = await opened(browser, f"/journal/{wanted}/revisions/{version.id}")
    assert find_languages(page, called) == [""]
    assert find_languages(page, "What I called it") == [
        "",
        "en",
        "en",
    ]  # a link around the words, and twice they
    found = await collection.collect_patient_records(alice, "A practice")
    with speaking("es"):
        pages = build_page_renderer(portal.app.state.templates.here, alice)(found)
    assert f"<p><strong>{called}</strong></p>" in pages["journal/2026-11.html"]
    assert "2026-11</strong>" not in pages["journal/2026-11.html"]
    with speaking("es"):
        assert f"({format_place(alice.time_zone)})" in " ".join(pages["README.txt"].split())
    assert "/" in alice.time_zone


def test_a_month_is_written_in_the_readers_language() -> None:
    """As far as it was typed in digits; other words about when are quoted."""
    macros = build_environment("es").get_template("macros/evaluation.html")
    treatments = [Treatment("Tea", begun="2022-02", ended="2023-9"), Treatment("Iron", begun="as a child")]
    remedies = [Remedy("Iron", "2024-05"), Remedy("Tea", "2024-13")]
    rows = (("ledger", treatments), ("treatment_rows", treatments), ("remedy_rows", remedies))
    with speaking("es"):
        drawn = [getattr(macros.module, name)(given, "en") for name, given in rows]
    for one in drawn[:2]:
        assert "febrero de 2022" in one
        assert "septiembre de 2023" in one
        assert '<span lang="en">as a child</span>' in one
    assert "desde mayo de 2024" in drawn[2]
    assert 'desde <span lang="en">2024-13</span>' in drawn[2]
    assert "2022-02" not in "".join(drawn)


async def test_lists_say_in_which_language_a_title_is(portal: Portal) -> None:
    """The journal, home, what was deleted and what was found, in which it stands beside words of the page."""
    entry = await write(portal.cast, "en")
    await speak(portal, "alice", "es")
    async with portal.client("alice") as browser:
        for path in ("/journal", "/"):
            page = await opened(browser, path)
            assert "en" in find_languages(page, TITLE), path
        hit = Page.of(await browser.post("/journal", data={"q": "grey"}))
        (link,) = [one for one in hit.markup.all("a") if one.attributes.get("href") == f"/journal/{entry}"]
        assert (link.attributes.get("lang"), link.words) == ("en", TITLE)
        await browser.post(f"/journal/{entry}/deletion")
        assert "en" in find_languages(await opened(browser, "/journal/deleted"), TITLE)
    await speak(portal, "alice", "en")
    await write(portal.cast, "en")
    async with portal.client("alice") as browser:
        assert set(find_languages(await opened(browser, "/journal"), TITLE)) <= {""}


def test_a_long_title_is_cut_within_its_language() -> None:
    """It is cut as any other, and no sign of markup is."""
    long = "A & B: " + "grey " * 20
    with speaking("es"):
        said = filter_quoted(long, "en")
        cut = filter_shortened(said, 40)
    assert cut == f'<span lang="en">A &amp; B: {long[7:37]}...</span>'
    assert filter_shortened(long, 40) == f"{long[:37]}..."
    assert filter_shortened("short", 40) == "short"
