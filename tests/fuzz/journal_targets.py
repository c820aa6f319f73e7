"""The decoders of `journal` and `portal`: sealed documents, what comes from files, browsers and people."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import SimpleNamespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pyrage
from pyrage import x25519
from starlette.exceptions import HTTPException
from starlette.requests import Request

import journal
from crypto import CryptoError, LogHead, Sealer, list_consistency, list_inclusion, verify_consistency
from journal import folding, stamps, time_zones, user_input
from journal.accounts.log_memory import Memory
from journal.authentication import second_factor
from journal.care import invitations
from journal.catalogue import revisits
from journal.coming_talk import documents as coming_talk
from journal.day_lines import lines as day_lines
from journal.dosing_day import lines as dosing_lines
from journal.dosing_day import requests
from journal.errors import Damaged, InvalidInput, LinkExpired
from journal.evaluation import form_fields
from journal.evaluation import lines as evaluation_lines
from journal.importing import texts
from journal.importing.folder import AGE, open_files
from journal.importing.items import Refused
from journal.importing.reading_process import read_body
from journal.installation import kept_secret_keys
from journal.mail import mail_addresses
from journal.measures import lines as measure_lines
from journal.measures import scores
from journal.notices import lines as notice_lines
from journal.operations import account_marks, restoration
from journal.passkeys import management, webauthn
from journal.records import signing, verification
from journal.records.packing import TooLarge
from journal.replies import lines as reply_lines
from journal.sealing import decode_document, open_bytes, run_decoder
from journal.sitter import lines as sitter_lines
from journal.sitter import links as sitter_links
from journal.standing import lines as standing_lines
from journal.store import address as store_address
from journal.time_zones import WallClockError
from journal.vault import contents
from journal.vault.documents import decode_entry
from journal.witness.documents import HeadNote
from portal.access import kept_keys, known_browser, session_cookie
from portal.http import client
from portal.web import device_cookies, forms
from tests.authenticator import SITE, Authenticator, encoded
from tests.fuzz.inputs import Pieces, Target
from tests.journal.importing.corpus import CLOCK, build_archive, entry_record, pack, session_record

ROOT = Path(__file__).resolve().parents[2]
BERLIN = ZoneInfo("Europe/Berlin")
CHALLENGE = bytes(32)
BOUNDARY = "xxxxboundary"
AGE_KEY = x25519.Identity.from_str(
    "AGE-SECRET-KEY-1PG6URPXZ70MC6K6LFYWG3STDEZW69NXED8UN5D9NYQ86FDWCFYRQDHKZLW"
)
"""Drawn for these tests; nothing else is sealed for it."""


@cache
def list_document_types() -> tuple[type[msgspec.Struct], ...]:
    """Return every shape that a sealed document of the journal has."""
    for module in walk_packages(journal.__path__, "journal."):
        if ".migrations" not in module.name and not module.name.endswith("_process"):
            import_module(module.name)
    found: dict[str, type[msgspec.Struct]] = {}

    def look(kind: type[msgspec.Struct]) -> None:
        for one in kind.__subclasses__():
            if one.__module__.startswith("journal.") and not issubclass(one, journal_row()):
                found[f"{one.__module__}.{one.__qualname__}"] = one
            look(one)

    look(msgspec.Struct)
    return tuple(found[name] for name in sorted(found))


def journal_row() -> type[msgspec.Struct]:
    """Return the shape of rows, which are read elsewhere."""
    row: type[msgspec.Struct] = import_module("journal.store.rows").Row
    return row


def read_document(data: bytes) -> None:
    """Read a document of a shape; the first two bytes choose it."""
    types = list_document_types()
    kind = types[int.from_bytes(data[:2], "big") % len(types)]
    made = decode_document(data[2:], kind)
    assert decode_document(msgspec.json.encode(made), kind) == made or b"NaN" in data


def write_documents() -> list[bytes]:
    """Return a document of each shape."""
    made = []
    for number, kind in enumerate(list_document_types()):
        plain = json.dumps(make_up(msgspec.inspect.type_info(kind))).encode()
        made.append(number.to_bytes(2, "big") + plain)
    return made


def make_up(kind: Any) -> Any:
    """Return a value that fits a type, as JSON has it."""
    name = type(kind).__name__
    simple = {
        "StrType": "2026-11-22T12:00:00+00:00",
        "IntType": 1,
        "FloatType": 0.5,
        "BoolType": True,
        "BytesType": "AAAA",
    }
    simple |= {
        "UUIDType": str(UUID(int=1)),
        "DateTimeType": "2026-11-22T12:00:00+00:00",
        "DateType": "2026-11-22",
    }
    if name == "StructType":
        named = {one.encode_name: make_up(one.type) for one in kind.fields}
        return list(named.values()) if kind.array_like else named
    if name == "UnionType":
        return make_up(kind.types[0])
    if name in ("ListType", "VarTupleType", "SetType", "FrozenSetType"):
        return [make_up(kind.item_type)]
    if name == "TupleType":
        return [make_up(one) for one in kind.item_types]
    if name == "DictType":
        return {"a": make_up(kind.value_type)}
    if name == "EnumType":
        return next(iter(kind.cls)).value
    if name == "LiteralType":
        return kind.values[0]
    return simple.get(name)


def read_given(data: bytes) -> None:
    """Read what the other person of a link sealed, and ask it for its times and for what it says."""
    from journal.care.documents import ShareDocument
    from journal.notices.documents import Terms
    from journal.replies.documents import ReplyDocument

    kinds = (
        ShareDocument,
        ReplyDocument,
        Terms,
        coming_talk.ItemDetails,
        coming_talk.WordDetails,
        coming_talk.MarkDetails,
    )
    made: Any = decode_document(data[1:], kinds[data[0] % len(kinds)] if data else ReplyDocument)
    for name in dir(type(made)):
        if isinstance(getattr(type(made), name), property):
            getattr(made, name)
    if isinstance(made, ShareDocument):
        made.find_first_day(ZoneInfo("Pacific/Kiritimati"))
        made.find_first_day(ZoneInfo("America/Los_Angeles"))
        for answer in made.answers.values():
            read_lines(answer)


def write_given() -> list[bytes]:
    """Return one of each of what another person seals."""
    names = ("ShareDocument", "ReplyDocument", "Terms", "ItemDetails", "WordDetails", "MarkDetails")
    kinds = {one.__name__: one for one in list_document_types()}
    return [
        bytes((number,)) + json.dumps(make_up(msgspec.inspect.type_info(kinds[name]))).encode()
        for number, name in enumerate(names)
    ]


PARSERS: tuple[Callable[[Any], object], ...] = (
    measure_lines.parse_measure,
    day_lines.parse_day_lines,
    day_lines.parse_own_scale,
    dosing_lines.parse_medicine,
    dosing_lines.parse_readings,
    dosing_lines.summarize_medicine,
    dosing_lines.summarize_readings,
    requests.parse_requests,
    notice_lines.parse_agreed,
    standing_lines.parse_standing,
    reply_lines.parse_replies,
    sitter_lines.parse_checks,
    evaluation_lines.parse_given,
    evaluation_lines.parse_remedies,
    evaluation_lines.parse_treatments,
    evaluation_lines.parse_changes,
    revisits.parse_revisits,
    revisits.parse_moments,
)


def read_lines(answer: object) -> None:
    """Read the lines of an answer as each kind of them."""
    for parse in PARSERS:
        parse(answer)


def read_typed_lines(data: bytes) -> None:
    """Read lines of any kind, and a stamp."""
    text = data.decode("utf-8", "surrogateescape")
    read_lines(text.split("\n"))
    read_lines(text)
    for line in text.split("\n"):
        stamps.parse_author(line)
        stamps.parse_version(line)
        stamps.find_author_name(line)
        requests.parse_key(line)
    notice_lines.parse_notices(text.split("\n"))
    with suppress(ValueError):
        read_lines(json.loads(text))


def list_lines() -> list[bytes]:
    """Return lines of each kind."""
    day, time, one = "2026-11-22", "2026-11-22T12:00:00+00:00", UUID(int=1).hex
    return [
        line.encode()
        for line in (
            *(f"{day}, 40, 60", f"2, {day}", f"Bob Berger, clinician, {day}", "08:30, 100 mg"),
            *("08:30, 120, 80, 70, 98", f"{one}, {one}, {one}, {time}", f"begun, {time}"),
            *("item 1, 2, Not at all", f"{time}, {day}, 08:30"),
        )
    ]


def read_contents(data: bytes) -> None:
    """Read a page of the contents, an entry, and sealed columns of anything."""
    key = Sealer(bytes(32))
    for attempt in (
        lambda: decode_entry(data),
        lambda: open_bytes(key, data, contents.page_context(UUID(int=1), 0, 1)),
    ):
        with suppress(Damaged):
            attempt()
    for line in run_decoder(contents._decode_lines, data):
        with suppress(ValueError):  # the account's own: what it wrote is what it reads
            assert line.row_key == (line.member[0].bytes, *line.row_key[1:])


def read_note(data: bytes) -> None:
    """Read what an account remembers of the log of keys, and what another noted; and compare both."""
    pieces = Pieces(data)
    first = pieces.sized()
    note = decode_document(pieces.rest(), HeadNote)
    with suppress(Damaged, CryptoError):
        memory = decode_document(first, Memory)
        verify_consistency(memory.head, note.head, [])
        list_consistency(memory.size, note.size)
    with suppress(CryptoError):
        verify_consistency(note.head, LogHead(7, bytes(32)), [bytes(32)])
    list_inclusion(note.leaf, note.size)


def list_notes() -> list[bytes]:
    """Return a memory and a note behind it."""
    memory = msgspec.json.encode(Memory(7, bytes(32)))
    return [len(memory).to_bytes(2, "big") + memory + msgspec.json.encode(HeadNote(1, 7, bytes(32), 0, 3))]


def read_passkey(data: bytes) -> None:
    """Read the answer of an authenticator: as text, and as parts in a whole answer."""
    text = data.decode("utf-8", "surrogateescape")
    for verify in (
        lambda one: webauthn.parse_claim(one),
        lambda one: webauthn.verify_registration(SITE, one, CHALLENGE),
        lambda one: webauthn.verify_assertion(SITE, one, CHALLENGE, data[:100]),
    ):
        for answer in (text, put_into_answer(data)):
            with suppress(webauthn.VerificationFailed):
                verify(answer)


def put_into_answer(data: bytes) -> str:
    """Return an answer with parts of an input in the places of its CBOR, COSE and client data."""
    client = json.dumps(
        {"type": "webauthn.create", "challenge": encoded(CHALLENGE), "origin": SITE.origin}
    ).encode()
    response = {
        "clientDataJSON": encoded(client if data[:1] < b"\x80" else data[1:]),
        "attestationObject": encoded(data[1:]),
        "authenticatorData": encoded(data[1:]),
        "signature": encoded(data[:64]),
    }
    return json.dumps(
        {"id": encoded(b"a"), "rawId": encoded(b"a"), "type": "public-key", "response": response}
    )


def make_passkeys() -> list[bytes]:
    """Return honest answers, whole and in parts."""
    device = Authenticator(credential=bytes(32), secret=bytes(32))
    user = {
        "user": {"id": encoded(bytes(16))},
        "challenge": encoded(CHALLENGE),
        "extensions": {"prf": {"eval": {"first": ""}}},
    }
    made, used = device.make(user).credential, device.use(user).credential
    response = json.loads(made)["response"]
    from tests.authenticator import decoded

    return [
        made.encode(),
        used.encode(),
        b"\0" + decoded(response["attestationObject"]),
        b"\xff" + decoded(response["clientDataJSON"]),
    ]


def read_upload(data: bytes) -> None:
    """Read a form with one file, which is packed or not, as the process that reads uploads does."""
    names = (
        "a.zip",
        "journal.json",
        "a.csv",
        "2024-01-01.md",
        "a.txt",
        "a.zip.age",
        "Journal.json",
        "data.enex",
    )
    name = names[data[0] % len(names)] if data else names[0]
    is_packed = data[:1] >= b"\x80"  # an archive with that file inside
    content = pack({name: data[1:]}) if is_packed else data[1:]
    disposition = f'Content-Disposition: form-data; name="files"; filename="{name}"'
    body = f"--{BOUNDARY}\r\n{disposition}\r\n\r\n".encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    read_body(f"multipart/form-data; boundary={BOUNDARY}", body, CLOCK)


def read_age_file(data: bytes) -> None:
    """Open an age file, in letters or not, whose header and body may be anything, with a secret key."""
    beginning = AGE[data[:1] >= b"\x80"]
    open_files((("a.age", beginning + data[1:]),), str(AGE_KEY))


def list_age_files() -> list[bytes]:
    """Return the rest of age files for that key, and for nobody's."""
    packed = pack({"a.txt": b"A day."})
    seeds = []
    for key in (AGE_KEY, x25519.Identity.generate()):
        for number, armored in ((b"\x00", False), (b"\xff", True)):
            sealed = pyrage.encrypt(packed, [key.to_public()], armored=armored)
            seeds.append(number + sealed.removeprefix(AGE[armored]))
    return seeds


def list_uploads() -> list[bytes]:
    """Return files of each kind."""
    day_one = {
        "metadata": {"version": "1.0"},
        "entries": [{"uuid": "A", "creationDate": "2024-01-01T10:00:00Z", "text": "A day"}],
    }
    journiv = {
        "journals": [
            {"title": "A", "entries": [{"title": "B", "content": "C", "created_at": "2024-01-01T10:00:00Z"}]}
        ]
    }
    return [
        b"\x00" + build_archive([entry_record()], {"courses": [], "sessions": [session_record()]}),
        b"\x01" + json.dumps(day_one).encode(),
        b"\x81" + json.dumps(day_one).encode(),
        b"\x86" + json.dumps(day_one).encode(),
        b"\x81" + json.dumps(journiv).encode(),
        b"\x03---\ndate: 2024-01-01\ntitle: A\n---\n# A\nwords",
        b"\x02date,title,text\n2024-01-01,A,words\n",
        b"\x04a day",
    ]


def read_parts(data: bytes) -> None:
    """Read the parts of files in their own forms: text, JSON, front matter, times, and a form of several parts."""
    from journal.importing.folder import parse_form

    with suppress(Refused):
        parse_form(f"multipart/form-data; boundary={BOUNDARY}", data)
    with suppress(Refused):
        parse_form(data[:100].decode("latin-1"), data)
    with suppress(Refused):
        texts.decode_json(data)
    text = texts.decode_text(data)
    if text is not None:
        texts.split_front_matter(text)
        texts.part_text(text)
        texts.find_day(text)
        texts.find_first_words(text)
        texts.clean_long(text)


def read_typed(data: bytes) -> None:
    """Read what people type into fields: texts, days, times, numbers."""
    text = data.decode("utf-8", "surrogateescape")
    for parse in (
        user_input.clean_text,
        user_input.clean_line,
        user_input.clean_name,
        user_input.parse_whole_number,
        user_input.parse_phone,
        user_input.parse_day,
        user_input.parse_time,
        folding.fold,
        folding.split_needles,
        time_zones.is_zone,
        forms.parse_uuid,
        dosing_lines.parse_number,
    ):
        with suppress(InvalidInput):
            parse(text)
    for moment in (time_zones.parse_local, time_zones.parse_stored, time_zones.parse_zone):
        with suppress(ValueError):
            moment(text)
    with suppress(WallClockError):
        time_zones.resolve_local_time(text, "Europe/Berlin")
    local, _, zone = text.partition(" ")
    list(folding.find_matches(text, folding.split_needles(zone)))
    time_zones.resolve_local_time(local, zone)


def read_secrets(data: bytes) -> None:
    """Read the secrets in addresses, the codes of the second factor, and what a device gives for a passkey."""
    text = data.decode("utf-8", "surrogateescape")
    for parse in (invitations.parse_token, sitter_links._parse_token):
        with suppress(LinkExpired):
            parse(text)
    management.parse_prf_output(text)
    for size in (14, 20, 64):  # fewer bytes are refused where a second factor is read
        second_factor.find_step(data[:size].ljust(14), text, CLOCK.now)
    factor = second_factor.SecondFactor(data[:20].ljust(14), int.from_bytes(data[:9], "big"), (data[:32],))
    second_factor.use_code(factor, text, CLOCK.now)
    second_factor.use_recovery_code(factor, text, UUID(int=1))
    mail_addresses.find_address_problem(text, sends_mail=True)
    mail_addresses.normalize_address(text)
    mail_addresses.is_deliverable(text)
    form_fields.parse_month(text)
    scores.parse_total(text)


def verify_archive(data: bytes) -> None:
    """Verify an archive that somebody sent, and a signature of one."""
    with suppress(Damaged):
        signing.verify_manifest(data[:1000], data)
    with suppress(TooLarge):
        if data[:1] >= b"\x80":
            files = ("manifest.json", "signature.json", "account.json")
            verification.verify_zip(pack(dict.fromkeys(files, data[1:])))
        verification.verify_zip(data)


def read_operations(data: bytes) -> None:
    """Read what whoever runs the site types or keeps elsewhere."""
    text = data.decode("utf-8", "surrogateescape")
    account_marks.parse_marks(text.split("\n"))
    with suppress(restoration.RestorationRefused):
        restoration.parse_moment(text)
    for url in (text, f"sqlite://{text}", f"postgres://{text}"):
        with suppress(store_address.AddressError):
            store_address.parse_database_url(url)


def build_request(path: str, headers: dict[str, str], body: bytes = b"") -> Request:
    """Return a request of a browser."""
    config = SimpleNamespace(
        cookie="session",
        secret_keys_cookie="kept",
        seen_cookie="seen",
        known_cookie="known",
        region_cookie="region",
        language_cookie="language",
        neutral_cookie="neutral",
        trusted_proxies=(),
    )
    state = SimpleNamespace(config=config, practice=SimpleNamespace(current=SimpleNamespace(region="")))
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()],
        "app": SimpleNamespace(state=state),
        "client": ("192.0.2.1", 1),
        "state": {},
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(scope, receive)


def read_form(data: bytes) -> None:
    """Read the body of a form, and its fields."""
    kind = (forms.URL_ENCODED, forms.MULTIPART, data[:40].decode("latin-1"))[data[0] % 3 if data else 0]
    request = build_request("/journal", {"content-type": kind}, data[1:])
    items = asyncio.run(forms._read_fields(request))
    form = forms.Form(items)
    assert form.restorable is not None
    for name, _ in items:
        assert name in form or name == forms.CONFIRMATION_FIELD
        form.get_whole_number(name)


def read_cookies(data: bytes) -> None:
    """Read every cookie and header that a browser sends."""
    text = data.decode("latin-1")
    value = urlsafe_b64encode(data[1:]).decode() if data[:1] >= b"\x80" else text
    for cookie in ("session", "kept", "seen", "known", "region", "language"):
        request = build_request("/", {"cookie": f"{cookie}={value}"})
        session_cookie.get_token(request)
        kept = kept_keys.read_kept_keys(request)
        kept_secret_keys._split(kept)
        device_cookies.read_kept_bytes(request, "seen")
        known_browser._read_marks(request)
        device_cookies.find_language(request)
        device_cookies.find_help_region(request)
    request = build_request("/", {"accept-language": text, "x-forwarded-for": text, "user-agent": text})
    device_cookies.find_language(request)
    client.get_client_address(request)
    client.get_device_name(request)
    client._find_client(text, text.split(","), ())
    assert session_cookie.get_safe_path(text).startswith("/")


TARGETS = (
    Target(
        "secrets",
        read_secrets,
        (),
        lambda: [b"123456", encoded(bytes(32)).encode(), b"a@example.org", b"2026-03"],
    ),
    Target("archives", verify_archive, (), lambda: [build_archive([entry_record()]), b"\x80{}"]),
    Target(
        "operations",
        read_operations,
        (),
        lambda: [b"2026-11-20T03:15", b"/a?mode=ro", b"a:b@c/d?x=y", b"sqlite:///a"],
    ),
    Target("documents", read_document, (Damaged,), write_documents),
    Target("given", read_given, (Damaged,), write_given),
    Target("contents", read_contents, (Damaged,), write_documents),
    Target("lines", read_typed_lines, (), list_lines),
    Target("head-notes", read_note, (Damaged, CryptoError), list_notes),
    Target("passkeys", read_passkey, (), make_passkeys, ("journal", "webauthn", "cbor2")),
    Target("uploads", read_upload, (Refused,), list_uploads),
    Target("age-files", read_age_file, (Refused,), list_age_files),
    Target("file-parts", read_parts, (), list_uploads),
    Target(
        "typed",
        read_typed,
        (WallClockError,),
        lambda: [b"2026-11-22T12:00 Europe/Berlin", b"08:30", b"+49 30 1234", b"2026-02-30", b"\xc3\x9f"],
    ),
    Target(
        "forms",
        read_form,
        (HTTPException,),
        lambda: [b"\x00a=b&c=%C3%9F&a=+x", b"\x01a", b"\x02application/json"],
    ),
    Target(
        "cookies",
        read_cookies,
        (),
        lambda: [b"\xff" + bytes(range(96)), b"de,en;q=0.5", b"192.0.2.1, [::1]:80", b"/journal?x"],
    ),
)
