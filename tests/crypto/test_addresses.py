"""Addresses and names of hosts: which spellings are one, and which never are."""

from __future__ import annotations

import unicodedata
from itertools import product

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import (
    FormatError,
    ServerKey,
    ascii_domain,
    normal_address,
    readable_domain,
    split_address,
    transitional_address,
)
from crypto.addresses import spelled_address

KEY = b"s" * 32
LONG = "ab" * 31  # a label of 62 letters


@pytest.mark.parametrize(
    ("typed", "ascii_form"),
    [
        ("example.org", "example.org"),
        ("EXAMPLE.Org.", "example.org"),
        ("faß.example", "xn--fa-hia.example"),
        ("FAẞ.example", "xn--fa-hia.example"),
        ("xn--fa-hia.example", "xn--fa-hia.example"),
        ("XN--FA-HIA.EXAMPLE", "xn--fa-hia.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("bü\u00adch\u200ber.example", "xn--bcher-kva.example"),
        ("bücher\u3002example\uff0eorg\uff61", "xn--bcher-kva.example.org"),
        ("\uff25\uff38\uff21mple.org", "example.org"),
        ("ΟΔΟΣ.example", "xn--pxavbq.example"),
        ("οδος.example", "xn--pxavbm.example"),
        ("نامه\u200cای.example", "xn--mgba3gch31f060k.example"),
        ("نامهای.example", "xn--mgba3gch31f.example"),
        ("localhost", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("mail_relay", "mail_relay"),
        ("deploy--site.example", "deploy--site.example"),
        ("ab--cd.example", "ab--cd.example"),
        (f"{LONG}a.example", f"{LONG}a.example"),
        (".".join([LONG] * 4), ".".join([LONG] * 4)),
    ],
)
def test_a_domain_has_one_ascii_form(typed: str, ascii_form: str) -> None:
    """It is the one that browsers, registries and mail servers know, and mapping it again changes nothing."""
    assert ascii_domain(typed) == ascii_form == ascii_domain(ascii_form)
    assert ascii_domain(readable_domain(typed)) == ascii_form


@pytest.mark.parametrize(
    "typed",
    [
        "",
        ".",
        "a..b",
        ".example",
        "exa mple.org",
        "example.org/path",
        "example.org:25",
        "user@example.org",
        "[127.0.0.1]",
        "::1",
        "-a.example",
        "a-.example",
        "xn--.example",
        "xn--fass-.example",
        "xn---bbk.example",
        "xn--abc.example",
        "xn--n3h.example",
        "☃.example",
        "㏂.example",
        "ex\u0000ample.org",
        "ex\ud800ample.org",
        "\u0301a.example",
        "a\u200db.example",
        "م1١.example",
        f"{LONG}ab.example",
        ".".join([LONG] * 4) + ".ab",
        "ü" * 60,
        "a." * 130,
    ],
)
def test_what_is_no_domain_is_refused(typed: str) -> None:
    """What cannot be mapped, or is a label in disguise, has no form at all rather than somebody else's."""
    with pytest.raises(FormatError):
        ascii_domain(typed)


@given(st.text(max_size=300) | st.from_regex(r"xn--[a-z0-9-]{0,70}(\.example)?", fullmatch=True))
def test_any_text_is_a_domain_or_refused(typed: str) -> None:
    """Whatever comes, the answer is a name that DNS can hold, or one kind of error."""
    try:
        found = ascii_domain(typed)
    except FormatError:
        return
    assert found.isascii()
    assert found == found.lower()
    assert len(found) <= 253
    assert all(1 <= len(label) <= 63 for label in found.split("."))
    assert ascii_domain(found) == found


LETTERS = st.sampled_from("abßçéÉüÜıIİōñΣσςАбアｱ中ﬁＡ\u0308\u00ad\u200b\u200c\u200d\u3002.-1")


def looser(domain: str) -> set[str]:
    """Spellings that UTS 46 may take for the same domain."""
    found = {
        domain,
        domain.upper(),
        domain.replace(".", "\u3002"),
        f"\u200b{domain}\ufeff",
        "\u00ad".join(domain),
    }
    found |= {unicodedata.normalize(form, domain) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    return found


def by_uts_46(domain: str) -> str | None:
    """What the library makes of a whole domain, if anything."""
    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode().removesuffix(".")
    except idna.IDNAError:
        return None


@given(st.text(LETTERS, min_size=1, max_size=12).map(lambda label: f"{label}.example"))
def test_spellings_that_uts_46_takes_for_one_are_one(domain: str) -> None:
    """Whoever has an address at a domain is found by each spelling of it, and by nobody else's domain."""
    server, meant = ServerKey(KEY), by_uts_46(domain)
    if meant is None:
        return
    for other in looser(domain) | {meant}:
        one = by_uts_46(other)
        if one is not None:
            same = server.blind_index(f"alice@{domain}") == server.blind_index(f"ALICE@{other}")
            assert same == (one == meant)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("alice@example.org", "alice@example.org"),
        (" \u200bALICE\uff20Example.org\ufeff\u00a0", "alice@example.org"),
        ("a\u00adli\u200dce@exam\u00adple.org", "alice@example.org"),
        ("\uff41lice@example\uff0eorg", "alice@example.org"),
        ("\u202aalice@example.org\u202c", "alice@example.org"),
        ("alice\u200e@\u200eexample.org.", "alice@example.org"),
        ("alice\ufe0f@example.org", "alice@example.org"),
        ("alice@faß.example", "alice@xn--fa-hia.example"),
        ("alice@fass.example", "alice@fass.example"),
        ('"taro."@docomo.example', "taro.@docomo.example"),
        ('"ta\\ro"@docomo.example', '"ta\\ro"@docomo.example'),
        ("strauß@example.org", "strauss@example.org"),
        ("alice@☃.Example", "alice@☃.example"),
        ("alice@Example\u2024org", "alice@example\u2024org"),
        ("alice@Aß--x.example", "alice@aß--x.example"),
        ("alice", "alice"),
        ("a@b@example.org", "a@b@example.org"),
        ("alice@", "alice@"),
        ("a" * 242 + "@example.org", "a" * 242 + "@example.org"),
        ("a" * 243 + "@example.org", ""),
        ("e" + "\u0301\u0316" * 50_000 + "@example.org", ""),
    ],
)
def test_an_address_has_one_normal_form(typed: str, normal: str) -> None:
    """Case, width, invisible signs and the spelling of the domain do not make another; nothing endless is looked at."""
    assert normal_address(typed) == normal


def test_what_is_no_domain_is_nobodys() -> None:
    """No sign that a domain cannot have makes somebody's address of another one."""
    signs = [chr(code) for code in range(0x80, 0x110000)]
    short = [sign for sign in signs if unicodedata.normalize("NFKC", sign.casefold()).isascii()]
    for sign, around in product(short, ("ex{}ample.org", "a{}--x.example")):
        typed = f"alice@{around.format(sign)}"
        try:
            ascii_domain(split_address(typed)[1])
        except FormatError:
            *_, behind = normal_address(typed).rpartition("@")
            with pytest.raises(FormatError):
                ascii_domain(behind)


SIGNS = "abkXYZ019_+%'/:[]!"


@given(
    st.text(SIGNS + ".-", min_size=1, max_size=30), st.text(SIGNS + ".-", max_size=30), st.sampled_from(SIGNS)
)
def test_the_normal_form_of_ascii_is_what_it_was(local: str, domain: str, end: str) -> None:
    """Addresses in ASCII, which is nearly all, are found by the index that they always had."""
    typed = f"{local}@{domain}{end}"
    assert normal_address(typed) == typed.casefold()


def test_what_is_no_address_is_not_taken_apart() -> None:
    """Without an @, or longer than any address, there are no two parts."""
    for typed in ("alice", "", "a" * 250 + "@a.org"):
        with pytest.raises(FormatError):
            split_address(typed)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("anna@faß.example", "anna@fass.example"),
        ("anna@xn--fa-hia.example", "anna@fass.example"),
        ("anna@fass.example", "anna@fass.example"),
        ("anna@οδος.example", "anna@xn--pxavbq.example"),
        ("sara@نامه\u200cای.example", "sara@xn--mgba3gch31f.example"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("Strauß@example.org", "strauss@example.org"),
        ("anna@☃.example", "anna@☃.example"),
        ("anna", "anna"),
        ("a" * 300, ""),
    ],
)
def test_what_older_browsers_made_of_an_address_is_known(typed: str, sent: str) -> None:
    """Chromium sent this from a field of type email: the account of who typed it stands under it."""
    assert transitional_address(typed) == sent


@given(st.text(LETTERS, min_size=1, max_size=12).map(lambda label: f"anna@{label}.example"))
def test_whatever_leads_to_one_account_is_counted_as_one(typed: str) -> None:
    """Normal form and what older browsers made of it have one transitional form, so guesses cannot be spread."""
    sent = transitional_address(typed)
    assert sent == transitional_address(sent) == transitional_address(normal_address(typed))
    assert sent == normal_address(sent)


LONGEST = ".".join(("a" * 63, "b" * 63, "c" * 63, "d" * 61))


def test_the_longest_domain_is_one() -> None:
    """253 characters are mapped, also with a dot behind them, and not one more; nothing longer is mapped at all."""
    assert len(LONGEST) == 253
    assert ascii_domain(LONGEST) == ascii_domain(LONGEST + ".") == LONGEST
    for longer in (LONGEST + "d", "a\u00ad" * 200 + ".example", "a" + "\u00ad" * 254):
        with pytest.raises(FormatError):
            ascii_domain(longer)
    assert ascii_domain("a" + "\u00ad" * 253) == "a"


def test_the_longest_address_is_one() -> None:
    """254 characters are read, in each form, and not one more."""
    longest = "a" * (254 - 12) + "@example.org"
    assert split_address(longest) == ("a" * 242, "example.org")
    assert normal_address(longest) == spelled_address(longest) == longest
    assert normal_address("A" + longest) == spelled_address("A" + longest) == ""
    with pytest.raises(FormatError):
        split_address("a" + longest)


def test_nothing_may_stand_before_an_at() -> None:
    """Whether that is an address is not asked here."""
    assert split_address("@example.org") == ("", "example.org")
    with pytest.raises(FormatError):
        split_address("example.org")


def test_what_is_no_domain_folded_or_not_is_folded() -> None:
    """Only where folding would make a domain of it, its letters stay as they are."""
    assert normal_address("m@\uff21..x") == "m@a..x"
    assert normal_address("m@a\u2024org").startswith("m@a\u2024")
