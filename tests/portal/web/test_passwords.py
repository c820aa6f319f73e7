"""Fields for passwords, as templates write them."""

from __future__ import annotations

import re
from pathlib import Path

TEMPLATES = Path("templates")


def test_a_password_is_asked_for_in_one_way() -> None:
    """Every field for one has the button that shows it, and no browser's spelling check sends it away meanwhile."""
    written = {
        path.as_posix(): path.read_text()
        for path in TEMPLATES.rglob("*.html")
        if re.search(r"<input[^>]*type=\"password\"", path.read_text())
    }
    assert set(written) == {"templates/macros/cover.html"}
    (cover,) = written.values()
    assert 'spellcheck="false"' in cover
    assert '{{ reveal("cover-password") }}' in cover
    forms = (TEMPLATES / "macros/forms.html").read_text()
    assert '{% if type == "password" %}{{ reveal(name) }}' in forms.replace("{%- if", "{% if")
