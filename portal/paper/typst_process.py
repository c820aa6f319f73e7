"""
A program of its own: reads a document as JSON, writes a line that tells of the pages, and then the PDF.

Typst is a large typesetter, and what it is given was written by people. Here it has a process to itself: bounded memory
and time, low priority, no file that it could write, and no core dump. It holds the interpreter while it works, which
a server cannot. The line is JSON: `pages`, `starts`, `unset`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
MEMORY = 2 << 30  # bytes of addresses, of which a journal of 300 pages uses a fifth
MARK = "[…]"
UNSEEN = frozenset("\n\t\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200c\u200d\u200e\u200f\uffa0") | {
    chr(letter)
    for first, last in ((0x202A, 0x202E), (0x2060, 0x2069), (0xFE00, 0xFE0F), (0xE0020, 0xE007F))
    for letter in range(first, last + 1)
}
"""What has no shape of its own: it joins, parts or turns what stands beside it."""
NO_WORDS = frozenset({"svg", "kind", "look", "language", "region", "paper", "fonts"})
"""Keys of what is no text."""

OF_DRAWINGS = 1
"""From which of our families on drawings are set: they name Source Sans 3."""
SCALES = (100, 92, 84, 77, 71, 65, 60)
"""How large all is set, in per cent, until it fits on one page; at the least of them as small as on a label."""
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
FONT_ENDINGS = (".ttf", ".otf", ".ttc")
BY_LANGUAGE = ("NotoSansJP-Regular", "NotoSansKR-Regular", "NotoSansSC-Regular", "NotoSansTC-Regular")
PREFERRED = (
    "NotoSansHebrew-Regular",
    "NotoSansArabic-Regular",
    "NotoSansDevanagari-Regular",
    "NotoColorEmoji",
    "NotoSansCJK-Regular",
    *BY_LANGUAGE,
)
"""Names of files, in the order in which they are looked into."""
ENDINGS = {"ja": "JP", "ko": "KR", "zh": "SC", "zh-TW": "TC", "zh-HK": "TC"}
"""How the families of a language end, where one sign is written in different ways."""
CHINESE_JAPANESE_KOREAN: dict[str, dict[str, str | None]] = {
    "ja": {"language": "ja", "region": None},
    "ko": {"language": "ko", "region": None},
    "zh": {"language": "zh", "region": None},
    "zh-TW": {"language": "zh", "region": "TW"},
}

find_signs = regex.compile(r"\X").findall
replace_words = regex.compile(r"\S+").sub
replace_drawn = regex.compile(r"(?<=>)[^<]+").sub


@dataclass(frozen=True)
class Font:
    """A file of fonts: its families, and the characters that they can set."""

    path: Path
    families: tuple[str, ...]
    letters: frozenset[str]


def main() -> None:
    """Set what comes in on the standard input. What fails is not told: that could tell what somebody wrote."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would be what was written, on the disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    memory = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    os.nice(10)
    try:
        told, pdf = typeset(json.loads(sys.stdin.buffer.read()))
    except BaseException:  # noqa: BLE001 - the engine's message quotes the text
        sys.exit(1)
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + pdf)


def typeset(document: dict[str, Any], folders: Sequence[Path] = FONT_FOLDERS) -> tuple[dict[str, Any], bytes]:
    """
    Return what is told of the pages, and the file.

    Args:
        document: As `portal/paper/encoding.py` writes it.
        folders: Where fonts are looked for, if ours lack letters.
    """
    import typst

    ours = read_letters()
    unset: dict[str, None] = {}
    replace_texts(document, build_marker(ours, unset))
    others = find_fonts(folders, {sign for word in unset for sign in find_signs(word)} if unset else set())
    try:
        return set_pages(document, ours, others)
    except typst.TypstError:
        if not others:
            raise
        return set_pages(document, ours, [])  # a font that cannot do what it says is as if it were not there


def set_pages(
    document: dict[str, Any], ours: list[frozenset[str]], others: list[Font], scale: int = 100
) -> tuple[dict[str, Any], bytes]:
    """Return the same, set with these fonts and no more, and smaller where one page is wanted."""
    import typst

    unset: dict[str, None] = {}
    marked = replace_texts(document, build_marker([*ours, *(font.letters for font in others)], unset))
    marked = mark_drawings(marked, build_marker(ours[OF_DRAWINGS:], unset))
    marked |= {"is-unset": bool(unset), "scale": scale, "fonts": order_families(others, document["lang"])}
    marked["fonts-of"] = {
        name: order_families(others, lang) for name, lang in CHINESE_JAPANESE_KOREAN.items()
    }
    folders = {str(font.path.parent) for font in others}
    compiler = typst.Compiler(
        str(HERE / "paper.typ"),
        root=str(HERE),
        font_paths=typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(FONTS), *sorted(folders)],
        ),
        sys_inputs={"document": json.dumps(marked)},
        package_path=os.devnull,
        package_cache_path=os.devnull,
    )
    # Asked first: what was laid out for the answer is used again for the file.
    *starts, end = json.loads(compiler.eval("query(<begin>).map(it => it.location().page())"))
    if end > 1 and document["one-page"] and scale > SCALES[-1]:
        return set_pages(document, ours, others, SCALES[SCALES.index(scale) + 1])
    pdf = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=document["made-at"])
    if not isinstance(pdf, bytes):
        raise TypeError(type(pdf).__name__)
    return {"pages": end, "starts": starts, "unset": list(unset)}, pdf


def find_fonts(folders: Sequence[Path], needed: set[str]) -> list[Font]:
    """
    Return fonts of this machine that have letters which ours lack.

    Only Noto is looked for: its fonts go together, and each says by its name what it is for.

    Args:
        folders: Where they are looked for, also below.
        needed: Letters, each with the marks on it.
    """
    found = {
        path.stem: path for folder in folders for path in folder.rglob("Noto*") if path.suffix in FONT_ENDINGS
    }
    plain = sorted(name for name in found if name.startswith("NotoSans") and name.endswith("-Regular"))
    chosen: list[Font] = []
    left = needed
    for name in (
        *(one for one in PREFERRED if one in found),
        *(one for one in plain if one not in PREFERRED),
    ):
        is_other_form = name in BY_LANGUAGE and any(font.path.stem in BY_LANGUAGE for font in chosen)
        if not (left or is_other_form):
            continue
        try:
            font = read_font(found[name])
        except Exception:  # noqa: BLE001, S112 - whatever is wrong with a file of the system, there are others
            continue
        served = {sign for sign in needed if font.letters.issuperset(sign)}
        if served & left or (served and is_other_form):
            chosen.append(font)
            left = left - served
    return chosen


def read_font(path: Path) -> Font:
    """Return what a file holds: one font, or several that differ by language."""
    from fontTools.ttLib import TTCollection, TTFont

    with TTCollection(path, lazy=True) if path.suffix == ".ttc" else TTFont(path, lazy=True) as file:
        fonts = file.fonts if isinstance(file, TTCollection) else [file]
        families = tuple(str(font["name"].getBestFamilyName()) for font in fonts)
        return Font(path, families, frozenset(map(chr, fonts[0].getBestCmap())) | UNSEEN)


def order_families(fonts: list[Font], lang: dict[str, str | None]) -> list[str]:
    """Return the names of families; of those that differ by language, the one for *lang* comes first."""
    ending = ENDINGS.get(f"{lang['language']}-{lang['region']}", ENDINGS.get(str(lang["language"]), "SC"))
    names = [name for font in fonts for name in font.families if " Mono " not in name]
    return sorted(names, key=lambda name: not name.endswith(f" {ending}"))


def build_marker(letters: list[frozenset[str]], unset: dict[str, None]) -> Callable[[str], str]:
    """
    Return what puts a mark in the place of each run that no font can set, and notes the word it stands in.

    A letter and what is put on it are set with one font, so one has to have both.

    Args:
        letters: The characters of each family.
        unset: Receives the words.
    """

    def is_set(text: str) -> bool:
        return any(family.issuperset(text) for family in letters)

    def mark_word(found: regex.Match[str]) -> str:
        word = str(found[0])
        if is_set(word):
            return word
        signs = [sign if is_set(sign) else "" for sign in find_signs(word)]
        if not all(signs):
            unset[word] = None
        return "".join(sign or MARK for at, sign in enumerate(signs) if sign or at == 0 or signs[at - 1])

    def mark(text: str) -> str:
        return text if is_set(text) else str(replace_words(mark_word, text))

    return mark


def read_letters() -> list[frozenset[str]]:
    """Return the characters that each of our families can set."""
    told = json.loads((FONTS / "letters.json").read_text())
    return [
        frozenset(chr(letter) for first, last in spans for letter in range(first, last + 1)) | UNSEEN
        for spans in told.values()
    ]


def mark_drawings(value: Any, mark: Callable[[str], str]) -> Any:
    """Return a document with what stands in its drawings marked: they are set with the font that they name."""
    if isinstance(value, list):
        return [mark_drawings(one, mark) for one in value]
    if isinstance(value, dict):
        return {
            key: replace_drawn(lambda found: mark(found[0]), one)
            if key == "svg"
            else mark_drawings(one, mark)
            for key, one in value.items()
        }
    return value


def replace_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a document with each text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [replace_texts(one, change) for one in value]
    if isinstance(value, dict):
        return {key: one if key in NO_WORDS else replace_texts(one, change) for key, one in value.items()}
    return value


if __name__ == "__main__":
    main()
