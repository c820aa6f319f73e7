"""Limits before starting: a prescriber's alone, signed, and compared with what was read last."""

from __future__ import annotations

from uuid import UUID, uuid4

import msgspec
import pytest

from journal.care import links, tables
from journal.care.link_keys import open_shared_key
from journal.care_notes import notes
from journal.care_notes.limits import LIMITS, find_outside
from journal.care_notes.notes import NoteDetails, NoteKind, care_note_context
from journal.dosing_day.lines import Reading
from journal.errors import InvalidInput, StaleRevision
from journal.sealing import open_document, seal_document
from tests.cast import Cast
from tests.scenes import become

TYPED = {"systolic": "160", "diastolic": "100", "pulse": "110", "oxygen": "92", "checked": "yes"}
BLANK = dict.fromkeys(LIMITS, "")


async def entered(cast: Cast, typed: dict[str, str] = TYPED, note: UUID | None = None, base: int = 0) -> UUID:
    """Have bob, a prescriber, enter limits for alice."""
    alice = await cast.actor("alice")
    bob = await cast.actor("bob")
    return await notes.write_note(bob, alice.id, NoteKind.LIMITS, typed, note or uuid4(), base)


@pytest.mark.parametrize(
    ("reading", "outside"),
    [
        (Reading(None, "160", "100", "110", "92"), ()),
        (Reading(None, "161", "100", "110", "92"), ("systolic",)),
        (Reading(None, "160", "101", "110", "92"), ("diastolic",)),
        (Reading(None, "160", "100", "111", "92"), ("pulse",)),
        (Reading(None, "160", "100", "110", "91"), ("oxygen",)),
        (Reading(None, "160,5", "", "", "91.9"), ("systolic", "oxygen")),
        (Reading(None, "", "", "70", ""), ()),
        (Reading(None, "a lot", "?", "", ""), ()),
    ],
)
def test_a_value_is_outside_above_a_highest_and_below_a_lowest(
    reading: Reading, outside: tuple[str, ...]
) -> None:
    """At each limit itself it is inside; what is no number says nothing."""
    assert find_outside([reading], TYPED) == outside
    assert find_outside([reading], BLANK) == ()


def test_what_was_read_last_counts() -> None:
    """A second measurement stands in place of the first, value by value."""
    first, second = Reading(None, "170", "110"), Reading(None, "150", "")
    assert find_outside([first, second], TYPED) == ("diastolic",)
    assert find_outside([second, first], TYPED) == ("systolic", "diastolic")


async def test_a_prescriber_alone_enters_them_and_says_that_they_checked(cast: Cast) -> None:
    """A therapist does not; nor is one taken without the tick, without a number, or with one that cannot be."""
    with pytest.raises(InvalidInput) as refused:
        await entered(cast)
    assert "prescriber" in refused.value.fields["systolic"]
    await become(cast, "bob", "prescriber")
    for typed, field in (
        (TYPED | {"checked": ""}, "checked"),
        (BLANK | {"checked": "yes"}, "systolic"),
        (TYPED | {"oxygen": "101"}, "oxygen"),
        (TYPED | {"pulse": "-1"}, "pulse"),
        (TYPED | {"diastolic": "1e2"}, "diastolic"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await entered(cast, typed)
        assert [*refused.value.fields] == [field]
    assert not await tables.CareNote.all().exists()
    note = await entered(cast)
    with pytest.raises(StaleRevision):  # there is one of them, in versions
        await entered(cast)
    high = [Reading(None, "161")]
    assert await notes.load_outside(await cast.actor("alice"), high) == ("systolic",)
    await entered(cast, BLANK | {"checked": "yes"}, note, 1)
    assert await notes.load_outside(await cast.actor("alice"), high) == ()


async def test_limits_that_nobody_signed_do_not_count(cast: Cast) -> None:
    """Whoever has the link's key alone, as the patient does, cannot enter or move them."""
    await become(cast, "bob", "prescriber")
    note = await entered(cast)
    alice = await cast.actor("alice")
    link = await links.load_my_link(alice, cast.link)
    key = await open_shared_key(alice, link)
    row = await tables.CareNote.get(note=note)
    where = care_note_context(link.id, note, 1)
    details = open_document(key, bytes(row.sealed), where, NoteDetails)
    higher = msgspec.structs.replace(details, fields=details.fields | {"systolic": "300"})
    await tables.CareNote.filter(note=note).update(sealed=seal_document(key, higher, where))
    # That they do not open is told: no reading lies within limits that nobody can read.
    assert await notes.load_outside(alice, [Reading(None, "400")]) == (notes.UNREADABLE,)
    ((_, found),) = await notes.load_my_notes(alice, [link])
    assert (len(found), len(found.damaged)) == (0, 1)
    bob = await cast.actor("bob")
    assert len((await notes.load_notes(bob, await links.load_link_with(bob, alice.id))).damaged) == 1
