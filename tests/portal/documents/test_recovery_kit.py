"""The recovery kit: one page, made in memory, and good for one account only while its key is the newest."""

from __future__ import annotations

import re

import pypdfium2

from portal.documents.recovery_kit import (
    BY_HAND,
    GOOD_TO_KNOW,
    HOW,
    KEY,
    MADE,
    NO_EMERGENCY,
    NOTES,
    PURPOSE,
    STEPS,
)
from portal.web.translation import Translator
from tests.portal.conftest import ORIGIN, Portal
from tests.portal.views.account.test_account import NEW, field, groups


def pages(pdf: bytes) -> list[str]:
    """The words on each page of a PDF, as a program reads them that did not write it."""
    with pypdfium2.PdfDocument(pdf) as file:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in file]


async def test_the_kit_is_one_page_with_the_key_in_plain_words(portal: Portal) -> None:
    """It says which key, where and how, and names nobody; the file is for saving and is stored by no browser."""
    async with portal.client("alice") as browser:
        shown = (await browser.post("/account/recovery-key")).text
        answer = await browser.post("/account/recovery-key/kit", data={"offer": field(shown, "offer")})
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="recovery-key.pdf"'
    [words] = pages(answer.content)
    assert " ".join(groups(shown)) in words
    assert f"{ORIGIN}/recover" in words
    assert "1. " in words
    assert "3. " in words
    assert "4. " not in words
    assert "22 Nov 2026" in words
    assert "not an emergency service" in words
    assert "A new recovery key makes this one useless." in words
    assert "alice" not in (words + answer.content.decode("latin-1")).lower()


async def test_the_kit_is_in_the_language_of_whoever_prints_it(portal: Portal) -> None:
    """Every sentence and the day, on one page."""
    async with portal.client("alice") as browser:
        await browser.post("/account/details", data={"name": "Alice", "time_zone": "UTC", "language": "es"})
        shown = (await browser.post("/account/recovery-key")).text
        answer = await browser.post("/account/recovery-key/kit", data={"offer": field(shown, "offer")})
    [words], translate = pages(answer.content), Translator("es").translate
    assert b"/Lang(es)" in answer.content
    assert "22 nov 2026" in words
    for sentence in (PURPOSE, KEY, HOW, GOOD_TO_KNOW, BY_HAND, MADE, NO_EMERGENCY, *STEPS, *NOTES):
        said = translate(sentence)
        assert said != sentence
        for piece in re.split(r"%\([a-z]+\)s", said):
            assert set(piece.split()) <= set(words.split()) or piece in words, piece
        assert sentence not in words


async def test_nothing_of_the_kit_is_written_to_a_disk(portal: Portal, tmp_path) -> None:
    """Neither the key nor the file is anywhere in the data folder, where the log and the database are."""
    async with portal.client("alice") as browser:
        shown = (await browser.post("/account/recovery-key")).text
        answer = await browser.post("/account/recovery-key/kit", data={"offer": field(shown, "offer")})
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert answer.content[:200] not in stored
    assert all(group.encode() not in stored for group in ("-".join(groups(shown)), "".join(groups(shown))))


async def test_a_new_kit_kills_the_old(any_portal: Portal) -> None:
    """The older key opens nothing, an older page can neither be printed nor confirmed, and the newer key works."""
    async with any_portal.client("alice") as browser:
        pages = [(await browser.post("/account/recovery-key")).text for _ in range(3)]
        first, second, idle = [{"offer": field(one, "offer"), "typed": groups(one)[-1]} for one in pages]
        for offer in (first, second, idle):
            assert (await browser.post("/account/recovery-key/kit", data=offer)).status_code == 200
        assert (await browser.post("/account/recovery-key/confirmation", data=first)).status_code == 303
        for offer in (first, second):
            for path in ("kit", "confirmation"):
                answer = await browser.post(f"/account/recovery-key/{path}", data=offer)
                assert answer.status_code == 409
                assert "Start again" in answer.text
        newest = (await browser.post("/account/recovery-key")).text
        offer = {"offer": field(newest, "offer"), "typed": groups(newest)[-1]}
        assert (await browser.post("/account/recovery-key/confirmation", data=offer)).status_code == 303
    form = {"email": "alice@example.org", "password": NEW, "repeated": NEW}
    async with any_portal.client() as browser:
        for page in (*pages,):
            answer = await browser.post("/recover", data=form | {"recovery_key": "-".join(groups(page))})
            assert answer.status_code == 422
        answer = await browser.post("/recover", data=form | {"recovery_key": "-".join(groups(newest))})
        assert answer.status_code == 303


async def test_a_kit_is_made_for_its_own_account_only(portal: Portal) -> None:
    """Somebody else's sealed offer gives nobody a kit, and nothing of the key."""
    async with portal.client("alice") as browser:
        shown = (await browser.post("/account/recovery-key")).text
    async with portal.client("dana") as browser:
        answer = await browser.post("/account/recovery-key/kit", data={"offer": field(shown, "offer")})
        assert answer.status_code == 409
        assert groups(shown)[0] not in answer.text
