"""
The headers of every answer, each by its very value; and the scripts that come with the pages.

That every answer of every address has them is tried by the attacks, which compare with the same table.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal.http.middleware import HEADERS, HTTPS_ONLY
from tests.portal.conftest import Portal
from tests.scenes import written

ROOT = Path(__file__).parents[3]
SCRIPTS = {path.name: path.read_text("utf-8") for path in (ROOT / "portal" / "static" / "js").glob("*.js")}
EXPECTED = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "origin-agent-cluster": "?1",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-permitted-cross-domain-policies": "none",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
MARKUP = re.compile(
    r"(?:\w+\.)?(?:innerHTML|outerHTML)\s*\+?=(?!=)[^;]*"
    r"|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_header_has_its_value(name: str) -> None:
    """As it is written here once more, so that a change of it is noticed."""
    assert dict(HEADERS)[name] == EXPECTED[name]


def test_the_policy_lets_in_what_is_ours_alone() -> None:
    """Each directive of the content security policy, and no other."""
    policy = dict(HEADERS)["content-security-policy"]
    assert dict(one.strip().split(" ", 1) for one in policy.split(";")) == POLICY


def test_https_is_asked_for_two_years() -> None:
    """With all names under ours (RFC 6797)."""
    ((name, value),) = HTTPS_ONLY
    asked = dict(part.strip().partition("=")[::2] for part in value.split(";"))
    assert name == "strict-transport-security"
    assert int(asked["max-age"]) >= 2 * 365 * 24 * 3600
    assert "includeSubDomains" in asked


async def test_no_other_origin_may_read_an_answer(portal: Portal) -> None:
    """Whoever asks, and however: no answer has a header that would let a page of another site read it."""
    asked = {
        "origin": "https://evil.example",
        "access-control-request-method": "GET",
        "access-control-request-headers": "hx-request",
    }
    async with portal.client("alice") as browser:
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            for path in ("/", "/journal", "/help-now", "/static/css/hearthside.css", "/nothing-here"):
                answer = await browser.request(method, path, headers=asked)
                assert [name for name in answer.headers if name.startswith("access-control")] == [], path


async def test_what_is_text_says_its_charset(portal: Portal) -> None:
    """Pages, parts of pages, errors, scripts and styles; and what has no body says no type that it is not."""
    await written(portal.cast)  # else the journal is another page
    async with portal.client("alice") as browser:
        for path in (
            "/",
            "/journal",
            "/help-now",
            "/guide/patient",
            "/nothing-here",
            "/readyz",
            "/offline.js",
        ):
            for headers in ({}, {"hx-request": "true"}):
                answer = await browser.get(path, headers=headers)
                kind = answer.headers["content-type"]
                assert re.fullmatch(r"text/(html|plain|javascript); charset=utf-8", kind), (path, kind)
        for path in ("/static/css/hearthside.css", "/static/js/hearthside.js"):
            assert (await browser.get(path)).headers["content-type"].endswith("; charset=utf-8"), path
        wrong = await browser.get("/journal", headers={"host": "evil.example"})
        assert (wrong.status_code, wrong.headers["content-type"]) == (400, "text/plain; charset=utf-8")


async def test_pages_for_machines_say_one_word(portal: Portal) -> None:
    """Whoever watches the service learns that it lives and is ready, and no version, name or number."""
    async with portal.client() as browser:
        for path, word in (("/healthz", "alive"), ("/readyz", "ready")):
            answer = await browser.get(path)
            assert (answer.status_code, answer.text) == (200, word)


def test_scripts_keep_nothing_in_the_browser_but_where_that_is_said() -> None:
    """One keeps pages for everybody, one a sealed copy that somebody chose; no other uses the browser's storage."""
    storage = re.compile(r"\b(localStorage|sessionStorage|indexedDB|caches|document\.cookie|cookieStore)\b")
    found = {name: set(storage.findall(_code(text))) for name, text in SCRIPTS.items()}
    assert {name: uses for name, uses in found.items() if uses} == {
        "kept.js": {"indexedDB"},
        "offline.js": {"caches"},
    }


def _code(text: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)


def test_scripts_write_text_and_no_markup() -> None:
    """One puts markup into a page: what the server drew for another tab of the same browser, as it came."""
    found = {name: MARKUP.findall(text) for name, text in SCRIPTS.items() if MARKUP.search(text)}
    assert found == {"lock.js": ["frame.innerHTML = data.html"]}
    assert len(SCRIPTS) > 4


def test_scripts_leave_no_names_behind() -> None:
    """Each stands in a scope of its own and is strict: no element takes a name's place, and nothing of all objects."""
    for name, text in SCRIPTS.items():
        code = re.sub(r"^(?:\s*//[^\n]*\n|\s*/\*.*?\*/)*", "", text, flags=re.DOTALL).strip()
        assert code.startswith(("(", "{", '"use strict"', "'use strict'")), (name, code[:60])
        assert not re.search(r"__proto__|\.prototype\b|\bsetPrototypeOf\b", _code(text)), name
        assert not re.search(
            r"\bwindow\.[a-z]\w*\s*=(?!=)|\bdocument\.(?:forms|all|images)\b|\bdocument\[", text
        ), name
