"""The artists: what is drawn with how many of them, on whose axes, with which text."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from gantt_samples import planned
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from small_factory import INSTANCE, SCHEDULE, rescheduled

import scheduler
from scheduler.constraints import Violation
from scheduler.domain import (
    Calendar,
    Downtime,
    Execution,
    Facility,
    Instance,
    Job,
    Machine,
    Mode,
    Objective,
    Operation,
    Schedule,
    ScheduledOperation,
)
from scheduler.plot import before_after, gantt
from scheduler.search.construct import construct

INSTANCES = Path(__file__).parents[2] / "instances"


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


def drawn(figure: Figure) -> Figure:
    """Return the figure after drawing it, so that errors and warnings of drawing come out."""
    FigureCanvasAgg(figure).draw()
    return figure


def figure_of(instance: Instance, schedule: Schedule, **options: object) -> Figure:
    figure = gantt(instance, schedule, **options).figure  # type: ignore[arg-type]
    assert isinstance(figure, Figure)
    return drawn(figure)


def test_names_titles_and_terms_are_written() -> None:
    found = words(figure_of(INSTANCE, SCHEDULE, terms={"total_tardiness": 11}, now=20, frozen_until=30))
    assert {"small", "A", "B", "welding", "truck: A → B", "saw", "S1", "r", "truck#1", "oven"} <= set(found)
    assert {"now 20", "frozen until 30", "X.cut", "X.weld", "+11"} <= set(found)
    assert "makespan 71  ·  total_tardiness 11" in found
    assert "5 operations  ·  2 jobs  ·  makespan 71  ·  1 late job" in found


def test_a_degraded_schedule_is_marked_and_says_what_it_breaks() -> None:
    broken = tuple(
        Violation("time_windows", f"J{n}", f"is completed at {n}, its deadline is 0", n) for n in range(1, 9)
    )
    found = words(figure_of(INSTANCE, SCHEDULE, broken=broken))
    assert {"degraded: breaks 8 limits", "and 2 more"} <= set(found)
    assert "breaks time_windows: J6 is completed at 6, its deadline is 0" in found
    assert not any("J7 is completed" in text for text in found)
    both = words(drawn(before_after(INSTANCE, SCHEDULE, SCHEDULE, broken=broken[:1])))
    assert both.count("degraded: breaks 1 limit") == 1
    assert not any("degraded" in text for text in words(figure_of(INSTANCE, SCHEDULE)))


def test_moments_come_from_the_execution() -> None:
    instance = replace(INSTANCE, execution=Execution(20, SCHEDULE, frozen_until=25))
    assert {"now 20", "frozen until 25"} <= set(words(figure_of(instance, SCHEDULE)))
    assert "now 33" in words(figure_of(instance, SCHEDULE, now=33))


def test_utilisation_stands_at_the_end_of_the_rows() -> None:
    # The saw cuts 10 of 71 ticks; the ovens 40 of 2 * 71.
    assert {"14 %", "28 %"} <= set(words(figure_of(INSTANCE, SCHEDULE)))


def test_labels_stand_only_where_they_fit() -> None:
    wide, narrow = figure_of(INSTANCE, SCHEDULE, width=10.0), figure_of(INSTANCE, SCHEDULE, width=1.0)
    assert "X.test" in words(wide)
    assert "X.test" not in words(narrow)


def test_tardiness_is_never_written_on_the_frame() -> None:
    # X is 11 late and the last to be complete: its tardiness ends at the frame, or so near that the label has no room.
    figure = figure_of(INSTANCE, SCHEDULE)
    axes, (label,) = figure.axes[0], [t for t in figure.findobj(Text) if isinstance(t, Text) and t.get_text() == "+11"]
    box, frame = label.get_window_extent(), axes.get_window_extent()
    assert box.x1 < frame.x1 or frame.x1 < box.x0
    assert box.x1 <= figure.bbox.x1


def test_labels_on_hatches_have_a_halo() -> None:
    instance = scheduler.load(INSTANCES / "fleet_charging.json")
    plan = construct(instance, Objective.parse("makespan"), time_limit=0.0)
    assert plan is not None
    labels = [text for text in figure_of(instance, plan).findobj(Text) if isinstance(text, Text) and text.get_clip_on()]
    by_text = {text.get_text(): bool(text.get_path_effects()) for text in labels}
    assert by_text["shaft"]  # on the cart, whose bars are dotted
    assert not by_text["shaft.turn"]


def test_axes_of_the_caller_are_used() -> None:
    figure = Figure(figsize=(12, 8))
    axes = figure.add_axes((0.2, 0.35, 0.7, 0.5))
    assert gantt(INSTANCE, SCHEDULE, ax=axes) is axes
    assert "X.weld" in words(drawn(figure))
    assert len(figure.axes) == 1


def test_dates_on_the_axis_when_there_is_an_origin() -> None:
    # Monday 2 March 2026, 6:00; 71 minutes.
    instance = replace(INSTANCE, time_origin=datetime(2026, 3, 2, 6))
    found = words(figure_of(instance, SCHEDULE, now=30))
    assert "06:00\nMon 2026-03-02" in found
    assert "now 2026-03-02 06:30" in found


def test_before_after_has_two_panels_on_one_time_axis() -> None:
    figure = drawn(before_after(INSTANCE, SCHEDULE, rescheduled(INSTANCE, weld=(19, 29)), title="repair"))
    upper, lower = figure.axes
    assert upper.get_xlim() == lower.get_xlim()
    assert upper.get_position().x0 == lower.get_position().x0
    assert upper.get_position().y0 > lower.get_position().y1
    assert {"repair", "before", "after", "moved in time", "old position"} <= set(words(figure))


def test_the_legend_lies_below_the_axes_and_inside_the_figure() -> None:
    instance, schedule = planned(60)
    figure = figure_of(instance, schedule)
    [axes] = figure.axes
    below = axes.get_window_extent().y0
    legend = [text for text in figure.findobj(Text) if text.get_text() in instance.job_by_id and not text.get_clip_on()]
    boxes = [text.get_window_extent() for text in legend if text.get_window_extent().y1 < below]
    assert len(boxes) == 60
    assert all(box.y0 > 0 and box.x0 > 0 and box.x1 < figure.bbox.x1 for box in boxes)


def test_nothing_sticks_out_of_the_figure() -> None:
    long = replace(INSTANCE.machines[3], id="the saw with a name that is far too long for the margin of any chart")
    machines = (*INSTANCE.machines[:3], long)
    operations = tuple(replace(o, machine=long.id) if o.machine == "saw" else o for o in SCHEDULE.operations)
    instance = replace(INSTANCE, machines=machines, jobs=())
    figure = figure_of(instance, Schedule(operations, SCHEDULE.moves))
    for text in figure.findobj(Text):
        if text.get_text():
            box = text.get_window_extent()
            assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1, text


def test_bars_are_collections_however_many_there_are() -> None:
    few, many = (gantt(*planned(num_jobs)) for num_jobs in (10, 80))
    assert len(many.collections) <= len(few.collections) + 3
    # The legend has a swatch per job, and a line for the stripe of some.
    assert len(many.patches) - len(few.patches) <= 70 + 8


def test_more_jobs_than_colours_get_a_word_instead_of_a_list() -> None:
    instance, schedule = planned(100)
    found = words(figure_of(instance, schedule))
    assert "100 colours, more than can be told apart: read the labels" in found


def test_the_legend_leaves_out_what_is_not_drawn() -> None:
    operations = [o for o in SCHEDULE.operations if o.job == "X"]
    found = words(figure_of(replace(INSTANCE, jobs=INSTANCE.jobs[:1]), Schedule(tuple(operations))))
    assert "X" in found
    assert not {"Y", "breakdown", "transfer", "old position", "aborted work"} & set(found)


def test_the_legend_says_what_was_not_planned() -> None:
    def legend(*reasons: str) -> list[str]:
        downtimes = tuple(Downtime(10 * n, 10 * n + 5, reason) for n, reason in enumerate(reasons))
        machines = (replace(INSTANCE.machines[0], calendar=Calendar(downtimes)), *INSTANCE.machines[1:])
        found = words(figure_of(replace(INSTANCE, machines=machines), SCHEDULE))
        return [word for word in found if word.startswith(("breakdown", "outage", "cell stop"))]

    assert legend("cleaning", "outage") == ["outage"]
    assert legend("outage", "cell stop+outage", "spindle breakdown") == ["breakdown, outage, cell stop"]


def test_strange_ids_are_shown_as_they_are() -> None:
    odd = ("$x^2$", "_hidden", r"\frac", "a\nb", "%d {0}")
    machines = tuple(Machine(name, "F") for name in odd)
    jobs = tuple(Job(name, (Operation("o", (Mode(name, 50),)),)) for name in odd)
    schedule = Schedule(tuple(ScheduledOperation(name, "o", 0, name, 0, 50) for name in odd))
    found = words(figure_of(Instance("$odd$", (Facility("F"),), machines, jobs), schedule))
    assert {"$x^2$", "_hidden", r"\frac", "a[U+000A]b", "%d {0}", "$odd$", "_hidden.o"} <= set(found)


def test_empty_and_instantaneous() -> None:
    instance = Instance(
        "empty", (Facility("F"),), (Machine("M", "F"),), (Job("J", (Operation("o", (Mode("M", 0),)),)),)
    )
    figure_of(instance, Schedule(()))
    figure_of(instance, Schedule((ScheduledOperation("J", "o", 0, "M", 0, 0),)))
    drawn(before_after(instance, Schedule(()), Schedule(())))


def test_each_colouring_draws() -> None:
    instance, schedule = planned(12)
    found = words(figure_of(instance, schedule, colour_by="setup_family"))
    assert {"blue", "green", "red"} <= set(found)
    assert {"on time", "late"} <= set(words(figure_of(instance, schedule, colour_by="lateness")))


def test_threads_draw_the_same_picture() -> None:
    def picture(_: int) -> bytes:
        figure = gantt(*planned(5)).figure
        assert isinstance(figure, Figure)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return bytes(canvas.buffer_rgba())

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(picture, range(3)))) == 1


def test_drawing_needs_no_pyplot() -> None:
    program = (
        "import io, sys; sys.path.insert(0, sys.argv[1])\n"
        "from small_factory import INSTANCE, SCHEDULE\n"
        "from scheduler.plot import gantt\n"
        "gantt(INSTANCE, SCHEDULE).figure.savefig(io.BytesIO())\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, str(Path(__file__).parent)], check=True)
