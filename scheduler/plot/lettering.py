"""Text in pictures: which fonts show it, what is shown instead of characters no font has, and how wide it is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby

from matplotlib import font_manager

BASE_FAMILY = "DejaVu Sans"
"""Comes with matplotlib, so it is there everywhere."""

PREFERRED = (
    "Noto Sans",
    "Source Han Sans",
    "IPA",
    "WenQuanYi",
    "Hiragino",
    "PingFang",
    "Yu Gothic",
    "Microsoft",
    "Malgun",
)
"""Beginnings of the names of families tried first for characters that the base family lacks."""

BOLD_WIDENING = 1.13
HINTING = 1.035
"""How much wider a text may be rendered than it is set, at most: the glyphs of a picture begin at whole pixels."""
ELLIPSIS = "…"


@dataclass(frozen=True)
class Lettering:
    """The fonts of one figure.

    Attributes
    ----------
    families
        Font families in order of preference; give them to every text of the figure.
    unshown
        Characters in no installed font, and control characters: `show` writes them as their code points.
    """

    families: tuple[str, ...] = (BASE_FAMILY,)
    unshown: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def covering(cls, texts: Iterable[str]) -> Lettering:
        """Return the lettering for these texts: the base family and as many installed ones as they need."""
        characters = frozenset("".join(texts))
        printable = frozenset(c for c in characters if not unicodedata.category(c).startswith("C"))
        families = [BASE_FAMILY]
        missing = printable - _covered(_path(BASE_FAMILY), printable)
        for family, path in _candidates() if missing else ():
            found = _covered(path, missing)
            if found:
                families.append(family)
                missing -= found
            if not missing:
                break
        return cls(tuple(families), missing | (characters - printable))

    def show(self, text: str) -> str:
        """Return the text with every run of unshown characters written as ``[U+53F0 5317]``."""
        if self.unshown.isdisjoint(text):
            return text
        runs = groupby(text, key=self.unshown.__contains__)
        return "".join(_code_points(run) if hidden else "".join(run) for hidden, run in runs)

    @property
    def note(self) -> str:
        """What to tell the reader about unshown characters; empty when there are none."""
        if not self.unshown:
            return ""
        return f"no installed font has {len(self.unshown)} of the characters used; they are written as [U+code]"

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return the width of the shown text in points, set in font size `size`."""
        paths = [_path(family) for family in self.families]
        em = sum(_advance(character, tuple(paths)) for character in self.show(text))
        return em * size * (BOLD_WIDENING if bold else 1.0)

    def room(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return the width in points that keeps clear of the text in any picture."""
        return HINTING * self.width(text, size, bold=bold)

    def shortened(self, text: str, size: float, limit: float, *, bold: bool = False) -> str:
        """Return the shown text, cut in the middle so that it is at most `limit` points wide."""
        shown = self.show(text)
        if self.width(text, size, bold=bold) <= limit:
            return shown
        for kept in range(len(shown) - 1, 1, -1):
            short = shown[: (kept + 1) // 2] + ELLIPSIS + shown[len(shown) - kept // 2 :]
            if self.width(short, size, bold=bold) <= limit:
                return short
        return ELLIPSIS


def _code_points(run: Iterable[str]) -> str:
    return "[U+" + " ".join(f"{ord(character):04X}" for character in run) + "]"


@lru_cache(maxsize=64)
def _path(family: str) -> str:
    return str(font_manager.findfont(font_manager.FontProperties(family=[family])))


def _covered(path: str, characters: frozenset[str]) -> frozenset[str]:
    known = font_manager.get_font(path).get_charmap()
    return frozenset(character for character in characters if ord(character) in known)


def _candidates() -> list[tuple[str, str]]:
    """Return the installed families with a file of each, upright and regular, preferred ones first.

    The *Last Resort* font is left out: it has a glyph for everything, the same box.
    """
    found: dict[str, str] = {}
    for entry in font_manager.fontManager.ttflist:
        if entry.style == "normal" and "Last Resort" not in entry.name:
            found.setdefault(entry.name, entry.fname)
    return sorted(found.items(), key=lambda item: (not item[0].startswith(PREFERRED), item[0]))


@lru_cache(maxsize=8192)
def _advance(character: str, paths: tuple[str, ...]) -> float:
    """Return the advance width of a character in ems, in the first font that has it."""
    for path in paths:
        font = font_manager.get_font(path)
        if ord(character) in font.get_charmap():
            font.set_size(100, 72)
            return float(font.load_char(ord(character)).linearHoriAdvance) / 65536 / 100
    return 1.0
