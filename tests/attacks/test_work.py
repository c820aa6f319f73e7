"""
Forms filled in to keep the machine busy: the work grows with what is sent, whatever stands in it.

Counted is what takes long: signs that are normalised, marks that are put in order, patterns that are built, passwords
that wait to be hashed. The forms are those that people find on
their pages, so a new one is attacked from its first day.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
import regex

from crypto import LONGEST_ADDRESS
from crypto.bounded import LONGEST_RUN
from journal.user_input import MAX_TEXT_LENGTH
from portal.access.session_cookie import Audience
from portal.routes import ROUTES, Rule
from portal.web.forms import MAX_VALUE_LENGTH, RESTORABLE_FIELDS, UNCUT_FIELDS
from tests.attacks.asking import Asking
from tests.attacks.browse import Sent, read
from tests.attacks.conftest import STRANGE, Target
from tests.attacks.test_routes import OWNERS, address

LENGTH = 2500
"""Signs of each of them: more than a name, an address or a title may have; a password may have so many."""
LONGEST_QUERY = 60_000
TIMES = 48
"""
Signs that may be normalised for one that was sent: it is kept in one form and compared in another, which takes two
steps, and there is a sign that becomes eighteen.
"""
HASHED = 3
"""A password that is asked for, a new one that is judged, and that one's hash."""
REMEMBERED = 1000
"""Texts as they stand in a form that is sent; those of one field have a turn after another."""
WRITTEN_BY_HAND = (STRANGE, "stranger@example.org")

KINDS = (
    # Marks: above and below in turns, each has to pass the one before.
    (
        "\u0301\u0316",
        "\u0316\u0301\u0327\u0345",
        "\u05b0\u05b1\u05c1",
        "\u064b\u0651",
        "\u3099\u309a",
    ),
    # Signs with marks, in rows that are short enough and in longer ones.
    (
        "a\u0301\u0316",
        "a" + "\u0301\u0316" * 15,
        "a" + "\u0301\u0316" * 16,
        "\u0390\u0344",
        "\uac00\u0301",
    ),
    # Marks in order, and those that become two or are none before they are taken apart.
    ("\u0301", "\u0344", "\u0f73\u0f75\u0f81", "\u034f\u0301"),
    ("\u1d160", "\U0001d160"),  # one that becomes three
    ("\ufdfa",),  # one that becomes eighteen
    # Signs that become one sign, or are shown as one.
    (
        "\u1100\u1161\u11a8",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d",
        "\U0001f1e9",
        "\ufe0f\u20e3",
    ),
    # What nobody sees.
    ("\u115f\u1160", "\u200d\u200c", "\u00ad", "\u200b", "\U000e0041", "\u202e", "\u2067"),
    # What a pattern is made of.
    ("(a+)+", "[a-", "a|", ".*", "\\", "4@({[<691!|7$5+"),
    ("a@", "xn--a."),
    # Letters that become others, and what parts words or means something in a page.
    ("abc ", "\u00df\u1e9e", "\u0130\u0131i\u0307", "'\u2019`", '<&"', " a"),
    ("0\u0661", "-\u2212\uff0d", ","),
    ("\n", "\r\u2028\u2029", "\t ", " ", "\u3000"),
    ("\x00\x7f",),
)
"""What hostile texts are made of; what is read in the same way is of one kind."""
PIECES = tuple(piece for kind in KINDS for piece in kind)
HOSTILE = tuple((piece * LENGTH)[:LENGTH] for piece in PIECES)
MIXED = tuple("".join((piece * LENGTH)[: LENGTH // len(kind)] for piece in kind) for kind in KINDS)
"""Each as long as those of one piece, nearly, with all pieces of a kind in it one after another."""

WITH_FORMS = [rule for rule in ROUTES if "POST" in rule.methods]
ENDLESS = tuple(
    (piece * MAX_TEXT_LENGTH)[: 480_000 // len(quote_plus(piece)) * len(piece)] for piece in PIECES
)
"""As long as may come from somebody who is not signed in, nearly."""
WORDS_WITHOUT_END = "seven quiet lanterns " * 300
MARKS = regex.compile(r"[\u0f73\u0f75\u0f81\uff9e\uff9f[^\p{ccc=0}]]+", regex.VERSION1)
"""What is put in order, and the signs that are no marks by themselves and become some when they are taken apart."""


@dataclass
class Work:
    """What was done for the requests since it was last looked at, and every pattern that was built."""

    normalised: int = 0
    longest_run: int = 0
    hashed: int = 0
    patterns: set[str] = field(default_factory=set)

    def taken(self) -> tuple[int, int, int]:
        """Signs that were normalised, the longest run of marks among them, and passwords that were queued."""
        found = self.normalised, self.longest_run, self.hashed
        self.normalised = self.longest_run = self.hashed = 0
        return found


@dataclass
class Entrance:
    """Who is signed in, and how often somebody tried to be, as the file keeps it."""

    file: sqlite3.Connection
    sessions: list[tuple[Any, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = self._signed_in()

    def restore(self) -> None:
        """Have everybody be signed in as in the beginning, and nobody have to wait, where it is otherwise now."""
        if self._signed_in() == self.sessions and not self.file.execute("SELECT 1 FROM throttle").fetchall():
            return
        with self.file:
            self.file.execute("DELETE FROM throttle")
            self.file.execute("DELETE FROM web_session")
            values = ", ".join("?" * len(self.sessions[0]))
            self.file.executemany(f"INSERT INTO web_session VALUES ({values})", self.sessions)

    def _signed_in(self) -> list[tuple[Any, ...]]:
        return self.file.execute("SELECT * FROM web_session ORDER BY id").fetchall()


@pytest.fixture
def entrance(target: Target) -> Iterator[Entrance]:
    """Look at the file of the attacked application, beside it."""
    with closing(sqlite3.connect(target.path)) as file:
        yield Entrance(file)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Count the work of this process."""
    counted = Work()
    normalize, submit, build, build_more = (
        unicodedata.normalize,
        ThreadPoolExecutor.submit,
        re._compiler.compile,  # type: ignore[attr-defined]
        regex._main._regex.compile,
    )

    def normalising(form: Any, text: str) -> str:
        counted.normalised += len(text)
        if len(text) > LONGEST_ADDRESS:  # a run in less than an address takes no time
            counted.longest_run = max(counted.longest_run, _longest_run(text))
        return normalize(form, text)

    def submitting(pool: ThreadPoolExecutor, *args: Any, **kwargs: Any) -> Future[Any]:
        counted.hashed += str(pool._thread_name_prefix).startswith(("stretch", "judge"))
        return submit(pool, *args, **kwargs)

    def building(pattern: Any, *args: Any) -> Any:
        counted.patterns.add(str(pattern))
        return build(pattern, *args)

    def building_more(pattern: Any, *args: Any) -> Any:
        counted.patterns.add(str(pattern))
        return build_more(pattern, *args)

    # The same few texts come in thousands of forms; to decode them each time took a sixth of it all.
    monkeypatch.setattr(urllib.parse, "unquote", lru_cache(REMEMBERED)(urllib.parse.unquote))
    monkeypatch.setattr(unicodedata, "normalize", normalising)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", submitting)
    monkeypatch.setattr(re._compiler, "compile", building)  # type: ignore[attr-defined]
    monkeypatch.setattr(regex._main._regex, "compile", building_more)
    return counted


@lru_cache(REMEMBERED)
def _longest_run(text: str) -> int:
    """Return how many marks of a text have to be put in order at once; the same few texts come again and again."""
    return max((len(run) for run in MARKS.findall(text) if not _is_in_order(run)), default=0)


def _is_in_order(run: str) -> bool:
    """Return whether marks in a row stay where they are, as they do where somebody has put them in order before."""
    if len(run) <= LONGEST_RUN:
        return False
    classes = [unicodedata.combining(mark) for mark in run]
    return 0 not in classes and classes == sorted(classes)


def test_there_are_forty_at_least() -> None:
    """Each is another, and none is shorter than the bounds that it tries."""
    assert len(set(HOSTILE)) >= 40
    assert {len(one) for one in HOSTILE} == {LENGTH}
    assert {len(one) for one in MIXED} <= {*range(LENGTH - 10, LENGTH + 1)}


@pytest.mark.parametrize("rule", WITH_FORMS, ids=lambda rule: rule.path)
async def test_the_work_grows_with_what_is_sent(
    target: Target, forms: dict[str, Sent], work: Work, entrance: Entrance, rule: Rule
) -> None:
    """
    A hostile text in every field, and in one alone: no more is normalised, built or hashed than its length is worth.

    In company each field has every piece. Alone it has those of a kind in one text: a request for each piece would
    take most of the time of all tests.
    """
    sent, where = forms[rule.path], address(rule, target.world)
    asked = forms.get(f"GET {rule.path}", [])
    asking, who = Asking(target.portal), OWNERS[rule.audience]
    for method, fields in (("POST", sent), ("GET", asked)):
        for told, filled in _fillings(fields):
            entrance.restore()
            work.taken()
            if method == "GET":
                filled = _fit_address(filled)
                status, _ = await asking.request(who, where, query=_encode(filled))
            else:
                status, _ = await asking.request(who, where, sent=_encode(filled))
            normalised, run, hashed = work.taken()
            told = f"{method} {told}: {status}"
            assert status < 500, told
            assert status != 401 or rule.audience is Audience.ANYONE, told
            length = sum(len(value) for values in filled.values() for value in values)
            assert normalised <= TIMES * length, told
            assert run <= LONGEST_RUN, told
            assert hashed <= HASHED, told
    assert [pattern for pattern in work.patterns if any(piece * 9 in pattern for piece in PIECES)] == []


@pytest.mark.parametrize("rule", WITH_FORMS, ids=lambda rule: rule.path)
async def test_no_more_is_looked_at_than_a_field_may_hold(
    target: Target, forms: dict[str, Sent], work: Work, entrance: Entrance, rule: Rule
) -> None:
    """Each field by itself much too long, with a hostile text: nothing is looked at past what a field may hold."""
    sent, where = forms[rule.path], address(rule, target.world)
    asking, who = Asking(target.portal), OWNERS[rule.audience]
    for place in range(len(sent)):
        filled = _fill(sent, {place: ENDLESS[place % len(ENDLESS)]})
        entrance.restore()
        work.taken()
        status, _ = await asking.request(who, where, sent=_encode(filled))
        told, length = f"{sent[place][0]}: {status}", MAX_VALUE_LENGTH
        if sent[place][0] in UNCUT_FIELDS:
            length = MAX_TEXT_LENGTH
        normalised, run, hashed = work.taken()
        assert status < 500, told
        assert normalised <= TIMES * length, told
        assert run <= LONGEST_RUN, told
        assert hashed <= HASHED, told


@pytest.mark.parametrize("rule", WITH_FORMS, ids=lambda rule: rule.path)
async def test_a_refusal_keeps_what_was_typed(target: Target, forms: dict[str, Sent], rule: Rule) -> None:
    """A form whose fields are all too long comes back with everything that somebody wrote into it, secrets excepted."""
    sent, where = forms[rule.path], address(rule, target.world)
    typed = {name for name, value in sent if name in RESTORABLE_FIELDS and value in WRITTEN_BY_HAND}
    filled: dict[str, list[str]] = {}
    for name, value in sent:
        filled.setdefault(name, []).append(WORDS_WITHOUT_END if name in typed else value)
    async with target.portal.client(OWNERS[rule.audience]) as browser:
        answer = await browser.post(where, data=filled)
    if answer.status_code not in (409, 422, 429, 503):
        return
    page = read(answer)
    shown = {one.name: one.value for form in page.forms for one in form.controls if one.value}
    for name in typed:
        assert (
            shown.get(name, "").strip() == WORDS_WITHOUT_END.strip() or WORDS_WITHOUT_END.strip() in page.text
        ), name


def _encode(filled: dict[str, list[str]]) -> bytes:
    """Write a form as it is sent; each text in it is encoded the first time only, which takes long."""
    pairs = (f"{_encoded(name)}={_encoded(value)}" for name, values in filled.items() for value in values)
    return "&".join(pairs).encode()


_encoded = lru_cache(REMEMBERED)(quote_plus)


def _fit_address(filled: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return what was filled in, shortened where it is longer than any address that a browser sends."""
    if len(urlencode(filled, doseq=True)) <= LONGEST_QUERY:
        return filled
    most = LONGEST_QUERY // (12 * sum(map(len, filled.values())))  # a sign takes twelve at most
    return {name: [value[:most] for value in values] for name, values in filled.items()}


def _fillings(fields: Sent) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Yield a form with another text in each of its fields, and with each in one field alone; and what to call it."""
    numbers = range(len(fields))
    for turn, piece in enumerate(PIECES) if fields else ():
        texts = {number: HOSTILE[(turn + number) % len(HOSTILE)] for number in numbers}
        yield f"each {piece!a}", _fill(fields, texts)
    for turn, text in enumerate(MIXED) if len(fields) > 1 else ():
        for place in _places(fields, turn):
            yield f"{fields[place][0]} {KINDS[turn]!a}", _fill(fields, {place: text})


def _fill(fields: Sent, texts: dict[int, str]) -> dict[str, list[str]]:
    """Return a form as it is usually sent, but for the fields for whose number there is a text."""
    filled: dict[str, list[str]] = {}
    for number, (name, usual) in enumerate(fields):
        filled.setdefault(name, []).append(texts.get(number, usual))
    return filled


def _places(fields: Sent, turn: int) -> list[int]:
    """Return the number of each field; of those with one name the first, and one of the others at each turn."""
    places: dict[str, list[int]] = {}
    for number, (name, _) in enumerate(fields):
        places.setdefault(name, []).append(number)
    others = [same[1 + turn % (len(same) - 1)] for same in places.values() if len(same) > 1]
    return [same[0] for same in places.values()] + others
