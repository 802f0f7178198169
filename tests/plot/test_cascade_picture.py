"""The picture of a cascade: where each box stands, what it says, and what is left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cascade_sample import DELAYS, EVENTS
from helpers import at, factory, machine, schedule, simple_job
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from scheduler.domain import Execution
from scheduler.plot import plot_cascade, save_cascade
from scheduler.plot.cascade import MOST_COLUMNS, MOST_DELAYS, lay_out_cascade
from scheduler.plot.palette import INK, job_colour
from scheduler.rescheduling.cascade import Delay, culprit


def test_boxes_stand_beside_and_below_their_causes() -> None:
    boxes = lay_out_cascade(DELAYS, EVENTS)
    assert [(box.column, box.row, box.lines[0], box.parent, box.way) for box in boxes] == [
        (0, 0, "E1", None, ""),
        (1, 0, "X.cut", 0, ""),
        (2, 0, "X from saw to S1", 1, "through job X"),
        (3, 0, "X.weld", 2, "through job X"),
        (2, 1, "Y.cut", 1, "through saw"),
        (0, 2, "E2", None, ""),
        (1, 2, "charge of agv", 5, ""),
        (2, 2, "Z from dock to oven", 6, "through agv"),
    ]
    assert [box.lines[1] for box in boxes[:3]] == ["machine breakdown", "saw: takes 5 longer", "r: 5 later"]
    assert [box.job for box in boxes] == ["", "X", "X", "X", "Y", "", "", "Z"]
    assert len({(box.column, box.row) for box in boxes}) == len(boxes)


def test_an_event_that_says_nothing_of_a_delay_is_not_its_cause() -> None:
    assert [culprit(DELAYS[number], EVENTS) for number in (0, 4)] == ["E1", "E2"]
    assert culprit(Delay("operation", "Q.1 on M", "Q", "M", 1, 0), EVENTS) == "E1, E2"


def test_of_large_cascades_the_first_is_drawn() -> None:
    chain = [Delay("operation", f"J.{n} on M", "J", "M", 1, 0, n - 1 if n else None, "job", "J") for n in range(20)]
    boxes = lay_out_cascade(chain, EVENTS)
    assert max(box.column for box in boxes) == MOST_COLUMNS
    wide = [Delay("operation", f"J{n}.1 on M", f"J{n}", "M", 1, 0) for n in range(500)]
    assert len(lay_out_cascade(wide, EVENTS)) == MOST_DELAYS + 1
    words = [text.get_text() for text in plot_cascade(wide, EVENTS).findobj(Text)]  # type: ignore[attr-defined]
    assert f"500 delayed, 1 deep, {MOST_DELAYS} of them shown" in words


def test_nothing_delayed_is_a_picture_too(tmp_path: Path) -> None:
    save_cascade(tmp_path / "none.svg", (), EVENTS, title="calm")
    assert (tmp_path / "none.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert lay_out_cascade((), EVENTS) == ()


def test_texts_stay_inside_their_boxes() -> None:
    figure = plot_cascade(DELAYS, EVENTS, title="small")
    (axes,) = figure.axes
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    frames = [patch.get_window_extent(renderer) for patch in axes.patches if patch.get_zorder() == 2]
    inside = [text.get_window_extent(renderer) for text in axes.texts if text.get_zorder() == 4]
    ways = [text.get_window_extent(renderer) for text in axes.texts if text.get_text().startswith("through")]
    assert (len(frames), len(inside), len(ways)) == (8, 16, 4)
    assert all(any(f.x0 <= t.x0 and t.x1 <= f.x1 and f.y0 <= t.y0 and t.y1 <= f.y1 for f in frames) for t in inside)
    assert not any(way.overlaps(frame) for way in ways for frame in frames)


def test_jobs_have_the_colours_of_the_gantt_charts() -> None:
    baseline = schedule(at("A.1", "M1", 0, 3), at("B.1", "M1", 3, 5))
    plant = factory(machine("M1"), simple_job("A", ("M1", 3)), simple_job("B", ("M1", 2)))
    instance = replace(plant, execution=Execution(1, baseline))
    delays = (Delay("operation", "B.1 on M1", "B", "M1", 3, 0),)  # of the second job alone
    figure = plot_cascade(delays, EVENTS, instance=instance)
    frames = [patch for patch in figure.axes[0].patches if patch.get_edgecolor()[:3] == to_rgb(INK)]
    assert frames != []
    assert {frame.get_facecolor()[:3] for frame in frames} == {to_rgb(job_colour(1).fill)}
