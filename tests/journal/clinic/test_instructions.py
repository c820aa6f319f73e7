"""What the care team writes for the days of a course: signed, in versions, and nobody else's to write."""

from __future__ import annotations

from datetime import date, time
from uuid import UUID, uuid4

import msgspec
import pytest

from journal.care import lifecycle, links
from journal.clinic import instructions, signatures, tables, text_reading, text_writing
from journal.clinic.instructions import Instructions, InstructionsDetails, Item, ItemGroup
from journal.clinic.signatures import Signer
from journal.clinic.text_words import leave_words
from journal.errors import Damaged, InvalidInput, NotFound, StaleRevision
from journal.scheduling import plan as session_plan
from journal.sealing import open_document, seal_document
from journal.sessions.course import CoursePlan
from journal.sessions.session import Setting
from tests.cast import NOON, ZONE, Cast

TEXT = InstructionsDetails(
    fasting="Placeholder: as your prescriber told you.",
    medicines="Placeholder one.\n\n Placeholder two. ",
    bring="A blanket\nA pair of socks",
    sitter_text="Placeholder: stay in the room.",
    acute_hours=6,
    check_minutes=20,
)


async def plan_course(cast: Cast) -> UUID:
    """Have bob plan one dosing session for alice; return the course."""
    plan = CoursePlan(date(2026, 12, 1), time(14), ZONE, 1, 7, Setting.HOME)
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    return await session_plan.plan_course(bob, alice.id, "", plan)


async def write(
    cast: Cast, course: UUID | None = None, details: InstructionsDetails = TEXT, *, base: int = 0
) -> UUID:
    """Have bob write for alice."""
    patient = (await cast.actor("alice")).id
    return await text_writing.save_instructions(
        await cast.actor("bob"), patient, course, details, base=base, is_checked=True
    )


async def load(cast: Cast, course: UUID | None = None) -> Instructions | None:
    """Return what counts for alice, with its words."""
    alice = await cast.actor("alice")
    found = await instructions.load_instructions(cast.installation, alice.id, course)
    return found and await text_reading.open_text(alice, None, found)


async def identify(cast: Cast, text: Instructions, name: str = "alice") -> Signer:
    """Return whose signature somebody finds under a text."""
    actor = await cast.actor(name)
    return await signatures.identify_signer(actor, await links.load_my_links(actor, ended=True), text)


async def test_what_is_written_is_what_counts(cast: Cast) -> None:
    """Word for word, with who wrote it and when, for its course alone."""
    course = await plan_course(cast)
    await write(cast, course)
    found = await load(cast, course)
    assert found is not None
    written = {"written_by": "Bob Example", "written_at": "2026-11-22T12:00:00+00:00"}
    medicines = "Placeholder one.\n\n Placeholder two."
    told = msgspec.structs.replace(TEXT, medicines=medicines, words=found.details.words, **written)
    assert found.details == told
    assert (found.version, found.written_at) == (1, NOON)
    assert await load(cast) is None


async def test_each_line_is_an_item(cast: Cast) -> None:
    """Of the check list, by group; the sitter's text is none."""
    await write(cast)
    found = await load(cast)
    assert found is not None
    assert found.items == (
        Item(ItemGroup.FASTING, "Placeholder: as your prescriber told you."),
        Item(ItemGroup.MEDICINES, "Placeholder one."),
        Item(ItemGroup.MEDICINES, "Placeholder two."),
        Item(ItemGroup.BRING, "A blanket"),
        Item(ItemGroup.BRING, "A pair of socks"),
    )


async def test_hours_and_minutes_without_a_text() -> None:
    """Four hours and a quarter of one, which the care team may change."""
    assert (instructions.get_acute_hours(None), instructions.get_check_minutes(None)) == (4, 15)


async def test_hours_and_minutes_are_those_of_the_text(cast: Cast) -> None:
    """As they were written."""
    await write(cast)
    found = await load(cast)
    assert (instructions.get_acute_hours(found), instructions.get_check_minutes(found)) == (6, 20)


async def test_a_newer_version_counts_and_the_older_stays(cast: Cast) -> None:
    """Nothing of the older one is changed."""
    await write(cast)
    before = await tables.InstructionsVersion.all().values()
    await write(cast, details=msgspec.structs.replace(TEXT, bring="Nothing"), base=1)
    found = await load(cast)
    assert found is not None
    assert (found.version, found.details.bring) == (2, "Nothing")
    assert await tables.InstructionsVersion.filter(version=1).values() == before
    listed = await instructions.load_versions(cast.installation, found.patient)
    assert [one.version for one in listed] == [2, 1]


async def test_an_older_form_changes_nothing(cast: Cast) -> None:
    """Whoever saw an older version is told, and so is whoever saw none."""
    await write(cast)
    await write(cast, base=1)
    for base in (0, 1, 3):
        with pytest.raises(StaleRevision):
            await write(cast, base=base)
    assert await tables.InstructionsVersion.all().count() == 2


@pytest.mark.parametrize("name", ["charlie", "erin", "dana", "alice"])
async def test_nobody_else_writes(cast: Cast, name: str) -> None:
    """Not a therapist of somebody else, an administrator, another patient, nor the patient herself."""
    somebody, patient = await cast.actor(name), (await cast.actor("alice")).id
    with pytest.raises(NotFound):
        await text_writing.save_instructions(somebody, patient, None, TEXT, is_checked=True)
    assert await tables.InstructionsVersion.all().count() == 0


async def test_a_course_of_nobody_or_another_does_not_exist(cast: Cast) -> None:
    """Also for whoever cares for the patient."""
    with pytest.raises(NotFound):
        await write(cast, uuid4())


async def test_care_that_ended_writes_nothing(cast: Cast) -> None:
    """What was written stays."""
    await write(cast)
    await lifecycle.end_care(await cast.actor("alice"), cast.link)
    with pytest.raises(NotFound):
        await write(cast, base=1)
    assert await load(cast) is not None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fasting": "x" * 1001}, "fasting"),
        ({"medicines": "x" * 2001}, "medicines"),
        ({"sitter_text": "x" * 2001}, "sitter_text"),
        ({"bring": "x" * 201}, "bring"),
        ({"bring": "x\n" * 41}, "bring"),
        ({"acute_hours": 1}, "acute_hours"),
        ({"acute_hours": 13}, "acute_hours"),
        ({"check_minutes": 4}, "check_minutes"),
        ({"check_minutes": 61}, "check_minutes"),
        ({"part_minutes": 0}, "part_minutes"),
        ({"part_minutes": 241}, "part_minutes"),
        ({"phq9_days": 6}, "phq9_days"),
        ({"pcl5_week_days": 366}, "pcl5_week_days"),
        (dict.fromkeys(("fasting", "medicines", "bring", "sitter_text"), " "), "fasting"),
    ],
)
async def test_what_cannot_be_used_is_said(cast: Cast, changes: dict[str, object], field: str) -> None:
    """The field that needs another look is named, and nothing is written."""
    with pytest.raises(InvalidInput) as caught:
        await write(cast, details=msgspec.structs.replace(TEXT, **changes))
    assert set(caught.value.fields) == {field}
    assert await tables.InstructionsVersion.all().count() == 0


async def test_it_is_not_written_unchecked(cast: Cast) -> None:
    """The writer has to say that they checked it for this course."""
    with pytest.raises(InvalidInput) as caught:
        await text_writing.save_instructions(
            await cast.actor("bob"), (await cast.actor("alice")).id, None, TEXT
        )
    assert set(caught.value.fields) == {"checked"}


async def test_patient_and_writer_know_the_signature(cast: Cast) -> None:
    """By the keys that the patient agreed on; after care, by those that the server attests."""
    await write(cast)
    found = await load(cast)
    assert found is not None
    assert await identify(cast, found) is Signer.CARE_TEAM
    assert await identify(cast, found, "bob") is Signer.CARE_TEAM
    await lifecycle.end_care(await cast.actor("alice"), cast.link)
    assert await identify(cast, found) is Signer.PAST


async def forge(cast: Cast, text: Instructions, **changes: object) -> Instructions:
    """Write over a version what somebody can who has the server key; return what opens then."""
    where = instructions.instructions_context(text.patient, text.course, text.version)
    keys = cast.installation.server_keys
    row = await tables.InstructionsVersion.get(id=text.id)
    document = open_document(keys, row.sealed, where, instructions.SignedInstructions)
    row.sealed = seal_document(keys, msgspec.structs.replace(document, **changes), where)
    await row.save()
    found = await load(cast)
    assert found is not None
    return found


async def test_the_server_key_makes_no_signature(cast: Cast) -> None:
    """Other words, or the name of another who signed, are nobody's from the care team."""
    await write(cast)
    found = await load(cast)
    assert found is not None
    other = msgspec.Raw(msgspec.json.encode(TEXT))
    assert await identify(cast, await forge(cast, found, details=other)) is Signer.NOBODY
    charlie = await cast.actor("charlie")
    signature = charlie.open_identity().sign(found.signed, purpose=instructions.SIGNATURE_PURPOSE)
    raw = msgspec.Raw(msgspec.json.encode(leave_words(found.details, found.details.words)))
    theirs = await forge(cast, found, details=raw, signature=signature, signer=charlie.id)
    assert theirs.signed == found.signed
    for name in ("alice", "dana"):
        assert await identify(cast, theirs, name) is Signer.NOBODY
    pretends = await forge(cast, found, details=raw, signature=signature, signer=found.signer)
    assert await identify(cast, pretends) is Signer.NOBODY
    assert await identify(cast, pretends, "bob") is Signer.NOBODY


async def test_one_moved_elsewhere_does_not_open(cast: Cast) -> None:
    """Its seal holds whose it is, of which course and version; what it replaced does not count again."""
    course = await plan_course(cast)
    await write(cast, course)
    await write(cast, course, base=1)
    alice, dana = (await cast.actor("alice")).id, (await cast.actor("dana")).id
    ident = (await tables.InstructionsVersion.get(version=2)).id
    moved = tables.InstructionsVersion.filter(id=ident)
    for patient, where, version in ((alice, None, 2), (dana, course, 2), (alice, course, 3)):
        await moved.update(patient_id=patient, course_id=where, version=version)
        with pytest.raises(Damaged):
            await instructions.load_newest(cast.installation, patient, where)
        assert await instructions.load_instructions(cast.installation, patient, where) is None
    await moved.update(patient_id=alice, course_id=course, version=2)
    assert await load(cast, course) is not None


async def test_a_damaged_one_is_written_over(cast: Cast) -> None:
    """It counts as none, is named as damaged, and the next version takes its place."""
    await write(cast)
    await tables.InstructionsVersion.all().update(sealed=bytes(80))
    assert await load(cast) is None
    patient = (await cast.actor("alice")).id
    assert len((await instructions.load_versions(cast.installation, patient)).damaged) == 1
    await write(cast, base=await instructions.read_version(patient, None))
    found = await load(cast)
    assert found is not None
    assert found.version == 2
