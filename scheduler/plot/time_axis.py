"""Where the time axis has its ticks and what they say: round numbers of ticks, or dates and times of day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.analysis.dates import clock, moment
from scheduler.domain.instance import Instance

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DATE_STEPS = tuple(
    timedelta(seconds=seconds)
    for seconds in (1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200)
) + tuple(timedelta(days=days) for days in (1, 2, 7, 14, 28, 56, 91, 182, 364, 728))


@dataclass(frozen=True, slots=True)
class TimeTick:
    """A labelled place on the time axis; `is_major` marks the first tick of a day."""

    at: float
    label: str
    is_major: bool = False


def time_ticks(instance: Instance, start: int, end: int, limit: int) -> tuple[TimeTick, ...]:
    """Return at most about `limit` ticks in ``[start, end]``: dates when the instance has a time origin."""
    known = clock(instance)
    if known is None:
        return _round_numbers(start, end, limit)
    origin, length = known
    try:
        return _dates(origin, length, start, end, limit)
    except OverflowError:  # beyond the year 9999
        return _round_numbers(start, end, limit)


def time_label(instance: Instance, tick: int) -> str:
    """Return how a moment is written in a sentence: its date and time of day, or the tick."""
    try:
        at = moment(instance, tick)
    except OverflowError:
        at = None
    return str(tick) if at is None else f"{at:%Y-%m-%d %H:%M}"


def axis_title(instance: Instance) -> str:
    """Return the title of the time axis: unit, or what the dates are."""
    return f"time ({instance.time_unit}s)" if clock(instance) is None else f"date (one tick is a {instance.time_unit})"


def _round_numbers(start: int, end: int, limit: int) -> tuple[TimeTick, ...]:
    step, power = 1, 1
    while (end - start) / step > limit:
        for factor in (1, 2, 5):
            step = factor * power
            if (end - start) / step <= limit:
                break
        power *= 10
    first = -(-start // step) * step
    return tuple(TimeTick(at, str(at)) for at in range(first, end + 1, step))


def _dates(origin: datetime, length: timedelta, start: int, end: int, limit: int) -> tuple[TimeTick, ...]:
    begin, finish = origin + start * length, origin + end * length
    steps = [step for step in DATE_STEPS if (finish - begin) / step <= limit]
    if not steps:
        return _round_numbers(start, end, limit)
    step = steps[0]
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    if step >= timedelta(days=7):
        midnight -= timedelta(days=midnight.weekday())
    at = midnight + -(-(begin - midnight) // step) * step
    found: list[TimeTick] = []
    while at <= finish:
        is_midnight = at.hour == at.minute == at.second == 0
        day = f"{WEEKDAYS[at.weekday()]} {at:%Y-%m-%d}"
        if step >= timedelta(days=1):
            label = day.replace(" ", "\n")
        else:
            time = f"{at:%H:%M:%S}" if step < timedelta(minutes=1) else f"{at:%H:%M}"
            label = f"{time}\n{day}" if is_midnight or not found else time
        found.append(TimeTick((at - origin) / length, label, is_midnight))
        at += step
    return tuple(found)
