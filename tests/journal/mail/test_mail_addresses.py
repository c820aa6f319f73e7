"""What is kept of an address: it is found as it was typed, and where mail is sent, mail can be written to it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crypto import ascii_domain, normal_address
from journal.mail.mail_addresses import (
    find_address_problem,
    format_deliverable,
    is_deliverable,
    normalize_address,
)

SIGNS = st.sampled_from(
    "abAB19.-_+'\"\\ @\u00fc\u00df\u03c2\uff21\uff20\u0958\u0301\u00ad\u200b\u200d\u034f\u3002\u2028\x00"
)
PARTS = st.text(SIGNS, max_size=12) | st.sampled_from(
    ["example", "xn--fa-hia", "b" * 63, "\u0958" * 60, "\u00fc" * 40]
)
TYPED = st.builds(lambda local, labels: f"{local}@{'.'.join(labels)}", PARTS, st.lists(PARTS, max_size=5))


@given(TYPED | st.text(max_size=20))
@example("example@1._..")
def test_what_is_kept_is_found_as_it_was_typed(typed: str) -> None:
    """An address that is taken has the normal form of what was typed, and keeping it again changes nothing."""
    kept = normalize_address(typed)
    if not find_address_problem(kept, sends_mail=False):
        assert normal_address(kept) == normal_address(typed)
        assert normalize_address(kept) == kept
        assert len(kept) <= 254


@given(TYPED)
def test_where_mail_is_sent_what_is_taken_is_what_can_be_written_to(typed: str) -> None:
    """Neither more nor less; and what is written to is one mailbox in ASCII, at the domain that was typed."""
    kept = normalize_address(typed)
    assert (not find_address_problem(kept, sends_mail=True)) == is_deliverable(kept)
    if is_deliverable(kept):
        sent = format_deliverable(kept)
        assert sent.isascii()
        assert sent.isprintable()
        assert len(sent) <= 254
        assert not set(" <>(),;:\\[]").intersection(sent)
        assert sent.count("@") == 1
        assert sent.rpartition("@")[2] == ascii_domain(kept.rpartition("@")[2])
        assert normal_address(sent) == normal_address(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Alice@Example.ORG ", "Alice@Example.ORG"),
        ("alice@xn--bcher-kva.example", "alice@b\u00fccher.example"),
        ("alice@B\u00fccher\u3002Example.", "alice@b\u00fccher.example"),
        ("a\u00adli\u200bce@exam\u00adple.org", "alice@example.org"),
        ("ju\u0308rgen@example.org", "j\u00fcrgen@example.org"),
        ('"taro."@docomo.example', "taro.@docomo.example"),
        ("no address", "no address"),
        ("alice@\u2603.example", "alice@\u2603.example"),
    ],
)
def test_an_address_is_shown_as_people_read_it(typed: str, kept: str) -> None:
    """As it was typed, with the domain in its own letters and without what cannot be seen."""
    assert normalize_address(typed) == kept


def test_a_domain_that_grows_too_long_for_mail_is_refused() -> None:
    """A short address in other letters can be longer in ASCII than an envelope allows."""
    typed = "a" * 64 + "@" + ".".join(["\u00fc" * 20 + "b" * 20] * 4)
    assert (find_address_problem(typed, sends_mail=False), len(typed) < 254) == ("", True)
    assert find_address_problem(typed, sends_mail=True)
