"""An archive is whole and its signer's, or what is wrong with it is named; two programs say the same of each."""

from __future__ import annotations

import json
import os
import runpy
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import msgspec
import pytest

from crypto import PrivateIdentity, fingerprint
from journal.errors import Damaged
from journal.records import packing, verification
from journal.records.archive import list_files, zip_files
from journal.records.packing import MANIFEST, TooLarge, append_checksum, open_packed
from journal.records.signing import SIGNATURE, sign_manifest, verify_manifest
from journal.records.verification import Finding, verify_folder, verify_zip

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "tests" / "vectors" / "verify_records.py"
MADE_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALICE, CHARLIE = UUID(int=1), UUID(int=2)
HERS, EARLIER, OTHERS = (PrivateIdentity(*(bytes([n]) * size for size in (64, 32, 32))) for n in (1, 2, 3))
FINGERPRINT = fingerprint(ALICE.bytes, HERS.public())
CONTENT = {
    "README.txt": b"Records of Alice.\n" * 20,
    "data/account.json": b'{"id":"x","name":"Alice \\u001b[2J Ahn"}',
    "data/entries.json": json.dumps([{"id": number, "title": "The sea"} for number in range(9)]).encode(),
    "journal/2026-11.html": b"<p>The sea was inside the room, and it was kind.",
    "packet.pdf": bytes(range(256)),
}
Files = Mapping[str, bytes]
Fields = Mapping[int, int]
NOTHING: Fields = {}
independent = runpy.run_path(str(SCRIPT))["verify"]


def manifest_of(content: Files, account: UUID | None = ALICE, **changes: Any) -> bytes:
    """Return a manifest as an archive has it; that of a packet names no account."""
    told: dict[str, Any] = {"format": "hearthside-records", "schema_version": 1, "created_at": MADE_AT}
    told |= {"account_id": account} if account else {}
    told |= {"files": list_files(content)} | changes
    return msgspec.json.format(msgspec.json.encode(told), indent=2)


def signed(
    content: Files, identity: PrivateIdentity = HERS, account: UUID = ALICE, manifest: bytes = b""
) -> dict[str, bytes]:
    """Return the files of a whole archive."""
    manifest = manifest or manifest_of(content)
    return {**content, MANIFEST: manifest, SIGNATURE: sign_manifest(identity, account, manifest)}


WHOLE = signed(CONTENT)


def flipped(data: bytes, bit: int) -> bytes:
    """Flip one bit."""
    bit %= len(data) * 8
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


def without(*names: str) -> dict[str, bytes]:
    return {name: body for name, body in WHOLE.items() if name not in names}


def edited() -> dict[str, bytes]:
    """Return the archive after somebody changed an entry and, consistently, the manifest."""
    content = {**CONTENT, "data/entries.json": b"[]"}
    return {**content, MANIFEST: manifest_of(content), SIGNATURE: WHOLE[SIGNATURE]}


def changed_signature(**changes: object) -> dict[str, bytes]:
    read = json.loads(WHOLE[SIGNATURE]) | changes
    return {**WHOLE, SIGNATURE: json.dumps(read, indent=2).encode()}


def swapped(first: str, second: str) -> dict[str, bytes]:
    return {**WHOLE, first: WHOLE[second], second: WHOLE[first]}


BROKEN: dict[str, tuple[Files, set[tuple[str, str]]]] = {
    **{
        f"flipped-{name}": ({**WHOLE, name: flipped(body, 8 * len(body) // 2 + 1)}, {("differs", name)})
        for name, body in CONTENT.items()
    },
    **{f"missing-{name}": (without(name), {("missing", name)}) for name in CONTENT},
    "grown": (
        {**WHOLE, "packet.pdf": CONTENT["packet.pdf"] + b"\0"},
        {("differs", "packet.pdf")},
    ),
    "emptied": ({**WHOLE, "README.txt": b""}, {("differs", "README.txt")}),
    "added": ({**WHOLE, "journal/2026-12.html": b"<p>"}, {("added", "journal/2026-12.html")}),
    "renamed": (
        {**without("packet.pdf"), "parcel.pdf": CONTENT["packet.pdf"]},
        {("missing", "packet.pdf"), ("added", "parcel.pdf")},
    ),
    "swapped": (
        swapped("data/entries.json", "data/account.json"),
        {("differs", "data/entries.json"), ("differs", "data/account.json")},
    ),
    "edited-with-its-manifest": (edited(), {("signature", SIGNATURE)}),
    "manifest-bit": (
        {**WHOLE, MANIFEST: WHOLE[MANIFEST].replace(b"2026-11-22", b"2026-11-23")},
        {("signature", SIGNATURE)},
    ),
    "manifest-cut": (
        {**WHOLE, MANIFEST: WHOLE[MANIFEST][:-9]},
        {("signature", SIGNATURE), ("differs", MANIFEST)},
    ),
    "manifest-missing": (without(MANIFEST), {("signature", SIGNATURE), ("missing", MANIFEST)}),
    "stripped": (without(SIGNATURE), {("unsigned", SIGNATURE)}),
    "all-stripped": (
        without(SIGNATURE, MANIFEST),
        {("unsigned", SIGNATURE), ("missing", MANIFEST)},
    ),
    "signature-of-another-archive": (
        {**WHOLE, SIGNATURE: signed({"README.txt": b""})[SIGNATURE]},
        {("signature", SIGNATURE)},
    ),
    "signature-of-another-account": (
        signed(CONTENT, OTHERS, CHARLIE, WHOLE[MANIFEST]),
        {("account", SIGNATURE)},
    ),
    "signature-for-another-account": (
        changed_signature(account_id=str(CHARLIE)),
        {("signature", SIGNATURE)},
    ),
    "signature-with-other-keys": (
        changed_signature(public_identity=OTHERS.public().encode().hex()),
        {("signature", SIGNATURE)},
    ),
    "signature-of-no-keys": (changed_signature(public_identity="00"), {("signature", SIGNATURE)}),
    "signature-of-no-account": (changed_signature(account_id="somebody"), {("signature", SIGNATURE)}),
    "signature-of-another-purpose": (changed_signature(purpose="reply"), {("signature", SIGNATURE)}),
    "signature-with-more": (changed_signature(more=1), {("signature", SIGNATURE)}),
    "signature-that-is-text": ({**WHOLE, SIGNATURE: b"\xff signed"}, {("signature", SIGNATURE)}),
    "signature-of-nothing": ({**WHOLE, SIGNATURE: b""}, {("signature", SIGNATURE)}),
    **{
        name: (signed(CONTENT, manifest=manifest), {("differs", MANIFEST)})
        for name, manifest in {
            "a-later-version": manifest_of(CONTENT, schema_version=2),
            "another-format": manifest_of(CONTENT, format="hearthside-letters"),
            "a-file-listed-twice": manifest_of(CONTENT, files=[*list_files(CONTENT), *list_files(CONTENT)]),
            "names-that-are-one-to-some": manifest_of({**CONTENT, "readme.txt": b""}),
            "a-manifest-in-another-coding": manifest_of(CONTENT).decode().encode("utf-16"),
        }.items()
    },
    "a-path-out": (
        signed(CONTENT, manifest=manifest_of({**CONTENT, "../out.html": b""})),
        {("missing", "../out.html")},
    ),
}


def zipped(content: Files) -> bytes:
    return zip_files(content, MADE_AT)


def unpacked(content: Files, folder: Path) -> Path:
    for name, body in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    return folder


def found_by_both(path: Path, expected: str = "") -> set[tuple[str, str]]:
    """Return what the command and the independent script find, which is the same."""
    verdict = verify_folder(path, expected) if path.is_dir() else verify_zip(path.read_bytes(), expected)
    found, signer = independent(path, expected)
    ours = {(finding.value, name) for finding, name in verdict.findings}
    assert ours == found
    assert (verdict.signer.fingerprint if verdict.signer else "") == signer
    return ours


@pytest.mark.parametrize("account", [ALICE, None], ids=["records", "packet"])
def test_a_whole_archive_is_whole(tmp_path: Path, account: UUID | None) -> None:
    """As a zip file and unpacked, with who signed it and when it was made."""
    content = signed(CONTENT, manifest=manifest_of(CONTENT, account))
    (tmp_path / "a.zip").write_bytes(zipped(content))
    assert found_by_both(tmp_path / "a.zip", FINGERPRINT) == set()
    folder = unpacked(content, tmp_path / "folder")
    assert found_by_both(folder, FINGERPRINT.replace(" ", "")) == set()
    verdict = verify_folder(folder)
    assert verdict.signer is not None
    assert (verdict.signer.account, verdict.signer.fingerprint) == (ALICE, FINGERPRINT)
    assert (verdict.made_at, verdict.file_count, verdict.name) == (MADE_AT, 5, "Alice \x1b[2J Ahn")


@pytest.mark.parametrize(("content", "expected"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_named(tmp_path: Path, content: Files, expected: set[tuple[str, str]]) -> None:
    """By both programs, in a zip file and in a folder: exactly what was done, and nothing else."""
    (tmp_path / "a.zip").write_bytes(zipped(content))
    assert found_by_both(tmp_path / "a.zip") == expected
    assert found_by_both(unpacked(content, tmp_path / "folder")) == expected


@pytest.mark.parametrize("identity", [EARLIER, OTHERS], ids=["an-earlier-key", "another-account"])
def test_another_key_is_named_where_one_is_expected(tmp_path: Path, identity: PrivateIdentity) -> None:
    """Whoever signs anew in somebody's name has another fingerprint; an earlier key still verifies under its own."""
    (tmp_path / "a.zip").write_bytes(zipped(signed(CONTENT, identity)))
    assert found_by_both(tmp_path / "a.zip", FINGERPRINT) == {("key", SIGNATURE)}
    assert found_by_both(tmp_path / "a.zip", fingerprint(ALICE.bytes, identity.public())) == set()


def test_one_bit_anywhere_in_a_file_is_named() -> None:
    """Each bit of the signature and of the manifest, and one in each byte of the rest."""
    for name, body in WHOLE.items():
        step = 1 if name == SIGNATURE else 9
        for bit in range(0, 8 * len(body), step * (1 if len(body) < 600 else 37)):
            verdict = verification._verify(as_files({**WHOLE, name: flipped(body, bit)}), (), "")
            wrong = {name} if name not in (MANIFEST, SIGNATURE) else {MANIFEST, SIGNATURE}
            assert verdict.findings
            assert {place for _, place in verdict.findings} & wrong, (name, bit)


def as_files(content: Files) -> dict[str, verification.ArchiveFile]:
    def reader(body: bytes) -> Callable[[], Iterator[bytes]]:
        return lambda: iter([body])

    return {name: verification.ArchiveFile(len(body), reader(body)) for name, body in content.items()}


def test_one_bit_anywhere_in_a_zip_file_is_named(tmp_path: Path) -> None:
    """Also between the files, in its directory and in its end; a file that differs is named beside it."""
    whole, path, named = zipped(WHOLE), tmp_path / "a.zip", set()
    for at in range(len(whole)):
        changed = flipped(whole, 8 * at + at % 8)
        verdict = verify_zip(changed)
        assert (Finding.ARCHIVE, "") in verdict.findings, at
        named |= set(verdict.findings)
        if at % 10 == 0:
            path.write_bytes(changed)
            found_by_both(path)
    assert {(Finding.DIFFERS, name) for name in CONTENT} <= named


@pytest.mark.parametrize("part", [0, 1, 40, 70, 93, 400])
def test_a_cut_zip_file_is_named(tmp_path: Path, part: int) -> None:
    """Wherever it ends, it is no archive."""
    whole = zipped(WHOLE)
    (tmp_path / "a.zip").write_bytes(whole[:part] if part % 2 == 0 else whole[:-part])
    assert found_by_both(tmp_path / "a.zip") == {("archive", "")}


def rezipped(**options: Any) -> bytes:
    """Return the files zipped by another program."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, body in options.get("order", sorted)(WHOLE.items()):
            archive.writestr(name, body, options.get("method", ZIP_DEFLATED))
    return buffer.getvalue()


def zipped_by_hand(
    *, local: Fields = NOTHING, central: Fields = NOTHING, behind: bytes = b"", end: bytes = b""
) -> bytes:
    """Return the archive as we write it, but for these fields of its first file, and with a hash that fits."""
    files, directory = bytearray(), bytearray()
    for name, body in sorted(WHOLE.items()):
        packing_ = zlib.compressobj(1, zlib.DEFLATED, -15)
        packed = packing_.compress(body) + packing_.flush()
        packed, at = packed if files else packed + behind, len(files)
        told = [20, 0, 8, 0, 23702, zlib.crc32(body), len(packed), len(body), len(name), 0]
        before = told if files else [local.get(place, value) for place, value in enumerate(told)]
        record = [b"PK\1\2", 3 << 8 | 20, *told, 0, 0, 0, 0o100600 << 16, at]
        record = record if files else [central.get(place, value) for place, value in enumerate(record)]
        files += struct.pack("<4s5H3I2H", b"PK\3\4", *before) + name.encode() + packed
        directory += struct.pack("<4s6H3I5H2I", *record) + name.encode()
    place, count = len(files), len(WHOLE)
    ends = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), place, 0)
    return append_checksum(bytes(files + directory + end + ends))


def zip64_end() -> bytes:
    """Return an end of a zip file of many gigabytes, which some programs go by and some do not."""
    return struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, *bytes(6)) + struct.pack(
        "<4sIQI", b"PK\6\7", 0, 0, 1
    )


HIDDEN = b"PK\3\4 another file"
CRAFTED = {
    "zipped-by-another": rezipped(),
    "before-the-first": append_checksum(HIDDEN + zipped(WHOLE)[:-71]),
    "behind-the-last": zipped(WHOLE) + HIDDEN,
    "not-in-order": append_checksum(rezipped(order=lambda items: sorted(items, reverse=True))),
    "nothing": b"",
    "text": b"Dear all, " * 30,
    "a-file-that-is-a-link": zipped_by_hand(central={15: 0o120777 << 16}),
    "a-file-that-is-a-folder": zipped_by_hand(central={15: 0o100600 << 16 | 0x10}),
    "made-on-another-system": zipped_by_hand(central={1: 20}),
    "for-a-later-program": zipped_by_hand(local={0: 63}, central={2: 63}),
    "stored-before-and-deflated-in-the-directory": zipped_by_hand(local={2: 0}),
    "its-size-behind-it": zipped_by_hand(local={1: 8}),
    "more-between-a-name-and-its-file": zipped_by_hand(local={9: 9}),
    "two-ends": zipped_by_hand(end=zip64_end()),
}


@pytest.mark.parametrize("data", CRAFTED.values(), ids=CRAFTED)
def test_a_zip_file_is_written_in_one_way(tmp_path: Path, data: bytes) -> None:
    """No two programs can find other files in it: nothing stands before, behind or between them."""
    (tmp_path / "a.zip").write_bytes(data)
    assert found_by_both(tmp_path / "a.zip") == {("archive", "")}


def test_a_zip_file_made_by_hand_is_whole_as_we_write_it(tmp_path: Path) -> None:
    """So what is refused of the others is what they change; what unzips to something else differs."""
    (tmp_path / "a.zip").write_bytes(zipped_by_hand())
    assert found_by_both(tmp_path / "a.zip") == set()
    for data in (
        zipped_by_hand(behind=HIDDEN),
        zipped_by_hand(local={5: 1}, central={7: 1}),
        zipped_by_hand(local={7: 9}, central={9: 9}),
    ):
        (tmp_path / "a.zip").write_bytes(data)
        assert found_by_both(tmp_path / "a.zip") == {("differs", "README.txt")}


def test_a_local_header_that_tells_otherwise_is_refused() -> None:
    """A reader that goes by the headers before the files sees what one that goes by the directory sees."""
    whole = zipped(WHOLE)[:-71]
    for at in (6, 8, 14, 18, 22, 26, 28, 30):  # flags, method, CRC, both sizes, both lengths, and the name
        with pytest.raises(Damaged):
            open_packed(append_checksum(flipped(whole, 8 * at)))
    assert verify_zip(append_checksum(rezipped(method=ZIP_STORED))).findings == ((Finding.ARCHIVE, ""),)


def test_a_bomb_is_refused_once_its_directory_was_read() -> None:
    """10 MB that unpack to 10 GB, by what the directory tells; and what unpacks to more than it tells differs."""
    bomb = packing.append_checksum(directory_of(size=2**30 + 1, compressed=10 * 2**20))
    with pytest.raises(TooLarge):
        open_packed(bomb)
    with pytest.raises(TooLarge):
        open_packed(append_checksum(directory_of(size=300 * 2**20, compressed=2**20)))
    with pytest.raises(TooLarge):
        open_packed(append_checksum(b"PK\5\6" + bytes(4) + b"\xff\xff" * 2 + bytes(10)))
    content = {**CONTENT, "README.txt": bytes(10 * 2**20)}
    data = zipped(signed(content)).replace((10 * 2**20).to_bytes(4, "little"), (999).to_bytes(4, "little"))
    verdict = verify_zip(append_checksum(data[:-71]))
    assert verdict.findings == ((Finding.DIFFERS, "README.txt"),)


def directory_of(size: int, compressed: int) -> bytes:
    """Return a zip file of one file that tells this of itself."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        info = ZipInfo("a.txt")
        info.external_attr = packing.OWNER_ONLY
        archive.writestr(info, b"x" * 1000, ZIP_DEFLATED)
        begins = info.header_offset + 30 + 5
    data = buffer.getvalue()
    packed, place = info.compress_size, archive.start_dir
    filled = data[:begins] + bytes(compressed) + data[begins + packed :]
    told = compressed.to_bytes(4, "little") + size.to_bytes(4, "little")
    filled = filled[:18] + told + filled[26:]
    start = place - packed + compressed
    filled = filled[: start + 20] + told + filled[start + 28 :]
    return filled[:-6] + start.to_bytes(4, "little") + filled[-2:]


def test_a_folder_is_bounded_and_no_link_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link, a pipe and a link to a folder are named, and never opened; too many files are refused."""
    folder = unpacked(WHOLE, tmp_path / "folder")
    (folder / "packet.pdf").rename(tmp_path / "away.pdf")
    (folder / "packet.pdf").symlink_to(tmp_path / "away.pdf")
    (folder / "more").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.txt")
    expected = {("differs", "packet.pdf"), ("added", "more"), ("added", "pipe.txt")}
    assert found_by_both(folder) == expected
    monkeypatch.setattr(verification, "MAX_FILES", 5)
    with pytest.raises(TooLarge):
        verify_folder(folder)


def test_the_signature_is_over_the_very_bytes_of_the_manifest() -> None:
    """The same manifest written another way is another one."""
    other = json.dumps(json.loads(WHOLE[MANIFEST])).encode()
    assert verify_manifest(WHOLE[MANIFEST], WHOLE[SIGNATURE]).account == ALICE
    with pytest.raises(Damaged):
        verify_manifest(other, WHOLE[SIGNATURE])


def test_the_script_is_short_and_independent(tmp_path: Path) -> None:
    """100 lines, nothing of ours, and it runs by itself."""
    source = SCRIPT.read_text("utf-8")
    assert len(source.splitlines()) <= 100
    assert not {"crypto", "journal", "portal"} & {
        line.split()[1] for line in source.splitlines() if "import" in line
    }
    (tmp_path / "a.zip").write_bytes(zipped(WHOLE))
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, tmp_path / "a.zip", FINGERPRINT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"whole {FINGERPRINT}", "")
    (tmp_path / "a.zip").write_bytes(zipped(without(SIGNATURE)))
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, tmp_path / "a.zip"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "unsigned signature.json")


def test_a_hash_in_the_manifest_counts() -> None:
    """The manifest tells the hash of each file, as the format says."""
    told = json.loads(WHOLE[MANIFEST])["files"]
    assert {one["name"]: one["sha256"] for one in told} == {
        name: sha256(body).hexdigest() for name, body in CONTENT.items()
    }
