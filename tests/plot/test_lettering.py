"""Letters that the base font lacks: another installed font, or their code points; never a warning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from small_factory import INSTANCE, SCHEDULE

from scheduler.domain import Instance, Schedule
from scheduler.plot import gantt
from scheduler.plot.lettering import BASE_FAMILY, Lettering

TAI, BEI = "\u53f0", "\u5317"
OGHAM = "\u1681"
"""A letter that our test font lacks too."""


@pytest.fixture
def only_base_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that only matplotlib's own fonts are installed."""
    own = [entry for entry in font_manager.fontManager.ttflist if "mpl-data" in entry.fname]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)


@pytest.fixture
def gothic(tmp_path: Path, only_base_fonts: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Install a font that has the letters of Taipei, as boxes one em wide."""
    file = tmp_path / "gothic.ttf"
    _write_font(file, "Test Gothic", TAI + BEI)
    entry = font_manager.FontEntry(fname=str(file), name="Test Gothic", style="normal", weight=400)
    known = [*font_manager.fontManager.ttflist, entry]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", known)
    yield "Test Gothic"
    # matplotlib remembers where it found a family.
    font_manager.fontManager._findfont_cached.cache_clear()


def _write_font(file: Path, family: str, characters: str) -> None:
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, 800), (900, 800), (900, 0)):
        pen.lineTo(point)
    pen.closePath()
    box = pen.glyph()
    names = [".notdef", *(f"uni{ord(c):04X}" for c in characters)]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(c): name for c, name in zip(characters, names[1:], strict=True)})
    builder.setupGlyf(dict.fromkeys(names, box))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 100)))
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(file)


def taipei() -> Instance:
    """Return the small factory with its saw called Taipei."""
    return replace(INSTANCE, name=TAI + BEI, jobs=())


def draw(instance: Instance) -> tuple[list[str], Figure]:
    """Draw in every format (warnings are errors) and return the words of the picture."""
    figure = gantt(instance, Schedule(SCHEDULE.operations)).figure
    assert isinstance(figure, Figure)
    for kind in ("png", "svg", "pdf"):
        figure.savefig(BytesIO(), format=kind)
    return [text.get_text() for text in figure.findobj(Text)], figure


def test_latin_and_greek_need_no_other_font() -> None:
    lettering = Lettering.covering(("Säge Łódź Ω Жук",))
    assert lettering.families == (BASE_FAMILY,)
    assert lettering.note == ""


def test_missing_letters_are_written_as_code_points_with_a_note(only_base_fonts: None) -> None:
    lettering = Lettering.covering((f"M{TAI}{BEI}1",))
    assert lettering.show(f"M{TAI}{BEI}1") == "M[U+53F0 5317]1"
    assert lettering.show("M1") == "M1"
    assert "2 of the characters" in lettering.note


def test_a_chart_without_the_font_says_so_and_warns_nothing(only_base_fonts: None) -> None:
    found, _ = draw(taipei())
    assert "[U+53F0 5317]" in found
    assert any("no installed font has 2 of the characters used" in text for text in found)


def test_an_installed_font_is_found_and_used(gothic: str) -> None:
    lettering = Lettering.covering((TAI, "Taipei"))
    assert lettering.families == (BASE_FAMILY, gothic)
    found, figure = draw(taipei())
    assert TAI + BEI in found
    title = next(text for text in figure.findobj(Text) if text.get_text() == TAI + BEI)
    assert title.get_fontfamily() == [BASE_FAMILY, gothic]


def test_what_the_installed_font_lacks_is_still_escaped(gothic: str) -> None:
    lettering = Lettering.covering((TAI + OGHAM + "\U000e0001",))
    if OGHAM in lettering.unshown:
        assert lettering.show(TAI + OGHAM) == f"{TAI}[U+1681]"
    assert lettering.show("\U000e0001") == "[U+E0001]"


def test_control_characters_and_lone_surrogates_are_escaped() -> None:
    text = "a\nb\u202ec\ud800"
    assert Lettering.covering((text,)).show(text) == "a[U+000A]b[U+202E]c[U+D800]"


def test_width_is_that_of_the_drawn_text(gothic: str) -> None:
    lettering = Lettering.covering((TAI,))
    # The test font is one em wide.
    assert lettering.width(TAI, 10) == pytest.approx(10.0)
    figure = Figure(dpi=72)
    text = figure.text(0, 0, "J12.weld", fontsize=100, family=[BASE_FAMILY])
    assert lettering.width("J12.weld", 100) == pytest.approx(text.get_window_extent().width, rel=0.05)


@pytest.mark.parametrize("dpi", [72, 100, 130, 200])
@pytest.mark.parametrize("text", ["network of 1 facilities, 24 operations, seed 3", "MILLING", "m"])
def test_what_comes_behind_keeps_clear_of_a_rendered_text(text: str, dpi: int) -> None:
    lettering, figure = Lettering.covering((text,)), Figure(dpi=dpi)
    FigureCanvasAgg(figure)
    for weight in ("normal", "bold"):
        drawn = figure.text(0, 0, text, fontsize=12, fontweight=weight, fontfamily=list(lettering.families))
        drawn_points = drawn.get_window_extent().width * 72 / dpi
        # One pixel more than the room: what comes behind begins a margin of eight further.
        assert drawn_points <= lettering.room(text, 12, bold=weight == "bold") + 72 / dpi


def test_long_names_are_cut_in_the_middle() -> None:
    lettering = Lettering()
    short = lettering.shortened("assembly station number seventeen", 8, 80)
    assert short.startswith("asse") and short.endswith("een") and "…" in short
    assert lettering.width(short, 8) <= 80
    assert lettering.shortened("short", 8, 80) == "short"
    assert lettering.shortened("anything", 8, 1) == "…"
