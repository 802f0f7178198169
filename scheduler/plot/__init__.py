"""Pictures: Gantt charts of schedules and repairs, and the history of a run. Needs no display and no pyplot."""

from scheduler.plot.cascade import plot_cascade, save_cascade
from scheduler.plot.chart import before_after, gantt
from scheduler.plot.files import save_gantt
from scheduler.plot.history import plot_history

__all__ = ["before_after", "gantt", "plot_cascade", "plot_history", "save_cascade", "save_gantt"]
