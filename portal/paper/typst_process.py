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
from collections.abc import Callable
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

find_signs = regex.compile(r"\X").findall
replace_words = regex.compile(r"\S+").sub


def main() -> None:
    """Set what comes in on the standard input. What fails is not told: that could tell what somebody wrote."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would be what was written, on the disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.nice(10)
    try:
        told, pdf = typeset(json.loads(sys.stdin.buffer.read()))
    except BaseException:  # noqa: BLE001 - the engine's message quotes the text
        sys.exit(1)
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + pdf)


def typeset(document: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return what is told of the pages, and the file."""
    import typst

    unset: dict[str, None] = {}
    marked = replace_texts(document, build_marker(read_letters(), unset))
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    compiler = typst.Compiler(
        str(HERE / "paper.typ"),
        root=str(HERE),
        font_paths=fonts,
        sys_inputs={"document": json.dumps(marked | {"fonts": [], "is-unset": bool(unset)})},
        package_path=os.devnull,
        package_cache_path=os.devnull,
    )
    # Asked first: what was laid out for the answer is used again for the file.
    *starts, end = json.loads(compiler.eval("query(<begin>).map(it => it.location().page())"))
    pdf = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=document["made-at"])
    if not isinstance(pdf, bytes):
        raise TypeError(type(pdf).__name__)
    return {"pages": end, "starts": starts, "unset": list(unset)}, pdf


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
