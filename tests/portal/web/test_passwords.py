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


def test_a_password_is_masked_and_filled_in_by_managers() -> None:
    """Each field for one is masked and says which password it asks for; nothing stands in the way of pasting."""
    asked = re.compile(
        r"\{\{ field\(\"(password|repeated|current|asked-again|secret)\".*?\) \}\}"
        r"|<input[^>]*name=\"asked-again\"[^>]*>"
    )
    found = [one.group() for path in TEMPLATES.rglob("*.html") for one in asked.finditer(path.read_text())]
    assert len(found) > 12
    for one in found:
        assert 'type="password"' in one, one
        assert re.search(r"autocomplete=\"(current-password|new-password|off)\"", one), one
    # Old secrets, which no manager should offer for another account, are the one exception.
    assert sum('autocomplete="off"' in one for one in found) == 1
    scripts = "".join(path.read_text() for path in Path("portal/static/js").glob("*.js"))
    assert not re.search(r"[\"'](paste|beforepaste)[\"']|onpaste", scripts)
    assert not re.search(
        r"onpaste|readonly[^>]*password", "".join(map(Path.read_text, TEMPLATES.rglob("*.html")))
    )
