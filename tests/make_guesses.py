"""
Make anew what the strength meter knows: `python tests/make_guesses.py`; run tests/journal/authentication afterwards.

npm brings the Spanish words and names of zxcvbn-ts, and PyPI what confusable-homoglyphs has of Unicode's table of
look-alikes (UTS #39). Of the words the most common are taken, without their accents, as the meter reads them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

DATA = Path(__file__).parent.parent / "journal" / "data"
WORDS, NAMES = 8000, 800
PACKAGES = ("@zxcvbn-ts/language-es-es@4.1.2", "@zxcvbn-ts/dictionary-compression@3.0.1")
LOOK_ALIKES = "confusable-homoglyphs==3.3.1"
PRINT_LISTS = """
const lists = ["commonWords", "firstnames", "lastnames"].map((name) => {
  const found = require(`@zxcvbn-ts/language-es-es/dist/${name}.json.cjs`);
  return found.default ?? found;
});
console.log(JSON.stringify(lists));
"""
NOTICE = """\
# The most common Spanish words, and then names, each line one. From @zxcvbn-ts/language-es-es (MIT); its words come
# from OpenSubtitles 2024 by OPUS (https://opus.nlpl.eu/), under the Open Data Commons Attribution License (ODC-BY).
"""
PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ023456789"
"""What a sign can look like; an upright stroke is read as the letter l."""


def fetch_words(folder: Path) -> list[str]:
    """Return Spanish words and names, the most common first."""
    subprocess.run(["npm", "install", "--silent", "--no-save", *PACKAGES], cwd=folder, check=True)
    done = subprocess.run(
        ["node", "-e", PRINT_LISTS], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    words, *names = json.loads(done.stdout)
    return [*words[:WORDS], *(name for found in names for name in found[:NAMES])]


def bare(word: str) -> str:
    """Return a word in small letters without accents."""
    apart = unicodedata.normalize("NFD", word.lower())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def fetch_look_alikes(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Return what Unicode says looks alike."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "-d",
        str(folder),
        LOOK_ALIKES,
    ]
    subprocess.run(command, check=True)
    (archive,) = folder.glob("confusable*")
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as packed:
            found: dict[str, list[dict[str, str]]] = json.loads(
                packed.read("confusable_homoglyphs/confusables.json")
            )
            return found
    with tarfile.open(archive) as source:
        name = next(one for one in source.getnames() if one.endswith("/confusables.json"))
        file = source.extractfile(name)
        assert file is not None
        return json.loads(file.read())  # type: ignore[no-any-return]


def list_look_alikes(found: dict[str, list[dict[str, str]]]) -> Iterator[tuple[str, str]]:
    """Yield each plain sign with all that looks like it, of one sign and not plain itself."""
    taken: set[str] = set()
    for plain in PLAIN:
        alike = sorted(
            {
                one["c"]
                for one in found.get(plain, [])
                if len(one["c"]) == 1 and not unicodedata.normalize("NFKC", one["c"]).isascii()
            }
            - taken
        )
        taken |= set(alike)
        if alike:
            yield plain, " ".join(alike)


def main() -> None:
    """Write both files."""
    with TemporaryDirectory() as folder:
        words = dict.fromkeys(map(bare, fetch_words(Path(folder))))
        lines = [word for word in words if re.fullmatch(r"[a-z]{2,}", word)]
        (DATA / "spanish-words.txt").write_text(NOTICE + "\n".join(lines) + "\n", encoding="utf-8")
    with TemporaryDirectory() as folder:
        alike = "".join(
            f"{plain} {signs}\n" for plain, signs in list_look_alikes(fetch_look_alikes(Path(folder)))
        )
        (DATA / "confusables.txt").write_text(alike, encoding="utf-8")


if __name__ == "__main__":
    main()
