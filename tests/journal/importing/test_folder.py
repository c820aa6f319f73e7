"""What was uploaded is looked at before it is opened: zip files, age files, and files sent one by one."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZIP_BZIP2, ZIP_LZMA, ZIP_STORED, ZipFile

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrage import x25519

from journal.importing.folder import open_files, parse_form
from journal.importing.items import MAX_MEMBERS, Refusal, Refused
from tests.journal.importing.corpus import (
    LIGHT,
    WORDS,
    pack,
    pack_bomb,
    pack_special,
    read_zip,
    set_flag,
    set_method,
    why,
)

WHOLE = pack({"2024-01-01.txt": "The sea.", "2024-01-02.txt": "The door."})
KEY = x25519.Identity.generate()
BROKEN = {
    "nothing at all": (b"", Refusal.DAMAGED),
    "the beginning alone": (b"PK\3\4", Refusal.DAMAGED),
    "without its end": (WHOLE[:-30], Refusal.DAMAGED),
    "without its beginning": (b"PK" + WHOLE[40:], Refusal.DAMAGED),
    "one word changed": (WHOLE.replace(b"2024-01-02", b"2024-01-09", 1), Refusal.DAMAGED),
    "a checksum that does not fit": (
        WHOLE[:14] + bytes(4) + WHOLE[18:],
        "",  # the header before a file is not believed, and the directory is
    ),
    "a name that leads out": (pack({"../2024-01-01.txt": "x"}), Refusal.NAMES),
    "a name that leads out within": (pack({"a/../../b.txt": "x"}), Refusal.NAMES),
    "a name that leads out with the other slash": (pack({"..\\b.txt": "x"}), Refusal.NAMES),
    "a name from the root": (pack({"/etc/b.txt": "x"}), Refusal.NAMES),
    "a name on a drive": (pack({"C:b.txt": "x"}), Refusal.NAMES),
    "a name of a thousand folders": (pack({"a/" * 1000 + "b.txt": "x"}), Refusal.NAMES),
    "a name of ten thousand letters": (pack({"a" * 10_000 + ".txt": "x"}), Refusal.NAMES),
    "encrypted": (set_flag(WHOLE, 1), Refusal.LOCKED_ZIP),
    "packed by bzip2": (pack({"b.txt": "x" * 99}, method=ZIP_BZIP2), Refusal.METHOD),
    "packed by LZMA": (pack({"b.txt": "x" * 99}, method=ZIP_LZMA), Refusal.METHOD),
    "packed by nothing known": (set_method(WHOLE, 77), Refusal.METHOD),
    "a zip file within": (pack({"inner.zip": WHOLE}), Refusal.NESTED),
    "a bomb": (pack_bomb(8 << 20), Refusal.UNPACKS),
    "a link alone": (pack_special("b.txt", b"/etc/passwd", external_attr=0o120777 << 16), Refusal.UNKNOWN),
    "a pipe alone": (pack_special("b.txt", b"x", external_attr=0o010644 << 16), Refusal.UNKNOWN),
    "hidden files alone": (pack({"__MACOSX/._b.txt": "x", ".b.txt": "x"}), Refusal.UNKNOWN),
    "folders alone": (pack({"a/": "", "a/b/": ""}), Refusal.UNKNOWN),
}


@pytest.mark.parametrize(("content", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_or_hostile_zip_file_is_refused_with_a_reason(content, reason):
    """Each is refused for what is wrong with it, and none ends in another error."""
    assert why(("it.zip", content)) == reason


def test_the_same_name_twice_is_refused():
    """Two programs would read two different files."""
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        archive.writestr("2024-01-01.txt", "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("2024-01-01.txt", "two")
    assert why(("it.zip", made.getvalue())) == Refusal.NAMES


def test_a_zip_file_of_ten_megabytes_that_unpacks_to_ten_gigabytes_is_refused_by_its_directory():
    """Nothing of it is unpacked: what its directory tells is enough, of one file and of all of them together."""
    block = bytes(range(256)) * 4096  # a megabyte, which is stored as it is
    made = bytearray(pack({f"{number}.txt": block for number in range(10)}, method=ZIP_STORED))
    assert len(made) > 10 << 20
    at = 0
    for _ in range(10):
        at = made.find(b"PK\1\2", at + 1)
        made[at + 24 : at + 28] = (200 << 20).to_bytes(4, "little")  # two hundred times what is there
    folder, unpacked = bytes(made), []
    with pytest.MonkeyPatch.context() as changing:
        changing.setattr(ZipFile, "open", lambda *_: unpacked.append(1))
        assert why(("it.zip", folder)) == Refusal.UNPACKS
        made[at + 24 : at + 28] = (2**32 - 2).to_bytes(4, "little")
        assert why(("it.zip", bytes(made))) == Refusal.UNPACKS
    assert unpacked == []


def test_what_unpacks_to_more_than_its_directory_tells_is_damaged():
    """A directory that tells of ten bytes lets ten bytes out, and then the file is refused."""
    small = bytearray(pack({"2024-01-01.txt": "x" * 5000}))
    at = small.find(b"PK\1\2")
    small[at + 24 : at + 28] = (10).to_bytes(4, "little")
    assert why(("it.zip", bytes(small))) == Refusal.DAMAGED


def test_too_many_files_are_refused_before_the_directory_is_read():
    """The end of a zip file tells how many there are."""
    end = bytearray(WHOLE)
    at = end.rfind(b"PK\5\6")
    for place in (8, 10):
        end[at + place : at + place + 2] = (MAX_MEMBERS + 1).to_bytes(2, "little")
    assert why(("it.zip", bytes(end))) == Refusal.TOO_MANY


def test_a_link_beside_texts_is_left_out_and_counted():
    """What a link points to is never read."""
    linked = pack_special("a.txt", b"/etc/passwd", external_attr=0o120777 << 16)
    folder = open_files((("it.zip", linked),), "")
    assert (folder.names, folder.skipped) == ((), 1)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 7))
def test_a_zip_file_with_one_bit_changed_is_read_or_refused(place, bit):
    """Whatever bit is changed, there is a folder or a reason; no other error gets out."""
    changed = bytearray(WHOLE)
    changed[place] ^= 1 << bit
    why(("it.zip", bytes(changed)))


def test_an_age_file_opens_with_its_passphrase_or_its_key():
    """Both lead to what is inside."""
    keyed = pyrage.encrypt(WHOLE, [KEY.to_public()])
    for sealed, opening in ((LIGHT, WORDS), (keyed, f" {KEY}\n")):
        assert "2024-01-01.txt" in open_files((("it.age", sealed),), opening).names


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", Refusal.PASSPHRASE),
        ("other", Refusal.WRONG_PASSPHRASE),
        ("AGE-SECRET-KEY-1QQQ", Refusal.WRONG_PASSPHRASE),
        ("another key", Refusal.WRONG_PASSPHRASE),
    ],
)
def test_an_age_file_asks_for_what_opens_it(typed, reason):
    """Without it, and with another, it says so."""
    opening = str(x25519.Identity.generate()) if typed == "another key" else typed
    assert why(("it.age", pyrage.encrypt(WHOLE, [KEY.to_public()])), passphrase=opening) == reason


def test_what_is_inside_an_age_file_is_looked_at_as_well():
    """A cut file, one that is none, and a text in it are refused."""
    sealed = pyrage.encrypt(WHOLE, [KEY.to_public()])
    assert why(("it.age", sealed[:-3]), passphrase=str(KEY)) == Refusal.WRONG_PASSPHRASE
    assert why(("it.age", b"age-encryption.org/v1 and more"), passphrase="x") == Refusal.WRONG_PASSPHRASE
    plain = pyrage.encrypt(b"words", [KEY.to_public()])
    assert why(("it.age", plain), passphrase=str(KEY)) == Refusal.UNKNOWN


def test_a_zip_file_is_sent_alone():
    """Beside others it is refused, whatever it is called; and so is an age file."""
    for name in ("it.zip", "it.txt", "it"):
        assert why(("a.txt", b"words"), (name, WHOLE)) == Refusal.NESTED
    assert why() == Refusal.NOTHING


def test_files_that_are_called_the_same_are_both_read():
    """A folder that is sent file by file may have the same name in two places."""
    folder = open_files((("a.txt", b"one"), ("a.txt", b"two"), (".hidden.txt", b"x")), "")
    assert sorted(map(folder.read, folder.names)) == [b"one", b"two"]


def build_form(*parts: tuple[str, str | None, bytes]) -> bytes:
    made = b""
    for name, filename, content in parts:
        told = f'; filename="{filename}"' if filename is not None else ""
        made += f'--mark\r\nContent-Disposition: form-data; name="{name}"{told}\r\n\r\n'.encode()
        made += content + b"\r\n"
    return made + b"--mark--\r\n"


MULTIPART = "multipart/form-data; boundary=mark"


@given(st.binary(max_size=300), st.text(max_size=20))
def test_a_file_in_a_form_comes_out_as_it_was(content, word):
    """Whatever bytes a file has, line breaks and dashes too, they are those that were sent."""
    typed = word.replace("\r\n--mark", "")
    if b"--mark" in content:
        return
    form = parse_form(
        MULTIPART,
        build_form(("passphrase", None, typed.encode("utf-8", "replace")), ("files", "a.txt", content)),
    )
    assert form.files == (("a.txt", content),)
    assert form.fields == {"passphrase": typed.encode("utf-8", "replace").decode("utf-8")}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", build_form(("files", "a.txt", b"x"))),
        ("multipart/form-data", build_form(("files", "a.txt", b"x"))),
        ("multipart/form-data; boundary=" + "m" * 71, b""),
        (MULTIPART, b""),
        (MULTIPART, b"--mark\r\n"),
        (MULTIPART, build_form(("files", "a.txt", b"x"))[:-8]),
        (MULTIPART, b"--mark\r\nno head\r\n--mark--\r\n"),
        (MULTIPART, b"--mark\r\nx: y\r\n\r\nz\r\n--mark--\r\n"),
        (MULTIPART, b"--mark\r\n" + b"a" * 20_000 + b"\r\n\r\nz\r\n--mark--\r\n"),
        (MULTIPART, b"\r\n--mark" * 9000),
    ],
)
def test_a_form_that_is_none_is_refused(kind, body):
    """A form that was cut off, or is no form, is refused as such."""
    with pytest.raises(Refused):
        parse_form(kind, body)


def test_a_file_that_was_not_chosen_is_none():
    """A browser sends it without a name and without a byte."""
    assert parse_form(MULTIPART, build_form(("files", "", b""))).files == ()


def test_texts_in_a_zip_file_are_read():
    """The whole one, which all the others are held against."""
    assert len(read_zip({"2024-01-01.txt": "The sea."}).entries) == 1
    assert why(("it.zip", WHOLE)) == ""
