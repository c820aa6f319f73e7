"""What goes with a packet for programs holds what was chosen and no word of anything else."""

from __future__ import annotations

import json
import re
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from journal.fhir.documents import AUTHOR
from journal.packets.composing import BY_PATIENT, Content, PacketConsent, PacketMaker
from journal.packets.documents import Choice, Part, Span
from journal.packets.making import list_contents
from journal.packets.programs import FHIR, write_for_programs
from journal.roles import Role
from journal.vault.documents import EntryDocument
from journal.vault.entry_rows import Entry
from tests.journal.fhir.made import ALICE
from tests.journal.fhir.reading import Resource, list_words
from tests.journal.fhir.validators import Structures, problems
from tests.journal.packets.test_composing import NAME, NOON, composed, journals, parts_of, session

ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CLINICIAN = PacketMaker(Role.CLINICIAN, "Cara Example", "therapist")


def written(content: Content, choice: Choice) -> dict[str, bytes]:
    return dict(write_for_programs(content.record, choice, owner=ALICE, made_at=NOON, app_version="0.1.0"))


def bundle_of(files: dict[str, bytes]) -> Resource:
    read: Resource = json.loads(files[FHIR])
    return read


@settings(max_examples=40, deadline=None)
@given(data=st.data(), entries=journals())
def test_a_word_is_there_exactly_if_its_part_was_chosen(
    structures: Structures, data: st.DataObject, entries: list[Entry]
) -> None:
    """
    In the bundle each chosen part is, in the tables none but chosen ones; what was not chosen changes no byte.

    Who wrote a kept note is a name, and stays out where the patient's is not ticked.
    """
    pieces = {
        one.id.hex: tuple(data.draw(st.lists(st.sampled_from(sorted(parts_of(one))), unique=True)))
        for one in entries
        if parts_of(one)
    }
    ticked = tuple(
        data.draw(st.lists(st.sampled_from((Part.NAME, Part.SESSIONS, Part.CONSENT)), unique=True))
    )
    choice = Choice(Span.ALL, parts=(*ticked, Part.FHIR), pieces=pieces)
    plan = (session(7, -3),)
    maker = data.draw(st.sampled_from((BY_PATIENT, CLINICIAN)))
    content = composed(choice, entries, plan, maker)
    files = written(content, choice)
    bundle = bundle_of(files)
    assert problems(bundle, structures) == []
    said = "\n".join(list_words(bundle))
    whole = said + "".join(table.decode() for table in files.values())
    chosen = {one.id: one.record for one in content.pieces}
    for one in entries:
        for part, words in parts_of(one).items():
            record = chosen.get(one.id)
            given_parts = {answer.id for answer in record.answers} if record else set()
            is_chosen = record is not None and (part in given_parts or words in (record.title, record.note))
            is_name = part == AUTHOR and Part.NAME not in ticked
            assert (words in said) is (is_chosen and not is_name)
            assert (words in whole) is (is_chosen and not is_name)
    assert (NAME in whole) is (Part.NAME in ticked)
    assert ("Bob Example" in whole) is ({Part.NAME, Part.CONSENT} <= set(ticked))
    assert ("session7" in whole) is False
    assert ("Encounter" in said) is (Part.SESSIONS in ticked)
    others = [one for one in entries if one.id not in chosen]
    fewer = [one for one in entries if one not in others]
    assert composed(choice, fewer, plan, maker).record == content.record


def test_a_clinicians_bundle_says_who_chose_what_is_in_it(structures: Structures) -> None:
    """Beside the patient, who wrote it; by name only where the patient's name is on the packet."""
    entry = Entry(UUID(int=1), 1, EntryDocument("free", "One evening"), NOON, NOON, None)
    for more, names in (((Part.NAME,), [NAME, "Cara Example"]), ((), [])):
        choice = Choice(parts=(Part.FHIR, *more), pieces={entry.id.hex: ("title",)})
        content = composed(choice, [entry], made_by=CLINICIAN)
        bundle = bundle_of(written(content, choice))
        assert problems(bundle, structures) == []
        found = {one["fullUrl"]: one["resource"] for one in bundle["entry"]}
        (told,) = (one for one in found.values() if one["resourceType"] == "Provenance")
        kinds = {
            one["type"]["coding"][0]["code"]: found[one["who"]["reference"]]["resourceType"]
            for one in told["agent"]
        }
        assert kinds == {"author": "Patient", "assembler": "Device", "composer": "Practitioner"}
        said = list(list_words(bundle))
        assert [name for name in (NAME, "Cara Example") if name in said] == names


def test_without_a_tick_there_is_no_bundle() -> None:
    """Tables are there where there are numbers; FHIR only where it was asked for."""
    choice = Choice(Span.ALL, parts=(Part.SESSIONS,))
    assert [*written(composed(choice, [], (session(7, -3),)), choice)] == ["numbers/sessions.csv"]
    assert written(composed(Choice(Span.ALL), []), Choice(Span.ALL)) == {}


@settings(max_examples=10, deadline=None)
@given(entries=journals(), is_named=st.booleans())
def test_two_packets_of_the_same_have_no_id_in_common(entries: list[Entry], is_named: bool) -> None:
    """
    Not of an entry, a session or a resource, in no file; so whoever has two cannot tell that they are of one person.

    Nor does an id of the journal stand there. With the patient's name on it, the bundle alone knows the person again.
    """
    parts = (Part.FHIR, Part.SESSIONS, Part.CONSENT, *((Part.NAME,) if is_named else ()))
    plan = (session(7, -3), session(8, -9))
    choice = Choice(Span.ALL, parts=parts, pieces={one.id.hex: tuple(parts_of(one)) for one in entries})
    real = [ALICE, UUID(int=99), *(one.id for one in entries), *(one.id for one in plan)]

    def find_ids(space: int) -> set[str]:
        content = composed(choice, entries, plan, space=UUID(int=space))
        files = list_contents(content, choice, {}, owner=ALICE, made_at=NOON, app_version="0.1.0")
        assert len(content.record.sessions) == 2
        named = {name: set(ID.findall(file.decode())) for name, file in files.items()}
        whole = b"\n".join(files.values()).decode()
        assert not [one for one in real if str(one) in whole or one.hex in whole]
        assert len(named["data/packet.json"]) == len({one.id for one in content.pieces}) + 2
        return named["data/packet.json"] if is_named else set().union(*named.values())

    assert not find_ids(1000) & find_ids(1001)


def test_a_consent_of_a_packet_is_about_what_was_shared_and_no_more() -> None:
    """It does not say what that is, and is inactive while sharing is paused."""
    choice = Choice(Span.ALL, parts=(Part.FHIR, Part.NAME, Part.CONSENT))
    record = composed(choice, []).record
    paused = PacketConsent("Cara Example", "", NOON.date(), is_paused=True)
    record.consents.append(paused)
    files = write_for_programs(record, choice, owner=ALICE, made_at=NOON, app_version="0.1.0")
    consents = [
        one["resource"]
        for one in json.loads(files[FHIR])["entry"]
        if one["resource"]["resourceType"] == "Consent"
    ]
    assert [one["status"] for one in consents] == ["active", "inactive"]
    for one in consents:
        (data,) = one["provision"]["data"]
        assert "reference" not in data["reference"]
        assert data["reference"]["display"] == "What the patient chose to share"
