"""Charts against stored pictures, without text, so that fonts don't matter.

After an intended change of the look: ``python tests/plot/test_golden.py`` draws the stored pictures anew; look at
them before you commit them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from cascade_sample import DELAYS, EVENTS
from matplotlib.figure import Figure
from matplotlib.testing.compare import compare_images
from matplotlib.text import Text
from small_factory import INSTANCE, MOVES, OPERATIONS, SCHEDULE, rescheduled, with_downtime

from scheduler.domain import Downtime, Execution, Job, Machine, Mode, Operation, Schedule, ScheduledOperation
from scheduler.domain.derive import complete
from scheduler.plot import before_after, gantt, plot_cascade

GOLDEN = Path(__file__).parent / "golden"
TOLERANCE = 4.0
"""Root mean square difference of pixel values, 0 to 255: room for another version of matplotlib."""


def plain() -> Figure:
    """Setup, blocking, moves, transfer, sub-lanes, due dates, downtimes, links."""
    instance = with_downtime("S1", Downtime(4, 9, "maintenance"), Downtime(40, 55, "breakdown"))
    figure = gantt(instance, SCHEDULE, links=True, now=30, frozen_until=45).figure
    assert isinstance(figure, Figure)
    return figure


def repair() -> Figure:
    """Unchanged, moved, reassigned, new and cancelled operations, aborted work, ghosts, arrow."""
    broken = with_downtime("S1", Downtime(20, 40, "breakdown"))
    lost = ScheduledOperation("X", "weld", 0, "S1", 17, 20)
    instance = replace(
        broken,
        machines=(*broken.machines, Machine("oven 2", "B")),
        jobs=(INSTANCE.jobs[0], Job("Z", (Operation("bake", (Mode("oven", 15),)),))),
        execution=Execution(20, SCHEDULE, frozen_until=30, aborted=(lost,)),
    )
    operations = [
        *rescheduled(INSTANCE, weld=(40, 50), test=(55, 60)).operations[:3],
        replace(OPERATIONS[3], machine="oven 2", start=64, end=84),
        ScheduledOperation("Z", "bake", 0, "oven", 30, 45),
    ]
    moves = [MOVES[0], *(replace(m, start=m.start + 23, end=m.end + 23) for m in MOVES[1:])]
    after: Schedule = complete(instance, operations, moves)
    return before_after(instance, SCHEDULE, after)


def cascade() -> Figure:
    """Two events, a chain with branches, a charge."""
    return plot_cascade(DELAYS, EVENTS, title="small")


PICTURES: dict[str, Callable[[], Figure]] = {"plain": plain, "repair": repair, "cascade": cascade}


def draw(name: str) -> bytes:
    """Return the picture as PNG, without text."""
    figure = PICTURES[name]()
    for text in figure.findobj(Text):
        text.set_visible(False)
    content = BytesIO()
    figure.savefig(content, format="png", dpi=70, metadata={"Software": None})
    return content.getvalue()


@pytest.mark.parametrize("name", PICTURES)
def test_picture_looks_as_stored(name: str, tmp_path: Path) -> None:
    drawn = tmp_path / f"{name}.png"
    drawn.write_bytes(draw(name))
    assert compare_images(str(GOLDEN / f"{name}.png"), str(drawn), tol=TOLERANCE) is None


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for picture in PICTURES:
        (GOLDEN / f"{picture}.png").write_bytes(draw(picture))
