"""The accounting of disclosures: what went to whom, when and why, to read and as a file."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from httpx import Response

from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.audit.chain import EventRecord
from journal.audit.pending import write_events
from journal.care import lifecycle
from journal.errors import HeldUntilRested, InvalidInput, NotFound
from journal.records import collection as records_collection
from journal.records.disclosures import export_disclosures, get_accounting_start, list_disclosures
from journal.sharing import shares
from journal.vault.documents import EntryDocument
from portal.web.escaping import build_csv, escape_cell, remove_controls
from tests.cast import PASSWORDS, PRACTICE, Cast
from tests.log import logged
from tests.portal.conftest import Portal
from tests.portal.views.sharing.test_shares import words
from tests.scenes import in_session, opened_by, shared, written

PAGE = "/sharing/disclosures"


async def rows(portal: Portal) -> list[list[str]]:
    """The file that alice takes away."""
    async with portal.client("alice") as browser:
        answer = await browser.post(PAGE, data={"current": PASSWORDS["alice"]})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="hearthside-disclosures-\d{4}-\d\d-\d\d\.csv"',
        answer.headers["content-disposition"],
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def looked_at(portal: Portal, address: str = PAGE) -> Response:
    """The page as alice sees it."""
    async with portal.client("alice") as browser:
        return await browser.get(address)


async def test_every_line_has_date_recipient_what_and_why(any_portal: Portal) -> None:
    """In the file and on the page alike: access given, a copy renewed, opened, and everything taken away."""
    cast = any_portal.cast
    entry = await written(cast)
    share = await shared(cast, entry)
    await opened_by(cast, "bob", share)
    await shared(cast, entry, ("int.meaning",))
    await records_collection.collect_shared_records(
        await cast.actor("bob"), PRACTICE, (await cast.actor("alice")).id
    )
    head, *found = await rows(any_portal)
    assert head == [
        "Date", "Time", "Time in UTC", "Recipient", "Practice", "What happened", "What", "Why",
    ]  # fmt: skip
    assert {tuple(row[3:5]) for row in found} == {("Bob Example (therapist)", PRACTICE)}
    item = "Integration, written on 22 Nov 2026"
    assert [row[5:] for row in found] == [
        ["exported a copy", "what you shared with them, and the dates of your sessions",
         "for their own records of your treatment"],
        ["opened it", item, "you had shared it for your treatment"],
        ["could read a newer copy from then on", item, "you shared it for your treatment"],
        ["opened it", item, "you had shared it for your treatment"],
        ["could read it from then on", item, "you shared it for your treatment"],
        ["could see it from then on", "your name, your time zone and the dates of your sessions",
         "you accepted their invitation"],
    ]  # fmt: skip
    assert found[1][:3] == ["2026-11-22", "13:05", "2026-11-22T12:05:00Z"]
    text = words(await looked_at(any_portal))
    for row in found:
        assert f"Bob Example (therapist), {PRACTICE}, {row[5]}: {row[6]}. Why: {row[7]}." in text
    assert "Sunday, 22 November 2026" in text


async def test_a_title_is_told_only_while_its_reader_has_it(portal: Portal) -> None:
    """As it was shared: not when the title was kept back, and not once the copy is gone."""
    cast = portal.cast
    share = await shared(cast, await written(cast))
    await opened_by(cast, "bob", share)
    told = "“The sea” (Integration, written on 22 Nov 2026)"
    assert [row[6] for row in await rows(portal)][1:3] == [told, told]
    await shares.revoke_share(await cast.actor("alice"), share)
    found = (await rows(portal))[1:]
    assert [row[6] for row in found[:2]] == ["something you no longer share"] * 2
    assert [row[3] for row in found[:2]] == ["Bob Example (therapist)"] * 2
    assert "The sea" not in (await looked_at(portal)).text


async def test_it_goes_on_after_care_has_ended(portal: Portal) -> None:
    """Who it was stays known."""
    cast = portal.cast
    await opened_by(cast, "bob", await shared(cast, await written(cast)))
    await lifecycle.pause_sharing(await cast.actor("alice"))
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    await lifecycle.end_care(await cast.actor("bob"), cast.link)
    found = (await rows(portal))[1:]
    assert found[0][5] == "could read again"
    assert {row[3] for row in found} == {"Bob Example (therapist)"}


async def test_ones_own_acts_are_no_disclosures(portal: Portal) -> None:
    """Taking one's own records, or this file, discloses nothing to anybody."""
    alice = await portal.cast.actor("alice")
    before = len(await list_disclosures(alice))
    await records_collection.collect_patient_records(alice, PRACTICE)
    await rows(portal)
    assert len(await list_disclosures(alice)) == before
    (taken,) = await logged(Act.DISCLOSURES_TAKEN)
    assert (taken.actor_id, taken.patient_id) == (alice.id, alice.id)
    assert "You saved the accounting of disclosures as a file" in words(
        await looked_at(portal, "/sharing/log")
    )


async def test_six_years_are_kept_in_sight(portal: Portal) -> None:
    """To the moment; what is older is left out."""
    cast = portal.cast
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    edge = get_accounting_start(alice.now)
    for at, seen in ((edge, True), (edge - timedelta(microseconds=1), False)):
        count = len(await list_disclosures(alice))
        await write_events(
            cast.installation, [EventRecord(at, bob.id, alice.id, None, None, "share.opened", "done")]
        )
        assert (len(await list_disclosures(alice)) == count + 1) is seen
    assert get_accounting_start(datetime(2028, 2, 29, 12, tzinfo=UTC)) == datetime(
        2022, 2, 28, 12, tzinfo=UTC
    )
    assert "since 22 Nov 2020" in words(await looked_at(portal))


async def test_a_file_needs_the_password_again(portal: Portal) -> None:
    """The page does not. A wrong password gives no file, keeps the page, and is written down."""
    assert (await looked_at(portal)).status_code == 200
    async with portal.client("alice") as browser:
        for data in ({"current": "not the password"}, {}):
            answer = await browser.post(PAGE, data=data)
            assert answer.status_code == 422
            assert "That is not your password" in answer.text
            assert "content-disposition" not in answer.headers
    assert len(await logged(Act.DISCLOSURES_TAKEN)) == 0
    assert len(await logged(Act.PASSWORD_REFUSED)) == 2


async def test_a_file_waits_until_rested_and_the_page_does_not(portal: Portal) -> None:
    """What leaves cannot be taken back; looking can be done at any time."""
    await in_session(portal.cast)
    async with portal.client("alice") as browser:
        page = await browser.get(PAGE)
        assert page.status_code == 200
        assert 'name="current"' not in page.text
        assert (await browser.post(PAGE, data={"current": PASSWORDS["alice"]})).status_code == 409
    with pytest.raises(HeldUntilRested):
        await export_disclosures(await portal.cast.actor("alice"), PASSWORDS["alice"])


async def test_others_find_nothing(portal: Portal) -> None:
    """No clinician has such a page, and another patient's has nothing of alice's."""
    await opened_by(portal.cast, "bob", await shared(portal.cast, await written(portal.cast)))
    async with portal.client("bob") as browser:
        assert (await browser.get(PAGE)).status_code == 404
    async with portal.client("dana") as browser:
        assert "Nothing of your record went to anybody" in words(await browser.get(PAGE))
    for name in ("bob", "charlie"):
        with pytest.raises(NotFound):
            await list_disclosures(await portal.cast.actor(name))
    with pytest.raises(InvalidInput):
        await export_disclosures(await portal.cast.actor("dana"), PASSWORDS["alice"])


async def test_a_long_accounting_comes_in_pages(portal: Portal) -> None:
    """Each line stands on one of them, and the file has all."""
    cast = portal.cast
    alice, bob = await cast.actor("alice"), await cast.actor("bob")
    await audit_log.record_share_openings(bob, alice.id, [cast.link] * 450)
    seen, address = 0, PAGE
    for _ in range(4):
        page = await looked_at(portal, address)
        seen += words(page).count("Why:")
        older = re.search(rf'href="({PAGE}\?before=\d+)"', page.text)
        if older is None:
            break
        address = older[1]
    assert seen == 451
    assert len(await rows(portal)) == 452
    for nonsense in ("nonsense", "9" * 40, "-1", "٧"):
        assert (await looked_at(portal, f"{PAGE}?before={nonsense}")).status_code == 200


async def named(cast: Cast, title: str) -> None:
    """Have alice share an entry of this title, and bob open it."""
    document = EntryDocument("free", title, answers={"free.text": "words"})
    await opened_by(
        cast, "bob", await shared(cast, await written(cast, document=document), ("title", "free.text"))
    )


@pytest.mark.parametrize(
    "title", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "＝1", ' ="a"', '=HYPERLINK("http://evil.example";"x")']
)
async def test_no_title_becomes_a_formula(portal: Portal, title: str) -> None:
    """A spreadsheet shows it as text."""
    await named(portal.cast, title)
    for row in await rows(portal):
        for text in row:
            assert not re.match(r"\s*[=+\-@＝＋－＠]", text), text
    assert not re.match(r"\s*[=+\-@＝＋－＠]", escape_cell(title))
    assert remove_controls(title).strip() in escape_cell(title).replace("'", "")


def test_a_separator_of_another_country_starts_no_formula() -> None:
    """Some spreadsheets part cells at semicolons or tabs, whatever the quotes."""
    for text in ("a;=1", 'b";@x', "c|+1", "d,  -1"):
        assert not re.search(r"[;,|\"]\s*[=+\-@]", escape_cell(text)), text
    assert escape_cell("well-being; a - b, 3 + 4 = 7") == "well-being; a - b, 3 + 4 = 7"


async def test_control_characters_are_inert(portal: Portal) -> None:
    """No terminal, table or page obeys a title: neither escape sequences, line breaks nor turned writing."""
    await named(portal.cast, "a\x1b[2Jb\nc\x07\u202edrow\u2066e\r\n=1")
    page, log = await looked_at(portal), await looked_at(portal, "/sharing/log")
    found = await rows(portal)
    bad = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
    for text in (page.text, log.text, *(one for row in found for one in row)):
        assert not bad.search(text)
    assert all(len(row) == 8 for row in found)
    assert not any("\n" in text for row in found for text in row)


def test_what_is_harmless_stays_as_it_is() -> None:
    """Words of any language, emoji joined from several, and what was escaped already."""
    from markupsafe import Markup, escape

    for text in ("Schlaf & Meer", "می‌خواهم", "👩‍👧", "海", "it’s"):
        assert remove_controls(text) == text
    assert remove_controls(Markup("a &amp; b\u202e")) == Markup("a &amp; b")
    assert escape(remove_controls("<b>\x1b")) == "&lt;b&gt;\ufffd"
    assert remove_controls("a\ud800b") == "a\ufffdb"
    assert build_csv([["a", 'b"c']]) == b'\xef\xbb\xbf"a","b""c"\r\n'
