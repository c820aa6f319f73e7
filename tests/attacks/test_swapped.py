"""
Hostile storage: every sealed value replaced, bent, cut or moved to another place.

Whoever opens the page that shows it reads one sentence about what is wrong and what to do; never a trace of the
program, never somebody else's words, never a page on which the thing is simply missing. And nothing is written.
The columns come from the tables: a new sealed one fails until it stands in `SHOWN`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from tortoise import fields

from journal.account_reset import retained_records
from journal.authentication.second_factor import FactorMissing
from journal.errors import Damaged, TrustBroken, WrongCredentials
from journal.practice import setup_links
from journal.store.foreign_objects import load_models
from tests.attacks.conftest import Target
from tests.attacks.world import OTHERS, Rows
from tests.cast import PASSWORDS

DAMAGED = ("This record cannot be opened: it is not what was saved.", str(Damaged.message))
COPY = ("it is not what was shared", "they are not what was shared", "it is not what you shared", *DAMAGED)
KEYS = ("The keys of this account are not the ones you agreed on", str(TrustBroken.message))
CLINIC_TEXT = ("it is not what was written.",)
WORDS_CLOSED = ("Dose, names and note do not open here", *DAMAGED)
TEXT_CLOSED = ("What was written here does not open", *DAMAGED)
PLAN = ("One session cannot be opened: it is not what was saved.",)
STRANGE = ("A connection here is not the one you made", "A connection here is not one that you made")
NAMELESS = ("Somebody whose name cannot be opened",)
GONE = (str(FactorMissing.message),)
AS_LEFT = ("Your journal is not as you left it",)
SIGN_IN = (str(WrongCredentials.message),)
UNSIGNED = ("This is not what Bob Example signed",)
RECOVER = ("That e-mail address and recovery key do not open an account.",)


def names(target: Target) -> dict[str, str]:
    """What can stand in braces in an address, a field or a row's name."""
    world = target.world
    found = {name: str(ident) for name, ident in (world.ids | world.people).items()}
    return found | {
        "open": world.invited["open"],
        "set up": world.set_up["open"],
        "sit": world.invited["sit"],
        "alice's sit": world.invited["alice's sit"],
        "recovery key": world.recovery_key,
        "set-up row": setup_links.hash_token(world.set_up["open"]),
    }


@dataclass(frozen=True)
class Look:
    """
    One request of somebody's that needs the value, and the sentences of which one has to come.

    A `slow` one takes seconds where nothing is wrong with the value, so it is tried with a few changes only.
    """

    who: str | None
    path: str
    says: tuple[str, ...]
    form: Mapping[str, str] = field(default_factory=dict)
    slow: bool = False

    async def at(self, target: Target) -> Response:
        """Send it."""
        known = names(target)
        write(target.path, "DELETE FROM throttle")  # or trying everything would soon have to wait
        async with target.client(self.who) as browser:
            if not self.form:
                return await browser.get(self.path.format_map(known))
            form = {name: value.format_map(known) for name, value in self.form.items()}
            return await browser.post(self.path.format_map(known), data=form)

    def told(self, answer: Response) -> bool:
        """Return whether one of the sentences came."""
        text = unescape(answer.text)
        return any(sentence in text for sentence in self.says)


@dataclass(frozen=True)
class Place:
    """One value: the row that holds it, by column and name in the world, and who needs it."""

    row: str
    looks: tuple[Look, ...]
    by: str = "id"
    first: str = ""


SHARING = {"to": "{link}", "step": "confirm", "previewed": "2", "sections": "title"}
SIGNING_IN = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
OPENING = (
    Look("bob", "/patients/{alice}", KEYS + DAMAGED),
    Look("bob", "/patients/{alice}/shared/{share}", KEYS + DAMAGED),
    Look("bob", "/patients/{alice}/brief", KEYS + DAMAGED),
    Look("bob", "/patients/{alice}/summary", KEYS + DAMAGED),
)
RECOVERING = {
    "email": "alice@example.org",
    "recovery_key": "{recovery key}",
    "password": "seven small stones in a row",
    "repeated": "seven small stones in a row",
}
SLOT = (
    Place("alice", (Look(None, "/sign-in", SIGN_IN, SIGNING_IN),), by="kind = 'password' AND account_id"),
    Place("alice", (Look(None, "/recover", RECOVER, RECOVERING),), by="kind = 'recovery' AND account_id"),
)
ASIDE = (str(retained_records.WRONG_SECRET),)
COMING_BACK = {"secret": "mona keeps the lamp lit"}
COMPARED = {"compared": "yes"}
GIVING = ("What was shared cannot be opened: it is not what was shared.",)
UNVERIFIED = ("cannot be verified, so it is not shown",)
SITTER_NOTES = "/sessions/{sat session}/sitter/notes"
NOTE_CLOSED = ("A note that cannot be opened",)
NOT_AS_AGREED = ("cannot be opened: it is not what was saved",)
NOT_AS_SENT = ("This notice is not what was sent",)
NO_NAME = ("who did cannot be shown",)
NO_MARK = ("It begins with the session.",)
"""What a sitter's clock says where no check is known of."""
TALK_SET_CLOSED = ("A set that cannot be opened",)
TALK = (
    Look("alice", "/talk", ("Something that was set cannot be opened",)),
    Look("alice", "/talk/{talk item}", DAMAGED),
    Look("bob", "/patients/{alice}/talk", ("One thing cannot be opened", "2 things cannot be opened")),
)
COMPARED_ALONE = {"key_renewal.before"}
"""Whoever changes it has a request refused that set out before, and a sitter's notes of before do not open."""
AT_SIGN_IN = {
    "key_log.leaf",
    "key_log.salt",
    "key_log.nodes",
    "link_head.patient_head",
    "link_head.clinician_head",
    "witness.sealed",
}
"""What is wrong with these is said after the next sign-in, and keeps nobody out: tests/attacks/test_witness.py."""
PASSED_OVER = {"contents_text.sealed"}
"""Made from entries, which are opened where it is not what was written: tests/journal/entries/test_page_search.py."""
SHOWN: dict[str, tuple[Place, ...]] = {
    "practice.sealed": (Place("1", (Look(None, "/setup/{set up}", DAMAGED),)),),
    "account.sealed": (
        Place("alice", (Look("alice", "/account", DAMAGED), Look("bob", "/patients/{alice}", NAMELESS))),
        Place(
            "bob",
            (
                Look("alice", "/sharing", NAMELESS),
                Look(None, "/invite/{open}", DAMAGED),
                Look("erin", "/people", DAMAGED),
                Look("erin", "/people/{bob}", DAMAGED),
            ),
        ),
    ),
    "account.public_identity": (
        Place("alice", OPENING),
        Place("bob", (*OPENING, Look("alice", "/sharing/{link}", KEYS), Look(None, "/invite/{open}", KEYS))),
        Place("bob", (Look("alice", "/journal/{entry}/shares", KEYS, SHARING),)),
    ),
    "account.identity": (
        Place("bob", OPENING),
        Place("alice", (Look("alice", "/sharing/{link}", DAMAGED),)),
    ),
    "account.access": (
        Place("alice", (Look("alice", "/account", DAMAGED), Look(None, "/sign-in", DAMAGED, SIGNING_IN))),
    ),
    "key_slot.salt": SLOT,
    "key_slot.parameters": SLOT[:1],
    "key_slot.commitment": SLOT,
    "key_slot.wrapped": SLOT,
    "key_renewal.retired": (Place("lena", (Look("lena", "/account", DAMAGED), Look("lena", "/", DAMAGED))),),
    "set_aside.retired": (
        Place("mona", (Look("mona", "/account/set-aside", ASIDE + DAMAGED, COMING_BACK),), by="account_id"),
    ),
    "set_aside_slot.slot": (
        Place("mona's aside", (Look("mona", "/account/set-aside", ASIDE, COMING_BACK),), by="aside_id"),
    ),
    "set_aside_record.sealed": (
        Place("mona's aside", (Look("mona", "/account/set-aside", DAMAGED, COMING_BACK),), by="aside_id"),
    ),
    "kept_share.sealed": (
        Place(
            "mona's old link", (Look("bob", "/patients/{mona}/giving-back", GIVING, COMPARED),), by="link_id"
        ),
    ),
    "given_back.sealed": (
        Place("nora's link", (Look("nora", "/sharing/{nora's link}/returned", DAMAGED),), by="link_id"),
    ),
    "web_session.wrapped": (Place("alice", (Look("alice", "/account", DAMAGED),), by="account_id"),),
    "web_session.device": (Place("alice", (Look("alice", "/account/sessions", DAMAGED),), by="account_id"),),
    "passkey.sealed": (
        Place(
            "passkey",
            (
                Look("alice", "/account/passkeys", DAMAGED),
                Look("alice", "/account/passkeys/{passkey}", DAMAGED),
                Look("alice", "/confirm/passkey", DAMAGED),
            ),
        ),
    ),
    "handover.signature": (Place("handover", (Look("alice", "/sharing/handovers/{handover}", UNSIGNED),)),),
    "setup_link.secret": (
        Place(
            "set-up link",
            (
                Look("erin", "/people/invitations/{set-up link}", DAMAGED),
                Look("erin", "/people/invitations", DAMAGED),
            ),
        ),
    ),
    "setup_link.sealed": (
        Place(
            "set-up row",
            (Look(None, "/setup/{set up}", DAMAGED), Look("erin", "/people/invitations", DAMAGED)),
            by="lookup",
        ),
    ),
    "invitation.voucher": (Place("invitation", (Look(None, "/invite/{open}", KEYS),)),),
    "invitation.secret": (Place("invitation", (Look("bob", "/invitations", DAMAGED),)),),
    "invitation.sealed": (
        Place("invitation", (Look("bob", "/invitations", DAMAGED), Look(None, "/invite/{open}", DAMAGED))),
    ),
    "care_link.patient_key": (
        Place(
            "link",
            (
                Look("alice", "/sharing", COPY),
                Look("alice", "/journal/{entry}/shares", KEYS + DAMAGED, SHARING),
            ),
        ),
        Place(
            "karl's link", (Look("alice", "/sharing/{karl's link}/resumption", KEYS + DAMAGED, {"x": ""}),)
        ),
    ),
    "care_link.clinician_key": (Place("link", OPENING),),
    "care_link.held_key": (),  # tests/journal/key_rotation/test_new_link_keys.py, and so the next two
    "link_renewal.former": (),
    "succession.statement": (),
    "care_link.patient_pin": (
        Place(
            "link",
            (
                Look("alice", "/sharing", STRANGE),
                Look("alice", "/", STRANGE),
                Look("alice", "/sharing/{link}", KEYS),
                Look("alice", "/journal/{entry}/shares", KEYS, SHARING),
            ),
        ),
    ),
    "care_link.clinician_pin": (Place("link", (*OPENING, Look("bob", "/patients", STRANGE))),),
    "care_link.voucher": (Place("link", OPENING, first="UPDATE care_link SET clinician_pin = NULL"),),
    "care_link.past": (),  # of care that has ended: tests/journal/care/test_lifecycle.py
    "course.words": (),  # the same, and tests/journal/clinic/test_text_words.py
    "course.sealed": (),  # an archive alone holds it, and names it there: test_hostile_storage.py
    "call_contact.sealed": (
        Place(
            "call contact",
            (
                Look("bob", "/patients/{alice}/contacts", DAMAGED),
                Look("bob", "/patients/{alice}/contacts/{call contact}", DAMAGED),
            ),
        ),
    ),
    "reading_hours.sealed": (Place("bob", (Look("bob", "/account/reading-hours", DAMAGED),)),),
    "reminder_slot.sealed": (),  # nobody is told, and no page shows it: tests/journal/reminders/test_sending.py
    "instructions_version.sealed": (
        Place(
            "instructions",
            (
                Look("bob", "/patients/{alice}/instructions", CLINIC_TEXT),
                Look("alice", "/sessions/{session}", CLINIC_TEXT),
            ),
        ),
    ),
    "instructions_version.words": (
        Place(
            "instructions",
            (
                Look("bob", "/patients/{alice}/instructions", TEXT_CLOSED),
                Look("alice", "/sessions/{session}", TEXT_CLOSED),
            ),
        ),
    ),
    "care_note.sealed": (
        Place(
            "care note row",
            (
                Look("bob", "/patients/{alice}/notes", CLINIC_TEXT),
                Look("bob", "/patients/{alice}/summary", CLINIC_TEXT),
                Look("alice", "/clinic", CLINIC_TEXT),
            ),
        ),
    ),
    "reply.sealed": (
        Place("bob's reply", (Look("alice", "/journal/{entry}/replies/{link}", UNVERIFIED),)),
        Place(
            "reply",
            (
                Look("bob", "/patients/{alice}/shared/{share}", UNVERIFIED),
                Look("bob", "/patients/{alice}/shared/{share}/replies", UNVERIFIED),
            ),
        ),
    ),
    "reply_draft.sealed": (
        Place("reply draft", (Look("bob", "/replies", ("One draft cannot be opened",)),)),
    ),
    "own_note.sealed": (
        Place("own note", (Look("bob", "/patients/{alice}/my-notes", ("One note cannot be opened",)),)),
    ),
    "packet.sealed": (Place("packet", (Look("alice", "/packets", ("One packet cannot be opened",)),)),),
    "packet.told": (Place("made packet", (Look("alice", "/packets", ("One packet cannot be opened",)),)),),
    "packet.disclosed": (
        Place(
            "bob's made packet",
            (Look("alice", "/sharing/disclosures", ("what was written about it cannot be opened",)),),
        ),
    ),
    "packet.layout": (),  # then the pages are set anew: tests/portal/views/packets/test_packets.py
    "packet.file": (Place("made packet", (Look("alice", "/packets/{made packet}/file", DAMAGED),)),),
    "import_run.sealed": (
        Place(
            "import run",
            (
                Look("alice", "/records/import", ("One file cannot be opened",)),
                Look("alice", "/records/import/{import run}", DAMAGED),
            ),
        ),
    ),
    "import_part.sealed": (),  # what is lost is told of once the file is imported: importing/test_adding.py
    "talk_item.sealed": (Place("talk item", TALK),),
    "talk_item.said": (Place("talk item", TALK),),
    "talk_item.mark": (Place("marked talk item", (TALK[0],)),),
    "talk_set.sealed": (Place("talk set", (Look("bob", "/patients/{alice}/talk", TALK_SET_CLOSED),)),),
    "share.due": (),  # it only deletes; what opens goes by the list: tests/journal/sharing/test_ends.py
    "share.filed": (),  # it opens nothing, and the log says the same: tests/journal/sharing/test_filing.py
    "share.talked": (),  # it hides nothing: a copy stands further back, or does not: test_coming_talk.py
    "calendar_feed.sealed": (Place("feed", (Look("alice", "/account/calendar", DAMAGED),)),),
    "calendar_feed.key": (Place("feed", (Look("alice", "/account/calendar", DAMAGED),)),),
    "sitter_link.sealed": (Place("dana's sitter link", (Look(None, "/sit/{sit}", DAMAGED),)),),
    "sitter_link.note_key": (Place("sat link", (Look("alice", SITTER_NOTES, NOTE_CLOSED),)),),
    "sitter_note.sealed": (Place("sitter note", (Look("alice", SITTER_NOTES, NOTE_CLOSED),)),),
    "sitter_note.mark": (Place("marked sitter note", (Look(None, "/sit/{alice's sit}", NO_MARK),)),),
    "kap_session.words": (
        Place("session", tuple(Look(who, "/sessions/{session}", WORDS_CLOSED) for who in ("alice", "bob"))),
    ),
    "plan_key.wrapped": (Place("alice", (Look("alice", "/sessions/{session}", WORDS_CLOSED),)),),
    "care_link.plan_copy": (Place("link", (Look("bob", "/sessions/{session}", WORDS_CLOSED),)),),
    "set_aside.plan_key": (),  # tests/journal/plan_words/test_words.py
    "kap_session.sealed": (
        Place(
            "session",
            (
                Look("alice", "/sessions", PLAN),
                Look("alice", "/", PLAN),
                Look("alice", "/sessions/{session}", DAMAGED),
                Look("bob", "/sessions/{session}", DAMAGED),
                Look("bob", "/patients/{alice}", PLAN),
                Look("bob", "/patients", PLAN),
            ),
        ),
    ),
    "entry.sealed": (
        Place(
            "entry",
            (  # the journal opens no entry: test_hostile_storage.py
                Look("alice", "/journal/{entry}", DAMAGED),
                Look("alice", "/journal/{entry}/edit", DAMAGED),
                Look("alice", "/journal", DAMAGED, {"q": "anything"}),
            ),
        ),
        Place("deleted", (Look("alice", "/journal/deleted", DAMAGED),)),
    ),
    "second_factor.sealed": (
        Place(
            "alice",
            (
                Look("alice", "/account/second-factor", GONE),
                Look("alice", "/account/password", GONE),
                Look(None, "/sign-in", GONE, SIGNING_IN),
            ),
            by="account_id",
        ),
    ),
    "record_state.sealed": (
        Place(
            "alice",
            (
                Look("alice", "/journal", AS_LEFT),
                Look("alice", "/journal/{entry}", AS_LEFT),
                Look("alice", "/journal", AS_LEFT, {"q": "anything"}),
                Look("alice", "/journal/comparison", AS_LEFT),
                Look("alice", "/journal/{free}/shares", AS_LEFT, SHARING | {"previewed": "1"}),
            ),
        ),
        Place(
            "link",
            (
                Look("bob", "/patients/{alice}", COPY),
                Look("bob", "/patients/{alice}/shared/{share}", COPY),
                Look("alice", "/sharing", COPY),
            ),
        ),
    ),
    "contents.sealed": (
        Place(
            "alice",
            (
                Look("alice", "/journal", AS_LEFT),
                Look("alice", "/journal/{entry}", AS_LEFT),
                Look("alice", "/journal", AS_LEFT, {"q": "anything"}),
                Look("alice", "/journal/comparison", AS_LEFT),
                Look("alice", "/journal/{free}/shares", AS_LEFT, SHARING | {"previewed": "1"}),
            ),
            by="owner_id",
        ),
    ),
    "entry_revision.sealed": (
        Place(
            "revision",
            (
                Look("alice", "/journal/{entry}/revisions", DAMAGED),
                Look("alice", "/journal/{entry}/revisions/{revision}", DAMAGED),
            ),
        ),
    ),
    "audit_key.sealed": (),  # no page shows it: tests/journal/audit/test_log.py bends it
    "outbox.sealed": (),  # no page shows it: tests/journal/mail/test_outbox.py bends it
    "notice_policy.sealed": (
        Place(
            "link",
            (
                Look("alice", "/sharing/notices", NOT_AS_AGREED),
                Look("bob", "/patients/{alice}/notices", NOT_AS_AGREED),
            ),
        ),
    ),
    "patient_notice.sealed": (
        Place(
            "notice",
            (Look("bob", "/patients/{alice}/notices", NOT_AS_SENT), Look("bob", "/patients", NOT_AS_SENT)),
        ),
    ),
    "patient_notice.backup_sealed": (),  # whoever reads it cannot sign in: tests/journal/notices/test_notices.py
    "patient_notice.done": (Place("done notice", (Look("alice", "/journal/{noticed}", NO_NAME),)),),
    "share.sealed": (
        Place(
            "share",
            (
                Look("bob", "/patients/{alice}", COPY),
                Look("bob", "/patients/{alice}/shared/{share}", COPY),
                Look("bob", "/patients/{alice}/brief", COPY),
                Look("bob", "/patients/{alice}/summary", COPY),
                Look("alice", "/sharing", COPY),
                Look("alice", "/journal/{entry}/shares", COPY),
            ),
        ),
    ),
}


def sealed_columns() -> Iterator[tuple[str, str]]:
    """Every table and column that holds bytes."""
    for model in load_models():
        for name, one in model._meta.fields_map.items():
            if isinstance(one, fields.BinaryField):
                yield str(model._meta.db_table), name


def damaged(value: bytes) -> Iterator[tuple[str, bytes]]:
    """Every way to bend, cut and relabel one value."""
    for name, at in (
        ("version", 0),
        ("algorithm", 1),
        ("nonce", 2),
        ("middle", len(value) // 2),
        ("end", -1),
    ):
        bent = bytearray(value)
        bent[at] ^= 1
        yield f"one bit of its {name} flipped", bytes(bent)
    yield "a later version", b"\x02" + value[1:]
    for algorithm in (1, 2, 3):
        yield f"algorithm {algorithm}", value[:1] + bytes((algorithm,)) + value[2:]
    yield "the last byte cut off", value[:-1]
    yield "cut down to the header", value[:2]
    yield "nothing left", b""
    yield "a byte longer", value + b"\x00"


def moved(connection: sqlite3.Connection, table: str, column: str) -> Iterator[tuple[str, bytes]]:
    """The same column of other rows, and other columns, for this one."""
    same = f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"
    yield from ((f"that of row {at}", row[0]) for at, row in enumerate(connection.execute(same).fetchall()))
    for other_table, other in (("entry", "sealed"), ("account", "sealed"), ("share", "sealed"),
                               ("account", "public_identity"), ("care_link", "patient_key"),
                               ("care_link", "clinician_key"), ("web_session", "wrapped")):  # fmt: skip
        found = f"SELECT {other} FROM {other_table} WHERE {other} IS NOT NULL LIMIT 1"
        yield f"{other_table}.{other}", connection.execute(found).fetchone()[0]


def write(path: Path, statement: str, *values: Any) -> None:
    """Change the database behind the application's back."""
    with sqlite3.connect(path) as connection:
        connection.execute(statement, values)
    connection.close()


def test_every_sealed_column_is_attacked() -> None:
    """No column of bytes is left out, and none is listed that is gone."""
    assert {
        f"{table}.{column}" for table, column in sealed_columns()
    } == SHOWN.keys() | COMPARED_ALONE | PASSED_OVER | AT_SIGN_IN


def made_by_people(target: Target) -> Rows:
    """Return every row but those that are worked out anew from the others, also from damaged ones."""
    return {table: rows for table, rows in target.rows().items() if table != "reminder_slot"}


@pytest.mark.parametrize("name", SHOWN)
async def test_what_was_changed_is_refused_with_words(target: Target, name: str) -> None:
    """However one value is changed or replaced, whoever needs it is told so, and nothing is written."""
    table, column = name.split(".")
    for place in SHOWN[name]:
        row = names(target).get(place.row, place.row)
        put = f"UPDATE {table} SET {column} = ? WHERE {place.by} = ?"
        with sqlite3.connect(target.path) as connection:
            pins = connection.execute("SELECT clinician_pin, id FROM care_link").fetchall()
            get = f"SELECT {column} FROM {table} WHERE {place.by} = ?"
            (value,) = connection.execute(get, (row,)).fetchone()
            instead = {how: other for how, other in damaged(value) if other != value}
            instead |= {how: other for how, other in moved(connection, table, column) if other != value}
        connection.close()
        if place.first:
            write(target.path, place.first)
        for turn, (how, other) in enumerate(instead.items()):
            write(target.path, put, other, row)
            before = made_by_people(target)
            # Whoever needs the value needs it in the same way, so they take turns; the first change all look at.
            for look in place.looks if turn == 0 else place.looks[turn % len(place.looks) :][:1]:
                if look.slow and turn % 8:
                    continue
                answer = await look.at(target)
                told = f"{name} of {place.row}, {how}: {look.who} at {look.path} got {answer.status_code}"
                assert answer.status_code in (200, 409, 422), told
                assert look.told(answer), f"{told} {answer.text}"
                assert OTHERS not in answer.text, told
                assert "Traceback" not in answer.text, told
                assert "location" not in answer.headers, told
            assert made_by_people(target) == before
        write(target.path, put, value, row)
        for pin in pins:
            write(target.path, "UPDATE care_link SET clinician_pin = ? WHERE id = ?", *pin)
        for look in (one for one in place.looks if not one.slow):  # the control: with the value back
            answer = await look.at(target)
            assert answer.status_code in (200, 303), f"{name}: {look.path}"
            assert not look.told(answer), f"{name}: {look.path}"
