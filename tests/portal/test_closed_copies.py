"""What was shared "only if I bring it up" is read nowhere before its clinician opens it by a tap."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import msgspec
import pytest

from journal.care import tables as care_tables
from journal.care.documents import Attention
from journal.catalogue.fields import EntryKind
from journal.entries import entries
from journal.records import collection
from journal.sharing import copies, shares
from journal.vault.documents import EntryDocument
from tests.attacks import browse
from tests.attacks.world import HERS, answers_of
from tests.portal.conftest import Portal

KINDS = (
    EntryKind.PREPARATION,
    EntryKind.CAPTURE,
    EntryKind.INTEGRATION,
    EntryKind.REFRAME,
    EntryKind.GROUNDING,
    EntryKind.FREE,
    EntryKind.COMFORT,
    EntryKind.CHECK_IN,
    EntryKind.MEASURE,
    EntryKind.PLAN_NOTE,
    EntryKind.SITTER,
    EntryKind.SAFETY,
    EntryKind.DAY,
    EntryKind.DAY_LINES,
    EntryKind.EVALUATION,
)


def stem_of(place: int) -> str:
    """Return the stem of every word of one entry."""
    return f"Wendehals{chr(97 + place)}q"


async def share_all(portal: Portal, closed: set[int]) -> dict[UUID, str]:
    """Have alice share an entry of every kind with bob, and keep some of them closed; return their stems."""
    stems: dict[UUID, str] = {}
    for place, kind in enumerate(KINDS):
        alice, stem = await portal.cast.actor("alice"), stem_of(place)
        answers = json.loads(json.dumps(answers_of(kind)).replace(HERS, stem))
        document = EntryDocument(kind.value, note=f"{stem} note", answers=answers)
        entry = await entries.save_entry(alice, uuid4(), 0, document)
        asks = Attention.IF_RAISED if place in closed else Attention.BEFORE_TALK
        parts = copies.list_shareable_parts(entry)
        ident = await shares.share_entry(
            alice, entry.id, portal.cast.link, parts, previewed=1, attention=asks
        )
        stems[ident] = stem
    return stems


@pytest.mark.parametrize(
    "closed",
    [
        pytest.param({*range(len(KINDS))}, id="all of them"),
        pytest.param({*range(0, len(KINDS), 2)}, id="every other one"),
        pytest.param({*range(1, len(KINDS), 2)}, id="the others"),
    ],
)
async def test_no_page_of_the_clinician_holds_a_word_of_it(portal: Portal, closed: set[int]) -> None:
    """Every page that they can come to by links, and what they take away, quotes what is open and nothing closed."""
    stems = await share_all(portal, closed)
    shut = {ident for place, ident in enumerate(stems) if place in closed}
    patient = (await portal.cast.actor("alice")).id
    here = f"/patients/{patient}"
    begin = [
        here,
        f"{here}/brief",
        f"{here}/summary",
        f"{here}/charts",
        f"{here}/evaluation",
        "/",
        "/patients",
    ]
    begin += [f"{here}/shared/{ident}" for ident in stems]
    async with portal.client("bob") as bob:
        pages = await browse.walk(bob, begin, of_each=40)
    everything = "".join(page.text for page in pages)
    taken = await collection.collect_shared_records(await portal.cast.actor("bob"), "Practice", patient)
    for words in (everything, msgspec.json.encode(taken, enc_hook=str).decode()):
        said = {ident for ident, stem in stems.items() if stem in words}
        assert said == stems.keys() - shut
    unopened = {row["id"] for row in await care_tables.Share.filter(opened_at=None).values("id")}
    assert unopened == shut
