"""
Rate a new password: what bars it, and how hard it is to guess.

Length counts for more than symbols (NIST SP 800-63B), so any text of fifteen characters or more is accepted
that is not common, not a pattern and not made of names that anyone here would try first. What is rated is not the text
but what it looks like (`journal.look_alikes`), with and without what separates its letters: whoever guesses tries those
too. What is stretched stays the text as it was typed.
"""

from __future__ import annotations

import re
import secrets
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import prod
from types import MappingProxyType
from typing import Any

from xkcdpass import xkcd_password
from zxcvbn import matching, zxcvbn

from crypto import LONGEST_ADDRESS, FormatError, normalize
from crypto.password import LONGEST as LONGEST_TYPED
from crypto.password import prepare
from journal import look_alikes
from journal.i18n import N_

SHORTEST = 15
SHORTEST_WITH_FACTOR = 12
"""Is enough where a second factor is asked for as well (NIST SP 800-63B-4 section 3.1.1.2 would take 8)."""

LONGEST = 1024
"""Characters, counted after the same normalisation that comes before the key derivation."""

RATED_LENGTH = 72
"""How many characters the strength is judged by; what follows can only make it harder to guess."""

PRODUCT = "hearthside"
SHORTEST_DISGUISED = 4
"""Letters of a name from which on it is looked for in disguise too: shorter ones are in many words."""
MOSTLY = 0.5
"""The share of a text that has to be words or patterns for it to be rated without its separators."""
SHORTEST_OWN_PART = 8
"""Letters and digits that have to remain once names known to everybody here are taken away."""

LEAST_GUESSES = 10**10
"""What a password has to withstand, by an estimate that knows lists of words and patterns (zxcvbn)."""

_STEPS = (10**6, LEAST_GUESSES, 10**12, 10**15)
"""Guesses from which on a password is called by the next word of `STRENGTHS`."""

STRENGTHS: tuple[str, ...] = (
    N_("easy to guess"),
    N_("easy to guess"),
    N_("fair"),
    N_("strong"),
    N_("very strong"),
)

NOT_TEXT = N_("This holds something that is not text. Please type it instead of pasting it.")
TOO_SHORT = N_("Please use at least 15 characters. A few words with spaces between them do well.")
TOO_SHORT_WITH_FACTOR = N_("Please use at least 12 characters. A few words with spaces between them do well.")
TOO_LONG = N_("Please use at most 1,024 characters.")
TOO_COMMON = N_(
    "Many people use this or something much like it, so it is tried first. Please choose another."
)
TOO_GUESSABLE = N_(
    "A computer that tries words, names and dates finds this. Please add one or two words, picked at random."
)
TOO_KNOWN = N_(
    "This is little more than a name: yours, the practice’s or Hearthside’s. Please add words of your own."
)

HINTS: Mapping[str, str] = MappingProxyType(
    {
        "repeat": N_("Repeating a letter or a word adds little."),
        "sequence": N_("Runs such as “abc” or “6543” are easy to guess."),
        "spatial": N_("Keys that lie next to each other are easy to guess."),
        "date": N_("Dates are easy to guess, above all your own."),
        "regex": N_("Years are easy to guess."),
        "known": N_("Your name and the practice’s are tried early."),
        "passwords": N_("Part of this is on lists of common passwords."),
        "male_names": N_("Names are tried early."),
        "female_names": N_("Names are tried early."),
        "surnames": N_("Names are tried early."),
    }
)
ANOTHER_WORD = N_("One or two more words, picked at random, help the most.")

# What zxcvbn reads as letters in disguise. It tries every combination: 70 of these signs take it seconds.
_DISGUISES = ("4@", "({[<", "69", "1!|", "17|", "$5", "+7")
_MOST_COMBINATIONS = 16


@dataclass(frozen=True, slots=True)
class PasswordAdvice:
    """Strength from 0 to 4 and the word for it, problems that bar a password, and hints that do not."""

    strength: int
    label: str
    problems: tuple[str, ...]
    hints: tuple[str, ...]


def get_shortest_length(second_factor: bool) -> int:
    """Return how many characters a password needs, with or without a second factor beside it."""
    return SHORTEST_WITH_FACTOR if second_factor else SHORTEST


def rate_password(
    password: str, *, context: Iterable[str] = (), second_factor: bool = False
) -> PasswordAdvice:
    """
    Rate a password that somebody is about to choose.

    Args:
        password: As typed; with spaces, in any script.
        context: Names that others know: the person's, their e-mail address, the practice's.
        second_factor: Whether a second factor is asked for as well.
    """
    least = get_shortest_length(second_factor)
    if len(password) > LONGEST_TYPED:
        return PasswordAdvice(0, STRENGTHS[0], (TOO_LONG,), ())
    try:
        text = prepare(password).decode("utf-8")
    except FormatError:
        return PasswordAdvice(0, STRENGTHS[0], (NOT_TEXT,), ())
    seen = look_alikes.fold(text)
    rest, names = _remove_names(seen, context)
    judged = _rate(rest)
    length, problems = min(len(text), len(seen)), []
    if length < least:
        problems.append(TOO_SHORT_WITH_FACTOR if second_factor else TOO_SHORT)
    elif len(text) > LONGEST:
        problems.append(TOO_LONG)
    if names and len(re.sub(r"[\W_]+", "", rest)) < SHORTEST_OWN_PART:
        problems.append(TOO_KNOWN)
    elif length >= least and judged.guesses < LEAST_GUESSES:
        problems.append(TOO_GUESSABLE if judged.guesses >= _STEPS[0] else TOO_COMMON)
    strength = bisect_right(_STEPS, judged.guesses)
    strength = min(strength, 1) if problems else strength
    hints = (HINTS["known"], *judged.hints) if names else judged.hints
    return PasswordAdvice(strength, STRENGTHS[strength], tuple(problems), hints if strength < 3 else ())


def is_same_password(password: str, repeated: str) -> bool:
    """Return whether two fields hold one password, in whichever form their accents were typed."""
    try:
        return prepare(password) == prepare(repeated)
    except FormatError:
        return False


def suggest_passphrase(words: int = 6) -> str:
    """
    Return words drawn at random: 12.3 bits each, 73 for the usual six.

    They are those of the EFF's long list without harm, fear, scorn, illness, bodies and drugs.
    """
    return " ".join(secrets.choice(_load_passphrase_words()) for _ in range(words))


@cache
def _load_passphrase_words() -> tuple[str, ...]:
    path = xkcd_password.locate_wordfile("eff-long")
    every = xkcd_password.generate_wordlist(path, min_length=3, max_length=9)
    left_out = resources.files("journal") / "data" / "words-left-out.txt"
    return tuple(sorted(set(every).difference(left_out.read_text(encoding="utf-8").split())))


def _remove_names(text: str, context: Iterable[str]) -> tuple[str, bool]:
    """
    Return *text* without the names that others know, and whether there were any; both by what they look like.

    Names of four letters and more are found backwards too, with signs between their letters, and with others in the
    place of letters: "4l1ce", "ecila", "a.l.i.c.e".
    """
    names = [
        name
        for one in context
        for name in _list_names(look_alikes.fold(normalize("NFC", one[:LONGEST_ADDRESS])))
    ]
    plain = {_lowercase(name) for name in (PRODUCT, *names)}
    disguised = {_read_disguised(name) for name in plain if len(name) >= SHORTEST_DISGUISED}
    taken = _find_names(list(_lowercase(text)), plain)
    backwards = {name[::-1] for name in disguised}
    taken |= _find_names([look_alikes.read_disguised(sign) for sign in text], disguised | backwards)
    rest = "".join(sign for at, sign in enumerate(text) if at not in taken)
    return rest, bool(taken)


def _list_names(known: str) -> Iterator[str]:
    """Yield what somebody would try of a name or an address: its parts, also of the domain, and the parts in one."""
    for one in known.split("@"):
        parts = [part for part in re.split(r"[\W_]+", one) if part]
        yield from (part for part in parts if len(part) > 2)
        if parts:
            yield "".join(parts)


def _find_names(signs: Sequence[str], known: Set[str]) -> set[int]:
    """
    Return the places of *signs* at which names stand, with the places between their letters.

    Names of one length are looked for at once: there are few lengths, however many names somebody makes up.
    """
    places = [at for at, sign in enumerate(signs) if sign]
    text = "".join(signs)
    lengths, found, at = sorted({len(name) for name in known}, reverse=True), set[int](), 0
    while at < len(text):
        length = next((one for one in lengths if at + one <= len(text) and text[at : at + one] in known), 0)
        if length:
            found |= set(range(places[at], places[at + length - 1] + 1))
        at += length or 1
    return found


def _read_disguised(name: str) -> str:
    return "".join(map(look_alikes.read_disguised, name))


def _lowercase(text: str) -> str:
    """Return *text* in lower case, letter by letter: of one that becomes two the first."""
    return "".join(sign.lower()[0] for sign in text)


@dataclass(frozen=True, slots=True)
class _Rating:
    """`known` is the share of a text that is words or patterns."""

    guesses: int
    hints: tuple[str, ...]
    known: float = 0.0


def _limit_guesses(text: str) -> str:
    """Return what is rated: the beginning, with few ways left to read signs as letters."""
    start = text[:RATED_LENGTH]
    if prod(max(1, sum(sign in start for sign in signs)) for signs in _DISGUISES) > _MOST_COMBINATIONS:
        for signs in _DISGUISES:
            start = start.translate(dict.fromkeys(map(ord, signs), signs[0]))
    return start


def _rate(text: str) -> _Rating:
    """
    Rate a text as it is, without separators, and without these and repeated letters; the easiest counts.

    Without them counts only what is then words or patterns for the most part: what is drawn at random is as long as it
    is, with all its signs.
    """
    if not text:
        return _Rating(0, (ANOTHER_WORD,))
    joined = look_alikes.drop_separators(text)
    forms = {joined, look_alikes.drop_repeated(joined)} - {text, ""}
    ratings = [_rate_form(text), *(one for one in map(_rate_form, sorted(forms)) if one.known >= MOSTLY)]
    return min(ratings, key=lambda one: one.guesses)


def _rate_form(text: str) -> _Rating:
    _add_spanish()
    start = _limit_guesses(text)
    # Names are taken out before and not passed as zxcvbn's user_inputs, which it keeps for the next person.
    judged: dict[str, Any] = zxcvbn(start, max_length=RATED_LENGTH)
    parts = judged["sequence"]
    kinds = [match.get("dictionary_name") or match["pattern"] for match in parts]
    hints = dict.fromkeys(HINTS[kind] for kind in kinds if kind in HINTS)
    drawn = sum(len(match["token"]) for match in parts if match["pattern"] == "bruteforce")
    return _Rating(int(judged["guesses"]), (*hints, ANOTHER_WORD), 1 - drawn / len(start))


@cache
def _add_spanish() -> None:
    """Have the meter know Spanish words and names besides its English ones."""
    lines = (
        (resources.files("journal") / "data" / "spanish-words.txt").read_text(encoding="utf-8").splitlines()
    )
    words = [line for line in lines if not line.startswith("#")]
    matching.RANKED_DICTIONARIES["spanish"] = {word: rank for rank, word in enumerate(words, 1)}


def find_password_problems(
    password: str, repeated: str, *context: str, second_factor: bool = False
) -> dict[str, str]:
    """Return what keeps *password* from being used, alone or beside a second factor; empty when nothing does."""
    advice = rate_password(password, context=context, second_factor=second_factor)
    if advice.problems:
        return {"password": advice.problems[0]}
    if not is_same_password(password, repeated):
        return {"repeated": N_("The two passwords are not the same. Type it again.")}
    return {}
