"""From ticks to dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from scheduler.domain.instance import Instance

TICK_LENGTHS: Mapping[str, timedelta] = MappingProxyType(
    {
        "second": timedelta(seconds=1),
        "minute": timedelta(minutes=1),
        "hour": timedelta(hours=1),
        "day": timedelta(days=1),
        "week": timedelta(weeks=1),
    }
)
"""Length of one tick by `Instance.time_unit`; an instance in another unit has no dates."""


def clock(instance: Instance) -> tuple[datetime, timedelta] | None:
    """Return the moment of tick 0 and the length of a tick; None without time origin or in an unknown time unit."""
    length = TICK_LENGTHS.get(instance.time_unit)
    return None if length is None or instance.time_origin is None else (instance.time_origin, length)


def moment(instance: Instance, tick: int) -> datetime | None:
    """Return the date of a tick: ``time_origin + tick * length``; None where `clock` is None."""
    known = clock(instance)
    return None if known is None else known[0] + tick * known[1]
