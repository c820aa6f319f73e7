"""What a refused form gives back: everything that somebody wrote, and no secret."""

from __future__ import annotations

import re

import pytest

from portal.routes import ROUTES
from portal.web.forms import RESTORABLE_FIELDS
from tests.portal.conftest import Portal
from tests.test_architecture import pages, source

SECRET = {
    "asked-again",
    "code",
    "credential",
    "current",
    "offered",
    "passphrase",
    "password",
    "prf",
    "recovery_code",
    "recovery_key",
    "repeated",
    "secret",
    "secret_key",
    "typed",
}
"""Passwords, keys, codes and passphrases, and the words of a key that somebody copies down."""
OF_NO_FORM = {
    "username",
    "viewport",
    "robots",
    "referrer",
    "color-scheme",
    "format-detection",
    "htmx-config",
    "theme-color",
}
"""What a browser is told, and the name that a password manager looks for."""
NAMED = re.compile(
    r"""(?:name="|(?<![|])\b(?:field|textarea|select|radio_cards|checkbox|checkbox_list|rating_ten|rating_hundred)\(\s*")([\w.-]+)\""""
)


def test_each_field_is_kept_or_a_secret() -> None:
    """A new field of a form fails here until somebody has said whether it may come back."""
    named = {name for path in pages() for name in NAMED.findall(source(path))}
    assert named - OF_NO_FORM - {"room"} <= RESTORABLE_FIELDS | SECRET
    assert not RESTORABLE_FIELDS & SECRET
    assert named >= SECRET


@pytest.mark.parametrize("who", [None, "alice", "bob", "erin"])
async def test_no_secret_comes_back(portal: Portal, who: str | None) -> None:
    """Whatever page refuses a form, for whatever reason, none of its secrets stands in the answer."""
    words = {name: f"{name.replace('_', '-')} of seven quiet lanterns" for name in SECRET}
    words["secret"] = words["typed"] = "ABCDE-FGHJK-MNPQR-STVWX"
    sent = words | {"title": "A title that was typed", "next": "/", "offer": "bent"}
    for rule in ROUTES:
        if "POST" not in rule.methods:
            continue
        path = re.sub(r"\{\w+:uuid\}", "00000000-0000-4000-8000-000000000000", rule.path)
        path = re.sub(r"\{\w+\}", "nothing", path)
        async with portal.client(who) as browser:
            answer = await browser.post(path, data=sent)
        assert answer.status_code != 500, path
        for name, secret in words.items():
            assert secret not in answer.text, (path, name)
