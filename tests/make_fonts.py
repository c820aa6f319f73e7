"""
Make the fonts of printed pages anew: `python tests/make_fonts.py`; look at the pages afterwards.

They are cut from the whole families, which npm brings with their licences, to the letters of Latin, Greek and Cyrillic,
and to what typesetting needs. `letters.json` lists which characters each family can set, as pairs of first and last.
With a folder as argument (`/usr/share/fonts` with Debian's fonts-noto-core, fonts-noto-cjk, fonts-noto-color-emoji) the
fonts of other scripts are cut for the tests, to the letters that they print.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from fontTools import subset
from fontTools.ttLib import TTFont

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.portal.paper.sentences import SENTENCES

FONTS = Path(__file__).parents[1] / "portal/paper/fonts"
FAMILIES = {
    "@expo-google-fonts/literata@0.4.3": ("Literata", ("400Regular", "600SemiBold")),
    "@expo-google-fonts/source-sans-3@0.4.1": ("SourceSans3", ("400Regular", "600SemiBold")),
}
"""Packages of npm, the name each file begins with, and the faces that are used."""
THEIRS = Path(__file__).parent / "portal/paper/fonts"
NOTO = (
    ("NotoSansHebrew-Regular.ttf", "NotoSansHebrew-Regular.ttf", -1),
    ("NotoSansArabic-Regular.ttf", "NotoSansArabic-Regular.ttf", -1),
    ("NotoSansDevanagari-Regular.ttf", "NotoSansDevanagari-Regular.ttf", -1),
    ("NotoSansJP-Regular.otf", "NotoSansCJK-Regular.ttc", 0),
    ("NotoSansKR-Regular.otf", "NotoSansCJK-Regular.ttc", 1),
    ("NotoSansSC-Regular.otf", "NotoSansCJK-Regular.ttc", 2),
    ("NotoColorEmoji.ttf", "NotoColorEmoji.ttf", -1),
)
"""The name of a file for the tests, the one that it is cut from, and which font of several."""
RANGES = (
    (0x0020, 0x007E),
    (0x00A0, 0x024F),
    (0x0259, 0x0259),
    (0x02B0, 0x02FF),
    (0x0300, 0x036F),
    (0x0370, 0x03FF),
    (0x0400, 0x052F),
    (0x1E00, 0x1EFF),
    (0x1F00, 0x1FFF),
    (0x2000, 0x206F),
    (0x2070, 0x209F),
    (0x20A0, 0x20CF),
    (0x2100, 0x214F),
    (0x2150, 0x218F),
    (0x2190, 0x2199),
    (0x2200, 0x22FF),
    (0x25A0, 0x25FF),
    (0x2600, 0x27BF),
    (0xFB00, 0xFB06),
    (0xFFFD, 0xFFFD),
)
FEATURES = ("ccmp", "kern", "liga", "locl", "mark", "mkmk", "calt", "lnum", "pnum", "tnum")


def cut(source: bytes) -> TTFont:
    """Return a font with the letters that are kept, and without what only screens need."""
    options = subset.Options()
    options.layout_features = list(FEATURES)
    options.hinting = False
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.drop_tables += ["DSIG", "STAT", "meta"]
    font = TTFont(io.BytesIO(source), recalcTimestamp=False)
    chosen = subset.Subsetter(options)
    chosen.populate(unicodes=[letter for first, last in RANGES for letter in range(first, last + 1)])
    chosen.subset(font)
    return font


def cut_for_tests(folder: Path) -> None:
    """Cut Noto's fonts of other scripts to what the tests print."""
    letters = {ord(letter) for sentence in SENTENCES.values() for letter in sentence}
    THEIRS.mkdir(exist_ok=True)
    for name, source, number in NOTO:
        [path] = folder.rglob(source)
        options = subset.Options(layout_features=["*"], hinting=False, name_IDs=["*"])
        font = TTFont(path, fontNumber=number, recalcTimestamp=False)
        chosen = subset.Subsetter(options)
        chosen.populate(unicodes=letters & set(font.getBestCmap()))
        chosen.subset(font)
        font.save(THEIRS / name)


def list_spans(letters: set[int]) -> list[list[int]]:
    """Return a set of characters as pairs of first and last."""
    spans: list[list[int]] = []
    for letter in sorted(letters):
        if spans and spans[-1][1] == letter - 1:
            spans[-1][1] = letter
        else:
            spans.append([letter, letter])
    return spans


def main() -> None:
    """Fetch, cut and write the fonts, their licences and the list of their letters."""
    if sys.argv[1:]:
        cut_for_tests(Path(sys.argv[1]))
        return
    letters: dict[str, list[list[int]]] = {}
    FONTS.mkdir(exist_ok=True)
    with TemporaryDirectory() as scratch:
        for package, (family, faces) in FAMILIES.items():
            told = subprocess.run(
                ["npm", "pack", "--json", package], cwd=scratch, check=True, capture_output=True
            )
            with tarfile.open(Path(scratch, json.loads(told.stdout)[0]["filename"])) as files:
                files.extractall(Path(scratch, family), filter="data")
            covered = []
            for face in faces:
                font = cut(Path(scratch, family, "package", face, f"{family}_{face}.ttf").read_bytes())
                font.save(FONTS / f"{family}_{face}.ttf")
                covered.append(set(font.getBestCmap()))
            letters[family] = list_spans(set.intersection(*covered))
            shutil.copy(Path(scratch, family, "package/LICENSE_FONT"), FONTS / f"{family}-OFL.txt")
    (FONTS / "letters.json").write_text(json.dumps(letters, separators=(",", ":")) + "\n")
    print(f"{sum(path.stat().st_size for path in FONTS.iterdir())} bytes in {FONTS}", file=sys.stderr)


if __name__ == "__main__":
    main()
