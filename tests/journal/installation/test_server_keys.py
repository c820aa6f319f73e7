"""The key file, and the keys that a running process takes from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crypto import Context, OpenError
from journal.installation.key_file import KEY_FORMAT, KeyFile, parse_keys
from journal.installation.server_keys import ServerKeys

OLD, NEW, OTHER = b"o" * 32, b"n" * 32, b"x" * 32
PLACE = Context("session", b"a" * 16, b"r" * 16, 1)


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    """A key file with the old key in it."""
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text(OLD.hex() + "\n")
    return KeyFile(path)


def test_a_made_key_is_its_owners_alone_and_stays(tmp_path: Path) -> None:
    """The first start makes it with mode 0600, the next one reads it, and nothing else is left in the folder."""
    path = tmp_path / "server-key"
    (made,) = KeyFile.open_or_create(path).read()
    assert (len(made), path.stat().st_mode & 0o777) == (32, 0o600)
    assert KeyFile.open_or_create(path).read() == (made,)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "\n", "abc", "zz" * 32, "ab" * 31, "ab" * 32 + " " + "ab" * 32])
def test_what_is_no_list_of_keys_is_refused(text: str) -> None:
    """None, one of another size, one that is no number, and one that comes twice."""
    with pytest.raises(ValueError, match=r"hexadecimal|once"):
        parse_keys(text)


def test_a_file_is_replaced_whole_and_for_no_more_readers(file: KeyFile) -> None:
    """The mode stays, but for what others could do; nothing is left beside it."""
    file.path.chmod(0o664)
    file.write((NEW, OLD), expected=(OLD,))
    assert file.path.read_text() == f"{NEW.hex()}\n{OLD.hex()}\n"
    assert file.path.stat().st_mode & 0o777 == 0o640
    assert list(file.path.parent.iterdir()) == [file.path]


def test_noise_in_a_key_file_is_told_in_our_own_words(file: KeyFile) -> None:
    """Bytes that are no text are no key, and are not told as a fault of an encoding."""
    file.path.write_bytes(b"\x88\xff" * 40)
    with pytest.raises(ValueError, match=re.escape(KEY_FORMAT)):
        file.read()


def test_two_changes_at_once_lose_no_key(file: KeyFile) -> None:
    """Whoever read another state of the file writes nothing: a key that something is sealed under would be gone."""
    file.write((NEW, OLD), expected=(OLD,))
    with pytest.raises(ValueError, match="other keys"):
        file.write((OTHER, OLD), expected=(OLD,))
    assert file.read() == (NEW, OLD)


def test_a_process_that_runs_notices(file: KeyFile) -> None:
    """It seals under a key that came while it ran, and opens and looks up under both; dropped keys are dropped."""
    running = ServerKeys(file.read(), KeyFile(file.path))
    before, index = running.seal(b"Tuesday", PLACE), running.blind_index("alice@example.org")
    file.write((NEW, OLD), expected=(OLD,))
    assert ServerKeys((NEW,)).open(running.seal(b"Wednesday", PLACE), PLACE) == b"Wednesday"
    assert running.open_with_status(before, PLACE) == (b"Tuesday", False)
    assert index in running.blind_indexes("alice@example.org")
    file.write((NEW,), expected=(NEW, OLD))
    assert running.reload_if_changed()
    only = ServerKeys((NEW,))
    assert running.blind_indexes("alice@example.org") == only.blind_indexes("alice@example.org")
    assert index not in only.blind_indexes("alice@example.org")
    with pytest.raises(OpenError):
        running.open(before, PLACE)


def test_what_another_process_sealed_opens_without_a_restart(file: KeyFile) -> None:
    """An envelope that does not open makes a process look at the file before it gives up."""
    running = ServerKeys(file.read(), KeyFile(file.path))
    sealed = ServerKeys((NEW,)).seal(b"Tuesday", PLACE)
    with pytest.raises(OpenError):
        running.open(sealed, PLACE)
    file.write((NEW, OLD), expected=(OLD,))
    assert running.open(sealed, PLACE) == b"Tuesday"


@pytest.mark.parametrize("text", ["", "no key at all", None])
def test_a_spoilt_file_takes_nobodys_keys_away(file: KeyFile, text: str | None) -> None:
    """A process with working keys goes on with them."""
    running = ServerKeys(file.read(), KeyFile(file.path))
    sealed = running.seal(b"Tuesday", PLACE)
    if text is None:
        file.path.unlink()
    else:
        file.path.write_text(text)
    assert not running.reload_if_changed()
    assert running.open(sealed, PLACE) == b"Tuesday"


def test_marks_name_keys_and_show_nothing_of_them() -> None:
    """Two keys have two marks, and an order of keys has that of its first."""
    assert ServerKeys((NEW,)).key_id == ServerKeys((NEW, OLD)).key_id != ServerKeys((OLD,)).key_id
    assert ServerKeys((NEW,)).key_id not in NEW.hex()
