"""Advice on passwords: length, what everybody tries, and words for strength."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zxcvbn import matching

from crypto.password import prepare
from journal.authentication.passwords import (
    LEAST_GUESSES,
    STRENGTHS,
    TOO_COMMON,
    TOO_GUESSABLE,
    TOO_KNOWN,
    TOO_LONG,
    TOO_SHORT,
    _limit_guesses,
    _load_passphrase_words,
    _rate,
    rate_password,
    suggest_passphrase,
)
from journal.look_alikes import fold

CONTEXT = ("Bob Example", "bob.example@example.org", "Lantern Hollow")


@pytest.mark.parametrize(
    "password",
    [
        "bob listens by lamplight",
        "lanterns beside the river path",
        "  leading and trailing blanks  ",
        "żółta łódź płynie rzeką",
        "夜里读书的人喜欢安静的灯光和茶",
        "dünne Äste über dem Weg",
        "🦊🌲 seventeen quiet stones",
        "tres gatos duermen junto al fuego",
        "Нева течёт мимо тихих домов",
        "ένα ήσυχο ποτάμι το βράδυ",
        "نهر هادئ تحت ضوء القمر",
        "K#9v!pQ2$xL&7mZ",
        "x$9!k#2&p@7^q*1%z",
    ],
)
def test_words_of_any_script_are_welcome(password):
    """Fifteen characters or more that are not common need no digits, capitals or signs."""
    advice = rate_password(password, context=CONTEXT)
    assert advice.problems == ()
    assert advice.strength >= 2


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", TOO_SHORT),
        ("xq7 lamp riv 2z", None),
        ("xq7 lamp riv 2", TOO_SHORT),
        ("e\u0301" * 8, TOO_SHORT),
        (" " * 20, TOO_COMMON),
        ("aaaaaaaaaaaaaaaaaaaa", TOO_COMMON),
        ("passwordpassword1", TOO_COMMON),
        ("1234567890123456", TOO_COMMON),
        ("qwertyuiopasdfgh", TOO_COMMON),
        ("hearthsidehearthside", TOO_KNOWN),
        ("HearthSide 2026!!", TOO_KNOWN),
        ("Bob Example bob example!", TOO_KNOWN),
        ("LanternHollow-2026", TOO_KNOWN),
        ("bob.example bob.example", TOO_KNOWN),
        ("quiet stones by the river " * 40, TOO_LONG),
    ],
)
def test_what_bars_a_password(password, problem):
    """Too short, too long, common, or little more than a name that everybody here knows."""
    assert rate_password(password, context=CONTEXT).problems == ((problem,) if problem else ())


SEEN_ALIKE = [
    ("password1234567", "p\u0430ssword1234567"),  # a Cyrillic letter
    ("password1234567", "\uff50\uff41\uff53\uff53word1234567"),  # wide letters
    ("password1234567", "\U0001d429\U0001d41a\U0001d42c\U0001d42cword1234567"),  # bold letters of mathematics
    ("password1234567", "pass\u200bword\u200d123\u2060456\u00ad7"),  # signs that nobody sees
    ("password1234567", "".join(sign + "\u0301" for sign in "password1234567")),  # accents by themselves
    ("password1234567", "p\u00e1ssw\u00f6rd1234567"),  # letters with accents
    ("password1234567", "pa\u0301sswo\u0308rd1234567"),  # the same, taken apart
    ("password1234567", "password\u0661\u0662\u0663\u0664\u0665\u0666\u0667"),  # digits of another script
    ("iloveyou iloveyou", "\u03b9lo\u03bdeyou ilo\u03bdeyou"),  # Greek letters
    ("qwertyuiop123456", "qwer\u0442yuio\u0440123456"),
    (
        "Bob Example bob example!",
        "B\u043eb Ex\u00e4mple b\u043eb exampl\u0435!",
    ),  # a name that everybody knows
    ("seven small stones", "seven small stones\ufe0f\u200b\u200b\u200b\u200b"),
    ("PASSWORD1234567", "🅿🅰🆂🆂🆆🅾🆁🅳1234567"),  # letters in squares
    ("password1234567", "🇵🇦🇸🇸🇼🇴🇷🇩1234567"),  # of flags
    ("password1234567", "⒫⒜⒮⒮⒲⒪⒭⒟1234567"),  # in parentheses, which are more in another form
    ("PASSWORD1234567", "ꓑꓮꓢꓢꓪꓳꓣꓓ1234567"),  # Lisu
    ("password1234567", "ⲣⲁⲋⲋⲱⲟrⲇ1234567"),  # Coptic
    ("password1234567", "ƥaƨƨɯoɼɗ①②③④⑤⑥⑦"),  # with hooks, and digits in circles
    ("password1234567", "p\u0e34a\u05b0s\u0650s\u0941word1234567"),  # marks of other scripts
    (
        "password1234567",
        "pass\u2800word\ue000123\U000e12344567\u3164",
    ),  # blanks, and what nobody has assigned
]


@pytest.mark.parametrize(("plain", "disguised"), SEEN_ALIKE)
def test_what_looks_alike_is_rated_alike(plain, disguised):
    """Accents, unseen signs, wide letters and letters of other scripts make no password harder to guess, nor longer."""
    assert rate_password(disguised, context=CONTEXT) == rate_password(plain, context=CONTEXT)


OWN = ("Alice Sample", "alice@willow-clinic.example", "Lantern Hollow")


@pytest.mark.parametrize(
    "password",
    [
        "a1ice s4mple a1ice",
        "ecila elpmas ecila",
        "a.l.i.c.e s.a.m.p.l.e",
        "w1llow-cl1nic w1llow",
        "L@nternH0llow!L@ntern",
        "wolloh nretnal 2026",
    ],
)
def test_a_name_in_disguise_is_a_name(password):
    """Backwards, with signs between its letters, with others in their place, and from the domain of an address."""
    assert rate_password(password, context=OWN).problems == (TOO_KNOWN,)


@pytest.mark.parametrize(
    "password",
    [
        "p a s s w o r d 1 2 3",
        "p.a.s.s.w.o.r.d.1.2",
        "ppaasswwoorrdd11",
        "pp_aa_ss_ww_oo_rr_dd",
        "l e t m e i n p l e a s e",
        "q-w-e-r-t-y-u-i-o-p",
        "contraseña segura",
        "hola mi amor hola",
    ],
)
def test_what_is_stretched_by_separators_or_repetition_is_as_weak_as_before(password):
    """Blanks and dots between letters, and letters twice, are tried by whoever guesses; so are Spanish words."""
    assert rate_password(password).problems[0] in (TOO_COMMON, TOO_GUESSABLE)


COMMON = ("password", "iloveyou", "qwertyuiop", "dragonmaster", "sunshine", "contrasena")
LOOKS = st.sampled_from(("🅰", "🇦", "⒜", "Ａ", "𝐚"))


def drawn_otherwise(sign, look):
    """Return a letter as another alphabet of letters has it, by its place in that."""
    return chr(ord(look) + ord(sign) - ord("a"))


@settings(max_examples=80)
@given(
    st.sampled_from(COMMON),
    st.sampled_from(("1", "12345678", "2026")),
    st.lists(LOOKS, min_size=16, max_size=16),
)
def test_no_alphabet_makes_a_common_word_strong(word, ending, looks):
    """Each letter from another set of letters: it is rated as the word is."""
    disguised = "".join(map(drawn_otherwise, word, looks)) + ending
    assert fold(disguised).lower() == word + ending
    assert rate_password(disguised).problems


@settings(max_examples=80)
@given(
    st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=15, max_size=30),
    st.text("\u0301\u200b\u05b0\u0e34\u2800\ue000", min_size=1, max_size=3),
)
def test_what_is_added_unseen_adds_nothing(plain, added):
    """Marks, blanks and signs without a form, behind every letter."""
    assert rate_password("".join(sign + added for sign in plain)) == rate_password(plain)


def test_accents_add_nothing_to_letters_of_any_script():
    """Those for every script are dropped behind each; marks of its own stay."""
    for text in ("नदी के किनारे बैठें", "น้ำที่ริมแม่น้ำใหญ่", "ნელი მდინარე ღამით"):
        accented = "".join(sign + ("\u0301" if sign.isalpha() else "") for sign in text)
        assert fold(accented) == fold(text)


def test_a_name_of_two_letters_is_known_as_well():
    """However short a whole name is, it is tried."""
    assert rate_password("li li li li li li li 1", context=("Li", "li@example.org")).problems == (TOO_KNOWN,)


def test_unseen_signs_add_no_length():
    """Fourteen letters stay fourteen; one more that is seen makes fifteen. Nor does a sign that stands for many add."""
    assert rate_password("xq7 lamp riv 2" + "\u200b" * 9).problems == (TOO_SHORT,)
    assert rate_password("xq7 lamp riv 2\u0301\u0302\u0303").problems == (TOO_SHORT,)
    assert rate_password("xq7 lamp riv 2z\u200b").problems == ()
    assert rate_password("\ufdfa lamp 7").problems == (TOO_SHORT,)


def test_marks_with_which_a_script_is_written_count():
    """A vowel of Hindi or Thai is no accent: such words are as long as they are."""
    for text in ("नदी के किनारे बैठें", "น้ำที่ริมแม่น้ำใหญ่"):
        assert rate_password(text).problems == ()


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("Welcome to paradise", TOO_GUESSABLE),
        ("Jennifer 1987-03", TOO_GUESSABLE),
        ("barcelonabarca10", TOO_GUESSABLE),
        ("baseball2023!!!!", TOO_COMMON),
        ("superman batman", TOO_COMMON),
        ("charlie14/02/1987", TOO_GUESSABLE),
        ("let me in please", TOO_COMMON),
        ("seven small stones", TOO_GUESSABLE),
        ("rivers carry seven small stones", None),
        ("xq7 lamp riv 2z", None),
    ],
)
def test_what_ten_billion_guesses_find_is_refused(password, problem):
    """Long enough and not on a list as a whole, yet found by a machine in weeks: it is refused, with what helps."""
    advice = rate_password(password)
    assert (_rate(password).guesses < LEAST_GUESSES) == bool(problem)
    assert advice.problems == ((problem,) if problem else ())
    assert (advice.strength < 2) == bool(problem)


def test_a_password_is_stretched_as_it_was_typed():
    """What is folded is rated only: passwords of before open what they opened."""
    assert prepare("p\u0430ss\u200b") != prepare("pass")


def test_length_counts_characters_after_composition():
    """A letter typed as two code points counts once; what is stretched is what is counted."""
    assert TOO_SHORT in rate_password("a\u0308" * 14).problems
    assert TOO_SHORT not in rate_password("äöü and äöü now").problems
    assert rate_password("x" * 1025).problems[0] == TOO_LONG
    assert rate_password("a\u0308" * 1024).problems[0] != TOO_LONG


def test_a_flood_of_accents_is_too_long_and_not_weighed():
    """What would keep the machine busy is refused by its length, in the password and in the names beside it."""
    flood = "\u0301\u0316" * 500_000
    assert rate_password(flood).problems == (TOO_LONG,)
    assert rate_password("seven quiet stones in a row", context=(f"a{flood}",)).problems == ()


def test_a_name_is_known_in_whichever_form_it_was_typed():
    """A letter with an accent in one piece or in two makes the same name."""
    for name in ("Zoë Müller-Lüdenscheidt", "Zoe\u0308 Mu\u0308ller-Lu\u0308denscheidt"):
        assert rate_password("zoë müller lüdenscheidt", context=(name,)).problems == (TOO_KNOWN,)


def test_half_a_surrogate_is_no_text():
    """What cannot be written as UTF-8 gets a sentence, not an error."""
    assert len(rate_password("\ud800" * 20).problems) == 1


def test_a_name_inside_a_longer_phrase_is_fine():
    """A phrase may hold a name as long as enough else remains; the hint then says that names are tried."""
    advice = rate_password("alice keeps warm stones near", context=("Alice Sample", "alice@example.org"))
    assert advice.problems == ()


def test_weak_passwords_come_with_reasons():
    """A barred password is called easy to guess and comes with hints; a strong one needs none."""
    weak, strong = rate_password("abcabcabcabcabcabc"), rate_password("lanterns beside the river path")
    assert weak.label == STRENGTHS[0]
    assert weak.hints
    assert strong.label == STRENGTHS[strong.strength]
    assert strong.hints == ()


def test_disguised_letters_do_not_stall():
    """Signs that may stand for several letters are judged one way each, so the work stays small."""

    def readings(text):
        return len(matching.enumerate_l33t_subs(matching.relevant_l33t_subtable(text, matching.L33T_TABLE)))

    disguised = "4@8({[<369|!1/\\$05+7%2" * 3
    assert len(set(disguised) & set("4@({[<691!|7$5+")) == 15
    assert readings(disguised) > 500
    assert readings(_limit_guesses(disguised)) <= 20
    assert rate_password(disguised).problems == ()


def test_nobody_s_name_stays_in_the_strength_meter():
    """The meter's tables are shared by everybody, so no name is ever put into them."""
    rate_password("quiet stones by the river", context=("Wilhelmina Unforgettable", "wilhelmina@example.org"))
    assert "wilhelmina" not in matching.RANKED_DICTIONARIES.get("user_inputs", {})


@settings(max_examples=60)
@given(st.text(max_size=90), st.lists(st.text(max_size=30), max_size=3))
def test_any_text_gets_advice(password, context):
    """Every password gets a strength, its word, and sentences; a barred one is never called fair."""
    advice = rate_password(password, context=context)
    assert advice.label == STRENGTHS[advice.strength]
    assert not advice.problems or advice.strength <= 1
    assert all(sentence.endswith(".") for sentence in (*advice.problems, *advice.hints))


def test_suggested_passphrases():
    """Six words from a list of thousands, new each time, and good enough for the adviser."""
    phrases = {suggest_passphrase() for _ in range(20)}
    assert len(phrases) == 20
    assert all(len(phrase.split(" ")) == 6 for phrase in phrases)
    assert all(rate_password(phrase).problems == () for phrase in phrases)
    assert len(suggest_passphrase(8).split(" ")) == 8


def test_suggested_words_are_gentle_and_many():
    """No suggestion hurts somebody who was hurt, and five thousand words are left to draw from."""
    words = set(_load_passphrase_words())
    assert len(words) >= 5000
    hard = (
        "violate violation unloved unlovable unwanted autistic captive wrath blaspheme victim tripping valium"
    )
    assert words.isdisjoint(
        [*hard.split(), "disabled", "ashamed", "choking", "deceased", "failing", "harmful"]
    )


def test_of_names_that_others_know_only_the_beginning_is_looked_at():
    """What stands behind more than an address can hold is no name, and costs nobody any work."""
    endless = "a" * 254 + " lantern" * 100_000
    alone = rate_password("lantern beside lantern", context=("Bob Example",))
    assert rate_password("lantern beside lantern", context=("Bob Example", endless)) == alone
    assert rate_password("lantern beside lantern", context=("Bob Example", "lantern")) != alone
