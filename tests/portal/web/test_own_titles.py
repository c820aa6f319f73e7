"""What Hearthside calls an entry is said in the reader's language; what somebody calls it is theirs."""

from __future__ import annotations

import pytest

from journal.entries.naming import EntryName
from portal.web.entry_names import find_title_language, format_entry_name
from portal.web.translation import Translator, speaking


def called(kind: str, title: str, language: str, written_in: str) -> tuple[str, str]:
    """Return what an entry is called on a page of *language*, and which language its title is said to be in."""
    name = EntryName(title, kind, language=written_in)
    with speaking(language):
        return format_entry_name(name, Translator(language).translate, str), find_title_language(name)


@pytest.mark.parametrize(
    ("kind", "stored", "english", "spanish"),
    [
        ("measure", ("PCL-5, past month", "en"), "PCL-5, past month", "PCL-5, último mes"),
        ("measure", ("PHQ-9", "en"), "PHQ-9", "PHQ-9"),
        (
            "day_lines",
            ("Day lines, 2026-01", "en"),
            "Day lines, January 2026",
            "Líneas del día, enero de 2026",
        ),
        (
            "day_lines",
            ("Líneas del día, 2026-12", "es"),
            "Day lines, December 2026",
            "Líneas del día, diciembre de 2026",
        ),
        (
            "check_in",
            ("Registro mensual de cómo está", "es"),
            "Monthly check-in",
            "Registro mensual de cómo está",
        ),
        ("evaluation", ("Evaluation", "en"), "Evaluation", "Evaluación previa"),
        ("plan_note", ("Readings in the clinic", "en"), "Readings in the clinic", "Mediciones en la clínica"),
    ],
)
def test_a_title_of_ours_is_said_in_the_readers_language(
    kind: str, stored: tuple[str, str], english: str, spanish: str
) -> None:
    """Whichever language it was stored in; it is no quotation then."""
    title, written_in = stored
    assert called(kind, title, "en", written_in) == (english, "")
    assert called(kind, title, "es", written_in) == (spanish, "")


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("measure", "MADRS"),
        ("free", "PCL-5, past month"),
        ("free", "Day lines, 2026-01"),
        ("day_lines", "Day lines, 2026-13"),
        ("day_lines", "Day lines, 0000-01"),
        ("evaluation", "What I told them"),
    ],
)
def test_a_title_that_somebody_wrote_is_theirs(kind: str, title: str) -> None:
    """It is shown as it was written, in the language that it was written in."""
    assert called(kind, title, "es", "en") == (title, "en")
