"""A page that was rendered becomes blocks to print: the same words in the same order, without what the screen needs."""

from __future__ import annotations

from html import escape

from hypothesis import given
from hypothesis import strategies as st

from portal.documents.page_reading import read_page
from portal.paper.document import (
    Bullets,
    Columns,
    Facts,
    Framed,
    Heading,
    Look,
    Paragraph,
    Picture,
    Table,
    Words,
)


def read(main, *, language="en", title="Title"):
    return read_page(
        f"<html><body><p>before</p><main>{main}</main><p>after</p></body></html>", language, title
    )


def test_headings_go_up_where_the_title_says_the_first():
    """The document's title is not said twice; a page of another title keeps its own heading."""
    assert read("<h1>Title</h1><h2>A</h2><p>a</p><h3>B</h3><p>b</p>") == (
        Heading(Words("A"), 1),
        Paragraph(Words("a")),
        Heading(Words("B"), 2),
        Paragraph(Words("b")),
    )
    assert read("<h1>Alice</h1><p>a</p>") == (Heading(Words("Alice"), 1), Paragraph(Words("a")))


def test_what_serves_the_screen_is_left_out():
    """Forms, buttons, ways onwards, what is hidden, and a heading under which nothing is left."""
    assert read(
        '<nav>n</nav><h2>Only forms</h2><form><p>f</p></form><h2>More</h2><p hidden>h</p><p class="x no-print">n</p>'
        '<p class="cut-note">What ends in … goes on on the page.</p>'
        '<div class="actions"><a href="/">a</a></div><button>b</button><p>said <span class="icon">i</span></p>'
    ) == (Heading(Words("More"), 2), Paragraph(Words("said")))


def test_lines_lists_labels_and_tables():
    """Each is what it was; a list whose lines hold more than a line is read one after the other."""
    assert read("<ol><li>one</li><li>two</li></ol><ul><li>three</li></ul>") == (
        Bullets((Words("one"), Words("two")), True),
        Bullets((Words("three"),)),
    )
    assert read("<ul><li><p>one</p><p class='meta'>two</p></li></ul>") == (
        Paragraph(Words("one")),
        Paragraph(Words("two"), Look.SMALL),
    )
    assert read("<dl><div><dt>A</dt><dd>a</dd><dd lang='es'>b</dd></div><dt>B</dt><dd></dd></dl>") == (
        Facts((("A", Words("a\nb", "es")), ("B", Words("")))),
    )
    head, body = "<tr><th>A</th><th>B</th></tr>", "<tr><th>a</th><td></td></tr>"
    table = f"<table><caption>C</caption><thead>{head}</thead><tbody>{body}</tbody></table>"
    assert read(table) == (Table("C", ("A", "B"), ((Words("a"), Words("")),)),)
    unseen = table.replace("<caption>", '<caption class="visually-hidden">')
    assert read(unseen) == (Table("", ("A", "B"), ((Words("a"), Words("")),)),)
    assert read('<section class="call-card"><p class="hint">now</p></section>') == (
        Framed((Paragraph(Words("now")),)),
    )
    signs = '<ul class="call-signs"><li>a</li><li>b</li><li>c</li></ul>'
    assert read(signs) == (Columns((Bullets((Words("a"), Words("b"))),), (Bullets((Words("c"),)),)),)


def test_a_check_list_has_the_state_beside_the_line():
    """What can be done with the line is for the screen."""
    line = (
        '<ul class="check-lines"><li><p class="words">A blanket</p><p class="check-now">Open</p>'
        "<form><button>Done</button></form><details><summary>Change this line</summary></details></li></ul>"
    )
    assert read(line) == (Facts((("Open", Words("A blanket")),)),)


def test_words_keep_their_lines_and_their_language():
    """Where the page shows lines as they were typed; elsewhere blanks and lines are one blank, as in a browser."""
    assert read('<p class="words">a\n b\n\nc</p><p>a\n b</p><p>d<br>e</p>') == (
        Paragraph(Words("a\nb\n\nc"), Look.QUOTED),
        Paragraph(Words("a b")),
        Paragraph(Words("d\ne")),
    )
    assert read('<p><q lang="es">el mar</q></p>') == (Paragraph(Words("“el mar”", "es")),)
    drawn = '<p lang="es">El mar <svg lang="en"><text>sea</text></svg></p>'
    assert read(drawn) == (Paragraph(Words("El mar", "es")),)
    assert read('<p>Qué cambió <span lang="en">the sea</span></p>') == (
        Paragraph(Words("Qué cambió the sea")),
    )
    assert read('<p><span lang="en">The sea</span><span>, 4 nov</span></p>') == (
        Paragraph(Words("The sea, 4 nov")),
    )
    assert read('<p><span lang="en">The sea</span><span>, 12.</span></p>') == (
        Paragraph(Words("The sea, 12.", "en")),
    )
    assert read("<p><q>el mar</q></p>", language="es") == (Paragraph(Words("«el mar»")),)
    parts = '<p class="brief-source"><span>asked</span><a>The sea</a><span class="icon"></span></p>'
    assert read(parts) == (Paragraph(Words("asked · The sea"), Look.SMALL),)


def test_what_is_marked_before_it_is_read_stays_folded():
    """Of a quotation below a content note paper has the note alone, as the printed page does."""
    folded = '<details class="brief-note"><summary>Before you read: water</summary><p>the sea</p></details>'
    assert read(folded) == (Paragraph(Words("Before you read: water")),)


def test_a_drawing_says_what_it_shows():
    """It goes along by itself, with the signs that explain it; an ornament does not."""
    svg = '<svg viewBox="0 0 9 9"><title>From 1 to 2</title><text x="1">&lt;b&gt;</text></svg>'
    [picture] = read(f'{svg}<svg aria-hidden="true"><path d="M0 0"/></svg>')
    assert isinstance(picture, Picture)
    assert picture.described == "From 1 to 2"
    assert 'viewBox="0 0 9 9"' in picture.svg
    assert '<text x="1">&lt;b&gt;</text></svg>' in picture.svg
    assert "<title>" not in picture.svg
    key = '<ul class="picture-key"><li><svg viewBox="0 0 24 16"><path d="M1 1"/></svg><span>a &amp; b</span></li></ul>'
    [explained] = read(key)
    assert isinstance(explained, Picture)
    assert explained.described == "a & b"
    assert "a &amp; b</text>" in explained.svg


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_what_was_written_is_text(text):
    """Whatever somebody typed is escaped in a page, and comes out as it went in."""
    expected = " ".join(text.split())
    found = read(f"<p>{escape(text)}</p>")
    assert " ".join(" ".join(one.words.text for one in found).split()) == expected
