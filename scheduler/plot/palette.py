"""Colours: one per job, told apart by hue and by lightness, plus the fixed colours of everything else.

Hues follow the golden angle, so that neighbours in the job list are far apart however many jobs there are, and
lightness cycles through four levels, so that colours differ for readers who can't tell their hues apart. Both are
coordinates of Oklch, a perceptual colour space (B. Ottosson, "A perceptual color space for image processing", 2020).
Hues near red are left out: red means late or broken down. From the 21st job on bars also carry a stripe.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import cos, radians, sin
from typing import Literal, TypeAlias

Rgb: TypeAlias = tuple[float, float, float]
Stripe: TypeAlias = Literal["solid", "dashed"]

GOLDEN_ANGLE = 137.50776405003785
LIGHTNESS = (0.78, 0.62, 0.84, 0.70)
CHROMA = 0.14
FIRST_HUE, HUE_RANGE = 45.0, 325.0
"""Hues run from 45 to 370 degrees; the red used here lies at 21."""
JOBS_PER_STRIPE = 20
STRIPES: tuple[Stripe | None, ...] = (None, "solid", "dashed")

RED = "#c8102e"
PALE_RED = "#fbe3e4"
INK = "#1f2328"
GREY = "#6b7280"
PALE_INK = "#b4b9c1"
PALE_GREY = "#d3d6db"
OFF_SHIFT_GREY = "#e9ebee"
BAND_GREY = "#f4f5f7"
FACILITY_GREY = "#e3e7eb"
CYCLE_VIOLET = "#6f42c1"
TRANSIT_SAND = "#efdca6"
PALE_SAND = "#fbf4df"
LINE_GREY = "#c3c8ce"
NOW_BLUE = "#0b5cad"
FROZEN_GREEN = "#1a7f37"
CHARGE_GREEN = "#8fd19e"
LEVEL_GREEN = "#2e8b57"
WHITE = "#ffffff"


@dataclass(frozen=True, slots=True)
class JobColour:
    """Fill of a job's bars, the colour of text on them, and the line style of their stripe (None: no stripe)."""

    fill: Rgb
    text: str
    stripe: Stripe | None = None


@cache
def job_colour(index: int) -> JobColour:
    """Return the colour of job number `index` (from 0)."""
    hue = FIRST_HUE + (index * GOLDEN_ANGLE % 360.0) / 360.0 * HUE_RANGE
    fill = oklch(LIGHTNESS[index % len(LIGHTNESS)], CHROMA, hue)
    return JobColour(fill, text_colour(fill), STRIPES[index // JOBS_PER_STRIPE % len(STRIPES)])


def oklch(lightness: float, chroma: float, hue: float) -> Rgb:
    """Return the sRGB colour of an Oklch coordinate, with as much of its chroma as sRGB can show."""
    while True:
        channels = _linear_rgb(lightness, chroma * cos(radians(hue)), chroma * sin(radians(hue)))
        if chroma < 0.005 or all(-1e-6 <= channel <= 1 + 1e-6 for channel in channels):
            red, green, blue = (_encoded(min(max(channel, 0.0), 1.0)) for channel in channels)
            return (red, green, blue)
        chroma *= 0.95


def _linear_rgb(lightness: float, a: float, b: float) -> Rgb:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _encoded(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _decoded(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def luminance(colour: Rgb) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2.2), 0 for black to 1 for white."""
    red, green, blue = (_decoded(channel) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def text_colour(fill: Rgb) -> str:
    """Return ink or white, whichever contrasts more with `fill`."""
    on_white, on_ink = 1.05 / (luminance(fill) + 0.05), (luminance(fill) + 0.05) / 0.066
    return WHITE if on_white > on_ink else INK


def blend(colour: Rgb, share: float) -> Rgb:
    """Return the colour mixed with white; `share` 0 is the colour itself, 1 is white."""
    red, green, blue = (channel + (1.0 - channel) * share for channel in colour)
    return (red, green, blue)


def darker(colour: Rgb, share: float = 0.4) -> Rgb:
    """Return the colour mixed with black."""
    red, green, blue = (channel * (1.0 - share) for channel in colour)
    return (red, green, blue)
