"""The crisis contacts: complete, dialable and honest about what was checked."""

from __future__ import annotations

import re
from importlib import resources

import msgspec
import pytest

from journal.catalogue.crisis_contacts import (
    DATA_FILE_SENTENCES,
    EMERGENCY_SENTENCE,
    find_region,
    find_region_problems,
    list_regions,
    parse_contacts,
)
from portal.web.pages import build_environment

FILE = resources.files("journal") / "data" / "crisis-contacts.json"
CONTACTS = [contact for one in list_regions() for contact in (one.emergency, *one.contacts) if contact]


def region(code):
    return next(one for one in list_regions() if one.code == code)


def numbers(code):
    return [(contact.kind, contact.dial) for contact in region(code).contacts]


def test_the_numbers_are_the_clinical_ones():
    """The lines named in the clinical pages are there."""
    assert ("call", "988") in numbers("US")
    assert ("text", "988") in numbers("US")
    assert next(one.number for one in region("US").contacts if "Veterans" in one.name).endswith("press 1")
    assert ("call", "988") in numbers("CA")
    assert numbers("GB-ENG")[0] == numbers("GB-WLS")[0] == ("call", "111")
    assert {("call", "116123"), ("text", "85258")} <= set(numbers("GB"))
    assert ("call", "131114") in numbers("AU")
    assert ("call", "1737") in numbers("NZ")
    assert ("call", "116123") in numbers("IE")
    assert numbers("ES") == [("call", "024")]
    assert numbers("MX") == [("call", "8009112000")]
    assert ("call", "18002221222") in numbers("US")
    spanish = [one.number for one in region("US").contacts if one.note == "In Spanish"]
    assert spanish == ["988, then press 2", "AYUDA to 988"]
    assert [one.number for one in region("US").list_contacts("es")][:4] == ["911", *spanish, "988"]
    assert region("US").list_contacts("en") == region("US").all_contacts
    emergency = {one.code: one.emergency and one.emergency.dial for one in list_regions()}
    assert emergency == {
        "US": "911", "CA": "911", "GB-ENG": "999", "GB-WLS": "999", "GB": "999", "IE": "112",
        "AU": "000", "NZ": "111", "DE": "112", "ES": "112", "MX": "911", "EU": "112", "OTHER": None,
    }  # fmt: skip


def test_every_contact_can_be_reached():
    """A call dials, a text writes, an address opens over https."""
    shapes = {"call": r"tel:[0-9]{2,15}", "text": r"sms:[0-9]{2,15}", "web": r"https://\S+"}
    for contact in CONTACTS:
        assert re.fullmatch(shapes[contact.kind], contact.href)
        shown = re.sub(r",.*|[^0-9]", "", contact.number)
        assert contact.kind == "web" or shown == contact.dial


def test_every_emergency_number_was_checked():
    """The number that stands first, and at the foot of each page, stood in a source that the file names."""
    assert [one.code for one in list_regions() if one.emergency and not one.emergency.verified] == []


def test_what_was_not_checked_says_so():
    """A verified contact has its day and its source; an unverified one claims neither."""
    for contact in CONTACTS:
        assert contact.verified is (contact.last_verified is not None) is bool(contact.source)
    assert {contact.verified for contact in CONTACTS} == {True, False}


def test_words_of_the_file_are_marked_for_translation():
    """Every name of a region and every note is in the list that translators see, and nothing else is."""
    generic = {"Emergency services", "Emotional support line"}
    said = {one.name for one in list_regions()} | {contact.note for contact in CONTACTS} - {""}
    said |= {contact.name for contact in CONTACTS} & generic
    said |= {one.number for one in CONTACTS if one.kind != "web" and re.search("[a-z]{2}", one.number)}
    assert said == set(DATA_FILE_SENTENCES)


SPANISH_LINES = (
    ("US", "988, then press 2", "988 y luego marcar el 2", "988lifeline.org"),
    ("US", "AYUDA to 988", "988 con la palabra AYUDA", "988lifeline.org"),
    ("US", "911", "911", "health.wyo.gov"),
    ("ES", "024", "024", "rtve.es"),
    ("ES", "112", "112", "elnacional.cat"),
    ("MX", "800 911 2000", "800 911 2000", "eluniversal.com.mx"),
    ("MX", "911", "911", "noventagrados.com.mx"),
    ("GB-WLS", "111, then option 2", "111 y luego elegir la opción 2", "deeside.com"),
    ("GB-WLS", "999", "999", "deeside.com"),
)


@pytest.mark.parametrize(("code", "number", "spanish", "source"), SPANISH_LINES)
def test_lines_for_who_speaks_spanish_and_for_wales(code, number, spanish, source):
    """Each is there with its source and the day, is written in both languages, and dials what it says first."""
    found = [one for one in region(code).all_contacts if one.number == number]
    assert len(found) == 1
    assert found[0].verified
    assert found[0].last_verified
    assert source in found[0].source
    for language, said in (("en", number), ("es", spanish)):
        page = build_environment(language).from_string(
            '{% from "macros/help.html" import crisis_contacts %}{{ crisis_contacts(region, language) }}'
        )
        drawn = page.render(region=region(code), language=language)
        assert re.search(rf"(Call|Text|Llamar al|Enviar un mensaje de texto al) {re.escape(said)}<", drawn)


def test_an_unknown_region_is_none_and_the_last_is_for_everywhere_else():
    """Nobody's region is guessed, and one can be left unchosen; only one that there is can be chosen."""
    assert find_region("Atlantis") is None
    assert find_region("") is None
    assert find_region("NZ") is region("NZ")
    assert find_region_problems("") == find_region_problems("NZ") == {}
    assert find_region_problems("Atlantis") == {"region": "Choose one of these places."}
    assert list_regions()[-1].code == "OTHER"
    assert "local emergency number" in EMERGENCY_SENTENCE


def test_the_emergency_number_comes_first():
    """All contacts of a region are the emergency number, where there is a single one, and the lines."""
    assert [one.dial for one in region("NZ").all_contacts] == ["111", "1737", "1737"]
    assert region("OTHER").all_contacts == region("OTHER").contacts


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"dial": "911"', '"dial": "911 now"'),
        ('"dial": "https://findahelpline.com"', '"dial": "http://findahelpline.com"'),
        ('"dial": "https://findahelpline.com"', '"dial": "https://x\\" onclick=\\""'),
        ('"kind": "text"', '"kind": "fax"'),
        ('"code": "CA"', '"code": "US"'),
        ('"verified": false', '"verified": true'),
        ('"name": "Shout"', '"name": ""'),
        ('"note": ""', '"remark": ""'),
        ('"last_verified": "2026-11-22"', '"last_verified": "lately"'),
    ],
)
def test_a_careless_edit_is_refused(old, new):
    """A number nobody can dial, a repeated region or a check without a source is not loaded."""
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises((ValueError, msgspec.ValidationError)):
        parse_contacts(text.replace(old, new).encode())


def test_a_region_without_contacts_is_refused():
    """A region has at least one line besides its emergency number."""
    nothing: dict[str, object] = {"code": "X", "name": "X", "emergency": None, "contacts": []}
    empty = msgspec.json.encode({"reviewed": "2026-11-22", "about": "", "regions": [nothing]})
    with pytest.raises(ValueError, match="no contacts"):
        parse_contacts(empty)
