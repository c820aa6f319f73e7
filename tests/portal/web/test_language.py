"""Pages speak the language of whoever reads them: an account's, else the one chosen in this browser, else its own."""

from __future__ import annotations

import logging
import re
from datetime import UTC, date, datetime

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.types import Receive, Scope, Send

from journal.i18n import LANGUAGES
from journal.practice.account_deletion import CONFIRMATION_WORD
from portal import logs
from portal.http.fallback import ErrorFallback
from portal.web.dates import format_long_day, format_month, format_short_date
from portal.web.device_cookies import LONGEST_HEADER, parse_wishes
from portal.web.translation import Translator, get_language, speaking
from tests.portal.browsing import Page, opened
from tests.portal.conftest import Portal


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en-GB,en;q=0.9,es;q=0.8", "en"),
        ("de-DE,de;q=0.9,es;q=0.5,en;q=0.4", "es"),
        ("es;q=0.1, en;q=0.20", "en"),
        ("es;q=0, fr", "en"),
        ("ES-419", "es"),
        ("est", "en"),
        ("es;q=nothing", "es"),
        ("es;q=0.١", "es"),
        ("*;q=0.5, en;q=0", "en"),
        ("x," * 5000 + "es", "en"),
        (f"{'z' * LONGEST_HEADER},es", "en"),
    ],
)
def test_a_browser_is_answered_in_the_first_language_that_there_is(header: str, expected: str) -> None:
    """By weight, then in the order of the header; what cannot be read counts as wished for, and no more is read."""
    assert parse_wishes(header) == expected


def test_days_are_written_in_the_language_of_the_task() -> None:
    """One after the other, although what was written once is remembered."""
    moment = datetime(2026, 11, 22, 12, tzinfo=UTC)
    for _ in range(2):
        assert format_long_day(moment, UTC) == "Sunday, 22 November 2026"
        with speaking("es"):
            assert format_long_day(moment, UTC) == "domingo, 22 de noviembre de 2026"
            assert format_short_date(date(2026, 1, 2)) == "2 ene 2026"
            assert format_month(date(2026, 11, 1)) == "noviembre de 2026"
        assert get_language() == "en"


async def test_before_signing_in_a_browser_chooses(portal: Portal) -> None:
    """Its own language, then the one of the button at the foot, which leads back; a foreign address leads home."""
    async with portal.client() as browser:
        page = await opened(browser, "/sign-in")
        assert page.markup.all("html")[0].attributes["lang"] == "en"
        assert [one.attributes["value"] for one in page.markup.all("button", name="language")] == ["es"]
        said = await browser.get("/sign-in", headers={"accept-language": "es-MX,es;q=0.9"})
        assert '<html lang="es"' in said.text
        sent = await browser.post("/language", data={"next": "/sign-in", "language": "es"})
        assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in")
        page = await opened(browser, "/sign-in")
        assert page.markup.all("html")[0].attributes["lang"] == "es"
        assert [one.attributes["value"] for one in page.markup.all("button", name="language")] == ["en"]
        missing = await browser.get("/no-such-page")
        assert (missing.status_code, '<html lang="es"' in missing.text) == (404, True)
        for where in ("https://example.org/", "//example.org", "/\\example.org"):
            away = await browser.post("/language", data={"next": where, "language": "tlh"})
            assert (away.headers["location"], "set-cookie" in away.headers) == ("/", False)


def find_way_back(page: Page) -> str:
    """Return where the button at the foot of a page leads."""
    return page.markup.all("input", name="next")[-1].attributes["value"]


LEFT = "/sign-in?next=%2Fjournal%3Fkind%3Dfree%26month%3D2026-11"


async def test_another_language_leads_back_to_the_very_page(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    """With its query, so that whoever signs in then comes to where they wanted to; nothing of it is logged."""
    caplog.set_level(logging.DEBUG)
    async with portal.client() as browser:
        page = await opened(browser, LEFT)
        assert find_way_back(page) == LEFT
        sent = await browser.post("/language", data={"next": LEFT, "language": "es"})
        assert (sent.status_code, sent.headers["location"]) == (303, LEFT)
        again = await opened(browser, LEFT)
        assert again.markup.all("html")[0].attributes["lang"] == "es"
        assert "/journal?kind=free&month=2026-11" in [
            one.attributes.get("value") for one in again.markup.all("input")
        ]
        for query, shown in (("x" * 1001, ""), ("x=%E9", "?x=%E9"), ("q=1", "?q=1"), ("", "")):
            assert find_way_back(await opened(browser, f"/help-now?{query}")) == f"/help-now{shown}"
    told = "\n".join(record.getMessage() for record in caplog.records if record.name == logs.NAME)
    assert "month" not in told


@pytest.mark.parametrize(
    "where",
    [
        "//example.org?next=/sign-in",
        "/\\example.org?next=/sign-in",
        "/\t/example.org",
        "https://example.org/sign-in?next=/",
        "javascript:alert(1)",
        "sign-in?next=/journal",
        "/sign-in\r\nset-cookie: a=b",
        "/ hello?q=1",
        "",
    ],
)
async def test_another_language_leads_nowhere_else(portal: Portal, where: str) -> None:
    """An address of another site, and what a browser could take for one, leads home."""
    async with portal.client() as browser:
        sent = await browser.post("/language", data={"next": where, "language": "es"})
        assert (sent.status_code, sent.headers["location"]) == (303, "/")


async def test_a_query_never_leaves_the_page_as_markup(portal: Portal) -> None:
    """It is somebody else's text where a link with it was sent to whoever opens it."""
    async with portal.client() as browser:
        answer = await browser.get("/help-now?q=%22%3E%3Cscript%3E&r='><script>")
        assert "<script>" not in answer.text.partition('name="next"')[2].partition("</form>")[0]


async def test_an_account_has_a_language(any_portal: Portal) -> None:
    """Saved with the name; it goes before the browser’s, and is kept in it for the next sign-in."""
    async with any_portal.client("alice") as browser:
        page = await opened(browser, "/account/details")
        assert page.value("language") == "en"
        slip = await browser.post("/account/details", data=page.filled({"language": "tlh"}))
        assert (slip.status_code, "Choose one of the list." in Page.of(slip).words) == (422, True)
        done = await browser.post("/account/details", data=page.filled({"language": "es"}))
        assert done.status_code == 303
        home = await browser.get("/", headers={"accept-language": "en"})
        assert '<html lang="es"' in home.text
        assert "es" in home.headers["set-cookie"]
        journal = await browser.get("/journal")
        assert '<html lang="es"' in journal.text
    async with any_portal.client("bob") as browser:
        assert '<html lang="en"' in (await browser.get("/patients")).text


async def test_two_at_once_are_each_answered_in_their_own(portal: Portal) -> None:
    """What a page remembers of its template is not what somebody of another language gets."""
    async with portal.client("alice") as alice, portal.client("bob") as bob:
        await alice.post("/account/details", data={"name": "Alice", "time_zone": "UTC", "language": "es"})
        for _ in range(2):
            for browser, page, language in ((alice, "/journal", "es"), (bob, "/patients", "en")):
                assert f'<html lang="{language}"' in (await browser.get(page)).text


async def test_an_answer_without_a_page_speaks_too(portal: Portal) -> None:
    """A calendar that is not there, a host that is not ours, and the last resort when nothing else could be made."""
    async with portal.client() as browser:
        for language, there, host in (
            ("es", "No hay ningún calendario", "Nada responde en esta dirección."),
            ("fr, en", "There is no calendar", "Nothing answers at this address."),
        ):
            wishes = {"accept-language": language}
            feed = await browser.get(f"/calendar/{'A' * 43}.ics", headers=wishes)
            assert (feed.status_code, there in feed.text) == (404, True)
            other = await browser.get("/", headers={**wishes, "host": "evil.example"})
            assert (other.status_code, host in other.text) == (400, True)


@pytest.mark.parametrize(
    ("language", "sentence", "help_now"),
    [("es", "Algo falló de nuestro lado.", "Ayuda ahora"), ("en", "Something went wrong", "Help now")],
)
async def test_the_last_resort_speaks_too(language: str, sentence: str, help_now: str) -> None:
    """Both the page and the sentence that a script is answered; neither asks what else may be broken."""

    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("seen by nobody")

    with speaking(language):
        app = AsyncClient(transport=ASGITransport(ErrorFallback(breaks)), base_url="http://127.0.0.1:8000")
        async with app as browser:
            page = await browser.get("/")
            told = await browser.get("/", headers={"hx-request": "true"})
    assert f'<html lang="{language}">' in page.text
    assert sentence in page.text
    assert help_now in page.text
    assert told.text.startswith(sentence)
    assert "<" not in told.text
    assert (page.status_code, told.status_code) == (500, 500)


async def test_words_of_another_language_say_so(portal: Portal) -> None:
    """A passphrase that is offered is of English words: a page in another language says why, and an English one not."""
    async with portal.client("alice") as browser:
        for language, is_told in (("es", True), ("en", False)):
            said = {"name": "Alice Sample", "time_zone": "UTC", "language": language}
            assert (await browser.post("/account/details", data=said)).status_code == 303
            page = await opened(browser, "/records")
            assert page.markup.one("p", id="offer").attributes["lang"] == "en"
            assert ("Son palabras en inglés" in page.words) == is_told
            assert "The words are English ones" not in page.words


async def test_the_word_that_deletes_is_one_of_the_page(portal: Portal) -> None:
    """A page in Spanish asks for its own word and takes it; another language's is refused with what was typed kept."""
    delete = CONFIRMATION_WORD
    for language in LANGUAGES:
        words = Translator(language)
        for sentence in (
            "Type the word “delete”",
            "Type the word “delete” if you want to go on. Nothing was changed.",
        ):
            assert re.search(rf"[“«]{words.translate(delete)}[”»]", words.translate(sentence))
    async with portal.client("alice") as browser:
        refused = await browser.post("/account/deletion", data={"word": "eliminar"})
        assert refused.status_code == 422
        assert Page.of(refused).value("word") == "eliminar"
        await browser.post("/account/details", data={"name": "Alice", "time_zone": "UTC", "language": "es"})
        refused = await browser.post("/account/deletion", data={"word": "eliminado"})
        assert refused.status_code == 422
        assert "Escriba la palabra «eliminar»" in Page.of(refused).words
        done = await browser.post("/account/deletion", data={"word": " Eliminar "})
        assert (done.status_code, "Iniciar sesión" in done.text) == (200, True)


async def test_english_deletes_everywhere(portal: Portal) -> None:
    """Whoever knows the word in English from elsewhere is not stopped by a page in Spanish."""
    async with portal.client("alice") as browser:
        await browser.post("/account/details", data={"name": "Alice", "time_zone": "UTC", "language": "es"})
        assert (await browser.post("/account/deletion", data={"word": "delete"})).status_code == 200


def test_every_language_has_a_name_of_its_own() -> None:
    """Each is told in itself: whoever looks for it may not read the other."""
    assert dict(LANGUAGES) == {"en": "English", "es": "Español"}


def test_nothing_is_translated_as_nothing() -> None:
    """A catalogue has its own head where the empty message stands: no page says it."""
    for language in LANGUAGES:
        words = Translator(language)
        assert words.translate("") == words.gettext("") == ""
