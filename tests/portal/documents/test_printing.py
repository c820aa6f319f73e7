"""Pages as files to print: whoever may read a page gets what it says, on their region's paper, and nobody else does."""

from __future__ import annotations

import re
import unicodedata
from http import HTTPStatus
from io import BytesIO

import pikepdf
import pypdfium2
import pytest
from httpx import AsyncClient
from starlette.requests import Request
from starlette.responses import Response

from portal.documents.page_reading import read_page
from portal.documents.printing import PARTLY_REPORTED, PATIENT_REPORTED, print_page
from portal.paper.document import Bullets, Table
from tests.course_material import share_a_course
from tests.portal.browsing import Page, opened, pressed
from tests.portal.conftest import Portal
from tests.portal.documents.test_recovery_kit import pages
from tests.scenes import in_session
from tests.shared_material import dosing, plan_course, share_a_full_brief

SCREEN = (
    "no-print",
    "actions",
    "form",
    "button",
    "nav",
    "details",
    "svg",
    "icon",
    "chart-choices",
    "calls-row",
)


DAY = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4}")
UNDER_WHICH_NOTHING_IS = ("Gone through together", "Lines of my own")
"""Headings of what can be added on the screen, while nothing was added."""


def bare(text: str) -> str:
    """A text without blanks, quotation marks and what joins parts of a line."""
    return re.sub(r"[\s\u2068\u2069·“”«»]+", "", unicodedata.normalize("NFKC", text))


def is_printed(one) -> bool:
    own = one.attributes.get("class", "").split()
    return not {*SCREEN} & {*one.within, one.tag, *own} and "hidden" not in one.attributes


async def printed(browser: AsyncClient, address: str, name: str) -> bytes:
    """The file of a page, which is stored nowhere and named after nobody."""
    answer = await browser.get(f"{address}{'&' if '?' in address else '?'}as=pdf")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    with pikepdf.open(BytesIO(answer.content)) as file:
        assert file.check_pdf_syntax() == []
        assert bool(file.Root.MarkInfo.Marked)
        assert "/Author" not in file.docinfo
        assert "alice" not in str(file.docinfo.get("/Title")).lower()
    return answer.content


def assert_says_the_same(page: Page, pdf: bytes) -> None:
    """Every heading, line, label and cell of the page stands in the file, and the way to it on the page."""
    said = bare("".join(pages(pdf)))
    assert "Patient-reported" in "".join(pages(pdf))
    shown = [one for one in page.markup.all(within="main") if is_printed(one)]
    for tag in ("h2", "h3", "p", "li", "dt", "dd", "td", "th", "q"):
        for one in shown:
            if one.tag == tag and not re.search(
                r"\b(?:check-lines?|picture-key|brief-note)\b", " ".join(one.within)
            ):
                for line in one.text.split("\n"):
                    assert bare(line) in said or tag == "li" or one.words in UNDER_WHICH_NOTHING_IS, (
                        tag,
                        line,
                    )


async def test_a_safety_plan(portal: Portal) -> None:
    """All parts on one page, in order, in A4; in a region with Letter on that."""
    async with portal.client("alice") as browser:
        begun = await opened(browser, "/journal/new?kind=safety")
        lines = "\n".join(f"Walk number {number} around the lake, slowly" for number in range(10))
        every = {name.replace(".", "__"): lines for name in begun.fields if name.startswith("safety.")}
        await pressed(browser, begun, **every)
        page = await opened(browser, "/safety-plan")
        assert page.markup.all("a", within="actions", href="/safety-plan?as=pdf")
        pdf = await printed(browser, "/safety-plan", "safety-plan.pdf")
        assert len(pages(pdf)) == 1
        assert PATIENT_REPORTED in pages(pdf)[0]
        assert_says_the_same(page, pdf)
        await browser.post("/help-now", data={"region": "US"})
        letter = await printed(browser, "/safety-plan", "safety-plan.pdf")
    for made, size in ((pdf, (595, 842)), (letter, (612, 792))):
        with pypdfium2.PdfDocument(made) as file:
            assert len(file) == 1
            assert tuple(map(round, file[0].get_size())) == size


async def test_a_sitters_sheet_and_a_check_list(portal: Portal) -> None:
    """On one page each, with lines to write on, and in the reader's language."""
    await plan_course(portal.cast)
    session = (await dosing(portal.cast))[3].id
    async with portal.client("alice") as browser:
        for path, name in (("sitter/sheet", "sitter-sheet.pdf"), ("checklist", "check-list.pdf")):
            address = f"/sessions/{session}/{path}"
            page = await opened(browser, address)
            assert page.markup.all("a", href=f"{address}?as=pdf")
            pdf = await printed(browser, address, name)
            assert len(pages(pdf)) == 1
            assert PARTLY_REPORTED in pages(pdf)[0]  # what the clinic asks stands there as well
            assert_says_the_same(page, pdf)
        await browser.post("/account/details", data={"name": "Alice", "time_zone": "UTC", "language": "es"})
        pdf = await printed(browser, address, "check-list.pdf")
        assert "Página 1 de 1" in pages(pdf)[0]
        with pikepdf.open(BytesIO(pdf)) as file:
            assert str(file.Root.Lang) == "es"
    for who in ("dana", "charlie", "erin"):
        async with portal.client(who) as browser:
            for path in ("sitter/sheet", "checklist"):
                answer = await browser.get(f"/sessions/{session}/{path}?as=pdf")
                assert (
                    answer.status_code
                    == (await browser.get(f"/sessions/{session}/{path}")).status_code
                    != 200
                )
                assert b"%PDF" not in answer.content


async def test_a_full_brief_and_charts(portal: Portal) -> None:
    """A brief that is full to the brim is one page; what is drawn is described; nobody else gets either."""
    await share_a_full_brief(portal.cast)
    alice = (await portal.cast.actor("alice")).id
    async with portal.client("bob") as browser:
        brief, charts = f"/patients/{alice}/brief", f"/patients/{alice}/charts?show=phq9"
        page = await opened(browser, brief)
        assert page.markup.all("a", within="brief-foot", **{"class": "button button-secondary"})
        pdf = await printed(browser, brief, "brief.pdf")
        assert len(pages(pdf)) == 1
        noted = any(heading in page.words for heading in ("Plan note", "What the sitter noted"))
        assert (PARTLY_REPORTED if noted else PATIENT_REPORTED) in pages(pdf)[0]
        assert_says_the_same(page, pdf)
        blocks = read_page(page.answer.text, "en", "Brief")
        (table,) = (one for one in blocks if isinstance(one, Table))
        scores = [cell.text.split("\n") for row in table.rows for cell in row[1:] if cell.text]
        assert scores
        assert all(
            re.fullmatch(r"\d+|\d+ of \d+ answered", total) and DAY.fullmatch(day)
            for total, day, *_ in scores
        )
        listed = [item.text for one in blocks if isinstance(one, Bullets) for item in one.items]
        beside = [text for text in listed if DAY.search(text)]
        assert beside
        assert all(" · " in text for text in beside)
        await browser.post("/help-now", data={"region": "US"})
        assert len(pages(await printed(browser, brief, "brief.pdf"))) == 1
        page = await opened(browser, charts)
        pdf = await printed(browser, charts, "charts.pdf")
        assert_says_the_same(page, pdf)
        assert (
            page.markup.one("title", within="svg").words.encode("utf-16-be").hex() in pdf.hex()
            or b"/Alt" in pdf
        )
    for who in ("charlie", "dana", "erin"):
        async with portal.client(who) as browser:
            for address in (f"{brief}?as=pdf", f"{charts}&as=pdf"):
                answer = await browser.get(address)
                assert answer.status_code != 200
                assert b"%PDF" not in answer.content


async def test_charts_wait_until_rest_on_paper_too(portal: Portal) -> None:
    """What the page does not show while a session lasts is in no file either."""
    await in_session(portal.cast)
    async with portal.client("alice") as browser:
        answer = await browser.get("/charts?show=phq9&as=pdf")
    assert answer.headers["content-type"].startswith("text/html")
    assert "This waits until you have rested" in answer.text


async def test_a_page_that_refuses_is_no_file(portal: Portal) -> None:
    """What is not answered with 200 stays the page that it is, though a file was asked for."""
    request = Request({"type": "http", "query_string": b"as=pdf", "headers": []})
    page = Response("Not today", HTTPStatus.CONFLICT)
    alice = await portal.cast.actor("alice")
    assert await print_page(request, alice, page, "Safety plan", "safety-plan.pdf") is page


@pytest.mark.parametrize("asked", ["as=html", "as=", "as=pdf2"])
async def test_anything_else_is_the_page(portal: Portal, asked: str) -> None:
    """Only one word asks for a file."""
    async with portal.client("alice") as browser:
        assert (await browser.get(f"/safety-plan?{asked}")).headers["content-type"].startswith("text/html")


async def test_what_helps_when_somebody_gets_frightened(portal: Portal) -> None:
    """Each part with its label, on one page; without a plan the page says so, and so does the file."""
    async with portal.client("alice") as browser:
        begun = await opened(browser, "/journal/new?kind=comfort")
        names = [name for name in begun.fields if name.startswith("comfort.")]
        await pressed(browser, begun, **{name.replace(".", "__"): "The small lamp" for name in names[1:3]})
        page = await opened(browser, "/comfort")
        pdf = await printed(browser, "/comfort", "comfort-plan.pdf")
    assert len(pages(pdf)) == 1
    assert_says_the_same(page, pdf)
    assert page.markup.all("a", within="no-print")
    assert "journal" not in pages(pdf)[0], "a link leads nowhere on paper"


async def test_a_course_summary_lies_and_has_every_cell(portal: Portal) -> None:
    """
    Twelve sessions with all that is told of them fill two pages that lie, and no row goes on to another page.

    What it is stands there once. Since a plan note is in it, the foot does not call all of it the patient's.
    """
    await share_a_course(portal.cast, 12, months=2)
    alice = (await portal.cast.actor("alice")).id
    async with portal.client("bob") as browser:
        page = await opened(browser, f"/patients/{alice}/summary")
        pdf = await printed(browser, f"/patients/{alice}/summary", "course-summary.pdf")
    assert_says_the_same(page, pdf)
    assert len(pages(pdf)) <= 2
    assert "".join(pages(pdf)).casefold().count("course summary") == 1
    assert all(PARTLY_REPORTED in one for one in pages(pdf))
    with pikepdf.open(BytesIO(pdf)) as file:
        assert [float(one) for one in file.pages[0].MediaBox][2:] == pytest.approx([841.89, 595.28], abs=0.1)


async def test_earlier_treatments_lie_on_one_page(portal: Portal) -> None:
    """Each cell as it was told; without any there is only the page."""
    async with portal.client("alice") as browser:
        begun = await opened(browser, "/evaluation/treatments")
        await pressed(browser, begun, row1__what="Sertraline", row1__dose="100 mg", row1__begun="2024-05")
        page = await opened(browser, "/evaluation/ledger")
        pdf = await printed(browser, "/evaluation/ledger", "earlier-treatments.pdf")
    assert "Sertraline" in "".join(pages(pdf))
    assert_says_the_same(page, pdf)
    assert len(pages(pdf)) == 1


@pytest.mark.parametrize(
    ("address", "name"), [("/safety-plan", "safety-plan.pdf"), ("/comfort", "comfort-plan.pdf")]
)
async def test_ways_onwards_of_a_calm_page_stay_on_the_screen(
    portal: Portal, address: str, name: str
) -> None:
    """While a session lasts there are other ways onwards than else, and they lead nowhere on paper either."""
    await in_session(portal.cast)
    async with portal.client("alice") as browser:
        assert "Ground for a moment" in (await opened(browser, address)).words
        assert "Ground for a moment" not in pages(await printed(browser, address, name))[0]
