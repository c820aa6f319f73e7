"""A form as it came: each field is found wherever it stood."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.web.forms import MAX_VALUE_LENGTH, Form

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
