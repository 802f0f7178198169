"""Colours: 60 jobs that can be told apart, text that can be read."""

from __future__ import annotations

from itertools import combinations

import pytest

from scheduler.plot.palette import INK, WHITE, Rgb, blend, job_colour, luminance, oklch, text_colour


def oklab(colour: Rgb) -> tuple[float, float, float]:
    """Return the Oklab coordinates of an sRGB colour (Ottosson 2020), the inverse of what the palette does."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def distance(one: Rgb, other: Rgb) -> float:
    return sum((a - b) ** 2 for a, b in zip(oklab(one), oklab(other), strict=True)) ** 0.5


def test_any_two_of_60_jobs_differ_visibly() -> None:
    # 0.02 in Oklab is about the smallest difference seen side by side; colours may come closer with another stripe.
    for one, other in combinations([job_colour(index) for index in range(60)], 2):
        least = 0.03 if one.stripe == other.stripe else 0.015
        assert distance(one.fill, other.fill) > least


def test_neighbours_in_the_job_list_differ_in_lightness_too() -> None:
    for index in range(60):
        lightness = [oklab(job_colour(i).fill)[0] for i in (index, index + 1)]
        assert abs(lightness[0] - lightness[1]) > 0.07


def test_no_job_is_red() -> None:
    red = (0.784, 0.063, 0.180)
    assert min(distance(red, job_colour(index).fill) for index in range(200)) > 0.1


@pytest.mark.parametrize("index", range(60))
def test_text_on_a_bar_can_be_read(index: int) -> None:
    colour = job_colour(index)
    bright, dark = sorted((luminance(colour.fill), 1.0 if colour.text == WHITE else 0.016), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) > 4.0


def test_text_is_dark_on_light_and_light_on_dark() -> None:
    assert (text_colour((1, 1, 1)), text_colour((0, 0, 0.3))) == (INK, WHITE)


def test_oklch_of_no_chroma_is_grey_and_blending_ends_in_white() -> None:
    red, green, blue = oklch(0.6, 0.0, 123.0)
    assert red == pytest.approx(green, abs=1e-4) == pytest.approx(blue, abs=1e-4)
    assert blend((0.2, 0.4, 0.6), 1.0) == (1.0, 1.0, 1.0)
    assert blend((0.2, 0.4, 0.6), 0.0) == (0.2, 0.4, 0.6)
