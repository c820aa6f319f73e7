"""Printed pages: read back with readers that we did not write, whatever stood in them."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from journal.installation.installation import Installation
from portal.paper import typesetting, typst_process
from portal.paper.document import (
    Break,
    Bullets,
    Columns,
    Document,
    Facts,
    Framed,
    Heading,
    Look,
    Paper,
    Paragraph,
    Picture,
    Table,
    Words,
)
from portal.paper.encoding import encode_document
from portal.paper.typesetting import MAX_WAITING, PaperBusy, PaperFailed, typeset
from tests.portal.paper.sentences import SENTENCES

MADE = datetime(2026, 11, 22, 12, tzinfo=UTC)
LITTLE_MEMORY = 400 << 20
MEASURED = """
import os, subprocess, sys
process = subprocess.Popen([sys.executable, "-I", sys.argv[1]])
_, code, used = os.wait4(process.pid, 0)
sys.stderr.write(str(used.ru_maxrss))
sys.exit(code != 0)
"""
THEIR_FONTS = Path(__file__).with_name("fonts")
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 20"><rect width="90" height="20"/></svg>'
HOSTILE = (
    '#read("/etc/passwd") $x^2$ *bold* _it_ `raw` @label <label> \\ \\u{41} // no /* no */ -- --- ~ ... = h\n'
    '- no list\n+ none\n/ term: none\n#set page(paper: "a0")\n]]))#panic() %(page)s {{ 7*7 }} \'one\' "two"'
)
BLOCKS = (
    Heading(Words("First heading")),
    Paragraph(Words("Lead of the page"), Look.LEAD),
    Facts(
        (
            ("When it was", Words("22 November")),
            ("A label that is far too long for its column", Words("Here")),
        )
    ),
    Paragraph(Words(HOSTILE), Look.QUOTED),
    Heading(Words("Second heading"), 2),
    Bullets((Words("apple"), Words("pear")), numbered=True),
    Bullets((Words("plum"), Words("cherry"))),
    Table("Scores", ("Day", "Total"), ((Words("Monday"), Words("12")), (Words("Tuesday"), Words("7")))),
    Picture(DRAWING, "A dark bar", 90),
    Columns((Paragraph(Words("on the left")),), (Paragraph(Words("on the right"), Look.SMALL),), 60),
    Framed((Paragraph(Words("within a frame")),)),
    Break(),
    Paragraph(Words("ABCD EFGH JKLM NPQR"), Look.KEY),
    Paragraph(Words("\n"), Look.LINES),
    Paragraph(Words("Voilà l'été", "fr-CA")),
)


def document(*blocks, **others):
    return Document(
        "From the journal",
        "en-GB",
        "22 Nov 2026",
        MADE,
        "Patient-reported, not verified",
        blocks,
        "Page %(page)s of %(pages)s",
        unset_note="Not all words could be set: […]",
        **others,
    )


def installation():
    return Installation.with_key(bytes(32), quick=True)


def set_here(*blocks, folders=()):
    """Typeset in this process, which is quicker than one of its own, with our fonts and those of *folders*."""
    return typst_process.typeset(json.loads(encode_document(document(*blocks), Paper.A4)), folders)


def read_pages(pdf):
    """Return the text of each page, in the order of the file, as another program reads it."""
    with pypdfium2.PdfDocument(pdf) as file:
        return [page.get_textpage().get_text_range() for page in file]


def bare(text):
    """Return a text without its spaces; readers take ligatures apart, and put marks together with their letters."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def list_tags(node):
    """Yield the kinds of a tagged file's elements in their order, each with its element."""
    if isinstance(node, pikepdf.Array):
        for one in node:
            yield from list_tags(one)
    elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
        yield str(node.S), node
        yield from list_tags(node.get("/K", pikepdf.Array()))


@pytest.mark.parametrize("paper", Paper)
async def test_a_document_is_read_in_its_order(paper):
    """Everything stands in the file in the order of the blocks, on sheets of that size, and nothing of it is markup."""
    made = await typeset(installation(), document(*BLOCKS), paper)
    pages = read_pages(made.pdf)
    said = bare("".join(pages))
    order = [
        "From the journal First heading Lead of the page When it was 22 November",
        "A label that is far too long for its column Here",
        HOSTILE,
        "Second heading 1. apple 2. pear – plum – cherry Scores Day Total Monday 12 Tuesday 7",
        "on the left",
        "on the right",
        "within a frame",
        "ABCD EFGH JKLM NPQR",
        "Voilà l'été",
    ]
    places = [said.index(bare(one)) for one in order]
    assert places == sorted(places)
    assert made.pages == len(pages) == 2
    assert made.starts == (1,) * 11 + (2,) * 4
    assert made.unset == ()
    for number, page in enumerate(pages, 1):
        assert bare(f"Patient-reported, not verified 22 Nov 2026 Page {number} of 2") in bare(page)
    with pikepdf.open(BytesIO(made.pdf)) as file:
        width, height = [float(one) for one in file.pages[0].mediabox[2:]]
    assert (round(width), round(height)) == {Paper.A4: (595, 842), Paper.LETTER: (612, 792)}[paper]


async def test_a_file_is_tagged_whole_and_names_nobody():
    """PDF/UA-1 with tags, languages, bookmarks and descriptions; no program finds a fault, and no name is in it."""
    made = await typeset(installation(), document(*BLOCKS), Paper.A4)
    with pikepdf.open(BytesIO(made.pdf)) as file:
        assert file.check_pdf_syntax() == []
        assert dict(file.docinfo).keys() == {"/Title", "/Creator", "/CreationDate", "/ModDate"}
        assert str(file.docinfo["/CreationDate"]).startswith("D:20261122120000")
        assert str(file.Root.Lang) == "en-GB"
        assert bool(file.Root.MarkInfo.Marked)
        tags = [*list_tags(file.Root.StructTreeRoot.K)]
        kinds = [
            kind for kind, _ in tags if kind in {"/Title", "/H1", "/H2", "/L", "/Table", "/TH", "/Figure"}
        ]
        assert kinds == ["/Title", "/H1", "/L", "/H2", "/L", "/L", "/Table", "/TH", "/TH", "/Figure"]
        assert [str(tag.Alt) for kind, tag in tags if kind == "/Figure"] == ["A dark bar"]
        assert "fr-CA" in made.pdf.decode("latin-1") or "fr-CA" in {str(tag.get("/Lang")) for _, tag in tags}
        with file.open_outline() as outline:
            assert [one.title for one in outline.root] == ["First heading"]
            assert [one.title for one in outline.root[0].children] == ["Second heading"]
        with file.open_metadata() as told:
            assert told["pdfuaid:part"] == "1"
            assert told["dc:title"] == "From the journal"
            assert "dc:creator" not in told


async def test_a_name_is_in_the_files_data_only_if_it_was_chosen():
    """It is the author then, and nothing else of the file changes."""
    made = await typeset(installation(), document(*BLOCKS, of="Alice Sample"), Paper.A4)
    with pikepdf.open(BytesIO(made.pdf)) as file:
        assert str(file.docinfo["/Author"]) == "Alice Sample"


LETTERS = "".join(
    sorted(
        sign
        for sign in frozenset.intersection(*typst_process.read_letters())
        if sign.isprintable() and sign not in typst_process.UNSEEN and not unicodedata.combining(sign)
    )
)
IN_PAIRS = st.lists(st.text(LETTERS, min_size=1, max_size=60), min_size=8, max_size=8)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(IN_PAIRS)
@example(["fi ffl Th", "*x*", "#x", "$x$", "@x", "`x`", "\\x", "<x>"])
def test_what_was_written_is_what_can_be_read(texts):
    """Every letter of Latin, Greek and Cyrillic comes out of the file as it went in, whatever block it stood in."""
    one, two, three, four, five, six, seven, eight = map(Words, texts)
    blocks = (
        Paragraph(one),
        Paragraph(two, Look.QUOTED),
        Facts((("Label", three),)),
        Bullets((four,)),
        Table("", ("Day", "Total"), ((five, six),)),
        Framed((Paragraph(seven, Look.SMALL),)),
        Heading(eight),
    )
    told, pdf = set_here(*blocks)
    assert told["unset"] == []
    said = bare("".join(read_pages(pdf)))
    for text in texts:
        assert bare(text) in said


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.text(max_size=80), max_size=6))
@example(
    ["\x00\x01\x07", "\ud800", "\ufeff\ufffe\ufffd", "\u202e\u2066\u2069\u2069", "\u0301" * 300, "\ue000"]
)
@example(["\u1680\u3000\u2028", "👩‍👩‍👧 🏳️‍🌈", "e\u0327\u0301\u0323", "\U0010ffff", "\U000e0001", "a\u20dd"])
def test_no_text_breaks_a_page(texts):
    """Any character of Unicode: what can be set is set, and of the rest it is told which words have it."""
    told, pdf = set_here(*(Paragraph(Words(text)) for text in texts))
    assert pdf.startswith(b"%PDF-")
    assert len(told["starts"]) == len(texts)
    shown = "".join(read_pages(pdf))
    assert bool(told["unset"]) == (bare("Not all words could be set") in bare(shown))


def test_what_cannot_be_set_has_a_mark_and_a_sentence():
    """Never a box, and never nothing: each run is one mark, and the words are told."""
    told, pdf = set_here(Paragraph(Words("sea ꙮꙮ calmꔀ day")))
    assert told["unset"] == ["ꙮꙮ", "calmꔀ"]
    assert bare("sea […] calm[…] day Not all words could be set: […]") in bare("".join(read_pages(pdf)))


@pytest.mark.parametrize("tag", SENTENCES)
def test_scripts_of_the_world_are_set_with_the_fonts_of_the_system(tag):
    """Whole, and from the right where they run so; without these fonts it is told, but for Greek and Cyrillic."""
    sentence = SENTENCES[tag]
    blocks = (Paragraph(Words(sentence, tag), Look.QUOTED), Facts((("Label", Words(sentence, tag)),)))
    told, pdf = set_here(*blocks, folders=(THEIR_FONTS,))
    assert told["unset"] == []
    said = "".join(read_pages(pdf))
    assert "\ufffd" not in said
    assert {*bare(sentence)} <= {*bare(said)}
    if tag.partition("-")[0] in ("ru", "el", "zh", "ja", "ko"):
        assert said.count(sentence) == 2
    if tag in ("he", "ar", "fa"):
        with pypdfium2.PdfDocument(pdf) as file:
            text = file[0].get_textpage()
            signs = [text.get_text_range(at, 1) for at in range(text.count_chars())]
            first, last = signs.index(sentence[0]), len(signs) - 1 - signs[::-1].index(sentence[-1])
            assert text.get_charbox(first)[0] > text.get_charbox(last)[0]
    assert bool(set_here(*blocks)[0]["unset"]) is (tag not in ("ru", "el"))


def test_words_run_from_the_right_though_nobody_named_their_language():
    """By their first letter: the full stop at their end stands on the left, and the line on the right of the page."""
    _, pdf = set_here(Paragraph(Words("היה."), Look.QUOTED), folders=(THEIR_FONTS,))
    with pypdfium2.PdfDocument(pdf) as file:
        text = file[0].get_textpage()
        signs = [text.get_text_range(at, 1) for at in range(text.count_chars())]
        places = [text.get_charbox(at)[0] for at in range(len(signs))]
    assert places[signs.index("י")] > 500
    assert places[signs.index(".")] < places[signs.index("י")]


def test_one_sign_has_the_form_of_its_language():
    """Chinese, Japanese and Korean share signs that each writes in its own way: each is set with its own font."""
    blocks = [Paragraph(Words("海", tag)) for tag in ("ja", "ko", "zh-Hans", "")]
    _, pdf = set_here(*blocks, folders=(THEIR_FONTS,))
    with pikepdf.open(BytesIO(pdf)) as file:
        fonts = {str(font.BaseFont).partition("+")[2] for font in file.pages[0].Resources.Font.values()}
    assert {name[:14] for name in fonts if name.startswith("NotoSansCJK")} == {
        "NotoSansCJKjp-",
        "NotoSansCJKkr-",
        "NotoSansCJKsc-",
    }


def test_a_font_that_cannot_do_what_it_says_is_left_out(tmp_path):
    """A file of the system that is cut short is no reason for no page: what it would have set has a mark."""
    whole = (THEIR_FONTS / "NotoSansHebrew-Regular.ttf").read_bytes()
    (tmp_path / "NotoSansHebrew-Regular.ttf").write_bytes(whole[:900])
    told, pdf = set_here(Paragraph(Words(SENTENCES["he"])), folders=(tmp_path,))
    assert told["unset"]
    assert pdf.startswith(b"%PDF-")


def test_a_drawing_has_marks_as_well():
    """A word of somebody's in a drawing is set with the drawing's own font alone, so elsewhere it may be whole."""
    drawing = DRAWING.replace("</svg>", '<text y="9" font-family="Source Sans 3">{}</text></svg>')
    for word in (SENTENCES["ja"], SENTENCES["he"], "Ω Ж &amp; ă €"):
        told, pdf = set_here(Picture(drawing.format(word), word, 90), folders=(THEIR_FONTS,))
        assert bool(told["unset"]) is (word in SENTENCES.values())
        assert pdf.startswith(b"%PDF-")


def test_one_word_of_a_hundred_thousand_letters_stays_within_the_margins():
    """It is broken where a line ends, and no letter of it is lost."""
    _, pdf = set_here(Paragraph(Words("w" * 100_000)), Columns((Paragraph(Words("v" * 100)),), ()))
    with pypdfium2.PdfDocument(pdf) as file:
        signs, right = [], 0.0
        for page in file:
            text = page.get_textpage()
            signs += [text.get_text_range(at, 1) for at in range(text.count_chars())]
            right = max(right, *(text.get_charbox(at)[2] for at in range(text.count_chars())))
    assert signs.count("w") == 100_000
    assert right < 595 - 21 / 25.4 * 72 + 1


def test_each_block_begins_on_the_page_that_is_told():
    """Headings go on with what follows them, and the page that is told is the one on which their words stand."""
    blocks = [
        one
        for number in range(60)
        for one in (
            Heading(Words(f"Heading-{number}-begins")),
            Paragraph(Words(f"Text-{number}-begins " + "the sea " * (60 + number * 37 % 90))),
        )
    ]
    told, pdf = set_here(*blocks)
    pages = read_pages(pdf)
    for number, (head, text) in enumerate(zip(told["starts"][::2], told["starts"][1::2], strict=True)):
        assert f"Heading-{number}-begins" in pages[head - 1]
        assert f"Text-{number}-begins" in pages[text - 1]
        assert head == text
    assert told["pages"] == len(pages) > 10
    assert all(before <= after for before, after in pairwise(told["starts"]))


def test_our_fonts_have_the_letters_that_are_listed():
    """The list by which words are held to be settable is what the fonts say."""
    listed = json.loads((typst_process.FONTS / "letters.json").read_text())
    for family, spans in listed.items():
        faces = []
        for path in typst_process.FONTS.glob(f"{family}_*.ttf"):
            with TTFont(path) as font:
                faces.append(font.getBestCmap())
        assert faces
        letters = {letter for first, last in spans for letter in range(first, last + 1)}
        assert letters == set.intersection(*map(set, faces))


def run_program(sent, **others):
    command = [sys.executable, "-I", str(typesetting.PROGRAM)]
    return subprocess.run(command, input=sent, check=False, capture_output="stdout" not in others, **others)


def test_nothing_is_written_to_a_disk(tmp_path):
    """The process may write no byte to any file, and leaves none in a folder that it could think its own."""
    sent = encode_document(document(*BLOCKS), Paper.A4)
    own = {
        name: str(tmp_path)
        for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
    }
    made = run_program(sent, cwd=tmp_path, env={"PATH": os.defpath, **own})
    assert made.returncode == 0
    assert made.stdout.partition(b"\n")[2].startswith(b"%PDF-1.7")
    assert [*tmp_path.rglob("*")] == []
    with (tmp_path / "file").open("wb") as file:
        assert run_program(sent, stdout=file).returncode != 0
    assert (tmp_path / "file").read_bytes() == b""


def test_what_fails_says_nothing_of_what_was_written():
    """Neither an error of the engine nor one of our own reaches the log."""
    broken = encode_document(
        document(Picture("<svg", "secret words", 10), Paragraph(Words("secret words"))), Paper.A4
    )
    for sent in (broken, b"{secret", b""):
        made = run_program(sent)
        assert made.returncode == 1
        assert made.stdout + made.stderr == b""


def test_memory_that_runs_out_ends_the_process_alone():
    """Where it may have less than the pages take, it ends and says nothing; a short page is set with as little."""

    def allow_little():
        resource.setrlimit(resource.RLIMIT_AS, (LITTLE_MEMORY, LITTLE_MEMORY))

    text = Paragraph(Words("secret words " * 400_000))
    made = run_program(encode_document(document(text), Paper.A4), preexec_fn=allow_little)
    assert made.returncode != 0
    assert made.stdout == b""
    assert b"secret" not in made.stderr
    made = run_program(encode_document(document(*BLOCKS), Paper.A4), preexec_fn=allow_little)
    assert made.returncode == 0


async def test_a_page_that_cannot_be_set_is_an_error_with_a_sentence():
    """Whoever waits reads what to do; the next page is set as if nothing had been."""
    with pytest.raises(PaperFailed):
        await typeset(installation(), document(Picture("<svg", "nothing", 10)), Paper.A4)


async def test_few_wait_for_their_pages():
    """Whoever would be the ninth to wait is told to come again in a moment."""

    class Crowded:
        def statistics(self):
            return self

        tasks_waiting = MAX_WAITING

    house = installation()
    object.__setattr__(house, "paper_limiter", Crowded())
    with pytest.raises(PaperBusy):
        await typeset(house, document(), Paper.A4)


def test_a_long_journal_is_set_in_bounded_memory():
    """Three hundred pages take less than half a gigabyte, a quarter of what the process may have before it ends."""
    entry = (Heading(Words("A day")), Paragraph(Words("The sea was calm, and so was I. " * 120), Look.QUOTED))
    sent = encode_document(document(*entry * 380), Paper.A4)
    # A process begins with the peak of the one that begins it, which is a small one here and not this one.
    command = [sys.executable, "-I", "-c", MEASURED, str(typesetting.PROGRAM)]
    done = subprocess.run(command, input=sent, capture_output=True, check=True)
    assert json.loads(done.stdout.partition(b"\n")[0])["pages"] > 300
    assert int(done.stderr) < (500 << 20) / (1 if sys.platform == "darwin" else 1024)
