"""The words of a care team's text: who opens them, that nobody changes one, and how older ones are carried over."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from crypto import CryptoError, Sealer
from journal.care import invitations, lifecycle, links
from journal.care import tables as care_tables
from journal.clinic import carrying, instructions, signatures, tables, text_reading, text_writing
from journal.clinic.instructions import Instructions, InstructionsDetails
from journal.clinic.signatures import Signer
from journal.clinic.text_words import CarriedText, TextWords, carried_text_context, text_words_context
from journal.clinic.text_writing import NO_KEY
from journal.errors import InvalidInput
from journal.key_rotation import account_key
from journal.plan_words.courses import load_courses
from journal.sealing import encode_document, seal_document
from journal.sessions import plan_key
from journal.sessions import tables as sessions_tables
from journal.sessions.rows import (
    CourseDetails,
    course_context,
    course_words_context,
    insert_course,
    load_my_sessions,
)
from tests.attacks.thief import read_database
from tests.cast import PASSWORDS, Cast

WORD = "Rotdrossel"
TEXT = InstructionsDetails(f"{WORD} tea", f"{WORD} pill", f"{WORD} socks", "chair", acute_hours=6)


async def write(cast: Cast, typed: InstructionsDetails = TEXT, name: str = "bob", base: int = 0) -> UUID:
    """Have somebody write a text for alice's single sessions."""
    alice, writer = await cast.actor("alice"), await cast.actor(name)
    return await text_writing.save_instructions(writer, alice.id, None, typed, base=base, is_checked=True)


async def read(cast: Cast, name: str = "alice") -> Instructions:
    """What counts, as somebody reads it."""
    alice, actor = await cast.actor("alice"), await cast.actor(name)
    found = await instructions.load_newest(cast.installation, alice.id, None)
    assert found is not None
    link = None if name == "alice" else await links.load_link_with(actor, alice.id)
    return await text_reading.open_text(actor, link, found)


async def tea(cast: Cast, name: str = "alice") -> str:
    """What somebody reads of eating and drinking; `closed` where it does not open for them."""
    found = await read(cast, name)
    return "closed" if found.is_closed else found.details.fasting


async def signer(cast: Cast, name: str = "alice") -> Signer:
    """Whose signature somebody finds under it."""
    actor = await cast.actor(name)
    mine = await links.load_my_links(actor, ended=True)
    return await signatures.identify_signer(actor, mine, await read(cast, name))


async def settled(cast: Cast) -> None:
    """Have alice open her first page."""
    alice = await cast.actor("alice")
    mine = await links.load_my_links(alice, ended=True)
    await carrying.settle(alice, mine, (await load_my_sessions(alice)).everything)


async def key_of_plan(cast: Cast) -> Sealer:
    """The key of alice's plan, which she and her care team have."""
    key = await plan_key.load_or_draw(await cast.actor("alice"))
    assert key is not None
    return Sealer(key)


async def from_before(cast: Cast, signed_by: str = "bob") -> UUID:
    """Have bob's text be as versions from before stored it, and nobody have a key; *signed_by* signed it."""
    alice, bob, writer = await cast.actor("alice"), await cast.actor("bob"), await cast.actor(signed_by)
    ident = await write(cast)
    details = msgspec.structs.replace(
        TEXT, written_by=bob.name, written_at=bob.now.isoformat(timespec="seconds")
    )
    encoded = encode_document(details).replace(b',"words":""', b"")  # which there was not
    signed = instructions.encode_signed(alice.id, None, 1, encoded)
    signature = writer.open_identity().sign(signed, purpose=instructions.SIGNATURE_PURPOSE)
    document = instructions.SignedInstructions(msgspec.Raw(encoded), signature, bob.id)
    place = instructions.instructions_context(alice.id, None, 1)
    sealed = seal_document(cast.installation.server_keys, document, place)
    await tables.InstructionsVersion.filter(id=ident).update(sealed=sealed, words=None)
    await sessions_tables.PlanKey.all().delete()
    await care_tables.CareLink.all().update(plan_copy=None)
    return ident


async def stored() -> str:
    """Everything that the server key opens."""
    return "".join(text for some in (await read_database()).values() for text in some)


async def test_the_care_team_and_its_patient_read_it_and_the_server_key_does_not(cast: Cast) -> None:
    """Also a colleague; what a sitter is told and the hours stay where a sitter's page and reminders find them."""
    invited = await invitations.create_invitation(await cast.actor("charlie"), "Alice")
    await invitations.accept_invitation(await cast.actor("alice"), invited.token)
    await write(cast)
    assert [await tea(cast, name) for name in ("alice", "bob", "charlie")] == [TEXT.fasting] * 3
    assert WORD not in (found := await stored())
    assert "chair" in found
    bare = await instructions.load_instructions(cast.installation, (await cast.actor("alice")).id, None)
    assert bare is not None
    assert bare.is_closed
    assert (bare.items, instructions.get_acute_hours(bare)) == ((), 6)
    assert (
        await signatures.identify_signer(await cast.actor("alice"), (), bare) is Signer.NOBODY
    )  # no link of hers


async def test_nobody_changes_a_word(sqlite_cast: Cast) -> None:
    """Words of another version, none, and others by a colleague who has the key of the plan are closed, never shown."""
    cast = sqlite_cast
    first = await write(cast)
    await write(cast, msgspec.structs.replace(TEXT, fasting="Nothing"), base=1)
    alice, rows = await cast.actor("alice"), tables.InstructionsVersion
    newest = await rows.get(version=2)
    others = TextWords("Eat", TEXT.medicines, TEXT.bring, "00")
    key = await key_of_plan(cast)
    forged = seal_document(key, others, text_words_context(alice.id, newest.id))
    whole = CarriedText(encode_document(TEXT).decode(), b"")
    carried = seal_document(key, whole, carried_text_context(alice.id, newest.id))
    for words in ((await rows.get(id=first)).words, None, forged, carried):
        await rows.filter(id=newest.id).update(words=words)
        assert [await tea(cast, name) for name in ("alice", "bob")] == ["closed"] * 2
    await rows.filter(id=newest.id).update(words=newest.words)
    assert await tea(cast) == "Nothing"


async def test_a_paused_clinician_leaves_nothing_out_unread(sqlite_cast: Cast) -> None:
    """They read no word, write none, and put no text in the place of one; where there is none, they write numbers."""
    cast = sqlite_cast
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    bare = InstructionsDetails(sitter_text="chair")
    for typed, fields in ((TEXT, {"fasting", "medicines", "bring"}), (bare, set())):
        if fields:
            with pytest.raises(InvalidInput) as error:
                await write(cast, typed)
            assert error.value.fields == dict.fromkeys(fields, NO_KEY)
        else:
            await write(cast, typed)
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    await write(cast, base=1)
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    assert [await tea(cast, name) for name in ("alice", "bob")] == [TEXT.fasting, "closed"]
    with pytest.raises(InvalidInput):
        await write(cast, bare, base=2)
    await settled(cast)
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert await tea(cast, "bob") == TEXT.fasting
    await write(cast, bare, base=2)
    assert await tea(cast) == ""


async def test_a_text_from_before_keeps_its_signature(cast: Cast) -> None:
    """Read as ever until alice comes; then sealed whole, and still signed when bob's keys are new or care has ended."""
    await from_before(cast)
    assert WORD in await stored()
    assert [(await tea(cast, one), await signer(cast, one)) for one in ("alice", "bob")] == [
        (TEXT.fasting, Signer.CARE_TEAM)
    ] * 2
    with pytest.raises(InvalidInput):
        await write(cast, base=1)
    await settled(cast)
    assert WORD not in await stored()
    for _ in range(2):
        assert [(await tea(cast, one), await signer(cast, one)) for one in ("alice", "bob")] == [
            (TEXT.fasting, Signer.CARE_TEAM)
        ] * 2
        cast.tokens["bob"] = await account_key.begin_rotation(await cast.actor("bob"), PASSWORDS["bob"])
        while not (came := await account_key.reseal_batches(await cast.actor("bob"))).finished:
            if came.settling:
                cast.clock.forward(seconds=account_key.SETTLING_TIME.total_seconds())
        await settled(cast)
    await lifecycle.end_care(await cast.actor("bob"), cast.link)
    await settled(cast)
    assert (await tea(cast), await signer(cast)) == (TEXT.fasting, Signer.PAST)


async def test_what_nobody_signed_is_nobodys_afterwards(sqlite_cast: Cast) -> None:
    """Whoever has the server key can plant a text of the old kind: carrying it over makes it nobody's word."""
    cast = sqlite_cast
    await from_before(cast, signed_by="dana")
    assert await signer(cast) is Signer.NOBODY
    await settled(cast)
    assert [await signer(cast, one) for one in ("alice", "bob")] == [Signer.NOBODY] * 2
    row = await tables.InstructionsVersion.get()
    dana = (await cast.actor("dana")).public_identity.encode()
    whole = CarriedText(encode_document(TEXT).decode(), dana)
    alice = await cast.actor("alice")
    place = carried_text_context(alice.id, row.id)
    await tables.InstructionsVersion.all().update(words=seal_document(await key_of_plan(cast), whole, place))
    assert await signer(cast) is Signer.NOBODY


async def test_after_the_end_of_care_it_is_signed_anew_with_new_keys(sqlite_cast: Cast) -> None:
    """Bob has no key of the plan any more, and signs the digest of the words: alice reads on who wrote it."""
    cast = sqlite_cast
    await write(cast)
    await lifecycle.end_care(await cast.actor("alice"), cast.link)
    cast.tokens["bob"] = await account_key.begin_rotation(await cast.actor("bob"), PASSWORDS["bob"])
    while not (came := await account_key.reseal_batches(await cast.actor("bob"))).finished:
        if came.settling:
            cast.clock.forward(seconds=account_key.SETTLING_TIME.total_seconds())
    await settled(cast)
    assert (await tea(cast), await signer(cast)) == (TEXT.fasting, Signer.PAST)


async def titled_before(cast: Cast) -> None:
    """Have alice have a course with a title as versions from before stored it."""
    alice, course = await cast.actor("alice"), UUID(int=1)
    sealed = seal_document(
        cast.installation.server_keys, CourseDetails(f"{WORD} title"), course_context(alice.id, course)
    )
    await sessions_tables.Course.create(id=course, patient_id=alice.id, sealed=sealed, created_at=alice.now)


async def titles(cast: Cast, name: str) -> list[str]:
    """The titles of alice's courses as somebody reads them."""
    actor, alice = await cast.actor(name), await cast.actor("alice")
    link = None if name == "alice" else await links.load_link_with(actor, alice.id)
    return ["closed" if one.is_closed else one.details.title for one in await load_courses(actor, link)]


async def test_the_title_of_a_course_goes_the_same_way(cast: Cast) -> None:
    """Sealed when it is written, carried over from before, sealed anew with the key, closed while sharing is paused."""
    new = UUID(int=2)
    await titled_before(cast)
    assert WORD in await stored()
    await settled(cast)
    cast.clock.forward(seconds=1)
    alice = await cast.actor("alice")
    await insert_course(alice, alice.id, new, CourseDetails(f"{WORD} of now", "es"), await key_of_plan(cast))
    assert WORD not in await stored()
    for name in ("alice", "bob"):
        assert await titles(cast, name) == [f"{WORD} title", f"{WORD} of now"]
    before = await key_of_plan(cast)
    await lifecycle.pause_sharing(await cast.actor("alice"), cast.link)
    assert await titles(cast, "bob") == ["closed"] * 2
    await settled(cast)
    assert await titles(cast, "alice") == [f"{WORD} title", f"{WORD} of now"]
    for row in await sessions_tables.Course.all():
        with pytest.raises(CryptoError):
            before.open(row.words or b"", context=course_words_context(alice.id, row.id))
    await lifecycle.resume_sharing(await cast.actor("alice"), cast.link)
    assert await titles(cast, "bob") == [f"{WORD} title", f"{WORD} of now"]
