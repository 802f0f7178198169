"""From ticks to dates."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.domain.instance import Instance
from scheduler.io.validate_limits import TICK_BY_UNIT


def clock(instance: Instance) -> tuple[datetime, timedelta] | None:
    """Return the moment of tick 0 and the length of a tick; None without time origin or in an unknown time unit."""
    length = TICK_BY_UNIT.get(instance.time_unit)
    return None if length is None or instance.time_origin is None else (instance.time_origin, length)


def moment(instance: Instance, tick: int) -> datetime | None:
    """Return the date of a tick: ``time_origin + tick * length``; None where `clock` is None."""
    known = clock(instance)
    return None if known is None else known[0] + tick * known[1]
