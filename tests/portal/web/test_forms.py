"""A form as it came: each field is found wherever it stood."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from portal.web.forms import MAX_VALUE_LENGTH, Form
from tests.cast import PASSWORDS
from tests.portal.conftest import Portal
from tests.test_architecture import modules, source

names = st.sampled_from(["a", "b", "a.name", ""])


@given(items=st.lists(st.tuples(names, st.text(max_size=2)), max_size=8), asked=names)
def test_a_field_has_all_its_values_in_their_order(items: list[tuple[str, str]], asked: str) -> None:
    """First value, all values, and whether there is one: as they came, whatever else came between."""
    form, values = Form(tuple(items)), [value for name, value in items if name == asked]
    assert form.get_all(asked) == values
    assert form[asked] == (values[0] if values else "")
    assert (asked in form) == bool(values)
    assert form.lists == {name: form.get_all(name) for name, _ in items}


def test_a_form_is_looked_through_once() -> None:
    """However many questions a view has; and what it does with the values of one changes nothing for the next."""
    form = Form((("a", "1"), ("b", "2"), ("a", "3")))
    assert form.lists is form.lists
    form.get_all("a").clear()
    assert form.get_all("a") == ["1", "3"]
    assert form == Form(form.items)


def test_what_is_too_long_for_any_field_is_read_in_part_and_kept_whole() -> None:
    """A name is cut where it is too long already, words of a journal never are, and both come back as they came."""
    long = "é" * (2 * MAX_VALUE_LENGTH)
    form = Form((("name", long), ("free.text", long), ("title", long), ("name", "short")))
    assert form.get_all("name") == [long[:MAX_VALUE_LENGTH], "short"]
    assert form["free.text"] == form["title"] == long
    assert form.restorable == form.items


async def test_a_value_is_decoded_once() -> None:
    """What is left after that is what was typed, also where it looks as if it were encoded once more."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"a=%2541+%26b%3D1&c=%2B"}

    form = await Form.read(Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive))
    assert form.items == (("a", "%41 &b=1"), ("c", "+"))


def test_no_view_takes_fields_that_it_does_not_name() -> None:
    """
    A view names each field that it reads, or the questions whose fields it reads: it never passes a form on as it came.

    The fields as they came are read only where a form is shown again, by the one list of those that may be.
    """
    found = {
        (path.as_posix(), name)
        for path in modules("portal")
        for name in re.findall(r"\b(?:form|sent|typed)\.(items|lists)\b(?!\()", source(path))
    }
    assert found == {
        ("portal/web/errors.py", "items"),  # whether there was more than may be shown again
        ("portal/views/journal/entry_form.py", "lists"),
        ("portal/views/grounding/notes.py", "lists"),
        ("portal/views/check_ins/filling.py", "lists"),
        ("portal/views/reframing/steps.py", "lists"),
    }


async def test_a_field_that_no_page_has_changes_nothing(portal: Portal) -> None:
    """Whoever adds the names of columns to the form of their own name changes their name and nothing else."""
    columns = (
        "role",
        "status",
        "profession",
        "email",
        "id",
        "epoch",
        "sealed",
        "recovery_ready",
        "is_neutral",
    )
    typed = {"name": "Alice Anew", "zone": "Europe/Berlin", "time_zone": "Europe/Berlin", "language": "en"}
    before = await portal.cast.actor("alice")
    async with portal.client("alice") as browser:
        answer = await browser.post("/account/details", data=dict.fromkeys(columns, "administrator") | typed)
        assert answer.status_code == 303, answer.text
        assert (await browser.get("/people")).status_code == 404
    after = await portal.cast.actor("alice")
    assert after.name == "Alice Anew"
    kept = ("id", "role", "email", "is_neutral", "region", "session")
    assert [getattr(after, one, None) for one in kept] == [getattr(before, one, None) for one in kept]


async def test_what_stands_in_an_address_or_a_cookie_is_no_field(portal: Portal) -> None:
    """A form is its body alone; of a field that comes twice the first counts, to whoever looks, and in each look."""
    known = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
    async with portal.client() as browser:
        cookies = {"cookie": "; ".join(f"{name}={value}" for name, value in known.items())}
        for query, headers in ((known, {}), ({}, known), ({}, cookies)):
            answer = await browser.post("/sign-in", data={"email": ""}, params=query, headers=headers)
            assert answer.status_code == 422
        for values, status in (
            (["alice@example.org", "bob@example.org"], 303),
            (["bob@example.org", "alice@example.org"], 422),
        ):
            sent = {"email": values, "password": PASSWORDS["alice"]}
            answer = await browser.post("/sign-in", data=sent, params={"email": "erin@example.org"})
            assert answer.status_code == status
